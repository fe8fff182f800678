import csv
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trends
from trends.findings.citation import cite
from trends.findings.finding import Noun, Subject
from trends.findings.ledger import Ledger, read_ledger
from trends.findings.wording import mark
from trends.tables.faults import InvalidTable

CLAIMS = Subject(key="claims", en="Claims", ar="ما أعلنه التنظيم")
TWO_YEARS = ((294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31"))
OPERATION = Noun(
    en_one="operation",
    en_many="operations",
    ar_one="عملية",
    ar_two="عمليتان",
    ar_few="عمليات",
    ar_many="عملية",
    ar_gender="f",
)


@pytest.fixture
def ledger():
    kept = Ledger()
    kept.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    return kept


def statement(**changed):
    """Return a row of a table of statements."""
    row = {
        "statement_id": "un-2024", "measure": "operations", "count_low": None, "count": 200,
        "count_high": None, "qualifier": "exact", "window_start": None, "window_end": None,
        "window_basis": "unknown", "counted_by": "A mission", "source_kind": "un",
        "published_by": "A paper", "url": "https://example.org/a?b=1&c=2",
    }  # fmt: skip
    return row | changed


# ------- claims


def test_a_claim_prints_its_number_marked_with_its_finding(ledger):
    claims = ledger.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    assert str(claims["ratio"]) == "2.42"
    assert (
        claims["ratio"]
        ._repr_markdown_()
        .startswith('[2.42]{.finding key="claims.rate.ratio" say="Claims: ratio of rates 2.42;')
    )
    assert str(claims["ratio"].interval()) == "1.12 to 6.08"
    assert str(claims["ratio"].verb("ar")) == "ارتفع المعدل فيما يبدو"


def test_a_claim_speaks_the_language_of_its_page():
    claims = Ledger(lang="ar").add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    assert str(claims["ratio"].interval()) == "من 1.12 إلى 6.08"
    assert claims.summary().startswith("ما أعلنه التنظيم: 294 حدثًا في عام 2024")
    assert claims.summary("en").startswith("Claims: 294 events in 2024")


def test_a_claim_gives_access_to_its_finding(ledger):
    claims = ledger.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    assert claims["ratio"].grade == "C"
    assert claims["ratio"].estimate == pytest.approx(294 / 366 / (121 / 365))


def test_an_unknown_claim_is_an_error_that_names_the_nearest(ledger):
    claims = ledger.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    with pytest.raises(KeyError, match=r"must be one of ratio, tipping, got 'ratoi'.*mean ratio"):
        claims["ratoi"]


def test_a_number_that_is_no_change_has_no_verb(ledger):
    claims = ledger.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    with pytest.raises(ValueError, match="must be about a change"):
        claims["tipping"].verb()


# ------- what a ledger takes and refuses


def test_the_same_finding_may_be_added_twice(ledger):
    ledger.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    assert len(ledger.findings) == 2


def test_another_finding_under_a_known_id_is_refused(ledger):
    with pytest.raises(ValueError, match=r"claims.rate.ratio twice with different content"):
        ledger.add(trends.compare_rates((300, 366), (121, 365), dispersion=15), CLAIMS)


def test_what_is_not_a_result_is_refused(ledger):
    with pytest.raises(TypeError, match="`result` must be what an analysis returned, got int"):
        ledger.add(3, CLAIMS)


def test_an_unknown_finding_is_an_error_that_names_the_nearest(ledger):
    with pytest.raises(ValueError, match=r"got 'claim.rate.ratio'. Did you mean claims.rate.ratio"):
        ledger.finding("claim.rate.ratio")


def test_a_constant_is_a_finding_that_says_what_it_is(ledger):
    constant = ledger.constant(
        "n-operations", 1200, OPERATION, en="Rows of a table", ar="صفوف جدول"
    )
    assert str(constant) == "1,200 operations"
    assert str(constant.number("ar")) == "1,200 عملية"
    assert "Rows of a table: 1,200; counted" in constant._repr_markdown_()
    assert ledger.finding("n-operations.count")["p_value"] is None


def test_a_constant_that_is_no_number_is_refused(ledger):
    with pytest.raises(TypeError, match="`value` must be a plain number, got str"):
        ledger.constant("n", "12", en="", ar="")


@pytest.mark.parametrize(
    ("changed", "en", "ar"),
    [
        ({}, "200 operations", "200 عملية"),
        ({"qualifier": "about"}, "about 200 operations", "نحو 200 عملية"),
        ({"qualifier": "at_least"}, "at least 200 operations", "ما لا يقل عن 200 عملية"),
        ({"qualifier": "more_than"}, "more than 200 operations", "أكثر من 200 عملية"),
        ({"qualifier": "at_least", "count": 2}, "at least 2 operations", "ما لا يقل عن عمليتين"),
        (
            {"qualifier": "range", "count": None, "count_low": 11, "count_high": 15},
            "11 to 15 operations",
            "من 11 إلى 15 عملية",
        ),
        (
            {"qualifier": "exact", "count": None, "count_high": 8},
            "at most 8 operations",
            "ما لا يزيد على 8 عمليات",
        ),
    ],
)
def test_a_statement_is_quoted_as_firmly_as_it_was_published(changed, en, ar):
    ledger = Ledger()
    assert ledger.statement(statement(**changed), OPERATION) == en
    assert ledger.statement(statement(**changed), OPERATION, lang="ar") == ar


def test_a_statement_tells_its_source():
    said = Ledger().statement(statement()).markdown
    assert said.startswith('[200]{.statement key="un-2024" say="Counted by A mission; window not')
    assert "https://example.org/a?b=1\\&c=2" in said


def test_what_is_not_a_statement_is_refused():
    with pytest.raises(TypeError, match="must be a row of a table of statements, got int"):
        Ledger().statement(200)


# ------- writing, reading, merging


def test_a_ledger_is_read_as_it_was_written(ledger, tmp_path):
    ledger.statement(statement())
    ledger.constant("n", 3, en="x", ar="س")
    ledger.write(tmp_path, edition={"title": "T", "date": "2026-01-02", "url": "https://x.org"})
    again = read_ledger(tmp_path / "findings.json")
    assert again.to_json() == ledger.to_json()
    assert again.edition["date"] == "2026-01-02"


def test_the_table_of_findings_has_a_row_for_each_with_both_sentences(ledger, tmp_path):
    _, path = ledger.write(tmp_path)
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["finding_id"] for row in rows] == ["claims.rate.ratio", "claims.rate.tipping"]
    assert "rose" in rows[0]["sentence_en"]
    assert "ارتفع" in rows[0]["sentence_ar"]
    assert float(rows[0]["conf_low"]) == ledger.findings["claims.rate.ratio"]["conf_low"]


def test_the_written_ledger_satisfies_the_published_schema(ledger, tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="comes with the Quarto extra")
    from importlib.resources import files

    schema = json.loads(files("trends.findings").joinpath("ledger.schema.json").read_text())
    ledger.add(trends.compare_rates((3, 10), (0, 10)), Subject(key="none", en="x", ar="س"))
    ledger.statement(statement())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(ledger.to_dict(), schema)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"schema_version":2', '"schema_version":1', "must be version 2 of the ledger, got '1'"),
        ('"schema":"trends-ledger"', '"schema":"other"', "must be a trends ledger, got 'other'"),
        ('"grade":"C"', '"grade":"E"', r"0.grade: must be one of \['A', 'B', 'C', 'D', None\]"),
        ('"estimate":2.42', '"estimate":2.52', "the file was changed after it was written"),
        ('"conf_level":0.95', '"conf_level":95', "must be smaller than or equal to 1, got '95'"),
        (
            "claims.rate.tipping",
            "claims.rate.ratio",
            "claims.rate.ratio'.*|must stand in the ledger",
        ),
        ("{", "", "must be JSON"),
    ],
)
def test_a_ledger_that_cannot_be_trusted_says_why(ledger, tmp_path, before, after, message):
    path, _ = ledger.write(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(InvalidTable, match=message) as refused:
        read_ledger(path)
    assert {Path(fault.file).name for fault in refused.value.faults} == {path.name}


def test_pages_are_merged_and_each_finding_knows_its_pages(ledger, tmp_path):
    arabic = Ledger(lang="ar")
    arabic.add(trends.compare_rates(*TWO_YEARS, dispersion=15), CLAIMS)
    (tmp_path / "ar").mkdir()
    for name, kept in (("index.html", ledger), ("ar/index.html", arabic)):
        (tmp_path / name).write_text(f"<p>Text</p>{kept.page_block().to_html()}")
    (tmp_path / "other.html").write_text("<p>no ledger</p>")
    merged = Ledger.from_pages(sorted(tmp_path.rglob("*.html")), root=tmp_path)
    assert merged.finding("claims.rate.ratio")["pages"] == ["ar/index.html", "index.html"]
    assert merged.inputs == ledger.inputs


def test_pages_that_disagree_about_a_finding_are_refused(ledger, tmp_path):
    other = Ledger()
    other.add(trends.compare_rates((300, 366), (121, 365), dispersion=15), CLAIMS)
    for name, kept in (("a.html", ledger), ("b.html", other)):
        (tmp_path / name).write_text(kept.page_block().to_html())
    with pytest.raises(
        ValueError, match=r"claims.rate.ratio with different content on a.html and b"
    ):
        Ledger.from_pages(sorted(tmp_path.glob("*.html")))


def test_a_block_cannot_be_ended_by_what_is_in_it():
    ledger = Ledger()
    ledger.constant("n", 1, en="</script><b>", ar="س")
    block = ledger.page_block()
    assert block.to_html().count("</script>") == 1
    assert block._repr_markdown_().startswith("````{=html}\n<script")


# ------- marks survive Pandoc

pandoc = pytest.importorskip("pypandoc", reason="comes with the report extra")


def rendered(markdown):
    """Return the HTML of Markdown."""
    ran = subprocess.run(
        [pandoc.get_pandoc_path(), "--from", "markdown+smart", "--to", "html5", "--wrap=none"],
        input=markdown.encode(), capture_output=True, check=True,
    )  # fmt: skip
    return ran.stdout.decode()


@pytest.mark.parametrize(
    "text",
    [
        "A [b](c) *d* _e_ `f` $g$ <h> \"i\" 'j' k\\l @m #n | o ~p~ ^q^ {r} 3.. -- &amp; !x",
        "الهجمات [في] سوريا: 294 (2.42)",
        "https://example.org/a_b?c=1&d=2#e",
    ],
)
def test_marked_text_and_attributes_come_through_as_they_are(text):
    import html

    page = rendered(mark(text, "finding", key="k", say=text))
    found = re.search(r'<span class="finding" data-key="k" data-say="([^"]*)">(.*)</span>', page)
    assert html.unescape(found[1]) == text
    assert html.unescape(re.sub("<[^>]*>", "", found[2])) == text


@given(
    text=st.text(alphabet=st.characters(codec="ascii", categories=["P", "S", "L", "N"]), min_size=1)
)
def test_every_sign_is_escaped_that_could_end_a_mark(text):
    shown = re.sub(r"\\.", "", mark(text, "x", key="k"))
    said = re.sub(r"\\.", "", mark("t", "x", say=text))
    assert shown.count("[") == shown.count("]") == 1
    assert said.count('"') == 2


# ------- citation


def test_a_citation_names_edition_finding_and_sentence(ledger):
    ledger.edition = {
        "title": "Are events up? 50% & more",
        "date": "2026-11-21",
        "url": "https://example.org/",
        "author": "A. Writer",
    }
    cited = cite(ledger, "claims.rate.ratio")
    assert cited.text.startswith("A. Writer. Are events up? 50% & more. Finding claims.rate.ratio:")
    assert "the rate apparently rose" in cited.text
    assert cited.text.endswith("https://example.org/findings.html#claims.rate.ratio")
    assert cited.bibtex.startswith("@misc{claims-rate-ratio-2026-11-21,\n  author = {{A. Writer}},")
    assert r"50\% \& more" in cited.bibtex
    assert "year = {2026}" in cited.bibtex
    assert cited.bibtex.count("{") == cited.bibtex.count("}")
    assert str(cited) == f"{cited.text}\n\n{cited.bibtex}"


@pytest.mark.parametrize(
    ("edition", "said", "year"),
    [
        ({}, "Undated edition, made with", False),
        ({"date": "2026-01-31"}, "Edition of 2026-01-31, made with", True),
        (
            {"date": "2026-01-31", "dated_by": "data/a_b.toml"},
            "Edition of 2026-01-31 (dated by data/a_b.toml), made with",
            True,
        ),
        (
            {"date": "2026-01-31", "dated_by": "SOURCE_DATE_EPOCH"},
            "Edition of 2026-01-31 (dated by SOURCE_DATE_EPOCH), made with",
            True,
        ),
    ],
)
def test_a_citation_says_what_dated_the_edition(edition, said, year, ledger):
    ledger.edition = edition
    cited = cite(ledger, "claims.rate.ratio")
    assert said in cited.text
    assert said.split(", made")[0] in cited.bibtex.replace("\\_", "_")
    assert ("year = {2026}" in cited.bibtex) is year
    assert "1970" not in str(cited)


def test_a_citation_of_an_unknown_finding_names_the_nearest(ledger):
    with pytest.raises(ValueError, match=r"mean claims.rate.ratio"):
        cite(ledger, "claims.rate.ratios")
