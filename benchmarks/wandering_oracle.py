"""How well could a walk be told from a line at all?

    python benchmarks/wandering_oracle.py [--n-series 200] [n_months ...]

A judge who knows that a series is either a random walk of the log rate with a monthly sd of .1 and
Poisson counts, or a line whose counts scatter one to three times as much, and that nothing else
remembers, weighs both by their full likelihood; a second one knows neither that sd (.03 to .3) nor
that the counts of a walk are Poisson (they may scatter up to three times as much). The walk is
weighed by a filter over a grid of log rates, the line over a grid of levels and slopes around its
best fit. Where the log evidence for the walk over the line exceeds a limit, the judge refuses a
pace; otherwise the 95% interval of the line is told. Walks are those of `account_targets.py`; lines
double within the series. A row per length, judge and limit goes to
``benchmarks/results/wandering_oracle.csv``: the share of walks refused, of walks told a pace that
is none, and of lines refused, by scatter. An analysis knows still less: neither that scatter is
even nor that nothing remembers.
"""

from __future__ import annotations

import argparse
import itertools
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
#: Monthly steps that one has to allow for who does not know the step of a walk.
STEPS = (0.03, 0.05, 0.1, 0.2, 0.3)
CENTRE = np.log(courses.LEVEL)
#: Log rates that a walk may have.
GRID = CENTRE + np.linspace(-4, 4, 321)
#: Standard errors around the best line within which levels and slopes are weighed.
AROUND = np.linspace(-5, 5, 25)


def log_chance(counts: np.ndarray, log_rate: np.ndarray, scatter: float) -> np.ndarray:
    """Return the log probability of counts whose variance is `scatter` times their mean."""
    rate = np.exp(log_rate)
    if scatter == 1:
        return poisson.logpmf(counts, rate)
    return nbinom.logpmf(counts, rate / (scatter - 1), 1 / scatter)


def log_walk(counts: np.ndarray, step: float = STEP, scatter: float = 1.0) -> float:
    """Return the log evidence of a walk that starts from a normal level of sd 1."""
    spacing = GRID[1] - GRID[0]
    reach = int(np.ceil(5 * step / spacing))
    move = norm.pdf(np.arange(-reach, reach + 1) * spacing, 0, step)
    move /= move.sum()
    chance = norm.pdf(GRID, CENTRE, 1.0)
    chance /= chance.sum()
    evidence = 0.0
    for month, seen in enumerate(np.exp(log_chance(counts[:, None], GRID, scatter))):
        if month:
            chance = np.convolve(chance, move, "same")
        chance = chance * seen
        evidence += np.log(chance.sum())
        chance /= chance.sum()
    return float(evidence)


def line_draws(counts: np.ndarray, scatter: float) -> tuple[np.ndarray, np.ndarray]:
    """Return changes over the series and the log evidence of each, the level averaged over.

    Level and change are beforehand normal with sd 1.
    """
    share = np.arange(counts.size) / (counts.size - 1) - 0.5
    design = np.column_stack([np.ones(counts.size), share])
    best = np.array([np.log(counts.mean() + 0.1), 0.0])
    for _ in range(20):
        mean = np.exp(design @ best)
        best = best + np.linalg.solve((design.T * mean) @ design, design.T @ (counts - mean))
    covariance = scatter * np.linalg.inv((design.T * np.exp(design @ best)) @ design)
    error = np.sqrt(np.diag(covariance))
    level, change = best[0] + AROUND * error[0], best[1] + AROUND * error[1]
    log_rate = level[:, None, None] + change[:, None] * share
    fit = log_chance(counts, log_rate, scatter).sum(axis=-1)
    fit = fit + norm.logpdf(level, CENTRE, 1.0)[:, None] + norm.logpdf(change)
    cell = np.log(np.diff(AROUND)[0] ** 2 * error.prod())
    return change, logsumexp(fit, axis=0) + cell


def log_any_walk(counts: np.ndarray) -> float:
    """Return the log evidence of a walk of any of the steps, scattered as lines may be."""
    each = [log_walk(counts, step, scatter) for step in STEPS for scatter in SCATTERS]
    return float(logsumexp(each) - np.log(len(each)))


def judge(counts: np.ndarray, *, knows_step: bool) -> tuple[float, bool]:
    """Return the log evidence for a walk over a line, and whether the line's interval holds 0."""
    walk = log_walk if knows_step else log_any_walk
    drawn = [line_draws(counts, scatter) for scatter in SCATTERS]
    change = np.concatenate([each for each, _ in drawn])
    evidence = np.concatenate([each for _, each in drawn]) - np.log(len(SCATTERS))
    order = np.argsort(change)
    within = np.cumsum(np.exp(evidence - logsumexp(evidence))[order])
    low, high = change[order][np.searchsorted(within, [0.025, 0.975])]
    return walk(counts) - float(logsumexp(evidence)), bool(low <= 0 <= high)


def judged(
    name: str, draw: shifts.Draw, n_series: int, *, knows_step: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the judge says of every series of one kind."""
    drawn = [
        draw(np.random.default_rng([SEED, zlib.crc32(name.encode()), number]))
        for number in range(n_series)
    ]
    rows = [judge(counts, knows_step=knows_step) for counts in drawn]
    odds, holds_none = zip(*rows, strict=True)
    return np.array(odds), np.array(holds_none)


def main() -> None:
    """Judge, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lengths", nargs="*", type=int, default=LENGTHS)
    parser.add_argument("--n-series", type=int, default=200)
    options = parser.parse_args()
    n_series = options.n_series
    rows = []
    for n, knows_step in itertools.product(options.lengths, (True, False)):
        walk, holds_none = judged(
            f"trends: walk .1, {n} months",
            shifts.CELLS[f"walk .1, {n} months"],
            n_series,
            knows_step=knows_step,
        )
        lines = {}
        for scatter in SCATTERS:
            drawn = courses.scattered(courses.line(2), scatter)
            lines[scatter], _ = judged(
                f"line {n} {scatter:g}",
                lambda rng, drawn=drawn, n=n: drawn(n, rng),
                n_series,
                knows_step=knows_step,
            )
        for limit in LIMITS:
            rows.append(
                {
                    "n_months": n,
                    "n_series": n_series,
                    "knows_step": knows_step,
                    "limit": limit,
                    "walks_refused": (walk > limit).mean(),
                    "walks_with_pace": ((walk <= limit) & ~holds_none).mean(),
                    **{f"lines_refused_{s:g}x": (odds > limit).mean() for s, odds in lines.items()},
                }
            )
    table = pd.DataFrame(rows)
    if CSV.exists():
        done = pd.read_csv(CSV)
        table = pd.concat([done[~done["n_months"].isin(options.lengths)], table])
    table = table.sort_values(["n_months", "knows_step", "limit"])
    table.to_csv(CSV, index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
