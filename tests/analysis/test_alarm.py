"""Alarms: what is judged by what, what is said of late counts, and how often for nothing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trends
from trends.analysis.alarm import FOUR_WEEKS, QUIET

REFERENCE = Path(__file__).parents[1] / "reference"
MONTHLY = pd.read_csv(REFERENCE / "is_events_monthly_2013_2020.csv")


def monthly(counts, start="2015-01"):
    """Return a monthly series of whole months of equal length."""
    months = pd.period_range(start, periods=len(counts), freq="M")
    return trends.as_series(pd.Series(counts, index=months), exposure=30.4375)


def steady(n=72, mean=10, seed=1):
    """Return Poisson counts."""
    return np.random.default_rng(seed).poisson(mean, n).astype(float)


def table(**series):
    """Return an event-count table of several groups."""
    rows = [
        pd.DataFrame(
            {
                "place": name,
                "period": pd.period_range("2015-01", periods=len(counts), freq="M"),
                "count": pd.array(counts, dtype="Int64"),
                "exposure": pd.period_range(
                    "2015-01", periods=len(counts), freq="M"
                ).days_in_month.astype(float),
                "complete": True,
            }
        )
        for name, counts in series.items()
    ]
    return pd.concat(rows, ignore_index=True)


def test_a_jump_raises_an_alarm_that_lasts_and_is_dated():
    counts = steady()
    counts[-2:] = 30
    found = trends.detect_alarms(monthly(counts), rng=1, budget=0.1)
    state = found.states.iloc[0]
    assert (state["state"], str(state["since"]), state["line"]) == ("rise", "2020-11", "threshold")
    assert found.watched["alarm"].tolist()[-2:] == ["rise", "rise"]
    assert state["p_value"] < 1e-4
    assert "in alarm since November 2020, upwards" in found.summary()


def test_counts_that_are_each_a_little_high_add_up_to_an_alarm():
    counts = steady(mean=20)
    counts[-6:] = 26
    found = trends.detect_alarms(monthly(counts), rng=1, budget=0.2)
    assert (counts[-6:] < found.watched["threshold_high"].iloc[-6:]).all()
    assert found.watched["sum_high"].iloc[-6:].any()
    assert found.states["line"].iloc[0] == "sum"
    assert "counts that were each a little out of line added up" in found.summary()


def test_what_is_judged_is_no_part_of_its_own_baseline():
    counts = steady()
    before = trends.detect_alarms(monthly(counts), rng=1).watched["expected"]
    counts[-12:] *= 5
    after = trends.detect_alarms(monthly(counts), rng=1).watched["expected"]
    assert after.tolist() == before.tolist()
    longer = trends.detect_alarms(monthly(counts), n_periods=24, rng=1)
    assert longer.n_periods == 24
    assert longer.watched["period"].iloc[0] == pd.Period("2019-01", "M")


def test_the_baseline_goes_back_as_many_years_as_asked():
    counts = np.concatenate([steady(36, mean=12), steady(36, mean=10)])
    long = trends.detect_alarms(monthly(counts), rng=1, baseline_years=5, season="none")
    short = trends.detect_alarms(monthly(counts), rng=1, baseline_years=2, season="none")
    expected = [made.watched["expected"].iloc[0] for made in (long, short)]
    assert expected == pytest.approx([counts[:60].mean(), counts[36:60].mean()], rel=0.05)
    assert expected[0] - expected[1] > 0.5


def rising(yearly, n=72, seed=5):
    mean = 20 * np.exp(np.log(yearly) * (np.arange(n) - n / 2) / 12)
    return np.random.default_rng(seed).poisson(mean).astype(float), mean


def test_what_goes_on_as_before_is_no_alarm():
    for yearly in (1.35, 0.75):
        _, mean = rising(yearly)
        counts = np.rint(mean)
        found = trends.detect_alarms(monthly(counts), rng=1, season="none", incomplete_periods=0)
        assert found.n_episodes == 0
        expected = found.watched["expected"].to_numpy()
        assert expected == pytest.approx(mean[-12:], rel=0.2)
        assert not any("history_restarts" in one for one in found.caveats)
        # Without a slope the baseline says the mean of its five years.
        assert abs(np.log(expected[0] / counts[:60].mean())) > 0.5


def test_a_slope_goes_on_for_a_year_and_no_further():
    counts, _ = rising(1.35, n=96)
    found = trends.detect_alarms(monthly(counts), rng=1, season="none", n_periods=24)
    steps = np.diff(np.log(found.watched["expected"]))
    assert steps[:11] == pytest.approx(np.log(1.35) / 12, rel=0.3)
    assert steps[13:] == pytest.approx(0, abs=1e-12)


def test_a_baseline_of_less_than_three_years_has_no_slope():
    for n_baseline, has_slope in ((35, False), (36, True)):
        counts, _ = rising(2.0, n=n_baseline + 12)
        found = trends.detect_alarms(monthly(counts), rng=1, season="none")
        moves = np.ptp(found.watched["expected"]) > 0.01
        assert moves == has_slope
        assert ("baseline_slopes" in found.caveats) == has_slope


def test_a_baseline_restarts_where_its_level_shifted_and_says_so():
    counts = np.concatenate([steady(36, mean=50), steady(36, mean=10)])
    found = trends.detect_alarms(monthly(counts), rng=1)
    assert found.watched["expected"].iloc[0] == pytest.approx(counts[36:60].mean(), rel=0.05)
    restarted = [one for one in found.caveats if one.startswith("history_restarts")]
    assert restarted == [f"history_restarts:{found.series[0].index[36]}"]
    steadily = trends.detect_alarms(monthly(steady()), rng=1)
    assert not any("history_restarts" in one for one in steadily.caveats)


def test_a_baseline_that_fell_silent_is_held_against_what_came_before():
    counts = np.concatenate([steady(34, mean=20), np.zeros(26)])
    found = trends.detect_alarms(monthly(counts), rng=1)
    assert found.states["state"].iloc[0] == "fall"
    assert found.watched["expected"].iloc[0] == pytest.approx(counts[:48].mean(), rel=0.05)
    assert not any("history_restarts" in one for one in found.caveats)


def test_a_short_baseline_of_few_events_in_bursts_is_watched_whatever_the_seed():
    burst = [0, 0, 0, 0, 0, 0, 10, 3, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0]
    after = [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1, 0, 0, 1, 0, 0]
    series = monthly([*burst, *after, *[1, 0] * 6])
    # With these seeds a rate of more than a million events a month was among those drawn.
    for seed in (11, 22, 27, 55):
        found = trends.detect_alarms(series, incomplete_periods=0, rng=seed)
        assert found.states["status"].tolist() == ["ok"]
        assert found.watched["threshold_high"].between(1, 10).all()


def test_a_season_that_is_too_long_for_what_came_since_a_shift_is_refused_with_its_date():
    counts = np.concatenate([steady(34, mean=5), steady(26, mean=30)])
    with pytest.raises(ValueError, match="14 observed since the level shifted in 2017-11"):
        trends.detect_alarms(monthly(counts), season="month", rng=1)


def test_exposure_scales_what_is_expected():
    series = monthly(steady())
    series.iloc[-1, 1] = 30.4375 / 2
    found = trends.detect_alarms(series, rng=1, incomplete_periods=0)
    expected = found.watched["expected"]
    assert expected.iloc[-1] == pytest.approx(expected.iloc[-2] / 2, rel=1e-3)
    assert "partial_last_period" in found.caveats


def test_a_season_is_expected():
    months = pd.period_range("2012-01", periods=108, freq="M")
    mean = 20 * np.exp(0.8 * np.cos(2 * np.pi * months.month / 12))
    counts = np.random.default_rng(2).poisson(mean).astype(float)
    found = trends.detect_alarms(monthly(counts, "2012-01"), rng=1)
    assert found.states["season"].iloc[0] == "harmonic"
    assert found.watched["expected"].to_numpy() == pytest.approx(mean[-12:], rel=0.25)
    plain = trends.detect_alarms(monthly(counts, "2012-01"), season="none", rng=1)
    assert np.ptp(np.log(plain.watched["expected"])) < 0.01


# ------- late reports


def test_no_fall_is_said_of_the_last_period_unless_it_is_known_to_be_complete():
    counts = steady(mean=20)
    counts[-1] = 1
    unknown = trends.detect_alarms(monthly(counts), rng=1)
    known = trends.detect_alarms(monthly(counts), rng=1, incomplete_periods=0)
    assert unknown.states["state"].iloc[0] == "quiet"
    assert "Nothing is known of late reports" in unknown.summary()
    assert known.states["state"].iloc[0] == "fall"
    assert "late_reports_unknown" not in known.caveats
    counts[-2] = 1
    assert trends.detect_alarms(monthly(counts), rng=1).states["state"].iloc[0] == "fall"


def test_neither_fall_nor_rise_is_said_of_periods_declared_incomplete():
    for last in (0, 60):
        counts = steady(mean=20)
        counts[-2:] = last
        found = trends.detect_alarms(monthly(counts), rng=1, incomplete_periods=2)
        assert found.watched["alarm"].tolist()[-2:] == ["", ""]
        declared = trends.reporting_delay(monthly(counts), incomplete_periods=2)
        same = trends.detect_alarms(monthly(counts), rng=1, delay=declared)
        assert same.watched["alarm"].tolist()[-2:] == ["", ""]
        assert same.watched["count"].isna().tolist()[-2:] == [True, True]
        assert "no alarm in October 2020" in found.summary()
        assert found.summary() == same.summary()
        assert "Counts from November 2020 on are declared incomplete" in found.summary()


def test_vintages_say_what_may_be_expected_by_now():
    rng = np.random.default_rng(3)
    late = rng.multinomial(rng.poisson(40, 72), [0.5, 0.4, 0.1]).cumsum(axis=1)
    periods = pd.period_range("2015-01", periods=72, freq="M")
    rows = [
        (periods[row], late[row, min(newest - row, 2)], periods[newest].end_time.normalize())
        for newest in range(50, 72)
        for row in range(newest + 1)
    ]
    counts = pd.DataFrame(rows, columns=["period", "count", "as_of"]).assign(complete=True)
    counts["as_of"] += pd.Timedelta(days=5)
    counts["exposure"] = counts["period"].dt.days_in_month.astype(float)
    counts["count"] = counts["count"].astype("Int64")
    delay = trends.reporting_delay(counts)
    naive = trends.detect_alarms(delay.series, rng=1, incomplete_periods=0)
    adjusted = trends.detect_alarms(delay.series, rng=1, delay=delay)
    assert naive.states["state"].iloc[0] == "fall"
    assert adjusted.states["state"].iloc[0] == "quiet"
    last = adjusted.watched["expected"]
    assert last.iloc[-1] == pytest.approx(last.iloc[-3] * 31 / 31 * 0.5, rel=0.15)
    assert any(key.startswith("late_reports:") for key in adjusted.findings()[0].caveats)


# ------- many series


def test_every_group_is_a_series_and_the_budget_is_that_of_all():
    counts = table(a=steady(seed=1), b=steady(seed=2), c=steady(seed=3), d=steady(seed=4))
    together = trends.detect_alarms(counts, rng=1)
    assert together.states["group"].tolist() == ["a", "b", "c", "d"]
    assert together.n_series == 4
    alone = trends.detect_alarms(trends.series(counts, place="a"), rng=1)
    # A quarter of the budget each makes lines of each series wider.
    assert together.states["level"].iloc[0] < alone.states["level"].iloc[0]
    assert together.states["limit"].iloc[0] > alone.states["limit"].iloc[0]


def test_p_values_are_adjusted_over_all_series():
    jump = steady(seed=9)
    jump[-1] = 40
    counts = table(a=steady(seed=1), b=steady(seed=2), c=jump)
    found = trends.detect_alarms(counts, rng=1, budget=0.1)
    p_values = found.states["p_value"].to_numpy()
    order = np.argsort(p_values)
    adjusted = p_values[order] * 3 / np.arange(1, 4)
    adjusted = np.minimum.accumulate(adjusted[::-1])[::-1]
    assert found.states["p_adjusted"].to_numpy()[order] == pytest.approx(adjusted)
    said = found.summary()
    assert "of 3 series watched, 1 are in alarm upwards and 0 downwards" in said
    assert "c: in alarm since December 2020" in said
    assert "a: " not in said


def test_a_series_that_cannot_be_watched_is_a_row_with_its_reason():
    found = trends.detect_alarms(table(a=steady(), zeros=np.zeros(72)), rng=1)
    row = found.to_frame().set_index("group").loc["zeros"]
    assert row["status"] == "failed"
    assert "must have events in at least 3 periods, got 0" in row["reason"]
    assert (found.n_series, found.n_failed) == (2, 1)
    with pytest.raises(ValueError, match="must have events in at least 3 periods, got 0"):
        trends.detect_alarms(monthly(np.zeros(72)), rng=1)


def test_one_seed_gives_one_answer_on_any_number_of_processes_and_beside_any_other_series():
    counts = table(a=steady(seed=1), b=steady(seed=2))
    once = trends.detect_alarms(counts, rng=7)
    again = trends.detect_alarms(counts, rng=7, n_jobs=2)
    pd.testing.assert_frame_equal(once.watched, again.watched)
    renamed = trends.detect_alarms(counts[counts["place"] == "b"], rng=7, budget=0.5)
    assert renamed.states["limit"].iloc[0] == once.states["limit"].iloc[1]


def test_groups_may_be_joined_by_name():
    counts = table(a=steady(seed=1), b=steady(seed=2)).assign(country="x")
    found = trends.detect_alarms(counts, by=["country", "place"], rng=1)
    assert found.states["group"].tolist() == ["x, a", "x, b"]
    with pytest.raises(ValueError, match="`by` must be group columns of the table"):
        trends.detect_alarms(counts, by="region")


# ------- what others would fire


@pytest.mark.parametrize("country", ["Iraq", "Syria"])
def test_ears_thresholds_are_those_of_r(country):
    counts = MONTHLY.loc[MONTHLY["country"] == country, "n_events"].to_numpy(dtype=float)
    values = json.loads((REFERENCE / "surveillance.json").read_text(encoding="utf-8"))
    upper = values[country]["C2"]["upper"][-24:]
    # R's level of .001 a month is a budget of .012 a year.
    found = trends.detect_alarms(
        monthly(counts, "2013-01"), method="ears", budget=0.012, n_periods=24
    )
    assert found.watched["threshold_high"].tolist() == pytest.approx(upper, rel=1e-6)
    alarms = values[country]["C2"]["alarm"][-24:]
    assert found.watched["alarm"].eq("rise").tolist() == alarms


def test_farrington_takes_as_many_years_as_there_are_and_says_what_it_assumes():
    counts = steady(60)
    counts[-1] = 40
    found = trends.detect_alarms(monthly(counts), method="farrington")
    assert found.watched["alarm"].tolist()[-1] == "rise"
    assert "take estimates for the truth" in found.summary()
    with pytest.raises(ValueError, match="must go back a year and a window"):
        trends.detect_alarms(monthly(steady(20)), method="farrington")


def test_rules_of_thumb_are_counted_in_episodes():
    counts = np.full(72, 10.0)
    counts[::7] = 11
    counts[62] = 13
    counts[[66, 70]] = 14, 15
    found = trends.detect_alarms(monthly(counts), rng=1)
    last = counts[-12:] >= 1.25 * counts[-13:-1]
    assert found.watched["quarter_more"].tolist() == last.tolist()
    peaks = [counts[now] > counts[now - 36 : now].max() for now in range(60, 72)]
    assert found.watched["highest"].tolist() == peaks
    assert found.n_highest == sum(peaks) == 3
    assert FOUR_WEEKS["W"] == 4


def test_no_count_is_the_highest_in_three_years_of_a_shorter_history():
    counts = steady(40)
    counts[-1] = 99
    found = trends.detect_alarms(monthly(counts), rng=1)
    assert found.watched["highest"].tolist() == [*[False] * 11, True]
    assert not trends.detect_alarms(monthly(counts[5:]), rng=1).watched["highest"].any()


# ------- bad input


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": 0}, "`budget` must be above 0 episodes a year, got 0"),
        ({"n_periods": 0}, "`n_periods` must be 1 or more, got 0"),
        ({"n_periods": 72}, "`n_periods` must leave a baseline before the periods watched, got 72"),
        ({"n_periods": 68}, "at least 8 periods with a count, got 4"),
        ({"baseline_years": 0}, "`baseline_years` must be 1 or more"),
        ({"incomplete_periods": -1}, "`incomplete_periods` must be 0 or more"),
        ({"method": "cusum"}, "`method` must be one of trends, farrington, ears"),
        ({"alpha": 0}, "`alpha` must be between 0 and 1"),
        ({"season": "lunar"}, "`season` must be one of"),
        ({"by": "place"}, "`by` must be left out for a count series"),
    ],
)
def test_what_cannot_be_watched_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        trends.detect_alarms(monthly(steady()), **options)


def test_other_things_than_counts_are_refused():
    with pytest.raises(TypeError, match="must be a count series or an event-count table, got list"):
        trends.detect_alarms([1, 2, 3])
    counts = table(a=steady(seed=1), b=steady(seed=2))
    declared = trends.reporting_delay(monthly(steady()), incomplete_periods=1)
    with pytest.raises(ValueError, match="`delay` must be left out where several series"):
        trends.detect_alarms(counts, delay=declared)


def test_a_year_that_nobody_watched_raises_no_alarm():
    counts = steady()
    counts[-12:] = np.nan
    series = trends.as_series(
        pd.Series(counts, index=pd.period_range("2015-01", periods=72, freq="M")),
        exposure=np.where(np.isnan(counts), 0.0, 30.0),
    )
    found = trends.detect_alarms(series, rng=1)
    assert found.n_episodes == 0
    assert found.findings()[0].grade == "D"
    assert "was not observed, so it can raise no alarm" in found.summary()


def test_an_episode_ends_after_three_months():
    assert QUIET == {"D": 91, "W": 13, "M": 3, "Q": 2, "Y": 1}
    counts = steady(mean=20)
    counts[-9] = 70
    found = trends.detect_alarms(monthly(counts), rng=1, budget=0.05)
    assert found.n_episodes == 1
    assert found.states["state"].iloc[0] == "quiet"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["poisson", "nb3", "ar0.5"])
def test_false_episodes_come_as_often_as_stated(kind):
    rng = np.random.default_rng(12)
    episodes = []
    for _ in range(150):
        mean = np.full(72, 10.0)
        if kind == "ar0.5":
            log_rate = np.zeros(72)
            for month in range(1, 72):
                log_rate[month] = 0.5 * log_rate[month - 1] + rng.normal(0, 0.3)
            mean = mean * np.exp(log_rate - log_rate.var() / 2)
        counts = rng.negative_binomial(5, 1 / 3, 72) if kind == "nb3" else rng.poisson(mean)
        found = trends.detect_alarms(monthly(counts), rng=rng, incomplete_periods=0, season="none")
        episodes.append(found.n_episodes)
    # Monte-Carlo error about .07
    assert np.mean(episodes) == pytest.approx(1.0, abs=0.25)
