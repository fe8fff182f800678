"""Is a count series what its schema says, and does it keep zero, missing and not covered apart?"""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from trends.tables.schemas import CountSeries
from trends.tables.series import as_series, check_series, series


def monthly(values, start="2024-01", **options):
    months = pd.period_range(start, periods=len(values), freq="M")
    return as_series(pd.Series(values, index=months), **options)


def event_counts():
    months = pd.period_range("2024-01", periods=3, freq="M")
    rows = [
        {"country": country, "area": area, "period": month, "count": number, "exposure": 29.0}
        for country, area, number in (("Syria", "desert", 4), ("Syria", "east", 2), ("Iraq", "", 1))
        for month in months
    ]
    counts = pd.DataFrame(rows).astype({"count": "Int64"})
    counts["complete"] = True
    counts.attrs = {"file": "counts.csv", "sha256": "ab12"}
    return counts


def test_a_month_of_a_series_is_watched_for_its_days():
    assert monthly([1, 2, 3])["exposure"].tolist() == [31.0, 29.0, 31.0]


def test_a_gap_in_the_index_is_not_covered_rather_than_zero():
    months = pd.PeriodIndex(["2024-05", "2024-01"], freq="M")
    made = as_series(pd.Series([7, 3], index=months))
    assert made["count"].tolist() == [3, pd.NA, pd.NA, pd.NA, 7]
    assert made["exposure"].tolist() == [31.0, 0.0, 0.0, 0.0, 31.0]


def test_an_empty_count_is_missing_and_stays_watched():
    made = monthly([1.0, np.nan, 3.0])
    assert made["count"].isna().tolist() == [False, True, False]
    assert (made["exposure"] > 0).all()


@pytest.mark.parametrize(
    ("dates", "freq"),
    [
        (["2024-01-01", "2024-02-01", "2024-04-01"], "M"),
        (["2024-01-31", "2024-02-29", "2024-04-30"], "M"),
        (["2024-01-01", "2024-04-01", "2024-10-01"], "Q-DEC"),
        (["2021-01-01", "2022-01-01", "2024-01-01"], "Y-DEC"),
        (["2024-01-01", "2024-01-08", "2024-01-22"], "W-SUN"),
        (["2024-01-07", "2024-01-14", "2024-01-28"], "W-SUN"),
        (["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-07"], "D"),
    ],
)
def test_dates_are_read_as_the_periods_they_start_or_end(dates, freq):
    made = as_series(pd.Series(range(len(dates)), index=pd.DatetimeIndex(dates)))
    assert made.index.freqstr == freq
    assert made["count"].dropna().tolist() == list(range(len(dates)))


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ([1, -1], ValueError, "whole numbers of 0 or more, got -1 at 2024-02"),
        ([1, 1.5], ValueError, "whole numbers of 0 or more, got 1.5"),
        ([1, np.inf], ValueError, "got inf at 2024-02"),
        (["1", "2"], TypeError, "must be whole numbers, got values of type"),
        ([True, False], TypeError, "must be whole numbers, got values of type bool"),
    ],
)
def test_values_that_are_no_counts_are_refused(values, error, words):
    with pytest.raises(error, match=words):
        monthly(values)


@pytest.mark.parametrize(
    ("counts", "error", "words"),
    [
        ([1, 2], TypeError, "must be a pandas Series indexed by periods, got list"),
        (pd.Series([1, 2]), TypeError, "must be indexed by periods or dates, got RangeIndex"),
        (pd.Series([], dtype=int), ValueError, "at least one period, got an empty Series"),
        (
            pd.Series([1, 2], index=pd.PeriodIndex(["2024-01"] * 2, freq="M")),
            ValueError,
            "each period once, got 2024-01 twice",
        ),
        (
            pd.Series(
                [1, 2, 3], index=pd.DatetimeIndex(["2024-01-03", "2024-02-17", "2024-05-09"])
            ),
            ValueError,
            "evenly spaced dates, got 2024-01-03, 2024-02-17",
        ),
        (
            pd.Series([1, 2], index=pd.DatetimeIndex(["2024-01-03", "2024-01-10"])),
            ValueError,
            "start on Monday or end on Sunday, got Wednesdays",
        ),
        (
            pd.Series([1, 2], index=pd.DatetimeIndex(["2024-01-01", None])),
            ValueError,
            "a date in every row, got NaT",
        ),
        (
            pd.Series([1, 2], index=pd.period_range("2024-01", periods=2, freq="2M")),
            ValueError,
            "days, weeks, months, quarters or years, got '2M'",
        ),
    ],
)
def test_an_index_that_is_no_row_of_periods_is_refused(counts, error, words):
    with pytest.raises(error, match=words):
        as_series(counts)


def test_exposure_is_one_number_or_one_per_period():
    assert monthly([1, 2], exposure=30.0)["exposure"].tolist() == [30.0, 30.0]
    assert monthly([1, 2], exposure=np.array([3.0, 4.0]))["exposure"].tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match=r"one number, or one per period \(2\), got shape \(3,\)"):
        monthly([1, 2], exposure=np.ones(3))
    with pytest.raises(ValueError, match="must have the index of `counts`, got another index"):
        monthly([1, 2], exposure=pd.Series([1.0, 2.0]))


def test_a_count_where_nobody_watched_is_refused():
    with pytest.raises(ValueError, match=r"no count where exposure is 0 .* got 2 in 2024-02"):
        monthly([1, 2], exposure=np.array([31.0, 0.0]))


def test_a_series_of_a_table_is_one_group_with_its_labels_and_source():
    made = series(event_counts(), country="Syria", area="east")
    assert made["count"].tolist() == [2, 2, 2]
    assert made.attrs["labels"] == {"country": "Syria", "area": "east"}
    assert made.attrs["source"] == {"file": "counts.csv", "sha256": "ab12"}


def test_a_label_may_be_left_out_when_the_others_single_out_a_group():
    assert series(event_counts(), country="Iraq").attrs["labels"] == {"country": "Iraq", "area": ""}


def test_periods_a_table_leaves_out_are_not_covered():
    counts = event_counts().query("country == 'Iraq'").drop(index=7)
    assert series(counts)["exposure"].tolist() == [29.0, 0.0, 29.0]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"country": "Syria"}, r"several values of area \(desert, east\)"),
        ({"country": "Peru"}, "`country` must be one of Syria, Iraq, got 'Peru'"),
        ({"region": "x"}, r"group columns of the table \(country, area\), got 'region'"),
        ({"country": "Iraq", "area": "east"}, "No row of the table carries these labels together"),
    ],
)
def test_labels_that_do_not_single_out_a_group_are_refused(labels, words):
    with pytest.raises(ValueError, match=words):
        series(event_counts(), **labels)


def test_a_series_needs_an_event_count_table():
    with pytest.raises(TypeError, match=r"must be an event-count table .* got list"):
        series([1])
    with pytest.raises(TypeError, match="Add exposure"):
        series(event_counts().drop(columns="exposure"))
    with pytest.raises(TypeError, match="pandas periods in its column period, got str"):
        series(event_counts().assign(period="2024-01"))


def broken_series():
    good = monthly(list(range(12)))
    negative, uncovered, infinite = good.copy(), good.copy(), good.copy()
    negative.iloc[3, 0] = -1
    uncovered.iloc[4, 1] = 0.0
    infinite.iloc[4, 1] = np.nan
    return {
        "a gap": good.drop(index=good.index[4]),
        "unsorted": good.iloc[::-1],
        "twice": pd.concat([good, good]),
        "a negative count": negative,
        "a count where nobody watched": uncovered,
        "no exposure": infinite,
        "another index": good.reset_index(drop=True),
        "another name": good.rename_axis("month"),
        "floats": good.astype({"count": float}),
        "a missing column": good.drop(columns="exposure"),
    }


@pytest.mark.parametrize("what", list(broken_series()))
def test_check_series_and_the_schema_refuse_the_same_series(what):
    broken = broken_series()[what]
    with pytest.raises((TypeError, ValueError), match="`series` must"):
        check_series(broken)
    with pytest.raises(SchemaErrors):
        CountSeries.validate(broken, lazy=True)


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.none() | st.integers(-1, 3), min_size=1, max_size=12),
    exposures=st.lists(st.sampled_from([-1.0, 0.0, 1.0, 30.0]), min_size=12, max_size=12),
)
def test_check_series_and_the_schema_agree_on_any_series(counts, exposures):
    months = pd.period_range("2024-01", periods=len(counts), freq="M", name="period")
    made = pd.DataFrame(
        {"count": pd.array(counts, dtype="Int64"), "exposure": exposures[: len(counts)]},
        index=months,
    )
    try:
        check_series(made, minimum=0)
        accepted = True
    except ValueError:
        accepted = False
    try:
        CountSeries.validate(made, lazy=True)
        valid = True
    except SchemaErrors:
        valid = False
    assert accepted == valid


def test_too_few_observed_periods_are_refused():
    check_series(monthly(list(range(8))))
    with pytest.raises(ValueError, match="at least 8 periods with a count, got 7"):
        check_series(monthly([*range(7), np.nan]))


def test_a_pandas_series_is_sent_to_as_series():
    with pytest.raises(TypeError, match=r"got Series. Make one with `as_series\(counts\)`"):
        check_series(pd.Series([1, 2]))


def test_checking_a_long_series_costs_less_than_two_milliseconds():
    long = monthly(list(range(600)), start="1970-01")
    check_series(long)
    started = time.perf_counter()
    for _ in range(20):
        check_series(long)
    assert (time.perf_counter() - started) / 20 < 0.002
