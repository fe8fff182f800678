"""Write the made-up series of the packs: ``python tests/reference/packs.py`` from the top.

Counts whose mean follows a season and takes a step, with scatter and a memory between periods;
they describe no service, no country and no organisation.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from trends.tables.calendar import format_period

PACKS = Path(__file__).parents[2] / "trends/packs"


def counts(seed: int, mean: np.ndarray, dispersion: float, memory: float) -> np.ndarray:
    """Return counts around a mean, with gamma shocks of which a part stays for the next period."""
    rng = np.random.default_rng(seed)
    shock, drawn = 1.0, []
    for each in mean:
        shock = memory * shock + (1 - memory) * rng.gamma(1 / dispersion, dispersion)
        drawn.append(rng.poisson(each * shock))
    return np.array(drawn)


def write(
    pack: str, name: str, heading: str, periods: pd.PeriodIndex, counted: np.ndarray, **labels: str
) -> None:
    """Write a table of periods and counts."""
    rows = [format_period(period) for period in periods]
    table = pd.DataFrame({"period": rows, **labels, heading: counted})
    table.to_csv(PACKS / pack / name, index=False, lineterminator="\n")


weeks = pd.period_range("2023-01-02", periods=130, freq="W-SUN")
of_year = 2 * np.pi * np.arange(len(weeks)) / 52.1775
outages = 6 * (1 + 0.25 * np.cos(of_year)) * np.where(np.arange(len(weeks)) < 78, 1.0, 0.55)
write(
    "services",
    "incidents_made_up.csv",
    "incidents",
    weeks,
    counts(20241, outages, 0.3, 0.2),
    service="made up",
)

months = pd.period_range("2016-01", periods=108, freq="M")
aid = 9 * np.exp(0.05 * np.arange(len(months)) / 12) * np.where(np.arange(len(months)) < 60, 1, 1.6)
write("aid", "incidents_made_up.csv", "incidents", months, counts(20242, aid, 0.35, 0.2))
