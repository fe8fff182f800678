import numpy as np
import pandas as pd
import pytest
from scipy.special import zeta

from trends.models.counts.heavy_tail import (
    chance_of_reaching,
    exponent_of,
    fit_tail,
    half_width,
    imputed,
    ratio_of_means,
)


@pytest.fixture(scope="module")
def attacks(reference):
    table = pd.read_csv(reference / "inputs" / "terrorism.csv")
    return np.repeat(table["deaths"], table["events"]).to_numpy(dtype=float)


def test_the_severity_of_attacks_has_the_published_tail(attacks):
    """Clauset, Shalizi and Newman 2009, table 6.1: exponent 2.4(2), from 12(4), 547 attacks."""
    tail = fit_tail(attacks)
    assert attacks.size == 9101
    assert attacks.max() == 2749
    assert tail.threshold == 12
    assert tail.n_events == 547
    assert tail.exponent == pytest.approx(2.4, abs=0.05)


def test_the_exponent_maximises_the_likelihood(attacks):
    above = attacks[attacks >= 12]
    found = exponent_of(above, 12)

    def log_likelihood(exponent):
        return -exponent * np.log(above).sum() - above.size * np.log(zeta(exponent, 12))

    grid = np.linspace(1.5, 4, 2501)
    assert found == pytest.approx(grid[np.argmax([log_likelihood(one) for one in grid])], abs=1e-3)


def test_the_threshold_is_the_one_with_the_least_distance(attacks):
    """By brute force over all thresholds and all values above each."""
    best = None
    for threshold in np.unique(attacks):
        above = attacks[attacks >= threshold]
        if above.size < 10 or np.unique(above).size < 5:
            continue
        exponent = exponent_of(above, threshold)
        sizes = np.unique(above)
        gaps = [
            abs(np.mean(above >= one) - zeta(exponent, one) / zeta(exponent, threshold))
            for one in sizes
        ]
        if best is None or max(gaps) < best[0]:
            best = (max(gaps), threshold)
    tail = fit_tail(attacks)
    assert (tail.distance, tail.threshold) == pytest.approx(best)


def test_few_or_equal_values_have_no_tail():
    assert fit_tail(np.arange(1.0, 10.0)) is None
    assert fit_tail(np.full(50, 3.0)) is None
    assert fit_tail(np.zeros(50)) is None
    assert fit_tail(np.tile([1.0, 2.0, 3.0, 4.0], 20)) is None
    assert fit_tail(np.arange(1.0, 11.0) ** 2) is not None


def test_what_no_power_law_comes_near_has_no_tail():
    assert fit_tail(np.repeat(np.arange(90.0, 100.0), 40)) is None


def test_the_chance_is_the_share_where_ten_reach_it_and_the_power_law_beyond(attacks):
    tail = fit_tail(attacks)
    assert chance_of_reaching(attacks, 5, tail) == np.mean(attacks >= 5)
    tenth = np.sort(attacks)[-10]
    assert chance_of_reaching(attacks, tenth, tail) == np.mean(attacks >= tenth)
    above = 547 / 9101 * tail.reach(tenth + 1)
    assert chance_of_reaching(attacks, tenth + 1, tail) == pytest.approx(above)
    beyond = chance_of_reaching(attacks, 3000, tail)
    assert beyond == pytest.approx(547 / 9101 * tail.reach(3000))
    assert 0 < beyond < 1 / 1000
    assert chance_of_reaching(attacks, 3000, None) == 0


def test_drawn_figures_stay_between_their_bounds_and_known_ones_are_kept():
    rng = np.random.default_rng(1)
    figures = np.array([[2.0, 3.0, 9.0], [4.0, 4.0, 4.0], [0.0, 0.0, 1.0]])
    drawn = np.array([imputed(figures, rng) for _ in range(400)])
    assert (drawn >= figures[:, 0]).all()
    assert (drawn <= figures[:, 2]).all()
    assert (drawn[:, 1] == 4).all()
    # A triangle's mean is that of its corners: (2 + 3 + 9) / 3, +-3 Monte-Carlo errors.
    assert drawn[:, 0].mean() == pytest.approx(14 / 3, abs=0.25)


def known(values):
    return np.repeat(np.asarray(values, dtype=float)[:, None], 3, axis=1)


def test_the_ratio_is_that_of_the_means_and_turns_over():
    rng = np.random.default_rng(3)
    first, second = 1 + rng.poisson(4, 80), 1 + rng.poisson(2, 60)
    one = ratio_of_means((known(first), known(second)), 300, np.random.default_rng(1))
    other = ratio_of_means((known(second), known(first)), 300, np.random.default_rng(1))
    assert one.log_ratio == pytest.approx(np.log(first.mean() / second.mean()))
    assert one.log_ratio == pytest.approx(-other.log_ratio)
    assert one.std_error == pytest.approx(other.std_error)
    expected = np.hypot(
        first.std(ddof=1) / first.mean() / np.sqrt(80),
        second.std(ddof=1) / second.mean() / np.sqrt(60),
    )
    assert one.std_error == pytest.approx(expected)


def test_well_behaved_events_have_about_the_normal_interval():
    rng = np.random.default_rng(4)
    sides = (known(50 + rng.poisson(50, 400)), known(50 + rng.poisson(50, 400)))
    found = ratio_of_means(sides, 2000, np.random.default_rng(1))
    half = half_width(found.statistics[:, 0], found.std_error, 0.05)
    # 2000 draws: a Monte-Carlo error of about .04 of the quantile 1.96.
    assert half / found.std_error == pytest.approx(1.96, abs=0.15)
