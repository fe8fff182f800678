"""What does a table file say, cell by cell, before anything is made of it?

Every reader of the package starts here: the bytes are hashed, unpacked and decoded, and every cell
comes back as the text that stands in the file. What cannot be read (a cut-off archive, a web page
saved as a table, letters in another encoding, rows with too many cells) is a fault with its place;
nothing is guessed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from trends.tables.faults import Fault, InvalidTable

_SEPARATORS = ",\t;"


def read_cells(path: str | Path, *, encoding: str = "utf-8") -> pd.DataFrame:
    """Read a table file as text.

    Parameters
    ----------
    path : str or Path
        CSV (comma, semicolon or tab between cells), TSV, XLSX (first sheet) or Parquet; CSV and TSV
        also packed with gzip, or zipped alone in their archive. Text is UTF-8, with or without a
        byte order mark, or UTF-16 with one.

    encoding : str
        How text is written. Default UTF-8, because a guess can garble names without anyone
        noticing; an old export may need ``encoding="cp1252"``.

    Returns
    -------
    DataFrame of n_rows rows
        Text cells, "" where the cell is empty, indexed by the row in the file (the header is row
        1). ``attrs["file"]`` is the file's name, ``attrs["sha256"]`` the hash of its bytes as
        stored.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If the file is no table; every fault found is listed.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must name a file, got {str(path)!r}. Check the spelling and the folder."
        )
    stored = path.read_bytes()
    if not stored:
        raise InvalidTable([_whole_file(path.name, "the file is empty", "Save the table again.")])
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".xlsx"]:
        cells = _read_workbook(stored, path.name)
    elif suffixes[-1:] in ([".parquet"], [".pq"]):
        cells = _read_parquet(stored, path.name)
    else:
        cells = _read_unpacked(unpack(stored, path.name), path.name, encoding)
    cells.attrs = {"file": path.name, "sha256": hashlib.sha256(stored).hexdigest()}
    return cells


def unpack(stored: bytes, file: str) -> bytes:
    """Return the bytes inside a gzip or zip archive, or the bytes as they are."""
    if stored[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(stored)
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
                return archive.read(names[0])
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


def _read_unpacked(stored: bytes, file: str, encoding: str) -> pd.DataFrame:
    """Read the bytes of a text table, or of the answers of the UCDP API."""
    text = _decode(stored, file, encoding)
    if text.lstrip()[:1] in ("{", "["):
        return _read_json(text, file)
    return _read_text(text, file)


def _read_json(text: str, file: str) -> pd.DataFrame:
    """Read a list of records, or one or more pages that hold them as ``Result``."""
    fix = "Fetch the pages again, and keep them as a list or one page to a file."
    try:
        pages = json.loads(text)
    except json.JSONDecodeError as error:
        rule = f"the JSON text is cut short or damaged at line {error.lineno}"
        raise InvalidTable([_whole_file(file, rule, fix)]) from error
    records: list[dict[str, object]] = []
    for page in pages if isinstance(pages, list) else [pages]:
        if not isinstance(page, dict):
            fault = _whole_file(file, "must be a list of records", fix, str(page)[:80])
            raise InvalidTable([fault])
        records += page.get("Result", [page])
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {
        name: pd.array([_cell_text(record.get(name)) for record in records], dtype="str")
        for name in names
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(records) + 1, name="row"))


def _read_text(text: str, file: str) -> pd.DataFrame:
    """Split text into cells, one fault per row that does not fit the header."""
    _refuse_other_formats(text, file)
    header_line = text.lstrip().split("\n", 1)[0]
    separator = max(_SEPARATORS, key=header_line.count)
    limit = csv.field_size_limit(len(text) + 1)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        fault = _whole_file(
            file, f"must be comma-separated text ({error})", "Save it as CSV again."
        )
        raise InvalidTable([fault]) from error
    finally:
        csv.field_size_limit(limit)
    return _text_frame(rows, file, separator)


def _text_frame(rows: list[list[str]], file: str, separator: str = ",") -> pd.DataFrame:
    """Make a frame of text cells; blank rows are skipped but keep their row number."""
    filled = [number for number, row in enumerate(rows, start=1) if any(row)]
    header = [name.strip() for name in rows[filled[0] - 1]]
    faults = _header_faults(header, file)
    faults += [
        Fault(
            file=file,
            row=number,
            column="",
            value=separator.join(rows[number - 1])[:80],
            rule=f"must have {len(header)} cells like the header, has {len(rows[number - 1])}",
            fix="Put quotes around cells that hold a separator, and check that none is missing.",
        )
        for number in filled[1:]
        if len(rows[number - 1]) != len(header)
    ]
    if faults:
        raise InvalidTable(faults)
    body = [rows[number - 1] for number in filled[1:]]
    columns = list(zip(*body, strict=True)) if body else [()] * len(header)
    return pd.DataFrame(
        {
            name: pd.array(list(cells), dtype="str")
            for name, cells in zip(header, columns, strict=True)
        },
        index=pd.Index(filled[1:], dtype="int64", name="row"),
    )


def _decode(stored: bytes, file: str, encoding: str) -> str:
    """Decode text, one fault per line that is in another encoding."""
    if stored[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return stored.decode("utf-16")
        except UnicodeDecodeError as error:
            fault = _whole_file(file, "the UTF-16 text is cut short", "Save the file as UTF-8.")
            raise InvalidTable([fault]) from error
    try:
        text = stored.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InvalidTable(_encoding_faults(stored, file, encoding)) from error
    if "\x00" in text:
        raise InvalidTable(
            [_whole_file(file, "must be text, holds zero bytes", "Save the table as CSV in UTF-8.")]
        )
    return text


def _encoding_faults(stored: bytes, file: str, encoding: str) -> list[Fault]:
    """Return one fault per line that is in another encoding."""
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
                    value=around.decode("cp1252", errors="replace"),
                    rule=f"must be {encoding.upper()} text, is not (shown as Windows-1252)",
                    fix="Save the file again with the encoding UTF-8.",
                )
            )
    return faults


def _refuse_other_formats(text: str, file: str) -> None:
    """Refuse text that is plainly no table."""
    start = text.lstrip()[:200].lower()
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


def _header_faults(header: list[str], file: str) -> list[Fault]:
    """Return one fault per column without a name of its own."""
    faults = []
    for position, name in enumerate(header):
        if not name:
            rule, fix = f"column {position + 1} must have a name", "Name the column or remove it."
        elif name in header[:position]:
            rule, fix = "column names must be unique", "Rename or remove one of the columns."
        else:
            continue
        faults.append(Fault(file=file, row=1, column=name, value="", rule=rule, fix=fix))
    return faults


def _read_workbook(stored: bytes, file: str) -> pd.DataFrame:
    """Read the first sheet of a workbook as text."""
    try:
        sheet = pd.read_excel(io.BytesIO(stored), dtype=object, header=None, keep_default_na=False)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        fault = _whole_file(
            file, "must be an XLSX workbook", "Save the table again as XLSX or CSV."
        )
        raise InvalidTable([fault]) from error
    if sheet.empty:
        raise InvalidTable([_whole_file(file, "the file is empty", "Save the table again.")])
    rows = [[_cell_text(cell) for cell in row] for row in sheet.itertuples(index=False)]
    return _text_frame(rows, file)


def _read_parquet(stored: bytes, file: str) -> pd.DataFrame:
    """Read a Parquet file as text."""
    import pyarrow

    try:
        frame = pd.read_parquet(io.BytesIO(stored), dtype_backend="numpy_nullable")
    except (pyarrow.ArrowInvalid, OSError) as error:
        fault = _whole_file(file, "must be a Parquet file", "Fetch the file again.")
        raise InvalidTable([fault]) from error
    texts = {str(name): frame[name].map(_cell_text).astype("str") for name in frame.columns}
    return pd.DataFrame(texts).set_axis(pd.RangeIndex(2, len(frame) + 2, name="row"))


def _cell_text(cell: object) -> str:
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
