"""Is every event counted once, in its period and group, and only where somebody watched?"""

import gzip
from itertools import product

import ibis
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trends.tables.counting import count_events
from trends.tables.engines import in_memory
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.pushdown import _plain_id
from trends.tables.schemas import EventCounts
from trends.tables.series import check_series, series
from trends.tables.sources import LAYOUTS
from trends.tables.tallying import _ids_hold, n_unlike

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")


def make_events(*rows):
    """Make events of (start, end, country)."""
    frame = pd.DataFrame(rows, columns=["start", "end", "country"])
    frame.insert(0, "event_id", [f"e{number}" for number in range(len(rows))])
    frame["start"], frame["end"] = pd.to_datetime(frame["start"]), pd.to_datetime(frame["end"])
    return frame.astype({"event_id": "str", "country": "str"})


def make_coverage(*rows, columns=("source", "country", "watched_from", "watched_to")):
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in ("watched_from", "watched_to"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


THREE = make_events(
    ("2024-01-05", None, "Syria"),
    ("2024-01-31", "2024-02-01", "Syria"),
    ("2024-03-02", None, "Iraq"),
)


def test_the_published_monthly_counts_are_reproduced_cell_by_cell(ucdp, reference):
    path = ucdp / "ucdp_ged_21_1_is_syria_iraq.csv"
    published = pd.read_csv(reference / "is_events_monthly_2013_2020.csv")
    published = published.sort_values(["country", "month"])
    for events in (path, read_events(path)):
        counts = count_events(events, by="country", span=("2013-01", "2020-12"))
        assert counts["country"].tolist() == published["country"].tolist()
        assert counts["period"].astype(str).tolist() == published["month"].tolist()
        assert counts["count"].tolist() == published["n_events"].tolist()
        assert counts["complete"].all()
        EventCounts.validate(counts, lazy=True)
    check_series(series(counts, country="Syria"))
    assert counts.attrs["n_events"] == 17_034
    assert counts.attrs["n_counted"] == 14_548
    assert counts.attrs["n_outside_span"] == 17_034 - 14_548


def test_the_published_weekly_counts_are_reproduced_cell_by_cell(ucdp, reference):
    path = ucdp / "ucdp_ged_21_1_is_syria_iraq.csv"
    published = pd.read_csv(reference / "is_events_weekly_2013_2020.csv")
    published = published.sort_values(["country", "week_start"])
    counts = count_events(path, by="country", freq="W", span=("2012-12-31", "2021-01-03"))
    weeks = counts["period"].dt.start_time.dt.strftime("%Y-%m-%d")
    assert weeks.tolist() == published["week_start"].tolist()
    assert counts["count"].tolist() == published["n_events"].tolist()


def test_the_published_types_of_violence_are_reproduced(ucdp, reference):
    path = ucdp / "ucdp_ged_21_1_is_syria_iraq.csv"
    published = pd.read_csv(reference / "is_events_monthly_2013_2020.csv")
    counts = count_events(path, by=["country", "event_type"], span=("2013-01", "2020-12"))
    totals = counts.groupby(["country", "event_type"])["count"].sum()
    expected = published.groupby("country")[["n_state", "n_nonstate", "n_onesided"]].sum()
    for country, row in expected.iterrows():
        assert totals[country, "state-based"] == row["n_state"]
        assert totals[country, "non-state"] == row["n_nonstate"]
        assert totals[country, "one-sided"] == row["n_onesided"]


@pytest.mark.parametrize("freq", ["D", "W", "M", "Q", "Y"])
def test_every_frequency_counts_as_pandas_does(ucdp, freq):
    events = read_events(ucdp / "ucdp_ged_23_1_sample_1000.csv")
    counts = count_events(events, freq=freq, span=("1989", "2022"))
    letter = {"D": "D", "W": "W-SUN", "M": "M", "Q": "Q-DEC", "Y": "Y-DEC"}[freq]
    expected = events["start"].dt.to_period(letter).value_counts()
    found = counts[counts["count"] > 0].set_index("period")["count"]
    assert found.to_dict() == expected.to_dict()
    assert counts["count"].sum() == len(events)


def test_a_watched_month_without_events_is_zero():
    counts = count_events(THREE, span=("2024-01", "2024-04"))
    assert counts["count"].tolist() == [2, 0, 1, 0]
    assert counts["exposure"].tolist() == [31.0, 29.0, 31.0, 30.0]


def test_the_days_of_the_events_are_the_default_span_and_its_ends_are_partial():
    counts = count_events(THREE)
    assert counts["exposure"].tolist() == [27.0, 29.0, 2.0]
    assert counts["complete"].tolist() == [False, True, False]
    assert counts.attrs["span"] == "2024-01-05 to 2024-03-02"


def test_a_group_without_an_event_in_the_span_stays():
    counts = count_events(THREE, by="country", span=("2024-01", "2024-02"))
    assert counts.set_index(["country", "period"])["count"].tolist() == [0, 0, 2, 0]
    assert counts["country"].tolist() == ["Iraq", "Iraq", "Syria", "Syria"]


def test_events_of_no_country_named_form_a_group_of_their_own(tmp_path):
    events = THREE.assign(area=["east", None, "east"]).astype({"area": "str"})
    counts = count_events(events, by="area", span=("2024-01", "2024-03"))
    assert counts["area"].isna().sum() == 3
    assert counts.groupby("area", dropna=False)["count"].sum().tolist() == [2, 1]


def test_days_nobody_watched_are_not_covered_and_their_events_are_told():
    coverage = make_coverage(
        ("A", "Syria", "2024-01-01", "2024-01-10"), ("A", "Syria", "2024-03-01", "2024-03-31")
    )
    counts = count_events(THREE, by="country", span=("2024-01", "2024-03"), coverage=coverage)
    syria = counts[counts["country"] == "Syria"]
    assert syria["count"].tolist() == [1, pd.NA, 0]
    assert syria["exposure"].tolist() == [10.0, 0.0, 31.0]
    assert syria["complete"].tolist() == [False, False, True]
    iraq = counts[counts["country"] == "Iraq"]
    assert iraq["count"].isna().all()
    assert (iraq["exposure"] == 0).all()
    assert counts.attrs["n_counted"] == 1
    assert counts.attrs["n_outside_coverage"] == 2
    EventCounts.validate(counts, lazy=True)


def test_a_watched_group_without_any_event_is_zero():
    coverage = make_coverage(("A", "Jordan", "2024-01-01", "2024-02-29"))
    counts = count_events(THREE, by="country", coverage=coverage)
    jordan = counts[counts["country"] == "Jordan"]
    assert jordan["count"].tolist() == [0, 0]


def test_a_day_watched_by_two_sources_counts_once_unless_counted_by_source():
    coverage = make_coverage(
        ("A", "Syria", "2024-01-01", "2024-01-20"), ("B", "Syria", "2024-01-11", "2024-01-31")
    )
    events = THREE[THREE["country"] == "Syria"].assign(source="A").astype({"source": "str"})
    counts = count_events(events, by="country", coverage=coverage)
    assert counts["exposure"].tolist() == [31.0]
    assert counts["complete"].tolist() == [True]
    counts = count_events(events, by=["source", "country"], coverage=coverage)
    assert counts.loc[counts["source"] == "A", "exposure"].tolist() == [20.0]
    assert counts.loc[counts["source"] == "A", "count"].tolist() == [1]


def test_coverage_without_groups_holds_for_every_group():
    columns = ("source", "watched_from", "watched_to")
    coverage = make_coverage(("A", "2024-01-01", "2024-02-29"), columns=columns)
    counts = count_events(THREE, by="country", span=("2024-01", "2024-03"), coverage=coverage)
    assert counts["exposure"].tolist() == [31.0, 29.0, 0.0] * 2


def test_ambiguous_events_are_counted_by_their_first_day_and_told():
    counts = count_events(THREE, span=("2024-01", "2024-03"))
    assert counts["count"].tolist() == [2, 0, 1]
    assert counts.attrs["n_ambiguous"] == 1
    assert count_events(THREE, freq="Y", span=("2024", "2024")).attrs["n_ambiguous"] == 0


def test_an_inexact_date_without_an_end_is_ambiguous_unless_its_month_is_the_period():
    events = make_events(*[("2024-01-05", None, "Syria")] * 4)
    events["date_precision"] = pd.Series(["day", "week", "month", None], dtype="str")
    assert count_events(events, freq="M").attrs["n_ambiguous"] == 1
    assert count_events(events, freq="D").attrs["n_ambiguous"] == 2


def test_shares_spread_an_event_evenly_over_its_days():
    # Nine events of 30 January to 3 February 2024: two of the five days lie in January.
    events = make_events(*[("2024-01-30", "2024-02-03", "Syria")] * 10)
    counts = count_events(events, span=("2024-01", "2024-02"), allocation="share")
    assert counts["count"].tolist() == [4, 6]
    assert count_events(events, span=("2024-01", "2024-02"))["count"].tolist() == [10, 0]
    inside = count_events(events, span=("2024-01", "2024-01"), allocation="share")
    assert inside.attrs["n_outside_span"] == 6


def test_a_published_end_before_its_start_is_no_interval():
    events = make_events(("2024-02-01", "2024-01-31", "Syria"))
    with pytest.raises(InvalidTable, match="end must not be before start"):
        count_events(events)
    events = events.assign(source="UCDP GED").astype({"source": "str"})
    counts = count_events(events, span=("2024-01", "2024-02"), allocation="share")
    assert counts["count"].tolist() == [0, 1]


dates = st.dates(pd.Timestamp("2023-12-20").date(), pd.Timestamp("2024-03-10").date())
tables = st.lists(
    st.tuples(dates, st.none() | st.integers(0, 40), st.sampled_from(["Syria", "Iraq", "Mali"])),
    min_size=1,
    max_size=25,
).map(
    lambda rows: make_events(
        *[
            (start, None if length is None else start + pd.Timedelta(days=length), country)
            for start, length, country in rows
        ]
    )
)
few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPAN = ("2023-12-25", "2024-02-20")


@few
@given(events=tables, freq=st.sampled_from(["D", "W", "M", "Q", "Y"]))
def test_counts_are_those_of_a_loop_over_events_periods_and_groups(events, freq):
    counts = count_events(events, freq=freq, by="country", span=SPAN)
    days = pd.date_range(*SPAN)
    letter = {"W": "W-SUN", "Q": "Q-DEC", "Y": "Y-DEC"}.get(freq, freq)
    periods = days.to_period(letter)
    expected = []
    for country, period in product(sorted(events["country"].unique()), periods.unique()):
        inside = [
            event
            for event in events.itertuples()
            if event.country == country
            and event.start in days
            and event.start.to_period(letter) == period
        ]
        expected.append((country, period, len(inside), float((periods == period).sum())))
    columns = counts[["country", "period", "count", "exposure"]]
    assert list(columns.itertuples(index=False, name=None)) == expected
    assert counts.attrs["n_counted"] + counts.attrs["n_outside_span"] == len(events)
    EventCounts.validate(counts, lazy=True)


@few
@given(events=tables, seed=st.integers(0, 99), allocation=st.sampled_from(["start", "share"]))
def test_the_order_of_events_does_not_matter_and_none_is_lost(events, seed, allocation):
    counts = count_events(events, by="country", allocation=allocation)
    shuffled = events.sample(frac=1, random_state=seed).reset_index(drop=True)
    again = count_events(shuffled, by="country", allocation=allocation)
    pd.testing.assert_frame_equal(counts, again)
    assert counts["count"].sum() == len(events) == counts.attrs["n_counted"]


@few
@given(events=tables)
def test_grouping_then_summing_equals_not_grouping(events):
    grouped = count_events(events, by="country").groupby("period")["count"].sum()
    whole = count_events(events).set_index("period")["count"]
    assert grouped.to_dict() == whole.to_dict()
    months = count_events(events, freq="M", span=("2023-10", "2024-12"))
    quarters = count_events(events, freq="Q", span=("2023-10", "2024-12"))
    summed = months.groupby(months["period"].dt.asfreq("Q"))["count"].sum()
    assert summed.tolist() == quarters["count"].tolist()


@few
@given(events=tables)
def test_shares_are_within_half_an_event_of_the_exact_running_total(events):
    counts = count_events(events, span=("2023-12", "2024-06"), allocation="share")
    exact = np.zeros(len(counts))
    for event in events.itertuples():
        last = event.start if pd.isna(event.end) else event.end
        days = pd.date_range(event.start, last)
        for day in days:
            exact[counts["period"].tolist().index(day.to_period("M"))] += 1 / len(days)
    gap = counts["count"].cumsum().to_numpy(dtype=float) - exact.cumsum()
    assert np.abs(gap).max() <= 0.5 + 1e-6


@settings(few, max_examples=4)
@given(events=tables)
def test_files_frames_and_engine_tables_give_the_same_counts(tmp_path_factory, events):
    folder = tmp_path_factory.mktemp("events")
    events.to_csv(folder / "events.csv", index=False)
    events.to_parquet(folder / "events.parquet", index=False)
    table = ibis.duckdb.connect().read_parquet(folder / "events.parquet")
    for allocation in ("start", "share"):
        expected = count_events(events, by="country", allocation=allocation)
        for other in (folder / "events.csv", folder / "events.parquet", table):
            found = count_events(other, by="country", allocation=allocation)
            pd.testing.assert_frame_equal(found, expected)
            assert found.attrs["n_ambiguous"] == expected.attrs["n_ambiguous"]


def test_a_text_file_too_large_for_memory_is_streamed_to_the_same_counts(ucdp, monkeypatch):
    path = ucdp / "ucdp_ged_21_1_is_syria_iraq.csv"
    expected = count_events(path, by="admin1", freq="Q")
    monkeypatch.setattr("trends.tables.scanning.IN_MEMORY_BYTES", 0)
    monkeypatch.setattr("trends.tables.tallying.HASHES_AT_ONCE", 1_000)
    # Reading the file cell by cell would give the same counts; it must not come to that.
    monkeypatch.setattr("trends.tables.tallying.read_event_files", None)
    found = count_events(path, by="admin1", freq="Q")
    pd.testing.assert_frame_equal(found, expected)
    assert found.attrs == expected.attrs


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_an_id_that_stands_twice_is_found_in_any_number_of_passes(monkeypatch, at_once):
    monkeypatch.setattr("trends.tables.tallying.HASHES_AT_ONCE", at_once)

    def hold(ids):
        engine = in_memory(pyarrow.table({"event_id": pyarrow.array(ids)}))
        plain = f"{_plain_id(engine, LAYOUTS['trends'])} as plain_id"
        return _ids_hold(engine.view(f"select event_id, {plain} from {engine.source}"), len(ids))

    once = [f"E{which}" for which in range(25)]
    for ids in (once, once[::-1], once[5:] + once[:5], list(range(25)), [9, 7, 8], ["a"]):
        assert hold(ids)
        assert not hold([*ids[:-1], None])
        if isinstance(ids[-1], str):
            assert not hold([*ids[:-1], f"{ids[-1]} "])
    for ids in (
        [*once, "E3", "E24", "E3"],
        [*once, "E24"],
        ["E1", "E1", *once[2:]],
        [3, 2, 1, 1],
        [3, 3, 4],
        ["a", "b", "a"],
        [*once[::-1], "E0"],
    ):
        assert not hold(ids)


@settings(few)
@given(
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=200),
    st.integers(1, 50),
    st.integers(1, 50),
)
def test_numbers_are_told_apart_as_a_set_tells_them(numbers, few_are, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trends.tables.tallying._FIRST_IDS", few_are)
        patch.setattr("trends.tables.tallying._CHUNK", chunk)
        found = n_unlike(np.array(numbers, dtype="uint64"))
    # A zero that shares a place with nothing may be missed: that is looked at again, and fine.
    assert len(set(numbers)) - (0 in numbers) <= found <= len(set(numbers))


def test_what_is_no_number_is_an_empty_cell_though_a_file_tells_nothing_of_it(tmp_path):
    # Of a column Parquet tells the least and greatest number, leaving out what is none.
    nan, path = float("nan"), tmp_path / "events.parquet"
    columns = {
        name: pyarrow.array(THREE[name].tolist()) for name in ("event_id", "start", "country")
    }

    def read(latitude, longitude, deaths):
        numbers = {"latitude": latitude, "longitude": longitude, "fatalities_best": deaths}
        arrays = {name: pyarrow.array(told, "float64") for name, told in numbers.items()}
        pyarrow.parquet.write_table(pyarrow.table({**columns, **arrays}), path)
        return count_events(path, value="fatalities")

    with pytest.raises(InvalidTable) as caught:
        read([1, nan, 2], [1, 5, nan], [1, 2, 3])
    assert [fault.row for fault in caught.value.faults] == [3, 4]
    found = read([1, nan, 2], [1, nan, 2], [1, nan, 3])
    assert found["count"].sum() == 4
    assert found.attrs["n_without_value"] == 1


def test_a_glob_of_files_is_counted_as_one(tmp_path):
    THREE.iloc[:2].to_csv(tmp_path / "a.csv", index=False)
    THREE.iloc[2:].to_csv(tmp_path / "b.csv", index=False)
    counts = count_events(str(tmp_path / "*.csv"), span=("2024-01", "2024-03"))
    assert counts["count"].tolist() == [2, 0, 1]
    assert counts.attrs["file"] == "*.csv"
    assert len(counts.attrs["sha256"]) == 64


def test_a_workbook_is_counted_through_the_reader(tmp_path):
    THREE.to_excel(tmp_path / "events.xlsx", index=False)
    counts = count_events(tmp_path / "events.xlsx", span=("2024-01", "2024-03"))
    assert counts["count"].tolist() == [2, 0, 1]


def test_cells_in_other_scripts_are_counted_as_meant(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("event_id,start,end,country\na,٢٠٢٤-٠١-٠٥,,سوريا\nb,2024-01-06,,\u00a0سوريا\n")
    counts = count_events(path, by="country")
    assert counts["country"].tolist() == ["سوريا"]
    assert counts["count"].tolist() == [2]


HEADER = "event_id,start,end,country,latitude,longitude\n"
GOOD = "a,2024-01-05,,Syria,,\n"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (GOOD + "b,31/02/2020,,Syria,,\n", "row 3, column start: must be a day of the calendar"),
        (
            GOOD + "a,2024-01-06,,Syria,,\n",
            "row 3, column event_id: must be unique, but its rows differ in start, got 'a'",
        ),
        (GOOD + "b,2024-01-05,,,,\n", "row 3, column country: must not be empty"),
        (GOOD + 'b,2024-01-05,,Syria,"34,5",40\n', "row 3, column latitude: must be a number"),
        (GOOD + "b,2024-01-05,,Syria,134.5,40\n", "must be between -90 and 90"),
        (GOOD + "b,2024-01-05,2024-01-04,Syria,,\n", "end must not be before start"),
        (GOOD + "b,2024-01-05\n", "row 3: must have 6 cells like the header, has 2"),
        ("", "has a header but no rows"),
    ],
)
def test_a_bad_file_is_refused_with_row_and_column(tmp_path, rows, words):
    path = tmp_path / "events.csv"
    path.write_text(HEADER + rows)
    with pytest.raises(InvalidTable, match=words):
        count_events(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress((HEADER + GOOD * 500).encode())[:-30], "gzip archive is cut short"),
        (b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "is a web page"),
        (b"", "the file is empty"),
        (HEADER.encode() + b"a,2024-01-05,,S\xfcden,,\n", "row 2: must be UTF-8 text"),
        (b"alpha,beta\n1,2\n", "must have the columns of UCDP GED"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(tmp_path, content, words):
    path = tmp_path / ("events.csv.gz" if content[:2] == b"\x1f\x8b" else "events.csv")
    path.write_bytes(content)
    with pytest.raises(InvalidTable, match=words):
        count_events(path)


def test_faults_in_an_engine_are_listed_by_event():
    events = THREE.assign(latitude=[95.0, 1.0, 2.0], country=["Syria", None, "Iraq"])
    twice = pd.concat([events, events.iloc[:1].assign(country="Iraq")])
    with pytest.raises(InvalidTable) as caught:
        count_events(ibis.memtable(twice))
    told = {(fault.column, fault.value, fault.rule) for fault in caught.value.faults}
    assert ("latitude", "95.0 (event_id e0)", "must be between -90 and 90") in told
    assert ("country", " (event_id e1)", "must not be empty") in told
    assert ("event_id", "e0", "must be unique, but its rows differ in country") in told


def test_many_faults_in_an_engine_are_shown_in_part_and_counted_in_full():
    events = make_events(*[("2024-01-05", None, "Syria")] * 100)
    events = events.assign(latitude=99.0, longitude=1.0)
    with pytest.raises(InvalidTable, match="and 50 more"):
        count_events(ibis.memtable(events))


def test_an_invalid_frame_is_refused_by_the_schema():
    with pytest.raises(
        InvalidTable, match="column start: this column of an event table is missing"
    ):
        count_events(THREE.drop(columns="start"))
    with pytest.raises(InvalidTable, match="must be unique, but its rows differ in start"):
        count_events(THREE.assign(event_id="e0").astype({"event_id": "str"}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"freq": "H"}, "`freq` must be one of D, W, M, Q, Y, got 'H'"),
        ({"by": "region"}, "`by` must name columns of the events, got 'region'"),
        ({"by": ["country", "country"]}, "`by` must name each column once"),
        (
            {"span": ("2024-02", "2024-01")},
            "`span` must end on or after the day it starts",
        ),
        ({"span": "2024"}, "`span` must be two days or periods, got '2024'"),
        ({"allocation": "middle"}, "`allocation` must be 'start' or 'share', got 'middle'"),
        (
            {"coverage": make_coverage(("A", "Syria", "2024-01-01", "2024-01-31"))},
            "`coverage` must have group columns that are counted by, got country",
        ),
    ],
)
def test_a_wrong_option_is_an_error_that_says_what_is_right(options, words):
    with pytest.raises(ValueError, match=words):
        count_events(THREE, **options)


def test_no_events_need_a_span():
    with pytest.raises(ValueError, match="`span` must be given when there are no events"):
        count_events(THREE.iloc[:0])
    counts = count_events(THREE.iloc[:0], span=("2024-01", "2024-02"))
    assert counts["count"].tolist() == [0, 0]


def test_things_that_are_no_events_are_refused():
    with pytest.raises(TypeError, match="`events` must be a DataFrame, a path or an Ibis table"):
        count_events([1, 2])
    with pytest.raises(FileNotFoundError, match="`events` must name a file or match files"):
        count_events("nowhere/*.parquet")
    with pytest.raises(TypeError, match="`events` must have the columns of an event table"):
        count_events(ibis.memtable(pd.DataFrame({"x": [1]})))
    with pytest.raises(TypeError, match="`coverage` must be a coverage table"):
        count_events(THREE, coverage="2024")


def test_times_with_a_zone_are_counted_on_their_local_days_or_refused():
    """At half past ten in the evening in London it is February in Baghdad."""
    times = pd.to_datetime(["2024-01-31T22:30Z", "2024-02-03T06:00Z"])
    events = pd.DataFrame({"event_id": ["a", "b"], "start": times, "country": "Iraq"})
    with pytest.raises(ValueError, match=r"`events` must be midnights of the time zone .*\.dt"):
        count_events(events)
    local = events["start"].dt.tz_convert("Asia/Baghdad").dt.normalize()
    counts = count_events(events.assign(start=local), span=("2024-01", "2024-02"))
    assert counts["count"].tolist() == [0, 2]
