"""Patterns of the year: which columns, when one is taken, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from trends.models.counts.observed import observed_periods
from trends.models.counts.season_evidence import bent_trend, season_evidence
from trends.models.counts.season_terms import (
    AUTO_ALPHA,
    LEAST_YEARS,
    is_identified,
    season_columns,
    season_terms,
)
from trends.tables.calendar import hijri_shares
from trends.tables.series import as_series


def monthly(counts, start="2015-01"):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return observed_periods(as_series(pd.Series(counts, index=months)))


def waving(n_months, ratio, rng, mean=10.0):
    """Return counts with scatter twice the mean and a yearly wave, peak over trough given."""
    turns = 2 * np.pi * np.arange(n_months) / 12
    path = mean * np.exp(np.log(ratio) / 2 * np.cos(turns))
    return rng.negative_binomial(path, 1 / 2)


def test_the_names_follow_the_frequency():
    quarters = pd.period_range("2020Q1", periods=8, freq="Q")
    assert season_columns(quarters, "month")[1] == ("quarter_2", "quarter_3", "quarter_4")
    assert season_columns(quarters, "harmonic")[1] == ("sin_1", "cos_1")
    months = pd.period_range("2020-01", periods=24, freq="M")
    assert season_columns(months, "harmonic")[1] == ("sin_1", "cos_1", "sin_2", "cos_2")
    assert season_columns(months, "none")[0].shape == (24, 0)
    shares = hijri_shares(months)[["ramadan", "eid_al_fitr", "eid_al_adha"]]
    columns, names = season_columns(months, "hijri")
    assert (columns == shares.to_numpy()).all()
    assert names == tuple(shares.columns)


@pytest.mark.parametrize("freq", ["D", "W-SUN", "M", "Q"])
def test_waves_turn_once_and_twice_a_year(freq):
    periods = pd.period_range("2021-01-01", "2024-12-31", freq=freq)
    columns, _ = season_columns(periods, "harmonic")
    middle = periods.start_time + (periods.end_time - periods.start_time) / 2
    turns = 2 * np.pi * (middle.day_of_year - 0.5) / 365.25
    for number in range(columns.shape[1] // 2):
        wave = np.column_stack([np.sin((number + 1) * turns), np.cos((number + 1) * turns)])
        # The same wave up to a phase, as months are of nearly equal length.
        fitted = wave @ np.linalg.lstsq(wave, columns[:, 2 * number], rcond=None)[0]
        assert np.abs(fitted - columns[:, 2 * number]).max() < 0.06


def test_auto_takes_the_waves_of_a_season_and_none_where_there_is_none():
    # 30 series of each kind. A wave of 2.7 is seen in all but 1 in 50, noise taken in 1 in 100.
    rng = np.random.default_rng(2)
    taken = [season_terms(monthly(waving(60, 2.7, rng)), "auto").season for _ in range(30)]
    assert taken.count("harmonic") >= 27
    noise = [season_terms(monthly(waving(60, 1.0, rng)), "auto").season for _ in range(30)]
    assert noise.count("none") >= 28


def test_auto_is_the_test_at_one_percent_beside_a_bent_trend():
    rng = np.random.default_rng(7)
    for ratio in (1.3, 1.5, 1.8, 2.2):
        seen = monthly(waving(48, ratio, rng))
        waves = season_columns(seen.periods, "harmonic")[0]
        found = season_evidence(seen, bent_trend(seen), waves)
        if abs(found.p_value - AUTO_ALPHA) > 0.01:
            expected = "harmonic" if found.p_value < AUTO_ALPHA else "none"
            assert season_terms(seen, "auto").season == expected


def test_auto_needs_two_years():
    counts = waving(24, 8.0, np.random.default_rng(3), mean=80.0)
    assert LEAST_YEARS == 2
    assert season_terms(monthly(counts), "auto").season == "harmonic"
    assert season_terms(monthly(counts[:23]), "auto").season == "none"


def test_none_and_the_word_for_it_are_the_same():
    seen = monthly([5] * 30)
    assert season_terms(seen, None).season == season_terms(seen, "none").season == "none"


def test_empty_years_show_no_season():
    counts = np.append(np.zeros(30), np.random.default_rng(1).poisson(9, 30))
    assert season_terms(monthly(counts), "auto").season == "none"


def test_yearly_periods_have_no_season():
    years = pd.period_range("2000", periods=30, freq="Y")
    seen = observed_periods(as_series(pd.Series([5] * 30, index=years)))
    assert season_terms(seen, "auto").season == "none"
    with pytest.raises(ValueError, match="'none' or 'auto' for yearly periods, got 'month'"):
        season_terms(seen, "month")
    quarters = pd.period_range("2000Q1", periods=30, freq="Q")
    with pytest.raises(ValueError, match="'none' or 'auto' for quarterly periods, got 'hijri'"):
        season_columns(quarters, "hijri")


def test_a_word_that_is_no_season_is_refused():
    with pytest.raises(ValueError, match="`season` must be one of auto, none, month, "):
        season_terms(monthly([5] * 30), "week")


def test_six_periods_must_be_left_and_no_fewer_with_events_than_terms():
    seen = monthly([1] * 10 + [0] * 10)
    design = np.random.default_rng(1).normal(size=(20, 14))
    assert is_identified(seen, design[:, :10])
    assert not is_identified(seen, design[:, :11])
    full = monthly([1] * 20)
    assert is_identified(full, design)
    assert not is_identified(full, np.column_stack([design, np.arange(20.0)]))
    assert not is_identified(full, np.column_stack([design[:, :5], design[:, 0]]))


# ------- the test behind it


def test_the_statistic_of_independent_counts_is_the_f_of_weighted_least_squares(monkeypatch):
    # With no memory in the grid only the classical F statistic is left.
    none = pd.period_range("2015-01", periods=60, freq="M")
    seen = monthly(np.random.default_rng(4).poisson(30, 60))
    beside = bent_trend(seen)
    waves = season_columns(none, "harmonic")[0]
    from trends.models.counts import season_evidence as module
    from trends.models.counts.count_model import fit_counts
    from trends.models.counts.memory import MemoryGrid

    alone = MemoryGrid(np.zeros(1), np.zeros(1), np.zeros(1))
    monkeypatch.setattr(module, "grid_of", lambda periods: alone)
    found = season_evidence(seen, beside, waves)
    fit = fit_counts(seen.count, beside, seen.exposure)
    root = np.sqrt(fit.expected)[:, None]
    residuals = fit.residuals(seen.count)

    def squares(design):
        left = residuals - design @ np.linalg.lstsq(design, residuals, rcond=None)[0]
        return left @ left

    small, large = squares(beside * root), squares(np.column_stack([beside, waves]) * root)
    n_free = 60 - beside.shape[1] - 4
    assert found.statistic == pytest.approx((small - large) / 4 / (large / n_free))


def test_p_values_of_noise_are_uniform():
    # 80 series: a Kolmogorov distance beyond .15 comes up once in 20, beyond .2 once in 300.
    rng = np.random.default_rng(6)
    p_values = []
    for _ in range(80):
        seen = monthly(rng.negative_binomial(1.1, 0.1, 48))
        waves = season_columns(seen.periods, "harmonic")[0]
        p_values.append(season_evidence(seen, bent_trend(seen), waves).p_value)
    reached = np.arange(1, 81) / 80
    assert np.abs(np.sort(p_values) - reached).max() < 0.2
