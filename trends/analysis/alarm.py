"""Is the latest period out of line?"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.alarms.detector import (
    Baseline,
    Setting,
    Tails,
    count_episodes,
    fire,
    learn_baseline,
    reach_of,
    set_lines,
    simulate_years,
    tails_of,
)
from trends.models.alarms.surveillance import FarringtonSettings, ears, farrington
from trends.models.counts.known_jumps import break_places
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    MOST_IN_BLOCKS,
    PERIODS_PER_YEAR,
    Observed,
    observed_periods,
    refuse_many_counts,
)
from trends.models.counts.season_terms import (
    SeasonChoice,
    SeasonName,
    is_identified,
    season_columns,
    season_terms,
)
from trends.models.counts.serial_dependence import grid_of
from trends.models.shifts.restart import restart_row
from trends.options import as_number, check_jobs, is_whole
from trends.tables.calendar import days_in_periods, format_period, frequency_letter
from trends.tables.definitions import of_one_definition
from trends.tables.exposure import rate_exposure
from trends.tables.series import MEASURED_COLUMNS
from trends.tables.series import series as series_of

if TYPE_CHECKING:
    from trends.analysis.delay import ReportingDelay

Method = Literal["trends", "farrington", "ears"]
METHODS = ("trends", "farrington", "ears")

#: Three months: an episode of alarms is over after them, and a doubling is to be seen within them.
QUIET = {"D": 91, "W": 13, "M": 3, "Q": 2, "Y": 1}
#: Four weeks, in whole periods.
FOUR_WEEKS = {"D": 28, "W": 4, "M": 1, "Q": 1, "Y": 1}
#: Years of counts that a baseline goes back.
BASELINE_YEARS = 5
#: Years of counts from which on a baseline may have a slope.
YEARS_FOR_SLOPE = 3
#: Counts that are told apart: each has its own tails.
MOST_TAILS = 5_000_000
#: Periods on either side of the same time of year, and last ones left out, in the references of
#: Farrington's flexible method.
_WINDOWS = {"D": (10, 182), "W": (3, 26), "M": (1, 6), "Q": (0, 2), "Y": (0, 0)}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Alarms(Result):
    """Which of the last periods of one or more series are out of line.

    Attributes
    ----------
    series : tuple of DataFrame
        The count series that were watched, adjusted for late reports where vintages were given.
    watched : DataFrame
        Row per series and period watched: group, period, count, expected, threshold_low,
        threshold_high (counts at which the first line fires), tail_low, tail_high (chance of a
        count as low, or as high), sum_low, sum_high (whether the second line fired), alarm ("rise",
        "fall" or ""), quarter_more and highest (what two rules of thumb would have said).
    states : DataFrame
        Row per series: group, period (the last one watched), count, expected, p_value, p_adjusted,
        state ("rise", "fall" or "quiet"), since, line ("threshold" where its last alarm was one
        count alone, "sum" where counts added up), n_episodes, n_quarter_more, n_highest (episodes
        of the rules of thumb), power (chance of an alarm within three months of a doubling), level,
        limit, season, compared_first and compared_last (periods between which what to expect was
        learned), status, reason.
    predictions : dict of str to array
        Chance of each count from 0 on or a lower one in the last period, by group.
    method : {"trends", "farrington", "ears"}
        Whose thresholds.
    budget : float
        Episodes of false alarms a year over all series.
    n_series, n_failed : int
        Series watched, and how many of these could not be.
    n_periods : int
        Periods watched of each series.
    quiet : int
        Periods without an alarm that end an episode.
    n_rising, n_falling : int
        Series in an episode of rises, of falls.
    n_episodes, n_quarter_more, n_highest : int
        Episodes in all series: of this method, of "a quarter more than in the four weeks before",
        and of "highest in three years".
    incomplete_periods : int or None
        How many of the last periods were known to be incomplete; None if nothing was known.
    conf_level : float
        Level of the prediction intervals.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: tuple[pd.DataFrame, ...]
    watched: pd.DataFrame
    states: pd.DataFrame
    predictions: dict[str, NDArray[np.float64]]
    method: Method
    budget: float
    n_series: int
    n_failed: int
    n_periods: int
    quiet: int
    n_rising: int
    n_falling: int
    n_episodes: int
    n_quarter_more: int
    n_highest: int
    incomplete_periods: int | None
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row per series: its last period, what was expected, and whether it is in alarm.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the prediction intervals, by default that of the result; alarms
            do not depend on it.

        Returns
        -------
        DataFrame of n_series rows
            Columns group, period, count, estimate (count expected), conf_low, conf_high,
            conf_level, threshold_low, threshold_high, p_value, p_adjusted (over all series,
            Benjamini and Hochberg), state, since, n_episodes, n_quarter_more, n_highest, power,
            method, status, reason.
        """
        alpha = alpha_of(alpha, self.conf_level)
        limits = [_limits(self.predictions.get(group), alpha) for group in self.states["group"]]
        last = self.watched.groupby("group", sort=False)[["threshold_low", "threshold_high"]].last()
        last = last.reindex(self.states["group"])
        frame = self.states[["group", "period", "count"]].copy()
        frame["estimate"] = self.states["expected"]
        frame["conf_low"] = [low for low, _ in limits]
        frame["conf_high"] = [high for _, high in limits]
        frame["conf_level"] = 1 - alpha
        for name in ("threshold_low", "threshold_high"):
            frame[name] = last[name].to_numpy()
        told = ("p_value", "p_adjusted", "state", "since", "n_episodes", "n_quarter_more")
        for name in (*told, "n_highest", "power"):
            frame[name] = self.states[name]
        frame["method"] = self.method
        frame["status"], frame["reason"] = self.states["status"], self.states["reason"]
        return frame


def detect_alarms(
    counts: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    budget: float = 1.0,
    n_periods: int | None = None,
    baseline_years: int = BASELINE_YEARS,
    season: SeasonChoice | None = "auto",
    incomplete_periods: int | None = None,
    delay: ReportingDelay | None = None,
    method: Method = "trends",
    alpha: float = 0.05,
    n_jobs: int = 1,
    rng: int | np.random.Generator | None = None,
) -> Alarms:
    """Tell whether the last periods are out of line, with false alarms held to a stated number.

    A baseline predicts what comes next, its mean, scatter and memory integrated out; counts in its
    tails raise an alarm, and so do many counts that are each a little out of line (a CUSUM of
    normal scores). Both lines are set on simulated years so that episodes of false alarms, over all
    series watched together, come as often as `budget` says.

    Parameters
    ----------
    counts : DataFrame
        Count series, or an event-count table of one or more groups.
    by : str or sequence of str, optional
        Group columns of the table; every combination is a series. Default: all of them.
    budget : float
        Episodes of false alarms a year over all series, up and down together.
    n_periods : int, optional
        How many of the last periods to watch. Default: a year. The baseline ends before them, so
        that it holds nothing of what is judged.
    baseline_years : int
        Years that the baseline goes back. Default 5, as is usual in public health: long enough for
        a season, short enough to be of the same kind.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year in the baseline, as in `estimate_trend`.
    incomplete_periods : int, optional
        How many of the last periods are known to be incomplete (0 if none is): they raise no alarm.
        Left out, nothing is known of late reports, and no fall is said of the last period.
    delay : ReportingDelay, optional
        What vintages say of late reports: counts are then held against what has come of them by
        now, and no fall is said of incomplete periods. For one series only.
    method : {"trends", "farrington", "ears"}
        The thresholds above, or for comparison those of R's surveillance: the flexible Farrington
        method (negative binomial quantile with parameters plugged in), or EARS C2. They fire
        upwards only, at the level that would meet the budget if all they assume were so.
    alpha : float
        One minus the level of the prediction intervals; alarms do not depend on it.
    n_jobs : int
        Processes, as joblib takes them.
    rng : None, int or Generator
        Source of randomness; a seed gives the same answer on any number of processes.

    Returns
    -------
    Alarms

    Raises
    ------
    TypeError
        If `counts` is neither a count series nor an event-count table.
    ValueError
        If an option is out of range, or the only series is too short or too empty; in a table such
        a series is a row with its reason.

    Notes
    -----
    An episode ends when three months pass without an alarm in its direction. A rise that ended
    before the periods watched, and is part of the baseline, was weighed down there (Noufaily and
    others 2013); what that takes off counts without an outbreak, most of skewed ones, is put back.
    The baseline has a level, a season and, from three years of counts on, perhaps a slope. None is
    as likely beforehand as one with a standard deviation of .25 (log rate a year); the slope's
    estimate, its memory taken into account, weighs the two, and what stays open of them is part of
    the prediction. A slope goes on for a year and no further. A step in the last year of the
    baseline that is too young to be found may be taken for a slope in part, and may then raise no
    alarm. Where the level wanders without a clear shift, scatter is wide and alarms are few.

    With one false episode a year allowed to one monthly series, .85 to .96 of that came in
    simulated series of 36, 60 and 156 months with 1, 5 and 20 events each, by kind from Poisson to
    AR(.8) and INGARCH (3600 and more of each, so that it is known to .01). Of no length and mean of
    a kind is it clear that less than .8 or more than 1.2 came (400 and more series each, known to
    .04); least came after 36 months with 20 events, .74 to .82. Where three months in ten were not
    covered, .73 came (known to .02): only 9.3 months of the year watched could raise an alarm.
    Where much less is allowed to each series (.12 a year, as with eight series and one a year over
    all), series of 60 months with 20 events, 400 and more of each kind, had .35 to .67 of what is
    stated, .58 on average (each known to .08 to .12): lines are set for memory as strong as so few
    months leave possible. ``benchmarks/alarms.py`` counts them.

    In the 42 weekly scenarios of Noufaily and others (2013), at one episode a year, 1.6% of weeks
    without an outbreak raise an alarm where there is a trend and 1.6% where there is none (known to
    .3), and 63 and 63% of outbreaks are detected (known to 3; 440 series). Of 26 methods and
    settings that R's surveillance has or that are plain regressions, run on the same series, none
    raises fewer false alarms and detects more; 5 raise more and detect fewer.
    ``benchmarks/alarm_scenarios.py`` counts them.

    *Known breaks.* Where the series knows that counting changed (`known_breaks`), only what was
    counted since is watched and compared. Where the level clearly shifted within the baseline, only
    what came since is compared, by the rule of `forecast_counts` unless a slope explains it better,
    and the result says so; the whole baseline is where fewer than 3 periods since have an event.

    References
    ----------
    Farrington CP, Andrews NJ, Beale AD, Catchpole MA (1996). A statistical algorithm for the early
    detection of outbreaks of infectious disease. Journal of the Royal Statistical Society A
    159(3):547-563.

    Noufaily A, Enki DG, Farrington P, Garthwaite P, Andrews N, Charlett A (2013). An improved
    algorithm for outbreak detection in multiple surveillance systems. Statistics in Medicine
    32(7):1206-1222.

    Hutwagner L, Thompson W, Seeman GM, Treadwell T (2003). The bioterrorism preparedness and
    response Early Aberration Reporting System (EARS). Journal of Urban Health 80(2):i89-i96.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2018-01", periods=60, freq="M")
    >>> counts = pd.Series([4, 6, 5, 3, 7, 5] * 9 + [5, 4, 6, 5, 14, 16], index=months)
    >>> alarms = trends.detect_alarms(trends.as_series(counts), rng=1)
    >>> alarms.states["state"].iloc[0], str(alarms.states["since"].iloc[0])
    ('rise', '2022-11')
    """
    _check_options(budget, n_periods, baseline_years, incomplete_periods, method, alpha)
    check_jobs(n_jobs)
    every, alone = _groups(counts, by, delay)
    if delay is not None:
        incomplete_periods = delay.incomplete_periods
    root = int(np.random.default_rng(rng).integers(2**32))
    options = _Options(
        per_series=budget / len(every),
        n_periods=n_periods,
        baseline_years=baseline_years,
        season=season,
        incomplete=incomplete_periods,
        delay=delay,
        method=method,
    )
    found = Parallel(n_jobs=n_jobs)(
        delayed(_watch)(group, one, options, root, may_fail=not alone)
        for group, one in every.items()
    )
    kept = [one for one in found if one.watched is not None]
    states = pd.DataFrame([one.state for one in found])
    states["p_adjusted"] = _adjusted(states["p_value"].to_numpy(dtype=float))
    watched = pd.concat([one.watched for one in kept], ignore_index=True) if kept else _NOTHING
    letters = {frequency_letter(pd.PeriodIndex(one.index)) for one in every.values()}
    caveats = dict.fromkeys(key for one in found for key in one.caveats)
    return Alarms(
        series=tuple(one.series for one in found),
        watched=watched,
        states=states,
        predictions={one.state["group"]: one.below for one in kept if one.below is not None},
        method=method,
        budget=budget,
        n_series=len(every),
        n_failed=int(states["status"].eq("failed").sum()),
        n_periods=int(watched.groupby("group").size().max()) if kept else 0,
        quiet=QUIET[letters.pop()],
        n_rising=int(states["state"].eq("rise").sum()),
        n_falling=int(states["state"].eq("fall").sum()),
        n_episodes=int(states["n_episodes"].sum()),
        n_quarter_more=int(states["n_quarter_more"].sum()),
        n_highest=int(states["n_highest"].sum()),
        incomplete_periods=incomplete_periods,
        conf_level=1 - alpha,
        caveats=tuple(caveats),
    )


class _Options(NamedTuple):
    """What was asked for, per series."""

    per_series: float
    n_periods: int | None
    baseline_years: int
    season: SeasonChoice | None
    incomplete: int | None
    delay: ReportingDelay | None
    method: Method


class _Watched(NamedTuple):
    """What watching one series found."""

    series: pd.DataFrame
    state: dict[str, Any]
    watched: pd.DataFrame | None
    below: NDArray[np.float64] | None
    caveats: tuple[str, ...]


_COLUMNS = (
    "group", "period", "count", "expected", "threshold_low", "threshold_high", "tail_low",
    "tail_high", "sum_low", "sum_high", "alarm", "quarter_more", "highest",
)  # fmt: skip
_NOTHING = pd.DataFrame(columns=list(_COLUMNS))


def _check_options(
    budget: float,
    n_periods: int | None,
    baseline_years: int,
    incomplete: int | None,
    method: str,
    alpha: float,
) -> None:
    """Raise unless the options make sense."""
    check_alpha(alpha)
    if not 0 < as_number(budget) < np.inf:
        raise ValueError(
            f"`budget` must be above 0 episodes a year, got {budget!r}. Use 1 for one a year."
        )
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(METHODS)}, got {method!r}. Pick one.")
    for name, value, least in (
        ("n_periods", n_periods, 1),
        ("baseline_years", baseline_years, 1),
        ("incomplete_periods", incomplete, 0),
    ):
        left_out = value is None and name != "baseline_years"
        if not left_out and not is_whole(value, least):
            raise ValueError(
                f"`{name}` must be {least} or more, got {value!r}. Give a whole number."
            )


def _groups(
    counts: pd.DataFrame, by: str | Sequence[str] | None, delay: ReportingDelay | None
) -> tuple[dict[str, pd.DataFrame], bool]:
    """Return the series by name, and whether there is only the one that was given."""
    if isinstance(counts, pd.DataFrame) and isinstance(counts.index, pd.PeriodIndex):
        if by is not None:
            raise ValueError(
                f"`by` must be left out for a count series, got {by!r}. "
                "It names group columns of an event-count table."
            )
        name = ", ".join(str(label) for label in counts.attrs.get("labels", {}).values())
        return {name or "series": counts}, True
    if not isinstance(counts, pd.DataFrame) or "period" not in counts:
        raise TypeError(
            "`counts` must be a count series or an event-count table, got "
            f"{type(counts).__name__}. Make one with `as_series` or `read_counts`."
        )
    groups = [name for name in counts.columns if name not in MEASURED_COLUMNS]
    wanted = groups if by is None else [by] if isinstance(by, str) else list(by)
    unknown = [name for name in wanted if name not in groups]
    if unknown:
        raise ValueError(
            f"`by` must be group columns of the table ({', '.join(groups) or 'none'}), got "
            f"{unknown[0]!r}. Correct the name."
        )
    if not wanted:
        made = {"series": series_of(counts)}
    else:
        made = {
            ", ".join(str(label) for label in labels): series_of(rows)
            for labels, rows in counts.groupby(wanted, sort=True, dropna=False)
        }
    if delay is not None and len(made) > 1:
        raise ValueError(
            f"`delay` must be left out where several series are watched, got {len(made)} series. "
            "Adjust each with `delay.adjust(series)` and watch it alone."
        )
    return made, len(made) == 1


def _watch(
    group: str, series: pd.DataFrame, options: _Options, root: int, *, may_fail: bool
) -> _Watched:
    """Watch one series; a series of a table that cannot be watched says why."""
    try:
        return _watch_one(group, series, options, root)
    except (ValueError, RuntimeError) as fault:
        if not may_fail:
            raise
        state = _state(group, series.index[-1], pd.NA, np.nan, np.nan)
        failed = state | {"status": "failed", "reason": str(fault)}
        return _Watched(series, failed, None, None, ())


def _state(
    group: str, period: pd.Period, count: Any, expected: float, p_value: float
) -> dict[str, Any]:
    """Return the row of a series in which nothing happened."""
    return {
        "group": group,
        "period": period,
        "count": count,
        "expected": expected,
        "p_value": p_value,
        "state": "quiet",
        "since": pd.NaT,
        "line": "",
        "n_episodes": 0,
        "n_quarter_more": 0,
        "n_highest": 0,
        "power": np.nan,
        "level": np.nan,
        "limit": np.nan,
        "season": "none",
        "compared_first": pd.NaT,
        "compared_last": pd.NaT,
        "status": "ok",
        "reason": "",
    }


class _Lines(NamedTuple):
    """What the lines of a method say of every period watched."""

    expected: NDArray[np.float64]
    threshold_low: NDArray[np.float64]
    threshold_high: NDArray[np.float64]
    tail_low: NDArray[np.float64]
    tail_high: NDArray[np.float64]
    score: NDArray[np.float64]
    setting: Setting
    power: float
    below: NDArray[np.float64] | None
    season: str
    compared: pd.PeriodIndex
    restarted: bool
    caveats: dict[str, bool]


def _watch_one(group: str, series: pd.DataFrame, options: _Options, root: int) -> _Watched:
    """Watch one series."""
    if options.delay is not None:
        series = options.delay.adjust(series)
    elif options.incomplete:
        series = _without_last(series, options.incomplete)
    series, since = _since_break(series)
    periods = pd.PeriodIndex(series.index)
    letter = frequency_letter(periods)
    per_year = round(PERIODS_PER_YEAR[letter])
    n_watched = max(per_year, 2) if options.n_periods is None else options.n_periods
    n_baseline = len(periods) - n_watched
    if n_baseline < 1:
        raise ValueError(
            f"`n_periods` must leave a baseline before the periods watched, got {n_watched} of "
            f"{len(periods)}{since}. Watch fewer periods or use a longer series."
        )
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)
    rng = np.random.default_rng([root, zlib.crc32(group.encode())])
    quiet = QUIET[letter]
    lines = (
        _own_lines(series, n_baseline, per_year, quiet, options, rng)
        if options.method == "trends"
        else _borrowed_lines(count, periods, n_baseline, letter, options)
    )
    watched = count[n_baseline:]
    up, down = (
        fired[:, 0]
        for fired in fire(
            np.nan_to_num(lines.tail_high, nan=1.0)[:, None],
            np.nan_to_num(lines.tail_low, nan=1.0)[:, None],
            lines.score[:, None],
            lines.setting.level,
            lines.setting.limit,
        )
    )
    sum_high, sum_low = (
        up & ~(lines.tail_high <= lines.setting.level),
        down & ~(lines.tail_low <= lines.setting.level),
    )
    n_unsure = 1 if options.incomplete is None else options.incomplete
    if n_unsure:
        down[-n_unsure:] = False
    quarter_more, highest = _rules_of_thumb(series, n_baseline, letter, per_year)
    table = pd.DataFrame(
        {
            "group": group,
            "period": periods[n_baseline:],
            "count": series["count"].array[n_baseline:],
            "expected": lines.expected,
            "threshold_low": lines.threshold_low,
            "threshold_high": lines.threshold_high,
            "tail_low": lines.tail_low,
            "tail_high": lines.tail_high,
            "sum_low": sum_low,
            "sum_high": sum_high,
            "alarm": np.where(up, "rise", np.where(down, "fall", "")),
            "quarter_more": quarter_more,
            "highest": highest,
        }
    )
    seen = np.flatnonzero(np.isfinite(watched))
    last = int(seen[-1]) if seen.size else len(watched) - 1
    p_value = min(1.0, 2 * float(np.fmin(lines.tail_high[last], lines.tail_low[last])))
    state = _state(group, table["period"].iloc[last], table["count"].iloc[last],
                   float(lines.expected[last]), p_value)  # fmt: skip
    state |= _episode(up, down, sum_high | sum_low, pd.PeriodIndex(table["period"]), quiet)
    state |= {
        "n_quarter_more": _n_episodes(quarter_more, quiet),
        "n_highest": _n_episodes(highest, quiet),
        "power": lines.power,
        "level": lines.setting.level,
        "limit": lines.setting.limit,
        "season": lines.season,
        "compared_first": lines.compared[0],
        "compared_last": lines.compared[-1],
    }
    known = observed_periods(series, minimum=1, n_eventful=0, most=MOST_IN_BLOCKS)
    holds = {
        **known.caveats(),
        "late_reports_unknown": options.incomplete is None,
        "short_baseline": len(lines.compared) < 2 * per_year,
        **lines.caveats,
        "history_restarts": lines.restarted,
    }
    about = {"history_restarts": lines.compared[0]} if lines.restarted else {}
    return _Watched(series, state, table, lines.below, named_caveats(holds, about))


def _since_break(series: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what was counted since the last known break, and how that is said in an error.

    A jump of the counting is no alarm, and what was counted otherwise is no baseline.
    """
    places = break_places(observed_periods(series, minimum=1, n_eventful=0, most=MOST_IN_BLOCKS))
    if not places:
        return series, ""
    said = f" since counting changed in {format_period(series.index[places[-1]])}"
    return of_one_definition(series, places[-1], len(series)), said


def _without_last(series: pd.DataFrame, n_incomplete: int) -> pd.DataFrame:
    """Return a series without the counts of its last periods, which are declared incomplete."""
    if n_incomplete >= len(series):
        raise ValueError(
            f"`incomplete_periods` must leave a period to watch, got {n_incomplete} of "
            f"{len(series)}. Declare fewer."
        )
    made = series.copy()
    made.iloc[-n_incomplete:, made.columns.get_loc("count")] = pd.NA
    about = {"late_reports_left_out": series.index[-n_incomplete]}
    key = named_caveats({"late_reports_left_out": True}, about)[0]
    made.attrs["caveats"] = list(dict.fromkeys([*series.attrs.get("caveats", ()), key]))
    return made


def _own_lines(
    series: pd.DataFrame,
    n_baseline: int,
    per_year: int,
    quiet: int,
    options: _Options,
    rng: np.random.Generator,
) -> _Lines:
    """Return the package's own lines."""
    first = max(n_baseline - options.baseline_years * per_year, 0)
    past = _since_shift(series, _past(series, first, n_baseline, options.season), options.season)
    seen = past.seen
    years, years_ahead = _times(past, per_year)
    baseline = learn_baseline(
        seen.count,
        past.design,
        seen.exposure,
        seen.position,
        grid_of(seen.periods),
        rng,
        years=years,
        years_ahead=float(years_ahead.mean()),
    )
    exposure = rate_exposure(series)[n_baseline:]
    ahead = past.ahead if years is None else np.column_stack([past.ahead, years_ahead])
    expected = exposure * np.exp(ahead @ baseline.params)
    covered = expected > 0
    typical = float(np.exp(np.mean(np.log(expected[covered])))) if covered.any() else 1.0
    tails = _tails(typical, baseline)
    setting = set_lines(
        typical,
        baseline,
        tails,
        per_year=per_year,
        quiet=quiet,
        false_per_year=options.per_series,
        rng=rng,
    )
    doubled = simulate_years(
        typical, baseline, tails, n_periods=2 * quiet, rng=rng, factor=2.0, changed=quiet
    )
    up, _ = fire(*doubled, setting.level, setting.limit)
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)[n_baseline:]
    rows = _Rows.of(count, expected, baseline, setting.level, {_key(typical): tails})
    return _Lines(
        expected=np.where(covered, expected, np.nan),
        threshold_low=rows.threshold_low,
        threshold_high=rows.threshold_high,
        tail_low=rows.tail_low,
        tail_high=rows.tail_high,
        score=rows.score,
        setting=setting,
        power=float(up[-quiet:].any(axis=0).mean()),
        below=rows.below,
        season=past.season,
        compared=seen.periods,
        restarted=past.first > first,
        caveats={
            "memory_at_ceiling": baseline.at_ceiling,
            "baseline_slopes": baseline.slope_probability > 0.5,
        },
    )


def _times(past: _Past, per_year: int) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
    """Return the years of the counts of a baseline, and of what follows, from its middle.

    A slope goes on for a year and no further; a baseline that is short or silent has no years.
    """
    time = past.seen.position / per_year
    end = len(past.seen.periods) / per_year
    ahead = np.minimum(end + np.arange(len(past.ahead)) / per_year, end + 1) - time.mean()
    if past.silent or np.ptp(time) < YEARS_FOR_SLOPE - 1.5 / per_year:
        return None, ahead
    return time - time.mean(), ahead


class _Rows(NamedTuple):
    """What the first line says of each period watched."""

    threshold_low: NDArray[np.float64]
    threshold_high: NDArray[np.float64]
    tail_low: NDArray[np.float64]
    tail_high: NDArray[np.float64]
    score: NDArray[np.float64]
    below: NDArray[np.float64] | None

    @classmethod
    def of(
        cls,
        count: np.ndarray,
        expected: np.ndarray,
        baseline: Baseline,
        level: float,
        tables: dict[float, Tails],
    ) -> _Rows:
        """Return tails of every count, and the counts at which the line fires."""
        columns = np.full((5, count.size), np.nan)
        below = None
        for row, (one, mean) in enumerate(zip(count, expected, strict=True)):
            if not mean > 0:
                continue
            key = _key(mean)
            seen = int(one) if np.isfinite(one) else 0
            if key not in tables or tables[key].high.size <= seen:
                tables[key] = _tails(key, baseline, seen)
            tails = tables[key]
            none_low = tails.low[0] > level
            columns[0, row] = np.nan if none_low else np.flatnonzero(tails.low <= level)[-1]
            columns[1, row] = int(np.argmax(tails.high <= level)) if level else np.nan
            if np.isfinite(one):
                columns[2:, row] = tails.low[seen], tails.high[seen], tails.score[seen]
                below = tails.low
        return cls(columns[0], columns[1], columns[2], columns[3], columns[4], below)


def _key(mean: float) -> float:
    """Return an expected count as it is looked up: those within a thousandth share their tails."""
    return float(f"{mean:.3g}")


def _tails(mean: float, baseline: Baseline, seen: int = 0) -> Tails:
    """Return the tails of all counts that may come, also of twice the mean."""
    largest = max(reach_of(2 * mean, baseline), seen)
    refuse_many_counts(largest, MOST_TAILS)
    return tails_of(_key(mean), baseline, largest)


class _Past(NamedTuple):
    """A baseline: where it begins, the designs of it and of what follows, and whether it is silent.

    It is silent where next to nothing came since its level shifted: no slope goes on from there.
    """

    first: int
    seen: Observed
    season: SeasonName
    design: NDArray[np.float64]
    ahead: NDArray[np.float64]
    silent: bool = False


def _past(
    series: pd.DataFrame,
    first: int,
    n_baseline: int,
    season: SeasonChoice | None,
    since: str = "",
) -> _Past:
    """Return the baseline that begins at a place; raise where it cannot tell its terms apart."""
    seen = observed_periods(series.iloc[first:n_baseline])
    wanted = season_terms(seen, season).season
    columns = season_columns(pd.PeriodIndex(series.index[first:]), wanted)[0]
    every = np.column_stack([np.ones(len(columns)), columns])
    design = every[: n_baseline - first][seen.position]
    if wanted != "none" and not is_identified(seen, design):
        raise ValueError(
            f"`season` must leave enough observed periods of the baseline for {design.shape[1]} "
            f"terms, got {wanted!r} with {seen.count.size} observed{since}. Use season='none'."
        )
    return _Past(first, seen, wanted, design, every[n_baseline - first :])


def _since_shift(series: pd.DataFrame, whole: _Past, season: SeasonChoice | None) -> _Past:
    """Return the baseline since its level last shifted; the whole where nothing came since.

    As with forecasts: what was counted at another level says little of what comes.
    """
    days = float(np.median(days_in_periods(whole.seen.periods)))
    waves = whole.design[:, 1:]
    row = restart_row(whole.seen, waves, days_per_period=days)
    if row and int((whole.seen.count[row:] > 0).sum()) < LEAST_EVENTFUL:
        return whole._replace(silent=True)
    if row:
        # What a slope explains better is no shift: the baseline has one.
        row = restart_row(whole.seen, waves, days_per_period=days, slopes=True)
    if not row or int((whole.seen.count[row:] > 0).sum()) < LEAST_EVENTFUL:
        return whole
    place = int(whole.seen.position[row])
    since = f" since the level shifted in {format_period(whole.seen.periods[place])}"
    n_baseline = whole.first + len(whole.seen.periods)
    return _past(series, whole.first + place, n_baseline, season, since)


def _borrowed_lines(
    count: np.ndarray, periods: pd.PeriodIndex, n_baseline: int, letter: str, options: _Options
) -> _Lines:
    """Return the thresholds of public-health surveillance, which fire upwards only."""
    per_year = round(PERIODS_PER_YEAR[letter])
    level = min(options.per_series / per_year, 0.5)
    expected = np.full(count.size, np.nan)
    if options.method == "ears":
        upper, fired = ears(count, method="C2", alpha=level)
    else:
        half, left_out = _WINDOWS[letter]
        years = min(options.baseline_years, (n_baseline - half) // per_year)
        if years < 1:
            raise ValueError(
                "`series` must go back a year and a window before the periods watched, got "
                f"{n_baseline} periods. Use method='trends', or watch fewer periods."
            )
        settings = FarringtonSettings(
            freq=per_year,
            b=years,
            w=half,
            no_periods=10 if letter in "DW" else 4 if letter == "M" else 1,
            past_not_included=left_out,
            alpha=level,
        )
        upper, fired = np.full(count.size, np.nan), np.zeros(count.size, dtype=bool)
        for now in range(n_baseline, count.size):
            made = farrington(count, now, settings)
            expected[now], upper[now], fired[now] = made.expected, made.upper, made.alarm
    nothing = np.full(count.size - n_baseline, np.nan)
    return _Lines(
        expected=expected[n_baseline:],
        threshold_low=nothing,
        threshold_high=upper[n_baseline:],
        tail_low=nothing,
        # Only whether a threshold is passed is known of these.
        tail_high=np.where(fired[n_baseline:], 0.0, 1.0),
        score=nothing,
        setting=Setting(level, np.inf, options.per_series),
        power=np.nan,
        below=None,
        season="none",
        compared=periods[:n_baseline],
        restarted=False,
        caveats={"parameters_plugged_in": True},
    )


def _rules_of_thumb(
    series: pd.DataFrame, n_baseline: int, letter: str, per_year: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where a quarter more than in four weeks, and the highest of three years, was seen."""
    exposure = rate_exposure(series)
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)
    rate = pd.Series(
        np.divide(count, exposure, out=np.full(count.size, np.nan), where=exposure > 0)
    )
    weeks, three_years = FOUR_WEEKS[letter], 3 * per_year
    before = rate.shift(1).rolling(weeks, min_periods=weeks).mean()
    peak = rate.shift(1).rolling(three_years, min_periods=three_years // 2).max()
    # A history that does not go back three years has no such peak.
    peak[: min(three_years, len(peak))] = np.nan
    quarter_more, highest = (rate >= 1.25 * before) & (rate > 0), rate > peak
    return quarter_more.to_numpy()[n_baseline:], highest.to_numpy()[n_baseline:]


def _n_episodes(alarms: np.ndarray, quiet: int) -> int:
    """Return the episodes of a rule that fires in one direction."""
    return int(count_episodes(alarms[:, None], np.zeros_like(alarms)[:, None], quiet)[0])


def _episode(
    up: np.ndarray, down: np.ndarray, summed: np.ndarray, periods: pd.PeriodIndex, quiet: int
) -> dict[str, Any]:
    """Return the state at the end: the direction of the episode that lasts, and its start."""
    n_episodes = int(count_episodes(up[:, None], down[:, None], quiet)[0])
    last = {name: np.flatnonzero(alarms) for name, alarms in (("rise", up), ("fall", down))}
    lasting = {
        name: at for name, at in last.items() if at.size and len(periods) - 1 - at[-1] < quiet
    }
    if not lasting:
        return {"state": "quiet", "since": pd.NaT, "n_episodes": n_episodes}
    name = max(lasting, key=lambda one: int(lasting[one][-1]))
    at = lasting[name]
    breaks = np.flatnonzero(np.diff(at) > quiet)
    start = at[breaks[-1] + 1] if breaks.size else at[0]
    return {
        "state": name,
        "since": periods[int(start)],
        "line": "sum" if summed[at[-1]] else "threshold",
        "n_episodes": n_episodes,
    }


def _limits(below: NDArray[np.float64] | None, alpha: float) -> tuple[float, float]:
    """Return the prediction interval of a count, given the chance of each count or a lower one."""
    if below is None:
        return np.nan, np.nan
    low, high = np.searchsorted(below, [alpha / 2, 1 - alpha / 2])
    return float(low), float(min(high, below.size - 1))


def _adjusted(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values adjusted over all series by Benjamini and Hochberg; NaN stay NaN."""
    known = np.isfinite(p_values)
    adjusted = np.full(p_values.size, np.nan)
    if known.any():
        adjusted[known] = stats.false_discovery_control(np.clip(p_values[known], 0, 1))
    return adjusted
