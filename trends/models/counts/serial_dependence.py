"""How much do neighbouring periods repeat one another, and what does that do to an interval?

Residuals remember: part of what is left of a count after its trend is shared with the period
before. The memory family is ``share * persistence**|i - j|`` for two periods i and j, plus
independent noise for the rest. Its two numbers are never plugged in: a grid of memories is weighed,
and an interval is as wide as the upper quartile of them makes it. In short series no estimate of
memory is sure enough to be believed where it is small, and variances averaged over memories made
intervals too wide where there is none and too narrow where there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special
from scipy.special import logsumexp

from trends.models.counts.count_model import CountFit, Family, fit_counts
from trends.models.counts.memory import (
    MemoryGrid,
    inner_products,
    memory_grid,
    memory_products,
    wandering_grid,
    wandering_products,
)
from trends.models.counts.observed import Observed
from trends.tables.calendar import days_in_periods

#: Weight of "no memory" before the residuals are seen; the rest is spread evenly over the grid.
PRIOR_INDEPENDENT = 0.6
#: Least correlation and least weight of the memories weighed against none. Weaker ones widen an
#: interval little, and would only draw probability from those that do.
LEAST_RHO, LEAST_WEIGHT = 0.3, 0.5
#: Between which quantiles of the memories, ordered by the variance they give, the variance that
#: counts is averaged: the upper quartile, smoothed, so that no single event moves it by much.
BAND = (0.6, 0.9)
#: Log evidence from which a level is said to wander, and the p-value of a bend that explains it.
CLEARLY_WANDERS, BENT = 2.5, 0.01
#: Log evidence for a level that wanders from which a series by itself has no one pace. At 2.5 a
#: fifth of random walks of 60 months with a monthly sd of .1 would be refused one, at 1 half of
#: them, and of lines that double with three times Poisson's variance one in forty. Comparisons of
#: paces and shares wait for `CLEARLY_WANDERS`: at 1 a fifth of pairs of lines with a monthly
#: correlation of .5 would be refused, whose intervals hold.
NO_LINE = 1.0
#: Weight of slow autoregressions (half-lives of 7 and 14 months) before the residuals are seen.
#: With .2 intervals would cover .90 of series of 60 months with a monthly correlation of .9 instead
#: of .85, but of changes that four in five series should show only three in five would be found.
PRIOR_SLOW = 0.1
#: Share of Poisson series whose residual variance is smaller than any that is believed.
_LUCK = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryPosterior:
    """Covariances of coefficients, one for each memory that residuals may have.

    Attributes
    ----------
    grid : MemoryGrid
        The memories; the first is none.
    probabilities : ndarray, shape (n_models,)
        Posterior probability of each.
    scales : ndarray, shape (n_models,)
        Residual variance under each, in units of the family's.
    covariances : ndarray, shape (n_models, n_terms, n_terms)
        Covariance of the coefficients under each.
    n_free : int
        Residual degrees of freedom.
    least_scale : float
        Floor of the scales.
    """

    grid: MemoryGrid
    probabilities: np.ndarray
    scales: np.ndarray
    covariances: np.ndarray
    n_free: int
    least_scale: float

    @property
    def probability(self) -> float:
        """Posterior probability of any memory against none."""
        return float(1 - self.probabilities[0])

    @property
    def correlation(self) -> float:
        """Averaged correlation of neighbouring periods."""
        return float(self.probabilities @ (self.grid.weight * self.grid.rho))

    @property
    def at_ceiling(self) -> bool:
        """Whether more than half of the probability sits at the largest correlation of the grid."""
        return bool(self.probabilities[self.grid.rho == self.grid.rho.max()].sum() > 0.5)

    def std_errors(self, contrasts: np.ndarray) -> np.ndarray:
        """Return the standard errors of linear combinations of the coefficients.

        The variance of each is the upper quartile of its posterior over the memories, smoothed.

        Parameters
        ----------
        contrasts : ndarray, shape (n_contrasts, n_terms)

        Returns
        -------
        ndarray, shape (n_contrasts,)
        """
        variances = np.einsum("ci,mij,cj->mc", contrasts, self.covariances, contrasts)
        return np.sqrt(band_mean(variances, self.probabilities))

    def std_error(self, term: int) -> float:
        """Return the standard error of one coefficient."""
        contrast = np.zeros((1, self.covariances.shape[1]))
        contrast[0, term] = 1
        return float(self.std_errors(contrast)[0])

    def wald(self, effects: np.ndarray, contrasts: np.ndarray) -> float:
        """Return the Wald statistic of several effects, at the upper quartile of the memories.

        Parameters
        ----------
        effects : ndarray, shape (n_effects,)
            Estimates of the linear combinations `contrasts` of the coefficients.
        contrasts : ndarray, shape (n_effects, n_terms)
        """
        within = np.einsum("ai,mij,bj->mab", contrasts, self.covariances, contrasts)
        solved = np.linalg.solve(within, np.broadcast_to(effects, within.shape[:2])[..., None])
        statistics = solved[..., 0] @ effects
        # The statistic is in units of one over a variance.
        inverse = 1 / np.maximum(statistics, 1e-300)
        return float(1 / band_mean(inverse, self.probabilities))

    def of_design(self, design: np.ndarray, position: np.ndarray) -> MemoryPosterior:
        """Return the same memories with the covariances of another design, say a longer one.

        Parameters
        ----------
        design : ndarray, shape (n_rows, n_terms)
            Design in units of standardised residuals.
        position : ndarray of int, shape (n_rows,)
            Place of each row among all periods.
        """
        _, _, across = memory_products(design, np.diff(position), self.grid)
        return replace(self, covariances=_sandwiches(design, across, self.scales))

    @property
    def covariance(self) -> np.ndarray:
        """Averaged covariance with the variances of `std_errors`, shape (n_terms, n_terms)."""
        average = np.einsum("m,mij->ij", self.probabilities, self.covariances)
        ratio = self.std_errors(np.eye(average.shape[0])) / np.sqrt(np.diag(average))
        return np.asarray(average * np.outer(ratio, ratio))


def band_mean(
    values: np.ndarray, probabilities: np.ndarray, *, band: tuple[float, float] = BAND
) -> np.ndarray:
    """Return the mean of the quantiles of a distribution between the two ends of a band.

    Parameters
    ----------
    values, probabilities : ndarray, shape (n_models,) or (n_models, n_columns)
        The probabilities of a column add up to 1; those of one column serve all.
    band : tuple of two float
        Chances between which quantiles are averaged; by default around the upper quartile.

    Returns
    -------
    ndarray, shape () or (n_columns,)

    Examples
    --------
    >>> round(float(band_mean(np.array([1.0, 2.0, 6.0]), np.array([0.7, 0.1, 0.2]))), 9)
    3.0
    """
    shared = probabilities if probabilities.ndim == values.ndim else probabilities[:, None]
    order = np.argsort(values, axis=0)
    shares = band_shares(
        np.take_along_axis(np.broadcast_to(shared, values.shape), order, axis=0), band=band
    )
    mean: np.ndarray = (shares * np.take_along_axis(values, order, axis=0)).sum(axis=0)
    return mean


def band_shares(probabilities: np.ndarray, *, band: tuple[float, float] = BAND) -> np.ndarray:
    """Return how much of the band each of several ordered outcomes fills; they add up to 1."""
    low, high = band
    reached = np.clip(np.cumsum(probabilities, axis=0), low, high)
    # Rounding may leave the whole a hair below one.
    reached[-1] = high
    shares: np.ndarray = np.diff(reached, axis=0, prepend=low) / (high - low)
    return shares


def weigh_memories(
    design: np.ndarray,
    residuals: np.ndarray,
    position: np.ndarray,
    *,
    grid: MemoryGrid,
    least_scale: float = 0.0,
) -> MemoryPosterior:
    """Weigh the memories that the residuals of a GLM may have, with the covariance under each.

    The coefficients stay those of the GLM; their covariance under a memory is the sandwich
    inverse(D'D) D'RD inverse(D'D) with D the standardised design and R the memory correlation,
    scaled by the restricted residual variance under R. Weights are restricted likelihoods.

    Parameters
    ----------
    design : ndarray, shape (n_observed, n_terms)
        Design in units of standardised residuals.
    residuals : ndarray, shape (n_observed,)
        Pearson residuals of the fit.
    position : ndarray of int, shape (n_observed,)
        Place of each observed period among all periods, so that gaps let memory fade.
    grid : MemoryGrid
        Memory models; the first is independence.
    least_scale : float
        Floor of the residual variance.

    Returns
    -------
    MemoryPosterior
    """
    return _posterior(
        design,
        memory_products(np.column_stack([design, residuals]), np.diff(position), grid),
        grid,
        least_scale,
    )


class Wandering(NamedTuple):
    """Memories that fade and levels that wander, weighed together.

    Attributes
    ----------
    memory : MemoryPosterior
        Memories that fade with slow autoregressions, `PRIOR_SLOW` on these. A random walk is left
        out: it can have gone anywhere, so no interval for a slope would say anything.
    log_odds : float
        Log evidence for a level that wanders, by a slow autoregression or a random walk, over one
        whose memory fades.
    """

    memory: MemoryPosterior
    log_odds: float


def beside_wandering(
    memory: MemoryPosterior,
    design: np.ndarray,
    residuals: np.ndarray,
    position: np.ndarray,
    *,
    bend: np.ndarray,
    days_per_period: float,
    least_variance: float,
) -> Wandering:
    """Weigh levels that wander beside a memory that fades.

    Beside any memory stands noise of at least Poisson counts: else a path through even counts, such
    as figures that rise by the same number every month, would pass for a walk.

    Parameters
    ----------
    memory : MemoryPosterior
        Of `weigh_memories` for the same design and residuals.
    design, residuals, position
        As there.
    bend : ndarray, shape (n_observed,)
        What a smooth bend would add to the design: half of the weight of a memory that fades is
        beside one, for a bend is no wandering.
    days_per_period : float
        Length of a period.
    least_variance : float
        Variance of a residual if the counts were Poisson.
    """
    gaps = np.diff(position).astype(float)
    columns = np.column_stack([design, residuals])
    log_fading = float(_fading_evidence(columns, bend, gaps, memory.grid, least_variance))
    grid = wandering_grid(days_per_period)
    products = wandering_products(columns, gaps, grid)
    wandering = _bounded_evidence(columns, products, grid, least_variance, n_extra=0)
    is_slow = grid.rho < 1
    slow = MemoryGrid(*(axis[is_slow] for axis in grid))
    log_det, within, across = (part[is_slow] for part in products)
    walks = _posterior(design, (log_det, within, across), slow, memory.least_scale)
    log_slow = logsumexp(wandering[is_slow]) - logsumexp(slow.log_prior) - log_fading
    share = float(special.expit(special.logit(PRIOR_SLOW) + log_slow))
    both = replace(
        memory,
        grid=MemoryGrid(
            np.append(memory.grid.rho, slow.rho),
            np.append(memory.grid.weight, slow.weight),
            np.append(
                np.log1p(-PRIOR_SLOW) + memory.grid.log_prior,
                np.log(PRIOR_SLOW) + slow.log_prior - logsumexp(slow.log_prior),
            ),
        ),
        probabilities=np.append((1 - share) * memory.probabilities, share * walks.probabilities),
        scales=np.append(memory.scales, walks.scales),
        covariances=np.concatenate([memory.covariances, walks.covariances]),
    )
    return Wandering(both, float(logsumexp(wandering)) - log_fading)


def wandering_of_fit(
    fit: CountFit, design: np.ndarray, seen: Observed, memory: MemoryPosterior
) -> Wandering:
    """Weigh levels that wander beside the memory of a fitted line.

    Parameters
    ----------
    fit : CountFit
    design : ndarray, shape (n_observed, n_terms)
        Its design: the intercept, then the years.
    seen : Observed
        The periods it was fitted to.
    memory : MemoryPosterior
        Of `memory_of_fit`.
    """
    return beside_wandering(
        memory,
        fit.working_design(design),
        fit.residuals(seen.count),
        seen.position,
        bend=fit.working_design(squared_time(design[:, 1:2]))[:, 0],
        days_per_period=float(np.median(days_in_periods(seen.periods))),
        least_variance=fit.poisson_variance,
    )


def wandering_log_odds(
    memory: MemoryPosterior,
    design: np.ndarray,
    residuals: np.ndarray,
    position: np.ndarray,
    *,
    days_per_period: float,
    least_variance: float,
) -> float:
    """Return the log evidence for a level that wanders over one whose memory fades.

    What `beside_wandering` has, but without a bend that competes: where the design is no line, as
    beside a step.

    Parameters
    ----------
    memory, design, residuals, position, days_per_period, least_variance
        As there.
    """
    gaps = np.diff(position).astype(float)
    columns = np.column_stack([design, residuals])
    slow = wandering_grid(days_per_period)
    evidence = [
        logsumexp(_bounded_evidence(columns, products, grid, least_variance, n_extra=0))
        for grid, products in (
            (slow, wandering_products(columns, gaps, slow)),
            (memory.grid, memory_products(columns, gaps, memory.grid)),
        )
    ]
    return float(evidence[0] - evidence[1])


def _bounded_evidence(
    columns: np.ndarray,
    products: tuple[np.ndarray, np.ndarray, np.ndarray],
    grid: MemoryGrid,
    least_variance: float | np.ndarray,
    *,
    n_extra: int,
) -> np.ndarray:
    """Return the log evidence of every memory, prior included, beside noise that varies enough.

    The last `n_extra` terms of the design have the prior of one observation's information.
    """
    log_det, within, _ = products
    # one axis more for many fits
    beside = (slice(None), *(None,) * (columns.ndim - 2))
    gram, cross, total = within[..., :-1, :-1], within[..., :-1, -1], within[..., -1, -1]
    explained = np.einsum("...i,...i->...", cross, np.linalg.solve(gram, cross[..., None])[..., 0])
    left = np.maximum(total - explained, 0.0)
    n_observed, n_terms = columns.shape[0], gram.shape[-1]
    n_free = n_observed - n_terms + n_extra
    # walks are added to noise of one; of a memory that fades a share is noise
    fresh = np.where(grid.rho < 1, 1 - grid.weight, 1.0)[beside]
    scale = np.maximum(left / n_free, least_variance / fresh)
    design, kept = columns[..., :-1], n_terms - n_extra
    alone = inner_products(design, design)
    information = np.linalg.slogdet(alone)[1] - np.linalg.slogdet(alone[..., :kept, :kept])[1]
    log_weight = grid.log_prior[beside] - 0.5 * (log_det[beside] + np.linalg.slogdet(gram)[1])
    log_weight += 0.5 * (information - n_extra * np.log(n_observed))
    weighed: np.ndarray = log_weight - 0.5 * (n_free * np.log(scale) + left / scale)
    return weighed


def _fading_evidence(
    columns: np.ndarray,
    bend: np.ndarray,
    gaps: np.ndarray,
    grid: MemoryGrid,
    least_variance: float | np.ndarray,
) -> np.ndarray:
    """Return the log evidence of memories that fade, half of it beside a bend."""
    bent = np.concatenate([columns[..., :-1], bend[..., None], columns[..., -1:]], axis=-1)
    found = [
        logsumexp(
            _bounded_evidence(
                every, memory_products(every, gaps, grid), grid, least_variance, n_extra=n_extra
            ),
            axis=0,
        )
        for n_extra, every in enumerate((columns, bent))
    ]
    return np.asarray(np.logaddexp(*found) - np.log(2))


def _posterior(
    design: np.ndarray,
    products: tuple[np.ndarray, np.ndarray, np.ndarray],
    grid: MemoryGrid,
    least_scale: float,
) -> MemoryPosterior:
    """Return the posterior of memories, given the products of design and residuals under each."""
    log_det, within, across = products
    n_observed, n_terms = design.shape
    n_free = n_observed - n_terms
    gram, cross = within[:, :n_terms, :n_terms], within[:, :n_terms, n_terms]
    explained = np.einsum("mi,mi->m", cross, np.linalg.solve(gram, cross[..., None])[..., 0])
    left = np.maximum(within[:, n_terms, n_terms] - explained, 1e-10)
    log_weight = (
        grid.log_prior - 0.5 * (log_det + np.linalg.slogdet(gram)[1]) - 0.5 * n_free * np.log(left)
    )
    weight = np.exp(log_weight - log_weight.max())
    scales = np.maximum(left / n_free, least_scale)
    return MemoryPosterior(
        grid=grid,
        probabilities=weight / weight.sum(),
        scales=scales,
        covariances=_sandwiches(design, across[:, :n_terms, :n_terms], scales),
        n_free=n_free,
        least_scale=least_scale,
    )


def reml_weights(
    grid: MemoryGrid,
    log_determinants: np.ndarray,
    log_determinants_within: np.ndarray,
    squares: np.ndarray,
    n_free: int,
) -> np.ndarray:
    """Return the posterior probability of every memory by restricted likelihood, scale profiled.

    Parameters
    ----------
    grid : MemoryGrid
    log_determinants, log_determinants_within : ndarray, shape (n_models,)
        Of R and of D'R^-1 D, D the design.
    squares : ndarray, shape (n_models, n_responses)
        Generalised residual sums of squares.
    n_free : int
        Residual degrees of freedom.

    Returns
    -------
    ndarray, shape (n_models, n_responses)
    """
    log_weight = (grid.log_prior - 0.5 * (log_determinants + log_determinants_within))[:, None]
    log_weight = log_weight - 0.5 * n_free * np.log(squares)
    weight = np.exp(log_weight - log_weight.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))


@cache
def least_scale(n_free: int) -> float:
    """Return the residual variance that 99 in 100 Poisson series exceed."""
    return float(2 * special.gammaincinv(n_free / 2, _LUCK) / n_free)


def _sandwiches(design: np.ndarray, across: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the sandwich covariance under each memory, given D'RD and the residual variance."""
    bread = np.linalg.inv(design.T @ design)
    sandwiches: np.ndarray = scales[:, None, None] * (bread @ across @ bread)
    return sandwiches


def memory_of_fit(
    fit: CountFit, design: np.ndarray, counts: np.ndarray, position: np.ndarray, grid: MemoryGrid
) -> MemoryPosterior:
    """Weigh the memories of a fit's residuals.

    The residual variance is not let below what 1 in 100 Poisson series would show: counts may be
    luckily even.
    """
    n_free = counts.size - design.shape[1]
    return weigh_memories(
        fit.working_design(design),
        fit.residuals(counts),
        position,
        grid=grid,
        least_scale=least_scale(n_free),
    )


class Widening(NamedTuple):
    """What `beside_wandering` takes of many fits.

    Attributes
    ----------
    bends : ndarray, shape (n_observed, n_fits)
    least_variances : ndarray, shape (n_fits,)
    days_per_period : float
    """

    bends: np.ndarray
    least_variances: np.ndarray
    days_per_period: float


def std_errors_of_many(
    designs: np.ndarray,
    residuals: np.ndarray,
    position: np.ndarray,
    grid: MemoryGrid,
    *,
    term: int,
    widening: Widening | None = None,
) -> np.ndarray:
    """Return the standard error of one coefficient in each of many fits.

    It is that of `memory_of_fit`, or of `beside_wandering` where a widening is given.

    Parameters
    ----------
    designs : ndarray, shape (n_observed, n_fits, n_terms)
        Designs in units of standardised residuals.
    residuals : ndarray, shape (n_observed, n_fits)
        Pearson residuals.
    position : ndarray of int, shape (n_observed,)
        Place of each observed period among all periods.
    grid : MemoryGrid
    term : int
        Place of the coefficient.
    widening : Widening, optional

    Returns
    -------
    ndarray, shape (n_fits,)
    """
    gaps = np.diff(position).astype(float)
    columns = np.concatenate([designs, residuals[..., None]], axis=2)
    variances, weights = _variances_of_many(
        columns, memory_products(columns, gaps, grid), grid, term
    )
    if widening is not None:
        every = wandering_grid(widening.days_per_period)
        slow = MemoryGrid(*(axis[every.rho < 1] for axis in every))
        products = memory_products(columns, gaps, slow)
        log_slow = logsumexp(
            _bounded_evidence(columns, products, slow, widening.least_variances, n_extra=0), axis=0
        ) - logsumexp(slow.log_prior)
        log_slow -= _fading_evidence(columns, widening.bends, gaps, grid, widening.least_variances)
        share = special.expit(special.logit(PRIOR_SLOW) + log_slow)
        slow_variances, slow_weights = _variances_of_many(columns, products, slow, term)
        variances = np.concatenate([variances, slow_variances])
        weights = np.concatenate([(1 - share) * weights, share * slow_weights])
    return np.sqrt(band_mean(variances, weights))


def _variances_of_many(
    columns: np.ndarray,
    products: tuple[np.ndarray, np.ndarray, np.ndarray],
    grid: MemoryGrid,
    term: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the variance of a coefficient under every memory, and the weight of the memory."""
    log_det, within, across = products
    n_terms = columns.shape[2] - 1
    n_free = columns.shape[0] - n_terms
    gram, cross = within[..., :n_terms, :n_terms], within[..., :n_terms, n_terms]
    explained = np.einsum("mfi,mfi->mf", cross, np.linalg.solve(gram, cross[..., None])[..., 0])
    left = np.maximum(within[..., n_terms, n_terms] - explained, 1e-10)
    log_dets = log_det[:, None] + np.linalg.slogdet(gram)[1]
    log_weight = grid.log_prior[:, None] - 0.5 * (log_dets + n_free * np.log(left))
    scales = np.maximum(left / n_free, least_scale(n_free))
    designs = columns[..., :n_terms]
    bread = np.linalg.inv(inner_products(designs, designs))[:, term]
    spread = np.einsum("fi,mfij,fj->mf", bread, across[..., :n_terms, :n_terms], bread)
    return scales * spread, special.softmax(log_weight, axis=0)


def squared_time(times: np.ndarray) -> np.ndarray:
    """Return squared times around their mean: what a smooth bend adds to a line."""
    return np.asarray(times**2 - np.mean(times**2))


def newey_west(
    design: np.ndarray, residuals: np.ndarray, position: np.ndarray, *, n_lags: int
) -> np.ndarray:
    """Return the Bartlett-kernel sandwich covariance of GLM coefficients (Newey and West 1987).

    Parameters
    ----------
    design : ndarray, shape (n_observed, n_terms)
        Design in units of standardised residuals.
    residuals : ndarray, shape (n_observed,)
    position : ndarray of int, shape (n_observed,)
        Pairs of periods count by their distance in time; a missing period contributes no pair.
    n_lags : int
        Largest distance with positive weight; 0 gives White's HC0.

    Returns
    -------
    ndarray, shape (n_terms, n_terms)
    """
    n_terms = design.shape[1]
    scores = np.zeros((position[-1] - position[0] + 1, n_terms))
    scores[position - position[0]] = design * residuals[:, None]
    meat = scores.T @ scores
    for lag in range(1, min(n_lags, scores.shape[0] - 1) + 1):
        pairs = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (n_lags + 1)) * (pairs + pairs.T)
    bread = np.linalg.inv(design.T @ design)
    covariance: np.ndarray = bread @ meat @ bread
    return covariance


def newey_west_lags(n_observed: int) -> int:
    """Return the lag rule 1.3 sqrt(n), rounded down (Lazarus, Lewis, Stock and Watson 2018)."""
    return int(1.3 * np.sqrt(n_observed))


def fixed_b_critical_value(bandwidth_share: float, alpha: float) -> float:
    """Return the two-sided fixed-b critical value of a Bartlett t statistic.

    The cubic in the bandwidth's share of the sample is the one of Kiefer and Vogelsang (2005) for
    the 95% level; other levels scale it as the normal points scale.
    """
    at_95 = float(
        np.polynomial.polynomial.polyval(bandwidth_share, (1.9600, 2.9694, 0.4160, -0.5324))
    )
    return at_95 * float(special.ndtri(1 - alpha / 2)) / float(special.ndtri(0.975))


@dataclass(frozen=True, kw_only=True)
class AutoregressiveSlope:
    """Long-run slope of a count model that conditions on the period before.

    Attributes
    ----------
    slope, std_error : float
        Log rate per unit of the design's time column; NaN when the model cannot be fitted.
    """

    slope: float
    std_error: float


def autoregressive_slope(
    seen: Observed, design: np.ndarray, *, family: Family, column: int = 1
) -> AutoregressiveSlope:
    """Estimate the slope again with the previous period's log rate among the terms.

    The Markov regression of Zeger and Qaqish (1988): log mean = design + a * log previous rate,
    previous counts of 0 taken as 1/2. A linear time column keeps its span when lagged, so the
    long-run slope is the fitted one over (1 - a); its standard error is by the delta method on a
    quasi-likelihood covariance.
    """
    nothing = AutoregressiveSlope(slope=np.nan, std_error=np.nan)
    follows = np.flatnonzero(np.diff(seen.position) == 1) + 1
    n_terms = design.shape[1] + 1
    if follows.size < n_terms + 4:
        return nothing
    before = np.log(np.maximum(seen.count[follows - 1], 0.5) / seen.exposure[follows - 1])
    lagged = np.column_stack([design[follows], before - before.mean()])
    counts, exposure = seen.count[follows], seen.exposure[follows]
    if np.linalg.matrix_rank(lagged) < n_terms:
        return nothing
    try:
        fit = fit_counts(counts, lagged, exposure, family=family)
    except RuntimeError:
        return nothing
    repeats = float(fit.params[-1])
    if repeats >= 0.95:
        return nothing
    working = fit.working_design(lagged)
    scale = float(np.sum(fit.residuals(counts) ** 2) / (follows.size - n_terms))
    covariance = scale * np.linalg.inv(working.T @ working)
    slope = float(fit.params[column]) / (1 - repeats)
    gradient = np.zeros(n_terms)
    gradient[column], gradient[-1] = 1 / (1 - repeats), slope / (1 - repeats)
    return AutoregressiveSlope(
        slope=slope,
        std_error=float(np.sqrt(gradient @ covariance @ gradient)),
    )


def grid_of(periods: pd.PeriodIndex) -> MemoryGrid:
    """Return the memories that are weighed for these periods: none, and the strong ones."""
    return grid_of_days(float(np.median(days_in_periods(periods))))


def grid_of_days(days_per_period: float) -> MemoryGrid:
    """Return the memories that are weighed for periods of this length: none, and the strong."""
    every = memory_grid(days_per_period)
    strong = (every.rho >= LEAST_RHO) & (every.weight >= LEAST_WEIGHT)
    kept = strong | (every.weight == 0)
    log_prior = np.full(kept.sum(), np.log((1 - PRIOR_INDEPENDENT) / strong.sum()))
    log_prior[0] = np.log(PRIOR_INDEPENDENT)
    return MemoryGrid(every.rho[kept], every.weight[kept], log_prior)
