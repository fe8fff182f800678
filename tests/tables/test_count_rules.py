"""Is a table that is plainly right one in which the schema finds nothing?"""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from trends.tables.checking import check_table
from trends.tables.count_rules import plainly_hold
from trends.tables.schemas import EventCounts, broken_rules

row = st.tuples(
    st.sampled_from(["Iraq", "Syria"]),
    st.sampled_from(["2024-01", "2024-02", None]),
    st.sampled_from([-1, 0, 3, None]),
    st.sampled_from([-1.0, 0.0, 1e-7, 20.0, 29.0, 31.0, 40.0, None]),
    st.booleans(),
    st.sampled_from(["", "people"]),
)


@given(st.lists(row, min_size=1, max_size=4), st.booleans())
def test_the_schema_finds_nothing_exactly_where_all_rules_plainly_hold(rows, in_units):
    names = ["country", "period", "count", "exposure", "complete", "exposure_unit"]
    counts = pd.DataFrame(rows, columns=names)
    counts["period"] = pd.PeriodIndex(counts["period"], freq="M")
    counts = counts.astype({"count": "Int64", "exposure": float, "exposure_unit": "str"})
    counts = counts if in_units else counts.drop(columns="exposure_unit")
    assert plainly_hold(counts) == (not broken_rules(counts, EventCounts))


def test_what_is_stored_otherwise_is_put_before_the_schema():
    months = pd.period_range("2024-01", periods=2, freq="M")
    counts = pd.DataFrame({"period": months, "count": pd.array([3, 0], dtype="Int64")})
    counts = counts.assign(exposure=[31.0, 29.0], complete=True)
    assert plainly_hold(counts)
    assert not check_table(counts, "EventCounts")
    for other in (
        counts.assign(period=months.start_time),
        counts.assign(count=["3", "0"]),
        counts.assign(exposure=[31, 29]),
        counts.assign(complete=[True, None]),
        counts.drop(columns="complete"),
    ):
        assert not plainly_hold(other)
        assert check_table(other, "EventCounts")
    assert not plainly_hold(counts.assign(as_of=pd.Timestamp("2024-05-01")))
    tomorrow = pd.Timestamp.today().normalize() + pd.Timedelta(days=1)
    assert check_table(counts.assign(as_of=tomorrow), "EventCounts")
