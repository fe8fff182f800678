"""Which event counts does a file hold?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from trends.tables.calendar import format_period
from trends.tables.cells import NUMBER, PERIOD, WHOLE_NUMBER, YES_NO
from trends.tables.checking import typed_table
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells
from trends.tables.schemas import EventCounts

_KINDS = {"period": PERIOD, "count": WHOLE_NUMBER, "exposure": NUMBER, "complete": YES_NO}


def read_counts(path: str | Path) -> pd.DataFrame:
    """Read an event-count table.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet (CSV and TSV also packed) with the columns ``period`` (2024-05-03,
        2024-W18, 2024-05, 2024-Q2 or 2024), ``count`` (empty where not known), ``exposure`` (days
        observed, 0 where nobody watched) and ``complete`` (true or false); every other column is a
        group column.

    Returns
    -------
    DataFrame of n_rows rows
        Valid by the schema `EventCounts`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If the file breaks a rule; every fault is listed with row, column, value and remedy.
    """
    counts, faults = counts_from_cells(read_cells(path))
    if faults:
        raise InvalidTable(faults)
    return counts.reset_index(drop=True)


def write_counts(counts: pd.DataFrame, path: str | Path) -> None:
    """Write an event-count table as CSV, as `read_counts` reads it.

    Parameters
    ----------
    counts : DataFrame
        An event-count table.
    path : str or Path
        Where to; an existing file is replaced in one step, so that no half-written table is seen.
    """
    written = counts.assign(
        period=[format_period(period) for period in counts["period"]],
        complete=counts["complete"].map({True: "true", False: "false"}),
    )
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    try:
        written.to_csv(beside, index=False)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def counts_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as event counts."""
    return typed_table(cells, _KINDS, EventCounts)
