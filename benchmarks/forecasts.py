"""Do forecasts hold what they say, and are they better than the simplest ones?

    python benchmarks/forecasts.py --more 400 --minutes 60

Each series is forecast six months ahead from its last 18 months on, by what was known then, after
36, 60 or 156 months around a mean of 10, and after 60 months around 1. Coverage is that of the
probability integral transform, spread over the mass of what came, so that whole counts cost
nothing; CRPS are means over all forecasts, over that of the better of the two simple distributions,
the series' own past and one negative binomial. Beside the stationary kinds stand a season (peak
over trough 2.7), a doubling halfway, a random walk of the log rate (steps of .1) and bursts (one
month in twelve brings threefold). The table goes to benchmarks/results/forecasts.csv; series of
several runs add up (`add_up`). The error of a coverage is between series.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from simulation import add_up, draw, store

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


def one(
    *, kind: str, n_months: int, mean: float, rng: np.random.Generator
) -> dict[str, float] | None:
    """Return coverage and mean scores of one series."""
    months = pd.period_range("2008-01", periods=n_months + N_ORIGINS, freq="M")
    counts = counts_of(kind, months.size, mean, rng)
    if np.count_nonzero(counts) < 3:
        return None
    series = as_series(pd.Series(counts, index=months))
    began = time.process_time()
    found = evaluate_forecasts(series, horizon=HORIZON, n_origins=N_ORIGINS)
    taken = time.process_time() - began
    own = found.scores[found.scores["model"] == "forecast"]
    means = found.scores.groupby("model")[["crps", "crps_log"]].mean()
    return {
        **{f"coverage_{100 * level:.0f}": covered(own, level) for level in (0.5, 0.8, 0.95)},
        **{
            f"{score}_{model}": float(value)
            for score, values in means.items()
            for model, value in values.items()
        },
        "mixture_taken": found.n_mixture / N_ORIGINS,
        "seconds": taken,
    }


def main() -> None:
    """Add series to every cell, print the table and store it."""
    cells = [
        {"kind": kind, "n_months": n_months, "mean": mean}
        for kind in KINDS
        for n_months, mean in ((36, 10.0), (60, 10.0), (156, 10.0), (60, 1.0))
    ]
    means = add_up(one, cells, name="forecasts", seed=4000)
    simple = means[["crps_own_past", "crps_static_nb"]].idxmin(axis=1).str.removeprefix("crps_")
    table = means[["kind", "n_months", "mean", "n_series"]].copy()
    for level in (50, 80, 95):
        table[f"coverage_{level}"] = means[f"coverage_{level}"]
        table[f"error_{level}"] = means[f"error_coverage_{level}"]
    models = [name for name in means if name.startswith("crps_") and "_log_" not in name]
    for name in ("crps_forecast", "crps_log_forecast", *models):
        prefix = name[: -len(name.split("_", 2 if "_log_" in name else 1)[-1])]
        best = [
            row[prefix + model] for model, (_, row) in zip(simple, means.iterrows(), strict=True)
        ]
        table[name.replace("_forecast", "_ratio")] = means[name] / best
    table["mixture_taken"] = means["mixture_taken"]
    table["seconds"] = means["seconds"]
    store(table, "forecasts")


if __name__ == "__main__":
    main()
