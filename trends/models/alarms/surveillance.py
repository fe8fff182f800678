"""Thresholds of public-health surveillance, as the R package surveillance computes them.

They are here to be compared with: the method of Farrington and others (1996), its flexible form of
Noufaily and others (2013), and the three EARS methods. What R does is kept to the last step,
iterations and all, so that its thresholds are met; in particular the error of the expected count in
the flexible form uses the dispersion that R's `predict.glm` finds once the weights of the fit have
been replaced.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ThresholdMethod = Literal["delta", "nbPlugin"]
EarsMethod = Literal["C1", "C2", "C3"]

#: R's `glm.control`.
_EPSILON, _MOST_ITERATIONS = 1e-8, 25


@dataclass(frozen=True, kw_only=True)
class FarringtonSettings:
    """Settings of `farringtonFlexible`, named as in R after the first line.

    Attributes
    ----------
    freq : int
        Periods in a year.
    b : int
        Years of reference.
    w : int
        Periods on either side of the same time of year.
    no_periods : int
        Levels of the season, 1 for the reference windows alone.
    past_not_included : int
        Last periods before the one judged that are no reference.
    alpha : float
        One-sided chance of a false alarm in one period.
    threshold : {"delta", "nbPlugin"}
        Two-thirds power with the error of the mean, or a negative binomial quantile.
    trend : bool
        Whether to try a trend; it is kept if its p-value is below `p_trend`, there are three years
        of reference, and the expected count is not beyond all reference counts.
    p_trend : float
        See `trend`.
    weights_threshold : float
        Anscombe residual above which a reference count is weighed down.
    limit54 : tuple of int
        No alarm where fewer than the first number of events came in the second number of periods.
    original : bool
        Errors as in `algo.farrington`, of the fit's own weights.
    """

    freq: int
    b: int = 5
    w: int = 3
    no_periods: int = 10
    past_not_included: int = 26
    alpha: float = 0.01
    threshold: ThresholdMethod = "nbPlugin"
    trend: bool = True
    p_trend: float = 1.0
    weights_threshold: float = 2.58
    limit54: tuple[int, int] = (5, 4)
    original: bool = False


class Threshold(NamedTuple):
    """What one period is held against; NaN where nothing can be said."""

    expected: float
    upper: float
    alarm: bool


def farrington(counts: np.ndarray, position: int, settings: FarringtonSettings) -> Threshold:
    """Return the threshold of one period from the same times of year before it.

    Parameters
    ----------
    counts : array of shape (n_periods,)
        Counts, NaN where there are none.
    position : int
        Place of the period judged, from 0.
    settings : FarringtonSettings

    Returns
    -------
    Threshold

    Raises
    ------
    ValueError
        If the history is shorter than the reference windows.

    References
    ----------
    Farrington CP, Andrews NJ, Beale AD, Catchpole MA (1996). A statistical algorithm for the early
    detection of outbreaks of infectious disease. Journal of the Royal Statistical Society A
    159(3):547-563.

    Noufaily A, Enki DG, Farrington P, Garthwaite P, Andrews N, Charlett A (2013). An improved
    algorithm for outbreak detection in multiple surveillance systems. Statistics in Medicine
    32(7):1206-1222.
    """
    levels = _reference_levels(counts.size, position, settings)
    used = np.flatnonzero((levels > 0) & np.isfinite(counts))
    response, times, level = counts[used], (used + 1).astype(float), levels[used]
    now = float(position + 1)
    fit = _weighed_fit(response, times, level, settings, trend=settings.trend)
    if fit is not None and fit.trend:
        mean = float(np.exp(fit.link(now)[0]))
        keeps = fit.p_trend() < settings.p_trend and settings.b >= 3 and mean <= response.max()
        if not keeps:
            fit = _weighed_fit(response, times, level, settings, trend=False)
    if fit is None:
        return Threshold(np.nan, np.nan, alarm=False)
    eta, error = fit.link(now)
    mean = float(np.exp(eta))
    upper = (
        _power_limit(mean, error * mean, fit.dispersion, settings.alpha)
        if settings.threshold == "delta"
        else _quantile(mean, fit.dispersion, settings.alpha)
    )
    least, span = settings.limit54
    recent = counts[max(position - span + 1, 0) : position + 1]
    if not np.nansum(recent) >= least:
        return Threshold(np.nan, np.nan, alarm=False)
    count = counts[position]
    return Threshold(mean, upper, alarm=bool(count > upper and count > 0))


def ears(
    counts: np.ndarray, *, method: EarsMethod = "C1", baseline: int = 7, alpha: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the thresholds and alarms of one of the three EARS methods.

    Parameters
    ----------
    counts : array of shape (n_periods,)
        Counts without gaps.
    method : {"C1", "C2", "C3"}
        Against the `baseline` periods just before, against those before the last two, or the last
        three statistics of the second kind added up.
    baseline : int
        Periods compared with, at least 3.
    alpha : float, optional
        One-sided level; by default .001, and .025 for C3.

    Returns
    -------
    upper : array of shape (n_periods,)
        NaN where the baseline is not there yet.
    alarm : bool array of shape (n_periods,)
    """
    level = {"C1": 0.001, "C2": 0.001, "C3": 0.025}[method] if alpha is None else alpha
    normal = float(stats.norm.ppf(1 - level))
    lag = 0 if method == "C1" else 2
    upper = np.full(counts.size, np.nan)
    mean, spread = np.full(counts.size, np.nan), np.full(counts.size, np.nan)
    for now in range(baseline + lag, counts.size):
        before = counts[now - lag - baseline : now - lag]
        mean[now], spread[now] = before.mean(), before.std(ddof=1)
    if method != "C3":
        upper = mean + normal * spread
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.maximum((counts - mean) / spread - 1, 0)
            for now in range(baseline + lag + 2, counts.size):
                left = normal - (excess[now - 1] + excess[now - 2])
                upper[now] = max(counts[now] + spread[now] * left, 0.0)
    return upper, counts > upper


class _Fit(NamedTuple):
    """A weighted quasi-Poisson fit, with what R's `predict` and `summary` make of it."""

    params: NDArray[np.float64]
    unscaled: NDArray[np.float64]
    dispersion: float
    dispersion_of_errors: float
    dispersion_of_trend: float
    n_free: int
    trend: bool
    n_levels: int

    def link(self, time: float) -> tuple[float, float]:
        """Return the log of the expected count in the last level of the season, and its error."""
        row = _row(np.array([time]), np.array([self.n_levels]), self.n_levels, trend=self.trend)[0]
        variance = self.dispersion_of_errors * float(row @ self.unscaled @ row)
        return float(row @ self.params), float(np.sqrt(variance))

    def p_trend(self) -> float:
        """Return the two-sided p-value of the trend."""
        error = np.sqrt(self.dispersion_of_trend * self.unscaled[1, 1])
        return float(2 * stats.t.sf(abs(self.params[1] / error), self.n_free))


def _row(
    times: np.ndarray, levels: np.ndarray, n_levels: int, *, trend: bool
) -> NDArray[np.float64]:
    """Return intercept, time and the levels of the season after the first."""
    columns = [np.ones(times.size), *([times] if trend else [])]
    columns += [(levels == level).astype(float) for level in range(2, n_levels + 1)]
    return np.column_stack(columns)


def _weighed_fit(
    response: np.ndarray,
    times: np.ndarray,
    levels: np.ndarray,
    settings: FarringtonSettings,
    *,
    trend: bool,
) -> _Fit | None:
    """Return the fit after outbreaks among the reference were weighed down; None if it fails."""
    design = _row(times, levels, settings.no_periods, trend=trend)
    first = _glm(design, response, np.ones(response.size))
    if first is None and trend:
        return _weighed_fit(response, times, levels, settings, trend=False)
    if first is None:
        return None
    n_free = response.size - design.shape[1]
    dispersion = max(float(np.sum(first.weights * first.working**2)) / n_free, 1.0)
    anscombe = 1.5 * (response ** (2 / 3) * first.mean ** (-1 / 6) - np.sqrt(first.mean))
    anscombe /= np.sqrt(dispersion * (1 - first.leverage))
    omega = _omega(anscombe, settings.weights_threshold)
    second = _glm(design, response, omega)
    if second is None:
        return None
    scatter = float(np.sum(second.weights * second.working**2)) / n_free
    replaced = float(np.sum(omega * second.working**2)) / n_free
    return _Fit(
        params=second.params,
        unscaled=second.unscaled,
        dispersion=max(scatter, 1.0),
        dispersion_of_errors=max(scatter, 1.0) if settings.original else replaced,
        dispersion_of_trend=scatter if settings.original else replaced,
        n_free=n_free,
        trend=trend,
        n_levels=settings.no_periods,
    )


def _omega(residuals: np.ndarray, threshold: float) -> NDArray[np.float64]:
    """Return weights that fall with the square of residuals above a threshold."""
    high = residuals > threshold
    inverse = np.where(high, np.where(high, residuals, 1.0) ** -2, 1.0)
    return np.asarray(residuals.size / inverse.sum() * inverse)


class _Glm(NamedTuple):
    """What R's `glm.fit` leaves behind: the weights are those of its last step but one."""

    params: NDArray[np.float64]
    mean: NDArray[np.float64]
    weights: NDArray[np.float64]
    working: NDArray[np.float64]
    leverage: NDArray[np.float64]
    unscaled: NDArray[np.float64]


def _glm(design: np.ndarray, response: np.ndarray, prior: np.ndarray) -> _Glm | None:
    """Fit a quasi-Poisson log-linear model by R's iterations; None if they do not converge."""
    mean = response + 0.1
    eta = np.log(mean)
    before = _deviance(response, mean, prior)
    for _ in range(_MOST_ITERATIONS):
        weights = prior * mean
        root = np.sqrt(weights)
        weighted = root[:, None] * design
        params = np.linalg.lstsq(weighted, root * (eta + (response - mean) / mean), rcond=None)[0]
        eta = design @ params
        mean = np.exp(eta)
        deviance = _deviance(response, mean, prior)
        if not np.isfinite(deviance):
            return None
        if abs(deviance - before) / (abs(deviance) + 0.1) < _EPSILON:
            unscaled = np.linalg.pinv(weighted.T @ weighted)
            return _Glm(
                params=params,
                mean=mean,
                weights=weights,
                working=(response - mean) / mean,
                leverage=np.einsum("ti,ij,tj->t", weighted, unscaled, weighted),
                unscaled=unscaled,
            )
        before = deviance
    return None


def _deviance(response: np.ndarray, mean: np.ndarray, prior: np.ndarray) -> float:
    """Return the weighted Poisson deviance."""
    ratio = np.where(response > 0, response, 1.0) / np.where(response > 0, mean, 1.0)
    return float(2 * np.sum(prior * (response * np.log(ratio) - (response - mean))))


def _power_limit(mean: float, error: float, dispersion: float, alpha: float) -> float:
    """Return the upper limit on the two-thirds power scale."""
    spread = np.sqrt(4 / 9 * mean ** (1 / 3) * (dispersion + error**2 / mean))
    return float((mean ** (2 / 3) + stats.norm.ppf(1 - alpha) * spread) ** 1.5)


def _quantile(mean: float, dispersion: float, alpha: float) -> float:
    """Return the upper quantile of a count with its parameters plugged in."""
    if dispersion > 1:
        return float(stats.nbinom.ppf(1 - alpha, mean / (dispersion - 1), 1 / dispersion))
    return float(stats.poisson.ppf(1 - alpha, mean))


def _reference_levels(
    n_periods: int, position: int, settings: FarringtonSettings
) -> NDArray[np.int64]:
    """Return the level of the season of every reference period, 0 for periods that are none."""
    w, last = settings.w, settings.no_periods
    levels = np.zeros(n_periods, dtype=np.int64)
    anchors = [position - year * settings.freq for year in range(settings.b + 1)]
    if anchors[-1] - w < 0:
        raise ValueError(
            f"`series` must go back {settings.b * settings.freq + w} periods before the first one "
            f"that is judged, got {position}. Judge later periods or use fewer years of reference."
        )
    levels[position - w : position + 1] = last
    for later, anchor in itertools.pairwise(anchors):
        levels[anchor - w : anchor + w + 1] = last
        if last == 1:
            continue
        between = later - 2 * w - 1 - anchor
        if between < last - (2 * w + 1):
            raise ValueError(
                f"`no_periods` must leave a period for each level, got {last}. Use fewer levels."
            )
        lengths = np.full(last - 1, between // (last - 1))
        lengths[: between % (last - 1)] += 1
        start = anchor + w + 1
        levels[start : start + lengths.sum()] = np.repeat(np.arange(1, last), lengths)
    levels[max(position - settings.past_not_included, 0) :] = 0
    return levels
