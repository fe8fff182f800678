"""Was there nothing at all until some period, or since, by more than chance?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trends.models.counts.observed import Observed

#: Chance of a silence below which it is one: a group had not started, or has stopped.
SILENCE_ALPHA = 0.01
#: Observed periods that a silence lasts at least.
LEAST_SILENCE = 6


class Silence(NamedTuple):
    """A stretch without events at one end of a series.

    Attributes
    ----------
    n_periods : int
        Observed periods in it; 0 when there is none beyond chance.
    months : float
        Exposure in it, in months of 30.4375 days.
    p_value : float
        Chance of a silence so long or longer.
    """

    n_periods: int
    months: float
    p_value: float

    def limit(self, alpha: float) -> float:
        """Return the highest rate per month that shows no event in it with chance `alpha`."""
        return float(-np.log(alpha) / self.months)


def silences(seen: Observed) -> tuple[Silence, Silence]:
    """Return the silence before the first event and the one after the last.

    Events that fall anywhere with the same chance leave the first share s of the exposure empty
    with probability (1 - s)^n, exactly. Events come in bursts, so n is the number of periods that
    hold any, and both ends of a series are looked at.
    """
    eventful = np.flatnonzero(seen.count > 0)
    return (
        _silence(seen.exposure[: eventful[0]], seen.exposure, eventful.size),
        _silence(seen.exposure[eventful[-1] + 1 :], seen.exposure, eventful.size),
    )


def _silence(quiet: np.ndarray, exposure: np.ndarray, n_eventful: int) -> Silence:
    """Return a stretch of exposure without events, unless chance explains it."""
    months = float(quiet.sum())
    p_value = min(1.0, 2 * (1 - months / float(exposure.sum())) ** n_eventful)
    if quiet.size < LEAST_SILENCE or p_value > SILENCE_ALPHA:
        return Silence(0, 0.0, p_value)
    return Silence(int(quiet.size), months, p_value)


def active_span(seen: Observed) -> slice:
    """Return the periods between the silences, as places among all periods."""
    before, after = silences(seen)
    first = int(seen.position[before.n_periods]) if before.n_periods else 0
    last = len(seen.periods) - 1
    if after.n_periods:
        last = int(seen.position[seen.count.size - after.n_periods - 1])
    return slice(first, last + 1)
