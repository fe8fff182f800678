"""Draw who drives a change: one line from rate to rate per group, the largest first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.ranking import GroupRanking
from trends.figures import style
from trends.findings.about import named_subject
from trends.findings.wording import format_time, rate_axis, words


def plot(result: GroupRanking, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with both rates of every group, joined by a line."""
    table = result.groups[result.groups["status"] == "ok"].iloc[::-1]
    ax = ax if ax is not None else style.new_axes(size=(7.2, 0.8 + 0.28 * max(len(table), 3)))
    compared = result.compared
    place = np.arange(len(table))
    ax.hlines(place, table["rate_second"], table["rate_first"], color=style.MUTED, linewidth=1.5)
    ax.plot(
        table["rate_second"],
        place,
        "o",
        color=style.SECOND,
        markerfacecolor="none",
        label=_span(compared.second, lang),
    )
    ax.plot(table["rate_first"], place, "o", color=style.FIRST, label=_span(compared.first, lang))
    keys = table[list(result.by)].itertuples(index=False, name=None)
    ax.set_yticks(
        place,
        labels=[
            escaping.figure(named_subject(result.panel.results[key]).name(lang)) for key in keys
        ],
    )
    ax.set_xlabel(rate_axis(compared.series, lang))
    style.name_above(ax)
    return ax


def _span(stretch: tuple[pd.Period, pd.Period], lang: str) -> str:
    """Return a stretch in words; whole years of months are named as years."""
    start, end = stretch
    if (
        start.asfreq("Y").start_time == start.start_time
        and end.asfreq("Y").end_time == end.end_time
    ):
        start, end = start.asfreq("Y"), end.asfreq("Y")
    table = words(lang)["ranking"]
    if start == end:
        return str(start.year) if start.freqstr.startswith("Y") else format_time(start, lang)
    said = [
        one.year if one.freqstr.startswith("Y") else format_time(one, lang) for one in (start, end)
    ]
    return str(table["span"].format(start=said[0], end=said[1]))
