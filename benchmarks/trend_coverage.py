"""How often do 95% intervals of a trend hold the truth?

    python benchmarks/trend_coverage.py [n_series]

Series of 36, 96 and 156 months with mean 20 and a slope that multiplies the rate by
exp(0.6) from first to last month; 1000 series per cell by default (Monte-Carlo standard error
.007 at .95). The table goes to benchmarks/results/trend_coverage.csv.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from trends.analysis.trend import estimate_trend
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5", "ar0.8", "ingarch")
LENGTHS = (36, 96, 156)
MEANS = (20.0,)


def draw(kind: str, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return counts around a mean path: Poisson, NB with variance 3 x mean, log-AR, INGARCH."""
    if kind == "poisson":
        return rng.poisson(mean)
    if kind == "nb3":
        return rng.negative_binomial(mean / 2, 1 / 3)
    if kind.startswith("ar"):
        rho, scatter = float(kind[2:]), 0.35
        log_rate = np.empty(mean.size)
        log_rate[0] = rng.normal(0, scatter)
        for month in range(1, mean.size):
            fresh = rng.normal(0, scatter * np.sqrt(1 - rho**2))
            log_rate[month] = rho * log_rate[month - 1] + fresh
        return rng.poisson(mean * np.exp(log_rate - scatter**2 / 2))
    counts = np.empty(mean.size)
    intensity = before = mean[0]
    for month in range(-20, mean.size):
        intensity = 0.4 * mean[max(month, 0)] + 0.35 * before + 0.25 * intensity
        before = rng.poisson(intensity)
        if month >= 0:
            counts[month] = before
    return counts


def cell(kind: str, n_months: int, mean: float, n_series: int, seed: int) -> dict[str, object]:
    """Return the coverage of one cell, for each way of treating serial dependence."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2010-01", periods=n_months, freq="M")
    per_month = 0.6 / (n_months - 1)
    path = mean * np.exp(per_month * (np.arange(n_months) - (n_months - 1) / 2))
    held = {"memory": 0, "newey_west": 0, "independent": 0}
    percent_held = 0
    width = 0.0
    for _ in range(n_series):
        counts = pd.Series(draw(kind, path, rng), index=months)
        trend = estimate_trend(as_series(counts))
        rows = trend.to_frame().set_index(["term", "method"])
        low, high = trend.slope_interval()
        truth = 12 * per_month
        held["memory"] += low <= truth <= high
        width += (high - low) / n_series
        percent_low, percent_high = trend.percent_interval()
        percent_held += percent_low <= 100 * np.expm1(truth) <= percent_high
        hac = rows.loc[("slope", "newey-west")]
        held["newey_west"] += hac["conf_low"] <= truth <= hac["conf_high"]
        # The independent interval follows from its p-value.
        alone = abs(trend.slope) / stats.t.isf(trend.p_value_independent / 2, trend.n_free)
        half = stats.t.ppf(0.975, trend.n_free) * alone
        held["independent"] += abs(trend.slope - truth) <= half
    return {
        "kind": kind,
        "n_months": n_months,
        "mean": mean,
        "n_series": n_series,
        **{f"coverage_{name}": count / n_series for name, count in held.items()},
        "coverage_percent_change": percent_held / n_series,
        "mean_width": width,
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    began = time.perf_counter()
    rows = [
        cell(kind, n_months, mean, n_series, seed)
        for seed, (kind, n_months, mean) in enumerate(
            (kind, n_months, mean) for kind in KINDS for n_months in LENGTHS for mean in MEANS
        )
    ]
    table = pd.DataFrame(rows)
    target = Path(__file__).parent / "results" / "trend_coverage.csv"
    table.to_csv(target, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
