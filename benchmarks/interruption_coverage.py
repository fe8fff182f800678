"""How often do 95% intervals of a change at a named date hold the truth, and what do others say?

    python benchmarks/interruption_coverage.py --more 400 --minutes 30

Series of 36, 60 and 156 months around means 5 and 20, without a change or (mean 20) with a doubling
two thirds of the way; at 60 months also around 1, and with three in ten months missing. The
interval of level and slope is that of `estimate_interruption`, by the models that it calls; beside
it, for the same level, that with Newey-West errors and fixed-b critical values, and that of
independent Poisson counts. The truth is what the model is of the expected counts: the doubling and
no change of slope, but of INGARCH counts, which come to a new level by and by (36, 60 and 156
months: 1.65, 1.76 and 1.89 times, and then a slope). Events are those above the course before, of
which there are none without a change. Tables go to benchmarks/results/interruption_coverage.csv and
interruption_placebos.csv: in the second, how often the named date of 96 months stands out among
earlier ones at 5%, where nothing changed. Series of several runs add up (`add_up`); the minutes are
those of each table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from simulation import add_up, draw, expected, store

from trends.analysis.interruption import estimate_interruption
from trends.models.counts.count_model import CountFit, fit_counts
from trends.models.counts.interruption import change_columns, events_without
from trends.models.counts.observed import Observed, observed_periods, years_from_middle
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    fixed_b_critical_value,
    grid_of,
    memory_of_fit,
    newey_west,
    newey_west_lags,
)
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
LENGTHS = (36, 60, 156)
GAPS = 0.3
N_PLACEBO_MONTHS = 96


def path_of(n_months: int, mean: float, ratio: float) -> tuple[int, np.ndarray]:
    """Return the place of the change and the mean that it changes."""
    place = n_months - n_months // 3
    return place, np.where(np.arange(n_months) >= place, ratio * mean, mean)


def series_of(
    kind: str, n_months: int, mean: float, ratio: float, gaps: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.Period]:
    """Return a series and the month of its change."""
    months = pd.period_range("2010-01", periods=n_months, freq="M")
    place, path = path_of(n_months, mean, ratio)
    counts = pd.array(draw(kind, path, rng).astype(int), dtype="Int64")
    counts[rng.random(n_months) < gaps] = pd.NA
    return as_series(pd.Series(counts, index=months)), months[place]


class Model(NamedTuple):
    """A fitted change of level, alone or with one of slope, as `estimate_interruption` fits it."""

    seen: Observed
    design: np.ndarray
    fit: CountFit
    memory: MemoryPosterior

    @classmethod
    def of(cls, seen: Observed, place: int, *, slope: bool) -> Model:
        """Fit the change at a place among the periods."""
        times = years_from_middle(seen.periods)
        change = change_columns(times.size, float(place), slope=slope, per_year=12)
        design = np.column_stack([np.ones(times.size), times, change])[seen.position]
        fit = fit_counts(seen.count, design, seen.exposure)
        memory = memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods))
        return cls(seen, design, fit, memory)

    def of_expected(self, counts: np.ndarray) -> np.ndarray:
        """Return the coefficients that the model has of the expected counts of all periods."""
        seen = counts[self.seen.position]
        # counts are drawn for months of one length
        return fit_counts(seen, self.design, np.ones(seen.size), family="poisson").params

    def holds(self, column: int, truth: float) -> bool:
        """Whether the interval of a coefficient holds the truth."""
        half = stats.t.isf(0.025, self.memory.n_free) * self.memory.std_error(column)
        return bool(abs(self.fit.params[column] - truth) <= half)

    def holds_events(self, place: int) -> bool:
        """Whether the interval of the events from a place on holds those that were counted."""
        after = self.seen.position >= place
        without = np.where(after[:, None], self.design, np.nan)
        without[:, 2:] = np.where(after[:, None], 0.0, np.nan)
        missed = events_without(
            self.fit, self.memory, self.design, without, self.seen.exposure, self.seen.position
        )
        half = stats.t.isf(0.025, self.memory.n_free) * missed.log_std_error
        counted = max(float(self.seen.count[after].sum()), 1e-9)
        return bool(abs(np.log(counted / missed.expected)) <= half)

    def others_hold(self, truth: float) -> tuple[bool, bool]:
        """Whether the intervals by Newey-West errors and by Poisson counts hold the level."""
        n_observed, n_terms = self.design.shape
        n_lags = newey_west_lags(n_observed)
        hac = newey_west(
            self.fit.working_design(self.design),
            self.fit.residuals(self.seen.count),
            self.seen.position,
            n_lags=n_lags,
        )[2, 2] * (n_observed / (n_observed - n_terms))
        critical = fixed_b_critical_value(n_lags / n_observed, 0.05)
        poisson = fit_counts(self.seen.count, self.design, self.seen.exposure, family="poisson")
        return (
            bool(abs(self.fit.params[2] - truth) <= critical * np.sqrt(hac)),
            bool(abs(poisson.params[2] - truth) <= 1.96 * np.sqrt(poisson.covariance[2, 2])),
        )


def one(
    *,
    kind: str,
    n_months: int,
    mean: float,
    ratio: float,
    gaps: float,
    rng: np.random.Generator,
) -> dict[str, float] | None:
    """Return which intervals of one series hold the truth, and whether the change was seen."""
    place, path = path_of(n_months, mean, ratio)
    try:
        seen = observed_periods(series_of(kind, n_months, mean, ratio, gaps, rng)[0])
        both, alone = (Model.of(seen, place, slope=slope) for slope in (True, False))
        level, slope = both.of_expected(expected(kind, path))[2:]
        level_alone = alone.of_expected(expected(kind, path))[2]
        newey_west, poisson = both.others_hold(level)
    except (ValueError, RuntimeError):
        # Too few events on a side: refused in words.
        return None
    held = {
        "level": both.holds(2, level),
        "slope": both.holds(3, slope),
        "level_alone": alone.holds(2, level_alone),
        "events": both.holds_events(place) if ratio == 1 else np.nan,
        "newey_west": newey_west,
        "poisson": poisson,
    }
    coverage = {f"coverage_{name}": float(value) for name, value in held.items()}
    return {**coverage, "seen": float(not alone.holds(2, 0.0))}


def one_placebo(*, kind: str, rng: np.random.Generator) -> dict[str, float]:
    """Return whether the named date stands out among earlier ones where nothing happened."""
    series, date = series_of(kind, N_PLACEBO_MONTHS, 10.0, 1.0, 0.0, rng)
    found = estimate_interruption(series, date, season="none", slope=False)
    return {
        "n_placebos": float(found.n_placebos),
        "n_effective": found.n_effective,
        "size": float(found.changes["placebo_p_value"].item() <= 0.05),
    }


def main() -> None:
    """Add series to every cell, print the tables and store them."""
    known = [(n, mean, 1.0, 0.0) for n in LENGTHS for mean in (5.0, 20.0)]
    known += [(n, 20.0, 2.0, 0.0) for n in LENGTHS] + [(60, 1.0, 1.0, 0.0), (60, 5.0, 1.0, GAPS)]
    names = ("n_months", "mean", "ratio", "gaps")
    cells = [
        {"kind": kind, **dict(zip(names, each, strict=True))} for kind in KINDS for each in known
    ]
    table = add_up(one, cells, name="interruption_coverage", seed=2000)
    errors = [name for name in table if name.startswith("error_")]
    kept = ["error_coverage_level", "error_coverage_slope"]
    store(
        table.drop(columns=[name for name in errors if name not in kept]), "interruption_coverage"
    )
    placebos = add_up(
        one_placebo, [{"kind": kind} for kind in KINDS], name="interruption_placebos", seed=3000
    )
    columns = ["kind", "n_series", "n_placebos", "n_effective", "size", "error_size"]
    store(placebos[columns], "interruption_placebos")


if __name__ == "__main__":
    main()
