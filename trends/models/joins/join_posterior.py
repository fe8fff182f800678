"""Where may the joins of a broken line be, and how fast may it rise or fall in between?

A broken line is linear in everything but the places of its joins. Here the places are not fixed at
the best ones: every set of places that the series leaves open is weighed, together with every
memory, so that what is said of a slope holds over all of them, and a join counts for as much as
its places explain on average, not for as much as its luckiest place does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, stdtr, stdtrit

from trends.models.counts.memory import MemoryGrid, precision_matrix
from trends.models.counts.observed import hinge_columns
from trends.models.counts.serial_dependence import band_shares

#: Most sets of places that are weighed.
_MOST_SETS = 3000
#: Log weight below that of the best at which a place is no longer open.
_OPEN = 9.0
#: Weight beside the largest at which a part of a mixture is dropped.
_NEGLIGIBLE = 1e-5


class LineProblem(NamedTuple):
    """The linearised fit of a broken line: log rates, their weights, where joins may be.

    Attributes
    ----------
    base : ndarray, shape (n_observed, n_base)
        Columns of every model: intercept, time, declared jumps.
    times : ndarray, shape (n_observed,)
        Time, in the unit of the slopes.
    response : ndarray, shape (n_observed,)
        Working response on the log scale.
    root : ndarray, shape (n_observed,)
        Square roots of the working weights.
    position : ndarray of int, shape (n_observed,)
        Place of each observed period among all periods.
    candidates : ndarray of int, shape (n_candidates,)
        Observed periods at which a join may be.
    spacing : int
        Least distance of two joins, in observed periods.
    """

    base: np.ndarray
    times: np.ndarray
    response: np.ndarray
    root: np.ndarray
    position: np.ndarray
    candidates: np.ndarray
    spacing: int

    def n_sets(self, n_joins: int) -> int:
        """Return how many sets of places there are."""
        return comb(self.candidates.size - max(n_joins - 1, 0) * (self.spacing - 1), n_joins)


@dataclass(frozen=True, kw_only=True, eq=False)
class JoinPosterior:
    """Sets of places and memories with their weights, and the line under each.

    Attributes
    ----------
    sets : ndarray of int, shape (n_sets, n_joins)
        Places among the observed periods, increasing in a row.
    weight : ndarray, shape (n_memories, n_sets)
        Sums to 1.
    params : ndarray, shape (n_memories, n_sets, n_terms)
        Coefficients: those of the base columns, then the bends.
    covariances : ndarray, shape (n_memories, n_sets, n_terms, n_terms)
    n_free : int
        Degrees of freedom of each line.
    """

    sets: np.ndarray
    weight: np.ndarray
    params: np.ndarray
    covariances: np.ndarray
    n_free: int

    def combination(self, contrasts: np.ndarray) -> Mixture:
        """Return what is known of a combination of the coefficients.

        The memories that count are those around the upper quartile of the variance they give, as
        in `trends.models.counts.serial_dependence`; the sets of places are mixed under them.

        Parameters
        ----------
        contrasts : ndarray, shape (n_sets, n_terms)
            The combination under each set of places.
        """
        centre = np.einsum("msk,sk->ms", self.params, contrasts)
        spread = np.einsum("sk,mskl,sl->ms", contrasts, self.covariances, contrasts)
        by_memory = self.weight.sum(axis=1)
        share = self.weight / np.maximum(by_memory, 1e-300)[:, None]
        mean = (share * centre).sum(axis=1)
        variance = (share * (spread + (centre - mean[:, None]) ** 2)).sum(axis=1)
        order = np.argsort(variance)
        counts = np.empty(order.size)
        counts[order] = band_shares(by_memory[order])
        weight = counts[:, None] * share
        kept = weight > _NEGLIGIBLE * weight.max()
        return Mixture(
            weight[kept] / weight[kept].sum(), centre[kept], np.sqrt(spread[kept]), self.n_free
        )

    def place_interval(self, join: int, level: float) -> tuple[int, int]:
        """Return the places between which a join lies with this much weight, tails equal."""
        places = self.sets[:, join]
        order = np.argsort(places, kind="stable")
        below = np.cumsum(self.weight.sum(axis=0)[order])
        tail = (1 - level) / 2
        ends = np.searchsorted(below, [tail, 1 - tail]).clip(max=places.size - 1)
        return int(places[order[ends[0]]]), int(places[order[ends[1]]])


class Mixture(NamedTuple):
    """A mixture of scaled t distributions.

    Attributes
    ----------
    weight, centre, scale : ndarrays, shape (n_parts,)
    n_free : int
        Degrees of freedom of every part.
    """

    weight: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    n_free: int

    @property
    def std_error(self) -> float:
        """Root of the mixed squared scales and distances from the mean."""
        mean = self.weight @ self.centre
        return float(np.sqrt(self.weight @ (self.scale**2 + (self.centre - mean) ** 2)))

    def probability_below(self, value: float) -> float:
        """Return the weight below a value."""
        return float(self.weight @ stdtr(self.n_free, (value - self.centre) / self.scale))

    def quantile(self, probability: float) -> float:
        """Return the value with this much weight below it, by bisection."""
        # It lies between the smallest and the largest of the parts' own.
        ends = self.centre + self.scale * stdtrit(self.n_free, probability)
        low, high = float(ends.min()), float(ends.max())
        for _ in range(60):
            middle = (low + high) / 2
            if self.probability_below(middle) < probability:
                low = middle
            else:
                high = middle
        return (low + high) / 2


class OpenSets(NamedTuple):
    """Sets of places that a series leaves open, with what they leave unexplained.

    Attributes
    ----------
    sets : ndarray of int, shape (n_sets, n_joins)
        Indices into the candidates.
    grams : ndarray, shape (n_memories, n_columns, n_columns)
        Inner products of base, hinges and response in the metric of every memory, the columns in
        units of their length without memory.
    lengths : ndarray, shape (n_columns,)
        These lengths; 1 for the response.
    log_dets : ndarray, shape (n_memories,)
        Log determinants of the memory correlations.
    squares : ndarray, shape (n_memories, n_sets)
        Residual sum of squares of every set.
    squares_best : ndarray, shape (n_memories,)
        Residual sum of squares of the best set.
    """

    sets: np.ndarray
    grams: np.ndarray
    lengths: np.ndarray
    log_dets: np.ndarray
    squares: np.ndarray
    squares_best: np.ndarray


def open_sets(
    problem: LineProblem, best: np.ndarray, grid: MemoryGrid, log_weight: np.ndarray
) -> OpenSets:
    """Return the sets of places that the series leaves open around the best set.

    A place is open for a join if, with the other joins held, its weight is not negligible beside
    the best place's; all combinations of open places that keep their distance are open sets.

    Parameters
    ----------
    problem : LineProblem
    best : ndarray of int, shape (n_joins,)
        Indices of the best places into the candidates.
    grid : MemoryGrid
    log_weight : ndarray, shape (n_memories,)
        Of each memory, at the best places.
    """
    grams, lengths, log_dets = _grams(problem, grid)
    n_base, n_observed = problem.base.shape[1], problem.times.size
    at_best = _squares(grams, n_base, best[None, :])[:, 0]
    places, heights = [], []
    for join in range(best.size):
        low = best[join - 1] + problem.spacing if join else 0
        last = problem.candidates.size - 1
        high = best[join + 1] - problem.spacing if join + 1 < best.size else last
        sets = np.tile(best, (high - low + 1, 1))
        sets[:, join] = np.arange(low, high + 1)
        gains = -0.5 * n_observed * np.log(_squares(grams, n_base, sets) / at_best[:, None])
        height = logsumexp(log_weight[:, None] + gains, axis=0)
        places.append(sets[:, join])
        heights.append(height - height.max())
    kept = _highest(places, heights)
    sets = np.array(list(product(*kept)), dtype=int).reshape(-1, best.size)
    sets = sets[(np.diff(sets, axis=1) >= problem.spacing).all(axis=1)]
    return OpenSets(sets, grams, lengths, log_dets, _squares(grams, n_base, sets), at_best)


def log_mean_fit(problem: LineProblem, found: OpenSets, log_weight: np.ndarray) -> float:
    """Return the log of the weight of all sets of places and memories, averaged over the sets.

    Sets that are not open count as nothing. `log_weight` is that of each memory at the best places.
    """
    gains = -0.5 * problem.times.size * np.log(found.squares / found.squares_best[:, None])
    total = float(logsumexp(log_weight[:, None] + gains))
    return total - float(np.log(problem.n_sets(found.sets.shape[1])))


def weigh_joins(
    problem: LineProblem, found: OpenSets, grid: MemoryGrid, *, least_scale: float
) -> JoinPosterior:
    """Weigh open sets of places and memories by restricted likelihood, with the line under each.

    Parameters
    ----------
    problem : LineProblem
    found : OpenSets
    grid : MemoryGrid
    least_scale : float
        Floor of the residual variance.

    Returns
    -------
    JoinPosterior
    """
    index = _columns(problem.base.shape[1], found.sets)
    within = found.grams[:, index[:, :, None], index[:, None, :]] + _ridge(index.shape[1])
    inverse = np.linalg.inv(within)
    params = np.einsum("mskl,msl->msk", inverse, found.grams[:, index, -1])
    lengths = found.lengths[index]
    log_det_within = np.linalg.slogdet(within)[1] + 2 * np.log(lengths).sum(axis=1)
    n_free = problem.times.size - index.shape[1]
    log_weight = (
        grid.log_prior[:, None]
        - 0.5 * (found.log_dets[:, None] + log_det_within)
        - 0.5 * n_free * np.log(found.squares)
    )
    weight = np.exp(log_weight - log_weight.max())
    scale = np.maximum(found.squares / n_free, least_scale)
    return JoinPosterior(
        sets=problem.candidates[found.sets],
        weight=weight / weight.sum(),
        params=params / lengths,
        covariances=scale[..., None, None] * inverse / (lengths[:, :, None] * lengths[:, None, :]),
        n_free=n_free,
    )


def _grams(problem: LineProblem, grid: MemoryGrid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inner products of base, hinges and response per memory, lengths, determinants."""
    hinges = hinge_columns(problem.times, problem.times[problem.candidates])
    columns = np.column_stack([problem.base, hinges, problem.response]) * problem.root[:, None]
    lengths = np.sqrt((columns**2).sum(axis=0))
    # A hinge over a stretch without events has next to no weight; the response keeps its unit.
    lengths = np.where(lengths > 0, lengths, 1.0)
    lengths[-1] = 1.0
    columns = columns / lengths
    gaps = np.diff(problem.position).astype(float)
    grams, log_dets = [], []
    for rho, weight in zip(grid.rho, grid.weight, strict=True):
        precision, log_det = precision_matrix(gaps, float(rho), float(weight))
        grams.append(columns.T @ precision @ columns)
        log_dets.append(log_det)
    return np.stack(grams), lengths, np.array(log_dets)


def _ridge(n_terms: int) -> np.ndarray:
    """Return what keeps columns that say nearly the same from being singular, and no more."""
    ridge: np.ndarray = 1e-12 * np.eye(n_terms)
    return ridge


def _columns(n_base: int, sets: np.ndarray) -> np.ndarray:
    """Return the columns of every set's line: the base, then its hinges."""
    base = np.broadcast_to(np.arange(n_base), (len(sets), n_base))
    return np.column_stack([base, n_base + sets]).astype(int)


def _squares(grams: np.ndarray, n_base: int, sets: np.ndarray) -> np.ndarray:
    """Return the residual sum of squares of every set under every memory."""
    index = _columns(n_base, sets)
    within = grams[:, index[:, :, None], index[:, None, :]] + _ridge(index.shape[1])
    cross = grams[:, index, -1]
    params = np.linalg.solve(within, cross[..., None])[..., 0]
    left = grams[:, -1, -1][:, None] - np.einsum("msk,msk->ms", params, cross)
    return np.maximum(left, 1e-10)


def _highest(places: list[np.ndarray], heights: list[np.ndarray]) -> list[np.ndarray]:
    """Return the open places of every join, fewer of them if there would be too many sets."""
    depth = _OPEN
    while depth >= 0.1:
        kept = [place[height >= -depth] for place, height in zip(places, heights, strict=True)]
        if np.prod([place.size for place in kept], dtype=float) <= _MOST_SETS:
            return kept
        depth *= 0.85
    # Where no place is better than another, the highest stand for all.
    most = int(_MOST_SETS ** (1 / len(places)) + 1e-9)
    return [
        np.sort(place[np.argsort(-height, kind="stable")[:most]])
        for place, height in zip(places, heights, strict=True)
    ]
