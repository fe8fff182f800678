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
from typing import Any

import numpy as np
import pandas as pd

from trends.tables import calendar
from trends.tables.exposure import check_unit
from trends.tables.given import Counts, read_given, refuse_multiples, refuse_totals
from trends.tables.typed import last_day

#: Columns of an event-count table that are not group columns; the last four only where needed.
MEASURED_COLUMNS = (
    "period", "count", "exposure", "complete", "exposure_unit", "count_unit", "caveats", "as_of"
)  # fmt: skip

MINIMUM_PERIODS = 8


def series(counts: pd.DataFrame, *, as_of: object = None, **labels: object) -> pd.DataFrame:
    """Take one group's count series out of an event-count table.

    Parameters
    ----------
    counts : DataFrame
        An event-count table: group columns beside ``period``, ``count``, ``exposure``,
        ``complete``, as `read_counts` and `count_events` return it.
    as_of : str, date, Timestamp or Period, optional
        Where the table has a column ``as_of``: the counts as they stood on that day, by the newest
        of its vintages up to then. Default: its newest vintage.
    **labels : object
        Group column and the value wanted, for instance ``country="Syria"``. Together they must
        single out one group.

    Returns
    -------
    DataFrame of n_periods rows
        Count series (``count``, and ``exposure`` in days), indexed by period. ``attrs["labels"]``
        holds the group's labels, ``attrs["source"]`` the file and its sha256, so that findings
        can cite them, and ``attrs["caveats"]`` the keys of what every finding made from the series
        must say. ``attrs["as_of"]`` holds the day of the vintage, where there are any.

    Raises
    ------
    TypeError
        If `counts` is not an event-count table.
    ValueError
        If a label is not a group column or not a value of it, if more than one group remains, or if
        no vintage is as old as the day asked for.

    Notes
    -----
    A period that the table leaves out between two periods it holds becomes *not covered*: nothing
    says that anybody watched. A partial first or last period keeps its count and its shorter
    exposure.

    Examples
    --------
    >>> import trends
    >>> iraq = trends.series(trends.datasets.event_counts(), country="Iraq")
    >>> iraq.loc["2013-01":"2013-03", "count"].tolist()
    [24, 13, 15]
    """
    _check_counts(counts)
    groups = _group_columns(counts)
    chosen = rows_labelled(counts, labels)
    for name in groups:
        if len(chosen[name].unique()) > 1:
            raise ValueError(
                f"`labels` must single out one group, got several values of {name} "
                f"({_listed(chosen[name].unique().tolist())}). Name one of them."
            )
    found = {name: chosen[name].iloc[0] for name in groups}
    chosen, vintage = _vintage(chosen, as_of)
    made = _assemble(
        pd.PeriodIndex(chosen["period"]),
        chosen["count"].astype("Int64"),
        chosen["exposure"].to_numpy(dtype=float),
        labels=found,
        source={key: counts.attrs[key] for key in ("file", "sha256") if key in counts.attrs},
        unit=_unit_of(chosen),
        caveats=_caveats_of(chosen),
        breaks=breaks_of(counts, found),
    )
    if vintage is not None:
        made.attrs["as_of"] = vintage
    if counts.attrs.get("citation"):
        made.attrs["citation"] = counts.attrs["citation"]
    return made


def as_series(
    counts: Counts,
    *,
    exposure: float | np.ndarray | pd.Series | None = None,
    unit: str | None = None,
    start: object = None,
    freq: str | None = None,
    columns: Mapping[str, str] | None = None,
    fill: int | None = None,
) -> pd.DataFrame:
    """Make a count series of your own counts.

    Parameters
    ----------
    counts : Series, frame, mapping or list of n_periods
        Whole numbers, as integers or as floats. A Series is indexed by periods, by texts such as
        ``"2024-05"``, by years, or by evenly spaced days, week, month, quarter or year starts or
        ends. A frame (of pandas, polars, PyArrow or any other library that Narwhals knows) has one
        column of dates or periods and one of counts; ``unique_id, ds, y`` is read so. A list needs
        `start`. Empty (NaN, NA) means that somebody watched but the number is not known.
    exposure : float, or array or Series of n_periods, optional
        Days observed in each period, or the number of what `unit` names. Default: a frame's column
        of that name, or every day of the period, the usual case.
    unit : str, optional
        What exposure counts, after the number that rates are per: ``"100,000 people"``, or with
        its Arabic ``"100,000 people | 100,000 نسمة"``. Every rate, axis and sentence then carries
        it. Default: days, and rates per 30.4375 of them.
    start : str, date or Period, optional
        First period of a list; ``"2024-05"`` makes months.
    freq : str, optional
        Length of the periods where dates do not tell: D, W (Monday to Sunday), M, Q, Y, or a period
        of pandas that begins elsewhere, such as W-SAT (Sunday to Saturday) or Y-JUN.
    columns : mapping, optional
        Which columns of a frame are the ``period``, the ``count`` and the ``exposure``, where
        several could be.
    fill : {0}, optional
        0 if `counts` is a tally of periods with events, so that those left out between them were
        watched and had none.

    Returns
    -------
    DataFrame of n_periods rows
        Count series, in the order of time; ``attrs["labels"]`` holds the name of `counts` or the
        labels of its group, ``attrs["unit"]`` the unit if it is not days, and ``attrs["caveats"]``
        the keys of what every finding made from the series must say.

    Raises
    ------
    TypeError
        If `counts` is of another kind, or holds something else than numbers.
    ValueError
        If a count is negative, infinite or not whole, a period is there twice, dates have no even
        spacing or could stand for different periods, a frame holds several groups or several
        columns that could be meant, times are not midnights of their zone, counts are all the same
        number of periods apart and nothing says how many days they cover, or an option is not
        valid.

    Notes
    -----
    A period left out of the index becomes *not covered* (exposure 0, no count), never zero: leaving
    it out does not say that anybody watched. Enter 0 where somebody watched and nothing happened,
    or fill with it. Where days, weeks or months are left out and no count is 0, `counts` may be a
    tally of periods with events; unless it is filled, every finding says so. Enter empty counts for
    periods that were watched and whose counts are not known.

    Quarters of four fiscal years have the same days and different names; they are named as those of
    the calendar. Other quarters, weeks and years keep their days and are named by them.

    Examples
    --------
    >>> import trends
    >>> import pandas as pd
    >>> months = pd.PeriodIndex(["2024-01", "2024-02", "2024-04"], freq="M")
    >>> trends.as_series(pd.Series([3, 0, 5], index=months))["exposure"].tolist()
    [31.0, 29.0, 0.0, 30.0]
    >>> trends.as_series([3, 5], start="2024-W07").index.astype(str).tolist()
    ['2024-02-12/2024-02-18', '2024-02-19/2024-02-25']
    """
    if hasattr(counts, "__len__") and len(counts) == 0:
        raise ValueError("`counts` must hold at least one period, got none. Add counts.")
    given = read_given(counts, start=start, freq=freq, columns=columns)
    if fill is not None and (isinstance(fill, bool) or fill != 0):
        raise ValueError(f"`fill` must be 0 or left out, got {fill!r}. Use 0 for a tally.")
    whole = _whole_numbers(given.counts)
    if exposure is None and given.exposure is None:
        refuse_multiples(given.periods)
        amount = calendar.days_in_periods(given.periods)
    else:
        stated = given.exposure if exposure is None else exposure
        amount = _exposures(stated, given.counts.index)
    unit = counts.attrs.get("unit") if unit is None and hasattr(counts, "attrs") else unit
    if unit is not None and exposure is None and given.exposure is None:
        raise ValueError(
            f"`exposure` must be given in the unit of `unit`, got none for {unit!r}. "
            "Give the number of them in each period."
        )
    kept = counts.attrs.get("labels") if hasattr(counts, "attrs") else None
    made = _assemble(
        given.periods,
        whole,
        amount,
        labels=kept or given.labels,
        source={},
        unit="" if unit is None else check_unit(unit),
        fill=fill is not None,
    )
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
            f"`series` must have at least {minimum} period{'s' * (minimum != 1)} with a count, got "
            f"{n_known}. Use a longer series or a finer frequency."
        )


def _raise_first(
    index: pd.PeriodIndex, wrong: np.ndarray, rule: str, shown: np.ndarray, fix: str
) -> None:
    """Raise ValueError naming the first period that breaks a rule, if any does."""
    if wrong.any():
        first = int(np.argmax(wrong))
        period = calendar.format_period(index[first])
        raise ValueError(f"`series` must {rule}, got {shown[first]:g} in {period}. {fix}")


def rows_labelled(counts: pd.DataFrame, labels: Mapping[str, object]) -> pd.DataFrame:
    """Return the rows of an event-count table that carry some labels; raise if none does."""
    groups = _group_columns(counts)
    chosen = counts
    for name, label in labels.items():
        if name not in groups:
            raise ValueError(
                f"`labels` must be group columns of the table ({_listed(groups)}), got {name!r}. "
                "Correct the name."
            )
        if not _carries(counts[name], label).any():
            raise ValueError(
                f"`{name}` must be one of {_listed(counts[name].unique().tolist())}, got "
                f"{label!r}. Name a group of the table; None stands for a missing label."
            )
        chosen = chosen[_carries(chosen[name], label)]
    if chosen.empty:
        raise ValueError(
            f"`labels` must single out a group with periods, got {labels!r}. "
            "No row of the table carries these labels together."
        )
    return chosen


def _group_columns(counts: pd.DataFrame) -> list[str]:
    """Return the columns of an event-count table that name groups."""
    return [name for name in counts.columns if name not in MEASURED_COLUMNS]


def _carries(column: pd.Series, label: object) -> np.ndarray:
    """Tell which rows carry a label; None, NaN and "" all stand for a missing one."""
    values = column.astype(object)
    missing = (values.isna() | (values == "")).to_numpy(dtype=bool)
    if label is None or label is pd.NA or label in ("", np.nan) or label != label:
        return missing
    return (values == label).to_numpy(dtype=bool) & ~missing


def _vintage(counts: pd.DataFrame, as_of: object) -> tuple[pd.DataFrame, pd.Timestamp | None]:
    """Return the rows of the newest vintage of a group up to a day, and the vintage's day."""
    if "as_of" not in counts or counts["as_of"].isna().all():
        if as_of is not None:
            raise ValueError(
                f"`as_of` must be left out where the table has no vintages, got {as_of!r}. "
                "Add the column as_of, the day on which each count was read."
            )
        return counts, None
    vintages = counts["as_of"]
    if vintages.isna().any():
        raise ValueError(
            "`as_of` must be filled in for all rows of a group or for none, got "
            f"{int(vintages.isna().sum())} rows without a day. Enter the day of their vintage."
        )
    if as_of is not None:
        day = last_day(as_of, "as_of")
        if (vintages > day).all():
            raise ValueError(
                f"`as_of` must not be before the first vintage, {vintages.min():%Y-%m-%d}, got "
                f"{day:%Y-%m-%d}. Name a later day."
            )
        vintages = vintages[vintages <= day]
    newest = pd.Timestamp(vintages.max())
    return counts[counts["as_of"] == newest], newest


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
    refuse_totals(counts)


def _assemble(
    periods: pd.PeriodIndex,
    count: pd.Series,
    exposure: np.ndarray,
    *,
    labels: Mapping[str, object],
    source: dict[str, str],
    unit: str = "",
    caveats: Iterable[str] = (),
    breaks: Iterable[Mapping[str, Any]] = (),
    fill: bool = False,
) -> pd.DataFrame:
    """Put counts in order of time; the periods between are not covered, or filled with zeros."""
    twice = periods[periods.duplicated()]
    if len(twice):
        named = ", ".join(f"{name} {label}" for name, label in labels.items())
        whose = f" for {named}" if named else ""
        raise ValueError(
            f"`counts` must hold each period once, got {calendar.format_period(twice[0])} twice"
            f"{whose}. Add the counts of a period up, or use `count_events` for a table of events."
        )
    frame = pd.DataFrame(
        {"count": pd.array(count, dtype="Int64"), "exposure": np.asarray(exposure, dtype=float)},
        index=periods.rename("period"),
    )
    every = pd.period_range(periods.min(), periods.max(), freq=periods.freq, name="period")
    frame = frame.reindex(every)
    left_out = ~every.isin(periods)
    frame["exposure"] = frame["exposure"].where(~left_out, 0.0)
    keys = list(caveats)
    if fill:
        frame.loc[left_out, "count"] = 0
        frame.loc[left_out, "exposure"] = _usual_exposure(every[left_out], exposure, unit)
    elif _is_tally(frame["count"], left_out, calendar.frequency_letter(every)):
        keys = list(dict.fromkeys([*keys, "zeros_left_out"]))
    own = [each for each in breaks if every[0].start_time < _day(each) <= every[-1].end_time]
    keys += [f"gathering_break:{each['date']}" for each in own]
    frame.attrs = {"labels": dict(labels), "source": source, "caveats": keys}
    if own:
        frame.attrs["breaks"] = [dict(each) for each in own]
    if unit:
        frame.attrs["unit"] = unit
    return frame


def breaks_of(counts: pd.DataFrame, labels: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return the breaks of an event-count table that are about the group of these labels."""
    about = [
        each
        for each in counts.attrs.get("breaks", [])
        if all(labels.get(name) == label for name, label in each.get("where", {}).items())
    ]
    aside = ("where", "url", "note")
    return [{key: each[key] for key in each if key not in aside} for each in about]


def _day(each: Mapping[str, Any]) -> pd.Timestamp:
    """Return the day of a break."""
    return pd.Timestamp(str(each["date"]))


def _usual_exposure(periods: pd.PeriodIndex, exposure: np.ndarray, unit: str) -> np.ndarray | float:
    """Return the exposure of periods that are filled with zeros."""
    if not unit:
        return calendar.days_in_periods(periods)
    amounts = np.unique(exposure)
    if len(amounts) > 1:
        raise ValueError(
            "`fill` must be left out where exposure differs between periods and is not in days, "
            f"got exposures from {amounts[0]:g} to {amounts[-1]:g}. "
            "Enter a count of 0 and the exposure for the periods left out."
        )
    return float(amounts[0])


def _is_tally(count: pd.Series, left_out: np.ndarray, letter: str) -> bool:
    """Tell whether counts look like a tally from which periods without events were left out."""
    return bool(letter in "DWM" and left_out.any() and not (count == 0).any())


def _unit_of(counts: pd.DataFrame) -> str:
    """Return what the exposure of a group counts, from its column; "" for days."""
    if "exposure_unit" not in counts:
        return ""
    units = counts["exposure_unit"].astype(object).where(counts["exposure_unit"].notna(), "")
    known = list(dict.fromkeys(check_unit(str(unit)) if unit else "" for unit in units))
    if len(known) > 1:
        raise ValueError(
            "`exposure_unit` must be the same in all rows of a group, got "
            f"{_listed([unit or 'days' for unit in known])}. Convert the exposures to one unit."
        )
    return known[0]


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


def _listed(words: list[object] | list[str], most: int = 10) -> str:
    """Write some words as a list, cut short when there are many."""
    shown = ", ".join(str(word) for word in words[:most]) or "none"
    return f"{shown}, ..." if len(words) > most else shown
