"""Which numbers of a trend are worth saying?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from trends.analysis.trend import Trend
from trends.findings.bounds import bounds_finding
from trends.findings.finding import PERIODS, Finding, Subject
from trends.findings.pace import doubling, is_yearly
from trends.models.counts.count_model import ratio_of
from trends.models.counts.observed import years_from_middle
from trends.tables.calendar import frequency_letter

#: Caveats that hold of the counts, whatever is said of them.
_OF_ANY_COUNTS = ("partial_last_period", "unobserved_periods", "few_events")


def findings(result: Trend, subject: Subject) -> list[Finding]:
    """Return the annual change and, when the interval licenses one, the doubling time.

    A pace that cannot be said by the year is said by the change over the span; a start from
    nothing, or an end, by the silence.
    """
    if result.verdict in ("started", "stopped"):
        return [_silence(result, subject)]
    return [*_pace(result, subject), *_as_bounds(result, subject)]


def _as_bounds(result: Trend, subject: Subject) -> list[Finding]:
    """Return the change over the span were the figures read as bounds, where some are."""
    if result.as_bounds is None:
        return []
    span = float(np.ptp(years_from_middle(pd.PeriodIndex(result.series.index))))
    return [
        bounds_finding(
            result.as_bounds,
            key="trend.as-bounds",
            question="trend",
            subject=subject,
            conf_level=result.conf_level,
            values=_values(result),
            span=span,
        )
    ]


def _pace(result: Trend, subject: Subject) -> list[Finding]:
    """Return the annual change with its doubling time, or the change over the span."""
    low, high = result.percent_interval()
    periods = pd.PeriodIndex(result.series.index)
    if not is_yearly(periods, low, result.annual_percent_change, high):
        return [_over_the_span(result, subject, periods)]
    bent = "bent_trend" in result.caveats
    sizes = sorted((abs(low), abs(high)))
    change = Finding(
        finding_id=f"{subject.key}.trend.annual-percent-change",
        quantity="annual_percent_change",
        estimate=result.annual_percent_change,
        conf_low=low,
        conf_high=high,
        unit="percent_per_year",
        sentence="trend_change",
        values={
            **_values(result),
            "smallest": result.smallest_annual_change,
            "size": abs(result.annual_percent_change),
            "size_low": sizes[0],
            "size_high": sizes[1],
        },
        method=result.dependence,
        caveats=result.caveats,
        graded_by="trend",
        p_value=result.p_value,
        **_common(result, subject),
    )
    pace = doubling(periods, (result.annual_percent_change, low, high))
    # A pace that bends is no pace to extrapolate.
    if bent or result.verdict == "wanders" or math.isnan(pace["pace"]):
        return [change]
    term = "doubling_time" if low > 0 else "halving_time"
    return [
        change,
        Finding(
            finding_id=f"{subject.key}.trend.{term.replace('_', '-')}",
            quantity=term,
            estimate=pace["pace"],
            conf_low=pace["pace_low"],
            conf_high=pace["pace_high"],
            unit=pace["pace_unit"]["en"],
            sentence=f"trend_{term}",
            values={"bent": bent, "wanders": False, "pace_unit": pace["pace_unit"]},
            method=result.dependence,
            caveats=result.caveats,
            graded_by="trend",
            p_value=result.p_value,
            **_common(result, subject),
        ),
    ]


def _common(result: Trend, subject: Subject) -> dict[str, Any]:
    """Return what all findings of a trend share."""
    return {
        "question": "trend",
        "subject": subject,
        "conf_level": result.conf_level,
        "settings": {
            "family": result.family,
            "season": result.season,
            "dependence": result.dependence,
            "newey_west_lags": result.newey_west_lags,
            "autoregressive_percent_change": result.autoregressive_percent_change,
        },
    }


def _values(result: Trend) -> dict[str, Any]:
    """Return what the words about a trend may name."""
    return {
        "first": result.series.index[0],
        "last": result.series.index[-1],
        "bent": "bent_trend" in result.caveats,
        "wanders": result.verdict == "wanders",
        "n_observed": result.n_observed,
        "p_value_independent": result.p_value_independent,
    }


def _over_the_span(result: Trend, subject: Subject, periods: pd.PeriodIndex) -> Finding:
    """Return the rate at the end of the line over that at its start."""
    years = float(np.ptp(years_from_middle(periods)))
    slopes = np.array([result.slope, *result.slope_interval()])
    ratio, low, high = (float(each) for each in ratio_of(slopes * years))
    visible = np.log1p(result.smallest_annual_change / 100) * years
    percents = (result.annual_percent_change, *result.percent_interval())
    return Finding(
        finding_id=f"{subject.key}.trend.change-over-span",
        quantity="span_ratio",
        estimate=ratio,
        conf_low=low,
        conf_high=high,
        unit="ratio",
        sentence="trend_span",
        values={
            **_values(result),
            **doubling(periods, percents),
            "smallest": float(ratio_of(visible)),
        },
        method=result.dependence,
        caveats=result.caveats,
        graded_by="trend",
        p_value=result.p_value,
        **_common(result, subject),
    )


def _silence(result: Trend, subject: Subject) -> Finding:
    """Return how high a rate the silence before the first event, or since the last, allows."""
    letter = frequency_letter(pd.PeriodIndex(result.series.index))
    return Finding(
        finding_id=f"{subject.key}.trend.silence",
        quantity="silent_rate",
        estimate=0.0,
        conf_low=0.0,
        conf_high=result.silent_rate_high,
        unit="per_month",
        sentence="trend_silence",
        values={
            **_values(result),
            "silence": result.verdict,
            "edge": result.edge_period,
            "silent": (result.silent_periods, PERIODS[letter]),
            "events": (result.n_events, subject.noun),
        },
        method="exact_poisson",
        # The others are about a line.
        caveats=tuple(key for key in result.caveats if key in _OF_ANY_COUNTS),
        graded_by="trend",
        p_value=result.silence_p_value,
        **_common(result, subject),
    )
