"""Draw a latent rate with its band, and the figures it explains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.figure_rate import figure_rates
from trends.analysis.latent_rate import LatentRate
from trends.figures import style
from trends.figures.windows import with_gaps
from trends.findings.wording import words


def plot(
    result: LatentRate,
    *,
    ax: Axes | None = None,
    lang: str = "en",
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> Axes:
    """Return axes with the rate and its band, and each figure at its rate over its multiplier.

    Sources beyond the four colours of the style are drawn in its muted one. Where no window
    reaches, the curve is dotted. `names` says what sources are called in each language, as
    `read_names` returns it.
    """
    ax = ax if ax is not None else style.new_axes()
    label = words(lang)["figure"]
    estimate, low, high = result.interval(result.rate)
    middle = result.periods.start_time + (result.periods.end_time - result.periods.start_time) / 2
    band = label["latent_rate_band"].format(level=f"{100 * result.conf_level:g}%")
    ax.fill_between(middle, low, high, color=style.BAND, linewidth=0, label=band)
    said = [(names or {}).get(source, {}).get(lang, source) for source in result.sources]
    top = _draw_figures(ax, result, said)
    ax.plot(middle, estimate, color=style.INK, linewidth=1.8, label=label["latent_rate_curve"])
    unseen = result.exposure == 0
    if unseen.any():
        hidden = np.where(unseen, estimate, np.nan)
        ax.plot(middle, hidden, ":", color=style.PAPER, linewidth=2.0)
    top = 1.1 * max(top, float(np.max(estimate)))
    style.cut_band(ax, middle, np.asarray(high), top=top, highest=top, lang=lang)
    ax.set_ylabel(style.rate_axis(result.counted, lang))
    style.name_above(ax, ncols=2)
    return ax


def _draw_figures(ax: Axes, result: LatentRate, labels: list[str]) -> float:
    """Draw each figure as its window, on the scale of the reference; return the highest drawn."""
    rows = result.statements.set_index("statement_id", drop=False)
    rows = rows.loc[result.used["statement_id"]]
    rates = figure_rates(rows)["estimate"].to_numpy(dtype=float)
    numbers = {source: number for number, source in enumerate(result.sources)}
    source = result.used["source"].map(numbers).to_numpy()
    scaled = rates / result.interval(result.multiplier)[0][source]
    drawn = pd.DataFrame(
        {
            "start": rows["window_start"].to_numpy(),
            "end": (rows["window_end"] + pd.Timedelta(days=1)).to_numpy(),
            "rate": scaled,
            "source": source,
        }
    )
    for number, alike in drawn.groupby("source", sort=False):
        colour = style.SERIES[number] if number < len(style.SERIES) else style.MUTED
        name = escaping.figure(labels[number])
        line = with_gaps(alike, ("start", "end"), ("rate", "rate"))
        ax.plot(*line, color=colour, linewidth=1.3, alpha=0.7, label=name)
    return float(np.nanmax(scaled))
