"""Is every table that people hold read as it is meant, or refused with an option that reads it?"""

import inspect
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import trends
from trends.tables.counting import count_events
from trends.tables.counts import read_counts
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.files import read_cells
from trends.tables.layouts import counts_in
from trends.tables.series import series
from trends.tables.sources import declared

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")

HERE = Path(__file__).parent / "layouts"

EVENTS = [
    "acled_events.csv",
    "acled_day_month.csv",
    "acled_2019.csv",
    "acled_2016_capitals.csv",
    "acled_monadic.csv",
    "acled_api.json",
    "ucdp_ged.csv",
    "ucdp_candidate_without_header.csv",
    "ucdp_api.json",
    "ucdp_humanitarian_exchange.csv",
    "ucdp_saved_again.csv",
]


@pytest.mark.parametrize("name", EVENTS)
def test_each_way_a_database_is_handed_on_holds_the_same_events(name):
    """Each file tells of the same three invented days."""
    events = read_events(HERE / name)
    assert events["start"].dt.strftime("%Y-%m-%d").tolist() == [
        "2024-01-03",
        "2024-01-17",
        "2024-03-09",
    ]
    assert events["country"].unique().tolist() == ["Ruritania"]
    assert count_events(HERE / name)["count"].tolist() == [2, 0, 1]
    assert counts_in(HERE / name)["count"].tolist() == [2, 0, 1]
    assert trends.validate(HERE / name).ok


def test_codes_that_pandas_saved_with_decimals_are_the_codes():
    events = read_events(HERE / "ucdp_saved_again.csv")
    assert events["date_precision"].tolist()[1:] == ["day", "day"]
    assert events["event_type"].unique().tolist() == ["state-based"]


def test_one_wild_longitude_leaves_gtd_readable_and_is_a_doubt():
    path = HERE / "gtd.csv"
    assert count_events(path)["count"].tolist() == [1, 1, 1]
    assert read_events(path)["longitude"].isna().tolist() == [False, True, False]
    doubts = [doubt for doubt in trends.validate(path).doubts if "coordinates" in doubt.rule]
    assert [(doubt.row, doubt.value) for doubt in doubts] == [(3, "47.5, -86185896")]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_district_week_without_a_row_is_zero_inside_the_span_of_the_file(tmp_path, suffix):
    path = HERE / "acled_weekly.csv"
    if suffix == "xlsx":
        table = pd.read_csv(path)
        table["WEEK"] = pd.to_datetime(table["WEEK"]).dt.strftime("%d-%B-%Y")
        path = tmp_path / "weekly.xlsx"
        table.to_excel(path, index=False)
    counts = read_counts(path)
    assert str(counts["period"].dtype) == "period[W-FRI]"
    assert counts["period"].iloc[0].start_time == pd.Timestamp("2024-01-06")
    by_region = {name: own["count"].tolist() for name, own in counts.groupby("admin1")}
    assert by_region == {"Zenda": [2, 4, 0, 0], "Hentzau": [0, 0, 0, 4]}
    by_kind = read_counts(path, by="sub_event_type")
    assert by_kind.loc[by_kind["sub_event_type"] == "Armed clash", "count"].tolist() == [2, 1, 0, 4]
    assert counts_in(path)["count"].tolist() == [2, 4, 0, 4]


def test_weeks_of_the_aggregate_that_begin_on_another_day_are_refused(tmp_path):
    path = tmp_path / "weekly.csv"
    path.write_text((HERE / "acled_weekly.csv").read_text().replace("2024-01-27", "2024-01-28"))
    with pytest.raises(InvalidTable, match=r"row 5, column period: .* got '2024-01-28 \(Sunday\)'"):
        read_counts(path)


def test_monthly_counts_over_the_sheets_of_a_workbook_are_one_table(tmp_path):
    district = pd.read_csv(HERE / "acled_monthly.csv")
    country = pd.DataFrame(
        {
            "Country": "Graustark",
            "Month": ["January", "March"],
            "Year": ["2020"] * 2,
            "Events": [9, 1],
        }
    )
    licence = pd.DataFrame({"Licensing": ["Invented terms of use"]})
    path = tmp_path / "monthly.xlsx"
    with pd.ExcelWriter(path) as book:
        licence.to_excel(book, sheet_name="TOU", index=False)
        country.to_excel(book, sheet_name="Non_HRP", index=False)
        district.to_excel(book, sheet_name="HRP", index=False)
    counts = read_counts(path)
    assert counts["country"].tolist() == ["Graustark"] * 2 + ["Ruritania"] * 3
    assert counts["count"].tolist() == [9, 1, 5, 0, 7]
    assert counts_in(path)["count"].tolist() == [14, 0, 8]
    assert counts_in(path, ["country"]).query("country == 'Ruritania'")["count"].sum() == 12
    assert read_counts(path, sheet="HRP")["count"].tolist() == [5, 0, 7]
    with pytest.raises(ValueError, match="`sheet` must be one of TOU, Non_HRP, HRP"):
        read_counts(path, sheet="Sheet1")


@pytest.mark.parametrize(
    ("name", "groups", "counts", "freq"),
    [
        ("month_and_number.csv", [], [4, 0, 7], "M"),
        ("day_first.csv", [], [1, 0, 4], "D"),
        ("districts_side_by_side.csv", ["series"], [3, 1, 0, pd.NA, 5, 2], "M"),
        ("long.csv", ["unique_id"], [3, 0, 5, 1], "M"),
        ("saved_by_excel.csv", ["country"], [4, 6], "M"),
        ("acled_monthly.csv", ["country", "admin1", "admin2"], [5, 0, 7], "M"),
    ],
)
def test_tables_of_dates_and_numbers_are_counts(name, groups, counts, freq):
    read = read_counts(HERE / name)
    assert [
        column for column in read if column not in ("period", "count", "exposure", "complete")
    ] == groups
    assert read["count"].tolist() == counts
    assert read["period"].dtype == f"period[{freq}]"
    assert read["complete"].all()
    assert trends.validate(HERE / name).ok
    assert trends.validate(HERE / name).files[0].kind == "counts"


def test_a_column_for_each_district_gives_a_series_for_each():
    zenda = series(read_counts(HERE / "districts_side_by_side.csv"), series="Zenda")
    assert zenda["count"].tolist() == [3, 1]


@pytest.mark.parametrize(
    ("name", "columns", "n"),
    [
        ("crashes.csv", {"date": "YEAR, MONTH, DAY"}, [2, 0, 1]),
        ("collisions.csv", {"date": "date", "event_id": "accident_index"}, [2, 0, 1]),
        ("disasters.csv", {"date": "Start Year, Start Month, Start Day"}, [1, 0, 1]),
        ("machine_coded.tab", {"date": "Event Date", "country": "Country"}, [2, 0, 1]),
        (
            "daily_by_country.csv",
            {"date": "dateRep", "count": "cases", "country": "countriesAndTerritories"},
            [1, 3, 2],
        ),
        (
            "surveillance.csv",
            {"date": "ISO_WEEKSTARTDATE", "count": "INF_ALL", "source": "ORIGIN_SOURCE"},
            [3, 0, 1],
        ),
    ],
)
def test_any_other_table_is_refused_with_a_mapping_and_read_with_it(name, columns, n):
    with pytest.raises(InvalidTable, match="Say what its columns mean: columns="):
        counts_in(HERE / name)
    assert not trends.validate(HERE / name).ok
    assert counts_in(HERE / name, columns=columns)["count"].tolist() == n
    assert trends.validate(HERE / name, columns=columns).ok


@pytest.mark.parametrize(
    "name", ["crashes.csv", "collisions.csv", "disasters.csv", "machine_coded.tab"]
)
def test_the_mapping_that_is_offered_works_as_it_stands(name):
    with pytest.raises(InvalidTable) as caught:
        counts_in(HERE / name)
    offered = re.search(r'--column "date=([^"]+)"', str(caught.value))
    assert counts_in(HERE / name, columns={"date": offered[1]})["count"].sum() == (
        2 if name == "disasters.csv" else 3
    )


def test_an_event_without_a_day_lasts_its_month():
    columns = {"date": "Start Year, Start Month, Start Day", "event_id": "DisNo."}
    events = read_events(HERE / "disasters.csv", columns=columns)
    assert events["date_precision"].tolist() == ["day", "month"]
    assert events["end"].dt.strftime("%Y-%m-%d").tolist() == ["2021-05-03", "2021-07-31"]


def test_a_mapping_to_a_column_that_is_not_there_names_those_that_are():
    for columns in ({"date": "Datum"}, {"date": "Datum", "count": "cases"}):
        with pytest.raises(
            ValueError, match="`columns` must name columns of the table, got 'Datum'"
        ):
            counts_in(HERE / "daily_by_country.csv", columns=columns)


def test_labels_of_the_file_can_be_kept_and_counted_by():
    path = HERE / "acled_events.csv"
    assert (
        read_events(path, keep="sub_event_type")["sub_event_type"].tolist() == ["Armed clash"] * 3
    )
    by_kind = count_events(path, by=["sub_event_type", "country"])
    assert by_kind["sub_event_type"].unique().tolist() == ["Armed clash"]
    monadic = count_events(HERE / "acled_monadic.csv", by="sub_event_type")
    assert monadic["count"].tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match="`keep` must name columns of the file, got 'subtype'"):
        read_events(path, keep="subtype")
    with pytest.raises(ValueError, match="`by` must name columns of the events, got 'subtype'"):
        count_events(path, by="subtype")


def test_a_header_further_down_is_read_when_it_is_named(tmp_path):
    text = "Report of the ministry\n\n" + (HERE / "month_and_number.csv").read_text()
    path = tmp_path / "report.csv"
    path.write_text(text)
    assert read_counts(path, header=3)["count"].tolist() == [4, 0, 7]
    assert trends.validate(path, header=3).ok


ARABIC = "event_id,start,country\na,2024-01-03,العراق\nb,2024-01-04,سوريا والأردن\n"
FRENCH = "event_id,start,country\na,2024-01-03,Côte d'Ivoire\nb,2024-01-04,Junín\n"


@pytest.mark.parametrize(
    ("text", "encoding"), [(ARABIC, "cp1256"), (ARABIC, "iso8859-6"), (FRENCH, "cp1252")]
)
def test_the_encoding_that_makes_it_text_is_named_and_read_at_every_door(tmp_path, text, encoding):
    path = tmp_path / "events.csv"
    path.write_bytes(text.encode(encoding))
    for door in (read_events, count_events, counts_in, read_counts):
        with pytest.raises(InvalidTable, match=f'encoding="{encoding}"'):
            door(path)
    assert not trends.validate(path).ok
    assert read_events(path, encoding=encoding)["country"].tolist()[0] in text
    assert count_events(path, encoding=encoding)["count"].tolist() == [2]
    assert counts_in(path, encoding=encoding)["count"].tolist() == [2]
    assert trends.validate(path, encoding=encoding).ok
    with pytest.raises(ValueError, match="`encoding` must be one that Python knows, got 'arabic2'"):
        read_cells(path, encoding="arabic2")


STATEMENTS = (
    "measure,count,window_start,window_end,counted_by\nattacks,43,2024,2024,مرصد المدينة\n"
    "attacks,50,2024-02,2024-02,مرصد المدينة\n"
)
COVERAGE = "source,country,watched_from,watched_to\nمرصد,العراق,2024-01-01,2024-01-31\n"
DEFINITIONS = (
    "definition,counter,measure,counts_from,counts_to,counts\n"
    "confirmed,مرصد المدينة,attacks,2020-01-01,,confirmed attacks only\n"
)


@pytest.mark.parametrize(
    ("door", "text", "column"),
    [
        (trends.read_statements, STATEMENTS, "counted_by"),
        (trends.read_coverage, COVERAGE, "source"),
        (trends.read_definitions, DEFINITIONS, "counter"),
    ],
)
def test_typed_tables_are_read_in_the_encoding_that_their_fault_names(tmp_path, door, text, column):
    path = tmp_path / "typed.csv"
    path.write_bytes(text.encode("cp1256"))
    with pytest.raises(InvalidTable, match='encoding="cp1256"'):
        door(path)
    assert door(path, encoding="cp1256")[column].iloc[0].startswith("مرصد")


def test_every_function_that_reads_a_table_takes_an_encoding():
    readers = {
        name: inspect.signature(of).parameters
        for name, of in inspect.getmembers(trends, inspect.isfunction)
        if name.startswith("read_") or name in ("validate", "count_events")
    }
    without = {name for name, given in readers.items() if "encoding" not in given}
    # A ledger is written by the package, and subjects are TOML, which is UTF-8 by definition.
    assert without == {"read_ledger", "read_subjects"}


def test_a_sheet_and_a_header_are_named_at_every_door_of_events(tmp_path):
    table = pd.DataFrame(
        {"event_id": ["a", "b"], "start": ["2024-01-03", "2024-02-04"], "country": "Ruritania"}
    )
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        table.iloc[:1].to_excel(book, sheet_name="2023", index=False)
        table.to_excel(book, sheet_name="2024", index=False, startrow=2)
    named = {"sheet": "2024", "header": 3}
    assert len(read_events(path, **named)) == 2
    for door in (count_events, counts_in):
        assert door(path)["count"].tolist() == [1]
        assert door(path, **named)["count"].tolist() == [1, 1]
    assert trends.validate(path, **named).ok
    text = tmp_path / "t.csv"
    text.write_text("A report of 2024,,\n" + table.to_csv(index=False))
    assert count_events(text, header=2)["count"].tolist() == [1, 1]


def test_a_point_before_three_digits_is_not_guessed_in_a_semicolon_file(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("period;count\n2024-01;1.000\n2024-02;12\n")
    with pytest.raises(InvalidTable, match="must be a number that can be read in one way"):
        read_counts(path)
    path.write_text("period,count\n2024-01,1.000\n2024-02,12\n")
    assert read_counts(path)["count"].tolist() == [1, 12]
    events = tmp_path / "events.csv"
    events.write_text(
        "event_id;start;country;latitude;longitude;fatalities_best\n"
        "a;2024-01-03;Ruritania;47.123;9.500;1.204\n"
    )
    for door in (read_events, count_events):
        with pytest.raises(InvalidTable, match="row 2, column fatalities_best"):
            door(events)
    events.write_text(events.read_text().replace("1.204", "1204"))
    assert read_events(events)["latitude"].tolist() == [47.123]


def test_rows_that_describe_single_events_are_never_taken_for_counts(tmp_path):
    shutil.copy(HERE / "crashes.csv", tmp_path / "crashes.csv")
    with pytest.raises(InvalidTable):
        read_counts(tmp_path / "crashes.csv")


def test_what_is_declared_of_layouts_names_its_evidence():
    text = (Path(trends.__file__).parent / "tables" / "layouts.toml").read_text(encoding="utf-8")
    for name in ("acled-weekly", "acled-months", "nixtla"):
        assert set(declared()["counts"][name]["groups"]) <= set(
            declared()["counts"][name]["signature"]
        ) | {"admin1", "admin2"}
        assert re.search(rf"#[^\n]+\n\[counts\.{name}\]", text)
