"""Which sentences does a rendered page say, and which of their words are marked as findings?

Only running text counts: headings, paragraphs, list items, captions. What is set apart as code,
table, figure, navigation, quotation, definition or citation is not the report speaking.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: Classes of spans that Python marked; the renderers keep class and key.
MARKS = frozenset({"finding", "sentence", "statement", "caveat"})

#: Class of a list entry that shows everything the ledger says of the finding that is its id.
ENTRY = "finding-entry"

#: Class of a note on a word of a sentence, which reads on behind it as if there were none.
TERM_NOTE = "term-note"

_SILENT_TAGS = frozenset(
    {
        "script", "style", "svg", "math", "code", "pre", "kbd", "samp", "table", "nav", "header",
        "footer", "blockquote", "q", "dfn", "cite", "sup", "template", "title", "aside",
    }
)  # fmt: skip
_SILENT_CLASSES = frozenset(
    {
        "quote", "definition", "manual", "citation", "references", "csl-entry", "finding-note",
        "figure-foot", "finding-mark", "header-section-number", "sourceCode", "cell-output-stdout",
        "math", "footnote-ref", "footnote-back", "sr-only", "visually-hidden", "trends-changes",
        "quarto-title-meta", "quarto-xref", "caption-label",
    }
)  # fmt: skip
_SILENT_ROLES = frozenset({"navigation", "contentinfo", "doc-noteref", "doc-backlink", "note"})
_BLOCKS = frozenset(
    {
        "p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "caption", "dt", "dd", "div",
        "section", "article", "main", "body", "ul", "ol", "dl", "figure", "br", "details",
        "summary", "td", "th",
    }
)  # fmt: skip
#: Elements that hold nothing.
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_BULKY = re.compile(r"<(svg|script|style|pre)\b", re.IGNORECASE)
_BULKY_END = {
    name: re.compile(rf"</{name}\s*+>", re.IGNORECASE) for name in ("svg", "script", "style", "pre")
}
_SENTENCE_END = re.compile(
    r"(?<![.!?؟…])(?<![\s(][A-Z])(?<!e\.g)(?<!i\.e)(?<!\bal)(?<!\bvs)(?<!\bcf)(?<!\bca)(?<!\bno)(?<!\bpp)"
    r"[.!?؟…]++[\"'”’»)\]]*+(?=\s|$|\ufffc)"
)


@dataclass(frozen=True)
class Piece:
    """A run of text: where it stands, and the mark it carries, if any."""

    text: str
    line: int
    kind: str = ""
    key: str = ""


@dataclass
class Passage:
    """One block of running text.

    Attributes
    ----------
    pieces : list of Piece
        In reading order.
    caption : bool
        Whether it labels a figure or table, where numbers name things.
    """

    pieces: list[Piece] = field(default_factory=list)
    caption: bool = False

    @property
    def text(self) -> str:
        """Return the passage as one string."""
        return "".join(piece.text for piece in self.pieces)


def passages(page: str) -> list[Passage]:
    """Return the running text of a rendered page, block by block.

    Parameters
    ----------
    page : str
        HTML.

    Returns
    -------
    list of Passage

    Examples
    --------
    >>> page = '<p>The ratio is <span class="finding" data-key="a.rate.ratio">2.42</span>.</p>'
    >>> [piece.kind for piece in passages(page)[0].pieces]
    ['', 'finding', '']
    """
    reader = _Reader()
    # Large silent elements would cost most of the time; their line breaks are kept.
    reader.feed(_without_bulk(page))
    reader.close()
    reader.end_passage()
    return reader.passages


def _without_bulk(page: str) -> str:
    """Return a page without its drawings, scripts, styles and set blocks."""
    kept, at = [], 0
    endless: set[str] = set()
    for opened in _BULKY.finditer(page):
        name = opened[1].lower()
        if opened.start() < at or name in endless:
            continue
        closed = _BULKY_END[name].search(page, opened.end())
        if closed is None:
            endless.add(name)
            continue
        breaks = page.count("\n", opened.start(), closed.end())
        kept += [page[at : opened.start()], "\n" * breaks]
        at = closed.end()
    return "".join([*kept, page[at:]])


def sentences(passage: Passage) -> list[list[Piece]]:
    """Return the sentences of a passage, each as its pieces; marked pieces are never cut."""
    found: list[list[Piece]] = [[]]
    for piece in passage.pieces:
        if piece.kind:
            found[-1].append(piece)
            if piece.kind in {"sentence", "caveat"}:
                found.append([])
            continue
        start, line = 0, piece.line
        for end in _SENTENCE_END.finditer(piece.text):
            found[-1].append(Piece(piece.text[start : end.end()], line))
            found.append([])
            line += piece.text.count("\n", start, end.end())
            start = end.end()
        if start < len(piece.text):
            found[-1].append(Piece(piece.text[start:], line))
    return [pieces for pieces in found if any(piece.text.strip() for piece in pieces)]


class _Reader(HTMLParser):
    """Collect passages; elements that are not running text are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.passages: list[Passage] = []
        self._passage = Passage()
        self._open: list[tuple[str, bool, tuple[str, str], bool]] = []
        self._n_open: Counter[str] = Counter()
        self._silent = 0
        self._term_notes = 0
        self._marks: list[tuple[str, str]] = []
        self._captions = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        if tag in _BLOCKS:
            self.end_passage()
        if tag in VOID:
            return
        named = dict(attrs)
        classes = set((named.get("class") or "").split())
        silent = (
            (tag in _SILENT_TAGS and not (tag == "header" and self._in_main()))
            or not classes.isdisjoint(_SILENT_CLASSES)
            or named.get("role") in _SILENT_ROLES
            or named.get("aria-hidden") == "true"
            or named.get("id") in {"refs", "TOC", "quarto-sidebar"}
            or (tag == "a" and (named.get("href") or "").startswith("#"))
        )
        kind = next(iter(classes & MARKS), "") if named.get("data-key") else ""
        mark = (kind, named.get("data-key") or "") if kind else ("", "")
        if ENTRY in classes:
            kind, mark = ENTRY, (ENTRY, named.get("id") or "")
        caption = tag in {"figcaption", "caption"} or "float-caption" in classes
        self._open.append((tag, silent, mark, caption))
        self._n_open[tag] += 1
        self._silent += silent
        self._term_notes += TERM_NOTE in classes
        self._captions += caption
        if kind:
            self._marks.append(mark)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those within it that were left open."""
        if tag in _BLOCKS:
            self.end_passage()
        if not self._n_open[tag]:
            return
        while self._open:
            name, silent, mark, caption = self._open.pop()
            self._n_open[name] -= 1
            self._silent -= silent
            # Nothing stands within such a note but its text.
            self._term_notes = 0
            self._captions -= caption
            if mark[0]:
                self._marks.pop()
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        """Keep text that is the report speaking."""
        if self._term_notes:
            return
        if self._silent:
            if data.strip() and self._passage.pieces:
                # A silent word still parts the words on its two sides.
                self._passage.pieces.append(Piece("\ufffc", self.getpos()[0]))
            return
        kind, key = self._marks[-1] if self._marks else ("", "")
        pieces = self._passage.pieces
        if pieces and kind and (pieces[-1].kind, pieces[-1].key) == (kind, key):
            last = pieces.pop()
            pieces.append(Piece(last.text + data, last.line, kind, key))
        else:
            pieces.append(Piece(data, self.getpos()[0], kind, key))
        self._passage.caption = self._passage.caption or self._captions > 0

    def end_passage(self) -> None:
        """Close the block of text that is open."""
        if self._passage.text.strip():
            self.passages.append(self._passage)
        self._passage = Passage()

    def _in_main(self) -> bool:
        """Whether the reader is inside the main text, whose header holds the title."""
        return self._n_open["main"] > 0 or self._n_open["article"] > 0
