"""When did the level shift, by how much, and is it a shift at all?

The decision rests on one comparison: could a series with no break, but with this average, scatter
and memory, look this broken? `trends.models.shifts.level_shift` measures how broken a series looks,
`trends.models.counts.null_models` draws series without a break, and the share of them that look at
least as broken is the p-value. Shifts are looked for one at a time, then several at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.analysis.result import Result
from trends.models.shifts.level_shift import ShiftEvidence, log_sum
from trends.models.shifts.segmentation import (
    PathStep,
    optimal_segments,
    penalty_path,
    robust_dispersion,
)
from trends.models.shifts.shift_search import (
    PRICE_SEVERAL,
    Observed,
    Round,
    Search,
    candidate_rows,
    detectable_ratio,
    draw_log_ratios,
    highest_mass,
    observe,
    redetect,
    search_steps,
    segment_dispersion,
    steps_over_line,
    weigh_one,
)
from trends.tables.calendar import format_period
from trends.tables.series import check_series

Verdict = Literal["abrupt", "gradual", "shift", "cannot_tell", "none"]

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
        return _highest_mass(self.set_probability, self.period, alpha)

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
    alpha : float
        Chance of any changepoint in a series without one.
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
    alpha: float
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
        level = self.alpha if alpha is None else alpha
        grades = self._grades("ratio")
        rows = []
        for changepoint, grade in zip(self.changepoints, grades, strict=True):
            periods = changepoint.confidence_set(alpha=level)
            ratio, ratio_low, ratio_high = changepoint.ratio(alpha=level)
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
            found, n_changepoints, period (the one it is surest of), p_value (NaN where the method
            gives none), agrees (same answer, and a period inside one of the sets found here or
            within 3 periods of one).
        """
        from trends.models.shifts.cross_checks import ask_others

        return ask_others(self)

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
    candidates : iterable of Period or str, optional
        Periods named before looking at the counts. Only these are tested, which costs less than a
        search, and their dates are not estimated.
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
    check_series(series)
    observed = observe(series, min_periods)
    named = None if candidates is None else _read_candidates(candidates, series.index)
    starts = candidate_rows(observed, named)
    generator = np.random.default_rng(rng)
    search = search_steps(observed, starts, named, alpha, n_null, generator)
    return _describe(series, observed, search, named, alpha, n_null, generator)


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


def _read_candidates(candidates: Iterable[Any], index: pd.PeriodIndex) -> pd.PeriodIndex:
    """Read periods named in advance."""
    if isinstance(candidates, str | pd.Period):
        candidates = [candidates]
    periods = []
    for candidate in candidates:
        try:
            period = pd.Period(candidate, freq=index.freq)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"`candidates` must be periods or dates, got {candidate!r}. "
                f"Write them like {format_period(index[0])}."
            ) from error
        if not index[0] < period <= index[-1]:
            raise ValueError(
                f"`candidates` must lie after {format_period(index[0])} and no later than "
                f"{format_period(index[-1])}, got {format_period(period)}. Leave it out."
            )
        periods.append(period)
    if not periods:
        raise ValueError("`candidates` must name at least one period, got none. Leave it None.")
    return pd.PeriodIndex(sorted(set(periods)), freq=index.freq)


def _describe(
    series: pd.DataFrame,
    observed: Observed,
    search: Search,
    named: pd.PeriodIndex | None,
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
) -> Changepoints:
    """Turn a search into a result."""
    rounds = search.rounds
    last_evidence = rounds[-1].evidence if rounds else None
    memory = (
        last_evidence.memory_probability
        if last_evidence is not None
        else np.eye(1, observed.grid.rho.size)[0]
    )
    at_limit = bool(memory[observed.grid.rho == observed.grid.rho.max()].sum() > 0.5)
    redetected = redetect(observed, search, memory, named, alpha, rng)
    every = candidate_rows(observed, None)
    first = rounds[0] if rounds else None
    against_line = steps_over_line(observed, search.bounds, first) if first else 0.0
    # steps that follow one another like stairs are a slope cut into pieces
    stairs = len(search.bounds) > 1 and against_line < -CLEAR
    changepoints = tuple(
        _describe_one(
            observed,
            search,
            row,
            every,
            redetected[row],
            searched=named is None,
            stairs=stairs,
            alpha=alpha,
            rng=rng,
        )
        for row in search.bounds
    )
    independent = min((r.p_value_independent for r in rounds if not r.bounds), default=1.0)
    verdict = _overall_verdict(changepoints, against_line, independent, alpha)
    further = _further_round(rounds, len(search.bounds), alpha)
    naive = optimal_segments(
        observed.events,
        observed.exposure,
        2 * float(np.log(observed.n_rows)),
        min_rows=observed.min_rows,
    )
    dispersion = robust_dispersion(observed.events, observed.exposure)
    split = None if changepoints or not rounds else rounds[0].rows[0]
    fitted_dispersion = segment_dispersion(observed, search.bounds, split)
    return Changepoints(
        series=series,
        changepoints=changepoints,
        verdict=verdict,
        p_value=min((r.p_value for r in rounds if not r.bounds), default=1.0),
        p_value_independent=independent,
        statistic=first.statistic if first else 0.0,
        step_over_line=against_line,
        detectable_ratio=(
            detectable_ratio(observed, rounds[0], alpha, rng)
            if rounds and not changepoints
            else float("nan")
        ),
        candidate_period=_period_of(observed, first.rows[0]) if first else None,
        further_period=_period_of(observed, further.rows[0]) if further else None,
        further_p_value=further.p_value if further else float("nan"),
        dispersion=float(fitted_dispersion.mean()),
        rate=float(observed.events.sum() / observed.exposure.sum()),
        memory_rho=float(memory @ observed.grid.rho),
        memory_weight=float(memory @ observed.grid.weight),
        memory_at_limit=at_limit,
        models=_compare_models(first.evidence if first else None),
        tests=_list_tests(observed, rounds),
        path=penalty_path(
            observed.events,
            observed.exposure,
            min_rows=observed.min_rows,
            dispersion=dispersion,
            max_changes=None if observed.n_rows <= 600 else 40,
        ),
        naive_periods=observed.index[observed.position[list(naive)]],
        alpha=alpha,
        min_periods=observed.min_rows,
        n_null=n_null,
        candidates=named,
    )


def _period_of(observed: Observed, row: int) -> pd.Period:
    """Return the period of an observed row."""
    return observed.index[int(observed.position[row])]


def _further_round(rounds: tuple[Round, ...], n_found: int, alpha: float) -> Round | None:
    """Return the round in which memory alone stood in the way of a further shift."""
    for current in rounds:
        missed = current.scan == "single" and not current.found
        if n_found and missed and len(current.bounds) == n_found:
            return current if current.p_value_independent <= alpha else None
    return None


def _overall_verdict(
    changepoints: tuple[Changepoint, ...], against_line: float, p_independent: float, alpha: float
) -> Verdict:
    """Say in one word what the series shows."""
    if not changepoints:
        return "cannot_tell" if p_independent <= alpha else "none"
    if against_line < -CLEAR:
        return "gradual"
    verdicts = {changepoint.verdict for changepoint in changepoints}
    if "abrupt" in verdicts and against_line > CLEAR:
        return "abrupt"
    return "gradual" if verdicts == {"gradual"} else "shift"


def _describe_one(
    observed: Observed,
    search: Search,
    row: int,
    starts: NDArray[np.int64],
    redetected: float,
    *,
    searched: bool,
    stairs: bool,
    alpha: float,
    rng: np.random.Generator,
) -> Changepoint:
    """Describe one step: where it may lie, by how much the rate changed, how firmly."""
    evidence, free = weigh_one(observed, search.bounds, row, starts)
    low = max((bound for bound in search.bounds if bound < row), default=0)
    high = min((bound for bound in search.bounds if bound > row), default=observed.n_rows)
    period = _period_of(observed, row)
    if searched:
        probability = _spread_over_gaps(observed, free, evidence.position_probability)
    else:
        at = int(np.flatnonzero(free == row)[0])
        evidence = evidence._replace(log_step=evidence.log_step[:, [at]])
        free = free[[at]]
        probability = pd.Series([1.0], index=pd.PeriodIndex([period], name="period"))
    draws = draw_log_ratios(observed, evidence, free, low, high, rng)
    before, after = (
        float(observed.events[rows].sum() / observed.exposure[rows].sum())
        for rows in (slice(low, row), slice(row, high))
    )
    step_over_line = evidence.step_over_ramp
    verdict: Verdict = "shift"
    if abs(step_over_line) > CLEAR:
        verdict = "abrupt" if step_over_line > 0 else "gradual"
    if stairs:
        verdict = "gradual"
    n_in_set = len(_highest_mass(probability, period, alpha))
    return Changepoint(
        period=period,
        set_probability=probability,
        located=n_in_set <= len(observed.index) / 2,
        rate_before=before,
        rate_after=after,
        log_ratio_draws=draws,
        p_value=search.found_in[row][1],
        redetected=redetected,
        step_over_line=step_over_line,
        verdict=verdict,
        searched=searched,
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
    return pd.Series(shares, index=observed.index[periods])


def _highest_mass(probability: pd.Series, period: pd.Period, alpha: float) -> pd.PeriodIndex:
    """Return the smallest set of periods that holds the mass asked for, and the estimate."""
    chosen = probability.index[highest_mass(probability.to_numpy(), alpha)]
    return pd.PeriodIndex(chosen.union(pd.PeriodIndex([period])).sort_values())


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


def _list_tests(observed: Observed, rounds: tuple[Round, ...]) -> pd.DataFrame:
    """Return every test made, in order."""
    return pd.DataFrame(
        [
            {
                "scan": current.scan,
                "n_before": len(current.bounds),
                "period": ", ".join(
                    format_period(_period_of(observed, row)) for row in current.rows
                ),
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


def shared_changepoints(
    results: Mapping[str, Changepoints], *, alpha: float = 0.05
) -> pd.DataFrame:
    """Say which changepoints several sources share and which only some of them show.

    Changepoints in the same direction are taken for one when their confidence sets have a period
    in common; its date then rests on all of them.

    Parameters
    ----------
    results : mapping of source name to Changepoints
        The same events counted by different sources, or the same source in different places.
    alpha : float
        One minus the level of the sets.

    Returns
    -------
    DataFrame
        One row per changepoint in order of time: period, conf_low, conf_high (from all sources
        that show it), direction (up, down), n_sources, sources, absent_from (sources that cover
        it and do not show it), not_covered_by, verdict: "shared" when at least two sources show
        it and none that covers it does not; "disputed" when at least two show it and others do
        not; "one_source" when a single one of several does; "uncheckable" when no other source
        covers it.

    Raises
    ------
    TypeError
        If a result is not a `Changepoints`.
    ValueError
        If fewer than two results are given or their periods have different lengths.

    Notes
    -----
    That a source does not show a changepoint is weak evidence when that source could hardly have
    shown it: look at its `detectable_ratio`.
    """
    _check_results(results)
    groups: list[dict[str, Changepoint]] = []
    everything = sorted(
        (
            (one.period, source, one)
            for source, found in results.items()
            for one in found.changepoints
        ),
        key=lambda item: (item[0].ordinal, item[1]),
    )
    for _, source, changepoint in everything:
        fitting = [
            group
            for group in groups
            if source not in group
            and (_rises(next(iter(group.values()))) == _rises(changepoint))
            and _common_set([*group.values(), changepoint], alpha)
        ]
        if fitting:
            nearest = min(
                fitting,
                key=lambda group: min(
                    abs(one.period.ordinal - changepoint.period.ordinal) for one in group.values()
                ),
            )
            nearest[source] = changepoint
        else:
            groups.append({source: changepoint})
    rows = [_describe_group(group, results, alpha) for group in groups]
    frame = pd.DataFrame(rows, columns=list(SHARED_COLUMNS))
    return frame.sort_values("period", ignore_index=True)


SHARED_COLUMNS = (
    "period",
    "conf_low",
    "conf_high",
    "direction",
    "n_sources",
    "sources",
    "absent_from",
    "not_covered_by",
    "verdict",
)


def _check_results(results: Mapping[str, Changepoints]) -> None:
    """Raise unless these are at least two results with periods of one length."""
    if len(results) < 2:
        raise ValueError(
            f"`results` must hold at least two results, got {len(results)}. "
            "Give one per source, with its name."
        )
    for source, found in results.items():
        if not isinstance(found, Changepoints):
            raise TypeError(
                f"`results` must hold results of `detect_changepoints`, got "
                f"{type(found).__name__} for {source!r}. Analyse the series first."
            )
    lengths = sorted({str(found.series.index.freqstr) for found in results.values()})
    if len(lengths) > 1:
        raise ValueError(
            f"`results` must have periods of one length, got {', '.join(lengths)}. "
            "Count all sources by the same periods."
        )


def _rises(changepoint: Changepoint) -> bool:
    """Whether the rate after is higher."""
    return changepoint.rate_after > changepoint.rate_before


def _common_set(changepoints: list[Changepoint], alpha: float) -> set[pd.Period]:
    """Return the periods that lie in every confidence set."""
    sets = [set(one.confidence_set(alpha=alpha)) for one in changepoints]
    return set.intersection(*sets)


def _describe_group(
    group: Mapping[str, Changepoint], results: Mapping[str, Changepoints], alpha: float
) -> dict[str, object]:
    """Return the row of one changepoint and the sources that show it."""
    common = sorted(_common_set(list(group.values()), alpha))
    joint = pd.Series(1.0, index=pd.PeriodIndex(common))
    for changepoint in group.values():
        joint *= changepoint.set_probability.reindex(joint.index, fill_value=0.0)
    if joint.sum() <= 0:
        joint[:] = 1.0
    period = joint.idxmax()
    periods = _highest_mass(joint / joint.sum(), period, alpha)
    absent: list[str] = []
    uncovered: list[str] = []
    for source, found in results.items():
        if source in group:
            continue
        known = found.series.index[found.series["count"].notna().to_numpy()]
        margin = found.min_periods
        covers = (known < periods[0]).sum() >= margin and (known >= periods[-1]).sum() >= margin
        (absent if covers else uncovered).append(source)
    if len(group) > 1:
        verdict = "disputed" if absent else "shared"
    else:
        verdict = "one_source" if absent else "uncheckable"
    return {
        "period": period,
        "conf_low": periods[0],
        "conf_high": periods[-1],
        "direction": "up" if _rises(next(iter(group.values()))) else "down",
        "n_sources": len(group),
        "sources": ", ".join(group),
        "absent_from": ", ".join(absent),
        "not_covered_by": ", ".join(uncovered),
        "verdict": verdict,
    }
