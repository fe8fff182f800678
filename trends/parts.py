"""Which parts of trends need packages of their own, and are these installed?

The analyses need nothing but `pip install event-trends`. What is optional stands here once: the
extras of `pyproject.toml` are the same lists, and `trends doctor` prints them.
"""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from importlib.util import find_spec

import trends

#: The name under which the package index knows this package.
DISTRIBUTION = "event-trends"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of trends that has an extra of its own.

    Attributes
    ----------
    enables : str
        What cannot be had without it, as the subject of a sentence.
    modules : dict of str to str
        What is imported, and the distribution that holds it.
    """

    enables: str
    modules: dict[str, str]

    def missing(self) -> list[str]:
        """Return the distributions that are not installed."""
        return [name for module, name in self.modules.items() if find_spec(module) is None]


PARTS = {
    "report": Part(
        enables="reports (`trends new`, `trends render`)",
        modules={
            "fontpkg_amiri": "fontpkg-amiri",
            "fontpkg_ibm_plex_mono": "fontpkg-ibm-plex-mono",
            "fontpkg_ibm_plex_sans": "fontpkg-ibm-plex-sans",
            "fontpkg_ibm_plex_sans_arabic": "fontpkg-ibm-plex-sans-arabic",
            "fontTools": "fonttools",
            "IPython": "ipython",
            "pikepdf": "pikepdf",
            "pypandoc": "pypandoc-binary",
            "yaml": "pyyaml",
            "snowballstemmer": "snowballstemmer",
            "threadpoolctl": "threadpoolctl",
            "traitlets": "traitlets",
            "typst": "typst",
        },
    ),
    "quarto": Part(
        enables="reports by the Quarto program (`trends render --engine quarto`)",
        modules={"ipykernel": "ipykernel", "nbclient": "nbclient", "nbformat": "nbformat"},
    ),
    "spark": Part(
        enables="counts of events that stay in a table of Spark",
        modules={"pyspark": "pyspark"},
    ),
}

#: Programs that are not Python packages: what each enables, and where it comes from.
PROGRAMS = {
    "quarto": (
        "pages that the built-in renderer does not support",
        "not needed: `trends render` has a renderer of its own; Quarto is at https://quarto.org",
    ),
    "java": (
        "tables of Spark",
        "needed for Spark alone; install a Java runtime, version 17 or newer",
    ),
}


class MissingPart(ImportError):
    """A part was asked for whose packages are not installed."""


def install_command(part: str) -> str:
    """Return the command that installs a part."""
    return f"pip install '{DISTRIBUTION}[{part}]'"


def require(part: str) -> None:
    """Raise with the command to type if a part is not installed.

    Parameters
    ----------
    part : str
        A key of `PARTS`.

    Raises
    ------
    MissingPart
        If a package of the part is not installed.
    """
    missing = PARTS[part].missing()
    if missing:
        raise MissingPart(_told(part, missing))


def missing_part(fault: ImportError) -> str:
    """Return what to install after an import that failed; "" if no part would mend it."""
    if isinstance(fault, MissingPart):
        return str(fault)
    module = (fault.name or "").partition(".")[0]
    return next(
        (
            _told(name, [part.modules[module]])
            for name, part in PARTS.items()
            if module in part.modules and find_spec(module) is None
        ),
        "",
    )


def _told(part: str, missing: list[str]) -> str:
    """Return the sentence about a part that is not there."""
    return (
        f"{PARTS[part].enables} need packages that are not installed: {', '.join(missing)}. "
        f"Install them with: {install_command(part)}"
    )


def check_up() -> list[dict[str, object]]:
    """Return what is installed and what a missing part would enable, a part each.

    Returns
    -------
    list of dict
        Entries ``name``, ``enables``, ``installed``, ``missing`` (distributions) and ``remedy`` (a
        sentence, "" where nothing is missing).

    Examples
    --------
    >>> [part["name"] for part in check_up()][1:4]
    ['report', 'quarto', 'spark']
    """
    found: list[dict[str, object]] = [
        {
            "name": f"trends {trends.__version__}",
            "enables": f"analyses and their figures, with Python {platform.python_version()}",
            "installed": True,
            "missing": [],
            "remedy": "",
        }
    ]
    for name, part in PARTS.items():
        missing = part.missing()
        found.append(
            {
                "name": name,
                "enables": part.enables,
                "installed": not missing,
                "missing": missing,
                "remedy": f"lacks {', '.join(missing)}: {install_command(name)}" if missing else "",
            }
        )
    for program, (enables, remedy) in PROGRAMS.items():
        there = shutil.which(program) is not None
        found.append(
            {
                "name": f"the program {program}",
                "enables": enables,
                "installed": there,
                "missing": [] if there else [program],
                "remedy": "" if there else remedy,
            }
        )
    return found
