"""Is an event that several rows tell of counted once, and nothing chosen where they disagree?"""

import ibis
import pandas as pd
import pytest

from trends.tables.counting import count_events
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.validation import validate

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")

HEADER = (
    "event_id_cnty,event_date,year,time_precision,event_type,actor1,assoc_actor_1,actor2,country,"
    "latitude,longitude,geo_precision,fatalities,timestamp"
)


def row(name="XXA1", day="2024-01-07", actor="Front", other="", deaths=3, stamp=100):
    return f"{name},{day},2024,1,Battles,{actor},,{other},Examplia,1.2,2.3,1,{deaths},{stamp}"


def write(tmp_path, *rows, name="acled.csv", header=HEADER):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_row_for_each_actor_is_one_event_that_names_two(tmp_path):
    path = write(tmp_path, row(actor="Front"), row(actor="Forces"), row("XXA2", deaths=5))
    events = read_events(path)
    assert events[["event_id", "actor1", "actor2"]].iloc[0].tolist() == ["XXA1", "Front", "Forces"]
    assert events["fatalities_best"].sum() == 8
    assert events.attrs["n_repeated"] == 1
    assert int(count_events(path)["count"].sum()) == 2
    (doubt,) = validate(path).doubts
    assert (doubt.row, doubt.column, doubt.value) == (3, "event_id_cnty", "XXA1")
    assert "another actor" in doubt.rule


def test_of_two_versions_of_an_event_the_one_revised_last_is_counted(tmp_path):
    path = write(tmp_path, row(day="2024-03-02", stamp=200), row(day="2024-01-07", stamp=100))
    counts = count_events(path)
    assert counts["period"].astype(str).tolist() == ["2024-03"]
    assert counts.attrs["n_repeated"] == 1


def test_downloads_that_overlap_count_each_event_once(tmp_path):
    write(tmp_path, row("XXA1"), row("XXA2"), name="y1.csv")
    write(tmp_path, row("XXA2"), row("XXA3"), name="y2.csv")
    counts = count_events(str(tmp_path / "y?.csv"))
    assert int(counts["count"].sum()) == 3
    assert counts.attrs["n_repeated"] == 1


def test_downloads_that_disagree_are_refused_with_file_and_row_of_both(tmp_path):
    write(tmp_path, row("XXA1"), row("XXA2", deaths=1), name="y1.csv")
    write(tmp_path, row("XXA2", deaths=2), name="y2.csv")
    with pytest.raises(InvalidTable) as caught:
        count_events(str(tmp_path / "y?.csv"))
    assert [(fault.file, fault.row, fault.column) for fault in caught.value.faults] == [
        ("y1.csv", 3, "event_id_cnty"),
        ("y2.csv", 2, "event_id_cnty"),
    ]
    assert "rows differ in fatalities" in str(caught.value)


def test_no_remedy_advises_to_invent_an_id(tmp_path):
    path = write(tmp_path, row(deaths=1), row(deaths=2))
    with pytest.raises(InvalidTable, match="Keep the row that holds") as caught:
        read_events(path)
    assert "own value" not in str(caught.value)


def test_ids_cut_by_a_spreadsheet_are_told_from_ids_that_repeat(tmp_path):
    header = "eventid,iyear,imonth,iday,country_txt"
    path = write(tmp_path, *(f"1.97E+11,1970,1,{day},Peru" for day in (2, 3)), header=header)
    with pytest.raises(InvalidTable, match="spreadsheet such as Excel has shortened it") as caught:
        read_events(path)
    assert [fault.row for fault in caught.value.faults] == [2, 3]


def test_an_engine_counts_repeated_rows_once_and_leaves_the_others_where_they_are(tmp_path):
    path = write(tmp_path, row(), row(), row("XXA2", stamp=1), row("XXA2", "2024-05-01", stamp=2))
    frame = pd.read_csv(path)
    more = pd.concat([frame, frame.iloc[[0]].assign(event_id_cnty="XXA9")])
    counts = count_events(ibis.memtable(more), by="country")
    assert counts.set_index(counts["period"].astype(str))["count"].to_dict() == {
        "2024-01": 2,
        "2024-02": 0,
        "2024-03": 0,
        "2024-04": 0,
        "2024-05": 1,
    }
    assert counts.attrs["n_repeated"] == 2
    again = count_events(more, by="country")
    assert again["count"].tolist() == counts["count"].tolist()
