"""Does every link, anchor and picture of the site point at something?"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_EXTERNAL = frozenset({"http", "https", "mailto", "tel", "doi", "data"})
_LOADED = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("source", "src"),
    ("iframe", "src"),
}


@dataclass
class _Found(HTMLParser):
    """The ids a page offers and the addresses it uses."""

    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    skipping: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self.skipping += 1
        rel = dict(attrs).get("rel") or ""
        for name, value in attrs:
            # The address that a page declares as its own is not loaded.
            if value is None or (tag == "link" and rel == "canonical"):
                continue
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src"):
                self.links.append((tag, name, value))
            elif name in ("popovertarget", "aria-labelledby", "aria-describedby"):
                self.links += [(tag, name, f"#{part}") for part in value.split()]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.skipping -= 1

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.texts.append(data)


def anchor(key: str) -> str:
    """Return a finding's name as an id, as `filters/findings.lua` makes it."""
    return re.sub(r"[^0-9A-Za-z_.-]", "-", key)


def check_site(folder: Path, *, own_markup: bool = True) -> list[str]:
    """Return every fault of a built site's links, one sentence each.

    Repeated ids are faults of our own markup only; Quarto's libraries repeat some.
    """
    folder = folder.resolve()
    pages = {path: _read(path) for path in sorted(folder.rglob("*.html"))}
    faults: list[str] = []
    for path, found in pages.items():
        name = path.relative_to(folder).as_posix()
        repeated = sorted(key for key, count in Counter(found.ids).items() if count > 1)
        if own_markup:
            faults += [f"{name}: the id {key!r} is used more than once." for key in repeated]
        if "?@" in "".join(found.texts):
            faults.append(f"{name}: a reference is not resolved (?@).")
        for tag, attribute, address in found.links:
            fault = _fault(folder, path, pages, tag, attribute, address)
            if fault:
                faults.append(f"{name}: {fault}")
    return faults


def _read(path: Path) -> _Found:
    found = _Found()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def _fault(
    folder: Path, page: Path, pages: dict[Path, _Found], tag: str, attribute: str, address: str
) -> str | None:
    parts = urlsplit(address)
    if parts.scheme in _EXTERNAL or parts.netloc:
        if (tag, attribute) in _LOADED and parts.scheme != "data":
            return f"<{tag}> loads {address!r} from the network."
        return None
    target = page
    if parts.path:
        base = folder if parts.path.startswith("/") else page.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve()
        if not target.is_relative_to(folder):
            return f"{address!r} points outside the site."
        if target.is_dir():
            target = target / "index.html"
        if not target.is_file():
            return f"{address!r} points at a file that does not exist."
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids:
        return f"{address!r} points at an anchor that does not exist."
    return None
