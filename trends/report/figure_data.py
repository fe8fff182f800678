"""Which figures show the same numbers in two languages? Those numbers lie in the site once."""

from __future__ import annotations

import csv
import os
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from trends.escaping import html as escape
from trends.report.build import Build
from trends.report.markup import figure_folder
from trends.report.navigation import output_name


def share_figure_data(build: Build) -> None:
    """Keep the numbers of a figure once, with the names of the site's first language.

    A page in another language links to those of the page that it translates, and says in which
    language their names are. A figure that draws something else there keeps its own.
    """
    pages = [page for page in build.project.pages if page.name not in build.paper_only]
    if not pages:
        return
    first, lang = pages[0], build.languages[pages[0].name]
    for page in pages:
        original = build.place(page).counterpart(first.name)
        same_name = PurePosixPath(original).name == PurePosixPath(page.name).name
        if build.languages[page.name] != lang and same_name:
            _share(build, page.name, original, lang)


def _share(build: Build, name: str, original: str, lang: str) -> None:
    """Let one page link to the numbers of the page that it translates."""
    folder, other = (
        (build.site / one).parent / "figures" / figure_folder(build.scratch, one).name
        for one in (name, original)
    )
    page = build.site / output_name(name)
    if not folder.is_dir() or not page.is_file():
        return
    text = page.read_text(encoding="utf-8")
    for data in sorted(folder.glob("*.csv")):
        shared = other / data.name
        if not shared.is_file() or _drawn(shared) != _drawn(data):
            continue
        own = _href(data, page)
        link = f'<a href="{escape(_href(shared, page))}" hreflang="{escape(lang)}" download>'
        text = text.replace(f'<a href="{escape(own)}" download>', link)
        data.unlink()
    page.write_text(text, encoding="utf-8")
    if not any(folder.iterdir()):
        folder.rmdir()
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def _href(path: Path, page: Path) -> str:
    """Return the address of a file as seen from a page."""
    return quote(os.path.relpath(path, page.parent).replace(os.sep, "/"))


def _drawn(path: Path) -> list[tuple[str, str]]:
    """Return the points of a figure in order, whatever they are called.

    Days and numbers on the axis belong to a point, names on it do not.
    """
    with path.open(encoding="utf-8", newline="") as opened:
        return [
            (row["x"] if row["x"][:1] in "-0123456789" else "", row["y"])
            for row in csv.DictReader(opened)
        ]
