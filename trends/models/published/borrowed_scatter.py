"""How much may a total vary that has no series of its own?

A total is one number and cannot show its scatter. What the bundled counters' own series show is
borrowed: the variance of a total over so many months in units of its mean, how much that differs
between counters, and how it goes with the rate (`borrowed_scatter.toml`, made by
`benchmarks/borrowed_scatter.py`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trends.models.counts.serial_dependence import band_mean

#: Donors without which the spread of a unit is that of all units together.
_OWN_SPREAD = 3
#: Quantiles of the donors' spread that are looked at.
_N_QUANTILES = 200
#: Laws of the excess that are looked at. One that watches the same thing less fully has an excess
#: in proportion to its rate (power 1, negative binomial counts); one that watches fewer places,
#: each on its own, has the same excess at any rate (power 0).
_POWERS = (np.arange(50) + 0.5) / 50


def borrowed_inflation(unit: str, months: float, rate: float) -> float:
    """Return the variance of a total over its mean that is borrowed for it.

    The excess over 1 grows with a power of the rate between 0 and 1, every power as likely
    beforehand, and as likely afterwards as the donors make it. Given the power, the log of the
    excess lies around the mean of the donors by Student's t, with the donors' spread and the
    uncertainty of their mean. As with the memory of a series, the upper quartile of what it may be
    counts.

    Parameters
    ----------
    unit : str
        What is counted: people have a scatter of their own, because events kill several; whatever
        else is counted is taken to scatter like events.
    months : float
        Length of the total, in months of 30.4375 days.
    rate : float
        Expected events per month.

    Returns
    -------
    float
        At least 1.

    Notes
    -----
    The further a rate is from those of the donors, the more the power matters, and the wider is
    what the scatter may be: few events a month do not make a counter a Poisson one. Averaged over
    what the donors leave open, the upper quartile lets 5% of equal totals look clearly different.

    Examples
    --------
    >>> 10 < borrowed_inflation("events", 12.0, 10.0) < 30
    True
    """
    if rate == 0:
        return 1.0
    known = _known(unit, months)
    levels = (np.arange(_N_QUANTILES) + 0.5) / _N_QUANTILES
    away = stats.t.ppf(levels, known.n_free) * known.spread[:, None]
    middle = known.log_excess + _POWERS * (np.log(rate) - known.log_rate)
    excess = np.exp(middle[:, None] + away)
    likely = np.repeat(known.weight / _N_QUANTILES, _N_QUANTILES)
    # Within a month events are taken to share one rate, so that a part of it scatters less.
    return 1 + float(band_mean(excess.ravel(), likely)) * min(months, 1.0)


def n_donors(unit: str) -> int:
    """Return of how many series the scatter is borrowed."""
    donors = scatter_table()["donor"]
    return sum(donor["unit"] == _unit_of(unit) for donor in donors)


@cache
def scatter_table() -> dict[str, Any]:
    """Return the stored scatter of every donor."""
    source = files("trends").joinpath("packs/conflict/borrowed_scatter.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


class _Known(NamedTuple):
    """What the donors say of the log excess of a total.

    Attributes
    ----------
    log_rate, log_excess : float
        Means over the unit's donors.
    spread : array of shape (n_powers,)
        Standard deviation of a further counter around the line through the means, by its power.
    n_free : int
        Degrees of freedom of the spread.
    weight : array of shape (n_powers,)
        How likely each power is; they sum to 1.
    """

    log_rate: float
    log_excess: float
    spread: NDArray[np.float64]
    n_free: int
    weight: NDArray[np.float64]


def _known(unit: str, months: float) -> _Known:
    """Return what the donors say of totals of so many months."""
    table = scatter_table()
    place = np.log(np.clip(months, table["months"][0], table["months"][-1]))
    points: dict[str, list[tuple[float, float]]] = {}
    for donor in table["donor"]:
        log_excess = np.log(np.array(donor["inflation"]) - 1)
        excess = float(np.interp(place, np.log(table["months"]), log_excess))
        points.setdefault(donor["unit"], []).append((np.log(donor["rate"]), excess))
    own = np.array(points[_unit_of(unit)])
    groups = [own] if len(own) >= _OWN_SPREAD else [np.array(each) for each in points.values()]
    squares = sum(_squares(each) for each in groups)
    n_free = sum(len(each) - 1 for each in groups)
    weight = squares ** (-n_free / 2)
    log_rate, log_excess = own.mean(axis=0)
    return _Known(
        log_rate=float(log_rate),
        log_excess=float(log_excess),
        spread=np.sqrt(squares / n_free * (1 + 1 / len(own))),
        n_free=n_free,
        weight=weight / weight.sum(),
    )


def _squares(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of squares of log excesses around a line of each power of the rate."""
    log_rate, log_excess = (points - points.mean(axis=0)).T
    around = log_excess - _POWERS[:, None] * log_rate
    return np.asarray((around**2).sum(axis=1))


def _unit_of(unit: str) -> str:
    """Return the unit whose donors a unit borrows from."""
    known = {donor["unit"] for donor in scatter_table()["donor"]}
    return unit if unit in known else "events"
