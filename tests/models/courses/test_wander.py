"""Are the memories of a level those of their definition, each with its prior?"""

import numpy as np
import pytest

from trends.models.courses.wander import fading_memories, wandering_memories
from trends.tables.calendar import DAYS_PER_MONTH

POSITION = np.array([4, 5, 6, 9, 10, 12])
APART = np.abs(np.subtract.outer(POSITION, POSITION))


def covariances(memories):
    return [np.linalg.inv(whiten.T @ whiten) for whiten in memories.whiten]


@pytest.mark.parametrize("days", [DAYS_PER_MONTH, 365.25])
def test_fading_memories_are_none_and_twelve_and_none_has_most_of_the_prior(days):
    memories = fading_memories(POSITION, days)
    grid = [(0.0, 0.0)] + [(rho, w) for rho in (0.35, 0.65, 0.8) for w in (0.3, 0.5, 0.7, 0.9)]
    assert np.exp(memories.log_prior) == pytest.approx([0.65, *[0.35 / 12] * 12])
    assert memories.correlation == pytest.approx([rho * weight for rho, weight in grid])
    assert memories.fresh == pytest.approx([1 - weight for _, weight in grid])
    for (rho, weight), found in zip(grid, covariances(memories), strict=True):
        assert found == pytest.approx(np.where(APART == 0, 1.0, weight * rho**APART), abs=1e-9)


def test_weeks_and_days_have_longer_memories_too():
    weeks = fading_memories(POSITION, 7.0)
    assert sorted(set(weeks.correlation[1:].round(6)))[-1] == pytest.approx(0.95 * 0.9)
    assert len(weeks.log_prior) == 1 + 4 * 4
    assert len(fading_memories(POSITION, 1.0).log_prior) == 1 + 5 * 4


@pytest.mark.parametrize("days", [DAYS_PER_MONTH, 7.0, 365.25])
def test_wandering_memories_are_eight_slow_ones_and_six_walks_with_half_of_the_prior_each(days):
    memories = wandering_memories(POSITION, days)
    month = min(days / DAYS_PER_MONTH, 1.0)
    slow = [(rho**month, w) for rho in (0.9, 0.95) for w in (0.3, 0.5, 0.7, 0.9)]
    steps = [month * step for step in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)]
    assert np.exp(memories.log_prior) == pytest.approx([*[0.5 / 8] * 8, *[0.5 / 6] * 6])
    assert memories.correlation == pytest.approx([rho * w for rho, w in slow] + [1.0] * 6)
    assert memories.fresh == pytest.approx([1 - weight for _, weight in slow] + [1.0] * 6)
    found = covariances(memories)
    for (rho, weight), covariance in zip(slow, found[:8], strict=True):
        expected = np.where(APART == 0, 1.0, weight * rho**APART)
        assert covariance == pytest.approx(expected, abs=1e-8)
    since = POSITION - POSITION[0]
    for step, covariance in zip(steps, found[8:], strict=True):
        expected = np.eye(6) + step * np.minimum.outer(since, since)
        assert covariance == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for log_determinant, covariance in zip(memories.log_determinant, found, strict=True):
        assert log_determinant == pytest.approx(np.linalg.slogdet(covariance)[1])


def test_what_is_not_remembered_is_never_surer_than_poisson_counts():
    memories = fading_memories(POSITION, DAYS_PER_MONTH)
    remembering = list(zip(memories.least_dispersion, covariances(memories), strict=True))[1:]
    for least, covariance in remembering:
        # one and two months apart the remembered part has w rho and w rho^2: w is the rest of one
        remembered = covariance[0, 1] ** 2 / covariance[0, 2]
        assert least * (1 - remembered) == pytest.approx(1, rel=1e-6)
    assert memories.least_dispersion[0] == 1
    walks = wandering_memories(POSITION, DAYS_PER_MONTH).least_dispersion[8:]
    assert walks.tolist() == [1.0] * 6
