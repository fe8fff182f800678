"""Which dates may a reader want to see beside a series? Standing beside is not causing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from trends import escaping
from trends.findings.wording import format_time
from trends.tables.languages import in_language, words_file
from trends.tables.toml import read_toml, tables_of_text
from trends.tables.typed import first_day, read_period

_ENTRIES = {"date", "country", "en", "ar", "source", "url"}
#: What an address may hold as it is; all else is written as its number.
_ADDRESS = ":/?#@!$&'*+,;=%~"


def read_known_events(
    path: str | Path, *, country: str, lang: str = "en"
) -> dict[pd.Timestamp, str]:
    """Read the dated events of one country.

    Parameters
    ----------
    path : path
        TOML file with a list ``event``: date, country, en, ar, source, url.
    country : str
        Whose events to take.
    lang : {"en", "ar", "fr"}
        Language of the labels.

    Returns
    -------
    dict of Timestamp to str
        Date and label, in the order of the file.

    Raises
    ------
    ValueError
        If an event lacks an entry or its date is not a day or period of the calendar.
    """
    found = {}
    for event in _events(Path(path)):
        if event["country"] == country:
            found[first_day(event["date"], _place(event, path))] = in_language(event, lang)
    return found


def known_events_table(path: str | Path, *, lang: str = "en") -> pd.DataFrame:
    """Return the dated events of all countries with their sources.

    Parameters
    ----------
    path : path
        As for `read_known_events`.
    lang : {"en", "ar", "fr"}
        Language of headings, dates and labels; sources stay as they are named.

    Returns
    -------
    DataFrame of str
        Date, event and source, in the order of the file; also the day on which each was entered, if
        the file tells one.
    """
    own = words_file(lang).get("headings", {})
    english = own.get("known_events", ("Date", "Event", "Source"))
    headings = ("التاريخ", "الحدث", "المصدر") if lang == "ar" else english
    events = _events(Path(path))
    rows = [
        (
            format_time(read_period(event["date"], _place(event, path)), lang),
            in_language(event, lang),
            f"[{escaping.markdown(event['source'])}]({quote(event['url'], safe=_ADDRESS)})",
        )
        for event in events
    ]
    table = pd.DataFrame(rows, columns=list(headings))
    if any("entered" in event for event in events):
        days = [read_period(event["entered"], _place(event, path)) for event in events]
        heading = "أُدخل في" if lang == "ar" else own.get("entered", "Entered")
        table[heading] = [format_time(day, lang) for day in days]
    table.attrs["markdown"] = (headings[2],)
    return table


def _events(path: Path) -> list[dict[str, str]]:
    """Return the events of a file, each with every entry."""
    events = read_toml(path).get("event")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError(
            f"`event` must be a list of tables, got {events!r} in {path.name}. "
            "Write each as [[event]]."
        )
    for number, event in enumerate(events, start=1):
        # A date may be written with quotes or without.
        words = {key: one for key, one in event.items() if key not in {"date", "entered"}}
        tables_of_text({str(number): words}, path, "event")
    for event in events:
        missing = _ENTRIES - set(event)
        if missing:
            raise ValueError(
                f"`event` must have {', '.join(sorted(_ENTRIES))}, got none for "
                f"{', '.join(sorted(missing))} in {path.name}. Add it, with its source."
            )
    return events


def _place(event: dict[str, Any], path: str | Path) -> str:
    """Return where a date stands, for error messages."""
    return f"date of {event['en']} in {Path(path).name}"
