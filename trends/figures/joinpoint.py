"""Draw a series with its joined trends."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trends.analysis.joinpoint import Joinpoints
from trends.figures import style
from trends.figures.count_series import mark_figures
from trends.findings.wording import rate_axis, words


def plot(result: Joinpoints, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with observed rates, the joined trend, and the joins with their intervals.

    Rates are on a logarithmic scale, where a steady pace is a straight line; periods without
    events stand on the lower edge.
    """
    ax = ax if ax is not None else style.new_axes()
    label = words(lang)["figure"]
    fitted = result.fitted
    when = fitted["period"].dt.start_time
    rate = fitted["rate"].to_numpy(dtype=float)
    floor = 0.5 * np.nanmin(rate[rate > 0])
    ax.plot(
        when,
        np.where(rate > 0, rate, np.where(rate == 0, floor, np.nan)),
        "o",
        color=style.MUTED,
        markersize=3,
        label=label["observed_rate"],
    )
    mark_figures(ax, result.series, pd.DatetimeIndex(when), colour=style.INK)
    for join in result.joinpoints.itertuples():
        ax.axvspan(join.conf_low.start_time, join.conf_high.end_time, color=style.BAND, linewidth=0)
        ax.axvline(join.period.start_time, color=style.SECOND, linewidth=1, linestyle="--")
    for jump in result.jumps.itertuples():
        ax.axvline(jump.period.start_time, color=style.MUTED, linewidth=1, linestyle=":")
    ax.plot(when, fitted["fitted_rate"], color=style.FIRST, label=label["joined_trend"])
    if result.n_joinpoints:
        ax.plot([], [], color=style.SECOND, linestyle="--", linewidth=1, label=label["joinpoint"])
    if len(result.jumps):
        ax.plot([], [], color=style.MUTED, linestyle=":", linewidth=1, label=label["declared_jump"])
    ax.set_yscale("log")
    ax.set_ylim(bottom=0.9 * floor)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_ylabel(rate_axis(result.series, lang))
    style.name_above(ax)
    return ax
