"""What is worth saying of who drives a change?"""

from __future__ import annotations

from trends.analysis.ranking import GroupRanking
from trends.findings.about import named_subject
from trends.findings.finding import COUNTED, Finding, Subject


def findings(result: GroupRanking, subject: Subject) -> list[Finding]:
    """Return the largest contribution to the change, and how sure it is to be among the first."""
    if not result.leader:
        return [_overview(result, subject)]
    leading = result.groups.iloc[0]
    key = tuple(leading[name] for name in result.by)
    name = named_subject(result.panel.results[key])
    low, high = sorted((leading["conf_low"] * _sign(result), leading["conf_high"] * _sign(result)))
    return [
        _overview(result, subject),
        Finding(
            finding_id=f"{subject.key}.ranking.contribution",
            question="ranking",
            quantity="contribution",
            subject=subject,
            estimate=abs(leading["estimate"]),
            conf_low=low,
            conf_high=high,
            conf_level=result.conf_level,
            unit="per_month",
            method="memory",
            settings={"by": ", ".join(result.by), "top": result.top},
            caveats=result.caveats,
            searched=True,
            graded_by="ranking",
            sentence="ranking_leader",
            values={
                "group": {"en": name.en, "ar": name.ar},
                "risen": result.change > 0,
                "change": abs(result.change),
                "top": result.top,
                "chance_of_top": leading["chance_of_top"],
                "ratio": leading["shrunk_ratio"],
                "ratio_low": leading["shrunk_ratio_low"],
                "ratio_high": leading["shrunk_ratio_high"],
            },
        ),
    ]


def _sign(result: GroupRanking) -> float:
    """Return 1 for a rise of the whole and -1 for a fall."""
    return 1.0 if result.change > 0 else -1.0


def _overview(result: GroupRanking, subject: Subject) -> Finding:
    """Return the number of groups that were compared."""
    return Finding(
        finding_id=f"{subject.key}.ranking.n-answered",
        question="ranking",
        quantity="n_answered",
        subject=subject,
        estimate=float(result.n_answered),
        unit="groups",
        method="counted",
        settings={"by": ", ".join(result.by)},
        caveats=result.caveats,
        sentence="ranking_overview",
        values={
            "groups": (result.n_groups, COUNTED["groups"]),
            "rate_first": result.rate_first,
            "rate_second": result.rate_second,
            **dict(zip(("first_from", "first_to"), result.compared.first, strict=True)),
            **dict(zip(("second_from", "second_to"), result.compared.second, strict=True)),
        },
    )
