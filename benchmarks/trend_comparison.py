"""How often are two series of one pace told apart, and how often two of unlike pace?

    python benchmarks/trend_comparison.py --more 400 --minutes 30

Pairs of series of 36, 60 and 156 months, with means 8 and 6, whose noise is correlated: Poisson and
negative binomial counts (variance 3 x mean) by a normal copula, counts around a log rate with
memory by the correlation of its innovations. `told_apart` is the share with p below .05 at equal
paces; `apart_by_each` that of the fallacy it replaces, one trend clear and the other not; `found`
the share at paces whose yearly ratio is 1.35; `no_line` that of pairs whose levels are said to
wander. The table goes to benchmarks/results/trend_comparison.csv. Pairs of several runs add up
(`add_up`). The streams (seed 7000) are none of those on which the settings of the
method were chosen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from simulation import add_up, store

from trends.analysis.trend_comparison import compare_trends
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5", "ar0.8")
LENGTHS = (36, 60, 156)
CORRELATIONS = (0.0, 0.5)
RATIO = 1.35


def pair(
    kind: str, means: list[np.ndarray], correlation: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return counts of two series with correlated noise."""
    n_months = means[0].size
    scores = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], size=n_months)
    if kind.startswith("ar"):
        rho, scatter = float(kind[2:]), 0.35
        for month in range(1, n_months):
            scores[month] = rho * scores[month - 1] + np.sqrt(1 - rho**2) * scores[month]
        noise = np.exp(scatter * scores - scatter**2 / 2)
        return [rng.poisson(mean * noise[:, which]) for which, mean in enumerate(means)]
    chances = stats.norm.cdf(scores)
    if kind == "poisson":
        return [stats.poisson.ppf(chances[:, which], mean) for which, mean in enumerate(means)]
    return [
        stats.nbinom.ppf(chances[:, which], mean / 2, 1 / 3) for which, mean in enumerate(means)
    ]


def one(
    *, kind: str, n_months: int, correlation: float, rng: np.random.Generator
) -> dict[str, float]:
    """Return whether a pair of one pace is told apart, and one of unlike pace found."""
    months = pd.period_range("2010-01", periods=n_months, freq="M")
    years = (np.arange(n_months) - (n_months - 1) / 2) / 12
    held, clear, by_each, no_line = [], [], False, []
    for slope in (0.0, np.log(RATIO)):
        means = [8 * np.exp((0.1 + slope) * years), 6 * np.exp(0.1 * years)]
        counts = pair(kind, means, correlation, rng)
        compared = compare_trends(
            *(as_series(pd.Series(each.astype(int), index=months)) for each in counts),
            season="none",
        )
        clear.append(compared.p_value < 0.05)
        held.append(compared.ratio_low <= np.exp(slope) <= compared.ratio_high)
        no_line.append(compared.verdict == "no_line")
        if not slope:
            table = compared.to_frame().set_index("term")["p_value"]
            by_each = (table["change_first"] < 0.05) != (table["change_second"] < 0.05)
    return {
        "told_apart": float(clear[0]),
        "apart_by_each": float(by_each),
        "found": float(clear[1]),
        "coverage": float(np.mean(held)),
        "no_line": float(np.mean(no_line)),
    }


def main() -> None:
    """Add pairs to every cell, print the table and store it."""
    cells = [
        {"kind": kind, "n_months": n_months, "correlation": correlation}
        for kind in KINDS
        for n_months in LENGTHS
        for correlation in CORRELATIONS
    ]
    table = add_up(one, cells, name="trend_comparison", seed=7000, at_once=10)
    columns = ["kind", "n_months", "correlation", "n_series", "told_apart", "error_told_apart"]
    columns += ["apart_by_each", "found", "coverage", "error_coverage", "no_line"]
    store(table[columns], "trend_comparison")


if __name__ == "__main__":
    main()
