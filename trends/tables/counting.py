"""How many events fell into each period, in each group, of the days that somebody watched?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from trends.tables.calendar import (
    Frequency,
    check_frequency,
    day_numbers,
    days_in_periods,
    first_days,
    last_days,
    numbered_day,
    periods_between,
)
from trends.tables.coverage import (
    Stretches,
    check_coverage,
    group_columns,
    join_stretches,
)
from trends.tables.rows import without_categories
from trends.tables.sources import VALUES
from trends.tables.tallying import UNKNOWN, Question, Tally, tally
from trends.tables.typed import Day, columns_in_local_days, read_window
from trends.tables.watching import FEW_EVENTS, begins_late, known_stretches

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: More periods than this are counted only over a span that somebody has named.
MOST_PERIODS = 5_000


def count_events(
    events: pd.DataFrame | str | Path | ir.Table,
    *,
    freq: Frequency = "M",
    by: str | Sequence[str] = (),
    span: tuple[Day, Day] | None = None,
    coverage: pd.DataFrame | Literal["known", "all"] | None = "known",
    allocation: Literal["start", "share"] = "start",
    value: Literal["fatalities"] | None = None,
    check: bool = True,
    columns: Mapping[str, str] | None = None,
    years: tuple[int, int] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> pd.DataFrame:
    """Count events by period and group, with the days that were observed.

    Parameters
    ----------
    events : DataFrame, str, Path or Ibis table
        Events as `read_events` returns them; or the path or glob of files that it reads (CSV and
        Parquet are counted without being loaded); or an Ibis table, which is counted in its own
        engine.
    freq : {"D", "W", "M", "Q", "Y"}
        Period length; weeks are ISO weeks. Default months.
    by : str or sequence of str
        Group columns. Default none: one series of everything.
    span : (first, last), optional
        Days, or periods such as ``"2013-01"``, both included. Default: the days of the coverage, or
        from the first to the last event of the whole file (also when rows were taken out of the
        frame that `read_events` returned), the only days it vouches for; its first and last period
        may then be partial.
    coverage : DataFrame or {"known", "all"}
        Who watched which group from when to when, see `read_coverage`. Default ``"known"``: what is
        published of the database (GTD lost 1993; ACLED codes most countries from some year on), and
        every day of the span for any other table. ``"all"``: every group was watched on every day.
    allocation : {"start", "share"}
        Where an event of several days counts: in the period of its first day (default, as databases
        themselves count), or spread evenly over its days.
    value : {"fatalities"}, optional
        Add up deaths instead of counting events, by the column that the layout of the database
        declares (UCDP ``best``, ACLED ``fatalities``, GTD ``nkill``). The table says so in a column
        ``count_unit``; no question about counts takes it, because one event may hold a hundred
        deaths. `compare_severity` asks how deadly events are.
    check : bool
        False for a file that has been validated before and has not changed: only the days are read,
        and ids, places and numbers are not looked at. A repeated id then counts twice, and
        ``n_ambiguous`` is not told. A row without a readable day still brings the reader in.
    columns, years, encoding, sheet, header
        How a file is read, as for `read_events`.

    Returns
    -------
    DataFrame of n_groups * n_periods rows
        Valid by the schema `EventCounts`: group columns, ``period``, ``count``, ``exposure`` (days
        observed) and ``complete``. A period watched without an event is 0; one not watched has
        exposure 0 and no count. Where there is something that every finding must say, a column
        ``caveats`` holds it. Groups without an event in the span stay. ``attrs`` say what became
        of all events: ``n_events``, ``n_counted``, ``n_outside_span``, ``n_outside_coverage``, and
        ``n_ambiguous`` of which the period depends on `allocation` or on an inexact date; and of
        all rows: ``n_repeated`` told of an event once more, ``n_redated`` had an impossible year.
        With `value`, ``n_without_value`` events do not tell it and add nothing.

    Raises
    ------
    TypeError
        If `events` or `coverage` is of another kind.
    ValueError
        If an option is unknown, a group column is absent, or there is no event and no span.
    InvalidTable
        If events or coverage break a rule of their schema; faults are listed.

    Notes
    -----
    With shares, counts stay whole numbers: in each group they are the steps of the running total,
    rounded, so that the total is kept and no running total is off by more than half an event.

    Where two sources watch one group, a day counts once.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-09", "2024-03-02"])
    >>> events = pd.DataFrame({"event_id": ["a", "b", "c"], "start": days, "country": "Syria"})
    >>> trends.count_events(events, span=("2024-01", "2024-04"))["count"].tolist()
    [2, 0, 1, 0]
    """
    check_frequency(freq)
    names = [by] if isinstance(by, str) else list(by)
    if allocation not in ("start", "share"):
        raise ValueError(
            f"`allocation` must be 'start' or 'share', got {allocation!r}. "
            "Use 'start' to count an event in the period of its first day."
        )
    if value is not None and value not in VALUES:
        raise ValueError(
            f"`value` must be one of {', '.join(VALUES)}, got {value!r}. "
            "Leave it out to count events."
        )
    if isinstance(coverage, pd.DataFrame):
        days = ("watched_from", "watched_to")
        coverage = columns_in_local_days(without_categories(coverage), days, "coverage")
    if coverage is not None and not (isinstance(coverage, str) and coverage in ("known", "all")):
        check_coverage(coverage, names)
    if isinstance(events, pd.DataFrame):
        events = columns_in_local_days(without_categories(events), ("start", "end"), "events")
    table = coverage if isinstance(coverage, pd.DataFrame) else None
    asked = Question(
        by=tuple(names),
        freq=freq,
        share=allocation == "share",
        daily=table is not None,
        window=None if span is None else _span_days(span),
        value="" if value is None else VALUES[value],
        check=check,
        years=years,
        columns=columns,
        encoding=encoding,
        sheet=sheet,
        header=header,
    )
    with warnings.catch_warnings():
        # Ibis 12 still uses names that DuckDB 2 and pandas 3 have changed; that is its to follow.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = tally(events, asked)
    window = asked.window or _extent(table, found)
    if asked.window is None:
        _refuse_long(window, freq)
    periods = periods_between(numbered_day(window[0]), numbered_day(window[1]), freq)
    groups = _groups(found.per_day, names, table)
    if table is None:
        database = found.database if coverage == "known" else ""
        watched, known = _watched_as_known(database, found.per_day, groups, names, window)
    else:
        watched, known = _watched(groups, names, table, window), [True] * len(groups)
    found = _without_countries(found, names)
    counts = _table(found, groups, names, periods, watched, window, allocation)
    counts.attrs["coverage"] = "given" if table is not None else coverage or "all"
    caveats = _caveats(counts, watched, known, found, window, asked.window is None, table is None)
    if value is not None:
        counts["count_unit"] = pd.array([value] * len(counts), dtype="str")
        counts.attrs["count_unit"] = value
        counts.attrs["n_without_value"] = found.n_without_value
    if any(caveats):
        counts["caveats"] = np.repeat(np.array(caveats, dtype=object), len(periods))
        counts["caveats"] = counts["caveats"].astype("str")
    return counts


def _span_days(span: tuple[Day, Day]) -> tuple[int, int]:
    """Return the first and last day of a span, as days since 1970-01-01."""
    if isinstance(span, str) or not isinstance(span, Sequence) or len(span) != 2:
        raise ValueError(
            f"`span` must be two days or periods, got {span!r}. "
            'For instance span=("2013-01", "2020-12").'
        )
    first, last = day_numbers(pd.DatetimeIndex(read_window(*span, "span"))).tolist()
    return first, last


def _extent(coverage: pd.DataFrame | None, found: Tally) -> tuple[int, int]:
    """Return the first and last day that was watched, or else that has an event."""
    if coverage is not None and len(coverage):
        first_watched = day_numbers(coverage["watched_from"]).min()
        return int(first_watched), int(day_numbers(coverage["watched_to"]).max())
    if found.per_day.empty:
        raise ValueError(
            "`span` must be given when there are no events, got None. "
            'For instance span=("2013-01", "2020-12").'
        )
    first, last = int(found.per_day["day"].min()), found.last_day
    # What a reader found in the whole file stays its extent when rows are taken out of it.
    begins, ends = found.extent or (first, last)
    return min(first, begins), max(last, ends)


def _refuse_long(window: tuple[int, int], freq: Frequency) -> None:
    """Raise where the events alone would set more periods than anybody means."""
    days = {"D": 1, "W": 7, "M": 28, "Q": 90, "Y": 365}[freq]
    n_periods = (window[1] - window[0]) // days
    if n_periods > MOST_PERIODS:
        first, last = (numbered_day(number).date() for number in window)
        raise ValueError(
            f"`span` must be given for more than {MOST_PERIODS:,} periods, got events from {first} "
            f"to {last}. Correct the date that is out of line, or name the span that is meant."
        )


def _groups(
    per_day: pd.DataFrame, by: Sequence[str], coverage: pd.DataFrame | None
) -> pd.DataFrame:
    """Return every group that has an event or is watched, in the order of the labels."""
    if not by:
        return pd.DataFrame(index=[0])
    known = per_day[by]
    if coverage is not None and set(group_columns(coverage)) == set(by):
        watched = coverage[by].astype("str")
        known = pd.concat([known, watched])
    return known.drop_duplicates().sort_values(by).reset_index(drop=True)


def _watched(
    groups: pd.DataFrame, by: Sequence[str], coverage: pd.DataFrame | None, span: tuple[int, int]
) -> list[Stretches]:
    """Return the watched days of each group within the span."""
    if coverage is None:
        always = Stretches(first=np.array([span[0]]), last=np.array([span[1]]))
        return [always] * len(groups)
    keys = [name for name in by if name in coverage.columns and name in group_columns(coverage)]
    # A source that is counted by is a group column like any other.
    keys += ["source"] if "source" in by else []
    first, last = day_numbers(coverage["watched_from"]), day_numbers(coverage["watched_to"])
    rows: dict[tuple[str, ...], list[int]] = {}
    for position, label in enumerate(_keys(coverage, keys)):
        rows.setdefault(label, []).append(position)
    return [
        join_stretches(first[rows.get(label, [])], last[rows.get(label, [])], span)
        for label in _keys(groups, keys)
    ]


def _watched_as_known(
    database: str,
    per_day: pd.DataFrame,
    groups: pd.DataFrame,
    by: Sequence[str],
    span: tuple[int, int],
) -> tuple[list[Stretches], list[bool]]:
    """Return the days on which the database is known to have watched each group."""
    if not database:
        # Nothing is known of it whichever days its events have, which need not be looked up.
        return _watched(groups, by, None, span), [False] * len(groups)
    labels = _keys(per_day, by)
    countries = per_day["country"] if "country" in per_day else pd.Series("", index=per_day.index)
    rows: dict[tuple[str, ...], list[int]] = {}
    for position, label in enumerate(labels):
        rows.setdefault(label, []).append(position)
    days = per_day["day"].to_numpy()
    found = [
        known_stretches(
            database,
            [str(name) for name in countries.iloc[rows.get(label, [])].dropna().unique()],
            days[rows.get(label, [])],
            span,
        )
        for label in _keys(groups, by)
    ]
    return [stretches for stretches, _ in found], [known for _, known in found]


def _without_countries(found: Tally, by: Sequence[str]) -> Tally:
    """Add up over countries that were told apart only to know what was watched."""
    if "country" in by or "country" not in found.per_day:
        return found
    keys = [*by, "day"]
    added = [name for name in ("n", "value") if name in found.per_day]
    per_day = found.per_day.groupby(keys, dropna=False, sort=False)[added].sum().reset_index()
    return replace(found, per_day=per_day)


def _caveats(
    counts: pd.DataFrame,
    watched: Sequence[Stretches],
    known: Sequence[bool],
    found: Tally,
    span: tuple[int, int],
    from_events: bool,
    may_be_late: bool,
) -> list[str]:
    """Return what every finding from each group must say, as keys joined by semicolons."""
    shape = (len(watched), -1)
    events = counts["count"].to_numpy(dtype=float, na_value=0).reshape(shape)
    days = counts["exposure"].to_numpy(dtype=float).reshape(shape)
    told = []
    for stretches, is_known, own, observed in zip(watched, known, events, days, strict=True):
        n_days = int((stretches.last - stretches.first + 1).sum())
        keys = {
            "database_did_not_watch": may_be_late and n_days < span[1] - span[0] + 1,
            "watching_may_begin_late": may_be_late and not is_known and begins_late(own, observed),
            "span_of_few_events": from_events
            and not found.per_day.empty
            and span == (found.per_day["day"].min(), found.last_day)
            and 0 < found.n_events <= FEW_EVENTS,
        }
        told.append("; ".join(key for key, holds in keys.items() if holds))
    return told


def _keys(table: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the labels of each row as a tuple that can be looked up; "" stands for missing."""
    if not columns:
        return [()] * len(table)
    return list(table[list(columns)].astype("str").fillna("").itertuples(index=False, name=None))


def _table(
    found: Tally,
    groups: pd.DataFrame,
    by: Sequence[str],
    periods: pd.PeriodIndex,
    watched: list[Stretches],
    span: tuple[int, int],
    allocation: str,
) -> pd.DataFrame:
    """Lay periods, span and coverage over counts per day."""
    days, n = found.per_day["day"].to_numpy(), found.per_day["n"].to_numpy()
    added = found.per_day["value"].to_numpy() if "value" in found.per_day else n
    code_of = {label: code for code, label in enumerate(_keys(groups, by))}
    codes = np.array([code_of[label] for label in _keys(found.per_day, by)], dtype=np.int64)
    in_span = (days >= span[0]) & (days <= span[1])
    seen = np.zeros(len(days), dtype=bool)
    for code, stretches in enumerate(watched):
        own = codes == code
        seen[own] = stretches.hold(days[own])
    first, last = day_numbers(first_days(periods)), day_numbers(last_days(periods))
    totals = np.zeros((len(groups), len(periods)))
    position = np.searchsorted(first, days[seen], side="right") - 1
    np.add.at(totals, (codes[seen], position), added[seen])
    if allocation == "share":
        totals = np.diff(np.floor(np.round(totals.cumsum(axis=1), 9) + 0.5), axis=1, prepend=0.0)
    exposure = np.array([stretches.days_in(first, last) for stretches in watched], dtype=float)
    exposure = exposure.reshape(len(groups), len(periods))
    labels = groups.loc[groups.index.repeat(len(periods)), by].reset_index(drop=True)
    counts = labels.assign(
        period=periods[np.tile(np.arange(len(periods)), len(groups))],
        count=pd.array(np.where(exposure > 0, totals, np.nan).ravel(), dtype="Float64").astype(
            "Int64"
        ),
        exposure=exposure.ravel(),
        complete=(exposure == days_in_periods(periods)).ravel(),
    )
    n_in, n_seen = float(n[in_span].sum()), float(n[seen].sum())
    counts.attrs = {
        **found.source,
        "n_events": found.n_events,
        "n_counted": _whole(n_seen),
        "n_outside_span": _whole(found.n_events - n_in),
        "n_outside_coverage": _whole(n_in - n_seen),
        **({} if found.n_ambiguous == UNKNOWN else {"n_ambiguous": found.n_ambiguous}),
        "n_repeated": found.n_repeated,
        "n_redated": found.n_redated,
        "allocation": allocation,
        "span": f"{numbered_day(span[0]).date()} to {numbered_day(span[1]).date()}",
    }
    return counts


def _whole(number: float) -> float | int:
    """Return a number of events, as an integer unless shares of events were counted."""
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded
