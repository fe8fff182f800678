"""How often does `describe_series` name the course that made the counts?

    python benchmarks/descriptions.py [--n-series 400] [--seed 7000] [cell ...]

Steps, lines, bends, episodes and seasons with negative binomial scatter, and series without any
change: autoregressive log rates, INGARCH, random walks, Hawkes processes, a change of scatter. None
is drawn from the models that are weighed. A row per cell goes to
benchmarks/results/descriptions.csv: the share of every verdict, of a right one, of a date and of a
pace graded A or B, and the Monte-Carlo standard error of the share that is right. Finished cells
are kept; naming cells runs those.

`oracle` instead of cells says what a judge reaches who knows that a series is steady, a line or one
step, its scatter, and that it does not remember: nobody can be right more often. A row per course
and limit goes to benchmarks/results/descriptions_oracle.csv; the limit is by how much the log
evidence for a line has to exceed that for a step before a pace is told, so that the rows show what
fewer false paces cost.
"""

from __future__ import annotations

import argparse
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import logsumexp
from scipy.stats import nbinom

from trends.analysis.description import describe_series
from trends.findings.finding import Subject
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.series import as_series

CSV = Path(__file__).parent / "results" / "descriptions.csv"
ORACLE = CSV.with_name("descriptions_oracle.csv")
VERDICTS = (
    "steady",
    "season_only",
    "slope",
    "bend",
    "step",
    "steps",
    "episode",
    "wanders",
    "cannot_tell",
)
LEVEL = 10.0
#: What the oracle asks of a line beside a step before it tells a pace.
LIMITS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Log effects of the months of a season that is no wave.
MONTHS = np.array([0.1, -0.4, 0.5, 0.9, -0.2, -0.9, -0.3, 0.6, -0.8, 0.0, 0.7, -0.2])

Draw = Callable[[int, np.random.Generator], np.ndarray]


def scattered(mean: Callable[[int], np.ndarray], dispersion: float = 2.0) -> Draw:
    """Return a drawer of counts whose variance is `dispersion` times a mean of this shape."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        expected = LEVEL * mean(n)
        if dispersion == 1:
            return rng.poisson(expected)
        return rng.poisson(rng.gamma(expected / (dispersion - 1), dispersion - 1))

    return draw


def flat(n: int) -> np.ndarray:
    """Return a rate that does not change."""
    return np.ones(n)


def line(factor: float) -> Callable[[int], np.ndarray]:
    """Return a steady yearly change that comes to `factor` over the series."""
    return lambda n: factor ** (np.arange(n) / (n - 1))


def step(factor: float) -> Callable[[int], np.ndarray]:
    """Return a change at mid-series."""
    return lambda n: np.where(np.arange(n) < n // 2, 1.0, factor)


def bend(factor: float) -> Callable[[int], np.ndarray]:
    """Return a level first half and a line to `factor` after it."""
    return lambda n: factor ** np.clip(2 * np.arange(n) / (n - 1) - 1, 0, 1)


def episode(factor: float, length: int) -> Callable[[int], np.ndarray]:
    """Return an episode that begins at two fifths."""
    return lambda n: np.where((np.arange(n) - int(0.4 * n)) // length == 0, factor, 1.0)


def wave(ratio: float) -> Callable[[int], np.ndarray]:
    """Return a yearly sine with this ratio of peak to trough."""
    return lambda n: ratio ** (0.5 * np.sin(2 * np.pi * (np.arange(n) + 2) / 12))


def months(ratio: float) -> Callable[[int], np.ndarray]:
    """Return month effects, no wave, with this ratio of highest to lowest."""
    return lambda n: ratio ** ((MONTHS - MONTHS.mean()) / np.ptp(MONTHS))[np.arange(n) % 12]


def both(*means: Callable[[int], np.ndarray]) -> Callable[[int], np.ndarray]:
    """Return the product of shapes."""
    return lambda n: np.prod([mean(n) for mean in means], axis=0)


def autoregressive(rho: float, mean: Callable[[int], np.ndarray] = flat, sd: float = 0.35) -> Draw:
    """Return a drawer of Poisson counts around a log rate that is an AR(1)."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        state = rng.normal(size=n)
        for month in range(1, n):
            state[month] = rho * state[month - 1] + np.sqrt(1 - rho**2) * state[month]
        return rng.poisson(LEVEL * mean(n) * np.exp(sd * state - sd**2 / 2))

    return draw


def ingarch(mean: Callable[[int], np.ndarray] = flat) -> Draw:
    """Return a drawer of counts whose rate takes .35 of the last count, .25 of the last rate."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        level = LEVEL * mean(n)
        counts = np.empty(n)
        rate = count = level[0]
        for month in range(-50, n):
            rate = 0.4 * level[max(month, 0)] + 0.35 * count + 0.25 * rate
            count = rng.poisson(rate)
            counts[max(month, 0)] = count
        return counts

    return draw


def walk(sd: float) -> Draw:
    """Return a drawer of Poisson counts around a log rate that is a random walk."""
    return lambda n, rng: rng.poisson(LEVEL * np.exp(np.cumsum(rng.normal(0, sd, n))))


def hawkes(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw monthly counts of events that each bring on 0.7 more within 60 days on average."""
    before, offspring = 60, 0.7
    times = list(rng.uniform(0, n + before, rng.poisson(LEVEL * (1 - offspring) * (n + before))))
    for time_ in times:
        delays = rng.exponential(60 / DAYS_PER_MONTH, rng.poisson(offspring))
        times.extend(one for one in time_ + delays if one < n + before)
    return np.bincount(np.array(times).astype(int), minlength=n + before)[before:].astype(float)


def rising_scatter(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw Poisson counts, then counts of the same mean with eight times the variance."""
    calm, wild = scattered(flat, 1.0), scattered(flat, 8.0)
    return np.concatenate([calm(n // 2, rng), wild(n - n // 2, rng)])


def from_nothing(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a half without any event, then events."""
    return np.concatenate([np.zeros(n // 2), scattered(flat)(n - n // 2, rng)])


#: Name, periods, generator, verdicts that are right; none for a series without level or change.
CELLS: dict[str, tuple[int, Draw, tuple[str, ...]]] = {
    "steady": (72, scattered(flat), ("steady",)),
    "slope 2": (72, scattered(line(2)), ("slope",)),
    "step 2": (72, scattered(step(2)), ("step",)),
    "season 2.7": (72, scattered(wave(2.7)), ("season_only",)),
    "months 4.1": (72, scattered(months(4.1)), ("season_only",)),
    "slope 3": (72, scattered(line(3)), ("slope",)),
    "step 3": (72, scattered(step(3)), ("step",)),
    "step 5": (60, scattered(step(5)), ("step",)),
    "step 2, season 2.7": (60, scattered(both(step(2), wave(2.7))), ("step",)),
    "step 2, months 4.1": (60, scattered(both(step(2), months(4.1))), ("step",)),
    "bend 4": (72, scattered(bend(4)), ("bend",)),
    "episode 2, 20 of 120": (120, scattered(episode(2, 20)), ("episode",)),
    "episode 2, 20 of 120, NB 3x": (120, scattered(episode(2, 20), 3), ("episode",)),
    "AR .5": (60, autoregressive(0.5), ("steady",)),
    "AR .8": (60, autoregressive(0.8), ("steady", "wanders")),
    "AR .9": (60, autoregressive(0.9), ("steady", "wanders")),
    "AR .9, 156": (156, autoregressive(0.9), ("steady", "wanders")),
    "walk .1": (60, walk(0.1), ("wanders",)),
    "walk .2": (60, walk(0.2), ("wanders",)),
    "walk .1, 156": (156, walk(0.1), ("wanders",)),
    "Hawkes": (60, hawkes, ("steady", "wanders")),
    "INGARCH": (60, ingarch(), ("steady",)),
    "scatter times 8": (60, rising_scatter, ("steady",)),
    "step 2, INGARCH": (60, ingarch(step(2)), ("step",)),
    "step 2, AR .5": (60, autoregressive(0.5, step(2)), ("step",)),
    "from nothing": (60, from_nothing, ("step",)),
}


def describe(name: str, number: int, seed: int) -> tuple[str, bool, bool, float]:
    """Return verdict, firmness and season of one series of one cell, and the processor time."""
    n, draw, _ = CELLS[name]
    periods = pd.period_range("2010-01", periods=n, freq="M")
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    counts = pd.Series(draw(n, rng), index=periods)
    began = time.process_time()
    found = describe_series(as_series(counts, exposure=DAYS_PER_MONTH), rng=0)
    seconds = time.process_time() - began
    grade = found.findings(Subject.generic())[0].grade
    return found.verdict, grade in "AB", found.seasonal, seconds


def run_cell(name: str, n_series: int, seed: int, workers: Parallel) -> dict[str, object]:
    """Return the shares of verdicts and grades of one cell."""
    n, _, right = CELLS[name]
    rows = workers(delayed(describe)(name, number, seed) for number in range(n_series))
    frame = pd.DataFrame(rows, columns=["verdict", "firm", "seasonal", "seconds"])
    shares = frame["verdict"].value_counts(normalize=True)
    is_right = float(frame["verdict"].isin(right).mean())
    dated = frame["verdict"].isin(["step", "steps", "episode"])
    return {
        "cell": name,
        "n_periods": n,
        "n_series": n_series,
        **{verdict: float(shares.get(verdict, 0.0)) for verdict in VERDICTS},
        "right": is_right,
        "right_error": float(np.sqrt(is_right * (1 - is_right) / n_series)),
        "firm_date": float((dated & frame["firm"]).mean()),
        "pace": float((frame["verdict"] == "slope").mean()),
        "firm_pace": float(((frame["verdict"] == "slope") & frame["firm"]).mean()),
        "with_season": float(frame["seasonal"].mean()),
        "cpu_seconds": float(frame["seconds"].mean()),
    }


def judge(n: int, dispersion: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return a judge of counts: log evidence of steady, a line and one step, given their scatter.

    The judge knows that nothing remembers; level, size and date are averaged over.
    """
    levels, changes = np.log(LEVEL) + np.linspace(-0.7, 0.9, 17), np.linspace(-1.6, 1.6, 17)
    grid = np.linspace(np.log(LEVEL) - 2.5, np.log(LEVEL) + 2.7, 521)
    weight = -(changes**2) / 2
    weight -= logsumexp(weight)
    months_, share = np.arange(n), np.arange(n) / (n - 1) - 0.5
    dates = np.arange(3, n - 2)
    size = np.exp(grid) / (dispersion - 1)

    def place(log_rate: np.ndarray) -> np.ndarray:
        nearest = np.rint((log_rate - grid[0]) / (grid[1] - grid[0])).astype(int)
        return nearest.clip(0, grid.size - 1)

    low = place(levels[:, None] - changes / 2)
    high = place(levels[:, None] + changes / 2)
    along = place(levels[:, None, None] + changes[None, :, None] * share)

    def evidence(counts: np.ndarray) -> np.ndarray:
        table = nbinom.logpmf(counts[:, None], size, 1 / dispersion)
        sums = np.vstack([np.zeros(grid.size), np.cumsum(table, axis=0)])
        steps = sums[dates][:, low] + (sums[-1] - sums[dates])[:, high] + weight
        return np.array(
            [
                logsumexp(sums[-1][place(levels)]),
                logsumexp(table[months_, along].sum(axis=-1) + weight),
                logsumexp(steps) - np.log(dates.size),
            ]
        )

    return evidence


def oracle(n_series: int, seed: int, n: int = 72, dispersion: float = 2.0) -> None:
    """Store how often a judge who knows everything but course, level, size and date is right."""
    weigh = judge(n, dispersion)
    rows = []
    for name, mean in (("steady", flat), ("slope", line(2)), ("step", step(2))):
        best: dict[float, list[str]] = {limit: [] for limit in LIMITS}
        for number in range(n_series):
            rng = np.random.default_rng([seed, number])
            weighed = weigh(scattered(mean, dispersion)(n, rng))
            for limit, said in best.items():
                verdict = int(np.argmax(weighed - np.array([0.0, limit, 0.0])))
                said.append(("steady", "slope", "step")[verdict])
        for limit, said in best.items():
            shares = pd.Series(said).value_counts(normalize=True)
            rows.append(
                {
                    "cell": name,
                    "n_periods": n,
                    "n_series": n_series,
                    "limit": limit,
                    **{each: float(shares.get(each, 0.0)) for each in ("steady", "slope", "step")},
                }
            )
            print(rows[-1], flush=True)
    pd.DataFrame(rows).to_csv(ORACLE, index=False, float_format="%.4g")


def main() -> None:
    """Run the cells asked for that are not in the CSV yet, or the oracle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*")
    parser.add_argument("--n-series", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7000)
    parser.add_argument("--csv", type=Path, default=CSV)
    options = parser.parse_args()
    if options.cells == ["oracle"]:
        oracle(options.n_series, options.seed)
        return
    done = pd.read_csv(options.csv) if options.csv.exists() else pd.DataFrame({"cell": []})
    with Parallel(n_jobs=os.cpu_count()) as workers:
        for name in options.cells or CELLS:
            if name in set(done["cell"]):
                continue
            row = run_cell(name, options.n_series, options.seed, workers)
            print(
                {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in row.items()}, flush=True
            )
            done = pd.concat([done, pd.DataFrame([row])], ignore_index=True)
            done.to_csv(options.csv, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
