"""How does a woven page become a page of the site?"""

from __future__ import annotations

import re
import shutil
from html import unescape
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import trends
from trends.escaping import html as escape
from trends.report import navigation
from trends.report.allowed import check_uses
from trends.report.bar import edition_bar, head
from trends.report.build import Build
from trends.report.errors import RenderError
from trends.report.kept import kept
from trends.report.markup import HERE, convert, figure_folder, terms_of
from trends.report.navigation import Place, output_name
from trends.report.page import Page
from trends.report.pictures import figure_stylesheet
from trends.report.project import line_of
from trends.report.scripts import ASSETS, ENHANCE, copy_scripts, equipped
from trends.report.term_notes import noted

_ALIGNMENT = re.compile(r' style="text-align: (right|center);?"')
#: Cells begin where a line begins without being told.
_AT_START = re.compile(r' style="text-align: left;?"')
#: What figures drawn in the page refer to, in them alone.
_DRAWN = re.compile(r"<svg .*?</svg>", re.DOTALL)
_REFERRED = re.compile(r'(?:url\(#|<use href="#)([^")]+)')
_NAMED = re.compile(r'(?<=url\(#)[^")]+|(?<=<use href="#)[^"]+|(?<= id=")[^"]+')
_WIDTH = re.compile(r'<col style="width: (\d+)%;?" ?/>')
_TABLE_WIDTH = re.compile(r'<table style="width:[^"]*">')
#: Each line of code is a place with a link to itself that nobody sees and no key reaches.
_CODE_LINE = re.compile(r'<span id="cb\d+-\d+">(?:<a href="#cb[^"]*"[^>]*></a>)?')
_EMPTY_HEADER = re.compile(r'<th( class="[^"]*")?></th>')
_LINK = re.compile(r'(?P<attribute>\b(?:href|src))="(?P<target>[^"#:]+)(?P<rest>#[^"]*)?"')
_IMAGE = re.compile(r'<img[^>]*\bsrc="([^"]+)"')


def write_html(build: Build, page: Page, markdown: str, metadata: dict[str, Any]) -> Path:
    """Write one page of the site."""
    place = build.place(page)
    with build.timed("html"):
        html = convert(
            markdown,
            "html",
            template=HERE / "pandoc" / "page.html",
            metadata=build.for_pandoc(page, metadata),
            variables=_variables(build, place, metadata),
            filters=build.filters(metadata),
            page=page.name,
            scratch=build.scratch,
            files=build.files_for_pandoc(page, metadata),
            check=lambda uses: check_uses(uses, page, "html", build.own_classes(metadata)),
            store=build.store,
        )
        path = build.site / output_name(page.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _copy_pictures(build, page, html)
        _copy_data(build, page)
        for name in stylesheets(metadata):
            copied = build.site / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(build.file(name, "the style sheet"), copied)
        path.write_text(
            equipped(kept(noted(_finish(html, place), place.lang)), place), encoding="utf-8"
        )
    return path


def _variables(build: Build, place: Place, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what the template puts around the text."""
    site = navigation.website(place, metadata)
    terms = terms_of(place.lang)
    made = {
        "assets": place.href(f"{ASSETS}/x").removesuffix("x"),
        "trends-version": trends.__version__,
        "site-title": escape(str(site.get("title", ""))),
        "page-title": escape(_page_title(metadata, site)),
        "description-text": escape(str(metadata.get("description", ""))),
        "abstract-title-text": escape(
            str(metadata.get("abstract-title", metadata["language"]["section-title-abstract"]))
        ),
        "stylesheets": [escape(place.href(name)) for name in stylesheets(metadata)],
        "home": escape(place.href(place.home)),
        "navbar": navigation.navbar(place, site, terms),
        "sidebar": navigation.sidebar(place, site),
        "prev-next": navigation.neighbours(place, site, terms),
        "footer": navigation.footer(site),
        "edition-bar": edition_bar(build, place, metadata),
        "head-metadata": head(build, place, metadata),
        "search-label": escape(terms["search"]["label"]),
        "ui": {
            **{key: escape(value) for key, value in terms.items() if isinstance(value, str)},
            **({"contents": escape(str(metadata["toc-title"]))} if "toc-title" in metadata else {}),
        },
    }
    return {key: value for key, value in made.items() if value}


def _page_title(metadata: dict[str, Any], site: dict[str, Any]) -> str:
    title = str(metadata.get("pagetitle") or metadata["title"])
    name = str(site.get("title", ""))
    return f"{title} – {name}" if name and name != title else title


def _finish(html: str, place: Place) -> str:
    """Turn inline styles, which the content policy refuses, into classes; resolve the links."""
    html = _AT_START.sub("", _CODE_LINE.sub("<span>", html))
    html = _ALIGNMENT.sub(r' class="align-\1"', html)
    html = _EMPTY_HEADER.sub(r"<td\1></td>", html)
    html = _TABLE_WIDTH.sub("<table>", _WIDTH.sub(_width_class, html))

    def resolve(found: re.Match[str]) -> str:
        return f'{found["attribute"]}="{place.linked(found["target"])}{found["rest"] or ""}"'

    return _numbered(re.sub(r"\n{3,}", "\n\n", _LINK.sub(resolve, html)))


def _numbered(html: str) -> str:
    """Return a page in which the parts of its figures that are referred to have short names."""
    drawn = _DRAWN.findall(html)
    taken = set(re.findall(r' id="(m\d+)"', _DRAWN.sub("", html)))
    free = (name for number in count(1) if (name := f"m{number}") not in taken)
    names = {old: next(free) for old in dict.fromkeys(_REFERRED.findall("".join(drawn)))}

    def renamed(figure: re.Match[str]) -> str:
        return _NAMED.sub(lambda found: names.get(found[0], found[0]), figure[0])

    return _DRAWN.sub(renamed, html)


def _width_class(found: re.Match[str]) -> str:
    """Return a column whose width is a class, in steps of five per cent."""
    return f'<col class="width-{5 * max(1, round(int(found[1]) / 5))}">'


def stylesheets(metadata: dict[str, Any]) -> list[str]:
    """Return the style sheets that a page asks for, named from the project's root."""
    named = metadata.get("css") or []
    return [str(name) for name in (named if isinstance(named, list) else [named])]


def copy_assets(build: Build) -> None:
    """Copy the style, the script and the fonts of the pages into the site."""
    target = build.site / ASSETS
    scripts = shutil.ignore_patterns("*.js")
    shutil.copytree(HERE / "theme", target, dirs_exist_ok=True, ignore=scripts)
    copy_scripts(build.site, ("report", "search", *ENHANCE))
    (target / "figures.css").write_text(figure_stylesheet(), encoding="utf-8")
    favicon = build.project.website.get("favicon")
    if favicon:
        shutil.copyfile(build.file(str(favicon), "the favicon"), target / "favicon.svg")


def copy_resources(build: Build) -> None:
    """Copy the files that readers may download."""
    for resource in build.project.resources:
        target = build.site / resource.relative_to(build.project.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(resource, target)


def _copy_pictures(build: Build, page: Page, html: str) -> None:
    """Copy the pictures that a page shows to where the page looks for them."""
    for source in _IMAGE.findall(html):
        if re.match(r"[A-Za-z][\w+.-]*:", source):
            continue
        source = unquote(unescape(source))
        if Path(source).is_relative_to(build.scratch):
            raise RenderError("a cell drew a PNG; draw with matplotlib, for SVG.", file=page.name)
        base = build.project.root if source.startswith("/") else page.path.parent
        found = base / source.lstrip("/")
        if not found.is_file():
            raise RenderError(
                f"the picture {source!r} does not exist.",
                file=page.name,
                line=line_of(page.path, source),
            )
        site = (
            build.site if source.startswith("/") else build.site / PurePosixPath(page.name).parent
        )
        target = site / source.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, target)


def _copy_data(build: Build, page: Page) -> None:
    """Copy the numbers of the figures that a page draws to where its links lead."""
    folder = figure_folder(build.scratch, page.name)
    target = (build.site / page.name).parent / "figures" / folder.name
    for data in sorted(folder.glob("*.csv")):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data, target / data.name)


def write_start_page(build: Build) -> None:
    """Write `index.html` at the top of the site, which leads to the first page."""
    start = build.site / "index.html"
    if start.exists() or not build.project.pages:
        return
    place = build.place(build.project.pages[0])
    first = place.output(place.home)
    title = escape(str(build.project.website.get("title", "")))
    lang = place.lang
    start.write_text(
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n"
        f'<meta http-equiv="refresh" content="0; url={first}">\n'
        f'<link rel="canonical" href="{first}">\n</head>\n'
        f'<body><p><a href="{first}">{title}</a></p></body>\n</html>\n',
        encoding="utf-8",
    )
