"""How fast are contradictions found, and how often in figures that are all true?

    python benchmarks/contradictions.py [n_tables]

Tables of true figures: months, running totals and years of two counters over four years, counts
with a mean of 20 a month that are Poisson or scatter with 5 times the mean from month to month.
No table may hold a contradiction; the share with a tension is the false-alarm rate of the implied
rates (Holm, 5%). 200 tables per cell by default. Speed: 500 to 8000 figures over 20 years, median
of three runs. The tables go to benchmarks/results/contradictions_*.csv.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from trends.analysis.contradiction import find_contradictions

RESULTS = Path(__file__).parent / "results"


def statements(start: pd.DatetimeIndex, end: pd.DatetimeIndex, count: np.ndarray) -> pd.DataFrame:
    """Return exact figures of one counter and scope."""
    frame = pd.DataFrame(
        {
            "statement_id": [f"s{place}" for place in range(len(count))],
            "count": pd.array(count, dtype="Int64"),
            "window_start": start,
            "window_end": end,
        }
    )
    blank = dict.fromkeys(("count_low", "count_high", "part_of", "part_kind"), pd.NA)
    words = {
        "measure": "events",
        "qualifier": "exact",
        "window_basis": "stated",
        "country": "Syria",
        "area": "Syria",
        "control_area": "all",
        "actor": "A",
        "counted_by": "B",
        "published_by": "B",
        "role": "primary",
    }
    return frame.assign(**blank, **words)


def true_table(dispersion: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return months, running totals and years of two histories of counts."""
    months = pd.period_range("2020-01", periods=48, freq="M")
    first, last = months.start_time, months.end_time.normalize()
    pieces = []
    for counter in ("B", "C"):
        mean = 20.0
        if dispersion > 1:
            counts = rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, 48)
        else:
            counts = rng.poisson(mean, 48)
        start, end, figure = list(first), list(last), list(counts)
        for year in range(4):
            for month in (3, 6, 8, 10, 12):
                start.append(first[12 * year])
                end.append(last[12 * year + month - 1])
                figure.append(counts[12 * year : 12 * year + month].sum())
        table = statements(pd.DatetimeIndex(start), pd.DatetimeIndex(end), np.array(figure))
        table["counted_by"] = counter
        table["statement_id"] = counter + table["statement_id"]
        pieces.append(table)
    return pd.concat(pieces, ignore_index=True)


def random_table(n_figures: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return figures over windows of 7 to 365 days anywhere in 20 years, eight counters."""
    start = pd.Timestamp("2005-01-01") + pd.to_timedelta(rng.integers(0, 7000, n_figures), "D")
    days = rng.choice([7, 30, 90, 180, 365], n_figures)
    table = statements(
        pd.DatetimeIndex(start),
        pd.DatetimeIndex(start) + pd.to_timedelta(days - 1, "D"),
        rng.poisson(days * 20 / 30.4375),
    )
    table["counted_by"] = rng.choice(list("ABCDEFGH"), n_figures)
    return table


def main() -> None:
    """Run both parts, print and store them."""
    n_tables = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = np.random.default_rng(20240101)
    alarms = []
    for dispersion in (1.0, 5.0):
        results = [find_contradictions(true_table(dispersion, rng)) for _ in range(n_tables)]
        alarms.append(
            {
                "dispersion": dispersion,
                "n_tables": n_tables,
                "with_contradiction": np.mean([each.n_contradictions > 0 for each in results]),
                "with_tension": np.mean([each.n_tensions > 0 for each in results]),
                "with_improbable": np.mean([each.n_improbable > 0 for each in results]),
            }
        )
    speed = []
    for n_figures in (500, 1000, 2000, 4000, 8000):
        table = random_table(n_figures, rng)
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            find_contradictions(table)
            seconds.append(time.perf_counter() - began)
        speed.append({"n_figures": n_figures, "seconds": float(np.median(seconds))})
    for name, rows in (("false_alarms", alarms), ("speed", speed)):
        frame = pd.DataFrame(rows)
        frame.to_csv(RESULTS / f"contradictions_{name}.csv", index=False, float_format="%.4g")
        print(frame.to_string(index=False))


if __name__ == "__main__":
    main()
