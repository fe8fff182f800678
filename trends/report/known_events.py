"""Which dates may a reader want to see beside a series? Standing beside is not causing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from trends import escaping
from trends.findings.wording import format_time
from trends.tables.typed import first_day, read_period

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
    lang : {"en", "ar"}
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
    required = {"date", "country", "en", "ar", "source", "url"}
    found = {}
    for event in tomllib.loads(Path(path).read_text(encoding="utf-8"))["event"]:
        missing = required - set(event)
        if missing:
            raise ValueError(
                f"`event` must have {', '.join(sorted(required))}, got none for "
                f"{', '.join(sorted(missing))} in {Path(path).name}. Add it, with its source."
            )
        if event["country"] == country:
            found[first_day(event["date"], _place(event, path))] = event[lang]
    return found


def known_events_table(path: str | Path, *, lang: str = "en") -> pd.DataFrame:
    """Return the dated events of all countries with their sources.

    Parameters
    ----------
    path : path
        As for `read_known_events`.
    lang : {"en", "ar"}
        Language of headings, dates and labels; sources stay as they are named.

    Returns
    -------
    DataFrame of str
        Date, event and source, in the order of the file.
    """
    headings = ("التاريخ", "الحدث", "المصدر") if lang == "ar" else ("Date", "Event", "Source")
    rows = [
        (
            format_time(read_period(event["date"], _place(event, path)), lang),
            event[lang],
            f"[{escaping.markdown(event['source'])}]({quote(event['url'], safe=_ADDRESS)})",
        )
        for event in tomllib.loads(Path(path).read_text(encoding="utf-8"))["event"]
    ]
    table = pd.DataFrame(rows, columns=list(headings))
    table.attrs["markdown"] = (headings[2],)
    return table


def _place(event: dict[str, Any], path: str | Path) -> str:
    """Return where a date stands, for error messages."""
    return f"date of {event['en']} in {Path(path).name}"
