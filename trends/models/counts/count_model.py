"""Which log-linear count model describes a series, and how far do its counts scatter?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, digamma, gammaln, xlogy, zeta

Family = Literal["auto", "poisson", "quasipoisson", "nb2"]
FittedFamily = Literal["poisson", "quasipoisson", "nb2"]

#: Excess of the variance over a mean count, as its share, below which NB2 is taken to be Poisson.
_BOUNDARY = 1e-6
_LEAST_EXPECTED = float(np.finfo(np.float64).tiny)
#: Log-likelihood that the last step may have gained: the next would gain about its square.
_ENOUGH_GAIN = 1e-8
#: Factor by which the events that an NB2 fit expects in all may miss those that were counted.
_MOST_OFF = 2.0
_MOST_STEPS, _MOST_HALVINGS = 100, 30


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
    nb_status : {"", "boundary", "failed"}
        Why NB2 was wanted and not fitted: its likelihood has its maximum at Poisson, or none
        that describes the counts, though they scatter beyond chance; then it is quasipoisson.
    """

    family: FittedFamily
    params: np.ndarray
    covariance: np.ndarray
    expected: np.ndarray
    nb_dispersion: float
    dispersion: float
    dispersion_p_value: float
    log_likelihood: float
    nb_status: Literal["", "boundary", "failed"]

    @property
    def variance(self) -> np.ndarray:
        """Variance of each count as the mean-variance law has it, before scaling."""
        return self.expected * (1 + self.nb_dispersion * self.expected)

    @property
    def poisson_variance(self) -> float:
        """Variance of a Pearson residual if the counts were Poisson around the fitted means."""
        return float(np.mean(self.expected / self.variance))

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
        With auto, NB2 if the Poisson fit's dispersion is beyond chance at 5%, else Poisson. NB2
        falls back to Poisson where its likelihood has no interior maximum, and to quasi-Poisson
        where that maximum is not found.

    Returns
    -------
    CountFit

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    offset = np.log(exposure)
    poisson = _fit_held(counts, design, offset, 0.0)
    expected = poisson.expected
    n_free = max(counts.size - design.shape[1], 1)
    chi_square = float(np.sum((counts - expected) ** 2 / expected))
    dispersion = chi_square / n_free
    p_value = float(chdtrc(n_free, chi_square))
    nb_status: Literal["", "boundary", "failed"] = ""
    if family == "nb2" or (family == "auto" and p_value < 0.05):
        fitted = _fit_nb2(counts, design, offset, poisson)
        if isinstance(fitted, _NB2):
            return CountFit(
                family="nb2",
                params=fitted.params,
                covariance=fitted.covariance,
                # Far below one event a mean would be 0 to a computer, and residuals divide by it.
                expected=np.maximum(np.exp(design @ fitted.params + offset), _LEAST_EXPECTED),
                nb_dispersion=fitted.nb_dispersion,
                dispersion=dispersion,
                dispersion_p_value=p_value,
                log_likelihood=fitted.log_likelihood,
                nb_status="",
            )
        nb_status = fitted
    is_quasi = family == "quasipoisson" or nb_status == "failed"
    return CountFit(
        family="quasipoisson" if is_quasi else "poisson",
        params=poisson.params,
        covariance=poisson.covariance * (dispersion if is_quasi else 1.0),
        expected=expected,
        nb_dispersion=0.0,
        dispersion=dispersion,
        dispersion_p_value=p_value,
        log_likelihood=_log_likelihood(counts, expected, 0.0) - float(np.sum(gammaln(counts + 1))),
        nb_status=nb_status,
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
    fit = _fit_held(counts, design, np.log(exposure), nb_dispersion)
    return fit.params, fit.expected


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


class _Fit(NamedTuple):
    """Coefficients, fitted means and inverse Fisher information of one fit."""

    params: np.ndarray
    expected: np.ndarray
    covariance: np.ndarray


def _fit_held(
    counts: np.ndarray, design: np.ndarray, offset: np.ndarray, nb_dispersion: float
) -> _Fit:
    """Return the fit with the NB2 dispersion held, by Fisher scoring from two starts.

    The overall rate nearly always leads to it, log counts by least squares where an outlier has a
    term of its own. What is still to be gained is judged in units of log-likelihood, so that counts
    of any size converge alike.
    """
    flat = np.zeros(design.shape[1])
    flat[0] = np.log(counts.sum() / np.exp(offset).sum())
    fit = _scored(counts, design, offset, nb_dispersion, flat)
    if fit is None:
        near = np.linalg.lstsq(design, np.log(counts + 0.5) - offset, rcond=None)[0]
        fit = _scored(counts, design, offset, nb_dispersion, near)
    if fit is not None:
        return fit
    raise RuntimeError(
        f"`series` must allow a finite log-linear fit, got {int(counts.sum())} events in "
        f"{int((counts > 0).sum())} of {counts.size} periods. Use longer periods, or the part of "
        "the series that holds events."
    )


def _scored(
    counts: np.ndarray,
    design: np.ndarray,
    offset: np.ndarray,
    nb_dispersion: float,
    params: np.ndarray,
) -> _Fit | None:
    """Return the fit that Fisher scoring reaches, or None if it runs away."""
    with np.errstate(all="ignore"):
        expected = np.exp(design @ params + offset)
        value = _log_likelihood(counts, expected, nb_dispersion)
        for _ in range(_MOST_STEPS):
            spread = 1 + nb_dispersion * expected
            gradient = design.T @ ((counts - expected) / spread)
            information = design.T @ (design * (expected / spread)[:, None])
            try:
                step = np.linalg.solve(information, gradient)
            except np.linalg.LinAlgError:
                return None
            gain = float(gradient @ step)
            if not np.isfinite(gain):
                return None
            for _ in range(_MOST_HALVINGS):
                moved = np.exp(design @ (params + step) + offset)
                reached = _log_likelihood(counts, moved, nb_dispersion)
                if reached >= value - 1e-12 * abs(value) and np.isfinite(reached):
                    break
                step = step / 2
            else:
                return None
            params, expected, value = params + step, moved, reached
            if gain < _ENOUGH_GAIN:
                return _finished(params, expected, design, nb_dispersion)
    return None


def _finished(
    params: np.ndarray, expected: np.ndarray, design: np.ndarray, nb_dispersion: float
) -> _Fit | None:
    """Return a fit with its covariance, or None where the information is singular."""
    weight = expected / (1 + nb_dispersion * expected)
    try:
        covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
    except np.linalg.LinAlgError:
        return None
    # Means that vanish are those of a stretch without events, which has no finite pace.
    known = np.all(np.isfinite(params)) and np.all(np.diag(covariance) > 0) and np.all(expected > 0)
    return _Fit(params, expected, covariance) if known else None


def _log_likelihood(counts: np.ndarray, expected: np.ndarray, nb_dispersion: float) -> float:
    """Return the log-likelihood without the factorials of the counts."""
    if nb_dispersion == 0:
        return float(np.sum(xlogy(counts, expected) - expected))
    size = 1 / nb_dispersion
    return float(
        np.sum(
            gammaln(counts + size)
            - gammaln(size)
            + xlogy(counts, nb_dispersion * expected)
            - (counts + size) * np.log1p(nb_dispersion * expected)
        )
    )


class _NB2(NamedTuple):
    """An NB2 fit: coefficients, dispersion, their joint covariance's block, log-likelihood."""

    params: np.ndarray
    nb_dispersion: float
    covariance: np.ndarray
    log_likelihood: float


def _fit_nb2(
    counts: np.ndarray, design: np.ndarray, offset: np.ndarray, poisson: _Fit
) -> _NB2 | Literal["boundary", "failed"]:
    """Return the NB2 fit, that its maximum lies at Poisson, or that it was not found."""
    # At dispersion 0 the likelihood rises with it only if counts scatter more than Poisson ones.
    if np.sum((counts - poisson.expected) ** 2 - counts) <= 0:
        return "boundary"
    excess = np.sum(((counts - poisson.expected) ** 2 - counts) / poisson.expected)
    least = _BOUNDARY / float(counts.mean())
    first = max(float(excess / poisson.expected.sum()), least)
    for guess in (first, 0.1 * first, 10 * first):
        theta = np.append(poisson.params, np.log(guess))
        fit = _newton_nb2(counts, design, offset, theta, least)
        if fit is None:
            continue
        if fit.nb_dispersion <= least:
            return "boundary"
        total = np.exp(design @ fit.params + offset).sum() / counts.sum()
        # With one month that dwarfs all others the maximum describes neither it nor them.
        return fit if 1 / _MOST_OFF < total < _MOST_OFF else "failed"
    return "failed"


def _newton_nb2(
    counts: np.ndarray, design: np.ndarray, offset: np.ndarray, theta: np.ndarray, least: float
) -> _NB2 | None:
    """Return the maximum over coefficients and log dispersion, by Newton's method with halving."""
    with np.errstate(all="ignore"):
        value = _log_likelihood(counts, np.exp(design @ theta[:-1] + offset), np.exp(theta[-1]))
        for _ in range(_MOST_STEPS):
            gradient, hessian = _nb2_derivatives(counts, design, offset, theta)
            if not np.all(np.isfinite(hessian)):
                return None
            # Away from the maximum the Hessian may point down the hill; its size still counts.
            roots, axes = np.linalg.eigh(-hessian)
            roots = np.maximum(np.abs(roots), 1e-12 * np.abs(roots).max())
            step = axes @ ((axes.T @ gradient) / roots)
            step *= min(1.0, 5 / np.abs(step).max())
            gain = float(gradient @ step)
            for _ in range(_MOST_HALVINGS):
                moved = theta + step
                expected = np.exp(design @ moved[:-1] + offset)
                reached = _log_likelihood(counts, expected, float(np.exp(moved[-1])))
                if reached >= value - 1e-12 * abs(value) and np.isfinite(reached):
                    break
                step = step / 2
            else:
                return None
            theta, value = moved, reached
            if theta[-1] < np.log(least):
                return _NB2(theta[:-1], 0.0, np.empty((0, 0)), value)
            if abs(gain) < _ENOUGH_GAIN:
                break
        else:
            return None
        _, hessian = _nb2_derivatives(counts, design, offset, theta)
        try:
            joint = np.linalg.inv(-hessian)
        except np.linalg.LinAlgError:
            return None
    if not np.all(np.diag(joint) > 0):
        return None
    whole = value - float(np.sum(gammaln(counts + 1)))
    return _NB2(theta[:-1], float(np.exp(theta[-1])), joint[:-1, :-1], whole)


def _nb2_derivatives(
    counts: np.ndarray, design: np.ndarray, offset: np.ndarray, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient and Hessian of the log-likelihood in coefficients and log dispersion."""
    expected = np.exp(design @ theta[:-1] + offset)
    dispersion = float(np.exp(theta[-1]))
    size, spread = 1 / dispersion, 1 + dispersion * expected
    by_rate = (counts - expected) / spread
    by_rate_twice = -expected * (1 + dispersion * counts) / spread**2
    mixed = -expected * (counts - expected) / spread**2
    rise = digamma(counts + size) - digamma(size)
    # the trigamma function is a Hurwitz zeta function, without the detour of `polygamma`
    bend = zeta(2.0, counts + size) - zeta(2.0, size)
    once = np.sum(
        -(size**2) * rise
        + counts * size
        + size**2 * np.log1p(dispersion * expected)
        - (counts + size) * expected / spread
    )
    twice = np.sum(
        2 * size**3 * rise
        + size**4 * bend
        - counts * size**2
        - 2 * size**3 * np.log1p(dispersion * expected)
        + 2 * size**2 * expected / spread
        + (counts + size) * (expected / spread) ** 2
    )
    gradient = np.append(design.T @ by_rate, dispersion * once)
    hessian = np.empty((theta.size, theta.size))
    hessian[:-1, :-1] = design.T @ (design * by_rate_twice[:, None])
    hessian[:-1, -1] = hessian[-1, :-1] = dispersion * (design.T @ mixed)
    hessian[-1, -1] = dispersion**2 * twice + dispersion * once
    return gradient, hessian
