"""Which published figures does a file hold?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from trends.tables.cells import DATE, WHOLE_NUMBER
from trends.tables.checking import typed_table
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells
from trends.tables.schemas import Statements

_KINDS = {
    **dict.fromkeys(("count_low", "count", "count_high"), WHOLE_NUMBER),
    **dict.fromkeys(("window_start", "window_end", "published_on"), DATE),
}


def read_statements(path: str | Path) -> pd.DataFrame:
    """Read a table of published count statements.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet (CSV and TSV also packed) with the columns of the schema
        `Statements`.

    Returns
    -------
    DataFrame of n_statements rows
        Valid by the schema `Statements`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If the file breaks a rule; every fault is listed with row, column, value and remedy.
    """
    statements, faults = statements_from_cells(read_cells(path))
    if faults:
        raise InvalidTable(faults)
    return statements.reset_index(drop=True)


def statements_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as count statements."""
    return typed_table(cells, _KINDS, Statements)
