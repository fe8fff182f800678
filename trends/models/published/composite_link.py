"""Which rate explains counts over windows that differ in length and overlap?

The penalised composite link model of Eilers (2007): the log rate is constant within segments of
time, a window's expected count is the sum of the rate over its days times the multiplier of its
source, and a penalty decides how much the rate may change from segment to segment: the rate walks.
Windows of one source that share days share events, so their counts are correlated; a figure that
only bounds its count carries less information than an exact one. Both enter the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy import linalg, special

from trends.models.published.figure_likelihood import log_set_probability
from trends.tables.calendar import DAYS_PER_MONTH

Select = Literal["reml", "aic", "bic"]

#: Share of an exact count's information that an inexact one may reach at most. Below 1, so that a
#: total and its inexact parts never make a singular covariance.
_MOST_INFORMATION = 0.98


class Grid(NamedTuple):
    """Cells of time, and the segments of them within which the rate is constant.

    Attributes
    ----------
    edges : ndarray, shape (n_cells + 1,)
        Days since the start of the grid.
    first_cells : ndarray of int, shape (n_segments,)
        With which cell each segment begins.
    curves : ndarray, shape (n_segments, n_basis)
        The curves that the model adds up: a constant, then ever rougher ones, for which the penalty
        is diagonal; then steps, if there are any.
    penalty : ndarray, shape (n_basis,)
        Squared differences between neighbouring segments over the months between them, per curve; 0
        for what is free.
    """

    edges: np.ndarray
    first_cells: np.ndarray
    curves: np.ndarray
    penalty: np.ndarray

    @property
    def home(self) -> np.ndarray:
        """Return the segment of each cell, shape (n_cells,)."""
        cells = np.arange(len(self.edges) - 1)
        return np.searchsorted(self.first_cells, cells, side="right") - 1

    @property
    def basis(self) -> np.ndarray:
        """Return the curves in each cell, shape (n_cells, n_basis)."""
        return np.asarray(self.curves[self.home])


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
        Coefficients of the curves of the log rate per day, then log multipliers.
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
        What a choice of smoothing and steps minimises; minus twice the log of how well the figures
        are explained, up to a constant.
    information, score : ndarray
        What the figures alone say about the parameters, without the penalty.
    """

    params: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    smoothing: float
    n_effective: float
    n_informative: float
    dispersion: float
    criterion: float
    information: np.ndarray
    score: np.ndarray


def make_grid(edges: np.ndarray, n_segments: int) -> Grid:
    """Return a grid whose cells are joined to segments, as equal in number as can be.

    Parameters
    ----------
    edges : ndarray, shape (n_cells + 1,)
        Days since the start.
    n_segments : int
        Segments; at most as many as there are cells.
    """
    n_cells = len(edges) - 1
    n_segments = min(n_segments, n_cells)
    # The first cell whose share of the grid has been reached begins the next segment.
    first_cells = -(-np.arange(n_segments) * n_cells // n_segments)
    months = (edges[-1] - edges[0]) / (n_segments * DAYS_PER_MONTH)
    differences = np.diff(np.eye(n_segments), axis=0)
    # A walk's squared steps grow with the time between them, so that segments may have any length.
    roughness, curves = np.linalg.eigh(differences.T @ differences / months)
    # What is free of the penalty is known exactly: one level throughout.
    curves[:, 0] = 1 / np.sqrt(n_segments)
    return Grid(edges, first_cells, curves, np.concatenate([[0.0], roughness[1:]]))


def straight_line(grid: Grid) -> Grid:
    """Return the grid with nothing but a constant and a straight line in time."""
    days = np.append(grid.edges[grid.first_cells], grid.edges[-1])
    line = (days[:-1] + days[1:]) / 2
    line = line - line.mean()
    level = np.full(len(line), 1 / np.sqrt(len(line)))
    curves = np.column_stack([level, line / max(float(np.linalg.norm(line)), 1e-300)])
    return grid._replace(curves=curves, penalty=np.zeros(2))


def with_step(grid: Grid, segment: int, penalty: float) -> Grid:
    """Return the grid with one more curve: a step up at the start of a segment."""
    step = (np.arange(len(grid.curves)) >= segment).astype(float)
    return grid._replace(
        curves=np.column_stack([grid.curves, step]), penalty=np.append(grid.penalty, penalty)
    )


def fit_composite_link(
    counts: Counts,
    grid: Grid,
    *,
    smoothing: float,
    select: Select = "reml",
    start: np.ndarray | None = None,
    tolerance: float = 1e-9,
) -> Fit:
    """Fit the model with a given weight of the penalty.

    Parameters
    ----------
    counts : Counts
        Figures with their windows.
    grid : Grid
        Cells, segments and curves.
    smoothing : float
        Weight of the penalty.
    select : {"reml", "aic", "bic"}
        Which criterion the fit is given.
    start : ndarray, shape (n_params,), optional
        Where the iterations begin; by default at a constant rate.
    tolerance : float
        Largest change of a log rate or log multiplier at which they end.

    Returns
    -------
    Fit

    Raises
    ------
    RuntimeError
        If the iterations do not converge.
    """
    model = _Model(counts, grid)
    given = model.start() if start is None else start
    params = model.iterate(smoothing, given, tolerance=tolerance)
    return model.finish(params, smoothing, select)


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
    lack_of_blocks: float


class _Model:
    """The figures, the grid, and what of them does not change between iterations."""

    def __init__(self, counts: Counts, grid: Grid) -> None:
        self.counts, self.grid = counts, grid
        self.n_basis = len(grid.penalty)
        self.n_params = self.n_basis + int(counts.source.max())
        self.exact = counts.fewest == counts.most
        first_days = grid.edges[grid.first_cells]
        self.days = _days_within(counts.start, counts.end, first_days)
        self.blocks = overlapping_blocks(counts)
        self.alone = np.ones(len(counts.start), dtype=bool)
        for block in self.blocks:
            self.alone[block] = False
        self.penalty = np.zeros(self.n_params)
        self.penalty[: self.n_basis] = grid.penalty
        self.n_free = self.n_params - int(np.count_nonzero(self.penalty))
        self.shared_days = [
            _days_within(
                np.maximum.outer(counts.start[block], counts.start[block]),
                np.minimum.outer(counts.end[block], counts.end[block]),
                first_days,
            )
            for block in self.blocks
        ]

    def log_rate(self, params: np.ndarray) -> np.ndarray:
        """Return the curve of the parameters, or of a change of them, in each segment."""
        return np.asarray(self.grid.curves @ params[: self.n_basis])

    def start(self) -> np.ndarray:
        """Return a constant rate and multipliers from each source's totals."""
        counts = self.counts
        middle = np.where(np.isinf(counts.most), counts.fewest, (counts.fewest + counts.most) / 2)
        days = counts.end - counts.start
        n_sources = int(counts.source.max()) + 1
        totals = np.bincount(counts.source, middle, n_sources)
        rates = np.log(np.maximum(totals, 0.5) / np.bincount(counts.source, days, n_sources))
        params = np.zeros(self.n_params)
        params[0] = rates[0] / self.grid.curves[0, 0]
        params[self.n_basis :] = rates[1:] - rates[0]
        return params

    def step(self, params: np.ndarray) -> _Step:
        """Return means, score and information at given parameters."""
        counts = self.counts
        rate = np.exp(self.log_rate(params))
        log_multiplier = np.concatenate([[0.0], params[self.n_basis :]])[counts.source]
        multiplier = np.exp(log_multiplier)
        expected = multiplier[:, None] * self.days * rate
        mean = expected.sum(axis=1)
        slope = np.zeros((len(mean), self.n_params))
        slope[:, : self.n_basis] = expected @ self.grid.curves
        own = counts.source > 0
        slope[np.flatnonzero(own), self.n_basis + counts.source[own] - 1] = mean[own]
        residual, fraction = self._residuals(mean)
        score, information, lack = self._weighed(slope, mean, residual, fraction, rate, multiplier)
        pearson = float(np.sum(residual[self.alone] ** 2 / mean[self.alone])) + lack
        return _Step(mean, information, score, fraction, pearson, lack)

    def _weighed(
        self,
        slope: np.ndarray,
        mean: np.ndarray,
        residual: np.ndarray,
        fraction: np.ndarray,
        rate: np.ndarray,
        multiplier: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return score, information and the lack of fit of figures that share days."""
        alone = self.alone
        weighted = slope[alone] / mean[alone, None]
        score = weighted.T @ residual[alone]
        information = (weighted * fraction[alone, None]).T @ slope[alone]
        lack = 0.0
        for block, days in zip(self.blocks, self.shared_days, strict=True):
            # Overlapping Poisson counts have the mean over the shared days as their covariance.
            shared = (days @ rate) * multiplier[block[0]]
            part, free = fraction[block], mean[block] * (1 - fraction[block])
            scaled = part[:, None] * shared + np.diag(free)
            solved = np.linalg.solve(
                scaled, np.column_stack([residual[block], part[:, None] * slope[block]])
            )
            score += slope[block].T @ solved[:, 0]
            information += slope[block].T @ solved[:, 1:]
            lack += float(residual[block] @ solved[:, 0])
        return score, (information + information.T) / 2, lack

    def drift(self, params: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return score and information of a straight line in each source's log multiplier."""
        counts, grid = self.counts, self.grid
        rate = np.exp(self.log_rate(params))
        multiplier = np.exp(np.concatenate([[0.0], params[self.n_basis :]])[counts.source])
        expected = multiplier[:, None] * self.days * rate
        mean = expected.sum(axis=1)
        days = np.append(grid.edges[grid.first_cells], grid.edges[-1])
        line = (days[:-1] + days[1:]) / (2 * grid.edges[-1]) - 0.5
        n_others = self.n_params - self.n_basis
        slope = np.zeros((len(mean), self.n_params + n_others))
        slope[:, : self.n_basis] = expected @ grid.curves
        own = np.flatnonzero(counts.source > 0)
        place = self.n_basis + counts.source[own] - 1
        slope[own, place] = mean[own]
        slope[own, place + n_others] = (expected @ line)[own]
        residual, fraction = self._residuals(mean)
        score, information, _ = self._weighed(slope, mean, residual, fraction, rate, multiplier)
        n = self.n_params
        return score[n:], information[:n, n:], information[n:, n:]

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
            shift = np.array([[0], [1], [2]])
            whole, once, twice = log_set_probability(fewest - shift, most - shift, centre)
            with np.errstate(invalid="ignore"):
                # Far from its bounds a figure's probability vanishes; it is then at the nearer one.
                first = np.exp(once - whole) * centre
                second = np.exp(twice - whole) * centre**2
            variance = np.maximum(second + first - first**2, 0.0)
            lost = ~np.isfinite(first)
            first[lost] = np.clip(centre, fewest, most)[lost]
            variance[~np.isfinite(variance) | lost] = 0.0
            residual[bounded] = first - centre
            fraction[bounded] = np.clip(1 - variance / centre, 0.0, _MOST_INFORMATION)
        return residual, fraction

    def _deviance(self, step: _Step) -> float:
        """Return the deviance; that of figures which share days is their Pearson statistic."""
        fewest, most = self.counts.fewest[self.alone], self.counts.most[self.alone]
        best = np.zeros(len(fewest))
        known = (fewest > 0) & np.isfinite(most)
        width = most[known] - fewest[known] + 1
        peak = np.exp((special.gammaln(most[known] + 1) - special.gammaln(fewest[known])) / width)
        best[known] = log_set_probability(fewest[known], most[known], peak)
        fitted = log_set_probability(fewest, most, step.mean[self.alone])
        return float(2 * np.sum(best - fitted)) + step.lack_of_blocks

    def iterate(self, smoothing: float, params: np.ndarray, *, tolerance: float) -> np.ndarray:
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

    def _criterion(self, step: _Step, params: np.ndarray, smoothing: float, select: str) -> float:
        """Return REML, AIC or BIC up to a constant, the dispersion profiled out but at least 1."""
        n = float(np.sum(step.fraction))
        penalty = smoothing * self.penalty
        hessian = step.information + np.diag(penalty)
        deviance = self._deviance(step)
        if select == "reml":
            lack = deviance + float(penalty @ params**2)
            sign, log_determinant = np.linalg.slogdet(hessian)
            free = float(np.sum(np.log(penalty[penalty > 0])))
            cost = log_determinant - free if sign > 0 else np.inf
            n_left = max(n - self.n_free, 1.0)
        else:
            lack = deviance
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
        return Fit(
            params=params,
            covariance=dispersion * _solve(hessian, np.eye(self.n_params)),
            mean=step.mean,
            smoothing=smoothing,
            n_effective=n_effective,
            n_informative=n_informative,
            dispersion=dispersion,
            criterion=self._criterion(step, params, smoothing, select),
            information=step.information,
            score=step.score,
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


def drift_terms(
    counts: Counts, grid: Grid, params: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what figures say of a straight line in each log multiplier, the fit being without.

    Returns
    -------
    score : ndarray, shape (n_sources - 1,)
        Slope of the log likelihood.
    cross : ndarray, shape (n_params, n_sources - 1)
        Information shared with the parameters of the fit.
    own : ndarray, shape (n_sources - 1, n_sources - 1)
        Information about the lines themselves.
    """
    return _Model(counts, grid).drift(params)


def unidentified(counts: Counts, grid: Grid) -> np.ndarray | None:
    """Return the combination of level, slope and multipliers that the figures leave open.

    Returns
    -------
    ndarray, shape (1 + 1 + n_sources - 1,), or None
        None when everything that is not penalised can be estimated.
    """
    model = _Model(counts, grid)
    return model.weakest_direction(model.start())


def _days_within(start: np.ndarray, end: np.ndarray, first_days: np.ndarray) -> np.ndarray:
    """Return the days of windows that lie in each segment, shape (..., n_segments)."""
    last_days = np.append(first_days[1:], np.inf)
    low = np.maximum(start[..., None], first_days)
    return np.maximum(np.minimum(end[..., None], last_days) - low, 0.0)


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
