"""Can these tables be trusted, and if not, what has to be repaired where?

Beyond the schemas this looks for what no single cell or row shows: a part larger than its whole,
wholes that are parts of their own parts, the same figure entered twice, days that have not come
yet.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from trends.tables.calendar import format_period
from trends.tables.checking import in_file_order
from trends.tables.counts import counts_from_cells
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells
from trends.tables.schemas import Statements
from trends.tables.series import MEASURED_COLUMNS
from trends.tables.statements import statements_from_cells

TableKind = Literal["statements", "counts", "unknown"]


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """What one file holds and what is wrong with it.

    Attributes
    ----------
    file : str
        Path as given.
    kind : str
        What the table was taken for by its columns: statements, counts, or unknown.
    n_rows : int
        Rows of the table, 0 when it could not be read.
    sha256 : str
        Hash of the file's bytes, "" when they could not be read as a table.
    summary : tuple of (str, str)
        What a person would want to know of the content, as pairs of words and figures.
    faults : tuple of Fault
        Everything wrong, in the order of the file.
    """

    file: str
    kind: str
    n_rows: int
    sha256: str
    summary: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]

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


def validate(paths: str | Path | Sequence[str | Path]) -> ValidationReport:
    """Look for every fault of some tables at once.

    Parameters
    ----------
    paths : str, Path or sequence of them
        Files to look at: statements or event counts, in any format that `read_statements` takes.
        What a table is meant to be is told by its columns.

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
    Published figures may well contradict one another: that parts add up to more than their whole is
    for `find_contradictions` to say. A fault is what cannot be so within one entry: a single part
    that is larger than the whole it is a part of.
    """
    listed = [paths] if isinstance(paths, str | Path) else list(paths)
    if not listed:
        raise ValueError("`paths` must name at least one file, got none. Name the tables to check.")
    return ValidationReport(files=tuple(_look_at(Path(path)) for path in listed))


def _look_at(path: Path) -> FileReport:
    """Read one file and look for everything wrong with it."""
    try:
        cells = read_cells(path)
    except InvalidTable as invalid:
        return FileReport(
            file=str(path),
            kind="unknown",
            n_rows=0,
            sha256="",
            summary=(),
            faults=tuple(invalid.faults),
        )
    kind = table_kind(list(cells.columns))
    table, faults = _READERS[kind](cells)
    return FileReport(
        file=str(path),
        kind=kind,
        n_rows=len(cells),
        sha256=cells.attrs["sha256"],
        summary=() if faults else tuple(_SUMMARIES[kind](table)),
        faults=tuple(in_file_order(set(faults))),
    )


def table_kind(columns: Sequence[str]) -> TableKind:
    """Tell by its columns what a table is meant to be.

    Examples
    --------
    >>> table_kind(["country", "period", "count", "exposure", "complete"])
    'counts'
    """
    names = set(columns)
    of_statements = set(Statements.to_schema().columns)
    if "statement_id" in names or len(names & of_statements) > len(of_statements) / 2:
        return "statements"
    if len(names & set(MEASURED_COLUMNS)) >= 2:
        return "counts"
    return "unknown"


def _fault(file: str, row: int | None, column: str, rule: str, fix: str, value: str = "") -> Fault:
    """Return a fault."""
    return Fault(file=file, row=row, column=column, value=value, rule=rule, fix=fix)


def _read_unknown(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Say that the columns belong to no table of the package."""
    fault = _fault(
        str(cells.attrs["file"]),
        1,
        "",
        "must have the columns of a table of this package",
        "Statements have statement_id, measure, count, window_start, ...; "
        "event counts have period, count, exposure, complete.",
        ", ".join(cells.columns[:8]),
    )
    return cells, [fault]


def _read_statements(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Look for faults in a table of statements."""
    statements, faults = statements_from_cells(cells)
    missing = [name for name in Statements.to_schema().columns if name not in statements]
    # A missing column is reported by the schema; what the others say is looked at all the same.
    filled = statements.assign(
        **{name: pd.NaT if name.startswith("window_") else pd.NA for name in missing}
    )
    return statements, faults + _statement_faults(filled, str(cells.attrs["file"]))


def _statement_faults(statements: pd.DataFrame, file: str) -> list[Fault]:
    """Look for faults that more than one row shows."""
    faults = _days_to_come(statements, ("window_start", "window_end", "published_on"), file)
    others = [name for name in statements.columns if name != "statement_id"]
    first: dict[tuple[str, ...], int] = {}
    for row, same in statements[others].astype("str").apply(tuple, axis="columns").items():
        if same in first:
            twin = statements.loc[first[same], "statement_id"]
            own = str(statements.loc[row, "statement_id"])
            rule = f"must not repeat a row, is {twin} once more"
            faults.append(_fault(file, row, "statement_id", rule, "Remove one of the two.", own))
        else:
            first[same] = row
    firsts = statements.drop_duplicates("statement_id")
    row_of = {str(name): int(row) for row, name in firsts["statement_id"].items()}
    for row, part in statements[statements["part_of"].isin(row_of)].iterrows():
        whole = statements.loc[row_of[part["part_of"]]]
        faults += _part_faults(int(row), part, whole, file)
    return faults + _circular_parts(statements, row_of, file)


def _part_faults(row: int, part: pd.Series, whole: pd.Series, file: str) -> list[Fault]:
    """Compare one part with its whole."""
    alike = part["measure"] == whole["measure"]
    faults = []
    if (alike or part["part_kind"] == "subset") and _at_least(part) > _at_most(whole):
        shown = f"{part['statement_id']} {part['count']} > {whole['statement_id']} {whole['count']}"
        rule = "a part must not be larger than its whole"
        fix = "Correct the figure, or unlink the two if they count different things."
        faults.append(_fault(file, row, "count, part_of", rule, fix, shown))
    starts_early = part["window_start"] < whole["window_start"]
    ends_late = part["window_end"] > whole["window_end"]
    if alike and (starts_early or ends_late):
        shown = f"{_window(part)} of {_window(whole)}"
        rule = "a part's window must lie within its whole's"
        fix = "Correct the windows, or unlink the two."
        faults.append(_fault(file, row, "window_start, window_end, part_of", rule, fix, shown))
    return faults


def _at_least(row: pd.Series) -> float:
    """Return the least that a figure says; a rounded figure says nothing firm."""
    if row["qualifier"] == "about":
        return 0.0
    figure = row["count_low"] if row["qualifier"] == "range" else row["count"]
    return 0.0 if pd.isna(figure) else float(figure) + (row["qualifier"] == "more_than")


def _at_most(row: pd.Series) -> float:
    """Return the most that a figure says; only exact figures and ranges bound from above."""
    figure = {"exact": row["count"], "range": row["count_high"]}.get(row["qualifier"])
    return np.inf if figure is None or pd.isna(figure) else float(figure)


def _window(row: pd.Series) -> str:
    """Write a window."""
    return f"{_day(row['window_start'])} to {_day(row['window_end'])}"


def _day(day: pd.Timestamp) -> str:
    """Write a day, or that it is not known."""
    return "?" if pd.isna(day) else day.date().isoformat()


def _circular_parts(statements: pd.DataFrame, row_of: dict[str, int], file: str) -> list[Fault]:
    """Find wholes that are, by way of other rows, parts of themselves."""
    whole_of = dict(zip(statements["statement_id"], statements["part_of"], strict=True))
    faults = []
    for name in whole_of:
        above, seen = whole_of[name], {name}
        while isinstance(above, str) and above in whole_of and above not in seen:
            seen.add(above)
            above = whole_of[above]
        # A row that is its own whole is already refused by the schema.
        if isinstance(above, str) and above == name and len(seen) > 1:
            rule, fix = (
                "a whole must not be a part of its own parts",
                "Break the circle of part_of.",
            )
            faults.append(_fault(file, row_of[name], "part_of", rule, fix, str(whole_of[name])))
    return faults


def _days_to_come(table: pd.DataFrame, columns: Sequence[str], file: str) -> list[Fault]:
    """Find days after today."""
    today = pd.Timestamp.today().normalize()
    return [
        _fault(file, int(row), name, "must not be in the future", "Correct the date.", _day(day))
        for name in columns
        for row, day in table.loc[table[name] > today, name].items()
    ]


def _read_counts(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Look for faults in a table of event counts."""
    counts, faults = counts_from_cells(cells)
    if "period" in counts and isinstance(counts["period"].dtype, pd.PeriodDtype):
        known = counts[counts["period"].notna()]
        starts = known["period"].dt.start_time
        late = known[starts > pd.Timestamp.today()]
        faults = faults + [
            _fault(
                str(cells.attrs["file"]),
                int(row),
                "period",
                "must not be in the future",
                "Correct the period.",
                format_period(period),
            )
            for row, period in late["period"].items()
        ]
    return counts, faults


def _summarise_statements(statements: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of statements holds."""
    established = statements[statements["window_basis"] != "unknown"]
    return [
        ("figures", f"{len(statements):,}"),
        ("counted by", f"{statements['counted_by'].nunique()} counters"),
        ("measures", f"{statements['measure'].nunique()}"),
        (
            "windows",
            f"{_day(established['window_start'].min())} to {_day(established['window_end'].max())}",
        ),
        ("windows not established", f"{len(statements) - len(established):,}"),
        ("wording", _tally(statements["qualifier"])),
        ("kinds of source", _tally(statements["source_kind"])),
        ("roles", _tally(statements["role"])),
        ("parts of another figure", f"{int(statements['part_of'].notna().sum()):,}"),
    ]


def _summarise_counts(counts: pd.DataFrame) -> list[tuple[str, str]]:
    """Say what a table of event counts holds."""
    groups = [name for name in counts.columns if name not in MEASURED_COLUMNS]
    n_groups = len(counts[groups].drop_duplicates()) if groups else 1
    watched = counts["exposure"] > 0
    partial = watched & ~counts["complete"]
    periods = pd.PeriodIndex(counts["period"])
    return [
        ("groups", f"{n_groups:,}" + (f" by {', '.join(groups)}" if groups else "")),
        ("periods", f"{format_period(periods.min())} to {format_period(periods.max())}"),
        ("events", f"{int(counts['count'].sum()):,}"),
        ("zero", f"{int((counts['count'] == 0).sum()):,} rows watched, nothing happened"),
        (
            "missing",
            f"{int((watched & counts['count'].isna()).sum()):,} rows watched, count not known",
        ),
        ("not covered", f"{int((~watched).sum()):,} rows not watched"),
        ("partial", f"{int(partial.sum()):,} rows watched for some days only"),
    ]


def _tally(words: pd.Series) -> str:
    """Write how often each word occurs."""
    return ", ".join(f"{n:,} {word}" for word, n in words.value_counts().items())


_READERS: dict[str, Callable[[pd.DataFrame], tuple[pd.DataFrame, list[Fault]]]] = {
    "statements": _read_statements,
    "counts": _read_counts,
    "unknown": _read_unknown,
}
_SUMMARIES: dict[str, Callable[[pd.DataFrame], list[tuple[str, str]]]] = {
    "statements": _summarise_statements,
    "counts": _summarise_counts,
}


def _verdict(file: FileReport) -> str:
    """Say in a line what a file is and how many faults it has."""
    rows = f"{file.n_rows:,} row{'' if file.n_rows == 1 else 's'}"
    what = "not read" if file.kind == "unknown" and not file.sha256 else f"{file.kind}, {rows}"
    n_faults = len(file.faults)
    if not n_faults:
        return f"{what}, no fault"
    return f"{what}, {n_faults} fault{'' if n_faults == 1 else 's'}"


def _place(fault: Fault) -> str:
    """Say where in its file a fault is."""
    row = "" if fault.row is None else f"row {fault.row}"
    column = f"column {fault.column}" if fault.column else ""
    return ", ".join(part for part in (row, column) if part) or "file"


def _message(fault: Fault) -> str:
    """Say the rule, the value and the remedy."""
    got = f", got {fault.value!r}" if fault.value else ""
    return f"{fault.rule}{got}. {fault.fix}"


def _section(file: FileReport) -> str:
    """Write one file's report as HTML."""
    parts = [f"<h2>{html.escape(file.file)}</h2>", f"<p>{html.escape(_verdict(file))}</p>"]
    if file.summary:
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(words)}</th><td>{html.escape(figure)}</td></tr>"
            for words, figure in file.summary
        )
        parts.append(f"<table>{rows}</table>")
    if file.faults:
        head = "".join(f"<th scope='col'>{word}</th>" for word in _HEADINGS)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in _fault_cells(fault))
            + "</tr>"
            for fault in file.faults
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "<section>" + "\n".join(parts) + "</section>"


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
