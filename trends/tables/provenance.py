"""Where does a table come from, who made it, and may it be passed on?"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from trends import escaping
from trends.tables.languages import words_file
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


#: What an entry says that nobody has filled in yet.
UNSTATED = "not stated"

#: Who produced the made-up table of a new report.
MADE_UP = "trends new"

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
            "A new vintage gets a file of its own (`trends sidecar FILE`); restore this one, or "
            f"say that it is meant to differ with `trends sidecar {path}`."
        )
    chosen = {name: entries[name] for name in REQUIRED}
    return Provenance(file=path.name, caveats=tuple(entries.get("caveats", ())), **chosen)


def write_sidecar(
    table: str | Path, entries: Mapping[str, str] | None = None, *, today: date | None = None
) -> Path:
    r"""Write the sidecar of a table, or renew the one that it has.

    Parameters
    ----------
    table : path
        The table; its sidecar is the TOML file of the same name beside it.
    entries : mapping of str to str, optional
        What is known: producer, title, url, published, licence, citation, how_made. What an older
        sidecar says stays unless it is given here; what nobody says is "not stated".
    today : date, optional
        The day on which the file was obtained; today by default. A renewed sidecar has the day
        only if the file is another one than it was written for.

    Returns
    -------
    Path
        The sidecar, with the hash of the file as it is now. Its comments and further entries stay.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If the table is itself a TOML file, an entry is none of a sidecar's, or the sidecar writes
        one over several lines.

    Examples
    --------
    >>> import tempfile
    >>> table = Path(tempfile.mkdtemp()) / "counts.csv"
    >>> _ = table.write_text("Month,Incidents\n2024-01,4\n")
    >>> write_sidecar(table, {"title": "Incidents"}).name
    'counts.toml'
    >>> read_provenance(table).title, read_provenance(table).licence
    ('Incidents', 'not stated')
    """
    path = Path(table)
    sidecar = path.with_suffix(".toml")
    if sidecar == path:
        raise ValueError(
            f"`table` must be a table, got {str(table)!r}, which is itself a sidecar. "
            "Name the table beside it."
        )
    known = dict(entries or {})
    settable = [name for name in REQUIRED if name not in ("sha256", "accessed")]
    for name in known:
        if name not in settable:
            raise ValueError(
                f"`entries` must be among {', '.join(settable)}, got {name!r}. Correct the name."
            )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    text = sidecar.read_text(encoding="utf-8") if sidecar.exists() else ""
    before = read_toml(sidecar) if text else {}
    if before.get("producer") == MADE_UP and before.get("sha256") != found:
        text, before = "", {}  # what was said of made-up numbers is not said of these
    if before.get("sha256") != found:
        known |= {"sha256": found, "accessed": (today or date.today()).isoformat()}
    for name in REQUIRED:
        if name in known:
            text = _with_entry(text, name, known[name])
        elif name not in before:
            text = _with_entry(text, name, path.stem if name == "title" else UNSTATED)
    try:
        kept = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        kept = {}
    if not {*REQUIRED} <= kept.keys() or any(kept[name] != value for name, value in known.items()):
        raise ValueError(
            f"`{sidecar.name}` must have each of {', '.join(known)} on one line, got an entry of "
            "several lines. Write it on one line between quotes."
        )
    sidecar.write_text(text, encoding="utf-8")
    return sidecar


def _with_entry(text: str, name: str, value: str) -> str:
    """Return a sidecar in which an entry says something else; every other line stays."""
    line = f"{name} = {escaping.toml(value)}"
    first_table = re.search(r"^\[", text, re.MULTILINE)
    end = first_table.start() if first_table else len(text)
    top, tables = text[:end], text[end:]
    held = re.compile(rf"^{name}\s*=[^\n]*$", re.MULTILINE)
    if held.search(top):
        top = held.sub(lambda _: line, top, count=1)
    else:
        top = f"{top.rstrip()}\n{line}\n".lstrip() + ("\n" if tables else "")
    return top + tables


def _entries_beside(table: str | Path) -> dict[str, Any]:
    """Return what the sidecar of a table says; nothing where there is none."""
    sidecar = Path(table).with_suffix(".toml")
    return read_toml(sidecar) if sidecar.exists() and sidecar != Path(table) else {}


def sidecar_citation(table: str | Path) -> str:
    """Return how a table asks to be cited; "" where no sidecar says so."""
    said = _entries_beside(table).get("citation", "")
    return said if isinstance(said, str) and said != UNSTATED else ""


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
    entries = _entries_beside(table).get("breaks", [])
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
    lang : {"en", "ar", "fr"}
        Language of the headings and of what is not stated; entries stay as their producers wrote
        them.

    Returns
    -------
    DataFrame
    """
    if lang == "ar":
        headings, unsaid = ("الملف", "العنوان", "الترخيص", "الاستشهاد"), "غير مذكور"
    else:
        own = words_file(lang).get("headings", {})
        headings = own.get("provenance", ("File", "Title", "Licence", "Citation"))
        unsaid = own.get("unstated", UNSTATED)
    rows = [
        (f"`{found.file}`", *(unsaid if said == UNSTATED else said for said in
                              (found.title, found.licence, found.citation)))
        for found in map(read_provenance, tables)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(headings))
    table.attrs["markdown"] = (headings[0],)
    return table
