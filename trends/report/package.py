"""How are an edition's tables taken up by other programs? As a data package that tells of itself.

Beside the tables lies `csv-metadata.json` (W3C, CSV on the Web): what each column means and holds.
At the top lies `ro-crate-metadata.json` (RO-Crate 1.1): what the edition consists of, who made it,
on what terms, from what.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import trends
from trends.report.build import Build
from trends.report.markup import terms_of
from trends.report.navigation import output_name
from trends.tables.glossary import glossary
from trends.tables.toml import read_toml

CRATE = "ro-crate-metadata.json"
COLUMNS = "csv-metadata.json"
_CRATE_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_CRATE_PROFILE = "https://w3id.org/ro/crate/1.1"
_CSVW = "http://www.w3.org/ns/csvw"

#: Kinds of values, the narrowest first; a column is of the first kind that all its values have.
_KINDS = (
    ("boolean", re.compile(r"true|false")),
    ("gYear", re.compile(r"\d{4}")),
    ("gYearMonth", re.compile(r"\d{4}-\d{2}")),
    ("date", re.compile(r"\d{4}-\d{2}-\d{2}")),
    ("integer", re.compile(r"[+-]?\d+")),
    ("decimal", re.compile(r"[+-]?\d+\.?\d*")),
    ("anyURI", re.compile(r"https?://\S+")),
)
#: Columns that hold periods; four digits elsewhere are a number.
_PERIODS = frozenset({"period"})
_MEDIA = {
    ".csv": "text/csv", ".html": "text/html", ".json": "application/json", ".md": "text/markdown",
    ".pdf": "application/pdf", ".txt": "text/plain",
}  # fmt: skip


def write_package(build: Build) -> None:
    """Write what the tables of a site hold, and what the edition consists of."""
    tables = {
        path.relative_to(build.project.root).as_posix(): path
        for path in build.project.resources
        if path.suffix == ".csv"
    }
    folders: dict[str, list[str]] = {}
    for name in tables:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    for folder, names in folders.items():
        described = {
            "@context": [_CSVW, {"@language": "en"}],
            "tables": [table_metadata(tables[name]) for name in names],
        }
        _write(build.site / folder / COLUMNS, described)
    _write(build.site / CRATE, crate(build, tables))


def _write(path: Path, contents: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = json.dumps(contents, ensure_ascii=False, separators=(",", ":"))
    path.write_text(written + "\n", encoding="utf-8")


def table_metadata(path: Path) -> dict[str, Any]:
    """Return what a table and its columns hold, by its sidecar, the glossary and its values.

    Parameters
    ----------
    path : Path
        A CSV file; its sidecar is the TOML file of the same name beside it, if there is one.

    Returns
    -------
    dict
        A table description of CSV on the Web.
    """
    sidecar = _sidecar(path)
    told = dict(sidecar.get("columns") or {})
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        names, *rows = list(csv.reader(opened)) or [[]]
    columns = []
    unique = []
    for at, name in enumerate(names):
        values = [row[at] for row in rows if at < len(row)]
        filled = [value for value in values if value]
        column: dict[str, Any] = {"name": name, "titles": name, "datatype": _kind(name, filled)}
        if len(filled) == len(rows):
            column["required"] = True
            if len(set(filled)) == len(rows):
                unique.append(name)
        about = _meaning(name, told)
        if about:
            column["dc:description"] = about
        columns.append(column)
    schema: dict[str, Any] = {"columns": columns}
    key = next((name for name in unique if name == names[0]), None)
    if key and rows:
        schema["primaryKey"] = key
    made: dict[str, Any] = {"url": path.name}
    for entry, term in (
        ("title", "dc:title"),
        ("producer", "dc:creator"),
        ("licence", "dc:rights"),
        ("citation", "dc:bibliographicCitation"),
        ("how_made", "dc:provenance"),
    ):
        if sidecar.get(entry):
            made[term] = str(sidecar[entry])
    if sidecar.get("caveats"):
        made["rdfs:comment"] = [str(caveat) for caveat in sidecar["caveats"]]
    return {**made, "tableSchema": schema}


def _sidecar(path: Path) -> dict[str, Any]:
    """Return the entries of a table's sidecar; none where there is no sidecar."""
    beside = path.with_suffix(".toml")
    return dict(read_toml(beside)) if beside.is_file() else {}


def _meaning(name: str, told: dict[str, Any]) -> list[dict[str, str]]:
    """Return what a column means: as the sidecar says, and in both languages as the glossary does.

    A sidecar may give a column another meaning than the glossary, which then says nothing of it.
    """
    term = glossary.get(name)
    said = str(told.get(name) or (term.en if term else ""))
    made = [{"@value": said, "@language": "en"}] if said else []
    if term is not None and said == term.en:
        made.append({"@value": term.ar, "@language": "ar"})
    return made


def _kind(name: str, values: Iterable[str]) -> str:
    """Return the narrowest kind that all values have."""
    listed = list(values)
    for kind, shape in _KINDS:
        if kind == "gYear" and name not in _PERIODS:
            continue
        if listed and all(map(shape.fullmatch, listed)):
            return kind
    return "string"


def crate(build: Build, tables: dict[str, Path]) -> dict[str, Any]:
    """Return the description of an edition as a research object."""
    site, declared = build.site, build.declared
    pages = {
        output_name(name): name
        for name in build.languages
        if name not in build.paper_only and (site / output_name(name)).is_file()
    }
    papers = {build.place(page).output(page.name): page.name for page in build.project.pages}
    papers = {path: name for path, name in papers.items() if (site / path).suffix == ".pdf"}
    main_lang = next(iter(build.languages.values()), "en")
    words = terms_of(main_lang)["package"]
    files: list[dict[str, Any]] = []
    licences: dict[str, dict[str, Any]] = {}

    def licence(said: str) -> dict[str, str]:
        found = licences.setdefault(
            said,
            {"@id": f"#licence-{len(licences) + 1}", "@type": "CreativeWork", "name": said},
        )
        return {"@id": found["@id"]}

    for path, name in {**pages, **papers}.items():
        if (site / path).is_file():
            told = {"name": build.titles[name], "inLanguage": build.languages[name]}
            files.append(_file(site, path, told))
    for path, source in tables.items():
        entries = _sidecar(source)
        about: dict[str, Any] = {"name": entries.get("title", path)}
        about |= {"creditText": entries["citation"]} if entries.get("citation") else {}
        about |= {"license": licence(str(entries["licence"]))} if entries.get("licence") else {}
        files.append(_file(site, path, about))
    for path in ("findings.json", "findings.csv"):
        if (site / path).is_file():
            files.append(_file(site, path, {"name": words[path]}))
    for found in sorted(site.rglob(COLUMNS)):
        path = found.relative_to(site).as_posix()
        files.append(_file(site, path, {"name": words[COLUMNS]}))
    site_settings = build.project.website
    title = str(site_settings.get("title") or next(iter(build.titles.values()), ""))
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": str(site_settings.get("description") or words["about"].format(title=title)),
        "inLanguage": list(dict.fromkeys(build.languages.values())),
        "hasPart": [{"@id": one["@id"]} for one in files],
    }
    if build.edition.iso:
        root["datePublished"] = build.edition.iso
    if declared.get("license"):
        root["license"] = licence(str(declared["license"]))
    if site_settings.get("site-url"):
        root["url"] = str(site_settings["site-url"])
    people = [
        {"@id": f"#author-{number}", "@type": "Organization", "name": name}
        for number, name in enumerate(_authors(declared), start=1)
    ]
    if people:
        root["author"] = [{"@id": one["@id"]} for one in people]
    software = {
        "@id": "#trends",
        "@type": "SoftwareApplication",
        "name": "trends",
        "version": trends.__version__,
    }
    action = {
        "@id": "#edition",
        "@type": "CreateAction",
        "name": build.edition.words(main_lang),
        "instrument": {"@id": "#trends"},
        "object": [{"@id": path} for path in tables],
        "result": [{"@id": one["@id"]} for one in files if one["@id"] not in tables],
    }
    descriptor = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _CRATE_PROFILE},
        "about": {"@id": "./"},
    }
    graph = [descriptor, root, *files, *people, *licences.values(), software, action]
    return {"@context": _CRATE_CONTEXT, "@graph": graph}


def _file(site: Path, path: str, about: dict[str, Any]) -> dict[str, Any]:
    """Return a file of the site as the crate names it."""
    return {
        "@id": path,
        "@type": "File",
        **about,
        "encodingFormat": _MEDIA.get(Path(path).suffix, "application/octet-stream"),
        "contentSize": str((site / path).stat().st_size),
    }


def _authors(declared: dict[str, Any]) -> list[str]:
    """Return who declares to have made the project."""
    return [
        str(
            one.get("name") or f"{one.get('given-names', '')} {one.get('family-names', '')}".strip()
        )
        for one in declared.get("authors") or []
    ]
