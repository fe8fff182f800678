"""How often do two stretches of one rate look clearly different, and how often does a doubling?

Counts of one rate with the scatter or the memory that a cell names; the two stretches are 12 months
each. Within a series (`compare_periods`) they lie in its middle, one after the other; as two totals
alone (`compare_rates`) their scatter is borrowed. `poisson` is what the interval for Poisson counts
would have said of the same figures. Gamma scatter is that of negative binomial counts; lognormal
scatter and a step outside the stretches are not in the model.

``python benchmarks/period_comparisons.py [n_draws] [part of a name ...]`` runs some cells anew;
their rows replace those in `results/period_comparisons.csv`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from simulation import draw

import trends

TARGET = Path(__file__).parent / "results" / "period_comparisons.csv"
STRETCH = 12
TOTALS = "two totals"
#: Kind of counts, events a month, months of the series (0 for two totals alone), true ratio.
CELLS = [
    *((f"gamma {factor}x", 10.0, months, 1.0) for factor in (3, 8) for months in (36, 60, 156)),
    *((f"gamma {factor}x", mean, 0, 1.0) for factor in (3, 8) for mean in (3.0, 10.0, 40.0)),
    ("poisson", 10.0, 60, 1.0),
    ("lognormal 8x", 10.0, 60, 1.0),
    ("gamma 3x, step outside", 10.0, 60, 1.0),
    ("ar0.5", 10.0, 60, 1.0),
    ("ar0.8", 10.0, 60, 1.0),
    ("ingarch", 10.0, 60, 1.0),
    ("gamma 8x", 3.0, 60, 1.0),
    ("gamma 3x", 10.0, 60, 2.0),
    ("gamma 3x", 10.0, 0, 2.0),
    ("gamma 3x", 10.0, 0, 4.0),
]


def name_of(kind: str, mean: float, months: int, ratio: float) -> str:
    """Return what a cell is called."""
    length = f"series of {months}" if months else TOTALS
    return f"{kind}, {mean:g} a month, {length}, ratio {ratio:g}"


def scattered(kind: str, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return counts of a mean path with the scatter or memory of a kind."""
    if not kind.startswith(("gamma", "lognormal")):
        return draw(kind, mean, rng)
    shape, factor = kind.split(",")[0].removesuffix("x").split()
    excess = float(factor) - 1
    if shape == "gamma":
        return rng.poisson(rng.gamma(mean / excess, excess))
    spread = np.sqrt(np.log1p(excess / mean))
    return rng.poisson(mean * np.exp(rng.normal(-(spread**2) / 2, spread)))


def is_clear(low: float, high: float) -> bool:
    """Whether an interval of a ratio excludes 1."""
    return not low <= 1 <= high


def cell(
    kind: str, mean: float, months: int, ratio: float, n_draws: int, seed: int
) -> dict[str, object]:
    """Return how often two stretches differ clearly, and how often Poisson counts would."""
    rng = np.random.default_rng(seed)
    months_drawn = months or 2 * STRETCH
    periods = pd.period_range("2010-01", periods=months_drawn, freq="M")
    start = (months_drawn - 2 * STRETCH) // 2
    middle = start + STRETCH
    path = np.full(months_drawn, mean)
    path[middle : middle + STRETCH] *= ratio
    if kind.endswith("step outside"):
        path[: start // 2] *= 3
    second, first = ((periods[at], periods[at + STRETCH - 1]) for at in (start, middle))
    n_clear = n_poisson = 0
    for _ in range(n_draws):
        counts = scattered(kind, path, rng).astype(int)
        if months:
            series = trends.as_series(pd.Series(counts, index=periods))
            found = trends.compare_periods(series, first, second)
            clear = is_clear(found.ratio_low, found.ratio_high)
            narrow = is_clear(found.poisson_low, found.poisson_high)
        else:
            totals = int(counts[STRETCH:].sum()), int(counts[:STRETCH].sum())
            alone = trends.compare_rates((totals[0], *first), (totals[1], *second))
            clear = is_clear(alone.wide_low, alone.wide_high)
            narrow = is_clear(alone.ratio_low, alone.ratio_high)
        n_clear += clear
        n_poisson += narrow
    share = n_clear / n_draws
    # That of one case where there was none.
    least = min(max(share, 1 / n_draws), 1 - 1 / n_draws)
    return {
        "cell": name_of(kind, mean, months, ratio),
        "n_draws": n_draws,
        "clear": share,
        "mc_error": float(np.sqrt(least * (1 - least) / n_draws)),
        "clear_poisson": n_poisson / n_draws,
    }


def main() -> None:
    """Run the cells that are asked for, and store each as soon as it is there."""
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    wanted = sys.argv[2:]
    order = {name_of(*one): place for place, one in enumerate(CELLS)}
    for one in CELLS:
        name = name_of(*one)
        if wanted and not any(part in name for part in wanted):
            continue
        began = time.perf_counter()
        row = cell(*one, n_draws, 1300 + order[name])
        stored = pd.read_csv(TARGET).to_dict("records") if TARGET.exists() else []
        rows = [each for each in stored if each["cell"] != name and each["cell"] in order]
        table = pd.DataFrame(sorted([*rows, row], key=lambda each: order[each["cell"]]))
        table.to_csv(TARGET, index=False, float_format="%.4g")
        print(
            f"{name}: clear {row['clear']:.3f} (Monte-Carlo error {row['mc_error']:.3f}), "
            f"for Poisson counts {row['clear_poisson']:.3f}; {time.perf_counter() - began:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
