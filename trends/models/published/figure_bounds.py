"""Between which counts does a published figure lie, read as it was said?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from trends.models.published.figure_likelihood import rounding_unit
from trends.tables.calendar import DAYS_PER_MONTH

#: Days per unit of time of measures that are rates: a rate times its window is a count.
_DAYS_PER = {"_per_month": DAYS_PER_MONTH, "_per_quarter": 3 * DAYS_PER_MONTH}

#: How the qualifiers are written in front of a figure.
_SIGNS = {"exact": "", "about": "≈", "at_least": "≥", "more_than": ">", "nth_since": "≥"}


class FigureBounds(NamedTuple):
    """Bounds of n_statements figures.

    Attributes
    ----------
    low, high : ndarray, shape (n_statements,)
        Smallest and largest count that the figure allows; `high` is infinite for a minimum.
    printed : ndarray, shape (n_statements,)
        The figure as printed, whatever its qualifier; the middle of a range.
    said : ndarray of str, shape (n_statements,)
        The figure with its qualifier as a sign.
    measure : ndarray of str, shape (n_statements,)
        What the bounds count: a rate per month has become a count over its window.
    """

    low: np.ndarray
    high: np.ndarray
    printed: np.ndarray
    said: np.ndarray
    measure: np.ndarray


def figure_bounds(statements: pd.DataFrame) -> FigureBounds:
    """Return what each figure allows.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `trends.read_statements` returns it.

    Returns
    -------
    FigureBounds

    Notes
    -----
    An exact figure allows itself. "At least n" allows n and more, "more than n" n + 1 and more.
    "About n" allows half a rounding unit to either side, at least 1. A range allows its ends, and
    anything beyond an end that was not given. "The n-th since" allows n and more, because more
    may have followed on the day it was said.
    """
    count, below, above = (
        statements[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        for column in ("count", "count_low", "count_high")
    )
    qualifier = statements["qualifier"].to_numpy(dtype=object)
    low, high = count.copy(), count.copy()
    half = np.array([max(rounding_unit(int(n)) / 2, 1.0) for n in np.nan_to_num(count)], float)
    about, least, more, ranged, nth = (
        qualifier == name for name in ("about", "at_least", "more_than", "range", "nth_since")
    )
    low[about] = np.maximum(count - half, 0)[about]
    high[about] = (count + half)[about]
    low[more] += 1
    high[least | more | nth] = np.inf
    low[ranged] = np.where(np.isnan(below), 0.0, below)[ranged]
    high[ranged] = np.where(np.isnan(above), np.inf, above)[ranged]
    middle = np.where(np.isfinite(high), (low + np.where(np.isfinite(high), high, 0)) / 2, low)
    printed = np.where(np.isnan(count), middle, count)
    low, high = (
        np.where(np.isnan(bound), fallback, bound)
        for bound, fallback in ((low, 0.0), (high, np.inf))
    )
    said = np.array(
        [
            f"{_number(a)}-{_number(b)}" if kind == "range" else f"{_SIGNS[kind]}{_number(n)}"
            for kind, n, a, b in zip(qualifier, printed, low, high, strict=True)
        ],
        dtype=object,
    )
    return _rates_as_counts(statements, FigureBounds(low, high, printed, said, _empty(said)))


def _rates_as_counts(statements: pd.DataFrame, bounds: FigureBounds) -> FigureBounds:
    """Multiply rates by their windows, so that they can be held against counts."""
    measure = statements["measure"].to_numpy(dtype=object).copy()
    days = (statements["window_end"] - statements["window_start"]).dt.days.to_numpy(float) + 1
    low, high, printed, said = (part.copy() for part in bounds[:4])
    for ending, unit in _DAYS_PER.items():
        named = np.array([str(name).endswith(ending) for name in measure], dtype=bool)
        rate = named & ~np.isnan(days)
        times = days[rate] / unit
        low[rate], high[rate], printed[rate] = (part[rate] * times for part in (low, high, printed))
        said[rate] = [f"{text} × {n:.1f}" for text, n in zip(said[rate], times, strict=True)]
        measure[rate] = [str(name).removesuffix(ending) for name in measure[rate]]
    return FigureBounds(low, high, printed, said, measure)


def _empty(like: np.ndarray) -> np.ndarray:
    """Return an array of empty words."""
    return np.full(len(like), "", dtype=object)


def _number(value: float) -> str:
    """Return a count with thousands separated; nothing for an open end."""
    return f"{value:,.0f}" if np.isfinite(value) else ""
