"""How long is a period, and which periods does a span hold?

Period arithmetic lives here and nowhere else, so that the length of a month, the end of an ISO week
and the number of days in a window are the same everywhere.
"""

from __future__ import annotations

import calendar
import re
from typing import Literal

import numpy as np
import pandas as pd

#: Days in the month every rate is expressed in: the mean Gregorian month, 365.25 / 12.
DAYS_PER_MONTH = 30.4375

#: pandas frequency of each frequency letter; weeks are ISO weeks, which end on Sunday.
FREQUENCIES = {"D": "D", "W": "W-SUN", "M": "M", "Q": "Q-DEC", "Y": "Y-DEC"}

Frequency = Literal["D", "W", "M", "Q", "Y"]

_SHAPES = {
    "D": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "W": re.compile(r"\d{4}-W\d{2}"),
    "M": re.compile(r"\d{4}-\d{2}"),
    "Q": re.compile(r"\d{4}-?Q[1-4]"),
    "Y": re.compile(r"\d{4}"),
}

PERIOD_RULE = "must be one of YYYY-MM-DD, YYYY-Www, YYYY-MM, YYYY-Qn or YYYY, the same in every row"
PERIOD_FIX = "Write all periods of a table in one shape."


def days_in_periods(periods: pd.PeriodIndex) -> np.ndarray:
    """Return the number of days in each period.

    Parameters
    ----------
    periods : PeriodIndex of n_periods
        Periods of any frequency from days to years.

    Returns
    -------
    ndarray of float, shape (n_periods,)
        Calendar days, both ends included.

    Examples
    --------
    >>> days_in_periods(pd.period_range("2024-01", periods=3, freq="M")).tolist()
    [31.0, 29.0, 31.0]
    """
    start, end = first_days(periods), last_days(periods)
    return ((end - start).days + 1).to_numpy(dtype=float)


def first_days(periods: pd.PeriodIndex) -> pd.DatetimeIndex:
    """Return the first day of each period, at midnight."""
    return periods.start_time.normalize()


def last_days(periods: pd.PeriodIndex) -> pd.DatetimeIndex:
    """Return the last day of each period, at midnight."""
    return periods.end_time.normalize()


def days_in_window(start: pd.Timestamp, end: pd.Timestamp) -> int:
    """Return the number of days from start to end, both included.

    Examples
    --------
    >>> days_in_window(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))
    366
    """
    return (end - start).days + 1


def days_in_year(year: int) -> int:
    """Return 366 in a leap year, 365 otherwise."""
    return 366 if calendar.isleap(year) else 365


def frequency_letter(periods: pd.PeriodIndex) -> str:
    """Return the frequency letter (D, W, M, Q or Y) of a PeriodIndex."""
    return str(periods.freqstr)[0].replace("A", "Y")


def periods_between(start: pd.Timestamp, end: pd.Timestamp, freq: Frequency) -> pd.PeriodIndex:
    """Return the periods that hold any day of a window, both ends included.

    Examples
    --------
    >>> months = periods_between(pd.Timestamp("2023-12-31"), pd.Timestamp("2024-02-01"), "M")
    >>> [format_period(month) for month in months]
    ['2023-12', '2024-01', '2024-02']
    """
    check_frequency(freq)
    return pd.period_range(start, end, freq=FREQUENCIES[freq], name="period")


def check_frequency(freq: str) -> None:
    """Raise ValueError unless freq is one of the frequency letters."""
    if freq not in FREQUENCIES:
        raise ValueError(
            f"`freq` must be one of D, W, M, Q, Y, got {freq!r}. "
            "Weeks (W) are ISO weeks, Monday to Sunday."
        )


def format_period(period: pd.Period) -> str:
    """Write a period as it stands in a table: 2024-05-03, 2024-W18, 2024-05, 2024-Q2 or 2024.

    Examples
    --------
    >>> format_period(pd.Period("2024-05-03", "W-SUN"))
    '2024-W18'
    >>> format_period(pd.Period("2024-05", "M"))
    '2024-05'
    """
    letter = str(period.freqstr)[0]
    if letter == "W":
        iso = period.end_time.isocalendar()
        return f"{iso.year}-W{iso.week:02d}"
    if letter == "Q":
        return f"{period.year}-Q{period.quarter}"
    return str(period)


def parse_periods(texts: pd.Series) -> pd.PeriodIndex:
    """Read periods as `format_period` writes them; all must have one shape.

    Parameters
    ----------
    texts : Series of str
        For instance ``2024-05`` for months or ``2024-W18`` for ISO weeks.

    Returns
    -------
    PeriodIndex

    Raises
    ------
    ValueError
        If a text is not a period, or the texts have more than one shape.

    Examples
    --------
    >>> parse_periods(pd.Series(["2024-W18", "2024-W19"])).freqstr
    'W-SUN'
    """
    periods, wrong = read_periods(texts)
    if wrong.any():
        raise ValueError(f"`period` {PERIOD_RULE}, got {texts[wrong].iloc[0]!r}. {PERIOD_FIX}")
    return periods


def read_periods(texts: pd.Series) -> tuple[pd.PeriodIndex, np.ndarray]:
    """Read periods, and say which texts are not periods of the shape that most of them have.

    Parameters
    ----------
    texts : Series of str

    Returns
    -------
    periods : PeriodIndex
        NaT where the text cannot be read.
    wrong : ndarray of bool
        True where the text cannot be read.
    """
    words = texts.astype("str").fillna("").str.strip()
    fits = {letter: words.str.fullmatch(shape).to_numpy(bool) for letter, shape in _SHAPES.items()}
    letter = max(fits, key=lambda name: int(fits[name].sum())) if len(words) else "M"
    fitting = words.where(fits[letter])
    days = _first_days_of(fitting, letter)
    return pd.PeriodIndex(days, freq=FREQUENCIES[letter], name="period"), days.isna().to_numpy()


def _first_days_of(words: pd.Series, letter: str) -> pd.Series:
    """Return the first day of each written period, NaT where there is no such day."""
    if letter == "W":
        mondays = pd.to_datetime(words + "-1", format="%G-W%V-%u", errors="coerce")
        # A year without a 53rd week has none to start: strptime rolls over, so write it back and
        # compare.
        iso = mondays.dt.isocalendar()
        kept = (iso.year.astype("str") + "-W" + iso.week.astype("str").str.zfill(2)) == words
        return mondays.where(kept.fillna(False))
    if letter == "Q":
        year, quarter = words.str[:4], words.str[-1]
        month = pd.to_numeric(quarter).mul(3).sub(2)
        days = year + "-" + month.astype("Int64").astype("str").str.zfill(2) + "-01"
    else:
        days = words + {"D": "", "M": "-01", "Y": "-01-01"}[letter]
    return pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
