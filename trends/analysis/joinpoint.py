"""When does the pace of change itself change, and what is the pace in between?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.count_model import percent_change
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    LEAST_OBSERVED,
    Observed,
    hinge_columns,
    observed_periods,
    observed_rates,
    years_from_middle,
)
from trends.models.counts.residuals import Diagnostics, diagnose
from trends.models.counts.season_terms import (
    LEAST_FREEDOM,
    SeasonChoice,
    SeasonTerms,
    season_terms,
)
from trends.models.counts.silence import active_span
from trends.models.joins.broken_line import (
    LineFit,
    LineFrame,
    fit_lines,
    line_frame,
    smallest_bend,
    with_dispersion_of_richest,
)
from trends.models.joins.join_posterior import Mixture
from trends.models.joins.known_line import average_slope, known_line
from trends.models.joins.permutation import PermutationTest, Progress, choose_by_permutation
from trends.options import is_whole
from trends.tables.calendar import format_period
from trends.tables.proposed import note_proposed
from trends.tables.typed import named_period

Select = Literal["bic", "permutation"]

#: Difference of criteria below which a smaller number of joins describes the counts as well.
_AS_GOOD = 2 * np.log(3)
#: Periods beyond which the search for joins takes more than a minute or two gigabytes.
_MOST_PERIODS = 750


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Joinpoints(Result):
    """A log-linear trend that may change its pace at unknown times.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    select : {"bic", "permutation"}
        How the number of joinpoints was chosen.
    season : {"none", "month", "harmonic", "hijri"}
        Pattern of the year beside the line.
    max_joinpoints, min_periods : int
        Most joinpoints considered (after what the length allows), and least number of observed
        periods strictly between joinpoints and strictly beyond the outer ones.
    n_joinpoints : int
        Number chosen.
    joinpoints : DataFrame of n_joinpoints rows
        Columns period (where the two lines meet), conf_low, conf_high (periods), percent_before,
        percent_after (annual percent change on both sides).
    segments : DataFrame of n_joinpoints + 1 rows
        Columns segment, start, end, slope (log rate per year), std_error, annual_percent_change.
    average_slope, average_std_error : float
        Log rate per year from the first to the last period.
    distributions : tuple of Mixture
        What is known of every row of `to_frame`, on the log scale: a mixture of t distributions
        over the places that the joins may have.
    smallest_bend : float
        Without joinpoints by BIC: the yearly change, in percent, that a level rate would have to
        turn to in mid-series for a joinpoint to be found about four times in five. Otherwise NaN.
    jumps : DataFrame
        Declared breaks of counting: columns period, log_ratio, std_error.
    candidates : DataFrame of max_joinpoints + 1 rows
        Columns n_joinpoints, periods, deviance, criterion (places and memories averaged over),
        profile_criterion (BIC at the best places and memory, two parameters a join), chosen.
    tests : DataFrame
        Permutation tests: columns n_null, n_alternative, statistic, p_value, alpha.
    family : {"poisson", "nb2"}
        Family of the fit.
    nb_dispersion : float
        NB2 dispersion; 0 for Poisson.
    dispersion : float
        Pearson dispersion around the chosen fit, Poisson units.
    memory_probability, memory_correlation : float
        As in `Trend`, around the chosen fit.
    n_free : int
        Residual degrees of freedom.
    conf_level : float
        Level of all intervals.
    n_periods, n_observed, n_events : int
        Periods, periods with a count, events.
    fitted : DataFrame of n_periods rows
        Columns period, count, exposure, rate, fitted_rate (of the line, without its season; NaN
        before the first event and after the last, where silences beyond chance are left out),
        partial; rates per 30.4375 days.
    diagnostics : Diagnostics
        Residuals, PIT histogram, autocorrelation, tests of dispersion and of zeros.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    select: Select
    season: str
    max_joinpoints: int
    min_periods: int
    n_joinpoints: int
    joinpoints: pd.DataFrame
    segments: pd.DataFrame
    average_slope: float
    average_std_error: float
    distributions: tuple[Mixture, ...]
    smallest_bend: float
    jumps: pd.DataFrame
    candidates: pd.DataFrame
    tests: pd.DataFrame
    family: str
    nb_dispersion: float
    dispersion: float
    memory_probability: float
    memory_correlation: float
    n_free: int
    conf_level: float
    n_periods: int
    n_observed: int
    n_events: int
    fitted: pd.DataFrame
    diagnostics: Diagnostics
    caveats: tuple[str, ...] = field(default=())

    @property
    def average_annual_percent_change(self) -> float:
        """Average annual percent change over the whole series, 100 (exp(average slope) - 1)."""
        return float(percent_change(self.average_slope))

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row per segment (annual percent change), the average and every declared jump.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the fit.

        Returns
        -------
        DataFrame
            Columns term, start, end, estimate, statistic, p_value, conf_low, conf_high,
            conf_level, method. Segments and average are in percent per year; a jump is a ratio.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        first, last = self.segments["start"].iloc[0], self.segments["end"].iloc[-1]
        rows = [
            (f"segment_{row.segment}", row.start, row.end, row.slope, row.std_error, True)
            for row in self.segments.itertuples()
        ]
        rows.append(("average", first, last, self.average_slope, self.average_std_error, True))
        rows += [
            (
                f"jump_{format_period(row.period)}",
                row.period,
                last,
                row.log_ratio,
                row.std_error,
                False,
            )
            for row in self.jumps.itertuples()
        ]
        records = []
        for row, known in zip(rows, self.distributions, strict=True):
            term, start, end, log_change, error, is_percent = row
            # The best line may lie beside the middle of all lines that the series leaves open.
            low = min(known.quantile(alpha / 2), log_change)
            high = max(known.quantile(1 - alpha / 2), log_change)
            ends = np.array([log_change, low, high])
            shown = percent_change(ends) if is_percent else np.exp(ends)
            below = known.probability_below(0.0)
            records.append(
                {
                    "term": term,
                    "start": start,
                    "end": end,
                    "estimate": float(shown[0]),
                    "statistic": log_change / error,
                    "p_value": min(2 * min(below, 1 - below), 1.0),
                    "conf_low": float(shown[1]),
                    "conf_high": float(shown[2]),
                }
            )
        frame = pd.DataFrame(records)
        frame["conf_level"] = 1 - alpha
        frame["method"] = self.select
        return frame


def fit_joinpoints(
    series: pd.DataFrame,
    *,
    max_joinpoints: int = 5,
    select: Select = "bic",
    min_periods: int | None = None,
    season: SeasonChoice | None = "auto",
    alpha: float = 0.05,
    jumps: Sequence[pd.Period | str] = (),
    n_null: int = 999,
    rng: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> Joinpoints:
    """Fit continuous log-linear segments that meet at unknown periods.

    The rules are those of the NCI Joinpoint program (Kim et al. 2000): joins fall on periods, with
    at least `min_periods` observed periods between them and beyond the outer ones, and are found
    by exhaustive search. Counts enter by their own likelihood, with exposure and memory.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3; at most 750
        periods, because more take longer than a minute.
    max_joinpoints : int
        Most joinpoints to consider; fewer where the length does not allow as many, or where
        fewer than 7 + 2 max_joinpoints periods hold an event.
    select : {"bic", "permutation"}
        Choose their number by a Bayesian information criterion in which places and memory are
        averaged over (the default, fast), or by the NCI sequence of permutation tests.
    min_periods : int, optional
        Default: a twentieth of the series, at least 2 (the NCI rule for yearly figures). Shorter
        segments of monthly counts are noise.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside the line: waves where the series spans two years and shows them
        at 1% (the default), nothing (also None), a factor per month, two waves a year, or the days
        of Ramadan and the two feasts.
    alpha : float
        One minus the level of the intervals, and the level of all permutation tests together.
    jumps : sequence of Period, date or str
        Days or periods from which counting changed (a new coding, a new coverage), beside the
        breaks that the series itself knows (`known_breaks`). The level may jump there without
        counting as a change of trend.
    n_null : int
        Most permutations per test; a test that cannot become significant ends earlier.
    rng : None, int or Generator
        Source of randomness of the permutations.
    progress : callable, optional
        Called with the number of permutations done and the most that may be needed.

    Returns
    -------
    Joinpoints

    Raises
    ------
    TypeError
        If `series` is not a count series.
    ValueError
        If it is too short, too long or too empty, also between the silences at its ends, a jump is
        not inside it, or an option is out of range.
    RuntimeError
        If a fit does not converge.

    Notes
    -----
    The search is least squares on the linearised likelihood (iteratively reweighted at the fit it
    finds), whitened by the memory of the residuals. The dispersion is the one of the richest model,
    so that all models are compared in one metric.

    The criterion is minus twice the log evidence: the likelihood of the deviance residuals,
    averaged over the memories with their prior weights and over all sets of places (a set that
    explains nothing counts as nothing), plus m log(n) n / (n - m - 2) for the m coefficients
    (McQuarrie 1999), plus 2 log(5) a join. A BIC at the best places and the best memory, which
    takes each place for one parameter more, stands beside it; a caveat says so where that would
    have found more joins, or where fewer are at most three times less probable. At 36, 96 and 156
    months it finds joins in .05, .01 and .01 of straight AR(0.5) series and in at most .01 of
    Poisson and negative binomial ones; the plain BIC in .17, .06 and .03, and at most .04 (400
    series per cell, ``benchmarks/trend_joinpoints.py``).

    Intervals are those of a mixture: lines with every set of places that the series leaves open,
    weighed by restricted likelihood, under the memory that counts in `estimate_trend`. They do not
    take into account that the number of joins was chosen from the same counts. Where one join was
    found, intervals of segments hold the truth in .92 to .97 of Poisson, negative binomial and
    AR(0.5) series, those of the average in .92 to .98; in AR(0.8) series of 36 months .86 and .84.

    Silences beyond chance before the first event and after the last are left out, and a caveat says
    so: no pace leads out of nothing.

    Permutation tests shuffle residuals after a memory is taken out of them, and put it back; memory
    and joins are free under both numbers of joins compared, in the series and in every
    permutation. In long series with many joins the test looks at every second or third place for
    a join, in the series and the permutations alike; the fit itself looks at all.

    References
    ----------
    Besag J, Clifford P (1991). Sequential Monte Carlo p-values. Biometrika 78(2):301-304.

    Clegg LX, Hankey BF, Tiwari R, Feuer EJ, Edwards BK (2009). Estimating average annual per cent
    change in trend analysis. Statistics in Medicine 28(29):3670-3682.

    Kim HJ, Fay MP, Feuer EJ, Midthune DN (2000). Permutation tests for joinpoint regression with
    applications to cancer rates. Statistics in Medicine 19(3):335-351.

    Kim HJ, Chen HS, Midthune D, Wheeler B, Buckman DW, Green D, Byrne J, Luo J, Feuer EJ (2023).
    Data-driven choice of a model selection method in joinpoint regression. Journal of Applied
    Statistics 50(9):1992-2013. doi:10.1080/02664763.2022.2063265

    McQuarrie AD (1999). A small-sample correction for the Schwarz SIC model selection criterion.
    Statistics and Probability Letters 44(1):79-86.

    Raftery AE (1995). Bayesian model selection in social research. Sociological Methodology
    25:111-163.

    Examples
    --------
    >>> import numpy as np
    >>> import trends
    >>> rate = np.exp(3 + 0.06 * np.minimum(np.arange(48), 24))
    >>> rising_then_steady = trends.as_series(rate.round().tolist(), start="2018-01")
    >>> found = trends.fit_joinpoints(rising_then_steady, max_joinpoints=2)
    >>> found.n_joinpoints
    1
    """
    check_alpha(alpha)
    watched = _between_silences(series)
    seen = observed_periods(watched)
    spacing = _spacing(min_periods, seen.count.size)
    jump_positions = _jump_positions(jumps, seen)
    repeating = season_terms(seen, season)
    rows = _base_rows(seen, jump_positions, repeating.columns)
    most = _check_options(
        max_joinpoints, select, n_null, seen.count, spacing, n_season=len(repeating.names)
    )
    _refuse_unidentified(rows[seen.position], jumps, repeating)
    frame = with_dispersion_of_richest(line_frame(seen, rows[seen.position], spacing), most)
    lines = fit_lines(frame, most)
    tests: list[PermutationTest] = []
    if select == "bic":
        chosen = int(np.argmin([line.criterion for line in lines]))
    else:
        chosen, tests = choose_by_permutation(
            frame,
            lines,
            alpha=alpha,
            n_null=n_null,
            rng=np.random.default_rng(rng),
            progress=progress,
        )
    found = _result(
        series, frame, rows, jump_positions, repeating.season, lines, chosen, tests, select, alpha
    )
    note_proposed(series, found.joinpoints["period"])
    return found


def _between_silences(series: pd.DataFrame) -> pd.DataFrame:
    """Return the series from its first event to its last, where silences beyond chance surround it.

    No pace leads out of nothing or into it.
    """
    span = active_span(observed_periods(series, most=_MOST_PERIODS))
    watched = series.iloc[span]
    if len(watched) < len(series):
        n_watched = int(watched["count"].notna().sum())
        if n_watched < LEAST_OBSERVED or (watched["count"] > 0).sum() < LEAST_EVENTFUL:
            raise ValueError(
                f"`series` must have at least {LEAST_OBSERVED} periods with a count from its first "
                f"event to its last, got {n_watched} beside {len(series) - len(watched)} periods "
                "without any. Use `estimate_trend`, which says when the events started or stopped."
            )
    return watched


def _spacing(min_periods: int | None, n_observed: int) -> int:
    """Return the least distance of joins in observed periods: min_periods strictly between."""
    least = max(2, n_observed // 20) if min_periods is None else min_periods
    if not is_whole(least, 2) or least > n_observed // 2:
        raise ValueError(
            "`min_periods` must be a whole number between 2 and half the observed periods "
            f"({n_observed // 2}), got {min_periods!r}. Leave it out for a twentieth of them."
        )
    return least + 1


def _check_options(
    max_joinpoints: int,
    select: str,
    n_null: int,
    counts: np.ndarray,
    spacing: int,
    *,
    n_season: int,
) -> int:
    """Return how many joins the length allows; raise if an option is out of range."""
    if not is_whole(max_joinpoints, 0) or max_joinpoints > 6:
        raise ValueError(
            "`max_joinpoints` must be a whole number between 0 and 6, got "
            f"{max_joinpoints!r}. Use 5."
        )
    if select not in ("bic", "permutation"):
        raise ValueError(f"`select` must be 'bic' or 'permutation', got {select!r}. Pick one.")
    if not is_whole(n_null, 19):
        raise ValueError(f"`n_null` must be at least 19, got {n_null!r}. Use 999.")
    n_candidates = counts.size - 2 * (spacing - 1)
    # Every join costs two parameters, and five periods with events must be left: a few events can
    # lie on a broken line by luck.
    by_freedom = (int((counts > 0).sum()) - 2 - n_season - 5) // 2
    by_space = 0 if n_candidates <= 0 else 1 + (n_candidates - 1) // spacing
    return int(max(0, min(max_joinpoints, by_freedom, by_space)))


def _jump_positions(jumps: Sequence[pd.Period | str], seen: Observed) -> np.ndarray:
    """Return the positions of known and declared jumps; raise unless they are in the series."""
    own = [int(np.argmax(each > 0)) for each in jump_columns(seen)[0].T]
    positions = []
    for jump in jumps:
        period = named_period(jump, seen.periods, "jumps")
        if not seen.periods[0] < period <= seen.periods[-1]:
            raise ValueError(
                "`jumps` must be after the first and not after the last period, got "
                f"{format_period(period)}. The series runs from {format_period(seen.periods[0])} "
                f"to {format_period(seen.periods[-1])}."
            )
        positions.append(period.ordinal - seen.periods[0].ordinal)
    return np.array(sorted({*own} - {*positions}) + positions, dtype=int)


def _base_rows(seen: Observed, jump_positions: np.ndarray, season: np.ndarray) -> np.ndarray:
    """Return intercept, years, declared jumps and season of all periods.

    The season has mean zero, so that the line without it is that of the whole year.
    """
    years = years_from_middle(seen.periods)
    positions = np.arange(years.size)
    jumped = [(positions >= position).astype(float) for position in jump_positions]
    around = season - season.mean(axis=0)
    return np.column_stack([np.ones(years.size), years, *jumped, around])


def _refuse_unidentified(
    base: np.ndarray, jumps: Sequence[pd.Period | str], repeating: SeasonTerms
) -> None:
    """Raise if the observed periods cannot tell the columns of every line apart."""
    n_season = len(repeating.names)
    line = base[:, : base.shape[1] - n_season]
    if np.linalg.matrix_rank(line) < line.shape[1]:
        raise ValueError(
            f"`jumps` must lie between observed periods and differ, got {list(map(str, jumps))}. "
            "Drop the ones without counts on both sides."
        )
    if n_season and (
        base.shape[0] < base.shape[1] + LEAST_FREEDOM or np.linalg.matrix_rank(base) < base.shape[1]
    ):
        raise ValueError(
            f"`season` must leave enough observed periods for {base.shape[1]} terms, got "
            f"{repeating.season!r} with {base.shape[0]} observed. Use season='none'."
        )


def _result(
    series: pd.DataFrame,
    frame: LineFrame,
    rows: np.ndarray,
    jump_positions: np.ndarray,
    season: str,
    lines: list[LineFit],
    chosen: int,
    tests: list[PermutationTest],
    select: Select,
    alpha: float,
) -> Joinpoints:
    """Return the chosen fit with intervals, and what it was chosen from."""
    seen, line, n_base = frame.seen, lines[chosen], frame.n_base
    joins = frame.candidates[list(line.joins)]
    known = known_line(frame, line, n_jumps=jump_positions.size, alpha=alpha)
    periods = pd.PeriodIndex(seen.periods)
    join_periods = periods[seen.position[joins]]
    slopes = line.params[1] + np.concatenate([[0.0], np.cumsum(line.params[n_base:])])
    starts = [periods[0], *join_periods]
    ends = [*join_periods, periods[-1]]
    segments = pd.DataFrame(
        {
            "segment": np.arange(1, chosen + 2),
            "start": pd.PeriodIndex(starts, freq=periods.freq),
            "end": pd.PeriodIndex(ends, freq=periods.freq),
            "slope": slopes,
            "std_error": [each.std_error for each in known.slopes],
            "annual_percent_change": percent_change(slopes),
        }
    )
    jumps = pd.DataFrame(
        {
            "period": periods[jump_positions],
            "log_ratio": line.params[2 : 2 + jump_positions.size],
            "std_error": [each.std_error for each in known.jumps],
        }
    )
    n_free = seen.count.size - n_base - 2 * chosen
    pearson = float(np.sum((seen.count - line.expected) ** 2 / line.expected))
    candidates = pd.DataFrame(
        {
            "n_joinpoints": np.arange(len(lines)),
            "periods": [
                tuple(
                    format_period(periods[seen.position[frame.candidates[join]]])
                    for join in each.joins
                )
                for each in lines
            ],
            "deviance": [each.deviance for each in lines],
            "criterion": [each.criterion for each in lines],
            "profile_criterion": [each.profile_criterion for each in lines],
            "chosen": np.arange(len(lines)) == chosen,
        }
    )
    fewer = candidates["criterion"].iloc[:chosen].min() - line.criterion
    plain = int(candidates["profile_criterion"].argmin())
    holds = {
        "found_by_searching": chosen > 0,
        "fewer_joinpoints_as_good": select == "bic" and fewer < _AS_GOOD,
        "more_joinpoints_possible": select == "bic" and plain > chosen,
        "at_most_joinpoints": chosen == len(lines) - 1 and chosen > 0,
        "memory_at_ceiling": known.memory[frame.grid.rho == frame.grid.rho.max()].sum() > 0.5,
        "declared_jump": bool(len(jumps)),
        "no_events_before": periods[0] > series.index[0],
        "no_events_after": periods[-1] < series.index[-1],
        **observed_periods(series).caveats(),
    }
    return Joinpoints(
        series=series,
        select=select,
        season=season,
        max_joinpoints=len(lines) - 1,
        min_periods=frame.spacing - 1,
        n_joinpoints=chosen,
        joinpoints=_join_table(seen, join_periods, known.places, slopes),
        segments=segments,
        average_slope=float(average_slope(frame, joins[None, :])[0] @ line.params),
        average_std_error=known.average.std_error,
        jumps=jumps,
        candidates=candidates,
        tests=pd.DataFrame(tests, columns=PermutationTest._fields),
        family="nb2" if frame.nb_dispersion > 0 else "poisson",
        nb_dispersion=frame.nb_dispersion,
        dispersion=pearson / max(n_free, 1),
        smallest_bend=(
            smallest_bend(frame, line)
            if select == "bic" and not chosen and len(lines) > 1
            else np.nan
        ),
        distributions=(*known.slopes, known.average, *known.jumps),
        memory_probability=float(1 - known.memory[0]),
        memory_correlation=float(known.memory @ (frame.grid.weight * frame.grid.rho)),
        n_free=n_free,
        conf_level=1 - alpha,
        n_periods=len(series),
        n_observed=int(series["count"].notna().sum()),
        n_events=int(seen.count.sum()),
        fitted=_fitted(series, frame, rows[:, : 2 + jump_positions.size], line),
        diagnostics=diagnose(
            seen.count,
            line.expected,
            nb_dispersion=frame.nb_dispersion,
            n_terms=n_base + 2 * chosen,
            periods=periods[seen.position],
        ),
        caveats=named_caveats(
            holds, {"no_events_before": periods[0], "no_events_after": periods[-1]}
        ),
    )


def _join_table(
    seen: Observed,
    join_periods: pd.PeriodIndex,
    places: list[tuple[int, int]],
    slopes: np.ndarray,
) -> pd.DataFrame:
    """Return the joins with intervals that hold the best place, and the pace on both sides."""
    periods = seen.periods[seen.position]
    low = [min(periods[place[0]], best) for place, best in zip(places, join_periods, strict=True)]
    high = [max(periods[place[1]], best) for place, best in zip(places, join_periods, strict=True)]
    percent = percent_change(slopes)
    return pd.DataFrame(
        {
            "period": join_periods,
            "conf_low": pd.PeriodIndex(low, freq=periods.freq),
            "conf_high": pd.PeriodIndex(high, freq=periods.freq),
            "percent_before": percent[:-1],
            "percent_after": percent[1:],
        }
    )


def _fitted(
    series: pd.DataFrame, frame: LineFrame, rows: np.ndarray, line: LineFit
) -> pd.DataFrame:
    """Return observed rates and those of the line, its season left out, of all periods."""
    bends = frame.times[frame.candidates[list(line.joins)]]
    design = np.column_stack([rows, hinge_columns(rows[:, 1], bends)])
    params = np.concatenate([line.params[: rows.shape[1]], line.params[frame.n_base :]])
    table = observed_rates(series)
    line_rate = pd.Series(np.exp(design @ params), index=frame.seen.periods)
    table.insert(4, "fitted_rate", line_rate.reindex(series.index).to_numpy())
    return table
