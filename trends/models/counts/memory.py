"""How much does one period remember of the ones before it?

The memory family used wherever a shift has to be told apart from persistence: a share
``weight`` of the variation follows a first-order autoregression with correlation ``rho`` per
period, the rest is fresh noise. Missing periods are left out and the true distance in time stays
in the exponent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from trends.tables.calendar import DAYS_PER_MONTH

MONTHLY_CEILING = 0.8
"""Largest correlation from one month to the next that is considered: a half-life of 3.1 months."""

PRIOR_NO_MEMORY = 0.2
"""Prior probability of no memory at all; the rest is spread evenly over the grid."""

RHO_GRID = (0.2, 0.35, 0.5, 0.65, 0.8)
LEAST_DECAY = 1e-300
"""Memory across a gap below which it is taken for this little: its logarithm stays finite."""

SHORT_PERIOD_RHO = (0.9, 0.95, 0.98, 0.993)
WEIGHT_GRID = (0.15, 0.3, 0.5, 0.7, 0.9)


class MemoryGrid(NamedTuple):
    """The memory models that are weighed against one another; the first is no memory.

    Attributes
    ----------
    rho : array of shape (n_models,)
        Correlation of the remembered part from one period to the next.
    weight : array of shape (n_models,)
        Share of the variation that is remembered.
    log_prior : array of shape (n_models,)
        Log prior probability of each model.
    """

    rho: NDArray[np.float64]
    weight: NDArray[np.float64]
    log_prior: NDArray[np.float64]


def memory_grid(days_per_period: float) -> MemoryGrid:
    """Return the memory models for periods of this length (days).

    Periods shorter than a month get larger correlations as well, so that the longest memory
    considered is a half-life of about three months whatever the period; longer periods keep 0.8.
    """
    ceiling = max(MONTHLY_CEILING, MONTHLY_CEILING ** (days_per_period / DAYS_PER_MONTH))
    correlations = [*RHO_GRID, *(rho for rho in SHORT_PERIOD_RHO if rho <= ceiling + 0.005)]
    rho, weight = (axis.ravel() for axis in np.meshgrid(correlations, WEIGHT_GRID, indexing="ij"))
    log_prior = np.full(rho.size + 1, np.log((1 - PRIOR_NO_MEMORY) / rho.size))
    log_prior[0] = np.log(PRIOR_NO_MEMORY)
    return MemoryGrid(np.append(0.0, rho), np.append(0.0, weight), log_prior)


class Precisions(NamedTuple):
    """The inverse covariances of several memories, each `fresh` times I less a matrix U.

    U is `share` times the inverse of a tridiagonal matrix. What row i has in common with a later
    row j in it is the product of the decays from i to j times U_jj, so that sums over rows and
    columns of U take one pass down the rows.

    Attributes
    ----------
    log_prior, log_determinant : arrays of shape (n_models,)
        Of each memory, and of its covariance.
    fresh, share : arrays of shape (n_models,)
    decay : array of shape (n_rows, n_models)
        From each row to the next; 1 in the last row.
    diagonal : array of shape (n_rows, n_models)
        Of U.
    tridiagonal : pair of arrays of shape (n_models, n_rows)
        Pivots of the tridiagonal matrices, and what is below them; nothing is below the last.
    """

    log_prior: NDArray[np.float64]
    log_determinant: NDArray[np.float64]
    fresh: NDArray[np.float64]
    share: NDArray[np.float64]
    decay: NDArray[np.float64]
    diagonal: NDArray[np.float64]
    tridiagonal: tuple[NDArray[np.float64], NDArray[np.float64]]

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inverses times columns (n_rows, n_columns): (n_models, n_rows, n_columns)."""
        fresh, share = self.fresh[:, None, None], self.share[:, None, None]
        return np.asarray(fresh * columns - share * _solved(self.tridiagonal, columns))


def _precisions_of(
    log_prior: NDArray[np.float64],
    fresh: NDArray[np.float64],
    share: NDArray[np.float64],
    tridiagonal: tuple[NDArray[np.float64], NDArray[np.float64]],
    log_determinant: NDArray[np.float64],
) -> Precisions:
    """Return the inverses whose fresh part, share, factors and log determinant are given."""
    pivots, below = (each.T for each in tridiagonal)
    diagonal = 1 / pivots
    for row in range(pivots.shape[0] - 2, -1, -1):
        diagonal[row] += below[row] ** 2 * diagonal[row + 1]
    decay = np.ones_like(diagonal)
    np.maximum(-below[:-1], LEAST_DECAY, out=decay[:-1])
    return Precisions(
        log_prior, log_determinant, fresh, share, decay, share * diagonal, tridiagonal
    )


class MemoryModels:
    """The memory models of one series with their precision matrices.

    Parameters
    ----------
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    days_per_period : float
        Length of a period, which bounds the correlations from one to the next.
    """

    def __init__(self, gaps: NDArray[np.float64], days_per_period: float) -> None:
        self.gaps = gaps
        self.days_per_period = days_per_period
        self.grid = memory_grid(days_per_period)

    @property
    def key(self) -> tuple[type[MemoryModels], bytes, float]:
        """What models of the same rows agree in."""
        return MemoryModels, self.gaps.astype(float).tobytes(), self.days_per_period

    @property
    def precisions(self) -> Precisions:
        """The inverse covariances; series that are observed in the same periods share them."""
        return _memory_precisions(self.gaps.astype(float).tobytes(), self.days_per_period)


@lru_cache(maxsize=2)
def _memory_precisions(gaps: bytes, days_per_period: float) -> Precisions:
    """Return the inverses of the memories of rows with these gaps."""
    grid = memory_grid(days_per_period)
    factors = _factors(gaps, grid.rho.tobytes(), grid.weight.tobytes())
    fresh = 1 / (1 - factors.weight)
    return _precisions_of(
        grid.log_prior, fresh, factors.weight * fresh, factors.mixture, factors.log_determinant
    )


def correlation_matrix(gaps: NDArray[np.float64], rho: float, weight: float) -> NDArray[np.float64]:
    """Return ``weight * rho**|t_i - t_j| + (1 - weight) I``.

    ``gaps`` are the n - 1 distances in periods between neighbouring rows.
    """
    position = np.concatenate([[0.0], np.cumsum(gaps)])
    correlation = np.subtract.outer(position, position)
    np.abs(correlation, out=correlation)
    correlation *= np.log(max(rho, LEAST_DECAY))
    np.exp(correlation, out=correlation)
    correlation *= weight
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)


def precision_matrix(
    gaps: NDArray[np.float64], rho: float, weight: float
) -> tuple[NDArray[np.float64], float]:
    """Return the inverse and log determinant of `correlation_matrix`."""
    rows = np.eye(gaps.size + 1)
    if weight == 0:
        return rows, 0.0
    factor = _factor(gaps.astype(float).tobytes(), rho, weight)
    return factor.whitened(rows)[0], float(factor.log_determinant[0])


def memory_products(
    columns: NDArray[np.float64], gaps: NDArray[np.float64], grid: MemoryGrid
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return log|R|, C'R^-1 C and C'RC of columns C for every memory correlation R of a grid.

    The work is linear in the number of rows.

    Parameters
    ----------
    columns : array of shape (n_rows, n_columns) or (n_rows, n_draws, n_columns)
        Products are taken within each draw.
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    grid : MemoryGrid

    Returns
    -------
    log_determinant : array of shape (n_models,)
    within, across : arrays of shape (n_models, ..., n_columns, n_columns)
    """
    alone = inner_products(columns, columns)
    within = np.empty((grid.rho.size, *alone.shape))
    across = np.empty_like(within)
    flat = columns.reshape(columns.shape[0], -1)
    factors = _factors_of(gaps, grid)
    for models in factors.blocks(flat.size):
        part = factors.of(models)
        shape = (part.weight.size, *columns.shape)
        whitened, remembered = part.whitened(flat), part.remembered(flat)
        within[models] = inner_products(columns, whitened.reshape(shape))
        across[models] = inner_products(columns, remembered.reshape(shape))
    weight = factors.weight.reshape(-1, *(1,) * alone.ndim)
    return factors.log_determinant, within, weight * across + (1 - weight) * alone


def memory_squares(
    columns: NDArray[np.float64], gaps: NDArray[np.float64], grid: MemoryGrid
) -> NDArray[np.float64]:
    """Return c'R^-1 c of columns c for every memory correlation R of a grid.

    One pass down the rows, all memories and columns together: half the work of R^-1 c.

    Parameters
    ----------
    columns : array of shape (n_rows, n_columns)
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    grid : MemoryGrid

    Returns
    -------
    array of shape (n_models, n_columns)
    """
    alone = np.square(columns).sum(axis=0)
    factors = _factors_of(gaps, grid)
    pivots, below = (each.T[:, :, None] for each in factors.mixture)
    left = np.zeros((grid.weight.size, alone.size))
    solved = np.zeros_like(left)
    square = np.empty_like(left)
    for row, values in enumerate(columns):
        if row:
            left *= below[row - 1]
        np.subtract(values, left, out=left)
        np.multiply(left, left, out=square)
        square /= pivots[row]
        solved += square
    weight = grid.weight[:, None]
    return np.asarray((alone - weight * solved) / (1 - weight))


def inner_products(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return first' second of columns, shape (n_rows, ..., n_columns), within each draw.

    The second may have models as its first axis.
    """
    if first.ndim == 2:
        return np.asarray(first.T @ second)
    # ten times as fast as the same sum by einsum
    rows = second.ndim - first.ndim
    return np.asarray(np.moveaxis(first, 0, -1) @ np.moveaxis(second, rows, -2))


def whitened_columns(
    columns: NDArray[np.float64], gaps: NDArray[np.float64], grid: MemoryGrid
) -> NDArray[np.float64]:
    """Return R^-1 C of columns C, (n_models, n_rows, n_columns), for every memory R of a grid."""
    return _factors_of(gaps, grid).whitened(columns)


def recollections(
    gaps: NDArray[np.float64], grid: MemoryGrid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how each row counts in what is remembered at the last one, for every memory of a grid.

    A row is the square root of the weight times what is remembered, of variance 1, plus
    independent noise.

    Parameters
    ----------
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    grid : MemoryGrid

    Returns
    -------
    loadings : array of shape (n_models, n_rows)
        Times the rows, the mean of what is remembered.
    variance : array of shape (n_models,)
        Its variance.
    """
    return _factors_of(gaps, grid).recollections()


@lru_cache(maxsize=128)
def _factor(gaps: bytes, rho: float, weight: float) -> _Factors:
    """Factorise the memory of rows with these gaps; the same series asks for it again and again."""
    return _Factors.made(np.frombuffer(gaps), np.array([rho]), np.array([weight]))


def _factors_of(gaps: NDArray[np.float64], grid: MemoryGrid) -> _Factors:
    """Return the factors of every memory of a grid."""
    return _factors(gaps.astype(float).tobytes(), grid.rho.tobytes(), grid.weight.tobytes())


@lru_cache(maxsize=4)
def _factors(gaps: bytes, rho: bytes, weight: bytes) -> _Factors:
    """Factorise the memories of a grid; the same series asks for it again and again."""
    return _Factors.made(np.frombuffer(gaps), np.frombuffer(rho), np.frombuffer(weight))


#: Numbers that products of all memories with some columns may hold at once.
_AT_ONCE = 1_000_000


class _Factors(NamedTuple):
    """Memories R = weight K + (1 - weight) I with K = rho**|t_i - t_j|, factorised.

    K is that of a Markov process, so its inverse Q is tridiagonal, and with
    T = weight I + (1 - weight) Q the inverse of R is (I - weight T^-1) / (1 - weight): products
    with R and its inverse cost one tridiagonal solve a column. The systems of all memories stand
    one below the other in one system, with nothing between them: one call solves all.

    Attributes
    ----------
    weight, log_determinant : array of shape (n_models,)
    markov, mixture : pair of arrays of shape (n_models, n_rows)
        Pivots of Q and T, and what is below them; nothing is below the last.
    """

    weight: NDArray[np.float64]
    markov: tuple[NDArray[np.float64], NDArray[np.float64]]
    mixture: tuple[NDArray[np.float64], NDArray[np.float64]]
    log_determinant: NDArray[np.float64]

    @classmethod
    def made(
        cls, gaps: NDArray[np.float64], rho: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> _Factors:
        """Factorise memories of rows with these gaps."""
        step = np.zeros((rho.size, gaps.size + 1))
        step[:, :-1] = rho[:, None] ** gaps
        # Eliminated from its first row on, Q has the inflations as pivots, and -step below them.
        inflation = 1 / (1 - step**2)
        diagonal = inflation.copy()
        diagonal[:, 1:] += (step**2 * inflation)[:, :-1]
        fresh = 1 - weight[:, None]
        pivots, below, fault = lapack.dpttrf(
            (weight[:, None] + fresh * diagonal).ravel(), (-fresh * step * inflation).ravel()[:-1]
        )
        if fault:
            model = (fault - 1) // step.shape[1]
            raise RuntimeError(
                f"memory covariance must be positive definite, got rho={rho[model]}, "
                f"weight={weight[model]}. Report this together with the series."
            )
        pivots, below = pivots.reshape(step.shape), np.append(below, 0.0).reshape(step.shape)
        log_determinant = np.log(pivots).sum(axis=1) - np.log(inflation).sum(axis=1)
        return cls(weight, (inflation, -step), (pivots, below), log_determinant)

    def of(self, models: slice) -> _Factors:
        """Return the factors of some of the memories."""
        return _Factors(
            self.weight[models],
            (self.markov[0][models], self.markov[1][models]),
            (self.mixture[0][models], self.mixture[1][models]),
            self.log_determinant[models],
        )

    def blocks(self, size: int) -> list[slice]:
        """Return the memories in blocks whose products with so many numbers are made at once."""
        at_once = max(1, _AT_ONCE // size)
        return [slice(first, first + at_once) for first in range(0, self.weight.size, at_once)]

    def whitened(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inverse of every R times columns, shape (n_models, n_rows, n_columns)."""
        weight = self.weight[:, None, None]
        return np.asarray((columns - weight * _solved(self.mixture, columns)) / (1 - weight))

    def remembered(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return every K times columns, shape (n_models, n_rows, n_columns)."""
        return _solved(self.markov, columns)

    def recollections(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how each row counts in what the last one remembers, and the variance of that."""
        steps = -self.markov[1]
        steps[:, -1] = 1.0
        across = np.sqrt(self.weight)[:, None] * np.cumprod(steps[:, ::-1], axis=1)[:, ::-1]
        pivots, below = self.mixture
        solved, _ = lapack.dpttrs(pivots.ravel(), below.ravel()[:-1], across.ravel())
        weight = self.weight[:, None]
        loadings = (across - weight * solved.reshape(across.shape)) / (1 - weight)
        return loadings, 1 - np.sum(across * loadings, axis=1)


def _solved(
    factor: tuple[NDArray[np.float64], NDArray[np.float64]], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return columns divided by the tridiagonal matrix of every memory."""
    pivots, below = factor
    (n_models, n_rows), n_columns = pivots.shape, columns.shape[1]
    if n_models == 1:
        return np.asarray(lapack.dpttrs(pivots[0], below[0, :-1], columns)[0])[None]
    # One array of all memories for each column, as LAPACK wants them.
    stacked = np.empty((n_columns, n_models, n_rows))
    stacked[:] = columns.T[:, None]
    solved, _ = lapack.dpttrs(
        pivots.ravel(), below.ravel()[:-1], stacked.reshape(n_columns, -1).T, overwrite_b=True
    )
    return np.asarray(np.moveaxis(solved.T.reshape(stacked.shape), 0, -1))


def variance_inflation(
    n_periods: NDArray[np.float64], rho: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return by how much memory inflates the variance of a mean over ``n_periods`` (broadcast)."""
    n_periods, rho, weight = np.broadcast_arrays(n_periods, rho, weight)
    # sum over lags k of 2 (1 - k/n) rho^k, in closed form
    geometric = rho * (1 - rho ** (n_periods - 1)) / (1 - rho)
    weighted = rho * (1 - n_periods * rho ** (n_periods - 1) + (n_periods - 1) * rho**n_periods)
    lags = geometric - weighted / ((1 - rho) ** 2 * n_periods)
    return np.asarray(1 + 2 * weight * lags, dtype=np.float64)


SLOW_RHO = (0.9, 0.95)
SLOW_WEIGHT = (0.3, 0.5, 0.7, 0.9)
"""Correlations from one month to the next beyond the ceiling (half-lives of 6.6 and 13.5 months),
and shares of the variation."""

WALK_STEP = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Variance of a random walk's monthly step over the variance of the noise around it."""


def wandering_grid(days_per_period: float) -> MemoryGrid:
    """Return slow autoregressions and random walks for periods of this length (days).

    Half of the prior probability is on each kind. A walk has the correlation 1, and as its weight
    the share of one step in the variance of a step and the noise.
    """
    share = min(days_per_period / DAYS_PER_MONTH, 1.0)
    rho, weight = (
        axis.ravel()
        for axis in np.meshgrid(np.array(SLOW_RHO) ** share, SLOW_WEIGHT, indexing="ij")
    )
    step = share * np.array(WALK_STEP)
    log_prior = np.repeat(np.log([0.5 / rho.size, 0.5 / step.size]), [rho.size, step.size])
    return MemoryGrid(
        np.append(rho, np.ones(step.size)), np.append(weight, step / (1 + step)), log_prior
    )


class WanderingModels:
    """Memories that outlast a series, under which it has no level to shift (`wandering_grid`).

    Parameters
    ----------
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    days_per_period : float
        Length of a period.
    """

    def __init__(self, gaps: NDArray[np.float64], days_per_period: float) -> None:
        self.gaps = gaps
        self.days_per_period = days_per_period
        self.grid = wandering_grid(days_per_period)

    @property
    def key(self) -> tuple[type[WanderingModels], bytes, float]:
        """What models of the same rows agree in."""
        return WanderingModels, self.gaps.astype(float).tobytes(), self.days_per_period

    @property
    def precisions(self) -> Precisions:
        """The inverse covariances."""
        return _wandering_precisions(self.gaps.astype(float).tobytes(), self.days_per_period)


@lru_cache(maxsize=2)
def _wandering_precisions(gaps: bytes, days_per_period: float) -> Precisions:
    """Return the inverses of memories that outlast rows with these gaps."""
    grid = wandering_grid(days_per_period)
    walks = grid.rho >= 1
    stays = _factors(gaps, grid.rho[~walks].tobytes(), grid.weight[~walks].tobytes())
    shape = (grid.rho.size, len(gaps) // 8 + 1)
    fresh, share, log_determinant = np.ones(shape[0]), np.ones(shape[0]), np.empty(shape[0])
    pivots, below = np.empty(shape), np.zeros(shape)
    fresh[~walks] = 1 / (1 - stays.weight)
    share[~walks] = stays.weight / (1 - stays.weight)
    (pivots[~walks], below[~walks]), log_determinant[~walks] = stays.mixture, stays.log_determinant
    for model in np.flatnonzero(walks):
        step = float(grid.weight[model] / (1 - grid.weight[model]))
        _, whole, log_determinant[model] = _walk_factors(np.frombuffer(gaps), step)
        pivots[model], below[model, :-1] = whole
    return _precisions_of(grid.log_prior, fresh, share, (pivots, below), log_determinant)


def _walk_factors(
    gaps: NDArray[np.float64], step: float
) -> tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.float64], ...], float]:
    """Factorise the inverse Q of ``step * W`` and Q + I; also return the log determinant of R.

    Q is tridiagonal, and R = I + Q^-1 has the inverse I - (Q + I)^-1.
    """
    moves = 1 / (step * np.append(1.0, gaps))
    diagonal = moves.copy()
    diagonal[:-1] += moves[1:]
    *walk, fault = lapack.dpttrf(diagonal, -moves[1:])
    *whole, second_fault = lapack.dpttrf(diagonal + 1, -moves[1:])
    if fault or second_fault:
        raise RuntimeError(
            f"walk covariance must be positive definite, got step={step}. "
            "Report this together with the series."
        )
    return tuple(walk), tuple(whole), float(np.log(whole[0]).sum() - np.log(moves).sum())


def walk_products(
    columns: NDArray[np.float64], gaps: NDArray[np.float64], step: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return log|R|, C'R^-1 C and C'RC of columns C for R = I + step * W, W of a random walk.

    The walk begins at 0 and takes its first step one period before the first row; beside a free
    level that makes no difference.
    """
    walk, whole, log_determinant = _walk_factors(gaps, step)
    spread, _ = lapack.dpttrs(*walk, columns)
    solved, _ = lapack.dpttrs(*whole, columns)
    alone = columns.T @ columns
    return log_determinant, alone - columns.T @ solved, alone + columns.T @ spread


def wandering_products(
    columns: NDArray[np.float64], gaps: NDArray[np.float64], grid: MemoryGrid
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what `memory_products` does, for a grid of `wandering_grid`."""
    slow = grid.rho < 1
    held = MemoryGrid(grid.rho[slow], grid.weight[slow], grid.log_prior[slow])
    log_determinant, within, across = memory_products(columns, gaps, held)
    walks = [
        walk_products(columns, gaps, float(weight / (1 - weight))) for weight in grid.weight[~slow]
    ]
    return (
        np.append(log_determinant, [each[0] for each in walks]),
        np.concatenate([within, [each[1] for each in walks]]),
        np.concatenate([across, [each[2] for each in walks]]),
    )
