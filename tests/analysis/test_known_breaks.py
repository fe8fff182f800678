"""A jump of the counting is data: no question takes it for a change of what is counted."""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trends

DATA = Path(__file__).resolve().parents[2] / "data"
MONTHS = pd.period_range("2016-01", periods=60, freq="M")
#: The counting changes with this month, and with it the level, by a factor of three.
AT = 36
DAY = MONTHS[AT].start_time


def counts_of(seed=1, *, factor=3.0):
    """Counts of a steady rate of 10 a month, of which more is counted from some month on."""
    level = np.where(np.arange(len(MONTHS)) < AT, 10.0, 10.0 * factor)
    return np.random.default_rng(seed).poisson(level)


def series_of(seed=1, *, known, factor=3.0):
    """Return these counts as a series that knows of the change, or does not."""
    series = trends.as_series(pd.Series(counts_of(seed, factor=factor), index=MONTHS))
    if known:
        series.attrs["breaks"] = [{"date": f"{DAY:%Y-%m-%d}", "before": "old", "after": "new"}]
    return series


def steady():
    """Return a series of one level."""
    return trends.as_series(pd.Series(np.random.default_rng(7).poisson(20, 60), index=MONTHS))


def tables(*, known):
    """Return an event-count table of two places whose counting changes."""
    made = pd.concat(
        pd.DataFrame({
            "place": place, "period": MONTHS, "count": pd.array(counts_of(seed), dtype="Int64"),
            "exposure": MONTHS.days_in_month.astype(float), "complete": True,
        })
        for seed, place in enumerate(("North", "South"), start=1)
    )  # fmt: skip
    change = {"date": f"{DAY:%Y-%m-%d}", "before": "old", "after": "new"}
    made.attrs["breaks"] = [change] if known else []
    return made


def bounds_exclude(low, high, null):
    """Whether an interval leaves a value out."""
    return not low <= null <= high


def tells_trend(known):
    return bounds_exclude(*trends.estimate_trend(series_of(known=known)).slope_interval(), 0)


def tells_joins(known):
    found = trends.fit_joinpoints(series_of(known=known))
    average = found.to_frame().set_index("term").loc["average"]
    return bool(found.n_joinpoints) or bounds_exclude(average["conf_low"], average["conf_high"], 0)


def tells_shift(known):
    found = trends.detect_changepoints(series_of(known=known), n_null=199, rng=1)
    return bool(found.changepoints)


def tells_course(known):
    return trends.describe_series(series_of(known=known), rng=1).verdict != "steady"


def tells_interruption(known):
    found = trends.estimate_interruption(series_of(known=known), MONTHS[AT + 1], slope=False)
    level = found.to_frame().iloc[0]
    return bounds_exclude(level["conf_low"], level["conf_high"], 1)


def tells_faster(known):
    verdict = trends.compare_trends(series_of(known=known), steady()).verdict
    return verdict not in ("no_clear_difference", "same_pace")


def tells_stretches(known):
    first, second = (MONTHS[AT], MONTHS[AT + 11]), (MONTHS[AT - 12], MONTHS[AT - 1])
    found = trends.compare_periods(series_of(known=known), first, second)
    return "definition_break" not in found.caveats


def tells_alarm(known):
    """Whether periods watched soon after the jump, too soon to be found, are out of line."""
    alarms = trends.detect_alarms(series_of(4, known=known), n_periods=16, rng=1)
    return alarms.n_episodes > 0


def forgets_when(known):
    """Whether what is forecast rests on the level before a jump too small to be found."""
    return trends.forecast_counts(series_of(known=known, factor=1.4), 3, rng=1).restart is None


def forgets_back_then(known):
    found = trends.evaluate_forecasts(series_of(known=known, factor=1.4), horizon=1, n_origins=8)
    return not (found.chosen["restart"] == MONTHS[AT]).all()


def tells_share(known):
    made = tables(known=known)
    made["count"] = made["count"].mask(made["place"] == "South", made["count"].iloc[0])
    made.attrs["breaks"] = [{**one, "where": {"place": "North"}} for one in made.attrs["breaks"]]
    shares = trends.estimate_share(made, of="North", by="place", season="none")
    return shares.verdict != "no_clear_change"


def tells_panel(known):
    panel = trends.analyse_panel(tables(known=known), "trend", by="place", n_jobs=1)
    return bool((panel.to_frame()["p_bh"] < 0.05).any())


TELLS = {
    "estimate_trend": tells_trend,
    "fit_joinpoints": tells_joins,
    "detect_changepoints": tells_shift,
    "describe_series": tells_course,
    "estimate_interruption": tells_interruption,
    "compare_trends": tells_faster,
    "compare_periods": tells_stretches,
    "detect_alarms": tells_alarm,
    "forecast_counts": forgets_when,
    "evaluate_forecasts": forgets_back_then,
    "estimate_share": tells_share,
    "analyse_panel": tells_panel,
}
#: Takes counts, and why no jump of the counting can be told as a change there.
ELSEWHERE = {
    "estimate_season": "below: a jump is no season, but hides one",
    "detectable_change": "below: a jump costs power",
    "rank_groups": "compares stretches by `compare_periods`, in a panel",
    "reporting_delay": "compares vintages of one period",
    "compare_rates": "takes totals",
    "compare_severity": "takes events one by one",
    "as_series": "makes a series",
    "series": "makes a series",
    "write_counts": "writes a table",
    "known_breaks": "lists the breaks",
    "figures_of_series": "lists figures",
    "plot": "draws what was counted",
}


@pytest.mark.parametrize("name", TELLS)
def test_a_jump_of_the_counting_is_told_as_a_change_only_where_nobody_knows_of_it(name):
    assert TELLS[name](False)
    assert not TELLS[name](True)


def test_every_question_about_a_series_is_asked_here():
    functions = {name: getattr(trends, name) for name in dir(trends)}
    takes = {
        name
        for name, each in functions.items()
        if inspect.isfunction(each)
        and next(iter(inspect.signature(each).parameters), "") in {"series", "counts", "first"}
    }
    assert takes == {*TELLS, *ELSEWHERE}


def test_a_season_is_seen_beside_a_jump_of_the_counting():
    wave = 1 + 0.35 * np.sin(2 * np.pi * np.arange(60) / 12)
    counts = np.random.default_rng(3).poisson(np.where(np.arange(60) < AT, 5, 60) * wave)
    blind = trends.as_series(pd.Series(counts, index=MONTHS))
    known = blind.copy()
    known.attrs["breaks"] = [{"date": f"{DAY:%Y-%m-%d}", "before": "old", "after": "new"}]
    seen, missed = trends.estimate_season(known), trends.estimate_season(blind)
    assert seen.verdict == "seasonal"
    assert seen.amplitude == pytest.approx(1.35 / 0.65, rel=0.25)
    assert seen.smallest_ratio < missed.smallest_ratio


def test_a_named_break_is_added_to_those_of_the_series():
    counts = counts_of() + np.where(np.arange(60) < 15, 15, 0)
    series = trends.as_series(pd.Series(counts, index=MONTHS))
    series.attrs["breaks"] = [{"date": f"{DAY:%Y-%m-%d}", "before": "old", "after": "new"}]
    account = trends.describe_series(series, known_breaks=[MONTHS[15], MONTHS[AT]], rng=1)
    assert account.known_breaks == (MONTHS[15], MONTHS[AT])
    assert account.verdict == "steady"
    joined = trends.fit_joinpoints(series, jumps=[MONTHS[15], MONTHS[AT]])
    assert sorted(joined.jumps["period"]) == [MONTHS[15], MONTHS[AT]]
    assert joined.n_joinpoints == 0


def test_the_account_dates_no_step_close_to_a_break():
    level = np.where(np.arange(60) < AT - 2, 10.0, 30.0)
    counts = np.random.default_rng(5).poisson(level)
    series = trends.as_series(pd.Series(counts, index=MONTHS))
    assert trends.describe_series(series, rng=1).verdict == "step"
    account = trends.describe_series(series, known_breaks=[MONTHS[AT]], rng=1)
    assert account.verdict != "step"


def test_the_monitor_in_the_north_east_has_no_step_at_its_change_of_definition():
    statements = trends.read_statements(DATA / "statements.csv")
    ric = trends.statement_series(
        statements, measure="attacks", counted_by="Rojava Information Center"
    )
    account = trends.describe_series(ric, rng=1)
    assert [str(each) for each in account.known_breaks] == ["2021-01", "2023-01"]
    assert account.verdict == "cannot_tell"
    assert trends.detect_changepoints(ric, n_null=199, rng=1).changepoints == ()


def test_what_is_watched_for_alarms_was_counted_in_one_way():
    series = series_of(known=True)
    assert trends.detect_alarms(series, n_periods=10, rng=1).series[0].index[0] == MONTHS[AT]
    with pytest.raises(ValueError, match=r"got 24 of 24 since counting changed in 2019-01"):
        trends.detect_alarms(series, n_periods=24)


def test_a_series_searched_in_blocks_knows_its_breaks_too():
    days = pd.period_range("2016-01-01", periods=1600, freq="D")
    counts = np.random.default_rng(2).poisson(np.where(np.arange(1600) < 800, 2.0, 6.0))
    series = trends.as_series(pd.Series(counts, index=days))
    blind = trends.detect_changepoints(series, n_null=99, rng=1)
    assert len(blind.changepoints) == 1
    series.attrs["breaks"] = [
        {"date": f"{days[800].start_time:%Y-%m-%d}", "before": "old", "after": "new"}
    ]
    assert trends.detect_changepoints(series, n_null=99, rng=1).changepoints == ()
