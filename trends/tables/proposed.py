"""Which dates did a search of these very counts propose, so that they are not named in advance?"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from trends.tables.calendar import format_period

#: Where a count series keeps them.
_KEY = "proposed"


def note_proposed(series: pd.DataFrame, periods: Iterable[pd.Period]) -> None:
    """Note on a count series which periods a search of it proposed.

    Examples
    --------
    >>> series = pd.DataFrame(index=pd.period_range("2024-01", periods=3, freq="M"))
    >>> note_proposed(series, [series.index[1]])
    >>> was_proposed(series, series.index[1]), was_proposed(series, series.index[2])
    (True, False)
    """
    found = [format_period(period) for period in periods]
    if found:
        known = series.attrs.get(_KEY, [])
        series.attrs[_KEY] = list(dict.fromkeys([*known, *found]))


def was_proposed(series: pd.DataFrame, period: pd.Period) -> bool:
    """Return whether a search of this series proposed that something changes in a period."""
    return format_period(period) in series.attrs.get(_KEY, [])
