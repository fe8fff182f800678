"""Which alarms, and which silences, are worth saying?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from trends.analysis.alarm import Alarms
from trends.findings.about import key_of, names_of
from trends.findings.finding import Finding, Subject
from trends.tables.languages import LANGUAGES

#: Series of many that are said one by one; the table holds all of them.
MOST_SAID = 12


def findings(result: Alarms, subject: Subject) -> list[Finding]:
    """Return the state of the series, of many those in alarm, and what rules of thumb would say."""
    frame = result.to_frame().assign(
        **{name: result.states[name] for name in ("line", "compared_first", "compared_last")}
    )
    watched = frame[frame["status"] == "ok"]
    if result.n_series == 1:
        return [_state(result, subject, watched.iloc[0]), *_beside(result, subject)]
    in_alarm = watched[watched["state"] != "quiet"].sort_values("p_adjusted").head(MOST_SAID)
    said, names = [_overview(result, subject)], group_names(result)
    for _, row in in_alarm.iterrows():
        key, name = key_of(str(row["group"])), names[row["group"]]
        own = replace(subject, key=f"{subject.key}-{key}", en=name["en"], ar=name["ar"])
        said.append(_state(result, own, row))
    return [*said, *_beside(result, subject)]


def group_names(result: Alarms) -> dict[str, dict[str, str]]:
    """Return what each series is called in both languages, by its group."""
    return {
        group: names_of(series, dict.fromkeys(LANGUAGES, group))
        for group, series in zip(result.states["group"], result.series, strict=True)
    }


def _common(result: Alarms, subject: Subject) -> dict[str, Any]:
    """Return what all findings about alarms share."""
    return {
        "question": "alarm",
        "subject": subject,
        "settings": {
            "budget": result.budget,
            "n_series": result.n_series,
            "quiet": result.quiet,
        },
        "caveats": result.caveats,
    }


def _state(result: Alarms, subject: Subject, row: pd.Series) -> Finding:
    """Return the state of one series."""
    own = result.method == "trends"
    return Finding(
        finding_id=f"{subject.key}.alarm.state",
        quantity="expected_now",
        estimate=float(row["estimate"]),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        conf_level=result.conf_level,
        unit="events",
        method="predictive_lines" if own else result.method,
        graded_by="alarm",
        sentence="alarm_state",
        p_value=float(row["p_value"]) if own else float("nan"),
        values={
            "state": row["state"],
            "last": row["period"],
            "since": row["period"] if pd.isna(row["since"]) else row["since"],
            "stood": (0 if pd.isna(row["count"]) else int(row["count"]), subject.noun),
            "unseen": bool(pd.isna(row["count"])),
            "p_adjusted": float(row["p_adjusted"]) if own else 1.0,
            # Simulated: further digits are noise, and no chance is nought or certain.
            "power": float(np.clip(np.round(row["power"], 2), 0.01, 0.99)),
            "alarm_line": row["line"],
            "compared_first": row["compared_first"],
            "compared_last": row["compared_last"],
            "budget": result.budget,
            "borrowed": not own,
        },
        **_common(result, subject),
    )


def _overview(result: Alarms, subject: Subject) -> Finding:
    """Return how many of many series are in alarm."""
    return Finding(
        finding_id=f"{subject.key}.alarm.overview",
        quantity="n_in_alarm",
        estimate=float(result.n_rising + result.n_falling),
        unit="periods",
        method="counted",
        sentence="alarm_overview",
        values={
            "n_series": result.n_series,
            "n_rising": result.n_rising,
            "n_falling": result.n_falling,
            "budget": result.budget,
        },
        **_common(result, subject),
    )


def _beside(result: Alarms, subject: Subject) -> list[Finding]:
    """Return what two rules of thumb would have fired in the periods watched."""
    return [
        Finding(
            finding_id=f"{subject.key}.alarm.beside",
            quantity="n_episodes",
            estimate=float(result.n_episodes),
            unit="periods",
            method="counted",
            sentence="alarm_beside",
            values={
                "n_quarter_more": result.n_quarter_more,
                "n_highest": result.n_highest,
                "n_watched": result.n_periods,
                "budget": result.budget,
            },
            **_common(result, subject),
        )
    ]
