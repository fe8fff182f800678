"""Which numbers of a detectable change are worth saying?"""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from trends.analysis.power import DetectableChange
from trends.findings.bounds import bounds_finding
from trends.findings.finding import Finding, Subject
from trends.findings.pace import is_yearly
from trends.models.counts.bounded_counts import BoundsReading


def findings(result: DetectableChange, subject: Subject) -> list[Finding]:
    """Return the smallest change that could have been seen, and when the present one would be."""
    settings = {
        "power": result.power,
        "conf_level": result.conf_level,
        "change": result.change,
        "season": result.season,
        "n_draws": result.n_draws,
        "power_simulated": result.power_simulated,
    }
    first, last = result.series.index[0], result.series.index[-1]
    smallest = Finding(
        finding_id=f"{subject.key}.power.{result.change}",
        question="power",
        quantity="detectable_ratio",
        subject=subject,
        estimate=result.ratio_up,
        unit="ratio",
        method="noncentral_t",
        settings=settings,
        caveats=result.caveats,
        graded_by="power",
        sentence=f"power_{result.change}",
        values={
            "first": first,
            "last": last,
            "power": result.power,
            "percent": result.annual_percent_change,
            "not_yearly": not is_yearly(
                pd.PeriodIndex(result.series.index), result.annual_percent_change
            ),
            "fall": 100 * (1 - result.ratio_down),
        },
    )
    ahead = math.inf
    if result.confirmed_by is not None:
        ahead = float(result.confirmed_by.ordinal - last.ordinal)
    as_bounds = [] if result.as_bounds is None else [_as_bounds(result, result.as_bounds, subject)]
    return [
        smallest,
        *as_bounds,
        Finding(
            finding_id=f"{subject.key}.power.{result.change}-confirmation",
            question="power",
            quantity="confirmation",
            subject=subject,
            estimate=ahead,
            unit="periods",
            method="noncentral_t",
            settings=settings,
            caveats=result.caveats,
            graded_by="power_confirmation",
            sentence="power_confirmation",
            values={
                "power": result.power,
                "date": last if result.confirmed_by is None else result.confirmed_by,
                "power_change": result.change,
            },
        ),
    ]


def _as_bounds(result: DetectableChange, reading: BoundsReading, subject: Subject) -> Finding:
    """Return the smallest rise that could have been seen were the figures read as bounds."""
    found = bounds_finding(
        reading,
        key=f"power.{result.change}-as-bounds",
        question="power",
        subject=subject,
        conf_level=result.conf_level,
        values={"power": result.power},
    )
    smallest = result.ratio_up**reading.widening
    nothing = math.isinf(reading.widening)
    return replace(
        found,
        estimate=math.inf if nothing else smallest,
        conf_low=math.nan,
        conf_high=math.nan,
        sentence="bounds_power_none" if nothing else "bounds_power",
    )
