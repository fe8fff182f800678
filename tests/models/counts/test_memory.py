"""Memory models: the closed forms against dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.models.counts.memory import (
    MemoryModels,
    memory_grid,
    precision_matrix,
    variance_inflation,
)

GAPS = st.lists(st.integers(1, 5), min_size=1, max_size=8).map(lambda gaps: np.array(gaps, float))
RHO = st.floats(0.05, 0.95)
WEIGHT = st.floats(0.05, 0.95)


def covariance(gaps, rho, weight):
    """The definition, with the true distances in time."""
    time = np.concatenate([[0.0], np.cumsum(gaps)])
    remembered = rho ** np.abs(time[:, None] - time[None, :])
    return weight * remembered + (1 - weight) * np.eye(time.size)


@given(GAPS, RHO, WEIGHT)
def test_the_precision_is_the_inverse_of_the_covariance(gaps, rho, weight):
    precision, log_determinant = precision_matrix(gaps, rho, weight)
    dense = covariance(gaps, rho, weight)
    assert precision @ dense == pytest.approx(np.eye(gaps.size + 1), abs=1e-8)
    assert log_determinant == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-8)


def test_no_memory_leaves_the_identity():
    precision, log_determinant = precision_matrix(np.ones(4), 0.0, 0.0)
    assert (precision == np.eye(5)).all()
    assert log_determinant == 0


@given(st.integers(1, 12), RHO, WEIGHT)
def test_the_inflation_is_the_mean_of_the_covariance_times_n(n, rho, weight):
    dense = covariance(np.ones(n - 1), rho, weight)
    inflation = variance_inflation(np.array([float(n)]), np.array([rho]), np.array([weight]))
    assert inflation[0] == pytest.approx(dense.sum() / n)


def test_the_longest_memory_is_the_same_in_months_and_in_weeks():
    assert memory_grid(30.4375).rho.max() == 0.8
    assert memory_grid(365.25).rho.max() == 0.8
    assert memory_grid(7.0).rho.max() == pytest.approx(0.8 ** (7 / 30.4375), abs=0.005)


def test_the_prior_sums_to_one_with_a_fifth_on_no_memory():
    grid = memory_grid(30.4375)
    assert np.exp(grid.log_prior).sum() == pytest.approx(1)
    assert np.exp(grid.log_prior[0]) == pytest.approx(0.2)
    assert grid.weight[0] == 0


def test_kept_models_are_those_made_anew():
    models = MemoryModels(np.array([1.0, 2.0, 1.0]), memory_grid(30.4375))
    first, second = list(models), list(models)
    assert len(first) == models.grid.rho.size
    for one, other in zip(first, second, strict=True):
        assert one[0] == other[0]
        assert (one[1] == other[1]).all()
