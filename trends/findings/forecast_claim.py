"""Which scored claims are worth saying?"""

from __future__ import annotations

import math

import pandas as pd

from trends.analysis.forecast_claim import ClaimScores
from trends.findings.finding import Finding, Inputs, Subject
from trends.tables.window import as_window


def findings(result: ClaimScores, subject: Subject) -> list[Finding]:
    """Return a finding for every claim: what was said, when, and what came."""
    claims = {row["statement_id"]: row for row in result.claims.to_dict("records")}
    outcomes = {row["statement_id"]: row for row in result.outcomes.to_dict("records")}
    return [
        _claim(row, claims[row["statement_id"]], outcomes.get(row["outcome_id"]), subject)
        for row in result.scores.to_dict("records")
    ]


def _claim(
    score: dict[str, object],
    claim: dict[str, object],
    outcome: dict[str, object] | None,
    subject: Subject,
) -> Finding:
    """Return the finding of one claim."""
    said = as_window({**claim, "forecast_of": None})
    scored = outcome is not None and score["verdict"] != "open"
    came = as_window(outcome) if outcome is not None and scored else None
    names = [str(score["statement_id"]), *([str(score["outcome_id"])] if scored else [])]
    return Finding(
        finding_id=f"{subject.key}.forecast-claim.{score['statement_id']}",
        question="forecast_claim",
        quantity="days_ahead",
        subject=subject,
        estimate=float(pd.to_numeric(score["days_ahead"])),
        conf_level=math.nan,
        unit="days",
        method="interval_arithmetic",
        settings={"verdict": score["verdict"]},
        inputs=Inputs(records=tuple(names)),
        graded_by="forecast_claim",
        sentence="forecast_claim",
        values={
            "verdict": score["verdict"],
            "claimed": (said.count, subject.noun, said),
            "came": (said.count if came is None else came.count, subject.noun, came or said),
            "figure_window": said,
            "date": score["made_on"],
            "who": claim["counter"],
        },
    )
