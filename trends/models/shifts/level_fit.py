"""Which levels, season and scatter do given steps leave in a series?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryGrid, MemoryModels
from trends.models.counts.observed import Observed
from trends.models.shifts.level_shift import root_scale
from trends.models.shifts.projections import Projections

DISPERSION_PRIOR = 4.0
"""Degrees of freedom with which a segment's dispersion is drawn towards that of the series."""

UNEVEN_SCATTER = 10.0
"""Twice the log likelihood ratio beyond which scatter changes at mid-series: about one even series
in a hundred goes beyond it."""

SCATTER_ROWS = 8
"""Fewest rows by which scatter is judged to differ."""

SEASON_STEPS = 12
"""Scoring steps of a season's fit at most; after one below `SMALL_STEP` the next is below 1e-12."""

SMALL_STEP = 1e-7


class Problem(NamedTuple):
    """What is searched, and how.

    Attributes
    ----------
    observed : Observed
        The periods that carry a count; a row is one of them.
    models : MemoryModels
        Memory models to weigh.
    season : array of shape (n_rows, n_terms)
        What repeats, on the log scale; no columns without a season. Linearly independent of one
        another and of a level.
    min_rows : int
        Shortest segment.
    starts : int array of shape (n_starts,)
        Rows at which a new regime may start, ascending.
    searched : bool
        False if `starts` were named in advance.
    alpha : float
        Chance of any step in a series without one.
    n_null : int
        Series drawn for each p-value, more where it is near `alpha`.
    shared : bool
        Whether draws made for many series of like make may settle that there is no shift.
    """

    observed: Observed
    models: MemoryModels
    season: NDArray[np.float64]
    min_rows: int
    starts: NDArray[np.int64]
    searched: bool
    alpha: float
    n_null: int
    shared: bool = False

    @property
    def grid(self) -> MemoryGrid:
        """Memory models as arrays."""
        return self.models.grid

    @property
    def n_rows(self) -> int:
        """Number of observed periods."""
        return int(self.observed.count.size)

    @property
    def every_start(self) -> NDArray[np.int64]:
        """Rows at which a new regime could start had none been named."""
        return self.starts if self.searched else possible_starts(self.n_rows, self.min_rows)


class Fit(NamedTuple):
    """Levels, scatter and regressors for given segment bounds.

    Attributes
    ----------
    mean, dispersion : arrays of shape (n_rows,)
        Expected count and variance-to-mean ratio.
    exposure : array of shape (n_rows,)
        Months watched times the season's factor, which averages 1.
    response_of : callable
        Turns counts into standardised residuals.
    projections : Projections
        Steps as seen beside levels and season.
    """

    mean: NDArray[np.float64]
    dispersion: NDArray[np.float64]
    exposure: NDArray[np.float64]
    response_of: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    projections: Projections


def possible_starts(n_rows: int, min_rows: int) -> NDArray[np.int64]:
    """Return the rows that leave at least `min_rows` on each side."""
    return np.arange(min_rows, n_rows - min_rows + 1, dtype=np.int64)


def segments(bounds: tuple[int, ...], n_rows: int) -> list[slice]:
    """Return the rows of each segment."""
    return [slice(low, high) for low, high in pairwise([0, *bounds, n_rows])]


def fit_levels(problem: Problem, bounds: tuple[int, ...], split: int | None) -> Fit:
    """Fit one level per segment; `split` is one more step that season and scatter allow for."""
    count = problem.observed.count
    parts = tuple(sorted({*bounds, *(() if split is None else (split,))}))
    exposure = seasonal_exposure(problem, parts)
    dispersion = fitted_dispersion(
        count, exposure, bounds=bounds, parts=parts, n_terms=problem.season.shape[1]
    )
    mean = np.empty(problem.n_rows)
    for rows in segments(bounds, problem.n_rows):
        # wild rows say less of a level; half an event keeps that of an empty segment above zero
        weight = dispersion[rows].min() / dispersion[rows]
        total = max(float(weight @ count[rows]), 0.5)
        mean[rows] = total / (weight @ exposure[rows]) * exposure[rows]
    # below 0.3 events the root's variance vanishes with the mean; a floor keeps single events
    # in near-empty segments from outweighing everything else
    scale = root_scale(np.maximum(mean, 1e-6), dispersion)
    floor = root_scale(np.array([0.3]), 1.0).spread[0]
    scale = scale._replace(spread=np.maximum(scale.spread, floor * np.sqrt(dispersion)))
    base = np.zeros((problem.n_rows, len(bounds) + 1))
    for number, rows in enumerate(segments(bounds, problem.n_rows)):
        base[rows, number] = scale.column[rows]
    base = np.column_stack([base, problem.season * scale.column[:, None]])
    projections = Projections(scale.column, base, problem.models)
    return Fit(mean, dispersion, exposure, scale.response, projections)


def seasonal_exposure(problem: Problem, bounds: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the exposure times the factor of the season beside one level per segment.

    The season's coefficients have a standard normal prior on the log scale, which keeps months
    without any event from having no effect at all.
    """
    count, exposure = problem.observed.count, problem.observed.exposure
    if problem.season.shape[1] == 0:
        return exposure
    levels = np.zeros((problem.n_rows, len(bounds) + 1))
    for number, rows in enumerate(segments(bounds, problem.n_rows)):
        levels[rows, number] = 1.0
    design = np.column_stack([levels, problem.season])
    n_levels = levels.shape[1]
    precision = np.append(np.full(n_levels, 1e-9), np.ones(design.shape[1] - n_levels))
    start = np.log((count @ levels + 0.5) / (exposure @ levels))
    params = np.append(start, np.zeros(design.shape[1] - n_levels))
    for _ in range(SEASON_STEPS):
        mean = exposure * np.exp(np.clip(design @ params, -30, 30))
        score = design.T @ (count - mean) - precision * params
        information = (design.T * mean) @ design + np.diag(precision)
        step = np.linalg.solve(information, score)
        params = params + np.clip(step, -2, 2)
        if np.abs(step).max() < SMALL_STEP:
            break
    factor = np.exp(problem.season @ params[n_levels:])
    return np.asarray(exposure * factor * exposure.sum() / (exposure @ factor), dtype=np.float64)


def fitted_dispersion(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    *,
    bounds: tuple[int, ...],
    parts: tuple[int, ...],
    n_terms: int,
) -> NDArray[np.float64]:
    """Return the dispersion of each row: its regime's, drawn towards that of the series.

    Parameters
    ----------
    count, exposure : arrays of shape (n_rows,)
        Exposure times the season's factor.
    bounds : tuple of int
        Steps; each segment has a dispersion. Without any, scatter has one or two regimes.
    parts : tuple of int
        Rows at which the level changes, which takes one degree of freedom each.
    n_terms : int
        Degrees of freedom that the season takes.
    """
    n_rows = count.size
    square = _pearson_squares(count, exposure, parts, np.ones(n_rows))
    # the season's degrees of freedom are spread evenly
    freedom = np.full(n_rows, 1 - n_terms / n_rows)
    for rows in segments(parts, n_rows):
        freedom[rows] -= 1 / (rows.stop - rows.start)
    pooled = square.sum() / max(freedom.sum(), 1.0)
    if bounds:
        return _regime_dispersion(square, freedom, bounds)
    regimes = _scatter_regimes(square, freedom)
    if not regimes:
        return np.full(n_rows, max(1.0, pooled))
    # a regime of wild scatter whose mean is low by chance shows less of it around that mean than
    # around the level of all
    first = _regime_dispersion(square, freedom, regimes)
    around_level = _pearson_squares(count, exposure, (), 1 / first)
    return np.maximum(first, _regime_dispersion(around_level, freedom, regimes))


def _pearson_squares(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    parts: tuple[int, ...],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return (count - mean)^2 / mean around one weighted rate for each part."""
    square = np.zeros(count.size)
    for rows in segments(parts, count.size):
        total = (weight[rows] * count[rows]).sum()
        if total > 0:
            mean = total / (weight[rows] * exposure[rows]).sum() * exposure[rows]
            square[rows] = (count[rows] - mean) ** 2 / mean
    return square


def _regime_dispersion(
    square: NDArray[np.float64], freedom: NDArray[np.float64], regimes: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the dispersion of each regime, drawn towards that of all."""
    pooled = square.sum() / max(freedom.sum(), 1.0)
    dispersion = np.empty(square.size)
    for rows in segments(regimes, square.size):
        own = square[rows].sum() + DISPERSION_PRIOR * pooled
        dispersion[rows] = max(1.0, own / (freedom[rows].sum() + DISPERSION_PRIOR))
    return dispersion


def _scatter_regimes(square: NDArray[np.float64], freedom: NDArray[np.float64]) -> tuple[int, ...]:
    """Return the row from which scatter differs clearly, if there is one.

    Twice the log likelihood ratio of two normal variances to one, divided by how much more the
    squares vary than those of normal values.
    """
    n_rows = square.size
    rows = np.arange(SCATTER_ROWS, n_rows - SCATTER_ROWS + 1)
    if rows.size == 0 or square.sum() <= 0:
        return ()
    sums, free = np.cumsum(square)[rows - 1], np.cumsum(freedom)[rows - 1]
    sides = ((sums, free), (square.sum() - sums, freedom.sum() - free))
    pooled = square.sum() / freedom.sum()
    # no regime scatters less than chance makes it
    gain = freedom.sum() * np.log(max(pooled, 1.0)) + square.sum() / max(pooled, 1.0)
    for own, own_free in sides:
        level = np.maximum(own / own_free, 1.0)
        gain = gain - own_free * np.log(level) - own / level
    row = int(rows[np.argmax(gain)])
    relative = square / np.where(
        np.arange(n_rows) < row,
        max(square[:row].mean(), 1e-9),
        max(square[row:].mean(), 1e-9),
    )
    return (row,) if gain.max() > UNEVEN_SCATTER * max(1.0, relative.var() / 2) else ()


def best_split(problem: Problem, bounds: tuple[int, ...], starts: NDArray[np.int64]) -> int:
    """Return the candidate row with the largest Poisson likelihood ratio in its segment."""
    totals = np.concatenate([[0.0], np.cumsum(problem.observed.count)])
    spans = np.concatenate([[0.0], np.cumsum(seasonal_exposure(problem, bounds))])
    edges = np.array([0, *bounds, problem.n_rows])
    place = np.searchsorted(edges, starts, side="right")
    low, high = edges[place - 1], edges[place]

    def fit(total: NDArray[np.float64], span: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(total > 0, total * np.log(np.maximum(total, 1e-300) / span), 0.0)

    gain = (
        fit(totals[starts] - totals[low], spans[starts] - spans[low])
        + fit(totals[high] - totals[starts], spans[high] - spans[starts])
        - fit(totals[high] - totals[low], spans[high] - spans[low])
    )
    return int(starts[np.argmax(gain)])
