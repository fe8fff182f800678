"""Does a typed day, period, window or span mean one thing everywhere, and never a guess?"""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trends
from trends.cli import app
from trends.tables.calendar import FREQUENCIES, format_period, read_periods
from trends.tables.typed import first_day, last_day, local_days, named_period, read_period

days = st.dates(datetime.date(1970, 1, 1), datetime.date(2100, 12, 31))
frequencies = st.sampled_from([*FREQUENCIES.values(), "W-SAT", "W-FRI", "Y-JUN", "Q-JAN"])

#: What a day, a month, a quarter, a week and a year look like, with their first and last day.
WRITTEN = [
    ("2024-02-29", "2024-02-29", "2024-02-29"),
    ("2024-02-29 00:00:00", "2024-02-29", "2024-02-29"),
    ("2024-02", "2024-02-01", "2024-02-29"),
    ("2024-Q1", "2024-01-01", "2024-03-31"),
    ("2024-W07", "2024-02-12", "2024-02-18"),
    ("2024-02-04/2024-02-10", "2024-02-04", "2024-02-10"),
    ("2023-07/2024-06", "2023-07-01", "2024-06-30"),
    ("2024", "2024-01-01", "2024-12-31"),
    (2024, "2024-01-01", "2024-12-31"),
    (datetime.date(2024, 2, 29), "2024-02-29", "2024-02-29"),
    (datetime.datetime(2024, 2, 29, 13, 5), "2024-02-29", "2024-02-29"),
    (np.datetime64("2024-02-29"), "2024-02-29", "2024-02-29"),
    (pd.Timestamp("2024-02-29"), "2024-02-29", "2024-02-29"),
    (pd.Period("2024-02", "M"), "2024-02-01", "2024-02-29"),
    (pd.Period("2024Q1", "Q-JUN"), "2023-07-01", "2023-09-30"),
]

#: What is refused, and the remedy that is named.
REFUSED = [
    ("01/05/2025", "Write 2025-05-01 for 1 May 2025 or 2025-01-05 for 5 January 2025"),
    ("31.05.2025", "Write 2025-05-31 for 31 May 2025"),
    ("31/31/2025", "Write the year first"),
    ("May 2024", "Write the year first"),
    ("Jan-2019", "Write the year first"),
    ("24-05-01", "Write the year first"),
    ("2024-5-1", "Write the year first"),
    ("2024-01-31 22:30", "Write the year first"),
    ("", "Write the year first"),
    ("2024-02-30", "days that the calendar has, got '2024-02-30'"),
    ("2021-W53", "days that the calendar has, got '2021-W53'"),
    ("2024-13", "days that the calendar has, got '2024-13'"),
]


@pytest.mark.parametrize(("written", "first", "last"), WRITTEN)
def test_what_is_written_is_read_whole(written, first, last):
    assert first_day(written, "day") == pd.Timestamp(first)
    assert last_day(written, "day") == pd.Timestamp(last)


@given(day=days, freq=frequencies)
def test_a_period_is_read_back_from_what_tables_write(day, freq):
    period = pd.Period(day, freq)
    assert read_period(format_period(period), "period") == period


@given(year=st.integers(1890, 2110), month=st.integers(0, 13), day=st.integers(0, 32) | st.none())
def test_a_day_or_month_by_itself_is_read_as_in_a_column(year, month, day):
    word = f"{year}-{month:02}" + ("" if day is None else f"-{day:02}")
    periods, wrong = read_periods(pd.Series([word]))
    if wrong[0]:
        with pytest.raises(ValueError, match=r"must name days that the calendar has|must be a day"):
            read_period(word, "span")
    else:
        read = read_period(word, "span")
        assert (read, read.freqstr) == (periods[0], periods[0].freqstr)


@pytest.mark.parametrize(("written", "first", "last"), WRITTEN)
def test_python_and_a_mapping_and_a_span_read_the_same_days(written, first, last):
    length = (pd.Timestamp(last) - pd.Timestamp(first)).days + 1
    typed = trends.figure_rate((5, written, written)).window
    row = {"count": 5, "window_start": written, "window_end": written}
    mapped = trends.figure_rate(row).window
    events = pd.DataFrame(
        {"event_id": ["a"], "start": [pd.Timestamp("2024-02-29")], "country": "x"}
    )
    counts = trends.count_events(events, freq="D", span=(written, written))
    assert typed.days == mapped.days == len(counts) == length
    assert typed.start == mapped.start == pd.Timestamp(first)


@pytest.mark.parametrize(("written", "remedy"), REFUSED)
def test_what_could_be_read_two_ways_or_not_at_all_is_refused_everywhere(written, remedy, tmp_path):
    months = pd.period_range("2024-01", periods=24, freq="M")
    counts = trends.as_series(pd.Series(range(24), index=months))
    events = pd.DataFrame(
        {"event_id": ["a"], "start": [pd.Timestamp("2024-02-29")], "country": "x"}
    )
    doors = {
        "figure": lambda: trends.figure_rate((3, "2024-01-01", written)),
        "first": lambda: trends.compare_rates((3, written, "2025-12-31"), (4, 30)),
        "span": lambda: trends.count_events(events, span=(written, "2026-01")),
        "candidates": lambda: trends.detect_changepoints(counts, candidates=[written]),
        "jumps": lambda: trends.fit_joinpoints(counts, jumps=[written]),
        "date": lambda: trends.compare_reporting(counts, counts, date=written),
    }
    for name, door in doors.items():
        with pytest.raises(ValueError, match=f"`{name}` must ") as refusal:
            door()
        assert remedy in str(refusal.value)


def test_the_command_line_reads_a_span_as_python_does(tmp_path):
    from typer.testing import CliRunner

    pd.DataFrame({"event_id": ["a"], "start": ["2014-06-01"], "country": "x"}).to_csv(
        tmp_path / "events.csv", index=False
    )
    words = ["count", str(tmp_path / "events.csv"), "--out", str(tmp_path / "counts.csv"), "--span"]
    refused = CliRunner().invoke(app, [*words, "01/05/2014", "31/07/2014"])
    assert "Write 2014-05-01 for 1 May 2014" in str(refused.exception)
    assert CliRunner().invoke(app, [*words, "2014-05", "2014-Q3"]).exit_code == 0
    assert len(trends.read_counts(tmp_path / "counts.csv")) == 5


@pytest.mark.parametrize(
    ("figure", "length"),
    [
        ((300, "2024-01", "2024-02"), 60),
        ((294, "2024"), 366),
        ((294, pd.Period("2024-02", "M")), 29),
        ((5, 366), 366),
        ((5, 24.5), 24.5),
        ((5, pd.Timedelta(days=2024)), 2024),
        ((5, datetime.timedelta(hours=36)), 1.5),
        ((5, 2101), 2101),
    ],
)
def test_a_length_is_a_number_and_a_window_is_a_period_or_two_ends(figure, length):
    assert trends.figure_rate(figure).window.days == length


@pytest.mark.parametrize("year", [1900, 2024, np.int64(2100), 2024.0])
def test_a_number_that_could_be_a_year_is_refused_as_a_length(year):
    with pytest.raises(
        ValueError, match=r"whether 2?.* is a year or a number of days. Write \"\d{4}\""
    ):
        trends.figure_rate((294, year))


def test_a_window_that_ends_before_it_starts_is_refused():
    with pytest.raises(
        ValueError, match="on or after the day it starts, got 2024-02-01 to 2024-01-31"
    ):
        trends.figure_rate((3, "2024-02", "2024-01"))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, ValueError),
        (pd.NaT, ValueError),
        (3.5, TypeError),
        (True, TypeError),
        (12, ValueError),
    ],
)
def test_what_is_no_day_is_refused(value, error):
    with pytest.raises(error, match="`date` must be a day or a whole period"):
        first_day(value, "date")


def test_a_named_day_stands_for_the_period_of_a_series_that_holds_it():
    quarters = pd.period_range("2021Q1", periods=4, freq="Q")
    assert named_period("2021-09-15", quarters, "candidates") == pd.Period("2021Q3")
    assert named_period("2021", quarters, "candidates") == pd.Period("2021Q1")


def test_local_midnights_keep_their_day_and_other_times_are_refused_with_a_remedy_that_works():
    local = pd.date_range("2024-01-01", periods=12, freq="MS", tz="Asia/Baghdad")
    assert local_days(local, "counts").equals(pd.date_range("2024-01-01", periods=12, freq="MS"))
    with pytest.raises(ValueError, match=r"must be midnights .* got 2023-12-31 21:00:00\+00:00"):
        local_days(local.tz_convert("UTC"), "counts")
    back = local.tz_convert("UTC").tz_convert("Asia/Baghdad")
    assert local_days(back, "counts").equals(local.tz_localize(None))
    evening = (local + pd.Timedelta(hours=20)).tz_convert("UTC")
    within = evening.tz_convert("Asia/Baghdad").normalize()
    assert local_days(within, "counts").equals(local.tz_localize(None))


def test_a_day_that_begins_at_one_o_clock_is_a_day():
    begins = pd.DatetimeIndex(["2024-03-31 01:00"]).tz_localize("Asia/Beirut")
    assert local_days(begins, "counts")[0] == pd.Timestamp("2024-03-31")
