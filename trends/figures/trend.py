"""Draw a series with its fitted trend."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends.analysis.trend import Trend
from trends.figures import style
from trends.figures.count_series import break_starts, broken_at, draw_observed, mark_breaks
from trends.findings.wording import rate_axis, words


def plot(result: Trend, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with observed rates, the fitted trend and the 95% band of its mean.

    Partly observed periods are open circles at their adjusted rate.
    """
    ax = ax if ax is not None else style.new_axes()
    fitted = result.fitted
    when = fitted["period"].dt.start_time
    band = np.asarray(fitted["conf_high"]), np.asarray(fitted["conf_low"])
    label = words(lang)["figure"]
    ax.fill_between(when, *band, color=style.BAND, linewidth=0, label=label["trend_band"])
    mark_breaks(ax, result.series, lang=lang)
    draw_observed(ax, fitted, result.series, lang=lang)
    line = broken_at(when, fitted["fitted_rate"].to_numpy(), break_starts(result.series))
    ax.plot(*line, color=style.FIRST, label=label["trend_line"])
    top = 1.05 * np.nanmax([fitted["rate"].max(), fitted["fitted_rate"].max()])
    # A wide band must not squeeze the counts.
    style.cut_band(ax, when, band[0], top=top, highest=1.5 * top, lang=lang)
    ax.set_ylabel(rate_axis(result.series, lang))
    style.name_above(ax)
    return ax
