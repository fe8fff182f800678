"""Drawn series have the mean, scatter and memory asked for."""

import numpy as np
import pytest
from scipy import stats

from trends.models.counts.null_models import count_quantiles, draw_counts, draw_latent


def draw(mean, dispersion, *, n_rows=4, n_draws=20_000, rho=0.0, weight=0.0, seed=1):
    return draw_counts(
        np.full(n_rows, mean),
        np.full(n_rows, dispersion),
        np.ones(n_rows - 1),
        np.full(n_draws, rho),
        np.full(n_draws, weight),
        np.random.default_rng(seed),
    )


@pytest.mark.parametrize("mean", [0.3, 10.0, 800.0, 5e4, 1e9])
@pytest.mark.parametrize("dispersion", [1.0, 3.0])
def test_counts_have_the_mean_and_the_variance_asked_for(mean, dispersion):
    counts = draw(mean, dispersion)
    # 80,000 counts: five standard errors of the mean, and five per cent of the variance
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(dispersion * mean / 80_000))
    assert counts.var() / mean == pytest.approx(dispersion, rel=0.05)


def test_quantiles_are_those_of_scipy():
    latent = np.linspace(-3, 3, 41)
    level = stats.norm.cdf(latent)
    assert (count_quantiles(latent, 4.0, 1.0) == stats.poisson.ppf(level, 4.0)).all()
    # variance 3 times the mean: size mean / 2, success 1 / 3
    expected = stats.nbinom.ppf(level, 2.0, 1 / 3)
    assert (count_quantiles(latent, 4.0, 3.0) == expected).all()


@pytest.mark.parametrize(("mean", "dispersion"), [(139.0, 5000.0), (60.0, 900.0)])
def test_where_one_month_holds_nearly_everything_quantiles_are_those_of_scipy(mean, dispersion):
    latent = np.linspace(-4, 4, 321)
    level = stats.norm.cdf(latent)
    found = count_quantiles(latent, mean, dispersion)
    known = stats.nbinom.ppf(level, mean / (dispersion - 1), 1 / dispersion)
    # A gamma law rounded to counts: within one event or two in a hundred.
    assert (np.abs(found - known) <= np.maximum(1.0, 0.02 * known)).all()


def test_a_mean_of_zero_gives_no_events():
    assert (count_quantiles(np.array([-5.0, 0.0, 5.0]), 0.0, 3.0) == 0).all()


def test_latent_values_remember_across_gaps():
    latent = draw_latent(
        np.array([1.0, 3.0]), np.full(50_000, 0.8), np.full(50_000, 0.7), np.random.default_rng(3)
    )
    # correlation weight * rho ** gap; its standard error is below 0.005
    assert latent.var(axis=1) == pytest.approx(np.ones(3), abs=0.03)
    seen = np.corrcoef(latent)
    assert seen[0, 1] == pytest.approx(0.7 * 0.8, abs=0.02)
    assert seen[1, 2] == pytest.approx(0.7 * 0.8**3, abs=0.02)


def test_the_same_generator_draws_the_same_series():
    assert (draw(5.0, 2.0, seed=9) == draw(5.0, 2.0, seed=9)).all()
