"""How surely are the slopes, the jumps and the joins of a broken line known?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trends.models.counts.serial_dependence import least_scale
from trends.models.joins.broken_line import LineFit, LineFrame, memory_of_line
from trends.models.joins.join_posterior import Mixture, open_sets, weigh_joins


class KnownLine(NamedTuple):
    """What is known of a line's slopes, their average, the jumps and the joins.

    Attributes
    ----------
    slopes : tuple of n_joins + 1 Mixture
        Log rate per year.
    average : Mixture
        Log rate per year, lengths of segments as weights.
    jumps : tuple of n_jumps Mixture
        Log ratios.
    places : list of (int, int)
        Interval of every join, as observed periods.
    memory : ndarray, shape (n_memories,)
        Posterior probability of every memory.
    """

    slopes: tuple[Mixture, ...]
    average: Mixture
    jumps: tuple[Mixture, ...]
    places: list[tuple[int, int]]
    memory: np.ndarray


def known_line(frame: LineFrame, line: LineFit, *, n_jumps: int, alpha: float) -> KnownLine:
    """Return what is known of a line, over all places and memories that the series leaves open.

    Without joins it is what `trends.analysis.trend` says.

    Parameters
    ----------
    frame : LineFrame
        Its base columns are intercept, time, declared jumps and season.
    line : LineFit
    n_jumps : int
        Declared jumps.
    alpha : float
        One minus the level of the intervals of the joins.
    """
    if line.joins:
        return _of_joined_lines(frame, line, n_jumps, alpha)
    return _of_one_line(frame, line, n_jumps)


def _of_one_line(frame: LineFrame, line: LineFit, n_jumps: int) -> KnownLine:
    """Return what is known of a straight line."""
    memory = memory_of_line(frame, line.expected, frame.base)
    errors = memory.std_errors(np.eye(frame.n_base))
    every = [
        Mixture(np.ones(1), np.array([estimate]), np.array([error]), memory.n_free)
        for estimate, error in zip(line.params, errors, strict=True)
    ]
    jumps = tuple(every[2 : 2 + n_jumps])
    return KnownLine((every[1],), every[1], jumps, [], memory.probabilities)


def _of_joined_lines(frame: LineFrame, line: LineFit, n_jumps: int, alpha: float) -> KnownLine:
    """Return what is known of a line with joins."""
    n_joins, n_base = len(line.joins), frame.n_base
    problem = frame.problem(line.expected)
    found = open_sets(problem, np.array(line.joins), frame.grid, line.log_weight)
    n_free = frame.n_observed - n_base - n_joins
    posterior = weigh_joins(problem, found, frame.grid, least_scale=least_scale(n_free))
    n_sets = len(posterior.sets)
    slopes = []
    for segment in range(n_joins + 1):
        contrasts = np.zeros((n_sets, n_base + n_joins))
        contrasts[:, 1] = 1
        contrasts[:, n_base : n_base + segment] = 1
        slopes.append(posterior.combination(contrasts))
    jumps = [
        posterior.combination(np.tile(row, (n_sets, 1)))
        for row in np.eye(n_base + n_joins)[2 : 2 + n_jumps]
    ]
    return KnownLine(
        slopes=tuple(slopes),
        average=posterior.combination(average_slope(frame, posterior.sets)),
        jumps=tuple(jumps),
        places=[posterior.place_interval(join, 1 - alpha) for join in range(n_joins)],
        memory=posterior.weight.sum(axis=1),
    )


def average_slope(frame: LineFrame, joins: np.ndarray) -> np.ndarray:
    """Return the average slope, lengths of segments as weights, as combinations of coefficients.

    `joins` has a row of observed periods for every set of places, and so has the answer.
    """
    contrasts = np.zeros((len(joins), frame.n_base + joins.shape[1]))
    contrasts[:, 1] = 1
    contrasts[:, frame.n_base :] = (frame.half_span - frame.times[joins]) / (2 * frame.half_span)
    return contrasts
