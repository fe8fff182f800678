"""Draw a series with its level before and after named dates, and the course before carried on."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends.analysis.interruption import Interruption
from trends.figures import style
from trends.figures.count_series import draw_observed
from trends.findings.wording import rate_axis, words


def plot(result: Interruption, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with observed and fitted rates, the counterfactual with its band, and the dates.

    Partly observed periods are open circles at their adjusted rate.
    """
    ax = ax if ax is not None else style.new_axes()
    fitted = result.fitted
    when = fitted["period"].dt.start_time
    label = words(lang)["figure"]
    band = np.asarray(fitted["conf_high"]), np.asarray(fitted["conf_low"])
    level = f"{100 * result.conf_level:g}%"
    ax.fill_between(
        when,
        *band,
        color=style.BAND,
        linewidth=0,
        label=label["counterfactual_band"].format(level=level),
    )
    draw_observed(ax, fitted, result.series, lang=lang)
    ax.plot(when, fitted["fitted_rate"], color=style.FIRST, label=label["interruption_fit"])
    ax.plot(
        when,
        fitted["counterfactual_rate"],
        color=style.SECOND,
        linestyle="--",
        label=label["counterfactual"],
    )
    for number, date in enumerate(result.dates):
        ax.axvline(
            date.start_time,
            color=style.INK,
            linewidth=1,
            linestyle=":",
            label=label["interruption_date"] if number == 0 else None,
        )
    highest = fitted[["rate", "fitted_rate", "counterfactual_rate"]].max().max()
    top = 1.05 * float(highest)
    # A wide band must not squeeze the counts; it is cut at one and a half times the data.
    ax.set_ylim(0, min(1.5 * top, max(top, 1.02 * float(np.nanmax(band[0])))))
    ax.set_ylabel(rate_axis(result.series, lang))
    ax.legend(loc="best")
    return ax
