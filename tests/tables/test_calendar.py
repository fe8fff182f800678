"""Is period arithmetic that of the calendar?"""

import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.tables.calendar import (
    FREQUENCIES,
    check_frequency,
    days_in_periods,
    days_in_year,
    format_period,
    frequency_letter,
    parse_periods,
    periods_between,
    read_periods,
)

days = st.dates(datetime.date(1970, 1, 1), datetime.date(2100, 12, 31))
frequencies = st.sampled_from(list(FREQUENCIES))


@given(day=days, freq=frequencies)
def test_a_period_is_read_back_from_what_is_written(day, freq):
    period = pd.Period(day, FREQUENCIES[freq])
    read = parse_periods(pd.Series([format_period(period)]))
    assert read[0] == period
    assert frequency_letter(read) == freq


@settings(max_examples=50)
@given(start=days, length=st.integers(0, 800), freq=frequencies)
def test_the_periods_of_a_window_hold_each_of_its_days_once(start, length, freq):
    first = pd.Timestamp(start)
    last = first + pd.Timedelta(days=length)
    periods = periods_between(first, last, freq)
    of_days = pd.date_range(first, last).to_period(FREQUENCIES[freq])
    assert list(of_days.unique()) == list(periods)


@settings(max_examples=50)
@given(day=days, freq=frequencies)
def test_the_days_of_a_period_are_those_that_fall_into_it(day, freq):
    period = pd.Period(day, FREQUENCIES[freq])
    around = pd.date_range(pd.Timestamp(day) - pd.Timedelta(days=370), periods=741)
    inside = (around.to_period(FREQUENCIES[freq]) == period).sum()
    assert days_in_periods(pd.PeriodIndex([period])).tolist() == [inside]


def test_a_week_is_written_with_the_year_it_belongs_to():
    assert format_period(pd.Period("2021-01-01", "W-SUN")) == "2020-W53"
    assert format_period(pd.Period("2024-12-30", "W-SUN")) == "2025-W01"


def test_a_year_without_a_53rd_week_has_none():
    _, wrong = read_periods(pd.Series(["2020-W53", "2021-W53", "2021-W00"]))
    assert wrong.tolist() == [False, True, True]


def test_leap_years_have_a_day_more():
    assert [days_in_year(year) for year in (1900, 2000, 2023, 2024)] == [365, 366, 365, 366]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["2024-01", "2024"], "2024"),
        (["May 2024"], "May 2024"),
        (["2024-13"], "2024-13"),
        (["2024-02-30"], "2024-02-30"),
        (["2024-Q5"], "2024-Q5"),
        (["2024-01", None], "nan"),
    ],
)
def test_what_is_no_period_of_one_shape_is_refused(texts, shown):
    with pytest.raises(ValueError, match=f"`period` must be one of .*, got '?{shown}"):
        parse_periods(pd.Series(texts, dtype="str"))


def test_an_unknown_frequency_is_refused():
    with pytest.raises(ValueError, match="`freq` must be one of D, W, M, Q, Y, got 'H'"):
        check_frequency("H")
