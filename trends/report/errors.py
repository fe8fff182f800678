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

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with file and line."""
        return _remade, (self.message, self.file, self.line)


def _remade(message: str, file: str | None, line: int | None) -> RenderError:
    """Return an error that came from another process."""
    return RenderError(message, file=file, line=line)
