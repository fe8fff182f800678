"""Steps beside other regressors: against generalised least squares with dense matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.models.counts.memory import MemoryModels, WanderingModels
from trends.models.shifts.projections import Projections, room_for

KINDS = st.sampled_from([MemoryModels, WanderingModels])
#: The last is so long that no memory is left.
GAPS = st.lists(st.sampled_from([1.0, 1.0, 1.0, 2.0, 5.0, 600.0]), min_size=5, max_size=45)
DAYS = st.sampled_from([30.4375, 7.0, 1.0])


def a_problem(kind, gaps, days, n_levels, waves):
    """Return models, uneven column and a base of levels and a season, beside random responses."""
    models = kind(np.array(gaps), days)
    n_rows = models.gaps.size + 1
    rng = np.random.default_rng([n_rows, n_levels, int(waves)])
    column = rng.uniform(0.5, 2, n_rows)
    level = np.arange(n_rows) * n_levels // n_rows
    base = column[:, None] * (level[:, None] == np.arange(n_levels))
    if waves:
        base = np.column_stack([base, column * np.sin(np.arange(n_rows))])
    return models, column, base, rng.normal(size=(n_rows, 3)).cumsum(axis=0)


def seen_through(memories, column, base):
    """Yield steps at every row and, under each memory, the matrix that takes the base out."""
    steps = np.tril(np.ones((column.size, column.size))) * column[:, None]
    for _, precision, log_determinant in memories:
        weighted = precision @ base
        information = base.T @ weighted
        maker = precision - weighted @ np.linalg.solve(information, weighted.T)
        yield steps, maker, log_determinant + np.linalg.slogdet(information)[1]


@settings(max_examples=30, deadline=None)
@given(KINDS, GAPS, DAYS, st.integers(1, 2), st.booleans())
def test_steps_are_seen_as_through_dense_matrices(dense_models, kind, gaps, days, n_levels, waves):
    models, column, base, responses = a_problem(kind, gaps, days, n_levels, waves)
    projections = Projections(column, base, models)
    rows = np.arange(1, column.size, 2)
    scores, products = projections.scores(responses), projections.products(rows)
    for model, (steps, maker, log_determinant) in enumerate(
        seen_through(dense_models(models), column, base)
    ):
        lengths = steps.T @ maker @ steps
        # a level that wanders far is hardly seen, and its numbers cancel
        near = {"rel": 1e-8, "abs": 1e-9 * np.abs(maker).sum()}
        assert scores[model] == pytest.approx(steps.T @ maker @ responses, **near)
        assert projections.information[model] == pytest.approx(np.diagonal(lengths), **near)
        assert products[model] == pytest.approx(lengths[np.ix_(rows, rows)], **near)
        log_weight = models.grid.log_prior[model] - log_determinant / 2
        assert projections.log_weight[model] == pytest.approx(log_weight)


@settings(max_examples=30, deadline=None)
@given(KINDS, GAPS, DAYS, st.integers(1, 2), st.booleans())
def test_blocks_give_the_covariances_in_single_precision(kind, gaps, days, n_levels, waves):
    models, column, base, responses = a_problem(kind, gaps, days, n_levels, waves)
    projections = Projections(column, base, models)
    centred = projections.centre(responses)
    single = centred.astype(np.float32)
    room = room_for(single, base.shape[1])
    for model, scores in enumerate(projections.scores(centred)):
        found = projections.blocks(model).scores(single, room)
        assert found == pytest.approx(scores, abs=2e-5 * np.abs(scores).max() + 1e-4)


def test_series_of_the_same_rows_share_what_one_even_level_shows():
    models = MemoryModels(np.array([1.0, 1, 2, 1, 3, 1, 1]), 30.4375)
    column = np.full(8, 1.7)
    even = Projections(column, column[:, None], models)
    assert even.for_scans is Projections(3 * column, 3 * column[:, None], models).for_scans
    assert 1.7 * even.for_scans.scores(np.eye(8)) == pytest.approx(even.scores(np.eye(8)))
    uneven = column * (1 + 1e-12 * np.arange(8))
    for other in (
        Projections(uneven, uneven[:, None], models),
        Projections(column, np.column_stack([column, np.arange(8.0)]), models),
        Projections(column, 2 * column[:, None], models),
    ):
        assert other.for_scans is other
