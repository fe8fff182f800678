"""Which numbers of a comparison of two windows are worth saying?"""

from __future__ import annotations

import math

from trends.analysis.rate import RateComparison
from trends.findings.finding import SERIES, Finding, Subject
from trends.findings.rules import first_match
from trends.models.counts.smallest_change import POWER
from trends.models.published.borrowed_scatter import n_donors


def findings(result: RateComparison, subject: Subject) -> list[Finding]:
    """Return the ratio, then what would make a difference vanish or what could have been seen."""
    total = result.first.count + result.second.count
    few = first_match("caveat", "rate", {"total": total})
    caveats = (*result.caveats, few) if few else result.caveats
    smallest_count = min(result.first.count, result.second.count)
    over_time = _is_change_over_time(result)
    ratio = Finding(
        finding_id=f"{subject.key}.rate.ratio",
        question="rate",
        quantity="ratio" if over_time else "ratio_between",
        subject=subject,
        estimate=result.ratio,
        conf_low=result.wide_low,
        conf_high=result.wide_high,
        conf_level=result.conf_level,
        unit=first_match("precision", "ratio", {"smallest_count": smallest_count}),
        # The interval that is printed is the one with scatter; Poisson counts have the asked one.
        method=result.method if result.dispersion == 1 else f"{result.scatter}_scatter",
        settings={
            "method": result.method,
            "conf_level": result.conf_level,
            "scatter": result.scatter,
            # What is borrowed follows from the counts.
            **({"dispersion": result.dispersion} if result.scatter == "declared" else {}),
        },
        caveats=caveats,
        graded_by="rate",
        p_value=result.wide_p_value,
        sentence="rate_comparison" if over_time else "rate_difference",
        values={
            "tipping_dispersion": result.tipping_dispersion,
            "first": (result.first.count, subject.noun, result.first),
            "second": (result.second.count, subject.noun, result.second),
            "first_window": result.first,
            "second_window": result.second,
            "scatter": "poisson" if result.dispersion == 1 else result.scatter,
            "donors": (n_donors(result.counted), SERIES),
            "dispersion": result.dispersion,
            "poisson": (result.ratio_low, result.ratio_high),
        },
    )
    # A point at which a difference vanishes needs one that at least Poisson counts would show.
    tips = math.isfinite(result.tipping_dispersion) and math.isfinite(result.tipping_share_interval)
    tipping = [_tipping(result, ratio)] if tips else []
    if result.wide_low <= 1 <= result.wide_high:
        open_figures = result.detectable_fall == 0 and math.isinf(result.detectable_rise)
        inexact = bool({"rounded_figure", "bound_only", "range_figure"} & set(result.caveats))
        silent = total == 0 or (open_figures and inexact)
        return [ratio, *tipping] if silent else [ratio, _visible(result, ratio), *tipping]
    return [ratio, *tipping]


def _is_change_over_time(result: RateComparison) -> bool:
    """Whether something rose or fell: one counter, one scope, and the first window is the later."""
    one, two = result.first, result.second
    if {"different_counters", "different_scopes"} & set(result.caveats):
        return False
    return one.start is not None and two.end is not None and one.start > two.end


def _tipping(result: RateComparison, ratio: Finding) -> Finding:
    """Return the scatter and the change in what gets counted at which a difference would vanish."""
    return Finding(
        finding_id=f"{ratio.subject.key}.rate.tipping",
        question="rate",
        quantity="tipping_dispersion",
        subject=ratio.subject,
        estimate=result.tipping_dispersion,
        conf_level=result.conf_level,
        unit="ratio",
        method="closed_form",
        settings=ratio.settings,
        caveats=ratio.caveats,
        graded_by="rate_tipping",
        sentence="rate_tipping",
        values={
            "share_interval": result.tipping_share_interval,
            "share": result.tipping_share,
            "wide_p_value": result.wide_p_value,
            "unclear": result.wide_low <= 1 <= result.wide_high,
        },
    )


def _visible(result: RateComparison, ratio: Finding) -> Finding:
    """Return the smallest rise and the smallest fall that these windows could have shown."""
    return Finding(
        finding_id=f"{ratio.subject.key}.rate.visible",
        question="rate",
        quantity="visible_ratio",
        subject=ratio.subject,
        estimate=result.detectable_rise,
        conf_level=result.conf_level,
        unit="ratio",
        method="exact_binomial",
        settings={**ratio.settings, "power": POWER},
        graded_by="rate_visible",
        sentence="rate_visible",
        values={"visible_down": result.detectable_fall, "power": POWER},
    )
