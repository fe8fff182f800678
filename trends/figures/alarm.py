"""Draw the periods that were watched, what was expected of them, and the alarms."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.alarm import Alarms
from trends.figures import style
from trends.figures.count_series import counted_in, mark_breaks
from trends.findings.alarm import group_names
from trends.findings.wording import words

#: Series of many that fit under one another.
_MOST_ROWS = 30


def plot(result: Alarms, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with counts, expected counts and thresholds of one series, or a row of each.

    Of many series every row shows the alarms of one, those in alarm first.
    """
    if result.n_series == 1:
        return _one(result, ax, lang)
    return _many(result, ax, lang)


def _one(result: Alarms, ax: Axes | None, lang: str) -> Axes:
    """Return axes of one series."""
    ax = ax if ax is not None else style.new_axes()
    label = words(lang)["figure"]
    series, watched = result.series[0], result.watched
    when = watched["period"].dt.start_time
    before = series.loc[: watched["period"].iloc[0]].iloc[:-1]
    ax.plot(
        before.index.to_timestamp(how="start"),
        before["count"].to_numpy(dtype=float, na_value=np.nan),
        "o-",
        color=style.MUTED,
        markersize=2,
        linewidth=1,
        label=label["alarm_baseline"],
    )
    count = watched["count"].to_numpy(dtype=float, na_value=np.nan)
    ax.plot(when, count, "o-", color=style.FIRST, markersize=3, label=label["alarm_watched"])
    for name in ("threshold_low", "threshold_high"):
        shown = label["alarm_threshold"] if name == "threshold_high" else None
        ax.plot(when, watched[name], color=style.SECOND, linestyle="--", linewidth=1, label=shown)
    ax.plot(when, watched["expected"], color=style.INK, linewidth=1, label=label["alarm_expected"])
    mark_breaks(ax, series, lang=lang)
    fired = watched["alarm"].ne("").to_numpy()
    if fired.any():
        ax.plot(
            when[fired],
            count[fired],
            "D",
            color=style.SECOND,
            markersize=6,
            label=label["alarm_fired"],
        )
    # Above the highest threshold, which would else lie on the edge.
    ax.set_ylim(0, 1.05 * ax.dataLim.y1)
    ax.set_ylabel(label[f"{counted_in(series)}_axis"])
    style.name_above(ax)
    return ax


def _many(result: Alarms, ax: Axes | None, lang: str) -> Axes:
    """Return axes with a row for each series."""
    states = result.states.assign(quiet=result.states["state"].eq("quiet"))
    shown = states.sort_values(["quiet", "p_adjusted"]).head(_MOST_ROWS)
    ax = ax if ax is not None else style.new_axes(size=(7.2, 0.9 + 0.22 * len(shown)))
    label = words(lang)["figure"]
    table = result.watched
    for kind, sign, colour in (("rise", "^", style.SECOND), ("fall", "v", style.FIRST)):
        said = False
        for row, group in enumerate(reversed(shown["group"].tolist())):
            fired = table[(table["group"] == group) & (table["alarm"] == kind)]
            if fired.empty:
                continue
            ax.plot(
                fired["period"].dt.start_time,
                np.full(len(fired), row),
                sign,
                color=colour,
                markersize=5,
                label=None if said else label[f"alarm_{kind}"],
            )
            said = True
    name = group_names(result)
    rows = [escaping.figure(name[group][lang]) for group in reversed(shown["group"].tolist())]
    ax.set_yticks(range(len(shown)), labels=rows)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    if len(table):
        ax.set_xlim(table["period"].min().start_time, table["period"].max().end_time)
    style.name_above(ax)
    return ax
