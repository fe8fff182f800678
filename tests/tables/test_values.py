"""Are deaths added up right whichever door they come through, and never taken for counts?"""

import inspect

import ibis
import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

import trends

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")


@pytest.fixture(scope="module")
def rows(reference):
    return pd.read_csv(reference / "ucdp_ged_21_1_is_syria_iraq.csv.gz")


def test_deaths_of_a_year_are_the_sum_over_its_events_through_every_door(rows, reference, tmp_path):
    expected = rows.groupby(["country", rows["date_start"].str[:4]])["best"].sum()
    path = reference / "ucdp_ged_21_1_is_syria_iraq.csv.gz"
    rows.to_parquet(tmp_path / "events.parquet")
    doors = {
        "file": path,
        "Parquet": tmp_path / "events.parquet",
        "read": trends.read_events(path),
        "frame": rows,
        "engine": ibis.memtable(rows),
    }
    for door, events in doors.items():
        counted = trends.count_events(events, by="country", freq="Y", value="fatalities")
        found = counted.set_index(["country", counted["period"].astype("str")])["count"]
        assert found[found > 0].to_dict() == expected.to_dict(), door
        assert counted.attrs["n_events"] == len(rows)
        assert counted.attrs["n_without_value"] == 0


def test_events_that_do_not_tell_their_deaths_add_nothing_and_are_told():
    days = pd.to_datetime(["2024-01-05", "2024-01-09", "2024-02-02"])
    events = pd.DataFrame(
        {"event_id": list("abc"), "start": days, "country": "Iraq",
         "fatalities_best": [3, np.nan, 5]}
    )  # fmt: skip
    counted = trends.count_events(events, span=("2024-01", "2024-02"), value="fatalities")
    assert counted["count"].tolist() == [3, 5]
    assert counted.attrs["n_without_value"] == 1
    assert counted.attrs["n_events"] == counted.attrs["n_counted"] == 3


def test_shares_of_an_event_carry_their_share_of_its_deaths():
    events = pd.DataFrame(
        {
            "event_id": ["a"],
            "start": pd.to_datetime(["2024-01-31"]),
            "end": pd.to_datetime(["2024-02-03"]),
            "country": "Iraq",
            "fatalities_best": [8],
        }
    )
    counted = trends.count_events(
        events, span=("2024-01", "2024-02"), value="fatalities", allocation="share"
    )
    assert counted["count"].tolist() == [2, 6]


def test_rows_that_need_the_reader_are_added_up_with_the_others(rows):
    """An odd row (a date with a time) is fetched from the engine and read."""
    odd = rows.head(200).copy()
    odd["date_start"] = odd["date_start"].astype(object)
    odd.loc[3, "date_start"] += " 12:00:00"
    table = ibis.memtable(odd.astype({"date_start": "str"}))
    plain = trends.count_events(rows.head(200), freq="Y", value="fatalities")
    assert trends.count_events(table, freq="Y", value="fatalities")["count"].tolist() == (
        plain["count"].tolist()
    )


def test_a_table_without_deaths_cannot_add_them_up():
    events = pd.DataFrame({"event_id": ["a"], "start": pd.to_datetime(["2024-01-31"])})
    events["country"] = "Iraq"
    with pytest.raises(ValueError, match="`value` must be told by the events, got no column fata"):
        trends.count_events(events, value="fatalities")
    with pytest.raises(ValueError, match="`value` must be one of fatalities, got 'wounded'"):
        trends.count_events(events, value="wounded")


@pytest.fixture
def totals(rows):
    return trends.count_events(rows, by="country", value="fatalities")


def test_totals_of_deaths_keep_saying_so_in_a_file(totals, tmp_path):
    trends.write_counts(totals, tmp_path / "deaths.csv")
    again = trends.read_counts(tmp_path / "deaths.csv")
    assert set(again["count_unit"]) == {"fatalities"}
    with pytest.raises(ValueError, match="got totals of fatalities"):
        trends.series(again, country="Iraq")


REFUSING = {
    "series": lambda t: trends.series(t, country="Iraq"),
    "as_series": lambda t: trends.as_series(t[t["country"] == "Iraq"]),
    "as_series of a column": lambda t: trends.as_series(
        t[t["country"] == "Iraq"].set_index("period")["count"]
    ),
    "analyse_panel": lambda t: trends.analyse_panel(t, "trend", by="country", n_jobs=1),
    "rank_groups": lambda t: trends.rank_groups(
        t, by="country", first=(2014, 2014), second=(2013, 2013), n_jobs=1
    ),
    "estimate_share": lambda t: trends.estimate_share(t, of="Iraq", by="country"),
    "detect_alarms": lambda t: trends.detect_alarms(t, by="country", rng=1),
    "reporting_delay": lambda t: trends.reporting_delay(t.assign(as_of=pd.Timestamp("2024-01-01"))),
}


@pytest.mark.parametrize("question", list(REFUSING))
def test_no_question_about_counts_takes_totals_of_deaths(question, totals):
    with pytest.raises(ValueError, match="must be numbers of events, got totals of fatalities"):
        REFUSING[question](totals)


@pytest.mark.parametrize("library", [pyarrow.table, polars.DataFrame, pd.DataFrame])
def test_totals_are_refused_whichever_library_holds_them(library):
    held = {"period": ["2024-01", "2024-02"], "count": [5, 3], "count_unit": ["fatalities"] * 2}
    with pytest.raises(ValueError, match="must be numbers of events, got totals of fatalities"):
        trends.as_series(library(held))


def test_every_question_that_takes_a_table_of_counts_is_among_those():
    functions = dict(inspect.getmembers(trends, inspect.isfunction))
    taking = {
        name
        for name, of in functions.items()
        if next(iter(inspect.signature(of).parameters)) == "counts"
    }
    assert taking - set(REFUSING) == {"write_counts"}


def test_a_file_that_was_validated_is_counted_alike_without_its_checks(rows, tmp_path):
    """All rows are whole, so that the same table comes out, ambiguity aside."""
    path = tmp_path / "events.parquet"
    trends.read_events(_csv(rows, tmp_path)).to_parquet(path)
    checked = trends.count_events(path, by=["country", "event_type"])
    unchecked = trends.count_events(path, by=["country", "event_type"], check=False)
    pd.testing.assert_frame_equal(checked, unchecked)
    told = {key: value for key, value in checked.attrs.items() if key != "n_ambiguous"}
    assert unchecked.attrs == told
    deaths = trends.count_events(path, value="fatalities", check=False)
    assert deaths["count"].sum() == rows["best"].sum()


def test_unchecked_rows_are_counted_as_they_stand_but_not_without_a_day(tmp_path):
    days = pd.to_datetime(["2024-01-05", "2024-01-05", "2024-02-02"])
    events = pd.DataFrame({"event_id": ["a", "a", "b"], "start": days, "country": "Iraq"})
    events["event_type"] = ["x", "y", "x"]
    with pytest.raises(trends.tables.faults.InvalidTable, match="must be unique"):
        trends.count_events(events)
    assert trends.count_events(events, check=False)["count"].tolist() == [2, 1]
    events.loc[0, "start"] = pd.NaT
    with pytest.raises(trends.tables.faults.InvalidTable):
        trends.count_events(events, check=False)


def _csv(rows, folder):
    rows.to_csv(folder / "events.csv", index=False)
    return folder / "events.csv"
