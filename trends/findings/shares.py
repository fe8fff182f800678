"""Which numbers of a share are worth saying: what it is, whether it changed, and whose doing?"""

from __future__ import annotations

from typing import Any

from trends.analysis.shares import Shares
from trends.findings.finding import Finding, Subject


def findings(result: Shares, subject: Subject) -> list[Finding]:
    """Return the change of the share over time, then the share in all events together."""
    table = result.to_frame().set_index("term")
    span = {"start": result.series.index[0], "end": result.series.index[-1]}
    told = {
        f"{which}{end}": table.loc[f"change_{which}", column]
        for which in ("asked", "rest", "total")
        for end, column in (("", "estimate"), ("_low", "conf_low"), ("_high", "conf_high"))
    }
    common: dict[str, Any] = {
        "question": "shares",
        "subject": subject,
        "conf_level": result.conf_level,
        "method": "beta_binomial",
        "settings": {"of": result.of, "by": result.by, "season": result.season},
        "caveats": result.caveats,
    }
    return [
        Finding(
            finding_id=f"{subject.key}.shares.change",
            quantity="share_change",
            estimate=result.odds_ratio,
            conf_low=result.odds_ratio_low,
            conf_high=result.odds_ratio_high,
            unit="ratio",
            graded_by="share_change",
            p_value=result.p_value,
            sentence="share_change",
            values={
                **span,
                **told,
                "verdict": result.verdict,
                "share_start": result.share_start,
                "share_end": result.share_end,
                "detectable": result.detectable_odds_ratio,
                "whose": f"{result.verdict}_{result.driver}" if result.driver else "",
            },
            **common,
        ),
        Finding(
            finding_id=f"{subject.key}.shares.level",
            quantity="share_level",
            estimate=result.share,
            conf_low=result.share_low,
            conf_high=result.share_high,
            unit="fraction",
            graded_by="share_level",
            sentence="share_level",
            values={
                **span,
                "breadth": result.share_high - result.share_low,
                "n_asked": result.n_events_asked,
                "all_events": (result.n_events, subject.noun),
            },
            **common,
        ),
    ]
