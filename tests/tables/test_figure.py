"""Does every published figure have one reading, whoever asks?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.analysis.contradiction import find_contradictions
from trends.analysis.figure_rate import figure_rate
from trends.analysis.latent_rate import estimate_rate
from trends.analysis.rate import compare_rates
from trends.models.published.figure_bounds import figure_bounds
from trends.models.published.figure_likelihood import counts_allowed
from trends.tables.figure import (
    FLAGS,
    allowed_counts,
    figure_flags,
    figures_allowed,
    flag_caveats,
    scope_key,
)
from trends.tables.statements import with_defaults
from trends.tables.validation import validate
from trends.tables.window import as_window

QUALIFIERS = ("exact", "about", "at_least", "more_than", "nth_since")


def table(*rows):
    """Statements of one counter over 2024, unless the rows say otherwise."""
    plain = {
        "measure": "attacks",
        "counted_by": "Monitor",
        "country": "Syria",
        "window_start": pd.Timestamp("2024-01-01"),
        "window_end": pd.Timestamp("2024-12-31"),
        "count_low": pd.NA,
        "count": pd.NA,
        "count_high": pd.NA,
    }
    frame = pd.DataFrame([{**plain, "statement_id": f"s{n}", **row} for n, row in enumerate(rows)])
    whole = ("count_low", "count", "count_high")
    return with_defaults(frame.astype(dict.fromkeys(whole, "Int64")))


def allows(qualifier, figure, count, unit):
    """Whether a figure said so may stand for a count: the definition, one count at a time."""
    return {
        "exact": count == figure,
        "about": abs(count - figure) <= max(unit / 2, 1),
        "at_least": count >= figure,
        "more_than": count > figure,
        "nth_since": count >= figure,
    }[qualifier]


@given(
    qualifier=st.sampled_from(QUALIFIERS),
    figure=st.integers(1, 60),
    unit=st.sampled_from([1, 5, 10, 20]),
)
def test_a_figure_allows_the_counts_that_its_words_allow(qualifier, figure, unit):
    found = allowed_counts([figure], [None], [None], [qualifier], rounding=[unit])
    for count in range(150):
        inside = found.fewest[0] <= count <= found.most[0]
        assert inside == allows(qualifier, figure, count, unit)


def test_bounds_win_over_the_rounding_unit_and_an_open_end_allows_everything_beyond():
    found = allowed_counts(
        [200, 26, None, None, None],
        [180, 26, None, 9, None],
        [230, 27, 39, None, 12],
        ["about", "range", "range", "range", "exact"],
    )
    assert found.fewest.tolist() == [180, 26, 0, 9, 0]
    assert found.most.tolist() == [230, 27, 39, np.inf, 12]


@settings(max_examples=40, deadline=None)
@given(qualifier=st.sampled_from(QUALIFIERS), figure=st.integers(1, 400))
def test_every_door_reads_a_figure_the_same_way(qualifier, figure):
    rows = table({"count": figure, "qualifier": qualifier})
    allowed = figures_allowed(rows)
    one = (allowed.fewest[0], allowed.most[0])
    bounds = figure_bounds(rows)
    assert (bounds.low[0], bounds.high[0]) == one
    assert tuple(counts_allowed(as_window(rows.iloc[0]))) == one
    rate = figure_rate(rows.iloc[0])
    assert (rate.count_low, rate.count_high) == one


@settings(max_examples=40, deadline=None)
@given(
    said=st.tuples(st.sampled_from(QUALIFIERS), st.integers(1, 40)),
    other=st.tuples(st.sampled_from(QUALIFIERS), st.integers(1, 40)),
)
def test_two_figures_contradict_when_they_share_no_count_and_a_part_is_a_fault_when_none_fits(
    tmp_path_factory, said, other
):
    rows = table(
        {"count": said[1], "qualifier": said[0]}, {"count": other[1], "qualifier": other[0]}
    )
    allowed = figures_allowed(rows)
    apart = max(allowed.fewest) > min(allowed.most)
    kinds = set(find_contradictions(rows).conflicts["kind"])
    assert ("two_figures" in kinds) == apart
    path = tmp_path_factory.mktemp("parts") / "statements.csv"
    parts = rows.assign(part_of=[None, "s0"], part_kind=[None, "type"])
    parts.to_csv(path, index=False)
    faults = [fault.rule for fault in validate(path).faults]
    too_large = "a part must not be larger than its whole" in faults
    assert too_large == (allowed.fewest[1] > allowed.most[0])


def test_a_minimum_has_no_bounds_beside_it():
    """ "At least 30" with a lower bound of 25 has no meaning that everybody would read alike."""
    rows = table({"count": 30, "qualifier": "at_least", "count_low": 25})
    assert figures_allowed(rows).fewest.tolist() == [30]


def test_a_rate_is_a_count_over_its_window():
    row = {"count": 4, "quantity": "rate", "per": "month", "qualifier": "about"}
    months = 366 / 30.4375
    found = figures_allowed(table(row))
    assert [found.fewest[0], found.most[0]] == pytest.approx([3 * months, 5 * months])
    quarter = figures_allowed(table(row | {"per": "quarter"}))
    assert quarter.printed[0] == pytest.approx(4 * months / 3)


def test_what_a_row_says_of_itself_is_flagged_and_every_flag_has_a_caveat():
    for column, words in FLAGS.items():
        for word, caveat in words.items():
            flags = figure_flags({column: word})
            assert len(flags) == 1
            assert flag_caveats(flags) == (caveat,)
    assert figure_flags({"qualifier": "exact", "role": "primary", "reading": "direct"}) == ()


def test_a_name_never_decides_what_a_figure_is():
    rows = table(
        {"count": 9, "measure": "guards_at_large"},
        {"count": 9, "measure": "attacks_per_month"},
        {"count": 9, "measure": "arrests", "quantity": "stock"},
    )
    assert figures_allowed(rows).printed.tolist() == [9, 9, 9]
    assert [figure_rate(row).count_low for _, row in rows.iloc[:2].iterrows()] == [9, 9]
    with pytest.raises(ValueError, match="a stock of arrests"):
        figure_rate(rows.iloc[2])


def test_all_of_a_country_is_one_scope_and_a_part_is_told_by_its_area():
    whole = {"country": "Syria", "area": "Syria", "control_area": "all", "scope": "whole"}
    assert scope_key(whole) == scope_key(whole | {"area": "Syria Province", "control_area": None})
    part = whole | {"area": "Raqqa", "scope": "part"}
    assert scope_key(part) != scope_key(whole)
    assert scope_key(part) != scope_key(part | {"area": "Homs"})
    assert scope_key(whole) != scope_key(whole | {"subset": "attacks on posts"})


def flagged(**cells):
    """Six figures of one source over six months, the last of them with these cells."""
    months = pd.period_range("2024-01", periods=6, freq="M")
    rows = [
        {
            "count": 10 + n,
            "window_start": month.start_time,
            "window_end": month.end_time.normalize(),
        }
        for n, month in enumerate(months)
    ]
    return table(*rows[:-1], rows[-1] | cells)


@pytest.mark.parametrize(
    ("cells", "caveat"),
    [
        ({"qualifier": "about"}, "rounded_figure"),
        ({"qualifier": "at_least"}, "bound_only"),
        ({"qualifier": "more_than"}, "bound_only"),
        ({"qualifier": "nth_since"}, "stopped_window"),
        ({"window_basis": "inferred"}, "inferred_window"),
        ({"scope_basis": "inferred"}, "inferred_scope"),
        ({"reading": "secondary"}, "secondary_reading"),
        ({"reading": "weak"}, "weak_reading"),
        ({"role": "requoted"}, "requoted_figure"),
        ({"role": "rival"}, "rival_figure"),
    ],
)
def test_no_flag_of_an_input_is_lost_between_table_and_finding(cells, caveat):
    rows = flagged(**cells)
    results = [
        figure_rate(rows.iloc[-1]),
        estimate_rate(rows, minimums="bound"),
        compare_rates(rows.iloc[-1], rows.iloc[0]),
    ]
    for result in results:
        for finding in result.findings():
            assert caveat in finding.caveats
            if caveat in ("weak_reading", "rival_figure"):
                assert finding.grade >= "C"
