"""Which counts, in which periods, watched for how long, is an analysis asked about?

A *count series* is a frame indexed by a gapless PeriodIndex named ``period`` with the columns
``count`` (nullable integer) and ``exposure`` (days observed). Three states are kept apart: *zero*
(exposure > 0, count 0), *missing* (exposure > 0, count NA) and *not covered* (exposure 0, count
NA).

Nothing here needs Pandera: analyses call `check_series` often, so the rules of the schema
`CountSeries` are written once more in NumPy, and a test holds the two to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from trends.tables import calendar

#: Columns of an event-count table that are not group columns; the last is there only where needed.
MEASURED_COLUMNS = ("period", "count", "exposure", "complete", "caveats")

MINIMUM_PERIODS = 8


def series(counts: pd.DataFrame, **labels: object) -> pd.DataFrame:
    """Take one group's count series out of an event-count table.

    Parameters
    ----------
    counts : DataFrame
        An event-count table: group columns beside ``period``, ``count``, ``exposure``,
        ``complete``, as `read_counts` and `count_events` return it.
    **labels : object
        Group column and the value wanted, for instance ``country="Syria"``. Together they must
        single out one group.

    Returns
    -------
    DataFrame of n_periods rows
        Count series (``count``, and ``exposure`` in days), indexed by period. ``attrs["labels"]``
        holds the group's labels, ``attrs["source"]`` the file and its sha256, so that findings
        can cite them, and ``attrs["caveats"]`` the keys of what every finding made from the series
        must say.

    Raises
    ------
    TypeError
        If `counts` is not an event-count table.
    ValueError
        If a label is not a group column or not a value of it, or if more than one group remains.

    Notes
    -----
    A period that the table leaves out between two periods it holds becomes *not covered*: nothing
    says that anybody watched. A partial first or last period keeps its count and its shorter
    exposure.

    Examples
    --------
    >>> months = pd.period_range("2024-01", periods=2, freq="M")
    >>> counts = pd.DataFrame({
    ...     "country": "Syria", "period": months, "count": pd.array([4, 0], dtype="Int64"),
    ...     "exposure": [31.0, 29.0], "complete": True,
    ... })
    >>> series(counts, country="Syria")["count"].tolist()
    [4, 0]
    """
    _check_counts(counts)
    groups = [name for name in counts.columns if name not in MEASURED_COLUMNS]
    chosen = counts
    for name, label in labels.items():
        if name not in groups:
            raise ValueError(
                f"`labels` must be group columns of the table ({_listed(groups)}), got {name!r}. "
                "Correct the name."
            )
        known = counts[name].unique().tolist()
        if label not in known:
            raise ValueError(
                f"`{name}` must be one of {_listed(known)}, got {label!r}. "
                "Name a group of the table."
            )
        chosen = chosen[chosen[name] == label]
    if chosen.empty:
        raise ValueError(
            f"`labels` must single out a group with periods, got {labels!r}. "
            "No row of the table carries these labels together."
        )
    for name in groups:
        if len(chosen[name].unique()) > 1:
            raise ValueError(
                f"`labels` must single out one group, got several values of {name} "
                f"({_listed(chosen[name].unique().tolist())}). Name one of them."
            )
    found = {name: chosen[name].iloc[0] for name in groups}
    return _assemble(
        pd.PeriodIndex(chosen["period"]),
        chosen["count"].astype("Int64"),
        chosen["exposure"].to_numpy(dtype=float),
        labels=found,
        source={key: counts.attrs[key] for key in ("file", "sha256") if key in counts.attrs},
        caveats=_caveats_of(chosen),
    )


def as_series(
    counts: pd.Series, *, exposure: float | np.ndarray | pd.Series | None = None
) -> pd.DataFrame:
    """Make a count series of your own counts.

    Parameters
    ----------
    counts : Series of n_periods
        Whole numbers, as integers or as floats, indexed by a PeriodIndex, or by a DatetimeIndex of
        evenly spaced days, week starts or ends, month, quarter or year starts or ends. Empty (NaN,
        NA) means that somebody watched but the number is not known.
    exposure : float, or array or Series of n_periods, optional
        Days observed in each period. Default: every day of the period, the usual case.

    Returns
    -------
    DataFrame of n_periods rows
        Count series, in the order of time; ``attrs["labels"]`` holds the name of `counts`, if it
        has one.

    Raises
    ------
    TypeError
        If `counts` is not a Series of numbers indexed by periods or dates.
    ValueError
        If a count is negative, infinite or not whole, a period is there twice, or the dates have no
        even spacing.

    Notes
    -----
    A period left out of the index becomes *not covered* (exposure 0, no count), never zero: leaving
    it out does not say that anybody watched. Enter 0 where somebody watched and nothing happened.
    Weeks are ISO weeks, Monday to Sunday.

    Examples
    --------
    >>> months = pd.PeriodIndex(["2024-01", "2024-02", "2024-04"], freq="M")
    >>> as_series(pd.Series([3, 0, 5], index=months))["exposure"].tolist()
    [31.0, 29.0, 0.0, 30.0]
    """
    if not isinstance(counts, pd.Series):
        raise TypeError(
            f"`counts` must be a pandas Series indexed by periods, got {type(counts).__name__}. "
            "Use `series(counts, ...)` for an event-count table, or pd.Series(values, "
            "index=periods)."
        )
    if len(counts) == 0:
        raise ValueError("`counts` must hold at least one period, got an empty Series. Add counts.")
    periods = _periods_of(counts.index)
    whole = _whole_numbers(counts)
    if exposure is None:
        days = calendar.days_in_periods(periods)
    else:
        days = _exposures(exposure, counts.index)
    labels = {} if counts.name is None else {"series": str(counts.name)}
    made = _assemble(periods, whole, days, labels=labels, source={})
    check_series(made, minimum=0)
    return made


def check_series(series: pd.DataFrame, *, minimum: int = MINIMUM_PERIODS) -> None:
    """Raise unless this is a count series with enough observed periods.

    Parameters
    ----------
    series : DataFrame
        What an analysis was given.
    minimum : int
        Fewest periods with a count. Default 8: below that the dispersion cannot be estimated to any
        use.

    Raises
    ------
    TypeError
        If it is not a frame indexed by a PeriodIndex, or its columns have the wrong types.
    ValueError
        If a rule of the schema `CountSeries` is broken, or too few periods have a count.

    Examples
    --------
    >>> months = pd.period_range("2024-01", periods=3, freq="M")
    >>> check_series(as_series(pd.Series([1, 2, 3], index=months)))
    Traceback (most recent call last):
    ...
    ValueError: `series` must have at least 8 periods with a count, got 3. Use a longer series or a
    finer frequency.
    """
    if not isinstance(series, pd.DataFrame):
        raise TypeError(
            f"`series` must be a count series (a DataFrame), got {type(series).__name__}. "
            "Make one with `as_series(counts)` or `series(counts, country=...)`."
        )
    index = series.index
    if not isinstance(index, pd.PeriodIndex):
        raise TypeError(
            f"`series` must be indexed by a PeriodIndex, got {type(index).__name__}. "
            "Make one with `as_series(counts)` or `series(counts, country=...)`."
        )
    if index.name != "period":
        raise ValueError(
            f"`series` must have its index named 'period', got {index.name!r}. "
            "Make it with `as_series`."
        )
    for name, dtype in (("count", "Int64"), ("exposure", "float64")):
        if name not in series.columns:
            raise ValueError(
                f"`series` must have the columns count and exposure, got {list(series.columns)}. "
                "Make it with `as_series`."
            )
        if str(series[name].dtype) != dtype:
            raise TypeError(
                f"`series` must have a column {name} of type {dtype}, got {series[name].dtype}. "
                "Make it with `as_series`."
            )
    steps = np.diff(index.asi8)
    if not (steps == 1).all():
        after = calendar.format_period(index[int(np.argmax(steps != 1))])
        raise ValueError(
            f"`series` must have periods that follow one another without a gap, got a jump after "
            f"{after}. Pass the counts through `as_series`, which marks the periods between as "
            "not covered."
        )
    known = series["count"].notna().to_numpy()
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)
    exposure = series["exposure"].to_numpy()
    _raise_first(
        index, known & (count < 0), "have counts of 0 or more", count, "Correct the count."
    )
    _raise_first(
        index,
        ~(exposure >= 0) | np.isinf(exposure),
        "have exposures of 0 days or more",
        exposure,
        "Enter the days observed.",
    )
    _raise_first(
        index,
        known & (exposure == 0),
        "have no count where exposure is 0 (not covered)",
        count,
        "Leave the count empty where nobody watched; enter the days watched where somebody did.",
    )
    n_known = int(known.sum())
    if n_known < minimum:
        raise ValueError(
            f"`series` must have at least {minimum} periods with a count, got {n_known}. "
            "Use a longer series or a finer frequency."
        )


def _raise_first(
    index: pd.PeriodIndex, wrong: np.ndarray, rule: str, shown: np.ndarray, fix: str
) -> None:
    """Raise ValueError naming the first period that breaks a rule, if any does."""
    if wrong.any():
        first = int(np.argmax(wrong))
        period = calendar.format_period(index[first])
        raise ValueError(f"`series` must {rule}, got {shown[first]:g} in {period}. {fix}")


def _check_counts(counts: pd.DataFrame) -> None:
    """Raise unless this looks like an event-count table."""
    if not isinstance(counts, pd.DataFrame):
        raise TypeError(
            f"`counts` must be an event-count table (a DataFrame), got {type(counts).__name__}. "
            "Read one with `read_counts`, count one with `count_events`, or use `as_series` for a "
            "Series."
        )
    missing = [name for name in ("period", "count", "exposure") if name not in counts.columns]
    if missing:
        raise TypeError(
            "`counts` must have the columns period, count and exposure, got "
            f"{list(counts.columns)}. "
            f"Add {_listed(missing)}, or use `as_series` for a pandas Series."
        )
    if not isinstance(counts["period"].dtype, pd.PeriodDtype):
        raise TypeError(
            "`counts` must have pandas periods in its column period, got "
            f"{counts['period'].dtype}. "
            "Read the table with `read_counts`."
        )


def _assemble(
    periods: pd.PeriodIndex,
    count: pd.Series,
    exposure: np.ndarray,
    *,
    labels: Mapping[str, object],
    source: dict[str, str],
    caveats: Iterable[str] = (),
) -> pd.DataFrame:
    """Put counts in order of time and mark the periods between them as not covered."""
    twice = periods[periods.duplicated()]
    if len(twice):
        raise ValueError(
            f"`counts` must hold each period once, got {calendar.format_period(twice[0])} twice. "
            "Add the counts of a period up, or use `count_events` for a table of events."
        )
    frame = pd.DataFrame(
        {"count": pd.array(count, dtype="Int64"), "exposure": np.asarray(exposure, dtype=float)},
        index=periods.rename("period"),
    )
    every = pd.period_range(periods.min(), periods.max(), freq=periods.freq, name="period")
    frame = frame.reindex(every)
    frame["exposure"] = frame["exposure"].where(every.isin(periods), 0.0)
    frame.attrs = {"labels": dict(labels), "source": source, "caveats": list(caveats)}
    return frame


def _caveats_of(counts: pd.DataFrame) -> list[str]:
    """Return the keys in a table's column of caveats, joined by semicolons in its cells, once."""
    if "caveats" not in counts:
        return []
    cells = counts["caveats"].dropna().astype(str)
    keys = (key.strip() for cell in cells.unique() for key in cell.split(";"))
    return list(dict.fromkeys(key for key in keys if key))


def _whole_numbers(counts: pd.Series) -> pd.Series:
    """Read a user's counts as nullable integers, refusing what is not a whole number."""
    if pd.api.types.is_bool_dtype(counts) or not pd.api.types.is_numeric_dtype(counts):
        raise TypeError(
            f"`counts` must be whole numbers, got values of type {counts.dtype}. "
            "Convert them first, for instance with pd.to_numeric."
        )
    numbers = counts.to_numpy(dtype=float, na_value=np.nan)
    wrong = (numbers < 0) | np.isinf(numbers) | (numbers > np.floor(numbers))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            f"`counts` must be whole numbers of 0 or more, got {numbers[first]:g} at "
            f"{counts.index[first]}. Pass counts of events, not rates or shares."
        )
    return pd.Series(pd.array(numbers, dtype="Float64").astype("Int64"))


def _exposures(exposure: float | np.ndarray | pd.Series, index: pd.Index) -> np.ndarray:
    """Line a user's exposures up with the counts."""
    if isinstance(exposure, pd.Series):
        if not exposure.index.equals(index):
            raise ValueError(
                "`exposure` must have the index of `counts`, got another index. "
                "Reindex it, or pass its values as an array."
            )
        return exposure.to_numpy(dtype=float)
    days = np.asarray(exposure, dtype=float)
    if days.ndim == 0:
        return np.full(len(index), float(days))
    if days.shape != (len(index),):
        raise ValueError(
            f"`exposure` must be one number, or one per period ({len(index)}), got shape "
            f"{days.shape}. "
            "Give the days observed in each period."
        )
    return days


def _periods_of(index: pd.Index) -> pd.PeriodIndex:
    """Read a user's index as periods."""
    if isinstance(index, pd.PeriodIndex):
        if index.freq.n != 1 or calendar.frequency_letter(index) not in calendar.FREQUENCIES:
            raise ValueError(
                "`counts` must be indexed by days, weeks, months, quarters or years, got "
                f"{index.freqstr!r}. "
                "Add the counts up to one of these."
            )
        if index.hasnans:
            raise ValueError("`counts` must have a period in every row, got NaT. Drop the row.")
        return index
    if not isinstance(index, pd.DatetimeIndex):
        raise TypeError(
            f"`counts` must be indexed by periods or dates, got {type(index).__name__}. "
            'For instance pd.PeriodIndex(["2024-01", "2024-02"], freq="M").'
        )
    if index.hasnans:
        raise ValueError("`counts` must have a date in every row, got NaT. Drop the row.")
    days = index.tz_localize(None).normalize()
    return days.to_period(calendar.FREQUENCIES[_spacing(days)])


def _spacing(days: pd.DatetimeIndex) -> str:
    """Return the coarsest frequency letter whose periods all start, or all end, on these days."""
    starts, ends = days.is_month_start.all(), days.is_month_end.all()
    if len(days) > 2 and (starts or ends):
        months = np.unique(days.month)
        apart = np.diff(np.sort(days.to_period("M").asi8))
        if len(months) == 1 and months[0] == (1 if starts else 12) and (apart % 12 == 0).all():
            return "Y"
        quarters = (1, 4, 7, 10) if starts else (3, 6, 9, 12)
        if set(months) <= set(quarters) and (apart % 3 == 0).all():
            return "Q"
    if starts or ends:
        return "M"
    weekdays = np.unique(days.day_of_week)
    if len(days) > 1 and len(weekdays) == 1:
        if weekdays[0] not in (0, 6):
            raise ValueError(
                "`counts` must have weeks that start on Monday or end on Sunday, got "
                f"{days[0].day_name()}s. "
                "Count by ISO week, or give a PeriodIndex."
            )
        return "W"
    apart = np.diff(np.sort(days.to_period("D").asi8))
    if len(days) > 1 and (apart == 1).mean() < 0.5:
        raise ValueError(
            f"`counts` must have evenly spaced dates, got {days[0].date()}, {days[1].date()}. "
            "Give a PeriodIndex, or use `count_events` for dates of events."
        )
    return "D"


def _listed(words: list[object] | list[str], most: int = 10) -> str:
    """Write some words as a list, cut short when there are many."""
    shown = ", ".join(str(word) for word in words[:most]) or "none"
    return f"{shown}, ..." if len(words) > most else shown
