"""What the weights come to: shares, the leading kind and draws, from weights made by hand."""

import numpy as np
import pytest

from trends.models.courses.account import KINDS, N_DRAWS, account_of, draw_kind
from trends.models.courses.evidence import Evidence
from trends.models.courses.weighing import PRIOR, Weighed

N_ROWS = 6


def weighed(course, weights, *, season="none", sets=((),), n_changes=0, columns=None, **evidence):
    """Return a course whose sets and memories have the given weights (n_sets, n_memories)."""
    weights = np.array(weights, dtype=float)
    n_sets, n_memories = weights.shape
    n_terms = 1 + n_changes if columns is None else columns.shape[2]
    made = {
        "log_evidence": np.log(weights),
        "params": np.zeros((n_sets, n_memories, n_terms)),
        "covariance": np.tile(1e-9 * np.eye(n_terms), (n_sets, n_memories, 1, 1)),
        "dispersion": np.ones((n_sets, n_memories)),
    }
    correlation = evidence.pop("correlation", np.zeros(n_memories))
    path = evidence.pop("path", np.zeros(N_ROWS))
    made |= {name: np.array(value, dtype=float) for name, value in evidence.items()}
    return Weighed(
        course,
        season,
        np.array(sets, dtype=np.int64),
        np.ones((n_sets, N_ROWS, n_terms)) if columns is None else columns,
        n_changes,
        np.log(weights),
        Evidence(**made),
        np.asarray(correlation),
        path,
    )


def test_weights_are_shares_of_what_all_sets_and_memories_sum_to():
    found = account_of(
        [
            weighed("steady", [[1.0, 2.0]]),
            weighed("slope", [[4.0, 1.0]], season="month"),
            weighed("step", [[3.0], [2.0]], sets=((2,), (3,)), n_changes=1),
            weighed("two_steps", [[7.0]], sets=((2, 4),), n_changes=2),
        ]
    )
    assert found.weight == pytest.approx(
        {"steady": 3 / 20, "slope": 5 / 20, "bend": 0, "step": 12 / 20, "episode": 0, "wander": 0}
    )
    assert found.leading == "step"
    assert found.season_weight == pytest.approx({"none": 15 / 20, "month": 5 / 20})
    assert found.courses["course"].tolist()[0] == "two_steps"
    assert found.courses["weight"].tolist() == pytest.approx([7 / 20, 5 / 20, 5 / 20, 3 / 20])


@pytest.mark.parametrize(("share", "decided"), [(0.4001, True), (0.3999, False)])
def test_a_kind_is_the_verdict_from_two_fifths_of_the_weight(share, decided):
    rest = (1 - share) / 2
    found = account_of(
        [
            weighed("steady", [[rest]]),
            weighed("wander", [[share]]),
            weighed("slope", [[rest]], n_changes=1),
        ]
    )
    assert (found.leading, found.decided) == ("wander", decided)


@pytest.mark.parametrize(("share", "seasonal"), [(0.8001, True), (0.7999, False)])
def test_a_season_is_told_from_four_fifths_of_the_weight(share, seasonal):
    found = account_of(
        [weighed("steady", [[1 - share]]), weighed("steady", [[share]], season="month")]
    )
    assert found.seasonal == seasonal


def test_every_course_that_has_a_prior_is_of_one_kind():
    assert set(KINDS) == set(PRIOR)


def test_of_one_kind_the_course_with_fewest_changes_and_half_the_best_weight_is_drawn():
    one = weighed("step", [[0.51]], sets=((2,),), n_changes=1)
    two = weighed("two_steps", [[1.0]], sets=((2, 4),), n_changes=2)
    rng = np.random.default_rng(1)
    assert draw_kind([one, two], "step", 0, rng).course == "step"
    less = weighed("step", [[0.49]], sets=((2,),), n_changes=1)
    assert draw_kind([less, two], "step", 0, rng).course == "two_steps"


def test_dates_and_changes_are_drawn_by_the_weight_of_their_set_memory_and_season():
    # Two dates, two memories and a season: six cells, each with a change of its own.
    plain = weighed(
        "step",
        [[1.0, 2.0], [3.0, 0.5]],
        sets=((2,), (4,)),
        n_changes=1,
        params=[[[0.0, 1.0], [0.0, 2.0]], [[0.0, 3.0], [0.0, 4.0]]],
        dispersion=[[1.0, 2.0], [3.0, 4.0]],
        correlation=[0.0, 0.6],
    )
    seasonal = weighed(
        "step",
        [[2.5, 1.0]],
        season="month",
        sets=((3,),),
        n_changes=1,
        params=[[[0.0, 5.0], [0.0, 6.0]]],
        dispersion=[[5.0, 6.0]],
        correlation=[0.0, 0.6],
    )
    found = draw_kind([plain, seasonal], "step", 0, np.random.default_rng(2))
    expected = {(2, 1): 1.0, (2, 2): 2.0, (4, 3): 3.0, (4, 4): 0.5, (3, 5): 2.5, (3, 6): 1.0}
    drawn = list(zip(found.dates[:, 0].tolist(), found.changes[:, 0].round().tolist(), strict=True))
    assert len(drawn) == N_DRAWS
    for cell, weight in expected.items():
        # 4,000 draws: a standard error of at most 0.008
        assert drawn.count(cell) / N_DRAWS == pytest.approx(weight / 10, abs=0.03)
    assert found.dispersion == pytest.approx(
        sum(weight * change for (_, change), weight in expected.items()) / 10
    )
    assert found.correlation == pytest.approx(0.6 * (2.0 + 0.5 + 1.0) / 10)


def test_draws_have_the_covariance_of_their_evidence():
    spread = np.array([[9.0, 0, 0], [0, 0.4, -0.3], [0, -0.3, 0.5]])
    one = weighed(
        "two_steps",
        [[1.0]],
        sets=((2, 4),),
        n_changes=2,
        params=[[[0.3, 1.0, -2.0]]],
        covariance=spread[None, None],
    )
    found = draw_kind([one], "step", 0, np.random.default_rng(3))
    assert found.changes.mean(axis=0) == pytest.approx([1, -2], abs=0.04)
    assert np.cov(found.changes.T) == pytest.approx(spread[1:, 1:], abs=0.05)
    assert (found.dates == [2, 4]).all()


def test_the_curve_averages_over_dates_and_memories_and_the_level_leaves_the_season_out():
    rows = np.arange(N_ROWS)
    columns = np.stack(
        [
            np.column_stack([np.ones(N_ROWS), rows >= at, rows >= 5, rows % 2]).astype(float)
            for at in (2, 4)
        ]
    )
    # level, the step, a jump at a known break, a season
    params = np.array(
        [[[0.1, 1.0, 0.5, 0.2], [0.3, 2.0, 0.5, 0.4]], [[0.5, 3.0, 0.5, 0.6], [0.7, 4.0, 0.5, 0.8]]]
    )
    weights = np.array([[0.1, 0.2], [0.3, 0.4]])
    path = np.linspace(0, 1, N_ROWS)
    one = weighed(
        "step_on_wander",
        weights,
        sets=((2,), (4,)),
        n_changes=1,
        columns=columns,
        params=params,
        covariance=np.tile(np.eye(4), (2, 2, 1, 1)),
        path=path,
    )
    found = draw_kind([one], "step", 1, np.random.default_rng(4))
    curve, level = path.copy(), path.copy()
    for at in range(2):
        for memory in range(2):
            terms = columns[at] * params[at, memory]
            curve += weights[at, memory] * terms.sum(axis=1)
            level += weights[at, memory] * terms[:, :3].sum(axis=1)
    assert found.curve == pytest.approx(curve)
    assert found.level == pytest.approx(level)
