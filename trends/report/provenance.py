"""From what was an edition made: which files, versions and engine?"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import trends
from trends import escaping
from trends.findings.ledger import Ledger, code_hash
from trends.report.errors import RenderError
from trends.report.font_files import font_folders
from trends.report.markup import terms_of
from trends.report.ownership import MANIFEST
from trends.report.project import Project
from trends.tables.typed import first_day, read_period

PACKAGES = (
    "duckdb", "ibis-framework", "matplotlib", "numpy", "pandas", "pandera", "pypandoc-binary",
    "scipy", "statsmodels", "typst",
)  # fmt: skip
#: Folder of the fonts that plain `quarto render` prints with.
FONTS = ".fonts"
_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Edition:
    """The day of an edition, and how it is known.

    Attributes
    ----------
    date : date or None
        Day; None where no input is dated.
    source : str
        The file whose date it is, ``SOURCE_DATE_EPOCH``, or "" where there is none.
    """

    date: date | None
    source: str

    @property
    def iso(self) -> str:
        """Return the day as YYYY-MM-DD; "" for an undated edition."""
        return "" if self.date is None else self.date.isoformat()

    @property
    def timestamp(self) -> int:
        """Return the seconds that stand for the day in files that must have some."""
        day = self.date or date(1970, 1, 1)
        return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())

    def day(self, lang: str) -> str:
        """Return the day in words."""
        if self.date is None:
            return str(terms_of(lang)["undated"])
        return day_in_words(self.date, lang)

    def words(self, lang: str) -> str:
        """Return what the edition is called."""
        if self.date is None:
            return str(terms_of(lang)["undated-edition"])
        return day_in_words(self.date, lang, "edition")


def day_in_words(day: date, lang: str, form: str = "day") -> str:
    """Return a day as the language writes it, by itself or as the name of an edition."""
    words = terms_of(lang)
    return str(words[form]).format(day=day.day, month=words["months"][day.month - 1], year=day.year)


def edition_of(root: Path) -> Edition:
    """Return the edition that a project's inputs make.

    Its day is SOURCE_DATE_EPOCH where that is set, and else the newest day on which an input was
    published or accessed, by its sidecar. Without either it has none, and says so.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if epoch:
        if not re.fullmatch(r"\d{1,11}", epoch):
            raise RenderError(
                f"SOURCE_DATE_EPOCH must be whole seconds since 1970, got {epoch!r}. "
                "Set it to the output of `git log -1 --format=%ct`, or unset it."
            )
        return Edition(datetime.fromtimestamp(int(epoch), tz=UTC).date(), "SOURCE_DATE_EPOCH")
    found: list[tuple[date, str]] = []
    for sidecar in sorted((root / "data").glob("**/*")):
        if sidecar.suffix not in {".json", ".toml", ".yml", ".yaml"}:
            continue
        for key in ("accessed", "published"):
            match = re.search(rf"[\"']?{key}[\"']?\s*[:=]\s*(.*)", sidecar.read_text("utf-8"))
            stated = _DATE.search(match[1]) if match else None
            if stated:
                day = first_day(stated[1], f"{key} in {sidecar.name}").date()
                found.append((day, _name(sidecar, root)))
    if not found:
        return Edition(None, "")
    newest = max(day for day, _ in found)
    return Edition(newest, next(name for day, name in found if day == newest))


def data_to(root: Path) -> str:
    """Return the newest day that a table of a project's `data/` looks at; "" where none is known.

    It is the last end of a window (``window_end``) or of a period (``period``).
    """
    ends = set()
    for path in (root / "data").glob("*.csv"):
        # A table may be written in any encoding; the days in it are the same in all of them.
        with path.open(encoding="utf-8", errors="replace", newline="") as opened:
            ends |= {row.get("window_end") or row.get("period") for row in csv.DictReader(opened)}
    return max((_end(end) for end in ends if end), default="")


def _end(period: str) -> str:
    """Return the last day of a typed period; "" where it is none."""
    try:
        return str(read_period(period, "period").end_time.date())
    except ValueError:
        return ""


def edition_mark(lang: str = "en") -> Raw:
    """Return the edition's name as a mark that the cover of the printed report finds.

    Parameters
    ----------
    lang : {"en", "ar", "fr"}
        Language of the words.

    Returns
    -------
    Raw
        Nothing on screen. The project is the folder that cells run in.
    """
    said = escaping.typst(edition_of(Path.cwd()).words(lang))
    return Raw(f"```{{=typst}}\n#metadata({said}) <trends-edition>\n```")


class Raw:
    """Markdown that a cell gives as it is.

    Parameters
    ----------
    markdown : str
        The text.
    """

    def __init__(self, markdown: str) -> None:
        self.markdown = markdown

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        """Return the text for the console."""
        return f"Raw({self.markdown!r})"


def prepare(project: str | Path) -> None:
    """Lay out what plain `quarto render` needs beside the project's files: the fonts.

    A project's `pre-render` script calls it. The fonts come from their packages and go to
    ``.fonts``, where the project's `font-paths` looks for them.

    Parameters
    ----------
    project : path
        Folder with `_quarto.yml`.
    """
    folder = Path(project) / FONTS
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    for source in map(Path, font_folders()):
        for font in sorted(source.rglob("*.[to]tf")):
            target = folder / font.name
            if not target.is_file() or target.stat().st_size != font.stat().st_size:
                shutil.copyfile(font, target)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def check_fresh(ledger: Ledger, project: Project, page: str) -> None:
    """Refuse a page that was run before today's data or package: a frozen or a cached one.

    Parameters
    ----------
    ledger : Ledger
        What the page carries: it holds the hashes of what was read while the page ran.
    project : Project
        Whose files are there now.
    page : str
        Name of the page.

    Raises
    ------
    RenderError
        If a table that the page was made from is not in ``data/`` any more, or the package's
        code is another one.
    """
    if not ledger.findings:
        return
    remedy = "Take `freeze` and `cache` away, delete `_freeze`, and render all pages again."
    if ledger.made_with["code"] != code_hash():
        raise RenderError(
            f"the page was run by another state of trends than this one. {remedy}", file=page
        )
    there = {sha256(path) for path in (project.root / "data").glob("**/*") if path.is_file()}
    for record in ledger.findings.values():
        gone = [one for one in record["inputs"]["files"] if one not in there]
        if gone:
            raise RenderError(
                f"the finding {record['finding_id']} was made from a table with the hash "
                f"{gone[0][:12]}, and no table in data/ has it now. {remedy}",
                file=page,
            )


def manifest(project: Project, engine: str) -> dict[str, Any]:
    """Return what the edition was made from; when it was built does not change it."""
    root = project.root
    edition = edition_of(root)
    inputs = sorted(path for path in (root / "data").glob("**/*") if path.is_file())
    sources = sorted({source for page in project.pages for source in page.sources})
    return {
        "trends": trends.__version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "engine": engine,
        "edition": edition.iso,
        "edition_dated_by": edition.source,
        "inputs": {path.relative_to(root).as_posix(): sha256(path) for path in inputs},
        "pages": {path.relative_to(root).as_posix(): sha256(path) for path in sources},
        "project": {"_quarto.yml": sha256(root / "_quarto.yml")},
    }


def write_manifest(project: Project, engine: str, site: Path) -> Path:
    """Write `manifest.json` into the site, with the files that a later render may replace."""
    path = site / MANIFEST
    files = sorted(
        file.relative_to(site).as_posix()
        for file in site.rglob("*")
        if file.is_file() and file != path
    )
    made = {**manifest(project, engine), "files": files}
    path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
