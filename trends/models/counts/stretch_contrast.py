"""How do the levels of two stretches of a series compare, given its own scatter and memory?

Each stretch has a level; what lies outside gets levels and slopes of its own, so that it tells how
much the counts scatter and remember without saying anything about the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.count_model import CountFit, fit_counts
from trends.models.counts.memory import MemoryGrid
from trends.models.counts.observed import Observed, years_from_middle
from trends.models.counts.season_terms import SeasonTerms
from trends.models.counts.serial_dependence import MemoryPosterior, memory_of_fit

#: Observed periods from which a run outside the stretches has a slope beside its level.
SLOPED_RUN = 6
#: Residual degrees of freedom without which scatter and memory cannot be judged.
LEAST_FREE = 4


class StretchContrast(NamedTuple):
    """Log rates of two stretches, with what their uncertainty rests on.

    Attributes
    ----------
    log_rates : array of shape (2,)
        At the average time of the year; minus infinity for a stretch without events.
    std_errors : array of shape (2,)
        NaN for a stretch without events.
    correlation : float
        Of the two estimates; 0 where one stretch has no events.
    std_error : float
        Of the difference of the log rates; NaN where a stretch has no events.
    inflation : float
        Variance of a stretch's total over its Poisson variance, at least 1: that of the stretch
        with the larger one.
    times : array of shape (2,)
        Exposure of the two, each period weighted by what the time of the year does to its rate.
    n_free : int
        Residual degrees of freedom.
    fit : CountFit
    memory : MemoryPosterior
    design : array of shape (n_used, n_terms)
    used : int array of shape (n_used,)
        Which observed periods were used.
    """

    log_rates: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    correlation: float
    std_error: float
    inflation: float
    times: NDArray[np.float64]
    n_free: int
    fit: CountFit
    memory: MemoryPosterior
    design: NDArray[np.float64]
    used: NDArray[np.int64]


def contrast_stretches(
    seen: Observed,
    stretches: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    season: SeasonTerms,
    *,
    breaks: Iterable[int],
    grid: MemoryGrid,
) -> StretchContrast | None:
    """Fit the levels of two stretches and their covariance under the memories of the series.

    Parameters
    ----------
    seen : Observed
    stretches : pair of bool arrays of shape (n_observed,)
        Which observed periods belong to each; at least one of them holds an event.
    season : SeasonTerms
    breaks : iterable of int
        Places among all periods from which counting changed; a run outside is cut there.
    grid : MemoryGrid
        Memories that are weighed.

    Returns
    -------
    StretchContrast or None
        None where the observed periods cannot tell the terms apart, or leave fewer than
        `LEAST_FREE` to judge scatter by.

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    eventful = [bool(seen.count[inside].sum()) for inside in stretches]
    levels = [inside for inside, has in zip(stretches, eventful, strict=True) if has]
    outside, known = _outside_columns(seen, stretches[0] | stretches[1], breaks)
    used = np.flatnonzero(known | np.any(levels, axis=0))
    repeating = season.columns[seen.position]
    design = np.column_stack([*(inside.astype(float) for inside in levels), outside, repeating])
    design = design[used]
    if not _is_fittable(seen.count[used], design):
        return None
    fit = fit_counts(seen.count[used], design, seen.exposure[used])
    memory = memory_of_fit(fit, design, seen.count[used], seen.position[used], grid)
    contrasts = np.zeros((len(levels), design.shape[1]))
    contrasts[:, : len(levels)] = np.eye(len(levels))
    shift, exposure = 0.0, seen.exposure
    if season.names:
        # The level is that of a period at the mean of the year, not where all columns are 0.
        weights = np.exp(season.columns @ fit.params[-len(season.names) :])
        shift = float(np.log(weights.mean()))
        contrasts[:, -len(season.names) :] = weights @ season.columns / weights.sum()
        exposure = seen.exposure * weights[seen.position] / weights.mean()
    errors = memory.std_errors(contrasts)
    log_rates, std_errors = np.full(2, -np.inf), np.full(2, np.nan)
    log_rates[eventful] = fit.params[: len(levels)] + shift
    std_errors[eventful] = errors
    totals = np.array([seen.count[inside].sum() for inside in levels])
    both = all(eventful)
    shared = contrasts @ memory.covariance @ contrasts.T
    return StretchContrast(
        log_rates=log_rates,
        std_errors=std_errors,
        correlation=float(shared[0, 1] / np.sqrt(shared[0, 0] * shared[1, 1])) if both else 0.0,
        std_error=float(memory.std_errors(contrasts[:1] - contrasts[1:])[0]) if both else np.nan,
        inflation=float(max(1.0, np.max(errors**2 * totals))),
        times=np.array([exposure[inside].sum() for inside in stretches]),
        n_free=memory.n_free,
        fit=fit,
        memory=memory,
        design=design,
        used=used,
    )


def _outside_columns(
    seen: Observed, inside: NDArray[np.bool_], breaks: Iterable[int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a level (and slope) for each run outside, and the observed periods these describe.

    A run ends at a stretch and at a break. One without events has no level and is left out.
    """
    definition = np.searchsorted(np.sort(np.array([*breaks], dtype=int)), seen.position, "right")
    starts = np.append(True, (np.diff(definition) != 0) | (np.diff(inside.astype(int)) != 0))
    run = np.cumsum(starts)
    times = years_from_middle(seen.periods)[seen.position]
    columns, known = [], np.zeros(seen.count.size, dtype=bool)
    for number in np.unique(run[~inside]):
        here = run == number
        if not seen.count[here].any():
            continue
        known |= here
        columns.append(here.astype(float))
        if here.sum() >= SLOPED_RUN and (seen.count[here] > 0).sum() > 2:
            columns.append(np.where(here, times - times[here].mean(), 0.0))
    outside = np.column_stack(columns) if columns else np.empty((seen.count.size, 0))
    return outside, known


def _is_fittable(count: NDArray[np.float64], design: NDArray[np.float64]) -> bool:
    """Whether the periods tell the columns apart and leave enough to judge scatter by."""
    n_observed, n_terms = design.shape
    return bool(
        n_observed - n_terms >= LEAST_FREE
        and (count > 0).sum() >= n_terms
        and np.linalg.matrix_rank(design) == n_terms
    )
