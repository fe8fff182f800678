"""How probable do many designs of a log rate make the same counts?

Every design is fitted by Poisson scores with a normal prior on its coefficients. Its evidence is
that of the square-rooted counts around the fitted means: normal with the spread that Poisson counts
have there, times a dispersion, tied together by a memory, the coefficients integrated out by
Laplace's approximation. The counts and their scale are the same for all, so evidences of a step, a
line and a wandering level compare.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.courses.wander import Memories
from trends.models.shifts.level_shift import root_scale

#: Least spread of a root count. Roots of 0 and 1 lie 0.56 apart: below this a density would exceed
#: what a probability can.
LEAST_SPREAD = 0.25
N_ITERATIONS = 7
#: Most by which a log rate moves in one iteration.
_FARTHEST = 2.0


class Rows(NamedTuple):
    """The observed periods of a series.

    Attributes
    ----------
    events : array of shape (n_rows,)
        Events.
    log_exposure : array of shape (n_rows,)
        Log of the months observed.
    scatter : array of shape (n_rows,)
        Variance of each row beside that of the others.
    """

    events: NDArray[np.float64]
    log_exposure: NDArray[np.float64]
    scatter: NDArray[np.float64]

    @property
    def log_rate(self) -> float:
        """Log of events per unit of exposure, half an event more."""
        return float(np.log((self.events.sum() + 0.5) / np.exp(self.log_exposure).sum()))


class Fitted(NamedTuple):
    """Many designs fitted to the same counts.

    Attributes
    ----------
    params : array of shape (n_designs, n_terms)
        Coefficients on the log scale; the first is the level over the series' own.
    columns : array of shape (n_designs, n_rows, n_terms)
        Effect of each coefficient on the standardised roots.
    response : array of shape (n_designs, n_rows)
        Standardised roots, linear in the coefficients around the fit.
    log_spread : array of shape (n_designs,)
        Sum of the log spreads.
    """

    params: NDArray[np.float64]
    columns: NDArray[np.float64]
    response: NDArray[np.float64]
    log_spread: NDArray[np.float64]

    def take(self, kept: NDArray[np.int64]) -> Fitted:
        """Return some of the designs."""
        return Fitted(*(part[kept] for part in self))


class Evidence(NamedTuple):
    """Evidence of many designs under many memories, with the coefficients under each.

    Attributes
    ----------
    log_evidence : array of shape (n_designs, n_memories)
        Prior weights of the memories included.
    params : array of shape (n_designs, n_memories, n_terms)
    covariance : array of shape (n_designs, n_memories, n_terms, n_terms)
    dispersion : array of shape (n_designs, n_memories)
    """

    log_evidence: NDArray[np.float64]
    params: NDArray[np.float64]
    covariance: NDArray[np.float64]
    dispersion: NDArray[np.float64]


def fit_designs(
    rows: Rows, designs: NDArray[np.float64], precision: NDArray[np.float64], dispersion: float
) -> Fitted:
    """Fit designs by Poisson scores with a normal prior of this precision around no effect.

    Parameters
    ----------
    rows : Rows
    designs : array of shape (n_designs, n_rows, n_terms)
        First column the level.
    precision : array of shape (n_terms,)
        One over the prior variances.
    dispersion : float
        Variance over mean by which the counts weigh against the prior.
    """
    offset = rows.log_exposure + rows.log_rate
    weight = 1 / (dispersion * rows.scatter)
    transposed = designs.transpose(0, 2, 1)
    ridge = np.diag(precision)
    start = np.log(rows.events + 0.5) - offset
    first = (rows.events + 0.5) * weight
    gram = (transposed * first) @ designs + ridge
    params = _solve(gram, transposed @ (first * start))
    for _ in range(N_ITERATIONS):
        mean = np.exp(np.clip((designs @ params[..., None])[..., 0], -14, 14) + offset)
        score = (transposed @ ((rows.events - mean) * weight)[..., None])[..., 0]
        gram = (transposed * (mean * weight)[:, None, :]) @ designs + ridge
        move = _solve(gram, score - precision * params)
        far = np.abs((designs @ move[..., None])[..., 0]).max(axis=1)
        params += move * np.minimum(1.0, _FARTHEST / np.maximum(far, 1e-12))[:, None]
    mean = np.exp(np.clip((designs @ params[..., None])[..., 0], -14, 14) + offset)
    scale = root_scale(mean, 1.0)
    spread = np.maximum(scale.spread, LEAST_SPREAD) * np.sqrt(rows.scatter)
    columns = designs * (scale.slope / spread)[..., None]
    residual = (np.sqrt(rows.events + 0.375) - scale.centre) / spread
    response = residual + (columns @ params[..., None])[..., 0]
    return Fitted(params, columns, response, np.log(spread).sum(axis=1))


def weigh_designs(fitted: Fitted, precision: NDArray[np.float64], memories: Memories) -> Evidence:
    """Return the evidence of fitted designs under every memory."""
    n_designs, n_rows, n_terms = fitted.columns.shape
    stacked = np.concatenate([fitted.columns, fitted.response[..., None]], axis=2)
    # Single precision halves the time and costs a few thousandths of a log evidence.
    flat = stacked.transpose(1, 0, 2).reshape(n_rows, -1).astype(np.float32)
    ridge = np.diag(precision)
    log_evidence, params, covariances, dispersions = [], [], [], []
    for whiten, log_det, log_prior, least in zip(
        memories.whiten,
        memories.log_determinant,
        memories.log_prior,
        memories.least_dispersion,
        strict=True,
    ):
        whitened = (
            (whiten.astype(np.float32) @ flat)
            .reshape(n_rows, n_designs, n_terms + 1)
            .transpose(1, 0, 2)
        )
        gram = (whitened.transpose(0, 2, 1) @ whitened).astype(np.float64)
        within, cross = gram[:, :n_terms, :n_terms], gram[:, :n_terms, n_terms]
        total = gram[:, n_terms, n_terms]
        explained = np.einsum("bi,bi->b", cross, _solve(within + 1e-6 * ridge, cross))
        dispersion = np.maximum((total - explained) / (n_rows - n_terms), least)
        posterior = within / dispersion[:, None, None] + ridge
        scaled = cross / dispersion[:, None]
        covariance = _inverse(posterior)
        centre = np.einsum("bij,bj->bi", covariance, scaled)
        left = total / dispersion - np.einsum("bi,bi->b", scaled, centre)
        log_evidence.append(
            log_prior
            - fitted.log_spread
            - 0.5 * (n_rows * np.log(2 * np.pi * dispersion) + left + log_det)
            - 0.5 * np.linalg.slogdet(posterior)[1]
            + 0.5 * np.log(precision).sum()
        )
        params.append(centre)
        covariances.append(covariance)
        dispersions.append(dispersion)
    return Evidence(
        np.stack(log_evidence, axis=1),
        np.stack(params, axis=1),
        np.stack(covariances, axis=1),
        np.stack(dispersions, axis=1),
    )


def _solve(matrices: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve many systems with one right side each."""
    solved = np.linalg.solve(matrices, vectors[..., None])[..., 0]
    return np.asarray(solved, dtype=np.float64)


def _inverse(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert many matrices."""
    return np.asarray(np.linalg.inv(matrices), dtype=np.float64)
