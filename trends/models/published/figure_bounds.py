"""Between which counts does a published figure lie, read as it was said?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from trends.tables.figure import figures_allowed, window_units

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
    high_before_end : ndarray, shape (n_statements,)
        As `high`, for the days before the last one.
    said : ndarray of str, shape (n_statements,)
        The figure with its qualifier as a sign; a rate times the units of time of its window.
    """

    low: np.ndarray
    high: np.ndarray
    high_before_end: np.ndarray
    printed: np.ndarray
    said: np.ndarray


def figure_bounds(statements: pd.DataFrame) -> FigureBounds:
    """Return what each figure allows over its window, and how it is written.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `trends.read_statements` returns it.

    Returns
    -------
    FigureBounds
    """
    allowed = figures_allowed(statements)
    times = window_units(statements)
    rated = (statements["quantity"] == "rate").to_numpy()
    said = np.array(
        [
            _written(kind, value / n, low / n, high / n) + (f" × {n:.1f}" if rate else "")
            for kind, value, low, high, n, rate in zip(
                statements["qualifier"],
                allowed.printed,
                allowed.fewest,
                allowed.most,
                times,
                rated,
                strict=True,
            )
        ],
        dtype=object,
    )
    return FigureBounds(
        allowed.fewest, allowed.most, allowed.most_before_end, allowed.printed, said
    )


def _written(qualifier: str, printed: float, low: float, high: float) -> str:
    """Write one figure with the sign of its qualifier."""
    if qualifier == "range":
        return f"{_number(low)}-{_number(high)}"
    return f"{_SIGNS[qualifier]}{_number(printed)}"


def _number(value: float) -> str:
    """Return a count with thousands separated; nothing for an open end."""
    return f"{value:,.0f}" if np.isfinite(value) else ""
