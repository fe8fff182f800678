"""Which numbers of one published figure are worth saying?"""

from __future__ import annotations

import math

from trends.analysis.figure_rate import FigureRate
from trends.findings.finding import Finding, Subject
from trends.tables.calendar import DAYS_PER_MONTH

#: Sentence of each qualifier.
_SENTENCES = {
    "exact": "figure_rate_exact",
    "about": "figure_rate_about",
    "at_least": "figure_rate_bound",
    "more_than": "figure_rate_bound",
    "range": "figure_rate_range",
    "nth_since": "figure_rate_nth",
}


def findings(result: FigureRate, subject: Subject) -> list[Finding]:
    """Return the rate the figure implies, said as firmly as the figure was."""
    window = result.window
    first_event = window.qualifier == "nth_since" and window.count == 1
    fewest = window.qualifier in ("at_least", "more_than")
    return [
        Finding(
            finding_id=f"{subject.key}.figure_rate.rate",
            question="figure_rate",
            quantity="rate",
            subject=subject,
            estimate=result.estimate,
            conf_low=result.conf_low,
            conf_high=result.conf_high,
            conf_level=result.conf_level,
            unit="per_month",
            method=result.method,
            settings={"method": result.method, "rounding_unit": result.rounding_unit},
            caveats=result.caveats,
            graded_by="figure_rate",
            sentence="figure_rate_first" if first_event else _SENTENCES[window.qualifier],
            values={
                "width": result.conf_high / result.conf_low if result.conf_low > 0 else math.inf,
                "figure": (int(result.count_low) if fewest else window.count, subject.noun),
                "figure_window": window,
                "count_low": result.count_low,
                "count_high": result.count_high,
                "rounding_unit": result.rounding_unit,
                "naive": window.count / window.days * DAYS_PER_MONTH,
            },
        )
    ]
