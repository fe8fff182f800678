"""Did level or slope of the counts change at a date that was named in advance?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha
from trends.models.counts.count_model import CountFit, Family, fit_counts, ratio_of
from trends.models.counts.interruption import (
    Missed,
    Placebos,
    change_columns,
    events_without,
    is_within,
    placebo_changes,
)
from trends.models.counts.known_jumps import break_places
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    LEAST_OBSERVED,
    PERIODS_PER_YEAR,
    Observed,
    observed_periods,
    observed_rates,
    years_from_middle,
)
from trends.models.counts.season_terms import (
    SeasonChoice,
    is_identified,
    season_terms,
)
from trends.models.counts.serial_dependence import (
    CLEARLY_WANDERS,
    MemoryPosterior,
    fixed_b_critical_value,
    grid_of,
    memory_of_fit,
    newey_west,
    newey_west_lags,
    wandering_log_odds,
)
from trends.models.counts.share_model import fit_ratio
from trends.models.counts.smallest_change import POWER, smallest_visible
from trends.options import as_number, is_whole
from trends.tables.calendar import days_in_periods, format_period, frequency_letter
from trends.tables.definitions import known_breaks
from trends.tables.exposure import rate_exposure
from trends.tables.proposed import was_proposed
from trends.tables.series import check_series
from trends.tables.typed import Day, read_period

Verdict = Literal["rose", "fell", "within_margin", "persistence", "no_clear_change"]
"""A change that is clear, one shown to be smaller than the margin, or neither."""

#: Observed periods from a date on, and before it, without which a slope is not asked for.
LEAST_FOR_SLOPE = 8
#: Observed periods at each end of a series in which no date may lie.
EDGE = 2
#: Dates of a placebo test at most.
N_PLACEBOS = 200
#: Independent dates that a placebo test should be worth.
LEAST_PLACEBOS = 3.0
#: Periods on each side whose share of days watched is compared, and least ratio of the shares.
COMPARED, LEAST_SHARE = 3, 0.9

FAMILIES = ("auto", "poisson", "quasipoisson", "nb2")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Interruption(Result):
    """Changes of level and slope at dates that somebody named.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    controls : mapping of str to DataFrame
        Count series that it was compared with.
    dates : tuple of Period
        The days or periods that were named, in order.
    found_by_looking : bool
        Whether the dates were chosen by looking at these counts.
    slope : bool
        Whether the slope may change, too.
    temporary : int or None
        Periods that a change lasts; None if it stays.
    season : {"none", "month", "harmonic", "hijri"}
        Pattern of the year beside it.
    family : {"poisson", "quasipoisson", "nb2"}
        Family that was fitted.
    margin : float
        Ratio up to which, and down to one over which, a change counts as none.
    terms : tuple of str
        Names of the coefficients.
    params : ndarray, shape (n_terms,)
        Coefficients on the log scale: level and slope per year of the course before, season,
        declared changes of counting, changes.
    covariance : ndarray, shape (n_terms, n_terms)
        Their covariance, memory taken into account.
    n_free : int
        Residual degrees of freedom of the t intervals.
    changes : DataFrame of n_dates rows
        Columns period, named, start, end (periods that the change is said of), n_before, n_after
        (observed), verdict, equivalent (whether the change is shown to stay within the margin, at
        the date and at the end), log_ratio, std_error, p_value, p_adjusted, p_value_independent,
        log_slope, slope_std_error, slope_p_value (NaN without a slope), n_events, expected,
        log_std_error (of what would have been counted), smallest_ratio (seen with 80% power),
        placebo_p_value (of the change among earlier dates), placebo_share (of these, with a change
        as clear).
    against : DataFrame
        Columns period, control, log_ratio, std_error, n_free: change of the ratio to a control.
    checks : DataFrame
        Columns period, method, log_ratio, std_error: the change of level with Newey-West errors,
        and by a Poisson model of independent periods.
    placebos : DataFrame
        Columns period and statistic: the change of level, over its standard error, at earlier
        dates.
    n_placebos : int
        How many.
    n_effective : float
        Independent dates that would say as much as they do.
    dispersion, memory_correlation : float
        Variance-to-mean ratio around a Poisson fit, and averaged correlation of neighbouring
        residuals.
    wandering_log_odds : float
        Log evidence for a level that wanders over one whose memory fades.
    newey_west_lags : int
        1.3 sqrt(n), rounded down.
    conf_level : float
        Level at which the intervals of all dates hold together.
    n_periods, n_observed, n_events : int
        Periods, periods with a count, and events.
    fitted : DataFrame of n_periods rows
        Columns period, count, exposure, rate, fitted_rate, counterfactual_rate, conf_low,
        conf_high, partial; rates per 30.4375 days. The counterfactual is the course before each
        date carried on until the next, with the interval of its mean; NaN before the first date.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    controls: Mapping[str, pd.DataFrame]
    dates: tuple[pd.Period, ...]
    found_by_looking: bool
    slope: bool
    temporary: int | None
    season: str
    family: str
    margin: float
    terms: tuple[str, ...]
    params: np.ndarray
    covariance: np.ndarray
    n_free: int
    changes: pd.DataFrame
    against: pd.DataFrame
    checks: pd.DataFrame
    placebos: pd.DataFrame
    n_placebos: int
    n_effective: float
    dispersion: float
    memory_correlation: float
    wandering_log_odds: float
    newey_west_lags: int
    conf_level: float
    n_periods: int
    n_observed: int
    n_events: int
    fitted: pd.DataFrame
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return rows for level, slope, events and controls of every date, and two checks.

        Parameters
        ----------
        alpha : float, optional
            One minus the level at which the intervals of all dates hold together; by default that
            of the analysis.

        Returns
        -------
        DataFrame
            Columns term, period, estimate, statistic, p_value, p_adjusted, conf_low, conf_high,
            conf_level, method. Term is level (ratio at the date), slope (ratio of the yearly paces
            after and before), events_expected (that would have been counted without the change),
            events_above (counted above them; negative below), against_NAME (change of the ratio to
            a control) and placebo (share of earlier
            dates with a change as clear).

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        each = alpha / len(self.changes)
        records: list[dict[str, Any]] = []
        for change in self.changes.to_dict("records"):
            records += self._records(change, each)
        frame = pd.DataFrame(records)
        frame["p_adjusted"] = np.minimum(frame["p_value"] * len(self.changes), 1.0)
        frame["conf_level"] = 1 - alpha
        columns = (
            "term", "period", "estimate", "statistic", "p_value", "p_adjusted", "conf_low",
            "conf_high", "conf_level", "method",
        )  # fmt: skip
        return frame[list(columns)]

    def _records(self, change: Mapping[Any, Any], alpha: float) -> list[dict[str, Any]]:
        """Return the rows of one date, its intervals at 1 - alpha."""
        period = change["period"]
        critical = float(stats.t.isf(alpha / 2, self.n_free))
        rows = [_ratio_record("level", change["log_ratio"], change["std_error"], critical,
                              self.n_free, "memory")]  # fmt: skip
        if self.slope:
            rows.append(
                _ratio_record("slope", change["log_slope"], change["slope_std_error"], critical,
                              self.n_free, "memory")
            )  # fmt: skip
        expected = change["expected"] * ratio_of(
            critical * change["log_std_error"] * np.array([0.0, -1.0, 1.0])
        )
        counted = change["n_events"]
        for term, three in (
            ("events_expected", expected),
            ("events_above", counted - expected[[0, 2, 1]]),
        ):
            rows.append(
                {"term": term, "estimate": three[0], "conf_low": three[1], "conf_high": three[2],
                 "method": "memory"}
            )  # fmt: skip
        for other in self.against[self.against["period"] == period].to_dict("records"):
            of_control = float(stats.t.isf(alpha / 2, other["n_free"]))
            rows.append(
                _ratio_record(f"against_{other['control']}", other["log_ratio"],
                              other["std_error"], of_control, other["n_free"], "quasi_binomial")
            )  # fmt: skip
        if self.n_placebos:
            rows.append(
                {
                    "term": "placebo",
                    "estimate": change["placebo_share"],
                    "p_value": change["placebo_p_value"],
                    "method": "placebo",
                }
            )
        for check in self.checks[self.checks["period"] == period].to_dict("records"):
            hac = check["method"] == "newey-west"
            bandwidth = self.newey_west_lags / self.n_observed
            normal = float(stats.norm.isf(alpha / 2))
            end = fixed_b_critical_value(bandwidth, alpha) if hac else normal
            row = _ratio_record(
                "level", check["log_ratio"], check["std_error"], end, None, check["method"]
            )
            # The fixed-b critical value scales as the normal one does.
            row["p_value"] = float(2 * stats.norm.sf(abs(row["statistic"]) * normal / end))
            rows.append(row)
        return [{"p_value": np.nan, "statistic": np.nan, **row, "period": period} for row in rows]


def _ratio_record(
    term: str, log_ratio: float, std_error: float, critical: float, n_free: int | None, method: str
) -> dict[str, Any]:
    """Return one row about a ratio."""
    statistic = log_ratio / std_error
    ends = ratio_of(log_ratio + critical * std_error * np.array([0.0, -1.0, 1.0]))
    return {
        "term": term,
        "estimate": float(ends[0]),
        "statistic": statistic,
        "p_value": np.nan if n_free is None else float(2 * stats.t.sf(abs(statistic), n_free)),
        "conf_low": float(ends[1]),
        "conf_high": float(ends[2]),
        "method": method,
    }


def estimate_interruption(
    series: pd.DataFrame,
    date: Day,
    *,
    season: SeasonChoice | None = "auto",
    slope: bool = True,
    temporary: int | None = None,
    controls: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    margin: float = 1.25,
    alpha: float = 0.05,
    family: Family = "auto",
    found_by_looking: bool = False,
    n_placebos: int = N_PLACEBOS,
) -> Interruption:
    """Estimate how level and slope changed at a date that was named in advance.

    The mean is exp(level + slope * years + season + changes) times the exposure: a segmented
    log-linear regression, with intervals that hold for scattered and remembering counts. What the
    course before would have brought stands beside what was counted, and the same change is asked
    for at every earlier date at which nothing is known to have happened.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3.
    date : str, date, Period, or list of them
        Day, or first day of the period, from which the rate may differ. A day within a period
        leaves its earlier days as they were. With several, the intervals hold together and the
        p-values are adjusted (Bonferroni).
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside the course: waves where the series spans two years and shows them
        at 1% (the default), nothing (also None), a factor per month, two waves a year, or the days
        of Ramadan and the two feasts.
    slope : bool
        Whether the slope may change with the level (the default), or only the level. A slope needs
        8 observed periods from the date on, and before it.
    temporary : int, optional
        Periods that a change of level lasts. By default it stays; a temporary one has no slope.
    controls : DataFrame, or mapping of str to DataFrame, optional
        Count series that the date should not have touched and that share what else moves the
        counts. The change of the ratio to each is given beside the change.
    margin : float
        Ratio up to which, and down to one over which, a change counts as none: 1.25, so that a
        level between .8 and 1.25 times the old one can be said to have stayed.
    alpha : float
        One minus the level of the intervals; the verdict is given at it.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
        Mean-variance law, as in `estimate_trend`.
    found_by_looking : bool
        Whether the date was chosen by looking at these counts, or proposed by a search of them. Its
        p-value and interval then say too much, and the words say so.
    n_placebos : int
        Earlier dates to ask at most, evenly spread; 0 asks none.

    Returns
    -------
    Interruption

    Raises
    ------
    TypeError
        If `series` or a control is not a count series, or a date is of another kind.
    ValueError
        If a date lies outside the series or in its first or last two observed periods, where the
        coverage or the definition of the counts changes, or where a search of the same series
        proposed it; if a slope has fewer than 8 observed periods on a side; if the counts are too
        few, or the periods more than 5,000; or if an option is out of range.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    Covariances take memory into account as in `estimate_trend`. In simulation
    (``benchmarks/interruption_coverage.py``: 36, 60 and 156 months, means 1 to 20, with and without
    a doubling, 400 series and more a cell, so that a share is known to .01) 95% intervals of the
    level hold the truth in .95 to .98 of Poisson series, .93 to .98 of negative binomial, .93 to
    .98 of AR(0.3), .93 to .97 of AR(0.5), .89 to .94 of AR(0.8) and .94 to .98 of INGARCH ones;
    those of the slope in .94 to .98, .92 to .99, .94 to .97, .93 to .96, .82 to .95 and .92 to .97.
    Newey-West errors with fixed-b critical values hold .71 to .88 of all of these, independent
    Poisson counts .29 to .93 of those that scatter or remember. A change is not what brought it
    about: all else that came at the same time is in it, and a control takes out only what moves
    both series alike.

    Level and slope describe a change that is there at once. Where counts bring on further counts a
    lasting change arrives by and by: of a doubling of what INGARCH counts come to, 36 months with
    12 after the date show 1.65 times and a slope that makes up for it, 156 months 1.89 times.

    The placebo test compares the change over its standard error with those at all earlier dates
    that leave 8 observed periods on both sides before the first named date: over their spread it
    follows a t distribution, with the effective number of independent dates for its degrees of
    freedom, because neighbouring dates share nearly all their counts.

    References
    ----------
    Lopez Bernal J, Cummins S, Gasparrini A (2017). Interrupted time series regression for the
    evaluation of public health interventions: a tutorial. International Journal of Epidemiology
    46(1):348-355. doi:10.1093/ije/dyw098

    Turner SL, Forbes AB, Karahalios A, Taljaard M, McKenzie JE (2021). Evaluation of statistical
    methods used in the analysis of interrupted time series studies: a simulation study. BMC
    Medical Research Methodology 21:181. doi:10.1186/s12874-021-01364-0

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2019-01", periods=60, freq="M")
    >>> counts = np.random.default_rng(1).poisson(np.where(np.arange(60) < 40, 10, 25))
    >>> series = trends.as_series(pd.Series(counts, index=months))
    >>> found = trends.estimate_interruption(series, "2022-05", slope=False)
    >>> found.changes["verdict"].tolist()
    ['rose']
    """
    _check_options(margin, alpha, family, temporary, n_placebos)
    seen = observed_periods(series)
    lasting_slope = slope and temporary is None
    named = _named(series, seen, date, slope=lasting_slope, looking=found_by_looking)
    repeating = season_terms(seen, season)
    jumps = _jumps(seen, named)
    years = years_from_middle(seen.periods)
    base = np.column_stack([np.ones(years.size), years, repeating.columns, jumps])
    per_year = PERIODS_PER_YEAR[frequency_letter(seen.periods)]
    changes = [
        change_columns(
            years.size, one.place, slope=lasting_slope, length=temporary, per_year=per_year
        )
        for one in named
    ]
    rows = np.column_stack([base, *changes])
    design = rows[seen.position]
    if not is_identified(seen, design):
        raise ValueError(
            f"`series` must have more observed periods with events than the {design.shape[1]} "
            f"terms of the model, got {int((seen.count > 0).sum())} of {seen.count.size}. Use "
            "slope=False, season='none', fewer dates or a longer series."
        )
    fit = fit_counts(seen.count, design, seen.exposure, family=family)
    grid = grid_of(seen.periods)
    memory = memory_of_fit(fit, design, seen.count, seen.position, grid)
    asked = _Asked(seen, fit, memory, rows, base.shape[1], lasting_slope, alpha / len(named))
    placebos = Placebos(np.empty(0, dtype=np.int64), np.empty(0), 0.0)
    if n_placebos:
        placebos = _ask_elsewhere(
            seen, named[0], base, grid, lasting_slope, temporary, per_year, n_placebos
        )
    table = pd.DataFrame(
        [
            _change(asked, one, number, named, temporary, margin, placebos)
            for number, one in enumerate(named)
        ]
    )
    against = _against(series, _controls(controls), seen, named, design, base.shape[1], asked)
    log_odds = wandering_log_odds(
        memory,
        fit.working_design(design),
        fit.residuals(seen.count),
        seen.position,
        days_per_period=float(np.median(days_in_periods(seen.periods))),
        least_variance=fit.poisson_variance,
    )
    kinds = ("level", "slope") if lasting_slope else ("level",)
    return Interruption(
        series=series,
        controls=_controls(controls),
        dates=tuple(one.named for one in named),
        found_by_looking=found_by_looking,
        slope=lasting_slope,
        temporary=temporary,
        season=repeating.season,
        family=fit.family,
        margin=margin,
        terms=(
            "level",
            "slope",
            *repeating.names,
            *(f"jump_{number}" for number in range(1, jumps.shape[1] + 1)),
            *(f"{kind}_{format_period(one.period)}" for one in named for kind in kinds),
        ),
        params=fit.params,
        covariance=memory.covariance,
        n_free=memory.n_free,
        changes=table,
        against=against,
        checks=_checks(asked, named),
        placebos=pd.DataFrame(
            {"period": seen.periods[placebos.starts], "statistic": placebos.statistics}
        ),
        n_placebos=int(placebos.starts.size),
        n_effective=placebos.n_effective,
        dispersion=fit.dispersion,
        memory_correlation=memory.correlation,
        wandering_log_odds=log_odds,
        newey_west_lags=newey_west_lags(seen.count.size),
        conf_level=1 - alpha,
        n_periods=len(seen.periods),
        n_observed=seen.count.size,
        n_events=int(seen.count.sum()),
        fitted=_fitted(series, asked, named),
        caveats=_caveats(
            fit, memory, seen, table, placebos, log_odds,
            jumps=jumps.shape[1] > 0, looking=found_by_looking, alpha=alpha,
        ),
    )  # fmt: skip


class _Named(NamedTuple):
    """A date as somebody named it, its period, its place among all, and its observed rows."""

    named: pd.Period
    period: pd.Period
    place: float
    first_row: int
    row_after_last: int


class _Asked(NamedTuple):
    """The fitted model, with the rows of all periods."""

    seen: Observed
    fit: CountFit
    memory: MemoryPosterior
    rows: np.ndarray
    n_base: int
    slope: bool
    alpha: float

    @property
    def width(self) -> int:
        """Columns of each change."""
        return 2 if self.slope else 1

    def course_before(self, number: int) -> np.ndarray:
        """Return the rows of all periods without the change of this number and later ones."""
        rows = self.rows.copy()
        rows[:, self.n_base + self.width * number :] = 0.0
        return rows


def _check_options(
    margin: float, alpha: float, family: str, temporary: int | None, n_placebos: int
) -> None:
    """Raise unless the options make sense."""
    check_alpha(alpha)
    if not 1 < as_number(margin) < np.inf:
        raise ValueError(f"`margin` must be a ratio above 1, got {margin!r}. Use 1.25.")
    if family not in FAMILIES:
        raise ValueError(
            f"`family` must be one of {', '.join(FAMILIES)}, got {family!r}. Pick one."
        )
    if temporary is not None and not is_whole(temporary, 1):
        raise ValueError(
            f"`temporary` must be a number of periods of 1 or more, got {temporary!r}. "
            "Leave it out for a change that stays."
        )
    if not is_whole(n_placebos, 0):
        raise ValueError(
            f"`n_placebos` must be a whole number of 0 or more, got {n_placebos!r}. Use 200."
        )


def _named(
    series: pd.DataFrame, seen: Observed, date: Day, *, slope: bool, looking: bool
) -> list[_Named]:
    """Return the dates in order; raise unless each leaves counts on both sides."""
    given = date if isinstance(date, Sequence | np.ndarray | pd.Index) else [date]
    values = [given] if isinstance(given, str) else list(given)
    if not values:
        raise ValueError("`date` must name at least one day, got none. Name the day.")
    said = sorted((read_period(value, "date") for value in values), key=lambda one: one.start_time)
    periods = [pd.Period(one.start_time, freq=seen.periods.freq) for one in said]
    if len(set(periods)) < len(periods):
        raise ValueError(
            "`date` must name each period once, got two days of one. Name one of them, or use "
            "shorter periods."
        )
    rows = np.array([_first_row(seen, period) for period in periods])
    ends = [*rows[1:], seen.count.size]
    found = []
    for word, period, row, end, before in zip(
        said, periods, rows, ends, [0, *rows[:-1]], strict=True
    ):
        _check_place(seen, period, int(row))
        n_before, n_after = int(row - before), int(end - row)
        if min(n_before, n_after) <= EDGE - 1:
            raise ValueError(
                f"`date` must leave at least {EDGE} observed periods between dates, got "
                f"{min(n_before, n_after)} beside {format_period(period)}. Name one of them."
            )
        if slope and min(n_before, n_after) < LEAST_FOR_SLOPE:
            raise ValueError(
                f"`slope` must be False with fewer than {LEAST_FOR_SLOPE} observed periods before "
                f"a date or from it on, got {n_before} before {format_period(period)} and "
                f"{n_after} from it on. Ask for the level alone."
            )
        _check_counting(series, seen, period, int(row), "`series`")
        if was_proposed(series, period) and not looking:
            raise ValueError(
                f"`date` must be named in advance, got {format_period(period)}, which a search of "
                "this very series proposed. Ask with found_by_looking=True, which says so, or "
                "about a series that was not searched."
            )
        length = float(days_in_periods(pd.PeriodIndex([period]))[0])
        into = float((word.start_time - period.start_time) / pd.Timedelta(days=1)) / length
        place = period.ordinal - seen.periods[0].ordinal + into
        found.append(_Named(word, period, place, int(row), int(end)))
    return found


def _first_row(seen: Observed, period: pd.Period) -> int:
    """Return the place, among the observed periods, of the first from a period on."""
    return int(np.searchsorted(seen.position, period.ordinal - seen.periods[0].ordinal))


def _check_place(seen: Observed, period: pd.Period, row: int) -> None:
    """Raise unless a date lies inside the series, beyond its edges."""
    first, last = seen.position[EDGE], seen.position[-EDGE - 1]
    if row < EDGE or row > seen.count.size - EDGE - 1:
        raise ValueError(
            f"`date` must lie between {format_period(seen.periods[first])} and "
            f"{format_period(seen.periods[last])}, beyond the first and before the last {EDGE} "
            f"observed periods, got {format_period(period)}. Name a date with counts on both sides."
        )
    for side, counts in (("before", seen.count[:row]), ("from it on", seen.count[row:])):
        if not counts.any():
            raise ValueError(
                f"`date` must have events before it and from it on, got none {side} for "
                f"{format_period(period)}. `estimate_trend` says when events started or stopped."
            )


def _check_counting(
    series: pd.DataFrame, seen: Observed, period: pd.Period, row: int, name: str
) -> None:
    """Raise if what is counted, or how much is watched, changes where the date lies."""
    last_before = seen.periods[seen.position[row - 1]]
    first_after = seen.periods[seen.position[min(row, seen.count.size - 1)]]
    for each in known_breaks(series):
        at = pd.Period(each.date, freq=seen.periods.freq)
        if last_before < at <= max(first_after, period):
            raise ValueError(
                f"`date` must not lie where the definition of the counts changes, got "
                f"{format_period(period)} for a change of {name} on {each.date:%Y-%m-%d}. A jump "
                "there is one of counting; name another date or use another series."
            )
    place = period.ordinal - seen.periods[0].ordinal
    exposure = series["exposure"].to_numpy(dtype=float)
    if (exposure[place - 1 : place + 1] <= 0).any():
        raise ValueError(
            f"`date` must not lie where the coverage changes, got {format_period(period)}, at "
            f"which {name} was not watched or just had not been. Name another date or use "
            "another series."
        )
    if series.attrs.get("unit"):
        return
    shares = exposure / days_in_periods(seen.periods)
    observed = shares[seen.position]
    before, after = observed[max(row - COMPARED, 0) : row], observed[row : row + COMPARED]
    if before.max() < LEAST_SHARE * after.min() or after.max() < LEAST_SHARE * before.min():
        raise ValueError(
            f"`date` must not lie where the coverage changes, got {format_period(period)}, around "
            f"which the share of days that {name} was watched goes from {before[-1]:.0%} to "
            f"{after[0]:.0%}. Name another date or use another series."
        )


def _jumps(seen: Observed, named: Sequence[_Named]) -> np.ndarray:
    """Return a column for every known change of counting that the counts can tell apart."""
    columns = []
    taken = {one.first_row for one in named}
    for place in break_places(seen):
        row = int(np.searchsorted(seen.position, place))
        if row in taken or not EDGE <= row <= seen.count.size - EDGE:
            continue
        taken.add(row)
        columns.append((np.arange(len(seen.periods)) >= seen.position[row]).astype(float))
    return np.column_stack(columns) if columns else np.empty((len(seen.periods), 0))


def _ask_elsewhere(
    seen: Observed,
    first: _Named,
    base: np.ndarray,
    grid: Any,
    slope: bool,
    temporary: int | None,
    per_year: float,
    most: int,
) -> Placebos:
    """Return the same change at the dates before the first that was named."""
    early = slice(0, first.first_row)
    counts, position = seen.count[early], seen.position[early]
    rows = base[position]
    # What does not vary before the date, such as a later change of counting, has no column there.
    varies = np.ptp(rows, axis=0) > 0 if rows.size else np.zeros(base.shape[1], dtype=bool)
    varies[0] = True
    if counts.size < LEAST_OBSERVED or (counts > 0).sum() < LEAST_EVENTFUL:
        return Placebos(np.empty(0, dtype=np.int64), np.empty(0), 0.0)
    return placebo_changes(
        counts,
        rows[:, varies],
        seen.exposure[early],
        position,
        grid,
        least=LEAST_FOR_SLOPE,
        slope=slope,
        length=temporary,
        per_year=per_year,
        most=most,
    )


def _change(
    asked: _Asked,
    one: _Named,
    number: int,
    named: Sequence[_Named],
    temporary: int | None,
    margin: float,
    placebos: Placebos,
) -> dict[str, Any]:
    """Return the row of one date."""
    seen, fit, memory, alpha = asked.seen, asked.fit, asked.memory, asked.alpha
    column = asked.n_base + asked.width * number
    log_ratio, std_error = float(fit.params[column]), memory.std_error(column)
    p_value = _t_value(log_ratio, std_error, memory.n_free)
    alone = float(np.sqrt(memory.covariances[0][column, column]))
    p_independent = _t_value(log_ratio, alone, memory.n_free)
    end = one.row_after_last
    if temporary is not None:
        lasts = np.flatnonzero(asked.rows[seen.position, column] > 0)
        end = min(end, int(lasts[-1]) + 1)
    log_slope = slope_error = np.nan
    at_end = np.zeros(fit.params.size)
    at_end[column] = 1.0
    if asked.slope:
        log_slope, slope_error = float(fit.params[column + 1]), memory.std_error(column + 1)
        at_end[column + 1] = asked.rows[seen.position[end - 1], column + 1]
    counted = slice(one.first_row, end)
    missed = _missed(asked, number, counted)
    ends = [
        (log_ratio, std_error),
        (float(at_end @ fit.params), memory.std_errors(at_end[None])[0]),
    ]
    equivalent = all(
        is_within(each, float(error), memory.n_free, margin=margin, alpha=alpha)
        for each, error in ends
    )
    statistic = log_ratio / std_error
    return {
        "period": one.period,
        "named": one.named,
        "start": seen.periods[seen.position[one.first_row]],
        "end": seen.periods[seen.position[end - 1]],
        "n_before": one.first_row if number == 0 else one.first_row - named[number - 1].first_row,
        "n_after": end - one.first_row,
        "verdict": _verdict(log_ratio, p_value, p_independent, alpha, equivalent=equivalent),
        "equivalent": equivalent,
        "log_ratio": log_ratio,
        "std_error": std_error,
        "p_value": p_value,
        "p_adjusted": min(1.0, p_value * len(named)),
        "p_value_independent": p_independent,
        "log_slope": log_slope,
        "slope_std_error": slope_error,
        "slope_p_value": _t_value(log_slope, slope_error, memory.n_free),
        "n_events": int(seen.count[counted].sum()),
        "expected": missed.expected,
        "log_std_error": missed.log_std_error,
        "smallest_ratio": float(
            ratio_of(smallest_visible(std_error, memory.n_free, power=POWER, alpha=alpha))
        ),
        "placebo_p_value": placebos.p_value(statistic),
        "placebo_share": placebos.share(statistic),
    }


def _missed(asked: _Asked, number: int, counted: slice) -> Missed:
    """Return what the course before a date would have brought until the next."""
    seen = asked.seen
    without = np.full((seen.count.size, asked.rows.shape[1]), np.nan)
    without[counted] = asked.course_before(number)[seen.position[counted]]
    return events_without(
        asked.fit,
        asked.memory,
        asked.rows[seen.position],
        without,
        seen.exposure,
        seen.position,
    )


def _t_value(effect: float, std_error: float, n_free: int) -> float:
    """Return the two-sided p-value of a t statistic."""
    return float(2 * stats.t.sf(abs(effect / std_error), n_free))


def _verdict(
    log_ratio: float, p_value: float, p_independent: float, alpha: float, *, equivalent: bool
) -> Verdict:
    """Return what may be said of a change of level at `alpha`."""
    if p_value <= alpha:
        return "rose" if log_ratio > 0 else "fell"
    if equivalent:
        return "within_margin"
    return "persistence" if p_independent <= alpha else "no_clear_change"


def _controls(
    controls: pd.DataFrame | Mapping[str, pd.DataFrame] | None,
) -> dict[str, pd.DataFrame]:
    """Return control series by name."""
    if controls is None:
        return {}
    if isinstance(controls, pd.DataFrame):
        return {"control": controls}
    return dict(controls)


def _against(
    series: pd.DataFrame,
    controls: Mapping[str, pd.DataFrame],
    seen: Observed,
    named: Sequence[_Named],
    design: np.ndarray,
    n_base: int,
    asked: _Asked,
) -> pd.DataFrame:
    """Return the change of the ratio to each control at each date."""
    found: list[dict[str, Any]] = []
    known = series["count"].notna().to_numpy()
    for name, control in controls.items():
        check_series(control)
        if control.index.freq != series.index.freq:
            raise ValueError(
                f"`controls` must have periods of the length of the series, got "
                f"{control.index.freqstr} for {name}. Count both by the same periods."
            )
        beside = control.reindex(series.index)
        both = known & beside["count"].notna().to_numpy()
        other = Observed(
            count=beside["count"].to_numpy(dtype=float, na_value=np.nan)[both],
            exposure=rate_exposure(control).take(control.index.get_indexer(series.index[both])),
            position=np.flatnonzero(both),
            periods=seen.periods,
            last_is_partial=False,
        )
        kept = both[seen.position]
        for one in named:
            row = _first_row(other, one.period)
            if row < EDGE or row > other.count.size - EDGE - 1:
                raise ValueError(
                    f"`controls` must have counts around every date, got none on one side of "
                    f"{format_period(one.period)} for {name}. Leave it out or use a longer one."
                )
            _check_counting(
                beside.assign(exposure=beside["exposure"].fillna(0.0)), other, one.period, row, name
            )
        fit = fit_ratio(
            seen.count[kept],
            other.count,
            design[kept],
            np.log(seen.exposure[kept] / other.exposure),
            other.position,
            asked.memory.grid,
        )
        for number, one in enumerate(named):
            column = n_base + asked.width * number
            found.append(
                {
                    "period": one.period,
                    "control": name,
                    "log_ratio": float(fit.params[column]),
                    "std_error": fit.memory.std_error(column),
                    "n_free": fit.memory.n_free,
                }
            )
    return pd.DataFrame(found, columns=["period", "control", "log_ratio", "std_error", "n_free"])


def _checks(asked: _Asked, named: Sequence[_Named]) -> pd.DataFrame:
    """Return the change of level with Newey-West errors, and by independent Poisson counts."""
    seen, fit = asked.seen, asked.fit
    design = asked.rows[seen.position]
    n_observed, n_terms = design.shape
    hac = newey_west(
        fit.working_design(design),
        fit.residuals(seen.count),
        seen.position,
        n_lags=newey_west_lags(n_observed),
    ) * (n_observed / (n_observed - n_terms))
    poisson = fit_counts(seen.count, design, seen.exposure, family="poisson")
    rows = []
    for number, one in enumerate(named):
        column = asked.n_base + asked.width * number
        for method, params, covariance in (
            ("newey-west", fit.params, hac),
            ("poisson", poisson.params, poisson.covariance),
        ):
            rows.append(
                {
                    "period": one.period,
                    "method": method,
                    "log_ratio": float(params[column]),
                    "std_error": float(np.sqrt(covariance[column, column])),
                }
            )
    return pd.DataFrame(rows)


def _fitted(series: pd.DataFrame, asked: _Asked, named: Sequence[_Named]) -> pd.DataFrame:
    """Return observed and fitted rates, and the course before each date carried on."""
    table = observed_rates(series)
    params, memory = asked.fit.params, asked.memory
    critical = float(stats.t.isf(asked.alpha / 2, memory.n_free))
    log_rate = np.full(len(table), np.nan)
    half = np.full(len(table), np.nan)
    first = asked.seen.periods[0].ordinal
    starts = [one.period.ordinal - first for one in named]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(table)], strict=True)):
        rows = asked.course_before(number)[start:end]
        log_rate[start:end] = rows @ params
        half[start:end] = critical * memory.std_errors(rows)
    columns = {
        "fitted_rate": ratio_of(asked.rows @ params),
        "counterfactual_rate": ratio_of(log_rate),
        "conf_low": ratio_of(log_rate - half),
        "conf_high": ratio_of(log_rate + half),
    }
    for place, (name, values) in enumerate(columns.items(), start=4):
        table.insert(place, name, values)
    return table


def _caveats(
    fit: CountFit,
    memory: MemoryPosterior,
    seen: Observed,
    changes: pd.DataFrame,
    placebos: Placebos,
    log_odds: float,
    *,
    jumps: bool,
    looking: bool,
    alpha: float,
) -> tuple[str, ...]:
    """Return the keys of what a reader must know."""
    clear = changes["verdict"].isin(["rose", "fell"])
    # of few earlier dates the rank says little even where none is as clear
    as_clear = (changes["placebo_p_value"] > alpha) & (changes["placebo_share"] > 0)
    holds = {
        "date_found_by_looking": looking,
        "others_at_that_time": bool(clear.any()),
        "counting_may_shift": bool(clear.any()),
        "earlier_dates_as_clear": bool((clear & as_clear).any()),
        "few_earlier_dates": placebos.n_effective < LEAST_PLACEBOS,
        "declared_jump": jumps,
        "nb_boundary": fit.nb_status == "boundary",
        "nb_failed": fit.nb_status == "failed",
        "memory_at_ceiling": memory.at_ceiling,
        "level_may_wander": log_odds > CLEARLY_WANDERS,
        **seen.caveats(),
    }
    return tuple(key for key, is_so in holds.items() if is_so)
