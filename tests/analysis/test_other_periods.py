"""Do weeks, quarters and years that begin elsewhere keep their days through every question?"""

import numpy as np
import pandas as pd
import pytest

import trends

RISING = np.random.default_rng(2).poisson(np.linspace(10, 40, 60))

#: Frequency, and the first and last period as sentences name them.
PERIODS = [
    ("W-SAT", "the week of 7 January 2018", "الأسبوع البادئ في 7 كانون الثاني/يناير 2018"),
    ("Y-JUN", "the year to June 2018", "السنة المنتهية في حزيران/يونيو 2018"),
    ("Q-JAN", "the quarter to January 2018", "الربع المنتهي في كانون الثاني/يناير 2018"),
    ("Q-JUN", "the first quarter of 2018", "الربع الأول من عام 2018"),
]


def series(freq):
    first = pd.Period("2018-01-07", freq)
    return trends.as_series(pd.Series(RISING, index=pd.period_range(first, periods=60, freq=freq)))


@pytest.mark.parametrize(("freq", "en", "ar"), PERIODS)
def test_sentences_name_periods_by_their_days(freq, en, ar):
    trend = trends.estimate_trend(series(freq))
    assert f"between {en} and " in trend.summary()
    assert ar in trend.summary("ar")


@pytest.mark.parametrize(("freq", "en", "ar"), PERIODS)
@pytest.mark.parametrize(
    "question",
    [
        lambda counts: trends.detect_changepoints(counts, n_null=199, rng=1),
        lambda counts: trends.fit_joinpoints(counts, max_joinpoints=1),
        trends.detectable_change,
    ],
)
def test_every_question_answers_and_its_ledger_keeps_the_periods(question, freq, en, ar):
    result = question(series(freq))
    ledger = trends.Ledger()
    ledger.add(result, trends.Subject.generic())
    (record,) = (one for one in ledger.to_dict()["inputs"].values() if one["kind"] == "series")
    from trends.tables.calendar import parse_periods

    first = parse_periods(pd.Series([record["first"]]))[0]
    assert first == series(freq).index[0]
    assert result.summary("ar")


def test_a_season_of_quarters_that_begin_elsewhere_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"quarters of the calendar year, got Q-JAN.*by month"):
        trends.estimate_season(series("Q-JAN"))
