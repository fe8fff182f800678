"""Which ways of remembering does a level have, from none to wandering without any level?

The memories of `trends.models.counts.memory` fade within months: there is a level to come back to.
Beyond them stand memories that outlast the series in practice, slow autoregressions and random
walks: under those a rate drifts to wherever chance takes it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import memory_grid, precision_matrix, wandering_grid

#: Correlations and weights of the package's memories that stand for all of them here: what is
#: weighed is the course, and memories between these make the same of it.
FADING_RHO = (0.35, 0.65, 0.8, 0.95, 0.993)
FADING_WEIGHT = (0.3, 0.5, 0.7, 0.9)
#: Prior weight of no memory. A memory that need not be there hides a step from a line.
PRIOR_NO_MEMORY = 0.65


class Memories(NamedTuple):
    """Memories of one set of rows as whitening matrices.

    Attributes
    ----------
    whiten : array of shape (n_memories, n_rows, n_rows)
        Times residuals with that memory gives independent ones of the same scale.
    log_determinant : array of shape (n_memories,)
        Of the covariance.
    log_prior : array of shape (n_memories,)
        Sums to one on the natural scale.
    correlation : array of shape (n_memories,)
        Correlation of neighbouring residuals; 1 for a random walk.
    fresh : array of shape (n_memories,)
        Variance of the part that is not remembered.
    """

    whiten: NDArray[np.float64]
    log_determinant: NDArray[np.float64]
    log_prior: NDArray[np.float64]
    correlation: NDArray[np.float64]
    fresh: NDArray[np.float64]

    @property
    def least_dispersion(self) -> NDArray[np.float64]:
        """Dispersions below which the part that is not remembered would be surer than Poisson."""
        return np.asarray(1 / self.fresh)


def fading_memories(position: NDArray[np.int64], days_per_period: float) -> Memories:
    """Return the memories under which there is a level; the first is none."""
    grid = memory_grid(days_per_period)
    kept = (grid.weight == 0) | (
        np.isin(grid.rho, FADING_RHO) & np.isin(grid.weight, FADING_WEIGHT)
    )
    log_prior = np.full(kept.sum(), np.log((1 - PRIOR_NO_MEMORY) / (kept.sum() - 1)))
    log_prior[0] = np.log(PRIOR_NO_MEMORY)
    return _memories(position, grid.rho[kept], grid.weight[kept], log_prior)


def wandering_memories(position: NDArray[np.int64], days_per_period: float) -> Memories:
    """Return the memories under which there is none: slow autoregressions and random walks."""
    grid = wandering_grid(days_per_period)
    slow = grid.rho < 1
    held = _memories(position, grid.rho[slow], grid.weight[slow], grid.log_prior[slow])
    walks = [_random_walk(position, weight / (1 - weight)) for weight in grid.weight[~slow]]
    return Memories(
        np.concatenate([held.whiten, np.stack([whiten for whiten, _ in walks])]),
        np.concatenate([held.log_determinant, [log_det for _, log_det in walks]]),
        grid.log_prior,
        np.concatenate([held.correlation, np.ones(len(walks))]),
        np.concatenate([held.fresh, np.ones(len(walks))]),
    )


def _memories(
    position: NDArray[np.int64],
    rho: NDArray[np.float64],
    weight: NDArray[np.float64],
    log_prior: NDArray[np.float64],
) -> Memories:
    """Return stationary memories with their whitening matrices."""
    gaps = np.diff(position).astype(np.float64)
    whiten, log_determinant = [], []
    for one_rho, one_weight in zip(rho, weight, strict=True):
        precision, log_det = precision_matrix(gaps, float(one_rho), float(one_weight))
        whiten.append(np.linalg.cholesky(precision).T)
        log_determinant.append(log_det)
    return Memories(
        np.stack(whiten), np.array(log_determinant), log_prior, rho * weight, 1 - weight
    )


def _random_walk(position: NDArray[np.int64], step: float) -> tuple[NDArray[np.float64], float]:
    """Return whitening matrix and log determinant of noise around a random walk from 0."""
    since = (position - position[0]).astype(np.float64)
    lower = np.linalg.cholesky(np.eye(since.size) + step * np.minimum.outer(since, since))
    return np.linalg.inv(lower), float(2 * np.log(np.diag(lower)).sum())
