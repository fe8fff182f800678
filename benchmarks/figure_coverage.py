"""How often does the interval of a published figure hold the rate it came from, by kind?

Run from the repository: ``python benchmarks/figure_coverage.py``, which also writes
``benchmarks/results/figure_coverage.csv``. Counts are Poisson with means
drawn from a span; they are published as the kind says; 20,000 figures per row (standard error
0.0015 at 0.95). Rounding is shown against the standard deviation of the counts, because a figure
rounded more coarsely than counts scatter leaves little to chance, and no interval of such a figure
can cover just 95%.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from trends.models.published.figure_likelihood import mean_interval
from trends.tables.window import Window

N_FIGURES = 20_000


def publish(kind, count, unit):
    if kind == "about":
        rounded = int(unit * np.floor(count / unit + 0.5))
        return Window(count=rounded, days=30.0, qualifier="about", rounding_unit=unit)
    if kind == "range":
        low = count // unit * unit
        return Window(
            count=low, days=30.0, qualifier="range", count_low=low, count_high=low + unit - 1
        )
    if kind == "more_than":
        return Window(count=count - 1, days=30.0, qualifier="more_than")
    if kind == "at_least":
        return Window(count=count // unit * unit, days=30.0, qualifier="at_least")
    return Window(count=count, days=30.0, qualifier=kind)


def covered(kind, means, unit, method, rng):
    intervals = {}
    hits = 0
    for mean in means:
        if kind == "nth_since":
            wait = rng.gamma(unit, 1 / mean)
            window = Window(count=unit, days=1.0, qualifier="nth_since")
            low, high = intervals.setdefault(unit, mean_interval(window, method=method))
            hits += low / wait <= mean <= high / wait
            continue
        count = max(int(rng.poisson(mean)), 1)
        if count not in intervals:
            intervals[count] = mean_interval(publish(kind, count, unit), method=method)
        low, high = intervals[count]
        hits += low <= mean <= high
    return hits / len(means)


def main():
    cells = [
        ("exact", 1, (5, 15)), ("exact", 1, (100, 250)),
        ("at_least", 1, (100, 250)), ("at_least", 5, (100, 250)), ("more_than", 1, (100, 250)),
        ("about", 5, (100, 250)), ("about", 10, (100, 250)), ("about", 50, (100, 250)),
        ("range", 5, (100, 250)), ("range", 10, (100, 250)), ("range", 50, (100, 250)),
        ("nth_since", 2, (1, 5)), ("nth_since", 10, (1, 5)),
    ]  # fmt: skip
    rows = []
    for kind, unit, span in cells:
        rng = np.random.default_rng(2024)
        means = rng.uniform(*span, size=N_FIGURES)
        shares = [covered(kind, means, unit, name, rng) for name in ("exact-c", "midp-c")]
        rows.append((kind, unit, *span, N_FIGURES, *(round(share, 4) for share in shares)))
    columns = ["kind", "unit_or_n", "mean_from", "mean_to", "n_figures", "exact", "mid_p"]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(Path(__file__).parent / "results" / "figure_coverage.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
