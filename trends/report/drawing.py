"""The matplotlib backend of pages: what a cell shows is kept, figure by figure, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

__all__ = ["FigureCanvas", "show", "shown"]

#: What takes the figures that a cell shows; the page's session sets it.
shown: list[Callable[[], None]] = []


def show(*_: Any, **__: Any) -> None:
    """Hand over the open figures, so that what is drawn next begins a new one."""
    for take in shown:
        take()
