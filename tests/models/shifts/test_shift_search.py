"""The search: scatter by its definition, starts that leave room, p-values that count themselves."""

import itertools

import numpy as np
import pytest

from trends.models.shifts.shift_search import (
    DISPERSION_PRIOR,
    free_rows,
    segment_dispersion,
)


def pearson(count, exposure):
    mean = count.sum() / exposure.sum() * exposure
    return ((count - mean) ** 2 / mean).sum()


COUNT = np.random.default_rng(2).negative_binomial(5, 0.2, 24).astype(float)
EXPOSURE = np.random.default_rng(3).uniform(0.5, 1.5, 24)


def test_scatter_is_pearson_over_rows_less_levels(problem_of):
    problem = problem_of(COUNT, exposure=EXPOSURE)
    one = segment_dispersion(problem, (), None)
    assert one == pytest.approx(np.full(24, pearson(COUNT, EXPOSURE) / 23))
    split = pearson(COUNT[:9], EXPOSURE[:9]) + pearson(COUNT[9:], EXPOSURE[9:])
    assert segment_dispersion(problem, (), 9) == pytest.approx(np.full(24, split / 22))


def test_a_segment_is_drawn_towards_the_series_with_four_degrees_of_freedom(problem_of):
    problem = problem_of(COUNT, exposure=EXPOSURE)
    parts = [pearson(COUNT[a:b], EXPOSURE[a:b]) for a, b in itertools.pairwise([0, 6, 15, 24])]
    pooled = sum(parts) / 21
    expected = [
        (own + DISPERSION_PRIOR * pooled) / (size - 1 + DISPERSION_PRIOR)
        for own, size in zip(parts, (6, 9, 9), strict=True)
    ]
    assert DISPERSION_PRIOR == 4
    found = segment_dispersion(problem, (6, 15), None)
    assert found[[0, 6, 15]] == pytest.approx(expected)
    assert found[[5, 14, 23]] == pytest.approx(expected)


def test_scatter_is_never_below_poisson(problem_of):
    assert (segment_dispersion(problem_of([5.0] * 20), (10,), None) == 1).all()


def test_a_further_step_keeps_its_distance_from_those_found(problem_of):
    problem = problem_of(np.ones(12), min_rows=3)
    assert list(problem.starts) == [3, 4, 5, 6, 7, 8, 9]
    assert list(free_rows(problem, (6,))) == [3, 9]
