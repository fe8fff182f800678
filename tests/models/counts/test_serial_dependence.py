"""The memory of residuals: sandwiches, quantiles and Newey-West against their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp

from trends.models.counts.count_model import fit_counts
from trends.models.counts.memory import WanderingModels
from trends.models.counts.serial_dependence import (
    Widening,
    band_mean,
    beside_wandering,
    fixed_b_critical_value,
    grid_of,
    memory_of_fit,
    newey_west,
    newey_west_lags,
    squared_time,
    std_errors_of_many,
    wandering_log_odds,
    weigh_memories,
)


def steps(n_terms_of):
    return np.column_stack([np.ones(n_terms_of), np.arange(n_terms_of, dtype=float)])


def brute_force_correlation(times, rho, share):
    apart = np.abs(np.subtract.outer(times, times))
    return np.where(apart == 0, 1.0, share * rho**apart)


def test_residuals_that_remember_widen_the_covariance_and_noise_does_not():
    rng = np.random.default_rng(4)
    times = np.arange(200)
    design = steps(200) / 200
    noise = rng.normal(size=200)
    remembering = noise.copy()
    for period in range(1, 200):
        remembering[period] = 0.6 * remembering[period - 1] + 0.8 * noise[period]
    grid = grid_of(pd.period_range("2005-01", periods=200, freq="M"))
    flat = weigh_memories(design, noise, times, grid=grid)
    wide = weigh_memories(design, remembering, times, grid=grid)
    assert flat.probability < 0.5 < wide.probability
    assert flat.std_error(1) ** 2 < 1.3 * flat.covariances[0, 1, 1]
    assert wide.std_error(1) ** 2 > 2 * wide.covariances[0, 1, 1]


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.001, 1)), min_size=1, max_size=9),
)
def test_the_upper_quartile_is_the_mean_of_quantiles_from_60_to_90_percent(pairs):
    values, weight = map(np.array, zip(*pairs, strict=True))
    probabilities = weight / weight.sum()
    levels = np.linspace(0.6, 0.9, 20_001)
    order = np.argsort(values)
    reached = np.cumsum(probabilities[order])
    places = np.searchsorted(reached, levels).clip(max=values.size - 1)
    expected = values[order][places].mean()
    assert band_mean(values, probabilities) == pytest.approx(expected, abs=2e-3)


def test_a_little_probability_moves_the_upper_quartile_a_little():
    # No memory gives variance 1, memory about 1.6; where their probabilities cross .75, the one
    # quantile would jump.
    found = [
        band_mean(np.array([1.0, 1.6]), np.array([none, 1 - none]))
        for none in np.arange(0.5, 1.0, 0.01)
    ]
    assert np.abs(np.diff(found)).max() < 0.021
    assert (found[0], found[-1]) == (1.6, 1.0)


def weighed(seed):
    rng = np.random.default_rng(seed)
    times = np.arange(40)
    design = np.column_stack([np.ones(40), times / 40, rng.normal(size=40)])
    grid = grid_of(pd.period_range("2020-01", periods=40, freq="M"))
    noise = np.convolve(rng.normal(size=42), [1, 0.6, 0.3], mode="valid")
    return weigh_memories(design, noise, times, grid=grid), design, times


@pytest.mark.parametrize("seed", range(6))
def test_a_standard_error_is_the_quantile_of_the_sandwiches(seed):
    memory, design, times = weighed(seed)
    contrast = np.array([0.3, -1.0, 2.0])
    bread = np.linalg.inv(design.T @ design)
    variances = []
    for rho, share, scale in zip(memory.grid.rho, memory.grid.weight, memory.scales, strict=True):
        correlation = brute_force_correlation(times, rho, share)
        sandwich = scale * bread @ design.T @ correlation @ design @ bread
        variances.append(contrast @ sandwich @ contrast)
    expected = np.sqrt(band_mean(np.array(variances), memory.probabilities))
    assert memory.std_errors(contrast[None, :])[0] == pytest.approx(expected, rel=1e-9)
    matrix = memory.covariance
    assert np.sqrt(np.diag(matrix)) == pytest.approx(memory.std_errors(np.eye(3)), rel=1e-9)
    assert np.linalg.eigvalsh(matrix).min() > 0


@pytest.mark.parametrize("seed", range(6))
def test_the_joint_statistic_of_one_effect_is_its_squared_t_ratio(seed):
    memory, _, _ = weighed(seed)
    contrast = np.array([[0.0, 1.0, -0.5]])
    effect = np.array([0.7])
    ratio = effect[0] / memory.std_errors(contrast)[0]
    assert memory.wald(effect, contrast) == pytest.approx(ratio**2, rel=1e-9)


def test_a_longer_design_keeps_the_memories_and_narrows_the_error():
    memory, design, times = weighed(1)
    same = memory.of_design(design, times)
    assert same.std_error(1) == pytest.approx(memory.std_error(1), rel=1e-9)
    twice = memory.of_design(np.vstack([design, design]), np.arange(80))
    assert twice.std_error(1) < memory.std_error(1)
    assert twice.probabilities is memory.probabilities


def test_fixed_b_critical_values_start_at_the_normal_and_grow_with_the_bandwidth():
    assert fixed_b_critical_value(0.0, 0.05) == pytest.approx(1.96, abs=1e-3)
    assert fixed_b_critical_value(0.2, 0.05) > fixed_b_critical_value(0.1, 0.05) > 2.2


def test_a_missing_period_adds_no_pair_to_newey_west():
    rng = np.random.default_rng(1)
    design, residuals = rng.normal(size=(30, 2)), rng.normal(size=30)
    times = np.delete(np.arange(31), 11)
    scores = np.zeros((31, 2))
    scores[times] = design * residuals[:, None]
    meat = sum(
        max(0, 1 - abs(i - j) / 4) * np.outer(scores[i], scores[j])
        for i in range(31)
        for j in range(31)
    )
    bread = np.linalg.inv(design.T @ design)
    found = newey_west(design, residuals, times, n_lags=3)
    assert found == pytest.approx(bread @ meat @ bread)


def restricted_log_likelihood(design, residuals, position, rho, weight):
    """Return it by its definition: the density of contrasts free of the design, scale profiled."""
    correlation = brute_force_correlation(position, rho, weight)
    contrasts = np.linalg.svd(design.T)[2][design.shape[1] :]
    left = contrasts @ residuals
    within = contrasts @ correlation @ contrasts.T
    n_free = left.size
    squares = left @ np.linalg.solve(within, left)
    return -0.5 * (np.linalg.slogdet(within)[1] + n_free * np.log(squares)), squares / n_free


@pytest.mark.parametrize("seed", range(3))
def test_memories_are_weighed_by_the_likelihood_of_contrasts_free_of_the_design(seed):
    rng = np.random.default_rng(seed)
    position = np.delete(np.arange(24), [5, 6, 17])
    design = np.column_stack([np.ones(21), rng.normal(size=(21, 2))])
    residuals = rng.normal(size=21)
    grid = grid_of(pd.period_range("2020-01", periods=24, freq="M"))
    memory = weigh_memories(design, residuals, position, grid=grid)
    each = [
        restricted_log_likelihood(design, residuals, position, rho, weight)
        for rho, weight in zip(grid.rho, grid.weight, strict=True)
    ]
    expected = np.exp([log_likelihood for log_likelihood, _ in each] + grid.log_prior)
    assert memory.probabilities == pytest.approx(expected / expected.sum(), rel=1e-6)
    assert memory.scales == pytest.approx([scale for _, scale in each])
    assert memory.n_free == 18
    floored = weigh_memories(design, residuals, position, grid=grid, least_scale=50.0)
    assert (floored.scales == 50).all()


def test_the_grid_of_a_trend_holds_none_and_the_strong_memories():
    grid = grid_of(pd.period_range("2020-01", periods=24, freq="M"))
    assert (grid.rho[0], grid.weight[0]) == (0, 0)
    assert np.exp(grid.log_prior) == pytest.approx([0.6, *[0.4 / 12] * 12])
    assert sorted(set(grid.rho[1:])) == [0.35, 0.5, 0.65, 0.8]
    assert sorted(set(grid.weight[1:])) == [0.5, 0.7, 0.9]
    weeks = grid_of(pd.period_range("2020-01-06", periods=60, freq="W-SUN"))
    assert weeks.rho.max() == 0.95


def test_the_residual_variance_is_not_let_below_what_a_hundredth_of_poisson_series_show():
    counts = np.full(20, 9.0)
    design = steps(20)
    fit = fit_counts(counts, design, np.ones(20))
    grid = grid_of(pd.period_range("2020-01", periods=20, freq="M"))
    memory = memory_of_fit(fit, design, counts, np.arange(20), grid)
    assert memory.scales == pytest.approx(np.full(grid.rho.size, stats.chi2.ppf(0.01, 18) / 18))


def test_newey_west_takes_the_lags_of_lazarus_and_the_points_of_kiefer():
    assert [newey_west_lags(n_observed) for n_observed in (36, 100, 156)] == [7, 13, 16]
    # The cubic of Kiefer and Vogelsang (2005), table 1, Bartlett kernel, 95%, at b = 1/2.
    assert fixed_b_critical_value(0.5, 0.05) == pytest.approx(
        1.96 + 2.9694 / 2 + 0.416 / 4 - 0.5324 / 8
    )
    assert fixed_b_critical_value(0.0, 0.1) == pytest.approx(1.645, abs=1e-3)


def test_the_odds_of_wandering_are_those_of_the_restricted_likelihoods(dense_models):
    _, design, position = weighed(2)
    rng = np.random.default_rng(5)
    residuals = np.cumsum(rng.normal(0, 0.6, 40)) + rng.normal(size=40)
    grid = grid_of(pd.period_range("2020-01", periods=40, freq="M"))
    memory = weigh_memories(design, residuals, position, grid=grid)
    bend = (position - position.mean()) ** 2.0
    least = 0.6
    found = beside_wandering(
        memory,
        design,
        residuals,
        position,
        bend=bend,
        days_per_period=30.4375,
        least_variance=least,
    )
    models = WanderingModels(np.ones(39), 30.4375)

    def density(correlation, taken_out, noise):
        contrasts = np.linalg.svd(taken_out.T)[2][taken_out.shape[1] :]
        left, within = contrasts @ residuals, contrasts @ correlation @ contrasts.T
        squares = left @ np.linalg.solve(within, left)
        # the part of the residuals that is not remembered varies by no less than Poisson counts
        scale = max(squares / 37, least / noise)
        return -0.5 * (np.linalg.slogdet(within)[1] + 37 * np.log(scale) + squares / scale)

    bent = np.column_stack([design, bend])
    fading = [
        log_prior
        + np.log(0.5)
        + density(brute_force_correlation(position, rho, weight), design, 1 - weight)
        for rho, weight, log_prior in zip(*grid, strict=True)
    ]
    fading += [
        log_prior
        + np.log(0.5)
        - 0.5 * np.log(40)
        + density(brute_force_correlation(position, rho, weight), bent, 1 - weight)
        for rho, weight, log_prior in zip(*grid, strict=True)
    ]
    wandering = [
        log_prior + density(np.linalg.inv(precision), design, 1 - weight if rho < 1 else 1.0)
        for (log_prior, precision, _), rho, weight in zip(
            dense_models(models), models.grid.rho, models.grid.weight, strict=True
        )
    ]
    assert found.log_odds == pytest.approx(logsumexp(wandering) - logsumexp(fading))
    alone = wandering_log_odds(
        memory, design, residuals, position, days_per_period=30.4375, least_variance=least
    )
    lines = np.array(fading[: grid.rho.size]) - np.log(0.5)
    assert alone == pytest.approx(logsumexp(wandering) - logsumexp(lines))
    # of those that wander the slow autoregressions widen an interval, with a tenth of the weight
    slow = [one for one, rho in zip(wandering, models.grid.rho, strict=True) if rho < 1]
    odds = 1 / 9 * np.exp(logsumexp(slow) - np.log(0.5) - logsumexp(fading))
    assert found.memory.probabilities.sum() == pytest.approx(1)
    assert np.exp(found.memory.grid.log_prior).sum() == pytest.approx(1)
    beyond = found.memory.probabilities[grid.rho.size :].sum()
    assert beyond == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize("wide", [False, True])
def test_the_errors_of_many_fits_are_those_of_each(wide):
    rng = np.random.default_rng(8)
    position = np.delete(np.arange(44), [7, 8, 20, 33])
    design = steps(44)[position] / 44
    bend = squared_time(design[:, 1:])
    grid = grid_of(pd.period_range("2020-01", periods=44, freq="M"))
    walk = np.exp(0.2 * np.cumsum(rng.normal(size=40)))
    drawn = [rng.negative_binomial(4 * walk, 1 / 3).astype(float) for _ in range(5)]
    fits = [fit_counts(counts, design, np.ones(40)) for counts in drawn]
    widening = Widening(
        np.column_stack([fit.working_design(bend)[:, 0] for fit in fits]),
        np.array([np.mean(fit.expected / fit.variance) for fit in fits]),
        30.4375,
    )
    found = std_errors_of_many(
        np.stack([fit.working_design(design) for fit in fits], axis=1),
        np.stack([fit.residuals(one) for fit, one in zip(fits, drawn, strict=True)], axis=1),
        position,
        grid,
        term=1,
        widening=widening if wide else None,
    )
    for number, (fit, counts) in enumerate(zip(fits, drawn, strict=True)):
        memory = memory_of_fit(fit, design, counts, position, grid)
        if wide:
            memory = beside_wandering(
                memory,
                fit.working_design(design),
                fit.residuals(counts),
                position,
                bend=widening.bends[:, number],
                days_per_period=30.4375,
                least_variance=widening.least_variances[number],
            ).memory
        assert found[number] == pytest.approx(memory.std_error(1))
