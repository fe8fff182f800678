"""Which course did a rate take: steady, a line, a bend, steps, an episode, or none at all?

Every course is weighed with every season and every memory on the same counts. A wandering level
competes as a course of its own, with memories that outlast the series.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.courses import candidates
from trends.models.courses.evidence import (
    Evidence,
    Fitted,
    Rows,
    fit_designs,
    weigh_designs,
)
from trends.models.courses.scatter import scatter_by_part
from trends.models.courses.wander import Memories, fading_memories, wandering_memories

#: Prior weight of every course; `benchmarks/descriptions.py` shows what they give.
PRIOR = {
    "steady": 0.30,
    "slope": 0.20,
    "bend": 0.045,
    "two_bends": 0.01,
    "step": 0.215,
    "step_on_slope": 0.015,
    "two_steps": 0.035,
    "three_steps": 0.015,
    "four_steps": 0.005,
    "episode": 0.06,
    "wander": 0.09,
    "step_on_wander": 0.01,
}
#: Courses whose level wanders.
WANDERING = ("wander", "step_on_wander")
#: Prior weight of no season; the rest is spread evenly over the kinds.
PRIOR_NO_SEASON = 0.5
#: Prior standard deviation of the level around the overall rate, and of a jump at a known break.
LEVEL_SD, JUMP_SD = 3.0, 2.0
#: Log weight below the best at which a set of dates, or a season, is no longer open.
_OPEN = 5.0
_OPEN_SEASON = 9.0
#: Most sets of dates of one course that are weighed under every memory.
_MOST_OPEN = 24


class Season(NamedTuple):
    """Columns that repeat, with the prior standard deviation of each coefficient.

    Attributes
    ----------
    columns : array of shape (n_rows, n_columns)
    sd : array of shape (n_columns,)
    """

    columns: NDArray[np.float64]
    sd: NDArray[np.float64]


_NO_DATES = np.empty((1, 0), dtype=np.int64)


class Weighed(NamedTuple):
    """One course with one season: its sets of dates, their weights, the fits.

    Attributes
    ----------
    course, season : str
    sets : array of shape (n_sets, n_dates)
        Rows.
    columns : array of shape (n_sets, n_rows, n_terms)
        On the log scale: level, changes, jumps, season.
    n_changes : int
        How many terms after the level are the course's own.
    log_weight : array of shape (n_sets, n_memories)
        Priors included.
    evidence : Evidence
    correlation : array of shape (n_memories,)
        Correlation of neighbouring residuals.
    path : array of shape (n_rows,)
        Where a wandering level was, as a log rate over what else there is; 0 without one.
    """

    course: str
    season: str
    sets: NDArray[np.int64]
    columns: NDArray[np.float64]
    n_changes: int
    log_weight: NDArray[np.float64]
    evidence: Evidence
    correlation: NDArray[np.float64]
    path: NDArray[np.float64]


def weigh_courses(
    events: NDArray[np.float64],
    exposure: NDArray[np.float64],
    position: NDArray[np.int64],
    *,
    days_per_period: float,
    seasons: Mapping[str, Season],
    jumps: NDArray[np.float64],
) -> list[Weighed]:
    """Weigh every course with every season.

    Parameters
    ----------
    events, exposure : arrays of shape (n_rows,)
        Events and months observed.
    position : array of int, shape (n_rows,)
        Place of each row among all periods.
    days_per_period : float
        Which memories there can be.
    seasons : mapping of str to Season
        The seasons that compete with none.
    jumps : array of shape (n_rows, n_jumps)
        Columns that every course has, such as changes of definition: 0 before each and 1 from it
        on. No step and no episode is dated close to one.

    Returns
    -------
    list of Weighed
        One for every course and season that is open.
    """
    rows = Rows(events, np.log(exposure), np.ones(events.size))
    finest = list(seasons.values())[-1:] or [Season(np.empty((events.size, 0)), np.empty(0))]
    rows = rows._replace(scatter=scatter_by_part(_calm_residuals(rows, finest[0], jumps)))
    fading = fading_memories(position, days_per_period)
    wandering = wandering_memories(position, days_per_period)
    weighed: list[Weighed] = []
    best = -np.inf
    none = Season(np.empty((events.size, 0)), np.empty(0))
    log_prior = {name: np.log((1 - PRIOR_NO_SEASON) / max(len(seasons), 1)) for name in seasons}
    log_prior["none"] = np.log(PRIOR_NO_SEASON) if seasons else 0.0
    for name, season in {"none": none, **seasons}.items():
        base = _Base(rows, position, fading, wandering, season, jumps)
        found = base.simple(name, log_prior[name])
        highest = max(float(one.log_weight.max()) for one in found)
        best = max(best, highest)
        if highest >= best - _OPEN_SEASON:
            found += base.others(name, log_prior[name])
        weighed.extend(found)
    return weighed


def _calm_residuals(rows: Rows, season: Season, jumps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standardised roots of a steady rate with the finest season."""
    designs = np.column_stack([np.ones(rows.events.size), jumps, season.columns])[None]
    sd = np.concatenate([[LEVEL_SD], np.full(jumps.shape[1], JUMP_SD), season.sd])
    fitted = fit_designs(rows, designs, sd**-2.0, _dispersion(rows))
    return fitted.response[0] - fitted.columns[0] @ fitted.params[0]


class _Base:
    """What all courses with one season share."""

    def __init__(
        self,
        rows: Rows,
        position: NDArray[np.int64],
        fading: Memories,
        wandering: Memories,
        season: Season,
        jumps: NDArray[np.float64],
    ) -> None:
        self.rows = rows
        self.n_rows = rows.events.size
        self.times = position.astype(np.float64)
        self.fading = fading
        self.wandering = wandering
        self.beside = np.column_stack([jumps, season.columns])
        self.beside_sd = np.concatenate([np.full(jumps.shape[1], JUMP_SD), season.sd])
        self.free = candidates.free_rows(jumps)
        self.dispersion = _dispersion(rows)

    def simple(self, season: str, log_prior: float) -> list[Weighed]:
        """Return the courses by which a season is judged: no change, a line, one step."""
        nothing = np.empty((1, self.n_rows, 0))
        slope = candidates.slope_columns(self.times)
        steps = candidates.step_dates(self.free)
        found = [
            self._one("steady", season, log_prior, _NO_DATES, nothing, 1),
            self._one("wander", season, log_prior, _NO_DATES, nothing, 1),
            self._one("slope", season, log_prior, _NO_DATES, slope, 1),
        ]
        if steps.size:
            columns = candidates.step_columns(self.n_rows, steps)
            found.append(self._one("step", season, log_prior, steps, columns, len(steps)))
        return found

    def others(self, season: str, log_prior: float) -> list[Weighed]:
        """Return the courses with more than one change, as far as the series is long enough."""
        steps = candidates.step_dates(self.free)
        columns = candidates.step_columns(self.n_rows, steps)
        slope = np.broadcast_to(candidates.slope_columns(self.times), columns.shape)
        response, column = self._level_only()
        kinds: dict[str, tuple[NDArray[np.int64], NDArray[np.float64], int]] = {}
        sloped = np.concatenate([columns, slope], axis=2)
        kinds["step_on_slope"] = (steps, sloped, len(steps))
        kinds["step_on_wander"] = (steps, columns, len(steps))
        for course, n_bends in (("bend", 1), ("two_bends", 2)):
            if self._is_long_enough(course):
                joins = candidates.bend_dates(self.n_rows, n_bends)
                kinds[course] = (joins, candidates.bend_columns(self.times, joins), len(joins))
        pairs, n_pairs = candidates.two_step_dates(response, column, self.free)
        kinds["two_steps"] = (pairs, candidates.step_columns(self.n_rows, pairs), n_pairs)
        if self._is_long_enough("episode"):
            pairs, n_pairs = candidates.episode_dates(response, column, self.free)
            kinds["episode"] = (pairs, candidates.episode_columns(self.n_rows, pairs), n_pairs)
        for course, n_steps in (("three_steps", 3), ("four_steps", 4)):
            if self._is_long_enough(course):
                sets, n_sets = candidates.many_step_dates(response, column, self.free, n_steps)
                kinds[course] = (sets, candidates.step_columns(self.n_rows, sets), n_sets)
        return [
            self._one(course, season, log_prior, *kind)
            for course, kind in kinds.items()
            if self._is_long_enough(course) and len(kind[0])
        ]

    def _is_long_enough(self, course: str) -> bool:
        """Whether the series has the rows that a course needs."""
        return self.n_rows >= candidates.LEAST_ROWS[course]

    def _level_only(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return roots and the effect of a level on them beside the season of a steady rate."""
        design, precision = self._designs(np.empty((1, self.rows.events.size, 0)))
        fitted = fit_designs(self.rows, design, precision, self.dispersion)
        beside = fitted.columns[0, :, 1:] @ fitted.params[0, 1:]
        return fitted.response[0] - beside, fitted.columns[0, :, 0]

    def _designs(
        self, changes: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return level, changes and what stands beside them, with the prior precisions."""
        n_sets, n_rows, n_changes = changes.shape
        designs = np.concatenate(
            [
                np.ones((n_sets, n_rows, 1)),
                changes,
                np.broadcast_to(self.beside, (n_sets, *self.beside.shape)),
            ],
            axis=2,
        )
        sd = np.concatenate([[LEVEL_SD], np.full(n_changes, candidates.CHANGE), self.beside_sd])
        return designs, sd**-2.0

    def _one(
        self,
        course: str,
        season: str,
        log_prior: float,
        sets: NDArray[np.int64],
        changes: NDArray[np.float64],
        n_sets: int,
    ) -> Weighed:
        """Weigh one course under every memory, at the dates that are open."""
        designs, precision = self._designs(changes)
        fitted = fit_designs(self.rows, designs, precision, self.dispersion)
        memories = self.wandering if course in WANDERING else self.fading
        if len(sets) > 1:
            kept = self._open(fitted, precision, memories)
            fitted, sets, designs = fitted.take(kept), sets[kept], designs[kept]
        evidence = weigh_designs(fitted, precision, memories)
        log_weight = evidence.log_evidence + log_prior + np.log(PRIOR[course]) - np.log(n_sets)
        return Weighed(
            course,
            season,
            sets,
            designs,
            changes.shape[2],
            log_weight,
            evidence,
            memories.correlation,
            _path(fitted, evidence, memories) if course in WANDERING else np.zeros(self.n_rows),
        )

    def _open(
        self, fitted: Fitted, precision: NDArray[np.float64], memories: Memories
    ) -> NDArray[np.int64]:
        """Return the sets of dates that not every one of a few memories rules out."""
        few = _some(memories, _representative(memories))
        first = weigh_designs(fitted, precision, few).log_evidence
        height = (first - first.max(axis=0)).max(axis=1)
        order = np.argsort(-height)[:_MOST_OPEN]
        return np.sort(order[height[order] >= -_OPEN])


def _dispersion(rows: Rows) -> float:
    """Return the variance over mean of the counts from neighbouring roots."""
    root = np.sqrt((rows.events + 0.375) / np.exp(rows.log_exposure))
    scale = np.exp(rows.log_exposure)
    pairs = np.diff(root) ** 2 / (1 / scale[1:] + 1 / scale[:-1])
    return float(max(1.0, 4 * pairs.mean()))


def _path(fitted: Fitted, evidence: Evidence, memories: Memories) -> NDArray[np.float64]:
    """Return the remembered part of the residuals under the likeliest memory, as log rates."""
    best, memory = np.unravel_index(evidence.log_evidence.argmax(), evidence.log_evidence.shape)
    residual = fitted.response[best] - fitted.columns[best] @ evidence.params[best, memory]
    whiten = memories.whiten[memory]
    remembered = residual - memories.fresh[memory] * (whiten.T @ (whiten @ residual))
    # Residuals are twice roots, and the effect of a level on them is the root itself.
    share = 1 + remembered / (2 * fitted.columns[best, :, 0])
    return np.asarray(2 * np.log(np.maximum(share, 1e-3)), dtype=np.float64)


def _some(memories: Memories, which: list[int]) -> Memories:
    """Return a few of the memories."""
    return Memories(*(part[which] for part in memories))


def _representative(memories: Memories) -> list[int]:
    """Return the first memory, a middling and a strong one."""
    order = np.argsort(memories.correlation, kind="stable")
    return [0, int(order[order.size // 2]), int(order[order.size * 9 // 10])]
