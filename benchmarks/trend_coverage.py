"""How often do 95% intervals of a trend hold the truth?

    python benchmarks/trend_coverage.py [n_series]

Series of 36, 96 and 156 months with means 5 and 20 and a slope that multiplies the rate by
exp(0.6) from first to last month; 1000 series per cell by default (Monte-Carlo standard error
.007 at .95). The rule for memory (`trends.models.counts.serial_dependence`) was chosen on other
series than these, with mean 20 only. The table goes to benchmarks/results/trend_coverage.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from simulation import LENGTHS, draw, tabulate

from trends.analysis.trend import estimate_trend
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5", "ar0.8", "ingarch")
MEANS = (5.0, 20.0)
#: Apart from the seeds of the series on which the rule was chosen.
FIRST_SEED = 1000


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
    cells = [(kind, n_months, mean) for kind in KINDS for mean in MEANS for n_months in LENGTHS]
    tabulate(cell, cells, name="trend_coverage", n_series=1000, first_seed=FIRST_SEED)


if __name__ == "__main__":
    main()
