"""What do the steps found say, taken together and one by one?

One summary in arrays of a search of `trends.models.shifts.shift_search`: the evidence, where each
step may lie, draws of its ratio, how often it would be found again, and whether a line would do as
well. `trends.analysis.changepoint` turns rows into dates and grades them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import variance_inflation
from trends.models.shifts.level_shift import (
    ShiftEvidence,
    clip_to_neighbours,
    log_sum,
    scan_draws,
    scan_several,
    weigh_steps,
)
from trends.models.shifts.shift_search import (
    DISPERSION_PRIOR,
    Problem,
    Round,
    Search,
    draw_from,
    fit_levels,
    free_rows,
    search_steps,
    segment_dispersion,
    weigh_one,
)

SET_MASS = 0.5
"""Share of alpha that a confidence set for the period may leave out.

A 95% set holds 97.5% of the posterior: sets that hold 95% covered about 0.91 in simulations.
"""

RATIO_PRIOR = float(np.log(2))
"""Scale of the Cauchy prior that draws log ratios towards 0: half of all shifts are less than a
doubling or halving. Its heavy tails leave large ratios where the counts put them."""

N_RATIO_DRAWS = 2_000
N_RESAMPLES = 199

DETECTABLE_RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


class StepSummary(NamedTuple):
    """One step of those found.

    Attributes
    ----------
    row : int
        First row of the new regime.
    rows : int array of shape (n_rows,)
        Rows at which it may have begun.
    probability : array of shape (n_rows,)
        Posterior probability of each of them.
    rate_before, rate_after : float
        Events per unit of exposure from the previous step to this one, and to the next one.
    log_ratio_draws : array of shape (n_draws,)
        Draws of the log ratio of the rates, the row and the memory drawn too, shrunk towards 0.
    p_value : float
        Not smaller than those of the steps it rests on.
    redetected : float
        Share of resampled series in which it is found again within its set.
    step_over_line : float
        Twice the log likelihood ratio of a step to a straight line from the previous step to the
        next one.
    """

    row: int
    rows: NDArray[np.int64]
    probability: NDArray[np.float64]
    rate_before: float
    rate_after: float
    log_ratio_draws: NDArray[np.float64]
    p_value: float
    redetected: float
    step_over_line: float


class ShiftSummary(NamedTuple):
    """All that a search found.

    Attributes
    ----------
    rounds : tuple of Round
        Every test made, in order; empty when all rates are equal.
    steps : tuple of StepSummary
        In order of time.
    evidence : ShiftEvidence or None
        Of the first round: level, step and line, by memory model.
    p_value, p_value_independent : float
        Of any step, with and without memory: the smaller of the first two scans'.
    step_over_line : float
        Twice the log ratio of all steps found (of one, if none was) to one straight line through
        the whole series, memory free in both.
    detectable_ratio : float
        Smallest of `DETECTABLE_RATIOS` that a step at mid-series would have been found with in 80%
        of series like this one; NaN when a step was found or none on the list would do.
    further : Round or None
        The round in which memory alone stood in the way of a step beside those found.
    dispersion : float
        Mean variance-to-mean ratio around the levels found.
    memory_rho, memory_weight : float
        Posterior means of the memory around the levels found.
    memory_at_limit : bool
        Whether the longest memory considered is the most probable.
    """

    rounds: tuple[Round, ...]
    steps: tuple[StepSummary, ...]
    evidence: ShiftEvidence | None
    p_value: float
    p_value_independent: float
    step_over_line: float
    detectable_ratio: float
    further: Round | None
    dispersion: float
    memory_rho: float
    memory_weight: float
    memory_at_limit: bool


def find_shifts(problem: Problem, rng: np.random.Generator) -> ShiftSummary:
    """Search for steps and summarise what was found."""
    search = search_steps(problem, rng)
    rounds = search.rounds
    memory = np.eye(1, problem.grid.rho.size)[0]
    if rounds:
        memory = rounds[-1].evidence.memory_probability
    redetected = _redetect(problem, search, memory, rng)
    steps = tuple(
        _summarise_step(problem, search, row, redetected[row], rng) for row in search.bounds
    )
    unfound = not steps and bool(rounds)
    split = rounds[0].rows[0] if unfound else None
    return ShiftSummary(
        rounds=rounds,
        steps=steps,
        evidence=rounds[0].evidence if rounds else None,
        p_value=min((r.p_value for r in rounds if not r.bounds), default=1.0),
        p_value_independent=min(
            (r.p_value_independent for r in rounds if not r.bounds), default=1.0
        ),
        step_over_line=_steps_over_line(problem, search.bounds, rounds[0]) if rounds else 0.0,
        detectable_ratio=_detectable_ratio(problem, rounds[0], rng) if unfound else float("nan"),
        further=_further_round(problem, search),
        dispersion=float(segment_dispersion(problem, search.bounds, split).mean()),
        memory_rho=float(memory @ problem.grid.rho),
        memory_weight=float(memory @ problem.grid.weight),
        memory_at_limit=bool(memory[problem.grid.rho == problem.grid.rho.max()].sum() > 0.5),
    )


def _summarise_step(
    problem: Problem, search: Search, row: int, redetected: float, rng: np.random.Generator
) -> StepSummary:
    """Say where one step may lie, by how much the rate changed, and how firmly."""
    evidence, rows = weigh_one(problem, search.bounds, row, problem.every_start)
    if not problem.searched:
        at = int(np.flatnonzero(rows == row)[0])
        evidence = evidence._replace(log_step=evidence.log_step[:, [at]])
        rows = rows[[at]]
    low = max((bound for bound in search.bounds if bound < row), default=0)
    high = min((bound for bound in search.bounds if bound > row), default=problem.n_rows)
    count, exposure = problem.observed.count, problem.observed.exposure
    before, after = (
        float(count[side].sum() / exposure[side].sum())
        for side in (slice(low, row), slice(row, high))
    )
    return StepSummary(
        row=row,
        rows=rows,
        probability=evidence.position_probability,
        rate_before=before,
        rate_after=after,
        log_ratio_draws=draw_log_ratios(problem, evidence, rows, low, high, rng),
        p_value=search.found_in[row][1],
        redetected=redetected,
        step_over_line=evidence.step_over_ramp,
    )


def _further_round(problem: Problem, search: Search) -> Round | None:
    """Return the round in which memory alone stood in the way of a further step."""
    n_found = len(search.bounds)
    for current in search.rounds:
        missed = current.scan == "single" and not current.found
        if n_found and missed and len(current.bounds) == n_found:
            return current if current.p_value_independent <= problem.alpha else None
    return None


def draw_log_ratios(
    problem: Problem,
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
    rho, weight = problem.grid.rho[model], problem.grid.weight[model]
    sums = [
        np.concatenate([[0.0], np.cumsum(values)])
        for values in (
            problem.observed.count,
            problem.observed.exposure,
            problem.observed.count**2 / problem.observed.exposure,
        )
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


def _steps_over_line(problem: Problem, bounds: tuple[int, ...], first: Round) -> float:
    """Return twice the log ratio of all steps found to one straight line, memory free in both."""
    if len(bounds) < 2:
        return first.evidence.step_over_ramp
    log_steps = weigh_steps(
        first.fit.response_of(problem.observed.count),
        first.fit.projections,
        bounds,
        first.starts.size,
    )
    return 2 * (log_steps - log_sum(first.evidence.log_ramp))


def highest_mass(probability: NDArray[np.float64], alpha: float) -> NDArray[np.int64]:
    """Return the places of the smallest set with the mass that a set of this level needs."""
    order = np.argsort(-probability, kind="stable")
    enough = int(np.searchsorted(np.cumsum(probability[order]), 1 - SET_MASS * alpha)) + 1
    return np.sort(order[:enough])


def _redetect(
    problem: Problem, search: Search, memory: NDArray[np.float64], rng: np.random.Generator
) -> dict[int, float]:
    """Return how often each step is found again, within its set, in series drawn from the fit."""
    if not search.bounds:
        return {}
    fit = fit_levels(problem, search.bounds, None)
    models = rng.choice(problem.grid.rho.size, size=N_RESAMPLES, p=memory)
    counts = draw_from(problem, fit, fit.mean, models, rng)
    shares: dict[int, float] = {}
    for number, current in enumerate(search.rounds):
        here = [row for row in search.bounds if search.found_in[row][0] == number]
        if not here:
            continue
        if current.scan == "several":
            level = fit_levels(problem, (), None)
            responses = clip_to_neighbours(level.response_of(counts))
            several = scan_several(responses, level.projections, current.bounds, problem.min_rows)
            statistic, rows = several.statistic, several.rows
            threshold = np.quantile(current.null, 1 - problem.alpha / current.price)
        else:
            # steps move when they are refined; the round is replayed where they moved to
            bounds = tuple(row for row in search.bounds if search.found_in[row][0] < number)
            base = fit_levels(problem, bounds, here[0])
            starts = free_rows(problem._replace(starts=current.starts), bounds)
            scan = scan_draws(base.response_of(counts), base.projections, starts)
            statistic, rows = scan.statistic, scan.row[:, None]
            threshold = np.quantile(current.null, 1 - problem.alpha / current.price)
        for row in here:
            inside = np.array([row])
            if problem.searched:
                evidence, free = weigh_one(problem, search.bounds, row, problem.every_start)
                inside = free[highest_mass(evidence.position_probability, problem.alpha)]
            again = np.isin(rows, inside).any(axis=1)
            shares[row] = float(np.mean((statistic >= threshold) & again))
    return shares


def _detectable_ratio(problem: Problem, first: Round, rng: np.random.Generator) -> float:
    """Return the smallest ratio on the list that would have been found in 80% of series."""
    fit = first.fit
    threshold = np.quantile(first.null, 1 - problem.alpha / first.price)
    probability = first.evidence.memory_probability
    models = rng.choice(problem.grid.rho.size, size=N_RESAMPLES, p=probability)
    later = np.arange(problem.n_rows) >= problem.n_rows // 2

    def would_be_found(ratio: float) -> bool:
        # the average over the series stays what it was
        mean = fit.mean * np.where(later, ratio, 1.0)
        mean *= fit.mean.sum() / mean.sum()
        responses = fit.response_of(draw_from(problem, fit, mean, models, rng))
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
