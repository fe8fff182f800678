"""When did the level shift, by how much, and is it a shift at all?

The decision rests on one comparison: could a series with no break, but with this average, scatter
and memory, look this broken? `trends.analysis.level_shift` measures how broken a series looks,
`trends.analysis.null_models` draws series without a break, and the share of them that look at
least as broken is the p-value. Shifts are looked for one at a time, then as an up-and-back pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.analysis.level_shift import (
    ShiftEvidence,
    best_pair,
    clip_to_neighbours,
    log_sum,
    root_scale,
    scan_draws,
    weigh_shift,
)
from trends.analysis.memory import MemoryGrid, memory_grid, variance_inflation
from trends.analysis.null_models import draw_counts
from trends.analysis.result import Result
from trends.analysis.segmentation import (
    PathStep,
    optimal_segments,
    penalty_path,
    robust_dispersion,
)
from trends.tables.calendar import DAYS_PER_MONTH, format_period
from trends.tables.series import check_series

Verdict = Literal["abrupt", "gradual", "shift", "cannot_tell", "none"]

MAX_PERIODS = 3_000
"""Longest series: the work grows with the square of the number of periods."""

MAX_CHANGEPOINTS = 10

CLEAR = 2.0
"""Twice the log likelihood ratio beyond which a step is told apart from a straight line."""

SET_MASS = 0.5
"""Share of alpha that a confidence set for the period may leave out.

A 95% set holds 97.5% of the posterior: sets that hold 95% covered about 0.91 in simulations.
"""

RATIO_PRIOR = float(np.log(2))
"""Prior standard deviation of the log ratio, towards which ratios are shrunk: a doubling."""

N_RATIO_DRAWS = 2_000
N_RESAMPLES = 199
DISPERSION_PRIOR = 4.0
"""Degrees of freedom with which a segment's dispersion is drawn towards that of the series."""

DETECTABLE_RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)

GRADE_RULES: tuple[tuple[str, Mapping[str, float]], ...] = (
    ("A", {"p_value": 0.01, "redetected": 0.90, "set_share": 0.10}),
    ("B", {"p_value": 0.05, "redetected": 0.75, "set_share": 0.25}),
    ("C", {"p_value": 0.05, "redetected": 0.50, "set_share": 0.50}),
)
"""Grades, best first: p-value and set_share (periods in the confidence set as a share of the
series, three periods always allowed) at most, redetected at least. A needs memory within the
limit and a verdict other than gradual as well. What meets no rule is D."""


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
    grade : {"A", "B", "C", "D"}
        By `GRADE_RULES`.
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
    grade: str

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
        Of the first shift: share of series without a break that look at least as broken.
    p_value_independent : float
        The same if months did not remember each other.
    statistic : float
        Twice the log ratio of one shift with memory to memory alone.
    step_over_line : float
        Twice the log ratio of one step to one straight line, memory free in both.
    detectable_ratio : float
        Smallest of the ratios 1.25, 1.5, 2, 3, 5, 10 that a shift at mid-series would have been
        found with in 80% of series like this one; NaN when a shift was found or even a tenfold
        one would be missed.
    candidate_period : Period or None
        Most probable period of a shift, whether or not one was found.
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
        Best division for every penalty; rows count the observed periods.
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
            rate_before, rate_after, ratio, ratio_low, ratio_high, p_value, redetected, grade.
            Rates are the plain averages per 30.4375 days; the ratio allows for the search and is
            drawn towards 1, so it may differ from their quotient.
        """
        level = self.alpha if alpha is None else alpha
        rows = []
        for changepoint in self.changepoints:
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
                    "grade": changepoint.grade,
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
    shift. Further shifts are looked for beside those found; if no single shift is found, an
    up-and-back pair is looked for at half the alpha.

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
        If `series` has fewer than 8 or more than 3,000 observed periods, or an option is out of
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
    Horvath L, Kokoszka P, Steinebach J (1999). Testing for changes in multivariate dependent
    observations with an application to temperature changes. Journal of Multivariate Analysis
    68(1):96-119. doi:10.1006/jmva.1998.1780

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
    observed = _observe(series, min_periods)
    named = None if candidates is None else _read_candidates(candidates, series.index)
    starts = _candidate_rows(observed, named)
    generator = np.random.default_rng(rng)
    search = _search(observed, starts, named, alpha, n_null, generator)
    return _describe(series, observed, search, named, alpha, n_null, generator)


class Observed(NamedTuple):
    """The observed periods of a series as arrays.

    Attributes
    ----------
    events, exposure : arrays of shape (n_rows,)
        Counts, and months (of 30.4375 days) observed.
    position : array of shape (n_rows,)
        Which period of the series each row is.
    min_rows : int
        Shortest segment.
    grid : MemoryGrid
        Memory models to weigh.
    index : PeriodIndex
        All periods of the series, observed or not.
    """

    events: NDArray[np.float64]
    exposure: NDArray[np.float64]
    position: NDArray[np.int64]
    min_rows: int
    grid: MemoryGrid
    index: pd.PeriodIndex

    @property
    def gaps(self) -> NDArray[np.float64]:
        """Periods between neighbouring rows, shape (n_rows - 1,)."""
        return np.diff(self.position).astype(np.float64)

    @property
    def n_rows(self) -> int:
        """Number of observed periods."""
        return int(self.events.size)


class Round(NamedTuple):
    """One round of the search: is there a further shift beside those in `bounds`?"""

    bounds: tuple[int, ...]
    scan: str
    rows: tuple[int, ...]
    starts: NDArray[np.int64]
    evidence: ShiftEvidence
    statistic: float
    null: NDArray[np.float64]
    p_value: float
    p_value_independent: float
    found: bool


class Fit(NamedTuple):
    """Levels, scatter and regressors for given segment bounds."""

    mean: NDArray[np.float64]
    dispersion: NDArray[np.float64]
    response_of: Any
    column: NDArray[np.float64]
    base: NDArray[np.float64]


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
    needed = int(np.ceil(2 / alpha)) - 1
    if n_null < needed:
        raise ValueError(
            f"`n_null` must be at least {needed} for alpha={alpha:g}, got {n_null}. "
            "With fewer draws no p-value could be small enough."
        )


def _observe(series: pd.DataFrame, min_periods: int) -> Observed:
    """Take the observed periods out of a series."""
    seen = (series["count"].notna() & (series["exposure"] > 0)).to_numpy()
    position = np.flatnonzero(seen)
    if position.size > MAX_PERIODS:
        raise ValueError(
            f"`series` must have at most {MAX_PERIODS:,} observed periods, got {position.size:,}. "
            "Count by week or month."
        )
    if position.size < 2 * min_periods + 2:
        raise ValueError(
            f"`min_periods` must be at most {(position.size - 2) // 2} for {position.size} "
            f"observed periods, got {min_periods}. Use a smaller one."
        )
    exposure = series["exposure"].to_numpy(dtype=np.float64)[seen] / DAYS_PER_MONTH
    days = (series.index[-1].end_time - series.index[0].start_time) / pd.Timedelta(days=1)
    return Observed(
        series["count"].to_numpy(dtype=np.float64, na_value=np.nan)[seen],
        exposure,
        position,
        int(min_periods),
        memory_grid(days / len(series)),
        pd.PeriodIndex(series.index),
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


def _candidate_rows(observed: Observed, named: pd.PeriodIndex | None) -> NDArray[np.int64]:
    """Return the rows at which a new regime may start."""
    every = np.arange(observed.min_rows, observed.n_rows - observed.min_rows + 1, dtype=np.int64)
    if named is None:
        return every
    rows = np.searchsorted(observed.position, observed.index.get_indexer(named))
    outside = ~np.isin(rows, every)
    if outside.any():
        first = named[int(np.argmax(outside))]
        raise ValueError(
            f"`candidates` must leave at least {observed.min_rows} observed periods on each side, "
            f"got {format_period(first)}. Leave it out or use a longer series."
        )
    return np.unique(rows).astype(np.int64)


def _segments(bounds: tuple[int, ...], n_rows: int) -> list[slice]:
    """Return the rows of each segment."""
    return [slice(low, high) for low, high in pairwise([0, *bounds, n_rows])]


def _fit(observed: Observed, bounds: tuple[int, ...], split: int | None) -> Fit:
    """Fit one level per segment; `split` is one more step that only the scatter allows for."""
    mean = np.empty(observed.n_rows)
    for rows in _segments(bounds, observed.n_rows):
        exposure = observed.exposure[rows]
        # half an event keeps the level of an empty segment above zero
        rate = max(observed.events[rows].sum(), 0.5) / exposure.sum()
        mean[rows] = rate * exposure
    dispersion = _segment_dispersion(observed, bounds, split)
    # below 0.3 events the root's variance vanishes with the mean; a floor keeps single events
    # in near-empty segments from outweighing everything else
    scale = root_scale(np.maximum(mean, 1e-6), dispersion)
    floor = root_scale(np.array([0.3]), 1.0).spread[0]
    scale = scale._replace(spread=np.maximum(scale.spread, floor * np.sqrt(dispersion)))
    base = np.zeros((observed.n_rows, len(bounds) + 1))
    for number, rows in enumerate(_segments(bounds, observed.n_rows)):
        base[rows, number] = scale.column[rows]
    return Fit(mean, dispersion, scale.response, scale.column, base)


def _segment_dispersion(
    observed: Observed, bounds: tuple[int, ...], split: int | None
) -> NDArray[np.float64]:
    """Return the dispersion of each row: its segment's, drawn towards that of the series."""
    chi_square, freedom = [], []
    for rows in _segments(bounds, observed.n_rows):
        parts = [rows]
        if split is not None and rows.start < split < rows.stop:
            parts = [slice(rows.start, split), slice(split, rows.stop)]
        chi_square.append(sum(_pearson(observed.events[at], observed.exposure[at]) for at in parts))
        freedom.append(rows.stop - rows.start - len(parts))
    pooled = sum(chi_square) / max(sum(freedom), 1)
    dispersion = np.empty(observed.n_rows)
    for rows, own, own_freedom in zip(
        _segments(bounds, observed.n_rows), chi_square, freedom, strict=True
    ):
        drawn = pooled
        if bounds:
            drawn = (own + DISPERSION_PRIOR * pooled) / (own_freedom + DISPERSION_PRIOR)
        dispersion[rows] = max(1.0, drawn)
    return dispersion


def _pearson(count: NDArray[np.float64], exposure: NDArray[np.float64]) -> float:
    """Return the Pearson chi-square of counts around one common rate."""
    total = count.sum()
    if total <= 0:
        return 0.0
    mean = total / exposure.sum() * exposure
    return float(np.sum((count - mean) ** 2 / mean))


def _best_split(observed: Observed, bounds: tuple[int, ...], starts: NDArray[np.int64]) -> int:
    """Return the candidate row with the largest Poisson likelihood ratio in its segment."""
    totals = np.concatenate([[0.0], np.cumsum(observed.events)])
    spans = np.concatenate([[0.0], np.cumsum(observed.exposure)])
    edges = np.array([0, *bounds, observed.n_rows])
    place = np.searchsorted(edges, starts, side="right")
    low, high = edges[place - 1], edges[place]

    def fit(total: NDArray[np.float64], span: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(total > 0, total * np.log(np.maximum(total, 1e-300) / span), 0.0)

    gain = (
        fit(totals[starts] - totals[low], spans[starts] - spans[low])
        + fit(totals[high] - totals[starts], spans[high] - spans[starts])
        - fit(totals[high] - totals[low], spans[high] - spans[low])
    )
    return int(starts[np.argmax(gain)])


def _free_rows(
    observed: Observed, bounds: tuple[int, ...], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the candidate rows that are far enough from the steps already there."""
    free = starts
    for bound in bounds:
        free = free[np.abs(free - bound) >= observed.min_rows]
    return free


def _run_round(
    observed: Observed,
    bounds: tuple[int, ...],
    starts: NDArray[np.int64],
    scan: Literal["single", "pair"],
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
) -> Round:
    """Test for one more step, or one pair of steps, beside those at `bounds`."""
    pairs = scan == "pair"
    fit = _fit(observed, bounds, _best_split(observed, bounds, starts))
    response = fit.response_of(observed.events)
    if pairs:
        response = clip_to_neighbours(response)
    line = fit.column * (observed.position - observed.position.mean())
    shape = (fit.column, fit.base, observed.gaps, observed.grid, starts)
    evidence = weigh_shift(response, *shape, line)
    memory = rng.choice(observed.grid.rho.size, size=n_null, p=evidence.memory_probability)
    null = _scan_null(observed, fit, starts, memory, pairs=pairs, grid=observed.grid, rng=rng)
    no_memory = MemoryGrid(*(axis[:1] for axis in observed.grid))
    null_independent = _scan_null(
        observed,
        fit,
        starts,
        np.zeros(n_null, dtype=np.int64),
        pairs=pairs,
        grid=no_memory,
        rng=rng,
    )
    own = [
        scan_draws(
            response[:, None], fit.column, fit.base, observed.gaps, grid, starts, pairs=pairs
        ).statistic[0]
        for grid in (observed.grid, no_memory)
    ]
    # a pair is looked for only after a single step was not found, at half the alpha
    price = 2 if pairs else 1
    p_value, p_independent = (
        min(1.0, price * (1 + np.count_nonzero(draws >= statistic)) / (n_null + 1))
        for draws, statistic in zip((null, null_independent), own, strict=True)
    )
    rows = (
        best_pair(response, *shape)
        if pairs
        else (int(starts[np.argmax(evidence.position_probability)]),)
    )
    return Round(
        bounds=bounds,
        scan=scan,
        rows=rows,
        starts=starts,
        evidence=evidence,
        statistic=float(own[0]),
        null=null,
        p_value=float(p_value),
        p_value_independent=float(p_independent),
        found=p_value <= alpha,
    )


def _scan_null(
    observed: Observed,
    fit: Fit,
    starts: NDArray[np.int64],
    memory: NDArray[np.int64],
    *,
    pairs: bool,
    grid: MemoryGrid,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the statistic of series drawn without the further step."""
    counts = draw_counts(
        fit.mean,
        fit.dispersion,
        observed.gaps,
        observed.grid.rho[memory],
        observed.grid.weight[memory],
        rng,
    )
    responses = fit.response_of(counts)
    if pairs:
        responses = clip_to_neighbours(responses)
    return scan_draws(
        responses, fit.column, fit.base, observed.gaps, grid, starts, pairs=pairs
    ).statistic


class Search(NamedTuple):
    """The whole search: rounds in order and the steps found, with the round of each."""

    rounds: tuple[Round, ...]
    bounds: tuple[int, ...]
    found_in: Mapping[int, tuple[int, float]]


def _search(
    observed: Observed,
    starts: NDArray[np.int64],
    named: pd.PeriodIndex | None,
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
) -> Search:
    """Look for steps one at a time, and for a pair if the first step is not found."""
    if np.ptp(observed.events / observed.exposure) == 0:
        return Search((), (), {})
    rounds: list[Round] = []
    bounds: tuple[int, ...] = ()
    found: list[tuple[int, int, float]] = []
    adjusted = 0.0
    while len(bounds) < MAX_CHANGEPOINTS:
        free = _free_rows(observed, bounds, starts)
        if free.size == 0:
            break
        current = _run_round(observed, bounds, free, "single", alpha, n_null, rng)
        rounds.append(current)
        if not current.found and not bounds and named is None and free.size > 4:
            current = _run_round(observed, bounds, free, "pair", alpha, n_null, rng)
            rounds.append(current)
        if not current.found:
            break
        # the p-value of a later step cannot be smaller than that of the steps it rests on
        adjusted = max(adjusted, current.p_value)
        found.extend((row, len(rounds) - 1, adjusted) for row in current.rows)
        bounds = tuple(sorted((*bounds, *current.rows)))
    if named is None and len(bounds) > 1:
        found = _refine(observed, found, starts)
    bounds = tuple(sorted(row for row, _, _ in found))
    return Search(tuple(rounds), bounds, {row: (number, p) for row, number, p in found})


def _refine(
    observed: Observed, found: list[tuple[int, int, float]], starts: NDArray[np.int64]
) -> list[tuple[int, int, float]]:
    """Move each step to its most probable row given the others, until nothing moves."""
    for _ in range(5):
        moved = False
        for number, (row, where, p_value) in enumerate(found):
            bounds = tuple(sorted(other for other, _, _ in found))
            evidence, free = _weigh_one(observed, bounds, row, starts)
            best = int(free[np.argmax(evidence.position_probability)])
            if best != row:
                found[number] = (best, where, p_value)
                moved = True
        if not moved:
            break
    return found


def _weigh_one(
    observed: Observed, bounds: tuple[int, ...], row: int, starts: NDArray[np.int64]
) -> tuple[ShiftEvidence, NDArray[np.int64]]:
    """Weigh the rows between its neighbours at which one of the steps may be."""
    others = tuple(bound for bound in bounds if bound != row)
    low = max((bound for bound in others if bound < row), default=0)
    high = min((bound for bound in others if bound > row), default=observed.n_rows)
    free = starts[(starts >= low + observed.min_rows) & (starts <= high - observed.min_rows)]
    fit = _fit(observed, others, row)
    # a straight line from the previous step to the next one
    line = np.zeros(observed.n_rows)
    line[low:high] = observed.position[low:high] - observed.position[low:high].mean()
    evidence = weigh_shift(
        fit.response_of(observed.events),
        fit.column,
        fit.base,
        observed.gaps,
        observed.grid,
        free,
        fit.column * line,
    )
    return evidence, free


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
    redetected = _redetect(observed, search, memory, named, alpha, rng)
    every = _candidate_rows(observed, None)
    changepoints = tuple(
        _describe_one(
            observed, search, row, every, redetected[row], named is None, at_limit, alpha, rng
        )
        for row in search.bounds
    )
    first = rounds[0] if rounds else None
    independent = min((r.p_value_independent for r in rounds if not r.bounds), default=1.0)
    verdict = _overall_verdict(changepoints, independent, alpha)
    naive = optimal_segments(
        observed.events,
        observed.exposure,
        2 * float(np.log(observed.n_rows)),
        min_rows=observed.min_rows,
    )
    dispersion = robust_dispersion(observed.events, observed.exposure)
    split = None if changepoints or not rounds else rounds[0].rows[0]
    fitted_dispersion = _segment_dispersion(observed, search.bounds, split)
    return Changepoints(
        series=series,
        changepoints=changepoints,
        verdict=verdict,
        p_value=min((r.p_value for r in rounds if not r.bounds), default=1.0),
        p_value_independent=independent,
        statistic=first.statistic if first else 0.0,
        step_over_line=first.evidence.step_over_ramp if first else 0.0,
        detectable_ratio=(
            _detectable(observed, rounds[0], alpha, rng)
            if rounds and not changepoints
            else float("nan")
        ),
        candidate_period=_period_of(observed, first.rows[0]) if first else None,
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


def _overall_verdict(
    changepoints: tuple[Changepoint, ...], p_independent: float, alpha: float
) -> Verdict:
    """Say in one word what the series shows."""
    verdicts = {changepoint.verdict for changepoint in changepoints}
    if not verdicts:
        return "cannot_tell" if p_independent <= alpha else "none"
    if "abrupt" in verdicts:
        return "abrupt"
    return "gradual" if "gradual" in verdicts else "shift"


def _describe_one(
    observed: Observed,
    search: Search,
    row: int,
    starts: NDArray[np.int64],
    redetected: float,
    searched: bool,
    at_limit: bool,
    alpha: float,
    rng: np.random.Generator,
) -> Changepoint:
    """Describe one step: where it may lie, by how much the rate changed, how firmly."""
    evidence, free = _weigh_one(observed, search.bounds, row, starts)
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
    draws = _draw_log_ratios(observed, evidence, free, low, high, rng)
    before, after = (
        float(observed.events[rows].sum() / observed.exposure[rows].sum())
        for rows in (slice(low, row), slice(row, high))
    )
    step_over_line = evidence.step_over_ramp
    verdict: Verdict = "shift"
    if abs(step_over_line) > CLEAR:
        verdict = "abrupt" if step_over_line > 0 else "gradual"
    n_in_set = len(_highest_mass(probability, period, alpha))
    p_value = search.found_in[row][1]
    return Changepoint(
        period=period,
        set_probability=probability,
        located=n_in_set <= len(observed.index) / 2,
        rate_before=before,
        rate_after=after,
        log_ratio_draws=draws,
        p_value=p_value,
        redetected=redetected,
        step_over_line=step_over_line,
        verdict=verdict,
        searched=searched,
        grade=_grade(p_value, redetected, n_in_set, len(observed.index), verdict, at_limit),
    )


def _grade(
    p_value: float,
    redetected: float,
    n_in_set: int,
    n_periods: int,
    verdict: Verdict,
    at_limit: bool,
) -> str:
    """Return the first grade whose rule holds."""
    for grade, rule in GRADE_RULES:
        if grade == "A" and (at_limit or verdict == "gradual"):
            continue
        if (
            p_value <= rule["p_value"]
            and redetected >= rule["redetected"]
            and n_in_set <= max(3, rule["set_share"] * n_periods)
        ):
            return grade
    return "D"


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
    ordered = probability.sort_values(ascending=False, kind="stable")
    enough = int(np.searchsorted(ordered.cumsum().to_numpy(), 1 - SET_MASS * alpha)) + 1
    chosen = ordered.index[: min(enough, len(ordered))].union(pd.PeriodIndex([period]))
    return pd.PeriodIndex(chosen.sort_values())


def _draw_log_ratios(
    observed: Observed,
    evidence: ShiftEvidence,
    rows: NDArray[np.int64],
    low: int,
    high: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the log ratio of rates with the step and the memory drawn from their posterior."""
    log_step = evidence.log_step - log_sum(evidence.log_step)
    weights = np.exp(log_step).ravel()
    drawn = rng.choice(weights.size, size=N_RATIO_DRAWS, p=weights / weights.sum())
    model, at = np.unravel_index(drawn, log_step.shape)
    row = rows[at]
    rho, weight = observed.grid.rho[model], observed.grid.weight[model]
    sums = [
        np.concatenate([[0.0], np.cumsum(values)])
        for values in (observed.events, observed.exposure, observed.events**2 / observed.exposure)
    ]
    sides = []
    for first, last in ((np.full_like(row, low), row), (row, np.full_like(row, high))):
        total, span, squares = (running[last] - running[first] for running in sums)
        length = (last - first).astype(np.float64)
        inflation = np.minimum(variance_inflation(length, rho, weight), length)
        chi_square = np.where(total > 0, squares * span / np.maximum(total, 1e-9) - total, 0.0)
        # memory makes a segment scatter less around its own mean than around its true level
        freedom = np.maximum(length - inflation, 0.5)
        sides.append((total + 0.5, span, inflation, chi_square, freedom))
    freedom = np.maximum(sides[0][4] + sides[1][4], 3.0)
    pooled = (sides[0][3] + sides[1][3]) / freedom
    log_ratio = np.zeros(N_RATIO_DRAWS)
    variance = np.zeros(N_RATIO_DRAWS)
    for sign, (total, span, inflation, chi_square, own_freedom) in zip((-1, 1), sides, strict=True):
        dispersion = (chi_square + DISPERSION_PRIOR * pooled) / (own_freedom + DISPERSION_PRIOR)
        log_ratio += sign * np.log(total / span)
        variance += np.maximum(dispersion, 1.0) * inflation / total
    shrink = RATIO_PRIOR**2 / (RATIO_PRIOR**2 + variance)
    noise = rng.standard_t(freedom)
    return np.asarray(shrink * log_ratio + np.sqrt(shrink * variance) * noise, dtype=np.float64)


def _redetect(
    observed: Observed,
    search: Search,
    memory: NDArray[np.float64],
    named: pd.PeriodIndex | None,
    alpha: float,
    rng: np.random.Generator,
) -> dict[int, float]:
    """Return how often each step is found again, within its set, in series drawn from the fit."""
    if not search.bounds:
        return {}
    fit = _fit(observed, search.bounds, None)
    models = rng.choice(observed.grid.rho.size, size=N_RESAMPLES, p=memory)
    counts = draw_counts(
        fit.mean,
        fit.dispersion,
        observed.gaps,
        observed.grid.rho[models],
        observed.grid.weight[models],
        rng,
    )
    every = _candidate_rows(observed, None)
    shares: dict[int, float] = {}
    for number, current in enumerate(search.rounds):
        here = [row for row in search.bounds if search.found_in[row][0] == number]
        if not here:
            continue
        pairs = current.scan == "pair"
        # steps move when they are refined; the round is replayed with the rows they moved to
        bounds = tuple(row for row in search.bounds if search.found_in[row][0] < number)
        starts = _free_rows(observed, bounds, current.starts)
        base = _fit(observed, bounds, here[0])
        responses = base.response_of(counts)
        if pairs:
            responses = clip_to_neighbours(responses)
        scan = scan_draws(
            responses, base.column, base.base, observed.gaps, observed.grid, starts, pairs=pairs
        )
        price = alpha / 2 if pairs else alpha
        significant = scan.statistic >= np.quantile(current.null, 1 - price)
        for row in here:
            if named is not None:
                shares[row] = float(np.mean(significant & (scan.first == row)))
                continue
            evidence, free = _weigh_one(observed, search.bounds, row, every)
            probability = pd.Series(evidence.position_probability, index=free)
            ordered = probability.sort_values(ascending=False, kind="stable")
            enough = int(np.searchsorted(ordered.cumsum().to_numpy(), 1 - SET_MASS * alpha)) + 1
            inside = ordered.index[:enough].to_numpy()
            again = np.isin(scan.first, inside) | np.isin(scan.second, inside)
            shares[row] = float(np.mean(significant & again))
    return shares


def _detectable(observed: Observed, first: Round, alpha: float, rng: np.random.Generator) -> float:
    """Return the smallest ratio on the list that would have been found in 80% of series."""
    middle = observed.n_rows // 2
    fit = _fit(observed, (), first.rows[0])
    threshold = np.quantile(first.null, 1 - alpha)
    models = rng.choice(
        observed.grid.rho.size, size=N_RESAMPLES, p=first.evidence.memory_probability
    )
    for ratio in DETECTABLE_RATIOS:
        factor = np.where(np.arange(observed.n_rows) < middle, 1.0, ratio)
        # the average over the series stays what it was
        mean = fit.mean * factor * fit.mean.sum() / (fit.mean * factor).sum()
        counts = draw_counts(
            mean,
            fit.dispersion,
            observed.gaps,
            observed.grid.rho[models],
            observed.grid.weight[models],
            rng,
        )
        scan = scan_draws(
            fit.response_of(counts),
            fit.column,
            fit.base,
            observed.gaps,
            observed.grid,
            first.starts,
        )
        if np.mean(scan.statistic >= threshold) >= 0.8:
            return ratio
    return float("nan")


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
    # each of the two families of memory gets its prior back, so that rows compare like with like
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
