"""Every question about any series is answered in finite, ordered numbers, or refused in words."""

import math
import resource
import subprocess
import sys

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
    "interruption": lambda series: trends.estimate_interruption(
        series, series.index[len(series) // 2], n_placebos=20
    ),
    "forecast": lambda series: trends.forecast_counts(series, 3, n_draws=200, rng=1),
    "evaluation": lambda series: trends.evaluate_forecasts(series, horizon=2, n_origins=4),
    "alarms": lambda series: trends.detect_alarms(series, n_periods=2, rng=1),
    "periods": lambda series: trends.compare_periods(series, *halves(series)),
    "comparison": lambda series: trends.compare_trends(series, turned(series)),
    "delay": lambda series: trends.reporting_delay(vintages(series)),
    "panel": lambda series: trends.analyse_panel(groups(series), "trend", by="group", n_jobs=1),
    "ranking": lambda series: trends.rank_groups(
        groups(series), by="group", first=halves(series)[1], second=halves(series)[0], top=1,
        n_jobs=1, rng=1,
    ),
    "share": lambda series: trends.estimate_share(groups(series), of="one", by="group"),
    "claims": lambda series: trends.score_claims(claims(series)),
    "severity": lambda series: trends.compare_severity(
        deaths(series), deaths(turned(series)), rng=1
    ),
}  # fmt: skip
PREDICTING = {"forecast", "alarms"}
#: Questions whose searches simulate a null for each series, which takes too long here.
LONG = {"changepoints", "alarms", "evaluation"}
unhurried = [HealthCheck.too_slow]
relaxed = settings(deadline=None, max_examples=4, derandomize=True, suppress_health_check=unhurried)
thorough = settings(deadline=None, max_examples=300, suppress_health_check=unhurried)


def halves(series):
    """Return the first and the last period of each half of a series."""
    middle = len(series) // 2
    return (
        (series.index[0], series.index[max(middle - 1, 0)]),
        (series.index[middle], series.index[-1]),
    )


def turned(series):
    """Return a series whose last period came first."""
    return series.iloc[::-1].set_axis(series.index)


def groups(series):
    """Return a table of three groups: a series, the same turned and its half."""
    named = {
        "one": series,
        "two": turned(series),
        "three": series.assign(count=series["count"] // 2),
    }
    return pd.concat(
        each.reset_index()[["period", "count", "exposure"]].assign(group=name, complete=True)
        for name, each in named.items()
    )


def vintages(series):
    """Return what four states of a table said of a series, each with half of its last count."""
    states = []
    for left_out in range(min(4, len(series))):
        state = series.iloc[: len(series) - left_out].reset_index()[["period", "count", "exposure"]]
        state.loc[state.index[-1:], "count"] //= 2
        known = state["period"].iloc[-1].end_time.normalize() + pd.Timedelta(days=9)
        states.append(state.assign(complete=True, as_of=known))
    return pd.concat(states[::-1])


def claims(series):
    """Return figures that said in July what a year brought in the end."""
    sizes = series["count"].dropna().iloc[:2].tolist()
    return pd.DataFrame(
        {
            "statement_id": ["pace", "year"],
            "measure": "attacks",
            "counted_by": "ministry",
            "count": pd.array([*sizes, 0, 0][:2], dtype="Int64"),
            "qualifier": ["more_than", "exact"],
            "window_start": pd.Timestamp("2024-01-01"),
            "window_end": pd.Timestamp("2024-12-31"),
            "published_on": pd.to_datetime(["2024-07-17", "2025-01-03"]),
            "forecast_of": ["year", None],
        }
    )


def deaths(series):
    """Return events, one for each period that was counted, with as many deaths."""
    counted = series["count"].dropna()
    start = counted.index.to_timestamp()
    return pd.DataFrame(
        {
            "event_id": start.astype(str),
            "start": start,
            "country": "Iraq",
            "fatalities_best": counted.to_numpy(),
        }
    )


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
        is_series = isinstance(counts, pd.DataFrame)
        series = counts if is_series else trends.as_series(counts, exposure=exposure)
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
                assert low <= high + slack
                # A mean may lie beyond nearly all counts that are expected.
                assert question in PREDICTING or low - slack <= middle <= high + slack
        assert not np.isinf(numbers[:, 1]).any()


@pytest.mark.parametrize(
    "question",
    [pytest.param(one, marks=pytest.mark.slow) if one in LONG else one for one in QUESTIONS],
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


def long_series(n_periods, shape="as drawn"):
    """Return a count of each of many days."""
    counts = np.random.default_rng(1).negative_binomial(1, 0.05, n_periods)
    if shape == "alternating":
        counts[::2] = 0
    elif shape == "one side":
        counts[: n_periods // 2] = 0
    index = pd.period_range("1700-01-01", periods=n_periods, freq="D", name="period")
    written = pd.Series(counts, index=index).astype("Int64")
    if shape == "half covered":
        written[np.random.default_rng(2).random(n_periods) < 0.5] = pd.NA
    return trends.as_series(written)


#: Questions of single events and figures, and of series in blocks or looked back on for years.
AT_ANY_LENGTH = {"alarms", "changepoints", "claims", "description", "severity"}
#: Questions that are asked again and again of what was known before.
LOOKING_BACK = {"forecast", "evaluation"}


@pytest.mark.parametrize("question", sorted(set(QUESTIONS) - AT_ANY_LENGTH - LOOKING_BACK))
def test_more_periods_than_a_question_can_take_are_refused_at_once(question):
    refused = r"must have at most [\d,]+ periods here, got 100,000\. Count by weeks or months"
    with pytest.raises(ValueError, match=refused):
        QUESTIONS[question](long_series(100_000))


@pytest.mark.slow
@pytest.mark.parametrize("question", sorted(AT_ANY_LENGTH))
def test_a_hundred_thousand_days_are_answered(question):
    assert QUESTIONS[question](long_series(100_000)).summary()


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["as drawn", "alternating", "one side", "half covered"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_longest_series_takes_a_minute_and_two_gigabytes_at_most(question, shape):
    n_periods = 750 if question == "joinpoints" else 5_000
    usage = subprocess.run(
        [sys.executable, __file__, question, shape, str(n_periods)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, gigabytes = map(float, usage.stdout.split())
    assert (seconds < 60, gigabytes < 2) == (True, True), usage.stdout


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


if __name__ == "__main__":
    asked, shape, n_periods = sys.argv[1:]
    check(asked, long_series(int(n_periods), shape), None)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1e6)
