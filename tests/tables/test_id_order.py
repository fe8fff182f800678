"""Is a column of ids said to be in order only where each is plain and after the one before it?"""

import itertools

import duckdb
import pandas as pd
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.tables.engines import asked_by, in_memory
from trends.tables.id_order import follow_one_another
from trends.tables.pushdown import _plain_id, conditions
from trends.tables.sources import LAYOUTS
from trends.tables.tallying import _in_order

few = settings(max_examples=300, deadline=None)
words = st.text(st.sampled_from("!0159:AEz.+- é\x7f\x1f\t"), max_size=20)
numbered = st.builds(
    lambda before, first, ids: [f"{before}{first + each}" for each in ids],
    st.sampled_from(["", "E", "RUR", "2024-", "event ", "A2345678B2345678-"]),
    st.integers(0, 10**9),
    st.lists(st.integers(0, 300), max_size=40, unique=True).map(sorted),
)


def parts_of(ids, sizes):
    """Cut ids into parts of the sizes that are given, one after the other."""
    whole, begin = pyarrow.array(ids, "string"), 0
    for size in [*sizes, len(ids)]:
        yield whole[begin : begin + size]
        begin += size


def strictly_rise(ids):
    ranks = [(len(each.encode()), each.encode()) for each in ids]
    return all(one < other for one, other in itertools.pairwise(ranks))


def all_plain(ids, layout):
    """Ask the rule that stands beside the other rules of a row."""
    engine = in_memory(pyarrow.table({layout.columns["event_id"]: pyarrow.array(ids, "string")}))
    found = engine.frame(f"select coalesce({_plain_id(engine, layout)}, false) as plain "
                         f"from {engine.source}")  # fmt: skip
    return bool(found["plain"].all())


@few
@given(st.lists(words, max_size=6), st.booleans(), st.lists(st.integers(1, 4), max_size=3))
def test_what_is_said_to_be_in_order_rises_and_is_plain_by_the_rule_of_every_layout(
    ids, sort, sizes
):
    ids = sorted(set(ids), key=lambda each: (len(each.encode()), each.encode())) if sort else ids
    if follow_one_another(parts_of(ids, sizes)):
        assert strictly_rise(ids)
        assert all_plain(ids, LAYOUTS["trends"])
        assert all_plain(ids, LAYOUTS["acled"])
    if follow_one_another(parts_of(ids, sizes), rising=False):
        assert strictly_rise(ids[::-1])
        assert all_plain(ids, LAYOUTS["trends"])
        assert all_plain(ids, LAYOUTS["acled"])


@few
@given(numbered, st.lists(st.integers(1, 15), max_size=4), st.data())
def test_numbered_ids_are_proved_to_be_in_order_until_two_change_places(ids, sizes, data):
    assert follow_one_another(parts_of(ids, sizes))
    assert follow_one_another(parts_of(ids[::-1], sizes), rising=False)
    if len(ids) > 1:
        place = data.draw(st.integers(1, len(ids) - 1))
        swapped = [*ids[: place - 1], ids[place], ids[place - 1], *ids[place + 1 :]]
        assert not follow_one_another(parts_of(swapped, sizes))
        twice = [*ids[:place], ids[place - 1], *ids[place:]]
        assert not follow_one_another(parts_of(twice, sizes))


@few
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=6), st.booleans(), st.integers(1, 4))
def test_numbers_are_in_order_where_each_is_larger_than_the_one_before(ids, sort, size):
    ids = sorted(ids) if sort else ids
    whole = pyarrow.array(ids, "int64")
    rises = all(one < other for one, other in itertools.pairwise(ids))
    assert follow_one_another([whole[:size], whole[size:]]) == rises


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (["a1", "a2", "b1"], True),
        (["b", "aa"], True),
        (["aa", "b"], False),
        (["a", None], False),
        (["", "a"], False),
        ([" a", "ab"], False),
        (["a", "b "], False),
        (["a b", "a c"], True),
        (["a", "é"], False),
        (["1E+05", "1E+06"], False),
        (["9E+05", "9E+06"], False),
        ([":E+05", ":E+06"], True),
        (["A+05", "A+06"], True),
        (["1.0", "2.0"], False),
        (["A1.0", "A2.0"], True),
        (["2024-1", "2024-2"], True),
        (["12345678a", "12345678b"], True),
        (["12345678b", "12345678a"], False),
        (["b2345678123456781", "c2345678123456780"], True),
    ],
)
def test_bounds_of_the_rule_are_where_they_are_said_to_be(ids, says):
    for kind in ("string", "large_string"):
        assert follow_one_another([pyarrow.array(ids, kind)]) is says


def test_ids_of_another_kind_are_not_said_to_be_in_order():
    assert not follow_one_another([pyarrow.array([1.0, 2.0])])


def test_many_lengths_in_turn_are_left_to_another_way():
    ids = ["a" * length for length in range(1, 70)]
    assert follow_one_another([pyarrow.array(ids[:64])])
    assert not follow_one_another([pyarrow.array(ids)])


def test_a_file_in_order_is_proved_so_though_its_words_are_checked_beside_it(tmp_path):
    # A list of words that DuckDB makes a join of gives the rows of a file in another order.
    path = tmp_path / "events.parquet"
    connection = duckdb.connect()
    connection.sql(
        "copy (select 'E' || i as event_id, date '2024-01-01' as start, 'Syria' as country, "
        "['day', 'week', 'month'][1 + i % 3] as date_precision, 'near' as location_precision "
        f"from range(300_000) as numbers(i)) to '{path}' (row_group_size 20_000)"
    )
    engine, layout = asked_by(connection, f"read_parquet('{path}')"), LAYOUTS["trends"]
    bounds = (pd.Timestamp("1000-01-01"), pd.Timestamp("2025-01-01"))
    held = " and ".join(f"({rule})" for rule in conditions(engine, layout, bounds).values())
    assert (
        "JOIN"
        not in connection.sql(f"explain select count(*) from {engine.source} where not ({held})")
        .fetchall()[0][1]
        .upper()
    )
    assert _in_order(engine.view(f"select event_id, {held} as plain from {engine.source}"))
