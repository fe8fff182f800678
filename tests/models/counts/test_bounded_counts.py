"""Counts known by their bounds: the likelihood by hand, exact counts as they are, minimums open."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import trends
from trends.models.counts.bounded_counts import (
    BoundsReading,
    count_bounds,
    log_likelihood,
    read_as_bounds,
)
from trends.models.counts.observed import observed_periods


def published(counts, qualifiers, start="2020-01"):
    """A count series of monthly figures, each said in its own way."""
    months = pd.period_range(start, periods=len(counts), freq="M")
    figures = pd.DataFrame(
        {
            "measure": "attacks",
            "count": counts,
            "qualifier": qualifiers,
            "counted_by": "Monitor",
            "window_start": months.start_time,
            "window_end": months.end_time.normalize(),
        }
    )
    return trends.statement_series(figures, measure="attacks", counted_by="Monitor")


def reading_of(series, face=(-0.5, 0.5), nb_dispersion=0.0):
    seen = observed_periods(series)
    years = (seen.position - seen.position.mean()) / 12
    design = np.column_stack([np.ones(years.size), years])
    return read_as_bounds(
        series, seen, design, 1, nb_dispersion=nb_dispersion, face=face, alpha=0.05
    )


@pytest.mark.parametrize("nb_dispersion", [0.0, 0.3])
def test_the_likelihood_is_the_probability_of_the_counts_that_are_allowed(nb_dispersion):
    low, high = np.array([4.0, 3, 7, 0]), np.array([4.0, np.inf, 9, 2])
    mean = np.array([3.5, 5.0, 6.0, 1.5])
    size = 1 / nb_dispersion if nb_dispersion else None
    law = stats.nbinom(size, size / (size + mean)) if nb_dispersion else stats.poisson(mean)
    each = law.pmf(4)[0], law.sf(2)[1], law.pmf([[7], [8], [9]])[:, 2].sum(), law.cdf(2)[3]
    assert log_likelihood(low, high, mean, nb_dispersion) == pytest.approx(np.log(each).sum())


def test_exact_counts_have_no_second_reading():
    exact = published([5, 6, 7, 8] * 6, ["exact"] * 24)
    assert count_bounds(exact, observed_periods(exact)) is None
    assert reading_of(exact) is None
    own = trends.as_series(pd.Series([5, 6, 7, 8] * 3, index=exact.index[:12]))
    assert reading_of(own) is None


def test_narrow_bounds_leave_the_interval_nearly_as_it_is():
    rng = np.random.default_rng(1)
    counts = rng.poisson(200, 36) // 10 * 10
    series = published(counts, ["about"] * 36)
    found = reading_of(series, face=(-0.06, 0.06))
    assert found.n_bounded == 36
    assert found.n_minimums == 0
    assert not found.differs
    assert found.widening == pytest.approx(1, abs=0.3)


def test_minimums_at_the_end_leave_the_slope_without_an_upper_limit():
    rng = np.random.default_rng(2)
    counts = rng.poisson(30, 36)
    series = published(counts, ["exact"] * 2 + ["at_least"] * 34)
    found = reading_of(series, face=(-0.1, 0.1))
    assert found.n_minimums == 34
    assert np.isinf(found.high)
    assert np.isfinite(found.low)
    assert np.isnan(found.estimate)
    assert found.differs
    assert found.widening == np.inf


def test_minimums_in_between_limit_the_slope_on_both_sides():
    rng = np.random.default_rng(3)
    counts = rng.poisson(30, 36)
    said = np.where(np.arange(36) % 3 == 0, "exact", "at_least")
    found = reading_of(published(counts, list(said)), face=(-0.12, 0.12))
    assert np.isfinite([found.low, found.high, found.estimate]).all()
    assert found.low < found.estimate < found.high


def test_an_interval_is_where_the_likelihood_has_fallen_by_its_cut():
    counts = np.random.default_rng(4).poisson(20, 24)
    series = published(counts, ["exact"] * 23 + ["at_least"])
    found = reading_of(series, face=(-0.01, 0.01))
    seen = observed_periods(series)
    years = (seen.position - seen.position.mean()) / 12
    low, high = count_bounds(series, seen)

    def best(slope):
        levels = np.linspace(1, 5, 4001)
        return max(
            log_likelihood(low, high, seen.exposure * np.exp(a + slope * years), 0.0)
            for a in levels
        )

    # The face interval is narrower than the likelihood's, so nothing is widened.
    for end in (found.low, found.high):
        assert 2 * (best(found.estimate) - best(end)) == pytest.approx(3.841, abs=0.03)


def test_a_reading_differs_where_it_allows_a_quarter_more():
    one = BoundsReading(10, 5, 0, 0.0, -1.2, 1.2, -1.0, 1.0)
    assert not one.differs
    assert one._replace(high=1.51).differs
    assert one._replace(low=-1.51).differs
