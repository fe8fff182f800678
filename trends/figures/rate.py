"""Draw two rates with their intervals."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.rate import RateComparison
from trends.figures import style
from trends.figures.intervals import draw_intervals
from trends.findings.wording import format_window, words
from trends.tables.window import Window


def plot(result: RateComparison, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the two rates as points with intervals, per 30.4375 days."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 1.8))
    draw_intervals(
        ax,
        (
            (
                _label(result.first, lang),
                (result.rate_first, result.rate_first_low, result.rate_first_high),
                style.FIRST,
            ),
            (
                _label(result.second, lang),
                (result.rate_second, result.rate_second_low, result.rate_second_high),
                style.SECOND,
            ),
        ),
    )
    ax.set_xlim(left=0)
    axis = style.rate_axis(result.counted, lang)
    ax.set_xlabel(words(lang)["figure"]["rate_axis"].format(axis=axis))
    return ax


def _label(window: Window, lang: str) -> str:
    """Return a window's count and dates."""
    return f"{window.count:,} {format_window(window, lang)}"
