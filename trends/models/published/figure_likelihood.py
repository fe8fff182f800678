"""What does one published figure say about the rate, given how firmly it was said?

Every kind of figure is read as the set of counts it allows (`trends.tables.figure`). A rate's
interval then comes from two gamma distributions, one for the fewest and one for the most events the
figure allows; for an exact count these are the limits of the exact Poisson interval. An "nth since"
figure is different in kind: the window was stopped by the nth event, so its length is random and
its number is not.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy import optimize, special, stats

from trends.tables.figure import allowed_counts
from trends.tables.window import Window

RateMethod = Literal["exact-c", "midp-c"]


class CountSet(NamedTuple):
    """The counts a figure allows, both ends included; `most` is infinite when there is no limit."""

    fewest: int
    most: float


def counts_allowed(window: Window) -> CountSet:
    """Return the counts a figure allows.

    Examples
    --------
    >>> counts_allowed(Window(count=200, days=244.0, qualifier="about"))
    CountSet(fewest=150, most=250)
    """
    # A window whose figure was published as bounds holds their middle as its count.
    bounds = (window.count_low, window.count_high)
    bounded = window.qualifier == "range" and bounds != (None, None)
    allowed = allowed_counts(
        [None if bounded else window.count],
        [window.count_low],
        [window.count_high],
        [window.qualifier],
        rounding=[window.rounding_unit],
    )
    most = float(allowed.most[0])
    return CountSet(int(allowed.fewest[0]), int(most) if np.isfinite(most) else most)


def gamma_shapes(window: Window) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the gamma shapes behind the exact interval of a mean.

    Returns
    -------
    tuple of two pairs of float
        For the fewest and for the most events allowed, the shapes whose quantiles are the lower
        and the upper limit: (n, n + 1) for a count of n, (n, n) for a clock stopped by event n,
        (1, infinity) for a first event.
    """
    if window.qualifier == "nth_since":
        most = window.count if window.count > 1 else np.inf
        return (window.count, most), (window.count, most)
    allowed = counts_allowed(window)
    return (allowed.fewest, allowed.fewest + 1), (allowed.most, allowed.most + 1)


def mean_estimate(window: Window) -> float:
    """Return the expected number of events over the window that the figure suggests."""
    if window.qualifier == "nth_since":
        return float(window.count - 1) if window.count > 1 else np.nan
    if window.qualifier == "more_than":
        return float(counts_allowed(window).fewest)
    return float(window.count)


def mean_interval(
    window: Window, *, method: RateMethod = "exact-c", alpha: float = 0.05
) -> tuple[float, float]:
    """Return the interval of the expected number of events over the window."""
    if window.qualifier == "nth_since":
        if window.count == 1:
            return gamma_quantile(alpha, 1), np.inf
        return gamma_quantile(alpha / 2, window.count), gamma_quantile(1 - alpha / 2, window.count)
    fewest, most = counts_allowed(window)
    tail = alpha if np.isinf(most) else alpha / 2
    if method == "exact-c":
        return gamma_quantile(tail, fewest), gamma_quantile(1 - tail, most + 1)
    if np.isinf(most):
        # The limit of a minimum is that of the count it was made from, were it the very minimum.
        return _midp_limit(fewest, fewest, tail, "low"), np.inf
    return _midp_limit(fewest, most, tail, "low"), _midp_limit(fewest, most, tail, "high")


def gamma_quantile(level: float, shape: float) -> float:
    """Return a quantile of a gamma of unit scale: 0 for shape 0, infinite for infinite shape."""
    if shape == 0:
        return 0.0
    return float(stats.gamma.ppf(level, shape)) if np.isfinite(shape) else np.inf


def _midp_limit(fewest: int, most: float, tail: float, side: Literal["low", "high"]) -> float:
    """Return the mean at which beyond the figure, plus half of the figure, lies the tail."""

    def beyond(mean: float) -> float:
        above = special.gammainc(most + 1, mean)
        from_figure_up = special.gammainc(fewest, mean) if fewest else 1.0
        at_or_above = (above + from_figure_up) / 2
        return float(at_or_above if side == "low" else 1 - at_or_above) - tail

    if side == "low" and beyond(0.0) >= 0:
        return 0.0
    ceiling = gamma_quantile(1 - tail / 4, most + 1)
    return float(optimize.brentq(beyond, 0.0, ceiling, xtol=1e-10))


def log_likelihood(window: Window, mean: float | np.ndarray) -> float | np.ndarray:
    """Return the log likelihood of an expected number of events, given one figure.

    Parameters
    ----------
    window : Window
        The figure.
    mean : float or ndarray
        Expected number of events over the window's days.

    Returns
    -------
    float or ndarray
        Up to a constant for a stopped window, whose density is in time, not in counts.
    """
    if window.qualifier == "nth_since":
        return window.count * np.log(mean) - mean - special.gammaln(window.count)
    return log_set_probability(*counts_allowed(window), mean)


def log_set_probability(
    fewest: float | np.ndarray, most: float | np.ndarray, mean: float | np.ndarray
) -> np.ndarray:
    """Return the log probability that a Poisson count lies in a set, both ends included.

    Examples
    --------
    >>> float(log_set_probability(3, 3, 2.5).round(4))
    -1.5429
    """
    fewest, most, mean = np.broadcast_arrays(
        np.asarray(fewest, dtype=float), np.asarray(most, dtype=float), np.asarray(mean, float)
    )
    single = fewest == most
    result = np.empty(mean.shape)
    result[single] = stats.poisson.logpmf(fewest[single], mean[single])
    low, high, centre = fewest[~single], most[~single], mean[~single]
    # Differences of tails lose their digits far from the mean, so take the tail that is small.
    upper_from = np.where(low > 0, special.gammainc(np.maximum(low, 1), centre), 1.0)
    upper_beyond = np.where(np.isinf(high), 0.0, special.gammainc(_finite(high) + 1, centre))
    lower_to = np.where(np.isinf(high), 1.0, special.gammaincc(_finite(high) + 1, centre))
    lower_below = np.where(low > 0, special.gammaincc(np.maximum(low, 1), centre), 0.0)
    probability = np.where(low > centre, upper_from - upper_beyond, lower_to - lower_below)
    with np.errstate(divide="ignore"):
        result[~single] = np.log(np.clip(probability, 0.0, 1.0))
    return result


def _finite(bound: np.ndarray) -> np.ndarray:
    """Return bounds with 0 in the place of infinity, for formulas that are masked there."""
    return np.where(np.isinf(bound), 0.0, bound)
