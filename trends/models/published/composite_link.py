"""Which smooth rate explains counts over windows that differ in length and overlap?

The penalised composite link model of Eilers (2007): the log rate is a spline in time, a window's
expected count is the sum of the rate over its days times the multiplier of its source, and a
roughness penalty decides how much the rate may bend. Windows of one source that share days share
events, so their counts are correlated; a figure that only bounds its count carries less
information than an exact one. Both enter the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy import linalg, optimize, sparse, special
from scipy.interpolate import BSpline

from trends.models.published.figure_likelihood import log_set_probability

Select = Literal["reml", "aic", "bic"]

#: Share of an exact count's information that an inexact one may reach at most. Below 1, so that a
#: total and its inexact parts never make a singular covariance.
_MOST_INFORMATION = 0.98

#: Search range of the smoothing parameter, log10: from almost free to almost a straight line.
_LOG_SMOOTHING = (-2.0, 7.0)


class Grid(NamedTuple):
    """Cells of time within which the rate is constant.

    Attributes
    ----------
    edges : ndarray, shape (n_cells + 1,)
        Days since the start of the grid.
    splines : sparse array, shape (n_cells, n_splines)
        Cubic B-splines at the middle of each cell.
    rotation : ndarray, shape (n_splines, n_basis)
        Spline coefficients of the curves that the model adds up: a constant, a straight line, then
        ever rougher curves, for which the penalty is diagonal.
    penalty : ndarray, shape (n_basis,)
        Squared second differences of the spline coefficients, per curve; 0 for the constant and
        the line.
    """

    edges: np.ndarray
    splines: sparse.csr_array
    rotation: np.ndarray
    penalty: np.ndarray

    @property
    def basis(self) -> np.ndarray:
        """Return the curves at the middle of each cell, shape (n_cells, n_basis)."""
        return np.asarray(self.splines @ self.rotation)


class Counts(NamedTuple):
    """Figures as the model takes them.

    Attributes
    ----------
    fewest, most : ndarray, shape (n,)
        Counts each figure allows; equal for an exact one, `most` infinite without upper bound.
    start, end : ndarray, shape (n,)
        Days since the start of the grid; `end` is the day after the last.
    source : ndarray of int, shape (n,)
        0 for the reference source, whose multiplier is 1.
    """

    fewest: np.ndarray
    most: np.ndarray
    start: np.ndarray
    end: np.ndarray
    source: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted composite link model.

    Attributes
    ----------
    params : ndarray, shape (n_basis + n_sources - 1,)
        Spline coefficients of the log rate per day, then log multipliers.
    covariance : ndarray, square
        Of the parameters, dispersion included.
    mean : ndarray, shape (n,)
        Expected count of each window.
    smoothing : float
        Weight of the penalty.
    n_effective : float
        Effective dimension of the fit.
    n_informative : float
        Figures counted by the information they carry; an exact one counts 1.
    dispersion : float
        Variance over mean, at least 1.
    criterion : float
        What the choice of smoothing minimised.
    """

    params: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    smoothing: float
    n_effective: float
    n_informative: float
    dispersion: float
    criterion: float


def make_grid(edges: np.ndarray, n_segments: int) -> Grid:
    """Return a grid with cubic B-splines on equally long segments.

    Parameters
    ----------
    edges : ndarray, shape (n_cells + 1,)
        Days since the start.
    n_segments : int
        Pieces of the spline.
    """
    step = (edges[-1] - edges[0]) / n_segments
    knots = edges[0] + step * np.arange(-3, n_segments + 4)
    middles = (edges[:-1] + edges[1:]) / 2
    splines = sparse.csr_array(BSpline.design_matrix(middles, knots, 3))
    n_basis = splines.shape[1]
    differences = np.diff(np.eye(n_basis), n=2, axis=0)
    roughness, curves = np.linalg.eigh(differences.T @ differences)
    # What is free of the penalty is known exactly: equal coefficients, and a straight line.
    line = np.arange(n_basis) - (n_basis - 1) / 2
    free = np.column_stack([np.ones(n_basis), line]) / [np.sqrt(n_basis), np.linalg.norm(line)]
    rotated = np.column_stack([free, curves[:, 2:]])
    return Grid(edges, splines, rotated, np.concatenate([[0.0, 0.0], roughness[2:]]))


def straight_line(grid: Grid) -> Grid:
    """Return the grid with nothing but a constant and a straight line, the limit of smoothing."""
    return Grid(grid.edges, grid.splines, grid.rotation[:, :2], grid.penalty[:2])


def fit_composite_link(counts: Counts, grid: Grid, *, smoothing: Select | float = "reml") -> Fit:
    """Fit the model, choosing the smoothing if it is not given.

    Parameters
    ----------
    counts : Counts
        Figures with their windows.
    grid : Grid
        Cells and splines.
    smoothing : {"reml", "aic", "bic"} or float
        How the weight of the penalty is chosen, or the weight itself.

    Returns
    -------
    Fit

    Raises
    ------
    RuntimeError
        If the iterations do not converge.
    """
    model = _Model(counts, grid)
    if isinstance(smoothing, str):
        return model.choose(smoothing)
    return model.finish(model.iterate(float(smoothing), model.start()), float(smoothing), "reml")


def window_means(params: np.ndarray, windows: Counts, grid: Grid) -> np.ndarray:
    """Return the expected count of any windows under fitted parameters, shape (n,)."""
    return _Model(windows, grid).step(params).mean


def overlapping_blocks(counts: Counts) -> list[np.ndarray]:
    """Return the groups of figures of one source that are chained by shared days."""
    order = np.lexsort((counts.start, counts.source))
    blocks: list[np.ndarray] = []
    current: list[int] = []
    reach = -np.inf
    for row in order:
        same = bool(current) and counts.source[current[-1]] == counts.source[row]
        if same and counts.start[row] < reach:
            current.append(int(row))
            reach = max(reach, counts.end[row])
            continue
        if len(current) > 1:
            blocks.append(np.array(current))
        current, reach = [int(row)], counts.end[row]
    if len(current) > 1:
        blocks.append(np.array(current))
    return blocks


class _Step(NamedTuple):
    """What one iteration knows: means, derivatives, and weighted sums over the figures."""

    mean: np.ndarray
    information: np.ndarray
    score: np.ndarray
    fraction: np.ndarray
    pearson: float
    deviance: float


class _Model:
    """The figures, the grid, and what of them does not change between iterations."""

    def __init__(self, counts: Counts, grid: Grid) -> None:
        self.counts, self.grid = counts, grid
        self.n_basis = len(grid.penalty)
        self.n_params = self.n_basis + int(counts.source.max())
        self.exact = counts.fewest == counts.most
        # Between the ends of windows the rate need only be known in sum.
        marks = np.unique(np.concatenate([counts.start, counts.end]))
        self.low, self.high = (
            np.searchsorted(marks, counts.start),
            np.searchsorted(marks, counts.end),
        )
        self.days_between = _days_between(marks, grid.edges)
        self.blocks = overlapping_blocks(counts)
        self.alone = np.ones(len(counts.start), dtype=bool)
        for block in self.blocks:
            self.alone[block] = False
        self.penalty = np.zeros(self.n_params)
        self.penalty[: self.n_basis] = grid.penalty
        # A straight line and the multipliers are free of the penalty.
        self.n_free = self.n_params - (self.n_basis - 2)
        self.best_deviance = self._best_log_likelihood()

    def _until(self, per_day: np.ndarray | sparse.csr_array) -> np.ndarray:
        """Return the running sums of something per day at the ends of windows."""
        between = self.days_between @ per_day
        if sparse.issparse(between):
            between = between.toarray()
        return np.concatenate([np.zeros((1, *between.shape[1:])), np.cumsum(between, axis=0)])

    def log_rate(self, params: np.ndarray) -> np.ndarray:
        """Return the curve of the parameters, or of a change of them, at each cell."""
        return np.asarray(self.grid.splines @ (self.grid.rotation @ params[: self.n_basis]))

    def start(self) -> np.ndarray:
        """Return a constant rate and multipliers from each source's totals."""
        counts = self.counts
        middle = np.where(np.isinf(counts.most), counts.fewest, (counts.fewest + counts.most) / 2)
        days = counts.end - counts.start
        n_sources = int(counts.source.max()) + 1
        totals = np.bincount(counts.source, middle, n_sources)
        rates = np.log(np.maximum(totals, 0.5) / np.bincount(counts.source, days, n_sources))
        params = np.zeros(self.n_params)
        params[0] = rates[0] * np.sqrt(self.n_basis)
        params[self.n_basis :] = rates[1:] - rates[0]
        return params

    def step(self, params: np.ndarray) -> _Step:
        """Return means, score and information at given parameters."""
        counts = self.counts
        rate = np.exp(self.log_rate(params))
        log_multiplier = np.concatenate([[0.0], params[self.n_basis :]])[counts.source]
        multiplier = np.exp(log_multiplier)
        until = self._until(rate)
        mean = multiplier * (until[self.high] - until[self.low])
        splines_until = self._until(sparse.diags_array(rate) @ self.grid.splines)
        slope = np.zeros((len(mean), self.n_params))
        slope[:, : self.n_basis] = (
            multiplier[:, None] * (splines_until[self.high] - splines_until[self.low])
        ) @ self.grid.rotation
        own = counts.source > 0
        slope[np.flatnonzero(own), self.n_basis + counts.source[own] - 1] = mean[own]
        residual, fraction = self._residuals(mean)
        alone = self.alone
        weighted = slope[alone] / mean[alone, None]
        score = weighted.T @ residual[alone]
        information = (weighted * fraction[alone, None]).T @ slope[alone]
        pearson = float(np.sum(residual[alone] ** 2 / mean[alone]))
        deviance = self._deviance(mean)
        for block in self.blocks:
            shared = self._covariance(block, until) * multiplier[block[0]]
            part, free = fraction[block], mean[block] * (1 - fraction[block])
            scaled = part[:, None] * shared + np.diag(free)
            solved = np.linalg.solve(
                scaled, np.column_stack([residual[block], part[:, None] * slope[block]])
            )
            score += slope[block].T @ solved[:, 0]
            information += slope[block].T @ solved[:, 1:]
            lack = float(residual[block] @ solved[:, 0])
            pearson += lack
            deviance += lack
        return _Step(mean, (information + information.T) / 2, score, fraction, pearson, deviance)

    def _covariance(self, block: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Return the covariance of overlapping Poisson counts: the mean over the shared days."""
        first = np.maximum.outer(self.low[block], self.low[block])
        last = np.minimum.outer(self.high[block], self.high[block])
        return np.where(last > first, until[last] - until[first], 0.0)

    def _residuals(self, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return expected minus modelled counts, and the share of information each figure keeps.

        A bounded count is replaced by its expectation given the bounds; what its variance given
        the bounds takes away is information lost.
        """
        residual, fraction = self.counts.fewest - mean, np.ones(len(mean))
        bounded = ~self.exact
        if bounded.any():
            fewest, most = self.counts.fewest[bounded], self.counts.most[bounded]
            centre = mean[bounded]
            whole = log_set_probability(fewest, most, centre)
            first = np.exp(log_set_probability(fewest - 1, most - 1, centre) - whole) * centre
            second = np.exp(log_set_probability(fewest - 2, most - 2, centre) - whole) * centre**2
            variance = np.maximum(second + first - first**2, 0.0)
            lost = ~np.isfinite(first)
            first[lost] = np.clip(centre, fewest, most)[lost]
            variance[~np.isfinite(variance) | lost] = 0.0
            residual[bounded] = first - centre
            fraction[bounded] = np.clip(1 - variance / centre, 0.0, _MOST_INFORMATION)
        return residual, fraction

    def _best_log_likelihood(self) -> np.ndarray:
        """Return the log likelihood of each figure at the mean that suits it best."""
        fewest, most = self.counts.fewest, self.counts.most
        best = np.zeros(len(fewest))
        known = (fewest > 0) & np.isfinite(most)
        width = most[known] - fewest[known] + 1
        peak = np.exp((special.gammaln(most[known] + 1) - special.gammaln(fewest[known])) / width)
        best[known] = log_set_probability(fewest[known], most[known], peak)
        return best

    def _deviance(self, mean: np.ndarray) -> float:
        """Return the deviance of the figures that overlap no other of their source."""
        chosen = self.alone
        fitted = log_set_probability(
            self.counts.fewest[chosen], self.counts.most[chosen], mean[chosen]
        )
        return float(2 * np.sum(self.best_deviance[chosen] - fitted))

    def iterate(
        self, smoothing: float, params: np.ndarray, *, tolerance: float = 1e-9
    ) -> np.ndarray:
        """Return the penalised estimate, by Fisher scoring."""
        penalty = smoothing * self.penalty
        share, before = 1.0, np.inf
        for _ in range(200):
            step = self.step(params)
            hessian = step.information + np.diag(penalty)
            change = _solve(hessian, step.score - penalty * params)
            largest = max(
                np.max(np.abs(self.log_rate(change))),
                np.max(np.abs(change[self.n_basis :]), initial=0.0),
            )
            # Scoring can swing about its goal; where steps do not get shorter, take less of them.
            share = max(share / 2, 0.05) if largest > 0.9 * before else min(1.0, 1.5 * share)
            before = largest
            # A log rate moves by at most 1 at a time, so that no exponential runs away.
            params = params + change * min(share, 1.0 / max(largest, 1e-300))
            if largest < tolerance:
                return params
        raise RuntimeError(
            "`statements` must let the fit converge, got no convergence in 200 steps. "
            "Leave out sources with few events, or set `smoothing` to a larger number."
        )

    def choose(self, select: Select | str) -> Fit:
        """Return the fit whose smoothing minimises a criterion."""
        low, high = _LOG_SMOOTHING
        levels = np.linspace(high, low, 13)
        params = self.start()
        scores: list[float] = []
        starts: list[np.ndarray] = []
        for level in levels:
            try:
                params = self.iterate(10.0**level, params, tolerance=1e-4)
            except RuntimeError:
                # Too little smoothing for these figures; nothing beyond it can be the best.
                if not scores:
                    raise
                break
            starts.append(params)
            scores.append(self._criterion(params, 10.0**level, select))
        best = int(np.argmin(scores))
        near = levels[max(best - 1, 0)], levels[min(best + 1, len(scores) - 1)]
        found = optimize.minimize_scalar(
            lambda level: self._criterion(
                self.iterate(10.0**level, starts[best], tolerance=1e-5), 10.0**level, select
            ),
            bounds=(min(near), max(near)),
            method="bounded",
            options={"xatol": 0.02},
        )
        level = found.x if found.fun < scores[best] else levels[best]
        return self.finish(self.iterate(10.0**level, starts[best]), 10.0**level, select)

    def _criterion(self, params: np.ndarray, smoothing: float, select: str) -> float:
        """Return REML, AIC or BIC up to a constant, the dispersion profiled out but at least 1."""
        step = self.step(params)
        n = float(np.sum(step.fraction))
        hessian = step.information + np.diag(smoothing * self.penalty)
        if select == "reml":
            lack = step.deviance + smoothing * float(self.penalty @ params**2)
            rank = self.n_basis - 2
            sign, log_determinant = np.linalg.slogdet(hessian)
            cost = log_determinant - rank * np.log(smoothing) if sign > 0 else np.inf
            n_left = max(n - self.n_free, 1.0)
        else:
            lack = step.deviance
            n_effective = float(np.trace(_solve(hessian, step.information)))
            cost = (2.0 if select == "aic" else np.log(max(n, 2.0))) * n_effective
            n_left = max(n, 1.0)
        dispersion = max(1.0, lack / n_left)
        return float(lack / dispersion + n_left * np.log(dispersion) + cost)

    def finish(self, params: np.ndarray, smoothing: float, select: str) -> Fit:
        """Return the fit with its dispersion and covariance."""
        step = self.step(params)
        hessian = step.information + np.diag(smoothing * self.penalty)
        n_effective = float(np.trace(_solve(hessian, step.information)))
        n_informative = float(np.sum(step.fraction))
        n_left = n_informative - n_effective
        dispersion = max(1.0, step.pearson / n_left) if n_left >= 1 else 1.0
        criterion = self._criterion(params, smoothing, select) if smoothing > 0 else np.nan
        return Fit(
            params=params,
            covariance=dispersion * _solve(hessian, np.eye(self.n_params)),
            mean=step.mean,
            smoothing=smoothing,
            n_effective=n_effective,
            n_informative=n_informative,
            dispersion=dispersion,
            criterion=criterion,
        )

    def weakest_direction(self, params: np.ndarray) -> np.ndarray | None:
        """Return the unpenalised direction the figures say nothing about; None if there is none.

        Directions are level, slope and the log multipliers; they are judged by the information
        the figures carry about them; the slope's, which may be none, on the scale of the level's.
        """
        free = [0, 1, *range(self.n_basis, self.n_params)]
        information = self.step(params).information[np.ix_(free, free)]
        scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
        scale[1] = scale[0]
        values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
        return vectors[:, 0] if values[0] < 1e-7 else None


def unidentified(counts: Counts, grid: Grid) -> np.ndarray | None:
    """Return the combination of level, slope and multipliers that the figures leave open.

    Returns
    -------
    ndarray, shape (1 + 1 + n_sources - 1,), or None
        None when everything that is not penalised can be estimated.
    """
    model = _Model(counts, grid)
    return model.weakest_direction(model.start())


def _days_between(marks: np.ndarray, edges: np.ndarray) -> sparse.csr_array:
    """Return the days of each cell that lie between neighbouring marks.

    Returns
    -------
    sparse array, shape (n_marks - 1, n_cells)
    """
    points = np.unique(np.concatenate([marks, edges]))
    between = np.searchsorted(marks, points[:-1], side="right") - 1
    cell = np.searchsorted(edges, points[:-1], side="right") - 1
    inside = (between >= 0) & (between < len(marks) - 1) & (cell >= 0) & (cell < len(edges) - 1)
    days = np.diff(points)[inside]
    shape = (len(marks) - 1, len(edges) - 1)
    return sparse.csr_array((days, (between[inside], cell[inside])), shape=shape)


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric system; where it is singular, return the smallest solution."""
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix * np.outer(scale, scale)
    turned = (right.T * scale).T
    try:
        solution = linalg.cho_solve(linalg.cho_factor(scaled), turned)
    except linalg.LinAlgError:
        solution = np.linalg.lstsq(scaled, turned, rcond=None)[0]
    return np.asarray((solution.T * scale).T)
