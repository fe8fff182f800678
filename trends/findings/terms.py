"""What are the things counted called, in both languages?

Nouns live in a table of terms (``[measure.<name>]``), subjects in a table of subjects
(``[subject.<key>]``), both TOML, so that pages hold no names of things twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from trends.findings.claims import nearest
from trends.findings.finding import COUNTED, EVENT, Noun, Subject
from trends.tables.faults import Fault, InvalidTable
from trends.tables.languages import FURTHER, KEPT, in_language
from trends.tables.packs import Pack
from trends.tables.toml import read_toml, tables_of_text


class Names(dict[str, Any]):
    """A dict whose error names the keys most like a missing one."""

    def __missing__(self, key: str) -> Any:
        """Raise an error with the nearest keys."""
        raise KeyError(
            f"`key` must be one of the {len(self)} names of the table, got {key!r}."
            f"{nearest(key, self)} Correct the key or add it to the table."
        )


def read_nouns(path: str | Path) -> Names:
    """Read the nouns of a table of terms.

    Parameters
    ----------
    path : path
        TOML with a table ``[measure.<name>]`` for each measure: en_one, en_many, ar_one, ar_two,
        ar_few, ar_many, ar_gender.

    Returns
    -------
    dict of Noun
        By measure.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If it is not TOML, or a noun lacks a form; every fault is listed.
    """
    path = Path(path)
    return _built(_tables(path, "measure"), Noun, path, "measure")


def read_subjects(path: str | Path, *, terms: str | Path | None = None) -> Names:
    r"""Read the subjects that pages speak of.

    Parameters
    ----------
    path : path
        TOML with a table ``[subject.<key>]`` for each subject: en, ar and, where they apply,
        measure (for a noun of its own) and en_counter, ar_counter (who counted).
    terms : path, optional
        The table of terms that holds the nouns; without it every subject counts events.

    Returns
    -------
    dict of Subject
        By key.

    Raises
    ------
    FileNotFoundError
        If a file does not exist.
    InvalidTable
        If a file is not TOML, a subject lacks a name, or its measure is not among the terms.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "subjects.toml"
    >>> _ = table.write_text(
    ...     "[subject.iraq]\n"
    ...     'en = "Iraq"\n'
    ...     'ar = "العراق"\n',
    ...     encoding="utf-8",
    ... )
    >>> trends.read_subjects(table)["iraq"].en
    'Iraq'
    """
    path = Path(path)
    nouns = Names() if terms is None else read_nouns(terms)
    entries = _tables(path, "subject")
    faults = [
        _fault(
            path,
            f"subject.{key}.measure",
            str(entry["measure"]),
            "must be a measure of the table of terms",
            nearest(entry["measure"], nouns).strip() or "Add the noun there.",
        )
        for key, entry in entries.items()
        if entry.get("measure") is not None and entry["measure"] not in nouns
    ]
    if faults:
        raise InvalidTable(faults)
    named = {
        key: {
            "key": key,
            "noun": nouns[entry["measure"]] if entry.get("measure") else EVENT,
            **{name: form for name, form in entry.items() if name != "measure"},
        }
        for key, entry in entries.items()
    }
    return _built(named, Subject, path, "subject")


def read_places(path: str | Path) -> Names:
    """Read the places that a report answers for, in the order in which it names them.

    Parameters
    ----------
    path : path
        TOML with a table ``[place.<key>]`` for each place: en and ar.

    Returns
    -------
    dict of Subject
        By key.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If it is not TOML, or a place lacks a name.
    """
    path = Path(path)
    named = {key: {"key": key, **entry} for key, entry in _tables(path, "place").items()}
    return _built(named, Subject, path, "place")


def read_names(path: str | Path) -> dict[str, dict[str, str]]:
    """Read how the values of a table are said: counters, places, actors, kinds of source.

    Parameters
    ----------
    path : path
        TOML whose tables, ``[measure.<name>]`` apart, hold ``"value" = { en = "", ar = "" }``.

    Returns
    -------
    dict of dict of str
        By value, then by language.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If it is not TOML, or a value lacks a language; every fault is listed.
    """
    path = Path(path)
    tables = {
        name: tables_of_text(table, path, name)
        for name, table in read_toml(path).items()
        if name != "measure"
    }
    faults = [
        _fault(path, f"{table}.{value}.{lang}", "", "must be given", "Add the name.")
        for table, entries in tables.items()
        for value, said in entries.items()
        for lang in KEPT
        if lang not in said
    ]
    if faults:
        raise InvalidTable(faults)
    return {value: said for entries in tables.values() for value, said in entries.items()}


def in_words(
    frame: pd.DataFrame, names: Mapping[str, Mapping[str, str]], *, lang: str
) -> pd.DataFrame:
    """Return a printed table whose cells that are values of a table are said in words.

    Parameters
    ----------
    frame : DataFrame
        The table.
    names : dict
        As `read_names` returns it.
    lang : {"en", "ar", "fr"}
        In which language.

    Returns
    -------
    DataFrame
        Cells without a name stay as they are.

    Examples
    --------
    >>> in_words(pd.DataFrame({"Where": ["sdf"]}), {"sdf": {"en": "SDF-held"}}, lang="en")
          Where
    0  SDF-held
    """
    said = frame.map(lambda cell: in_language(names[cell], lang) if cell in names else cell)
    # What is written as Markdown stays so.
    said.attrs |= frame.attrs
    return said


def _built(entries: Mapping[str, Any], kind: type, path: Path, table: str) -> Names:
    """Make a noun or subject of each entry, listing every form that is missing or not known."""
    entries = {key: _with_others(entry) for key, entry in entries.items()}
    fields = {field.name: field for field in dataclasses.fields(kind)}
    nothing = dataclasses.MISSING
    needed = {
        name
        for name, field in fields.items()
        if field.default is nothing and field.default_factory is nothing
    }
    known = [name for name in fields if name != "others"]
    faults = [
        _fault(path, f"{table}.{key}.{name}", "", rule, fix)
        for key, entry in entries.items()
        for names, rule, fix in (
            (needed - set(entry), "must be given", "Add the form."),
            (set(entry) - set(fields), "must be a known form", f"Use {', '.join(known)}."),
        )
        for name in sorted(names)
    ]
    if faults:
        raise InvalidTable(faults)
    return Names({key: kind(**entry) for key, entry in entries.items()})


def _with_others(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry whose forms in further languages stand by themselves: fr, fr_one."""
    own: dict[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    for name, form in entry.items():
        lang, _, which = name.partition("_")
        if lang in FURTHER:
            others.setdefault(lang, {})[which or "name"] = form
        else:
            own[name] = form
    return {**own, "others": others} if others else own


def nouns_of(pack: Pack) -> Names:
    """Return the nouns of a subject pack, those that every subject has among them."""
    named = _built(pack.measures, Noun, Path(f"{pack.name}/pack.toml"), "measure")
    return Names({**COUNTED, **named})


def _tables(path: Path, name: str) -> dict[str, dict[str, str]]:
    """Return the tables that a file holds under a name, none where it does not."""
    return tables_of_text(read_toml(path).get(name, {}), path, name)


def _fault(path: Path, column: str, value: str, rule: str, fix: str) -> Fault:
    """Return a fault of a table of names."""
    return Fault(file=path.name, row=None, column=column, value=value, rule=rule, fix=fix)
