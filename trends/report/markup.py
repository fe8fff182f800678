"""How does Markdown become HTML and Typst? One Pandoc call a page and format."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trends.report.errors import RenderError

HERE = Path(__file__).parent
READER = (
    "markdown+smart+fenced_divs+bracketed_spans+implicit_figures+tex_math_dollars+footnotes"
    "+pipe_tables+grid_tables+raw_html+raw_attribute+citations+definition_lists+task_lists"
    "-auto_identifiers+auto_identifiers-raw_tex-example_lists"
)
_CITATION = re.compile(r"(?<![\w.])@(?!(?:fig|tbl|sec|eq)-)\{?\w")
_USES = "TRENDS-USES\t"
_FILTER_FAULT = re.compile(r"TRENDS: (.*)")


@cache
def pandoc_command() -> str:
    """Return the Pandoc that pypandoc-binary brings."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def terms_of(lang: str) -> dict[str, Any]:
    """Return the words of the page around the text, in English where there are no others."""
    path = HERE / "terms" / f"{lang.split('-')[0]}.toml"
    return tomllib.loads(
        (path if path.is_file() else HERE / "terms" / "en.toml").read_text("utf-8")
    )


def convert(
    markdown: str,
    to: str,
    *,
    template: Path,
    metadata: Mapping[str, Any],
    variables: Mapping[str, Any],
    filters: list[Path],
    page: str,
    scratch: Path,
    files: Mapping[str, Sequence[Path]] = MappingProxyType({}),
    check: Callable[[list[str]], None] = lambda _: None,
) -> str:
    """Convert one woven page; what Pandoc or a filter finds wrong stops the render."""
    settings = scratch / f"{stem(page)}.{to}.metadata.json"
    settings.write_text(json.dumps(dict(metadata), ensure_ascii=False, default=str), "utf-8")
    defaults = scratch / f"{stem(page)}.{to}.defaults.json"
    defaults.write_text(
        json.dumps(
            {
                "from": READER,
                "to": "html5" if to == "html" else "typst-citations",
                "standalone": True,
                "variables": dict(variables),
                "html-math-method": {"method": "mathml"},
                "section-divs": to == "html",
                "table-of-contents": bool(metadata.get("toc", True)),
                "toc-depth": int(metadata.get("toc-depth", 3)),
                "wrap": "none",
                "columns": 10000,
                "syntax-highlighting": "default" if to == "html" else "none",
                "fail-if-warnings": False,
            },
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    # Paths are arguments: in a file of defaults Pandoc reads ${...} in them, in metadata Markdown.
    arguments = ["--defaults", str(defaults), "--metadata-file", str(settings)]
    arguments += ["--template", str(template)]
    for key, paths in files.items():
        for path in paths:
            arguments += ["--metadata", f"{key}={path}"]
    arguments += [f"--lua-filter={path}" for path in _own_filters("before")]
    cites = _CITATION.search(markdown) or metadata.get("nocite")
    arguments += ["--citeproc"] if cites else []
    arguments += [f"--lua-filter={path}" for path in (*_own_filters("after"), *filters)]
    return _pandoc(arguments, markdown, page, check)


def stem(page: str) -> str:
    """Return a file name for what is made of a page."""
    return re.sub(r"[^0-9A-Za-z]+", "-", page) + hashlib.sha256(page.encode()).hexdigest()[:6]


def _own_filters(when: str) -> list[Path]:
    """Return the built-in renderer's own filters that run before or after the citations."""
    names = ("uses.lua", "blocks.lua", "references.lua") if when == "before" else ("media.lua",)
    return [HERE / "pandoc" / name for name in names]


def _pandoc(arguments: list[str], text: str, page: str, check: Callable[[list[str]], None]) -> str:
    ran = subprocess.run(
        [pandoc_command(), *arguments], input=text.encode(), capture_output=True, check=False
    )
    log = ran.stderr.decode(errors="replace").strip("\r\n")
    uses = [line.split("\t", 1)[1] for line in log.splitlines() if line.startswith(_USES)]
    check(uses)
    log = "\n".join(line for line in log.splitlines() if not line.startswith(_USES))
    told = _FILTER_FAULT.search(log)
    if told:
        raise RenderError(f"{told[1]}.", file=page)
    if ran.returncode != 0 or "[WARNING]" in log:
        raise RenderError(f"Pandoc says: {log or ran.returncode}", file=page)
    return ran.stdout.decode()
