"""How does a page become a Word file? Through Pandoc, with reference styles and without macros."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from trends.figures import style
from trends.report.allowed import check_uses
from trends.report.build import Build
from trends.report.conversion import pandoc_command
from trends.report.errors import RenderError
from trends.report.font_files import font_folders
from trends.report.markup import convert, figure_folder
from trends.report.page import Page
from trends.report.pdf import DOWN_ONE
from trends.report.store import hash_of, key_of

_LATIN, _ARABIC = "IBM Plex Sans", "IBM Plex Sans Arabic"
_FONTS = re.compile(r"<w:rFonts [^>]*Theme=[^>]*/>")
_COLOURS = re.compile(r'<w:color w:val="(?:0F4761|365F91|272727|595959)"[^>]*/>')
#: Word cannot draw SVG everywhere; a picture has this many pixels an inch.
_PIXELS = 220


def write_word(
    build: Build, page: Page, markdown: str, metadata: dict[str, Any], *, timestamp: int
) -> Path:
    """Write one page as DOCX, with the same bytes for the same sources.

    Headings, captions, tables, formulas and notes are Word's own; figures are pictures with their
    alternative text. Pages in Arabic run from right to left, their tables too.
    """
    path = (build.site / page.name).with_suffix(".docx")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not page.has_level_one_heading:
        markdown = DOWN_ONE.sub(r"\1", markdown)
    with build.timed("word"):
        figures = figure_folder(build.scratch, page.name)
        for picture in sorted(figures.rglob("*.svg")):
            _write_png(build, picture)
        styles = build.scratch / f"styles-{metadata['dir']}.docx"
        styles.write_bytes(_reference_styles(metadata["dir"]))
        written = convert(
            markdown,
            "docx",
            template=None,
            metadata=build.for_pandoc(page, metadata),
            variables={},
            filters=build.filters(metadata),
            page=page.name,
            scratch=build.scratch,
            files={
                **build.files_for_pandoc(page, metadata),
                "reference-doc": [styles],
                "resource-path": [Path(os.pathsep.join((str(figures), str(page.path.parent))))],
            },
            check=lambda uses: check_uses(uses, page, "docx", build.own_classes(metadata)),
            store=build.store,
            timestamp=timestamp,
        )
        path.write_bytes(base64.b64decode(written))
    return path


def _write_png(build: Build, picture: Path) -> None:
    """Write a figure as a picture of points beside it."""
    import typst

    path = picture.with_suffix(".png")
    key = key_of("points", hash_of([picture]), _PIXELS)
    known = build.store.get(key)
    if known is None:
        sheet = picture.with_suffix(".typ")
        sheet.write_text(
            "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
            f'#image("{picture.name}")\n',
            encoding="utf-8",
        )
        try:
            known = typst.compile(
                str(sheet),
                format="png",
                ppi=_PIXELS,
                root="/",
                font_paths=font_folders(),
                ignore_system_fonts=True,
            )
        except (typst.TypstError, RuntimeError) as fault:
            raise RenderError(f"a figure cannot be drawn for Word: {fault}") from fault
        build.store.put(key, known)
    path.write_bytes(known)


def _reference_styles(direction: str) -> bytes:
    """Return Pandoc's styles for Word with the report's types and colours.

    Parameters
    ----------
    direction : {"ltr", "rtl"}
        In which direction the columns of a table follow one another.
    """
    given = subprocess.run(
        [pandoc_command(), "--print-default-data-file", "reference.docx"],
        capture_output=True,
        check=True,
    ).stdout
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(given)) as plain, zipfile.ZipFile(written, "w") as made:
        for name in plain.namelist():
            content = plain.read(name)
            if name == "word/styles.xml":
                content = _styled(content.decode(), direction).encode()
            # Without a day of its own a part is dated by the clock.
            made.writestr(zipfile.ZipInfo(name), content)
    return written.getvalue()


def _styled(styles: str, direction: str) -> str:
    fonts = f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:cs="{_ARABIC}" />'
    styles = _FONTS.sub(fonts, styles)
    styles = _COLOURS.sub(f'<w:color w:val="{style.INK.removeprefix("#")}" />', styles)
    if direction == "rtl":
        styles = styles.replace("<w:pPr>", "<w:pPr><w:bidi />", 1)
    styles = re.sub(r'<w:sz(Cs)? w:val="24" />', r'<w:sz\1 w:val="21" />', styles)
    if direction == "rtl":
        place = styles.index("<w:tblPr>", styles.index('w:styleId="Table"')) + len("<w:tblPr>")
        styles = f"{styles[:place]}<w:bidiVisual />{styles[place:]}"
    return styles
