"""Which rows of a table in an engine are written so plainly that they can be counted there?

The reader of events decides what is acceptable. A row is *plain* when it is written in the
commonest way, with every value within bounds: a sufficient condition, in SQL that any engine
evaluates, for the reader to accept the row and to read what stands there. Every other row is
fetched and put before the reader itself, so that no rule is stated twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from trends.tables.engines import Engine, literal, quoted
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


def events_in(
    engine: Engine,
    layout: Layout,
    by: Sequence[str],
    bounds: tuple[pd.Timestamp, pd.Timestamp],
    *,
    value: str = "",
    check: bool = True,
) -> Engine:
    """Return an engine's table as events: days, groups, what to add up, whether a row is plain.

    ``plain`` leaves out what ``plain_id`` says, whether the id is written plainly. ``lasts`` holds
    wherever the last day is another than the first.
    """
    check_by(by, layout, list(engine.kinds))
    check_value(value, layout, list(engine.kinds))
    day, last_day = _date(engine, layout, "start"), _end(engine, layout)
    if not check:
        last_day = f"case when {_in(last_day, bounds)} then {last_day} end"
    columns = {
        "event_id": _id(engine, layout),
        "day": day,
        "last_day": last_day,
        "lasts": _differs(engine, layout),
        "precision": f"nullif({_text(engine, layout, 'date_precision')}, '')",
        # Without a check nothing is asked of a row but the day it is counted on.
        "plain": _all([_in(day, bounds)]),
        "plain_id": "true",
    }
    if check:
        held = conditions(engine, layout, bounds)
        columns["plain_id"] = _all([held.pop("event_id", "true")])
        columns["plain"] = _all(held.values())
    if value:
        columns["value"] = _without_nan(engine, _number(engine, layout, value))
    columns |= {f"group{i}": _text(engine, layout, name) for i, name in enumerate(by)}
    selected = ", ".join(f"{how} as {name}" for name, how in columns.items())
    return engine.view(f"select {selected} from {engine.source}")


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


def is_plain(engine: Engine, layout: Layout, bounds: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    """Return the condition that a row is plain, which is never null."""
    return _all(conditions(engine, layout, bounds).values())


def conditions(
    engine: Engine, layout: Layout, bounds: tuple[pd.Timestamp, pd.Timestamp]
) -> dict[str, str]:
    """Return what all holds of a plain row, one condition for each rule of the reader.

    A condition that is null does not hold. Columns are compared as they stand wherever that says
    the same: of them DuckDB knows the least and greatest value in each part of a Parquet file, and
    looks at no row where these say enough.
    """
    if layout.source == "gtd":
        # Its dates stand in three columns, which only the reader puts together.
        return {"three columns of a date": "false"}
    start, end = _date(engine, layout, "start"), _date(engine, layout, "end")
    held = {"event_id": _plain_id(engine, layout), "start": _in(start, bounds)}
    if layout.columns["country"] in engine.kinds:
        held["country"] = _not_blank(_text(engine, layout, "country"))
    their_end = layout.columns.get("end", "")
    if their_end in engine.kinds:
        in_order = [f"{quoted(their_end)} >= {quoted(layout.columns['start'])}"]
        in_order = in_order if _as_stored(engine, layout) else []
        in_order += [f"{end} >= {start}", _by_a_database(engine)]
        own = "" if layout.published else f" and ({' or '.join(in_order)})"
        dated = _in(end, bounds) + own
        held["end"] = f"{_empty(engine, their_end)} or {dated}"
    placed_by = [n for n in COORDINATE_BOUNDS if layout.columns[n] in engine.kinds]
    if len(placed_by) == 1:
        held["coordinates"] = _empty(engine, layout.columns[placed_by[0]])
    elif placed_by:
        numbers = [_number(engine, layout, name) for name in COORDINATE_BOUNDS]
        placed = [
            f"{number} between {low} and {high}"
            for number, (low, high) in zip(numbers, COORDINATE_BOUNDS.values(), strict=True)
        ]
        if engine.in_duckdb:
            # What Parquet tells of the least and greatest value leaves out what is no number, and
            # DuckDB believes it, even when asked whether something is no number.
            placed.append(f"isfinite({' + '.join(numbers)})")
        nowhere = [_empty(engine, layout.columns[name]) for name in COORDINATE_BOUNDS]
        held["coordinates"] = f"{' and '.join(placed)} or {' and '.join(nowhere)}"
    for name in _TOLLS:
        theirs = layout.columns.get(name, "")
        if theirs in engine.kinds:
            number = _number(engine, layout, name)
            counted = f"{number} >= 0 and {number} < cast('infinity' as double)"
            held[name] = f"{_empty(engine, theirs)} or {counted}"
    for name in (*_WORDS, "event_type"):
        theirs = layout.columns.get(name, "")
        known = [*layout.words.get(name, () if layout.published else _WORDS.get(name, ()))]
        if theirs in engine.kinds and known:
            held[name] = f"{_empty(engine, theirs)} or {_among(_words(engine, theirs), known)}"
    return held


def _plain_id(engine: Engine, layout: Layout) -> str:
    """Tell whether an id is ASCII without space around it, and no number cut by a spreadsheet."""
    name = layout.columns["event_id"]
    if engine.kinds.get(name) == "whole":
        return f"{quoted(name)} is not null"
    event_id = _text(engine, layout, "event_id")
    # Every character of ASCII that is not seen comes before the first that is.
    if engine.in_duckdb:
        # Counting bytes and letters costs a tenth of looking for a pattern.
        ascii_only, last = f"strlen({event_id}) = length({event_id})", f"{event_id}[-1]"
    else:
        ascii_only, last = f"not regexp_matches({event_id}, '[^ -~]')", f"right({event_id}, 1)"
    cut = [f"{event_id} like '%E+%'", *([f"{event_id} like '%.0'"] if layout.published else [])]
    # Only what begins with a digit can be a number.
    whole = f"not ({event_id} < ':' and ({' or '.join(cut)}))"
    return f"{event_id} >= '!' and {last} >= '!' and {ascii_only} and {whole}"


def _not_blank(words: str) -> str:
    """Tell whether a text begins with something that can be seen."""
    in_ascii = f"{words} >= '!' and {words} < '\x7f'"
    # Of the first half DuckDB may know from the least and the greatest word that it always holds.
    return f"({in_ascii}) or regexp_matches({words}, '^[\\p{{L}}\\p{{N}}]')"


def _by_a_database(engine: Engine) -> str:
    """Tell which rows of a table in the package's own columns come from a published database."""
    if engine.kinds.get("source") != "text":
        return "false"
    return _among(_words(engine, "source"), DATABASES)


def _all(held: Iterable[str]) -> str:
    """Return the condition that all of some hold, which is never null."""
    return f"coalesce({' and '.join(f'({each})' for each in held)}, false)"


def _among(words: str, known: Iterable[str]) -> str:
    """Tell whether a text is one of those that are known; most often it is the first.

    DuckDB makes a join of a list of some length, which it carries out even where nobody asks for
    what it tells, and of which rows come in another order.
    """
    told = " ".join(f"when {words} = {literal(word)} then true" for word in known)
    return f"case {told} else false end"


def _in(day: str, bounds: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    """Tell whether a day lies within bounds."""
    first, last = (f"date '{bound.date()}'" for bound in bounds)
    return f"{day} between {first} and {last}"


def _empty(engine: Engine, name: str) -> str:
    """Tell which cells of a column are empty."""
    nothing = f"{quoted(name)} is null"
    if engine.kinds[name] == "text":
        nothing += f" or {_words(engine, name)} = ''"
    return f"({nothing})"


def _words(engine: Engine, name: str) -> str:
    """Return a column as text."""
    return f"cast({quoted(name)} as varchar)"


def _number(engine: Engine, layout: Layout, name: str) -> str:
    """Return a column as numbers, null where it is not plainly one."""
    theirs = layout.columns[name]
    kind, column = engine.kinds[theirs], _words(engine, theirs)
    if kind == "text":
        written = f"regexp_matches({column}, '^-?[0-9]+([.][0-9]+)?$')"
        return f"case when {written} then try_cast({column} as double) end"
    known = kind in ("whole", "number")
    return f"cast({quoted(theirs) if known else 'null'} as double)"


def _without_nan(engine: Engine, number: str) -> str:
    """Return numbers, null for what is none."""
    return f"case when isfinite({number}) then {number} end" if engine.in_duckdb else number


def _id(engine: Engine, layout: Layout) -> str:
    """Return the id of each event, as it stands."""
    name = layout.columns["event_id"]
    return quoted(name) if engine.kinds.get(name) == "whole" else _text(engine, layout, "event_id")


def _text(engine: Engine, layout: Layout, name: str) -> str:
    """Return a column of an event as text, code turned into words."""
    theirs = layout.columns.get(name, name)
    if theirs not in engine.kinds:
        known = name == "source" and layout.published
        return f"cast({literal(layout.database) if known else 'null'} as varchar)"
    text, words = _words(engine, theirs), layout.words.get(name)
    if not words:
        return text
    meant = " ".join(f"when {literal(code)} then {literal(word)}" for code, word in words.items())
    return f"case {text} {meant} end"


def _date(engine: Engine, layout: Layout, name: str) -> str:
    """Return a column as days, null where it is not plainly one."""
    theirs = layout.columns.get(name, name)
    kind = engine.kinds.get(theirs)
    if kind == "text":
        text = _words(engine, theirs)
        pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00:00([.]0+)?)?$"
        written = f"regexp_matches({text}, '{pattern}')"
        return f"case when {written} then try_cast(substr({text}, 1, 10) as date) end"
    return f"cast({quoted(theirs) if kind == 'day' else 'null'} as date)"


def _as_stored(engine: Engine, layout: Layout) -> bool:
    """Tell whether both days of an event are stored as days, which are compared as they stand."""
    ends = "" if layout.end_is_start else layout.columns.get("end", "")
    return engine.kinds.get(ends) == engine.kinds.get(layout.columns["start"]) == "day"


def _differs(engine: Engine, layout: Layout) -> str:
    """Tell which events may have another last day than the first."""
    if _as_stored(engine, layout):
        return f"{quoted(layout.columns['end'])} <> {quoted(layout.columns['start'])}"
    return f"{_end(engine, layout)} <> {_date(engine, layout, 'start')}"


def _end(engine: Engine, layout: Layout) -> str:
    """Return the last day of each event, null where its source does not say."""
    if not layout.end_is_start:
        return _date(engine, layout, "end")
    exact = f"{_text(engine, layout, 'date_precision')} = 'day'"
    return f"case when {exact} then {_date(engine, layout, 'start')} end"
