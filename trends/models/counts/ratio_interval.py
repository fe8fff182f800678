"""Between which values does the ratio of two rates lie, given two totals and how they scatter?

Given the total of both, the first of two Poisson counts is binomial, and the tails of a binomial
are beta distributions. Counts with a variance of so many times their mean tell as much as that many
times fewer independent events: their gamma shapes are divided by it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special, stats


class Total(NamedTuple):
    """What one total brings to a comparison.

    Attributes
    ----------
    low_shape, high_shape : float
        Gamma shapes behind the lower and the upper limit of its mean: n and n + 1 for a count of n.
    time : float
        Exposure, in the unit of the other's.
    inflation : float
        Variance over mean, at least 1.
    """

    low_shape: float
    high_shape: float
    time: float
    inflation: float = 1.0

    @classmethod
    def of_count(cls, count: float, time: float, inflation: float = 1.0) -> Total:
        """Return what a plain count brings."""
        return cls(count, count + 1, time, inflation)

    @classmethod
    def of_bunches(cls, count: float, time: float, inflation: float) -> Total:
        """Return what a count brings whose events all come in bunches of `inflation`.

        The limit of a count of 0 is then that of no bunch.
        """
        return cls(count, count + inflation, time, inflation)


def ratio_tail(above: Total, below: Total, ratio: float) -> float:
    """Return the chance of so many events above, or more, at a ratio of rates.

    Parameters
    ----------
    above, below : Total
    ratio : float
        Rate of the first over rate of the second.
    """
    if above.low_shape == 0 or np.isinf(below.high_shape):
        return 1.0
    odds, shape, other = _effective(above, below)
    return float(special.betainc(shape, other, ratio * odds / (1 + ratio * odds)))


def ratio_low(above: Total, below: Total, tail: float) -> float:
    """Return the ratio of rates at which so many events above, or more, have the chance `tail`.

    Parameters
    ----------
    above, below : Total
    tail : float
        Half of one minus the level, for an interval of two sides.
    """
    if above.low_shape == 0 or np.isinf(below.high_shape):
        return 0.0
    odds, shape, other = _effective(above, below)
    share = float(stats.beta.ppf(tail, shape, other))
    return share / (1 - share) / odds if share < 1 else np.inf


def ratio_interval(one: Total, two: Total, *, alpha: float) -> tuple[float, float]:
    """Return the conditional interval of a ratio of rates, first over second.

    For Poisson counts it is exact (Przyborowski and Wilenski 1940).

    Parameters
    ----------
    one, two : Total
    alpha : float
        One minus the level of the interval.

    Returns
    -------
    low, high : float
        0 and infinity where the counts set no limit.

    Examples
    --------
    >>> low, high = ratio_interval(Total.of_count(294, 366), Total.of_count(121, 365), alpha=0.05)
    >>> round(low, 3), round(high, 3)
    (1.954, 3.02)
    """
    back = ratio_low(two, one, alpha / 2)
    return ratio_low(one, two, alpha / 2), 1 / back if back > 0 else np.inf


def ratio_p_value(one: Total, two: Total) -> float:
    """Return twice the smaller tail of two totals under equal rates, at most 1.

    The interval of `ratio_interval` excludes 1 just where this is below `alpha`.

    Examples
    --------
    >>> ratio_p_value(Total.of_count(0, 1.0), Total.of_count(5, 1.0))
    0.0625
    """
    tails = ratio_tail(one, two, 1.0), ratio_tail(two, one, 1.0)
    return float(min(1.0, 2 * min(tails)))


def visible_range(
    total: int, one: Total, two: Total, *, power: float, alpha: float
) -> tuple[float, float]:
    """Return the largest fall and the smallest rise that a comparison would have found.

    The counts of `one` and `two` do not matter, only that there are `total` events in both.

    Parameters
    ----------
    total : int
    one, two : Total
    power : float
        Chance of a clear result.
    alpha : float
        One minus the level of the ratio's interval.

    Returns
    -------
    fall, rise : float
        0 and infinity where none could have been seen.
    """
    back = _visible_rise(total, two, one, power, alpha)
    return 1 / back, _visible_rise(total, one, two, power, alpha)


def _visible_rise(total: int, above: Total, below: Total, power: float, alpha: float) -> float:
    """Return the smallest ratio above 1 that would have been clear with a chance of `power`."""

    def split(count: int) -> tuple[Total, Total]:
        return (
            Total.of_count(count, above.time, above.inflation),
            Total.of_count(total - count, below.time, below.inflation),
        )

    # The chance of so many or more falls as the count rises, so halving finds the first clear one.
    few, many = 0, total + 1
    while many - few > 1:
        middle = (few + many) // 2
        clear = ratio_tail(*split(middle), 1.0) <= alpha / 2
        few, many = (few, middle) if clear else (middle, many)
    return ratio_low(*split(many), power) if many <= total else np.inf


def _effective(above: Total, below: Total) -> tuple[float, float, float]:
    """Return the odds at a ratio of 1 and the two beta shapes, in events that are independent."""
    odds = (above.time / above.inflation) / (below.time / below.inflation)
    return odds, above.low_shape / above.inflation, below.high_shape / below.inflation
