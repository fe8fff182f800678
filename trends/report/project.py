"""What does `_quarto.yml` ask for: which pages, in which formats, with which settings?"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trends.report.allowed import CONFIGURATION, PAGE, check_settings
from trends.report.errors import RenderError
from trends.report.page import SOURCES, Page, parse_yaml, read_page, read_text

CONFIG = "_quarto.yml"
#: What a project declares of itself to those who cite it.
CITATION = "CITATION.cff"

FORMATS = ("html", "typst", "docx")
#: Settings whose values are files.
_NAMES_FILES = frozenset({"bibliography", "csl", "css", "filters"})
_OF_PROJECT_ALONE = frozenset({"project", "website", "profile"})


@dataclass(frozen=True)
class Project:
    """A website project: its folder, its settings, its pages in order."""

    root: Path
    settings: dict[str, Any]
    pages: list[Page] = field(default_factory=list)
    profiles: tuple[str, ...] = ()

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

    def metadata(self, page: Page, name: str | None = None) -> dict[str, Any]:
        """Return the settings of one page: the project's, its folders', its own.

        What is set for a format goes before what is set for all of them in the same place.
        """
        merged: dict[str, Any] = {}
        for layer in self._layers(page):
            merged = merge(merged, {key: one for key, one in layer.items() if key != "format"})
            own = layer.get("format")
            if name and isinstance(own, dict) and isinstance(own.get(name), dict):
                merged = merge(merged, own[name])
        return merged

    def formats(self, page: Page) -> list[str]:
        """Return the formats a page is made in."""
        chosen: list[str] = ["html"]
        for layer in self._layers(page):
            asked = layer.get("format")
            if asked is not None:
                chosen = [asked] if isinstance(asked, str) else list(asked)
        for name in chosen:
            if name not in FORMATS:
                raise RenderError(
                    f"the format must be one of {', '.join(FORMATS)}, got {name!r}.",
                    file=page.name,
                    line=line_of(page.path, "format"),
                )
        return chosen

    def _layers(self, page: Page) -> list[dict[str, Any]]:
        """Return the settings that apply to a page, the nearest last."""
        layers = [{key: one for key, one in self.settings.items() if key not in _OF_PROJECT_ALONE}]
        folder = self.root
        for part in page.path.parent.relative_to(self.root).parts:
            folder = folder / part
            layers.append(_rooted(read_settings(folder / "_metadata.yml", self.root), folder, self))
        return [*layers, _rooted(page.front_matter, page.path.parent, self)]


def read_project(root: Path) -> Project:
    """Read `_quarto.yml` and every page it lists."""
    path = root / CONFIG
    if not path.is_file():
        raise RenderError(f"the project must have a {CONFIG}, found none in {root}.", file=CONFIG)
    _check_name(root)
    settings = read_settings(path, root, CONFIGURATION, "the project file")
    profiles = _profiles(settings)
    # Of several profiles the first goes before the others.
    for profile in reversed(profiles):
        named = root / f"_quarto-{profile}.yml"
        if not named.is_file():
            raise RenderError(
                f"there is no profile {profile!r}: the project has no {named.name}.", file=CONFIG
            )
        settings = merge(settings, read_settings(named, root, CONFIGURATION, "the profile"))
    project = Project(root, settings)
    pages = [read_page(page, root) for page in _page_files(project)]
    for page in pages:
        _check_page(page)
    return Project(root, settings, pages, profiles)


def _check_name(path: Path) -> None:
    """Refuse a path that Pandoc and Typst would not find: they read every name as UTF-8."""
    with suppress(UnicodeEncodeError):
        if str(path).encode() == os.fsencode(path):
            return
    raise RenderError(
        f"the name {str(path)!r} must be text in UTF-8, and this system writes names in "
        f"{sys.getfilesystemencoding()}. Set PYTHONUTF8=1, or give it a name in plain letters.",
        file=CONFIG,
    )


def _profiles(settings: dict[str, Any]) -> tuple[str, ...]:
    """Return the profiles in force: those of QUARTO_PROFILE, else the project's default."""
    asked = os.environ.get("QUARTO_PROFILE", "")
    if asked:
        return tuple(part for part in re.split(r"[,\s]+", asked) if part)
    return tuple(_listed(dict(settings.get("profile") or {}).get("default")))


def _check_page(page: Page) -> None:
    """Refuse what a page's front matter asks for and nobody does."""
    text = page.path.read_text(encoding="utf-8-sig")
    if page.front_matter:
        body = re.sub(r"\A---[ \t]*$", "", text, count=1, flags=re.MULTILINE)
        yaml_text = re.split(r"^(?:---|\.\.\.)[ \t]*$", body, maxsplit=1, flags=re.MULTILINE)[0]
        check_settings(page.front_matter, PAGE, text=yaml_text, file=page.name, what="front matter")
    kernel = page.front_matter.get("jupyter")
    if isinstance(kernel, dict):
        kernel = dict(kernel.get("kernelspec") or {}).get("name")
    if kernel is not None and not re.fullmatch(r"python\d?", str(kernel)):
        raise RenderError(
            f"`jupyter` must be python3, got {kernel!r}.",
            file=page.name,
            line=line_of(page.path, "jupyter"),
        )


def _rooted(settings: dict[str, Any], folder: Path, project: Project) -> dict[str, Any]:
    """Return settings whose files are named from the project's root, not from their own folder."""

    def rooted(name: str) -> str:
        if name.startswith("/"):
            return name[1:]
        return os.path.relpath(folder / name, project.root).replace(os.sep, "/")

    def of_value(value: Any) -> Any:
        if isinstance(value, list):
            return [of_value(item) for item in value]
        if isinstance(value, dict):
            return {key: rooted(str(one)) if key == "path" else one for key, one in value.items()}
        return rooted(str(value))

    made = {}
    for key, value in settings.items():
        if key in _NAMES_FILES and value is not None:
            made[key] = of_value(value)
        elif key == "format" and isinstance(value, dict):
            made[key] = {
                name: _rooted(one, folder, project) if isinstance(one, dict) else one
                for name, one in value.items()
            }
        else:
            made[key] = value
    return made


def read_settings(
    path: Path, root: Path, known: Mapping[str, Any] = PAGE, what: str = "the folder's settings"
) -> dict[str, Any]:
    """Read a YAML settings file, which may ask only for what is known; an absent one is empty."""
    if not path.is_file():
        return {}
    name = path.relative_to(root).as_posix()
    text = read_text(path, name)
    parsed = parse_yaml(text, name) or {}
    if not isinstance(parsed, dict):
        raise RenderError("the settings must be a mapping.", file=name, line=1)
    check_settings(parsed, known, text=text, file=name, what=what)
    return parsed


def declared_by(root: Path) -> dict[str, Any]:
    """Return what a project's CITATION.cff declares; nothing where there is none."""
    path = root / CITATION
    if not path.is_file():
        return {}
    read = parse_yaml(read_text(path, CITATION), CITATION)
    if not isinstance(read, dict):
        raise RenderError("the file must hold keys such as `license:`.", file=CITATION, line=1)
    return read


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


def _page_files(project: Project) -> list[Path]:
    """Return the pages to render, in the order `render` lists them, `_files` left out."""
    patterns = _listed(project._project.get("render")) or ["**/*.qmd"]
    found: list[Path] = []
    for pattern in patterns:
        _check_name(Path(pattern))
        if pattern.startswith("!"):
            refused = set(project.root.glob(pattern[1:]))
            found = [path for path in found if path not in refused]
            continue
        matches = sorted(path for path in project.root.glob(pattern) if path.suffix in SOURCES)
        if not matches:
            raise RenderError(
                f"`render` lists {pattern!r}, which matches no page.",
                file=CONFIG,
                line=line_of(project.root / CONFIG, pattern),
            )
        found += [path for path in matches if path not in found and not path.name.startswith("_")]
    for path in found:
        _check_name(path)
    return found
