"""Is the evidence of a course what its definition gives?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.models.courses import candidates
from trends.models.courses.evidence import Rows, fit_designs, weigh_designs
from trends.models.courses.scatter import scatter_by_part
from trends.models.courses.wander import fading_memories, wandering_memories
from trends.models.courses.weighing import PRIOR
from trends.tables.calendar import DAYS_PER_MONTH

POSITION = np.array([0, 1, 2, 3, 5, 6, 7, 11, 12, 13, 14, 15])
COUNT = np.array([4.0, 6, 3, 7, 5, 4, 9, 12, 10, 13, 9, 14])
ROWS = Rows(COUNT, np.log(np.linspace(0.9, 1.1, 12)), np.ones(12))
STEPS = np.array([[6], [7]])
DESIGNS = np.concatenate([np.ones((2, 12, 1)), candidates.step_columns(12, STEPS)], axis=2)
PRECISION = np.array([1 / 9, 1.0])


def covariance(rho, weight):
    distance = np.abs(POSITION[:, None] - POSITION[None, :])
    return weight * rho**distance + (1 - weight) * np.eye(12)


@pytest.mark.parametrize("kind", ["fading", "wandering"])
def test_the_evidence_is_the_density_of_the_counts_with_the_coefficients_integrated_out(kind):
    memories = {"fading": fading_memories, "wandering": wandering_memories}[kind](
        POSITION, DAYS_PER_MONTH
    )
    fitted = fit_designs(ROWS, DESIGNS, PRECISION, 1.3)
    found = weigh_designs(fitted, PRECISION, memories)
    for design in range(2):
        for memory, whiten in enumerate(memories.whiten):
            around = np.linalg.inv(whiten.T @ whiten)
            columns = fitted.columns[design]
            total = found.dispersion[design, memory] * around
            total = total + columns @ np.diag(1 / PRECISION) @ columns.T
            density = stats.multivariate_normal.logpdf(fitted.response[design], cov=total)
            expected = memories.log_prior[memory] + density - fitted.log_spread[design]
            # single precision inside
            assert found.log_evidence[design, memory] == pytest.approx(expected, abs=5e-3)


def test_a_memory_whitens_the_covariance_it_stands_for():
    fading = fading_memories(POSITION, DAYS_PER_MONTH)
    rho, weight = 0.8, 0.7
    around = covariance(rho, weight)
    assert any(np.allclose(one @ around @ one.T, np.eye(12)) for one in fading.whiten)
    walk = wandering_memories(POSITION, DAYS_PER_MONTH)
    step = 0.1
    around = np.eye(12) + step * np.minimum.outer(POSITION, POSITION)
    assert any(np.allclose(one @ around @ one.T, np.eye(12)) for one in walk.whiten)
    for memories in (fading, walk):
        for one, log_determinant in zip(memories.whiten, memories.log_determinant, strict=True):
            assert -2 * np.linalg.slogdet(one)[1] == pytest.approx(log_determinant)
        assert np.exp(memories.log_prior).sum() == pytest.approx(1)


def test_no_memory_is_surer_of_a_count_than_poisson_counts_are():
    memories = fading_memories(np.arange(40), DAYS_PER_MONTH)
    rows = Rows(np.full(40, 7.0), np.zeros(40), np.ones(40))
    fitted = fit_designs(rows, np.ones((1, 40, 1)), np.array([1 / 9]), 1.0)
    found = weigh_designs(fitted, np.array([1 / 9]), memories)
    likelihood = found.log_evidence[0] - memories.log_prior
    # Memory makes a level less certain and may gain by that, but not by calling counts without any
    # scatter a long memory: that would gain a multiple of the number of rows.
    assert likelihood.max() - likelihood[0] < 0.01


def test_a_fit_maximises_its_penalised_poisson_likelihood():
    fitted = fit_designs(ROWS, DESIGNS, PRECISION, 1.3)

    def height(params):
        mean = np.exp(DESIGNS[0] @ params + ROWS.log_exposure + ROWS.log_rate)
        return (COUNT * np.log(mean) - mean).sum() / 1.3 - 0.5 * (PRECISION * params**2).sum()

    best = height(fitted.params[0])
    for direction in np.vstack([np.eye(2), -np.eye(2)]):
        assert best > height(fitted.params[0] + 1e-3 * direction)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(16, 32))
def test_pairs_of_dates_are_the_eighty_that_explain_most(seed, n_rows):
    rng = np.random.default_rng(seed)
    response, column = rng.normal(size=n_rows), rng.uniform(0.5, 2, n_rows)

    def explained(*parts):
        """The squares that a level for each part explains."""
        levels = [
            (response * column)[part].sum() ** 2 / (column[part] ** 2).sum() for part in parts
        ]
        return sum(levels)

    def of_steps(pair):
        return explained(*np.split(np.arange(n_rows), pair))

    def of_episode(pair):
        before, inside, after = np.split(np.arange(n_rows), pair)
        return explained(np.append(before, after), inside)

    least, everywhere = candidates.LEAST_LEVEL, np.ones(n_rows + 1, dtype=bool)
    pairs = [
        (start, end)
        for start in range(least, n_rows)
        for end in range(start + least, n_rows - least + 1)
    ]
    found, n_pairs = candidates.two_step_dates(response, column, everywhere)
    assert n_pairs == len(pairs)
    assert {tuple(pair) for pair in found} == set(sorted(pairs, key=of_steps)[-80:])
    short = [pair for pair in pairs if pair[1] - pair[0] <= n_rows // 2]
    found, n_pairs = candidates.episode_dates(response, column, everywhere)
    assert n_pairs == len(short)
    assert {tuple(pair) for pair in found} == set(sorted(short, key=of_episode)[-80:])


def test_sets_of_three_steps_hold_the_best_one():
    rng = np.random.default_rng(4)
    truth = np.repeat([0.0, 4.0, 1.0, 5.0], 8)
    found, n_sets = candidates.many_step_dates(
        truth + rng.normal(0, 0.1, 32), np.ones(32), np.ones(33, dtype=bool), 3
    )
    assert (8, 16, 24) in {tuple(one) for one in found}
    # Three of the places left when every level keeps three rows: stars and bars.
    assert n_sets == len(
        [
            (a, b, c)
            for a in range(3, 30)
            for b in range(a + 3, 30)
            for c in range(b + 3, 30)
            if 32 - c >= 3
        ]
    )


def test_no_level_changes_close_to_a_known_jump():
    jumps = (np.arange(32)[:, None] >= [9, 24]).astype(float)
    free = candidates.free_rows(jumps)
    taken = {*range(6, 13), *range(21, 28)}
    assert {row for row in range(33) if not free[row]} == taken
    assert candidates.free_rows(jumps[:, :0]).all()
    rng = np.random.default_rng(4)
    response, column = rng.normal(size=32), np.ones(32)
    assert {row for (row,) in candidates.step_dates(free)} == {*range(3, 30)} - taken
    open_rows = [row for row in range(3, 30) if row not in taken]
    found, n_pairs = candidates.two_step_dates(response, column, free)
    pairs = [(a, b) for a in open_rows for b in open_rows if b - a >= 3]
    assert n_pairs == len(pairs)
    assert {tuple(pair) for pair in found} <= set(pairs)
    found, n_pairs = candidates.episode_dates(response, column, free)
    assert n_pairs == len([(a, b) for a, b in pairs if b - a <= 16])
    # A jump every few rows leaves no row for a step at all.
    none = candidates.free_rows((np.arange(32)[:, None] >= np.arange(3, 30, 6)).astype(float))
    assert candidates.step_dates(none).size == 0
    truth = np.repeat([0.0, 4.0, 1.0, 5.0], 8)
    found, _ = candidates.many_step_dates(truth, np.ones(32), free, 3)
    assert not taken & {int(row) for row in found.ravel()}


def test_a_broken_line_changes_by_its_coefficients_over_its_stretches():
    times = np.array([0.0, 1, 2, 4, 8])
    columns = candidates.bend_columns(times, np.array([[2]]))[0]
    assert columns[:, 0].tolist() == [0, 0.5, 1, 1, 1]
    assert columns[:, 1] == pytest.approx([0, 0, 0, 2 / 6, 1])
    assert candidates.slope_columns(times)[0, :, 0] == pytest.approx((times - 4) / 8)


def test_scatter_changes_where_it_does_and_a_shift_is_no_change_of_scatter():
    rng = np.random.default_rng(7)
    calm, wild = rng.normal(0, 1, 40), rng.normal(0, 4, 40)
    scatter = scatter_by_part(np.concatenate([calm, wild]))
    assert scatter[:35].tolist() == [1.0] * 35
    assert scatter[45] == pytest.approx(16, rel=0.5)
    shifted = rng.normal(0, 1, 80) + np.repeat([0, 3], 40)
    assert (scatter_by_part(shifted) == 1).all()
    assert (scatter_by_part(np.zeros(80)) == 1).all()


def test_prior_weights_sum_to_one_over_every_course():
    assert sum(PRIOR.values()) == pytest.approx(1)
    assert set(PRIOR) == set(candidates.LEAST_ROWS)
