"""Level shifts: reference series, simulated truth, invariants and refusals."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from trends.analysis.changepoint import Changepoints, detect_changepoints
from trends.findings.listing import listing
from trends.models.shifts.shift_summary import N_RESAMPLES, highest_mass
from trends.tables.calendar import hijri_shares
from trends.tables.series import as_series


def months(counts, *, start="2010-01", exposure=30.4375):
    index = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=index).astype("Int64"), exposure=exposure)


def negative_binomial(mean, dispersion, rng):
    return rng.negative_binomial(np.asarray(mean) / (dispersion - 1), 1 / dispersion)


def doubled(n=60, *, level=10.0, seed=1):
    mean = np.where(np.arange(n) < n // 2, level, 2 * level)
    return negative_binomial(mean, 3.0, np.random.default_rng(seed))


def years(values, start, exposure=365.25):
    index = pd.period_range(str(start), periods=len(values), freq="Y")
    return as_series(pd.Series(values, index=index), exposure=exposure)


# ------- other implementations


def test_the_nile_falls_in_1899_as_in_strucchange(reference):
    # R: breakpoints(Nile ~ 1) -> 1898, confint 1895 to 1902: the last year of the old level
    nile = json.loads((reference / "breaks.json").read_text())["nile"]
    found = detect_changepoints(years(nile["values"], nile["start"]), n_null=199, rng=1)
    (changepoint,) = found.changepoints
    assert changepoint.period.year == nile["last_year_before"] + 1
    inside = {period.year for period in changepoint.confidence_set()}
    assert inside <= {year + 1 for year in range(nile["conf_low"], nile["conf_high"] + 1)}
    per_month = 30.4375 / 365.25
    assert changepoint.rate_before / per_month == pytest.approx(nile["mean_before"])
    assert changepoint.rate_after / per_month == pytest.approx(nile["mean_after"])


def test_coal_disasters_fall_in_1892_and_1887_is_in_the_set(reference):
    # changepoint::cpt.meanvar(coal, test.stat = "Poisson"): 1891 is the last year of the old rate;
    # strucchange::breakpoints(coal ~ 1), by least squares: 1886
    coal = pd.read_csv(reference / "inputs" / "coal.csv")["n"].tolist()
    found = detect_changepoints(years(coal, 1851), n_null=199, rng=1)
    (changepoint,) = found.changepoints
    assert changepoint.period.year == 1892
    assert 1887 in {period.year for period in changepoint.confidence_set()}
    assert [period.year for period in found.naive_periods] == [1892, 1948]
    checks = found.cross_check().set_index("method")
    assert checks.loc["sup_lr", "period"].year == 1892
    assert checks.loc["ols_cusum", "agrees"]


@pytest.mark.parametrize("season", ["month", "harmonic"])
def test_belted_drivers_die_less_from_february_1983(reference, season):
    # R with two lags as regressors: 1973(10) and 1983(1) as the last months of the old regime;
    # the law on seat belts is of 31 January 1983. Beside a season the level before it also moves.
    drivers = json.loads((reference / "breaks.json").read_text())["drivers"]
    index = pd.period_range("1969-01", periods=192, freq="M")
    series = as_series(pd.Series(drivers["values"], index=index))
    found = detect_changepoints(series, season=season, n_null=199, rng=1)
    assert found.season == season
    last = found.changepoints[-1]
    assert pd.Period("1983-02", "M") in last.confidence_set()
    assert abs((last.period - pd.Period("1983-02", "M")).n) <= 1
    assert last.ratio()[2] < 1


def test_belted_drivers_wander_beside_their_shift(reference):
    # a firm grade needs steps that a wandering level cannot do without
    drivers = json.loads((reference / "breaks.json").read_text())["drivers"]
    index = pd.period_range("1969-01", periods=192, freq="M")
    found = detect_changepoints(as_series(pd.Series(drivers["values"], index=index)), rng=1)
    assert found.season == "harmonic"
    assert found.may_wander
    assert set(found.to_frame()["grade"]) <= {"C", "D"}


# ------- truth of simulations


def test_a_doubling_is_found_where_it_is():
    found = detect_changepoints(months(doubled()), rng=1)
    (changepoint,) = found.changepoints
    assert abs((changepoint.period - pd.Period("2012-07", "M")).n) <= 3
    assert pd.Period("2012-07", "M") in changepoint.confidence_set()
    ratio, low, high = changepoint.ratio()
    assert low < 2 < high
    assert low < ratio < high
    assert found.p_value <= 0.02


def test_four_regimes_that_oppose_each_other_are_found():
    # one step at a time explains little here: the second half takes back the first
    counts = negative_binomial(np.repeat([10, 20, 8, 24], 39), 3.0, np.random.default_rng(3))
    found = detect_changepoints(months(counts), n_null=199, rng=1)
    expected = [pd.Period("2013-04"), pd.Period("2016-07"), pd.Period("2019-10")]
    assert len(found.changepoints) == 3
    for changepoint, truth in zip(found.changepoints, expected, strict=True):
        assert abs((changepoint.period - truth).n) <= 3
    assert found.tests["scan"].eq("several").any()


def test_stable_scattered_counts_rarely_have_a_changepoint():
    # 40 series, at most 5% expected: 6 or more would happen once in 70 with alpha exhausted;
    # a Poisson cost with a BIC penalty claims one in most of them
    rng = np.random.default_rng(7)
    found = naive = 0
    for _ in range(40):
        counts = negative_binomial(np.full(36, 10.0), 3.0, rng)
        result = detect_changepoints(months(counts), n_null=99, rng=rng)
        found += bool(result.changepoints)
        naive += len(result.naive_periods) > 0
    assert found <= 5
    assert naive >= 30


def test_lasting_memory_without_a_shift_is_not_called_abrupt_for_certain():
    # a latent AR(0.8): half of such series look broken to independent counts
    rng = np.random.default_rng(11)
    found = cannot_tell = 0
    for _ in range(25):
        state = np.zeros(60)
        for t in range(60):
            state[t] = 0.8 * state[t - 1] + 0.6 * rng.normal()
        counts = rng.poisson(10 * np.exp(0.35 * state - 0.06))
        result = detect_changepoints(months(counts), n_null=99, rng=rng)
        found += bool(result.changepoints)
        cannot_tell += result.verdict == "cannot_tell"
    assert found <= 8
    assert cannot_tell >= 5


def test_one_spike_is_not_a_changepoint():
    counts = np.random.default_rng(2).poisson(10, 60)
    counts[24] = 50
    assert detect_changepoints(months(counts), rng=1).verdict == "none"


def test_a_line_is_not_called_abrupt():
    counts = np.random.default_rng(2).poisson(np.linspace(10, 40, 80))
    found = detect_changepoints(months(counts), n_null=199, rng=1)
    assert found.verdict == "gradual"
    assert found.step_over_line < 0
    assert {one.verdict for one in found.changepoints} <= {"gradual", "shift"}


def waved(mean, peak_over_trough, seed):
    # a triangle, not the sines of the model
    month = np.arange(len(mean)) % 12
    height = np.where(month <= 5, month / 5, (12 - month) / 7)
    rng = np.random.default_rng(seed)
    return months(negative_binomial(mean * peak_over_trough ** (height - 0.5), 2.0, rng))


def test_a_doubling_is_found_under_a_season():
    # nearly all of such series in benchmarks/account_targets.py; without a season none
    mean = np.where(np.arange(60) < 30, 10.0, 20.0)
    found = left_out = 0
    for seed in range(10):
        series = waved(mean, 4.1, seed)
        beside = detect_changepoints(series, n_null=199, rng=1)
        assert beside.season == "harmonic"
        near = [abs((one.period - pd.Period("2012-07", "M")).n) <= 3 for one in beside.changepoints]
        found += any(near)
        without = detect_changepoints(series, season="none", n_null=199, rng=1)
        left_out += without.verdict == "cannot_tell" and without.obstacle == "season"
    assert found >= 8
    assert left_out >= 5


def test_a_season_without_a_shift_is_no_shift():
    found = [
        detect_changepoints(waved(np.full(60, 10.0), 4.1, seed), n_null=199, rng=1)
        for seed in range(10)
    ]
    # false alarms at most .07: more than two of ten would be one in forty
    assert sum(bool(one.changepoints) for one in found) <= 2
    assert all(one.obstacle is None for one in found if one.verdict == "none")


def test_the_season_is_taken_out_of_the_rates():
    # the high months fall into the second stretch only
    mean = np.where(np.arange(45) < 21, 30.0, 90.0)
    wave = np.exp(0.6 * np.sin(2 * np.pi * np.arange(45) / 12))
    counts = np.random.default_rng(2).poisson(mean * wave)
    found = detect_changepoints(months(counts), season="harmonic", n_null=199, rng=1)
    (changepoint,) = found.changepoints
    assert changepoint.rate_after / changepoint.rate_before == pytest.approx(3, rel=0.1)


def test_days_of_ramadan_are_a_season():
    days = pd.period_range("2021-01-01", "2023-12-31", freq="D")
    shares = hijri_shares(days)["ramadan"].to_numpy()
    counts = np.random.default_rng(2).poisson(2 * (1 + 2 * shares))
    series = as_series(pd.Series(counts, index=days).groupby(days.asfreq("W-SUN")).sum())
    plain = detect_changepoints(series, season="none", n_null=99, rng=1)
    beside = detect_changepoints(series, season="hijri", n_null=99, rng=1)
    assert beside.season == "hijri"
    assert beside.dispersion < plain.dispersion
    assert beside.verdict == "none"


def test_an_episode_is_found_with_both_its_ends():
    inside = (np.arange(120) >= 40) & (np.arange(120) < 60)
    counts = negative_binomial(np.where(inside, 20.0, 10.0), 2.0, np.random.default_rng(7))
    found = detect_changepoints(months(counts), n_null=199, rng=1)
    assert found.tests["scan"].iloc[0] == "episode"
    start, end = (one.period for one in found.changepoints)
    assert found.tests["period"].iloc[0].count(", ") == 1
    assert all(len(period) == 7 for period in found.tests["period"].iloc[0].split(", "))
    assert found.tests["n_before"].tolist() == [0, 2][: len(found.tests)]
    assert start == pd.Period("2013-05", "M")
    assert abs((end - pd.Period("2015-01", "M")).n) <= 3


def test_a_walk_has_no_firm_shift():
    # two in three of such walks look broken; at most .07 should show a shift of grade A or B
    rng = np.random.default_rng(5)
    firm = broken = wanders = 0
    for _ in range(20):
        walk = np.exp(np.cumsum(rng.normal(0, 0.2, 96)))
        found = detect_changepoints(months(rng.poisson(10 * walk / walk.mean())), n_null=99, rng=1)
        firm += bool(set(found.to_frame()["grade"]) & {"A", "B"})
        broken += found.p_value <= 0.05
        wanders += found.verdict == "wanders"
    assert broken >= 10
    assert wanders >= 2
    assert firm <= 4


def test_a_wandering_level_gets_no_date():
    for seed in range(26, 60):
        rng = np.random.default_rng(seed)
        walk = np.cumsum(rng.normal(0, 0.25, 72))
        counts = rng.poisson(25 * np.exp(walk - walk.mean()))
        found = detect_changepoints(months(counts), n_null=99, rng=1)
        if found.verdict == "wanders":
            break
    assert found.changepoints == ()
    assert found.p_value <= 0.05
    assert found.may_wander
    assert "no date can be given" in found.summary()


def test_scatter_that_rises_is_no_shift():
    # .07 was the aim; a calm half beside a wild one still shows more shifts than even scatter
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(20):
        counts = np.append(rng.poisson(10, 60), negative_binomial(np.full(60, 10.0), 8.0, rng))
        found += bool(detect_changepoints(months(counts), n_null=99, rng=1).changepoints)
    assert found <= 4


@pytest.mark.slow
@pytest.mark.parametrize("n", [36, 60, 120])
def test_p_values_are_uniform_for_counts_without_memory(n):
    # 300 series: standard errors .013, .017, .025 and .029
    rng = np.random.default_rng(n)
    p_values = np.array(
        [
            detect_changepoints(
                months(negative_binomial(np.full(n, 10.0), 3.0, rng)), n_null=199, rng=rng
            ).p_value
            for _ in range(300)
        ]
    )
    for level, tolerance in ((0.05, 0.04), (0.1, 0.06), (0.25, 0.1), (0.5, 0.12)):
        assert np.mean(p_values <= level) == pytest.approx(level, abs=tolerance)


def test_the_error_of_a_p_value_shrinks_near_alpha():
    found = detect_changepoints(months(doubled()), n_null=199, rng=1)
    assert 0 < found.p_error < 0.02
    assert found.tests["p_error"].iloc[0] == found.p_error


def test_what_could_have_been_seen_grows_with_the_counts():
    rng = np.random.default_rng(3)
    few = detect_changepoints(months(rng.poisson(2, 48)), n_null=199, rng=1)
    many = detect_changepoints(months(rng.poisson(200, 48)), n_null=199, rng=1)
    assert few.verdict == many.verdict == "none"
    assert many.detectable_ratio < few.detectable_ratio


# ------- invariants


def test_the_same_rng_gives_the_same_answer():
    series = months(doubled())
    one, other = (detect_changepoints(series, n_null=199, rng=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert one.to_dict() == other.to_dict()


def test_the_unit_of_exposure_changes_rates_only():
    counts = doubled()
    one = detect_changepoints(months(counts, exposure=30.4375), n_null=199, rng=5)
    other = detect_changepoints(months(counts, exposure=3.04375), n_null=199, rng=5)
    left, right = one.to_frame(), other.to_frame()
    assert (left["period"] == right["period"]).all()
    assert left["ratio"].to_numpy() == pytest.approx(right["ratio"].to_numpy())
    assert (10 * left["rate_before"]).to_numpy() == pytest.approx(right["rate_before"].to_numpy())


def test_exposure_that_explains_the_counts_leaves_no_changepoint():
    rng = np.random.default_rng(8)
    exposure = np.where(np.arange(60) < 30, 1.0, 30.0)
    counts = rng.poisson(0.7 * exposure)
    with_exposure = detect_changepoints(months(counts, exposure=exposure), n_null=199, rng=1)
    assert not with_exposure.changepoints
    assert detect_changepoints(months(counts), n_null=199, rng=1).changepoints


def test_a_shift_inside_a_gap_may_have_begun_in_any_period_of_the_gap():
    index = pd.period_range("2010-01", periods=60, freq="M")
    counts = pd.Series(np.random.default_rng(2).poisson([5] * 30 + [50] * 30), index=index)
    holed = as_series(counts.drop(index[27:33]), exposure=30.4375)
    found = detect_changepoints(holed, n_null=199, rng=1)
    (changepoint,) = found.changepoints
    # 2012-10 is the first month counted after the gap
    expected = pd.period_range("2012-04", "2012-10", freq="M")
    assert list(changepoint.confidence_set()) == list(expected)
    assert changepoint.period == expected[-1]


def test_missing_periods_are_left_out():
    counts = months(doubled())
    counts.iloc[::3, 0] = pd.NA
    found = detect_changepoints(counts, n_null=199, rng=1)
    assert found.changepoints
    assert found.naive_periods.isin(counts.index[counts["count"].notna()]).all()


def test_a_wider_level_gives_a_wider_set_and_interval():
    (changepoint,) = detect_changepoints(months(doubled()), n_null=199, rng=1).changepoints
    narrow, wide = (changepoint.confidence_set(alpha=alpha) for alpha in (0.3, 0.01))
    assert set(narrow) <= set(wide)
    assert changepoint.ratio(alpha=0.3)[1] > changepoint.ratio(alpha=0.01)[1]
    assert changepoint.set_probability.sum() == pytest.approx(1)


def test_a_set_holds_the_most_probable_places_and_may_have_holes():
    probability = np.array([0.4, 0.02, 0.5, 0.05, 0.03])
    assert list(highest_mass(probability, 0.2)) == [0, 2]
    assert list(highest_mass(probability, 0.02)) == [0, 1, 2, 3, 4]


def test_a_date_that_could_be_anywhere_is_not_located():
    rng = np.random.default_rng(5)
    for seed in range(12):
        mean = np.where(np.arange(60) < 30, 10.0, 15.0)
        found = detect_changepoints(months(negative_binomial(mean, 3, rng)), n_null=99, rng=seed)
        grades = found.to_frame()["grade"]
        for changepoint, grade in zip(found.changepoints, grades, strict=True):
            assert changepoint.located == (len(changepoint.confidence_set()) <= 30)
            if not changepoint.located:
                assert grade == "D"


def test_redetection_is_a_share_of_the_resamples():
    for changepoint in detect_changepoints(months(doubled()), n_null=199, rng=1).changepoints:
        assert 0 <= changepoint.redetected <= 1
        resamples = changepoint.redetected * N_RESAMPLES
        assert resamples == pytest.approx(round(resamples))


def test_models_are_compared_on_one_likelihood():
    found = detect_changepoints(months(doubled()), n_null=199, rng=1)
    memory = found.models.groupby("term")["log_likelihood"].apply(np.logaddexp.reduce)
    # a step and an episode share the prior evenly: the step alone has at least its half
    assert 2 * (memory["shift"] - memory["level"]) - 2 * np.log(2) <= found.statistic
    assert 2 * (memory["shift"] - memory["trend"]) == pytest.approx(found.step_over_line)
    assert found.models["difference"].max() == 0


def test_what_is_printed_behind_the_best_is_the_difference_of_the_printed_likelihoods():
    found = detect_changepoints(months(doubled()), n_null=199, rng=1)
    printed = listing(found.models, ["log_likelihood", "difference"])
    shown = printed.apply(lambda column: column.str.replace("\N{MINUS SIGN}", "-").astype(float))
    behind = shown.iloc[:, 0] - shown.iloc[:, 0].max()
    # Likelihoods in the hundreds are printed without decimals.
    assert (behind - shown.iloc[:, 1]).abs().max() <= 1


# ------- dates named in advance


def test_a_date_named_in_advance_is_found_with_less_evidence_than_a_searched_one():
    mean = np.where(np.arange(48) < 24, 10.0, 14.0)
    cheaper = dearer = 0
    for seed in range(8):
        series = months(negative_binomial(mean, 2.0, np.random.default_rng(seed)))
        named = detect_changepoints(series, candidates=["2012-01"], n_null=199, rng=1)
        searched = detect_changepoints(series, n_null=199, rng=1)
        cheaper += named.tests["p_value"].iloc[0] < searched.tests["p_value"].iloc[0]
        dearer += named.tests["p_value"].iloc[0] > searched.tests["p_value"].iloc[0]
    assert cheaper > dearer


def test_a_named_date_is_its_own_set():
    found = detect_changepoints(months(doubled()), candidates=["2012-07"], n_null=199, rng=1)
    (changepoint,) = found.changepoints
    assert not changepoint.searched
    assert list(changepoint.confidence_set()) == [pd.Period("2012-07", "M")]
    assert not found.findings()[0].searched


def test_only_named_dates_are_reported():
    found = detect_changepoints(months(doubled()), candidates=["2010-06"], n_null=199, rng=1)
    assert {str(one.period) for one in found.changepoints} <= {"2010-06"}


def result_of(counts, seed=1):
    return detect_changepoints(months(counts), n_null=199, rng=seed)


# ------- other methods beside


def test_other_methods_agree_on_a_clear_step():
    counts = np.random.default_rng(1).poisson(np.where(np.arange(60) < 30, 10, 40))
    checks = result_of(counts).cross_check().set_index("method")
    assert checks["found"].all()
    assert checks.loc[["shift_with_memory", "sup_lr", "ols_cusum"], "agrees"].all()
    assert checks["p_value"].dropna().between(0, 1).all()


def test_a_method_that_cannot_answer_is_a_row_that_says_why():
    checks = result_of([5] * 30).cross_check().set_index("method")
    own = checks.loc["shift_with_memory"]
    assert own["status"] == "answered"
    assert not own["found"]
    others = checks.drop(index="shift_with_memory")
    assert (others["status"] == "failed").all()
    assert (others["reason"] == "every rate is the same").all()
    assert others[["found", "n_changepoints", "agrees"]].isna().all(axis=None)


def test_a_table_at_the_level_of_the_analysis_is_the_default():
    found = detect_changepoints(months(doubled()), alpha=0.2, n_null=199, rng=1)
    assert found.conf_level == pytest.approx(0.8)
    pd.testing.assert_frame_equal(found.to_frame(), found.to_frame(alpha=0.2))
    assert (found.to_frame()["ratio_low"] > found.to_frame(alpha=0.05)["ratio_low"]).all()


# ------- awkward input


@pytest.mark.parametrize(
    "counts",
    [[5] * 40, [0] * 40, [0] * 20 + [30] + [0] * 19, [1, 0, 3, 1, 0, 0, 2, 1]],
    ids=["constant", "zero", "spike in silence", "eight periods"],
)
def test_series_with_nothing_to_find_say_so(counts):
    found = result_of(counts)
    assert found.verdict == "none"
    assert len(found.to_frame()) == 0
    assert found.to_frame()["period"].dtype == "period[M]"
    assert "no shift" in found.summary()
    assert "لم يظهر" in found.summary("ar")


def test_counts_of_a_billion_are_no_trouble():
    rng = np.random.default_rng(1)
    counts = rng.poisson(np.where(np.arange(60) < 30, 1.0e9, 1.01e9))
    (changepoint,) = result_of(counts).changepoints
    assert str(changepoint.period) == "2012-07"
    assert changepoint.ratio()[0] == pytest.approx(1.01, abs=1e-3)


def test_silence_before_the_first_events_is_a_regime():
    counts = [0] * 24 + list(np.random.default_rng(1).poisson(8, 24))
    (changepoint,) = result_of(counts).changepoints
    assert abs((changepoint.period - pd.Period("2012-01", "M")).n) <= 1
    assert changepoint.rate_before == 0
    ratio, low, high = changepoint.ratio()
    assert (ratio, high) == (math.inf, math.inf)
    # R: p <- binom.test(total, total)$conf.int[1]; p / (1 - p), for months alike
    total = sum(counts)
    assert low == pytest.approx(1 / (0.025 ** (-1 / total) - 1), rel=0.15)
    assert "the events began" in result_of(counts).summary()


def test_a_series_that_stopped_says_what_rate_is_left():
    counts = list(np.random.default_rng(1).poisson(8, 36)) + [0] * 24
    (changepoint,) = result_of(counts).changepoints
    assert changepoint.ratio()[:2] == (0, 0)
    # -log(.05) / 24 months, and a little more for scatter and memory
    assert 0.12 < changepoint.rate_bound() < 0.16
    assert math.isnan(result_of(doubled()).changepoints[0].rate_bound())
    assert "the events stopped" in result_of(counts).summary()


def test_half_the_periods_may_be_uncovered():
    counts = pd.Series(doubled(), index=pd.period_range("2010-01", periods=60, freq="M"))
    found = detect_changepoints(as_series(counts.iloc[::2], exposure=30.4375), n_null=199, rng=1)
    assert len(found.series) == 59
    assert isinstance(found, Changepoints)


def test_weeks_and_days_are_analysed_with_their_own_memory():
    index = pd.period_range("2020-01-06", periods=80, freq="W-SUN")
    counts = np.random.default_rng(1).poisson(np.where(np.arange(80) < 40, 5, 15))
    found = detect_changepoints(as_series(pd.Series(counts, index=index)), n_null=99, rng=1)
    assert len(found.changepoints) == 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"alpha": 1.5}, ValueError, "`alpha` must be between 0 and 0.5, got 1.5"),
        ({"min_periods": 0}, ValueError, "`min_periods` must be at least 1, got 0"),
        ({"min_periods": 2.5}, TypeError, "`min_periods` must be a whole number, got float"),
        ({"min_periods": 40}, ValueError, "`min_periods` must be at most 29 for 60 observed"),
        ({"n_null": 18}, ValueError, "`n_null` must be at least 19 for alpha=0.05, got 18"),
        ({"season": "winter"}, ValueError, "`season` must be one of auto, none, month"),
        ({"calibration": "auto"}, ValueError, "`calibration` must be own or shared, got 'auto'"),
        ({"candidates": []}, ValueError, "`candidates` must name at least one period, got none"),
        (
            {"candidates": ["soon"]},
            ValueError,
            "`candidates` must be a day or a whole period.*got 'soon'",
        ),
        (
            {"candidates": ["2009-01"]},
            ValueError,
            "`candidates` must lie after 2010-01 and no later than 2014-12, got 2009-01",
        ),
        (
            {"candidates": ["2010-02"]},
            ValueError,
            "`candidates` must leave at least 2 observed periods on each side, got 2010-02",
        ),
    ],
)
def test_options_out_of_range_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        detect_changepoints(months(doubled()), **options)


def test_series_too_short_are_refused():
    with pytest.raises(
        ValueError, match="`series` must have at least 8 periods with a count, got 3"
    ):
        result_of([1, 2, 3])


def test_a_season_needs_periods_beside_its_terms():
    with pytest.raises(ValueError, match="`season` must leave at least 6 observed periods beside"):
        detect_changepoints(months([3, 4, 5, 4, 3, 5] * 2), season="month", n_null=99)


def test_long_daily_series_are_searched_in_blocks_and_dated_by_day():
    days = pd.period_range("2000-01-01", periods=2400, freq="D")
    mean = np.where(np.arange(2400) < 1001, 1.0, 2.0)
    series = as_series(pd.Series(np.random.default_rng(4).poisson(mean), index=days))
    found = detect_changepoints(series, n_null=99, rng=1)
    assert found.periods_per_row == 5
    (changepoint,) = found.changepoints
    assert days[1001] in changepoint.confidence_set()
    assert abs((changepoint.period - days[1001]).n) <= 15
    assert changepoint.set_probability.sum() == pytest.approx(1)
    assert changepoint.until == days[-1]
    assert len(found.penalty_path()) > 0
    with pytest.raises(ValueError, match="`candidates` must be None for more than 1,500 observed"):
        detect_changepoints(series, candidates=["2003-01-01"], n_null=99)


# ------- words


def test_a_found_shift_is_said_with_its_date_and_ratio():
    found = detect_changepoints(months(doubled(level=30.0)), n_null=199, rng=1)
    said = found.summary()
    assert "July 2012" in said or "June 2012" in said or "August 2012" in said
    assert "Allowing for the search" in said
    assert "The series" in said


def test_what_cannot_be_told_apart_is_said_so():
    rng = np.random.default_rng(11)
    for _ in range(40):
        state = np.zeros(48)
        for t in range(48):
            state[t] = 0.8 * state[t - 1] + 0.6 * rng.normal()
        result = result_of(rng.poisson(10 * np.exp(0.35 * state)))
        if result.verdict == "cannot_tell":
            break
    assert "cannot be told apart" in result.summary()
    assert result.findings()[0].grade == "D"


def test_iraq_rises_in_2013_and_falls_in_2017(reference):
    # up and down nearly take one another back: as an episode they are found together
    months_of = pd.read_csv(reference / "is_events_monthly_2013_2020.csv")
    iraq = months_of[months_of["country"] == "Iraq"].set_index("month")["n_events"]
    iraq.index = pd.PeriodIndex(iraq.index, freq="M")
    found = detect_changepoints(as_series(iraq), n_null=199, rng=1)
    assert [str(one.period) for one in found.changepoints] == ["2013-05", "2017-07"]
    assert found.tests["scan"].iloc[0] == "episode"


def test_no_further_shift_is_said_where_one_was_found(reference):
    # the search asks of March 2019, its dates settle at May 2019, and there it asks once more
    months_of = pd.read_csv(reference / "is_events_monthly_2013_2020.csv")
    syria = months_of[months_of["country"] == "Syria"].set_index("month")["n_events"]
    syria.index = pd.PeriodIndex(syria.index, freq="M")
    series = as_series(syria)
    series.attrs["breaks"] = [{"date": "2016-01-01", "before": "old", "after": "new"}]
    found = detect_changepoints(series, n_null=199, rng=1)
    asked = found.tests.loc[~found.tests["found"], "period"].iloc[-1]
    assert any(asked in one.confidence_set() for one in found.changepoints)
    assert found.further_period is None
    assert "further shift" not in found.summary()


def test_a_further_shift_that_memory_can_explain_is_said_to_be_undecided(reference):
    # Syria's last months of 2013 are high, but the months around them remember each other
    months_of = pd.read_csv(reference / "is_events_monthly_2013_2020.csv")
    syria = months_of[months_of["country"] == "Syria"].set_index("month")["n_events"]
    syria.index = pd.PeriodIndex(syria.index, freq="M")
    found = detect_changepoints(as_series(syria), n_null=199, rng=1)
    assert found.further_p_value > 0.05
    assert f"A further shift around {found.further_period:%B %Y}" in found.summary()
