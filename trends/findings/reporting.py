"""Which numbers of a comparison of claims with another source are worth saying?"""

from __future__ import annotations

from trends.analysis.reporting import ReportingComparison
from trends.findings.finding import Finding, Inputs, Subject
from trends.findings.inputs import input_records
from trends.models.counts.smallest_change import POWER


def findings(result: ReportingComparison, subject: Subject) -> list[Finding]:
    """Return how the claimed share moved, with the verdict, and what could have been seen."""
    left_out = set(result.unused.get("statement_id", ()))
    inputs = Inputs(records=tuple(key for key in input_records(result) if key not in left_out))
    settings = {
        "date": f"{result.date:%Y-%m-%d}",
        "verdict": result.verdict,
        "reason": result.reason,
        "dispersion_share": result.dispersion_share,
        "margin": result.margin,
    }
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
        graded_by="reporting",
        p_value=result.p_value,
        sentence="reporting_share",
        values={
            "verdict": result.verdict,
            "n_spans": result.n_before + result.n_after,
            "date": result.date,
            "claims_ratio": result.claims_ratio,
            "claims_low": result.claims_low,
            "claims_high": result.claims_high,
            "others_ratio": result.others_ratio,
            "others_low": result.others_low,
            "others_high": result.others_high,
            "margin": result.margin,
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
        graded_by="reporting_visible",
        sentence="reporting_visible",
        values={"power": POWER},
    )
    return [share, visible]
