"""What does `_quarto.yml` ask for: which pages, in which formats, with which settings?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trends.report.errors import RenderError
from trends.report.page import Page, parse_yaml, read_page

CONFIG = "_quarto.yml"

PROJECT_KEYS = frozenset(
    {"type", "output-dir", "execute-dir", "render", "resources", "post-render"}
)
WEBSITE_KEYS = frozenset(
    {"title", "description", "favicon", "site-url", "navbar", "sidebar", "page-footer",
     "page-navigation", "search", "reader-mode", "back-to-top-navigation"}
)  # fmt: skip
PAGE_KEYS = frozenset(
    {"title", "subtitle", "description", "author", "date", "abstract", "pagetitle", "lang", "dir",
     "language", "format", "toc", "toc-depth", "toc-title", "number-sections", "engine", "execute",
     "bibliography", "csl", "citeproc", "link-citations", "nocite", "html-math-method",
     "fig-format", "fig-width", "fig-height", "filters", "css", "theme", "code-fold", "papersize",
     "pdf-standard", "mainfont", "reference-section-title", "website"}
)  # fmt: skip
FORMATS = ("html", "typst")


@dataclass(frozen=True)
class Project:
    """A website project: its folder, its settings, its pages in order."""

    root: Path
    settings: dict[str, Any]
    pages: list[Page] = field(default_factory=list)

    @property
    def website(self) -> dict[str, Any]:
        """Return the settings of the website."""
        return dict(self.settings.get("website") or {})

    @property
    def output_folder(self) -> Path:
        """Return the folder that the site is written to."""
        return self.root / str(self._project.get("output-dir", "_site"))

    @property
    def resources(self) -> list[Path]:
        """Files that are copied into the site as they are."""
        patterns = _listed(self._project.get("resources"))
        found: list[Path] = []
        for pattern in patterns:
            # In Quarto a pattern without a slash at its head matches in every folder.
            matches = sorted(path for path in self.root.glob(pattern.lstrip("/")) if path.is_file())
            if not matches:
                raise RenderError(
                    f"the resource {pattern!r} matches no file.",
                    file=CONFIG,
                    line=line_of(self.root / CONFIG, pattern),
                )
            found += [path for path in matches if path not in found]
        return found

    @property
    def _project(self) -> dict[str, Any]:
        return dict(self.settings.get("project") or {})

    def metadata(self, page: Page) -> dict[str, Any]:
        """Return the settings of one page: the project's, its folders', its own."""
        merged = {
            key: value for key, value in self.settings.items() if key not in {"project", "website"}
        }
        folder = self.root
        for part in page.path.parent.relative_to(self.root).parts:
            folder = folder / part
            merged = merge(merged, read_settings(folder / "_metadata.yml", self.root))
        return merge(merged, page.front_matter)

    def formats(self, page: Page) -> dict[str, dict[str, Any]]:
        """Return the formats a page is made in, each with its own settings."""
        asked = self.metadata(page).get("format", "html")
        own = page.front_matter.get("format")
        names = own if own is not None else asked
        settings = asked if isinstance(asked, dict) else {}
        chosen = [names] if isinstance(names, str) else list(names)
        for name in chosen:
            if name not in FORMATS:
                raise RenderError(
                    f"the format must be one of {', '.join(FORMATS)}, got {name!r}.",
                    file=page.name,
                    line=line_of(page.path, "format"),
                )
        made = {}
        for name in chosen:
            value = settings.get(name)
            made[name] = value if isinstance(value, dict) else {}
        return made


def read_project(root: Path) -> Project:
    """Read `_quarto.yml` and every page it lists."""
    path = root / CONFIG
    if not path.is_file():
        raise RenderError(f"the project must have a {CONFIG}, found none in {root}.", file=CONFIG)
    settings = read_settings(path, root)
    _check_keys(path, dict(settings.get("project") or {}), PROJECT_KEYS, "project")
    _check_keys(path, dict(settings.get("website") or {}), WEBSITE_KEYS, "website")
    _check_keys(path, settings, PAGE_KEYS | {"project", "website"}, "the project file")
    project = Project(root, settings)
    pages = [read_page(page, root) for page in _page_files(project)]
    for page in pages:
        _check_keys(page.path, page.front_matter, PAGE_KEYS, "front matter", page.name)
    return Project(root, settings, pages)


def read_settings(path: Path, root: Path) -> dict[str, Any]:
    """Read a YAML settings file; an absent one is empty."""
    if not path.is_file():
        return {}
    name = path.relative_to(root).as_posix()
    parsed = parse_yaml(path.read_text(encoding="utf-8"), name) or {}
    if not isinstance(parsed, dict):
        raise RenderError("the settings must be a mapping.", file=name, line=1)
    return parsed


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Merge settings as Quarto does: mappings by key, lists joined, the rest replaced."""
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            merged[key] = known + [item for item in value if item not in known]
        else:
            merged[key] = value
    return merged


def line_of(path: Path, words: str) -> int | None:
    """Return the first line of a file that holds these words."""
    if not path.is_file():
        return None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if words in line:
            return number
    return None


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _check_keys(
    path: Path, settings: dict[str, Any], known: frozenset[str], what: str, name: str | None = None
) -> None:
    for key in settings:
        if key not in known:
            line = next(
                (
                    number
                    for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1)
                    if re.match(rf"\s*{re.escape(str(key))}\s*:", text)
                ),
                None,
            )
            raise RenderError(
                f"`{key}` in {what} is not supported. Known are {', '.join(sorted(known))}.",
                file=name or path.name,
                line=line,
            )


def _page_files(project: Project) -> list[Path]:
    """Return the pages to render, in the order `render` lists them, `_files` left out."""
    patterns = _listed(project._project.get("render")) or ["**/*.qmd"]
    found: list[Path] = []
    for pattern in patterns:
        if pattern.startswith("!"):
            refused = set(project.root.glob(pattern[1:]))
            found = [path for path in found if path not in refused]
            continue
        matches = sorted(path for path in project.root.glob(pattern) if path.suffix == ".qmd")
        if not matches:
            raise RenderError(
                f"`render` lists {pattern!r}, which matches no page.",
                file=CONFIG,
                line=line_of(project.root / CONFIG, pattern),
            )
        found += [path for path in matches if path not in found and not path.name.startswith("_")]
    return found
