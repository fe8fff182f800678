"""How does the ratio of two counts depend on a design, whatever both have in common?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trends.models.counts.memory import MemoryGrid
from trends.models.counts.serial_dependence import MemoryPosterior, least_scale, weigh_memories

_MOST_STEPS, _MOST_HALVINGS = 100, 30
_ENOUGH_GAIN = 1e-10
#: Share beyond which the likelihood has no maximum but runs away to none or all.
_SURE = 1e-7


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
    params = _fitted(first, total, design, offset)
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


def _share(log_odds: np.ndarray) -> np.ndarray:
    """Return shares of log odds."""
    shares: np.ndarray = 1 / (1 + np.exp(-log_odds))
    return shares


def _fitted(
    first: np.ndarray, total: np.ndarray, design: np.ndarray, offset: np.ndarray
) -> np.ndarray:
    """Return the maximum of the binomial likelihood by Newton's method with halving."""
    params = np.zeros(design.shape[1])
    with np.errstate(all="ignore"):
        value = _log_likelihood(first, total, design @ params + offset)
        for _ in range(_MOST_STEPS):
            share = _share(design @ params + offset)
            gradient = design.T @ (first - total * share)
            information = design.T @ (design * (total * share * (1 - share))[:, None])
            try:
                step = np.linalg.solve(information, gradient)
            except np.linalg.LinAlgError:
                break
            gain = float(gradient @ step)
            if not np.isfinite(gain):
                break
            for _ in range(_MOST_HALVINGS):
                reached = _log_likelihood(first, total, design @ (params + step) + offset)
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
    raise RuntimeError(
        f"`controls` must allow a finite ratio, got {int(first.sum())} of {int(total.sum())} "
        "events in the series. Use a control with events before and after the date."
    )


def _log_likelihood(first: np.ndarray, total: np.ndarray, log_odds: np.ndarray) -> float:
    """Return the binomial log-likelihood without its constant."""
    return float(np.sum(first * log_odds - total * np.logaddexp(0.0, log_odds)))
