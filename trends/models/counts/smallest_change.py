"""How large would a change have to be for this much uncertainty to let it be seen?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

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
    critical = float(special.stdtrit(n_free, 1 - alpha / 2))

    def shortfall(effect: float) -> float:
        return visible_power(effect, n_free, critical) - power

    highest = ALLOWANCE * (critical + float(special.stdtrit(n_free, power)) + 10.0)
    return std_error * _crossing(shortfall, highest)


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
    critical = float(special.fdtri(n_effects, n_free, 1 - alpha))

    def shortfall(noncentrality: float) -> float:
        return 1 - float(special.ncfdtr(n_effects, n_free, noncentrality, critical)) - power

    highest = 10.0
    while shortfall(highest) < 0:
        highest *= 2
    return _crossing(shortfall, highest)


def visible_power(effect: float, n_free: float, critical: float) -> float:
    """Return the power of a two-sided t test at an effect in units of its standard error.

    As in `smallest_visible`, the standard error is taken to be `ALLOWANCE` times as large.
    """
    effect = effect / ALLOWANCE
    # Beyond a million degrees of freedom the noncentral t is normal and its series slow.
    if n_free > 1e6:
        return float(special.ndtr(effect - critical) + special.ndtr(-critical - effect))
    with np.errstate(all="ignore"):
        upper = 1 - float(special.nctdtr(n_free, effect, critical))
        lower = float(special.nctdtr(n_free, effect, -critical))
    return upper + (lower if np.isfinite(lower) else 0.0)


def _crossing(of: Callable[[float], float], highest: float) -> float:
    """Return where a function that rises from 0 to a highest place crosses zero.

    Halving needs some thirty calls, which take less than importing SciPy's optimisers once.
    """
    low, high = 0.0, highest
    if of(low) > 0 or of(high) < 0:
        raise ValueError(
            "`power` must lie above `alpha` and be reached by some change. Choose another."
        )
    while high - low > 1e-9 * highest:
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) < 0 else (low, middle)
    return (low + high) / 2
