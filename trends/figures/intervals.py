"""Draw named numbers with their intervals, one below the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes


def draw_intervals(ax: Axes, rows: Sequence[tuple[str, tuple[float, float, float], str]]) -> None:
    """Draw each row as a point on its interval; an interval without an upper end is an arrow.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    rows : sequence of (str, (float, float, float), str)
        From top to bottom: name, estimate with lower and upper end, colour. An estimate that is
        not finite is left out, and the arrow then reaches to twice the lower end.
    """
    for place, (_, (estimate, low, high), colour) in enumerate(rows):
        end = high if math.isfinite(high) else 2 * (estimate if math.isfinite(estimate) else low)
        ax.plot([low, end], [-place, -place], color=colour, linewidth=2.5, solid_capstyle="butt")
        if not math.isfinite(high):
            ax.plot([end], [-place], ">", color=colour, markersize=6)
        if math.isfinite(estimate):
            ax.plot([estimate], [-place], "o", color=colour, markersize=7)
    ax.set_yticks([-place for place in range(len(rows))], labels=[name for name, *_ in rows])
    ax.set_ylim(0.4 - len(rows), 0.6)
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
