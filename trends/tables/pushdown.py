"""Which rows of a table in an engine are written so plainly that they can be counted there?

The reader of events decides what is acceptable. A row is *plain* when it is written in the
commonest way, with every value within bounds: a sufficient condition, in expressions that any
engine evaluates, for the reader to accept the row and to read what stands there. Every other row is
fetched and put before the reader itself, so that no rule is stated twice.
"""

# Ibis spells "missing" isnull and notnull; the rules against those names are about pandas.
# ruff: noqa: PD003, PD004

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from trends.tables.sources import (
    COORDINATE_BOUNDS,
    DATABASES,
    DATE_PRECISIONS,
    EVENT_COLUMNS,
    LOCATION_PRECISIONS,
    Layout,
)

_TOLLS = ("fatalities_low", "fatalities_best", "fatalities_high")
_WORDS = {"date_precision": DATE_PRECISIONS, "location_precision": LOCATION_PRECISIONS}

#: Columns that counting looks at, beside those that are counted by.
LOOKED_AT = (
    "event_id",
    "start",
    "end",
    "country",
    "date_precision",
    "location_precision",
    "event_type",
    *COORDINATE_BOUNDS,
    *_TOLLS,
)


# Ibis ships no type for its decorator.
@ibis.udf.scalar.builtin(name="strlen")  # type: ignore[untyped-decorator]
def _n_bytes(text: str) -> dt.int64:
    """Return DuckDB's number of bytes of a text."""


def events_in(
    table: ir.Table,
    layout: Layout,
    by: Sequence[str],
    bounds: tuple[pd.Timestamp, pd.Timestamp],
    *,
    in_duckdb: bool,
    value: str = "",
    check: bool = True,
) -> ir.Table:
    """Return an engine's table as events: days, groups, what to add up, whether a row is plain."""
    check_by(by, layout, list(table.columns))
    check_value(value, layout, list(table.columns))
    columns: dict[str, ir.Value] = {
        "event_id": _text(table, layout, "event_id"),
        "day": _within(_date(table, layout, "start"), bounds),
        "last_day": _within(_end(table, layout), bounds),
        "precision": _text(table, layout, "date_precision"),
    }
    if check:
        columns["plain"] = ibis.and_(*conditions(table, layout, bounds, in_duckdb).values())
    else:
        # Nothing is asked of a row but the day it is counted on.
        columns["plain"] = columns["day"].notnull()
    if value:
        columns["value"] = _number(table, layout, value)
    groups = {f"group{i}": _text(table, layout, name) for i, name in enumerate(by)}
    return table.select(**columns, **groups)


def check_by(by: Sequence[str], layout: Layout, columns: Sequence[str]) -> None:
    """Raise unless events can be counted by these columns."""
    available = [
        name
        for name in EVENT_COLUMNS
        if layout.columns.get(name) in columns or not layout.published
    ]
    available += [*(["source"] if layout.published else []), *map(str, columns)]
    for name in by:
        if name not in available:
            raise ValueError(
                f"`by` must name columns of the events, got {name!r}. "
                f"Use one of {', '.join(dict.fromkeys(available))}."
            )
    if len(set(by)) < len(by):
        raise ValueError(f"`by` must name each column once, got {list(by)}. Remove the repetition.")


def check_value(value: str, layout: Layout, columns: Sequence[str]) -> None:
    """Raise unless the table holds the column of an event that is added up."""
    if value and layout.columns[value] not in columns:
        raise ValueError(
            f"`value` must be told by the events, got no column {layout.columns[value]}. "
            "Leave `value` out to count events, or export the table again with all its columns."
        )


def conditions(
    table: ir.Table,
    layout: Layout,
    bounds: tuple[pd.Timestamp, pd.Timestamp],
    in_duckdb: bool,
) -> dict[str, ir.BooleanValue]:
    """Return what all holds of a plain row, one condition for each rule of the reader."""
    if layout.source == "gtd":
        # Its dates stand in three columns, which only the reader puts together.
        return {"three columns of a date": ibis.literal(False)}
    start, end = _date(table, layout, "start"), _date(table, layout, "end")
    first, last = (ibis.date(day.date()) for day in bounds)
    held = {
        "event_id": _plain_id(_text(table, layout, "event_id"), layout, in_duckdb).fill_null(False),
        "start": start.between(first, last).fill_null(False),
    }
    if layout.columns["country"] in table.columns:
        held["country"] = _not_blank(_text(table, layout, "country")).fill_null(False)
    their_end = layout.columns.get("end", "")
    if their_end in table.columns:
        own = [] if layout.published else [(end >= start).ifelse(True, _by_a_database(table))]
        dated = ibis.and_(end.between(first, last), *own).fill_null(False)
        held["end"] = _empty(table, their_end) | dated
    placed_by = [n for n in COORDINATE_BOUNDS if layout.columns[n] in table.columns]
    if len(placed_by) == 1:
        held["coordinates"] = _empty(table, layout.columns[placed_by[0]])
    elif placed_by:
        latitude, longitude = (_number(table, layout, name) for name in COORDINATE_BOUNDS)
        placed = ibis.and_(
            *(
                number.between(*limits)
                for number, limits in zip(
                    (latitude, longitude), COORDINATE_BOUNDS.values(), strict=True
                )
            )
        ).fill_null(False)
        nowhere = ibis.and_(*(_empty(table, layout.columns[name]) for name in COORDINATE_BOUNDS))
        held["coordinates"] = placed | nowhere
    for name in _TOLLS:
        theirs = layout.columns.get(name, "")
        if theirs in table.columns:
            number = _number(table, layout, name)
            counted = ((number >= 0) & (number < float("inf"))).fill_null(False)
            held[name] = _empty(table, theirs) | counted
    for name in (*_WORDS, "event_type"):
        theirs = layout.columns.get(name, "")
        known = [*layout.words.get(name, () if layout.published else _WORDS.get(name, ()))]
        if theirs in table.columns and known:
            written = table[theirs].cast("string")
            held[name] = _empty(table, theirs) | written.isin(known).fill_null(False)
    return held


def _plain_id(event_id: ir.StringValue, layout: Layout, in_duckdb: bool) -> ir.BooleanValue:
    """Tell whether an id is ASCII without space around it, and no number cut by a spreadsheet."""
    # Every character of ASCII that is not seen comes before the first that is.
    trimmed = (event_id >= "!") & (event_id.right(1) >= "!")
    if in_duckdb:
        # Counting bytes and letters costs a tenth of looking for a pattern.
        ascii_only = _n_bytes(event_id) == event_id.length()
    else:
        ascii_only = ~event_id.re_search("[^ -~]")
    whole = ~event_id.contains("E+")
    if layout.published:
        whole &= ~event_id.endswith(".0")
    # Only what begins with a digit can be a number; a case asks of the others no more.
    return trimmed & ascii_only & (event_id < ":").ifelse(whole, True)


def _not_blank(words: ir.StringValue) -> ir.BooleanValue:
    """Tell whether a text begins with something that can be seen."""
    in_ascii = (words >= "!") & (words < "\x7f")
    return in_ascii.ifelse(True, words.re_search(r"^[\p{L}\p{N}]"))


def _by_a_database(table: ir.Table) -> ir.BooleanValue:
    """Tell which rows of a table in the package's own columns come from a published database."""
    if "source" not in table.columns or not table["source"].type().is_string():
        return ibis.literal(False)
    return table["source"].isin(DATABASES).fill_null(False)


def _empty(table: ir.Table, name: str) -> ir.BooleanValue:
    """Tell which cells of a column are empty."""
    value = table[name]
    return value.isnull() | (value == "") if value.type().is_string() else value.isnull()


def _number(table: ir.Table, layout: Layout, name: str) -> ir.NumericValue:
    """Return a column as numbers, null where it is not plainly one."""
    value = table[layout.columns[name]]
    if not value.type().is_string():
        return value.cast("float64") if value.type().is_numeric() else ibis.literal(None, "float64")
    return value.re_search(r"^-?[0-9]+(\.[0-9]+)?$").ifelse(value.try_cast("float64"), None)


def _text(table: ir.Table, layout: Layout, name: str) -> ir.StringValue:
    """Return a column of an event as text, code turned into words, null where it is empty."""
    theirs = layout.columns.get(name, name)
    if theirs not in table.columns:
        constant = layout.database if name == "source" and layout.published else None
        return ibis.literal(constant, type="string")
    text = table[theirs].cast("string").nullif("")
    words = layout.words.get(name)
    return text.cases(*words.items(), else_=None) if words else text


def _date(table: ir.Table, layout: Layout, name: str) -> ir.DateValue:
    """Return a column as days, null where it is not plainly one."""
    theirs = layout.columns.get(name, name)
    if theirs not in table.columns:
        return ibis.literal(None, type="date")
    value = table[theirs]
    kind = value.type()
    if kind.is_string():
        written = value.re_search(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00:00(\.0+)?)?$")
        return written.ifelse(value.substr(0, 10).try_cast("date"), None)
    # A moment in a zone belongs to another day elsewhere: that is for the reader.
    plain = kind.is_date() or (kind.is_timestamp() and kind.timezone is None)
    return value.cast("date") if plain else ibis.literal(None, type="date")


def _within(day: ir.DateValue, bounds: tuple[pd.Timestamp, pd.Timestamp]) -> ir.DateValue:
    """Return days within bounds; an engine knows days that Python does not."""
    first, last = (ibis.date(bound.date()) for bound in bounds)
    return day.between(first, last).ifelse(day, None)


def _end(table: ir.Table, layout: Layout) -> ir.DateValue:
    """Return the last day of each event, null where its source does not say."""
    if not layout.end_is_start:
        return _date(table, layout, "end")
    if layout.columns["date_precision"] not in table.columns:
        return ibis.literal(None, type="date")
    exact = _text(table, layout, "date_precision") == "day"
    return exact.ifelse(_date(table, layout, "start"), None)
