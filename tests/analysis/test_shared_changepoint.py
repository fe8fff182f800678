"""Changepoints of several sources: which they share, which one shows alone, and refusals."""

import dataclasses

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


def at(result, *steps):
    """Return the result with steps made by hand: the months each may lie in, with their chances."""
    (one,) = result.changepoints
    made = []
    for chances in steps:
        months = pd.PeriodIndex(list(chances), freq="M")
        likely = pd.Series(list(chances.values()), index=months)
        made.append(dataclasses.replace(one, period=likely.idxmax(), set_probability=likely))
    return dataclasses.replace(result, changepoints=tuple(made))


@pytest.mark.parametrize(
    ("alpha", "first", "last"), [(0.5, "2012-07", "2012-07"), (0.01, "2012-06", "2012-09")]
)
def test_the_date_of_a_shared_shift_rests_on_the_product_of_both_chances(alpha, first, last):
    found = result_of(tripled())
    one = at(
        found, {"2012-05": 0.05, "2012-06": 0.1, "2012-07": 0.5, "2012-08": 0.25, "2012-09": 0.1}
    )
    two = at(
        found, {"2012-06": 0.3, "2012-07": 0.4, "2012-08": 0.2, "2012-09": 0.09, "2012-10": 0.01}
    )
    # the products .03, .2, .05 and .009 are .104, .692, .173 and .031 of their sum
    (row,) = shared_changepoints({"one": one, "two": two}, alpha=alpha).to_dict("records")
    assert str(row["period"]) == "2012-07"
    assert (str(row["conf_low"]), str(row["conf_high"])) == (first, last)
    assert row["n_sources"] == 2


def test_a_shift_that_fits_two_others_is_taken_for_the_nearer_one():
    found = result_of(tripled())
    apart = at(found, {"2012-02": 1.0}, {"2012-06": 1.0})
    wide = at(found, {"2012-02": 0.1, "2012-06": 0.3, "2012-08": 0.6})
    shared = shared_changepoints({"apart": apart, "wide": wide})
    assert shared["sources"].tolist() == ["apart", "apart, wide"]


def test_sets_that_meet_at_a_higher_level_only_are_two_shifts_at_a_lower_one():
    found = result_of(tripled())
    one = at(found, {"2012-05": 0.95, "2012-07": 0.05})
    two = at(found, {"2012-07": 1.0})
    assert len(shared_changepoints({"one": one, "two": two}, alpha=0.01)) == 1
    assert len(shared_changepoints({"one": one, "two": two}, alpha=0.5)) == 2


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
