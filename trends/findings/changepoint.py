"""Which level shifts are worth saying, and what must be said when none was found?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from trends.analysis.changepoint import Changepoint, Changepoints
from trends.analysis.result import named_caveats
from trends.findings.bounds import bounds_finding
from trends.findings.finding import Finding, Subject
from trends.models.counts.observed import first_observed


def findings(result: Changepoints, subject: Subject) -> list[Finding]:
    """Return a finding per changepoint, or one that says why there is none, and the naive count."""
    if result.changepoints:
        found = [
            _shift(result, changepoint, number, subject)
            for number, changepoint in enumerate(result.changepoints, start=1)
        ]
    else:
        found = [_no_shift(result, subject)]
    if result.further_period is not None:
        found.append(_further(result, subject))
    found += _as_bounds(result, subject)
    if len(result.naive_periods) != len(result.changepoints):
        found.append(_naive(result, subject))
    return found


def _as_bounds(result: Changepoints, subject: Subject) -> list[Finding]:
    """Return the ratio around each date were the figures read as bounds, where some are."""
    return [
        bounds_finding(
            reading,
            key=f"changepoint.as-bounds-{number}",
            question="changepoint",
            subject=subject,
            conf_level=result.conf_level,
            values={"period": changepoint.period},
        )
        for number, (changepoint, reading) in enumerate(
            zip(result.changepoints, result.as_bounds, strict=False), start=1
        )
    ]


def _shift(
    result: Changepoints, changepoint: Changepoint, number: int, subject: Subject
) -> Finding:
    """Return the ratio of the rates around one changepoint, with the set of its period."""
    periods = changepoint.confidence_set(alpha=1 - result.conf_level)
    ratio, low, high = changepoint.ratio(alpha=1 - result.conf_level)
    caveats = ["counting_may_shift"]
    if low <= 1 <= high:
        caveats.append("ratio_may_be_one")
    if changepoint.p_value_persistent > 1 - result.conf_level:
        caveats.append("persistence_possible")
    if result.may_wander:
        caveats.append("level_may_wander")
    if result.as_bounds and result.as_bounds[number - 1].differs:
        caveats.append("bounds_differ")
    if result.memory_at_limit:
        caveats.append("memory_at_limit")
    if changepoint.verdict == "gradual":
        caveats.append("gradual_date")
    named = _named(result, changepoint.period)
    if changepoint.n_events_before == 0:
        sentence = "changepoint_began"
    elif changepoint.n_events_after == 0:
        sentence = "changepoint_stopped"
    elif not changepoint.searched:
        sentence = "changepoint_named"
    elif not changepoint.located:
        sentence = "changepoint_not_located"
        caveats.append("date_not_located")
    elif len(periods) == 1:
        sentence = "changepoint_dated"
    else:
        sentence = "changepoint_between"
    return Finding(
        finding_id=f"{subject.key}.changepoint.ratio-{number}",
        question="changepoint",
        quantity="ratio",
        subject=subject,
        estimate=ratio,
        conf_low=low,
        conf_high=high,
        conf_level=result.conf_level,
        unit="ratio",
        method="shift_with_memory",
        settings=_settings(result),
        caveats=tuple(caveats),
        searched=changepoint.searched,
        graded_by="changepoint",
        p_value=changepoint.p_value,
        sentence=sentence,
        values={
            "period": changepoint.period,
            "named": named,
            "date_low": periods[0],
            "date_high": periods[-1],
            "n_in_set": len(periods),
            "set_share": len(periods) / len(result.series),
            "rate_before": changepoint.rate_before,
            "rate_after": changepoint.rate_after,
            "rate_bound": changepoint.rate_bound(alpha=1 - result.conf_level),
            "since": changepoint.since,
            "before": changepoint.period - 1,
            "until": changepoint.until,
            "redetected": changepoint.redetected,
            "changepoint_verdict": changepoint.verdict,
        },
    )


def _further(result: Changepoints, subject: Subject) -> Finding:
    """Return where a further shift cannot be told apart from memory."""
    return Finding(
        finding_id=f"{subject.key}.changepoint.further",
        question="changepoint",
        quantity="p_value",
        subject=subject,
        estimate=result.further_p_value,
        conf_level=result.conf_level,
        unit="probability",
        method="shift_with_memory",
        settings=_settings(result),
        searched=result.candidates is None,
        graded_by="changepoint_further",
        p_value=result.further_p_value,
        sentence="changepoint_further",
        values={"period": result.further_period},
    )


def _no_shift(result: Changepoints, subject: Subject) -> Finding:
    """Return what was not found, and what would have been."""
    named = _named(result, result.candidate_period if result.verdict == "cannot_tell" else None)
    if result.verdict == "wanders":
        sentence = "changepoint_wanders"
    elif result.obstacle == "season":
        sentence = "changepoint_cannot_tell_season"
    elif result.verdict == "cannot_tell":
        sentence = "changepoint_cannot_tell_named" if named else "changepoint_cannot_tell"
    elif math.isnan(result.detectable_ratio):
        sentence = "changepoint_none_blind_named" if named else "changepoint_none_blind"
    else:
        sentence = "changepoint_none_named" if named else "changepoint_none"
    return Finding(
        finding_id=f"{subject.key}.changepoint.none",
        question="changepoint",
        quantity="detectable_ratio",
        subject=subject,
        estimate=result.detectable_ratio,
        conf_level=result.conf_level,
        unit="ratio",
        method="shift_with_memory",
        settings=_settings(result),
        caveats=named_caveats(
            {
                "memory_at_limit": result.memory_at_limit,
                "minimums_may_hide": result.n_minimums > 0,
            },
            {},
        ),
        searched=result.candidates is None,
        graded_by="changepoint_none",
        p_value=result.p_value,
        sentence=sentence,
        values={
            "verdict": result.verdict,
            "detectable_ratio": result.detectable_ratio,
            "period": result.candidate_period,
            "named": named,
            "n_periods": int(result.series["count"].notna().sum()),
            "p_value_independent": result.p_value_independent,
        },
    )


def _naive(result: Changepoints, subject: Subject) -> Finding:
    """Return how many changepoints an uncalibrated analysis would have claimed."""
    n_naive = len(result.naive_periods)
    return Finding(
        finding_id=f"{subject.key}.changepoint.naive",
        question="changepoint",
        quantity="n_naive",
        subject=subject,
        estimate=float(n_naive),
        unit="periods",
        method="poisson_bic",
        settings={"penalty": "2 log(n)", "min_periods": result.min_periods},
        searched=True,
        sentence="changepoint_naive_one" if n_naive == 1 else "changepoint_naive",
        values={"n_found": len(result.changepoints)},
    )


def _named(
    result: Changepoints, period: pd.Period | None = None
) -> tuple[tuple[pd.Period, pd.Period], ...]:
    """Return the periods named in advance, each with the first observed one from it on.

    Only those of which the first observed one is `period`, if that is given.
    """
    named = () if result.candidates is None else tuple(result.candidates)
    pairs = ((each, first_observed(result.series, each)) for each in named)
    return tuple(pair for pair in pairs if period is None or pair[1] == period)


def _settings(result: Changepoints) -> dict[str, Any]:
    """Return the choices behind the numbers."""
    return {
        "alpha": round(1 - result.conf_level, 12),
        "season": result.season,
        "min_periods": result.min_periods,
        "n_null": result.n_null,
        "candidates": None
        if result.candidates is None
        else [str(period) for period in result.candidates],
    }
