"""How long does one latent rate take, and do its bands hold a rate that is known?

Run from the repository: ``python benchmarks/latent_rate.py`` writes `latent_rate_speed.csv` and
`latent_rate_recovery.csv` into ``benchmarks/results``; with names of cells (``flat walk``) it runs
these only, and ``--n-draws`` sets how many series each has.

Speed: twenty years on a monthly and a daily grid; a fifth each of monthly, quarterly, yearly, about
and at-least figures from five sources.

Recovery: four years of three counters that count different shares: monthly figures of A, quarterly
ones of B at a half, yearly ones of C at the double, rounded to ten; counts are negative binomial
with twice the Poisson variance. No rate is drawn from the model: one is flat, one walks by steps of
0.15 on the log scale a month, one doubles at once, one swings, one quadruples for two months and
falls back; in the last cell the rate is flat, but B counts ever more of it, up to the double.

"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from trends.analysis.latent_rate import estimate_rate

DAYS = pd.date_range("2004-01-01", "2023-12-31")
N_MONTHS = 48
CHANGE = 24
MEAN = 20.0
DISPERSION = 2.0


def statement(number, start, end, count, source, qualifier):
    return {
        "statement_id": f"s{number}", "measure": "events", "count_low": pd.NA, "count": count,
        "count_high": pd.NA, "qualifier": qualifier, "window_start": start, "window_end": end,
        "window_basis": "stated", "country": "Syria", "area": "Syria", "control_area": "all",
        "actor": None, "counted_by": source, "source_kind": "monitor", "part_of": None,
        "part_kind": None, "role": "primary", "reading": "direct",
    }  # fmt: skip


def typed(rows):
    return pd.DataFrame(rows).astype(
        {"count_low": "Int64", "count": "Int64", "count_high": "Int64"}
    )


def made_up(n_statements, seed=1):
    rng = np.random.default_rng(seed)
    per_day = 0.6 * np.exp(0.8 * np.sin(np.arange(len(DAYS)) / 900))
    daily = {source: rng.poisson(per_day * share) for source, share in
             zip("ABCDE", (1.0, 0.5, 1.5, 0.8, 1.2), strict=True)}  # fmt: skip
    rows = []
    while len(rows) < n_statements:
        source = "ABCDE"[rng.integers(5)]
        kind = rng.integers(5)
        year, month = int(rng.integers(2004, 2024)), int(rng.integers(1, 13))
        start = pd.Timestamp(year, month, 1)
        end = start + pd.offsets.MonthEnd(0)
        if kind == 1:
            end = start + pd.offsets.MonthEnd(2)
        elif kind >= 2:
            start = pd.Timestamp(year, 1, 1)
        end = min(end, DAYS[-1])
        count = int(daily[source][DAYS.slice_indexer(start, end)].sum())
        qualifier = "exact"
        if kind == 3:
            qualifier, count = "about", round(count, -1)
        elif kind == 4:
            qualifier, count = "at_least", count // 5 * 5
        rows.append(statement(len(rows), start, end, count, source, qualifier))
    return typed(rows)


def speed():
    rows = []
    for freq in ("M", "D"):
        for n_statements in (125, 250, 500, 1000):
            statements = made_up(n_statements)
            began, began_cpu = time.perf_counter(), time.process_time()
            estimate = estimate_rate(statements, freq=freq)
            seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
            rows.append((freq, n_statements, estimate.n_statements, seconds, cpu))
    columns = ["freq", "n_statements", "n_used", "seconds", "cpu_seconds"]
    return pd.DataFrame(rows, columns=columns).round(2)


def log_course(cell, rng):
    """Return the log of the rate over its level, by month."""
    month = np.arange(N_MONTHS)
    if cell == "walk":
        return np.concatenate([[0.0], np.cumsum(rng.normal(0, 0.15, N_MONTHS - 1))])
    if cell == "doubling":
        return np.log(2) * (month >= CHANGE)
    if cell == "swing":
        return 0.7 * np.sin(month / 9)
    if cell == "spike":
        return np.log(4) * ((month >= CHANGE - 1) & (month <= CHANGE))
    return np.zeros(N_MONTHS)


def draw(cell, rng):
    """Return figures of three counters, and the true log rate per 30.4375 days."""
    log_rate = np.log(MEAN) + log_course(cell, rng)
    months = pd.period_range("2018-01", periods=N_MONTHS, freq="M")
    rows = []
    for source, length, share in (("A", 1, 1.0), ("B", 3, 0.5), ("C", 12, 2.0)):
        counted = np.full(N_MONTHS, share)
        if cell == "drifting counter" and source == "B":
            counted = share * 2 ** (np.arange(N_MONTHS) / N_MONTHS)
        mean = counted * np.exp(log_rate)
        events = rng.poisson(rng.gamma(mean / (DISPERSION - 1), DISPERSION - 1))
        for first in range(0, N_MONTHS, length):
            count = int(events[first : first + length].sum())
            start = months[first].start_time
            end = months[first + length - 1].end_time.normalize()
            kind, shown = ("about", round(count, -1)) if source == "C" else ("exact", count)
            rows.append(statement(len(rows), start, end, shown, source, kind))
    return typed(rows), log_rate - np.log(months.days_in_month.to_numpy() / 30.4375)


def recover(cell, rng):
    statements, truth = draw(cell, rng)
    found = estimate_rate(statements, reference="A")
    estimate, low, high = (np.log(each) for each in found.interval(found.rate))
    inside = (low <= truth) & (truth <= high)
    half = found.sources.index("B")
    _, half_low, half_high = (each[half] for each in found.interval(found.multiplier))
    first, last = found.legs[-1]
    _, change_low, change_high = (each[-1] for each in found.interval(found.change))
    changed = np.exp(truth[last] - truth[first])
    return {
        "band": inside.mean(),
        "band_near": inside[CHANGE - 3 : CHANGE + 3].mean(),
        "width": np.exp(np.mean(high - low)),
        "abs_error": np.mean(np.abs(estimate - truth)),
        "multiplier": half_low <= 0.5 <= half_high,
        "n_turns": len(found.legs) - 1,
        "last_leg": change_low <= changed <= change_high,
        "claims_change": not change_low <= 1 <= change_high,
        "drift_caveat": "drifting_multipliers" in found.caveats,
        "dispersion": found.dispersion,
    }


CELLS = ("flat", "walk", "doubling", "swing", "spike", "drifting counter")


def recovery(cells, n_draws):
    """Return a row per cell: means over draws, and the Monte-Carlo error of both coverages."""
    rows = []
    for cell in cells:
        rng = np.random.default_rng(20)
        drawn = pd.DataFrame([recover(cell, rng) for _ in range(n_draws)]).astype(float)
        error = drawn.std() / np.sqrt(n_draws)
        row = {"cell": cell, "n_draws": n_draws, **drawn.mean()}
        rows.append({**row, "band_error": error["band"], "band_near_error": error["band_near"]})
        print(pd.DataFrame(rows[-1:]).round(3).to_string(index=False), flush=True)
    return pd.DataFrame(rows).round(3)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", default=[])
    parser.add_argument("--n-draws", type=int, default=400)
    asked = parser.parse_args()
    results = Path(__file__).parent / "results"
    path = results / "latent_rate_recovery.csv"
    table = recovery(asked.cells or CELLS, asked.n_draws)
    if asked.cells and path.exists():
        # Cells that were not asked for keep their rows.
        kept = pd.read_csv(path)
        table = pd.concat([kept[~kept["cell"].isin(asked.cells)], table], ignore_index=True)
        table = table.sort_values("cell", key=lambda names: names.map(CELLS.index))
    table.to_csv(path, index=False)
    if not asked.cells:
        times = speed()
        times.to_csv(results / "latent_rate_speed.csv", index=False)
        print(times.to_string(index=False))


if __name__ == "__main__":
    main()
