"""How often do intervals of a ratio of deaths per event hold, with tails that have no variance?

    python benchmarks/severity.py --more 300 --minutes 30

Two sets of events, of 60 to 600 each, whose deaths reach k with chance k ** -(tail - 1), with tails
of 2.2, 2.4 and 3 on both sides, with tails of 2.2 against 2.6 (unlike shapes, which the method does
not claim to cover), and with counts of half of the events known within bounds only. `chance` is the
coverage of the chance of 30 deaths or more in the second set. The table goes to
benchmarks/results/severity.csv. Pairs of several runs add up (`add_up`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import zeta
from simulation import add_up, store

from trends.analysis.severity import compare_severity

TAILS = ((2.2, 2.2), (2.4, 2.4), (3.0, 3.0), (2.2, 2.6))
SIZES = ((60, 60), (600, 60), (60, 600), (300, 300))
LEAST = 30


def events(n: int, tail: float, bounds: bool, rng: np.random.Generator) -> pd.DataFrame:
    """Return events, half of them with bounds around what happened where asked."""
    deaths = np.floor(1 + rng.pareto(tail - 1, n))
    days = pd.date_range("2020-01-01", periods=n)
    wide = (rng.random(n) < 0.5) & bounds
    return pd.DataFrame(
        {
            "event_id": days.astype("str"),
            "start": days,
            "country": "Iraq",
            "fatalities_low": np.where(wide, np.floor(deaths * 0.7), deaths),
            "fatalities_best": deaths,
            "fatalities_high": np.where(wide, np.ceil(deaths * 1.4), deaths),
        }
    )


def one(
    *,
    tail_first: float,
    tail_second: float,
    n_first: int,
    n_second: int,
    bounds: bool,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return what holds of one pair."""
    first = events(n_first, tail_first, bounds, rng)
    second = events(n_second, tail_second, bounds, rng)
    found = compare_severity(first, second, at_least=LEAST, rng=rng)
    truth = zeta(tail_first - 1) / zeta(tail_second - 1)
    known = LEAST ** (1 - tail_second)
    return {
        "ratio": float(found.ratio_low <= truth <= found.ratio_high),
        "chance": float(found.chance_second_low <= known <= found.chance_second_high),
        "told_apart": float(found.verdict != "no_clear_difference"),
        "log_width": float(np.log(found.ratio_high / found.ratio_low)),
    }


def main() -> None:
    """Add pairs to every cell, print the table and store it."""
    known = [(tails, sizes, False) for tails in TAILS for sizes in SIZES]
    known += [(tails, (300, 300), True) for tails in TAILS[:3]]
    names = ("tail_first", "tail_second", "n_first", "n_second", "bounds")
    cells = [
        dict(zip(names, (*tails, *sizes, bounds), strict=True)) for tails, sizes, bounds in known
    ]
    table = add_up(one, cells, name="severity", seed=9500, at_once=5)
    table["width"] = np.exp(table["log_width"])
    columns = [*names, "n_series", "ratio", "error_ratio", "chance", "error_chance"]
    store(table[[*columns, "told_apart", "width"]], "severity")


if __name__ == "__main__":
    main()
