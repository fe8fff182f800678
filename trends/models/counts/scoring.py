"""How good was a distribution that was given before the count was known?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Log score of what a distribution holds to be impossible, so that one miss is not infinite.
LEAST_LOG_SCORE = -50.0
#: Log probability of no event below which products of it would lose digits, or be 0.
_LEAST_LOG_START = -600.0


def crps(mass: NDArray[np.float64], count: float, *, log_scale: bool = False) -> float:
    """Return the continuous ranked probability score of a distribution over counts.

    The integral of the squared distance between the distribution function and the step at what was
    counted (Gneiting and Raftery 2007); 0 is best, and a point forecast has its absolute error.

    Parameters
    ----------
    mass : array of shape (n_counts,)
        Probability of 0, 1, 2, ...; what is left over lies beyond the last.
    count : float
        What was counted.
    log_scale : bool
        Whether counts are taken as log(count + 1), which scores relative errors.

    Returns
    -------
    float

    References
    ----------
    Gneiting T, Raftery AE (2007). Strictly proper scoring rules, prediction, and estimation.
    Journal of the American Statistical Association 102(477):359-378.
    doi:10.1198/016214506000001437

    Examples
    --------
    >>> crps(np.array([0.0, 0.0, 1.0]), 5.0)
    3.0
    >>> round(crps(np.array([0.5, 0.5]), 0.5), 3)
    0.25
    """
    below = np.cumsum(mass)
    # The step may lie between two counts or beyond the last, where the function is what it was.
    edges = np.append(np.arange(mass.size, dtype=float), max(float(mass.size), count))
    if count < edges[-1] and count != int(count):
        place = int(count) + 1
        edges = np.insert(edges, place, count)
        below = np.insert(below, place, below[place - 1])
    distance = np.where(edges[:-1] >= count, 1 - below, below)
    width = np.diff(np.log1p(edges) if log_scale else edges)
    return float(np.sum(distance**2 * width))


def crps_nb(size: float, probability: float, count: float) -> float:
    """Return the score of a negative binomial distribution with a size and success probability.

    Examples
    --------
    >>> round(crps_nb(7, 0.8, 2), 7)
    0.3834322
    """
    top = int(max(stats.nbinom.isf(1e-14, size, probability), count)) + 2
    return crps(stats.nbinom.pmf(np.arange(top), size, probability), count)


def crps_poisson(mean: float, count: float) -> float:
    """Return the score of a Poisson distribution.

    Examples
    --------
    >>> round(crps_poisson(3, 1), 6), round(crps_poisson(2.3, 1.5), 7)
    (1.143447, 0.5001159)
    """
    top = int(max(stats.poisson.isf(1e-14, mean), count)) + 2
    return crps(stats.poisson.pmf(np.arange(top), mean), count)


def log_score(mass: NDArray[np.float64], count: int) -> float:
    """Return the log probability of what was counted; the highest is best."""
    if count >= mass.size or mass[count] <= 0:
        return LEAST_LOG_SCORE
    return max(float(np.log(mass[count])), LEAST_LOG_SCORE)


def pit_ends(mass: NDArray[np.float64], count: int) -> tuple[float, float]:
    """Return the distribution function just below a count and at it.

    A value drawn evenly between the two is uniform if the distribution was right.
    """
    below = float(mass[:count].sum())
    return below, below + (float(mass[count]) if count < mass.size else 0.0)


def quantiles(mass: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the least counts up to which a distribution holds the wanted shares.

    Examples
    --------
    >>> quantiles(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.5, 0.9])).tolist()
    [0, 1, 2]
    """
    reached = np.searchsorted(np.cumsum(mass) + 1e-12, levels)
    return np.asarray(np.minimum(reached, mass.size - 1), dtype=np.int64)


class Comparison(NamedTuple):
    """Mean difference of two scores, its standard error and two-sided p-value."""

    difference: float
    std_error: float
    p_value: float


def compare_scores(differences: NDArray[np.float64], *, horizon: int) -> Comparison:
    """Test whether two forecasts made at the same origins score alike.

    Diebold and Mariano (1995) with the correction for small samples of Harvey, Leybourne and
    Newbold (1997): forecasts of several periods overlap, so that neighbouring differences are
    correlated up to the horizon less one.

    Parameters
    ----------
    differences : array of shape (n_origins,)
        Score of the first less that of the second, in the order of origins.
    horizon : int
        Periods ahead, in steps between origins.

    Returns
    -------
    Comparison
        NaN where all differences are alike or there are fewer than two origins per step.

    References
    ----------
    Diebold FX, Mariano RS (1995). Comparing predictive accuracy. Journal of Business and Economic
    Statistics 13(3):253-263.

    Harvey D, Leybourne S, Newbold P (1997). Testing the equality of prediction mean squared errors.
    International Journal of Forecasting 13(2):281-291.
    """
    n_origins, mean = differences.size, float(differences.mean())
    if n_origins < 2 * horizon or n_origins < 3 or np.ptp(differences) < 1e-12:
        return Comparison(mean, np.nan, np.nan)
    centred = differences - mean
    variance = float(centred @ centred)
    for lag in range(1, horizon):
        variance += 2 * float(centred[lag:] @ centred[:-lag])
    # The sum of autocovariances may turn out negative; Bartlett's weights keep it above zero.
    if variance <= 0:
        variance = float(centred @ centred)
        for lag in range(1, horizon):
            variance += 2 * (1 - lag / horizon) * float(centred[lag:] @ centred[:-lag])
    correction = (n_origins + 1 - 2 * horizon + horizon * (horizon - 1) / n_origins) / n_origins
    error = float(np.sqrt(variance / n_origins**2 / correction))
    return Comparison(mean, error, float(2 * stats.t.sf(abs(mean) / error, n_origins - 1)))


def nb_mass(
    mean: NDArray[np.float64], variance: NDArray[np.float64], n_counts: int
) -> NDArray[np.float64]:
    """Return negative binomial probabilities of 0 to n_counts - 1, Poisson where they scatter less.

    Parameters
    ----------
    mean, variance : arrays of shape (n_rows,)
    n_counts : int

    Returns
    -------
    array of shape (n_rows, n_counts)
    """
    mean = np.maximum(mean, 1e-12)
    excess = np.maximum(variance / mean - 1, 1e-6)
    size = mean / excess
    share = excess / (1 + excess)
    # A probability over the one before it keeps its digits where counts are nearly Poisson and the
    # size is large; differences of log gamma functions would lose them.
    mass = np.empty((mean.size, n_counts))
    mass[:, 0] = -size * np.log1p(excess)
    mass[:, 1:] = share[:, None] + (share * (size - 1))[:, None] / np.arange(1, n_counts)
    if mass[:, 0].min() > _LEAST_LOG_START:
        mass[:, 0] = np.exp(mass[:, 0])
        return np.cumprod(mass, axis=1, out=mass)
    mass[:, 1:] = np.log(mass[:, 1:])
    return np.exp(np.cumsum(mass, axis=1, out=mass), out=mass)
