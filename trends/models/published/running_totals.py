"""What do one source's exact figures, taken together, fix about its running total?

A count over a window is the rise of a running total between two days. Figures whose windows meet
at a day fix the total on both sides of it, up to a constant; so sums and differences of published
figures are read off, and figures that add nothing or cannot be true beside the others are found.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd


class Figure(NamedTuple):
    """An exact count from the morning of `start` until the morning of `stop`."""

    label: Any
    start: pd.Timestamp
    stop: pd.Timestamp
    n_events: int


#: Running total by day, among days that figures join.
Total = dict[pd.Timestamp, int]


def running_totals(figures: Iterable[Figure]) -> tuple[list[Total], dict[Any, str]]:
    """Return what the figures fix, shorter ones first, and why the others were not needed.

    Parameters
    ----------
    figures : iterable of Figure
        Exact counts of one source.

    Returns
    -------
    totals : list of dict
        Groups of days among which the running total is known up to a constant; 0 somewhere.
    reasons : dict
        Label of each figure that adds nothing or contradicts shorter ones, and which.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-04-01"])
    >>> january = Figure("a", days[0], days[1], 11)
    >>> quarter = Figure("b", days[0], days[2], 43)
    >>> totals, _ = running_totals([january, quarter])
    >>> totals[0][days[2]] - totals[0][days[1]]
    32
    """
    home: dict[pd.Timestamp, _Group] = {}
    reasons: dict[Any, str] = {}
    for figure in sorted(figures, key=lambda figure: figure.stop - figure.start):
        before = home.get(figure.start) or _Group([figure.start], {figure.start: 0})
        after = home.get(figure.stop) or _Group([figure.stop], {figure.stop: 0})
        if before is after:
            made = before.total[figure.stop] - before.total[figure.start]
            reasons[figure.label] = (
                "other figures of the source already make it up"
                if made == figure.n_events
                else f"contradicts other figures of the source, which make it {made}"
            )
            continue
        shift = before.total[figure.start] + figure.n_events - after.total[figure.stop]
        if len(before.days) < len(after.days):
            small, large, shift = before, after, -shift
        else:
            small, large = after, before
        if any(_would_fall(large, day, small.total[day] + shift) for day in small.days):
            reasons[figure.label] = "contradicts other figures: a running total would fall"
            continue
        for day in small.days:
            bisect.insort(large.days, day)
            large.total[day] = small.total[day] + shift
            home[day] = large
        for day in (figure.start, figure.stop):
            home[day] = large
    return list({id(group): group.total for group in home.values()}.values()), reasons


class _Group(NamedTuple):
    """Days that figures join, in order, and the running total at each."""

    days: list[pd.Timestamp]
    total: Total


def _would_fall(group: _Group, day: pd.Timestamp, total: int) -> bool:
    """Tell whether a total on a new day is below an earlier one or above a later one."""
    place = bisect.bisect_left(group.days, day)
    earlier = place > 0 and total < group.total[group.days[place - 1]]
    later = place < len(group.days) and total > group.total[group.days[place]]
    return earlier or later


def increments(totals: Iterable[Total]) -> list[Figure]:
    """Return the rises between neighbouring days of each group: figures that share no day in it.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-04-01"])
    >>> [rise.n_events for rise in increments([dict(zip(days, [0, 11, 43]))])]
    [11, 32]
    """
    return [
        Figure(None, start, stop, total[stop] - total[start])
        for total in totals
        for start, stop in itertools.pairwise(sorted(total))
    ]
