"""Which numbers of joined trends are worth saying?"""

from __future__ import annotations

import math

import pandas as pd

from trends.analysis.joinpoint import Joinpoints
from trends.findings.finding import Finding, Subject
from trends.findings.pace import doubling, is_yearly
from trends.models.counts.observed import first_observed
from trends.tables.calendar import format_period


def findings(result: Joinpoints, subject: Subject) -> list[Finding]:
    """Return the number of joinpoints, annual changes of segments, their average, and jumps."""
    table = result.to_frame()
    settings = {
        "select": result.select,
        "max_joinpoints": result.max_joinpoints,
        "min_periods": result.min_periods,
        "family": result.family,
        "season": result.season,
    }
    first, last = result.segments["start"].iloc[0], result.segments["end"].iloc[-1]
    periods = pd.period_range(first, last, freq=first.freq)
    line = result.fitted["fitted_rate"].dropna()
    said = [
        Finding(
            finding_id=f"{subject.key}.joinpoint.number",
            question="joinpoint",
            quantity="n_joinpoints",
            subject=subject,
            estimate=float(result.n_joinpoints),
            unit="joinpoints",
            method=result.select,
            settings=settings,
            caveats=result.caveats,
            searched=True,
            graded_by="joinpoint_number",
            sentence="joinpoint_number",
            values={
                "first": first,
                "last": last,
                "smallest": result.smallest_bend,
                "smallest_known": math.isfinite(result.smallest_bend)
                and is_yearly(periods, result.smallest_bend),
            },
        )
    ]
    for row in table.itertuples():
        if row.term.startswith("jump"):
            said.append(
                Finding(
                    finding_id=f"{subject.key}.joinpoint.{row.term.replace('_', '-').lower()}",
                    question="joinpoint",
                    quantity="jump_ratio",
                    subject=subject,
                    estimate=row.estimate,
                    conf_low=row.conf_low,
                    conf_high=row.conf_high,
                    unit="ratio",
                    method="memory",
                    settings=settings,
                    caveats=result.caveats,
                    graded_by="joinpoint",
                    p_value=row.p_value,
                    sentence="joinpoint_jump",
                    values={"named": ((row.start, first_observed(result.series, row.start)),)},
                )
            )
            continue
        is_average = row.term == "average"
        if is_average and result.n_joinpoints == 0:
            continue
        low, high = sorted((abs(row.conf_low), abs(row.conf_high)))
        place = "average" if is_average else f"from-{format_period(row.start)}"
        said.append(
            Finding(
                finding_id=f"{subject.key}.joinpoint.{place.lower()}",
                question="joinpoint",
                quantity="segment_percent_change",
                subject=subject,
                estimate=row.estimate,
                conf_low=row.conf_low,
                conf_high=row.conf_high,
                unit="percent_per_year",
                conf_level=result.conf_level,
                method="memory",
                settings=settings,
                caveats=result.caveats,
                searched=result.n_joinpoints > 0,
                graded_by="joinpoint",
                p_value=row.p_value,
                sentence="joinpoint_average" if is_average else "joinpoint_segment",
                values={
                    "start": row.start,
                    "end": row.end,
                    "rate_first": float(line.iloc[0]),
                    "rate_last": float(line.iloc[-1]),
                    "size": abs(row.estimate),
                    "size_low": low,
                    "size_high": high,
                    **doubling(periods, (row.estimate, row.conf_low, row.conf_high)),
                    "not_yearly": not is_yearly(periods, row.conf_low, row.estimate, row.conf_high),
                },
            )
        )
    return said
