"""Do no two sentences about one series exclude each other?"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.account import Account, irreconcilable, under
from trends.findings.lint import lint
from trends.findings.wording import say, verb_key

MONTHS = pd.period_range("2013-01", periods=72, freq="M", name="period")
RNG = np.random.default_rng(3)
MEAN = np.where(np.arange(72) < 36, 10.0, 30.0)
STEPPED = trends.as_series(pd.Series(RNG.poisson(RNG.gamma(MEAN, 1)), index=MONTHS))
STEP = trends.describe_series(STEPPED, rng=1)
# Of itself the trend of this step is refused a pace; here it is taken for one.
TREND = dataclasses.replace(trends.estimate_trend(STEPPED), verdict="rising")
SHIFTS = trends.detect_changepoints(STEPPED, n_null=199, rng=1)
JOINED = trends.fit_joinpoints(STEPPED, max_joinpoints=1)
SEASON = trends.estimate_season(STEPPED)
POWER = trends.detectable_change(STEPPED, n_draws=0)
NAMED = trends.estimate_interruption(STEPPED, MONTHS[36], slope=False, found_by_looking=True)
SUBJECT = trends.Subject(key="x", en="X", ar="س")
VERDICTS = (
    "steady", "season_only", "slope", "bend", "step", "steps", "episode", "wanders", "cannot_tell",
)  # fmt: skip


def account(verdict, grade="A", seasonal=False, dates=((MONTHS[36], MONTHS[36]),)):
    return Account(verdict=verdict, grade=grade, seasonal=seasonal, dates=dates)


def said(result, verdict, **of_account):
    """Return the findings of a result under an account, by quantity."""
    return {
        one.quantity: one for one in under(result.findings(SUBJECT), account(verdict, **of_account))
    }


def test_the_series_of_these_tests_is_a_step_with_everything_that_could_go_wrong():
    assert STEP.verdict == "step"
    quantities = {one.quantity for one in TREND.findings()}
    assert quantities == {"annual_percent_change", "doubling_time"}
    assert len(SHIFTS.changepoints) == 1
    assert JOINED.findings()[1].quantity == "segment_percent_change"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_yearly_pace_and_a_doubling_time_are_said_of_a_slope_alone(verdict):
    found = said(TREND, verdict)
    if verdict == "slope":
        assert set(found) == {"annual_percent_change", "doubling_time"}
        return
    assert set(found) == {"line_percent_change"}
    (finding,) = found.values()
    assert finding.grade == "D"
    assert "no yearly pace describes the rate" in say(finding)
    assert "وتيرة سنوية" in say(finding, "ar")
    # No verb of it licenses prose to say that the rate rose.
    assert verb_key(finding) == ""


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_date_is_said_of_steps_and_episodes_alone(verdict):
    found = said(SHIFTS, verdict)
    if verdict in {"step", "steps", "episode"}:
        assert "ratio" in found
        assert "level_ratio" not in found
    else:
        assert "ratio" not in found
        assert "no date of a shift is given" in say(found["level_ratio"])
        assert str(SHIFTS.changepoints[0].period.year) not in str(say(found["level_ratio"]))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_paces_of_stretches_are_said_of_a_slope_that_bends_alone(verdict):
    found = said(JOINED, verdict)
    straight = JOINED.n_joinpoints == 0
    allowed = verdict == "bend" or (straight and verdict == "slope")
    assert ("segment_percent_change" in found) == allowed


def test_a_wandering_level_has_neither_and_says_why():
    for result in (TREND, SHIFTS, JOINED):
        (finding, *others) = under(result.findings(SUBJECT), account("wanders", dates=()))
        assert "wanders without a level to come back to" in say(finding)
        assert not {"ratio", "doubling_time", "segment_percent_change"} & {
            one.quantity for one in others
        }


def test_a_change_over_the_span_is_a_pace_too_and_a_silence_is_none():
    short = trends.estimate_trend(STEPPED.iloc[26:46])
    assert [one.quantity for one in short.findings()] == ["span_ratio"]
    assert set(said(short, "slope")) == {"span_ratio"}
    (finding,) = said(short, "step").values()
    assert (finding.quantity, finding.grade) == ("line_ratio", "D")
    assert "would end at" in say(finding)
    counts = np.concatenate([np.zeros(40), np.random.default_rng(2).poisson(5, 32)])
    began = trends.estimate_trend(trends.as_series(pd.Series(counts.astype(int), index=MONTHS)))
    if [one.quantity for one in began.findings()] == ["silent_rate"]:
        assert set(said(began, "wanders")) == {"silent_rate"}


def test_a_trend_that_is_not_clear_agrees_with_a_level():
    flat = trends.as_series(pd.Series(np.random.default_rng(1).poisson(20, 72), index=MONTHS))
    unclear = trends.estimate_trend(flat)
    for verdict in ("steady", "season_only", "cannot_tell"):
        assert set(said(unclear, verdict)) == {"annual_percent_change"}
    assert set(said(unclear, "step")) == {"line_percent_change"}


def test_a_finding_is_no_firmer_than_the_account_it_is_said_under():
    firm = dataclasses.replace(TREND, caveats=())
    grades = {grade: said(firm, "slope", grade=grade) for grade in "ABC"}
    free = firm.findings(SUBJECT)[0].grade
    for grade, found in grades.items():
        assert found["annual_percent_change"].grade == max(grade, free)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_when_a_present_trend_would_be_confirmed_is_said_where_there_may_be_one(verdict):
    may_be = verdict in ("steady", "season_only", "slope", "cannot_tell")
    assert ("confirmation" in said(POWER, verdict)) == may_be
    assert "detectable_ratio" in said(POWER, verdict)


def test_a_change_at_a_named_date_is_said_where_the_account_has_one_near():
    low, high = MONTHS[30], MONTHS[32]
    for dates, near in (
        (((low, high),), False),
        (((low, high + 1),), True),
        (((low, high), (MONTHS[39], MONTHS[50])), True),
        (((MONTHS[40], MONTHS[50]),), False),
    ):
        found = said(NAMED, "steps", dates=dates, grade="B")
        assert ("interruption_ratio" in found) == near
        assert ("events_above" in found) == near
        assert ("ratio_alone" in found) != near
        assert ("placebo_share" in found) == near
        if near:
            assert "account_likely" in found["interruption_ratio"].caveats
    alone = found["ratio_alone"]
    assert (alone.grade, verb_key(alone)) == ("D", "")
    assert say(alone).startswith("X: no change of level is said from January 2016 on, because the")
    assert "لا يُذكر تحول في المستوى" in say(alone, "ar")


def test_no_change_at_a_named_date_agrees_with_steps_elsewhere():
    flat = trends.as_series(pd.Series(np.random.default_rng(1).poisson(20, 72), index=MONTHS))
    unclear = trends.estimate_interruption(flat, MONTHS[36], slope=False, found_by_looking=True)
    found = said(unclear, "step", dates=((MONTHS[5], MONTHS[5]),))
    assert {"interruption_ratio", "events_above"} <= set(found)


def test_a_named_date_is_no_firmer_than_the_account_and_says_what_that_does_without():
    named = trends.detect_changepoints(STEPPED, candidates=[MONTHS[36]], n_null=199, rng=1)
    for result in (named, NAMED):
        for one in under(result.findings(SUBJECT), account("slope")):
            if one.quantity in ("ratio", "interruption_ratio"):
                assert "account_other_course" in one.caveats
    for dates, beyond in ((MONTHS[39], False), (MONTHS[40], True)):
        shift = said(named, "step", grade="C", dates=((dates, dates),))["ratio"]
        assert ("beyond_account" in shift.caveats) == beyond
        assert "account_tentative" in shift.caveats
        assert shift.grade == "C"


def test_a_table_is_graded_as_the_ledger_grades_its_sentences():
    table = SHIFTS.to_frame()
    assert table["grade"].tolist() == ["A"]
    for verdict, grade, printed in (
        ("step", "A", "A"),
        ("step", "B", "B"),
        ("step", "C", "C"),
        ("slope", "A", None),
    ):
        ledger = trends.Ledger()
        ledger.accounts = {
            key: account(verdict, grade)
            for one in SHIFTS.findings(SUBJECT)
            for key in one.inputs.records
        }
        claims = ledger.add(SHIFTS, SUBJECT)
        assert claims.graded(table, "ratio")["grade"].tolist() == [printed]
        assert {
            one.finding.grade for one in claims.values() if one.finding.quantity == "ratio"
        } <= {printed}


def test_a_shift_that_the_account_does_without_is_said_to_be_that():
    far = ((MONTHS[4], MONTHS[8]),)
    assert "beyond_account" in said(SHIFTS, "step", dates=far)["ratio"].caveats
    assert "beyond_account" not in said(SHIFTS, "step")["ratio"].caveats
    low, high = (SHIFTS.changepoints[0].confidence_set(alpha=0.05)[end] for end in (0, -1))
    for dates, beyond in (
        (((low - 3, low),), False),
        (((low - 3, low - 1),), True),
        (((high, high + 3),), False),
        (((high + 1, high + 3),), True),
    ):
        caveats = said(SHIFTS, "step", dates=dates)["ratio"].caveats
        assert ("beyond_account" in caveats) == beyond


def test_a_season_and_the_account_do_not_contradict_each_other_silently():
    for verdict, seasonal, caveat in (
        ("seasonal", False, "account_without_season"),
        ("no_clear_season", True, "account_with_season"),
        ("seasonal", True, ""),
        ("no_clear_season", False, ""),
    ):
        result = dataclasses.replace(SEASON, verdict=verdict)
        caveats = said(result, "steady", seasonal=seasonal)["season_amplitude"].caveats
        assert {one for one in caveats if one.startswith("account")} == ({caveat} - {""})


# ------- the ledger


def test_a_ledger_words_everything_under_the_description_of_its_series():
    ledger = trends.Ledger()
    ledger.add(STEP, SUBJECT)
    claims = ledger.add(TREND, SUBJECT)
    assert "no yearly pace" in claims.summary()
    assert "doubling-time" not in claims
    ledger.add(SHIFTS, SUBJECT)
    assert irreconcilable(ledger.findings.values()) == {}


def test_another_series_is_not_touched():
    ledger = trends.Ledger()
    ledger.add(STEP, SUBJECT)
    other = dataclasses.replace(TREND, series=STEPPED.iloc[:-1])
    assert "doubling-time" in ledger.add(other, SUBJECT)


def test_a_description_comes_first_and_once():
    ledger = trends.Ledger()
    ledger.add(TREND, SUBJECT)
    with pytest.raises(ValueError, match="`result` must be added before other findings"):
        ledger.add(STEP, SUBJECT)
    ledger = trends.Ledger()
    ledger.add(STEP, SUBJECT)
    ledger.add(STEP, SUBJECT)
    with pytest.raises(ValueError, match="must be the one description of its series"):
        ledger.add(dataclasses.replace(STEP, verdict="wanders"), SUBJECT)


# ------- the guard


def test_a_pace_beside_a_date_is_found_without_a_description():
    ledger = trends.Ledger()
    ledger.add(TREND, SUBJECT)
    assert irreconcilable(ledger.findings.values()) == {}
    ledger.add(SHIFTS, SUBJECT)
    assert irreconcilable(ledger.findings.values()) == {
        "x.trend.annual-percent-change": "x.changepoint.ratio-1",
        "x.trend.doubling-time": "x.changepoint.ratio-1",
    }


def test_what_a_description_excludes_is_found_even_if_it_was_kept_by_another_page():
    first, second = trends.Ledger(), trends.Ledger()
    first.add(STEP, SUBJECT)
    second.add(TREND, SUBJECT)
    records = [*first.findings.values(), *second.findings.values()]
    assert irreconcilable(records) == {
        "x.trend.annual-percent-change": "x.description.course",
        "x.trend.doubling-time": "x.description.course",
    }


def test_lint_refuses_two_sentences_that_exclude_each_other(pages, tmp_path):
    ledger = trends.Ledger()
    trend = ledger.add(TREND, SUBJECT)["annual-percent-change"]
    shift = ledger.add(SHIFTS, SUBJECT)["ratio-1"]
    said = [
        pages.span(claim.say("en"), "sentence", claim.finding.finding_id)
        for claim in (trend, shift)
    ]
    faults = lint(pages.page(tmp_path, ledger, f"<p>{said[0]}</p><p>{said[1]}</p>"))
    (fault,) = [one for one in faults if one.finding == "x.trend.annual-percent-change"]
    assert "cannot stand beside x.changepoint.ratio-1" in fault.rule
    assert "Describe the series" in fault.allowed
    described = trends.Ledger()
    account = described.add(STEP, SUBJECT)["course"]
    trend = described.add(TREND, SUBJECT)["annual-percent-change"]
    said = [
        pages.span(claim.say("en"), "sentence", claim.finding.finding_id)
        for claim in (account, trend)
    ]
    assert lint(pages.page(tmp_path, described, f"<p>{said[0]}</p><p>{said[1]}</p>")) == []


def test_lint_says_where_a_description_is_missing_or_comes_too_late(pages, tmp_path):
    described, asked = trends.Ledger(), trends.Ledger()
    described.add(STEP, SUBJECT)
    trend = asked.add(TREND, SUBJECT)["annual-percent-change"]
    asked.findings.update(described.findings)
    said = pages.span(trend.say("en"), "sentence", trend.finding.finding_id)
    (fault,) = [
        one
        for one in lint(pages.page(tmp_path, asked, f"<p>{said}</p>"))
        if "cannot stand beside x.description.course" in one.rule
    ]
    assert fault.allowed == "Add the description to the page's ledger before this result."


def test_lint_holds_one_page_against_another(pages, tmp_path):
    described, alone = trends.Ledger(), trends.Ledger()
    account = described.add(STEP, SUBJECT)["course"]
    trend = alone.add(TREND, SUBJECT)["annual-percent-change"]
    for name, ledger, claim in (("one", described, account), ("two", alone, trend)):
        (tmp_path / name).mkdir()
        words = pages.span(claim.say("en"), "sentence", claim.finding.finding_id)
        pages.page(tmp_path / name, ledger, f"<p>{words}</p>")
        assert lint(tmp_path / name) == []
    (fault,) = lint(tmp_path)
    assert fault.finding == "x.trend.annual-percent-change"
    assert "cannot stand beside x.description.course" in fault.rule
