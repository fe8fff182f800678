"""Draw the answers of many series: one line each with its interval, or one small panel each."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trends import escaping
from trends.analysis.panel import Panel
from trends.figures import style
from trends.findings.about import named_subject
from trends.findings.wording import words
from trends.tables.spoken import Language


def plot(result: Panel, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with every group's estimate and interval, in order of size.

    What is left of an estimate in the light of its neighbours is drawn beside it.
    """
    table = result.answers
    table = table[table["estimate"].notna()].sort_values("estimate")
    ax = ax if ax is not None else style.new_axes(size=(7.2, 0.8 + 0.28 * max(len(table), 3)))
    label = words(lang)["panel"]
    place = np.arange(len(table))
    ax.hlines(place, table["conf_low"], table["conf_high"], color=style.MUTED, linewidth=1)
    ax.plot(table["estimate"], place, "o", color=style.FIRST, markersize=4, label=label["own"])
    if "shrunk_estimate" in table and table["shrunk_estimate"].notna().any():
        ax.plot(
            table["shrunk_estimate"],
            place,
            "D",
            color=style.SECOND,
            markersize=4,
            label=label["shrunk"],
        )
        style.name_above(ax)
    keys = table[list(result.by)].astype(object).where(table[list(result.by)].notna(), None)
    names = [
        escaping.figure(named_subject(result.results[key]).name(lang))
        for key in keys.itertuples(index=False, name=None)
    ]
    ax.set_yticks(place, labels=names)
    known = words(lang)["explain"]["quantity"]
    ax.set_xlabel("; ".join(known.get(one, one) for one in dict.fromkeys(table["term"])))
    return ax


def small_multiples(result: Panel, *, n_columns: int = 3, lang: Language = "en") -> Figure:
    """Return a figure with one panel for each group that has an answer."""
    answers = list(result.results.values())
    if not answers:
        raise ValueError(
            "`panel` must have an answer to draw, got none. Its table says why each group has none."
        )
    n_rows = -(-len(answers) // n_columns)
    with plt.rc_context(style.style()):
        figure, grid = plt.subplots(
            n_rows,
            n_columns,
            figsize=(3.4 * n_columns, 2.4 * n_rows),
            layout="constrained",
            squeeze=False,
        )
        for ax, one in zip(grid.flat, answers, strict=False):
            one.plot(ax=ax, lang=lang)
            ax.set_title(escaping.figure(named_subject(one).name(lang)))
            if ax.get_legend() is not None:
                ax.get_legend().remove()
        for ax in grid.flat[len(answers) :]:
            ax.set_axis_off()
    return figure
