"""Draw what forecasts of one period ahead said, and what came."""

from __future__ import annotations

from matplotlib.axes import Axes

from trends.analysis.forecast_evaluation import FAN, ForecastEvaluation
from trends.figures import style
from trends.figures.forecast import SHADES
from trends.findings.wording import words


def plot(result: ForecastEvaluation, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with the bands given one period before, and the counts that came."""
    ax = ax if ax is not None else style.new_axes()
    label = words(lang)["figure"]
    scores = result.scores
    nearest = scores[(scores["model"] == "forecast") & (scores["horizon"] == 1)]
    when = nearest["period"].dt.start_time
    for level, shade in zip(reversed(FAN), SHADES, strict=True):
        name = f"{100 * level:.0f}"
        ax.fill_between(
            when,
            nearest[f"low_{name}"],
            nearest[f"high_{name}"],
            color=style.FIRST,
            alpha=shade,
            linewidth=0,
            step="mid",
            label=label["fan_band"].format(level=f"{100 * level:g}%"),
        )
    ax.plot(when, nearest["count"], "o", color=style.INK, markersize=3, label=label["counted"])
    ax.set_ylim(0, 1.05 * max(nearest["high_95"].max(), nearest["count"].max()))
    ax.set_ylabel(label[f"{result.counted}_axis"])
    style.name_above(ax, ncols=4)
    return ax
