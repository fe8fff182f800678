"""Does a report of hardly anything stay whole, and say what is missing?"""

import re

import pytest

from trends.findings.lint import lint
from trends.report import render
from trends.report.scaffold import scaffold

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
