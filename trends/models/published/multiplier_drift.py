"""Do sources keep counting the same share, or do their multipliers drift against one another?"""

from __future__ import annotations

import numpy as np
from scipy import stats

from trends.models.published.composite_link import Counts, Fit, Grid, drift_terms


def drift_p_value(counts: Counts, grid: Grid, fit: Fit) -> float:
    """Return the p-value of a test that every log multiplier is constant in time.

    A score test of one straight line per source in its log multiplier, with the curve of the rate
    integrated out: whether figures of one source move against those of the others.

    Parameters
    ----------
    counts : Counts
        The figures as they were fitted.
    grid : Grid
        The grid of the fit.
    fit : Fit
        The fit under constant multipliers.

    Returns
    -------
    float
        NaN with one source, with fewer than 3 degrees of freedom, or where no source has figures
        whose share could have moved.
    """
    n_free = fit.n_informative - fit.n_effective
    if counts.source.max() == 0 or n_free < 3:
        return np.nan
    score, cross, own = drift_terms(counts, grid, fit.params)
    known = fit.covariance / fit.dispersion
    # The score of a drift, and its variance given that curve and multipliers were fitted to it too.
    free = own - cross.T @ known @ cross
    information = (free + free.T) / 2
    values, vectors = np.linalg.eigh(information)
    kept = values > 1e-6 * max(float(np.diag(own).max()), 1e-300)
    if not kept.any():
        return np.nan
    along = vectors[:, kept].T @ score
    statistic = float(np.sum(along**2 / values[kept])) / (fit.dispersion * int(kept.sum()))
    return float(stats.f.sf(statistic, int(kept.sum()), n_free))
