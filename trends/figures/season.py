"""Draw the effects of the time of year, and a series taken apart."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trends.analysis.season import Season
from trends.figures import style
from trends.findings.wording import words


def plot(result: Season, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with every effect, and every Ramadan, as a ratio with its 95% interval."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 3.0))
    label = words(lang)
    table = result.to_frame()
    if table.empty:
        ax.text(0.5, 0.5, label["figure"]["season_too_short"], ha="center", va="center")
        ax.set_axis_off()
        return ax
    # Arabic months have two names each.
    table = table.assign(
        name=[label["season_peak"][term].replace("/", "\n") for term in table["term"]]
    )
    table = pd.concat([_each_ramadan(result), table], ignore_index=True)
    if len(result.ramadans):
        table.loc[table["term"] == "ramadan", "name"] = label["figure"]["ramadan_all"]
    # Feasts of a few days have intervals over many powers of ten; they would hide the rest.
    narrow = np.log(table["conf_high"] / table["conf_low"]) < _WIDEST
    table = table[narrow | table["term"].isin(["one_ramadan", "ramadan"])]
    names = table["name"].tolist()
    places = np.arange(len(table))
    ax.axhline(1, color=style.MUTED, linewidth=1)
    colours = np.where(table["term"] == "one_ramadan", style.MUTED, style.FIRST).tolist()
    ax.vlines(places, table["conf_low"], table["conf_high"], color=colours, linewidth=2)
    ax.scatter(places, table["estimate"], c=colours, s=25, zorder=3)
    ax.set_xticks(places, labels=names, fontsize=7.5)
    ax.set_yscale("log")
    low, high = table["conf_low"].min(), table["conf_high"].max()
    marks = [mark for mark in _MARKS if 0.9 * low <= mark <= 1.1 * high]
    if high / low > 5:
        marks = [mark for mark in marks if mark in _FEW_MARKS]
    ax.set_yticks(marks, labels=[f"{mark:g}" for mark in marks])
    ax.set_yticks([], minor=True)
    ax.set_xlim(-0.6, len(table) - 0.4)
    ax.set_ylabel(label["figure"][f"season_axis_{result.calendar}"])
    return ax


def _each_ramadan(result: Season) -> pd.DataFrame:
    """Return a row for every Ramadan by itself, named by its year in both calendars."""
    each = result.ramadans
    names = [f"{row.period.year}\n{row.hijri_year}" for row in each.itertuples()]
    return each[["estimate", "conf_low", "conf_high"]].assign(term="one_ramadan", name=names)


#: Ratios that may be marked, and the widest interval (log ratio) that is drawn.
_MARKS = (0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20)
_FEW_MARKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_WIDEST = 3.5


def plot_parts(result: Season, *, lang: str = "en") -> Figure | None:
    """Return a figure of log rate, trend, season and remainder; None if there are no parts."""
    parts = result.decomposition
    if parts.empty:
        return None
    label = words(lang)["figure"]
    when = parts["period"].dt.start_time
    with plt.rc_context(style.style()):
        figure, panels = plt.subplots(4, 1, figsize=(7.2, 5.2), sharex=True, layout="constrained")
    for panel, column in zip(panels, ("log_rate", "trend", "seasonal", "remainder"), strict=True):
        panel.plot(when, parts[column], color=style.FIRST, linewidth=1.2)
        panel.set_ylabel(label[f"parts_{column}"])
    return figure
