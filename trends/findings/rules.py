"""Which words and which grade do the numbers earn? Rule tables of `words/rules.toml`, applied."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

Grade = Literal["A", "B", "C", "D"]

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda value, bound: value >= bound,
    "at_most": lambda value, bound: value <= bound,
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
    "is": lambda value, bound: value == bound,
    "among": lambda value, bound: value in bound,
}


@cache
def rule_tables() -> dict[str, Any]:
    """Return every rule table; the first rule of a table that holds is the one that counts."""
    return _read("rules")


@cache
def caveat_table() -> dict[str, dict[str, Any]]:
    """Return every caveat: its words, whether it weakens a grade, and what else it declares."""
    return _read("caveats")


def first_match(kind: str, name: str, values: Mapping[str, Any]) -> str:
    """Return the key of the first rule of a table that the values satisfy.

    Parameters
    ----------
    kind, name : str
        Which table: ``verb`` or ``grade``, and the quantity or question it is for.
    values : mapping
        The numbers the rules look at.

    Returns
    -------
    str
        The rule's key, such as ``rose`` or ``B``.

    Raises
    ------
    KeyError
        If there is no such table or no rule of it holds; every table ends with a rule without
        conditions, so that this is a fault of the table.
    """
    for rule in rule_tables()[kind][name]:
        if holds(rule.get("if", {}), values):
            return str(rule["key"])
    raise KeyError(f"no rule of {kind}.{name} holds for {dict(values)}")


def grade_of(table: str, values: Mapping[str, Any], caveats: Iterable[str]) -> Grade:
    """Return the grade that a table of rules gives these values under these caveats.

    Parameters
    ----------
    table : str
        Which table of ``grade``.
    values : mapping
        The numbers the rules look at; the number of weaknesses is added here.
    caveats : iterable of str
        Keys of what weakens the conclusion, or does not, as each caveat declares.

    Returns
    -------
    {"A", "B", "C", "D"}
        What the rules give, or the cap of a caveat if that is lower.

    Examples
    --------
    >>> strong = {"p_value": 0.0001, "bent": False}
    >>> grade_of("trend", strong, []), grade_of("trend", strong, ["few_events"])
    ('A', 'B')
    """
    declared = [declared_caveat(key) for key in dict.fromkeys(caveats)]
    n_weaknesses = sum(caveat["weakens"] for caveat in declared)
    earned = first_match("grade", table, {**values, "n_weaknesses": n_weaknesses})
    # Letters run from the best grade to the lowest.
    return cast("Grade", max([earned, *(caveat.get("caps", "A") for caveat in declared)]))


def declared_caveat(key: str) -> dict[str, Any]:
    """Return what is declared of a caveat; what it is about may follow its name after a colon."""
    return caveat_table()[key.partition(":")[0]]


def holds(conditions: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> bool:
    """Return whether the values satisfy every condition; a missing or NaN value satisfies none."""
    for name, tests in conditions.items():
        value = values.get(name)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return False
        if not all(_TESTS[test](value, bound) for test, bound in tests.items()):
            return False
    return True


def _read(name: str) -> dict[str, Any]:
    """Return a table of `words/`."""
    text = files("trends.findings").joinpath(f"words/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
