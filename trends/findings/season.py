"""Which numbers of a season are worth saying?"""

from __future__ import annotations

from trends.analysis.season import Season
from trends.findings.finding import Finding, Grade, Subject
from trends.findings.rules import grade_of
from trends.tables.calendar import format_period

#: Caveats that describe the series rather than weaken the conclusion.
_HARMLESS = {"partial_last_period", "unobserved_periods", "nb_boundary"}


def findings(result: Season, subject: Subject) -> list[Finding]:
    """Return the yearly wave or the Ramadan ratio, and other occasions that clearly differ."""
    is_hijri = result.calendar == "hijri"
    table = result.to_frame()
    first, last = result.series.index[0], result.series.index[-1]
    inputs = (
        f"{result.n_observed} of {result.n_periods} periods, "
        f"{format_period(first)} to {format_period(last)}",
    )
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
            unit="ratio",
            method="memory",
            settings=settings,
            inputs=inputs,
            caveats=result.caveats,
            grade=_grade(p_value, result),
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
                unit="ratio",
                method="memory",
                settings=settings,
                inputs=inputs,
                caveats=result.caveats,
                grade=_grade(row.p_value, result),
                p_value=row.p_value,
                sentence="season_occasion",
                values={"occasion": row.term},
            )
        )
    return said


def _grade(p_value: float, result: Season) -> Grade:
    """Return the grade of an effect."""
    return grade_of(
        "season",
        {"p_value": p_value, "n_weaknesses": len(set(result.caveats) - _HARMLESS)},
    )
