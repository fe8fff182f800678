"""Can these tables be trusted, and if not, what has to be repaired where?

Beyond the schemas this looks for what no single cell or row shows: a part larger than its whole,
wholes that are parts of their own parts, a figure entered twice, stretches of coverage that
overlap, coordinates outside the country named, days that have not come yet. What is odd, but stands
so in published databases, is a doubt and not a fault.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from trends.tables.calendar import format_period
from trends.tables.checking import in_file_order, schema_columns
from trends.tables.choices import STATEMENT_COLUMNS
from trends.tables.counted import counts_from_cells
from trends.tables.coverage import coverage_from_cells
from trends.tables.definitions import definitions_from_cells
from trends.tables.events import (
    events_from_cells,
    named_columns,
    without_tags,
)
from trends.tables.faults import Fault, InvalidTable
from trends.tables.layouts import count_cells, count_sheets, counted_as
from trends.tables.mapping import mapping_offered
from trends.tables.packs import Box, country_boxes, pack_of_project
from trends.tables.plausibility import (
    event_doubts,
    fault_at,
    statement_doubts,
    statement_faults,
    written,
)
from trends.tables.series import MEASURED_COLUMNS
from trends.tables.sources import layout_of, spelled_as
from trends.tables.statements import known_definitions, statements_from_cells

TableKind = Literal["statements", "definitions", "counts", "events", "coverage", "unknown"]


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """What one file holds and what is wrong with it.

    Attributes
    ----------
    file : str
        Path as given.
    kind : str
        What the table was taken for by its columns: statements, definitions, counts, events,
        coverage, unknown.
    n_rows : int
        Rows of the table, 0 when it could not be read.
    sha256 : str
        Hash of the file's bytes, "" when they could not be read as a table.
    summary : tuple of (str, str)
        What a person would want to know of the content, as pairs of words and figures.
    faults : tuple of Fault
        Everything wrong, in the order of the file.
    doubts : tuple of Fault
        What is odd but may be meant; it does not make the file invalid.
    """

    file: str
    kind: str
    n_rows: int
    sha256: str
    summary: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the report as a mapping for JSON."""
        return {
            "file": self.file,
            "kind": self.kind,
            "ok": not self.faults,
            "n_rows": self.n_rows,
            "sha256": self.sha256,
            "summary": dict(self.summary),
            "faults": [fault.to_dict() for fault in self.faults],
            "doubts": [doubt.to_dict() for doubt in self.doubts],
        }


@dataclass(frozen=True, kw_only=True)
class ValidationReport:
    """Every fault of some files, readable by people and machines.

    Attributes
    ----------
    files : tuple of FileReport
        One per file, in the order asked.
    """

    files: tuple[FileReport, ...]

    @property
    def ok(self) -> bool:
        """Whether no file has a fault."""
        return not self.faults

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults of all files."""
        return tuple(fault for file in self.files for fault in file.faults)

    @property
    def doubts(self) -> tuple[Fault, ...]:
        """All doubts of all files."""
        return tuple(doubt for file in self.files for doubt in file.doubts)

    def to_dict(self) -> dict[str, object]:
        """Return the report as a mapping for JSON."""
        return {"ok": self.ok, "files": [file.to_dict() for file in self.files]}

    def to_text(self) -> str:
        """Return the report as lines for a terminal."""
        lines = []
        for file in self.files:
            lines.append(f"{file.file}: {_verdict(file)}")
            lines += [f"  {words}: {figure}" for words, figure in file.summary]
            lines += [f"  {_place(fault)}: {_message(fault)}" for fault in file.faults]
            lines += [f"  doubt, {line}" for line in _some_doubts(file.doubts)]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Return the report as a page of its own."""
        sections = "\n".join(_section(file) for file in self.files)
        n_faults = len(self.faults)
        title = (
            "No fault found" if self.ok else f"{n_faults} fault{'s' if n_faults > 1 else ''} found"
        )
        return _PAGE.format(title=title, sections=sections)

    def __repr__(self) -> str:
        """Return the number of files and faults."""
        return f"<ValidationReport: {len(self.files)} files, {len(self.faults)} faults>"

    def _repr_html_(self) -> str:
        """Return the report for a notebook."""
        return "\n".join(_section(file) for file in self.files)


def validate(
    paths: str | Path | Sequence[str | Path],
    *,
    boxes: Mapping[str, Box] | None = None,
    columns: Mapping[str, str] | None = None,
    years: tuple[int, int] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> ValidationReport:
    r"""Look for every fault of some tables at once.

    Parameters
    ----------
    paths : str, Path or sequence of them
        Files to look at: statements, event counts, events or coverage, in any format that the
        readers take. What a table is meant to be is told by its columns.
    boxes : mapping of country to (south, west, north, east)
        Degrees within which the events of a country must lie. By default those
        of all countries (Natural Earth); events of countries without a box are not looked at.
    columns, years, encoding, sheet, header
        How the tables are read, as for `read_events` and `read_counts`.

    Returns
    -------
    ValidationReport
        ``ok``, ``faults``, and ``to_text()``, ``to_html()``, ``to_dict()``.

    Raises
    ------
    FileNotFoundError
        If a path names no file.

    Notes
    -----
    A fault must be repaired before the table is used. A doubt is odd, but stands so in published
    databases and reports: parts that add up to more than their whole (`find_contradictions` weighs
    them), events that end before they start, lie outside their country or differ in nothing but
    their id, rows that tell of an event once more, coordinates that are none, best estimates
    outside their bounds, and years that the database's own column of the year contradicts.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "figures.csv"
    >>> _ = table.write_text(
    ...     "measure,count,window_start,window_end,counted_by\n"
    ...     "claims,-3,2024,2024,Ministry\n"
    ... )
    >>> trends.validate(table).ok
    False
    """
    listed = [paths] if isinstance(paths, str | Path) else list(paths)
    if not listed:
        raise ValueError("`paths` must name at least one file, got none. Name the tables to check.")
    reading = _Reading(columns, years, encoding, sheet, header)
    within = country_boxes() if boxes is None else boxes
    return ValidationReport(files=tuple(_look_at(Path(path), within, reading) for path in listed))


@dataclass(frozen=True)
class _Reading:
    """How tables are to be read."""

    columns: Mapping[str, str] | None
    years: tuple[int, int] | None
    encoding: str
    sheet: str | None
    header: int | None

    def tables(self, path: Path) -> list[pd.DataFrame]:
        """Return the sheets of a file as text, their columns named as they are meant."""
        sheets = count_sheets(path, encoding=self.encoding, sheet=self.sheet, header=self.header)
        mapped = None if "count" in (self.columns or {}) else self.columns
        return [named_columns(cells, mapped) for cells in sheets]

    def counts(self, path: Path) -> pd.DataFrame:
        """Return the counts of a file as text in the package's own columns."""
        return count_cells(
            path,
            columns=self.columns,
            encoding=self.encoding,
            sheet=self.sheet,
            header=self.header,
        )


@dataclass(frozen=True)
class _Looked:
    """What was found in one table."""

    table: pd.DataFrame
    faults: list[Fault]
    doubts: list[Fault] = field(default_factory=list)


def _look_at(path: Path, boxes: Mapping[str, Box], reading: _Reading) -> FileReport:
    """Read one file and look for everything wrong with it."""
    try:
        tables = reading.tables(path)
        kinds = [table_kind(list(cells.columns)) for cells in tables]
        # A workbook may begin with a licence.
        cells, kind = next(
            ((of, kind) for of, kind in zip(tables, kinds, strict=True) if kind != "unknown"),
            (tables[0], kinds[0]),
        )
        if kind == "unknown" and any(
            counted_as(without_tags(table), reading.columns) for table in tables
        ):
            cells, kind = reading.counts(path), "counts"
    except InvalidTable as invalid:
        return FileReport(
            file=str(path),
            kind="unknown",
            n_rows=0,
            sha256="",
            summary=(),
            faults=tuple(invalid.faults),
        )
    if kind == "events":
        looked = _look_at_events(cells, boxes, reading.years)
    elif kind == "statements":
        looked = _look_at_statements(cells, path)
    else:
        looked = _READERS[kind](cells)
    return FileReport(
        file=str(path),
        kind=kind,
        n_rows=len(cells),
        sha256=cells.attrs["sha256"],
        summary=() if looked.faults else tuple(_SUMMARIES[kind](looked.table)),
        faults=tuple(in_file_order(set(looked.faults))),
        doubts=tuple(in_file_order(set(looked.doubts))),
    )


def table_kind(columns: Sequence[str]) -> TableKind:
    """Tell by its columns what a table is meant to be.

    Examples
    --------
    >>> table_kind(["country", "period", "count", "exposure", "complete"])
    'counts'
    """
    names = set(columns)
    of_statements = set(schema_columns("Statements"))
    if {"definition", "counts"} <= names:
        return "definitions"
    if {"watched_from", "watched_to"} <= names:
        return "coverage"
    if (
        len(names & of_statements) > len(of_statements) / 3
        or len(names & set(STATEMENT_COLUMNS)) >= 4
    ):
        return "statements"
    if len(names & set(MEASURED_COLUMNS)) >= 2:
        return "counts"
    if layout_of(columns) is not None:
        return "events"
    return "unknown"


def _look_at_unknown(cells: pd.DataFrame) -> _Looked:
    """Say that the columns belong to no table of the package."""
    fault = fault_at(
        str(cells.attrs["file"]),
        1,
        "",
        "must have the columns of a table of this package",
        "Statements have statement_id, measure, count, window_start, ...; event counts have "
        "period, count, exposure, complete; events those of their database, or event_id, start, "
        f"country. {mapping_offered(cells)}",
        ", ".join(cells.columns[:8]),
    )
    return _Looked(cells, [fault])


def _look_at_statements(cells: pd.DataFrame, path: Path) -> _Looked:
    """Look for faults in a table of statements, its definitions lying beside it."""
    try:
        definitions, pack = known_definitions(path), pack_of_project(path)
    except InvalidTable as invalid:
        return _Looked(cells, list(invalid.faults))
    statements, faults = statements_from_cells(cells, definitions, pack)
    missing = [name for name in schema_columns("Statements") if name not in statements]
    # A missing column is reported by the schema; what the others say is looked at all the same.
    filled = statements.assign(
        **{name: pd.NaT if name.startswith("window_") else pd.NA for name in missing}
    )
    file = str(cells.attrs["file"])
    more = statement_faults(filled, file)
    return _Looked(statements, faults + more, statement_doubts(filled, file))


def _look_at_definitions(cells: pd.DataFrame) -> _Looked:
    """Look for faults in a table of definitions."""
    return _Looked(*definitions_from_cells(cells))


def _look_at_counts(cells: pd.DataFrame) -> _Looked:
    """Look for faults in a table of event counts."""
    counts, faults = counts_from_cells(cells)
    if "period" in counts and isinstance(counts["period"].dtype, pd.PeriodDtype):
        known = counts[counts["period"].notna()]
        starts = known["period"].dt.start_time
        late = known[starts > pd.Timestamp.today()]
        faults = faults + [
            fault_at(
                str(cells.attrs["file"]),
                int(row),
                "period",
                "must not be in the future",
                "Correct the period.",
                format_period(period),
            )
            for row, period in late["period"].items()
        ]
    return _Looked(counts, faults)


def _look_at_coverage(cells: pd.DataFrame) -> _Looked:
    """Look for faults in a table of coverage."""
    return _Looked(*coverage_from_cells(cells))


def _look_at_events(
    cells: pd.DataFrame, boxes: Mapping[str, Box], years: tuple[int, int] | None
) -> _Looked:
    """Look for faults and doubts in a table of events."""
    layout = layout_of(list(cells.columns))
    assert layout is not None  # the table was taken for events by its layout
    read = events_from_cells(cells, layout, years=years)
    if read.faults:
        return _Looked(read.events, read.faults, read.doubts)
    spelled = cells.rename(columns=spelled_as(layout, list(cells.columns)))
    odd = event_doubts(read.events, spelled, layout, boxes, str(cells.attrs["file"]))
    return _Looked(read.events, [], read.doubts + odd)


def _summarise_statements(statements: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of statements holds."""
    established = statements[statements["window_basis"] != "unknown"]
    first, last = established["window_start"].min(), established["window_end"].max()
    return [
        ("figures", f"{len(statements):,}"),
        ("counted by", f"{statements['counted_by'].nunique()} counters"),
        ("measures", f"{statements['measure'].nunique()}"),
        ("windows", f"{written(first)} to {written(last)}"),
        ("windows not established", f"{len(statements) - len(established):,}"),
        ("wording", _tally(statements["qualifier"])),
        ("kinds of source", _tally(statements["source_kind"])),
        ("roles", _tally(statements["role"])),
        ("parts of another figure", f"{int(statements['part_of'].notna().sum()):,}"),
    ]


def _summarise_definitions(definitions: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of definitions holds."""
    return [
        ("definitions", f"{len(definitions):,}"),
        ("counters", f"{definitions['counter'].nunique()}"),
    ]


def _summarise_counts(counts: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of event counts holds."""
    groups = [name for name in counts.columns if name not in MEASURED_COLUMNS]
    n_groups = len(counts[groups].drop_duplicates()) if groups else 1
    watched = counts["exposure"] > 0
    partial, missing = watched & ~counts["complete"], watched & counts["count"].isna()
    periods = pd.PeriodIndex(counts["period"])
    assumed = counts.attrs.get("assumed", [])
    return [
        *([("exposure", "not given; every day of each period")] if "exposure" in assumed else []),
        ("groups", f"{n_groups:,}" + (f" by {', '.join(groups)}" if groups else "")),
        ("periods", f"{format_period(periods.min())} to {format_period(periods.max())}"),
        ("events", f"{int(counts['count'].sum()):,}"),
        ("zero (watched, nothing happened)", f"{int((counts['count'] == 0).sum()):,}"),
        ("missing (watched, count not known)", f"{int(missing.sum()):,}"),
        ("not covered (not watched)", f"{int((~watched).sum()):,}"),
        ("partial (watched on some days only)", f"{int(partial.sum()):,}"),
    ]


def _tally(words: pd.Series) -> str:
    """Write how often each word occurs, the ten most frequent by name."""
    tally = words.value_counts()
    listed = ", ".join(f"{n:,} {word}" for word, n in tally.head(10).items())
    return listed if len(tally) <= 10 else f"{listed} and {len(tally) - 10} more"


def _summarise_events(events: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of events holds."""
    dated = events["date_precision"].fillna("not said")
    database = (events["source"] + " " + events["source_version"].fillna("")).str.strip()
    return [
        ("events", f"{len(events):,}"),
        ("database", _tally(database)),
        ("days", f"{written(events['start'].min())} to {written(events['start'].max())}"),
        *([("countries", _tally(events["country"]))] if "country" in events else []),
        ("dated to the", _tally(dated)),
        ("without coordinates", f"{int(events['latitude'].isna().sum()):,}"),
    ]


def _summarise_coverage(coverage: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of coverage holds."""
    first, last = coverage["watched_from"].min(), coverage["watched_to"].max()
    return [
        ("stretches", f"{len(coverage):,}"),
        ("sources", _tally(coverage["source"])),
        ("days", f"{written(first)} to {written(last)}"),
    ]


_READERS: dict[str, Callable[[pd.DataFrame], _Looked]] = {
    "definitions": _look_at_definitions,
    "counts": _look_at_counts,
    "coverage": _look_at_coverage,
    "unknown": _look_at_unknown,
}
_SUMMARIES: dict[str, Callable[[pd.DataFrame], list[tuple[str, str]]]] = {
    "statements": _summarise_statements,
    "definitions": _summarise_definitions,
    "counts": _summarise_counts,
    "coverage": _summarise_coverage,
    "events": _summarise_events,
}


def _verdict(file: FileReport) -> str:
    """Say in a line what a file is and how many faults it has."""
    rows = f"{file.n_rows:,} row{'' if file.n_rows == 1 else 's'}"
    what = "not read" if file.kind == "unknown" and not file.sha256 else f"{file.kind}, {rows}"
    n_faults, n_doubts = len(file.faults), len(file.doubts)
    faults = f"{n_faults} fault{'' if n_faults == 1 else 's'}" if n_faults else "no fault"
    doubts = f", {n_doubts} doubt{'' if n_doubts == 1 else 's'}" if n_doubts else ""
    return f"{what}, {faults}{doubts}"


def _place(fault: Fault) -> str:
    """Say where in its file a fault is."""
    row = "" if fault.row is None else f"row {fault.row}"
    column = f"column {fault.column}" if fault.column else ""
    return ", ".join(part for part in (row, column) if part) or "file"


def _message(fault: Fault) -> str:
    """Say the rule, the value and the remedy."""
    got = f", got {fault.value!r}" if fault.value else ""
    return f"{fault.rule}{got}. {fault.fix}"


def _some_doubts(doubts: Sequence[Fault], most: int = 3) -> list[str]:
    """Write a few doubts of each rule, and how many more there are."""
    by_rule: dict[str, list[Fault]] = {}
    for doubt in doubts:
        by_rule.setdefault(doubt.rule, []).append(doubt)
    lines = []
    for rule, alike in by_rule.items():
        lines += [f"{_place(doubt)}: {_message(doubt)}" for doubt in alike[:most]]
        if len(alike) > most:
            lines.append(f"and {len(alike) - most} more rows: {rule}.")
    return lines


def _section(file: FileReport) -> str:
    """Write one file's report as HTML."""
    parts = [f"<h2>{html.escape(file.file)}</h2>", f"<p>{html.escape(_verdict(file))}</p>"]
    if file.summary:
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(words)}</th><td>{html.escape(figure)}</td></tr>"
            for words, figure in file.summary
        )
        parts.append(f"<table>{rows}</table>")
    parts += [_fault_table("Faults", file.faults), _fault_table("Doubts", file.doubts)]
    return "<section>" + "\n".join(part for part in parts if part) + "</section>"


def _fault_table(heading: str, faults: Sequence[Fault]) -> str:
    """Write faults or doubts as an HTML table, nothing when there are none."""
    if not faults:
        return ""
    head = "".join(f"<th scope='col'>{word}</th>" for word in _HEADINGS)
    rows = [
        "".join(f"<td>{html.escape(cell)}</td>" for cell in _fault_cells(fault)) for fault in faults
    ]
    body = "".join(f"<tr>{cells}</tr>" for cells in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h3>{heading}</h3>\n{table}"


_HEADINGS = ("row", "column", "value", "rule", "what to do")


def _fault_cells(fault: Fault) -> tuple[str, ...]:
    """Write a fault as the cells of a table row."""
    row = "" if fault.row is None else str(fault.row)
    return row, fault.column, fault.value, fault.rule, fault.fix


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --rule: color-mix(in srgb, currentColor 25%, transparent); }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
}} section {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ text-align: start; vertical-align: top; padding: .3rem .8rem .3rem 0; }}
tr {{ border-bottom: 1px solid var(--rule); }}
td {{ overflow-wrap: anywhere; unicode-bidi: plaintext; }}
</style>
</head>
<body>
<h1>{title}</h1>
{sections}
</body>
</html>
"""
