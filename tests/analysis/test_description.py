import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import trends
from trends.analysis.description import describe_series
from trends.findings.finding import Subject
from trends.findings.wording import say

MONTHS = pd.period_range("2013-01", periods=72, freq="M")


def months(counts, start="2013-01"):
    index = pd.period_range(start, periods=len(counts), freq="M")
    return trends.as_series(pd.Series(np.asarray(counts, dtype=int), index=index))


def years(counts, start):
    index = pd.period_range(str(start), periods=len(counts), freq="Y")
    return trends.as_series(pd.Series(counts, index=index))


def scattered(mean, seed, dispersion=2.0):
    """Counts with a variance of `dispersion` times the mean."""
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(np.asarray(mean) / (dispersion - 1), dispersion - 1))


def first_date(account):
    return account.to_frame()["period"].dropna().iloc[0]


# ------- series with a known answer


def test_coal_disasters_became_rarer_about_1892(reference):
    # strucchange: breakpoints(coal ~ 1); Jarrett 1979: the change is put at 1887 to 1895.
    coal = pd.read_csv(reference / "inputs" / "coal.csv")
    account = describe_series(years(coal.iloc[:, -1].tolist(), "1851"), rng=1)
    assert account.verdict == "step"
    assert 1886 <= first_date(account).year <= 1895
    ratio = account.to_frame().query("term == 'ratio'").iloc[0]
    assert 0.2 < ratio["conf_low"] < ratio["estimate"] < ratio["conf_high"] < 0.5


def test_the_nile_falls_in_1899_as_in_strucchange(reference):
    nile = json.loads((reference / "breaks.json").read_text())["nile"]
    account = describe_series(years(nile["values"], nile["start"]), rng=1)
    assert account.verdict == "step"
    assert first_date(account).year == nile["last_year_before"] + 1
    ratio = account.to_frame().query("term == 'ratio'").iloc[0]["estimate"]
    assert ratio == pytest.approx(nile["mean_after"] / nile["mean_before"], rel=0.01)


def test_drivers_die_by_the_month_around_a_level_that_wanders(reference):
    # Harvey and Durbin 1986 (doi:10.2307/2981553) model these deaths as a random-walk level with a
    # season; the belts of February 1983 are then a named intervention.
    drivers = json.loads((reference / "breaks.json").read_text())["drivers"]
    account = describe_series(months(drivers["values"], drivers["start"]), rng=1)
    assert account.verdict == "wanders"
    assert account.seasonal
    assert not account.allows_pace
    assert not account.allows_date


# ------- truths by simulation; `benchmarks/descriptions.py` counts many of them

WAVE = 2.7 ** (0.5 * np.sin(2 * np.pi * np.arange(72) / 12))
STEP = np.where(np.arange(72) < 36, 1.0, 3.0)
TRUTHS = {
    "steady": np.full(72, 1.0),
    "slope": 4 ** (np.arange(72) / 71),
    "step": STEP,
    "season_only": WAVE,
    "episode": np.where((np.arange(72) >= 25) & (np.arange(72) < 45), 3.0, 1.0),
    "bend": 6 ** np.clip(2 * np.arange(72) / 71 - 1, 0, 1),
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_verdict_is_the_course_that_made_the_counts(truth):
    found = [
        describe_series(months(scattered(10 * TRUTHS[truth], seed)), rng=0).verdict
        for seed in range(4)
    ]
    # Each is right about nine times in ten.
    assert found.count(truth) >= 3, found


def test_a_step_is_seen_through_a_season():
    account = describe_series(months(scattered(10 * STEP * WAVE, 3)), rng=1)
    assert account.verdict == "step"
    assert account.seasonal
    assert account.to_frame().query("term == 'ratio'")["conf_low"].item() < 3
    assert abs((first_date(account) - MONTHS[36]).n) <= 2


def test_two_steps_up_are_two():
    account = describe_series(months(scattered(np.repeat([5.0, 20.0, 60.0], 24), 1)), rng=1)
    assert account.verdict == "steps"
    dates = account.to_frame()["period"].dropna()
    errors = [abs((one - MONTHS[at]).n) for one, at in zip(dates, (24, 48), strict=True)]
    assert max(errors) <= 1


def test_a_change_of_scatter_alone_is_no_change_of_level():
    rng = np.random.default_rng(12)
    wild = rng.poisson(rng.gamma(10 / 7, 7, 36))
    account = describe_series(months(np.concatenate([rng.poisson(10, 36), wild])), rng=1)
    assert account.verdict not in {"step", "steps", "episode"}


def test_an_interval_of_a_pace_holds_the_pace_of_a_slope():
    held = 0
    for seed in range(6):
        frame = describe_series(months(scattered(10 * TRUTHS["slope"], seed)), rng=0).to_frame()
        pace = frame[frame["term"] == "annual_percent_change"]
        if len(pace) == 1:
            truth = 100 * (4 ** (12 / 71) - 1)
            held += bool((pace["conf_low"] <= truth).item() and (truth <= pace["conf_high"]).item())
        else:
            held += 1
    assert held >= 5


# ------- invariants


def test_the_verdict_does_not_depend_on_the_seed():
    series = months(scattered(10 * STEP, 8))
    first, second = describe_series(series, rng=1), describe_series(series, rng=2)
    pd.testing.assert_frame_equal(first.weights, second.weights)
    assert first.verdict == second.verdict


def test_weights_sum_to_one_and_a_kind_is_the_sum_of_its_courses():
    account = describe_series(months(scattered(10 * STEP, 8)), rng=1)
    assert account.weights["weight"].sum() == pytest.approx(1)
    assert account.courses["weight"].sum() == pytest.approx(1)
    slope = account.courses.query("course == 'slope'")["weight"].sum()
    assert account.weights.set_index("kind")["weight"]["slope"] == pytest.approx(slope)


def test_twice_the_days_at_half_the_rate_is_the_same_series():
    series = months(scattered(10 * STEP, 8))
    halved = series.assign(exposure=series["exposure"] / 2)
    first, second = describe_series(series, rng=1), describe_series(halved, rng=1)
    assert first.weights["weight"].to_numpy() == pytest.approx(second.weights["weight"].to_numpy())
    assert 2 * first.fitted["fitted_rate"].to_numpy() == pytest.approx(
        second.fitted["fitted_rate"].to_numpy()
    )


def test_a_known_break_takes_the_jump_that_is_its_own():
    series = months(scattered(10 * STEP, 8))
    account = describe_series(series, known_breaks=["2016-01"], rng=1)
    assert account.verdict not in {"step", "steps", "episode"}
    assert account.known_breaks == (pd.Period("2016-01", "M"),)
    assert "declared_jump" in account.caveats


def test_many_days_are_added_up_and_the_date_is_kept_within_them():
    index = pd.period_range("2015-01-01", periods=1200, freq="D")
    counts = np.random.default_rng(2).poisson(np.where(np.arange(1200) < 700, 2, 4))
    account = describe_series(trends.as_series(pd.Series(counts, index=index)), rng=1)
    assert account.periods_per_row == 4
    assert "periods_added_up" in account.caveats
    row = account.to_frame().query("term == 'ratio'").iloc[0]
    assert row["date_low"] <= index[700] <= row["date_high"]


# ------- hardly anything to go on


@pytest.mark.parametrize("counts", [np.zeros(40), np.eye(1, 40, 20)[0]])
def test_next_to_no_events_tell_no_course(counts):
    account = describe_series(months(counts), rng=1)
    assert account.verdict == "cannot_tell"
    assert len(account.left_out) > 5
    (finding,) = account.findings(Subject(key="x", en="X", ar="س"))
    assert finding.grade is None
    assert "no course of the rate can be told from" in account.summary()


def test_a_short_series_leaves_the_long_courses_out_and_says_so():
    account = describe_series(months([3, 5, 2, 4, 4, 3, 5, 2, 4]), rng=1)
    assert {"bend", "episode", "two_steps", "four_steps"} <= set(account.left_out)
    assert set(account.courses["course"]) == {"steady", "slope", "step", "wander"}
    assert "The series is too short for every kind of course" in account.summary()


def test_half_uncovered_months_carry_nothing():
    series = months(scattered(10 * STEP, 8))
    series.loc[series.index[10:46], "count"] = pd.NA
    series.loc[series.index[10:46], "exposure"] = 0.0
    account = describe_series(series, rng=1)
    assert account.n_observed == 36
    row = account.to_frame().dropna(subset="period")
    if len(row):
        # Nobody watched when it came: any of those months may be it.
        assert row.iloc[0]["date_low"] <= series.index[46]


def test_a_rise_from_nothing_has_a_lower_end_only():
    # Exact, Poisson, conditional on the total: at least 51 times (`binom.test(192, 192)`).
    counts = np.concatenate([np.zeros(30), np.random.default_rng(1).poisson(6.4, 30)])
    account = describe_series(months(counts), rng=1)
    assert account.verdict == "step"
    row = account.to_frame().query("term == 'ratio'").iloc[0]
    assert 40 < row["conf_low"] < 120
    assert "is at least" in account.summary()


def test_counts_without_scatter_are_one_level():
    assert describe_series(months(np.full(60, 7)), rng=1).verdict == "steady"


# ------- options


def test_no_season_is_weighed_when_none_is_wanted():
    account = describe_series(months(scattered(10 * WAVE, 1)), season="none", rng=1)
    assert set(account.courses["season"]) == {"none"}
    assert not account.seasonal


def test_ramadan_can_be_the_season():
    account = describe_series(months(scattered(np.full(72, 10.0), 1)), season="hijri", rng=1)
    assert set(account.courses["season"]) == {"none", "hijri"}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"season": "weekly"}, ValueError, "`season` must be one of auto, none"),
        ({"known_breaks": ["1999-01"]}, ValueError, "`known_breaks` must lie after 2013-01"),
        ({"known_breaks": ["spring"]}, ValueError, "`known_breaks` must be a day or a whole"),
    ],
)
def test_options_that_cannot_be_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        describe_series(months(scattered(np.full(72, 10.0), 1)), **options)


def test_too_few_periods_are_refused():
    with pytest.raises(ValueError, match="8"):
        describe_series(months([1, 2, 3, 4, 5]))


# ------- words


STEPPED = describe_series(months(scattered(10 * STEP, 8)), rng=1)
BRIEF = describe_series(months(scattered(10 * TRUTHS["episode"], 8)), rng=1)
VERDICTS = (
    "steady", "season_only", "slope", "bend", "step", "steps", "episode", "wanders", "cannot_tell",
)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_words(verdict, lang):
    account = BRIEF if verdict == "episode" else STEPPED
    said = dataclasses.replace(account, verdict=verdict).summary(lang)
    assert "{" not in said
    assert "nan" not in said


def test_a_pace_is_said_of_a_slope_alone_and_a_date_of_steps_and_episodes_alone():
    for verdict in VERDICTS:
        account = dataclasses.replace(BRIEF if verdict == "episode" else STEPPED, verdict=verdict)
        said = " ".join(str(say(finding)) for finding in account.findings())
        assert ("a year (" in said) == (verdict == "slope") == account.allows_pace
        dated = verdict in {"step", "steps", "episode"}
        assert (str(first_date(account).year) in said.replace("2013", "").replace("2018", "")) == (
            dated
        ), said
        assert account.allows_date == dated


@pytest.mark.parametrize("n_periods", [36, 60])
def test_counts_that_rise_evenly_do_not_wander(n_periods):
    # noiseless figures from 5 to 40, and a smooth rise and fall
    even = np.rint(np.linspace(5, 40, n_periods))
    arch = np.rint(10 + 10 * np.sin(np.linspace(0, np.pi, n_periods)))
    months = pd.period_range("2019-01", periods=n_periods, freq="M")
    for counts, verdicts in ((even, {"slope", "bend"}), (arch, {"bend"})):
        series = trends.as_series(pd.Series(counts.astype(int), index=months))
        assert trends.describe_series(series, rng=1).verdict in verdicts
        assert trends.estimate_trend(series).wandering_log_odds < 0
    series = trends.as_series(pd.Series(even.astype(int), index=months))
    assert trends.estimate_trend(series).verdict == "rising"
