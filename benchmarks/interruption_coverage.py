"""How often do 95% intervals of a change at a named date hold the truth, and what do others say?

    python benchmarks/interruption_coverage.py [n_series [kinds]]

Series of 36, 60 and 156 months around means 5 and 20, without a change or (mean 20) with a doubling
two thirds of the way; at 60 months also around 1, and with three in ten months missing. The
interval of level and slope is that of `estimate_interruption`, by the models that it calls; beside
it, for the same level, that with Newey-West errors and fixed-b critical values, and that of
independent Poisson counts. Events are those above the course before, of which there are none
without a change. Tables go to benchmarks/results/interruption_coverage.csv and
interruption_placebos.csv: in the second, how often the named date of 96 months stands out among
earlier ones at 5%, where nothing changed. Kinds of series may be named, apart by commas, to renew
their rows alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import stats
from simulation import draw

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


def series_of(
    kind: str, n_months: int, mean: float, ratio: float, gaps: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.Period]:
    """Return a series and the month of its change."""
    months = pd.period_range("2010-01", periods=n_months, freq="M")
    place = n_months - n_months // 3
    path = np.where(np.arange(n_months) >= place, ratio * mean, mean)
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


def cell(
    kind: str, n_months: int, mean: float, ratio: float, gaps: float, n_series: int, seed: int
) -> dict[str, object]:
    """Return the coverage of one cell, and how often the change was seen."""
    rng = np.random.default_rng(seed)
    names = ("level", "slope", "level_alone", "events", "newey_west", "poisson")
    held: dict[str, float] = dict.fromkeys(names, 0)
    place = n_months - n_months // 3
    truth = float(np.log(ratio))
    asked = seen_changes = 0
    for _ in range(n_series):
        try:
            seen = observed_periods(series_of(kind, n_months, mean, ratio, gaps, rng)[0])
            both, alone = (Model.of(seen, place, slope=slope) for slope in (True, False))
            others = both.others_hold(truth)
        except (ValueError, RuntimeError):
            # Too few events on a side: refused in words.
            continue
        asked += 1
        seen_changes += not alone.holds(2, 0.0)
        held["level"] += both.holds(2, truth)
        held["slope"] += both.holds(3, 0.0)
        held["level_alone"] += alone.holds(2, truth)
        held["events"] += both.holds_events(place) if ratio == 1 else np.nan
        held["newey_west"] += others[0]
        held["poisson"] += others[1]
    return {
        "kind": kind,
        "n_months": n_months,
        "mean": mean,
        "ratio": ratio,
        "gaps": gaps,
        "n_series": n_series,
        "n_refused": n_series - asked,
        **{f"coverage_{name}": held[name] / asked for name in names},
        "seen": seen_changes / asked,
    }


def placebo_cell(kind: str, n_series: int, seed: int) -> dict[str, object]:
    """Return how often the named date stands out among earlier ones where nothing happened."""
    rng = np.random.default_rng(seed)
    size = 0
    n_placebos = n_effective = 0.0
    for _ in range(n_series):
        series, date = series_of(kind, N_PLACEBO_MONTHS, 10.0, 1.0, 0.0, rng)
        found = estimate_interruption(series, date, season="none", slope=False)
        size += found.changes["placebo_p_value"].item() <= 0.05
        n_placebos += found.n_placebos / n_series
        n_effective += found.n_effective / n_series
    return {
        "kind": kind,
        "n_series": n_series,
        "n_placebos": n_placebos,
        "n_effective": n_effective,
        "size": size / n_series,
    }


def cells_of(kind: str) -> list[tuple[str, int, float, float, float]]:
    """Return the cells of one kind of series."""
    known = [(n, mean, 1.0, 0.0) for n in LENGTHS for mean in (5.0, 20.0)]
    known += [(n, 20.0, 2.0, 0.0) for n in LENGTHS] + [(60, 1.0, 1.0, 0.0), (60, 5.0, 1.0, GAPS)]
    return [(kind, *each) for each in known]


def renewed(rows: list[dict[str, object]], name: str) -> None:
    """Print a table and store it; kinds of series that were not asked again stay as they were."""
    table = pd.DataFrame(rows)
    target = Path(__file__).parent / "results" / f"{name}.csv"
    if target.exists():
        before = pd.read_csv(target)
        table = pd.concat([before[~before["kind"].isin(table["kind"])], table])
    table = table.sort_values("kind", key=lambda kinds: kinds.map(KINDS.index), kind="stable")
    table.to_csv(target, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


def main() -> None:
    """Run every cell, print the tables and store them."""
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    kinds = sys.argv[2].split(",") if len(sys.argv) > 2 else KINDS
    cells = [
        (2000 + 20 * KINDS.index(kind) + number, each)
        for kind in kinds
        for number, each in enumerate(cells_of(kind))
    ]
    run = Parallel(n_jobs=-1)
    renewed(run(delayed(cell)(*each, n_series, seed) for seed, each in cells),
            "interruption_coverage")  # fmt: skip
    renewed(
        run(delayed(placebo_cell)(kind, n_series // 2, 3000 + KINDS.index(kind)) for kind in kinds),
        "interruption_placebos",
    )


if __name__ == "__main__":
    main()
