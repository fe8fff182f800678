"""Where does a table come from, who made it, and may it be passed on?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from trends.tables.toml import read_toml

REQUIRED = (
    "producer",
    "title",
    "url",
    "published",
    "accessed",
    "licence",
    "citation",
    "sha256",
    "how_made",
)


#: What a break of a sidecar may say.
BREAK_KEYS = (
    "date",
    "before",
    "after",
    "basis",
    "counts_before",
    "counts_after",
    "counts_before_ar",
    "counts_after_ar",
    "where",
    "url",
    "note",
)


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The sidecar of one table.

    Attributes
    ----------
    file : str
        Name of the table.
    producer, title, url, published, accessed, licence, citation, how_made : str
        Who made it, what it is called, where and when it was published and read, on what terms
        it may be used, how it is cited, and how the file was made from it.
    sha256 : str
        Hash of the file the sidecar was written for.
    caveats : tuple of str
        What must be said wherever the table is shown.
    """

    file: str
    producer: str
    title: str
    url: str
    published: str
    accessed: str
    licence: str
    citation: str
    sha256: str
    how_made: str
    caveats: tuple[str, ...] = ()


def read_provenance(table: str | Path) -> Provenance:
    """Read the sidecar of a table: the TOML file of the same name beside it.

    Parameters
    ----------
    table : path
        The table, such as ``data/statements.csv``.

    Returns
    -------
    Provenance

    Raises
    ------
    FileNotFoundError
        If the table or its sidecar is missing.
    ValueError
        If the sidecar leaves out an entry, or the table is not the one it was written for.
    """
    path = Path(table)
    sidecar = path.with_suffix(".toml")
    entries = read_toml(sidecar)
    missing = [name for name in REQUIRED if name not in entries]
    if missing:
        raise ValueError(
            f"`{sidecar.name}` must have the entries {', '.join(REQUIRED)}, got none for "
            f"{', '.join(missing)}. Add them."
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != entries["sha256"]:
        raise ValueError(
            f"`{path.name}` must have the sha256 of its sidecar, "
            f"{str(entries['sha256'])[:12]}…, got {found[:12]}…. "
            "A new vintage gets a new file and a new sidecar; restore this one."
        )
    chosen = {name: entries[name] for name in REQUIRED}
    return Provenance(file=path.name, caveats=tuple(entries.get("caveats", ())), **chosen)


def sidecar_breaks(table: str | Path) -> list[dict[str, Any]]:
    """Return the breaks that a table's sidecar declares; none where there is no sidecar.

    Parameters
    ----------
    table : path
        The table.

    Returns
    -------
    list of dict
        The entries ``[[breaks]]``: ``date`` (the first day of the new way), ``before`` and
        ``after`` (a short id of each), and what else a break knows; ``where`` holds labels of the
        groups it is about, all groups where it is left out.

    Raises
    ------
    ValueError
        If an entry has no date, no id, or a key that no break has.
    """
    sidecar = Path(table).with_suffix(".toml")
    if not sidecar.exists() or sidecar == Path(table):
        return []
    entries = read_toml(sidecar).get("breaks", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(
            f"`breaks` in {sidecar.name} must be a list of tables, got {entries!r}. "
            "Write each as [[breaks]]."
        )
    for entry in entries:
        missing = [name for name in ("date", "before", "after") if not entry.get(name)]
        unknown = [name for name in entry if name not in BREAK_KEYS]
        if missing or unknown:
            wrong = f"none for {missing[0]}" if missing else f"{unknown[0]!r}"
            raise ValueError(
                f"`breaks` of {sidecar.name} must have the entries date, before and after, and "
                f"otherwise only {', '.join(BREAK_KEYS[3:])}, got {wrong}. Correct the sidecar."
            )
        try:
            date.fromisoformat(str(entry["date"]))
        except ValueError as error:
            raise ValueError(
                f"`breaks` of {sidecar.name} must have a date such as 2016-01-01, got "
                f"{entry['date']!r}. Write the first day of the new way."
            ) from error
    return list(entries)


def provenance_table(tables: list[str | Path], *, lang: str = "en") -> pd.DataFrame:
    """Return one row per table: file, what it is, licence, and how to cite it.

    Parameters
    ----------
    tables : list of path
        The tables to list.
    lang : {"en", "ar"}
        Language of the headings; entries stay as their producers wrote them.

    Returns
    -------
    DataFrame
    """
    headings = (
        ("الملف", "العنوان", "الترخيص", "الاستشهاد")
        if lang == "ar"
        else ("File", "Title", "Licence", "Citation")
    )
    rows = [
        (f"`{found.file}`", found.title, found.licence, found.citation)
        for found in map(read_provenance, tables)
    ]
    table = pd.DataFrame(rows, columns=list(headings))
    table.attrs["markdown"] = (headings[0],)
    return table
