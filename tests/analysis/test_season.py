"""Seasons: R's stl, the Hijri calendar day by day, simulation truths, bad input."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from hijridate import Gregorian
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.analysis.season import estimate_season
from trends.models.counts.smallest_change import smallest_noncentrality
from trends.tables.calendar import hijri_shares
from trends.tables.series import as_series


def monthly(counts, start="2013-01", **options):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=months), **options)


# ------- the Hijri calendar


def test_ramadan_1441_ran_from_24_april_to_23_may_2020():
    days = pd.period_range("2020-04-01", "2020-05-31", freq="D")
    shares = hijri_shares(days)
    ramadan = days[shares["ramadan"] == 1]
    assert (str(ramadan[0]), str(ramadan[-1])) == ("2020-04-24", "2020-05-23")
    feast = days[shares["eid_al_fitr"] == 1]
    assert (str(feast[0]), str(feast[-1])) == ("2020-05-24", "2020-05-26")


@settings(max_examples=15, deadline=None)
@given(st.dates(pd.Timestamp("1930-01-01").date(), pd.Timestamp("2070-01-01").date()))
def test_a_months_shares_count_its_hijri_days_one_by_one(day):
    month = pd.PeriodIndex([pd.Period(day, "M")])
    days = pd.date_range(month[0].start_time, month[0].end_time)
    hijri = [Gregorian.fromdate(date.date()).to_hijri() for date in days]
    found = hijri_shares(month).iloc[0] * len(days)
    assert found["ramadan"] == pytest.approx(sum(date.month == 9 for date in hijri))
    assert found["last_ten_nights"] == pytest.approx(
        sum(date.month == 9 and date.day >= 21 for date in hijri)
    )
    assert found["eid_al_fitr"] == pytest.approx(
        sum(date.month == 10 and date.day <= 3 for date in hijri)
    )
    assert found["eid_al_adha"] == pytest.approx(
        sum(date.month == 12 and 10 <= date.day <= 13 for date in hijri)
    )


def test_a_shift_moves_every_occasion_by_so_many_days():
    days = pd.period_range("2019-01-01", "2020-12-31", freq="D")
    plain, later = hijri_shares(days), hijri_shares(days, shift=1)
    assert (later.to_numpy()[1:] == plain.to_numpy()[:-1]).all()


def test_every_year_of_months_holds_a_ramadan_of_29_or_30_days():
    months = pd.period_range("2000-01", "2029-12", freq="M")
    days = (hijri_shares(months)["ramadan"] * months.days_in_month).groupby(months.year).sum()
    # 2000 and 2030 hold parts of two; every other year holds one Ramadan of 29 or 30 days.
    assert days.drop(2000).between(28.9, 30.1).all()


def test_periods_outside_the_calendar_are_refused():
    with pytest.raises(ValueError, match="must lie between August 1924 and November 2077"):
        hijri_shares(pd.period_range("1900", periods=3, freq="Y"))
    with pytest.raises(TypeError, match="`periods` must be a PeriodIndex, got DatetimeIndex"):
        hijri_shares(pd.date_range("2020-01-01", periods=3))


# ------- the decomposition


def test_the_parts_add_up():
    counts = np.random.default_rng(1).poisson(30, 60)
    parts = estimate_season(monthly(counts)).decomposition
    total = parts["trend"] + parts["seasonal"] + parts["remainder"]
    assert total.to_numpy() == pytest.approx(parts["log_rate"].to_numpy())


# ------- Gregorian months


def test_exact_month_effects_are_recovered():
    effects = np.log([1, 1, 1, 2, 2, 2, 1, 1, 1, 0.8, 0.8, 0.8])
    rate = 800 * np.exp(np.tile(effects, 6) + 0.01 * np.arange(72))
    found = estimate_season(monthly(rate.round().astype(int), exposure=30.0))
    expected = np.exp(effects - effects.mean())
    assert found.to_frame()["estimate"].to_numpy() == pytest.approx(expected, rel=5e-3)
    assert found.verdict == "seasonal"
    assert found.peak in ("month_4", "month_5", "month_6")


def test_the_amplitude_is_peak_over_trough_of_the_wave():
    month = np.tile(np.arange(1, 13), 6)
    rate = 500 * np.exp(0.3 * np.cos(2 * np.pi * (month - 3) / 12))
    found = estimate_season(monthly(rate.round().astype(int), exposure=30.0))
    assert found.amplitude == pytest.approx(np.exp(0.6), rel=5e-3)
    assert found.amplitude_low < found.amplitude < found.amplitude_high


def test_the_length_of_a_month_is_not_a_season():
    months = pd.period_range("2013-01", periods=96, freq="M")
    counts = (20 * months.days_in_month).to_numpy()
    found = estimate_season(as_series(pd.Series(counts, index=months)))
    assert found.to_frame()["estimate"].to_numpy() == pytest.approx(np.ones(12), abs=1e-6)
    assert found.verdict == "no_clear_season"


def test_noise_shows_a_season_at_the_stated_rate():
    # 120 series at 5%: more than 13 come up once in 150.
    rng = np.random.default_rng(20)
    n_found = sum(
        estimate_season(monthly(rng.negative_binomial(10, 1 / 3, 48))).verdict == "seasonal"
        for _ in range(120)
    )
    assert n_found <= 13


def test_the_smallest_wave_is_the_one_with_the_noncentrality_of_the_joint_test():
    # Months of independent counts with mean m: a wave of half height h has noncentrality
    # n m h^2 / 2, over the residual variance, whatever its phase.
    counts = np.random.default_rng(5).poisson(400, 120)
    found = estimate_season(monthly(counts, exposure=30.0))
    needed = smallest_noncentrality(11, found.n_free, power=0.8, alpha=0.05)
    half = np.sqrt(2 * needed / (120 * 400))
    assert np.log(found.smallest_ratio) / 2 == pytest.approx(half, rel=0.15)


def test_a_wave_as_small_as_could_be_seen_is_seen_four_times_in_five():
    # benchmarks/power_check.py makes the table; 80 NB series of 60 months, a random phase each. At
    # a true share of .8 fewer than 54 or more than 74 come up once in 100. The test of all months
    # together needs a wave about half as high again as a test of the wave alone would.
    rng = np.random.default_rng(19)
    days = pd.period_range("2013-01", periods=60, freq="M").days_in_month.to_numpy() / 30.4375
    found = 0
    for _ in range(80):
        smallest = estimate_season(monthly(rng.negative_binomial(10 * days, 1 / 3))).smallest_ratio
        turns = 2 * np.pi * (np.arange(60) / 12 + rng.uniform())
        mean = 20 * days * np.exp(np.log(smallest) / 2 * np.cos(turns))
        waved = monthly(rng.negative_binomial(mean / 2, 1 / 3))
        found += estimate_season(waved).verdict == "seasonal"
    assert 54 <= found <= 74


def test_a_trend_with_bends_is_not_a_season():
    time = np.arange(72)
    rate = 100 * np.exp(-np.abs(time - 36) / 12)
    found = estimate_season(monthly(rate.round().astype(int) + 1))
    assert found.verdict == "no_clear_season"


def test_under_two_years_is_too_short_and_said_so():
    found = estimate_season(monthly(np.random.default_rng(3).poisson(9, 20)))
    assert found.verdict == "too_short"
    assert found.to_frame().empty
    assert "too short to tell" in found.summary()
    assert "أقصر من أن تميز" in found.summary("ar")


def test_a_month_seen_only_once_is_too_little():
    counts = pd.Series(
        np.random.default_rng(3).poisson(9, 30).astype(float),
        index=pd.period_range("2013-01", periods=30, freq="M"),
    )
    counts[counts.index.month == 8] = np.nan
    counts["2013-08"] = 9
    assert estimate_season(as_series(counts)).verdict == "too_short"


def test_quarters_have_four_effects():
    quarters = pd.period_range("2010Q1", periods=40, freq="Q")
    counts = np.tile([10, 20, 10, 10], 10)
    found = estimate_season(as_series(pd.Series(counts, index=quarters)))
    assert found.peak == "quarter_2"
    assert len(found.effects) == 4


# ------- Ramadan


def ramadan_counts(ratio, n_months=96, rate=40.0, seed=None):
    months = pd.period_range("2013-01", periods=n_months, freq="M")
    days = months.days_in_month.to_numpy()
    mean = rate * days / 30.4375 * ratio ** hijri_shares(months)["ramadan"].to_numpy()
    counts = mean.round() if seed is None else np.random.default_rng(seed).poisson(mean)
    return as_series(pd.Series(counts.astype(int), index=months))


def test_a_known_ramadan_effect_is_recovered():
    found = estimate_season(ramadan_counts(1.6, rate=4000.0), calendar="hijri")
    assert found.amplitude == pytest.approx(1.6, rel=5e-3)
    assert found.verdict == "seasonal"


def test_every_ramadan_is_recovered_by_itself():
    months = pd.period_range("2013-01", periods=96, freq="M")
    share = hijri_shares(months)["ramadan"].to_numpy()
    # Ramadan fell between May and August in all these years.
    ratios = dict(zip(range(1434, 1442), [1.5, 0.8, 2.0, 1.0, 1.2, 0.6, 1.7, 1.4], strict=True))
    by_month = np.array([ratios[1434 + month.year - 2013] for month in months])
    mean = 4000.0 * months.days_in_month.to_numpy() / 30.4375 * by_month**share
    watched = pd.Series(mean.round(), index=months)
    found = estimate_season(as_series(watched), calendar="hijri").ramadans
    assert found["hijri_year"].tolist() == list(ratios)
    assert found["estimate"].to_numpy() == pytest.approx(list(ratios.values()), rel=0.02)
    assert (found["conf_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["conf_high"]).all()
    assert found["period"].astype(str).tolist()[:4] == ["2013-07", "2014-07", "2015-07", "2016-06"]
    # A Ramadan that nobody watched is left out, and the others keep their years.
    watched["2016-06":"2016-07"] = np.nan
    fewer = estimate_season(as_series(watched), calendar="hijri").ramadans
    assert fewer["hijri_year"].tolist() == [year for year in ratios if year != 1437]


def test_the_interval_of_a_ramadan_is_even_about_it_on_the_log_scale():
    found = estimate_season(ramadan_counts(1.5, seed=2), calendar="hijri").ramadans
    middle = np.sqrt(found["conf_low"] * found["conf_high"])
    assert middle.to_numpy() == pytest.approx(found["estimate"].to_numpy())
    assert (found["conf_low"] < found["estimate"]).all()


def test_only_counts_that_began_or_ended_within_the_series_are_said_to():
    counts = np.random.default_rng(1).poisson(20, 72)
    assert not {"no_events_before", "no_events_after"} & set(
        estimate_season(monthly(counts)).caveats
    )
    late, over = counts.copy(), counts.copy()
    late[:12] = 0
    over[-12:] = 0
    assert "no_events_before" in {
        key.partition(":")[0] for key in estimate_season(monthly(late)).caveats
    }
    assert "no_events_after" in {
        key.partition(":")[0] for key in estimate_season(monthly(over)).caveats
    }


def test_a_ramadan_without_events_leaves_the_answer_for_all_of_them():
    months = pd.period_range("2013-01", periods=96, freq="M")
    counts = pd.Series(np.random.default_rng(3).poisson(40, 96), index=months)
    counts["2016-06":"2016-07"] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimate_season(as_series(counts), calendar="hijri")
        found.plot()
        found.summary()
    assert np.isfinite(found.amplitude)
    assert found.ramadans.empty


def test_a_day_more_or_less_is_shown():
    found = estimate_season(ramadan_counts(1.8, seed=4), calendar="hijri")
    assert set(found.sensitivity["shift"]) == {-1, 0, 1}
    at_zero = found.sensitivity.query("shift == 0 and term == 'ramadan'")["estimate"].item()
    assert at_zero == pytest.approx(found.amplitude)
    # A calendar known to be a day late gives back the truth at its own shift and not at another.
    months = pd.period_range("2013-01", periods=96, freq="M")
    mean = 4000.0 * months.days_in_month.to_numpy() / 30.4375
    mean = mean * 1.8 ** hijri_shares(months, shift=1)["ramadan"].to_numpy()
    late = estimate_season(
        as_series(pd.Series(mean.round().astype(int), index=months)), calendar="hijri"
    )
    ratios = late.sensitivity.query("term == 'ramadan'").set_index("shift")["estimate"]
    assert ratios[1] == pytest.approx(1.8, rel=5e-3)
    assert abs(ratios[-1] - 1.8) > 0.01
    assert "a day earlier or later" in found.summary()


def test_ramadan_intervals_hold_the_truth():
    # 40 series at .95: fewer than 34 come up once in 70.
    held = 0
    for seed in range(40):
        found = estimate_season(ramadan_counts(1.4, seed=seed), calendar="hijri")
        held += found.amplitude_low <= 1.4 <= found.amplitude_high
    assert held >= 34


def test_three_years_cannot_part_ramadan_from_the_time_of_year():
    found = estimate_season(ramadan_counts(1.5, n_months=42, seed=1), calendar="hijri")
    assert "ramadan_or_time_of_year" in found.caveats
    assert "cannot be told from the time of year" in found.summary()


def test_fewer_than_three_ramadans_are_too_short():
    found = estimate_season(ramadan_counts(1.5, n_months=26, seed=1), calendar="hijri")
    assert found.verdict == "too_short"


def test_only_occasions_whose_interval_excludes_one_are_said():
    found = estimate_season(ramadan_counts(1.6, seed=2), calendar="hijri")
    table = found.to_frame().set_index("term").drop("ramadan")
    clear = (table["conf_low"] > 1) | (table["conf_high"] < 1)
    said = {finding.values["occasion"] for finding in found.findings()[1:]}
    assert said == set(table.index[clear])
    forced = dataclasses.replace(
        found,
        effects=pd.DataFrame(
            {
                "term": ["ramadan", "eid_al_fitr", "eid_al_adha", "last_ten_nights"],
                "log_ratio": [0.5, 1.0, -1.0, 0.1],
                "std_error": [0.1, 0.4, 0.4, 0.1],
            }
        ),
    )
    said = [finding.values["occasion"] for finding in forced.findings()[1:]]
    assert said == ["eid_al_fitr", "eid_al_adha"]


def test_the_level_asked_for_is_kept_and_decides():
    series = monthly(np.random.default_rng(3).poisson(20, 60))
    p_value = estimate_season(series).p_value
    loose, strict = (
        estimate_season(series, alpha=alpha) for alpha in (p_value * 1.01, p_value * 0.99)
    )
    assert (loose.verdict, strict.verdict) == ("seasonal", "no_clear_season")
    assert strict.amplitude_low == 1.0
    table = strict.to_frame()
    assert table["conf_level"].to_numpy() == pytest.approx(np.full(12, 1 - p_value * 0.99))
    error = strict.effects["std_error"].to_numpy()
    half = np.log(table["conf_high"] / table["estimate"]).to_numpy()
    assert half == pytest.approx(stats.t.ppf(1 - p_value * 0.99 / 2, strict.n_free) * error)


def test_the_joint_test_has_the_degrees_of_freedom_of_trend_bends_and_months():
    # Five years: intercept, time and four bends; eleven months.
    found = estimate_season(monthly(np.random.default_rng(3).poisson(20, 60)))
    assert (found.n_effects, found.n_free) == (11, 60 - 2 - 4 - 11)
    # Where counts are many and scatter little, permutations agree with the F distribution.
    assert found.p_value == pytest.approx(stats.f.sf(found.statistic, 11, 43), abs=0.05)


def test_one_series_has_one_answer():
    series = monthly(np.random.default_rng(5).negative_binomial(2, 0.2, 60))
    first, second = estimate_season(series), estimate_season(series)
    assert first.p_value == second.p_value


@pytest.mark.parametrize("kind", ["deaths", "few"])
def test_heavy_tails_and_few_counts_show_no_season_of_their_own(kind):
    # 60 series at 5%: more than 8 come up once in 150; an F test shows 9 to 13 in the deaths.
    rng = np.random.default_rng(11)
    n_found = 0
    for _ in range(60):
        if kind == "deaths":
            counts = [np.ceil(rng.lognormal(0.7, 1.2, n)).sum() for n in rng.poisson(8, 60)]
        else:
            counts = rng.poisson(0.8, 60)
        n_found += estimate_season(monthly(np.asarray(counts, dtype=int))).verdict == "seasonal"
    assert n_found <= 8


def test_months_before_the_first_event_say_nothing_about_a_season():
    counts = np.r_[np.zeros(24, int), np.random.default_rng(0).poisson(9, 36)]
    found = estimate_season(monthly(counts))
    assert found.verdict == "no_clear_season"
    assert found.n_years == 3.0
    assert "no_events_before:2015-01" in found.caveats
    alone = estimate_season(monthly(counts[24:], start="2015-01"))
    assert found.p_value == alone.p_value
    assert found.amplitude == alone.amplitude


def test_a_year_of_zeros_in_the_middle_is_no_season():
    rng = np.random.default_rng(1)
    found = estimate_season(monthly([*rng.poisson(20, 36), *[0] * 18, *rng.poisson(20, 36)]))
    assert found.verdict == "no_clear_season"


# ------- bad input


def test_periods_too_long_for_the_calendar_are_refused():
    years = as_series(pd.Series([5] * 12, index=pd.period_range("2000", periods=12, freq="Y")))
    with pytest.raises(ValueError, match="short enough for a gregorian season, got frequency Y"):
        estimate_season(years)
    quarters = pd.period_range("2010Q1", periods=40, freq="Q")
    with pytest.raises(ValueError, match="short enough for a hijri season, got frequency Q"):
        estimate_season(as_series(pd.Series([5] * 40, index=quarters)), calendar="hijri")


def test_an_unknown_calendar_is_refused():
    with pytest.raises(ValueError, match="`calendar` must be 'gregorian' or 'hijri', got 'lunar'"):
        estimate_season(monthly([5, 6] * 20), calendar="lunar")


def test_three_events_tell_no_season():
    counts = [0] * 48
    counts[0] = counts[24] = counts[47] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [estimate_season(monthly(counts), calendar=each) for each in ("gregorian", "hijri")]
    assert {each.verdict for each in found} == {"too_short"}
    assert all("few_events" in each.caveats for each in found)


def test_no_warning_escapes_on_awkward_counts():
    outlier = [4] * 48
    outlier[17] = 50_000
    gaps = pd.Series(
        np.tile([3.0, 5.0, np.nan], 24), index=pd.period_range("2013-01", periods=72, freq="M")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate_season(monthly(outlier))
        # One month carries nearly all events.
        estimate_season(monthly(outlier), calendar="hijri")
        for calendar in ("gregorian", "hijri"):
            estimate_season(monthly([5] * 48), calendar=calendar)
            estimate_season(as_series(gaps), calendar=calendar)
