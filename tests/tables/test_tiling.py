"""Is the chosen tiling exact and the cheapest there is?"""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from trends.tables.tiling import Tile, cheapest_tiling

LAST = 6


@st.composite
def tiles(draw):
    windows = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(sorted)
    costs = st.tuples(st.integers(0, 2), st.integers(0, 1))
    drawn = draw(st.lists(st.tuples(windows, costs), max_size=8))
    return [
        Tile(name=str(number), start=start, end=end, cost=cost)
        for number, ((start, end), cost) in enumerate(drawn)
    ]


def price(tiling):
    return max(tile.cost[0] for tile in tiling), len(tiling), [tile.cost for tile in tiling]


def every_tiling(drawn):
    """List all sets of tiles that hold each day once, by trying all sets."""
    for size in range(1, len(drawn) + 1):
        for some in combinations(drawn, size):
            days = [day for tile in some for day in range(tile.start, tile.end + 1)]
            if sorted(days) == list(range(LAST + 1)):
                yield sorted(some, key=lambda tile: tile.start)


@settings(max_examples=300, deadline=None)
@given(drawn=tiles())
def test_the_tiling_is_the_cheapest_of_all_sets_that_hold_each_day_once(drawn):
    found = cheapest_tiling(drawn, 0, LAST)
    prices = [price(tiling) for tiling in every_tiling(drawn)]
    if prices:
        assert price(found) == min(prices)
    else:
        assert found == []


def test_one_requoted_figure_loses_to_two_primary_ones():
    halves = [Tile("a", 0, 2, (0,)), Tile("b", 3, 6, (0,))]
    assert [t.name for t in cheapest_tiling([Tile("q", 0, 6, (1,)), *halves], 0, 6)] == ["a", "b"]
    assert [t.name for t in cheapest_tiling([*halves, Tile("p", 0, 6, (0,))], 0, 6)] == ["p"]
