"""Known breaks as jumps: where they stand, and that no question takes one for a change."""

import numpy as np
import pandas as pd
import pytest

import trends
from trends.models.counts.known_jumps import jump_columns
from trends.models.counts.observed import observed_periods

MONTHS = pd.period_range("2018-01", periods=60, freq="M")


def broken(counts, *days):
    """A count series that knows breaks on some days."""
    series = trends.as_series(pd.Series(counts, index=MONTHS[: len(counts)]))
    series.attrs["breaks"] = [{"date": day, "before": "old", "after": "new"} for day in days]
    return series


def jumping(seed, factor=3.0):
    """A steady rate whose counting changes by a factor in January 2020."""
    rng = np.random.default_rng(seed)
    return rng.poisson(np.where(np.arange(60) < 24, 10, 10 * factor))


def test_a_jump_begins_with_the_period_of_its_day():
    series = broken([5] * 60, "2020-01-01", "2021-06-17")
    columns, names = jump_columns(observed_periods(series))
    assert names == ("jump 2020-01", "jump 2021-06")
    assert columns.sum(axis=0).tolist() == [(36 - 24) / 2, (19 - 41) / 2]
    assert np.diff(columns, axis=0)[[23, 40], [0, 1]].tolist() == [1, 1]


def test_a_break_needs_six_observed_periods_on_each_side():
    seen = {}
    for day in ("2018-06-01", "2018-07-01", "2022-07-01", "2022-08-01"):
        series = broken([5] * 60, day)
        seen[day] = jump_columns(observed_periods(series))[0].shape[1]
    assert seen == {"2018-06-01": 0, "2018-07-01": 1, "2022-07-01": 1, "2022-08-01": 0}
    series = broken([5] * 60, "2020-01-01", "2020-06-01")
    assert jump_columns(observed_periods(series))[1] == ("jump 2020-01",)


@pytest.mark.parametrize("seed", range(3))
def test_a_jump_of_the_counting_is_no_trend(seed):
    counts = jumping(seed)
    assert trends.estimate_trend(broken(counts)).slope > 0.25
    known = trends.estimate_trend(broken(counts, "2020-01-01"))
    low, high = known.slope_interval()
    assert low < 0 < high
    assert known.terms[-1] == "jump 2020-01"
    assert known.params[-1] == pytest.approx(np.log(3), abs=0.35)
    assert "declared_jump" in known.caveats


@pytest.mark.parametrize("seed", range(3))
def test_a_jump_of_the_counting_is_no_shift(seed):
    counts = jumping(seed)
    blind = trends.detect_changepoints(broken(counts), rng=1, n_null=199)
    assert [str(each.period) for each in blind.changepoints] == ["2020-01"]
    known = trends.detect_changepoints(broken(counts, "2020-01-01"), rng=1, n_null=199)
    assert known.changepoints == ()


def test_a_shift_far_from_the_break_is_found_beside_it():
    rng = np.random.default_rng(5)
    counts = rng.poisson(np.where(np.arange(60) < 24, 10, np.where(np.arange(60) < 42, 30, 90)))
    known = trends.detect_changepoints(broken(counts, "2020-01-01"), rng=1, n_null=199)
    assert [str(each.period) for each in known.changepoints] == ["2021-07"]


def test_a_named_day_that_is_a_break_is_still_asked_about():
    known = trends.detect_changepoints(
        broken(jumping(1), "2020-01-01"), candidates=["2020-01"], rng=1, n_null=199
    )
    assert [str(each.period) for each in known.changepoints] == ["2020-01"]


def test_a_break_costs_power():
    counts = np.random.default_rng(2).poisson(20, 60)
    blind = trends.detectable_change(broken(counts), n_draws=0)
    known = trends.detectable_change(broken(counts, "2020-07-01"), n_draws=0)
    # Beside a free jump in the middle, a slope has a quarter of its information.
    assert known.std_error / blind.std_error == pytest.approx(2, rel=0.3)
    step = trends.detectable_change(broken(counts, "2020-07-01"), change="step", n_draws=0)
    assert np.isfinite(step.ratio_up)
