"""When did the level shift, by how much, and is it a shift at all?

The decision rests on one comparison: could a series with no break, but with this average, scatter
and memory, look this broken? `trends.models.shifts.level_shift` measures how broken a series looks,
`trends.models.counts.null_models` draws series without a break, and the share of them that look at
least as broken is the p-value. Shifts are looked for one at a time, then several at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from trends.analysis.result import Result
from trends.models.counts.bounded_counts import BoundsReading, count_bounds, read_as_bounds
from trends.models.counts.known_jumps import NEAR_JUMP, jump_columns
from trends.models.counts.memory import MemoryModels
from trends.models.counts.observed import MOST_IN_BLOCKS, Observed, observed_periods
from trends.models.counts.season_terms import (
    LEAST_FREEDOM,
    SeasonChoice,
    SeasonName,
    season_columns,
    season_terms,
)
from trends.models.shifts.blocks import block_means, date_within, in_blocks, independent_columns
from trends.models.shifts.level_fit import Problem, possible_starts
from trends.models.shifts.level_shift import ShiftEvidence, log_sum
from trends.models.shifts.segmentation import (
    PathStep,
    optimal_segments,
    penalty_path,
    robust_dispersion,
)
from trends.models.shifts.shift_search import Round
from trends.models.shifts.shift_summary import (
    ShiftSummary,
    StepSummary,
    find_shifts,
    highest_mass,
    limits_of_few,
)
from trends.options import as_number, is_whole
from trends.tables.calendar import format_period
from trends.tables.proposed import note_proposed
from trends.tables.typed import Day, named_period

Verdict = Literal["abrupt", "gradual", "shift", "wanders", "cannot_tell", "none"]
Obstacle = Literal["season", "persistence"]
Calibration = Literal["own", "shared"]

MAX_PERIODS = 1_500
MOST_ROWS = 500
LEAST_BLOCKS = 5
LONGEST_BLOCK = 45
"""Series of more than `MAX_PERIODS` observed periods are searched in at most `MOST_ROWS` blocks of
periods, because the work grows with the square of the number of rows; dates are then found again
among the periods. A regime has at least `LEAST_BLOCKS`: the block in which a level shifts lies
between both and would pass for a regime of its own. In blocks of more than `LONGEST_BLOCK` days the
waves of a year could not be seen."""

CLEAR_OF_WANDER = 5.0
"""Twice the log likelihood ratio beyond which steps are told apart from a wandering level: at 2,
one in seven random walks with a monthly sd of .2 would show a firm shift within 60 months."""

FEW_EVENTS = 5
"""Events on one side of a changepoint below which the limits of the ratio are exact ones."""

NEAR = 3
"""Periods within which two dates count as the same when methods are compared."""

CLEAR = 2.0
"""Twice the log likelihood ratio beyond which a step is told apart from a straight line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Changepoint:
    """One level shift.

    Attributes
    ----------
    period : Period
        First period of the new regime.
    set_probability : Series of float
        Posterior probability that the new regime began in each period. A shift inside a gap of
        missing periods may have begun in any of them.
    located : bool
        Whether the 95% set spans at most half of the series.
    since, until : Period
        First period of the regime before, and last period of the new one.
    n_events_before, n_events_after : int
        Events from the previous changepoint to this one, and to the next one.
    exposure_before, exposure_after : float
        Months of 30.4375 days, or units of exposure, watched there, times the season's average
        factor.
    clumping : float
        How many events stand for one independent event, by scatter and memory.
    log_ratio_draws : array of shape (n_draws,)
        Draws of the log ratio of the rates, the period and the memory drawn too, shrunk towards 0.
    p_value : float
        Adjusted for the search.
    p_value_persistent : float
        The same where memory is judged half without the shift, as if all that the shift explains
        could be persistence.
    redetected : float
        Share of resampled series in which it is found again within its confidence set.
    step_over_line : float
        Twice the log likelihood ratio of a step to a straight line from the previous changepoint
        to the next one.
    verdict : {"abrupt", "gradual", "shift"}
        A step, a slope, or a change of level of which it cannot be said how it came.
    searched : bool
        False if the period was named in advance.
    """

    period: pd.Period
    set_probability: pd.Series
    located: bool
    since: pd.Period
    until: pd.Period
    n_events_before: int
    n_events_after: int
    exposure_before: float
    exposure_after: float
    clumping: float
    log_ratio_draws: NDArray[np.float64]
    p_value: float
    p_value_persistent: float
    redetected: float
    step_over_line: float
    verdict: Verdict
    searched: bool

    def confidence_set(self, *, alpha: float = 0.05) -> pd.PeriodIndex:
        """Return the periods in which the new regime may have begun, possibly with gaps.

        Parameters
        ----------
        alpha : float
            One minus the level.

        Returns
        -------
        PeriodIndex
        """
        chosen = self.set_probability.index[highest_mass(self.set_probability.to_numpy(), alpha)]
        return pd.PeriodIndex(chosen.union(pd.PeriodIndex([self.period])).sort_values())

    @property
    def rate_before(self) -> float:
        """Events per 30.4375 days from the previous changepoint to this one."""
        return self.n_events_before / self.exposure_before

    @property
    def rate_after(self) -> float:
        """Events per 30.4375 days from this changepoint to the next one."""
        return self.n_events_after / self.exposure_after

    def rate_bound(self, *, alpha: float = 0.05) -> float:
        """Return the upper bound of the rate on the side without events, per 30.4375 days.

        NaN if both sides have events.
        """
        if self.n_events_before and self.n_events_after:
            return float("nan")
        exposure = self.exposure_after if self.n_events_before else self.exposure_before
        return float(-np.log(alpha) * self.clumping / exposure)

    def ratio(self, *, alpha: float = 0.05) -> tuple[float, float, float]:
        """Return the ratio of the rate after to the rate before, with its interval.

        With fewer than `FEW_EVENTS` events on one side the limits are exact; the ratio is infinite
        or 0 if there are none.
        """
        if min(self.n_events_before, self.n_events_after) < FEW_EVENTS:
            return limits_of_few(
                (self.n_events_before, self.n_events_after),
                (self.exposure_before, self.exposure_after),
                self.clumping,
                alpha,
            )
        low, middle, high = np.exp(
            np.quantile(self.log_ratio_draws, [alpha / 2, 0.5, 1 - alpha / 2])
        )
        return float(middle), float(low), float(high)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Changepoints(Result):
    """The level shifts of a count series, and what else could look like them.

    Attributes
    ----------
    series : DataFrame
        The count series that was analysed.
    changepoints : tuple of Changepoint
        In order of time; empty when no shift was found.
    verdict : {"abrupt", "gradual", "shift", "wanders", "cannot_tell", "none"}
        What the series says as a whole. "wanders": the counts look broken, but a level that drifts
        from period to period explains them better, and no date can be given. "cannot_tell": a
        break by the standards of independent counts, but counts with memory look as broken often
        enough; or none was found beside a season that was left out.
    obstacle : {"season", "persistence"} or None
        What stands in the way where it cannot be told: a season that was left out of the model, or
        the memory of the counts.
    p_value : float
        Of any shift, a step or an episode: the share of series without one, but with the same
        average, season, scatter and memory, that look at least as broken.
    p_error : float
        Standard error of the p-value from the finite number of series drawn.
    p_value_independent : float
        The same if months did not remember each other.
    statistic : float
        Twice the log ratio of one shift with memory to memory alone.
    step_over_line : float
        Twice the log ratio of all steps found (of one step, if none was) to one straight line
        through the whole series, memory free in both.
    step_over_wander : float
        Twice the log ratio of all steps found (of one, if none was) to a level that wanders: a
        random walk, or memory beyond what is considered beside a shift.
    detectable_ratio : float
        Smallest of the ratios 1.25, 1.5, 2, 3, 5, 10 that a shift at mid-series would have been
        found with in 80% of series like this one; NaN when a shift was found or even a tenfold
        one would be missed.
    candidate_period : Period or None
        Most probable period of a shift, whether or not one was found.
    further_period : Period or None
        Where a further shift beside those found would be clear if the counts were independent
        but can be told from memory no more; None if there is no such place.
    further_p_value : float
        Its p-value; NaN if there is none.
    dispersion : float
        Variance-to-mean ratio around the levels found, at least 1.
    rate : float
        Events per 30.4375 days over the whole series.
    memory_rho, memory_weight : float
        Posterior means of the memory around the levels found: the correlation from one period to
        the next of the remembered part, and its share of the variation.
    memory_at_limit : bool
        Whether the longest memory considered is the most probable: then persistence beyond it
        could explain more than the p-value says.
    models : DataFrame
        Level, trend and shift, each with and without memory, on the same likelihood.
    tests : DataFrame
        Every test made, in order.
    naive_periods : PeriodIndex
        Changepoints an uncalibrated Poisson cost with a BIC penalty would have claimed.
    periods_per_row : int
        Periods summed for the search: 1 for up to 1,500 observed periods.
    calibration : {"own", "shared"}
        Whether the p-values rest on draws of this series or, where these leave no doubt that there
        is no shift, on draws made for all series of like make.
    conf_level : float
        Level of sets and intervals; one minus the chance of any changepoint in a series without
        one.
    season : {"none", "month", "harmonic", "hijri"}
        The season in the model: "auto" has been decided.
    min_periods : int
        Shortest segment, in observed periods.
    n_null : int
        Series drawn for each p-value; up to four times as many where it is near alpha.
    candidates : PeriodIndex or None
        Periods named in advance.
    as_bounds : tuple of BoundsReading
        The log ratio at each changepoint, were published figures read as bounds, as the minimums
        and rounded numbers they are; empty where all counts are exact.
    n_minimums : int
        Observed periods whose figure has no upper limit.
    """

    series: pd.DataFrame
    changepoints: tuple[Changepoint, ...]
    verdict: Verdict
    obstacle: Obstacle | None
    p_value: float
    p_error: float
    p_value_independent: float
    statistic: float
    step_over_line: float
    step_over_wander: float
    detectable_ratio: float
    candidate_period: pd.Period | None
    further_period: pd.Period | None
    further_p_value: float
    dispersion: float
    rate: float
    memory_rho: float
    memory_weight: float
    memory_at_limit: bool
    models: pd.DataFrame
    tests: pd.DataFrame
    naive_periods: pd.PeriodIndex
    periods_per_row: int
    calibration: Calibration
    conf_level: float
    season: SeasonName
    min_periods: int
    n_null: int
    candidates: pd.PeriodIndex | None
    as_bounds: tuple[BoundsReading, ...] = ()
    n_minimums: int = 0

    @property
    def may_wander(self) -> bool:
        """Whether a level that wanders without any shift explains the counts nearly as well."""
        return self.step_over_wander <= CLEAR_OF_WANDER

    @cached_property
    def path(self) -> tuple[PathStep, ...]:
        """Best division for every penalty; see `penalty_path`.

        It is found when it is first asked for: it takes as long as a test of many series.
        """
        observed = observed_periods(self.series, n_eventful=0, most=MOST_IN_BLOCKS)
        length = self.periods_per_row
        rows = in_blocks(observed, length) if length > 1 else observed
        path = penalty_path(
            rows.count,
            rows.exposure,
            min_rows=self.min_periods,
            dispersion=robust_dispersion(rows.count, rows.exposure),
            max_changes=None if rows.count.size <= 600 else 40,
        )
        first = np.searchsorted(observed.position, length * rows.position)
        return tuple(
            step._replace(starts=tuple(int(first[row]) for row in step.starts)) for step in path
        )

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row per changepoint.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the sets and intervals; by default that of the analysis.

        Returns
        -------
        DataFrame
            Columns period, conf_low, conf_high (periods; first and last of the confidence set),
            rate_before, rate_after, ratio, ratio_low, ratio_high, p_value, redetected, grade
            (of the finding, at the level of the analysis).
            Rates are the plain averages per 30.4375 days; the ratio allows for the search and is
            drawn towards 1, so it may differ from their quotient.
        """
        alpha = 1 - self.conf_level if alpha is None else alpha
        grades = self._grades("ratio")
        rows = []
        for changepoint, grade in zip(self.changepoints, grades, strict=True):
            periods = changepoint.confidence_set(alpha=alpha)
            ratio, ratio_low, ratio_high = changepoint.ratio(alpha=alpha)
            rows.append(
                {
                    "period": changepoint.period,
                    "conf_low": periods[0],
                    "conf_high": periods[-1],
                    "rate_before": changepoint.rate_before,
                    "rate_after": changepoint.rate_after,
                    "ratio": ratio,
                    "ratio_low": ratio_low,
                    "ratio_high": ratio_high,
                    "p_value": changepoint.p_value,
                    "redetected": changepoint.redetected,
                    "grade": grade,
                }
            )
        frame = pd.DataFrame(rows, columns=list(FRAME_COLUMNS))
        period = pd.PeriodDtype(self.series.index.freq)
        return frame.astype(
            {
                **dict.fromkeys(("period", "conf_low", "conf_high"), period),
                **dict.fromkeys(FRAME_COLUMNS[3:-1], float),
                "grade": "str",
            }
        )

    def penalty_path(self) -> pd.DataFrame:
        """Return the best division of the series for every penalty, largest penalty first.

        Returns
        -------
        DataFrame
            Columns penalty_low, penalty_high (Poisson deviance over dispersion, per changepoint),
            n_changepoints, periods (the changepoints, separated by commas).
        """
        observed = self.series.index[(self.series["count"].notna()).to_numpy()]
        return pd.DataFrame(
            [
                {
                    "penalty_low": step.penalty_low,
                    "penalty_high": step.penalty_high,
                    "n_changepoints": len(step.starts),
                    "periods": ", ".join(format_period(observed[row]) for row in step.starts),
                }
                for step in self.path
            ]
        )

    def cross_check(self) -> pd.DataFrame:
        """Ask other methods the same question; most of them know nothing of memory.

        OLS-CUSUM and recursive residuals (both on square roots of rates) and Markov switching
        come from statsmodels; the sup-LR test takes its p-value from independent counts with the
        dispersion of the series; the two segmentations are exact.

        Returns
        -------
        DataFrame
            One row per method, this one first: method, memory (whether it allows for memory),
            status ("answered" or "failed"), reason (why it failed), found, n_changepoints, period
            (the one it is surest of), p_value (NaN where the method gives none), agrees (same
            answer, and a period inside one of the sets found here or within 3 periods of one).
            A method that failed has neither found nor agreed: both are missing.
        """
        # statsmodels takes longer to import than a search takes
        from trends.models.shifts.cross_checks import Answer, ask_others

        alpha = 1 - self.conf_level
        observed = observed_periods(self.series, n_eventful=0, most=MOST_IN_BLOCKS)
        index = observed.periods[observed.position]
        found = sorted(self.changepoints, key=lambda one: one.p_value)
        own = Answer(
            "shift_with_memory",
            True,
            bool(found),
            tuple(int(index.get_loc(one.period)) for one in found),
            self.p_value,
        )
        others = ask_others(
            observed.count, observed.exposure, min_rows=self.min_periods, alpha=alpha
        )
        sets = [set(one.confidence_set(alpha=alpha)) for one in found]
        rows = []
        for answer in (own, *others):
            periods = [index[row] for row in answer.rows]
            close = [
                any(
                    period in inside or abs(period.ordinal - one.period.ordinal) <= NEAR
                    for inside, one in zip(sets, found, strict=True)
                )
                for period in periods
            ]
            same = answer.found == own.found and (
                not own.found or (len(periods) == len(found) and all(close))
            )
            failed = answer.found is None
            rows.append(
                {
                    "method": answer.method,
                    "memory": answer.memory,
                    "status": "failed" if failed else "answered",
                    "reason": answer.reason,
                    "found": answer.found,
                    "n_changepoints": None if failed else len(periods) if answer.found else 0,
                    "period": periods[0] if answer.found and periods else pd.NaT,
                    "p_value": answer.p_value,
                    "agrees": None if failed else same,
                }
            )
        return pd.DataFrame(rows).astype(
            {"found": "boolean", "n_changepoints": "Int64", "agrees": "boolean"}
        )

    def glance(self) -> pd.DataFrame:
        """Return one row that describes the whole analysis."""
        frame = super().glance()
        frame.insert(0, "n_changepoints", len(self.changepoints))
        return frame


FRAME_COLUMNS = (
    "period",
    "conf_low",
    "conf_high",
    "rate_before",
    "rate_after",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p_value",
    "redetected",
    "grade",
)


def detect_changepoints(
    series: pd.DataFrame,
    *,
    season: SeasonChoice = "auto",
    alpha: float = 0.05,
    min_periods: int = 2,
    candidates: Iterable[Day] | None = None,
    n_null: int = 999,
    calibration: Calibration = "own",
    rng: int | np.random.Generator | None = None,
) -> Changepoints:
    """Find level shifts that counts with memory would not show by themselves.

    One shift with memory is compared with memory alone, the memory unknown in both, and the
    comparison is calibrated on series drawn with the same average, season, scatter and memory but
    no shift. A shift is a step that lasts or an episode that ends; further ones are looked for
    beside those found.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series. Exposure may vary; missing and uncovered periods are left out and their
        distance in time is kept.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        What repeats beside the levels, fitted again in every series drawn: nothing; a factor for
        every month (quarter); sine and cosine of one and two waves a year; the days of Ramadan and
        the two feasts; or, with auto, the waves where the series spans two years and shows them at
        1% (see `trends.estimate_season`), else nothing.
    alpha : float
        Chance of any changepoint in a series that has none, and one minus the level of sets and
        intervals.
    min_periods : int
        Shortest segment in observed periods. Default 2: a single period is an outlier.
    candidates : iterable of Period, date or str, optional
        Days or periods named before looking at the counts. Only these are tested, which costs less
        than a search, and their dates are not estimated. Where nothing was observed at one, the
        level may shift from the next observed period, and both are said.
    n_null : int
        Series drawn for each p-value. Default 999: p-values down to 0.001. Fewer are drawn where
        the p-value is far from small, up to four times as many where it is near alpha.
    calibration : {"own", "shared"}
        Whether every p-value rests on draws of this series, or draws made for all series of like
        make may say that there plainly is no shift; what this leaves open is drawn anyway.
    rng : int or Generator, optional
        Seed. The same seed gives the same answer.

    Returns
    -------
    Changepoints

    Raises
    ------
    TypeError
        If `series` is not a count series, or a candidate is not a period.
    ValueError
        If `series` has fewer than 8 observed periods, an option is out of its range, or candidates
        are named for more than 1,500 observed periods.

    Notes
    -----
    The dates found are noted in ``series.attrs``, so that `estimate_interruption` knows that a
    search proposed them.

    The p-value is uniform for counts without memory (``benchmarks/changepoints_calibration.py``).
    With memory it rests on an estimate of it: of 60 months with a latent correlation of 0.5 about
    one in ten shows a shift, with 0.8 one in five, of 120 months one in forty and one in twelve.
    What persistence could explain is therefore graded lower: a firm grade needs the same p-value
    where all that the shift explains may be persistence, and a step that beats a wandering level.
    The longest memory considered beside a shift has a half-life of about three months (a
    correlation of 0.8 from one month to the next); longer ones and random walks compete as
    wandering levels. Up-and-back episodes in fewer than about 60 periods can hardly be told from
    memory. A gradual change is reported as a change of level with a date set that is too narrow.
    More than 1,500 periods are summed in blocks for the search (100,000 days in blocks of 200) and
    the dates refined by day; a regime shorter than five blocks is not seen. None of this says why a
    level shifted, or whether what shifted was the counting.

    *Shared calibration.* On the square-root scale the statistic hardly changes with level and
    scatter, so one set of draws serves all series of like length and season, weighted by the memory
    that each shows; where events are few, the draws of the neighbouring levels and scatters are
    mixed. They only dismiss: within .02 and the error of the draws of alpha, and below, the series
    is held against draws of its own, as are series with gaps, uneven exposure or scatter, and next
    to no events. Of 570 stable series of 48 kinds (``benchmarks/shared_calibration.py``) shared
    draws served 550 and dismissed 498, none that would have been found; the same 27 were found
    either way, .04 of those with less memory than a correlation of .8. P-values up to .25 were
    within .02 beyond the error of the draws. The smallest detectable ratio comes from shared draws
    too: the same in 433 of 497, else the next on its list.

    *Known breaks.* Where the series knows a break (of definition or gathering), its jump is fitted
    beside every shift and in every series drawn, and no shift is dated within three periods of it.

    References
    ----------
    Beaulieu C, Killick R (2018). Distinguishing trends and shifts from memory in climate data.
    Journal of Climate 31(23):9519-9543. doi:10.1175/JCLI-D-17-0863.1

    Besag J, Clifford P (1991). Sequential Monte Carlo p-values. Biometrika 78(2):301-304.
    doi:10.1093/biomet/78.2.301

    Examples
    --------
    >>> import trends
    >>> counts = [4, 6, 5, 3, 5, 4, 6, 5, 4, 5, 3, 6] + [14, 16, 12, 15] * 3
    >>> series = trends.as_series(counts, start="2020-01")
    >>> found = trends.detect_changepoints(series, n_null=199, rng=1)
    >>> [str(period) for period in found.to_frame()["period"]]
    ['2021-01']
    """
    _check_options(alpha, min_periods, n_null, calibration)
    observed = observed_periods(series, n_eventful=0, most=MOST_IN_BLOCKS)
    length = 1
    if observed.count.size > MAX_PERIODS:
        length = -(-len(observed.periods) // MOST_ROWS)
    rows = in_blocks(observed, length) if length > 1 else observed
    min_rows = (
        int(min_periods) if length == 1 else max(LEAST_BLOCKS, -(-int(min_periods) // length))
    )
    _check_length(rows.count.size, min_rows)
    named = None
    starts = possible_starts(rows.count.size, min_rows)
    if candidates is not None:
        named = _read_candidates(candidates, observed.periods)
        starts = _named_rows(named, observed, starts, length)
    days = (series.index[-1].end_time - series.index[0].start_time) / pd.Timedelta(days=1)
    problem = Problem(
        observed=rows,
        models=MemoryModels(np.diff(rows.position).astype(np.float64), length * days / len(series)),
        season=np.empty((rows.count.size, 0)),
        min_rows=min_rows,
        starts=starts,
        searched=named is None,
        alpha=alpha,
        n_null=n_null,
        shared=calibration == "shared",
    )
    taken, columns = _take_season(observed, season, length)
    jumps, starts = _known_jumps(observed, rows, starts, length)
    columns = np.column_stack([columns, jumps])
    problem = problem._replace(starts=starts)
    columns = independent_columns(block_means(columns, length)[rows.position])
    if columns.shape[1] + LEAST_FREEDOM > rows.count.size:
        raise ValueError(
            f"`season` must leave at least {LEAST_FREEDOM} observed periods beside its "
            f"{columns.shape[1]} terms, got {season!r} for {rows.count.size}. Use 'none' or a "
            "longer series."
        )
    problem = problem._replace(season=columns)
    summary = find_shifts(problem, np.random.default_rng(rng))
    left_out = (
        season == "none"
        and length == 1
        and not summary.steps
        and season_terms(observed, "auto").season != "none"
    )
    found = _describe(series, observed, length, problem, summary, named, taken, left_out=left_out)
    if named is None:
        note_proposed(series, (one.period for one in found.changepoints))
    return found


def _known_jumps(
    observed: Observed, rows: Observed, starts: NDArray[np.int64], length: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the columns of known breaks, and the rows where a shift can still be told from one."""
    jumps, _ = jump_columns(observed)
    first = [int(np.searchsorted(rows.position, np.argmax(each > 0) // length)) for each in jumps.T]
    near = np.abs(starts[:, None] - np.array(first, dtype=int)) <= max(NEAR_JUMP // length, 1)
    free = starts[~near.any(axis=1)]
    if free.size == 0:
        # Only the day of the break was asked about; then its jump is what is asked about.
        return jumps[:, :0], starts
    return jumps, free


def _take_season(
    observed: Observed, season: SeasonChoice, length: int
) -> tuple[SeasonName, NDArray[np.float64]]:
    """Return the season to take and its columns at all periods.

    A series searched in blocks is long enough to afford the waves without asking for them.
    """
    if length == 1 or season != "auto":
        terms = season_terms(observed, season)
        return terms.season, terms.columns
    days = (observed.periods[length].start_time - observed.periods[0].start_time).days
    name: SeasonName = "harmonic" if days <= LONGEST_BLOCK else "none"
    return name, season_columns(observed.periods, name)[0]


def _check_options(alpha: float, min_periods: int, n_null: int, calibration: str) -> None:
    """Raise if an option is out of its range."""
    if calibration not in get_args(Calibration):
        raise ValueError(
            f"`calibration` must be own or shared, got {calibration!r}. Use 'own' for one series."
        )
    if not 0 < as_number(alpha) < 0.5:
        raise ValueError(f"`alpha` must be between 0 and 0.5, got {alpha!r}. Use 0.05 for 5%.")
    if isinstance(min_periods, bool) or not isinstance(min_periods, int | np.integer):
        raise TypeError(
            f"`min_periods` must be a whole number, got {type(min_periods).__name__}. Use 2."
        )
    if min_periods < 1:
        raise ValueError(f"`min_periods` must be at least 1, got {min_periods}. Use 2.")
    needed = int(np.ceil(1 / alpha)) - 1
    if not is_whole(n_null, needed):
        raise ValueError(
            f"`n_null` must be at least {needed} for alpha={alpha:g}, got {n_null!r}. "
            "With fewer draws no p-value could be small enough."
        )


def _check_length(n_rows: int, min_periods: int) -> None:
    """Raise if there are too few periods for the shortest segment."""
    if n_rows < 2 * min_periods + 2:
        raise ValueError(
            f"`min_periods` must be at most {(n_rows - 2) // 2} for {n_rows} observed periods, "
            f"got {min_periods}. Use a smaller one."
        )


def _read_candidates(candidates: Iterable[Day], index: pd.PeriodIndex) -> pd.PeriodIndex:
    """Read periods named in advance."""
    if isinstance(candidates, str | pd.Period) or not isinstance(candidates, Iterable):
        candidates = [candidates]
    periods = []
    for candidate in candidates:
        period = named_period(candidate, index, "candidates")
        if not index[0] < period <= index[-1]:
            raise ValueError(
                f"`candidates` must lie after {format_period(index[0])} and no later than "
                f"{format_period(index[-1])}, got {format_period(period)}. Leave it out."
            )
        periods.append(period)
    if not periods:
        raise ValueError("`candidates` must name at least one period, got none. Leave it None.")
    return pd.PeriodIndex(sorted(set(periods)), freq=index.freq)


def _named_rows(
    named: pd.PeriodIndex, observed: Observed, starts: NDArray[np.int64], length: int
) -> NDArray[np.int64]:
    """Return the rows of periods named in advance, each the first observed from there on."""
    if length > 1:
        raise ValueError(
            f"`candidates` must be None for more than {MAX_PERIODS:,} observed periods, got "
            f"{observed.count.size:,}. Count by week or month to test dates named in advance."
        )
    rows = np.searchsorted(observed.position, observed.periods.get_indexer(named))
    outside = ~np.isin(rows, starts)
    if outside.any():
        first = named[int(np.argmax(outside))]
        raise ValueError(
            f"`candidates` must leave at least {starts[0]} observed periods on each side, "
            f"got {format_period(first)}. Leave it out or use a longer series."
        )
    return np.unique(rows).astype(np.int64)


def _describe(
    series: pd.DataFrame,
    observed: Observed,
    length: int,
    problem: Problem,
    summary: ShiftSummary,
    named: pd.PeriodIndex | None,
    season: SeasonName,
    *,
    left_out: bool,
) -> Changepoints:
    """Turn rows into dates and grade them."""
    first = summary.rounds[0] if summary.rounds else None
    rows = problem.observed
    index = rows.periods[rows.position]
    # steps that follow one another like stairs are a slope cut into pieces
    stairs = len(summary.steps) > 1 and summary.step_over_line < -CLEAR
    changepoints = tuple(
        _describe_step(problem, observed, length, step, stairs=stairs) for step in summary.steps
    )
    verdict = _overall_verdict(changepoints, summary, problem.alpha)
    obstacle: Obstacle | None = "persistence" if verdict == "cannot_tell" else None
    if left_out and verdict in ("none", "cannot_tell"):
        # a season hides a shift by the scatter it makes and by what looks like memory
        verdict, obstacle = "cannot_tell", "season"
    naive = optimal_segments(
        observed.count,
        observed.exposure,
        2 * float(np.log(observed.count.size)),
        min_rows=problem.min_rows,
    )
    further = summary.further
    if further and any(
        index[further.rows[0]] in one.confidence_set(alpha=problem.alpha) for one in changepoints
    ):
        # the search asked before its dates settled: that place belongs to a shift found
        further = None
    return Changepoints(
        series=series,
        changepoints=changepoints,
        verdict=verdict,
        obstacle=obstacle,
        p_value=summary.p_value,
        p_error=summary.p_error,
        p_value_independent=summary.p_value_independent,
        statistic=first.calibration.statistic if first else 0.0,
        step_over_line=summary.step_over_line,
        step_over_wander=summary.step_over_wander,
        detectable_ratio=summary.detectable_ratio,
        candidate_period=index[first.rows[0]] if first else None,
        further_period=index[further.rows[0]] if further else None,
        further_p_value=further.p_value if further else float("nan"),
        dispersion=summary.dispersion,
        rate=float(observed.count.sum() / observed.exposure.sum()),
        memory_rho=summary.memory_rho,
        memory_weight=summary.memory_weight,
        memory_at_limit=summary.memory_at_limit,
        models=_compare_models(summary.evidence),
        tests=_list_tests(index, summary.rounds),
        naive_periods=observed.periods[observed.position[list(naive)]],
        periods_per_row=length,
        calibration="shared" if summary.shared else "own",
        conf_level=1 - problem.alpha,
        season=season,
        min_periods=problem.min_rows,
        n_null=problem.n_null,
        candidates=named,
        as_bounds=_as_bounds(series, observed, changepoints, summary.dispersion, problem.alpha),
        n_minimums=_n_minimums(series, observed),
    )


def _n_minimums(series: pd.DataFrame, observed: Observed) -> int:
    """Return how many observed periods have a figure without an upper limit."""
    bounds = count_bounds(series, observed)
    return 0 if bounds is None else int(np.isinf(bounds[1]).sum())


def _as_bounds(
    series: pd.DataFrame,
    observed: Observed,
    changepoints: tuple[Changepoint, ...],
    dispersion: float,
    alpha: float,
) -> tuple[BoundsReading, ...]:
    """Return the log ratio at each date, the figures read as bounds."""
    periods = observed.periods[observed.position]
    steps = [np.asarray(periods >= each.period, dtype=float) for each in changepoints]
    design = np.column_stack([np.ones(len(periods)), *steps])
    found = []
    for number, changepoint in enumerate(changepoints, start=1):
        with np.errstate(divide="ignore"):
            face = np.log(changepoint.ratio(alpha=alpha)[1:])
        if not np.isfinite(face).all():
            # Beside a side without events the likelihood alone says how far the ratio may go.
            face = np.array([-1.0, 1.0]) * stats.norm.ppf(1 - alpha / 2) * np.sqrt(dispersion)
        reading = read_as_bounds(
            series,
            observed,
            design,
            number,
            nb_dispersion=max((dispersion - 1) / float(observed.count.mean()), 0.0),
            face=(float(face[0]), float(face[1])),
            alpha=alpha,
        )
        if reading is not None:
            found.append(reading)
    return tuple(found)


def _overall_verdict(
    changepoints: tuple[Changepoint, ...], summary: ShiftSummary, alpha: float
) -> Verdict:
    """Say in one word what the series shows."""
    if summary.wanders:
        return "wanders"
    if not changepoints:
        return "cannot_tell" if summary.p_value_independent <= alpha else "none"
    if summary.step_over_line < -CLEAR:
        return "gradual"
    verdicts = {changepoint.verdict for changepoint in changepoints}
    if "abrupt" in verdicts and summary.step_over_line > CLEAR:
        return "abrupt"
    return "gradual" if verdicts == {"gradual"} else "shift"


def _describe_step(
    problem: Problem, observed: Observed, length: int, step: StepSummary, *, stairs: bool
) -> Changepoint:
    """Describe one step: its dates, whether it looks like a step, how firmly."""
    rows = problem.observed
    if not problem.searched:
        period = rows.periods[int(rows.position[step.row])]
        probability = pd.Series([1.0], index=pd.PeriodIndex([period], name="period"))
    elif length == 1:
        period = rows.periods[int(rows.position[step.row])]
        probability = _spread_over_gaps(observed, step.rows, step.probability)
    else:
        probability = _date_in_blocks(problem, observed, length, step)
        period = probability.idxmax()
    verdict: Verdict = "shift"
    if abs(step.step_over_line) > CLEAR:
        verdict = "abrupt" if step.step_over_line > 0 else "gradual"
    if stairs:
        verdict = "gradual"
    n_in_set = highest_mass(probability.to_numpy(), problem.alpha).size
    return Changepoint(
        period=period,
        set_probability=probability,
        located=n_in_set <= len(observed.periods) / 2,
        since=rows.periods[int(rows.position[step.bounds[0]])],
        until=observed.periods[
            min(length * int(rows.position[step.bounds[1] - 1] + 1), len(observed.periods)) - 1
        ],
        n_events_before=round(step.count_before),
        n_events_after=round(step.count_after),
        exposure_before=step.exposure_before,
        exposure_after=step.exposure_after,
        clumping=step.clumping,
        log_ratio_draws=step.log_ratio_draws,
        p_value=step.p_value,
        p_value_persistent=step.p_value_persistent,
        redetected=step.redetected,
        step_over_line=step.step_over_line,
        verdict=verdict,
        searched=problem.searched,
    )


def _date_in_blocks(
    problem: Problem, observed: Observed, length: int, step: StepSummary
) -> pd.Series:
    """Return the probability of each period in and beside the blocks in which a step may be."""
    position = problem.observed.position
    inside = step.rows[highest_mass(step.probability, problem.alpha / 10)]
    first = length * int(position[inside[0] - 1]) + 1
    last = min(length * int(position[inside[-1]] + 1), len(observed.periods)) - 1
    rates = tuple(
        (count + 0.5) / exposure
        for count, exposure in (
            (step.count_before, step.exposure_before),
            (step.count_after, step.exposure_after),
        )
    )
    chance = date_within(observed, first, last, (rates[0], rates[1]), step.clumping)
    return pd.Series(chance, index=observed.periods[first : last + 1])


def _spread_over_gaps(
    observed: Observed, rows: NDArray[np.int64], probability: NDArray[np.float64]
) -> pd.Series:
    """Return the probability of each period, a row's shared with the gap before it."""
    periods: list[int] = []
    shares: list[float] = []
    for row, share in zip(rows, probability, strict=True):
        within = range(int(observed.position[row - 1]) + 1, int(observed.position[row]) + 1)
        periods.extend(within)
        shares.extend([float(share) / len(within)] * len(within))
    return pd.Series(shares, index=observed.periods[periods])


def _compare_models(evidence: ShiftEvidence | None) -> pd.DataFrame:
    """Return level, trend and shift, each with and without memory, on the same likelihood."""
    names = ("level", "trend", "shift")
    if evidence is None:
        return pd.DataFrame(columns=["term", "memory", "log_likelihood", "difference"])
    rows = []
    for name, values in zip(
        names, (evidence.log_stable, evidence.log_ramp, evidence.log_step), strict=True
    ):
        for memory, part in ((False, values[:1]), (True, values[1:])):
            rows.append({"term": name, "memory": memory, "log_likelihood": log_sum(part)})
    frame = pd.DataFrame(rows)
    # the prior of no memory (0.2) against memory (0.8) is part of the likelihoods
    frame["difference"] = frame["log_likelihood"] - frame["log_likelihood"].max()
    return frame


def _list_tests(index: pd.PeriodIndex, rounds: tuple[Round, ...]) -> pd.DataFrame:
    """Return every test made, in order."""
    return pd.DataFrame(
        [
            {
                "scan": current.scan,
                "n_before": len(current.bounds),
                "period": ", ".join(format_period(index[row]) for row in current.rows),
                "statistic": current.calibration.statistic,
                "p_value": current.p_value,
                "p_error": current.p_error,
                "p_value_persistent": current.p_value_persistent,
                "p_value_independent": current.p_value_independent,
                "found": current.found,
            }
            for current in rounds
        ],
        columns=[
            "scan",
            "n_before",
            "period",
            "statistic",
            "p_value",
            "p_error",
            "p_value_persistent",
            "p_value_independent",
            "found",
        ],
    )
