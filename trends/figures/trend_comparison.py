"""Draw two series with their trends, each relative to its own middle."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.trend_comparison import TrendComparison
from trends.figures import style
from trends.findings.about import names_of
from trends.findings.wording import rate_axis, words
from trends.tables.languages import LANGUAGES


def plot(result: TrendComparison, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with both series and their fitted trends on a log scale, where paces are slopes.

    Periods without an event have no place on it; they stand at the lower edge as small marks.
    """
    ax = ax if ax is not None else style.new_axes()
    table = result.fitted
    when = table["period"].dt.start_time
    label = words(lang)["compared"]
    positive = table[["rate_first", "rate_second"]].to_numpy(dtype=float)
    fitted = table[["fitted_first", "fitted_second"]].to_numpy(dtype=float)
    floor = 0.8 * min(np.nanmin(np.where(positive > 0, positive, np.nan)), fitted.min())
    for which, color, frame in (
        ("first", style.FIRST, result.first),
        ("second", style.SECOND, result.second),
    ):
        name = names_of(frame, {each: words(each)["compared"][which] for each in LANGUAGES})
        rate = table[f"rate_{which}"]
        seen = rate > 0
        ax.plot(when[seen], rate[seen], "o", color=color, markersize=3, alpha=0.5)
        empty = rate == 0
        if empty.any():
            ax.plot(
                when[empty],
                np.full(int(empty.sum()), floor),
                "v",
                color=color,
                markersize=3,
                label=escaping.figure(label["empty"].format(name=name[lang])),
            )
        ax.plot(when, table[f"fitted_{which}"], color=color, label=escaping.figure(name[lang]))
    ax.set_yscale("log")
    ax.set_ylabel(rate_axis(result.first, lang))
    style.name_above(ax)
    return ax
