"""Where do levels shift, one after the other?

The search behind `trends.analysis.changepoint`, on arrays: rounds of "is there one more step, or an
episode of two?", each calibrated on series drawn without it. What is then asked of the steps found
is in `trends.models.shifts.shift_summary`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.null_models import draw_counts
from trends.models.shifts.level_fit import Fit, Problem, best_split, fit_levels
from trends.models.shifts.level_shift import (
    Episodes,
    Scan,
    SeveralScan,
    ShiftEvidence,
    clip_to_neighbours,
    possible_episodes,
    prior_ratio,
    scan_draws,
    scan_several,
    weigh_shift,
)
from trends.models.shifts.shared_null import SharedNull, shared_null

MAX_CHANGEPOINTS = 10

FIRST_DRAWS = 199
ENOUGH_ALIKE = 50
"""A test stops after `FIRST_DRAWS` draws if `ENOUGH_ALIKE` of them look at least as broken: the
p-value is then far from small (Besag and Clifford 1991, doi:10.1093/biomet/78.2.301)."""

MOST_DRAWS = 4
"""Times `n_null` that are drawn while the p-value's error leaves open on which side of alpha it
is."""

PRICE_SEVERAL = 5.0
"""What the p-value of a search for several steps at once is multiplied by: it is a second look,
and only where independent counts would show a shift."""

OPEN = 2.6
"""Standard errors by which a p-value must be away from alpha."""

PRIOR_NULL = 0.8
"""Probability of no memory behind the draws of the p-value. With less the test finds too little in
counts without memory: false alarms .01 at a nominal .05 with .2, as the memory is weighed."""

SHARED_BOUND = 0.02
"""By how much a p-value from shared draws may be off, beside the error of the draws: none of those
up to .25 was off by more (``benchmarks/results/shared_calibration.csv``)."""

NEARNESS = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0])
"""Worth of a reported date that misses by -3 to 3 periods; further misses are worth nothing."""


class Calibration(NamedTuple):
    """The statistic of a series among those of series drawn without a shift.

    Attributes
    ----------
    statistic : float
        Of the series itself.
    null : array of shape (n_draws,)
        Of the series drawn.
    weight : array of shape (2, n_draws)
        How much each draw counts where memory is judged beside the shift, and where it is judged
        half without it.
    """

    statistic: float
    null: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def p_values(self) -> NDArray[np.float64]:
        """Weighted share of all series that look at least as broken, the series itself included."""
        alike = self.weight @ (self.null >= self.statistic)
        return np.asarray((1 + alike) / (1 + self.weight.sum(axis=1)), dtype=np.float64)

    @property
    def error(self) -> float:
        """Standard error of the first p-value from the finite number of draws."""
        p_value = self.p_values[0]
        weight = self.weight[0] / self.weight[0].sum()
        residual = (self.null >= self.statistic) - p_value
        return float(np.sqrt(np.sum((weight * residual) ** 2)))

    def threshold(self, alpha: float) -> float:
        """Return the statistic beyond which the p-value is at most alpha."""
        order = np.argsort(-self.null)
        room = alpha * (1 + self.weight[0].sum()) - 1
        above = np.cumsum(self.weight[0][order])
        return float(self.null[order][min(np.searchsorted(above, room), order.size - 1)])


class Round(NamedTuple):
    """One round of the search: is there a further shift beside those in `bounds`?

    Attributes
    ----------
    bounds : tuple of int
        Steps found before.
    fit : Fit
        Levels, season and scatter without the further shift.
    starts : int array of shape (n_starts,)
        Rows at which it was looked for.
    episodes : Episodes or None
        Episodes that were looked for.
    evidence : ShiftEvidence
        What the series says, by memory model.
    scan : {"single", "episode", "several"}
        Whether a single step or an episode is more probable, or several steps were looked for.
    rows : tuple of int
        The row of the step, or the rows of the steps, that are most probable.
    calibration : Calibration
        Statistic and draws.
    p_value, p_error : float
        Monte Carlo p-value and its standard error: memory judged beside a step, but half without an
        episode, which is what memory makes most easily.
    p_value_persistent : float
        The same where memory is judged half without the shift, as if all that a shift explains
        could be persistence.
    p_value_independent : float
        The same without memory.
    found : bool
        Whether the p-value is at most alpha.
    shared : SharedNull or None
        The draws of many series, if these settled the round.
    """

    bounds: tuple[int, ...]
    fit: Fit
    starts: NDArray[np.int64]
    episodes: Episodes | None
    evidence: ShiftEvidence
    scan: str
    rows: tuple[int, ...]
    calibration: Calibration
    p_value: float
    p_error: float
    p_value_persistent: float
    p_value_independent: float
    found: bool
    shared: SharedNull | None = None

    def scan_counts(self, counts: NDArray[np.float64], min_rows: int) -> Scan | SeveralScan:
        """Look for the same shift in other counts, shape (n_rows, n_series)."""
        responses = self.fit.response_of(counts)
        if self.scan == "several":
            return scan_several(clip_to_neighbours(responses), self.fit.projections, min_rows)
        return scan_draws(responses, self.fit.projections, self.starts, self.episodes)


class Step(NamedTuple):
    """Where a step was found: number of the round, and p-values adjusted for earlier rounds."""

    found_in: int
    p_value: float
    p_value_persistent: float


class Search(NamedTuple):
    """The whole search: rounds in order and the steps found, by row."""

    rounds: tuple[Round, ...]
    steps: Mapping[int, Step]

    @property
    def bounds(self) -> tuple[int, ...]:
        """Rows of the steps found, ascending."""
        return tuple(sorted(self.steps))


def search_steps(problem: Problem, rng: np.random.Generator) -> Search:
    """Look for steps and episodes, one after the other, until no further one is found."""
    if np.ptp(problem.observed.count / problem.observed.exposure) == 0:
        return Search((), {})
    rounds: list[Round] = []
    found: dict[int, Step] = {}
    # the p-value of a later step cannot be smaller than that of the steps it rests on
    p_value = p_persistent = 0.0
    while len(found) < MAX_CHANGEPOINTS:
        bounds = tuple(sorted(found))
        if free_rows(problem, bounds).size == 0:
            break
        current = ask_for_one_more(problem, bounds, rng)
        rounds.append(current)
        if not current.found and not bounds and current.p_value_independent <= problem.alpha:
            # steps that oppose each other look like memory to a search for one or an episode
            current = _ask_for_several(problem, current, rng)
            rounds.append(current)
        if not current.found:
            break
        p_value = max(p_value, current.p_value)
        p_persistent = max(p_persistent, current.p_value_persistent)
        step = Step(len(rounds) - 1, p_value, p_persistent)
        found |= dict.fromkeys(current.rows, step)
    if problem.searched and found:
        found = _refine(problem, found)
        if len(found) > 1:
            found = _drop_needless(problem, found, rounds)
    return Search(tuple(rounds), found)


def ask_for_one_more(problem: Problem, bounds: tuple[int, ...], rng: np.random.Generator) -> Round:
    """Test for one more step, or an episode, beside those at `bounds`."""
    starts = free_rows(problem, bounds)
    fit = fit_levels(problem, bounds, best_split(problem, bounds, starts))
    response = fit.response_of(problem.observed.count)
    column = fit.projections.column
    line = column * (problem.observed.position - problem.observed.position.mean())
    # dates named in advance are single steps
    episodes = possible_episodes(column, bounds, problem.min_rows) if problem.searched else None
    evidence = weigh_shift(response, fit.projections, starts, line, episodes)
    shared = shared_null(problem, fit) if problem.shared and not bounds else None
    calibration = _calibrate_on(shared, problem, evidence)
    if calibration is None:
        shared = None
        calibration = _calibrate(problem, fit, starts, episodes, evidence, rng)
    p_value, p_persistent = (float(p) for p in calibration.p_values)
    rows, scan = evidence.episode, "episode"
    if not evidence.is_episode:
        scan = "single"
        rows = (_central_row(evidence.position_probability, starts),)
    return Round(
        bounds=bounds,
        fit=fit,
        starts=starts,
        episodes=episodes,
        evidence=evidence,
        scan=scan,
        rows=rows,
        calibration=calibration,
        p_value=p_value,
        p_error=calibration.error,
        p_value_persistent=p_persistent,
        p_value_independent=_independent_p_value(problem, fit, starts, episodes, shared, rng),
        found=p_value <= problem.alpha,
        shared=shared,
    )


def _ask_for_several(problem: Problem, tried: Round, rng: np.random.Generator) -> Round:
    """Test for two to four steps at once where neither one nor an episode was found."""
    response = clip_to_neighbours(tried.fit.response_of(problem.observed.count))
    own = scan_several(response[:, None], tried.fit.projections, problem.min_rows)
    judged = own.memory_probability[:, 0]
    several = tried._replace(
        scan="several", rows=tuple(int(row) for row in own.rows[0] if row >= 0)
    )
    calibration = Calibration(float(own.statistic[0]), np.empty(0), np.empty((2, 0)))
    n_more = min(FIRST_DRAWS, problem.n_null)
    while n_more:
        models = rng.choice(judged.size, size=n_more, p=judged)
        counts = draw_from(problem, tried.fit, tried.fit.mean, models, rng)
        statistic = several.scan_counts(counts, problem.min_rows).statistic
        calibration = Calibration(
            calibration.statistic,
            np.append(calibration.null, statistic),
            np.ones((2, calibration.null.size + n_more)),
        )
        n_more = _draws_needed(calibration, problem.n_null, problem.alpha / PRICE_SEVERAL)
    p_value = min(1.0, PRICE_SEVERAL * float(calibration.p_values[0]))
    return several._replace(
        calibration=calibration,
        p_value=p_value,
        p_error=PRICE_SEVERAL * calibration.error,
        p_value_persistent=p_value,
        found=p_value <= problem.alpha,
    )


def _calibrate(
    problem: Problem,
    fit: Fit,
    starts: NDArray[np.int64],
    episodes: Episodes | None,
    evidence: ShiftEvidence,
    rng: np.random.Generator,
) -> Calibration:
    """Draw series without the shift until it is clear on which side of alpha the p-value is."""
    judged = judged_memory(evidence)
    # drawing from the mean of both serves both p-values, no draw counting more than twice
    drawn = judged.mean(axis=0)
    first = min(FIRST_DRAWS, problem.n_null)
    calibration = Calibration(evidence.statistic, np.empty(0), np.empty((2, 0)))
    n_more = first
    while n_more:
        models = rng.choice(drawn.size, size=n_more, p=drawn)
        counts = draw_from(problem, fit, fit.mean, models, rng)
        scan = scan_draws(fit.response_of(counts), fit.projections, starts, episodes)
        calibration = Calibration(
            evidence.statistic,
            np.append(calibration.null, scan.statistic),
            np.column_stack([calibration.weight, judged[:, models] / drawn[models]]),
        )
        n_more = _draws_needed(calibration, problem.n_null, problem.alpha)
    return calibration


def judged_memory(evidence: ShiftEvidence) -> NDArray[np.float64]:
    """Return the probabilities of the memories beside the shift, and half without it."""
    # an episode is what memory makes most easily, so it is not judged beside itself
    beside = evidence.memory_probability if evidence.is_episode else memory_beside(evidence)
    return np.stack([beside, evidence.memory_probability])


def _calibrate_on(
    shared: SharedNull | None, problem: Problem, evidence: ShiftEvidence
) -> Calibration | None:
    """Take the draws of many series where they leave no doubt that there is no shift, else None.

    What is found, or nearly, is always held against draws of the series itself.
    """
    if shared is None:
        return None
    calibration = Calibration(
        evidence.statistic,
        shared.statistic,
        judged_memory(evidence)[:, shared.models] * shared.weight,
    )
    return calibration if is_clear_of(problem.alpha, calibration) > 0 else None


def is_clear_of(alpha: float, calibration: Calibration) -> int:
    """Return 1 or -1 where a p-value from shared draws is above or below alpha without a doubt."""
    away = float(calibration.p_values[0]) - alpha
    return int(np.sign(away)) if abs(away) > SHARED_BOUND + OPEN * calibration.error else 0


def memory_beside(evidence: ShiftEvidence) -> NDArray[np.float64]:
    """Return the posterior of the memory models beside the shift, no memory probable before."""
    return evidence.memory_beside_shift(prior_ratio(evidence.log_stable.size, PRIOR_NULL))


def _draws_needed(calibration: Calibration, n_null: int, alpha: float) -> int:
    """Return how many more series to draw."""
    n_drawn = calibration.null.size
    if n_drawn < n_null:
        alike = calibration.weight[0] @ (calibration.null >= calibration.statistic)
        return 0 if alike >= ENOUGH_ALIKE else n_null - n_drawn
    undecided = abs(calibration.p_values[0] - alpha) < OPEN * calibration.error
    return n_null if undecided and n_drawn < MOST_DRAWS * n_null else 0


def _independent_p_value(
    problem: Problem,
    fit: Fit,
    starts: NDArray[np.int64],
    episodes: Episodes | None,
    shared: SharedNull | None,
    rng: np.random.Generator,
) -> float:
    """Return the p-value among series without memory, by the statistic without memory."""
    own = fit.response_of(problem.observed.count)[:, None]

    def statistics(responses: NDArray[np.float64]) -> NDArray[np.float64]:
        return scan_draws(responses, fit.projections, starts, episodes, memory=False).statistic

    statistic = float(statistics(own)[0])
    if shared is not None:
        weight = np.stack([shared.alone_weight, shared.alone_weight])
        calibration = Calibration(statistic, shared.alone, weight)
        if is_clear_of(problem.alpha, calibration):
            return float(calibration.p_values[0])
    null = np.empty(0)
    n_more = min(FIRST_DRAWS, problem.n_null)
    # what is far from alpha needs no further draws: it is only said on which side it is
    while n_more:
        counts = draw_from(problem, fit, fit.mean, np.zeros(n_more, dtype=np.int64), rng)
        null = np.append(null, statistics(fit.response_of(counts)))
        calibration = Calibration(statistic, null, np.ones((2, null.size)))
        undecided = abs(calibration.p_values[0] - problem.alpha) < OPEN * calibration.error
        n_more = problem.n_null if undecided and null.size < problem.n_null else 0
    return float(calibration.p_values[0])


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


def free_rows(problem: Problem, bounds: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the candidate rows that are far enough from the steps already there."""
    free = problem.starts
    for bound in bounds:
        free = free[np.abs(free - bound) >= problem.min_rows]
    return free


def _drop_needless(
    problem: Problem, found: dict[int, Step], rounds: list[Round]
) -> dict[int, Step]:
    """Leave out steps that would not be found beside the others, the weakest first.

    An end of an episode, which was found as one shift, goes only where the counts speak against it.
    """
    clear = rounds[-1].calibration.threshold(problem.alpha)
    while len(found) > 1:
        margin = {
            row: weigh_one(problem, tuple(found), row, problem.starts)[0].statistic
            - (min(clear, 0.0) if rounds[step.found_in].scan == "episode" else clear)
            for row, step in found.items()
        }
        weakest = min(margin, key=lambda row: margin[row])
        if margin[weakest] >= 0:
            break
        found = {row: step for row, step in found.items() if row != weakest}
        found = _refine(problem, found)
    return found


def _central_row(probability: NDArray[np.float64], rows: NDArray[np.int64]) -> int:
    """Return the row with the most probability near it, by `NEARNESS`.

    The single most probable row is as often exact but more often far off.
    """
    dense = np.zeros(int(rows[-1] - rows[0]) + 1)
    dense[rows - rows[0]] = probability
    return int(rows[np.argmax(np.convolve(dense, NEARNESS, "full")[rows - rows[0] + 3])])


def _refine(problem: Problem, found: dict[int, Step]) -> dict[int, Step]:
    """Move each step to its most probable row given the others, until nothing moves."""
    for _ in range(5):
        moved = False
        for row in sorted(found):
            evidence, free = weigh_one(problem, tuple(found), row, problem.starts)
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
    others = tuple(sorted(bound for bound in bounds if bound != row))
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
