"""Do false alarms come as often as stated, and is a doubling seen?

    python benchmarks/alarms.py [n_series]      false episodes, doublings, and what others do
    python benchmarks/alarms.py [n_series] short    the same for 60 months with a mean of 5 only
    python benchmarks/alarms.py speed           1,000 weekly series of five years

Each series is watched for the year after its history of 36, 60 or 156 months; what happens is
counted in episodes a year (up and down together) over the budget that was stated. Beside it the
same for the flexible Farrington method and EARS C2 at the level that would meet the budget (upwards
only), and for two rules of thumb, in episodes a year. A doubling begins three months before the end
of that year. In the rows with gaps three months in ten are not covered. The tables go to
benchmarks/results/alarms.csv, alarms_short.csv and alarms_speed.csv.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from simulation import draw, tabulate

from trends.analysis.alarm import detect_alarms
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
MEANS = (1, 5, 20)
WATCHED = 12


def cell(
    kind: str, n_months: int, mean: float, budget: float, gaps: bool, n_series: int, seed: int
) -> dict[str, object]:
    """Return the episodes a year over the budget, and how often a doubling is seen, in one cell."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2000-01", periods=n_months + WATCHED, freq="M")
    own, farrington, ears, quarter_more, highest, seen, promised = ([] for _ in range(7))
    for _ in range(n_series):
        level = np.full(len(months), float(mean))
        counts = pd.Series(draw(kind, level, rng).astype(float), index=months)
        level[-3:] *= 2
        doubled = pd.Series(draw(kind, level, rng).astype(float), index=months)
        if gaps:
            hidden = rng.random(len(months)) < 0.3
            hidden[-3:] = False
            counts[hidden], doubled[hidden] = np.nan, np.nan
        series = as_series(counts, exposure=np.where(counts.isna(), 0.0, 30.4375))
        if (counts[:n_months] > 0).sum() < 3:
            continue
        options = {"budget": budget, "incomplete_periods": 0, "n_periods": WATCHED}
        found = detect_alarms(series, baseline_years=13, rng=rng, **options)
        own.append(found.n_episodes)
        quarter_more.append(found.n_quarter_more)
        highest.append(found.n_highest)
        if not gaps and n_months >= 36:
            ears.append(detect_alarms(series, method="ears", **options).n_episodes)
            other = detect_alarms(series, method="farrington", **options)
            farrington.append(other.n_episodes)
        series = as_series(doubled, exposure=np.where(doubled.isna(), 0.0, 30.4375))
        found = detect_alarms(series, baseline_years=13, rng=rng, **options)
        seen.append(bool((found.watched["alarm"].iloc[-3:] == "rise").any()))
        promised.append(found.states["power"].iloc[0])
    return {
        "kind": kind,
        "n_months": n_months,
        "mean": mean,
        "budget": budget,
        "gaps": gaps,
        "n_series": len(own),
        "over_budget": np.mean(own) / budget,
        "mc_error": np.std(own) / np.sqrt(len(own)) / budget,
        "doubling_seen": np.mean(seen),
        "doubling_promised": np.mean(promised),
        "farrington_over_budget": np.mean(farrington) / budget if farrington else np.nan,
        "ears_over_budget": np.mean(ears) / budget if ears else np.nan,
        "quarter_more_a_year": np.mean(quarter_more),
        "highest_a_year": np.mean(highest) if n_months >= 36 else np.nan,
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
    """Run every cell, print the table and store it."""
    if "speed" in sys.argv:
        speed()
        return
    if "short" in sys.argv:
        tabulate(
            cell,
            [(kind, 60, 5, 1.0, False) for kind in KINDS],
            name="alarms_short",
            n_series=60,
            first_seed=16000,
        )
        return
    cells = [
        (kind, n_months, mean, 1.0, False)
        for kind in KINDS
        for n_months in (36, 60, 156)
        for mean in MEANS
    ]
    cells += [(kind, 60, 5, 1.0, True) for kind in KINDS]
    cells += [(kind, 60, 20, 0.12, False) for kind in KINDS]
    tabulate(cell, cells, name="alarms", n_series=60, first_seed=15000)


if __name__ == "__main__":
    main()
