"""What does a TOML file of the project say, and where does it say something else than it should?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from trends.tables.faults import Fault, InvalidTable


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If it is not TOML in UTF-8.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, ValueError) as fault:
        what = "UTF-8 text" if isinstance(fault, UnicodeDecodeError) else "TOML"
        raise InvalidTable(
            [_fault(path, "", "", f"must be {what} ({fault})", "Correct the line.")]
        ) from None
    except RecursionError:
        raise InvalidTable(
            [_fault(path, "", "", "must be TOML, is nested too deep", "Take the brackets out.")]
        ) from None


def tables_of_text(value: object, path: Path, name: str) -> dict[str, dict[str, str]]:
    """Return the tables within a table, each entry of which must be text.

    Parameters
    ----------
    value : object
        What stands under `name`.
    path : Path
        The file, for the faults.
    name : str
        Name of the table.

    Returns
    -------
    dict of dict of str

    Raises
    ------
    InvalidTable
        If something in it is no table or no text; every fault is listed.
    """
    if not isinstance(value, dict):
        raise InvalidTable([_fault(path, name, value, "must be a table", f"Write [{name}.key].")])
    faults = []
    for key, entry in value.items():
        if not isinstance(entry, dict):
            faults.append(
                _fault(path, f"{name}.{key}", entry, "must be a table", f"Write [{name}.{key}].")
            )
            continue
        faults += [
            _fault(path, f"{name}.{key}.{part}", text, "must be text", "Put it in quotes.")
            for part, text in entry.items()
            if not isinstance(text, str)
        ]
    if faults:
        raise InvalidTable(faults)
    return value


def _fault(path: Path, column: str, value: object, rule: str, fix: str) -> Fault:
    """Return a fault of a TOML file."""
    return Fault(file=path.name, row=None, column=column, value=str(value), rule=rule, fix=fix)
