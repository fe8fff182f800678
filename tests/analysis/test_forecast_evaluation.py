"""Are past forecasts made with what was known then, and scored as the definitions say?"""

import numpy as np
import pandas as pd
import pytest

import trends
from trends.models.counts.scoring import compare_scores

MONTHS = pd.period_range("2018-01", periods=66, freq="M")


def as_series(counts, periods=MONTHS):
    return trends.as_series(pd.Series(np.asarray(counts), index=periods[: len(counts)]))


COUNTS = np.random.default_rng(1).negative_binomial(6, 1 / 3, 66)
SERIES = as_series(COUNTS)


@pytest.fixture(scope="module")
def evaluation():
    return trends.evaluate_forecasts(SERIES, horizon=3, n_origins=20)


def test_the_forecast_of_an_origin_is_the_one_that_would_have_been_made(evaluation):
    for place in (50, 60):
        made = trends.forecast_counts(SERIES.iloc[:place], 3, rng=1)
        scores = evaluation.scores.query("model == 'forecast'")
        own = scores[scores["origin"] == MONTHS[place - 1]]
        assert own["period"].tolist() == MONTHS[place : place + 3].tolist()
        assert own["count"].tolist() == COUNTS[place : place + 3].tolist()
        chosen = evaluation.chosen.set_index("origin").loc[MONTHS[place - 1]]
        assert chosen["method"] == made.chosen
        expected = np.log(made.probabilities[np.arange(3), COUNTS[place : place + 3]])
        assert own["log_score"].tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_nothing_that_came_later_changes_an_earlier_forecast(evaluation):
    later = COUNTS.copy()
    later[60:] = 500
    other = trends.evaluate_forecasts(as_series(later), horizon=3, n_origins=20)
    before = [
        frame[(frame["origin"] <= MONTHS[59]) & (frame["period"] <= MONTHS[59])].set_index(
            ["origin", "period", "model"]
        )["log_score"]
        for frame in (evaluation.scores, other.scores)
    ]
    pd.testing.assert_series_equal(*before)


def test_origins_are_the_latest_ones_with_an_outcome(evaluation):
    assert evaluation.n_origins == 20
    assert evaluation.chosen["origin"].tolist() == MONTHS[45:65].tolist()
    # The last origins have fewer periods left.
    assert evaluation.n_forecasts == 18 * 3 + 2 + 1


def test_the_table_is_the_mean_of_the_scores_and_the_test_that_of_the_origins(evaluation):
    frame = evaluation.to_frame().set_index("term")
    assert frame.index[0] == "forecast"
    scores = evaluation.scores
    for model, row in frame.iterrows():
        own = scores[scores["model"] == model]
        assert row["crps"] == pytest.approx(own["crps"].mean())
        assert row["coverage_80"] == own["covered_80"].mean()
    simple = frame.loc[["own_past", "static_nb"], "crps"].idxmin()
    assert evaluation.better_simple == simple
    assert evaluation.crps_ratio == pytest.approx(
        frame.loc["forecast", "crps"] / frame.loc[simple, "crps"]
    )
    means = scores.groupby(["model", "origin"])["crps"].mean()
    compared = compare_scores((means["forecast"] - means[simple]).to_numpy(), horizon=3)
    assert evaluation.p_value == pytest.approx(compared.p_value, nan_ok=True)
    assert frame.loc["forecast", "estimate"] == pytest.approx(compared.difference)


def test_the_transform_is_spread_over_bins_by_both_of_its_ends(evaluation):
    frame = evaluation.pit(n_bins=5)
    assert frame["share"].sum() == pytest.approx(1)
    own = evaluation.scores.query("model == 'forecast'")
    first = np.clip((0.2 - own["pit_low"]) / (own["pit_high"] - own["pit_low"]), 0, 1).mean()
    assert frame["share"].iloc[0] == pytest.approx(first)


def test_a_level_that_moves_is_forecast_better_than_by_any_one_distribution():
    rng = np.random.default_rng(4)
    state = np.cumsum(rng.normal(0, 0.25, 66))
    found = trends.evaluate_forecasts(as_series(rng.poisson(60 * np.exp(state))), horizon=1)
    assert found.crps_ratio < 0.8
    assert found.verdict == "better"
    assert "scored better than" in found.summary()


def test_what_is_no_better_is_said_to_be_none(evaluation):
    flat = trends.evaluate_forecasts(
        as_series(np.random.default_rng(8).poisson(9, 66)), horizon=3, n_origins=20
    )
    assert flat.verdict == "no_clear_difference"
    assert 0.97 < flat.crps_ratio < 1.03
    assert "neither clearly better nor clearly worse" in flat.summary()
    assert flat.n_mixture + (flat.chosen["method"] != "mixture").sum() == flat.n_origins


def test_progress_is_told_origin_by_origin():
    told = []
    trends.evaluate_forecasts(
        SERIES, horizon=2, n_origins=4, progress=lambda done, most: told.append((done, most))
    )
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert {most for _, most in told} == {len(told)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "`horizon` must be a whole number of periods of 1 or more, got 0"),
        ({"horizon": 80}, "`horizon` must be no longer than"),
        ({"n_origins": 1}, "`n_origins` must be a whole number of 2 or more, got 1"),
        ({"alpha": 0}, "`alpha` must be between 0 and 1"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_rule(options, message):
    with pytest.raises(ValueError, match=message):
        trends.evaluate_forecasts(SERIES, **options)


def test_a_past_too_short_to_forecast_is_refused():
    with pytest.raises(ValueError, match="must have at least 10 observed periods to forecast"):
        trends.evaluate_forecasts(SERIES.iloc[:9], horizon=1)
    assert trends.evaluate_forecasts(SERIES.iloc[:12], horizon=1).n_origins == 4


@pytest.mark.slow
def test_intervals_hold_their_share_of_stationary_counts():
    rng = np.random.default_rng(6)
    held = []
    for _ in range(25):
        state = np.zeros(66)
        for month in range(1, 66):
            state[month] = 0.5 * state[month - 1] + rng.normal(0, 0.3)
        found = trends.evaluate_forecasts(as_series(rng.poisson(12 * np.exp(state))), horizon=3)
        held.append([found.coverage_50, found.coverage_80, found.coverage_95])
    # Counts are whole, so that intervals hold a little more than they say.
    assert np.mean(held, axis=0) == pytest.approx([0.53, 0.81, 0.95], abs=0.035)
