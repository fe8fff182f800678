"""How does a page become a tagged PDF?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from trends import escaping
from trends.report.allowed import check_uses
from trends.report.build import Build, authors
from trends.report.errors import RenderError
from trends.report.font_files import font_folders
from trends.report.markup import HERE, convert, stem
from trends.report.navigation import website
from trends.report.page import Page
from trends.report.store import hash_of, key_of

#: Texts of a page's drawing, which stay as they are, and numbers with more than three decimals.
_TEXT_OR_NUMBER = re.compile(
    rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)|<[0-9A-Fa-f\s]*>|[+-]?\d*\.\d{4,}", re.DOTALL
)
_QUOTED = re.compile(r'"([^"\n]+)"')
#: Sections begin at the first level where the title is none of them.
DOWN_ONE = re.compile(r"^#(#+ )", re.MULTILINE)


def write_pdf(
    build: Build, page: Page, markdown: str, metadata: dict[str, Any], *, timestamp: int
) -> Path:
    """Write one page as PDF/UA-1, with the same bytes for the same sources."""
    import typst

    path = (build.site / page.name).with_suffix(".pdf")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not page.has_level_one_heading:
        markdown = DOWN_ONE.sub(r"\1", markdown)
    with build.timed("pdf"):
        source = convert(
            markdown,
            "typst",
            template=HERE / "typst" / "report.typ",
            metadata=build.for_pandoc(page, metadata),
            variables=_variables(build, page, metadata),
            filters=build.filters(metadata),
            page=page.name,
            scratch=build.scratch,
            files=build.files_for_pandoc(page, metadata),
            check=lambda uses: check_uses(uses, page, "typst", build.own_classes(metadata)),
            store=build.store,
        )
        key = _key(source, build.scratch, timestamp)
        known = build.store.get(key)
        if known is not None:
            path.write_bytes(known)
            return path
        written = build.scratch / f"{stem(page.name)}.typ"
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
            raise RenderError(f"Typst says: {_explain(fault)}", file=page.name) from fault
        except RuntimeError as fault:
            raise RenderError(
                f"Typst cannot work in {str(build.scratch)!r}: {fault}. "
                "Take the backslash out of the folder's name.",
                file=page.name,
            ) from fault
        pack(path)
        build.store.put(key, path.read_bytes())
    return path


def pack(path: Path) -> None:
    """Write a PDF anew with its objects in compressed streams, which halves a tagged one.

    Points are said in thousandths, shares (of colours, scales) in four decimals, which no printer
    tells apart. Nothing that is shown, read aloud or searched for changes, and equal files stay
    equal.
    """
    import pikepdf

    # A twentieth smaller than at the level that is usual.
    pikepdf.settings.set_flate_compression_level(9)
    with pikepdf.open(path, allow_overwriting_input=True) as paper:
        for page in paper.pages:
            drawn = page.obj.Contents
            drawn.write(_TEXT_OR_NUMBER.sub(_shorter, drawn.read_bytes()))
        paper.save(
            path,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=True,
            deterministic_id=True,
        )


def _shorter(found: re.Match[bytes]) -> bytes:
    """Return a number of a page's drawing with the decimals that count, a text as it is."""
    if found[0][:1] in b"(<":
        return found[0]
    value = float(found[0])
    said = f"{value:.{4 if abs(value) < 1 else 3}f}".rstrip("0").rstrip(".")
    return re.sub(r"^(-?)0\.", r"\1.", "0" if said == "-0" else said).encode()


def _key(source: str, scratch: Path, timestamp: int) -> str:
    """Return the key of a printed report: its text, its pictures and its date."""
    named = [Path(name) for name in _QUOTED.findall(source) if name.startswith("/")]
    pictures = hash_of(path for path in named if path.is_file())
    return key_of(
        "paper", "packed at 9, thousandths", source.replace(str(scratch), ""), pictures, timestamp
    )


def _variables(build: Build, page: Page, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what the template needs beside the page's own settings."""
    site = website(build.place(page), metadata)
    made = {
        "definitions": escaping.typst(str(HERE / "typst" / "definitions.typ")),
        "paper": escaping.typst(str(HERE / "typst" / "typst-template.typ")),
        "site-title": ""
        if site.get("title", "") in ("", metadata["title"])
        else escaping.typst(str(site["title"])),
        "page-of": escaping.typst(metadata["language"]["page-of"]),
        "toc-title": escaping.typst(
            str(metadata.get("toc-title", metadata["language"]["toc-title-document"]))
        ),
        "abstract-title-text": escaping.typst(
            str(metadata.get("abstract-title", metadata["language"]["section-title-abstract"]))
        ),
        "main-font": escaping.typst(str(metadata["mainfont"])) if "mainfont" in metadata else "",
        "toc-depth-text": str(metadata.get("toc-depth", 2)),
        "author-texts": [escaping.typst(author) for author in authors(metadata)],
        "edition-text": escaping.typst(build.edition.words(metadata["lang"])),
        "contents": bool(metadata.get("toc", page.has_level_one_heading)),
        "chapters": page.has_level_one_heading,
    }
    return {key: value for key, value in made.items() if value}


def _explain(fault: Exception) -> str:
    """Return Typst's message with its hints and the place in the converted text."""
    hints = [str(hint) for hint in getattr(fault, "hints", None) or []]
    shown = str(getattr(fault, "diagnostic", "") or "")
    return " ".join([str(getattr(fault, "message", fault)), *hints, shown]).strip()
