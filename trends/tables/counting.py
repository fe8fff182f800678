"""How many events fell into each period, in each group, of the days that somebody watched?

The counting itself is one Ibis expression, so it runs where the events are: in DuckDB for frames
and files, streaming what does not fit into memory, or in the engine of an Ibis table, Spark for
instance. Only counts per group and day come back; periods, spans and coverage are laid over them
here.
"""

# Ibis spells "missing" isnull and notnull; the rules against those names are about pandas.
# ruff: noqa: PD003, PD004

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import mmap
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv

from trends.tables.calendar import (
    Frequency,
    check_frequency,
    days_in_periods,
    first_days,
    last_days,
    periods_between,
)
from trends.tables.checking import check_table
from trends.tables.coverage import (
    Stretches,
    check_coverage,
    day_numbers,
    group_columns,
    join_stretches,
)
from trends.tables.events import read_events
from trends.tables.faults import Fault, InvalidTable
from trends.tables.schemas import Events
from trends.tables.sources import (
    DATE_PRECISIONS,
    LAYOUTS,
    LOCATION_PRECISIONS,
    Layout,
    layout_of,
)

Day: TypeAlias = str | pd.Timestamp | pd.Period

#: Precisions that leave no doubt about the period, by frequency, when an event has no end.
_NESTED = {"D": {"day"}, "W": {"day"}, "M": {"day", "month"}, "Q": {"day", "month"}}
_NESTED["Y"] = {"day", "month", "year"}

_NUMBER_BOUNDS = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "fatalities_low": (0.0, np.inf),
    "fatalities_best": (0.0, np.inf),
    "fatalities_high": (0.0, np.inf),
}

#: Types of the columns of an event in a text file; every other column is text.
_TEXT_KINDS = {
    **dict.fromkeys(("start", "end"), "day"),
    **dict.fromkeys(_NUMBER_BOUNDS, "number"),
}
_ARROW_TYPES = {
    "day": pyarrow.timestamp("us"),
    "number": pyarrow.float64(),
    "word": pyarrow.string(),
}
_DUCKDB_TYPES = {"day": "TIMESTAMP", "number": "DOUBLE", "word": "VARCHAR"}

#: Text files up to this size are parsed in memory, which is faster; larger ones are streamed.
_IN_MEMORY_BYTES = 1_000_000_000

#: So many hashes of ids are sorted here, which is faster; more are told apart in the engine.
_SORTED_HASHES = 50_000_000

#: Largest file that is read again, row by row, to say in which rows its faults are.
_REREAD_BYTES = 200_000_000

_EPOCH = pd.Timestamp(1970, 1, 1)


def count_events(
    events: pd.DataFrame | str | Path | ir.Table,
    *,
    freq: Frequency = "M",
    by: str | Sequence[str] = (),
    span: tuple[Day, Day] | None = None,
    coverage: pd.DataFrame | None = None,
    allocation: Literal["start", "share"] = "start",
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
        from the first to the last event, the only days the table itself vouches for; its first and
        last period may then be partial.
    coverage : DataFrame, optional
        Who watched which group from when to when, see `read_coverage`. Default: every group was
        watched on every day of the span.
    allocation : {"start", "share"}
        Where an event of several days counts: in the period of its first day (default, as databases
        themselves count), or spread evenly over its days.

    Returns
    -------
    DataFrame of n_groups * n_periods rows
        Valid by the schema `EventCounts`: group columns, ``period``, ``count``, ``exposure`` (days
        observed) and ``complete``. A period watched without an event is 0; one not watched has
        exposure 0 and no count. Groups without an event in the span stay. ``attrs`` say what became
        of all events: ``n_events``, ``n_counted``, ``n_outside_span``, ``n_outside_coverage``, and
        ``n_ambiguous`` of which the period depends on `allocation` or on an inexact date.

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
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-09", "2024-03-02"])
    >>> events = pd.DataFrame({"event_id": ["a", "b", "c"], "start": days, "country": "Syria"})
    >>> count_events(events, span=("2024-01", "2024-04"))["count"].tolist()
    [2, 0, 1, 0]
    """
    check_frequency(freq)
    names = [by] if isinstance(by, str) else list(by)
    if allocation not in ("start", "share"):
        raise ValueError(
            f"`allocation` must be 'start' or 'share', got {allocation!r}. "
            "Use 'start' to count an event in the period of its first day."
        )
    if coverage is not None:
        check_coverage(coverage, names)
    asked = _Question(
        by=tuple(names),
        freq=freq,
        share=allocation == "share",
        daily=coverage is not None,
        window=None if span is None else _span_days(span),
    )
    with warnings.catch_warnings():
        # Ibis 12 still uses names that DuckDB 2 and pandas 3 have changed; that is its to follow.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = _tally(events, asked)
    window = asked.window or _extent(coverage, found)
    periods = periods_between(_day(window[0]), _day(window[1]), freq)
    groups = _groups(found.per_day, names, coverage)
    watched = _watched(groups, names, coverage, window)
    return _table(found, groups, names, periods, watched, window, allocation)


@dataclass(frozen=True)
class _Question:
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
class _Tally:
    """Events per group and day, and where they come from.

    `per_day` has the group columns, `day` (days since 1970-01-01) and `n` (events, or shares).
    Where days need not be told apart, one day stands for all of its period that are in the span.
    """

    per_day: pd.DataFrame
    last_day: int
    n_events: int
    n_ambiguous: int
    source: Mapping[str, str]


def _tally(events: pd.DataFrame | str | Path | ir.Table, asked: _Question) -> _Tally:
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


def _tally_table(events: ir.Table, asked: _Question) -> _Tally:
    """Check and count an Ibis table in its own engine."""
    layout = layout_of(list(events.columns))
    if layout is None or layout.source == "gtd":
        raise TypeError(
            f"`events` must have the columns of an event table, got {list(events.columns)[:8]}. "
            "Rename them to event_id, start, end, country."
        )
    backend = events.get_backend()
    summed = _run(backend, _events_in(events, layout, asked.by), asked)
    if summed.n_broken or summed.n_repeated:
        raise InvalidTable(_faults_in(backend, events, layout, file=""))
    return _read_tally(summed, asked, {})


def _tally_frame(events: pd.DataFrame, asked: _Question) -> _Tally:
    """Validate a frame of events and count it in DuckDB."""
    faults = check_table(events, Events, file=str(events.attrs.get("file", "")))
    if faults:
        raise InvalidTable(faults)
    _check_by(asked.by, list(events.columns))
    needed = ["event_id", "start", "end", "date_precision", *asked.by]
    columns = [name for name in dict.fromkeys(needed) if name in events]
    table = ibis.memtable(events[columns].reset_index(drop=True))
    # The schema has found every id unique and every date a date.
    checked = _events_in(table, LAYOUTS["trends"], asked.by)
    summed = _run(ibis.duckdb.connect(), checked, asked, unique=True)
    source = {key: events.attrs[key] for key in ("file", "sha256") if key in events.attrs}
    return _read_tally(summed, asked, source)


def _tally_files(path: str | Path, asked: _Question) -> _Tally:
    """Count files where they lie; what DuckDB cannot read cleanly is read cell by cell instead."""
    paths = _matching(path)
    # Hashing the bytes and parsing them need not wait for one another.
    with ThreadPoolExecutor(max_workers=1) as pool:
        source = pool.submit(_fingerprint, path, paths)
        summed = _summed_files(paths, asked)
        if summed is None:
            # The reader says what is wrong with a file row by row, or can read it all the same.
            return _tally_frame(_read_all(paths), asked)
        return _read_tally(summed, asked, source.result())


def _summed_files(paths: list[Path], asked: _Question) -> _Summed | None:
    """Count files in DuckDB; None when they need the reader."""
    connection = ibis.duckdb.connect()
    table = _scan(connection, paths, asked.by)
    layout = None if table is None else layout_of(list(table.columns))
    # GTD writes a date in three columns, which only the reader puts together.
    if table is None or layout is None or layout.source == "gtd":
        return None
    try:
        summed = _run(connection, _events_in(table, layout, asked.by), asked)
    except duckdb.Error:
        return None
    if summed.n_broken or summed.n_repeated or summed.counts.empty:
        if sum(each.stat().st_size for each in paths) > _REREAD_BYTES:
            raise InvalidTable(_faults_in(connection, table, layout, file=paths[0].name))
        return None
    return summed


def _matching(path: str | Path) -> list[Path]:
    """Return the files that a path or glob names."""
    if Path(path).is_file():
        return [Path(path)]
    paths = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
    files = [each for each in paths if each.is_file()]
    if not files:
        raise FileNotFoundError(
            f"`events` must name a file or match files, got {str(path)!r}. Check the spelling."
        )
    return files


def _scan(connection: Any, paths: list[Path], by: Sequence[str]) -> ir.Table | None:
    """Return the files as a table for DuckDB, None when they need the reader."""
    suffixes = {"".join(each.suffixes[-2:]).lower() for each in paths}
    try:
        if all(suffix.endswith((".parquet", ".pq")) for suffix in suffixes):
            return connection.read_parquet([str(each) for each in paths])
        if all(suffix.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")) for suffix in suffixes):
            return _scan_text(connection, paths, by)
    except (duckdb.Error, pyarrow.ArrowException, KeyError, OSError, UnicodeDecodeError):
        # Whatever is wrong with the file, the reader says it better, or can read it all the same.
        return None
    return None


def _scan_text(connection: Any, paths: list[Path], by: Sequence[str]) -> ir.Table | None:
    """Return text files of one layout as a typed table: in memory, or streamed when large."""
    headers = {_header(each) for each in paths}
    if len(headers) != 1:
        return None
    separator, names = headers.pop()
    layout = layout_of(names)
    if layout is None or layout.source == "gtd":
        return None
    kinds = {theirs: _TEXT_KINDS.get(name, "word") for name, theirs in layout.columns.items()}
    kinds |= {name: "word" for name in by if name not in layout.columns}
    kinds = {name: kind for name, kind in kinds.items() if name in names}
    _check_by(by, [*layout.columns, "source", *(names if layout.source == "trends" else [])])
    if sum(each.stat().st_size for each in paths) > _IN_MEMORY_BYTES:
        columns = {name: _DUCKDB_TYPES[kinds.get(name, "word")] for name in names}
        return connection.read_csv(
            [str(each) for each in paths],
            auto_detect=False,
            header=True,
            delim=separator,
            quote='"',
            escape='"',
            columns=columns,
        )
    needed = [name for name in kinds if name in _needed(layout, by)]
    options = pyarrow.csv.ConvertOptions(
        include_columns=needed,
        column_types={name: _ARROW_TYPES[kinds[name]] for name in needed},
        null_values=[""],
        strings_can_be_null=True,
    )
    read = [
        pyarrow.csv.read_csv(
            each,
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=separator, newlines_in_values=_may_hold_line_breaks(each)
            ),
            convert_options=options,
        )
        for each in paths
    ]
    return ibis.memtable(pyarrow.concat_tables(read))


def _may_hold_line_breaks(path: Path) -> bool:
    """Tell whether a cell may hold a line break; where nothing is quoted none does."""
    if path.suffix.lower() == ".gz":
        return True
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b'"') >= 0


def _needed(layout: Layout, by: Sequence[str]) -> set[str]:
    """Return the columns that counting and its checks look at."""
    names = {"event_id", "start", "end", "country", "date_precision", "location_precision"}
    names |= {*_NUMBER_BOUNDS, *layout.words, *by}
    return {layout.columns.get(name, name) for name in names}


def _header(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the separator and the column names of a text table."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        line = stream.readline(1_000_000).decode("utf-8-sig").rstrip("\r\n")
    separator = max(",\t;", key=line.count)
    return separator, tuple(next(csv.reader([line], delimiter=separator), []))


def _read_all(paths: list[Path]) -> pd.DataFrame:
    """Read files cell by cell and put them under one another."""
    frames = [read_events(each) for each in paths]
    if len(frames) == 1:
        return frames[0]
    together = pd.concat(frames, ignore_index=True)
    together.attrs = dict(_fingerprint(paths[0].parent / "*", paths))
    return together


def _fingerprint(path: str | Path, paths: list[Path]) -> dict[str, str]:
    """Return the name of a file or glob and the hash of its bytes, or of its files' hashes."""
    hashes = []
    for each in paths:
        with each.open("rb") as stream:
            hashes.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(hashes) == 1:
        return {"file": paths[0].name, "sha256": hashes[0]}
    return {"file": Path(path).name, "sha256": hashlib.sha256("".join(hashes).encode()).hexdigest()}


@dataclass(frozen=True)
class _Rule:
    """One rule of the schema `Events`, pushed down into an engine."""

    column: str
    rule: str
    fix: str
    broken: ir.BooleanValue
    value: ir.StringValue


def _events_in(table: ir.Table, layout: Layout, by: Sequence[str]) -> ir.Table:
    """Return an engine's table as events: days, groups, and whether a rule is broken."""
    available = [*layout.columns, *(["source"] if layout.database else [])]
    _check_by(by, [*available, *(table.columns if layout.source == "trends" else [])])
    if layout.source == "ucdp-ged" and table["date_start"].type().is_string():
        # The Humanitarian Data Exchange adds a second header row of tags.
        table = table.filter(~table["date_start"].startswith("#").fill_null(False))
    columns: dict[str, ir.Value] = {
        "event_id": _text(table, layout, "event_id"),
        "day": _date(table, layout, "start"),
        "last_day": _end(table, layout),
        "precision": _text(table, layout, "date_precision"),
        # Null where a cell is empty and no rule is broken; sums leave it out.
        "broken": ibis.or_(*(rule.broken for rule in _rules(table, layout))),
    }
    groups = {f"group{i}": _text(table, layout, name) for i, name in enumerate(by)}
    return table.select(**columns, **groups)


def _text(table: ir.Table, layout: Layout, name: str) -> ir.StringValue:
    """Return a column of an event as text, code turned into words, null where it is empty."""
    theirs = layout.columns.get(name, name)
    if theirs not in table.columns:
        constant = layout.database if name == "source" and layout.database else None
        return ibis.literal(constant, type="string")
    text = table[theirs].cast("string").nullif("")
    words = layout.words.get(name)
    return text.cases(*words.items(), else_=None) if words else text


def _date(table: ir.Table, layout: Layout, name: str) -> ir.DateValue:
    """Return a column as days, null where it is none."""
    theirs = layout.columns.get(name, name)
    if theirs not in table.columns:
        return ibis.literal(None, type="date")
    value = table[theirs]
    if not value.type().is_string():
        return value.cast("date")
    text = value.strip()
    written = text.re_search(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?$")
    return written.ifelse(text.substr(0, 10).try_cast("date"), None)


def _end(table: ir.Table, layout: Layout) -> ir.DateValue:
    """Return the last day of each event, null where its source does not say."""
    if not layout.end_is_start:
        return _date(table, layout, "end")
    exact = _text(table, layout, "date_precision") == "day"
    return exact.ifelse(_date(table, layout, "start"), None)


def _rules(table: ir.Table, layout: Layout) -> list[_Rule]:
    """Return the rules of the schema `Events` for the columns that a table has."""
    dated = "must be a day of the calendar written YYYY-MM-DD"
    rewrite = "Rewrite the date, year first; check that the month has that day."
    filled = "Fill the cell in."
    start, end = _date(table, layout, "start"), _end(table, layout)
    rules = [
        _rule(table, layout, name, "must not be empty", filled, _text(table, layout, name).isnull())
        for name in ("event_id", "country")
    ]
    rules.append(_rule(table, layout, "start", dated, rewrite, start.isnull()))
    their_end = layout.columns.get("end", "")
    if their_end in table.columns:
        if table[their_end].type().is_string():
            unreadable = _text(table, layout, "end").notnull() & end.isnull()
            rules.append(_rule(table, layout, "end", dated, rewrite, unreadable))
        if layout.source == "trends":
            late = "end must not be before start"
            rules.append(
                _rule(table, layout, "end", late, "Swap or correct the dates.", end < start)
            )
    for name, (low, high) in _NUMBER_BOUNDS.items():
        if layout.columns.get(name, name) in table.columns and name in layout.columns:
            rules.append(_number_rule(table, layout, name, low, high))
    codes = {"date_precision": DATE_PRECISIONS, "location_precision": LOCATION_PRECISIONS}
    for name in ("date_precision", "location_precision", "event_type"):
        theirs = layout.columns.get(name)
        known = [*layout.words.get(name, codes.get(name, ()) if layout.source == "trends" else ())]
        if theirs in table.columns and known:
            written = table[theirs].cast("string").nullif("")
            listed = f"must be one of {', '.join(known)}"
            unknown = written.notnull() & ~written.isin(known)
            rules.append(_rule(table, layout, name, listed, "Correct the word.", unknown))
    return rules


def _number_rule(table: ir.Table, layout: Layout, name: str, low: float, high: float) -> _Rule:
    """Return the rule that a number is one and lies within bounds."""
    written = table[layout.columns[name]]
    if written.type().is_string():
        text = written.strip().nullif("")
        number = text.try_cast("float64")
        unreadable = text.notnull() & number.isnull()
    else:
        number, unreadable = written, ibis.literal(False)
    if np.isfinite(high):
        within, outside = f"must be between {low:g} and {high:g}", ~number.between(low, high)
    else:
        within, outside = "must be 0 or more", number < low
    wrong = unreadable | outside
    return _rule(table, layout, name, within, "Correct the number.", wrong)


def _rule(
    table: ir.Table, layout: Layout, name: str, rule: str, fix: str, broken: ir.BooleanValue
) -> _Rule:
    """Return a rule on one column, named as in the table."""
    theirs = layout.columns.get(name, name)
    value = table[theirs].cast("string") if theirs in table.columns else ibis.literal("")
    return _Rule(column=theirs, rule=rule, fix=fix, broken=broken, value=value)


@dataclass(frozen=True)
class _Summed:
    """What an engine sends back: counts per group and day, and how many events break a rule."""

    counts: pd.DataFrame
    n_broken: int
    n_repeated: int


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash64(text: str) -> dt.uint64:
    """Return DuckDB's hash of 64 bits."""


def _run(backend: Any, events: ir.Table, asked: _Question, *, unique: bool = False) -> _Summed:
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


def _n_distinct(backend: Any, events: ir.Table, n_named: int) -> int:
    """Return how many different event ids there are."""
    if backend.name != "duckdb":
        return int(backend.execute(events["event_id"].nunique()))
    # DuckDB's hash has 64 bits and takes an eighth of the memory of the words; that two ids of ten
    # million share one is a matter of one in half a million, and is looked at again anyway.
    hashes = events.filter(events["event_id"].notnull()).select(hash=_hash64(events["event_id"]))
    if n_named > _SORTED_HASHES:
        return int(backend.execute(hashes["hash"].nunique()))
    in_order = np.sort(backend.to_pyarrow(hashes)["hash"].to_numpy())
    return int((in_order[1:] != in_order[:-1]).sum()) + min(n_named, 1)


def _inside(events: ir.Table, asked: _Question) -> ir.BooleanValue:
    """Tell which events lie in the span asked for."""
    if asked.window is None:
        return ibis.literal(True)
    first, last = (_day(number).date() for number in asked.window)
    return events["day"].between(ibis.date(first), ibis.date(last))


def _ambiguous(events: ir.Table, freq: Frequency) -> ir.BooleanValue:
    """Tell which events may belong to another period than that of their first day."""
    start, end, precision = events["day"], events["last_day"], events["precision"]
    inexact = end.isnull() & ~precision.isin(sorted(_NESTED[freq]))
    # Most events last a day, and truncating a date costs more than comparing two.
    return (end != start).ifelse(end.truncate(freq) != start.truncate(freq), inexact)


def _faults_in(
    backend: Any, table: ir.Table, layout: Layout, *, file: str, most: int = 20
) -> list[Fault]:
    """List faults of a table in an engine by event id, some of each rule and how many more."""
    name = layout.columns["event_id"]
    own = _text(table, layout, "event_id")
    faults = []
    for rule in _rules(table, layout):
        broken = table.filter(rule.broken.fill_null(False))
        shown = backend.execute(broken.select(event=own, value=rule.value).limit(most))
        faults += [
            Fault(
                file=file,
                row=None,
                column=rule.column,
                value=f"{'' if pd.isna(value) else value} ({name} {event})",
                rule=rule.rule,
                fix=rule.fix,
            )
            for event, value in shown.itertuples(index=False)
        ]
        if len(shown) == most:
            n_more = int(backend.execute(broken.count())) - most
            rule_text = f"{rule.rule}; {n_more:,} more events break this rule"
            faults.append(
                Fault(
                    file=file, row=None, column=rule.column, value="", rule=rule_text, fix=rule.fix
                )
            )
    ids = table.select(event=own).filter(lambda each: each["event"].notnull())
    repeated = ids.group_by("event").aggregate(n=ids.count()).filter(lambda each: each["n"] > 1)
    faults += [
        Fault(
            file=file,
            row=None,
            column=name,
            value=f"{event} ({n} times)",
            rule="must be unique",
            fix="Give each row its own value, or drop the repeated rows.",
        )
        for event, n in backend.execute(repeated.limit(most)).itertuples(index=False)
    ]
    return faults


def _check_by(by: Sequence[str], available: Sequence[str]) -> None:
    """Raise unless events can be counted by these columns."""
    for name in by:
        if name not in available:
            raise ValueError(
                f"`by` must name columns of the events, got {name!r}. "
                f"Use one of {', '.join(dict.fromkeys(map(str, available)))}."
            )
    if len(set(by)) < len(by):
        raise ValueError(f"`by` must name each column once, got {by}. Remove the repetition.")


def _read_tally(summed: _Summed, asked: _Question, source: Mapping[str, str]) -> _Tally:
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
    return _Tally(
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


def _span_days(span: tuple[Day, Day]) -> tuple[int, int]:
    """Return the first and last day of a span, as days since 1970-01-01."""
    try:
        first, last = span
        start = pd.Period(first) if isinstance(first, str) else first
        end = pd.Period(last) if isinstance(last, str) else last
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`span` must be two days or periods, got {span!r}. "
            'For instance span=("2013-01", "2020-12").'
        ) from error
    first_day = start.start_time if isinstance(start, pd.Period) else pd.Timestamp(start)
    last_day = end.end_time if isinstance(end, pd.Period) else pd.Timestamp(end)
    if last_day < first_day:
        raise ValueError(f"`span` must end after it starts, got {span!r}. Swap the two.")
    return (first_day.normalize() - _EPOCH).days, (last_day.normalize() - _EPOCH).days


def _extent(coverage: pd.DataFrame | None, found: _Tally) -> tuple[int, int]:
    """Return the first and last day that was watched, or else that has an event."""
    if coverage is not None and len(coverage):
        first_watched = day_numbers(coverage["watched_from"]).min()
        return int(first_watched), int(day_numbers(coverage["watched_to"]).max())
    if found.per_day.empty:
        raise ValueError(
            "`span` must be given when there are no events, got None. "
            'For instance span=("2013-01", "2020-12").'
        )
    return int(found.per_day["day"].min()), found.last_day


def _day(number: int) -> pd.Timestamp:
    """Return a day from its number."""
    return _EPOCH + pd.Timedelta(days=number)


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


def _keys(table: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the labels of each row as a tuple that can be looked up; "" stands for missing."""
    if not columns:
        return [()] * len(table)
    return list(table[list(columns)].astype("str").fillna("").itertuples(index=False, name=None))


def _table(
    found: _Tally,
    groups: pd.DataFrame,
    by: Sequence[str],
    periods: pd.PeriodIndex,
    watched: list[Stretches],
    span: tuple[int, int],
    allocation: str,
) -> pd.DataFrame:
    """Lay periods, span and coverage over counts per day."""
    days, n = found.per_day["day"].to_numpy(), found.per_day["n"].to_numpy()
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
    np.add.at(totals, (codes[seen], position), n[seen])
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
        "n_ambiguous": found.n_ambiguous,
        "allocation": allocation,
        "span": f"{_day(span[0]).date()} to {_day(span[1]).date()}",
    }
    return counts


def _whole(number: float) -> float | int:
    """Return a number of events, as an integer unless shares of events were counted."""
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded
