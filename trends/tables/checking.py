"""Which rules of its schema does a table break, said so that its owner can repair it?

Pandera finds; this module turns what it finds into `Fault`s with a row, a column, a value and a
remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from trends.tables import count_rules
from trends.tables.cells import CellKind, convert
from trends.tables.faults import Fault

#: Models of `trends.tables.schemas`. They are named and not handed on, because Pandera takes longer
#: to import than most tables take to be read, and much is counted without it.
Schema = Literal["Statements", "Definitions", "EventCounts", "Events", "Coverage"]


@dataclass(frozen=True)
class _Remedy:
    """What a broken rule is called, what to do, and which columns a whole-row rule looks at."""

    fix: str
    rule: str = ""
    columns: tuple[str, ...] = ()


_REMEDIES = {
    "field_uniqueness": _Remedy(
        "Keep one row of each: the one that holds, and the latest where it was revised.",
        "must be unique",
    ),
    "column_in_dataframe": _Remedy(
        "Add the column; leave its cells empty where nothing is known.", "this column is missing"
    ),
    "column_in_schema": _Remedy("", "this column does not belong here"),
    "not_nullable": _Remedy("Fill the cell in.", "must not be empty"),
    "str_length": _Remedy("Fill the cell in.", "must not be empty"),
    "greater_than_or_equal_to": _Remedy("Correct the number.", "must be 0 or more"),
    "in_range": _Remedy("Correct the coordinate; latitude comes first."),
    "isin": _Remedy("Use one of these words."),
    "dtype": _Remedy("Convert the column, for instance with pd.to_datetime or astype."),
    "str_matches": _Remedy("Correct the word.", "must be lower-case words joined by underscores"),
    "window_end is not before window_start": _Remedy(
        "Swap or correct the two dates.",
        rule="window_end must not be before window_start",
        columns=("window_start", "window_end"),
    ),
    "window_basis is unknown exactly when an end of the window is blank": _Remedy(
        "Write `unknown` where an end is blank, otherwise `stated` or `inferred`.",
        rule="window_basis must be unknown exactly when an end of the window is blank",
        columns=("window_start", "window_end", "window_basis"),
    ),
    "a figure is given: count, or count_low or count_high of a range": _Remedy(
        "Enter the figure.",
        rule="must hold a figure: count, or count_low or count_high of a range",
        columns=("count_low", "count", "count_high"),
    ),
    "count_low <= count <= count_high": _Remedy(
        "Correct the bounds; leave them empty unless the figure is a range.",
        rule="must have count_low <= count <= count_high",
        columns=("count_low", "count", "count_high"),
    ),
    "part_of names another statement of this table": _Remedy(
        "Add the whole, or leave part_of empty.",
        rule="must name another statement of this table",
        columns=("part_of",),
    ),
    "part_kind is given exactly when part_of is": _Remedy(
        "Say what kind of part it is (area, country, actor, type, target, period or subset), "
        "or leave both empty.",
        rule="part_kind must be given exactly when part_of is",
        columns=("part_of", "part_kind"),
    ),
    "only a rival names the primary figure, another one of this table": _Remedy(
        "Write the id of the primary figure beside a rival; leave it empty otherwise.",
        rule="rival_of must name another statement of this table, and only in a rival row",
        columns=("role", "rival_of"),
    ),
    "a forecast was published before its window ended": _Remedy(
        "Enter the day on which it was published, and leave forecast_of empty for a count.",
        rule="a forecast must have been published before its window ended",
        columns=("forecast_of", "published_on", "window_end"),
    ),
    "per is given exactly when the quantity is a rate": _Remedy(
        "Write month, quarter or year in `per` of a rate; leave it empty for counts and stocks.",
        rule="per must be given exactly when the quantity is a rate",
        columns=("quantity", "per"),
    ),
    "bounds are of a range or a rounded figure": _Remedy(
        "Leave count_low and count_high empty, or write range or about as the qualifier; a range "
        "has at least one of them.",
        rule="bounds must be given for a range, and else only for a rounded figure",
        columns=("count_low", "count", "count_high", "qualifier"),
    ),
    "the first event since a day is the first, not the zeroth": _Remedy(
        "Write an exact count of 0 where nothing happened since that day.",
        rule="an nth-since figure must be at least 1",
        columns=("count", "qualifier"),
    ),
    "counts_to is not before counts_from": _Remedy(
        "Swap or correct the two dates.",
        rule="counts_to must not be before counts_from",
        columns=("counts_from", "counts_to"),
    ),
    "no count where exposure is 0 (not covered)": _Remedy(
        "Leave the count empty where nobody watched; enter the days watched where somebody did.",
        rule="must have no count where exposure is 0 (not covered)",
        columns=("count", "exposure"),
    ),
    "exposure is 0 or at least a millionth": _Remedy(
        "Enter the days observed, 0 where nobody watched.",
        rule="must have an exposure of 0, or of at least a millionth",
        columns=("exposure",),
    ),
    "exposure is at most the days of the period": _Remedy(
        "Enter the days of the period that were watched.",
        rule="exposure must be at most the days of the period",
        columns=("period", "exposure"),
    ),
    "complete only where every day of the period was observed": _Remedy(
        "Write false where only some days were observed, or correct the exposure.",
        rule="must be complete only where every day of the period was observed",
        columns=("period", "exposure", "complete"),
    ),
    "as_of is not after today": _Remedy(
        "Enter the day on which the counts were read.",
        rule="as_of must not be after today",
        columns=("as_of",),
    ),
    "one row per group and period": _Remedy(
        "Keep one row for each group and period; vintages of one table differ in as_of.",
        rule="must have one row per group and period",
        columns=("period",),
    ),
    "periods follow one another without a gap": _Remedy(
        "Add the missing periods: count 0 if watched and nothing happened, "
        "exposure 0 if not watched.",
        rule="periods must follow one another without a gap",
    ),
    "latitude and longitude are given together": _Remedy(
        "Enter both coordinates, or leave both empty.",
        rule="must have both latitude and longitude, or neither",
        columns=("latitude", "longitude"),
    ),
    "watched_to is not before watched_from": _Remedy(
        "Swap or correct the two dates.",
        rule="watched_to must not be before watched_from",
        columns=("watched_from", "watched_to"),
    ),
}


def typed_table(
    cells: pd.DataFrame,
    kinds: Mapping[str, CellKind],
    schema: Schema,
    *,
    source_kinds: tuple[str, ...] = (),
) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert a table of text and hold it against a schema.

    Parameters
    ----------
    cells : DataFrame of n_rows rows
        Text, as `read_cells` returns it; its index is the row in the file.
    kinds : mapping of column name to CellKind
        How each column is read.
    schema : {"Statements", "Definitions", "EventCounts", "Events", "Coverage"}
        One of `trends.tables.schemas`.
    source_kinds : tuple of str
        Kinds of source that a subject pack adds to those that statements may name.

    Returns
    -------
    table : DataFrame of n_rows rows
        Of use only when there are no faults.
    faults : list of Fault
        Every fault, in the order of the file.
    """
    table, faults = convert(cells, kinds)
    unreadable = {(fault.row, fault.column) for fault in faults}
    file = str(cells.attrs.get("file", ""))
    broken = check_table(table, schema, file=file, source_kinds=source_kinds)
    # A cell that could not be read is empty now; what follows from that alone is not a second
    # fault.
    faults += [
        fault
        for fault in broken
        if not any((fault.row, column) in unreadable for column in fault.column.split(", "))
    ]
    if cells.empty:
        faults.append(
            Fault(
                file=file,
                row=None,
                column="",
                value="",
                rule="the table has a header but no rows",
                fix="Save the table again, with its rows.",
            )
        )
    return table, in_file_order(faults)


def check_table(
    table: pd.DataFrame, schema: Schema, *, file: str = "", source_kinds: tuple[str, ...] = ()
) -> list[Fault]:
    """Return every fault of a table against a schema.

    Parameters
    ----------
    table : DataFrame
        The table; the labels of its index are reported as rows where they are numbers that do not
        repeat, otherwise rows are counted from 0.
    schema : {"Statements", "Definitions", "EventCounts", "Events", "Coverage"}
        One of `trends.tables.schemas`.
    file : str
        Name to report.
    source_kinds : tuple of str
        Further kinds of source that statements may name.

    Returns
    -------
    list of Fault
        In the order of the table; empty when it is valid.
    """
    if schema == "EventCounts" and count_rules.plainly_hold(table):
        return []
    if not (table.index.is_unique and pd.api.types.is_integer_dtype(table.index)):
        table = table.reset_index(drop=True)
    from trends.tables import schemas

    model = schemas.statements_of(source_kinds) if source_kinds else getattr(schemas, schema)
    cases = schemas.broken_rules(table, model)
    return in_file_order(
        {_fault(case, table, schema, file) for case in cases if _speaks(case, table)}
    )


def schema_columns(schema: Schema) -> list[str]:
    """Return the columns of a schema, in its order."""
    from trends.tables import schemas

    return list(getattr(schemas, schema).to_schema().columns)


def in_file_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults by row, faults of the whole file first."""
    return sorted(faults, key=lambda fault: (fault.row or 0, fault.column, fault.rule))


def _speaks(case: dict[str, object], table: pd.DataFrame) -> bool:
    """Say whether a failure case tells something that the missing columns do not already tell."""
    remedy = _REMEDIES.get(str(case["check"]))
    return remedy is None or all(column in table for column in remedy.columns)


def _rename_hint(column: str, table: pd.DataFrame, schema: Schema) -> str:
    """Say what a column that does not belong here was probably meant to be."""
    missing = [name for name in schema_columns(schema) if name not in table.columns]
    near = difflib.get_close_matches(column.strip().lower(), missing, n=1)
    return f"Rename it to {near[0]}." if near else "Remove the column or correct its name."


def _fault(case: dict[str, object], table: pd.DataFrame, schema: Schema, file: str) -> Fault:
    """Translate one of Pandera's failure cases."""
    check = str(case["check"])
    remedy = _REMEDIES.get(check) or _REMEDIES.get(check.split("(")[0]) or _Remedy("Correct it.")
    label: Any = case["index"]
    row = None if label is None or pd.isna(label) else int(label)
    column, value = str(case["column"] or ""), str(case["failure_case"])
    fix = remedy.fix
    if check.startswith("column_in"):
        column, value, row = value, "", None
        fix = _rename_hint(column, table, schema) if check == "column_in_schema" else fix
    elif case["schema_context"] == "DataFrameSchema":
        column = ", ".join(remedy.columns)
        value = "" if row is None else _row_text(table.loc[[row]].iloc[0], remedy.columns)
    elif check == "not_nullable" or check.startswith("str_length"):
        value = ""
    return Fault(
        file=file,
        row=row,
        column=column,
        value=value,
        rule=remedy.rule or _rule_text(check),
        fix=fix,
    )


def _row_text(row: pd.Series, columns: tuple[str, ...]) -> str:
    """Write the cells a whole-row rule looked at."""
    return ", ".join("empty" if pd.isna(row[name]) else _cell_text(row[name]) for name in columns)


def _cell_text(cell: object) -> str:
    """Write one cell; a timestamp at midnight is a date."""
    if isinstance(cell, pd.Timestamp) and cell == cell.normalize():
        return cell.date().isoformat()
    return str(cell)


def _rule_text(check: str) -> str:
    """Write a check of Pandera's own as a rule."""
    if check.startswith("isin("):
        words = check.removeprefix("isin(").rstrip(")").strip("[]()")
        return f"must be one of {words.replace(chr(39), '')}"
    if check.startswith("in_range("):
        low, high = check.removeprefix("in_range(").rstrip(")").split(", ")[:2]
        return f"must be between {low} and {high}"
    if check.startswith("dtype("):
        return f"must be of type {check.removeprefix('dtype(').rstrip(')').strip(chr(39))}"
    return check
