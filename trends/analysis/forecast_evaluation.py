"""Were forecasts of a series right in the past, and better than the simplest ones?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.observed import Observed
from trends.models.counts.predictive import SIMPLE
from trends.models.counts.rolling import (
    LEAST_HISTORY,
    LEAST_JUDGED,
    MOST_ORIGINS,
    PRIOR,
    Origin,
    Pool,
    mixture_mass,
    pool,
)
from trends.models.counts.scoring import (
    Comparison,
    compare_scores,
    crps,
    log_score,
    pit_ends,
    quantiles,
)
from trends.models.counts.season_terms import SeasonChoice
from trends.models.shifts.lookback import Progress, checked, recent, setup_of
from trends.options import is_whole

Verdict = Literal["better", "no_clear_difference", "worse"]

#: Levels whose coverage is told.
FAN = (0.5, 0.8, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ForecastEvaluation(Result):
    """How forecasts of a series would have done in the past.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    horizon : int
        Periods ahead of every origin.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        As in `forecast_counts`.
    scores : DataFrame
        A row per origin, horizon and model: columns origin, period, horizon, count, model,
        log_score, crps, crps_log, pit_low, pit_high, and for 50, 80 and 95% low, high and covered.
    chosen : DataFrame of n_origins rows
        Columns origin, method (mixture, or the simple account taken in its place), restart (first
        period of the history used).
    better_simple : {"own_past", "static_nb"}
        The simple account with the smaller mean CRPS.
    crps_ratio : float
        Mean CRPS of the forecast over that of the better simple account; below 1 is better.
    crps_log_ratio : float
        The same for log(count + 1).
    difference, std_error, p_value : float
        Mean difference of their CRPS, its standard error and two-sided p-value (Diebold and
        Mariano, small-sample correction); NaN where no test can be made.
    verdict : {"better", "no_clear_difference", "worse"}
        Of the forecast against the better simple account, at 1 - conf_level.
    coverage_50, coverage_80, coverage_95 : float
        Share of outcomes inside the intervals of the forecast.
    conf_level : float
        Level of the test.
    n_origins, n_forecasts : int
        Origins, and forecasts with a known outcome.
    n_mixture : int
        Origins at which the mixture was taken.
    n_periods, n_observed, n_events : int
        Periods, periods with a count, and events.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    horizon: int
    season: str
    scores: pd.DataFrame
    chosen: pd.DataFrame
    better_simple: str
    crps_ratio: float
    crps_log_ratio: float
    difference: float
    std_error: float
    p_value: float
    verdict: Verdict
    coverage_50: float
    coverage_80: float
    coverage_95: float
    conf_level: float
    n_origins: int
    n_forecasts: int
    n_mixture: int
    n_periods: int
    n_observed: int
    n_events: int
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row per model, the forecast first.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the evaluation.

        Returns
        -------
        DataFrame
            Columns term (forecast or account), estimate (mean CRPS less that of the better simple
            account), conf_low, conf_high, conf_level, p_value, crps, crps_log, log_score,
            coverage_50, coverage_80, coverage_95, width_95 (events), n_forecasts.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        rows = []
        for model, own in self.scores.groupby("model", sort=False):
            compared = _comparison(self.scores, str(model), self.better_simple, self.horizon)
            half = float(stats.t.isf(alpha / 2, self.n_origins - 1)) * compared.std_error
            rows.append(
                {
                    "term": model,
                    "estimate": compared.difference,
                    "conf_low": compared.difference - half,
                    "conf_high": compared.difference + half,
                    "conf_level": 1 - alpha,
                    "p_value": compared.p_value,
                    **{name: own[name].mean() for name in ("crps", "crps_log", "log_score")},
                    **{
                        f"coverage_{level}": own[f"covered_{level}"].mean()
                        for level in (50, 80, 95)
                    },
                    "width_95": (own["high_95"] - own["low_95"]).mean(),
                    "n_forecasts": len(own),
                }
            )
        return pd.DataFrame(rows)

    def pit(self, *, n_bins: int = 10) -> pd.DataFrame:
        """Return the histogram of the probability integral transform of the forecast.

        Flat means that outcomes fell where they were expected; a hump in the middle, that intervals
        were too wide, and heaps at both ends, that they were too narrow (Czado, Gneiting and Held
        2009, for counts).

        Parameters
        ----------
        n_bins : int

        Returns
        -------
        DataFrame
            Columns pit_low, pit_high (of the bin) and share, which is 1 / n_bins if all is well.
        """
        own = self.scores[self.scores["model"] == "forecast"]
        low, high = own["pit_low"].to_numpy(), own["pit_high"].to_numpy()
        edges = np.linspace(0, 1, n_bins + 1)
        width = np.maximum(high - low, 1e-12)
        reached = np.clip((edges[:, None] - low) / width, 0, 1).mean(axis=1)
        return pd.DataFrame(
            {"pit_low": edges[:-1], "pit_high": edges[1:], "share": np.diff(reached)}
        )


def evaluate_forecasts(
    series: pd.DataFrame,
    *,
    horizon: int = 6,
    n_origins: int = MOST_ORIGINS,
    season: SeasonChoice | None = "auto",
    alpha: float = 0.05,
    progress: Progress | None = None,
) -> ForecastEvaluation:
    """Make the forecast of every past origin with what was known then, and score it.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods before the first origin.
    horizon : int
        Periods ahead of every origin.
    n_origins : int
        Origins at most, one after every observed period, the latest ones whose outcome is known.
    season
        As in `forecast_counts`.
    alpha : float
        One minus the level of the test and of the verdict.
    progress : callable, optional
        Called with the number of origins done and of all.

    Returns
    -------
    ForecastEvaluation

    Raises
    ------
    TypeError
        If `series` is not a count series.
    ValueError
        If it is too short or too empty, or an option is out of range.

    Notes
    -----
    Forecasts know nothing of what came after their origin: weights, restart and the choice between
    mixture and simple account are those of that day. Figures that were revised later are used as
    they stand now. The benchmark is the better of the series' own past distribution and one
    negative binomial distribution over the same history, which in series without a lasting course
    are hard to beat; the last value is easy to beat and no benchmark. How little there is to win:
    of counts around 10 a month that remember with a correlation of one half, who knows the law and
    has to estimate its numbers reaches .988 to .998 of their CRPS after 36 to 156 months, who knows
    the numbers too .970 to .983 (``benchmarks/forecast_oracle.py``, 400 series each). Of a longer
    series the last 3,000 periods are used, as in `forecast_counts`.

    How well they hold: in simulated months (``benchmarks/forecasts.py``, 400 and more series a
    cell) intervals of 50, 80 and 95% hold in .46 to .53, .76 to .82 and .93 to .96 of months to
    come where the level lasts, with memory, scatter and three in ten months not covered too. Their
    CRPS is .930 to 1.008 of that of the better simple distribution, and .748 to 1.007 with a
    season, a doubling, a random walk or bursts.

    References
    ----------
    Czado C, Gneiting T, Held L (2009). Predictive model assessment for count data. Biometrics
    65(4):1254-1261. doi:10.1111/j.1541-0420.2009.01191.x

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2022-01", periods=30, freq="M")
    >>> series = trends.as_series(pd.Series([4, 6, 5, 3, 7, 5] * 5, index=months))
    >>> trends.evaluate_forecasts(series, horizon=3, n_origins=6).n_forecasts
    15
    """
    check_alpha(alpha)
    used, oldest = recent(series)
    seen, horizon = checked(used, horizon, season)
    if not is_whole(n_origins, 2):
        raise ValueError(
            f"`n_origins` must be a whole number of 2 or more, got {n_origins!r}. "
            f"Use {MOST_ORIGINS}."
        )
    if seen.count.size < LEAST_HISTORY + 2:
        raise ValueError(
            f"`series` must have at least {LEAST_HISTORY + 2} observed periods to forecast its "
            f"own past, got {seen.count.size}. Use a longer series."
        )
    setup = setup_of(used, seen, horizon, season)
    last = seen.count.size
    first = max(LEAST_HISTORY, last - int(n_origins))
    origins = setup.look_back(
        range(max(LEAST_HISTORY, first - MOST_ORIGINS - horizon), last), progress
    )
    judged = [each for each in origins if each.row >= first and np.isfinite(each.outcomes).any()]
    index = pd.PeriodIndex(used.index)
    rows: list[dict[str, Any]] = []
    taken = []
    for each in judged:
        earlier = [other for other in origins if other.row < each.row]
        mixing = pool(earlier, int(each.places[0]) - 1, each.start) if earlier else None
        models = _models(each, mixing)
        origin = index[int(each.places[0]) - 1]
        taken.append(
            {
                "origin": origin,
                "method": "mixture" if mixing is None else mixing.chosen,
                "restart": index[int(seen.position[each.start])],
            }
        )
        for name, mass in models.items():
            rows += [
                {"origin": origin, "period": index[0] + int(place), "model": name,
                 "horizon": step, "count": int(count), **_scores(mass[step - 1], int(count))}
                for step, (place, count) in enumerate(
                    zip(each.places, each.outcomes, strict=True), start=1
                )
                if np.isfinite(count)
            ]  # fmt: skip
    scores = pd.DataFrame(rows)
    return _evaluation(series, seen, horizon, season, alpha, scores, pd.DataFrame(taken), oldest)


def _models(origin: Origin, mixing: Pool | None) -> dict[str, NDArray[np.float64]]:
    """Return the probabilities of the forecast and of each account at an origin."""
    weights = np.array(PRIOR) if mixing is None else mixing.weights
    if mixing is None or mixing.chosen == "mixture":
        forecast = mixture_mass(origin.outlooks, weights)
    else:
        forecast = origin.outlooks[mixing.chosen].mass
    return {"forecast": forecast, **{name: one.mass for name, one in origin.outlooks.items()}}


def _scores(mass: NDArray[np.float64], count: int) -> dict[str, float]:
    """Return how good one distribution was."""
    low, high = pit_ends(mass, count)
    found = {
        "log_score": log_score(mass, count),
        "crps": crps(mass, count),
        "crps_log": crps(mass, count, log_scale=True),
        "pit_low": low,
        "pit_high": high,
    }
    for level in FAN:
        ends = quantiles(mass, np.array([(1 - level) / 2, (1 + level) / 2]))
        name = f"{100 * level:.0f}"
        found |= {f"low_{name}": float(ends[0]), f"high_{name}": float(ends[1])}
        found[f"covered_{name}"] = float(ends[0] <= count <= ends[1])
    return found


def _comparison(scores: pd.DataFrame, first: str, second: str, horizon: int) -> Comparison:
    """Return the mean difference of the CRPS of two models, with its test."""
    means = scores.groupby(["model", "origin"])["crps"].mean()
    differences = (means[first] - means[second]).dropna().to_numpy()
    return compare_scores(differences, horizon=horizon)


def _evaluation(
    series: pd.DataFrame,
    seen: Observed,
    horizon: int,
    season: SeasonChoice | None,
    alpha: float,
    scores: pd.DataFrame,
    chosen: pd.DataFrame,
    oldest: pd.Period | None,
) -> ForecastEvaluation:
    """Turn scores into a result."""
    own = scores[scores["model"] == "forecast"]
    means = scores.groupby("model")[["crps", "crps_log"]].mean()
    simple = str(means.loc[list(SIMPLE), "crps"].idxmin())
    compared = _comparison(scores, "forecast", simple, horizon)
    verdict: Verdict = "no_clear_difference"
    if compared.p_value <= alpha:
        verdict = "better" if compared.difference < 0 else "worse"
    ratios = means.loc["forecast"] / means.loc[simple]
    return ForecastEvaluation(
        series=series,
        horizon=horizon,
        season="none" if season is None else season,
        scores=scores,
        chosen=chosen,
        better_simple=simple,
        crps_ratio=float(ratios["crps"]),
        crps_log_ratio=float(ratios["crps_log"]),
        difference=compared.difference,
        std_error=compared.std_error,
        p_value=compared.p_value,
        verdict=verdict,
        coverage_50=float(own["covered_50"].mean()),
        coverage_80=float(own["covered_80"].mean()),
        coverage_95=float(own["covered_95"].mean()),
        conf_level=1 - alpha,
        n_origins=len(chosen),
        n_forecasts=len(own),
        n_mixture=int((chosen["method"] == "mixture").sum()),
        n_periods=len(series),
        n_observed=seen.count.size,
        n_events=int(seen.count.sum()),
        caveats=named_caveats(
            {
                "old_periods_left_out": oldest is not None,
                "few_origins": len(chosen) < 2 * horizon or len(chosen) < LEAST_JUDGED,
                **seen.caveats(),
            },
            {} if oldest is None else {"old_periods_left_out": oldest},
        ),
    )
