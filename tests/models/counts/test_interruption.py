import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.models.counts.count_model import fit_counts
from trends.models.counts.interruption import (
    change_columns,
    effective_number,
    events_without,
    is_within,
    placebo_changes,
)
from trends.models.counts.memory import correlation_matrix, memory_grid
from trends.models.counts.serial_dependence import band_mean, memory_of_fit

GRID = memory_grid(30.4375)


def series_of(n_periods=60, seed=1):
    """Counts that scatter, with a design of level, line and a change at period 40."""
    rng = np.random.default_rng(seed)
    counts = rng.negative_binomial(5, 1 / 3, n_periods).astype(float)
    times = (np.arange(n_periods) - (n_periods - 1) / 2) / 12
    base = np.column_stack([np.ones(n_periods), times])
    change = change_columns(n_periods, 40.0, slope=True, per_year=12)
    return counts, base, np.column_stack([base, change])


@settings(max_examples=60, deadline=None)
@given(
    n_periods=st.integers(3, 20),
    date=st.floats(0, 20),
    length=st.none() | st.integers(1, 8),
)
def test_the_level_of_a_period_is_the_share_of_it_in_which_the_change_holds(
    n_periods, date, length
):
    fine = (np.arange(1000) + 0.5) / 1000
    ends = np.inf if length is None else date + length
    by_hand = [((t + fine >= date) & (t + fine < ends)).mean() for t in range(n_periods)]
    column = change_columns(n_periods, date, slope=False, length=length).ravel()
    assert column == pytest.approx(by_hand, abs=0.0011)


def test_the_slope_is_nothing_at_the_date_and_grows_by_one_a_year():
    column = change_columns(30, 5.0, slope=True, per_year=12)[:, 1]
    assert column[:6].tolist() == [0.0] * 6
    assert column[17] == pytest.approx(1.0)
    assert np.diff(column[5:]) == pytest.approx(np.full(24, 1 / 12))


def test_what_would_have_come_is_the_course_before_summed_with_the_variance_of_its_residuals():
    counts, _, design = series_of()
    exposure = np.ones(60)
    position = np.delete(np.arange(60), [7, 45])
    counts, design, exposure = counts[position], design[position], exposure[position]
    fit = fit_counts(counts, design, exposure)
    memory = memory_of_fit(fit, design, counts, position, GRID)
    without = np.full(design.shape, np.nan)
    after = position >= 40
    without[after] = design[after]
    without[after, 2:] = 0.0
    missed = events_without(fit, memory, design, without, exposure, position)
    mean = np.exp(without[after] @ fit.params)
    assert missed.expected == pytest.approx(mean.sum())
    # By the definition: sum of what the course expects, less what the residuals make of it.
    working = fit.working_design(design)
    gradient = without[after].T @ mean
    weights = -working @ np.linalg.solve(working.T @ working, gradient)
    weights[after] += np.sqrt(mean * (1 + fit.nb_dispersion * mean))
    variances = [
        scale
        * weights
        @ correlation_matrix(np.diff(position).astype(float), float(rho), float(share))
        @ weights
        for scale, rho, share in zip(memory.scales, GRID.rho, GRID.weight, strict=True)
    ]
    expected = np.sqrt(band_mean(np.array(variances), memory.probabilities)) / mean.sum()
    assert missed.log_std_error == pytest.approx(float(expected))


def test_placebo_dates_leave_enough_periods_on_both_sides_and_are_the_same_fit():
    counts, base, _ = series_of(40)
    position = np.arange(40)
    found = placebo_changes(
        counts, base, np.ones(40), position, GRID, least=8, slope=False, per_year=12
    )
    assert found.starts.tolist() == list(range(8, 33))
    design = np.column_stack([base, change_columns(40, 20.0, slope=False)])
    fit = fit_counts(counts, design, np.ones(40))
    memory = memory_of_fit(fit, design, counts, position, GRID)
    at_twenty = found.statistics[found.starts == 20].item()
    assert at_twenty == pytest.approx(fit.params[2] / memory.std_error(2))


def test_placebo_dates_beyond_the_number_asked_for_are_spread_evenly():
    counts, base, _ = series_of(60)
    found = placebo_changes(
        counts, base, np.ones(60), np.arange(60), GRID, least=8, slope=False, most=5
    )
    assert found.starts.tolist() == [8, 19, 30, 41, 52]


def test_a_change_is_held_against_the_spread_of_those_at_earlier_dates():
    counts, base, _ = series_of(40)
    found = placebo_changes(counts, base, np.ones(40), np.arange(40), GRID, least=8, slope=False)
    sizes = np.sort(np.abs(found.statistics))
    assert found.share(sizes[-1] + 1) == 0
    assert found.share(-sizes[-1]) == pytest.approx(1 / 25)
    assert found.share(0.0) == 1
    spread = np.sqrt(np.mean(found.statistics**2))
    for statistic in (-3.0, 0.5):
        expected = 2 * stats.t.sf(abs(statistic) / spread, found.n_effective)
        assert found.p_value(statistic) == pytest.approx(expected)
    # Neighbours rise and fall together: to beat all 25 of them is no proof.
    assert found.p_value(1.3 * sizes[-1]) > 1 / 26


def test_neighbouring_dates_are_worth_few_independent_ones():
    counts, base, _ = series_of(60)
    found = placebo_changes(counts, base, np.ones(60), np.arange(60), GRID, least=8, slope=False)
    assert found.n_effective <= 1 + 44 / 8
    independent = np.random.default_rng(1).normal(size=400)
    assert 250 < effective_number(independent) <= 400
    slow = np.convolve(np.random.default_rng(1).normal(size=430), np.ones(20), "valid")[:400]
    # A mean of 20 repeats its neighbours over 20 places.
    assert 10 < effective_number(slow) < 40


def test_two_one_sided_tests_ask_both_ends_of_the_margin():
    error, free = 0.08, 40
    critical = stats.t.ppf(0.95, free)
    room = np.log(1.25) - critical * error
    for sign in (1, -1):
        assert is_within(sign * room * 0.999, error, free, margin=1.25, alpha=0.05)
        assert not is_within(sign * room * 1.001, error, free, margin=1.25, alpha=0.05)
