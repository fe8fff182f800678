"""How many events has each group on each day, asked where the events are?

One question in SQL counts, in DuckDB for frames and files and in its own engine for an Ibis table;
rows that are not plain are counted along with it and, if there are any, put before the reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd
import pyarrow

from trends.tables.calendar import Frequency, day_numbers, numbered_day
from trends.tables.cells import one_spelling, shown
from trends.tables.distributed import is_ibis
from trends.tables.engines import Engine, InDuckDB, in_engine, in_memory, literal, quoted
from trends.tables.events import (
    cells_of_frame,
    event_sheet,
    events_from_cells,
    read_event_files,
    year_bounds,
)
from trends.tables.faults import Fault, InvalidTable
from trends.tables.id_order import follow_one_another
from trends.tables.pushdown import LOOKED_AT, check_by, check_value, events_in, is_plain
from trends.tables.scanning import fingerprint, matching_files, scan
from trends.tables.sources import (
    EVENT_COLUMNS,
    LAYOUTS,
    Layout,
    declared,
    layout_of,
    spelled_as,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Precisions that leave no doubt about the period, by frequency, when an event has no end.
_NESTED = {"D": {"day"}, "W": {"day"}, "M": {"day", "month"}, "Q": {"day", "month"}}
_NESTED["Y"] = {"day", "month", "year"}

#: In the place of a number that was not asked for.
UNKNOWN = -1

#: So many hashes of ids are held at once, in about half a gigabyte; of more a part in each pass.
HASHES_AT_ONCE = 25_000_000

#: So many ids tell whether it is worth looking whether all are in order.
_FIRST_IDS = 10_000

#: Rows whose hashes are put in their places at once, which keeps what is made of them small.
_CHUNK = 1_000_000

#: Largest files that are read again whole when a row is not plain; of larger ones only those rows.
_REREAD_BYTES = 200_000_000


@dataclass(frozen=True)
class Question:
    """What is to be counted.

    `share` spreads events over their days; `daily` keeps days apart because coverage is laid over
    them; `window` is the span asked for, as days since 1970-01-01, None to take that of the events;
    `check` says whether rows are checked; `value` is a column of an event that is added up beside
    counting, "" for none; `years` are those that dates may have, None for those of the database;
    `columns`, `encoding`, `sheet` and `header` say how files are read.
    """

    by: tuple[str, ...]
    freq: Frequency
    share: bool
    daily: bool
    window: tuple[int, int] | None
    value: str = ""
    check: bool = True
    years: tuple[int, int] | None = None
    columns: Mapping[str, str] | None = None
    encoding: str = "utf-8"
    sheet: str | None = None
    header: int | None = None


@dataclass(frozen=True)
class Tally:
    """Events per group and day, and where they come from.

    `per_day` has the group columns, `day` (days since 1970-01-01), `n` (events, or shares) and,
    where it was asked for, `value` (its total over those events that tell it).
    Where days need not be told apart, one day stands for all of its period that are in the span.
    `n_repeated` rows told of an event once more; `n_without_value` events do not tell the value;
    `database` is the source of the layout, `extent` the first and last day of the table that the
    events were taken from, where it is known.
    """

    per_day: pd.DataFrame
    last_day: int
    n_events: int
    n_ambiguous: int
    source: Mapping[str, str]
    database: str = ""
    n_repeated: int = 0
    n_redated: int = 0
    n_without_value: int = 0
    extent: tuple[int, int] | None = None


def tally(events: pd.DataFrame | str | Path | ir.Table, asked: Question) -> Tally:
    """Count events per group and day, wherever they are."""
    if isinstance(events, pd.DataFrame):
        return _tally_frame(events, asked)
    if isinstance(events, str | Path):
        return _tally_files(events, asked)
    if is_ibis(events):
        return _tally_table(events, asked)
    raise TypeError(
        f"`events` must be a DataFrame, a path or an Ibis table, got {type(events).__name__}. "
        "Read a file with `read_events(path)`."
    )


def _tally_table(events: ir.Table, asked: Question) -> Tally:
    """Count an Ibis table in its own engine, and put rows that are not plain before the reader."""
    layout = layout_of(list(events.columns))
    if layout is None:
        raise TypeError(
            f"`events` must have the columns of an event table, got {list(events.columns)[:8]}. "
            "Rename them to event_id, start, end, country."
        )
    spelled = spelled_as(layout, list(events.columns))
    table = events.rename({new: old for old, new in spelled.items()})
    return _tally_in_engine(in_engine(table), layout, asked, {})


def _tally_frame(events: pd.DataFrame, asked: Question) -> Tally:
    """Count a frame of events in DuckDB; the reader looks at it cell by cell if it is not plain."""
    names = [str(name) for name in events.columns]
    layout = layout_of(names) or LAYOUTS["trends"]
    source = {key: events.attrs[key] for key in ("file", "sha256") if key in events.attrs}
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidTable([_named_twice(name, source.get("file", "")) for name in repeated])
    check_by(asked.by, layout, [*names, *spelled_as(layout, names).values()])
    check_value(asked.value, layout, [*names, *spelled_as(layout, names).values()])
    database = _database(events, layout)
    asked = _by_country(asked, database, names)
    summed = None if spelled_as(layout, names) else _summed_frame(events, layout, asked)
    if summed is None:
        cells = cells_of_frame(events)
        return replace(_tally_cells(cells, layout, asked), source=source)
    found = _read_tally(summed, asked, source, database)
    kept = {key: events.attrs.get(key, 0) for key in ("n_repeated", "n_redated")}
    return replace(found, extent=_extent_of(events), **kept)


def _summed_frame(events: pd.DataFrame, layout: Layout, asked: Question) -> _Summed | None:
    """Count a frame in DuckDB; None where it has rows that are not plain or repeat an id."""
    needed = {layout.columns.get(name, name) for name in (*LOOKED_AT, *asked.by)}
    columns = [name for name in events.columns if name in needed]
    try:
        engine = in_memory(pyarrow.Table.from_pandas(events[columns], preserve_index=False))
        bounds = year_bounds(layout, asked.years)
        plain = events_in(engine, layout, asked.by, bounds, value=asked.value, check=asked.check)
        summed = _run(plain, asked)
    except (duckdb.Error, pyarrow.ArrowException, TypeError):
        # Columns of mixed kinds have no type in an engine.
        return None
    # What no row keeps from being counted may still be no table of events.
    usable = layout.columns.get("start") in events and layout.columns["event_id"] in events
    return summed if usable else None


def _tally_cells(cells: pd.DataFrame, layout: Layout, asked: Question) -> Tally:
    """Put cells before the reader, and count what it reads."""
    read = events_from_cells(cells, layout, keep=_further(asked, layout), years=asked.years)
    if read.faults:
        raise InvalidTable(read.faults)
    return _tally_read(read.events, layout, asked)


def _tally_read(events: pd.DataFrame, layout: Layout, asked: Question) -> Tally:
    """Count events that the reader has read."""
    database = _database(events, layout)
    asked = _by_country(asked, database, list(events.columns))
    needed = dict.fromkeys([*LOOKED_AT, *asked.by])
    held = events[[name for name in needed if name in events]]
    engine = in_memory(pyarrow.Table.from_pandas(held, preserve_index=False))
    own = LAYOUTS["trends"]
    # The reader has accepted every row, plain or not.
    days = events_in(
        engine, own, asked.by, year_bounds(own, (1, 9999)), value=asked.value, check=False
    )
    found = _read_tally(_count(days, asked), asked, {}, database)
    kept = {key: events.attrs.get(key, 0) for key in ("n_repeated", "n_redated")}
    return replace(found, extent=_extent_of(events), **kept)


def _further(asked: Question, layout: Layout) -> list[str]:
    """Return the columns of a file that are counted by and are none of an event's own."""
    return [name for name in asked.by if name not in layout.columns and name not in EVENT_COLUMNS]


def _database(events: pd.DataFrame, layout: Layout) -> str:
    """Return the database that events come from, "" if that is none or several."""
    if layout.published or "source" not in events:
        return layout.database
    named = events["source"].dropna().unique()
    return str(named[0]) if len(named) == 1 else ""


def _database_in(engine: Engine, layout: Layout) -> str:
    """Return the database that a table in an engine comes from, "" if that is none or several."""
    if layout.published or "source" not in engine.kinds:
        return layout.database
    # DuckDB knows the least and the greatest word of a Parquet file without reading it.
    asked = "cast(min(source) as varchar) as low, cast(max(source) as varchar) as high"
    [(low, high)] = engine.frame(f"select {asked} from {engine.source}").itertuples(index=False)
    return str(low) if pd.notna(low) and low == high else ""


def _event_columns(engine: Engine, layout: Layout) -> list[str]:
    """Return the columns of an event that a table has."""
    return [ours for ours, theirs in layout.columns.items() if theirs in engine.kinds]


def _extent_of(events: pd.DataFrame) -> tuple[int, int] | None:
    """Return the days that the table had which these events were taken from."""
    first, _, last = str(events.attrs.get("extent", "")).partition(" to ")
    if not last:
        return None
    begins, ends = day_numbers(pd.DatetimeIndex([first, last])).tolist()
    return begins, ends


def _named_twice(name: str, file: str) -> Fault:
    """Say that a column stands twice in a table."""
    return Fault(
        file=file,
        row=1,
        column=name,
        value="",
        rule="column names must be unique",
        fix="Rename or remove one of the columns.",
    )


def _tally_files(path: str | Path, asked: Question) -> Tally:
    """Count files where they lie; what is not plain is read cell by cell instead."""
    paths = matching_files(path)
    # Hashing the bytes and parsing them need not wait for one another.
    with ThreadPoolExecutor(max_workers=1) as pool:
        source = pool.submit(fingerprint, path, paths)
        plain = not asked.columns and asked.encoding == "utf-8"
        plain &= asked.sheet is None and asked.header is None
        found = _tally_scanned(paths, asked) if plain else None
        if found is None:
            # The reader says what is wrong with a file row by row, or can read it all the same.
            found = _tally_reread(paths, asked)
        return replace(found, source=source.result())


def _tally_scanned(paths: list[Path], asked: Question) -> Tally | None:
    """Count files in DuckDB; None when they need the reader."""
    engine = scan(paths, asked.by)
    layout = None if engine is None else layout_of(list(engine.kinds))
    if engine is None or layout is None or spelled_as(layout, list(engine.kinds)):
        return None
    large = sum(each.stat().st_size for each in paths) > _REREAD_BYTES
    try:
        counted = _tally_in_engine if large else _tally_plain
        return counted(engine, layout, asked, {})
    except (duckdb.Error, pyarrow.ArrowException):
        return None


def _tally_reread(paths: list[Path], asked: Question) -> Tally:
    """Read files cell by cell and count what they hold."""
    first = event_sheet(
        paths[0], asked.columns, encoding=asked.encoding, sheet=asked.sheet, header=asked.header
    )
    layout = layout_of(list(first.columns))
    names = list(first.columns)
    if layout is not None:
        check_by(asked.by, layout, [*names, *spelled_as(layout, names).values()])
        check_value(asked.value, layout, [*names, *spelled_as(layout, names).values()])
    read = read_event_files(
        paths,
        columns=asked.columns,
        keep=[] if layout is None else _further(asked, layout),
        years=asked.years,
        encoding=asked.encoding,
        sheet=asked.sheet,
        header=asked.header,
    )
    if read.faults or layout is None:
        raise InvalidTable(read.faults)
    return _tally_read(read.events, layout, asked)


def _tally_in_engine(
    engine: Engine, layout: Layout, asked: Question, source: Mapping[str, str]
) -> Tally:
    """Count a table in its engine; rows that are not plain are fetched and read."""
    found = _tally_plain(engine, layout, asked, source)
    return found or _with_rows_read(engine, layout, asked, source)


def _tally_plain(
    engine: Engine, layout: Layout, asked: Question, source: Mapping[str, str]
) -> Tally | None:
    """Count a table in its engine; None where rows are not plain or repeat an id."""
    bounds = year_bounds(layout, asked.years)
    database = _database_in(engine, layout)
    asked = _by_country(asked, database, _event_columns(engine, layout))
    events = events_in(engine, layout, asked.by, bounds, value=asked.value, check=asked.check)
    summed = _run(events, asked)
    if summed is None or summed.counts.empty:
        return None
    return _read_tally(summed, asked, source, database)


def _with_rows_read(
    engine: Engine, layout: Layout, asked: Question, source: Mapping[str, str]
) -> Tally:
    """Count the plain rows in the engine and the others as the reader reads them."""
    name, bounds = layout.columns["event_id"], year_bounds(layout, asked.years)
    database = _database_in(engine, layout)
    asked = _by_country(asked, database, _event_columns(engine, layout))
    marked = engine.view(
        f"select *, {is_plain(engine, layout, bounds)} as trends_plain, "
        f"cast({quoted(name)} as varchar) as trends_id from {engine.source}"
    )
    odd = marked.frame(f"select * from {marked.source} where not trends_plain")
    plain = marked.view(f"select * from {marked.source} where trends_plain")
    repeated = plain.frame(
        f"select trends_id from {plain.source} group by trends_id having count(*) > 1"
    )
    aside = set(repeated["trends_id"])
    aside |= set(odd["trends_id"].dropna().astype("str").map(one_spelling))
    set_aside = sorted(aside)
    fetched, rest = odd, plain
    if aside:
        again = plain.among("trends_id", set_aside, inside=True)
        rest = plain.among("trends_id", set_aside, inside=False)
        read_again = again.frame(f"select * from {again.source}")
        fetched = pd.concat([odd, read_again] if len(odd) else [read_again], ignore_index=True)
    cells = cells_of_frame(fetched.drop(columns=["trends_plain", "trends_id"]))
    read = events_from_cells(cells, layout, keep=_further(asked, layout), years=asked.years)
    if read.faults:
        raise InvalidTable([_by_event(fault, cells, name) for fault in read.faults])
    found = _tally_read(read.events, layout, asked)
    others = events_in(rest, layout, asked.by, bounds, value=asked.value, check=False)
    counted = _read_tally(_count(others, asked), asked, source, database)
    return replace(
        found,
        per_day=pd.concat([counted.per_day, found.per_day], ignore_index=True),
        last_day=max(counted.last_day, found.last_day),
        n_events=counted.n_events + found.n_events,
        n_ambiguous=counted.n_ambiguous + found.n_ambiguous,
        n_without_value=counted.n_without_value + found.n_without_value,
        source=source,
        database=database,
        extent=None,
    )


def _by_event(fault: Fault, cells: pd.DataFrame, name: str) -> Fault:
    """Tell of a row in an engine by its event, because it has no number there."""
    if fault.row is None:
        return fault
    event = cells.loc[fault.row, name]
    told = fault.value if fault.column == name else f"{fault.value} ({name} {event})"
    return replace(fault, row=None, value=told)


@dataclass(frozen=True)
class _Summed:
    """What an engine sends back of plain rows: counts per group and day, and of how many rows."""

    counts: pd.DataFrame
    n_ambiguous: int


def _by_country(asked: Question, database: str, columns: Sequence[str]) -> Question:
    """Tell countries apart where the database began to watch them at different times.

    The columns are those of an event that the table has.
    """
    begins = next((of.source for of in LAYOUTS.values() if of.database == database), "")
    apart = "countries" in declared()["watched"].get(begins, {}) and "country" in columns
    if not apart or "country" in asked.by:
        return asked
    return replace(asked, by=(*asked.by, "country"))


def _run(events: Engine, asked: Question) -> _Summed | None:
    """Count in the engine; None where a row is not plain or an id stands twice."""
    told = {"n_odd": _number_that("not (plain and plain_id)"), "n_ambiguous": "0"}
    rows = "not plain"
    if asked.check:
        told["n_ambiguous"] = _number_that(_ambiguous(asked.freq))
        rows = f"not plain or {_ambiguous(asked.freq)}"
    if isinstance(events, InDuckDB):
        # It looks at ids by themselves, below, for how they are written and whether one repeats.
        told["n_odd"] = _number_that("not plain")
    elif asked.check:
        told["n_ids"], rows = "count(distinct event_id)", "true"
    found = _numbers(events, told, rows)
    # An engine knows days that Python does not, so that none is fetched before it is plain.
    if found["n_odd"]:
        return None
    counts = _counts(events, asked)
    n_events = int(counts["n"].sum())
    if asked.check and n_events:
        if isinstance(events, InDuckDB):
            once = _ids_hold(events, n_events)
        else:
            once = found["n_ids"] == n_events
        if not once:
            return None
    return _Summed(counts, found["n_ambiguous"] if asked.check else UNKNOWN)


def _count(events: Engine, asked: Question) -> _Summed:
    """Count events that are known to be plain, or as they were read."""
    if not asked.check:
        return _Summed(_counts(events, asked), UNKNOWN)
    unclear = _ambiguous(asked.freq)
    found = _numbers(events, {"n_ambiguous": _number_that(unclear)}, unclear)
    return _Summed(_counts(events, asked), found["n_ambiguous"])


def _numbers(events: Engine, told: Mapping[str, str], rows: str) -> dict[str, int]:
    """Return numbers that are told of some rows; of none each is 0."""
    selected = ", ".join(f"coalesce({how}, 0) as {name}" for name, how in told.items())
    found = events.frame(f"select {selected} from {events.source} where {rows}")
    return {name: int(found[name].iloc[0]) for name in told}


def _counts(events: Engine, asked: Question) -> pd.DataFrame:
    """Count plain rows per group and day, or per group and period that lies in the span."""
    keys = [name for name in ("day", "last_day") if asked.share or (asked.daily and name == "day")]
    if not keys:
        keys = [_period("day", asked.freq)]
        keys += [] if asked.window is None else [_inside(asked.window)]
    groups = [f"group{i}" for i, _ in enumerate(asked.by)]
    told = {"n": "count(*)", "first": "min(day)", "latest": "max(day)"}
    if asked.share:
        told["ends"] = "max(last_day)"
    if asked.value:
        told["value"] = "coalesce(sum(value), 0)"
        told["without_value"] = _number_that("value is null")
    selected = ", ".join([*groups, *(f"{how} as {name}" for name, how in told.items())])
    return events.frame(
        f"select {selected} from {events.source} group by {', '.join([*groups, *keys])}"
    )


def _number_that(holds: str) -> str:
    """Return how many rows a condition holds of."""
    return f"sum(case when {holds} then 1 else 0 end)"


def _ids_hold(events: InDuckDB, n_events: int) -> bool:
    """Tell whether each event has an id of its own, plainly written."""
    if _in_order(events):
        return True
    # DuckDB's hash has 64 bits and takes an eighth of the memory of the words; that two ids of ten
    # million share one is a matter of one in half a million, and is looked at again anyway.
    n_passes = max(1, -(-n_events // HASHES_AT_ONCE))
    hashes = f"select case when plain_id then hash(event_id) end as hash from {events.source}"
    n_different = 0
    for which in range(n_passes):
        part = f" where hash(event_id) % {n_passes} = {which}" if n_passes > 1 else ""
        found = events.column(hashes + part)
        if found.null_count:
            return False
        n_different += n_unlike(found.to_numpy() // np.uint64(n_passes))
    return n_events == n_different


def _in_order(events: InDuckDB) -> bool:
    """Tell whether every id is plain and comes after the one before it, or else before it.

    None of those stands twice, whatever the order is in which no id comes after itself. A file that
    was numbered row by row is proved so in one look.
    """
    ids = f"select event_id from {events.source}"
    for rising in (True, False):
        first = events.parts(f"{ids} limit {_FIRST_IDS}")
        if follow_one_another(first, rising=rising):
            return follow_one_another(events.parts(ids), rising=rising)
    return False


def n_unlike(hashes: np.ndarray) -> int:
    """Return how many different numbers there are.

    Each is put in the place that its last digits name, where one of those that share a place stays;
    those that did not are put in anew, until few are left. That takes half the time of sorting.

    Parameters
    ----------
    hashes : uint64 array
        Evenly spread in their last digits.

    Examples
    --------
    >>> n_unlike(np.array([7, 7, 23, 7], dtype="uint64"))
    2
    """
    n_different = 0
    while hashes.size > _FIRST_IDS:
        bits = int(hashes.size).bit_length()
        places, last = np.zeros(1 << bits, dtype=np.uint64), np.uint64((1 << bits) - 1)
        chunks = np.array_split(hashes, -(-hashes.size // _CHUNK))
        for chunk in chunks:
            places[(chunk & last).astype(np.int64)] = chunk
        hashes = np.concatenate(
            [chunk[places[(chunk & last).astype(np.int64)] != chunk] for chunk in chunks]
        )
        # Nothing is 0 that was put in, or one is missed and looked for again.
        n_different += int(np.count_nonzero(places))
    return n_different + np.unique(hashes).size


def _period(day: str, freq: Frequency) -> str:
    """Return what the days of a period have in common; numbers are told apart in half the time."""
    return {
        "D": day,
        "W": f"date_trunc('week', {day})",
        "M": f"12 * year({day}) + month({day})",
        "Q": f"4 * year({day}) + quarter({day})",
        "Y": f"year({day})",
    }[freq]


def _inside(window: tuple[int, int]) -> str:
    """Tell which events lie in the span asked for."""
    first, last = (numbered_day(number).date() for number in window)
    return f"day between date '{first}' and date '{last}'"


def _ambiguous(freq: Frequency) -> str:
    """Tell which events may belong to another period than that of their first day."""
    known = ", ".join(literal(word) for word in sorted(_NESTED[freq]))
    # Most events last a day, and telling its period costs more than comparing two.
    spans = f"lasts and {_period('last_day', freq)} <> {_period('day', freq)}"
    return f"(({spans}) or (last_day is null and precision not in ({known})))"


def _read_tally(
    summed: _Summed, asked: Question, source: Mapping[str, str], database: str
) -> Tally:
    """Turn what an engine sent back into counts per group and day."""
    counts = summed.counts
    per_day = pd.DataFrame({name: _labels(counts[f"group{i}"]) for i, name in enumerate(asked.by)})
    per_day["day"] = day_numbers(pd.to_datetime(counts["first"]))
    per_day["n"] = counts["n"].to_numpy(dtype=float)
    if asked.value:
        per_day["value"] = counts["value"].to_numpy(dtype=float)
    last_days = day_numbers(pd.to_datetime(counts["latest"]))
    if asked.share:
        ends = pd.to_datetime(counts["ends"]).fillna(pd.to_datetime(counts["first"]))
        per_day = _spread(per_day, day_numbers(ends))
        last_days = per_day["day"].to_numpy()
    return Tally(
        per_day=per_day,
        last_day=int(last_days.max()) if len(last_days) else -1,
        n_events=int(counts["n"].sum()),
        n_ambiguous=summed.n_ambiguous,
        source=source,
        database=database,
        n_without_value=int(counts["without_value"].sum()) if asked.value else 0,
    )


def _labels(column: pd.Series) -> pd.Series:
    """Return group labels as text in one spelling, missing where empty."""
    words = column.astype("str")
    spelled = {word: shown(word) for word in words.dropna().unique()}
    return words.map(spelled).astype("str").replace("", np.nan)


def _spread(per_day: pd.DataFrame, last: np.ndarray) -> pd.DataFrame:
    """Spread each count evenly over the days from its first to its last."""
    # An end before its start, as single rows of published databases have it, is no interval.
    n_days = np.maximum(last - per_day["day"].to_numpy() + 1, 1)
    spread = per_day.loc[np.repeat(per_day.index.to_numpy(), n_days)].reset_index(drop=True)
    offsets = np.arange(n_days.sum()) - np.repeat(np.cumsum(n_days) - n_days, n_days)
    spread["day"] += offsets
    for name in ("n", "value"):
        if name in spread:
            spread[name] /= np.repeat(n_days, n_days)
    return spread
