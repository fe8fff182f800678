"""Do the counts come and go with the time of year by more than chance and memory explain?

Counts that are few or have heavy tails show false seasons to an F test, so its statistic is judged
by permutations, which have the tails of the counts themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from trends.models.counts.count_model import Family, fit_counts
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.memory import (
    MemoryGrid,
    correlation_matrix,
    memory_products,
    memory_squares,
    whitened_columns,
)
from trends.models.counts.observed import Observed, bent_trend_columns, years_of
from trends.models.counts.serial_dependence import (
    band_mean,
    grid_of,
    least_scale,
    reml_weights,
)

#: Permutations of a test: its p-value is at least one in a thousand.
N_PERMUTATIONS = 999
_BATCH = 111
#: The stream of the permutations is fixed, so that one series has one answer.
_SEED = 0


class SeasonEvidence(NamedTuple):
    """A joint test of seasonal effects.

    Attributes
    ----------
    statistic : float
        F statistic of all effects, memory taken into account.
    p_value : float
        Its Monte Carlo p-value.
    """

    statistic: float
    p_value: float


def bent_trend(seen: Observed) -> np.ndarray:
    """Return a trend with one bend a year at all periods, with fewer where years stand empty.

    At a known break of the counting the level may jump, so that its jump is no time of year.

    Returns
    -------
    ndarray, shape (n_periods, n_columns)
    """
    n_bends = max(round(years_of(seen.periods)) - 1, 0)
    jumps, _ = jump_columns(seen)
    while True:
        columns = np.column_stack([bent_trend_columns(seen.periods, n_bends), jumps])
        try:
            fit_counts(seen.count, columns[seen.position], seen.exposure, family="poisson")
        except RuntimeError:
            if n_bends == 0 and not jumps.size:
                raise
            if n_bends == 0:
                jumps = jumps[:, :0]
            n_bends //= 2
            continue
        return columns


def season_evidence(
    seen: Observed,
    beside: np.ndarray,
    season: np.ndarray,
    *,
    family: Family = "auto",
    enough: int = N_PERMUTATIONS,
) -> SeasonEvidence:
    """Test seasonal columns together, beside others that stay in the model.

    The likelihood is linearised at the fit without a season. A permutation takes one memory out of
    that fit's Pearson residuals, shuffles them, and puts it back; the memory is drawn with the
    weights it has when judged half with and half without the season, and is judged anew in every
    permutation.

    Parameters
    ----------
    seen : Observed
    beside, season : ndarrays, shape (n_observed, n_columns)
        Together of full rank.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
    enough : int
        Permutations beyond the series that end the test early.

    Returns
    -------
    SeasonEvidence

    Raises
    ------
    RuntimeError
        If the fit without a season does not converge.
    """
    fit = fit_counts(seen.count, beside, seen.exposure, family=family)
    residuals = fit.residuals(seen.count)
    grid = grid_of(seen.periods)
    test = _Linearised.of(
        fit.working_design(beside), fit.working_design(season), seen.position, grid
    )
    squares = memory_squares(residuals[:, None], test.gaps, grid)
    observed = float(test.statistics(residuals[:, None], squares)[0])
    chances = test.memory_weights(residuals, squares)
    models = np.flatnonzero(chances > 1e-3)
    chances = chances[models] / chances[models].sum()
    gaps = np.diff(seen.position).astype(float)
    factors = [
        np.linalg.cholesky(correlation_matrix(gaps, grid.rho[model], grid.weight[model]))
        for model in models
    ]
    # Counts that are luckily even would make the smallest departure from evenness a season.
    n_free = residuals.size - beside.shape[1]
    lucky = max(1.0, np.sqrt(least_scale(n_free) * n_free / max(residuals @ residuals, 1e-300)))
    fresh = [solve_triangular(factor, lucky * residuals, lower=True) for factor in factors]
    rng = np.random.default_rng(_SEED)
    exceeding = done = 0
    while done < N_PERMUTATIONS and exceeding < enough:
        drawn = []
        for factor, noise, n_draws in zip(
            factors, fresh, rng.multinomial(_BATCH, chances), strict=True
        ):
            orders = rng.permuted(np.tile(noise - noise.mean(), (n_draws, 1)), axis=1).T
            drawn.append(factor @ orders)
        responses = np.hstack(drawn)
        statistics = test.statistics(responses, memory_squares(responses, test.gaps, grid))
        exceeding += int(np.sum(statistics >= observed * (1 - 1e-9)))
        done += _BATCH
    return SeasonEvidence(observed, (1 + exceeding) / (done + 1))


class _Linearised(NamedTuple):
    """The weighted least-squares problem behind a test, with what every response shares."""

    design: np.ndarray
    n_beside: int
    grid: MemoryGrid
    gaps: np.ndarray
    log_determinants: np.ndarray
    whitened: np.ndarray
    within: np.ndarray
    effects_covariance: np.ndarray

    @classmethod
    def of(
        cls, beside: np.ndarray, season: np.ndarray, position: np.ndarray, grid: MemoryGrid
    ) -> _Linearised:
        """Return the problem of seasonal columns beside others."""
        design = np.column_stack([beside, season])
        gaps = np.diff(position).astype(float)
        log_determinants, within, across = memory_products(design, gaps, grid)
        bread = np.linalg.inv(design.T @ design)
        n_beside = beside.shape[1]
        covariance = (bread @ across @ bread)[:, n_beside:, n_beside:]
        whitened = np.swapaxes(whitened_columns(design, gaps, grid), 1, 2)
        return cls(design, n_beside, grid, gaps, log_determinants, whitened, within, covariance)

    def statistics(self, responses: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Return the F statistic of every column of responses, given its `memory_squares`."""
        n_observed, n_terms = self.design.shape
        n_free = n_observed - n_terms
        coefficients = np.linalg.lstsq(self.design, responses, rcond=None)[0]
        effects = coefficients[self.n_beside :]
        squares = self._left_over(responses, squares, n_terms)
        weights = reml_weights(
            self.grid, self.log_determinants, np.linalg.slogdet(self.within)[1], squares, n_free
        )
        scales = np.maximum(squares / n_free, least_scale(n_free))
        solved = np.linalg.solve(self.effects_covariance, effects)
        wald = np.maximum((effects * solved).sum(axis=1) / scales, 1e-300)
        return np.asarray(1 / band_mean(1 / wald, weights) / effects.shape[0])

    def memory_weights(self, residuals: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Return the weight of every memory, judged half without and half with the season."""
        total = np.zeros(self.grid.rho.size)
        for n_terms in (self.n_beside, self.design.shape[1]):
            within = self.within[:, :n_terms, :n_terms]
            total += reml_weights(
                self.grid,
                self.log_determinants,
                np.linalg.slogdet(within)[1],
                self._left_over(residuals[:, None], squares, n_terms),
                residuals.size - n_terms,
            )[:, 0]
        return total / 2

    def _left_over(self, responses: np.ndarray, squares: np.ndarray, n_terms: int) -> np.ndarray:
        """Return generalised residual squares of responses on the first columns, per memory."""
        whitened = np.ascontiguousarray(self.whitened[:, :n_terms])
        cross = (whitened.reshape(-1, responses.shape[0]) @ responses).reshape(
            *whitened.shape[:2], responses.shape[1]
        )
        params = np.linalg.solve(self.within[:, :n_terms, :n_terms], cross)
        return np.asarray(np.maximum(squares - (cross * params).sum(axis=1), 1e-10))
