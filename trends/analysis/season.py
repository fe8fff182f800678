"""How much of the coming and going is the time of year, Ramadan included?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.count_model import CountFit, Family, fit_counts, ratio_of
from trends.models.counts.decomposition import loess_parts
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    LEAST_OBSERVED,
    Observed,
    observed_periods,
    years_of,
)
from trends.models.counts.season_evidence import SeasonEvidence, bent_trend, season_evidence
from trends.models.counts.season_terms import (
    HIJRI_TERMS,
    LEAST_YEARS,
    is_identified,
    season_columns,
)
from trends.models.counts.serial_dependence import MemoryPosterior, grid_of, memory_of_fit
from trends.models.counts.silence import active_span
from trends.models.counts.smallest_change import POWER, smallest_noncentrality, smallest_visible
from trends.tables.calendar import (
    days_in_periods,
    frequency_letter,
    hijri_shares,
    hijri_year,
    is_of_the_calendar,
)

Calendar = Literal["gregorian", "hijri"]
SeasonVerdict = Literal["seasonal", "no_clear_season", "too_short"]

#: Ramadans without which a Hijri season cannot be told.
_LEAST_RAMADANS = 3
#: Observed days from which a Ramadan counts as observed.
_HALF_A_RAMADAN = 15
#: Years after which Ramadan has moved through two months and parts from the time of year.
_YEARS_TO_PART = 6.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Season(Result):
    """Effects of the time of year on a rate.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    calendar : {"gregorian", "hijri"}
        Months (quarters) of the Gregorian year, or Ramadan and the feasts.
    verdict : {"seasonal", "no_clear_season", "too_short"}
        At `alpha`, for all effects together.
    statistic, p_value : float
        Joint F statistic of the effects, memory taken into account, and its permutation p-value;
        NaN when too short.
    n_effects, n_free : int
        Degrees of freedom of the test.
    effects : DataFrame
        Columns term, log_ratio, std_error: each month against the average month, or days of an
        occasion against ordinary days.
    amplitude, amplitude_low, amplitude_high : float
        Peak over trough of the yearly wave, with its interval (from 1 when the wave may be none);
        for the Hijri calendar the ratio of Ramadan days to ordinary days.
    peak : str
        Term with the highest effect; "" when too short.
    smallest_ratio : float
        Smallest amplitude that the joint test (Ramadan ratio that its own test) would have shown
        with 80% power in this series.
    sensitivity : DataFrame
        Hijri only: columns shift, term, estimate, conf_low, conf_high, p_value with the calendar
        a day earlier, as calculated, and a day later.
    ramadans : DataFrame
        Hijri only: columns hijri_year, period (the one with most of its days), estimate,
        conf_low, conf_high (ratios): every Ramadan observed for at least 15 days, by
        itself, against the ordinary days around it; empty when the series cannot part them or
        one of them has no finite ratio, for want of events.
    decomposition : DataFrame
        For looking: columns period, log_rate, trend, seasonal, remainder (STL, monthly or
        quarterly series without gaps); otherwise empty.
    family : {"poisson", "quasipoisson", "nb2", "none"}
        Family of the fit; none when too short.
    memory_probability, memory_correlation : float
        As in `Trend`.
    conf_level : float
        Level of all intervals.
    n_years : float
        Length of the series, silences beyond chance before the first event and after the last
        left out.
    n_periods, n_observed, n_events : int
        Periods, periods with a count, events.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    calendar: Calendar
    verdict: SeasonVerdict
    statistic: float
    p_value: float
    n_effects: int
    n_free: int
    effects: pd.DataFrame
    amplitude: float
    amplitude_low: float
    amplitude_high: float
    peak: str
    smallest_ratio: float
    sensitivity: pd.DataFrame
    ramadans: pd.DataFrame
    decomposition: pd.DataFrame
    family: str
    memory_probability: float
    memory_correlation: float
    conf_level: float
    n_years: float
    n_periods: int
    n_observed: int
    n_events: int
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row per effect, as ratio of rates.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the season.

        Returns
        -------
        DataFrame
            Columns term, estimate, statistic, p_value, conf_low, conf_high, conf_level, method;
            no rows when the series is too short to tell.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        half = float(stats.t.ppf(1 - alpha / 2, max(self.n_free, 1))) * self.effects["std_error"]
        statistic = self.effects["log_ratio"] / self.effects["std_error"]
        return pd.DataFrame(
            {
                "term": self.effects["term"],
                "estimate": ratio_of(self.effects["log_ratio"]),
                "statistic": statistic,
                "p_value": 2 * stats.t.sf(np.abs(statistic), max(self.n_free, 1)),
                "conf_low": ratio_of(self.effects["log_ratio"] - half),
                "conf_high": ratio_of(self.effects["log_ratio"] + half),
                "conf_level": 1 - alpha,
                "method": "memory",
            }
        )


def estimate_season(
    series: pd.DataFrame,
    *,
    calendar: Calendar = "gregorian",
    family: Family = "auto",
    alpha: float = 0.05,
) -> Season:
    """Estimate and test the effect of the time of year.

    The log rate is a trend with one free bend a year, plus effects of months, or of the share of
    each period's days in Ramadan and the two feasts. Effects are tested together, not assumed: an F
    statistic with memory as in `estimate_trend`, judged by 999 permutations of residuals, because
    few counts and heavy tails show false seasons to an F test.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3.
    calendar : {"gregorian", "hijri"}
        Months (quarters of quarterly series), or Ramadan, Eid al-Fitr and Eid al-Adha. Hijri
        effects are also estimated with the calendar a day earlier and a day later, because
        sightings differ from calculation.
    family : {"auto", "poisson", "quasipoisson", "nb2"}
        As in `estimate_trend`.
    alpha : float
        One minus the level of the intervals; the verdict is given at it.

    Returns
    -------
    Season
        With verdict "too_short" and no effects when the series has less than two years (fewer
        than three Ramadans), some month was observed only once, too few periods would be left to
        judge the noise, or fewer of them hold events than there are terms.

    Raises
    ------
    TypeError
        If `series` is not a count series.
    ValueError
        If it is too empty, its periods are too long for the calendar, an option is not one of its
        choices, or `alpha` is not between 0 and 1.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    Ramadan moves back by eleven days a year. In series of less than six years it cannot be told
    from the time of year, and a caveat says so; in longer ones two yearly waves are in the model
    beside it. Like is compared with like: every Ramadan with the ordinary days around it, through
    the trend, not with another year's months. The last ten nights are compared with the rest of
    Ramadan in a second fit, and every Ramadan by itself with its own surroundings in a third.

    Silences beyond chance before the first event and after the last are left out: a group that had
    not started has no season.

    An occasion that fills a share of a period is taken to multiply its rate by the ratio to the
    power of that share.

    References
    ----------
    Cleveland RB, Cleveland WS, McRae JE, Terpenning I (1990). STL: a seasonal-trend decomposition
    procedure based on loess. Journal of Official Statistics 6(1):3-73.

    Bell WR, Hillmer SC (1983). Modeling time series with calendar variation. Journal of the
    American Statistical Association 78(383):526-534.

    Examples
    --------
    >>> import trends
    >>> year = [10, 10, 10, 10, 10, 30, 30, 30, 10, 10, 10, 10]
    >>> trends.estimate_season(trends.as_series(year * 4, start="2018-01")).verdict
    'seasonal'
    """
    if calendar not in ("gregorian", "hijri"):
        raise ValueError(f"`calendar` must be 'gregorian' or 'hijri', got {calendar!r}. Pick one.")
    check_alpha(alpha)
    seen = _between_silences(series)
    letter = frequency_letter(seen.periods)
    coarse = "Y" if calendar == "gregorian" else "QY"
    if letter in coarse:
        raise ValueError(
            f"`series` must have periods short enough for a {calendar} season, got frequency "
            f"{letter}. Count by month or week."
        )
    if letter == "Q" and not is_of_the_calendar(seen.periods):
        raise ValueError(
            f"`series` must have quarters of the calendar year, got {seen.periods.freqstr}, whose "
            "quarters have no common names. Count by month."
        )
    if calendar == "gregorian":
        return _gregorian(series, seen, family, alpha)
    return _hijri(series, seen, family, alpha)


def _between_silences(series: pd.DataFrame) -> Observed:
    """Return what was observed from the first event to the last, where silences surround it."""
    seen = observed_periods(series)
    watched = series.iloc[active_span(seen)]
    left = watched["count"].dropna()
    if left.size < LEAST_OBSERVED or (left > 0).sum() < LEAST_EVENTFUL:
        return seen
    return observed_periods(watched)


class _Fitted(NamedTuple):
    """A fit with trend and effects; the coefficients of the effects come last."""

    fit: CountFit
    memory: MemoryPosterior
    beside: np.ndarray
    design: np.ndarray
    effects: np.ndarray

    def errors(self, contrast: np.ndarray) -> np.ndarray:
        """Return the standard errors of linear combinations of the effects."""
        return self.memory.std_errors(self._among_all(contrast))

    def f_statistic(self, effects: np.ndarray) -> float:
        """Return the F statistic that these effects have together."""
        return self.memory.wald(effects, self._among_all(np.eye(effects.size))) / effects.size

    def _among_all(self, contrast: np.ndarray) -> np.ndarray:
        """Return combinations of the effects as combinations of all coefficients."""
        before = self.fit.params.size - self.effects.size
        return np.pad(contrast, ((0, 0), (before, 0)))


def _fit(seen: Observed, columns: np.ndarray, extra: np.ndarray, family: Family) -> _Fitted | None:
    """Return the fit of effects `columns` beside trend and `extra`; None if unidentified."""
    beside = np.column_stack([bent_trend(seen), extra])[seen.position]
    design = np.column_stack([beside, columns[seen.position]])
    if not is_identified(seen, design):
        return None
    fit = fit_counts(seen.count, design, seen.exposure, family=family)
    memory = memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods))
    return _Fitted(fit, memory, beside, design, fit.params[beside.shape[1] :])


def _joint_test(seen: Observed, fitted: _Fitted, family: Family) -> SeasonEvidence:
    """Return the test of all effects together."""
    season = fitted.design[:, fitted.beside.shape[1] :]
    return season_evidence(seen, fitted.beside, season, family=family)


def _gregorian(series: pd.DataFrame, seen: Observed, family: Family, alpha: float) -> Season:
    """Return the effects of months or quarters."""
    columns, names = season_columns(seen.periods, "month")
    per_month = np.column_stack([columns.sum(axis=1) == 0, columns])[seen.position].sum(axis=0)
    fitted = None
    if years_of(seen.periods) >= LEAST_YEARS and per_month.min() >= 2:
        fitted = _fit(seen, columns, np.empty((len(seen.periods), 0)), family)
    if fitted is None:
        return _too_short(series, seen, "gregorian", alpha)
    # Effects against the average month: the first month's effect is minus the sum of the others'.
    n_months = columns.shape[1] + 1
    contrast = np.vstack([np.zeros(n_months - 1), np.eye(n_months - 1)]) - 1 / n_months
    effects = contrast @ fitted.effects
    errors = fitted.errors(contrast)
    kind = names[0].partition("_")[0]
    terms = [f"{kind}_1", *names]
    statistic, p_value = _joint_test(seen, fitted, family)
    wave = _wave(contrast, fitted, alpha)
    low = 1.0 if p_value > alpha else float(ratio_of(2 * max(wave.size - wave.half, 0)))
    return Season(
        series=series,
        calendar="gregorian",
        verdict="seasonal" if p_value <= alpha else "no_clear_season",
        statistic=statistic,
        p_value=p_value,
        n_effects=fitted.effects.size,
        n_free=fitted.memory.n_free,
        effects=pd.DataFrame({"term": terms, "log_ratio": effects, "std_error": errors}),
        amplitude=float(ratio_of(2 * wave.size)),
        amplitude_low=low,
        amplitude_high=float(ratio_of(2 * (wave.size + wave.half))),
        peak=terms[int(np.argmax(effects))],
        smallest_ratio=float(ratio_of(2 * _smallest_wave(fitted, n_months, alpha))),
        sensitivity=_no_sensitivity(),
        ramadans=_no_ramadans(),
        decomposition=_decomposition(seen),
        caveats=_caveats(series, seen, fitted),
        family=fitted.fit.family,
        memory_probability=fitted.memory.probability,
        memory_correlation=fitted.memory.correlation,
        conf_level=1 - alpha,
        n_years=years_of(seen.periods),
        n_periods=len(series),
        n_observed=int(series["count"].notna().sum()),
        n_events=int(seen.count.sum()),
    )


class _Wave(NamedTuple):
    """Half the log ratio of peak to trough of the yearly wave, and half its interval."""

    size: float
    half: float


def _wave(contrast: np.ndarray, fitted: _Fitted, alpha: float) -> _Wave:
    """Return the yearly wave in the month effects, by least squares over the months."""
    turns = 2 * np.pi * np.arange(1, contrast.shape[0] + 1) / contrast.shape[0]
    waves = np.column_stack([np.sin(turns), np.cos(turns)])
    onto = np.linalg.pinv(waves) @ contrast
    coefficients = onto @ fitted.effects
    size = float(np.hypot(*coefficients))
    direction = coefficients / max(size, 1e-12)
    error = float(fitted.errors((direction @ onto)[None, :])[0])
    return _Wave(size, _critical(fitted, alpha) * error)


def _smallest_wave(fitted: _Fitted, n_months: int, alpha: float) -> float:
    """Return half the log ratio of peak to trough that the joint test would find 4 times in 5.

    Of all phases a wave may have, the one that is seen least counts.
    """
    needed = smallest_noncentrality(n_months - 1, fitted.memory.n_free, power=POWER, alpha=alpha)
    turns = 2 * np.pi * np.arange(n_months) / n_months
    waves = np.cos(turns[None, :] - turns[:, None])
    # An effect is that of a month over the first.
    unit = min(fitted.f_statistic(wave[1:] - wave[0]) for wave in waves) * (n_months - 1)
    return float(np.sqrt(needed / unit))


def _hijri(series: pd.DataFrame, seen: Observed, family: Family, alpha: float) -> Season:
    """Return the effects of Ramadan and the feasts, and how a day more or less changes them."""
    shares = hijri_shares(seen.periods)
    ramadans = int((_ramadan_days(seen, shares).sum(axis=1) >= _HALF_A_RAMADAN).sum())
    parted = years_of(seen.periods) >= _YEARS_TO_PART
    waves = season_columns(seen.periods, "harmonic" if parted else "none")[0]
    fitted = None
    if ramadans >= _LEAST_RAMADANS:
        fitted = _fit(seen, shares[list(HIJRI_TERMS)].to_numpy(), waves, family)
    if fitted is None:
        return _too_short(series, seen, "hijri", alpha)
    n_free = fitted.memory.n_free
    effects = list(zip(HIJRI_TERMS, fitted.effects, _errors(fitted), strict=True))
    nights = _last_ten_nights(seen, shares, waves, family)
    if nights is not None:
        effects.append(("last_ten_nights", *nights))
    statistic, p_value = _joint_test(seen, fitted, family)
    critical = _critical(fitted, alpha)
    ramadan, error = float(fitted.effects[0]), float(_errors(fitted)[0])
    sensitivity = _sensitivity(seen, waves, family, alpha)
    found = sensitivity.loc[sensitivity["term"] == "ramadan", "p_value"] <= alpha
    caveats = _caveats(series, seen, fitted)
    if not parted:
        caveats = (*caveats, "ramadan_or_time_of_year")
    if found.any() and not found.all():
        caveats = (*caveats, "hijri_day_matters")
    table = pd.DataFrame(effects, columns=["term", "log_ratio", "std_error"])
    return Season(
        series=series,
        calendar="hijri",
        verdict="seasonal" if p_value <= alpha else "no_clear_season",
        statistic=statistic,
        p_value=p_value,
        n_effects=fitted.effects.size,
        n_free=n_free,
        effects=table,
        amplitude=float(ratio_of(ramadan)),
        amplitude_low=float(ratio_of(ramadan - critical * error)),
        amplitude_high=float(ratio_of(ramadan + critical * error)),
        peak=str(table.loc[table["log_ratio"].idxmax(), "term"]),
        smallest_ratio=float(ratio_of(smallest_visible(error, n_free, power=POWER, alpha=alpha))),
        sensitivity=sensitivity,
        ramadans=_each_ramadan(seen, shares, waves, family, alpha),
        decomposition=_decomposition(seen),
        caveats=caveats,
        family=fitted.fit.family,
        memory_probability=fitted.memory.probability,
        memory_correlation=fitted.memory.correlation,
        conf_level=1 - alpha,
        n_years=years_of(seen.periods),
        n_periods=len(series),
        n_observed=int(series["count"].notna().sum()),
        n_events=int(seen.count.sum()),
    )


def _critical(fitted: _Fitted, alpha: float) -> float:
    """Return the two-sided critical value of an effect."""
    return float(stats.t.ppf(1 - alpha / 2, fitted.memory.n_free))


def _errors(fitted: _Fitted) -> np.ndarray:
    """Return the standard errors of the effects."""
    return fitted.errors(np.eye(fitted.effects.size))


def _ramadan_days(seen: Observed, shares: pd.DataFrame) -> np.ndarray:
    """Return the observed days of every Ramadan in every period, shape (n_ramadans, n_periods)."""
    watched = np.zeros(len(seen.periods), dtype=bool)
    watched[seen.position] = True
    days = shares["ramadan"].to_numpy() * days_in_periods(seen.periods)
    inside = days > 0
    run = np.cumsum(inside & ~np.r_[False, inside[:-1]])
    numbers = np.unique(run[inside])
    return np.asarray(np.where(watched & inside & (run == numbers[:, None]), days, 0.0))


def _each_ramadan(
    seen: Observed, shares: pd.DataFrame, waves: np.ndarray, family: Family, alpha: float
) -> pd.DataFrame:
    """Return the effect of every Ramadan by itself; no rows if they cannot be parted."""
    days = _ramadan_days(seen, shares)
    days = days[days.sum(axis=1) > 0]
    count = np.zeros(len(seen.periods))
    count[seen.position] = seen.count
    if not ((days > 0) @ count > 0).all():
        # A Ramadan without events has no finite ratio, and all of them together still have one.
        return _no_ramadans()
    columns = np.where(days.T > 0, shares["ramadan"].to_numpy()[:, None], 0.0)
    feasts = shares[["eid_al_fitr", "eid_al_adha"]].to_numpy()
    try:
        fitted = _fit(seen, np.column_stack([columns, feasts]), waves, family)
    except RuntimeError:
        fitted = None
    if fitted is None:
        return _no_ramadans()
    most = seen.periods[days.argmax(axis=1)]
    effect = fitted.effects[: len(days)]
    half = _critical(fitted, alpha) * _errors(fitted)[: len(days)]
    ratio, low, high = ratio_of(np.array([effect, effect - half, effect + half]))
    table = pd.DataFrame(
        {
            "hijri_year": [hijri_year(period.start_time) for period in most],
            "period": most,
            "estimate": ratio,
            "conf_low": low,
            "conf_high": high,
        }
    )
    return table[days.sum(axis=1) >= _HALF_A_RAMADAN].reset_index(drop=True)


def _no_ramadans() -> pd.DataFrame:
    """Return an empty table of Ramadans."""
    columns = ["hijri_year", "period", "estimate", "conf_low", "conf_high"]
    return pd.DataFrame(columns=columns, dtype=float)


def _last_ten_nights(
    seen: Observed, shares: pd.DataFrame, waves: np.ndarray, family: Family
) -> tuple[float, float] | None:
    """Return the log ratio of the last ten nights to the rest of Ramadan, with its error."""
    columns = shares[["ramadan", "last_ten_nights", "eid_al_fitr", "eid_al_adha"]].to_numpy()
    fitted = _fit(seen, columns, waves, family)
    if fitted is None:
        return None
    return float(fitted.effects[1]), float(_errors(fitted)[1])


def _sensitivity(seen: Observed, waves: np.ndarray, family: Family, alpha: float) -> pd.DataFrame:
    """Return the effects with the calendar a day earlier, as calculated, and a day later."""
    rows = []
    for shift in (-1, 0, 1):
        columns = hijri_shares(seen.periods, shift=shift)[list(HIJRI_TERMS)].to_numpy()
        fitted = _fit(seen, columns, waves, family)
        if fitted is None:
            continue
        critical = _critical(fitted, alpha)
        for term, effect, error in zip(HIJRI_TERMS, fitted.effects, _errors(fitted), strict=True):
            half = critical * error
            ends = ratio_of(np.array([effect, effect - half, effect + half]))
            p_value = 2 * stats.t.sf(abs(effect / error), fitted.memory.n_free)
            rows.append((shift, term, *ends, p_value))
    return pd.DataFrame(rows, columns=_no_sensitivity().columns)


def _no_sensitivity() -> pd.DataFrame:
    """Return an empty table of the shifts."""
    return pd.DataFrame(
        columns=["shift", "term", "estimate", "conf_low", "conf_high", "p_value"], dtype=float
    )


def _decomposition(seen: Observed) -> pd.DataFrame:
    """Return the STL decomposition of the log rate; empty with gaps or other frequencies."""
    letter = frequency_letter(seen.periods)
    n_cycle = {"M": 12, "Q": 4}.get(letter, 0)
    columns = ["period", "log_rate", "trend", "seasonal", "remainder"]
    if not n_cycle or seen.count.size < max(2 * n_cycle, len(seen.periods)):
        return pd.DataFrame(columns=columns)
    # Half an event more keeps periods without events on the scale.
    log_rate = np.log((seen.count + 0.5) / seen.exposure)
    cycle = seen.periods.month if letter == "M" else seen.periods.quarter
    parts = loess_parts(log_rate, np.asarray(cycle), n_cycle=n_cycle)
    return pd.DataFrame({"period": seen.periods, "log_rate": log_rate, **parts})[columns]


def _caveats(series: pd.DataFrame, seen: Observed, fitted: _Fitted | None) -> tuple[str, ...]:
    """Return the keys of what a reader must know."""
    first, last = seen.periods[0], seen.periods[-1]
    whole = observed_periods(series).caveats()
    if fitted is None:
        whole.pop("partial_last_period")
    holds = {
        "nb_boundary": fitted is not None and fitted.fit.nb_status == "boundary",
        "nb_failed": fitted is not None and fitted.fit.nb_status == "failed",
        "memory_at_ceiling": fitted is not None and fitted.memory.at_ceiling,
        "no_events_before": first > series.index[0],
        "no_events_after": last < series.index[-1],
        **whole,
    }
    return named_caveats(holds, {"no_events_before": first, "no_events_after": last})


def _too_short(series: pd.DataFrame, seen: Observed, calendar: Calendar, alpha: float) -> Season:
    """Return the answer that there is none."""
    return Season(
        series=series,
        calendar=calendar,
        verdict="too_short",
        statistic=np.nan,
        p_value=np.nan,
        n_effects=0,
        n_free=0,
        effects=pd.DataFrame(columns=["term", "log_ratio", "std_error"], dtype=float),
        amplitude=np.nan,
        amplitude_low=np.nan,
        amplitude_high=np.nan,
        peak="",
        smallest_ratio=np.nan,
        sensitivity=_no_sensitivity(),
        ramadans=_no_ramadans(),
        decomposition=_decomposition(seen),
        caveats=_caveats(series, seen, None),
        family="none",
        memory_probability=np.nan,
        memory_correlation=np.nan,
        conf_level=1 - alpha,
        n_years=years_of(seen.periods),
        n_periods=len(series),
        n_observed=int(series["count"].notna().sum()),
        n_events=int(seen.count.sum()),
    )
