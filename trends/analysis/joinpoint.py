"""When does the pace of change itself change, and what is the pace in between?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from trends.analysis.result import Result
from trends.models.counts.count_model import (
    deviance_residuals,
    fit_counts,
    fit_given_dispersion,
    percent_change,
)
from trends.models.counts.memory import MemoryGrid, precision_matrix
from trends.models.counts.observed import PERIODS_PER_YEAR, Observed, observed_periods
from trends.models.counts.residuals import Diagnostics, diagnose
from trends.models.counts.serial_dependence import (
    MemoryPosterior,
    grid_of,
    memory_products,
    weigh_memories,
)
from trends.models.joins.hinge_search import best_bends, hinge_columns, hinge_gram, most_explained
from trends.models.joins.join_posterior import (
    LineProblem,
    Mixture,
    log_mean_fit,
    open_sets,
    weigh_joins,
)
from trends.tables.calendar import DAYS_PER_MONTH, format_period, frequency_letter

Select = Literal["bic", "permutation"]
Progress = Callable[[int, int], None]

#: Added to the criterion for every join: a join is held five times less probable beforehand than
#: none, so that persistence alone shows one in few series (`benchmarks/trend_joinpoints.py`).
JOIN_COST = 2 * np.log(5)
#: What a join in mid-series loses by averaging over places, about one in ten of which is open.
_PLACE_COST = 2 * np.log(10)
#: Difference of criteria below which a smaller number of joins describes the counts as well.
_AS_GOOD = 2 * np.log(3)

#: Evaluations of a set of bends times draws that one permutation test may take; beyond, the
#: candidates of the test are thinned out.
_MOST_WORK = 1.2e8
#: Share of all permutations that end a test once they exceed the series (Besag, Clifford 1991).
_ENOUGH = 0.1


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Joinpoints(Result):
    """A log-linear trend that may change its pace at unknown times.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    select : {"bic", "permutation"}
        How the number of joinpoints was chosen.
    max_joinpoints, min_periods : int
        Most joinpoints considered (after what the length allows), and least number of observed
        periods strictly between joinpoints and strictly beyond the outer ones.
    n_joinpoints : int
        Number chosen.
    joinpoints : DataFrame of n_joinpoints rows
        Columns period (where the two lines meet), conf_low, conf_high (periods, at 95%),
        percent_before, percent_after (annual percent change on both sides).
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
    n_periods, n_observed, n_events : int
        Periods, periods with a count, events.
    fitted : DataFrame of n_periods rows
        Columns period, count, exposure, rate, fitted_rate, partial; rates per 30.4375 days.
    diagnostics : Diagnostics
        Residuals, PIT histogram, autocorrelation, tests of dispersion and of zeros.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    select: Select
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

    def to_frame(self, *, alpha: float = 0.05) -> pd.DataFrame:
        """Return a row per segment (annual percent change), the average and every declared jump.

        Parameters
        ----------
        alpha : float
            One minus the level of the intervals.

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
        if not 0 < alpha < 1:
            raise ValueError(f"`alpha` must be between 0 and 1, got {alpha}. Use 0.05 for 95%.")
        first, last = self.series.index[0], self.series.index[-1]
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
        Count series with at least 8 observed periods and events in at least 3.
    max_joinpoints : int
        Most joinpoints to consider; fewer where the length does not allow as many, or where
        fewer than 7 + 2 max_joinpoints periods hold an event.
    select : {"bic", "permutation"}
        Choose their number by a Bayesian information criterion in which places and memory are
        averaged over (the default, fast), or by the NCI sequence of permutation tests at 5% over
        all.
    min_periods : int, optional
        Default: a twentieth of the series, at least 2 (the NCI rule for yearly figures). Shorter
        segments of monthly counts are noise.
    jumps : sequence of Period or str
        Periods from which counting changed (a new coding, a new coverage). The level may jump
        there without counting as a change of trend.
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
        If it is too short or too empty, a jump is not inside it, or an option is out of range.
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
    >>> from trends.tables.series import as_series
    >>> months = pd.period_range("2018-01", periods=48, freq="M")
    >>> rate = np.exp(3 + 0.06 * np.minimum(np.arange(48), 24))
    >>> found = fit_joinpoints(as_series(pd.Series(rate.round(), index=months)), max_joinpoints=2)
    >>> found.n_joinpoints
    1
    """
    seen = observed_periods(series)
    spacing = _spacing(min_periods, seen.count.size)
    most = _check_options(max_joinpoints, select, n_null, seen.count, spacing)
    frame = _frame(seen, jumps, spacing)
    grid = grid_of(seen.periods)
    nb_dispersion = _dispersion_of_richest(frame, most)
    models = _fit_models(frame, most, nb_dispersion, grid)
    tests = pd.DataFrame(columns=["n_null", "n_alternative", "statistic", "p_value", "alpha"])
    if select == "bic":
        chosen = int(np.argmin([model.criterion for model in models]))
    else:
        chosen, tests = _permutation_choice(
            frame, models, nb_dispersion, grid, n_null, np.random.default_rng(rng), progress
        )
    return _result(series, frame, models, chosen, tests, select, nb_dispersion, grid)


class _Frame(NamedTuple):
    """What every model of one series shares.

    Attributes
    ----------
    seen : Observed
    times : array of shape (n_observed,)
        Years, 0 in the middle of the series.
    base : array of shape (n_observed, n_base)
        Intercept, time, declared jumps.
    candidates : int array
        Places among the observed periods where a join may be.
    spacing : int
        Least distance of two joins, in observed periods.
    per_year : float
        Periods per year.
    middle : float
        Position of time 0.
    jump_positions : int array
        Positions of the declared jumps.
    """

    seen: Observed
    times: np.ndarray
    base: np.ndarray
    candidates: np.ndarray
    spacing: int
    per_year: float
    middle: float
    jump_positions: np.ndarray

    def design(self, joins: tuple[int, ...]) -> np.ndarray:
        """Return base columns and hinges at candidates `joins`."""
        bends = self.times[self.candidates[list(joins)]]
        return np.column_stack([self.base, hinge_columns(self.times, bends)])


class _Model(NamedTuple):
    """The best fit with one number of joins.

    Attributes
    ----------
    joins : tuple of int
        Indices into the candidates.
    params, expected : arrays
        Coefficients and fitted means.
    deviance : float
    log_weight : array of shape (n_memories,)
        Log likelihood of the residuals under each memory, plus its log prior.
    profile_criterion : float
        With the best places and the best memory, two parameters a join.
    criterion : float
        With places and memories averaged over; NaN until it is worked out.
    """

    joins: tuple[int, ...]
    params: np.ndarray
    expected: np.ndarray
    deviance: float
    log_weight: np.ndarray
    profile_criterion: float
    criterion: float


def _spacing(min_periods: int | None, n_observed: int) -> int:
    """Return the least distance of joins in observed periods: min_periods strictly between."""
    least = max(2, n_observed // 20) if min_periods is None else min_periods
    if not 2 <= least <= n_observed // 2:
        raise ValueError(
            f"`min_periods` must be between 2 and half the observed periods ({n_observed // 2}), "
            f"got {min_periods}. Leave it out to use a twentieth of the series."
        )
    return least + 1


def _check_options(
    max_joinpoints: int, select: str, n_null: int, counts: np.ndarray, spacing: int
) -> int:
    """Return how many joins the length allows; raise if an option is out of range."""
    if isinstance(max_joinpoints, bool) or max_joinpoints != int(max_joinpoints):
        raise ValueError(
            f"`max_joinpoints` must be a whole number, got {max_joinpoints!r}. Use 0 to 6."
        )
    if not 0 <= max_joinpoints <= 6:
        raise ValueError(f"`max_joinpoints` must be between 0 and 6, got {max_joinpoints}. Use 5.")
    if select not in ("bic", "permutation"):
        raise ValueError(f"`select` must be 'bic' or 'permutation', got {select!r}. Pick one.")
    if n_null < 19:
        raise ValueError(f"`n_null` must be at least 19, got {n_null}. Use 999.")
    n_candidates = counts.size - 2 * (spacing - 1)
    # Every join costs two parameters, and five periods with events must be left: a few events can
    # lie on a broken line by luck.
    by_freedom = (int((counts > 0).sum()) - 2 - 5) // 2
    by_space = 0 if n_candidates <= 0 else 1 + (n_candidates - 1) // spacing
    return int(max(0, min(max_joinpoints, by_freedom, by_space)))


def _frame(seen: Observed, jumps: Sequence[pd.Period | str], spacing: int) -> _Frame:
    """Return base columns, candidates and time scale of a series."""
    per_year = PERIODS_PER_YEAR[frequency_letter(seen.periods)]
    middle = (len(seen.periods) - 1) / 2
    times = (seen.position - middle) / per_year
    positions = np.array([_jump_position(jump, seen) for jump in jumps], dtype=int)
    base = np.column_stack(
        [np.ones(times.size), times]
        + [(seen.position >= position).astype(float) for position in positions]
    )
    if np.linalg.matrix_rank(base) < base.shape[1]:
        raise ValueError(
            f"`jumps` must lie between observed periods and differ, got {list(map(str, jumps))}. "
            "Drop the ones without counts on both sides."
        )
    edge = spacing - 1
    return _Frame(
        seen=seen,
        times=times,
        base=base,
        candidates=np.arange(edge, times.size - edge),
        spacing=spacing,
        per_year=per_year,
        middle=middle,
        jump_positions=positions,
    )


def _jump_position(jump: pd.Period | str, seen: Observed) -> int:
    """Return the position of a declared jump; raise unless it is inside the series."""
    period = pd.Period(jump, freq=seen.periods.freq)
    if not seen.periods[0] < period <= seen.periods[-1]:
        raise ValueError(
            f"`jumps` must be after the first and not after the last period, got {jump}. "
            f"The series runs from {seen.periods[0]} to {seen.periods[-1]}."
        )
    return int(period.ordinal - seen.periods[0].ordinal)


def _dispersion_of_richest(frame: _Frame, most: int) -> float:
    """Return the NB2 dispersion around the most flexible broken line, 0 for Poisson.

    The broken line has one more bend than may be found, evenly spread: scatter that a missing
    bend would add must not hide the bend.
    """
    n_bends = min(most + 1, frame.candidates.size // frame.spacing) if most else 0
    while True:
        design = frame.design(_spread(frame.candidates.size, n_bends))
        try:
            fit = fit_counts(frame.seen.count, design, frame.seen.exposure)
        except RuntimeError:
            if n_bends == 0:
                raise
            n_bends //= 2
            continue
        break
    return fit.nb_dispersion


def _fit_models(frame: _Frame, most: int, nb_dispersion: float, grid: MemoryGrid) -> list[_Model]:
    """Return the best fit of every number of joins, up to the first that has no finite fit.

    A stretch without events has no finite pace of its own; a single pace always has one.
    """
    models = []
    for n_joins in range(most + 1):
        try:
            model = _fit_model(frame, n_joins, nb_dispersion, grid)
        except RuntimeError:
            if n_joins == 0:
                raise
            break
        criterion = _criterion(frame, model, nb_dispersion, grid)
        models.append(model._replace(criterion=criterion))
    return models


def _criterion(frame: _Frame, model: _Model, nb_dispersion: float, grid: MemoryGrid) -> float:
    """Return minus twice the log evidence for a number of joins."""
    n_joins = len(model.joins)
    penalty = _penalty(frame.base.shape[1] + n_joins, frame.seen.count.size)
    if n_joins == 0:
        return penalty - 2 * float(logsumexp(model.log_weight))
    problem = _problem(frame, model.expected, nb_dispersion)
    found = open_sets(problem, np.array(model.joins), grid, model.log_weight)
    fit = log_mean_fit(problem, found, model.log_weight)
    return penalty + n_joins * JOIN_COST - 2 * fit


def _problem(frame: _Frame, expected: np.ndarray, nb_dispersion: float) -> LineProblem:
    """Return the likelihood linearised at some means, with the places a join may have."""
    root, response = _linearised(frame, expected, nb_dispersion)
    return LineProblem(
        base=frame.base,
        times=frame.times,
        response=response,
        root=root,
        position=frame.seen.position,
        candidates=frame.candidates,
        spacing=frame.spacing,
    )


def _fit_model(frame: _Frame, n_joins: int, nb_dispersion: float, grid: MemoryGrid) -> _Model:
    """Return the best fit with this number of joins: search, fit, judge memory, search again."""
    seen = frame.seen
    start = _smooth_means(frame, nb_dispersion)
    metric_model = 0
    best: _Model | None = None
    visited: set[tuple[tuple[int, ...], int]] = set()
    for _ in range(6):
        joins = _search(frame, start, n_joins, nb_dispersion, grid, metric_model)
        model, metric_model = _evaluate(frame, joins, nb_dispersion, grid)
        if best is None or model.profile_criterion < best.profile_criterion:
            best = model
        start = np.maximum(model.expected, 0.05 * start)
        if n_joins == 0 or (joins, metric_model) in visited:
            break
        visited.add((joins, metric_model))
    if best is None or len(best.joins) != n_joins:
        raise RuntimeError(
            f"`max_joinpoints` must leave room for {n_joins} joins in {seen.count.size} observed "
            "periods, got none that fits. Use a smaller number."
        )
    return best


def _smooth_means(frame: _Frame, nb_dispersion: float) -> np.ndarray:
    """Return means of a broken line with evenly spread bends, where the first search starts."""
    seen, size = frame.seen, frame.candidates.size
    n_bends = int(np.clip(size // (2 * frame.spacing), 0, 8))
    while True:
        joins = _spread(size, n_bends)
        try:
            _, expected = fit_given_dispersion(
                seen.count, frame.design(joins), seen.exposure, nb_dispersion=nb_dispersion
            )
        except RuntimeError:
            # Stretches without events ask for fewer bends; a straight line always fits.
            if n_bends == 0:
                raise
            n_bends //= 2
            continue
        return expected


def _spread(size: int, n_bends: int) -> tuple[int, ...]:
    """Return up to n_bends candidates, evenly spread."""
    if size <= 0 or n_bends <= 0:
        return ()
    places = np.linspace(0, size - 1, n_bends + 2).round().astype(int)[1:-1]
    return tuple(int(place) for place in np.unique(places))


def _linearised(
    frame: _Frame, expected: np.ndarray, nb_dispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return root weights and the working response (log rate) of the likelihood at some means."""
    seen = frame.seen
    root = np.sqrt(expected / (1 + nb_dispersion * expected))
    response = np.log(expected / seen.exposure) + (seen.count - expected) / expected
    return root, response


def _metric(frame: _Frame, grid: MemoryGrid, model: int) -> np.ndarray | None:
    """Return the inverse memory correlation of the observed periods; None for independence."""
    if model == 0:
        return None
    gaps = np.diff(frame.seen.position).astype(float)
    return precision_matrix(gaps, float(grid.rho[model]), float(grid.weight[model]))[0]


def _search(
    frame: _Frame,
    expected: np.ndarray,
    n_joins: int,
    nb_dispersion: float,
    grid: MemoryGrid,
    metric_model: int,
) -> tuple[int, ...]:
    """Return the best joins of the linearised, whitened problem."""
    if n_joins == 0:
        return ()
    root, response = _linearised(frame, expected, nb_dispersion)
    hinges = hinge_columns(frame.times, frame.times[frame.candidates])
    inner = hinge_gram(
        frame.base * root[:, None],
        hinges * root[:, None],
        (response * root)[:, None],
        _metric(frame, grid, metric_model),
    )
    return best_bends(inner, frame.candidates, n_joins, frame.spacing)


def _evaluate(
    frame: _Frame, joins: tuple[int, ...], nb_dispersion: float, grid: MemoryGrid
) -> tuple[_Model, int]:
    """Return the fit at given joins with its criterion, and the memory that minimises it."""
    seen = frame.seen
    params, expected = fit_given_dispersion(
        seen.count, frame.design(joins), seen.exposure, nb_dispersion=nb_dispersion
    )
    residuals = deviance_residuals(seen.count, expected, nb_dispersion)
    log_det, within, _ = memory_products(
        residuals[:, None], seen.position, persistence=grid.rho, share=grid.weight
    )
    n_observed = seen.count.size
    fit = n_observed * np.log(np.maximum(within[:, 0, 0], 1e-10) / n_observed) + log_det
    log_weight = grid.log_prior - 0.5 * fit
    metric_model = int(np.argmax(log_weight))
    n_parameters = frame.base.shape[1] + 2 * len(joins)
    return (
        _Model(
            joins=joins,
            params=params,
            expected=expected,
            deviance=float(residuals @ residuals),
            log_weight=log_weight,
            profile_criterion=_penalty(n_parameters, n_observed) - 2 * log_weight[metric_model],
            criterion=np.nan,
        ),
        metric_model,
    )


def _penalty(n_terms: int, n_observed: int) -> float:
    """Return the Schwarz penalty with McQuarrie's small-sample correction."""
    return float(n_terms * np.log(n_observed) * n_observed / max(n_observed - n_terms - 2, 1))


def _permutation_choice(
    frame: _Frame,
    models: list[_Model],
    nb_dispersion: float,
    grid: MemoryGrid,
    n_null: int,
    rng: np.random.Generator,
    progress: Progress | None,
) -> tuple[int, pd.DataFrame]:
    """Return the number of joins by the NCI sequence of tests, and the tests.

    The smallest and the largest number still possible are compared; rejecting raises the
    smallest, not rejecting lowers the largest, until they meet. A test has level 0.05 over the
    number of joins still in question above its smallest one, as in the NCI program since version
    3.0, which bounds the chance of too many joins by 5%.
    """
    fewest, most = 0, len(models) - 1
    n_tests = most
    rows: list[tuple[int, int, float, float, float]] = []
    while fewest < most:
        report = None if progress is None else _from(progress, len(rows) * n_null, n_tests * n_null)
        statistic, p_value = _permutation_test(
            frame, models[fewest], models[most], nb_dispersion, grid, n_null, rng, report
        )
        alpha = 0.05 / (n_tests - fewest)
        rows.append((fewest, most, statistic, p_value, alpha))
        if p_value <= alpha:
            fewest += 1
        else:
            most -= 1
    columns = ["n_null", "n_alternative", "statistic", "p_value", "alpha"]
    return fewest, pd.DataFrame(rows, columns=columns)


def _from(progress: Progress, done: int, most: int) -> Callable[[int], None]:
    """Return a report of one test's permutations that counts those of earlier tests too."""
    return lambda count: progress(done + count, most)


def _permutation_test(
    frame: _Frame,
    null: _Model,
    alternative: _Model,
    nb_dispersion: float,
    grid: MemoryGrid,
    n_null: int,
    rng: np.random.Generator,
    report: Callable[[int], None] | None,
) -> tuple[float, float]:
    """Return twice the log-likelihood ratio of two numbers of joins, and its permutation p-value.

    Joins and memory are free under both, in the series and in every permutation. A permutation
    takes one memory out of the residuals of the null fit, shuffles them, and puts it back; the
    memory is drawn with the weights it has when judged half under each of the two fits.
    """
    seen = frame.seen
    root, response = _linearised(frame, null.expected, nb_dispersion)
    memories = _few_memories(grid)
    colours = [_colouring(frame, grid, model) for model in memories]
    candidates = _thinned(frame, len(alternative.joins), n_null)
    hinges = hinge_columns(frame.times, frame.times[candidates]) * root[:, None]
    base = frame.base * root[:, None]
    follow = np.searchsorted(candidates, candidates + frame.spacing)
    means = np.log(null.expected / seen.exposure)
    level, left = means * root, (response - means) * root
    prior = grid.log_prior

    def statistics(responses: np.ndarray) -> np.ndarray:
        fits = []
        for model, colour in zip(memories, colours, strict=True):
            whitened = (
                solve_triangular(colour, columns, lower=True)
                for columns in (base, hinges, responses)
            )
            inner = hinge_gram(*whitened)
            constant = 2 * float(np.log(np.diag(colour)).sum() - prior[model])
            fits.append(
                [
                    seen.count.size
                    * np.log(np.maximum(inner.rest - most_explained(inner, follow, n_bends), 1e-10))
                    + constant
                    for n_bends in (len(null.joins), len(alternative.joins))
                ]
            )
        under_null, under_alternative = np.min(fits, axis=0)
        ratio: np.ndarray = under_null - under_alternative
        return ratio

    observed = float(statistics((level + left)[:, None])[0])
    weights = _memory_weights(frame, null, alternative, nb_dispersion, grid)[memories]
    shuffled = [solve_triangular(colour, left, lower=True) for colour in colours]
    exceeding = done = 0
    while done < n_null:
        size = min(128, n_null - done)
        for colour, fresh, n_draws in zip(
            colours, shuffled, rng.multinomial(size, weights / weights.sum()), strict=True
        ):
            if n_draws:
                orders = rng.permuted(np.tile(fresh - fresh.mean(), (n_draws, 1)), axis=1).T
                ratios = statistics(level[:, None] + colour @ orders)
                exceeding += int(np.sum(ratios >= observed - 1e-9))
        done += size
        if report is not None:
            report(done)
        # So many permutations exceed the series that the rest cannot make it significant.
        if exceeding >= _ENOUGH * (n_null + 1):
            break
    return observed, (1 + exceeding) / (done + 1)


def _few_memories(grid: MemoryGrid) -> np.ndarray:
    """Return four memory models that span the grid: a search in each of 26 would take too long."""
    wanted = ((0.0, 0.0), (0.5, 0.7), (0.8, 0.5), (0.8, 0.9))
    nearest = [
        int(np.argmin((grid.rho - rho) ** 2 + (grid.weight - weight) ** 2))
        for rho, weight in wanted
    ]
    return np.array(nearest)


def _memory_weights(
    frame: _Frame, null: _Model, alternative: _Model, nb_dispersion: float, grid: MemoryGrid
) -> np.ndarray:
    """Return the weight of every memory model, judged half under each of two fits."""
    seen = frame.seen
    total = np.zeros(grid.rho.size)
    for model in (null, alternative):
        residuals = deviance_residuals(seen.count, model.expected, nb_dispersion)
        log_det, within, _ = memory_products(
            residuals[:, None], seen.position, persistence=grid.rho, share=grid.weight
        )
        log_weight = -0.5 * (seen.count.size * np.log(within[:, 0, 0]) + log_det)
        log_weight += grid.log_prior
        weight = np.exp(log_weight - log_weight.max())
        total += weight / weight.sum()
    return total


def _colouring(frame: _Frame, grid: MemoryGrid, model: int) -> np.ndarray:
    """Return the lower triangle that puts a memory into fresh noise."""
    position = frame.seen.position
    apart = np.abs(position[:, None] - position[None, :])
    correlation = grid.weight[model] * grid.rho[model] ** apart
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(np.linalg.cholesky(correlation))


def _thinned(frame: _Frame, n_joins: int, n_null: int) -> np.ndarray:
    """Return the candidates of a permutation test, every second or third if there are too many."""
    candidates = frame.candidates
    step = 1
    while _n_sets(candidates[::step].size, n_joins) * n_null > _MOST_WORK:
        step += 1
    return candidates[::step]


def _n_sets(n_candidates: int, n_joins: int) -> float:
    """Return how many sets of joins there are, spacing aside."""
    return float(np.prod([(n_candidates - i) / (i + 1) for i in range(n_joins)]))


def _result(
    series: pd.DataFrame,
    frame: _Frame,
    models: list[_Model],
    chosen: int,
    tests: pd.DataFrame,
    select: Select,
    nb_dispersion: float,
    grid: MemoryGrid,
) -> Joinpoints:
    """Return the chosen fit with intervals, and what it was chosen from."""
    seen, model = frame.seen, models[chosen]
    joins = frame.candidates[list(model.joins)]
    n_base = frame.base.shape[1]
    known = (
        _known_of_lines(frame, model, nb_dispersion, grid)
        if chosen
        else _known_of_one_line(frame, model, nb_dispersion, grid)
    )
    periods = pd.PeriodIndex(seen.periods)
    join_periods = periods[seen.position[joins]]
    slopes = model.params[1] + np.concatenate([[0.0], np.cumsum(model.params[n_base:])])
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
            "period": periods[frame.jump_positions],
            "log_ratio": model.params[2:n_base],
            "std_error": [each.std_error for each in known.jumps],
        }
    )
    n_free = seen.count.size - n_base - 2 * chosen
    pearson = float(np.sum((seen.count - model.expected) ** 2 / model.expected))
    candidates = pd.DataFrame(
        {
            "n_joinpoints": np.arange(len(models)),
            "periods": [
                tuple(
                    format_period(periods[seen.position[frame.candidates[join]]])
                    for join in each.joins
                )
                for each in models
            ],
            "deviance": [each.deviance for each in models],
            "criterion": [each.criterion for each in models],
            "profile_criterion": [each.profile_criterion for each in models],
            "chosen": np.arange(len(models)) == chosen,
        }
    )
    fewer = candidates["criterion"].iloc[:chosen].min() - model.criterion
    plain = int(candidates["profile_criterion"].argmin())
    holds = {
        "found_by_searching": chosen > 0,
        "fewer_joinpoints_as_good": select == "bic" and fewer < _AS_GOOD,
        "more_joinpoints_possible": select == "bic" and plain > chosen,
        "at_most_joinpoints": chosen == len(models) - 1 and chosen > 0,
        "memory_at_ceiling": known.memory[grid.rho == grid.rho.max()].sum() > 0.5,
        "declared_jump": bool(len(jumps)),
        **seen.caveats(),
    }
    return Joinpoints(
        series=series,
        select=select,
        max_joinpoints=len(models) - 1,
        min_periods=frame.spacing - 1,
        n_joinpoints=chosen,
        joinpoints=_join_table(seen, join_periods, known.places, slopes),
        segments=segments,
        average_slope=float(_average_contrast(frame, joins[None, :])[0] @ model.params),
        average_std_error=known.average.std_error,
        jumps=jumps,
        candidates=candidates,
        tests=tests,
        family="nb2" if nb_dispersion > 0 else "poisson",
        nb_dispersion=nb_dispersion,
        dispersion=pearson / max(n_free, 1),
        smallest_bend=(
            _smallest_bend(frame, model, nb_dispersion, grid)
            if select == "bic" and not chosen and len(models) > 1
            else np.nan
        ),
        distributions=(*known.slopes, known.average, *known.jumps),
        memory_probability=float(1 - known.memory[0]),
        memory_correlation=float(known.memory @ (grid.weight * grid.rho)),
        n_free=n_free,
        n_periods=len(periods),
        n_observed=seen.count.size,
        n_events=int(seen.count.sum()),
        fitted=_fitted(series, frame, model, joins),
        diagnostics=diagnose(
            seen.count,
            model.expected,
            nb_dispersion=nb_dispersion,
            n_terms=n_base + 2 * chosen,
            periods=periods[seen.position],
        ),
        caveats=tuple(key for key, is_so in holds.items() if is_so),
    )


class _Known(NamedTuple):
    """What is known of the slopes of the segments, their average, the jumps and the joins.

    Attributes
    ----------
    slopes, jumps : tuple of Mixture
    average : Mixture
    places : list of (int, int)
        Interval of every join, as observed periods.
    memory : array of shape (n_memories,)
        Posterior weight of every memory.
    """

    slopes: tuple[Mixture, ...]
    average: Mixture
    jumps: tuple[Mixture, ...]
    places: list[tuple[int, int]]
    memory: np.ndarray


def _known_of_one_line(
    frame: _Frame, model: _Model, nb_dispersion: float, grid: MemoryGrid
) -> _Known:
    """Return what is known without joins: as in `trends.analysis.trend`."""
    memory = _memory(frame, model, frame.base, nb_dispersion, grid)
    errors = memory.std_errors(np.eye(frame.base.shape[1]))
    every = [
        Mixture(np.ones(1), np.array([estimate]), np.array([error]), memory.n_free)
        for estimate, error in zip(model.params, errors, strict=True)
    ]
    return _Known((every[1],), every[1], tuple(every[2:]), [], memory.weight)


def _memory(
    frame: _Frame, model: _Model, design: np.ndarray, nb_dispersion: float, grid: MemoryGrid
) -> MemoryPosterior:
    """Return the memories of a fit's residuals, with the covariances of some design."""
    expected = model.expected
    scatter = np.sqrt(expected * (1 + nb_dispersion * expected))
    return weigh_memories(
        design * (expected / scatter)[:, None],
        (frame.seen.count - expected) / scatter,
        frame.seen.position,
        grid=grid,
        least_scale=_least_scale(expected.size - design.shape[1]),
    )


def _smallest_bend(frame: _Frame, model: _Model, nb_dispersion: float, grid: MemoryGrid) -> float:
    """Return the yearly change after a level rate that would have shown as a join, percent.

    A bend in mid-series gains about its squared t ratio in the criterion; the gain has to pay for
    the coefficient, the join and its unknown place, with a margin for 80% power.
    """
    middle = frame.times[frame.candidates[[frame.candidates.size // 2]]]
    bent = np.column_stack([frame.base, hinge_columns(frame.times, middle)])
    memory = _memory(frame, model, bent, nb_dispersion, grid)
    n_base, n_observed = frame.base.shape[1], frame.times.size
    price = _penalty(n_base + 1, n_observed) - _penalty(n_base, n_observed)
    price += JOIN_COST + _PLACE_COST
    ratio = np.sqrt(price) + float(stats.norm.ppf(0.8))
    return float(percent_change(memory.std_error(-1) * ratio))


def _known_of_lines(frame: _Frame, model: _Model, nb_dispersion: float, grid: MemoryGrid) -> _Known:
    """Return what is known with joins, over all places and memories that the series leaves open."""
    n_joins, n_base = len(model.joins), frame.base.shape[1]
    problem = _problem(frame, model.expected, nb_dispersion)
    found = open_sets(problem, np.array(model.joins), grid, model.log_weight)
    n_free = frame.seen.count.size - n_base - n_joins
    posterior = weigh_joins(problem, found, grid, least_scale=_least_scale(n_free))
    n_sets = len(posterior.sets)
    slopes = []
    for segment in range(n_joins + 1):
        contrasts = np.zeros((n_sets, n_base + n_joins))
        contrasts[:, 1] = 1
        contrasts[:, n_base : n_base + segment] = 1
        slopes.append(posterior.combination(contrasts))
    jumps = [
        posterior.combination(np.tile(row, (n_sets, 1)))
        for row in np.eye(n_base + n_joins)[2:n_base]
    ]
    return _Known(
        slopes=tuple(slopes),
        average=posterior.combination(_average_contrast(frame, posterior.sets)),
        jumps=tuple(jumps),
        places=[posterior.place_interval(join, 0.95) for join in range(n_joins)],
        memory=posterior.weight.sum(axis=1),
    )


def _least_scale(n_free: int) -> float:
    """Return the residual variance that 99 in 100 Poisson series exceed."""
    return float(stats.chi2.ppf(0.01, n_free) / n_free)


def _average_contrast(frame: _Frame, joins: np.ndarray) -> np.ndarray:
    """Return the average slope, lengths of segments as weights, as combinations of coefficients.

    `joins` has a row of observed periods for every set of places, and so has the answer.
    """
    last = frame.middle / frame.per_year
    contrasts = np.zeros((len(joins), frame.base.shape[1] + joins.shape[1]))
    contrasts[:, 1] = 1
    contrasts[:, frame.base.shape[1] :] = (last - frame.times[joins]) / (2 * last)
    return contrasts


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


def _fitted(series: pd.DataFrame, frame: _Frame, model: _Model, joins: np.ndarray) -> pd.DataFrame:
    """Return observed and fitted rates of all periods."""
    seen = frame.seen
    positions = np.arange(len(seen.periods))
    times = (positions - frame.middle) / frame.per_year
    rows = np.column_stack(
        [np.ones(times.size), times]
        + [(positions >= position).astype(float) for position in frame.jump_positions]
        + [hinge_columns(times, frame.times[joins])]
    )
    months = series["exposure"].to_numpy(dtype=float) / DAYS_PER_MONTH
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)
    days = (seen.periods.end_time - seen.periods.start_time).days.to_numpy() + 1
    covered = months > 0
    return pd.DataFrame(
        {
            "period": seen.periods,
            "count": series["count"].to_numpy(),
            "exposure": series["exposure"].to_numpy(dtype=float),
            "rate": np.divide(count, months, out=np.full(count.size, np.nan), where=covered),
            "fitted_rate": np.exp(rows @ model.params),
            "partial": covered & (months * DAYS_PER_MONTH < 0.999 * days),
        }
    )
