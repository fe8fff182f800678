"""What would a series with this level, scatter and memory, but no change, look like?

Counts are drawn with negative binomial margins (variance proportional to the mean) tied together
by a Gaussian copula with the memory of `trends.models.counts.memory`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

TABLE_LIMIT = 2_000.0
"""Means above this many events get gamma quantiles: a table of every count would not fit."""

TABLE_ROWS = 20_000.0
"""Counts above which a table is not made either: one month of thousands of events among empty ones
takes as many counts as that, and a search asks for hundreds of tables."""

TAIL = 6.0
"""Normal quantile beyond which a draw is clipped; the chance of needing more is 1e-9."""


def draw_counts(
    mean: NDArray[np.float64],
    dispersion: NDArray[np.float64],
    gaps: NDArray[np.float64],
    rho: NDArray[np.float64],
    weight: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw one series per entry of ``rho`` and ``weight``.

    Parameters
    ----------
    mean, dispersion : arrays of shape (n_rows,)
        Expected count, and variance-to-mean ratio (1 is Poisson), of each row.
    gaps : array of shape (n_rows - 1,)
        Periods between neighbouring rows.
    rho, weight : arrays of shape (n_draws,)
        Memory of each draw.
    rng : Generator
        Source of randomness.

    Returns
    -------
    array of shape (n_rows, n_draws)
        Counts, as floats.
    """
    latent = draw_latent(gaps, rho, weight, rng)
    counts = np.empty_like(latent)
    margins, margin = np.unique(np.column_stack([mean, dispersion]), axis=0, return_inverse=True)
    margin = margin.ravel()
    for which, (row_mean, row_dispersion) in enumerate(margins):
        rows = np.flatnonzero(margin == which)
        counts[rows] = count_quantiles(latent[rows], float(row_mean), float(row_dispersion))
    return counts


def draw_latent(
    gaps: NDArray[np.float64],
    rho: NDArray[np.float64],
    weight: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw standard normal series with memory, one per column: shape (n_rows, n_draws)."""
    shape = (gaps.size + 1, rho.size)
    remembered = rng.standard_normal(shape)
    step = rho[None, :] ** gaps[:, None]
    fresh = np.sqrt(1 - step**2)
    for row in range(1, shape[0]):
        remembered[row] = step[row - 1] * remembered[row - 1] + fresh[row - 1] * remembered[row]
    latent = rng.standard_normal(shape)
    latent *= np.sqrt(1 - weight)
    latent += np.sqrt(weight) * remembered
    return latent


def count_quantiles(
    latent: NDArray[np.float64], mean: float, dispersion: float
) -> NDArray[np.float64]:
    """Turn standard normal values into counts with this mean and variance-to-mean ratio."""
    if mean <= 0:
        return np.zeros_like(latent)
    thresholds, counts = _quantile_table(mean, max(dispersion, 1.0))
    if counts is None:
        return np.searchsorted(thresholds, latent).astype(np.float64)
    return np.rint(np.interp(latent, thresholds, counts))


@lru_cache(maxsize=512)
def _quantile_table(
    mean: float, dispersion: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return normal thresholds between counts, or thresholds and counts to interpolate."""
    spread = np.sqrt(dispersion * mean)
    largest = mean + TAIL * spread + 4 * TAIL * dispersion
    if mean > TABLE_LIMIT or largest > TABLE_ROWS:
        normal = np.linspace(-TAIL, TAIL, 601)
        shape = mean / dispersion
        return normal, dispersion * special.gammaincinv(shape, special.ndtr(normal))
    count = np.arange(np.ceil(largest))
    if dispersion < 1 + 1e-9:
        below = special.pdtr(count, mean)
    else:
        below = special.betainc(mean / (dispersion - 1), count + 1, 1 / dispersion)
    return special.ndtri(below), None
