"""Is a level shift with memory more likely than memory alone?

The comparison behind every changepoint: marginal likelihoods of the square-rooted counts with and
without one more step (or several at once), the memory unknown in both. Because memory is free on
both sides, a wrong guess of it costs little; `benchmarks/results/account_targets.md` shows what
that buys.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from trends.models.counts.memory import PRIOR_NO_MEMORY
from trends.models.shifts.projections import Projections, room_for

CLIP = 2.0
"""Robust scales by which a value may leave its neighbours' range before the searches for episodes
and for several steps clip it."""

MOST_NODES = 100
MOST_EPISODE_NODES = 60
"""Rows at which several steps, or an episode, may be; the dates are refined afterwards."""

SHORTEST_EPISODE = 3

ALIKE_EPISODES = 8.0
"""Episodes that differ so little from the best one that they are as probable: only the best is
weighed, and this many times its likelihood stands for the sum over all."""

PRIOR_EPISODE = 0.12
"""Probability that a shift is an episode: memory makes episodes much more easily than steps that
last."""

PRIOR_NO_MEMORY_BESIDE = 0.65
"""Probability of no memory beside a shift, where `PRIOR_NO_MEMORY` holds without one. What memory
would explain is left to memory: at equal false alarms without memory (.05) a third fewer series
with a correlation of .5 show a false shift than with .2 on both sides."""

RESIDUAL_FLOOR = 1e-9
"""Smallest share of the residual sum of squares a step may leave: a perfect fit stays finite."""


class RootScale(NamedTuple):
    """Counts on the square-root scale, where their variance is nearly constant.

    Attributes
    ----------
    centre, spread, slope : arrays of shape (n_rows,)
        Poisson mean and standard deviation of ``sqrt(count + 3/8)`` at the fitted mean, and how
        fast that mean moves with the log rate. The spread carries the square root of the
        dispersion.
    """

    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    slope: NDArray[np.float64]

    def response(self, count: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return counts (n_rows,) or (n_rows, n_draws) as standardised residuals."""
        shape = (-1,) + (1,) * (count.ndim - 1)
        root = np.sqrt(count + 0.375)
        return (root - self.centre.reshape(shape)) / self.spread.reshape(shape)

    @property
    def column(self) -> NDArray[np.float64]:
        """Effect of a unit change of the log rate on the response, shape (n_rows,)."""
        return self.slope / self.spread


def root_scale(mean: NDArray[np.float64], dispersion: NDArray[np.float64] | float) -> RootScale:
    """Return the square-root scale around a fitted mean."""
    log_mean, centre, spread = _root_moments()
    at = np.log(np.maximum(mean, 1e-6))
    low = at < log_mean[-1]
    safe = np.minimum(at, log_mean[-1])
    h = 1e-3
    middle = np.where(low, np.interp(safe, log_mean, centre), np.sqrt(mean + 0.125))
    deviation = np.where(low, np.interp(safe, log_mean, spread), 0.5)
    rise = (np.interp(safe + h, log_mean, centre) - np.interp(safe - h, log_mean, centre)) / (2 * h)
    rise = np.where(at < log_mean[-1] - 2 * h, rise, mean / (2 * np.sqrt(mean + 0.125)))
    return RootScale(middle, deviation * np.sqrt(dispersion), rise)


@lru_cache(maxsize=1)
def _root_moments() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return Poisson mean and standard deviation of the root on a grid of log means."""
    log_mean = np.linspace(np.log(1e-6), np.log(60.0), 400)
    count = np.arange(180.0)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(count[1:]))])
    mass = np.exp(count * log_mean[:, None] - np.exp(log_mean)[:, None] - log_factorial)
    root = np.sqrt(count + 0.375)
    centre = mass @ root
    deviation = np.sqrt(np.sum(mass * (root - centre[:, None]) ** 2, axis=1))
    return log_mean, centre, deviation


class ShiftEvidence(NamedTuple):
    """What one series says about one more step, or an episode, model by model.

    Attributes
    ----------
    log_stable : array of shape (n_models,)
        Log marginal likelihood without a further step, for each memory model.
    log_step : array of shape (n_models, n_starts)
        The same with a step at each candidate row, prior over rows included.
    log_ramp : array of shape (n_models,)
        The same with a straight line instead of a step.
    log_episode : array of shape (n_models,) or None
        The same with the best episode, prior over episodes included; None if none was looked for.
    episode : tuple of int
        First row of the best episode and first row after it; empty if none was looked for.
    """

    log_stable: NDArray[np.float64]
    log_step: NDArray[np.float64]
    log_ramp: NDArray[np.float64]
    log_episode: NDArray[np.float64] | None = None
    episode: tuple[int, ...] = ()

    @property
    def log_shift(self) -> NDArray[np.float64]:
        """Log marginal likelihood with a step or, rarer beforehand, an episode, by model."""
        log_step = _log_sum_columns(self.log_step.T)
        if self.log_episode is None:
            return log_step
        return _step_or_episode(log_step, self.log_episode)

    @property
    def statistic(self) -> float:
        """Twice the log ratio of shift-and-memory to memory alone."""
        beside = self.log_shift + prior_ratio(self.log_stable.size, PRIOR_NO_MEMORY_BESIDE)
        return 2 * (log_sum(beside) - log_sum(self.log_stable))

    @property
    def step_over_ramp(self) -> float:
        """Twice the log ratio of one step to one straight line, memory free in both."""
        return float(2 * (log_sum(self.log_step) - log_sum(self.log_ramp)))

    @property
    def is_episode(self) -> bool:
        """Whether the counts speak for the best episode rather than one step."""
        return self.log_episode is not None and log_sum(self.log_episode) > log_sum(self.log_step)

    @property
    def position_probability(self) -> NDArray[np.float64]:
        """Posterior probability of each candidate row, the memory averaged over."""
        return np.asarray(_normalise(self.log_step).sum(axis=0), dtype=np.float64)

    @property
    def memory_probability(self) -> NDArray[np.float64]:
        """Posterior of the memory models, judged half without and half with the shift."""
        return 0.5 * (_normalise(self.log_stable) + _normalise(self.log_shift))

    def memory_beside_shift(self, log_prior_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the posterior of the memory models beside the shift, for another prior."""
        return _normalise(self.log_shift + log_prior_ratio)


def _step_or_episode(
    log_step: NDArray[np.float64], log_episode: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log likelihood of one or the other."""
    return np.asarray(
        np.logaddexp(np.log1p(-PRIOR_EPISODE) + log_step, np.log(PRIOR_EPISODE) + log_episode)
    )


def prior_ratio(n_models: int, no_memory: float) -> NDArray[np.float64]:
    """Return what another prior of no memory adds to the log prior of every memory model."""
    log_ratio = np.full(n_models, np.log((1 - no_memory) / (1 - PRIOR_NO_MEMORY)))
    log_ratio[0] = np.log(no_memory / PRIOR_NO_MEMORY)
    return log_ratio


def log_sum(values: NDArray[np.float64]) -> float:
    """Return the log of the sum of exponentials."""
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))


def _normalise(log_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exponentials that sum to one."""
    values = np.exp(log_values - log_values.max())
    return np.asarray(values / values.sum(), dtype=np.float64)


class Episodes(NamedTuple):
    """The episodes that are looked for: a level from one row to before another, and back.

    Attributes
    ----------
    nodes : int array of shape (n_nodes,)
        Rows at which an episode may start or end.
    inverse_information : array of shape (n_nodes, n_nodes)
        One over the squared length of the episode from node to node beside its segment's level;
        0 where none may be.
    log_prior : float
        Log prior probability of the best episode and those that differ little from it.
    """

    nodes: NDArray[np.int64]
    inverse_information: NDArray[np.float32]
    log_prior: float


def possible_episodes(
    column: NDArray[np.float64], bounds: tuple[int, ...], min_rows: int
) -> Episodes | None:
    """Return the episodes inside the segments between `bounds`, None if there is no room."""
    n_rows = column.size
    stride = max(1, -(-n_rows // MOST_EPISODE_NODES))
    edges = np.array([0, *bounds, n_rows])
    nodes = np.arange(min_rows, n_rows - min_rows + 1, stride, dtype=np.int64)
    segment = np.searchsorted(edges, nodes, side="right") - 1
    squares = np.concatenate([[0.0], np.cumsum(column**2)])
    inside = squares[nodes][None, :] - squares[nodes][:, None]
    whole = squares[edges[segment + 1]] - squares[edges[segment]]
    # an episode may end where its segment ends less min_rows, so that a level is left after it
    length = nodes[None, :] - nodes[:, None]
    allowed = (length >= max(min_rows, SHORTEST_EPISODE)) & (segment[:, None] == segment[None, :])
    allowed &= ((nodes - edges[segment]) >= min_rows)[:, None]
    allowed &= ((edges[segment + 1] - nodes) >= min_rows)[None, :]
    information = inside - inside**2 / whole[:, None]
    if not allowed.any():
        return None
    inverse = np.where(allowed, 1 / np.where(allowed, information, 1.0), 0.0)
    n_episodes = float(allowed.sum()) * stride**2
    return Episodes(
        nodes, inverse.astype(np.float32), float(np.log(min(1.0, ALIKE_EPISODES / n_episodes)))
    )


def best_episodes(
    centred: NDArray[np.float64], column: NDArray[np.float64], episodes: Episodes
) -> NDArray[np.int64]:
    """Return the least-squares episode of each series, shape (n_series, 2).

    One spike looks like an episode, so values are clipped to their neighbours first.
    """
    nodes = episodes.nodes
    clipped = clip_to_neighbours(centred) * column[:, None]
    sums = np.concatenate([np.zeros((1, clipped.shape[1])), np.cumsum(clipped, axis=0)])
    sums = sums[nodes].astype(np.float32)
    n_series = sums.shape[1]
    largest = np.full(n_series, -1.0, dtype=np.float32)
    place = np.zeros((n_series, 2), dtype=np.int64)
    series = np.arange(n_series)
    for start in range(nodes.size):
        ends = np.flatnonzero(episodes.inverse_information[start])
        if ends.size == 0:
            continue
        gain = sums[ends] - sums[start]
        gain *= gain
        gain *= episodes.inverse_information[start, ends][:, None]
        end = gain.argmax(axis=0)
        height = gain[end, series]
        better = height > largest
        largest[better] = height[better]
        place[better, 0] = start
        place[better, 1] = ends[end[better]]
    return place


def weigh_shift(
    response: NDArray[np.float64],
    projections: Projections,
    starts: NDArray[np.int64],
    ramp: NDArray[np.float64],
    episodes: Episodes | None = None,
) -> ShiftEvidence:
    """Weigh every candidate step, the best episode and the ramp against the base model."""
    exponent = projections.exponent
    rows = np.empty(0, dtype=np.int64)
    if episodes is not None:
        place = best_episodes(projections.centre(response[:, None]), projections.column, episodes)
        rows = episodes.nodes[place[0]]
    covariance, of_ramp = np.moveaxis(projections.scores(np.column_stack([response, ramp])), 2, 0)
    remaining = np.maximum(covariance @ projections.increments(response), 1e-300)
    log_stable = projections.log_weight - exponent * np.log(remaining)

    def gained(squares: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
        share = squares / (lengths * remaining.reshape(-1, *[1] * (squares.ndim - 1)))
        return np.asarray(-exponent * np.log(np.maximum(1 - share, RESIDUAL_FLOOR)))

    log_step = log_stable[:, None] + gained(
        covariance[:, starts] ** 2, projections.information[:, starts]
    )
    ramp_increments = projections.increments(ramp)
    log_ramp = log_stable + gained((covariance @ ramp_increments) ** 2, of_ramp @ ramp_increments)
    log_episode = None
    if episodes is not None:
        products = projections.products(rows)
        lengths = products[:, 0, 0] + products[:, 1, 1] - 2 * products[:, 0, 1]
        score = covariance[:, rows[0]] - covariance[:, rows[1]]
        log_episode = log_stable + gained(score**2, lengths) + episodes.log_prior
    return ShiftEvidence(
        log_stable,
        log_step - np.log(starts.size),
        log_ramp,
        log_episode,
        tuple(int(row) for row in rows),
    )


class Scan(NamedTuple):
    """What a scan of many series found in each.

    Attributes
    ----------
    statistic : array of shape (n_series,)
        Twice the log ratio of shift-and-memory to memory alone.
    rows : array of shape (n_series, 2)
        Row of the best step under the best memory model and -1, or the rows of the best episode.
    """

    statistic: NDArray[np.float64]
    rows: NDArray[np.int64]


def scan_draws(
    responses: NDArray[np.float64],
    projections: Projections,
    starts: NDArray[np.int64],
    episodes: Episodes | None = None,
    *,
    memory: bool = True,
) -> Scan:
    """Compute the shift-against-memory statistic of many series at once.

    Parameters
    ----------
    responses : array of shape (n_rows, n_series)
        Standardised residuals.
    projections, starts, episodes
        As for `weigh_shift`.
    memory : bool
        False compares one shift with none under the model without memory alone.

    Returns
    -------
    Scan
    """
    n_rows, n_series = responses.shape
    exponent = np.float32(projections.exponent)
    # Single precision halves the time and costs 1e-3 on statistics around 8; taking the levels
    # out first keeps the sums small.
    centred = projections.centre(responses)
    if episodes is not None:
        arcs = best_episodes(centred, projections.column, episodes)
        ends = episodes.nodes[arcs]
    projections = projections.for_scans
    increments = projections.increments(centred).astype(np.float32)
    single = centred.astype(np.float32)
    n_models = projections.models.grid.rho.size if memory else 1
    log_stable = np.empty((n_models, n_series))
    log_step = np.empty((n_models, n_series))
    log_episode = np.empty((n_models, n_series))
    place = np.empty((n_models, n_series), dtype=np.int64)
    inverse = (1 / projections.information[:, starts, None]).astype(np.float32)
    even = np.full(starts.size, 1 / starts.size, dtype=np.float32)
    at = _slice_or_rows(starts)
    if episodes is not None:
        products = projections.products(episodes.nodes)
    # a block of series stays in the processor's cache while every memory is asked
    width = max(32, 65_536 // n_rows)
    for first in range(0, n_series, width):
        block = slice(first, min(first + width, n_series))
        some, columns = single[:, block], np.arange(block.stop - first)
        room = room_for(some, projections.base.shape[1])
        share = np.empty((starts.size, columns.size), dtype=np.float32)
        for model in range(n_models):
            scores = projections.blocks(model).scores(some, room)
            remaining = np.einsum("ij,ij->j", scores, increments[:, block])
            remaining = np.maximum(remaining, np.float32(1e-12))
            log_stable[model, block] = projections.log_weight[model] - exponent * np.log(remaining)
            if episodes is not None:
                begin, end = arcs[block].T
                lengths = products[model, begin, begin] + products[model, end, end]
                lengths -= 2 * products[model, begin, end]
                score = scores[ends[block, 0], columns] - scores[ends[block, 1], columns]
                left = np.maximum(1 - score**2 / (lengths * remaining), 1e-7)
                log_episode[model, block] = -exponent * np.log(left)
            np.multiply(scores[at], scores[at], out=share)
            share *= inverse[model]
            best = share.argmax(axis=0)
            place[model, block] = best
            least = np.maximum(1 - share[best, columns] / remaining, np.float32(1e-7))
            log_step[model, block] = -exponent * np.log(least)
            # what each row leaves, over the least that is left
            share *= -1 / (remaining * least)
            share += 1 / least
            if least.min() < 0.1:
                np.maximum(share, np.float32(1), out=share)
            np.log(share, out=share)
            share *= -exponent
            np.exp(share, out=share)
            log_step[model, block] += np.log(even @ share)
    log_step += log_stable
    best = np.take_along_axis(place, log_step.argmax(axis=0)[None, :], axis=0)[0]
    rows = np.column_stack([starts[best], np.full(n_series, -1)])
    beside = prior_ratio(n_models, PRIOR_NO_MEMORY_BESIDE)[:, None] if memory else 0.0
    with_shift = _log_sum_columns(log_step + beside)
    if episodes is not None:
        log_episode += log_stable + episodes.log_prior
        is_episode = _log_sum_columns(log_episode) > _log_sum_columns(log_step)
        rows[is_episode] = episodes.nodes[arcs[is_episode]]
        with_shift = _step_or_episode(with_shift, _log_sum_columns(log_episode + beside))
    return Scan(2 * (with_shift - _log_sum_columns(log_stable)), rows)


def _slice_or_rows(rows: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Return ascending rows as a slice where none is left out, which spares a copy."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == rows.size else rows


def _log_sum_columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the sum of exponentials of each column."""
    largest = values.max(axis=0)
    return np.asarray(largest + np.log(np.exp(values - largest).sum(axis=0)), dtype=np.float64)


class SeveralScan(NamedTuple):
    """What a scan for several steps at once found in each of many series.

    Attributes
    ----------
    statistic : array of shape (n_series,)
        Twice the log ratio of several steps with memory to memory alone.
    rows : array of shape (n_series, n_most)
        Rows of the steps of the best division, filled up with -1.
    memory_probability : array of shape (n_models, n_series)
        Posterior of the memory models, judged half without and half with the divisions.
    """

    statistic: NDArray[np.float64]
    rows: NDArray[np.int64]
    memory_probability: NDArray[np.float64]


def scan_several(
    responses: NDArray[np.float64], projections: Projections, min_rows: int
) -> SeveralScan:
    """Compare several steps at once with one level, memory free in both.

    A search for one step at a time cannot see steps that take one another back. The divisions with
    two to four steps that fit best by least squares are weighed, each with a prior spread evenly
    over all divisions of its size.

    Parameters
    ----------
    responses : array of shape (n_rows, n_series)
        Standardised residuals, clipped to their neighbours.
    projections : Projections
        With one level, and perhaps a season, as base regressors.
    min_rows : int
        Shortest segment.

    Returns
    -------
    SeveralScan
    """
    n_rows, n_series = responses.shape
    nodes = _nodes(n_rows, min_rows)
    most = min(4, n_rows // min_rows - 1, nodes.size - 2)
    sizes = range(2, most + 1)
    exponent = projections.exponent
    centred = projections.centre(responses)
    divisions = best_divisions(centred, projections.column, nodes, most, min_rows)
    projections = projections.for_scans
    increments = projections.increments(centred).astype(np.float32)
    n_models = projections.models.grid.rho.size
    log_level = np.empty((n_models, n_series))
    log_several = np.empty((n_models, len(sizes), n_series))
    single = centred.astype(np.float32)
    used = nodes[1:-1]
    place = np.zeros(n_rows, dtype=np.int64)
    place[used] = np.arange(used.size)
    among = {size: place[divisions[size]] for size in sizes}
    room = room_for(single, projections.base.shape[1])
    products = projections.products(used)
    for model, log_weight in enumerate(projections.log_weight):
        scores = projections.blocks(model).scores(single, room)
        remaining = np.maximum(np.einsum("ij,ij->j", scores, increments), 1e-12)
        scores = scores[used]
        log_level[model] = log_weight - exponent * np.log(remaining)
        for which, size in enumerate(sizes):
            explained = _explained(scores, products[model], among[size])
            left = np.maximum(remaining - explained, 1e-7 * remaining)
            log_several[model, which] = log_weight - exponent * np.log(left)
    prior = special.gammaln(nodes.size) - np.array(
        [special.gammaln(size + 1) + special.gammaln(nodes.size - size) for size in sizes]
    )
    by_size = np.stack([_log_sum_columns(log_several[:, which]) for which in range(len(sizes))])
    by_size -= prior[:, None]
    statistic = 2 * (_log_sum_columns(by_size) - _log_sum_columns(log_level))
    rows = np.full((n_series, most), -1, dtype=np.int64)
    chosen = by_size.argmax(axis=0)
    for which, size in enumerate(sizes):
        these = chosen == which
        rows[these, :size] = divisions[size][these]
    log_models = _log_sum_columns(np.moveaxis(log_several - prior[None, :, None], 1, 0))
    probability = 0.5 * np.exp(log_level - _log_sum_columns(log_level))
    probability += 0.5 * np.exp(log_models - _log_sum_columns(log_models))
    return SeveralScan(statistic, rows, probability)


def weigh_steps(
    response: NDArray[np.float64], projections: Projections, rows: tuple[int, ...], n_starts: int
) -> float:
    """Return the log marginal likelihood of steps at `rows`, memory free.

    The prior is spread evenly over all choices of that many of `n_starts` rows.
    """
    at = np.array(rows, dtype=np.int64)
    scores = projections.scores(response[:, None])[:, :, 0]
    remaining = np.maximum(scores @ projections.increments(response), 1e-300)
    solved = np.linalg.solve(projections.products(at), scores[:, at, None])[:, :, 0]
    explained = (scores[:, at] * solved).sum(axis=1)
    left = np.maximum(remaining - explained, RESIDUAL_FLOOR * remaining)
    log_models = projections.log_weight - projections.exponent * np.log(left)
    size = len(rows)
    choices = special.gammaln([n_starts + 1, size + 1, n_starts - size + 1])
    return log_sum(log_models) - float(choices[0] - choices[1] - choices[2])


def _nodes(n_rows: int, min_rows: int) -> NDArray[np.int64]:
    """Return the rows at which a division into several segments may cut, ends included.

    At most about `MOST_NODES`: the dates are refined afterwards.
    """
    inner = np.arange(min_rows, n_rows - min_rows + 1, max(1, -(-n_rows // MOST_NODES)))
    return np.concatenate([[0], inner, [n_rows]]).astype(np.int64)


def best_divisions(
    responses: NDArray[np.float64],
    column: NDArray[np.float64],
    nodes: NDArray[np.int64],
    most: int,
    min_rows: int,
) -> dict[int, NDArray[np.int64]]:
    """Return the least-squares divisions with 1 to `most` steps, of many series at once.

    Parameters
    ----------
    responses : array of shape (n_rows, n_series)
        Standardised residuals.
    column : array of shape (n_rows,)
        Effect of a unit change of level.
    nodes : array of shape (n_nodes,)
        Rows at which segments may start or end, 0 and n_rows included.
    most : int
        Largest number of steps.
    min_rows : int
        Shortest segment.

    Returns
    -------
    dict of array of shape (n_series, n_steps)
        Rows of the steps, ascending, by number of steps.
    """
    n_nodes, n_series = nodes.size, responses.shape[1]
    zero = np.zeros((1, n_series))
    sums = np.concatenate([zero, np.cumsum(responses * column[:, None], axis=0)])[nodes]
    sums = sums.astype(np.float32)
    squares = np.concatenate([[0.0], np.cumsum(column**2)])[nodes].astype(np.float32)
    reached = np.full((most + 1, n_nodes, n_series), -np.inf, dtype=np.float32)
    origin = np.zeros((most + 1, n_nodes, n_series), dtype=np.int16)
    series = np.arange(n_series)
    for end in range(1, n_nodes):
        first = int(np.searchsorted(nodes, nodes[end] - min_rows, side="right"))
        if first == 0:
            continue
        gain = sums[end] - sums[:first]
        gain *= gain
        # Rows of next to no weight add up to none, and gain nothing.
        gain /= np.maximum(squares[end] - squares[:first], np.finfo(np.float32).tiny)[:, None]
        reached[0, end] = gain[0]
        for steps in range(1, most + 1):
            through = reached[steps - 1, :first] + gain
            best = through.argmax(axis=0)
            origin[steps, end] = best
            reached[steps, end] = through[best, series]
    divisions = {}
    for steps in range(1, most + 1):
        rows = np.empty((n_series, steps), dtype=np.int64)
        end_node = np.full(n_series, n_nodes - 1)
        for place in range(steps, 0, -1):
            end_node = origin[place, end_node, series].astype(np.int64)
            rows[:, place - 1] = nodes[end_node]
        divisions[steps] = rows
    return divisions


def _explained(
    scores: NDArray[np.floating], products: NDArray[np.float64], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the sum of squares that each series' steps at `rows` explain."""
    score = np.take_along_axis(scores.T, rows, axis=1).astype(np.float64)
    information = products[rows[:, :, None], rows[:, None, :]]
    solved = np.linalg.solve(information, score[:, :, None])[:, :, 0]
    return np.asarray(np.einsum("ij,ij->i", score, solved), dtype=np.float64)


def clip_to_neighbours(responses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clip each value to its two neighbours' range plus or minus two robust scales.

    Without it one spike looks like an episode of two opposite steps. Works down the rows of an
    array of shape (n_rows,) or (n_rows, n_series); the ends have one neighbour each.
    """
    scale = 1.4826 * np.median(np.abs(np.diff(responses, axis=0)), axis=0) / np.sqrt(2)
    before = np.concatenate([responses[1:2], responses[:-1]])
    after = np.concatenate([responses[1:], responses[-2:-1]])
    low = np.minimum(before, after) - CLIP * scale
    high = np.maximum(before, after) + CLIP * scale
    return np.asarray(np.clip(responses, low, high), dtype=np.float64)
