"""Which published figures cannot all be true as read?"""

from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.analysis.contradiction import find_contradictions
from trends.findings.finding import Subject
from trends.findings.wording import say, words
from trends.models.published.arithmetic import nested_windows, two_figures
from trends.models.published.coincidence import rate_p_value
from trends.models.published.comparable import as_figures
from trends.models.published.figure_bounds import figure_bounds
from trends.models.published.window_packing import heaviest_packing, lightest_tiling
from trends.tables.schemas import Statements
from trends.tables.statements import read_statements, with_defaults

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data"


def statement(statement_id, count, start, end, **columns):
    """One row with the usual labels, unless others are given."""
    return {
        "statement_id": statement_id,
        "measure": "attacks",
        "count_low": pd.NA,
        "count": count,
        "count_high": pd.NA,
        "qualifier": "exact",
        "window_start": pd.Timestamp(start) if start else pd.NaT,
        "window_end": pd.Timestamp(end) if end else pd.NaT,
        "window_basis": "stated" if start and end else "unknown",
        "country": "Syria",
        "area": "Syria",
        "control_area": "all",
        "actor": "Islamic State",
        "counted_by": "Monitor",
        "source_kind": "monitor",
        "published_by": "Monitor",
        "published_on": pd.NaT,
        "url": None,
        "document": None,
        "part_of": None,
        "part_kind": None,
        "role": "primary",
        "reading": "direct",
        "note": None,
        **columns,
    }


def table(*rows):
    """Rows as a frame of the types that `read_statements` returns."""
    whole = ("count_low", "count", "count_high")
    frame = pd.DataFrame(list(rows)).astype(dict.fromkeys(whole, "Int64"))
    for name in ("window_start", "window_end", "published_on"):
        frame[name] = pd.to_datetime(frame[name])
    return with_defaults(frame)


def month(statement_id, number, count, **columns):
    """One month of 2024."""
    end = pd.Period(f"2024-{number:02d}").end_time.normalize()
    return statement(statement_id, count, f"2024-{number:02d}-01", end, **columns)


def year(statement_id, count, **columns):
    """The whole of 2024."""
    return statement(statement_id, count, "2024-01-01", "2024-12-31", **columns)


def found(*rows, **options):
    """Kind and arithmetic of every conflict between rows."""
    frame = find_contradictions(table(*rows), **options).to_frame()
    return list(zip(frame["kind"], frame["arithmetic"], strict=True))


# The bundled table, read by hand


@pytest.fixture(scope="module")
def bundled():
    return find_contradictions(read_statements(DATA / "statements.csv"))


def test_the_conflicts_of_the_bundled_table_are_those_found_by_hand(bundled):
    by_hand = pd.read_csv(HERE / "contradictions_by_hand.csv")
    listed = bundled.to_frame()[list(by_hand)]

    def as_set(frame):
        return {
            (kind, verdict, frozenset(names.split("; ")), formula)
            for kind, verdict, names, formula in frame.itertuples(index=False)
        }

    assert as_set(listed) == as_set(by_hand)
    assert len(listed) == len(by_hand) > 20


def test_sets_that_add_up_stay_unlisted(bundled):
    consistent = pd.read_csv(HERE / "consistent_by_hand.csv")["statement_ids"]
    listed = [set(names.split("; ")) for names in bundled.to_frame()["statement_ids"]]
    known = set(bundled.statements["statement_id"])
    for names in consistent.str.split("; "):
        assert set(names) <= known
        assert not any(len(conflict & set(names)) > 1 for conflict in listed)


def test_every_bundled_figure_is_examined_or_listed_with_a_reason(bundled):
    assert bundled.n_examined + len(bundled.unexamined) == bundled.n_statements
    assert bundled.unexamined["statement_id"].is_unique
    assert set(bundled.unexamined["reason"]) == {"nothing_comparable", "stock", "window_unknown"}
    unknown = bundled.statements["window_basis"] == "unknown"
    unnamed = set(bundled.statements.loc[unknown, "statement_id"])
    assert unnamed <= set(bundled.unexamined["statement_id"])
    named = {name for names in bundled.conflicts["statement_ids"] for name in names.split("; ")}
    assert not named & set(bundled.unexamined["statement_id"])


def test_the_order_of_the_rows_does_not_matter(bundled):
    shuffled = bundled.statements.sample(frac=1, random_state=1)
    again = find_contradictions(shuffled).to_frame()
    one, two = (
        {(kind, frozenset(names.split("; "))) for kind, names in
         frame[["kind", "statement_ids"]].itertuples(index=False)}
        for frame in (bundled.to_frame(), again)
    )  # fmt: skip
    assert one == two


# Consistent tables


def test_a_consistent_table_of_every_kind_gives_none():
    rows = [
        year("year", 43),
        year("year-desert", 11, area="desert", part_of="year", part_kind="area"),
        year("year-north", 32, area="north", part_of="year", part_kind="area"),
        year("year-claimed", 40, part_of="year", part_kind="subset"),
        statement("first-half", 20, "2024-01-01", "2024-06-30", part_of="year", part_kind="period"),
        statement("second-half", 23, "2024-07-01", "2024-12-31"),
        statement("to-march", 9, "2024-01-01", "2024-03-31", qualifier="at_least"),
        statement("to-september", 30, "2024-01-01", "2024-09-30", qualifier="about"),
        statement("fifth", 5, "2024-01-01", "2024-02-10", qualifier="nth_since"),
        year("both-countries", 60, country="Iraq+Syria", area="Iraq and Syria"),
        year("again", 43, role="requoted", published_by="Newspaper"),
        year("other-counter", 400, counted_by="Army"),
        year("pace", 4, quantity="rate", per="month", qualifier="about"),
        statement("held", 9000, "2024-05-01", "2024-05-01", measure="detained", quantity="stock"),
    ]
    result = find_contradictions(table(*rows))
    assert result.to_frame().empty
    assert result.unexamined["reason"].tolist() == ["nothing_comparable", "stock"]
    assert "excludes" in result.summary()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=24, max_size=24),
    st.lists(
        st.tuples(
            st.integers(0, 23), st.integers(0, 23), st.sampled_from(["exact", "at_least", "about"])
        ),
        max_size=12,
    ),
)
def test_true_figures_of_one_history_never_contradict_one_another(events, windows):
    first = pd.Timestamp("2024-01-01")
    rows = []
    for place, (one, two, qualifier) in enumerate(windows):
        low, high = sorted((one, two))
        true = sum(events[low : high + 1])
        said = {
            "exact": true,
            "at_least": max(true - 2, 0),
            "about": true if true < 20 else 10 * round(true / 10),
        }
        days = [first + pd.Timedelta(days=5 * low), first + pd.Timedelta(days=5 * high + 4)]
        rows.append(statement(f"s{place}", said[qualifier], *days, qualifier=qualifier))
    if rows:
        frame = find_contradictions(table(*rows)).to_frame()
        assert not (frame["verdict"] == "impossible").any()


# Rule by rule


def test_two_values_for_one_month_are_a_contradiction():
    assert found(month("a", 1, 83), month("b", 1, 84)) == [("two_figures", "83 ≠ 84")]


def test_the_primary_figure_stands_first():
    rows = (month("quoted", 1, 12, role="requoted"), month("own", 1, 14))
    assert found(*rows) == [("two_figures", "14 ≠ 12")]


def test_every_rival_that_conflicts_with_any_figure_is_named():
    rows = [month(f"r{count}", 1, count) for count in (10, 10, 12, 15)]
    frame = find_contradictions(table(*rows)).to_frame()
    named = {name for names in frame["statement_ids"] for name in names.split("; ")}
    assert named == {"r10", "r12", "r15"}


@pytest.mark.parametrize(
    ("qualifier", "count", "conflict"),
    [
        ("at_least", 17, False),
        ("at_least", 18, True),
        ("more_than", 16, False),
        ("more_than", 17, True),
        ("about", 18, False),
        ("about", 20, False),
        ("about", 30, True),
        ("exact", 18, True),
    ],
)
def test_a_qualifier_allows_what_it_says_and_no_more(qualifier, count, conflict):
    rows = (month("exact", 1, 17), month("said", 1, count, qualifier=qualifier))
    assert bool(found(*rows)) is conflict


def test_a_range_conflicts_only_outside_its_ends():
    ranged = month("range", 1, pd.NA, qualifier="range", count_low=26, count_high=27)
    assert found(ranged, month("inside", 1, 27)) == []
    assert found(ranged, month("outside", 1, 28)) == [("two_figures", "26-27 ≠ 28")]


def test_a_running_total_cannot_fall():
    rows = (
        statement("to-may", 97, "2025-01-01", "2025-05-20"),
        statement("to-june", 95, "2025-01-01", "2025-06-20"),
    )
    assert found(*rows) == [("cumulative_falls", "97 > 95")]


def test_the_ninth_cannot_come_after_the_tenth():
    tenth = statement("tenth", 10, "2025-05-01", "2025-05-19", qualifier="nth_since")
    ninth = statement("ninth", 9, "2025-05-01", "2025-05-25", qualifier="nth_since")
    twelfth = statement("twelfth", 12, "2025-05-01", "2025-05-25", qualifier="nth_since")
    assert found(tenth, ninth) == [("cumulative_falls", "10 > 9 (≥9)")]
    assert found(tenth, twelfth) == []


def test_a_window_cannot_hold_less_than_one_inside_it():
    rows = (month("march", 3, 50), year("year", 40))
    assert found(*rows) == [("window_exceeded", "50 > 40")]


def test_unlinked_months_cannot_add_up_to_more_than_their_year():
    rows = [month(f"m{number}", number, 20) for number in (1, 2, 3)]
    assert found(*rows, year("year", 55)) == [("parts_exceed_whole", "20 + 20 + 20 = 60 > 55")]


def test_overlapping_windows_are_not_added():
    rows = (
        statement("weeks", 30, "2024-01-01", "2024-02-15"),
        statement("more-weeks", 30, "2024-02-01", "2024-03-15"),
        year("year", 40),
    )
    assert found(*rows) == []


def test_windows_that_fill_a_longer_one_cannot_fall_short_of_it():
    rows = (
        statement("first-half", 10, "2024-01-01", "2024-06-30"),
        statement("second-half", 15, "2024-07-01", "2024-12-31"),
        year("year", 40),
    )
    assert found(*rows) == [("parts_fall_short", "10 + 15 = 25 < 40")]


def test_what_a_source_itself_reported_is_held_against_two_of_its_running_totals():
    rows = (
        statement("to-march", 30, "2024-01-01", "2024-03-31"),
        month("april", 4, 5),
        statement("to-april", 60, "2024-01-01", "2024-04-30"),
    )
    assert ("parts_fall_short", "30 + 5 = 35 < 60") in found(*rows)


def test_minimums_that_leave_much_out_are_no_tension_but_a_near_miss_is():
    halves = (
        statement("h1", 35, "2024-01-01", "2024-06-30", qualifier="at_least"),
        statement("h2", 38, "2024-07-01", "2024-12-31", qualifier="at_least"),
    )
    assert found(*halves, year("year", 75)) == [("parts_fall_short", "35 + 38 = 73 < 75")]
    assert found(*halves, year("year", 90)) == []


def test_a_minimum_below_its_own_parts_is_a_tension():
    rows = (
        statement("half", 551, "2024-01-01", "2024-06-30"),
        month("october", 10, 56),
        statement("so-far", 587, "2024-01-01", "2024-10-31", qualifier="at_least"),
    )
    frame = find_contradictions(table(*rows)).to_frame()
    assert frame["verdict"].tolist() == ["tension"]
    assert frame["arithmetic"].tolist() == ["551 + 56 = 607 > 587 (≥587)"]


def test_parts_in_different_countries_add_up_whatever_divides_them():
    part = {"part_of": "all", "measure": "operations"}
    rows = (
        month("all", 2, 48, country="Iraq+Syria", area="Iraq and Syria", measure="operations"),
        month("iraq", 2, 33, country="Iraq", area="Iraq", part_kind="country", **part),
        month("joint", 2, 15, part_kind="actor", **part),
        month("alone", 2, 2, part_kind="actor", **(part | {"actor": "United States"})),
    )
    assert found(*rows) == [("parts_exceed_whole", "33 + 15 + 2 = 50 > 48")]


def test_one_country_divided_twice_is_not_added_up_twice():
    part = {"part_of": "all"}
    rows = (
        month("all", 2, 40),
        month("north", 2, 20, area="north", part_kind="area", **part),
        month("south", 2, 20, area="south", part_kind="area", **part),
        month("bombs", 2, 25, part_kind="type", **part),
        month("guns", 2, 15, part_kind="type", **part),
    )
    assert found(*rows) == []


def test_countries_that_make_up_their_whole_cannot_fall_short_of_it():
    rows = (
        month("all", 2, 48, country="Iraq+Syria", area="Iraq and Syria"),
        month("iraq", 2, 30, country="Iraq", area="Iraq", part_of="all", part_kind="country"),
        month("syria", 2, 15, part_of="all", part_kind="country"),
    )
    assert found(*rows) == [("parts_fall_short", "30 + 15 = 45 < 48")]


def test_areas_may_leave_something_out():
    rows = (
        month("all", 2, 185),
        month("one", 2, 157, area="one", part_of="all", part_kind="area"),
        month("two", 2, 16, area="two", part_of="all", part_kind="area"),
    )
    assert found(*rows) == []


def test_subsets_may_overlap_but_none_exceeds_its_whole():
    subset = {"part_of": "all", "part_kind": "subset"}
    rows = (month("all", 2, 30), month("claimed", 2, 25, **subset), month("armed", 2, 20, **subset))
    assert found(*rows) == []
    assert found(*rows, month("too-many", 2, 31, **subset)) == [("part_exceeds_whole", "31 > 30")]


def test_figures_without_a_window_take_no_part_not_even_as_parts():
    rows = (
        statement("all", 34, None, None),
        statement("leaders", 40, None, None, part_of="all", part_kind="subset"),
        statement("again", 70, None, "2025-09-22", published_by="B"),
        statement("dated", 70, "2024-12-08", "2025-09-20", published_by="A"),
    )
    result = find_contradictions(table(*rows))
    assert result.conflicts.empty
    assert dict(result.unexamined.to_numpy().tolist()) == {
        "all": "window_unknown",
        "leaders": "window_unknown",
        "again": "window_unknown",
        "dated": "nothing_comparable",
    }


def test_a_requoted_part_is_not_added_to_the_primary_one():
    part = {"part_of": "all", "part_kind": "area", "area": "north"}
    rows = (
        month("all", 2, 43),
        month("south", 2, 11, part_of="all", part_kind="area", area="south"),
        month("north", 2, 32, **part),
        month("north-again", 2, 32, role="requoted", published_by="Newspaper", **part),
    )
    assert found(*rows) == []


def test_a_narrower_scope_cannot_hold_more_than_a_wider_one():
    wide = year("both", 90, country="Iraq+Syria", area="Iraq and Syria")
    assert found(wide, year("syria", 100)) == [("scope_exceeded", "100 > 90")]
    assert found(wide, month("july", 7, 91)) == [("scope_exceeded", "91 > 90")]
    assert found(year("syria", 90), year("desert", 95, area="desert", control_area="gov")) == [
        ("scope_exceeded", "95 > 90")
    ]


def test_one_number_for_a_country_and_for_two_of_them_is_a_contradiction():
    rows = (
        year("both", 121, country="Iraq+Syria", area="Iraq and Syria", published_by="Agency"),
        year("syria", 121, published_by="Newspaper"),
    )
    frame = find_contradictions(table(*rows)).to_frame()
    assert frame["kind"].tolist() == ["two_scopes"]
    assert frame["explanations"].str.split("; ").iloc[0][0] == "scope"
    same_outlet = [row | {"published_by": "Agency"} for row in rows]
    assert found(*same_outlet) == []


def test_the_same_count_in_two_countries_is_no_contradiction():
    rows = (
        year("iraq", 19, country="Iraq", area="Iraq", published_by="A"),
        year("syria", 19, published_by="B"),
    )
    assert found(*rows) == []


def test_one_number_for_several_windows_is_listed_unless_chance_explains_it():
    short = statement("a", 70, "2024-12-08", "2025-09-20", published_by="A")
    longer = statement("b", 70, "2024-11-22", "2025-09-22", published_by="B")
    day_more = statement("b", 43, "2020-04-24", "2020-05-23", published_by="B")
    day_less = statement("a", 43, "2020-04-24", "2020-05-22", published_by="A")
    frame = find_contradictions(table(short, longer)).to_frame()
    assert frame["kind"].tolist() == ["several_windows"]
    assert frame["p_value"].iloc[0] == pytest.approx((287 / 305) ** 70)
    assert found(day_less, day_more) == []


def test_repeated_numbers_are_adjusted_for_how_many_were_tested():
    def pair(name, count, place):
        return (
            statement(f"{name}a", count, "2024-12-08", "2025-09-20", area=place, published_by="A"),
            statement(f"{name}b", count, "2024-11-22", "2025-09-22", area=place, published_by="B"),
        )

    alone = find_contradictions(table(*pair("x", 70, "north")))
    assert alone.conflicts["p_value"].tolist() == [pytest.approx((287 / 305) ** 70)]
    among = find_contradictions(
        table(*pair("x", 70, "north"), *pair("y", 20, "south"), *pair("z", 21, "west"))
    )
    assert (among.n_repeated, among.n_repeats_tested) == (1, 3)
    assert among.conflicts["p_value"].tolist() == [pytest.approx(3 * (287 / 305) ** 70)]


def test_figures_of_two_definitions_are_never_held_against_each_other():
    one, two = year("a", 10, definition="all"), year("b", 500, definition="own")
    assert found(one, two) == []
    assert found(one, two | {"definition": "all"}) == [("two_figures", "10 ≠ 500")]


def test_two_desks_are_one_counter_only_where_the_table_says_so():
    rows = (year("a", 10, counted_by="Desk A"), year("b", 12, counted_by="Desk B"))
    assert found(*rows) == []
    assert found(*(row | {"counter": "Ministry"} for row in rows)) == [("two_figures", "10 ≠ 12")]


def test_longer_totals_between_two_months_do_not_hide_that_they_are_neighbours():
    months = [month(f"m{number}", number, 10 + 30 * (number % 2)) for number in range(1, 13)]
    year_so_far = [
        statement(f"to-{n}", 400, "2024-01-02", f"2024-{n:02d}-28", qualifier="at_least")
        for n in (3, 6, 9)
    ]
    alone = find_contradictions(table(*months)).dispersion["attacks"]
    # By hand: neighbours of 40 and 10 differ by 30, 30 squared over 50 is 18.
    assert alone == pytest.approx(18, rel=0.03)
    assert find_contradictions(table(*months, *year_so_far)).dispersion["attacks"] == alone


def test_a_rate_is_held_against_counts_over_its_window():
    rate = {"quantity": "rate", "per": "month", "qualifier": "about"}
    assert found(year("pace", 4, **rate), year("count", 48)) == []
    kinds = [kind for kind, _ in found(year("pace", 4, **rate), year("count", 90))]
    assert kinds == ["two_figures"]


def test_an_implied_rate_far_from_the_rate_before_is_a_tension():
    rows = (
        statement("to-july", 28, "2024-01-01", "2024-07-31"),
        year("year", 228),
    )
    frame = find_contradictions(table(*rows)).to_frame()
    assert frame[["kind", "verdict"]].to_numpy().tolist() == [["implied_rate", "improbable"]]
    assert frame["arithmetic"].iloc[0] == "228 - 28 = 200 (153 d); 28 (213 d); × 9.9"
    assert found(statement("to-july", 28, "2024-01-01", "2024-07-31"), year("year", 60)) == []


def test_an_implied_rate_after_nothing_at_all_is_said_without_a_division():
    rows = (statement("to-july", 0, "2024-01-01", "2024-07-31"), year("year", 200))
    assert found(*rows) == [("implied_rate", "200 - 0 = 200 (153 d); 0 (213 d); × ∞")]


def test_the_p_value_of_an_implied_rate_is_binomial_when_counts_do_not_scatter():
    # R: 2 * pbinom(59, 80, 100 / 400, lower.tail = FALSE) and 2 * pbinom(3, 80, .25)
    upper = rate_p_value(20.0, 300.0, (60.0, 60.0), 100.0, 1.0)
    assert upper == pytest.approx(2 * stats.binom.sf(59, 80, 0.25), rel=1e-9)
    lower = rate_p_value(77.0, 300.0, (3.0, 3.0), 100.0, 1.0)
    assert lower == pytest.approx(2 * stats.binom.cdf(3, 80, 0.25), rel=1e-9)
    assert rate_p_value(20.0, 300.0, (60.0, 60.0), 100.0, 5.0) > upper


def test_a_range_of_implied_counts_that_holds_the_expected_one_is_no_surprise():
    assert rate_p_value(30.0, 300.0, (0.0, np.inf), 100.0, 1.0) == 1.0


def test_different_counters_measures_and_actors_are_never_compared():
    rows = (
        year("a", 10),
        year("b", 500, counted_by="Army"),
        year("c", 500, measure="arrests"),
        year("d", 500, actor="somebody else"),
    )
    result = find_contradictions(table(*rows))
    assert result.to_frame().empty
    assert result.n_examined == 0


def test_places_named_do_not_narrow_an_area_and_a_subset_does():
    rows = (
        month("a", 1, 10, area="desert", places="Homs; Hama"),
        month("b", 1, 12, area="desert", places="Homs"),
        month("c", 1, 99, area="desert", subset="attacks on the army"),
    )
    assert found(*rows) == [("two_figures", "10 ≠ 12")]


# Input that is thin or bad


def test_one_statement_is_not_examined_and_said_to_be():
    result = find_contradictions(table(year("alone", 10)))
    assert result.unexamined.to_numpy().tolist() == [["alone", "nothing_comparable"]]


def test_two_identical_statements_agree():
    assert found(year("a", 10), year("b", 10)) == []


def test_counts_of_zero_are_figures_like_others():
    assert found(month("a", 1, 0), month("b", 1, 3)) == [("two_figures", "0 ≠ 3")]
    assert found(month("a", 1, 0), year("b", 0)) == []


def test_no_statements_have_no_conflicts():
    empty = table(year("a", 1)).iloc[:0]
    result = find_contradictions(empty)
    assert (result.n_statements, result.n_contradictions) == (0, 0)


def test_a_part_without_its_whole_is_listed_as_not_examined():
    rows = (month("part", 1, 5, part_of="nowhere", part_kind="area"),)
    result = find_contradictions(table(*rows))
    assert result.unexamined["reason"].tolist() == ["whole_missing"]


def test_a_window_of_an_unknown_year_is_listed_as_not_examined():
    result = find_contradictions(table(statement("a", 34, None, None), year("b", 5)))
    assert ("a", "window_unknown") in result.unexamined.itertuples(index=False, name=None)


def test_the_level_asked_for_is_kept_and_decides_over_the_findings_too():
    months = [month(f"m{number:02d}", number, 10) for number in range(1, 13)]
    asked = find_contradictions(table(*months, year("all", 180)), alpha=0.2)
    assert asked.conf_level == pytest.approx(0.8)
    found = asked.findings()
    assert found[-1].settings["alpha"] == 0.2
    assert {one.conf_level for one in found if one.graded_by} == {0.8}


def test_what_is_not_a_frame_of_statements_is_refused():
    with pytest.raises(TypeError, match="must be a table of count statements, got list"):
        find_contradictions([1, 2])
    with pytest.raises(TypeError, match="got a frame without measure, counted_by"):
        find_contradictions(table(year("a", 1)).drop(columns=["counted_by", "measure"]))
    with pytest.raises(ValueError, match="`alpha` must be between 0 and 1, got 2"):
        find_contradictions(table(year("a", 1)), alpha=2)


def test_the_made_up_tables_are_valid_statements():
    Statements.validate(table(year("a", 1), statement("b", 34, None, None)))


# Words and pictures


def test_how_many_conflicts_are_impossible_is_said_also_where_none_is():
    (nothing,) = find_contradictions(table(month("a", 1, 83))).findings()
    assert (nothing.finding_id, nothing.estimate) == ("series.contradiction.count", 0)
    assert "nothing they say excludes" in str(say(nothing))
    some = find_contradictions(table(month("a", 1, 83), month("b", 1, 84))).findings()
    assert (some[0].finding_id, some[0].estimate) == ("series.contradiction.count", 1)


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_kind_of_conflict_is_said_and_listed(lang, bundled):
    subject = Subject(key="figures", en="Figures", ar="أرقام")
    said = bundled.summary(lang, subject=subject)
    assert "218 > 215" in said
    listing = bundled.listing(lang)
    assert len(listing) == len(bundled.conflicts)
    assert listing.iloc[:, 5:7].map(len).min(axis=None) > 0
    spoken = words(lang)
    for said, conflict in zip(
        listing.itertuples(index=False), bundled.conflicts.to_dict("records"), strict=True
    ):
        assert said[0] == spoken["contradiction_verdict"][conflict["verdict"]]
        assert said[1] == spoken["contradiction_kind"][conflict["kind"]]
        reasons = [
            spoken["contradiction_explanation"][key] for key in conflict["explanations"].split("; ")
        ]
        assert said[6] == {"en": "; ", "ar": "، "}[lang].join(reasons)
        assert said[7].split(", ") == conflict["statement_ids"].split("; ")
    assert "3 (1.4%)" in listing.iloc[:, 4].tolist()
    assert bundled.unused(lang).iloc[:, 1].sum() == len(bundled.unexamined)


def test_the_firmest_grade_is_for_exact_figures_over_stated_windows(bundled):
    grades = {finding.finding_id: finding.grade for finding in bundled.findings()}
    exact = find_contradictions(table(month("a", 1, 83), month("b", 1, 84)))
    assert [each.grade for each in exact.findings()] == [None, "A"]
    # One of the two is a later repetition of the other; one of the two is a rival of the other.
    assert grades["series.contradiction.two-figures-ric-2021-07-ric-2021-07-q"] == "B"
    assert grades["series.contradiction.two-figures-ric-2020-02-ric-2020-02-r"] == "C"
    # The year 2021 was read at third hand, so what rests on it is tentative at best.
    assert grades["series.contradiction.parts-exceed-whole-ric-2021-year-ric-2021-08"] == "C"
    tension = "series.contradiction.parts-fall-short-cep-2023-03-04-cep-2023-04"
    assert grades[tension] == "C"


def test_each_verdict_is_counted_by_itself(bundled):
    totals = {
        finding.finding_id.split(".")[-1]: finding
        for finding in bundled.findings()
        if finding.quantity.startswith("n_")
    }
    numbers = {name: int(finding.estimate) for name, finding in totals.items()}
    assert numbers == {"count": 9, "tensions": 3, "improbable": 2, "repeated": 7}
    assert sum(numbers.values()) == len(bundled.conflicts)
    # How many rows of a table conflict is no inference and carries no grade; each conflict does.
    assert {finding.grade for finding in totals.values()} == {None}


def test_no_flag_of_a_figure_is_lost_between_table_and_conflict(bundled):
    rows = bundled.statements.set_index("statement_id")
    for finding in bundled.findings():
        if finding.quantity.startswith("n_"):
            continue
        said = rows.loc[list(finding.inputs.records)]
        assert ("weak_reading" in finding.caveats) == said["reading"].eq("weak").any()
        assert ("secondary_reading" in finding.caveats) == said["reading"].eq("secondary").any()
        assert ("inferred_window" in finding.caveats) == said["window_basis"].eq("inferred").any()
        assert ("inferred_scope" in finding.caveats) == said["scope_basis"].eq("inferred").any()
        if said["reading"].eq("weak").any():
            assert finding.grade >= "C"


def test_a_rule_says_what_it_compared_and_leaves_the_figures_as_they_were():
    figures = as_figures(table(month("a", 1, 83), month("b", 1, 84), month("c", 2, 5)))
    before = {name: np.array(value) for name, value in vars(figures).items()}
    found_ = two_figures(figures)
    assert found_.compared.tolist() == [True, True, False]
    assert nested_windows(figures).compared.sum() == 0
    for name, value in vars(figures).items():
        assert np.array_equal(np.asarray(value, dtype=object), before[name].astype(object)) or (
            np.array_equal(value, before[name], equal_nan=True)
        )


# Packing and tiling, by brute force


windows = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=8
)


@given(windows)
def test_the_heaviest_packing_is_the_best_of_all_choices(chosen):
    start = np.array([first for first, _, _ in chosen])
    end = start + np.array([length for _, length, _ in chosen])
    weight = np.array([value for _, _, value in chosen])
    packed = heaviest_packing(start, end, weight)
    assert all(end[a] < start[b] for a, b in pairwise(packed))
    best = 0
    for size in range(1, len(chosen) + 1):
        for some in combinations(range(len(chosen)), size):
            apart = all(end[a] < start[b] or end[b] < start[a] for a, b in combinations(some, 2))
            if apart:
                best = max(best, weight[list(some)].sum())
    assert weight[packed].sum() == best


@given(windows)
def test_the_lightest_tiling_is_the_best_of_all_choices(chosen):
    start = np.array([first for first, _, _ in chosen])
    end = start + np.array([length for _, length, _ in chosen])
    weight = np.array([value for _, _, value in chosen])
    first, last = int(start.min()), int(end.max())
    tiled = lightest_tiling(start, end, weight, first=first, last=last)
    sums = [
        weight[list(some)].sum()
        for size in range(1, len(chosen) + 1)
        for some in combinations(range(len(chosen)), size)
        if sorted(day for one in some for day in range(start[one], end[one] + 1))
        == list(range(first, last + 1))
    ]
    assert bool(tiled) == bool(sums)
    if sums:
        assert weight[tiled].sum() == min(sums)


def test_bounds_are_what_the_qualifiers_say():
    rows = [
        year("exact", 10),
        year("least", 10, qualifier="at_least"),
        year("more", 10, qualifier="more_than"),
        year("about", 200, qualifier="about"),
        year("range", pd.NA, qualifier="range", count_low=9000, count_high=10000),
        year("up-to", pd.NA, qualifier="range", count_high=39),
        year("tenth", 10, qualifier="nth_since"),
    ]
    bounds = figure_bounds(table(*rows))
    assert bounds.low.tolist() == [10, 10, 11, 150, 9000, 0, 10]
    assert bounds.high.tolist() == [10, np.inf, np.inf, 250, 10000, 39, np.inf]
    assert bounds.said.tolist() == ["10", "≥10", ">10", "≈200", "9,000-10,000", "0-39", "≥10"]
