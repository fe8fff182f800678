"""How many events has each group on each day, asked where the events are?

One Ibis expression counts, in DuckDB for frames and files and in its own engine for an Ibis table;
events that break a rule are counted along with it and, if there are any, listed.
"""

# Ibis spells "missing" isnull and notnull; the rules against those names are about pandas.
# ruff: noqa: PD003, PD004

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from trends.tables.calendar import Frequency, day_numbers, numbered_day
from trends.tables.checking import check_table
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.pushdown import check_by, events_in, faults_in
from trends.tables.scanning import fingerprint, matching_files, scan
from trends.tables.schemas import Events
from trends.tables.sources import LAYOUTS, layout_of

#: Precisions that leave no doubt about the period, by frequency, when an event has no end.
_NESTED = {"D": {"day"}, "W": {"day"}, "M": {"day", "month"}, "Q": {"day", "month"}}
_NESTED["Y"] = {"day", "month", "year"}

#: So many hashes of ids are sorted here, which is faster; more are told apart in the engine.
SORTED_HASHES = 50_000_000

#: Largest files that are read again, row by row, to say in which rows their faults are.
_REREAD_BYTES = 200_000_000


@dataclass(frozen=True)
class Question:
    """What is to be counted.

    `share` spreads events over their days; `daily` keeps days apart because coverage is laid over
    them; `window` is the span asked for, as days since 1970-01-01, None to take that of the events.
    """

    by: tuple[str, ...]
    freq: Frequency
    share: bool
    daily: bool
    window: tuple[int, int] | None


@dataclass(frozen=True)
class Tally:
    """Events per group and day, and where they come from.

    `per_day` has the group columns, `day` (days since 1970-01-01) and `n` (events, or shares).
    Where days need not be told apart, one day stands for all of its period that are in the span.
    """

    per_day: pd.DataFrame
    last_day: int
    n_events: int
    n_ambiguous: int
    source: Mapping[str, str]


def tally(events: pd.DataFrame | str | Path | ir.Table, asked: Question) -> Tally:
    """Count events per group and day, wherever they are."""
    if isinstance(events, pd.DataFrame):
        return _tally_frame(events, asked)
    if isinstance(events, str | Path):
        return _tally_files(events, asked)
    if isinstance(events, ir.Table):
        return _tally_table(events, asked)
    raise TypeError(
        f"`events` must be a DataFrame, a path or an Ibis table, got {type(events).__name__}. "
        "Read a file with `read_events(path)`."
    )


def _tally_table(events: ir.Table, asked: Question) -> Tally:
    """Check and count an Ibis table in its own engine."""
    layout = layout_of(list(events.columns))
    if layout is None or layout.source == "gtd":
        raise TypeError(
            f"`events` must have the columns of an event table, got {list(events.columns)[:8]}. "
            "Rename them to event_id, start, end, country."
        )
    backend = events.get_backend()
    summed = _run(backend, events_in(events, layout, asked.by), asked)
    if summed.n_broken or summed.n_repeated:
        raise InvalidTable(faults_in(backend, events, layout, file=""))
    return _read_tally(summed, asked, {})


def _tally_frame(events: pd.DataFrame, asked: Question) -> Tally:
    """Validate a frame of events and count it in DuckDB."""
    faults = check_table(events, Events, file=str(events.attrs.get("file", "")))
    if faults:
        raise InvalidTable(faults)
    check_by(asked.by, list(events.columns))
    needed = ["event_id", "start", "end", "date_precision", *asked.by]
    columns = [name for name in dict.fromkeys(needed) if name in events]
    table = ibis.memtable(events[columns].reset_index(drop=True))
    # The schema has found every id unique and every date a date.
    checked = events_in(table, LAYOUTS["trends"], asked.by)
    summed = _run(ibis.duckdb.connect(), checked, asked, unique=True)
    source = {key: events.attrs[key] for key in ("file", "sha256") if key in events.attrs}
    return _read_tally(summed, asked, source)


def _tally_files(path: str | Path, asked: Question) -> Tally:
    """Count files where they lie; what DuckDB cannot read cleanly is read cell by cell instead."""
    paths = matching_files(path)
    # Hashing the bytes and parsing them need not wait for one another.
    with ThreadPoolExecutor(max_workers=1) as pool:
        source = pool.submit(fingerprint, path, paths)
        summed = _summed_files(paths, asked)
        if summed is None:
            # The reader says what is wrong with a file row by row, or can read it all the same.
            return _tally_frame(_read_all(paths), asked)
        return _read_tally(summed, asked, source.result())


def _summed_files(paths: list[Path], asked: Question) -> _Summed | None:
    """Count files in DuckDB; None when they need the reader."""
    connection = ibis.duckdb.connect()
    table = scan(connection, paths, asked.by)
    layout = None if table is None else layout_of(list(table.columns))
    # GTD writes a date in three columns, which only the reader puts together.
    if table is None or layout is None or layout.source == "gtd":
        return None
    try:
        summed = _run(connection, events_in(table, layout, asked.by), asked)
    except duckdb.Error:
        return None
    if summed.n_broken or summed.n_repeated or summed.counts.empty:
        if sum(each.stat().st_size for each in paths) > _REREAD_BYTES:
            raise InvalidTable(faults_in(connection, table, layout, file=paths[0].name))
        return None
    return summed


def _read_all(paths: list[Path]) -> pd.DataFrame:
    """Read files cell by cell and put them under one another."""
    frames = [read_events(each) for each in paths]
    if len(frames) == 1:
        return frames[0]
    together = pd.concat(frames, ignore_index=True)
    together.attrs = dict(fingerprint(paths[0].parent / "*", paths))
    return together


@dataclass(frozen=True)
class _Summed:
    """What an engine sends back: counts per group and day, and how many events break a rule."""

    counts: pd.DataFrame
    n_broken: int
    n_repeated: int


def _run(backend: Any, events: ir.Table, asked: Question, *, unique: bool = False) -> _Summed:
    """Count in the engine: one expression for counts and checks, one for repeated ids."""
    if asked.share:
        keys = {"day": events["day"], "last_day": events["last_day"]}
    elif asked.daily:
        keys = {"day": events["day"]}
    else:
        keys = {"period": events["day"].truncate(asked.freq), "inside": _inside(events, asked)}
    keys |= {name: events[name] for name in events.columns if name.startswith("group")}
    counted = events.group_by(**keys).aggregate(
        n=events.count(),
        first=events["day"].min(),
        latest=events["day"].max(),
        ambiguous=_ambiguous(events, asked.freq).cast("int64").sum(),
        broken=events["broken"].cast("int64").sum(),
        unnamed=events["event_id"].isnull().cast("int64").sum(),
    )
    counts = backend.execute(counted)
    n_repeated = 0
    if not unique:
        n_named = int(counts["n"].sum()) - int(counts["unnamed"].sum())
        n_repeated = n_named - _n_distinct(backend, events, n_named)
    return _Summed(counts, int(counts["broken"].sum()), n_repeated)


# Ibis ships no type for its decorator.
@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash64(text: str) -> dt.uint64:
    """Return DuckDB's hash of 64 bits."""


def _n_distinct(backend: Any, events: ir.Table, n_named: int) -> int:
    """Return how many different event ids there are."""
    if backend.name != "duckdb":
        return int(backend.execute(events["event_id"].nunique()))
    # DuckDB's hash has 64 bits and takes an eighth of the memory of the words; that two ids of ten
    # million share one is a matter of one in half a million, and is looked at again anyway.
    hashes = events.filter(events["event_id"].notnull()).select(hash=_hash64(events["event_id"]))
    if n_named > SORTED_HASHES:
        return int(backend.execute(hashes["hash"].nunique()))
    in_order = np.sort(backend.to_pyarrow(hashes)["hash"].to_numpy())
    return int((in_order[1:] != in_order[:-1]).sum()) + min(n_named, 1)


def _inside(events: ir.Table, asked: Question) -> ir.BooleanValue:
    """Tell which events lie in the span asked for."""
    if asked.window is None:
        return ibis.literal(True)
    first, last = (numbered_day(number).date() for number in asked.window)
    return events["day"].between(ibis.date(first), ibis.date(last))


def _ambiguous(events: ir.Table, freq: Frequency) -> ir.BooleanValue:
    """Tell which events may belong to another period than that of their first day."""
    start, end, precision = events["day"], events["last_day"], events["precision"]
    inexact = end.isnull() & ~precision.isin(sorted(_NESTED[freq]))
    # Most events last a day, and truncating a date costs more than comparing two.
    return (end != start).ifelse(end.truncate(freq) != start.truncate(freq), inexact)


def _read_tally(summed: _Summed, asked: Question, source: Mapping[str, str]) -> Tally:
    """Turn what an engine sent back into counts per group and day."""
    counts = summed.counts
    per_day = pd.DataFrame({name: _labels(counts[f"group{i}"]) for i, name in enumerate(asked.by)})
    per_day["day"] = day_numbers(pd.to_datetime(counts["first"]))
    per_day["n"] = counts["n"].to_numpy(dtype=float)
    last_days = day_numbers(pd.to_datetime(counts["latest"]))
    if asked.share:
        ends = pd.to_datetime(counts["last_day"]).fillna(pd.to_datetime(counts["day"]))
        per_day = _spread(per_day, day_numbers(ends))
        last_days = per_day["day"].to_numpy()
    return Tally(
        per_day=per_day,
        last_day=int(last_days.max()) if len(last_days) else -1,
        n_events=int(counts["n"].sum()),
        n_ambiguous=int(counts["ambiguous"].sum()),
        source=source,
    )


def _labels(column: pd.Series) -> pd.Series:
    """Return group labels as text, trimmed, missing where empty."""
    return column.astype("str").str.strip().replace("", np.nan)


def _spread(per_day: pd.DataFrame, last: np.ndarray) -> pd.DataFrame:
    """Spread each count evenly over the days from its first to its last."""
    # An end before its start, as single rows of published databases have it, is no interval.
    n_days = np.maximum(last - per_day["day"].to_numpy() + 1, 1)
    spread = per_day.loc[np.repeat(per_day.index.to_numpy(), n_days)].reset_index(drop=True)
    offsets = np.arange(n_days.sum()) - np.repeat(np.cumsum(n_days) - n_days, n_days)
    spread["day"] += offsets
    spread["n"] /= np.repeat(n_days, n_days)
    return spread
