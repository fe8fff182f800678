"""Do later periods tend to have higher values, whatever the shape of the rise?"""

from __future__ import annotations

import numpy as np
from scipy import stats


def mann_kendall(values: np.ndarray) -> tuple[float, float]:
    """Return Kendall's tau-b of values against time, and its two-sided p-value.

    The variance is corrected for ties and the statistic for continuity (Kendall 1975); it holds
    for independent values only.

    Parameters
    ----------
    values : ndarray, shape (n_observed,)
        In the order of time.

    Returns
    -------
    tau, p_value : float
        NaN when all values are equal.

    Examples
    --------
    >>> tau, p_value = mann_kendall(np.array([1.0, 2.0, 3.0, 5.0, 4.0]))
    >>> round(tau, 2), round(p_value, 3)
    (0.8, 0.086)
    """
    score, variance, n_untied = kendall_score(values)
    n_pairs = values.size * (values.size - 1) / 2
    if variance <= 0:
        return np.nan, np.nan
    statistic = (score - np.sign(score)) / np.sqrt(variance)
    return float(score / np.sqrt(n_pairs * n_untied)), float(2 * stats.norm.sf(abs(statistic)))


def kendall_score(values: np.ndarray) -> tuple[int, float, int]:
    """Return Kendall's S, its variance with ties, and the number of pairs that are not tied."""
    n_values = values.size
    signs = np.sign(values[None, :] - values[:, None])
    score = int(np.triu(signs, 1).sum())
    ties = np.unique(values, return_counts=True)[1].astype(float)
    full = n_values * (n_values - 1) * (2 * n_values + 5)
    variance = (full - np.sum(ties * (ties - 1) * (2 * ties + 5))) / 18
    tied = int(np.sum(ties * (ties - 1) / 2))
    return score, float(variance), n_values * (n_values - 1) // 2 - tied


def sen_slope(values: np.ndarray) -> float:
    """Return the median of all pairwise slopes per step of time (Sen 1968).

    Examples
    --------
    >>> sen_slope(np.array([0.0, 1.0, 2.0, 3.0, 30.0]))
    1.0
    """
    earlier, later = np.triu_indices(values.size, 1)
    return float(np.median((values[later] - values[earlier]) / (later - earlier)))
