"""How do level and slope differ before and after a date, and what would have been without it?

Columns of a design for changes at dates that somebody named, what a fitted model expects without
them, and the same question asked at dates at which nothing is known to have happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trends.models.counts.count_model import CountFit, fit_counts
from trends.models.counts.memory import MemoryGrid, memory_products
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    band_mean,
    memory_of_fit,
)


def change_columns(
    n_periods: int, date: float, *, slope: bool, length: int | None = None, per_year: float = 1.0
) -> NDArray[np.float64]:
    """Return the columns of a change of level, and of slope, at a place among periods.

    Parameters
    ----------
    n_periods : int
        All periods, observed or not.
    date : float
        Where the change comes, in periods from the start of the first; 2.5 is the middle of the
        third period, half of which it leaves as it was.
    slope : bool
        Whether a column of the years since follows that of the level.
    length : int, optional
        Periods that the change lasts; by default it stays.
    per_year : float
        Periods in a year.

    Returns
    -------
    array of shape (n_periods, 1) or (n_periods, 2)

    Examples
    --------
    >>> change_columns(4, 1.5, slope=True).T.tolist()
    [[0.0, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 1.5]]
    >>> change_columns(5, 1.5, slope=False, length=2).ravel().tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    place = np.arange(n_periods)
    level = np.clip(place + 1 - date, 0.0, 1.0)
    if length is not None:
        level = level - np.clip(place + 1 - date - length, 0.0, 1.0)
    if not slope:
        return level[:, None]
    return np.column_stack([level, np.maximum(place - date, 0.0) / per_year])


class Missed(NamedTuple):
    """Events that a course would have brought, and how sure that is.

    Attributes
    ----------
    expected : float
        Events in all.
    log_std_error : float
        Standard error of the log of the number that would have been counted.
    """

    expected: float
    log_std_error: float


def events_without(
    fit: CountFit,
    memory: MemoryPosterior,
    design: NDArray[np.float64],
    without: NDArray[np.float64],
    exposure: NDArray[np.float64],
    position: NDArray[np.int64],
) -> Missed:
    """Return how many events some periods would have held on another course of the rate.

    What would have been counted differs from what the fit expects by the error of the fit and by
    the scatter of those periods, which remember what went before; both are combinations of the
    same residuals, so that their variance under each memory is that of one sum.

    Parameters
    ----------
    fit : CountFit
    memory : MemoryPosterior
        Of the fit.
    design : array of shape (n_observed, n_terms)
        As it was fitted.
    without : array of shape (n_observed, n_terms)
        Rows of the other course; NaN in periods that are not asked about.
    exposure, position : array of shape (n_observed,)
        As in `fit_counts` and `weigh_memories`.

    Returns
    -------
    Missed
    """
    asked: NDArray[np.bool_] = np.all(np.isfinite(without), axis=1)
    rows = np.where(asked[:, None], without, 0.0)
    mean = np.where(asked, exposure * np.exp(rows @ fit.params), 0.0)
    total = float(mean.sum())
    scatter = np.sqrt(mean * (1 + fit.nb_dispersion * mean))
    working = fit.working_design(design)
    fitted = working @ np.linalg.solve(working.T @ working, rows.T @ mean)
    _, _, across = memory_products((scatter - fitted)[:, None], np.diff(position), memory.grid)
    variance = band_mean(memory.scales * across[:, 0, 0], memory.probabilities)
    return Missed(total, float(np.sqrt(variance)) / total)


class Placebos(NamedTuple):
    """The same change asked for at dates at which nothing is known to have happened.

    Attributes
    ----------
    starts : int array of shape (n_placebos,)
        Their places among all periods.
    statistics : array of shape (n_placebos,)
        Estimated change of level over its standard error.
    n_effective : float
        Independent dates that would say as much: neighbouring ones share nearly all their counts.
        By the autocorrelation of the statistics, and never more than find room for the least
        number of periods between them.
    """

    starts: NDArray[np.int64]
    statistics: NDArray[np.float64]
    n_effective: float

    def share(self, statistic: float) -> float:
        """Return the share of dates with a change at least as clear; NaN without any date."""
        if not self.starts.size:
            return float("nan")
        return float(np.mean(np.abs(self.statistics) >= abs(statistic)))

    def p_value(self, statistic: float) -> float:
        """Return how often a change as clear would come where nothing is known to have happened.

        The statistic over the spread of those at the other dates follows a t distribution with as
        many degrees of freedom as these are worth independent dates. A rank among them would be too
        small by far: neighbours rise and fall together, so that one date beats all of them easily.
        NaN without any other date.
        """
        spread = float(np.sqrt(np.mean(self.statistics**2))) if self.starts.size else 0.0
        if spread == 0:
            return float("nan")
        return float(2 * stats.t.sf(abs(statistic) / spread, self.n_effective))


def placebo_changes(
    counts: NDArray[np.float64],
    base: NDArray[np.float64],
    exposure: NDArray[np.float64],
    position: NDArray[np.int64],
    grid: MemoryGrid,
    *,
    least: int,
    slope: bool,
    length: int | None = None,
    per_year: float = 1.0,
    most: int = 200,
) -> Placebos:
    """Fit the change at every date that leaves enough periods on both sides.

    Parameters
    ----------
    counts, exposure, position : array of shape (n_observed,)
        The periods before the first named date.
    base : array of shape (n_observed, n_terms)
        Design without the change.
    grid : MemoryGrid
    least : int
        Observed periods on each side.
    slope, length, per_year
        As in `change_columns`.
    most : int
        Dates to ask at most, evenly spread where more would do.

    Returns
    -------
    Placebos
        Dates whose change allows no finite fit are left out.
    """
    candidates = position[least : counts.size - least + 1]
    if candidates.size > most:
        candidates = candidates[np.unique(np.linspace(0, candidates.size - 1, most).astype(int))]
    n_periods = int(position[-1]) + 1 if position.size else 0
    starts, statistics = [], []
    for start in candidates:
        change = change_columns(
            n_periods, float(start), slope=slope, length=length, per_year=per_year
        )[position]
        design = np.column_stack([base, change])
        if np.linalg.matrix_rank(design) < design.shape[1]:
            continue
        try:
            fit = fit_counts(counts, design, exposure)
        except RuntimeError:
            continue
        memory = memory_of_fit(fit, design, counts, position, grid)
        starts.append(int(start))
        statistics.append(float(fit.params[base.shape[1]]) / memory.std_error(base.shape[1]))
    found, places = np.array(statistics), np.array(starts, dtype=np.int64)
    room = 1 + np.ptp(places) / least if places.size else 0.0
    return Placebos(places, found, min(effective_number(found), float(room)))


def effective_number(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return how many independent values would average out as well as these neighbours do.

    The number over 1 + 2 times the sum of autocorrelations up to the first that is not positive.

    Examples
    --------
    >>> effective_number([1.0, -1.0, 1.0, -1.0])
    4.0
    >>> round(effective_number(np.repeat([1.0, -1.0, 1.0, -1.0], 5)), 1)
    6.9
    """
    series = np.asarray(values, dtype=float)
    if series.size < 3 or np.ptp(series) == 0:
        return float(series.size)
    centred = series - series.mean()
    correlations = np.correlate(centred, centred, "full")[series.size :] / (centred @ centred)
    negative = np.flatnonzero(correlations <= 0)
    kept = correlations[: negative[0] if negative.size else correlations.size]
    return float(series.size / (1 + 2 * kept.sum()))


def is_within(
    log_ratio: float, std_error: float, n_free: int, *, margin: float, alpha: float
) -> bool:
    """Return whether a ratio is shown to lie within a margin of 1, by two one-sided t tests.

    Examples
    --------
    >>> is_within(0.0, 0.05, 50, margin=1.25, alpha=0.05)
    True
    >>> is_within(0.0, 0.2, 50, margin=1.25, alpha=0.05)
    False
    """
    room = float(np.log(margin)) - abs(log_ratio)
    return room >= float(stats.t.ppf(1 - alpha, n_free)) * std_error
