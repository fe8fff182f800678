"""Is the short answer made of findings alone, whatever the tables hold?"""

import math
import re

import pandas as pd
import pytest

import trends
from trends.findings import wording
from trends.findings.answer import Line, short_answer
from trends.findings.finding import Finding, Inputs, Subject
from trends.findings.lint import lint
from trends.findings.terms import read_places
from trends.report import answer_block

PLACES = """\
[place.north]
en = "North"
ar = "الشمال"

[place.south]
en = "South"
ar = "الجنوب"
"""


@pytest.fixture
def places(tmp_path):
    path = tmp_path / "places.toml"
    path.write_text(PLACES, encoding="utf-8")
    return read_places(path)


def compared(ledger, first, second, key="attacks"):
    """Return the ratio of a year to the year before."""
    subject = Subject(
        key=key, en="Attacks", ar="الهجمات", en_counter="A monitor", ar_counter="جهة رصد"
    )
    result = trends.compare_rates(
        (first, "2024-01-01", "2024-12-31"), (second, "2023-01-01", "2023-12-31"), dispersion=1
    )
    return ledger.add(result, subject)["ratio"]


@pytest.mark.parametrize(
    ("first", "second", "mark"), [(300, 100, "up"), (100, 300, "down"), (100, 105, "unclear")]
)
def test_the_mark_of_a_place_follows_the_interval(places, first, second, mark):
    ledger = trends.Ledger()
    found = {"north": [compared(ledger, first, second)]}
    answer = short_answer(ledger, places, found, day="2025-01-31")
    assert answer.lines[0].direction == mark


def test_a_change_that_is_shown_to_be_small_is_level():
    ledger = trends.Ledger()
    assert compared(ledger, 10_000, 10_050).direction == "level"


@pytest.mark.parametrize(("first", "second"), [(900, 100), (100, 900), (10_000, 10_050)])
def test_two_counts_that_do_not_follow_one_another_have_no_direction(first, second):
    claim = trends.Ledger().add(trends.compare_rates((first, 365), (second, 365), dispersion=1))
    assert claim["ratio"].quantity == "ratio_between"
    assert claim["ratio"].direction == "unclear"


def test_what_is_not_established_has_no_direction():
    finding = Finding(
        finding_id="a.b.c", question="rate", quantity="ratio", subject=Subject.generic(),
        estimate=3.0, conf_low=2.1, conf_high=9.0, unit="ratio", method="counted",
        graded_by="account", sentence="",
    )  # fmt: skip
    assert finding.grade == "D"
    assert wording.direction(finding) == "unclear"


@pytest.mark.parametrize(
    ("verdict", "sizes", "mark"),
    [
        ("step", (0.2, 0.1, 0.4), "down"),
        ("step", (3.0, 1.2, 6.0), "up"),
        ("step", (1.3, 0.9, 2.0), "unclear"),
        ("slope", (12.0, 3.0, 20.0), "up"),
        ("slope", (-12.0, -20.0, -3.0), "down"),
        ("slope", (2.0, -4.0, 8.0), "unclear"),
        ("wanders", (3.0, 2.0, 4.0), "unclear"),
        ("cannot_tell", (3.0, 2.0, 4.0), "unclear"),
        ("steady", (3.0, 2.0, 4.0), "unclear"),
        ("episode", (3.0, 2.0, 4.0), "unclear"),
    ],
)
def test_an_account_has_a_direction_where_a_step_or_a_slope_has_one(verdict, sizes, mark):
    finding = Finding(
        finding_id="a.description.course", question="description", quantity="course_weight",
        subject=Subject.generic(), estimate=0.9, unit="weight", method="weighed_courses",
        sentence="",
        values=dict(zip(("size", "size_low", "size_high"), sizes, strict=True))
        | {"verdict": verdict},
    )  # fmt: skip
    assert wording.direction(finding) == mark


@pytest.mark.parametrize(("lang", "named"), [("en", "; Claims; D)."), ("ar", "؛ المتبنّى؛ D).")])
def test_counts_of_no_one_counter_are_named_by_their_subject(lang, named):
    subject = Subject(key="claims", en="Claims", ar="المتبنّى")
    claim = trends.Ledger().add(trends.compare_rates("294 in 2024", "121 in 2023"), subject)
    assert str(claim["ratio"].brief(lang)).endswith(named)


def test_a_place_without_a_finding_says_what_is_missing(places):
    ledger = trends.Ledger()
    answer = short_answer(ledger, places, {"north": [compared(ledger, 300, 100)]}, day="2025-01-31")
    assert [line.place.key for line in answer.lines] == ["north", "south"]
    assert [str(said) for said in answer.said(answer.lines[1])] == [
        "No published figure that can be compared."
    ]
    assert answer.lines[1].direction == "unclear"


def test_a_report_without_any_figure_still_answers(places):
    answer = short_answer(trends.Ledger(), places, {}, day="2025-01-31")
    said = answer_block(answer)._repr_markdown_()
    assert said.count("No published figure that can be compared.") == 2
    assert answer.gaps == ()


def test_an_undeclared_place_is_refused(places):
    ledger = trends.Ledger()
    with pytest.raises(ValueError, match=r"declared places \(north, south\), got 'west'"):
        short_answer(ledger, places, {"west": [compared(ledger, 3, 1)]}, day="2025-01-31")


@pytest.mark.parametrize(("day", "n_gaps"), [("2025-12-31", 0), ("2026-01-01", 1)])
def test_a_place_is_uncounted_from_thirteen_months_on(places, day, n_gaps):
    ledger = trends.Ledger()
    answer = short_answer(ledger, places, {"north": [compared(ledger, 300, 100)]}, day=day)
    assert len(answer.gaps) == n_gaps
    if n_gaps:
        (gap,) = answer.gaps
        assert gap.estimate == 13
        assert str(gap.say()).endswith("after December 2024, and 13 months have passed since.")
        assert gap.finding_id in ledger.findings


@pytest.mark.parametrize(
    ("last", "month"),
    [
        ("2024-11-30", "2024-11"), ("2024-11", "2024-11"), ("2024-W44", "2024-11"),
        ("2024-Q4", "2024-12"), ("2024", "2024-12"), ("", None),
    ],
)  # fmt: skip
def test_counts_of_any_period_end_in_the_month_in_which_it_ends(last, month):
    finding = Finding(
        finding_id="a.b.c", question="rate", quantity="ratio", subject=Subject.generic(),
        estimate=3.0, unit="ratio", method="counted", sentence="", inputs=Inputs(last=last),
    )  # fmt: skip
    line = Line(place=Subject.generic(), claims=(trends.Ledger().keep(finding),))
    assert line.last == (month and pd.Period(month, "M"))


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_that_every_place_is_counted_is_said_only_where_every_place_is(places, lang):
    said = "Every place is counted to the end." if lang == "en" else "كل مكان محصى حتى النهاية."
    ledger = trends.Ledger(lang=lang)
    claim = compared(ledger, 300, 100)
    for found, whole in (({"north": [claim], "south": [claim]}, True), ({"north": [claim]}, False)):
        answer = short_answer(ledger, places, found, day="2025-01-31")
        assert answer.gaps == ()
        assert (said in answer_block(answer).markdown) == whole


def test_of_several_counters_the_widest_apart_is_said(places):
    ledger = trends.Ledger()
    near = compared(ledger, 110, 100, "near")
    far = compared(ledger, 10, 100, "far")
    answer = short_answer(ledger, places, {}, day="2025-01-31", counters=[near, far])
    assert answer.disagree == (far,)
    assert abs(math.log(far.estimate)) > abs(math.log(near.estimate))


def test_the_answer_changes_with_the_figures(places):
    def lines(first, second):
        ledger = trends.Ledger()
        found = {"north": [compared(ledger, first, second)]}
        return answer_block(short_answer(ledger, places, found, day="2025-01-31")).markdown

    assert "apparently" not in lines(300, 100)
    assert "[↑]{.direction}" in lines(300, 100)
    assert "[↓]{.direction}" in lines(100, 300)
    assert "2.99 times" in lines(300, 100)


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_short_sentence_stands_in_the_ledger_and_passes_the_guard(places, lang, tmp_path):
    ledger = trends.Ledger(lang=lang)
    claim = compared(ledger, 300, 100)
    answer = short_answer(ledger, places, {"north": [claim]}, day="2026-03-31")
    said = [str(phrase) for line in answer.lines for phrase in answer.said(line)][:1]
    assert said[0] == ledger.findings[claim.finding_id]["said"][lang]["brief"]
    spans = "".join(
        f'<p><span class="sentence" data-key="{one.finding_id}">{one.brief()}</span></p>'
        for one in (claim, *answer.gaps)
    )
    page = tmp_path / "page.html"
    page.write_text(
        f'<html lang="{lang}"><body><main>{spans}{ledger.page_block().to_html()}</main></body>',
        encoding="utf-8",
    )
    assert lint(page) == []
    page.write_text(page.read_text("utf-8").replace("2.99", "4.99", 1), encoding="utf-8")
    assert lint(page)


def test_a_curve_breaks_where_nothing_was_counted():
    from trends.figures.curve import small_curve

    months = pd.array([1.0, 2.0, None, 3.0, 4.0, None, 5.0], dtype="Float64")
    drawn = small_curve(months.to_numpy(dtype=float, na_value=math.nan))
    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 1
    points = " ".join(re.findall(r'points="(.*?)"', drawn))
    heights = [float(y) for y in re.findall(r",([\d.]+)", points)]
    assert heights == sorted(heights, reverse=True)


def test_a_place_of_the_curves_must_be_in_the_answer(places):
    answer = short_answer(trends.Ledger(), places, {}, day="2025-01-31")
    with pytest.raises(ValueError, match="places of the answer"):
        answer_block(answer, {"west": pd.DataFrame()})
