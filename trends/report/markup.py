"""How does Markdown become HTML and Typst? Pandoc converts each page for each format."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from trends.report.conversion import converted, pandoc_command
from trends.report.errors import RenderError
from trends.report.store import Store, hash_of, key_of
from trends.tables.languages import laid_over, words_file

HERE = Path(__file__).parent
READER = (
    "markdown+smart+fenced_divs+bracketed_spans+implicit_figures+tex_math_dollars+footnotes"
    "+pipe_tables+grid_tables+raw_html+raw_attribute+citations+definition_lists+task_lists"
    "-auto_identifiers+auto_identifiers-raw_tex-example_lists"
)
_WRITERS = {"html": "html5", "typst": "typst-citations", "docx": "docx"}
#: What filters know a writer as.
_FORMATS = {"html": "html5", "typst": "typst", "docx": "docx"}
#: Files that Pandoc is told of by options of their own.
_OPTIONS = frozenset({"reference-doc", "resource-path"})
_CITATION = re.compile(r"(?<![\w.])@(?!(?:fig|tbl|sec|eq)-)\{?\w")
_USES = "TRENDS-USES\t"
_FILTER_FAULT = re.compile(r"TRENDS: (.*)")


def terms_of(lang: str) -> dict[str, Any]:
    """Return the words of the page around the text, in English where there are no others."""
    base = lang.split("-")[0]
    # A further language has its words of the page in its own file.
    return laid_over(_own_terms(base), words_file(base).get("terms", {}))


@cache
def _own_terms(base: str) -> dict[str, Any]:
    """Return the words of the page that the renderer brings; each page asks for them often."""
    path = HERE / "terms" / f"{base}.toml"
    known = path if path.is_file() else HERE / "terms" / "en.toml"
    return tomllib.loads(known.read_text("utf-8"))


def convert(
    markdown: str,
    to: str,
    *,
    template: Path | None,
    metadata: Mapping[str, Any],
    variables: Mapping[str, Any],
    filters: list[Path],
    page: str,
    scratch: Path,
    files: Mapping[str, Sequence[Path]] = MappingProxyType({}),
    check: Callable[[list[str]], None] = lambda _: None,
    store: Store,
    timestamp: int = 0,
) -> str:
    """Convert one woven page; what Pandoc or a filter finds wrong stops the render.

    A Word file is returned as text in base 64; `timestamp` is the day that stands in it.

    A text that was converted before with the same settings and files is taken from the store.
    """
    cites = bool(_CITATION.search(markdown) or metadata.get("nocite"))
    drawn = [path for path in sorted(figure_folder(scratch, page).rglob("*")) if path.is_file()]
    key = key_of(
        "text", to, _elsewhere(markdown, scratch), dict(metadata), dict(variables), cites,
        {name: [str(path) if path.is_dir() else hash_of([path]) for path in map(Path, paths)]
         for name, paths in files.items() if name not in ("trends-profile", "resource-path")},
        [str(one) for one in files.get("trends-profile", ())],
        hash_of([*([template] if template else []), *filters, *drawn]), timestamp,
    )  # fmt: skip
    known = store.get(key)
    if known is not None:
        kept = json.loads(known)
        check(kept["uses"])
        return str(kept["text"]).replace(_SCRATCH, str(scratch))
    uses: list[str] = []

    def checked(found: list[str]) -> None:
        uses.extend(found)
        check(found)

    steps = [*_own_filters("before"), *(["citeproc"] if cites else []), *_own_filters("after")]
    steps += [*filters, *([HERE / "pandoc" / "word.lua"] if to == "docx" else [])]
    job = {
        "text": markdown,
        "from": READER,
        "to": _WRITERS[to],
        "format": _FORMATS[to],
        "settings": json.dumps(dict(metadata), ensure_ascii=False, default=str),
        "steps": [str(step) for step in steps],
        "variables": dict(variables),
        "sections": to == "html",
        # Word asks who opens a file with contents whether they may be filled.
        "contents": to != "docx" and bool(metadata.get("toc", True)),
        "depth": int(metadata.get("toc-depth", 3)),
        "columns": 10000,
        "highlighting": "default" if to == "html" else "none",
    }
    if to == "docx":
        begun = scratch / f"{stem(page)}.{to}"
        made = _document(job, files, begun, page, checked, timestamp)
    else:
        given = {
            name: str(paths[0]) if len(paths) == 1 else [str(path) for path in paths]
            for name, paths in files.items()
            if paths
        }
        conversion = converted({**job, "given": given, "template": str(template)})
        _examine(conversion.told, page, checked, failed=conversion.text is None)
        made = str(conversion.text)
    store.put(
        key, json.dumps({"uses": uses, "text": made.replace(str(scratch), _SCRATCH)}).encode()
    )
    return made


#: Stands for the folder of a render, which has another name each time.
_SCRATCH = "\N{REPLACEMENT CHARACTER}scratch\N{REPLACEMENT CHARACTER}"


def _elsewhere(text: str, scratch: Path) -> str:
    """Return a text without the name of the folder it was made in."""
    return text.replace(quote(scratch.as_posix()), _SCRATCH).replace(str(scratch), _SCRATCH)


def figure_folder(scratch: Path, page: str) -> Path:
    """Return the folder of the figures that a page draws."""
    return scratch / "figures" / PurePosixPath(page).with_suffix("")


def stem(page: str) -> str:
    """Return a file name for what is made of a page."""
    return re.sub(r"[^0-9A-Za-z]+", "-", page) + hashlib.sha256(page.encode()).hexdigest()[:6]


def _own_filters(when: str) -> list[Path]:
    """Return the built-in renderer's own filters that run before or after the citations."""
    names = ("uses.lua", "blocks.lua", "references.lua") if when == "before" else ("media.lua",)
    return [HERE / "pandoc" / name for name in names]


def _document(
    job: Mapping[str, Any],
    files: Mapping[str, Sequence[Path]],
    begun: Path,
    page: str,
    check: Callable[[list[str]], None],
    timestamp: int,
) -> str:
    """Return a Word file as text in base 64; Pandoc writes it from the command line alone."""
    settings = begun.with_suffix(".metadata.json")
    settings.write_text(job["settings"], "utf-8")
    defaults = begun.with_suffix(".defaults.json")
    defaults.write_text(
        json.dumps(
            {
                "from": job["from"],
                "to": job["to"],
                "standalone": True,
                "variables": job["variables"],
                "html-math-method": {"method": "mathml"},
                "section-divs": job["sections"],
                "table-of-contents": job["contents"],
                "toc-depth": job["depth"],
                "wrap": "none",
                "columns": job["columns"],
                "syntax-highlighting": job["highlighting"],
                "fail-if-warnings": False,
            },
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    # Paths are arguments: in a file of defaults Pandoc reads ${...} in them, in metadata Markdown.
    arguments = ["--defaults", str(defaults), "--metadata-file", str(settings), "-o", "-"]
    for name, paths in files.items():
        for path in paths:
            arguments += (
                [f"--{name}={path}"] if name in _OPTIONS else ["--metadata", f"{name}={path}"]
            )
    arguments += [
        "--citeproc" if step == "citeproc" else f"--lua-filter={step}" for step in job["steps"]
    ]
    ran = subprocess.run(
        [pandoc_command(), *arguments],
        input=job["text"].encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(timestamp)},
    )
    told = ran.stderr.decode(errors="replace")
    _examine(told, page, check, failed=ran.returncode != 0)
    return base64.b64encode(ran.stdout).decode()


def _examine(told: str, page: str, check: Callable[[list[str]], None], *, failed: bool) -> None:
    """Stop the render where Pandoc or a filter found something wrong."""
    lines = told.strip("\r\n").splitlines()
    check([line.split("\t", 1)[1] for line in lines if line.startswith(_USES)])
    log = "\n".join(line for line in lines if not line.startswith(_USES))
    fault = _FILTER_FAULT.search(log)
    if fault:
        raise RenderError(f"{fault[1]}.", file=page)
    if failed or "[WARNING]" in log:
        raise RenderError(f"Pandoc says: {log or 'nothing'}", file=page)
