"""Draw the share of one kind over time with its line."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from trends import escaping
from trends.analysis.shares import Shares
from trends.figures import style
from trends.findings.about import names_of
from trends.findings.wording import words
from trends.tables.languages import LANGUAGES


def plot(result: Shares, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the share of every period, larger where it rests on more events.

    The line has its band; periods without any event have no share and no mark.
    """
    ax = ax if ax is not None else style.new_axes()
    table = result.fitted
    when = table["period"].dt.start_time
    label = words(lang)["shares"]
    total = (result.series["count"] + result.rest["count"]).to_numpy(dtype=float, na_value=0.0)
    name = names_of(result.series, {each: words(each)["shares"]["kind"] for each in LANGUAGES})
    ax.scatter(
        when,
        table["share"],
        s=4 + 36 * total / max(total.max(), 1.0),
        color=style.FIRST,
        alpha=0.5,
        linewidths=0,
        zorder=2,
        label=escaping.figure(label["seen"].format(name=name[lang])),
    )
    ax.fill_between(
        when, table["conf_low"], table["conf_high"], color=style.BAND, linewidth=0, zorder=1
    )
    ax.plot(when, table["fitted_share"], color=style.FIRST, label=label["line"], zorder=3)
    ax.set_ylim(bottom=0.0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_ylabel(label["axis"])
    style.name_above(ax)
    return ax
