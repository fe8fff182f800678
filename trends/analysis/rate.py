"""How do the rates of two windows compare, and what would make the difference vanish?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast

import numpy as np
import pandas as pd
from scipy import special, stats
from scipy.optimize import brentq
from statsmodels.stats import rates as poisson_rates

from trends.analysis.result import Result, check_alpha
from trends.models.counts.ratio_interval import Total, ratio_low, ratio_tail, visible_range
from trends.models.counts.smallest_change import POWER
from trends.models.published.borrowed_scatter import borrowed_inflation
from trends.models.published.figure_likelihood import (
    counts_allowed,
    gamma_shapes,
    mean_estimate,
    mean_interval,
)
from trends.options import as_number
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.window import Figure, Window, as_window

Method = Literal["exact-c", "midp-c", "score", "wald"]
Dispersion = float | Literal["borrowed"]

#: Name of each method in statsmodels' tests of two Poisson rates.
_TESTS = {"exact-c": "exact-cond", "midp-c": "cond-midp", "score": "score", "wald": "wald-log"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RateComparison(Result):
    """Two rates, their ratio and difference, and the tipping points.

    Attributes
    ----------
    first, second : Window
        The two figures with their windows.
    rate_first, rate_second : float
        Events per 30.4375 days, each read by its own kind; NaN for a first event since.
    rate_first_low, rate_first_high, rate_second_low, rate_second_high : float
        Their intervals for Poisson counts.
    ratio, ratio_low, ratio_high : float
        Rate of the first window over the rate of the second, with its interval for Poisson counts,
        the narrowest case. The upper end is infinite when the second count may be 0 or the first
        figure has no upper bound.
    wide_low, wide_high : float
        The interval of the ratio with the scatter that was declared or borrowed, never narrower
        than the other: the one that words need.
    difference, difference_low, difference_high : float
        First rate minus second rate, events per 30.4375 days.
    p_value : float
        Two-sided, for equal rates, by `method`.
    wide_p_value : float
        The same with the scatter.
    scatter : {"borrowed", "declared"}
        Where the scatter is from.
    dispersion : float
        Variance of a total over its mean: as declared, or borrowed for totals of this size and
        length; of the two totals the larger one.
    margin, p_equivalent : float
        Ratios between 1 / margin and margin count as the same rate; the p-value of two one-sided
        tests against a ratio outside them, for Poisson counts. Small means: shown to be about the
        same.
    detectable_rise, detectable_fall : float
        The ratios nearest to 1, above and below, that windows with this many events between them
        would have shown with 80% power in spite of the scatter; infinite and 0 when no ratio could
        be shown.
    tipping_dispersion : float
        Variance-to-mean ratio of the counts at which the interval of the ratio would reach 1; NaN
        when it includes 1 already or when a count is 0.
    tipping_share_interval, tipping_share : float
        Factor by which the share of events that gets counted would have to differ between the two
        windows for the interval to reach 1, and for the ratio itself to be 1.
    method : str
        How the interval of the ratio was made.
    difference_method : str
        How the interval of the difference was made: score, or mover for a stopped window and where
        no score limit is found.
    conf_level : float
        Level of all intervals.
    caveats : tuple of str
        Keys of what a reader must know.
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
    wide_low: float
    wide_high: float
    wide_p_value: float
    scatter: str
    dispersion: float
    margin: float
    p_equivalent: float
    detectable_rise: float
    detectable_fall: float
    tipping_dispersion: float
    tipping_share_interval: float
    tipping_share: float
    method: str
    difference_method: str
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """With the scatter, as words have it: stars for Poisson counts would say more than they.

        Of the difference only the interval for Poisson counts is known, which stands in `to_frame`.
        """
        table = super().__maketables_coef_table__
        wide = [self.wide_p_value, self.wide_low, self.wide_high]
        table.loc["ratio", ["p", "low", "high"]] = wide
        table.loc["difference", ["p", "low", "high"]] = np.nan
        return table

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the two rates, their ratio and their difference.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the comparison.

        Returns
        -------
        DataFrame of 4 rows
            Columns term, estimate, conf_low, conf_high, p_value, wide_low, wide_high, wide_p_value,
            conf_level, method. The first interval and p-value are those of Poisson counts, the
            narrowest case; the wide ones, of the ratio, have the scatter that was declared or
            borrowed.
        """
        if alpha is not None and not np.isclose(1 - alpha, self.conf_level):
            again = compare_rates(
                self.first,
                self.second,
                method=cast("Method", self.method),
                dispersion="borrowed" if self.scatter == "borrowed" else self.dispersion,
                alpha=alpha,
                margin=self.margin,
            )
            return again.to_frame()
        ratio = (self.ratio, self.ratio_low, self.ratio_high)
        difference = (self.difference, self.difference_low, self.difference_high)
        rows = [
            ("rate_first", self.rate_first, self.rate_first_low, self.rate_first_high, np.nan),
            ("rate_second", self.rate_second, self.rate_second_low, self.rate_second_high, np.nan),
            ("ratio", *ratio, self.p_value),
            ("difference", *difference, self.p_value),
        ]
        frame = pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high", "p_value"])
        is_ratio = frame["term"] == "ratio"
        frame["wide_low"] = np.where(is_ratio, self.wide_low, np.nan)
        frame["wide_high"] = np.where(is_ratio, self.wide_high, np.nan)
        frame["wide_p_value"] = np.where(is_ratio, self.wide_p_value, np.nan)
        frame["conf_level"] = self.conf_level
        frame["method"] = ["exact-c", "exact-c", self.method, self.difference_method]
        return frame


def compare_rates(
    first: Figure,
    second: Figure,
    *,
    method: Method = "exact-c",
    dispersion: Dispersion = "borrowed",
    alpha: float = 0.05,
    margin: float = 1.25,
) -> RateComparison:
    """Compare the rates of two windows of any length.

    The ratio's interval is exact by conditioning on the total (Przyborowski and Wilenski 1940),
    unless another method is named. It holds for Poisson counts, and two totals cannot show their
    own scatter. A wider interval therefore stands beside it, with a scatter that is declared or
    borrowed from the series of other counters, and words follow the wider one. The result also says
    how much scatter, or how large a change in the share of events that gets counted, would make the
    difference vanish. Where the counter has a series, `compare_periods` takes its own scatter.

    Parameters
    ----------
    first, second : Window, str, statement row, mapping or tuple
        The two figures: ``"294 in 2024"``, ``(294, "2024")``, ``(294, 366)``, ``(294, "2024-01-01",
        "2024-12-31")``, or a row of `read_statements`; the ratio is first over second.
    method : {"exact-c", "midp-c", "score", "wald"}
        Interval and p-value of the ratio: exact conditional (the default, because it never covers
        less than it says), conditional mid-p, score, or Wald on the log ratio.
    dispersion : "borrowed" or float
        Variance of a total over its mean. Borrowed (the default, because counts of events nearly
        always scatter more than Poisson ones): what totals of this length and size have in the
        monthly series that come with the package, as uncertain as these differ. A number, 1 or
        more, declares it; 1 declares Poisson counts.
    alpha : float
        One minus the level of the intervals.
    margin : float
        Largest ratio that still counts as the same rate, above 1. Default 1.25, the bound within
        which a rate is said to have changed little.

    Returns
    -------
    RateComparison

    Raises
    ------
    TypeError
        If a figure cannot be read as a count over a window.
    ValueError
        If a count or window is not valid, `alpha` is not between 0 and 1, `margin` is not above
        1, `dispersion` is neither borrowed nor 1 or more, the method does not suit a stopped
        window, or the two windows overlap although one counter made both for one scope.

    Notes
    -----
    The comparison describes what was counted. It says nothing about why, and two windows are a
    comparison, not a trend.

    *Kinds.* An "about", "at least" or range figure stands for every count it allows. The interval
    of the ratio is the widest over those counts, so it covers whichever of them was true; the
    p-values are the largest. A figure without an upper bound leaves the ratio without one. An
    "nth since" figure is a waiting time, whose interval is exact by the F distribution (methods
    exact-c and midp-c only).

    *Scatter.* Counts with a variance of so many times their mean tell as much as that many times
    fewer independent events. The series that a scatter is borrowed from, and how, stand in
    ``trends/packs/conflict/borrowed_scatter.toml`` and in the module beside it. At a rate unlike
    theirs it is the more uncertain: few events a month may be those of one rare kind, or those of
    few places that scatter no less. Of equal years of negative binomial counts with 3 or 8 times
    the Poisson variance, at 3, 10 and 40 events a month, at most .01 look clearly different (400
    pairs each); of years that differ fourfold with 3 times that variance nearly all, of years that
    differ twofold .06, for a year of the counters borrowed from scatters more
    (``benchmarks/period_comparisons.py``).

    *What could have been shown.* The detectable ratios are those at which the test with that
    scatter, given the total number of events, has 80% power.

    References
    ----------
    Gu K, Ng HKT, Tang ML, Schucany WR (2008). Testing the ratio of two Poisson rates. Biometrical
    Journal 50(2):283-298. doi:10.1002/bimj.200710403

    Examples
    --------
    >>> import trends
    >>> comparison = trends.compare_rates("294 in 2024", "121 in 2023")
    >>> print(f"{comparison.ratio:.2f} [{comparison.ratio_low:.3f}, {comparison.ratio_high:.3f}]")
    2.42 [1.954, 3.020]
    """
    _check_options(method, dispersion, alpha, margin)
    one, two = as_window(first, name="first"), as_window(second, name="second")
    _refuse_overlap(one, two)
    _refuse_stopped(one, two, method)
    months_one, months_two = one.days / DAYS_PER_MONTH, two.days / DAYS_PER_MONTH
    side_one, side_two = _side(one, months_one), _side(two, months_two)
    rate_one, rate_two = mean_estimate(one) / months_one, mean_estimate(two) / months_two
    low = _ratio_low(side_one, side_two, method, alpha / 2)
    high = _inverse(_ratio_low(side_two, side_one, method, alpha / 2))
    one_low, one_high = (end / months_one for end in mean_interval(one, alpha=alpha))
    two_low, two_high = (end / months_two for end in mean_interval(two, alpha=alpha))
    recovered = side_one.stopped or side_two.stopped
    if not recovered:
        difference_low = _difference_low(side_one, side_two, alpha)
        difference_high = -_difference_low(side_two, side_one, alpha)
        # The search for a score limit may miss it, at counts of thousands against none.
        recovered = not difference_low <= rate_one - rate_two <= difference_high
    if recovered:
        difference_low, difference_high = _mover_interval(
            (rate_one, one_low, one_high), (rate_two, two_low, two_high)
        )
    ratio = _divide(rate_one, rate_two)
    scatters = _scatters(one, two, dispersion)
    wide = _wide(side_one, side_two, scatters, alpha)
    p_value = _p_value(side_one, side_two, method)
    detectable_fall, detectable_rise = visible_range(
        side_one.fewest + side_two.fewest,
        Total.of_count(0, months_one, scatters[0]),
        Total.of_count(0, months_two, scatters[1]),
        power=POWER,
        alpha=alpha,
    )
    return RateComparison(
        first=one,
        second=two,
        rate_first=rate_one,
        rate_first_low=one_low,
        rate_first_high=one_high,
        rate_second=rate_two,
        rate_second_low=two_low,
        rate_second_high=two_high,
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        difference=rate_one - rate_two,
        difference_low=difference_low,
        difference_high=difference_high,
        p_value=p_value,
        wide_low=min(low, wide[0]),
        wide_high=max(high, wide[1]),
        wide_p_value=float(np.fmax(p_value, wide[2])),
        scatter="borrowed" if dispersion == "borrowed" else "declared",
        dispersion=max(scatters),
        margin=margin,
        p_equivalent=_p_equivalent(side_one, side_two, method, margin),
        # A figure without an upper bound can never show that its rate is the lower one.
        detectable_rise=detectable_rise if np.isfinite(side_two.most) else np.inf,
        detectable_fall=detectable_fall if np.isfinite(side_one.most) else 0.0,
        tipping_dispersion=_tipping_dispersion(side_one, side_two, ratio, alpha),
        tipping_share_interval=low if low > 1 else 1 / high if high < 1 else np.nan,
        tipping_share=max(ratio, 1 / ratio) if 0 < ratio < np.inf else np.nan,
        method=method,
        difference_method="mover" if recovered else "score",
        conf_level=1 - alpha,
        caveats=_caveats(one, two),
    )


class _Side(NamedTuple):
    """What one figure brings to a comparison.

    `fewest` and `most` are the counts it allows, `low_shapes` and `high_shapes` the gamma shapes
    behind the lower and upper limits of its mean for each of the two.
    """

    fewest: int
    most: float
    low_shapes: tuple[float, float]
    high_shapes: tuple[float, float]
    months: float
    stopped: bool


def _side(window: Window, months: float) -> _Side:
    """Return what a figure brings to a comparison."""
    allowed = counts_allowed(window)
    fewest_shapes, most_shapes = gamma_shapes(window)
    stopped = window.qualifier == "nth_since"
    # Up to the event that stopped the clock there were that many, whatever followed on the day.
    most = window.count if stopped else allowed.most
    return _Side(allowed.fewest, most, fewest_shapes, most_shapes, months, stopped)


def _scatters(one: Window, two: Window, dispersion: Dispersion) -> tuple[float, float]:
    """Return the variance over mean of each of two totals, at the rate they share."""
    if dispersion != "borrowed":
        return float(dispersion), float(dispersion)
    months = [window.days / DAYS_PER_MONTH for window in (one, two)]
    rate = (one.count + two.count) / sum(months)
    first, second = (
        borrowed_inflation(window.unit, length, rate)
        for window, length in zip((one, two), months, strict=True)
    )
    return first, second


def _wide(
    one: _Side, two: _Side, scatters: tuple[float, float], alpha: float
) -> tuple[float, float, float]:
    """Return the interval of the ratio and its p-value with scatter, over all counts allowed."""
    # Of the counts allowed, those that make the ratio smallest, and those that make it largest.
    falls = _total(one, 0, scatters[0]), _total(two, 1, scatters[1])
    rises = _total(two, 0, scatters[1]), _total(one, 1, scatters[0])
    back = ratio_low(*rises, alpha / 2)
    tails = ratio_tail(*falls, 1.0), ratio_tail(*rises, 1.0)
    return ratio_low(*falls, alpha / 2), _inverse(back), min(1.0, 2 * min(tails))


def _total(side: _Side, place: int, scatter: float) -> Total:
    """Return a total with the fewest (0) or the most (1) events that its figure allows."""
    return Total(side.low_shapes[place], side.high_shapes[place], side.months, scatter)


def _ratio_low(above: _Side, below: _Side, method: Method, tail: float) -> float:
    """Return the lower limit of a ratio of rates, for the counts that make the ratio smallest."""
    if above.fewest == 0 or np.isinf(below.high_shapes[1]):
        return 0.0
    scale = below.months / above.months
    if method == "exact-c":
        share = stats.beta.ppf(tail, above.low_shapes[0], below.high_shapes[1])
        return _odds(share) * scale
    if method == "midp-c":
        share = brentq(lambda share: _tail_area(above, below, method, share) - tail, 0, 1)
        return _odds(share) * scale
    if method == "wald" and below.most == 0:
        return 0.0
    name = "wald-log" if method == "wald" else "score"
    return _limit(above, below, name, "ratio", 2 * tail)


def _limit(
    above: _Side, below: _Side, name: str, compare: Literal["ratio", "diff"], alpha: float
) -> float:
    """Return statsmodels' lower limit of a ratio or difference of two Poisson rates."""
    # On its way statsmodels also divides by a rate that may be 0; the limit does not use that.
    with np.errstate(divide="ignore", invalid="ignore"):
        low, _ = poisson_rates.confint_poisson_2indep(
            above.fewest,
            above.months,
            below.most,
            below.months,
            method=name,
            compare=compare,
            alpha=alpha,
        )
    return float(low)


def _tail_area(above: _Side, below: _Side, method: Method, share: float) -> float:
    """Return the chance of so many events above, or more, when a share of all is expected there.

    Counts take the conditional binomial; mid-p counts what was seen by half, which for a stopped
    window is its one gamma shape.
    """

    def area(shape_above: float, shape_below: float) -> float:
        if np.isinf(shape_below):
            return 0.0 if np.isfinite(shape_above) else np.nan
        return float(special.betainc(shape_above, shape_below, share)) if shape_below else 1.0

    exact = area(above.low_shapes[0], below.high_shapes[1])
    if method != "midp-c" or not 0 < share < 1:
        return exact
    above_high = above.low_shapes[1] if np.isfinite(above.low_shapes[1]) else above.low_shapes[0]
    if below.high_shapes[0] == 0:
        return exact / 2
    return (exact + area(above_high, below.high_shapes[0])) / 2


def _p_larger(above: _Side, below: _Side, method: Method, value: float) -> float:
    """Return the one-sided p-value against ratios up to `value`, for the counts that fit them."""
    if above.fewest == 0 or np.isinf(below.high_shapes[1]):
        return 1.0
    if method in ("exact-c", "midp-c"):
        odds = value * above.months / below.months
        return _tail_area(above, below, method, odds / (1 + odds))
    if method == "wald" and below.most == 0:
        return np.nan
    return _test(above, below, method, value, "larger")


def _p_value(one: _Side, two: _Side, method: Method) -> float:
    """Return the two-sided p-value of equal rates; 1 when nothing was counted in either window."""
    if one.fewest + two.fewest == 0:
        return 1.0
    counts_only = one.fewest == one.most and two.fewest == two.most
    if one.stopped or two.stopped or not counts_only:
        both = (_p_larger(one, two, method, 1.0), _p_larger(two, one, method, 1.0))
        return float(min(1.0, 2 * min(both)))
    if method == "wald" and 0 in (one.fewest, two.fewest):
        return np.nan
    return _test(one, two, method, 1.0, "two-sided")


def _test(
    above: _Side,
    below: _Side,
    method: Method,
    value: float,
    alternative: Literal["two-sided", "larger"],
) -> float:
    """Return statsmodels' p-value for a ratio of two Poisson rates."""
    # On its way statsmodels also divides by a rate that may be 0; the p-value does not use that.
    with np.errstate(divide="ignore", invalid="ignore"):
        test = poisson_rates.test_poisson_2indep(
            above.fewest,
            above.months,
            below.most,
            below.months,
            value=value,
            method=_TESTS[method],
            compare="ratio",
            alternative=alternative,
        )
    return float(min(test.pvalue, 1.0))


def _p_equivalent(one: _Side, two: _Side, method: Method, margin: float) -> float:
    """Return the p-value of two one-sided tests against ratios beyond the margin."""
    sides = _p_larger(one, two, method, 1 / margin), _p_larger(two, one, method, 1 / margin)
    return float(np.max(sides))


def _difference_low(above: _Side, below: _Side, alpha: float) -> float:
    """Return the lower score limit of a difference, for the counts that make it smallest."""
    if np.isinf(below.most):
        return -np.inf
    if above.fewest == 0 and below.most == 0:
        # The score interval of 0 against 0 is not defined; each rate's own limit bounds it.
        return -float(stats.gamma.ppf(1 - alpha / 2, 1)) / below.months
    return _limit(above, below, "score", "diff", alpha)


def _mover_interval(
    one: tuple[float, float, float], two: tuple[float, float, float]
) -> tuple[float, float]:
    """Return an interval of a difference from each rate's own interval (variance recovery)."""
    (rate_one, low_one, high_one), (rate_two, low_two, high_two) = one, two
    difference = rate_one - rate_two
    low = difference - np.hypot(rate_one - low_one, high_two - rate_two)
    high = difference + np.hypot(high_one - rate_one, rate_two - low_two)
    return float(low), float(high)


def _tipping_dispersion(one: _Side, two: _Side, ratio: float, alpha: float) -> float:
    """Return the variance-to-mean ratio at which the log-ratio's interval would reach 0.

    The variance of the log ratio is dispersion * (1/count_one + 1/count_two); inexact figures
    enter with the counts that make the ratio nearest to 1.
    """
    above, below = (one, two) if ratio > 1 else (two, one)
    if above.fewest == 0 or below.most == 0 or np.isinf(below.most) or np.isnan(ratio):
        return np.nan
    nearest = above.fewest / above.months / (below.most / below.months)
    if nearest <= 1:
        return np.nan
    z = stats.norm.ppf(1 - alpha / 2)
    dispersion = (np.log(nearest) / z) ** 2 / (1 / above.fewest + 1 / below.most)
    return float(dispersion) if dispersion > 1 else np.nan


def _odds(share: float) -> float:
    """Return share / (1 - share), infinite at 1."""
    return float(share / (1 - share)) if share < 1 else np.inf


def _inverse(ratio: float) -> float:
    """Return one over a ratio: infinite for 0, 0 for infinity."""
    return 1 / ratio if ratio > 0 else np.inf


def _divide(above: float, below: float) -> float:
    """Return a ratio of rates: infinite over 0, NaN for 0 over 0."""
    if below > 0:
        return above / below
    return np.inf if above > 0 and below == 0 else np.nan


def _check_options(method: str, dispersion: Dispersion, alpha: float, margin: float) -> None:
    """Raise unless the options are valid."""
    if method not in _TESTS:
        raise ValueError(f"`method` must be one of {', '.join(_TESTS)}, got {method!r}. Pick one.")
    is_number = isinstance(dispersion, int | float) and not isinstance(dispersion, bool)
    if dispersion != "borrowed" and not (is_number and 1 <= dispersion < np.inf):
        raise ValueError(
            f"`dispersion` must be 'borrowed' or a number of 1 or more, got {dispersion!r}. "
            "Give the variance of such totals over their mean, or leave it out."
        )
    check_alpha(alpha)
    if not 1 < as_number(margin) < np.inf:
        raise ValueError(
            f"`margin` must be above 1, got {margin!r}. Use 1.25 to call rates within a quarter of "
            "one another the same."
        )


def _refuse_stopped(one: Window, two: Window, method: str) -> None:
    """Raise if an approximate method meets a window that was stopped by an event."""
    if method in ("score", "wald") and "nth_since" in (one.qualifier, two.qualifier):
        raise ValueError(
            f"`method` must be exact-c or midp-c for an nth-since figure, got {method!r}. "
            "Its window was stopped by an event, which the other methods do not allow for."
        )


def _refuse_overlap(one: Window, two: Window) -> None:
    """Raise if one counter's two windows share days: the shared events would count twice."""
    same = (_counter(one), one.measure, one.scope) == (_counter(two), two.measure, two.scope)
    if one.start is None or two.start is None or not same:
        return
    if one.start <= two.end and two.start <= one.end:
        raise ValueError(
            "`first` and `second` must not overlap when one counter made both, got "
            f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d} and "
            f"{two.start:%Y-%m-%d} to {two.end:%Y-%m-%d}. "
            "Subtract the shorter window from the longer one first."
        )


def _counter(window: Window) -> str:
    """Return whose count it is."""
    return window.counter or window.counted_by


def _caveats(one: Window, two: Window) -> tuple[str, ...]:
    """Return the keys of what a reader must know about this comparison."""
    found = ["two_totals"]
    same_counter = _counter(one) == _counter(two)
    if not same_counter:
        found.append("different_counters")
    if one.scope and two.scope and one.scope != two.scope:
        found.append("different_scopes")
    if one.measure != two.measure:
        found.append("different_measures")
    if same_counter and one.scope == two.scope and one.definition != two.definition:
        found.append("different_definitions")
    kinds = dict.fromkeys(key for window in (one, two) for key in window.caveats)
    return (*found, *kinds)
