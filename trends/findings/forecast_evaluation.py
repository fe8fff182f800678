"""Which numbers about past forecasts are worth saying?"""

from __future__ import annotations

from typing import Any

from trends.analysis.forecast_evaluation import ForecastEvaluation
from trends.findings.finding import PERIODS, Finding, Subject
from trends.tables.calendar import frequency_letter


def findings(result: ForecastEvaluation, subject: Subject) -> list[Finding]:
    """Return how forecasts scored against the better simple one, and what their intervals held."""
    own = result.to_frame().iloc[0]
    common: dict[str, Any] = {
        "question": "forecast_evaluation",
        "subject": subject,
        "conf_level": result.conf_level,
        "settings": {
            "horizon": result.horizon,
            "n_origins": result.n_origins,
            "season": result.season,
        },
        "caveats": result.caveats,
    }
    ahead = PERIODS[frequency_letter(result.scores["period"].array)]
    score = Finding(
        finding_id=f"{subject.key}.forecast-evaluation.score",
        quantity="crps_ratio",
        estimate=result.crps_ratio,
        unit="ratio",
        p_value=result.p_value,
        sentence="forecast_score",
        values={
            "first": result.chosen["origin"].iloc[0],
            "last": result.chosen["origin"].iloc[-1],
            "ahead": (result.horizon, ahead),
            "simple": result.better_simple,
            "difference_low": float(own["conf_low"]),
            "difference_high": float(own["conf_high"]),
            "n_origins": result.n_origins,
            "n_simple": result.n_origins - result.n_mixture,
        },
        method="rolling_origins",
        graded_by="forecast_evaluation",
        **common,
    )
    held = Finding(
        finding_id=f"{subject.key}.forecast-evaluation.coverage",
        quantity="coverage_95",
        estimate=result.coverage_95,
        unit="weight",
        sentence="forecast_coverage",
        values={
            "coverage_50": result.coverage_50,
            "coverage_80": result.coverage_80,
            "n_forecasts": result.n_forecasts,
            "n_origins": result.n_origins,
        },
        method="rolling_origins",
        graded_by="forecast_evaluation",
        **common,
    )
    return [score, held]
