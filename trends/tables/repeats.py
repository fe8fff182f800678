"""Which rows of an event table tell of one event twice, and which of them is kept?

A row for each actor (as ACLED exports them), downloads that overlap, and rows revised by their
database all repeat an id. What they agree on is one event; where they do not agree, nothing is
chosen.
"""

from __future__ import annotations

import re

import pandas as pd

from trends.tables.cells import one_spelling
from trends.tables.faults import Fault
from trends.tables.sources import Layout

# A number as a spreadsheet shows it when a column is narrow: its last digits are gone.
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")

SAME = "the row tells of an event once more and is not counted again"
OLDER = "the row is an older version of an event, of which the later is counted"
ACTOR = "the row names another actor of the same event and is not counted again"


def settle_repeats(
    cells: pd.DataFrame, layout: Layout
) -> tuple[pd.DataFrame, list[Fault], list[Fault]]:
    """Keep one row of each event, and say of every other what became of it.

    Parameters
    ----------
    cells : DataFrame of n_rows rows
        Text cells of a database, spelled as in its layout.
    layout : Layout
        Which database it is.

    Returns
    -------
    kept : DataFrame
        Rows of one event each.
    faults : list of Fault
        Ids that a spreadsheet has shortened, and rows of one id that differ.
    doubts : list of Fault
        One for each row left out.
    """
    name = layout.columns["event_id"]
    ids = cells[name].map({text: one_spelling(text) for text in cells[name].unique()})
    if layout.published:
        ids = ids.str.removesuffix(".0")
    cells = _with(cells, **{name: ids.astype("str")})
    shortened = ids.str.fullmatch(_SHORTENED)
    faults = [_shortened(cells, row, name) for row in cells.index[shortened]]
    repeated = ids.duplicated(keep=False) & (ids != "") & ~shortened
    if not repeated.any():
        return cells, faults, []
    rows = cells[repeated].apply(lambda column: column.str.strip())
    left_out: dict[str, pd.Index] = {}
    if layout.revised in rows:
        revised = pd.to_numeric(rows[layout.revised], errors="coerce")
        older = rows.index[revised < revised.groupby(rows[name]).transform("max")]
        left_out[OLDER], rows = older, rows.drop(older)
    same = rows.index[rows.duplicated(keep="first")]
    left_out[SAME], rows = same, rows.drop(same)
    others = [column for column in rows if column not in layout.sides]
    if len(others) < rows.shape[1]:
        cells, left_out[ACTOR] = _one_of_each_side(cells, rows, others, name)
        rows = rows.drop(left_out[ACTOR])
    disputed = rows[rows[name].duplicated(keep=False)]
    faults += _disputes(disputed, name, str(cells.attrs.get("file", "")))
    doubts = [
        _fault(cells, row, name, rule, "Nothing, if that is what the rows mean.")
        for rule, gone in left_out.items()
        for row in gone
    ]
    kept = cells.drop(cells.index.intersection(pd.Index([d.row for d in doubts])))
    kept.attrs = dict(cells.attrs)
    return kept, faults, doubts


def _one_of_each_side(
    cells: pd.DataFrame, rows: pd.DataFrame, others: list[str], name: str
) -> tuple[pd.DataFrame, pd.Index]:
    """Fold rows that differ in their actors only; the first row gets the actor of the second."""
    alike = rows.groupby(others, sort=False, dropna=False)
    one_event = alike[name].transform("size") == rows.groupby(name)[name].transform("size")
    folded = rows[one_event & rows.duplicated(others, keep=False)]
    gone = folded.index[folded.duplicated(others, keep="first")]
    if "actor1" in rows:
        actors = folded.loc[gone].drop_duplicates(name).set_index(name)["actor1"]
        first = folded.drop(gone)
        second = cells["actor2"] if "actor2" in cells else pd.Series("", index=cells.index)
        told = first[name].map(actors).fillna("")
        second = second.astype("str").where(
            ~cells.index.isin(told.index) | (second != ""), other=pd.NA
        )
        cells = _with(cells, actor2=second.fillna(told).fillna("").astype("str"))
    return cells, gone


def _with(cells: pd.DataFrame, **columns: pd.Series) -> pd.DataFrame:
    """Return cells with other columns, and what was known of them."""
    changed = cells.assign(**columns)
    changed.attrs = dict(cells.attrs)
    return changed


def _disputes(rows: pd.DataFrame, name: str, file: str) -> list[Fault]:
    """Return a fault for each row of an event whose rows contradict one another."""
    faults = []
    for event, group in rows.groupby(name, sort=False):
        differing = [column for column in group if (group[column] != group[column].iloc[0]).any()]
        faults += [
            Fault(
                file=file,
                row=int(row),
                column=name,
                value=str(event),
                rule=f"must be unique, but its rows differ in {', '.join(differing[:3])}",
                fix="Keep the row that holds (that of the latest download); remove the other.",
            )
            for row in group.index
        ]
    return faults


def _shortened(cells: pd.DataFrame, row: int, name: str) -> Fault:
    """Say that a spreadsheet has cut an id."""
    return _fault(
        cells,
        row,
        name,
        "must be the id in full; a spreadsheet such as Excel has shortened it",
        "Take the file as it was downloaded, or import this column into Excel as text.",
    )


def _fault(cells: pd.DataFrame, row: int, name: str, rule: str, fix: str) -> Fault:
    """Return a fault or doubt about the id of a row."""
    return Fault(
        file=str(cells.attrs.get("file", "")),
        row=int(row),
        column=name,
        value=str(cells.loc[row, name]),
        rule=rule,
        fix=fix,
    )
