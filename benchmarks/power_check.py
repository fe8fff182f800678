"""Is the smallest change that a sentence names found four times in five?

    python benchmarks/power_check.py [n_series]

From a series without a change the smallest visible one is taken, as the sentence beside "no clear
change" has it; another series of the same kind with just that change is drawn and asked. `trend` is
a steady rise, `season` a yearly wave of random phase, `bend` a turn in mid-series from a level
rate. 36 and 96 months, mean 20; counts scatter as in `simulation.draw`. The table goes to
benchmarks/results/power_check.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import draw, tabulate

from trends.analysis.joinpoint import fit_joinpoints
from trends.analysis.season import estimate_season
from trends.analysis.trend import estimate_trend
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5")
LENGTHS = (36, 96)


def series(kind: str, log_rate: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return a drawn count series with this log rate around a mean of 20."""
    months = pd.period_range("2010-01", periods=log_rate.size, freq="M")
    days = months.days_in_month.to_numpy() / DAYS_PER_MONTH
    mean = 20 * days * np.exp(log_rate - log_rate.mean())
    return as_series(pd.Series(draw(kind, mean, rng), index=months))


def trend(kind: str, n_months: int, rng: np.random.Generator) -> tuple[float, bool]:
    """Return the smallest yearly rise, percent, and whether one like it was found."""
    level = np.zeros(n_months)
    smallest = estimate_trend(series(kind, level, rng)).smallest_annual_change
    rise = np.log1p(smallest / 100) / 12 * np.arange(n_months)
    return smallest, estimate_trend(series(kind, rise, rng)).p_value <= 0.05


def season(kind: str, n_months: int, rng: np.random.Generator) -> tuple[float, bool]:
    """Return the smallest ratio of peak to trough, and whether one like it was found."""
    smallest = estimate_season(series(kind, np.zeros(n_months), rng)).smallest_ratio
    turns = 2 * np.pi * (np.arange(n_months) / 12 + rng.uniform())
    wave = np.log(smallest) / 2 * np.cos(turns)
    return smallest, estimate_season(series(kind, wave, rng)).verdict == "seasonal"


def bend(kind: str, n_months: int, rng: np.random.Generator) -> tuple[float, bool]:
    """Return the smallest turn, percent a year, and whether one like it was found."""
    smallest = np.nan
    while np.isnan(smallest):
        flat = fit_joinpoints(series(kind, np.zeros(n_months), rng), max_joinpoints=2)
        smallest = flat.smallest_bend
    turn = np.log1p(smallest / 100) / 12 * np.maximum(np.arange(n_months) - n_months // 2, 0)
    found = fit_joinpoints(series(kind, turn, rng), max_joinpoints=2)
    return smallest, found.n_joinpoints > 0


QUESTIONS = {"trend": trend, "season": season, "bend": bend}


def cell(question: str, kind: str, n_months: int, n_series: int, seed: int) -> dict[str, object]:
    """Return the share found in one cell."""
    rng = np.random.default_rng(seed)
    asked = [QUESTIONS[question](kind, n_months, rng) for _ in range(n_series)]
    return {
        "question": question,
        "kind": kind,
        "n_months": n_months,
        "n_series": n_series,
        "median_smallest": float(np.median([smallest for smallest, _ in asked])),
        "share_found": float(np.mean([found for _, found in asked])),
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    cells = [(name, kind, n) for name in QUESTIONS for kind in KINDS for n in LENGTHS]
    tabulate(cell, cells, name="power_check", n_series=400, first_seed=4000)


if __name__ == "__main__":
    main()
