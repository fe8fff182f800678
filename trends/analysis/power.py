"""What is the smallest change this series could have shown?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import stdtr

from trends.analysis.result import Result, alpha_of, check_alpha
from trends.models.counts.bounded_counts import BoundsReading, read_as_bounds
from trends.models.counts.count_model import CountFit, fit_counts, percent_change
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.memory import MemoryGrid
from trends.models.counts.null_models import draw_counts
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    PERIODS_PER_YEAR,
    Observed,
    observed_periods,
    years_from_middle,
)
from trends.models.counts.season_terms import (
    SeasonChoice,
    SeasonTerms,
    is_identified,
    season_columns,
    season_terms,
)
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    Widening,
    grid_of,
    memory_of_fit,
    squared_time,
    std_errors_of_many,
    wandering_of_fit,
)
from trends.models.counts.smallest_change import smallest_visible, visible_power
from trends.options import as_number, is_whole
from trends.tables.calendar import days_in_periods, frequency_letter

Change = Literal["trend", "step"]

#: Simulated series when nobody asks for another number: power to about 3 points.
N_DRAWS = 200
#: Years beyond the series that are searched for the date of confirmation.
HORIZON_YEARS = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DetectableChange(Result):
    """The smallest change a series could have shown.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    change : {"trend", "step"}
        Steady change from the first to the last period, or one step in the middle.
    season : {"none", "month", "harmonic", "hijri"}
        Pattern of the year beside the change.
    power : float
        Chance of finding the change.
    conf_level : float
        One minus the two-sided level of the test; level of the intervals.
    ratio_up, ratio_down : float
        Smallest ratio above 1 and largest below 1, last over first rate (trend) or rate after
        over rate before (step), found with `power`; from the t test's noncentral distribution.
    annual_percent_change : float
        The upward ratio as percent per year; NaN for a step.
    ratio_simulated : float
        The upward ratio corrected by simulation; NaN without draws.
    power_simulated, power_simulated_low, power_simulated_high : float
        Share of simulated series with a change of `ratio_up` in which it was found, of those that
        could be fitted, with an exact binomial interval.
    std_error : float
        Of the log ratio.
    n_free : int
        Degrees of freedom.
    observed_ratio, observed_ratio_low, observed_ratio_high : float
        The ratio the series itself shows, with its interval.
    p_value : float
        For no change of this kind.
    confirmed_by : Period or None
        First period by whose end the observed change, if it goes on like this, would be found
        with `power`; None if that takes more than ten years.
    dispersion, memory_correlation : float
        Variance-to-mean ratio and correlation of neighbouring periods that were assumed.
    n_periods, n_observed, n_events, n_draws, n_failed : int
        Periods, periods with a count, events, simulated series, and how many of these could not
        be fitted and say nothing.
    reason : str
        Why the first of these could not be fitted; "" if all could.
    as_bounds : BoundsReading or None
        The observed log ratio were published figures read as bounds, as the minimums and rounded
        numbers they are; None where all counts are exact.
    curve : DataFrame
        Columns ratio and power: the analytic power of a range of upward ratios.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    change: Change
    season: str
    power: float
    conf_level: float
    ratio_up: float
    ratio_down: float
    annual_percent_change: float
    ratio_simulated: float
    power_simulated: float
    power_simulated_low: float
    power_simulated_high: float
    std_error: float
    n_free: int
    observed_ratio: float
    observed_ratio_low: float
    observed_ratio_high: float
    p_value: float
    confirmed_by: pd.Period | None
    dispersion: float
    memory_correlation: float
    n_periods: int
    n_observed: int
    n_events: int
    n_draws: int
    n_failed: int
    reason: str
    as_bounds: BoundsReading | None
    curve: pd.DataFrame
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the detectable ratios, the observed ratio and the simulated power.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals, by default that of the test. The detectable
            ratios stay those of the test that was asked about.

        Returns
        -------
        DataFrame
            Columns term, estimate, conf_low, conf_high, conf_level, p_value, method, status,
            reason. Status is "ok", or "failed" where no simulated series could be fitted.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        half = float(stats.t.ppf(1 - alpha / 2, self.n_free)) * self.std_error
        nothing = np.nan
        rows = [
            ("ratio_up", self.ratio_up, nothing, nothing, nothing, "analytic"),
            ("ratio_down", self.ratio_down, nothing, nothing, nothing, "analytic"),
            (
                "observed_ratio",
                self.observed_ratio,
                self.observed_ratio * np.exp(-half),
                self.observed_ratio * np.exp(half),
                self.p_value,
                "memory",
            ),
        ]
        n_fitted = self.n_draws - self.n_failed
        if self.n_draws:
            found = round(self.power_simulated * n_fitted) if n_fitted else 0
            low, high = _share_interval(found, n_fitted, alpha)
            rows += [
                ("ratio_simulated", self.ratio_simulated, nothing, nothing, nothing, "simulation"),
                (
                    "power_simulated",
                    self.power_simulated,
                    low,
                    high,
                    nothing,
                    "simulation",
                ),
            ]
        columns = ["term", "estimate", "conf_low", "conf_high", "p_value", "method"]
        frame = pd.DataFrame(rows, columns=columns)
        frame["conf_level"] = 1 - alpha
        failed = frame["method"].eq("simulation") & (n_fitted == 0)
        frame["status"] = np.where(failed, "failed", "ok")
        frame["reason"] = np.where(failed, self.reason, "")
        return frame


def detectable_change(
    series: pd.DataFrame,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    change: Change = "trend",
    season: SeasonChoice | None = "auto",
    n_draws: int = N_DRAWS,
    rng: int | np.random.Generator | None = None,
) -> DetectableChange:
    """Find the smallest change that a series of this length, level, scatter and memory could show.

    "No clear change" means little without it. The standard error is that of the trend's (or the
    step's) coefficient with the dispersion and memory of the series; the detectable ratio
    solves the power of the noncentral t. Simulated series of the same kind check it.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3.
    power : float
        Chance of finding the change; 0.8 is the convention of study planning.
    alpha : float
        Two-sided level of the test.
    change : {"trend", "step"}
        A steady change over the whole series (the default, which the trend's finding quotes), or
        one step in its middle.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside the change: waves where the series spans two years and shows them
        at 1% (the default), nothing (also None), a factor per month, two waves a year, or the days
        of Ramadan and the two feasts.
    n_draws : int
        Simulated series; 0 skips the simulation. The default, 200, gives the power to 3 points in
        about one second.
    rng : None, int or Generator
        Source of randomness of the simulation.

    Returns
    -------
    DetectableChange

    Raises
    ------
    TypeError
        If `series` is not a count series.
    ValueError
        If it is too short, too long or too empty, or an option is out of range.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    This is a property of the series' length and noise, not of what happened: computed before
    looking it plans, computed after a "no clear change" it says how much that is worth. It is
    not the power of the change that was observed.

    References
    ----------
    Hoenig JM, Heisey DM (2001). The abuse of power: the pervasive fallacy of power calculations
    for data analysis. The American Statistician 55(1):19-24.

    Examples
    --------
    >>> import trends
    >>> steady = trends.as_series([4, 6, 5, 3, 7, 5] * 6, start="2020-01")
    >>> change = trends.detectable_change(steady, n_draws=0)
    >>> 1 < change.ratio_up < 3
    True
    """
    _check_options(power, alpha, change, n_draws)
    seen = observed_periods(series)
    repeating = season_terms(seen, season)
    jumps, _ = jump_columns(seen)
    fit, memory, design = _fit(seen, change, repeating, jumps)
    wide = memory if change == "step" else wandering_of_fit(fit, design, seen, memory).memory
    width = _width(design)
    std_error = wide.std_error(1) * width
    observed = float(fit.params[1]) * width
    smallest = smallest_visible(std_error, memory.n_free, power=power, alpha=alpha)
    critical = float(stats.t.ppf(1 - alpha / 2, memory.n_free))
    years = float(np.ptp(years_from_middle(seen.periods)))
    simulated = _Simulated(np.nan, np.nan, np.nan, 0, "")
    if n_draws:
        simulated = _simulate(
            seen,
            design,
            fit,
            wide,
            smallest / width,
            n_draws,
            alpha,
            np.random.default_rng(rng),
            grid=memory.grid,
        )
    effects = np.linspace(0, max(1.6 * smallest, 1e-6), 41)
    scaled = design.copy()
    scaled[:, 1] /= width
    as_bounds = read_as_bounds(
        series,
        seen,
        scaled,
        1,
        nb_dispersion=fit.nb_dispersion,
        face=(observed - critical * std_error, observed + critical * std_error),
        alpha=alpha,
    )
    return DetectableChange(
        series=series,
        change=change,
        season=repeating.season,
        power=power,
        conf_level=1 - alpha,
        ratio_up=float(np.exp(smallest)),
        ratio_down=float(np.exp(-smallest)),
        annual_percent_change=(
            float(percent_change(smallest / years)) if change == "trend" else np.nan
        ),
        ratio_simulated=_corrected_ratio(smallest, std_error, power, simulated.power),
        power_simulated=simulated.power,
        power_simulated_low=simulated.low,
        power_simulated_high=simulated.high,
        std_error=std_error,
        n_free=memory.n_free,
        observed_ratio=float(np.exp(observed)),
        observed_ratio_low=float(np.exp(observed - critical * std_error)),
        observed_ratio_high=float(np.exp(observed + critical * std_error)),
        p_value=float(2 * stats.t.sf(abs(observed / std_error), memory.n_free)),
        confirmed_by=_confirmed_by(seen, fit, wide, design, repeating, change, power, alpha),
        dispersion=fit.dispersion,
        memory_correlation=memory.correlation,
        n_periods=len(seen.periods),
        n_observed=seen.count.size,
        n_events=int(seen.count.sum()),
        n_draws=n_draws,
        n_failed=simulated.n_failed,
        reason=simulated.reason,
        as_bounds=as_bounds,
        curve=pd.DataFrame(
            {
                "ratio": np.exp(effects),
                "power": [
                    visible_power(effect / std_error, memory.n_free, critical) for effect in effects
                ],
            }
        ),
        caveats=_caveats(fit, memory, seen, simulated.n_failed, as_bounds),
    )


class _Simulated(NamedTuple):
    """Share of simulated series in which the change was found, with its binomial interval."""

    power: float
    low: float
    high: float
    n_failed: int
    reason: str


def _check_options(power: float, alpha: float, change: str, n_draws: int) -> None:
    """Raise unless the options make sense together."""
    check_alpha(alpha)
    if not alpha < as_number(power) < 1:
        raise ValueError(
            f"`power` must be between alpha and 1, got {power!r}. Use 0.8 for four in five."
        )
    if change not in ("trend", "step"):
        raise ValueError(f"`change` must be 'trend' or 'step', got {change!r}. Pick one.")
    if not is_whole(n_draws, 0):
        raise ValueError(f"`n_draws` must be 0 or more, got {n_draws!r}. Use 200, or 0 for none.")


def _design(seen: Observed, change: str, repeating: SeasonTerms) -> np.ndarray:
    """Return intercept, the column whose coefficient is the change, and season, where observed."""
    if change == "trend":
        column = years_from_middle(seen.periods)[seen.position]
    else:
        middle = seen.position[seen.count.size // 2]
        column = (seen.position >= middle).astype(float) - 0.5
    return np.column_stack([np.ones(seen.count.size), column, repeating.columns[seen.position]])


def _width(design: np.ndarray) -> float:
    """Return by how much the change's column moves from the first to the last period."""
    return float(np.ptp(design[:, 1]))


def _fit(
    seen: Observed, change: str, repeating: SeasonTerms, jumps: np.ndarray
) -> tuple[CountFit, MemoryPosterior, np.ndarray]:
    """Return the fitted change and the memories of its residuals."""
    design = np.column_stack([_design(seen, change, repeating), jumps[seen.position]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        # A step in the middle that is a break of counting cannot be told from it.
        design = design[:, : design.shape[1] - jumps.shape[1]]
    _refuse_unidentified(seen, design, repeating)
    if change == "step":
        later = design[:, 1] > 0
        sides = (int(seen.count[~later].sum()), int(seen.count[later].sum()))
        if min(sides) == 0:
            raise ValueError(
                "`change` must be 'trend' where one half of the series has no events, got 'step' "
                f"with {sides[0]} events before the middle, {sides[1]} after. Use change='trend'."
            )
    fit = fit_counts(seen.count, design, seen.exposure)
    memory = memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods))
    return fit, memory, design


def _days(seen: Observed) -> float:
    """Return the days of a period."""
    return float(np.median(days_in_periods(seen.periods)))


def _refuse_unidentified(seen: Observed, design: np.ndarray, repeating: SeasonTerms) -> None:
    """Raise if the observed periods cannot tell the season from the change."""
    if repeating.names and not is_identified(seen, design):
        raise ValueError(
            f"`season` must leave enough observed periods for {design.shape[1]} terms, got "
            f"{repeating.season!r} with {seen.count.size} observed. Use season='none'."
        )


#: Logarithm of the largest mean of which Poisson counts are drawn.
_LARGEST_LOG_MEAN = 40.0


def _simulate(
    seen: Observed,
    design: np.ndarray,
    fit: CountFit,
    memory: MemoryPosterior,
    slope: float,
    n_draws: int,
    alpha: float,
    rng: np.random.Generator,
    *,
    grid: MemoryGrid,
) -> _Simulated:
    """Return how often a change of this size is found in series of the same level and noise.

    The series remember as `memory` says; of each the memories in `grid` are weighed, and beside
    them those that wander if `memory` knows of them.
    """
    log_mean = design[:, 1] * slope + design[:, 2:] @ fit.params[2:]
    if np.max(log_mean + np.log(seen.exposure)) > _LARGEST_LOG_MEAN:
        raise RuntimeError(
            "`series` must have a rate that can be simulated, got a fit beyond all counts. Check "
            "the exposures, which may lie too far apart."
        )
    mean = seen.exposure * np.exp(log_mean)
    mean *= seen.count.sum() / mean.sum()
    scale = float(memory.probabilities @ memory.scales)
    dispersion = np.maximum(scale * (1 + fit.nb_dispersion * mean), 1.0)
    model = rng.choice(memory.probabilities.size, size=n_draws, p=memory.probabilities)
    gaps = np.diff(seen.position).astype(float)
    draws = draw_counts(
        mean, dispersion, gaps, memory.grid.rho[model], memory.grid.weight[model], rng
    )
    fits: list[tuple[CountFit, np.ndarray]] = []
    n_failed = 0
    reason = ""
    for counts in draws.T:
        try:
            fits.append((_fit_drawn(replace(seen, count=counts), design), counts))
        except (RuntimeError, ValueError) as failure:
            n_failed += 1
            reason = reason or str(failure)
    wide = memory.grid.rho.size > grid.rho.size
    p_values = _p_values(fits, design, seen, grid, wide=wide)
    found = int(np.count_nonzero(p_values <= alpha))
    n_fitted = n_draws - n_failed
    low, high = _share_interval(found, n_fitted, alpha)
    return _Simulated(found / n_fitted if n_fitted else np.nan, low, high, n_failed, reason)


def _share_interval(found: int, n_fitted: int, alpha: float) -> tuple[float, float]:
    """Return the exact binomial interval of a share; NaN of nothing."""
    if n_fitted == 0:
        return np.nan, np.nan
    interval = stats.binomtest(found, n_fitted).proportion_ci(1 - alpha, method="exact")
    return float(interval.low), float(interval.high)


def _fit_drawn(seen: Observed, design: np.ndarray) -> CountFit:
    """Return the fit of the change to one simulated series."""
    n_eventful = int((seen.count > 0).sum())
    if n_eventful < LEAST_EVENTFUL:
        raise ValueError(
            f"`series` must have events in at least {LEAST_EVENTFUL} periods, got {n_eventful}. "
            "Use longer periods."
        )
    return fit_counts(seen.count, design, seen.exposure)


def _p_values(
    fits: list[tuple[CountFit, np.ndarray]],
    design: np.ndarray,
    seen: Observed,
    grid: MemoryGrid,
    *,
    wide: bool,
) -> np.ndarray:
    """Return the p-value of the change in every simulated series, given its fit and counts."""
    if not fits:
        return np.empty(0)
    widening = None
    if wide:
        bend = squared_time(design[:, 1:2])
        widening = Widening(
            np.column_stack([fit.working_design(bend)[:, 0] for fit, _ in fits]),
            np.array([fit.poisson_variance for fit, _ in fits]),
            _days(seen),
        )
    errors = std_errors_of_many(
        np.stack([fit.working_design(design) for fit, _ in fits], axis=1),
        np.stack([fit.residuals(counts) for fit, counts in fits], axis=1),
        seen.position,
        grid,
        term=1,
        widening=widening,
    )
    statistics = np.abs([fit.params[1] for fit, _ in fits]) / errors
    return np.asarray(2 * stdtr(design.shape[0] - design.shape[1], -statistics))


def _corrected_ratio(smallest: float, std_error: float, power: float, simulated: float) -> float:
    """Return the ratio at which the simulated power would be the wanted one, on a probit scale.

    Power near 1 or 0 says little about where it crosses; the correction then stays finite.
    """
    if np.isnan(simulated):
        return np.nan
    reached = stats.norm.ppf(np.clip(simulated, 0.02, 0.98))
    return float(np.exp(smallest + std_error * (stats.norm.ppf(power) - reached)))


def _confirmed_by(
    seen: Observed,
    fit: CountFit,
    memory: MemoryPosterior,
    design: np.ndarray,
    repeating: SeasonTerms,
    change: str,
    power: float,
    alpha: float,
) -> pd.Period | None:
    """Return the period by whose end the observed change would be found if it went on.

    The mean is carried forward as fitted, with the same dispersion and memories; the standard
    error is that of the observed and future periods together.
    """
    n_ahead = round(HORIZON_YEARS * PERIODS_PER_YEAR[frequency_letter(seen.periods)])
    last = int(seen.position[-1])
    slope = float(fit.params[1])
    ahead = np.arange(1, n_ahead + 1)
    if change == "trend":
        steps = (design[-1, 1] - design[0, 1]) / (seen.position[-1] - seen.position[0])
        future_column = design[-1, 1] + steps * ahead
    else:
        future_column = np.full(n_ahead, design[-1, 1])
    later = pd.period_range(seen.periods[last] + 1, periods=n_ahead, freq=seen.periods.freq)
    future = np.column_stack(
        [np.ones(n_ahead), future_column, season_columns(later, repeating.season)[0]]
    )
    jumped = np.tile(design[-1, future.shape[1] :], (n_ahead, 1))
    future = np.column_stack([future, jumped])
    longer = np.vstack([design, future])
    log_mean = longer @ fit.params
    exposure = np.concatenate([seen.exposure, np.full(n_ahead, np.median(seen.exposure))])
    mean = exposure * np.exp(np.clip(log_mean, -20, 20))
    position = np.concatenate([seen.position, last + ahead])
    weight = np.sqrt(mean / (1 + fit.nb_dispersion * mean))

    def is_confirmed(n_more: int) -> bool:
        rows = seen.count.size + n_more
        working = longer[:rows] * weight[:rows, None]
        error = memory.of_design(working, position[:rows]).std_error(1)
        return abs(slope) >= smallest_visible(
            error, rows - longer.shape[1], power=power, alpha=alpha
        )

    if is_confirmed(0):
        confirmed: pd.Period = seen.periods[last]
        return confirmed
    if not is_confirmed(n_ahead):
        return None
    # More periods only add information, so the first that suffices is found by halving.
    too_few, enough = 0, n_ahead
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if is_confirmed(middle):
            enough = middle
        else:
            too_few = middle
    first: pd.Period = seen.periods[last] + enough
    return first


def _caveats(
    fit: CountFit,
    memory: MemoryPosterior,
    seen: Observed,
    n_failed: int,
    bounds: BoundsReading | None,
) -> tuple[str, ...]:
    """Return the keys of what a reader must know."""
    holds = {
        "nb_boundary": fit.nb_status == "boundary",
        "nb_failed": fit.nb_status == "failed",
        "memory_at_ceiling": memory.at_ceiling,
        "simulation_incomplete": n_failed > 0,
        "bounds_differ": bounds is not None and bounds.differs,
        **seen.caveats(),
    }
    return tuple(key for key, is_so in holds.items() if is_so)
