"""Which division into segments fits best, for each number of segments and for each penalty?

Exact optimal segmentation of rates by penalised Poisson deviance. No test and no honesty about
memory: for exploring, and for cross-checking `trends.analysis.changepoint`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 128
CELLS = 48


class PathStep(NamedTuple):
    """One division on the penalty path.

    Attributes
    ----------
    starts : tuple of int
        First row of every segment but the first.
    cost : float
        Poisson deviance of the division divided by the dispersion.
    penalty_low, penalty_high : float
        Range of penalties per changepoint for which this division is the best one.
    """

    starts: tuple[int, ...]
    cost: float
    penalty_low: float
    penalty_high: float


def poisson_cost(
    count: NDArray[np.float64] | float, exposure: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Return twice the negative profiled Poisson log likelihood of segments with these totals.

    Up to a constant that does not depend on the division: ``2 S (log U - log S)``.
    """
    count = np.asarray(count, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = 2 * count * (np.log(exposure) - np.log(count))
    return np.where(count > 0, cost, 0.0)


def robust_dispersion(count: NDArray[np.float64], exposure: NDArray[np.float64]) -> float:
    """Return the variance-to-mean ratio from neighbouring differences, at least 1.

    A shift touches one difference only, and differences far beyond the others are left out, so
    shifts hardly move it. Memory does: positive memory makes it too small.
    """
    between = exposure[1:] * exposure[:-1] / (exposure[1:] + exposure[:-1])
    squares = np.diff(count / exposure) ** 2 * between
    pooled = (count[1:] + count[:-1]) / (exposure[1:] + exposure[:-1])
    # twice the reduced exposure-weighted pooled rate is the variance of the difference; the
    # factor cancels for equal exposure into (y1 - y2)^2 / 2 over (y1 + y2) / 2
    standardised = squares / np.where(pooled > 0, pooled, np.inf)
    typical = np.median(standardised) / 0.455
    keep = standardised <= 12 * typical if typical > 0 else np.full(squares.size, fill_value=True)
    if pooled[keep].sum() <= 0:
        return 1.0
    return float(max(1.0, squares[keep].sum() / pooled[keep].sum()))


def optimal_segments(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    penalty: float,
    *,
    min_rows: int = 2,
    dispersion: float = 1.0,
) -> tuple[int, ...]:
    """Return the first row of every segment but the first in the best penalised division.

    Minimises Poisson deviance / dispersion + penalty * changepoints exactly. Candidates are
    pruned when no rate exists at which they could still win (functional pruning), checked for
    whole blocks of rows and cells of rates at a time.

    References
    ----------
    Maidstone R, Hocking T, Rigaill G, Fearnhead P (2017). On optimal multiple changepoint
    algorithms for large data. Statistics and Computing 27(2):519-533.
    doi:10.1007/s11222-016-9636-3
    """
    n_rows = count.size
    price = penalty * dispersion
    totals = np.concatenate([[0.0], np.cumsum(count)])
    spans = np.concatenate([[0.0], np.cumsum(exposure)])
    best = np.full(n_rows + 1, np.inf)
    best[0] = -price
    previous = np.zeros(n_rows + 1, dtype=np.int64)
    alive = np.array([0], dtype=np.int64)
    largest = float(np.max(count / exposure))
    too_near = ~np.tri(BLOCK, k=-min_rows, dtype=bool)
    for first in range(0, n_rows, BLOCK):
        last = min(first + BLOCK, n_rows)
        ends = np.arange(first + 1, last + 1)
        # candidates from earlier blocks, all ends of this block at once
        reach = best[alive, None] + poisson_cost(
            totals[ends] - totals[alive, None], spans[ends] - spans[alive, None]
        )
        reach[ends < alive[:, None] + min_rows] = np.inf
        winner = np.argmin(reach, axis=0)
        best[ends] = reach[winner, np.arange(ends.size)] + price
        previous[ends] = alive[winner]
        # candidates inside the block, the cost of every pair at once
        total = totals[ends, None] - totals[ends]
        with np.errstate(divide="ignore", invalid="ignore"):
            cost = np.log((spans[ends, None] - spans[ends]) / total)
            cost *= 2 * total
        cost[total <= 0] = 0.0
        reached = best[ends]
        cost[too_near[: ends.size, : ends.size]] = np.inf
        # Before the first end that a start of this block serves better, nothing changes. From there
        # on each end asks the starts before it, which are final by then.
        served = (cost + reached).min(axis=1) + price < reached
        for end in range(int(np.argmax(served)) if served.any() else ends.size, ends.size):
            through = cost[end, :end] + reached[:end]
            start = through.argmin()
            if through[start] + price < reached[end]:
                reached[end] = through[start] + price
                previous[first + 1 + end] = first + 1 + start
        best[ends] = reached
        alive = np.append(alive, ends[np.isfinite(best[ends])])
        if last < n_rows:
            alive = _prune(alive, best, totals, spans, last, min_rows, largest)
    starts: list[int] = []
    end = n_rows
    while previous[end] > 0:
        end = int(previous[end])
        starts.append(end)
    return tuple(reversed(starts))


def _prune(
    alive: NDArray[np.int64],
    best: NDArray[np.float64],
    totals: NDArray[np.float64],
    spans: NDArray[np.float64],
    now: int,
    min_rows: int,
    largest: float,
) -> NDArray[np.int64]:
    """Drop candidates that lose to another one at every rate.

    A candidate's cost at rate r is ``best - 2 S + 2 (r U - S log r)``. Rates are cut into cells;
    in each cell the winners at its two ends are the rivals. The difference to a rival is convex
    in r (the candidate is older) or concave (it is younger), so its least value over the cell is
    known in closed form: what is dropped could never have won. No rate is above the `largest`.
    """
    ready = alive[alive <= now - min_rows]
    waiting = alive[alive > now - min_rows]
    if ready.size < 3:
        return alive
    total = totals[now] - totals[ready]
    span = spans[now] - spans[ready]
    floor = 1e-9 * max(totals[-1], 1.0) / spans[-1]
    means = np.unique(np.maximum(total / span, floor))
    inner = means[np.linspace(0, means.size - 1, min(CELLS, means.size)).astype(np.int64)]
    edges = np.unique(np.concatenate([[floor], inner, [2 * largest + floor]]))
    log_edges = np.log(edges)
    # the profiled cost leaves out 2 S, so that it goes back in here
    fixed = best[ready] - 2 * total
    value = fixed[:, None] + 2 * (span[:, None] * edges - total[:, None] * log_edges)
    rival_at_edge = np.argmin(value, axis=0)
    survives = np.zeros(ready.size, dtype=bool)
    survives[rival_at_edge] = True
    undecided = np.flatnonzero(~survives)
    if undecided.size == 0:
        return alive
    possible = np.ones((undecided.size, edges.size - 1), dtype=bool)
    for rivals in (rival_at_edge[:-1], rival_at_edge[1:]):
        fall = span[undecided, None] - span[rivals]
        rise = total[undecided, None] - total[rivals]
        constant = fixed[undecided, None] - fixed[rivals]
        with np.errstate(divide="ignore", invalid="ignore"):
            turning = np.where((fall > 0) & (rise > 0), rise / fall, edges[:-1])
        turning = np.clip(turning, edges[:-1], edges[1:])
        least = np.minimum(
            value[undecided, :-1] - value[rivals, np.arange(edges.size - 1)],
            value[undecided, 1:] - value[rivals, np.arange(1, edges.size)],
        )
        inside = constant + 2 * (fall * turning - rise * np.log(turning))
        possible &= np.minimum(least, inside) <= 0
    survives[undecided] = possible.any(axis=1)
    return np.concatenate([ready[survives], waiting])


def penalty_path(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    *,
    min_rows: int = 2,
    dispersion: float = 1.0,
    max_changes: int | None = None,
) -> tuple[PathStep, ...]:
    """Return every division that is best for some penalty, fewest changepoints first.

    Dynamic programming over the number of segments (Auger and Lawrence 1989), then the lower
    convex hull of cost against number of changepoints. With ``max_changes`` the path stops there
    and its last step reaches down to the penalty where one more changepoint might enter.
    """
    n_rows = count.size
    most = n_rows // min_rows - 1
    most = most if max_changes is None else min(most, max_changes)
    totals = np.concatenate([[0.0], np.cumsum(count)])
    spans = np.concatenate([[0.0], np.cumsum(exposure)])
    between = np.abs(spans[None, :] - spans[:, None])
    cost = poisson_cost(totals[None, :] - totals[:, None], between)
    cost /= dispersion
    position = np.arange(n_rows + 1)
    cost[position[None, :] - position[:, None] < min_rows] = np.inf
    reached = cost[0].copy()
    costs = [float(reached[-1])]
    origins: list[NDArray[np.int64]] = []
    for _ in range(most):
        through = reached[:, None] + cost
        origin = np.argmin(through, axis=0)
        reached = through[origin, position]
        if not np.isfinite(reached[-1]):
            break
        origins.append(origin)
        costs.append(float(reached[-1]))
    return _hull(np.array(costs), origins, n_rows)


def _hull(
    costs: NDArray[np.float64], origins: list[NDArray[np.int64]], n_rows: int
) -> tuple[PathStep, ...]:
    """Keep the numbers of changepoints that some penalty prefers."""
    kept = [0]
    drops: list[float] = [np.inf]
    while kept[-1] < costs.size - 1:
        here = kept[-1]
        further = np.arange(here + 1, costs.size)
        slope = (costs[here] - costs[further]) / (further - here)
        steepest = int(further[np.flatnonzero(slope == slope.max())[-1]])
        if slope.max() <= 1e-9:
            break
        kept.append(steepest)
        drops.append(float(slope.max()))
    lows = [*drops[1:], 0.0]
    path = []
    for number, high, low in zip(kept, drops, lows, strict=True):
        starts = []
        end = n_rows
        for layer in range(number - 1, -1, -1):
            end = int(origins[layer][end])
            starts.append(end)
        path.append(PathStep(tuple(reversed(starts)), float(costs[number]), low, high))
    return tuple(path)
