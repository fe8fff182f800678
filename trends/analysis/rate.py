"""How do the rates of two windows compare, and what would make the difference vanish?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import (
    confint_poisson,
    confint_poisson_2indep,
    test_poisson_2indep,
)

from trends.analysis.result import Result
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.window import Window, as_window

Method = Literal["exact-c", "midp-c", "score", "wald"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RateComparison(Result):
    """Two rates, their ratio and difference, and the tipping points.

    Attributes
    ----------
    first, second : Window
        The two figures with their windows.
    rate_first, rate_second : float
        Events per 30.4375 days.
    ratio, ratio_low, ratio_high : float
        Rate of the first window over the rate of the second, with its interval. The upper end is
        infinite when the second count is 0.
    difference, difference_low, difference_high : float
        First rate minus second rate, events per 30.4375 days, by the score method.
    p_value : float
        Two-sided, for equal rates, by `method`.
    tipping_dispersion : float
        Variance-to-mean ratio of the counts at which the interval of the ratio would reach 1; NaN
        when it includes 1 already or when a count is 0.
    tipping_share_interval, tipping_share : float
        Factor by which the share of events that gets counted would have to differ between the two
        windows for the interval to reach 1, and for the ratio itself to be 1.
    method : str
        How the interval of the ratio was made.
    conf_level : float
        Level of all intervals.
    """

    first: Window
    second: Window
    rate_first: float
    rate_first_low: float
    rate_first_high: float
    rate_second: float
    rate_second_low: float
    rate_second_high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    tipping_dispersion: float
    tipping_share_interval: float
    tipping_share: float
    method: str
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the two rates, their ratio and their difference.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the comparison.

        Returns
        -------
        DataFrame
            Columns term, estimate, conf_low, conf_high, conf_level, p_value, method.
        """
        if alpha is not None and not np.isclose(1 - alpha, self.conf_level):
            again = compare_rates(
                self.first, self.second, method=_as_method(self.method), alpha=alpha
            )
            return again.to_frame()
        rows = [
            ("rate_first", self.rate_first, self.rate_first_low, self.rate_first_high, np.nan),
            ("rate_second", self.rate_second, self.rate_second_low, self.rate_second_high, np.nan),
            ("ratio", self.ratio, self.ratio_low, self.ratio_high, self.p_value),
            (
                "difference",
                self.difference,
                self.difference_low,
                self.difference_high,
                self.p_value,
            ),
        ]
        frame = pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high", "p_value"])
        frame["conf_level"] = self.conf_level
        frame["method"] = ["exact", "exact", self.method, "score"]
        return frame


def compare_rates(
    first: Any, second: Any, *, method: Method = "exact-c", alpha: float = 0.05
) -> RateComparison:
    """Compare the rates of two windows of any length.

    The ratio's interval is exact by conditioning on the total (Przyborowski and Wilenski 1940),
    unless another method is named. Two totals cannot show their own scatter, so the interval
    holds for Poisson counts and the result says how much extra scatter, or how large a change in
    the share of events that gets counted, would make the difference vanish.

    Parameters
    ----------
    first, second : Window, statement row, (count, days) or (count, start, end)
        The two figures; the ratio is first over second.
    method : {"exact-c", "midp-c", "score", "wald"}
        Interval and p-value of the ratio: exact conditional (the default, because it never covers
        less than it says), conditional mid-p, score, or Wald on the log ratio.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    RateComparison

    Raises
    ------
    TypeError
        If a figure cannot be read as a count over a window.
    ValueError
        If a count or window is not valid, `alpha` is not between 0 and 1, or the two windows
        overlap although one counter made both.

    Notes
    -----
    The comparison describes what was counted. It says nothing about why, and two windows are a
    comparison, not a trend.

    References
    ----------
    Gu K, Ng HKT, Tang ML, Schucany WR (2008). Testing the ratio of two Poisson rates. Biometrical
    Journal 50(2):283-298. doi:10.1002/bimj.200710403

    Examples
    --------
    >>> comparison = compare_rates(
    ...     (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31"))
    >>> print(f"{comparison.ratio:.2f} [{comparison.ratio_low:.2f}, {comparison.ratio_high:.2f}]")
    2.42 [1.96, 3.02]
    """
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must be between 0 and 1, got {alpha}. Use 0.05 for 95%.")
    one, two = as_window(first, name="first"), as_window(second, name="second")
    _refuse_overlap(one, two)
    months_one, months_two = one.days / DAYS_PER_MONTH, two.days / DAYS_PER_MONTH
    rate_one, rate_two = one.count / months_one, two.count / months_two
    low, high = _ratio_interval(one.count, months_one, two.count, months_two, method, alpha)
    difference_low, difference_high = confint_poisson_2indep(
        one.count, months_one, two.count, months_two, method="score", compare="diff", alpha=alpha
    )
    one_low, one_high = confint_poisson(one.count, months_one, method="exact-c", alpha=alpha)
    two_low, two_high = confint_poisson(two.count, months_two, method="exact-c", alpha=alpha)
    ratio = _divide(rate_one, rate_two)
    nearest = low if low > 1 else 1 / high if high < 1 else np.nan
    return RateComparison(
        first=one,
        second=two,
        rate_first=rate_one,
        rate_first_low=float(one_low),
        rate_first_high=float(one_high),
        rate_second=rate_two,
        rate_second_low=float(two_low),
        rate_second_high=float(two_high),
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        difference=rate_one - rate_two,
        difference_low=float(difference_low),
        difference_high=float(difference_high),
        p_value=_p_value(one.count, months_one, two.count, months_two, method),
        tipping_dispersion=_tipping_dispersion(ratio, one.count, two.count, alpha),
        tipping_share_interval=nearest,
        tipping_share=max(ratio, 1 / ratio) if 0 < ratio < np.inf else np.nan,
        method=method,
        conf_level=1 - alpha,
        caveats=_caveats(one, two),
    )


#: Name of each method in statsmodels' tests of two Poisson rates.
_TESTS = {"exact-c": "exact-cond", "midp-c": "cond-midp", "score": "score", "wald": "wald-log"}


def _p_value(
    count_one: int, time_one: float, count_two: int, time_two: float, method: Method
) -> float:
    """Return the two-sided p-value of equal rates; 1 when nothing was counted in either window."""
    if count_one + count_two == 0:
        return 1.0
    if method == "wald" and 0 in (count_one, count_two):
        return np.nan
    test = test_poisson_2indep(
        count_one, time_one, count_two, time_two, method=_TESTS[method], compare="ratio"
    )
    return float(min(test.pvalue, 1.0))


def _ratio_interval(
    count_one: int,
    time_one: float,
    count_two: int,
    time_two: float,
    method: Method,
    alpha: float,
) -> tuple[float, float]:
    """Return the interval of the ratio of two rates; 0 to infinity when nothing was counted."""
    if method not in _TESTS:
        raise ValueError(f"`method` must be one of {', '.join(_TESTS)}, got {method!r}. Pick one.")
    if count_one + count_two == 0:
        return 0.0, np.inf
    scale = time_two / time_one
    if method == "exact-c":
        shares = proportion_confint(count_one, count_one + count_two, alpha=alpha, method="beta")
        return _odds(shares[0]) * scale, _odds(shares[1]) * scale
    if method == "midp-c":
        shares = _midp_shares(count_one, count_one + count_two, alpha)
        return _odds(shares[0]) * scale, _odds(shares[1]) * scale
    if method == "wald":
        if 0 in (count_one, count_two):
            return 0.0, np.inf
        name = "wald-log"
    else:
        name = "score"
    low, high = confint_poisson_2indep(
        count_one, time_one, count_two, time_two, method=name, compare="ratio", alpha=alpha
    )
    return float(low), float(high) if count_two else np.inf


def _midp_shares(count: int, total: int, alpha: float) -> tuple[float, float]:
    """Return the mid-p interval of a binomial share, by inverting both tails."""

    def upper_tail(share: float) -> float:
        return stats.binom.sf(count, total, share) + stats.binom.pmf(count, total, share) / 2

    low = 0.0 if count == 0 else brentq(lambda share: upper_tail(share) - alpha / 2, 0, 1)
    high = 1.0 if count == total else brentq(lambda share: upper_tail(share) - 1 + alpha / 2, 0, 1)
    return float(low), float(high)


def _odds(share: float) -> float:
    """Return share / (1 - share), infinite at 1."""
    return float(share / (1 - share)) if share < 1 else np.inf


def _divide(above: float, below: float) -> float:
    """Return a ratio of rates: infinite over 0, NaN for 0 over 0."""
    if below > 0:
        return above / below
    return np.inf if above > 0 else np.nan


def _tipping_dispersion(ratio: float, count_one: int, count_two: int, alpha: float) -> float:
    """Return the variance-to-mean ratio at which the log-ratio's interval would reach 0.

    The variance of the log ratio is dispersion * (1/count_one + 1/count_two).
    """
    if 0 in (count_one, count_two):
        return np.nan
    z = stats.norm.ppf(1 - alpha / 2)
    dispersion = (np.log(ratio) / z) ** 2 / (1 / count_one + 1 / count_two)
    return float(dispersion) if dispersion > 1 else np.nan


def _refuse_overlap(one: Window, two: Window) -> None:
    """Raise if one counter's two windows share days: the shared events would count twice."""
    if one.start is None or two.start is None or one.counted_by != two.counted_by:
        return
    if one.start <= two.end and two.start <= one.end:
        raise ValueError(
            "`first` and `second` must not overlap when one counter made both, got "
            f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d} and "
            f"{two.start:%Y-%m-%d} to {two.end:%Y-%m-%d}. "
            "Subtract the shorter window from the longer one first."
        )


def _caveats(one: Window, two: Window) -> tuple[str, ...]:
    """Return the keys of what a reader must know about this comparison."""
    found = ["two_totals"]
    if one.counted_by != two.counted_by:
        found.append("different_counters")
    if {one.qualifier, two.qualifier} - {"exact"}:
        found.append("inexact_figure")
    if "inferred" in {one.basis, two.basis}:
        found.append("inferred_window")
    return tuple(found)


def _as_method(name: str) -> Method:
    """Return a stored method name as its literal."""
    return cast("Method", name)
