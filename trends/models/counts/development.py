"""How do the counts of a period go on changing after its end?

The counts of one record as they stood at every age make a triangle: one row per period, one
column per age in whole periods since the period ended. A link ratio is what the counts of one age
became at the next; its scatter is a multiple of the counts, as in Mack's chain ladder, which asks
neither that counts only grow nor that events are reported one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Ages on either side whose scatter is pooled: one step is seen in too few periods to know its own.
NEIGHBOURS = 2


@dataclass(frozen=True, eq=False)
class Development:
    """What counts become from one age to the next.

    Attributes
    ----------
    link_ratios : array of shape (n_ages - 1,)
        Counts at the next age over counts at this one; 1 where no period was seen at both.
    scatters : array of shape (n_ages - 1,)
        Variance of the counts at the next age, as a multiple of those at this one.
    n_free : array of shape (n_ages - 1,)
        Degrees of freedom of the scatters, at most those that the uneven vintages are worth.
    counts_seen : array of shape (n_ages - 1,)
        Counts behind each link ratio, at least 1.
    n_links : int array of shape (n_ages - 1,)
        Periods behind each link ratio.
    """

    link_ratios: NDArray[np.float64]
    scatters: NDArray[np.float64]
    n_free: NDArray[np.float64]
    counts_seen: NDArray[np.float64]
    n_links: NDArray[np.int64]

    def factors(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return per age the final count over the count, the error of its log, and its freedom.

        Returns
        -------
        factors, std_errors, n_free : arrays of shape (n_ages - 1,)
            The error is that of the mean factor, not of one period's.
        """
        variances = self.scatters / (self.link_ratios**2 * self.counts_seen)
        sums = _sums_from(variances)
        return (
            np.exp(_sums_from(np.log(self.link_ratios))),
            np.sqrt(sums),
            _satterthwaite(sums, variances, self.n_free),
        )

    def predict(
        self, count: float, age: int, *, alpha: float, until: int | None = None
    ) -> tuple[float, float, float]:
        """Return what a count of this age will become, with a prediction interval.

        Parameters
        ----------
        count : float
            The count of one period as it stands.
        age : int
            Whole periods since its end.
        alpha : float
            One minus the level of the interval.
        until : int, optional
            The age at which to say it; by default the last.

        Returns
        -------
        expected, low, high : float
        """
        steps = slice(age, until)
        ratios = self.link_ratios[steps]
        expected = count * float(np.prod(ratios))
        # A count of none says no less than a count of one about how many more there may be.
        sizes = np.maximum(count, 1.0) * np.concatenate([[1.0], np.cumprod(ratios)[:-1]])
        sizes = np.maximum(sizes[: ratios.size], 1.0)
        variances = self.scatters[steps] / ratios**2 * (1 / sizes + 1 / self.counts_seen[steps])
        total = float(variances.sum())
        if total == 0:
            return expected, expected, expected
        n_free = total**2 / float(np.sum(variances**2 / self.n_free[steps]))
        width = float(stats.t.ppf(1 - alpha / 2, n_free)) * np.sqrt(total)
        middle = max(expected, 1.0)
        low, high = middle * np.exp(-width), middle * np.exp(width)
        return expected, (low if expected >= 1 else 0.0), high


def develop(triangle: np.ndarray) -> Development:
    """Estimate what counts become from age to age.

    Parameters
    ----------
    triangle : array of shape (n_periods, n_ages)
        Count of each period at each age, NaN where it was not seen; rows are successive periods, so
        that cells of one antidiagonal come from one vintage.

    Returns
    -------
    Development

    Notes
    -----
    Releases revise many periods at once, and a record that saw one of them knows less than its
    number of cells says. The degrees of freedom are therefore not more than the number of equally
    surprising vintages that would scatter so (Satterthwaite over vintages).

    References
    ----------
    Mack T (1993). Distribution-free calculation of the standard error of chain ladder reserve
    estimates. ASTIN Bulletin 23(2):213-225.
    """
    counts, following = triangle[:, :-1], triangle[:, 1:]
    seen = np.isfinite(counts) & np.isfinite(following)
    before, after = np.where(seen, counts, 0.0), np.where(seen, following, 0.0)
    n_links = seen.sum(axis=0)
    sums = before.sum(axis=0)
    usable = (sums > 0) & (after.sum(axis=0) > 0)
    ratios = np.divide(after.sum(axis=0), sums, out=np.ones(sums.size), where=usable)
    squares = np.where(seen, (after - ratios * before) ** 2 / np.maximum(before, 1.0), 0.0)
    vintages = np.add.outer(np.arange(seen.shape[0]), np.arange(seen.shape[1]))
    scatters, n_free = np.zeros(ratios.size), np.ones(ratios.size)
    for age in range(ratios.size):
        near = slice(max(age - NEIGHBOURS, 0), age + NEIGHBOURS + 1)
        used = seen[:, near]
        n_free[age] = max(int(used.sum()) - int((n_links[near] > 0).sum()), 1)
        scatters[age] = squares[:, near].sum() / n_free[age]
        by_vintage = np.bincount(vintages[:, near][used], squares[:, near][used])
        if by_vintage.any():
            n_free[age] = min(n_free[age], by_vintage.sum() ** 2 / np.sum(by_vintage**2))
    return Development(
        link_ratios=ratios,
        scatters=scatters,
        n_free=n_free,
        counts_seen=np.maximum(sums, 1.0),
        n_links=n_links,
    )


def _sums_from(values: np.ndarray) -> NDArray[np.float64]:
    """Return the sum of each value and all after it."""
    return np.asarray(np.cumsum(values[::-1])[::-1], dtype=float)


def _satterthwaite(
    sums: np.ndarray, variances: np.ndarray, n_free: np.ndarray
) -> NDArray[np.float64]:
    """Return the degrees of freedom of sums of variances; infinite where nothing varies."""
    weights = _sums_from(variances**2 / n_free)
    return np.divide(sums**2, weights, out=np.full(sums.size, np.inf), where=weights > 0)
