"""How much of the last periods is still to come?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.development import Development, develop
from trends.models.counts.observed import MOST_PERIODS, refuse_long
from trends.options import is_whole
from trends.tables.calendar import frequency_letter
from trends.tables.series import series as series_of

#: Two years in periods of each length: by then a yearly release has replaced a first count.
SETTLED_AFTER = {"D": 730, "W": 104, "M": 24, "Q": 8, "Y": 3}
#: Vintages without which earlier ones are not asked for predictions that later ones can score.
LEAST_VINTAGES = 6
#: Share still to come, or to be taken back, above which a period is called incomplete.
INCOMPLETE = 0.05


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReportingDelay(Result):
    """What share of the counts of a period is still to come, per age of the period.

    Attributes
    ----------
    counts : DataFrame
        The vintages that were asked about.
    series : DataFrame of n_periods rows
        Count series of the newest vintage.
    shares : DataFrame
        Row per age: age (whole periods since the end of a period), log_factor (of the final count
        over the count), std_error (of it), n_free, n_links (periods seen at this age and the next).
        Empty where the last periods were only declared incomplete.
    expected : DataFrame
        Row per period younger than `settled_after`: period, age, count, estimate (final count
        expected), conf_low, conf_high (prediction interval of the final count).
    settled_after : int
        Age in periods from which counts are taken as final.
    incomplete_periods : int
        How many of the last periods are called incomplete.
    declared : bool
        Whether that number was declared instead of estimated.
    n_vintages : int
        Days on which the record was read, one for each period.
    first_as_of, last_as_of : Timestamp or None
        First and last of them; None where the table names no day.
    n_scored, n_held : int
        Predictions made in the same way from earlier vintages, and how many of their intervals
        held what the newest vintage says.
    held : float
        Share of these; NaN where there are none.
    conf_level : float
        Level of the intervals.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    counts: pd.DataFrame
    series: pd.DataFrame
    shares: pd.DataFrame
    expected: pd.DataFrame
    settled_after: int
    incomplete_periods: int
    declared: bool
    n_vintages: int
    first_as_of: pd.Timestamp | None
    last_as_of: pd.Timestamp | None
    n_scored: int
    n_held: int
    held: float
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row per age with the share still to come.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals, by default that of the result.

        Returns
        -------
        DataFrame
            Columns term, age, estimate (share still to come of the final count; below 0 where
            counts are taken back), conf_low, conf_high, conf_level, n_links, method, status.
            Status is "ok", or "declared" where the table tells no share.
        """
        alpha = alpha_of(alpha, self.conf_level)
        if self.declared and self.shares.empty:
            ages = np.arange(self.incomplete_periods)
            nothing = np.full(ages.size, np.nan)
            shares = (nothing, nothing, nothing)
            n_links = np.zeros(ages.size, dtype=int)
        else:
            ages = self.shares["age"].to_numpy()
            shares = _shares(self.shares, alpha)
            n_links = self.shares["n_links"].to_numpy()
        return pd.DataFrame(
            {
                "term": "share_to_come",
                "age": ages,
                "estimate": shares[0],
                "conf_low": shares[1],
                "conf_high": shares[2],
                "conf_level": 1 - alpha,
                "n_links": n_links,
                "method": "declared" if self.shares.empty else "chain_ladder",
                "status": "declared" if self.shares.empty else "ok",
            }
        )

    def adjust(self, series: pd.DataFrame) -> pd.DataFrame:
        """Return a count series whose last periods are treated as incomplete.

        Parameters
        ----------
        series : DataFrame of n_periods rows
            Count series of the same record and frequency; its last period is taken to be as old as
            that of the newest vintage.

        Returns
        -------
        DataFrame of n_periods rows
            Where shares are known, the exposure of an incomplete period is multiplied by the share
            that has come, as with a period watched on some of its days: rates are then those
            expected in the end, and figures draw these periods as partial ones. Where periods were
            only declared incomplete their counts are left out, so that neither a fall nor a rise is
            said of them. Every finding made from the series says so.

        Raises
        ------
        ValueError
            If the periods have another length.

        Examples
        --------
        >>> import trends
        >>> months = pd.period_range("2022-01", periods=24, freq="M")
        >>> series = trends.as_series(pd.Series([9, 7, 8, 6] * 6, index=months))
        >>> delay = trends.reporting_delay(series, incomplete_periods=2)
        >>> delay.adjust(series)["count"].tolist()[-3:]
        [7, <NA>, <NA>]
        """
        periods = pd.PeriodIndex(series.index)
        if frequency_letter(periods) != frequency_letter(pd.PeriodIndex(self.series.index)):
            raise ValueError(
                "`series` must have periods of the length of the vintages, got "
                f"{periods.freqstr} for {self.series.index.freqstr}. Count both over one length."
            )
        made = series.copy()
        made.attrs = {**series.attrs}
        if not self.incomplete_periods:
            return made
        # A series that begins or ends elsewhere is lined up by its periods, not by its rows.
        newest = self.series.index[-1].ordinal
        ages = newest - periods.asi8 + self._age_of_newest()
        young = (ages < self.incomplete_periods + self._age_of_newest()) & (periods.asi8 <= newest)
        if not young.any():
            return made
        first = periods[int(np.argmax(young))]
        if self.shares.empty:
            made.loc[young, "count"] = pd.NA
            about = "late_reports_left_out"
        else:
            come = np.exp(-self.shares["log_factor"].to_numpy())
            of_age = np.clip(ages[young], 0, come.size - 1)
            made.loc[young, "exposure"] = made.loc[young, "exposure"] * come[of_age]
            about = "late_reports"
        key = named_caveats({about: True}, {about: first})[0]
        made.attrs["caveats"] = list(dict.fromkeys([*series.attrs.get("caveats", ()), key]))
        return made

    def _age_of_newest(self) -> int:
        """Return the age of the last period of the newest vintage."""
        newest = self.series.index[-1]
        return 0 if self.last_as_of is None else _read_in(self.last_as_of, newest) - newest.ordinal


def reporting_delay(
    counts: pd.DataFrame,
    *,
    settled_after: int | None = None,
    incomplete_periods: int | None = None,
    alpha: float = 0.05,
) -> ReportingDelay:
    """Estimate which share of the counts of a period is still to come, per age of the period.

    The vintages of a record say what its counts became from one age to the next. These link ratios
    and their scatter are those of the chain ladder (Mack 1993), so that counts may also be taken
    back, and the interval of one period's final count follows from both.

    Parameters
    ----------
    counts : DataFrame
        Event-count table of one group with the column ``as_of``: the whole table as it stood on
        each of two or more days. With one vintage, or a count series, `incomplete_periods` is
        needed.
    settled_after : int, optional
        Age in periods from which counts are taken as final. Default: two years, by which a yearly
        release has replaced first counts, or the oldest age that was seen to begin and end.
    incomplete_periods : int, optional
        How many of the last periods to call incomplete. Default: as many, from the newest on, as
        are of an age at which it is clear that more is to come, or to be taken back, and 5% or more
        is expected.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    ReportingDelay

    Raises
    ------
    TypeError
        If `counts` is no event-count table or count series.
    ValueError
        If it holds several groups, one vintage and nothing declared, a vintage newer than today,
        more than 5,000 periods, or an option is out of range.

    Notes
    -----
    Age 0 is the time from the end of a period to the end of the next one. Several vintages within
    one period count as the last of them; between vintages a record stands as it was read last.

    The scatter of a step is pooled with that of two ages on either side, and its degrees of freedom
    are at most the number of vintages that carry it: a record whose one release revised everything
    knows little about the next release. A release of a kind that no vintage has seen yet, a change
    of the time that reports take, and a flood that delays its own counting are beyond these
    intervals. In simulation (``benchmarks/reporting_delay.py``, 400 records per cell) 95% intervals
    hold in .93 to .98 of single reports, clusters, deaths of events with heavy tails, a slower
    counter, and yearly releases that were seen once; in .05 where the first release is still ahead,
    and in next to none of the periods of a flood that is counted late. In the monthly deaths of two
    countries, read on 31 days, they held in .95 (Syria) and all (Iraq) of the months of 2023 and
    2024.

    References
    ----------
    Mack T (1993). Distribution-free calculation of the standard error of chain ladder reserve
    estimates. ASTIN Bulletin 23(2):213-225.

    Examples
    --------
    >>> import trends
    >>> import pandas as pd
    >>> vintages = pd.concat([
    ...     pd.DataFrame({
    ...         "period": pd.period_range("2024-01", month, freq="M"),
    ...         "count": pd.array([20] * (month.month - 1) + [15], dtype="Int64"),
    ...         "exposure": 30.0,
    ...         "complete": True,
    ...         "as_of": month.end_time.normalize() + pd.Timedelta(days=9),
    ...     })
    ...     for month in pd.period_range("2024-01", "2024-12", freq="M")
    ... ])
    >>> delay = trends.reporting_delay(vintages)
    >>> delay.incomplete_periods, delay.to_frame()["estimate"].round(2).tolist()[:2]
    (1, [0.25, 0.0])
    """
    check_alpha(alpha)
    for name, value, least in (
        ("settled_after", settled_after, 1),
        ("incomplete_periods", incomplete_periods, 0),
    ):
        if value is not None and not is_whole(value, least):
            raise ValueError(
                f"`{name}` must be {least} or more periods, got {value!r}. Give a whole number."
            )
    newest, most, read = _read(counts, settled_after)
    if read.n_vintages < 2:
        if incomplete_periods is None:
            raise ValueError(
                "`counts` must hold two or more vintages in its column as_of, got "
                f"{read.n_vintages}. Say how many of the last periods are incomplete: "
                "incomplete_periods=2."
            )
        return _declared(counts, newest, incomplete_periods, most, alpha)
    triangle = read.triangle
    development = develop(triangle)
    factors, std_errors, n_free = development.factors()
    shares = pd.DataFrame(
        {
            "age": np.arange(factors.size),
            "log_factor": np.log(factors),
            "std_error": std_errors,
            "n_free": n_free,
            "n_links": development.n_links,
        }
    )
    n_scored, n_held = _back_test(triangle, alpha)
    n_incomplete = incomplete_periods
    if n_incomplete is None:
        estimate, low, high = _shares(shares, alpha)
        clear = (np.abs(estimate) >= INCOMPLETE) & ((low > 0) | (high < 0))
        from_newest = clear[max(read.age_of_newest, 0) :]
        n_incomplete = int(np.cumprod(from_newest).sum())
        # A period that still runs is younger than all of them.
        n_incomplete += max(-read.age_of_newest, 0) if n_incomplete else 0
    return ReportingDelay(
        counts=counts,
        series=newest,
        shares=shares,
        expected=_expected(newest, triangle, development, alpha),
        settled_after=most,
        incomplete_periods=min(n_incomplete, len(newest)),
        declared=incomplete_periods is not None,
        n_vintages=read.n_vintages,
        first_as_of=read.first_as_of,
        last_as_of=read.last_as_of,
        n_scored=n_scored,
        n_held=n_held,
        held=n_held / n_scored if n_scored else np.nan,
        conf_level=1 - alpha,
        caveats=_caveats(read.n_vintages, n_free),
    )


class _Read(NamedTuple):
    """A record as it stood at every age until it is settled, and when it was read."""

    triangle: NDArray[np.float64]
    n_vintages: int
    first_as_of: pd.Timestamp | None
    last_as_of: pd.Timestamp | None
    age_of_newest: int


def _read(counts: pd.DataFrame, settled_after: int | None) -> tuple[pd.DataFrame, int, _Read]:
    """Return the newest vintage as a series, the last age, and the triangle of all vintages."""
    is_series = isinstance(counts, pd.DataFrame) and isinstance(counts.index, pd.PeriodIndex)
    newest = counts if is_series else series_of(counts)
    refuse_long(newest, "counts", MOST_PERIODS)
    letter = frequency_letter(pd.PeriodIndex(newest.index))
    most = SETTLED_AFTER[letter] if settled_after is None else settled_after
    if is_series or newest.attrs.get("as_of") is None:
        return newest, most, _Read(np.empty((len(newest), 0)), 1, None, None, 0)
    today = pd.Timestamp.today().normalize()
    last = newest.attrs["as_of"]
    if last > today:
        raise ValueError(
            f"`as_of` must not be after today, got {last:%Y-%m-%d}. "
            "Enter the day on which the counts were read."
        )
    of_day = {day: _read_in(day, newest.index[-1]) for day in counts["as_of"].unique()}
    read_in = counts["as_of"].map(of_day).to_numpy()
    slots = np.unique(read_in)
    known = counts["count"].to_numpy(dtype=float, na_value=np.nan)
    in_order = counts.assign(read_in=read_in, count=known).sort_values("as_of", kind="stable")
    table = in_order.pivot_table(
        index="period", columns="read_in", values="count", aggfunc="last", observed=True
    )
    stood = table.reindex(columns=slots).reindex(newest.index).ffill(axis="columns")
    ended = pd.PeriodIndex(newest.index).asi8
    n_ages = min(max(int(slots[-1] - ended.min()) + 1, 1), most + 1)
    read_at = ended[:, None] + np.arange(n_ages)
    place = np.searchsorted(slots, read_at, side="right") - 1
    triangle = np.take_along_axis(stood.to_numpy(dtype=float), np.maximum(place, 0), axis=1)
    triangle[(place < 0) | (read_at > slots[-1])] = np.nan
    return (
        newest,
        most,
        _Read(
            triangle=triangle,
            n_vintages=slots.size,
            first_as_of=pd.Timestamp(counts["as_of"].min()),
            last_as_of=last,
            age_of_newest=int(slots[-1] - ended[-1]),
        ),
    )


def _read_in(day: pd.Timestamp, period: pd.Period) -> int:
    """Return the ordinal of the last period, of the kind of another, that had ended on a day."""
    # The day after a period's last one belongs to the next period.
    return int((day + pd.Timedelta(days=1)).to_period(period.freq).ordinal) - 1


def _declared(
    counts: pd.DataFrame, newest: pd.DataFrame, n_incomplete: int, settled_after: int, alpha: float
) -> ReportingDelay:
    """Return a delay of which only the number of incomplete periods is known."""
    if n_incomplete >= len(newest):
        raise ValueError(
            f"`incomplete_periods` must leave at least one period, got {n_incomplete} of "
            f"{len(newest)}. Declare fewer."
        )
    as_of = newest.attrs.get("as_of")
    no_shares = pd.DataFrame(columns=["age", "log_factor", "std_error", "n_free", "n_links"])
    none_expected = pd.DataFrame(
        columns=["period", "age", "count", "estimate", "conf_low", "conf_high"]
    )
    return ReportingDelay(
        counts=counts,
        series=newest,
        shares=no_shares,
        expected=none_expected,
        settled_after=settled_after,
        incomplete_periods=n_incomplete,
        declared=True,
        n_vintages=1,
        first_as_of=as_of,
        last_as_of=as_of,
        n_scored=0,
        n_held=0,
        held=np.nan,
        conf_level=1 - alpha,
    )


def _shares(
    shares: pd.DataFrame, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the share still to come per age, with its interval."""
    logs, errors = shares["log_factor"].to_numpy(), shares["std_error"].to_numpy()
    half = stats.t.ppf(1 - alpha / 2, shares["n_free"].to_numpy()) * errors
    estimate, low, high = (1 - np.exp(-(logs + shift)) for shift in (0.0, -half, half))
    return estimate, low, high


def _expected(
    newest: pd.DataFrame, triangle: np.ndarray, development: Development, alpha: float
) -> pd.DataFrame:
    """Return what the counts of periods that are not settled are expected to become."""
    rows = []
    for period, ages in zip(newest.index, triangle, strict=True):
        seen = np.flatnonzero(np.isfinite(ages))
        # A period whose last age fills the triangle is settled.
        if seen.size and seen[-1] < triangle.shape[1] - 1:
            age, count = int(seen[-1]), float(ages[seen[-1]])
            rows.append((period, age, int(count), *development.predict(count, age, alpha=alpha)))
    columns = ["period", "age", "count", "estimate", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=columns)


def _back_test(triangle: np.ndarray, alpha: float) -> tuple[int, int]:
    """Return how many predictions earlier vintages would have made, and how many of them held.

    A vintage is an antidiagonal. Each is asked for what the newest one says of every period that
    was not settled then, with what was known up to it.
    """
    n_periods, n_ages = triangle.shape
    diagonal = np.add.outer(np.arange(n_periods), np.arange(n_ages))
    seen = np.isfinite(triangle)
    vintages = np.unique(diagonal[seen])
    n_scored = n_held = 0
    for vintage in vintages[LEAST_VINTAGES - 1 : -1]:
        known = np.where(diagonal <= vintage, triangle, np.nan)
        development = develop(known)
        for row in range(n_periods):
            age = vintage - row
            if not 0 <= age < n_ages - 1 or not np.isfinite(known[row, age]):
                continue
            later = int(np.flatnonzero(seen[row])[-1])
            if later == age:
                continue
            _, low, high = development.predict(known[row, age], age, alpha=alpha, until=later)
            n_scored += 1
            # Counts are whole, an interval is not.
            n_held += low - 0.5 <= triangle[row, later] <= high + 0.5
    return n_scored, int(n_held)


def _caveats(n_vintages: int, n_free: np.ndarray) -> tuple[str, ...]:
    """Return the keys of what a reader must know about these shares."""
    holds = {
        "few_vintages": n_vintages < 2 * LEAST_VINTAGES,
        "one_release": bool(n_free.size and n_free[0] < 3),
    }
    return named_caveats(holds, {})
