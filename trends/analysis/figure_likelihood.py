"""What does one published figure say about the rate, given how firmly it was said?

Every kind of figure is read as the set of counts it allows: exactly n, n or more, anything that
rounds to it, anything in a range. A rate's interval then comes from two gamma distributions, one
for the fewest and one for the most events the figure allows; for an exact count these are the
limits of the exact Poisson interval. An "nth since" figure is different in kind: the window was
stopped by the nth event, so its length is random and its number is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.window import Window, as_window

RateMethod = Literal["exact-c", "midp-c"]

#: Columns of `figure_rates`.
RATE_COLUMNS = [
    "statement_id",
    "estimate",
    "conf_low",
    "conf_high",
    "conf_level",
    "count_low",
    "count_high",
    "rounding_unit",
    "reason",
]


class CountSet(NamedTuple):
    """The counts a figure allows, both ends included; `most` is infinite when there is no limit."""

    fewest: int
    most: float


@dataclass(frozen=True, kw_only=True)
class FigureRate:
    """The rate one published figure implies.

    Attributes
    ----------
    window : Window
        The figure.
    estimate : float
        Events per 30.4375 days; NaN where a figure has no point estimate (a first event since).
    conf_low, conf_high : float
        Interval; the upper end is infinite for figures without an upper bound.
    conf_level : float
        Level of the interval.
    count_low, count_high : float
        Counts the figure allows.
    rounding_unit : int or None
        What an "about" figure is rounded to.
    """

    window: Window
    estimate: float
    conf_low: float
    conf_high: float
    conf_level: float
    count_low: float
    count_high: float
    rounding_unit: int | None = None


def figure_rate(figure: Any, *, method: RateMethod = "exact-c", alpha: float = 0.05) -> FigureRate:
    """Return the rate that one published figure implies, with its interval.

    Parameters
    ----------
    figure : Window, statement row, mapping, (count, days) or (count, start, end)
        One published figure.
    method : {"exact-c", "midp-c"}
        "exact-c" never covers less than it says (and more where counts are few or the figure is
        rounded coarsely); "midp-c" covers what it says on average over rates.
    alpha : float
        One minus the level of the interval.

    Returns
    -------
    FigureRate
        Events per 30.4375 days.

    Raises
    ------
    TypeError
        If the figure cannot be read as a count over a window.
    ValueError
        If the count, window, method or level is not valid.

    Notes
    -----
    *exact*: the exact Poisson interval. *at_least*, *more_than*: the figure bounds the rate from
    below only, so the whole error goes to the lower end and the upper end is infinite; the
    estimate is the rate of the smallest count allowed. *about*: any count that rounds to the
    figure, where the unit is the largest of 1, 5, 10, 50, 100, ... that divides the figure and is
    at most half of it. *range*: any count in it. *nth_since*: the nth event stopped the clock, so
    the waiting time is Erlang; (n - 1) / time is unbiased where n / time is not, and for n = 1 the
    mean of 1 / time is infinite, so there is no estimate and only a lower limit is given.

    Examples
    --------
    >>> tenth = {"count": 10, "qualifier": "nth_since",
    ...          "window_start": "2025-05-01", "window_end": "2025-05-19"}
    >>> rate = figure_rate(tenth)
    >>> print(f"{rate.estimate:.1f} [{rate.conf_low:.1f}, {rate.conf_high:.1f}]")
    14.4 [7.7, 27.4]
    """
    if method not in ("exact-c", "midp-c"):
        raise ValueError(f"`method` must be exact-c or midp-c, got {method!r}. Pick one.")
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must be between 0 and 1, got {alpha}. Use 0.05 for 95%.")
    window = as_window(figure)
    months = window.days / DAYS_PER_MONTH
    allowed = counts_allowed(window)
    low, high = _mean_interval(window, method, alpha)
    return FigureRate(
        window=window,
        estimate=_mean_estimate(window) / months,
        conf_low=low / months,
        conf_high=high / months,
        conf_level=1 - alpha,
        count_low=allowed.fewest,
        count_high=allowed.most,
        rounding_unit=rounding_unit(window) if window.qualifier == "about" else None,
    )


def figure_rates(
    statements: pd.DataFrame, *, method: RateMethod = "exact-c", alpha: float = 0.05
) -> pd.DataFrame:
    """Return the rate each statement implies, in the order of the statements.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `read_statements` returns it.
    method : {"exact-c", "midp-c"}
        As in `figure_rate`.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    DataFrame of n_statements rows
        Same index; columns statement_id, estimate, conf_low and conf_high (events per 30.4375
        days), conf_level, count_low, count_high, rounding_unit and reason. A figure that implies
        no rate keeps its row, with NaN and the reason.

    Raises
    ------
    ValueError
        If the method or level is not valid.
    """
    rows = []
    for row in statements.to_dict("records"):
        reason = why_no_rate(row)
        if reason:
            blank: list[Any] = [row["statement_id"], *[np.nan] * 3, 1 - alpha, *[np.nan] * 3]
            rows.append([*blank, reason])
            continue
        rate = figure_rate(row, method=method, alpha=alpha)
        unit = np.nan if rate.rounding_unit is None else rate.rounding_unit
        estimate, bounds = rate.estimate, (rate.conf_low, rate.conf_high)
        counts = (rate.count_low, rate.count_high)
        rows.append([row["statement_id"], estimate, *bounds, 1 - alpha, *counts, unit, ""])
    return pd.DataFrame(rows, columns=RATE_COLUMNS, index=statements.index)


def why_no_rate(row: Any) -> str:
    """Return why a statement's figure implies no rate; "" when it does."""
    try:
        as_window(row)
    except ValueError as fault:
        return "unknown window" if "known window" in str(fault) else "not a count over a window"
    return ""


def counts_allowed(window: Window) -> CountSet:
    """Return the counts a figure allows.

    Examples
    --------
    >>> about = {"count": 200, "qualifier": "about",
    ...          "window_start": "2024-01-01", "window_end": "2024-08-31"}
    >>> counts_allowed(as_window(about))
    CountSet(fewest=150, most=250)
    """
    count, low, high = window.count, window.count_low, window.count_high
    if window.qualifier == "at_least":
        return CountSet(low if low is not None else count, np.inf)
    if window.qualifier == "more_than":
        return CountSet((low if low is not None else count) + 1, np.inf)
    if window.qualifier == "range" or (window.qualifier == "about" and low is not None):
        return CountSet(
            low if low is not None else 0,
            high if high is not None else (np.inf if low is not None else count),
        )
    if window.qualifier == "about":
        half = rounding_unit(window) / 2
        return CountSet(max(0, int(np.ceil(count - half))), int(np.floor(count + half)))
    return CountSet(count, count)


def rounding_unit(window: Window) -> int:
    """Return what an "about" figure is rounded to.

    The largest of 1, 5, 10, 50, 100, ... that divides the figure and is at most half of it, unless
    the window names its unit.

    Examples
    --------
    >>> [rounding_unit(Window(count=count, days=30.0)) for count in (7, 85, 200, 330, 753, 2500)]
    [1, 5, 100, 10, 1, 500]
    """
    if window.rounding_unit is not None:
        return int(window.rounding_unit)
    unit = 1
    for power in range(len(str(window.count))):
        for candidate in (10**power, 5 * 10**power):
            if window.count % candidate == 0 and 2 * candidate <= window.count:
                unit = candidate
    return unit


def gamma_shapes(window: Window) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the gamma shapes behind the exact interval of a mean.

    Returns
    -------
    tuple of two pairs of float
        For the fewest and for the most events allowed, the shapes whose quantiles are the lower
        and the upper limit: (n, n + 1) for a count of n, (n, n) for a clock stopped by event n.
    """
    if window.qualifier == "nth_since":
        return (window.count, window.count), (window.count, window.count)
    allowed = counts_allowed(window)
    return (allowed.fewest, allowed.fewest + 1), (allowed.most, allowed.most + 1)


def _mean_estimate(window: Window) -> float:
    """Return the expected number of events over the window that the figure suggests."""
    if window.qualifier == "nth_since":
        return float(window.count - 1) if window.count > 1 else np.nan
    if window.qualifier == "more_than":
        return float(counts_allowed(window).fewest)
    return float(window.count)


def _mean_interval(window: Window, method: RateMethod, alpha: float) -> tuple[float, float]:
    """Return the interval of the expected number of events over the window."""
    if window.qualifier == "nth_since":
        if window.count == 0:
            raise ValueError(
                "`figure` must count at least 1 event when it is an nth-since, got 0. "
                "Publish no event since a day as an exact count of 0."
            )
        if window.count == 1:
            return gamma_quantile(alpha, 1), np.inf
        return gamma_quantile(alpha / 2, window.count), gamma_quantile(1 - alpha / 2, window.count)
    fewest, most = counts_allowed(window)
    tail = alpha if np.isinf(most) else alpha / 2
    if method == "exact-c":
        return gamma_quantile(tail, fewest), gamma_quantile(1 - tail, most + 1)
    return _midp_limit(fewest, most, tail, "low"), _midp_limit(fewest, most, tail, "high")


def gamma_quantile(level: float, shape: float) -> float:
    """Return a quantile of a gamma of unit scale: 0 for shape 0, infinite for infinite shape."""
    if shape == 0:
        return 0.0
    return float(stats.gamma.ppf(level, shape)) if np.isfinite(shape) else np.inf


def _midp_limit(fewest: int, most: float, tail: float, side: Literal["low", "high"]) -> float:
    """Return the mean at which beyond the figure, plus half of the figure, lies the tail."""

    def beyond(mean: float) -> float:
        above = special.gammainc(most + 1, mean) if np.isfinite(most) else 0.0
        from_figure_up = special.gammainc(fewest, mean) if fewest else 1.0
        at_or_above = (above + from_figure_up) / 2
        return float(at_or_above if side == "low" else 1 - at_or_above) - tail

    if side == "low" and beyond(0.0) >= 0:
        return 0.0
    if side == "high" and np.isinf(most):
        return np.inf
    ceiling = gamma_quantile(1 - tail / 4, (most if np.isfinite(most) else fewest) + 1)
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
