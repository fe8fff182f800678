"""How does somebody start a report of their own?"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path


def scaffold(folder: str | Path) -> list[Path]:
    """Make a small report that renders as it is: one page, one table with its sidecar.

    Parameters
    ----------
    folder : path
        Folder to make.

    Returns
    -------
    list of Path
        The files written, in order.

    Raises
    ------
    ValueError
        If the folder exists and is not empty: nothing is overwritten.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(
            f"`folder` must not exist or be empty, got {str(folder)!r}. Choose another name."
        )
    room = files("trends.report")
    with as_file(room / "starter") as starter, as_file(room / "filters") as filters:
        shutil.copytree(starter, target, dirs_exist_ok=True)
        # Quarto looks for filters inside the project, so they go along.
        shutil.copytree(filters, target / "reports" / "filters")
    return sorted(path for path in target.rglob("*") if path.is_file())
