"""How often do 95% intervals of a change at a named date hold the truth, and what do others say?

    python benchmarks/interruption_coverage.py [n_series [kinds]]

Series of 36, 60 and 156 months around means 5 and 20, without a change or (mean 20) with a doubling
two thirds of the way; at 60 months also around 1, and with three in ten months missing. The
interval of level and slope is that of `estimate_interruption`; beside it, for the same level, that
with Newey-West errors and fixed-b critical values, and that of independent Poisson counts. Events
are those above the course before, of which there are none without a change. Tables go to
benchmarks/results/interruption_coverage.csv and interruption_placebos.csv: in the second, how often
at most one in twenty dates of 96 months shows a change as clear as the named one, where there is
none. Kinds of series may be named, apart by commas, to renew their rows alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from simulation import draw

from trends.analysis.interruption import estimate_interruption
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


def cell(
    kind: str, n_months: int, mean: float, ratio: float, gaps: float, n_series: int, seed: int
) -> dict[str, object]:
    """Return the coverage of one cell, and how often the change was seen."""
    rng = np.random.default_rng(seed)
    names = ("level", "slope", "level_alone", "events", "newey_west", "poisson")
    held, asked = dict.fromkeys(names, 0), 0
    seen = 0
    for _ in range(n_series):
        series, date = series_of(kind, n_months, mean, ratio, gaps, rng)
        try:
            both, alone = (
                estimate_interruption(series, date, season="none", slope=slope, n_placebos=0)
                for slope in (True, False)
            )
        except (ValueError, RuntimeError):
            # Too few events on a side: refused in words.
            continue
        asked += 1
        seen += alone.changes["verdict"].item() in ("rose", "fell")
        rows = both.to_frame().set_index(["term", "method"])
        for name, row, truth in (
            ("level", rows.loc[("level", "memory")], ratio),
            ("slope", rows.loc[("slope", "memory")], 1.0),
            ("newey_west", rows.loc[("level", "newey-west")], ratio),
            ("poisson", rows.loc[("level", "poisson")], ratio),
            ("events", rows.loc[("events_above", "memory")], 0.0 if ratio == 1 else np.nan),
            ("level_alone", alone.to_frame().iloc[0], ratio),
        ):
            held[name] += bool(row["conf_low"] <= truth <= row["conf_high"])
    if ratio != 1:
        held["events"] = np.nan
    return {
        "kind": kind,
        "n_months": n_months,
        "mean": mean,
        "ratio": ratio,
        "gaps": gaps,
        "n_series": n_series,
        "n_refused": n_series - asked,
        **{f"coverage_{name}": held[name] / asked for name in names},
        "seen": seen / asked,
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
        run(delayed(placebo_cell)(kind, n_series, 3000 + KINDS.index(kind)) for kind in kinds),
        "interruption_placebos",
    )


if __name__ == "__main__":
    main()
