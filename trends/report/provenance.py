"""From what was an edition made: which files, versions and engine?"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import trends
from trends.report.ownership import MANIFEST
from trends.report.project import Project
from trends.tables.typed import first_day

PACKAGES = (
    "duckdb", "ibis-framework", "matplotlib", "numpy", "pandas", "pandera", "pypandoc-binary",
    "scipy", "statsmodels", "typst",
)  # fmt: skip
_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def edition_date(root: Path) -> date:
    """Return the date of the newest input: SOURCE_DATE_EPOCH, else the data's sidecars."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        return datetime.fromtimestamp(int(epoch), tz=UTC).date()
    found = [date(1970, 1, 1)]
    for sidecar in sorted((root / "data").glob("**/*")):
        if sidecar.suffix not in {".json", ".toml", ".yml", ".yaml"}:
            continue
        for key in ("accessed", "published"):
            match = re.search(rf"[\"']?{key}[\"']?\s*[:=]\s*(.*)", sidecar.read_text("utf-8"))
            stated = _DATE.search(match[1]) if match else None
            if stated:
                found.append(first_day(stated[1], f"{key} in {sidecar.name}").date())
    return max(found)


def manifest(project: Project, engine: str) -> dict[str, Any]:
    """Return what the edition was made from; `built_at` is the only mention of now."""
    root = project.root
    inputs = sorted(path for path in (root / "data").glob("**/*") if path.is_file())
    sources = sorted({source for page in project.pages for source in page.sources})
    return {
        "trends": trends.__version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "engine": engine,
        "edition": edition_date(root).isoformat(),
        "built_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
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
