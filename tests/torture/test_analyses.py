"""Every question about any series is answered in finite, ordered numbers, or refused in words."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trends
from trends.endings import BUG, told

QUESTIONS = {
    "trend": trends.estimate_trend,
    "joinpoints": lambda series: trends.fit_joinpoints(series, max_joinpoints=2),
    "season": trends.estimate_season,
    "power": trends.detectable_change,
    "changepoints": lambda series: trends.detect_changepoints(series, n_null=19, rng=1),
    "description": lambda series: trends.describe_series(series, rng=1),
}
unhurried = [HealthCheck.too_slow]
relaxed = settings(deadline=None, max_examples=4, derandomize=True, suppress_health_check=unhurried)
thorough = settings(deadline=None, max_examples=300, suppress_health_check=unhurried)


@st.composite
def hostile_series(draw, longest=60):
    """Draw a series of counts up to a trillion, with odd patterns, exposures and gaps."""
    n_periods = draw(st.integers(2, longest))
    level = 10.0 ** draw(st.floats(-1, 12))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    counts = np.minimum(rng.poisson(min(level, 1e9), n_periods) * max(level / 1e9, 1.0), 1e12)
    shape = draw(st.sampled_from(["as drawn", "alternating", "one side", "constant", "burst"]))
    if shape == "alternating":
        counts[::2] = 0
    elif shape == "one side":
        counts[: n_periods // 2] = 0
    elif shape == "constant":
        counts[:] = np.floor(level)
    elif shape == "burst":
        counts[:] = 0
        counts[n_periods // 2] = np.floor(level)
    index = pd.period_range("1900-01", periods=n_periods, freq="M", name="period")
    written = pd.Series(np.floor(counts), index=index).astype("Int64")
    if draw(st.booleans()):
        written[rng.random(n_periods) < 0.5] = pd.NA
    exposure = None
    if draw(st.booleans()):
        exposure = pd.Series(10.0 ** rng.uniform(-6, 6, n_periods), index=index)
    return written, exposure


def check(question, counts, exposure):
    """Ask one question; what comes is an ordered answer or a refusal."""
    try:
        series = trends.as_series(counts, exposure=exposure)
        result = QUESTIONS[question](series)
        frame = result.to_frame()
        said = [result.summary(lang) for lang in ("en", "ar")]
    except Exception as fault:  # which kind it may be is what `told` decides
        code, message = told(fault)
        if code == BUG:
            raise
        assert len(message) > len("trends: ")
        return
    assert all(isinstance(one, str) for one in said)
    assert not any(word in said[0].split() for word in ("nan", "inf", "-inf"))
    if {"estimate", "conf_low", "conf_high"} <= set(frame):
        numbers = frame[["conf_low", "estimate", "conf_high"]].astype(float).to_numpy()
        for low, middle, high in numbers:
            if not any(map(math.isnan, (low, middle, high))):
                slack = 1e-6 * max(abs(middle), 1e-12)
                assert low <= middle + slack
                assert middle <= high + slack
        assert not np.isinf(numbers[:, 1]).any()


@pytest.mark.parametrize(
    "question",
    # The search for changepoints simulates its null for each series, which takes too long here.
    [
        pytest.param(one, marks=pytest.mark.slow) if one == "changepoints" else one
        for one in QUESTIONS
    ],
)
@relaxed
@given(case=hostile_series())
def test_every_question_is_answered_or_refused(question, case):
    check(question, *case)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
@thorough
@given(case=hostile_series(longest=300))
def test_every_question_is_answered_or_refused_at_length(question, case):
    check(question, *case)


@pytest.mark.slow
@pytest.mark.parametrize("question", ["trend", "power", "season"])
def test_a_hundred_thousand_periods_are_answered_or_refused(question):
    rng = np.random.default_rng(1)
    index = pd.period_range("1700-01-01", periods=100_000, freq="D", name="period")
    check(question, pd.Series(rng.poisson(3, 100_000), index=index), None)


whole = st.integers(0, 10**12)
days = st.floats(1e-6, 1e6)


@settings(deadline=None, max_examples=30)
@given(first=st.tuples(whole, days), second=st.tuples(whole, days))
def test_two_windows_of_any_size_are_compared(first, second):
    try:
        frame = trends.compare_rates(first, second).to_frame()
    except Exception as fault:  # which kind it may be is what `told` decides
        if told(fault)[0] == BUG:
            raise
        return
    for low, middle, high in frame[["conf_low", "estimate", "conf_high"]].astype(float).to_numpy():
        if not any(map(math.isnan, (low, middle, high))):
            assert low <= middle * (1 + 1e-9) + 1e-12 or math.isinf(middle)
            assert middle <= high * (1 + 1e-9) + 1e-12 or math.isinf(middle)
