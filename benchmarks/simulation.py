"""Which series of known truth do the benchmarks draw, and how do they tabulate many of them?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

LENGTHS = (36, 96, 156)


def draw(kind: str, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return counts around a mean path: Poisson, NB with variance 3 x mean, log-AR, INGARCH."""
    if kind == "poisson":
        return rng.poisson(mean)
    if kind == "nb3":
        return rng.negative_binomial(mean / 2, 1 / 3)
    if kind.startswith("ar"):
        rho, scatter = float(kind[2:]), 0.35
        log_rate = np.empty(mean.size)
        log_rate[0] = rng.normal(0, scatter)
        for month in range(1, mean.size):
            fresh = rng.normal(0, scatter * np.sqrt(1 - rho**2))
            log_rate[month] = rho * log_rate[month - 1] + fresh
        return rng.poisson(mean * np.exp(log_rate - scatter**2 / 2))
    counts = np.empty(mean.size)
    intensity = before = mean[0]
    for month in range(-20, mean.size):
        intensity = 0.4 * mean[max(month, 0)] + 0.35 * before + 0.25 * intensity
        before = rng.poisson(intensity)
        if month >= 0:
            counts[month] = before
    return counts


def tabulate(
    cell: Callable[..., dict[str, object]],
    cells: Sequence[tuple[Any, ...]],
    *,
    name: str,
    n_series: int,
    first_seed: int,
) -> None:
    """Run every cell on all cores, print the table and store it in benchmarks/results.

    `cell` is called with the cell, the number of series and a seed of its own; the number of series
    may be given on the command line.
    """
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else n_series
    began = time.perf_counter()
    rows = Parallel(n_jobs=-1)(
        delayed(cell)(*each, n_series, seed) for seed, each in enumerate(cells, start=first_seed)
    )
    table = pd.DataFrame(rows)
    target = Path(__file__).parent / "results" / f"{name}.csv"
    table.to_csv(target, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    print(f"{time.perf_counter() - began:.0f} s")
