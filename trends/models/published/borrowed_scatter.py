"""How much may a total vary that has no series of its own?

A total is one number and cannot show its scatter. What the bundled counters' own series show is
borrowed: the variance of a total over so many months in units of its mean, and how much that
differs between counters (`borrowed_scatter.toml`, made by `benchmarks/borrowed_scatter.py`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from scipy import stats

from trends.models.counts.serial_dependence import upper_quartile

#: Quantiles of the donors' spread that are looked at.
_N_QUANTILES = 200


def borrowed_inflation(unit: str, months: float, rate: float) -> float:
    """Return the variance of a total over its mean that is borrowed for it.

    The excess over 1 grows with the rate, as that of negative binomial counts does. Its log lies
    around the mean of the donors by Student's t, with the donors' spread and the uncertainty of
    their mean. As with the memory of a series, the upper quartile of what it may be counts.

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

    Examples
    --------
    >>> 5 < borrowed_inflation("events", 12.0, 10.0) < 15
    True
    """
    table = scatter_table()
    known = _of_unit(unit)
    place = np.log(np.clip(months, table["months"][0], table["months"][-1]))
    stored = np.log(table["months"])
    middle = float(np.interp(place, stored, known["log_excess"]))
    spread = float(np.interp(place, stored, known["spread"]))
    levels = (np.arange(_N_QUANTILES) + 0.5) / _N_QUANTILES
    away = spread * np.sqrt(1 + 1 / known["n_donors"]) * stats.t.ppf(levels, known["n_free"])
    equal = np.full(_N_QUANTILES, 1 / _N_QUANTILES)
    excess = float(upper_quartile(np.exp(middle + away), equal))
    # Within a month events are taken to share one rate, so that a part of it scatters less.
    return 1 + excess * rate * min(months, 1.0)


def n_donors(unit: str) -> int:
    """Return of how many series the scatter is borrowed."""
    return int(_of_unit(unit)["n_donors"])


@cache
def scatter_table() -> dict[str, Any]:
    """Return the stored scatter, with what it was made from."""
    source = files("trends.models.published").joinpath("borrowed_scatter.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _of_unit(unit: str) -> dict[str, Any]:
    """Return the stored scatter of one unit."""
    units: dict[str, dict[str, Any]] = scatter_table()["unit"]
    return units.get(unit, units["events"])
