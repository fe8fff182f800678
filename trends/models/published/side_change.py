"""By how much did a rate, or a share, change at a date, given how spans scatter and remember?"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryGrid
from trends.models.counts.serial_dependence import least_scale, weigh_memories

Below = Literal["time", "counts", "whole"]

#: Residual degrees of freedom without which scatter and memory cannot be judged.
LEAST_FREE = 4
#: What the counts below add to the variance of a log ratio.
_WEIGHTS = {"time": 0, "counts": 1, "whole": -1}


class SideChange(NamedTuple):
    """The log ratio of after to before.

    Attributes
    ----------
    log_ratio, std_error : float
    scatters : bool
        Whether the variance is estimated, being larger than that of independent counts.
    n_free : int
        Residual degrees of freedom.
    dispersion : float
        Pearson's statistic of the spans over its degrees of freedom, at least 1.
    """

    log_ratio: float
    std_error: float
    scatters: bool
    n_free: int
    dispersion: float


def side_change(
    above: NDArray[np.float64],
    below: NDArray[np.float64],
    after: NDArray[np.bool_],
    place: NDArray[np.float64],
    *,
    kind: Below,
    grid: MemoryGrid,
) -> SideChange:
    """Return the change of what is above per what is below, after a date over before it.

    The estimate is that of the totals. Its variance is the larger of that of independent counts and
    the upper quartile over the memories that the spans' residuals may have; spans too few to judge
    memory by have the former, times their dispersion.

    Parameters
    ----------
    above, below : array of shape (n_spans,)
        Events, and days or events, of each span.
    after : bool array of shape (n_spans,)
        Which side a span is on.
    place : array of shape (n_spans,)
        Where the middle of a span lies in time, in spans.
    kind : {"time", "counts", "whole"}
        Whether what is below are days, counts of their own, or counts of which those above are a
        part.
    grid : MemoryGrid
        Memories that are weighed.

    Returns
    -------
    SideChange
    """
    counts = np.array([above[after].sum(), above[~after].sum()])
    divisors = np.array([below[after].sum(), below[~after].sum()])
    if 0 in counts or 0 in divisors:
        # Half an event keeps the logarithm finite where one side counted nothing.
        counts = counts + 0.5
        divisors = divisors + {"time": 0.0, "counts": 0.5, "whole": 1.0}[kind]
    log_ratio = float(np.log(counts[0] / divisors[0]) - np.log(counts[1] / divisors[1]))
    plain = 1 / counts + _WEIGHTS[kind] / divisors
    working = [_working(above, below, side, kind) for side in (after, ~after)]
    n_spans = sum(int((design > 0).sum()) for design, _ in working)
    residuals = np.sum([left for _, left in working], axis=0)
    n_free = n_spans - 2
    dispersion = max(1.0, float((residuals**2).sum()) / n_free) if n_free > 0 else 1.0
    independent = float(plain.sum())
    variance = dispersion * independent
    # Spans that are all as expected show no memory.
    if n_free >= LEAST_FREE and not np.allclose(residuals, 0):
        remembered = _variance(working, residuals, place, plain, grid)
        variance = max(independent, remembered)
    error = float(np.sqrt(max(variance, 1e-300)))
    return SideChange(log_ratio, error, variance > independent, n_free, dispersion)


def _working(
    above: NDArray[np.float64], below: NDArray[np.float64], side: NDArray[np.bool_], kind: Below
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the design of one side in units of standardised residuals, and these residuals.

    Both are 0 for spans that tell nothing: those of the other side, and of a side without events.
    """
    whole = above + below if kind == "counts" else below
    share = above[side].sum() / max(float(whole[side].sum()), 1.0)
    expected = np.where(side, share * whole, 0.0)
    spread = expected * (1.0 if kind == "time" else 1 - share)
    known = spread > 0
    slope = spread if kind == "counts" else expected
    design, residuals = np.zeros(above.size), np.zeros(above.size)
    design[known] = slope[known] / np.sqrt(spread[known])
    residuals[known] = (above - expected)[known] / np.sqrt(spread[known])
    return design, residuals


def _variance(
    working: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    residuals: NDArray[np.float64],
    place: NDArray[np.float64],
    plain: NDArray[np.float64],
    grid: MemoryGrid,
) -> float:
    """Return the variance of the log ratio under the memories of the residuals.

    A side without events has that of independent counts, inflated like the other side's.
    """
    sides = [at for at, (design, _) in enumerate(working) if design.any()]
    design = np.column_stack([working[at][0] for at in sides])
    known = design.any(axis=1)
    memory = weigh_memories(
        design[known],
        residuals[known],
        place[known],
        grid=grid,
        least_scale=least_scale(int(known.sum()) - len(sides)),
    )
    contrast = np.array([[1.0, -1.0] if len(sides) == 2 else [1.0]])
    variance = float(memory.std_errors(contrast)[0] ** 2)
    return variance if len(sides) == 2 else variance / float(plain[sides[0]]) * float(plain.sum())
