"""What is asked of the steps found: ratios that know memory, steps found again where they were."""

import copy

import numpy as np
import pytest
from scipy import stats

from trends.models.counts.memory import variance_inflation
from trends.models.shifts.level_shift import ShiftEvidence
from trends.models.shifts.shift_search import search_steps
from trends.models.shifts.shift_summary import draw_log_ratios, find_shifts, limits_of_few


def certain(problem, model, row):
    """Evidence that leaves no doubt about the memory and the row of a step."""
    log_step = np.full((problem.grid.rho.size, 1), -np.inf)
    log_step[model] = 0.0
    none = np.zeros(problem.grid.rho.size)
    return ShiftEvidence(none, log_step, none), np.array([row])


@pytest.mark.parametrize("memory", [False, True])
def test_memory_widens_the_draws_of_a_ratio_by_its_variance_inflation(memory, problem_of):
    # even counts leave the dispersion at 1; a thousand events a month leave the prior no say
    problem = problem_of(np.full(60, 1000.0))
    rho, weight = problem.grid.rho, problem.grid.weight
    model = int(np.flatnonzero((rho == 0.65) & (weight == 0.9))[0]) if memory else 0
    draws = draw_log_ratios(
        problem, np.ones(60), *certain(problem, model, 24), 0, 60, np.random.default_rng(1)
    )
    inflation = variance_inflation(np.array([24, 36]), rho[model], weight[model])
    assert (inflation > 3).all() == memory
    spread = np.sqrt((inflation / (1000 * np.array([24, 36]))).sum())
    freedom = 60 - inflation.sum()
    quartiles = np.subtract(*np.quantile(draws, [0.75, 0.25]))
    # 2,000 draws: the distance of the quartiles has a standard error of 3%
    assert quartiles == pytest.approx(2 * spread * stats.t.ppf(0.75, freedom), rel=0.1)


def test_a_step_found_elsewhere_is_not_found_again(problem_of):
    # every month is named, so each date is its own set: half of the resampled doublings are dated
    # one or two months off, though nearly all of them are found
    mean = np.where(np.arange(60) < 30, 10.0, 20.0)
    counts = np.random.default_rng(1).negative_binomial(mean / 2, 1 / 3)
    anywhere = find_shifts(problem_of(counts), np.random.default_rng(1))
    exactly = find_shifts(problem_of(counts, starts=np.arange(2, 59)), np.random.default_rng(1))
    assert anywhere.steps[0].redetected > 0.8
    assert exactly.steps[0].redetected < 0.6


def test_limits_of_few_are_those_of_clopper_and_pearson():
    # R: prop <- binom.test(192, 192)$conf.int; prop / (1 - prop) -> 51.5 Inf, months alike
    estimate, low, high = limits_of_few((0, 192), (30.0, 30.0), 1.0, 0.05)
    expected = stats.binomtest(192, 192).proportion_ci(method="exact")
    assert (estimate, high) == (np.inf, np.inf)
    assert low == pytest.approx(expected.low / (1 - expected.low))
    assert low == pytest.approx(51.5, abs=0.1)
    estimate, low, high = limits_of_few((40, 3), (20.0, 10.0), 1.0, 0.1)
    expected = stats.binomtest(3, 43).proportion_ci(0.9, method="exact")
    assert estimate == pytest.approx(3 / 10 / (40 / 20))
    assert low == pytest.approx(expected.low / (1 - expected.low) * 2)
    assert high == pytest.approx(expected.high / (1 - expected.high) * 2)


def test_a_rate_that_fell_to_nothing_has_an_upper_limit_only():
    estimate, low, high = limits_of_few((50, 0), (10.0, 10.0), 1.0, 0.05)
    assert (estimate, low) == (0, 0)
    assert high == pytest.approx(1 / limits_of_few((0, 50), (10.0, 10.0), 1.0, 0.05)[1])


def test_clumped_events_give_wider_limits():
    single, clumped = (limits_of_few((0, 60), (20.0, 20.0), one, 0.05)[1] for one in (1.0, 3.0))
    assert clumped == pytest.approx(single / 3, rel=0.1)


def test_a_step_beats_a_wandering_level_and_a_walk_does_not(problem_of):
    rng = np.random.default_rng(3)
    stepped, walked = [], []
    for _ in range(12):
        counts = rng.poisson(np.where(np.arange(100) < 50, 10, 30))
        stepped.append(find_shifts(problem_of(counts), rng).step_over_wander)
        walk = np.exp(np.cumsum(rng.normal(0, 0.25, 100)))
        counts = rng.poisson(10 * walk / walk.mean())
        walked.append(find_shifts(problem_of(counts), rng).step_over_wander)
    assert np.median(stepped) > 8
    assert np.median(walked) < 0


def test_of_the_steps_of_a_wandering_level_the_abrupt_one_stands(problem_of):
    # a walk of 12% a month with a jump to 3.3 times at the 61st: a second step follows the walk
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 0.12, 110))
    jump = 1.2 * (np.arange(110) >= 60)
    counts = rng.poisson(300 * np.exp(walk - walk.mean() + jump))
    problem = problem_of(counts, n_null=19)
    assert sorted(search_steps(problem, copy.deepcopy(rng)).steps) == [48, 60]
    found = find_shifts(problem, rng)
    assert found.step_over_wander < 0
    assert [step.row for step in found.steps] == [60]
    assert not found.wanders
