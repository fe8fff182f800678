"""Which dates may a reader want to see beside a series? Standing beside is not causing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd


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
        If an event lacks an entry.
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
            found[pd.Timestamp(event["date"])] = event[lang]
    return found
