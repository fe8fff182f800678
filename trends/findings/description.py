"""Which numbers of the one account of a series are worth saying?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trends.analysis.description import Description, Part
from trends.findings.finding import Finding, Subject
from trends.findings.wording import format_number, words
from trends.tables.languages import LANGUAGES

#: Weight from which a rival is named with its share; below it rivals are named together.
_NAMED = 0.01
#: Most weight that is said: of the courses weighed one may have nearly all, but never all.
_MOST = 0.999


def findings(result: Description, subject: Subject) -> list[Finding]:
    """Return the verdict, further steps, the season, and what stands against each rival."""
    if not result.courses.size:
        return [_too_few(result, subject)]
    found = [_verdict(result, subject)]
    if result.verdict == "steps":
        found += [
            _step(result, part, number, subject)
            for number, part in enumerate(_of_term(result, "ratio"), start=1)
        ]
    if result.seasonal and result.verdict != "season_only":
        found.append(_season(result, subject))
    if result.verdict != "cannot_tell":
        found.append(_rivals(result, subject))
    return found


def _verdict(result: Description, subject: Subject) -> Finding:
    """Return the weight of the leading course with what it consists of."""
    return Finding(
        finding_id=f"{subject.key}.description.course",
        question="description",
        quantity="course_weight",
        subject=subject,
        estimate=min(result.weight, _MOST),
        conf_level=result.conf_level,
        unit="weight",
        method="weighed_courses",
        settings=_settings(result),
        caveats=result.caveats,
        searched=True,
        graded_by="description",
        sentence=f"description_{result.verdict}",
        values={
            **_span(result),
            "verdict": result.verdict,
            "course_weight": result.weight,
            "level": float(result.fitted["level_rate"].mean()),
            "n_changes": sum(part.term == "ratio" for part in result.parts),
            "shares": _shares(result),
            **_sizes(result),
        },
    )


def _sizes(result: Description) -> dict[str, Any]:
    """Return the size and dates of the first part, and how far a line would go."""
    alpha = 1 - result.conf_level
    names = ("size", "size_low", "size_high")
    values: dict[str, Any] = dict(zip(names, result.parts[0].interval(alpha), strict=True))
    (line,) = _of_term(result, "last_over_first")
    names = ("line", "line_low", "line_high")
    values |= dict(zip(names, line.interval(alpha), strict=True))
    for name, part in zip(("", "end_"), result.parts, strict=False):
        if part.mode is not None:
            low, high = part.dates(alpha)
            periods = result.series.index
            values |= {
                f"{name}period": periods[part.mode],
                f"{name}date_low": periods[low],
                f"{name}date_high": periods[high],
                f"{name}n_in_set": high - low + 1,
            }
    return values


def _step(result: Description, part: Part, number: int, subject: Subject) -> Finding:
    """Return one of several steps."""
    alpha = 1 - result.conf_level
    ratio, low, high = part.interval(alpha)
    first, last = part.dates(alpha)
    row = part.row(alpha, result.series.index)
    return Finding(
        finding_id=f"{subject.key}.description.step-{number}",
        question="description",
        quantity="ratio",
        subject=subject,
        estimate=ratio,
        conf_low=low,
        conf_high=high,
        conf_level=result.conf_level,
        unit="ratio",
        method="weighed_courses",
        settings=_settings(result),
        searched=True,
        graded_by="description",
        sentence="description_one_of_steps",
        values={
            "verdict": result.verdict,
            "course_weight": result.weight,
            "n_in_set": last - first + 1,
            **{name: row[name] for name in ("period", "date_low", "date_high")},
        },
    )


def _season(result: Description, subject: Subject) -> Finding:
    """Return the weight of a season beside the course."""
    return Finding(
        finding_id=f"{subject.key}.description.season",
        question="description",
        quantity="season_weight",
        subject=subject,
        estimate=min(result.season_weight, _MOST),
        unit="weight",
        method="weighed_courses",
        settings=_settings(result),
        graded_by="description_season",
        sentence="description_season",
        values={"season_weight": result.season_weight},
    )


def _rivals(result: Description, subject: Subject) -> Finding:
    """Return the weight of the strongest rival, with what stands against each."""
    return Finding(
        finding_id=f"{subject.key}.description.rivals",
        question="description",
        quantity="rival_weight",
        subject=subject,
        estimate=float(result.weights["weight"].iloc[1]),
        unit="weight",
        method="weighed_courses",
        settings=_settings(result),
        graded_by="description",
        sentence="description_rivals",
        values={
            "verdict": result.verdict,
            "course_weight": result.weight,
            "rivals": {lang: _against(result, lang) for lang in LANGUAGES},
        },
    )


def _against(result: Description, lang: str) -> str:
    """Return what stands against each rival, the strongest first."""
    table = words(lang)["description"]
    rivals = result.weights.iloc[1:]
    parts = [
        table["against"].format(
            rival=table["kind"][row.kind],
            weight=format_number(row.weight, "share", lang),
            reason=table["reason"][row.kind],
        )
        for row in rivals[rivals["weight"] >= _NAMED].itertuples(index=False)
    ]
    others = [table["kind"][kind] for kind in rivals[rivals["weight"] < _NAMED]["kind"]]
    if others:
        left = table["other" if len(others) == 1 else "others"]
        parts.append(left.format(rivals=table["joiner"].join(others)))
    return str(table["stop"]).join(parts)


def _shares(result: Description) -> Mapping[str, str]:
    """Return the kinds that share the weight, in words of both languages."""
    shared = result.weights[result.weights["weight"] >= 0.05]
    return {
        lang: str(words(lang)["description"]["joiner"]).join(
            words(lang)["description"]["share"].format(
                rival=words(lang)["description"]["kind"][row.kind],
                weight=format_number(row.weight, "share", lang),
            )
            for row in shared.itertuples(index=False)
        )
        for lang in LANGUAGES
    }


def _too_few(result: Description, subject: Subject) -> Finding:
    """Return that nothing can be told from so few events."""
    return Finding(
        finding_id=f"{subject.key}.description.course",
        question="description",
        quantity="n_events",
        subject=subject,
        estimate=float(result.n_events),
        unit="events",
        method="counted",
        settings=_settings(result),
        caveats=result.caveats,
        sentence="description_too_few",
        values={**_span(result), "counted": (result.n_events, subject.noun)},
    )


def _of_term(result: Description, term: str) -> list[Part]:
    """Return the parts of one kind."""
    return [part for part in result.parts if part.term == term]


def _span(result: Description) -> dict[str, Any]:
    """Return first and last period."""
    return {"first": result.series.index[0], "last": result.series.index[-1]}


def _settings(result: Description) -> dict[str, Any]:
    """Return the choices behind the account."""
    return {
        "verdict": result.verdict,
        "season": result.season,
        "known_breaks": [str(period) for period in result.known_breaks],
        "left_out": list(result.left_out),
    }
