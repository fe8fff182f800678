"""The package's own lines: tails and sums by definition, false episodes by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.models.alarms import detector
from trends.models.alarms.detector import (
    LARGEST_SCORE,
    REFERENCE,
    Baseline,
    count_episodes,
    fire,
    learn_baseline,
    set_lines,
    simulate_years,
    tails_of,
)
from trends.models.counts.serial_dependence import grid_of

MONTHS = pd.period_range("2010-01", periods=60, freq="M")


def known(log_shifts=(0.0,), dispersions=(1.0,), rho=0.0, weight=0.0):
    """Return a baseline of which everything is known, or that takes one of a few values."""
    n = max(len(log_shifts), len(dispersions))
    return Baseline(
        params=np.zeros(1),
        log_shifts=np.resize(np.array(log_shifts, dtype=float), n),
        dispersions=np.resize(np.array(dispersions, dtype=float), n),
        rho=np.full(n, rho),
        weight=np.full(n, weight),
        correlation=rho * weight,
        at_ceiling=False,
        n_weighed_down=0,
    )


def test_tails_are_those_of_poisson_where_nothing_is_open():
    tails = tails_of(3.0, known(), 12)
    count = np.arange(13)
    assert tails.low == pytest.approx(stats.poisson.cdf(count, 3), rel=1e-9)
    assert tails.high == pytest.approx(stats.poisson.sf(count - 1, 3), rel=1e-9)
    middle = stats.poisson.cdf(count - 1, 3) + stats.poisson.pmf(count, 3) / 2
    assert tails.score == pytest.approx(stats.norm.ppf(middle), abs=1e-6)


def test_tails_are_averages_over_what_is_open():
    shifts, dispersions = (-0.3, 0.0, 0.4), (1.0, 2.5, 6.0)
    tails = tails_of(8.0, known(shifts, dispersions), 30)
    count = np.arange(31)
    cdf = [stats.poisson.cdf(count, 8 * np.exp(-0.3))]
    for shift, phi in ((0.0, 2.5), (0.4, 6.0)):
        mean = 8 * np.exp(shift)
        cdf.append(stats.nbinom.cdf(count, mean / (phi - 1), 1 / phi))
    assert tails.low == pytest.approx(np.mean(cdf, axis=0), rel=1e-9)
    beyond = [stats.poisson.sf(count - 1, 8 * np.exp(-0.3))]
    for shift, phi in ((0.0, 2.5), (0.4, 6.0)):
        beyond.append(stats.nbinom.sf(count - 1, 8 * np.exp(shift) / (phi - 1), 1 / phi))
    assert tails.high == pytest.approx(np.mean(beyond, axis=0), rel=1e-12)


def test_far_tails_keep_their_digits():
    tails = tails_of(0.5, known((0.0,), (1.2,)), 120)
    exact = stats.nbinom.sf(np.arange(120) - 1, 0.5 / 0.2, 1 / 1.2)
    assert tails.high[100] < 1e-60
    assert tails.high[:101] == pytest.approx(exact[:101], rel=1e-9)


def test_tails_of_many_counts_are_interpolated_closely():
    baseline = known((-0.1, 0.1), (4.0, 9.0))
    few, many = tails_of(250.0, baseline, 400), tails_of(250.0, baseline, 1500)
    assert detector._EVERY_COUNT == 400
    middle = slice(100, 400)
    assert many.high[middle] == pytest.approx(few.high[middle], rel=2e-2)


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.floats(-5, 5), min_size=1, max_size=25),
    limit=st.floats(0.5, 5),
    level=st.sampled_from([0.0, 0.01, 0.1]),
)
def test_lines_fire_as_they_are_defined(scores, limit, level):
    score = np.array(scores)
    high, low = stats.norm.sf(score), stats.norm.cdf(score)
    up, down = fire(high[:, None], low[:, None], score[:, None], level, limit)
    above = beneath = 0.0
    for period, one in enumerate(score):
        bounded = min(max(one, -LARGEST_SCORE), LARGEST_SCORE)
        above, beneath = max(above + bounded - REFERENCE, 0), max(beneath - bounded - REFERENCE, 0)
        expected = (
            high[period] <= level or above >= limit,
            low[period] <= level or beneath >= limit,
        )
        assert (up[period, 0], down[period, 0]) == expected
        above, beneath = (0.0 if expected[0] else above), (0.0 if expected[1] else beneath)


def test_a_period_that_was_not_seen_fires_nothing_and_adds_nothing():
    score = np.array([1.5, np.nan, 1.5])
    tail = np.array([0.07, np.nan, 0.07])
    up, down = fire(tail[:, None], 1 - tail[:, None], score[:, None], 0.01, 2.0)
    assert up[:, 0].tolist() == [False, False, True]
    assert not down.any()


@settings(max_examples=60, deadline=None)
@given(alarms=st.lists(st.booleans(), min_size=1, max_size=30), quiet=st.integers(1, 5))
def test_an_episode_begins_after_so_many_periods_without_an_alarm(alarms, quiet):
    at = [period for period, alarm in enumerate(alarms) if alarm]
    begun = [one for one in at if not any(0 < one - other <= quiet for other in at)]
    up = np.array(alarms)[:, None]
    assert count_episodes(up, np.zeros_like(up), quiet).tolist() == [len(begun)]
    assert count_episodes(up, up, quiet).tolist() == [2 * len(begun)]


def learn(counts, rng=1):
    n = len(counts)
    return learn_baseline(
        np.asarray(counts, dtype=float),
        np.ones((n, 1)),
        np.ones(n),
        np.arange(n),
        grid_of(MONTHS),
        np.random.default_rng(rng),
    )


def test_a_baseline_knows_its_level_and_how_little_it_knows_of_it():
    counts = np.random.default_rng(3).poisson(9, 60)
    found = learn(counts)
    scale = np.sum((counts - counts.mean()) ** 2 / counts.mean()) / 59
    # None is outlying here, but of Poisson counts some are now and then.
    kept, _ = detector._taken_off(counts.mean(), scale, max(scale, 1.0))
    assert 0.99 < kept < 1
    assert np.exp(found.params[0]) == pytest.approx(counts.mean() / kept, rel=1e-6)
    assert found.log_shifts.std() == pytest.approx(1 / np.sqrt(9 * 60), rel=0.4)
    assert np.median(found.dispersions) == 1


def test_scatter_and_memory_open_a_baseline():
    rng = np.random.default_rng(4)
    scattered = learn(rng.negative_binomial(9 / 3, 1 / 4, 60))
    assert 2.5 < np.median(scattered.dispersions) < 6
    log_rate = np.zeros(60)
    for month in range(1, 60):
        log_rate[month] = 0.8 * log_rate[month - 1] + rng.normal(0, 0.3)
    remembering = learn(rng.poisson(20 * np.exp(log_rate)))
    assert remembering.correlation > 0.3
    # Three times the error of a mean of so many Poisson counts.
    assert remembering.log_shifts.std() > 3 / np.sqrt(20 * 60)


@pytest.mark.parametrize(("mean", "phi"), [(1.0, 1.0), (1.0, 3.0), (20.0, 3.6), (400.0, 60.0)])
def test_what_weighing_down_takes_off_counts_without_an_outbreak_is_put_back(mean, phi):
    rng = np.random.default_rng(8)
    size = 1_000_000
    counts = (
        rng.poisson(mean, size)
        if phi == 1
        else rng.negative_binomial(mean / (phi - 1), 1 / phi, size)
    ).astype(float)
    residual = 1.5 * (counts ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi)
    weights = np.where(residual > 2.58, np.maximum(residual, 1) ** -2, 1)
    kept = np.average(counts, weights=weights)
    scale = np.mean(weights * (counts - kept) ** 2) / kept
    low_mean, low_variance = detector._taken_off(kept, scale, phi)
    assert kept / low_mean == pytest.approx(mean, rel=0.01)
    assert scale / low_variance == pytest.approx(phi, rel=0.03)


@pytest.mark.parametrize(("mean", "phi"), [(45.0, 40.0), (400.0, 300.0), (3000.0, 1000.0)])
def test_counts_that_are_weighed_down_together_say_what_each_says(mean, phi, monkeypatch):
    found = detector._taken_off(mean, 0.8 * phi, phi)
    monkeypatch.setattr(detector, "_EVERY_WEIGHED", 10**6)
    assert found == pytest.approx(detector._taken_off(mean, 0.8 * phi, phi), rel=1e-3)


def test_seen_memory_speaks_against_poisson_counts():
    rng = np.random.default_rng(2)
    plain = rng.poisson(20, 156).astype(float)
    remembered = np.empty(156)
    intensity = before = 20.0
    for month in range(156):
        intensity = 8 + 0.35 * before + 0.25 * intensity
        remembered[month] = before = rng.poisson(intensity)
    months = pd.period_range("2000-01", periods=156, freq="M")
    shares = [
        np.mean(
            learn_baseline(
                counts,
                np.ones((156, 1)),
                np.ones(156),
                np.arange(156),
                grid_of(months),
                np.random.default_rng(1),
            ).dispersions
            == 1
        )
        for counts in (plain, remembered)
    ]
    assert shares[0] > 0.5
    assert shares[1] < 0.05


@pytest.mark.parametrize("mean", [0.4, 6.0, 300.0])
def test_counts_of_all_draws_are_those_of_each(mean):
    rng = np.random.default_rng(4)
    latent = rng.standard_normal((12, 5 * detector.YEARS_OF_EACH))
    means, dispersions = mean * np.exp(rng.normal(0, 0.3, 5)), np.array([1.0, 1.2, 3.0, 9.0, 1.0])
    found = detector._counts_at(latent, means, dispersions)
    for draw in range(5):
        columns = slice(draw * detector.YEARS_OF_EACH, (draw + 1) * detector.YEARS_OF_EACH)
        phi = dispersions[draw]
        law = (
            stats.poisson(means[draw])
            if phi == 1
            else stats.nbinom(means[draw] / (phi - 1), 1 / phi)
        )
        assert (found[:, columns] == law.ppf(stats.norm.cdf(latent[:, columns]))).all()


def test_no_rate_is_drawn_further_off_than_a_thousandfold():
    counts = np.zeros(36)
    counts[[6, 7, 10]] = [10, 3, 4]
    grid = grid_of(MONTHS[:36])
    shifts = np.concatenate(
        [
            learn_baseline(
                counts,
                np.ones((36, 1)),
                np.ones(36),
                np.arange(36),
                grid,
                np.random.default_rng(seed),
            ).log_shifts
            for seed in range(30)
        ]
    )
    assert np.abs(shifts).max() == pytest.approx(np.log(1000), abs=1e-9)
    assert np.quantile(np.abs(shifts), 0.9) < np.log(1000)


def test_an_outbreak_in_a_baseline_is_weighed_down():
    counts = np.random.default_rng(5).poisson(9, 60)
    outbreak = counts.copy()
    outbreak[30:32] = 60
    found = learn(outbreak)
    assert found.n_weighed_down == 2
    assert np.exp(found.params[0]) < outbreak.mean() - 0.8
    assert found.params[0] == pytest.approx(learn(counts).params[0], abs=0.06)


def test_lines_allow_as_many_false_episodes_as_stated():
    baseline = learn(np.random.default_rng(6).negative_binomial(10 / 2, 1 / 3, 60))
    rng = np.random.default_rng(7)
    for wanted in (1.0, 0.5):
        setting = set_lines(
            10.0,
            baseline,
            tails_of(10.0, baseline, 200),
            per_year=12,
            quiet=3,
            false_per_year=wanted,
            rng=rng,
        )
        assert setting.false_per_year == pytest.approx(wanted, rel=0.1)
        high, low, score = simulate_years(
            10.0, baseline, tails_of(10.0, baseline, 200), n_periods=120, rng=rng
        )
        fired = count_episodes(*fire(high, low, score, setting.level, setting.limit), 3)
        # Ten years in a row have no fresh start each January; 4,000 years of simulation.
        assert fired.mean() / 10 == pytest.approx(wanted, rel=0.25)


def test_fewer_false_episodes_need_wider_lines():
    baseline = learn(np.random.default_rng(6).poisson(10, 60))
    tails = tails_of(10.0, baseline, 200)
    made = [
        set_lines(
            10.0,
            baseline,
            tails,
            per_year=12,
            quiet=3,
            false_per_year=one,
            rng=np.random.default_rng(1),
        )
        for one in (2.0, 0.5, 0.1, 0.01, 0.001)
    ]
    levels, limits = [one.level for one in made], [one.limit for one in made]
    assert levels == sorted(levels, reverse=True)
    assert limits == sorted(limits)
    assert levels[-1] < 0.001


def test_a_doubling_is_seen_more_often_than_nothing():
    baseline = learn(np.random.default_rng(6).poisson(10, 60))
    rng = np.random.default_rng(2)
    setting = set_lines(
        10.0,
        baseline,
        tails_of(10.0, baseline, 200),
        per_year=12,
        quiet=3,
        false_per_year=1.0,
        rng=rng,
    )
    seen = []
    for factor in (1.0, 1.5, 2.0):
        years = simulate_years(
            10.0,
            baseline,
            tails_of(10.0, baseline, 200),
            n_periods=15,
            rng=rng,
            factor=factor,
            changed=3,
        )
        up, _ = fire(*years, setting.level, setting.limit)
        seen.append(up[-3:].any(axis=0).mean())
    assert seen[0] < 0.3 < seen[1] < 0.95 < seen[2]


def test_a_season_without_events_in_a_month_has_no_finite_fit():
    design = np.column_stack([np.ones(60), (MONTHS.month == 2).astype(float)])
    counts = np.where(MONTHS.month == 2, 0.0, 9.0)
    with pytest.raises(RuntimeError, match="must allow a finite log-linear fit, got 495 events"):
        learn_baseline(
            counts, design, np.ones(60), np.arange(60), grid_of(MONTHS), np.random.default_rng(1)
        )
