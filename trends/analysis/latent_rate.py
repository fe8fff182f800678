"""Which rate over time would explain all the published figures at once?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha
from trends.models.published.composite_link import (
    Counts,
    Grid,
    Select,
    fit_composite_link,
    make_grid,
    straight_line,
    unidentified,
    window_means,
)
from trends.models.published.multiplier_drift import drift_p_value
from trends.models.published.running_totals import Figure, increments, running_totals
from trends.models.published.weighed_walks import (
    Course,
    Mixture,
    change_between,
    find_turns,
    mixture_of,
    multiplier_rows,
    rate_rows,
    share_told,
    weigh_courses,
)
from trends.tables.calendar import (
    DAYS_PER_MONTH,
    Frequency,
    check_frequency,
    days_in_periods,
    first_days,
    periods_between,
)
from trends.tables.choices import READINGS, ROLES
from trends.tables.figure import figure_flags, figures_allowed, flag_caveats, scope_keys
from trends.tables.rows import plain_rows
from trends.tables.statements import as_statements
from trends.tables.window import part_of_whole, why_no_rate

Minimums = Literal["bound", "count"]

#: What makes two figures one source: the same counter, counting the same thing in the same place;
#: and by the same definition, where the figures can tell what a change of definition amounts to.
SOURCE_COLUMNS = ("counter", "measure", "subset", "country", "control_area")

#: Segments of time within which the rate is constant, at most: what one fit can carry.
_MOST_SEGMENTS = 160

#: Fewest degrees of freedom, and least share of a change that the figures themselves tell, for a
#: change to be claimed.
LEAST_FREE, LEAST_TOLD = 3.0, 0.5

#: A drift of the multipliers is a caveat from this p-value on.
_DRIFT = 0.05


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LatentRate(Result):
    """One rate that explains figures of several sources, and what each source multiplies.

    Attributes
    ----------
    statements : DataFrame of n_rows
        The figures that were asked about.
    used : DataFrame of n_statements rows
        statement_id, source, count_low, count_high and `expected`, the count the fit expects.
    unused : DataFrame
        statement_id and the reason, for every row that is not in `used`.
    n_unused : int
        Number of these rows.
    periods : PeriodIndex of n_periods
        Periods within which the rate is constant.
    rate : Mixture of n_periods numbers
        Log of the events per 30.4375 days on the scale of the reference source.
    exposure : ndarray, shape (n_periods,)
        Days of the period that lie in the window of a used figure; 0 where the rate is a guess
        from its neighbours.
    sources : tuple of str
        The sources, reference first.
    source_exposure : ndarray, shape (n_sources,)
        Days that lie in a window of each source.
    multiplier : Mixture of n_sources numbers
        Log of what each source counts over what the reference counts.
    legs : tuple of (int, int)
        First and last period, by their position, of the stretches between the turns of the rate,
        a peak or trough each; the last one ends with the last period, a single one spans all.
    change : Mixture of n_legs numbers
        Log of the rate at the end of each leg over that at its start.
    told : ndarray, shape (n_legs,)
        Share of each change that the figures tell, as against what smoothness makes of it.
    visible_change : float
        Smallest ratio over the last leg that would have been shown with 80% power.
    jump_weight : float
        Weight of the courses of the rate that jump at least once.
    drift_p_value : float
        Of a test whether all multipliers are constant; NaN where it cannot be made.
    select : str
        By what the courses of the rate were weighed: reml, aic or bic; fixed where there is one.
    smoothing : float
        Weight of the penalty on changes of the rate, in the course with most weight.
    n_effective : float
        Effective dimension: how many free parameters curve, jumps and multipliers amount to.
    dispersion : float
        Variance of the figures over their mean, at least 1.
    n_free : float
        Figures, by the information they carry, minus effective dimension.
    minimums : str
        How "at least" figures were read: bound or count.
    freq : str
        Frequency letter of the periods.
    conf_level : float
        Level of the intervals.
    caveats : tuple of str
        Keys of the assumptions a reader must see.
    """

    statements: pd.DataFrame
    used: pd.DataFrame
    unused: pd.DataFrame
    periods: pd.PeriodIndex
    rate: Mixture
    exposure: np.ndarray
    sources: tuple[str, ...]
    source_exposure: np.ndarray
    multiplier: Mixture
    legs: tuple[tuple[int, int], ...]
    change: Mixture
    told: np.ndarray
    visible_change: float
    jump_weight: float
    drift_p_value: float
    select: str
    smoothing: float
    n_effective: float
    dispersion: float
    n_free: float
    n_statements: int
    n_sources: int
    n_unused: int
    minimums: str
    freq: str
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    @property
    def log_rate(self) -> np.ndarray:
        """Mean of the log rate over all courses, shape (n_periods,)."""
        return self.rate.mean

    @property
    def log_rate_error(self) -> np.ndarray:
        """Standard error of the log rate over all courses, shape (n_periods,)."""
        return self.rate.std_error

    @property
    def log_multiplier(self) -> np.ndarray:
        """Mean of the log multipliers over all courses, shape (n_sources,)."""
        return self.multiplier.mean

    @property
    def log_multiplier_error(self) -> np.ndarray:
        """Standard error of the log multipliers over all courses, shape (n_sources,)."""
        return self.multiplier.std_error

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row per period with its rate, then a row per source with its multiplier.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the estimate.

        Returns
        -------
        DataFrame of n_periods + n_sources rows
            Columns term ("rate" or the source), period, estimate, conf_low, conf_high, exposure,
            conf_level. Rates are events per 30.4375 days on the reference's scale; the exposure of
            a source is the days in its windows.
        """
        level = 1 - alpha_of(alpha, self.conf_level)
        rates = self._rows(self.rate, level)
        rates.insert(0, "term", "rate")
        rates.insert(1, "period", self.periods)
        rates["exposure"] = self.exposure
        sources = self._rows(self.multiplier, level)
        sources.insert(0, "term", self.sources)
        sources.insert(
            1, "period", pd.PeriodIndex([pd.NaT] * self.n_sources, freq=self.periods.freq)
        )
        sources["exposure"] = self.source_exposure
        frame = pd.concat([rates, sources], ignore_index=True)
        frame["conf_level"] = level
        return frame

    def _rows(self, numbers: Mixture, level: float) -> pd.DataFrame:
        """Return the estimates and intervals of numbers, a row each."""
        names = ["estimate", "conf_low", "conf_high"]
        return pd.DataFrame(dict(zip(names, self.interval(numbers, level=level), strict=True)))

    def interval(
        self, numbers: Mixture, *, level: float | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rates, multipliers or changes with their intervals.

        Parameters
        ----------
        numbers : Mixture
            `rate`, `multiplier` or `change`, which hold logs.
        level : float, optional
            Level of the intervals; by default that of the estimate.

        Returns
        -------
        tuple of three ndarrays
            Estimates (the median over all courses), lower ends, upper ends.
        """
        tail = (1 + (self.conf_level if level is None else level)) / 2
        middle, low, high = (np.exp(numbers.quantile(q)) for q in (0.5, 1 - tail, tail))
        return middle, low, high


def estimate_rate(
    statements: pd.DataFrame,
    *,
    smoothing: Select | float = "reml",
    reference: str | None = None,
    minimums: Minimums = "bound",
    pool: bool = False,
    freq: Frequency = "M",
    alpha: float = 0.05,
) -> LatentRate:
    """Estimate one rate from overlapping windows of several sources.

    A composite link model (Thompson and Baker 1981; Eilers 2007): a window's expected count is the
    rate summed over its days, times a multiplier of its source. The log rate walks from period to
    period and may jump; how far it walks and where it jumps are weighed and not chosen. Every kind
    of figure enters by its own likelihood, windows of one source that share days are correlated,
    and the dispersion is estimated.

    Parameters
    ----------
    statements : DataFrame of n_rows
        As `read_statements` returns it. Choose rows that count comparable things.
    smoothing : {"reml", "aic", "bic"} or float
        By what the courses of the rate are weighed, or the weight of the penalty on changes for a
        single course without jumps; infinite for a straight line of the log rate. Default "reml",
        which takes scatter least often for change.
    reference : str, optional
        Source (or its counter, if that names one source) whose multiplier is 1. Default: the
        source with most days in its windows.
    minimums : {"bound", "count"}
        Read "at least n" as a lower bound (default), or as the counter's own count of n, which
        suits counters who always say so.
    pool : bool
        Let figures of unlike measures explain one rate, each measure with multipliers of its own.
        Not by default: it takes for granted that they stay in proportion.
    freq : {"D", "W", "M", "Q", "Y"}
        Periods within which the rate is constant. Default months; of more than 160 periods,
        neighbours share a rate.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    LatentRate

    Raises
    ------
    TypeError
        If `statements` is not a table of statements.
    ValueError
        If an option is not valid, if measures differ and are not to be pooled, or if the rate is
        not identified: fewer figures than the level, the slope and the multipliers need, a source
        that shares no day with the others, or windows that leave level, slope or a multiplier open.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    *Assumptions.* Each source counts a constant share of the same events throughout, and where
    scopes differ the share is constant too. Figures of one counter by another definition are
    another source where other counters link the two, so that a break of definition is no change of
    the rate. Whether shares drift is tested; if they do, that is a caveat.

    *Changes* are told from turn to turn: a turn is a peak or trough with a clear change before and
    after it. No change is claimed with fewer than 3 degrees of freedom left to judge scatter, or
    where the figures tell less than half of it: the rest is made by the smoothness of the curve.

    *Rows.* Left out, each with its reason: figures without a window or that are no counts; parts
    of a whole that is in the table; second figures for one source and window (best role, reading
    and wording first, then the first in the table); rival values beside other figures; exact
    figures that shorter ones of the source already make up, or contradict; sources with minimum
    figures only, or with no events. `find_contradictions` shows the arithmetic of contradictions.

    *Intervals* are those of the mixture of all courses that explain the figures, each with its
    dispersion. Beside a jump they hold the levels on both sides where the day is not known.

    An "nth since" figure enters as a count of n over its days: given the rate its likelihood is
    the same.

    References
    ----------
    Thompson R, Baker RJ (1981). Composite link functions in generalized linear models. Applied
    Statistics 30(2):125-131.

    Eilers PHC (2007). Ill-posed problems with counts, the composite link model and penalized
    likelihood. Statistical Modelling 7(3):239-254. doi:10.1177/1471082X0700700302

    Rizzi S, Gampe J, Eilers PHC (2015). Efficient estimation of smooth distributions from coarsely
    grouped data. American Journal of Epidemiology 182(2):138-147. doi:10.1093/aje/kwv020

    Wood SN (2011). Fast stable restricted maximum likelihood and marginal likelihood estimation of
    semiparametric generalized linear models. Journal of the Royal Statistical Society B
    73(1):3-36. doi:10.1111/j.1467-9868.2010.00749.x

    Examples
    --------
    Monthly figures of a monitor, and half-yearly totals of a second one that counts half as much:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2024-01", periods=12, freq="M")
    >>> statements = pd.DataFrame({
    ...     "statement_id": [f"figure-{number}" for number in range(14)],
    ...     "measure": "events", "country": "Syria", "control_area": "all",
    ...     "counted_by": ["A"] * 12 + ["B"] * 2, "qualifier": "exact",
    ...     "count": [20] * 12 + [60, 60],
    ...     "window_start": [span.start_time for span in months] + [
    ...         pd.Timestamp("2024-01-01"), pd.Timestamp("2024-07-01")],
    ...     "window_end": [span.end_time.normalize() for span in months] + [
    ...         pd.Timestamp("2024-06-30"), pd.Timestamp("2024-12-31")],
    ... })
    >>> found = trends.estimate_rate(statements, reference="A")
    >>> found.sources, np.exp(found.log_multiplier).round(2).tolist()
    (('A', 'B'), [1.0, 0.5])
    """
    _check_options(smoothing, minimums, freq, alpha)
    statements = plain_rows(as_statements(statements))
    rows, reasons = _choose_rows(statements, minimums)
    apart = _choose_rows(statements, minimums, by_definition=True)
    if _are_linked(apart[0]):
        rows, reasons = apart
    if not pool:
        _refuse_unlike(rows)
    sources = _order_sources(rows, reference)
    periods = periods_between(rows["window_start"].min(), rows["window_end"].max(), freq)
    origin = first_days(periods)[0]
    counts = _counts_of(rows, sources, origin)
    grid = _grid_of(periods)
    _refuse_unidentified(rows, counts, grid, sources)
    courses = _courses(counts, grid, smoothing)
    windows = _windows_of(rows, sources, origin)
    covered = _covered_days(windows, len(sources), int(grid.edges[-1]))
    exposure = np.add.reduceat(covered.any(axis=0), grid.edges[:-1].astype(int)).astype(float)
    seen = np.flatnonzero(exposure > 0)
    turns = find_turns(courses, seen, level=1 - alpha / 2)
    legs = tuple(itertools.pairwise([*turns, len(periods) - 1]))
    change = change_between(courses, list(legs))
    told = share_told(counts, grid, list(legs))
    weight = change.weight
    best = courses[0].fit
    dispersion, n_effective, n_informative = (
        float(weight @ [getattr(each.fit, name) for each in courses])
        for name in ("dispersion", "n_effective", "n_informative")
    )
    n_free = n_informative - n_effective
    drift = drift_p_value(counts, courses[0].grid, best)
    return LatentRate(
        statements=statements,
        used=_used(rows, windows, courses, weight),
        unused=_unused(statements, reasons),
        periods=periods,
        rate=_shifted(
            mixture_of(courses, [rate_rows(c, np.arange(len(periods))) for c in courses])
        ),
        exposure=exposure,
        sources=sources,
        source_exposure=covered.sum(axis=1).astype(float),
        multiplier=_with_reference(mixture_of(courses, [multiplier_rows(c) for c in courses])),
        legs=legs,
        change=change,
        told=told,
        visible_change=_visible(change, alpha),
        jump_weight=float(weight @ [bool(each.jumps) for each in courses]),
        drift_p_value=drift,
        select=smoothing if isinstance(smoothing, str) else "fixed",
        smoothing=np.inf if smoothing == np.inf else best.smoothing,
        n_effective=n_effective,
        dispersion=dispersion,
        n_free=n_free,
        n_statements=len(rows),
        n_sources=len(sources),
        n_unused=len(reasons),
        minimums=minimums,
        freq=str(periods.freqstr)[0],
        conf_level=1 - alpha,
        caveats=_caveats(rows, exposure, n_free, drift, minimums),
    )


def _courses(counts: Counts, grid: Grid, smoothing: Select | float) -> list[Course]:
    """Return the courses of the rate that are weighed; a single one for a given smoothing."""
    if isinstance(smoothing, str):
        return weigh_courses(counts, grid, select=smoothing)
    if smoothing == np.inf:
        grid, smoothing = straight_line(grid), 0.0
    fit = fit_composite_link(counts, grid, smoothing=float(smoothing))
    return [Course(fit, grid, np.nan, (), 0.0)]


def _shifted(log_rate: Mixture) -> Mixture:
    """Return log rates per day as log rates per 30.4375 days."""
    return replace(log_rate, centre=log_rate.centre + np.log(DAYS_PER_MONTH))


def _with_reference(log_multiplier: Mixture) -> Mixture:
    """Return the log multipliers with that of the reference, 0 and known, before them."""
    none = np.zeros((len(log_multiplier.weight), 1))
    return replace(
        log_multiplier,
        centre=np.hstack([none, log_multiplier.centre]),
        error=np.hstack([none, log_multiplier.error]),
    )


def _visible(change: Mixture, alpha: float) -> float:
    """Return the smallest ratio over the last leg that would have been shown with 80% power."""
    reach = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(0.8)
    return float(np.exp(reach * change.std_error[-1]))


def _used(
    rows: pd.DataFrame, windows: Counts, courses: list[Course], weight: np.ndarray
) -> pd.DataFrame:
    """Return the figures that were fitted, with what the courses expect of each on average."""
    means = [window_means(each.fit.params, windows, each.grid) for each in courses]
    return pd.DataFrame(
        {
            "statement_id": rows["statement_id"].to_numpy(),
            "source": rows["source"].to_numpy(),
            "count_low": windows.fewest,
            "count_high": windows.most,
            "expected": weight @ np.array(means),
        }
    )


def _unused(statements: pd.DataFrame, reasons: dict[Any, str]) -> pd.DataFrame:
    """Return the rows that were not fitted, each with its reason."""
    names = statements["statement_id"].to_dict()
    rows = [(names[row], reason) for row, reason in sorted(reasons.items())]
    return pd.DataFrame(rows, columns=["statement_id", "reason"])


def _refuse_unlike(rows: pd.DataFrame) -> None:
    """Raise where figures count different things."""
    measures = sorted(rows["measure"].unique())
    if len(measures) > 1:
        raise ValueError(
            f"`statements` must count one thing, got the measures {', '.join(measures)}. Choose "
            "the rows of one, or pass pool=True to take for granted that they stay in proportion."
        )


def _covered_days(windows: Counts, n_sources: int, n_days: int) -> np.ndarray:
    """Return which days lie in a window of which source, shape (n_sources, n_days)."""
    covered = np.zeros((n_sources, n_days), dtype=bool)
    for source, start, end in zip(windows.source, windows.start, windows.end, strict=True):
        covered[source, int(start) : int(end)] = True
    return covered


def _check_options(smoothing: object, minimums: str, freq: str, alpha: float) -> None:
    """Raise unless the options are valid."""
    chosen = isinstance(smoothing, str) and smoothing in ("reml", "aic", "bic")
    fixed = isinstance(smoothing, int | float) and smoothing >= 0
    if not chosen and not fixed:
        raise ValueError(
            f"`smoothing` must be reml, aic, bic or a number of 0 or more, got {smoothing!r}. "
            "Use reml unless there is a reason."
        )
    if minimums not in ("bound", "count"):
        raise ValueError(f"`minimums` must be bound or count, got {minimums!r}. Pick one.")
    check_frequency(freq)
    check_alpha(alpha)


def _choose_rows(
    statements: pd.DataFrame, minimums: Minimums, *, by_definition: bool = False
) -> tuple[pd.DataFrame, dict[Any, str]]:
    """Return the rows that can enter, with their source, and the reason of each that cannot."""
    reasons: dict[Any, str] = {}
    for label, row in statements.to_dict("index").items():
        reason = why_no_rate(row) or part_of_whole(row, statements)
        if reason:
            reasons[label] = reason
    rows = statements.drop(index=list(reasons))
    if minimums == "count":
        said = rows["qualifier"].isin(["at_least", "more_than"])
        rows = rows.assign(qualifier=rows["qualifier"].where(~said, "exact"))
    rows = rows.assign(source=_source_names(rows, by_definition))
    allowed = figures_allowed(rows)
    rows = rows.assign(fewest=allowed.fewest, most=allowed.most)
    for judge in (_rivals, _second_figures, _at_odds_or_made_up, _without_level):
        found = judge(rows)
        reasons |= found
        rows = rows.drop(index=list(found))
    return rows, reasons


def _source_names(rows: pd.DataFrame, by_definition: bool) -> pd.Series:
    """Return the name of each row's source: the counter, and what tells its sources apart."""
    named = [name for name in SOURCE_COLUMNS[1:] if _varies(rows, name)]
    names = rows["counter"].astype("str")
    for column in named:
        words = rows[column].fillna("").astype("str")
        names = names.where(words == "", names + ", " + words)
    if by_definition:
        words = rows["definition"].fillna("").astype("str")
        several = words.groupby(names).transform(lambda own: len(set(own) - {""}) > 1)
        names = names.where(~several.astype(bool) | (words == ""), names + ", " + words)
    return names


def _are_linked(rows: pd.DataFrame) -> bool:
    """Tell whether a chain of shared days joins all sources."""
    if rows.empty:
        return False
    numbers = pd.factorize(rows["source"])[0]
    origin = rows["window_start"].min()
    windows = _windows_of(rows, tuple(rows["source"].unique()), origin)
    return not _apart_from_reference(windows._replace(source=numbers))


def _varies(rows: pd.DataFrame, name: str) -> bool:
    """Tell whether a column holds more than one value."""
    return len(rows[name].unique()) > 1


def _second_figures(rows: pd.DataFrame) -> dict[Any, str]:
    """Return the rows that repeat the source and window of a better one."""
    ranks = pd.DataFrame(
        {
            "role": [ROLES.index(role) for role in rows.get("role", ["primary"] * len(rows))],
            "reading": [
                READINGS.index(reading) for reading in rows.get("reading", ["direct"] * len(rows))
            ],
            "width": (rows["most"] - rows["fewest"]).to_numpy(),
        },
        index=rows.index,
    )
    order = ranks.sort_values(["role", "reading", "width"], kind="stable").index
    kept: dict[tuple[Any, ...], str] = {}
    reasons = {}
    for label in order:
        row = rows.loc[label]
        window = (row["source"], row["window_start"], row["window_end"])
        if window in kept:
            reasons[label] = f"{kept[window]} is used for the same source and window"
        else:
            kept[window] = row["statement_id"]
    return reasons


def _rivals(rows: pd.DataFrame) -> dict[Any, str]:
    """Return rival rows that share days with a figure of their source that is none."""
    reasons: dict[Any, str] = {}
    if "role" not in rows:
        return reasons
    for label in rows.index[rows["role"] == "rival"]:
        own = rows[(rows["source"] == rows.loc[label, "source"]) & (rows["role"] != "rival")]
        meets = (own["window_start"] <= rows.loc[label, "window_end"]) & (
            own["window_end"] >= rows.loc[label, "window_start"]
        )
        if meets.any():
            reasons[label] = f"a rival value beside {own.loc[meets, 'statement_id'].iloc[0]}"
    return reasons


def _at_odds_or_made_up(rows: pd.DataFrame) -> dict[Any, str]:
    """Return exact rows that add nothing to shorter ones of their source, or contradict them."""
    reasons: dict[Any, str] = {}
    for figures in _exact_figures(rows).values():
        reasons |= running_totals(figures)[1]
    return reasons


def _exact_figures(rows: pd.DataFrame) -> dict[str, list[Figure]]:
    """Return the exact figures of each source."""
    exact = rows[rows["fewest"] == rows["most"]]
    figures: dict[str, list[Figure]] = {}
    for label, row in zip(exact.index, exact.to_dict("records"), strict=True):
        stop = row["window_end"] + pd.Timedelta(days=1)
        figure = Figure(label, row["window_start"], stop, int(row["fewest"]))
        figures.setdefault(row["source"], []).append(figure)
    return figures


def _without_level(rows: pd.DataFrame) -> dict[Any, str]:
    """Return rows of sources whose level nothing limits from above, or from below."""
    reasons = {}
    for _, own in rows.groupby("source", sort=False):
        if np.isinf(own["most"]).all():
            for label in own.index:
                reasons[label] = "its source gives minimum figures only, so its level is open"
        elif own["fewest"].eq(0).all():
            for label in own.index:
                reasons[label] = "its source counted no events, so its multiplier has no logarithm"
    return reasons


def _order_sources(rows: pd.DataFrame, reference: str | None) -> tuple[str, ...]:
    """Return the sources, reference first."""
    if len(rows) < 3:
        raise ValueError(
            f"`statements` must hold at least 3 usable figures, got {len(rows)}. "
            "One figure implies one rate (`figure_rate`), two a comparison (`compare_rates`)."
        )
    days = (rows["window_end"] - rows["window_start"]).dt.days + 1
    names = days.groupby(rows["source"]).sum().sort_values(ascending=False).index.tolist()
    if reference is None:
        return tuple(names)
    named = (rows["counted_by"] == reference) | (rows["counter"] == reference)
    by_counter = rows.loc[named, "source"].unique().tolist()
    matching = [reference] if reference in names else by_counter
    if len(matching) != 1:
        raise ValueError(
            f"`reference` must name one source, got {reference!r}. Choose among: "
            f"{'; '.join(names)}."
        )
    return (matching[0], *(name for name in names if name != matching[0]))


def _windows_of(rows: pd.DataFrame, sources: tuple[str, ...], origin: pd.Timestamp) -> Counts:
    """Return the rows as arrays, days counted from the first day of the grid."""
    number = {source: index for index, source in enumerate(sources)}
    return Counts(
        fewest=rows["fewest"].to_numpy(dtype=float),
        most=rows["most"].to_numpy(dtype=float),
        start=(rows["window_start"] - origin).dt.days.to_numpy(dtype=float),
        end=(rows["window_end"] - origin).dt.days.to_numpy(dtype=float) + 1,
        source=rows["source"].map(number).to_numpy(dtype=int),
    )


def _counts_of(rows: pd.DataFrame, sources: tuple[str, ...], origin: pd.Timestamp) -> Counts:
    """Return the figures as the model takes them: exact totals as rises between known days.

    Sums and differences of one source's exact figures say the same as the figures, and share days
    only where no chain of figures joins them.
    """
    inexact = _windows_of(rows[rows["fewest"] != rows["most"]], sources, origin)
    exact = _exact_figures(rows)
    rises = [
        (rise.n_events, (rise.start - origin).days, (rise.stop - origin).days, number)
        for number, source in enumerate(sources)
        for rise in increments(running_totals(exact.get(source, []))[0])
    ]
    counted, start, end, source = np.array(rises, dtype=float).reshape(-1, 4).T
    return Counts(
        fewest=np.concatenate([counted, inexact.fewest]),
        most=np.concatenate([counted, inexact.most]),
        start=np.concatenate([start, inexact.start]),
        end=np.concatenate([end, inexact.end]),
        source=np.concatenate([source.astype(int), inexact.source]),
    )


def _grid_of(periods: pd.PeriodIndex) -> Grid:
    """Return the periods as cells, joined where there are too many."""
    edges = np.concatenate([[0.0], np.cumsum(days_in_periods(periods))])
    return make_grid(edges, _MOST_SEGMENTS)


def _refuse_unidentified(
    rows: pd.DataFrame, counts: Counts, grid: Grid, sources: tuple[str, ...]
) -> None:
    """Raise where level, slope or a multiplier cannot be estimated."""
    apart = _apart_from_reference(counts)
    if apart:
        raise ValueError(
            "`statements` must have sources whose windows share days, got "
            f"{'; '.join(sources[index] for index in apart)} sharing none with {sources[0]} or a "
            "source linked to it, so that its multiplier is not identified. Leave it out."
        )
    n_needed = 2 + len(sources)
    if len(rows) < n_needed:
        raise ValueError(
            f"`statements` must hold at least {n_needed} usable figures to tell level, slope and "
            f"the multipliers of {len(sources)} sources apart, got {len(rows)}. "
            "Add figures, or leave out sources."
        )
    open_direction = unidentified(counts, straight_line(grid))
    if open_direction is not None:
        names = ("the level", "the slope", *(f"the multiplier of {name}" for name in sources[1:]))
        mixed = [name for name, part in zip(names, open_direction, strict=True) if abs(part) > 0.1]
        raise ValueError(
            "`statements` must have windows that identify level, slope and multipliers, got "
            f"windows that leave {' and '.join(mixed)} open. Add figures over other days."
        )


def _apart_from_reference(counts: Counts) -> list[int]:
    """Return the sources that no chain of shared days links to the reference."""
    n_sources = int(counts.source.max()) + 1
    linked, fresh = {0}, [0]
    while fresh:
        own = counts.source == fresh.pop()
        for other in set(range(n_sources)) - linked:
            theirs = counts.source == other
            meets = np.less.outer(counts.start[own], counts.end[theirs]) & np.greater.outer(
                counts.end[own], counts.start[theirs]
            )
            if meets.any():
                linked.add(other)
                fresh.append(other)
    return sorted(set(range(n_sources)) - linked)


def _caveats(
    rows: pd.DataFrame, exposure: np.ndarray, n_free: float, drift: float, minimums: Minimums
) -> tuple[str, ...]:
    """Return the keys of the assumptions and weaknesses a reader must see."""
    found = []
    if drift <= _DRIFT:
        found.append("drifting_multipliers")
    if len(set(scope_keys(rows))) > 1:
        found.append("equal_scopes")
    if _definitions_change(rows):
        found.append("definition_break")
    if _varies(rows, "measure"):
        found.append("different_measures_modelled")
    if (exposure == 0).any():
        found.append("uncovered_periods")
    if minimums == "count":
        found.append("minimums_as_counts")
    if n_free < LEAST_FREE:
        found.append("dispersion_unknown")
    flags = [flag for row in rows.to_dict("records") for flag in figure_flags(row)]
    return (*found, *flag_caveats(flags))


def _definitions_change(rows: pd.DataFrame) -> bool:
    """Tell whether figures of one source follow more than one definition."""
    told = rows[["source", "definition"]].dropna().drop_duplicates()
    return bool(told["source"].duplicated().any())
