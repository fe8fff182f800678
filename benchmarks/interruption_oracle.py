"""What keeps intervals of a slope below 95% in short series that remember much?

    python benchmarks/interruption_oracle.py --more 400 --minutes 2

The log rate is an AR(1) with a correlation of .8 and a standard deviation of .35, the mean is 20,
and level and slope may change two thirds of the way, as in `interruption_coverage.py`. The same
estimate of the slope gets three intervals: that of `estimate_interruption`; one by somebody who
knows the memory's shape (its correlation and share) and estimates only how much the counts
scatter; and one by somebody who knows the whole covariance of the counts. What the last one misses
is no matter of memory; between the first and the second lies what memory that has to be estimated
costs. Beside them the standard errors, and the standard deviation of the estimates. The table goes
to benchmarks/results/interruption_oracle.csv; series of several runs add up.
"""

from __future__ import annotations

import numpy as np
from interruption_coverage import Model, series_of
from scipy import stats
from simulation import add_up, store

from trends.models.counts.memory import MemoryGrid
from trends.models.counts.observed import observed_periods
from trends.models.counts.serial_dependence import memory_of_fit

RHO, SCATTER, MEAN = 0.8, 0.35, 20.0
SLOPE = 3


def one(*, n_months: int, ratio: float, rng: np.random.Generator) -> dict[str, float] | None:
    """Return which intervals of the slope hold the truth, and how wide they are."""
    place = n_months - n_months // 3
    try:
        seen = observed_periods(series_of("ar0.8", n_months, MEAN, ratio, 0.0, rng)[0])
        model = Model.of(seen, place, slope=True)
    except (ValueError, RuntimeError):
        return None
    path = np.where(np.arange(n_months) >= place, ratio * MEAN, MEAN)
    apart = np.abs(np.subtract.outer(np.arange(n_months), np.arange(n_months)))
    covariance = np.outer(path, path) * np.expm1(SCATTER**2 * RHO**apart) + np.diag(path)
    working = model.fit.working_design(model.design)
    # What the estimate does with each count: working residuals over their standard deviation.
    spread = np.sqrt(model.fit.variance)
    hat = np.linalg.solve(working.T @ working, working.T) / spread
    known = float(np.sqrt((hat @ covariance @ hat.T)[SLOPE, SLOPE]))
    latent = np.expm1(SCATTER**2) * path
    share = float(np.mean(latent / (1 + latent)))
    shape = MemoryGrid(np.array([RHO]), np.array([share]), np.zeros(1))
    informed = memory_of_fit(model.fit, model.design, seen.count, seen.position, shape)
    missed = abs(float(model.fit.params[SLOPE]))
    critical = float(stats.t.isf(0.025, model.memory.n_free))
    estimated = model.memory.std_error(SLOPE)
    return {
        "coverage": float(missed <= critical * estimated),
        "coverage_shape_known": float(missed <= critical * informed.std_error(SLOPE)),
        "coverage_all_known": float(missed <= stats.norm.isf(0.025) * known),
        "std_error": estimated,
        "std_error_shape_known": informed.std_error(SLOPE),
        "std_error_all_known": known,
        "squared_error": missed**2,
    }


def main() -> None:
    """Add series to every cell, print the table and store it."""
    cells = [{"n_months": n, "ratio": ratio} for n in (36, 60, 156) for ratio in (1.0, 2.0)]
    table = add_up(one, cells, name="interruption_oracle", seed=2100)
    table["sd_of_estimates"] = np.sqrt(table.pop("squared_error"))
    errors = [name for name in table if name.startswith("error_")]
    store(
        table.drop(columns=[name for name in errors if "coverage" not in name]),
        "interruption_oracle",
    )


if __name__ == "__main__":
    main()
