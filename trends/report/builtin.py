"""How is the site built without Quarto? Cells in-process, Pandoc for the text, Typst for paper."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from threadpoolctl import threadpool_limits

from trends.report.answers import remembered
from trends.report.build import Build, page_metadata
from trends.report.cells import Session
from trends.report.errors import RenderError
from trends.report.figure_data import share_figure_data
from trends.report.html import copy_assets, copy_resources, write_html, write_start_page
from trends.report.markup import figure_folder
from trends.report.page import Page
from trends.report.pdf import write_pdf
from trends.report.replay import Recorder, keep, recall, run_key
from trends.report.weaving import inline_expressions, weave
from trends.report.word import write_word
from trends.report.workplace import enter_worker, kill_group

#: How long a worker that was killed is waited for; one that hangs in the system ends later.
_LAST_SECONDS = 30
#: In a worker: the build, its pages, the formats and the time stamp.
_work: list[Any] = []


def build_site(
    build: Build, formats: Sequence[str], *, timestamp: int, progress: Callable[[str], None]
) -> None:
    """Build every page in the formats asked for into `build.site`.

    On Linux the pages are shared between forks of this process, one for each processor, so that
    what was imported before is imported for all of them; elsewhere they run one after another.
    A single page is run in a fork as well: it can be stopped at any moment, and Typst leaves
    threads behind that a later fork of this process would wait for without end.
    """
    copy_assets(build)
    pages = [
        page
        for page in build.project.pages
        if any(name in formats for name in build.project.formats(page))
    ]
    if sys.platform == "linux" and pages:
        n_workers = max(1, min(os.cpu_count() or 1, len(pages) // 2))
        _build_in_forks(build, pages, formats, timestamp, progress, n_workers)
    else:
        for page in pages:
            progress(page.name)
            _build_page(build, page, formats, timestamp)
    if "html" in formats:
        share_figure_data(build)
        write_start_page(build)
    copy_resources(build)
    build.store.sweep()


def _build_in_forks(
    build: Build,
    pages: list[Page],
    formats: Sequence[str],
    timestamp: int,
    progress: Callable[[str], None],
    n_workers: int,
) -> None:
    """Build pages side by side; the first page in order that fails is the one that is told."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        n_workers,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_enter,
        initargs=(os.getpid(), build, pages, formats, timestamp),
    )
    try:
        futures = {
            page.name: pool.submit(_build_numbered, pages.index(page)) for page in _in_turn(pages)
        }
        for page in pages:
            try:
                # A wait without end is not always woken by a signal that another thread received.
                while not wait([futures[page.name]], timeout=0.2).done:
                    continue
                build.add_timings(futures[page.name].result())
            except BrokenProcessPool:
                raise RenderError(
                    "a process that ran pages was ended from outside, by a cell or for want of "
                    "memory, before this page was done. Render it alone to see more.",
                    file=page.name,
                ) from None
            progress(page.name)
    except BaseException:
        # What still runs is of no use, and waiting for it would keep somebody who pressed Ctrl-C.
        workers = set(multiprocessing.active_children()) - others
        for worker in workers:
            kill_group(worker.pid)
            worker.kill()
        # They write to the scratch folder and hold its lock until they are gone.
        for worker in workers:
            worker.join(_LAST_SECONDS)
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _in_turn(pages: list[Page]) -> list[Page]:
    """Return the pages in the order in which they are begun.

    A printed report holds the cells of all pages and takes longest, so the first is begun at once.
    Beside it go pages from the end: they ask what it comes to last, and each finds the answers of
    the other in the store. The other printed reports follow while something is left beside them.
    """
    longest = sorted(pages, key=lambda page: -len(page.cells))
    n_long = sum(2 * len(page.cells) > len(longest[0].cells) for page in longest)
    others = [page for page in reversed(pages) if page not in longest[:n_long]]
    n_before = len(others) // 4
    return [longest[0], *others[:n_before], *longest[1:n_long], *others[n_before:]]


def _enter(parent: int, *work: Any) -> None:
    """Begin a worker; what it works on came with the fork, so that no queue has to carry it."""
    enter_worker(parent)
    _work[:] = work


def _build_numbered(number: int) -> dict[str, float]:
    """Build one of the pages that the worker came with."""
    build, pages, formats, timestamp = _work
    return _build_page(build, pages[number], formats, timestamp)


def _build_page(
    build: Build, page: Page, formats: Sequence[str], timestamp: int
) -> dict[str, float]:
    """Run a page's cells and write it in each of its formats; return the seconds by step."""
    before = dict(build.timings)
    # One thread for linear algebra: more of them add in another order and change last digits, and
    # for counts of this size they are slower.
    with threadpool_limits(1), build.timed("cells"):
        markdown = _weave(build, page)
    for name in build.project.formats(page):
        settings = page_metadata(build.project, page, name)
        if name == "html" and name in formats:
            write_html(build, page, markdown, settings)
        elif name == "docx" and name in formats:
            write_word(build, page, markdown, settings, timestamp=timestamp)
        elif name in formats:
            write_pdf(build, page, markdown, settings, timestamp=timestamp)
    return {step: total - before.get(step, 0.0) for step, total in build.timings.items()}


def _weave(build: Build, page: Page) -> str:
    """Run a page's cells in a namespace of their own."""
    settings = page_metadata(build.project, page, build.project.formats(page)[0])
    size = (float(settings.get("fig-width", 7.0)), float(settings.get("fig-height", 4.0)))
    folder = figure_folder(build.scratch, page.name)
    key = run_key(page, build.project.root, settings, inline_expressions(page))
    known = recall(build.store, key)
    if known is not None:
        return weave(page, known, settings, folder, build.store)
    session = Session(build.project.root, figure_size=size)
    recorder = Recorder(session, build.project.root, build.store)
    with remembered(build.store):
        markdown = weave(page, recorder, settings, folder, build.store)
    keep(build.store, key, recorder)
    return markdown
