"""Exact intervals of a ratio of two rates: R's values, the binomial definition, inflation."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.models.counts.ratio_interval import exact_p_value, exact_ratio_interval

COUNTS = st.integers(0, 60)
TIMES = st.floats(0.5, 20.0)


def test_it_is_the_interval_of_r(reference):
    for case in json.loads((reference / "stretches.json").read_text())["exact"]:
        known = [math.inf if end == "Inf" else end for end in case["conf_int"]]
        found = exact_ratio_interval(tuple(case["events"]), tuple(case["times"]), alpha=0.05)
        assert found == pytest.approx(known, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(first=COUNTS, second=COUNTS, times=st.tuples(TIMES, TIMES))
def test_each_end_is_the_ratio_at_which_the_binomial_tail_is_half_of_alpha(first, second, times):
    low, high = exact_ratio_interval((first, second), times, alpha=0.1)

    def share(ratio):
        return ratio * times[0] / (ratio * times[0] + times[1])

    if first:
        assert stats.binom.sf(first - 1, first + second, share(low)) == pytest.approx(0.05)
    else:
        assert low == 0
    if second:
        assert stats.binom.cdf(first, first + second, share(high)) == pytest.approx(0.05)
    else:
        assert high == math.inf


@settings(max_examples=60, deadline=None)
@given(first=COUNTS, second=COUNTS, times=st.tuples(TIMES, TIMES), inflation=st.floats(1, 20))
def test_the_interval_excludes_1_just_where_the_p_value_is_below_alpha(
    first, second, times, inflation
):
    low, high = exact_ratio_interval((first, second), times, alpha=0.2, inflation=inflation)
    p_value = exact_p_value((first, second), times, inflation=inflation)
    assert (p_value < 0.2) == (not low <= 1 <= high)


@settings(max_examples=40, deadline=None)
@given(first=COUNTS, second=COUNTS, inflation=st.floats(1.1, 20))
def test_more_scatter_never_narrows(first, second, inflation):
    plain = exact_ratio_interval((first, second), (1.0, 1.0), alpha=0.05)
    wide = exact_ratio_interval((first, second), (1.0, 1.0), alpha=0.05, inflation=inflation)
    assert wide[0] <= plain[0]
    assert wide[1] >= plain[1]


def test_a_total_that_comes_in_equal_bunches_counts_the_bunches():
    assert exact_ratio_interval((40, 12), (3.0, 2.0), alpha=0.05, inflation=4) == pytest.approx(
        exact_ratio_interval((10, 3), (3.0, 2.0), alpha=0.05)
    )


def test_none_against_k_is_the_f_quantile_with_2_and_2k_degrees_of_freedom():
    high = exact_ratio_interval((0, 30), (12.0, 24.0), alpha=0.05, inflation=5)[1]
    assert high == pytest.approx(stats.f.ppf(0.975, 2, 2 * 6) / 6 * 24 / 12)
    assert exact_p_value((0, 30), (12.0, 24.0), inflation=5) == pytest.approx(2 * (2 / 3) ** 6)
    assert np.isclose(exact_p_value((0, 0), (1.0, 1.0)), 1)
