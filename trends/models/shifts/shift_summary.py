"""What do the steps found say, taken together and one by one?

One summary in arrays of a search of `trends.models.shifts.shift_search`: the evidence, where each
step may lie, draws of its ratio, how often it would be found again, and whether a line would do as
well. `trends.analysis.changepoint` turns rows into dates and grades them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from trends.models.counts.memory import WanderingModels, variance_inflation
from trends.models.shifts.level_fit import DISPERSION_PRIOR, Problem, fit_levels
from trends.models.shifts.level_shift import (
    ShiftEvidence,
    log_sum,
    possible_episodes,
    weigh_shift,
    weigh_steps,
)
from trends.models.shifts.projections import Projections
from trends.models.shifts.shared_null import SIZES, power_by_size, size_of
from trends.models.shifts.shift_search import (
    PRICE_SEVERAL,
    Round,
    Search,
    Step,
    draw_from,
    free_rows,
    memory_beside,
    search_steps,
    weigh_one,
)

SET_MASS = 0.5
"""Share of alpha that a confidence set for the period may leave out.

A 95% set holds 97.5% of the posterior: sets that hold 95% covered about 0.91 in simulations.
"""

RATIO_PRIOR = float(np.log(2))
"""Scale of the Cauchy prior that draws log ratios towards 0: half of all shifts are less than a
doubling or halving. Its heavy tails leave large ratios where the counts put them."""

STANDS_OUT = 6.0
"""Twice the log likelihood ratio of a step beside a wandering level to none beyond which it is
dated nevertheless."""

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
    bounds : tuple of int
        First row of the regime before, and first row after the new regime.
    count_before, count_after : float
        Events from the previous step to this one, and to the next one.
    exposure_before, exposure_after : float
        Months watched there, the season taken out.
    clumping : float
        How many events stand for one independent event, by scatter and memory.
    log_ratio_draws : array of shape (n_draws,)
        Draws of the log ratio of the rates, the row and the memory drawn too, shrunk towards 0.
    p_value, p_value_persistent : float
        Memory judged beside the step, or half without it; not smaller than those of the steps it
        rests on.
    redetected : float
        Share of resampled series in which it is found again within its set.
    step_over_line : float
        Twice the log likelihood ratio of a step to a straight line from the previous step to the
        next one.
    """

    row: int
    rows: NDArray[np.int64]
    probability: NDArray[np.float64]
    bounds: tuple[int, int]
    count_before: float
    count_after: float
    exposure_before: float
    exposure_after: float
    clumping: float
    log_ratio_draws: NDArray[np.float64]
    p_value: float
    p_value_persistent: float
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
    p_value, p_error, p_value_independent : float
        Of any step with memory, with its standard error from the draws, and without memory.
    step_over_line : float
        Twice the log ratio of all steps found (of one, if none was) to one straight line through
        the whole series, memory free in both.
    step_over_wander : float
        Twice the log ratio of all steps found (of one, if none was) with memory to a level that
        wanders, each step charged for its size.
    wanders : bool
        Whether steps were found and given up, because a wandering level explains the counts better.
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
    shared : bool
        Whether draws made for many series settled that there is no step.
    """

    rounds: tuple[Round, ...]
    steps: tuple[StepSummary, ...]
    evidence: ShiftEvidence | None
    p_value: float
    p_error: float
    p_value_independent: float
    step_over_line: float
    step_over_wander: float
    wanders: bool
    detectable_ratio: float
    further: Round | None
    dispersion: float
    memory_rho: float
    memory_weight: float
    memory_at_limit: bool
    shared: bool


def find_shifts(problem: Problem, rng: np.random.Generator) -> ShiftSummary:
    """Search for steps, hold them against a wandering level, and summarise what was found."""
    search = search_steps(problem, rng)
    rounds = search.rounds
    first = rounds[0] if rounds else None
    memory = np.eye(1, problem.grid.rho.size)[0]
    if rounds:
        memory = rounds[-1].evidence.memory_probability
    contest = _hold_against(problem, search) if first else Contest({}, 0.0, 0.0, False)
    search = search._replace(steps=contest.steps)
    redetected = _redetect(problem, search, memory, rng)
    steps = tuple(
        _summarise_step(problem, search, row, redetected[row], rng) for row in search.bounds
    )
    fit = fit_levels(problem, search.bounds, first.rows[0] if first and not steps else None)
    detectable = float("nan")
    if first and not rounds[-1].found and not rounds[-1].bounds:
        detectable = _detectable_ratio(problem, first, rng)
    return ShiftSummary(
        rounds=rounds,
        steps=steps,
        evidence=first.evidence if first else None,
        p_value=min((one.p_value for one in rounds if not one.bounds), default=1.0),
        p_error=first.p_error if first else 0.0,
        p_value_independent=first.p_value_independent if first else 1.0,
        step_over_line=contest.step_over_line,
        step_over_wander=contest.step_over_wander,
        wanders=contest.wanders,
        detectable_ratio=detectable,
        further=_further_round(problem, search),
        dispersion=float(fit.dispersion.mean()),
        memory_rho=float(memory @ problem.grid.rho),
        memory_weight=float(memory @ problem.grid.weight),
        memory_at_limit=bool(memory[problem.grid.rho == problem.grid.rho.max()].sum() > 0.5),
        shared=first is not None and first.shared is not None and not steps,
    )


class Contest(NamedTuple):
    """The steps found held against a straight line and a wandering level: those that stand."""

    steps: Mapping[int, Step]
    step_over_line: float
    step_over_wander: float
    wanders: bool


def _hold_against(problem: Problem, search: Search) -> Contest:
    """Say which steps stand beside a level that wanders without any.

    Where a wandering level explains the counts better than all steps, or a line, together, a step
    stands that is needed beside the wandering.
    """
    first = search.rounds[0]
    log_steps, n_sizes = _log_evidence(problem, search)
    log_line = log_sum(first.evidence.log_ramp)
    wandering = _weigh_wandering(problem, first)
    log_wander = log_sum(wandering.log_stable)
    # a firm step pays log(n) for its best size, as a prior worth one row would charge; a level is
    # said to wander only if it does better without that charge
    charge = float(np.log(problem.n_rows))
    over_line = 2 * (log_steps - log_line)
    over_wander = 2 * (log_steps - log_wander) - charge * n_sizes
    steady = max(log_steps, log_line) >= log_wander
    if not search.steps or not problem.searched or steady:
        return Contest(search.steps, over_line, over_wander, False)
    beside = wandering.statistic - charge
    inside = first.starts[highest_mass(wandering.position_probability, problem.alpha)]
    kept = {row: step for row, step in search.steps.items() if row in inside}
    if beside <= STANDS_OUT or len(kept) != 1:
        return Contest({}, over_line, over_wander, True)
    return Contest(kept, wandering.step_over_ramp, over_wander, False)


def _summarise_step(
    problem: Problem, search: Search, row: int, redetected: float, rng: np.random.Generator
) -> StepSummary:
    """Say where one step may lie, by how much the rate changed, and how firmly."""
    # a date named in advance is not charged for a search
    starts = problem.every_start if problem.searched else np.array([row])
    evidence, rows = weigh_one(problem, search.bounds, row, starts)
    low = max((bound for bound in search.bounds if bound < row), default=0)
    high = min((bound for bound in search.bounds if bound > row), default=problem.n_rows)
    fit = fit_levels(problem, search.bounds, None)
    count, exposure = problem.observed.count, fit.exposure
    before, after = slice(low, row), slice(row, high)
    fuller = before if count[before].sum() > count[after].sum() else after
    return StepSummary(
        row=row,
        rows=rows,
        probability=evidence.position_probability,
        bounds=(low, high),
        count_before=float(count[before].sum()),
        count_after=float(count[after].sum()),
        exposure_before=float(exposure[before].sum()),
        exposure_after=float(exposure[after].sum()),
        clumping=_clumping(problem, evidence, float(fit.dispersion[fuller][0]), row, low, high),
        log_ratio_draws=draw_log_ratios(problem, exposure, evidence, rows, low, high, rng),
        p_value=search.steps[row].p_value,
        p_value_persistent=search.steps[row].p_value_persistent,
        redetected=redetected,
        step_over_line=evidence.step_over_ramp,
    )


def _clumping(
    problem: Problem, evidence: ShiftEvidence, dispersion: float, row: int, low: int, high: int
) -> float:
    """Return how many events stand for one independent event on the emptier side of a step."""
    memory = memory_beside(evidence)
    length = np.array([row - low, high - row], dtype=np.float64).min()
    inflation = variance_inflation(length, problem.grid.rho, problem.grid.weight)
    # the chance of no event falls with the mean as exp(-mean log(d) / (d - 1)) for counts of
    # dispersion d, less steeply than exp(-mean) but more steeply than exp(-mean / d)
    batch = 1.0 if dispersion <= 1 + 1e-9 else (dispersion - 1) / float(np.log(dispersion))
    return float(batch * (memory @ np.minimum(inflation, length)))


def limits_of_few(
    count: tuple[float, float], exposure: tuple[float, float], clumping: float, alpha: float
) -> tuple[float, float, float]:
    """Return the ratio of second to first rate with exact limits given the total count.

    Clopper and Pearson's limits for the share of the second stretch (1934,
    doi:10.1093/biomet/26.4.404), the events counted in independent ones.
    """
    first, second = (one / clumping for one in count)
    scale = exposure[0] / exposure[1]
    with np.errstate(divide="ignore"):
        ratio = float(np.float64(count[1]) / np.float64(count[0]) * scale)
    low = special.betaincinv(second, first + 1, alpha / 2) if second > 0 else 0.0
    high = special.betaincinv(second + 1, first, 1 - alpha / 2) if first > 0 else 1.0
    return (
        ratio,
        float(low / (1 - low) * scale),
        float(high / (1 - high) * scale) if high < 1 else float("inf"),
    )


def _further_round(problem: Problem, search: Search) -> Round | None:
    """Return the round in which memory alone stood in the way of a further step."""
    n_found = len(search.bounds)
    for current in search.rounds:
        if n_found and not current.found:
            return current if current.p_value_independent <= problem.alpha else None
    return None


def draw_log_ratios(
    problem: Problem,
    exposure: NDArray[np.float64],
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
    count = problem.observed.count
    sums = [
        np.concatenate([[0.0], np.cumsum(values)])
        for values in (count, exposure, count**2 / exposure)
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


def _log_evidence(problem: Problem, search: Search) -> tuple[float, int]:
    """Return the log evidence of all steps found, or of one, and how many sizes they have."""
    first, bounds = search.rounds[0], search.bounds
    if len(bounds) < 2:
        return log_sum(first.evidence.log_step), 1
    response = first.fit.response_of(problem.observed.count)
    log_steps = weigh_steps(response, first.fit.projections, bounds, first.starts.size)
    log_episode = first.evidence.log_episode
    if first.scan == "episode" and len(bounds) == 2 and log_episode is not None:
        # an episode returns to where it came from, which is one size less
        charge = 0.5 * float(np.log(problem.n_rows))
        if log_sum(log_episode) + charge > log_steps:
            return log_sum(log_episode), 1
    return log_steps, len(bounds)


def _weigh_wandering(problem: Problem, first: Round) -> ShiftEvidence:
    """Weigh one step, a line and no change with memories that outlast the series."""
    projections = first.fit.projections
    wandering = WanderingModels(problem.models.gaps, problem.models.days_per_period)
    column = projections.column
    line = column * (problem.observed.position - problem.observed.position.mean())
    return weigh_shift(
        first.fit.response_of(problem.observed.count),
        Projections(column, projections.base, wandering),
        first.starts,
        line,
    )


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
        here = [row for row in search.bounds if search.steps[row].found_in == number]
        if not here:
            continue
        # steps move when they are refined; the round is replayed where they moved to
        bounds = tuple(row for row in search.bounds if search.steps[row].found_in < number)
        moved = current
        if bounds != current.bounds:
            starts = free_rows(problem._replace(starts=current.starts), bounds)
            fit = fit_levels(problem, bounds, here[0])
            episodes = possible_episodes(fit.projections.column, bounds, problem.min_rows)
            moved = current._replace(
                fit=fit, starts=starts, episodes=episodes if problem.searched else None
            )
        scan = moved.scan_counts(counts, problem.min_rows)
        price = PRICE_SEVERAL if current.scan == "several" else 1.0
        again = scan.statistic >= current.calibration.threshold(problem.alpha / price)
        for row in here:
            inside = np.array([row])
            if problem.searched:
                evidence, free = weigh_one(problem, search.bounds, row, problem.every_start)
                inside = free[highest_mass(evidence.position_probability, problem.alpha)]
            shares[row] = float(np.mean(again & np.isin(scan.rows, inside).any(axis=1)))
    return shares


def _detectable_ratio(problem: Problem, first: Round, rng: np.random.Generator) -> float:
    """Return the smallest ratio on the list that would have been found in 80% of series."""
    fit = first.fit
    threshold = first.calibration.threshold(problem.alpha)
    probability = first.evidence.memory_probability
    models = rng.choice(problem.grid.rho.size, size=N_RESAMPLES, p=probability)
    later = np.arange(problem.n_rows) >= problem.n_rows // 2

    power = None if first.shared is None else power_by_size(first.shared, threshold, probability)

    def would_be_found(ratio: float) -> bool:
        if power is not None:
            size = size_of(problem, fit, ratio)
            return bool(np.interp(size, SIZES, power) >= 0.8)
        # the average over the series stays what it was
        mean = fit.mean * np.where(later, ratio, 1.0)
        mean *= fit.mean.sum() / mean.sum()
        scan = first.scan_counts(draw_from(problem, fit, mean, models, rng), problem.min_rows)
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
