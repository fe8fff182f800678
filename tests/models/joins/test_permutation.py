"""The permutation tests of joins: statistic, memories and levels by their definitions."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from trends.models.counts.count_model import deviance_residuals
from trends.models.counts.observed import hinge_columns, observed_periods, years_from_middle
from trends.models.joins.broken_line import fit_lines, line_frame, with_dispersion_of_richest
from trends.models.joins.permutation import (
    _few_memories,
    _memory_weights,
    _n_sets,
    _thinned,
    choose_by_permutation,
)
from trends.tables.series import as_series


def frame_of(counts, most=1):
    months = pd.period_range("2015-01", periods=len(counts), freq="M")
    seen = observed_periods(as_series(pd.Series(counts, index=months)))
    base = np.column_stack([np.ones(len(counts)), years_from_middle(months)])
    return with_dispersion_of_richest(line_frame(seen, base, 3), most)


def correlation(frame, rho, weight):
    apart = np.abs(np.subtract.outer(frame.seen.position, frame.seen.position))
    return np.where(apart == 0, 1.0, weight * rho**apart)


def choose(frame, lines, *, n_null=19, alpha=0.05, progress=None):
    rng = np.random.default_rng(1)
    return choose_by_permutation(
        frame, lines, alpha=alpha, n_null=n_null, rng=rng, progress=progress
    )


#: The memories that stand for the grid, written out again.
FEW = ((0.0, 0.0), (0.5, 0.7), (0.8, 0.5), (0.8, 0.9))


@pytest.mark.parametrize("seed", range(3))
def test_the_statistic_is_twice_the_log_likelihood_ratio_over_joins_and_memories(seed):
    frame = frame_of(np.random.default_rng(seed).negative_binomial(6, 0.3, 24))
    lines = fit_lines(frame, 1)
    _, (test,) = choose(frame, lines)
    expected = lines[0].expected
    root = np.sqrt(expected / (1 + frame.nb_dispersion * expected))
    response = np.log(expected / frame.seen.exposure) + (frame.seen.count - expected) / expected
    priors = {(rho, weight): log_prior for rho, weight, log_prior in zip(*frame.grid, strict=True)}

    def height(columns, rho, weight):
        """Minus twice the log likelihood of a line, the scale profiled out."""
        root_inverse = np.linalg.inv(np.linalg.cholesky(correlation(frame, rho, weight)))
        design, values = root_inverse @ (columns * root[:, None]), root_inverse @ (response * root)
        left = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
        log_determinant = -2 * np.log(np.diag(root_inverse)).sum()
        return 24 * np.log(left @ left) + log_determinant - 2 * priors[rho, weight]

    bends = frame.times[frame.candidates]
    bent = [
        height(np.column_stack([frame.base, hinge_columns(frame.times, np.array([at]))]), *memory)
        for at, memory in product(bends, FEW)
    ]
    straight = [height(frame.base, *memory) for memory in FEW]
    # permutations, and the series with them, are searched in single precision
    assert test.statistic == pytest.approx(min(straight) - min(bent), abs=2e-3)


def test_four_memories_stand_for_the_grid():
    grid = frame_of([5] * 24).grid
    found = _few_memories(grid)
    assert list(zip(grid.rho[found], grid.weight[found], strict=True)) == list(FEW)


def test_a_memory_is_judged_half_under_each_of_the_two_lines():
    frame = frame_of(np.random.default_rng(5).negative_binomial(4, 0.25, 30))
    lines = fit_lines(frame, 1)
    expected = np.zeros(frame.grid.rho.size)
    for line in lines:
        residuals = deviance_residuals(frame.seen.count, line.expected, frame.nb_dispersion)
        likelihood = []
        for rho, weight, log_prior in zip(*frame.grid, strict=True):
            matrix = correlation(frame, rho, weight)
            squares = residuals @ np.linalg.solve(matrix, residuals)
            log_determinant = np.linalg.slogdet(matrix)[1]
            likelihood.append(log_prior - 0.5 * (30 * np.log(squares) + log_determinant))
        share = np.exp(np.array(likelihood) - max(likelihood))
        expected += share / share.sum()
    assert _memory_weights(frame, *lines) == pytest.approx(expected)


def test_a_test_has_the_level_over_the_numbers_still_in_question():
    # a clear peak: one join is found at once, and each further one is asked about at its own level
    counts = np.round(20 * np.exp(2 * np.minimum(np.arange(48), 47 - np.arange(48)) / 24))
    frame = frame_of(counts.astype(int), most=3)
    chosen, tests = choose(frame, fit_lines(frame, 3), n_null=99, alpha=0.06)
    assert (tests[0].n_null, tests[0].n_alternative) == (0, 3)
    assert tests[0].p_value == 1 / 100
    for test in tests:
        assert test.alpha == pytest.approx(0.06 / (3 - test.n_null))
    for before, after in pairwise(tests):
        raised = before.p_value <= before.alpha
        assert (after.n_null, after.n_alternative) == (
            before.n_null + raised,
            before.n_alternative - (not raised),
        )
    last = tests[-1]
    assert chosen == last.n_null + (last.p_value <= last.alpha)


def test_a_test_ends_once_a_tenth_of_all_permutations_exceed_the_series():
    frame = frame_of(np.random.default_rng(1).poisson(9, 30))
    calls = []
    _, (test,) = choose(
        frame,
        fit_lines(frame, 1),
        n_null=999,
        progress=lambda done, most: calls.append((done, most)),
    )
    assert calls == [(128 * (batch + 1), 999) for batch in range(len(calls))]
    n_drawn = calls[-1][0]
    exceeding = test.p_value * (n_drawn + 1) - 1
    assert exceeding == pytest.approx(round(exceeding))
    assert exceeding >= 100
    assert n_drawn < 999


def test_candidates_are_thinned_out_where_there_are_too_many_sets():
    assert _n_sets(10, 3) == 120
    assert _n_sets(10, 0) == 1
    everything = np.arange(300)
    assert (_thinned(everything, 1, 999) == everything).all()
    thinned = _thinned(everything, 3, 999)
    step = int(np.diff(thinned)[0])
    # the smallest step that leaves at most 120 million evaluations
    assert _n_sets(thinned.size, 3) * 999 <= 1.2e8 < _n_sets(everything[:: step - 1].size, 3) * 999
