"""Where does each place of a country stand in a sketch of its map?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from trends.tables.cells import WHOLE_NUMBER
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_sheets

_NEEDED = ("country", "governorate", "row", "column")


def read_tile_grid(path: str | Path, *, country: str) -> pd.DataFrame:
    """Read the places of a country with their places in a grid.

    Parameters
    ----------
    path : str or Path
        Table with the columns country, governorate, row (0 in the north) and column (0 in the
        west), the last two empty for what has no place. Further columns are kept; those named n_
        hold whole numbers.
    country : str
        Whose places.

    Returns
    -------
    DataFrame of n_places rows
        In the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the table has no place of that country.
    InvalidTable
        If a column is missing, a position is no whole number, or two places of the country stand
        in one cell of the grid.
    """
    cells = next(iter(read_sheets(path)))
    missing = [name for name in _NEEDED if name not in cells]
    if missing:
        raise InvalidTable(
            [_fault(cells, None, name, "", "this column is missing", "Add it.") for name in missing]
        )
    own = cells[cells["country"] == country].copy()
    if own.empty:
        raise ValueError(
            f"`country` must be one of {', '.join(cells['country'].unique())}, got {country!r}. "
            "Correct the name."
        )
    faults = []
    for name in ("row", "column", *(name for name in own if name.startswith("n_"))):
        numbers, wrong = WHOLE_NUMBER.read(own[name])
        faults += [
            _fault(own, at, name, own.loc[at, name], WHOLE_NUMBER.rule, WHOLE_NUMBER.fix)
            for at in own.index[wrong]
        ]
        own[name] = numbers.astype("Int64")
    taken = own[own["row"].notna() & own.duplicated(["row", "column"], keep=False)]
    faults += [
        _fault(
            own, at, "row, column", f"{place['row']}, {place['column']}",
            "no two places of a country may stand in one cell of the grid", "Move one of them.",
        )
        for at, place in taken.iterrows()
    ]  # fmt: skip
    if faults:
        raise InvalidTable(faults)
    own.attrs = dict(cells.attrs)
    return own.reset_index(drop=True)


def _fault(
    cells: pd.DataFrame, row: object, column: str, value: object, rule: str, fix: str
) -> Fault:
    """Say what is wrong with a cell."""
    return Fault(
        file=str(cells.attrs.get("file", "")),
        row=None if row is None else int(str(row)),
        column=column,
        value=str(value),
        rule=rule,
        fix=fix,
    )
