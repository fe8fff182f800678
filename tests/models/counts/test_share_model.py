import json

import numpy as np
import pytest
import statsmodels.api as sm

from trends.models.counts.memory import memory_grid
from trends.models.counts.share_model import (
    beta_binomial_variance,
    fit_ratio,
    fit_share,
    scatter_of,
    share_interval,
)

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


def test_a_share_with_scatter_is_that_of_another_implementation(reference):
    known = json.loads((reference / "shares.json").read_text())
    asked, total = (np.array(known[name], dtype=float) for name in ("asked", "total"))
    design = np.column_stack([np.ones(asked.size), known["t"]])
    fit = fit_share(asked, total, design, np.arange(asked.size), grid=GRID, days_per_period=30.4375)
    assert fit.scatter == pytest.approx(known["scatter"], abs=1e-5)
    assert fit.params == pytest.approx(known["coef"], abs=1e-5)
    # Without memory, and with the residual variance that the scatter brings to 1.
    alone = np.sqrt(np.diag(fit.fading.covariances[0]) / fit.fading.scales[0])
    assert alone == pytest.approx(known["std_errors"], rel=1e-4)
    assert fit.fading.scales[0] == pytest.approx(1.0, abs=1e-4)


def test_scatter_is_none_where_shares_vary_less_than_chance():
    assert scatter_of(np.full(5, 4.0), np.full(5, 8.0), np.full(5, 0.5), 4) == 0.0


def test_shares_of_one_kind_only_scatter_as_much_as_they_can():
    asked = np.array([9.0, 0.0, 9.0, 0.0])
    assert scatter_of(asked, np.full(4, 9.0), np.full(4, 0.5), 3) == 0.99


def test_the_error_of_a_share_of_all_events_is_that_of_the_sum_of_the_counts():
    rng = np.random.default_rng(2)
    total = rng.poisson(20, N).astype(float) + 1
    asked = rng.binomial(total.astype(int), rng.beta(3, 6, N)).astype(float)
    fit = fit_share(asked, total, DESIGN[:, :2], np.arange(N), grid=GRID, days_per_period=30.4375)
    value, error = fit.log_odds_of_all()
    share = asked.sum() / total.sum()
    assert value == pytest.approx(np.log(share / (1 - share)))
    least = np.sqrt(
        beta_binomial_variance(fit.fitted, total, fit.scatter).sum() * fit.fading.scales[0]
    ) / (total.sum() * share * (1 - share))
    assert least * 0.999 <= error < 2 * least


def test_a_kind_without_a_line_has_the_interval_of_a_binomial_share():
    share, low, high = share_interval(np.array([2.0, 1.0]), np.array([10.0, 10.0]), 0.0, 0.05)
    # R: qbeta(c(.025, .975), 3.5, 17.5), Jeffreys' interval of 3 in 20
    assert (share, low, high) == pytest.approx((0.15, 0.04413134, 0.34857771), abs=1e-8)
    # A scatter of 1/9 makes ten events of a period worth five.
    half = share_interval(np.array([2.0, 1.0]), np.array([10.0, 10.0]), 1 / 9, 0.05)
    same = share_interval(np.array([1.5]), np.array([10.0]), 0.0, 0.05)
    assert half == pytest.approx(same)


def test_a_kind_that_ends_has_no_line():
    asked = np.where(np.arange(N) < 30, 5.0, 0.0)
    total = np.where(np.arange(N) < 30, 5.0, 9.0)
    assert (
        fit_share(asked, total, DESIGN[:, :2], np.arange(N), grid=GRID, days_per_period=30.4375)
        is None
    )
