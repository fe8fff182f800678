"""Which courses of a rate explain the figures, and how much weight does each have?

A rate that walks in small steps and now and then jumps: a random walk with heavy tails. How far it
walks in a year, and where it jumps, are not chosen but weighed: every combination kept is a
composite link fit of its own, with a weight from how well it explains the figures and from what
was thought likely before. What is said of the rate is said of their mixture, so that a band beside
a jump covers the levels before and after it where the figures do not tell the day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from trends.models.published.composite_link import (
    Counts,
    Fit,
    Grid,
    Select,
    fit_composite_link,
    with_step,
)
from trends.tables.calendar import DAYS_PER_MONTH

#: Log units that a rate walks in a year, from next to nothing to twentyfold.
_WALKS = (0.02, 0.12, 0.25, 0.5, 1.0, 2.0)

#: Weight beforehand of a rate that does not walk; of the others, a tenth walk more than 1 a year.
_STILL, _FAR = 0.25, np.log(10.0)

#: Standard deviation of a jump on the log scale (a doubling is 0.7), and weight of each more jump.
_JUMP, _ONE_MORE, _MOST_JUMPS = 0.8, 0.5, 3

#: Courses from which another jump is looked for; places that are tried from each in any case, and
#: at most.
_PARENTS, _TRIED, _PLACES = 3, 3, 12

#: Courses whose log weight lies further below the best are not kept.
_NEGLIGIBLE = 5.0

#: Largest change of a log rate at which a fit is taken to have converged.
_TOLERANCE = 1e-5

#: Log units a year of the walk by which it is judged whether figures say anything of a change.
REFERENCE_WALK = 0.5


class Course(NamedTuple):
    """One combination of a walk and jumps, fitted.

    Attributes
    ----------
    fit : Fit
        The fit.
    grid : Grid
        Its curves.
    walk : float
        Log units that the rate walks in a year.
    jumps : tuple of int
        Segments with which a jump comes.
    log_weight : float
        Up to a constant.
    """

    fit: Fit
    grid: Grid
    walk: float
    jumps: tuple[int, ...]
    log_weight: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """Numbers known from several fits at once.

    Attributes
    ----------
    weight : ndarray, shape (n_courses,)
        Weights that add up to 1.
    centre, error : ndarray, shape (n_courses, n_numbers)
        Estimate and standard error of each number under each fit.
    n_free : ndarray, shape (n_courses,)
        Degrees of freedom of the errors; infinite where the dispersion was not estimated.
    """

    weight: np.ndarray
    centre: np.ndarray
    error: np.ndarray
    n_free: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Return the mean of each number, shape (n_numbers,)."""
        return np.asarray(self.weight @ self.centre)

    @property
    def std_error(self) -> np.ndarray:
        """Return the standard error of each number, shape (n_numbers,)."""
        spread = self.error**2 + (self.centre - self.mean) ** 2
        return np.asarray(np.sqrt(self.weight @ spread))

    def below(self, value: np.ndarray | float) -> np.ndarray:
        """Return the probability that each number lies below a value, shape (n_numbers,)."""
        error = np.maximum(self.error, 1e-12)
        part = stats.t.cdf((value - self.centre) / error, self.n_free[:, None])
        return np.asarray(self.weight @ part)

    def quantile(self, level: float) -> np.ndarray:
        """Return a quantile of each number, shape (n_numbers,)."""
        reach = stats.t.ppf(level, self.n_free)[:, None] * self.error
        low, high = (self.centre + reach).min(axis=0), (self.centre + reach).max(axis=0)
        for _ in range(40):
            middle = (low + high) / 2
            under = self.below(middle) < level
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray((low + high) / 2)


def weigh_courses(counts: Counts, grid: Grid, *, select: Select = "reml") -> list[Course]:
    """Return the courses that explain the figures, with their weights, best first.

    Parameters
    ----------
    counts : Counts
        Figures with their windows.
    grid : Grid
        Cells and segments, without steps.
    select : {"reml", "aic", "bic"}
        What explaining well means: the likelihood of the figures with the curve integrated out, or
        a criterion that charges for effective parameters.

    Returns
    -------
    list of Course
    """
    found: list[Course] = []
    start = None
    dispersion = 1.0
    for walk in reversed(_WALKS):
        try:
            plain = _fit_course(counts, grid, walk, (), dispersion, select, start)
        except RuntimeError:
            # Too free a walk for these figures; a stiffer one may still be fitted.
            continue
        start, dispersion = plain.fit.params, plain.fit.dispersion
        found.append(plain)
        parents = [plain]
        for _ in range(_MOST_JUMPS):
            least = max(each.log_weight for each in found) - _NEGLIGIBLE
            children = {
                child.jumps: child
                for parent in parents
                for child in _with_one_more_jump(counts, grid, parent, select, least)
            }
            kept = [each for each in children.values() if each.log_weight > least]
            found.extend(kept)
            parents = sorted(kept, key=lambda each: -each.log_weight)[:_PARENTS]
    if not found:
        raise RuntimeError(
            "`statements` must let the fit converge, got no convergence in 200 steps. "
            "Leave out sources with few events, or set `smoothing` to a larger number."
        )
    found.sort(key=lambda each: -each.log_weight)
    return [each for each in found if each.log_weight > found[0].log_weight - _NEGLIGIBLE]


def smoothing_of(walk: float, dispersion: float) -> float:
    """Return the weight of the penalty that stands for a walk of so many log units a year."""
    return dispersion * 12 / walk**2


def _fit_course(
    counts: Counts,
    grid: Grid,
    walk: float,
    jumps: tuple[int, ...],
    dispersion: float,
    select: Select,
    start: np.ndarray | None,
) -> Course:
    """Return one course, fitted and weighed."""
    smoothing = smoothing_of(walk, dispersion)
    for jump in jumps:
        grid = with_step(grid, jump, dispersion / (_JUMP**2 * smoothing))
    fit = fit_composite_link(
        counts, grid, smoothing=smoothing, select=select, start=start, tolerance=_TOLERANCE
    )
    n_places = max(len(grid.curves) - 1, 1)
    places = len(jumps) * np.log(n_places) - np.log(float(_factorial(len(jumps))))
    beforehand = _log_walk_weight(walk) + len(jumps) * np.log(_ONE_MORE) - places
    return Course(fit, grid, walk, jumps, beforehand - fit.criterion / 2)


def _factorial(n: int) -> int:
    """Return n!, the number of orders in which jumps can be found."""
    return int(np.prod(np.arange(1, n + 1)))


def _log_walk_weight(walk: float) -> float:
    """Return the log weight of a walk beforehand, on the grid of walks."""
    moving = np.array(_WALKS[1:])
    density = moving * np.exp(-_FAR * moving)
    if walk == _WALKS[0]:
        return float(np.log(_STILL))
    share = density[_WALKS.index(walk) - 1] / density.sum()
    return float(np.log((1 - _STILL) * share))


def _with_one_more_jump(
    counts: Counts, grid: Grid, parent: Course, select: Select, least: float
) -> Iterator[Course]:
    """Yield a course with one more jump, at the places that promise a weight worth keeping."""
    gain = _promise(grid, parent)
    gain[[jump - 1 for jump in parent.jumps]] = -np.inf
    expected = parent.log_weight + gain + np.log(_ONE_MORE / len(gain))
    for rank, place in enumerate(np.argsort(-gain)[:_PLACES]):
        # A first jump promises too little where the dispersion takes it for scatter.
        if expected[place] < least and (parent.jumps or rank >= _TRIED):
            break
        jumps = tuple(sorted((*parent.jumps, int(place) + 1)))
        at = jumps.index(int(place) + 1)
        start = np.insert(parent.fit.params, len(grid.penalty) + at, 0.0)
        try:
            yield _fit_course(
                counts, grid, parent.walk, jumps, parent.fit.dispersion, select, start
            )
        except RuntimeError:
            continue


def _promise(grid: Grid, parent: Course) -> np.ndarray:
    """Return by how much the log likelihood would gain from a jump before each later segment.

    Exact for the quadratic that the likelihood is near its mode: a jump with a normal prior,
    integrated out together with the curve.
    """
    fit, n_segments = parent.fit, len(grid.curves)
    steps = np.tril(np.ones((n_segments, n_segments)))[:, 1:]
    among = np.zeros((len(fit.params), n_segments - 1))
    among[:n_segments] = grid.curves.T @ steps
    score = among.T @ fit.score / fit.dispersion
    seen = fit.information @ among / fit.dispersion
    left = np.sum(among * seen, axis=0) - np.sum(seen * (fit.covariance @ seen), axis=0)
    sure = 1 / _JUMP**2
    left = np.maximum(left, 0.0)
    return np.asarray((score**2 / (left + sure) - np.log1p(left / sure)) / 2)


def mixture_of(courses: list[Course], curves: list[np.ndarray]) -> Mixture:
    """Return numbers that are linear in the parameters, known from all courses.

    Parameters
    ----------
    courses : list of Course
        As `weigh_courses` returns them.
    curves : list of ndarray, shape (n_numbers, n_params)
        Per course, what turns its parameters into the numbers.
    """
    log_weight = np.array([each.log_weight for each in courses])
    weight = np.exp(log_weight - log_weight.max())
    centre = np.array([rows @ each.fit.params for each, rows in zip(courses, curves, strict=True)])
    error = np.array(
        [
            np.sqrt(np.maximum(np.sum((rows @ each.fit.covariance) * rows, axis=1), 0.0))
            for each, rows in zip(courses, curves, strict=True)
        ]
    )
    n_free = np.array([_degrees_of_freedom(each.fit) for each in courses])
    return Mixture(weight=weight / weight.sum(), centre=centre, error=error, n_free=n_free)


def _degrees_of_freedom(fit: Fit) -> float:
    """Return the degrees of freedom of a dispersion; infinite where it is not estimated."""
    return max(fit.n_informative - fit.n_effective, 1.0) if fit.dispersion > 1 else np.inf


def rate_rows(course: Course, cells: np.ndarray) -> np.ndarray:
    """Return what turns a course's parameters into log rates per day, shape (n_cells, n_params)."""
    rows = np.zeros((len(cells), len(course.fit.params)))
    rows[:, : len(course.grid.penalty)] = course.grid.basis[cells]
    return rows


def multiplier_rows(course: Course) -> np.ndarray:
    """Return what picks the log multipliers out of the parameters, shape (n_sources - 1, ...)."""
    return np.eye(len(course.fit.params))[len(course.grid.penalty) :]


def find_turns(courses: list[Course], cells: np.ndarray, *, level: float) -> list[int]:
    """Return where the rate turned: cells from which it clearly moved back.

    Parameters
    ----------
    courses : list of Course
        As `weigh_courses` returns them.
    cells : ndarray of int, shape (n_cells,)
        Cells in which a turn may lie, those that figures cover.
    level : float
        How surely a later rate must lie on the other side of a turn's.

    Returns
    -------
    list of int
        Where the first leg starts, then the turns in the order of time. Before and after each turn
        lies a clear change, one up and one down; where the rate stayed at its peak or trough for
        long, the cell is where it was furthest. Without turns, the first cell.
    """
    curve = mixture_of(courses, [rate_rows(each, cells) for each in courses]).mean
    first, turns = 0, []
    high = low = direction = 0
    for now in range(1, len(cells)):
        high = now if curve[now] > curve[high] else high
        low = now if curve[now] < curve[low] else low
        risen = direction <= 0 and _clearly_above(courses, cells, now, low, level)
        fallen = direction >= 0 and _clearly_above(courses, cells, high, now, level)
        if not (risen or fallen):
            continue
        turn = low if risen else high
        if direction or _differ(courses, cells, first, turn, level):
            turns.append(turn)
        else:
            # The rate hardly moved until then; its first clear change starts there.
            first = turn
        direction = 1 if risen else -1
        high = low = now
    return [int(cells[each]) for each in ([first, *turns] if turns else [0])]


def _clearly_above(
    courses: list[Course], cells: np.ndarray, upper: int, lower: int, level: float
) -> bool:
    """Tell whether the rate in one cell surely lies above that in another."""
    if upper == lower:
        return False
    return bool(change_between(courses, [(cells[lower], cells[upper])]).below(0.0)[0] < 1 - level)


def _differ(
    courses: list[Course], cells: np.ndarray, first: int, second: int, level: float
) -> bool:
    """Tell whether the rates in two cells surely differ."""
    return _clearly_above(courses, cells, first, second, level) or _clearly_above(
        courses, cells, second, first, level
    )


def change_between(courses: list[Course], pairs: list[tuple[int, int]]) -> Mixture:
    """Return the change of the log rate between pairs of cells."""
    first, last = (np.array(each, dtype=int) for each in zip(*pairs, strict=True))
    return mixture_of(courses, [rate_rows(c, last) - rate_rows(c, first) for c in courses])


def share_told(counts: Counts, grid: Grid, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Return what the figures themselves tell of changes between cells, shape (n_pairs,).

    Of a rate that walks by `REFERENCE_WALK` a year, one minus the variance of a change given the
    figures over its variance without them: near 0 where nothing but smoothness ties the ends
    together, near 1 where the figures say it all.
    """
    smoothing = smoothing_of(REFERENCE_WALK, 1.0)
    fit = fit_composite_link(counts, grid, smoothing=smoothing)
    course = Course(fit, grid, REFERENCE_WALK, (), 0.0)
    first, last = (np.array(each, dtype=int) for each in zip(*pairs, strict=True))
    rows = rate_rows(course, last) - rate_rows(course, first)
    known = np.sum((rows @ fit.covariance) * rows, axis=1)
    middles = (grid.edges[:-1] + grid.edges[1:]) / 2
    months = np.abs(middles[last] - middles[first]) / DAYS_PER_MONTH
    beforehand = fit.dispersion / smoothing * months
    return np.asarray(1 - known / np.maximum(beforehand, 1e-300))
