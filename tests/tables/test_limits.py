"""A table that would fill the memory is refused in words before it does."""

import gzip
import io
import zipfile

import pyarrow
import pyarrow.parquet
import pytest

from trends.tables import files, scanning
from trends.tables.faults import InvalidTable
from trends.tables.files import read_cells, read_sheets

HEAD = b"period,count\n"


@pytest.fixture
def small_limits(monkeypatch):
    """The same rules at sizes that take no time."""
    for name, most in (("TEXT_BYTES", 1_000), ("ROWS", 20), ("COLUMNS", 9), ("CELLS", 60)):
        monkeypatch.setattr(files, name, most)


def zipped(text: bytes, name: str = "a.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return packed.getvalue()


BOMB = HEAD + b"2024-01,1\n" * 10_000
PARQUET = io.BytesIO()
pyarrow.parquet.write_table(pyarrow.table({"period": ["2024-01"] * 5_000}), PARQUET)


@pytest.mark.parametrize(
    ("name", "stored", "words"),
    [
        ("a.csv.gz", gzip.compress(BOMB), "at most 0 MB once unpacked, holds more"),
        ("a.zip", zipped(BOMB), "at most 0 MB once unpacked, holds 0 MB"),
        ("a.xlsx", zipped(BOMB, "xl/workbook.xml"), "at most 0 MB once unpacked"),
        ("a.csv", BOMB, "at most 0 MB, holds 0 MB"),
        ("a.csv", HEAD + b"2024-01,1\n" * 40, "at most 20 rows, has 21 or more"),
        ("a.csv", b"a,b,c,d\n" + b"1,2,3,4\n" * 18, "at most 60 cells, has 64 or more"),
        ("a.csv", b",".join([b"c"] * 10) + b"\n", "at most 9 columns, has 10 or more"),
        ("a.parquet", PARQUET.getvalue(), "at most 20 rows, has 5,000 or more"),
        ("a.json", b'[{"a": 1}' + b',{"a":1}' * 30 + b"]", "at most 20 rows, has 31 or more"),
    ],
)
def test_a_table_that_is_too_large_is_refused_in_words(
    name, stored, words, small_limits, tmp_path, monkeypatch
):
    if name == "a.parquet":
        monkeypatch.setattr(files, "TEXT_BYTES", 10**6)
    path = tmp_path / name
    path.write_bytes(stored)
    with pytest.raises(InvalidTable, match=words):
        read_sheets(path)


def test_the_largest_databases_are_within_the_limits():
    n_events_of_gtd, n_columns_of_gtd = 210_000, 135
    assert n_events_of_gtd * n_columns_of_gtd < files.CELLS
    assert files.TEXT_BYTES < 10**9


def test_a_table_just_within_the_limits_is_read(small_limits, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + b"2024-01,1\n" * 19)
    assert len(read_cells(path)) == 19


def test_text_that_gzip_hides_is_streamed_and_not_held(tmp_path, monkeypatch):
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"x" * 3_000_000))
    monkeypatch.setattr(scanning, "IN_MEMORY_BYTES", 3_100_000)
    assert scanning._fit_in_memory([packed])
    assert not scanning._fit_in_memory([packed, packed])
    monkeypatch.setattr(scanning, "IN_MEMORY_BYTES", 2_900_000)
    assert not scanning._fit_in_memory([packed])


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_of_three_ways_and_cells_may_hold_them(ends, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(f'a,b{ends}1,"x{ends}y"{ends}2,\u2028z{ends}'.encode())
    cells = read_cells(path)
    assert cells["b"].tolist() == [f"x{ends}y", "\u2028z"]


@pytest.mark.parametrize("text", ["0000-01", "0000", "0000-01-03", "2024-01/0000-02", "0000-W01"])
def test_no_period_lies_in_a_year_0(text, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"period,count\n{text},1\n", encoding="utf-8")
    from trends import read_counts

    with pytest.raises(InvalidTable, match=r"column period: must be one of YYYY-MM-DD"):
        read_counts(path)
