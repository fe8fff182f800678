"""Memory models: the closed forms against dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.models.counts.memory import (
    MemoryGrid,
    MemoryModels,
    WanderingModels,
    correlation_matrix,
    memory_grid,
    memory_products,
    memory_squares,
    precision_matrix,
    recollections,
    variance_inflation,
    walk_products,
    wandering_products,
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


@given(GAPS, RHO, WEIGHT)
def test_the_correlation_has_the_true_distances(gaps, rho, weight):
    assert correlation_matrix(gaps, rho, weight) == pytest.approx(covariance(gaps, rho, weight))


@given(GAPS, st.integers(0, 2**32 - 1))
def test_products_are_those_of_the_dense_matrix_within_each_draw(gaps, seed):
    columns = np.random.default_rng(seed).normal(size=(gaps.size + 1, 2, 3))
    grid = MemoryGrid(np.array([0.0, 0.35, 0.8]), np.array([0.0, 0.7, 0.5]), np.zeros(3))
    log_determinant, within, across = memory_products(columns, gaps, grid)
    for model in range(3):
        dense = covariance(gaps, grid.rho[model], grid.weight[model])
        assert log_determinant[model] == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-9)
        for draw in range(2):
            rows = columns[:, draw]
            expected = rows.T @ np.linalg.solve(dense, rows)
            assert within[model, draw] == pytest.approx(expected, abs=1e-8)
            assert across[model, draw] == pytest.approx(rows.T @ dense @ rows, abs=1e-8)
    alone = memory_products(columns[:, 0], gaps, grid)
    assert alone[1] == pytest.approx(within[:, 0])
    squares = np.diagonal(within[:, 0], axis1=1, axis2=2)
    assert memory_squares(columns[:, 0], gaps, grid) == pytest.approx(squares)


@given(GAPS, RHO, WEIGHT)
def test_what_is_remembered_is_the_gaussian_conditional(gaps, rho, weight):
    grid = MemoryGrid(np.array([0.0, rho]), np.array([0.0, weight]), np.zeros(2))
    loadings, variance = recollections(gaps, grid)
    position = np.concatenate([[0], np.cumsum(gaps)])
    across = np.sqrt(weight) * rho ** (position[-1] - position)
    expected = np.linalg.solve(covariance(gaps, rho, weight), across)
    assert loadings[1] == pytest.approx(expected, abs=1e-9)
    assert variance[1] == pytest.approx(1 - across @ expected)
    assert (loadings[0] == 0).all()
    assert variance[0] == 1


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


@pytest.mark.parametrize("kind", [MemoryModels, WanderingModels])
@pytest.mark.parametrize("days", [30.4375, 7.0])
def test_inverses_are_those_of_the_dense_matrices(kind, days, dense_models):
    gaps = np.array([1.0, 2.0, 1.0, 600.0, 1.0])
    models = kind(gaps, days)
    inverses = models.precisions
    columns = np.random.default_rng(3).normal(size=(gaps.size + 1, 2))
    product = inverses.times(columns)
    for model, (log_prior, precision, log_determinant) in enumerate(dense_models(models)):
        assert inverses.log_prior[model] == log_prior
        assert inverses.log_determinant[model] == pytest.approx(log_determinant, abs=1e-12)
        assert product[model] == pytest.approx(precision @ columns)
        decay, diagonal = inverses.decay[:, model], inverses.diagonal[:, model]
        for row in range(gaps.size + 1):
            apart = [np.prod(decay[row:other]) * diagonal[other] for other in range(row, 6)]
            expected = inverses.fresh[model] * np.eye(6)[row, row:] - apart
            assert precision[row, row:] == pytest.approx(expected, abs=1e-12)


def test_series_observed_in_the_same_periods_share_their_inverses():
    gaps = np.array([1.0, 2.0, 1.0])
    assert MemoryModels(gaps, 7.0).precisions is MemoryModels(gaps.copy(), 7.0).precisions
    assert MemoryModels(gaps, 7.0).precisions is not MemoryModels(gaps, 30.4375).precisions


def test_walks_have_the_covariance_of_their_definition():
    gaps = np.array([1.0, 3.0, 1.0, 2.0])
    models = WanderingModels(gaps, 30.4375)
    inverses, log_determinants = (
        models.precisions.times(np.eye(5)),
        models.precisions.log_determinant,
    )
    walks = np.flatnonzero(models.grid.rho == 1)
    assert walks.size == 6
    for walk in walks:
        weight = models.grid.weight[walk]
        dense = walk_covariance(gaps, weight / (1 - weight))
        assert inverses[walk] @ dense == pytest.approx(np.eye(5), abs=1e-9)
        assert log_determinants[walk] == pytest.approx(np.linalg.slogdet(dense)[1])


def test_wandering_memories_are_half_slow_and_half_walks():
    models = WanderingModels(np.ones(9), 30.4375)
    chances = np.exp(models.grid.log_prior)
    assert chances.sum() == pytest.approx(1)
    assert chances[models.grid.rho < 1] == pytest.approx(np.full(8, 1 / 16))
    assert chances[models.grid.rho == 1] == pytest.approx(np.full(6, 1 / 12))
    slow, *_, walk = models.precisions.times(np.eye(10))
    assert slow == pytest.approx(precision_matrix(np.ones(9), 0.9, 0.3)[0])
    assert walk == pytest.approx(np.linalg.inv(walk_covariance(np.ones(9), 3.0)))
    # a correlation of .9 from month to month is one of .9 ** (7 / 30.4375) from week to week, and
    # a walk's variance grows by its length
    slow, *_, walk = WanderingModels(np.ones(9), 7.0).precisions.times(np.eye(10))
    weekly = 7 / 30.4375
    assert slow == pytest.approx(precision_matrix(np.ones(9), 0.9**weekly, 0.3)[0])
    assert walk == pytest.approx(np.linalg.inv(walk_covariance(np.ones(9), 3.0 * weekly)))


# ------- levels that wander


def walk_covariance(gaps, step):
    """Noise around a random walk that starts one period before the first row."""
    time = 1 + np.concatenate([[0.0], np.cumsum(gaps)])
    return np.eye(time.size) + step * np.minimum(time[:, None], time[None, :])


@given(GAPS, st.floats(0.01, 5.0))
def test_products_of_a_walk_are_those_of_its_covariance(gaps, step):
    dense = walk_covariance(gaps, step)
    columns = np.random.default_rng(gaps.size).normal(size=(gaps.size + 1, 3))
    log_determinant, within, across = walk_products(columns, gaps, step)
    assert log_determinant == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-8)
    assert within == pytest.approx(columns.T @ np.linalg.solve(dense, columns), abs=1e-8)
    assert across == pytest.approx(columns.T @ dense @ columns, rel=1e-9, abs=1e-8)


def test_the_products_of_a_wandering_grid_are_in_its_order(dense_models):
    gaps = np.array([1.0, 2.0, 1.0, 1.0, 3.0])
    models = WanderingModels(gaps, 30.4375)
    columns = np.random.default_rng(1).normal(size=(6, 2))
    log_determinant, within, _ = wandering_products(columns, gaps, models.grid)
    for place, (_, precision, known) in enumerate(dense_models(models)):
        assert log_determinant[place] == pytest.approx(known)
        assert within[place] == pytest.approx(columns.T @ precision @ columns)
    assert np.exp(models.grid.log_prior).sum() == pytest.approx(1)
