"""What does an edition say as a whole? Its ledger, and the pages that are made from the ledger."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from trends import escaping
from trends.findings.editions import compare_editions
from trends.findings.ledger import Ledger, read_ledger
from trends.findings.multiplicity import families_markdown
from trends.findings.wording import words as finding_words
from trends.report.bar import head
from trends.report.build import Build, page_metadata
from trends.report.errors import RenderError
from trends.report.html import copy_assets, write_html
from trends.report.links import anchor
from trends.report.markup import terms_of
from trends.report.navigation import output_name
from trends.report.page import Page
from trends.report.provenance import check_fresh
from trends.report.quarto_pages import dressed, put_right
from trends.tables.languages import LANGUAGES, in_language

if TYPE_CHECKING:
    from trends.findings.inputs import Record


#: Where a project keeps the ledgers of its earlier editions, named so that they sort by time.
EDITIONS = "editions"


def previous_edition(root: Path) -> Ledger | None:
    """Return the last ledger that a project keeps of its earlier editions, if it keeps any."""
    kept = sorted((root / EDITIONS).glob("*.json"))
    return read_ledger(kept[-1]) if kept else None


def write_edition(build: Build, *, quarto: bool = False) -> None:
    """Write the edition's ledger and the pages made from it, in every language of the site.

    They are the list of all findings and, given the ledger of the edition before, what changed
    since, all findings withdrawn included. A project that has a page of the same name keeps its
    own. Beside pages that Quarto made they look like those.
    """
    with build.timed("ledger"):
        ledger = _write_ledger(build)
        if quarto:
            for source in build.project.pages:
                put_right(build, source)
        if not ledger.findings and not ledger.statements and build.previous is None:
            return
        if not quarto:
            copy_assets(build)
        titles = build.titles
        changes = None if build.previous is None else compare_editions(build.previous, ledger)
        made = []
        for lang, folder in _folders(build.languages).items():
            words, base = terms_of(lang), lang.split("-")[0]
            said_in = base if base in LANGUAGES else "en"
            texts = {}
            if changes is not None:
                texts["changes"] = changes.to_markdown(said_in)
            name = (folder / "findings.qmd").as_posix()
            listing = _findings_markdown(ledger, said_in, words, name, titles)
            if texts:
                listing = f"[{words['changes-title']}](changes.html)\n\n{listing}"
            texts["findings"] = listing
            for stem, markdown in texts.items():
                page = _page(
                    build, (folder / f"{stem}.qmd").as_posix(), words[f"{stem}-title"], lang
                )
                if page.name not in titles:
                    made.append((page, markdown))
        for page, _ in made:
            build.metadata[page.name] = page_metadata(build.project, page)
        for page, markdown in made:
            path = write_html(build, page, markdown, build.metadata[page.name])
            if quarto:
                home = next(
                    one for one in build.project.pages if one.name == build.place(page).home
                )
                shell = (build.site / output_name(home.name)).read_text("utf-8")
                # What the first page says of itself is not true of another one.
                shell = shell.replace(
                    head(build, build.place(home), build.metadata[home.name]),
                    head(build, build.place(page), build.metadata[page.name]),
                )
                titled = str(build.metadata[page.name]["title"])
                dressed_page = dressed(path.read_text("utf-8"), shell, titled)
                path.write_text(dressed_page, encoding="utf-8")


def _page(build: Build, name: str, title: str, lang: str) -> Page:
    """Return a page that has no source of its own."""
    return Page(build.project.root / name, name, {"title": title, "lang": lang})


def _folders(languages: dict[str, str]) -> dict[str, PurePosixPath]:
    """Return the folder of the first page of each language."""
    folders: dict[str, PurePosixPath] = {}
    for name, lang in languages.items():
        folders.setdefault(lang, PurePosixPath(name).parent)
    return folders


def _write_ledger(build: Build) -> Ledger:
    """Merge the ledgers that the pages carry and write `findings.json` and `findings.csv`."""
    site = build.site
    pages = sorted(site.rglob("*.html"))
    try:
        for page in pages:
            check_fresh(Ledger.from_pages([page], root=site), build.project, page.name)
        ledger = Ledger.from_pages(pages, root=site)
    except ValueError as fault:
        raise RenderError(str(fault)) from fault
    website = build.project.website
    written = ledger.write(
        site,
        edition={
            "title": str(website.get("title", "")),
            "date": build.edition.iso,
            "dated_by": build.edition.source,
            "url": str(website.get("site-url", "")),
        },
    )
    for page in pages:
        ledger.leave(page, written[0])
    return ledger


def _findings_markdown(
    ledger: Ledger, said_in: str, words: dict[str, Any], name: str, titles: dict[str, str]
) -> str:
    """Return the list of findings by subject, then the figures that were quoted."""
    subjects: dict[str, list[Record]] = {}
    for record in ledger.findings.values():
        subjects.setdefault(in_language(record["subject"], said_in), []).append(record)
    parts = [words["findings-intro"].format(n=len(ledger.findings))]
    for subject, records in subjects.items():
        parts.append(f"## {escaping.markdown(subject[:1].upper() + subject[1:])}")
        for record in records:
            parts.append(_entry(record, ledger, said_in, words, name, titles))
    tests = families_markdown(ledger.families(), said_in)
    if tests:
        about = finding_words(said_in)["families"]
        parts += [f"## {about['title']}", about["intro"], tests]
    if ledger.statements:
        parts.append(f"## {words['figures-title']}")
        for key, record in ledger.statements.items():
            said = " / ".join(in_language(record["said"], said_in))
            parts.append(
                f"::: {{.finding-entry #{anchor(key)}}}\n**{escaping.markdown(said)}**\n\n"
                f"{escaping.markdown(in_language(record['source'], said_in))}\n\n`{key}`\n:::"
            )
    return "\n\n".join(parts) + "\n"


def _entry(
    record: Record,
    ledger: Ledger,
    lang: str,
    words: dict[str, Any],
    name: str,
    titles: dict[str, str],
) -> str:
    """Return one finding: its sentence, what stands behind it and where it is said."""
    said = in_language(record["said"], lang)
    key = record["finding_id"]
    lines = [
        f"**{escaping.markdown(said['sentence'] or said['number'])}**",
        escaping.markdown(said["explain"]),
    ]
    if ledger.adjusted(key)["survives"] is False:
        lines.append(words["does-not-survive"])
    here = PurePosixPath(output_name(name)).parent
    by_output = {output_name(source): title for source, title in titles.items()}
    links = [
        f"[{escaping.markdown(by_output[page])}](/{page})"
        for page in record.get("pages", [])
        if page in by_output and PurePosixPath(page).parent == here
    ]
    foot = f"`{key}`"
    if links:
        foot += f" · {words['said-on']} {words['joiner'].join(links)}"
    return f"::: {{.finding-entry #{anchor(key)}}}\n" + "\n\n".join([*lines, foot]) + "\n:::"
