"""When did the level shift, by how much, and is it a shift at all?

The decision rests on one comparison: could a series with no break, but with this average, scatter
and memory, look this broken? `trends.models.shifts.level_shift` measures how broken a series looks,
`trends.models.counts.null_models` draws series without a break, and the share of them that look at
least as broken is the p-value. Shifts are looked for one at a time, then several at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.analysis.result import Result
from trends.models.counts.memory import MemoryModels, memory_grid
from trends.models.counts.observed import Observed, observed_periods
from trends.models.shifts.level_shift import ShiftEvidence, log_sum
from trends.models.shifts.segmentation import (
    PathStep,
    optimal_segments,
    penalty_path,
    robust_dispersion,
)
from trends.models.shifts.shift_search import PRICE_SEVERAL, Problem, Round, possible_starts
from trends.models.shifts.shift_summary import (
    ShiftSummary,
    StepSummary,
    find_shifts,
    highest_mass,
)
from trends.tables.calendar import format_period
from trends.tables.typed import named_period

Verdict = Literal["abrupt", "gradual", "shift", "cannot_tell", "none"]

MAX_PERIODS = 1_500
"""Longest series: the work grows with the square of the number of periods."""

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
    rate_before, rate_after : float
        Events per 30.4375 days from the previous changepoint to this one, and to the next one.
    log_ratio_draws : array of shape (n_draws,)
        Draws of the log ratio of the rates, the period and the memory drawn too, shrunk towards 0.
    p_value : float
        Adjusted for the search.
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
    rate_before: float
    rate_after: float
    log_ratio_draws: NDArray[np.float64]
    p_value: float
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

    def ratio(self, *, alpha: float = 0.05) -> tuple[float, float, float]:
        """Return the ratio of the rate after to the rate before, with its interval."""
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
    verdict : {"abrupt", "gradual", "shift", "cannot_tell", "none"}
        What the series says as a whole. "cannot_tell": a break by the standards of independent
        counts, but counts with memory look as broken often enough.
    p_value : float
        Of any shift: the smaller of the p-values of the first two scans, for one step (times 1.25)
        and for several (times 5). A p-value is the share of series without a break that look at
        least as broken.
    p_value_independent : float
        The same if months did not remember each other.
    statistic : float
        Twice the log ratio of one shift with memory to memory alone.
    step_over_line : float
        Twice the log ratio of all steps found (of one step, if none was) to one straight line
        through the whole series, memory free in both.
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
    path : tuple of PathStep
        Best division for every penalty; see `penalty_path`.
    naive_periods : PeriodIndex
        Changepoints an uncalibrated Poisson cost with a BIC penalty would have claimed.
    conf_level : float
        Level of sets and intervals; one minus the chance of any changepoint in a series without
        one.
    min_periods : int
        Shortest segment, in observed periods.
    n_null : int
        Series drawn for each p-value.
    candidates : PeriodIndex or None
        Periods named in advance.
    """

    series: pd.DataFrame
    changepoints: tuple[Changepoint, ...]
    verdict: Verdict
    p_value: float
    p_value_independent: float
    statistic: float
    step_over_line: float
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
    path: tuple[PathStep, ...]
    naive_periods: pd.PeriodIndex
    conf_level: float
    min_periods: int
    n_null: int
    candidates: pd.PeriodIndex | None

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
        observed = observed_periods(self.series, n_eventful=0)
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
    alpha: float = 0.05,
    min_periods: int = 2,
    candidates: Iterable[Any] | None = None,
    n_null: int = 999,
    rng: int | np.random.Generator | None = None,
) -> Changepoints:
    """Find level shifts that counts with memory would not show by themselves.

    One shift with memory is compared with memory alone, the memory unknown in both, and the
    comparison is calibrated on series drawn with the same average, scatter and memory but no
    shift. Further shifts are looked for beside those found; where no single one is found,
    several at once (an episode, say) are looked for; the two searches share alpha.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series. Exposure may vary; missing and uncovered periods are left out and their
        distance in time is kept.
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
        Series drawn for each p-value. Default 999: p-values down to 0.001.
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
        If `series` has fewer than 8 or more than 1,500 observed periods, or an option is out of
        its range.

    Notes
    -----
    The longest memory considered has a half-life of about three months (a correlation of 0.8 from
    one month to the next); series with a longer one are flagged (`memory_at_limit`) and look
    broken more often than `alpha`. Up-and-back episodes in fewer than about 60 periods can hardly
    be told from memory. A gradual change is reported as a change of level with a date set that is
    too narrow. None of this says why a level shifted, or whether what shifted was the counting.

    References
    ----------
    Beaulieu C, Killick R (2018). Distinguishing trends and shifts from memory in climate data.
    Journal of Climate 31(23):9519-9543. doi:10.1175/JCLI-D-17-0863.1

    Besag J, Clifford P (1991). Sequential Monte Carlo p-values. Biometrika 78(2):301-304.
    doi:10.1093/biomet/78.2.301

    Examples
    --------
    >>> import pandas as pd
    >>> from trends.tables.series import as_series
    >>> months = pd.period_range("2020-01", periods=24, freq="M")
    >>> counts = [4, 6, 5, 3, 5, 4, 6, 5, 4, 5, 3, 6] + [14, 16, 12, 15] * 3
    >>> series = as_series(pd.Series(counts, index=months))
    >>> found = detect_changepoints(series, n_null=199, rng=1)
    >>> [str(period) for period in found.to_frame()["period"]]
    ['2021-01']
    """
    _check_options(alpha, min_periods, n_null)
    observed = observed_periods(series, n_eventful=0)
    _check_length(observed, min_periods)
    named = None if candidates is None else _read_candidates(candidates, observed.periods)
    starts = possible_starts(observed.count.size, min_periods)
    days = (series.index[-1].end_time - series.index[0].start_time) / pd.Timedelta(days=1)
    grid = memory_grid(days / len(series))
    problem = Problem(
        observed=observed,
        models=MemoryModels(np.diff(observed.position).astype(np.float64), grid),
        min_rows=int(min_periods),
        starts=starts if named is None else _named_rows(named, observed, starts),
        searched=named is None,
        alpha=alpha,
        n_null=n_null,
    )
    return _describe(series, problem, find_shifts(problem, np.random.default_rng(rng)), named)


def _check_options(alpha: float, min_periods: int, n_null: int) -> None:
    """Raise if an option is out of its range."""
    if not 0 < alpha < 0.5:
        raise ValueError(f"`alpha` must be between 0 and 0.5, got {alpha}. Use 0.05 for 5%.")
    if isinstance(min_periods, bool) or not isinstance(min_periods, int | np.integer):
        raise TypeError(
            f"`min_periods` must be a whole number, got {type(min_periods).__name__}. Use 2."
        )
    if min_periods < 1:
        raise ValueError(f"`min_periods` must be at least 1, got {min_periods}. Use 2.")
    needed = int(np.ceil(PRICE_SEVERAL / alpha)) - 1
    if n_null < needed:
        raise ValueError(
            f"`n_null` must be at least {needed} for alpha={alpha:g}, got {n_null}. "
            "With fewer draws no p-value could be small enough."
        )


def _check_length(observed: Observed, min_periods: int) -> None:
    """Raise if there are too many periods, or too few for the shortest segment."""
    n_observed = observed.count.size
    if n_observed > MAX_PERIODS:
        raise ValueError(
            f"`series` must have at most {MAX_PERIODS:,} observed periods, got {n_observed:,}. "
            "Count by week or month."
        )
    if n_observed < 2 * min_periods + 2:
        raise ValueError(
            f"`min_periods` must be at most {(n_observed - 2) // 2} for {n_observed} observed "
            f"periods, got {min_periods}. Use a smaller one."
        )


def _read_candidates(candidates: Iterable[Any], index: pd.PeriodIndex) -> pd.PeriodIndex:
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
    named: pd.PeriodIndex, observed: Observed, starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the rows of periods named in advance, each the first observed from there on."""
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
    series: pd.DataFrame, problem: Problem, summary: ShiftSummary, named: pd.PeriodIndex | None
) -> Changepoints:
    """Turn rows into dates and grade them."""
    observed = problem.observed
    index = observed.periods[observed.position]
    # steps that follow one another like stairs are a slope cut into pieces
    stairs = len(summary.steps) > 1 and summary.step_over_line < -CLEAR
    changepoints = tuple(_describe_step(problem, step, stairs=stairs) for step in summary.steps)
    naive = optimal_segments(
        observed.count,
        observed.exposure,
        2 * float(np.log(problem.n_rows)),
        min_rows=problem.min_rows,
    )
    first = summary.rounds[0] if summary.rounds else None
    further = summary.further
    return Changepoints(
        series=series,
        changepoints=changepoints,
        verdict=_overall_verdict(changepoints, summary, problem.alpha),
        p_value=summary.p_value,
        p_value_independent=summary.p_value_independent,
        statistic=first.statistic if first else 0.0,
        step_over_line=summary.step_over_line,
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
        path=penalty_path(
            observed.count,
            observed.exposure,
            min_rows=problem.min_rows,
            dispersion=robust_dispersion(observed.count, observed.exposure),
            max_changes=None if problem.n_rows <= 600 else 40,
        ),
        naive_periods=index[list(naive)],
        conf_level=1 - problem.alpha,
        min_periods=problem.min_rows,
        n_null=problem.n_null,
        candidates=named,
    )


def _overall_verdict(
    changepoints: tuple[Changepoint, ...], summary: ShiftSummary, alpha: float
) -> Verdict:
    """Say in one word what the series shows."""
    if not changepoints:
        return "cannot_tell" if summary.p_value_independent <= alpha else "none"
    if summary.step_over_line < -CLEAR:
        return "gradual"
    verdicts = {changepoint.verdict for changepoint in changepoints}
    if "abrupt" in verdicts and summary.step_over_line > CLEAR:
        return "abrupt"
    return "gradual" if verdicts == {"gradual"} else "shift"


def _describe_step(problem: Problem, step: StepSummary, *, stairs: bool) -> Changepoint:
    """Describe one step: its dates, whether it looks like a step, how firmly."""
    observed = problem.observed
    period = observed.periods[int(observed.position[step.row])]
    if problem.searched:
        probability = _spread_over_gaps(observed, step.rows, step.probability)
    else:
        probability = pd.Series([1.0], index=pd.PeriodIndex([period], name="period"))
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
        rate_before=step.rate_before,
        rate_after=step.rate_after,
        log_ratio_draws=step.log_ratio_draws,
        p_value=step.p_value,
        redetected=step.redetected,
        step_over_line=step.step_over_line,
        verdict=verdict,
        searched=problem.searched,
    )


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
    frame["difference"] = 2 * (frame["log_likelihood"] - frame["log_likelihood"].max())
    return frame


def _list_tests(index: pd.PeriodIndex, rounds: tuple[Round, ...]) -> pd.DataFrame:
    """Return every test made, in order."""
    return pd.DataFrame(
        [
            {
                "scan": current.scan,
                "n_before": len(current.bounds),
                "period": ", ".join(format_period(index[row]) for row in current.rows),
                "statistic": current.statistic,
                "p_value": current.p_value,
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
            "p_value_independent",
            "found",
        ],
    )
