"""Does every word turn exactly where its rule says, and never on the wrong side of 1 or 0?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trends
from trends.findings.finding import Finding, Subject
from trends.findings.rules import first_match, rule_tables
from trends.findings.wording import verb_key

INF = math.inf
UP = 1 + 1e-9
DOWN = 1 - 1e-9


def verb(quantity, low=math.nan, high=math.nan, estimate=1.0, **values):
    """Return the key of the verb for an interval."""
    return verb_key(
        Finding(
            finding_id="a.b.c", question="b", quantity=quantity, subject=Subject.generic(),
            estimate=estimate, conf_low=low, conf_high=high, unit="ratio", method="counted",
            sentence="", values=values, p_value=math.nan,
        )
    )  # fmt: skip


#: Interval, then what may be said of a ratio in time, and of a ratio between two places.
RATIOS = [
    ((0, INF), "cannot_compare", "cannot_compare"),
    ((0.001, INF), "no_clear_change", "no_clear_difference"),
    ((0, 1e9), "no_clear_change", "no_clear_difference"),
    ((3, 9), "at_least_tripled", "at_least_three_times"),
    ((3 * DOWN, 9), "at_least_doubled", "at_least_twice"),
    ((2, 9), "at_least_doubled", "at_least_twice"),
    ((2 * DOWN, 2.5), "roughly_doubled", "roughly_twice"),
    ((2 * DOWN, 2.5 * UP), "rose", "higher"),
    ((1.6, 2.5), "roughly_doubled", "roughly_twice"),
    ((1.6 * DOWN, 2.5), "rose", "higher"),
    ((UP, 1.25), "changed_little", "about_as_high"),
    ((0.8, 1.25), "changed_little", "about_as_high"),
    ((0.8 * DOWN, 1.25), "no_clear_change", "no_clear_difference"),
    ((0.8, 1.25 * UP), "no_clear_change", "no_clear_difference"),
    ((UP, 1.25 * UP), "rose", "higher"),
    ((1, 9), "no_clear_change", "no_clear_difference"),
    ((0.1, 1), "no_clear_change", "no_clear_difference"),
    ((0.1, DOWN), "fell", "lower"),
    ((0.4, 0.625), "roughly_halved", "roughly_half"),
    ((0.4 * DOWN, 0.625), "fell", "lower"),
    ((0.4, 0.625 * UP), "fell", "lower"),
    ((0.1, 0.5), "at_least_halved", "at_most_half"),
    ((0.4, 0.5 * UP), "roughly_halved", "roughly_half"),
    ((0.1, 0.5 * UP), "fell", "lower"),
    ((0.1, 0.3333333333), "fell_to_a_third_or_less", "at_most_a_third"),
    ((0.1, 0.3333333334), "at_least_halved", "at_most_half"),
]


@pytest.mark.parametrize(("interval", "in_time", "between"), RATIOS)
def test_what_may_be_said_of_a_ratio_turns_at_its_bound(interval, in_time, between):
    assert verb("ratio", *interval) == in_time
    assert verb("ratio_between", *interval) == between


@pytest.mark.parametrize(
    ("quantity", "given", "said"),
    [
        ("interruption_ratio", {"low": UP, "high": 9, "equivalent": True}, "rose_within"),
        ("interruption_ratio", {"low": UP, "high": 9, "equivalent": False}, "rose"),
        ("interruption_ratio", {"low": 0.1, "high": DOWN, "equivalent": True}, "fell_within"),
        ("interruption_ratio", {"low": 0.1, "high": DOWN, "equivalent": False}, "fell"),
        (
            "interruption_ratio",
            {"low": 1, "high": 9, "equivalent": True, "p_value_independent": 0.05},
            "within_margin",
        ),
        ("interruption_ratio", {"low": 1, "high": 9, "p_value_independent": 0.05}, "persistence"),
        (
            "interruption_ratio",
            {"low": 0.1, "high": 1, "p_value_independent": 0.05 * UP},
            "no_clear_change",
        ),
        ("interruption_slope", {"low": UP, "high": 9}, "rose"),
        ("interruption_slope", {"low": 0.1, "high": DOWN}, "fell"),
        ("interruption_slope", {"low": 1, "high": 9}, "no_clear_change"),
        ("control_ratio", {"low": UP, "high": 9}, "rose"),
        ("control_ratio", {"low": 0.1, "high": DOWN}, "fell"),
        ("control_ratio", {"low": 0.1, "high": 1}, "no_clear_change"),
        ("events_above", {"low": 1e-9, "high": 9}, "more"),
        ("events_above", {"low": -9, "high": -1e-9}, "fewer"),
        ("events_above", {"low": 0, "high": 9}, "no_clear_difference"),
        ("annual_percent_change", {"low": 0.1, "high": 9, "bent": True}, "bends"),
        ("annual_percent_change", {"low": 1e-9, "high": 9, "bent": False}, "rose"),
        ("annual_percent_change", {"low": 0, "high": 9, "bent": False}, "no_clear_trend"),
        ("annual_percent_change", {"low": -9, "high": -1e-9}, "fell"),
        ("annual_percent_change", {"low": -9, "high": 0}, "no_clear_trend"),
        (
            "annual_percent_change",
            {"low": -9, "high": 9, "p_value_independent": 0.05},
            "persistence",
        ),
        (
            "annual_percent_change",
            {"low": -9, "high": 9, "p_value_independent": 0.05 * UP},
            "no_clear_trend",
        ),
        ("confirmation", {"estimate": INF}, "beyond"),
        ("confirmation", {"estimate": 0}, "already"),
        ("confirmation", {"estimate": 1}, "later"),
        ("n_joinpoints", {"estimate": 0, "smallest_known": True}, "none_known"),
        ("n_joinpoints", {"estimate": 0, "smallest_known": False}, "none"),
        ("n_joinpoints", {"estimate": 1, "smallest_known": True}, "once"),
        ("n_joinpoints", {"estimate": 2, "smallest_known": True}, "several"),
        ("segment_percent_change", {"estimate": 200, "low": 9, "high": 999}, "rose"),
        ("segment_percent_change", {"estimate": 200 * UP, "low": 1e-9, "high": 999}, "rose_fast"),
        ("segment_percent_change", {"estimate": 999, "low": 0, "high": 9999}, "no_clear_trend"),
        ("segment_percent_change", {"estimate": -66.7, "low": -90, "high": -9}, "fell"),
        ("segment_percent_change", {"estimate": -66.71, "low": -90, "high": -9}, "fell_fast"),
        ("segment_percent_change", {"estimate": -70, "low": -90, "high": 0}, "no_clear_trend"),
        ("season_amplitude", {"season_verdict": "too_short"}, "too_short"),
        ("season_amplitude", {"season_verdict": "seasonal"}, "seasonal"),
        ("season_amplitude", {"season_verdict": "none"}, "no_clear_season"),
        ("ramadan_ratio", {"low": 2, "high": 3, "season_verdict": "too_short"}, "too_short"),
        ("ramadan_ratio", {"low": UP, "high": 3}, "higher"),
        ("ramadan_ratio", {"low": 1, "high": 3}, "no_clear_change"),
        ("ramadan_ratio", {"low": 0.5, "high": DOWN}, "lower"),
        ("ramadan_ratio", {"low": 0.5, "high": 1}, "no_clear_change"),
    ],
)
def test_every_other_verb_turns_at_its_bound(quantity, given, said):
    assert verb(quantity, **given) == said


def test_every_verb_of_every_table_is_met_by_a_case():
    ratios = {name for case in RATIOS for name in case[1:]}
    for quantity in ("ratio", "ratio_between"):
        assert {rule["key"] for rule in rule_tables()["verb"][quantity]} <= ratios


@pytest.mark.parametrize(
    ("name", "given", "form"),
    [
        ("rate_comparison", {"estimate": 1, "conf_low": 0, "conf_high": INF}, "cannot_compare"),
        ("rate_comparison", {"estimate": INF, "conf_low": UP, "conf_high": INF}, "rose_from_none"),
        (
            "rate_comparison",
            {"estimate": INF, "conf_low": 1, "conf_high": INF},
            "unclear_from_none",
        ),
        ("rate_comparison", {"estimate": 0, "conf_low": 0, "conf_high": DOWN}, "fell_to_none"),
        ("rate_comparison", {"estimate": 0, "conf_low": 0, "conf_high": 1}, "no_clear_change"),
        ("rate_comparison", {"estimate": 1, "conf_low": 0.8, "conf_high": 1.25}, "changed_little"),
        ("rate_comparison", {"estimate": 1, "conf_low": 0.7, "conf_high": 1.25}, "no_clear_change"),
        ("rate_comparison", {"estimate": 2, "conf_low": 1, "conf_high": 4}, "no_clear_change"),
        ("rate_comparison", {"estimate": 2, "conf_low": UP, "conf_high": 4}, "default"),
        ("rate_comparison", {"estimate": 0.5, "conf_low": 0.2, "conf_high": DOWN}, "default"),
        ("rate_difference", {"estimate": 1, "conf_low": 0, "conf_high": INF}, "cannot_compare"),
        (
            "rate_difference",
            {"estimate": INF, "conf_low": UP, "conf_high": INF},
            "higher_than_none",
        ),
        (
            "rate_difference",
            {"estimate": INF, "conf_low": 1, "conf_high": INF},
            "unclear_from_none",
        ),
        ("rate_difference", {"estimate": 0, "conf_low": 0, "conf_high": DOWN}, "none_against_some"),
        ("rate_difference", {"estimate": 1, "conf_low": 0.8, "conf_high": 1.25}, "about_as_high"),
        ("rate_difference", {"estimate": 2, "conf_low": 1, "conf_high": 4}, "no_clear_difference"),
        ("rate_difference", {"estimate": 2, "conf_low": UP, "conf_high": 4}, "default"),
        ("rate_visible", {"estimate": INF, "visible_down": 0}, "neither"),
        ("rate_visible", {"estimate": 2, "visible_down": 0}, "only_rise"),
        ("rate_visible", {"estimate": INF, "visible_down": 0.1}, "only_fall"),
        ("rate_visible", {"estimate": 2, "visible_down": 0.1}, "default"),
    ],
)
def test_the_form_of_a_sentence_turns_at_its_bound(name, given, form):
    assert first_match("variant", name, given) == form


@given(
    low=st.floats(0, 20, allow_nan=False),
    width=st.floats(1, 50, allow_nan=False),
    quantity=st.sampled_from(["ratio", "ratio_between"]),
)
def test_no_direction_is_said_of_an_interval_that_holds_one(low, width, quantity):
    said = verb(quantity, low, low * width)
    if low <= 1 <= low * width:
        assert said in {
            "cannot_compare", "no_clear_change", "no_clear_difference",
            "changed_little", "about_as_high",
        }  # fmt: skip
    elif said not in {"changed_little", "about_as_high"}:
        rises = {rule["key"] for rule in rule_tables()["verb"][quantity][1:4]} | {"rose", "higher"}
        assert (said in rises) == (low > 1)


@pytest.mark.parametrize(("count", "rough"), [(9, True), (10, False)])
def test_a_ratio_of_fewer_than_ten_events_is_printed_with_two_digits(count, rough):
    finding = trends.compare_rates((count, 30), (40, 30)).findings()[0]
    assert finding.unit == ("rough_ratio" if rough else "ratio")
    # The smaller of the two figures decides, whichever comes first.
    other = trends.compare_rates((40, 30), (count, 30)).findings()[0]
    assert other.unit == finding.unit
