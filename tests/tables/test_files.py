"""Is a table file read cell by cell as it stands, or refused with the place of everything wrong?"""

import gzip
import hashlib
import io
import zipfile

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.tables.faults import InvalidTable
from trends.tables.files import read_cells

TABLE = "name,count\nحلب,1\nHoms,2\n"


def faults_of(path):
    with pytest.raises(InvalidTable) as caught:
        read_cells(path)
    return caught.value.faults


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", TABLE.encode()),
        ("t.csv", TABLE.encode("utf-8-sig")),
        ("t.csv", TABLE.encode("utf-16")),
        ("t.csv", TABLE.encode("utf-32")),
        ("t.csv", b"\xef\xbb\xbf" + TABLE.encode("utf-8-sig")),
        ("t.csv", TABLE.replace("\n", "\r\n").encode()),
        ("t.csv", TABLE.replace("\n", "\r").encode()),
        ("t.csv", (",name,count\n0,حلب,1\n1,Homs,2\n").encode()),
        ("t.csv", TABLE.replace(",", ";").encode()),
        ("t.tsv", TABLE.replace(",", "\t").encode()),
        ("t.csv.gz", gzip.compress(TABLE.encode())),
        ("t.csv", gzip.compress(TABLE.encode())),
    ],
)
def test_the_same_table_is_read_in_every_format(tmp_path, name, content):
    cells = read_cells(write(tmp_path / name, content))
    assert cells.to_dict("list") == {"name": ["حلب", "Homs"], "count": ["1", "2"]}
    assert cells.index.tolist() == [2, 3]
    assert cells.attrs["file"] == name
    assert cells.attrs["sha256"] == hashlib.sha256(content).hexdigest()


def test_workbooks_parquet_and_zip_hold_the_same_table(tmp_path):
    frame = pd.DataFrame({"name": ["حلب", "Homs"], "count": [1, 2]})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("inner.csv", TABLE)
    for name in ("t.xlsx", "t.parquet", "t.zip"):
        cells = read_cells(tmp_path / name)
        assert cells.to_dict("list") == {"name": ["حلب", "Homs"], "count": ["1", "2"]}


def test_typed_cells_are_written_as_a_csv_file_would_hold_them(tmp_path):
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-05-01", None]),
            "whole": pd.array([3, None], dtype="Int64"),
            "float": [2.0, None],
            "half": [0.5, None],
            "yes": [True, False],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    assert read_cells(tmp_path / "t.parquet").to_dict("list") == {
        "day": ["2024-05-01", ""],
        "whole": ["3", ""],
        "float": ["2", ""],
        "half": ["0.5", ""],
        "yes": ["true", "false"],
    }


def test_blank_lines_are_skipped_and_rows_keep_their_number(tmp_path):
    cells = read_cells(write(tmp_path / "t.csv", "\na,b\n\n1,2\n\n\n3,4\n\n"))
    assert cells.index.tolist() == [4, 7]


def test_a_separator_or_line_break_inside_quotes_belongs_to_the_cell(tmp_path):
    cells = read_cells(write(tmp_path / "t.csv", 'a,b\n"1, or\nmore",2\n'))
    assert cells["a"].tolist() == ["1, or\nmore"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "the file is empty"),
        (b"  \n \n", "the file is empty"),
        (gzip.compress(TABLE.encode() * 50)[:-20], "gzip archive is cut short or damaged"),
        (gzip.compress(TABLE.encode() * 50)[:12], "gzip archive is cut short or damaged"),
        (b"PK\x03\x04 no archive", "zip archive is cut short or damaged"),
        (b"<!DOCTYPE html>\n<html><body>404 Not Found", "must be a table, is a web page"),
        (b"\n <html>moved</html>", "must be a table, is a web page"),
        (b"a,b\n1\x00,2\n", "must be text, holds zero bytes"),
        (TABLE.encode("utf-16")[:-1], "UTF-16 text is cut short"),
        (TABLE.encode("utf-32")[:-1], "UTF-32 text is cut short"),
        (TABLE.replace("Homs", "Ho\x00ms").encode("utf-16"), "must be text, holds zero bytes"),
        (b",,,\n,,,\n", "the file is empty"),
        (b'""\n""\n', "the file is empty"),
        (b'{"Result": 5}', "must be a list of records"),
        (b'{"Result": [1, 2]}', "must be a list of records"),
        (b'{"Result": null}', "must be a list of records"),
        (b'{"data": []}', "holds no records"),
    ],
)
def test_what_is_no_table_is_one_fault_of_the_file(tmp_path, content, rule):
    (fault,) = faults_of(write(tmp_path / "t.csv", content))
    assert rule in fault.rule
    assert fault.file == "t.csv"
    assert fault.row is None
    assert fault.fix


def test_every_line_in_another_encoding_is_a_fault_with_its_row(tmp_path):
    content = b"name,count\ncaf\xe9,1\nplain,2\nna\xefve,3\n"
    faults = faults_of(write(tmp_path / "t.csv", content))
    assert [(fault.row, fault.value) for fault in faults] == [(2, "café,1"), (4, "naïve,3")]
    assert "UTF-8" in faults[0].fix


def test_every_row_with_too_many_or_too_few_cells_is_a_fault(tmp_path):
    faults = faults_of(write(tmp_path / "t.csv", "a,b\n1,2,3\n1,2\n1\n"))
    assert [(fault.row, fault.rule) for fault in faults] == [
        (2, "must have 2 cells like the header, has 3"),
        (4, "must have 2 cells like the header, has 1"),
    ]


def test_columns_without_a_name_of_their_own_are_faults(tmp_path):
    faults = faults_of(write(tmp_path / "t.csv", "a,,a\n1,2,3\n"))
    assert [fault.rule for fault in faults] == [
        "column 2 must have a name",
        "column names must be unique",
    ]


def test_a_zip_with_several_files_and_broken_workbooks_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("one.csv", TABLE)
        archive.writestr("two.csv", TABLE)
    assert faults_of(tmp_path / "t.zip")[0].value == "one.csv, two.csv"
    assert "XLSX workbook" in faults_of(write(tmp_path / "t.xlsx", TABLE))[0].rule
    assert "Parquet file" in faults_of(write(tmp_path / "t.parquet", TABLE))[0].rule


def locked_zip(**changed):
    """Return a zip archive of a table whose headers say that it is locked or packed otherwise."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("inner.csv", TABLE)
    packed = bytearray(held.getvalue())
    for place, signature in ((6, b"PK\x03\x04"), (8, b"PK\x01\x02")):
        start = packed.index(signature) + place
        packed[start] |= changed.get("flag", 0)
        packed[start + 2] = changed.get("method", packed[start + 2])
    return bytes(packed)


@pytest.mark.parametrize("changed", [{"flag": 1}, {"method": 97}])
def test_an_archive_that_does_not_open_is_one_fault(tmp_path, changed):
    (fault,) = faults_of(write(tmp_path / "t.zip", locked_zip(**changed)))
    assert "must be one that opens without a password" in fault.rule


def test_a_line_that_names_the_separator_is_no_header_and_keeps_its_row(tmp_path):
    cells = read_cells(write(tmp_path / "t.csv", "sep=;\r\nname;count\r\na,b;1\r\n"))
    assert cells.to_dict("list") == {"name": ["a,b"], "count": ["1"]}
    assert cells.index.tolist() == [3]


def test_the_first_column_of_names_is_kept_when_it_does_not_number_the_rows(tmp_path):
    faults = faults_of(write(tmp_path / "t.csv", ",count\nHoms,1\n"))
    assert [fault.rule for fault in faults] == ["column 1 must have a name"]


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"must name a file, got 'nowhere\.csv'"):
        read_cells("nowhere.csv")


words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(words, words), min_size=1, max_size=5))
def test_any_words_written_as_csv_are_read_back_unchanged(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    pd.DataFrame(rows, columns=["first", "second"]).to_csv(path, index=False)
    assert list(read_cells(path).itertuples(index=False, name=None)) == rows
