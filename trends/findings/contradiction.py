"""Which conflicts between published figures are worth saying, and how are they listed?"""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from trends.analysis.contradiction import SEPARATOR, Contradictions
from trends.findings.finding import Finding, Inputs, Subject
from trends.findings.wording import format_number, shortened, words

#: Explanations that lie in how a figure was entered rather than in the figure.
_SOFT = {"rounding", "window"}


def findings(result: Contradictions, subject: Subject) -> list[Finding]:
    """Return how many conflicts there are among how many figures, and one finding for each."""
    total = Finding(
        finding_id=f"{subject.key}.contradiction.count",
        question="contradiction",
        quantity="n_contradictions",
        subject=subject,
        estimate=float(result.n_contradictions),
        unit="conflicts",
        method="interval_arithmetic",
        settings=_settings(result),
        caveats=("conflict_names_nobody",) if len(result.conflicts) else (),
        sentence="contradiction_total" if len(result.conflicts) else "contradiction_none",
        values={
            "n_statements": result.n_statements,
            "n_examined": result.n_examined,
            "n_tensions": result.n_tensions,
        },
    )
    found = [total]
    taken: dict[str, int] = {}
    for conflict in result.conflicts.to_dict("records"):
        name = _name(conflict)
        taken[name] = taken.get(name, 0) + 1
        suffix = f"-{taken[name]}" if taken[name] > 1 else ""
        found.append(_one(result, conflict, f"{name}{suffix}", subject))
    return found


def _one(result: Contradictions, conflict: dict[str, Any], name: str, subject: Subject) -> Finding:
    """Return the finding of one conflict."""
    names = conflict["statement_ids"].split(SEPARATOR)
    explanations = conflict["explanations"].split(SEPARATOR)
    sentence = f"contradiction_{conflict['kind']}"
    if conflict["kind"] == "several_windows" and math.isnan(conflict["p_value"]):
        sentence += "_undated"
    gap = conflict["gap"]
    return Finding(
        finding_id=f"{subject.key}.contradiction.{name}",
        question="contradiction",
        quantity=conflict["kind"],
        subject=subject,
        estimate=float(conflict["first"] if math.isnan(gap) or gap == 0 else gap),
        unit="conflicts",
        method="interval_arithmetic",
        settings=_settings(result),
        inputs=Inputs(records=tuple(names)),
        graded_by="contradiction",
        p_value=float(conflict["p_value"]),
        sentence=sentence,
        values={
            "arithmetic": conflict["arithmetic"],
            "statements": ", ".join(shortened(names)),
            "contradiction_explanation": explanations[0],
            "verdict": conflict["verdict"],
            "n_soft": len(_SOFT & set(explanations)),
        },
    )


def listing(result: Contradictions, lang: str) -> pd.DataFrame:
    """Return one row per conflict in words: what it is, whose, the arithmetic, why it may be."""
    table = words(lang)
    column = table["contradiction_column"]
    counter = result.statements.set_index("statement_id")["counted_by"]
    rows = [
        {
            column["verdict"]: table["contradiction_verdict"][conflict["verdict"]],
            column["kind"]: table["contradiction_kind"][conflict["kind"]],
            column["counted_by"]: counter[conflict["statement_ids"].split(SEPARATOR)[0]],
            column["arithmetic"]: _isolated(conflict["arithmetic"], lang),
            column["distance"]: _distance(conflict, lang),
            column["explanations"]: table["contradiction_column"]["joiner"].join(
                table["contradiction_explanation"][key]
                for key in conflict["explanations"].split(SEPARATOR)
            ),
            column["statement_ids"]: ", ".join(conflict["statement_ids"].split(SEPARATOR)),
        }
        for conflict in result.conflicts.to_dict("records")
    ]
    names = ("verdict", "kind", "counted_by", "arithmetic", "distance", "explanations")
    return pd.DataFrame(rows, columns=[column[name] for name in (*names, "statement_ids")])


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
    return {"alpha": result.alpha, "n_tests": result.n_rates_tested}


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
