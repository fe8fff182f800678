# mypy: disable-error-code="import-untyped"
"""How were the web fonts in `theme/fonts` made?

Run ``python -m trends.report.fonts`` (with brotli installed) to make them again from the font
packages. The IBM Plex licence (SIL OFL 1.1) reserves the name Plex for the unmodified fonts, so the
subsets carry another family name; the licence stands beside them.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FOLDER = Path(__file__).parent / "theme" / "fonts"
LATIN = (
    "U+0020-007E,U+00A0-017F,U+02BC,U+02BE,U+02BF,U+1E00-1EFF,U+2010-2027,U+202F,U+2030,U+2032,"
    "U+2033,U+2039,U+203A,U+2044,U+2070-2089,U+20AC,U+2190-2193,U+2212,U+2248,U+2260,U+2264,U+2265"
)
ARABIC = "U+0600-06FF,U+0750-077F,U+FB50-FDFF,U+FE70-FEFC,U+200C-200F,U+2066-2069"
SANS, SANS_ARABIC, MONO = (
    "fontpkg_ibm_plex_sans",
    "fontpkg_ibm_plex_sans_arabic",
    "fontpkg_ibm_plex_mono",
)
SOURCES = [
    (SANS, "IBMPlexSans[wdth,wght].ttf", "report-sans", LATIN),
    (SANS, "IBMPlexSans-Italic[wdth,wght].ttf", "report-sans-italic", LATIN),
    (SANS_ARABIC, "IBMPlexSansArabic-Regular.ttf", "report-arabic", ARABIC),
    (SANS_ARABIC, "IBMPlexSansArabic-SemiBold.ttf", "report-arabic-semibold", ARABIC),
    (MONO, "IBMPlexMono-Regular.ttf", "report-mono", LATIN),
]


def main() -> None:
    """Write every web font and the licence."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for package, file, stem, characters in SOURCES:
        found = find_spec(package)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(
                f"{package} must be installed: pip install 'event-trends[report]'."
            )
        folder = Path(found.origin).parent
        make_font(folder / "files" / file, FOLDER / f"{stem}.woff2", characters)
        shutil.copyfile(folder / "LICENSE", FOLDER / "OFL.txt")


def make_font(source: Path, target: Path, characters: str) -> None:
    """Write the part of a font that the pages use, under its own name."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(flavor="woff2", layout_features=["*"], name_IDs=["*"])
    worker = subset.Subsetter(options)
    worker.populate(unicodes=subset.parse_unicodes(characters))
    worker.subset(font)
    if "fvar" in font:
        font = instancer.instantiateVariableFont(font, {"wdth": 100, "wght": (400, 700)})
    family = target.stem.replace("-", " ").title()
    for record in list(font["name"].names):
        if record.nameID in (1, 4, 16):
            record.string = family
        elif record.nameID in (3, 6, 25):
            record.string = family.replace(" ", "")
    font.flavor = "woff2"
    font.save(target)


if __name__ == "__main__":
    main()
