"""How do the slopes of two count series differ when the same months move both?

Each series has its own log-linear fit and its own memory. What the two have in common (a season of
fighting, a reporter on leave) is the correlation of their residuals in the periods that both
observed; it takes part of the variance out of the difference of the slopes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trends.models.counts.count_model import CountFit, Family, fit_counts
from trends.models.counts.observed import Observed
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    Wandering,
    band_mean,
    grid_of,
    memory_of_fit,
    wandering_of_fit,
)

#: Periods that two series must have in common, and both have observed for a correlation.
LEAST_SHARED = 12
#: Largest correlation that is believed: a difference of two series is never known without error.
MOST_CORRELATION = 0.95
#: Prior probability that two series remember alike: then each tells something of the other's
#: memory, and there is less doubt about both than about one by itself.
PRIOR_ALIKE = 0.9
#: Between which quantiles of the pairs of memories, ordered by the variance they give, the variance
#: of a difference is averaged. It begins lower than for one series, because there is less doubt.
PAIR_BAND = (0.4, 0.9)


class Line(NamedTuple):
    """One series' log-linear fit and its memory.

    Attributes
    ----------
    fit : CountFit
    memory : MemoryPosterior
        Memories that fade.
    wandering : Wandering or None
        The same with slow autoregressions, which widen the standard errors, and the evidence for a
        level that wanders, as `trends.estimate_trend` has them; None where it was not asked for.
    design : array of shape (n_observed, n_terms)
    seen : Observed
    """

    fit: CountFit
    memory: MemoryPosterior
    wandering: Wandering | None
    design: NDArray[np.float64]
    seen: Observed

    @property
    def every_memory(self) -> MemoryPosterior:
        """Memories that fade, with the slow ones where they were asked for."""
        return self.memory if self.wandering is None else self.wandering.memory

    def slope(self, term: int) -> float:
        """Return one coefficient, on the log scale."""
        return float(self.fit.params[term])

    def std_error(self, term: int) -> float:
        """Return its standard error, memory taken into account."""
        return self.every_memory.std_error(term)

    def residuals(self) -> NDArray[np.float64]:
        """Return the Pearson residuals, shape (n_observed,)."""
        return self.fit.residuals(self.seen.count)


def fit_line(
    seen: Observed,
    every_row: NDArray[np.float64],
    *,
    family: Family = "auto",
    wandering: bool = True,
) -> Line:
    """Fit one series.

    Parameters
    ----------
    seen : Observed
    every_row : array of shape (n_periods, n_terms)
        Design of all periods: the intercept, then the years.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
        As in `fit_counts`.
    wandering : bool
        Whether a level that wanders competes with the line; not beside a bend, which is no line.

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    design = every_row[seen.position]
    fit = fit_counts(seen.count, design, seen.exposure, family=family)
    memory = memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods))
    if not wandering:
        return Line(fit, memory, None, design, seen)
    wide = wandering_of_fit(fit, design, seen, memory)
    return Line(fit, memory, wide, design, seen)


class SlopeContrast(NamedTuple):
    """The difference (or the sum) of one coefficient between two series.

    Attributes
    ----------
    difference, std_error : float
        First minus (or plus) second, on the log scale.
    n_free : float
        Degrees of freedom of its t interval (Satterthwaite 1946).
    correlation : float
        Of the residuals in the periods that both observed; NaN with fewer than 12 of them, which
        count as unrelated.
    """

    difference: float
    std_error: float
    n_free: float
    correlation: float

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the t interval of the difference."""
        half = float(stats.t.ppf(1 - alpha / 2, self.n_free)) * self.std_error
        return self.difference - half, self.difference + half

    @property
    def p_value(self) -> float:
        """Two-sided, for no difference."""
        return float(2 * stats.t.sf(abs(self.difference) / self.std_error, self.n_free))


def contrast_slopes(first: Line, second: Line, *, term: int = 1) -> SlopeContrast:
    """Return how one coefficient differs between two series.

    Under a pair of memories the variance of the difference is that of both less twice their
    covariance, which is the correlation of their residuals times both standard errors. It is
    averaged over a band of all pairs, ordered by it (`PAIR_BAND`).

    Parameters
    ----------
    first, second : Line
        Over the same periods, each perhaps with gaps of its own.
    term : int
        Place of the coefficient.
    """
    return _combined(first, second, term, sign=-1.0)


def sum_slopes(first: Line, second: Line, *, term: int = 1) -> SlopeContrast:
    """Return the sum of one coefficient in two series: which of two opposite moves is the larger.

    Parameters
    ----------
    first, second, term
        As in `contrast_slopes`.
    """
    return _combined(first, second, term, sign=1.0)


def _combined(first: Line, second: Line, term: int, *, sign: float) -> SlopeContrast:
    """Return one coefficient of the first series plus or minus that of the second."""
    errors = np.array([first.std_error(term), second.std_error(term)])
    correlation = shared_noise(first, second)
    known = float(np.nan_to_num(correlation))
    # A difference of two series is never known without error, and neither is a sum.
    believed = float(np.clip(known, None if sign < 0 else 0.0, MOST_CORRELATION))
    variances = [line.every_memory.covariances[:, term, term] for line in (first, second)]
    one, two = (axis.ravel() for axis in np.meshgrid(*variances, indexing="ij"))
    variance = float(
        band_mean(
            one + two + 2 * sign * believed * np.sqrt(one * two),
            _pairs_of_memories(first.every_memory, second.every_memory).ravel(),
            band=PAIR_BAND,
        )
    )
    free = np.array([first.memory.n_free, second.memory.n_free])
    n_free = float((errors @ errors) ** 2 / np.sum(errors**4 / free))
    return SlopeContrast(
        first.slope(term) + sign * second.slope(term), np.sqrt(variance), n_free, correlation
    )


def _pairs_of_memories(first: MemoryPosterior, second: MemoryPosterior) -> NDArray[np.float64]:
    """Return the probability of every memory of one series with every memory of another.

    Beforehand they are alike with the probability `PRIOR_ALIKE`, else each has its own.
    """
    prior = np.exp(first.grid.log_prior)
    joint = PRIOR_ALIKE * np.diag(prior) + (1 - PRIOR_ALIKE) * np.outer(prior, prior)
    likelihood = [each.probabilities / prior for each in (first, second)]
    joint = joint * np.outer(*likelihood)
    pairs: NDArray[np.float64] = joint / joint.sum()
    return pairs


def shared_noise(first: Line, second: Line) -> float:
    """Return the correlation of two series' residuals in the periods that both observed.

    NaN with fewer than `LEAST_SHARED` of them.
    """
    _, here, there = np.intersect1d(first.seen.position, second.seen.position, return_indices=True)
    if here.size < LEAST_SHARED:
        return np.nan
    one, two = first.residuals()[here], second.residuals()[there]
    return float(one @ two / np.sqrt((one @ one) * (two @ two)))
