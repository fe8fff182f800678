"""Are watched days counted once, and overlaps found?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.tables.coverage import join_stretches, overlaps, read_coverage
from trends.tables.faults import InvalidTable

stretches = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted), max_size=6)


@given(stretches=stretches, span=st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted))
def test_joined_stretches_hold_each_watched_day_of_the_span_once(stretches, span):
    first = np.array([start for start, _ in stretches], dtype=np.int64)
    last = np.array([end for _, end in stretches], dtype=np.int64)
    joined = join_stretches(first, last, tuple(span))
    days = np.arange(-2, 35)
    watched = [
        span[0] <= day <= span[1] and any(start <= day <= end for start, end in stretches)
        for day in days
    ]
    assert joined.hold(days).tolist() == watched
    assert joined.days_in(np.array([-2]), np.array([34])).tolist() == [sum(watched)]
    assert (joined.first[1:] > joined.last[:-1] + 1).all()


def read(tmp_path, *rows):
    path = tmp_path / "coverage.csv"
    path.write_text("\n".join(["source,country,watched_from,watched_to", *rows]) + "\n")
    return read_coverage(path)


def test_coverage_is_read_with_its_group_columns(tmp_path):
    coverage = read(tmp_path, "RIC,Syria,2024-01-01,2024-03-31", "RIC,Iraq,2024-02-01,2024-02-29")
    assert coverage["watched_to"].tolist() == [
        pd.Timestamp("2024-03-31"),
        pd.Timestamp("2024-02-29"),
    ]
    assert overlaps(coverage, "") == []


def test_every_broken_rule_of_a_coverage_table_is_listed(tmp_path):
    with pytest.raises(InvalidTable) as caught:
        read(
            tmp_path,
            "RIC,Syria,2024-01-01,2024-03-31",
            "RIC,Syria,2024-03-31,2024-05-31",
            "CEP,Syria,2024-03-31,2024-05-31",
            "RIC,Iraq,2024-03-01,2024-02-01",
            "RIC,Iraq,2024-13-01,2024-02-01",
            ",Iraq,2025-01-01,2025-02-01",
        )
    assert [(fault.row, fault.rule) for fault in caught.value.faults] == [
        (3, "stretches of one source and group must not overlap"),
        (5, "watched_to must not be before watched_from"),
        (6, "must be a day of the calendar written YYYY-MM-DD"),
        (7, "must not be empty"),
    ]
