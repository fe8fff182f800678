"""How does a table of results look in print?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from trends.findings.rules import rule_tables
from trends.findings.wording import format_number, format_time, words


def listing(
    frame: pd.DataFrame, columns: Sequence[str] | None = None, *, lang: str = "en"
) -> pd.DataFrame:
    """Return a table of results with printed headings, numbers and dates.

    Parameters
    ----------
    frame : DataFrame
        What a result's `to_frame` returns.
    columns : sequence of str, optional
        Which columns to print, in which order; all by default.
    lang : {"en", "ar"}
        Language of headings, months and words.

    Returns
    -------
    DataFrame of str
        One column per printed column, headed as in ``[heading]`` of the word tables.

    Raises
    ------
    KeyError
        If a column is not in the frame or has no heading.

    Examples
    --------
    >>> listing(pd.DataFrame({"ratio": [2.4234], "p_value": [0.00001]}))
      Ratio          p-value
    0  2.42  less than 0.001
    """
    chosen = list(frame.columns if columns is None else columns)
    headings = words(lang)["heading"]
    shapes = words("en")["heading_shape"]
    printed = {
        headings[name]: [_print(value, shapes.get(name, ""), lang) for value in frame[name]]
        for name in chosen
    }
    return pd.DataFrame(printed, columns=[headings[name] for name in chosen])


def rule_listing(kind: str, name: str, *, lang: str = "en") -> pd.DataFrame:
    """Return a rule table as it is printed on the methods page.

    Parameters
    ----------
    kind, name : str
        Which table of `rules.toml`, for instance ``verb`` and ``ratio``.
    lang : {"en", "ar"}
        Language of the words and conditions.

    Returns
    -------
    DataFrame of str
        In order: the words or the grade, and when they are allowed. The first that holds counts.

    Examples
    --------
    >>> rule_listing("verb", "ratio").iloc[2].tolist()
    ['at least doubled', 'lower end of the interval at least 2']
    """
    table = words(lang)["rule"]
    said = words(lang)["verb"].get(name, {}) if kind == "verb" else {}
    rows = [
        (said.get(rule["key"], rule["key"]), _condition(rule.get("if", {}), table))
        for rule in rule_tables()[kind][name]
    ]
    return pd.DataFrame(rows, columns=[table[f"{kind}_heading"], table["when_heading"]])


def _condition(conditions: Mapping[str, Mapping[str, Any]], table: Mapping[str, Any]) -> str:
    """Return conditions in words, joined by "and"."""
    parts = [
        table["name"].get(name, name)
        if bound is True
        else table[test].format(
            name=table["name"].get(name, name), bound=table["bound"].get(str(bound), _short(bound))
        )
        for name, tests in conditions.items()
        for test, bound in tests.items()
    ]
    return str(table["joiner"]).join(parts) or str(table["otherwise"])


def _short(bound: Any) -> str:
    """Return a bound without needless digits."""
    return f"{bound:.3g}" if isinstance(bound, float) else str(bound)


def _print(value: Any, shape: str, lang: str) -> str:
    """Return one cell as text; what is not known is a dash."""
    if value is None or value is pd.NaT or value is pd.NA or value == "":
        return "\N{EN DASH}"
    if isinstance(value, pd.Period | pd.Timestamp):
        return format_time(value, lang)
    if isinstance(value, float | int | np.number) and not isinstance(value, bool):
        if math.isnan(value):
            return "\N{EN DASH}"
        return format_number(float(value), shape or "ratio", lang)
    text = str(words(lang)["cell"].get(str(value), value))
    if lang == "ar" and _FORMULA.fullmatch(text):
        return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    return text


#: Digits and signs with spaces between them, which read from the left in either language.
_FORMULA = re.compile(r"(?=.*\d)(?=.*\s)[\d\s.,%+\-=<>≠≤≥→/()×–−]+")
