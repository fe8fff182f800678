"""What does a day, a period, a window or a span mean that a person typed?

One reading for Python, the command line and TOML. A day is written year first (``2024-05-03``), and
a whole period in its own shape (``2024``, ``2024-02``, ``2024-Q1``, ``2024-W07``); both ends of a
window are included, so that a window ends on the last day of the period it ends with. Dates,
datetimes, Timestamps and Periods are taken as they are. What people write differently, such as
``01/05/2025``, is refused rather than guessed.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NoReturn, Protocol, TypeAlias

import numpy as np
import pandas as pd

from trends.tables.calendar import has_period_shape, read_periods


class PeriodLike(Protocol):
    """A Period of pandas, told by what no other thing has."""

    @property
    def ordinal(self) -> int:
        """Number of the period since 1970."""
        ...

    @property
    def freqstr(self) -> str:
        """Length of the period."""
        ...


#: A day or a whole period, as somebody names it; a whole number is a year.
Day: TypeAlias = str | int | datetime.date | np.datetime64 | PeriodLike

#: Whole numbers that are years, and therefore no numbers of days.
YEARS = range(1900, 2101)

#: Days and months as they are mostly written. One by one they are read here, many as a column.
_PLAIN = re.compile(r"((?:19|20)\d{2})-(\d{2})(?:-(\d{2}))?", re.ASCII)
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)
_RULE = "be a day or a whole period, such as 2024-05-03, 2024-W18, 2024-05, 2024-Q2 or 2024"


def read_period(value: Any, name: str) -> pd.Period:
    """Return the day or whole period that somebody named.

    Parameters
    ----------
    value : str, int, date, datetime, Timestamp or Period
        A whole number from 1900 to 2100 is a year.
    name : str
        The argument's name, for error messages.

    Returns
    -------
    Period
        Of the length that was written: a day for a day, a month for a month.

    Raises
    ------
    TypeError
        If it is of another kind.
    ValueError
        If the text has another shape, the day is not in the calendar, or a time with a zone is not
        midnight there.

    Examples
    --------
    >>> read_period("2024-02", "span"), read_period(2024, "span")
    (Period('2024-02', 'M'), Period('2024', 'Y-DEC'))
    """
    if isinstance(value, str):
        found = _period_of_text(value.strip())
        return found if found is not None else _refuse_text(value, name)
    if value is pd.NaT or value is None:
        raise ValueError(f"`{name}` must {_RULE}, got {value}. Give the day.")
    if isinstance(value, pd.Period):
        return value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        if value not in YEARS:
            raise ValueError(f"`{name}` must {_RULE}, got {value}. Write the day as text.")
        return pd.Period(year=int(value), freq="Y")
    if isinstance(value, datetime.date | np.datetime64):
        day = pd.Timestamp(value)
        day = day if day.tz is None else local_days(pd.DatetimeIndex([day]), name)[0]
        return pd.Period(day, freq="D")
    raise TypeError(
        f"`{name}` must {_RULE}, got {type(value).__name__}. Write it as text or as a date."
    )


def first_day(value: Any, name: str) -> pd.Timestamp:
    """Return the first day of what somebody named.

    Examples
    --------
    >>> first_day("2024-Q2", "date")
    Timestamp('2024-04-01 00:00:00')
    """
    return read_period(value, name).start_time


def last_day(value: Any, name: str) -> pd.Timestamp:
    """Return the last day of what somebody named.

    Examples
    --------
    >>> last_day("2024-02", "date")
    Timestamp('2024-02-29 00:00:00')
    """
    return read_period(value, name).end_time.normalize()


def read_window(start: Any, end: Any, name: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return first and last day of a window, both included.

    Parameters
    ----------
    start, end : str, int, date, datetime, Timestamp or Period
        As in `read_period`: a window from 2024-01 to 2024-02 holds all of January and February.
    name : str
        The argument's name, for error messages.

    Returns
    -------
    tuple of Timestamp

    Raises
    ------
    TypeError, ValueError
        As `read_period`; also if it ends before it starts.

    Examples
    --------
    >>> [day.date().isoformat() for day in read_window("2024", "2024-02", "span")]
    ['2024-01-01', '2024-02-29']
    """
    first, last = first_day(start, name), last_day(end, name)
    if last < first:
        raise ValueError(
            f"`{name}` must end on or after the day it starts, got {first.date()} to "
            f"{last.date()}. Swap the two."
        )
    return first, last


def named_period(value: Any, periods: pd.PeriodIndex, name: str) -> pd.Period:
    """Return the period of a series that holds the first day of what somebody named.

    Examples
    --------
    >>> months = pd.period_range("2021-01", periods=12, freq="M")
    >>> named_period("2021-09-15", months, "candidates")
    Period('2021-09', 'M')
    """
    return pd.Period(first_day(value, name), freq=periods.freq)


def local_days(times: pd.DatetimeIndex, name: str) -> pd.DatetimeIndex:
    """Return days without a zone; times that carry one must be the start of a day there.

    Examples
    --------
    >>> utc = pd.DatetimeIndex(["2024-01-31T21:00Z"])
    >>> local_days(utc.tz_convert("Asia/Baghdad"), "counts")[0]
    Timestamp('2024-02-01 00:00:00')
    """
    if times.tz is None:
        return times.normalize()
    days = times.tz_localize(None).normalize()
    # In some zones clocks have gone forward at midnight, so that the day began at one o'clock.
    begins = days.tz_localize(
        times.tz, ambiguous=np.ones(len(days), bool), nonexistent="shift_forward"
    )
    wrong = np.asarray(times != begins) & np.asarray(times.notna())
    if wrong.any():
        shown = times[int(np.argmax(wrong))]
        raise ValueError(
            f"`{name}` must be midnights of the time zone they are in, got {shown}. Convert them "
            'to the zone the days were counted in, for instance with .tz_convert("Asia/Baghdad"); '
            "add .normalize() if they are times within its days (.dt before both for a column)."
        )
    return days


def columns_in_local_days(table: pd.DataFrame, names: Iterable[str], name: str) -> pd.DataFrame:
    """Return a frame whose columns of times with a zone are days, see `local_days`."""
    days = {
        column: local_days(pd.DatetimeIndex(table[column]), name)
        for column in names
        if column in table and isinstance(table[column].dtype, pd.DatetimeTZDtype)
    }
    return table.assign(**days) if days else table


@lru_cache(maxsize=4096)
def _period_of_text(word: str) -> pd.Period | None:
    """Return the day or period that a text is, None where it is none."""
    plain = _PLAIN.fullmatch(word)
    if plain:
        year, month, day = (int(part or -1) for part in plain.groups())
        with suppress(ValueError):
            first = datetime.date(year, month, 1 if day < 0 else day)
            return pd.Period(first, freq="M" if day < 0 else "D")
        return None
    midnight = _MIDNIGHT.fullmatch(word)
    periods, wrong = read_periods(pd.Series([midnight[1] if midnight else word]))
    return None if wrong[0] else periods[0]


def _refuse_text(text: str, name: str) -> NoReturn:
    """Raise ValueError saying why a text is no day or period."""
    word = text.strip()
    if has_period_shape(word):
        raise ValueError(
            f"`{name}` must name days that the calendar has, got {text!r}. Correct the date."
        )
    raise ValueError(f"`{name}` must {_RULE}, got {text!r}. {_remedy(word)}")


def _remedy(word: str) -> str:
    """Say how a date of another shape is written, with every reading it could have."""
    found = _NUMERIC.fullmatch(word)
    if found is None:
        return "Write the year first, then month and day."
    one, two, year = (int(part) for part in found.groups())
    readings = dict.fromkeys(((two, one), (one, two)))
    shown = []
    for month, day in readings:
        try:
            shown.append(datetime.date(year, month, day))
        except ValueError:
            continue
    if not shown:
        return "Write the year first, then month and day."
    meant = " or ".join(f"{day.isoformat()} for {day.day} {day:%B} {year}" for day in shown)
    return f"Write {meant}."
