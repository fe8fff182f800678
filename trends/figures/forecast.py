"""Draw a series with the fan of its forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trends.analysis.forecast import FAN, Forecast
from trends.figures import style
from trends.findings.wording import words

#: Periods of the past that are drawn beside the fan, per period ahead, and at least.
PAST_PER_AHEAD, LEAST_PAST = 4, 24
#: How dark the bands are, the widest first.
SHADES = (0.18, 0.32, 0.5)


def plot(result: Forecast, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the latest counts, the median forecast and its bands."""
    ax = ax if ax is not None else style.new_axes()
    label = words(lang)["figure"]
    n_past = max(LEAST_PAST, PAST_PER_AHEAD * len(result.periods))
    counts = result.series["count"].dropna()
    past = counts.iloc[-n_past:]
    # A period of which a part is to come stands with what it will hold in all.
    under_way = result.periods[0] <= result.last_counted
    so_far = np.zeros(len(result.periods))
    if under_way:
        so_far[0] = float(counts.iloc[-1])
        past = past.iloc[:-1]
    ax.plot(
        pd.PeriodIndex(past.index).start_time,
        past.astype(float),
        "o-",
        color=style.MUTED,
        markersize=3,
        linewidth=1,
        label=label["counted"],
    )
    when = result.periods.start_time
    fan = result.fan()
    for level, shade in zip(reversed(FAN), SHADES, strict=True):
        band = fan[fan["conf_level"] == level]
        ax.fill_between(
            when,
            band["conf_low"].to_numpy() + so_far,
            band["conf_high"].to_numpy() + so_far,
            color=style.FIRST,
            alpha=shade,
            linewidth=0,
            label=label["fan_band"].format(level=f"{100 * level:g}%"),
        )
    middle = fan[fan["conf_level"] == FAN[0]]
    ax.plot(
        when,
        middle["estimate"].to_numpy() + so_far,
        "o-",
        color=style.FIRST,
        markersize=3,
        label=label["median"],
    )
    highest = np.nanmax([float(past.max()), float(fan["conf_high"].max())])
    ax.set_ylim(0, 1.05 * highest)
    ax.set_ylabel(label[f"{result.counted}_axis"])
    style.name_above(ax)
    return ax
