"""The scatter that two totals borrow: what is stored, its formula by hand, where it ends."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from trends.models.published.borrowed_scatter import (
    borrowed_inflation,
    n_donors,
    scatter_table,
)

TOP = Path(__file__).resolve().parents[3]
STORED = TOP / "trends/packs/conflict/borrowed_scatter.toml"


@pytest.mark.slow
def test_what_is_stored_is_what_the_bundled_series_give(tmp_path):
    before = STORED.read_text(encoding="utf-8")
    made = subprocess.run(
        [sys.executable, TOP / "benchmarks/borrowed_scatter.py", tmp_path / "made.toml"],
        cwd=TOP,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert made.stderr == ""
    assert (tmp_path / "made.toml").read_text(encoding="utf-8") == before


def donors(unit, months):
    """Return log rate and log excess of every donor of a unit."""
    table = scatter_table()
    place = table["months"].index(months)
    return np.array([
        (math.log(donor["rate"]), math.log(donor["inflation"][place] - 1))
        for donor in table["donor"]
        if donor["unit"] == unit
    ])  # fmt: skip


def further_inflations(rate, months, n_draws, rng):
    """Draw what the inflation of a further counter of events may be, by Bayes' rule."""
    log_rate, log_excess = donors("events", months).T
    n = len(log_rate)
    powers = rng.uniform(size=n_draws)
    # A flat level and a flat log spread are integrated out: t, and a weight by the squares.
    left = log_excess - powers[:, None] * log_rate
    squares = left.var(axis=1) * n
    t = stats.t.rvs(n - 1, size=n_draws, random_state=rng)
    away = t * np.sqrt(squares / (n - 1) * (1 + 1 / n))
    drawn = 1 + np.exp(left.mean(axis=1) + powers * math.log(rate) + away)
    weight = squares ** (-(n - 1) / 2)
    return rng.choice(drawn, n_draws, p=weight / weight.sum())


@pytest.mark.parametrize("rate", [2.0, 10.0, 60.0])
def test_the_upper_quartile_of_what_the_donors_leave_open_counts(rate):
    drawn = further_inflations(rate, 12, 400_000, np.random.default_rng(1))
    low, high = np.quantile(drawn, [0.6, 0.9])
    band = drawn[(drawn >= low) & (drawn <= high)].mean()
    assert borrowed_inflation("events", 12.0, rate) == pytest.approx(band, rel=0.015)


@pytest.mark.parametrize(("rate", "months"), [(1.0, 12), (3.0, 1), (17.0, 12), (120.0, 60)])
def test_of_equal_totals_of_further_counters_a_twentieth_looks_different(rate, months):
    drawn = further_inflations(rate, months, 100_000, np.random.default_rng(2))
    used = borrowed_inflation("events", float(months), rate)
    false = 2 * stats.norm.sf(1.96 * np.sqrt(used / drawn))
    assert false.mean() == pytest.approx(0.05, abs=0.007)


def test_the_spread_of_few_donors_is_that_of_all_units_around_their_own_means():
    people, events = donors("people", 1), donors("events", 1)
    assert (len(people), len(events)) == (2, 4) == (n_donors("people"), n_donors("events"))
    squares = [
        sum(
            ((each[:, 1] - power * each[:, 0]).var() * len(each) for each in (people, events)),
            0.0,
        )
        for power in (np.arange(1000) + 0.5) / 1000
    ]
    weight = np.array(squares) ** (-4 / 2)
    weight /= weight.sum()
    # At the donors' own mean rate the power does not matter but for the spread.
    levels = (np.arange(2000) + 0.5) / 2000
    away = np.sqrt(np.array(squares) / 4 * 1.5)[:, None] * stats.t.ppf(levels, 4)
    drawn = 1 + np.exp(people[:, 1].mean() + away)
    order = np.argsort(drawn, axis=None)
    reached = np.cumsum(np.repeat(weight / 2000, 2000)[order])
    low, high = np.searchsorted(reached, [0.6, 0.9])
    mean_rate = math.exp(people[:, 0].mean())
    assert borrowed_inflation("people", 1.0, mean_rate) == pytest.approx(
        np.average(drawn.ravel()[order][low:high], weights=np.diff(reached)[low - 1 : high - 1]),
        rel=0.01,
    )


def test_longer_totals_and_higher_rates_scatter_more_and_none_less_than_poisson():
    assert borrowed_inflation("events", 12.0, 0.0) == 1
    rates = [borrowed_inflation("events", 12.0, rate) for rate in (0.01, 1, 10, 30, 100, 1000)]
    assert rates == sorted(rates)
    # No faster than the rate, as with negative binomial counts, and no slower than not at all.
    assert rates[-1] - 1 < 10 * (rates[-2] - 1)
    months = [borrowed_inflation("events", length, 10.0) for length in (0.1, 0.5, 1, 6, 12, 60)]
    assert months == sorted(months)
    assert borrowed_inflation("events", 60.0, 10.0) == borrowed_inflation("events", 600.0, 10.0)
    # Within a month the excess is that of the events expected in the part.
    assert borrowed_inflation("events", 0.5, 10.0) - 1 == pytest.approx(
        (borrowed_inflation("events", 1.0, 10.0) - 1) / 2
    )


def test_people_scatter_more_than_events_and_what_is_unknown_scatters_like_events():
    assert borrowed_inflation("people", 12.0, 10.0) > borrowed_inflation("events", 12.0, 10.0)
    assert borrowed_inflation("groups", 12.0, 10.0) == borrowed_inflation("events", 12.0, 10.0)
    assert n_donors("groups") == n_donors("events")
