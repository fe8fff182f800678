"""Draw two stretches of a series as levels over its rates."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.periods import PeriodComparison
from trends.figures import count_series, style
from trends.findings.wording import words


def plot(result: PeriodComparison, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the rates of the series, and the level of each stretch with its interval."""
    label = words(lang)["figure"]
    ax = count_series.plot({label["observed_rate"]: result.series}, ax=ax, lang=lang)
    ax.lines[0].set_color(style.MUTED)
    for name, stretch, rate, low, high, colour in (
        (
            "first_stretch",
            result.first,
            result.rate_first,
            result.rate_first_low,
            result.rate_first_high,
            style.FIRST,
        ),
        (
            "second_stretch",
            result.second,
            result.rate_second,
            result.rate_second_low,
            result.rate_second_high,
            style.SECOND,
        ),
    ):
        span = [stretch[0].start_time, stretch[1].end_time]
        ax.fill_between(span, low, high, color=colour, alpha=0.22, linewidth=0)
        ax.plot(span, [rate, rate], color=colour, linewidth=2.2, label=label[name])
    ax.set_ylim(bottom=0)
    style.name_above(ax)
    return ax
