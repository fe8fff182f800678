"""Two rates: R's exact intervals, published tables, every kind of figure, degenerate counts."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.rates import tost_poisson_2indep

from trends.analysis.rate import compare_rates
from trends.models.published.borrowed_scatter import borrowed_inflation
from trends.tables.window import Window

YEAR_2024 = ("2024-01-01", "2024-12-31")
YEAR_2023 = ("2023-01-01", "2023-12-31")
METHODS = ("exact-c", "midp-c", "score", "wald")


def figure(count, qualifier="exact", window=YEAR_2024, **more):
    return {
        "count": count,
        "qualifier": qualifier,
        "window_start": window[0],
        "window_end": window[1],
        **more,
    }


# R 4.2.2:
# > poisson.test(c(60, 30), c(51477.5, 54308.7))
#   p-value = 0.0006752, 95 percent confidence interval: 1.339736 3.388366, rate ratio 2.109998
# > poisson.test(c(60, 30), c(51477.5, 54308.7), alternative = "greater")
#   95 percent confidence interval: 1.433512 Inf
# > poisson.test(c(11, 6+8+7), c(800, 1083+1050+878))
#   p-value = 0.07967, 95 percent confidence interval: 0.8584264 4.2772659, rate ratio 1.971488


def test_the_exact_ratio_is_that_of_poisson_test_in_r():
    found = compare_rates((60, 51477.5), (30, 54308.7))
    assert found.ratio == pytest.approx(2.10999757175465)
    assert found.ratio_low == pytest.approx(1.33973572177265)
    assert found.ratio_high == pytest.approx(3.38836557361625)
    assert found.p_value == pytest.approx(0.000675182658686322)


def test_the_one_sided_limit_is_that_of_poisson_test_in_r():
    found = compare_rates((60, 51477.5), (30, 54308.7), alpha=0.1)
    assert found.ratio_low == pytest.approx(1.43351243381752)


def test_the_help_page_example_of_poisson_test_is_reproduced():
    found = compare_rates((11, 800), (21, 3011))
    assert found.ratio == pytest.approx(1.9714880952381)
    assert found.ratio_low == pytest.approx(0.858426403391639)
    assert found.ratio_high == pytest.approx(4.27726594365407)
    assert found.p_value == pytest.approx(0.0796686330333295)


def test_the_exact_interval_is_that_of_poisson_test_in_r(reference):
    known = json.loads((reference / "rates.json").read_text())
    found = compare_rates(*zip(known["counts"], known["exposures"], strict=True))
    assert found.ratio == pytest.approx(known["ratio"])
    assert found.p_value == pytest.approx(known["p_value"])
    assert found.ratio_low == pytest.approx(known["conf_low"])
    assert found.ratio_high == pytest.approx(known["conf_high"])


# Gu, Ng, Tang & Schucany (2008), example 1, one-sided p-values of a ratio above 1:
# wald-log .00042, score .000316, exact-cond .000428, cond-midp .00031. Two-sided here.
@pytest.mark.parametrize(("method", "one_sided"), [("wald", 0.00042), ("score", 0.000316)])
def test_the_published_p_values_of_gu_are_reproduced(method, one_sided):
    found = compare_rates((60, 51477.5), (30, 54308.7), method=method)
    assert found.p_value == pytest.approx(2 * one_sided, abs=2e-6)


def test_the_one_sided_p_values_of_gu_are_those_of_a_minimum():
    # A minimum can only speak for a rise, so its p-value is twice the one-sided one.
    for method, one_sided in {"exact-c": 0.000428, "midp-c": 0.00031}.items():
        first = Window(count=60, days=51477.5, qualifier="at_least")
        found = compare_rates(first, (30, 54308.7), method=method)
        assert found.p_value == pytest.approx(2 * one_sided, abs=1e-6)


# Ng, Gu & Tang (2007): counts 41 and 15 in 28010 and 19017, difference by the score test:
# statistic 2.0818, one-sided p 0.0187; against a difference of 0.0002: 1.5023, 0.0665.
@pytest.mark.parametrize(("one_sided", "difference"), [(0.0187, 0.0), (0.06651, 0.0002)])
def test_the_score_limit_of_the_difference_is_where_ng_puts_it(one_sided, difference):
    found = compare_rates((41, 28010), (15, 19017), alpha=2 * one_sided)
    per_day = found.difference_low / 30.4375
    assert per_day == pytest.approx(difference, abs=2e-6)


def test_two_years_of_claims_compare_as_the_article_should_have_said():
    found = compare_rates((294, *YEAR_2024), (121, *YEAR_2023))
    assert found.ratio == pytest.approx(294 / 366 / (121 / 365))
    assert (found.ratio_low, found.ratio_high) == pytest.approx((1.954, 3.020), abs=5e-4)
    assert found.tipping_dispersion == pytest.approx(17.5, abs=0.1)
    assert found.tipping_share == pytest.approx(2.42, abs=0.01)
    assert found.tipping_share_interval == pytest.approx(found.ratio_low)
    wald = compare_rates((294, *YEAR_2024), (121, *YEAR_2023), method="wald")
    assert (wald.ratio_low, wald.ratio_high) == pytest.approx((1.96, 2.99), abs=5e-3)


def test_the_tipping_dispersion_is_where_the_wald_interval_reaches_1():
    found = compare_rates((294, *YEAR_2024), (121, *YEAR_2023))
    error = np.sqrt(found.tipping_dispersion * (1 / 294 + 1 / 121))
    assert np.log(found.ratio) - 1.959964 * error == pytest.approx(0, abs=1e-6)


def test_tipping_points_are_the_same_for_a_rise_and_its_mirror_image():
    up = compare_rates((294, *YEAR_2024), (121, *YEAR_2023))
    down = compare_rates((121, *YEAR_2023), (294, *YEAR_2024))
    assert down.tipping_dispersion == pytest.approx(up.tipping_dispersion)
    assert down.tipping_share == pytest.approx(up.tipping_share)
    assert down.tipping_share_interval == pytest.approx(up.tipping_share_interval)


def test_an_unclear_difference_has_no_tipping_point():
    found = compare_rates((12, 30), (10, 30))
    assert np.isnan(found.tipping_dispersion)
    assert np.isnan(found.tipping_share_interval)


@settings(max_examples=40, deadline=None)
@given(
    counts=st.tuples(st.integers(0, 400), st.integers(0, 400)),
    days=st.tuples(st.integers(1, 800), st.integers(1, 800)),
    method=st.sampled_from(METHODS),
)
def test_swapping_the_windows_inverts_the_ratio_and_turns_the_difference(counts, days, method):
    ahead = compare_rates((counts[0], days[0]), (counts[1], days[1]), method=method)
    back = compare_rates((counts[1], days[1]), (counts[0], days[0]), method=method)
    assert back.ratio_high == pytest.approx(1 / ahead.ratio_low if ahead.ratio_low else np.inf)
    assert back.difference_low == pytest.approx(-ahead.difference_high, rel=1e-5, abs=1e-5)
    assert back.p_value == pytest.approx(ahead.p_value, nan_ok=True)
    assert back.p_equivalent == pytest.approx(ahead.p_equivalent, nan_ok=True)
    assert back.detectable_fall == pytest.approx(
        1 / ahead.detectable_rise if np.isfinite(ahead.detectable_rise) else 0.0
    )


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 300), days=st.integers(1, 900), method=st.sampled_from(METHODS))
def test_the_ratio_of_equal_windows_is_one(count, days, method):
    found = compare_rates((count, days), (count, days), method=method)
    assert found.ratio == pytest.approx(1)
    assert found.ratio_low < 1 < found.ratio_high
    assert found.difference == 0


@pytest.mark.parametrize("method", METHODS)
def test_equivalence_is_that_of_two_one_sided_tests_in_statsmodels(method):
    names = {"exact-c": "exact-cond", "midp-c": "cond-midp", "score": "score", "wald": "wald-log"}
    found = compare_rates((100, 366), (104, 365), method=method, margin=1.5)
    known = tost_poisson_2indep(100, 366, 104, 365, 1 / 1.5, 1.5, method=names[method])
    assert found.p_equivalent == pytest.approx(known.pvalue)


def test_a_known_difference_is_not_equivalent_and_a_large_equal_pair_is():
    assert compare_rates((294, 366), (121, 365)).p_equivalent > 0.99
    assert compare_rates((2000, 366), (2000, 366)).p_equivalent < 0.001


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("counts", [(0, 0), (0, 7), (7, 0), (1, 0)])
def test_zero_counts_give_open_intervals_and_no_error(method, counts):
    found = compare_rates((counts[0], 30), (counts[1], 30), method=method)
    assert found.ratio_low == 0 or counts[0] > 0
    assert found.ratio_high == np.inf or counts[1] > 0
    assert found.difference_low <= found.difference <= found.difference_high
    assert np.isnan(found.tipping_dispersion)
    if counts == (0, 0):
        assert np.isnan(found.ratio)
        assert found.p_value == 1
        assert found.difference_low == -found.difference_high


def test_seven_against_none_is_clear_and_has_no_upper_limit():
    found = compare_rates((7, 30), (0, 30))
    assert found.ratio == np.inf
    assert found.ratio_high == np.inf
    assert found.p_value == pytest.approx(2 * 0.5**7)


def test_a_power_simulation_agrees_with_the_detectable_ratio():
    found = compare_rates((40, 100), (40, 100), dispersion=1)
    rng = np.random.default_rng(7)
    share = found.detectable_rise / (1 + found.detectable_rise)
    firsts = rng.binomial(80, share, size=400)
    shown = {n: compare_rates((n, 100), (80 - n, 100)).ratio_low > 1 for n in set(firsts.tolist())}
    # 0.8 give or take three standard errors of 400 draws
    assert np.mean([shown[n] for n in firsts.tolist()]) == pytest.approx(0.8, abs=0.06)


# ------- scatter


def test_poisson_counts_may_be_declared():
    found = compare_rates((60, 51477.5), (30, 54308.7), dispersion=1)
    assert (found.wide_low, found.wide_high) == pytest.approx((found.ratio_low, found.ratio_high))
    assert found.scatter == "declared"


def test_a_declared_scatter_divides_the_gamma_shapes_of_both_totals():
    found = compare_rates((60, 100), (30, 50), dispersion=4)
    # By hand: the lower limit of a ratio of Gamma(60 / 4) to Gamma(31 / 4), per day.
    share = stats.beta.ppf(0.025, 60 / 4, 31 / 4)
    assert found.wide_low == pytest.approx(share / (1 - share) * 50 / 100)
    share = stats.beta.ppf(0.975, 61 / 4, 30 / 4)
    assert found.wide_high == pytest.approx(share / (1 - share) * 50 / 100)


COUNT = st.integers(0, 400)


@settings(max_examples=60, deadline=None)
@given(first=COUNT, second=COUNT, method=st.sampled_from(METHODS), declared=st.booleans())
def test_the_wide_interval_holds_the_other_and_its_p_value_is_larger(
    first, second, method, declared
):
    dispersion = 3 if declared else "borrowed"
    found = compare_rates((first, 40), (second, 90), method=method, dispersion=dispersion)
    assert found.wide_low <= found.ratio_low
    assert found.wide_high >= found.ratio_high
    assert not found.wide_p_value < found.p_value
    # Wald has no interval where nothing was counted.
    if found.wide_p_value < 0.04 and (method != "wald" or min(first, second)):
        assert not found.wide_low <= 1 <= found.wide_high


def test_the_borrowed_scatter_is_that_of_the_longer_total_at_the_rate_of_both():
    found = compare_rates((90, 365.25), (20, 30.4375))
    assert found.dispersion == pytest.approx(borrowed_inflation("events", 12.0, 110 / 13))
    people = [{"count": n, "window_start": start, "window_end": end, "unit": "people"}
              for n, (start, end) in ((90, YEAR_2024), (60, YEAR_2023))]  # fmt: skip
    assert compare_rates(*people).dispersion > 1.5 * compare_rates((90, 366), (60, 365)).dispersion


def test_the_words_follow_the_wide_interval_and_the_poisson_one_stands_beside_it():
    found = compare_rates((153, *YEAR_2024), (110, *YEAR_2023))
    assert found.ratio_low > 1 > found.wide_low
    said = found.summary()
    assert "did not clearly change" in said
    assert "were these Poisson counts, the narrowest case, 1.08 to 1.79" in said
    assert "borrowed from 4 series" in said
    frame = found.to_frame().set_index("term")
    assert frame.loc["ratio", "conf_low"] == found.ratio_low
    assert frame.loc["ratio", "wide_low"] == found.wide_low
    assert found.to_frame(alpha=0.5).set_index("term").loc["ratio", "wide_low"] > found.wide_low


@pytest.mark.parametrize("dispersion", [0.5, 0, -1, "estimated", float("inf"), True, None])
def test_a_dispersion_that_is_none_is_refused(dispersion):
    with pytest.raises(ValueError, match="`dispersion` must be 'borrowed' or a number of 1 or"):
        compare_rates((3, 10), (4, 10), dispersion=dispersion)


# ------- kinds of figure


@pytest.mark.parametrize("method", ["exact-c", "midp-c", "score"])
def test_a_rounded_figure_gives_the_widest_interval_of_what_it_may_stand_for(method):
    rounded = compare_rates(figure(120, "about"), figure(100, window=YEAR_2023), method=method)
    # 120 is a multiple of 10 and not of 50, so anything from 115 to 125 rounds to it
    each = [
        compare_rates((n, *YEAR_2024), (100, *YEAR_2023), method=method) for n in range(115, 126)
    ]
    assert rounded.ratio_low == pytest.approx(min(found.ratio_low for found in each))
    assert rounded.ratio_high == pytest.approx(max(found.ratio_high for found in each))
    assert rounded.difference_low == pytest.approx(min(found.difference_low for found in each))
    assert "rounded_figure" in rounded.caveats


def test_a_minimum_bounds_the_ratio_from_one_side_only():
    above = compare_rates(figure(100, "at_least"), figure(50, window=YEAR_2023))
    below = compare_rates(figure(50), figure(100, "at_least", YEAR_2023))
    exact = compare_rates(figure(100), figure(50, window=YEAR_2023))
    assert above.ratio_low == pytest.approx(exact.ratio_low)
    assert above.ratio_high == np.inf
    assert below.ratio_low == 0
    assert np.isfinite(below.ratio_high)
    assert below.difference_low == -np.inf


def test_more_than_a_count_is_at_least_one_more():
    more = compare_rates(figure(100, "more_than"), figure(50, window=YEAR_2023))
    least = compare_rates(figure(101, "at_least"), figure(50, window=YEAR_2023))
    assert more.ratio_low == pytest.approx(least.ratio_low)
    assert more.p_value == pytest.approx(least.p_value)


def test_two_minimums_cannot_be_compared():
    found = compare_rates(figure(100, "at_least"), figure(50, "at_least", YEAR_2023))
    assert (found.ratio_low, found.ratio_high, found.p_value) == (0, np.inf, 1)
    assert (found.detectable_fall, found.detectable_rise) == (0, np.inf)
    assert found.summary().startswith("The series: at least 100 events in 2024 against at least 50")


def test_two_waiting_times_have_the_f_interval():
    found = compare_rates(
        figure(10, "nth_since", ("2025-05-01", "2025-05-19")),
        figure(6, "nth_since", ("2025-04-01", "2025-04-30")),
    )
    per_day = (10 / 19) / (6 / 30)
    assert found.ratio_low == pytest.approx(per_day * stats.f.ppf(0.025, 20, 12))
    assert found.ratio_high == pytest.approx(per_day * stats.f.ppf(0.975, 20, 12))
    assert found.ratio == pytest.approx((9 / 19) / (5 / 30))
    assert "stopped_window" in found.caveats


def test_a_waiting_time_is_no_count_and_gives_another_interval():
    window = ("2025-05-01", "2025-05-19")
    stopped = compare_rates(figure(10, "nth_since", window), (20, 60))
    counted = compare_rates(figure(10, "exact", window), (20, 60))
    assert stopped.ratio < counted.ratio
    assert stopped.ratio_high < counted.ratio_high


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exact-c", "midp-c"])
def test_a_waiting_time_against_a_count_is_covered(method):
    rng = np.random.default_rng(3)
    waits = rng.gamma(8, 1 / 0.4, size=1500)
    counts = rng.poisson(0.3 * 60, size=1500)
    hits = 0
    for wait, count in zip(waits, counts, strict=True):
        window = Window(count=8, days=wait, qualifier="nth_since")
        found = compare_rates(window, (int(count), 60), method=method)
        hits += found.ratio_low <= 0.4 / 0.3 <= found.ratio_high
    assert 0.93 <= hits / 1500 <= 0.98


def test_a_first_event_leaves_the_ratio_without_an_estimate():
    found = compare_rates(figure(1, "nth_since"), (5, 100))
    assert np.isnan(found.ratio)
    assert found.ratio_high == np.inf
    assert found.ratio_low > 0
    assert "first_event" in found.caveats


@pytest.mark.parametrize(
    ("first", "second"), list(itertools.product(("about", "nth_since"), repeat=2))
)
def test_every_kind_is_said_in_both_languages(first, second):
    found = compare_rates(figure(40, first), figure(20, second, YEAR_2023))
    for lang in ("en", "ar"):
        assert "nan" not in found.summary(lang)


def test_two_zeros_differ_by_no_more_than_either_limit_allows():
    # With no event in 60 days, a rate that gives none with chance alpha / 2 is the upper limit.
    for alpha in (0.05, 0.2):
        found = compare_rates((0, 30), (0, 60), alpha=alpha)
        assert np.exp(found.difference_low * 60 / 30.4375) == pytest.approx(alpha / 2)
        assert np.exp(-found.difference_high * 30 / 30.4375) == pytest.approx(alpha / 2)


def test_one_shared_day_of_one_counter_is_an_overlap_and_the_day_after_is_not():
    later = (5, "2024-02-01", "2024-02-29")
    with pytest.raises(ValueError, match="`first` and `second` must not overlap"):
        compare_rates(later, (9, "2024-01-01", "2024-02-01"))
    with pytest.raises(ValueError, match="`first` and `second` must not overlap"):
        compare_rates((9, "2024-01-01", "2024-02-01"), later)
    assert compare_rates(later, (9, "2024-01-01", "2024-01-31")).ratio == pytest.approx(
        (5 / 29) / (9 / 31)
    )


# ------- what is refused


def test_the_overlapping_windows_of_one_counter_are_refused():
    with pytest.raises(ValueError, match="`first` and `second` must not overlap"):
        compare_rates((43, "2024-01-01", "2024-03-31"), (11, "2024-01-01", "2024-01-31"))


def test_definitions_are_compared_within_one_counter_and_scope_only():
    own = figure(30, statement_id="a", counted_by="A", country="Syria", definition="a-1")
    later = figure(20, window=YEAR_2023, statement_id="b", counted_by="A", country="Syria")
    assert "different_definitions" in compare_rates(own, later | {"definition": "a-2"}).caveats
    assert "different_definitions" not in compare_rates(own, later | {"definition": "a-1"}).caveats
    other = later | {"counted_by": "B", "definition": "b-1"}
    assert compare_rates(own, other).caveats == ("two_totals", "different_counters")
    elsewhere = later | {"country": "Iraq", "definition": "a-2"}
    assert compare_rates(own, elsewhere).caveats == ("two_totals", "different_scopes")


def test_each_rate_has_the_exact_interval_of_its_own_count():
    found = compare_rates((40, 100.0), (9, 50.0), alpha=0.1)
    for count, days, side in ((40, 100.0, "first"), (9, 50.0, "second")):
        ends = stats.gamma.ppf([0.05, 0.95], [count, count + 1]) * 30.4375 / days
        limits = [getattr(found, f"rate_{side}_{end}") for end in ("low", "high")]
        assert limits == pytest.approx(ends)


@pytest.mark.parametrize(("second", "tipping"), [(60, False), (40, True)])
def test_scatter_below_that_of_poisson_counts_is_no_tipping_point(second, tipping):
    # log(80 / 60) is 1.68 standard errors of Poisson counts from 0, log(80 / 40) is 3.58
    found = compare_rates((80, YEAR_2024[0], YEAR_2024[1]), (second, *YEAR_2023))
    assert np.isfinite(found.tipping_dispersion) == tipping
    assert np.isfinite(found.tipping_share_interval) == tipping


def test_two_places_of_one_counter_may_share_their_days_and_say_so():
    first = figure(30, statement_id="a", counted_by="A", country="Syria", area="North")
    second = figure(20, statement_id="b", counted_by="A", country="Iraq", area="North")
    assert "different_scopes" in compare_rates(first, second).caveats


@pytest.mark.parametrize("method", ["score", "wald"])
def test_approximate_methods_refuse_a_waiting_time(method):
    with pytest.raises(ValueError, match="must be exact-c or midp-c for an nth-since figure"):
        compare_rates(figure(10, "nth_since"), (5, 100), method=method)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ((-1, 30), "whole count of 0 or more, got -1"),
        ((2.5, 30), "whole count of 0 or more, got 2.5"),
        (("12", 30), "whole count of 0 or more, got '12'"),
        (([3], 30), "whole count of 0 or more, got \\[3\\]"),
        ((True, 30), "whole count of 0 or more, got True"),
        ((float("inf"), 30), "whole count of 0 or more, got inf"),
        ((3, 0), "positive number of days, got 0"),
        (
            (3, "2024-02-01", "2024-01-01"),
            "on or after the day it starts, got 2024-02-01 to 2024-01-01",
        ),
        (figure(0, "nth_since"), "at least 1 when a figure is an nth-since, got 0"),
        (figure(5, "roughly"), "qualifier among exact, about"),
        (figure(5, window_basis="unknown", statement_id="x"), "known window, got statement x"),
        (
            figure(5, measure="detained", quantity="stock", statement_id="x"),
            "count over a window, got statement x, a stock of detained",
        ),
    ],
)
def test_what_is_no_count_over_a_window_is_refused(first, message):
    with pytest.raises(ValueError, match=message):
        compare_rates(first, (5, 30))


def test_what_is_no_figure_at_all_is_refused():
    with pytest.raises(TypeError, match=r"`first` must be a row of a statements frame.*got int"):
        compare_rates(10, (5, 30))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "bayes"}, "`method` must be one of exact-c"),
        ({"alpha": 0}, "`alpha` must be between 0 and 1, got 0"),
        ({"margin": 1}, "`margin` must be above 1, got 1"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        compare_rates((5, 30), (6, 30), **options)


def test_the_table_follows_the_level_asked_for():
    found = compare_rates((294, 366), (121, 365))
    wide = found.to_frame(alpha=0.01).set_index("term")
    assert wide.loc["ratio", "conf_low"] < found.ratio_low
    assert wide["conf_level"].eq(0.99).all()
    assert isinstance(wide, pd.DataFrame)


def test_where_no_score_limit_is_found_the_interval_of_a_difference_is_that_of_both_rates():
    compared = compare_rates((0, 1.0), (5694, 1.0))
    assert compared.difference_method == "mover"
    fewer = compared.rate_second - compared.rate_second_low
    more = compared.rate_second_high - compared.rate_second
    assert compared.difference_low == pytest.approx(compared.difference - more)
    assert compared.difference_high == pytest.approx(
        compared.difference + np.hypot(compared.rate_first_high, fewer)
    )
    assert compare_rates((0, 30), (300, 30)).difference_method == "score"
