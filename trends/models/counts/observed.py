"""Which periods of a series were observed, and which columns describe their place in time?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.tables.calendar import frequency_letter
from trends.tables.definitions import known_breaks
from trends.tables.exposure import partly_observed, rate_exposure
from trends.tables.series import check_series

#: Periods of each frequency in a mean Gregorian year.
PERIODS_PER_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Q": 4.0, "Y": 1.0}
#: Observed periods without which nothing can be asked of a series.
LEAST_OBSERVED = 8
#: Periods with events without which nothing can be asked of a series.
LEAST_EVENTFUL = 3
#: Periods beyond which a question takes too long, or too much memory, to be asked; more where it
#: looks back over few of them, or sums them in blocks.
MOST_PERIODS, MOST_IN_BLOCKS = 5_000, 100_000


@dataclass(frozen=True, eq=False)
class Observed:
    """The periods of a count series that carry a count.

    Attributes
    ----------
    count : array of shape (n_observed,)
        Events.
    exposure : array of shape (n_observed,)
        Months of 30.4375 days observed, or units of exposure, as `rate_exposure` says.
    position : int array of shape (n_observed,)
        Place of each observed period among all periods, from 0.
    periods : PeriodIndex of n_periods
        All periods, observed or not.
    last_is_partial : bool
        Whether the last observed period has less exposure than it has days.
    breaks : tuple of Timestamp
        Days on which what is counted, or how it was gathered, is known to change.
    """

    count: NDArray[np.float64]
    exposure: NDArray[np.float64]
    position: NDArray[np.int64]
    periods: pd.PeriodIndex
    last_is_partial: bool
    breaks: tuple[pd.Timestamp, ...] = ()

    def caveats(self) -> dict[str, bool]:
        """Return the keys of what any reader of these counts must know, and whether it holds."""
        return {
            "partial_last_period": self.last_is_partial,
            "unobserved_periods": self.count.size < len(self.periods),
            "few_events": bool(self.count.sum() < FEW_EVENTS),
        }


#: Events in all below which a result is said to rest on few.
FEW_EVENTS = 20


def caveats_of_any(several: Sequence[Observed]) -> dict[str, bool]:
    """Return the caveats of counts, and whether each holds of one of several series."""
    every = [each.caveats() for each in several]
    return {key: any(each[key] for each in every) for key in every[0]}


def refuse_many_counts(told_apart: float, most: int) -> None:
    """Raise where more counts would be told apart, each with a probability of its own, than `most`.

    Raises
    ------
    ValueError
    """
    if told_apart > most:
        raise ValueError(
            f"`series` must expect so few events a period that at most {most:,} counts are "
            f"told apart, got {told_apart:.3g}. Take shorter periods or smaller areas, and write "
            "exposures as they were."
        )


def observed_periods(
    series: pd.DataFrame,
    *,
    minimum: int = LEAST_OBSERVED,
    n_eventful: int = LEAST_EVENTFUL,
    most: int = MOST_PERIODS,
) -> Observed:
    """Return the observed periods of a checked count series as arrays.

    Raises
    ------
    TypeError, ValueError
        As `check_series`; also if fewer than `n_eventful` periods hold an event, or there are more
        than `most` periods.
    """
    check_series(series, minimum=minimum)
    refuse_long(series, "series", most)
    known = series["count"].notna().to_numpy()
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)[known]
    with_events = int((count > 0).sum())
    if with_events < n_eventful:
        raise ValueError(
            f"`series` must have events in at least {n_eventful} periods, got {with_events} with "
            f"{int(count.sum())} events in all. Use longer periods or a longer series."
        )
    periods = pd.PeriodIndex(series.index)
    partial = partly_observed(series)[known]
    return Observed(
        count=count,
        exposure=rate_exposure(series)[known],
        position=np.flatnonzero(known),
        periods=periods,
        last_is_partial=bool(partial[-1]),
        breaks=tuple(sorted(each.date for each in known_breaks(series))),
    )


def refuse_long(series: pd.DataFrame, name: str, most: int) -> None:
    """Raise where a count series has more periods than a question can be asked of."""
    if len(series) <= most:
        return
    longer = {"D": "weeks or months", "W": "months", "M": "quarters", "Q": "years"}
    letter = frequency_letter(pd.PeriodIndex(series.index))
    raise ValueError(
        f"`{name}` must have at most {most:,} periods here, got {len(series):,}. "
        f"Count by {longer.get(letter, 'longer periods')}, or keep the last {most:,}."
    )


def observed_rates(series: pd.DataFrame) -> pd.DataFrame:
    """Return the rate of every period, and whether it was only partly observed.

    Returns
    -------
    DataFrame of n_periods rows
        Columns period, count, exposure (days, or what the unit counts), rate (per 30.4375 days, or
        per unit of exposure), partial.
    """
    exposure = rate_exposure(series)
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)
    covered = exposure > 0
    return pd.DataFrame(
        {
            "period": pd.PeriodIndex(series.index),
            "count": series["count"].to_numpy(),
            "exposure": series["exposure"].to_numpy(dtype=float),
            "rate": np.divide(count, exposure, out=np.full(count.size, np.nan), where=covered),
            "partial": partly_observed(series),
        }
    )


def first_observed(series: pd.DataFrame, period: pd.Period) -> pd.Period:
    """Return the first period with a count from the one somebody named on.

    Examples
    --------
    >>> from trends.tables.series import as_series
    >>> months = pd.PeriodIndex(["2021-01", "2021-04"], freq="M")
    >>> first_observed(as_series(pd.Series([3, 5], index=months)), months[0] + 1)
    Period('2021-04', 'M')
    """
    seen: pd.PeriodIndex = series.index[series["count"].notna()]
    return seen[min(int(seen.searchsorted(period)), len(seen) - 1)]


def years_from_middle(periods: pd.PeriodIndex) -> NDArray[np.float64]:
    """Return the time of each period in years, 0 at the middle of the series.

    Steps are equal (a month is 1/12 year), so that a slope per year is 12 slopes per month.

    Examples
    --------
    >>> years_from_middle(pd.period_range("2024-01", periods=3, freq="M")).round(3).tolist()
    [-0.083, 0.0, 0.083]
    """
    steps = np.arange(len(periods)) - (len(periods) - 1) / 2
    return np.asarray(steps / PERIODS_PER_YEAR[frequency_letter(periods)], dtype=float)


def hinge_columns(times: np.ndarray, bends: np.ndarray) -> NDArray[np.float64]:
    """Return max(time - bend, 0), shape (n_observed, n_bends)."""
    return np.asarray(np.maximum(times[:, None] - bends[None, :], 0.0))


def bent_trend_columns(periods: pd.PeriodIndex, n_bends: int) -> NDArray[np.float64]:
    """Return intercept, time and hinges at evenly spread bends.

    Returns
    -------
    array of shape (n_periods, 2 + n_bends)
    """
    times = years_from_middle(periods)
    bends = np.linspace(times[0], times[-1], n_bends + 2)[1:-1]
    return np.column_stack([np.ones(times.size), times, hinge_columns(times, bends)])


def years_of(periods: pd.PeriodIndex) -> float:
    """Return the length of some periods in years."""
    return len(periods) / PERIODS_PER_YEAR[frequency_letter(periods)]
