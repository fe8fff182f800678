"""Which series of known truth do the benchmarks draw, and how do they tabulate many of them?"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

LENGTHS = (36, 96, 156)


def draw(kind: str, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return counts around a mean path: Poisson, NB with variance 3 x mean, log-AR, INGARCH.

    INGARCH counts come to a new level by and by: the path is their long-run mean, and what they
    are expected to be is `expected`.
    """
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


def expected(kind: str, mean: np.ndarray) -> np.ndarray:
    """Return the expected counts of `draw`: the path; of INGARCH, what comes after it."""
    if kind != "ingarch":
        return mean
    counts = np.empty(mean.size)
    before = mean[0]
    for month, level in enumerate(mean):
        # of the last expectation .35 by the last count and .25 by its intensity
        counts[month] = before = 0.4 * level + 0.6 * before
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


def add_up(
    one: Callable[..., Mapping[str, float] | None],
    cells: Sequence[Mapping[str, Any]],
    *,
    name: str,
    seed: int,
    at_once: int = 20,
) -> pd.DataFrame:
    """Add series to cells, those with the fewest first, and return the mean of every value.

    ``--more 400 --minutes 10`` on the command line adds at most so many series to every cell and
    stops after so many minutes; ``--only kind=ar0.5,ar0.8`` keeps to cells with these values, and
    ``--workers 1`` leaves the other cores alone. What
    was added up stands in ``benchmarks/results/{name}_sums.csv``, so that the series of several
    runs count together; after a change of method delete it.

    Parameters
    ----------
    one : callable
        Called with a cell's values and a generator of its own per series; returns what is
        measured, or None for a series that is refused. A value that is not a number is left out.
    cells : sequence of mapping
        What tells one cell from another.
    name : str
        Beginning of the name of the file.
    seed : int
        Where the streams begin: the third series of a cell is the same in every run.
    at_once : int
        Series of a cell that are handed to the workers together.

    Returns
    -------
    DataFrame
        Row per cell that was asked: its values, n_series, n_refused, the mean of every value, and
        after it error_ with the standard error of that mean.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--more", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    column, _, wanted = options.only.partition("=")
    file = Path(__file__).parent / "results" / f"{name}_sums.csv"
    keys = {"/".join(str(value) for value in cell.values()): cell for cell in cells}
    sums = pd.DataFrame(columns=["cell", "value", "n", "sum", "sum_squares"])
    if file.exists():
        sums = pd.read_csv(file)
    held = {
        (str(row.cell), str(row.value)): np.array([row.n, row.sum, row.sum_squares], dtype=float)
        for row in sums.itertuples(index=False)
    }
    asked = {key: int(held.get((key, "asked"), np.zeros(3))[0]) for key in keys}
    chosen = [
        key for key, cell in keys.items() if not wanted or str(cell[column]) in wanted.split(",")
    ]
    most = {key: asked[key] + options.more for key in chosen}
    until = time.monotonic() + 60 * options.minutes
    with Parallel(n_jobs=options.workers) as workers:
        while time.monotonic() < until:
            key = min(chosen, key=lambda each: (asked[each] >= most[each], asked[each]))
            n_more = min(at_once, most[key] - asked[key])
            if not n_more:
                break
            stream = zlib.crc32(key.encode())
            numbers = range(asked[key], asked[key] + n_more)
            found = workers(
                delayed(one)(**keys[key], rng=np.random.default_rng([seed, stream, number]))
                for number in numbers
            )
            asked[key] += n_more
            held[key, "asked"] = np.array([asked[key], np.nan, np.nan])
            for measured in found:
                for value, number in (measured or {}).items():
                    if np.isfinite(number):
                        before = held.get((key, value), np.zeros(3))
                        held[key, value] = before + np.array([1.0, number, number**2])
            pd.DataFrame(
                [(*which, *each) for which, each in held.items()], columns=sums.columns
            ).to_csv(file, index=False, float_format="%.10g")
    return _means(keys, held)


def _means(
    keys: Mapping[str, Mapping[str, Any]], held: Mapping[tuple[str, str], np.ndarray]
) -> pd.DataFrame:
    """Return the mean of every value of every cell that was asked, and its standard error."""
    rows = []
    for key, cell in keys.items():
        mine = {value: each for (of, value), each in held.items() if of == key}
        if not mine:
            continue
        n_asked = int(mine.pop("asked")[0])
        n_answered = int(max((each[0] for each in mine.values()), default=0))
        row: dict[str, Any] = {**cell, "n_series": n_asked, "n_refused": n_asked - n_answered}
        for value, (n, total, squares) in mine.items():
            mean = total / n
            row[value] = mean
            row[f"error_{value}"] = float(np.sqrt(max(squares / n - mean**2, 0.25 / n**2) / n))
        rows.append(row)
    return pd.DataFrame(rows)


def store(table: pd.DataFrame, name: str) -> None:
    """Print a table and store it in benchmarks/results."""
    target = Path(__file__).parent / "results" / f"{name}.csv"
    table.to_csv(target, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
