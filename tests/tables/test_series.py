"""Is a count series what its schema says, and does it keep zero, missing and not covered apart?"""

import time

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.tables.schemas import CountSeries, SchemaErrors
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
        ([1, 2], TypeError, "`start` must be given for counts without dates, got a list alone"),
        ("12", TypeError, "a list with `start`, got str"),
        (7, TypeError, "a list with `start`, got int"),
        (pd.Series([1, 2]), TypeError, "must be indexed by periods or dates, got RangeIndex"),
        (pd.Series([], dtype=int), ValueError, "at least one period, got none"),
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
            "Give freq='W-TUE' if weeks start on that day, or freq='W-WED' if they end on it",
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


SUNDAYS = pd.date_range("2024-01-07", periods=12, freq="7D")


@pytest.mark.parametrize(
    ("freq", "first_day"), [("W-SAT", "2024-01-07"), ("W-SUN", "2024-01-01"), ("W", "2024-01-01")]
)
def test_weeks_that_could_start_or_end_on_a_day_are_refused_and_both_remedies_work(freq, first_day):
    counts = pd.Series(range(12), index=SUNDAYS)
    with pytest.raises(
        ValueError, match=r"freq='W-SAT' if weeks start .* freq='W-SUN' if they end"
    ):
        as_series(counts)
    assert as_series(counts, freq=freq).index[0].start_time == pd.Timestamp(first_day)


def test_a_week_that_its_dates_neither_start_nor_end_is_refused():
    with pytest.raises(ValueError, match="must say which weeks are meant where dates are Sundays"):
        as_series(pd.Series(range(12), index=SUNDAYS), freq="W-WED")


@pytest.mark.parametrize(
    ("dates", "freq", "first", "last"),
    [
        (["2021-07-01", "2022-07-01", "2023-07-01"], "Y-JUN", "2021-07-01", "2022-06-30"),
        (["2021-06-30", "2022-06-30", "2023-06-30"], "Y-JUN", "2020-07-01", "2021-06-30"),
        (["2024-02-01", "2024-05-01", "2024-08-01"], "Q-JAN", "2024-02-01", "2024-04-30"),
        (["2024-02-29", "2024-05-31", "2024-08-31"], "Q-FEB", "2023-12-01", "2024-02-29"),
    ],
)
def test_years_and_quarters_that_begin_elsewhere_are_asked_for_and_kept(dates, freq, first, last):
    counts = pd.Series([1, 2, 3], index=pd.DatetimeIndex(dates))
    with pytest.raises(ValueError, match=f'freq="M" if they are single months, or freq="{freq}"'):
        as_series(counts)
    made = as_series(counts, freq=freq)
    assert made["count"].tolist() == [1, 2, 3]
    assert made.index[0].start_time == pd.Timestamp(first)
    assert made.index[0].end_time.normalize() == pd.Timestamp(last)


def test_fiscal_quarters_are_named_by_the_calendar_that_has_the_same_quarters():
    counts = pd.Series(range(40), index=pd.period_range("1980Q1", periods=40, freq="Q-JUN"))
    made = as_series(counts)
    assert made.index.freqstr == "Q-DEC"
    assert str(made.index[0]) == "1979Q3"
    assert made.index.start_time.equals(counts.index.start_time)


@pytest.mark.parametrize(
    ("index", "steps", "exposure"),
    [
        (pd.period_range("2020-01", periods=24, freq="M")[::6], "6 months", 182.0),
        (pd.date_range("2020-01-01", periods=8, freq="2MS"), "2 months", 60.0),
        (pd.date_range("2020-06-30", periods=8, freq="6ME"), "2 quarters", 183.0),
        (pd.date_range("2024-01-01", periods=8, freq="14D"), "2 weeks", 14.0),
        (pd.date_range("2000-01-01", periods=8, freq="2YS"), "2 years", 731.0),
        (pd.Index([2001, 2003, 2005]), "2 years", 730.0),
        (pd.Index(["2024-01", "2024-03", "2024-05"]), "2 months", 60.0),
    ],
)
def test_counts_of_several_periods_each_are_refused_until_their_days_are_given(
    index, steps, exposure
):
    counts = pd.Series(range(10, 10 + len(index)), index=index)
    with pytest.raises(ValueError, match=f"one count per period, got one every {steps} .*exposure"):
        as_series(counts)
    made = as_series(counts, exposure=exposure)
    assert made["exposure"].sum() == exposure * len(index)
    assert made["count"].sum() == counts.sum()


def test_times_with_a_zone_are_its_days_or_refused():
    local = pd.date_range("2024-01-01", periods=12, freq="MS", tz="Asia/Baghdad")
    utc = pd.Series(range(12), index=local.tz_convert("UTC"))
    with pytest.raises(ValueError, match=r"midnights of the time zone .*\.tz_convert"):
        as_series(utc)
    for counts in (pd.Series(range(12), index=local), utc.tz_convert("Asia/Baghdad")):
        assert as_series(counts).index.astype(str)[0] == "2024-01"


# ------- other shapes of one's own counts


COUNTS = [3, 5, 0, 4]


def frames():
    """The same four months of counts in every shape that is read."""
    dates = pd.date_range("2024-01-01", periods=4, freq="MS")
    frame = pd.DataFrame({"ds": dates, "y": COUNTS})
    long = frame.assign(unique_id="Homs")[["unique_id", "ds", "y"]]
    words = frame["ds"].dt.strftime("%Y-%m")
    german = pd.DataFrame({"Monat": words, "Anschläge": COUNTS})
    return {
        "a Series by text": pd.Series(COUNTS, index=words.tolist()),
        "a Series by category": pd.Series(COUNTS, index=pd.CategoricalIndex(words)),
        "a Series by dates": pd.Series(COUNTS, index=[day.date() for day in dates]),
        "a Series by mixed periods": pd.Series(COUNTS, index=list(dates.to_period("M"))),
        "a mapping": dict(zip(words, COUNTS, strict=True)),
        "a frame of dates and counts": german,
        "a frame of categories": german.astype({"Monat": "category", "Anschläge": "Int64"}),
        "a frame of strings": german.astype({"Monat": "string", "Anschläge": "int64[pyarrow]"}),
        "a frame by period": frame.set_index(dates.to_period("M"))[["y"]],
        "a long frame": long,
        "a polars frame": polars.from_pandas(long),
        "a PyArrow table": pyarrow.Table.from_pandas(long),
        "an event-count table": frame.rename(columns={"ds": "period", "y": "count"}).assign(
            period=dates.to_period("M"), exposure=[31.0, 29.0, 31.0, 30.0], complete=True
        ),
        "a count series": monthly(COUNTS),
        "rows in another order": german.iloc[[2, 0, 3, 1]],
        "a repeated index": german.set_axis([0, 0, 1, 1]),
    }


@pytest.mark.parametrize("shape", list(frames()))
def test_every_shape_gives_the_same_series(shape):
    pd.testing.assert_frame_equal(as_series(frames()[shape]), monthly(COUNTS), check_flags=False)


@pytest.mark.parametrize("values", [COUNTS, np.array(COUNTS), polars.Series(COUNTS)])
@pytest.mark.parametrize("start", ["2024-01", pd.Period("2024-01"), 2024])
def test_bare_counts_follow_one_another_from_their_start(values, start):
    made = as_series(values, start=start, freq="M")
    assert made.index.equals(monthly(COUNTS).index)
    assert made["count"].tolist() == COUNTS


def test_the_label_of_the_one_group_of_a_frame_is_kept():
    assert as_series(frames()["a polars frame"]).attrs["labels"] == {"unique_id": "Homs"}


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (
            pd.DataFrame({"ds": ["2024-01"] * 2, "y": [1, 2], "place": ["Homs", "Hama"]}),
            ValueError,
            r"one group, got several values of place \(Homs, Hama\).*counts\['place'\] == 'Homs'",
        ),
        (
            pd.DataFrame({"month": ["2024-01"], "killed": [1], "attacks": [2]}),
            ValueError,
            r"one column of whole numbers, got killed, attacks .*columns=\{'count': ...\}",
        ),
        (
            pd.DataFrame({"month": ["January"], "attacks": [2]}),
            ValueError,
            "one column of dates or periods, got none of month, attacks",
        ),
        (polars.LazyFrame({"ds": ["2024-01"], "y": [1]}), TypeError, r"with \.collect\(\)"),
    ],
)
def test_a_frame_that_could_be_read_in_several_ways_is_refused(frame, error, words):
    with pytest.raises(error, match=words):
        as_series(frame)


def test_columns_are_named_where_several_could_be_meant():
    frame = pd.DataFrame(
        {"from": ["2024-01", "2024-02"], "to": ["2024-01", "2024-02"], "a": [1, 2], "b": [3, 4]}
    )
    made = as_series(frame[["from", "a", "b"]], columns={"count": "b"})
    assert made["count"].tolist() == [3, 4]
    with pytest.raises(ValueError, match=r"`columns` must say which column .* got count='c'"):
        as_series(frame, columns={"count": "c"})


def test_dates_of_another_shape_in_a_column_are_refused_with_their_remedy():
    with pytest.raises(ValueError, match="Write 2025-05-01 for 1 May 2025 or 2025-01-05"):
        as_series(pd.Series([1], index=["01/05/2025"]))


# ------- tallies


def daily_tally():
    """Days with events only, of 182 watched days with 1.2 events each on average."""
    days = pd.date_range("2024-01-01", periods=182)
    full = pd.Series(np.random.default_rng(5).poisson(1.2, 182), index=days)
    return full, pd.Series(days.repeat(full)).value_counts()


def test_a_tally_of_days_with_events_says_so_until_it_is_filled():
    full, tally = daily_tally()
    assert as_series(tally).attrs["caveats"] == ["zeros_left_out"]
    filled = as_series(tally, fill=0)
    assert filled.attrs["caveats"] == []
    pd.testing.assert_series_equal(
        filled["count"].astype(int),
        full[: filled.index[-1].start_time].to_period("D"),
        check_names=False,
        check_freq=False,
    )
    assert (filled["exposure"] == 1).all()


@pytest.mark.parametrize(
    ("counts", "freq", "expected"),
    [
        ({"2024-01": 3, "2024-03": 2, "2024-04": 1}, "M", ["zeros_left_out"]),
        ({"2024-01": 3, "2024-03": 0, "2024-04": 1}, "M", []),
        ({"2024-01": 3, "2024-02": 2, "2024-03": 1}, "M", []),
        ({"2021": 3, "2023": 2, "2024": 1}, "Y", []),
    ],
)
def test_only_gaps_without_any_zero_look_like_a_tally(counts, freq, expected):
    assert as_series(counts).attrs["caveats"] == expected


def test_an_empty_count_is_no_gap():
    assert as_series({"2024-01": 3, "2024-02": None, "2024-03": 2}).attrs["caveats"] == []


def test_only_zero_fills():
    with pytest.raises(ValueError, match="`fill` must be 0 or left out, got 1"):
        as_series({"2024-01": 3, "2024-03": 2}, fill=1)


# ------- exposure that is not days


def test_a_unit_needs_an_exposure_and_can_be_read():
    with pytest.raises(
        ValueError, match="`exposure` must be given in the unit of `unit`, got none"
    ):
        monthly(COUNTS, unit="100 operations")
    for odd in ("", "100", "0 people", "| people"):
        with pytest.raises(ValueError, match="`unit` must be a whole number above 0 and what is"):
            monthly(COUNTS, exposure=5.0, unit=odd)
    made = monthly(COUNTS, exposure=5.0, unit="100 operations")
    assert made.attrs["unit"] == "100 operations"


def test_periods_between_are_filled_only_where_their_exposure_is_known():
    counts = pd.Series([3, 2, 4], index=["2024-01", "2024-02", "2024-04"])
    filled = as_series(counts, exposure=200.0, unit="100 operations", fill=0)
    assert filled["exposure"].tolist() == [200.0] * 4
    with pytest.raises(ValueError, match="`fill` must be left out where exposure differs"):
        as_series(counts, exposure=np.array([1.0, 2.0, 3.0]), unit="operation", fill=0)


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
        ({"country": None}, "`country` must be one of Syria, Iraq, got None"),
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
    taken = []
    for _ in range(20):
        begun = time.process_time()
        check_series(long)
        taken.append(time.process_time() - begun)
    # The quickest: what else the machine does slows single ones.
    assert min(taken) < 0.002
