"""Silences: their chance by counting, and the rate that they allow."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from trends.models.counts.observed import observed_periods
from trends.models.counts.silence import SILENCE_ALPHA, Silence, active_span, silences
from trends.tables.series import as_series


def monthly(counts, exposure=30.4375):
    months = pd.period_range("2015-01", periods=len(counts), freq="M")
    return observed_periods(as_series(pd.Series(counts, index=months), exposure=exposure))


def test_the_chance_of_a_silence_is_that_of_no_event_in_its_share_of_the_exposure():
    before, after = silences(monthly([0] * 12 + [3, 0, 5, 1] * 3))
    # Nine periods with events among 24, any of which may hold each.
    assert before.p_value == pytest.approx(2 * (12 / 24) ** 9)
    assert (before.n_periods, after.n_periods) == (12, 0)
    assert before.months == pytest.approx(12)


def test_the_formula_is_not_below_the_chance_of_drawing_periods_without_repeating_them():
    # Five periods with events among 16: how many sets of five leave the first six empty?
    sets = list(combinations(range(16), 5))
    share = np.mean([min(chosen) >= 6 for chosen in sets])
    before, _ = silences(monthly([0] * 6 + [1, 2, 1, 4, 1] + [0] * 5))
    assert before.p_value / 2 == pytest.approx((10 / 16) ** 5)
    assert before.p_value / 2 > share


def test_a_burst_counts_once_and_a_short_or_likely_silence_is_none():
    assert silences(monthly([0] * 12 + [500, 1, 400] + [0] * 4))[0].n_periods == 0
    assert silences(monthly([0] * 5 + [9] * 60))[0].n_periods == 0
    assert silences(monthly([0] * 6 + [9] * 60))[0].n_periods == 6
    assert SILENCE_ALPHA == 0.01


def test_a_rate_at_the_limit_shows_no_event_with_chance_alpha():
    silence = Silence(24, 24.0, 0.001)
    for alpha in (0.05, 0.2):
        assert np.exp(-silence.limit(alpha) * 24) == pytest.approx(alpha)


def test_the_exposure_counts_and_not_the_periods():
    days = np.array([3.0] * 12 + [30.0] * 12)
    seldom_watched, _ = silences(monthly([0] * 12 + [4] * 12, exposure=days))
    assert seldom_watched.n_periods == 0
    assert seldom_watched.p_value == pytest.approx(2 * (360 / 396) ** 12)


def test_the_active_span_leaves_silences_out_and_nothing_else():
    assert active_span(monthly([0] * 12 + [5, 2, 3] * 8 + [0] * 12)) == slice(12, 36)
    assert active_span(monthly([0, 0] + [5, 0, 3] * 8 + [0])) == slice(0, 27)


def test_noise_that_remembers_is_seldom_called_silent():
    # 200 series with a mean of one a month and a log AR(.8): more than 10 come up once in 1,000
    # at the 2.5% that such a memory gives.
    rng = np.random.default_rng(8)
    silent = 0
    for _ in range(200):
        log_rate = np.zeros(60)
        for month in range(1, 60):
            log_rate[month] = 0.8 * log_rate[month - 1] + rng.normal(0, 0.3)
        counts = rng.poisson(np.exp(log_rate))
        silent += any(each.n_periods for each in silences(monthly(counts)))
    assert silent <= 10
