"""Which counts does a published figure allow, what kind of figure is it, and what weakens it?

The one reading of a figure: validation, contradictions, rates and sentences all ask here. What a
figure is (a count, a stock, a rate; of the whole country or of a part) stands in its columns and is
never told from how a name is spelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from trends.tables.calendar import DAYS_PER_MONTH

#: Days of the unit of time of a published rate.
DAYS_PER = {"month": DAYS_PER_MONTH, "quarter": 3 * DAYS_PER_MONTH, "year": 12 * DAYS_PER_MONTH}

#: What a row may say of itself in a column, and the caveat a reader then sees.
FLAGS: Mapping[str, Mapping[str, str]] = {
    "qualifier": {
        "about": "rounded_figure",
        "at_least": "bound_only",
        "more_than": "bound_only",
        "range": "range_figure",
        "nth_since": "stopped_window",
    },
    "window_basis": {"inferred": "inferred_window"},
    "scope_basis": {"inferred": "inferred_scope"},
    "reading": {"secondary": "secondary_reading", "weak": "weak_reading"},
    "role": {"requoted": "requoted_figure", "rival": "rival_figure"},
}

#: Why a figure is no count over known days, by the key of the reason.
REASONS = {
    "window_unknown": "its window is not established",
    "stock": "a stock on one day, not a count over a window",
    "rate": "a published rate, not a count over a window",
    "forecast": "a forecast, not a count",
}


class Allowed(NamedTuple):
    """The counts that n figures allow.

    Attributes
    ----------
    fewest, most : ndarray, shape (n_figures,)
        Smallest and largest count, both included; `most` is infinite where there is no limit.
    most_before_end : ndarray, shape (n_figures,)
        As `most`, for the days before the last one: the tenth since a day is the tenth, although
        more may have followed on the day it was said.
    printed : ndarray, shape (n_figures,)
        The figure as printed, whatever its qualifier; the middle of a range.
    """

    fewest: np.ndarray
    most: np.ndarray
    most_before_end: np.ndarray
    printed: np.ndarray


def allowed_counts(
    count: Sequence[Any] | pd.Series,
    count_low: Sequence[Any] | pd.Series,
    count_high: Sequence[Any] | pd.Series,
    qualifier: Sequence[str] | pd.Series,
    *,
    rounding: Sequence[Any] | pd.Series | None = None,
) -> Allowed:
    """Return which counts figures allow, read as they were said.

    Parameters
    ----------
    count, count_low, count_high : n_figures numbers
        The figures and their bounds; missing where there is none.
    qualifier : n_figures words
        How firmly each was said: exact, about, at_least, more_than, range or nth_since.
    rounding : n_figures numbers, optional
        What an "about" figure is rounded to; by default (or where missing) the figure itself tells.

    Returns
    -------
    Allowed

    Notes
    -----
    An exact figure allows itself. "At least n" allows n and more, "more than n" n + 1 and more.
    "About n" allows its bounds where they are given, else half a rounding unit to either side and
    at least 1. A range, and a figure of which only bounds are known, allows what lies between them,
    and anything beyond an end that was not given. "The n-th since" allows n and more.

    Examples
    --------
    >>> allowed_counts([200, 30], [None] * 2, [None] * 2, ["about", "at_least"]).fewest
    array([150.,  30.])
    """
    figure, low, high = (_numbers(values) for values in (count, count_low, count_high))
    said = np.asarray(qualifier, dtype=object)
    about, least, more, ranged, nth = (
        said == name for name in ("about", "at_least", "more_than", "range", "nth_since")
    )
    bounded = ~np.isnan(low) | ~np.isnan(high)
    given = ~np.isnan(figure)
    between = (ranged | about | ~given) & bounded
    middle = np.where(np.isnan(high), low, np.where(np.isnan(low), high, (low + high) / 2))
    printed = np.where(given, figure, middle)
    unit = np.array([rounding_unit(int(n)) for n in np.nan_to_num(printed)], dtype=float)
    if rounding is not None:
        told = _numbers(rounding)
        unit = np.where(np.isnan(told), unit, told)
    half = np.maximum(unit / 2, 1.0)
    fewest = np.where(about & given, np.maximum(np.ceil(figure - half), 0.0), printed)
    most = np.where(about & given, np.floor(figure + half), printed)
    fewest = np.where(between, np.where(np.isnan(low), 0.0, low), fewest)
    most = np.where(between, np.where(np.isnan(high), np.inf, high), most)
    # A minimum of which only bounds are known starts at the lower one.
    fewest = np.where(more, fewest + 1, fewest)
    before_end = np.where(least | more, np.inf, most)
    return Allowed(fewest, np.where(nth, np.inf, before_end), before_end, printed)


def figures_allowed(statements: pd.DataFrame) -> Allowed:
    """Return which counts the figures of a table allow over their windows.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `trends.read_statements` returns it.

    Returns
    -------
    Allowed
        A published rate is multiplied by the days of its window, so that it can be held against
        counts; where the window is not established it stays a rate.
    """
    columns = (statements[name] for name in ("count", "count_low", "count_high", "qualifier"))
    allowed = allowed_counts(*columns)
    times = window_units(statements)
    return Allowed(*(values * times for values in allowed))


def window_units(statements: pd.DataFrame) -> np.ndarray:
    """Return by how much each figure counts over its window: a rate's units of time, else 1."""
    times = np.ones(len(statements))
    if "per" not in statements:
        return times
    days = (statements["window_end"] - statements["window_start"]).dt.days.to_numpy(float) + 1
    unit = statements["per"].map(DAYS_PER).to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(days) & ~np.isnan(unit)
    times[known] = days[known] / unit[known]
    return times


def figure_flags(row: Mapping[str, Any] | pd.Series) -> tuple[str, ...]:
    """Return what makes a row less than a plain exact figure, by the words of its columns.

    Examples
    --------
    >>> figure_flags({"qualifier": "at_least", "role": "rival", "window_basis": "inferred"})
    ('at_least', 'inferred_window', 'rival')
    """
    found = []
    for column, words in FLAGS.items():
        word = str(row.get(column))
        if word in words:
            found.append(words[word] if word == "inferred" else word)
    return tuple(found)


def flag_caveats(flags: Sequence[str]) -> tuple[str, ...]:
    """Return the caveats of flags, in the order of the columns, each once.

    Examples
    --------
    >>> flag_caveats(["weak", "at_least", "more_than"])
    ('bound_only', 'weak_reading')
    """
    known = {word: caveat for words in FLAGS.values() for word, caveat in words.items()}
    asked = {known.get(flag, flag) for flag in flags}
    every = dict.fromkeys(caveat for words in FLAGS.values() for caveat in words.values())
    return tuple(caveat for caveat in every if caveat in asked)


def beside_primary(rival: str, primary: str) -> str:
    """Return the caveat of a rival figure beside which the table holds a primary one.

    What follows the colon is said in the sentence of the caveat.

    Examples
    --------
    >>> beside_primary("newspaper-2024", "ministry-2024")
    'rival_beside_primary:newspaper-2024, ministry-2024'
    """
    return ":".join(("rival_beside_primary", f"{rival}, {primary}"))


def why_no_count(row: Mapping[str, Any] | pd.Series) -> str:
    """Return the key of why a figure is no count over known days; "" when it is one.

    Examples
    --------
    >>> why_no_count({"window_start": "2024-01-01", "window_end": None})
    'window_unknown'
    """
    if is_forecast(row):
        return "forecast"
    quantity = row.get("quantity", "count")
    if quantity in ("stock", "rate"):
        return str(quantity)
    ends = (row.get("window_start"), row.get("window_end"))
    unknown = row.get("window_basis") == "unknown" or any(pd.isna(pd.Timestamp(d)) for d in ends)
    return "window_unknown" if unknown else ""


def is_forecast(row: Mapping[str, Any] | pd.Series) -> bool:
    """Tell whether a figure says what will come, and not what was counted.

    Examples
    --------
    >>> is_forecast({"forecast_of": "ministry-2024"}), is_forecast({"count": 3})
    (True, False)
    """
    said = row.get("forecast_of")
    return said is not None and not pd.isna(said) and said != ""


def rounding_unit(count: int) -> int:
    """Return what an "about" figure is rounded to, judged by the figure itself.

    The largest of 1, 5, 10, 50, 100, ... that divides the figure and is at most half of it.

    Examples
    --------
    >>> [rounding_unit(count) for count in (7, 50, 85, 200, 330, 753, 2500)]
    [1, 10, 5, 100, 10, 1, 500]
    """
    unit = 1
    for power in range(len(str(count))):
        for candidate in (10**power, 5 * 10**power):
            if count % candidate == 0 and 2 * candidate <= count:
                unit = candidate
    return unit


def scope_key(row: Mapping[str, Any] | pd.Series) -> tuple[str, ...]:
    """Return what two figures of one scope have in common.

    Country, whether it is the whole of it, a zone (all that one side holds) or a part, the area of
    a part, who holds it, who acted, and the narrower kind that was counted. How a whole country or
    a zone is called makes no difference.

    Examples
    --------
    >>> scope_key({"country": "Syria", "area": "SDF-held areas", "control_area": "sdf",
    ...            "scope": "zone"})
    ('Syria', 'zone', '', 'sdf', '', '')
    """
    scope = _word(row.get("scope")) or default_scope(row)
    return (
        _word(row.get("country")),
        scope,
        _word(row.get("area")) if scope == "part" else "",
        "" if scope == "whole" else _word(row.get("control_area")),
        _word(row.get("actor")),
        _word(row.get("subset")),
    )


def scope_keys(statements: pd.DataFrame) -> pd.Series:
    """Return the `scope_key` of every row of a complete table of statements."""
    columns = ["country", "area", "control_area", "scope", "actor", "subset"]
    keys = [scope_key(row) for row in statements[columns].to_dict("records")]
    return pd.Series(keys, index=statements.index, dtype=object)


def default_scope(row: Mapping[str, Any] | pd.Series) -> str:
    """Return the scope of a row that does not say it.

    A part where an area is named that is not the country itself; else the zone of whoever holds
    it, or the whole country.
    """
    country, area = _word(row.get("country")), _word(row.get("area"))
    if area and area.replace(" and ", "+") != country:
        return "part"
    return "whole" if _word(row.get("control_area")) in ("", "all", "unknown") else "zone"


def _word(cell: Any) -> str:
    """Return a cell's text, empty where there is none."""
    return "" if cell is None or pd.isna(cell) else str(cell)


def _numbers(values: Sequence[Any] | pd.Series) -> np.ndarray:
    """Return numbers as floats, NaN where there is none."""
    return pd.array(list(values), dtype="Float64").to_numpy(dtype=float, na_value=np.nan)
