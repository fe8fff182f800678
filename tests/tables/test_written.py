"""A table of answers holds the same numbers in every form, and commands nothing in any."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.tables.written import shown, table_ending, to_latex, to_markdown, write_table

TABLE = pd.DataFrame(
    {
        "period": pd.period_range("2024-01", periods=3, freq="M"),
        "place": ["Homs | Hama", "=1+1", None],
        "count": pd.array([4, None, 12345], dtype="Int64"),
        "ratio": [0.123456789, np.inf, np.nan],
        "clear": [True, False, True],
    }
)


def test_people_read_four_digits_and_nothing_where_there_is_nothing():
    assert shown(TABLE) == [
        ["period", "place", "count", "ratio", "clear"],
        ["2024-01", "Homs | Hama", "4", "0.1235", "yes"],
        ["2024-02", "=1+1", "", "inf", "no"],
        ["2024-03", "", "12345", "", "yes"],
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (9999.4, "9999"),
        (9999.7, "10000"),
        (10000.4, "10000"),
        (123456.7, "123457"),
        (-23456.7, "-23457"),
    ],
)
def test_large_numbers_are_written_out(number, text):
    assert shown(pd.DataFrame({"x": [number]}))[1] == [text]


def test_markdown_has_a_cell_for_every_bar():
    lines = to_markdown(TABLE).splitlines()
    assert lines[1] == "|:--|:--|--:|--:|:--|"
    assert lines[2] == r"| 2024-01 | Homs \| Hama | 4 | 0.1235 | yes |"


def test_latex_has_a_column_for_each_and_escapes_text():
    lines = to_latex(TABLE.assign(place="R&D_1")).splitlines()
    assert lines[0] == r"\begin{tabular}{llrrl}"
    assert lines[4] == r"2024-01 & R\&D\_1 & 4 & 0.1235 & yes \\"


def test_programs_get_every_digit(tmp_path):
    csv = pd.read_csv(write_table(TABLE, tmp_path / "a.csv"))
    assert csv["ratio"].tolist()[0] == 0.123456789
    assert csv["place"].tolist()[1] == "'=1+1"
    records = json.loads(write_table(TABLE, tmp_path / "a.json").read_text(encoding="utf-8"))
    assert records[0] == {
        "period": "2024-01",
        "place": "Homs | Hama",
        "count": 4,
        "ratio": 0.123456789,
        "clear": True,
    }
    assert records[1]["ratio"] is None
    sheet = pd.read_excel(write_table(TABLE, tmp_path / "a.xlsx"))
    assert sheet["count"].tolist()[2] == 12345
    assert sheet["place"].tolist()[1] == "'=1+1"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_json_gives_every_number_back(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("t") / "a.json"
    written = write_table(pd.DataFrame({"x": numbers}), path).read_text(encoding="utf-8")
    assert [record["x"] for record in json.loads(written)] == numbers


def test_markdown_and_latex_are_written_as_they_are_returned(tmp_path):
    for ending, text in ((".md", to_markdown(TABLE)), (".tex", to_latex(TABLE))):
        assert (
            write_table(TABLE, tmp_path / f"a{ending}").read_text(encoding="utf-8") == f"{text}\n"
        )


def test_another_ending_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"must end in one of \.csv, \.json, \.xlsx, \.md, \.tex"):
        table_ending("answers.docx")
