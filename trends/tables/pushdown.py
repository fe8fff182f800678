"""Which rules of the schema `Events` do rows break, asked in the engine that holds them?

Pandera looks at frames; here the same rules are expressions, so that an engine can count the rows
that break them while it counts events, and only those rows come back.
"""

# Ibis spells "missing" isnull and notnull; the rules against those names are about pandas.
# ruff: noqa: PD003, PD004

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from trends.tables.faults import Fault
from trends.tables.sources import DATE_PRECISIONS, LOCATION_PRECISIONS, Layout

#: Least and greatest value of each number of an event.
NUMBER_BOUNDS = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "fatalities_low": (0.0, np.inf),
    "fatalities_best": (0.0, np.inf),
    "fatalities_high": (0.0, np.inf),
}


def events_in(table: ir.Table, layout: Layout, by: Sequence[str]) -> ir.Table:
    """Return an engine's table as events: days, groups, and whether a rule is broken."""
    available = [*layout.columns, *(["source"] if layout.database else [])]
    check_by(by, [*available, *(table.columns if layout.source == "trends" else [])])
    if layout.source == "ucdp-ged" and table["date_start"].type().is_string():
        # The Humanitarian Data Exchange adds a second header row of tags.
        table = table.filter(~table["date_start"].startswith("#").fill_null(False))
    columns: dict[str, ir.Value] = {
        "event_id": _text(table, layout, "event_id"),
        "day": _date(table, layout, "start"),
        "last_day": _end(table, layout),
        "precision": _text(table, layout, "date_precision"),
        # Null where a cell is empty and no rule is broken; sums leave it out.
        "broken": ibis.or_(*(rule.broken for rule in _rules(table, layout))),
    }
    groups = {f"group{i}": _text(table, layout, name) for i, name in enumerate(by)}
    return table.select(**columns, **groups)


def check_by(by: Sequence[str], available: Sequence[str]) -> None:
    """Raise unless events can be counted by these columns."""
    for name in by:
        if name not in available:
            raise ValueError(
                f"`by` must name columns of the events, got {name!r}. "
                f"Use one of {', '.join(dict.fromkeys(map(str, available)))}."
            )
    if len(set(by)) < len(by):
        raise ValueError(f"`by` must name each column once, got {by}. Remove the repetition.")


def faults_in(
    backend: Any, table: ir.Table, layout: Layout, *, file: str, most: int = 20
) -> list[Fault]:
    """List faults of a table in an engine by event id, some of each rule and how many more."""
    name = layout.columns["event_id"]
    own = _text(table, layout, "event_id")
    faults = []
    for rule in _rules(table, layout):
        broken = table.filter(rule.broken.fill_null(False))
        shown = backend.execute(broken.select(event=own, value=rule.value).limit(most))
        faults += [
            Fault(
                file=file,
                row=None,
                column=rule.column,
                value=f"{'' if pd.isna(value) else value} ({name} {event})",
                rule=rule.rule,
                fix=rule.fix,
            )
            for event, value in shown.itertuples(index=False)
        ]
        n_more = int(backend.execute(broken.count())) - most if len(shown) == most else 0
        if n_more > 0:
            said = f"{rule.rule}; {n_more:,} more events break this rule"
            faults.append(
                Fault(file=file, row=None, column=rule.column, value="", rule=said, fix=rule.fix)
            )
    ids = table.select(event=own).filter(lambda each: each["event"].notnull())
    repeated = ids.group_by("event").aggregate(n=ids.count()).filter(lambda each: each["n"] > 1)
    faults += [
        Fault(
            file=file,
            row=None,
            column=name,
            value=f"{event} ({n} times)",
            rule="must be unique",
            fix="Give each row its own value, or drop the repeated rows.",
        )
        for event, n in backend.execute(repeated.limit(most)).itertuples(index=False)
    ]
    return faults


@dataclass(frozen=True)
class _Rule:
    """One rule of the schema `Events`, pushed down into an engine."""

    column: str
    rule: str
    fix: str
    broken: ir.BooleanValue
    value: ir.StringValue


def _rules(table: ir.Table, layout: Layout) -> list[_Rule]:
    """Return the rules of the schema `Events` for the columns that a table has."""
    dated = "must be a day of the calendar written YYYY-MM-DD"
    rewrite = "Rewrite the date, year first; check that the month has that day."
    filled = "Fill the cell in."
    start, end = _date(table, layout, "start"), _end(table, layout)
    rules = [
        _rule(table, layout, name, "must not be empty", filled, _text(table, layout, name).isnull())
        for name in ("event_id", "country")
    ]
    rules.append(_rule(table, layout, "start", dated, rewrite, start.isnull()))
    their_end = layout.columns.get("end", "")
    if their_end in table.columns:
        if table[their_end].type().is_string():
            unreadable = _text(table, layout, "end").notnull() & end.isnull()
            rules.append(_rule(table, layout, "end", dated, rewrite, unreadable))
        if layout.source == "trends":
            late = "end must not be before start"
            rules.append(
                _rule(table, layout, "end", late, "Swap or correct the dates.", end < start)
            )
    for name, (low, high) in NUMBER_BOUNDS.items():
        if layout.columns.get(name, name) in table.columns and name in layout.columns:
            rules.append(_number_rule(table, layout, name, low, high))
    codes = {"date_precision": DATE_PRECISIONS, "location_precision": LOCATION_PRECISIONS}
    for name in ("date_precision", "location_precision", "event_type"):
        theirs = layout.columns.get(name)
        known = [*layout.words.get(name, codes.get(name, ()) if layout.source == "trends" else ())]
        if theirs in table.columns and known:
            written = table[theirs].cast("string").nullif("")
            listed = f"must be one of {', '.join(known)}"
            unknown = written.notnull() & ~written.isin(known)
            rules.append(_rule(table, layout, name, listed, "Correct the word.", unknown))
    return rules


def _number_rule(table: ir.Table, layout: Layout, name: str, low: float, high: float) -> _Rule:
    """Return the rule that a number is one and lies within bounds."""
    written = table[layout.columns[name]]
    if written.type().is_string():
        text = written.strip().nullif("")
        number = text.try_cast("float64")
        unreadable = text.notnull() & number.isnull()
    else:
        number, unreadable = written, ibis.literal(False)
    if np.isfinite(high):
        within, outside = f"must be between {low:g} and {high:g}", ~number.between(low, high)
    else:
        within, outside = "must be 0 or more", number < low
    wrong = unreadable | outside
    return _rule(table, layout, name, within, "Correct the number.", wrong)


def _rule(
    table: ir.Table, layout: Layout, name: str, rule: str, fix: str, broken: ir.BooleanValue
) -> _Rule:
    """Return a rule on one column, named as in the table."""
    theirs = layout.columns.get(name, name)
    value = table[theirs].cast("string") if theirs in table.columns else ibis.literal("")
    return _Rule(column=theirs, rule=rule, fix=fix, broken=broken, value=value)


def _text(table: ir.Table, layout: Layout, name: str) -> ir.StringValue:
    """Return a column of an event as text, code turned into words, null where it is empty."""
    theirs = layout.columns.get(name, name)
    if theirs not in table.columns:
        constant = layout.database if name == "source" and layout.database else None
        return ibis.literal(constant, type="string")
    text = table[theirs].cast("string").nullif("")
    words = layout.words.get(name)
    return text.cases(*words.items(), else_=None) if words else text


def _date(table: ir.Table, layout: Layout, name: str) -> ir.DateValue:
    """Return a column as days, null where it is none."""
    theirs = layout.columns.get(name, name)
    if theirs not in table.columns:
        return ibis.literal(None, type="date")
    value = table[theirs]
    if not value.type().is_string():
        return value.cast("date")
    text = value.strip()
    written = text.re_search(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?$")
    return written.ifelse(text.substr(0, 10).try_cast("date"), None)


def _end(table: ir.Table, layout: Layout) -> ir.DateValue:
    """Return the last day of each event, null where its source does not say."""
    if not layout.end_is_start:
        return _date(table, layout, "end")
    exact = _text(table, layout, "date_precision") == "day"
    return exact.ifelse(_date(table, layout, "start"), None)
