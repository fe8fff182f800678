"""Which conflicts between published figures are worth saying, and how are they listed?"""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from trends.analysis.contradiction import SEPARATOR, Contradictions
from trends.findings.finding import Finding, Inputs, Subject
from trends.findings.wording import format_number, shortened, words
from trends.tables.choices import READINGS

#: Explanations that lie in how a figure was entered rather than in the figure.
_SOFT = {"rounding", "window"}


#: Name and number of each verdict's total.
_TOTALS = {
    "impossible": ("count", "n_contradictions"),
    "tension": ("tensions", "n_tensions"),
    "improbable": ("improbable", "n_improbable"),
    "repeated": ("repeated", "n_repeated"),
}


def findings(result: Contradictions, subject: Subject) -> list[Finding]:
    """Return how many conflicts of each verdict there are, and one finding for each conflict."""
    verdicts = set(result.conflicts["verdict"])
    found = [
        _total(result, verdict, subject)
        for verdict in _TOTALS
        if verdict == "impossible" or verdict in verdicts
    ]
    taken: dict[str, int] = {}
    for conflict in result.conflicts.to_dict("records"):
        name = _name(conflict)
        taken[name] = taken.get(name, 0) + 1
        suffix = f"-{taken[name]}" if taken[name] > 1 else ""
        found.append(_one(result, conflict, f"{name}{suffix}", subject))
    return found


def _total(result: Contradictions, verdict: str, subject: Subject) -> Finding:
    """Return how many conflicts of one verdict there are."""
    name, quantity = _TOTALS[verdict]
    number = getattr(result, quantity)
    tests = {"improbable": result.n_rates_tested, "repeated": result.n_repeats_tested}
    own = result.conflicts[result.conflicts["verdict"] == verdict]
    nothing = not len(result.conflicts)
    return Finding(
        finding_id=f"{subject.key}.contradiction.{name}",
        question="contradiction",
        quantity=quantity,
        subject=subject,
        estimate=float(number),
        unit="conflicts",
        method="interval_arithmetic",
        settings=_settings(result),
        caveats=("conflict_names_nobody",) if number else (),
        sentence="contradiction_nothing" if nothing else f"contradiction_total_{verdict}",
        values={
            "n_statements": result.n_statements,
            "n_examined": result.n_examined,
            "n_tested": tests.get(verdict, 0),
            "n_weak": sum("weak" in _readings(conflict) for conflict in own.to_dict("records")),
        },
    )


def _one(result: Contradictions, conflict: dict[str, Any], name: str, subject: Subject) -> Finding:
    """Return the finding of one conflict."""
    names = conflict["statement_ids"].split(SEPARATOR)
    explanations = conflict["explanations"].split(SEPARATOR)
    gap = conflict["gap"]
    return Finding(
        finding_id=f"{subject.key}.contradiction.{name}",
        question="contradiction",
        quantity=conflict["kind"],
        subject=subject,
        estimate=float(conflict["first"] if math.isnan(gap) or gap == 0 else gap),
        conf_level=result.conf_level,
        unit="conflicts",
        method="interval_arithmetic",
        settings=_settings(result),
        inputs=Inputs(records=tuple(names)),
        graded_by="contradiction",
        p_value=float(conflict["p_value"]),
        sentence=f"contradiction_{conflict['kind']}",
        values={
            "arithmetic": conflict["arithmetic"],
            "statements": ", ".join(shortened(names)),
            "contradiction_explanation": explanations[0],
            "verdict": conflict["verdict"],
            "n_soft": len(_SOFT & set(explanations)),
        },
    )


def listing(result: Contradictions, lang: str, *, links: str = "") -> pd.DataFrame:
    """Return one row per conflict in words: what it is, whose, the arithmetic, why it may be."""
    table = words(lang)
    column = table["contradiction_column"]
    figures = result.statements.set_index("statement_id")
    counter = figures["counted_by"]
    rows = [
        {
            column["verdict"]: table["contradiction_verdict"][conflict["verdict"]],
            column["kind"]: table["contradiction_kind"][conflict["kind"]],
            column["counted_by"]: counter[conflict["statement_ids"].split(SEPARATOR)[0]],
            column["arithmetic"]: _isolated(conflict["arithmetic"], lang),
            column["distance"]: _distance(conflict, lang),
            column["readings"]: table["contradiction_column"]["joiner"].join(
                table["reading"][key] for key in _readings(conflict)
            ),
            column["explanations"]: table["contradiction_column"]["joiner"].join(
                table["contradiction_explanation"][key]
                for key in conflict["explanations"].split(SEPARATOR)
            ),
            column["statement_ids"]: ", ".join(
                f"[{name}]({links}#{name})" if links else name
                for name in conflict["statement_ids"].split(SEPARATOR)
            ),
        }
        for conflict in result.conflicts.to_dict("records")
    ]
    names = (
        "verdict", "kind", "counted_by", "arithmetic", "distance", "readings", "explanations",
    )  # fmt: skip
    listed = pd.DataFrame(rows, columns=[column[name] for name in (*names, "statement_ids")])
    if links:
        listed.attrs["markdown"] = (column["statement_ids"],)
    return listed


def _readings(conflict: dict[str, Any]) -> list[str]:
    """Return how the figures of a conflict were read, the weakest first."""
    return sorted(set(conflict["readings"].split(SEPARATOR)), key=READINGS.index, reverse=True)


def unused(result: Contradictions, lang: str) -> pd.DataFrame:
    """Return one row per reason for not examining a figure, with the figures it holds for."""
    table = words(lang)
    column = table["contradiction_column"]
    by_reason = result.unexamined.groupby("reason", sort=True)["statement_id"]
    rows = [
        {
            column["reason"]: table["contradiction_reason"][reason],
            column["n_statements"]: len(names),
            column["statement_ids"]: ", ".join(names),
        }
        for reason, names in by_reason
    ]
    return pd.DataFrame(
        rows, columns=[column[name] for name in ("reason", "n_statements", "statement_ids")]
    )


def _settings(result: Contradictions) -> dict[str, Any]:
    """Return what shaped the list."""
    return {"alpha": round(1 - result.conf_level, 12), "n_tests": result.n_rates_tested}


def _name(conflict: dict[str, Any]) -> str:
    """Return a name that stays the same as long as the conflict does."""
    names = conflict["statement_ids"].split(SEPARATOR)
    text = f"{conflict['kind']}-{names[0]}-{names[-1]}"
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _distance(conflict: dict[str, Any], lang: str) -> str:
    """Return how far off a conflict is: its chance, or its gap and the share of the figure."""
    if not math.isnan(conflict["p_value"]):
        return f"p: {format_number(conflict['p_value'], 'p', lang)}"
    if not conflict["gap"] > 0:
        return ""
    gap = format_number(conflict["gap"], "count", lang)
    if conflict["first"] == 0:
        return gap
    share = format_number(100 * conflict["gap"] / conflict["first"], "percent", lang)
    return f"{gap} ({share})"


def _isolated(formula: str, lang: str) -> str:
    """Return a formula that keeps its direction inside right-to-left text."""
    return (
        f"\N{LEFT-TO-RIGHT ISOLATE}{formula}\N{POP DIRECTIONAL ISOLATE}"
        if lang == "ar"
        else formula
    )
