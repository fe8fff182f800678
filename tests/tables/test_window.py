"""A figure that is typed as it is said is the figure of the same numbers."""

import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.tables.window import as_window

DAYS = st.dates(datetime.date(1990, 1, 1), datetime.date(2040, 12, 31))


@given(st.integers(0, 10**7), DAYS, DAYS, st.sampled_from(["{}", "{:,}"]))
def test_a_sentence_is_read_as_its_numbers(count, one, other, written):
    start, end = sorted((one, other))
    typed = f"{written.format(count)} from {start} to {end}"
    assert as_window(typed) == as_window((count, start, end))


@pytest.mark.parametrize("period", ["2024", "2024-05", "2024-W18", "2024-Q2", "2024-05-03"])
def test_a_whole_period_is_its_days(period):
    assert as_window(f"294 in {period}") == as_window((294, period))


def test_a_length_in_days_needs_no_dates():
    assert as_window("294 in 366 days") == as_window((294, 366))
    assert as_window("1 in 1 day") == as_window((1, 1))
    # In a sentence nobody can take it for a year.
    assert as_window("294 in 2024 days") == as_window((294, pd.Timedelta(days=2024)))


@pytest.mark.parametrize(
    ("typed", "qualifier"),
    [("about 400", "about"), ("At least 400", "at_least"), ("more than 400", "more_than")],
)
def test_how_firmly_it_was_said_is_kept(typed, qualifier):
    row = {"count": 400, "qualifier": qualifier, "window_start": "2024", "window_end": "2024"}
    assert as_window(f"{typed} in 2024") == as_window(row)


@pytest.mark.parametrize("typed", ["10th", "1st", "22nd", "3RD"])
def test_the_nth_since_a_day_is_a_waiting_time(typed):
    window = as_window(f"{typed} from 2025-05-01 to 2025-05-19")
    assert (window.qualifier, window.count, window.days) == ("nth_since", int(typed[:-2]), 19)


@pytest.mark.parametrize("typed", ["30 to 40 in 2024", "30-40 in 2024"])
def test_a_range_has_both_ends(typed):
    window = as_window(typed)
    assert (window.qualifier, window.count_low, window.count_high) == ("range", 30, 40)


@pytest.mark.parametrize(
    "figure",
    [
        "40 to 30 in 2024",
        {"count_low": 40, "count_high": 30, "window_start": "2024", "window_end": "2024"},
        {"count": 50, "count_high": 40, "window_start": "2024", "window_end": "2024"},
    ],
)
def test_bounds_in_the_wrong_order_are_refused_as_in_a_table(figure):
    with pytest.raises(ValueError, match="`first` must have count_low <= count <= count_high, got"):
        as_window(figure, name="first")


@pytest.mark.parametrize(
    "typed", ["", "294", "294 2024", "in 2024", "-3 in 2024", "2.5 in 2024", "x in 2024", "3 in"]
)
def test_what_is_no_figure_is_refused_with_examples(typed):
    with pytest.raises(ValueError, match="`first` must be a figure with its window, got"):
        as_window(typed, name="first")


@pytest.mark.parametrize("typed", ["at least 10th in 2024", "more than 30 to 40 in 2024"])
def test_a_figure_is_said_in_one_way(typed):
    with pytest.raises(ValueError, match="`figure` must be a figure with its window, got"):
        as_window(typed)


@pytest.mark.parametrize("typed", ["1,23 in 2024", "1,2000 in 2024", "30 to 1,23 in 2024"])
def test_a_comma_that_may_stand_before_decimals_is_refused(typed):
    with pytest.raises(ValueError, match="`figure` must be a figure with its window, got"):
        as_window(typed)


@pytest.mark.parametrize("typed", ["about 3 in 5 days", "3rd in 5 days", "3-4 in 5 days"])
def test_an_inexact_figure_needs_dates(typed):
    with pytest.raises(ValueError, match="Name the first and the last day"):
        as_window(typed)


def test_a_date_that_is_none_is_refused_by_the_one_reader_of_days():
    with pytest.raises(ValueError, match="Write the year first"):
        as_window("3 in 30/2/2024")
