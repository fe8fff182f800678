"""In which unit may a pace be said?

A yearly percentage makes sense for series of some years that do not multiply twentyfold within one
of them; everything else is said by the time to double, or by the change over the span.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from trends.analysis.trend import MOST_FACTOR
from trends.findings.finding import PERIODS, YEAR
from trends.findings.wording import several
from trends.models.counts.observed import PERIODS_PER_YEAR, years_of
from trends.tables.calendar import frequency_letter
from trends.tables.languages import LANGUAGES

#: Least span, in years, of a series whose pace is said by the year.
LEAST_YEARS = 2.0


def is_yearly(periods: pd.PeriodIndex, *percents: float) -> bool:
    """Return whether some yearly percentages may be said as such.

    Examples
    --------
    >>> months = pd.period_range("2020-01", periods=36, freq="M")
    >>> is_yearly(months, 40.0), is_yearly(months, 2000.0), is_yearly(months[:20], 40.0)
    (True, False, False)
    """
    slowest = min(percents)
    fits = slowest > -100 * (1 - 1 / MOST_FACTOR) and max(percents) < 100 * (MOST_FACTOR - 1)
    return fits and years_of(periods) >= LEAST_YEARS


def doubling(periods: pd.PeriodIndex, percents: tuple[float, float, float]) -> dict[str, Any]:
    """Return the time to double (or halve) with its interval, in the series' own unit.

    Two years or more are said in years whatever the unit.

    Parameters
    ----------
    periods : PeriodIndex
    percents : (float, float, float)
        Percent a year: estimate, lower and upper end.

    Returns
    -------
    dict
        `pace`, `pace_low`, `pace_high`, NaN where the pace may be none, and `pace_unit`, in both
        languages.
    """
    _, low, high = percents
    letter = frequency_letter(periods)
    if low <= 0 <= high:
        years = [math.nan] * 3
    else:
        # A fall by all but nothing is printed as one of 100 percent, which has no logarithm.
        slopes = [abs(math.log1p(max(each / 100, -1 + 1e-12))) for each in percents]
        years = [math.log(2) / slope for slope in (slopes[0], *sorted(slopes[1:], reverse=True))]
    in_years = letter == "Y" or years[0] >= LEAST_YEARS
    noun = YEAR if in_years else PERIODS[letter]
    times = [each * (1 if in_years else PERIODS_PER_YEAR[letter]) for each in years]
    return {
        "pace": times[0],
        "pace_low": times[1],
        "pace_high": times[2],
        "pace_unit": {lang: several(noun, lang) for lang in LANGUAGES} | {"ar": noun.ar_one},
    }
