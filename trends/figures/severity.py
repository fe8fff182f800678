"""Draw how large a share of two sets of events holds at least so many deaths."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from trends.analysis.severity import SeverityComparison
from trends.figures import style
from trends.findings.wording import format_time, words


def plot(result: SeverityComparison, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the share of events that reach each number of deaths, on log scales.

    The fitted power laws are drawn from where they begin; events without deaths are part of the
    whole and have no place on a log scale.
    """
    ax = ax if ax is not None else style.new_axes()
    label = words(lang)["severity"]
    for which, color in (("first", style.FIRST), ("second", style.SECOND)):
        events = getattr(result, which)
        deaths = np.sort(events["best"].to_numpy())
        sizes = np.unique(deaths[deaths >= 1])
        share = 1 - np.searchsorted(deaths, sizes) / deaths.size
        start, end = (format_time(events["start"].agg(pick), lang) for pick in ("min", "max"))
        name = label["window"].format(start=start, end=end)
        ax.plot(sizes, share, "o", color=color, markersize=3, alpha=0.6, label=name)
        tail = getattr(result, f"tail_{which}")
        if tail is not None:
            along = np.geomspace(tail.threshold, sizes[-1], 40)
            reached = tail.n_events / deaths.size
            ax.plot(along, [reached * tail.reach(one) for one in along], color=color, linewidth=1)
        chance, low, high = (
            getattr(result, f"chance_{which}{end}") for end in ("", "_low", "_high")
        )
        if chance > 0:
            ax.plot([result.at_least] * 2, [low, high], color=color, linewidth=3, alpha=0.35)
            ax.plot([result.at_least], [chance], "D", color=color, markersize=5)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda deaths, _: f"{deaths:,.0f}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    ax.set_xlabel(label["axis"])
    ax.set_ylabel(label["share_axis"])
    style.name_above(ax)
    return ax
