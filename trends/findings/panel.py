"""What is worth saying of one question asked of many series: how many answers, how many clear?"""

from __future__ import annotations

from dataclasses import replace

from trends.analysis.panel import Panel
from trends.findings.finding import COUNTED, Finding, Subject


def findings(result: Panel, subject: Subject) -> list[Finding]:
    """Return how many answers stay clear after adjustment, then the findings of every group.

    The tests of the groups are one family, so that a ledger adjusts for all of them.
    """
    family = f"{result.question}_panel"
    groups = [
        replace(
            finding,
            finding_id=f"{subject.key}.panel.{finding.finding_id}",
            family=family,
        )
        for one in result.results.values()
        for finding in one.findings()
    ]
    return [_overview(result, subject), *groups]


def _overview(result: Panel, subject: Subject) -> Finding:
    """Return the number of groups whose answer is clear after allowing for all of them."""
    group = COUNTED["groups"]
    return Finding(
        finding_id=f"{subject.key}.panel.n-survive",
        question="panel",
        quantity="n_survive",
        subject=subject,
        estimate=float(result.n_survive),
        unit="groups",
        method="benjamini_hochberg",
        settings={
            "question": result.question,
            "by": ", ".join(result.by),
            "conf_level": result.conf_level,
        },
        caveats=result.caveats,
        sentence="panel_overview",
        values={
            "groups": (result.n_groups, group),
            "answered": result.n_answered,
            "clear": result.n_clear,
            "asked": result.question,
            "tested": bool(result.answers["p_value"].notna().any()),
        },
    )
