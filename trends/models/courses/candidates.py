"""What shapes may a log rate take, and at which dates?

A course is a set of columns on the log scale, each a change by a factor that is beforehand taken to
lie within about three either way. Dates are rows; the first row after a change carries it.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.known_jumps import NEAR_JUMP
from trends.models.shifts.level_shift import best_divisions

#: Prior standard deviation of every change on the log scale.
CHANGE = 1.0
#: Fewest rows of a level, and of a line between two joins.
LEAST_LEVEL, LEAST_LINE = 3, 6
#: Fewest rows that let a course be told from the simpler ones at all.
LEAST_ROWS = {
    "steady": 8,
    "wander": 8,
    "slope": 8,
    "step": 8,
    "step_on_slope": 12,
    "step_on_wander": 24,
    "bend": 18,
    "two_bends": 36,
    "two_steps": 12,
    "three_steps": 24,
    "four_steps": 36,
    "episode": 16,
}
#: Most sets of dates of one course that are weighed in full.
MOST_SETS = 80
#: Dates at which one bend, and two, may be.
N_BENDS, N_TWO_BENDS = 32, 14


def slope_columns(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a straight line that rises by one over the series, shape (1, n_rows, 1)."""
    return ((times - (times[0] + times[-1]) / 2) / (times[-1] - times[0]))[None, :, None]


def bend_columns(times: NDArray[np.float64], joins: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a broken line as its change over each stretch: (n_sets, n_rows, n_joins + 1)."""
    n_sets = joins.shape[0]
    ends = np.column_stack([np.full(n_sets, times[0]), times[joins], np.full(n_sets, times[-1])])
    low, high = ends[:, None, :-1], ends[:, None, 1:]
    share = (times[None, :, None] - low) / (high - low)
    columns: NDArray[np.float64] = np.clip(share, 0, 1)
    return columns


def step_columns(n_rows: int, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return steps that last, shape (n_sets, n_rows, n_steps)."""
    return (np.arange(n_rows)[None, :, None] >= starts[:, None, :]).astype(np.float64)


def episode_columns(n_rows: int, ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return episodes from first to before second row, shape (n_sets, n_rows, 1)."""
    row = np.arange(n_rows)[None, :, None]
    inside = (row >= ends[:, None, :1]) & (row < ends[:, None, 1:])
    return inside.astype(np.float64)


def free_rows(jumps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return at which rows a level may change beside known jumps, shape (n_rows + 1,).

    Parameters
    ----------
    jumps : array of shape (n_rows, n_jumps)
        Columns that are 0 before a jump and 1 from it on.
    """
    rows = np.arange(jumps.shape[0] + 1)
    first = jumps.argmax(axis=0)
    return ~(np.abs(rows[:, None] - first[None, :]) <= NEAR_JUMP).any(axis=1)


def step_dates(free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return every row at which a step may be, shape (n_sets, 1)."""
    rows = np.arange(LEAST_LEVEL, free.size - LEAST_LEVEL, dtype=np.int64)
    return rows[free[rows]][:, None]


def bend_dates(n_rows: int, n_bends: int) -> NDArray[np.int64]:
    """Return sets of rows at which a line may bend, shape (n_sets, n_bends)."""
    first, last = LEAST_LINE, n_rows - 1 - LEAST_LINE
    most = N_BENDS if n_bends == 1 else N_TWO_BENDS
    nodes = np.unique(np.linspace(first, last, min(most, max(last - first + 1, 0))).astype(int))
    if n_bends == 1:
        return nodes[:, None].astype(np.int64)
    left, right = np.triu_indices(nodes.size, 1)
    pairs = np.column_stack([nodes[left], nodes[right]])
    return pairs[np.diff(pairs, axis=1)[:, 0] >= LEAST_LINE].astype(np.int64)


def episode_dates(
    response: NDArray[np.float64], column: NDArray[np.float64], free: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], int]:
    """Return the episodes that fit best, and how many there are: at most half of the series.

    Parameters
    ----------
    response, column : arrays of shape (n_rows,)
        Standardised roots without anything but their level, and the effect of the level on them.
    free : array of bool, shape (n_rows + 1,)
        Rows at which an episode may begin or end.
    """
    n_rows = response.size
    before, after, inside = _sums(response, column)
    start, end = np.indices((n_rows + 1, n_rows + 1))
    length = end - start
    allowed = (start >= LEAST_LEVEL) & (end <= n_rows - LEAST_LEVEL) & free[start] & free[end]
    allowed &= (length >= LEAST_LEVEL) & (length <= n_rows // 2)
    outside_sum, outside_square = before[0] + after[0], before[1] + after[1]
    gain = _gain(inside) + _gain((outside_sum, outside_square))
    return _best(gain, allowed), int(allowed.sum())


def two_step_dates(
    response: NDArray[np.float64], column: NDArray[np.float64], free: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], int]:
    """Return the pairs of steps that fit best, and how many there are."""
    n_rows = response.size
    before, after, inside = _sums(response, column)
    start, end = np.indices((n_rows + 1, n_rows + 1))
    allowed = (start >= LEAST_LEVEL) & (end <= n_rows - LEAST_LEVEL) & free[start] & free[end]
    allowed &= end - start >= LEAST_LEVEL
    gain = _gain(before) + _gain(inside) + _gain(after)
    return _best(gain, allowed), int(allowed.sum())


def many_step_dates(
    response: NDArray[np.float64],
    column: NDArray[np.float64],
    free: NDArray[np.bool_],
    n_steps: int,
) -> tuple[NDArray[np.int64], int]:
    """Return sets of three or more steps around the best one, and how many sets there are."""
    n_rows = response.size
    nodes = np.arange(n_rows + 1, dtype=np.int64)
    best = best_divisions(response[:, None], column, nodes, n_steps, LEAST_LEVEL)[n_steps][0]
    per_step = max(2, round(MOST_SETS ** (1 / n_steps)))
    choices = []
    ends = np.concatenate([[0], best, [n_rows]])
    for step in range(n_steps):
        low, high = int(ends[step]) + LEAST_LEVEL, int(ends[step + 2]) - LEAST_LEVEL
        places = np.arange(low, high + 1)
        places = places[free[places]]
        sums = _part(response * column, int(ends[step]), places, int(ends[step + 2]))
        squares = _part(column**2, int(ends[step]), places, int(ends[step + 2]))
        gain = sums[0] ** 2 / squares[0] + sums[1] ** 2 / squares[1]
        choices.append(np.sort(places[np.argsort(-gain)[:per_step]]))
    sets = np.array(np.meshgrid(*choices, indexing="ij")).reshape(n_steps, -1).T
    sets = sets[(np.diff(sets, axis=1) >= LEAST_LEVEL).all(axis=1)]
    n_free = int(free[LEAST_LEVEL : n_rows - LEAST_LEVEL + 1].sum())
    n_sets = comb(max(n_free - (n_steps - 1) * (LEAST_LEVEL - 1), n_steps), n_steps)
    return sets.astype(np.int64), n_sets


def _part(
    values: NDArray[np.float64], first: int, places: NDArray[np.int64], last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums before and from each place between two rows."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[places] - sums[first], sums[last] - sums[places]


_Sums = tuple[NDArray[np.float64], NDArray[np.float64]]


def _sums(response: NDArray[np.float64], column: NDArray[np.float64]) -> tuple[_Sums, _Sums, _Sums]:
    """Return sums of products and of squares before, after and in every stretch of rows."""
    cross = np.concatenate([[0.0], np.cumsum(response * column)])
    square = np.concatenate([[0.0], np.cumsum(column**2)])
    before = (cross[:, None], square[:, None])
    after = ((cross[-1] - cross)[None, :], (square[-1] - square)[None, :])
    inside = (cross[None, :] - cross[:, None], square[None, :] - square[:, None])
    return before, after, inside


def _gain(sums: _Sums) -> NDArray[np.float64]:
    """Return the sum of squares that a level of its own explains."""
    cross, square = sums
    return np.asarray(cross**2 / np.where(square > 0, square, np.inf), dtype=np.float64)


def _best(
    gain: NDArray[np.float64],
    allowed: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the allowed pairs with the largest gain, shape (n_sets, 2)."""
    flat = np.where(allowed, gain, -np.inf).ravel()
    n_kept = min(MOST_SETS, int(allowed.sum()))
    if n_kept == 0:
        return np.empty((0, 2), dtype=np.int64)
    kept = np.argpartition(-flat, n_kept - 1)[:n_kept]
    return np.column_stack(np.unravel_index(kept, gain.shape)).astype(np.int64)
