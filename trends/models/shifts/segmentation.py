"""Which division into segments fits best, for each number of segments and for each penalty?

Exact optimal segmentation of rates by penalised Poisson deviance. No test and no honesty about
memory: for exploring, and for cross-checking `trends.analysis.changepoint`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Ends of segments that are looked at together.
BLOCK = 128
#: Edges of cells of rates: at quantiles of the candidates' means, and over all rates there can be.
CELLS, WIDE = 64, 8


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
        # In place and with one logarithm: a search asks for millions of these.
        cost = np.asarray(exposure / count)
        np.log(cost, out=cost)
        cost *= count
    cost *= 2
    cost[count <= 0] = 0.0
    return cost


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
    if largest <= 0:
        return ()
    # a segment with any event has a rate from here to the largest
    lowest = float(np.min(count[count > 0])) / float(spans[-1])
    top = largest * (1 + 1e-9)
    slack = 1e-11 * max(float(totals[-1]), 1.0)
    wide = np.linspace(np.sqrt(lowest), np.sqrt(top), WIDE) ** 2
    wide[0] = lowest
    # a corner lies below the curve by about the square of a cell in root rates, times the exposure
    width = np.sqrt(max(0.1 * price, 1e-9) * n_rows / (float(spans[-1]) * BLOCK))
    n_cells = int(np.clip((np.sqrt(top) - np.sqrt(lowest)) / width, 2, 2 * CELLS))
    fine = np.linspace(np.sqrt(lowest), np.sqrt(top), n_cells + 1) ** 2
    corner, height = _corners(fine)
    corner = np.concatenate([[0.0], corner, fine[-1:]])
    height = np.concatenate([[-np.log(fine[0])], height, [-np.log(fine[-1]) - 1]])
    # the profiled cost leaves out 2 S, so that the height of a corner is one less
    outside = np.vstack([-2 * corner, 2 - 2 * height])
    too_near = ~np.tri(BLOCK, k=-min_rows, dtype=bool)
    for first in range(0, n_rows, BLOCK):
        last = min(first + BLOCK, n_rows)
        ends = np.arange(first + 1, last + 1)
        total, span = totals[first + 1 : last + 1], spans[first + 1 : last + 1]
        # candidates from earlier blocks, all ends of this block at once
        reach = poisson_cost(total - totals[alive, None], span - spans[alive, None])
        reach += best[alive, None]
        if alive[-1] + min_rows > first + 1:
            reach[ends < alive[:, None] + min_rows] = np.inf
        winner = np.argmin(reach, axis=0)
        reached = reach[winner, np.arange(ends.size)] + price
        previous[ends] = alive[winner]
        # Candidates inside the block. Few ends can gain by them, and before the first that does
        # nothing changes. From there on each end asks the starts before it, final by then.
        start = _first_served(reached, total, span, price, min_rows, outside, slack)
        if start < ends.size:
            cost = poisson_cost(total[start:, None] - total, span[start:, None] - span)
            cost[too_near[start : ends.size, : ends.size]] = np.inf
            for end in range(start, ends.size):
                through = cost[end - start, :end] + reached[:end]
                origin = through.argmin()
                if through[origin] + price < reached[end]:
                    reached[end] = through[origin] + price
                    previous[first + 1 + end] = first + 1 + origin
        best[ends] = reached
        alive = np.concatenate([alive, ends[np.isfinite(reached)]])
        if last < n_rows:
            alive = _prune(alive, best, totals, spans, last, min_rows, wide, slack)
    starts: list[int] = []
    end = n_rows
    while previous[end] > 0:
        end = int(previous[end])
        starts.append(end)
    return tuple(reversed(starts))


def _corners(edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where tangents of the curve (r, -log r) at neighbouring rates meet.

    A segment's cost at rate r is linear in the point (r, -log r). The curve over a cell lies in the
    triangle of its two ends and this corner, so what holds at the three holds over the cell.
    """
    logs = np.log(edges)
    corner = np.diff(logs) / (1 / edges[:-1] - 1 / edges[1:])
    return corner, -logs[:-1] - (corner - edges[:-1]) / edges[:-1]


def _first_served(
    reached: NDArray[np.float64],
    total: NDArray[np.float64],
    span: NDArray[np.float64],
    price: float,
    min_rows: int,
    outside: NDArray[np.float64],
    slack: float,
) -> int:
    """Return the first end of a block that a start of the block serves better; its size if none.

    At the corners of a polygon outside the curve of rates the cost is a sum over rows, so that a
    running minimum over starts bounds every pair at once; ends that pass are asked one by one.
    """
    n_ends = reached.size
    if n_ends <= min_rows:
        return n_ends
    below = np.column_stack([span - span[0], total - total[0]]) @ outside
    below += reached[:, None]
    least = np.minimum.accumulate(below[:-min_rows], axis=0)
    least += price - slack
    possible = np.flatnonzero((least < below[min_rows:]).any(axis=1)) + min_rows
    if possible.size > BLOCK // 8:
        return int(possible[0])
    for end in possible:
        starts = slice(0, end + 1 - min_rows)
        through = (
            poisson_cost(total[end] - total[starts], span[end] - span[starts]) + reached[starts]
        )
        if through.min() + price < reached[end]:
            return int(end)
    return n_ends


def _prune(
    alive: NDArray[np.int64],
    best: NDArray[np.float64],
    totals: NDArray[np.float64],
    spans: NDArray[np.float64],
    now: int,
    min_rows: int,
    wide: NDArray[np.float64],
    slack: float,
) -> NDArray[np.int64]:
    """Drop candidates that lose to another one at every rate.

    A candidate's cost at rate r is ``best - 2 S + 2 (r U - S log r)``. Rates are cut into cells,
    narrow where candidates have their means; in each the winner at its corner is the rival. What
    loses to it at the corner and both ends loses at every rate of the cell (`_corners`), so what is
    dropped could never have won. No rate is outside the `wide` ones but 0, at which only segments
    without an event count.
    """
    ready = alive[alive <= now - min_rows]
    if ready.size < 3:
        return alive
    waiting = alive[ready.size :]
    total = totals[now] - totals[ready]
    span = spans[now] - spans[ready]
    means = np.sort(total / span)
    inner = means[np.linspace(0, means.size - 1, min(CELLS, means.size)).astype(np.int64)]
    edges = np.sort(np.concatenate([wide, np.clip(inner, wide[0], wide[-1])]))
    edges = edges[np.append(np.diff(edges) > 1e-6 * edges[1:], True)]
    edges[0] = wide[0]
    corner, height = _corners(edges)
    rates = np.concatenate([edges, corner])
    heights = np.concatenate([-np.log(edges), height])
    # the profiled cost leaves out 2 S, so that it goes back in here
    value = np.column_stack([best[ready] - 2 * total, 2 * span, 2 * total]) @ np.vstack(
        [np.ones(rates.size), rates, heights]
    )
    at_edge, at_corner = value[:, : edges.size], value[:, edges.size :]
    rival, cell = np.argmin(at_corner, axis=0), np.arange(corner.size)
    possible = at_corner <= at_corner[rival, cell] + slack
    possible |= at_edge[:, :-1] <= at_edge[rival, cell] + slack
    possible |= at_edge[:, 1:] <= at_edge[rival, cell + 1] + slack
    survives = possible.any(axis=1)
    silent = np.flatnonzero(total <= 0)
    if silent.size:
        survives[silent[np.argmin(best[ready[silent]])]] = True
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
