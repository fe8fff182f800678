"""Is everything that a finding rests on in its record, and is the record known by its content?"""

import hashlib

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.inputs import digest, input_files, input_records
from trends.tables.window import Window

COUNTS = [int(count) for count in np.random.default_rng(1).poisson(12, 24)]


def series(counts=COUNTS, **attributes):
    months = pd.period_range("2021-01", periods=len(counts), freq="M")
    made = trends.as_series(pd.Series(counts, index=months))
    made.attrs |= attributes
    return made


def the_record(result):
    ((key, record),) = input_records(result).items()
    return key, record


def test_the_record_of_a_series_is_what_was_counted_and_where_it_is_from():
    _, record = the_record(trends.estimate_trend(series()))
    assert record == {
        "kind": "series",
        "labels": {},
        "file": "",
        "sha256": "",
        "freq": "M",
        "first": "2021-01",
        "last": "2022-12",
        "caveats": [],
        "count": COUNTS,
        "exposure": pd.period_range("2021-01", periods=24, freq="M").days_in_month.tolist(),
    }
    named = series(labels={"country": "Syria"}, source={"file": "a.csv", "sha256": "ab"})
    result = trends.estimate_trend(named)
    _, record = the_record(result)
    assert record["labels"] == {"country": "Syria"}
    assert (record["file"], record["sha256"]) == ("a.csv", "ab")
    assert input_files(result) == ("ab",)


@pytest.mark.parametrize("other", ["count", "exposure", "labels", "first"])
def test_a_series_is_known_by_counts_days_labels_and_first_period(other):
    changed = series()
    if other == "count":
        changed = series([COUNTS[0] + 1, *COUNTS[1:]])
    elif other == "exposure":
        changed.loc[changed.index[3], "exposure"] = 20.0
    elif other == "labels":
        changed = series(labels={"country": "Syria"})
    else:
        changed.index = changed.index + 1
    keys = {the_record(trends.estimate_trend(one))[0] for one in (series(), changed)}
    assert len(keys) == 2


def test_where_a_series_was_read_and_what_must_be_known_of_it_leave_its_name():
    told = series(source={"file": "a.csv", "sha256": "ab"}, caveats=["declared_jump"])
    assert (
        the_record(trends.estimate_trend(told))[0] == the_record(trends.estimate_trend(series()))[0]
    )


def test_the_record_of_a_figure_is_how_it_was_said():
    figure = Window(
        count=35,
        days=31.0,
        start=pd.Timestamp("2024-01-01"),
        end=pd.Timestamp("2024-01-31"),
        qualifier="at_least",
        counted_by="A",
        measure="attacks",
        reading="weak",
        role="rival",
    )
    key, record = the_record(trends.figure_rate(figure))
    assert key == "35 from 2024-01-01 to 2024-01-31"
    assert record == {
        "kind": "figure",
        "count_low": None,
        "count": 35,
        "count_high": None,
        "qualifier": "at_least",
        "window_start": "2024-01-01",
        "window_end": "2024-01-31",
        "window_basis": "stated",
        "days": 31.0,
        "counted_by": "A",
        "measure": "attacks",
        "reading": "weak",
        "role": "rival",
        "scope_basis": "stated",
        "definition": "",
    }


def test_a_digest_is_that_of_compact_json_with_sorted_keys():
    expected = hashlib.sha256('{"a":[1,2],"ب":"ج"}'.encode()).hexdigest()
    assert digest({"ب": "ج", "a": [1, 2]}) == expected
