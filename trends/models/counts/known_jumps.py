"""Where is what is counted, or how it was gathered, known to change, as columns of a log rate?

A break is a date that is known beforehand. Its jump is one of the counting: it is fitted beside
what is asked, so that it is taken neither for a trend nor for a shift.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.observed import Observed
from trends.tables.calendar import format_period

#: Observed periods on either side of a jump within which no other change of level is told from it.
NEAR_JUMP = 3
#: Observed periods that a jump needs on each side, to the next jump or to the end.
LEAST_BESIDE = 6


def break_places(seen: Observed) -> list[int]:
    """Return the place of the first period after every known break, in the order of time.

    The period in which a break lies belongs to what follows, even where it is so only in part; a
    break outside the series has no place.
    """
    places = np.searchsorted(seen.periods.end_time, list(seen.breaks))
    return [int(each) for each in np.unique(places) if 0 < each < len(seen.periods)]


def jump_columns(seen: Observed) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return a column per known break, a step up at its period, and the names of the columns.

    Parameters
    ----------
    seen : Observed
        The observed periods of a series, with its breaks.

    Returns
    -------
    columns : array of shape (n_periods, n_jumps)
        Centred, so that the level is that of the middle.
    names : tuple of str
        Such as "jump 2021-01".

    Notes
    -----
    A break with fewer than six observed periods on a side (to the break before, or to an end) has
    no column: its jump could not be told from what happens there.
    """
    columns: list[NDArray[np.float64]] = []
    names: list[str] = []
    place = np.arange(len(seen.periods))
    before = 0
    for first in break_places(seen):
        n_before = int(((seen.position >= before) & (seen.position < first)).sum())
        if min(n_before, int((seen.position >= first).sum())) < LEAST_BESIDE:
            continue
        columns.append(np.where(place >= first, 0.5, -0.5))
        names.append(f"jump {format_period(seen.periods[first])}")
        before = first
    if not columns:
        return np.empty((len(seen.periods), 0)), ()
    return np.column_stack(columns), tuple(names)
