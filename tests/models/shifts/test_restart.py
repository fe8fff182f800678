import numpy as np
import pandas as pd
import pytest

from trends.models.counts.observed import observed_periods
from trends.models.counts.season_terms import season_columns
from trends.models.shifts.restart import LEAST_KEPT, MOST_ROWS, TOGETHER, restart_row
from trends.tables.series import as_series


def restart(counts, *, waves=True, known=()):
    months = pd.period_range("2012-01", periods=len(counts), freq="M")
    seen = observed_periods(as_series(pd.Series(counts, index=months)), n_eventful=0)
    season = season_columns(months, "harmonic" if waves else "none")[0]
    return restart_row(seen, season, days_per_period=30.4375, known=known)


def test_a_history_restarts_where_the_level_shifted():
    counts = np.random.default_rng(1).poisson(np.repeat([10, 30], [50, 30]))
    assert restart(counts) == pytest.approx(50, abs=1)


def test_of_several_shifts_the_latest_counts():
    counts = np.random.default_rng(2).poisson(np.repeat([10, 40, 15], [40, 40, 30]))
    assert restart(counts) == pytest.approx(80, abs=2)


def test_a_shift_too_late_to_know_the_new_level_by_is_no_restart():
    counts = np.random.default_rng(3).poisson(np.repeat([10, 40], [60, LEAST_KEPT - 4]))
    found = restart(counts)
    assert found == 0 or found <= 60 + LEAST_KEPT - 4 - LEAST_KEPT


@pytest.mark.parametrize("kind", ["season", "memory", "constant"])
def test_a_season_and_memory_are_no_shift(kind):
    rng = np.random.default_rng(4)
    n_restarts = 0
    for _ in range(20):
        state = np.zeros(72)
        if kind == "memory":
            for month in range(1, 72):
                state[month] = 0.7 * state[month - 1] + rng.normal(0, 0.25)
        if kind == "season":
            state = 0.7 * np.sin(2 * np.pi * np.arange(72) / 12)
        counts = np.full(72, 5) if kind == "constant" else rng.poisson(12 * np.exp(state))
        n_restarts += restart(counts) > 0
    assert n_restarts <= 2


def test_a_series_that_stopped_restarts_with_the_silence():
    counts = np.r_[np.random.default_rng(5).poisson(20, 50), np.zeros(30, int)]
    assert restart(counts) == pytest.approx(50, abs=1)


def test_a_known_break_is_a_restart_by_less_evidence():
    rng = np.random.default_rng(6)
    small = rng.poisson(np.repeat([20, 26], [40, 30]))
    assert restart(small) == 0
    assert restart(small, known=[40]) == 40
    # A break beside which too little is known is none, and one without a shift restarts nothing.
    assert restart(small, known=[LEAST_KEPT - 1, 70 - LEAST_KEPT + 1]) == 0
    steady = [rng.poisson(20, 70) for _ in range(20)]
    assert sum(restart(counts, known=[40]) > 0 for counts in steady) <= 2
    # What follows the break is searched as ever.
    later = rng.poisson(np.repeat([20, 28, 90], [30, 30, 30]))
    assert restart(later, known=[30]) == pytest.approx(60, abs=1)


def daily(counts, known=()):
    days = pd.period_range("2018-01-01", periods=len(counts), freq="D")
    exposure = np.where(np.isnan(counts), 0.0, 1.0)
    seen = observed_periods(as_series(pd.Series(counts, index=days), exposure=exposure))
    season = season_columns(days, "harmonic")[0][seen.position]
    return restart_row(seen, season, days_per_period=1, known=known), seen


def test_years_of_days_restart_within_a_week_of_the_shift_and_days_never_seen_change_nothing():
    rng = np.random.default_rng(7)
    counts = rng.poisson(np.repeat([2, 4], [700, 400])).astype(float)
    assert daily(counts)[0] == pytest.approx(700, abs=TOGETHER)
    counts[rng.random(counts.size) < 0.2] = np.nan
    counts[300:330] = np.nan
    row, seen = daily(counts)
    assert seen.count.size > MOST_ROWS
    assert seen.position[row] == pytest.approx(700, abs=2 * TOGETHER)


def test_years_of_steady_or_seasonal_days_do_not_restart():
    rng = np.random.default_rng(8)
    turn = 2 * np.pi * np.arange(1000) / 365.25
    paths = [np.full(1000, 2.0)] * 5 + [3 * np.exp(0.5 * np.sin(turn))] * 5
    assert sum(daily(rng.poisson(path).astype(float))[0] > 0 for path in paths) <= 1


def test_the_known_day_of_a_break_is_where_years_of_days_restart():
    rng = np.random.default_rng(9)
    counts = rng.poisson(np.repeat([2.0, 2.9], [503, 400])).astype(float)
    assert daily(counts, known=[503])[0] == 503
