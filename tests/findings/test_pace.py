"""How long a pace takes to double or halve a rate, and in what unit that is said."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.findings.pace import doubling, is_yearly

MONTHS = pd.period_range("2018-01", periods=48, freq="M")


@given(
    st.lists(st.floats(0.5, 4000), min_size=3, max_size=3, unique=True).map(sorted),
    st.booleans(),
    st.sampled_from(["M", "W", "Q", "Y"]),
)
def test_after_that_time_the_rate_has_doubled_or_halved(percents, falling, freq):
    low, middle, high = percents
    if falling:
        low, middle, high = (-100 * each / (100 + each) for each in (high, middle, low))
    found = doubling(pd.period_range("2018-01", periods=24, freq=freq), (middle, low, high))
    per_year = {"M": 12, "W": 365.25 / 7, "Q": 4, "Y": 1}[freq]
    in_years = found["pace_unit"]["en"] == "years"
    assert in_years == (freq == "Y" or found["pace"] >= (2 if in_years else 2 * per_year))
    for name, percent in (
        ("pace", middle),
        ("pace_low", low if falling else high),
        ("pace_high", high if falling else low),
    ):
        years = found[name] / (1 if in_years else per_year)
        assert (1 + percent / 100) ** years == pytest.approx(0.5 if falling else 2, rel=1e-6)


@pytest.mark.parametrize("percents", [(1.0, 0.0, 3.0), (-1.0, -3.0, 0.0), (1.0, -1.0, 3.0)])
def test_a_pace_that_may_be_none_doubles_nothing(percents):
    found = doubling(MONTHS, percents)
    assert all(math.isnan(found[name]) for name in ("pace", "pace_low", "pace_high"))


@pytest.mark.parametrize("percents", [(0.7, 0.5, 2.0), (2.0, 1.0, 3.0), (-1.0, -2.0, -0.1)])
def test_a_slow_pace_is_a_pace(percents):
    assert math.isfinite(doubling(MONTHS, percents)["pace"])


def test_a_fall_by_everything_has_a_time_to_halve():
    assert 0 < doubling(MONTHS, (-99.0, -100.0, -90.0))["pace_low"] < 1


@pytest.mark.parametrize(
    ("percents", "yearly"),
    [
        ((1899.0,), True),
        ((1900.0,), False),
        ((-94.9,), True),
        ((-95.0,), False),
        ((5, 1900), False),
    ],
)
def test_more_than_a_factor_of_twenty_a_year_is_not_said_by_the_year(percents, yearly):
    assert is_yearly(MONTHS, *percents) == yearly


@pytest.mark.parametrize(("n_months", "yearly"), [(24, True), (23, False)])
def test_less_than_two_years_are_not_said_by_the_year(n_months, yearly):
    assert is_yearly(MONTHS[:n_months], 40.0) == yearly
