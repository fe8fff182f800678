"""Is each published figure once in the series, in its own period, or left out with a reason?"""

from pathlib import Path

import pandas as pd
import pytest

from trends.analysis.contradiction import find_contradictions
from trends.tables.choices import QUALIFIERS, QUANTITIES
from trends.tables.definitions import known_breaks
from trends.tables.faults import InvalidTable
from trends.tables.figure import flag_caveats
from trends.tables.schemas import Statements
from trends.tables.series import check_series
from trends.tables.statements import figures_of_series, read_statements, statement_series
from trends.tables.template import write_statements_template
from trends.tables.validation import validate

DATA = Path(__file__).resolve().parents[2] / "data"
CEP = "Counter Extremism Project (G. Waters)"
RIC = "Rojava Information Center"

COLUMNS = list(Statements.to_schema().columns)
ROW = {
    "measure": "attacks",
    "qualifier": "exact",
    "window_basis": "stated",
    "country": "Syria",
    "area": "desert",
    "counted_by": "Monitor",
    "source_kind": "monitor",
    "role": "primary",
    "reading": "direct",
}


def table(tmp_path, *rows):
    """Write rows (statement_id, count, window_start, window_end, others) as a file and read it."""
    lines = [
        {**ROW, "statement_id": name, "count": count, "window_start": start, "window_end": end}
        | more
        for name, count, start, end, more in rows
    ]
    path = tmp_path / "statements.csv"
    pd.DataFrame(lines).reindex(columns=COLUMNS).to_csv(path, index=False)
    return read_statements(path)


def build(statements, **options):
    return statement_series(statements, measure="attacks", counted_by="Monitor", **options)


def reasons(made):
    return {row["statement_id"]: row["reason"] for row in made.attrs["left_out"]}


def used(made):
    return [row["statement_id"] for row in made.attrs["used"]]


@pytest.fixture(scope="module")
def published():
    return read_statements(DATA / "statements.csv")


def test_the_published_table_is_read_whole(published):
    assert published.shape == (662, len(COLUMNS))
    assert published["count"].sum() == pd.read_csv(DATA / "statements.csv")["count"].sum()
    assert published.attrs["file"] == "statements.csv"
    assert len(published.attrs["sha256"]) == 64


def test_five_columns_are_enough_and_the_others_say_what_a_plain_figure_says(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "count,window_start,window_end,counted_by,measure,Quelle\n"
        "7,2024-01-01,2024-01-31,Monitor,attacks,S. 12\n"
        "9,2024-02-01,,Monitor,attacks,\n"
    )
    statements = read_statements(path)
    plain = statements.iloc[0]
    assert plain["Quelle"] == "S. 12"
    assert plain[["unit", "quantity", "qualifier", "window_basis", "scope"]].tolist() == [
        "events", "count", "exact", "stated", "whole",
    ]  # fmt: skip
    assert plain[["counter", "role", "reading"]].tolist() == ["Monitor", "primary", "direct"]
    assert statements["statement_id"].tolist() == ["row-2", "row-3"]
    assert statements["window_basis"].tolist() == ["stated", "unknown"]
    assert build(statements)["count"].tolist() == [7]
    Statements.validate(statements)


def test_a_frame_with_five_columns_gives_the_series_that_the_file_gives(tmp_path):
    frame = pd.DataFrame(
        {
            "count": [7, 0],
            "window_start": pd.to_datetime(["2024-01-01", "2024-02-01"]),
            "window_end": pd.to_datetime(["2024-01-31", "2024-02-29"]),
            "counted_by": "Monitor",
            "measure": "attacks",
        }
    )
    path = tmp_path / "mine.csv"
    frame.to_csv(path, index=False)
    assert build(frame).equals(build(read_statements(path)))


@pytest.mark.parametrize(
    ("word", "start", "end"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-Q2", "2024-04-01", "2024-06-30"),
        ("2024-W01", "2024-01-01", "2024-01-07"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
    ],
)
def test_a_window_named_as_a_period_is_read_whole(tmp_path, word, start, end):
    path = tmp_path / "mine.csv"
    path.write_text(
        f"count,window_start,window_end,counted_by,measure\n7,{word},{word},Monitor,attacks\n"
    )
    row = read_statements(path).iloc[0]
    assert [f"{row[name]:%Y-%m-%d}" for name in ("window_start", "window_end")] == [start, end]


@pytest.mark.parametrize("word", ["2024-13", "2023-W53", "02/2024", "24"])
def test_a_window_that_is_no_period_is_refused_with_its_place(tmp_path, word):
    path = tmp_path / "mine.csv"
    path.write_text(
        f"count,window_start,window_end,counted_by,measure\n7,2024-01,{word},Monitor,attacks\n"
    )
    with pytest.raises(InvalidTable, match=f"row 2, column window_end.*got '{word}'"):
        read_statements(path)


def test_the_template_is_valid_and_shows_one_of_each_kind(tmp_path):
    path = write_statements_template(tmp_path / "mine.csv")
    assert validate(path).ok
    statements = read_statements(path)
    assert set(statements["qualifier"]) == set(QUALIFIERS) - {"more_than"}
    assert set(statements["quantity"]) == set(QUANTITIES)
    assert {"primary", "rival"} == set(statements["role"])
    assert {"whole", "part"} == set(statements["scope"])
    assert "unknown" in set(statements["window_basis"])
    assert statements["note"].str.startswith("EXAMPLE. ").all()
    assert find_contradictions(statements).conflicts["arithmetic"].tolist() == ["43 ≠ 45"]
    with pytest.raises(ValueError, match="must name a file that does not exist"):
        write_statements_template(path)


def test_a_misspelt_column_is_told_what_it_should_be_and_an_unlike_one_is_kept(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "count,window_start,window_end,counted_by,measure,qualifer\n"
        "7,2024-01-01,2024-01-31,Monitor,attacks,at_least\n"
    )
    with pytest.raises(InvalidTable, match=r"column qualifer: this column is not read.*Rename it"):
        read_statements(path)


def test_the_extremism_project_covers_38_months(published):
    made = statement_series(published, measure="attacks", counted_by=CEP)
    check_series(made)
    covered = made[made["exposure"] > 0]
    assert len(covered) == 38
    assert str(made.index[-1]) == "2024-11"
    # Read off the table: March 2024 is the peak; January 2021 stands only in a later quotation.
    assert covered["count"].idxmax() == pd.Period("2024-03", "M")
    assert covered["count"].max() == 69
    assert covered.loc["2021-01", "count"] == 47
    flags = {row["statement_id"]: row["flags"] for row in made.attrs["used"]}
    assert flags["cep-2021-01-q"] == ["requoted"]
    assert flags["cep-2024-03"] == ["at_least"]


def test_the_information_center_covers_forty_months_and_says_where_its_counting_changed(published):
    made = statement_series(published, measure="attacks", counted_by=RIC)
    covered = made[made["exposure"] > 0]
    # June 2022 is published as the group's own attacks only, which is a narrower kind.
    assert len(covered) == 40
    assert pd.Period("2022-06", "M") not in covered.index
    assert (str(made.index[0]), str(made.index[-1])) == ("2019-02", "2025-04")
    assert covered.loc["2019-11", "count"] == 83
    assert [(f"{each.date:%Y-%m}", each.before, each.after) for each in known_breaks(made)] == [
        ("2021-01", "ric-all-groups", "ric-sleeper-cells"),
        ("2023-01", "ric-sleeper-cells", "ric-confirmed"),
    ]


def test_every_flag_of_a_row_is_found_again_beside_its_period(published):
    rows = published.set_index("statement_id")
    for counter in (CEP, RIC):
        made = statement_series(published, measure="attacks", counted_by=counter)
        known = figures_of_series(made)
        assert known.index.equals(made.index[made["exposure"] > 0])
        for figure in made.attrs["used"]:
            row = rows.loc[figure["statement_id"]]
            said = {row["qualifier"], row["role"], row["reading"]} - {"exact", "primary", "direct"}
            said |= {"inferred_window"} if row["window_basis"] == "inferred" else set()
            said |= {"inferred_scope"} if row["scope_basis"] == "inferred" else set()
            assert said == set(figure["flags"])
            assert said <= set(known.loc[figure["period"], "flags"])
        caveats = {caveat for flags in known["flags"] for caveat in flag_caveats(flags)}
        assert caveats == set(made.attrs["caveats"]) - {"definition_break"}
        assert ("definition_break" in made.attrs["caveats"]) == bool(known_breaks(made))
        minimum = known["flags"].map(lambda flags: "at_least" in flags)
        assert (known.loc[minimum, "count_high"] == float("inf")).all()
        assert (known["count_low"] <= known["count"]).all()


@pytest.mark.parametrize("counter", [CEP, RIC])
def test_every_figure_is_used_once_or_left_out_with_a_reason(published, counter):
    made = statement_series(published, measure="attacks", counted_by=counter)
    names = used(made) + list(reasons(made))
    whose = published.loc[published["counted_by"] == counter, "counter"].iloc[0]
    named = published["counted_by"].eq(counter) | published["counter"].eq(counter)
    own = published[named & (published["measure"] == "attacks")]
    assert set(own["counter"]) == {whose}
    assert sorted(names) == sorted(own["statement_id"])
    assert made["count"].sum() == own.set_index("statement_id").loc[used(made), "count"].sum()


def test_a_month_without_a_figure_is_not_covered(tmp_path):
    made = build(
        table(
            tmp_path,
            ("a", 5, "2024-01-01", "2024-01-31", {}),
            ("b", 0, "2024-03-01", "2024-03-31", {}),
        )
    )
    assert made["count"].tolist() == [5, pd.NA, 0]
    assert made["exposure"].tolist() == [31.0, 0.0, 31.0]


def test_half_months_that_tile_are_added_and_a_lone_half_is_left_out(tmp_path):
    made = build(
        table(
            tmp_path,
            ("a", 5, "2024-01-01", "2024-01-15", {}),
            ("b", 2, "2024-01-16", "2024-01-31", {}),
            ("c", 9, "2024-02-01", "2024-02-10", {}),
        )
    )
    assert made["count"].tolist() == [7]
    assert reasons(made) == {
        "c": "covers 10 of the 29 days of 2024-02, and no figures cover the rest"
    }


def test_months_tile_a_quarter_and_a_quarter_is_never_split_into_months(tmp_path):
    months = [
        (f"m{month}", month, f"2024-{month:02d}-01", end, {})
        for month, end in ((1, "2024-01-31"), (2, "2024-02-29"), (3, "2024-03-31"))
    ]
    quarter = ("q", 20, "2024-04-01", "2024-06-30", {})
    statements = table(tmp_path, *months, quarter)
    assert build(statements, freq="Q")["count"].tolist() == [6, 20]
    assert (
        reasons(build(statements))["q"]
        == "reaches over 2024-04 to 2024-06; a figure is never split"
    )


def test_a_part_is_never_added_to_its_whole(tmp_path):
    january = ("2024-01-01", "2024-01-31")
    statements = table(
        tmp_path,
        ("whole", 10, *january, {}),
        ("north", 6, *january, {"area": "north", "part_of": "whole", "part_kind": "area"}),
        ("south", 4, *january, {"area": "south", "part_of": "whole", "part_kind": "area"}),
        ("raids", 3, *january, {"part_of": "whole", "part_kind": "type"}),
    )
    made = build(statements)
    assert made["count"].tolist() == [10]
    assert reasons(made)["raids"] == "a part (type) of whole"
    assert "another scope: country='Syria', area='north'" in reasons(made)["north"]
    assert build(statements, area="north")["count"].tolist() == [6]


def test_a_primary_figure_is_preferred_to_a_requoted_and_a_requoted_to_a_rival(tmp_path):
    january, february = ("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-02-29")
    made = build(
        table(
            tmp_path,
            ("q", 9, *january, {"role": "requoted"}),
            ("p", 8, *january, {"qualifier": "at_least"}),
            ("r", 7, *february, {"role": "rival"}),
            ("q2", 6, *february, {"role": "requoted"}),
        )
    )
    assert made["count"].tolist() == [8, 6]
    assert reasons(made)["q"] == "p covers 2024-01 and is preferred"
    assert made.attrs["used"][0]["flags"] == ["at_least"]


def test_figures_without_a_window_or_a_single_number_are_left_out_with_a_reason(tmp_path):
    made = build(
        table(
            tmp_path,
            ("ok", 5, "2024-01-01", "2024-01-31", {}),
            ("open", 6, "2024-02-01", "", {"window_basis": "unknown"}),
            ("range", "", "2024-02-01", "2024-02-29", {"qualifier": "range", "count_high": 9}),
            ("tenth", 10, "2024-02-01", "2024-02-29", {"qualifier": "nth_since"}),
        )
    )
    assert reasons(made) == {
        "open": "its window is not established",
        "range": "a range is not one figure",
        "tenth": "an nth-since figure ends with its last event, so its window is no period",
    }


def test_all_that_one_side_holds_is_one_scope_whatever_it_is_called(tmp_path):
    zone = {"scope": "zone", "control_area": "sdf"}
    made = build(
        table(
            tmp_path,
            ("a", 1, "2024-01-01", "2024-01-31", {"area": "North and East Syria", **zone}),
            ("b", 2, "2024-02-01", "2024-02-29", {"area": "SDF-held areas", **zone}),
            ("c", 3, "2024-03-01", "2024-03-31", {"area": "Raqqa", "control_area": "sdf"}),
        )
    )
    assert made["count"].tolist() == [1, 2]
    assert reasons(made)["c"].startswith("another scope: country='Syria', area='Raqqa'")


def test_a_narrower_kind_is_never_taken_for_all(tmp_path):
    made = build(
        table(
            tmp_path,
            ("a", 9, "2024-01-01", "2024-01-31", {}),
            ("b", 8, "2024-02-01", "2024-02-29", {}),
            ("c", 3, "2024-03-01", "2024-03-31", {"subset": "attacks on posts"}),
        )
    )
    assert made["count"].tolist() == [9, 8]
    assert "subset='attacks on posts'" in reasons(made)["c"]


def test_two_desks_of_one_ministry_are_one_counter_only_where_the_table_says_so(tmp_path):
    rows = [
        ("a", 1, "2024-01-01", "2024-01-31", {"counted_by": "Ministry (press desk)"}),
        ("b", 2, "2024-02-01", "2024-02-29", {"counted_by": "Ministry (army desk)"}),
    ]
    apart = table(tmp_path, *rows)
    with pytest.raises(ValueError, match="must be a counter of the table, got 'Ministry'"):
        statement_series(apart, measure="attacks", counted_by="Ministry")
    one = table(tmp_path, *[(*row[:4], row[4] | {"counter": "Ministry"}) for row in rows])
    made = statement_series(one, measure="attacks", counted_by="Ministry")
    assert made["count"].tolist() == [1, 2]


def test_scopes_of_equal_weight_must_be_chosen_between(tmp_path):
    statements = table(
        tmp_path,
        ("a", 1, "2024-01-01", "2024-01-31", {"country": "Syria"}),
        ("b", 2, "2024-02-01", "2024-02-29", {"country": "Iraq"}),
    )
    with pytest.raises(
        ValueError, match=r"must single out one scope, got \{\}. Choose among: country"
    ):
        build(statements)
    assert build(statements, country="Iraq")["count"].tolist() == [2]


def test_figures_of_different_kinds_are_never_in_one_series(tmp_path):
    statements = table(
        tmp_path,
        ("a", 1, "2024-01-01", "2024-01-31", {}),
        ("b", 2, "2024-02-01", "2024-02-29", {"source_kind": "perpetrator_claim"}),
    )
    with pytest.raises(ValueError, match="one kind of source, got monitor, perpetrator_claim"):
        build(statements)


def test_stocks_and_rates_are_refused_because_they_do_not_add_up(published):
    with pytest.raises(ValueError, match=r"got 'detained_stock' \(stocks only\)"):
        statement_series(published, measure="detained_stock", counted_by="US Central Command")
    lister = statement_series(
        published, measure="attacks", counted_by="Charles Lister", country="Syria", area="Syria"
    )
    assert reasons(lister)["lister-2025-q1-avg"] == "a published rate, not a count over a window"


def test_a_misspelt_counter_or_measure_is_met_with_the_spellings_of_the_table(published):
    with pytest.raises(
        ValueError, match=r"Spell it as there: Counter Extremism Project \(G. Waters\)"
    ):
        statement_series(published, measure="attacks", counted_by="Extremism Project")
    with pytest.raises(ValueError, match=r"got 'raids'\. Use attacks, "):
        statement_series(published, measure="raids", counted_by=CEP)
    with pytest.raises(TypeError, match="must be a table of count statements, got list"):
        statement_series([], measure="attacks", counted_by=CEP)
    with pytest.raises(ValueError, match="`freq` must be one of D, W, M, Q, Y, got 'H'"):
        statement_series(published, measure="attacks", counted_by=CEP, freq="H")


def test_a_counter_without_a_figure_for_any_period_is_an_error(tmp_path):
    statements = table(tmp_path, ("a", 1, "2024-01-01", "2024-12-31", {}))
    with pytest.raises(ValueError, match="got 'M' with 1 figures of which none does"):
        build(statements)
    assert build(statements, freq="Y")["count"].tolist() == [1]


def test_the_order_of_the_rows_does_not_change_the_series(published):
    made = statement_series(published, measure="attacks", counted_by=CEP)
    shuffled = published.sample(frac=1, random_state=1)
    again = statement_series(shuffled, measure="attacks", counted_by=CEP)
    pd.testing.assert_frame_equal(made, again)
