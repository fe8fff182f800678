"""What kind of course did the counts take: steady, a slope, a step, an episode, or none at all?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from trends.analysis.result import Result, alpha_of
from trends.models.counts.count_model import percent_change
from trends.models.counts.known_jumps import break_places
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    MOST_IN_BLOCKS,
    Observed,
    observed_periods,
    observed_rates,
    years_of,
)
from trends.models.counts.season_terms import (
    LEAST_YEARS,
    SEASONS,
    SeasonChoice,
    SeasonName,
    season_columns,
)
from trends.models.courses import candidates
from trends.models.courses.account import N_STEPS, Account, Drawn, account_of, draw_kind
from trends.models.courses.weighing import Season, Weighed, weigh_courses
from trends.tables.calendar import days_in_periods, format_period
from trends.tables.proposed import note_proposed
from trends.tables.typed import named_period

Verdict = Literal[
    "steady",
    "slope",
    "bend",
    "step",
    "steps",
    "episode",
    "season_only",
    "wanders",
    "cannot_tell",
]

#: Rows that are weighed at most; longer series are added up over neighbouring periods.
MOST_ROWS = 300
#: Events below which a stretch beside a step is nearly empty.
FEW_BESIDE = 5
#: Prior standard deviation of a log effect of the time of year, and of a second wave.
_SEASON_SD, _SECOND_WAVE_SD, _MONTH_SD = 0.35, 0.2, 0.3
_HIJRI_SD = (0.5, 1.0, 1.0)
#: Days of a row beyond which a season cannot be seen, when rows were added up.
_LONGEST_ROW = 100
#: Level of the intervals, and the probabilities at which draws are kept.
_LEVEL = 0.95
_PROBABILITIES = np.linspace(0.0025, 0.9975, 399)
#: Share of the error of a date set that is given to it: sets of 97.5% hold the truth in about 95%
#: of series that remember.
_DATE_ALPHA = 0.5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Description(Result):
    """The one account of a series, under which everything else about it is said.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Seasons that were weighed.
    known_breaks : tuple of Period
        Periods from which counting changed; the level may jump there under every course.
    verdict : str
        steady, slope, bend (a slope that bends), step, steps, episode, season_only, wanders, or
        cannot_tell.
    leading : str
        The kind of course with most weight, whether or not that is enough: steady, slope, bend,
        step, episode or wander.
    weight : float
        Its weight, between 0 and 1.
    weights : DataFrame
        Columns kind, weight: of every kind of course, most first; they sum to 1.
    courses : DataFrame
        Columns course, season, weight: of every course with every season.
    left_out : tuple of str
        Courses that the series is too short for.
    seasonal : bool
        Whether a yearly (or Hijri) season belongs to the account.
    season_weight : float
        Weight of any season against none.
    parts : tuple of Part
        What the leading kind consists of: steps with their ratio, the ratio and the end of an
        episode, the pace of a slope or of the stretches between bends in percent per year; then,
        whatever the verdict, the rate at the end of a straight line over that at its start, which
        is what "steady" leaves open.
    dispersion : float
        Variance over mean of the counts around the leading course.
    memory_correlation : float
        Correlation of neighbouring residuals of the leading course.
    periods_per_row : int
        Neighbouring periods that were added up because the series is long; 1 if none.
    n_periods, n_observed, n_events : int
    fitted : DataFrame of n_periods rows
        Columns period, count, exposure, rate, fitted_rate, level_rate: observed rate, the leading
        course with and without its season, per 30.4375 days.
    curves : DataFrame
        Columns kind, period, level_rate: every kind with a weight of 0.05 or more.
    conf_level : float
        Level of the intervals, 0.95.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    season: str
    known_breaks: tuple[pd.Period, ...]
    verdict: Verdict
    leading: str
    weight: float
    weights: pd.DataFrame
    courses: pd.DataFrame
    left_out: tuple[str, ...]
    seasonal: bool
    season_weight: float
    parts: tuple[Part, ...]
    dispersion: float
    memory_correlation: float
    periods_per_row: int
    n_periods: int
    n_observed: int
    n_events: int
    fitted: pd.DataFrame
    curves: pd.DataFrame
    conf_level: float = _LEVEL
    caveats: tuple[str, ...] = field(default=())

    @property
    def allows_pace(self) -> bool:
        """Whether one yearly pace, and a doubling time, may be said of the series."""
        return self.verdict == "slope"

    @property
    def allows_date(self) -> bool:
        """Whether a date of a change of level may be said of the series."""
        return self.verdict in {"step", "steps", "episode"}

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row for every kind of course, then one for every part of the leading kind.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; that of the result by default.

        Returns
        -------
        DataFrame
            Columns term, weight, period, date_low, date_high, estimate, conf_low, conf_high,
            conf_level. The weight is that of a kind; the other columns are of its parts.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        kinds = [
            {"term": row.kind, "weight": row.weight} for row in self.weights.itertuples(index=False)
        ]
        parts = [one.row(alpha, self.series.index) for one in self.parts]
        frame = pd.DataFrame(kinds + parts, columns=_COLUMNS[:-1])
        frame["conf_level"] = 1 - alpha
        for name in ("estimate", "conf_low", "conf_high"):
            frame[name] = frame[name].astype(float)
        return frame


_COLUMNS = [
    "term",
    "weight",
    "period",
    "date_low",
    "date_high",
    "estimate",
    "conf_low",
    "conf_high",
    "conf_level",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One part of a course: when and how much.

    Attributes
    ----------
    term : {"ratio", "episode_ratio", "episode_end", "annual_percent_change", "last_over_first"}
    values : ndarray, shape (n_probabilities,)
        Quantiles of its size; empty for the end of an episode.
    first, last : int arrays of shape (n_probabilities,)
        Quantiles of its date as places of the first and last period it may be; empty without one.
    mode : int or None
        Place of the likeliest period.
    """

    term: str
    values: np.ndarray
    first: np.ndarray
    last: np.ndarray
    mode: int | None

    def interval(self, alpha: float) -> tuple[float, float, float]:
        """Return median and ends of the interval of the size."""
        ends = np.interp([0.5, alpha / 2, 1 - alpha / 2], _PROBABILITIES, self.values)
        return float(ends[0]), float(ends[1]), float(ends[2])

    def dates(self, alpha: float) -> tuple[int, int]:
        """Return the places between which the date lies."""
        tail = _DATE_ALPHA * alpha / 2
        low, high = np.searchsorted(_PROBABILITIES, [tail, 1 - tail]).clip(max=self.first.size - 1)
        return int(self.first[low]), int(self.last[high])

    def row(self, alpha: float, periods: pd.PeriodIndex) -> dict[str, Any]:
        """Return the part as a row of a table."""
        row: dict[str, Any] = {"term": self.term}
        if self.values.size:
            sizes = self.interval(alpha)
            row |= dict(zip(("estimate", "conf_low", "conf_high"), sizes, strict=True))
        if self.mode is not None:
            low, high = self.dates(alpha)
            row |= {
                "period": periods[self.mode],
                "date_low": periods[low],
                "date_high": periods[high],
            }
        return row


def describe_series(
    series: pd.DataFrame,
    *,
    season: SeasonChoice = "auto",
    known_breaks: Iterable[pd.Period | str] = (),
    rng: int | np.random.Generator | None = None,
) -> Description:
    """Weigh the courses a rate may have taken and say which one the counts speak for.

    A steady level, a slope, a slope that bends, one step and several, a temporary episode and a
    level that wanders are compared on one likelihood, each with and without a season and with
    every memory from month to month; dates, sizes, memory and scatter are averaged over.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods. Missing periods are left out and their
        distance in time is kept.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Seasons weighed against none: two yearly waves and a factor for every month (the default,
        from two years on), nothing, one of these alone, or Ramadan and the feasts.
    known_breaks : iterable of Period or str
        Periods from which counting changed (a new coding, a new coverage), beside the breaks that
        the series itself knows. Under every course the level may jump there, so that the jump is
        not taken for an event; no step and no episode is dated within three observed periods of
        one.
    rng : int or Generator, optional
        Seed of the draws behind intervals of dates and sizes. Weights and verdict are computed and
        do not depend on it.

    Returns
    -------
    Description

    Raises
    ------
    TypeError
        If `series` is not a count series, or a break is not a period.
    ValueError
        If `series` has fewer than 8 observed periods, a break lies outside it, or the season is
        not one of its choices.

    Notes
    -----
    Counts are compared on the square-root scale, where their scatter hardly depends on the rate;
    the coefficients are integrated out by Laplace's approximation with changes that are beforehand
    within about threefold either way. A course is the verdict when its weight is at least 0.4,
    and its grade says by how much it leads. Without that the verdict is "cannot tell", and the
    courses that share the weight are named.

    A wandering level is a random walk or an autoregression with a half-life beyond half a year:
    it has neither a pace nor dates. In fewer than about 60 periods it can hardly be told from a
    slope or a step, and the weights show that. The weights compare these courses with one another;
    they do not say that any of them is true. ``benchmarks/descriptions.py`` shows how often the
    verdict is right in simulation.

    References
    ----------
    Kass RE, Raftery AE (1995). Bayes factors. Journal of the American Statistical Association
    90(430):773-795. doi:10.1080/01621459.1995.10476572

    Beaulieu C, Killick R (2018). Distinguishing trends and shifts from memory in climate data.
    Journal of Climate 31(23):9519-9543. doi:10.1175/JCLI-D-17-0863.1

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2020-01", periods=36, freq="M")
    >>> counts = pd.Series([4, 6, 5, 3, 5, 7] * 3 + [14, 16, 12, 15, 18, 13] * 3, index=months)
    >>> account = trends.describe_series(trends.as_series(counts), rng=1)
    >>> account.verdict, str(account.to_frame()["period"].dropna().item())
    ('step', '2021-07')
    """
    if season not in SEASONS:
        raise ValueError(f"`season` must be one of {', '.join(SEASONS)}, got {season!r}. Pick one.")
    seen = observed_periods(series, n_eventful=0, most=MOST_IN_BLOCKS)
    breaks = _read_breaks(known_breaks, seen)
    rows = _rows(seen)
    generator = np.random.default_rng(rng)
    if int((rows.events > 0).sum()) < LEAST_EVENTFUL:
        return _too_few(series, season, breaks, seen, rows)
    weighed = weigh_courses(
        rows.events,
        rows.exposure,
        rows.position,
        days_per_period=rows.days,
        seasons=_seasons(season, rows),
        jumps=_jumps(breaks, rows),
    )
    account = _describe(series, season, breaks, seen, rows, weighed, generator)
    note_proposed(series, account.to_frame()["period"].dropna())
    return account


class _Rows(NamedTuple):
    """Observed periods, several added up to one row when there are many.

    Attributes
    ----------
    events, exposure : arrays of shape (n_rows,)
        Events and months observed.
    position : int array of shape (n_rows,)
        Place of each row in steps of `together` periods.
    first, last : int arrays of shape (n_rows,)
        Places of the first and last period that a row covers.
    periods : PeriodIndex
        All periods of the series.
    together : int
        Periods to a row.
    days : float
        Length of a row.
    """

    events: np.ndarray
    exposure: np.ndarray
    position: np.ndarray
    first: np.ndarray
    last: np.ndarray
    periods: pd.PeriodIndex
    together: int
    days: float


def _rows(seen: Observed) -> _Rows:
    """Return the observed periods as rows, at most `MOST_ROWS`."""
    n_periods = len(seen.periods)
    together = -(-n_periods // MOST_ROWS)
    place = seen.position // together
    position = np.unique(place)
    return _Rows(
        np.bincount(place, seen.count)[position],
        np.bincount(place, seen.exposure)[position],
        position,
        position * together,
        np.minimum((position + 1) * together, n_periods) - 1,
        seen.periods,
        together,
        float(np.median(days_in_periods(seen.periods))) * together,
    )


def _read_breaks(known_breaks: Iterable[Any], seen: Observed) -> tuple[pd.Period, ...]:
    """Return the periods from which counting changed: as the series knows, and as named."""
    periods = seen.periods
    if isinstance(known_breaks, str) or not isinstance(known_breaks, Iterable):
        known_breaks = [known_breaks]
    breaks = [periods[place] for place in break_places(seen)]
    for one in known_breaks:
        period = named_period(one, periods, "known_breaks")
        if not periods[0] < period <= periods[-1]:
            raise ValueError(
                f"`known_breaks` must lie after {format_period(periods[0])} and no later than "
                f"{format_period(periods[-1])}, got {format_period(period)}. Leave it out."
            )
        breaks.append(period)
    return tuple(sorted(set(breaks)))


def _jumps(breaks: tuple[pd.Period, ...], rows: _Rows) -> np.ndarray:
    """Return a column for every known break that has rows on both sides."""
    places = [rows.periods.get_loc(one) for one in breaks]
    columns = [(rows.first >= place).astype(float) for place in places]
    kept = [column for column in columns if 0 < column.sum() < column.size]
    return np.column_stack(kept) if kept else np.empty((rows.events.size, 0))


def _seasons(season: SeasonChoice, rows: _Rows) -> dict[str, Season]:
    """Return the seasons that are weighed against none."""
    is_short = years_of(rows.periods) < LEAST_YEARS or rows.days > _LONGEST_ROW
    if season == "none" or (season == "auto" and is_short):
        return {}
    chosen: tuple[SeasonName, ...] = ("harmonic", "month") if season == "auto" else (season,)
    return {name: _season_of(name, rows) for name in chosen}


def _season_of(name: SeasonName, rows: _Rows) -> Season:
    """Return one season with the prior standard deviation of its effects."""
    middle = rows.periods[(rows.first + rows.last) // 2]
    if name == "month":
        return _month_season(middle)
    columns = season_columns(middle, name)[0]
    if name == "hijri":
        return Season(columns, np.array(_HIJRI_SD))
    sd = np.where(np.arange(columns.shape[1]) < 2, _SEASON_SD, _SECOND_WAVE_SD)
    return Season(columns, sd)


def _month_season(middle: pd.PeriodIndex) -> Season:
    """Return month (or quarter) effects around their average as independent columns."""
    dummies = season_columns(middle, "month")[0]
    every = np.column_stack([1 - dummies.sum(axis=1), dummies])
    n_parts = every.shape[1]
    # Columns orthogonal to the constant, so that every month is alike beforehand.
    basis = np.linalg.svd(np.eye(n_parts) - 1 / n_parts)[0][:, : n_parts - 1]
    return Season(every @ basis, np.full(n_parts - 1, _MONTH_SD))


def _describe(
    series: pd.DataFrame,
    season: str,
    breaks: tuple[pd.Period, ...],
    seen: Observed,
    rows: _Rows,
    weighed: list[Weighed],
    rng: np.random.Generator,
) -> Description:
    """Turn weights into a result."""
    account = account_of(weighed)
    n_jumps = _jumps(breaks, rows).shape[1]
    drawn = draw_kind(weighed, account.leading, n_jumps, rng)
    line = draw_kind(weighed, "slope", n_jumps, rng)
    seasonal = account.seasonal
    verdict = _verdict(account, drawn, seasonal)
    fitted = _fitted(series, rows, drawn)
    shares = pd.Series(account.weight).sort_values(ascending=False)
    weights = pd.DataFrame({"kind": shares.index, "weight": shares.to_numpy()})
    curves = [
        _curve(kind, rows, draw_kind(weighed, kind, n_jumps, rng))
        for kind, weight in account.weight.items()
        if weight >= 0.05
    ]
    return Description(
        series=series,
        season=season,
        known_breaks=breaks,
        verdict=verdict,
        leading=account.leading,
        weight=account.weight[account.leading],
        weights=weights,
        courses=account.courses,
        left_out=_left_out(rows.events.size),
        seasonal=seasonal,
        season_weight=1 - account.season_weight["none"],
        parts=_parts(drawn, line, rows, rng),
        dispersion=drawn.dispersion,
        memory_correlation=drawn.correlation,
        periods_per_row=rows.together,
        n_periods=len(rows.periods),
        n_observed=seen.count.size,
        n_events=int(rows.events.sum()),
        fitted=fitted,
        curves=pd.concat(curves, ignore_index=True),
        caveats=_caveats(seen, rows, breaks, shifts=verdict in {"step", "steps", "episode"}),
    )


def _verdict(account: Account, drawn: Drawn, seasonal: bool) -> Verdict:
    """Return the verdict that the weights come to."""
    if not account.decided:
        return "cannot_tell"
    if account.leading == "steady":
        return "season_only" if seasonal else "steady"
    if account.leading == "step":
        return "step" if N_STEPS[drawn.course] == 1 else "steps"
    named: dict[str, Verdict] = {
        "slope": "slope",
        "bend": "bend",
        "episode": "episode",
        "wander": "wanders",
    }
    return named[account.leading]


def _left_out(n_rows: int) -> tuple[str, ...]:
    """Return the courses that so few rows cannot tell from simpler ones."""
    return tuple(course for course, least in candidates.LEAST_ROWS.items() if n_rows < least)


def _parts(drawn: Drawn, line: Drawn, rows: _Rows, rng: np.random.Generator) -> tuple[Part, ...]:
    """Return what a course consists of, and how far a straight line goes."""
    found = []
    if drawn.course in N_STEPS:
        for step in range(N_STEPS[drawn.course]):
            ratio = _ratio(drawn, step, rows, rng)
            found.append(_part("ratio", ratio, drawn.dates[:, step], rows))
    elif drawn.course == "episode":
        ratio = np.exp(drawn.changes[:, 0])
        found.append(_part("episode_ratio", ratio, drawn.dates[:, 0], rows))
        found.append(_part("episode_end", None, drawn.dates[:, 1] - 1, rows))
    elif drawn.course in {"slope", "bend", "two_bends"}:
        n_draws = len(drawn.changes)
        turns = rows.position[drawn.dates]
        ends = [np.full(n_draws, rows.position[0]), turns, np.full(n_draws, rows.position[-1])]
        years = np.diff(np.column_stack(ends), axis=1) * rows.days / 365.25
        for stretch in range(drawn.changes.shape[1]):
            pace = percent_change(drawn.changes[:, stretch] / years[:, stretch])
            dates = drawn.dates[:, stretch - 1] if stretch else None
            found.append(_part("annual_percent_change", pace, dates, rows))
    found.append(_part("last_over_first", np.exp(line.changes[:, 0]), None, rows))
    return tuple(found)


def _ratio(drawn: Drawn, step: int, rows: _Rows, rng: np.random.Generator) -> np.ndarray:
    """Return draws of the ratio of a step.

    Beside a stretch with hardly an event a log ratio has no normal distribution, and its prior
    would decide how large it can be. There the rates of the two stretches are drawn as gamma
    variables with the events themselves, over the dispersion.
    """
    n_rows = rows.events.size
    bounds = np.column_stack(
        [np.zeros(len(drawn.dates)), drawn.dates, np.full(len(drawn.dates), n_rows)]
    ).astype(np.int64)
    events = np.diff(np.concatenate([[0.0], np.cumsum(rows.events)])[bounds], axis=1)
    months = np.diff(np.concatenate([[0.0], np.cumsum(rows.exposure)])[bounds], axis=1)
    few = events[:, step : step + 2].min(axis=1) < FEW_BESIDE
    ratio = np.exp(drawn.changes[:, step])
    if not few.mean() > 0.5:
        return np.asarray(ratio)
    shape = events[:, step : step + 2] / drawn.dispersion + 0.5
    rate = rng.gamma(shape, 1.0) / months[:, step : step + 2]
    return np.asarray(rate[:, 1] / np.maximum(rate[:, 0], 1e-12))


def _part(term: str, values: np.ndarray | None, dates: np.ndarray | None, rows: _Rows) -> Part:
    """Return one part from draws of its size and of the row of its date."""
    nothing = np.empty(0, dtype=np.int64)
    places, mode = nothing, None
    if dates is not None:
        places = np.quantile(dates, _PROBABILITIES, method="inverted_cdf").astype(np.int64)
        mode = int(rows.first[np.bincount(dates).argmax()])
    return Part(
        term=term,
        values=np.empty(0) if values is None else np.quantile(values, _PROBABILITIES),
        first=rows.first[places],
        last=rows.last[places] if rows.together > 1 else rows.first[places],
        mode=mode,
    )


def _fitted(series: pd.DataFrame, rows: _Rows, drawn: Drawn) -> pd.DataFrame:
    """Return observed and fitted rates of every period."""
    return observed_rates(series).assign(
        fitted_rate=_over_periods(drawn.curve, rows), level_rate=_over_periods(drawn.level, rows)
    )


def _over_periods(curve: np.ndarray, rows: _Rows) -> np.ndarray:
    """Return a rate for every period, from the nearest row where nobody watched."""
    rate = np.exp(curve) * (rows.events.sum() + 0.5) / rows.exposure.sum()
    places = np.arange(len(rows.periods))
    row = np.searchsorted(rows.first, places, side="right") - 1
    return np.asarray(rate[row.clip(min=0)])


def _curve(kind: str, rows: _Rows, drawn: Drawn) -> pd.DataFrame:
    """Return the rate of one kind of course without season."""
    return pd.DataFrame(
        {"kind": kind, "period": rows.periods, "level_rate": _over_periods(drawn.level, rows)}
    )


def _caveats(
    seen: Observed, rows: _Rows, breaks: tuple[pd.Period, ...], *, shifts: bool = False
) -> tuple[str, ...]:
    """Return the keys of what a reader must know."""
    holds = seen.caveats() | {
        "courses_left_out": bool(_left_out(rows.events.size)),
        "periods_added_up": rows.together > 1,
        "declared_jump": bool(breaks),
        "counting_may_shift": shifts,
    }
    return tuple(key for key, is_so in holds.items() if is_so)


def _too_few(
    series: pd.DataFrame,
    season: str,
    breaks: tuple[pd.Period, ...],
    seen: Observed,
    rows: _Rows,
) -> Description:
    """Return the description of a series with hardly an event: no course can be told."""
    rate = rows.events.sum() / rows.exposure.sum()
    flat = Drawn(
        course="steady",
        dates=np.empty((0, 0), dtype=np.int64),
        changes=np.empty((0, 0)),
        curve=np.full(rows.events.size, np.log(max(rate, 1e-12) / _own_rate(rows))),
        level=np.full(rows.events.size, np.log(max(rate, 1e-12) / _own_rate(rows))),
        correlation=0.0,
        dispersion=1.0,
    )
    return Description(
        series=series,
        season=season,
        known_breaks=breaks,
        verdict="cannot_tell",
        leading="steady",
        weight=np.nan,
        weights=pd.DataFrame({"kind": ["steady"], "weight": [np.nan]}),
        courses=pd.DataFrame(columns=["course", "season", "weight"]),
        left_out=tuple(course for course in candidates.LEAST_ROWS if course != "steady"),
        seasonal=False,
        season_weight=np.nan,
        parts=(),
        dispersion=np.nan,
        memory_correlation=np.nan,
        periods_per_row=rows.together,
        n_periods=len(rows.periods),
        n_observed=seen.count.size,
        n_events=int(rows.events.sum()),
        fitted=_fitted(series, rows, flat),
        curves=_curve("steady", rows, flat),
        caveats=_caveats(seen, rows, breaks),
    )


def _own_rate(rows: _Rows) -> float:
    """Return the rate that curves are relative to."""
    return float((rows.events.sum() + 0.5) / rows.exposure.sum())
