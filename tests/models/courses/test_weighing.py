"""Is every course weighed with its prior, its dates and its memories?"""

import numpy as np
import pytest
from scipy.special import logsumexp

from trends.models.courses import candidates
from trends.models.courses.evidence import Rows, fit_designs, weigh_designs
from trends.models.courses.wander import fading_memories, wandering_memories
from trends.models.courses.weighing import (
    JUMP_SD,
    LEVEL_SD,
    PRIOR,
    PRIOR_NO_SEASON,
    WANDERING,
    Season,
    weigh_courses,
)
from trends.tables.calendar import DAYS_PER_MONTH

N_ROWS = 40
POSITION = np.delete(np.arange(43), [5, 6, 20])
MONTH = POSITION % 12
COUNT = np.random.default_rng(3).poisson(12 + 3 * np.sin(2 * np.pi * MONTH / 12)).astype(float)
EXPOSURE = np.linspace(0.9, 1.1, N_ROWS)
WAVE = Season(
    np.column_stack([np.sin(2 * np.pi * MONTH / 12), np.cos(2 * np.pi * MONTH / 12)]),
    np.array([0.7, 0.4]),
)
JUMP = (np.arange(N_ROWS) >= 30).astype(float)[:, None]
#: Where a level may change: three rows from either end, and not within three of the jump.
OPEN = [*range(3, 27), *range(34, 38)]
#: Dates that a course has without any being left out, counted by hand for 40 rows.
N_DATES = {
    "steady": 1,
    "slope": 1,
    "wander": 1,
    "step": 28,
    "step_on_slope": 28,
    "step_on_wander": 28,
    # bends keep six rows to either end: 28 nodes, and pairs of 14 nodes at least six apart
    "bend": 28,
    "two_steps": len([(one, two) for one in OPEN for two in OPEN if two - one >= 3]),
}


def weighed(seasons):
    return weigh_courses(
        COUNT,
        EXPOSURE,
        POSITION,
        days_per_period=DAYS_PER_MONTH,
        seasons=seasons,
        jumps=JUMP,
    )


def neighbour_dispersion():
    """Four times the mean squared difference of neighbouring root rates, per variance of a root."""
    root = np.sqrt((COUNT + 0.375) / EXPOSURE)
    pairs = [
        (root[row] - root[row - 1]) ** 2 / (1 / EXPOSURE[row] + 1 / EXPOSURE[row - 1])
        for row in range(1, N_ROWS)
    ]
    return max(1.0, 4 * np.mean(pairs))


@pytest.mark.parametrize("season", ["none", "wave"])
def test_a_course_weighs_its_evidence_times_the_priors_of_course_season_and_dates(season):
    found = {one.course: one for one in weighed({"wave": WAVE}) if one.season == season}
    assert set(found) == set(PRIOR)
    rows = Rows(COUNT, np.log(EXPOSURE), np.ones(N_ROWS))
    own_sd = WAVE.sd if season == "wave" else []
    memories = {
        False: fading_memories(POSITION, DAYS_PER_MONTH),
        True: wandering_memories(POSITION, DAYS_PER_MONTH),
    }
    for course, n_dates in N_DATES.items():
        one = found[course]
        sd = np.concatenate(
            [[LEVEL_SD], np.full(one.n_changes, candidates.CHANGE), [JUMP_SD], own_sd]
        )
        fitted = fit_designs(rows, one.columns, sd**-2.0, neighbour_dispersion())
        evidence = weigh_designs(fitted, sd**-2.0, memories[course in WANDERING])
        prior = PRIOR[course] * PRIOR_NO_SEASON / n_dates
        assert one.log_weight == pytest.approx(evidence.log_evidence + np.log(prior), abs=2e-3)
        assert one.correlation == pytest.approx(memories[course in WANDERING].correlation)


def test_the_columns_of_a_course_are_its_level_its_changes_the_jump_and_the_season():
    found = {(one.course, one.season): one for one in weighed({"wave": WAVE})}
    step = found["step", "wave"]
    for (start,), columns in zip(step.sets, step.columns, strict=True):
        expected = np.column_stack(
            [np.ones(N_ROWS), np.arange(N_ROWS) >= start, JUMP, WAVE.columns]
        )
        assert columns == pytest.approx(expected)


def course_log_weights(found):
    """Return the log weight of every course with every season."""
    return {(one.course, one.season): float(logsumexp(one.log_weight)) for one in found}


def test_without_a_season_to_weigh_none_has_all_the_prior():
    alone = course_log_weights(weighed({}))
    beside = course_log_weights(weighed({"wave": WAVE}))
    for course in PRIOR:
        assert alone[course, "none"] - beside[course, "none"] == pytest.approx(np.log(2), abs=1e-3)


def test_two_seasons_share_half_of_the_prior():
    one = course_log_weights(weighed({"wave": WAVE}))
    both = course_log_weights(weighed({"other": WAVE, "wave": WAVE}))
    assert one["steady", "wave"] - both["steady", "wave"] == pytest.approx(np.log(2), abs=1e-6)
    assert both["slope", "other"] == pytest.approx(both["slope", "wave"], abs=1e-6)


def test_a_season_that_is_out_of_the_question_is_weighed_with_simple_courses_only():
    # Thirty effects, each taken to be enormous beforehand, where the counts have none.
    loud = Season(np.random.default_rng(1).normal(size=(N_ROWS, 30)), np.full(30, 100.0))
    found = weighed({"loud": loud})
    assert {one.course for one in found if one.season == "none"} == set(PRIOR)
    simple = {"steady", "wander", "slope", "step"}
    assert {one.course for one in found if one.season == "loud"} == simple


def test_dates_that_every_memory_rules_out_are_left_out():
    counts = np.repeat([5.0, 60.0], 20)
    found = weigh_courses(
        counts,
        np.ones(40),
        np.arange(40),
        days_per_period=DAYS_PER_MONTH,
        seasons={},
        jumps=np.empty((40, 0)),
    )
    step = next(one for one in found if one.course == "step")
    assert 20 in step.sets[:, 0]
    assert len(step.sets) < 10
    assert np.abs(step.sets[:, 0] - 20).max() <= 5
    flat = next(
        one
        for one in weigh_courses(
            np.full(60, 9.0),
            np.ones(60),
            np.arange(60),
            days_per_period=DAYS_PER_MONTH,
            seasons={},
            jumps=np.empty((60, 0)),
        )
        if one.course == "step"
    )
    # all 55 dates are open in even counts, and 24 are the most that are weighed in full
    assert len(flat.sets) == 24


@pytest.mark.parametrize(
    ("n_rows", "left_out"),
    [(36, set()), (35, {"two_bends", "four_steps"}), (23, {"three_steps", "step_on_wander"})],
)
def test_a_course_needs_the_rows_that_tell_it_from_simpler_ones(n_rows, left_out):
    found = weigh_courses(
        np.full(n_rows, 9.0),
        np.ones(n_rows),
        np.arange(n_rows),
        days_per_period=DAYS_PER_MONTH,
        seasons={},
        jumps=np.empty((n_rows, 0)),
    )
    courses = {one.course for one in found}
    assert left_out.isdisjoint(courses)
    assert n_rows != 36 or courses == set(PRIOR)


def test_the_path_of_a_wandering_level_follows_it_and_other_courses_have_none():
    level = np.where(np.arange(60) < 20, 0.0, np.where(np.arange(60) < 40, 1.0, -0.5))
    counts = np.round(40 * np.exp(level))
    found = weigh_courses(
        counts,
        np.ones(60),
        np.arange(60),
        days_per_period=DAYS_PER_MONTH,
        seasons={},
        jumps=np.empty((60, 0)),
    )
    paths = {one.course: one.path for one in found}
    assert np.corrcoef(paths["wander"], level)[0, 1] > 0.98
    assert np.ptp(paths["wander"]) == pytest.approx(1.5, rel=0.2)
    assert (paths["steady"] == 0).all()
    assert (paths["step"] == 0).all()
