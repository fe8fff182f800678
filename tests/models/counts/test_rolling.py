import numpy as np
import pandas as pd
import pytest

import trends
from trends.models.counts.observed import observed_periods
from trends.models.counts.predictive import MEMBERS, Outlook
from trends.models.counts.rolling import (
    LEAST_JUDGED,
    MOST_ORIGINS,
    PRIOR,
    Origin,
    look_back,
    mixture_mass,
    pool,
    shares_of,
    tied_like,
)
from trends.models.counts.serial_dependence import grid_of
from trends.tables.series import as_series


def origin(row, scores, *, start=0, horizon=2):
    """An origin with the same log scores at every horizon, one per account."""
    scores = np.repeat(np.asarray(scores, dtype=float)[:, None], horizon, axis=1)
    places = row - 1 + np.arange(1, horizon + 1)
    return Origin(row, start, places, np.zeros(horizon), {}, scores)


EVEN = [-2.0] * 5


def test_weights_are_the_products_of_past_probabilities():
    scores = [-2.0, -2.1, -1.9, -2.5, -2.0]
    origins = [origin(row, scores) for row in range(10, 20)]
    mixing = pool(origins, 100, 0)
    expected = np.array(PRIOR) * np.exp(10 * np.array(scores))
    assert mixing.weights == pytest.approx(expected / expected.sum())
    assert mixing.n_judged == 10


def test_what_was_not_known_yet_has_no_say():
    good, late = [-1.0, -3.0, -3.0, -3.0, -3.0], [-3.0, -1.0, -3.0, -3.0, -3.0]
    origins = [origin(row, good) for row in range(10, 20)]
    origins += [origin(row, late) for row in range(20, 40)]
    # The forecast after row 19 was of places 19 and 20; nothing later is known at place 19.
    mixing = pool(origins, 19, 0)
    assert mixing.n_judged == 10
    assert MEMBERS[int(np.argmax(mixing.weights))] == "own_past"


def test_an_origin_half_of_whose_outcomes_are_known_counts_by_these():
    scores = np.array([[-1.0, -9.0]] + [[-2.0, -2.0]] * 4)
    half = Origin(10, 0, np.array([10, 11]), np.zeros(2), {}, scores)
    mixing = pool([half] * 8, 10, 0)
    expected = np.array(PRIOR) * np.exp(8 * np.array([-1.0, -2.0, -2.0, -2.0, -2.0]))
    assert mixing.weights == pytest.approx(expected / expected.sum())


def test_only_the_latest_origins_count():
    old, new = [-1.0, *EVEN[1:]], [-3.0, *EVEN[1:]]
    origins = [origin(row, old) for row in range(10, 60)]
    origins += [origin(row, new) for row in range(60, 60 + MOST_ORIGINS)]
    assert pool(origins, 200, 0).weights[0] < 1e-6


def test_after_a_restart_only_the_origins_since_count_once_there_are_six():
    before = [origin(row, [-1.0, *EVEN[1:]]) for row in range(10, 30)]
    since = [origin(row, [-4.0, *EVEN[1:]], start=25) for row in range(40, 40 + LEAST_JUDGED)]
    assert pool([*before, *since], 200, 25).weights[0] < 0.01
    assert pool([*before, *since[:-1]], 200, 25).weights[0] > 0.9


def test_an_account_that_could_not_be_made_is_as_good_as_the_static_one():
    scores = [-2.0, -1.5, -2.0, np.nan, -2.0]
    mixing = pool([origin(row, scores) for row in range(10, 20)], 100, 0)
    seasonal, static = (MEMBERS.index(name) for name in ("seasonal_nb", "static_nb"))
    assert mixing.weights[seasonal] / mixing.weights[static] == pytest.approx(
        PRIOR[seasonal] / PRIOR[static]
    )


def test_the_mixture_is_taken_only_where_it_beat_the_better_simple_one():
    better = pool([origin(row, [-3.0, -2.5, -1.0, -3.0, -3.0]) for row in range(10, 30)], 99, 0)
    assert better.chosen == "mixture"
    assert better.gain > 0
    worse = pool([origin(row, [-3.0, -1.0, -2.5, -3.0, -3.0]) for row in range(10, 30)], 99, 0)
    assert worse.chosen == worse.better_simple == "static_nb"
    assert worse.gain < 0
    few = pool([origin(row, [-3.0, -1.0, -9.0, -9.0, -9.0]) for row in range(10, 15)], 99, 0)
    assert few.chosen == "mixture"
    assert few.n_judged == 5


def test_the_mixture_is_judged_by_the_next_period():
    scores = np.array([[-3.0, -1.0], [-2.5, -1.0], [-1.0, -4.0], [-3.0, -4.0], [-3.0, -4.0]])
    origins = [
        Origin(row, 0, row - 1 + np.arange(1, 3), np.zeros(2), {}, scores) for row in range(10, 40)
    ]
    assert pool(origins, 99, 0).gain > 0
    assert pool(origins, 99, 0).better_simple == "static_nb"


def test_without_any_past_accounts_have_their_prior_weights():
    mixing = pool([], 10, 0)
    assert mixing.weights == pytest.approx(PRIOR)
    assert sum(PRIOR) == pytest.approx(1)
    assert np.isnan(mixing.gain)


def test_a_mixture_adds_probabilities_and_an_absent_account_leaves_its_weight():
    made = {
        "own_past": Outlook(np.array([[1.0, 0.0]]), None),
        "static_nb": Outlook(np.array([[0.0, 1.0]]), None),
    }
    weights = np.array([0.1, 0.3, 0.6, 0.0, 0.0])
    assert shares_of(made, weights) == pytest.approx({"own_past": 0.25, "static_nb": 0.75})
    assert mixture_mass(made, weights)[0] == pytest.approx([0.25, 0.75])


def test_paths_put_together_anew_keep_the_values_of_every_period_and_the_ranks_of_the_pattern():
    rng = np.random.default_rng(3)
    paths, pattern = rng.poisson(4.0, (500, 3)).astype(float), rng.normal(size=(500, 3))
    tied = tied_like(paths, pattern, rng)
    assert (np.sort(tied, axis=0) == np.sort(paths, axis=0)).all()
    for period in range(3):
        order = np.argsort(pattern[:, period])
        assert (np.diff(tied[order, period]) >= 0).all()


def test_equal_values_of_a_pattern_are_ranked_by_chance():
    rng = np.random.default_rng(4)
    values = np.tile(np.arange(1000.0)[:, None], (1, 2))
    tied = tied_like(values, np.zeros((1000, 2)), rng)
    assert abs(np.corrcoef(tied.T)[0, 1]) < 0.15


def test_looking_back_uses_nothing_that_came_later():
    months = pd.period_range("2018-01", periods=40, freq="M")
    counts = np.random.default_rng(1).poisson(12, 40)
    changed = counts.copy()
    changed[31:] *= 5
    masses = []
    for each in (counts, changed):
        seen = observed_periods(as_series(pd.Series(each, index=months)))
        found = look_back(
            seen, [30], 3, np.empty((43, 0)), np.ones(43), grid_of(months), lambda row: 0
        )
        masses.append(found[0])
    one, other = masses
    assert one.outcomes.tolist() == counts[30:33].tolist()
    for name, outlook in one.outlooks.items():
        n_counts = outlook.mass.shape[1]
        assert outlook.mass[:, :n_counts] == pytest.approx(
            other.outlooks[name].mass[:, :n_counts], abs=1e-12
        )


def test_periods_without_a_count_have_no_score():
    months = pd.period_range("2018-01", periods=40, freq="M")
    counts = pd.array(np.random.default_rng(1).poisson(12, 40), dtype="Int64")
    counts[31] = pd.NA
    seen = observed_periods(as_series(pd.Series(counts, index=months)))
    found = look_back(
        seen, [30], 3, np.empty((43, 0)), np.ones(43), grid_of(months), lambda row: 0
    )[0]
    assert np.isnan(found.outcomes).tolist() == [False, True, False]
    assert np.isnan(found.scores[0]).tolist() == [False, True, False]


def test_counts_that_are_too_many_to_tell_apart_are_refused_in_words():
    months = pd.period_range("2020-01", periods=24, freq="M")
    series = trends.as_series(pd.Series([40_000, 41_000] * 12, months))
    with pytest.raises(ValueError, match=r"at most 40,000 counts are told apart, got 1\.65e"):
        trends.forecast_counts(series, 3, rng=1)
