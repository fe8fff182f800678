"""Do forecasts hold what they say, and are they better than the simplest ones?

    python benchmarks/forecasts.py [n_series [kinds]]

Each series is forecast six months ahead from its last 18 months on, by what was known then, after
36, 60 or 156 months around a mean of 10, and after 60 months around 1. Coverage is that of the
probability integral transform, spread over the mass of what came, so that whole counts cost
nothing; CRPS are means over all forecasts, over that of the better of the two simple distributions,
the series' own past and one negative binomial. Beside the stationary kinds stand a season (peak
over trough 2.7), a doubling halfway, a random walk of the log rate (steps of .1) and bursts (one
month in twelve brings threefold). The table goes to benchmarks/results/forecasts.csv; kinds of
series may be named, apart by commas, to renew their rows alone.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from simulation import draw

from trends.analysis.forecast_evaluation import evaluate_forecasts
from trends.tables.series import as_series

STATIONARY = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
OTHERS = ("season", "doubling", "walk", "bursts")
KINDS = STATIONARY + OTHERS
N_ORIGINS, HORIZON = 18, 6


def counts_of(kind: str, n_months: int, mean: float, rng: np.random.Generator) -> np.ndarray:
    """Return counts of a kind that is not drawn from any of the accounts that are mixed."""
    if kind in STATIONARY:
        return draw(kind, np.full(n_months, mean), rng).astype(int)
    month = np.arange(n_months)
    log_rate = {
        "season": 0.5 * np.sin(2 * np.pi * month / 12),
        "doubling": np.log(2) * (month >= n_months // 2),
        "walk": np.cumsum(rng.normal(0, 0.1, n_months)),
        "bursts": np.log(3) * (rng.random(n_months) < 1 / 12),
    }[kind]
    return draw("nb3", mean * np.exp(log_rate), rng).astype(int)


def covered(scores: pd.DataFrame, level: float) -> float:
    """Return the share of the central probability in which outcomes fell."""
    low, high = scores["pit_low"].to_numpy(), scores["pit_high"].to_numpy()
    inside = np.minimum(high, (1 + level) / 2) - np.maximum(low, (1 - level) / 2)
    return float(np.mean(np.clip(inside, 0, None) / np.maximum(high - low, 1e-12)))


def cell(kind: str, n_months: int, mean: float, n_series: int, seed: int) -> dict[str, object]:
    """Return coverage and scores of one cell."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2008-01", periods=n_months + N_ORIGINS, freq="M")
    tables, mixtures, slowest = [], 0, 0.0
    while len(tables) < n_series:
        counts = counts_of(kind, months.size, mean, rng)
        if np.count_nonzero(counts) < 3:
            continue
        series = as_series(pd.Series(counts, index=months))
        began = time.process_time()
        found = evaluate_forecasts(series, horizon=HORIZON, n_origins=N_ORIGINS)
        slowest = max(slowest, time.process_time() - began)
        tables.append(found.scores)
        mixtures += found.n_mixture
    scores = pd.concat(tables)
    crps = scores.groupby("model")["crps"].mean()
    crps_log = scores.groupby("model")["crps_log"].mean()
    simple = crps[["own_past", "static_nb"]].idxmin()
    own = scores[scores["model"] == "forecast"]
    return {
        "kind": kind,
        "n_months": n_months,
        "mean": mean,
        "n_series": n_series,
        **{f"coverage_{100 * level:.0f}": covered(own, level) for level in (0.5, 0.8, 0.95)},
        "crps_ratio": crps["forecast"] / crps[simple],
        "crps_log_ratio": crps_log["forecast"] / crps_log[simple],
        **{f"crps_{name}": value / crps[simple] for name, value in crps.drop("forecast").items()},
        "mixture_taken": mixtures / (n_series * N_ORIGINS),
        "slowest_seconds": slowest,
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    kinds = sys.argv[2].split(",") if len(sys.argv) > 2 else KINDS
    cells = [
        (4000 + 10 * KINDS.index(kind) + number, (kind, *each))
        for kind in kinds
        for number, each in enumerate([(36, 10.0), (60, 10.0), (156, 10.0), (60, 1.0)])
    ]
    table = pd.DataFrame(
        Parallel(n_jobs=-1)(delayed(cell)(*each, n_series, seed) for seed, each in cells)
    )
    target = Path(__file__).parent / "results" / "forecasts.csv"
    if target.exists():
        before = pd.read_csv(target)
        table = pd.concat([before[~before["kind"].isin(table["kind"])], table])
    table = table.sort_values("kind", key=lambda column: column.map(KINDS.index), kind="stable")
    table.to_csv(target, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
