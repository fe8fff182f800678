"""How often is a season found that is not there, and do intervals of Ramadan hold the truth?

    python benchmarks/season_coverage.py [n_series]

Series of 36, 60, 96 and 156 months, mean 20, with a slow rise and fall. `steady` has no season;
`ramadan` multiplies the rate of Ramadan's days by 1.5; `wave` is a yearly wave whose peak is twice
its trough. Counts scatter as in `simulation.draw`. The table goes to
benchmarks/results/season_coverage.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulation import draw, tabulate

from trends.analysis.season import estimate_season
from trends.tables.calendar import DAYS_PER_MONTH, hijri_shares
from trends.tables.series import as_series

KINDS = ("poisson", "nb3", "ar0.5")
LENGTHS = (36, 60, 96, 156)


def cell(kind: str, n_months: int, n_series: int, seed: int) -> dict[str, object]:
    """Return false alarms, detections and coverage of one cell."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2010-01", periods=n_months, freq="M")
    # A month of 31 days has more events than February: the rate is what is steady.
    days = months.days_in_month.to_numpy() / DAYS_PER_MONTH
    steady = 20 * days * np.exp(0.4 * np.sin(np.pi * np.arange(n_months) / n_months))
    fasting = steady * 1.5 ** hijri_shares(months)["ramadan"].to_numpy()
    # Half the log ratio of peak to trough is the wave's height.
    wave = steady * np.exp(0.5 * np.log(2) * np.cos(2 * np.pi * months.month / 12))
    names = ("false_month", "false_hijri", "found_wave", "held_wave", "found_ramadan")
    names += ("held_ramadan", "held_none")
    counts = dict.fromkeys(names, 0)
    for _ in range(n_series):
        plain = as_series(pd.Series(draw(kind, steady, rng), index=months))
        counts["false_month"] += estimate_season(plain).verdict == "seasonal"
        hijri = estimate_season(plain, calendar="hijri")
        row = hijri.to_frame().set_index("term").loc["ramadan"]
        counts["false_hijri"] += hijri.verdict == "seasonal"
        counts["held_none"] += row["conf_low"] <= 1 <= row["conf_high"]
        waved = estimate_season(as_series(pd.Series(draw(kind, wave, rng), index=months)))
        counts["found_wave"] += waved.verdict == "seasonal"
        counts["held_wave"] += waved.amplitude_low <= 2 <= waved.amplitude_high
        fasted = as_series(pd.Series(draw(kind, fasting, rng), index=months))
        row = estimate_season(fasted, calendar="hijri").to_frame().set_index("term").loc["ramadan"]
        counts["found_ramadan"] += row["p_value"] <= 0.05
        counts["held_ramadan"] += row["conf_low"] <= 1.5 <= row["conf_high"]
    shares = {name: count / n_series for name, count in counts.items()}
    return {"kind": kind, "n_months": n_months, "n_series": n_series, **shares}


def main() -> None:
    """Run every cell, print the table and store it."""
    cells = [(kind, n_months) for kind in KINDS for n_months in LENGTHS]
    tabulate(cell, cells, name="season_coverage", n_series=400, first_seed=3000)


if __name__ == "__main__":
    main()
