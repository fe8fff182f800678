"""Which broken line fits counts best for every number of joins, and which number is the better one?

The likelihood of the counts is linearised at the fit that is found (iteratively reweighted least
squares), whitened by the memory of its residuals, and searched for the best places of the joins.
All numbers of joins are compared with one dispersion, that of the richest line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from trends.models.counts.count_model import (
    deviance_residuals,
    fit_counts,
    fit_given_dispersion,
    percent_change,
)
from trends.models.counts.memory import MemoryGrid, memory_products, precision_matrix
from trends.models.counts.observed import Observed, hinge_columns, years_from_middle
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    grid_of,
    least_scale,
    weigh_memories,
)
from trends.models.joins.hinge_search import best_bends, hinge_gram
from trends.models.joins.join_posterior import LineProblem, log_mean_fit, open_sets

#: Added to the criterion for every join: a join is held five times less probable beforehand than
#: none, so that persistence alone shows one in few series (`benchmarks/trend_joinpoints.py`).
JOIN_COST = 2 * np.log(5)
#: What a join in mid-series loses by averaging over places, about one in ten of which is open.
PLACE_COST = 2 * np.log(10)


class LineFrame(NamedTuple):
    """What every broken line of one series shares.

    Attributes
    ----------
    seen : Observed
    times : ndarray, shape (n_observed,)
        Years, 0 in the middle of the series.
    base : ndarray, shape (n_observed, n_base)
        Intercept, time, declared jumps, season.
    candidates : ndarray of int, shape (n_candidates,)
        Places among the observed periods where a join may be.
    spacing : int
        Least distance of two joins, in observed periods.
    half_span : float
        Years from the middle of the series to either end.
    grid : MemoryGrid
        Memories that residuals may have.
    nb_dispersion : float
        NB2 dispersion of all lines; 0 for Poisson.
    """

    seen: Observed
    times: np.ndarray
    base: np.ndarray
    candidates: np.ndarray
    spacing: int
    half_span: float
    grid: MemoryGrid
    nb_dispersion: float

    @property
    def n_observed(self) -> int:
        """Observed periods."""
        return int(self.times.size)

    @property
    def n_base(self) -> int:
        """Columns that every line has."""
        return int(self.base.shape[1])

    @property
    def gaps(self) -> np.ndarray:
        """Periods between neighbouring observed periods."""
        return np.diff(self.seen.position).astype(float)

    def design(self, joins: tuple[int, ...]) -> np.ndarray:
        """Return base columns and hinges at candidates `joins`."""
        bends = self.times[self.candidates[list(joins)]]
        return np.column_stack([self.base, hinge_columns(self.times, bends)])

    def fit(self, joins: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and fitted means of the line with these joins."""
        return fit_given_dispersion(
            self.seen.count,
            self.design(joins),
            self.seen.exposure,
            nb_dispersion=self.nb_dispersion,
        )

    def linearised(self, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return root weights and working response (log rate) of the likelihood at some means."""
        root = np.sqrt(expected / (1 + self.nb_dispersion * expected))
        response = np.log(expected / self.seen.exposure) + (self.seen.count - expected) / expected
        return root, response

    def problem(self, expected: np.ndarray) -> LineProblem:
        """Return the likelihood linearised at some means, with the places a join may have."""
        root, response = self.linearised(expected)
        return LineProblem(
            base=self.base,
            times=self.times,
            response=response,
            root=root,
            position=self.seen.position,
            candidates=self.candidates,
            spacing=self.spacing,
        )


class LineFit(NamedTuple):
    """The best line with one number of joins.

    Attributes
    ----------
    joins : tuple of int
        Indices into the candidates.
    params, expected : ndarrays
        Coefficients and fitted means.
    deviance : float
    log_weight : ndarray, shape (n_memories,)
        Log likelihood of the residuals under each memory, plus its log prior.
    profile_criterion : float
        With the best places and the best memory, two parameters a join.
    criterion : float
        With places and memories averaged over; NaN until it is worked out.
    """

    joins: tuple[int, ...]
    params: np.ndarray
    expected: np.ndarray
    deviance: float
    log_weight: np.ndarray
    profile_criterion: float
    criterion: float


def line_frame(seen: Observed, base: np.ndarray, spacing: int) -> LineFrame:
    """Return the frame of a series; its dispersion is still that of Poisson counts.

    Parameters
    ----------
    seen : Observed
    base : ndarray, shape (n_observed, n_base)
        Intercept, time in years with 0 in the middle, and what else every line has.
    spacing : int
        Least distance of two joins, in observed periods.
    """
    edge = spacing - 1
    return LineFrame(
        seen=seen,
        times=base[:, 1],
        base=base,
        candidates=np.arange(edge, seen.count.size - edge),
        spacing=spacing,
        half_span=float(years_from_middle(seen.periods)[-1]),
        grid=grid_of(seen.periods),
        nb_dispersion=0.0,
    )


def with_dispersion_of_richest(frame: LineFrame, most: int) -> LineFrame:
    """Return the frame with the NB2 dispersion around the most flexible broken line.

    That line has one more bend than the `most` that may be found, evenly spread: scatter that a
    missing bend would add must not hide the bend.
    """
    n_bends = min(most + 1, frame.candidates.size // frame.spacing) if most else 0
    while True:
        design = frame.design(_spread(frame.candidates.size, n_bends))
        try:
            fit = fit_counts(frame.seen.count, design, frame.seen.exposure)
        except RuntimeError:
            if n_bends == 0:
                raise
            n_bends //= 2
            continue
        return frame._replace(nb_dispersion=fit.nb_dispersion)


def fit_lines(frame: LineFrame, most: int) -> list[LineFit]:
    """Return the best line of every number of joins, up to the first that has no finite fit.

    A stretch without events has no finite pace of its own; a single pace always has one.
    """
    lines = []
    for n_joins in range(most + 1):
        try:
            line = _fit_line(frame, n_joins)
        except RuntimeError:
            if n_joins == 0:
                raise
            break
        lines.append(line._replace(criterion=_criterion(frame, line)))
    return lines


def memory_of_line(frame: LineFrame, expected: np.ndarray, design: np.ndarray) -> MemoryPosterior:
    """Return the memories of a line's residuals, with the covariances of some design."""
    scatter = np.sqrt(expected * (1 + frame.nb_dispersion * expected))
    return weigh_memories(
        design * (expected / scatter)[:, None],
        (frame.seen.count - expected) / scatter,
        frame.seen.position,
        grid=frame.grid,
        least_scale=least_scale(expected.size - design.shape[1]),
    )


def smallest_bend(frame: LineFrame, line: LineFit) -> float:
    """Return the yearly change after a level rate that would have shown as a join, percent.

    A bend in mid-series gains about its squared t ratio in the criterion; the gain has to pay for
    the coefficient, the join and its unknown place, with a margin for 80% power.
    """
    middle = frame.times[frame.candidates[[frame.candidates.size // 2]]]
    bent = np.column_stack([frame.base, hinge_columns(frame.times, middle)])
    memory = memory_of_line(frame, line.expected, bent)
    price = schwarz_penalty(frame.n_base + 1, frame.n_observed)
    price += JOIN_COST + PLACE_COST - schwarz_penalty(frame.n_base, frame.n_observed)
    ratio = np.sqrt(price) + float(stats.norm.ppf(0.8))
    return float(percent_change(memory.std_error(-1) * ratio))


def schwarz_penalty(n_terms: int, n_observed: int) -> float:
    """Return the Schwarz penalty with McQuarrie's small-sample correction.

    Examples
    --------
    >>> round(float(schwarz_penalty(3, 20) / (3 * np.log(20))), 4)
    1.3333
    """
    return float(n_terms * np.log(n_observed) * n_observed / max(n_observed - n_terms - 2, 1))


def _criterion(frame: LineFrame, line: LineFit) -> float:
    """Return minus twice the log evidence for a number of joins."""
    n_joins = len(line.joins)
    penalty = schwarz_penalty(frame.n_base + n_joins, frame.n_observed)
    if n_joins == 0:
        return penalty - 2 * float(logsumexp(line.log_weight))
    problem = frame.problem(line.expected)
    found = open_sets(problem, np.array(line.joins), frame.grid, line.log_weight)
    return penalty + n_joins * JOIN_COST - 2 * log_mean_fit(problem, found, line.log_weight)


def _fit_line(frame: LineFrame, n_joins: int) -> LineFit:
    """Return the best line with this number of joins: search, fit, judge memory, search again."""
    start = _smooth_means(frame)
    metric_model = 0
    best: LineFit | None = None
    visited: set[tuple[tuple[int, ...], int]] = set()
    for _ in range(6):
        joins = _search(frame, start, n_joins, metric_model)
        line, metric_model = _evaluate(frame, joins)
        if best is None or line.profile_criterion < best.profile_criterion:
            best = line
        start = np.maximum(line.expected, 0.05 * start)
        if n_joins == 0 or (joins, metric_model) in visited:
            break
        visited.add((joins, metric_model))
    if best is None or len(best.joins) != n_joins:
        raise RuntimeError(
            f"`max_joinpoints` must leave room for {n_joins} joins in {frame.n_observed} observed "
            "periods, got none that fits. Use a smaller number."
        )
    return best


def _smooth_means(frame: LineFrame) -> np.ndarray:
    """Return means of a broken line with evenly spread bends, where the first search starts."""
    size = frame.candidates.size
    n_bends = int(np.clip(size // (2 * frame.spacing), 0, 8))
    while True:
        try:
            _, expected = frame.fit(_spread(size, n_bends))
        except RuntimeError:
            # Stretches without events ask for fewer bends; a straight line always fits.
            if n_bends == 0:
                raise
            n_bends //= 2
            continue
        return expected


def _spread(size: int, n_bends: int) -> tuple[int, ...]:
    """Return up to n_bends candidates, evenly spread."""
    if size <= 0 or n_bends <= 0:
        return ()
    places = np.linspace(0, size - 1, n_bends + 2).round().astype(int)[1:-1]
    return tuple(int(place) for place in np.unique(places))


def _search(
    frame: LineFrame, expected: np.ndarray, n_joins: int, metric_model: int
) -> tuple[int, ...]:
    """Return the best joins of the linearised problem, whitened by one memory of the grid."""
    if n_joins == 0:
        return ()
    root, response = frame.linearised(expected)
    hinges = hinge_columns(frame.times, frame.times[frame.candidates])
    rho, weight = float(frame.grid.rho[metric_model]), float(frame.grid.weight[metric_model])
    inner = hinge_gram(
        frame.base * root[:, None],
        hinges * root[:, None],
        (response * root)[:, None],
        precision_matrix(frame.gaps, rho, weight)[0] if weight else None,
    )
    return best_bends(inner, frame.candidates, n_joins, frame.spacing)


def _evaluate(frame: LineFrame, joins: tuple[int, ...]) -> tuple[LineFit, int]:
    """Return the line at given joins with its criterion, and the memory that minimises it."""
    params, expected = frame.fit(joins)
    residuals = deviance_residuals(frame.seen.count, expected, frame.nb_dispersion)
    log_determinant, within, _ = memory_products(residuals[:, None], frame.gaps, frame.grid)
    n_observed = frame.n_observed
    squares = np.maximum(within[:, 0, 0], 1e-10)
    fit = n_observed * np.log(squares / n_observed) + log_determinant
    log_weight = frame.grid.log_prior - 0.5 * fit
    metric_model = int(np.argmax(log_weight))
    penalty = schwarz_penalty(frame.n_base + 2 * len(joins), n_observed)
    line = LineFit(
        joins=joins,
        params=params,
        expected=expected,
        deviance=float(residuals @ residuals),
        log_weight=log_weight,
        profile_criterion=penalty - 2 * log_weight[metric_model],
        criterion=np.nan,
    )
    return line, metric_model
