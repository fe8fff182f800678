"""What are the events of a subject called, who counts them, and which dates and places matter?

A pack is a folder with a file ``pack.toml`` and, if it has one, a series to begin with. Those that
come with the package stand in ``trends/packs``; a project may have one of its own. There is no code
in a pack.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from trends.tables.faults import Fault, InvalidTable
from trends.tables.languages import KEPT, LANGUAGES
from trends.tables.toml import read_toml

#: The file that says what a project is about, and names its pack.
OUTLINE = "report.toml"

_FOLDER = Path(__file__).parents[1] / "packs"
_FILE = "pack.toml"

#: How figures of a kind of source are drawn: by those who act, by monitors, by states, by others.
DRAWN = ("own", "monitor", "state", "other")

#: South, west, north and east of a country, in degrees.
Box = tuple[float, float, float, float]

#: Forms of a noun: the first two are needed in every language, all but the gender in Arabic.
FORMS = ("one", "many", "two", "few", "gender")

_TABLES = ("pack", "measure", "source_kind", "actor", "place", "date", "lint")
_PACK: dict[str, type] = {"counted": str, "events": str, "columns": list, "series": str}
_DATE: dict[str, type] = {"date": date, "where": dict, "source": str, "url": str}


@dataclass(frozen=True, kw_only=True)
class Pack:
    """The words and facts of one subject.

    Attributes
    ----------
    name : str
        Name of its folder.
    folder : Path
        The folder.
    title : dict of str
        What the subject is called, by language.
    counted : str
        Key of the noun that a row of a table is, where nothing else is said: one of ``measures``
        or of events, people, targets, groups.
    events : str
        Key of the noun that a row of a table of events is; `counted` by default.
    columns : tuple of str
        Headings, in lower case, under which tables of the subject hold counts.
    series : Path or None
        Table to begin with.
    measures : dict of dict
        Forms of each noun: ``en_one``, ``en_many``, ``ar_one`` and so on.
    source_kinds : dict of dict
        Kinds of source beside those of every subject: ``drawn``, and the legend's words by
        language.
    names : dict of dict
        Actors and places as tables write them, and what they are called, by language.
    dates : dict of dict
        Days named in advance: ``date``, names by language, ``source``, ``url`` and, where a day
        matters in a part of the table alone, ``where``.
    lint : dict of dict
        Further patterns of `trends lint`, by fact and language.
    """

    name: str
    folder: Path
    title: dict[str, str]
    counted: str = "events"
    events: str = "events"
    columns: tuple[str, ...] = ()
    series: Path | None = None
    measures: dict[str, dict[str, str]] = field(default_factory=dict)
    source_kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: dict[str, dict[str, Any]] = field(default_factory=dict)
    lint: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def called(self, noun: str, lang: str) -> str:
        """Return what many of a noun are called, as a name; the subject's own for other nouns."""
        forms = self.measures.get(noun, {})
        said = forms.get("ar_few" if lang == "ar" else f"{lang}_many")
        return (
            self.title.get(lang, self.title["en"]) if said is None else said[:1].upper() + said[1:]
        )


def pack_names() -> tuple[str, ...]:
    """Return the names of the packs that come with the package.

    Examples
    --------
    >>> "conflict" in pack_names()
    True
    """
    return tuple(sorted(path.parent.name for path in _FOLDER.glob(f"*/{_FILE}")))


@cache
def bundled() -> tuple[Pack, ...]:
    """Return the packs that come with the package, by name."""
    return tuple(read_pack(name) for name in pack_names())


def read_pack(pack: str | Path, *, beside: str | Path = ".") -> Pack:
    """Read and check a pack.

    Parameters
    ----------
    pack : str or path
        Name of a pack of the package, or a folder with a file ``pack.toml``; a path has a slash or
        is a `Path`.
    beside : path
        Folder from which a path is looked up.

    Returns
    -------
    Pack

    Raises
    ------
    ValueError
        If there is no pack of that name.
    FileNotFoundError
        If the folder has no ``pack.toml``.
    InvalidTable
        If it is not TOML, or a key is unknown (the nearest is named), missing, of another kind or
        in a language without words; every fault is listed.

    Examples
    --------
    >>> read_pack("roads").measures["crashes"]["en_many"]
    'crashes'
    """
    if isinstance(pack, str) and "/" not in pack and "\\" not in pack:
        if pack not in pack_names():
            near = difflib.get_close_matches(pack, pack_names(), n=1, cutoff=0.5)
            fix = f"Write {near[0]}." if near else "A pack of your own is a path: packs/mine."
            raise ValueError(
                f"`pack` must be one of {', '.join(pack_names())}, got {pack!r}. {fix}"
            )
        folder = _FOLDER / pack
    else:
        folder = Path(beside) / pack
    said = read_toml(folder / _FILE)
    faults = _Faults(f"{folder.name}/{_FILE}")
    for name, table in said.items():
        if name not in _TABLES:
            faults.unknown(name, _TABLES, name)
        elif not isinstance(table, dict):
            faults.add(name, table, "must be a table", f"Write [{name}].")
    tables = {name: said[name] for name in _TABLES if isinstance(said.get(name), dict)}
    about = _checked_head(tables.get("pack", {}), folder, faults)
    measures = _entries(tables, "measure", faults)
    for key, forms in measures.items():
        _check_forms(key, forms, faults)
    kinds = _entries(tables, "source_kind", faults)
    for key, kind in kinds.items():
        _check_named(f"source_kind.{key}", kind, {"drawn": str}, faults)
        if kind.get("drawn") not in DRAWN:
            rule = f"must be one of {', '.join(DRAWN)}"
            faults.add(f"source_kind.{key}.drawn", kind.get("drawn", ""), rule, "Choose one.")
    names = {}
    for table in ("actor", "place"):
        for key, name in _entries(tables, table, faults).items():
            _check_named(f"{table}.{key}", name, {}, faults)
            names[key] = name
    dates = _entries(tables, "date", faults)
    for key, day in dates.items():
        _check_named(f"date.{key}", day, _DATE, faults, needed=("date", "source"))
    lint = _entries(tables, "lint", faults)
    for key, patterns in lint.items():
        _check_lint(f"lint.{key}", patterns, faults)
    counted = about.get("counted", "events")
    events = about.get("events", counted)
    known = (*measures, "events", "people", "targets", "groups")
    for place, noun in (("pack.counted", counted), ("pack.events", events)):
        if noun not in known and (place == "pack.counted" or "events" in about):
            faults.unknown(place, known, noun, rule="must be a noun of the pack")
    faults.stop()
    series = about.get("series")
    return Pack(
        name=folder.resolve().name,
        folder=folder,
        title={lang: about[lang] for lang in LANGUAGES if lang in about},
        counted=counted,
        events=events,
        columns=tuple(str(name).lower() for name in about.get("columns", ())),
        series=None if series is None else folder / series,
        measures=measures,
        source_kinds=kinds,
        names=names,
        dates=dates,
        lint=lint,
    )


def pack_of_project(file: str | Path) -> Pack | None:
    """Return the pack of one's own that the project around a file names.

    Tables and pages of a project are read without being told of its pack, so it is looked for: in
    the nearest folder above that has a ``report.toml``.

    Parameters
    ----------
    file : path
        A table or a page; it need not exist.

    Returns
    -------
    Pack or None
        None outside a project, and where it names no pack or one of the package, whose words hold
        everywhere.

    Raises
    ------
    InvalidTable
        If the pack breaks a rule.

    Examples
    --------
    >>> pack_of_project("nowhere/data/counts.csv")
    """
    # Only the folder is followed: what a link goes round in is said where the file is read.
    for folder in (Path(file).parent.resolve() / Path(file).name).parents:
        if (folder / OUTLINE).is_file():
            name = _own_pack(folder)
            return None if name is None else read_pack(name, beside=folder)
    return None


def _own_pack(project: Path) -> str | None:
    """Return the path by which a project names a pack of its own, None where it names none."""
    try:
        name = read_toml(project / OUTLINE).get("pack")
    except InvalidTable:
        return None  # said where the outline itself is read
    if not isinstance(name, str) or "/" not in name:
        return None
    inside = (project / name).resolve().is_relative_to(project)
    return name if inside and (project / name / _FILE).is_file() else None


@cache
def source_kinds() -> dict[str, dict[str, str]]:
    """Return the kinds of source that the packs of the package add.

    Examples
    --------
    >>> source_kinds()["police"]["drawn"]
    'state'
    """
    return {kind: said for pack in bundled() for kind, said in pack.source_kinds.items()}


def count_columns(cells: pd.DataFrame) -> tuple[str, ...]:
    """Return the headings under which tables of some pack hold counts, the project's included."""
    return (*_bundled_columns(), *cells.attrs.get("count_columns", ()))


@cache
def _bundled_columns() -> tuple[str, ...]:
    """Return the headings of counts of the packs that come with the package."""
    return tuple(dict.fromkeys(name for pack in bundled() for name in pack.columns))


@cache
def country_names() -> dict[str, dict[str, str]]:
    """Return what every country is called, by each English spelling that tables use.

    Examples
    --------
    >>> country_names()["Turkey"]["en"], country_names()["Iraq"]["ar"]
    ('Turkey', 'العراق')
    """
    return {
        name: {lang: row[lang] for lang in LANGUAGES if row.get(lang)} | {"en": name}
        for row in _places()
        for name in _spellings(row)
    }


@cache
def country_boxes() -> dict[str, Box]:
    """Return the box of every country, by each English spelling that tables use.

    Examples
    --------
    >>> country_boxes()["Syria"]
    (32.0, 35.5, 37.5, 42.5)
    """
    return {
        name: (float(row["south"]), float(row["west"]), float(row["north"]), float(row["east"]))
        for row in _places()
        for name in _spellings(row)
    }


@cache
def _places() -> tuple[dict[str, str], ...]:
    """Return the rows of the table of countries; where they are from stands beside it."""
    with (_FOLDER / "places.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _spellings(row: Mapping[str, str]) -> list[str]:
    """Return the English spellings of a country."""
    return [row["en"], *(name for name in row["also"].split(" | ") if name)]


class _Faults:
    """What is wrong in a pack, gathered."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, place: str, value: object, rule: str, fix: str) -> None:
        """Keep one fault."""
        shown = "" if value is None else str(value)
        self.found.append(
            Fault(file=self.file, row=None, column=place, value=shown, rule=rule, fix=fix)
        )

    def unknown(
        self, place: str, known: tuple[str, ...], value: str, *, rule: str = "must be a known key"
    ) -> None:
        """Keep a name that nobody knows, with the nearest that is known."""
        near = difflib.get_close_matches(value, known, n=1, cutoff=0.5)
        self.add(place, value, rule, f"Write {near[0]}." if near else f"Use {', '.join(known)}.")

    def stop(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            raise InvalidTable(self.found)


def _entries(tables: Mapping[str, Any], name: str, faults: _Faults) -> dict[str, Any]:
    """Return the tables within a table; anything else in it is a fault."""
    entries = {}
    for key, entry in tables.get(name, {}).items():
        if isinstance(entry, dict):
            entries[key] = entry
        else:
            faults.add(f"{name}.{key}", entry, "must be a table", f"Write [{name}.{key}].")
    return entries


def _checked_head(head: Mapping[str, Any], folder: Path, faults: _Faults) -> Mapping[str, Any]:
    """Check what a pack says of itself, and return what is sound in it."""
    sound = _check_named("pack", head, _PACK, faults)
    columns = sound.get("columns", [])
    if not all(isinstance(name, str) and name for name in columns):
        faults.add("pack.columns", columns, "must be a list of headings", "Put each in quotes.")
    series = sound.get("series")
    if series is not None and not (folder / series).resolve().is_relative_to(folder.resolve()):
        faults.add("pack.series", series, "must be inside the pack", "Copy the table there.")
    elif series is not None and not (folder / series).is_file():
        faults.add("pack.series", series, "must be a file of the pack", "Correct the name.")
    return sound


def _check_named(
    place: str,
    entry: Mapping[str, Any],
    further: Mapping[str, type],
    faults: _Faults,
    needed: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Check an entry that has a name in each language, and return what is sound in it."""
    known = {**dict.fromkeys(LANGUAGES, str), **further}
    kinds = {str: "text in quotes", list: "a list", dict: "a table", date: "a day: 2024-05-01"}
    sound = {}
    for key, value in entry.items():
        if key not in known:
            faults.unknown(f"{place}.{key}", tuple(known), key)
        elif not isinstance(value, known[key]) or value == "":
            faults.add(f"{place}.{key}", value, f"must be {kinds[known[key]]}", "Correct it.")
        else:
            sound[key] = value
    for key in (*KEPT, *needed):
        if key not in entry:
            faults.add(f"{place}.{key}", None, "must be given", "Add it.")
    return sound


def _check_forms(key: str, forms: Mapping[str, Any], faults: _Faults) -> None:
    """Check the forms of a noun: a language, an underscore and the name of a form."""
    known = tuple(f"{lang}_{form}" for lang in LANGUAGES for form in FORMS)
    used = [lang for lang in LANGUAGES if any(form.startswith(f"{lang}_") for form in forms)]
    needed = [
        f"{lang}_{form}"
        for lang in (*KEPT, *(lang for lang in used if lang not in KEPT))
        for form in (FORMS[:-1] if lang == "ar" else FORMS[:2])
    ]
    for form, value in forms.items():
        if form not in known:
            faults.unknown(f"measure.{key}.{form}", known, form)
        elif not isinstance(value, str) or not value:
            faults.add(f"measure.{key}.{form}", value, "must be text in quotes", "Correct it.")
    for form in needed:
        if form not in forms:
            faults.add(f"measure.{key}.{form}", None, "must be given", "Add the form.")


def _check_lint(place: str, patterns: Mapping[str, Any], faults: _Faults) -> None:
    """Check patterns by language."""
    for lang, listed in patterns.items():
        if lang not in KEPT:
            faults.unknown(f"{place}.{lang}", KEPT, lang)
        elif not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            faults.add(f"{place}.{lang}", listed, "must be a list of patterns", "Correct it.")
