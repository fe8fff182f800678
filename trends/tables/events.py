"""Which events does a file of an event database hold?

There is one reader. `read_events`, `validate` and `count_events` ask it about files; a frame or a
table in an engine is counted where it stands only as far as its rows are plainly written
(`trends.tables.pushdown`), and every other row is put before the same reader, so that one row meets
one verdict whichever way it comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from trends.tables.cells import DAY, IDENTIFIER, NUMBER, TOLL, year_first
from trends.tables.checking import in_file_order, typed_table
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import cell_text, read_sheets
from trends.tables.mapping import another_kind, mapping_offered
from trends.tables.repeats import settle_repeats
from trends.tables.sources import (
    COORDINATE_BOUNDS,
    DATABASES,
    EVENT_COLUMNS,
    LAYOUTS,
    Layout,
    layout_of,
    spelled_as,
)

_KINDS = {
    "event_id": IDENTIFIER,
    **dict.fromkeys(("start", "end"), DAY),
    **dict.fromkeys(("latitude", "longitude"), NUMBER),
    **dict.fromkeys(("fatalities_low", "fatalities_best", "fatalities_high"), TOLL),
}
_NEEDED = ("event_id", "start", "country")
_GTD_PARTS = ("iyear", "imonth", "iday")
_VERSION_IN_NAME = re.compile(r"(?:^|[_-])(?:v|ged_?)(\d+(?:[._]\d+)+)", re.IGNORECASE)


@dataclass(frozen=True)
class EventsRead:
    """Events, and what was found while they were read.

    Attributes
    ----------
    events : DataFrame of n_events rows
        Valid by the schema `Events` where there is no fault; indexed by the row in the file.
    faults : list of Fault
        What must be repaired before the events are used.
    doubts : list of Fault
        What is odd but stands so in published databases.
    """

    events: pd.DataFrame
    faults: list[Fault]
    doubts: list[Fault] = field(default_factory=list)


def read_events(
    path: str | Path,
    source: Literal["auto", "ucdp-ged", "acled", "gtd", "trends"] = "auto",
    *,
    columns: Mapping[str, str] | None = None,
    keep: str | Sequence[str] = (),
    years: tuple[int, int] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> pd.DataFrame:
    r"""Read a file of an event database.

    Parameters
    ----------
    path : str or Path
        UCDP GED as CSV (also the HDX export and Candidate files, with or without their header) or
        as the JSON of its API; ACLED as CSV (also older exports in capitals, and those with a row
        for each actor) or as the JSON of its API; GTD as CSV or XLSX; or the package's own columns;
        TSV, XLSX, Parquet, gzip and zip too.
    source : {"auto", "ucdp-ged", "acled", "gtd", "trends"}
        Which database wrote it. Default: told by the columns.
    columns : mapping, optional
        For any other table: the file's column for a column of an event, for instance
        ``{"date": "Datum", "country": "Land"}`` (``date`` and ``start`` mean the same; year, month
        and day in three columns are ``{"date": "Jahr, Monat, Tag"}``). Without an ``event_id`` each
        row is an event, named by its row.
    keep : str or sequence of str
        Further columns of the file to keep, such as ACLED's ``sub_event_type``. Tables in the
        package's own columns keep all of theirs.
    years : (first, last), optional
        Years that dates may have. Default: from the first year of the database (1946 for UCDP, 1970
        for GTD, 1997 for ACLED, 1000 for other tables) to today.
    encoding : str
        How text is written. Default UTF-8; older GTD exports need ``"cp1252"``.
    sheet : str, optional
        Sheet of a workbook. Default: the first that holds events.
    header : int, optional
        Row that holds the column names, counted from 1; 0 if there is none. Default: the first that
        holds anything.

    Returns
    -------
    DataFrame of n_events rows
        Valid by the schema `Events`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source, ``attrs["extent"]`` its first and last day, and
        ``attrs["n_repeated"]`` tells how many rows told of an event once more.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `source`, `encoding` or `sheet` is unknown, or `columns` or `keep` name no column.
    InvalidTable
        If the file is not of that database or breaks a rule; every fault is listed with row,
        column, value and remedy.

    Notes
    -----
    What a source does not say stays missing. An ACLED event dated only to the week or month has no
    end; a GTD event without day or month (0) lasts from the first to the last day of its month or
    year, and an extended one has no end. What is odd in a published database is not ours to
    correct: where an event ends before it starts, both days are kept and it is counted by its
    start; coordinates that cannot be are left out; a date in an impossible year is read in the year
    that the database's own column of the year gives. `validate` lists each as a doubt. Rows that
    repeat an id are one event if they say the same, differ only in the actor they name, or carry a
    time of revision, of which the latest holds. A UCDP version is taken from its column or, failing
    that, from a file name such as ``GEDEvent_v23_1.csv``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "events.csv"
    >>> _ = table.write_text(
    ...     "event_id,start,country\n"
    ...     "a,2024-01-05,Syria\n"
    ...     "b,2024-03-02,Iraq\n"
    ... )
    >>> trends.read_events(table)["country"].tolist()
    ['Syria', 'Iraq']
    """
    if source != "auto" and source not in LAYOUTS:
        raise ValueError(
            f"`source` must be one of auto, {', '.join(LAYOUTS)}, got {source!r}. "
            "Name the columns of another database with `columns`."
        )
    kept = [keep] if isinstance(keep, str) else list(keep)
    read = read_event_files(
        [Path(path)], source, columns, kept, years, encoding=encoding, sheet=sheet, header=header
    )
    if read.faults:
        raise InvalidTable(read.faults)
    return read.events.reset_index(drop=True)


def read_event_files(
    paths: Sequence[Path],
    source: str = "auto",
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    years: tuple[int, int] | None = None,
    *,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> EventsRead:
    """Read files of one database as one table, in which an event stands once."""
    tables = [
        event_sheet(path, columns, encoding=encoding, sheet=sheet, header=header) for path in paths
    ]
    first = layout_of(list(tables[0].columns)) if source == "auto" else LAYOUTS[source]
    strange = [
        _unknown_columns(cells)
        for cells in tables
        if first is None or (source == "auto" and layout_of(list(cells.columns)) is not first)
    ]
    if strange or first is None:
        return EventsRead(tables[0], strange)
    if len(tables) == 1:
        return events_from_cells(tables[0], first, keep=keep, years=years)
    places = [(cells.attrs["file"], int(row)) for cells in tables for row in cells.index]
    spelled = [cells.rename(columns=spelled_as(first, list(cells.columns))) for cells in tables]
    together = pd.concat([without_tags(cells) for cells in spelled])
    kept_rows = np.concatenate([cells.index.isin(without_tags(cells).index) for cells in tables])
    together = together.set_axis(np.flatnonzero(kept_rows)).fillna("")
    together.attrs = {"separator": tables[0].attrs.get("separator", ",")}
    read = events_from_cells(together, first, keep=keep, years=years)
    return replace(read, faults=_placed(read.faults, places), doubts=_placed(read.doubts, places))


def _placed(faults: list[Fault], places: Sequence[tuple[str, int]]) -> list[Fault]:
    """Give faults of several files put together the file and the row that they are in."""
    return [
        fault
        if fault.row is None
        else replace(fault, file=places[fault.row][0], row=places[fault.row][1])
        for fault in faults
    ]


def event_sheet(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> pd.DataFrame:
    """Read the table of a file that holds events, the first where there are several."""
    tables = [
        named_columns(cells, columns)
        for cells in read_sheets(path, encoding=encoding, sheet=sheet, header=header)
    ]
    return next((cells for cells in tables if layout_of(list(cells.columns))), tables[0])


def named_columns(cells: pd.DataFrame, columns: Mapping[str, str] | None) -> pd.DataFrame:
    """Rename the columns of a table as its owner says what they mean."""
    if not columns:
        return cells
    meant = {"start" if ours == "date" else ours: theirs for ours, theirs in columns.items()}
    for ours, theirs in meant.items():
        if not set(theirs.split(", ")) <= set(cells.columns):
            raise ValueError(
                f"`columns` must name columns of the table, got {theirs!r} for {ours!r}. "
                f"Use one of {', '.join(map(str, cells.columns[:30]))}."
            )
    dates = meant["start"].split(", ") if "start" in meant else []
    if len(dates) > 1:
        return _named_in_parts(cells, meant, dates)
    replaced = [ours for ours, theirs in meant.items() if ours in cells and ours != theirs]
    named = cells.drop(columns=[ours for ours in replaced if ours not in meant.values()])
    named = named.rename(columns={theirs: ours for ours, theirs in meant.items()})
    if "start" in meant and "event_id" not in named:
        rows = [f"row {row}" for row in named.index]
        named.insert(0, "event_id", pd.array(rows, dtype="str"))
    named.attrs = dict(cells.attrs)
    return named


def _named_in_parts(cells: pd.DataFrame, meant: dict[str, str], dates: list[str]) -> pd.DataFrame:
    """Put days together whose year, month and day stand in columns of their own."""
    parts = dict(zip(("iyear", "imonth", "iday"), dates, strict=False))
    filled = {ours: cells[theirs] for ours, theirs in parts.items()}
    blank = pd.Series("", index=cells.index, dtype="str")
    days = _gtd_dates(pd.DataFrame({name: filled.get(name, blank) for name in _GTD_PARTS}))
    dated = cells.drop(columns=[name for name in days if name in cells]).assign(**days)
    dated.attrs = dict(cells.attrs)
    return named_columns(dated, {**meant, "start": "start"})


def dated_by(cells: pd.DataFrame, parts: Sequence[str]) -> pd.Series:
    """Write periods whose year, month and day stand in columns of their own."""
    months = cells[parts[1]].str.strip()
    number = pd.Series(pd.NA, index=cells.index, dtype="Int64")
    for form in ("%B", "%b", "%m"):
        number = number.fillna(pd.to_datetime(months, format=form, errors="coerce").dt.month)
    written = [
        cells[parts[0]].str.strip().str.removesuffix(".0"),
        number.astype("str").str.zfill(2),
        *(cells[name].str.strip().str.zfill(2) for name in parts[2:]),
    ]
    texts = written[0]
    for part in written[1:]:
        texts = texts + "-" + part
    return texts.fillna("")


def cells_of_frame(events: pd.DataFrame) -> pd.DataFrame:
    """Write a frame of events as the text that a file would hold."""
    whole = pd.api.types.is_integer_dtype(events.index) and events.index.is_unique
    rows = events.index if whole else pd.RangeIndex(len(events))
    texts = {str(name): [cell_text(cell) for cell in events[name]] for name in events.columns}
    cells = pd.DataFrame({name: pd.array(text, dtype="str") for name, text in texts.items()})
    cells = cells.set_axis(rows)
    cells.attrs = {key: events.attrs[key] for key in ("file", "sha256") if key in events.attrs}
    return cells


def events_from_cells(
    cells: pd.DataFrame,
    layout: Layout,
    *,
    keep: Sequence[str] = (),
    years: tuple[int, int] | None = None,
) -> EventsRead:
    """Convert and check a table of text as events of one database."""
    spelled = cells.rename(columns=spelled_as(layout, list(cells.columns)))
    spelled.attrs = dict(cells.attrs)
    needed = layout.signature | ({layout.columns["country"]} if layout.published else set())
    missing = sorted(needed - set(spelled.columns))
    if missing:
        return EventsRead(cells, [_missing_column(cells, name, layout) for name in missing])
    told, faults, doubts = settle_repeats(without_tags(spelled), layout)
    n_repeated = len(doubts)
    columns, unknown = _event_cells(told, layout, keep)
    if layout.published:
        columns, wild = _without_wild_places(columns)
        doubts += wild
    columns, redated = _in_the_year_given(columns, told, layout, years)
    events, broken = typed_table(columns, _KINDS, "Events")
    told_of = {fault.row for fault in faults}
    broken = [
        fault for fault in broken if fault.rule != "must be unique" or fault.row not in told_of
    ]
    broken += _outside_years(events, layout, years)
    for fault in ended_before_start(events) if {"start", "end"} <= set(events.columns) else []:
        theirs = layout.published or events.loc[fault.row, "source"] in DATABASES
        (doubts if theirs else broken).append(fault)
    doubts += redated
    events.attrs = {
        **{key: cells.attrs[key] for key in ("file", "sha256") if key in cells.attrs},
        "n_repeated": n_repeated,
        "n_redated": len(redated),
        **_extent(events),
    }
    return EventsRead(
        events,
        in_file_order({*faults, *unknown, *(_in_words_of(fault, layout) for fault in broken)}),
        in_file_order({_in_words_of(doubt, layout) for doubt in doubts}),
    )


def _extent(events: pd.DataFrame) -> dict[str, str]:
    """Return the first and last day of a table, which it keeps when rows are taken out of it."""
    if "start" not in events or not pd.api.types.is_datetime64_any_dtype(events["start"]):
        return {}
    first, last = events["start"].min(), events["start"].max()
    return {} if pd.isna(first) else {"extent": f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"}


def _without_wild_places(columns: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Leave out coordinates that are none, which no count looks at, and say so."""
    wild = pd.Series(False, index=columns.index)
    filled = {}
    for name, (low, high) in COORDINATE_BOUNDS.items():
        numbers, unread = NUMBER.read(columns[name])
        filled[name] = numbers.notna() | unread
        wild |= numbers.notna() & ~numbers.between(low, high)
    wild |= filled["latitude"] != filled["longitude"]
    doubts = [
        Fault(
            file=str(columns.attrs.get("file", "")),
            row=int(row),
            column="latitude, longitude",
            value=", ".join(columns.loc[row, name] or "empty" for name in COORDINATE_BOUNDS),
            rule="the coordinates are none, and are left out",
            fix="Look at the source; counts of events are not affected.",
        )
        for row in columns.index[wild]
    ]
    kept = columns.assign(**{name: columns[name].mask(wild, "") for name in COORDINATE_BOUNDS})
    kept.attrs = dict(columns.attrs)
    return kept, doubts


def _in_the_year_given(
    columns: pd.DataFrame, cells: pd.DataFrame, layout: Layout, years: tuple[int, int] | None
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read dates in an impossible year in the year that the database's own column gives."""
    if layout.year not in cells:
        return columns, []
    days, _ = DAY.read(columns["start"])
    first, last = year_bounds(layout, years)
    given = cells[layout.year].str.strip().str.removesuffix(".0")
    written = given.str.zfill(4) + days.dt.strftime("-%m-%d")
    meant = pd.to_datetime(written, format="%Y-%m-%d", errors="coerce")
    wrong = days.notna() & ~days.between(first, last) & meant.between(first, last)
    if not wrong.any():
        return columns, []
    doubts = [
        Fault(
            file=str(columns.attrs.get("file", "")),
            row=int(row),
            column="start",
            value=str(columns.loc[row, "start"]),
            rule=f"the year cannot be, and is read as {given[row]} by column {layout.year}",
            fix="Look at the source.",
        )
        for row in columns.index[wrong]
    ]
    dated = columns.assign(start=columns["start"].mask(wrong, written))
    # An event that lasted a day ended in the year it began.
    ended = wrong & (columns["end"] == columns["start"])
    dated["end"] = dated["end"].mask(ended, written)
    dated.attrs = dict(columns.attrs)
    return dated, doubts


def year_bounds(layout: Layout, years: tuple[int, int] | None) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and last day that an event may have."""
    if years is None:
        return pd.Timestamp(layout.first_year, 1, 1), pd.Timestamp.today().normalize()
    first, last = years
    if not 1 <= first <= last <= 9999:
        raise ValueError(
            f"`years` must be a first and a last year, got {years!r}. For instance (1990, 2024)."
        )
    return pd.Timestamp(first, 1, 1), pd.Timestamp(last, 12, 31)


def _outside_years(
    events: pd.DataFrame, layout: Layout, years: tuple[int, int] | None
) -> list[Fault]:
    """Return a fault for every date in a year that cannot be."""
    first, last = year_bounds(layout, years)
    faults = []
    for name in ("start", "end"):
        if name not in events or not pd.api.types.is_datetime64_any_dtype(events[name]):
            continue
        wrong = events[name].notna() & ~events[name].between(first, last)
        for row, day in events.loc[wrong, name].items():
            late = day > last
            rule = f"must not be before {first.year}"
            if late:
                rule = (
                    "must not be in the future"
                    if years is None
                    else f"must not be after {last.year}"
                )
            faults.append(
                Fault(
                    file=str(events.attrs.get("file", "")),
                    row=int(row),
                    column=name,
                    value=f"{day.year:04d}-{day:%m-%d}",
                    rule=rule,
                    fix="Correct the date, or say which years are meant with `years` (--years).",
                )
            )
    return faults


def ended_before_start(events: pd.DataFrame) -> list[Fault]:
    """Return a fault for every event that ends before it starts.

    A published database that holds such rows is read as it stands; a table of one's own is not.
    """
    wrong = events[events["end"] < events["start"]]
    return [
        Fault(
            file=str(events.attrs.get("file", "")),
            row=int(row),
            column="start, end",
            value=f"{event['start'].date()}, {event['end'].date()}",
            rule="end must not be before start",
            fix="Swap or correct the two dates.",
        )
        for row, event in wrong.iterrows()
    ]


def _unknown_columns(cells: pd.DataFrame) -> Fault:
    """Say that the columns belong to no known database, and which door or option reads them."""
    names = [str(name) for name in cells.columns]
    other = another_kind(names)
    if {"period", "count"} <= set(names):
        rule = "must hold events, holds counts"
        fix = "Read it with `read_counts`, or ask of it with `trends analyse`."
    elif other is not None:
        rule, fix = f"must hold events, holds {other[0]}", other[1]
    else:
        rule = "must have the columns of UCDP GED, ACLED, GTD or the package's own events"
        fix = f"{mapping_offered(without_tags(cells))} Or export it again with all its columns."
    file = str(cells.attrs.get("file", ""))
    return Fault(file=file, row=1, column="", value=", ".join(names[:8]), rule=rule, fix=fix)


def _missing_column(cells: pd.DataFrame, name: str, layout: Layout) -> Fault:
    """Say that a column of the named database is missing."""
    return Fault(
        file=str(cells.attrs.get("file", "")),
        row=None,
        column=name,
        value="",
        rule=f"this column of {layout.database or 'an event table'} is missing",
        fix="Export the table again with all its columns.",
    )


def without_tags(cells: pd.DataFrame) -> pd.DataFrame:
    """Drop the second row of HXL tags that the Humanitarian Data Exchange adds."""
    if cells.empty or not any(cell.startswith("#") for cell in cells.iloc[0]):
        return cells
    untagged = cells.iloc[1:]
    untagged.attrs = dict(cells.attrs)
    return untagged


def _event_cells(
    cells: pd.DataFrame, layout: Layout, keep: Sequence[str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """Put the text of one database under the names of an event, code turned into words."""
    unknown = [name for name in keep if name not in {*EVENT_COLUMNS, *cells.columns}]
    if unknown:
        raise ValueError(
            f"`keep` must name columns of the file, got {unknown[0]!r}. "
            f"Use some of {', '.join(map(str, cells.columns))}."
        )
    columns: dict[str, pd.Series] = {}
    faults: list[Fault] = []
    for name, theirs in layout.columns.items():
        if theirs in cells:
            columns[name] = cells[theirs]
    for name, words in layout.words.items():
        if name in columns:
            # Saved again by pandas, a column of codes with an empty cell has decimals.
            code = columns[name].str.strip().str.removesuffix(".0")
            columns[name] = code.map({"": "", **words})
            faults += [
                _unknown_code(cells, row, layout.columns[name], words)
                for row in cells.index[columns[name].isna()]
            ]
    if layout.source == "gtd":
        columns |= _gtd_dates(cells)
    # The whole column shows in which order day and month stand; its end is taken from part of it.
    columns["start"] = year_first(columns["start"])
    if layout.end_is_start:
        exact = columns.get("date_precision", pd.Series("", index=cells.index)) == "day"
        columns["end"] = columns["start"].where(exact, "")
    if layout.database:
        columns["source"] = pd.Series(layout.database, index=cells.index, dtype="str")
    if layout.source == "ucdp-ged" and "source_version" not in columns:
        found = _VERSION_IN_NAME.search(str(cells.attrs.get("file", "")))
        version = found.group(1).replace("_", ".") if found else ""
        columns["source_version"] = pd.Series(version, index=cells.index, dtype="str")
    for name in EVENT_COLUMNS:
        if name not in columns and name not in _NEEDED:
            columns[name] = pd.Series("", index=cells.index, dtype="str")
    for name in COORDINATE_BOUNDS:
        columns[name] = columns[name].str.strip()
    further = list(cells) if layout.source == "trends" else list(keep)
    columns |= {name: cells[name] for name in further if name not in columns}
    ordered = [*EVENT_COLUMNS, *(name for name in columns if name not in EVENT_COLUMNS)]
    table = pd.DataFrame({name: columns[name].fillna("") for name in ordered if name in columns})
    table.attrs = dict(cells.attrs)
    return table, faults


def _unknown_code(cells: pd.DataFrame, row: int, column: str, words: object) -> Fault:
    """Say that a code is none of its database."""
    return Fault(
        file=str(cells.attrs.get("file", "")),
        row=int(row),
        column=column,
        value=str(cells.loc[row, column]),
        # The words of a column are strings or numbers, which mypy reads as an object.
        rule=f"must be one of {', '.join(map(str, words))}",  # type: ignore[call-overload]
        fix="Correct the code, or leave the cell empty.",
    )


def _gtd_dates(cells: pd.DataFrame) -> dict[str, pd.Series]:
    """Write GTD's year, month and day, of which the last two may be 0, as start, end, precision."""
    year, month, day = (cells[name].str.strip().str.removesuffix(".0") for name in _GTD_PARTS)
    no_month, no_day = month.isin(["0", ""]), day.isin(["0", ""])
    first_month = month.mask(no_month, "1").str.zfill(2)
    start = year + "-" + first_month + "-" + day.mask(no_day | no_month, "1").str.zfill(2)
    month_end = pd.to_datetime(
        year + "-" + first_month + "-01", errors="coerce"
    ) + pd.offsets.MonthEnd(0)
    end = start.mask(no_day, month_end.dt.strftime("%Y-%m-%d")).mask(no_month, year + "-12-31")
    if "extended" in cells:
        end = end.mask(cells["extended"].str.strip() == "1", "")
    precision = pd.Series("day", index=cells.index).mask(no_day, "month").mask(no_month, "year")
    return {"start": start, "end": end.fillna(""), "date_precision": precision}


def _in_words_of(fault: Fault, layout: Layout) -> Fault:
    """Name the columns of a fault as the file does."""
    theirs = dict(layout.columns)
    if layout.source == "gtd":
        theirs |= dict.fromkeys(("start", "end"), "iyear, imonth, iday")
    if layout.end_is_start:
        theirs["end"] = theirs["start"]
    names = [theirs.get(name, name) for name in fault.column.split(", ")]
    return replace(fault, column=", ".join(dict.fromkeys(names)))
