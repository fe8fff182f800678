"""Is each database's event read as the database means it, and nothing invented?"""

import gzip
import json

import pandas as pd
import pytest

from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.schemas import Events
from trends.tables.sources import EVENT_COLUMNS

GTD_HEADER = (
    "eventid,iyear,imonth,iday,extended,country_txt,provstate,city,latitude,longitude,specificity,"
    "gname,attacktype1_txt,nkill"
)
ACLED_HEADER = (
    "event_id_cnty,event_date,time_precision,event_type,actor1,actor2,country,admin1,admin2,"
    "latitude,longitude,geo_precision,fatalities"
)
OWN_HEADER = "event_id,start,end,country,latitude,longitude"


def write(tmp_path, header, *rows, name="events.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def faults_of(path, **options):
    with pytest.raises(InvalidTable) as caught:
        read_events(path, **options)
    return [(fault.row, fault.column, fault.value) for fault in caught.value.faults]


def test_the_full_ucdp_layout_is_read(ucdp):
    events = read_events(ucdp / "ucdp_ged_23_1_sample_1000.csv")
    raw = pd.read_csv(ucdp / "ucdp_ged_23_1_sample_1000.csv")
    assert list(events.columns) == list(EVENT_COLUMNS)
    assert events["event_id"].tolist() == raw["id"].astype(str).tolist()
    assert events["start"].tolist() == pd.to_datetime(raw["date_start"]).tolist()
    assert events["fatalities_best"].tolist() == raw["best"].tolist()
    assert events["admin2"].isna().sum() == raw["adm_2"].isna().sum()
    assert set(events["event_type"]) == {"state-based", "non-state", "one-sided"}
    assert events["source_version"].unique().tolist() == ["23.1"]
    Events.validate(events)


def test_the_tag_row_of_the_humanitarian_export_is_no_event(ucdp):
    events = read_events(ucdp / "ucdp_ged_hdx_iraq_400.csv")
    assert len(events) == 400
    assert events["source"].unique().tolist() == ["UCDP GED"]
    assert events["source_version"].isna().all()


def test_what_the_reduced_table_leaves_blank_stays_missing(ucdp):
    events = read_events(ucdp / "ucdp_ged_21_1_is_syria_iraq.csv")
    assert len(events) == 17_034
    assert events["end"].isna().sum() == 6_019
    assert events["date_precision"].isna().sum() == 6_019
    assert events["source_version"].unique().tolist() == ["21.1"]


def test_the_answers_of_the_ucdp_interface_are_read_like_the_table(ucdp, tmp_path):
    csv = ucdp / "ucdp_ged_23_1_sample_1000.csv"
    raw = pd.read_csv(csv)
    records = json.loads(raw.to_json(orient="records"))
    for record in records:
        record["date_start"] = record["date_start"].replace(" 00:00:00.000", "T00:00:00")
    pages = [
        {"TotalCount": 1000, "TotalPages": 2, "NextPageUrl": "", "Result": records[:600]},
        {"TotalCount": 1000, "TotalPages": 2, "NextPageUrl": "", "Result": records[600:]},
    ]
    path = tmp_path / "ged_23_1.json"
    path.write_text(json.dumps(pages))
    pd.testing.assert_frame_equal(read_events(path), read_events(csv))


def test_acled_rows_dated_to_the_week_or_month_have_no_end(tmp_path):
    path = write(
        tmp_path,
        "\ufeff" + ACLED_HEADER,
        "SYR1,2024-05-03,1,Battles,A,B,Syria,Homs,,34.7,36.7,1,2",
        "SYR2,2024-05-06,2,Riots,A,,Syria,,,,,3,0",
        "SYR3,2024-05-15,3,Riots,A,,Syria,,,,,2,0",
    )
    events = read_events(path)
    assert events["start"].dt.day.tolist() == [3, 6, 15]
    assert events["end"].isna().tolist() == [False, True, True]
    assert events["date_precision"].tolist() == ["day", "week", "month"]
    assert events["location_precision"].tolist() == ["place", "region", "near"]
    assert events["fatalities_best"].tolist() == [2, 0, 0]
    assert events["fatalities_low"].isna().all()
    assert events["source"].unique().tolist() == ["ACLED"]


def test_days_of_older_acled_exports_are_read_and_impossible_ones_refused(tmp_path):
    rest = "1,Battles,A,B,Syria,,,34.7,36.7,1,2"
    path = write(tmp_path, ACLED_HEADER, f"S1,03 May 2019,{rest}", f"S2,29 February 2020,{rest}")
    events = read_events(path)
    assert events["start"].astype(str).tolist() == ["2019-05-03", "2020-02-29"]
    assert events["end"].tolist() == events["start"].tolist()
    wrong = write(tmp_path, ACLED_HEADER, f"S1,29 February 2019,{rest}")
    assert faults_of(wrong) == [(2, "event_date", "29 February 2019")]


def test_a_gtd_event_without_day_or_month_lasts_its_month_or_year(tmp_path):
    rows = [
        "1,2016,5,3,0,Iraq,Baghdad,Baghdad,33.3,44.4,1,ISIL,Bombing/Explosion,2.5",
        "2,2016,2,0,0,Iraq,Nineveh,,,,4,Unknown,Armed Assault,",
        "3,2016,0,0,0,Iraq,,,,,5,Unknown,Armed Assault,",
        "4,2016,5,3,1,Iraq,,,,,5,Unknown,Hostage Taking,",
    ]
    events = read_events(write(tmp_path, GTD_HEADER, *rows))
    assert events["start"].astype(str).tolist() == [
        "2016-05-03",
        "2016-02-01",
        "2016-01-01",
        "2016-05-03",
    ]
    ends = events["end"].dt.strftime("%Y-%m-%d").tolist()
    assert ends[:3] == ["2016-05-03", "2016-02-29", "2016-12-31"]
    assert pd.isna(ends[3])
    assert events["date_precision"].tolist() == ["day", "month", "year", "day"]
    assert events["fatalities_best"].tolist()[0] == 2.5
    assert events["admin2"].isna().all()


def test_a_gtd_workbook_is_read_like_its_text(tmp_path):
    path = write(tmp_path, GTD_HEADER, "1,2016,5,0,0,Iraq,Baghdad,,33.3,44.4,1,ISIL,Bombing,2")
    pd.read_csv(path).to_excel(tmp_path / "events.xlsx", index=False)
    pd.testing.assert_frame_equal(read_events(path), read_events(tmp_path / "events.xlsx"))


def test_an_old_encoding_is_read_when_it_is_named(tmp_path):
    path = tmp_path / "gtd.csv"
    row = "1,2016,5,3,0,Côte d'Ivoire,,,,,5,Unknown,Bombing,1"
    path.write_bytes(f"{GTD_HEADER}\n{row}\n".encode("cp1252"))
    assert read_events(path, encoding="cp1252")["country"].tolist() == ["Côte d'Ivoire"]
    with pytest.raises(InvalidTable, match="row 2: must be UTF-8 text"):
        read_events(path)


def test_the_own_format_comes_back_from_parquet_with_further_columns(tmp_path, ucdp):
    events = read_events(ucdp / "ucdp_ged_hdx_iraq_400.csv").assign(weapon="x")
    events.to_parquet(tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(read_events(tmp_path / "events.parquet"), events)


def test_packed_files_are_read_like_their_content(tmp_path):
    path = write(tmp_path, OWN_HEADER, "a,2024-05-01,,Syria,,")
    packed = tmp_path / "events.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    pd.testing.assert_frame_equal(read_events(packed), read_events(path))


def test_digits_and_spaces_of_other_scripts_are_read_as_meant(tmp_path):
    path = write(tmp_path, OWN_HEADER, "a,٢٠٢٤-٠٥-٠١,,سوريا,٣٤٫٧,٣٦٫٧")
    events = read_events(path)
    assert events["start"].tolist() == [pd.Timestamp("2024-05-01")]
    assert events["latitude"].tolist() == [34.7]


def test_every_bad_cell_is_a_fault_in_the_words_of_the_file(tmp_path):
    path = write(
        tmp_path,
        ACLED_HEADER,
        "SYR1,31/02/2020,1,Battles,A,B,Syria,,,34.7,36.7,1,2",
        'SYR1,2020-02-03,4,Battles,A,B,Syria,,,"34,7",36.7,1,2',
        "SYR2,2020-02-03,1,Battles,A,B,,,,34.7,200,1,-1",
        "SYR3,2020-02-03,1,Battles,A,B,Syria,,,34.7,,1,two",
    )
    assert faults_of(path) == [
        (2, "event_date", "31/02/2020"),
        (2, "event_id_cnty", "SYR1"),
        (3, "event_id_cnty", "SYR1"),
        (3, "latitude", "34,7"),
        (3, "time_precision", "4"),
        (4, "country", ""),
        (4, "fatalities", "-1.0"),
        (5, "fatalities", "two"),
    ]


def test_an_own_event_that_ends_before_it_starts_is_a_fault(tmp_path):
    path = write(tmp_path, OWN_HEADER, "a,2024-05-02,2024-05-01,Syria,,")
    assert faults_of(path) == [(2, "start, end", "2024-05-02, 2024-05-01")]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html>503</html>", "must be a table, is a web page"),
        ((OWN_HEADER + "\n").encode(), "has a header but no rows"),
        (b"alpha,beta\n1,2\n", "must have the columns of UCDP GED, ACLED, GTD"),
        (gzip.compress(b"event_id,start\n" * 999)[:40], "gzip archive is cut short"),
        (b'{"Result": [{"id": 1', "JSON text is cut short or damaged at line 1"),
        (b"[1, 2]", "must be a list of records"),
        (OWN_HEADER.encode() + b"\na,2024-05-01,,S\xfcden,,\n", "must be UTF-8 text"),
    ],
)
def test_a_file_that_holds_no_events_is_refused_with_the_reason(tmp_path, content, rule):
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidTable, match=rule):
        read_events(path)


def test_a_named_database_that_the_file_is_not_from_is_refused(tmp_path):
    path = write(tmp_path, OWN_HEADER, "a,2024-05-01,,Syria,,")
    assert ("event_id_cnty", "") in [fault[1:] for fault in faults_of(path, source="acled")]
    with pytest.raises(ValueError, match="`source` must be one of auto, ucdp-ged, acled, gtd"):
        read_events(path, source="other")
