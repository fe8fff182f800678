"""Which log-linear count model describes a series, and how far do its counts scatter?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats
from scipy.special import xlogy
from statsmodels.discrete.discrete_model import NegativeBinomial

Family = Literal["auto", "poisson", "quasipoisson", "nb2"]
FittedFamily = Literal["poisson", "quasipoisson", "nb2"]

#: NB2 dispersion below which the likelihood is taken to have its maximum at Poisson.
_BOUNDARY = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class CountFit:
    """One fitted log-linear model of counts with an exposure offset.

    Attributes
    ----------
    family : {"poisson", "quasipoisson", "nb2"}
        Family that was fitted, after any fallback.
    params : ndarray, shape (n_terms,)
        Coefficients on the log scale.
    covariance : ndarray, shape (n_terms, n_terms)
        Covariance of the coefficients if the family holds and periods are independent: inverse
        information (poisson), times the Pearson dispersion (quasipoisson), or the block of the
        joint observed information of coefficients and dispersion (nb2).
    expected : ndarray, shape (n_observed,)
        Fitted means, events.
    nb_dispersion : float
        NB2 dispersion: variance = mean + nb_dispersion * mean**2; 0 for the other families.
    dispersion : float
        Pearson chi-square of the Poisson fit over its residual degrees of freedom.
    dispersion_p_value : float
        Chance of so much dispersion or more if the counts were Poisson.
    log_likelihood : float
        Of the fitted family; for quasipoisson that of Poisson.
    at_boundary : bool
        Whether NB2 was wanted but its likelihood has no interior maximum.
    """

    family: FittedFamily
    params: np.ndarray
    covariance: np.ndarray
    expected: np.ndarray
    nb_dispersion: float
    dispersion: float
    dispersion_p_value: float
    log_likelihood: float
    at_boundary: bool

    @property
    def variance(self) -> np.ndarray:
        """Variance of each count as the mean-variance law has it, before scaling."""
        return self.expected * (1 + self.nb_dispersion * self.expected)

    def working_design(self, design: np.ndarray) -> np.ndarray:
        """Return the design in units of standardised residuals, shape (n_observed, n_terms)."""
        return cast("np.ndarray", design * (self.expected / np.sqrt(self.variance))[:, None])

    def residuals(self, counts: np.ndarray) -> np.ndarray:
        """Return Pearson residuals, shape (n_observed,)."""
        return cast("np.ndarray", (counts - self.expected) / np.sqrt(self.variance))


def percent_change(log_change: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return changes on the log scale as percent; beyond what a number can hold, infinity.

    Examples
    --------
    >>> percent_change(np.log([2.0, 0.5])).round(9).tolist()
    [100.0, -50.0]
    """
    with np.errstate(over="ignore"):
        return np.asarray(100 * np.expm1(log_change), dtype=np.float64)


def ratio_of(log_ratio: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return ratios of changes on the log scale; beyond what a number can hold, infinity.

    Examples
    --------
    >>> ratio_of(np.array([0.0, 1000.0])).tolist()
    [1.0, inf]
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(log_ratio), dtype=np.float64)


def fit_counts(
    counts: np.ndarray, design: np.ndarray, exposure: np.ndarray, *, family: Family = "auto"
) -> CountFit:
    """Fit a log-linear count model by maximum likelihood.

    Parameters
    ----------
    counts : ndarray, shape (n_observed,)
        Events; no missing values.
    design : ndarray, shape (n_observed, n_terms)
        Full-rank design with an intercept.
    exposure : ndarray, shape (n_observed,)
        Positive; the means are proportional to it.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
        With auto, NB2 if the Poisson fit's dispersion is beyond chance at 5% and NB2 has an
        interior maximum, else Poisson.

    Returns
    -------
    CountFit

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    offset = np.log(exposure)
    poisson = _fit_poisson(counts, design, offset)
    expected = np.asarray(poisson.fittedvalues, dtype=float)
    n_free = max(counts.size - design.shape[1], 1)
    chi_square = float(np.sum((counts - expected) ** 2 / expected))
    dispersion = chi_square / n_free
    p_value = float(stats.chi2.sf(chi_square, n_free))
    covariance = np.asarray(poisson.normalized_cov_params, dtype=float)
    wants_nb2 = family == "nb2" or (family == "auto" and p_value < 0.05)
    if wants_nb2:
        fitted = _fit_nb2(counts, design, offset, np.asarray(poisson.params), dispersion)
        if fitted is not None:
            params, nb_dispersion, joint, log_likelihood = fitted
            return CountFit(
                family="nb2",
                params=params,
                covariance=joint,
                expected=np.exp(design @ params + offset),
                nb_dispersion=nb_dispersion,
                dispersion=dispersion,
                dispersion_p_value=p_value,
                log_likelihood=log_likelihood,
                at_boundary=False,
            )
    return CountFit(
        family="quasipoisson" if family == "quasipoisson" else "poisson",
        params=np.asarray(poisson.params, dtype=float),
        covariance=covariance * (dispersion if family == "quasipoisson" else 1.0),
        expected=expected,
        nb_dispersion=0.0,
        dispersion=dispersion,
        dispersion_p_value=p_value,
        log_likelihood=float(poisson.llf),
        at_boundary=wants_nb2,
    )


def fit_given_dispersion(
    counts: np.ndarray, design: np.ndarray, exposure: np.ndarray, *, nb_dispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and fitted means with the NB2 dispersion held (0 is Poisson).

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    offset = np.log(exposure)
    if nb_dispersion == 0:
        fitted = _fit_poisson(counts, design, offset)
    else:
        family = sm.families.NegativeBinomial(alpha=nb_dispersion)
        fitted = _converged(sm.GLM(counts, design, family=family, offset=offset), counts, offset)
    return np.asarray(fitted.params, dtype=float), np.asarray(fitted.fittedvalues, dtype=float)


def deviance_residuals(
    counts: np.ndarray, expected: np.ndarray, nb_dispersion: float
) -> np.ndarray:
    """Return signed square roots of the deviance contributions; nearly normal where Pearson's skew.

    Examples
    --------
    >>> deviance_residuals(np.array([4.0, 0.0]), np.array([4.0, 2.0]), 0.0).tolist()
    [0.0, -2.0]
    """
    if nb_dispersion == 0:
        contribution = xlogy(counts, counts / expected) - (counts - expected)
    else:
        size = 1 / nb_dispersion
        contribution = xlogy(counts, counts / expected) - (counts + size) * np.log(
            (counts + size) / (expected + size)
        )
    signed: np.ndarray = np.sign(counts - expected) * np.sqrt(2 * np.maximum(contribution, 0.0))
    return signed


def _fit_poisson(
    counts: np.ndarray, design: np.ndarray, offset: np.ndarray
) -> sm.genmod.generalized_linear_model.GLMResultsWrapper:
    """Return statsmodels' Poisson fit; what it would warn of is raised."""
    model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=offset)
    return _converged(model, counts, offset)


def _converged(
    model: sm.GLM, counts: np.ndarray, offset: np.ndarray
) -> sm.genmod.generalized_linear_model.GLMResultsWrapper:
    """Return a converged fit, from nearer starts if the first one runs away."""
    # statsmodels' own start, halfway to the data, runs away from outliers. The overall rate nearly
    # always works, log counts by least squares where an outlier has a term of its own.
    flat = np.zeros(model.exog.shape[1])
    flat[0] = np.log(counts.sum() / np.exp(offset).sum())
    near = np.linalg.lstsq(model.exog, np.log(counts + 0.5) - offset, rcond=None)[0]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for start in (flat, near):
            try:
                fitted = model.fit(start_params=start, maxiter=100, tol=1e-10)
            except (ValueError, np.linalg.LinAlgError):
                continue
            if fitted.converged and np.all(np.isfinite(fitted.params)):
                return fitted
    raise RuntimeError(
        f"`series` must allow a finite log-linear fit, got {int(counts.sum())} events in "
        f"{int((counts > 0).sum())} of {counts.size} periods. Use longer periods, or the part of "
        "the series that holds events."
    )


def _fit_nb2(
    counts: np.ndarray,
    design: np.ndarray,
    offset: np.ndarray,
    start: np.ndarray,
    dispersion: float,
) -> tuple[np.ndarray, float, np.ndarray, float] | None:
    """Return params, dispersion, joint covariance and log-likelihood, or None at the boundary."""
    mean = float(np.mean(counts))
    first = max((dispersion - 1) / mean, 0.01)
    for guess in (first, 0.1 * first, 10 * first):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model = NegativeBinomial(counts, design, offset=offset)
            try:
                fitted = model.fit(
                    start_params=np.append(start, guess),
                    method="newton",
                    maxiter=100,
                    tol=1e-10,
                    disp=0,
                    warn_convergence=False,
                    skip_hessian=True,
                )
                params = np.asarray(fitted.params, dtype=float)
                if params[-1] <= _BOUNDARY or not np.all(np.isfinite(params)):
                    continue
                slope = np.asarray(model.score(params))
                joint = np.linalg.inv(-np.asarray(model.hessian(params)))
                log_likelihood = float(fitted.llf)
            except np.linalg.LinAlgError:
                continue
        # The Newton decrement bounds the log-likelihood still to be gained.
        gain = slope @ joint @ slope
        if gain < 1e-6 and np.isfinite(log_likelihood) and np.all(np.diag(joint) > 0):
            return params[:-1], float(params[-1]), joint[:-1, :-1], log_likelihood
    return None
