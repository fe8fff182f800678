"""Does a report of hardly anything stay whole, and say what is missing?"""

import re
from html import unescape

import pytest

import trends
from trends.findings.lint import lint
from trends.report import Outline, render
from trends.report.scaffold import scaffold
from trends.tables.faults import InvalidTable
from trends.tables.provenance import write_sidecar

FIGURE = """\
statement_id,measure,country,count,window_start,window_end,counted_by
a-2024,attacks,Syria,5,2024-01-01,2024-12-31,A monitor
"""
#: What a page says of the edition before, of a licence that nobody gave, and of the one figure.
SAID = {
    "en": ("no earlier edition is kept to compare with", "not stated", "0 of 1 figures"),
    "ar": ("لا طبعة سابقة محفوظة للمقارنة", "غير مذكور", "من أصل 1"),
}


@pytest.mark.parametrize("languages", [("en",), ("ar",), ("en", "ar")])
def test_one_published_figure_makes_a_whole_report_in_the_languages_it_has(tmp_path, languages):
    table = tmp_path / "one.csv"
    table.write_text(FIGURE, encoding="utf-8")
    scaffold(tmp_path / "made", table, "statements", languages=languages)
    site = render(tmp_path / "made", engine="builtin").site
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    pages = {path: text for path, text in pages.items() if "<main" in text}
    assert {re.search(r'<html lang="(\w+)"', text)[1] for text in pages.values()} == set(languages)
    for path, text in pages.items():
        lang = re.search(r'<html lang="(\w+)"', text)[1]
        assert SAID[lang][0] in text
        others = set(re.findall(r'hreflang="(\w+)"', text))
        assert others == set(languages) - {lang} if path.name == "index.html" else True
        if path.name == "index.html":
            assert all(words in re.sub("[\u2066-\u2069]", "", text) for words in SAID[lang][1:])
            assert SAID[{"en": "ar", "ar": "en"}[lang]][1] not in text
    assert len(list(site.rglob("*.pdf"))) == len(languages)
    assert lint(site) == []


def test_a_table_of_one_count_is_refused_with_its_reason_and_nothing_is_written(tmp_path):
    table = tmp_path / "one.csv"
    table.write_text("month,count\n2024-01,5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"at least 8 periods with a count, got 1\. [^.]+\.$"):
        scaffold(tmp_path / "made", table, "counts")
    assert not (tmp_path / "made").exists()


#: What a page says where a question lost its table.
LOST = {
    "en": ("the table no longer carries it", "Not drawn: the table no longer carries"),
    "ar": ("لم يعد الجدول يكفي له", "لا رسم هنا"),
    "fr": ("le tableau n’y suffit plus", "Rien n’est tracé"),
}


def test_a_report_whose_table_shrinks_to_one_row_says_what_is_missing_and_stays_whole(tmp_path):
    table = tmp_path / "long.csv"
    months = [f"{year}-{month:02}" for year in (2021, 2022, 2023, 2024) for month in range(1, 13)]
    rows = [f"{month},{9 + at * 7 % 5}" for at, month in enumerate(months)]
    table.write_text("\n".join(["period,count", *rows]) + "\n", encoding="utf-8")
    made = tmp_path / "made"
    scaffold(made, table, "counts", languages=("en", "ar", "fr"))
    copied = made / "data/long.csv"
    copied.write_text("period,count\n2021-01,9\n", encoding="utf-8")
    write_sidecar(copied)
    site = render(made, engine="builtin").site
    for lang, (sentence, figure) in LOST.items():
        place = "" if lang == "en" else f"{lang}/"
        page = (site / f"reports/{place}index.html").read_text(encoding="utf-8")
        text = " ".join(re.sub("<[^>]+>", " ", unescape(page)).split())
        n_asked = page.count("<figure")
        assert n_asked >= 5
        # each question says that it lost its table, and why; the table itself is still there
        assert text.count(sentence) >= n_asked - 1
        assert re.search(r"at least \d+ periods with a count, got 1", text)
        alts = re.findall(r'<figure.*?aria-label="([^"]*)"', page, re.DOTALL)
        assert [unescape(alt) for alt in alts if figure in unescape(alt)] == alts[: n_asked - 1]
        assert "long.csv" in text
    assert len(list(site.rglob("*.pdf"))) == 3


def test_a_group_that_left_the_table_is_missing_and_the_others_are_answered(tmp_path):
    table = tmp_path / "two.csv"
    months = [f"{year}-{month:02}" for year in (2021, 2022, 2023) for month in range(1, 13)]
    rows = [
        f"{month},{place},{9 + at * 7 % 5}"
        for at, month in enumerate(months)
        for place in ("Homs", "Hama")
    ]
    table.write_text("\n".join(["period,place,count", *rows]) + "\n", encoding="utf-8")
    made = tmp_path / "made"
    scaffold(made, table, "counts", by=["place"])
    copied = made / "data/two.csv"
    kept = [row for row in rows if "Hama" not in row]
    copied.write_text("\n".join(["period,place,count", *kept]) + "\n", encoding="utf-8")
    write_sidecar(copied)
    site = render(made, engine="builtin").site
    page = (site / "reports/index.html").read_text(encoding="utf-8")
    parts = re.split(r"<h2", page)
    lost = [part for part in parts if LOST["en"][0] in part]
    assert lost
    assert all("Hama" in part and "Homs:" not in part for part in lost)
    assert any("Homs" in part and "data-grade" in part for part in parts)


def test_an_answer_that_can_be_given_is_given_and_an_unreadable_table_is_an_error():
    outline = Outline(file="", kind="counts", named={"a": {"en": "A", "ar": "أ"}})
    ledger = trends.Ledger()
    counts = trends.as_series(list(range(5, 41)), start="2021-01", freq="M")
    answer, said = outline.ask(ledger, "a", lambda: trends.estimate_trend(counts))
    assert str(said.summary()) == str(trends.Ledger().add(answer, outline.subject("a")).summary())
    assert len(ledger.findings) == len(said)

    def broken():
        raise InvalidTable([])

    with pytest.raises(InvalidTable):
        outline.ask(ledger, "a", broken)
