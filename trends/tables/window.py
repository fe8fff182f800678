"""Which figure, over which days, said how firmly?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from trends.tables.calendar import days_in_window


@dataclass(frozen=True, kw_only=True)
class Window:
    """A count over a span of days, both ends included.

    Attributes
    ----------
    count : int
        Events counted; for a range, its middle rounded to a whole number.
    days : float
        Length of the window in days.
    start, end : Timestamp or None
        First and last day; None when only the length is known.
    count_low, count_high : int or None
        Bounds, when a range was published.
    qualifier : str
        How the figure was said: exact, about, at_least, more_than, range or nth_since.
    basis : str
        Whether the window is stated or inferred.
    counted_by, statement_id, measure : str
        Where the figure comes from; "" when it was typed in.
    """

    count: int
    days: float
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    count_low: int | None = None
    count_high: int | None = None
    qualifier: str = "exact"
    basis: str = "stated"
    counted_by: str = ""
    source_kind: str = ""
    statement_id: str = ""
    measure: str = ""


def as_window(figure: object, *, name: str = "figure") -> Window:
    """Read a window from whatever an analyst has at hand.

    Parameters
    ----------
    figure : Window, statement row, (count, days) or (count, start, end)
        A statement row is one row of the frame of `read_statements`.
    name : str
        The argument's name, for error messages.

    Returns
    -------
    Window

    Raises
    ------
    TypeError
        If the figure is none of these.
    ValueError
        If the count is negative or not whole, the window ends before it starts, its length is not
        positive, or a statement's window is unknown.

    Examples
    --------
    >>> as_window((294, "2024-01-01", "2024-12-31")).days
    366.0
    """
    if isinstance(figure, Window):
        return figure
    if isinstance(figure, pd.Series | Mapping) and "statement_id" in figure:
        return _from_statement(figure, name)
    if isinstance(figure, tuple | list) and len(figure) in (2, 3):
        return _from_numbers(tuple(figure), name)
    raise TypeError(
        f"`{name}` must be a row of a statements frame, (count, days) or (count, start, end), "
        f"got {type(figure).__name__}. Pick one row with `.loc`, or write the figure as a tuple."
    )


def _from_numbers(figure: tuple[Any, ...], name: str) -> Window:
    """Read (count, days) or (count, start, end)."""
    count = figure[0]
    if pd.isna(count) or count < 0 or int(count) != count:
        raise ValueError(
            f"`{name}` must hold a whole count of 0 or more, got {count}. Correct the count."
        )
    if len(figure) == 2:
        start = end = None
        days = float(figure[1])
    else:
        start, end = (pd.Timestamp(day) for day in figure[1:])
        days = float(days_in_window(start, end))
    if not days > 0:
        raise ValueError(
            f"`{name}` must cover a positive number of days, got {days:g}. Correct its window."
        )
    return Window(count=int(count), days=days, start=start, end=end)


def _from_statement(row: Any, name: str) -> Window:
    """Read a row of a statements frame."""
    start, end = row["window_start"], row["window_end"]
    if row["window_basis"] == "unknown" or pd.isna(start) or pd.isna(end):
        raise ValueError(
            f"`{name}` must have a known window, got statement {row['statement_id']} whose window "
            "is unknown. A figure without dates has no rate; leave it out."
        )
    low, count, high = (
        None if pd.isna(row[column]) else int(row[column])
        for column in ("count_low", "count", "count_high")
    )
    if count is None:
        bounds = [bound for bound in (low, high) if bound is not None]
        count = round(sum(bounds) / len(bounds))
    return Window(
        count=count,
        days=float(days_in_window(start, end)),
        start=start,
        end=end,
        count_low=low,
        count_high=high,
        qualifier=row["qualifier"],
        basis=row["window_basis"],
        counted_by=row["counted_by"],
        source_kind=row["source_kind"],
        statement_id=row["statement_id"],
        measure=row["measure"],
    )
