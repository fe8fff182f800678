"""What stops a render, and where in the sources it happened."""

from __future__ import annotations

from pathlib import Path


class RenderError(Exception):
    """Say which file and line stopped the render, and why.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    file : path or str, optional
        The source file, relative to the project where possible.
    line : int, optional
        Line of `file`, counted from 1.
    """

    def __init__(
        self, message: str, *, file: str | Path | None = None, line: int | None = None
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        place = [part for part in (self.file, None if line is None else str(line)) if part]
        super().__init__(": ".join([":".join(place), message]) if place else message)
