"""Do forecasts of a year's total hold what they say?

    python benchmarks/forecast_totals.py --more 200 --minutes 20

Each series is forecast twelve months ahead after 60 months around a mean of 10, and the sum of the
twelve is held against what came: coverage of the intervals of 50, 80 and 95%, half of a tie inside,
and the CRPS of the sum. Beside it stand the same for the single periods' distributions put together
as if they had nothing to do with one another (`apart`: every period of the paths shuffled), and
the CRPS over that. `simple` is the share of series whose periods have a simple distribution. Kinds
of series as in benchmarks/forecasts.py. The table goes to benchmarks/results/forecast_totals.csv;
series of several runs add up (`add_up`), errors are between series.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from forecasts import KINDS, counts_of
from simulation import add_up, store

from trends.analysis.forecast import forecast_counts
from trends.tables.series import as_series

N_MONTHS, HORIZON, MEAN = 60, 12, 10.0
LEVELS = (0.5, 0.8, 0.95)


def scored(totals: np.ndarray, came: int) -> dict[str, float]:
    """Return whether central intervals of draws hold what came, and the CRPS of the draws."""
    rank = (np.mean(totals < came) + np.mean(totals <= came)) / 2
    ordered = np.sort(totals)
    n = ordered.size
    # Half the mean distance between two draws, from their order.
    apart = float((2 * np.arange(1, n + 1) - n - 1) @ ordered) / n**2
    held = {f"{100 * level:.0f}": float(abs(rank - 0.5) <= level / 2) for level in LEVELS}
    return {**held, "crps": float(np.mean(np.abs(totals - came))) - apart}


def one(*, kind: str, rng: np.random.Generator) -> dict[str, float] | None:
    """Return what one series tells of the two ways to add up periods."""
    months = pd.period_range("2008-01", periods=N_MONTHS + HORIZON, freq="M")
    counts = counts_of(kind, months.size, MEAN, rng)
    series = as_series(pd.Series(counts, index=months)).iloc[:N_MONTHS]
    found = forecast_counts(series, HORIZON, rng=rng)
    came = int(counts[N_MONTHS:].sum())
    apart = rng.permuted(found.draws, axis=0).sum(axis=1)
    return {
        **{f"total_{key}": value for key, value in scored(found.draws.sum(axis=1), came).items()},
        **{f"apart_{key}": value for key, value in scored(apart, came).items()},
        "simple": float(found.chosen != "mixture"),
    }


def main() -> None:
    """Add series to every kind, print the table and store it."""
    means = add_up(one, [{"kind": kind} for kind in KINDS], name="forecast_totals", seed=4100)
    table = means[["kind", "n_series", "simple"]].copy()
    for level in (50, 80, 95):
        table[f"coverage_{level}"] = means[f"total_{level}"]
        table[f"error_{level}"] = means[f"error_total_{level}"]
        table[f"apart_{level}"] = means[f"apart_{level}"]
    table["crps_ratio"] = means["total_crps"] / means["apart_crps"]
    store(table, "forecast_totals")


if __name__ == "__main__":
    main()
