"""Does every link, anchor and picture of the site point at something?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from trends.report.store import Store, key_of

_EXTERNAL = frozenset({"http", "https", "mailto", "tel", "doi", "data"})
_LOADED = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("source", "src"),
    ("iframe", "src"),
}


class _Found(NamedTuple):
    """The ids a page offers, the addresses it uses, and whether a reference stands there bare."""

    ids: list[str]
    links: list[list[str]]
    is_unresolved: bool


@dataclass
class _Reader(HTMLParser):
    """Finds the ids and the addresses of a page."""

    ids: list[str] = field(default_factory=list)
    links: list[list[str]] = field(default_factory=list)
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
                self.links.append([tag, name, value])
            elif name in ("popovertarget", "aria-labelledby", "aria-describedby"):
                self.links += [[tag, name, f"#{part}"] for part in value.split()]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.skipping -= 1

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.texts.append(data)


def anchor(key: str) -> str:
    """Return a finding's name as an id, as `filters/findings.lua` makes it."""
    return re.sub(r"[^0-9A-Za-z_.-]", "-", key)


def check_site(folder: Path, store: Store, *, own_markup: bool = True) -> list[str]:
    """Return every fault of a built site's links, one sentence each.

    Repeated ids are faults of our own markup only; Quarto's libraries repeat some. What a page
    holds is taken from the store where it was read before.
    """
    folder = folder.resolve()
    pages = {path: _read(path, store) for path in sorted(folder.rglob("*.html"))}
    ids = {path: frozenset(found.ids) for path, found in pages.items()}
    faults: list[str] = []
    for path, found in pages.items():
        name = path.relative_to(folder).as_posix()
        repeated = sorted(key for key, count in Counter(found.ids).items() if count > 1)
        if own_markup:
            faults += [f"{name}: the id {key!r} is used more than once." for key in repeated]
        if found.is_unresolved:
            faults.append(f"{name}: a reference is not resolved (?@).")
        for tag, attribute, address in found.links:
            fault = _fault(folder, path, ids, tag, attribute, address)
            if fault:
                faults.append(f"{name}: {fault}")
    return faults


def _read(path: Path, store: Store) -> _Found:
    html = path.read_text(encoding="utf-8")

    def read() -> bytes:
        reader = _Reader()
        reader.feed(html)
        return json.dumps([reader.ids, reader.links, "?@" in "".join(reader.texts)]).encode()

    return _Found(*json.loads(store.kept(key_of("links", html), read)))


def _fault(
    folder: Path,
    page: Path,
    ids: Mapping[Path, frozenset[str]],
    tag: str,
    attribute: str,
    address: str,
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
    if anchor and target in ids and anchor not in ids[target]:
        return f"{address!r} points at an anchor that does not exist."
    return None
