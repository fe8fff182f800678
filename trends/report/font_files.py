"""Where are the fonts of the printed report? In packages of their own; no other font is used."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from trends.parts import require
from trends.report.errors import RenderError

FONT_PACKAGES = (
    "fontpkg_ibm_plex_sans",
    "fontpkg_ibm_plex_sans_arabic",
    "fontpkg_ibm_plex_mono",
    "fontpkg_amiri",
)


@cache
def font_folders() -> list[str]:
    """Return the folders of the font packages; no other font is used."""
    folders = []
    for name in FONT_PACKAGES:
        found = find_spec(name)
        if found is None or not found.submodule_search_locations:
            require("report")
            raise RenderError(f"the font package {name} holds no files. Install it anew.")
        folders.append(str(Path(found.submodule_search_locations[0])))
    return folders
