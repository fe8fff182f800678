"""How does a reader move between pages? Navbar, sidebar, footer, previous and next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import unescape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from trends.escaping import html as escape
from trends.report.errors import RenderError
from trends.report.markup import terms_of
from trends.report.page import SOURCES, Page
from trends.report.project import CONFIG, Project, line_of, merge


@dataclass(frozen=True)
class Place:
    """Where a page stands in the site."""

    project: Project
    page: Page
    titles: dict[str, str]
    languages: dict[str, str]
    paper_only: frozenset[str] = frozenset()

    @property
    def lang(self) -> str:
        """Return the language of the page."""
        return self.languages[self.page.name]

    def href(self, target: str) -> str:
        """Return the address of a source file or site path as seen from this page."""
        if "://" in target or target.startswith(("#", "mailto:")):
            return target
        file, _, anchor = target.lstrip("/").partition("#")
        if file.endswith(".qmd") and file not in self.titles:
            raise RenderError(
                f"the navigation points at {file!r}, which is not a page of the site.",
                file=CONFIG,
                line=line_of(self.project.root / CONFIG, file),
            )
        path = self.output(file)
        here = PurePosixPath(output_name(self.page.name)).parent
        relative = os.path.relpath(path, here).replace(os.sep, "/")
        return f"{quote(relative)}#{anchor}" if anchor else quote(relative)

    @property
    def home(self) -> str:
        """Return the first page in this page's language."""
        return next(
            (
                name
                for name, lang in self.languages.items()
                if lang == self.lang and name not in self.paper_only
            ),
            self.page.name,
        )

    def output(self, name: str) -> str:
        """Return the path in the site of a source file."""
        if name in self.paper_only:
            return str(PurePosixPath(name).with_suffix(".pdf"))
        return output_name(name) if name in self.titles or name.endswith(".qmd") else name

    def linked(self, target: str) -> str:
        """Return a link of this page's text, to sources of other pages, as the site has it."""
        target = unquote(unescape(target))
        if target.startswith("/"):
            return self.href(target)
        folder = PurePosixPath(self.page.name).parent
        source = os.path.normpath(folder / target).replace(os.sep, "/")
        if not (target.endswith(".qmd") or source in self.titles):
            return quote(target)
        return quote(os.path.relpath(self.output(source), folder).replace(os.sep, "/"))

    def is_here(self, target: str) -> bool:
        """Tell whether a target is this page."""
        return output_name(target) == output_name(self.page.name)

    def counterpart(self, target: str) -> str:
        """Return this page in the language of `target`, or `target` where there is none."""
        folder = PurePosixPath(target).parent
        same = (folder / PurePosixPath(self.page.name).name).as_posix()
        return same if same in self.titles and same not in self.paper_only else target


def output_name(name: str) -> str:
    """Return the path in the site of a page's HTML; other files keep their name."""
    path = PurePosixPath(name)
    return str(path.with_suffix(".html")) if path.suffix in SOURCES else name


def website(place: Place, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the website settings for a page; its folder may translate them."""
    own = metadata.get("website")
    base = place.project.website
    return merge(base, own) if isinstance(own, dict) else base


def navbar(place: Place, site: dict[str, Any], terms: dict[str, Any]) -> str:
    """Return the links at the head of the page.

    A link whose text is the name of a language leads to this page in that language; it is left
    out where the reader is already in it. Other links to pages of another language are left out.
    """
    bar = site.get("navbar")
    if not isinstance(bar, dict):
        return ""
    items = [*(bar.get("left") or []), *(bar.get("right") or [])]
    links = [_navbar_link(place, item) for item in items]
    if not any(links):
        return ""
    label = escape(terms["site-links"])
    return f'<nav class="navbar" aria-label="{label}"><ul>{"".join(links)}</ul></nav>'


def foreign_links(place: Place, site: dict[str, Any]) -> list[str]:
    """Return what those links at the head of the site say that are no use on a page.

    They lead to pages of another language without naming that language.
    """
    bar = site.get("navbar")
    if not isinstance(bar, dict):
        return []
    items = [_item(place, item) for item in [*(bar.get("left") or []), *(bar.get("right") or [])]]
    return [
        text
        for target, text in items
        for lang in [place.languages.get(target, place.lang)]
        if lang != place.lang and not _names_language(text, lang)
    ]


def _navbar_link(place: Place, item: Any) -> str:
    target, text = _item(place, item)
    lang = place.languages.get(target, place.lang)
    names_language = _names_language(text, lang)
    if names_language == (lang == place.lang):
        return ""
    attributes = ""
    if names_language:
        target = place.counterpart(target)
        attributes = f' lang="{lang}" hreflang="{lang}"'
    current = ' aria-current="page"' if place.is_here(target) else ""
    return (
        f'<li><a href="{escape(place.href(target))}"{attributes}{current}>{escape(text)}</a></li>'
    )


def _names_language(text: str, lang: str) -> bool:
    """Tell whether a link's text is the name of its page's language."""
    return text.strip() == str(terms_of(lang)["language-name"])


def sidebar(place: Place, site: dict[str, Any]) -> str:
    """Return the sidebar that lists this page, or nothing."""
    bars = site.get("sidebar") or []
    for bar in bars if isinstance(bars, list) else [bars]:
        if any(place.is_here(target) for target in _targets(bar.get("contents") or [])):
            return _entries(place, bar.get("contents") or [])
    return ""


def _targets(contents: list[Any]) -> list[str]:
    found: list[str] = []
    for item in contents:
        if isinstance(item, dict) and "contents" in item:
            found += _targets(item["contents"])
        elif isinstance(item, dict) and "href" in item:
            found.append(str(item["href"]))
        elif isinstance(item, str):
            found.append(item)
    return found


def _entries(place: Place, contents: list[Any]) -> str:
    made = []
    for item in contents:
        if isinstance(item, str) and set(item) == {"-"}:
            made.append('<li class="rule" role="separator"></li>')
        elif isinstance(item, dict) and "contents" in item:
            inner = _entries(place, item["contents"])
            made.append(
                f'<li><span class="group">{escape(str(item.get("section", "")))}</span>{inner}</li>'
            )
        else:
            target, text = _item(place, item)
            current = ' aria-current="page"' if place.is_here(target) else ""
            made.append(
                f'<li><a href="{escape(place.href(target))}"{current}>{escape(text)}</a></li>'
            )
    return f"<ul>{''.join(made)}</ul>"


def _item(place: Place, item: Any) -> tuple[str, str]:
    if isinstance(item, str):
        return item, place.titles.get(item, item)
    if not isinstance(item, dict) or not ("href" in item or "file" in item):
        raise RenderError(f"a navigation entry must have an `href`, got {item!r}.", file=CONFIG)
    target = str(item.get("href") or item.get("file"))
    return target, str(item.get("text") or place.titles.get(target, target))


def neighbours(place: Place, site: dict[str, Any], terms: dict[str, Any]) -> str:
    """Return links to the page before and the page after in the sidebar."""
    if not site.get("page-navigation"):
        return ""
    bars = site.get("sidebar") or []
    for bar in bars if isinstance(bars, list) else [bars]:
        targets = [item for item in _targets(bar.get("contents") or []) if item in place.titles]
        if place.page.name in targets:
            at = targets.index(place.page.name)
            before = _neighbour(place, targets[at - 1], "prev", terms["previous"]) if at else ""
            following = targets[at + 1 : at + 2]
            after = _neighbour(place, following[0], "next", terms["next"]) if following else ""
            label = escape(f"{terms['previous']}, {terms['next']}")
            return f'<nav class="neighbours" aria-label="{label}">{before}{after}</nav>'
    return ""


def _neighbour(place: Place, target: str, which: str, word: str) -> str:
    return (
        f'<a class="{which}" rel="{which}" href="{escape(place.href(target))}">'
        f"<span>{escape(word)}</span> {escape(place.titles[target])}</a>"
    )


def footer(site: dict[str, Any]) -> str:
    """Return the foot of the page."""
    written = site.get("page-footer") or ""
    parts = written if isinstance(written, dict) else {"center": written}
    texts = [str(parts[side]) for side in ("left", "center", "right") if parts.get(side)]
    return "".join(f"<p>{text}</p>" for text in texts)
