"""Which numbers of a reporting delay are worth saying?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from trends.analysis.delay import ReportingDelay
from trends.findings.finding import PERIODS, Finding, Subject
from trends.tables.calendar import frequency_letter


def findings(result: ReportingDelay, subject: Subject) -> list[Finding]:
    """Return the share still to come, what the last period will become, and how often that held."""
    if result.shares.empty:
        return [_declared(result, subject)]
    said = [_share(result, subject)]
    if len(result.expected):
        said.append(_last(result, subject))
    if result.n_scored:
        said.append(_held(result, subject))
    return said


def _common(result: ReportingDelay, subject: Subject) -> dict[str, Any]:
    """Return what all findings of a reporting delay share."""
    return {
        "question": "delay",
        "subject": subject,
        "conf_level": result.conf_level,
        "method": "chain_ladder",
        "settings": {
            "settled_after": result.settled_after,
            "incomplete_periods": result.incomplete_periods,
        },
        "caveats": result.caveats,
    }


def _facts(result: ReportingDelay) -> dict[str, Any]:
    """Return what the words and the grades look at."""
    return {
        "n_vintages": result.n_vintages,
        "held": result.held,
        "first_as_of": result.first_as_of,
        "last_as_of": result.last_as_of,
    }


def _share(result: ReportingDelay, subject: Subject) -> Finding:
    """Return the share still to come when a period ends."""
    newest = result.to_frame().iloc[0]
    return Finding(
        finding_id=f"{subject.key}.delay.share-to-come",
        quantity="share_to_come",
        estimate=float(newest["estimate"]),
        conf_low=float(newest["conf_low"]),
        conf_high=float(newest["conf_high"]),
        unit="fraction",
        graded_by="delay",
        sentence="delay_share",
        values={
            **_facts(result),
            "back": -float(newest["estimate"]),
            "back_low": -float(newest["conf_high"]),
            "back_high": -float(newest["conf_low"]),
        },
        **_common(result, subject),
    )


def _last(result: ReportingDelay, subject: Subject) -> Finding:
    """Return what the count of the last period will be in the end."""
    last = result.expected.iloc[-1]
    return Finding(
        finding_id=f"{subject.key}.delay.last-period",
        quantity="expected_count",
        estimate=float(last["estimate"]),
        conf_low=float(last["conf_low"]),
        conf_high=float(last["conf_high"]),
        unit="events",
        graded_by="delay_expected",
        sentence="delay_last",
        values={
            **_facts(result),
            "last": last["period"],
            "stood": (int(last["count"]), subject.noun),
        },
        **_common(result, subject),
    )


def _held(result: ReportingDelay, subject: Subject) -> Finding:
    """Return how often earlier predictions held."""
    return Finding(
        finding_id=f"{subject.key}.delay.held",
        quantity="share_held",
        estimate=result.held,
        unit="fraction",
        graded_by="delay_held",
        sentence="delay_held",
        values={**_facts(result), "n_scored": result.n_scored},
        **_common(result, subject),
    )


def _declared(result: ReportingDelay, subject: Subject) -> Finding:
    """Return how many of the last periods were declared incomplete."""
    letter = frequency_letter(pd.PeriodIndex(result.series.index))
    return Finding(
        finding_id=f"{subject.key}.delay.declared",
        question="delay",
        quantity="n_incomplete",
        subject=subject,
        estimate=float(result.incomplete_periods),
        unit="periods",
        method="counted",
        settings={"incomplete_periods": result.incomplete_periods},
        caveats=result.caveats,
        sentence="delay_declared",
        values={"counted": (result.incomplete_periods, PERIODS[letter])},
    )
