"""Which words of a page have a meaning of their own, and where are they first said?

There a note says what they mean, opened like the notes of findings. Words and meanings stand in
`terms/notes.toml`, in each language.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from trends.escaping import html as escape
from trends.findings.prose import TERM_NOTE, VOID
from trends.report.markup import HERE
from trends.report.search import plain

_TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
_NAME = re.compile(r"</?([A-Za-z0-9]+)")
_CLASSES = re.compile(r'\bclass="([^"]*)"')
_WORD = re.compile(r"[^\W_]+(?:[\u064b-\u0652\u0670]+[^\W_]*)*(?:-[^\W_]+)*")
#: What is no running text, or holds words that are a link or a button already.
_SILENT = frozenset(
    {"a", "aside", "button", "cite", "code", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "label",
     "math", "nav", "option", "output", "pre", "script", "select", "style", "sub", "summary", "sup",
     "svg", "table", "template"}
)  # fmt: skip
_SILENT_CLASSES = frozenset({"finding-note", "finding-entry", "figure-foot", "refs", "references"})
#: What Arabic writes before a word without a space.
_PROCLITIC = re.compile(r"^[وفبكل](?=\w{3})")


@dataclass(frozen=True)
class TermNote:
    """A word that has a meaning of its own.

    Attributes
    ----------
    forms : tuple of tuple of str
        Its forms, each as folded words.
    say : str
        What it means.
    """

    forms: tuple[tuple[str, ...], ...]
    say: str


@cache
def term_notes(lang: str) -> tuple[TermNote, ...]:
    """Return the words of a language that have a note; none for languages that have no notes."""
    known = tomllib.loads((HERE / "terms/notes.toml").read_text("utf-8"))
    base = lang.split("-")[0]
    return tuple(
        TermNote(tuple(tuple(map(plain, _WORD.findall(form))) for form in entry[base]["forms"]),
                 entry[base]["say"])
        for entry in known.values() if base in entry
    )  # fmt: skip


def noted(html: str, lang: str) -> str:
    """Return a page whose words with a meaning of their own have a note where they come first.

    Headings, links, tables, figures and code are left as they are, and so are pages of the manual,
    which speak to who knows the words.

    Examples
    --------
    >>> page = noted("<main><p>An odd p-value.</p></main>", "en")
    >>> page[:77]
    '<main><p>An odd <button type="button" popovertarget="term-1" class="term">p-v'
    """
    waiting = dict(enumerate(term_notes(lang)))
    if not waiting or re.search(r'<body[^>]*\bclass="[^"]*\bmanual\b', html):
        return html
    made: list[str] = []
    around: list[tuple[str, bool]] = []
    n_notes = 0
    for part in _TAG.split(html):
        if part.startswith("<"):
            made.append(part)
            _step(part, around)
        elif waiting and part.strip() and _is_told(around):
            text, n_notes = _marked(part, waiting, n_notes)
            made.append(text)
        else:
            made.append(part)
    return "".join(made)


def _step(tag: str, around: list[tuple[str, bool]]) -> None:
    """Take an element's beginning or end into account."""
    named = _NAME.match(tag)
    if named is None:
        return
    name = named[1].lower()
    if tag.startswith("</"):
        if any(one == name for one, _ in around):
            while around.pop()[0] != name:
                continue
    elif name not in VOID and not tag.endswith("/>"):
        classes = _CLASSES.search(tag)
        named_silent = classes is not None and bool(_SILENT_CLASSES & set(classes[1].split()))
        around.append((name, name in _SILENT or named_silent))


def _is_told(around: list[tuple[str, bool]]) -> bool:
    """Tell whether running text of the main part stands here."""
    names = {name for name, _ in around}
    is_silent = any(silent for _, silent in around)
    return "main" in names and bool(names & {"p", "li", "dd"}) and not is_silent


def _marked(text: str, waiting: dict[int, TermNote], n_notes: int) -> tuple[str, int]:
    """Return a text with the notes that were still waiting, and how many there are then."""
    words = [(found.start(), found.end(), plain(found[0])) for found in _WORD.finditer(text)]
    made, at, place = [], 0, 0
    while place < len(words):
        number, length = _meant(words, place, waiting)
        if length:
            n_notes += 1
            start, end = words[place][0], words[place + length - 1][1]
            made += [text[at:start], _note(n_notes, text[start:end], waiting.pop(number).say)]
            at, place = end, place + length
        else:
            place += 1
    return "".join([*made, text[at:]]), n_notes


def _meant(
    words: list[tuple[int, int, str]], place: int, waiting: dict[int, TermNote]
) -> tuple[int, int]:
    """Return the number of the term that begins at a word, and of how many words it is; or 0."""
    best = (0, 0)
    for number, term in waiting.items():
        for form in term.forms:
            said = [word for _, _, word in words[place : place + len(form)]]
            bare = [_PROCLITIC.sub("", word) if not at else word for at, word in enumerate(said)]
            if form in (tuple(said), tuple(bare)) and len(form) > best[1]:
                best = (number, len(form))
    return best


def _note(number: int, said: str, meaning: str) -> str:
    """Return a word as a button, with the note that it opens."""
    return (
        f'<button type="button" popovertarget="term-{number}" class="term">{said}</button>'
        f'<span popover class="finding-note {TERM_NOTE}" role="note" id="term-{number}">'
        f"{escape(meaning)}</span>"
    )
