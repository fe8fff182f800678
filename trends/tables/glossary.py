"""What does each column mean? Every column is defined once, here; tests and the data page read it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


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
