"""How do two stretches of one series compare, given its own scatter and memory?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha
from trends.models.counts.count_model import ratio_of
from trends.models.counts.observed import FEW_EVENTS, Observed, observed_periods
from trends.models.counts.ratio_interval import Total, ratio_interval, ratio_p_value, visible_range
from trends.models.counts.season_terms import SeasonChoice, SeasonTerms, season_terms
from trends.models.counts.serial_dependence import CLEARLY_WANDERS, grid_of, wandering_log_odds
from trends.models.counts.smallest_change import POWER, smallest_visible
from trends.models.counts.stretch_contrast import LEAST_FREE, StretchContrast, contrast_stretches
from trends.tables.calendar import days_in_periods, format_period
from trends.tables.definitions import known_breaks, of_one_definition
from trends.tables.typed import Day, read_window


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PeriodComparison(Result):
    """Rates of two stretches of one series, their ratio and their difference.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was used: as given, or its part under the one definition by which
        both stretches were counted.
    first, second : tuple of Period
        First and last period of each stretch, both included.
    n_first, n_second : int
        Events in each.
    n_observed_first, n_observed_second : int
        Periods with a count in each.
    exposure_first, exposure_second : float
        Months of 30.4375 days observed in each, or units of exposure.
    rate_first, rate_second : float
        Events per 30.4375 days (or per unit) at the average time of the year, with intervals.
    rate_first_low, rate_first_high, rate_second_low, rate_second_high : float
        Their intervals, with the scatter and the memory of the series.
    ratio, ratio_low, ratio_high : float
        Rate of the first stretch over that of the second, with its interval: t on the log scale
        with scatter and memory, and never narrower than that of Poisson counts; exact conditional
        with totals divided by `inflation` where one stretch has no events.
    difference, difference_low, difference_high : float
        First rate minus second, from the intervals of the two rates.
    p_value : float
        Two-sided, for equal rates.
    poisson_ratio, poisson_low, poisson_high : float
        Ratio of the two totals per time observed, the season taken out, with its exact interval if
        counts scattered no more than chance makes them and periods were independent: the narrowest
        case.
    poisson_p_value : float
        For equal rates in that case.
    detectable_rise, detectable_fall : float
        The ratios nearest to 1, above and below, that these stretches would have shown with 80%
        power; infinite and 0 where none could be shown.
    season : {"none", "month", "harmonic", "hijri"}
        Pattern of the year that was taken out.
    std_error : float
        Of the log ratio; NaN where a stretch has no events.
    n_free : int
        Residual degrees of freedom.
    family : {"poisson", "quasipoisson", "nb2"}
        Family that was fitted.
    dispersion : float
        Variance-to-mean ratio of the counts around their levels.
    inflation : float
        Variance of a stretch's total over that of a Poisson total, memory included; at least 1.
    memory_correlation : float
        Averaged correlation of neighbouring periods.
    conf_level : float
        Level of all intervals.
    n_periods, n_observed, n_events : int
        Periods, periods with a count, and events of `series`.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    first: tuple[pd.Period, pd.Period]
    second: tuple[pd.Period, pd.Period]
    n_first: int
    n_second: int
    n_observed_first: int
    n_observed_second: int
    exposure_first: float
    exposure_second: float
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
    poisson_ratio: float
    poisson_low: float
    poisson_high: float
    poisson_p_value: float
    detectable_rise: float
    detectable_fall: float
    season: str
    std_error: float
    n_free: int
    family: str
    dispersion: float
    inflation: float
    memory_correlation: float
    conf_level: float
    n_periods: int
    n_observed: int
    n_events: int
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the two rates, their ratio and their difference.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the comparison.

        Returns
        -------
        DataFrame of 5 rows
            Columns term, estimate, conf_low, conf_high, p_value, conf_level, method. The ratio
            stands there twice: with the scatter and memory of the series, and (method
            exact_conditional) as if the counts were Poisson, the narrowest case.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        if not np.isclose(1 - alpha, self.conf_level):
            again = compare_periods(
                self.series,
                self.first,
                self.second,
                # What was taken is one of the seasons that may be asked for.
                season=self.season,  # type: ignore[arg-type]
                alpha=alpha,
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
            (
                "ratio",
                self.poisson_ratio,
                self.poisson_low,
                self.poisson_high,
                self.poisson_p_value,
            ),
        ]
        frame = pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high", "p_value"])
        frame["conf_level"] = self.conf_level
        frame["method"] = [
            self._rate_method(self.n_first),
            self._rate_method(self.n_second),
            self.method,
            "mover",
            "exact_conditional",
        ]
        return frame

    @property
    def method(self) -> str:
        """How the ratio's interval was made."""
        return "memory" if self.n_first and self.n_second else "inflated_exact"

    @staticmethod
    def _rate_method(n_events: int) -> str:
        """Return how the interval of a stretch's rate was made."""
        return "memory" if n_events else "inflated_exact"


def compare_periods(
    series: pd.DataFrame,
    first: tuple[Day, Day],
    second: tuple[Day, Day],
    *,
    season: SeasonChoice | None = "auto",
    alpha: float = 0.05,
) -> PeriodComparison:
    """Compare the rates of two stretches of one series with its own scatter and memory.

    Two totals cannot show how much counts of their kind scatter; a series can. Each stretch has a
    level in a log-linear count model beside levels (and, from 6 observed periods on, slopes) of
    what lies outside and a pattern of the year; the ratio's interval takes the dispersion of the
    whole series and the memory of its residuals into account, and is a t interval with the degrees
    of freedom these leave. The interval for Poisson counts stands beside it: the narrowest case.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3.
    first, second : pair of str, int, date or Period
        First and last period of each stretch, both included, as ``("2023-01", "2023-12")`` or
        ``(2023, 2024)``. The ratio is first over second.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside the levels: waves where the series spans two years and shows them
        at 1% (the default), nothing (also None), a factor per month, two waves a year, or the days
        of Ramadan and the two feasts.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    PeriodComparison

    Raises
    ------
    TypeError
        If `series` is not a count series, or a stretch is not a pair.
    ValueError
        If the series is too short or too empty, a stretch does not consist of whole periods of it,
        was not observed, or overlaps the other, or an option is out of range.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    *Nothing counted.* A stretch without events has no level on the log scale. Its ratio then has
    the exact conditional interval of two totals, each divided by how much more than a Poisson total
    the other one varies.

    *Definitions.* Where the series knows of a break (`known_breaks`) between the first period of
    the earlier stretch and the last of the later one, the two were counted by different
    definitions; every finding says so and is tentative at best. Where both lie on one side of it,
    only that side is used.

    *When it misleads.* Stretches chosen because they look different are a search, and the p-value
    does not know it: dates found by searching belong to `detect_changepoints`. A level that changes
    within a stretch is averaged over it; a step in the middle of what lies outside counts as
    scatter and widens the interval.

    Examples
    --------
    >>> import trends
    >>> import pandas as pd
    >>> months = pd.period_range("2022-01", periods=36, freq="M")
    >>> counts = [9, 14, 6, 11, 8, 12] * 4 + [21, 15, 24, 18, 30, 19] * 2
    >>> compared = trends.compare_periods(
    ...     trends.as_series(pd.Series(counts, index=months)), (2024, 2024), (2023, 2023))
    >>> print(f"{compared.ratio:.2f} [{compared.ratio_low:.2f}, {compared.ratio_high:.2f}]")
    2.11 [1.69, 2.65]
    """
    check_alpha(alpha)
    stretches = _read(series, first, "first"), _read(series, second, "second")
    _refuse_overlap(*stretches)
    series, breaks, is_broken = _one_definition(series, stretches)
    seen = observed_periods(series)
    one, two = (_side(series, seen, stretch) for stretch in stretches)
    _refuse_unobserved(one, "first")
    _refuse_unobserved(two, "second")
    contrast, terms = _contrast(seen, one, two, season, breaks)
    sides = one, two
    rates = [_rate(contrast, place, side, alpha) for place, side in enumerate(sides)]
    poisson = _exact(contrast, sides, alpha, inflation=1.0)
    ratio, visible = _ratio(contrast, sides, poisson, alpha)
    difference = _difference(rates[0], rates[1], contrast.correlation)
    return PeriodComparison(
        series=series,
        first=stretches[0],
        second=stretches[1],
        n_first=one.events,
        n_second=two.events,
        n_observed_first=int(one.inside.sum()),
        n_observed_second=int(two.inside.sum()),
        exposure_first=one.time,
        exposure_second=two.time,
        rate_first=rates[0][0],
        rate_first_low=rates[0][1],
        rate_first_high=rates[0][2],
        rate_second=rates[1][0],
        rate_second_low=rates[1][1],
        rate_second_high=rates[1][2],
        ratio=ratio.estimate,
        ratio_low=ratio.low,
        ratio_high=ratio.high,
        difference=difference[0],
        difference_low=difference[1],
        difference_high=difference[2],
        p_value=ratio.p_value,
        poisson_ratio=poisson.estimate,
        poisson_low=poisson.low,
        poisson_high=poisson.high,
        poisson_p_value=poisson.p_value,
        detectable_rise=visible[1],
        detectable_fall=visible[0],
        season=terms.season,
        std_error=contrast.std_error,
        n_free=contrast.n_free,
        family=contrast.fit.family,
        dispersion=contrast.fit.dispersion,
        inflation=contrast.inflation,
        memory_correlation=contrast.memory.correlation,
        conf_level=1 - alpha,
        n_periods=len(seen.periods),
        n_observed=seen.count.size,
        n_events=int(seen.count.sum()),
        caveats=_caveats(seen, sides, contrast, is_broken),
    )


class _Side(NamedTuple):
    """One stretch: its observed periods, events, exposure, and whether some were not observed."""

    inside: NDArray[np.bool_]
    events: int
    time: float
    has_gaps: bool


def _read(series: pd.DataFrame, stretch: Sequence[Any], name: str) -> tuple[pd.Period, pd.Period]:
    """Return first and last period of a stretch."""
    observed_periods(series)
    if isinstance(stretch, str) or not isinstance(stretch, Sequence) or len(stretch) != 2:
        raise TypeError(
            f"`{name}` must be a pair of periods, got {stretch!r}. "
            'Give the first and the last, such as ("2023-01", "2023-12").'
        )
    start, end = read_window(stretch[0], stretch[1], name)
    periods = pd.PeriodIndex(series.index)
    low, high = pd.Period(start, freq=periods.freq), pd.Period(end, freq=periods.freq)
    whole = low if low.start_time == start else low + 1, high
    if high.end_time.normalize() != end:
        whole = whole[0], high - 1
    if whole != (low, high):
        within = " to ".join(format_period(each) for each in whole)
        remedy = f"Name {within}" if whole[0] <= whole[1] else "Name a longer stretch"
        raise ValueError(
            f"`{name}` must begin and end with periods of the series, got {start.date()} to "
            f"{end.date()}. {remedy}, or count by shorter periods."
        )
    if low < periods[0] or high > periods[-1]:
        raise ValueError(
            f"`{name}` must lie within {format_period(periods[0])} to {format_period(periods[-1])},"
            f" got {format_period(low)} to {format_period(high)}. Name periods of the series."
        )
    return low, high


def _refuse_overlap(
    first: tuple[pd.Period, pd.Period], second: tuple[pd.Period, pd.Period]
) -> None:
    """Raise if two stretches share a period, whose events would count twice."""
    if first[0] <= second[1] and second[0] <= first[1]:
        shown = [" to ".join(format_period(each) for each in pair) for pair in (first, second)]
        raise ValueError(
            f"`first` and `second` must not overlap, got {shown[0]} and {shown[1]}. "
            "Name stretches without a common period."
        )


def _refuse_unobserved(side: _Side, name: str) -> None:
    """Raise if nobody counted in a stretch."""
    if not side.inside.any():
        raise ValueError(
            f"`{name}` must hold a period with a count, got none. "
            "Name a stretch in which somebody counted."
        )


def _one_definition(
    series: pd.DataFrame, stretches: tuple[tuple[pd.Period, pd.Period], ...]
) -> tuple[pd.DataFrame, list[int], bool]:
    """Return the series under the definition of both stretches, its breaks, and if they share one.

    The places of breaks are those of the first period that is counted by the new definition, even
    in part.
    """
    periods = pd.PeriodIndex(series.index)
    days = [each.date for each in known_breaks(series)]
    places = [int(np.searchsorted(periods.end_time, day)) for day in days]
    low = periods.get_loc(min(stretch[0] for stretch in stretches))
    high = periods.get_loc(max(stretch[1] for stretch in stretches))
    # A break on the first day of a stretch is before it.
    if any(low < place <= high or (place == low and periods[low].start_time < day)
           for place, day in zip(places, days, strict=True)):  # fmt: skip
        return series, places, True
    if not places:
        return series, [], False
    start = max((place for place in places if place <= low), default=0)
    stop = min((place for place in places if place > high), default=len(periods))
    return of_one_definition(series, start, stop), [], False


def _side(series: pd.DataFrame, seen: Observed, stretch: tuple[pd.Period, pd.Period]) -> _Side:
    """Return the observed periods of a stretch."""
    low, high = (series.index.get_loc(each) for each in stretch)
    inside = (seen.position >= low) & (seen.position <= high)
    return _Side(
        inside=inside,
        events=int(seen.count[inside].sum()),
        time=float(seen.exposure[inside].sum()),
        has_gaps=bool(inside.sum() < high - low + 1),
    )


def _contrast(
    seen: Observed, one: _Side, two: _Side, season: SeasonChoice | None, breaks: list[int]
) -> tuple[StretchContrast, SeasonTerms]:
    """Return the fitted levels; a season that "auto" found is given up where it cannot be told."""
    if one.events + two.events == 0:
        raise ValueError(
            "`first` and `second` must hold an event between them, got none. "
            "Name a stretch with events."
        )
    chosen = season_terms(seen, season)
    given_up = [season_terms(seen, "none")] if season == "auto" and chosen.names else []
    for terms in (chosen, *given_up):
        contrast = contrast_stretches(
            seen,
            (one.inside, two.inside),
            terms,
            breaks=breaks,
            grid=grid_of(seen.periods),
        )
        if contrast is not None:
            return contrast, terms
    raise ValueError(
        f"`series` must leave {LEAST_FREE} observed periods beside the levels of the stretches and "
        f"the season, got {seen.count.size} observed with season {chosen.season!r}. "
        "Use season='none', shorter periods or a longer series."
    )


def _rate(
    contrast: StretchContrast, place: int, side: _Side, alpha: float
) -> tuple[float, float, float]:
    """Return the rate of a stretch with its interval."""
    if not side.events:
        return 0.0, 0.0, float(-np.log(alpha / 2) * contrast.inflation / side.time)
    half = stats.t.isf(alpha / 2, contrast.n_free) * contrast.std_errors[place]
    log_rate = contrast.log_rates[place]
    middle, low, high = ratio_of(np.array([log_rate, log_rate - half, log_rate + half]))
    return float(middle), float(low), float(high)


class _Ratio(NamedTuple):
    """A ratio of rates with its interval and the p-value of equal rates."""

    estimate: float
    low: float
    high: float
    p_value: float


def _exact(
    contrast: StretchContrast, sides: tuple[_Side, _Side], alpha: float, *, inflation: float
) -> _Ratio:
    """Return the ratio of two totals with its exact interval, the season taken out."""
    totals = _totals(contrast, sides, inflation)
    low, high = ratio_interval(*totals, alpha=alpha)
    rates = [total.low_shape / total.time for total in totals]
    return _Ratio(_divide(*rates), low, high, ratio_p_value(*totals))


def _totals(
    contrast: StretchContrast, sides: tuple[_Side, _Side], inflation: float
) -> tuple[Total, Total]:
    """Return the two totals, the season taken out."""
    one, two = (
        Total.of_bunches(side.events, float(time), inflation)
        for side, time in zip(sides, contrast.times, strict=True)
    )
    return one, two


def _ratio(
    contrast: StretchContrast, sides: tuple[_Side, _Side], poisson: _Ratio, alpha: float
) -> tuple[_Ratio, tuple[float, float]]:
    """Return the ratio, and the largest fall and smallest rise that could have been seen."""
    if min(side.events for side in sides) == 0:
        totals = _totals(contrast, sides, contrast.inflation)
        n_events = sum(side.events for side in sides)
        return (
            _exact(contrast, sides, alpha, inflation=contrast.inflation),
            visible_range(n_events, *totals, power=POWER, alpha=alpha),
        )
    log_ratio = float(contrast.log_rates[0] - contrast.log_rates[1])
    half = stats.t.isf(alpha / 2, contrast.n_free) * contrast.std_error
    ratio, low, high = ratio_of(np.array([log_ratio, log_ratio - half, log_ratio + half]))
    p_value = 2 * stats.t.sf(abs(log_ratio) / contrast.std_error, contrast.n_free)
    visible = smallest_visible(contrast.std_error, contrast.n_free, power=POWER, alpha=alpha)
    fall, rise = ratio_of(np.array([-visible, visible]))
    # Counts that happen to be even are no evidence that totals scatter less than chance makes them.
    ratio = _Ratio(
        float(ratio),
        float(min(low, poisson.low)),
        float(max(high, poisson.high)),
        float(max(p_value, poisson.p_value)),
    )
    return ratio, (float(fall), float(rise))


def _difference(
    one: tuple[float, float, float], two: tuple[float, float, float], correlation: float
) -> tuple[float, float, float]:
    """Return a difference of rates with the interval recovered from theirs."""
    difference = one[0] - two[0]

    def half(near: float, far: float) -> float:
        # In units of the longer arm: the square of a rate may be more than a number can hold.
        reach = max(abs(near), abs(far))
        if reach in (0.0, math.inf):
            return reach
        one, other = near / reach, far / reach
        return reach * math.sqrt(max(one**2 + other**2 - 2 * correlation * one * other, 0.0))

    low = difference - half(one[0] - one[1], two[2] - two[0])
    high = difference + half(one[2] - one[0], two[0] - two[1])
    return difference, low, high


def _divide(above: float, below: float) -> float:
    """Return a ratio of rates: infinite over 0, NaN for 0 over 0."""
    if below > 0:
        return above / below
    return np.inf if above > 0 else np.nan


def _caveats(
    seen: Observed, sides: tuple[_Side, _Side], contrast: StretchContrast, is_broken: bool
) -> tuple[str, ...]:
    """Return the keys of what a reader must know about this comparison."""
    fit, memory = contrast.fit, contrast.memory
    odds = wandering_log_odds(
        memory,
        fit.working_design(contrast.design),
        fit.residuals(seen.count[contrast.used]),
        seen.position[contrast.used],
        days_per_period=float(np.median(days_in_periods(seen.periods))),
        least_variance=fit.poisson_variance,
    )
    holds = {
        "definition_break": is_broken,
        "unobserved_periods": any(side.has_gaps for side in sides),
        "partial_last_period": seen.last_is_partial and any(side.inside[-1] for side in sides),
        "few_events": sum(side.events for side in sides) < FEW_EVENTS,
        "level_may_wander": odds > CLEARLY_WANDERS,
        "memory_at_ceiling": memory.at_ceiling,
        "nb_failed": fit.nb_status == "failed",
    }
    return tuple(key for key, is_so in holds.items() if is_so)
