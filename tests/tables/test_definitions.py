"""Is what a counter counts told once, and is a change of it a known date?"""

from pathlib import Path

import pandas as pd
import pytest

import trends
from trends.tables.definitions import known_breaks, read_definitions
from trends.tables.faults import InvalidTable
from trends.tables.statements import read_statements, statement_series
from trends.tables.validation import validate

DATA = Path(__file__).resolve().parents[2] / "data"
DEFINITIONS = (
    "definition,counter,measure,counts_from,counts_to,counts\n"
    "all,Monitor,attacks,2024-01-01,2024-02-29,attacks by anybody\n"
    "own,Monitor,attacks,2024-03-01,,the group's attacks\n"
)
STATEMENTS = (
    "statement_id,count,window_start,window_end,counted_by,measure,definition,part_of,part_kind\n"
    "jan,9,2024-01-01,2024-01-31,Monitor,attacks,all,,\n"
    "feb,8,2024-02-01,2024-02-29,Monitor,attacks,all,,\n"
    "mar,3,2024-03-01,2024-03-31,Monitor,attacks,own,,\n"
    "apr,4,2024-04-01,2024-04-30,Monitor,attacks,own,,\n"
)


def write(tmp_path, statements=STATEMENTS, definitions=DEFINITIONS):
    """Write both tables into one folder and return the path of the statements."""
    if definitions is not None:
        (tmp_path / "definitions.csv").write_text(definitions)
    path = tmp_path / "statements.csv"
    path.write_text(statements)
    return path


def fault_of(path):
    """The one fault that reading finds, which validation finds as well."""
    with pytest.raises(InvalidTable) as caught:
        read_statements(path)
    (fault,) = caught.value.faults
    assert fault in validate(path).faults
    return fault


def test_a_series_across_a_change_of_definition_knows_its_date(tmp_path):
    statements = read_statements(write(tmp_path))
    made = statement_series(statements, measure="attacks", counted_by="Monitor")
    assert made["count"].tolist() == [9, 8, 3, 4]
    (known,) = known_breaks(made)
    assert (known.date, known.before, known.after) == (pd.Timestamp("2024-03-01"), "all", "own")
    assert known.counts_before == "attacks by anybody"
    one_side = statements[statements["definition"] == "own"]
    assert known_breaks(statement_series(one_side, measure="attacks", counted_by="Monitor")) == []


def test_every_finding_across_a_change_of_definition_says_so_and_is_tentative_at_best():
    statements = read_statements(DATA / "statements.csv")
    series = statement_series(statements, measure="attacks", counted_by="Rojava Information Center")
    one_side = series.loc["2023-01":]
    one_side.attrs = {**series.attrs, "caveats": []}
    for question in (trends.estimate_trend, trends.detectable_change):
        across, within = question(series).findings(), question(one_side).findings()
        graded = [finding for finding in across if finding.grade is not None]
        assert graded
        for finding in graded:
            assert finding.grade >= "C"
            assert {"definition_break", "rival_figure"} <= set(finding.caveats)
        assert not any("definition_break" in finding.caveats for finding in within)


def test_the_definitions_lie_beside_the_statements_or_are_named(tmp_path):
    path = write(tmp_path, definitions=None)
    assert "Add it to definitions.csv" in str(validate(path).faults[0])
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(DEFINITIONS)
    for definitions in (elsewhere, read_definitions(elsewhere)):
        statements = read_statements(path, definitions=definitions)
        assert set(statements.attrs["definitions"]) == {"all", "own"}


def test_a_definition_without_an_entry_is_a_fault_with_its_place_and_the_nearest_id(tmp_path):
    fault = fault_of(
        write(tmp_path, STATEMENTS.replace("attacks,own,,\napr", "attacks,onw,,\napr"))
    )
    assert (fault.row, fault.column, fault.value) == (4, "definition", "onw")
    assert fault.fix == "Write own."


def test_a_figure_outside_the_days_of_its_definition_is_a_fault(tmp_path):
    fault = fault_of(
        write(tmp_path, STATEMENTS.replace("attacks,all,,\nmar", "attacks,own,,\nmar"))
    )
    assert fault.row == 3
    assert fault.value == "2024-02-01 to 2024-02-29"
    assert "its definition own, 2024-03-01 to today" in fault.rule


def test_a_figure_of_another_counter_or_measure_than_its_definition_is_a_fault(tmp_path):
    fault = fault_of(write(tmp_path, STATEMENTS.replace(
        "2024-04-30,Monitor,attacks", "2024-04-30,Monitor,arrests")))  # fmt: skip
    assert (fault.row, fault.column) == (5, "definition, measure")
    assert fault.rule == "must have the measure of its definition, attacks"


def test_a_part_with_another_definition_than_its_whole_is_a_fault(tmp_path):
    # A subset may count by a rule of its own, a part by place or kind may not.
    definitions = DEFINITIONS.replace("2024-02-29", "").replace(
        "own,Monitor,attacks,2024-03-01,,", "own,Monitor,killed,2024-03-01,,"
    )
    rows = STATEMENTS.splitlines()[0] + (
        "\nwhole,9,2024-03-01,2024-03-31,Monitor,attacks,all,,"
        "\npart,3,2024-03-01,2024-03-31,Monitor,killed,own,whole,{kind}\n"
    )
    fault = fault_of(write(tmp_path, rows.format(kind="type"), definitions))
    assert (fault.row, fault.value) == (3, "part own, whole all")
    assert fault.rule == "a part must follow the definition of its whole"
    assert len(read_statements(write(tmp_path, rows.format(kind="subset"), definitions))) == 2


@pytest.mark.parametrize("last", ["2024-03-01", ""])
def test_two_definitions_of_one_counter_that_share_a_day_are_a_fault(tmp_path, last):
    path = tmp_path / "definitions.csv"
    path.write_text(DEFINITIONS.replace("2024-02-29", last))
    with pytest.raises(InvalidTable, match="row 3, column counts_from, counts_to") as caught:
        read_definitions(path)
    assert "must share no day with all" in str(caught.value)
    assert "end on the day before the second begins" in caught.value.faults[0].fix
    path.write_text(DEFINITIONS.replace("own,Monitor", "own,Army").replace("2024-02-29", last))
    assert len(read_definitions(path)) == 2


def test_definitions_are_validated_by_themselves_and_before_the_statements_that_use_them(tmp_path):
    path = write(tmp_path, definitions=DEFINITIONS.replace("2024-02-29", ""))
    by_itself = validate(tmp_path / "definitions.csv")
    assert by_itself.files[0].kind == "definitions"
    assert by_itself.faults == validate(path).faults
    with pytest.raises(InvalidTable, match=r"definitions\.csv, row 3"):
        read_statements(path)
