import pandas as pd

from trends.report.table import Table


def lines(frame):
    return Table(frame)._repr_markdown_().splitlines()


def test_the_index_is_not_printed():
    printed = lines(pd.DataFrame({"Name": ["a", "b"]}, index=[17, 18]))
    assert not any("17" in line for line in printed)


def test_numbers_stand_to_the_right_and_words_to_the_left():
    rule = lines(pd.DataFrame({"Word": ["a"], "Number": ["\N{MINUS SIGN}1,234.5%"]}))[1]
    left, right = rule.strip("|").split("|")
    assert left.startswith(":")
    assert right.endswith(":")


def test_a_bar_or_a_line_break_in_a_cell_cannot_break_the_table():
    assert lines(pd.DataFrame({"Name": ["a|b\nc"]}))[2] == r"| a\|b c |"


def test_long_cells_are_not_cut_off():
    text = "word " * 100
    assert text.strip() in lines(pd.DataFrame({"Name": [text.strip()]}))[2]


def test_what_is_missing_is_an_empty_cell():
    assert lines(pd.DataFrame({"Name": ["a", None], "Count": [1, pd.NA]}))[3] == "|  |  |"
