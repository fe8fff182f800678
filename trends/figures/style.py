"""What does every figure look like? Colour and size live here and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from numpy.typing import NDArray

from trends.findings.wording import format_number, words

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

#: What lies behind a text that stands among counts.
BEHIND: dict[str, Any] = {"facecolor": PAPER, "alpha": 0.75, "linewidth": 0, "pad": 0.8}

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


def name_above(ax: Axes, *, ncols: int = 3, handles: Sequence[Any] | None = None) -> None:
    """Put the names of what is drawn above the axes, where they hide no count."""
    said = handles if handles is not None else ax.get_legend_handles_labels()[0]
    if said:
        ax.legend(handles=said, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=ncols)


def name_date(ax: Axes, when: Any, name: str, number: int, *, colour: str) -> None:
    """Write a name beside the line of a date, along the top, in two rows by turns."""
    first, last = ax.dataLim.intervalx
    place = ax.convert_xunits(when)  # type: ignore[no-untyped-call] # matplotlib's is untyped
    # On a narrow screen the name of a day takes a third of the axis: so much is left beside it.
    late = place > first + 0.6 * (last - first)
    ax.annotate(
        name,
        (when, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if late else 3, -5 - 11 * (number % 2)),
        textcoords="offset points",
        va="top",
        ha="right" if late else "left",
        fontsize=8,
        color=colour,
        bbox=BEHIND,
    )


def cut_band(
    ax: Axes, when: Any, high: NDArray[np.float64], *, top: float, highest: float, lang: str
) -> None:
    """Let an axis end where the data do, and mark where a band goes on above it.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes that begin at 0.
    when : datetimes, length n_periods
        Where the band is drawn.
    high : ndarray, shape (n_periods,)
        Its upper end; NaN where there is none.
    top : float
        Where the data need the axis to end.
    highest : float
        Where it ends at most; a band that goes on above has arrows along the edge, named with what
        it reaches.
    lang : {"en", "ar", "fr"}
        Language of the legend.
    """
    reached = float(np.nanmax(high)) if np.isfinite(high).any() else 0.0
    end = min(highest, max(top, 1.02 * reached))
    ax.set_ylim(0, end)
    over = np.flatnonzero(np.nan_to_num(high, nan=0.0) > end)
    if over.size == 0:
        return
    # A few arrows tell it; one for each month would be a line.
    shown = over[np.unique(np.linspace(0, over.size - 1, min(over.size, 5)).astype(int))]
    said = words(lang)["figure"]["band_cut"].format(
        high=format_number(float(f"{reached:.2g}"), "rate", lang)
    )
    ax.plot(
        np.asarray(when)[shown],
        np.full(shown.size, 1.0),
        "^",
        color=MUTED,
        markersize=4,
        clip_on=False,
        transform=ax.get_xaxis_transform(),
        label=said,
    )


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
