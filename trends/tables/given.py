"""In which shapes do people hold counts of their own, and of which periods are they?

Read are a Series by period or date, a frame with a column of dates and one of counts (pandas, and
through Narwhals polars, PyArrow and others), a mapping of dates to counts, and bare counts with a
start. Nothing is guessed that could be read two ways: the error then names both remedies.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd

from trends.tables import calendar
from trends.tables.typed import local_days, read_period

#: Names that settle which column is which, where several could be.
_PERIOD_NAMES = ("period", "ds")
_COUNT_NAMES = ("count", "y")

#: Whole numbers that are read as years where periods are expected.
_YEARS = (1500, 2200)

_FREQUENCY_RULE = (
    "`freq` must be D, W (Monday to Sunday), M, Q, Y, or a period of pandas that begins elsewhere, "
    "such as W-SAT (Sunday to Saturday) or Y-JUN (July to June), got {freq!r}. Pick one."
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """Counts as somebody gave them.

    Attributes
    ----------
    periods : PeriodIndex of n_periods
        In the order given.
    counts : Series of n_periods
        By the index they were given with, so that exposures can be lined up.
    exposure : array of shape (n_periods,) or None
        From a column of that name.
    labels : dict
        Group columns with one value, or the name of a Series.
    """

    periods: pd.PeriodIndex
    counts: pd.Series
    exposure: np.ndarray | None = None
    labels: dict[str, object] = field(default_factory=dict)


class Frame(Protocol):
    """A frame of another library, which Narwhals reads."""

    @property
    def columns(self) -> object:
        """Names of the columns, or the columns."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...


#: Counts in any of the shapes that people hold them in.
Counts: TypeAlias = (
    pd.Series
    | pd.DataFrame
    | Frame
    | Mapping[str, float | None]
    | Mapping[int, float | None]
    | Mapping[datetime.date, float | None]
    | Sequence[float | None]
    | np.ndarray
)


def read_given(
    counts: Counts,
    *,
    start: object = None,
    freq: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Given:
    """Read counts in any of the shapes, see `as_series`."""
    counts = _in_pandas(counts)
    refuse_totals(counts)
    if isinstance(counts, pd.DataFrame):
        return _from_frame(counts, freq, columns)
    if columns is not None:
        raise TypeError(
            f"`columns` must be left out unless `counts` is a frame, got {type(counts).__name__}. "
            "Leave it out."
        )
    if isinstance(counts, Mapping):
        counts = pd.Series(dict(counts))
    if isinstance(counts, pd.Series) and start is None:
        named = counts.name is not None and counts.name not in _COUNT_NAMES
        return Given(
            periods=read_index(counts.index, freq),
            counts=counts,
            labels={"series": str(counts.name)} if named else {},
        )
    if isinstance(counts, pd.Series | Sequence | np.ndarray) and not isinstance(counts, str):
        return _from_values(counts, start, freq)
    raise TypeError(
        "`counts` must be a Series by period, a frame with a column of dates and one of counts, or "
        f"a list with `start`, got {type(counts).__name__}. "
        "Use `series(counts, ...)` for an event-count table."
    )


def read_index(index: pd.Index, freq: str | None = None) -> pd.PeriodIndex:
    """Read an index, or a column made into one, as periods; each frequency by one name."""
    wanted = None if freq is None else check_period_frequency(freq)
    found = _as_dates_or_periods(index)
    if isinstance(found, pd.DatetimeIndex):
        if found.hasnans:
            raise ValueError("`counts` must have a date in every row, got NaT. Drop the row.")
        days = local_days(found, "counts")
        found = days.to_period(wanted or calendar.FREQUENCIES[_spacing(days)])
        if calendar.frequency_letter(found) == "W":
            _refuse_shifted_weeks(days, found)
    elif found.hasnans:
        raise ValueError("`counts` must have a period in every row, got NaT. Drop the row.")
    if found.freq.n != 1 or calendar.frequency_letter(found) not in calendar.FREQUENCIES:
        raise ValueError(
            "`counts` must be indexed by days, weeks, months, quarters or years, got "
            f"{found.freqstr!r}. "
            "Add the counts up to one of these."
        )
    periods = calendar.one_name_per_period(found)
    if wanted is not None and periods.freqstr != wanted:
        raise ValueError(
            f"`freq` must be that of the periods of `counts` ({periods.freqstr}), got {freq!r}. "
            "Leave it out, or add the counts up first."
        )
    return periods


def check_period_frequency(freq: str) -> str:
    """Return the one name of a frequency of periods; raise unless it is one."""
    try:
        example = pd.PeriodIndex(["2000-01-01"], freq=calendar.FREQUENCIES.get(freq, freq))
    except (ValueError, TypeError):
        raise ValueError(_FREQUENCY_RULE.format(freq=freq)) from None
    if example.freq.n != 1 or calendar.frequency_letter(example) not in calendar.FREQUENCIES:
        raise ValueError(_FREQUENCY_RULE.format(freq=freq))
    return str(calendar.one_name_per_period(example).freqstr)


def refuse_multiples(periods: pd.PeriodIndex) -> None:
    """Raise if all counts are the same number of periods apart, so that each may cover them all."""
    steps = np.unique(np.diff(np.sort(periods.asi8)))
    if len(periods) < 3 or len(steps) != 1 or steps[0] < 2:
        return
    noun = {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}
    unit = noun[calendar.frequency_letter(periods)]
    first, second = (calendar.format_period(period) for period in periods.sort_values()[:2])
    days = float(np.median(np.diff(np.sort(calendar.day_numbers(calendar.first_days(periods))))))
    raise ValueError(
        f"`counts` must have one count per period, got one every {steps[0]} {unit} ({first}, "
        f"{second}, ...). Say with `exposure` how many days each count covers, for instance "
        f"exposure={days:g} if it covers all {steps[0]} {unit}, or add the counts up to longer "
        "periods."
    )


def refuse_totals(counts: Any) -> None:
    """Raise where something was added up over events instead of counting them.

    Parameters
    ----------
    counts : DataFrame, Series or anything else
        What a question about counts was given; ``count_unit`` is read from its column or its
        ``attrs``.

    Raises
    ------
    ValueError
        If it says that its numbers are totals, for instance of deaths.

    Examples
    --------
    >>> months = pd.period_range("2024-01", periods=1, freq="M")
    >>> refuse_totals(pd.DataFrame({"period": months, "count": 9, "count_unit": "fatalities"}))
    Traceback (most recent call last):
    ...
    ValueError: `counts` must be numbers of events, got totals of fatalities. One event may hold
    many, so they do not vary as counts do: count the events, and ask `compare_severity` how deadly
    they are.
    """
    told = {str(getattr(counts, "attrs", {}).get("count_unit") or "")}
    if "count_unit" in getattr(counts, "columns", ()):
        told |= set(counts["count_unit"].dropna().astype("str"))
    totals = sorted(told - {"", "events"})
    if totals:
        raise ValueError(
            f"`counts` must be numbers of events, got totals of {', '.join(totals)}. One event may "
            "hold many, so they do not vary as counts do: count the events, and ask "
            "`compare_severity` how deadly they are."
        )


def _in_pandas(counts: Any) -> Any:
    """Return a frame or a column of another library as pandas holds it."""
    if isinstance(counts, pd.DataFrame | pd.Series):
        return counts
    import narwhals as nw

    known = nw.from_native(counts, pass_through=True, allow_series=True)
    if isinstance(known, nw.LazyFrame):
        raise TypeError(
            "`counts` must be in memory, got a query that has not been run. "
            "Run it first, for instance with .collect()."
        )
    if isinstance(known, nw.DataFrame):
        return known.to_pandas()
    # A column alone has no dates, whatever library holds it.
    return known.to_list() if isinstance(known, nw.Series) else counts


def _from_values(values: Any, start: object, freq: str | None) -> Given:
    """Read bare counts of periods that follow one another from a start."""
    if start is None:
        raise TypeError(
            f"`start` must be given for counts without dates, got a {type(values).__name__} alone. "
            'For instance as_series(counts, start="2024-01").'
        )
    first = read_period(start, "start")
    wanted = check_period_frequency(freq or str(first.freqstr))
    counts = pd.Series(values).reset_index(drop=True)
    begin = pd.Period(first.start_time, freq=wanted)
    return Given(periods=pd.period_range(begin, periods=len(counts), freq=wanted), counts=counts)


def _from_frame(frame: pd.DataFrame, freq: str | None, columns: Mapping[str, str] | None) -> Given:
    """Read the columns of dates, counts and exposure, and the labels of the one group."""
    chosen = dict(columns or {})
    for role, name in chosen.items():
        if role not in ("period", "count", "exposure") or name not in frame.columns:
            raise ValueError(
                "`columns` must say which column of the frame is the period, the count or the "
                f"exposure, got {role}={name!r}. The frame has {_listed(frame.columns)}."
            )
    left = [name for name in frame.columns if name not in chosen.values() and name != "complete"]
    if "exposure" in left and "exposure" not in chosen:
        chosen["exposure"] = "exposure"
        left.remove("exposure")
    index = frame.index
    if "period" not in chosen and isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        periods = index
    else:
        name = chosen.get("period") or _only(frame, left, _PERIOD_NAMES, _is_dates, "period")
        left = [other for other in left if other != name]
        periods = pd.Index(frame[name])
    name = chosen.get("count") or _only(frame, left, _COUNT_NAMES, _is_counts, "count")
    groups = [
        other for other in left if other != name and not pd.api.types.is_numeric_dtype(frame[other])
    ]
    for group in groups:
        if len(frame[group].unique()) > 1:
            raise ValueError(
                f"`counts` must hold one group, got several values of {group} "
                f"({_listed(frame[group].unique())}). Pick one, for instance "
                f"counts[counts[{group!r}] == {frame[group].iloc[0]!r}]."
            )
    exposure = frame[chosen["exposure"]].to_numpy(dtype=float) if "exposure" in chosen else None
    return Given(
        periods=read_index(periods, freq),
        counts=frame[name],
        exposure=exposure,
        labels={group: frame[group].iloc[0] for group in groups} if len(frame) else {},
    )


def _only(
    frame: pd.DataFrame, names: list[str], preferred: tuple[str, ...], fits: Any, role: str
) -> str:
    """Return the one column that can play a role; raise naming those that could."""
    fitting = [name for name in names if fits(frame[name])]
    named = [name for name in preferred if name in fitting]
    if len(fitting) == 1 or named:
        return named[0] if named else fitting[0]
    kinds = {"period": "dates or periods", "count": "whole numbers"}
    raise ValueError(
        f"`counts` must have one column of {kinds[role]}, got {_listed(fitting)} of "
        f"{_listed(frame.columns)}. Name it with columns={{{role!r}: ...}}."
    )


def _is_dates(column: pd.Series) -> bool:
    """Tell whether every value of a column is a day or a period."""
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    if pd.api.types.is_numeric_dtype(column):
        return _are_years(pd.Index(column)) and not _is_named(column, _COUNT_NAMES)
    values = column.astype(object)
    if all(isinstance(value, str) for value in values):
        _, wrong = calendar.read_periods(pd.Series(values, dtype="str"))
        return not wrong.any()
    return all(isinstance(value, datetime.date | pd.Period) for value in values)


def _is_named(column: pd.Series, names: tuple[str, ...]) -> bool:
    """Tell whether a column has one of these names."""
    return str(column.name).lower() in names


def _is_counts(column: pd.Series) -> bool:
    """Tell whether a column holds numbers."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _are_years(index: pd.Index) -> bool:
    """Tell whether an index of numbers is one of years."""
    if len(index) == 0 or not pd.api.types.is_integer_dtype(index):
        return False
    return bool(((index >= _YEARS[0]) & (index <= _YEARS[1])).all())


def _as_dates_or_periods(index: pd.Index) -> pd.DatetimeIndex | pd.PeriodIndex:
    """Return an index of dates or periods, reading text, dates and years where it holds them."""
    if isinstance(index.dtype, pd.CategoricalDtype):
        index = pd.Index(list(index))
    if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        return index
    if _are_years(index):
        return pd.PeriodIndex([pd.Period(year=int(year), freq="Y") for year in index])
    values = index.astype(object)
    if len(values) and all(isinstance(value, str) for value in values):
        texts = pd.Series(values, dtype="str")
        periods, wrong = calendar.read_periods(texts)
        if wrong.any():
            # One text alone says what is wrong with it; in company it is one of another shape.
            read_period(texts[wrong].iloc[0], "counts")
            raise ValueError(
                f"`counts` must have periods of one shape, got {texts[wrong].iloc[0]!r} beside "
                f"{texts[~wrong].iloc[0]!r}. {calendar.PERIOD_FIX}"
            )
        return calendar.first_days(periods) if periods.freqstr == "D" else periods
    if len(values) and all(isinstance(value, pd.Period) for value in values):
        return pd.PeriodIndex(values)
    if len(values) and all(isinstance(value, datetime.date) for value in values):
        return pd.DatetimeIndex(values)
    if len(values) and pd.isna(values).any() and not pd.api.types.is_numeric_dtype(index):
        raise ValueError("`counts` must have a date in every row, got an empty one. Drop the row.")
    raise TypeError(
        f"`counts` must be indexed by periods or dates, got {type(index).__name__}. "
        'For instance pd.PeriodIndex(["2024-01", "2024-02"], freq="M"), or give start="2024-01".'
    )


def _spacing(days: pd.DatetimeIndex) -> str:
    """Return the coarsest frequency letter whose periods all start, or all end, on these days."""
    starts, ends = days.is_month_start.all(), days.is_month_end.all()
    if len(days) > 2 and (starts or ends):
        # The month that a period with such a start or end would close with.
        closes = np.unique((days - pd.offsets.MonthBegin(1)).month if starts else days.month)
        apart = np.diff(np.sort(days.to_period("M").asi8))
        if len(closes) == 1 and (apart % 12 == 0).all():
            if closes[0] == 12:
                return "Y"
            raise ValueError(_which(days, f"Y-{calendar.month_sign(closes[0])}", "years"))
        if len(np.unique(closes % 3)) == 1 and (apart % 3 == 0).all():
            if closes[0] % 3 == 0:
                return "Q"
            raise ValueError(_which(days, calendar.quarters_to(closes[0]), "quarters"))
    if starts or ends:
        return "M"
    weekdays = np.unique(days.day_of_week)
    if len(days) > 1 and len(weekdays) == 1:
        if weekdays[0] == 0:
            return "W"
        raise ValueError(_which_weeks(days))
    apart = np.diff(np.sort(days.to_period("D").asi8))
    if len(days) > 1 and (apart == 1).mean() < 0.5:
        raise ValueError(
            f"`counts` must have evenly spaced dates, got {days[0].date()}, {days[1].date()}. "
            "Say with `freq` which periods they stand for, or use `count_events` for dates of "
            "events."
        )
    return "D"


def _refuse_shifted_weeks(days: pd.DatetimeIndex, weeks: pd.PeriodIndex) -> None:
    """Raise unless dates are the first, or the last, days of the weeks they are read as."""
    for ends in (calendar.first_days(weeks), calendar.last_days(weeks)):
        if (days == ends).all():
            return
    raise ValueError(_which_weeks(days))


def _which_weeks(days: pd.DatetimeIndex) -> str:
    """Return what to say of dates that could be first or last days of weeks."""
    first, last = (f"W-{day:%a}".upper() for day in (days[0] + pd.Timedelta(days=6), days[0]))
    return (
        f"`counts` must say which weeks are meant where dates are {days[0].day_name()}s. Give "
        f"freq={first!r} if weeks start on that day, or freq={last!r} if they end on it."
    )


def _which(days: pd.DatetimeIndex, freq: str, noun: str) -> str:
    """Return what to say of dates that could be months with gaps or longer periods."""
    return (
        f"`counts` must say which periods {days[0].date()}, {days[1].date()}, ... stand for. Give "
        f'freq="M" if they are single months, or freq="{freq}" if they are {noun}.'
    )


def _listed(words: Any, most: int = 10) -> str:
    """Write some words as a list, cut short when there are many."""
    shown = ", ".join(str(word) for word in list(words)[:most]) or "none"
    return f"{shown}, ..." if len(words) > most else shown
