"""One figure: R's exact interval, every kind by its own likelihood, coverage by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.analysis.figure_rate import figure_rate, figure_rates
from trends.models.published.figure_likelihood import (
    counts_allowed,
    log_likelihood,
    log_set_probability,
    mean_interval,
)
from trends.tables.figure import rounding_unit
from trends.tables.window import Window

MONTH = 30.4375


def window(count, qualifier="exact", days=MONTH, **more):
    return Window(count=count, days=days, qualifier=qualifier, **more)


# R 4.2.2:
# > poisson.test(137, 24.19893)$conf.int   4.753125 6.692709
# > poisson.test(15, 400)$conf.int         0.02098847 0.06185055
@pytest.mark.parametrize(
    ("count", "time", "low", "high"),
    [
        (137, 24.19893, 4.75312480484875, 6.69270933417607),
        (15, 400, 0.0209884653319583, 0.0618505471787146),
    ],
)
def test_an_exact_count_has_the_interval_of_poisson_test_in_r(count, time, low, high):
    found = figure_rate((count, time * MONTH))
    assert found.estimate == pytest.approx(count / time)
    assert found.conf_low == pytest.approx(low)
    assert found.conf_high == pytest.approx(high)


def test_the_tenth_since_the_first_of_may_on_day_nineteen_is_less_than_ten_over_nineteen_days():
    tenth = {
        "count": 10,
        "qualifier": "nth_since",
        "window_start": "2025-05-01",
        "window_end": "2025-05-19",
    }
    found = figure_rate(tenth)
    # By hand: nine of ten waiting times are unbiased, 9 / 19 days; the interval is Erlang.
    assert found.estimate * 30 / MONTH == pytest.approx(14.2, abs=0.02)
    assert found.conf_low * 30 / MONTH == pytest.approx(7.6, abs=0.05)
    assert found.conf_high * 30 / MONTH == pytest.approx(27.0, abs=0.05)
    assert found.conf_high == pytest.approx(stats.chi2.ppf(0.975, 20) / 2 / (19 / MONTH))


def test_dividing_a_waiting_time_overstates_the_rate_and_one_less_does_not():
    waits = np.random.default_rng(1).gamma(10, 1 / 0.5, size=40_000)
    assert np.mean(10 / waits) == pytest.approx(0.5 * 10 / 9, rel=0.01)
    assert np.mean(9 / waits) == pytest.approx(0.5, rel=0.01)


def test_a_first_event_has_no_estimate_and_an_infinite_interval_that_says_so():
    found = figure_rate(window(1, "nth_since", days=19))
    assert np.isnan(found.estimate)
    assert found.conf_high == np.inf
    assert found.conf_low == pytest.approx(-np.log(0.95) / (19 / MONTH))
    assert "no upper end" in found.summary()
    assert "ليس للمجال طرف أعلى" in found.summary("ar")


def test_a_minimum_has_a_lower_limit_only_at_the_whole_level():
    found = figure_rate(window(35, "at_least"))
    assert found.conf_high == np.inf
    assert found.conf_low == pytest.approx(stats.chi2.ppf(0.05, 70) / 2)
    assert figure_rate(window(34, "more_than")).conf_low == pytest.approx(found.conf_low)


@pytest.mark.parametrize(
    ("count", "unit"),
    [(7, 1), (32, 1), (50, 10), (85, 5), (200, 100), (330, 10), (700, 100), (753, 1), (2500, 500)],
)
def test_the_unit_a_figure_is_rounded_to_is_read_off_the_figure(count, unit):
    assert rounding_unit(count) == unit


def test_a_rounded_figure_allows_what_rounds_to_it_and_prints_its_unit():
    found = figure_rate(window(200, "about"))
    assert (found.count_low, found.count_high, found.rounding_unit) == (150, 250, 100)
    assert "rounded to 100" in found.summary()
    narrow = figure_rate(window(200, "about", rounding_unit=10))
    assert (narrow.count_low, narrow.count_high, narrow.rounding_unit) == (195, 205, 10)


def test_a_range_allows_its_ends_and_one_end_leaves_the_other_open():
    assert counts_allowed(window(26, "range", count_low=26, count_high=27)) == (26, 27)
    assert counts_allowed(window(200, "range", count_high=200)) == (0, 200)
    assert counts_allowed(window(26, "range", count_low=26)) == (26, np.inf)


@settings(max_examples=60, deadline=None)
@given(low=st.integers(0, 60), width=st.integers(0, 40), mean=st.floats(0.01, 150))
def test_the_likelihood_of_a_range_is_the_sum_over_its_counts(low, width, mean):
    summed = stats.poisson.pmf(np.arange(low, low + width + 1), mean).sum()
    found = float(np.exp(log_set_probability(low, low + width, mean)))
    assert found == pytest.approx(summed, rel=1e-6, abs=1e-300)


@settings(max_examples=60, deadline=None)
@given(least=st.integers(0, 60), mean=st.floats(0.01, 150))
def test_the_likelihood_of_a_minimum_is_the_upper_tail(least, mean):
    found = float(np.exp(log_likelihood(window(least, "at_least"), mean)))
    assert found == pytest.approx(stats.poisson.sf(least - 1, mean), rel=1e-6, abs=1e-300)


def test_the_likelihood_of_a_waiting_time_is_the_erlang_density_in_the_rate():
    means = np.array([4.0, 10.0, 15.0])
    found = log_likelihood(window(10, "nth_since", days=19), means)
    density = stats.gamma.logpdf(19, 10, scale=19 / means)
    assert np.diff(found) == pytest.approx(np.diff(density))


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 300), days=st.floats(1, 1800))
def test_the_mid_p_interval_lies_inside_the_exact_one(count, days):
    exact = figure_rate((count, days))
    middle = figure_rate((count, days), method="midp-c")
    assert exact.conf_low <= middle.conf_low + 1e-9
    assert middle.conf_high <= exact.conf_high + 1e-9
    assert middle.conf_low <= middle.estimate <= middle.conf_high


def test_the_mid_p_limits_split_what_was_seen_in_half():
    found = figure_rate((12, MONTH), method="midp-c")
    for end, tail in ((found.conf_low, 0.025), (found.conf_high, 0.975)):
        above = stats.poisson.sf(12, end) + stats.poisson.pmf(12, end) / 2
        assert above == pytest.approx(tail, abs=1e-8)


def test_another_level_keeps_the_method():
    asked = figure_rate((12, MONTH), method="midp-c").to_frame(alpha=0.2)
    pd.testing.assert_frame_equal(
        asked, figure_rate((12, MONTH), method="midp-c", alpha=0.2).to_frame()
    )
    exact = figure_rate((12, MONTH), alpha=0.2).to_frame()
    assert asked["conf_low"][0] > exact["conf_low"][0]


def test_a_count_of_zero_has_an_upper_limit_of_three_and_a_bit():
    found = figure_rate((0, MONTH))
    assert (found.estimate, found.conf_low) == (0, 0)
    assert found.conf_high == pytest.approx(-np.log(0.025))


def test_bounds_without_a_count_are_a_range_even_when_called_exact():
    row = {"count_low": 20, "count_high": 30, "window_start": "2024-01-01",
           "window_end": "2024-01-31"}  # fmt: skip
    found = figure_rate(row)
    assert (found.count_low, found.count_high) == (20, 30)
    assert found.window.qualifier == "range"


# ------- coverage, over rates drawn from a span so that discreteness averages out; figures are
# rounded to 10, which is less than a standard deviation of the counts. Coarser rounding leaves
# nothing to chance and covers more: `benchmarks/figure_coverage.py` shows how much.


def publish(kind, count):
    """Return what is printed of a count, as a window over one month."""
    if kind == "about":
        return window(int(10 * round(count / 10)), "about", rounding_unit=10)
    if kind == "range":
        low = count // 8 * 8
        return window(low, "range", count_low=low, count_high=low + 7)
    if kind == "more_than":
        return window(count - 1, "more_than")
    return window(count, kind)


def coverage(kind, method, means, rng):
    hits, known = 0, {}
    for mean in means:
        if kind == "nth_since":
            wait = rng.gamma(12, 1 / mean)
            low, high = (end / wait for end in mean_interval(window(12, kind), method=method))
        else:
            count = max(int(rng.poisson(mean)), 1)
            if count not in known:
                known[count] = mean_interval(publish(kind, count), method=method)
            low, high = known[count]
        hits += low <= mean <= high
    return hits / len(means)


@pytest.mark.parametrize("kind", ["exact", "at_least", "more_than", "about", "range", "nth_since"])
def test_mid_p_intervals_of_every_kind_cover_93_to_97_percent(kind):
    rng = np.random.default_rng(11)
    found = coverage(kind, "midp-c", rng.uniform(100, 250, size=4000), rng)
    assert 0.93 <= found <= 0.97


@pytest.mark.parametrize("kind", ["exact", "at_least", "more_than", "about", "range", "nth_since"])
def test_exact_intervals_of_every_kind_cover_at_least_what_they_say(kind):
    rng = np.random.default_rng(12)
    found = coverage(kind, "exact-c", rng.uniform(100, 250, size=4000), rng)
    # three standard errors of 4000 draws below the level
    assert found >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 4000)


# ------- tables and bad input


def test_every_statement_keeps_its_row_with_a_rate_or_a_reason(published):
    from trends.tables.statements import read_statements

    statements = read_statements(published / "statements.csv")
    rates = figure_rates(statements)
    assert rates.index.equals(statements.index)
    assert (rates["reason"] != "").equals(rates["conf_low"].isna())
    known = rates[rates["reason"] == ""].dropna(subset="estimate")
    assert (known["conf_low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["conf_high"]).all()


def test_an_unknown_window_and_a_stock_have_their_reasons():
    row = {
        "statement_id": "a",
        "measure": "events",
        "count": 5,
        "window_start": pd.NaT,
        "window_end": pd.Timestamp("2024-01-31"),
        "window_basis": "unknown",
        "qualifier": "exact",
    }
    stock = {
        **row,
        "measure": "detained_stock",
        "quantity": "stock",
        "window_start": pd.Timestamp("2024-01-01"),
        "window_basis": "stated",
    }
    reasons = figure_rates(pd.DataFrame([row, stock]))["reason"].tolist()
    assert reasons == [
        "its window is not established",
        "a stock on one day, not a count over a window",
    ]


def test_a_method_for_two_rates_is_refused_for_one():
    with pytest.raises(ValueError, match="`method` must be exact-c or midp-c, got 'score'"):
        figure_rate((5, 30), method="score")
