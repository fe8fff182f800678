"""What figures read as bounds allow, said beside every answer that was read at face value."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.finding import EVENT, Subject
from trends.findings.wording import say
from trends.models.counts.bounded_counts import BoundsReading

MONTHS = pd.period_range("2013-01", periods=60, freq="M", name="period")
RISING = trends.as_series(
    pd.Series(np.random.default_rng(4).poisson(np.linspace(10, 60, 60)), index=MONTHS)
)
STEP = trends.as_series(
    pd.Series(np.random.default_rng(5).poisson(np.repeat([10, 40], 30)), index=MONTHS)
)
SUBJECT = Subject(key="x", en="Attacks", ar="الهجمات", noun=EVENT)

#: 24 of 60 figures are no exact counts; the interval is three times as wide as at face value.
READING = BoundsReading(60, 24, 0, 0.4, 0.1, 0.7, 0.2, 0.4)
ONE_SIDED = READING._replace(estimate=math.nan, high=math.inf)
OPEN = ONE_SIDED._replace(low=-math.inf)


def made(question, reading):
    """Return the result of a question with a reading as bounds, and the finding of that reading."""
    if question == "changepoint":
        result = trends.detect_changepoints(STEP, rng=1, n_null=199)
        result = dataclasses.replace(result, as_bounds=(reading,) * len(result.changepoints))
    elif question == "trend":
        result = dataclasses.replace(trends.estimate_trend(RISING), as_bounds=reading)
    else:
        result = dataclasses.replace(trends.detectable_change(RISING, n_draws=0), as_bounds=reading)
    (found,) = [one for one in result.findings(SUBJECT) if "as-bounds" in one.finding_id]
    return result, found


#: Months from the middle of the first period to that of the last, in years.
SPAN = {"trend": 59 / 12, "changepoint": 1.0}
IDS = {
    "trend": "x.trend.as-bounds",
    "changepoint": "x.changepoint.as-bounds-1",
    "power": "x.power.trend-as-bounds",
}


@pytest.mark.parametrize("question", IDS)
def test_the_reading_as_bounds_is_a_finding_of_the_question_and_its_series(question):
    result, found = made(question, READING)
    assert found.finding_id == IDS[question]
    assert (found.question, found.subject.key) == (question, "x")
    assert found.conf_level == result.conf_level
    assert (found.method, found.quantity, found.unit) == (
        "figures_as_bounds", "ratio_as_bounds", "ratio",
    )  # fmt: skip
    assert found.grade == "C"
    for lang, numbers in (("en", "24 of 60 figures"), ("ar", "24 من 60")):
        assert numbers in str(say(found, lang))


@pytest.mark.parametrize("question", SPAN)
def test_the_ratio_is_that_of_the_whole_span_with_its_ends(question):
    _, found = made(question, READING)
    ratio = np.exp(SPAN[question] * np.array([0.4, 0.1, 0.7]))
    assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(ratio, rel=1e-3)


@pytest.mark.parametrize("question", SPAN)
def test_figures_that_leave_a_side_open_have_no_end_there_and_the_lowest_grade(question):
    _, found = made(question, ONE_SIDED)
    assert found.grade == "D"
    assert found.conf_low == pytest.approx(math.exp(0.1 * SPAN[question]), rel=1e-3)
    assert found.conf_high == math.inf
    assert "neither direction" not in str(say(found))
    _, found = made(question, OPEN)
    assert (found.conf_low, found.conf_high, found.grade) == (-math.inf, math.inf, "D")
    assert "neither direction" in str(say(found))


def test_the_smallest_rise_that_could_be_seen_widens_with_the_interval():
    result, found = made("power", READING)
    # Three times the width on the log scale is the third power of the ratio.
    assert found.estimate == pytest.approx(result.ratio_up**3)
    assert math.isnan(found.conf_low)
    assert math.isnan(found.conf_high)
    assert "or more" in str(say(found))
    _, found = made("power", ONE_SIDED)
    assert found.estimate == math.inf
    assert "without an upper limit" in str(say(found))
