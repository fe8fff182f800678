"""What do 50 short series gain from one another, and do intervals hold for those ranked first?

    python benchmarks/borrowed_trends.py [n_panels]

Panels of 50 series of 36 months with means of 1 to 5 a month and yearly log changes that are normal
about 0, or 0 in four fifths and normal in the rest. 100 panels per cell by default, 5,000 series
(Monte-Carlo standard error of a coverage .003, of the first tenth .010). `rmse_ratio` is the error
of borrowed over separate slopes; `coverage` of 95% intervals in all series and in the tenth whose
estimates are largest, separate and borrowed; `false_signs` the share of wrong or missing signs
among those with a false sign rate below .05. The table goes to benchmarks/results/.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import draw, tabulate

from trends.analysis.panel import analyse_panel

KINDS = ("poisson", "nb3", "ar0.5")
#: Standard deviation of the yearly log changes, and the share of series without any.
SPREADS = ((0.1, 0.0), (0.3, 0.0), (0.6, 0.8))
N_SERIES, N_MONTHS = 50, 36
MONTHS = pd.period_range("2020-01", periods=N_MONTHS, freq="M")


def cell(kind: str, deviation: float, still: float, n_panels: int, seed: int) -> dict[str, object]:
    """Return the figures of one cell."""
    rng = np.random.default_rng(seed)
    years = (np.arange(N_MONTHS) - (N_MONTHS - 1) / 2) / 12
    rows = []
    for _ in range(n_panels):
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
        answered = [int(key[0]) for key in panel.results]
        table = panel.to_frame().set_index("district").loc[[key[0] for key in panel.results]]
        truth = slopes[answered]
        own = np.array([one.slope for one in panel.results.values()])
        intervals = np.array([one.slope_interval() for one in panel.results.values()])
        own_held = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
        shrunk, low, high = (
            np.log1p(table[f"shrunk_{name}"].to_numpy() / 100)
            for name in ("estimate", "low", "high")
        )
        held = (low <= truth) & (truth <= high)
        tenth = max(1, own.size // 10)
        chosen = (table["false_sign_rate"] < 0.05).to_numpy()
        wrong = (np.sign(shrunk) != np.sign(truth)) & chosen
        rows.append(
            {
                "square": np.mean((own - truth) ** 2),
                "square_borrowed": np.mean((shrunk - truth) ** 2),
                "coverage": own_held.mean(),
                "coverage_first": own_held[np.argsort(-np.abs(own))[:tenth]].mean(),
                "coverage_borrowed": held.mean(),
                "coverage_borrowed_first": held[np.argsort(-np.abs(shrunk))[:tenth]].mean(),
                "n_chosen": chosen.sum(),
                "n_wrong": wrong.sum(),
            }
        )
    found = pd.DataFrame(rows).mean()
    return {
        "kind": kind,
        "deviation": deviation,
        "still": still,
        "n_panels": n_panels,
        "rmse_ratio": np.sqrt(found["square_borrowed"] / found["square"]),
        **found.filter(like="coverage").to_dict(),
        "chosen": found["n_chosen"],
        "false_signs": found["n_wrong"] / max(found["n_chosen"], 1e-9),
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    cells = [(kind, *spread) for kind in KINDS for spread in SPREADS]
    tabulate(cell, cells, name="borrowed_trends", n_series=100, first_seed=6000)


if __name__ == "__main__":
    main()
