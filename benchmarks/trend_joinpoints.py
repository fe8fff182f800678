"""How often are joinpoints found that are not there, and do segments hold their true pace?

    python benchmarks/trend_joinpoints.py [n_series]

Series of 36, 96 and 156 months, at most three joinpoints, number chosen by the criterion. `steady`
is a straight log rate (mean 20, rising by exp(0.5) over the series); `bent` rises from 15 to 67
and falls back, with its one join in the middle. Segment intervals are counted where exactly one
join was found. The table goes to benchmarks/results/trend_joinpoints.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import LENGTHS, draw, tabulate

from trends.analysis.joinpoint import Joinpoints, fit_joinpoints
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5", "ar0.8")
#: Apart from the seeds of the series on which the cost of a join was chosen.
FIRST_SEED = 2000


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
    false = plain_false = flagged = found = exact = segments = joins = averages = 0
    for _ in range(n_series):
        plain = fit(kind, steady, rng)
        false += plain.n_joinpoints > 0
        plain_false += int(plain.candidates["profile_criterion"].argmin()) > 0
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
        "steady_by_plain_bic": plain_false / n_series,
        "of_these_with_caveat": flagged / max(false, 1),
        "bent_with_join": found / n_series,
        "bent_with_one_join": exact / n_series,
        "coverage_segment": segments / max(exact, 1),
        "coverage_join": joins / max(exact, 1),
        "coverage_average": averages / n_series,
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    cells = [(kind, n_months) for kind in KINDS for n_months in LENGTHS]
    tabulate(cell, cells, name="trend_joinpoints", n_series=400, first_seed=FIRST_SEED)


if __name__ == "__main__":
    main()
