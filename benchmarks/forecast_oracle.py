"""How much better than a simple distribution can a forecast of a series that remembers be?

    python benchmarks/forecast_oracle.py --more 400 --minutes 20

The log rate is an AR(1) with a correlation of .5 and a standard deviation of .35, as in
`forecasts.py`. At three origins of every series, counts six months ahead are forecast by three who
know the law that the counts follow: one knows its level, scatter and memory; one has to estimate
the level; one has to estimate all three (even weights over a grid). Each averages over what the
counts so far say of the latent rate (a chain of `N_STATES` states, Rouwenhorst 1995), so that
nothing can be better with the same knowledge. Their CRPS stands over that of the better of the two
simple distributions of `forecast_counts`, the series' own past and one negative binomial, for which
the law is unknown. A ratio near 1 of who estimates everything says that a forecast under 1 is luck.
The table goes to benchmarks/results/forecast_oracle.csv; series of several runs add up.

Rouwenhorst KG (1995). Asset pricing implications of equilibrium business cycle models. In: Cooley
TF (ed), Frontiers of Business Cycle Research, Princeton University Press, 294-330.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from scipy import special, stats
from simulation import add_up, draw, store

from trends.models.counts.predictive import SIMPLE
from trends.models.counts.scoring import crps
from trends.models.shifts.lookback import checked, setup_of
from trends.tables.series import as_series

RHO, SCATTER = 0.5, 0.35
HORIZON, BETWEEN, N_ORIGINS = 6, 6, 3
N_STATES = 31
#: What who estimates them holds to be possible beforehand, each as likely as the others.
RHOS = (0.0, 0.25, 0.5, 0.7, 0.85, 0.95)
SCATTERS = (0.05, 0.15, 0.25, 0.35, 0.5, 0.7)
#: Levels in standard errors of the mean count.
LEVELS = np.linspace(-3, 3, 9)


def chain(rho: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return states, their long-run shares and moves of a chain like an AR(1) of variance 1."""
    n_moves = N_STATES - 1
    stay = (1 + rho) / 2
    moves = np.zeros((N_STATES, N_STATES))
    for high in range(N_STATES):
        kept = stats.binom.pmf(np.arange(N_STATES), high, stay)
        risen = stats.binom.pmf(np.arange(N_STATES), n_moves - high, 1 - stay)
        moves[high] = np.convolve(kept, risen)[:N_STATES]
    states = (2 * np.arange(N_STATES) - n_moves) / np.sqrt(n_moves)
    return states, stats.binom.pmf(np.arange(N_STATES), n_moves, 0.5), moves


def log_mass(counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return log probabilities of Poisson counts."""
    return np.asarray(special.xlogy(counts, mean) - mean - special.gammaln(counts + 1))


def informed(
    counts: np.ndarray, known: list[tuple[float, float, float]], rows: list[int], n_counts: int
) -> list[np.ndarray]:
    """Return the probabilities of 0, 1, 2, ... in the periods after each of some rows.

    `known` lists levels, scatters and memories that are held to be possible, each as likely as the
    others before the first count.
    """
    chains = {rho: chain(rho) for rho in {one[2] for one in known}}
    states = np.array([chains[rho][0] for *_, rho in known])
    moves = np.array([chains[rho][2] for *_, rho in known])
    likely = np.array([chains[rho][1] for *_, rho in known])
    level, scatter = (np.array([one[part] for one in known])[:, None] for part in (0, 1))
    mean = level * np.exp(scatter * states - scatter**2 / 2)
    log_weight = np.zeros(len(known))
    expected = []
    for row in range(max(rows) + 1):
        if row in rows:
            weight = special.softmax(log_weight)
            kept = weight > 1e-5
            possible = np.exp(log_mass(np.arange(n_counts), mean[kept][..., None]))
            ahead, made = likely[kept], []
            for _ in range(HORIZON):
                made.append(np.einsum("k,ks,ksc->c", weight[kept], ahead, possible))
                ahead = np.einsum("ks,kst->kt", ahead, moves[kept])
            expected.append(np.array(made))
        if row < max(rows):
            seen = likely * np.exp(log_mass(counts[row], mean))
            share = seen.sum(axis=1)
            log_weight += np.log(np.maximum(share, 1e-300))
            likely = np.einsum("ks,kst->kt", seen / np.maximum(share, 1e-300)[:, None], moves)
    return expected


def one(*, n_months: int, mean: float, rng: np.random.Generator) -> dict[str, float] | None:
    """Return the mean CRPS of every forecaster of one series."""
    rows = [n_months + BETWEEN * step for step in range(N_ORIGINS)]
    months = pd.period_range("2008-01", periods=rows[-1] + HORIZON, freq="M")
    counts = draw(f"ar{RHO}", np.full(months.size, mean), rng).astype(int)
    if np.count_nonzero(counts[:n_months]) < 3:
        return None
    # All months alike, so that the law is the one drawn from.
    series = as_series(pd.Series(counts, index=months), exposure=np.full(months.size, 30.4375))
    seen, _ = checked(series, HORIZON, "none")
    origins = setup_of(series, seen, HORIZON, "none").look_back(rows)
    error = np.sqrt((mean + SCATTER**2 * mean**2 * 3) / n_months) / mean
    levels = counts[:n_months].mean() * np.exp(LEVELS * error)
    forecasters = {
        "all_known": [(mean, SCATTER, RHO)],
        "level_estimated": [(level, SCATTER, RHO) for level in levels],
        "all_estimated": list(itertools.product(levels, SCATTERS, RHOS)),
    }
    n_counts = 2 * int(counts.max()) + 20
    masses = {name: informed(counts, law, rows, n_counts) for name, law in forecasters.items()}
    for name in SIMPLE:
        masses[name] = [origin.outlooks[name].mass for origin in origins]
    return {
        name: float(
            np.mean(
                [
                    crps(expected[step], counts[row + step])
                    for row, expected in zip(rows, made, strict=True)
                    for step in range(HORIZON)
                ]
            )
        )
        for name, made in masses.items()
    }


def main() -> None:
    """Add series to every cell, print the table and store it."""
    cells = [
        {"n_months": n_months, "mean": mean}
        for n_months, mean in ((36, 10.0), (60, 10.0), (156, 10.0), (60, 1.0))
    ]
    table = add_up(one, cells, name="forecast_oracle", seed=4100)
    simple = table[list(SIMPLE)].min(axis=1)
    ratios = table[["n_months", "mean", "n_series"]].copy()
    for name in ("all_known", "level_estimated", "all_estimated"):
        ratios[f"crps_ratio_{name}"] = table[name] / simple
    store(ratios, "forecast_oracle")


if __name__ == "__main__":
    main()
