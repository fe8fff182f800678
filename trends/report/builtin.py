"""How is the site built without Quarto? Cells in-process, Pandoc for the text, Typst for paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from trends.report.build import Build
from trends.report.cells import Session
from trends.report.html import copy_assets, copy_resources, write_html, write_start_page
from trends.report.page import Page
from trends.report.pdf import write_pdf
from trends.report.project import merge
from trends.report.weaving import weave


def build_site(
    build: Build, formats: Sequence[str], *, timestamp: int, progress: Callable[[str], None]
) -> None:
    """Build every page in the formats asked for into `build.site`.

    Cells run one after another in this process; the conversions, which are other processes, run
    beside them.
    """
    copy_assets(build)
    with ThreadPoolExecutor(max_workers=2) as pool:
        pending: list[Future[Path]] = []
        for page in build.project.pages:
            asked = build.project.formats(page)
            wanted = [name for name in asked if name in formats]
            if not wanted:
                continue
            progress(page.name)
            with build.timed("cells"):
                markdown = _weave(build, page)
            for name in wanted:
                settings = merge(asked[name], build.metadata[page.name])
                if name == "html":
                    pending.append(pool.submit(write_html, build, page, markdown, settings))
                else:
                    pending.append(
                        pool.submit(write_pdf, build, page, markdown, settings, timestamp=timestamp)
                    )
            for done in [future for future in pending if future.done()]:
                done.result()
        for future in pending:
            future.result()
    if "html" in formats:
        write_start_page(build)
    copy_resources(build)


def _weave(build: Build, page: Page) -> str:
    """Run a page's cells in a namespace of their own."""
    metadata = build.metadata[page.name]
    settings: dict[str, Any] = dict(metadata)
    for own in build.project.formats(page).values():
        settings = merge(own, settings)
    size = (float(settings.get("fig-width", 7.0)), float(settings.get("fig-height", 4.0)))
    session = Session(build.project.root, figure_size=size)
    folder = build.scratch / "figures" / PurePosixPath(page.name).with_suffix("")
    return weave(page, session, settings, folder)
