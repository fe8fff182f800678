"""Which numbers of a comparison of two windows are worth saying?"""

from __future__ import annotations

import math

from trends.analysis.rate import RateComparison
from trends.findings.finding import Finding, Grade, Subject
from trends.findings.rules import first_match
from trends.tables.window import Window


def findings(result: RateComparison, subject: Subject) -> list[Finding]:
    """Return the ratio with its interval and, when it excludes 1, what would make it vanish."""
    weaknesses = [key for key in result.caveats if key != "two_totals"]
    rule_values = {
        "conf_low": result.ratio_low,
        "conf_high": result.ratio_high,
        "tipping_dispersion": result.tipping_dispersion,
        "n_weaknesses": len(weaknesses),
    }
    grade: Grade = first_match("grade", "rate", rule_values)  # type: ignore[assignment]
    inputs = tuple(_input(window) for window in (result.first, result.second))
    settings = {"method": result.method, "conf_level": result.conf_level}
    ratio = Finding(
        finding_id=f"{subject.key}.rate.ratio",
        question="rate",
        quantity="ratio",
        subject=subject,
        estimate=result.ratio,
        conf_low=result.ratio_low,
        conf_high=result.ratio_high,
        conf_level=result.conf_level,
        unit="ratio",
        method=result.method,
        settings=settings,
        inputs=inputs,
        caveats=result.caveats,
        grade=grade,
        p_value=result.p_value,
        sentence="rate_comparison",
        values={
            "first": (result.first.count, subject.noun),
            "second": (result.second.count, subject.noun),
            "first_window": result.first,
            "second_window": result.second,
        },
    )
    if math.isnan(result.tipping_dispersion):
        return [ratio]
    tipping = Finding(
        finding_id=f"{subject.key}.rate.tipping",
        question="rate",
        quantity="tipping_dispersion",
        subject=subject,
        estimate=result.tipping_dispersion,
        conf_level=result.conf_level,
        unit="ratio",
        method="closed_form",
        settings=settings,
        inputs=inputs,
        grade=grade,
        sentence="rate_tipping",
        values={
            "share_interval": result.tipping_share_interval,
            "share": result.tipping_share,
        },
    )
    return [ratio, tipping]


def _input(window: Window) -> str:
    """Return what the reader can look the figure up by."""
    return window.statement_id or f"{window.count} in {window.days:g} days"
