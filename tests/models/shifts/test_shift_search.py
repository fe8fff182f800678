"""The search: scatter by its definition, starts that leave room, p-values that count themselves."""

import itertools

import numpy as np
import pytest
import statsmodels.api as sm

from trends.models.shifts.level_fit import DISPERSION_PRIOR, fit_levels
from trends.models.shifts.shift_search import (
    Calibration,
    _draws_needed,
    ask_for_one_more,
    free_rows,
)


def pearson(count, exposure):
    mean = count.sum() / exposure.sum() * exposure
    return ((count - mean) ** 2 / mean).sum()


COUNT = np.random.default_rng(2).negative_binomial(5, 0.2, 24).astype(float)
EXPOSURE = np.random.default_rng(3).uniform(0.5, 1.5, 24)


def dispersion_of(problem, bounds, split=None):
    return fit_levels(problem, bounds, split).dispersion


def test_scatter_is_pearson_over_rows_less_levels(problem_of):
    problem = problem_of(COUNT, exposure=EXPOSURE)
    assert dispersion_of(problem, ()) == pytest.approx(np.full(24, pearson(COUNT, EXPOSURE) / 23))
    split = pearson(COUNT[:9], EXPOSURE[:9]) + pearson(COUNT[9:], EXPOSURE[9:])
    assert dispersion_of(problem, (), 9) == pytest.approx(np.full(24, split / 22))


def test_a_segment_is_drawn_towards_the_series_with_four_degrees_of_freedom(problem_of):
    problem = problem_of(COUNT, exposure=EXPOSURE)
    parts = [pearson(COUNT[a:b], EXPOSURE[a:b]) for a, b in itertools.pairwise([0, 6, 15, 24])]
    pooled = sum(parts) / 21
    expected = [
        (own + DISPERSION_PRIOR * pooled) / (size - 1 + DISPERSION_PRIOR)
        for own, size in zip(parts, (6, 9, 9), strict=True)
    ]
    assert DISPERSION_PRIOR == 4
    found = dispersion_of(problem, (6, 15))
    assert found[[0, 6, 15]] == pytest.approx(expected)
    assert found[[5, 14, 23]] == pytest.approx(expected)


def test_scatter_is_never_below_poisson(problem_of):
    assert (dispersion_of(problem_of([5.0] * 20), (10,)) == 1).all()


def test_a_season_takes_its_degrees_of_freedom_from_scatter(problem_of):
    month = np.arange(24)
    season = np.column_stack([np.sin(np.pi * month / 6), np.cos(np.pi * month / 6)])
    problem = problem_of(COUNT, exposure=EXPOSURE, season=season)
    fit = fit_levels(problem, (), None)
    square = ((COUNT - fit.mean) ** 2 / fit.mean).sum()
    assert fit.dispersion[0] == pytest.approx(square / (24 - 1 - 2))


def test_a_season_is_the_poisson_regression_of_the_counts(problem_of):
    month = np.arange(120)
    season = np.column_stack([np.sin(np.pi * month / 6), np.cos(np.pi * month / 6)])
    mean = 400 * np.exp(season @ [0.5, -0.2]) * np.where(month < 40, 1, 1.5)
    count = np.random.default_rng(1).poisson(mean).astype(float)
    fit = fit_levels(problem_of(count, season=season), (40,), None)
    design = np.column_stack([month < 40, month >= 40, season]).astype(float)
    expected = sm.GLM(count, design, family=sm.families.Poisson()).fit().fittedvalues
    # the normal prior of the season draws it by one part in ten thousand
    assert fit.mean == pytest.approx(expected, rel=2e-3)
    assert fit.exposure.mean() == pytest.approx(1)


def test_scatter_that_changes_is_told_by_regime_and_even_scatter_is_not(problem_of):
    rng = np.random.default_rng(4)
    even, uneven = [], []
    for _ in range(60):
        quiet, wild = rng.poisson(10, 60), rng.negative_binomial(10 / 7, 1 / 8, 60)
        even.append(np.unique(dispersion_of(problem_of(rng.poisson(10, 120)), ())).size)
        uneven.append(dispersion_of(problem_of(np.append(quiet, wild)), ())[[0, -1]])
    # one in a hundred even series is taken for uneven, by the choice of the bound
    assert np.mean(np.array(even) > 1) <= 0.05
    first, last = np.mean(uneven, axis=0)
    assert first == pytest.approx(1.2, abs=0.25)
    assert last == pytest.approx(8, rel=0.2)


def test_a_p_value_is_the_weighted_share_that_looks_as_broken():
    calibration = Calibration(
        5.0, np.array([1.0, 5.0, 6.0, 2.0]), np.array([[1.0, 0.5, 0.25, 2.0], [1.0, 1, 1, 1]])
    )
    assert calibration.p_values == pytest.approx([1.75 / 4.75, 3 / 5])


def test_a_statistic_is_found_exactly_beyond_the_threshold():
    null = np.random.default_rng(1).normal(size=999)
    weight = np.random.default_rng(2).uniform(0, 2, (2, 999))
    threshold = Calibration(0.0, null, weight).threshold(0.05)
    assert Calibration(threshold - 1e-9, null, weight).p_values[0] > 0.05
    assert Calibration(threshold + 1e-9, null, weight).p_values[0] <= 0.05


def test_the_error_of_a_p_value_is_that_of_a_share():
    null = np.append(np.ones(50), np.zeros(949))
    calibration = Calibration(1.0, null, np.ones((2, 999)))
    assert calibration.error == pytest.approx(np.sqrt(0.05 * 0.95 / 999), rel=0.01)


def test_draws_go_on_while_the_side_of_alpha_is_open(problem_of):
    # p-values of .05 have an error of .007 with 999 draws; far ones need 199 only
    def needed(n_alike, n_drawn):
        null = np.append(np.ones(n_alike), np.zeros(n_drawn - n_alike))
        return _draws_needed(Calibration(1.0, null, np.ones((2, n_drawn))), 999, 0.05)

    assert needed(50, 199) == 0
    assert needed(49, 199) == 800
    assert needed(60, 999) == 999
    assert needed(2, 999) == 0
    assert needed(200, 3996) == 0


def test_a_further_step_keeps_its_distance_from_those_found(problem_of):
    problem = problem_of(np.ones(12), min_rows=3)
    assert list(problem.starts) == [3, 4, 5, 6, 7, 8, 9]
    assert list(free_rows(problem, (6,))) == [3, 9]


def test_series_are_drawn_with_memories_as_probable_as_both_judgements_on_average(problem_of):
    """So that the weights of either judgement are 1 on average, and none is above 2."""
    mean = np.where(np.arange(80) < 40, 20.0, 32.0)
    counts = np.random.default_rng(6).negative_binomial(mean / 2, 1 / 3)
    weight = ask_for_one_more(
        problem_of(counts, n_null=999), (), np.random.default_rng(2)
    ).calibration.weight
    error = weight.std(axis=1) / np.sqrt(weight.shape[1])
    assert (weight.std(axis=1) > 0.1).all()
    assert np.abs(weight.mean(axis=1) - 1) == pytest.approx([0, 0], abs=4 * error.max())
    assert weight.sum(axis=0) == pytest.approx(np.full(weight.shape[1], 2.0))


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [36, 60, 120])
def test_p_values_are_uniform_where_counts_have_no_memory(n_rows, problem_of):
    p_values = []
    for number in range(200):
        rng = np.random.default_rng([n_rows, number])
        counts = rng.negative_binomial(5, 1 / 3, n_rows)  # mean 10, three times Poisson's variance
        p_values.append(ask_for_one_more(problem_of(counts), (), rng).p_value)
    for level in (0.05, 0.1, 0.25, 0.5):
        share = np.mean(np.array(p_values) <= level)
        # three Monte Carlo errors, and a fifth of the level for memory that is weighed too
        assert abs(share - level) <= 3 * np.sqrt(level * (1 - level) / 200) + level / 5
