"""What is a rate relative to: days watched, people, operations?

Exposure is in days unless a series says otherwise in ``attrs["unit"]``, a text such as
``"100,000 people"`` or, with its Arabic, ``"100,000 people | 100,000 نسمة"``: exposure then counts
people, and rates are per 100,000 of them. Every scaling of a rate asks here.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from trends.tables.calendar import DAYS_PER_MONTH, days_in_periods

_UNIT = re.compile(r"(?:(\d[\d,]*)\s+)?([^\d\s|][^|]*)(?:\|([^|]+))?")

#: Share of a period's days below which it counts as partly observed: whole but for rounding.
_WHOLE = 0.999

#: A label in both languages: a bar, and Arabic letters after it.
_IN_BOTH = re.compile(r"[^|]+ \| [^|]*[\u0621-\u064a][^|]*")


def check_unit(unit: str) -> str:
    """Return a unit of exposure with single spaces; raise unless it can be read.

    Examples
    --------
    >>> check_unit("100,000  people | 100,000 نسمة")
    '100,000 people | 100,000 نسمة'
    """
    if not isinstance(unit, str):
        raise TypeError(
            f"`unit` must be text, got {type(unit).__name__}. For instance '100,000 people'."
        )
    text = " ".join(unit.split())
    found = _UNIT.fullmatch(text)
    if found is None or int((found[1] or "1").replace(",", "")) == 0:
        raise ValueError(
            f"`unit` must be a whole number above 0 and what is counted, got {unit!r}. For "
            "instance '100,000 people', or '100,000 people | 100,000 نسمة' to have it in Arabic."
        )
    return text


def unit_words(unit: str, lang: str) -> str:
    """Return a unit in a language; where its Arabic is not given, as it was written.

    Examples
    --------
    >>> unit_words("100 operations | 100 عملية", "ar"), unit_words("100 operations", "ar")
    ('100 عملية', '100 operations')
    """
    first, _, second = unit.partition("|")
    return (second if lang == "ar" and second else first).strip()


def label_words(label: str, lang: str) -> str:
    """Return a label in a language, where it is written in English and, after a bar, in Arabic.

    Examples
    --------
    >>> label_words("Homs | حمص", "ar"), label_words("Homs | حمص", "en"), label_words("a|b", "en")
    ('حمص', 'Homs', 'a|b')
    """
    return unit_words(label, lang) if _IN_BOTH.fullmatch(label) else label


def rate_exposure(series: pd.DataFrame) -> np.ndarray:
    """Return exposure as the number of units a rate is per.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series.

    Returns
    -------
    ndarray of float, shape (n_periods,)
        Months of 30.4375 days, or multiples of the number that the unit begins with.

    Examples
    --------
    >>> series = pd.DataFrame({"exposure": [250_000.0]})
    >>> series.attrs["unit"] = "100,000 people"
    >>> rate_exposure(series).tolist()
    [2.5]
    """
    exposure: np.ndarray = series["exposure"].to_numpy(dtype=float)
    unit = series.attrs.get("unit", "")
    found = _UNIT.fullmatch(unit) if unit else None
    if found is None:
        return exposure / DAYS_PER_MONTH
    return exposure / int((found[1] or "1").replace(",", ""))


def partly_observed(series: pd.DataFrame) -> np.ndarray:
    """Tell of each period whether it was watched on some of its days only.

    Where exposure is not in days nothing is known of the days, so no period is.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series.

    Returns
    -------
    ndarray of bool, shape (n_periods,)
    """
    exposure = series["exposure"].to_numpy(dtype=float)
    if series.attrs.get("unit"):
        return np.zeros(len(exposure), dtype=bool)
    days = days_in_periods(pd.PeriodIndex(series.index))
    partly: np.ndarray = (exposure > 0) & (exposure < _WHOLE * days)
    return partly
