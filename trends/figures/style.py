"""What does every figure look like? Colour and size live here and nowhere else."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from trends.findings.wording import words

#: Roles of colour in every figure. The renderer maps these exact values to the page's theme, so
#: that figures follow light and dark; use no colour that is not listed here.
INK = "#1f2933"
MUTED = "#66727f"
GRID = "#dde2e7"
PAPER = "#ffffff"
FIRST = "#1b5e8c"
SECOND = "#b4511f"
THIRD = "#4d7c3a"
FOURTH = "#7a4b94"
BAND = "#c9dbe8"
SERIES = (FIRST, SECOND, THIRD, FOURTH)

#: How a period is marked that was not observed to its end.
OPEN: dict[str, Any] = {
    "color": INK,
    "marker": "o",
    "markerfacecolor": "none",
    "markersize": 5,
    "linestyle": "none",
}

#: Width and height in inches of a figure that fills the text column.
WIDE = (7.2, 3.6)

#: Font families, best first; each must have Latin and Arabic between them.
FAMILIES = ("IBM Plex Sans", "IBM Plex Sans Arabic", "DejaVu Sans")

_RC = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titlecolor": INK,
    "figure.facecolor": "none",
    "figure.figsize": WIDE,
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "trends",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.left": False,
}


@cache
def register_fonts() -> tuple[str, ...]:
    """Make the bundled fonts known to matplotlib; return the families to use, best first.

    Without the font packages (the `report` extra) the list is matplotlib's own DejaVu Sans.
    """
    for package in ("fontpkg_ibm_plex_sans", "fontpkg_ibm_plex_sans_arabic"):
        if find_spec(package) is not None:
            for path in sorted(files(package).joinpath("files").iterdir(), key=str):
                fontManager.addfont(str(path))
    known = set(fontManager.get_font_names())
    return tuple(name for name in FAMILIES if name in known)


def style() -> dict[Any, Any]:
    """Return matplotlib's settings of the package's style.

    Examples
    --------
    >>> with plt.rc_context(style()):
    ...     figure = plt.figure()
    """
    return {**_RC, "font.family": list(register_fonts())}


def use_style() -> None:
    """Draw everything from here on in the package's style; report pages call this once.

    In a notebook figures are saved without the time of day, so that the same page gives the same
    bytes.
    """
    plt.rcParams.update({**style(), "svg.hashsalt": "trends"})
    inline = sys.modules.get("matplotlib_inline.config")
    if inline is not None and inline.InlineBackend.initialized():
        saved = inline.InlineBackend.instance()
        # Quarto chooses SVG without telling this place, which goes back to PNG when it is changed.
        known = saved.shell.display_formatter.formatters
        if Figure in known["image/svg+xml"].type_printers:
            saved.figure_formats = {"svg"}
        saved.print_figure_kwargs = {**saved.print_figure_kwargs, "metadata": {"Date": None}}


def rate_axis(counted: str, lang: str) -> str:
    """Return the label of an axis of rates: events are no people."""
    return str(words(lang)["figure"][f"{counted}_per_month_axis"])


def new_axes(*, size: tuple[float, float] = WIDE) -> Axes:
    """Return the axes of a new figure in the package's style.

    Parameters
    ----------
    size : tuple of float
        Width and height in inches.

    Returns
    -------
    matplotlib Axes
    """
    with plt.rc_context(style()):
        _, axes = plt.subplots(figsize=size, layout="constrained")
    return axes
