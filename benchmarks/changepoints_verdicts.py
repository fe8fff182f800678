"""Does `detect_changepoints` find what is there, date what wanders, and see past a season?

Cells that the operating characteristics leave out: counts under a yearly wave, levels that wander,
scatter that changes, episodes, and how uniform the p-values are. No generator is of the model's own
class: the waves are triangles, memory lies in the log rate or in the rate, scatter is drawn per
event. Writes one row per cell to ``benchmarks/results/changepoints_verdicts.csv`` and the page
``benchmarks/results/changepoints_verdicts.md``.

    OMP_NUM_THREADS=1 python benchmarks/changepoints_verdicts.py --n-series 400

`oracle` instead of cells says how often a step is found by one who knows the scatter, at false
alarms of .05: ``benchmarks/results/changepoints_oracle.csv``.

Cells may be named; finished ones are run again. The rules were tuned with ``--seed 1``; the page is
made with the default, 2.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import descriptions as courses
import numpy as np
import pandas as pd

from trends.analysis.changepoint import detect_changepoints
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.series import as_series

RESULTS = Path(__file__).parent / "results"
CSV = RESULTS / "changepoints_verdicts.csv"
ORACLE = RESULTS / "changepoints_oracle.csv"

Draw = Callable[[np.random.Generator], np.ndarray]


def scattered(
    mean: np.ndarray, dispersion: float | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw counts whose events come in geometric batches: variance `dispersion` times the mean."""
    size = (np.asarray(dispersion) + 1) / 2
    batches = rng.poisson(mean / size * np.ones(mean.size))
    chance = 1 / size * np.ones(mean.size)
    extra = np.where(batches > 0, rng.negative_binomial(np.maximum(batches, 1), chance), 0)
    return batches + np.where(batches > 0, extra, 0)


def step(n: int, factor: float, level: float = 10.0) -> np.ndarray:
    """Return a mean that changes at mid-series."""
    return np.where(np.arange(n) < n // 2, level, level * factor)


def episode(n: int, length: int, factor: float = 2.0) -> np.ndarray:
    """Return a mean that is higher for a while around two fifths of the series."""
    start = 2 * n // 5 - length // 2
    inside = (np.arange(n) >= start) & (np.arange(n) < start + length)
    return np.where(inside, 10.0 * factor, 10.0)


def wave(n: int, peak_over_trough: float) -> np.ndarray:
    """Return factors that rise along a line for five months and fall for seven, every year."""
    month = np.arange(n) % 12
    height = np.where(month <= 5, month / 5, (12 - month) / 7)
    factor = peak_over_trough ** (height - 0.5)
    return factor / factor[:12].mean()


def autoregression(n: int, rho: float, sd: float) -> np.ndarray:
    """Return a maker of log rates that remember."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        state = np.empty(n)
        state[0] = rng.normal()
        for t in range(1, n):
            state[t] = rho * state[t - 1] + np.sqrt(1 - rho**2) * rng.normal()
        return rng.poisson(10 * np.exp(sd * state - sd**2 / 2))

    return draw


def random_walk(n: int, sd: float) -> Draw:
    """Return a drawer of Poisson counts around a random walk of the log rate, 10 on average."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        walk = np.cumsum(rng.normal(0, sd, n))
        rate = np.exp(walk - walk.mean())
        return rng.poisson(10 * rate / rate.mean())

    return draw


def hawkes(n: int, days: float, branching: float = 0.6) -> Draw:
    """Return a drawer of self-exciting events, 10 a month, each with offspring after `days`."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        end, burn_in = n * DAYS_PER_MONTH, 15 * days
        first = rng.poisson(10 / DAYS_PER_MONTH * (1 - branching) * (end + burn_in))
        parents = rng.uniform(-burn_in, end, first)
        events = [parents]
        while parents.size:
            parents = np.repeat(parents, rng.poisson(branching, parents.size))
            parents = parents + rng.exponential(days, parents.size)
            events.append(parents)
        times = np.concatenate(events)
        times = times[(times >= 0) & (times < end)]
        return np.bincount((times / DAYS_PER_MONTH).astype(int), minlength=n)[:n]

    return draw


def counts(mean: np.ndarray, dispersion: float | np.ndarray) -> Draw:
    """Return a drawer of scattered counts around a mean."""
    return lambda rng: scattered(mean, dispersion, rng)


CELLS: dict[str, Draw] = {
    "doubling, 36 months, 3x": counts(step(36, 2.0), 3.0),
    "up by half, 60 months, 3x": counts(step(60, 1.5), 3.0),
    "doubling, 60 months, wave 2.7, 2x": counts(step(60, 2.0) * wave(60, 2.7), 2.0),
    "doubling, 60 months, wave 4.1, 2x": counts(step(60, 2.0) * wave(60, 4.1), 2.0),
    "steady, 60 months, wave 2.7, 2x": counts(np.full(60, 10.0) * wave(60, 2.7), 2.0),
    "steady, 60 months, wave 4.1, 2x": counts(np.full(60, 10.0) * wave(60, 4.1), 2.0),
    "steady, 36 months, 3x": counts(np.full(36, 10.0), 3.0),
    "steady, 60 months, 3x": counts(np.full(60, 10.0), 3.0),
    "steady, 120 months, 3x": counts(np.full(120, 10.0), 3.0),
    "steady, 60 months, Poisson, mean 1": lambda rng: rng.poisson(1.0, 60),
    "episode of 20, 120 months, 2x": counts(episode(120, 20), 2.0),
    "episode of 10, 60 months, 2x": counts(episode(60, 10), 2.0),
    "scatter rises eightfold, 60 months": counts(
        np.full(60, 10.0), np.where(np.arange(60) < 30, 1.0 + 1e-9, 8.0)
    ),
    "scatter rises eightfold, 120 months": counts(
        np.full(120, 10.0), np.where(np.arange(120) < 60, 1.0 + 1e-9, 8.0)
    ),
    "memory .5, 60 months": autoregression(60, 0.5, 0.35),
    "memory .8, 60 months": autoregression(60, 0.8, 0.35),
    "memory .9, 60 months": autoregression(60, 0.9, 0.5),
    "walk .1, 60 months": random_walk(60, 0.1),
    "walk .2, 60 months": random_walk(60, 0.2),
    "Hawkes 60 days, 60 months": hawkes(60, 60.0),
    "walk .1, 156 months": random_walk(156, 0.1),
    "walk .2, 156 months": random_walk(156, 0.2),
    "memory .9, 156 months": autoregression(156, 0.9, 0.5),
    "doubling, 60 months, 2x": counts(step(60, 2.0), 2.0),
    "doubling, 156 months, 3x": counts(step(156, 2.0), 3.0),
}


def run_cell(name: str, n_series: int, seed: int, n_null: int) -> dict[str, object]:
    """Return what the analysis says of the series of one cell."""
    began = time.process_time()
    rows = []
    for number in range(n_series):
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
        drawn = CELLS[name](rng)
        months = pd.period_range("2010-01", periods=drawn.size, freq="M")
        series = as_series(pd.Series(drawn, index=months), exposure=DAYS_PER_MONTH)
        found = detect_changepoints(series, n_null=n_null, rng=rng)
        middle = months[drawn.size // 2]
        dates = [one.period for one in found.changepoints]
        rows.append(
            {
                "verdict": found.verdict,
                "p_value": found.p_value,
                "found": bool(dates),
                "near": any(abs((date - middle).n) <= 3 for date in dates),
                "firm": bool(set(found.to_frame()["grade"]) & {"A", "B"}),
                "season": found.season,
            }
        )
    frame = pd.DataFrame(rows)
    found = frame["found"].mean()
    return {
        "cell": name,
        "n_series": n_series,
        "found": found,
        "error": np.sqrt(max(found * (1 - found), 0.25 / n_series) / n_series),
        "near": frame["near"].mean(),
        "firm": frame["firm"].mean(),
        "wanders": (frame["verdict"] == "wanders").mean(),
        "cannot_tell": (frame["verdict"] == "cannot_tell").mean(),
        "none": (frame["verdict"] == "none").mean(),
        "harmonic": (frame["season"] == "harmonic").mean(),
        **{f"p_{share:g}": (frame["p_value"] <= share).mean() for share in (0.05, 0.1, 0.25, 0.5)},
        "seconds": (time.process_time() - began) / n_series,
    }


def oracle(n_series: int, seed: int) -> None:
    """Store how often a step is found by one who knows the scatter.

    False alarms are .05 among steady counts of that scatter: counts that do not remember, or counts
    whose log rate is an AR(.5), as who does not know that nothing remembers has to bear too.
    """
    dispersion, level = 3.0, 10.0
    sd = float(np.sqrt(np.log1p((dispersion - 1) / level)))
    rows = []
    for name, n in (("doubling, 36 months, 3x", 36), ("up by half, 60 months, 3x", 60)):
        weigh = courses.judge(n, dispersion)
        ahead = {}
        for kind, draw in {
            "change": CELLS[name],
            "nothing": counts(np.full(n, level), dispersion),
            "half": autoregression(n, 0.5, sd),
        }.items():
            drawn = [draw(np.random.default_rng([seed, number])) for number in range(n_series)]
            weighed = np.array([weigh(each) for each in drawn])
            ahead[kind] = weighed[:, 2] - weighed[:, 0]
        rows.append(
            {
                "cell": name,
                "n_series": n_series,
                **{
                    f"found_where_{kind}_remembers": float(
                        np.mean(ahead["change"] > np.quantile(ahead[kind], 0.95))
                    )
                    for kind in ("nothing", "half")
                },
            }
        )
        print(rows[-1], flush=True)
    pd.DataFrame(rows).to_csv(ORACLE, index=False, float_format="%.4g")


def main() -> None:
    """Run the cells asked for, store the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", help="beginnings of names; all by default")
    parser.add_argument("--n-series", type=int, default=400)
    parser.add_argument("--n-null", type=int, default=999)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--csv", type=Path, default=CSV)
    options = parser.parse_args()
    if options.cells == ["oracle"]:
        oracle(options.n_series, options.seed)
        return
    table = pd.read_csv(options.csv) if options.csv.exists() else pd.DataFrame({"cell": []})
    for name in CELLS:
        if options.cells and not any(name.startswith(start) for start in options.cells):
            continue
        row = run_cell(name, options.n_series, options.seed, options.n_null)
        print({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}, flush=True)
        table = pd.concat([table[table["cell"] != name], pd.DataFrame([row])], ignore_index=True)
        table.to_csv(options.csv, index=False, float_format="%.4g")
    if options.csv == CSV:
        write_page(table, options)


def write_page(table: pd.DataFrame, options: argparse.Namespace) -> None:
    """Write the page of the table."""
    order = {name: place for place, name in enumerate(CELLS)}
    shown = table.sort_values("cell", key=lambda names: names.map(order))
    columns = [name for name in shown if name not in {"n_series", "seconds"}]
    lines = [
        "# What `detect_changepoints` says of seasons, wandering levels, episodes and scatter",
        "",
        "Made by `OMP_NUM_THREADS=1 python benchmarks/changepoints_verdicts.py`, seed "
        f"{options.seed}, {options.n_null} null draws. error: Monte Carlo standard error of found;",
        "near: within three months of mid-series; firm: a changepoint of grade A or B; harmonic: a",
        "season was taken; p_0.05: share of p-values of at most 0.05, wandering levels included.",
        "",
        "| " + " | ".join(["series", *columns[:1], *columns[1:]]) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    for _, row in shown.iterrows():
        numbers = [f"{row[name]:.3g}" for name in columns[1:]]
        lines.append(f"| {row['n_series']:.0f} | {row['cell']} | " + " | ".join(numbers) + " |")
    (RESULTS / "changepoints_verdicts.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
