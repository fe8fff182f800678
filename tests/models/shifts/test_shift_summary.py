"""What is asked of the steps found: ratios that know memory, steps found again where they were."""

import numpy as np
import pytest
from scipy import stats

from trends.models.counts.memory import variance_inflation
from trends.models.shifts.level_shift import ShiftEvidence
from trends.models.shifts.shift_summary import draw_log_ratios, find_shifts


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
    draws = draw_log_ratios(problem, *certain(problem, model, 24), 0, 60, np.random.default_rng(1))
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
