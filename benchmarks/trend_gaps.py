"""Do trends and joinpoints hold in series with the gaps of the monitors in data/?

    python benchmarks/trend_gaps.py [n_series]

Months are covered where the Counter Extremism Project (38 of 55) and the Rojava Information Center
(41 of 75) published; the counts are drawn, mean 12, with a slope that multiplies the rate by
exp(0.6) from first to last month and no join. The table goes to benchmarks/results/trend_gaps.csv.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from simulation import draw, tabulate

from trends.analysis.joinpoint import fit_joinpoints
from trends.analysis.trend import estimate_trend
from trends.tables.series import as_series
from trends.tables.statements import read_statements, statement_series

KINDS = ("poisson", "nb3", "ar0.5", "ingarch")
MONITORS = ("Counter Extremism Project (G. Waters)", "Rojava Information Center")


def cell(kind: str, monitor: str, n_series: int, seed: int) -> dict[str, object]:
    """Return the coverage of the slope and the share of series with a join in one cell."""
    data = Path(__file__).parents[1] / "data" / "statements.csv"
    published = statement_series(read_statements(data), measure="attacks", counted_by=monitor)
    covered = published["count"].notna().to_numpy()
    time = np.arange(covered.size) - (covered.size - 1) / 2
    per_month = 0.6 / (covered.size - 1)
    rng = np.random.default_rng(seed)
    held = joined = 0
    for _ in range(n_series):
        drawn = draw(kind, 12 * np.exp(per_month * time), rng).astype(float)
        counts = pd.Series(drawn, index=published.index).where(covered)
        series = as_series(counts, exposure=published["exposure"])
        low, high = estimate_trend(series).slope_interval()
        held += low <= 12 * per_month <= high
        joined += fit_joinpoints(series, max_joinpoints=2).n_joinpoints > 0
    return {
        "kind": kind,
        "monitor": monitor,
        "n_months": covered.size,
        "n_covered": int(covered.sum()),
        "n_series": n_series,
        "coverage": held / n_series,
        "with_join": joined / n_series,
    }


def main() -> None:
    """Run every cell, print the table and store it."""
    cells = [(kind, monitor) for kind in KINDS for monitor in MONITORS]
    tabulate(cell, cells, name="trend_gaps", n_series=400, first_seed=5000)


if __name__ == "__main__":
    main()
