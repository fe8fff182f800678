"""Trends: definitions, simulation truths, bad input, words."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trends.analysis.trend import estimate_trend
from trends.models.counts.count_model import fit_counts
from trends.models.counts.observed import years_from_middle
from trends.models.counts.serial_dependence import fixed_b_critical_value, newey_west
from trends.tables.calendar import hijri_shares
from trends.tables.series import as_series

# UCDP GED events involving IS in Syria, 2018-2020, by month.
SYRIA_2018 = [
    82, 68, 52, 88, 106, 105, 74, 77, 93, 105, 86, 59,
    87, 60, 76, 50, 23, 24, 32, 32, 27, 19, 13, 15,
    22, 19, 18, 23, 29, 23, 18, 9, 17, 21, 25, 21,
]  # fmt: skip


def monthly(counts, start="2018-01", exposure=None):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=months), exposure=exposure)


def steps(n_terms_of):
    return np.column_stack([np.ones(n_terms_of), np.arange(n_terms_of, dtype=float)])


# ------- the trend


def test_nb2_without_an_inner_maximum_is_poisson_and_said_so():
    trend = estimate_trend(monthly([5, 6] * 12), family="nb2")
    assert trend.family == "poisson"
    assert "nb_boundary" in trend.caveats


def test_the_slope_is_the_log_growth_of_exact_growth():
    counts = np.round(1000 * np.exp(0.02 * np.arange(48))).astype(int)
    trend = estimate_trend(monthly(counts, exposure=30.0))
    assert trend.slope == pytest.approx(12 * 0.02, abs=1e-4)
    assert trend.annual_percent_change == pytest.approx(100 * np.expm1(0.24), abs=0.05)
    assert trend.verdict == "rising"


def test_twice_the_exposure_and_twice_the_count_leave_the_slope_alone():
    rng = np.random.default_rng(2)
    counts = rng.poisson(20, 40)
    days = np.full(40, 15.0)
    days[20:] = 30.0
    doubled = np.where(days == 30.0, 2 * counts, counts)
    half = estimate_trend(monthly(counts, exposure=30.0), family="poisson")
    full = estimate_trend(monthly(doubled, exposure=days), family="poisson")
    flat = estimate_trend(monthly(doubled, exposure=30.0), family="poisson")
    assert abs(full.slope - half.slope) < 0.05 < flat.slope - half.slope


def test_a_year_is_twelve_months_and_so_many_weeks():
    weeks = pd.period_range("2020-01-06", periods=53, freq="W-SUN")
    assert np.ptp(years_from_middle(weeks)) == pytest.approx(52 * 7 / 365.25)


def test_month_factors_take_a_season_out_of_the_dispersion():
    rng = np.random.default_rng(9)
    month = np.tile(np.arange(12), 8)
    counts = rng.poisson(40 * np.exp(0.6 * (month < 6)))
    plain = estimate_trend(monthly(counts), season="none")
    factors = estimate_trend(monthly(counts), season="month")
    assert plain.dispersion > 3 > 1.5 > factors.dispersion
    assert factors.to_frame()["term"].str.startswith("month_").sum() == 11


def test_the_table_widens_with_the_level_and_brackets_every_estimate():
    trend = estimate_trend(monthly(SYRIA_2018))
    narrow, wide = trend.to_frame(alpha=0.2), trend.to_frame(alpha=0.01)
    for table in (narrow, wide):
        assert (table["conf_low"] <= table["estimate"]).all()
        assert (table["estimate"] <= table["conf_high"]).all()
    shared_terms = narrow["term"].isin(wide["term"])
    width = narrow["conf_high"] - narrow["conf_low"]
    assert (width[shared_terms].iloc[:3] < (wide["conf_high"] - wide["conf_low"]).iloc[:3]).all()


def test_a_halving_time_is_reported_only_when_the_interval_allows_it():
    falling = estimate_trend(monthly(SYRIA_2018, exposure=30.0)).to_frame().set_index("term")
    # log(2) / (12 * 0.0584441924411932) years, by the glm.nb slope above
    assert falling.loc["halving_time", "estimate"] == pytest.approx(0.98834, rel=1e-4)
    rng = np.random.default_rng(8)
    flat = estimate_trend(monthly(rng.poisson(6, 40))).to_frame()
    assert not flat["term"].isin(["halving_time", "doubling_time"]).any()


def test_a_trend_that_memory_explains_is_called_persistence():
    rng = np.random.default_rng(12)
    verdicts = []
    for _ in range(60):
        log_rate = np.zeros(36)
        for month in range(1, 36):
            log_rate[month] = 0.7 * log_rate[month - 1] + rng.normal(0, 0.25)
        verdicts.append(estimate_trend(monthly(rng.poisson(40 * np.exp(log_rate)))).verdict)
    counts = pd.Series(verdicts).value_counts()
    assert counts.get("persistence", 0) > counts.get("rising", 0)
    assert counts.get("persistence", 0) > counts.get("falling", 0)


def test_an_interval_under_memory_covers_where_independence_does_not():
    # The full table is in benchmarks/trend_coverage.py; here 120 AR(0.5) series of 36 months.
    # Binomial: 120 series at .93 fall below .86 once in 300; at .80 they reach it once in 13.
    rng = np.random.default_rng(31)
    held = alone = 0
    for _ in range(120):
        log_rate = np.zeros(36)
        log_rate[0] = rng.normal(0, 0.35)
        for month in range(1, 36):
            log_rate[month] = 0.5 * log_rate[month - 1] + rng.normal(0, 0.35 * np.sqrt(0.75))
        series = monthly(rng.poisson(50 * np.exp(log_rate)))
        trend = estimate_trend(series)
        held += trend.p_value > 0.05
        alone += trend.p_value_independent > 0.05
    assert held / 120 >= 0.86
    assert alone / 120 < 0.86


def drawn(kind, mean, rng):
    """Return counts around a mean path, as in benchmarks/simulation.py."""
    if kind == "poisson":
        return rng.poisson(mean)
    if kind == "nb3":
        return rng.negative_binomial(mean / 2, 1 / 3)
    log_rate = np.empty(mean.size)
    log_rate[0] = rng.normal(0, 0.35)
    for month in range(1, mean.size):
        log_rate[month] = 0.5 * log_rate[month - 1] + rng.normal(0, 0.35 * np.sqrt(0.75))
    return rng.poisson(mean * np.exp(log_rate - 0.35**2 / 2))


@pytest.mark.parametrize("kind", ["poisson", "nb3", "ar0.5"])
def test_intervals_of_the_trend_hold_the_truth_in_series_of_three_lengths(kind):
    # 150 series per kind. At .94 coverage fewer than 129 come up once in 3,000; independence would
    # hold 120 of the AR(0.5) series, and the averaged variance of earlier versions 137 of them.
    rng = np.random.default_rng(77)
    held = 0
    for n_months in (36, 96, 156):
        time = np.arange(n_months) - (n_months - 1) / 2
        path = 20 * np.exp(0.6 * time / (n_months - 1))
        for _ in range(50):
            low, high = estimate_trend(monthly(drawn(kind, path, rng))).slope_interval()
            held += low <= 12 * 0.6 / (n_months - 1) <= high
    assert held >= 129


@pytest.mark.slow
@pytest.mark.parametrize("n_months", [36, 96, 156])
@pytest.mark.parametrize("kind", ["poisson", "nb3", "ar0.5"])
def test_every_cell_of_the_coverage_table_is_between_92_and_97_percent(kind, n_months):
    # 600 series: the Monte-Carlo standard error is .009, and two of them are allowed for.
    rng = np.random.default_rng(n_months)
    time = np.arange(n_months) - (n_months - 1) / 2
    path = 20 * np.exp(0.6 * time / (n_months - 1))
    held = 0
    for _ in range(600):
        low, high = estimate_trend(monthly(drawn(kind, path, rng))).slope_interval()
        held += low <= 12 * 0.6 / (n_months - 1) <= high
    assert 0.92 - 0.018 <= held / 600 <= 0.97 + 0.018


def test_the_kind_of_standard_error_is_the_one_asked_for():
    series = monthly(SYRIA_2018, exposure=30.0)
    counts, design = np.array(SYRIA_2018, float), np.column_stack([np.ones(36), steps(36)[:, 1]])
    fit = fit_counts(counts, design, np.ones(36), family="nb2")
    alone = estimate_trend(series, dependence="none")
    assert alone.std_error == pytest.approx(12 * np.sqrt(fit.covariance[1, 1]), rel=1e-4)
    hac = newey_west(fit.working_design(design), fit.residuals(counts), np.arange(36), n_lags=7)
    robust = estimate_trend(series, dependence="hac")
    assert robust.newey_west_lags == 7
    assert robust.std_error == pytest.approx(12 * np.sqrt(hac[1, 1] * 36 / 34), rel=1e-4)
    assert robust.std_error == pytest.approx(alone.newey_west_std_error)
    low, high = robust.slope_interval()
    critical = fixed_b_critical_value(7 / 36, 0.05)
    assert (high - low) / 2 == pytest.approx(critical * robust.std_error)


def test_a_bend_is_reported():
    time = np.arange(60)
    counts = np.round(50 * np.exp(-((time - 30) ** 2) / 300)).astype(int) + 1
    trend = estimate_trend(monthly(counts))
    assert "bent_trend" in trend.caveats
    assert "doubles" not in trend.summary()


def test_the_autoregressive_check_recovers_the_slope_of_a_regular_rise():
    rng = np.random.default_rng(6)
    counts = rng.poisson(np.exp(3 + 0.01 * np.arange(120)))
    trend = estimate_trend(monthly(counts))
    assert trend.autoregressive_slope == pytest.approx(trend.slope, abs=2 * trend.std_error)


def test_a_partial_last_month_is_adjusted_and_marked():
    counts = [30] * 23 + [10]
    days = np.append(np.full(23, 30.0), 10.0)
    trend = estimate_trend(monthly(counts, exposure=days))
    assert abs(trend.slope) < 0.05
    assert "partial_last_period" in trend.caveats
    last = trend.fitted.iloc[-1]
    assert last["partial"]
    assert last["rate"] == pytest.approx(30.4375)


def test_periods_not_covered_are_not_zeros():
    rng = np.random.default_rng(3)
    counts = pd.Series(rng.poisson(20, 60), index=pd.period_range("2015-01", periods=60, freq="M"))
    watched = counts.drop(counts.index[20:40])
    trend = estimate_trend(as_series(watched))
    assert trend.n_observed == 40
    assert trend.n_periods == 60
    assert trend.verdict == "no_clear_trend"
    assert trend.fitted["rate"].isna().sum() == 20


def test_the_slope_ignores_what_fills_a_missing_month():
    counts = pd.Series(SYRIA_2018, dtype="Float64")
    counts.index = pd.period_range("2018-01", periods=36, freq="M")
    counts.iloc[[4, 17]] = pd.NA
    design = steps(36)[np.delete(np.arange(36), [4, 17])]
    known = counts.dropna().to_numpy(dtype=float)
    expected = fit_counts(known, design, np.ones(34), family="poisson").params[1]
    trend = estimate_trend(as_series(counts, exposure=30.0), family="poisson")
    assert trend.slope / 12 == pytest.approx(expected, rel=1e-6)


def test_the_level_asked_for_is_kept_and_decides():
    series = monthly(np.random.default_rng(21).poisson(12, 40))
    p_value = estimate_trend(series).p_value
    loose, strict = (
        estimate_trend(series, alpha=alpha) for alpha in (p_value * 1.01, p_value * 0.99)
    )
    assert loose.verdict in ("rising", "falling")
    assert strict.verdict not in ("rising", "falling")
    low, high = strict.slope_interval()
    half = stats.t.ppf(1 - p_value * 0.99 / 2, 38) * strict.std_error
    assert (high - low) / 2 == pytest.approx(half)
    assert strict.conf_level == pytest.approx(1 - p_value * 0.99)
    assert strict.to_frame()["conf_level"].to_numpy() == pytest.approx(strict.conf_level)
    shown = strict.to_frame().iloc[0]
    assert (shown["conf_low"], shown["conf_high"]) == pytest.approx((low, high))
    first = strict.fitted.iloc[0]
    known = strict.to_frame().set_index("term").loc["rate_first"]
    assert (known["conf_low"], known["conf_high"]) == pytest.approx(
        (first["conf_low"], first["conf_high"])
    )


def test_a_first_month_observed_in_part_does_not_make_the_last_one_partial():
    days = np.full(24, 30.0)
    days[0] = 10.0
    trend = estimate_trend(monthly([30] * 24, exposure=days))
    assert "partial_last_period" in trend.caveats  # 30 of 31 days in December
    whole = pd.period_range("2018-01", periods=24, freq="M").days_in_month.to_numpy(dtype=float)
    whole[0] = 10.0
    trend = estimate_trend(monthly([30] * 24, exposure=whole))
    assert "partial_last_period" not in trend.caveats
    assert trend.fitted["partial"].tolist() == [True, *[False] * 23]


def test_the_one_month_that_moves_the_slope_is_named():
    counts = np.random.default_rng(1).poisson(10, 36)
    counts[33] = 90
    trend = estimate_trend(monthly(counts))
    # Leave every month out in turn: one alone moves the slope by more than its standard error.
    months = trend.series.index
    moved = {}
    for month in months:
        fewer = trend.series.copy()
        fewer.loc[month, "count"], fewer.loc[month, "exposure"] = pd.NA, 0.0
        moved[month] = abs(estimate_trend(fewer).slope - trend.slope)
    assert max(moved, key=moved.get) == trend.influential_period == months[33]
    assert moved[months[33]] > trend.std_error
    assert "A single period, October 2020, moves the slope" in trend.summary()
    assert "تشرين الأول/أكتوبر 2020" in trend.summary("ar")
    steady = estimate_trend(monthly([9, 11, 10] * 12))
    assert steady.influential_period is None
    assert "A single period" not in steady.summary()


def test_a_season_that_shows_is_in_the_model_and_lets_a_trend_be_seen():
    # 12 series of five years that double slowly under a wave of peak over trough 4.
    rng = np.random.default_rng(5)
    month = np.arange(60)
    path = 10 * 2 ** (month / 59) * np.exp(np.log(4) / 2 * np.cos(2 * np.pi * month / 12))
    clear = blind = 0
    for _ in range(12):
        series = monthly(rng.negative_binomial(path, 1 / 2))
        found = estimate_trend(series)
        assert found.season == "harmonic"
        clear += found.verdict == "rising"
        blind += estimate_trend(series, season="none").verdict == "rising"
    assert clear >= 8
    assert blind <= clear - 4
    assert found.terms == ("level", "slope", "sin_1", "cos_1", "sin_2", "cos_2")
    assert found.to_frame()["term"].isin(found.terms).sum() == 7  # the slope by three methods


def test_polio_has_no_clear_trend_beside_two_waves_a_year(reference):
    # Zeger 1988: independence makes the decline clear, memory takes it back
    cases = pd.read_csv(reference / "inputs" / "polio.csv")
    assert (len(cases), cases["n"].sum()) == (168, 224)
    trend = estimate_trend(monthly(cases["n"].to_numpy(), "1970-01"), season="harmonic")
    assert trend.slope < 0
    assert trend.p_value_independent < 0.05
    assert trend.p_value > 0.2
    assert trend.verdict == "persistence"


def test_days_of_ramadan_may_stand_beside_a_trend():
    shares = hijri_shares(pd.period_range("2018-01", periods=96, freq="M"))["ramadan"].to_numpy()
    rate = 900 * np.exp(0.004 * np.arange(96)) * 1.7**shares
    trend = estimate_trend(monthly(rate.round().astype(int), exposure=30.0), season="hijri")
    terms = dict(zip(trend.terms, trend.params, strict=True))
    assert np.exp(terms["ramadan"]) == pytest.approx(1.7, rel=0.01)
    assert trend.slope == pytest.approx(12 * 0.004, rel=0.02)


def test_a_level_that_wanders_for_long_is_refused_a_pace_and_noise_is_not():
    # 20 series of each kind, 156 months. Walks are refused in .98, NB series with a slope in .02.
    rng = np.random.default_rng(3)
    found = [
        estimate_trend(monthly(rng.poisson(20 * np.exp(np.cumsum(rng.normal(0, 0.1, 156))))))
        for _ in range(20)
    ]
    refused = [each for each in found if each.verdict == "wanders"]
    assert all(each.wandering_log_odds > 1 for each in refused)
    without_pace = len(refused) + sum("bent_trend" in each.caveats for each in found)
    assert without_pace >= 17
    path = 20 * np.exp(0.6 * np.arange(156) / 155)
    steady = [estimate_trend(monthly(rng.negative_binomial(path / 2, 1 / 3))) for _ in range(20)]
    assert sum(each.verdict == "wanders" for each in steady) <= 2
    [finding] = refused[0].findings()
    assert finding.grade == "D"
    assert "no lasting pace can be told" in refused[0].summary()
    assert "لا يمكن ذكر وتيرة تدوم" in refused[0].summary("ar")
    assert "doubles" not in refused[0].summary()


def test_a_walk_of_five_years_is_often_refused_a_pace_a_line_seldom():
    # 40 series of each kind, 60 months. Of these walks 20 are refused (10, were an evidence of 2.5
    # asked for instead of 1), of lines that double at three times Poisson's scatter 1.
    rng = np.random.default_rng(11)
    walks = [rng.poisson(10 * np.exp(np.cumsum(rng.normal(0, 0.1, 60)))) for _ in range(40)]
    found = [estimate_trend(monthly(counts)) for counts in walks]
    refused = [one.verdict == "wanders" or "bent_trend" in one.caveats for one in found]
    assert sum(refused) >= 15
    path = 10 * 2.0 ** (np.arange(60) / 59)
    lines = [estimate_trend(monthly(rng.negative_binomial(path / 2, 1 / 3))) for _ in range(40)]
    assert sum(one.verdict == "wanders" for one in lines) <= 4


# ------- edges: starts from nothing, ends, short series


def test_a_group_that_ceased_has_stopped_and_may_have_gone_on_at_a_low_rate():
    counts = [*np.random.default_rng(0).poisson(5, 30), *[0] * 24]
    trend = estimate_trend(monthly(counts, exposure=30.4375))
    assert trend.verdict == "stopped"
    assert trend.silent_periods == 24
    assert trend.edge_period == trend.series.index[29]
    # At .12 a month, 24 months stay empty once in twenty.
    assert trend.silent_rate_high == pytest.approx(-np.log(0.05) / 24)
    [finding] = trend.findings()
    assert (finding.estimate, finding.conf_high) == (0.0, trend.silent_rate_high)
    assert "%" not in str(trend.summary()).replace("95%", "")
    row = trend.to_frame(alpha=0.2).set_index("term").loc["silent_rate"]
    assert row["conf_high"] == pytest.approx(-np.log(0.2) / 24)


@pytest.mark.parametrize("counts", [[0] * 57 + [1, 1, 1], [0] * 18 + [10] * 18])
def test_a_start_from_nothing_has_no_yearly_percentage(counts):
    trend = estimate_trend(monthly(counts))
    assert trend.verdict == "started"
    assert counts[trend.silent_periods] > 0 == sum(counts[: trend.silent_periods])
    for lang in ("en", "ar"):
        assert max(map(len, trend.summary(lang).split())) < 25
        assert "%" not in trend.summary(lang).replace("95%", "")


def test_a_steady_fall_to_nothing_keeps_its_pace():
    counts = np.random.default_rng(5).poisson(40 * np.exp(-0.12 * np.arange(60)))
    trend = estimate_trend(monthly(counts))
    assert (counts[-12:] == 0).all()
    assert trend.verdict == "falling"
    assert trend.silent_periods == 0
    assert np.isnan(trend.silent_rate_high)


def test_a_silence_that_the_line_expects_is_part_of_it_and_one_it_misses_is_not():
    # The line through these counts expects how many events in the last months?
    verdicts = set()
    for level in ([1, 0], [2, 2]):
        counts = level * 20 + [0] * 14
        trend = estimate_trend(monthly(counts, exposure=30.4375))
        expected = trend.fitted["fitted_rate"].iloc[-14:].sum() / max(trend.dispersion, 1)
        assert (expected > 3) == (trend.verdict == "stopped"), (level, expected)
        verdicts.add(trend.verdict)
    assert verdicts == {"falling", "stopped"}


def test_twelve_weeks_are_told_in_weeks_and_not_by_the_year():
    weeks = pd.period_range("2024-01-01", periods=12, freq="W-SUN")
    trend = estimate_trend(as_series(pd.Series(range(5, 17), index=weeks)))
    [finding] = trend.findings()
    assert finding.quantity == "span_ratio"
    # log(2) over the weekly slope of the fit
    weekly = trend.slope * 7 / 365.25
    assert finding.values["pace"] == pytest.approx(np.log(2) / weekly)
    assert finding.estimate == pytest.approx(np.exp(11 * weekly))
    assert "doubling about every 7.1 weeks" in trend.summary()
    assert "a year" not in trend.summary()
    assert "أسبوع" in trend.summary("ar")


@pytest.mark.parametrize(("n_months", "yearly"), [(23, False), (24, True)])
def test_a_percentage_a_year_needs_two_years(n_months, yearly):
    counts = np.round(50 * 1.01 ** np.arange(n_months)).astype(int)
    trend = estimate_trend(monthly(counts))
    assert (trend.findings()[0].quantity == "annual_percent_change") == yearly


def test_a_pace_of_twentyfold_a_year_is_told_by_its_doubling_time():
    counts = np.round(3 * 1.3 ** np.arange(26)).astype(int)
    trend = estimate_trend(monthly(counts))
    assert trend.annual_percent_change > 1900
    assert trend.findings()[0].quantity == "span_ratio"
    assert "doubling about every 2.6 months" in trend.summary()


def test_yearly_series_double_in_years():
    years = pd.period_range("2000", periods=12, freq="Y")
    trend = estimate_trend(as_series(pd.Series(np.round(20 * 1.3 ** np.arange(12)), index=years)))
    assert "doubles in 2.6 years" in trend.summary()


# ------- bad input


def test_no_warning_escapes_on_awkward_counts():
    outlier = [4] * 30
    outlier[17] = 100_000
    half = pd.Series(
        np.tile([3.0, np.nan], 20), index=pd.period_range("2018-01", periods=40, freq="M")
    )
    days = np.tile([30.0, 0.0], 20)
    sparse = [0] * 30
    sparse[3], sparse[14], sparse[25] = 1, 1, 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hit = estimate_trend(monthly(outlier))
        estimate_trend(as_series(half, exposure=days))
        estimate_trend(monthly(sparse))
        estimate_trend(monthly([5] * 24))
        estimate_trend(monthly([1] * 8))
    assert hit.verdict != "rising"
    assert hit.verdict != "falling"


def test_scatter_that_no_model_holds_is_said_and_not_denied():
    counts = [4] * 30
    counts[17] = 100_000
    trend = estimate_trend(monthly(counts))
    assert trend.family == "quasipoisson"
    assert "nb_failed" in trend.caveats
    assert "scatter far beyond chance" in trend.summary()
    assert "no more than chance" not in trend.summary()


def test_a_season_needs_as_many_periods_with_events_as_terms():
    counts = [0] * 48
    counts[0] = counts[24] = counts[47] = 1
    with pytest.raises(ValueError, match="13 terms, 3 periods with events"):
        estimate_trend(monthly(counts), season="month")


def test_constant_counts_do_not_give_an_interval_of_no_width():
    trend = estimate_trend(monthly([5] * 24))
    low, high = trend.slope_interval()
    assert low < -0.05 < 0.05 < high


def test_whole_floats_are_counts():
    floats = estimate_trend(monthly([float(count) for count in SYRIA_2018]))
    assert floats.slope == estimate_trend(monthly(SYRIA_2018)).slope


def test_fewer_than_eight_periods_are_refused():
    with pytest.raises(ValueError, match="at least 8 periods with a count, got 7"):
        estimate_trend(monthly([3] * 7))


def test_a_series_without_events_is_refused():
    with pytest.raises(ValueError, match="events in at least 3 periods, got 0 with 0 events"):
        estimate_trend(monthly([0] * 20))


def test_a_gap_in_the_index_is_refused():
    series = monthly([3] * 20)
    with pytest.raises(ValueError, match="without a gap"):
        estimate_trend(series.drop(series.index[5]))


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match=r"`family` must be one of .* got 'gauss'"):
        estimate_trend(monthly(SYRIA_2018), family="gauss")
    with pytest.raises(ValueError, match=r"`dependence` must be one of .* got 'ar'"):
        estimate_trend(monthly(SYRIA_2018), dependence="ar")
    with pytest.raises(ValueError, match=r"`season` must be one of auto, none.* got 'week'"):
        estimate_trend(monthly(SYRIA_2018), season="week")
    with pytest.raises(ValueError, match="`alpha` must be between 0 and 1, got 5"):
        estimate_trend(monthly(SYRIA_2018)).to_frame(alpha=5)


def test_a_season_needs_more_periods_than_terms():
    with pytest.raises(ValueError, match="must leave enough observed periods for 13 terms"):
        estimate_trend(monthly([3, 5] * 6), season="month")


# ------- words


def test_the_verb_follows_the_interval():
    rng = np.random.default_rng(8)
    halving = rng.poisson(60 * 0.5 ** (np.arange(36) / 12))
    assert "fell by 5" in estimate_trend(monthly(halving)).summary()
    flat = estimate_trend(monthly(rng.poisson(6, 40)))
    assert "did not clearly rise or fall" in flat.summary()
    assert "would have been seen" in flat.summary()
    assert "لم يظهر ارتفاع واضح في المعدل ولا انخفاض واضح" in flat.summary("ar")


def test_a_finding_without_a_trend_has_the_lowest_grade():
    rng = np.random.default_rng(8)
    flat = estimate_trend(monthly(rng.poisson(6, 40)))
    assert [finding.grade for finding in flat.findings()] == ["D"]
