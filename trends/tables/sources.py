"""Which column of which event database says what?

Each database is described once, as a `Layout`; the reader of files and the counting in an engine
both follow it. What a database does not say stays missing. When it began to watch, and what it
lost, stands in ``layouts.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

Source = Literal["ucdp-ged", "acled", "gtd", "trends"]

#: Words for how exactly a date is known, finest first: to the day, within two to six days, ...
DATE_PRECISIONS = ("day", "days", "week", "month", "year")

#: Words for how exactly a place is known, finest first.
LOCATION_PRECISIONS = ("place", "near", "admin2", "admin1", "region", "country")

#: Column of an event that holds what may be added up instead of counted, by its public name.
VALUES = {"fatalities": "fatalities_best"}

#: Least and greatest degrees of a place.
COORDINATE_BOUNDS = {"latitude": (-90, 90), "longitude": (-180, 180)}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one event database writes what the package calls an event.

    Attributes
    ----------
    source : str
        The name that `read_events` takes.
    database : str
        The name that goes into the column ``source``; "" when the table itself has that column.
    signature : frozenset of str
        Columns that together are found in no other database.
    columns : mapping
        Column of an event to the column of the database.
    words : mapping
        For columns written in code, the code to word mapping.
    end_is_start : bool
        Whether an event dated to the day has no end of its own because it ends that day.
    year : str
        The database's own column of the year, by which a mistyped date can be told; "" if none.
    first_year : int
        No event of the database is older.
    revised : str
        The column that says when a row was last revised, so that of two rows of one event the later
        can be kept; "" if none.
    sides : tuple of str
        Columns in which the rows of one event differ when there is a row for each actor.
    """

    source: Source
    database: str
    signature: frozenset[str]
    columns: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    end_is_start: bool = False
    year: str = ""
    first_year: int = 1000
    revised: str = ""
    sides: tuple[str, ...] = ()

    @property
    def published(self) -> bool:
        """Whether somebody else's database wrote the rows, which are then not ours to correct."""
        return bool(self.database)


_UCDP = Layout(
    source="ucdp-ged",
    database="UCDP GED",
    signature=frozenset({"id", "date_start", "type_of_violence", "best"}),
    columns={
        "event_id": "id",
        "start": "date_start",
        "end": "date_end",
        "date_precision": "date_prec",
        "country": "country",
        "admin1": "adm_1",
        "admin2": "adm_2",
        "latitude": "latitude",
        "longitude": "longitude",
        "location_precision": "where_prec",
        "actor1": "side_a",
        "actor2": "side_b",
        "event_type": "type_of_violence",
        "fatalities_low": "low",
        "fatalities_best": "best",
        "fatalities_high": "high",
        "source_version": "ged_version",
    },
    words={
        "date_precision": {"1": "day", "2": "days", "3": "week", "4": "month", "5": "year"},
        "location_precision": {
            "1": "place",
            "2": "near",
            "3": "admin2",
            "4": "admin1",
            "5": "region",
            "6": "country",
            "7": "region",
        },
        "event_type": {"1": "state-based", "2": "non-state", "3": "one-sided"},
    },
    year="year",
    first_year=1946,
)

_ACLED = Layout(
    source="acled",
    database="ACLED",
    signature=frozenset({"event_id_cnty", "event_date", "event_type"}),
    columns={
        "event_id": "event_id_cnty",
        "start": "event_date",
        "date_precision": "time_precision",
        "country": "country",
        "admin1": "admin1",
        "admin2": "admin2",
        "latitude": "latitude",
        "longitude": "longitude",
        "location_precision": "geo_precision",
        "actor1": "actor1",
        "actor2": "actor2",
        "event_type": "event_type",
        "fatalities_best": "fatalities",
    },
    words={
        "date_precision": {"1": "day", "2": "week", "3": "month"},
        "location_precision": {"1": "place", "2": "near", "3": "region"},
    },
    end_is_start=True,
    year="year",
    first_year=1997,
    revised="timestamp",
    sides=("actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2"),
)

_GTD = Layout(
    source="gtd",
    database="GTD",
    signature=frozenset({"eventid", "iyear", "imonth", "iday"}),
    columns={
        "event_id": "eventid",
        "country": "country_txt",
        "admin1": "provstate",
        "latitude": "latitude",
        "longitude": "longitude",
        "location_precision": "specificity",
        "actor1": "gname",
        "event_type": "attacktype1_txt",
        "fatalities_best": "nkill",
    },
    words={
        "location_precision": {
            "1": "place",
            "2": "admin2",
            "3": "admin2",
            "4": "admin1",
            "5": "country",
        },
    },
    first_year=1970,
)

#: Columns of an event, in their order.
EVENT_COLUMNS = (
    "event_id",
    "start",
    "end",
    "date_precision",
    "country",
    "admin1",
    "admin2",
    "latitude",
    "longitude",
    "location_precision",
    "actor1",
    "actor2",
    "event_type",
    "fatalities_low",
    "fatalities_best",
    "fatalities_high",
    "source",
    "source_version",
)

_TRENDS = Layout(
    source="trends",
    database="",
    signature=frozenset({"event_id", "start"}),
    columns={name: name for name in EVENT_COLUMNS},
)

LAYOUTS: Mapping[str, Layout] = {layout.source: layout for layout in (_UCDP, _ACLED, _GTD, _TRENDS)}

#: Names of published databases, as they stand in the column ``source`` of an event.
DATABASES = tuple(layout.database for layout in LAYOUTS.values() if layout.published)


def layout_of(columns: Sequence[str]) -> Layout | None:
    """Return the layout whose signature is among the columns, None when there is none.

    Capitals do not matter: older exports are written in them.

    Examples
    --------
    >>> layout_of(["eventid", "iyear", "imonth", "iday", "country_txt"]).database
    'GTD'
    """
    written = {str(name) for name in columns}
    lower = {name.lower() for name in written}
    return next(
        (
            layout
            for layout in LAYOUTS.values()
            if layout.signature <= (lower if layout.published else written)
        ),
        None,
    )


def spelled_as(layout: Layout, columns: Sequence[str]) -> dict[str, str]:
    """Return how columns have to be renamed to be spelled as in a layout; empty when they are.

    A further column keeps its spelling, unless the whole header is in capitals. Tables in the
    package's own columns are spelled as they are.
    """
    if not layout.published:
        return {}
    shouting = all(str(name) == str(name).upper() for name in columns)
    own = {*layout.columns.values(), *layout.signature, layout.year, layout.revised, *layout.sides}
    renamed = {}
    for name in map(str, columns):
        lower = name.lower()
        if name != lower and (lower in own or shouting) and lower not in columns:
            renamed[name] = lower
    return renamed


@cache
def declared() -> dict[str, Any]:
    """Return what ``layouts.toml`` declares."""
    return tomllib.loads(Path(__file__).with_name("layouts.toml").read_text(encoding="utf-8"))


def names_without_header(first_row: Sequence[str]) -> list[str]:
    """Return the column names of a file that begins with a row of data; empty for any other.

    Told are the releases of UCDP Candidate that lack their header: 49 cells, of which the first is
    a number, the sixth a type of violence, and two are days.
    """
    names: list[str] = declared()["headerless"]["ucdp-ged"]["names"]
    if len(first_row) != len(names):
        return []
    row = dict(zip(names, first_row, strict=True))
    day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
    told = row["id"].isdecimal() and row["type_of_violence"] in ("1", "2", "3")
    return names if told and all(day.match(row[n]) for n in ("date_start", "date_end")) else []
