"""Do the counts scatter more in one part of a series than in the other?

A change of scatter alone must not pass for a change of level. Neighbouring residuals are compared,
because a shift or a line moves at most one of their differences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Fewest rows on either side of a change of scatter.
LEAST_ROWS = 8
#: Most by which the variance of one part is taken to exceed that of the other.
MOST = 16.0
#: Log likelihood ratio, after the price of the date, from which a change of scatter counts.
_CLEAR = 2.0
#: Differences of neighbours overlap; a row is worth this many independent ones.
_WORTH = 2 / 3


def scatter_by_part(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the variance of each row beside that of the calmer part: 1, or 1 and a factor.

    Parameters
    ----------
    residual : array of shape (n_rows,)
        Roots in units of their Poisson spread, without season.

    Examples
    --------
    >>> calm, wild = np.tile([1.0, -1.0], 20), np.tile([3.0, -3.0], 20)
    >>> scatter_by_part(np.concatenate([calm, wild]))[[0, -1]].round().tolist()
    [1.0, 9.0]
    """
    n_rows = residual.size
    if n_rows < 2 * LEAST_ROWS:
        return np.ones(n_rows)
    square = np.diff(residual) ** 2 / 2
    sums = np.concatenate([[0.0], np.cumsum(square)])
    n_before = np.arange(LEAST_ROWS, n_rows - LEAST_ROWS + 1)
    n_after = square.size - n_before
    before, after = sums[n_before] / n_before, (sums[-1] - sums[n_before]) / n_after
    whole = square.mean()
    gain = (
        _log_likelihood(before, n_before)
        + _log_likelihood(after, n_after)
        - _log_likelihood(whole, square.size)
    )
    best = int(gain.argmax())
    if _WORTH * gain[best] - np.log(n_before.size) < _CLEAR:
        return np.ones(n_rows)
    first, second = max(float(before[best]), 1.0), max(float(after[best]), 1.0)
    calmer = min(first, second)
    scatter = np.where(np.arange(n_rows) <= n_before[best], first, second) / calmer
    return np.asarray(np.minimum(scatter, MOST), dtype=np.float64)


def _log_likelihood(
    variance: NDArray[np.float64] | float, n_rows: NDArray[np.int64] | int
) -> NDArray[np.float64]:
    """Return the normal log likelihood at the fitted variance, at least that of Poisson."""
    kept = np.maximum(variance, 1.0)
    return np.asarray(-0.5 * n_rows * (np.log(kept) + variance / kept), dtype=np.float64)
