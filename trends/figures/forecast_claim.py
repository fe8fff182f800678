"""Draw what was said of the rest of a window, and what came."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.forecast_claim import ClaimScores
from trends.figures import style
from trends.findings.wording import words


def plot(result: ClaimScores, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with a row per claim: the counts it allows, and those that came."""
    scores = result.scores
    ax = ax if ax is not None else style.new_axes(size=(7.2, 1.0 + 0.5 * len(scores)))
    label = words(lang)["figure"]
    known = scores[["said_low", "said_high", "came_low", "came_high"]].to_numpy(dtype=float)
    # What has no upper end is drawn to the edge.
    edge = 1.25 * float(np.nanmax(known[np.isfinite(known)]))
    for row, score in enumerate(scores.itertuples()):
        for low, high, colour, name, shift in (
            (score.said_low, score.said_high, style.SECOND, "claim_said", 0.12),
            (score.came_low, score.came_high, style.FIRST, "claim_came", -0.12),
        ):
            if not np.isfinite(low):
                continue
            ends = [low, high if np.isfinite(high) else edge]
            shown = label[name] if row == 0 else None
            ax.plot(ends, [row + shift] * 2, "|-", color=colour, linewidth=3, label=shown)
    ax.set_yticks(
        range(len(scores)), labels=[escaping.figure(str(one)) for one in scores["statement_id"]]
    )
    ax.set_ylim(-0.6, len(scores) - 0.4)
    ax.set_xlim(0, edge)
    ax.set_xlabel(label["claim_axis"])
    ax.legend(loc="best")
    return ax
