"""What does one kind make up of all events, did that change, and whose doing was it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from trends.analysis.result import Result, alpha_of, check_alpha, named_caveats
from trends.models.counts.count_model import percent_change, ratio_of
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.observed import (
    LEAST_EVENTFUL,
    Observed,
    caveats_of_any,
    observed_periods,
    years_from_middle,
)
from trends.models.counts.season_terms import (
    LEAST_FREEDOM,
    SEASONS,
    SeasonChoice,
    is_identified,
    season_columns,
    shared_season,
)
from trends.models.counts.serial_dependence import BENT, CLEARLY_WANDERS, grid_of, squared_time
from trends.models.counts.share_model import ShareFit, fit_share, share_interval
from trends.models.counts.slope_contrast import Line, fit_line, sum_slopes
from trends.models.counts.smallest_change import POWER, smallest_visible
from trends.tables.calendar import days_in_periods
from trends.tables.series import series as one_series

Verdict = Literal["rose", "fell", "no_clear_change", "no_line"]
Driver = Literal["asked", "rest", "unclear", ""]

#: Terms that are shares, of which the effects are log odds.
_SHARES = ("share", "share_start", "share_end")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Shares(Result):
    """The share of one kind in all events, with how it and all events moved.

    Attributes
    ----------
    series : DataFrame of n_periods rows
        Count series of the kind that was asked about.
    rest : DataFrame of n_periods rows
        Count series of all other kinds together.
    of, by : str
        The kind, and the column that tells the kinds apart.
    season : {"none", "month", "harmonic", "hijri"}
        Seasonal terms beside the line.
    terms : DataFrame of 7 rows
        Columns term, effect, std_error, n_free: shares and the yearly odds ratio on the logistic
        scale, yearly changes as log rates.
    categories : DataFrame of n_categories rows
        The columns of `by`, count, share, share_low, share_high over all periods together; the
        shares add up to one. Most events first.
    composition : DataFrame
        One row per period and kind: period, the column of `by`, count, share (NaN where a period
        has no event).
    fitted : DataFrame of n_periods rows
        Columns period, share (observed), fitted_share, conf_low, conf_high (of the line).
    share, share_low, share_high : float
        Over all periods together, between 0 and 1.
    share_start, share_start_low, share_start_high : float
        Of the line in the first period, at the average time of the year.
    share_end, share_end_low, share_end_high : float
        The same in the last.
    odds_ratio, odds_ratio_low, odds_ratio_high : float
        Factor by which the odds of the kind change in a year.
    p_value : float
        Two-sided, for odds that do not change.
    detectable_odds_ratio : float
        Smallest yearly odds ratio above 1 that these counts would have shown with 80% power.
    change_asked, change_rest, change_total : float
        Percent per year of the kind, of all others together and of all events.
    driver : str
        asked or rest: whose own rise or fall is clearly the larger part of a change of the share;
        unclear; "" where the share did not clearly change.
    p_driver : float
        Two-sided, for equal parts.
    scatter : float
        Correlation of two events of one period beyond their common share; 0 is binomial.
    memory_correlation : float
        Of the share in neighbouring periods around the line, averaged over memories.
    bend_p_value : float
        For a bend of the log odds.
    verdict : str
        One of rose, fell, no_clear_change, no_line; the last where the share wanders or bends, so
        that one yearly odds ratio does not describe it.
    conf_level : float
        Level of all intervals.
    n_periods, n_used, n_categories : int
        Periods, those with an event of any kind, and kinds.
    n_events, n_events_asked : int
        Events of all kinds, and of the kind.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    series: pd.DataFrame
    rest: pd.DataFrame
    of: str
    by: str
    season: str
    terms: pd.DataFrame
    categories: pd.DataFrame
    composition: pd.DataFrame
    fitted: pd.DataFrame
    share: float
    share_low: float
    share_high: float
    share_start: float
    share_start_low: float
    share_start_high: float
    share_end: float
    share_end_low: float
    share_end_high: float
    odds_ratio: float
    odds_ratio_low: float
    odds_ratio_high: float
    p_value: float
    detectable_odds_ratio: float
    change_asked: float
    change_rest: float
    change_total: float
    driver: Driver
    p_driver: float
    scatter: float
    memory_correlation: float
    bend_p_value: float
    verdict: Verdict
    conf_level: float
    n_periods: int
    n_used: int
    n_categories: int
    n_events: int
    n_events_asked: int
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the shares, the yearly odds ratio and the yearly changes.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the result.

        Returns
        -------
        DataFrame of 7 rows
            Columns term, estimate, conf_low, conf_high, p_value, conf_level, method. `share` (all
            periods), `share_start`, `share_end` lie between 0 and 1; `odds_ratio` is a factor a
            year; `change_asked`, `change_rest`, `change_total` are percent a year. A p-value is
            for no change; shares have none.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        rows = [
            (one.term, *_ends(one.term, one.effect, one.std_error, one.n_free, alpha))
            for one in self.terms.itertuples()
        ]
        frame = pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high"])
        statistic = (self.terms["effect"] / self.terms["std_error"]).abs()
        p_values = 2 * stats.t.sf(statistic, self.terms["n_free"])
        frame["p_value"] = np.where(self.terms["term"].isin(_SHARES), np.nan, p_values)
        frame["conf_level"] = 1 - alpha
        frame["method"] = "memory"
        return frame


def estimate_share(
    counts: pd.DataFrame,
    *,
    of: str,
    by: str,
    season: SeasonChoice | None = "auto",
    alpha: float = 0.05,
) -> Shares:
    """Estimate the share of one kind in all events over time.

    A logistic line with scatter beyond chance (beta-binomial: what Dirichlet-multinomial counts are
    for one kind against all others) and memory. What all events and each side did is told beside
    it, because a share also rises where the rest falls.

    Parameters
    ----------
    counts : DataFrame
        Event-count table with one row per kind and period.
    of : str
        The kind whose share is asked for, a label of the column `by`.
    by : str
        Group column that tells the kinds apart. Every event must be of one kind only; those without
        a label are a kind of their own.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        Pattern of the year beside the line, as in `estimate_trend`; "auto" takes waves where the
        kind or the rest shows them.
    alpha : float
        One minus the level of the intervals; the verdict is given at it.

    Returns
    -------
    Shares

    Raises
    ------
    TypeError
        If `counts` is no event-count table.
    ValueError
        If `by` is no column of the table or `of` none of its labels, there is one kind only, rows
        of several groups would fall together, the kinds were not observed for the same time, the
        kind or the rest has events in fewer than 3 periods or too few for the terms, an option is
        not one of its choices, or `alpha` is not between 0 and 1.
    RuntimeError
        If a fit does not converge.

    Notes
    -----
    A period counts where all kinds are known; one without any event says nothing about shares.
    Scatter and coefficients are found in turn (Williams 1982); memory is that of the share's own
    residuals, and the standard error is the smoothed upper quartile over memories, as in
    `estimate_trend`. Nothing about the kind depends on how the others are divided: they may be
    merged or split.

    *Whose doing.* The log odds of a share rise by the kind's own yearly change less that of the
    rest. The larger part is told only where the sum of both changes is clearly not zero, which is
    one test; that one of the two is clear by itself and the other is not would not show it (Gelman
    and Stern 2006).

    In simulation (``benchmarks/shares.py``, 100 tables and more a cell, totals of 5 to 50 a month)
    intervals hold in .92 to 1 of tables, .97 on average, for binomial and Dirichlet-multinomial
    counts, with a monthly correlation of .5 and in bursts; in .88 to 1, .93 on average, with a
    correlation of .8. A change is seen in .03 of tables without one (.06 with a correlation of .8).

    A share of all recorded events is also one of what was recorded: a source that begins to watch
    one kind better raises its share.

    References
    ----------
    Williams DA (1982). Extra-binomial variation in logistic linear models. Applied Statistics
    31(2):144-148. doi:10.2307/2347977

    Mosimann JE (1962). On the compound multinomial distribution, the multivariate beta-
    distribution, and correlations among proportions. Biometrika 49(1-2):65-82.
    doi:10.1093/biomet/49.1-2.65

    Gelman A, Stern H (2006). The difference between "significant" and "not significant" is not
    itself statistically significant. The American Statistician 60(4):328-331.
    doi:10.1198/000313006X152649

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trends
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2021-01", periods=36, freq="M")
    >>> means = {"fire": [8] * 36, "flood": 20 * 0.96 ** np.arange(36), "storm": [5] * 36}
    >>> counts = pd.concat(
    ...     pd.DataFrame({
    ...         "kind": name, "period": months,
    ...         "count": pd.array(rng.poisson(mean), dtype="Int64"),
    ...         "exposure": months.days_in_month.astype(float), "complete": True,
    ...     })
    ...     for name, mean in means.items()
    ... )
    >>> shares = trends.estimate_share(counts, of="fire", by="kind")
    >>> shares.verdict, shares.driver, round(shares.share_start, 2), round(shares.share_end, 2)
    ('rose', 'rest', 0.26, 0.41)
    """
    check_alpha(alpha)
    if season is not None and season not in SEASONS:
        raise ValueError(f"`season` must be one of {', '.join(SEASONS)}, got {season!r}. Pick one.")
    kinds = _kinds(counts, of, by)
    table = _known_periods(kinds, by)
    asked, rest = _asked_and_rest(kinds, table, of)
    seen = observed_periods(asked), observed_periods(rest)
    name = shared_season(seen, season)
    years = years_from_middle(seen[0].periods)
    waves = season_columns(seen[0].periods, name)[0]
    line = np.column_stack([np.ones(years.size), years, waves])
    jumps = [jump_columns(each)[0] for each in seen]
    every_jump = np.unique(np.hstack(jumps), axis=1) if jumps[0].size + jumps[1].size else jumps[0]
    every_row = np.column_stack([line, every_jump])
    totals = table.sum(axis=1).to_numpy()
    fit = _fitted(seen, every_row)
    if fit is None:
        raise ValueError(
            f"`of` must have a share that can be told, got {int(seen[0].count.sum())} of "
            f"{int(np.nansum(totals))} events of the kind {of!r} for {every_row.shape[1]} terms. "
            "Use season='none', longer periods or another kind."
        )
    lines = [
        fit_line(each, np.column_stack([line, jump]))
        for each, jump in zip(seen, jumps, strict=True)
    ]
    both = _both(asked, rest)
    lines.append(fit_line(observed_periods(both), every_row))
    terms = _terms(fit, lines, every_row)
    bend = _bend(fit, seen, every_row)
    wanders = fit.wandering is not None and fit.wandering.log_odds > CLEARLY_WANDERS
    lean = sum_slopes(lines[0], lines[1])
    p_value = float(2 * stats.t.sf(abs(fit.params[1]) / fit.std_error(1), fit.memory.n_free))
    verdict = _verdict(fit.params[1], p_value, alpha, no_line=wanders or bend < BENT)
    visible = smallest_visible(fit.std_error(1), fit.memory.n_free, power=POWER, alpha=alpha)
    ends = {
        one.term: _ends(one.term, one.effect, one.std_error, one.n_free, alpha)
        for one in terms.itertuples()
    }
    return Shares(
        series=asked,
        rest=rest,
        of=str(of),
        by=by,
        season=name,
        terms=terms,
        categories=_categories(table, by, seen, every_row, alpha, fit.scatter),
        composition=_composition(table, by),
        fitted=_line_of(fit, every_row, seen, alpha),
        **{
            f"{term}{end}": value
            for term in (*_SHARES, "odds_ratio")
            for end, value in zip(("", "_low", "_high"), ends[term], strict=True)
        },
        p_value=p_value,
        detectable_odds_ratio=float(ratio_of(visible)),
        change_asked=ends["change_asked"][0],
        change_rest=ends["change_rest"][0],
        change_total=ends["change_total"][0],
        driver=_driver(verdict, lean.difference, lean.p_value, alpha),
        p_driver=lean.p_value,
        scatter=fit.scatter,
        memory_correlation=fit.memory.correlation,
        bend_p_value=bend,
        verdict=verdict,
        conf_level=1 - alpha,
        n_periods=len(asked),
        n_used=fit.total.size,
        n_categories=table.shape[1],
        n_events=int(fit.total.sum()),
        n_events_asked=int(fit.asked.sum()),
        caveats=_caveats(
            seen, bent=bend < BENT, wanders=wanders, jumps=any(each.size for each in jumps)
        ),
    )


def _kinds(counts: pd.DataFrame, of: str, by: str) -> dict[Any, pd.DataFrame]:
    """Return the count series of every kind, in the order of their labels."""
    if isinstance(counts, pd.DataFrame) and by not in counts:
        raise ValueError(
            f"`by` must name a group column of the table, got {by!r} beside "
            f"{', '.join(map(str, counts.columns))}. Correct the name."
        )
    asked = {of: one_series(counts, **{by: of})}
    labels = [None if pd.isna(label) else label for label in counts[by].unique()]
    others = sorted((label for label in labels if label != of), key=str)
    if not others:
        raise ValueError(
            f"`counts` must hold at least two kinds, got {of!r} alone. Keep the events of all "
            "kinds in the table."
        )
    return asked | {label: one_series(counts, **{by: label}) for label in others}


def _known_periods(kinds: dict[Any, pd.DataFrame], by: str) -> pd.DataFrame:
    """Return the counts of all kinds, a column each; periods with an unknown one have none."""
    frames = list(kinds.values())
    start = min(each.index[0] for each in frames)
    end = max(each.index[-1] for each in frames)
    every = pd.period_range(start, end, freq=frames[0].index.freq, name="period")
    exposures = pd.DataFrame(
        {label: each["exposure"].reindex(every) for label, each in kinds.items()}
    ).where(lambda known: known > 0)
    unlike = exposures.max(axis=1) - exposures.min(axis=1) > 1e-9
    if unlike.any():
        period = unlike.index[unlike][0]
        low, high = exposures.loc[period].min(), exposures.loc[period].max()
        raise ValueError(
            f"`counts` must have kinds that were observed for the same time, got exposures from "
            f"{low:g} to {high:g} in {period}. Count all kinds from one source."
        )
    table = pd.DataFrame(
        {
            label: each["count"].reindex(every).to_numpy(dtype=float, na_value=np.nan)
            for label, each in kinds.items()
        },
        index=every,
    )
    table.columns.name = by
    return table.where(table.notna().all(axis=1), np.nan)


def _asked_and_rest(
    kinds: dict[Any, pd.DataFrame], table: pd.DataFrame, of: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the series of the kind and of all others together, over the same periods."""
    asked = _filled(kinds[of], table[of])
    others = [each for label, each in kinds.items() if label != of]
    rest = _filled(kinds[of], table.drop(columns=of).sum(axis=1, skipna=False))
    known = [key for each in others for key in each.attrs.get("caveats", [])]
    breaks = [dict(one) for each in others for one in each.attrs.get("breaks", [])]
    rest.attrs = {
        **{key: value for key, value in asked.attrs.items() if key not in ("labels", "breaks")},
        "caveats": list(dict.fromkeys(known)),
        **(
            {"breaks": [one for at, one in enumerate(breaks) if one not in breaks[:at]]}
            if breaks
            else {}
        ),
    }
    return asked, rest


def _filled(series: pd.DataFrame, count: pd.Series) -> pd.DataFrame:
    """Return a series with other counts over more periods; it does not cover those it lacks."""
    made = pd.DataFrame(
        {
            "count": pd.array(count, dtype="Int64"),
            "exposure": series["exposure"].reindex(count.index).fillna(0.0).to_numpy(dtype=float),
        },
        index=count.index,
    )
    made.attrs = dict(series.attrs)
    return made


def _both(asked: pd.DataFrame, rest: pd.DataFrame) -> pd.DataFrame:
    """Return the series of all events."""
    both = asked.copy()
    both["count"] = asked["count"] + rest["count"]
    return both


def _fitted(seen: tuple[Observed, Observed], every_row: NDArray[np.float64]) -> ShareFit | None:
    """Return the fit of the share; None where the counts cannot tell the terms apart."""
    if not all(is_identified(each, every_row[each.position]) for each in seen):
        return None
    return _share_of(seen[0].count, seen[0].count + seen[1].count, seen[0], every_row)


def _share_of(
    asked: NDArray[np.float64],
    total: NDArray[np.float64],
    seen: Observed,
    every_row: NDArray[np.float64],
    *,
    wandering: bool = True,
) -> ShareFit | None:
    """Fit the share of one kind in the events of all periods."""
    design = every_row[seen.position]
    used = design[total > 0]
    n_both = min(int((asked > 0).sum()), int((asked < total).sum()))
    if n_both < max(LEAST_EVENTFUL, design.shape[1]):
        return None
    if len(used) - LEAST_FREEDOM < used.shape[1] or np.linalg.matrix_rank(used) < used.shape[1]:
        return None
    return fit_share(
        asked,
        total,
        design,
        seen.position,
        grid=grid_of(seen.periods),
        days_per_period=float(np.median(days_in_periods(seen.periods))),
        wandering=wandering,
    )


def _terms(fit: ShareFit, lines: list[Line], every_row: NDArray[np.float64]) -> pd.DataFrame:
    """Return every effect with its standard error, on the scale on which it is symmetric."""
    level = np.zeros((2, every_row.shape[1]))
    level[:, 0], level[:, 1] = 1.0, every_row[[0, -1], 1]
    start, end = fit.log_odds(level)
    slope = np.zeros((1, every_row.shape[1]))
    slope[0, 1] = 1.0
    rows = [
        ("share", *fit.log_odds_of_all(), fit.memory.n_free),
        ("share_start", *start, fit.memory.n_free),
        ("share_end", *end, fit.memory.n_free),
        ("odds_ratio", *fit.log_odds(slope)[0], fit.memory.n_free),
        *(
            (f"change_{which}", each.slope(1), each.std_error(1), each.memory.n_free)
            for which, each in zip(("asked", "rest", "total"), lines, strict=True)
        ),
    ]
    return pd.DataFrame(rows, columns=["term", "effect", "std_error", "n_free"])


def _ends(
    term: str, effect: float, std_error: float, n_free: float, alpha: float
) -> tuple[float, float, float]:
    """Return an estimate with its t interval on the scale it is told in."""
    half = float(stats.t.ppf(1 - alpha / 2, n_free)) * std_error
    at = np.array([effect, effect - half, effect + half])
    if term in _SHARES:
        told = special.expit(at)
    elif term == "odds_ratio":
        told = ratio_of(at)
    else:
        told = percent_change(at)
    return float(told[0]), float(told[1]), float(told[2])


def _bend(fit: ShareFit, seen: tuple[Observed, Observed], every_row: NDArray[np.float64]) -> float:
    """Return the p-value of a bend of the log odds; NaN where it cannot be fitted."""
    bent = np.insert(every_row, 2, squared_time(every_row[:, 1]), axis=1)
    other = _share_of(seen[0].count, seen[0].count + seen[1].count, seen[0], bent, wandering=False)
    if other is None:
        return np.nan
    return float(2 * stats.t.sf(abs(other.params[2]) / other.std_error(2), other.memory.n_free))


def _verdict(slope: float, p_value: float, alpha: float, *, no_line: bool) -> Verdict:
    """Return what may be said of the share at `alpha`."""
    if no_line:
        return "no_line"
    if p_value > alpha:
        return "no_clear_change"
    return "rose" if slope > 0 else "fell"


def _driver(verdict: Verdict, lean: float, p_value: float, alpha: float) -> Driver:
    """Return whose own move is clearly the larger part of the change of the share.

    Where a share rose, the sum of both slopes is positive if the kind rose by more than the rest
    fell; where it fell, negative if the kind fell by more than the rest rose.
    """
    if verdict not in ("rose", "fell"):
        return ""
    if p_value > alpha:
        return "unclear"
    return "asked" if (lean > 0) == (verdict == "rose") else "rest"


def _categories(
    table: pd.DataFrame,
    by: str,
    seen: tuple[Observed, Observed],
    every_row: NDArray[np.float64],
    alpha: float,
    scatter: float,
) -> pd.DataFrame:
    """Return the share of every kind in all events, each with its own scatter and memory.

    A kind too rare for a line of its own borrows the scatter of the kind that was asked about:
    Dirichlet-multinomial counts share one.
    """
    known = table.iloc[seen[0].position]
    total = known.sum(axis=1).to_numpy()
    rows = []
    for label, counted in known.items():
        count = counted.to_numpy()
        fit = _share_of(count, total, seen[0], every_row)
        if fit is None:
            share, low, high = share_interval(count, total, scatter, alpha)
        else:
            effect, error = fit.log_odds_of_all()
            share, low, high = _ends("share", effect, error, fit.memory.n_free, alpha)
        rows.append((label, int(count.sum()), share, low, high))
    frame = pd.DataFrame(rows, columns=[by, "count", "share", "share_low", "share_high"])
    return frame.sort_values("count", ascending=False, kind="stable", ignore_index=True)


def _composition(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the observed share of every kind in every period."""
    long = table.reset_index().melt(id_vars="period", value_name="count")
    total = long.groupby("period")["count"].transform("sum")
    long["share"] = long["count"] / total.where(total > 0)
    return long[["period", by, "count", "share"]]


def _line_of(
    fit: ShareFit,
    every_row: NDArray[np.float64],
    seen: tuple[Observed, Observed],
    alpha: float,
) -> pd.DataFrame:
    """Return observed and fitted shares of all periods."""
    shares = np.full(len(every_row), np.nan)
    shares[fit.position] = fit.asked / fit.total
    told = np.array(
        [
            _ends("share", effect, error, fit.memory.n_free, alpha)
            for effect, error in fit.log_odds(every_row)
        ]
    )
    return pd.DataFrame(
        {
            "period": seen[0].periods,
            "share": shares,
            "fitted_share": told[:, 0],
            "conf_low": told[:, 1],
            "conf_high": told[:, 2],
        }
    )


def _caveats(
    seen: tuple[Observed, Observed], *, bent: bool, wanders: bool, jumps: bool
) -> tuple[str, ...]:
    """Return the keys of what a reader must know about this share."""
    holds = {
        "bent_share": bent,
        "wandering_share": wanders,
        "declared_jump": jumps,
        **caveats_of_any(seen),
    }
    return named_caveats(holds, {})
