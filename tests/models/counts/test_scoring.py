import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from trends.models.counts.scoring import (
    LEAST_LOG_SCORE,
    compare_scores,
    crps,
    crps_nb,
    crps_poisson,
    log_score,
    nb_mass,
    pit_ends,
    quantiles,
)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        # R, scoringRules 1.1: crps_nbinom(2, 7, .8), crps_nbinom(1.5, 2, .5), crps_pois(1, 3) and
        # crps_pois(1.5, 2.3)
        (crps_nb(7, 0.8, 2), 0.3834322),
        (crps_nb(2, 0.5, 1.5), 0.462963),
        (crps_poisson(3, 1), 1.143447),
        (crps_poisson(2.3, 1.5), 0.5001159),
    ],
)
def test_scores_of_known_distributions_are_those_of_scoringrules(score, expected):
    assert score == pytest.approx(expected, rel=2e-6)


masses = st.lists(st.floats(0.01, 1), min_size=1, max_size=12).map(
    lambda values: np.array(values) / sum(values)
)


@settings(max_examples=60, deadline=None)
@given(mass=masses, count=st.floats(0, 20), log_scale=st.booleans())
def test_the_score_is_the_integral_of_the_squared_distance(mass, count, log_scale):
    below = np.cumsum(mass)

    def distance(at):
        reached = below[min(int(at), mass.size - 1)]
        return (reached - (at >= count)) ** 2 / ((1 + at) if log_scale else 1)

    edges = sorted({*np.arange(0, mass.size + 21, dtype=float), count})
    by_hand = sum(
        integrate.quad(distance, low, high, epsabs=1e-12)[0]
        for low, high in itertools.pairwise(edges)
    )
    assert crps(mass, count, log_scale=log_scale) == pytest.approx(by_hand, abs=1e-7)


def test_a_distribution_scores_best_where_it_is_right():
    truth = stats.poisson.pmf(np.arange(60), 8)
    wrong = stats.poisson.pmf(np.arange(60), 11)
    expected = [
        sum(chance * crps(mass, count) for count, chance in enumerate(truth))
        for mass in (truth, wrong)
    ]
    assert expected[0] < expected[1]


def test_what_was_held_impossible_costs_much_but_not_all():
    assert log_score(np.array([0.5, 0.5]), 1) == pytest.approx(np.log(0.5))
    assert log_score(np.array([1.0, 0.0]), 1) == LEAST_LOG_SCORE
    assert log_score(np.array([1.0]), 7) == LEAST_LOG_SCORE


@settings(max_examples=40, deadline=None)
@given(mass=masses, count=st.integers(0, 15))
def test_the_two_ends_of_the_transform_are_the_distribution_function(mass, count):
    low, high = pit_ends(mass, count)
    assert low == pytest.approx(mass[:count].sum())
    assert high == pytest.approx(mass[: count + 1].sum())


@settings(max_examples=40, deadline=None)
@given(mass=masses, level=st.floats(0.01, 0.99))
def test_a_quantile_is_the_least_count_that_reaches_its_level(mass, level):
    found = int(quantiles(mass, np.array([level]))[0])
    below = np.cumsum(mass)
    assert below[found] >= level - 1e-9
    assert found == 0 or below[found - 1] < level + 1e-9


def test_scores_are_compared_with_the_small_sample_correction():
    rng = np.random.default_rng(1)
    differences = np.convolve(rng.normal(0.2, 1, 42), np.ones(3) / 3, "valid")
    n, mean = 40, differences.mean()
    # By hand: sum of autocovariances up to the horizon less one, then the correction.
    covariances = [
        np.sum((differences[lag:] - mean) * (differences[: n - lag] - mean)) / n for lag in range(3)
    ]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / n
    statistic = mean / np.sqrt(variance)
    statistic *= np.sqrt((n + 1 - 2 * 3 + 3 * 2 / n) / n)
    found = compare_scores(differences, horizon=3)
    assert found.difference == pytest.approx(mean)
    assert found.difference / found.std_error == pytest.approx(statistic)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(statistic), n - 1))


def test_where_autocovariances_add_up_to_less_than_nothing_they_have_weights_of_bartlett():
    differences = 0.3 + np.tile([1.0, -1.0], 10) + np.linspace(0, 0.4, 20)
    n, mean = 20, differences.mean()
    centred = differences - mean
    covariance = [np.sum(centred[lag:] * centred[: n - lag]) for lag in range(2)]
    assert covariance[0] + 2 * covariance[1] < 0
    variance = (covariance[0] + 2 * 0.5 * covariance[1]) / n**2
    variance /= (n + 1 - 2 * 2 + 2 * 1 / n) / n
    found = compare_scores(differences, horizon=2)
    assert found.std_error == pytest.approx(np.sqrt(variance))
    assert found.p_value == pytest.approx(2 * stats.t.sf(mean / np.sqrt(variance), n - 1))


def test_where_scores_are_alike_or_few_no_test_is_made():
    for differences, horizon in ((np.zeros(30), 1), (np.arange(5.0), 3), (np.array([1.0, 2.0]), 1)):
        assert np.isnan(compare_scores(differences, horizon=horizon).p_value)


@pytest.mark.parametrize(("mean", "variance"), [(4.0, 12.0), (0.3, 0.5), (7.0, 7.0), (5.0, 1.0)])
def test_negative_binomial_probabilities_have_their_mean_and_variance(mean, variance):
    mass = nb_mass(np.array([mean]), np.array([variance]), 400)[0]
    count = np.arange(400)
    assert mass.sum() == pytest.approx(1)
    assert mass @ count == pytest.approx(mean)
    # Counts that would scatter less than chance are Poisson.
    assert mass @ count**2 - mean**2 == pytest.approx(max(variance, mean), rel=1e-4)
