"""The matplotlib backend of pages: what a cell shows is kept, figure by figure, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine

__all__ = ["FigureCanvas", "show", "shown", "write_laid_out"]

#: Dots per inch of an SVG.
_POINTS = 72

#: What takes the figures that a cell shows; the page's session sets it.
shown: list[Callable[[], None]] = []


def show(*_: Any, **__: Any) -> None:
    """Hand over the open figures, so that what is drawn next begins a new one."""
    for take in shown:
        take()


def write_laid_out(figure: Figure, layout: LayoutEngine, file: TextIO, **settings: Any) -> None:
    """Write a figure that lays itself out as SVG, as `savefig` writes it.

    `savefig` draws such a figure twice, the first time for its layout alone. There are no margins
    to cut here, so it is laid out and drawn once.
    """
    dpi, colour = figure.dpi, figure.get_facecolor()
    canvas = FigureCanvasSVG(figure)
    try:
        figure.set_dpi(_POINTS)
        layout.execute(figure)
        figure.set_dpi(dpi)
        figure.set_layout_engine("none")
        figure.set_facecolor(mpl.rcParams["savefig.facecolor"])
        # matplotlib ships no type of it.
        canvas.print_svg(file, **settings)  # type: ignore[no-untyped-call]
    finally:
        figure.set_facecolor(colour)
        figure.set_layout_engine(layout)
