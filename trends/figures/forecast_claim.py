"""Draw what was said of the rest of a window, what came, and what else could have been said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.forecast_claim import ClaimScores
from trends.figures import style
from trends.findings.wording import format_time, words


def plot(
    result: ClaimScores,
    *,
    ax: Axes | None = None,
    lang: str = "en",
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> Axes:
    """Return axes with a row per claim: what it allows, what came, and the own forecast.

    The package's own forecast is that of the day of the claim, with its median and its interval.
    `names` says what counters are called in each language, as `read_names` returns it.
    """
    scores = result.scores
    ax = ax if ax is not None else style.new_axes(size=(7.2, 1.4 + 0.7 * len(scores)))
    label = words(lang)["figure"]
    known = scores[["said_low", "said_high", "came_low", "came_high", "own_high"]].to_numpy(
        dtype=float
    )
    # What has no upper end is drawn to the edge.
    edge = 1.25 * float(np.nanmax(known[np.isfinite(known)]))
    for row, score in enumerate(scores.itertuples()):
        for low, high, colour, name, shift in (
            (score.said_low, score.said_high, style.SECOND, "claim_said", 0.2),
            (score.came_low, score.came_high, style.FIRST, "claim_came", 0.0),
            (score.own_low, score.own_high, style.MUTED, "claim_own", -0.2),
        ):
            if not np.isfinite(low):
                continue
            ends = [low, high if np.isfinite(high) else edge]
            shown = label[name] if row == 0 else None
            ax.plot(ends, [row + shift] * 2, "|-", color=colour, linewidth=3, label=shown)
            if not np.isfinite(high):
                ax.plot(edge, row + shift, ">", color=colour, markersize=7, clip_on=False)
        ax.plot(score.own_estimate, row - 0.2, "o", color=style.MUTED, markersize=5)
    ax.set_yticks(range(len(scores)), labels=_names(result, lang, names or {}))
    ax.set_ylim(-0.6, len(scores) - 0.4)
    ax.set_xlim(0, edge)
    ax.set_xlabel(label["claim_axis"])
    style.name_above(ax)
    return ax


def _names(result: ClaimScores, lang: str, names: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return who made each claim and when, in two lines."""
    claims = result.claims.set_index("statement_id")
    made = [claims.loc[name, ["counter", "counted_by"]] for name in result.scores["statement_id"]]
    who = [str(one["counter"] if pd.notna(one["counter"]) else one["counted_by"]) for one in made]
    who = [names.get(name, {}).get(lang, name) for name in who]
    days = [format_time(day, lang) for day in result.scores["made_on"]]
    return [f"{escaping.figure(name)}\n{day}" for name, day in zip(who, days, strict=True)]
