"""Draw how claims, another source and the claimed share changed at a date."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.reporting import ReportingComparison
from trends.figures import style
from trends.figures.intervals import draw_intervals
from trends.findings.wording import words


def plot(result: ReportingComparison, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the three ratios of after over before, with intervals, around 1."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 2.2))
    label = words(lang)["figure"]
    draw_intervals(
        ax,
        (
            (
                label["reporting_claims"],
                (result.claims_ratio, result.claims_low, result.claims_high),
                style.SECOND,
            ),
            (
                label["reporting_others"],
                (result.others_ratio, result.others_low, result.others_high),
                style.FIRST,
            ),
            (
                label["reporting_share"],
                (result.share_ratio, result.share_low, result.share_high),
                style.FOURTH,
            ),
        ),
    )
    ax.axvline(1, color=style.MUTED, linewidth=0.9)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[0] in "25" else "")
    ax.set_xlabel(label["reporting_axis"])
    return ax
