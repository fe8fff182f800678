"""Both engines give one edition: text, numbering, captions, links, alternative texts, outline."""

import difflib
import json
import posixpath
import re
import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pypdf
import pytest

from trends.report import prepare, render
from trends.report.quarto import find

ROOT = Path(__file__).parents[2]
#: In what the editions may differ, and why; docs/engines.md says what else is each engine's own.
ALLOWED = {
    r"^index\.html: ": "the page that leads to the first page is each engine's own",
    r"(text|link).*(Back to top|العودة إلى الأعلى)": "Quarto offers it",
    r"text -.*(Picture|الصورة) \(SVG\)": "kept with a figure by the built-in one",
    r"link: .*figures/[^ ]*\.csv$": "the numbers of a figure, laid beside it by the built-in one",
}

_SILENT = {"script", "style", "nav", "title", "math", "template", "svg"}
_SILENT_IDS = {"quarto-appendix-license", "quarto-margin-sidebar"}
#: Where the text of a page of A4 begins and ends, in points from its foot.
_FOOT, _HEAD = 50, 785
_HEADINGS = ("h1", "h2", "h3", "h4")
_BLOCKS = {"p", "li", "td", "th", "figcaption", "caption", *_HEADINGS, "dt", "dd", "div"}
_VOID = {"img", "br", "hr", "meta", "link", "input", "col", "wbr", "source", "path", "use", "rect"}


@dataclass
class Seen(HTMLParser):
    """What a reader sees of a page's main text."""

    blocks: list[str] = field(default_factory=lambda: [""])
    headings: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    alts: set[str] = field(default_factory=set)
    open: list[tuple[str, bool]] = field(default_factory=list)
    main: int = 0
    silent: int = 0

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        named = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.main += 1
        alt = named.get("alt") or named.get("aria-label")
        if self.main and alt and (tag in ("img", "svg") or named.get("role") == "img"):
            self.alts.add(" ".join(alt.split()))
        is_link = tag == "a" and not named.get("href", "#fn").startswith("#fn")
        # Quarto makes each line of code a place with a link that nobody sees and no key reaches.
        is_link = is_link and named.get("aria-hidden") != "true"
        if self.main and not self.silent and is_link:
            self.links.add(unquote(named["href"]))
        if tag in _VOID:
            return
        hides = (
            tag in _SILENT
            or named.get("id") in _SILENT_IDS
            or "finding-note" in named.get("class", "")
        )
        self.open.append((tag, hides))
        self.silent += hides
        if tag in _BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag):
        if tag == "main":
            self.main -= 1
        if not any(name == tag for name, _ in self.open):
            return
        while self.open:
            name, hid = self.open.pop()
            self.silent -= hid
            if name == tag:
                break
        if tag in _BLOCKS:
            text = " ".join(self.blocks[-1].split())
            if tag in _HEADINGS and self.main and text:
                self.headings.append(text)
            if tag in ("figcaption", "caption") and self.main:
                self.captions.append(text)
            self.blocks.append("")

    def handle_data(self, data):
        if self.main and not self.silent:
            self.blocks[-1] += data


def seen(path: Path) -> Seen:
    reader = Seen()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def differences(first: Path, second: Path) -> list[str]:
    """Return a line for each thing in which two sites differ."""
    found = []
    names = [
        {path.relative_to(site).as_posix() for path in site.rglob("*") if path.suffix in kinds}
        for site in (first, second)
        for kinds in [{".html", ".pdf"}]
    ]
    found += [f"{name}: in one edition only" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        of = _of_papers if name.endswith(".pdf") else _of_pages
        found += [f"{name}: {line}" for line in of(first / name, second / name, name)]
    return found


def _target(link: str, name: str) -> str:
    """Return where a link of a page leads, seen from the root of the site."""
    if link.startswith("#") or ":" in link:
        return link
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), link))


def _of_pages(first: Path, second: Path, name: str) -> list[str]:
    one, other = seen(first), seen(second)
    found = _changed("text", _text(one), _text(other))
    found += _changed("heading", one.headings, other.headings)
    found += _changed("caption", one.captions, other.captions)
    links = [{_target(link, name) for link in page.links} for page in (one, other)]
    found += [f"link: {link}" for link in sorted(links[0] ^ links[1])]
    # The built-in engine also tells the course of a figure, after what the page says of it.
    found += [
        f"alternative text: {alt}"
        for alt in sorted(other.alts)
        if not any(told.startswith(alt) for told in one.alts)
    ]
    return found


def _text(page: Seen) -> list[str]:
    # Where a line may break in the pages of a reference is each engine's own.
    told = (" ".join(one.replace("\u2060", "").split()) for one in page.blocks)
    return [block for block in told if block]


def _changed(what: str, one: list[str], other: list[str]) -> list[str]:
    return [
        f"{what} {line}"
        for line in difflib.unified_diff(one, other, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]


def _of_papers(first: Path, second: Path, _: str) -> list[str]:
    one, other = pypdf.PdfReader(first), pypdf.PdfReader(second)
    found = _changed("outline", _outline(one.outline), _outline(other.outline))
    # Figures hold their words as text in the papers of the built-in engine alone.
    found += [f"type: {name}" for name in sorted(_fonts(other) - _fonts(one))]
    found += [
        line for line in _changed("paper", _words(one), _words(other)) if line[len("paper ")] == "+"
    ]
    return found


def _outline(entries, depth=0) -> list[str]:
    made = []
    for entry in entries:
        if isinstance(entry, list):
            made += _outline(entry, depth + 1)
        else:
            made.append(f"{'  ' * depth}{entry.title}")
    return made


def _fonts(paper) -> set[str]:
    return {
        str(font.get_object()["/BaseFont"]).split("+")[-1]
        for page in paper.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }


def _words(paper) -> list[str]:
    """Return the words of a paper in order, without contents, running heads and page numbers.

    Where lines and pages end is each engine's own, and so is how a line is cut into pieces. The
    outline holds the contents.
    """
    said, last = [], None

    def note(text, matrix, *_) -> None:
        nonlocal last
        if not _FOOT < matrix[5] < _HEAD:
            return
        if (matrix[4], matrix[5]) != last:
            said.append(" ")
        said.append(text)
        last = (matrix[4], matrix[5])

    begins = paper.get_destination_page_number(paper.outline[0]) if paper.outline else 0
    for page in paper.pages[begins:]:
        page.extract_text(visitor_text=note)
    return "".join(said).replace("\u2060", "").split()


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    """This project, rendered by both engines."""
    if find() is None:
        pytest.skip("there is no Quarto here: `make quarto` installs it where the network allows")
    made = []
    left_out = shutil.ignore_patterns(".*", "_site", "__pycache__", "tests")
    for engine in ("builtin", "quarto"):
        folder = tmp_path_factory.mktemp(engine) / "project"
        shutil.copytree(ROOT, folder, ignore=left_out)
        prepare(folder)
        made.append(render(folder, engine=engine).site)
    return made


@pytest.mark.slow
def test_the_editions_differ_only_in_what_is_listed(editions):
    left = [
        line
        for line in differences(*editions)
        if not any(re.search(pattern, line) for pattern in ALLOWED)
    ]
    assert left == []


@pytest.mark.slow
def test_the_ledgers_are_the_same(editions):
    first, second = (
        json.loads((site / "findings.json").read_text(encoding="utf-8")) for site in editions
    )
    assert first == second


def test_a_site_does_not_differ_from_itself_and_does_from_another(rendered, tmp_path):
    assert differences(rendered.site, rendered.site) == []
    copy = tmp_path / "copy"
    shutil.copytree(rendered.site, copy)
    page = copy / "pages/index.html"
    text = page.read_text(encoding="utf-8")
    for old, new in (
        ("when 121 were", "when 122 were"),
        ("First heading", "Heading"),
        ("Figure\u00a01:", "Figure\u00a03:"),
        ('href="more.html#sec-there"', 'href="more.html"'),
        ("Line from 1 at the left", "Line"),
    ):
        assert old in text
        text = text.replace(old, new)
    page.write_text(text, encoding="utf-8")
    shutil.copyfile(copy / "pages/ar/full.pdf", copy / "pages/full.pdf")
    found = "\n".join(differences(rendered.site, copy))
    for what in ("text -", "heading -", "caption -", "link: ", "alternative text: ", "outline -"):
        assert what in found
