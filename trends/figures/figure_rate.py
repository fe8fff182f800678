"""Draw the rate one published figure implies."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.figure_rate import FigureRate
from trends.figures import style
from trends.figures.intervals import draw_intervals
from trends.findings.wording import format_window


def plot(result: FigureRate, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the rate and its interval; an interval without an end becomes an arrow."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 1.2))
    label = f"{result.window.count:,} {format_window(result.window, lang)}"
    interval = (result.estimate, result.conf_low, result.conf_high)
    draw_intervals(ax, ((label, interval, style.FIRST),))
    ax.set_xlim(left=0)
    ax.set_xlabel(style.rate_axis(result.counted, lang))
    return ax
