"""What number, date or word does a text cell hold?

One stated reading for each kind of cell, whatever the file: nothing is rounded, guessed or dropped.
Read as meant are Arabic-Indic and Persian digits, a no-break or thin space (or an Arabic thousands
separator) between groups of three digits, the Arabic decimal separator, and a trailing ``.0`` of a
whole number. A comma inside a number is refused, because it separates thousands for some and
decimals for others. In number and date cells ``NA`` and ``NaN`` mean empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trends.tables.calendar import PERIOD_FIX, PERIOD_RULE, read_periods
from trends.tables.faults import Fault

_DIGITS = {
    ord(digit): str(value)
    for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")
    for value, digit in enumerate(digits)
}
# Directional marks carry no value; the minus sign and the Arabic decimal separator have one ASCII
# spelling.
_SPELLINGS = {
    **_DIGITS,
    **dict.fromkeys(map(ord, "\u200e\u200f\u061c\ufeff")),
    0x2212: "-",
    0x066B: ".",
}
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f\u066c](?=\d{3}(?!\d))")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[ \u00a0\u2009\u202f\u066c]\d{3})+(?:\.\d+)?")
_EMPTY = {"", "NA", "NaN", "nan", "N/A", "<NA>", "NaT", "null", "NULL", "None"}
# Nineteen digits and more do not fit the integer type.
_WHOLE = re.compile(r"[-+]?\d{1,18}(?:\.0+)?")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?")
_YES, _NO = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(frozen=True)
class CellKind:
    """How one kind of cell is read, and what to say when it cannot be.

    Attributes
    ----------
    read : callable
        Takes a Series of text, returns the values and a boolean array that is True where a text is
        wrong.
    rule : str
        What the cell must be.
    fix : str
        What to do when it is not.
    """

    read: Callable[[pd.Series], tuple[pd.Series, np.ndarray]]
    rule: str
    fix: str


def convert(cells: pd.DataFrame, kinds: Mapping[str, CellKind]) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert a table of text column by column, collecting every fault.

    Parameters
    ----------
    cells : DataFrame of n_rows rows
        Text, as `read_cells` returns it; its index is the row in the file.
    kinds : mapping of column name to CellKind
        Columns not named are words; columns absent from the table are skipped, the schema reports
        them.

    Returns
    -------
    table : DataFrame of n_rows rows
        Converted columns, empty where a cell was wrong.
    faults : list of Fault
    """
    table, faults = {}, []
    file = str(cells.attrs.get("file", ""))
    for name in cells.columns:
        kind = kinds.get(name, WORDS)
        values, wrong = kind.read(cells[name])
        table[name] = values
        faults += [
            Fault(
                file=file,
                row=int(cells.index[position]),
                column=name,
                value=str(cells[name].iloc[position]),
                rule=kind.rule,
                fix=kind.fix,
            )
            for position in np.flatnonzero(wrong)
        ]
    converted = pd.DataFrame(table, index=cells.index)
    converted.attrs = dict(cells.attrs)
    return converted, faults


def _plain(texts: pd.Series) -> pd.Series:
    """Write numbers and dates in ASCII; NA where the cell is empty."""
    # Few distinct spellings fill most columns, so each is cleaned once.
    spellings = {text: _clean(text) for text in texts.unique()}
    return texts.map(spellings).astype("str")


def _clean(text: str) -> str | None:
    """Write one number or date in ASCII; None when the cell is empty."""
    word = text if text.isascii() else text.translate(_SPELLINGS)
    word = word.strip()
    if word in _EMPTY:
        return None
    return _THOUSANDS.sub("", word) if _GROUPED.fullmatch(word) else word


def _read_words(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read words: trimmed, missing where empty."""
    words = texts.str.strip()
    return words.mask(words == ""), np.zeros(len(texts), dtype=bool)


def _read_whole_numbers(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read whole numbers as nullable integers."""
    words = _plain(texts)
    fits = words.str.fullmatch(_WHOLE).fillna(False).to_numpy(bool)
    digits = words.where(fits).str.replace(r"\.0+$", "", regex=True)
    values = pd.Series(pd.array([pd.NA if pd.isna(d) else int(d) for d in digits], dtype="Int64"))
    return values.set_axis(texts.index), words.notna().to_numpy() & ~fits


def _read_numbers(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read numbers as floats."""
    words = _plain(texts)
    fits = words.str.fullmatch(_NUMBER).fillna(False).to_numpy(bool)
    values = pd.to_numeric(words.where(fits)).astype("float64")
    infinite = np.isinf(values.to_numpy())
    return values.mask(infinite), (words.notna().to_numpy() & ~fits) | infinite


def _read_dates(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read calendar days; a time of day after the date is left out."""
    words = _plain(texts)
    days = words.str.extract(rf"^{_DATE.pattern}$", expand=False)
    values = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    return values, words.notna().to_numpy() & values.isna().to_numpy()


def _read_yes_no(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read true or false."""
    words = texts.str.strip().str.lower()
    return words.isin(_YES), ~(words.isin(_YES) | words.isin(_NO)).to_numpy(bool)


def _read_period_column(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read periods of one shape."""
    periods, wrong = read_periods(_plain(texts))
    return pd.Series(periods, index=texts.index), wrong


WORDS = CellKind(_read_words, "must be text", "Correct the cell.")
WHOLE_NUMBER = CellKind(
    _read_whole_numbers,
    "must be a whole number",
    "Write digits only, without a decimal part, a comma or words; leave the cell empty if unknown.",
)
NUMBER = CellKind(
    _read_numbers,
    "must be a number",
    "Write digits with a point before decimals, no comma; leave the cell empty if unknown.",
)
DATE = CellKind(
    _read_dates,
    "must be a day of the calendar written YYYY-MM-DD",
    "Rewrite the date, year first; check that the month has that day.",
)
YES_NO = CellKind(_read_yes_no, "must be true or false", "Write true or false.")
PERIOD = CellKind(_read_period_column, PERIOD_RULE, PERIOD_FIX)
