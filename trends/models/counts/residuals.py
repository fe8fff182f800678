"""Does the fitted model leave anything behind that counts of its kind should not show?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

#: Bins of the PIT histogram.
_N_BINS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagnostics:
    """What is left of the counts after a fit.

    Attributes
    ----------
    residuals : DataFrame of n_observed rows
        Columns period, fitted_count, quantile_residual. Standard normal if the model holds;
        randomised within each count's probability with a fixed stream (Dunn and Smyth 1996).
    pit : ndarray, shape (10,)
        Heights of the non-randomised PIT histogram (Czado et al. 2009); all 1 if the model's
        scatter is right, U-shaped if it is too small.
    autocorrelation : ndarray, shape (n_lags,)
        Of the quantile residuals, lags 1, 2 and so on; pairs with a missing period left out.
    autocorrelation_band : float
        Half width of the 95% band of independent residuals.
    ljung_box_p_value : float
        For no autocorrelation at all lags shown.
    dispersion, dispersion_p_value : float
        Variance-to-mean ratio around the fitted means and its one-sided chance under Poisson.
    n_zeros : int
        Observed periods without events.
    expected_zeros, zeros_p_value : float
        What the model expects, and the chance of as many or more (Poisson binomial; slightly
        conservative because the means are estimated).
    """

    residuals: pd.DataFrame
    pit: np.ndarray
    autocorrelation: np.ndarray
    autocorrelation_band: float
    ljung_box_p_value: float
    dispersion: float
    dispersion_p_value: float
    n_zeros: int
    expected_zeros: float
    zeros_p_value: float


def diagnose(
    counts: np.ndarray,
    expected: np.ndarray,
    *,
    nb_dispersion: float,
    n_terms: int,
    periods: pd.PeriodIndex,
) -> Diagnostics:
    """Return residuals and tests of a fitted count model.

    Parameters
    ----------
    counts, expected : ndarray, shape (n_observed,)
        Events and fitted means.
    nb_dispersion : float
        NB2 dispersion; 0 for Poisson.
    n_terms : int
        Coefficients of the fit.
    periods : PeriodIndex of n_observed
        The observed periods.

    Returns
    -------
    Diagnostics

    References
    ----------
    Dunn PK, Smyth GK (1996). Randomized quantile residuals. Journal of Computational and
    Graphical Statistics 5(3):236-244.

    Czado C, Gneiting T, Held L (2009). Predictive model assessment for count data. Biometrics
    65(4):1254-1261.
    """
    upper, lower, at_zero = _probabilities(counts, expected, nb_dispersion)
    fixed = np.random.default_rng(0).uniform(size=counts.size)
    inside = np.clip(lower + fixed * (upper - lower), 1e-12, 1 - 1e-12)
    residuals = special.ndtri(inside)
    places = periods.asi8 - periods.asi8[0]
    correlations, n_pairs = _autocorrelations(residuals, places)
    n_observed = counts.size
    with np.errstate(divide="ignore", invalid="ignore"):
        box = n_observed * (n_observed + 2) * np.nansum(correlations**2 / n_pairs)
    chi_square = float(np.sum((counts - expected) ** 2 / expected))
    n_free = max(n_observed - n_terms, 1)
    n_zeros = int((counts == 0).sum())
    return Diagnostics(
        residuals=pd.DataFrame(
            {"period": periods, "fitted_count": expected, "quantile_residual": residuals}
        ),
        pit=_pit_histogram(lower, upper),
        autocorrelation=correlations,
        autocorrelation_band=float(1.96 / np.sqrt(n_observed)),
        ljung_box_p_value=float(special.chdtrc(correlations.size, box)),
        dispersion=chi_square / n_free,
        dispersion_p_value=float(special.chdtrc(n_free, chi_square)),
        n_zeros=n_zeros,
        expected_zeros=float(at_zero.sum()),
        zeros_p_value=_at_least(n_zeros, at_zero),
    )


def _probabilities(
    counts: np.ndarray, expected: np.ndarray, nb_dispersion: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return P(N <= n), P(N < n) and P(N = 0) of every count under the model."""
    fewer = np.maximum(counts - 1, 0)
    if nb_dispersion == 0:
        at_most, below = special.pdtr(counts, expected), special.pdtr(fewer, expected)
        at_zero = np.exp(-expected)
    else:
        size = 1 / nb_dispersion
        share = size / (size + expected)
        at_most, below = (special.betainc(size, n + 1, share) for n in (counts, fewer))
        at_zero = share**size
    return at_most, np.where(counts > 0, below, 0.0), at_zero


def _pit_histogram(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Return the mean PIT histogram: every count spreads evenly over its own probability."""
    edges = np.linspace(0, 1, _N_BINS + 1)[:, None]
    width = np.maximum(upper - lower, 1e-12)
    below = np.clip((edges - lower) / width, 0, 1).mean(axis=1)
    heights: np.ndarray = np.diff(below) * _N_BINS
    return heights


def _autocorrelations(residuals: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return autocorrelations and numbers of pairs at lags 1 to at most 24."""
    n_lags = int(min(24, max(4, places[-1] // 4)))
    spread = np.full(int(places[-1]) + 1, np.nan)
    spread[places] = residuals - residuals.mean()
    variance = float(np.nansum(spread**2))
    correlations, pairs = np.zeros(n_lags), np.ones(n_lags)
    for lag in range(1, n_lags + 1):
        products = spread[lag:] * spread[:-lag]
        known = np.isfinite(products)
        pairs[lag - 1] = max(int(known.sum()), 1)
        if variance > 0:
            correlations[lag - 1] = products[known].sum() / variance
    return correlations, pairs


def _at_least(n_zeros: int, chances: np.ndarray) -> float:
    """Return the chance of at least so many successes of independent trials with these chances."""
    # Successes beyond the observed number are not told apart, so the work is n * n_zeros.
    distribution = np.zeros(n_zeros + 1)
    distribution[0] = 1.0
    for chance in chances:
        moved = distribution[:-1] * chance
        distribution[:-1] *= 1 - chance
        distribution[1:] += moved
    return float(distribution[-1]) if n_zeros else 1.0
