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


def test_counts_and_forecasts_are_not_in_one_table_of_the_project():
    figures = trends.read_statements(DATA / "statements.csv")
    assert figures["forecast_of"].isna().all()
