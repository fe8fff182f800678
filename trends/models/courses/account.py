"""What do the weighed courses come to: which verdict, with what dates and sizes?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from trends.models.courses.weighing import Weighed

#: The kind that every weighed course is of. A step on a line has a date like any other step.
KINDS = {
    "steady": "steady",
    "slope": "slope",
    "bend": "bend",
    "two_bends": "bend",
    "step": "step",
    "step_on_slope": "step",
    "step_on_wander": "step",
    "two_steps": "step",
    "three_steps": "step",
    "four_steps": "step",
    "episode": "episode",
    "wander": "wander",
}
#: Steps of the courses that have them.
N_STEPS = {
    "step": 1,
    "step_on_slope": 1,
    "step_on_wander": 1,
    "two_steps": 2,
    "three_steps": 3,
    "four_steps": 4,
}
#: Least weight of a kind for it to be the verdict, and of any season for it to be told.
LEAST_WEIGHT, LEAST_SEASON = 0.4, 0.8
#: Draws of what a course consists of.
N_DRAWS = 4000


class Account(NamedTuple):
    """What the weights come to.

    Attributes
    ----------
    weight : dict of float
        Of every kind; sums to one.
    leading : str
        The kind with most weight.
    decided : bool
        Whether it has enough for a verdict.
    season_weight : dict of float
        Of every season, "none" included.
    courses : DataFrame
        Columns course, season, weight; most first.
    """

    weight: dict[str, float]
    leading: str
    decided: bool
    season_weight: dict[str, float]
    courses: pd.DataFrame

    @property
    def seasonal(self) -> bool:
        """Whether the counts speak for a season."""
        return 1 - self.season_weight["none"] >= LEAST_SEASON


def account_of(weighed: Sequence[Weighed]) -> Account:
    """Return the weights of kinds and seasons and the kind that leads."""
    logs = np.array([logsumexp(one.log_weight) for one in weighed])
    shares = np.exp(logs - logsumexp(logs))
    weight = dict.fromkeys(KINDS.values(), 0.0)
    season_weight: dict[str, float] = {}
    for one, share in zip(weighed, shares, strict=True):
        weight[KINDS[one.course]] += float(share)
        season_weight[one.season] = season_weight.get(one.season, 0.0) + float(share)
    leading = max(weight, key=lambda kind: weight[kind])
    courses = pd.DataFrame(
        {
            "course": [one.course for one in weighed],
            "season": [one.season for one in weighed],
            "weight": shares,
        }
    ).sort_values("weight", ascending=False, ignore_index=True)
    decided = weight[leading] >= LEAST_WEIGHT
    return Account(weight, leading, decided, season_weight, courses)


def _most_simple(totals: dict[str, float]) -> str:
    """Return the course with the fewest changes that has half the weight of the best or more."""
    best = max(totals.values())
    open_ = [course for course in KINDS if totals.get(course, -np.inf) >= best - np.log(2)]
    return open_[0]


class Drawn(NamedTuple):
    """Draws from what is known of one kind of course.

    Attributes
    ----------
    course : str
        The course of this kind that is drawn: of those with at least half the weight of the best
        the one with the fewest changes.
    dates : array of int, shape (n_draws, n_dates)
        Rows.
    changes : array of shape (n_draws, n_changes)
        Log changes.
    curve : array of shape (n_rows,)
        Averaged log rate over the series' own, season included.
    level : array of shape (n_rows,)
        The same without season.
    correlation, dispersion : float
        Averaged over the memories.
    """

    course: str
    dates: NDArray[np.int64]
    changes: NDArray[np.float64]
    curve: NDArray[np.float64]
    level: NDArray[np.float64]
    correlation: float
    dispersion: float


def draw_kind(
    weighed: Sequence[Weighed], kind: str, n_jumps: int, rng: np.random.Generator
) -> Drawn:
    """Draw dates and changes of a kind of course, over its seasons, dates and memories."""
    courses = [one for one in weighed if KINDS[one.course] == kind]
    totals: dict[str, float] = {}
    for one in courses:
        size = float(logsumexp(one.log_weight))
        totals[one.course] = float(np.logaddexp(totals.get(one.course, -np.inf), size))
    course = _most_simple(totals)
    parts = [one for one in courses if one.course == course]
    logs = np.array([logsumexp(one.log_weight) for one in parts])
    shares = np.exp(logs - logsumexp(logs))
    n_draws = rng.multinomial(N_DRAWS, shares)
    dates, changes = [], []
    curve = np.zeros(parts[0].columns.shape[1])
    level = np.zeros_like(curve)
    correlation = dispersion = 0.0
    for one, share, n_of_it in zip(parts, shares, n_draws, strict=True):
        weight = np.exp(one.log_weight - logsumexp(one.log_weight))
        means = np.einsum("sm,smk->sk", weight, one.evidence.params)
        n_level = 1 + one.n_changes + n_jumps
        curve += share * np.einsum("snk,sk->n", one.columns, means)
        level += share * np.einsum("snk,sk->n", one.columns[..., :n_level], means[:, :n_level])
        curve += share * one.path
        level += share * one.path
        correlation += share * float(weight.sum(axis=0) @ one.correlation)
        dispersion += share * float((weight * one.evidence.dispersion).sum())
        which = rng.choice(weight.size, size=n_of_it, p=weight.ravel())
        at, memory = np.unravel_index(which, weight.shape)
        own = slice(1, 1 + one.n_changes)
        spread = np.linalg.cholesky(
            one.evidence.covariance[:, :, own, own] + 1e-12 * np.eye(one.n_changes)
        )
        noise = rng.standard_normal((n_of_it, one.n_changes))
        changes.append(
            one.evidence.params[at, memory, own]
            + np.einsum("dij,dj->di", spread[at, memory], noise)
        )
        dates.append(one.sets[at])
    return Drawn(
        course,
        np.concatenate(dates),
        np.concatenate(changes),
        curve,
        level,
        correlation,
        dispersion,
    )
