"""At which times does a broken line bend, if it may bend anywhere?

Everything here is least squares on Gram matrices: weights and memory enter before, when the Gram is
made, so that one search serves weighted, whitened and permuted responses alike.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

#: Sets of bends that are searched one by one; beyond, the best of fewer sets is improved.
MOST_SETS = 1_000_000
#: Sets of the coarser grid of candidates that the improvement also starts from.
_COARSE_SETS = 8_000
#: Squared length, relative to the hinge's own, below which a hinge adds nothing new.
_NEGLIGIBLE = 1e-9


class HingeGram(NamedTuple):
    """Inner products of candidate hinges after the base columns are taken out of them.

    Attributes
    ----------
    gram : ndarray, shape (n_candidates, n_candidates)
        Of the candidates with one another.
    cross : ndarray, shape (n_candidates, n_responses)
        Of the candidates with each response.
    rest : ndarray, shape (n_responses,)
        Residual sum of squares of each response on the base columns alone.
    """

    gram: np.ndarray
    cross: np.ndarray
    rest: np.ndarray


def hinge_gram(
    base: np.ndarray, hinges: np.ndarray, responses: np.ndarray, metric: np.ndarray | None = None
) -> HingeGram:
    """Return the Gram of hinges and responses in a metric, with the base columns swept out.

    Parameters
    ----------
    base : ndarray, shape (n_observed, n_base)
    hinges : ndarray, shape (n_observed, n_candidates)
    responses : ndarray, shape (n_observed, n_responses)
    metric : ndarray, shape (n_observed, n_observed), optional
        Symmetric positive definite; identity by default.
    """
    every = np.column_stack([hinges, responses])
    within_base = base if metric is None else metric @ base
    within_every = every if metric is None else metric @ every
    on_base = np.linalg.solve(base.T @ within_base, within_base.T @ every)
    swept = every.T @ within_every - (within_every.T @ base) @ on_base
    n_candidates = hinges.shape[1]
    return HingeGram(
        gram=swept[:n_candidates, :n_candidates],
        cross=swept[:n_candidates, n_candidates:],
        rest=np.diag(swept)[n_candidates:],
    )


def best_bends(
    inner: HingeGram, candidates: np.ndarray, n_bends: int, spacing: int
) -> tuple[int, ...]:
    """Return the candidates that together explain most of the first response.

    Parameters
    ----------
    inner : HingeGram
        With one response.
    candidates : ndarray of int, shape (n_candidates,)
        Increasing positions of the candidates.
    n_bends : int
        How many to choose.
    spacing : int
        Least distance of two chosen positions.

    Returns
    -------
    tuple of int
        Indices into the candidates, increasing; fewer than asked for only if they do not fit.

    Notes
    -----
    Exhaustive while there are at most a million sets. Beyond that the best smaller set with one
    more bend, and the best set on every second, third or later candidate, are improved: every pair
    of bends is searched again exhaustively with the others held, until no pair improves.
    """
    follow = np.searchsorted(candidates, candidates + spacing)
    if n_bends == 0:
        return ()
    if comb(candidates.size, n_bends) <= MOST_SETS:
        _, chosen = _explain(inner.gram, inner.cross[:, 0], follow, n_bends)
        return chosen
    smaller = best_bends(inner, candidates, n_bends - 1, spacing)
    starts = [_grown(inner, candidates, smaller, spacing)]
    coarse = _best_of_coarser(inner, candidates, n_bends, spacing)
    if coarse:
        starts.append(coarse)
    improved = [_improve_pairs(inner, candidates, start, spacing) for start in starts]
    return max(improved)[1]


def _best_of_coarser(
    inner: HingeGram, candidates: np.ndarray, n_bends: int, spacing: int
) -> tuple[int, ...]:
    """Return the best set on a grid of candidates so coarse that its sets are few."""
    step = 2
    while comb(-(-candidates.size // step), n_bends) > _COARSE_SETS:
        step += 1
    places = candidates[::step]
    follow = np.searchsorted(places, places + spacing)
    _, chosen = _explain(inner.gram[::step, ::step], inner.cross[::step, 0], follow, n_bends)
    return tuple(step * place for place in chosen)


def _explain(
    gram: np.ndarray, cross: np.ndarray, follow: np.ndarray, n_bends: int
) -> tuple[float, tuple[int, ...]]:
    """Return the best explained sum of squares, and which candidates explain it."""
    size = cross.size
    if size == 0:
        return -np.inf, ()
    own = np.diag(gram)
    usable = own > _NEGLIGIBLE * np.maximum(own.max(initial=0.0), 1e-300)
    if n_bends == 1:
        gains = np.where(usable, cross**2 / np.where(usable, own, 1.0), -np.inf)
        best = int(np.argmax(gains))
        return float(gains[best]), (best,)
    if n_bends == 2:
        return _best_pair(gram, cross, follow)
    best_gain: float = -np.inf
    best_set: tuple[int, ...] = ()
    for bend in range(size):
        start = int(follow[bend])
        if start >= size:
            break
        if not usable[bend]:
            continue
        share = gram[start:, bend] / own[bend]
        left = gram[start:, start:] - share[:, None] * gram[bend, start:][None, :]
        left_cross = cross[start:] - share * cross[bend]
        more, chosen = _explain(left, left_cross, follow[start:] - start, n_bends - 1)
        gain = more + float(cross[bend] ** 2 / own[bend])
        if gain > best_gain:
            best_gain, best_set = gain, (bend, *(start + index for index in chosen))
    return best_gain, best_set


def _best_pair(
    gram: np.ndarray, cross: np.ndarray, follow: np.ndarray
) -> tuple[float, tuple[int, ...]]:
    """Return the best pair of candidates at once, by the closed form of two regressors."""
    own = np.diag(gram)
    known = own > 0
    length = np.sqrt(np.where(known, own, 1.0))
    # regressors of unit length: with correlation r a pair explains (a^2 + b^2 - 2rab) / (1 - r^2)
    correlation = gram / length[:, None]
    correlation /= length
    scaled = cross / length
    squares = scaled**2
    gain = -2.0 * correlation
    gain *= scaled[:, None]
    gain *= scaled
    gain += squares[:, None]
    gain += squares
    np.square(correlation, out=correlation)
    np.subtract(1.0, correlation, out=correlation)
    allowed = correlation > _NEGLIGIBLE
    allowed &= np.arange(cross.size) >= follow[:, None]
    allowed &= known[:, None] & known
    if not allowed.any():
        return -np.inf, ()
    np.divide(gain, correlation, out=gain, where=allowed)
    gain[~allowed] = -np.inf
    best = int(np.argmax(gain))
    earlier, later = divmod(best, cross.size)
    return float(gain[earlier, later]), (earlier, later)


def _grown(
    inner: HingeGram, candidates: np.ndarray, smaller: tuple[int, ...], spacing: int
) -> tuple[int, ...]:
    """Return the best set with one bend more that keeps all but at most one of `smaller`."""
    held = [smaller, *(smaller[:i] + smaller[i + 1 :] for i in range(len(smaller)))]
    size = len(smaller) + 1
    return max(_add(inner, candidates, kept, size - len(kept), spacing) for kept in held)[1]


def _improve_pairs(
    inner: HingeGram, candidates: np.ndarray, chosen: tuple[int, ...], spacing: int
) -> tuple[float, tuple[int, ...]]:
    """Return what a set explains and the set, every pair re-searched until nothing improves."""
    best = -np.inf
    improved = True
    while improved:
        improved = False
        for pair in combinations(chosen, 2):
            held = tuple(bend for bend in chosen if bend not in pair)
            gain, other = _add(inner, candidates, held, 2, spacing)
            if gain > best + 1e-10 * abs(best) or np.isneginf(best):
                improved = improved or other != chosen
                best, chosen = gain, other
                if improved:
                    break
    return best, chosen


def _add(
    inner: HingeGram, candidates: np.ndarray, held: tuple[int, ...], n_more: int, spacing: int
) -> tuple[float, tuple[int, ...]]:
    """Return the best set that keeps the held bends and adds one or two more."""
    gram, cross = inner.gram, inner.cross[:, 0]
    gain = 0.0
    index = np.arange(candidates.size)
    if held:
        chosen = np.array(held)
        on_held = np.linalg.solve(gram[np.ix_(chosen, chosen)], gram[chosen])
        gain = float(cross[chosen] @ np.linalg.solve(gram[np.ix_(chosen, chosen)], cross[chosen]))
        left_cross = cross - on_held.T @ cross[chosen]
        left = gram - gram[:, chosen] @ on_held
        apart = np.abs(candidates[:, None] - candidates[chosen][None, :]).min(axis=1)
        index = np.flatnonzero(apart >= spacing)
        gram, cross = left[np.ix_(index, index)], left_cross[index]
    if index.size < n_more:
        return -np.inf, held
    follow = np.searchsorted(candidates[index], candidates[index] + spacing)
    more, added = _explain(gram, cross, follow, n_more)
    if not added:
        return -np.inf, held
    return gain + more, tuple(sorted((*held, *(int(index[position]) for position in added))))


def most_explained(inner: HingeGram, follow: np.ndarray, n_bends: int) -> np.ndarray:
    """Return, for every response, the most that any `n_bends` allowed candidates explain.

    Parameters
    ----------
    inner : HingeGram
        With many responses.
    follow : ndarray of int, shape (n_candidates,)
        Index of the first candidate that may come after each one.
    n_bends : int

    Returns
    -------
    ndarray, shape (n_responses,)
    """
    n_responses = inner.cross.shape[1]
    if n_bends == 0:
        return np.zeros(n_responses)
    # Single precision and blocks of responses keep the work inside the processor's cache; the
    # explained sums are right to about six digits.
    gram = inner.gram
    cross = inner.cross.astype(np.float32)
    best = [
        _most(gram, np.ascontiguousarray(cross[:, start : start + 256]), follow, n_bends)
        for start in range(0, n_responses, 256)
    ]
    return np.concatenate(best).astype(float)


def _most(gram: np.ndarray, cross: np.ndarray, follow: np.ndarray, n_bends: int) -> np.ndarray:
    """Return the most explained of a block of responses, one bend taken out at a time."""
    own = np.diag(gram).copy()
    usable = own > _NEGLIGIBLE * max(float(own.max(initial=0.0)), 1e-300)
    inverse = np.where(usable, 1 / np.where(usable, own, 1.0), 0.0)
    if n_bends == 1:
        scaled = cross * np.sqrt(inverse).astype(np.float32)[:, None]
        np.square(scaled, out=scaled)
        most: np.ndarray = scaled.max(axis=0)
        return most
    best = np.full(cross.shape[1], -np.inf, dtype=np.float32)
    if n_bends == 2:
        _most_of_pairs(gram, cross, follow, inverse, best)
        return best
    for bend in range(own.size):
        start = int(follow[bend])
        if start >= own.size:
            break
        if not usable[bend]:
            continue
        share = gram[start:, bend] * inverse[bend]
        left = gram[start:, start:] - np.multiply.outer(share, gram[bend, start:])
        left_cross = cross[start:] - np.multiply.outer(share.astype(np.float32), cross[bend])
        more = _most(left, left_cross, follow[start:] - start, n_bends - 1)
        more += cross[bend] ** 2 * np.float32(inverse[bend])
        np.maximum(best, more, out=best)
    return best


def _most_of_pairs(
    gram: np.ndarray,
    cross: np.ndarray,
    follow: np.ndarray,
    inverse: np.ndarray,
    best: np.ndarray,
) -> None:
    """Raise `best` to the most that any allowed pair explains; the inner loop of every search."""
    own = np.diag(gram)
    scaled, moved = np.empty_like(cross), np.empty_like(cross)
    for bend in range(own.size):
        start = int(follow[bend])
        if start >= own.size:
            break
        if inverse[bend] == 0:
            continue
        share = gram[start:, bend] * inverse[bend]
        left = own[start:] - share * gram[bend, start:]
        usable = left > _NEGLIGIBLE * own[start:]
        root = np.where(usable, 1 / np.sqrt(np.where(usable, left, 1.0)), 0.0)
        size = root.size
        np.multiply(cross[start:], root.astype(np.float32)[:, None], out=scaled[:size])
        np.multiply.outer((share * root).astype(np.float32), cross[bend], out=moved[:size])
        scaled[:size] -= moved[:size]
        np.square(scaled[:size], out=scaled[:size])
        more = scaled[:size].max(axis=0)
        more += cross[bend] ** 2 * np.float32(inverse[bend])
        np.maximum(best, more, out=best)
