"""What does a build know of its pages: settings, titles, languages, folders?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from trends.findings.ledger import Ledger
from trends.report.errors import RenderError
from trends.report.markup import terms_of
from trends.report.navigation import Place
from trends.report.page import Page
from trends.report.project import CONFIG, Project, declared_by, line_of, merge
from trends.report.provenance import Edition, data_to, edition_of
from trends.report.store import DATA, FOLDER, Store, key_of, states_in

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

#: Settings that shape the build and mean nothing to the conversion of a text.
_NOT_FOR_PANDOC = frozenset(
    {"format", "filters", "execute", "theme", "css", "engine", "website", "bibliography", "csl"}
)


@dataclass
class Build:
    """One build in progress: the project, its folders, the edition before, its times."""

    project: Project
    site: Path
    scratch: Path
    metadata: dict[str, dict[str, Any]] = field(init=False)
    edition: Edition = field(init=False)
    timings: dict[str, float] = field(default_factory=dict)
    store: Store = field(init=False)
    previous: Ledger | None = None

    def __post_init__(self) -> None:
        self.metadata = {
            page.name: page_metadata(self.project, page) for page in self.project.pages
        }
        self.edition = edition_of(self.project.root)
        self.store = Store(self.project.root / FOLDER)

    @property
    def titles(self) -> dict[str, str]:
        """Return the title of every page."""
        return {name: str(found["title"]) for name, found in self.metadata.items()}

    @property
    def languages(self) -> dict[str, str]:
        """Return the language of every page."""
        return {name: str(found["lang"]) for name, found in self.metadata.items()}

    @cached_property
    def paper_only(self) -> frozenset[str]:
        """Return the pages that are made as PDF and not as HTML."""
        return frozenset(
            page.name for page in self.project.pages if "html" not in self.project.formats(page)
        )

    @cached_property
    def data_to(self) -> str:
        """Return the newest day that the project's tables look at; "" where none is known."""
        key = key_of("newest day", states_in(self.project.root / DATA))
        return self.store.kept(key, lambda: data_to(self.project.root).encode()).decode()

    @cached_property
    def declared(self) -> dict[str, Any]:
        """Return what the project declares of itself to those who cite it."""
        return declared_by(self.project.root)

    def place(self, page: Page) -> Place:
        """Return where a page stands among the others."""
        return Place(self.project, page, self.titles, self.languages, self.paper_only)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the time taken to a step's total."""
        start = time.perf_counter()
        yield
        self.timings[what] = self.timings.get(what, 0.0) + time.perf_counter() - start

    def add_timings(self, seconds: dict[str, float]) -> None:
        """Add what another process took."""
        for what, taken in seconds.items():
            self.timings[what] = self.timings.get(what, 0.0) + taken

    def filters(self, metadata: dict[str, Any]) -> list[Path]:
        """Return the project's own Lua filters, which Quarto runs too."""
        found = []
        for item in metadata.get("filters") or []:
            name = str(item["path"] if isinstance(item, dict) else item)
            found.append(self.file(name, "the filter"))
        return found

    def file(self, name: str, what: str) -> Path:
        """Return a file that the settings name."""
        path = self.project.root / name
        if not path.is_file():
            raise RenderError(
                f"{what} {name!r} does not exist.",
                file=CONFIG,
                line=line_of(self.project.root / CONFIG, name),
            )
        return path

    def own_classes(self, metadata: dict[str, Any]) -> frozenset[str]:
        """Return the classes that a page's own style sheets give a look."""
        named = metadata.get("css") or []
        names = named if isinstance(named, list) else [named]
        texts = [self.file(str(name), "the style sheet").read_text("utf-8") for name in names]
        return frozenset(re.findall(r"\.([A-Za-z][\w-]*)", "\n".join(texts)))

    def for_pandoc(self, page: Page, metadata: dict[str, Any]) -> dict[str, Any]:
        """Return what the conversion of a page's text needs of its settings."""
        made = {key: value for key, value in metadata.items() if key not in _NOT_FOR_PANDOC}
        made["author"] = authors(metadata)
        if str(metadata.get("date", "")).strip() in _PINNED:
            made["date"] = self.edition.day(metadata["lang"])
        return made

    def files_for_pandoc(self, page: Page, metadata: dict[str, Any]) -> dict[str, list[Path]]:
        """Return the files and folders that the conversion of a page's text needs."""
        made: dict[str, list[Any]] = {"page-folder": [page.path.parent]}
        if self.project.profiles:
            made["trends-profile"] = [",".join(self.project.profiles)]
        for key, what in (("bibliography", "the bibliography"), ("csl", "the citation style")):
            named = metadata.get(key) or []
            names = named if isinstance(named, list) else [named]
            made[key] = [self.file(str(name), what) for name in names]
        return made


def authors(metadata: Mapping[str, Any]) -> list[str]:
    """Return each author on a line: the name, then where and how to be found."""
    named = metadata.get("author") or []
    return [_author(one) for one in (named if isinstance(named, list) else [named])]


def _author(author: Any) -> str:
    """Return an author's name and what else is told of the person."""
    if not isinstance(author, dict):
        return str(author)
    name = author.get("name", "")
    if isinstance(name, dict):
        name = name.get("literal") or " ".join(
            str(name[part]) for part in ("given", "family") if part in name
        )
    places = author.get("affiliation", author.get("affiliations")) or []
    about = [
        ", ".join(str(part) for part in one.values()) if isinstance(one, dict) else str(one)
        for one in (places if isinstance(places, list) else [places])
    ]
    about += [str(author[key]) for key in ("email", "url", "orcid") if author.get(key)]
    return f"{name} ({'; '.join(about)})" if about else str(name)


#: Dates that mean the day of the build; here they are the day of the edition.
_PINNED = frozenset({"today", "now", "last-modified"})


def page_metadata(project: Project, page: Page, name: str | None = None) -> dict[str, Any]:
    """Return a page's settings, of one format if named, with language and terms filled in."""
    found = project.metadata(page, name)
    lang = str(found.get("lang", "en"))
    found["lang"] = lang
    found.setdefault("dir", "rtl" if lang.split("-")[0] in RIGHT_TO_LEFT else "ltr")
    if not found.get("title"):
        raise RenderError(
            "the page must have a title. Add `title:` to its front matter.", file=page.name, line=1
        )
    own = found.get("language")
    terms = terms_of(lang)["language"]
    found["language"] = merge(terms, own) if isinstance(own, dict) else terms
    found.setdefault("reference-section-title", found["language"]["section-title-references"])
    found.setdefault("link-citations", True)
    return found
