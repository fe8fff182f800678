"""Which changepoints do several sources share, and which do only some of them show?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from trends.models.shifts.shift_summary import highest_mass

if TYPE_CHECKING:
    from trends.analysis.changepoint import Changepoint, Changepoints


def shared_changepoints(
    results: Mapping[str, Changepoints], *, alpha: float = 0.05
) -> pd.DataFrame:
    """Say which changepoints several sources share and which only some of them show.

    Changepoints in the same direction are taken for one when their confidence sets have a period
    in common; its date then rests on all of them.

    Parameters
    ----------
    results : mapping of source name to Changepoints
        The same events counted by different sources, or the same source in different places.
    alpha : float
        One minus the level of the sets.

    Returns
    -------
    DataFrame
        One row per changepoint in order of time: period, conf_low, conf_high (from all sources
        that show it), direction (up, down), n_sources, sources, absent_from (sources that cover
        it and do not show it), not_covered_by, verdict: "shared" when at least two sources show
        it and none that covers it does not; "disputed" when at least two show it and others do
        not; "one_source" when a single one of several does; "uncheckable" when no other source
        covers it.

    Raises
    ------
    TypeError
        If a result is not a `Changepoints`.
    ValueError
        If fewer than two results are given or their periods have different lengths.

    Notes
    -----
    That a source does not show a changepoint is weak evidence when that source could hardly have
    shown it: look at its `detectable_ratio`.

    Examples
    --------
    >>> import trends
    >>> counts = trends.datasets.event_counts()
    >>> shifts = {
    ...     country: trends.detect_changepoints(trends.series(counts, country=country), rng=1)
    ...     for country in ("Iraq", "Syria")
    ... }
    >>> trends.shared_changepoints(shifts)["verdict"].tolist()[0]
    'shared'
    """
    _check_results(results)
    groups: list[dict[str, Changepoint]] = []
    everything = sorted(
        (
            (one.period, source, one)
            for source, found in results.items()
            for one in found.changepoints
        ),
        key=lambda item: (item[0].ordinal, item[1]),
    )
    for _, source, changepoint in everything:
        fitting = [
            group
            for group in groups
            if source not in group
            and (_rises(next(iter(group.values()))) == _rises(changepoint))
            and _common_set([*group.values(), changepoint], alpha)
        ]
        if fitting:
            nearest = min(
                fitting,
                key=lambda group: min(
                    abs(one.period.ordinal - changepoint.period.ordinal) for one in group.values()
                ),
            )
            nearest[source] = changepoint
        else:
            groups.append({source: changepoint})
    rows = [_describe_group(group, results, alpha) for group in groups]
    frame = pd.DataFrame(rows, columns=list(SHARED_COLUMNS))
    return frame.sort_values("period", ignore_index=True)


SHARED_COLUMNS = (
    "period",
    "conf_low",
    "conf_high",
    "direction",
    "n_sources",
    "sources",
    "absent_from",
    "not_covered_by",
    "verdict",
)


def _check_results(results: Mapping[str, Changepoints]) -> None:
    """Raise unless these are at least two results with periods of one length."""
    if len(results) < 2:
        raise ValueError(
            f"`results` must hold at least two results, got {len(results)}. "
            "Give one per source, with its name."
        )
    for source, found in results.items():
        if not hasattr(found, "changepoints"):
            raise TypeError(
                f"`results` must hold results of `detect_changepoints`, got "
                f"{type(found).__name__} for {source!r}. Analyse the series first."
            )
    lengths = sorted({str(found.series.index.freqstr) for found in results.values()})
    if len(lengths) > 1:
        raise ValueError(
            f"`results` must have periods of one length, got {', '.join(lengths)}. "
            "Count all sources by the same periods."
        )


def _rises(changepoint: Changepoint) -> bool:
    """Whether the rate after is higher."""
    return changepoint.rate_after > changepoint.rate_before


def _common_set(changepoints: list[Changepoint], alpha: float) -> set[pd.Period]:
    """Return the periods that lie in every confidence set."""
    sets = [set(one.confidence_set(alpha=alpha)) for one in changepoints]
    return set.intersection(*sets)


def _describe_group(
    group: Mapping[str, Changepoint], results: Mapping[str, Changepoints], alpha: float
) -> dict[str, object]:
    """Return the row of one changepoint and the sources that show it."""
    common = sorted(_common_set(list(group.values()), alpha))
    joint = pd.Series(1.0, index=pd.PeriodIndex(common))
    for changepoint in group.values():
        joint *= changepoint.set_probability.reindex(joint.index, fill_value=0.0)
    if joint.sum() <= 0:
        joint[:] = 1.0
    period = joint.idxmax()
    periods = joint.index[highest_mass((joint / joint.sum()).to_numpy(), alpha)]
    absent: list[str] = []
    uncovered: list[str] = []
    for source, found in results.items():
        if source in group:
            continue
        known = found.series.index[found.series["count"].notna().to_numpy()]
        margin = found.min_periods
        covers = (known < periods[0]).sum() >= margin and (known >= periods[-1]).sum() >= margin
        (absent if covers else uncovered).append(source)
    if len(group) > 1:
        verdict = "disputed" if absent else "shared"
    else:
        verdict = "one_source" if absent else "uncheckable"
    return {
        "period": period,
        "conf_low": periods[0],
        "conf_high": periods[-1],
        "direction": "up" if _rises(next(iter(group.values()))) else "down",
        "n_sources": len(group),
        "sources": ", ".join(group),
        "absent_from": ", ".join(absent),
        "not_covered_by": ", ".join(uncovered),
        "verdict": verdict,
    }
