"""Exact intervals of a ratio of two rates: R's values, the binomial definition, inflation."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.models.counts.ratio_interval import (
    Total,
    ratio_interval,
    ratio_low,
    ratio_p_value,
    ratio_tail,
    visible_range,
)
from trends.models.counts.ratio_power import visible_ratios

COUNTS = st.integers(0, 60)
TIMES = st.floats(0.5, 20.0)


def totals(first, second, times, inflation=1.0):
    return (
        Total.of_count(first, times[0], inflation),
        Total.of_count(second, times[1], inflation),
    )


def test_it_is_the_interval_of_r(reference):
    for case in json.loads((reference / "stretches.json").read_text())["exact"]:
        known = [math.inf if end == "Inf" else end for end in case["conf_int"]]
        found = ratio_interval(*totals(*case["events"], case["times"]), alpha=0.05)
        assert found == pytest.approx(known, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(first=COUNTS, second=COUNTS, times=st.tuples(TIMES, TIMES))
def test_each_end_is_the_ratio_at_which_the_binomial_tail_is_half_of_alpha(first, second, times):
    low, high = ratio_interval(*totals(first, second, times), alpha=0.1)

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


INFLATIONS = st.floats(1, 20)


@settings(max_examples=60, deadline=None)
@given(first=COUNTS, second=COUNTS, times=st.tuples(TIMES, TIMES), inflation=INFLATIONS)
def test_the_interval_excludes_1_just_where_the_p_value_is_below_alpha(
    first, second, times, inflation
):
    both = totals(first, second, times, inflation)
    low, high = ratio_interval(*both, alpha=0.2)
    assert (ratio_p_value(*both) < 0.2) == (not low <= 1 <= high)


@settings(max_examples=40, deadline=None)
@given(first=COUNTS, second=COUNTS, inflation=st.floats(1.1, 20))
def test_more_scatter_never_narrows(first, second, inflation):
    plain = ratio_interval(*totals(first, second, (1.0, 1.0)), alpha=0.05)
    wide = ratio_interval(*totals(first, second, (1.0, 1.0), inflation), alpha=0.05)
    assert wide[0] <= plain[0]
    assert wide[1] >= plain[1]


def bunches(first, second, times, inflation):
    return (
        Total.of_bunches(first, times[0], inflation),
        Total.of_bunches(second, times[1], inflation),
    )


def test_a_total_that_comes_in_equal_bunches_counts_the_bunches():
    found = ratio_interval(*bunches(40, 12, (3.0, 2.0), 4), alpha=0.05)
    assert found == pytest.approx(ratio_interval(*totals(10, 3, (3.0, 2.0)), alpha=0.05))


def test_totals_that_scatter_differently_are_two_gammas_of_their_own_scale():
    """The ratio's lower limit is a quantile of a ratio of gamma rates, by simulation."""
    rng = np.random.default_rng(1)
    one, two = Total.of_count(60, 3.0, 5.0), Total.of_count(20, 2.0, 2.0)
    above = rng.gamma(60 / 5, 5 / 3.0, 400_000)
    below = rng.gamma(21 / 2, 2 / 2.0, 400_000)
    assert ratio_low(one, two, 0.025) == pytest.approx(np.quantile(above / below, 0.025), rel=0.01)


@pytest.mark.parametrize("dispersion", [3.0, 8.0])
def test_totals_of_one_rate_differ_clearly_in_one_of_twenty_when_their_scatter_is_known(dispersion):
    rng = np.random.default_rng(4)
    spread = dispersion - 1
    pairs = rng.poisson(rng.gamma(10 / spread, spread, (2000, 2, 12))).sum(axis=-1)
    clear = [ratio_p_value(*totals(*pair, (1.0, 1.0), dispersion)) < 0.05 for pair in pairs]
    # The Monte-Carlo error of 2000 pairs is .005.
    assert np.mean(clear) == pytest.approx(0.045, abs=0.015)


def test_none_against_k_is_the_f_quantile_with_2_and_2k_degrees_of_freedom():
    both = bunches(0, 30, (12.0, 24.0), 5)
    assert ratio_interval(*both, alpha=0.05)[1] == pytest.approx(
        stats.f.ppf(0.975, 2, 2 * 6) / 6 * 24 / 12
    )
    assert ratio_p_value(*both) == pytest.approx(2 * (2 / 3) ** 6)
    assert ratio_p_value(*totals(0, 0, (1.0, 1.0))) == 1


@settings(max_examples=30, deadline=None)
@given(total=st.integers(1, 300), times=st.tuples(TIMES, TIMES))
def test_what_could_be_seen_without_scatter_is_what_the_binomial_shows(total, times):
    found = visible_range(total, *totals(0, 0, times), power=0.8, alpha=0.05)
    assert found == pytest.approx(visible_ratios(total, *times))


def test_a_visible_rise_is_clear_four_times_in_five_and_scatter_puts_it_further_off():
    fall, rise = visible_range(200, *totals(0, 0, (1.0, 1.0), 3.5), power=0.8, alpha=0.05)
    clear = [
        count
        for count in range(201)
        if ratio_tail(*totals(count, 200 - count, (1.0, 1.0), 3.5), 1.0) <= 0.025
    ]
    assert ratio_tail(*totals(clear[0], 200 - clear[0], (1.0, 1.0), 3.5), rise) == pytest.approx(
        0.8
    )
    assert fall == pytest.approx(1 / rise)
    assert rise > visible_ratios(200, 1.0, 1.0)[1]
    assert visible_range(3, *totals(0, 0, (1.0, 1.0)), power=0.8, alpha=0.05) == (0.0, np.inf)
