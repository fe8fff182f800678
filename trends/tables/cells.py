"""What number, date or word does a text cell hold?

One stated reading for each kind of cell, whatever the file: nothing is rounded, guessed or dropped.
Read as meant are Arabic-Indic and Persian digits, a no-break or thin space (or an Arabic thousands
separator) between groups of three digits, the Arabic decimal separator, and a trailing ``.0`` of a
whole number. A comma inside a number is refused, because it separates thousands for some and
decimals for others; so is a count such as ``1.204`` or ``1.000`` in a file whose cells are
separated by semicolons, where the point may separate thousands. In number and date cells ``NA`` and
``NaN`` mean empty. Words are read in one spelling: composed accents, no invisible characters.
"""

from __future__ import annotations

import re
import unicodedata
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
# Only the ten digits of ASCII: whatever else Unicode calls a digit is refused. Nineteen of them and
# more do not fit the integer type.
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}(?:\.0+)?")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_HOUR = r"(?:[01][0-9]|2[0-3])"
_TIME = rf"{_HOUR}(?::?[0-5][0-9](?::?[0-5][0-9](?:\.[0-9]+)?)?)?"
# A time in a zone belongs to another day elsewhere; midnight in that zone can only mean the day.
_MIDNIGHT = r"00(?::?00(?::?00(?:\.0+)?)?)?(?:Z|[-+][0-9]{2}:?[0-9]{2})"
_DATE = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[T ](?:{_TIME}|{_MIDNIGHT}))?")
_IN_A_ZONE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_TIME}(?:Z|[-+][0-9]{{2}}:?[0-9]{{2}})"
)
# Two numbers that may each be a month, before a year.
_DAY_OR_MONTH = re.compile(r"(?:0?[1-9]|1[0-2])[/.-](?:0?[1-9]|1[0-2])[/.-][0-9]{4}")
# How others write a period, and how it is written here.
_PERIOD_SPELLINGS = (
    (re.compile(r"([0-9]{4})-?W([0-9]{1,2})", re.I), r"\1-W\2"),
    (re.compile(r"([0-9]{4})(0[1-9]|1[0-2])"), r"\1-\2"),
    (re.compile(r"([0-9]{4})-?Q([1-4])", re.I), r"\1-Q\2"),
    (re.compile(r"([0-9]{4})\.0"), r"\1"),
)
_POINT_AND_THREE_DIGITS = re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]{3})+")
# Joiners shape Persian words and are kept; these only hide.
_OBEYED = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160)])
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\u061c\ufeff"))
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
    counted : bool
        Whether the number is a count, in which three digits after a point may be thousands.
    """

    read: Callable[[pd.Series], tuple[pd.Series, np.ndarray]]
    rule: str
    fix: str
    counted: bool = False


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
        if kind.counted and cells.attrs.get("separator") == ";":
            thousands = cells[name].str.strip().str.fullmatch(_POINT_AND_THREE_DIGITS)
            wrong = wrong | thousands.fillna(False).to_numpy(bool)
        table[name] = values.mask(wrong) if wrong.any() and kind.counted else values
        for position in np.flatnonzero(wrong):
            value = str(cells[name].iloc[position])
            rule, fix = _said_of(kind, value)
            row = int(cells.index[position])
            faults.append(Fault(file=file, row=row, column=name, value=value, rule=rule, fix=fix))
    converted = pd.DataFrame(table, index=cells.index)
    converted.attrs = dict(cells.attrs)
    return converted, faults


def _said_of(kind: CellKind, value: str) -> tuple[str, str]:
    """Return the rule that a cell breaks and what to do, as exactly as its text allows."""
    if kind.counted and _POINT_AND_THREE_DIGITS.fullmatch(value.strip()):
        return (
            "must be a number that can be read in one way",
            "The point may separate thousands or decimals here: write 1000 for a thousand, 1 for "
            "one.",
        )
    if kind.read in _DATED and _IN_A_ZONE.fullmatch(_clean(value) or ""):
        return (
            "must be a day without a time zone",
            "Write the local day, which decides the period: in pandas "
            '.dt.tz_convert("Asia/Baghdad").dt.tz_localize(None), with the zone of the events.',
        )
    if kind.read in (*_DATED, _read_period_column) and _DAY_OR_MONTH.fullmatch(_clean(value) or ""):
        return (
            "must be a day that can be read in one way",
            "Which number is the day, and which the month, cannot be told from this column: write "
            "the year first, as 2024-05-01.",
        )
    return kind.rule, kind.fix


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


def one_spelling(text: str) -> str:
    """Return a label as it is compared: composed, trimmed, without characters that only hide.

    Examples
    --------
    >>> one_spelling(" Syrie\u0301\u200b ") == "Syri\u00e9"
    True
    """
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text.translate(_INVISIBLE)).strip()


def shown(text: str) -> str:
    """Return a label in one spelling, without what a terminal would obey.

    Examples
    --------
    >>> shown(chr(27) + "[31mIraq ")
    '[31mIraq'
    """
    return one_spelling(text if text.isprintable() else text.translate(_OBEYED))


def _read_identifiers(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read ids in one spelling, missing where empty."""
    words = texts.map({text: one_spelling(text) for text in texts.unique()}).astype("str")
    return words.mask(words == ""), np.zeros(len(texts), dtype=bool)


def _read_words(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read words in one spelling, missing where empty."""
    words = texts.map({text: shown(text) for text in texts.unique()}).astype("str")
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
    # every digit counts: `pd.to_numeric` was an ulp off in some versions
    values = words.where(fits).astype("float64")
    infinite = np.isinf(values.to_numpy())
    return values.mask(infinite), (words.notna().to_numpy() & ~fits) | infinite


def _read_dates(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read calendar days; a time of day after the date is left out."""
    words = _plain(texts)
    days = words.str.extract(rf"^{_DATE.pattern}$", expand=False)
    values = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    # No calendar has a year 0, and the standard library knows none.
    values = values.mask(days.str.startswith("0000").fillna(False).to_numpy(bool))
    return values, words.notna().to_numpy() & values.isna().to_numpy()


def _read_days(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read calendar days in any spelling that leaves no doubt."""
    return _read_dates(year_first(texts))


def year_first(texts: pd.Series) -> pd.Series:
    """Write days year first where their spelling leaves no doubt; leave other texts alone.

    Read are names of months in English (3 May 2024, 31-December-2019, May 3, 2024), eight digits
    (20240503), and days of a column written with slashes, points or dashes when some day beyond the
    twelfth shows which part is the day.

    Examples
    --------
    >>> year_first(pd.Series(["03 May 2024", "31-Dec-2019"])).tolist()
    ['2024-05-03', '2019-12-31']
    >>> year_first(pd.Series(["5/3/2024", "13/3/2024"])).tolist()
    ['2024-03-05', '2024-03-13']
    >>> year_first(pd.Series(["5/3/2024", "4/3/2024"])).tolist()
    ['5/3/2024', '4/3/2024']
    """
    spellings = pd.Series(texts.astype("str").unique(), dtype="str")
    words = spellings.str.translate(_SPELLINGS).str.strip()
    unread = ~words.str.fullmatch(_DATE).fillna(False) & ~words.isin(_EMPTY)
    if not unread.any():
        return texts
    days = pd.Series(pd.NaT, index=words.index, dtype="datetime64[s]")
    named = words.where(unread).str.replace(r"[-,\s]+", " ", regex=True)
    for form in ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y%m%d"):
        days = days.fillna(pd.to_datetime(named, format=form, errors="coerce"))
    parts = words.where(unread).str.extract(
        r"^([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})(?:[T ]0{1,2}:00(?::00)?)?$"
    )
    first, second = pd.to_numeric(parts[0]), pd.to_numeric(parts[2])
    day_first, month_first = (first > 12).any(), (second > 12).any()
    # One column has one order; where both or neither shows, nothing is guessed.
    if day_first != month_first and parts[0].notna().eq(unread).all():
        day, month = (parts[0], parts[2]) if day_first else (parts[2], parts[0])
        written = parts[3] + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
        days = days.fillna(pd.to_datetime(written, format="%Y-%m-%d", errors="coerce"))
    known = days.notna()
    rewritten = spellings.mask(known, days.dt.strftime("%Y-%m-%d"))
    return texts.astype("str").map(dict(zip(spellings, rewritten, strict=True)))


def written_periods(texts: pd.Series, name: str = "") -> pd.Series:
    """Write periods as the package does where their spelling leaves no doubt.

    Examples
    --------
    >>> written_periods(pd.Series(["Jan-2019", "February 2019"])).tolist()
    ['2019-01', '2019-02']
    >>> written_periods(pd.Series(["202401", "202402"])).tolist()
    ['2024-01', '2024-02']
    >>> written_periods(pd.Series(["2024W5", "2024W06"])).tolist()
    ['2024-W05', '2024-W06']
    """
    words = texts.astype("str").str.strip()
    if "week" in name.lower() and words.str.fullmatch(r"[0-9]{4}-[0-9]{1,2}").all():
        words = words.str.replace("-", "-W")
    for shape, form in _PERIOD_SPELLINGS:
        if words.str.fullmatch(shape).all():
            words = words.str.replace(shape, form, regex=True)
            return words.str.replace(r"W([0-9])$", r"W0\1", regex=True)
    plain = words.str.replace(r"[-,.\s]+", " ", regex=True)
    for form in ("%b %Y", "%B %Y", "%Y %b", "%Y %B"):
        months = pd.to_datetime(plain, format=form, errors="coerce")
        words = words.mask(months.notna(), months.dt.strftime("%Y-%m"))
    days = year_first(words)
    return days.str.replace(r"[T ]00:00(:00(\.0+)?)?Z?$", "", regex=True)


def _read_yes_no(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read true or false."""
    words = texts.str.strip().str.lower()
    return words.isin(_YES), ~(words.isin(_YES) | words.isin(_NO)).to_numpy(bool)


def _read_period_column(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read periods of one shape."""
    periods, wrong = read_periods(_plain(texts))
    return pd.Series(periods, index=texts.index), wrong


WORDS = CellKind(_read_words, "must be text", "Correct the cell.")
IDENTIFIER = CellKind(_read_identifiers, WORDS.rule, WORDS.fix)
WHOLE_NUMBER = CellKind(
    _read_whole_numbers,
    "must be a whole number",
    "Write digits only, without a decimal part, a comma or words; leave the cell empty if unknown.",
    counted=True,
)
NUMBER = CellKind(
    _read_numbers,
    "must be a number",
    "Write digits with a point before decimals, no comma; leave the cell empty if unknown.",
)
#: A number that counts people or things, though a database may share it out (half a death).
TOLL = CellKind(_read_numbers, NUMBER.rule, NUMBER.fix, counted=True)
DATE = CellKind(
    _read_dates,
    "must be a day of the calendar written YYYY-MM-DD",
    "Rewrite the date, year first; check that the month has that day.",
)
YES_NO = CellKind(_read_yes_no, "must be true or false", "Write true or false.")
DAY = CellKind(
    _read_days,
    DATE.rule,
    "Rewrite the date, year first; check that the month has that day.",
)
PERIOD = CellKind(_read_period_column, PERIOD_RULE, PERIOD_FIX)

# Readers whose cells are days.
_DATED = (_read_dates, _read_days)
