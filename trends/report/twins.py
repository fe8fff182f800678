"""What does a page say to who reads no HTML? Beside each page lies a twin of it in Markdown.

Twins are made from the pages as they stand, whichever engine wrote them, and listed in `llms.txt`.
What stands as a table of its own beside the pages is not written out once more: of a long table a
twin has the first rows, of a finding in the list of all the sentence and its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from trends.findings.prose import VOID
from trends.report.build import Build
from trends.report.markup import terms_of
from trends.report.navigation import output_name
from trends.report.store import key_of

LIST = "llms.txt"
_SILENT = frozenset({"nav", "script", "select", "style", "template"})
_SILENT_CLASSES = frozenset({"explore-view", "figures-bar", "finding-mark", "finding-note"})
#: A finding in a sentence and a word with a note are buttons; all other buttons do something.
SAID = frozenset({"finding", "statement", "term"})
#: Rows from which a table is cut in a twin, and those that are left of it.
_LONG, _SHOWN = 60, 20
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "br", "button", "cite", "code", "em", "i", "img", "label", "mark",
     "math", "q", "small", "span", "strong", "sub", "sup", "svg", "time", "wbr"}
)  # fmt: skip
_SPECIAL = re.compile(r"([\\*_\[\]<>`])")
_ITEM = re.compile(r"\n(?=.)")


@dataclass
class Element:
    """An element of a page."""

    tag: str
    named: dict[str, str] = field(default_factory=dict)
    inside: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """Return its classes."""
        return frozenset(self.named.get("class", "").split())

    @property
    def is_silent(self) -> bool:
        """Tell whether it says nothing to a reader of the text."""
        acts = self.tag == "button" and not self.classes & SAID
        return acts or self.tag in _SILENT or bool(self.classes & _SILENT_CLASSES)

    def all(self, *tags: str) -> Iterator[Element]:
        """Yield the elements of these tags that it holds, at any depth."""
        for one in self.inside:
            if isinstance(one, Element):
                if one.tag in tags:
                    yield one
                yield from one.all(*tags)

    def text(self) -> str:
        """Return its text as it stands."""
        return "".join(one if isinstance(one, str) else one.text() for one in self.inside)


class _Tree(HTMLParser):
    """The elements of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        if any(one.tag == tag for one in self._open):
            while self._open.pop().tag != tag:
                continue

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


def twin(html: str, *, of: str = "{n} of {all}") -> str:
    """Return what a page says in its main part, as Markdown.

    Parameters
    ----------
    html : str
        The page.
    of : str
        Words below the first rows of a long table, for how many there are.

    Examples
    --------
    >>> print(twin("<main><h1>Up?</h1><p>It <em>rose</em>, <a href='x.html'>see</a>.</p></main>"))
    # Up?
    <BLANKLINE>
    It *rose*, [see](x.html).
    <BLANKLINE>
    """
    tree = _Tree()
    tree.feed(html)
    main = next(tree.root.all("main"), tree.root)
    return "\n\n".join(_blocks(main, of)) + "\n"


def _blocks(element: Element, of: str) -> list[str]:
    """Return what an element says as blocks of Markdown."""
    made: list[str] = []
    line: list[Element | str] = []

    def close() -> None:
        said = _line(line)
        if said:
            made.append(said)
        line.clear()

    for one in element.inside:
        if isinstance(one, str) or one.tag in _INLINE:
            line.append(one)
            continue
        close()
        if not one.is_silent:
            made += _block(one, of)
    close()
    return made


def _block(element: Element, of: str) -> list[str]:
    """Return one element that stands by itself."""
    tag = element.tag
    if re.fullmatch(r"h[1-6]", tag):
        return [f"{'#' * int(tag[1])} {_line(element.inside)}"]
    if tag == "hr":
        return ["---"]
    if tag == "pre":
        return [f"```\n{element.text().strip()}\n```"]
    if tag == "table":
        return _table(element, of)
    if tag in ("ul", "ol"):
        return ["\n".join(_items(element, of))]
    if tag == "blockquote":
        return ["> " + "\n> ".join("\n\n".join(_blocks(element, of)).split("\n"))]
    if tag in ("summary", "dt"):
        said = _line(element.inside)
        return [f"**{said}**"] if said else []
    if "finding-entry" in element.classes:
        said, *_ = _blocks(element, of) or [""]
        return [" ".join([said, *(f"`{one.text()}`" for one in element.all("code"))])]
    return _blocks(element, of)


def _items(element: Element, of: str) -> Iterator[str]:
    """Yield the items of a list, what they hold set in below them."""
    items = [one for one in element.inside if isinstance(one, Element) and one.tag == "li"]
    for number, item in enumerate(items, start=1):
        mark = f"{number}. " if element.tag == "ol" else "- "
        said = "\n\n".join(_blocks(item, of))
        if said:
            yield mark + _ITEM.sub("\n" + " " * len(mark), said)


def _table(element: Element, of: str) -> list[str]:
    """Return a table with bars, its caption above it; one without headings gets empty ones.

    Of a long one come the first rows, and how many there are.
    """
    rows = [
        [_line(cell.inside).replace("|", "\\|") for cell in row.inside
         if isinstance(cell, Element) and cell.tag in ("td", "th")]
        for row in element.all("tr")
    ]  # fmt: skip
    if not rows:
        return []
    if next(element.all("thead"), None) is None:
        rows.insert(0, [""] * len(rows[0]))
    n_rows = len(rows) - 1
    is_cut = n_rows > _LONG
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1 : 1 + (_SHOWN if is_cut else n_rows)]]
    caption = [_line(one.inside) for one in element.all("caption")]
    left_out = [f"({of.format(n=_SHOWN, all=n_rows)})"] if is_cut else []
    return [*caption, "\n".join(f"| {' | '.join(row)} |" for row in rows), *left_out]


def _line(inside: list[Element | str]) -> str:
    """Return running text on one line."""
    return " ".join("".join(map(_inline, inside)).replace("\u2060", "").split())


def _inline(one: Element | str) -> str:
    """Return a part of running text."""
    if isinstance(one, str):
        return _SPECIAL.sub(r"\\\1", one)
    if one.is_silent:
        return ""
    tag, said = one.tag, _line(one.inside)
    if tag == "br":
        return " "
    if tag in ("svg", "img"):
        alt = _SPECIAL.sub(r"\\\1", one.named.get("aria-label") or one.named.get("alt", ""))
        return f"(*{alt}*)" if alt else ""
    if tag == "math":
        return f"${next((note.text() for note in one.all('annotation')), one.text()).strip()}$"
    if tag == "code":
        return f"`{one.text()}`"
    # A place of the page is none of its twin.
    if tag == "a" and said and not one.named.get("href", "#").startswith("#"):
        return f"[{said}]({one.named['href']})"
    if tag in ("strong", "b", "em", "i") and said:
        star = "**" if tag in ("strong", "b") else "*"
        return f"{star}{said}{star}"
    return "".join(map(_inline, one.inside))


def twin_name(name: str) -> str:
    """Return the path in the site of the twin of a page."""
    return output_name(name).removesuffix(".html") + ".md"


def write_twins(build: Build) -> None:
    """Write the twin of every page, and the list of them with what else the edition holds."""
    pages = {
        name: lang
        for name, lang in build.languages.items()
        if name not in build.paper_only and (build.site / output_name(name)).is_file()
    }
    for name, lang in pages.items():
        _write_twin(build, name, str(terms_of(lang)["search"]["of"]))
    (build.site / LIST).write_text(_listed(build, pages), encoding="utf-8")


def _write_twin(build: Build, name: str, of: str) -> None:
    page = (build.site / output_name(name)).read_text(encoding="utf-8")
    told = build.store.kept(key_of("twin", page, of), lambda: twin(page, of=of).encode())
    (build.site / twin_name(name)).write_bytes(told)


def _listed(build: Build, pages: dict[str, str]) -> str:
    """Return the list of an edition's texts and tables."""
    main_lang = next(iter(pages.values()), "en")
    title = str(build.project.website.get("title") or next(iter(build.titles.values()), ""))
    about = [build.edition.words(main_lang)]
    if build.data_to:
        about.append(f"{terms_of(main_lang)['data-to']} {build.data_to}")
    parts = [f"# {title}", f"> {', '.join(about)}."]
    for lang in dict.fromkeys(pages.values()):
        lines = []
        for name, own in pages.items():
            if own == lang:
                subtitle = str(build.metadata[name].get("subtitle") or "")
                said = f": {subtitle}" if subtitle else ""
                lines.append(f"- [{build.titles[name]}]({twin_name(name)}){said}")
        parts.append(f"## {terms_of(lang)['language-name']}\n\n" + "\n".join(lines))
    words = terms_of(main_lang)["package"]
    there = [
        (path, words[path]) for path in ("findings.json", "findings.csv", "ro-crate-metadata.json")
    ] + [
        (path.relative_to(build.site).as_posix(), words["csv-metadata.json"])
        for path in sorted(build.site.rglob("csv-metadata.json"))
    ]
    lines = [f"- [{path}]({path}): {said}" for path, said in there if (build.site / path).is_file()]
    if lines:
        parts.append(f"## {words['title']}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"
