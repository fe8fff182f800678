"""Which numbers of a forecast are worth saying?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trends.analysis.forecast import Forecast
from trends.findings.finding import Finding, Subject
from trends.models.counts.scoring import quantiles


def findings(result: Forecast, subject: Subject) -> list[Finding]:
    """Return the next period, all together, the year where it ends, and how it was made."""
    table = result.to_frame().to_dict("records")
    common = _common(result, subject)
    found = [_next(result, table[0], common)]
    if len(result.periods) > 1:
        found.append(_total(result, _row(table, "total"), common))
    in_year = result.periods.year == result.last_counted.year
    if result.reaches_year_end and in_year.any():
        found.append(_year(result, _row(table, "year_total"), common))
    return [*found, _choice(result, common)]


def _common(result: Forecast, subject: Subject) -> dict[str, Any]:
    """Return what all findings of a forecast share."""
    return {
        "question": "forecast",
        "subject": subject,
        "settings": {
            "horizon": result.horizon,
            "season": result.season,
            "chosen": result.chosen,
            "n_draws": result.n_draws,
        },
        "caveats": result.caveats,
        "conf_level": result.conf_level,
        "method": result.chosen,
    }


def _row(table: list[dict[Any, Any]], term: str) -> dict[Any, Any]:
    """Return the row of a term."""
    return next(row for row in table if row["term"] == term)


def _next(result: Forecast, row: dict[Any, Any], common: dict[str, Any]) -> Finding:
    """Return the count of the first period ahead."""
    half = quantiles(result.probabilities[0], np.array([0.25, 0.75]))
    return Finding(
        finding_id=f"{common['subject'].key}.forecast.next",
        quantity="forecast_count",
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        unit="events",
        sentence="forecast_rest" if row["term"] == "rest" else "forecast_next",
        values={
            "period": row["period"],
            "middle": (int(row["estimate"]), common["subject"].noun),
            "half_low": int(half[0]),
            "half_high": int(half[1]),
            "n_origins": result.n_origins,
        },
        graded_by="forecast",
        **common,
    )


def _total(result: Forecast, row: dict[Any, Any], common: dict[str, Any]) -> Finding:
    """Return the count of all periods ahead together."""
    return Finding(
        finding_id=f"{common['subject'].key}.forecast.total",
        quantity="forecast_total",
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        unit="events",
        sentence="forecast_total",
        values={
            "start": result.periods[0],
            "end": result.periods[-1],
            "middle": (int(row["estimate"]), common["subject"].noun),
            "n_origins": result.n_origins,
        },
        graded_by="forecast",
        **common,
    )


def _year(result: Forecast, row: dict[Any, Any], common: dict[str, Any]) -> Finding:
    """Return what the year of the last count is on pace for."""
    year = result.last_counted.year
    index = pd.PeriodIndex(result.series.index)
    counted = result.series["count"][index.year == year].sum()
    return Finding(
        finding_id=f"{common['subject'].key}.forecast.year",
        quantity="year_total",
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        unit="events",
        sentence="forecast_year",
        values={
            "year_of_total": row["period"],
            "so_far": (int(counted), common["subject"].noun),
            "middle": (int(row["estimate"]), common["subject"].noun),
            "n_origins": result.n_origins,
        },
        graded_by="forecast",
        **common,
    )


def _choice(result: Forecast, common: dict[str, Any]) -> Finding:
    """Return whether a mixture has beaten the simple distributions."""
    return Finding(
        finding_id=f"{common['subject'].key}.forecast.choice",
        quantity="forecast_gain",
        estimate=float(np.exp(result.gain)),
        unit="ratio",
        sentence="forecast_choice",
        values={
            "n_origins": result.n_origins,
            "is_mixture": result.chosen == "mixture",
            "simple": result.better_simple,
        },
        graded_by="forecast",
        **common,
    )
