"""Which numbers of a comparison of claims with another source are worth saying?"""

from __future__ import annotations

from trends.analysis.reporting import POWER, ReportingComparison
from trends.findings.finding import Finding, Subject
from trends.findings.rules import grade_of


def findings(result: ReportingComparison, subject: Subject) -> list[Finding]:
    """Return how the claimed share moved, with the verdict, and what could have been seen."""
    rule_values = {
        "verdict": result.verdict,
        "n_spans": result.n_before + result.n_after,
        "n_weaknesses": len(set(result.caveats) - {"others_constant"}),
    }
    grade = grade_of("reporting", rule_values)
    settings = {
        "date": f"{result.date:%Y-%m-%d}",
        "verdict": result.verdict,
        "reason": result.reason,
        "dispersion_share": result.dispersion_share,
    }
    inputs = tuple(
        f"{span['claims']} and {span['others']}, {span['start']:%Y-%m-%d} to {span['end']:%Y-%m-%d}"
        for span in result.spans.to_dict("records")
    )
    share = Finding(
        finding_id=f"{subject.key}.reporting.share",
        question="reporting",
        quantity="share_ratio",
        subject=subject,
        estimate=result.share_ratio,
        conf_low=result.share_low,
        conf_high=result.share_high,
        conf_level=result.conf_level,
        unit="ratio",
        method="quasi_binomial",
        settings=settings,
        inputs=inputs,
        caveats=result.caveats,
        grade=grade,
        p_value=result.p_value,
        sentence="reporting_share",
        values={
            "date": result.date,
            "claims_ratio": result.claims_ratio,
            "claims_low": result.claims_low,
            "claims_high": result.claims_high,
            "others_ratio": result.others_ratio,
            "others_low": result.others_low,
            "others_high": result.others_high,
            "reporting_verdict": result.verdict,
            "reporting_reason": result.reason,
        },
    )
    if not result.share_low <= 1 <= result.share_high:
        return [share]
    visible = Finding(
        finding_id=f"{subject.key}.reporting.visible",
        question="reporting",
        quantity="visible_ratio",
        subject=subject,
        estimate=result.visible_share,
        conf_level=result.conf_level,
        unit="ratio",
        method="quasi_binomial",
        settings={**settings, "power": POWER},
        inputs=inputs,
        grade="B",
        sentence="reporting_visible",
        values={"power": POWER},
    )
    return [share, visible]
