"""How is a series too long for the search counted in blocks, and a date found again within them?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.observed import Observed

MOST_DEPENDENT = 1e-6
"""Share of a seasonal column that must be left beside the others for it to be kept."""


def in_blocks(observed: Observed, length: int) -> Observed:
    """Return the counts and exposures of blocks of `length` periods; the last may be shorter.

    Sums lose nothing that a level has to say. A block without an observed period is left out, as a
    missing period is. A block is named by its first period.
    """
    block = observed.position // length
    seen, place = np.unique(block, return_inverse=True)
    return Observed(
        count=np.bincount(place, observed.count).astype(np.float64),
        exposure=np.bincount(place, observed.exposure).astype(np.float64),
        position=seen,
        periods=observed.periods[::length],
        last_is_partial=observed.last_is_partial,
    )


def block_means(columns: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the mean of each column over each block, shape (n_blocks, n_columns)."""
    starts = np.arange(0, columns.shape[0], length)
    size = np.diff(np.append(starts, columns.shape[0]))
    return np.asarray(np.add.reduceat(columns, starts, axis=0) / size[:, None])


def date_within(
    observed: Observed, first: int, last: int, rates: tuple[float, float], clumping: float
) -> NDArray[np.float64]:
    """Return the probability that the new regime began in each period from `first` to `last`.

    Poisson likelihood of the counts there with the rates before and after, taken to the power of
    one over `clumping`, because so many events stand for one independent event.

    Parameters
    ----------
    observed : Observed
    first, last : int
        Places among all periods, both ends included.
    rates : tuple of float
        Events per month of exposure before and after, above zero.
    clumping : float
    """
    inside = (observed.position >= first) & (observed.position <= last)
    before, after = rates
    # what a period says for the old regime rather than the new one
    gain = np.zeros(last - first + 1)
    count, exposure = observed.count[inside], observed.exposure[inside]
    gain[observed.position[inside] - first] = count * np.log(before / after) - exposure * (
        before - after
    )
    log_likelihood = np.concatenate([[0.0], np.cumsum(gain)[:-1]]) / clumping
    chance = np.exp(log_likelihood - log_likelihood.max())
    return np.asarray(chance / chance.sum(), dtype=np.float64)


def independent_columns(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the columns that are not made up of a level and the columns before them."""
    kept = np.ones((columns.shape[0], 1))
    for column in columns.T:
        fitted = kept @ np.linalg.lstsq(kept, column, rcond=None)[0]
        if np.sum((column - fitted) ** 2) > MOST_DEPENDENT * max(float(column @ column), 1e-300):
            kept = np.column_stack([kept, column])
    return kept[:, 1:]
