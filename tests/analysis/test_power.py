"""Detectable change: the t test's own power, simulation, the date of confirmation, bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from trends.analysis.power import _corrected_ratio, detectable_change
from trends.analysis.trend import estimate_trend
from trends.models.counts.count_model import fit_counts
from trends.models.counts.observed import observed_periods
from trends.models.counts.serial_dependence import (
    band_mean,
    beside_wandering,
    grid_of,
    memory_of_fit,
)
from trends.models.counts.smallest_change import (
    ALLOWANCE,
    smallest_noncentrality,
    smallest_visible,
    visible_power,
)
from trends.tables.series import as_series


def monthly(counts, start="2018-01"):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=months))


def test_the_smallest_effect_is_that_of_statsmodels_t_test_power():
    known = TTestPower().solve_power(nobs=20, alpha=0.05, power=0.8, alternative="two-sided")
    # statsmodels takes the standard error as it is, without allowance.
    found = smallest_visible(1 / np.sqrt(20), 19, power=0.8, alpha=0.05) / ALLOWANCE
    assert found == pytest.approx(known, rel=1e-4)


def test_an_f_test_finds_effects_of_the_smallest_noncentrality_four_times_in_five():
    needed = smallest_noncentrality(11, 60, power=0.8, alpha=0.05)
    rng = np.random.default_rng(2)
    means = np.sqrt(needed / 11)
    effects = rng.normal(means, 1, size=(20_000, 11))
    noise = rng.chisquare(60, size=20_000) / 60
    found = (effects**2).mean(axis=1) / noise > stats.f.isf(0.05, 11, 60)
    # The Monte-Carlo standard error is .003.
    assert found.mean() == pytest.approx(0.8, abs=0.012)


def test_the_power_of_no_effect_is_the_level():
    critical = stats.t.ppf(0.975, 30)
    assert visible_power(0.0, 30, critical) == pytest.approx(0.05)


@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_the_smallest_effect_has_the_power_it_was_asked_for(power):
    effect = smallest_visible(2.0, 14, power=power, alpha=0.1)
    assert visible_power(effect / 2.0, 14, stats.t.ppf(0.95, 14)) == pytest.approx(power, abs=1e-5)


def test_ups_and_downs_are_mirror_images():
    found = detectable_change(monthly([4, 6, 5, 3, 7, 5] * 8), n_draws=0)
    assert found.ratio_up * found.ratio_down == pytest.approx(1)
    assert found.ratio_up > 1


def test_longer_series_and_more_events_show_smaller_changes():
    rng = np.random.default_rng(2)
    counts = rng.poisson(8, 96)
    short = detectable_change(monthly(counts[:36]), n_draws=0)
    long = detectable_change(monthly(counts), n_draws=0)
    many = detectable_change(monthly(rng.poisson(80, 36)), n_draws=0)
    assert long.ratio_up < short.ratio_up
    assert many.ratio_up < short.ratio_up


def test_the_trend_quotes_the_same_smallest_change():
    series = monthly(np.random.default_rng(5).poisson(6, 48))
    trend, change = estimate_trend(series), detectable_change(series, n_draws=0)
    # Both over n - 1 steps: the annual figure must be one and the same.
    assert trend.smallest_annual_change == pytest.approx(change.annual_percent_change, rel=1e-6)


def test_the_simulated_power_is_near_the_calculated_one_for_many_events():
    # 300 draws: standard error .023; the calculation ignores that memory is judged anew.
    rng = np.random.default_rng(14)
    found = detectable_change(monthly(rng.poisson(30, 48)), n_draws=300, rng=7)
    assert found.power_simulated_low - 0.1 < 0.8 < found.power_simulated_high + 0.1


def test_the_same_rng_gives_the_same_answer():
    series = monthly([3, 5, 2, 8, 4, 6] * 5)
    first = detectable_change(series, n_draws=20, rng=3)
    second = detectable_change(series, n_draws=20, rng=3)
    assert first.power_simulated == second.power_simulated


def test_a_steep_trend_is_already_confirmed_and_a_flat_one_never():
    steep = monthly(np.round(40 * np.exp(0.05 * np.arange(48))).astype(int))
    assert detectable_change(steep, n_draws=0).confirmed_by == steep.index[-1]
    flat = monthly([5, 6, 5, 4] * 12)
    assert detectable_change(flat, n_draws=0).confirmed_by is None


def test_a_slow_trend_is_confirmed_after_the_series_ends():
    scatter = np.tile([0, 6, -3, -5, 2], 6)
    slow = monthly(np.round(20 * np.exp(0.008 * np.arange(30)) + scatter).astype(int))
    found = detectable_change(slow, n_draws=0)
    assert found.observed_ratio < found.ratio_up
    assert slow.index[-1] < found.confirmed_by < slow.index[-1] + 60


def test_the_date_of_confirmation_is_the_first_at_which_the_power_suffices():
    scatter = np.tile([0, 6, -3, -5, 2], 6)
    series = monthly(np.round(20 * np.exp(0.008 * np.arange(30)) + scatter).astype(int))
    seen = observed_periods(series)
    time = (np.arange(30) - 14.5) / 12
    design = np.column_stack([np.ones(30), time])
    fit = fit_counts(seen.count, design, seen.exposure)
    memory = beside_wandering(
        memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods)),
        fit.working_design(design),
        fit.residuals(seen.count),
        seen.position,
        bend=fit.working_design((time**2 - np.mean(time**2))[:, None])[:, 0],
        days_per_period=30.4375,
        least_variance=float(np.mean(fit.expected / fit.variance)),
    ).memory
    for n_months in range(30, 150):
        longer = np.column_stack([np.ones(n_months), (np.arange(n_months) - 14.5) / 12])
        exposure = np.append(seen.exposure, np.full(n_months - 30, np.median(seen.exposure)))
        mean = exposure * np.exp(longer @ fit.params)
        working = longer * np.sqrt(mean / (1 + fit.nb_dispersion * mean))[:, None]
        apart = np.abs(np.subtract.outer(np.arange(n_months), np.arange(n_months)))
        bread = np.linalg.inv(working.T @ working)
        variances = []
        for rho, share, scale in zip(
            memory.grid.rho, memory.grid.weight, memory.scales, strict=True
        ):
            remembered = share * rho**apart
            np.fill_diagonal(remembered, 1.0)
            sandwich = scale * bread @ working.T @ remembered @ working @ bread
            variances.append(sandwich[1, 1])
        error = np.sqrt(band_mean(np.array(variances), memory.probabilities))
        if fit.params[1] >= smallest_visible(error, n_months - 2, power=0.8, alpha=0.05):
            break
    assert n_months > 30
    assert detectable_change(series, n_draws=0).confirmed_by == series.index[0] + n_months - 1


def test_a_step_compares_the_halves():
    counts = [4] * 20 + [8] * 20
    found = detectable_change(monthly(counts), change="step", n_draws=0)
    days = monthly(counts)["exposure"].to_numpy()
    assert found.observed_ratio == pytest.approx(
        (160 / days[20:].sum()) / (80 / days[:20].sum()), rel=1e-6
    )


@pytest.mark.parametrize(("simulated", "moves"), [(0.6, 1), (0.95, -1), (0.8, 0)])
def test_too_little_simulated_power_raises_the_ratio_and_too_much_lowers_it(simulated, moves):
    # On a probit scale the power moves by one per standard error of the log ratio.
    corrected = np.log(_corrected_ratio(0.5, 0.2, 0.8, simulated))
    assert np.sign(round(corrected - 0.5, 9)) == moves
    needed = stats.norm.ppf(simulated) + (corrected - 0.5) / 0.2
    assert stats.norm.cdf(needed) == pytest.approx(0.8)


def test_the_correction_stays_finite_where_everything_or_nothing_was_found():
    at_most = 0.2 * (stats.norm.ppf(0.8) - stats.norm.ppf(0.02))
    assert np.log(_corrected_ratio(0.5, 0.2, 0.8, 0.0)) == pytest.approx(0.5 + at_most)
    assert np.log(_corrected_ratio(0.5, 0.2, 0.8, 1.0)) == pytest.approx(
        0.5 + 0.2 * (stats.norm.ppf(0.8) - stats.norm.ppf(0.98))
    )


def test_the_level_asked_for_is_kept_and_the_table_follows_it():
    series = monthly(np.random.default_rng(3).poisson(9, 40))
    found = detectable_change(series, alpha=0.2, n_draws=40, rng=1)
    assert found.conf_level == pytest.approx(0.8)
    table = found.to_frame().set_index("term")
    assert table["conf_level"].to_numpy() == pytest.approx(np.full(5, 0.8))
    shown = table.loc["observed_ratio", ["conf_low", "conf_high"]].to_list()
    assert shown == pytest.approx([found.observed_ratio_low, found.observed_ratio_high])
    half = stats.t.ppf(0.9, 38) * found.std_error
    assert np.log(found.observed_ratio_high / found.observed_ratio) == pytest.approx(half)
    exact = stats.binomtest(round(40 * found.power_simulated), 40).proportion_ci(0.8)
    assert table.loc["power_simulated", "conf_low"] == pytest.approx(exact.low)
    wider = found.to_frame(alpha=0.01).set_index("term")
    assert wider.loc["power_simulated", "conf_low"] < exact.low
    assert wider["conf_level"].eq(0.99).all()


def test_simulated_series_that_cannot_be_fitted_are_no_failures_to_find():
    # Four events in 30 months: now and then fewer than three months of a simulated series hold one.
    counts = [0] * 30
    for month in (3, 8, 14, 25):
        counts[month] = 1
    found = detectable_change(monthly(counts), n_draws=200, rng=1)
    assert 0 < found.n_failed < 200
    assert "must have events in at least 3 periods" in found.reason
    assert "simulation_incomplete" in found.caveats
    exact = stats.binomtest(
        round(found.power_simulated * (200 - found.n_failed)), 200 - found.n_failed
    ).proportion_ci()
    assert (found.power_simulated_low, found.power_simulated_high) == pytest.approx(tuple(exact))
    assert found.to_frame()["status"].eq("ok").all()


def test_a_season_of_the_series_is_in_the_series_that_are_drawn():
    month = np.arange(72)
    path = 12 * np.exp(0.7 * np.cos(2 * np.pi * month / 12))
    series = monthly(np.random.default_rng(3).poisson(path))
    found = detectable_change(series, n_draws=150, rng=2)
    blind = detectable_change(series, n_draws=0, season="none")
    assert found.season == "harmonic"
    assert found.ratio_up < 0.8 * blind.ratio_up
    assert 0.65 < found.power_simulated < 0.97


def test_a_season_needs_room_beside_the_change():
    with pytest.raises(ValueError, match="must leave enough observed periods for 13 terms"):
        detectable_change(monthly([3, 5, 4] * 6), season="month", n_draws=0)


def test_the_summary_says_what_could_have_been_seen():
    found = detectable_change(monthly([5, 6, 5, 4] * 12), n_draws=0)
    assert "smallest steady rise this series could have shown" in found.summary()
    assert "أصغر ارتفاع مطّرد" in found.summary("ar")


def test_no_warning_escapes_on_rare_events():
    counts = [0] * 30
    counts[3], counts[14], counts[25] = 1, 1, 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = detectable_change(monthly(counts), n_draws=30, rng=1)
    assert found.ratio_up > 5
    assert "few_events" in found.caveats


def test_simulated_series_remember_as_the_series_does():
    # Independent series with the same scatter would show a change of this size 99 times in 100.
    rng = np.random.default_rng(9)
    log_rate = np.zeros(120)
    for month in range(1, 120):
        log_rate[month] = 0.75 * log_rate[month - 1] + rng.normal(0, 0.3)
    found = detectable_change(monthly(rng.poisson(60 * np.exp(log_rate))), n_draws=150, rng=2)
    assert found.memory_correlation > 0.4
    assert 0.6 < found.power_simulated < 0.95


def test_no_warning_escapes_where_one_month_holds_nearly_all_events():
    counts = [4] * 30
    counts[17] = 100_000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detectable_change(monthly(counts), n_draws=20, rng=1)


def test_a_step_from_nothing_is_refused():
    with pytest.raises(ValueError, match="0 events before the middle, 480 after"):
        detectable_change(monthly([0] * 24 + [20] * 24), change="step", n_draws=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"power": 1.2}, "`power` must be between alpha and 1, got 1.2"),
        ({"alpha": 0}, "`alpha` must be between 0 and 1, got 0"),
        ({"change": "jump"}, "`change` must be 'trend' or 'step', got 'jump'"),
        ({"n_draws": -1}, "`n_draws` must be 0 or more, got -1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        detectable_change(monthly([3, 4] * 10), **options)
