"""Which figures, laid end to end, cover a period exactly?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """A window of days with the price of using it.

    Attributes
    ----------
    name : str
        Which figure it is.
    start, end : int
        First and last day, as days since any fixed day, both included.
    cost : tuple of int
        How little the figure is to be preferred; compared item by item, the first item first.
    """

    name: str
    start: int
    end: int
    cost: tuple[int, ...]


def cheapest_tiling(tiles: Sequence[Tile], start: int, end: int) -> list[Tile]:
    """Return the tiles that cover start to end exactly, without overlap, at the least cost.

    Of two tilings the one whose worst tile has the lower first item of cost wins, then the one of
    fewer tiles, then the one with the lower costs in the order of time; what is still equal is
    decided by the order given.

    Parameters
    ----------
    tiles : sequence of Tile
        In any order; those that reach outside start to end are ignored.
    start, end : int
        First and last day to cover, both included.

    Returns
    -------
    list of Tile
        In the order of time; empty when no tiling exists.

    Examples
    --------
    >>> halves = [Tile("first", 1, 15, (0,)), Tile("second", 16, 31, (0,))]
    >>> [tile.name for tile in cheapest_tiling(halves, 1, 31)]
    ['first', 'second']
    """
    inside = [tile for tile in tiles if start <= tile.start <= tile.end <= end]
    # The worst tile decides first, so ever worse ones are let in until a tiling exists.
    for worst in sorted({tile.cost[0] for tile in inside}):
        tiling = _fewest([tile for tile in inside if tile.cost[0] <= worst], start, end)
        if tiling:
            return tiling
    return []


def _fewest(tiles: list[Tile], start: int, end: int) -> list[Tile]:
    """Return the tiling of fewest tiles, of the lowest costs among equals."""
    by_end: dict[int, list[Tile]] = {}
    for tile in tiles:
        by_end.setdefault(tile.end, []).append(tile)
    # Best way to cover start..day, for every day that can be reached; the day before start is free.
    best: dict[int, list[Tile]] = {start - 1: []}
    for day in sorted(by_end):
        ways = [[*best[tile.start - 1], tile] for tile in by_end[day] if tile.start - 1 in best]
        if ways:
            best[day] = min(ways, key=lambda way: (len(way), [tile.cost for tile in way]))
    return best.get(end, [])
