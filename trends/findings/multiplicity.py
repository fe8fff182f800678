"""How many tests stand behind an edition, and which findings survive their number?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsmodels.stats.multitest import multipletests

from trends.findings.wording import words


@dataclass(frozen=True, kw_only=True)
class Family:
    """The tests that are adjusted for together.

    Attributes
    ----------
    name : str
        Name of the family; the question, unless a finding names another.
    n_tests : int
        Tests made; several findings of one test count once.
    n_clear : int
        Tests whose own p-value is below one minus the level of their interval.
    n_survive : int
        Of those, tests that stay below it after adjustment by Benjamini and Hochberg.
    n_survive_any_dependence : int
        The same by Benjamini and Yekutieli, whatever the dependence between the tests.
    """

    name: str
    n_tests: int
    n_clear: int
    n_survive: int
    n_survive_any_dependence: int


def adjust(
    findings: Iterable[Mapping[str, Any]], *, expected: Mapping[str, int] | None = None
) -> tuple[dict[str, dict[str, Any]], list[Family]]:
    """Adjust the p-values of findings for the number of tests in their family.

    Benjamini and Hochberg (1995) holds for independent and for positively dependent tests and
    decides which findings survive; Benjamini and Yekutieli (2001) holds for any dependence and is
    shown beside it.

    Parameters
    ----------
    findings : iterable of mapping
        Records with finding_id, family, test, p_value and conf_level; findings that share a test
        count as one. An analysis that tests much and reports what stands out says how many tests
        it made in its setting ``n_tests``.
    expected : mapping, optional
        Tests that a family will have had when the edition is complete; those not made yet count
        as tests that found nothing.

    Returns
    -------
    adjusted : dict
        Finding id to ``p_bh``, ``p_by`` and ``survives`` (None where nothing was tested or the
        finding was not clear to begin with).
    families : list of Family
        In alphabetical order.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57(1):289-300. doi:10.1111/j.2517-6161.1995.tb02031.x

    Benjamini Y, Yekutieli D (2001). The control of the false discovery rate in multiple testing
    under dependency. Annals of Statistics 29(4):1165-1188. doi:10.1214/aos/1013699998

    Examples
    --------
    >>> tests = [
    ...     {"finding_id": name, "family": "rate", "test": name, "p_value": p, "conf_level": 0.95}
    ...     for name, p in (("a", 0.001), ("b", 0.04), ("c", 0.5))
    ... ]
    >>> adjusted, (family,) = adjust(tests)
    >>> [adjusted[name]["survives"] for name in "abc"], family.n_tests
    ([True, False, None], 3)
    """
    tested: dict[str, list[Mapping[str, Any]]] = {}
    adjusted: dict[str, dict[str, Any]] = {}
    for finding in findings:
        adjusted[finding["finding_id"]] = {"p_bh": None, "p_by": None, "survives": None}
        if finding["p_value"] is not None:
            tested.setdefault(finding["family"], []).append(finding)
    families = []
    for name in sorted(tested):
        members = tested[name]
        tests = {member["test"]: member for member in members}
        n_tests = max(_n_searched(members), (expected or {}).get(name, 0))
        missing = max(0, n_tests - len(tests))
        p_values = np.array([test["p_value"] for test in tests.values()] + [1.0] * missing)
        by_name = {
            test: (float(p_bh), float(p_by))
            for test, p_bh, p_by in zip(
                tests,
                multipletests(p_values, method="fdr_bh")[1],
                multipletests(p_values, method="fdr_by")[1],
                strict=False,
            )
        }
        for member in members:
            p_bh, p_by = by_name[member["test"]]
            survives = p_bh < _level(member) if _is_clear(member) else None
            adjusted[member["finding_id"]] = {"p_bh": p_bh, "p_by": p_by, "survives": survives}
        clear = {test: member for test, member in tests.items() if _is_clear(member)}
        families.append(
            Family(
                name=name,
                n_tests=len(p_values),
                n_clear=len(clear),
                n_survive=sum(by_name[test][0] < _level(clear[test]) for test in clear),
                n_survive_any_dependence=sum(
                    by_name[test][1] < _level(clear[test]) for test in clear
                ),
            )
        )
    return adjusted, families


def families_markdown(families: Iterable[Family], lang: str = "en") -> str:
    """Return the tests behind an edition as a pipe table, one row a family.

    Parameters
    ----------
    families : iterable of Family
        As `Ledger.families` returns them.
    lang : {"en", "ar", "fr"}
        Language of the headings.

    Returns
    -------
    str
        Markdown; "" when nothing was tested.
    """
    table = words(lang)["families"]
    rows = [
        f"| {table['name'].get(one.name, one.name)} | {one.n_tests} | {one.n_clear} "
        f"| {one.n_survive} | {one.n_survive_any_dependence} |"
        for one in families
    ]
    headings = ("family", "n_tests", "n_clear", "n_survive", "n_survive_any_dependence")
    head = "| " + " | ".join(table[heading] for heading in headings) + " |"
    return "\n".join([head, "|:--|--:|--:|--:|--:|", *rows]) if rows else ""


def _n_searched(findings: Iterable[Mapping[str, Any]]) -> int:
    """Return how many tests the searches behind findings made, one search a subject."""
    searches = {
        (finding["subject"]["key"], finding["settings"]["n_tests"])
        for finding in findings
        if finding.get("settings", {}).get("n_tests")
    }
    return sum(n_tests for _, n_tests in searches)


def _level(finding: Mapping[str, Any]) -> float:
    """Return the level a p-value is held against."""
    return 1 - float(finding["conf_level"])


def _is_clear(finding: Mapping[str, Any]) -> bool:
    """Whether a finding's own p-value is below its level."""
    return float(finding["p_value"]) < _level(finding)
