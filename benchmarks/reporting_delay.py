"""How often do intervals for final counts hold, in a real record and where they were not made for?

    python benchmarks/reporting_delay.py [n_series]

The record: monthly deaths in Syria and Iraq in 31 vintages (tests/reference). Every vintage from
June 2024 to June 2025 is asked what the months of 2023 and 2024 that it held will become, and the
newest vintage, after the yearly releases of both years, scores it. Simulated: 60 months of mean 60,
read at the end of each of the last 6, 12 or 24, asked for the months of age 0, 1, 3 and 6.

    events      Poisson, each event reported for itself (70% at once, the rest within a year)
    clusters    as events, with monthly means that scatter like a gamma of shape 2
    deaths      deaths of events, negative binomial sizes, all deaths of an event reported at once
    heavy       the same with Pareto sizes (index 1.5, no variance)
    release     counts stand until one release a year revises each by a factor of its own (sd .15)
    slower      the time that reports take doubles in the middle of the record
    flood       three times the events in the last months, and the reports of these take longer

The tables go to benchmarks/results/reporting_delay_record.csv and reporting_delay.csv.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from simulation import tabulate

from trends.analysis.delay import reporting_delay
from trends.models.counts.development import develop
from trends.tables.counts import read_counts
from trends.tables.series import series

KINDS = ("events", "clusters", "deaths", "heavy", "release", "slower", "flood")
AGES = (0, 1, 3, 6)
MEAN = 60
SOON = np.array([70, 10, 6, 4, 3, 2, 1, 1, 1, 1, 0.5, 0.5]) / 100
LATE = np.array([35, 18, 12, 9, 7, 5, 4, 3, 3, 2, 1, 1]) / 100


def developed(kind: str, n_periods: int, rng: np.random.Generator) -> np.ndarray:
    """Return the count of each period at each age up to 24."""
    counts = np.zeros((n_periods, 25))
    for row in range(n_periods):
        shares, mean = SOON, float(MEAN)
        if kind == "slower" and row >= n_periods // 2:
            shares = LATE
        if kind == "flood" and row >= n_periods - 3:
            shares, mean = LATE, 3.0 * MEAN
        if kind == "release":
            first = rng.poisson(mean)
            revised = np.round(first * np.exp(rng.normal(0, 0.15)))
            # The release is due in the sixth month after the year.
            counts[row] = np.where(np.arange(25) < 17 - row % 12, first, revised)
            continue
        if kind in ("deaths", "heavy"):
            n_events = rng.poisson(mean / 4)
            sizes = 1 + rng.negative_binomial(0.3, 0.3 / 3.3, n_events)
            if kind == "heavy":
                sizes = np.ceil(2 * rng.pareto(1.5, n_events))
            came = np.bincount(rng.choice(12, n_events, p=shares), sizes, 12)
        else:
            scale = rng.gamma(2, 0.5) if kind == "clusters" else 1.0
            came = rng.multinomial(rng.poisson(mean * scale), shares)
        counts[row] = np.concatenate([np.cumsum(came), np.full(13, came.sum())])
    return counts


def cell(kind: str, n_vintages: int, n_series: int, seed: int) -> dict[str, object]:
    """Return how often intervals hold, and how wide they are, in one cell."""
    rng = np.random.default_rng(seed)
    n_periods = 60
    held, widths = [], []
    for _ in range(n_series):
        counts = developed(kind, n_periods, rng)
        diagonal = np.add.outer(np.arange(n_periods), np.arange(25))
        seen = (diagonal >= n_periods - n_vintages) & (diagonal < n_periods)
        development = develop(np.where(seen, counts, np.nan))
        for age in AGES:
            row = n_periods - 1 - age
            _, low, high = development.predict(counts[row, age], age, alpha=0.05)
            held.append(low - 0.5 <= counts[row, -1] <= high + 0.5)
            widths.append((high - low) / max(counts[row, -1], 1))
    inside = np.reshape(held, (n_series, len(AGES)))
    return {
        "kind": kind,
        "n_vintages": n_vintages,
        "n_series": n_series,
        **{f"held_{age}": inside[:, place].mean() for place, age in enumerate(AGES)},
        "held": inside.mean(),
        "mc_error": inside.mean(axis=1).std() / np.sqrt(n_series),
        "median_width": np.median(widths),
    }


def record() -> pd.DataFrame:
    """Return how often what each vintage of the record expected was what came."""
    path = Path(__file__).parents[1] / "tests/reference/ucdp_deaths_vintages.csv.gz"
    table = read_counts(path)
    rows = []
    for country, counts in table.groupby("country"):
        final = series(counts, country=country)["count"]
        for day in sorted(counts["as_of"].unique()):
            if not pd.Timestamp("2024-06-01") <= day <= pd.Timestamp("2025-06-30"):
                continue
            known = reporting_delay(counts[counts["as_of"] <= day])
            expected = known.expected[known.expected["period"].between("2023-01", "2024-12")]
            later = final[pd.PeriodIndex(expected["period"])].to_numpy(dtype=float)
            low, high = expected["conf_low"].to_numpy(), expected["conf_high"].to_numpy()
            rows.append(
                {
                    "country": country,
                    "as_of": f"{day:%Y-%m-%d}",
                    "n_vintages": known.n_vintages,
                    "n_periods": len(expected),
                    "held": np.mean((low - 0.5 <= later) & (later <= high + 0.5)),
                    "median_width": np.median((high - low) / np.maximum(later, 1)),
                    "held_by_its_own_back_test": known.held,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Score the record, run every cell, print the tables and store them."""
    scored = record()
    target = Path(__file__).parent / "results" / "reporting_delay_record.csv"
    scored.to_csv(target, index=False, float_format="%.4g")
    print(scored.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    weights = scored.groupby("country")[["n_periods"]].sum()
    sums = (scored["held"] * scored["n_periods"]).groupby(scored["country"]).sum()
    print((sums / weights["n_periods"]).to_string())
    cells = [(kind, n_vintages) for kind in KINDS for n_vintages in (6, 12, 24)]
    tabulate(cell, cells, name="reporting_delay", n_series=400, first_seed=9000)


if __name__ == "__main__":
    main()
