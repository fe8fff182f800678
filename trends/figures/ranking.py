"""Draw who drives a change: one line from rate to rate per group, the largest first."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.ranking import GroupRanking
from trends.figures import style
from trends.findings.about import named_subject
from trends.findings.wording import rate_axis, words


def plot(result: GroupRanking, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with both rates of every group, joined by a line."""
    table = result.groups[result.groups["status"] == "ok"].iloc[::-1]
    ax = ax if ax is not None else style.new_axes(size=(7.2, 0.8 + 0.28 * max(len(table), 3)))
    label = words(lang)["ranking"]
    place = np.arange(len(table))
    ax.hlines(place, table["rate_second"], table["rate_first"], color=style.MUTED, linewidth=1.5)
    ax.plot(
        table["rate_second"],
        place,
        "o",
        color=style.SECOND,
        markerfacecolor="none",
        label=label["second"],
    )
    ax.plot(table["rate_first"], place, "o", color=style.FIRST, label=label["first"])
    keys = table[list(result.by)].itertuples(index=False, name=None)
    ax.set_yticks(
        place,
        labels=[
            escaping.figure(named_subject(result.panel.results[key]).name(lang)) for key in keys
        ],
    )
    compared = next(iter(result.panel.results.values()))
    ax.set_xlabel(rate_axis(getattr(compared, "series", None), lang))
    style.name_above(ax)
    return ax
