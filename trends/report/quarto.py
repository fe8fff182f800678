"""How is the site built with Quarto?"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from trends.report.errors import RenderError

if TYPE_CHECKING:
    from trends.report.builtin import Build


def find() -> str | None:
    """Return the path of the Quarto command, or None."""
    return shutil.which("quarto")


def build_site(build: Build, formats: tuple[str, ...], *, timestamp: int) -> str:
    """Build the site with Quarto; return the engine's name and version."""
    command = find()
    if command is None:
        raise RenderError("Quarto is not installed. Use --engine builtin, or install Quarto 1.9.")
    raise NotImplementedError
