"""Does an event-count table come back from its file as it was written?"""

import pandas as pd
import pytest

import trends
from trends.tables.counts import read_counts, write_counts
from trends.tables.faults import InvalidTable
from trends.tables.series import as_series, series

HEADER = "country,period,count,exposure,complete\n"


def read(tmp_path, text):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return read_counts(path)


def test_zero_missing_and_not_covered_are_read_as_three_states(tmp_path):
    counts = read(
        tmp_path,
        HEADER + "Syria,2024-01,0,31,true\nSyria,2024-02,,29,true\nSyria,2024-03,,0,false\n",
    )
    assert counts["count"].tolist() == [0, pd.NA, pd.NA]
    assert counts["exposure"].tolist() == [31.0, 29.0, 0.0]
    assert counts["period"].dtype == pd.PeriodDtype("M")


@pytest.mark.parametrize(
    "freq", ["D", "W-SUN", "W-SAT", "W-FRI", "M", "Q-DEC", "Q-JAN", "Q-FEB", "Y-DEC", "Y-JUN"]
)
def test_what_is_written_is_read_back(tmp_path, freq):
    periods = pd.period_range("2024-01-01", periods=3, freq=freq)
    counts = pd.DataFrame(
        {
            "country": "سوريا",
            "period": periods,
            "count": pd.array([3, None, 0], dtype="Int64"),
            "exposure": [1.0, 0.0, 1.0],
            "complete": [freq == "D", False, freq == "D"],
        }
    )
    write_counts(counts, tmp_path / "counts.csv")
    again = read_counts(tmp_path / "counts.csv")
    pd.testing.assert_frame_equal(again, counts, check_dtype=False)
    assert again["period"].dtype == counts["period"].dtype
    assert [path.name for path in tmp_path.iterdir()] == ["counts.csv"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    class Unwritable:
        def __str__(self):
            raise RuntimeError("cannot be written")

    (tmp_path / "counts.csv").write_text("old")
    months = pd.period_range("2024-01", periods=2, freq="M")
    counts = pd.DataFrame(
        {"group": ["a", Unwritable()], "period": months, "count": 1, "exposure": 29.0}
    )
    with pytest.raises(RuntimeError, match="cannot be written"):
        write_counts(counts.assign(complete=True), tmp_path / "counts.csv")
    assert (tmp_path / "counts.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["counts.csv"]


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ("Syria,2024-01,-1,31,true", "count", "must be 0 or more"),
        ("Syria,2024-01,1,,true", "exposure", "must not be empty"),
        ("Syria,2024-01,1,0,false", "count, exposure", "must have no count where exposure is 0"),
        ("Syria,2024-01,1,32,false", "period, exposure", "at most the days of the period"),
        ("Syria,2024-01,1,3,true", "period, exposure, complete", "complete only where every day"),
        ("Syria,2024-02,9,29,true", "period", "must have one row per group and period"),
        ("Syria,2024-W02,9,7,true", "period", "must be one of YYYY-MM-DD, YYYY-Www"),
    ],
)
def test_a_row_that_breaks_a_rule_is_a_fault_with_its_place(tmp_path, row, column, rule):
    good = "Syria,2024-02,2,29,true\nSyria,2024-03,2,31,true\n"
    with pytest.raises(InvalidTable) as caught:
        read(tmp_path, HEADER + good + row + "\n")
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.column) == ("counts.csv", 4, column)
    assert rule in fault.rule


def test_all_faults_of_a_file_are_listed_at_once(tmp_path):
    rows = "Syria,2024-01,x,31,true\nSyria,2024-02,-1,29,perhaps\n"
    with pytest.raises(InvalidTable, match="3 faults found") as caught:
        read(tmp_path, HEADER + rows)
    assert [fault.row for fault in caught.value.faults] == [2, 3, 3]


def test_a_file_without_rows_or_without_a_column_is_refused(tmp_path):
    with pytest.raises(InvalidTable, match="has a header but no rows"):
        read(tmp_path, HEADER)
    with pytest.raises(InvalidTable, match="column count: this column is missing"):
        read(tmp_path, "period,exposure,complete\n2024-01,31,true\n")


def test_exposure_and_completeness_follow_from_the_calendar(tmp_path):
    counts = read(tmp_path, "period,count\n2024-01,3\n2024-02,\n2024-04,5\n")
    assert counts["exposure"].tolist() == [31.0, 29.0, 30.0]
    assert counts["complete"].tolist() == [True, True, True]
    assert series(counts)["count"].tolist() == [3, pd.NA, pd.NA, 5]


def test_completeness_follows_from_exposure(tmp_path):
    counts = read(tmp_path, "period,count,exposure\n2024-01,3,31\n2024-02,1,12\n2024-03,,0\n")
    assert counts["complete"].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("rows", "days"),
    [
        ("2024-01-01,3\n2024-02-01,1\n2024-04-01,5\n", [31.0, 29.0, 30.0]),
        ("2024-01-08,3\n2024-01-15,1\n2024-01-22,5\n", [7.0, 7.0, 7.0]),
        ("2024-01-08,3\n2024-01-09,1\n2024-01-10,5\n", [1.0, 1.0, 1.0]),
        ("٢٠٢٤-٠١-٠١,3\n٢٠٢٤-٠٢-٠١,1\n", [31.0, 29.0]),
    ],
)
def test_dates_without_an_exposure_are_the_periods_they_start(tmp_path, rows, days):
    assert read(tmp_path, "period,count\n" + rows)["exposure"].tolist() == days


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ("2024-01,3\n2024-07,1\n2025-01,5\n", "one count per period, got one every 6 months"),
        ("2024-01-06,3\n2024-01-13,1\n2024-01-20,5\n", "which weeks are meant where dates are Sat"),
        ("2024-01-02,3\n2024-02-17,1\n2024-05-09,5\n", "evenly spaced dates, got 2024-01-02"),
    ],
)
def test_periods_that_could_be_longer_than_written_are_a_fault_without_exposure(
    tmp_path, rows, rule
):
    with pytest.raises(InvalidTable, match=rule) as caught:
        read(tmp_path, "period,count\n" + rows)
    (fault,) = caught.value.faults
    assert fault.column == "period"
    assert "by their ends (2024-01-07/2024-01-13" in fault.fix


def test_the_remedy_for_weeks_that_begin_elsewhere_works(tmp_path):
    counts = read(tmp_path, "period,count\n2024-01-06/2024-01-12,3\n2024-01-13/2024-01-19,1\n")
    assert counts["exposure"].tolist() == [7.0, 7.0]
    assert counts["period"].dtype == pd.PeriodDtype("W-FRI")


def test_two_groups_may_alternate_in_a_file(tmp_path):
    rows = "Iraq,2024-01,3\nSyria,2024-02,1\nIraq,2024-02,3\nSyria,2024-01,1\n"
    assert len(read(tmp_path, "country,period,count\n" + rows)) == 4


def test_a_count_series_is_written_with_its_labels_unit_and_caveats(tmp_path):
    counts = pd.Series([3, 2, 4], index=["2024-01", "2024-02", "2024-04"], name="Syria")
    made = as_series(counts, exposure=250_000.0, unit="100,000 people | 100,000 نسمة")
    write_counts(made, tmp_path / "counts.csv")
    table = read_counts(tmp_path / "counts.csv")
    again = series(table, series="Syria")
    pd.testing.assert_frame_equal(again, made)
    assert {**again.attrs, "source": {}} == made.attrs


def test_one_group_has_one_unit(tmp_path):
    rows = "2024-01,3,50,100 people\n2024-02,3,50,100 houses\n"
    counts = read(tmp_path, "period,count,exposure,exposure_unit\n" + rows)
    with pytest.raises(ValueError, match="`exposure_unit` must be the same in all rows of a group"):
        series(counts)


def test_what_was_assumed_is_said(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("period,count\n2024-01,3\n2024-02,1\n", encoding="utf-8")
    assert read_counts(path).attrs["assumed"] == ["exposure", "complete"]
    assert "exposure: not given; every day of each period" in trends.validate([path]).to_text()
    path.write_text("period,count,exposure\n2024-01,3,31\n2024-02,1,٢٩\n", encoding="utf-8")
    assert read_counts(path)["complete"].tolist() == [True, True]
    assert "not given" not in trends.validate([path]).to_text()


def test_only_dates_and_whole_numbers_are_asked_for(tmp_path):
    assert read(tmp_path, "when,attacks\n2024-01,3\n")["count"].tolist() == [3]
    with pytest.raises(InvalidTable, match="a column of dates and one of whole numbers"):
        read(tmp_path, "when,attacks\nlately,3\n")
