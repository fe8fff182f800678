"""Where do levels shift, one after the other?

The search behind `trends.analysis.changepoint`, on arrays: rounds of "is there one more step?",
each calibrated on series drawn without it. What is then asked of the steps found is in
`trends.models.shifts.shift_summary`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryGrid, MemoryModels
from trends.models.counts.null_models import draw_counts
from trends.models.counts.observed import Observed
from trends.models.shifts.level_shift import (
    Projections,
    ShiftEvidence,
    clip_to_neighbours,
    root_scale,
    scan_draws,
    scan_several,
    weigh_shift,
)

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

NEARNESS = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0])
"""Worth of a reported date that misses by -3 to 3 periods; further misses are worth nothing."""

DISPERSION_PRIOR = 4.0
"""Degrees of freedom with which a segment's dispersion is drawn towards that of the series."""


class Problem(NamedTuple):
    """What is searched, and how.

    Attributes
    ----------
    observed : Observed
        The periods that carry a count; a row is one of them.
    models : MemoryModels
        Memory models to weigh.
    min_rows : int
        Shortest segment.
    starts : int array of shape (n_starts,)
        Rows at which a new regime may start, ascending.
    searched : bool
        False if `starts` were named in advance.
    alpha : float
        Chance of any step in a series without one.
    n_null : int
        Series drawn for each p-value.
    """

    observed: Observed
    models: MemoryModels
    min_rows: int
    starts: NDArray[np.int64]
    searched: bool
    alpha: float
    n_null: int

    @property
    def grid(self) -> MemoryGrid:
        """Memory models as arrays."""
        return self.models.grid

    @property
    def n_rows(self) -> int:
        """Number of observed periods."""
        return int(self.observed.count.size)

    @property
    def every_start(self) -> NDArray[np.int64]:
        """Rows at which a new regime could start had none been named."""
        return possible_starts(self.n_rows, self.min_rows)


def possible_starts(n_rows: int, min_rows: int) -> NDArray[np.int64]:
    """Return the rows that leave at least `min_rows` on each side."""
    return np.arange(min_rows, n_rows - min_rows + 1, dtype=np.int64)


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


def _segments(bounds: tuple[int, ...], n_rows: int) -> list[slice]:
    """Return the rows of each segment."""
    return [slice(low, high) for low, high in pairwise([0, *bounds, n_rows])]


def fit_levels(problem: Problem, bounds: tuple[int, ...], split: int | None) -> Fit:
    """Fit one level per segment; `split` is one more step that only the scatter allows for."""
    mean = np.empty(problem.n_rows)
    for rows in _segments(bounds, problem.n_rows):
        exposure = problem.observed.exposure[rows]
        # half an event keeps the level of an empty segment above zero
        rate = max(problem.observed.count[rows].sum(), 0.5) / exposure.sum()
        mean[rows] = rate * exposure
    dispersion = segment_dispersion(problem, bounds, split)
    # below 0.3 events the root's variance vanishes with the mean; a floor keeps single events
    # in near-empty segments from outweighing everything else
    scale = root_scale(np.maximum(mean, 1e-6), dispersion)
    floor = root_scale(np.array([0.3]), 1.0).spread[0]
    scale = scale._replace(spread=np.maximum(scale.spread, floor * np.sqrt(dispersion)))
    base = np.zeros((problem.n_rows, len(bounds) + 1))
    for number, rows in enumerate(_segments(bounds, problem.n_rows)):
        base[rows, number] = scale.column[rows]
    projections = Projections(scale.column, base, problem.models)
    return Fit(mean, dispersion, scale.response, projections)


def segment_dispersion(
    problem: Problem, bounds: tuple[int, ...], split: int | None
) -> NDArray[np.float64]:
    """Return the dispersion of each row: its segment's, drawn towards that of the series."""
    chi_square, freedom = [], []
    for rows in _segments(bounds, problem.n_rows):
        parts = [rows]
        if split is not None and rows.start < split < rows.stop:
            parts = [slice(rows.start, split), slice(split, rows.stop)]
        chi_square.append(
            sum(_pearson(problem.observed.count[at], problem.observed.exposure[at]) for at in parts)
        )
        freedom.append(rows.stop - rows.start - len(parts))
    pooled = sum(chi_square) / max(sum(freedom), 1)
    dispersion = np.empty(problem.n_rows)
    for rows, own, own_freedom in zip(
        _segments(bounds, problem.n_rows), chi_square, freedom, strict=True
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


def _best_split(problem: Problem, bounds: tuple[int, ...], starts: NDArray[np.int64]) -> int:
    """Return the candidate row with the largest Poisson likelihood ratio in its segment."""
    totals = np.concatenate([[0.0], np.cumsum(problem.observed.count)])
    spans = np.concatenate([[0.0], np.cumsum(problem.observed.exposure)])
    edges = np.array([0, *bounds, problem.n_rows])
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


def free_rows(problem: Problem, bounds: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the candidate rows that are far enough from the steps already there."""
    free = problem.starts
    for bound in bounds:
        free = free[np.abs(free - bound) >= problem.min_rows]
    return free


def _look_for_one(problem: Problem, bounds: tuple[int, ...], rng: np.random.Generator) -> Round:
    """Test for one more step beside those at `bounds`."""
    starts = free_rows(problem, bounds)
    # dates named in advance are not searched for several at once, so nothing is shared
    price = PRICE_SINGLE if problem.searched else 1.0
    fit = fit_levels(problem, bounds, _best_split(problem, bounds, starts))
    response = fit.response_of(problem.observed.count)
    line = fit.projections.column * (problem.observed.position - problem.observed.position.mean())
    evidence = weigh_shift(response, fit.projections, starts, line)
    statistics = []
    for memory in (True, False):
        drawn = _draw_null(problem, fit, evidence.memory_probability, memory, problem.n_null, rng)
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
        found=p_value <= problem.alpha,
    )


def _look_for_several(problem: Problem, tried: Round, rng: np.random.Generator) -> Round:
    """Test for several steps at once where the search for one more found none.

    The steps found so far may be wrong ones when several oppose each other, so the division is
    made from scratch; the series drawn have the steps found so far.
    """
    level = fit_levels(problem, (), None) if tried.bounds else tried.fit
    response = clip_to_neighbours(level.response_of(problem.observed.count))
    shape = (level.projections, tried.bounds, problem.min_rows)
    own = scan_several(response[:, None], *shape)
    statistics = []
    for memory in (True, False):
        values = own.statistic
        if not memory:
            values = scan_several(response[:, None], *shape, memory=False).statistic
        for n_draws in (min(EARLY_DRAWS, problem.n_null), problem.n_null - EARLY_DRAWS):
            # once so many draws look more broken, no further ones can make the p-value small
            if n_draws <= 0 or np.count_nonzero(values[1:] >= values[0]) >= EARLY_STOP:
                break
            drawn = _draw_null(
                problem, tried.fit, own.memory_probability[:, 0], memory, n_draws, rng
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
        found=p_value <= problem.alpha,
    )


def _draw_null(
    problem: Problem,
    fit: Fit,
    probability: NDArray[np.float64],
    memory: bool,
    n_null: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw series with the levels of the fit, and with or without memory."""
    models = np.zeros(n_null, dtype=np.int64)
    if memory:
        models = rng.choice(problem.grid.rho.size, size=n_null, p=probability)
    return draw_from(problem, fit, fit.mean, models, rng)


def _share_as_large(values: NDArray[np.float64]) -> float:
    """Return the p-value of the first value among itself and the others."""
    return float(np.count_nonzero(values >= values[0]) / values.size)


def draw_from(
    problem: Problem,
    fit: Fit,
    mean: NDArray[np.float64],
    models: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw counts around `mean` with the fit's dispersion, one series per memory model named."""
    return draw_counts(
        mean,
        fit.dispersion,
        problem.models.gaps,
        problem.grid.rho[models],
        problem.grid.weight[models],
        rng,
    )


class Search(NamedTuple):
    """The whole search: rounds in order and the steps found, with the round of each."""

    rounds: tuple[Round, ...]
    bounds: tuple[int, ...]
    found_in: Mapping[int, tuple[int, float]]


def search_steps(problem: Problem, rng: np.random.Generator) -> Search:
    """Look for steps one at a time, and for several at once where no single one is found."""
    if np.ptp(problem.observed.count / problem.observed.exposure) == 0:
        return Search((), (), {})
    rounds: list[Round] = []
    found: dict[int, tuple[int, float]] = {}
    # the p-value of a later step cannot be smaller than that of the steps it rests on
    adjusted = 0.0
    while len(found) < MAX_CHANGEPOINTS:
        bounds = tuple(sorted(found))
        if free_rows(problem, bounds).size == 0:
            break
        current = _look_for_one(problem, bounds, rng)
        rounds.append(current)
        if not current.found and problem.searched and len(rounds) <= MAX_CHANGEPOINTS:
            current = _look_for_several(problem, current, rng)
            rounds.append(current)
        if not current.found:
            break
        adjusted = max(adjusted, current.p_value)
        if current.scan == "single":
            found[current.rows[0]] = (len(rounds) - 1, adjusted)
            continue
        kept = _drop_needless(problem, current, rng)
        if len(kept) <= len(found):
            break
        found = {row: (len(rounds) - 1, max(adjusted, p)) for row, p in kept.items()}
    if problem.searched and found:
        found = _refine(problem, found)
    return Search(tuple(rounds), tuple(sorted(found)), found)


def _drop_needless(problem: Problem, several: Round, rng: np.random.Generator) -> dict[int, float]:
    """Return the steps found together that are needed beside the others, with their p-values."""
    rows = dict.fromkeys(several.rows, (0, 1.0))
    while rows:
        rows = _refine(problem, rows)
        p_values = {}
        for row in rows:
            others = tuple(sorted(other for other in rows if other != row))
            p_values[row] = _look_for_one(problem, others, rng).p_value
        weakest = max(p_values, key=lambda row: p_values[row])
        if p_values[weakest] <= problem.alpha:
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


def _refine(problem: Problem, found: dict[int, tuple[int, float]]) -> dict[int, tuple[int, float]]:
    """Move each step to its most probable row given the others, until nothing moves."""
    for _ in range(5):
        moved = False
        for row in sorted(found):
            evidence, free = weigh_one(problem, tuple(sorted(found)), row, problem.starts)
            best = _central_row(evidence.position_probability, free)
            if best != row:
                found = {(best if other == row else other): v for other, v in found.items()}
                moved = True
        if not moved:
            break
    return found


def weigh_one(
    problem: Problem, bounds: tuple[int, ...], row: int, starts: NDArray[np.int64]
) -> tuple[ShiftEvidence, NDArray[np.int64]]:
    """Weigh the rows between its neighbours at which one of the steps may be."""
    others = tuple(bound for bound in bounds if bound != row)
    low = max((bound for bound in others if bound < row), default=0)
    high = min((bound for bound in others if bound > row), default=problem.n_rows)
    free = starts[(starts >= low + problem.min_rows) & (starts <= high - problem.min_rows)]
    fit = fit_levels(problem, others, row)
    # a straight line from the previous step to the next one
    line = np.zeros(problem.n_rows)
    line[low:high] = (
        problem.observed.position[low:high] - problem.observed.position[low:high].mean()
    )
    line *= fit.projections.column
    return weigh_shift(fit.response_of(problem.observed.count), fit.projections, free, line), free
