"""Do false alarms come as often as stated, and is a doubling seen?

    python benchmarks/alarms.py --more 400 --minutes 60    false episodes, doublings, and others
    python benchmarks/alarms.py speed                      1,000 weekly series of five years

Each series is watched for the year after its history of 36, 60 or 156 months; what happens is
counted in episodes a year (up and down together) over the budget that was stated. In a third of
them the same is counted for the flexible Farrington method and EARS C2 at the level that would meet
the budget (upwards only), and a doubling is looked for, which begins three months before the end of
that year. Two rules of thumb are counted in episodes a year. In the rows with gaps three months in
ten are not covered. The tables go to benchmarks/results/alarms.csv and alarms_speed.csv; series of
several runs add up.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from simulation import add_up, draw, store

from trends.analysis.alarm import detect_alarms
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
MEANS = (1, 5, 20)
WATCHED = 12
#: Share of the series in which more is measured than false episodes.
BESIDE = 1 / 3


def one(
    *, kind: str, n_months: int, mean: float, budget: float, gaps: bool, rng: np.random.Generator
) -> dict[str, float] | None:
    """Return the episodes of a year, and whether a doubling is seen, in one series."""
    months = pd.period_range("2000-01", periods=n_months + WATCHED, freq="M")
    level = np.full(len(months), float(mean))
    counts = pd.Series(draw(kind, level, rng).astype(float), index=months)
    level[-3:] *= 2
    doubled = pd.Series(draw(kind, level, rng).astype(float), index=months)
    if gaps:
        hidden = rng.random(len(months)) < 0.3
        hidden[-3:] = False
        counts[hidden], doubled[hidden] = np.nan, np.nan
    if (counts[:n_months] > 0).sum() < 3:
        return None
    series = as_series(counts, exposure=np.where(counts.isna(), 0.0, 30.4375))
    options = {"budget": budget, "incomplete_periods": 0, "n_periods": WATCHED}
    found = detect_alarms(series, baseline_years=13, rng=rng, **options)
    measured = {
        "over_budget": found.n_episodes / budget,
        "quarter_more_a_year": float(found.n_quarter_more),
        "highest_a_year": float(found.n_highest) if n_months >= 36 else np.nan,
    }
    if rng.random() > BESIDE:
        return measured
    if not gaps:
        for method in ("farrington", "ears"):
            other = detect_alarms(series, method=method, **options)
            measured[f"{method}_over_budget"] = other.n_episodes / budget
    series = as_series(doubled, exposure=np.where(doubled.isna(), 0.0, 30.4375))
    seen = detect_alarms(series, baseline_years=13, rng=rng, **options)
    return measured | {
        "doubling_seen": float((seen.watched["alarm"].iloc[-3:] == "rise").any()),
        "doubling_promised": float(seen.states["power"].iloc[0]),
    }


def speed() -> None:
    """Time a thousand weekly series of five years on two processes, and store it."""
    rng = np.random.default_rng(5)
    weeks = pd.period_range("2019-01-07", periods=260, freq="W")
    rows = []
    for group in range(1000):
        counts = draw("nb3", np.full(260, float(rng.choice([0.5, 2, 8, 20]))), rng)
        rows.append(pd.DataFrame({"place": f"place {group:04d}", "period": weeks, "count": counts}))
    table = pd.concat(rows, ignore_index=True).astype({"count": "Int64"})
    table = table.assign(exposure=7.0, complete=True)
    began = time.perf_counter()
    found = detect_alarms(table, n_jobs=2, incomplete_periods=0, rng=1)
    taken = time.perf_counter() - began
    row = {
        "n_series": found.n_series,
        "n_failed": found.n_failed,
        "n_weeks": 260,
        "n_processes": 2,
        "seconds": taken,
        "episodes_in_a_year": found.n_episodes,
        "budget": found.budget,
        "p_adjusted_below_0.05": int((found.states["p_adjusted"] < 0.05).sum()),
    }
    target = Path(__file__).parent / "results" / "alarms_speed.csv"
    pd.DataFrame([row]).to_csv(target, index=False, float_format="%.4g")
    print(row)


def main() -> None:
    """Add series to every cell, print the table and store it."""
    if "speed" in sys.argv:
        speed()
        return
    asked = [
        (kind, n_months, mean, 1.0, False)
        for kind in KINDS
        for n_months in (36, 60, 156)
        for mean in MEANS
    ]
    asked += [(kind, 60, 5, 1.0, True) for kind in KINDS]
    asked += [(kind, 60, 20, 0.12, False) for kind in KINDS]
    names = ("kind", "n_months", "mean", "budget", "gaps")
    cells = [dict(zip(names, each, strict=True)) for each in asked]
    table = add_up(one, cells, name="alarms", seed=15000)
    errors = [name for name in table if name.startswith("error_")]
    kept = ["error_over_budget", "error_doubling_seen"]
    store(table.drop(columns=[name for name in errors if name not in kept]), "alarms")


if __name__ == "__main__":
    main()
