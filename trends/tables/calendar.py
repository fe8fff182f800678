"""How long is a period, and which periods does a span hold?

Period arithmetic lives here and nowhere else, so that the length of a month, the end of an ISO week
and the number of days in a window are the same everywhere.
"""

from __future__ import annotations

import calendar
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import pandas as pd

#: Days in the month every rate is expressed in: the mean Gregorian month, 365.25 / 12.
DAYS_PER_MONTH = 30.4375

#: pandas frequency of each frequency letter; weeks are ISO weeks, which end on Sunday.
FREQUENCIES = {"D": "D", "W": "W-SUN", "M": "M", "Q": "Q-DEC", "Y": "Y-DEC"}

Frequency = Literal["D", "W", "M", "Q", "Y"]

_SHAPES = {
    "D": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "W": re.compile(r"\d{4}-W\d{2}", re.ASCII),
    "M": re.compile(r"\d{4}-\d{2}", re.ASCII),
    "Q": re.compile(r"\d{4}-?Q[1-4]", re.ASCII),
    "Y": re.compile(r"\d{4}", re.ASCII),
    "days": re.compile(r"\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}", re.ASCII),
    "months": re.compile(r"\d{4}-\d{2}/\d{4}-\d{2}", re.ASCII),
}

PERIOD_RULE = "must be one of YYYY-MM-DD, YYYY-Www, YYYY-MM, YYYY-Qn or YYYY, the same in every row"
PERIOD_FIX = (
    "Write all periods of a table in one shape; other weeks as first and last day "
    "(2024-01-07/2024-01-13), other quarters and years as first and last month (2023-07/2024-06)."
)

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


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
    # Numbers of days cost a tenth of what dates do, and every question asks for these.
    first, last = (periods.asfreq("D", how).asi8 for how in ("start", "end"))
    return np.asarray(last - first + 1, dtype=float)


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


def day_numbers(days: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """Return days since 1970-01-01, as integers.

    Examples
    --------
    >>> day_numbers(pd.DatetimeIndex(["1970-01-02"])).tolist()
    [1]
    """
    return pd.DatetimeIndex(days).to_numpy().astype("datetime64[D]").astype(np.int64)


def numbered_day(number: int) -> pd.Timestamp:
    """Return the day that is so many days after 1970-01-01."""
    return pd.Timestamp(1970, 1, 1) + pd.Timedelta(days=number)


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


def is_of_the_calendar(period: pd.Period | pd.PeriodIndex) -> bool:
    """Tell whether periods are ISO weeks, or quarters and years that end with the calendar year.

    Examples
    --------
    >>> is_of_the_calendar(pd.Period("2024", "Y-JUN"))
    False
    """
    return str(period.freqstr) in ("D", "M", *FREQUENCIES.values())


def one_name_per_period(periods: pd.PeriodIndex) -> pd.PeriodIndex:
    """Return periods whose frequency follows from their days alone.

    Quarters of four fiscal years have the same days and different names: July to September is the
    third quarter of the calendar year, whatever year it is the first of.

    Examples
    --------
    >>> one_name_per_period(pd.PeriodIndex(["1980Q1"], freq="Q-JUN"))[0]
    Period('1979Q3', 'Q-DEC')
    """
    if frequency_letter(periods) != "Q" or is_of_the_calendar(periods):
        return periods
    return pd.PeriodIndex(first_days(periods).to_period(quarters_to(last_days(periods)[0].month)))


def format_period(period: pd.Period) -> str:
    """Write a period as it stands in a table: 2024-05-03, 2024-W18, 2024-05, 2024-Q2 or 2024.

    Weeks, quarters and years that begin elsewhere are written by their ends, both included.

    Examples
    --------
    >>> format_period(pd.Period("2024-05-03", "W-SUN"))
    '2024-W18'
    >>> format_period(pd.Period("2024-05", "M"))
    '2024-05'
    >>> format_period(pd.Period("2024-05-03", "W-SAT")), format_period(pd.Period("2024", "Y-JUN"))
    ('2024-04-28/2024-05-04', '2023-07/2024-06')
    """
    letter = str(period.freqstr)[0]
    if letter == "W" and not is_of_the_calendar(period):
        return f"{period.start_time:%Y-%m-%d}/{period.end_time:%Y-%m-%d}"
    if letter == "W":
        iso = period.end_time.isocalendar()
        return f"{iso.year}-W{iso.week:02d}"
    if letter in "QY" and period.end_time.month % (3 if letter == "Q" else 12):
        return f"{period.start_time:%Y-%m}/{period.end_time:%Y-%m}"
    if letter == "Q":
        return f"{period.start_time.year}-Q{period.start_time.quarter}"
    return str(period)


def has_period_shape(text: str) -> bool:
    """Tell whether a text looks like a period, though it may name none: 2021-W53, 2024-02-30."""
    return any(shape.fullmatch(text) for shape in _SHAPES.values())


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
    # No calendar has a year 0, and pandas counts one.
    year_0 = words.str.startswith("0000") | words.str.contains("/0000", regex=False)
    words = words.mask(year_0.to_numpy(bool), "")
    fits = {letter: words.str.fullmatch(shape).to_numpy(bool) for letter, shape in _SHAPES.items()}
    letter = max(fits, key=lambda name: int(fits[name].sum())) if len(words) else "M"
    fitting = words.where(fits[letter])
    if letter in ("days", "months"):
        return _read_ends(fitting, letter)
    days = _first_days_of(fitting, letter)
    return pd.PeriodIndex(days, freq=FREQUENCIES[letter], name="period"), days.isna().to_numpy()


def _read_ends(words: pd.Series, unit: str) -> tuple[pd.PeriodIndex, np.ndarray]:
    """Read periods written by their first and last day or month, all of the first one's kind."""
    start, end = (words.str.split("/").str[side] for side in (0, 1))
    letter = "D" if unit == "days" else "M"
    first, last = _first_days_of(start, letter), _first_days_of(end, letter)
    known = (first.notna() & last.notna()).to_numpy()
    freq = FREQUENCIES[letter]
    if known.any():
        at = int(np.argmax(known))
        freq = _frequency_between(first.iloc[at], last.iloc[at], unit)
    periods = pd.PeriodIndex(first, freq=freq, name="period")
    ends = last.to_numpy() == last_days(periods).to_numpy().astype(last.dtype)
    if unit == "months":
        ends = last.to_numpy() == last_days(periods).to_period("M").to_timestamp().to_numpy()
    fits = known & (first.to_numpy() == first_days(periods).to_numpy()) & ends
    return periods.where(fits), ~fits


def _frequency_between(first: pd.Timestamp, last: pd.Timestamp, unit: str) -> str:
    """Return the frequency of a period from its first to its last day or month."""
    if unit == "days":
        return f"W-{_WEEKDAYS[last.day_of_week]}"
    months = 12 * (last.year - first.year) + last.month - first.month + 1
    return quarters_to(last.month) if months == 3 else f"Y-{month_sign(last.month)}"


def month_sign(month: int) -> str:
    """Return how pandas writes a month at the end of a frequency: JAN for 1."""
    return _MONTHS[month - 1]


def quarters_to(month: int) -> str:
    """Return the frequency of quarters of which one ends in a month."""
    return {0: "Q-DEC", 1: "Q-JAN", 2: "Q-FEB"}[month % 3]


def _first_days_of(words: pd.Series, letter: str) -> pd.Series:
    """Return the first day of each written period, NaT where there is no such day."""
    if letter == "W":
        return pd.to_datetime(words + "-1", format="%G-W%V-%u", errors="coerce")
    if letter == "Q":
        year, quarter = words.str[:4], words.str[-1]
        month = pd.to_numeric(quarter).mul(3).sub(2)
        days = year + "-" + month.astype("Int64").astype("str").str.zfill(2) + "-01"
    else:
        days = words + {"D": "", "M": "-01", "Y": "-01-01"}[letter]
    return pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")


@cache
def _hijri_occasions() -> dict[str, dict[str, tuple[int, int]]]:
    """Return the first and last day of each Hijri occasion as month and day, by `feasts.toml`."""
    text = files("trends").joinpath("packs/feasts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def hijri_year(day: pd.Timestamp) -> int:
    """Return the year of a day in the Umm al-Qura calendar.

    Examples
    --------
    >>> hijri_year(pd.Timestamp("2024-03-20"))
    1445
    """
    from hijridate import Gregorian

    return int(Gregorian.fromdate(day.date()).to_hijri().year)


def hijri_shares(periods: pd.PeriodIndex, *, shift: int = 0) -> pd.DataFrame:
    """Return the share of each period's days that fall in Ramadan and the feasts.

    The calendar is Umm al-Qura, by calculation; sightings may differ by a day either way, which
    `shift` is for. A night belongs to the day that follows it in the Hijri calendar, so that the
    last ten nights are the days from 21 Ramadan to its end.

    Parameters
    ----------
    periods : PeriodIndex of n_periods
        Periods between August 1924 and November 2077.
    shift : int
        Days by which every occasion is moved, later when positive.

    Returns
    -------
    DataFrame of n_periods rows
        Columns ramadan, last_ten_nights, eid_al_fitr (1 to 3 Shawwal), eid_al_adha (10 to 13 Dhu
        al-Hijja), each between 0 and 1; indexed by `periods`.

    Raises
    ------
    TypeError
        If `periods` is not a PeriodIndex.
    ValueError
        If a period lies outside the calendar.

    Examples
    --------
    >>> april = pd.period_range("2022-04", periods=2, freq="M")
    >>> hijri_shares(april).loc["2022-05", "eid_al_fitr"].round(3)
    np.float64(0.097)
    """
    from hijridate import Gregorian, Hijri

    if not isinstance(periods, pd.PeriodIndex):
        raise TypeError(
            f"`periods` must be a PeriodIndex, got {type(periods).__name__}. Pass `series.index`."
        )
    starts = periods.start_time.normalize()
    ends = periods.end_time.normalize()
    try:
        years = range(
            Gregorian.fromdate(starts.min().date()).to_hijri().year,
            Gregorian.fromdate(ends.max().date()).to_hijri().year + 1,
        )
    except OverflowError:
        raise ValueError(
            "`periods` must lie between August 1924 and November 2077, where the Umm al-Qura "
            f"calendar is tabulated, got {periods[0]} to {periods[-1]}. Leave other periods out."
        ) from None
    # Days since 1970, so that overlaps are plain subtraction.
    first = starts.to_numpy().astype("datetime64[D]").astype(np.int64)
    last = ends.to_numpy().astype("datetime64[D]").astype(np.int64)

    def day_number(year: int, month: int, day: int) -> int:
        within = day or Hijri(year, month, 1).month_length()
        date = Hijri(year, month, within).to_gregorian().isoformat()
        return int(np.datetime64(date, "D").astype(np.int64)) + shift

    shares = {}
    for occasion, days_of in _hijri_occasions().items():
        days = np.zeros(len(periods))
        # A shift may bring in an occasion of the year before or after.
        for year in range(max(years[0] - 1, 1343), min(years[-1] + 1, 1500) + 1):
            begin = day_number(year, *days_of["first"])
            finish = day_number(year, *days_of["last"])
            days += np.clip(np.minimum(last, finish) - np.maximum(first, begin) + 1, 0, None)
        shares[occasion] = days / (last - first + 1)
    return pd.DataFrame(shares, index=periods)
