"""How often are joinpoints found that are not there, and do segments hold their true pace?

    python benchmarks/trend_joinpoints.py [n_series]

Series of 36, 96 and 156 months, at most three joinpoints, number chosen by the criterion. `steady`
is a straight log rate (mean 20, rising by exp(0.5) over the series); `bent` rises from 15 to 67
and falls back, with its one join in the middle. Segment intervals are counted where exactly one
join was found. The table goes to benchmarks/results/trend_joinpoints.csv.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from trend_coverage import LENGTHS, draw

from trends.analysis.joinpoint import Joinpoints, fit_joinpoints
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5", "ar0.8")


def fit(kind: str, log_mean: np.ndarray, rng: np.random.Generator) -> Joinpoints:
    """Return the joinpoints of one drawn series."""
    months = pd.period_range("2010-01", periods=log_mean.size, freq="M")
    counts = draw(kind, np.exp(log_mean), rng)
    return fit_joinpoints(as_series(pd.Series(counts, index=months)), max_joinpoints=3)


def cell(kind: str, n_months: int, n_series: int, seed: int) -> dict[str, object]:
    """Return the operating characteristics of one cell."""
    rng = np.random.default_rng(seed)
    month = np.arange(n_months)
    middle = n_months // 2
    steady = np.log(20) + 0.5 * (month / n_months - 0.5)
    pace = 1.5 / middle
    bent = np.log(15) + pace * np.minimum(month, middle) - pace * np.maximum(month - middle, 0)
    truth = 100 * np.expm1(12 * np.array([pace, -pace]))
    average = 100 * np.expm1(12 * (bent[-1] - bent[0]) / (n_months - 1))
    false = flagged = found = exact = segments = joins = averages = 0
    for _ in range(n_series):
        plain = fit(kind, steady, rng)
        false += plain.n_joinpoints > 0
        flagged += "fewer_joinpoints_as_good" in plain.caveats
        broken = fit(kind, bent, rng)
        found += broken.n_joinpoints > 0
        table = broken.to_frame().set_index("term")
        row = table.loc["average"]
        averages += row["conf_low"] <= average <= row["conf_high"]
        if broken.n_joinpoints == 1:
            exact += 1
            rows = table.iloc[:2]
            segments += ((rows["conf_low"] <= truth) & (truth <= rows["conf_high"])).sum() / 2
            join = broken.joinpoints.iloc[0]
            place = broken.series.index[middle]
            joins += join["conf_low"] <= place <= join["conf_high"]
    return {
        "kind": kind,
        "n_months": n_months,
        "n_series": n_series,
        "steady_with_join": false / n_series,
        "of_these_with_caveat": flagged / max(false, 1),
        "bent_with_join": found / n_series,
        "bent_with_one_join": exact / n_series,
        "coverage_segment": segments / max(exact, 1),
        "coverage_join": joins / max(exact, 1),
        "coverage_average": averages / n_series,
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    began = time.perf_counter()
    rows = [
        cell(kind, n_months, n_series, seed)
        for seed, (kind, n_months) in enumerate(
            (kind, n_months) for kind in KINDS for n_months in LENGTHS
        )
    ]
    table = pd.DataFrame(rows)
    target = Path(__file__).parent / "results" / "trend_joinpoints.csv"
    table.to_csv(target, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
