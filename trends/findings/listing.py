"""How does a table of results look in print?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from trends.analysis.alarm import Alarms
from trends.analysis.description import Description
from trends.findings.finding import COUNTED, Subject
from trends.findings.rules import caveat_table, rule_tables
from trends.findings.wording import format_interval, format_number, format_time, several, words
from trends.models.published.borrowed_scatter import scatter_table
from trends.tables.exposure import label_words


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
    lang : {"en", "ar", "fr"}
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


def verb_listing(quantity: str, *, lang: str = "en") -> pd.DataFrame:
    """Return the rules of the words for a quantity as the methods page prints them.

    Parameters
    ----------
    quantity : str
        Which table of verbs in `rules.toml`, for instance ``ratio``.
    lang : {"en", "ar", "fr"}
        Language of the words and conditions.

    Returns
    -------
    DataFrame of str
        In order: the words, and when they are allowed. The first that holds counts.

    Examples
    --------
    >>> verb_listing("ratio").iloc[2].tolist()
    ['at least doubled', 'lower end of the interval at least 2']
    """
    said, table = words(lang)["verb"][quantity], words(lang)["rule"]
    rows = [
        (said[rule["key"]], _condition(rule, table)) for rule in rule_tables()["verb"][quantity]
    ]
    return pd.DataFrame(rows, columns=[table["verb_heading"], table["when_heading"]])


def grade_listing(*, lang: str = "en") -> pd.DataFrame:
    """Return the rules of every grade as the methods page prints them.

    Parameters
    ----------
    lang : {"en", "ar", "fr"}
        Language of the findings' names and conditions.

    Returns
    -------
    DataFrame of str
        What is graded, the grade, and when it is given; of the rows about one kind of finding the
        first that holds counts.

    Examples
    --------
    >>> grade_listing().iloc[1].tolist()[1]
    'A'
    """
    table = words(lang)["rule"]
    rows = [
        (table["graded"][name], rule["key"], _condition(rule, table, alone=len(rules) == 1))
        for name, rules in rule_tables()["grade"].items()
        for rule in rules
    ]
    headings = ("graded_heading", "grade_heading", "when_heading")
    return pd.DataFrame(rows, columns=[table[heading] for heading in headings])


def caveat_listing(*, lang: str = "en") -> pd.DataFrame:
    """Return every caveat with what it does to a grade, as the methods page prints them.

    Parameters
    ----------
    lang : {"en", "ar", "fr"}
        Language of the caveats.

    Returns
    -------
    DataFrame of str
        The caveat, and whether it is a weakness in the rules of grades and sets a best grade;
        those that weaken stand first.
    """
    table = words(lang)["rule"]
    caveats = sorted(caveat_table().values(), key=lambda caveat: not caveat["weakens"])
    rows = [(caveat[lang], _effect(caveat, table)) for caveat in caveats]
    return pd.DataFrame(rows, columns=[table["caveat_heading"], table["effect_heading"]])


def scatter_listing(
    names: Mapping[str, Mapping[str, str]] | None = None, *, lang: str = "en"
) -> pd.DataFrame:
    """Return the series that a comparison of two totals borrows its scatter from.

    Parameters
    ----------
    names : mapping, optional
        How counters and countries are said, by value and language.
    lang : {"en", "ar", "fr"}
        Language of headings and words.

    Returns
    -------
    DataFrame of str
        Counter, country, what is counted, months with a count, events a month, and variance over
        mean of the total of one month and of twelve.

    Examples
    --------
    >>> scatter_listing()["Events a month"].tolist()[:2]
    ['32.3', '119']
    """
    table, said = words(lang)["scatter_table"], names or {}
    months = scatter_table()["months"]
    rows = []
    for donor in scatter_table()["donor"]:
        noun = COUNTED[donor["unit"]]
        one, year = (donor["inflation"][months.index(length)] for length in (1, 12))
        rows.append(
            (
                *(said.get(donor[key], {}).get(lang, donor[key]) for key in ("counter", "country")),
                several(noun, lang),
                format_number(donor["n_observed"], "count", lang),
                *(format_number(each, "rate", lang) for each in (donor["rate"], one, year)),
            )
        )
    return pd.DataFrame(rows, columns=list(table.values()))


def monitor_listing(
    watched: Iterable[tuple[Subject, Description, Alarms]], *, lang: str = "en"
) -> pd.DataFrame:
    """Return a line for each series that is watched: its account, and whether it is in alarm.

    Parameters
    ----------
    watched : iterable of (Subject, Description, Alarms)
        What each series is about, the account of it, and its alarms, of this series alone.
    lang : {"en", "ar", "fr"}
        Language of headings and words.

    Returns
    -------
    DataFrame of str
        The series, its account and the likeliest date of its last step or episode, the last period
        watched with its count and the counts that would have been in line, the alarm with its
        beginning, and the episodes of false alarms that the line may cost a year.

    Raises
    ------
    ValueError
        If alarms are of several series.
    """
    said = words(lang)
    rows = []
    for subject, account, alarms in watched:
        if alarms.n_series != 1:
            raise ValueError(
                f"`watched` must hold the alarms of one series a line, got {alarms.n_series} for "
                f"{subject.key}. Watch each series by itself, with its share of the budget."
            )
        (row,) = alarms.to_frame().to_dict("records")
        unseen = bool(pd.isna(row["count"]))
        state = "unseen" if unseen else row["state"]
        dated = [part.mode for part in account.parts if part.mode is not None]
        since = account.series.index[max(dated)] if account.allows_date else None
        began = "" if pd.isna(row["since"]) else format_time(row["since"], lang)
        rows.append(
            (
                subject.name(lang),
                said["monitor_course"][account.verdict],
                "" if since is None else format_time(since, lang),
                format_time(row["period"], lang),
                "" if unseen else format_number(row["count"], "count", lang),
                format_interval(row["conf_low"], row["conf_high"], "count", lang),
                said["monitor_alarm"][state].format(since=began),
                format_number(alarms.budget, "rate", lang),
            )
        )
    return pd.DataFrame(rows, columns=list(said["monitor_table"].values()))


def _effect(caveat: Mapping[str, Any], table: Mapping[str, Any]) -> str:
    """Return in words what a caveat does to a grade."""
    effect = str(table["weakens" if caveat["weakens"] else "harmless"])
    return effect + (table["capped"].format(grade=caveat["caps"]) if "caps" in caveat else "")


def _condition(rule: Mapping[str, Any], table: Mapping[str, Any], *, alone: bool = False) -> str:
    """Return a rule's conditions in words, joined by "and"."""
    parts = [
        table["name"][name]
        if bound is True
        else table[test].format(name=table["name"][name], bound=_bound(bound, table))
        for name, tests in rule.get("if", {}).items()
        for test, bound in tests.items()
    ]
    return str(table["joiner"]).join(parts) or str(table["always" if alone else "otherwise"])


def _bound(bound: Any, table: Mapping[str, Any]) -> str:
    """Return a bound in words, or as a number without needless digits."""
    if isinstance(bound, str) or math.isinf(bound):
        return str(table["bound"][str(bound)])
    return f"{bound:.3g}"


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
    text = label_words(str(words(lang)["cell"].get(str(value), value)), lang)
    if lang == "ar" and _FORMULA.fullmatch(text):
        return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    return text


#: Digits and signs with spaces between them, which read from the left in either language.
_FORMULA = re.compile(r"(?=.*\d)(?=.*\s)[\d\s.,%+\-=<>≠≤≥→/()×–−]+")
