"""Published forecasts, held against what came."""

from pathlib import Path

import pandas as pd
import pytest

import trends

DATA = Path(__file__).resolve().parents[2] / "data"


def table(said, came, *, published="2024-07-17", came_on="2025-01-03", named="year", **change):
    """Return a forecast of 2024 and the count of that year, each as (qualifier, count)."""
    rows = [
        {
            "statement_id": name,
            "measure": "attacks",
            "counted_by": "ministry",
            "count": count,
            "qualifier": qualifier,
            "window_start": pd.Timestamp("2024-01-01"),
            "window_end": pd.Timestamp("2024-12-31"),
            "published_on": pd.Timestamp(day),
            "forecast_of": outcome,
        }
        for name, (qualifier, count), day, outcome in (
            ("pace", said, published, named),
            ("year", came, came_on, None),
        )
    ]
    rows[0] |= change
    return pd.DataFrame(rows).astype({"count": "Int64"})


@pytest.mark.parametrize(
    ("said", "came", "verdict"),
    [
        (("more_than", 242), ("exact", 294), "held"),
        (("more_than", 294), ("exact", 294), "missed"),
        (("at_least", 294), ("exact", 294), "held"),
        (("about", 300), ("exact", 294), "held"),
        (("about", 300), ("exact", 420), "missed"),
        (("more_than", 242), ("at_least", 300), "held"),
        (("about", 300), ("at_least", 280), "cannot_tell"),
        (("about", 200), ("about", 250), "cannot_tell"),
    ],
)
def test_a_claim_holds_if_all_that_may_have_come_is_allowed_and_misses_if_nothing_is(
    said, came, verdict
):
    found = trends.score_claims(table(said, came))
    assert found.scores["verdict"].tolist() == [verdict]
    tally = (found.n_held, found.n_missed, found.n_open)
    assert tally == (verdict == "held", verdict == "missed", False)


def test_a_window_that_had_not_closed_and_a_figure_not_yet_published_are_open():
    figures = table(("about", 300), ("exact", 294), came_on="2025-04-16")
    for day, reason in (("2024-12-31", "window_not_closed"), ("2025-04-15", "no_outcome")):
        found = trends.score_claims(figures, as_of=day)
        assert found.scores[["verdict", "reason"]].iloc[0].tolist() == ["open", reason]
        assert "what came is not known yet" in found.summary()
    assert trends.score_claims(figures, as_of="2025-04-16").n_held == 1
    named = table(("about", 300), ("exact", 294), named="open")
    assert trends.score_claims(named).scores["reason"].tolist() == ["no_outcome"]


def test_days_ahead_are_those_of_the_window_after_the_day():
    assert trends.score_claims(table(("about", 300), ("exact", 294))).to_frame()[
        "estimate"
    ].tolist() == [167]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"forecast_of": "decade"}, "must name a statement of the outcomes, got 'decade'"),
        ({"measure": "claims"}, "figure with the measure of the claim, got attacks for pace"),
        ({"window_start": pd.Timestamp("2024-02-01")}, "figure with the window_start"),
        ({"country": "Syria"}, "figure of the scope of the claim, got year for pace"),
        ({"forecast_of": None}, "must hold statements with a forecast_of, got none"),
    ],
)
def test_a_claim_is_scored_by_a_figure_about_the_same_thing_only(change, words):
    with pytest.raises(ValueError, match=words):
        trends.score_claims(table(("about", 300), ("exact", 294), **change))


def test_a_forecast_is_no_count_for_any_other_question():
    figures = table(("exact", 900), ("exact", 294))
    with pytest.raises(ValueError, match="must be a count of what happened, got statement pace"):
        trends.figure_rate(figures.iloc[0])
    found = trends.find_contradictions(figures)
    assert found.n_contradictions == 0
    reasons = found.unexamined.set_index("statement_id")["reason"]
    assert reasons["pace"] == "forecast"
    counted = found.to_frame().shape[0]
    assert counted == trends.find_contradictions(figures.iloc[1:]).to_frame().shape[0]
    # The same two figures without the mark are two values for one window.
    unmarked = figures.assign(forecast_of=None)
    assert trends.find_contradictions(unmarked).n_contradictions == 1
    series = trends.statement_series(figures, measure="attacks", counted_by="ministry", freq="Y")
    assert series["count"].tolist() == [294]


def test_a_forecast_made_after_its_window_is_a_fault(tmp_path):
    path = tmp_path / "statements.csv"
    late = table(("about", 300), ("exact", 294), published="2025-01-01")
    late.to_csv(path, index=False)
    with pytest.raises(ValueError, match="must have been published before its window ended"):
        trends.read_statements(path)


def test_the_pace_of_mid_2024_held_by_a_weak_figure():
    claims = trends.read_statements(DATA / "forecasts.csv")
    figures = trends.read_statements(DATA / "statements.csv")
    found = trends.score_claims(claims, figures)
    score = found.scores.set_index("statement_id").loc["centcom-2024-pace"]
    assert (score["said_low"], score["came_low"], score["verdict"]) == (243, 294, "held")
    assert score["days_ahead"] == 167
    assert found.findings()[0].grade == "C"
    assert "more than 242 events would come in 2024; 294 events came" in found.summary()
    # More than double is more than twice the 121 of the year before.
    base = figures.set_index("statement_id").loc["centcom-2023-year-claims"]
    assert score["said_low"] == 2 * base["count"] + 1


def known(*figures):
    """Return a forecast of 2024 and figures as (id, count, first, last, published, changes)."""
    rows = [
        {
            "statement_id": name, "measure": "attacks", "counted_by": "ministry",
            "count": count, "qualifier": "exact", "window_start": pd.Timestamp(first),
            "window_end": pd.Timestamp(last), "published_on": pd.Timestamp(day),
            "forecast_of": None, **change,
        }
        for name, count, first, last, day, change in figures
    ]  # fmt: skip
    made = pd.concat([table(("more_than", 240), ("exact", 294)), pd.DataFrame(rows)])
    return made.astype({"count": "Int64"}).reset_index(drop=True)


HALF = ("half", 150, "2024-01-01", "2024-06-30", "2024-07-01", {})
YEAR_BEFORE = ("before", 120, "2023-01-01", "2023-12-31", "2024-01-10", {})


def own(*figures):
    """Return what would have been forecast beside the claim of 17 July 2024."""
    return trends.score_claims(known(*figures)).scores.iloc[0]


def test_the_half_that_was_known_on_the_day_goes_on_at_its_rate():
    score = own(HALF, YEAR_BEFORE)
    assert score["known_id"] == "half"
    # 150 in 182 days, and 184 days to come.
    assert score["own_estimate"] == pytest.approx(150 + 150 * 184 / 182, rel=0.05)
    assert 150 < score["own_low"] < score["own_estimate"] < score["own_high"]
    assert 0.5 < score["own_chance"] < 0.9


def test_without_a_figure_of_the_window_the_latest_one_before_it_is_taken():
    earlier = ("earlier", 500, "2022-01-01", "2022-12-31", "2023-01-10", {})
    score = own(earlier, YEAR_BEFORE)
    assert score["known_id"] == "before"
    assert score["own_estimate"] == pytest.approx(120, rel=0.15)
    assert score["own_low"] < 100
    assert score["own_chance"] < 0.25


@pytest.mark.parametrize(
    "change",
    [
        {"published_on": pd.Timestamp("2024-07-18")},
        {"published_on": pd.NaT},
        {"window_end": pd.Timestamp("2024-07-18"), "published_on": pd.Timestamp("2024-07-17")},
        {"window_start": pd.Timestamp("2023-07-01")},
        {"counted_by": "monitor"},
        {"measure": "claims"},
        {"country": "Syria"},
        {"forecast_of": "open"},
    ],
)
def test_what_was_not_known_on_the_day_or_is_another_count_takes_no_part(change):
    score = own((*HALF[:5], change))
    assert score["known_id"] == ""
    assert score[["own_estimate", "own_low", "own_high", "own_chance"]].isna().all()


def test_a_figure_published_on_the_day_itself_was_known():
    assert own((*HALF[:5], {"published_on": pd.Timestamp("2024-07-17")}))["known_id"] == "half"


def test_of_a_revised_figure_the_last_revision_known_on_the_day_counts():
    revised = ("revised", 160, *HALF[2:4], "2024-07-10", {})
    too_late = ("too_late", 170, *HALF[2:4], "2024-08-10", {})
    for order in ((HALF, revised, too_late), (too_late, revised, HALF)):
        assert own(*order)["known_id"] == "revised"


def test_the_level_of_the_own_interval_is_that_which_is_asked_for():
    found = trends.score_claims(known(HALF))
    assert found.conf_level == 0.95
    narrow, wide = found.to_frame(alpha=0.5).iloc[0], found.to_frame().iloc[0]
    assert wide["own_low"] < narrow["own_low"] < narrow["own_high"] < wide["own_high"]
    assert narrow["own_chance"] == wide["own_chance"]
    assert "known on that day, this package would have forecast" in found.summary()


def test_the_pace_of_mid_2024_had_a_fair_chance():
    claims = trends.read_statements(DATA / "forecasts.csv")
    score = trends.score_claims(claims, trends.read_statements(DATA / "statements.csv")).scores
    score = score.set_index("statement_id").loc["centcom-2024-pace"]
    assert score["known_id"] == "centcom-2024-h1-claims"
    assert score["own_low"] < 294 < score["own_high"]
    assert score["own_chance"] == pytest.approx(0.78, abs=0.05)


def test_counts_and_forecasts_are_not_in_one_table_of_the_project():
    figures = trends.read_statements(DATA / "statements.csv")
    assert figures["forecast_of"].isna().all()
