"""How often is it said that events, or reporting, changed where that is not so?

Forty-eight months, 24 either side of the date, of events that another source counts and of claims
made for a share of them. Months are independent, or the log of the share (and of the events)
follows an autoregression with a standard deviation of .35. A verdict is false if it is `reporting`
and the share did not move, or `real` and events did not change or the share moved by half.

``python benchmarks/reporting_verdicts.py [n_draws] [part of a name ...]`` runs some cells anew;
their rows replace those in `results/reporting_verdicts.csv`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import trends

TARGET = Path(__file__).parent / "results" / "reporting_verdicts.csv"
SIDE = 24
MONTHS = pd.period_range("2020-01", periods=2 * SIDE, freq="M")
SCATTER = 0.35


class Cell(NamedTuple):
    """A truth: events and share before and after, and what remembers how long."""

    name: str
    events: tuple[float, float]
    share: tuple[float, float]
    memory_share: float = 0.0
    memory_events: float = 0.0


SAME, HALF = (0.5, 0.5), (0.4, 0.6)
CELLS = [
    Cell("nothing moved, independent", (30, 30), SAME),
    Cell("nothing moved, share AR .5", (30, 30), SAME, 0.5),
    Cell("nothing moved, share AR .8", (30, 30), SAME, 0.8),
    Cell("nothing moved, both AR .8", (30, 30), SAME, 0.8, 0.8),
    Cell("share up by half, events the same, independent", (30, 30), HALF),
    Cell("share up by half, events doubled, independent", (20, 40), HALF),
    Cell("share up by half, events doubled, share AR .8", (20, 40), HALF, 0.8),
    Cell("share halved, events tripled, independent", (20, 60), (0.6, 0.3)),
    Cell("share the same, events doubled, independent", (20, 40), SAME),
    Cell("share the same, events doubled, share AR .8", (20, 40), SAME, 0.8),
    Cell("share doubled, events the same, independent", (30, 30), (0.3, 0.6)),
    Cell("share doubled, events the same, share AR .8", (30, 30), (0.3, 0.6), 0.8),
]


def remembering(memory: float, rng: np.random.Generator) -> np.ndarray:
    """Return factors around 1 whose log follows an autoregression; ones without memory."""
    if memory == 0:
        return np.ones(2 * SIDE)
    path = np.empty(2 * SIDE)
    path[0] = rng.normal(0, SCATTER)
    for month in range(1, 2 * SIDE):
        fresh = rng.normal(0, SCATTER * np.sqrt(1 - memory**2))
        path[month] = memory * path[month - 1] + fresh
    return np.exp(path - SCATTER**2 / 2)


def verdicts(cell: Cell, n_draws: int, seed: int) -> dict[str, object]:
    """Return how often each verdict is given, and how often it is false."""
    rng = np.random.default_rng(seed)
    given = dict.fromkeys(("real", "reporting", "cannot_tell"), 0)
    for _ in range(n_draws):
        events = np.repeat(cell.events, SIDE) * remembering(cell.memory_events, rng)
        share = np.repeat(cell.share, SIDE) * remembering(cell.memory_share, rng)
        claims, others = (
            trends.as_series(pd.Series(rng.poisson(mean), index=MONTHS))
            for mean in (events * share, events)
        )
        given[trends.compare_reporting(claims, others, date=MONTHS[SIDE]).verdict] += 1
    shares = {verdict: n / n_draws for verdict, n in given.items()}
    false = (
        (shares["reporting"] if cell.share[0] == cell.share[1] else 0.0)
        + (shares["real"] if cell.share[0] != cell.share[1] else 0.0)
        + (shares["real"] if cell.share == SAME and cell.events[0] == cell.events[1] else 0.0)
    )
    # That of one case where there was none.
    least = min(max(false, 1 / n_draws), 1 - 1 / n_draws)
    error = float(np.sqrt(least * (1 - least) / n_draws))
    return {"cell": cell.name, "n_draws": n_draws, **shares, "false": false, "mc_error": error}


def main() -> None:
    """Run the cells that are asked for, and store each as soon as it is there."""
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    wanted = sys.argv[2:]
    order = {cell.name: place for place, cell in enumerate(CELLS)}
    for cell in CELLS:
        if wanted and not any(part in cell.name for part in wanted):
            continue
        began = time.perf_counter()
        row = verdicts(cell, n_draws, 1400 + order[cell.name])
        stored = pd.read_csv(TARGET).to_dict("records") if TARGET.exists() else []
        rows = [each for each in stored if each["cell"] != cell.name and each["cell"] in order]
        table = pd.DataFrame(sorted([*rows, row], key=lambda each: order[each["cell"]]))
        table.to_csv(TARGET, index=False, float_format="%.4g")
        print(
            f"{cell.name}: real {row['real']:.3f}, reporting {row['reporting']:.3f}, false "
            f"{row['false']:.3f} (Monte-Carlo error {row['mc_error']:.3f}); "
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
