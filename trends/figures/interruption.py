"""Draw a series with its level before and after named dates, and the course before carried on."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.interruption import Interruption
from trends.figures import style
from trends.figures.count_series import break_starts, broken_at, draw_observed, mark_breaks
from trends.findings.wording import format_time, rate_axis, words


def plot(result: Interruption, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with observed and fitted rates, the counterfactual with its band, and the dates.

    Partly observed periods are open circles at their adjusted rate.
    """
    ax = ax if ax is not None else style.new_axes()
    fitted = result.fitted
    when = fitted["period"].dt.start_time
    label = words(lang)["figure"]
    # From one course to the next leads no line: each begins anew at its date.
    dates = list(result.changes["start"].dt.start_time)
    jumps = [*dates, *break_starts(result.series)]
    drawn = {
        name: broken_at(when, fitted[name].to_numpy(dtype=float), starts)
        for name, starts in (
            ("fitted_rate", jumps),
            ("counterfactual_rate", dates),
            ("conf_low", dates),
            ("conf_high", dates),
        )
    }
    days, low = drawn["conf_low"]
    high = drawn["conf_high"][1]
    ax.fill_between(
        days,
        low,
        high,
        color=style.BAND,
        linewidth=0,
        label=label["counterfactual_band"].format(level=f"{100 * result.conf_level:g}%"),
    )
    draw_observed(ax, fitted, result.series, lang=lang)
    ax.plot(*drawn["fitted_rate"], color=style.FIRST, label=label["interruption_fit"])
    ax.plot(
        *drawn["counterfactual_rate"],
        color=style.SECOND,
        linestyle="--",
        label=label["counterfactual"],
    )
    mark_breaks(ax, result.series, lang=lang)
    for number, period in enumerate(result.dates):
        start = period.start_time
        ax.axvline(start, color=style.INK, linewidth=1, linestyle=":")
        style.name_date(ax, start, format_time(period, lang), number, colour=style.INK)
    highest = fitted[["rate", "fitted_rate", "counterfactual_rate"]].max().max()
    # A wide band must not squeeze the counts, and the dates stand above them.
    top = 1.18 * float(highest)
    style.cut_band(ax, days, high, top=top, highest=1.5 * top, lang=lang)
    ax.set_ylabel(rate_axis(result.series, lang))
    style.name_above(ax)
    return ax
