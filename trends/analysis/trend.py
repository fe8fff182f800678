"""Is the rate rising or falling over the whole series, how fast, and how sure is that?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.bounded_counts import BoundsReading, read_as_bounds
from trends.models.counts.count_model import CountFit, Family, fit_counts, percent_change
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.observed import (
    Observed,
    observed_periods,
    observed_rates,
    years_from_middle,
)
from trends.models.counts.residuals import Diagnostics, diagnose
from trends.models.counts.season_terms import SeasonChoice, season_terms
from trends.models.counts.serial_dependence import (
    BENT,
    NO_LINE,
    MemoryPosterior,
    autoregressive_slope,
    fixed_b_critical_value,
    grid_of,
    memory_of_fit,
    newey_west,
    newey_west_lags,
    squared_time,
    wandering_of_fit,
)
from trends.models.counts.silence import Silence, silences
from trends.models.counts.smallest_change import POWER, smallest_visible

Dependence = Literal["memory", "hac", "none"]
Verdict = Literal[
    "rising", "falling", "persistence", "no_clear_trend", "wanders", "started", "stopped"
]

#: Events that a line expects in a silence from which it no longer describes it.
EXPECTED_IN_SILENCE = 3.0
#: Factor in a year from which a line describes no silence.
MOST_FACTOR = 20.0

#: The families and kinds of standard error that may be asked for.
FAMILIES = ("auto", "poisson", "quasipoisson", "nb2")
DEPENDENCES = ("memory", "hac", "none")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trend(Result):
    """A log-linear trend of a count series.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    family : {"poisson", "quasipoisson", "nb2"}
        Family that was fitted.
    season : {"none", "month", "harmonic", "hijri"}
        Seasonal terms beside the trend.
    dependence : {"memory", "hac", "none"}
        How the standard error takes serial dependence into account.
    terms : tuple of str
        Names of the coefficients.
    params : ndarray, shape (n_terms,)
        Coefficients on the log scale: level at the middle of the series (events per 30.4375
        days), slope per year, seasonal terms.
    covariance : ndarray, shape (n_terms, n_terms)
        Their covariance under `dependence`; under memory the averaged one, with the variances of
        the standard errors.
    slope, std_error : float
        Log rate per year.
    n_free : int
        Residual degrees of freedom of the t intervals.
    p_value, p_value_independent : float
        Two-sided for no trend: under `dependence`, and if periods were independent.
    annual_percent_change : float
        100 (exp(slope) - 1), percent per year.
    verdict : str
        One of rising, falling, persistence, no_clear_trend, wanders, started, stopped, at `alpha`:
        "persistence" when independence would find a trend and memory explains it; "wanders" when a
        memory that outlasts the series explains the counts better than one that fades beside a
        line, so that no pace can be told: the level wanders, or jumps;
        "started" and "stopped" where a silence beyond chance before the first event, or since the
        last one, is no part of a line.
    edge_period : Period or None
        With "started" the period of the first event, with "stopped" that of the last.
    silent_periods : int
        Observed periods in that silence; otherwise 0.
    silent_rate_high, silence_p_value : float
        One-sided upper limit of the rate in it, events per 30.4375 days, at `conf_level`, and its
        chance; NaN without one.
    smallest_annual_change : float
        Smallest rise, percent per year, that this series would have shown with 80% power.
    dispersion, dispersion_p_value : float
        Variance-to-mean ratio of the counts around a Poisson trend, and the chance of as much.
    nb_dispersion : float
        NB2 dispersion; 0 unless the family is nb2.
    wandering_log_odds : float
        Log evidence for a level that wanders over one whose memory fades.
    memory_probability, memory_correlation : float
        Weight of any memory against none, and averaged correlation of neighbouring residuals.
    newey_west_std_error : float
        Of the slope, Bartlett kernel with `newey_west_lags` lags.
    newey_west_lags : int
        1.3 sqrt(n), rounded down.
    autoregressive_slope, autoregressive_std_error : float
        Long-run slope per year of a count model that conditions on the period before; NaN when it
        cannot be fitted.
    curvature_p_value : float
        For a bend (a squared term) in the trend, memory taken into account.
    influential_period : Period or None
        The one period without which the slope would move by more than its standard error.
    as_bounds : BoundsReading or None
        The slope were published figures read as bounds, as the minimums and rounded numbers they
        are; None where all counts are exact.
    conf_level : float
        Level of all intervals.
    n_periods, n_observed, n_events : int
        Periods, periods with a count, and events.
    fitted : DataFrame of n_periods rows
        Columns period, count, exposure, rate, fitted_rate, conf_low, conf_high, partial; rates
        per 30.4375 days, the interval that of the mean rate.
    diagnostics : Diagnostics
        Residuals, PIT histogram, autocorrelation, tests of dispersion and of zeros.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    family: str
    season: str
    dependence: str
    terms: tuple[str, ...]
    params: np.ndarray
    covariance: np.ndarray
    slope: float
    std_error: float
    n_free: int
    p_value: float
    p_value_independent: float
    annual_percent_change: float
    verdict: Verdict
    edge_period: pd.Period | None
    silent_periods: int
    silent_rate_high: float
    silence_p_value: float
    smallest_annual_change: float
    dispersion: float
    dispersion_p_value: float
    nb_dispersion: float
    wandering_log_odds: float
    memory_probability: float
    memory_correlation: float
    newey_west_std_error: float
    newey_west_lags: int
    autoregressive_slope: float
    autoregressive_std_error: float
    curvature_p_value: float
    influential_period: pd.Period | None
    as_bounds: BoundsReading | None
    conf_level: float
    n_periods: int
    n_observed: int
    n_events: int
    fitted: pd.DataFrame
    diagnostics: Diagnostics
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for slope, annual change, first and last rate, doubling time, checks.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the trend.

        Returns
        -------
        DataFrame
            Columns term, estimate, std_error, statistic, p_value, conf_low, conf_high,
            conf_level, method. The doubling (or halving) time, in years, is there only when the
            interval of the slope excludes 0.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        low, high = self.slope_interval(alpha=alpha)
        statistic = self.slope / self.std_error
        rows = [
            ("slope", self.slope, self.std_error, statistic, self.p_value, low, high),
            (
                "annual_percent_change",
                self.annual_percent_change,
                np.nan,
                statistic,
                self.p_value,
                float(percent_change(low)),
                float(percent_change(high)),
            ),
        ]
        for term, log_rate, error in self._end_rates():
            half = self._critical(alpha) * error
            ends = np.exp([log_rate, log_rate - half, log_rate + half])
            rows.append((term, ends[0], np.nan, np.nan, np.nan, ends[1], ends[2]))
        if low > 0 or high < 0:
            term = "doubling_time" if low > 0 else "halving_time"
            near, far = sorted((abs(low), abs(high)))
            times = np.log(2) / np.array([abs(self.slope), far, near])
            rows.append((term, times[0], np.nan, statistic, self.p_value, times[1], times[2]))
        for position, name in enumerate(self.terms[2:], start=2):
            value, error = self.params[position], np.sqrt(self.covariance[position, position])
            half = self._critical(alpha) * error
            p_value = 2 * special.stdtr(self.n_free, -abs(value / error))
            rows.append((name, value, error, value / error, p_value, value - half, value + half))
        methods = [self.dependence] * len(rows)
        if self.silent_periods:
            nothing = np.nan
            rows.append(
                ("silent_rate", 0.0, nothing, nothing, self.silence_p_value, 0.0,
                 self.silent_rate_high * np.log(alpha) / np.log(1 - self.conf_level))
            )  # fmt: skip
            methods.append("exact_poisson")
        for method, value, error, critical in self._checks(alpha):
            ratio = value / error
            p_value = 2 * special.ndtr(-abs(ratio))
            half = critical * error
            rows.append(("slope", value, error, ratio, p_value, value - half, value + half))
            methods.append(method)
        frame = pd.DataFrame(
            rows,
            columns=[
                "term",
                "estimate",
                "std_error",
                "statistic",
                "p_value",
                "conf_low",
                "conf_high",
            ],
        )
        frame["conf_level"] = 1 - alpha
        frame["method"] = methods
        return frame

    def slope_interval(self, *, alpha: float | None = None) -> tuple[float, float]:
        """Return the interval of the slope, log rate per year."""
        half = self._critical(alpha_of(alpha, self.conf_level)) * self.std_error
        return self.slope - half, self.slope + half

    def percent_interval(self, *, alpha: float | None = None) -> tuple[float, float]:
        """Return the interval of the annual percent change."""
        low, high = self.slope_interval(alpha=alpha)
        return float(percent_change(low)), float(percent_change(high))

    @property
    def autoregressive_percent_change(self) -> float:
        """Annual percent change by the count model that conditions on the period before."""
        return float(percent_change(self.autoregressive_slope))

    def _critical(self, alpha: float) -> float:
        """Return the two-sided critical value of the chosen kind of standard error."""
        return _critical_value(self.dependence, self.n_free, self.n_observed, alpha)

    def _end_rates(self) -> list[tuple[str, float, float]]:
        """Return the fitted log rate of the first and last period with its standard error."""
        half = self._critical(1 - self.conf_level)
        ends = []
        for term, row in (("rate_first", self.fitted.iloc[0]), ("rate_last", self.fitted.iloc[-1])):
            error = (np.log(row["conf_high"]) - np.log(row["fitted_rate"])) / half
            ends.append((term, float(np.log(row["fitted_rate"])), float(error)))
        return ends

    def _checks(self, alpha: float) -> list[tuple[str, float, float, float]]:
        """Return the slope again by the other methods: name, slope, error, critical value."""
        found = []
        if self.dependence != "hac":
            critical = fixed_b_critical_value(self.newey_west_lags / self.n_observed, alpha)
            found.append(("newey-west", self.slope, self.newey_west_std_error, critical))
        if np.isfinite(self.autoregressive_slope):
            normal = float(special.ndtri(1 - alpha / 2))
            found.append(
                (
                    "autoregressive",
                    self.autoregressive_slope,
                    self.autoregressive_std_error,
                    normal,
                )
            )
        return found


def estimate_trend(
    series: pd.DataFrame,
    *,
    family: Family = "auto",
    season: SeasonChoice | None = "auto",
    dependence: Dependence = "memory",
    alpha: float = 0.05,
) -> Trend:
    """Estimate a log-linear trend with an interval that holds for scattered, remembering counts.

    The mean is exp(level + slope * years + season) times the exposure, fitted by maximum
    likelihood. Missing periods and periods not covered carry no information; a
    partly observed period counts with the days observed.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
        Mean-variance law. The default takes negative binomial counts (variance = mean +
        nb_dispersion * mean**2) when the scatter around a Poisson trend is beyond chance at 5%,
        else Poisson; NB2 falls back to Poisson when its likelihood has no interior maximum, and to
        quasi-Poisson when none is found, and a caveat says so.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside the trend: waves where the series spans two years and shows them
        at 1% (the default), nothing (also None), a factor per month, two waves a year, or the days
        of Ramadan and the two feasts.
    dependence : {"memory", "hac", "none"}
        Standard error: the upper quartile over how long residuals may remember (the default,
        because it alone covers in short series), Newey-West with fixed-b critical values, or the
        family's own under independence.
    alpha : float
        One minus the level of the intervals; the verdict is given at it.

    Returns
    -------
    Trend

    Raises
    ------
    TypeError
        If `series` is not a count series.
    ValueError
        If it is too short, too long or too empty, an option is not one of its choices, or `alpha`
        is not between 0 and 1.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    With ``dependence="memory"`` the covariance under a memory is a sandwich whose middle is the
    correlation ``share * persistence**lag`` of Pearson residuals. Memories are weighed by
    restricted likelihood (no memory .6 beforehand, the rest even over correlations of .35 to .8 and
    shares of .5 to .9), and the variance that counts is the upper quartile of their weighed
    variances; intervals use t with n - n_terms degrees of freedom. In simulation
    (``benchmarks/trend_coverage.py``: 36, 96 and 156 months, means 5 and 20, 200 series each, so
    that a coverage is known to .015) 95% intervals cover .92 to .99 of Poisson and negative
    binomial series, .94 to .98 of AR(0.5), .93 to .99 of INGARCH and .93 to .97 of AR(0.8) series.
    Newey-West with fixed-b critical values covers .72 to .94 of all of these, independence .55 to
    .87 of the ones that remember.

    Where the series knows a break (of definition or gathering), its jump is fitted beside the
    slope, which is then that within the stretches on either side.

    One slope describes a series that rises or falls throughout. The p-value of a bend is there to
    say when it does not; then `fit_joinpoints` or `detect_changepoints` answer better questions.
    Slow autoregressions with half-lives of 7 and 14 months, a tenth of the weight beforehand, widen
    the interval as far as the residuals speak for them: of 60 months without drift and a monthly
    correlation of .9 it covers about .85, without them .78, and .82 of doublings in five years
    (three times Poisson's variance) are seen instead of .87. A random walk is beyond any interval
    that says something: it can have gone anywhere. Where slow autoregressions and random walks
    explain the residuals e times better than memory that fades beside a line or a smooth bend, no
    pace is told. A level that jumps looks the same to this question; `detect_changepoints` tells
    them apart. Short series seldom say enough: ``benchmarks/results/account_targets.md`` has how
    many walks are still given a pace, and how many a judge would give one who knows their step.

    References
    ----------
    Newey WK, West KD (1987). A simple, positive semi-definite, heteroskedasticity and
    autocorrelation consistent covariance matrix. Econometrica 55(3):703-708.

    Kiefer NM, Vogelsang TJ (2005). A new asymptotic theory for heteroskedasticity-autocorrelation
    robust tests. Econometric Theory 21(6):1130-1164.

    Lazarus E, Lewis DJ, Stock JH, Watson MW (2018). HAR inference: recommendations for practice.
    Journal of Business and Economic Statistics 36(4):541-559.

    Zeger SL, Qaqish B (1988). Markov regression models for time series: a quasi-likelihood
    approach. Biometrics 44(4):1019-1031.

    Examples
    --------
    >>> import numpy as np
    >>> import trends
    >>> counts = np.random.default_rng(1).poisson(10 * 1.03 ** np.arange(36))
    >>> trends.estimate_trend(trends.as_series(counts.tolist(), start="2020-01")).verdict
    'rising'
    """
    if family not in FAMILIES:
        raise ValueError(
            f"`family` must be one of {', '.join(FAMILIES)}, got {family!r}. Pick one."
        )
    if dependence not in DEPENDENCES:
        raise ValueError(
            f"`dependence` must be one of {', '.join(DEPENDENCES)}, got {dependence!r}. Pick one."
        )
    check_alpha(alpha)
    seen = observed_periods(series)
    years = years_from_middle(seen.periods)
    repeating = season_terms(seen, season)
    jumps, jump_names = jump_columns(seen)
    every_row = np.column_stack([np.ones(years.size), years, repeating.columns, jumps])
    design = every_row[seen.position]
    _refuse_unidentified(design, repeating.season, n_eventful=int((seen.count > 0).sum()))
    fit = fit_counts(seen.count, design, seen.exposure, family=family)
    memory = memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods))
    wandering = wandering_of_fit(fit, design, seen, memory)
    errors = _covariances(fit, wandering.memory, design, seen)
    covariance = errors.of(dependence)
    slope, std_error = float(fit.params[1]), float(np.sqrt(covariance[1, 1]))
    critical = _critical_value(dependence, memory.n_free, seen.count.size, alpha)
    p_value = _p_value(slope, std_error, dependence, memory.n_free, seen.count.size)
    alone = float(np.sqrt(errors.independent[1, 1]))
    p_value_independent = float(2 * special.stdtr(memory.n_free, -abs(slope / alone)))
    regressed = autoregressive_slope(seen, design, family=fit.family)
    curvature_p_value = _curvature(design, seen, family=fit.family)
    edge = _edge(seen, fit, slope, unclear=p_value > alpha)
    wanders = wandering.log_odds > NO_LINE and not curvature_p_value < BENT
    verdict = edge.verdict or (
        "wanders" if wanders else _verdict(slope, p_value, p_value_independent, alpha)
    )
    diagnostics = diagnose(
        seen.count,
        fit.expected,
        nb_dispersion=fit.nb_dispersion,
        n_terms=design.shape[1],
        periods=seen.periods[seen.position],
    )
    influential = _influential(fit, design, seen, std_error)
    as_bounds = read_as_bounds(
        series,
        seen,
        design,
        1,
        nb_dispersion=fit.nb_dispersion,
        face=(slope - critical * std_error, slope + critical * std_error),
        alpha=alpha,
    )
    return Trend(
        series=series,
        family=fit.family,
        season=repeating.season,
        dependence=dependence,
        terms=("level", "slope", *repeating.names, *jump_names),
        params=fit.params,
        covariance=covariance,
        slope=slope,
        std_error=std_error,
        n_free=memory.n_free,
        p_value=p_value,
        p_value_independent=p_value_independent,
        annual_percent_change=float(percent_change(slope)),
        verdict=verdict,
        edge_period=edge.period,
        silent_periods=edge.silence.n_periods,
        silent_rate_high=edge.silence.limit(alpha) if edge.verdict else np.nan,
        silence_p_value=edge.silence.p_value if edge.verdict else np.nan,
        smallest_annual_change=float(
            percent_change(smallest_visible(std_error, memory.n_free, power=POWER, alpha=alpha))
        ),
        dispersion=fit.dispersion,
        dispersion_p_value=fit.dispersion_p_value,
        nb_dispersion=fit.nb_dispersion,
        wandering_log_odds=wandering.log_odds,
        memory_probability=memory.probability,
        memory_correlation=memory.correlation,
        newey_west_std_error=float(np.sqrt(errors.hac[1, 1])),
        newey_west_lags=newey_west_lags(seen.count.size),
        autoregressive_slope=regressed.slope,
        autoregressive_std_error=regressed.std_error,
        curvature_p_value=curvature_p_value,
        influential_period=influential,
        as_bounds=as_bounds,
        conf_level=1 - alpha,
        n_periods=len(seen.periods),
        n_observed=seen.count.size,
        n_events=int(seen.count.sum()),
        fitted=_fitted(
            series,
            every_row @ fit.params,
            critical * _row_errors(every_row, dependence, wandering.memory, covariance),
        ),
        diagnostics=diagnostics,
        caveats=_caveats(
            fit=fit,
            memory=memory,
            seen=seen,
            diagnostics=diagnostics,
            curvature_p_value=curvature_p_value,
            disagreement=abs(regressed.slope - slope) > critical * std_error,
            influential=influential,
            persistence=verdict == "persistence",
            bounds=as_bounds,
            jumps=bool(jump_names),
        ),
    )


class _Covariances(NamedTuple):
    """Covariances of the coefficients, one for each way of treating neighbouring periods."""

    memory: np.ndarray
    hac: np.ndarray
    model: np.ndarray
    independent: np.ndarray

    def of(self, dependence: Dependence) -> np.ndarray:
        """Return the one that was asked for."""
        return {"memory": self.memory, "hac": self.hac, "none": self.model}[dependence]


def _covariances(
    fit: CountFit, memory: MemoryPosterior, design: np.ndarray, seen: Observed
) -> _Covariances:
    """Return the covariance of the coefficients under memory, Newey-West and independence."""
    n_observed, n_terms = design.shape
    hac = newey_west(
        fit.working_design(design),
        fit.residuals(seen.count),
        seen.position,
        n_lags=newey_west_lags(n_observed),
    )
    return _Covariances(
        memory=memory.covariance,
        hac=hac * n_observed / (n_observed - n_terms),
        model=fit.covariance,
        independent=memory.covariances[0],
    )


def _critical_value(dependence: str, n_free: int, n_observed: int, alpha: float) -> float:
    """Return the two-sided critical value that goes with a kind of standard error."""
    if dependence == "hac":
        return fixed_b_critical_value(newey_west_lags(n_observed) / n_observed, alpha)
    if dependence == "none":
        return float(special.ndtri(1 - alpha / 2))
    return float(special.stdtrit(n_free, 1 - alpha / 2))


def _p_value(
    slope: float, std_error: float, dependence: str, n_free: int, n_observed: int
) -> float:
    """Return the two-sided p-value that goes with a kind of standard error."""
    statistic = abs(slope) / std_error
    if dependence == "memory":
        return float(2 * special.stdtr(n_free, -statistic))
    if dependence == "hac":
        inflation = fixed_b_critical_value(newey_west_lags(n_observed) / n_observed, 0.05) / 1.96
        return float(2 * special.ndtr(-statistic / inflation))
    return float(2 * special.ndtr(-statistic))


def _curvature(design: np.ndarray, seen: Observed, *, family: str) -> float:
    """Return the p-value of a squared time term, memory taken into account; NaN if it fails."""
    bent = np.column_stack([design, squared_time(design[:, 1])])
    if seen.count.size <= bent.shape[1] + 2:
        return np.nan
    try:
        # `family` is that of a fit, so it is one of the literals.
        fit = fit_counts(seen.count, bent, seen.exposure, family=family)  # type: ignore[arg-type]
    except RuntimeError:
        return np.nan
    memory = memory_of_fit(fit, bent, seen.count, seen.position, grid_of(seen.periods))
    statistic = fit.params[-1] / memory.std_error(-1)
    return float(2 * special.stdtr(memory.n_free, -abs(statistic)))


def _influential(
    fit: CountFit, design: np.ndarray, seen: Observed, std_error: float
) -> pd.Period | None:
    """Return the period whose removal would move the slope by more than its standard error."""
    working, residuals = fit.working_design(design), fit.residuals(seen.count)
    bread = np.linalg.inv(working.T @ working)
    leverage = np.einsum("ti,ij,tj->t", working, bread, working)
    moves = (working @ bread[:, 1]) * residuals / np.maximum(1 - leverage, 1e-6)
    most = int(np.argmax(np.abs(moves)))
    if abs(moves[most]) <= std_error:
        return None
    period: pd.Period = seen.periods[seen.position[most]]
    return period


def _row_errors(
    every_row: np.ndarray, dependence: str, memory: MemoryPosterior, covariance: np.ndarray
) -> np.ndarray:
    """Return the standard error of the log mean rate of every period."""
    if dependence == "memory":
        return memory.std_errors(every_row)
    errors: np.ndarray = np.sqrt(np.einsum("ti,ij,tj->t", every_row, covariance, every_row))
    return errors


#: Logarithm of about the largest number there is.
_LARGEST_LOG = 700.0


def _fitted(series: pd.DataFrame, log_rate: np.ndarray, half: np.ndarray) -> pd.DataFrame:
    """Return observed and fitted rates of all periods with the band of the mean."""
    table = observed_rates(series)
    bands = {"fitted_rate": log_rate, "conf_low": log_rate - half, "conf_high": log_rate + half}
    for place, (name, band) in enumerate(bands.items(), start=4):
        # Exposures a million times apart can put a band beyond what a number holds.
        table.insert(place, name, np.exp(np.clip(band, -_LARGEST_LOG, _LARGEST_LOG)))
    return table


class _Edge(NamedTuple):
    """A silence at one end that no line describes: its verdict, and the event next to it."""

    verdict: Literal["", "started", "stopped"]
    period: pd.Period | None
    silence: Silence


def _edge(seen: Observed, fit: CountFit, slope: float, *, unclear: bool) -> _Edge:
    """Return the silence that a rise starts from or a fall ends in, if the line misses it.

    The line misses a silence in which it expects more than three events (none would come once in
    20 Poisson series), and says nothing sensible where it multiplies or shrinks twentyfold a year
    or is not clear.
    """
    before, after = silences(seen)
    eventful = seen.position[seen.count > 0]
    nothing = _Edge("", None, Silence(0, 0.0, 1.0))
    if before.n_periods and not after.n_periods and slope > 0:
        quiet = fit.expected[: before.n_periods]
        edge = _Edge("started", seen.periods[eventful[0]], before)
    elif after.n_periods and not before.n_periods and slope < 0:
        quiet = fit.expected[-after.n_periods :]
        edge = _Edge("stopped", seen.periods[eventful[-1]], after)
    else:
        return nothing
    missed = quiet.sum() / max(fit.dispersion, 1.0) > EXPECTED_IN_SILENCE
    return edge if missed or unclear or abs(slope) >= np.log(MOST_FACTOR) else nothing


def _verdict(slope: float, p_value: float, p_value_independent: float, alpha: float) -> Verdict:
    """Return what may be said of the slope at `alpha`."""
    if p_value <= alpha:
        return "rising" if slope > 0 else "falling"
    return "persistence" if p_value_independent <= alpha else "no_clear_trend"


def _caveats(
    *,
    fit: CountFit,
    memory: MemoryPosterior,
    seen: Observed,
    diagnostics: Diagnostics,
    curvature_p_value: float,
    disagreement: bool,
    influential: pd.Period | None,
    persistence: bool,
    bounds: BoundsReading | None,
    jumps: bool,
) -> tuple[str, ...]:
    """Return the keys of what a reader must know about this trend."""
    holds = {
        "nb_boundary": fit.nb_status == "boundary",
        "nb_failed": fit.nb_status == "failed",
        "bent_trend": curvature_p_value < BENT,
        "trend_or_persistence": persistence,
        "memory_at_ceiling": memory.at_ceiling,
        "autoregressive_disagrees": disagreement,
        "influential_period": influential is not None,
        "excess_zeros": diagnostics.zeros_p_value < 0.01,
        "bounds_differ": bounds is not None and bounds.differs,
        "declared_jump": jumps,
        **seen.caveats(),
    }
    about = {} if influential is None else {"influential_period": influential}
    return named_caveats(holds, about)


def _refuse_unidentified(design: np.ndarray, season: str, *, n_eventful: int) -> None:
    """Raise if the observed periods cannot tell the terms apart."""
    n_observed, n_terms = design.shape
    if n_observed < n_terms + 4 or np.linalg.matrix_rank(design) < n_terms:
        raise ValueError(
            f"`season` must leave enough observed periods for {n_terms} terms, got {season!r} "
            f"with {n_observed} observed. Use season='none' or a longer series."
        )
    if n_eventful < n_terms:
        raise ValueError(
            f"`season` must leave no more terms than periods with events, got {season!r} with "
            f"{n_terms} terms, {n_eventful} periods with events. Use season='none'."
        )
