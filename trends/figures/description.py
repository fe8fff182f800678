"""Draw the courses that are open over the counts."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends.analysis.description import Description
from trends.figures import style
from trends.figures.count_series import mark_breaks
from trends.findings.wording import format_number, rate_axis, words

#: Colour of each kind of course.
COLOURS = {
    "steady": style.INK,
    "slope": style.SECOND,
    "bend": style.THIRD,
    "step": style.FIRST,
    "episode": style.FOURTH,
    "wander": style.MUTED,
}


def plot(result: Description, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with observed rates and every course that holds 5% of the weight or more.

    The leading course is drawn thick, its rivals thin and dashed; the season is left out of all.
    """
    ax = ax if ax is not None else style.new_axes()
    table = words(lang)
    fitted = result.fitted
    when = fitted["period"].dt.start_time
    ax.plot(
        when,
        fitted["rate"],
        "o",
        color=style.MUTED,
        markersize=3,
        label=table["figure"]["observed_rate"],
    )
    mark_breaks(ax, result.series, lang=lang)
    weight = result.weights.set_index("kind")["weight"]
    drawn = result.curves.groupby("kind", sort=False)["level_rate"]
    curves = {kind: curve.to_numpy() for kind, curve in drawn}
    for kind in [kind for kind in weight.index if kind in curves]:
        leads = kind == result.leading
        name = table["description"]["kind"][kind]
        if np.isfinite(weight[kind]):
            share = format_number(float(weight[kind]), "share", lang)
            name = table["description"]["share"].format(rival=name, weight=share)
        steps = kind in {"step", "episode"}
        ax.plot(
            when,
            curves[kind],
            color=COLOURS[kind],
            linewidth=2.2 if leads else 1.1,
            linestyle="-" if leads else "--",
            drawstyle="steps-post" if steps else "default",
            label=name,
        )
    top = 1.08 * np.nanmax([fitted["rate"].max(), result.curves["level_rate"].max()])
    ax.set_ylim(0, max(top, 1e-3))
    ax.set_ylabel(rate_axis(result.series, lang))
    style.name_above(ax, ncols=2)
    return ax
