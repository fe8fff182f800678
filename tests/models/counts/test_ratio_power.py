import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import trends
from trends.models.counts.ratio_power import visible_ratios


def chance_of_a_clear_result(ratio, total, time_first, time_second, direction):
    """Return the chance, by adding up every split of the total whose own interval excludes 1."""
    share = ratio * time_first / (ratio * time_first + time_second)
    chance = 0.0
    for first in range(total + 1):
        comparison = trends.compare_rates((first, time_first), (total - first, time_second))
        clear = comparison.ratio_low > 1 if direction == "up" else comparison.ratio_high < 1
        chance += clear * stats.binom.pmf(first, total, share)
    return chance


@pytest.mark.parametrize(("total", "times"), [(12, (30, 30)), (25, (10, 40)), (30, (366, 31))])
def test_the_visible_ratio_is_where_the_comparison_itself_is_clear_four_times_in_five(total, times):
    down, up = visible_ratios(total, *times)
    if np.isfinite(up):
        assert chance_of_a_clear_result(up, total, *times, "up") == pytest.approx(0.8, abs=1e-9)
    if down > 0:
        assert chance_of_a_clear_result(down, total, *times, "down") == pytest.approx(0.8, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(total=st.integers(1, 300), first=st.integers(1, 400), second=st.integers(1, 400))
def test_swapping_the_windows_inverts_what_is_visible(total, first, second):
    down, up = visible_ratios(total, first, second)
    down_swapped, up_swapped = visible_ratios(total, second, first)
    assert up == pytest.approx(np.inf if down_swapped == 0 else 1 / down_swapped)
    assert up_swapped == pytest.approx(np.inf if down == 0 else 1 / down)
    assert down < 1 < up


def test_more_events_show_smaller_changes():
    ups = [visible_ratios(total, 1, 1)[1] for total in (20, 80, 320, 1280)]
    assert ups == sorted(ups, reverse=True)


def test_five_events_in_equal_windows_can_show_nothing():
    assert visible_ratios(5, 1, 1) == (0.0, np.inf)
