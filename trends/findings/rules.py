"""Which words do the numbers license? Rule tables, read from `words/rules.toml`."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from trends.findings.finding import Grade

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
    text = files("trends.findings").joinpath("words/rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


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


def grade_of(question: str, values: Mapping[str, Any]) -> Grade:
    """Return the grade that the rules of a question give these values."""
    return cast("Grade", first_match("grade", question, values))


def holds(conditions: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> bool:
    """Return whether the values satisfy every condition; a missing or NaN value satisfies none."""
    for name, tests in conditions.items():
        value = values.get(name)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return False
        if not all(_TESTS[test](value, bound) for test, bound in tests.items()):
            return False
    return True
