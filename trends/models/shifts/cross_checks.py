"""What do other methods say about breaks in the same series?

Textbook methods beside `trends.analysis.changepoint`, as they are usually applied. Only Markov
switching and this package's own test know anything of memory or of returning levels; where the
others disagree with the calibrated test, memory is the usual reason.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.diagnostic import breaks_cusumolsresid, recursive_olsresiduals
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from trends.models.counts.null_models import draw_counts
from trends.models.shifts.segmentation import optimal_segments, poisson_cost, robust_dispersion
from trends.tables.calendar import DAYS_PER_MONTH

if TYPE_CHECKING:
    from trends.analysis.changepoint import Changepoints

N_DRAWS = 999
DRAW_SEED = 20_250_519
"""Seed of the sup-LR draws, fixed so that the table of one result never changes."""

NEAR = 3
"""Periods within which two dates count as the same."""


class Answer(NamedTuple):
    """What one method says: the rows it starts new regimes at, surest first, and its p-value."""

    method: str
    memory: bool
    found: bool
    rows: tuple[int, ...]
    p_value: float


def ask_others(result: Changepoints) -> pd.DataFrame:
    """Return one row per method, the result's own answer first."""
    known = result.series["count"].notna().to_numpy()
    count = result.series["count"].to_numpy(dtype=np.float64, na_value=np.nan)[known]
    exposure = result.series["exposure"].to_numpy(dtype=np.float64)[known] / DAYS_PER_MONTH
    index = pd.PeriodIndex(result.series.index[known])
    found = sorted(result.changepoints, key=lambda one: one.p_value)
    own = Answer(
        "shift_with_memory",
        True,
        bool(found),
        tuple(int(index.get_loc(one.period)) for one in found),
        result.p_value,
    )
    answers = [own]
    if np.ptp(count / exposure) > 0:
        root = np.sqrt((count + 0.375) / exposure)
        dispersion = robust_dispersion(count, exposure)
        answers += [
            ols_cusum(root, result.alpha),
            recursive_cusum(root),
            sup_likelihood_ratio(count, exposure, dispersion, result.min_periods, result.alpha),
            markov_switching(root),
            segmentation("poisson_bic", count, exposure, 1.0, result.min_periods),
            segmentation("dispersion_bic", count, exposure, dispersion, result.min_periods),
        ]
    sets = [set(one.confidence_set(alpha=result.alpha)) for one in found]
    rows = []
    for answer in answers:
        periods = [index[row] for row in answer.rows]
        close = [
            any(
                period in inside or abs(period.ordinal - one.period.ordinal) <= NEAR
                for inside, one in zip(sets, found, strict=True)
            )
            for period in periods
        ]
        rows.append(
            {
                "method": answer.method,
                "memory": answer.memory,
                "found": answer.found,
                "n_changepoints": len(answer.rows) if answer.found else 0,
                "period": periods[0] if answer.found and periods else pd.NaT,
                "p_value": answer.p_value,
                "agrees": answer.found == own.found
                and (not own.found or (len(periods) == len(found) and all(close))),
            }
        )
    return pd.DataFrame(rows)


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
    return Answer("recursive_cusum", False, bool(outside.any()), (max(row, 1),), float("nan"))


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

    The levels may return, so it finds episodes; a fit that does not converge finds nothing.
    """
    standardised = (root - root.mean()) / root.std()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = MarkovRegression(standardised, k_regimes=2, switching_variance=True).fit(
                disp=False
            )
            one_level = OLS(standardised, np.ones(root.size)).fit()
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return Answer("markov_switching", True, False, (), float("nan"))
    if not np.isfinite(fitted.llf):
        return Answer("markov_switching", True, False, (), float("nan"))
    bic = -2 * fitted.llf + np.log(root.size) * len(fitted.params)
    single = -2 * one_level.llf + 2 * np.log(root.size)
    regime = np.asarray(fitted.smoothed_marginal_probabilities).argmax(axis=1)
    rows = tuple(int(row) for row in np.flatnonzero(np.diff(regime)) + 1)
    return Answer("markov_switching", True, bool(bic < single and rows), rows, float("nan"))


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
    return Answer(name, False, bool(rows), rows, float("nan"))
