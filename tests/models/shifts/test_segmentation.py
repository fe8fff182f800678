"""Exact segmentation: against every division, against R, across blocks."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.models.shifts.segmentation import (
    BLOCK,
    optimal_segments,
    penalty_path,
    poisson_cost,
    robust_dispersion,
)


def total_cost(count, exposure, starts, penalty, dispersion=1.0):
    edges = [0, *starts, len(count)]
    deviance = sum(
        float(poisson_cost(count[low:high].sum(), exposure[low:high].sum()))
        for low, high in itertools.pairwise(edges)
    )
    return deviance / dispersion + penalty * len(starts)


def least_cost(count, exposure, penalty, min_rows, dispersion):
    """The definition: try every division."""
    n = len(count)
    return min(
        total_cost(count, exposure, starts, penalty, dispersion)
        for k in range(n // min_rows)
        for starts in itertools.combinations(range(min_rows, n - min_rows + 1), k)
        if min(np.diff([0, *starts, n])) >= min_rows
    )


@st.composite
def short_series(draw):
    n = draw(st.integers(3, 10))
    count = draw(st.lists(st.integers(0, 30), min_size=n, max_size=n))
    exposure = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=n, max_size=n))
    return np.array(count, dtype=float), np.array(exposure)


PENALTIES = st.floats(0.2, 12)


@settings(max_examples=60, deadline=None)
@given(short_series(), PENALTIES, st.integers(1, 3), st.sampled_from([1.0, 2.5]))
def test_no_division_costs_less_than_the_optimal_one(series, penalty, min_rows, dispersion):
    count, exposure = series
    if count.size < 2 * min_rows:
        min_rows = 1
    starts = optimal_segments(count, exposure, penalty, min_rows=min_rows, dispersion=dispersion)
    least = least_cost(count, exposure, penalty, min_rows, dispersion)
    assert total_cost(count, exposure, starts, penalty, dispersion) == pytest.approx(least)
    assert min(np.diff([0, *starts, count.size])) >= min_rows


@settings(max_examples=60, deadline=None)
@given(short_series(), PENALTIES)
def test_the_path_holds_the_best_division_of_every_penalty(series, penalty):
    count, exposure = series
    path = penalty_path(count, exposure, min_rows=1)
    step = next(one for one in path if one.penalty_low <= penalty <= one.penalty_high)
    least = least_cost(count, exposure, penalty, 1, 1.0)
    assert total_cost(count, exposure, step.starts, penalty) == pytest.approx(least)


def test_the_path_runs_from_an_infinite_penalty_to_none_without_a_gap():
    count = np.random.default_rng(1).poisson(np.repeat([3.0, 8.0, 2.0], 20)).astype(float)
    path = penalty_path(count, np.ones(60))
    assert path[0].penalty_high == np.inf
    assert path[0].starts == ()
    assert path[-1].penalty_low == 0
    for before, after in itertools.pairwise(path):
        assert before.penalty_low == after.penalty_high
        assert len(before.starts) < len(after.starts)


def coal(reference):
    return pd.read_csv(reference / "inputs" / "coal.csv")["n"].to_numpy(dtype=float)


def test_the_coal_series_is_divided_as_by_r_changepoint(reference):
    # R 4.2.2, changepoint 2.3:
    # cpt.meanvar(coal, penalty = "BIC", method = "PELT", test.stat = "Poisson", minseglen = 2)
    # cpts: 41 97 -- the last row of a segment, counted from 1, which is the first row of the
    # next segment counted from 0
    count = coal(reference)
    runs = json.loads((reference / "changepoint.json").read_text())["runs"]
    assert optimal_segments(count, np.ones(112), 2 * np.log(112)) == (41, 97)
    assert len(runs) == 5
    for run in runs:
        ends = np.atleast_1d(run["changepoints"]).tolist()
        assert list(optimal_segments(count, np.ones(112), run["penalty"])) == ends
        assert total_cost(count, np.ones(112), ends, 0) == pytest.approx(run["cost"])


def test_one_break_of_the_coal_series_is_1892_by_poisson_and_1887_by_least_squares(reference):
    # strucchange minimises squares and puts the last year before at 1886. Poisson counts vary
    # less where there are fewer of them, so the quiet years weigh more in the Poisson deviance
    # and the four quiet years 1888 to 1891 do not yet look like the new regime.
    count = coal(reference)
    known = json.loads((reference / "coal.json").read_text())
    squares = [count[:cut].var() * cut + count[cut:].var() * (112 - cut) for cut in range(2, 111)]
    assert 1851 + 2 + int(np.argmin(squares)) == 1887
    assert known["last_year_before_the_break"] == 1886
    one = next(step for step in penalty_path(count, np.ones(112)) if len(step.starts) == 1)
    assert 1851 + one.starts[0] == 1892


@pytest.mark.parametrize("penalty", [1.0, 3.0, 8.0, 14.0])
@pytest.mark.parametrize("equal", [True, False])
def test_pruning_across_blocks_never_loses_the_best_division(penalty, equal):
    # n spans three blocks, so two prunings happen; the path needs none
    rng = np.random.default_rng(5)
    n = 2 * BLOCK + 100
    mean = np.resize(np.repeat([3.0, 5.0, 2.0, 9.0, 3.0, 3.0, 4.0], 90), n)
    exposure = np.ones(n) if equal else rng.uniform(0.5, 2, n)
    count = rng.poisson(mean * exposure).astype(float)
    path = penalty_path(count, exposure, max_changes=None if penalty < 2 else 120)
    step = next(one for one in path if one.penalty_low <= penalty <= one.penalty_high)
    starts = optimal_segments(count, exposure, penalty)
    assert total_cost(count, exposure, starts, penalty) == pytest.approx(
        total_cost(count, exposure, step.starts, penalty)
    )


def least_by_dynamic_programming(count, exposure, penalty, min_rows):
    """The definition by its recursion: every start of every last segment."""
    totals, spans = np.append(0, np.cumsum(count)), np.append(0, np.cumsum(exposure))
    best = np.full(count.size + 1, np.inf)
    best[0] = -penalty
    for end in range(min_rows, count.size + 1):
        starts = np.arange(end - min_rows + 1)
        cost = poisson_cost(totals[end] - totals[starts], spans[end] - spans[starts])
        best[end] = (best[starts] + cost).min() + penalty
    return best[-1]


@pytest.mark.parametrize("seed", range(24))
def test_quiet_stretches_gaps_and_far_levels_are_divided_as_by_dynamic_programming(seed):
    rng = np.random.default_rng([8, seed])
    n, min_rows = int(rng.integers(2 * BLOCK, 5 * BLOCK)), int(rng.integers(1, 5))
    levels = np.resize(np.repeat(rng.choice([0, 0.3, 3, 9, 2000], 60), rng.choice([20, 90])), n)
    exposure = rng.choice([0.1, 1.0, 31.0], n) if seed % 2 else np.ones(n)
    count = rng.poisson(levels * exposure) * rng.choice([1.0, 0.37])
    penalty = float(rng.choice([0.5, 6.0, 14.0]))
    starts = optimal_segments(count, exposure, penalty, min_rows=min_rows)
    least = least_by_dynamic_programming(count, exposure, penalty, min_rows)
    assert total_cost(count, exposure, starts, penalty) == pytest.approx(least, rel=1e-9, abs=1e-6)


def test_a_series_without_an_event_has_one_segment():
    assert optimal_segments(np.zeros(3 * BLOCK), np.ones(3 * BLOCK), 5.0) == ()


def test_the_dispersion_hardly_moves_with_shifts():
    rng = np.random.default_rng(2)
    mean = np.repeat([10.0, 40.0, 5.0, 20.0], 100)
    stable = rng.negative_binomial(10 / 2, 1 / 3, 400).astype(float)
    shifting = rng.negative_binomial(mean / 2, 1 / 3).astype(float)
    # true value 3; the standard error of a variance ratio from 400 differences is about 0.25
    assert robust_dispersion(stable, np.ones(400)) == pytest.approx(3, abs=0.6)
    assert robust_dispersion(shifting, np.ones(400)) == pytest.approx(3, abs=0.8)


def test_the_dispersion_is_at_least_one():
    assert robust_dispersion(np.full(20, 7.0), np.ones(20)) == 1
    assert robust_dispersion(np.zeros(20), np.ones(20)) == 1


@pytest.mark.parametrize(("ratio", "kept"), [(26.2, True), (26.6, False)])
def test_a_difference_counts_up_to_twelve_times_the_scale_the_median_implies(ratio, kept):
    # half of the squares of standard normal values are below 0.4549, so a median m of the squares
    # means a scale of m / 0.455; a difference is left out beyond 12 of them, 26.4 medians
    level, move = 1e8, 1e5
    count = level + np.array([0, move] * 20 + [0, np.sqrt(ratio) * move])
    differences, means = np.diff(count) ** 2 / 2, (count[1:] + count[:-1]) / 2
    inside = slice(None) if kept else slice(None, -1)
    expected = differences[inside].sum() / means[inside].sum()
    assert robust_dispersion(count, np.ones(count.size)) == pytest.approx(expected, rel=1e-9)
