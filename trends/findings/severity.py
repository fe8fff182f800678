"""Which numbers of a comparison of deaths per event are worth saying?"""

from __future__ import annotations

from typing import Any

from trends.analysis.severity import SeverityComparison
from trends.findings.finding import Finding, Subject


def findings(result: SeverityComparison, subject: Subject) -> list[Finding]:
    """Return the ratio of deaths per event, and the chance of a very deadly one."""
    windows = {
        f"{which}_{end}": getattr(result, which)["start"].agg(pick)
        for which in ("first", "second")
        for end, pick in (("start", "min"), ("end", "max"))
    }
    common: dict[str, Any] = {
        "question": "severity",
        "subject": subject,
        "conf_level": result.conf_level,
        "method": "resampled",
        "settings": {"at_least": result.at_least, "seed": result.seed},
        "caveats": result.caveats,
    }
    return [
        Finding(
            finding_id=f"{subject.key}.severity.ratio",
            quantity="severity_ratio",
            estimate=result.ratio,
            conf_low=result.ratio_low,
            conf_high=result.ratio_high,
            unit="ratio",
            graded_by="severity_ratio",
            p_value=result.p_value,
            sentence="severity_ratio",
            values={
                **windows,
                "mean_first": result.mean_first,
                "mean_second": result.mean_second,
                "if_low": result.ratio_if_low,
                "if_high": result.ratio_if_high,
                "detectable": result.detectable_ratio,
            },
            **common,
        ),
        Finding(
            finding_id=f"{subject.key}.severity.chance",
            quantity="severity_chance",
            estimate=result.chance_first,
            conf_low=result.chance_first_low,
            conf_high=result.chance_first_high,
            unit="fraction",
            graded_by="severity_chance",
            sentence="severity_chance",
            values={
                **windows,
                "at_least": result.at_least,
                "reached": int((result.first["best"] >= result.at_least).sum()),
                "second": result.chance_second,
                "second_low": result.chance_second_low,
                "second_high": result.chance_second_high,
            },
            **common,
        ),
    ]
