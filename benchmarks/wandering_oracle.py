"""How well could a walk be told from a line at all?

    python benchmarks/wandering_oracle.py [--n-series 200]

A judge who knows that a series is either a random walk of the log rate with a monthly sd of .1 and
Poisson counts, or a line whose counts scatter one to three times as much, and that nothing else
remembers, weighs both exactly: the walk by a filter over a grid of log rates, the line over a grid
of levels and slopes. Where the log evidence for the walk over the line exceeds a limit, the judge
refuses a pace; otherwise the 95% interval of the line is told. Walks are those of
`account_targets.py`; lines double within the series. A row per length and limit goes to
``benchmarks/results/wandering_oracle.csv``: the share of walks refused, of walks told a pace that
is none, and of lines refused, by scatter. An analysis does not know the step, that scatter is even,
or that nothing remembers, so it cannot do as well.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import changepoints_verdicts as shifts
import descriptions as courses
import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import nbinom, norm, poisson

CSV = Path(__file__).parent / "results" / "wandering_oracle.csv"
LENGTHS = (60, 156)
LIMITS = (-1.0, 0.0, 0.5, 1.0, 2.0)
SCATTERS = (1.0, 2.0, 3.0)
SEED = 14
STEP = 0.1
CENTRE = np.log(courses.LEVEL)
#: Log rates, levels at mid-series and changes over the series that are weighed.
GRID = CENTRE + np.linspace(-4, 4, 321)
LEVELS = CENTRE + np.linspace(-2.5, 2.5, 81)
CHANGES = np.linspace(-3, 3, 121)


def log_chance(counts: np.ndarray, scatter: float) -> np.ndarray:
    """Return the log probability of each count at each log rate: (n_months, n_rates)."""
    rate = np.exp(GRID)
    if scatter == 1:
        return poisson.logpmf(counts[:, None], rate)
    return nbinom.logpmf(counts[:, None], rate / (scatter - 1), 1 / scatter)


def log_walk(counts: np.ndarray) -> float:
    """Return the log evidence of a walk that starts from a normal level of sd 1."""
    spacing = GRID[1] - GRID[0]
    reach = int(np.ceil(5 * STEP / spacing))
    move = norm.pdf(np.arange(-reach, reach + 1) * spacing, 0, STEP)
    move /= move.sum()
    chance = norm.pdf(GRID, CENTRE, 1.0)
    chance /= chance.sum()
    evidence = 0.0
    for month, seen in enumerate(np.exp(log_chance(counts, 1.0))):
        if month:
            chance = np.convolve(chance, move, "same")
        chance = chance * seen
        evidence += np.log(chance.sum())
        chance /= chance.sum()
    return float(evidence)


def log_line(counts: np.ndarray, scatter: float) -> np.ndarray:
    """Return the log likelihood of every change over the series, its level averaged over."""
    share = np.arange(counts.size) / (counts.size - 1) - 0.5
    log_rate = LEVELS[:, None, None] + CHANGES[:, None] * share
    place = np.rint((log_rate - GRID[0]) / (GRID[1] - GRID[0])).astype(int).clip(0, GRID.size - 1)
    fit = log_chance(counts, scatter)[np.arange(counts.size), place].sum(axis=-1)
    weight = norm.logpdf(LEVELS, CENTRE, 1.0)
    return np.asarray(logsumexp(fit + (weight - logsumexp(weight))[:, None], axis=0))


def judge(counts: np.ndarray) -> tuple[float, bool]:
    """Return the log evidence for a walk over a line, and whether the line's interval holds 0."""
    by_change = logsumexp([log_line(counts, scatter) for scatter in SCATTERS], axis=0)
    by_change -= np.log(len(SCATTERS))
    prior = norm.logpdf(CHANGES)
    line = logsumexp(by_change + prior - logsumexp(prior))
    within = np.cumsum(np.exp(by_change - logsumexp(by_change)))
    low, high = CHANGES[np.searchsorted(within, [0.025, 0.975])]
    return log_walk(counts) - float(line), bool(low <= 0 <= high)


def judged(name: str, draw: shifts.Draw, n_series: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what the judge says of every series of one kind."""
    rows = [
        judge(draw(np.random.default_rng([SEED, zlib.crc32(name.encode()), number])))
        for number in range(n_series)
    ]
    odds, holds_none = zip(*rows, strict=True)
    return np.array(odds), np.array(holds_none)


def main() -> None:
    """Judge, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-series", type=int, default=200)
    n_series = parser.parse_args().n_series
    rows = []
    for n in LENGTHS:
        walk, holds_none = judged(
            f"trends: walk .1, {n} months", shifts.CELLS[f"walk .1, {n} months"], n_series
        )
        lines = {}
        for scatter in SCATTERS:
            drawn = courses.scattered(courses.line(2), scatter)
            lines[scatter], _ = judged(
                f"line {n} {scatter:g}", lambda rng, drawn=drawn, n=n: drawn(n, rng), n_series
            )
        for limit in LIMITS:
            rows.append(
                {
                    "n_months": n,
                    "n_series": n_series,
                    "limit": limit,
                    "walks_refused": (walk > limit).mean(),
                    "walks_with_pace": ((walk <= limit) & ~holds_none).mean(),
                    **{f"lines_refused_{s:g}x": (odds > limit).mean() for s, odds in lines.items()},
                }
            )
    table = pd.DataFrame(rows)
    table.to_csv(CSV, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
