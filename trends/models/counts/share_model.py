"""How does the ratio of two counts depend on a design, whatever both have in common?

The same model has two readings: the ratio of two rates, and the odds that an event is of one kind
and not of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from trends.models.counts.memory import MemoryGrid, memory_products
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    Wandering,
    band_mean,
    beside_wandering,
    least_scale,
    squared_time,
    weigh_memories,
)

_MOST_STEPS, _MOST_HALVINGS = 100, 30
_ENOUGH_GAIN = 1e-10
#: Share beyond which the likelihood has no maximum but runs away to none or all.
_SURE = 1e-7
#: Rounds between coefficients and scatter, and the move of the scatter that ends them.
_MOST_ROUNDS, _ENOUGH_SCATTER = 20, 1e-6
#: Largest scatter: at 1 every period would hold events of one kind only.
_MOST_SCATTER = 0.99


@dataclass(frozen=True, kw_only=True, eq=False)
class RatioFit:
    """A log-linear model of the ratio of two rates.

    Attributes
    ----------
    params : ndarray, shape (n_terms,)
        Coefficients of the log ratio of first to second rate.
    memory : MemoryPosterior
        Covariances of the coefficients under each memory, the scatter of the shares among them.
    """

    params: np.ndarray
    memory: MemoryPosterior


def fit_ratio(
    first: np.ndarray,
    second: np.ndarray,
    design: np.ndarray,
    log_exposure_ratio: np.ndarray,
    position: np.ndarray,
    grid: MemoryGrid,
) -> RatioFit:
    """Fit the ratio of two counts given their sum.

    Given the sum of both, the first of two Poisson counts is binomial, and what moves both alike
    drops out; shares that scatter more have their variance multiplied (quasi-likelihood).

    Parameters
    ----------
    first, second : ndarray, shape (n_observed,)
        Events; periods in which neither has any say nothing.
    design : ndarray, shape (n_observed, n_terms)
    log_exposure_ratio : ndarray, shape (n_observed,)
        Log of first over second exposure.
    position : ndarray of int, shape (n_observed,)
        Place of each period among all.
    grid : MemoryGrid

    Returns
    -------
    RatioFit

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    total = first + second
    kept = total > 0
    first, total, design = first[kept], total[kept], design[kept]
    offset, position = log_exposure_ratio[kept], position[kept]
    params = _fitted(first, total, design, offset, np.ones(first.size))
    if params is None:
        raise RuntimeError(
            f"`controls` must allow a finite ratio, got {int(first.sum())} of {int(total.sum())} "
            "events in the series. Use a control with events before and after the date."
        )
    share = _share(design @ params + offset)
    spread = np.sqrt(total * share * (1 - share))
    n_free = first.size - design.shape[1]
    memory = weigh_memories(
        design * spread[:, None],
        (first - total * share) / spread,
        position,
        grid=grid,
        least_scale=least_scale(n_free),
    )
    return RatioFit(params=params, memory=memory)


class ShareFit(NamedTuple):
    """A logistic model of the share of one kind in the events of each period.

    Attributes
    ----------
    params : array of shape (n_terms,)
        Coefficients of the log odds.
    fitted : array of shape (n_used,)
        Fitted shares of the periods that hold an event.
    asked, total : array of shape (n_used,)
        Their events of the kind, and of all kinds.
    position : int array of shape (n_used,)
        Their places among all periods.
    scatter : float
        Correlation of two events of one period beyond their common share, from 0: the variance of
        a count is that of the binomial times 1 + (total - 1) * scatter.
    fading : MemoryPosterior
        Memories of the share that fade.
    wandering : Wandering or None
        The same with slow ones, and the evidence for a share that wanders; None where it was not
        asked for.
    """

    params: NDArray[np.float64]
    fitted: NDArray[np.float64]
    asked: NDArray[np.float64]
    total: NDArray[np.float64]
    position: NDArray[np.int64]
    scatter: float
    fading: MemoryPosterior
    wandering: Wandering | None

    @property
    def memory(self) -> MemoryPosterior:
        """Covariances of the coefficients under each memory."""
        return self.fading if self.wandering is None else self.wandering.memory

    def log_odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return linear combinations of the coefficients with their standard errors.

        Parameters
        ----------
        rows : array of shape (n_rows, n_terms)

        Returns
        -------
        array of shape (n_rows, 2)
        """
        return np.column_stack([rows @ self.params, self.memory.std_errors(rows)])

    def std_error(self, term: int) -> float:
        """Return the standard error of one coefficient."""
        return self.memory.std_error(term)

    def log_odds_of_all(self) -> tuple[float, float]:
        """Return the log odds of the share in all events together with their standard error.

        The line is left alone: the error is that of the sum of the counts.
        """
        spread = np.sqrt(self.variance)[:, None]
        _, _, across = memory_products(spread, np.diff(self.position), self.memory.grid)
        variances = self.memory.scales * across[:, 0, 0] / self.total.sum() ** 2
        error = float(np.sqrt(band_mean(variances, self.memory.probabilities)))
        share = float(self.asked.sum() / self.total.sum())
        return float(np.log(share / (1 - share))), error / (share * (1 - share))

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variance of each count around its fitted mean, memory left aside."""
        return beta_binomial_variance(self.fitted, self.total, self.scatter)


def fit_share(
    asked: NDArray[np.float64],
    total: NDArray[np.float64],
    design: NDArray[np.float64],
    position: NDArray[np.int64],
    *,
    grid: MemoryGrid,
    days_per_period: float,
    wandering: bool = True,
) -> ShareFit | None:
    """Fit the share of one kind with scatter beyond chance and memory.

    Counts of several kinds with Dirichlet-multinomial scatter are, for one kind against all others
    together, beta-binomial with the same scatter, so nothing depends on how the others are divided.
    Coefficients and scatter are found in turn: weights 1 / (1 + (total - 1) * scatter), and the
    scatter at which the Pearson chi-square equals its degrees of freedom (Williams 1982, method
    II). The memory is that of the Pearson residuals.

    Parameters
    ----------
    asked, total : array of shape (n_observed,)
        Events of the kind and of all kinds; periods in which there are none say nothing.
    design : array of shape (n_observed, n_terms)
        The intercept, then the years.
    position : int array of shape (n_observed,)
        Place of each period among all.
    grid : MemoryGrid
    days_per_period : float
        Length of a period.
    wandering : bool
        Whether a share that wanders competes with the line; not beside a bend, which is no line.

    Returns
    -------
    ShareFit or None
        None where no finite coefficients describe the counts.

    References
    ----------
    Williams DA (1982). Extra-binomial variation in logistic linear models. Applied Statistics
    31(2):144-148. doi:10.2307/2347977
    """
    kept = total > 0
    asked, total, design, position = asked[kept], total[kept], design[kept], position[kept]
    n_free = asked.size - design.shape[1]
    scatter, no_offset = 0.0, np.zeros(asked.size)
    params, fitted = np.zeros(design.shape[1]), asked / total
    for _ in range(_MOST_ROUNDS):
        weight = 1 / (1 + (total - 1) * scatter)
        found = _fitted(asked, total, design, no_offset, weight)
        if found is None:
            return None
        params = found
        fitted = _share(design @ params)
        before, scatter = scatter, scatter_of(asked, total, fitted, n_free)
        if abs(scatter - before) < _ENOUGH_SCATTER:
            break
    variance = beta_binomial_variance(fitted, total, scatter)
    by_spread = (total * fitted * (1 - fitted) / np.sqrt(variance))[:, None]
    residuals = (asked - total * fitted) / np.sqrt(variance)
    fading = weigh_memories(
        design * by_spread, residuals, position, grid=grid, least_scale=least_scale(n_free)
    )
    wide = None
    if wandering:
        wide = beside_wandering(
            fading,
            design * by_spread,
            residuals,
            position,
            bend=(squared_time(design[:, 1:2]) * by_spread)[:, 0],
            days_per_period=days_per_period,
            least_variance=float(np.mean(1 / (1 + (total - 1) * scatter))),
        )
    return ShareFit(params, fitted, asked, total, position, scatter, fading, wide)


def share_interval(
    asked: NDArray[np.float64], total: NDArray[np.float64], scatter: float, alpha: float
) -> tuple[float, float, float]:
    """Return the share of a kind in all events with Jeffreys' interval, for kinds without a line.

    Scatter divides the events by what they are worth as independent ones.

    Examples
    --------
    >>> share, low, high = share_interval(np.array([0.0, 0.0]), np.array([9.0, 11.0]), 0.0, 0.05)
    >>> share, low, round(high, 3)
    (0.0, 0.0, 0.117)
    """
    kinds, events = float(asked.sum()), float(total.sum())
    inflation = float(np.sum(total * (1 + np.maximum(total - 1, 0) * scatter)) / events)
    with_, without = kinds / inflation, (events - kinds) / inflation
    low = stats.beta.ppf(alpha / 2, with_ + 0.5, without + 0.5) if kinds > 0 else 0.0
    high = stats.beta.isf(alpha / 2, with_ + 0.5, without + 0.5) if kinds < events else 1.0
    return kinds / events, float(low), float(high)


def beta_binomial_variance(
    share: NDArray[np.float64], total: NDArray[np.float64], scatter: float
) -> NDArray[np.float64]:
    """Return the variance of counts of one kind among `total` events.

    Examples
    --------
    >>> beta_binomial_variance(np.array([0.5]), np.array([9.0]), 0.25).tolist()
    [6.75]
    """
    return np.asarray(total * share * (1 - share) * (1 + (total - 1) * scatter))


def scatter_of(
    asked: NDArray[np.float64],
    total: NDArray[np.float64],
    fitted: NDArray[np.float64],
    n_free: int,
) -> float:
    """Return the scatter at which the Pearson chi-square equals its degrees of freedom; at least 0.

    Examples
    --------
    >>> kinds, every = np.array([8.0, 2.0, 9.0, 1.0]), np.full(4, 10.0)
    >>> round(scatter_of(kinds, every, np.full(4, 0.5), 4), 9)
    0.444444444
    """
    squares = (asked - total * fitted) ** 2 / (total * fitted * (1 - fitted))

    def excess(scatter: float) -> float:
        return float(np.sum(squares / (1 + (total - 1) * scatter))) - n_free

    if excess(0.0) <= 0:
        return 0.0
    if excess(_MOST_SCATTER) >= 0:
        return _MOST_SCATTER
    return float(optimize.brentq(excess, 0.0, _MOST_SCATTER, xtol=1e-12))


def _share(log_odds: np.ndarray) -> np.ndarray:
    """Return shares of log odds."""
    shares: np.ndarray = 1 / (1 + np.exp(-log_odds))
    return shares


def _fitted(
    first: np.ndarray, total: np.ndarray, design: np.ndarray, offset: np.ndarray, weight: np.ndarray
) -> NDArray[np.float64] | None:
    """Return the maximum of the weighted binomial likelihood by Newton's method with halving.

    None where there is no finite one.
    """
    params = np.zeros(design.shape[1])
    with np.errstate(all="ignore"):
        value = _log_likelihood(first, total, design @ params + offset, weight)
        for _ in range(_MOST_STEPS):
            share = _share(design @ params + offset)
            gradient = design.T @ (weight * (first - total * share))
            information = design.T @ (design * (weight * total * share * (1 - share))[:, None])
            try:
                step = np.linalg.solve(information, gradient)
            except np.linalg.LinAlgError:
                break
            gain = float(gradient @ step)
            if not np.isfinite(gain):
                break
            for _ in range(_MOST_HALVINGS):
                reached = _log_likelihood(first, total, design @ (params + step) + offset, weight)
                if np.isfinite(reached) and reached >= value - 1e-12 * abs(value):
                    break
                step = step / 2
            else:
                break
            params, value = params + step, reached
            if gain < _ENOUGH_GAIN:
                share = _share(design @ params + offset)
                if np.all((share > _SURE) & (share < 1 - _SURE)):
                    return params
                break
    return None


def _log_likelihood(
    first: np.ndarray, total: np.ndarray, log_odds: np.ndarray, weight: np.ndarray
) -> float:
    """Return the weighted binomial log-likelihood without its constant."""
    return float(np.sum(weight * (first * log_odds - total * np.logaddexp(0.0, log_odds))))
