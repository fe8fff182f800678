"""How is the site built without Quarto? Cells in-process, Pandoc for the text, Typst for paper."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

import trends
from trends.report import navigation, pdf
from trends.report.cells import Session
from trends.report.errors import RenderError
from trends.report.markup import HERE, convert, terms_of
from trends.report.navigation import Place
from trends.report.page import Page
from trends.report.pictures import figure_stylesheet
from trends.report.project import Project, line_of, merge
from trends.report.weaving import Woven, weave

ASSETS = "assets"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@dataclass
class Build:
    """One build in progress: the project, its folders and what each step took."""

    project: Project
    site: Path
    scratch: Path
    timings: dict[str, float] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)

    def timed(self, what: str, start: float) -> None:
        self.timings[what] = self.timings.get(what, 0.0) + time.perf_counter() - start


def build_site(
    build: Build, formats: Sequence[str], *, timestamp: int, say: Callable[[str], None]
) -> None:
    """Build every page in the formats asked for into `build.site`."""
    project = build.project
    metadata = {page.name: page_metadata(project, page) for page in project.pages}
    titles = {name: str(found.get("title", name)) for name, found in metadata.items()}
    languages = {name: str(found["lang"]) for name, found in metadata.items()}
    _copy_assets(build)
    with ThreadPoolExecutor(max_workers=2) as pool:
        pending: list[Future[Path]] = []
        for page in project.pages:
            asked = project.formats(page)
            wanted = [name for name in asked if name in formats]
            if not wanted:
                continue
            say(page.name)
            start = time.perf_counter()
            woven = _weave(build, page, metadata[page.name])
            build.timed("cells", start)
            place = Place(project, page, titles, languages)
            for name in wanted:
                settings = merge(metadata[page.name], asked[name])
                make = _write_html if name == "html" else _write_pdf
                pending.append(pool.submit(make, build, place, woven, settings, timestamp))
            for done in [future for future in pending if future.done()]:
                done.result()
        build.written += [future.result() for future in pending]
    if "html" in formats:
        _write_start_page(build)
    for resource in project.resources:
        _copy(resource, build.site / resource.relative_to(project.root))


def page_metadata(project: Project, page: Page) -> dict[str, Any]:
    """Return a page's settings with its language, direction and terms filled in."""
    found = project.metadata(page)
    lang = str(found.get("lang", "en"))
    found["lang"] = lang
    found.setdefault("dir", "rtl" if lang.split("-")[0] in RIGHT_TO_LEFT else "ltr")
    if not found.get("title"):
        raise RenderError("the page must have a title. Add `title:` to its front matter.",
                          file=page.name, line=1)  # fmt: skip
    own = found.get("language")
    terms = terms_of(lang)["language"]
    found["language"] = merge(terms, own) if isinstance(own, dict) else terms
    found.setdefault("reference-section-title", found["language"]["section-title-references"])
    found.setdefault("link-citations", True)
    return found


def _weave(build: Build, page: Page, metadata: dict[str, Any]) -> Woven:
    settings = metadata
    asked = metadata.get("format")
    if isinstance(asked, dict):
        for name in ("html", "typst"):
            if isinstance(asked.get(name), dict):
                settings = merge(asked[name], settings)
    size = (float(settings.get("fig-width", 7.0)), float(settings.get("fig-height", 4.0)))
    session = Session(build.project.root, figure_size=size)
    folder = build.scratch / "figures" / PurePosixPath(page.name).with_suffix("")
    return weave(page, session, metadata, folder)


def _filters(build: Build, place: Place, metadata: dict[str, Any]) -> list[Path]:
    """Return the project's own Lua filters, which Quarto runs too."""
    found = []
    for item in metadata.get("filters") or []:
        name = str(item["path"] if isinstance(item, dict) else item)
        path = build.project.root / name
        if not path.is_file():
            raise RenderError(f"the filter {name!r} does not exist.", file="_quarto.yml",
                              line=line_of(build.project.root / "_quarto.yml", name))  # fmt: skip
        found.append(path)
    return found


def pandoc_metadata(build: Build, place: Place, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what the text's conversion needs of the settings, with files found."""
    root = build.project.root
    left_out = {"format", "filters", "execute", "theme", "css", "engine", "website", "template-partials"}
    made = {key: value for key, value in metadata.items() if key not in left_out}
    for key in ("bibliography", "csl"):
        if key in made:
            files = made[key] if isinstance(made[key], list) else [made[key]]
            made[key] = [str(root / str(file)) for file in files]
            for file in made[key]:
                if not Path(file).is_file():
                    raise RenderError(f"`{key}` names {file}, which does not exist.",
                                      file=place.page.name)  # fmt: skip
    if "csl" in made:
        made["csl"] = made["csl"][0]
    made["page-folder"] = str(place.page.path.parent)
    made["suppress-bibliography"] = False
    return made


def _write_html(
    build: Build, place: Place, woven: Woven, metadata: dict[str, Any], timestamp: int
) -> Path:
    start = time.perf_counter()
    page = place.page
    site = navigation.website(place, metadata)
    terms = terms_of(place.lang)
    home = navigation.Place.href(place, _home(place))
    variables = {
        "assets": place.href(f"{ASSETS}/x")[: -len("x")],
        "trends-version": trends.__version__,
        "site-title": escape(str(site.get("title", ""))),
        "page-title": escape(_page_title(metadata, site)),
        "description-text": escape(str(metadata.get("description", ""))),
        "home": escape(home),
        "navbar": navigation.navbar(place, site),
        "sidebar": navigation.sidebar(place, site),
        "prev-next": navigation.neighbours(place, site, terms),
        "footer": _footer(site),
        "ui": {key: escape(str(value)) for key, value in terms.items() if isinstance(value, str)},
    }
    html = convert(
        woven.markdown,
        "html",
        template=HERE / "pandoc" / "page.html",
        metadata=pandoc_metadata(build, place, metadata),
        variables={key: value for key, value in variables.items() if value},
        filters=_filters(build, place, metadata),
        page=page.name,
        scratch=build.scratch,
    )
    path = build.site / navigation.output_name(page.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_finish(html), encoding="utf-8")
    _copy_pictures(build, page, html)
    build.timed("html", start)
    return path


def _write_pdf(
    build: Build, place: Place, woven: Woven, metadata: dict[str, Any], timestamp: int
) -> Path:
    start = time.perf_counter()
    page = place.page
    path = (build.site / page.name).with_suffix(".pdf")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = pandoc_metadata(build, place, metadata)
    made["site-title"] = str(navigation.website(place, metadata).get("title", ""))
    pdf.write_pdf(
        woven, path, made, _filters(build, place, metadata), timestamp=timestamp, scratch=build.scratch
    )
    build.timed("pdf", start)
    return path


def _home(place: Place) -> str:
    """Return the first page in this page's language."""
    for name, lang in place.languages.items():
        if lang == place.lang and name in place.titles:
            return name
    return place.page.name


def _page_title(metadata: dict[str, Any], site: dict[str, Any]) -> str:
    title = str(metadata.get("pagetitle") or metadata["title"])
    name = str(site.get("title", ""))
    return f"{title} – {name}" if name and name != title else title


def _footer(site: dict[str, Any]) -> str:
    footer = site.get("page-footer") or ""
    parts = footer if isinstance(footer, dict) else {"center": footer}
    texts = [str(parts[side]) for side in ("left", "center", "right") if parts.get(side)]
    return "".join(f"<p>{text}</p>" for text in texts)


def _finish(html: str) -> str:
    """Turn inline styles, which the content policy refuses, into classes; point at .html pages."""
    import re

    html = re.sub(r' style="text-align: (left|right|center);?"', r' class="align-\1"', html)
    html = re.sub(r"<colgroup>.*?</colgroup>\n?", "", html, flags=re.DOTALL)
    html = re.sub(r'<table style="width:[^"]*">', "<table>", html)
    html = re.sub(r'(href="(?![a-z]+:)[^"#]*)\.qmd(?=["#])', r"\1.html", html)
    return re.sub(r"\n{3,}", "\n\n", html)


def _copy_assets(build: Build) -> None:
    target = build.site / ASSETS
    shutil.copytree(HERE / "theme", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (target / "figures.css").write_text(figure_stylesheet(), encoding="utf-8")
    favicon = build.project.website.get("favicon")
    if favicon:
        _copy(build.project.root / str(favicon), target / "favicon.svg")


def _copy_pictures(build: Build, page: Page, html: str) -> None:
    """Copy the pictures a page shows beside the page."""
    import re

    for source in re.findall(r'<img[^>]*\bsrc="([^"]+)"', html):
        if "://" in source or source.startswith("data:"):
            continue
        path = Path(source)
        if path.is_absolute() and path.is_relative_to(build.scratch):
            raise RenderError("a cell drew a PNG; draw with matplotlib so that it is SVG.", file=page.name)
        found = page.path.parent / source
        if not found.is_file():
            raise RenderError(f"the picture {source!r} does not exist.", file=page.name,
                              line=line_of(page.path, source))  # fmt: skip
        _copy(found, build.site / PurePosixPath(page.name).parent / source)


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise RenderError(f"{source} does not exist.", file="_quarto.yml")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_start_page(build: Build) -> None:
    """Write `index.html` at the top of the site, which leads to the first page."""
    start = build.site / "index.html"
    if start.exists() or not build.project.pages:
        return
    first = navigation.output_name(build.project.pages[0].name)
    title = escape(str(build.project.website.get("title", "")))
    start.write_text(
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={first}">\n'
        f'<link rel="canonical" href="{first}">\n</head>\n'
        f'<body><p><a href="{first}">{title}</a></p></body>\n</html>\n',
        encoding="utf-8",
    )
