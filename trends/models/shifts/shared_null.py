"""How broken would series look that have no shift, drawn once for many of like make?

The statistic of a search does not change with the unit of the counts, and on the square-root scale
it hardly changes with their level and scatter, unless events are few. So series of like length,
level, scatter and season can be held against the same draws, made under every memory and weighted
by how probable each memory is for the series at hand.

Draws belong to a cell, and what is drawn in a cell depends on nothing but the cell: tables are the
same whoever makes them, when and where.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryModels, memory_grid
from trends.models.counts.null_models import draw_counts, draw_latent
from trends.models.counts.observed import PERIODS_PER_YEAR
from trends.models.counts.season_terms import waves_of_year
from trends.models.shifts.level_fit import Fit, Problem, possible_starts
from trends.models.shifts.level_shift import possible_episodes, root_scale, scan_draws
from trends.models.shifts.projections import Projections

N_ALONE = 3_000
N_REMEMBERED = 250
"""Series drawn without memory, and with each of the memories."""

N_CHANGED = 40
"""Series with a change at mid-series drawn for each memory and size of change."""

MANY = 1.5
"""Events in a period, over their dispersion, from which the statistic is as of normal values: in
156 rows the 95% point differs by less than .1 of about 4."""

LEAST_MEAN = 0.25
"""Events in a period below which a series is held against draws of its own."""

MOST_SCATTER = 8.0

LENGTH_RATIO = 1.04
LEVEL_RATIO = 2.0
SCATTER_RATIO = 2.0**0.5
"""Ratios from one cell to the next."""

UNEVEN = 0.12
"""Largest share by which the exposure of a row may differ from the mean: months do by a twelfth."""

WAVES_MISSED = 0.03
"""Share of a season's square that waves of the year may leave."""

N_WAVES = 4
LONGEST_PERIOD = 30.4
"""Days from which all periods have the memories of months."""

SIZES = np.geomspace(1.5, 96.0, 13)
"""Changes at mid-series, in standard errors of their size without memory."""

SEED = 2_016


class Cell(NamedTuple):
    """What the draws of a cell depend on.

    Attributes
    ----------
    n_rows : int
    days_per_period : float
    min_rows : int
        Shortest segment.
    waves : bool
        Whether there is a season of two waves a year beside the level.
    mean, dispersion : float
        Expected count and variance-to-mean ratio; infinite and 1 where values are normal.
    """

    n_rows: int
    days_per_period: float
    min_rows: int
    waves: bool
    mean: float
    dispersion: float

    @property
    def seed(self) -> list[int]:
        """The stream of the cell."""
        level = 0 if math.isinf(self.mean) else round(1_000 * self.mean)
        return [
            SEED,
            self.n_rows,
            round(10 * self.days_per_period),
            self.min_rows,
            int(self.waves),
            level,
            round(1_000 * self.dispersion),
        ]


class SharedNull(NamedTuple):
    """Draws without a shift that stand for those of one series.

    Attributes
    ----------
    statistic : array of shape (n_draws,)
        Of each series drawn.
    models : int array of shape (n_draws,)
        The memory it was drawn with.
    weight : array of shape (n_draws,)
        What a draw counts for, times the probability of its memory.
    alone : array of shape (n_alone,)
        The statistic without memory of series without memory.
    alone_weight : array of shape (n_alone,)
    cell : Cell
        The first of those that the draws are from.
    """

    statistic: NDArray[np.float64]
    models: NDArray[np.int64]
    weight: NDArray[np.float64]
    alone: NDArray[np.float64]
    alone_weight: NDArray[np.float64]
    cell: Cell


def shared_null(problem: Problem, fit: Fit) -> SharedNull | None:
    """Return the draws that stand for those of a series; None where none do.

    Between cells the draws of the neighbours are mixed, each the more the nearer, which is to
    interpolate p-values.
    """
    cells = _cells_of(problem, fit)
    if not cells:
        return None
    drawn = [(_drawn(cell), share) for cell, share in cells]
    return SharedNull(
        np.concatenate([one.statistic for one, _ in drawn]),
        np.concatenate([one.models for one, _ in drawn]),
        np.concatenate([share * one.weight for one, share in drawn]),
        np.concatenate([one.alone for one, _ in drawn]),
        np.concatenate([np.full(one.alone.size, share) for one, share in drawn]),
        cells[0][0],
    )


def power_by_size(
    shared: SharedNull, threshold: float, probability: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return how often a change of each of `SIZES` is found; None where events are few.

    Parameters
    ----------
    shared : SharedNull
    threshold : float
        Statistic from which a shift is found.
    probability : array of shape (n_models,)
        Of each memory.
    """
    if not math.isinf(shared.cell.mean):
        return None
    found = _changed(shared.cell) >= threshold
    power = np.asarray(found.mean(axis=2) @ probability, dtype=np.float64)
    return np.maximum.accumulate(power)


def size_of(problem: Problem, fit: Fit, ratio: float) -> float:
    """Return a change by a ratio at mid-series in standard errors of its size without memory."""
    half = problem.n_rows // 2
    share = 1 - half / problem.n_rows
    mean, dispersion = float(fit.mean.mean()), float(fit.dispersion[0])
    low = mean / (1 - share + share * ratio)
    around = root_scale(np.array([low, low * ratio, mean]), dispersion)
    step = (around.centre[1] - around.centre[0]) / around.spread[2]
    return float(step * np.sqrt(problem.n_rows * share * (1 - share)))


def _cells_of(problem: Problem, fit: Fit) -> list[tuple[Cell, float]]:
    """Return the cells around a series and what each counts for; none for one of unusual make."""
    exposure = problem.observed.exposure
    dispersion = float(fit.dispersion[0])
    mean = float(fit.mean.mean())
    days = min(round(problem.models.days_per_period, 1), LONGEST_PERIOD)
    unusual = (
        not problem.searched
        or (problem.models.gaps != 1).any()
        or np.abs(exposure / exposure.mean() - 1).max() > UNEVEN
        or np.ptp(fit.dispersion) > 0
        or mean < LEAST_MEAN
        or dispersion > MOST_SCATTER
        or problem.starts.size != possible_starts(problem.n_rows, problem.min_rows).size
        or not np.array_equal(memory_grid(days).rho, problem.grid.rho)
    )
    waves = problem.season.shape[1] > 0
    if unusual or (waves and not _are_waves(problem.season, days)):
        return []
    length = round(LENGTH_RATIO ** round(math.log(problem.n_rows) / math.log(LENGTH_RATIO)))
    cell = Cell(length, days, problem.min_rows, waves, math.inf, 1.0)
    if mean / dispersion >= MANY:
        return [(cell, 1.0)]
    return [
        (cell._replace(mean=level, dispersion=scatter), first * second)
        for level, first in _neighbours(mean, LEVEL_RATIO)
        for scatter, second in _neighbours(dispersion, SCATTER_RATIO)
    ]


def _neighbours(value: float, ratio: float) -> Iterator[tuple[float, float]]:
    """Yield the powers of a ratio around a value, with weights by their log distance."""
    place = math.log(value) / math.log(ratio)
    low = math.floor(place)
    yield ratio**low, 1 - (place - low)
    if place > low:
        yield ratio ** (low + 1), place - low


def _are_waves(season: NDArray[np.float64], days_per_period: float) -> bool:
    """Return whether a season is one of waves of a year."""
    if season.shape[1] != N_WAVES:
        return False
    base = np.column_stack([np.ones(season.shape[0]), _waves(season.shape[0], days_per_period)])
    fitted, *_ = np.linalg.lstsq(base, season, rcond=None)
    left = np.square(season - base @ fitted).sum(axis=0)
    whole = np.square(season - season.mean(axis=0)).sum(axis=0)
    return bool((left <= WAVES_MISSED * whole).all())


def _waves(n_rows: int, days_per_period: float) -> NDArray[np.float64]:
    """Return the waves of a year in periods of equal length."""
    years = np.arange(n_rows, dtype=np.float64) * days_per_period / PERIODS_PER_YEAR["D"]
    return waves_of_year(years, N_WAVES // 2)


class _Drawn(NamedTuple):
    """Statistics of the series drawn in a cell, as in `SharedNull`."""

    statistic: NDArray[np.float64]
    models: NDArray[np.int64]
    weight: NDArray[np.float64]
    alone: NDArray[np.float64]


@lru_cache(maxsize=64)
def _drawn(cell: Cell) -> _Drawn:
    """Draw the series of a cell."""
    scan = _Scanner(cell)
    n_models = scan.models.grid.rho.size
    rng = np.random.default_rng(cell.seed)
    models = np.repeat(np.arange(n_models), [N_ALONE, *[N_REMEMBERED] * (n_models - 1)])
    statistic = np.empty(models.size)
    for some in scan.parts(models.size):
        statistic[some] = scan.statistics(scan.draw(models[some], rng))
    alone = scan.statistics(scan.draw(np.zeros(N_ALONE, dtype=np.int64), rng), memory=False)
    share = np.bincount(models) / models.size
    return _Drawn(statistic, models, 1 / share[models], alone)


@lru_cache(maxsize=16)
def _changed(cell: Cell) -> NDArray[np.float64]:
    """Return statistics of series with a change of each size: (n_sizes, n_models, n_draws).

    Each series is drawn once, and a change of every size is added to it.
    """
    scan = _Scanner(cell)
    n_models = scan.models.grid.rho.size
    rng = np.random.default_rng([*cell.seed, 1])
    models = np.repeat(np.arange(n_models), N_CHANGED)
    drawn = scan.draw(models, rng)
    half = cell.n_rows // 2
    later = (np.arange(cell.n_rows) >= half)[:, None]
    error = np.sqrt(1 / half + 1 / (cell.n_rows - half))
    found = np.stack([scan.statistics(drawn + later * (size * error)) for size in SIZES])
    return found.reshape(SIZES.size, n_models, N_CHANGED)


class _Scanner:
    """Draws and scans series of a cell."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.models = MemoryModels(np.ones(cell.n_rows - 1), cell.days_per_period)
        unit = np.ones(cell.n_rows)
        base = unit[:, None]
        if cell.waves:
            base = np.column_stack([unit, _waves(cell.n_rows, cell.days_per_period)])
        self.projections = Projections(unit, base, self.models)
        self.starts = possible_starts(cell.n_rows, cell.min_rows)
        self.episodes = possible_episodes(unit, (), cell.min_rows)

    def parts(self, n_series: int) -> Iterator[slice]:
        """Yield slices of so many series as fit into memory together."""
        size = max(1, 1_000_000 // self.cell.n_rows)
        for first in range(0, n_series, size):
            yield slice(first, first + size)

    def draw(self, models: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw one series for each memory model named, on the square-root scale."""
        cell, grid = self.cell, self.models.grid
        rho, weight = grid.rho[models], grid.weight[models]
        if math.isinf(cell.mean):
            return draw_latent(self.models.gaps, rho, weight, rng)
        every = np.ones(cell.n_rows)
        counts = draw_counts(
            cell.mean * every, cell.dispersion * every, self.models.gaps, rho, weight, rng
        )
        return np.asarray(np.sqrt(counts + 0.375), dtype=np.float64)

    def statistics(
        self, responses: NDArray[np.float64], *, memory: bool = True
    ) -> NDArray[np.float64]:
        """Return the statistic of each series, by parts."""
        return np.concatenate(
            [
                scan_draws(
                    responses[:, some],
                    self.projections,
                    self.starts,
                    self.episodes,
                    memory=memory,
                ).statistic
                for some in self.parts(responses.shape[1])
            ]
        )
