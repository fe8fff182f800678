"""Which numbers of a season are worth saying?"""

from __future__ import annotations

from trends.analysis.season import Season
from trends.findings.finding import Finding, Subject


def findings(result: Season, subject: Subject) -> list[Finding]:
    """Return the yearly wave or the Ramadan ratio, and other occasions that clearly differ."""
    is_hijri = result.calendar == "hijri"
    table = result.to_frame()
    first, last = result.series.index[0], result.series.index[-1]
    settings = {"calendar": result.calendar, "family": result.family}
    p_value = result.p_value
    if is_hijri and len(table):
        p_value = float(table["p_value"].iloc[0])
    values = {
        "first": first,
        "last": last,
        "season_verdict": result.verdict,
        "season_peak": result.peak,
        "smallest": result.smallest_ratio,
        "n_years": result.n_years,
    }
    if is_hijri and len(result.sensitivity):
        ramadan = result.sensitivity.query("term == 'ramadan'").set_index("shift")["estimate"]
        values |= {"earlier": float(ramadan[-1]), "later": float(ramadan[1])}
    said = [
        Finding(
            finding_id=f"{subject.key}.season.{'ramadan' if is_hijri else 'wave'}",
            question="season",
            quantity="ramadan_ratio" if is_hijri else "season_amplitude",
            subject=subject,
            estimate=result.amplitude,
            conf_low=result.amplitude_low,
            conf_high=result.amplitude_high,
            conf_level=result.conf_level,
            unit="ratio",
            method="memory",
            settings=settings,
            caveats=result.caveats,
            graded_by="season",
            p_value=p_value,
            sentence="season_ramadan" if is_hijri else "season_wave",
            values=values,
        )
    ]
    if not is_hijri:
        return said
    for row in table.iloc[1:].itertuples():
        if row.conf_low <= 1 <= row.conf_high:
            continue
        said.append(
            Finding(
                finding_id=f"{subject.key}.season.{row.term.replace('_', '-')}",
                question="season",
                quantity="occasion_ratio",
                subject=subject,
                estimate=row.estimate,
                conf_low=row.conf_low,
                conf_high=row.conf_high,
                conf_level=result.conf_level,
                unit="ratio",
                method="memory",
                settings=settings,
                caveats=result.caveats,
                graded_by="season",
                p_value=row.p_value,
                sentence="season_occasion",
                values={"occasion": row.term},
            )
        )
    return said
