"""Where do levels shift, one after the other, and what could the search have missed?

The search behind `trends.analysis.changepoint`, on arrays: rounds of "is there one more step?",
each calibrated on series drawn without it, and what is then asked of the steps found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryGrid, MemoryModels, memory_grid, variance_inflation
from trends.models.counts.null_models import draw_counts
from trends.models.shifts.level_shift import (
    Projections,
    ShiftEvidence,
    clip_to_neighbours,
    log_sum,
    root_scale,
    scan_draws,
    scan_several,
    weigh_shift,
    weigh_steps,
)
from trends.tables.calendar import DAYS_PER_MONTH, format_period

MAX_PERIODS = 1_500
"""Longest series: the work grows with the square of the number of periods."""

MAX_CHANGEPOINTS = 10

PRICE_SINGLE = 1.25
PRICE_SEVERAL = 5.0
"""What the p-values of the two scans of a round are multiplied by, so that the chance of either
finding something in a series without a shift is alpha: the search for one step has four fifths of
alpha, the search for several one fifth."""

EARLY_DRAWS = 99
EARLY_STOP = 10
"""The scan for several steps stops after `EARLY_DRAWS` draws if `EARLY_STOP` of them look at least
as broken: the p-value is then above 0.5 whatever the other draws would say (Besag and Clifford
1991, doi:10.1093/biomet/78.2.301)."""

SET_MASS = 0.5
"""Share of alpha that a confidence set for the period may leave out.

A 95% set holds 97.5% of the posterior: sets that hold 95% covered about 0.91 in simulations.
"""

RATIO_PRIOR = float(np.log(2))
"""Scale of the Cauchy prior that draws log ratios towards 0: half of all shifts are less than a
doubling or halving. Its heavy tails leave large ratios where the counts put them."""

NEARNESS = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0])
"""Worth of a reported date that misses by -3 to 3 periods; further misses are worth nothing."""

N_RATIO_DRAWS = 2_000
N_RESAMPLES = 199
DISPERSION_PRIOR = 4.0
"""Degrees of freedom with which a segment's dispersion is drawn towards that of the series."""

DETECTABLE_RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


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
    models : MemoryModels
        Memory models to weigh.
    index : PeriodIndex
        All periods of the series, observed or not.
    """

    events: NDArray[np.float64]
    exposure: NDArray[np.float64]
    position: NDArray[np.int64]
    min_rows: int
    models: MemoryModels
    index: pd.PeriodIndex

    @property
    def grid(self) -> MemoryGrid:
        """Memory models as arrays."""
        return self.models.grid

    @property
    def n_rows(self) -> int:
        """Number of observed periods."""
        return int(self.events.size)


class Fit(NamedTuple):
    """Levels, scatter and regressors for given segment bounds."""

    mean: NDArray[np.float64]
    dispersion: NDArray[np.float64]
    response_of: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    projections: Projections


class Round(NamedTuple):
    """One round of the search: is there a further shift beside those in `bounds`?"""

    bounds: tuple[int, ...]
    fit: Fit
    scan: str
    rows: tuple[int, ...]
    starts: NDArray[np.int64]
    evidence: ShiftEvidence
    statistic: float
    null: NDArray[np.float64]
    p_value: float
    p_value_independent: float
    price: float
    found: bool


def observe(series: pd.DataFrame, min_periods: int) -> Observed:
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
        MemoryModels(np.diff(position).astype(np.float64), memory_grid(days / len(series))),
        pd.PeriodIndex(series.index),
    )


def candidate_rows(observed: Observed, named: pd.PeriodIndex | None) -> NDArray[np.int64]:
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


def fit_levels(observed: Observed, bounds: tuple[int, ...], split: int | None) -> Fit:
    """Fit one level per segment; `split` is one more step that only the scatter allows for."""
    mean = np.empty(observed.n_rows)
    for rows in _segments(bounds, observed.n_rows):
        exposure = observed.exposure[rows]
        # half an event keeps the level of an empty segment above zero
        rate = max(observed.events[rows].sum(), 0.5) / exposure.sum()
        mean[rows] = rate * exposure
    dispersion = segment_dispersion(observed, bounds, split)
    # below 0.3 events the root's variance vanishes with the mean; a floor keeps single events
    # in near-empty segments from outweighing everything else
    scale = root_scale(np.maximum(mean, 1e-6), dispersion)
    floor = root_scale(np.array([0.3]), 1.0).spread[0]
    scale = scale._replace(spread=np.maximum(scale.spread, floor * np.sqrt(dispersion)))
    base = np.zeros((observed.n_rows, len(bounds) + 1))
    for number, rows in enumerate(_segments(bounds, observed.n_rows)):
        base[rows, number] = scale.column[rows]
    projections = Projections(scale.column, base, observed.models)
    return Fit(mean, dispersion, scale.response, projections)


def segment_dispersion(
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


def _look_for_one(
    observed: Observed,
    bounds: tuple[int, ...],
    starts: NDArray[np.int64],
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
    price: float = PRICE_SINGLE,
) -> Round:
    """Test for one more step beside those at `bounds`."""
    fit = fit_levels(observed, bounds, _best_split(observed, bounds, starts))
    response = fit.response_of(observed.events)
    line = fit.projections.column * (observed.position - observed.position.mean())
    evidence = weigh_shift(response, fit.projections, starts, line)
    statistics = []
    for memory in (True, False):
        drawn = _draw_null(observed, fit, evidence.memory_probability, memory, n_null, rng)
        responses = np.column_stack([response, fit.response_of(drawn)])
        scan = scan_draws(responses, fit.projections, starts, memory=memory)
        statistics.append(scan.statistic)
    p_value, p_independent = (min(1.0, price * _share_as_large(values)) for values in statistics)
    return Round(
        bounds=bounds,
        fit=fit,
        scan="single",
        rows=(_central_row(evidence.position_probability, starts),),
        starts=starts,
        evidence=evidence,
        statistic=float(statistics[0][0]),
        null=statistics[0][1:],
        p_value=p_value,
        p_value_independent=p_independent,
        price=price,
        found=p_value <= alpha,
    )


def _look_for_several(
    observed: Observed, tried: Round, alpha: float, n_null: int, rng: np.random.Generator
) -> Round:
    """Test for several steps at once where the search for one more found none.

    The steps found so far may be wrong ones when several oppose each other, so the division is
    made from scratch; the series drawn have the steps found so far.
    """
    level = fit_levels(observed, (), None) if tried.bounds else tried.fit
    response = clip_to_neighbours(level.response_of(observed.events))
    shape = (level.projections, tried.bounds, observed.min_rows)
    own = scan_several(response[:, None], *shape)
    statistics = []
    for memory in (True, False):
        values = own.statistic
        if not memory:
            values = scan_several(response[:, None], *shape, memory=False).statistic
        for n_draws in (min(EARLY_DRAWS, n_null), n_null - EARLY_DRAWS):
            # once so many draws look more broken, no further ones can make the p-value small
            if n_draws <= 0 or np.count_nonzero(values[1:] >= values[0]) >= EARLY_STOP:
                break
            drawn = _draw_null(
                observed, tried.fit, own.memory_probability[:, 0], memory, n_draws, rng
            )
            responses = clip_to_neighbours(level.response_of(drawn))
            scan = scan_several(responses, *shape, memory=memory)
            values = np.concatenate([values, scan.statistic])
        statistics.append(values)
    p_value, p_independent = (
        min(1.0, PRICE_SEVERAL * _share_as_large(values)) for values in statistics
    )
    return tried._replace(
        scan="several",
        rows=tuple(int(row) for row in own.rows[0] if row >= 0),
        statistic=float(statistics[0][0]),
        null=statistics[0][1:],
        p_value=p_value,
        p_value_independent=p_independent,
        price=PRICE_SEVERAL,
        found=p_value <= alpha,
    )


def _draw_null(
    observed: Observed,
    fit: Fit,
    probability: NDArray[np.float64],
    memory: bool,
    n_null: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw series with the levels of the fit, and with or without memory."""
    models = np.zeros(n_null, dtype=np.int64)
    if memory:
        models = rng.choice(observed.grid.rho.size, size=n_null, p=probability)
    return draw_from(observed, fit, fit.mean, models, rng)


def _share_as_large(values: NDArray[np.float64]) -> float:
    """Return the p-value of the first value among itself and the others."""
    return float(np.count_nonzero(values >= values[0]) / values.size)


def draw_from(
    observed: Observed,
    fit: Fit,
    mean: NDArray[np.float64],
    models: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw counts around `mean` with the fit's dispersion, one series per memory model named."""
    return draw_counts(
        mean,
        fit.dispersion,
        observed.models.gaps,
        observed.grid.rho[models],
        observed.grid.weight[models],
        rng,
    )


class Search(NamedTuple):
    """The whole search: rounds in order and the steps found, with the round of each."""

    rounds: tuple[Round, ...]
    bounds: tuple[int, ...]
    found_in: Mapping[int, tuple[int, float]]


def search_steps(
    observed: Observed,
    starts: NDArray[np.int64],
    named: pd.PeriodIndex | None,
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
) -> Search:
    """Look for steps one at a time, and for several at once where no single one is found."""
    if np.ptp(observed.events / observed.exposure) == 0:
        return Search((), (), {})
    rounds: list[Round] = []
    found: dict[int, tuple[int, float]] = {}
    # the p-value of a later step cannot be smaller than that of the steps it rests on
    adjusted = 0.0
    while len(found) < MAX_CHANGEPOINTS:
        bounds = tuple(sorted(found))
        free = _free_rows(observed, bounds, starts)
        if free.size == 0:
            break
        # dates named in advance are not searched for several at once, so nothing is shared
        price = PRICE_SINGLE if named is None else 1.0
        current = _look_for_one(observed, bounds, free, alpha, n_null, rng, price)
        rounds.append(current)
        if not current.found and named is None and len(rounds) <= MAX_CHANGEPOINTS:
            current = _look_for_several(observed, current, alpha, n_null, rng)
            rounds.append(current)
        if not current.found:
            break
        adjusted = max(adjusted, current.p_value)
        if current.scan == "single":
            found[current.rows[0]] = (len(rounds) - 1, adjusted)
            continue
        kept = _drop_needless(observed, current, starts, alpha, n_null, rng)
        if len(kept) <= len(found):
            break
        found = {row: (len(rounds) - 1, max(adjusted, p)) for row, p in kept.items()}
    if named is None and found:
        found = _refine(observed, found, starts)
    return Search(tuple(rounds), tuple(sorted(found)), found)


def _drop_needless(
    observed: Observed,
    several: Round,
    starts: NDArray[np.int64],
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
) -> dict[int, float]:
    """Return the steps found together that are needed beside the others, with their p-values."""
    rows = dict.fromkeys(several.rows, (0, 1.0))
    while rows:
        rows = _refine(observed, rows, starts)
        p_values = {}
        for row in rows:
            others = tuple(sorted(other for other in rows if other != row))
            free = _free_rows(observed, others, starts)
            p_values[row] = _look_for_one(observed, others, free, alpha, n_null, rng).p_value
        weakest = max(p_values, key=lambda row: p_values[row])
        if p_values[weakest] <= alpha:
            return p_values
        del rows[weakest]
    return {}


def _central_row(probability: NDArray[np.float64], rows: NDArray[np.int64]) -> int:
    """Return the row with the most probability near it, by `NEARNESS`.

    The single most probable row is as often exact but more often far off.
    """
    dense = np.zeros(int(rows[-1] - rows[0]) + 1)
    dense[rows - rows[0]] = probability
    return int(rows[np.argmax(np.convolve(dense, NEARNESS, "full")[rows - rows[0] + 3])])


def _refine(
    observed: Observed, found: dict[int, tuple[int, float]], starts: NDArray[np.int64]
) -> dict[int, tuple[int, float]]:
    """Move each step to its most probable row given the others, until nothing moves."""
    for _ in range(5):
        moved = False
        for row in sorted(found):
            evidence, free = weigh_one(observed, tuple(sorted(found)), row, starts)
            best = _central_row(evidence.position_probability, free)
            if best != row:
                found = {(best if other == row else other): v for other, v in found.items()}
                moved = True
        if not moved:
            break
    return found


def weigh_one(
    observed: Observed, bounds: tuple[int, ...], row: int, starts: NDArray[np.int64]
) -> tuple[ShiftEvidence, NDArray[np.int64]]:
    """Weigh the rows between its neighbours at which one of the steps may be."""
    others = tuple(bound for bound in bounds if bound != row)
    low = max((bound for bound in others if bound < row), default=0)
    high = min((bound for bound in others if bound > row), default=observed.n_rows)
    free = starts[(starts >= low + observed.min_rows) & (starts <= high - observed.min_rows)]
    fit = fit_levels(observed, others, row)
    # a straight line from the previous step to the next one
    line = np.zeros(observed.n_rows)
    line[low:high] = observed.position[low:high] - observed.position[low:high].mean()
    line *= fit.projections.column
    return weigh_shift(fit.response_of(observed.events), fit.projections, free, line), free


def draw_log_ratios(
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
    plain = log_ratio + np.sqrt(variance) * rng.standard_t(freedom)
    prior = 1 / (1 + (plain / RATIO_PRIOR) ** 2)
    kept = rng.choice(N_RATIO_DRAWS, size=N_RATIO_DRAWS, p=prior / prior.sum())
    return np.asarray(plain[kept], dtype=np.float64)


def steps_over_line(observed: Observed, bounds: tuple[int, ...], first: Round) -> float:
    """Return twice the log ratio of all steps found to one straight line, memory free in both."""
    if len(bounds) < 2:
        return first.evidence.step_over_ramp
    log_steps = weigh_steps(
        first.fit.response_of(observed.events), first.fit.projections, bounds, first.starts.size
    )
    return 2 * (log_steps - log_sum(first.evidence.log_ramp))


def highest_mass(probability: NDArray[np.float64], alpha: float) -> NDArray[np.int64]:
    """Return the places of the smallest set with the mass that a set of this level needs."""
    order = np.argsort(-probability, kind="stable")
    enough = int(np.searchsorted(np.cumsum(probability[order]), 1 - SET_MASS * alpha)) + 1
    return np.sort(order[:enough])


def redetect(
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
    fit = fit_levels(observed, search.bounds, None)
    models = rng.choice(observed.grid.rho.size, size=N_RESAMPLES, p=memory)
    counts = draw_from(observed, fit, fit.mean, models, rng)
    every = candidate_rows(observed, None)
    shares: dict[int, float] = {}
    for number, current in enumerate(search.rounds):
        here = [row for row in search.bounds if search.found_in[row][0] == number]
        if not here:
            continue
        if current.scan == "several":
            level = fit_levels(observed, (), None)
            responses = clip_to_neighbours(level.response_of(counts))
            several = scan_several(responses, level.projections, current.bounds, observed.min_rows)
            statistic, rows = several.statistic, several.rows
            threshold = np.quantile(current.null, 1 - alpha / current.price)
        else:
            # steps move when they are refined; the round is replayed where they moved to
            bounds = tuple(row for row in search.bounds if search.found_in[row][0] < number)
            base = fit_levels(observed, bounds, here[0])
            starts = _free_rows(observed, bounds, current.starts)
            scan = scan_draws(base.response_of(counts), base.projections, starts)
            statistic, rows = scan.statistic, scan.row[:, None]
            threshold = np.quantile(current.null, 1 - alpha / current.price)
        for row in here:
            inside = np.array([row])
            if named is None:
                evidence, free = weigh_one(observed, search.bounds, row, every)
                inside = free[highest_mass(evidence.position_probability, alpha)]
            again = np.isin(rows, inside).any(axis=1)
            shares[row] = float(np.mean((statistic >= threshold) & again))
    return shares


def detectable_ratio(
    observed: Observed, first: Round, alpha: float, rng: np.random.Generator
) -> float:
    """Return the smallest ratio on the list that would have been found in 80% of series."""
    fit = first.fit
    threshold = np.quantile(first.null, 1 - alpha / first.price)
    probability = first.evidence.memory_probability
    models = rng.choice(observed.grid.rho.size, size=N_RESAMPLES, p=probability)
    later = np.arange(observed.n_rows) >= observed.n_rows // 2

    def would_be_found(ratio: float) -> bool:
        # the average over the series stays what it was
        mean = fit.mean * np.where(later, ratio, 1.0)
        mean *= fit.mean.sum() / mean.sum()
        responses = fit.response_of(draw_from(observed, fit, mean, models, rng))
        scan = scan_draws(responses, fit.projections, first.starts)
        return bool(np.mean(scan.statistic >= threshold) >= 0.8)

    # power grows with the ratio, so halving the list finds the smallest in three scans
    ratios = [*DETECTABLE_RATIOS, float("nan")]
    low, high = 0, len(DETECTABLE_RATIOS)
    while low < high:
        middle = (low + high) // 2
        if would_be_found(ratios[middle]):
            high = middle
        else:
            low = middle + 1
    return ratios[low]
