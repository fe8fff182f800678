"""In which languages are findings said? In those that have a file of words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

#: The languages in which every name and sentence is kept, whatever language a page is in.
KEPT = ("en", "ar")


def _further() -> tuple[str, ...]:
    """Return the languages that have a file of words beside those two: `words/xx.toml`."""
    names = (file.name for file in files("trends.findings").joinpath("words").iterdir())
    stems = {name.removesuffix(".toml") for name in names if name.endswith(".toml")}
    return tuple(sorted(stem for stem in stems if len(stem) == 2 and stem not in KEPT))


#: Languages beside those two; a file `xx.toml` in `trends/findings/words` makes one more.
FURTHER = _further()
LANGUAGES = (*KEPT, *FURTHER)


@cache
def words_file(lang: str) -> dict[str, Any]:
    """Return what the file of words of a language says; nothing where there is none.

    Examples
    --------
    >>> words_file("en")["month"][0]
    'January'
    """
    if lang not in LANGUAGES:
        return {}
    file = files("trends.findings").joinpath(f"words/{lang}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the entries of another laid over it, tables within tables alike.

    Examples
    --------
    >>> laid_over({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    laid = {**below, **above}
    for name, table in above.items():
        if isinstance(table, dict) and isinstance(below.get(name), dict):
            laid[name] = laid_over(below[name], table)
    return laid


def in_language(said: Mapping[str, Any], lang: str) -> Any:
    """Return the words of a language, the English ones where a table has none of it."""
    return said[lang] if lang in said else said["en"]
