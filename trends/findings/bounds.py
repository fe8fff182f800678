"""What is said where published figures are minimums or rounded numbers, and not exact counts?

An analysis takes them at face value. Beside it stands the other extreme reading, each figure as
the bounds it gives; where that allows clearly more, the finding at face value is no better than C.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trends.findings.finding import Finding, Subject
from trends.models.counts.bounded_counts import BoundsReading


def bounds_finding(
    reading: BoundsReading,
    *,
    key: str,
    question: str,
    subject: Subject,
    conf_level: float,
    values: Mapping[str, Any],
    span: float = 1.0,
) -> Finding:
    """Return the ratio that figures allow, read as bounds.

    Parameters
    ----------
    reading : BoundsReading
        Of a log ratio, or of a slope.
    key : str
        What follows the subject in the finding's id.
    question : str
        Name of the analysis, which also names the sentence.
    subject : Subject
        What the counts are about.
    conf_level : float
        Level of the interval.
    values : mapping
        What else the sentence names.
    span : float
        What a slope is multiplied with, so that it is a log ratio.
    """
    low, high = reading.low * span, reading.high * span
    is_open = math.isinf(low) and math.isinf(high)
    return Finding(
        finding_id=f"{subject.key}.{key}",
        question=question,
        quantity="ratio_as_bounds",
        subject=subject,
        estimate=math.exp(reading.estimate * span),
        conf_low=math.exp(low) if math.isfinite(low) else -math.inf,
        conf_high=math.exp(high) if math.isfinite(high) else math.inf,
        conf_level=conf_level,
        unit="ratio",
        method="figures_as_bounds",
        graded_by="bounds",
        sentence="bounds_open" if is_open else f"bounds_{question}",
        values={
            **values,
            "open": math.isinf(low) or math.isinf(high),
            "n_figures": reading.n_figures,
            "n_bounded": reading.n_bounded,
        },
    )
