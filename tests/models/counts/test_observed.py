import numpy as np
import pandas as pd
import pytest

from trends.models.counts.observed import observed_periods, observed_rates


def series(counts, **days):
    """Return months of counts, some of them watched for fewer days."""
    periods = pd.period_range("2021-01", periods=len(counts), freq="M", name="period")
    exposure = periods.days_in_month.to_numpy(dtype=float).copy()
    for place, watched in days.items():
        exposure[int(place.removeprefix("at_"))] = watched
    return pd.DataFrame(
        {"count": pd.array(counts, dtype="Int64"), "exposure": exposure}, index=periods
    )


def holding(counts, **days):
    return {
        key for key, holds in observed_periods(series(counts, **days)).caveats().items() if holds
    }


def test_counts_without_a_flaw_bring_no_caveat():
    assert holding([5] * 12) == set()


def test_it_is_the_last_period_that_is_said_to_be_partly_observed():
    assert holding([5] * 12, at_0=15) == set()
    assert holding([5] * 12, at_10=15) == set()
    assert holding([5] * 12, at_11=15) == {"partial_last_period"}
    # The last one observed, not the last of the series.
    assert holding([5] * 11 + [pd.NA], at_10=15) == {"partial_last_period", "unobserved_periods"}


@pytest.mark.parametrize(("days", "partial"), [(31.0, False), (30.97, False), (30.96, True)])
def test_a_thousandth_of_a_period_does_not_make_it_partial(days, partial):
    assert ("partial_last_period" in holding([5] * 12, at_11=days)) == partial


def test_a_period_without_a_count_is_said_and_a_zero_is_not():
    assert holding([5, pd.NA] + [5] * 10) == {"unobserved_periods"}
    assert holding([5, 0] + [5] * 10) == set()


@pytest.mark.parametrize(("total", "few"), [(19, True), (20, False)])
def test_fewer_than_twenty_events_are_few(total, few):
    counts = np.full(10, 2)
    counts[0] += total - counts.sum()
    assert ("few_events" in holding(list(counts))) == few


def test_rates_are_events_per_month_watched_and_nothing_where_nobody_watched():
    shown = observed_rates(series([31, 0, pd.NA, 5], at_1=14, at_2=0, at_3=15))
    assert shown["period"].astype(str).tolist() == ["2021-01", "2021-02", "2021-03", "2021-04"]
    # 31 events in 31 days are 30.4375 in a month of that many
    assert shown["rate"].tolist() == pytest.approx(
        [30.4375, 0, np.nan, 5 * 30.4375 / 15], nan_ok=True
    )
    assert shown["exposure"].tolist() == [31, 14, 0, 15]
    assert shown["partial"].tolist() == [False, True, False, True]
