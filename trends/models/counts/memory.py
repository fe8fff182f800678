"""How much does one period remember of the ones before it?

The memory family used wherever a shift has to be told apart from persistence: a share
``weight`` of the variation follows a first-order autoregression with correlation ``rho`` per
period, the rest is fresh noise. Missing periods are left out and the true distance in time stays
in the exponent.
"""

from __future__ import annotations

from collections.abc import Iterator
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
KEPT_ROWS = 600

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


class MemoryModels:
    """The memory models of one series with their precision matrices.

    Iterating yields (log prior, precision matrix, log determinant of the covariance) per model.
    The matrices of series of up to `KEPT_ROWS` rows are kept, those of longer ones are made anew
    each time, because a grid of them would not fit in memory.

    Parameters
    ----------
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    grid : MemoryGrid
        The models.
    """

    def __init__(self, gaps: NDArray[np.float64], grid: MemoryGrid) -> None:
        self.gaps = gaps
        self.grid = grid
        self._kept: list[tuple[float, NDArray[np.float64], float]] = []

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.float64], float]]:
        """Yield the models in the order of the grid."""
        if self._kept:
            yield from self._kept
            return
        keep = self.gaps.size < KEPT_ROWS
        kept = []
        for rho, weight, log_prior in zip(*self.grid, strict=True):
            precision, log_determinant = precision_matrix(self.gaps, float(rho), float(weight))
            model = (float(log_prior), precision, log_determinant)
            if keep:
                kept.append(model)
            yield model
        self._kept = kept


def precision_matrix(
    gaps: NDArray[np.float64], rho: float, weight: float
) -> tuple[NDArray[np.float64], float]:
    """Return the inverse and log determinant of ``weight * rho**|t_i - t_j| + (1 - weight) I``.

    ``gaps`` are the n - 1 distances in periods between neighbouring rows.
    """
    n_rows = gaps.size + 1
    if weight == 0:
        return np.eye(n_rows), 0.0
    # The inverse of rho**|t_i - t_j| is tridiagonal (the process is Markov), so the inverse of
    # the mixture costs one tridiagonal solve per column.
    step = rho**gaps
    inflation = 1 / (1 - step**2)
    diagonal = np.ones(n_rows)
    diagonal[1:] = inflation
    diagonal[:-1] += step**2 * inflation
    tridiagonal = weight + (1 - weight) * diagonal
    factor, off_factor, info = lapack.dpttrf(tridiagonal, -(1 - weight) * step * inflation)
    if info != 0:
        raise RuntimeError(
            f"memory covariance must be positive definite, got rho={rho}, weight={weight}. "
            "Report this together with the series."
        )
    inverse, _ = lapack.dpttrs(factor, off_factor, np.eye(n_rows, order="F"))
    log_determinant = float(np.log(factor).sum() - np.log(inflation).sum())
    return (np.eye(n_rows) - weight * inverse) / (1 - weight), log_determinant


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
