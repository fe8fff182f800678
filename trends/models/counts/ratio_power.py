"""How far apart would two rates have to be for this many events to show it?"""

from __future__ import annotations

import numpy as np
from scipy import stats


def visible_ratios(
    total: int, time_first: float, time_second: float, *, power: float = 0.8, alpha: float = 0.05
) -> tuple[float, float]:
    """Return the largest fall and the smallest rise that an exact comparison would have found.

    Given the total of both windows, the count of the first is binomial, and the comparison is
    clear when that count lies beyond one of two bounds. The true share at which it does so with
    the wanted chance is a quantile of a beta distribution.

    Parameters
    ----------
    total : int
        Events in both windows together.
    time_first, time_second : float
        Lengths of the windows, in the same unit.
    power : float
        Chance of a clear result.
    alpha : float
        One minus the level of the ratio's interval.

    Returns
    -------
    down, up : float
        Ratios of first to second rate: 0 when no fall, and infinite when no rise, could have been
        seen.

    Examples
    --------
    >>> down, up = visible_ratios(40, 1.0, 1.0)
    >>> round(down, 2), round(up, 2)
    (0.39, 2.59)
    >>> visible_ratios(3, 1.0, 1.0)
    (0.0, inf)
    """
    share = time_first / (time_first + time_second)
    counts = np.arange(total + 1)
    few = np.flatnonzero(stats.binom.cdf(counts, total, share) <= alpha / 2)
    many = np.flatnonzero(stats.binom.sf(counts - 1, total, share) <= alpha / 2)
    scale = time_second / time_first
    down, up = 0.0, np.inf
    if len(few):
        low = stats.beta.ppf(1 - power, few[-1] + 1, total - few[-1])
        down = float(low / (1 - low) * scale)
    if len(many):
        high = stats.beta.ppf(power, many[0], total - many[0] + 1)
        up = float(high / (1 - high) * scale)
    return down, up
