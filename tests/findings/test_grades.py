"""Is every grade the one that the rules give, at their bounds and one step beyond?"""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings import rules, wording
from trends.findings.finding import Finding, Inputs, Subject
from trends.findings.rules import caveat_table, grade_of, holds, rule_tables
from trends.tables.figure import FLAGS, figure_flags, flag_caveats

WEAK, HARMLESS = "few_events", "two_totals"
MONTHS = pd.period_range("2018-01", periods=48, freq="M", name="period")
RNG = np.random.default_rng(8)
STEPPED = trends.as_series(pd.Series(RNG.poisson([10] * 24 + [40] * 24), index=MONTHS))
FLAT = trends.as_series(pd.Series(RNG.poisson([30] * 48), index=MONTHS))
STEP = trends.detect_changepoints(STEPPED, n_null=199, rng=1)
NONE = trends.detect_changepoints(FLAT, n_null=199, rng=1)
UP = 1 + 1e-9

# ------- every table, value by value: the grade at each bound, and just beyond it

CHANGEPOINT = {"p_value": 0.01, "redetected": 0.9, "set_share": 0.1, "n_in_set": 9}


def beside(values, **changed):
    return values | changed


CLEAR_RATES = {"conf_low": UP, "conf_high": 2, "p_value": 0.001}
CLEAR_PERIODS = {"conf_low": 1.2, "conf_high": 1.9}
BOUNDS = [
    ("rate", {"conf_low": 1.0, "conf_high": 1.0, "tipping_dispersion": 99, "p_value": 0.0}, 0, "D"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=50), 0, "A"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=50, p_value=0.001 * UP), 0, "B"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=49.9), 0, "B"),
    ("rate", beside(CLEAR_RATES, conf_low=0.2, conf_high=1 / UP, tipping_dispersion=20), 0, "B"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=20, p_value=0.01), 0, "B"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=99, p_value=0.01 * UP), 0, "C"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=19.9), 0, "C"),
    ("rate", beside(CLEAR_RATES, tipping_dispersion=99), 1, "C"),
    ("rate_tipping", {"estimate": 99, "wide_p_value": 0.0, "unclear": True}, 0, "D"),
    ("rate_tipping", {"estimate": 50, "wide_p_value": 0.001}, 0, "A"),
    ("rate_tipping", {"estimate": 50, "wide_p_value": 0.001 * UP}, 0, "B"),
    ("rate_tipping", {"estimate": 49.9, "wide_p_value": 0.001}, 0, "B"),
    ("rate_tipping", {"estimate": 20, "wide_p_value": 0.01}, 0, "B"),
    ("rate_tipping", {"estimate": 99, "wide_p_value": 0.01 * UP}, 0, "C"),
    ("rate_tipping", {"estimate": 19.9, "wide_p_value": 0.0}, 0, "C"),
    ("rate_tipping", {"estimate": 99, "wide_p_value": 0.0}, 1, "C"),
    ("rate_visible", {}, 0, "B"),
    ("trend", {"bent": True, "p_value": 0.0}, 0, "D"),
    ("trend", {"bent": False, "p_value": 0.05 * UP}, 0, "D"),
    ("trend", {"bent": False, "p_value": 0.05}, 0, "C"),
    ("trend", {"bent": False, "p_value": 0.01}, 1, "B"),
    ("trend", {"bent": False, "p_value": 0.01 * UP}, 0, "C"),
    ("trend", {"bent": False, "p_value": 0.01}, 2, "C"),
    ("trend", {"bent": False, "p_value": 0.001}, 0, "A"),
    ("trend", {"bent": False, "p_value": 0.001}, 1, "B"),
    ("trend", {"bent": False, "p_value": 0.001 * UP}, 0, "B"),
    ("forecast", {"n_origins": 24}, 0, "B"),
    ("forecast", {"n_origins": 24}, 1, "C"),
    ("forecast", {"n_origins": 23}, 0, "C"),
    ("forecast", {"n_origins": 6}, 0, "C"),
    ("forecast", {"n_origins": 5}, 0, "D"),
    ("forecast_evaluation", {"n_origins": 24}, 0, "B"),
    ("forecast_evaluation", {"n_origins": 24}, 1, "C"),
    ("forecast_evaluation", {"n_origins": 23}, 0, "C"),
    ("forecast_evaluation", {"n_origins": 12}, 0, "C"),
    ("forecast_evaluation", {"n_origins": 11}, 0, "D"),
    ("interruption", {"p_adjusted": 0.05 * UP, "equivalent": True}, 0, "C"),
    ("interruption", {"p_adjusted": 0.05 * UP, "equivalent": False}, 0, "D"),
    ("interruption", {"p_adjusted": 0.05, "equivalent": True}, 0, "C"),
    ("interruption", {"p_adjusted": 0.001, "placebo_p_value": 0.05}, 0, "A"),
    ("interruption", {"p_adjusted": 0.001 * UP, "placebo_p_value": 0.05}, 0, "B"),
    ("interruption", {"p_adjusted": 0.001, "placebo_p_value": 0.05 * UP}, 0, "B"),
    ("interruption", {"p_adjusted": 0.001, "placebo_p_value": math.nan}, 0, "B"),
    ("interruption", {"p_adjusted": 0.001, "placebo_p_value": 0.05}, 1, "B"),
    ("interruption", {"p_adjusted": 0.01}, 1, "B"),
    ("interruption", {"p_adjusted": 0.01 * UP}, 0, "C"),
    ("interruption", {"p_adjusted": 0.01}, 2, "C"),
    ("interruption_events", {"conf_low": 0.0, "conf_high": 9.0}, 0, "D"),
    ("interruption_events", {"conf_low": -9.0, "conf_high": 0.0}, 0, "D"),
    ("interruption_events", {"conf_low": 1e-9, "conf_high": 9.0}, 0, "B"),
    ("interruption_events", {"conf_low": -9.0, "conf_high": -1e-9}, 1, "C"),
    ("interruption_placebo", {}, 0, "C"),
    ("ranking", {"conf_low": 0.0, "chance_of_top": 1.0}, 0, "D"),
    ("ranking", {"conf_low": 1e-9, "chance_of_top": 0.95}, 0, "B"),
    ("ranking", {"conf_low": 1e-9, "chance_of_top": 0.95}, 1, "C"),
    ("ranking", {"conf_low": 1e-9, "chance_of_top": 0.949}, 0, "C"),
    ("severity_ratio", {"p_value": 0.05 * UP}, 0, "D"),
    ("severity_ratio", {"p_value": 0.05}, 0, "C"),
    ("severity_ratio", {"p_value": 0.01}, 0, "B"),
    ("severity_ratio", {"p_value": 0.01}, 1, "C"),
    ("severity_ratio", {"p_value": 0.01 * UP}, 0, "C"),
    ("severity_chance", {"reached": 2}, 0, "D"),
    ("severity_chance", {"reached": 3}, 0, "C"),
    ("severity_chance", {"reached": 20}, 0, "B"),
    ("severity_chance", {"reached": 20}, 1, "C"),
    ("severity_chance", {"reached": 19}, 0, "C"),
    ("share_change", {"verdict": "no_line", "p_value": 0.0}, 0, "D"),
    ("share_change", {"verdict": "rose", "p_value": 0.05 * UP}, 0, "D"),
    ("share_change", {"verdict": "rose", "p_value": 0.05}, 0, "C"),
    ("share_change", {"verdict": "rose", "p_value": 0.01}, 1, "B"),
    ("share_change", {"verdict": "rose", "p_value": 0.01}, 2, "C"),
    ("share_change", {"verdict": "rose", "p_value": 0.001}, 0, "A"),
    ("share_change", {"verdict": "rose", "p_value": 0.001 * UP}, 0, "B"),
    ("share_level", {"breadth": 0.1}, 0, "B"),
    ("share_level", {"breadth": 0.1}, 1, "C"),
    ("share_level", {"breadth": 0.1 * UP}, 0, "C"),
    ("share_level", {"breadth": 0.3}, 2, "C"),
    ("share_level", {"breadth": 0.3 * UP}, 0, "D"),
    ("trend_comparison", {"verdict": "no_line", "p_value": 0.0}, 0, "D"),
    ("trend_comparison", {"verdict": "same_pace", "p_equivalent": 0.01, "p_value": 0.5}, 0, "B"),
    ("trend_comparison", {"verdict": "same_pace", "p_equivalent": 0.01, "p_value": 0.5}, 1, "C"),
    ("trend_comparison", {"p_equivalent": 0.01 * UP, "p_value": 0.5}, 0, "C"),
    ("trend_comparison", {"p_equivalent": 0.05 * UP, "p_value": 0.05 * UP}, 0, "D"),
    ("trend_comparison", {"p_equivalent": 0.5, "p_value": 0.05}, 0, "C"),
    ("trend_comparison", {"p_equivalent": 0.5, "p_value": 0.01}, 1, "B"),
    ("trend_comparison", {"p_equivalent": 0.5, "p_value": 0.01}, 2, "C"),
    ("trend_comparison", {"p_equivalent": 0.5, "p_value": 0.001}, 0, "A"),
    ("trend_comparison", {"p_equivalent": 0.5, "p_value": 0.001 * UP}, 0, "B"),
    ("figure_rate", {"width": 1.5}, 0, "B"),
    ("figure_rate", {"width": 1.5 * UP}, 0, "C"),
    ("figure_rate", {"width": 1.5}, 1, "C"),
    ("figure_rate", {"width": 4}, 2, "C"),
    ("figure_rate", {"width": 4 * UP}, 0, "D"),
    ("figure_rate", {"width": math.inf}, 0, "D"),
    ("contradiction", {"verdict": "impossible", "n_soft": 0}, 0, "A"),
    ("contradiction", {"verdict": "impossible", "n_soft": 1}, 0, "B"),
    ("contradiction", {"verdict": "impossible", "n_soft": 0}, 1, "B"),
    ("contradiction", {"verdict": "improbable", "n_soft": 0}, 0, "C"),
    ("contradiction", {"verdict": "repeated", "n_soft": 0}, 0, "C"),
    ("contradiction", {"verdict": "tension", "n_soft": 0}, 0, "C"),
    ("joinpoint_number", {}, 0, "C"),
    ("joinpoint", {"p_value": 0.05 * UP}, 0, "D"),
    ("joinpoint", {"p_value": 0.05}, 0, "C"),
    ("joinpoint", {"p_value": 0.001}, 0, "B"),
    ("joinpoint", {"p_value": 0.001}, 1, "C"),
    ("joinpoint", {"p_value": 0.001 * UP}, 0, "C"),
    ("latent_rate", {"n_free": 2.9, "width": 1}, 0, "D"),
    ("latent_rate", {"n_free": 3, "width": 1.5}, 0, "B"),
    ("latent_rate", {"n_free": 3, "width": 1.5}, 1, "C"),
    ("latent_rate", {"n_free": 3, "width": 4}, 1, "C"),
    ("latent_rate", {"n_free": 3, "width": 4 * UP}, 0, "D"),
    ("latent_rate_change", {"n_free": 9, "width": 1, "conf_low": 1, "conf_high": 1}, 0, "D"),
    ("latent_rate_change", {"n_free": 9, "width": 1.5, "conf_low": UP, "conf_high": 2}, 0, "B"),
    ("latent_rate_change", {"n_free": 2.9, "width": 1.5, "conf_low": UP, "conf_high": 2}, 0, "D"),
    ("latent_rate_change", {"n_free": 3, "width": 4, "conf_low": 2, "conf_high": 8}, 1, "C"),
    ("latent_rate_change", {"n_free": 3, "width": 4.1, "conf_low": 2, "conf_high": 8.2}, 0, "D"),
    ("latent_rate_fit", {}, 0, "B"),
    ("alarm", {"unseen": True, "state": "quiet", "power": 0.9}, 0, "D"),
    ("alarm", {"unseen": False, "state": "quiet", "power": 0.8}, 0, "B"),
    ("alarm", {"unseen": False, "state": "quiet", "power": 0.8}, 1, "C"),
    ("alarm", {"unseen": False, "state": "quiet", "power": 0.79}, 0, "C"),
    ("alarm", {"unseen": False, "state": "quiet", "power": 0.5}, 3, "C"),
    ("alarm", {"unseen": False, "state": "quiet", "power": 0.49}, 0, "D"),
    ("alarm", {"unseen": False, "state": "quiet", "power": math.nan}, 0, "D"),
    ("alarm", {"unseen": False, "state": "rise", "p_adjusted": 0.01}, 0, "B"),
    ("alarm", {"unseen": False, "state": "fall", "p_adjusted": 0.01}, 1, "C"),
    ("alarm", {"unseen": False, "state": "rise", "p_adjusted": 0.01 * UP}, 0, "C"),
    ("forecast_claim", {"verdict": "open"}, 0, "D"),
    ("forecast_claim", {"verdict": "cannot_tell"}, 0, "D"),
    ("forecast_claim", {"verdict": "held"}, 0, "A"),
    ("forecast_claim", {"verdict": "missed"}, 0, "A"),
    ("forecast_claim", {"verdict": "missed"}, 1, "B"),
    ("delay", {"n_vintages": 5, "held": 1.0, "conf_low": 0.1, "conf_high": 0.2}, 0, "D"),
    ("delay", {"n_vintages": 12, "held": 1.0, "conf_low": 0, "conf_high": 0.2}, 0, "D"),
    ("delay", {"n_vintages": 12, "held": 1.0, "conf_low": -0.2, "conf_high": 0}, 0, "D"),
    ("delay", {"n_vintages": 12, "held": 0.9, "conf_low": 0.1, "conf_high": 0.2}, 0, "B"),
    ("delay", {"n_vintages": 12, "held": 0.9, "conf_low": -0.2, "conf_high": -0.1}, 0, "B"),
    ("delay", {"n_vintages": 12, "held": 0.89, "conf_low": 0.1, "conf_high": 0.2}, 0, "C"),
    ("delay", {"n_vintages": 11, "held": 0.9, "conf_low": 0.1, "conf_high": 0.2}, 0, "C"),
    ("delay", {"n_vintages": 12, "held": 0.9, "conf_low": 0.1, "conf_high": 0.2}, 1, "C"),
    ("delay_expected", {"n_vintages": 5, "held": math.nan}, 0, "D"),
    ("delay_expected", {"n_vintages": 12, "held": 0.9}, 0, "B"),
    ("delay_expected", {"n_vintages": 12, "held": 0.89}, 0, "C"),
    ("delay_expected", {"n_vintages": 11, "held": 0.9}, 0, "C"),
    ("delay_expected", {"n_vintages": 12, "held": 0.9}, 1, "C"),
    ("delay_held", {}, 0, "B"),
    ("bounds", {"open": True}, 0, "D"),
    ("bounds", {"open": False}, 0, "C"),
    ("reporting", {"verdict": "cannot_tell", "n_spans": 9}, 0, "D"),
    ("reporting", {"verdict": "real", "n_spans": 6}, 0, "B"),
    ("reporting", {"verdict": "real", "n_spans": 5}, 0, "C"),
    ("reporting", {"verdict": "real", "n_spans": 6}, 1, "C"),
    ("reporting_visible", {}, 0, "B"),
    ("season", {"p_value": 0.001}, 0, "A"),
    ("season", {"p_value": 0.001}, 1, "B"),
    ("season", {"p_value": 0.01}, 1, "B"),
    ("season", {"p_value": 0.01}, 2, "C"),
    ("periods", {"conf_low": 0.9, "conf_high": 1.1, "p_value": 0.5}, 0, "D"),
    ("periods", beside(CLEAR_PERIODS, p_value=0.001), 0, "A"),
    ("periods", beside(CLEAR_PERIODS, p_value=0.001), 1, "B"),
    ("periods", beside(CLEAR_PERIODS, p_value=0.001 * UP), 0, "B"),
    ("periods", beside(CLEAR_PERIODS, p_value=0.01), 1, "B"),
    ("periods", beside(CLEAR_PERIODS, p_value=0.01), 2, "C"),
    ("periods", beside(CLEAR_PERIODS, p_value=0.01 * UP), 0, "C"),
    ("periods_visible", {}, 0, "B"),
    ("season", {"p_value": 0.01 * UP}, 0, "C"),
    ("season", {"p_value": 0.05}, 3, "C"),
    ("season", {"p_value": 0.05 * UP}, 0, "D"),
    ("season", {"p_value": math.nan}, 0, "D"),
    ("changepoint", CHANGEPOINT, 0, "A"),
    ("changepoint", CHANGEPOINT, 1, "B"),
    ("changepoint", beside(CHANGEPOINT, p_value=0.01 * UP), 0, "B"),
    ("changepoint", beside(CHANGEPOINT, redetected=0.9 / UP), 0, "B"),
    ("changepoint", beside(CHANGEPOINT, set_share=0.1 * UP), 0, "B"),
    ("changepoint", beside(CHANGEPOINT, set_share=0.3, n_in_set=3), 0, "A"),
    ("changepoint", beside(CHANGEPOINT, set_share=0.3, n_in_set=3), 1, "B"),
    ("changepoint", beside(CHANGEPOINT, set_share=0.3, n_in_set=4), 0, "C"),
    ("changepoint", beside(CHANGEPOINT, p_value=0.05, redetected=0.75, set_share=0.25), 1, "B"),
    (
        "changepoint",
        beside(CHANGEPOINT, p_value=0.05, redetected=0.75, set_share=0.25 * UP),
        0,
        "C",
    ),
    ("changepoint", beside(CHANGEPOINT, p_value=0.05, redetected=0.75 / UP), 0, "C"),
    ("changepoint", beside(CHANGEPOINT, p_value=0.05 * UP), 0, "D"),
    ("changepoint", beside(CHANGEPOINT, redetected=0.5, set_share=0.5), 2, "C"),
    ("changepoint", beside(CHANGEPOINT, redetected=0.5 / UP), 0, "D"),
    ("changepoint", beside(CHANGEPOINT, set_share=0.5 * UP), 0, "D"),
    ("changepoint_none", {"verdict": "cannot_tell", "detectable_ratio": 1.25}, 0, "D"),
    ("changepoint_none", {"verdict": "none", "detectable_ratio": 2}, 0, "B"),
    ("changepoint_none", {"verdict": "none", "detectable_ratio": 3}, 0, "C"),
    ("changepoint_none", {"verdict": "none", "detectable_ratio": math.nan}, 0, "C"),
    ("changepoint_further", {}, 0, "D"),
    ("account", {}, 0, "D"),
    ("description", {"verdict": "cannot_tell", "course_weight": 0.99}, 0, "D"),
    ("description", {"verdict": "step", "course_weight": 0.9}, 0, "A"),
    ("description", {"verdict": "step", "course_weight": 0.9}, 1, "B"),
    ("description", {"verdict": "step", "course_weight": 0.9 / UP}, 0, "B"),
    ("description", {"verdict": "slope", "course_weight": 0.7}, 1, "B"),
    ("description", {"verdict": "slope", "course_weight": 0.7}, 2, "C"),
    ("description", {"verdict": "slope", "course_weight": 0.7 / UP}, 0, "C"),
    ("description_season", {"season_weight": 0.99}, 0, "A"),
    ("description_season", {"season_weight": 0.99 / UP}, 0, "B"),
    ("description_season", {"season_weight": 0.95}, 1, "B"),
    ("description_season", {"season_weight": 0.95 / UP}, 0, "C"),
    ("power", {}, 0, "B"),
    ("power_confirmation", {}, 0, "C"),
]


@pytest.mark.parametrize(("table", "values", "n_weaknesses", "grade"), BOUNDS)
def test_a_grade_turns_at_its_bound(table, values, n_weaknesses, grade):
    weak = [key for key, caveat in caveat_table().items() if caveat["weakens"]]
    weak = [key for key in weak if "caps" not in caveat_table()[key]][:n_weaknesses]
    assert grade_of(table, values, weak) == grade


def test_every_rule_of_every_table_is_met_by_a_case():
    met = {(table, grade) for table, _, _, grade in BOUNDS}
    assert met == {
        (name, rule["key"]) for name, table in rule_tables()["grade"].items() for rule in table
    }


# ------- caveats


def test_a_caveat_counts_once_and_only_if_it_says_that_it_weakens():
    values = {"bent": False, "p_value": 0.001}
    assert grade_of("trend", values, [HARMLESS]) == "A"
    assert grade_of("trend", values, [WEAK, WEAK]) == "B"
    assert grade_of("trend", values, [WEAK, "excess_zeros"]) == "C"


def test_a_caveat_that_caps_lowers_a_grade_and_never_raises_one(monkeypatch):
    capped = {WEAK: {"weakens": False, "caps": "C"}}
    monkeypatch.setattr(rules, "caveat_table", lambda: capped)
    values = {"bent": False, "p_value": 0.001}
    assert grade_of("trend", values, []) == "A"
    assert grade_of("trend", values, [WEAK]) == "C"
    assert grade_of("trend", values | {"p_value": 0.5}, [WEAK]) == "D"


def test_what_a_caveat_is_about_follows_its_name(monkeypatch):
    named = {
        "rival": {"weakens": True, "caps": "C", "en": "Beside {detail}.", "ar": "بجانب {detail}."}
    }
    monkeypatch.setattr(rules, "caveat_table", lambda: named)
    monkeypatch.setattr(wording, "words", lambda lang: {"caveat": {"rival": named["rival"][lang]}})
    values = {"bent": False, "p_value": 0.001}
    assert grade_of("trend", values, ["rival:un-2024"]) == "C"
    assert wording.caveat("rival:un-2024") == "Beside un-2024."
    assert wording.caveat("rival:un-2024", "ar") == "بجانب un-2024."


def test_a_caveat_nobody_declared_is_no_caveat():
    with pytest.raises(KeyError, match="no_such_caveat"):
        grade_of("trend", {"bent": False, "p_value": 0.5}, ["no_such_caveat"])


def test_every_word_of_a_figures_row_that_is_flagged_brings_a_caveat_that_weakens():
    for column, said in FLAGS.items():
        for word, caveat in said.items():
            assert flag_caveats(figure_flags({column: word})) == (caveat,)
            assert caveat_table()[caveat]["weakens"]


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_is_not_known_satisfies_no_condition(value):
    for test in ("at_least", "at_most", "above", "below"):
        assert not holds({"x": {test: 1}}, {"x": value})
    assert not holds({"x": {"is": None}}, {})


@pytest.mark.parametrize(
    ("test", "met", "missed"),
    [
        ("at_least", 2, 2 / UP),
        ("at_most", 2, 2 * UP),
        ("above", 2 * UP, 2),
        ("below", 2 / UP, 2),
        ("is", 2, 2 * UP),
    ],
)
def test_a_condition_turns_at_its_bound(test, met, missed):
    assert holds({"x": {test: 2}}, {"x": met})
    assert not holds({"x": {test: 2}}, {"x": missed})
    assert holds({"x": {"among": [1, 2]}}, {"x": 2})
    assert not holds({"x": {"among": [1, 2]}}, {"x": 3})
    # Of several conditions all must hold.
    assert not holds({"x": {test: 2}, "y": {"is": 1}}, {"x": met, "y": 0})


# ------- the numbers that each question brings to its rules


def the(result, name):
    """Return the finding of a result whose id ends so."""
    (found,) = [one for one in result.findings() if one.finding_id.endswith(f".{name}")]
    return found


def test_no_shift_is_likely_only_if_a_doubling_would_have_been_found():
    assert NONE.verdict == "none"
    for ratio, grade in ((1.5, "B"), (2.0, "B"), (3.0, "C"), (math.nan, "C")):
        assert the(dataclasses.replace(NONE, detectable_ratio=ratio), "none").grade == grade
    told = dataclasses.replace(NONE, verdict="cannot_tell", detectable_ratio=1.5)
    assert the(told, "none").grade == "D"


def test_a_changepoint_is_graded_by_its_own_p_value_redetection_and_set():
    (point,) = STEP.changepoints
    sure = dataclasses.replace(
        point,
        p_value=0.001,
        redetected=1.0,
        verdict="abrupt",
        set_probability=pd.Series([1.0], index=pd.PeriodIndex([point.period])),
    )

    def graded(memory_at_limit=False, **changed):
        points = (dataclasses.replace(sure, **changed),)
        result = dataclasses.replace(STEP, changepoints=points, memory_at_limit=memory_at_limit)
        frame = result.to_frame()["grade"].tolist()
        assert frame == [the(result, "ratio-1").grade]
        assert result.to_frame(alpha=0.5)["grade"].tolist() == frame
        return frame[0]

    def spread(n_periods):
        index = pd.period_range(point.period - 1, periods=n_periods, freq="M")
        return pd.Series(1 / n_periods, index=index)

    assert graded() == "A"
    assert graded(p_value=0.02) == "B"
    assert graded(redetected=0.8) == "B"
    assert graded(redetected=0.6) == "C"
    assert graded(redetected=0.4) == "D"
    assert graded(verdict="gradual") == "B"
    assert graded(memory_at_limit=True) == "B"
    # 48 periods: 4 are within a tenth, 12 within a quarter, 24 within half.
    sets = {4: "A", 5: "B", 12: "B", 13: "C", 24: "C"}
    assert {n: graded(set_probability=spread(n)) for n in sets} == sets


def test_three_periods_are_never_too_wide_a_set():
    short = dataclasses.replace(STEP, series=STEPPED.iloc[20:32])
    (point,) = STEP.changepoints
    index = pd.period_range(point.period - 1, periods=4, freq="M")
    for n_periods, grade in ((3, "A"), (4, "C")):
        share = pd.Series(1 / n_periods, index=index[:n_periods])
        sure = dataclasses.replace(
            point, p_value=0.001, redetected=1.0, verdict="abrupt", set_probability=share
        )
        assert the(dataclasses.replace(short, changepoints=(sure,)), "ratio-1").grade == grade


def test_counts_of_rows_and_constants_carry_no_grade():
    naive = dataclasses.replace(NONE, naive_periods=MONTHS[[3, 9]])
    assert the(naive, "naive").grade is None
    assert the(trends.find_contradictions(statements()), "count").grade is None
    ledger = trends.Ledger()
    constant = ledger.constant("n", 3, en="Rows", ar="صفوف")
    assert constant.grade is None
    assert ledger.finding("n.count")["grade"] is None
    assert "grade" not in wording.explain(constant.finding)
    assert "grade" not in constant._repr_markdown_()


def test_what_makes_a_clear_difference_vanish_is_as_firm_as_the_difference():
    for pair in (((2940, 366), (1210, 365)), ((294, 366), (121, 365)), ((30, 366), (9, 365))):
        result = trends.compare_rates(*pair)
        assert the(result, "tipping").grade == the(result, "ratio").grade


@pytest.mark.parametrize(("first", "few"), [(2, False), (1, True)])
def test_fewer_than_twenty_events_are_said_to_be_few(first, few):
    finding = the(trends.compare_rates((first, 1), (18, 36500)), "ratio")
    assert ("few_events" in finding.caveats) == few


def test_a_latent_rate_that_may_not_have_changed_is_not_established():
    result = trends.estimate_rate(statements())
    change = the(result, "change")
    assert change.conf_low <= 1 <= change.conf_high
    assert change.grade == "D"


def statements(**changed):
    """Yearly figures of one counter, about as many each year."""
    counts = (98, 104, 99, 101, 97, 103, 100, 102)
    rows = [
        {
            "statement_id": f"s-{year}", "measure": "events", "count_low": pd.NA, "count": count,
            "count_high": pd.NA, "qualifier": "exact", "window_start": pd.Timestamp(year, 1, 1),
            "window_end": pd.Timestamp(year, 12, 31), "window_basis": "stated",
            "country": "Syria", "area": "Syria", "control_area": "all", "actor": None,
            "counted_by": "A", "source_kind": "monitor", "published_by": "A",
            "published_on": pd.NaT, "url": None, "document": None, "part_of": None,
            "part_kind": None, "role": "primary", "reading": "direct", "note": None, **changed,
        }
        for year, count in zip(range(2015, 2023), counts, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows).astype(dict.fromkeys(("count_low", "count", "count_high"), "Int64"))


# ------- what a row or a series says about itself


def test_a_weak_reading_reaches_finding_grade_and_mark():
    first, second = statements()["statement_id"].head(2)
    table = statements()
    table.loc[1, ["window_start", "window_end"]] = table.loc[0, ["window_start", "window_end"]]
    firm = trends.find_contradictions(table)
    (conflict,) = [one for one in firm.findings() if one.graded_by]
    assert conflict.inputs.records == (first, second)
    assert (conflict.grade, conflict.caveats) == ("A", ())
    table.loc[1, "reading"] = "weak"
    (weak,) = [one for one in trends.find_contradictions(table).findings() if one.graded_by]
    assert (weak.grade, weak.caveats) == ("C", ("weak_reading",))
    assert "At least one figure was read at third hand." in wording.explain(weak)
    # Another figure of the table that the conflict is not about changes nothing.
    table["reading"] = ["direct", "direct", "weak", *["direct"] * 5]
    (other,) = [one for one in trends.find_contradictions(table).findings() if one.graded_by]
    assert (other.grade, other.caveats) == ("A", ())


def test_a_finding_that_names_a_record_nobody_has_is_an_error():
    from trends.findings.about import informed

    finding = Finding(
        finding_id="a.b.c", question="b", quantity="c", subject=Subject.generic(), estimate=1.0,
        unit="ratio", method="counted", sentence="", inputs=Inputs(records=("nowhere",)),
    )  # fmt: skip
    with pytest.raises(KeyError, match="nowhere"):
        informed([finding], NONE)


# ------- inputs


def test_the_inputs_of_a_series_are_its_record_its_file_and_its_span():
    series = trends.as_series(pd.Series([4, 6, 5, 3] * 6, index=MONTHS[:24]))
    series.iloc[3, 0] = pd.NA
    series.attrs["source"] = {"file": "x.csv", "sha256": "a" * 64}
    ledger = trends.Ledger()
    ledger.add(trends.estimate_trend(series), Subject(key="s", en="S", ar="س"))
    inputs = ledger.finding("s.trend.annual-percent-change")["inputs"]
    assert inputs == {
        "records": list(ledger.inputs),
        "files": ["a" * 64],
        "first": "2018-01",
        "last": "2019-12",
        "n_observed": 23,
        "n_periods": 24,
    }


@pytest.mark.parametrize(
    ("freq", "first", "last"),
    [("W-SUN", "2018-W01", "2018-W20"), ("Q", "2018-Q1", "2022-Q4"), ("Y", "2018", "2037")],
)
def test_a_span_is_written_as_the_package_writes_periods(freq, first, last):
    index = pd.period_range("2018-01-01", periods=20, freq=freq, name="period")
    series = trends.as_series(pd.Series([4, 6, 5, 3] * 5, index=index))
    (finding, *_) = trends.estimate_trend(series).findings()
    assert (finding.inputs.first, finding.inputs.last) == (first, last)


def test_the_inputs_of_figures_are_their_ids_and_the_days_they_span():
    result = trends.compare_rates(
        (294, "2024-01-01", "2024-12-31"), (121, "2023-03-01", "2023-12-31")
    )
    for finding in result.findings():
        assert finding.inputs == Inputs(
            records=("294 from 2024-01-01 to 2024-12-31", "121 from 2023-03-01 to 2023-12-31"),
            first="2023-03-01",
            last="2024-12-31",
        )


def test_the_inputs_of_a_multiplier_are_the_figures_of_its_source_alone():
    table = pd.concat(
        [
            statements(),
            statements(counted_by="B").assign(statement_id=lambda t: "b-" + t["statement_id"]),
        ],
        ignore_index=True,
    )
    result = trends.estimate_rate(table)
    assert set(the(result, "multiplier-1").inputs.records) == {
        f"{'b-' if result.sources[1] == 'B' else ''}s-{year}" for year in range(2015, 2023)
    }
    assert len(the(result, "last").inputs.records) == 16
