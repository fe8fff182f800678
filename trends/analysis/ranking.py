"""Which groups drive the change between two stretches, and who changed most?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from trends.analysis.panel import Panel, analyse_panel
from trends.analysis.result import Result
from trends.models.counts.borrowing import shrink, spread_of
from trends.models.counts.count_model import ratio_of
from trends.models.counts.season_terms import SeasonChoice
from trends.options import is_whole
from trends.tables.typed import Day

if TYPE_CHECKING:
    from trends.analysis.periods import PeriodComparison

#: Draws behind the chance of being among the first.
N_DRAWS = 4000
_LARGEST = 1e300


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GroupRanking(Result):
    """What each group contributes to a change of the total, and how much it changed itself.

    Attributes
    ----------
    panel : Panel
        The comparisons of the two stretches, one per group.
    groups : DataFrame of n_groups rows
        As `to_frame` returns it at the ranking's own level.
    top : int
        How many groups count as first.
    rate_first, rate_second : float
        Sum of the groups' rates in each stretch, events per 30.4375 days (or per unit).
    change : float
        First minus second; the contributions add up to it.
    leader : str
        Group with the largest contribution in the direction of the change; "" when nothing changed.
    seed : int
        From which the streams of random numbers were derived.
    conf_level : float
        Level of all intervals.
    n_groups, n_answered : int
        Groups, and those that could be compared.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    panel: Panel
    groups: pd.DataFrame
    top: int
    rate_first: float
    rate_second: float
    change: float
    leader: str
    seed: int
    conf_level: float
    n_groups: int
    n_answered: int
    caveats: tuple[str, ...] = field(default=())

    @property
    def by(self) -> tuple[str, ...]:
        """Columns that name a group."""
        return self.panel.by

    @property
    def compared(self) -> PeriodComparison:
        """Comparison of one of the groups: the stretches are the same for each."""
        return cast("PeriodComparison", next(iter(self.panel.results.values())))

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row per group, the largest contribution in the direction of the change first.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the ranking. At another level
            the comparisons are made again.

        Returns
        -------
        DataFrame of n_groups rows
            The columns of `by`, then status, reason, rate_first, rate_second, estimate (the
            contribution: first rate minus second), conf_low, conf_high, share_of_change (NaN where
            nothing changed), ratio, ratio_low, ratio_high (the group by itself), shrunk_ratio,
            shrunk_ratio_low, shrunk_ratio_high (in the light of the other groups; these hold after
            ranking), chance_of_top, conf_level.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        if alpha is None or np.isclose(1 - alpha, self.conf_level):
            return self.groups.copy()
        options = cast("dict[str, Any]", self.panel.options)
        again = rank_groups(
            self.panel.counts,
            by=self.by,
            first=options["first"],
            second=options["second"],
            season=options["season"],
            top=self.top,
            alpha=alpha,
            rng=self.seed,
            n_jobs=1,
        )
        return again.groups


def rank_groups(
    counts: pd.DataFrame,
    *,
    by: str | Sequence[str],
    first: tuple[Day, Day],
    second: tuple[Day, Day],
    season: SeasonChoice | None = "auto",
    top: int = 3,
    alpha: float = 0.05,
    n_jobs: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> GroupRanking:
    """Rank the groups of a table by what they contribute to a change between two stretches.

    Parameters
    ----------
    counts : DataFrame
        Event-count table with one row per group of `by` and period.
    by : str or sequence of str
        Group columns that name a series.
    first, second : pair of str, int, date or Period
        First and last period of each stretch, both included, as `compare_periods` reads them. The
        change is first minus second, the ratio first over second.
    season : {"auto", "none", "month", "harmonic", "hijri"}
        As in `compare_periods`.
    top : int
        How many groups count as first.
    alpha : float
        One minus the level of the intervals.
    n_jobs : int, optional
        Workers, as in `analyse_panel`.
    rng : int or Generator, optional
        Source of random numbers, for the chances of being among the first.

    Returns
    -------
    GroupRanking

    Raises
    ------
    TypeError
        If `counts` is no event-count table.
    ValueError
        If fewer than two groups can be compared, `top` is not between 1 and the number of groups
        less one, or an option of `compare_periods` is out of range.

    Notes
    -----
    *Contributions.* A group contributes its own rate in the first stretch minus that in the second.
    They add up to the change of the sum of the rates. A group may contribute most because it is
    large, and change most because it is small: the ratio says the second.

    *After ranking.* The largest of many uncertain ratios is too large on average. The shrunk ratio
    is a posterior mean under the spread of the changes of all groups (empirical Bayes, averaged
    over how they may be spread), and its interval holds on average over groups like these also for
    those that rank first. A group without events in one stretch enters it with half an event added
    to both.

    *Chance of the top.* Rates are drawn independently between groups from their own uncertainty;
    the chance is the share of draws in which a group is among the first in the direction of the
    whole change (Goldstein and Spiegelhalter 1996 on why ranks need such intervals).

    References
    ----------
    Goldstein H, Spiegelhalter DJ (1996). League tables and their limitations: statistical issues in
    comparisons of institutional performance. Journal of the Royal Statistical Society A
    159(3):385-443. doi:10.2307/2983325

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trends
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2023-01", periods=24, freq="M")
    >>> means = {"North": [6] * 12 + [18] * 12, "South": [9] * 24, "East": [4] * 24}
    >>> counts = pd.concat(
    ...     pd.DataFrame({
    ...         "district": name, "period": months,
    ...         "count": pd.array(rng.poisson(mean), dtype="Int64"),
    ...         "exposure": months.days_in_month.astype(float), "complete": True,
    ...     })
    ...     for name, mean in means.items()
    ... )
    >>> ranking = trends.rank_groups(
    ...     counts, by="district", first=(2024, 2024), second=(2023, 2023), top=1, n_jobs=1, rng=1)
    >>> ranking.leader, ranking.to_frame()["chance_of_top"].round(1).tolist()
    ('North', [1.0, 0.0, 0.0])
    """
    panel = analyse_panel(
        counts,
        "periods",
        by=by,
        alpha=alpha,
        n_jobs=n_jobs,
        rng=rng,
        first=first,
        second=second,
        season=season,
    )
    if panel.n_answered < 2:
        reasons = "; ".join(dict.fromkeys(panel.answers.query("status != 'ok'")["reason"]))
        raise ValueError(
            f"`counts` must hold at least two groups that can be compared, got {panel.n_answered}. "
            f"{reasons}"
        )
    if not is_whole(top, 1) or top >= panel.n_answered:
        raise ValueError(
            f"`top` must be between 1 and {panel.n_answered - 1}, got {top!r}. "
            "Name fewer groups than there are."
        )
    groups = _table(panel, top, alpha)
    change = float(groups["estimate"].sum())
    leading = groups.iloc[0]
    known = groups["status"] == "ok"
    return GroupRanking(
        panel=panel,
        groups=groups,
        top=top,
        rate_first=float(groups["rate_first"].sum()),
        rate_second=float(groups["rate_second"].sum()),
        change=change,
        leader=", ".join(str(leading[name]) for name in panel.by) if change else "",
        seed=panel.seed,
        conf_level=1 - alpha,
        n_groups=len(groups),
        n_answered=int(known.sum()),
        caveats=panel.caveats,
    )


#: What is taken from each comparison; its difference is the contribution.
_TAKEN = {
    "estimate": "difference",
    "conf_low": "difference_low",
    "conf_high": "difference_high",
    **{
        name: name
        for name in (
            "n_first", "n_second", "exposure_first", "exposure_second", "rate_first",
            "rate_first_high", "rate_second", "rate_second_high", "ratio", "ratio_low",
            "ratio_high", "std_error", "n_free", "inflation",
        )
    },
}  # fmt: skip


def _table(panel: Panel, top: int, alpha: float) -> pd.DataFrame:
    """Return one row per group, in order of contribution to the whole change."""
    known = (panel.answers["status"] == "ok").to_numpy()
    one = pd.DataFrame(
        [
            {name: getattr(each, field) for name, field in _TAKEN.items()}
            for each in panel.results.values()
        ]
    )
    change = float(one["estimate"].sum())
    effects, errors = _log_ratios(one)
    posterior = shrink(effects, errors, spread_of(effects, errors))
    low, high = posterior.interval(alpha)
    one["share_of_change"] = one["estimate"] / change if change else np.nan
    for name, value in zip(("", "_low", "_high"), (posterior.estimate, low, high), strict=True):
        one[f"shrunk_ratio{name}"] = ratio_of(value)
    one["chance_of_top"] = _chances(one, top, alpha, np.random.default_rng([panel.seed, 1]))
    columns = [
        "rate_first", "rate_second", "estimate", "conf_low", "conf_high",
        "share_of_change", "ratio", "ratio_low", "ratio_high", "shrunk_ratio", "shrunk_ratio_low",
        "shrunk_ratio_high", "chance_of_top",
    ]  # fmt: skip
    groups = panel.answers[[*panel.by, "status", "reason"]].copy()
    groups[columns] = np.nan
    groups.loc[groups.index[known], columns] = one[columns].to_numpy(dtype=float)
    groups["conf_level"] = 1 - alpha
    order = -groups["estimate"] if change >= 0 else groups["estimate"]
    return groups.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def _log_ratios(one: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log ratios with standard errors; half an event is added where a stretch has none."""
    empty = (one[["n_first", "n_second"]] == 0).any(axis=1)
    counts = one[["n_first", "n_second"]].to_numpy(dtype=float) + 0.5
    times = one[["exposure_first", "exposure_second"]].to_numpy(dtype=float)
    added = np.log(counts[:, 0] / times[:, 0]) - np.log(counts[:, 1] / times[:, 1])
    rough = np.sqrt(one["inflation"] * (1 / counts).sum(axis=1))
    with np.errstate(divide="ignore"):
        effects = np.where(empty, added, np.log(one["ratio"].to_numpy(dtype=float)))
    # A t error is as wide as a normal one in the 95% interval.
    wider = stats.t.ppf(0.975, one["n_free"]) / stats.norm.ppf(0.975)
    errors = np.where(empty, rough, one["std_error"].to_numpy(dtype=float)) * wider
    return np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)


def _chances(
    one: pd.DataFrame, top: int, alpha: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the chance of each group to be among the first in the direction of the change."""
    drawn = []
    for which in ("first", "second"):
        rate = one[f"rate_{which}"].to_numpy(dtype=float)
        reach = one[f"rate_{which}_high"].to_numpy(dtype=float)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            error = np.log(reach / rate) / stats.t.isf(alpha / 2, one["n_free"])
            lognormal = rate * np.exp(error * rng.standard_normal((N_DRAWS, rate.size)))
        # Where nothing was counted: the posterior of a rate on Jeffreys' prior.
        scale = one["inflation"].to_numpy() / one[f"exposure_{which}"].to_numpy()
        nothing = rng.gamma(0.5, scale, (N_DRAWS, rate.size))
        # What no number holds is as large as numbers go: two of them differ by nothing.
        drawn.append(np.minimum(np.where(rate > 0, lognormal, nothing), _LARGEST))
    change = drawn[0] - drawn[1]
    towards = change if one["estimate"].sum() >= 0 else -change
    ranks = np.argsort(np.argsort(-towards, axis=1), axis=1)
    return np.asarray((ranks < top).mean(axis=0))
