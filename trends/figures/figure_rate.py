"""Draw the rate one published figure implies."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends.analysis.figure_rate import FigureRate
from trends.figures import style
from trends.findings.wording import format_window, words


def plot(result: FigureRate, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the rate and its interval; an interval without an end becomes an arrow."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 1.2))
    middle = result.estimate if np.isfinite(result.estimate) else result.conf_low
    bounded = np.isfinite(result.conf_high)
    high = result.conf_high if bounded else 2 * middle
    ax.plot([result.conf_low, high], [0, 0], color=style.FIRST, linewidth=2.5)
    if not bounded:
        ax.plot([high], [0], ">", color=style.FIRST, markersize=6)
    if np.isfinite(result.estimate):
        ax.plot([result.estimate], [0], "o", color=style.FIRST, markersize=7)
    label = f"{result.window.count:,} {format_window(result.window, lang)}"
    ax.set_yticks([0], labels=[label])
    ax.set_ylim(-0.6, 0.6)
    ax.set_xlim(left=0)
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(words(lang)["figure"]["per_month_axis"])
    return ax
