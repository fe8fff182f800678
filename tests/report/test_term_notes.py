"""Is every word with a meaning of its own explained where a page says it first, and only there?"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.findings.prose import passages
from trends.report import render
from trends.report.search import entries_of
from trends.report.term_notes import noted, term_notes
from trends.report.twins import twin

NOTE = re.compile(
    r'<button type="button" popovertarget="(term-\d+)" class="term">([^<]*)</button>'
    r'<span popover class="finding-note term-note" role="note" id="(term-\d+)">[^<]*</span>'
)
PAGE = """\
<body><nav><p>memory</p></nav><main><header><h1>Scatter</h1></header>
<p><a href="x.html">scatter</a> and <code>memory</code>, <em>Memory</em> of counts.</p>
<table><tr><td>variance</td></tr></table><aside><p>A slope.</p></aside>
<ul><li>The 95% interval, and the scatter; no 95% interval again.</li></ul>
<p><span class="sentence">Such counts <button class="finding">scatter</button> and have a
p-value.</span><span class="finding-note">An episode, a ratio.</span></p></main></body>
"""


def without_notes(page):
    return NOTE.sub(r"\2", page)


def test_a_note_stands_at_the_first_use_in_running_text_and_changes_no_word():
    page = noted(PAGE, "en")
    assert [said for _, said, _ in NOTE.findall(page)] == [
        "Memory", "95% interval", "scatter", "p-value",
    ]  # fmt: skip
    assert [opens for opens, _, _ in NOTE.findall(page)] == [
        note for *_, note in NOTE.findall(page)
    ]
    assert without_notes(page) == PAGE


@pytest.mark.parametrize(
    ("lang", "said", "marked"),
    [
        ("en", "The rate ratio is 2.", "rate ratio"),
        ("en", "It stands with no interval.", "interval"),
        ("ar", "وتتشتت الأعداد بتشتت أكبر.", "وتتشتت"),
        ("ar", "(مجال الثقة \u206695%\u2069: من 1 إلى 2)", "مجال الثقة"),
        ("ar", "نموذج ربط مركّب", "نموذج ربط مركّب"),
    ],
)
def test_a_word_is_found_in_any_form_with_letters_and_signs_before_and_over_it(lang, said, marked):
    page = noted(f"<main><p>{said}</p></main>", lang)
    assert NOTE.findall(page)[0][1] == marked
    assert without_notes(page) == f"<main><p>{said}</p></main>"


def test_every_word_has_a_meaning_in_both_languages_and_no_form_has_two():
    english, arabic = term_notes("en"), term_notes("ar")
    assert len(english) == len(arabic) >= 30
    for lang, known in (("en", english), ("ar", arabic)):
        for term in known:
            assert term.say.endswith(".")
            for form in term.forms:
                page = noted(f"<main><p>{' '.join(form)}</p></main>", lang)
                assert [said for _, said, _ in NOTE.findall(page)] == [" ".join(form)]
                assert term.say in page
        forms = [form for term in known for form in term.forms]
        assert len(forms) == len(set(forms))


def test_a_language_without_notes_and_the_manual_stay_as_they_are():
    assert noted(PAGE, "fr") == PAGE
    manual = PAGE.replace("<body>", '<body class="manual">')
    assert noted(manual, "en") == manual


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<main>",
                "</main>",
                "<li>",
                "<br>",
                "</em>",
                '<a href="x>y">',
                "memory ",
                "a slope",
                "&lt;",
                "95% interval",
            ]
        )
    )
)
def test_whatever_a_page_holds_only_notes_are_added(parts):
    page = "".join(parts)
    assert without_notes(noted(page, "en")) == page


def test_search_and_twins_say_the_word_and_not_its_note():
    page = noted("<main><h1>Page</h1><p>Long memory.</p></main>", "en")
    assert NOTE.search(page)
    assert [entry.text for entry in entries_of(page)] == ["Long memory."]
    assert twin(page) == "# Page\n\nLong memory.\n"


def test_a_sentence_with_a_note_is_read_as_the_sentence_that_it_is():
    said = '<span class="sentence" data-key="a.b.c">The slope, without memory, is 2.</span>'
    plain_page, page = (f"<main><p>{said}</p></main>", noted(f"<main><p>{said}</p></main>", "en"))
    assert len(NOTE.findall(page)) == 2
    read = [[(one.text, one.kind, one.key) for one in passages(text)[0].pieces]
            for text in (plain_page, page)]  # fmt: skip
    assert read[0] == read[1]
    assert len(read[0]) == 1


def test_a_rendered_page_has_its_notes_and_paper_has_none(write_page):
    made = render(write_page("A slope, and another slope."), engine="builtin")
    page = (made.site / "index.html").read_text(encoding="utf-8")
    assert [said for _, said, _ in NOTE.findall(page)] == ["slope"]
