"""Are p-values of changepoints uniform where there is nothing to find, and what does memory do?

The first question of the search (a step or an episode, of any date?) on series of 36, 60 and 120
months with a mean of 10: negative binomial counts without memory, and counts that remember. Share
of p-values up to each level; the Monte Carlo error at .05 and 400 series is .011.

    OMP_NUM_THREADS=1 python benchmarks/changepoints_calibration.py [--n-series 400] [noise ...]

Writes one row per cell to ``benchmarks/results/changepoints_calibration.csv``; finished ones are
kept, so delete the file after a change of method.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from changepoints_operating import NOISE, step

from trends.models.counts.memory import MemoryModels
from trends.models.counts.observed import Observed
from trends.models.shifts.level_fit import Problem, possible_starts
from trends.models.shifts.shift_search import ask_for_one_more
from trends.tables.calendar import DAYS_PER_MONTH

CSV = Path(__file__).parent / "results" / "changepoints_calibration.csv"
LEVELS = (0.05, 0.1, 0.25, 0.5)
SEED = 8


def p_value(counts: np.ndarray, n_null: int, rng: np.random.Generator) -> float:
    """Return the p-value of a first shift in monthly counts."""
    n = counts.size
    observed = Observed(
        count=counts.astype(float),
        exposure=np.ones(n),
        position=np.arange(n),
        periods=pd.period_range("2010-01", periods=n, freq="M"),
        last_is_partial=False,
    )
    problem = Problem(
        observed=observed,
        models=MemoryModels(np.ones(n - 1), DAYS_PER_MONTH),
        season=np.empty((n, 0)),
        min_rows=2,
        starts=possible_starts(n, 2),
        searched=True,
        alpha=0.05,
        n_null=n_null,
    )
    return ask_for_one_more(problem, (), rng).p_value


def run_cell(noise: str, n: int, factor: float, n_series: int, n_null: int) -> dict[str, object]:
    """Return the shares of p-values up to each level."""
    found = []
    for number in range(n_series):
        rng = np.random.default_rng([SEED, n, round(100 * factor), number])
        counts = NOISE[noise](step(factor)(n, 10.0), rng)
        found.append(p_value(counts, n_null, rng))
    shares = {f"p_{level:g}": float(np.mean(np.array(found) <= level)) for level in LEVELS}
    error = np.sqrt(max(shares["p_0.05"] * (1 - shares["p_0.05"]), 0.25 / n_series) / n_series)
    row = {"noise": noise, "n_periods": n, "factor": factor, "n_series": n_series, **shares}
    return {**row, "error": float(error)}


def main() -> None:
    """Run the cells that are not stored, those without memory first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("noise", nargs="*")
    parser.add_argument("--n-series", type=int, default=400)
    parser.add_argument("--n-null", type=int, default=199)
    options = parser.parse_args()
    cells = [(noise, n, 1.0) for noise in ("nb3", "nb2", "poisson") for n in (36, 60, 120)]
    cells += [("nb3", 36, 2.0), ("nb3", 60, 1.5)]
    cells += [(noise, n, 1.0) for noise in ("ar0.5", "ar0.8", "ingarch") for n in (36, 60, 120)]
    done = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame()
    for noise, n, factor in cells:
        known = (
            not done.empty
            and (
                (done["noise"] == noise) & (done["n_periods"] == n) & (done["factor"] == factor)
            ).any()
        )
        if known or (options.noise and noise not in options.noise):
            continue
        row = run_cell(noise, n, factor, options.n_series, options.n_null)
        print(row, flush=True)
        done = pd.concat([done, pd.DataFrame([row])], ignore_index=True)
        done.to_csv(CSV, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
