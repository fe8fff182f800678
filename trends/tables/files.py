"""What does a table file say, cell by cell, before anything is made of it?

Every reader of the package starts here: the bytes are hashed, unpacked and decoded, and every cell
comes back as the text that stands in the file. What cannot be read (a cut-off archive, a web page
saved as a table, letters in another encoding, rows with too many cells) is a fault with its place;
nothing is guessed.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from trends.tables.cells import one_spelling
from trends.tables.faults import Fault, InvalidTable
from trends.tables.mapping import mapping_offered
from trends.tables.sources import names_without_header

#: What a table may hold that is read cell by cell, so that two gigabytes of memory hold it; the
#: largest event databases fit (GTD has 28 million cells). Counting streams larger files in order.
TEXT_BYTES, ROWS, COLUMNS, CELLS = 500_000_000, 5_000_000, 2_000, 30_000_000

_SEPARATORS = ",\t;"
_BLANK = re.compile(r"\s*")
#: A line with its end, of which there are three kinds.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)
_ARABIC_ENCODINGS = {"cp1256": "Windows-1256", "iso8859-6": "ISO-8859-6"}


def read_cells(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> pd.DataFrame:
    """Read a table file as text.

    Parameters
    ----------
    path : str or Path
        CSV (comma, semicolon or tab between cells), TSV, XLSX or Parquet; CSV and TSV also packed
        with gzip, or zipped alone in their archive; the JSON of a database's interface. Text is
        UTF-8, with or without a byte order mark, or UTF-16 or UTF-32 with one.
    encoding : str
        How text is written. Default UTF-8, because a guess can garble names without anyone
        noticing; an old export may need ``encoding="cp1252"``, an Arabic one ``"cp1256"``.
    sheet : str, optional
        Sheet of a workbook. Default: its first.
    header : int, optional
        Row that holds the column names, counted from 1; 0 if there is none, the columns then being
        called ``"1"``, ``"2"`` and so on. Default: the first row that holds anything.

    Returns
    -------
    DataFrame of n_rows rows
        Text cells, "" where the cell is empty, indexed by the row in the file (the header is row
        1). ``attrs["file"]`` is the file's name, ``attrs["sha256"]`` the hash of its bytes as
        stored, ``attrs["separator"]`` what stands between the cells of a text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the encoding or the sheet is unknown.
    InvalidTable
        If the file is no table, or larger than can be read cell by cell; every fault is listed.
    """
    return read_sheets(path, encoding=encoding, sheet=sheet, header=header, first=True)[0]


def read_sheets(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
    first: bool = False,
) -> list[pd.DataFrame]:
    """Read every sheet of a workbook as text, or the one table of any other file.

    Options and faults are those of `read_cells`; ``attrs["sheet"]`` names the sheet. Where a
    workbook holds several sheets and none is named, one that is no table (a licence, a note) is
    left out; with `first`, only the first is read.
    """
    path = Path(path)
    _check_encoding(encoding)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must name a file, got {str(path)!r}. Check the spelling and the folder."
        )
    _check_size(path.name, path.stat().st_size)
    stored = path.read_bytes()
    if not stored:
        raise InvalidTable([_whole_file(path.name, "the file is empty", "Save the table again.")])
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] in ([".xlsx"], [".xlsm"]):
        tables = _read_workbook(stored, path.name, sheet, header, first)
    elif suffixes[-1:] in ([".parquet"], [".pq"]):
        tables = [_read_parquet(stored, path.name)]
    else:
        tables = [_read_unpacked(unpack(stored, path.name), path.name, encoding, header)]
    named = {"file": path.name, "sha256": hashlib.sha256(stored).hexdigest()}
    for cells in tables:
        cells.attrs = {**cells.attrs, **named}
    return tables


def _check_encoding(encoding: str) -> None:
    """Raise unless Python knows an encoding."""
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            f"`encoding` must be one that Python knows, got {encoding!r}. "
            "For instance utf-8, cp1252 (Western Europe) or cp1256 (Arabic)."
        ) from None


def _check_size(file: str, n_bytes: int, *, packed: bool = False) -> None:
    """Raise where a table is too large to be read cell by cell."""
    if n_bytes > TEXT_BYTES:
        raise InvalidTable([_too_large(file, n_bytes, packed=packed)])


def _too_large(file: str, n_bytes: int | None, *, packed: bool) -> Fault:
    """Return the fault of a table that is too large to be read cell by cell."""
    what = f"hold at most {TEXT_BYTES / 1e6:.0f} MB{' once unpacked' if packed else ''}"
    got = f", holds {n_bytes / 1e6:,.0f} MB" if n_bytes else ", holds more"
    fix = "Take the rows and columns that are needed into a file of their own."
    return _whole_file(file, f"must {what}{got}", fix)


def _check_shape(file: str, n_rows: int, n_columns: int) -> None:
    """Raise where a table has more rows, columns or cells than can be read cell by cell."""
    for number, most, what in (
        (n_columns, COLUMNS, "columns"),
        (n_rows, ROWS, "rows"),
        (n_rows * n_columns, CELLS, "cells"),
    ):
        if number > most:
            fix = (
                "Check what separates the cells; else write one row per group and period."
                if what == "columns"
                else "Take the rows and columns that are needed into a file of their own."
            )
            rule = f"must have at most {most:,} {what}, has {number:,} or more"
            raise InvalidTable([_whole_file(file, rule, fix)])


def _gunzip(stored: bytes, file: str) -> bytes:
    """Return the bytes inside a gzip archive, as long as they are not too many."""
    with gzip.open(io.BytesIO(stored)) as archive:
        text = archive.read(TEXT_BYTES + 1)
    if len(text) > TEXT_BYTES:
        raise InvalidTable([_too_large(file, None, packed=True)])
    return text


def unpack(stored: bytes, file: str) -> bytes:
    """Return the bytes inside a gzip or zip archive, or the bytes as they are."""
    if stored[:2] == b"\x1f\x8b":
        try:
            return _gunzip(stored, file)
        except (EOFError, OSError, zlib.error) as error:
            raise InvalidTable(
                [
                    _whole_file(
                        file, "the gzip archive is cut short or damaged", "Fetch the file again."
                    )
                ]
            ) from error
    if stored[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(stored)) as archive:
                names = [name for name in archive.namelist() if not name.endswith("/")]
                names = [name for name in names if not name.startswith("__MACOSX")]
                if len(names) != 1:
                    listed = ", ".join(names[:5])
                    fault = _whole_file(
                        file,
                        "the zip archive must hold one file",
                        "Unpack it and name the table.",
                        listed,
                    )
                    raise InvalidTable([fault])
                _check_size(file, archive.getinfo(names[0]).file_size, packed=True)
                return archive.read(names[0])
        except (RuntimeError, NotImplementedError) as error:
            fault = _whole_file(
                file,
                "the zip archive must be one that opens without a password or another program",
                "Unpack it, and give the table itself.",
            )
            raise InvalidTable([fault]) from error
        except (zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise InvalidTable(
                [
                    _whole_file(
                        file, "the zip archive is cut short or damaged", "Fetch the file again."
                    )
                ]
            ) from error
    return stored


def _whole_file(file: str, rule: str, fix: str, value: str = "") -> Fault:
    """Return a fault of the whole file."""
    return Fault(file=file, row=None, column="", value=value, rule=rule, fix=fix)


def _read_unpacked(stored: bytes, file: str, encoding: str, header: int | None) -> pd.DataFrame:
    """Read the bytes of a text table, or of the answers of a database's interface."""
    text = _decode(stored, file, encoding)
    if text[_begin(text) : _begin(text) + 1] in ("{", "["):
        return _read_json(text, file)
    return _read_text(text, file, header)


def _read_json(text: str, file: str) -> pd.DataFrame:
    """Read a list of records, or one or more pages that hold them (as ``Result`` or ``data``)."""
    fix = "Fetch the pages again, and keep them as a list or one page to a file."
    try:
        pages = json.loads(text)
    except json.JSONDecodeError as error:
        rule = f"the JSON text is cut short or damaged at line {error.lineno}"
        raise InvalidTable([_whole_file(file, rule, fix)]) from error
    except (RecursionError, ValueError) as error:
        rule = "must be JSON of records, is nested too deep or holds numbers too long"
        raise InvalidTable([_whole_file(file, rule, fix)]) from error
    records: list[dict[str, object]] = []
    for page in pages if isinstance(pages, list) else [pages]:
        found = _records_of(page)
        if found is None:
            fault = _whole_file(file, "must be a list of records", fix, str(page)[:80])
            raise InvalidTable([fault])
        records += found
    if not records:
        raise InvalidTable([_whole_file(file, "holds no records", fix)])
    names = list(dict.fromkeys(name for record in records for name in record))
    _check_shape(file, len(records), len(names))
    columns = {
        name: pd.array([cell_text(record.get(name)) for record in records], dtype="str")
        for name in names
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(records) + 1, name="row"))


def _records_of(page: object) -> list[dict[str, object]] | None:
    """Return the records of a page, or the page where it is one itself; None where neither."""
    if not isinstance(page, dict):
        return None
    held = next((page[name] for name in ("Result", "data") if name in page), None)
    if held is None and not {"Result", "data"} & set(page):
        lists = [value for value in page.values() if isinstance(value, list) and value]
        only = lists[0] if len(lists) == 1 else None
        held = only if only is not None and isinstance(only[0], dict) else [page]
    if isinstance(held, list) and all(isinstance(record, dict) for record in held):
        return held
    return None


def _read_text(text: str, file: str, header: int | None) -> pd.DataFrame:
    """Split text into cells, one fault per row that does not fit the header."""
    _refuse_other_formats(text, file)
    lines = (line[0].rstrip("\r\n") for line in _LINE.finditer(text, _begin(text)))
    first = next(lines)
    separator = max(_SEPARATORS, key=first.count)
    # Excel writes what separates the cells into a first line of its own.
    declared = _SEPARATOR_LINE.fullmatch(first)
    if declared:
        separator = declared.group(1)
    elif header is not None and header > 1:
        named = next(islice(lines, header - 2, None), first)
        separator = max(_SEPARATORS, key=named.count)
    limit = csv.field_size_limit(len(text) + 1)
    try:
        rows = _rows(text, file, separator)
    except csv.Error as error:
        fault = _whole_file(
            file, f"must be comma-separated text ({error})", "Save it as CSV again."
        )
        raise InvalidTable([fault]) from error
    finally:
        csv.field_size_limit(limit)
    if declared:
        rows[next(number for number, row in enumerate(rows) if any(row))] = []
    cells = _text_frame(rows, file, separator, header)
    cells.attrs = {"separator": separator}
    return cells


def _rows(text: str, file: str, separator: str) -> list[list[str]]:
    """Return the rows of a text; one that has too many is not read to its end."""
    rows, n_cells = [], 0
    for row in csv.reader((line[0] for line in _LINE.finditer(text)), delimiter=separator):
        rows.append(row)
        n_cells += len(row)
        if n_cells > CELLS or len(rows) > ROWS:
            _check_shape(file, len(rows), -(-n_cells // len(rows)))
    return rows


def _text_frame(
    rows: list[list[str]], file: str, separator: str = ",", header: int | None = None
) -> pd.DataFrame:
    """Make a frame of text cells; blank rows are skipped but keep their row number."""
    filled = [number for number, row in enumerate(rows, start=1) if any(row)]
    filled = [number for number in filled if header is None or number >= header]
    if not filled:
        raise InvalidTable([_whole_file(file, "the file is empty", "Save the table again.")])
    first = rows[filled[0] - 1]
    _check_shape(file, len(filled) - 1, len(first))
    names, body = names_without_header(first), filled
    if header == 0:
        names = [str(number) for number in range(1, len(first) + 1)]
    elif not names:
        names, body = [one_spelling(name) for name in first], filled[1:]
    beneath = None if header is not None else _title_over(rows, filled)
    if beneath is not None:
        rule = "must hold the names of the columns, seems to be a title over the table"
        fix = f"Say in which row the names stand: header={beneath} (--header {beneath})."
        shown = separator.join(filter(None, first))[:80]
        raise InvalidTable(
            [Fault(file=file, row=filled[0], column="", value=shown, rule=rule, fix=fix)]
        )
    faults = [
        Fault(
            file=file,
            row=number,
            column="",
            value=separator.join(rows[number - 1])[:80],
            rule=f"must have {len(names)} cells like the header, has {len(rows[number - 1])}",
            fix="Put quotes around cells that hold a separator, and check that none is missing.",
        )
        for number in body
        if len(rows[number - 1]) != len(names)
    ]
    columns = list(zip(*(rows[number - 1] for number in body), strict=False))
    columns = columns or [()] * len(names)
    if not faults and len(names) > 1 and _numbers_the_rows(names[0], columns[0]):
        names, columns = names[1:], columns[1:]
    unnamed = _header_faults(names, file, filled[0])
    if unnamed and header is None and _holds_a_day(first):
        unnamed = [_no_header(rows, filled, file)]
    faults = unnamed + faults
    if faults:
        raise InvalidTable(faults)
    return pd.DataFrame(
        {
            name: pd.array(list(cells), dtype="str")
            for name, cells in zip(names, columns, strict=True)
        },
        index=pd.Index(body, dtype="int64", name="row"),
    )


def _numbers_the_rows(name: str, cells: Sequence[str]) -> bool:
    """Tell whether a first column without a name only numbers the rows, as pandas writes it."""
    return name in ("", "Unnamed: 0") and all(cell.isdecimal() for cell in cells)


def _holds_a_day(cells: Sequence[str]) -> bool:
    """Tell whether one of some cells is a day, as no name of a column is."""
    return any(re.fullmatch("[0-9]{4}-?[01][0-9]-?[0-3][0-9]", cell.strip()) for cell in cells)


def _no_header(rows: list[list[str]], filled: list[int], file: str) -> Fault:
    """Say that a table begins without the names of its columns, and which options read it."""
    first = rows[filled[0] - 1]
    whole = [rows[n - 1] for n in filled if len(rows[n - 1]) == len(first)]
    numbered = pd.DataFrame(whole, columns=[str(n) for n in range(1, len(first) + 1)], dtype="str")
    return Fault(
        file=file,
        row=filled[0],
        column="",
        value=", ".join(first[:8]),
        rule="must hold the names of the columns, holds a row of data",
        fix="Say header=0 (--header 0), by which columns are called 1, 2, 3 and so on. "
        + mapping_offered(numbered),
    )


def _decode(stored: bytes, file: str, encoding: str) -> str:
    """Decode text, one fault per line that is in another encoding."""
    if stored[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        encoding = "utf-32"
    elif stored[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    try:
        text = stored.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        if encoding in ("utf-16", "utf-32"):
            said = f"the {encoding.upper()} text is cut short"
            raise InvalidTable([_whole_file(file, said, "Save the file as UTF-8.")]) from error
        raise InvalidTable(_encoding_faults(stored, file, encoding)) from error
    if "\x00" in text:
        raise InvalidTable(
            [_whole_file(file, "must be text, holds zero bytes", "Save the table as CSV in UTF-8.")]
        )
    return text


def _encoding_faults(stored: bytes, file: str, encoding: str) -> list[Fault]:
    """Return one fault per line that is in another encoding, with the one that makes it text."""
    meant, called = _likely_encoding(stored)
    faults = []
    for number, line in enumerate(stored.split(b"\n"), start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            around = line[max(0, error.start - 15) : error.start + 15]
            faults.append(
                Fault(
                    file=file,
                    row=number,
                    column="",
                    value=around.decode(meant, errors="replace"),
                    rule=f"must be {encoding.upper()} text, is not (shown as {called})",
                    fix=f'If it reads well so, pass encoding="{meant}" (--encoding {meant}); '
                    "otherwise save the file again as UTF-8.",
                )
            )
    return faults


def _likely_encoding(stored: bytes) -> tuple[str, str]:
    """Return the encoding in which undecodable text most likely makes sense, and its name.

    In an Arabic encoding Arabic text is runs of Arabic letters; Western text read so has single
    ones inside words.
    """
    runs = {}
    for encoding, called in _ARABIC_ENCODINGS.items():
        text = stored.decode(encoding, errors="replace")
        words = re.findall(r"[\u0621-\u064a\u067e\u0686\u0698\u06a9\u06af]+", text)
        letters = sum(map(len, words))
        lonely = sum(len(word) == 1 for word in words) + text.count("\ufffd")
        runs[encoding, called] = letters - 4 * lonely
    best = max(runs, key=lambda key: runs[key])
    return best if runs[best] > 0 else ("cp1252", "Windows-1252")


def _begin(text: str) -> int:
    """Return where a text begins that is not blank."""
    blank = _BLANK.match(text)
    return blank.end() if blank else 0


def _title_over(rows: list[list[str]], filled: list[int]) -> int | None:
    """Return the row of names where the first rows hold one cell each, as a title over them does.

    A title is a line of words in a table whose other rows, from the names on, are wider.
    """
    wide = [sum(map(bool, rows[number - 1])) for number in filled[:20]]
    if wide[0] != 1 or max(wide) < 2:
        return None
    place = next(place for place, width in enumerate(wide) if width > 1)
    names = [name for name in rows[filled[place] - 1] if name]
    worded = not any(any(sign.isdigit() for sign in name[:4]) for name in names)
    below = wide[place + 1 :]
    return filled[place] if worded and below and min(below) > 1 else None


def _refuse_other_formats(text: str, file: str) -> None:
    """Refuse text that is plainly no table."""
    start = text[_begin(text) : _begin(text) + 200].lower()
    if not start:
        raise InvalidTable([_whole_file(file, "the file is empty", "Save the table again.")])
    if start.startswith(("<!doctype", "<html", "<?xml", "<head", "<body")):
        fault = _whole_file(
            file,
            "must be a table, is a web page",
            "Open it in a browser to read what went wrong, then download the table again.",
            " ".join(text.split())[:80],
        )
        raise InvalidTable([fault])


def _header_faults(header: list[str], file: str, row: int) -> list[Fault]:
    """Return one fault per column without a name of its own."""
    faults = []
    before: set[str] = set()
    for position, name in enumerate(header):
        if not name:
            rule, fix = f"column {position + 1} must have a name", "Name the column or remove it."
        elif name in before:
            rule, fix = "column names must be unique", "Rename or remove one of the columns."
        else:
            before.add(name)
            continue
        faults.append(Fault(file=file, row=row, column=name, value="", rule=rule, fix=fix))
    return faults


def _read_workbook(
    stored: bytes, file: str, sheet: str | None, header: int | None, first: bool
) -> list[pd.DataFrame]:
    """Read sheets of a workbook as text."""
    try:
        with zipfile.ZipFile(io.BytesIO(stored)) as archive:
            _check_size(file, sum(part.file_size for part in archive.infolist()), packed=True)
        with pd.ExcelFile(io.BytesIO(stored), engine="openpyxl") as book:
            names = [str(name) for name in book.sheet_names]
            if sheet is not None and sheet not in names:
                raise ValueError(
                    f"`sheet` must be one of {', '.join(names)}, got {sheet!r}. Name a sheet."
                )
            chosen = names[:1] if first and sheet is None else names
            chosen = chosen if sheet is None else [sheet]
            tables = {
                name: pd.read_excel(
                    book, sheet_name=name, dtype=object, header=None, keep_default_na=False
                )
                for name in chosen
            }
    except (zipfile.BadZipFile, KeyError, TypeError, EOFError, OSError) as error:
        fault = _whole_file(
            file, "must be an XLSX workbook", "Save the table again as XLSX or CSV."
        )
        raise InvalidTable([fault]) from error
    found, faults = [], []
    for name, table in tables.items():
        rows = [[cell_text(cell) for cell in row] for row in table.itertuples(index=False)]
        try:
            cells = _text_frame(rows, file, header=header)
        except InvalidTable as invalid:
            faults += invalid.faults
            continue
        cells.attrs = {"sheet": name}
        found.append(cells)
    if not found:
        raise InvalidTable(faults)
    return found


def _read_parquet(stored: bytes, file: str) -> pd.DataFrame:
    """Read a Parquet file as text."""
    import pyarrow
    import pyarrow.parquet

    try:
        described = pyarrow.parquet.read_metadata(io.BytesIO(stored))
        _check_shape(file, described.num_rows, described.num_columns)
        frame = pd.read_parquet(io.BytesIO(stored), dtype_backend="numpy_nullable")
    except (pyarrow.ArrowInvalid, OSError) as error:
        fault = _whole_file(file, "must be a Parquet file", "Fetch the file again.")
        raise InvalidTable([fault]) from error
    texts = {str(name): frame[name].map(cell_text).astype("str") for name in frame.columns}
    return pd.DataFrame(texts).set_axis(pd.RangeIndex(2, len(frame) + 2, name="row"))


def cell_text(cell: object) -> str:
    """Write a typed cell as it would stand in a CSV file."""
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
        return ""
    if isinstance(cell, bool | np.bool_):
        return str(cell).lower()
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
