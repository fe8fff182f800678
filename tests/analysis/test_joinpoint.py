"""Joinpoints: brute force over places, simulation truths, bad input, words."""

import warnings

import numpy as np
import pandas as pd
import pytest

from trends.analysis.joinpoint import fit_joinpoints
from trends.models.counts.count_model import deviance_residuals, fit_counts, fit_given_dispersion
from trends.tables.series import as_series


def monthly(counts, start="2015-01", **options):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=months), **options)


def peaked(n_months, top=60.0, height=1.5):
    half = n_months // 2
    time = np.arange(n_months)
    return top * np.exp(-height * np.abs(time - half) / half)


# ------- the analysis


def test_exact_segments_are_recovered_exactly():
    time = np.arange(60)
    rate = 400 * np.exp(0.03 * np.minimum(time, 20) - 0.05 * np.maximum(time - 41, 0))
    found = fit_joinpoints(monthly(rate.round().astype(int), exposure=30.0), max_joinpoints=3)
    assert found.joinpoints["period"].astype(str).tolist() == ["2016-09", "2018-06"]
    expected = 100 * np.expm1(12 * np.array([0.03, 0.0, -0.05]))
    assert found.segments["annual_percent_change"].to_numpy() == pytest.approx(expected, abs=0.6)
    assert found.average_slope == pytest.approx(12 * np.log(rate[-1] / rate[0]) / 59, abs=0.003)


def test_the_fit_is_the_best_of_all_single_joins_by_likelihood():
    rng = np.random.default_rng(5)
    counts = rng.poisson(peaked(30))
    found = fit_joinpoints(monthly(counts, exposure=30.4375), max_joinpoints=1)
    time = np.arange(30.0)
    deviances = {}
    for join in range(2, 28):
        design = np.column_stack([np.ones(30), time, np.maximum(time - join, 0)])
        _, expected = fit_given_dispersion(
            counts.astype(float), design, np.ones(30), nb_dispersion=found.nb_dispersion
        )
        residuals = deviance_residuals(counts.astype(float), expected, found.nb_dispersion)
        deviances[join] = residuals @ residuals
    best = min(deviances, key=deviances.get)
    row = found.candidates.iloc[1]
    assert row["periods"] == (str(found.series.index[best]),)
    assert row["deviance"] == pytest.approx(deviances[best], rel=1e-6)


def test_opioid_deaths_bend_in_2006_and_2013(reference):
    # Where the joinpoint program of the NCI is reported to have its joins.
    deaths = pd.read_csv(reference / "inputs" / "opioids.csv")
    years = pd.PeriodIndex(deaths["year"].astype(str), freq="Y")
    for last in (2016, 2017):
        series = as_series(pd.Series(deaths["n"].to_numpy(), index=years)[: str(last)])
        found = fit_joinpoints(series, max_joinpoints=3)
        assert found.joinpoints["period"].astype(str).tolist() == ["2006", "2013"]
        pace = found.segments["annual_percent_change"].to_numpy()
        # log-linear between the counts of the ends of each stretch, which are near the line
        ends = deaths.set_index("year")["n"].loc[[1999, 2006, 2013, last]].to_numpy()
        plain = 100 * np.expm1(np.diff(np.log(ends)) / np.diff([1999, 2006, 2013, last]))
        assert pace == pytest.approx(plain, abs=1.5)


def test_min_periods_lie_between_the_joins_and_beyond_them():
    rng = np.random.default_rng(3)
    found = fit_joinpoints(monthly(rng.poisson(30, 48)), max_joinpoints=4, min_periods=6)
    for periods in found.candidates["periods"]:
        places = [found.series.index.get_loc(pd.Period(period)) for period in periods]
        edges = [-1, *places, 48]
        assert all(np.diff(edges) - 1 >= 6)


def test_a_declared_jump_is_not_a_change_of_pace():
    rng = np.random.default_rng(7)
    rate = np.where(np.arange(60) >= 30, 90.0, 30.0)
    series = monthly(rng.poisson(rate))
    plain = fit_joinpoints(series, max_joinpoints=2)
    declared = fit_joinpoints(series, max_joinpoints=2, jumps=["2017-07"])
    assert plain.n_joinpoints == 2
    assert declared.n_joinpoints == 0
    jump = declared.to_frame().set_index("term").loc["jump_2017-07"]
    assert jump["conf_low"] < 3 < jump["conf_high"]
    assert "declared_jump" in declared.caveats


def test_no_joinpoint_is_the_trend():
    rng = np.random.default_rng(1)
    counts = rng.poisson(np.exp(3 + 0.01 * np.arange(50)))
    found = fit_joinpoints(monthly(counts), max_joinpoints=0)
    series = found.series
    time = (np.arange(50) - 24.5) / 12
    design = np.column_stack([np.ones(50), time])
    months = series["exposure"].to_numpy() / 30.4375
    known = fit_counts(counts.astype(float), design, months, family="poisson")
    assert found.average_slope == pytest.approx(known.params[1], rel=1e-6)
    assert len(found.segments) == 1


def test_permutation_tests_find_a_bend_and_report_their_progress():
    rng = np.random.default_rng(2)
    seen = []
    found = fit_joinpoints(
        monthly(rng.poisson(peaked(48))),
        max_joinpoints=2,
        select="permutation",
        n_null=199,
        rng=1,
        progress=lambda done, most: seen.append((done, most)),
    )
    assert found.n_joinpoints == 1
    assert found.tests.iloc[0]["p_value"] == pytest.approx(1 / 200)
    assert seen[-1][1] == 398
    assert 199 < seen[-1][0] <= 398
    assert (np.diff([done for done, _ in seen]) > 0).all()


def test_levels_of_the_permutation_tests_are_those_of_the_nci_program():
    # alpha over the joins still in question above the null (NCI Joinpoint since version 3.0).
    rng = np.random.default_rng(8)
    found = fit_joinpoints(
        monthly(rng.poisson(peaked(48))), max_joinpoints=3, select="permutation", n_null=99, rng=3
    )
    tests = found.tests
    assert tests["n_null"].iloc[-1] >= 1
    assert tests["alpha"].to_numpy() == pytest.approx(0.05 / (3 - tests["n_null"].to_numpy()))


def test_a_test_that_cannot_become_significant_ends_early():
    series = monthly(np.random.default_rng(4).poisson(20, 40))
    seen = []
    found = fit_joinpoints(
        series,
        max_joinpoints=1,
        select="permutation",
        rng=1,
        progress=lambda done, most: seen.append((done, most)),
    )
    assert found.n_joinpoints == 0
    assert seen[-1][0] < seen[-1][1] == 999


def test_the_same_rng_gives_the_same_permutations():
    series = monthly(np.random.default_rng(4).poisson(20, 40))
    first, second = (
        fit_joinpoints(series, max_joinpoints=2, select="permutation", n_null=99, rng=5)
        for _ in range(2)
    )
    assert first.tests.equals(second.tests)


def test_a_steady_series_seldom_shows_a_joinpoint():
    # benchmarks/trend_joinpoints.py has the table; 60 Poisson series here. At a true rate of
    # .03 more than 8 come up once in 10,000.
    rng = np.random.default_rng(17)
    found = [
        fit_joinpoints(monthly(rng.poisson(20, 48)), max_joinpoints=2).n_joinpoints > 0
        for _ in range(60)
    ]
    assert sum(found) <= 8


def remembering(path, rng):
    """Return counts whose log rate follows an AR(0.5) with standard deviation .35."""
    log_rate = np.empty(path.size)
    log_rate[0] = rng.normal(0, 0.35)
    for month in range(1, path.size):
        log_rate[month] = 0.5 * log_rate[month - 1] + rng.normal(0, 0.35 * np.sqrt(0.75))
    return rng.poisson(path * np.exp(log_rate - 0.35**2 / 2))


def test_a_short_series_that_remembers_seldom_shows_a_joinpoint():
    # 80 series. At a true rate of .06 more than 12 come up once in 1,000; the best places and the
    # best memory alone would show 14 (.17).
    rng = np.random.default_rng(18)
    path = 20 * np.exp(0.5 * np.arange(36) / 36)
    found = [fit_joinpoints(monthly(remembering(path, rng)), max_joinpoints=3) for _ in range(80)]
    assert sum(each.n_joinpoints > 0 for each in found) <= 12
    profile = [each.candidates["profile_criterion"].argmin() > 0 for each in found]
    assert sum(profile) > sum(each.n_joinpoints > 0 for each in found)


def test_segments_of_series_that_remember_hold_the_true_pace():
    # 60 series of 48 months, one join and two segments each; at .93 coverage fewer than 98 of 120
    # come up once in 10,000, and in pairs still once in 200.
    rng = np.random.default_rng(24)
    path = peaked(48)
    truth = 100 * np.expm1(12 * np.array([1.5 / 24, -1.5 / 24]))
    held = n_segments = 0
    for _ in range(60):
        found = fit_joinpoints(monthly(remembering(path, rng)), max_joinpoints=1)
        if found.n_joinpoints != 1:
            continue
        table = found.to_frame().iloc[:2]
        held += int(((table["conf_low"] <= truth) & (truth <= table["conf_high"])).sum())
        n_segments += 2
    assert n_segments >= 90
    assert held / n_segments >= 98 / 120


def test_a_turn_as_small_as_could_be_seen_is_seen_about_four_times_in_five():
    # benchmarks/power_check.py makes the table; 70 NB series of 60 months. At a true share of .8
    # fewer than 46 or more than 66 come up once in 100.
    rng = np.random.default_rng(20)
    found = 0
    for _ in range(70):
        flat = fit_joinpoints(monthly(rng.negative_binomial(10, 1 / 3, 60)), max_joinpoints=1)
        if flat.n_joinpoints:
            found += 0.8  # the rare false join has no smallest bend
            continue
        pace = np.log1p(flat.smallest_bend / 100) / 12
        turn = pace * np.maximum(np.arange(60) - 30, 0)
        mean = 20 * np.exp(turn - turn.mean())
        bent = monthly(rng.negative_binomial(mean / 2, 1 / 3))
        found += fit_joinpoints(bent, max_joinpoints=1).n_joinpoints > 0
    assert 46 <= found <= 66


def test_caveats_say_whether_another_number_of_joins_was_close():
    # A bend of 40% up and 40% down in 48 months is near what such counts can show.
    month = np.arange(48)
    path = 20 * np.exp(-0.4 * np.abs(month - 24) / 24)
    fits = [
        fit_joinpoints(monthly(np.random.default_rng(seed).poisson(path)), max_joinpoints=2)
        for seed in range(12)
    ]
    for found in fits:
        table = found.candidates
        fewer = table["criterion"].iloc[: found.n_joinpoints].min()
        close = found.n_joinpoints > 0 and fewer - table["criterion"].min() < 2 * np.log(3)
        assert ("fewer_joinpoints_as_good" in found.caveats) == close
        more = table["profile_criterion"].argmin() > found.n_joinpoints
        assert ("more_joinpoints_possible" in found.caveats) == more
    assert {found.n_joinpoints for found in fits} == {0, 1}
    assert any("more_joinpoints_possible" in found.caveats for found in fits)
    assert any("fewer_joinpoints_as_good" in found.caveats for found in fits)


@pytest.mark.parametrize(("most", "reached"), [(1, True), (2, False)])
def test_as_many_joins_as_were_allowed_is_said(most, reached):
    peak = np.exp(-2 * np.abs(np.arange(48) - 24) / 24)
    found = fit_joinpoints(monthly(np.round(200 * peak).astype(int)), max_joinpoints=most)
    assert found.n_joinpoints == 1
    assert ("at_most_joinpoints" in found.caveats) == reached
    flat = fit_joinpoints(monthly([20, 21, 19] * 16), max_joinpoints=most)
    assert flat.n_joinpoints == 0
    assert "at_most_joinpoints" not in flat.caveats


def test_segment_intervals_hold_the_true_pace():
    # 60 series, two segments each; at .93 coverage fewer than 100 of 120 come up once in 2000.
    rng = np.random.default_rng(23)
    path = peaked(72, height=1.2)
    truth = 100 * np.expm1(12 * np.array([1.2 / 36, -1.2 / 36]))
    held = n_segments = 0
    for _ in range(60):
        found = fit_joinpoints(monthly(rng.negative_binomial(path / 2, 1 / 3)), max_joinpoints=1)
        if found.n_joinpoints != 1:
            continue
        table = found.to_frame().iloc[:2]
        held += int(((table["conf_low"] <= truth) & (truth <= table["conf_high"])).sum())
        n_segments += 2
    assert n_segments >= 80
    assert held / n_segments >= 100 / 120


def test_the_average_is_the_length_weighted_mean_of_the_slopes():
    rng = np.random.default_rng(6)
    found = fit_joinpoints(monthly(rng.poisson(peaked(40))), max_joinpoints=1)
    lengths = [end.ordinal - start.ordinal for start, end in
               zip(found.segments["start"], found.segments["end"], strict=True)]  # fmt: skip
    expected = np.average(found.segments["slope"], weights=lengths)
    assert found.average_slope == pytest.approx(expected)


def test_uncovered_periods_do_not_bend_the_line():
    rng = np.random.default_rng(8)
    counts = pd.Series(rng.poisson(25, 60), index=pd.period_range("2015-01", periods=60, freq="M"))
    found = fit_joinpoints(as_series(counts.drop(counts.index[20:45])), max_joinpoints=2)
    assert found.n_joinpoints == 0
    assert "unobserved_periods" in found.caveats


def test_the_level_asked_for_is_kept_by_segments_and_joins():
    series = monthly(np.random.default_rng(2).poisson(peaked(48)))
    found = fit_joinpoints(series, max_joinpoints=1)
    wide = fit_joinpoints(series, max_joinpoints=1, alpha=0.001)
    assert (found.conf_level, wide.conf_level) == (0.95, 0.999)
    assert wide.joinpoints["conf_low"].item() < found.joinpoints["conf_low"].item()
    assert (
        found.to_frame(alpha=0.001)
        .drop(columns="conf_level")
        .equals(wide.to_frame().drop(columns="conf_level"))
    )
    assert wide.to_frame()["conf_level"].eq(0.999).all()
    tested = fit_joinpoints(
        series, max_joinpoints=2, select="permutation", n_null=19, rng=1, alpha=0.2
    )
    assert tested.tests["alpha"].iloc[0] == pytest.approx(0.2 / 2)


def test_a_season_stands_beside_the_line_and_does_not_bend_it():
    # 12 series, two segments each; at .93 coverage fewer than 18 of 24 come up once in 200.
    month = np.arange(72)
    rng = np.random.default_rng(4)
    path = 20 * np.exp(0.03 * np.minimum(month, 36) + 0.6 * np.cos(2 * np.pi * month / 12))
    truth = 100 * np.expm1(12 * np.array([0.03, 0.0]))
    held = 0
    for _ in range(12):
        found = fit_joinpoints(monthly(rng.poisson(path), exposure=30.4375), max_joinpoints=1)
        assert (found.season, found.n_joinpoints) == ("harmonic", 1)
        table = found.to_frame().iloc[:2]
        held += ((table["conf_low"] < truth) & (truth < table["conf_high"])).sum()
        # The line without its season is straight on both sides of the join.
        bends = np.abs(np.diff(np.log(found.fitted["fitted_rate"]), 2))
        assert (bends > 1e-9).sum() == 1
    assert held >= 18
    assert fit_joinpoints(found.series, max_joinpoints=1, season="none").season == "none"


def test_a_season_needs_room_beside_the_line():
    with pytest.raises(ValueError, match="must leave enough observed periods for 13 terms"):
        fit_joinpoints(monthly([3, 5, 4] * 6), season="month")


def test_no_pace_leads_out_of_nothing():
    found = fit_joinpoints(monthly([0] * 18 + [10] * 18, exposure=30.4375))
    assert found.segments["start"].iloc[0] == found.series.index[18]
    assert found.segments["annual_percent_change"].to_numpy() == pytest.approx([0.0], abs=1e-6)
    assert "no_events_before:2016-07" in found.caveats
    assert found.fitted["fitted_rate"].isna().tolist() == [True] * 18 + [False] * 18
    assert (found.n_periods, found.n_observed) == (36, 36)
    for lang in ("en", "ar"):
        assert max(map(len, found.summary(lang).split())) < 25
    ended = fit_joinpoints(monthly([9, 12, 10] * 8 + [0] * 12))
    assert "no_events_after:2016-12" in ended.caveats
    assert ended.to_frame()["end"].iloc[-1] == pd.Period("2016-12", "M")


def test_too_little_between_silences_is_refused_with_what_answers():
    with pytest.raises(ValueError, match=r"got 3 beside 57 periods.*Use `estimate_trend`"):
        fit_joinpoints(monthly([0] * 57 + [1] * 3))


# ------- bad input


def test_no_warning_escapes_on_awkward_counts():
    sparse = [0] * 30
    sparse[3], sparse[14], sparse[25] = 1, 1, 1
    outlier = [4] * 30
    outlier[17] = 50_000
    halves = pd.Series(
        np.tile([3.0, np.nan], 20), index=pd.period_range("2018-01", periods=40, freq="M")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_joinpoints(monthly(sparse), max_joinpoints=2)
        fit_joinpoints(monthly(outlier), max_joinpoints=2)
        fit_joinpoints(as_series(halves, exposure=np.tile([30.0, 0.0], 20)), max_joinpoints=2)
        short = fit_joinpoints(monthly([3, 4, 2, 5, 3, 4, 6, 2]))
        fit_joinpoints(monthly([5] * 24), max_joinpoints=2)
        silent = fit_joinpoints(monthly([0] * 24 + [50] * 24), max_joinpoints=2)
        silent.summary()
        fit_joinpoints(monthly([50] * 16 + [0] * 16 + [50] * 16), max_joinpoints=2).summary()
    assert short.max_joinpoints == 0
    assert silent.segments["start"].iloc[0] == silent.series.index[24]


def test_three_events_lie_on_no_broken_line():
    # Evenly spread by luck, they would fit two joins all but exactly.
    counts = [0] * 48
    counts[0] = counts[24] = counts[47] = 1
    for options in ({}, {"select": "permutation", "n_null": 19, "rng": 1}):
        found = fit_joinpoints(monthly(counts), **options)
        assert (found.max_joinpoints, found.n_joinpoints) == (0, 0)
        assert "few_events" in found.caveats


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_joinpoints": -1}, "`max_joinpoints` must be a whole number between 0 and 6, got -1"),
        (
            {"max_joinpoints": 1.5},
            "`max_joinpoints` must be a whole number between 0 and 6, got 1.5",
        ),
        ({"select": "aic"}, "`select` must be 'bic' or 'permutation', got 'aic'"),
        (
            {"min_periods": 1},
            "`min_periods` must be a whole number between 2 and half the observed",
        ),
        ({"n_null": 5}, "`n_null` must be at least 19, got 5"),
        ({"jumps": ["2030-01"]}, "`jumps` must be after the first and not after the last"),
        ({"jumps": ["2016-01", "2016-01"]}, "`jumps` must lie between observed periods and differ"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fit_joinpoints(monthly([3, 4, 5, 6] * 10), **options)


def test_a_series_without_events_is_refused():
    with pytest.raises(ValueError, match="events in at least 3 periods, got 0"):
        fit_joinpoints(monthly([0] * 20))


# ------- words


def test_a_fast_pace_is_said_in_months():
    rate = np.concatenate([3 * 2 ** (np.arange(14) / 2), np.full(34, 3 * 2**6.5)])
    text = fit_joinpoints(monthly(rate.round().astype(int)), max_joinpoints=1).summary()
    assert "doubling about every 2." in text or "doubling about every 1.9" in text
    assert "found by searching" in text


def test_one_pace_is_said_as_such_in_both_languages():
    flat = fit_joinpoints(monthly(np.random.default_rng(9).poisson(12, 40)), max_joinpoints=2)
    assert "no change of pace can be told from chance" in flat.summary()
    assert "لا يمكن تمييز تبدل في وتيرة التغير" in flat.summary("ar")
    # Beside "none" stands what would have been seen; the permutation test has no such figure.
    assert f"a rise of {flat.smallest_bend:.0f}% a year would have been seen" in flat.summary()
    tested = fit_joinpoints(flat.series, max_joinpoints=1, select="permutation", n_null=19, rng=1)
    assert np.isnan(tested.smallest_bend)
    assert "would have been seen" not in tested.summary()
