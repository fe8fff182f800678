"""How many events does a total leave to expect in a window that it ends in, or that follows it?

A total shows no scatter of its own, so that of the bundled counters is borrowed, for the total and
for what is to come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trends.models.published.borrowed_scatter import borrowed_inflation

#: Rates that a total leaves open, by equal shares of their distribution.
_N_RATES = 200
#: Share of what is to come that is left out at the upper end.
_LEFT_OUT = 1e-6


def rest_mass(
    count: float, months: float, months_ahead: float, unit: str = "events"
) -> NDArray[np.float64]:
    """Return the probability of 0, 1, 2, ... further events.

    Parameters
    ----------
    count : float
        Events counted.
    months, months_ahead : float
        Length of what was counted and of what is to come, in months of 30.4375 days.
    unit : str
        What is counted, as `borrowed_inflation` takes it.

    Returns
    -------
    array
        Sums to one.

    Notes
    -----
    A total with a variance of so many times its mean tells as much as that many times fewer
    independent events, and the rate behind it has their gamma distribution. Given the rate, what is
    to come is negative binomial with the variance over mean borrowed for its length.

    Examples
    --------
    >>> mass = rest_mass(153, 6.0, 6.0)
    >>> 140 < float(mass @ np.arange(mass.size)) < 160
    True
    """
    rate = count / months
    behind = borrowed_inflation(unit, months, rate)
    ahead = max(borrowed_inflation(unit, months_ahead, rate), 1 + 1e-9)
    # Of no event at all the rate is that of half an independent one.
    levels = (np.arange(_N_RATES) + 0.5) / _N_RATES
    rates = stats.gamma.ppf(levels, max(count / behind, 0.5), scale=behind / months)
    mean = np.maximum(rates * months_ahead, 1e-12)
    size = mean / (ahead - 1)
    most = int(stats.nbinom.isf(_LEFT_OUT, size[-1], 1 / ahead)) + 1
    mass = stats.nbinom.pmf(np.arange(most + 1)[:, None], size, 1 / ahead).mean(axis=1)
    return np.asarray(mass / mass.sum())
