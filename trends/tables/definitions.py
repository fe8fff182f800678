"""What did a counter count, from which day to which, and where does that change?"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from trends.tables.cells import DATE
from trends.tables.checking import schema_columns, typed_table
from trends.tables.choices import DEFINITION_COLUMNS
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells

#: Name of the table of definitions that lies beside a table of statements.
BESIDE = "definitions.csv"

_KINDS = {"counts_from": DATE, "counts_to": DATE}
_DEFAULTS = {"basis": "stated"}


class Break(NamedTuple):
    """A day on which what is counted changes: a jump there is of the counting.

    Attributes
    ----------
    date : Timestamp
        First day of the new way of counting.
    before, after : str
        Ids of the two definitions.
    basis : str
        Whether the day is stated or inferred.
    counts_before, counts_after : str
        What was counted before and after, in English.
    counts_before_ar, counts_after_ar : str
        The same in Arabic; empty where it is not told.
    """

    date: pd.Timestamp
    before: str
    after: str
    basis: str = "stated"
    counts_before: str = ""
    counts_after: str = ""
    counts_before_ar: str = ""
    counts_after_ar: str = ""


def read_definitions(path: str | Path, *, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read a table of what counters counted from when to when.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet with at least the columns definition, counter, measure,
        counts_from, counts_to and counts.
    encoding : str
        How text is written. Default UTF-8.

    Returns
    -------
    DataFrame of n_definitions rows
        Valid by the schema `Definitions`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the encoding is unknown.
    InvalidTable
        If the file breaks a rule, overlapping definitions among them; every fault is listed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trends
    >>> text = (
    ...     "definition,counter,measure,counts_from,counts_to,counts\n"
    ...     "confirmed,Monitor,incidents,2020-01-01,,confirmed incidents only\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(f"{folder}/definitions.csv").write_text(text)
    ...     definitions = trends.read_definitions(f"{folder}/definitions.csv")
    >>> definitions["basis"].tolist()
    ['stated']
    """
    definitions, faults = definitions_from_cells(read_cells(path, encoding=encoding))
    if faults:
        raise InvalidTable(faults)
    return definitions.reset_index(drop=True)


def definitions_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as definitions."""
    optional = [name for name in schema_columns("Definitions") if name not in cells]
    filled = cells.assign(**{name: "" for name in optional if name not in DEFINITION_COLUMNS})
    if "basis" in filled:
        filled["basis"] = filled["basis"].where(filled["basis"] != "", _DEFAULTS["basis"])
    filled.attrs = dict(cells.attrs)
    definitions, faults = typed_table(filled, _KINDS, "Definitions")
    if not faults:
        faults = _overlaps(definitions, str(cells.attrs.get("file", "")))
    return definitions, faults


def _overlaps(definitions: pd.DataFrame, file: str) -> list[Fault]:
    """Find days for which one counter is said to have counted one measure in two ways."""
    faults = []
    early, late = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
    starts = definitions["counts_from"].fillna(early)
    ends = definitions["counts_to"].fillna(late)
    keys = definitions[["counter", "measure", "control_area"]].fillna("")
    for _, own in keys.groupby(list(keys)):
        rows = sorted(own.index, key=lambda row: starts[row])
        for one, two in itertools.pairwise(rows):
            if starts[two] > ends[one]:
                continue
            other = definitions.loc[one, "definition"]
            faults.append(
                Fault(
                    file=file,
                    row=int(two),
                    column="counts_from, counts_to",
                    value=str(definitions.loc[two, "definition"]),
                    rule=f"must share no day with {other}, of the same counter, measure and area",
                    fix="Let the first end on the day before the second begins.",
                )
            )
    return faults


class Records(dict[str, dict[str, str]]):
    """Definitions as text by id. They are not changed, so their copy is they themselves.

    Pandas copies what a table carries with every row and column that is taken of it.
    """

    def __deepcopy__(self, _: Any) -> Records:
        """Return the same definitions."""
        return self


def definition_records(definitions: pd.DataFrame) -> Records:
    """Return definitions as text by id, as statements carry them in ``attrs["definitions"]``."""
    shown = definitions.assign(
        **{name: definitions[name].dt.strftime("%Y-%m-%d") for name in ("counts_from", "counts_to")}
    )
    rows = shown.fillna("").astype(str).to_dict("records")
    return Records(
        (row["definition"], {str(key): text for key, text in row.items()}) for row in rows
    )


def definition_faults(
    statements: pd.DataFrame, definitions: Mapping[str, Mapping[str, str]], file: str
) -> list[Fault]:
    """Find figures whose definition is unknown, of another counter, or of other days."""
    faults = []
    rows = statements[statements["definition"].notna()]
    for label, row in zip(rows.index, rows.to_dict("records"), strict=True):
        name = row["definition"]
        if name not in definitions:
            near = difflib.get_close_matches(str(name), definitions, n=1)
            fix = f"Write {near[0]}." if near else f"Add it to {BESIDE}, or leave the cell empty."
            rule = f"must be the id of a definition in {BESIDE}"
            faults.append(_fault(file, label, "definition", name, rule, fix))
            continue
        entry = definitions[name]
        faults += [
            _fault(
                file,
                label,
                f"definition, {column}",
                f"{name}, {row[column]}",
                f"must have the {column} of its definition, {entry[column]}",
                "Correct one of the two.",
            )
            for column in ("counter", "measure")
            if row[column] != entry[column]
        ]
        start, end = pd.Timestamp(entry["counts_from"]), pd.Timestamp(entry["counts_to"])
        if row["window_start"] < start or row["window_end"] > end:
            days = f"{row['window_start']:%Y-%m-%d} to {row['window_end']:%Y-%m-%d}"
            held = f"{entry['counts_from'] or 'the beginning'} to {entry['counts_to'] or 'today'}"
            rule = f"must lie within the days of its definition {name}, {held}"
            fix = "Correct the window, or extend or change the definition."
            faults.append(_fault(file, label, "window_start, window_end", days, rule, fix))
    return faults + _unlike_parts(statements, file)


def _unlike_parts(statements: pd.DataFrame, file: str) -> list[Fault]:
    """Find parts that follow another definition than their whole."""
    known = statements[statements["definition"].notna()]
    of = dict(zip(known["statement_id"], known["definition"], strict=True))
    parts = known[known["part_of"].isin(of) & (known["part_kind"] != "subset")]
    return [
        _fault(
            file,
            label,
            "definition, part_of",
            f"{row['statement_id']} {row['definition']}, {row['part_of']} {of[row['part_of']]}",
            "a part must follow the definition of its whole",
            "Correct one of the two, or unlink them: they count different things.",
        )
        for label, row in zip(parts.index, parts.to_dict("records"), strict=True)
        if row["definition"] != of[row["part_of"]]
    ]


def _fault(file: str, row: int, column: str, value: object, rule: str, fix: str) -> Fault:
    """Return a fault of one row."""
    return Fault(file=file, row=int(row), column=column, value=str(value), rule=rule, fix=fix)


def breaks_between(
    counted: Iterable[tuple[pd.Timestamp, str]], definitions: Mapping[str, Mapping[str, str]]
) -> list[Break]:
    """Return where the definition changes along figures of one counter.

    Parameters
    ----------
    counted : iterable of (first day, definition id)
        Figures in the order of time; an empty id says nothing.
    definitions : mapping
        As ``attrs["definitions"]`` of a table of statements.

    Returns
    -------
    list of Break
        The day is the first of the new definition or, where its entry tells none, the first day
        counted by it.

    Examples
    --------
    >>> days = pd.to_datetime(["2020-11-01", "2021-01-01"])
    >>> [each.before for each in breaks_between(zip(days, ["all", "own"]), {})]
    ['all']
    """
    found = []
    last = ""
    for day, name in counted:
        if name and last and name != last:
            old, new = definitions.get(last, {}), definitions.get(name, {})
            told = pd.Timestamp(new.get("counts_from") or day)
            found.append(
                Break(
                    date=told,
                    before=last,
                    after=name,
                    basis=new.get("basis", "stated"),
                    counts_before=old.get("counts", ""),
                    counts_after=new.get("counts", ""),
                    counts_before_ar=old.get("counts_ar", ""),
                    counts_after_ar=new.get("counts_ar", ""),
                )
            )
        last = name or last
    return found


def known_breaks(series: pd.DataFrame) -> list[Break]:
    """Return the days on which what a count series counts is known to change.

    Parameters
    ----------
    series : DataFrame
        A count series; `statement_series` writes its breaks in ``attrs["breaks"]``.

    Returns
    -------
    list of Break
        In the order of time; empty where none is known.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2024-01", periods=2, freq="M")
    >>> trends.known_breaks(trends.as_series(pd.Series([1, 2], index=months)))
    []
    """
    return [
        Break(**{**record, "date": pd.Timestamp(record["date"])})
        for record in series.attrs.get("breaks", [])
    ]


def of_one_definition(series: pd.DataFrame, start: int, stop: int) -> pd.DataFrame:
    """Return the periods of a series between two places, all of which were counted in one way.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        A count series.
    start, stop : int
        Place of the first period, and of the first that is left out again.

    Returns
    -------
    DataFrame of stop - start rows
        It knows no break, and nothing is said of one.
    """
    kept = series.iloc[start:stop].copy()
    kept.attrs = {key: value for key, value in series.attrs.items() if key != "breaks"}
    kept.attrs["caveats"] = [
        key
        for key in series.attrs.get("caveats", ())
        if key.partition(":")[0] not in ("definition_break", "gathering_break")
    ]
    return kept


def break_record(each: Break) -> dict[str, Any]:
    """Return a break as text, as a series carries it."""
    return {**each._asdict(), "date": f"{each.date:%Y-%m-%d}"}
