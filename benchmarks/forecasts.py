"""Do forecasts hold what they say, and are they better than the simplest ones?

    python benchmarks/forecasts.py --more 400 --minutes 60

Each series is forecast six months ahead once, by `forecast_counts` at its end, after 36, 60 or 156
months around a mean of 10, and after 60 months around 1; the stationary kinds also after 60 months
around 5 and 20, and around 5 where three in ten are not covered. Beside it stands what its single
accounts expected at the same point. Independent series tell more than further origins of the same
one. (Around 10 and 1 the first 20 series of every cell were scored at 18 origins each, after up to
17 months more.) Coverage is that of the probability integral transform, spread over the mass of
what came, so that whole counts cost nothing; CRPS are means over all forecasts, over that of the
better of the two simple distributions, the series' own past and one negative binomial. Beside the
stationary kinds stand a season (peak over trough 2.7), a doubling halfway, a random walk of the log
rate (steps of .1) and bursts (one month in twelve brings threefold). The table goes to
benchmarks/results/forecasts.csv; series of several runs add up (`add_up`). Errors are between
series, that of a CRPS ratio of the differences of the same series (of those since the first 60 or
80).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import add_up, draw, store

from trends.analysis.forecast import forecast_counts
from trends.models.counts.predictive import SIMPLE
from trends.models.counts.scoring import crps, pit_ends
from trends.models.shifts.lookback import checked, setup_of
from trends.tables.series import as_series

STATIONARY = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
OTHERS = ("season", "doubling", "walk", "bursts")
KINDS = STATIONARY + OTHERS
HORIZON = 6


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


def covered(low: np.ndarray, high: np.ndarray, level: float) -> float:
    """Return the share of the central probability in which outcomes fell."""
    inside = np.minimum(high, (1 + level) / 2) - np.maximum(low, (1 - level) / 2)
    return float(np.mean(np.clip(inside, 0, None) / np.maximum(high - low, 1e-12)))


def one(
    *, kind: str, n_months: int, mean: float, gaps: bool, rng: np.random.Generator
) -> dict[str, float] | None:
    """Return coverage and mean scores of one series."""
    months = pd.period_range("2008-01", periods=n_months + HORIZON, freq="M")
    counts = counts_of(kind, months.size, mean, rng)
    covered_months = np.ones(months.size, dtype=bool)
    if gaps:
        # The month before the forecast is known, and what comes is scored.
        covered_months[: n_months - 1] = rng.random(n_months - 1) >= 0.3
    n_known = int(covered_months[:n_months].sum())
    if np.count_nonzero(counts[:n_months][covered_months[:n_months]]) < 3:
        return None
    series = as_series(
        pd.Series(counts, index=months).where(covered_months),
        exposure=np.where(covered_months, months.days_in_month, 0),
    )
    found = forecast_counts(series.iloc[:n_months], HORIZON, n_draws=1)
    seen, _ = checked(series, HORIZON, "auto")
    (origin,) = setup_of(series, seen, HORIZON, "auto").look_back([n_known])
    masses = {
        "forecast": found.probabilities,
        **{name: made.mass for name, made in origin.outlooks.items()},
    }
    came = counts[n_months:]
    ends = np.array(
        [pit_ends(mass, int(count)) for mass, count in zip(found.probabilities, came, strict=True)]
    )
    measured = {
        f"coverage_{100 * level:.0f}": covered(ends[:, 0], ends[:, 1], level)
        for level in (0.5, 0.8, 0.95)
    }
    for name, mass in masses.items():
        for prefix, log_scale in (("crps", False), ("crps_log", True)):
            measured[f"{prefix}_{name}"] = float(
                np.mean(
                    [
                        crps(step, int(count), log_scale=log_scale)
                        for step, count in zip(mass, came, strict=True)
                    ]
                )
            )
    for name in SIMPLE:
        measured[f"more_than_{name}"] = measured["crps_forecast"] - measured[f"crps_{name}"]
    return {**measured, "mixture_taken": float(found.chosen == "mixture")}


def main() -> None:
    """Add series to every cell, print the table and store it."""
    cells = [
        {"kind": kind, "n_months": n_months, "mean": mean, "gaps": gaps}
        for kind in KINDS
        for n_months, mean, gaps in (
            (36, 10.0, False),
            (60, 10.0, False),
            (156, 10.0, False),
            (60, 1.0, False),
            (60, 5.0, False),
            (60, 20.0, False),
            (60, 5.0, True),
        )
        if kind in STATIONARY or (mean not in (5.0, 20.0) and not gaps)
    ]
    means = add_up(one, cells, name="forecasts", seed=4000)
    simple = means[["crps_own_past", "crps_static_nb"]].idxmin(axis=1).str.removeprefix("crps_")
    table = means[["kind", "n_months", "mean", "gaps", "n_series"]].copy()
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
    errors = [
        row[f"error_more_than_{model}"] / row[f"crps_{model}"]
        for model, (_, row) in zip(simple, means.iterrows(), strict=True)
    ]
    table.insert(list(table).index("crps_ratio") + 1, "error_crps", errors)
    table["mixture_taken"] = means["mixture_taken"]
    store(table, "forecasts")


if __name__ == "__main__":
    main()
