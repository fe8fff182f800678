"""How long does one latent rate take, and how does its cost grow with the statements?

Run from the repository: ``python benchmarks/latent_rate.py``. Twenty years on a daily grid; a fifth
each of monthly, quarterly, yearly, about and at-least figures, and running totals since January,
from five sources.
"""

from __future__ import annotations

import time

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


def main():
    for freq in ("M", "D"):
        for n_statements in (125, 250, 500, 1000):
            statements = made_up(n_statements)
            began = time.perf_counter()
            estimate = estimate_rate(statements, freq=freq)
            seconds = time.perf_counter() - began
            shares = np.exp(estimate.log_multiplier) / np.exp(
                estimate.log_multiplier[estimate.sources.index("A")]
            )
            said = ", ".join(
                f"{name} {share:.2f}" for name, share in zip(estimate.sources, shares, strict=True)
            )
            print(
                f"freq {freq} statements {n_statements} used {estimate.n_statements} "
                f"seconds {seconds:.2f} dispersion {estimate.dispersion:.2f} "
                f"multipliers over A: {said}"
            )


if __name__ == "__main__":
    main()
