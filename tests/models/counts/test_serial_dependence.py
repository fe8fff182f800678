"""The memory of residuals: sandwiches, quantiles and Newey-West against their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.models.counts.serial_dependence import (
    fixed_b_critical_value,
    grid_of,
    newey_west,
    upper_place,
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
def test_a_quarter_of_the_weight_lies_above_the_upper_place(pairs):
    values, weight = map(np.array, zip(*pairs, strict=True))
    weight = weight / weight.sum()
    found = values[upper_place(values, weight)]
    assert weight[values > found].sum() <= 0.25 + 1e-8
    assert weight[values >= found].sum() >= 0.25 - 1e-8


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
    expected = np.sqrt(variances[upper_place(np.array(variances), memory.probabilities)])
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
