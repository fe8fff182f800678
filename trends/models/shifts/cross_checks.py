"""What do other methods say about breaks in the same series?

Textbook methods beside `trends.analysis.changepoint`, as they are usually applied: arrays in, one
answer per method out. Only Markov switching knows anything of memory or of returning levels; where
the others disagree with the calibrated test, memory is the usual reason.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.diagnostic import breaks_cusumolsresid, recursive_olsresiduals
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from trends.models.counts.null_models import draw_counts
from trends.models.shifts.segmentation import optimal_segments, poisson_cost, robust_dispersion

MARKOV = "markov_switching"
N_DRAWS = 999
DRAW_SEED = 20_250_519
"""Seed of the sup-LR draws, fixed so that the table of one result never changes."""


class Answer(NamedTuple):
    """What one method says.

    Attributes
    ----------
    method : str
        Its name.
    memory : bool
        Whether it allows for memory.
    found : bool or None
        Whether it finds a break; None if it could not answer.
    rows : tuple of int
        The rows it starts new regimes at, surest first.
    p_value : float
        NaN where the method gives none.
    reason : str
        Why it could not answer; empty if it did.
    """

    method: str
    memory: bool
    found: bool | None
    rows: tuple[int, ...] = ()
    p_value: float = float("nan")
    reason: str = ""


def ask_others(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    *,
    min_rows: int,
    alpha: float,
) -> tuple[Answer, ...]:
    """Return the answer of every method, those that could not answer included."""
    if np.ptp(count / exposure) == 0:
        names = ("ols_cusum", "recursive_cusum", "sup_lr", MARKOV, "poisson_bic", "dispersion_bic")
        return tuple(
            Answer(name, name == MARKOV, None, reason="every rate is the same") for name in names
        )
    root = np.sqrt((count + 0.375) / exposure)
    dispersion = robust_dispersion(count, exposure)
    return (
        ols_cusum(root, alpha),
        recursive_cusum(root),
        sup_likelihood_ratio(count, exposure, dispersion, min_rows, alpha),
        markov_switching(root),
        segmentation("poisson_bic", count, exposure, 1.0, min_rows),
        segmentation("dispersion_bic", count, exposure, dispersion, min_rows),
    )


def ols_cusum(root: NDArray[np.float64], alpha: float) -> Answer:
    """Test for a break by the cumulated residuals from one mean (Ploberger and Kraemer 1992)."""
    residuals = root - root.mean()
    _, p_value, _ = breaks_cusumolsresid(residuals, ddof=1)
    # the sum is largest just before the level changes
    row = int(np.argmax(np.abs(np.cumsum(residuals)[:-1]))) + 1
    return Answer("ols_cusum", False, bool(p_value <= alpha), (row,), float(p_value))


def recursive_cusum(root: NDArray[np.float64]) -> Answer:
    """Test for a break by cumulated one-step forecast errors, at 5% (Brown et al. 1975)."""
    fitted = OLS(root, np.ones(root.size)).fit()
    *_, cumulated, bounds = recursive_olsresiduals(fitted, skip=2, alpha=0.95)
    # the sum starts one residual before its bounds
    cumulated = cumulated[-bounds.shape[1] :]
    outside = np.abs(cumulated) > np.abs(bounds[1])
    row = int(np.argmax(outside)) if outside.any() else int(np.argmax(np.abs(cumulated)))
    row += root.size - cumulated.size
    return Answer("recursive_cusum", False, bool(outside.any()), (max(row, 1),))


def sup_likelihood_ratio(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    dispersion: float,
    min_rows: int,
    alpha: float,
) -> Answer:
    """Test for one break by the largest Poisson likelihood ratio, against independent counts."""
    rng = np.random.default_rng(DRAW_SEED)
    mean = count.sum() / exposure.sum() * exposure
    none = np.zeros(N_DRAWS)
    draws = draw_counts(
        mean, np.full(mean.size, dispersion), np.ones(mean.size - 1), none, none, rng
    )
    starts = np.arange(min_rows, count.size - min_rows + 1)
    gains = _split_gains(np.column_stack([count, draws]), exposure, starts)
    largest = gains.max(axis=0)
    p_value = (1 + np.count_nonzero(largest[1:] >= largest[0])) / (N_DRAWS + 1)
    row = int(starts[np.argmax(gains[:, 0])])
    return Answer("sup_lr", False, bool(p_value <= alpha), (row,), float(p_value))


def _split_gains(
    counts: NDArray[np.float64], exposure: NDArray[np.float64], starts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the likelihood ratio of each split of each column, shape (n_starts, n_columns)."""
    totals = np.cumsum(counts, axis=0)
    spans = np.cumsum(exposure)[:, None]
    before, span = totals[starts - 1], spans[starts - 1]
    whole = poisson_cost(totals[-1:], spans[-1:])
    parts = poisson_cost(before, span) + poisson_cost(totals[-1] - before, spans[-1] - span)
    return np.asarray(whole - parts, dtype=np.float64)


def markov_switching(root: NDArray[np.float64]) -> Answer:
    """Fit two levels that the series switches between, and compare by BIC with one level.

    The levels may return, so it finds episodes.
    """
    standardised = (root - root.mean()) / root.std()
    with warnings.catch_warnings():
        # what the optimiser warns of is read from its result
        warnings.simplefilter("ignore")
        try:
            fitted = MarkovRegression(standardised, k_regimes=2, switching_variance=True).fit(
                disp=False
            )
        except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
            return Answer(MARKOV, True, None, reason=str(error) or type(error).__name__)
    if not np.isfinite(fitted.llf) or not fitted.mle_retvals["converged"]:
        return Answer(MARKOV, True, None, reason="the fit did not converge")
    one_level = OLS(standardised, np.ones(root.size)).fit()
    bic = -2 * fitted.llf + np.log(root.size) * len(fitted.params)
    single = -2 * one_level.llf + 2 * np.log(root.size)
    regime = np.asarray(fitted.smoothed_marginal_probabilities).argmax(axis=1)
    rows = tuple(int(row) for row in np.flatnonzero(np.diff(regime)) + 1)
    return Answer(MARKOV, True, bool(bic < single and rows), rows)


def segmentation(
    name: str,
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    dispersion: float,
    min_rows: int,
) -> Answer:
    """Divide the series exactly at a penalty of 2 log(n) per changepoint."""
    penalty = 2 * float(np.log(count.size))
    rows = optimal_segments(count, exposure, penalty, min_rows=min_rows, dispersion=dispersion)
    return Answer(name, False, bool(rows), rows)
