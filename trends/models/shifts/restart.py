"""From which period on is the past of a series of one level, so that the future may resemble it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryModels
from trends.models.counts.observed import Observed
from trends.models.shifts.level_fit import Problem, best_split, fit_levels, possible_starts
from trends.models.shifts.level_shift import weigh_shift

#: Twice the log ratio of a shift with memory to memory alone from which a history restarts. In 5 of
#: 100 series of 60 periods without a shift it exceeds this where they remember most (0.8).
RESTARTS = 12.3
#: The same where counting is known to have changed, a date that nobody searched for: exceeded by 5
#: of 100 steady Poisson and AR(0.5) series of 48 or 72 periods, by 9 that remember most.
RESTARTS_AT_BREAK = 4.0
#: Observed periods from a restart on, without which it is not made.
LEAST_KEPT = 12
#: Observed periods beyond which a shift is looked for in sums of seven: days of more than two years
#: by weeks, in a fiftieth of the time, and what it restarts with is found to the week.
MOST_ROWS, TOGETHER = 731, 7


def restart_row(
    observed: Observed,
    season: NDArray[np.float64],
    *,
    days_per_period: float,
    known: Sequence[int] = (),
    slopes: bool = False,
) -> int:
    """Return the first row of the history that is of one level with the last.

    The likeliest shift is taken where one shift with memory beats memory alone clearly, and the
    question is asked again of what follows it; 0 where nothing shifted. Where counting is known to
    have changed nobody searched for the date, and a shift there needs less evidence.

    Parameters
    ----------
    observed : Observed
    season : array of shape (n_observed, n_waves)
        Waves of the year that are no shift; no columns without any.
    days_per_period : float
        Length of a period.
    known : sequence of int
        Rows from which counting is known to have changed.
    slopes : bool
        Whether what a straight line explains better than a shift is left whole: for those who
        estimate a slope beside the level.
    """
    if observed.count.size > MOST_ROWS:
        sums, first = _by_sevens(observed)
        waves = np.add.reduceat(season, first, axis=0) / np.diff(first, append=len(season))[:, None]
        named = {int(np.searchsorted(first, row)): row for row in known}
        found = restart_row(
            sums,
            waves,
            days_per_period=TOGETHER * days_per_period,
            known=tuple(named),
            slopes=slopes,
        )
        return named.get(found, int(first[found]))
    start = 0
    possible = possible_starts(observed.count.size, LEAST_KEPT)
    for row in sorted({*known} & {*possible.tolist()}, reverse=True):
        if _latest_shift(observed, season, days_per_period, named=row):
            start = row
            break
    while observed.count.size - start >= 2 * LEAST_KEPT:
        found = _latest_shift(
            _from(observed, start), season[start:], days_per_period, slopes=slopes
        )
        if not found:
            break
        start += found
    return start


def _by_sevens(observed: Observed) -> tuple[Observed, NDArray[np.int64]]:
    """Return sums over seven periods each, the last ones whole, and the row where each begins."""
    beyond = -len(observed.periods) % TOGETHER
    place = (observed.position + beyond) // TOGETHER
    first = np.flatnonzero(np.diff(place, prepend=-1))
    sums = Observed(
        np.add.reduceat(observed.count, first),
        np.add.reduceat(observed.exposure, first),
        place[first],
        observed.periods[::TOGETHER],
        observed.last_is_partial,
    )
    return sums, first


def _from(observed: Observed, row: int) -> Observed:
    """Return the observed periods from a row on."""
    return Observed(
        observed.count[row:],
        observed.exposure[row:],
        observed.position[row:],
        observed.periods,
        observed.last_is_partial,
    )


def _latest_shift(
    observed: Observed,
    season: NDArray[np.float64],
    days_per_period: float,
    *,
    named: int | None = None,
    slopes: bool = False,
) -> int:
    """Return the row of the likeliest shift, or of the one named; 0 where none is clear."""
    n_rows = observed.count.size
    rates = observed.count / observed.exposure
    if np.ptp(rates) == 0:
        return 0
    if season.shape[1] and n_rows < 2 * LEAST_KEPT + season.shape[1]:
        season = np.empty((n_rows, 0))
    starts = possible_starts(n_rows, LEAST_KEPT) if named is None else np.array([named])
    problem = Problem(
        observed=observed,
        models=MemoryModels(np.diff(observed.position).astype(np.float64), days_per_period),
        season=season - season.mean(axis=0) if season.shape[1] else season,
        min_rows=LEAST_KEPT,
        starts=starts,
        searched=named is None,
        alpha=0.05,
        n_null=19,
    )
    fit = fit_levels(problem, (), best_split(problem, (), starts))
    column = fit.projections.column
    line = column * (observed.position - observed.position.mean())
    evidence = weigh_shift(fit.response_of(observed.count), fit.projections, starts, line)
    if evidence.statistic < (RESTARTS if named is None else RESTARTS_AT_BREAK):
        return 0
    if slopes and evidence.step_over_ramp < 0:
        return 0
    return int(starts[int(np.argmax(evidence.position_probability))])
