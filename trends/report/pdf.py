"""How does a page become a tagged PDF?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from trends.report.errors import RenderError
from trends.report.markup import HERE, convert, terms_of
from trends.report.weaving import Woven

FONT_PACKAGES = (
    "fontpkg_ibm_plex_sans",
    "fontpkg_ibm_plex_sans_arabic",
    "fontpkg_ibm_plex_mono",
    "fontpkg_amiri",
)


@cache
def font_folders() -> list[str]:
    """Return the folders of the font packages; no other font is used."""
    from importlib.util import find_spec

    folders = []
    for name in FONT_PACKAGES:
        found = find_spec(name)
        if found is None or not found.submodule_search_locations:
            raise RenderError(f"the font package {name} is missing. Install trends[report].")
        folders.append(str(Path(found.submodule_search_locations[0])))
    return folders


def write_pdf(
    woven: Woven,
    path: Path,
    metadata: dict[str, Any],
    filters: list[Path],
    *,
    timestamp: int,
    scratch: Path,
) -> None:
    """Write one page as PDF/UA-1, with the same bytes for the same sources."""
    import typst

    markdown = woven.markdown
    if not woven.page.has_level_one_heading:
        markdown = re.sub(r"^#(#+ )", r"\1", markdown, flags=re.MULTILINE)
    source = convert(
        markdown,
        "typst",
        template=HERE / "typst" / "report.typ",
        metadata=metadata,
        variables=_variables(woven, metadata, timestamp),
        filters=filters,
        page=woven.page.name,
        scratch=scratch,
    )
    written = scratch / f"{re.sub(r'[^0-9A-Za-z]+', '-', woven.page.name)}.typ"
    written.write_text(source, encoding="utf-8")
    try:
        typst.compile(
            str(written),
            output=str(path),
            root="/",
            font_paths=font_folders(),
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=timestamp,
        )
    except typst.TypstError as fault:
        raise RenderError(f"Typst says: {_explain(fault, source)}", file=woven.page.name) from fault


def _variables(woven: Woven, metadata: dict[str, Any], timestamp: int) -> dict[str, Any]:
    """Return what the template needs beside the page's own settings."""
    terms = metadata["language"]
    words = terms_of(metadata["lang"])
    edition = datetime.fromtimestamp(timestamp, tz=UTC)
    authors = metadata.get("author") or []
    made = {
        "definitions": str(HERE / "typst" / "definitions.typ"),
        "toc-title": terms["toc-title-document"],
        "toc-depth-text": str(metadata.get("toc-depth", 2)),
        "author-text": ", ".join(authors if isinstance(authors, list) else [str(authors)]),
        "edition-text": words["edition"].format(
            day=edition.day, month=words["months"][edition.month - 1], year=edition.year
        ),
        "rtl": metadata["dir"] == "rtl",
        "arabic": metadata["lang"].startswith("ar"),
        "chapters": woven.page.has_level_one_heading,
    }
    return {key: value for key, value in made.items() if value}


def _explain(fault: Exception, source: str) -> str:
    message = str(getattr(fault, "message", fault))
    hints = getattr(fault, "hints", None) or []
    trace = str(getattr(fault, "diagnostic", "") or "")
    return " ".join([message, *map(str, hints), trace]).strip()
