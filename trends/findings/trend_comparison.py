"""Which number of a comparison of two trends is worth saying?"""

from __future__ import annotations

from trends.analysis.trend_comparison import TrendComparison
from trends.findings.about import names_of
from trends.findings.finding import Finding, Subject
from trends.findings.wording import words
from trends.tables.languages import LANGUAGES


def findings(result: TrendComparison, subject: Subject) -> list[Finding]:
    """Return the ratio of the two yearly factors; each pace by itself is another question's."""
    names = {
        which: names_of(frame, {lang: words(lang)["compared"][which] for lang in LANGUAGES})
        for which, frame in (("first", result.first), ("second", result.second))
    }
    return [
        Finding(
            finding_id=f"{subject.key}.trend-comparison.ratio",
            question="trend_comparison",
            quantity="yearly_ratio",
            subject=subject,
            estimate=result.ratio,
            conf_low=result.ratio_low,
            conf_high=result.ratio_high,
            conf_level=result.conf_level,
            unit="ratio",
            method="memory",
            settings={
                "season": result.season,
                "margin": result.margin,
                "correlation": result.correlation,
            },
            caveats=result.caveats,
            graded_by="trend_comparison",
            p_value=result.p_value,
            sentence="trend_comparison",
            values={
                "first_name": names["first"],
                "second_name": names["second"],
                "start": result.first.index[0],
                "end": result.first.index[-1],
                "verdict": result.verdict,
                "change_first": result.change_first,
                "change_second": result.change_second,
                "detectable": result.detectable_ratio,
                "margin": result.margin,
                "p_equivalent": result.p_equivalent,
            },
        )
    ]
