import numpy as np
import pandas as pd
import pytest

from trends.models.counts.season_terms import season_columns
from trends.models.shifts import shared_null as module
from trends.models.shifts.level_fit import fit_levels
from trends.models.shifts.shared_null import SIZES, power_by_size, shared_null, size_of
from trends.models.shifts.shift_search import (
    Calibration,
    ask_for_one_more,
    is_clear_of,
    judged_memory,
)
from trends.models.shifts.shift_summary import find_shifts

MONTHS = np.arange(60)


@pytest.fixture
def few_draws(monkeypatch):
    """Draw fewer series for a cell, for tests of what is not a matter of their number."""
    for name, number in (("N_ALONE", 400), ("N_REMEMBERED", 40), ("N_CHANGED", 20)):
        monkeypatch.setattr(module, name, number)
    module._drawn.cache_clear()
    module._changed.cache_clear()
    yield
    module._drawn.cache_clear()
    module._changed.cache_clear()


def shared_p(problem):
    """Return the p-value of a first shift on shared draws, and its error."""
    fit = fit_levels(problem, (), None)
    null = shared_null(problem, fit)
    own = ask_for_one_more(problem._replace(shared=False), (), np.random.default_rng(1))
    weight = judged_memory(own.evidence)[:, null.models] * null.weight
    return Calibration(own.evidence.statistic, null.statistic, weight)


@pytest.mark.parametrize("mean", [0.6, 1.2, 6, 40])
def test_shared_draws_give_the_p_value_of_own_draws(problem_of, mean):
    for number in range(4):
        counts = np.random.default_rng([3, number]).poisson(mean, 60)
        problem = problem_of(counts, n_null=3_000)
        shared = shared_p(problem)
        round_ = ask_for_one_more(problem, (), np.random.default_rng(2))
        if round_.fit.dispersion.max() > module.MOST_SCATTER:
            continue
        noise = 3 * np.hypot(shared.error, round_.p_error)
        assert abs(shared.p_values[0] - round_.p_value) < noise + 0.02


def test_a_cell_is_drawn_alike_whatever_was_drawn_before(problem_of, few_draws):
    first, second = (problem_of(np.random.default_rng(1).poisson(mean, 60)) for mean in (0.7, 5))

    def drawn(problem):
        return shared_null(problem, fit_levels(problem, (), None))

    before = drawn(first)
    module._drawn.cache_clear()
    drawn(second)
    after = drawn(first)
    assert np.array_equal(before.statistic, after.statistic)
    assert np.array_equal(before.alone, after.alone)


def test_neighbours_weigh_one_in_all_and_the_nearer_more():
    (low, near), (high, far) = module._neighbours(1.2, 2.0)
    assert (low, high) == (1.0, 2.0)
    assert near + far == pytest.approx(1)
    assert near == pytest.approx(1 - np.log2(1.2))
    assert list(module._neighbours(2.0, 2.0)) == [(2.0, 1.0)]


def test_draws_stand_for_every_memory_alike(problem_of, few_draws):
    problem = problem_of(np.random.default_rng(1).poisson(6, 60))
    null = shared_null(problem, fit_levels(problem, (), None))
    weight = np.bincount(null.models, null.weight)
    assert weight == pytest.approx(np.full(problem.grid.rho.size, null.models.size))


@pytest.mark.parametrize(
    "unusual",
    [
        {"exposure": np.where(MONTHS < 3, 0.5, 1.0)},
        {"starts": [20, 30]},
        {"season": (MONTHS % 12 == 3).astype(float)[:, None]},
        {"count": np.random.default_rng(1).poisson(0.1, 60)},
        {"count": np.where(MONTHS < 30, 6, np.random.default_rng(1).poisson(1, 60) * 12)},
    ],
    ids=["exposure", "named", "season", "empty", "scatter"],
)
def test_a_series_of_unusual_make_is_left_to_its_own_draws(problem_of, unusual):
    asked = {"count": np.random.default_rng(2).poisson(6, 60), **unusual}
    problem = problem_of(asked.pop("count"), **asked)
    assert shared_null(problem, fit_levels(problem, (), None)) is None


def test_a_gap_is_left_to_its_own_draws(problem_of):
    problem = problem_of(np.random.default_rng(2).poisson(6, 60))
    gaps = problem.models.gaps.copy()
    gaps[20] = 3
    gapped = problem._replace(models=type(problem.models)(gaps, 30.4375))
    assert shared_null(gapped, fit_levels(gapped, (), None)) is None


def test_months_and_waves_of_a_year_have_a_cell(problem_of, few_draws):
    periods = pd.period_range("2012-03", periods=60, freq="M")
    waves = season_columns(periods, "harmonic")[0]
    counts = np.random.default_rng(2).poisson(9 * np.exp(waves @ [0.3, 0.2, 0, 0]))
    days = periods.days_in_month.to_numpy(float)
    problem = problem_of(counts, season=waves, exposure=days / 30.4375)
    assert shared_null(problem, fit_levels(problem, (), None)).cell.waves


def test_what_is_found_rests_on_the_draws_of_the_series_itself(problem_of, few_draws):
    counts = np.random.default_rng(1).poisson(np.where(MONTHS < 30, 4, 12))
    own, shared = (
        find_shifts(problem_of(counts, shared=each), np.random.default_rng(5))
        for each in (False, True)
    )
    assert not shared.shared
    assert shared.p_value == own.p_value
    assert [step.row for step in shared.steps] == [step.row for step in own.steps]
    assert (shared.steps[0].log_ratio_draws == own.steps[0].log_ratio_draws).all()


def test_what_is_dismissed_would_not_have_been_found(problem_of):
    n_shared = 0
    for number in range(25):
        counts = np.random.default_rng([9, number]).negative_binomial(4, 0.4, 60)
        own, shared = (
            find_shifts(problem_of(counts, shared=each, n_null=999), np.random.default_rng(5))
            for each in (False, True)
        )
        n_shared += shared.shared
        assert len(own.steps) == len(shared.steps)
        if shared.shared:
            assert own.p_value > 0.05
    assert n_shared >= 15


def test_a_p_value_is_clear_of_alpha_by_bound_and_error():
    null = np.append(np.ones(100), np.zeros(899))
    calibration = Calibration(1.0, null, np.ones((2, 999)))
    p_value, error = calibration.p_values[0], calibration.error
    assert is_clear_of(p_value - 0.0201 - 2.6 * error, calibration) == 1
    assert is_clear_of(p_value - 0.0199 - 2.6 * error, calibration) == 0
    assert is_clear_of(p_value + 0.0201 + 2.6 * error, calibration) == -1


def test_the_size_of_a_change_is_its_t_value_on_the_root_scale(problem_of):
    problem = problem_of(np.full(60, 100) + MONTHS % 2)
    fit = fit_levels(problem, (), None)
    low, high = 200.5 / 3, 401 / 3
    expected = 2 * (np.sqrt(high) - np.sqrt(low)) * np.sqrt(60) / 2
    assert size_of(problem, fit, 2.0) == pytest.approx(expected, rel=0.01)


def test_the_power_of_shared_draws_is_that_of_series_with_the_change(problem_of):
    problem = problem_of(np.random.default_rng(2).poisson(40, 60))
    fit = fit_levels(problem, (), None)
    null = shared_null(problem, fit)
    alone = np.eye(1, problem.grid.rho.size)[0]
    threshold = 4.5
    power = power_by_size(null, threshold, alone)
    assert (np.diff(power) >= 0).all()
    scan = module._Scanner(null.cell)
    size = 4.2
    drawn = scan.draw(np.zeros(600, dtype=int), np.random.default_rng(8))
    half = null.cell.n_rows // 2
    error = np.sqrt(1 / half + 1 / (null.cell.n_rows - half))
    drawn[half:] += size * error
    found = np.mean(scan.statistics(drawn) >= threshold)
    assert np.interp(size, SIZES, power) == pytest.approx(found, abs=0.2)


def test_own_draws_are_made_where_the_shared_leave_a_doubt(problem_of, monkeypatch, few_draws):
    counts = np.random.default_rng(4).poisson(6, 60)
    monkeypatch.setattr("trends.models.shifts.shift_search.SHARED_BOUND", 1.0)
    round_ = ask_for_one_more(problem_of(counts, shared=True), (), np.random.default_rng(1))
    own = ask_for_one_more(problem_of(counts), (), np.random.default_rng(1))
    assert round_.shared is None
    assert round_.p_value == own.p_value
    assert round_.p_value_independent == own.p_value_independent
