"""Which column of which event database says what?

Each database is described once, as a `Layout`; the reader of files and the counting in an engine
both follow it. What a database does not say stays missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Source = Literal["ucdp-ged", "acled", "gtd", "trends"]

#: Words for how exactly a date is known, finest first: to the day, within two to six days, ...
DATE_PRECISIONS = ("day", "days", "week", "month", "year")

#: Words for how exactly a place is known, finest first.
LOCATION_PRECISIONS = ("place", "near", "admin2", "admin1", "region", "country")


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
    """

    source: Source
    database: str
    signature: frozenset[str]
    columns: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    end_is_start: bool = False


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


def layout_of(columns: Sequence[str]) -> Layout | None:
    """Return the layout whose signature is among the columns, None when there is none.

    Examples
    --------
    >>> layout_of(["eventid", "iyear", "imonth", "iday", "country_txt"]).database
    'GTD'
    """
    names = {str(name) for name in columns}
    return next((layout for layout in LAYOUTS.values() if layout.signature <= names), None)
