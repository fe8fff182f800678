"""How often do intervals of a share hold, and how often is a change seen where there is none?

    python benchmarks/shares.py --more 300 --minutes 30

Tables of two kinds over 36 and 60 months at totals of 5, 15 and 50 events a month (Poisson). The
share of the kind goes along a logistic line, steady or with odds times 1.3 a year, from a level of
.3 or .1. Around it the counts are binomial, scatter (Dirichlet-multinomial, correlation .1 of two
events of a month), scatter and remember (the same by a normal copula with a monthly correlation of
.5 or .8), or follow what no model here assumes: shares moved up and down on the logistic scale by a
normal AR(.5) of standard deviation .4, and bursts in which one month in ten is all of one kind.
True shares of a month are averages over the noise. The table goes to benchmarks/results/shares.csv.
Tables of several runs add up (`add_up`); of each, every second is steady.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats
from simulation import add_up, store

from trends.analysis.shares import estimate_share

KINDS = ("binomial", "dirichlet", "copula0.5", "copula0.8", "logit_ar0.5", "bursts")
TOTALS = (5, 15, 50)
SCATTER, WOBBLE, BURST = 0.1, 0.4, 0.1


def memory(n_months: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Return standard normal scores with a monthly correlation."""
    scores = np.empty(n_months)
    scores[0] = rng.normal()
    for month in range(1, n_months):
        scores[month] = rho * scores[month - 1] + np.sqrt(1 - rho**2) * rng.normal()
    return scores


def around(kind: str, log_odds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the share of every month as the noise has it."""
    line = special.expit(log_odds)
    if kind == "binomial":
        return line
    if kind == "bursts":
        return np.where(rng.random(line.size) < BURST, rng.random(line.size) < line, line)
    if kind.startswith("logit_ar"):
        return special.expit(log_odds + WOBBLE * memory(line.size, float(kind[8:]), rng))
    size = 1 / SCATTER - 1
    rho = float(kind[6:]) if kind.startswith("copula") else 0.0
    chance = stats.norm.cdf(memory(line.size, rho, rng))
    return np.asarray(stats.beta.ppf(chance, line * size, (1 - line) * size))


def truth(kind: str, log_odds: np.ndarray) -> np.ndarray:
    """Return the average share of every month."""
    if not kind.startswith("logit_ar"):
        return special.expit(log_odds)
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    shares = special.expit(log_odds[:, None] + WOBBLE * nodes)
    return np.asarray(shares @ weights / weights.sum())


def one(
    *, kind: str, n_months: int, total: int, level: float, rng: np.random.Generator
) -> dict[str, float] | None:
    """Return which intervals of one table hold the truth."""
    months = pd.period_range("2010-01", periods=n_months, freq="M")
    years = (np.arange(n_months) - (n_months - 1) / 2) / 12
    slope = np.log(1.3) * rng.integers(2)
    log_odds = special.logit(level) + slope * years
    known = truth(kind, log_odds)
    totals = rng.poisson(total, n_months)
    asked = rng.binomial(totals, around(kind, log_odds, rng))
    table = pd.concat(
        pd.DataFrame(
            {
                "kind": name,
                "period": months,
                "count": pd.array(count, dtype="Int64"),
                "exposure": months.days_in_month.astype(float),
            }
        )
        for name, count in (("asked", asked), ("rest", totals - asked))
    )
    try:
        found = estimate_share(table, of="asked", by="kind", season="none")
    except ValueError:
        return None
    factor = np.exp((special.logit(known[-1]) - special.logit(known[0])) / (years[-1] - years[0]))
    whole = float((totals * known).sum() / totals.sum())
    held = {
        "odds_ratio": found.odds_ratio_low <= factor <= found.odds_ratio_high,
        "share_start": found.share_start_low <= known[0] <= found.share_start_high,
        "share_end": found.share_end_low <= known[-1] <= found.share_end_high,
        "share": found.share_low <= whole <= found.share_high,
        "false_change": np.nan if slope else found.verdict in ("rose", "fell"),
    }
    return {name: float(value) for name, value in held.items()}


def main() -> None:
    """Add tables to every cell, print the table and store it."""
    names = ("kind", "n_months", "total", "level")
    cells = [
        dict(zip(names, (kind, n_months, total, level), strict=True))
        for kind in KINDS
        for n_months in (36, 60)
        for total in TOTALS
        for level in (0.3, 0.1)
        if (n_months, level) != (60, 0.1)
    ]
    table = add_up(one, cells, name="shares", seed=9000)
    columns = [*names, "n_series", "n_refused", "odds_ratio", "error_odds_ratio", "share_start"]
    store(table[[*columns, "share_end", "share", "error_share", "false_change"]], "shares")


if __name__ == "__main__":
    main()
