"""Which numbers of a comparison of two stretches of one series are worth saying?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from trends.analysis.periods import PeriodComparison
from trends.findings.finding import Finding, Subject
from trends.findings.rules import first_match
from trends.models.counts.smallest_change import POWER
from trends.tables.window import Window


def findings(result: PeriodComparison, subject: Subject) -> list[Finding]:
    """Return the ratio and, where no difference is clear, which could have been seen."""
    over_time = result.first[0] > result.second[0]
    is_clear = not result.ratio_low <= 1 <= result.ratio_high
    smallest_count = min(result.n_first, result.n_second)
    settings = {
        "first": _span(result.first),
        "second": _span(result.second),
        "season": result.season,
        "family": result.family,
        "conf_level": result.conf_level,
    }
    ratio = Finding(
        finding_id=f"{subject.key}.periods.ratio",
        question="periods",
        quantity="ratio" if over_time else "ratio_between",
        subject=subject,
        estimate=result.ratio,
        conf_low=result.ratio_low,
        conf_high=result.ratio_high,
        conf_level=result.conf_level,
        unit=first_match("precision", "ratio", {"smallest_count": smallest_count}),
        method=result.method,
        settings=settings,
        # A change that is not clear needs no other explanation.
        caveats=(*result.caveats, *(["counting_may_shift"] if is_clear else [])),
        graded_by="periods",
        p_value=result.p_value,
        sentence="periods_change" if over_time else "periods_difference",
        values=_values(result, subject),
    )
    if is_clear:
        return [ratio]
    visible = Finding(
        finding_id=f"{subject.key}.periods.visible",
        question="periods",
        quantity="visible_ratio",
        subject=subject,
        estimate=result.detectable_rise,
        conf_level=result.conf_level,
        unit="ratio",
        method="noncentral_t" if math.isfinite(result.std_error) else "exact_binomial",
        settings={**settings, "power": POWER},
        graded_by="periods_visible",
        sentence="periods_visible",
        values={"visible_down": result.detectable_fall, "power": POWER},
    )
    return [ratio, visible]


def _values(result: PeriodComparison, subject: Subject) -> dict[str, Any]:
    """Return what the words about a comparison may name."""
    return {
        "first": (result.n_first, subject.noun),
        "second": (result.n_second, subject.noun),
        "first_window": _window(result.n_first, result.first),
        "second_window": _window(result.n_second, result.second),
        "dispersion": result.dispersion,
        "poisson_low": result.poisson_low,
        "poisson_high": result.poisson_high,
        "n_observed": result.n_observed,
    }


def _window(count: int, stretch: tuple[pd.Period, pd.Period]) -> Window:
    """Return a stretch as the window that a sentence names."""
    start, end = stretch[0].start_time, stretch[1].end_time.normalize()
    return Window(count=count, days=float((end - start).days + 1), start=start, end=end)


def _span(stretch: tuple[pd.Period, pd.Period]) -> list[str]:
    """Return the periods of a stretch as text."""
    return [str(period) for period in stretch]
