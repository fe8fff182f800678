"""Where may a command write? Into a file that is not its own input, a device or a link."""

from __future__ import annotations

from collections.abc import Iterable
from glob import glob
from pathlib import Path


def check_destination(
    path: str | Path, *, name: str = "out", inputs: Iterable[str | Path] = ()
) -> Path:
    """Return where to write, or say why not, before any work is done.

    Parameters
    ----------
    path : path
        The file to write; a plain file that is there is replaced.
    name : str
        How the caller calls it, for the message.
    inputs : iterable of path or glob
        What the result is made from, which must stay as it is.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the file is one of the inputs, a link, a device or a folder, or its folder is missing.

    Examples
    --------
    >>> check_destination("counts.csv", inputs=["events.csv"]).name
    'counts.csv'
    """
    destination = Path(path)

    def refuse(got: str, remedy: str) -> ValueError:
        return ValueError(
            f"`{name}` must name a file of its own, got {str(path)!r}, {got}. {remedy}"
        )

    if destination.is_symlink():
        target = destination.resolve()
        raise refuse(f"a link to {str(target)!r}", "Name that file itself to replace it.")
    if destination.is_dir():
        raise refuse("a folder", "Add a file name.")
    if destination.exists() and not destination.is_file():
        raise refuse("a device", "Name a file.")
    if not destination.parent.is_dir():
        raise refuse(
            f"but there is no folder {str(destination.parent)!r}", "Make the folder first."
        )
    for source in _files(inputs):
        same = source.absolute() == destination.absolute() or (
            destination.exists() and source.exists() and source.samefile(destination)
        )
        if same:
            raise refuse(f"which is the input {str(source)!r}", "Choose another name.")
    return destination


def _files(inputs: Iterable[str | Path]) -> list[Path]:
    """Return the files that names and globs stand for."""
    found = []
    for one in inputs:
        found.append(Path(one))
        found += map(Path, glob(str(one), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    return found
