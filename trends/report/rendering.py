"""How do the pages become a site? Beside the old one first, and in its place only when whole."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trends.findings.ledger import read_ledger
from trends.report import quarto
from trends.report.build import Build
from trends.report.builtin import build_site
from trends.report.conversion import ended_after
from trends.report.edition import previous_edition, write_edition
from trends.report.errors import RenderError
from trends.report.links import check_site
from trends.report.ownership import check_target
from trends.report.package import write_package
from trends.report.project import read_project
from trends.report.provenance import edition_of, write_manifest
from trends.report.search import write_search
from trends.report.twins import write_twins
from trends.report.workplace import beside

Engine = Literal["auto", "quarto", "builtin"]
_FORMATS = {"html": "html", "pdf": "typst", "typst": "typst", "docx": "docx"}


@dataclass(frozen=True)
class Rendered:
    """What a render made.

    Attributes
    ----------
    engine : str
        ``"builtin"`` or ``"quarto 1.9.38"``.
    site : Path
        Folder of the site.
    pages : list of str
        Files written, relative to the site.
    seconds : float
        Wall time of the whole render.
    timings : dict of str to float
        Seconds by step; steps that run beside one another overlap.
    """

    engine: str
    site: Path
    pages: list[str]
    seconds: float
    timings: dict[str, float]

    def summary(self) -> str:
        """Return one line: what was made, where, by which engine and how fast."""
        n_html = sum(page.endswith(".html") for page in self.pages)
        n_word = sum(page.endswith(".docx") for page in self.pages)
        n_pdf = len(self.pages) - n_html - n_word
        word = f", {n_word} Word" if n_word else ""
        return (
            f"{n_html} HTML pages and {n_pdf} PDF{word} in {self.site}, "
            f"by {self.engine}, in {self.seconds:.1f} s"
        )


def render(
    project: str | Path = ".",
    *,
    engine: Engine = "auto",
    output: str | Path | None = None,
    formats: Sequence[str] = ("html", "pdf", "docx"),
    previous_ledger: str | Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Rendered:
    """Render a project's pages to a site.

    Parameters
    ----------
    project : path
        Folder with `_quarto.yml`.
    engine : {"auto", "quarto", "builtin"}
        `auto` takes Quarto when it is installed.
    output : path, optional
        Folder of the site; `output-dir` of the project when not given.
    formats : sequence of {"html", "pdf", "docx"}
        What to make of the pages, each page in the formats it names.
    previous_ledger : path, optional
        Ledger of the edition before, `findings.json`; a page says what changed since. By default
        the last by name of those that the project keeps in `editions/`, where there are any.
    progress : callable
        Is told the name of each page as it is begun.

    Returns
    -------
    Rendered

    Raises
    ------
    ValueError
        For an unknown engine or format.
    RenderError
        When a page cannot be rendered; the site that was there is left as it was.
    """
    if engine not in ("auto", "quarto", "builtin"):
        raise ValueError(f"`engine` must be auto, quarto or builtin, got {engine!r}.")
    unknown = [name for name in formats if name not in _FORMATS]
    if unknown or not formats:
        raise ValueError(f"`formats` must name html, pdf or docx, got {list(formats)!r}.")
    begun = time.perf_counter()
    root = Path(project).resolve()
    previous = previous_edition(root) if previous_ledger is None else read_ledger(previous_ledger)
    read = read_project(root)
    target = Path(output).absolute() if output else read.output_folder
    check_target(read, target)
    target = target.resolve()
    use_quarto = engine == "quarto" or (engine == "auto" and quarto.find() is not None)
    wanted = tuple(dict.fromkeys(_FORMATS[name] for name in formats))
    timestamp = edition_of(root).timestamp
    with beside(target, lambda: check_target(read, target)) as (site, scratch), ended_after():
        build = Build(read, site, scratch, previous=previous)
        if use_quarto:
            name = quarto.build_site(build, wanted, timestamp=timestamp)
        else:
            name = "builtin"
            build_site(build, wanted, timestamp=timestamp, progress=progress)
        if "html" in wanted:
            write_edition(build, quarto=use_quarto)
            _write_for_others(build)
        write_manifest(read, name, site)
        with build.timed("links"):
            faults = check_site(site, build.store, own_markup=not use_quarto)
        if faults:
            raise RenderError("the site does not hang together:\n  " + "\n  ".join(faults))
        pages = sorted(
            path.relative_to(site).as_posix()
            for path in site.rglob("*")
            if path.suffix in {".html", ".pdf", ".docx"}
        )
    return Rendered(name, target, pages, time.perf_counter() - begun, dict(build.timings))


def complete(project: str | Path, site: str | Path) -> None:
    """Add to a site that Quarto built what is made of its pages: ledger, findings, manifest.

    A project's `post-render` script calls it, so that `quarto render` alone makes a whole site.

    Parameters
    ----------
    project : path
        Folder with `_quarto.yml`.
    site : path
        Folder of the site that Quarto has just built.

    Raises
    ------
    RenderError
        When two pages say different things under one name.
    """
    read = read_project(Path(project).resolve())
    with tempfile.TemporaryDirectory(prefix="trends-") as scratch, ended_after():
        build = Build(read, Path(site), Path(scratch), previous=previous_edition(read.root))
        write_edition(build, quarto=True)
        _write_for_others(build)
    write_manifest(read, "quarto", Path(site))


def _write_for_others(build: Build) -> None:
    """Write what programs read of a site: the index of its search, its data package, its twins."""
    for what, write in (
        ("search", write_search),
        ("package", write_package),
        ("twins", write_twins),
    ):
        with build.timed(what):
            write(build)
