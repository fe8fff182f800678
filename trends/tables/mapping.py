"""Which option would read a table whose columns are not known?

The answer stands in the message that refuses the table, and works as it is pasted: which column is
the date, and, where rows count events rather than tell of one each, which is the count and which
columns keep its groups apart.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence

import pandas as pd

from trends.tables.cells import DAY, PERIOD, WHOLE_NUMBER, written_periods
from trends.tables.packs import count_columns

_DATE_NAMES = ("date", "period", "week", "month", "day", "quarter", "year")
_DATED = re.compile(
    r"date|period|week|month|time|day|year|_at$|created|opened|reported|onset", re.IGNORECASE
)
_BEGINNING = re.compile(r"start|began|begin|occur|event", re.IGNORECASE)
# Days on which somebody wrote of an event, or on which it was over.
_NOT_THE_EVENT = re.compile(
    r"updat|modif|entry|entered|publi|stored|resolv|source|monitor|end", re.IGNORECASE
)
_COUNTED = re.compile(
    r"(^|[_ ])(n|y|all)$|(counts?|cases|events|incidents|values?)$", re.IGNORECASE
)
_CODED = re.compile(r"code|iso|id$", re.IGNORECASE)
_NAMING = re.compile(r"(^|[_ ])(id|index|no\.?|case|key|ref\w*)$", re.IGNORECASE)


#: Tables of the package's other kinds, by columns that tell them: what they hold, and their door.
_OTHERS = (
    (
        {"window_start", "window_end", "counted_by"},
        "published figures",
        "Read it with `read_statements`, or ask of it with `trends check`.",
    ),
    ({"watched_from", "watched_to"}, "who watched when", "Give it as `coverage` (--coverage)."),
    (
        {"definition", "counts_from", "counts_to"},
        "definitions",
        "Read it with `read_definitions`, or keep it beside the figures as definitions.csv.",
    ),
)


def another_kind(names: Sequence[str]) -> tuple[str, str] | None:
    """Return what a table of another kind of the package holds, and its door; None for any other.

    Examples
    --------
    >>> another_kind(["source", "country", "watched_from", "watched_to"])
    ('who watched when', 'Give it as `coverage` (--coverage).')
    """
    found = [(held, door) for told, held, door in _OTHERS if told <= set(names)]
    return found[0] if found else None


def mapping_offered(cells: pd.DataFrame) -> str:
    """Write the option that reads a table whose columns are not known, for the columns it has.

    Parameters
    ----------
    cells : DataFrame of n_rows rows
        Text, as `read_cells` returns it.

    Examples
    --------
    >>> cells = pd.DataFrame({"Tag": ["2024-05-03", "2024-05-09"], "Ort": ["Zenda", "Hentzau"]})
    >>> mapping_offered(cells)[:72]
    'Say what its columns mean: columns={"date": "Tag"} (--column "date=Tag")'
    """
    meant = columns_meant(cells)
    if "count" in meant:
        tail = "if each row counts events; leave count out if each is an event."
    else:
        tail = (
            "if each row is an event, and count as well if it counts them; country and others "
            "likewise."
        )
    return f"Say what its columns mean: {written_option(meant)} {tail}"


def written_option(columns: Mapping[str, str]) -> str:
    """Write a mapping as an argument of Python and as options of the command line.

    Examples
    --------
    >>> written_option({"date": "Monat", "count": "Fälle"})
    'columns={"date": "Monat", "count": "Fälle"} (--column "date=Monat" --column "count=Fälle")'
    """
    options = " ".join(f"--column {_in_shell(f'{ours}={of}')}" for ours, of in columns.items())
    return f"columns={json.dumps(dict(columns), ensure_ascii=False)} ({options})"


def columns_meant(cells: pd.DataFrame) -> dict[str, str]:
    """Return what the columns of a table most likely mean, as the option ``columns`` takes it."""
    date = _date_meant(cells)
    parts = date.split(", ")
    left = [name for name in map(str, cells.columns) if name not in parts]
    count = _count_meant(cells, left)
    if count is None:
        return {"date": date}
    words = [name for name in left if name != count and _holds_words(cells[name])]
    groups = _groups_meant(cells, parts, words)
    taken = {"date", "count", "exposure", "period"}
    meant = {"date": date, "count": count}
    for name in groups:
        ours = re.sub(r"\W+", "_", name).strip("_").lower()
        ours = "country" if "countr" in ours and "country" not in meant else ours
        meant[f"{ours}_" if ours in taken else ours] = name
    return meant


def _date_meant(cells: pd.DataFrame) -> str:
    """Return the column of dates, or those of year, month and day."""
    names = [str(name) for name in cells.columns]
    in_parts = _in_parts(names)
    if in_parts:
        return in_parts
    filled = [name for name in names if (cells[name].str.strip() != "").any()]
    dated = [name for name in filled if _looks_dated(cells[name], name)]
    for wanted in _DATE_NAMES:
        for among in (dated, filled):
            named = [name for name in among if name.lower() == wanted]
            if named:
                return named[0]
    told = [name for name in dated if not _NOT_THE_EVENT.search(name)]
    begun = [name for name in told if _BEGINNING.search(name)]
    called = [name for name in told if _DATED.search(name)]
    hoped = [name for name in names if _DATED.search(name)]
    hoped.sort(key=lambda name: _BEGINNING.search(name) is None)
    return next(iter([*begun, *called, *dated, *hoped, *names]))


def _in_parts(names: Sequence[str]) -> str:
    """Return the columns of year, month and, if there is one, day; "" unless there are such."""
    for year in names:
        if not year.lower().endswith("year"):
            continue
        parts = [year, *(_like(year, word) for word in ("month", "day"))]
        if set(parts[:2]) <= set(names):
            return ", ".join(part for part in parts if part in names)
    return ""


def _like(year: str, word: str) -> str:
    """Return the name of a column of months or days beside one of years, in its spelling."""
    ending = year[-4:]
    spelled = word.upper() if ending.isupper() else word
    return year[:-4] + (spelled.capitalize() if ending.istitle() else spelled)


def _looks_dated(texts: pd.Series, name: str) -> bool:
    """Tell whether most cells of a column that are filled are days or periods."""
    filled = texts[texts.str.strip() != ""].head(100)
    if filled.empty or filled.str.fullmatch("[0-9.]{1,5}").any():
        return False
    written = written_periods(filled, name)
    return any(kind.read(written)[1].mean() < 0.5 for kind in (DAY, PERIOD))


def _count_meant(cells: pd.DataFrame, names: Sequence[str]) -> str | None:
    """Return the column of counts, None where rows seem to tell of one event each."""
    for name in names:
        if _NAMING.search(name) and len(cells) > 1 and cells[name].is_unique:
            return None
    counted = [
        name
        for name in names
        if (_COUNTED.search(name) or name.lower() in count_columns(cells))
        and (cells[name].str.strip() != "").any()
        # One cell that is no whole number will be told of by its row.
        and WHOLE_NUMBER.read(cells[name])[1].mean() < 0.5
    ]
    return counted[0] if counted else None


def _holds_words(texts: pd.Series) -> bool:
    """Tell whether a column holds words in some of its cells."""
    filled = texts[texts.str.strip() != ""]
    return bool(len(filled) and pd.to_numeric(filled, errors="coerce").isna().any())


def _groups_meant(cells: pd.DataFrame, parts: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return the fewest columns of words that leave one row for each group and date."""
    countries = [name for name in words if "countr" in name.lower()]
    apart = [name for name in countries if not _CODED.search(name)][:1] or countries[:1]
    others = [name for name in words if name not in apart]
    if not cells.duplicated([*parts, *apart]).any():
        return apart
    for name in others:
        if not cells.duplicated([*parts, *apart, name]).any():
            return [*apart, name]
    for name in others:
        if not cells.duplicated([*parts, *apart]).any():
            break
        if len(cells[name].unique()) > 1:
            apart.append(name)
    return apart


def _in_shell(word: str) -> str:
    """Quote a word for a command line, in the quotes that every shell knows where they do."""
    return shlex.quote(word) if re.search(r'["$`\\!]', word) else f'"{word}"'
