"""What did a database not watch, so that its silence is no zero?

A database begins at some day, in some countries later than in others, and may have lost a stretch.
Where that is published it stands in ``layouts.toml`` and is laid over the counts; where it is not
known, counts that look as if watching began late say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from trends.tables.calendar import day_numbers
from trends.tables.coverage import Stretches, join_stretches
from trends.tables.sources import LAYOUTS, declared

#: A first event comes late when, at the later rate, so long a silence has less than this chance.
LATE_CHANCE = 0.001

#: With so few events the days between the first and the last are clearly fewer than those watched:
#: of n events spread over a stretch, n - 1 of n + 1 parts lie between them.
FEW_EVENTS = 40


def known_stretches(
    database: str, countries: Sequence[str], event_days: np.ndarray, span: tuple[int, int]
) -> tuple[Stretches, bool]:
    """Return the days of a span on which a database is known to have watched some countries.

    Parameters
    ----------
    database : str
        Name of the database, "" for none.
    countries : sequence of str
        Countries that the group holds events of, or is.
    event_days : int array
        Days of its events, as days since 1970-01-01. What the file holds was watched, whatever is
        declared.
    span : (int, int)
        First and last day.

    Returns
    -------
    watched : Stretches
    known : bool
        Whether the first day is known for every country.
    """
    always = join_stretches(np.array([span[0]]), np.array([span[1]]), span)
    source = next((of.source for of in LAYOUTS.values() if of.database == database), None)
    told = declared()["watched"].get(source) if database else None
    if told is None:
        return always, False
    begins, known = _first_year(told, countries)
    # Of a group that several countries form, one was watched from its first day on.
    first = min([begins, *event_days.tolist()]) if begins is not None else span[0]
    starts, ends = [first], []
    for gap_first, gap_last in told.get("gaps", ()):
        opens, closes = day_numbers(pd.DatetimeIndex([gap_first, gap_last])).tolist()
        if not ((event_days >= opens) & (event_days <= closes)).any() and opens > first:
            ends.append(opens - 1)
            starts.append(closes + 1)
    ends.append(max(span[1], first))
    return join_stretches(np.array(starts), np.array(ends), span), known


def _first_year(told: Mapping[str, Any], countries: Sequence[str]) -> tuple[int | None, bool]:
    """Return the first day that any of the countries was watched, and whether it is one for all."""
    everywhere = int(day_numbers(pd.DatetimeIndex([told["from"]]))[0])
    if "countries" not in told:
        return everywhere, True
    year_of = {name: int(year) for year, names in told["countries"].items() for name in names}
    years = {year_of.get(name) for name in countries}
    if not years or None in years:
        return None, False
    first = min(year for year in years if year is not None)
    return int(day_numbers(pd.DatetimeIndex([f"{first}-01-01"]))[0]), len(years) == 1


def begins_late(counts: np.ndarray, days: np.ndarray) -> bool:
    """Tell whether a first event comes so late that watching may have begun with it.

    Parameters
    ----------
    counts : int array of shape (n_periods,)
        Events, in the order of time, 0 where none.
    days : float array of shape (n_periods,)
        Days observed.

    Examples
    --------
    >>> begins_late(np.array([0] * 24 + [5] * 24), np.full(48, 30.0))
    True
    >>> begins_late(np.array([0, 0, 1, 0, 2, 1]), np.full(6, 30.0))
    False
    """
    eventful = np.flatnonzero(counts > 0)
    if not len(eventful) or not eventful[0]:
        return False
    first = int(eventful[0])
    # A year of silence is what a reader would ask about; less is weather.
    if days[:first].sum() < 365:
        return False
    silent = days[:first].sum() / days.sum()
    # The first event makes the end of the silence, so the others are what it is held against.
    chance = (1 - silent) ** (counts.sum() - 1)
    return bool(chance < LATE_CHANCE)
