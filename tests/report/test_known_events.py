from pathlib import Path

import pytest

from trends.report.known_events import known_events_table, read_known_events

REPORT = Path(__file__).resolve().parents[2] / "reports" / "known_events.toml"


def test_events_of_one_country_are_read_in_the_language_asked_for():
    syria = read_known_events(REPORT, country="Syria", lang="ar")
    assert [date.year for date in syria] == [2014, 2017, 2019, 2024]
    assert "الرقة" in next(iter(syria.values()))


def test_every_event_is_listed_with_a_link_to_its_source():
    listed = known_events_table(REPORT)
    assert listed["Source"].str.fullmatch(r"\[.+\]\(https://.+\)").all()
    assert listed["Date"].iloc[0] == "14 January 2014"


def test_an_event_without_a_source_is_refused(tmp_path):
    path = tmp_path / "events.toml"
    path.write_text('[[event]]\ndate = 2020-01-01\ncountry = "Syria"\nen = "x"\nar = "س"\n')
    with pytest.raises(ValueError, match="got none for source, url"):
        read_known_events(path, country="Syria")


def test_dates_named_for_a_question_say_when_they_were_entered(tmp_path):
    named = REPORT.with_name("named_dates.toml")
    listed = known_events_table(named)
    assert listed["Entered"].tolist() == ["28 November 2026"] * len(listed)
    assert known_events_table(named, lang="ar").columns[-1] == "أُدخل في"
    assert "Entered" not in known_events_table(REPORT)
