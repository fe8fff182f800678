"""Changepoints of several sources: which they share, which one shows alone, and refusals."""

import numpy as np
import pandas as pd
import pytest

from trends.analysis.changepoint import detect_changepoints
from trends.analysis.shared_changepoint import shared_changepoints
from trends.tables.series import as_series


def months(counts):
    index = pd.period_range("2010-01", periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=index), exposure=30.4375)


def result_of(counts):
    return detect_changepoints(months(counts), n_null=199, rng=1)


def tripled():
    return np.random.default_rng(1).poisson(np.where(np.arange(60) < 30, 20.0, 60.0))


def test_a_shift_in_all_sources_is_shared_and_one_in_a_single_source_is_not():
    rng = np.random.default_rng(4)
    both = np.where(np.arange(60) < 30, 20.0, 60.0)
    only = both * np.where(np.arange(60) < 48, 1.0, 0.25)
    results = {"army": result_of(rng.poisson(both)), "monitor": result_of(rng.poisson(only))}
    shared = shared_changepoints(results)
    assert list(shared["verdict"]) == ["shared", "one_source"]
    assert list(shared["direction"]) == ["up", "down"]
    assert shared["sources"].tolist() == ["army, monitor", "monitor"]
    assert shared["absent_from"].tolist() == ["", "army"]
    assert str(shared["period"][0]) == "2012-07"


def test_a_source_that_was_not_watching_does_not_contradict():
    rng = np.random.default_rng(4)
    mean = np.where(np.arange(60) < 30, 20.0, 60.0)
    late = as_series(
        pd.Series(rng.poisson(60, 24), index=pd.period_range("2013-01", periods=24, freq="M")),
        exposure=30.4375,
    )
    results = {
        "army": result_of(rng.poisson(mean)),
        "monitor": detect_changepoints(late, n_null=199, rng=1),
    }
    (row,) = shared_changepoints(results).to_dict("records")
    assert row["verdict"] == "uncheckable"
    assert row["not_covered_by"] == "monitor"


def test_shared_changepoints_need_two_results_with_the_same_periods():
    one = result_of(tripled())
    with pytest.raises(ValueError, match="`results` must hold at least two results, got 1"):
        shared_changepoints({"one": one})
    with pytest.raises(TypeError, match="got DataFrame for 'two'"):
        shared_changepoints({"one": one, "two": one.series})
    index = pd.period_range("2000", periods=20, freq="Y")
    yearly = detect_changepoints(as_series(pd.Series(5, index=index)), n_null=199, rng=1)
    with pytest.raises(ValueError, match="`results` must have periods of one length, got"):
        shared_changepoints({"one": one, "two": yearly})
