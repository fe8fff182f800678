"""Which numbers of a trend are worth saying?"""

from __future__ import annotations

from trends.analysis.trend import Trend
from trends.findings.finding import Finding, Subject


def findings(result: Trend, subject: Subject) -> list[Finding]:
    """Return the annual change and, when the interval licenses one, the doubling time."""
    low, high = result.percent_interval()
    bent = "bent_trend" in result.caveats
    settings = {
        "family": result.family,
        "season": result.season,
        "dependence": result.dependence,
        "newey_west_lags": result.newey_west_lags,
        "autoregressive_percent_change": result.autoregressive_percent_change,
    }
    first, last = result.series.index[0], result.series.index[-1]
    sizes = sorted((abs(low), abs(high)))
    change = Finding(
        finding_id=f"{subject.key}.trend.annual-percent-change",
        question="trend",
        quantity="annual_percent_change",
        subject=subject,
        estimate=result.annual_percent_change,
        conf_low=low,
        conf_high=high,
        unit="percent_per_year",
        method=result.dependence,
        settings=settings,
        caveats=result.caveats,
        graded_by="trend",
        p_value=result.p_value,
        sentence="trend_change",
        values={
            "first": first,
            "last": last,
            "bent": bent,
            "n_observed": result.n_observed,
            "p_value_independent": result.p_value_independent,
            "smallest": result.smallest_annual_change,
            "size": abs(result.annual_percent_change),
            "size_low": sizes[0],
            "size_high": sizes[1],
        },
    )
    times = result.to_frame()
    doubling = times[times["term"].isin(["doubling_time", "halving_time"])]
    # A pace that bends is no pace to extrapolate.
    if doubling.empty or bent:
        return [change]
    row = doubling.iloc[0]
    return [
        change,
        Finding(
            finding_id=f"{subject.key}.trend.{row['term'].replace('_', '-')}",
            question="trend",
            quantity=str(row["term"]),
            subject=subject,
            estimate=float(row["estimate"]),
            conf_low=float(row["conf_low"]),
            conf_high=float(row["conf_high"]),
            unit="years",
            method=result.dependence,
            settings=settings,
            caveats=result.caveats,
            graded_by="trend",
            p_value=result.p_value,
            sentence=f"trend_{row['term']}",
            values={"bent": bent},
        ),
    ]
