"""Is every section, finding and figure found, by its words in any of their forms?"""

import base64
import json
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trends
from trends.findings.terms import read_nouns
from trends.report import figures_table
from trends.report.scripts import shortened
from trends.report.search import entries_of, index_of, packed, plain, stems

PAGE = """\
<html><body><nav><a href="x.html">Elsewhere</a></nav>
<main id="main"><header><h1 class="title">Places</h1><p>All <em>of</em> them.</p>
<aside class="edition-bar" id="edition" aria-label="This edition"><ul>
<li>Cite</li></ul></aside></header>
<section id="sec-syria" class="level2"><h2><span class="header-section-number">1</span> Syria</h2>
<p>Counts <button class="finding">rose</button><button class="finding-mark">B</button><span
class="finding-note">Not said</span> in the east.<br>Then fell.</p>
<section id="sec-east" class="level3"><h3>East</h3><p>Few.</p></section>
<p>After all.</p></section>
<div class="finding-entry" id="ucdp.rate"><p><strong>The rate rose.</strong></p><p>Two windows.</p>
<p><code>ucdp.rate</code> · Said on Trends</p></div>
<script>var hidden = "never";</script>
</main></body></html>
"""


def test_a_page_is_found_by_its_sections_its_edition_and_its_findings():
    found = [(one.kind, one.anchor, one.title, one.text) for one in entries_of(PAGE)]
    assert found == [
        ("page", "", "Places", "All of them."),
        ("page", "edition", "This edition", "Cite"),
        ("page", "sec-syria", "Syria", "Counts rose in the east. Then fell. After all."),
        ("page", "sec-east", "East", "Few."),
        ("finding", "ucdp.rate", "The rate rose.", "Two windows. ucdp.rate"),
    ]


def test_a_published_figure_is_found_by_what_it_says_of_itself(published):
    statements = trends.read_statements(published / "statements.csv")
    nouns = read_nouns(published / "terms.toml")
    table = figures_table(statements, nouns=nouns).markdown
    html = re.search(r"<table.*</table>", table, re.DOTALL)[0]
    page, *found = entries_of(f"<main><h1>All</h1>{html}</main>")
    assert (page.kind, page.title, page.text) == ("page", "All", "")
    assert [one.anchor for one in found] == statements["statement_id"].tolist()
    assert found[0].title == "18 · attacks · in May 2020"
    assert found[0].text.startswith("Counter Extremism Project")
    assert found[0].text.endswith("cep-2020-05")


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("en", {"attack", "attacks", "attacked", "attacking"}),
        ("en", {"claim", "claims", "claimed"}),
        ("ar", {"هجوم", "الهجوم", "بالهجوم", "والهجوم"}),
        ("ar", {"هجمات", "الهجمات", "والهجمات"}),
    ],
)
def test_forms_of_a_word_share_a_stem(lang, forms):
    made = stems(forms, lang)
    assert [set(same) for same in made.values()] == [{plain(form) for form in forms}]


def test_a_word_that_is_its_own_stem_and_a_number_say_nothing_of_stems():
    assert stems({"attack", "2024", "10months", "522fde5ac1ce"}, "en") == {}
    assert stems({"ataques"}, "xx") == {}


@pytest.mark.parametrize(
    ("written", "typed"),
    [("Ḥasakah", "hasakah"), ("الرقّة", "الرقه"), ("إدلب", "ادلب"), ("مُستوى", "مستوي")],
)
def test_letters_are_folded_as_readers_type_them(written, typed):
    assert plain(written) == typed


@given(st.text())
def test_what_is_folded_stays_as_it_is(text):
    once = plain(text)
    assert plain(once) == plain(plain(once))


def test_an_edition_is_found_once_and_the_words_of_all_entries_have_their_stems(tmp_path):
    for name in ("index.html", "other.html"):
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    index = index_of(tmp_path, ["index.html", "other.html"], "en")
    assert index["pages"] == [["index.html", "Places"], ["other.html", "Places"]]
    assert [entry[1] for entry in index["entries"] if entry[2] == "edition"] == [0]
    assert ["count", "counts"] in index["stems"]
    assert "the" in index["common"]
    assert json.loads(zlib.decompress(base64.b64decode(packed(index)))) == index


def test_a_script_is_shipped_without_comments_and_spaces_and_is_otherwise_the_same():
    script = (
        '// Why.\n(function () {\n  var a = 1, b = "x  =  \\"y\\"";\n\n    // There.\n'
        "  if (a > 0) return a - 1;\n  return b;\n})();\n"
    )
    assert shortened(script) == (
        '(function(){var a=1,b="x  =  \\"y\\"";if(a>0)return a-1;return b})();'
    )
