"""Draw how claims, another source and the claimed share changed at a date."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.reporting import ReportingComparison
from trends.figures import style
from trends.findings.wording import words


def plot(result: ReportingComparison, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the three ratios of after over before, with intervals, around 1."""
    ax = ax if ax is not None else style.new_axes(size=(7.2, 2.2))
    label = words(lang)["figure"]
    rows = (
        ("reporting_claims", result.claims_ratio, result.claims_low, result.claims_high),
        ("reporting_others", result.others_ratio, result.others_low, result.others_high),
        ("reporting_share", result.share_ratio, result.share_low, result.share_high),
    )
    colours = (style.SECOND, style.FIRST, style.FOURTH)
    for height, ((_, ratio, low, high), colour) in enumerate(zip(rows, colours, strict=True)):
        ax.plot([low, high], [-height, -height], color=colour, linewidth=2.5)
        ax.plot([ratio], [-height], "o", color=colour, markersize=7)
    ax.axvline(1, color=style.MUTED, linewidth=0.9)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[0] in "25" else "")
    ax.set_yticks([0, -1, -2], labels=[label[key] for key, *_ in rows])
    ax.set_ylim(-2.6, 0.6)
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(label["reporting_axis"])
    return ax
