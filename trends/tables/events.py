"""Which events does a file of an event database hold?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from trends.tables.cells import DATE, NUMBER
from trends.tables.checking import in_file_order, typed_table
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells
from trends.tables.schemas import Events
from trends.tables.sources import EVENT_COLUMNS, LAYOUTS, Layout, layout_of

_NUMBERS = ("latitude", "longitude", "fatalities_low", "fatalities_best", "fatalities_high")
_KINDS = {**dict.fromkeys(("start", "end"), DATE), **dict.fromkeys(_NUMBERS, NUMBER)}
_NEEDED = ("event_id", "start", "country")
_VERSION_IN_NAME = re.compile(r"(?:^|[_-])(?:v|ged_?)(\d+(?:[._]\d+)+)", re.IGNORECASE)


def read_events(
    path: str | Path,
    source: Literal["auto", "ucdp-ged", "acled", "gtd", "trends"] = "auto",
    *,
    encoding: str = "utf-8",
) -> pd.DataFrame:
    """Read a file of an event database.

    Parameters
    ----------
    path : str or Path
        UCDP GED as CSV (also the HDX export and Candidate files) or as the JSON of its API, ACLED
        as CSV, GTD as CSV or XLSX, or the package's own columns; TSV, XLSX, Parquet, gzip and zip
        too.
    source : {"auto", "ucdp-ged", "acled", "gtd", "trends"}
        Which database wrote it. Default: told by the columns.
    encoding : str
        How text is written. Default UTF-8; older GTD exports need ``"cp1252"``.

    Returns
    -------
    DataFrame of n_events rows
        Valid by the schema `Events`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source. Files in the package's own columns keep further
        columns.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `source` is unknown.
    InvalidTable
        If the file is not of that database or breaks a rule; every fault is listed with row,
        column, value and remedy.

    Notes
    -----
    What a source does not say stays missing. An ACLED event dated only to the week or month has no
    end; a GTD event without day or month (0) lasts from the first to the last day of its month or
    year, and an extended one has no end. Where a published database has an event end before it
    starts, both days are kept and the event is counted by its start. A UCDP version is taken from
    its column or, failing that, from a file name such as ``GEDEvent_v23_1.csv``.
    """
    if source != "auto" and source not in LAYOUTS:
        raise ValueError(
            f"`source` must be one of auto, {', '.join(LAYOUTS)}, got {source!r}. "
            "Rename the columns to those of the schema Events and use 'trends' for another "
            "database."
        )
    cells = read_cells(path, encoding=encoding)
    layout = layout_of(list(cells.columns)) if source == "auto" else LAYOUTS[source]
    if layout is None:
        raise InvalidTable([_unknown_columns(cells)])
    events, faults = events_from_cells(cells, layout)
    if faults:
        raise InvalidTable(faults)
    return events.reset_index(drop=True)


def events_from_cells(cells: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as events of one database."""
    missing = sorted(layout.signature - set(cells.columns))
    if missing:
        return cells, [_missing_column(cells, name, layout) for name in missing]
    told = _without_tags(cells)
    columns, faults = _event_cells(told, layout)
    events, broken = typed_table(columns, _KINDS, Events)
    if layout.source == "trends":
        broken = broken + ended_before_start(events)
    return events, in_file_order({*faults, *(_in_words_of(fault, layout) for fault in broken)})


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
    """Say that the columns belong to no known database."""
    return Fault(
        file=str(cells.attrs["file"]),
        row=1,
        column="",
        value=", ".join(cells.columns[:8]),
        rule="must have the columns of UCDP GED, ACLED, GTD or the package's own events",
        fix="Export it again with all its columns, or rename them to event_id, start, country.",
    )


def _missing_column(cells: pd.DataFrame, name: str, layout: Layout) -> Fault:
    """Say that a column of the named database is missing."""
    return Fault(
        file=str(cells.attrs["file"]),
        row=None,
        column=name,
        value="",
        rule=f"this column of {layout.database or 'an event table'} is missing",
        fix="Export the table again with all its columns.",
    )


def _without_tags(cells: pd.DataFrame) -> pd.DataFrame:
    """Drop the second row of HXL tags that the Humanitarian Data Exchange adds."""
    if cells.empty or not any(cell.startswith("#") for cell in cells.iloc[0]):
        return cells
    untagged = cells.iloc[1:]
    untagged.attrs = dict(cells.attrs)
    return untagged


def _event_cells(cells: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, list[Fault]]:
    """Put the text of one database under the names of an event, code turned into words."""
    columns: dict[str, pd.Series] = {}
    faults: list[Fault] = []
    for name, theirs in layout.columns.items():
        if theirs in cells:
            columns[name] = cells[theirs]
    for name, words in layout.words.items():
        if name in columns:
            code = columns[name].str.strip()
            columns[name] = code.map({"": "", **words})
            faults += [
                _unknown_code(cells, row, layout.columns[name], words)
                for row in cells.index[columns[name].isna()]
            ]
    if layout.source == "gtd":
        columns |= _gtd_dates(cells)
    if layout.source == "acled":
        columns["start"] = _iso_days(columns["start"])
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
    if layout.source == "trends":
        columns |= {name: cells[name] for name in cells if name not in columns}
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


def _iso_days(texts: pd.Series) -> pd.Series:
    """Write days like 03 May 2024, as older ACLED exports have them, year first."""
    days = pd.to_datetime(texts.str.strip(), format="%d %B %Y", errors="coerce")
    return days.dt.strftime("%Y-%m-%d").fillna(texts)


def _gtd_dates(cells: pd.DataFrame) -> dict[str, pd.Series]:
    """Write GTD's year, month and day, of which the last two may be 0, as start, end, precision."""
    year, month, day = (cells[name].str.strip() for name in ("iyear", "imonth", "iday"))
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
