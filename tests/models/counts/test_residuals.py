"""Diagnostics: definitions by brute force, and what a right and a wrong model leave behind."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trends.models.counts.count_model import deviance_residuals
from trends.models.counts.residuals import _at_least, diagnose

PERIODS = pd.period_range("2000-01", periods=400, freq="M")


def test_a_right_model_leaves_standard_normal_residuals_and_a_flat_pit():
    rng = np.random.default_rng(1)
    expected = np.exp(rng.normal(1, 0.6, 400))
    found = diagnose(
        rng.poisson(expected).astype(float),
        expected,
        nb_dispersion=0.0,
        n_terms=1,
        periods=PERIODS,
    )
    residuals = found.residuals["quantile_residual"]
    assert stats.kstest(residuals, "norm").pvalue > 0.01
    assert found.pit.mean() == pytest.approx(1)
    assert np.abs(found.pit - 1).max() < 0.4
    assert found.dispersion_p_value > 0.01
    assert found.ljung_box_p_value > 0.01


def test_too_little_scatter_in_the_model_gives_a_hollow_pit():
    rng = np.random.default_rng(2)
    expected = np.full(400, 10.0)
    counts = rng.negative_binomial(2, 2 / 12, 400).astype(float)
    plain = diagnose(counts, expected, nb_dispersion=0.0, n_terms=1, periods=PERIODS)
    right = diagnose(counts, expected, nb_dispersion=0.5, n_terms=1, periods=PERIODS)
    assert plain.pit[[0, -1]].min() > 1.5 > 1.35 > right.pit[[0, -1]].max()
    assert plain.dispersion_p_value < 1e-6
    assert plain.zeros_p_value < 0.01 < right.zeros_p_value


def test_residuals_that_follow_one_another_are_seen():
    rng = np.random.default_rng(3)
    log_rate = np.zeros(400)
    for month in range(1, 400):
        log_rate[month] = 0.7 * log_rate[month - 1] + rng.normal(0, 0.4)
    counts = rng.poisson(20 * np.exp(log_rate)).astype(float)
    found = diagnose(counts, np.full(400, 20.0), nb_dispersion=0.3, n_terms=1, periods=PERIODS)
    assert found.autocorrelation[0] > 0.4 > found.autocorrelation_band
    assert found.ljung_box_p_value < 1e-6


def test_the_chance_of_zeros_is_that_of_all_outcomes():
    chances = np.array([0.1, 0.5, 0.3, 0.8, 0.25])
    for n_zeros in range(6):
        total = sum(
            np.prod(np.where(outcome, chances, 1 - chances))
            for outcome in product([0, 1], repeat=5)
            if sum(outcome) >= n_zeros
        )
        assert _at_least(n_zeros, chances) == pytest.approx(total)


@pytest.mark.parametrize("nb_dispersion", [0.0, 0.4])
def test_squared_deviance_residuals_are_twice_the_lost_log_likelihood(nb_dispersion):
    counts, expected = np.array([0.0, 3.0, 9.0]), np.array([2.0, 3.0, 4.0])
    if nb_dispersion:
        size = 1 / nb_dispersion

        def log_likelihood(mean):
            return stats.nbinom.logpmf(counts, size, size / (size + mean))
    else:

        def log_likelihood(mean):
            return stats.poisson.logpmf(counts, mean)

    lost = log_likelihood(np.maximum(counts, 1e-12)) - log_likelihood(expected)
    found = deviance_residuals(counts, expected, nb_dispersion)
    assert found**2 == pytest.approx(2 * lost, abs=1e-9)
    assert (np.sign(found) == np.sign(counts - expected)).all()
