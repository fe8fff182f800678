"""How often do intervals of a ratio of deaths per event hold, with tails that have no variance?

    python benchmarks/severity.py --more 300 --minutes 30

Two sets of events, of 60 to 600 each, whose deaths reach k with chance k ** -(tail - 1), with tails
of 2.2, 2.4 and 3 on both sides, with tails of 2.2 against 2.6 (unlike shapes, which the method does
not claim to cover), and with counts of half of the events known within bounds only. `chance` is the
coverage of the chance of 30 deaths or more in the second set.

Where tails are unlike, one mean rests on events that have not happened yet. How far an interval
that holds would have to reach is told by one who knows that deaths follow such a power law and from
which size on, and has only both exponents to learn (profile likelihoods, combined as by Donner and
Zou 2012): `ratio_oracle` is the coverage of that interval, `open_oracle` the share of pairs in
which it has no upper end because an exponent without a mean is not ruled out, `width_oracle` the
geometric mean of its width elsewhere. The table goes to benchmarks/results/severity.csv. Pairs of
several runs add up (`add_up`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import zeta
from simulation import add_up, store

from trends.analysis.severity import compare_severity

TAILS = ((2.2, 2.2), (2.4, 2.4), (3.0, 3.0), (2.2, 2.6))
SIZES = ((60, 60), (600, 60), (60, 600), (300, 300))
LEAST = 30
#: Exponents less one that the one who knows the law weighs.
EXPONENTS = np.geomspace(0.3, 6, 1500)


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


def known_law(deaths: np.ndarray) -> tuple[float, float, float]:
    """Return the log mean of a power law from 1 on and its ends, by the profile likelihood."""
    sizes, n_events = np.unique(deaths, return_counts=True)
    falls = EXPONENTS[:, None]
    log_likelihood = np.log(sizes**-falls - (sizes + 1) ** -falls) @ n_events
    inside = log_likelihood >= log_likelihood.max() - stats.chi2.ppf(0.95, 1) / 2
    best, low, high = (
        EXPONENTS[at]
        for at in (log_likelihood.argmax(), inside.argmax(), -1 - inside[::-1].argmax())
    )
    middle, most, least = (np.log(zeta(each)) if each > 1 else np.inf for each in (best, low, high))
    return float(middle), float(least), float(most)


def known_ratio(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the interval of the log ratio of means of one who knows both laws but exponents."""
    (middle, low, high), (other, other_low, other_high) = known_law(first), known_law(second)
    if not np.isfinite(middle) or not np.isfinite(other):
        return -np.inf, np.inf
    ratio = middle - other
    return (
        ratio - float(np.hypot(middle - low, other_high - other)),
        ratio + float(np.hypot(high - middle, other - other_low)),
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
    low, high = known_ratio(
        *(each["fatalities_best"].to_numpy(dtype=float) for each in (first, second))
    )
    width = high - low
    return {
        "ratio_oracle": float(low <= np.log(truth) <= high),
        "open_oracle": float(not np.isfinite(width)),
        "log_width_oracle": width if np.isfinite(width) else np.nan,
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
    table["width_oracle"] = np.exp(table["log_width_oracle"])
    columns = [*names, "n_series", "ratio", "error_ratio", "chance", "error_chance"]
    columns += ["told_apart", "width", "ratio_oracle", "open_oracle", "width_oracle"]
    store(table[columns], "severity")


if __name__ == "__main__":
    main()
