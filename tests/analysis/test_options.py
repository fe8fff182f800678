"""An option that is no number, or none of its range, is refused by its name."""

import inspect

import numpy as np
import pandas as pd
import pytest

import trends
from trends.options import as_number, is_whole

MONTHS = pd.period_range("2015-01", periods=48, freq="M")


def monthly(seed, mean=8):
    counts = np.random.default_rng(seed).poisson(mean, MONTHS.size)
    return trends.as_series(pd.Series(counts, index=MONTHS))


def panel():
    return pd.concat(
        [
            monthly(seed).reset_index().assign(district=f"d{seed}", complete=True)
            for seed in range(3)
        ]
    )


ONE, OTHER = monthly(1), monthly(2)
CALLS = {
    "analyse_panel": lambda **o: trends.analyse_panel(panel(), "trend", by="district", **o),
    "compare_rates": lambda **o: trends.compare_rates((294, 366), (121, 365), **o),
    "compare_trends": lambda **o: trends.compare_trends(ONE, OTHER, **o),
    "detect_alarms": lambda **o: trends.detect_alarms(ONE, **o),
    "detect_changepoints": lambda **o: trends.detect_changepoints(ONE, **o),
    "detectable_change": lambda **o: trends.detectable_change(ONE, **o),
    "estimate_interruption": lambda **o: trends.estimate_interruption(ONE, "2017-01", **o),
    "estimate_trend": lambda **o: trends.estimate_trend(ONE, **o),
    "evaluate_forecasts": lambda **o: trends.evaluate_forecasts(ONE, **o),
    "fit_joinpoints": lambda **o: trends.fit_joinpoints(ONE, **o),
    "forecast_counts": lambda **o: trends.forecast_counts(ONE, **{"horizon": 3} | o),
    "rank_groups": lambda **o: trends.rank_groups(
        panel(), by="district", first=("2015-01", "2016-12"), second=("2017-01", "2018-12"), **o
    ),
    "reporting_delay": lambda **o: trends.reporting_delay(ONE, **{"incomplete_periods": 1} | o),
}
WHOLE = {
    "n_jobs", "n_periods", "baseline_years", "incomplete_periods", "n_null", "n_draws", "horizon",
    "n_origins", "temporary", "n_placebos", "max_joinpoints", "min_periods", "top", "settled_after",
}  # fmt: skip
REAL = {"alpha", "margin", "budget", "power"}
NO_NUMBERS = ("3", [3], float("nan"), True)
CASES = [
    (name, option)
    for name in CALLS
    for option in inspect.signature(getattr(trends, name)).parameters
    if option in WHOLE | REAL
]


def test_every_question_with_such_an_option_is_asked():
    found = {
        name
        for name in dir(trends)
        if inspect.isfunction(getattr(trends, name))
        and (WHOLE & set(inspect.signature(getattr(trends, name)).parameters))
    }
    assert found <= set(CALLS)
    assert len(CASES) > 30


@pytest.mark.parametrize(("name", "option"), CASES)
def test_an_option_that_is_no_number_is_refused_by_its_name(name, option):
    wrong = NO_NUMBERS + ((2.5,) if option in WHOLE else (-1, float("inf")))
    asked = inspect.signature(getattr(trends, name)).parameters[option].annotation
    optional = "None" in str(asked) or option == "n_jobs"
    for value in wrong if optional else (*wrong, None):
        with pytest.raises((TypeError, ValueError), match=f"`{option}` must be ") as raised:
            CALLS[name](**{option: value})
        said = type(value).__name__ if raised.type is TypeError else str(value)
        assert said in str(raised.value)


def test_counts_that_cannot_be_told_apart_one_by_one_are_refused():
    huge = ONE.assign(count=ONE["count"] * 10**11)
    for ask in (trends.detect_alarms, lambda series: trends.forecast_counts(series, 3)):
        with pytest.raises(ValueError, match="`series` must expect so few events a period that"):
            ask(huge)
    large = ONE.assign(count=ONE["count"] * 10**4)
    assert trends.detect_alarms(large, rng=1).n_failed == 0


@pytest.mark.parametrize("value", [0, 3, 2.5, np.int64(4), np.float64(0.5)])
def test_a_number_is_read_as_it_is(value):
    assert as_number(value) == value


@pytest.mark.parametrize("value", ["3", None, [3], True, np.True_, pd.NA, float("nan"), 3j])
def test_what_is_no_number_lies_in_no_range(value):
    assert not -np.inf <= as_number(value) <= np.inf
    assert not is_whole(value, -(10**9))
