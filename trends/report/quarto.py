"""How is the site built with Quarto, and what did Quarto not tell?

Quarto ends with code 0 on unresolved references, missing pictures and failing filters, so its log
is read as well as its exit code.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from trends.report.errors import RenderError
from trends.report.font_files import font_folders
from trends.report.page import Cell, Page
from trends.report.workplace import kill_group

if TYPE_CHECKING:
    from trends.report.build import Build

#: Set while `trends render` runs Quarto, which then leaves the end of the work to it.
UNDER_TRENDS = "TRENDS_RENDERS"

#: Quarto writes inside the project only; its output is moved from there.
_INSIDE = ".quarto-site-"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PROGRESS = re.compile(r"^\s*(?:\[\s*\d+/\d+\]\s+|Executing ')(?P<page>\S+?\.(?:qmd|md|ipynb))")
_ERROR = re.compile(
    r"^(?P<kind>[A-Za-z_.]*(?:Error|Exception|Interrupt|Exit|Warning)): (?P<words>.*)$"
)
_FILTER_ERROR = re.compile(r"\S+\.lua:\d+: ")
_FAULT = re.compile(r"\b(?:WARN(?:ING)?|ERROR)\b|\?@|Unable to resolve")
#: Typst enforces the standard of a PDF itself; veraPDF would only check it a second time.
_NOISE = re.compile(
    r"running over (?:an insecure )?TCP|0\.00s - |PYDEVD|frozen modules|verapdf is not installed"
)


def find() -> str | None:
    """Return the path of the Quarto command, or None."""
    return shutil.which("quarto")


def build_site(build: Build, formats: tuple[str, ...], *, timestamp: int) -> str:
    """Build the site with Quarto into `build.site`; return the engine's name and version."""
    command = find()
    if command is None:
        raise RenderError(
            "Quarto is not installed. Use --engine builtin, or install Quarto 1.9 or newer."
        )
    root = build.project.root
    version = _run([command, "--version"], root, timestamp).stdout.strip()
    _sweep(root)
    inside = root / f"{_INSIDE}{os.getpid()}"
    try:
        with build.timed("quarto"):
            ran = _run([command, "render", str(root), "--output-dir", inside.name], root, timestamp)
        fault = read_log(ran.stdout, build.project.pages, failed=ran.returncode != 0)
        if fault is not None:
            raise fault
        shutil.copytree(inside, build.site, dirs_exist_ok=True)
    finally:
        shutil.rmtree(inside, ignore_errors=True)
    _leave_out(build.site, formats)
    return f"quarto {version}"


def _sweep(root: Path) -> None:
    """Clear away the outputs of renders that were killed."""
    for left in root.glob(f"{_INSIDE}*"):
        owner = left.name.removeprefix(_INSIDE)
        if owner.isdecimal() and not _is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    """Tell whether a process runs; on Windows, where asking would end it, say yes."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run(arguments: list[str], root: Path, timestamp: int) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "QUARTO_PYTHON": sys.executable,
        "TYPST_FONT_PATHS": os.pathsep.join(font_folders()),
        "SOURCE_DATE_EPOCH": str(timestamp),
        UNDER_TRENDS: "1",
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]).strip(
            os.pathsep
        ),
    }
    # Quarto starts kernels and compilers: they are one group, and end together.
    with subprocess.Popen(
        arguments,
        cwd=root,
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    ) as running:
        try:
            said, _ = running.communicate()
        except BaseException:
            # Ctrl-C and signals too: Quarto's own children would outlive it.
            kill_group(running.pid)
            raise
    return subprocess.CompletedProcess(arguments, running.returncode, said)


def read_log(log: str, pages: list[Page], *, failed: bool) -> RenderError | None:
    """Return what Quarto's log tells of a fault, with the page and line where they can be known."""
    lines = _COLOUR.sub("", log).splitlines()
    page = pages[0].name if len(pages) == 1 else None  # Quarto names no page where there is one
    for line in lines:
        progress = _PROGRESS.match(line)
        if progress:
            page = progress["page"]
        elif not failed and _FAULT.search(line) and not _NOISE.search(line):
            return RenderError(f"Quarto says: {line.strip()}", file=page)
    if not failed:
        return None
    filtered = next((line for line in lines if _FILTER_ERROR.match(line)), None)
    if filtered is not None:
        return RenderError(f"a filter failed: {filtered.strip()}", file=page)
    raised = [found for found in map(_ERROR.match, lines) if found]
    if not raised:
        said = " ".join(line.strip() for line in lines[-5:] if line.strip())
        return RenderError(f"Quarto says: {said}", file=page)
    what = f"raised {raised[-1]['kind']}: {raised[-1]['words']}"
    found = _failing_cell(lines, pages)
    if found is None:
        return RenderError(f"an expression {what}", file=page)
    cell, n_option_lines = found
    return RenderError(
        f"the cell {what}", file=cell.file, line=cell.line + _arrow(lines) - n_option_lines - 1
    )


def _failing_cell(lines: list[str], pages: list[Page]) -> tuple[Cell, int] | None:
    """Return the cell whose code the log prints between two rules, and how many lines precede it.

    Quarto may print the options of a cell as the first lines of its code.
    """
    rules = [number for number, line in enumerate(lines) if re.fullmatch(r"-{6,}", line.strip())]
    for first, second in pairwise(rules):
        code = "\n".join(lines[first + 1 : second]).strip()
        for page in pages:
            for cell in page.cells:
                source = cell.source.strip()
                if source and code.endswith(source):
                    return cell, code.count("\n") - source.count("\n")
    return None


def _arrow(lines: list[str]) -> int:
    """Return the line that IPython's traceback points at."""
    for line in lines:
        pointed = re.match(r"^-+> (\d+) ", line)
        if pointed:
            return int(pointed[1])
    return 1


def _leave_out(site: Path, formats: tuple[str, ...]) -> None:
    """Remove the formats that were not asked for; Quarto makes all that a page names."""
    if "typst" not in formats:
        for path in site.rglob("*.pdf"):
            path.unlink()
