"""How does Markdown become HTML and Typst? One Pandoc call a page and format."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from trends.report.errors import RenderError

HERE = Path(__file__).parent
READER = (
    "markdown+smart+fenced_divs+bracketed_spans+implicit_figures+tex_math_dollars+footnotes"
    "+pipe_tables+grid_tables+raw_html+raw_attribute+citations+definition_lists+task_lists"
    "-auto_identifiers+auto_identifiers-raw_tex-example_lists"
)
_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!&~|])")
_CITATION = re.compile(r"(?<![\w.])@(?!(?:fig|tbl|sec|eq)-)\{?\w")
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


def escape_markdown(text: str) -> str:
    """Return text so that Pandoc prints it as it is; `$` and `@` stay, as in Quarto."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", text)


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
) -> str:
    """Convert one woven page; what Pandoc or a filter finds wrong stops the render."""
    stem = re.sub(r"[^0-9A-Za-z]+", "-", page)
    settings = scratch / f"{stem}.{to}.metadata.json"
    settings.write_text(json.dumps(dict(metadata), ensure_ascii=False, default=str), "utf-8")
    defaults = scratch / f"{stem}.{to}.defaults.json"
    defaults.write_text(
        json.dumps(
            {
                "from": READER,
                "to": "html5" if to == "html" else "typst-citations",
                "standalone": True,
                "template": str(template),
                "metadata-files": [str(settings)],
                "variables": dict(variables),
                "filters": [
                    *({"type": "lua", "path": str(path)} for path in _own_filters("before")),
                    *([{"type": "citeproc"}] if _CITATION.search(markdown) else []),
                    *({"type": "lua", "path": str(path)} for path in _own_filters("after")),
                    *({"type": "lua", "path": str(path)} for path in filters),
                ],
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
    return _pandoc(["--defaults", str(defaults)], markdown, page)


def _own_filters(when: str) -> list[Path]:
    """Return the built-in renderer's own filters that run before or after the citations."""
    names = ("blocks.lua", "references.lua") if when == "before" else ("media.lua",)
    return [HERE / "pandoc" / name for name in names]


def _pandoc(arguments: list[str], text: str, page: str) -> str:
    ran = subprocess.run(
        [pandoc_command(), *arguments], input=text.encode(), capture_output=True, check=False
    )
    log = ran.stderr.decode(errors="replace").strip()
    told = _FILTER_FAULT.search(log)
    if told:
        raise RenderError(f"{told[1]}.", file=page)
    if ran.returncode != 0 or "[WARNING]" in log:
        raise RenderError(f"Pandoc says: {log or ran.returncode}", file=page)
    return ran.stdout.decode()
