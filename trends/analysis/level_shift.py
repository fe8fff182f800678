"""Is a level shift with memory more likely than memory alone?

The comparison behind every changepoint: marginal likelihoods of the square-rooted counts with and
without one more step (or one more up-and-back pair of steps), the memory unknown in both. Because
memory is free on both sides, a wrong guess of the memory costs little; see
`benchmarks/results/changepoints.md` for what a memory-less comparison does instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.analysis.memory import KEPT_ROWS, MemoryModels

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""First and second rows of pairs of steps."""

CLIP = 2.0
"""Robust scales by which a value may leave its neighbours' range before the pair scan clips it."""

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


class Projection(NamedTuple):
    """One memory model seen from the candidate steps.

    Attributes
    ----------
    log_weight : float
        Log prior and determinants, the part of the likelihood without residuals.
    step_rows : array of shape (n_rows, n_rows)
        Row i, times a response, is the covariance of the response with a step at row i after the
        base regressors are taken out.
    information : array of shape (n_rows,)
        Squared length of each step after the base regressors are taken out.
    """

    log_weight: float
    step_rows: NDArray[np.float64]
    information: NDArray[np.float64]


class Projections:
    """The memory models with steps in `column` as seen beside the regressors in `base`.

    Iterating yields one `Projection` per memory model; they are kept when the models are.

    Parameters
    ----------
    column : array of shape (n_rows,)
        Effect of a unit change of the log rate on the response.
    base : array of shape (n_rows, n_base)
        Levels and steps that are there anyway.
    models : MemoryModels
        The memory models.
    """

    def __init__(
        self, column: NDArray[np.float64], base: NDArray[np.float64], models: MemoryModels
    ) -> None:
        self.column = column
        self.base = base
        self.models = models
        self._kept: list[Projection] = []

    @property
    def exponent(self) -> float:
        """Power of the residual sum of squares in the marginal likelihood."""
        n_rows, n_base = self.base.shape
        return float(n_rows - n_base) / 2

    def __iter__(self) -> Iterator[Projection]:
        """Yield one projection per memory model."""
        if self._kept:
            yield from self._kept
            return
        kept = []
        for log_prior, precision, log_determinant in self.models:
            projected = self._project(log_prior, precision, log_determinant)
            if self.column.size <= KEPT_ROWS:
                kept.append(projected)
            yield projected
        self._kept = kept

    def increments(self, response: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what turns step covariances into the residual sum of squares.

        The covariances are running sums of residuals times `column`, so the sum of squares
        follows by summation by parts: ``increments @ (step_rows @ response)``.
        """
        relative = (response.T / self.column).T
        return np.diff(relative, axis=0, prepend=0.0)

    def _project(
        self, log_prior: float, precision: NDArray[np.float64], log_determinant: float
    ) -> Projection:
        """Take the base regressors out of one precision matrix."""
        weighted = precision @ self.base
        information = self.base.T @ weighted
        _, log_information = np.linalg.slogdet(information)
        maker = precision - weighted @ np.linalg.solve(information, weighted.T)
        maker *= self.column[:, None]
        step_rows = np.ascontiguousarray(np.cumsum(maker[::-1], axis=0)[::-1])
        return Projection(
            log_prior - 0.5 * log_determinant - 0.5 * float(log_information),
            step_rows,
            np.triu(step_rows) @ self.column,
        )


class ShiftEvidence(NamedTuple):
    """What one series says about one more step, model by model.

    Attributes
    ----------
    log_stable : array of shape (n_models,)
        Log marginal likelihood without a further step, for each memory model.
    log_step : array of shape (n_models, n_starts)
        The same with a step at each candidate row, prior over rows included.
    log_ramp : array of shape (n_models,)
        The same with a straight line instead of a step.
    """

    log_stable: NDArray[np.float64]
    log_step: NDArray[np.float64]
    log_ramp: NDArray[np.float64]

    @property
    def statistic(self) -> float:
        """Twice the log ratio of step-and-memory to memory alone."""
        return float(2 * (log_sum(self.log_step) - log_sum(self.log_stable)))

    @property
    def step_over_ramp(self) -> float:
        """Twice the log ratio of one step to one straight line, memory free in both."""
        return float(2 * (log_sum(self.log_step) - log_sum(self.log_ramp)))

    @property
    def position_probability(self) -> NDArray[np.float64]:
        """Posterior probability of each candidate row, the memory averaged over."""
        return np.asarray(_normalise(self.log_step).sum(axis=0), dtype=np.float64)

    @property
    def memory_probability(self) -> NDArray[np.float64]:
        """Posterior of the memory models, judged half without and half with the step."""
        probability = 0.5 * _normalise(self.log_stable)
        probability += 0.5 * _normalise(self.log_step).sum(axis=1)
        return probability


def log_sum(values: NDArray[np.float64]) -> float:
    """Return the log of the sum of exponentials."""
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))


def _normalise(log_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exponentials that sum to one."""
    values = np.exp(log_values - log_values.max())
    return np.asarray(values / values.sum(), dtype=np.float64)


def weigh_shift(
    response: NDArray[np.float64],
    projections: Projections,
    starts: NDArray[np.int64],
    ramp: NDArray[np.float64],
) -> ShiftEvidence:
    """Weigh every candidate step, and the ramp, against the base model for one series."""
    n_models = projections.models.grid.rho.size
    log_stable = np.empty(n_models)
    log_step = np.empty((n_models, starts.size))
    log_ramp = np.empty(n_models)
    exponent = projections.exponent
    increments = projections.increments(response)
    ramp_increments = projections.increments(ramp)
    for model, projected in enumerate(projections):
        covariance = projected.step_rows @ response
        remaining = max(float(increments @ covariance), 1e-300)
        share = covariance[starts] ** 2 / (projected.information[starts] * remaining)
        log_stable[model] = projected.log_weight - exponent * np.log(remaining)
        log_step[model] = log_stable[model] - exponent * np.log(
            np.maximum(1 - share, RESIDUAL_FLOOR)
        )
        ramp_information = ramp_increments @ (projected.step_rows @ ramp)
        ramp_share = (ramp_increments @ covariance) ** 2 / (ramp_information * remaining)
        log_ramp[model] = log_stable[model] - exponent * np.log(
            np.maximum(1 - ramp_share, RESIDUAL_FLOOR)
        )
    return ShiftEvidence(log_stable, log_step - np.log(starts.size), log_ramp)


class Scan(NamedTuple):
    """What a scan of many series found in each.

    Attributes
    ----------
    statistic : array of shape (n_series,)
        Twice the log ratio of shift-and-memory to memory alone.
    first, second : arrays of shape (n_series,)
        Rows of the best step under the best memory model; of the best pair of steps for a scan of
        pairs, otherwise the same row twice.
    """

    statistic: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


def scan_draws(
    responses: NDArray[np.float64],
    projections: Projections,
    starts: NDArray[np.int64],
    *,
    pairs: Pairs | None = None,
    memory: bool = True,
) -> Scan:
    """Compute the step-against-memory statistic of many series at once.

    Parameters
    ----------
    responses : array of shape (n_rows, n_series)
        Standardised residuals.
    projections, starts
        As for `weigh_shift`.
    pairs : Pairs, optional
        Scan these pairs of steps (`candidate_pairs`) instead of single steps.
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
    base = projections.base
    fitted, *_ = np.linalg.lstsq(base, responses, rcond=None)
    centred = responses - base @ fitted
    increments = projections.increments(centred).astype(np.float32)
    single = centred.astype(np.float32)
    left, right = pairs or (starts, starts)
    n_models = projections.models.grid.rho.size if memory else 1
    log_stable = np.empty((n_models, n_series))
    log_shift = np.empty((n_models, n_series))
    place = np.empty((n_models, n_series), dtype=np.int64)
    chunk = max(32, 65_536 // max(n_rows, left.size // 2))
    blocks = [slice(first, first + chunk) for first in range(0, n_series, chunk)]
    for model, projected in enumerate(islice(projections, n_models)):
        step_rows = projected.step_rows.astype(np.float32)
        weights = _pair_weights(projected, projections.column, left, right) if pairs else None
        information = (1 / projected.information[starts]).astype(np.float32)
        for block in blocks:
            scores = step_rows @ single[:, block]
            remaining = np.einsum("ij,ij->j", scores, increments[:, block])
            remaining = np.maximum(remaining, np.float32(1e-12))
            if weights is None:
                share = scores[starts]
                share *= share
                share *= information[:, None]
            else:
                share = _pair_reduction(scores, left, right, weights)
            share /= remaining
            np.subtract(np.float32(1), share, out=share)
            np.maximum(share, np.float32(1e-7), out=share)
            np.log(share, out=share)
            share *= -exponent
            best = share.argmax(axis=0)
            largest = np.take_along_axis(share, best[None, :], axis=0)[0]
            place[model, block] = best
            share -= largest
            np.exp(share, out=share)
            log_stable[model, block] = projected.log_weight - exponent * np.log(remaining)
            log_shift[model, block] = largest + np.log(share.mean(axis=0))
    log_shift += log_stable
    best = np.take_along_axis(place, log_shift.argmax(axis=0)[None, :], axis=0)[0]
    statistic = 2 * (_log_sum_columns(log_shift) - _log_sum_columns(log_stable))
    return Scan(statistic, left[best], right[best])


def _log_sum_columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the sum of exponentials of each column."""
    largest = values.max(axis=0)
    return np.asarray(largest + np.log(np.exp(values - largest).sum(axis=0)), dtype=np.float64)


def candidate_pairs(starts: NDArray[np.int64], min_rows: int) -> Pairs:
    """Return the up-and-back episodes to scan: every length at a coarseness a quarter of it.

    Episodes of 2, 3, 4, 6, 8, 12, ... candidate rows, each started at every quarter of its
    length: of order n log n pairs instead of n squared, and every episode is matched within a
    quarter of its length. Episodes of fewer than `min_rows` rows are left out.
    """
    left: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    right: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    doublings = range(1, max(2, int(starts.size).bit_length()))
    lengths = sorted({2, 3, *(2**k for k in doublings), *(3 * 2**k for k in doublings)})
    for length in lengths:
        first = np.arange(0, starts.size - length, max(1, length // 4))
        long_enough = starts[first + length] - starts[first] >= min_rows
        left.append(starts[first[long_enough]])
        right.append(starts[first[long_enough] + length])
    return np.concatenate(left), np.concatenate(right)


def _pair_weights(
    projected: Projection,
    column: NDArray[np.float64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return the inverse of each pair's 2 x 2 information as three rows (n_pairs each)."""
    products = np.cumsum((projected.step_rows * column)[:, ::-1], axis=1)[:, ::-1]
    first, second = products[left, left], products[right, right]
    cross = products[left, right]
    determinant = np.maximum(first * second - cross**2, 1e-12 * first * second)
    inverse = np.stack([second, -2 * cross, first]) / determinant
    return inverse.astype(np.float32)


def _pair_reduction(
    scores: NDArray[np.float32],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return how much each pair of steps reduces the residual sum of squares."""
    first, second = scores[left], scores[right]
    reduction = weights[1][:, None] * second
    reduction += weights[0][:, None] * first
    reduction *= first
    second *= second
    second *= weights[2][:, None]
    reduction += second
    return np.asarray(reduction, dtype=np.float32)


def best_pair(
    response: NDArray[np.float64], projections: Projections, pairs: Pairs
) -> tuple[int, int]:
    """Return the rows of the most probable pair of steps, the memory averaged over."""
    left, right = pairs
    exponent = projections.exponent
    increments = projections.increments(response)
    log_pair = np.empty((projections.models.grid.rho.size, left.size))
    for model, projected in enumerate(projections):
        covariance = projected.step_rows @ response
        remaining = max(float(increments @ covariance), 1e-300)
        weights = _pair_weights(projected, projections.column, left, right).astype(np.float64)
        first, second = covariance[left], covariance[right]
        share = weights[0] * first**2 + weights[1] * first * second + weights[2] * second**2
        share = np.maximum(1 - share / remaining, RESIDUAL_FLOOR)
        log_pair[model] = projected.log_weight - exponent * (np.log(remaining) + np.log(share))
    total = _normalise(log_pair).sum(axis=0)
    best = int(np.argmax(total))
    return int(left[best]), int(right[best])


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
