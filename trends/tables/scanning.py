"""How does an engine get at event files without loading them?"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import mmap
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.csv

from trends.tables.engines import InDuckDB, asked_by, in_memory, literal
from trends.tables.pushdown import LOOKED_AT, check_by
from trends.tables.sources import COORDINATE_BOUNDS, Layout, layout_of, spelled_as

#: Kinds of the columns of an event in a text file; every other column is words. Arrow accepts the
#: spellings of days and numbers that the reader accepts, or fewer, and gives them the same value.
_TEXT_KINDS = {
    **dict.fromkeys(("start", "end"), "day"),
    **dict.fromkeys(COORDINATE_BOUNDS, "number"),
    **dict.fromkeys(("fatalities_low", "fatalities_best", "fatalities_high"), "number"),
}
_ARROW_TYPES = {
    "day": pyarrow.timestamp("us"),
    "number": pyarrow.float64(),
    "word": pyarrow.string(),
}

#: Text up to this size is parsed in memory, which is faster; more of it is streamed.
IN_MEMORY_BYTES = 1_000_000_000


def matching_files(path: str | Path) -> list[Path]:
    """Return the files that a path or glob names."""
    if Path(path).is_file():
        return [Path(path)]
    # Path.glob refuses absolute patterns.
    paths = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
    files = [each for each in paths if each.is_file()]
    if not files:
        raise FileNotFoundError(
            f"`events` must name a file or match files, got {str(path)!r}. Check the spelling."
        )
    return files


def scan(paths: list[Path], by: Sequence[str]) -> InDuckDB | None:
    """Return the files as a table for DuckDB, None when they need the reader."""
    suffixes = {"".join(each.suffixes[-2:]).lower() for each in paths}
    try:
        if all(suffix.endswith((".parquet", ".pq")) for suffix in suffixes):
            return asked_by(duckdb.connect(), f"read_parquet({_listed(paths)})")
        if all(suffix.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")) for suffix in suffixes):
            return _scan_text(paths, by)
    except (duckdb.Error, pyarrow.ArrowException, csv.Error, KeyError, OSError, UnicodeDecodeError):
        # Whatever is wrong with the file, the reader says it better, or can read it all the same.
        return None
    return None


def _listed(paths: list[Path]) -> str:
    """Return files as a list in SQL."""
    return f"[{', '.join(literal(str(each)) for each in paths)}]"


def _scan_text(paths: list[Path], by: Sequence[str]) -> InDuckDB | None:
    """Return text files of one layout as a typed table: in memory, or streamed when large."""
    headers = {_header(each) for each in paths}
    if len(headers) != 1:
        return None
    separator, names = headers.pop()
    layout = layout_of(names)
    # A semicolon may go with points between thousands, and only the reader asks.
    if layout is None or layout.source == "gtd" or separator == ";":
        return None
    if len(set(names)) < len(names) or spelled_as(layout, names):
        return None
    check_by(by, layout, names)
    kinds = {theirs: _TEXT_KINDS.get(name, "word") for name, theirs in layout.columns.items()}
    kinds |= {name: "word" for name in by if name not in layout.columns}
    kinds = {name: kind for name, kind in kinds.items() if name in names}
    if not _fit_in_memory(paths):
        words = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        read = (
            f"read_csv({_listed(paths)}, auto_detect = false, header = true, "
            f"delim = {literal(separator)}, quote = '\"', escape = '\"', columns = {{{words}}})"
        )
        return asked_by(duckdb.connect(), read)
    needed = [name for name in kinds if name in _needed(layout, by)]
    options = pyarrow.csv.ConvertOptions(
        include_columns=needed,
        column_types={name: _ARROW_TYPES[kinds[name]] for name in needed},
        null_values=[""],
        strings_can_be_null=True,
    )
    tables = [
        pyarrow.csv.read_csv(
            each,
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=separator, newlines_in_values=_may_hold_line_breaks(each)
            ),
            convert_options=options,
        )
        for each in paths
    ]
    return in_memory(pyarrow.concat_tables(tables))


def _fit_in_memory(paths: list[Path]) -> bool:
    """Tell whether files hold no more text, once unpacked, than is parsed in memory."""
    room = IN_MEMORY_BYTES
    for each in paths:
        stored = each.stat().st_size
        # What gzip packs grows by a factor of 1032 at most.
        if each.suffix.lower() != ".gz" or stored * 1032 < room:
            room -= stored * (1032 if each.suffix.lower() == ".gz" else 1)
        else:
            with gzip.open(each) as stream:
                while room >= 0 and (block := stream.read(1 << 20)):
                    room -= len(block)
        if room < 0:
            return False
    return True


def _may_hold_line_breaks(path: Path) -> bool:
    """Tell whether a cell may hold a line break; where nothing is quoted none does."""
    if path.suffix.lower() == ".gz":
        return True
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b'"') >= 0


def _needed(layout: Layout, by: Sequence[str]) -> set[str]:
    """Return the columns that counting and its checks look at."""
    names = {*LOOKED_AT, *layout.words, *by}
    return {layout.columns.get(name, name) for name in names}


def _header(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the separator and the column names of a text table."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        line = stream.readline(1_000_000).decode("utf-8-sig").rstrip("\r\n")
    separator = max(",\t;", key=line.count)
    return separator, tuple(next(csv.reader([line], delimiter=separator), []))


def fingerprint(path: str | Path, paths: list[Path]) -> dict[str, str]:
    """Return the name of a file or glob and the hash of its bytes, or of its files' hashes."""
    hashes = []
    for each in paths:
        with each.open("rb") as stream:
            hashes.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(hashes) == 1:
        return {"file": paths[0].name, "sha256": hashes[0]}
    return {"file": Path(path).name, "sha256": hashlib.sha256("".join(hashes).encode()).hexdigest()}
