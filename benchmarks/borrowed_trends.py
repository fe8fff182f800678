"""What do 50 short series gain from one another, and do intervals hold for those ranked first?

    python benchmarks/borrowed_trends.py --more 100 --minutes 30

Panels of 50 series of 36 months with means of 1 to 5 a month and yearly log changes that are normal
about 0, or 0 in four fifths and normal in the rest. `rmse_ratio` is the error of borrowed over
separate slopes; `coverage` of 95% intervals in all series and in the tenth whose estimates are
largest, separate and borrowed; `false_signs` the share of wrong or missing signs among those with a
false sign rate below .05. Series that lend and borrow nothing, because no line describes them, are
left out of both sides. Panels of several runs add up (`add_up`); errors are between panels. The
table goes to benchmarks/results/borrowed_trends.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import add_up, draw, store

from trends.analysis.panel import analyse_panel

KINDS = ("poisson", "nb3", "ar0.5")
#: Standard deviation of the yearly log changes, and the share of series without any.
SPREADS = ((0.1, 0.0), (0.3, 0.0), (0.6, 0.8))
N_SERIES, N_MONTHS = 50, 36
MONTHS = pd.period_range("2020-01", periods=N_MONTHS, freq="M")


def one(*, kind: str, deviation: float, still: float, rng: np.random.Generator) -> dict[str, float]:
    """Return the figures of one panel."""
    years = (np.arange(N_MONTHS) - (N_MONTHS - 1) / 2) / 12
    slopes = np.where(rng.random(N_SERIES) < still, 0, rng.normal(0, deviation, N_SERIES))
    means = rng.uniform(1, 5, N_SERIES)
    counts = pd.concat(
        [
            pd.DataFrame(
                {
                    "district": f"{which:02d}",
                    "period": MONTHS,
                    "count": pd.array(
                        draw(kind, means[which] * np.exp(slopes[which] * years), rng),
                        dtype="Int64",
                    ),
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
    truth = slopes[table.index.astype(int)]
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
        "coverage": float(own_held.mean()),
        "coverage_first": float(own_held[np.argsort(-np.abs(own))[:tenth]].mean()),
        "coverage_borrowed": float(held.mean()),
        "coverage_borrowed_first": float(held[np.argsort(-np.abs(shrunk))[:tenth]].mean()),
        "left_out": float(1 - own.size / N_SERIES),
        "chosen": float(chosen.sum()),
        "wrong": float(wrong.sum()),
    }


def main() -> None:
    """Add panels to every cell, print the table and store it."""
    cells = [
        {"kind": kind, "deviation": deviation, "still": still}
        for kind in KINDS
        for deviation, still in SPREADS
    ]
    table = add_up(one, cells, name="borrowed_trends", seed=6000, at_once=2)
    table["rmse_ratio"] = np.sqrt(table["square_borrowed"] / table["square"])
    table["false_signs"] = table["wrong"] / table["chosen"]
    columns = ["kind", "deviation", "still", "n_series", "rmse_ratio", "coverage", "coverage_first"]
    for name in ("coverage_borrowed", "coverage_borrowed_first"):
        columns += [name, f"error_{name}"]
    store(
        table[[*columns, "left_out", "chosen", "false_signs"]].rename(
            columns={"n_series": "n_panels"}
        ),
        "borrowed_trends",
    )


if __name__ == "__main__":
    main()
