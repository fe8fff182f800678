"""Which figure, over which days, said how firmly?"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd

from trends.tables.calendar import days_in_window
from trends.tables.choices import QUALIFIERS
from trends.tables.figure import (
    REASONS,
    beside_primary,
    figure_flags,
    flag_caveats,
    is_forecast,
    scope_key,
    why_no_count,
)
from trends.tables.typed import YEARS, Day, read_window

#: What a mapping may leave out, and what it then says.
_DEFAULTS: dict[str, Any] = {
    "statement_id": "",
    "measure": "",
    "count_low": None,
    "count": None,
    "count_high": None,
    "qualifier": "exact",
    "window_start": None,
    "window_end": None,
    "window_basis": "stated",
    "counted_by": "",
    "counter": "",
    "source_kind": "",
    "reading": "direct",
    "role": "primary",
    "rival_of": "",
    "scope_basis": "stated",
    "definition": "",
    "unit": "events",
}

_DAY = pd.Timedelta(days=1)

#: A whole number as somebody types it, thousands with or without a comma.
_COUNT = r"\d{1,3}(?:,\d{3})+|\d+"

#: A figure as somebody types it: how many, said in one of three ways, and over which days.
_TYPED = re.compile(
    rf"(?:(?:(?P<firmly>about|at least|more than) )?(?P<count>{_COUNT})"
    rf"|(?P<nth>{_COUNT})(?:st|nd|rd|th)|(?P<low>{_COUNT})(?: to |-)(?P<high>{_COUNT})) "
    r"(?:in (?:(?P<days>\d+(?:\.\d+)?) days?|(?P<period>\S+))|from (?P<start>\S+) to (?P<end>\S+))",
    re.IGNORECASE,
)


class Row(Protocol):
    """A row of a statements frame, told by what no mapping has."""

    @property
    def index(self) -> object:
        """Names of the columns."""
        ...

    def to_dict(self) -> object:
        """Return the cells by column."""
        ...


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
    rounding_unit : int or None
        What an "about" figure is rounded to; None lets the figure itself tell.
    basis : str
        Whether the window is stated or inferred.
    counted_by, counter, statement_id, measure : str
        Where the figure comes from; "" when it was typed in.
    unit : str
        What the count is a number of: events, people, targets or groups.
    reading : str
        How the figure was read: direct, secondary or weak.
    role : str
        Whether the row is primary, requoted or rival.
    rival_of : str
        Id of the primary figure for the same thing; "" where there is none.
    definition : str
        Id of what the counter counted; "" when it is not told.
    scope_basis : str
        Whether the scope is stated or inferred.
    scope : tuple of str
        What figures of one scope have in common (`scope_key`); empty when the figure was typed in.
    """

    count: int
    days: float
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    count_low: int | None = None
    count_high: int | None = None
    qualifier: str = "exact"
    rounding_unit: int | None = None
    basis: str = "stated"
    counted_by: str = ""
    counter: str = ""
    source_kind: str = ""
    statement_id: str = ""
    measure: str = ""
    unit: str = "events"
    reading: str = "direct"
    role: str = "primary"
    rival_of: str = ""
    definition: str = ""
    scope_basis: str = "stated"
    scope: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """What makes this less than a plain exact figure."""
        row = {
            "qualifier": self.qualifier,
            "window_basis": self.basis,
            "scope_basis": self.scope_basis,
            "reading": self.reading,
            "role": self.role,
        }
        return figure_flags(row)

    @property
    def caveats(self) -> tuple[str, ...]:
        """Keys of what a reader must know about this figure."""
        found = flag_caveats(self.flags)
        if self.rival_of:
            found = (*found, beside_primary(self.statement_id, self.rival_of))
        if self.qualifier == "nth_since" and self.count == 1:
            return tuple("first_event" if key == "stopped_window" else key for key in found)
        return found

    def __post_init__(self) -> None:
        if self.qualifier == "nth_since" and self.count < 1:
            raise ValueError(
                f"`count` must be at least 1 when a figure is an nth-since, got {self.count}. "
                "Publish no event since a day as an exact count of 0."
            )


#: A figure with its window: as a sentence, as numbers, or as a row.
Figure: TypeAlias = (
    Window
    | str
    | tuple[int, float | datetime.timedelta | Day]
    | tuple[int, Day, Day]
    | Mapping[str, object]
    | Row
)


def as_window(figure: object, *, name: str = "figure") -> Window:
    """Read a window from whatever an analyst has at hand.

    Parameters
    ----------
    figure : Window, str, statement row, mapping or tuple
        A text is typed as it is said: ``"294 in 2024"``, ``"43 from 2020-04-24 to 2020-05-23"``,
        ``"about 400 in 2024"``, ``"at least 12 in 2024-05"``, ``"10th from 2025-05-01 to
        2025-05-19"``, ``"30 to 40 in 2024"``. A tuple is (count, days), (count, period) or
        (count, start, end). A statement row is one row of the frame of `read_statements`. A mapping
        names the columns of that frame it knows (at least count, window_start and window_end), and
        may add ``rounding_unit``. Ends are days or whole periods, both included: a window to
        "2024-02" ends on 29 February. A length in days is a number or a Timedelta.
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
        If a text is no such sentence, the count is negative or not whole, a day is written in
        another shape or is not in the calendar, the window ends before it starts, its length is not
        positive or could be a year, a statement's window is unknown, its bounds are in the wrong
        order, or the figure is a stock or a rate.

    Examples
    --------
    >>> as_window((294, "2024-01-01", "2024-12-31")).days
    366.0
    >>> as_window("about 1,200 in 2024").count, as_window("3rd from 2024-05-01 to 2024-05-19").days
    (1200, 19.0)
    >>> as_window((300, "2024-01", "2024-02")).days, as_window((294, "2024")).days
    (60.0, 366.0)
    >>> tenth = {"count": 10, "qualifier": "nth_since",
    ...          "window_start": "2025-05-01", "window_end": "2025-05-19"}
    >>> as_window(tenth).qualifier
    'nth_since'
    """
    if isinstance(figure, Window):
        return figure
    if isinstance(figure, str):
        return _from_text(figure, name)
    if isinstance(figure, pd.Series | Mapping) and "window_start" in figure:
        return _from_row(figure, name)
    if isinstance(figure, tuple | list) and len(figure) in (2, 3):
        return _from_numbers(tuple(figure), name)
    raise TypeError(
        f"`{name}` must be a row of a statements frame, (count, days), (count, period), "
        f"(count, start, end) or a text such as '294 in 2024', got {type(figure).__name__}. Pick "
        "one row with `.loc`, or write the figure as a tuple or a text."
    )


def why_no_rate(row: Any) -> str:
    """Return why a statement's figure implies no rate; "" when it does."""
    reason = why_no_count(row)
    if reason:
        return REASONS[reason]
    try:
        as_window(row)
    except ValueError as fault:
        return str(fault)
    return ""


def part_of_whole(row: Any, statements: pd.DataFrame) -> str:
    """Return why a statement covers less than another one of the table; "" when it does not."""
    whole = row.get("part_of")
    if whole is None or pd.isna(whole) or row.get("part_kind") == "period":
        return ""
    present = (statements["statement_id"] == whole).any()
    return f"a part ({row['part_kind']}) of {whole}" if present else ""


def _from_text(text: str, name: str) -> Window:
    """Read a figure as somebody types it."""
    found = _TYPED.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(
            f"`{name}` must be a figure with its window, got {text!r}. Write '294 in 2024', "
            "'43 from 2020-04-24 to 2020-05-23', 'about 400 in 2024', 'at least 12 in 2024-05', "
            "'30 to 40 in 2024', '10th from 2025-05-01 to 2025-05-19' or '294 in 366 days'."
        )
    counts = {
        said: int(found[said].replace(",", ""))
        for said in ("count", "nth", "low", "high")
        if found[said]
    }
    if found["days"]:
        if found["firmly"] or "count" not in counts:
            raise ValueError(
                f"`{name}` must have a window of dates unless its count is exact, got {text!r}. "
                "Name the first and the last day."
            )
        days = datetime.timedelta(days=float(found["days"]))
        return _from_numbers((counts["count"], days), name)
    said = "nth_since" if "nth" in counts else (found["firmly"] or "exact")
    row: dict[str, object] = {
        "qualifier": said.lower().replace(" ", "_"),
        "count": counts.get("count", counts.get("nth")),
        "count_low": counts.get("low"),
        "count_high": counts.get("high"),
        "window_start": found["start"] or found["period"],
        "window_end": found["end"] or found["period"],
    }
    return _from_row(row, name)


def _from_numbers(figure: tuple[Any, ...], name: str) -> Window:
    """Read (count, days) or (count, start, end)."""
    count = _whole(figure[0], name)
    if count is None:
        raise ValueError(
            f"`{name}` must hold a whole count of 0 or more, got {figure[0]}. Correct the count."
        )
    if len(figure) == 2 and isinstance(figure[1], datetime.timedelta | np.timedelta64):
        return Window(count=count, days=_positive(pd.Timedelta(figure[1]) / _DAY, name))
    if len(figure) == 2 and isinstance(figure[1], int | float | np.number):
        if figure[1] in YEARS:
            raise ValueError(
                f"`{name}` must say whether {figure[1]} is a year or a number of days. Write "
                f'"{figure[1]:g}" for the year, or pd.Timedelta(days={figure[1]:g}).'
            )
        return Window(count=count, days=_positive(float(figure[1]), name))
    start, end = read_window(figure[1], figure[-1], name)
    return Window(count=count, days=float(days_in_window(start, end)), start=start, end=end)


def _from_row(row: Any, name: str) -> Window:
    """Read a row of a statements frame, or a mapping with some of its columns."""
    given = {key: row.get(key, default) for key, default in _DEFAULTS.items()}
    ends = given["window_start"], given["window_end"]
    if given["window_basis"] == "unknown" or any(_text(end) == "" for end in ends):
        raise ValueError(
            f"`{name}` must have a known window, got statement {given['statement_id']} whose "
            "window is unknown. A figure without dates has no rate; leave it out."
        )
    if is_forecast(row):
        raise ValueError(
            f"`{name}` must be a count of what happened, got statement {given['statement_id']}, a "
            "forecast. Score it with `score_claims`."
        )
    quantity = _text(row.get("quantity")) or "count"
    if quantity != "count":
        raise ValueError(
            f"`{name}` must be a count over a window, got statement {given['statement_id']}, a "
            f"{quantity} of {given['measure']}. Stocks and published rates are not counts; leave "
            "it out."
        )
    if given["qualifier"] not in QUALIFIERS:
        raise ValueError(
            f"`{name}` must have a qualifier among {', '.join(QUALIFIERS)}, "
            f"got {given['qualifier']!r}. Say how firmly the figure was published."
        )
    start, end = read_window(*ends, name)
    low, count, high = (_whole(given[key], name) for key in ("count_low", "count", "count_high"))
    told = [bound for bound in (low, count, high) if bound is not None]
    if told != sorted(told):
        raise ValueError(
            f"`{name}` must have count_low <= count <= count_high, got "
            f"{', '.join(map(str, told))}. Correct the bounds."
        )
    if count is None:
        if not told:
            raise ValueError(
                f"`{name}` must hold a count or a range, got neither. Give `count`, or "
                "`count_low` and `count_high`."
            )
        count = round(sum(told) / len(told))
        # Bounds without a count are a range, however they were said.
        given["qualifier"] = "range" if given["qualifier"] == "exact" else given["qualifier"]
    return Window(
        count=count,
        days=float(days_in_window(start, end)),
        start=start,
        end=end,
        count_low=low,
        count_high=high,
        qualifier=given["qualifier"],
        rounding_unit=row.get("rounding_unit"),
        basis=given["window_basis"],
        counted_by=given["counted_by"],
        counter=_text(given["counter"]) or given["counted_by"],
        source_kind=given["source_kind"],
        statement_id=given["statement_id"],
        measure=given["measure"],
        unit=given["unit"],
        reading=given["reading"],
        role=given["role"],
        rival_of=_text(given["rival_of"]),
        definition=_text(given["definition"]),
        scope_basis=given["scope_basis"],
        scope=scope_key(row) if "country" in row else (),
    )


def _text(word: Any) -> str:
    """Return a cell's text, empty where there is none."""
    return "" if word is None or pd.isna(word) else str(word)


def _whole(count: Any, name: str) -> int | None:
    """Return a count as a whole number, None where there is none."""
    if count is None or (pd.api.types.is_scalar(count) and pd.isna(count)):
        return None
    number = isinstance(count, int | float | np.number) and not isinstance(count, bool)
    if not number or not np.isfinite(count) or count < 0 or int(count) != count:
        raise ValueError(
            f"`{name}` must hold a whole count of 0 or more, got {count!r}. Correct the count."
        )
    return int(count)


def _positive(days: float, name: str) -> float:
    """Return a window's length, which must be positive and finite."""
    if not 0 < days < float("inf"):
        raise ValueError(
            f"`{name}` must cover a positive number of days, got {days:g}. Correct its window."
        )
    return days
