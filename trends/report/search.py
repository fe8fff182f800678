"""What can be found in a site, and by which words?

The index is made from the pages as they stand, whichever engine wrote them: their sections, the
findings and the published figures. It is a script and not data to be fetched, so that a browser
takes it from a folder too, and it is loaded only when somebody searches. What pages, findings and
figures say is much the same, so that it is packed to a quarter.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import snowballstemmer

from trends.findings.prose import VOID
from trends.report.build import Build
from trends.report.figure_rows import COLUMNS
from trends.report.markup import terms_of
from trends.report.navigation import output_name
from trends.report.scripts import ASSETS, copy_scripts, index_name
from trends.report.store import hash_of, key_of
from trends.report.twins import SAID

#: Snowball's stemmers of languages that a report may be written in.
_STEMMERS = {"ar": "arabic", "en": "english", "es": "spanish", "fr": "french", "ru": "russian"}
_WORD = re.compile(r"[^\W_]+")
_SPACES = re.compile(r"\s+")
#: Numbers and names made with them have no other form.
_DIGIT = re.compile(r"\d")
#: The article with what is written before it, which the stemmer takes away of some words only.
_ARTICLE = re.compile(r"^(?:[وفبك]?ال|لل)(?=\w{3})")
#: Accents, vowel signs and hamzas, the stroke that lengthens a word, and marks of direction.
_SIGNS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640\u2066-\u2069]")
_LETTERS = str.maketrans({"ٱ": "ا", "ى": "ي", "ة": "ه"})

_SILENT = frozenset({"button", "math", "nav", "pre", "script", "style", "svg", "template"})
_SILENT_CLASSES = frozenset(
    {"finding-note", "finding-mark", "figure-data", "figure-foot", "figures-bar",
     "header-section-number", "float-number", "byline"}
)  # fmt: skip
_INLINE = frozenset({"a", "abbr", "b", "bdi", "cite", "code", "em", "i", "mark", "q", "small",
                     "span", "strong", "sub", "sup", "time", "button"})  # fmt: skip


@dataclass
class Entry:
    """Something that can be found.

    Attributes
    ----------
    kind : {"page", "finding", "figure"}
        What it is.
    anchor : str
        Its id on the page; "" for the page itself.
    title, text : str
        What it is called, and what it says.
    """

    kind: str
    anchor: str
    title: str = ""
    text: str = ""


def plain(text: str) -> str:
    """Return text as readers type it: no case, no vowel signs, one alef, one ya, one ta marbuta.

    The script folds what is asked for in the same way.
    """
    folded = unicodedata.normalize("NFKD", text.lower())
    return _SIGNS.sub("", folded).translate(_LETTERS)


def stems(words: Iterable[str], lang: str) -> dict[str, list[str]]:
    """Return the stems of words with the forms in which the words occur, both folded.

    Stems that hold one form which is the stem itself say nothing and are left out. A word with an
    article is one without it too.
    """
    algorithm = _STEMMERS.get(lang.split("-")[0])
    if algorithm is None:
        return {}
    stemmer = snowballstemmer.stemmer(algorithm)
    made: dict[str, set[str]] = {}
    for word in words:
        # A stemmer of Arabic reads the letters as they are written.
        bare = _ARTICLE.sub("", word.lower())
        stem = plain(stemmer.stemWord(bare))
        if stem and not _DIGIT.search(word):
            made.setdefault(stem, set()).update((plain(word), plain(bare)))
    return {stem: sorted(forms) for stem, forms in sorted(made.items()) if forms != {stem}}


@dataclass
class _Reader(HTMLParser):
    """The entries of a page, in the order in which it says them."""

    entries: list[Entry] = field(default_factory=list)
    _open: list[tuple[str, str]] = field(default_factory=list)
    _at: list[Entry] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag in VOID:
            self._say(" ")
            return
        role = self._role(tag, named)
        self._open.append((tag, role))
        if role in ("page", "finding", "bar", "figure"):
            entry = Entry("page" if role == "bar" else role, named.get("id", ""))
            if role == "bar":
                entry.title = named.get("aria-label", "")
            self._cells = []
            self._at.append(entry)
            self.entries.append(entry)
        elif role == "cell":
            self._cells.append("")
        elif tag not in _INLINE:
            self._say(" ")

    def _role(self, tag: str, named: dict[str, str]) -> str:
        """Return what an element means to a search."""
        classes = set(named.get("class", "").split())
        if (tag in _SILENT and not classes & SAID) or classes & _SILENT_CLASSES:
            return "silent"
        if tag == "main":
            # A page is called by its address, whatever the element is called.
            named.pop("id", None)
            return "page"
        if not self._at:
            return ""
        if "edition-bar" in classes:
            return "bar"
        if tag == "section" and named.get("id") and self._at[-1].kind == "page":
            return "page"
        if "finding-entry" in classes and named.get("id"):
            return "finding"
        if tag == "table" and "figures" in classes:
            return "figures"
        if tag == "tr" and named.get("id") and self._is("figures"):
            return "figure"
        if tag == "td" and self._at[-1].kind == "figure":
            return "cell"
        if tag in ("h1", "h2", "h3", "h4") and self._at[-1].kind == "page":
            return "title"
        if tag == "strong" and self._at[-1].kind == "finding" and not self._at[-1].title:
            return "title"
        return ""

    def _is(self, role: str) -> bool:
        return any(one == role for _, one in self._open)

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, role = self._open.pop()
            if role in ("page", "finding", "bar", "figure"):
                if role == "figure":
                    _tell(self._at[-1], self._cells)
                self._at.pop()
            if name == tag:
                break
        if tag not in _INLINE:
            self._say(" ")

    def handle_data(self, data: str) -> None:
        self._say(data)

    def _say(self, text: str) -> None:
        """Add text to what is being said."""
        if not self._at or self._is("silent"):
            return
        entry = self._at[-1]
        if entry.kind == "figure":
            if self._cells:
                self._cells[-1] += text
        elif any(role == "title" for _, role in self._open[-4:]):
            entry.title += text
        elif not self._is("figures"):
            entry.text += text


def _tell(entry: Entry, cells: list[str]) -> None:
    """Write a row of the table of figures as an entry."""
    said = dict(zip(COLUMNS, map(_clean, cells), strict=False))
    titled = ("figure", "measure", "window")
    entry.title = " · ".join(filter(None, (said.get(name) for name in titled)))
    rest = (name for name in COLUMNS if name not in (*titled, "conflict"))
    entry.text = " · ".join(filter(None, (said.get(name) for name in rest)))


def entries_of(html: str) -> list[Entry]:
    """Return what can be found on a page: its sections, its findings, its published figures."""
    reader = _Reader()
    reader.feed(html)
    for entry in reader.entries:
        entry.title, entry.text = _clean(entry.title), _clean(entry.text)
        if entry.kind == "finding":
            # Where a finding is said comes last, and would find it by the titles of pages.
            before, key, _ = entry.text.partition(f" {entry.anchor} · ")
            entry.text = f"{before}{key.removesuffix(' · ')}"
    return [entry for entry in reader.entries if entry.title]


def _clean(text: str) -> str:
    return _SPACES.sub(" ", text.replace("\u2060", "")).strip()


def write_search(build: Build) -> None:
    """Write the index of each language into the site, beside the script that reads it."""
    copy_scripts(build.site)
    languages = {name: lang for name, lang in build.languages.items() if _is_read(build, name)}
    for lang in dict.fromkeys(languages.values()):
        pages = [output_name(name) for name, own in languages.items() if own == lang]
        _write_index(build, pages, lang)


def _write_index(build: Build, pages: list[str], lang: str) -> None:
    """Write the index of pages of a language as a script."""
    read = hash_of(build.site / page for page in pages)
    key = key_of("index", lang, terms_of(lang)["search"], pages, read)
    script = build.store.kept(
        key, lambda: f'trendsSearch("{packed(index_of(build.site, pages, lang))}")\n'.encode()
    )
    (build.site / ASSETS / index_name(lang)).write_bytes(script)


def packed(index: dict[str, Any]) -> str:
    """Return an index as a script holds it: JSON, deflated, in letters of base 64."""
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def _is_read(build: Build, name: str) -> bool:
    """Tell whether a page is read on screen."""
    return name not in build.paper_only and (build.site / output_name(name)).is_file()


def index_of(site: Path, pages: list[str], lang: str) -> dict[str, Any]:
    """Return the index of the pages of one language.

    Parameters
    ----------
    site : Path
        Folder of the site.
    pages : list of str
        Addresses of the pages in it, the first page first.
    lang : str
        Language of the pages.

    Returns
    -------
    dict
        ``words`` of the dialog, ``common`` words that tell nothing apart, ``stems`` with their
        forms, ``pages`` (address, title) and ``entries`` (kind, number of the page, anchor,
        title, text).
    """
    terms = terms_of(lang)["search"]
    listed: list[list[str]] = []
    entries: list[list[str | int]] = []
    for number, page in enumerate(pages):
        found = entries_of((site / page).read_text(encoding="utf-8"))
        listed.append([page, found[0].title if found else page])
        for entry in found:
            # What an edition is stands on every page, and is found once.
            if entry.anchor == "edition" and number:
                continue
            entries.append([entry.kind, number, entry.anchor, entry.title, entry.text])
    forms = stems(set(_words_of(entries)), lang)
    return {
        "words": {key: value for key, value in terms.items() if key != "common"},
        "common": sorted({plain(word) for word in terms["common"].split()}),
        "stems": [[stem, *same] for stem, same in forms.items()],
        "pages": listed,
        "entries": entries,
    }


def _words_of(entries: list[list[str | int]]) -> Iterator[str]:
    for *_, title, text in entries:
        # A sign over a letter does not end a word.
        yield from _WORD.findall(_SIGNS.sub("", unicodedata.normalize("NFC", f"{title} {text}")))
