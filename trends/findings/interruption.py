"""Which numbers of a change at a named date are worth saying?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trends.analysis.interruption import Interruption
from trends.findings.finding import PERIODS, Finding, Subject
from trends.models.counts.count_model import ratio_of
from trends.models.counts.smallest_change import POWER, smallest_visible
from trends.tables.calendar import format_period, frequency_letter

#: Methods whose rows stand beside the analysis' own.
CHECKS = ("newey-west", "poisson")


def findings(result: Interruption, subject: Subject) -> list[Finding]:
    """Return, for every date, the change of level and of slope, events, placebos and controls."""
    table = result.to_frame()
    found = []
    for change in result.changes.to_dict("records"):
        of_date = table[table["period"] == change["period"]].to_dict("records")
        rows = {row["term"]: row for row in of_date if row["method"] not in CHECKS}
        common = _common(result, subject, change)
        found.append(_level(result, change, rows["level"], common))
        if result.slope:
            found.append(_slope(result, change, rows["slope"], common))
        found.append(_events(change, rows, common, result))
        if result.n_placebos:
            found.append(_placebos(result, change, rows["placebo"], common))
        found += [
            _control(result, row, row["term"].removeprefix("against_"), common)
            for row in rows.values()
            if row["term"].startswith("against_")
        ]
    return found


def _common(result: Interruption, subject: Subject, change: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what all findings of a date share."""
    return {
        "question": "interruption",
        "subject": subject,
        "conf_level": result.conf_level,
        "settings": {
            "date": str(change["named"]),
            "n_dates": len(result.dates),
            "found_by_looking": result.found_by_looking,
            "slope": result.slope,
            "temporary": result.temporary,
            "season": result.season,
            "family": result.family,
            "margin": result.margin,
            "newey_west_lags": result.newey_west_lags,
        },
        "caveats": result.caveats,
        "searched": result.found_by_looking,
    }


def _id(common: Mapping[str, Any], change: Mapping[Any, Any], what: str) -> str:
    """Return the id of a finding about a date."""
    return f"{common['subject'].key}.interruption.{what}-{format_period(change['named']).lower()}"


def _level(
    result: Interruption, change: Mapping[Any, Any], row: Mapping[Any, Any], common: dict[str, Any]
) -> Finding:
    """Return the change of level at a date."""
    letter = frequency_letter(result.fitted["period"].array)
    lasts = result.temporary or 0
    return Finding(
        finding_id=_id(common, change, "level"),
        quantity="interruption_ratio",
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        unit="ratio",
        sentence=_sentence(result),
        values={
            "named": change["named"],
            "margin": result.margin,
            "margin_low": 1 / result.margin,
            "smallest": change["smallest_ratio"],
            "smallest_fall": 1 / change["smallest_ratio"],
            "equivalent": bool(change["equivalent"]),
            "p_adjusted": change["p_adjusted"],
            "p_value_independent": min(1.0, change["p_value_independent"] * len(result.changes)),
            "placebo_p_value": change["placebo_p_value"],
            "lasts": (lasts, PERIODS[letter]),
        },
        method="memory",
        graded_by="interruption",
        p_value=row["p_value"],
        **common,
    )


def _sentence(result: Interruption) -> str:
    """Return whether a change lasts a while, stays, or is that at the date, before a new pace."""
    if result.temporary:
        return "interruption_pulse"
    return "interruption_jump" if result.slope else "interruption_level"


def _slope(
    result: Interruption, change: Mapping[Any, Any], row: Mapping[Any, Any], common: dict[str, Any]
) -> Finding:
    """Return the change of pace after a date."""
    alpha = (1 - result.conf_level) / len(result.changes)
    smallest = smallest_visible(change["slope_std_error"], result.n_free, power=POWER, alpha=alpha)
    return Finding(
        finding_id=_id(common, change, "slope"),
        quantity="interruption_slope",
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        unit="ratio",
        sentence="interruption_slope",
        values={
            "named": change["named"],
            "smallest": float(ratio_of(smallest)),
            "equivalent": False,
            "p_adjusted": row["p_adjusted"],
        },
        method="memory",
        graded_by="interruption",
        p_value=row["p_value"],
        **common,
    )


def _events(
    change: Mapping[Any, Any],
    rows: Mapping[str, Mapping[Any, Any]],
    common: dict[str, Any],
    result: Interruption,
) -> Finding:
    """Return how many events were counted above or below what the course before would bring."""
    above, expected = rows["events_above"], rows["events_expected"]
    sizes = sorted((abs(above["conf_low"]), abs(above["conf_high"])))
    return Finding(
        finding_id=_id(common, change, "events"),
        quantity="events_above",
        estimate=above["estimate"],
        conf_low=above["conf_low"],
        conf_high=above["conf_high"],
        unit="events",
        sentence="interruption_events",
        values={
            "start": change["start"],
            "end": change["end"],
            "counted_events": (int(change["n_events"]), common["subject"].noun),
            "expected": expected["estimate"],
            "expected_low": expected["conf_low"],
            "expected_high": expected["conf_high"],
            "size": abs(above["estimate"]),
            "size_low": sizes[0],
            "size_high": sizes[1],
        },
        method="memory",
        graded_by="interruption_events",
        **common,
    )


def _placebos(
    result: Interruption, change: Mapping[Any, Any], row: Mapping[Any, Any], common: dict[str, Any]
) -> Finding:
    """Return how many earlier dates show a change as clear."""
    statistic = change["log_ratio"] / change["std_error"]
    as_clear = int((np.abs(result.placebos["statistic"]) >= abs(statistic)).sum())
    return Finding(
        finding_id=_id(common, change, "placebo"),
        quantity="placebo_share",
        estimate=row["estimate"],
        unit="probability",
        sentence="interruption_placebo",
        values={
            "n_placebos": result.n_placebos,
            "n_effective": result.n_effective,
            "as_clear": as_clear,
        },
        method="placebo",
        graded_by="interruption_placebo",
        **common,
    )


def _control(
    result: Interruption, row: Mapping[Any, Any], name: str, common: dict[str, Any]
) -> Finding:
    """Return the change of the ratio to a control."""
    change = result.changes[result.changes["period"] == row["period"]].to_dict("records")[0]
    position = list(result.controls).index(name) + 1
    other = result.against.query("period == @row['period'] and control == @name").iloc[0]
    alpha = (1 - result.conf_level) / len(result.changes)
    smallest = smallest_visible(other["std_error"], other["n_free"], power=POWER, alpha=alpha)
    return Finding(
        finding_id=_id(common, change, f"against-{position}"),
        quantity="control_ratio",
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        unit="ratio",
        sentence="interruption_control",
        values={
            "named": change["named"],
            "control": name,
            "smallest": float(ratio_of(smallest)),
            "equivalent": False,
            "p_adjusted": row["p_adjusted"],
        },
        method="quasi_binomial",
        graded_by="interruption",
        p_value=row["p_value"],
        **common,
    )
