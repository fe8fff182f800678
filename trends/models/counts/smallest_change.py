"""How large would a change have to be for this much uncertainty to let it be seen?"""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

#: Standard errors that allow for memory differ between like series. An effect has to be so much
#: larger than under a known one to be found as often (`benchmarks/power_check.py`).
ALLOWANCE = 1.1
#: Chance of being shown that a change must have to count as one the counts could have shown.
POWER = 0.8


def smallest_visible(std_error: float, n_free: float, *, power: float, alpha: float) -> float:
    """Return the smallest true effect a two-sided t test would find with this power.

    Solves the power of the noncentral t for the effect, in the units of the standard error, which
    is taken to be `ALLOWANCE` times as large.

    Parameters
    ----------
    std_error : float
        Standard error of the estimated effect.
    n_free : float
        Degrees of freedom behind it.
    power, alpha : float
        Chance of finding the effect, and the test's two-sided level.

    Returns
    -------
    float

    Examples
    --------
    >>> round(smallest_visible(1.0, 1e6, power=0.8, alpha=0.05), 3)
    3.082
    """
    critical = float(stats.t.ppf(1 - alpha / 2, n_free))

    def shortfall(effect: float) -> float:
        return visible_power(effect, n_free, critical) - power

    highest = ALLOWANCE * (critical + float(stats.t.ppf(power, n_free)) + 10.0)
    return std_error * float(optimize.brentq(shortfall, 0.0, highest, xtol=1e-6))


def smallest_noncentrality(n_effects: int, n_free: float, *, power: float, alpha: float) -> float:
    """Return the noncentrality at which an F test of several effects has this power.

    Parameters
    ----------
    n_effects : int
        Effects that are tested together.
    n_free : float
        Residual degrees of freedom.
    power, alpha : float
        Chance of finding the effects, and the test's level.

    Returns
    -------
    float

    Examples
    --------
    >>> round(smallest_noncentrality(1, 1e6, power=0.8, alpha=0.05) ** 0.5, 3)
    2.802
    """
    critical = float(stats.f.isf(alpha, n_effects, n_free))

    def shortfall(noncentrality: float) -> float:
        return float(stats.ncf.sf(critical, n_effects, n_free, noncentrality)) - power

    highest = 10.0
    while shortfall(highest) < 0:
        highest *= 2
    return float(optimize.brentq(shortfall, 0.0, highest, xtol=1e-6))


def visible_power(effect: float, n_free: float, critical: float) -> float:
    """Return the power of a two-sided t test at an effect in units of its standard error.

    As in `smallest_visible`, the standard error is taken to be `ALLOWANCE` times as large.
    """
    effect = effect / ALLOWANCE
    # Beyond a million degrees of freedom the noncentral t is normal and its series slow.
    if n_free > 1e6:
        return float(stats.norm.sf(critical - effect) + stats.norm.cdf(-critical - effect))
    with np.errstate(all="ignore"):
        upper = float(stats.nct.sf(critical, n_free, effect))
        lower = float(stats.nct.cdf(-critical, n_free, effect))
    return upper + (lower if np.isfinite(lower) else 0.0)
