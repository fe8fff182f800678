"""Which folder may a render replace? One that is new, empty, or a site that trends itself wrote."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from trends.report.errors import RenderError
from trends.report.project import CONFIG, Project, line_of

MANIFEST = "manifest.json"

#: Entries of the manifest by which a site is known as ours; a web app's manifest has none of them.
_MARKS = frozenset({"trends", "engine", "inputs", "pages"})
_REPOSITORIES = frozenset({".git", ".hg", ".svn", ".jj", ".bzr"})
#: What file managers leave in every folder that somebody opens.
_CLUTTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def check_target(project: Project, target: Path) -> None:
    """Refuse a folder whose replacement would destroy what trends did not write.

    Parameters
    ----------
    project : Project
        The project that is rendered.
    target : path
        Folder of the site; need not exist.

    Raises
    ------
    RenderError
        If the folder is a link, a file, the project, above it, among its data, holds a repository,
        or holds files that no render wrote.
    """
    why = _why_not(project, target)
    if why:
        raise RenderError(
            f"the site must have a folder of its own, got {_shown(project, target)!r}, {why}. "
            "Name a new or empty folder as `output-dir`.",
            file=CONFIG,
            line=line_of(project.root / CONFIG, "output-dir"),
        )


def _why_not(project: Project, target: Path) -> str:
    """Return why a folder may not be replaced; "" if it may."""
    if target.is_symlink():
        return f"which is a link to {target.resolve()}"
    place = target.resolve()
    if place == project.root:
        return "which is the project itself"
    if place in project.root.parents:
        return "which holds the project"
    if place == Path.home() or place in Path.home().parents:
        return "which holds your home folder"
    if not _REPOSITORIES.isdisjoint(place.parts):
        return "which lies inside a repository's own folder"
    data = project.root / "data"
    if place == data or data in place.parents:
        return "where the data are"
    for source in _sources(project):
        if place == source or place in source.parents:
            return f"which holds {source.relative_to(project.root).as_posix()!r}"
    if not place.exists():
        return ""
    if not place.is_dir():
        return "which is a file"
    return _why_not_its_files(place)


def _why_not_its_files(place: Path) -> str:
    """Return what an existing folder holds that no render wrote; "" if nothing."""
    found = sorted(_walk(place))
    repository = next((name for name in found if not _REPOSITORIES.isdisjoint(name.split("/"))), "")
    if repository:
        return f"which holds the repository {repository!r}"
    kept = [name for name in found if name.rpartition("/")[2] not in _CLUTTER]
    if not kept:
        return ""
    written = _written(place / MANIFEST)
    if written is None:
        return f"which holds files that trends did not write ({_some(kept)})"
    foreign = [name for name in kept if name not in written and name != MANIFEST]
    # Editions before the list of files was kept are known by their manifest alone.
    if written and foreign:
        return (
            f"which holds files that trends did not write ({_some(foreign)}); "
            "what belongs to the site is listed under `resources`"
        )
    return ""


def _walk(place: Path) -> Iterable[str]:
    """Yield every file, link and repository of a folder, relative to it."""
    for folder, folders, names in os.walk(place):
        here = Path(folder).relative_to(place)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        repositories = [name for name in folders if name in _REPOSITORIES]
        folders[:] = [name for name in folders if name not in repositories]
        for name in (*names, *links, *repositories):
            yield (here / name).as_posix()


def _written(manifest: Path) -> frozenset[str] | None:
    """Return the files that a site's manifest lists; None where it is no manifest of ours."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or not set(found) >= _MARKS:
        return None
    return frozenset(map(str, found.get("files") or ()))


def _sources(project: Project) -> list[Path]:
    """Return every file the site is made from."""
    named = [project.settings.get(key) for key in ("bibliography", "csl", "css", "filters")]
    files = [source for page in project.pages for source in page.sources]
    for value in named:
        for item in value if isinstance(value, list) else [value]:
            name = item.get("path") if isinstance(item, dict) else item
            if isinstance(name, str):
                files.append((project.root / name).resolve())
    files += project.resources
    return [file for file in files if file.is_relative_to(project.root)]


def _some(names: list[str]) -> str:
    """Return the first few names."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _shown(project: Project, target: Path) -> str:
    """Return a folder as somebody would write it in the project."""
    return os.path.relpath(target, project.root) if target.is_absolute() else str(target)
