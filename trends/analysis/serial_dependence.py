"""How much do neighbouring periods repeat one another, and what does that do to an interval?

Residuals remember: part of what is left of a count after its trend is shared with the month before.
The memory family is ``share * persistence**|i - j|`` for two periods i and j, plus independent noise
for the rest. Its two numbers are never plugged in; inference averages over a grid of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Correlation of the remembered part from one period to the next; 0.8 is the declared ceiling.
PERSISTENCES = (0.2, 0.35, 0.5, 0.65, 0.8)
#: Share of the variance that is remembered.
SHARES = (0.15, 0.3, 0.5, 0.7, 0.9)
#: Weight of "no memory" before the residuals are seen; the rest is spread evenly over the grid.
PRIOR_INDEPENDENT = 0.5

_RHO = np.concatenate([[0.0], np.repeat(PERSISTENCES, len(SHARES))])
_SHARE = np.concatenate([[0.0], np.tile(SHARES, len(PERSISTENCES))])
_LOG_PRIOR = np.log(
    np.concatenate(
        [
            [PRIOR_INDEPENDENT],
            np.full(_RHO.size - 1, (1 - PRIOR_INDEPENDENT) / (_RHO.size - 1)),
        ]
    )
)


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryAverage:
    """Covariance of coefficients, averaged over how long residuals may remember.

    Attributes
    ----------
    covariance : ndarray, shape (n_terms, n_terms)
        Averaged over the memory grid with posterior weights.
    covariance_independent : ndarray, shape (n_terms, n_terms)
        The same if there were no memory at all.
    scale : float
        Residual variance in units of the family's, averaged.
    probability : float
        Posterior weight of any memory against none.
    correlation : float
        Averaged correlation of neighbouring periods.
    share, persistence : float
        Averaged share of variance remembered and averaged correlation of the remembered part.
    at_ceiling : bool
        Whether more than half of the weight sits at the largest persistence of the grid.
    n_free : int
        Residual degrees of freedom.
    """

    covariance: np.ndarray
    covariance_independent: np.ndarray
    scale: float
    probability: float
    correlation: float
    share: float
    persistence: float
    at_ceiling: bool
    n_free: int


def average_memory(
    design: np.ndarray, residuals: np.ndarray, times: np.ndarray, *, least_scale: float = 0.0
) -> MemoryAverage:
    """Average the covariance of GLM coefficients over the memory of the residuals.

    The coefficients stay those of the GLM; their covariance under memory is the sandwich
    inverse(D'D) D'RD inverse(D'D) with D the standardised design and R the memory correlation,
    scaled by the restricted residual variance under R. Weights are restricted likelihoods.

    Parameters
    ----------
    design : ndarray, shape (n_observed, n_terms)
        Design in units of standardised residuals.
    residuals : ndarray, shape (n_observed,)
        Pearson residuals of the fit.
    times : ndarray of int, shape (n_observed,)
        Position of each observed period, so that gaps let memory fade.
    least_scale : float
        Floor of the residual variance.

    Returns
    -------
    MemoryAverage
    """
    n_observed, n_terms = design.shape
    n_free = n_observed - n_terms
    log_det, within, across = memory_products(np.column_stack([design, residuals]), times)
    gram, cross = within[:, :n_terms, :n_terms], within[:, :n_terms, n_terms]
    explained = np.einsum("mi,mi->m", cross, np.linalg.solve(gram, cross[..., None])[..., 0])
    left = np.maximum(within[:, n_terms, n_terms] - explained, 1e-10)
    log_weight = (
        _LOG_PRIOR - 0.5 * (log_det + np.linalg.slogdet(gram)[1]) - 0.5 * n_free * np.log(left)
    )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    scales = np.maximum(left / n_free, least_scale)
    bread = np.linalg.inv(design.T @ design)
    sandwiches = scales[:, None, None] * (bread @ across[:, :n_terms, :n_terms] @ bread)
    return MemoryAverage(
        covariance=np.einsum("m,mij->ij", weight, sandwiches),
        covariance_independent=sandwiches[0],
        scale=float(weight @ scales),
        probability=float(1 - weight[0]),
        correlation=float(weight @ (_SHARE * _RHO)),
        share=float(weight @ _SHARE),
        persistence=float(weight @ _RHO),
        at_ceiling=bool(weight[_RHO == PERSISTENCES[-1]].sum() > 0.5),
        n_free=n_free,
    )


def memory_products(
    columns: np.ndarray,
    times: np.ndarray,
    *,
    persistence: np.ndarray = _RHO,
    share: np.ndarray = _SHARE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log|R|, C'R^-1 C and C'RC of columns C for every memory correlation R of a grid.

    A Kalman filter does it in time linear in the number of periods: the remembered part is the
    state, the rest is the noise.

    Parameters
    ----------
    columns : ndarray, shape (n_observed, n_columns)
    times : ndarray of int, shape (n_observed,)
        Increasing positions.
    persistence, share : ndarray, shape (n_grid,)
        The grid.

    Returns
    -------
    log_det : ndarray, shape (n_grid,)
    within, across : ndarray, shape (n_grid, n_columns, n_columns)
    """
    n_observed, n_columns = columns.shape
    steps = np.diff(times)
    state = np.zeros((persistence.size, n_columns))
    faded = np.zeros((persistence.size, n_columns))
    uncertainty = share.copy()
    innovations = np.empty((n_observed, persistence.size, n_columns))
    remembered = np.empty((n_observed, persistence.size, n_columns))
    variances = np.empty((n_observed, persistence.size))
    noise = 1 - share
    for position in range(n_observed):
        if position:
            step = steps[position - 1]
            decay = persistence if step == 1 else persistence**step
            state = state * decay[:, None]
            faded = faded * decay[:, None]
            uncertainty = share + decay * decay * (uncertainty - share)
        remembered[position] = faded
        faded = faded + columns[position]
        variance = uncertainty + noise
        variances[position] = variance
        surprise = columns[position] - state
        innovations[position] = surprise
        gain = uncertainty / variance
        state = state + gain[:, None] * surprise
        uncertainty = uncertainty * (1 - gain)
    scaled = innovations / np.sqrt(variances)[:, :, None]
    within = np.einsum("tmi,tmj->mij", scaled, scaled)
    past = np.einsum("ti,tmj->mij", columns, remembered)
    across = share[:, None, None] * (past + past.transpose(0, 2, 1)) + columns.T @ columns
    return np.log(variances).sum(axis=0), within, across


def newey_west(
    design: np.ndarray, residuals: np.ndarray, times: np.ndarray, *, n_lags: int
) -> np.ndarray:
    """Return the Bartlett-kernel sandwich covariance of GLM coefficients (Newey and West 1987).

    Parameters
    ----------
    design : ndarray, shape (n_observed, n_terms)
        Design in units of standardised residuals.
    residuals : ndarray, shape (n_observed,)
    times : ndarray of int, shape (n_observed,)
        Pairs of periods count by their distance in time; a missing period contributes no pair.
    n_lags : int
        Largest distance with positive weight; 0 gives White's HC0.

    Returns
    -------
    ndarray, shape (n_terms, n_terms)
    """
    n_terms = design.shape[1]
    scores = np.zeros((times[-1] - times[0] + 1, n_terms))
    scores[times - times[0]] = design * residuals[:, None]
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

    Kiefer and Vogelsang (2005, Table 1) fit a cubic in the bandwidth's share of the sample for
    the 90%, 95%, 97.5% and 99% points; other levels scale the nearest of them by the normal.
    """
    from scipy import stats

    cubics = {
        0.1: (1.6449, 2.1859, 0.3142, -0.3427),
        0.05: (1.9600, 2.9694, 0.4160, -0.5324),
        0.02: (2.3263, 4.1618, 0.5368, -0.9060),
    }
    level = min(cubics, key=lambda known: abs(np.log(known / alpha)))
    value = float(np.polynomial.polynomial.polyval(bandwidth_share, cubics[level]))
    return value * float(stats.norm.ppf(1 - alpha / 2) / stats.norm.ppf(1 - level / 2))
