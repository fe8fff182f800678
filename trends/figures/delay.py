"""Draw which share of the counts has come at each age of a period."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from trends.analysis.delay import ReportingDelay
from trends.figures import style
from trends.figures.count_series import rates
from trends.findings.wording import rate_axis, words


def plot(result: ReportingDelay, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the share that has come per age, with its band.

    Where the last periods are only declared incomplete, the series itself with these periods as
    open circles.
    """
    label = words(lang)["figure"]
    if result.shares.empty:
        ax = ax if ax is not None else style.new_axes()
        when, rate = result.series.index.to_timestamp(how="start"), rates(result.series)
        late = np.arange(rate.size) >= rate.size - result.incomplete_periods
        ax.plot(when[~late], rate[~late], "o", color=style.FIRST, markersize=3)
        ax.plot(when[late], rate[late], label=label["delay_incomplete"], **style.OPEN)
        ax.set_ylim(bottom=0)
        ax.set_ylabel(rate_axis(result.series, lang))
        style.name_above(ax)
        return ax
    ax = ax if ax is not None else style.new_axes(size=(7.2, 3.0))
    shares = result.to_frame()
    age = shares["age"].to_numpy()
    come, least, most = (
        100 * (1 - shares[name].to_numpy()) for name in ("estimate", "conf_high", "conf_low")
    )
    level = f"{100 * result.conf_level:g}%"
    ax.fill_between(
        age,
        least,
        most,
        color=style.BAND,
        linewidth=0,
        label=label["delay_band"].format(level=level),
    )
    ax.plot(age, come, "o-", color=style.FIRST, markersize=3, label=label["delay_share"])
    ax.axhline(100, color=style.MUTED, linewidth=0.9)
    # A wide band must not squeeze the line; it is cut where it says little more than "much more".
    ax.set_ylim(top=min(float(np.max(most)), 2 * float(np.max(come))) + 2)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(label["delay_age_axis"])
    ax.set_ylabel(label["delay_axis"])
    style.name_above(ax)
    return ax
