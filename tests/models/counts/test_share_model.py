import numpy as np
import pytest
import statsmodels.api as sm

from trends.models.counts.memory import memory_grid
from trends.models.counts.share_model import fit_ratio

GRID = memory_grid(30.4375)
N = 60
DESIGN = np.column_stack([np.ones(N), np.linspace(-1, 1, N), (np.arange(N) >= 40).astype(float)])


def two_series(seed=1, shock=0.0):
    """Two counts that share a shock; the first doubles against the second at period 40."""
    rng = np.random.default_rng(seed)
    common = np.exp(shock * rng.normal(size=N))
    first = rng.poisson(20 * common * np.where(np.arange(N) >= 40, 2.0, 1.0)).astype(float)
    return first, rng.poisson(30 * common).astype(float)


def test_the_ratio_is_the_binomial_regression_of_another_implementation():
    first, second = two_series()
    exposure = np.linspace(0.1, 0.3, N)
    fit = fit_ratio(first, second, DESIGN, exposure, np.arange(N), GRID)
    other = sm.GLM(
        np.column_stack([first, second]), DESIGN, family=sm.families.Binomial(), offset=exposure
    ).fit()
    assert fit.params == pytest.approx(other.params, abs=1e-6)
    # Without memory the covariance is the one of quasi-likelihood, its scatter floored.
    scale = max(other.pearson_chi2 / other.df_resid, fit.memory.least_scale)
    assert fit.memory.covariances[0] == pytest.approx(scale * other.cov_params(), rel=1e-5)


def test_what_moves_both_series_alike_leaves_the_ratio_as_it_is():
    first, second = two_series(shock=1.0)
    fit = fit_ratio(first, second, DESIGN, np.zeros(N), np.arange(N), GRID)
    assert fit.params[2] == pytest.approx(np.log(2), abs=4 * fit.memory.std_error(2))
    assert fit.memory.std_error(2) < 0.25


def test_periods_without_any_event_say_nothing():
    first, second = two_series()
    kept = np.ones(N, dtype=bool)
    kept[[3, 50]] = False
    empty = np.where(kept, 1.0, 0.0)
    with_empty = fit_ratio(first * empty, second * empty, DESIGN, np.zeros(N), np.arange(N), GRID)
    without = fit_ratio(
        first[kept], second[kept], DESIGN[kept], np.zeros(N - 2), np.arange(N)[kept], GRID
    )
    assert with_empty.params == pytest.approx(without.params)
    assert with_empty.memory.std_error(2) == pytest.approx(without.memory.std_error(2))


def test_a_control_that_ends_at_the_date_has_no_finite_ratio():
    first, second = two_series()
    second[40:] = 0
    with pytest.raises(RuntimeError, match="`controls` must allow a finite ratio"):
        fit_ratio(first, second, DESIGN, np.zeros(N), np.arange(N), GRID)
