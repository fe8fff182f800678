"""Which dates did a search of these very counts propose, so that they are not named in advance?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from trends.tables.calendar import format_period

#: Where a count series keeps them.
_KEY = "proposed"


def note_proposed(series: pd.DataFrame, periods: Iterable[pd.Period | str]) -> None:
    """Note on a count series which periods a search of it proposed.

    Examples
    --------
    >>> series = pd.DataFrame(index=pd.period_range("2024-01", periods=3, freq="M"))
    >>> note_proposed(series, [series.index[1]])
    >>> was_proposed(series, series.index[1]), was_proposed(series, series.index[2])
    (True, False)
    """
    found = [one if isinstance(one, str) else format_period(one) for one in periods]
    if found:
        series.attrs[_KEY] = list(dict.fromkeys([*proposed(series), *found]))


def proposed(series: pd.DataFrame) -> list[str]:
    """Return the periods that searches of a count series have proposed so far."""
    return list(series.attrs.get(_KEY, []))


def without_proposed(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return what a count series says of itself, but for what was noted of searches."""
    return {key: value for key, value in attrs.items() if key != _KEY}


def was_proposed(series: pd.DataFrame, period: pd.Period) -> bool:
    """Return whether a search of this series proposed that something changes in a period."""
    return format_period(period) in proposed(series)
