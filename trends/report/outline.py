"""What is a report of one's own about? Its table, its groups and their names, said in one file."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from trends.analysis.result import Result
from trends.findings.about import key_of
from trends.findings.claims import Claims
from trends.findings.finding import COUNTED, Noun, Subject
from trends.findings.ledger import Ledger
from trends.findings.terms import nouns_of
from trends.report.missing import Missing
from trends.tables.faults import Fault, InvalidTable
from trends.tables.languages import FURTHER, LANGUAGES, words_file
from trends.tables.layouts import counts_in
from trends.tables.packs import OUTLINE, Pack, country_names, pack_names, read_pack
from trends.tables.provenance import read_provenance
from trends.tables.series import series as one_series
from trends.tables.statements import read_statements
from trends.tables.toml import read_toml

Kind = Literal["events", "counts", "statements"]

#: What stands where in the file, and of which kind it is.
_TOP = {"pack": str, "table": dict, "series": list, "comparison": list}
_TABLE = {
    "file": str,
    "kind": str,
    "freq": str,
    "span": list,
    "columns": dict,
    "encoding": str,
    "sheet": str,
    "header": int,
}
_NAMED = {"key": str, **dict.fromkeys(LANGUAGES, str)}
_SERIES = {**_NAMED, "where": dict, "counted": str}
_COMPARISON = {**_NAMED, "first": str, "second": str}
_KINDS = get_args(Kind)
#: What says how events are counted; counts and published figures have their periods already.
OF_EVENTS = ("freq", "span")

#: The table that a report begins with when none is given, and the words that are said of it alone.
EXAMPLE_SHA256 = "8b807fedd9e2a34b4a81e1a4a9506a9200efa20dc8c19e6ea20d572aeb6ac5fe"
EXAMPLE_TITLE = {"en": "My example report", "ar": "تقرير المثال"} | {
    lang: words_file(lang)["starter"]["example_title"] for lang in FURTHER
}
EXAMPLE_NAME = {"en": "Example events", "ar": "أحداث المثال"} | {
    lang: words_file(lang)["starter"]["example_name"] for lang in FURTHER
}
EXAMPLE_WORDS = (*EXAMPLE_TITLE.values(), *EXAMPLE_NAME.values())


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What a report is about.

    Attributes
    ----------
    file : str
        The table, beside the outline.
    kind : {"events", "counts", "statements"}
        What its rows are.
    reading : dict
        How it is read: freq, span, columns, encoding, sheet, header, as far as they are named.
    named : dict of str to dict
        The series or the comparisons by their key: names by language, and what singles them out.
    pack : Pack, optional
        Words and facts of the subject.
    """

    file: str
    kind: Kind
    reading: dict[str, Any] = field(default_factory=dict)
    named: dict[str, dict[str, Any]] = field(default_factory=dict)
    pack: Pack | None = None

    @cached_property
    def _read(self) -> dict[str, pd.DataFrame]:
        """Series that were read before, by their key."""
        return {}

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """What countries, actors and places are called, by language."""
        return names_in(self.pack)

    @property
    def dates(self) -> dict[str, date]:
        """Days that the subject's pack names in advance, by their key."""
        known = {} if self.pack is None else self.pack.dates
        return {key: one["date"] for key, one in known.items()}

    def series(self, key: str) -> pd.DataFrame:
        """Return the count series of a group.

        Parameters
        ----------
        key : str
            As the outline names it.
        """
        if key not in self._read:
            where = self.named[key].get("where", {})
            labels = {name: None if label == "" else label for name, label in where.items()}
            counts = counts_in(self.file, list(labels), pack=self.pack, **self.reading)
            self._read[key] = one_series(counts, **labels)
        return self._read[key]

    def ask(
        self, ledger: Ledger, key: str, question: Callable[[], Result]
    ) -> tuple[Result, Claims] | tuple[Missing, Missing]:
        """Return the answer to a question with its claims, or what is missing in place of both.

        A table grows and shrinks; where it no longer carries a question the page says so and why,
        and the rest of it stays. A table that cannot be read is an error, as anywhere.

        Parameters
        ----------
        ledger : Ledger
            The page's ledger; it takes the findings.
        key : str
            What is asked about, as the outline names it.
        question : callable
            Asks; it takes nothing, so that reading the series is part of the question.

        Examples
        --------
        >>> import trends
        >>> outline = Outline(file="", kind="counts", named={"a": {"en": "A"}})
        >>> few = trends.as_series([3, 4], start="2024-01", freq="M")
        >>> _, said = outline.ask(trends.Ledger(), "a", lambda: trends.estimate_trend(few))
        >>> print(said.summary()[:62])
        This question is not answered: the table no longer carries it.
        """
        try:
            answer = question()
        except InvalidTable:
            raise
        except ValueError as fault:
            missing = Missing(str(fault), ledger.lang)
            return missing, missing
        return answer, ledger.add(answer, self.subject(key))

    def subject(self, key: str) -> Subject:
        """Return what sentences call a group or a comparison.

        Parameters
        ----------
        key : str
            As the outline names it.
        """
        entry = self.named[key]
        nouns = _nouns(self.pack)
        counted = entry.get("counted", "events")
        if "first" in entry and self.pack is not None:
            measure = str(self.figures(key)[0]["measure"])
            counted = measure if measure in nouns else counted
        return Subject(
            key=key_of(key),
            en=entry["en"],
            ar=entry.get("ar", entry["en"]),
            noun=nouns[counted],
            others={lang: {"name": entry[lang]} for lang in FURTHER if lang in entry},
        )

    @cached_property
    def statements(self) -> pd.DataFrame:
        """The published figures."""
        return read_statements(self.file, **self.reading)

    def figures(self, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the two published figures of a comparison.

        Parameters
        ----------
        key : str
            As the outline names it.
        """
        rows = self.statements.set_index("statement_id", drop=False).to_dict("index")
        entry = self.named[key]
        return rows[entry["first"]], rows[entry["second"]]


def read_outline(path: str | Path = OUTLINE) -> Outline:
    """Read and check what a report is about.

    Parameters
    ----------
    path : path
        The outline, beside `_quarto.yml`.

    Returns
    -------
    Outline

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no such table.
    InvalidTable
        If a key is unknown (the nearest is named), missing or of another kind, or if words of the
        starter stand beside a table of yours; every fault is listed.
    ValueError
        If the table is not the one that its sidecar was written for.
    """
    file = Path(path)
    said = read_toml(file)
    faults = _faults_of(said, _TOP, "")
    table = said.get("table", {}) if isinstance(said.get("table", {}), dict) else {}
    faults += _faults_of(table, _TABLE, "table.", needed=("file", "kind"))
    entries: dict[str, dict[str, Any]] = {}
    for name, known, needed in (
        ("series", _SERIES, ("key", "en")),
        ("comparison", _COMPARISON, ("key", "en", "first", "second")),
    ):
        listed = said.get(name, [])
        for number, entry in enumerate(listed if isinstance(listed, list) else [], start=1):
            place = f"{name} {number}: "
            if not isinstance(entry, dict):
                faults.append(_Wrong(place, entry, "must be a table", f"Write [[{name}]]."))
                continue
            faults += _faults_of(entry, known, place, needed=needed)
            key = str(entry.get("key", ""))
            if key in entries:
                faults.append(_Wrong(f"{place}key", key, "must be named once", "Rename one."))
            entries[key] = entry
    pack = None
    if isinstance(said.get("pack"), str):
        pack, wrong = _pack_of(said["pack"], file)
        faults += wrong
    faults += _faults_of_values(table, entries, file, _nouns(pack))
    if faults:
        raise InvalidTable([one.told(file) for one in faults])
    read_provenance(file.parent / table["file"])
    return Outline(
        file=str(file.parent / table["file"]),
        kind=table["kind"],
        reading={name: one for name, one in table.items() if name not in ("file", "kind")},
        named=entries,
        pack=pack,
    )


def names_in(pack: Pack | None) -> dict[str, dict[str, str]]:
    """Return what countries, and the actors and places of a pack, are called by language."""
    return {**country_names(), **({} if pack is None else pack.names)}


def _nouns(pack: Pack | None) -> Mapping[str, Noun]:
    """Return what can be counted: what every subject knows, and what a pack adds."""
    return COUNTED if pack is None else nouns_of(pack)


def _pack_of(name: str, outline: Path) -> tuple[Pack | None, list[_Wrong]]:
    """Return the pack that an outline names, or what is wrong with the name."""
    root = outline.parent.resolve()
    if ("/" in name or "\\" in name) and not (root / name).resolve().is_relative_to(root):
        return None, [_Wrong("pack", name, "must be inside the project", "Copy the pack there.")]
    try:
        return read_pack(name, beside=outline.parent), []
    except InvalidTable:
        raise
    except (ValueError, FileNotFoundError):
        near = difflib.get_close_matches(name, pack_names(), n=1, cutoff=0.5)
        known = f"Write {near[0]}." if near else "A pack of your own is a folder: packs/mine."
        return None, [_Wrong("pack", name, f"must be one of {', '.join(pack_names())}", known)]


@dataclass(frozen=True)
class _Wrong:
    """One thing that is wrong in an outline."""

    place: str
    value: object
    rule: str
    fix: str

    def told(self, file: Path) -> Fault:
        return Fault(
            file=file.name,
            row=None,
            column=self.place,
            value=str(self.value),
            rule=self.rule,
            fix=self.fix,
        )


def _faults_of(
    said: Mapping[str, Any], known: Mapping[str, type], place: str, needed: tuple[str, ...] = ()
) -> list[_Wrong]:
    """Return unknown, missing and mistyped keys of one table."""
    faults = []
    for name, value in said.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            fix = f"Write {near[0]}." if near else f"Known are {', '.join(known)}."
            faults.append(_Wrong(f"{place}{name}", value, "must be a key of the outline", fix))
        elif not isinstance(value, known[name]) or isinstance(value, bool):
            kind = {str: "text in quotes", list: "a list", dict: "a table", int: "a whole number"}
            rule = f"must be {kind[known[name]]}"
            faults.append(_Wrong(f"{place}{name}", value, rule, "Correct it."))
    return faults + [
        _Wrong(f"{place}{name}", "", "must be there", "Add it.")
        for name in needed
        if name not in said
    ]


def _faults_of_values(
    table: Mapping[str, Any],
    entries: Mapping[str, Mapping[str, Any]],
    outline: Path,
    nouns: Mapping[str, Noun],
) -> list[_Wrong]:
    """Return what is wrong with values that are of the right kind."""
    faults = []
    kind, file = table.get("kind"), table.get("file")
    if isinstance(kind, str) and kind not in _KINDS:
        near = difflib.get_close_matches(kind, _KINDS, n=1)
        fix = f"Write {near[0]}." if near else "Choose one."
        faults.append(_Wrong("table.kind", kind, f"must be one of {', '.join(_KINDS)}", fix))
    faults += [
        _Wrong(
            f"table.{name}",
            table[name],
            "must be left out unless the rows are events",
            "Remove it.",
        )
        for name in OF_EVENTS
        if name in table and kind in ("counts", "statements")
    ]
    root = outline.parent.resolve()
    if isinstance(file, str) and not (root / file).resolve().is_relative_to(root):
        fix = "Copy the table into data/ and name it there."
        faults.append(_Wrong("table.file", file, "must be inside the project", fix))
        file = None
    for key, entry in entries.items():
        counted = entry.get("counted", "events")
        if counted not in nouns:
            rule = f"must be one of {', '.join(nouns)}"
            faults.append(_Wrong(f"{key}.counted", counted, rule, "Choose one."))
    faults += _faults_of_example(file, entries, root)
    return faults


def _faults_of_example(
    file: object, entries: Mapping[str, Mapping[str, Any]], root: Path
) -> list[_Wrong]:
    """Return the words of the starter that stand beside another table than its own."""
    if not isinstance(file, str) or not (root / file).is_file():
        return []
    if hashlib.sha256((root / file).read_bytes()).hexdigest() == EXAMPLE_SHA256:
        return []
    site = root / "_quarto.yml"
    pages = [*root.glob("reports/**/*.qmd"), *([site] if site.is_file() else [])]
    said = [
        (f"{key}.{lang}", entry.get(lang)) for key, entry in entries.items() for lang in LANGUAGES
    ]
    said += [
        (path.relative_to(root).as_posix(), name)
        for path in pages
        for name in EXAMPLE_WORDS
        if name in path.read_text(encoding="utf-8", errors="replace")
    ]
    return [
        _Wrong(
            place,
            name,
            "must name what your own table counts: these are words of the starter",
            "Write words of your own.",
        )
        for place, name in said
        if name in EXAMPLE_WORDS
    ]
