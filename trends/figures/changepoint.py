"""Draw a series with its levels, the sets their dates lie in, and the path of penalties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from trends.analysis.changepoint import Changepoints
from trends.figures import style
from trends.figures.count_series import mark_breaks, mark_figures, rates
from trends.findings.wording import format_time, rate_axis, words


def plot(
    result: Changepoints,
    *,
    ax: Axes | None = None,
    lang: str = "en",
) -> Axes:
    """Draw the rate, the levels between changepoints and the confidence set of each date.

    Parameters
    ----------
    result : Changepoints
        What to draw.
    ax : matplotlib Axes, optional
        Where to draw.
    lang : {"en", "ar", "fr"}
        Language of the words in the figure.

    Returns
    -------
    matplotlib Axes
    """
    ax = ax if ax is not None else style.new_axes()
    table = words(lang)["figure"]
    series = result.series
    middle = _middle(series.index)
    rate = rates(series)
    ax.plot(middle, rate, color=style.MUTED, linewidth=1.0, marker="o", markersize=2.5)
    mark_figures(ax, series, middle, colour=style.INK)
    grades = result.to_frame()["grade"]
    for number, (changepoint, grade) in enumerate(zip(result.changepoints, grades, strict=True)):
        for period in changepoint.confidence_set(alpha=1 - result.conf_level):
            ax.axvspan(
                period.start_time, period.end_time, color=style.BAND, linewidth=0, zorder=0,
                label=table["changepoint_set"] if number == 0 else None,
            )  # fmt: skip
        ax.axvline(changepoint.period.start_time, color=style.SECOND, linewidth=1.0)
        name = f"{format_time(changepoint.period, lang)} ({grade})"
        style.name_date(ax, changepoint.period.start_time, name, number, colour=style.SECOND)
    starts = [series.index[0], *(one.period for one in result.changepoints)]
    ends = [*(one.period - 1 for one in result.changepoints), series.index[-1]]
    mark_breaks(ax, series, lang=lang)
    levels = [result.rate]
    if result.changepoints:
        levels = [
            result.changepoints[0].rate_before,
            *(one.rate_after for one in result.changepoints),
        ]
    for start, end, level in zip(starts, ends, levels, strict=True):
        ax.hlines(level, start.start_time, end.end_time, color=style.FIRST, linewidth=2.2)
    # room for the dates above the highest count
    ax.set_ylim(0, 1.18 * max(float(np.nanmax(rate)), 1e-9))
    ax.set_ylabel(rate_axis(series, lang))
    if result.changepoints:
        seen: dict[str, Any] = {}
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            seen.setdefault(label, handle)
        style.name_above(ax, handles=list(seen.values()))
    return ax


def plot_penalty_path(result: Changepoints, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw how many changepoints the best division has at each penalty.

    Parameters
    ----------
    result : Changepoints
        What to draw.
    ax : matplotlib Axes, optional
        Where to draw.
    lang : {"en", "ar", "fr"}
        Language of the words in the figure.

    Returns
    -------
    matplotlib Axes
    """
    ax = ax if ax is not None else style.new_axes()
    table = words(lang)["figure"]
    steps = [step for step in result.path if step.penalty_high > 1]
    highest = 1.5 * max(
        [step.penalty_high for step in steps if np.isfinite(step.penalty_high)] + [10]
    )
    for step in steps:
        low, high = max(step.penalty_low, 1.0), min(step.penalty_high, highest)
        ax.hlines(len(step.starts), low, high, color=style.FIRST, linewidth=2.2)
    bic = 2 * np.log(result.series["count"].notna().sum())
    ax.axvline(bic, color=style.MUTED, linewidth=1.0, linestyle="--", label=table["penalty_bic"])
    ax.axhline(
        len(result.changepoints), color=style.SECOND, linewidth=1.0, label=table["penalty_found"]
    )
    ax.set_xscale("log")
    ax.set_ylim(bottom=-0.5)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(table["penalty_axis"])
    ax.set_ylabel(table["penalty_count"])
    style.name_above(ax)
    return ax


def _middle(periods: pd.PeriodIndex) -> pd.DatetimeIndex:
    """Return the middle of each period."""
    return periods.start_time + (periods.end_time - periods.start_time) / 2
