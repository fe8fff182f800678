"""How do the trends of many short series read in the light of one another?

Of a short series neither scatter nor memory is known well, and its likeliest slope may lie far from
any that is likely. All three are mended by its neighbours: scatter and memory are weighed on one
grid for all series, and the likelihood of each slope is taken where the slope probably lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from trends.models.counts.borrowing import Shrunk, pooled_shares, shrink, spread_of
from trends.models.counts.count_model import Family, fit_counts, fit_given_dispersion
from trends.models.counts.memory import MemoryGrid, inner_products, memory_grid, memory_products
from trends.models.counts.observed import Observed
from trends.models.counts.serial_dependence import PRIOR_INDEPENDENT, band_mean
from trends.tables.calendar import days_in_periods

#: Shares of the variance that remembers, at which a series is held against its memories.
WEIGHTS = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97)
#: Smallest excess over Poisson's variance that is told from none, as its share, and the factor from
#: one excess to the next.
LEAST_EXCESS, EXCESS_STEP = 0.07, np.sqrt(2)
#: Shares of the excess that remember.
REMEMBERED = (0.0, 0.5, 1.0)
#: Powers of the mean rate that the excess goes with: counts in bursts of one size, and rates that
#: all swing by the same factor.
POWERS = (0.0, 1.0)
#: How often slopes are read anew where they probably lie, and the move, in standard errors, that
#: ends it.
MOST_READINGS, SMALL_MOVE = 6, 0.01
#: Residual variance below which none is believed: counts may be even to the last event.
_LEAST_VARIANCE = 1e-3
#: Half of the fewest degrees of freedom, where hardly an event is expected in some periods.
_LEAST_HALF = 1e-3
#: Place of the slope among the columns of a design.
_SLOPE = 1


class Lent(NamedTuple):
    """What one trend lends to its neighbours, and is read from again in their light.

    Attributes
    ----------
    counts, exposure : array of shape (n_observed,)
    design : array of shape (n_observed, n_terms)
        The intercept, the years, then what else the trend has.
    position : int array of shape (n_observed,)
        Place of each observed period among all periods.
    rho : array of shape (n_rho,)
        Correlations from one period to the next that are weighed.
    slope : float
        Log rate per year, of the series by itself.
    level : float
        Mean count a period.
    expected : array of shape (n_observed,)
        Fitted means.
    log_determinant, variance : array of shape (n_rho, 1 + n_weights)
        Under each memory, the first of each row being none: log|R| + log|D'R^-1 D|, and the
        restricted residual variance in units of the mean count.
    """

    counts: NDArray[np.float64]
    exposure: NDArray[np.float64]
    design: NDArray[np.float64]
    position: NDArray[np.int64]
    rho: NDArray[np.float64]
    slope: float
    level: float
    expected: NDArray[np.float64]
    log_determinant: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def n_free(self) -> int:
        """Residual degrees of freedom."""
        return self.counts.size - self.design.shape[1]


def lend(seen: Observed, every_row: NDArray[np.float64], *, family: Family = "auto") -> Lent:
    """Return what the log-linear trend of one series lends.

    Parameters
    ----------
    seen : Observed
    every_row : array of shape (n_periods, n_terms)
        Design of all periods: the intercept, then the years.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
        As in `fit_counts`.

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    design = every_row[seen.position]
    fit = fit_counts(seen.count, design, seen.exposure, family=family)
    columns = np.column_stack([fit.working_design(design), fit.residuals(seen.count)])
    models = memory_grid(float(np.median(days_in_periods(seen.periods))))
    rho = np.unique(models.rho[1:])
    log_det, within, _ = memory_products(columns, np.diff(seen.position), _weights_of(rho))
    gram, cross = within[:, :-1, :-1], within[:, :-1, -1]
    explained = np.einsum("mi,mi->m", cross, np.linalg.solve(gram, cross[..., None])[..., 0])
    n_free = seen.count.size - design.shape[1]
    # Pearson residuals of NB2 are in units of its own variance.
    unit = float(np.mean(fit.variance / fit.expected))
    variance = unit * np.maximum((within[:, -1, -1] - explained) / n_free, _LEAST_VARIANCE)
    shape = rho.size, 1 + len(WEIGHTS)
    return Lent(
        counts=seen.count,
        exposure=seen.exposure,
        design=design,
        position=seen.position,
        rho=rho,
        slope=float(fit.params[_SLOPE]),
        level=float(fit.expected.mean()),
        expected=fit.expected,
        log_determinant=(log_det + np.linalg.slogdet(gram)[1]).reshape(shape),
        variance=variance.reshape(shape),
    )


def _weights_of(rho: NDArray[np.float64]) -> MemoryGrid:
    """Return the memories that a series is held against, none first for every correlation."""
    every, weight = (
        axis.ravel() for axis in np.meshgrid(rho, np.append(0.0, WEIGHTS), indexing="ij")
    )
    return MemoryGrid(every, weight, np.zeros(every.size))


class Noise(NamedTuple):
    """How counts may scatter around their trends, on one grid for all series.

    Attributes
    ----------
    excess : array of shape (n_models,)
        Variance over the mean count beyond Poisson's 1, of a series of the typical level.
    power : array of shape (n_models,)
        Power of the level that the excess goes with.
    remembered : array of shape (n_models,)
        Share of the excess that remembers.
    which_rho : int array of shape (n_models,)
        Place of its correlation.
    typical : float
        Mean count a period to which the excess belongs.
    """

    excess: NDArray[np.float64]
    power: NDArray[np.float64]
    remembered: NDArray[np.float64]
    which_rho: NDArray[np.int64]
    typical: float

    def dispersion(self, level: float) -> NDArray[np.float64]:
        """Return the variance over the mean count at a level, shape (n_models,)."""
        return np.asarray(1 + self.excess * (level / self.typical) ** self.power)

    def weight(self, level: float) -> NDArray[np.float64]:
        """Return the share of that variance that remembers, shape (n_models,)."""
        dispersion = self.dispersion(level)
        return np.asarray(self.remembered * (dispersion - 1) / dispersion)


def borrow_slopes(lent: Sequence[Lent]) -> Shrunk:
    """Return the posteriors of the slopes of several series in the light of one another.

    Parameters
    ----------
    lent : sequence of Lent
        Of periods of one length.

    Returns
    -------
    Shrunk

    Notes
    -----
    The likelihood of a slope is that of a normal estimate, which Newton's step makes from where the
    slope probably lies. From the likeliest slope of a series by itself, which few events may throw
    far out, a normal likelihood would reach too far on one side and not far enough on the other.
    """
    noise, shares = weigh_noise(lent)
    weights = (shares * noise.power * noise.excess / noise.typical).sum(axis=1)
    at = np.array([one.slope for one in lent])
    for _ in range(MOST_READINGS):
        read = np.array(
            [
                _read(one, slope, noise, share, float(weight))
                for one, slope, share, weight in zip(lent, at, shares, weights, strict=True)
            ]
        )
        slopes, errors = read.T
        posterior = shrink(slopes, errors, spread_of(slopes, errors))
        move = np.abs(posterior.estimate - at) / errors
        at = posterior.estimate
        if move.max() < SMALL_MOVE:
            break
    return posterior


def weigh_noise(lent: Sequence[Lent]) -> tuple[Noise, NDArray[np.float64]]:
    """Weigh how counts scatter around the trends of several series, and what they remember.

    Parameters
    ----------
    lent : sequence of Lent

    Returns
    -------
    noise : Noise
    shares : array of shape (n_series, n_models)
        Posterior of each series.

    Notes
    -----
    Series may differ: shares of the grid are learnt from all by `pooled_shares`, once for each
    power of the level, and the powers are weighed by what the series say of them.
    """
    typical = float(np.exp(np.mean(np.log([one.level for one in lent]))))
    found, weighed, evidence = [], [], []
    for power in POWERS:
        noise = _grid(lent, power, typical)
        log_likelihood = np.array([_log_likelihood(one, noise) for one in lent])
        is_fresh = noise.remembered == 0
        prior = np.where(
            is_fresh,
            PRIOR_INDEPENDENT / is_fresh.sum(),
            (1 - PRIOR_INDEPENDENT) / (~is_fresh).sum(),
        )
        shares, log_evidence = pooled_shares(log_likelihood, prior)
        found.append(noise)
        weighed.append(shares)
        evidence.append(log_evidence)
    odds = special.softmax(evidence)
    joined = Noise(
        np.concatenate([noise.excess for noise in found]),
        np.concatenate([noise.power for noise in found]),
        np.concatenate([noise.remembered for noise in found]),
        np.concatenate([noise.which_rho for noise in found]),
        typical,
    )
    return joined, np.hstack([odd * shares for odd, shares in zip(odds, weighed, strict=True)])


def _grid(lent: Sequence[Lent], power: float, typical: float) -> Noise:
    """Return the grid for one power of the level, up to the largest excess of any series."""
    largest = max(
        LEAST_EXCESS, *((one.variance.max() - 1) * (one.level / typical) ** -power for one in lent)
    )
    n_steps = int(np.ceil(np.log(largest / LEAST_EXCESS) / np.log(EXCESS_STEP)))
    excesses = LEAST_EXCESS * EXCESS_STEP ** np.arange(n_steps + 1)
    kinds = [(0.0, 0)] + [
        (share, which) for share in REMEMBERED[1:] for which in range(lent[0].rho.size)
    ]
    models = [(0.0, 0.0, 0), *((each, *kind) for each in excesses for kind in kinds)]
    excess, remembered, which_rho = (np.array(axis) for axis in zip(*models, strict=True))
    return Noise(excess, np.full(excess.size, power), remembered, which_rho, typical)


def _log_likelihood(one: Lent, noise: Noise) -> NDArray[np.float64]:
    """Return the restricted log likelihood of one series under each noise.

    A sum of squares of counts varies more than one of normal residuals: it counts as so many fewer
    degrees of freedom as negative binomial counts of that mean and variance have a higher fourth
    moment. What residuals remember is told as well by counts as by normal residuals.
    """
    dispersion, weight = noise.dispersion(one.level), noise.weight(one.level)
    log_det = _between(one.log_determinant, weight, noise.which_rho)
    variance = _between(one.variance, weight, noise.which_rho)
    excess_kurtosis = np.mean(1 / one.expected) * (6 * (dispersion - 1) + 1 / dispersion)
    half = np.maximum(one.n_free / (1 + excess_kurtosis / 2) / 2, _LEAST_HALF)
    memory = -0.5 * (log_det + one.n_free * np.log(variance))
    ratio = variance / dispersion
    scatter = half * np.log(half) - special.gammaln(half) + half * (np.log(ratio) - ratio)
    return np.asarray(memory + scatter)


def _between(
    table: NDArray[np.float64], weight: NDArray[np.float64], which_rho: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return a table of memories at weights between its own."""
    weights = np.append(0.0, WEIGHTS)
    before = np.clip(np.searchsorted(weights, weight, side="right") - 1, 0, weights.size - 2)
    part = np.minimum((weight - weights[before]) / (weights[before + 1] - weights[before]), 1.0)
    low, high = table[which_rho, before], table[which_rho, before + 1]
    return np.asarray((1 - part) * low + part * high)


def _read(
    one: Lent,
    slope: float,
    noise: Noise,
    shares: NDArray[np.float64],
    nb_dispersion: float,
) -> tuple[float, float]:
    """Return the estimate of a slope by one step from a given one, and its standard error.

    Parameters
    ----------
    one : Lent
    slope : float
        Where the step begins; everything else of the trend is at its best there.
    noise : Noise
    shares : array of shape (n_models,)
        Probability of each noise.
    nb_dispersion : float
        By which periods are weighed: the variance grows by this share of the squared mean.
    """
    others = np.delete(one.design, _SLOPE, axis=1)
    tilted = one.exposure * np.exp(slope * one.design[:, _SLOPE])
    _, expected = fit_given_dispersion(one.counts, others, tilted, nb_dispersion=nb_dispersion)
    spread = 1 + nb_dispersion * expected
    design = one.design * np.sqrt(expected / spread)[:, None]
    bread = np.linalg.inv(inner_products(design, design))[_SLOPE]
    step = bread @ (one.design.T @ ((one.counts - expected) / spread))
    # Whose inner products give the variance of the slope, whatever the periods remember.
    influence = (design @ bread)[:, None]
    halves = MemoryGrid(one.rho, np.full(one.rho.size, 0.5), np.zeros(one.rho.size))
    _, _, across = memory_products(influence, np.diff(one.position), halves)
    alone = float(influence[:, 0] @ influence[:, 0])
    remembered = 2 * across[:, 0, 0] - alone
    weight = noise.weight(one.level)
    # The dispersion is over the mean count, these residuals are over the variance assumed.
    scale = noise.dispersion(one.level) / np.mean(spread)
    variances = scale * (weight * remembered[noise.which_rho] + (1 - weight) * alone)
    return slope + float(step), float(np.sqrt(band_mean(variances, shares)))
