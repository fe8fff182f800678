"""One line for each series that is watched: what stands in it, in both languages."""

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.finding import Subject
from trends.findings.listing import monitor_listing

MONTHS = pd.period_range("2016-01", periods=60, freq="M")
NORTH = Subject(key="north", en="Attacks in the north", ar="الهجمات في الشمال")


def line(counts, lang="en", **options):
    """Return the only line of a listing, by heading, with the account and the alarms."""
    series = trends.as_series(pd.Series(counts, index=MONTHS, dtype="Int64"))
    account = trends.describe_series(series, season="none", rng=1)
    alarms = trends.detect_alarms(series, season="none", rng=1, **options)
    (row,) = monitor_listing([(NORTH, account, alarms)], lang=lang).to_dict("records")
    return row, account, alarms


def steady():
    return np.random.default_rng(3).poisson(10, 60)


def test_a_quiet_line_has_its_account_its_count_and_its_share_of_the_budget():
    counts = steady()
    row, account, alarms = line(counts, budget=0.25)
    assert account.verdict == "steady"
    state = alarms.to_frame().iloc[0]
    assert row == {
        "Series": "Attacks in the north",
        "Account": "one level",
        "Since": "",
        "Last period": "December 2020",
        "Count": str(counts[-1]),
        "In line": f"{state['conf_low']:.0f} to {state['conf_high']:.0f}",
        "Alarm": "none",
        "False episodes allowed a year": "0.25",
    }


def test_an_alarm_has_its_direction_and_its_beginning():
    counts = steady()
    counts[-2:] = 60
    row, _, alarms = line(counts)
    assert str(alarms.states["since"].iloc[0]) == "2020-11"
    assert row["Alarm"] == "upwards since November 2020"
    assert row["False episodes allowed a year"] == "1.0"
    fell, _, _ = line(np.append(steady()[:-4] + 20, [0] * 4), incomplete_periods=0)
    assert fell["Alarm"] == "downwards since September 2020"


def test_a_step_has_its_date_and_a_level_none():
    counts = steady() + np.where(np.arange(60) < 30, 0, 30)
    row, account, _ = line(counts)
    assert account.verdict == "step"
    assert (row["Account"], row["Since"]) == ("a step", "July 2018")
    twice = counts - np.where(np.arange(60) < 45, 0, 30)
    row, account, _ = line(twice)
    # Of several dates the last one counts.
    assert account.verdict in {"steps", "episode"}
    assert row["Since"] in {"October 2019", "September 2019"}


def test_where_nobody_watched_there_is_no_count_and_no_alarm():
    counts = [*steady()[:-2].tolist(), None, None]
    row, _, _ = line(counts, n_periods=2)
    assert (row["Count"], row["Alarm"]) == ("", "not observed")


def test_a_line_is_said_in_arabic():
    counts = steady()
    counts[-2:] = 60
    row, _, _ = line(counts, lang="ar", budget=0.25)
    assert row["السلسلة"] == "الهجمات في الشمال"
    assert row["الإنذار"] == "بالارتفاع منذ تشرين الثاني/نوفمبر 2020"
    assert row["النوبات الكاذبة المقبولة في السنة"] == "0.25"


def test_every_account_and_every_state_has_a_word():
    from trends.analysis.description import Verdict
    from trends.findings.wording import words

    for lang in ("en", "ar"):
        assert set(words(lang)["monitor_course"]) == set(Verdict.__args__)
        assert set(words(lang)["monitor_alarm"]) == {"rise", "fall", "quiet", "unseen"}


def test_a_line_of_several_series_is_refused():
    table = pd.concat(
        pd.DataFrame({
            "place": place, "period": MONTHS, "count": pd.array(steady(), dtype="Int64"),
            "exposure": MONTHS.days_in_month.astype(float), "complete": True,
        })
        for place in ("North", "South")
    )  # fmt: skip
    alarms = trends.detect_alarms(table, by="place", rng=1)
    _, account, _ = line(steady())
    with pytest.raises(ValueError, match="must hold the alarms of one series a line, got 2 for no"):
        monitor_listing([(NORTH, account, alarms)])
