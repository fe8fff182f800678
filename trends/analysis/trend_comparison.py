"""Did one series rise relative to another, given the memory of both and what moves both at once?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.count_model import percent_change, ratio_of
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.observed import (
    Observed,
    caveats_of_any,
    observed_periods,
    years_from_middle,
)
from trends.models.counts.season_terms import (
    SEASONS,
    SeasonChoice,
    is_identified,
    season_columns,
    shared_season,
)
from trends.models.counts.serial_dependence import BENT, CLEARLY_WANDERS, squared_time
from trends.models.counts.slope_contrast import (
    LEAST_SHARED,
    Line,
    SlopeContrast,
    contrast_slopes,
    fit_line,
)
from trends.models.counts.smallest_change import POWER, smallest_visible
from trends.options import as_number
from trends.tables.calendar import format_period
from trends.tables.series import check_series

Verdict = Literal["rose_relative", "fell_relative", "same_pace", "no_clear_difference", "no_line"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrendComparison(Result):
    """The yearly change of one series held against that of another.

    Attributes
    ----------
    first, second : DataFrame of n_periods rows
        The two count series, cut to the periods that both span.
    season : {"none", "month", "harmonic", "hijri"}
        Seasonal terms beside both trends.
    slope_first, slope_second : float
        Log rate per year.
    std_error_first, std_error_second : float
        Of the slopes, memory taken into account.
    n_free_first, n_free_second : int
        Residual degrees of freedom of the two t intervals.
    change_first, change_second : float
        Percent per year.
    ratio, ratio_low, ratio_high : float
        Yearly factor of the first series over that of the second, with its interval.
    difference, std_error : float
        First slope minus second, log rate per year.
    n_free : float
        Degrees of freedom of its t interval (Satterthwaite 1946).
    p_value : float
        Two-sided, for equal slopes.
    margin, p_equivalent : float
        Yearly ratios between 1 / margin and margin count as the same pace; the p-value of two
        one-sided tests against a ratio outside them.
    detectable_ratio : float
        Smallest yearly ratio above 1 that these series would have shown with 80% power.
    correlation : float
        Of the residuals in the periods that both observed; NaN with fewer than 12 of them.
    bend_p_value : float
        For a bend in the ratio of the two rates.
    verdict : str
        One of rose_relative, fell_relative, same_pace, no_clear_difference, no_line, at `alpha`;
        the last where a level wanders or the ratio of the rates bends, so that one yearly ratio
        does not describe it.
    conf_level : float
        Level of all intervals.
    n_periods, n_shared : int
        Periods that both span, and that both observed.
    n_events_first, n_events_second : int
        Events in the periods that both span.
    fitted : DataFrame of n_periods rows
        Columns period, rate_first, rate_second, fitted_first, fitted_second, per 30.4375 days.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    first: pd.DataFrame
    second: pd.DataFrame
    season: str
    slope_first: float
    slope_second: float
    std_error_first: float
    std_error_second: float
    n_free_first: int
    n_free_second: int
    change_first: float
    change_second: float
    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    std_error: float
    n_free: float
    p_value: float
    margin: float
    p_equivalent: float
    detectable_ratio: float
    correlation: float
    bend_p_value: float
    verdict: Verdict
    conf_level: float
    n_periods: int
    n_shared: int
    n_events_first: int
    n_events_second: int
    fitted: pd.DataFrame
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the two yearly changes, their ratio and their difference.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the comparison.

        Returns
        -------
        DataFrame of 4 rows
            Columns term, estimate, std_error, statistic, p_value, conf_low, conf_high, conf_level,
            method. `change_first` and `change_second` are percent a year, `ratio` is that of the
            yearly factors, `difference` that of the slopes (log rate per year).

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        rows = []
        for which in ("first", "second"):
            slope, error = getattr(self, f"slope_{which}"), getattr(self, f"std_error_{which}")
            free = getattr(self, f"n_free_{which}")
            low, high = _t_interval(slope, error, free, alpha)
            p_value = float(2 * stats.t.sf(abs(slope / error), free))
            ends = percent_change(np.array([slope, low, high]))
            rows.append((f"change_{which}", ends[0], np.nan, slope / error, p_value, *ends[1:]))
        low, high = _t_interval(self.difference, self.std_error, self.n_free, alpha)
        statistic = self.difference / self.std_error
        ends = ratio_of(np.array([self.difference, low, high]))
        rows.append(("ratio", ends[0], np.nan, statistic, self.p_value, ends[1], ends[2]))
        rows.append(
            ("difference", self.difference, self.std_error, statistic, self.p_value, low, high)
        )
        columns = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
        frame = pd.DataFrame(rows, columns=columns)
        frame["conf_level"] = 1 - alpha
        frame["method"] = "memory"
        return frame


def compare_trends(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    season: SeasonChoice | None = "auto",
    alpha: float = 0.05,
    margin: float = 1.1,
) -> TrendComparison:
    """Compare the yearly changes of two count series over the periods that both span.

    Whether one rose relative to the other is one question with one interval. That one trend is
    clear and the other is not does not answer it (Gelman and Stern 2006).

    Parameters
    ----------
    first, second : DataFrame
        Count series by the same periods, at least 12 of them in common, each with at least 8
        observed periods there and events in at least 3. The ratio is first over second.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside both trends, as in `estimate_trend`; "auto" takes waves where
        either series shows them.
    alpha : float
        One minus the level of the intervals; the verdict is given at it.
    margin : float
        Largest yearly ratio that still counts as the same pace, above 1. The default of 1.1 calls
        rises of 10% and of 20% a year the same.

    Returns
    -------
    TrendComparison

    Raises
    ------
    TypeError
        If one of them is not a count series.
    ValueError
        If their periods differ in length or do not overlap enough, one is too empty, an option is
        not one of its choices, `alpha` is not between 0 and 1, or `margin` is not above 1.
    RuntimeError
        If a fit does not converge.

    Notes
    -----
    Each series has its own log-linear fit and its own scatter, as in `estimate_trend`. Two series
    remember alike with a prior probability of .9, so each tells something of the other's memory.
    Under a pair of memories the variance of the difference of the slopes is the sum of both less
    twice their covariance, the correlation of the residuals in shared periods times both standard
    errors; it is averaged over the pairs between the quantiles .4 and .9 of what they give.

    A known break of a series is a jump of its level, not part of its pace. The verdict is no_line
    from a log evidence of 2.5 for a level that wanders, where `estimate_trend` tells no pace from 1
    on: intervals of the difference hold also where counts remember.

    In simulation (``benchmarks/trend_comparison.py``, 300 pairs and more a cell) series of one pace
    are told apart in .01 to .08 of cases, where half of their noise is shared in .01 to .05, least
    where it remembers for long; intervals hold in .93 to .99. That one trend alone is clear happens
    in up to 43% of them. Of noise that fades slowly (a monthly correlation of .8) only as much is
    taken to be shared as neighbouring residuals show, so intervals are too wide rather than too
    narrow.

    References
    ----------
    Gelman A, Stern H (2006). The difference between "significant" and "not significant" is not
    itself statistically significant. The American Statistician 60(4):328-331.
    doi:10.1198/000313006X152649

    Satterthwaite FE (1946). An approximate distribution of estimates of variance components.
    Biometrics Bulletin 2(6):110-114. doi:10.2307/3002019

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2020-01", periods=36, freq="M")
    >>> rng = np.random.default_rng(1)
    >>> rising = trends.as_series(pd.Series(rng.poisson(6 * 1.05 ** np.arange(36)), index=months))
    >>> steady = trends.as_series(pd.Series(rng.poisson(9, 36), index=months))
    >>> comparison = trends.compare_trends(rising, steady)
    >>> comparison.verdict, round(comparison.ratio, 2)
    ('rose_relative', 1.68)
    """
    check_alpha(alpha)
    if season is not None and season not in SEASONS:
        raise ValueError(f"`season` must be one of {', '.join(SEASONS)}, got {season!r}. Pick one.")
    if not 1 < as_number(margin) < np.inf:
        raise ValueError(
            f"`margin` must be above 1, got {margin!r}. Use 1.1 to call paces within a tenth a "
            "year of one another the same."
        )
    first, second = _shared_span(first, second)
    seen = observed_periods(first), observed_periods(second)
    name = shared_season(seen, season)
    years = years_from_middle(seen[0].periods)
    waves = season_columns(seen[0].periods, name)[0]
    jumps = [jump_columns(each)[0] for each in seen]
    designs = [np.column_stack([np.ones(years.size), years, waves, each]) for each in jumps]
    _refuse_unidentified(seen, designs, name)
    lines = fit_line(seen[0], designs[0]), fit_line(seen[1], designs[1])
    contrast = contrast_slopes(*lines)
    low, high = contrast.interval(alpha)
    p_equivalent = _p_equivalent(contrast, margin)
    bend = _bend(seen, designs)
    wanders = [
        line.wandering is not None and line.wandering.log_odds > CLEARLY_WANDERS for line in lines
    ]
    shared = np.intersect1d(seen[0].position, seen[1].position).size
    slopes = lines[0].slope(1), lines[1].slope(1)
    visible = smallest_visible(contrast.std_error, contrast.n_free, power=POWER, alpha=alpha)
    return TrendComparison(
        first=first,
        second=second,
        season=name,
        slope_first=slopes[0],
        slope_second=slopes[1],
        std_error_first=lines[0].std_error(1),
        std_error_second=lines[1].std_error(1),
        n_free_first=lines[0].memory.n_free,
        n_free_second=lines[1].memory.n_free,
        change_first=float(percent_change(slopes[0])),
        change_second=float(percent_change(slopes[1])),
        ratio=float(ratio_of(contrast.difference)),
        ratio_low=float(ratio_of(low)),
        ratio_high=float(ratio_of(high)),
        difference=contrast.difference,
        std_error=contrast.std_error,
        n_free=contrast.n_free,
        p_value=contrast.p_value,
        margin=margin,
        p_equivalent=p_equivalent,
        detectable_ratio=float(ratio_of(visible)),
        correlation=contrast.correlation,
        bend_p_value=bend,
        verdict=_verdict(
            contrast, alpha, p_equivalent=p_equivalent, no_line=any(wanders) or bend < BENT
        ),
        conf_level=1 - alpha,
        n_periods=len(first),
        n_shared=int(shared),
        n_events_first=int(seen[0].count.sum()),
        n_events_second=int(seen[1].count.sum()),
        fitted=_fitted(lines, designs),
        caveats=_caveats(
            seen, bent=bend < BENT, wanders=any(wanders), jumps=any(each.size for each in jumps)
        ),
    )


def _shared_span(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both series cut to the periods that both span."""
    for series in (first, second):
        check_series(series)
    lengths = [str(pd.PeriodIndex(series.index).freqstr) for series in (first, second)]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"`first` and `second` must have periods of one length, got {lengths[0]} and "
            f"{lengths[1]}. Count both by the same periods."
        )
    start = max(first.index[0], second.index[0])
    end = min(first.index[-1], second.index[-1])
    n_shared = max((end - start).n + 1, 0)
    if n_shared < LEAST_SHARED:
        spans = [
            f"{format_period(series.index[0])} to {format_period(series.index[-1])}"
            for series in (first, second)
        ]
        raise ValueError(
            f"`first` and `second` must have at least {LEAST_SHARED} periods in common, got "
            f"{n_shared} from {spans[0]} and {spans[1]}. Compare series of the same years."
        )
    return first.loc[start:end], second.loc[start:end]


def _refuse_unidentified(
    seen: tuple[Observed, Observed], designs: list[np.ndarray], season: str
) -> None:
    """Raise if the observed periods of a series cannot tell the terms apart."""
    for which, each, every_row in zip(("first", "second"), seen, designs, strict=True):
        if not is_identified(each, every_row[each.position]):
            raise ValueError(
                f"`{which}` must have enough observed periods with events for "
                f"{every_row.shape[1]} terms (season {season!r}), got {each.count.size} observed, "
                f"{int((each.count > 0).sum())} with events. Use season='none' or longer series."
            )


def _t_interval(effect: float, error: float, free: float, alpha: float) -> tuple[float, float]:
    """Return a t interval."""
    half = float(stats.t.ppf(1 - alpha / 2, free)) * error
    return effect - half, effect + half


def _p_equivalent(contrast: SlopeContrast, margin: float) -> float:
    """Return the p-value of two one-sided tests against yearly ratios beyond the margin."""
    nearest = np.log(margin) - abs(contrast.difference)
    return float(stats.t.sf(nearest / contrast.std_error, contrast.n_free))


def _bend(seen: tuple[Observed, Observed], designs: list[np.ndarray]) -> float:
    """Return the p-value of a bend in the ratio of the two rates; NaN where it cannot be fitted."""
    bent = [np.insert(each, 2, squared_time(each[:, 1]), axis=1) for each in designs]
    if not all(
        is_identified(one, each[one.position]) for one, each in zip(seen, bent, strict=True)
    ):
        return np.nan
    try:
        lines = [fit_line(one, each, wandering=False) for one, each in zip(seen, bent, strict=True)]
    except RuntimeError:
        return np.nan
    return contrast_slopes(*lines, term=2).p_value


def _verdict(
    contrast: SlopeContrast, alpha: float, *, p_equivalent: float, no_line: bool
) -> Verdict:
    """Return what may be said of the two paces at `alpha`."""
    if no_line:
        return "no_line"
    if p_equivalent <= alpha:
        return "same_pace"
    if contrast.p_value <= alpha:
        return "rose_relative" if contrast.difference > 0 else "fell_relative"
    return "no_clear_difference"


def _fitted(lines: tuple[Line, Line], designs: list[np.ndarray]) -> pd.DataFrame:
    """Return observed and fitted rates of all periods."""
    columns: dict[str, object] = {"period": lines[0].seen.periods}
    for which, line in zip(("first", "second"), lines, strict=True):
        rate = np.full(len(line.seen.periods), np.nan)
        rate[line.seen.position] = line.seen.count / line.seen.exposure
        columns[f"rate_{which}"] = rate
    for which, line, every_row in zip(("first", "second"), lines, designs, strict=True):
        columns[f"fitted_{which}"] = np.exp(every_row @ line.fit.params)
    return pd.DataFrame(columns)


def _caveats(
    seen: tuple[Observed, Observed], *, bent: bool, wanders: bool, jumps: bool
) -> tuple[str, ...]:
    """Return the keys of what a reader must know about this comparison."""
    holds = {
        "bent_ratio": bent,
        "wandering_level": wanders,
        "declared_jump": jumps,
        **caveats_of_any(seen),
    }
    return named_caveats(holds, {})
