"""Does validation list every fault with row, column, value and what to do?"""

import json
from pathlib import Path

import pandas as pd
import pytest

from trends.tables.schemas import Statements
from trends.tables.validation import validate

DATA = Path(__file__).resolve().parents[2] / "data"
COLUMNS = list(Statements.to_schema().columns)
LATER = {
    "unit", "quantity", "per", "places", "scope", "scope_basis", "subset", "counter", "relayed_by",
    "definition", "rival_of", "forecast_of",
}  # fmt: skip
ROW = {
    "statement_id": "a",
    "measure": "attacks",
    "count": "10",
    "qualifier": "exact",
    "window_start": "2024-01-01",
    "window_end": "2024-01-31",
    "window_basis": "stated",
    "country": "Syria",
    "counted_by": "Monitor",
    "source_kind": "monitor",
    "role": "primary",
    "reading": "direct",
}


def faults_of(tmp_path, *rows, columns=COLUMNS):
    path = tmp_path / "statements.csv"
    pd.DataFrame([ROW | row for row in rows]).reindex(columns=columns).to_csv(path, index=False)
    return validate(path).faults


def test_the_published_tables_have_no_fault():
    report = validate([DATA / "statements.csv", DATA / "definitions.csv"])
    assert report.ok
    assert report.faults == ()
    assert [file.kind for file in report.files] == ["statements", "definitions"]
    assert dict(report.files[0].summary)["figures"] == "662"


def test_a_table_without_the_columns_that_came_later_is_read_as_well(tmp_path):
    first = [name for name in COLUMNS if name not in LATER]
    assert faults_of(tmp_path, {}, {"statement_id": "b", "count": "3"}, columns=first) == ()


def test_a_wrong_column_is_told_what_it_should_be(tmp_path):
    columns = ["window_ends" if name == "window_end" else name for name in COLUMNS]
    faults = faults_of(tmp_path, {}, columns=columns)
    assert [(fault.column, fault.fix) for fault in faults] == [
        ("window_end", "Add the column; leave its cells empty where nothing is known."),
        ("window_ends", "Rename it to window_end, or give it another name."),
    ]


@pytest.mark.parametrize(
    ("row", "column", "value", "rule"),
    [
        ({"count": "-1"}, "count", "-1", "must be 0 or more"),
        (
            {"window_end": "2023-12-31"},
            "window_start, window_end",
            "2024-01-01, 2023-12-31",
            "window_end must not be before window_start",
        ),
        ({"window_end": "31/02/2020"}, "window_end", "31/02/2020", "must be a day of the calendar"),
        ({"count": "1,5"}, "count", "1,5", "must be a whole number"),
        ({"count": ""}, "count_low, count, count_high", "empty, empty, empty", "hold a figure"),
        (
            {"count_low": "11", "qualifier": "range"},
            "count_low, count, count_high",
            "11, 10, empty",
            "<= count <=",
        ),
        (
            {"count_low": "5", "qualifier": "at_least"},
            "count_low, count, count_high, qualifier",
            "5, 10, empty, at_least",
            "bounds must be given for a range",
        ),
        (
            {"qualifier": "range"},
            "count_low, count, count_high, qualifier",
            "empty, 10, empty, range",
            "bounds must be given for a range",
        ),
        ({"quantity": "rate"}, "quantity, per", "rate, empty", "per must be given exactly"),
        ({"per": "month"}, "quantity, per", "count, month", "per must be given exactly"),
        (
            {"count": "0", "qualifier": "nth_since"},
            "count, qualifier",
            "0, nth_since",
            "at least 1",
        ),
        ({"definition": "mine"}, "definition", "mine", "id of a definition in definitions.csv"),
        ({"qualifier": "exactly"}, "qualifier", "exactly", "must be one of exact, about"),
        ({"measure": "Bad measure"}, "measure", "Bad measure", "lower-case words"),
        ({"counted_by": ""}, "counted_by", "", "must not be empty"),
        ({"part_of": "b", "part_kind": "area"}, "part_of", "b", "name another statement"),
        ({"part_of": "a", "part_kind": "area"}, "part_of", "a", "name another statement"),
        ({"part_kind": "area"}, "part_of, part_kind", "empty, area", "given exactly when"),
        (
            {"window_end": ""},
            "window_start, window_end, window_basis",
            "2024-01-01, empty, stated",
            "unknown exactly when",
        ),
        ({"published_on": "2222-01-01"}, "published_on", "2222-01-01", "not be in the future"),
    ],
)
def test_each_broken_rule_is_one_fault_with_row_column_and_value(
    tmp_path, row, column, value, rule
):
    (fault,) = faults_of(tmp_path, row)
    assert (fault.row, fault.column, fault.value) == (2, column, value)
    assert rule in fault.rule
    assert fault.fix


def part(**more):
    return {"statement_id": "p", "part_of": "a", "part_kind": "area", **more}


def test_a_part_larger_than_its_whole_is_a_fault(tmp_path):
    (fault,) = faults_of(tmp_path, {}, part(count="11"))
    assert (fault.row, fault.value) == (3, "p 11 > a 10")
    assert fault.rule == "a part must not be larger than its whole"


@pytest.mark.parametrize(
    "row",
    [
        part(count="10"),
        part(count="11", qualifier="about"),
        part(count="11", measure="arrests"),
        part(count="10", qualifier="at_least"),
    ],
)
def test_a_part_that_may_fit_into_its_whole_is_no_fault(tmp_path, row):
    assert faults_of(tmp_path, {}, row) == ()


def test_more_than_ten_is_larger_than_ten_and_any_part_fits_into_at_least_ten(tmp_path):
    assert len(faults_of(tmp_path, {}, part(count="10", qualifier="more_than"))) == 1
    assert faults_of(tmp_path, {"qualifier": "at_least"}, part(count="11")) == ()


def test_two_parts_that_add_up_to_more_than_their_whole_are_no_fault_of_the_table(tmp_path):
    assert faults_of(tmp_path, {}, part(count="8"), part(statement_id="q", count="7")) == ()


def test_a_part_outside_the_window_of_its_whole_is_a_fault(tmp_path):
    (fault,) = faults_of(tmp_path, {}, part(count="1", window_end="2024-02-01"))
    assert fault.value == "2024-01-01 to 2024-02-01 of 2024-01-01 to 2024-01-31"


def test_a_row_entered_twice_under_two_names_is_a_fault(tmp_path):
    (fault,) = faults_of(tmp_path, {}, {"statement_id": "b"})
    assert fault.rule == "must not repeat a row, is a once more"


def test_wholes_that_are_parts_of_their_parts_are_faults(tmp_path):
    circle = [{"statement_id": s, "part_of": w, "part_kind": "area"} for s, w in ("ab", "bc", "ca")]
    faults = faults_of(tmp_path, *circle)
    assert [fault.rule for fault in faults] == ["a whole must not be a part of its own parts"] * 3


def test_every_fault_of_every_file_is_listed_at_once(tmp_path):
    second = {"statement_id": "b", "window_start": "?", "count": "ten"}
    faults_of(tmp_path, {"count": "-1"}, second)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "latin.csv").write_bytes(b"statement_id,note\na,caf\xe9\n")
    (tmp_path / "page.csv").write_text("<!doctype html><title>Error</title>")
    (tmp_path / "other.csv").write_text("alpha,beta\n1,2\n")
    names = ["statements.csv", "empty.csv", "latin.csv", "page.csv", "other.csv"]
    report = validate([tmp_path / name for name in names])
    assert not report.ok
    assert [len(file.faults) for file in report.files] == [3, 1, 1, 1, 1]
    text = report.to_text()
    assert "row 3, column window_start: must be a day of the calendar" in text
    assert "row 2: must be UTF-8 text" in text
    assert "the file is empty" in text
    assert "row 1: must have the columns of a table of this package, got 'alpha, beta'" in text
    assert all(fault.fix for fault in report.faults)


def test_a_count_table_is_summarised_by_its_three_states(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(
        "country,period,count,exposure,complete\nSyria,2024-01,0,31,true\n"
        "Syria,2024-02,,29,true\nSyria,2024-03,,0,false\nSyria,2024-04,3,10,false\n"
    )
    report = validate(path)
    summary = dict(report.files[0].summary)
    assert report.files[0].kind == "counts"
    assert summary["zero (watched, nothing happened)"] == "1"
    assert summary["missing (watched, count not known)"] == "1"
    assert summary["not covered (not watched)"] == "1"
    assert summary["partial (watched on some days only)"] == "1"
    assert summary["periods"] == "2024-01 to 2024-04"


def test_parts_that_add_up_to_more_than_their_whole_are_a_doubt(tmp_path):
    faults_of(tmp_path, {}, part(count="8"), part(statement_id="q", count="7"))
    report = validate(tmp_path / "statements.csv")
    assert report.ok
    (doubt,) = report.doubts
    assert (doubt.row, doubt.value) == (2, "10 < 8 + 7")
    assert "doubt, row 2, column count: the parts by area add up to more" in report.to_text()
    assert "<h3>Doubts</h3>" in report.to_html()


@pytest.mark.parametrize(
    "second",
    [
        part(statement_id="q", count="2"),
        part(statement_id="q", count="7", part_kind="subset"),
        part(statement_id="q", count="7", part_kind="country"),
        part(statement_id="q", count="7", role="requoted"),
    ],
)
def test_parts_that_may_overlap_or_fit_are_no_doubt(tmp_path, second):
    faults_of(tmp_path, {}, part(count="8"), second)
    assert validate(tmp_path / "statements.csv").doubts == ()


def test_parts_by_period_are_added_only_where_their_windows_do_not_overlap(tmp_path):
    first = part(count="8", part_kind="period", window_end="2024-01-15")
    second = part(statement_id="q", count="7", part_kind="period", window_start="2024-01-16")
    faults_of(tmp_path, {}, first, second)
    assert len(validate(tmp_path / "statements.csv").doubts) == 1
    faults_of(tmp_path, {}, first, second | {"window_start": "2024-01-15"})
    assert validate(tmp_path / "statements.csv").doubts == ()


def look_at_events(tmp_path, *rows, **options):
    path = tmp_path / "events.csv"
    header = "event_id,start,end,country,latitude,longitude,fatalities_low,fatalities_best"
    path.write_text("\n".join([header, *rows]) + "\n")
    return validate(path, **options)


def test_an_event_outside_the_box_of_its_country_is_a_doubt_since_no_count_looks_at_it(tmp_path):
    swapped = "a,2024-05-01,,Syria,38.3,34.7,,"
    (doubt,) = look_at_events(tmp_path, swapped).doubts
    assert (doubt.row, doubt.column) == (2, "country, latitude, longitude")
    assert doubt.value == "38.3, 34.7"
    assert doubt.rule == "lies outside Syria: latitude 32 to 37.5, longitude 35.5 to 42.5"
    assert look_at_events(tmp_path, swapped, boxes={}).doubts == ()
    box = {"Mali": (10.0, -12.5, 25.0, 4.5)}
    assert look_at_events(tmp_path, "a,2024-05-01,,Mali,50,0,,", boxes=box).doubts


def test_an_event_in_the_future_is_a_fault(tmp_path):
    (fault,) = look_at_events(tmp_path, "a,2222-05-01,,Syria,,,,").faults
    assert (fault.column, fault.rule) == ("start", "must not be in the future")


def test_odd_rows_of_published_databases_are_doubts_and_no_faults(ucdp):
    report = validate(ucdp / "ucdp_ged_21_1_is_syria_iraq.csv")
    assert report.ok
    tally = pd.Series([doubt.rule for doubt in report.doubts]).value_counts().to_dict()
    # Counted in the file with awk and pandas before this test was written.
    assert tally == {
        "the row repeats an earlier one in everything but its id": 245,
        "the best estimate of fatalities lies outside its bounds": 90,
        "end must not be before start": 1,
    }
    assert "and 242 more rows" in report.to_text()
    assert dict(report.files[0].summary)["database"] == "17,034 UCDP GED 21.1"


def test_an_own_row_that_repeats_another_is_a_doubt(tmp_path):
    rows = ["a,2024-05-01,,Syria,34,37,1,2", "b,2024-05-01,,Syria,34,37,1,2"]
    (doubt,) = look_at_events(tmp_path, *rows).doubts
    assert (doubt.row, doubt.column, doubt.value) == (3, "event_id", "b")


def test_overlapping_coverage_is_a_fault(tmp_path):
    path = tmp_path / "coverage.csv"
    path.write_text(
        "source,country,watched_from,watched_to\n"
        "A,Syria,2024-01-01,2024-02-10\nA,Syria,2024-02-10,2024-03-31\n"
    )
    report = validate(path)
    (fault,) = report.faults
    assert report.files[0].kind == "coverage"
    assert (fault.row, fault.value) == (3, "2024-02-10, already watched to 2024-02-10")


def test_a_period_in_the_future_is_a_fault(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("period,count,exposure,complete\n2222-01,0,31,true\n")
    (fault,) = validate(path).faults
    assert (fault.row, fault.column, fault.value) == (2, "period", "2222-01")


def test_the_report_is_json_and_a_page_that_hides_no_markup(tmp_path):
    faults_of(tmp_path, {"counted_by": "Monitor", "qualifier": "<b>exact</b>"})
    report = validate(str(tmp_path / "statements.csv"))
    told = json.loads(json.dumps(report.to_dict()))
    assert told["ok"] is False
    assert told["files"][0]["faults"][0]["value"] == "<b>exact</b>"
    page = report.to_html()
    assert "&lt;b&gt;exact&lt;/b&gt;" in page
    assert "<b>exact</b>" not in page
    assert "<h1>1 fault found</h1>" in page


def test_no_path_and_a_missing_path_are_errors():
    with pytest.raises(ValueError, match="must name at least one file, got none"):
        validate([])
    with pytest.raises(FileNotFoundError, match="must name a file"):
        validate("nowhere.csv")
