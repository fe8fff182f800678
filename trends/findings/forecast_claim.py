"""Which scored claims are worth saying, and which chance would they have been given on the day?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from trends.analysis.forecast_claim import ClaimScores
from trends.findings.finding import Finding, Inputs, Subject
from trends.tables.window import as_window


def findings(result: ClaimScores, subject: Subject) -> list[Finding]:
    """Return for every claim what was said, when, what came, and its chance on the day."""
    claims = {row["statement_id"]: row for row in result.claims.to_dict("records")}
    outcomes = {row["statement_id"]: row for row in result.outcomes.to_dict("records")}
    figures = {row["statement_id"]: row for row in result.figures.to_dict("records")}
    said = []
    for row in result.scores.to_dict("records"):
        claim = claims[row["statement_id"]]
        said.append(_claim(row, claim, outcomes.get(row["outcome_id"]), subject))
        if row["known_id"]:
            said.append(_own(row, figures[row["known_id"]], result.conf_level, subject))
    return said


def _own(
    score: dict[str, Any], known: dict[str, Any], conf_level: float, subject: Subject
) -> Finding:
    """Return what this package would have forecast on the day of a claim."""
    window = as_window(known)
    return Finding(
        finding_id=f"{subject.key}.forecast-claim.{score['statement_id']}-chance",
        question="forecast_claim",
        quantity="claim_chance",
        subject=subject,
        # Borrowed scatter leaves no chance nought or certain.
        estimate=min(max(float(score["own_chance"]), 0.01), 0.99),
        conf_level=conf_level,
        unit="fraction",
        method="borrowed_prediction",
        settings={"conf_level": conf_level},
        inputs=Inputs(records=(str(score["statement_id"]), str(score["known_id"]))),
        sentence="forecast_claim_chance",
        values={
            "known": (window.count, subject.noun, window),
            "known_window": window,
            "own": float(score["own_estimate"]),
            "own_low": float(score["own_low"]),
            "own_high": float(score["own_high"]),
        },
    )


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
