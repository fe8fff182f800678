"""Between which values does the ratio of two rates lie, given two totals?"""

from __future__ import annotations

import numpy as np
from scipy import stats


def exact_ratio_interval(
    events: tuple[float, float],
    times: tuple[float, float],
    *,
    alpha: float,
    inflation: float = 1.0,
) -> tuple[float, float]:
    """Return the exact conditional interval of a ratio of rates, first over second.

    Given the total of both, the first of two Poisson counts is binomial (Przyborowski and Wilenski
    1940). Counts that scatter more come in bunches: with a variance of `inflation` times their mean
    they tell as much as that many times fewer independent events.

    Parameters
    ----------
    events, times : tuple of float
        Events and exposure of the two, in the same unit.
    alpha : float
        One minus the level of the interval.
    inflation : float
        Variance of a total over its mean, at least 1; the default is that of Poisson counts.

    Returns
    -------
    low, high : float
        0 and infinity where the counts set no limit.

    Examples
    --------
    >>> low, high = exact_ratio_interval((294, 121), (366, 365), alpha=0.05)
    >>> round(low, 3), round(high, 3)
    (1.954, 3.02)
    """
    first, second = events[0] / inflation, events[1] / inflation
    scale = times[1] / times[0]
    low = _odds(stats.beta.ppf(alpha / 2, first, second + 1)) * scale if first > 0 else 0.0
    high = _odds(stats.beta.isf(alpha / 2, first + 1, second)) * scale if second > 0 else np.inf
    return low, high


def exact_p_value(
    events: tuple[float, float], times: tuple[float, float], *, inflation: float = 1.0
) -> float:
    """Return twice the smaller tail of two totals under equal rates, at most 1.

    The parameters are those of `exact_ratio_interval`, whose interval excludes 1 just where this
    is below `alpha`.

    Examples
    --------
    >>> exact_p_value((0, 5), (1.0, 1.0))
    0.0625
    """
    first, second = events[0] / inflation, events[1] / inflation
    share = times[0] / (times[0] + times[1])
    many = stats.beta.cdf(share, first, second + 1) if first > 0 else 1.0
    few = stats.beta.sf(share, first + 1, second) if second > 0 else 1.0
    return float(min(1.0, 2 * min(many, few)))


def _odds(share: float) -> float:
    """Return share / (1 - share), infinite at 1."""
    return float(share / (1 - share)) if share < 1 else np.inf
