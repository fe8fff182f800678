"""How far are p-values from shared draws from those of a series' own, and do answers stay the same?

Stable series of 60 and 156 months and of 260 weeks. For each: the p-value of a first shift from the
draws of its cell (`trends.models.shifts.shared_null`) and from 2,000 draws of its own; the share of
both up to .05; the share that shared draws would dismiss though the own p-value is at most .05;
and whether both give the same smallest detectable ratio, or neighbours on its list. "square" is the
mean squared difference of both p-values; "beyond_noise" is by how much it goes beyond 2.6 standard
errors of both among series whose own p-value is at most .25, "beyond_bound" how often by more than
.02. "size" is the share of series in which `detect_changepoints` finds something.

    OMP_NUM_THREADS=1 python benchmarks/shared_calibration.py --more 100 --minutes 10

Adds up to ``benchmarks/results/shared_calibration.csv``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import add_up, draw, store

from trends.analysis.changepoint import detect_changepoints
from trends.models.counts.memory import MemoryModels
from trends.models.counts.observed import MOST_IN_BLOCKS, observed_periods
from trends.models.counts.season_terms import season_terms
from trends.models.shifts.blocks import independent_columns
from trends.models.shifts.level_fit import Problem, best_split, fit_levels, possible_starts
from trends.models.shifts.level_shift import possible_episodes, scan_draws, weigh_shift
from trends.models.shifts.shared_null import shared_null
from trends.models.shifts.shift_search import (
    OPEN,
    Calibration,
    draw_from,
    is_clear_of,
    judged_memory,
)
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
N_OWN = 2_000
ALPHA = 0.05
RATIOS = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, np.inf]


def problem_of(series: pd.DataFrame) -> Problem:
    """Return what `detect_changepoints` asks of a series."""
    observed = observed_periods(series, n_eventful=0, most=MOST_IN_BLOCKS)
    n_rows = observed.count.size
    columns = season_terms(observed, "auto").columns[observed.position]
    days = (series.index[-1].end_time - series.index[0].start_time) / pd.Timedelta(days=1)
    return Problem(
        observed=observed,
        models=MemoryModels(np.ones(n_rows - 1), days / n_rows),
        season=independent_columns(columns),
        min_rows=2,
        starts=possible_starts(n_rows, 2),
        searched=True,
        alpha=ALPHA,
        n_null=999,
        shared=True,
    )


def calibrations(
    problem: Problem, rng: np.random.Generator
) -> tuple[Calibration | None, Calibration]:
    """Return the first round on shared draws (None where none stand) and on the series' own."""
    fit = fit_levels(problem, (), best_split(problem, (), problem.starts))
    column = fit.projections.column
    line = column * (problem.observed.position - problem.observed.position.mean())
    episodes = possible_episodes(column, (), problem.min_rows)
    response = fit.response_of(problem.observed.count)
    evidence = weigh_shift(response, fit.projections, problem.starts, line, episodes)
    judged = judged_memory(evidence)
    drawn = judged.mean(axis=0)
    models = rng.choice(drawn.size, size=N_OWN, p=drawn)
    counts = draw_from(problem, fit, fit.mean, models, rng)
    scan = scan_draws(fit.response_of(counts), fit.projections, problem.starts, episodes)
    own = Calibration(evidence.statistic, scan.statistic, judged[:, models] / drawn[models])
    null = shared_null(problem, fit)
    if null is None:
        return None, own
    weight = judged[:, null.models] * null.weight
    return Calibration(evidence.statistic, null.statistic, weight), own


def one(
    *, kind: str, freq: str, n: int, mean: float, waves: float, rng: np.random.Generator
) -> dict[str, float] | None:
    """Compare both calibrations on one stable series."""
    periods = pd.period_range("2008-01-07", periods=n, freq=freq)
    turns = 2 * np.pi * np.arange(n) / (12 if freq == "M" else 52.18)
    level = mean * np.exp(waves * np.sin(turns))
    series = as_series(pd.Series(draw(kind, level, rng).astype(float), index=periods))
    if (series["count"] > 0).sum() < 8:
        return None
    shared, own = calibrations(problem_of(series), rng)
    p_own = float(own.p_values[0])
    found = {"own_at_05": float(p_own <= ALPHA), "has_cell": float(shared is not None)}
    if shared is None:
        return found
    p_shared = float(shared.p_values[0])
    difference = p_shared - p_own
    noise = OPEN * float(np.hypot(own.error, shared.error))
    by_own, by_shared = (
        detect_changepoints(series, calibration=kind, rng=1) for kind in ("own", "shared")
    )
    found |= {
        "shared_at_05": float(p_shared <= ALPHA),
        "dismissed": float(is_clear_of(ALPHA, shared) > 0),
        "wrongly_dismissed": float(is_clear_of(ALPHA, shared) > 0 and p_own <= ALPHA),
        "difference": difference,
        "square": difference**2,
        "beyond_noise": max(0.0, abs(difference) - noise) if p_own <= 0.25 else np.nan,
        "beyond_bound": float(abs(difference) - noise > 0.02) if p_own <= 0.25 else np.nan,
        "size_own": float(bool(by_own.changepoints)),
        "size_shared": float(bool(by_shared.changepoints)),
        "same_verdict": float(by_own.verdict == by_shared.verdict),
    }
    if by_shared.calibration == "shared":
        places = [
            RATIOS.index(each.detectable_ratio if np.isfinite(each.detectable_ratio) else np.inf)
            for each in (by_own, by_shared)
        ]
        found["same_detectable"] = float(places[0] == places[1])
        found["near_detectable"] = float(abs(places[0] - places[1]) <= 1)
    return found


def main() -> None:
    """Add series to every cell, print the table and store it."""
    asked = [
        (kind, freq, n, mean, waves)
        for freq, n, waves in (("M", 60, 0.0), ("M", 156, 0.0), ("M", 156, 0.5), ("W", 260, 0.0))
        for kind in KINDS
        for mean in (1, 8)
    ]
    names = ("kind", "freq", "n", "mean", "waves")
    cells = [dict(zip(names, each, strict=True)) for each in asked]
    table = add_up(one, cells, name="shared_calibration", seed=16_000, at_once=10)
    kept = [name for name in table if not name.startswith("error_")]
    store(table[kept], "shared_calibration")


if __name__ == "__main__":
    main()
