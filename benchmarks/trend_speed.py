"""How long do the analyses of one series take on 156 months?

    python benchmarks/trend_speed.py

Median processor time of several runs after import and one warm-up, one thread: wall time on a
machine that does nothing else. The table goes to
benchmarks/results/trend_speed.csv.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from trends.analysis.changepoint import detect_changepoints
from trends.analysis.description import describe_series
from trends.analysis.joinpoint import fit_joinpoints
from trends.analysis.power import detectable_change
from trends.analysis.season import estimate_season
from trends.analysis.trend import estimate_trend
from trends.tables.series import as_series


def median_seconds(call: Callable[[], object], n_runs: int) -> float:
    """Return the median processor time of a call."""
    call()
    times = []
    for _ in range(n_runs):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return float(np.median(times))


def main() -> None:
    """Time every analysis, print the table and store it."""
    rng = np.random.default_rng(1)
    months = pd.period_range("2010-01", periods=156, freq="M")
    path = 20 * np.exp(1.2 * np.abs(np.arange(156) - 78) / 78)
    series = as_series(pd.Series(rng.negative_binomial(path / 2, 1 / 3), index=months))
    calls: list[tuple[str, Callable[[], object], int]] = [
        ("describe_series", lambda: describe_series(series, rng=1), 3),
        ("detect_changepoints", lambda: detect_changepoints(series, rng=1), 3),
        ("estimate_trend", lambda: estimate_trend(series), 7),
        ("estimate_trend, month factors", lambda: estimate_trend(series, season="month"), 7),
        ("fit_joinpoints, 3 by BIC", lambda: fit_joinpoints(series, max_joinpoints=3), 7),
        ("fit_joinpoints, 5 by BIC", lambda: fit_joinpoints(series), 3),
        (
            "fit_joinpoints, 3 by permutation, 999 draws",
            lambda: fit_joinpoints(series, max_joinpoints=3, select="permutation", rng=1),
            1,
        ),
        ("estimate_season", lambda: estimate_season(series), 7),
        ("estimate_season, Hijri", lambda: estimate_season(series, calendar="hijri"), 3),
        ("detectable_change, analytic", lambda: detectable_change(series, n_draws=0), 7),
        ("detectable_change, 200 draws", lambda: detectable_change(series, rng=1), 3),
    ]
    rows = [(name, median_seconds(call, n_runs)) for name, call, n_runs in calls]
    table = pd.DataFrame(rows, columns=["call", "seconds"])
    target = Path(__file__).parent / "results" / "trend_speed.csv"
    table.to_csv(target, index=False, float_format="%.3g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"))


if __name__ == "__main__":
    main()
