"""Two stretches of one series: the fit by R, what scatter and memory do, empty and broken ones."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trends
from trends.analysis.periods import compare_periods
from trends.models.counts.ratio_interval import Total, ratio_interval, ratio_p_value
from trends.tables.series import as_series

COUNTS = [9, 14, 6, 11, 8, 12] * 4 + [21, 15, 24, 18, 30, 19] * 2


def monthly(counts, start="2020-01", exposure=None):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=months), exposure=exposure)


def gamma_poisson(rng, mean, dispersion, n_periods):
    """Counts whose variance is `dispersion` times their mean."""
    spread = dispersion - 1
    return rng.poisson(rng.gamma(mean / spread, spread, n_periods))


def interval_of(compared):
    return compared.ratio_low, compared.ratio_high


# ------- the fit


@pytest.mark.parametrize(("season", "name"), [("none", "plain"), ("harmonic", "seasonal")])
def test_the_ratio_is_that_of_mass_glm_nb(reference, season, name):
    table = pd.read_csv(reference / "inputs" / "syria.csv")
    series = monthly(table["n"].to_numpy(), start="2013-01", exposure=30.4375)
    compared = compare_periods(series, (2014, 2014), (2017, 2017), season=season)
    known = json.loads((reference / "stretches.json").read_text())[name]
    assert compared.family == "nb2"
    assert np.log(compared.ratio) == pytest.approx(known, rel=1e-8)


def test_without_scatter_the_rates_are_events_over_time_and_the_interval_is_the_exact_one():
    compared = compare_periods(monthly(COUNTS), (2022, 2022), (2021, 2021))
    assert compared.family == "poisson"
    assert compared.rate_first == pytest.approx(254 / (365 / 30.4375))
    assert compared.rate_second == pytest.approx(120 / (365 / 30.4375))
    totals = Total.of_count(254, 1.0), Total.of_count(120, 1.0)
    exact = ratio_interval(*totals, alpha=0.05)
    assert interval_of(compared)[1] >= exact[1]
    assert interval_of(compared) == pytest.approx(exact, rel=0.02)
    assert (compared.poisson_low, compared.poisson_high) == pytest.approx(exact)
    assert compared.poisson_p_value == pytest.approx(ratio_p_value(*totals))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), dispersion=st.sampled_from([1.2, 3.0, 8.0]))
def test_swapping_the_stretches_inverts_the_ratio_and_turns_the_difference_around(seed, dispersion):
    series = monthly(gamma_poisson(np.random.default_rng(seed), 9.0, dispersion, 40) + 1)
    one, two = ("2020-03", "2020-12"), ("2021-06", "2022-08")
    there, back = compare_periods(series, one, two), compare_periods(series, two, one)
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert interval_of(back) == pytest.approx((1 / there.ratio_high, 1 / there.ratio_low))
    assert back.p_value == pytest.approx(there.p_value)
    assert back.difference == pytest.approx(-there.difference)
    assert back.difference_low == pytest.approx(-there.difference_high)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), dispersion=st.sampled_from([1.2, 3.0, 8.0]))
def test_the_interval_is_never_narrower_than_that_of_poisson_counts(seed, dispersion):
    series = monthly(gamma_poisson(np.random.default_rng(seed), 9.0, dispersion, 36) + 1)
    compared = compare_periods(series, (2022, 2022), (2020, 2020), season="none")
    assert compared.ratio_low <= compared.poisson_low
    assert compared.ratio_high >= compared.poisson_high
    assert compared.p_value >= compared.poisson_p_value
    assert (compared.p_value < 0.05) == (not compared.ratio_low <= 1 <= compared.ratio_high)


def test_what_scatters_outside_the_stretches_widens_their_interval():
    rng = np.random.default_rng(3)
    inside = [10] * 12
    quiet = monthly([*inside, *rng.poisson(10, 36), *inside])
    loud = monthly([*inside, *gamma_poisson(rng, 10.0, 12.0, 36), *inside])
    narrow, wide = (compare_periods(series, (2024, 2024), (2020, 2020)) for series in (quiet, loud))
    assert wide.ratio_high / wide.ratio_low > 1.5 * narrow.ratio_high / narrow.ratio_low
    assert wide.dispersion > 3 > narrow.dispersion


def test_memory_widens_the_interval():
    rng = np.random.default_rng(5)
    fresh = rng.normal(0, 1, 96)
    kept = np.zeros(96)
    for month in range(1, 96):
        kept[month] = 0.8 * kept[month - 1] + 0.6 * fresh[month]
    shuffled = rng.permutation(kept)
    remembering, forgetting = (
        compare_periods(
            monthly(rng.poisson(20 * np.exp(0.5 * path))), (2024, 2024), (2021, 2021), season="none"
        )
        for path in (kept, shuffled)
    )
    assert remembering.memory_correlation > 0.3 > forgetting.memory_correlation
    assert remembering.std_error > 1.4 * forgetting.std_error


def test_a_level_outside_says_nothing_about_the_stretches():
    """A run outside has a level and a slope of its own, which are no scatter."""
    rng = np.random.default_rng(8)
    counts = rng.poisson(20, 60)
    step = counts.copy()
    step[24:48] = rng.poisson(200 * np.exp(0.05 * np.arange(24)))
    one, two = ("2024-01", "2024-12"), ("2020-01", "2021-12")
    plain, stepped = (
        compare_periods(monthly(each, exposure=30.4375), one, two, season="none")
        for each in (counts, step)
    )
    assert stepped.ratio == pytest.approx(plain.ratio, rel=1e-6)
    assert stepped.std_error == pytest.approx(plain.std_error, rel=0.25)


def test_half_a_year_of_peaks_against_half_a_year_of_troughs_is_the_season():
    wave = np.sin(2 * np.pi * (np.arange(96) - 2.5) / 12)
    counts = np.random.default_rng(2).poisson(30 * np.exp(0.7 * wave))
    peak, trough = ("2023-04", "2023-09"), ("2023-10", "2024-03")
    blind = compare_periods(monthly(counts), peak, trough, season="none")
    seeing = compare_periods(monthly(counts), peak, trough)
    assert seeing.season == "harmonic"
    assert blind.ratio_low > 1
    assert seeing.ratio_low <= 1 <= seeing.ratio_high
    assert seeing.poisson_low <= 1 <= seeing.poisson_high


# ------- nothing counted in a stretch


def test_none_against_some_has_the_exact_limit_of_totals_divided_by_the_inflation():
    rng = np.random.default_rng(4)
    counts = [*gamma_poisson(rng, 9.0, 6.0, 24), *([0] * 12), *gamma_poisson(rng, 9.0, 6.0, 12)]
    compared = compare_periods(monthly(counts), (2022, 2022), (2021, 2021))
    assert compared.inflation > 2
    known = ratio_interval(
        Total.of_bunches(0, compared.exposure_first, compared.inflation),
        Total.of_bunches(compared.n_second, compared.exposure_second, compared.inflation),
        alpha=0.05,
    )
    assert (compared.ratio, *interval_of(compared)) == pytest.approx((0.0, *known))
    assert compared.ratio_high > compared.poisson_high
    assert compared.rate_first_high == pytest.approx(
        -np.log(0.025) * compared.inflation / compared.exposure_first
    )
    assert np.isnan(compared.std_error)
    back = compare_periods(monthly(counts), (2021, 2021), (2022, 2022))
    assert back.ratio == np.inf
    assert back.ratio_low == pytest.approx(1 / compared.ratio_high)
    assert back.ratio_high == np.inf


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_stretch_without_events_is_said(lang):
    counts = [*([8, 11] * 12), *([0] * 12)]
    said = compare_periods(monthly(counts), (2022, 2022), (2021, 2021)).summary(lang)
    assert ("with none counted" if lang == "en" else "ولا تزيد النسبة") in said


def test_nothing_in_either_stretch_is_refused():
    counts = [*([8, 11] * 12), *([0] * 24)]
    with pytest.raises(ValueError, match="must hold an event between them, got none"):
        compare_periods(monthly(counts), (2022, 2022), (2023, 2023))


def test_a_silent_run_outside_is_left_out():
    rng = np.random.default_rng(6)
    counts = [*([0] * 24), *rng.poisson(9, 24)]
    with_silence = compare_periods(monthly(counts), (2022, 2022), (2023, 2023), season="none")
    without = compare_periods(monthly(counts).iloc[24:], (2022, 2022), (2023, 2023), season="none")
    assert with_silence.ratio == pytest.approx(without.ratio)
    assert with_silence.std_error == pytest.approx(without.std_error)


# ------- breaks


def with_break(day, counts=(*COUNTS, *COUNTS)):
    series = monthly(counts)
    series.attrs["caveats"] = ["definition_break"]
    series.attrs["breaks"] = [
        {
            "date": day,
            "before": "all",
            "after": "own",
            "basis": "stated",
            "counts_before": "",
            "counts_after": "",
            "counts_before_ar": "",
            "counts_after_ar": "",
        }
    ]
    return series


@pytest.mark.parametrize("day", ["2021-01-01", "2021-06-15", "2021-12-31", "2022-01-01"])
def test_a_break_between_or_within_the_stretches_makes_every_finding_tentative(day):
    compared = compare_periods(with_break(day), (2022, 2022), ("2020-07", "2021-12"))
    assert compared.n_periods == 72
    for finding in compared.findings():
        assert "definition_break" in finding.caveats
        assert finding.grade in {"C", "D"}
    assert "What is counted changed within this time" in compared.summary()


@pytest.mark.parametrize(
    ("day", "first", "n_periods"),
    [("2021-01-01", "2021-01", 60), ("2023-01-01", "2020-01", 36), ("2023-06-10", "2020-01", 41)],
)
def test_on_one_side_of_a_break_only_that_side_is_used(day, first, n_periods):
    compared = compare_periods(with_break(day), (2022, 2022), (2021, 2021))
    assert "definition_break" not in compared.findings()[0].caveats
    assert compared.n_periods == n_periods
    assert str(compared.series.index[0]) == first


# ------- what is named


def test_both_ends_of_a_stretch_belong_to_it():
    compared = compare_periods(monthly(COUNTS), ("2022-03", "2022-05"), (2021, "2021-02"))
    assert (compared.n_first, compared.n_second) == (24 + 18 + 30, 9 + 14)
    assert (compared.n_observed_first, compared.n_observed_second) == (3, 2)


@pytest.mark.parametrize(
    ("first", "kind", "said"),
    [
        ("2022", TypeError, "`first` must be a pair of periods, got '2022'"),
        (("2022-01",), TypeError, "`first` must be a pair of periods"),
        (("2022-12", "2022-01"), ValueError, "must end on or after the day it starts"),
        (("2022-06", "2023-02"), ValueError, "must lie within 2020-01 to 2022-12"),
        (("2019-12", "2020-02"), ValueError, "must lie within 2020-01 to 2022-12"),
        (("2021-06", "2022-02"), ValueError, "must not overlap, got 2021-06 to 2022-02 and"),
        (("2022-01-01", "2022-06-15"), ValueError, "Name 2022-01 to 2022-05, or count"),
        (("2022-01-05", "2022-01-15"), ValueError, "Name a longer stretch, or count"),
        (("01/05/2022", "2022-08"), ValueError, "`first` must be a day or a whole period"),
    ],
)
def test_a_stretch_that_is_none_is_refused_with_the_remedy(first, kind, said):
    with pytest.raises(kind, match=said):
        compare_periods(monthly(COUNTS), first, (2021, 2021))


def test_a_stretch_that_nobody_watched_is_refused_and_a_hole_is_said():
    series = monthly(COUNTS)
    series.loc["2022-01":"2022-06", "count"] = pd.NA
    with pytest.raises(ValueError, match="`first` must hold a period with a count, got none"):
        compare_periods(series, ("2022-01", "2022-06"), (2021, 2021))
    holed = compare_periods(series, (2022, 2022), (2021, 2021))
    assert holed.n_observed_first == 6
    assert "unobserved_periods" in holed.caveats
    assert "unobserved_periods" not in compare_periods(series, (2021, 2021), (2020, 2020)).caveats


def test_too_little_beside_the_stretches_is_refused_and_auto_gives_up_its_season():
    with pytest.raises(ValueError, match="must leave 4 observed periods beside the levels"):
        compare_periods(monthly(COUNTS[:14]), ("2021-01", "2021-02"), (2020, 2020), season="month")
    assert compare_periods(monthly(COUNTS[:8]), ("2020-05", "2020-08"), ("2020-01", "2020-04"))


def test_weeks_and_years_are_compared_too():
    weeks = pd.period_range("2023-01-02", periods=104, freq="W")
    series = as_series(pd.Series([3, 5, 4, 2] * 26, index=weeks))
    compared = compare_periods(series, ("2024-W02", "2024-W20"), ("2023-W02", "2023-W20"))
    assert compared.n_observed_first == 19
    years = as_series(pd.Series([30, 41, 35, 28, 37, 60, 71, 66, 58, 63], index=range(2011, 2021)))
    assert compare_periods(years, (2016, 2020), (2011, 2015)).ratio == pytest.approx(1.86, abs=0.01)


# ------- truth of simulations


@pytest.mark.slow
@pytest.mark.parametrize("dispersion", [3.0, 8.0])
def test_a_clear_difference_of_one_rate_is_rare(dispersion):
    """At most .07 (`benchmarks/period_comparisons.py`); the Monte-Carlo error of 200 is .018."""
    rng = np.random.default_rng(12)
    false = poisson = 0
    for _ in range(200):
        series = monthly(gamma_poisson(rng, 10.0, dispersion, 60))
        compared = compare_periods(series, ("2023-01", "2023-12"), ("2021-01", "2021-12"))
        false += not compared.ratio_low <= 1 <= compared.ratio_high
        poisson += not compared.poisson_low <= 1 <= compared.poisson_high
    assert false / 200 <= 0.07 + 2 * 0.018
    assert poisson / 200 > 0.15


def test_a_tripled_rate_is_seen_and_said():
    rng = np.random.default_rng(1)
    counts = [*gamma_poisson(rng, 10.0, 3.0, 36), *gamma_poisson(rng, 40.0, 3.0, 12)]
    compared = compare_periods(monthly(counts), (2023, 2023), (2021, 2021))
    assert compared.ratio_low > 1
    (finding,) = compared.findings()
    assert finding.quantity == "ratio"
    (between,) = compare_periods(monthly(counts), (2021, 2021), (2023, 2023)).findings()
    assert between.quantity == "ratio_between"
    assert between.grade == finding.grade


def test_no_clear_change_always_comes_with_what_could_have_been_seen():
    counts = gamma_poisson(np.random.default_rng(2), 10.0, 3.0, 48)
    compared = compare_periods(monthly(counts), (2023, 2023), (2021, 2021))
    ratio, visible = compared.findings()
    assert ratio.grade == "D"
    assert visible.estimate == compared.detectable_rise > compared.ratio_high / compared.ratio
    assert compared.detectable_fall == pytest.approx(1 / compared.detectable_rise)
    assert trends.compare_periods is compare_periods
