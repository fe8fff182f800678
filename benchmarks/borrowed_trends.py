"""What do 50 short series gain from one another, and do intervals hold for those ranked first?

    python benchmarks/borrowed_trends.py --more 100 --minutes 30

Panels of 50 series of 36 months with means of 1 to 5 a month and yearly log changes that are normal
about 0, or 0 in four fifths and normal in the rest. `rmse_ratio` is the error of borrowed over
separate slopes; `rmse_ratio_oracle` that of one who knows how slopes and means are spread, how
counts scatter and what they remember (posterior means on a grid, a remembered path integrated by
Laplace's approximation): no method can be asked for much less. `coverage` of 95% intervals in all
series and in the tenth whose estimates are largest, separate and borrowed; `false_signs` the share
of wrong or missing signs among those with a false sign rate below .05, all panels together, and
`stated` what these rates add up to; `chosen` is their number a panel, `chosen_oracle` and
`false_signs_oracle` the same of the one who knows. The last row has all cells together. Series that
lend and borrow nothing, because no line describes them, are left out of all. Panels of several runs
add up (`add_up`); errors are between panels. The table goes to
benchmarks/results/borrowed_trends.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats
from simulation import add_up, draw, store

from trends.analysis.panel import analyse_panel

KINDS = ("poisson", "nb3", "ar0.5")
#: Standard deviation of the yearly log changes, and the share of series without any.
SPREADS = ((0.1, 0.0), (0.3, 0.0), (0.6, 0.8))
N_SERIES, N_MONTHS = 50, 36
MONTHS = pd.period_range("2020-01", periods=N_MONTHS, freq="M")
YEARS = (np.arange(N_MONTHS) - (N_MONTHS - 1) / 2) / 12
#: Steps of Newton's method to the likeliest path of a series that remembers, enough from 0.
N_STEPS = 8


def log_likelihood(kind: str, counts: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the log likelihood of one series, up to a constant, under each row of means."""
    if kind == "poisson":
        return (counts * np.log(means) - means).sum(axis=1)
    if kind == "nb3":
        return stats.nbinom.logpmf(counts, means / 2, 1 / 3).sum(axis=1)
    rho, scatter = float(kind[2:]), 0.35
    lags = np.abs(np.subtract.outer(np.arange(N_MONTHS), np.arange(N_MONTHS)))
    precision = np.linalg.inv(scatter**2 * rho**lags)
    path = np.zeros(means.shape)
    for _ in range(N_STEPS):
        expected = means * np.exp(path - scatter**2 / 2)
        curvature = precision + expected[:, :, None] * np.eye(N_MONTHS)
        slope = counts - expected - path @ precision
        path += np.clip(np.linalg.solve(curvature, slope[:, :, None])[..., 0], -1, 1)
    expected = means * np.exp(path - scatter**2 / 2)
    curvature = precision + expected[:, :, None] * np.eye(N_MONTHS)
    at_mode = (counts * np.log(expected) - expected).sum(axis=1)
    at_mode -= 0.5 * np.einsum("pi,ij,pj->p", path, precision, path)
    return np.asarray(at_mode - 0.5 * np.linalg.slogdet(curvature)[1])


def known_best(
    kind: str, counts: np.ndarray, deviation: float, still: float
) -> tuple[float, float, float]:
    """Return the slope that one expects of a series who knows what it was drawn from.

    With the chances that it is below and that it is above 0.
    """
    slopes = deviation * np.linspace(-3, 3, 21)
    levels = np.linspace(1, 5, 7)
    means = np.exp(np.multiply.outer(slopes, YEARS))[:, None, :] * levels[:, None]
    log_weight = log_likelihood(kind, counts, means.reshape(-1, N_MONTHS))
    weight = np.exp(log_weight - log_weight.max()).reshape(slopes.size, levels.size).sum(axis=1)
    prior = special.softmax(-0.5 * (slopes / deviation) ** 2) * (1 - still)
    middle = slopes.size // 2
    # A slope of the grid stands for its neighbourhood: half of that about 0 is on either side.
    below, above = (
        weight[side] @ prior[side] + weight[middle] * prior[middle] / 2
        for side in (slice(middle), slice(middle + 1, None))
    )
    prior[middle] += still
    whole = float(weight @ prior)
    return float((weight * prior) @ slopes) / whole, float(below) / whole, float(above) / whole


def one(*, kind: str, deviation: float, still: float, rng: np.random.Generator) -> dict[str, float]:
    """Return the figures of one panel."""
    slopes = np.where(rng.random(N_SERIES) < still, 0, rng.normal(0, deviation, N_SERIES))
    means = rng.uniform(1, 5, N_SERIES)
    drawn = [
        draw(kind, mean * np.exp(slope * YEARS), rng)
        for mean, slope in zip(means, slopes, strict=True)
    ]
    counts = pd.concat(
        [
            pd.DataFrame(
                {
                    "district": f"{which:02d}",
                    "period": MONTHS,
                    "count": pd.array(drawn[which], dtype="Int64"),
                    "exposure": MONTHS.days_in_month.astype(float),
                    "complete": True,
                }
            )
            for which in range(N_SERIES)
        ]
    )
    panel = analyse_panel(counts, "trend", by="district", n_jobs=1, season="none")
    table = panel.to_frame().set_index("district").dropna(subset="shrunk_estimate")
    results = [panel.results[name,] for name in table.index]
    kept = table.index.astype(int)
    truth = slopes[kept]
    best, below, above = np.transpose(
        [known_best(kind, drawn[which], deviation, still) for which in kept]
    )
    sure = np.maximum(below, above) > 0.95
    missed = (np.where(above > below, 1, -1) != np.sign(truth)) & sure
    own = np.array([one.slope for one in results])
    intervals = np.array([one.slope_interval() for one in results])
    own_held = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
    shrunk, low, high = (
        np.log1p(table[f"shrunk_{name}"].to_numpy() / 100) for name in ("estimate", "low", "high")
    )
    held = (low <= truth) & (truth <= high)
    tenth = max(1, own.size // 10)
    chosen = (table["false_sign_rate"] < 0.05).to_numpy()
    wrong = (np.sign(shrunk) != np.sign(truth)) & chosen
    return {
        "square": float(np.mean((own - truth) ** 2)),
        "square_borrowed": float(np.mean((shrunk - truth) ** 2)),
        "square_oracle": float(np.mean((best - truth) ** 2)),
        "coverage": float(own_held.mean()),
        "coverage_first": float(own_held[np.argsort(-np.abs(own))[:tenth]].mean()),
        "coverage_borrowed": float(held.mean()),
        "coverage_borrowed_first": float(held[np.argsort(-np.abs(shrunk))[:tenth]].mean()),
        "left_out": float(1 - own.size / N_SERIES),
        "chosen": float(chosen.sum()),
        "wrong": float(wrong.sum()),
        "chosen_chosen": float(chosen.sum() ** 2),
        "wrong_wrong": float(wrong.sum() ** 2),
        "wrong_chosen": float(wrong.sum() * chosen.sum()),
        "stated": float(table["false_sign_rate"].to_numpy()[chosen].sum()),
        "chosen_oracle": float(sure.sum()),
        "wrong_oracle": float(missed.sum()),
    }


def main() -> None:
    """Add panels to every cell, print the table and store it."""
    cells = [
        {"kind": kind, "deviation": deviation, "still": still}
        for kind in KINDS
        for deviation, still in SPREADS
    ]
    table = add_up(one, cells, name="borrowed_trends", seed=6000, at_once=2)
    together = table.select_dtypes("number").mean().to_dict() | {
        "kind": "all",
        "deviation": np.nan,
        "still": np.nan,
        "n_series": table["n_series"].sum(),
    }
    table = pd.concat([table, pd.DataFrame([together])], ignore_index=True)
    table["rmse_ratio"] = np.sqrt(table["square_borrowed"] / table["square"])
    table["rmse_ratio_oracle"] = np.sqrt(table["square_oracle"] / table["square"])
    share = table["false_signs"] = table["wrong"] / table["chosen"]
    # Of a ratio of two sums over panels.
    square = table["wrong_wrong"] - 2 * share * table["wrong_chosen"]
    square += share**2 * table["chosen_chosen"]
    table["error_false_signs"] = np.sqrt(square / table["n_series"]) / table["chosen"]
    table["stated"] /= table["chosen"]
    table["false_signs_oracle"] = table["wrong_oracle"] / table["chosen_oracle"]
    columns = ["kind", "deviation", "still", "n_series", "rmse_ratio", "rmse_ratio_oracle"]
    columns += ["coverage", "coverage_first"]
    for name in ("coverage_borrowed", "coverage_borrowed_first"):
        columns += [name, f"error_{name}"]
    columns += ["left_out", "chosen", "false_signs", "error_false_signs", "stated"]
    columns += ["chosen_oracle", "false_signs_oracle"]
    store(table[columns].rename(columns={"n_series": "n_panels"}), "borrowed_trends")


if __name__ == "__main__":
    main()
