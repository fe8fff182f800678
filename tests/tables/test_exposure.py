"""Do rates carry what their exposure counts, and does nothing but their size depend on it?"""

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.wording import explain
from trends.tables.exposure import partly_observed, rate_exposure

MONTHS = pd.period_range("2015-01", periods=72, freq="M")
PEOPLE = np.linspace(2e6, 3e6, 72)
UNIT = "100,000 people | 100,000 نسمة"


def counts():
    level = np.where(np.arange(72) < 36, 20, 60)
    return pd.Series(np.random.default_rng(4).poisson(level), index=MONTHS)


def by_people(level=counts):
    return trends.as_series(level(), exposure=PEOPLE, unit=UNIT)


def tent():
    """Counts whose pace turns in the middle, so that joined trends have a join to speak of."""
    slope = np.exp(np.minimum(np.arange(72), 71 - np.arange(72)) / 12)
    return pd.Series(np.random.default_rng(4).poisson(10 * slope), index=MONTHS)


QUESTIONS = {
    "trend": trends.estimate_trend,
    "joinpoint": lambda series: trends.fit_joinpoints(series, max_joinpoints=1),
    "changepoint": lambda series: trends.detect_changepoints(series, n_null=199, rng=1),
    "season": trends.estimate_season,
    "power": trends.detectable_change,
    "description": lambda series: trends.describe_series(series, rng=1),
}


def test_exposure_is_counted_in_the_unit_that_rates_are_per():
    assert rate_exposure(by_people()).tolist() == pytest.approx((PEOPLE / 1e5).tolist())
    assert not partly_observed(by_people()).any()
    days = trends.as_series(counts(), exposure=28.0)
    assert rate_exposure(days)[0] == 28 / 30.4375
    assert partly_observed(days).sum() == (MONTHS.days_in_month > 28).sum()


def test_rates_are_events_over_exposure():
    found = trends.detect_changepoints(by_people(), n_null=199, rng=1)
    starts = [shift.period for shift in found.changepoints]
    assert pd.Period("2018-01", "M") in starts
    for first, shift in zip([MONTHS[0], *starts], found.changepoints, strict=False):
        before = by_people()[first : shift.period - 1]
        assert shift.rate_before == pytest.approx(
            before["count"].sum() / before["exposure"].sum() * 100_000
        )
    fitted = trends.estimate_trend(by_people()).fitted
    assert fitted["rate"][0] == pytest.approx(counts().iloc[0] / 2e6 * 1e5)


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_only_the_size_of_rates_depends_on_the_unit(question):
    """Counting people in thousands is the same exposure, so no ratio and no p-value may move."""
    one = QUESTIONS[question](by_people()).findings()
    other = QUESTIONS[question](
        trends.as_series(counts(), exposure=PEOPLE / 1000, unit="thousand people")
    ).findings()
    for left, right in zip(one, other, strict=True):
        assert left.estimate == pytest.approx(right.estimate, rel=1e-6, nan_ok=True)
        assert left.p_value == pytest.approx(right.p_value, rel=1e-6, nan_ok=True)
        assert left.grade == right.grade


def steady():
    """Counts of one level for each person."""
    return pd.Series(np.random.default_rng(4).poisson(20 * PEOPLE / 2.5e6), index=MONTHS)


def started():
    """Counts that begin after years without an event."""
    return steady().where(pd.Period("2018-01", "M") <= MONTHS, 0)


def stopped():
    """Counts that end long before the series does."""
    return steady().where(pd.Period("2018-01", "M") > MONTHS, 0)


def seasonal():
    """Counts that come and go with the time of year."""
    level = 30 * PEOPLE / 2.5e6 * np.exp(0.8 * np.cos(2 * np.pi * np.arange(72) / 12))
    return pd.Series(np.random.default_rng(1).poisson(level), index=MONTHS)


@pytest.mark.parametrize(
    ("question", "level"),
    [
        ("joinpoint", tent),
        ("changepoint", counts),
        ("changepoint", started),
        ("changepoint", stopped),
        ("trend", started),
        ("trend", stopped),
        ("description", steady),
        ("description", seasonal),
    ],
)
def test_sentences_carry_the_unit_in_both_languages(question, level):
    result = QUESTIONS[question](by_people(level))
    assert "events per 100,000 people" in result.summary()
    assert "لكل 100,000 نسمة" in result.summary("ar")
    explained = " ".join(
        explain(finding, lang) for finding in result.findings() for lang in ("en", "ar")
    )
    assert "30.4375" not in result.summary() + result.summary("ar") + explained


@pytest.mark.parametrize("question", ["trend", "joinpoint", "changepoint", "description"])
def test_axes_carry_the_unit_in_both_languages(question):
    result = QUESTIONS[question](by_people())
    assert result.plot().get_ylabel() == "events per 100,000 people"
    assert "100,000" in result.plot(lang="ar").get_ylabel()
    days = QUESTIONS[question](trends.as_series(counts()))
    assert days.plot().get_ylabel() == "events a month"


def test_sentences_of_days_carry_30_4375_days():
    said = trends.detect_changepoints(trends.as_series(counts()), n_null=199, rng=1)
    assert "events a month" in said.summary()
    assert "في الشهر" in said.summary("ar")


def test_what_compares_days_refuses_other_units():
    with pytest.raises(ValueError, match="must have exposure in days, got 100,000 people"):
        trends.compare_reporting(by_people(), by_people(), date="2018-01")
