"""What does each column mean? Each is defined once, in `glossary.toml`; tests and pages read it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

import pandas as pd

from trends.tables.languages import words_file


@dataclass(frozen=True, kw_only=True)
class Term:
    """The definition of one column.

    Attributes
    ----------
    name : str
        Column name.
    room : str
        Where it occurs: statements, counts, events or results.
    en, ar : str
        Definition in English and in Arabic.
    """

    name: str
    room: str
    en: str
    ar: str

    def __str__(self) -> str:
        """Return the English definition."""
        return self.en


def _read() -> Mapping[str, Term]:
    """Read `glossary.toml`."""
    text = files("trends.tables").joinpath("glossary.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            name: Term(name=name, room=room, en=entry["en"], ar=entry["ar"])
            for room, entries in tomllib.loads(text).items()
            for name, entry in entries.items()
        }
    )


#: Column name to `Term`, in the order of `glossary.toml`.
glossary: Mapping[str, Term] = _read()


def dictionary(columns: Iterable[str], *, lang: str = "en") -> pd.DataFrame:
    """Return the definitions of some columns as a table.

    Parameters
    ----------
    columns : iterable of str
        The columns to define, for instance those of a frame.
    lang : {"en", "ar", "fr"}
        Language of the definitions and headings.

    Returns
    -------
    DataFrame
        One row per column: its name and its definition.

    Raises
    ------
    KeyError
        If the glossary does not define one of them.

    Examples
    --------
    >>> dictionary(["exposure"])["Meaning"].item()  # doctest: +NORMALIZE_WHITESPACE
    'Days of the period that were actually observed, or the number of what exposure_unit names; 0
    where nobody watched.'
    """
    further = words_file(lang).get("headings", {}).get("dictionary")
    headings = ["العمود", "المعنى"] if lang == "ar" else further or ["Column", "Meaning"]
    rows = [
        (f"`{name}`", glossary[name].ar if lang == "ar" else glossary[name].en) for name in columns
    ]
    table = pd.DataFrame(rows, columns=headings)
    table.attrs["markdown"] = tuple(headings)
    return table
