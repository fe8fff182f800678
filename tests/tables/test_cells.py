"""Is every cell read as its writer meant it, or refused?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.tables.cells import DATE, DAY, NUMBER, PERIOD, WHOLE_NUMBER, YES_NO, convert


def read_one(kind, text):
    values, wrong = kind.read(pd.Series([text], dtype="str"))
    assert len(wrong) == 1
    return "wrong" if wrong[0] else values.iloc[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("12.0", 12),
        ("-1", -1),
        ("\u22121", -1),
        ("١٢٣", 123),
        ("۱۲۳", 123),
        ("\u200f١٢\u200f", 12),
        ("1\u00a0234", 1234),
        ("1\u202f234\u202f567", 1234567),
        ("١٬٢٣٤", 1234),
        ("", pd.NA),
        ("NA", pd.NA),
        ("\u00a0", pd.NA),
        ("1,5", "wrong"),
        ("1,234", "wrong"),
        ("1.5", "wrong"),
        ("12 34", "wrong"),
        ("1e3", "wrong"),
        ("about 10", "wrong"),
        ("ten", "wrong"),
        ("9" * 19, "wrong"),
    ],
)
def test_a_whole_number_is_read_as_meant_or_refused(text, number):
    found = read_one(WHOLE_NUMBER, text)
    assert found is pd.NA if number is pd.NA else found == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5", 0.5), ("٠٫٥", 0.5), (".5", 0.5), ("1e3", 1000.0), ("1\u00a0234.5", 1234.5)]
    + [(text, "wrong") for text in ("0,5", "inf", "1e999", "31 days", "1.2.3")],
)
def test_a_number_is_read_as_meant_or_refused(text, number):
    assert read_one(NUMBER, text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", "2024-02-29"),
        ("٢٠٢٤-٠٢-٢٩", "2024-02-29"),
        ("2013-01-03 00:00:00.000", "2013-01-03"),
        ("2013-01-03T00:00:00", "2013-01-03"),
        ("2023-02-29", "wrong"),
        ("31/02/2020", "wrong"),
        ("01/02/2020", "wrong"),
        ("2020-2-1", "wrong"),
        ("2020", "wrong"),
        ("May 2020", "wrong"),
    ],
)
def test_a_date_is_a_day_of_the_calendar_year_first(text, day):
    found = read_one(DATE, text)
    assert found == "wrong" if day == "wrong" else found == pd.Timestamp(day)


def test_yes_and_no_have_several_spellings_and_nothing_else_is_either():
    assert [read_one(YES_NO, text) for text in ("true", "YES", "1", "False", "no", "0")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert [read_one(YES_NO, text) for text in ("", "maybe")] == ["wrong", "wrong"]


def test_periods_of_the_rarer_shape_are_the_wrong_ones():
    values, wrong = PERIOD.read(pd.Series(["2024-01", "2024-02", "2024", "2024-13"]))
    assert wrong.tolist() == [False, False, True, True]
    assert values.iloc[1] == pd.Period("2024-02", "M")


def test_every_wrong_cell_is_listed_and_emptied():
    cells = pd.DataFrame({"count": ["1", "x", "2.5"], "word": ["a", "", "b"]}, index=[2, 3, 5])
    table, faults = convert(cells, {"count": WHOLE_NUMBER})
    assert [(fault.row, fault.column, fault.value) for fault in faults] == [
        (3, "count", "x"),
        (5, "count", "2.5"),
    ]
    assert table["count"].tolist() == [1, pd.NA, pd.NA]
    assert table["word"].isna().tolist() == [False, True, False]


@given(number=st.integers(-(10**17), 10**17))
def test_any_whole_number_is_read_back_from_its_digits(number):
    arabic = str(number).translate({ord(str(d)): "٠١٢٣٤٥٦٧٨٩"[d] for d in range(10)})
    grouped = f"{number:,}".replace(",", "\u00a0")
    assert [read_one(WHOLE_NUMBER, text) for text in (str(number), arabic, grouped)] == [number] * 3


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_read_back_from_its_text(number):
    assert np.isclose(read_one(NUMBER, repr(number)), number, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-03", "2024-05-03"),
        ("2024-05-03T23:59", "2024-05-03"),
        ("2024-05-03 23", "2024-05-03"),
        ("2024-05-03T00:00:00Z", "2024-05-03"),
        ("2024-05-03T00:00:00+03:00", "2024-05-03"),
        ("2024-05-03T24:00", "wrong"),
        ("2024-05-03T12:60", "wrong"),
        ("2024-05-03T22:30:00Z", "wrong"),
        ("2024-05-03T22:30:00+03:00", "wrong"),
        ("0000-05-03", "wrong"),
        ("2024-02-30", "wrong"),
        ("3 May 2024", "2024-05-03"),
        ("03-May-2024", "2024-05-03"),
        ("May 3, 2024", "2024-05-03"),
        ("31-December-2019", "2019-12-31"),
        ("20240503", "2024-05-03"),
        ("31/12/2019", "2019-12-31"),
        ("12/31/2019", "2019-12-31"),
        ("31.12.2019", "2019-12-31"),
        ("05/03/2024", "wrong"),
        ("31/02/2020", "wrong"),
    ],
)
def test_a_day_of_an_event_is_read_where_its_spelling_leaves_no_doubt(text, day):
    found = read_one(DAY, text)
    assert found == "wrong" if day == "wrong" else found == pd.Timestamp(day)


def test_one_day_beyond_the_twelfth_settles_a_whole_column_and_two_orders_settle_nothing():
    days, wrong = DAY.read(pd.Series(["05/03/2024", "13/03/2024", ""]))
    assert days.dt.strftime("%Y-%m-%d").tolist()[:2] == ["2024-03-05", "2024-03-13"]
    assert not wrong.any()
    _, wrong = DAY.read(pd.Series(["03/13/2024", "13/03/2024"]))
    assert wrong.all()
    _, wrong = DAY.read(pd.Series(["2024-03-01", "05/03/2024"]))
    assert wrong.tolist() == [False, True]
