"""How long does one latent rate take, and does it recover a rate that is known?

Run from the repository: ``python benchmarks/latent_rate.py``, which writes two tables into
``benchmarks/results``. Speed: twenty years on a monthly and a daily grid; a fifth each of monthly,
quarterly, yearly, about and at-least figures from five sources. Recovery: four years, three
sources that count different shares over different windows, one of them rounded to ten.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from trends.analysis.latent_rate import estimate_rate

DAYS = pd.date_range("2004-01-01", "2023-12-31")


def statement(number, start, end, count, source, qualifier):
    return {
        "statement_id": f"s{number}", "measure": "events", "count_low": pd.NA, "count": count,
        "count_high": pd.NA, "qualifier": qualifier, "window_start": start, "window_end": end,
        "window_basis": "stated", "country": "Syria", "area": "Syria", "control_area": "all",
        "actor": None, "counted_by": source, "source_kind": "monitor", "part_of": None,
        "part_kind": None, "role": "primary", "reading": "direct",
    }  # fmt: skip


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
    frame = pd.DataFrame(rows)
    return frame.astype({"count_low": "Int64", "count": "Int64", "count_high": "Int64"})


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


def recover(rng, swing, dispersion, n_months=48):
    """Estimate a rate from monthly A, quarterly B at half and yearly C at double, rounded."""
    per_month = 25 * np.exp(swing * np.sin(np.arange(n_months) / 9))
    months = pd.period_range("2018-01", periods=n_months, freq="M")
    rows = []
    for source, length, share in (("A", 1, 1.0), ("B", 3, 0.5), ("C", 12, 2.0)):
        for first in range(0, n_months, length):
            mean = share * per_month[first : first + length].sum()
            scatter = rng.gamma(mean / (dispersion - 1), dispersion - 1) if dispersion > 1 else mean
            count = int(rng.poisson(scatter))
            start = months[first].start_time
            end = months[first + length - 1].end_time.normalize()
            kind, shown = ("about", round(count, -1)) if source == "C" else ("exact", count)
            rows.append(statement(len(rows), start, end, shown, source, kind))
    frame = pd.DataFrame(rows)
    frame = frame.astype({"count_low": "Int64", "count": "Int64", "count_high": "Int64"})
    found = estimate_rate(frame, reference="A")
    truth = per_month / months.days_in_month.to_numpy() * 30.4375
    _, low, high = found.interval(found.log_rate, found.log_rate_error)
    half = found.sources.index("B")
    _, half_low, half_high = found.interval(
        found.log_multiplier[half], found.log_multiplier_error[half]
    )
    return (
        np.mean((low <= truth) & (truth <= high)),
        np.mean(np.abs(found.log_rate - np.log(truth))),
        half_low <= 0.5 <= half_high,
        found.dispersion,
    )


def recovery(n_draws=60):
    rows = []
    for swing, dispersion in ((0.0, 1.0), (0.7, 1.0), (0.7, 3.0), (1.2, 1.0)):
        rng = np.random.default_rng(20)
        drawn = np.array([recover(rng, swing, dispersion) for _ in range(n_draws)], dtype=float)
        rows.append((swing, dispersion, n_draws, *drawn.mean(axis=0)))
    columns = [
        "swing_log", "dispersion", "n_draws", "band_coverage", "mean_abs_log_error",
        "multiplier_coverage", "dispersion_estimated",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).round(3)


def main():
    results = Path(__file__).parent / "results"
    for name, table in (("speed", speed()), ("recovery", recovery())):
        table.to_csv(results / f"latent_rate_{name}.csv", index=False)
        print(table.to_string(index=False))


if __name__ == "__main__":
    main()
