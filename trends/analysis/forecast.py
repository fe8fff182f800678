"""What comes next, as a distribution?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.observed import Observed
from trends.models.counts.predictive import MEMBERS, Outlook, outlooks
from trends.models.counts.rolling import (
    LEAST_HISTORY,
    LEAST_JUDGED,
    MOST_ORIGINS,
    Pool,
    history_at,
    mixture_mass,
    pool,
    shares_of,
    support,
    tied_like,
)
from trends.models.counts.scoring import quantiles
from trends.models.counts.season_terms import SeasonChoice
from trends.models.shifts.lookback import checked, recent, setup_of
from trends.options import is_whole

#: Levels of the fan.
FAN = (0.5, 0.8, 0.95)
#: Paths behind totals when nobody asks for another number: a chance of .5 to one point.
N_DRAWS = 4000
#: Quantiles that forecast hubs ask for.
HUB_LEVELS = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Forecast(Result):
    """Distributions of the counts of coming periods.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        The count series that was asked about.
    horizon : int
        Whole periods after the last one with a count.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year that one of the accounts follows.
    periods : PeriodIndex of n_ahead
        What is forecast: the rest of the last period where it was partly observed, and the periods
        after it.
    exposure : ndarray, shape (n_ahead,)
        Days that are forecast of each, or what the unit of the series counts.
    probabilities : ndarray, shape (n_ahead, n_counts)
        Of 0, 1, 2, ... events in each.
    draws : ndarray of int, shape (n_draws, n_ahead)
        Paths, for totals over several periods.
    chosen : {"mixture", "own_past", "static_nb"}
        The mixture of all accounts, or the simple one that it has not beaten in the past.
    weights : DataFrame
        Columns term (own_past, static_nb, memory_nb, seasonal_nb, local_level) and weight in the
        mixture.
    gain : float
        Mean log probability that the mixture gave to the count of the next period, less that of the
        better simple account; NaN without a past to judge.
    better_simple : {"own_past", "static_nb"}
        The simple account with the better past.
    n_origins : int
        Past origins by which it was judged.
    restart : Period or None
        First period of the history that was used, where a shift was found before it.
    conf_level : float
        Level of the widest interval that is said.
    n_periods, n_observed, n_events, n_draws : int
        Periods, periods with a count, events, and paths.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    horizon: int
    season: str
    periods: pd.PeriodIndex
    exposure: np.ndarray
    probabilities: np.ndarray
    draws: np.ndarray
    chosen: str
    weights: pd.DataFrame
    gain: float
    better_simple: str
    n_origins: int
    restart: pd.Period | None
    conf_level: float
    n_periods: int
    n_observed: int
    n_events: int
    n_draws: int
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row for every period ahead, for all together, and for the year where it ends.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the forecast.

        Returns
        -------
        DataFrame
            Columns term (rest, count, total or year_total), period, estimate (median, events),
            conf_low, conf_high, conf_level, method. The year is that of the last count, its total
            what was counted so far and what is forecast; it is there only if the forecast reaches
            its end.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        levels = np.array([alpha / 2, 0.5, 1 - alpha / 2])
        rows = [
            ("rest" if period <= self.last_counted else "count", period, *quantiles(mass, levels))
            for period, mass in zip(self.periods, self.probabilities, strict=True)
        ]
        rows.append(("total", self.periods[-1], *_of_draws(self.draws.sum(axis=1), levels)))
        if self.reaches_year_end:
            year = pd.Period(year=self.last_counted.year, freq="Y")
            rows.append(("year_total", year, *_of_draws(self.year_draws(), levels)))
        frame = pd.DataFrame(rows, columns=["term", "period", "conf_low", "estimate", "conf_high"])
        frame = frame.astype(dict.fromkeys(("conf_low", "estimate", "conf_high"), float))
        frame["conf_level"] = 1 - alpha
        frame["method"] = self.chosen
        return frame[
            ["term", "period", "estimate", "conf_low", "conf_high", "conf_level", "method"]
        ]

    def fan(self) -> pd.DataFrame:
        """Return the intervals of 50, 80 and 95% of every period ahead.

        Returns
        -------
        DataFrame
            Columns period, estimate (median), conf_low, conf_high, conf_level; a row for every
            period and level.
        """
        rows = []
        for period, mass in zip(self.periods, self.probabilities, strict=True):
            for level in FAN:
                low, middle, high = quantiles(
                    mass, np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
                )
                rows.append((period, float(middle), float(low), float(high), level))
        return pd.DataFrame(
            rows, columns=["period", "estimate", "conf_low", "conf_high", "conf_level"]
        )

    @property
    def last_counted(self) -> pd.Period:
        """Last period with a count."""
        known = self.series.index[self.series["count"].notna()]
        last: pd.Period = known[-1]
        return last

    @property
    def reaches_year_end(self) -> bool:
        """Whether every period of the year of the last count is counted or forecast."""
        return not self._missing_in(self.last_counted.year)

    def year_draws(self, year: int | None = None) -> NDArray[np.int64]:
        """Return draws of the total of a calendar year: what was counted and what is forecast.

        Parameters
        ----------
        year : int, optional
            By default that of the last count. A week belongs to the year of its middle.

        Returns
        -------
        ndarray of int, shape (n_draws,)

        Raises
        ------
        ValueError
            If a period of the year is neither counted nor forecast.
        """
        year = self.last_counted.year if year is None else year
        missing = self._missing_in(year)
        if missing:
            raise ValueError(
                f"`year` must be counted or forecast to its end, got {year}, of which {missing} "
                "are neither. Ask for a longer `horizon`, or for another year."
            )
        index = pd.PeriodIndex(self.series.index)
        counted = self.series["count"].to_numpy(dtype=float, na_value=0.0)[_years(index) == year]
        ahead = self.draws[:, _years(self.periods) == year].sum(axis=1)
        return np.asarray(ahead + int(counted.sum()), dtype=np.int64)

    def probability(self, *, at_least: float, year: int | None = None) -> float:
        """Return the chance that a calendar year ends with at least so many events.

        Parameters
        ----------
        at_least : float
            Events in the whole year, those already counted among them.
        year : int, optional
            By default that of the last count.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If a period of the year is neither counted nor forecast.
        """
        return float(np.mean(self.year_draws(year) >= at_least))

    def to_hubverse(
        self, *, target: str = "count", location: str = "", levels: Sequence[float] = HUB_LEVELS
    ) -> pd.DataFrame:
        """Return the forecast in the model-output format of hubverse forecast hubs.

        Parameters
        ----------
        target, location : str
            What is forecast, and where, in the words of the hub.
        levels : sequence of float
            Quantiles, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns reference_date (last day counted), target, horizon (periods), target_end_date,
            location, output_type ("quantile"), output_type_id and value.
        """
        asked = np.asarray(levels, dtype=float)
        if not ((asked > 0) & (asked < 1)).all():
            raise ValueError(f"`levels` must be between 0 and 1, got {list(levels)}. Use 0.5.")
        reference = self.last_counted.end_time.normalize()
        rows = []
        for period, mass in zip(self.periods, self.probabilities, strict=True):
            if period <= self.last_counted:
                # A hub has no row for the rest of a period.
                continue
            for level, value in zip(asked, quantiles(mass, asked), strict=True):
                rows.append(
                    {
                        "reference_date": reference.date().isoformat(),
                        "target": target,
                        "horizon": period.ordinal - self.last_counted.ordinal,
                        "target_end_date": period.end_time.date().isoformat(),
                        "location": location,
                        "output_type": "quantile",
                        "output_type_id": float(level),
                        "value": int(value),
                    }
                )
        return pd.DataFrame(rows)

    def _missing_in(self, year: int) -> int:
        """Return how many periods of a year are neither counted nor forecast."""
        index = pd.PeriodIndex(self.series.index)
        known = set(index[self.series["count"].notna()]) | set(self.periods)
        first, last = (
            pd.Period(pd.Timestamp(year, month, day), freq=index.freq)
            for month, day in ((1, 1), (12, 31))
        )
        every = pd.period_range(first, last, freq=index.freq)
        return sum(period not in known for period in every[_years(every) == year])


def forecast_counts(
    series: pd.DataFrame,
    horizon: int,
    *,
    season: SeasonChoice | None = "auto",
    alpha: float = 0.05,
    n_draws: int = N_DRAWS,
    rng: int | np.random.Generator | None = None,
) -> Forecast:
    """Forecast the counts of the coming periods as distributions.

    Five accounts of the past are mixed: the distribution of the series' own past counts, one
    negative binomial distribution, one whose counts remember the last ones, one that follows the
    year, and a level that drifts; each with its parameters integrated out. Their weights are those
    that their past forecasts earned. Where the mixture has not beaten the better of the two simple
    ones, the forecast is that one.

    Parameters
    ----------
    series : DataFrame of n_periods rows
        Count series with at least 8 observed periods and events in at least 3.
    horizon : int
        Whole periods after the last one with a count, no more than were observed.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year that one of the accounts follows: two waves a year from two years of
        counts on (the default; whether it counts is decided by its weight), none, a factor per
        month, or the days of Ramadan and the two feasts.
    alpha : float
        One minus the level of the intervals.
    n_draws : int
        Paths for totals over several periods. The default gives a chance to one point.
    rng : None, int or Generator
        Source of randomness of the paths. Distributions of single periods are calculated.

    Returns
    -------
    Forecast

    Raises
    ------
    TypeError
        If `series` is not a count series.
    ValueError
        If it is too short or too empty, or an option is out of range.

    Notes
    -----
    The history restarts at the latest shift that beats memory alone clearly (twice the log ratio of
    evidence above 12.3, and at least 12 observed periods since); what came before it says nothing
    of the level to come. Where counting is known to have changed (`known_breaks`) nobody searched
    for the date, and 4 is enough. The rest of a partly observed period is forecast by its days.
    Weights are proportional to a prior (.2 and .2 for the simple accounts, .5 for counts that
    remember, .05 each for the year and for a drift) times the product, over the last 36 origins, of
    the probabilities that an account gave to what came; of forecasts of several periods it is their
    geometric mean. After a restart only the origins since then count, as soon as there are six. The
    mixture is held against the simple accounts by its forecasts of the next period at the same
    origins; forecasts of further periods overlap and tell less.

    Paths of a simple account are put together in the order of those of the mixture, period by
    period (ensemble copula coupling, Schefzik and others 2013): every period keeps its
    distribution, and totals over several know that the rate is the same in all, remembered or
    drifting. Put together at random, they held too little: see `benchmarks/forecast_totals.py`.

    Of a longer series the last 3,000 periods are used (eight years of days), and the forecast says
    so: 100,000 days take as long as 3,000.

    A forecast holds as long as the future resembles the past: it knows of no offensive and no
    truce. `evaluate_forecasts` says how often forecasts made in the same way were right.

    References
    ----------
    Harvey AC, Fernandes C (1989). Time series models for count or qualitative observations. Journal
    of Business and Economic Statistics 7(4):407-417.

    Schefzik R, Thorarinsdottir TL, Gneiting T (2013). Uncertainty quantification in complex
    simulation models using ensemble copula coupling. Statistical Science 28(4):616-640.
    https://doi.org/10.1214/13-STS443

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> months = pd.period_range("2022-01", periods=30, freq="M")
    >>> series = trends.as_series(pd.Series([4, 6, 5, 3, 7, 5] * 5, index=months))
    >>> ahead = trends.forecast_counts(series, 6, rng=1)
    >>> 0.2 < ahead.probability(at_least=60) < 0.8
    True
    """
    check_alpha(alpha)
    used, oldest = recent(series)
    seen, horizon = checked(used, horizon, season)
    if not is_whole(n_draws, 1):
        raise ValueError(
            f"`n_draws` must be a whole number of 1 or more, got {n_draws!r}. Use {N_DRAWS}."
        )
    setup = setup_of(used, seen, horizon, season)
    n_known = seen.count.size
    first = max(LEAST_HISTORY, n_known - MOST_ORIGINS)
    origins = setup.look_back(range(first, n_known))
    start = setup.start_of(n_known)
    mixing = pool(origins, int(seen.position[-1]), start)
    places, exposure = setup.ahead(n_known, partial=True)
    history = history_at(seen, n_known, start, places, exposure, setup.waves, setup.grid)
    made = outlooks(history, support(history, np.empty(0)))
    mass, draws = _mixed(made, mixing, int(n_draws), np.random.default_rng(rng))
    index = pd.PeriodIndex(used.index)
    periods = index[0] + np.asarray(places)
    restart = index[int(seen.position[start])] if start else None
    return Forecast(
        series=series,
        horizon=horizon,
        season="none" if season is None else season,
        periods=pd.PeriodIndex(periods, freq=index.freq),
        exposure=exposure * setup.unit,
        probabilities=mass,
        draws=draws.astype(np.int64),
        chosen=mixing.chosen,
        weights=_weight_table(made, mixing),
        gain=mixing.gain,
        better_simple=mixing.better_simple,
        n_origins=mixing.n_judged,
        restart=restart,
        conf_level=1 - alpha,
        n_periods=len(series),
        n_observed=n_known,
        n_events=int(seen.count.sum()),
        n_draws=int(n_draws),
        caveats=_caveats(seen, restart, mixing, oldest),
    )


def _mixed(
    made: dict[str, Outlook], mixing: Pool, n_draws: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probabilities of the forecast, and paths in a random order."""
    shares = shares_of(made, mixing.weights)
    numbers = rng.multinomial(n_draws, list(shares.values()))
    paths = rng.permutation(
        np.concatenate(
            [
                made[name].draw(int(number), rng)
                for name, number in zip(shares, numbers, strict=True)
                if number
            ]
        )
    )
    if mixing.chosen == "mixture":
        return mixture_mass(made, mixing.weights), paths
    # One period after another, a simple account knows of nothing that ties them together: forecasts
    # of one period, by which it was chosen, cannot tell whether anything does.
    simple = made[mixing.chosen]
    return simple.mass, tied_like(simple.draw(n_draws, rng), paths, rng)


def _weight_table(made: dict[str, Outlook], mixing: Pool) -> pd.DataFrame:
    """Return the weights in the mixture, whether or not it was taken."""
    shares = shares_of(made, mixing.weights)
    return pd.DataFrame(
        {"term": list(MEMBERS), "weight": [shares.get(name, 0.0) for name in MEMBERS]}
    )


def _of_draws(draws: NDArray[np.int64], levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return quantiles of draws that are counts themselves."""
    return np.asarray(np.quantile(draws, levels, method="inverted_cdf"), dtype=np.int64)


def _years(periods: pd.PeriodIndex) -> NDArray[np.int64]:
    """Return the calendar year of the middle of each period."""
    middle = periods.start_time + (periods.end_time - periods.start_time) / 2
    return np.asarray(middle.year, dtype=np.int64)


def _caveats(
    seen: Observed, restart: pd.Period | None, mixing: Pool, oldest: pd.Period | None
) -> tuple[str, ...]:
    """Return the keys of what a reader must know of a forecast."""
    holds = {
        "future_like_past": True,
        "history_restarts": restart is not None,
        # A restart is later, and says all that the end of the history would.
        "old_periods_left_out": oldest is not None and restart is None,
        "few_origins": mixing.n_judged < LEAST_JUDGED,
        **seen.caveats(),
    }
    about = {"history_restarts": restart, "old_periods_left_out": oldest}
    return named_caveats(holds, {key: each for key, each in about.items() if each is not None})
