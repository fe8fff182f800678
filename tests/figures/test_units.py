"""Are people people, and not events, on every axis and in every sentence?"""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import trends
from trends.figures import count_series, windows
from trends.tables.statements import statement_series

EVENTS = re.compile(r"\b(events?|حدث|حدثًا|حدثان|أحداث)\b")
DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def statements():
    return trends.read_statements(DATA / "statements.csv")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def row(statements, name):
    return statements.set_index("statement_id", drop=False).loc[name]


@pytest.mark.parametrize(("lang", "person"), [("en", "people"), ("ar", "شخص")])
def test_a_figure_of_people_is_said_and_drawn_in_people(statements, lang, person):
    results = [
        trends.figure_rate(row(statements, "sdf-2025-year-arrests")),
        trends.compare_rates(
            row(statements, "sdf-2025-year-arrests"), row(statements, "sdf-2024-arrests")
        ),
    ]
    for result in results:
        assert result.counted == "people"
        assert person in result.summary(lang)
        assert not EVENTS.search(result.summary(lang))
        assert windows.style.rate_axis("people", lang) in result.plot(lang=lang).get_xlabel()


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_the_axis_of_a_series_and_of_windows_names_what_was_counted(statements, lang):
    killed = statement_series(
        statements, measure="killed_pro_government", counted_by="Counter Extremism Project"
    )
    people, events = (windows.style.rate_axis(unit, lang) for unit in ("people", "events"))
    assert count_series.plot({"killed": killed}, lang=lang).get_ylabel() == people
    arrests = statements[statements["measure"] == "arrests"]
    assert windows.plot(arrests, lang=lang).get_ylabel() == people
    attacks = statements[statements["measure"] == "attacks"]
    assert windows.plot(attacks, lang=lang).get_ylabel() == events
    mixed = windows.plot(statements[statements["measure"].isin(["arrests", "attacks"])], lang=lang)
    assert mixed.get_ylabel() not in (people, events)


def test_a_series_of_people_stays_one_of_people_in_every_question(statements):
    killed = statement_series(
        statements, measure="killed_pro_government", counted_by="Counter Extremism Project"
    )
    assert trends.estimate_trend(killed).counted == "people"
    assert trends.detectable_change(killed).counted == "people"
