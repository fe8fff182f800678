"""What would a coefficient be, were published figures read as the bounds they are?

An analysis takes "at least 30" and "about 30" at face value: as the counter's own count. The other
extreme reading takes them at their word, as 30 or more and as anything that rounds to 30. The
likelihood of such a figure is the probability of all counts it allows; where most figures are
minimums it hardly limits a rate from above, and a coefficient may be open on one side or on both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray
from scipy import special

from trends.models.counts.observed import Observed
from trends.tables.statements import figures_of_series

#: How far a coefficient times its column may move a log rate before it is called open.
_OPEN = 8.0


class BoundsReading(NamedTuple):
    """One coefficient under the reading of figures as bounds.

    Attributes
    ----------
    n_figures, n_bounded, n_minimums : int
        Observed periods; those whose figure is no exact count; those without an upper limit.
    estimate, low, high : float
        The coefficient with its interval, infinite where the figures do not limit it. The estimate
        is NaN where they leave a side open.
    face_low, face_high : float
        The interval at face value.
    """

    n_figures: int
    n_bounded: int
    n_minimums: int
    estimate: float
    low: float
    high: float
    face_low: float
    face_high: float

    @property
    def widening(self) -> float:
        """How many times wider the interval is than at face value."""
        return (self.high - self.low) / (self.face_high - self.face_low)

    @property
    def differs(self) -> bool:
        """Whether the bounds allow clearly more than the interval at face value."""
        slack = (self.face_high - self.face_low) / 4
        return self.low < self.face_low - slack or self.high > self.face_high + slack


def count_bounds(
    series: pd.DataFrame, seen: Observed
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the fewest and the most events of each observed period; None where all are exact."""
    if not series.attrs.get("used"):
        # no figures stand behind the counts of events
        return None
    behind = figures_of_series(series)
    known = behind.reindex(seen.periods[seen.position])
    low = known["count_low"].fillna(pd.Series(seen.count, known.index)).to_numpy(float)
    high = known["count_high"].fillna(pd.Series(seen.count, known.index)).to_numpy(float)
    return None if (low == high).all() else (low, high)


def read_as_bounds(
    series: pd.DataFrame,
    seen: Observed,
    design: NDArray[np.float64],
    column: int,
    *,
    nb_dispersion: float,
    face: tuple[float, float],
    alpha: float,
) -> BoundsReading | None:
    """Return a coefficient under the reading of the figures as bounds; None where all are exact.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series.
    seen : Observed
        Its observed periods.
    design : array of shape (n_observed, n_terms)
        Columns of the log rate.
    column : int
        Which coefficient.
    nb_dispersion : float
        Of the counts at face value: variance = mean + nb_dispersion * mean**2.
    face : (float, float)
        The interval of the coefficient at face value, memory allowed for. What it is wider than
        the likelihood alone would make it, the reading as bounds is wider too.
    alpha : float
        One minus the level.

    Returns
    -------
    BoundsReading or None
    """
    bounds = count_bounds(series, seen)
    if bounds is None:
        return None
    low, high = bounds
    cut = float(2 * special.gammaincinv(0.5, 1 - alpha))
    count = seen.count
    likelihood = _Likelihood(count, count, design, seen.exposure, column, nb_dispersion)
    plain = likelihood.interval(face, cut)
    widened = max(((face[1] - face[0]) / (plain[2] - plain[1])) ** 2, 1.0)
    likelihood = _Likelihood(low, high, design, seen.exposure, column, nb_dispersion)
    estimate, least, most = likelihood.interval(face, cut * widened)
    return BoundsReading(
        n_figures=seen.count.size,
        n_bounded=int((low < high).sum()),
        n_minimums=int(np.isinf(high).sum()),
        estimate=estimate if np.isfinite(least) and np.isfinite(most) else np.nan,
        low=least,
        high=most,
        face_low=face[0],
        face_high=face[1],
    )


def log_likelihood(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    mean: NDArray[np.float64],
    nb_dispersion: float,
) -> float:
    """Return the log probability that each count lies between its bounds, both included."""
    exact = low == high
    between = _at_least(low, mean, nb_dispersion) - np.where(
        np.isinf(high), 0.0, _at_least(np.where(np.isinf(high), 0.0, high) + 1, mean, nb_dispersion)
    )
    each = np.where(
        exact, _log_probability(low, mean, nb_dispersion), np.log(np.maximum(between, 1e-300))
    )
    return float(each.sum())


def _at_least(
    count: NDArray[np.float64], mean: NDArray[np.float64], nb_dispersion: float
) -> NDArray[np.float64]:
    """Return the probability of a count or more."""
    some = np.maximum(count, 1.0)
    if nb_dispersion > 0:
        tail = special.betainc(some, 1 / nb_dispersion, mean / (mean + 1 / nb_dispersion))
    else:
        tail = special.gammainc(some, mean)
    return np.asarray(np.where(count > 0, tail, 1.0))


def _log_probability(
    count: NDArray[np.float64], mean: NDArray[np.float64], nb_dispersion: float
) -> NDArray[np.float64]:
    """Return the log probability of a count."""
    if nb_dispersion > 0:
        size = 1 / nb_dispersion
        chosen = special.gammaln(count + size) - special.gammaln(size) - special.gammaln(count + 1)
        odds = special.xlogy(count, mean / (size + mean)) + size * np.log(size / (size + mean))
        return np.asarray(chosen + odds)
    return np.asarray(special.xlogy(count, mean) - mean - special.gammaln(count + 1))


class _Likelihood:
    """The likelihood of one coefficient, the others at what suits it best."""

    def __init__(
        self,
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        design: NDArray[np.float64],
        exposure: NDArray[np.float64],
        column: int,
        nb_dispersion: float,
    ) -> None:
        self.low, self.high, self.exposure = low, high, exposure
        self.own = design[:, column]
        self.others = np.delete(design, column, axis=1)
        self.nb_dispersion = nb_dispersion
        self.farthest = _OPEN / max(float(np.ptp(self.own)), 1e-9)
        # A rate that only minimums limit may rise without end; far above them nothing changes.
        self.top = float(np.log(low.max() / exposure.min() + 1)) + 6

    def cost(self, value: float, start: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return minus the log likelihood of a value, and the other coefficients."""

        def of(rest: NDArray[np.float64]) -> float:
            log_rate = np.clip(self.others @ rest + self.own * value, -12, self.top + _OPEN)
            mean = self.exposure * np.exp(log_rate)
            return -log_likelihood(self.low, self.high, mean, self.nb_dispersion)

        found = scipy.optimize.minimize(of, start, method="BFGS", options={"gtol": 1e-3})
        return float(found.fun), found.x

    def interval(self, around: tuple[float, float], cut: float) -> tuple[float, float, float]:
        """Return where the likelihood is highest, and where it has fallen by the cut."""
        start = np.zeros(self.others.shape[1])
        start[0] = np.log(self.low.sum() / self.exposure.sum() + 0.01)
        middle, half = (around[0] + around[1]) / 2, (around[1] - around[0]) / 2
        first, start = self.cost(middle, start)
        best = (first, middle, start)
        walked = {-1: [(first, middle)], 1: [(first, middle)]}
        for side, seen in walked.items():
            given, step = start, half / 2
            while abs(seen[-1][1] - middle) < self.farthest:
                value = seen[-1][1] + side * step
                cost, given = self.cost(value, given)
                seen.append((cost, value))
                best = min(best, (cost, value, given), key=lambda each: each[0])
                if cost > best[0] + 1.5 * cut:
                    break
                step *= 1.5
        values = sorted({value for seen in walked.values() for _, value in seen})
        place = values.index(best[1])
        near = values[max(place - 1, 0)], values[min(place + 1, len(values) - 1)]
        finer = scipy.optimize.minimize_scalar(
            lambda value: self.cost(value, best[2])[0],
            bounds=near,
            method="bounded",
            options={"xatol": 1e-3 * half},
        )
        lowest, peak = min((float(finer.fun), float(finer.x)), best[:2])
        limit = lowest + cut / 2
        ends = {}
        for side, seen in walked.items():
            outside = [each for each in seen if (each[1] - peak) * side > 0 and each[0] > limit]
            ends[side] = side * np.inf
            if outside:
                ends[side] = scipy.optimize.brentq(
                    lambda value: self.cost(value, best[2])[0] - limit,
                    peak,
                    outside[0][1],
                    xtol=1e-3 * half,
                )
        return peak, float(ends[-1]), float(ends[1])
