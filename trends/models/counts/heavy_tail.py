"""How do totals over events vary when one event may hold more than all others together?

Deaths per event follow a tail without a finite variance, so that neither a normal interval nor the
plain bootstrap of a mean holds. Studentised statistics of smaller resamples do whatever the tail
(self-normalised sums), and the chance of an event larger than those seen is that of a power law.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import zeta

#: Resamples have n times the smaller n to the minus this power of events.
SHRINKING = 0.25
#: Events, and different sizes of them, without which no tail is fitted.
LEAST_TAIL, LEAST_SIZES = 10, 5
#: Distance beyond which a power law is no account of the values, times the root of their number
#: (Kolmogorov and Smirnov at 5%).
_MOST_DISTANT = 1.36
#: Exponents that are searched; at 1 a power law has no sum.
_EXPONENTS = (1.05, 8.0)
_N_EXPONENTS = 4000
#: Largest number of values that are drawn at once.
_MOST_AT_ONCE = 200_000
#: Largest number of thresholds that are tried.
_MOST_THRESHOLDS = 100


class Tail(NamedTuple):
    """A discrete power law above a threshold.

    Attributes
    ----------
    exponent : float
        Chance of a value x is proportional to ``x ** -exponent``.
    threshold : int
        From which value on.
    n_events : int
        Values that reach it.
    distance : float
        Largest distance between both distribution functions (Kolmogorov and Smirnov).
    """

    exponent: float
    threshold: int
    n_events: int
    distance: float

    def reach(self, value: float) -> float:
        """Return the chance that a value that reaches the threshold also reaches this one."""
        return float(zeta(self.exponent, value) / zeta(self.exponent, self.threshold))


def fit_tail(values: NDArray[np.float64]) -> Tail | None:
    """Fit a power law to the largest of some whole numbers.

    The exponent is that of maximum likelihood, the threshold the one above which the power law
    comes closest to the values (Clauset, Shalizi and Newman 2009).

    Parameters
    ----------
    values : array of shape (n_values,)

    Returns
    -------
    Tail or None
        None where fewer than 10 values above 0 are of five sizes, or no power law comes near them.

    References
    ----------
    Clauset A, Shalizi CR, Newman MEJ (2009). Power-law distributions in empirical data. SIAM Review
    51(4):661-703. doi:10.1137/070710111
    """
    values = np.sort(values[values >= 1])
    sizes, first = np.unique(values, return_index=True)
    left = values.size - first
    usable = (left >= LEAST_TAIL) & (sizes.size - np.arange(sizes.size) >= LEAST_SIZES)
    candidates = np.flatnonzero(usable)
    if candidates.size > _MOST_THRESHOLDS:
        candidates = candidates[
            np.unique(np.linspace(0, candidates.size - 1, _MOST_THRESHOLDS).astype(int))
        ]
    found = [_above(values[first[at] :], sizes[at:], first[at:] - first[at]) for at in candidates]
    near = [tail for tail in found if tail.distance * tail.n_events**0.5 <= _MOST_DISTANT]
    return min(near, key=lambda tail: tail.distance, default=None)


def exponent_of(values: NDArray[np.float64], threshold: float) -> float:
    """Return the exponent of a power law above a threshold by maximum likelihood.

    Examples
    --------
    >>> round(exponent_of(np.array([1.0] * 61 + [2.0] * 15 + [3.0] * 24), 1), 2)
    2.31
    """
    expected, exponents = _expected_logs(float(threshold))
    return float(np.interp(np.log(values).mean(), expected, exponents))


@lru_cache(maxsize=256)
def _expected_logs(threshold: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean log of a power law above a threshold, ascending, for falling exponents.

    Where it equals that of the values the likelihood has its maximum.
    """
    exponents = np.linspace(*_EXPONENTS, _N_EXPONENTS)[::-1]
    step = 1e-5
    above, below = (np.log(zeta(exponents + each, threshold)) for each in (step, -step))
    return -(above - below) / (2 * step), exponents


def _above(
    values: NDArray[np.float64], sizes: NDArray[np.float64], first: NDArray[np.int64]
) -> Tail:
    """Return the power law of sorted values that all reach the first of their sizes."""
    exponent = exponent_of(values, float(sizes[0]))
    seen = 1 - first / values.size
    fitted = zeta(exponent, sizes) / zeta(exponent, sizes[0])
    distance = float(np.abs(seen - fitted).max())
    return Tail(exponent, int(sizes[0]), int(values.size), distance)


def chance_of_reaching(values: NDArray[np.float64], least: float, tail: Tail | None) -> float:
    """Return the chance that one event holds at least so many.

    It is the share of the events where ten of them or more do; beyond, the tail carries it on.

    Parameters
    ----------
    values : array of shape (n_values,)
    least : float
    tail : Tail or None
        Of these values.
    """
    reached = int((values >= least).sum())
    if tail is None or least <= tail.threshold or reached >= LEAST_TAIL:
        return reached / values.size
    return tail.n_events / values.size * tail.reach(least)


def imputed(figures: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw whole numbers between bounds, likeliest the best figure (triangular).

    Parameters
    ----------
    figures : array of shape (..., 3)
        Least, best and largest.
    rng : Generator
    """
    low, best, high = (figures[..., bound] for bound in range(3))
    drawn = np.array(best)
    open_ = high > low
    drawn[open_] = rng.triangular(low[open_], best[open_], high[open_])
    return np.rint(drawn)


class RatioOfMeans(NamedTuple):
    """Ratio of two means of heavy-tailed values, and the draws its interval rests on.

    Attributes
    ----------
    log_ratio, std_error : float
    log_means, std_errors : array of shape (2,)
        Of the two means.
    statistics : array of shape (n_draws, 3)
        Absolute studentised draws: of the log ratio, and of either log mean.
    """

    log_ratio: float
    std_error: float
    log_means: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    statistics: NDArray[np.float64]


def ratio_of_means(
    tables: tuple[NDArray[np.float64], NDArray[np.float64]],
    n_draws: int,
    rng: np.random.Generator,
) -> RatioOfMeans:
    """Return the ratio of the means of two sets of events with uncertain values.

    Both sides are drawn anew from all events, each divided by the mean of its side: the smaller set
    has seldom seen the largest events, and would by itself be too sure. Statistics are studentised,
    and resamples are smaller than the sets (m out of n), so that they hold where variances are
    infinite.

    Parameters
    ----------
    tables : pair of arrays of shape (n_events, 3)
        Least, best and largest figure of each event; of either side one is above 0.
    n_draws : int
    rng : Generator
    """
    best = [each[:, 1] for each in tables]
    sizes = np.array([each.size for each in best])
    means = np.array([each.mean() for each in best])
    errors = np.array(
        [float(_studentised(each / mean)[1]) for each, mean in zip(best, means, strict=True)]
    )
    taken = np.maximum(np.rint(sizes * float(sizes.min()) ** -SHRINKING).astype(int), 2)
    # A fair centre: the figures that are drawn are not the best ones on average.
    expected = [each.sum(axis=1) / 3 for each in tables]
    centres = np.array([each.mean() for each in expected])
    pooled = np.vstack([each / centre for each, centre in zip(tables, centres, strict=True)])
    scale = np.repeat(centres, sizes)
    drawn = []
    for chunk in _chunks(n_draws, int(taken.max())):
        of_both, own = [], []
        for side in range(2):
            shape = (chunk, taken[side])
            rows = rng.integers(0, len(pooled), shape)
            figures = pooled[rows] * scale[rows, None]
            of_both.append(_studentised(imputed(figures, rng) / scale[rows]))
            alone = imputed(tables[side][rng.integers(0, sizes[side], shape)], rng)
            own.append(_studentised(alone / centres[side]))
        (first, first_spread), (second, second_spread) = of_both
        drawn.append(
            np.column_stack(
                [
                    np.abs(first - second) / np.hypot(first_spread, second_spread),
                    *(np.abs(effect) / spread for effect, spread in own),
                ]
            )
        )
    statistics = np.concatenate(drawn)
    return RatioOfMeans(
        log_ratio=float(np.log(means[0] / means[1])),
        std_error=float(np.hypot(*errors)),
        log_means=np.log(means),
        std_errors=errors,
        statistics=statistics,
    )


def _chunks(n_draws: int, n_events: int) -> list[int]:
    """Return how many draws are made at once, so that no array grows with their product."""
    most = max(_MOST_AT_ONCE // n_events, 1)
    return [min(most, n_draws - begun) for begun in range(0, n_draws, most)]


def _studentised(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log of the mean of scaled values, along the last axis, with its standard error.

    Values that are all alike, or all 0, are known no better than to half an event of average size.
    """
    n_events = values.shape[-1]
    mean = values.mean(axis=-1)
    spread = values.std(axis=-1, ddof=1) / np.sqrt(n_events)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.maximum(spread / mean, 0.5 / n_events)
        effect = np.where(mean > 0, np.log(mean), np.log(0.5 / n_events))
    return effect, np.where(mean > 0, relative, np.inf)


def half_width(statistics: NDArray[np.float64], std_error: float, alpha: float) -> float:
    """Return half of an interval by symmetric studentised draws."""
    return float(np.quantile(statistics, 1 - alpha)) * std_error
