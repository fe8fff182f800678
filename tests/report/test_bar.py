"""Does every page say what edition it is of, and nothing that its project does not declare?"""

import json
import re

import pytest

from trends.report import RenderError, render
from trends.report.provenance import data_to

FIGURES = "statement_id,window_end\na,2024-05-19\nb,2025-11-30\nc,\n"
DECLARED = """\
cff-version: 1.2.0
authors:
  - {name: The counters}
  - {given-names: Ada, family-names: Byron}
license: CC-BY-4.0
contact:
  - {email: desk@example.org}
"""


def bar_of(site, page="index.html"):
    """Return the edition bar of a page without its marks."""
    text = (site / page).read_text(encoding="utf-8")
    found = re.search(r'<aside class="edition-bar".*?</aside>', text, re.DOTALL)[0]
    return found, " ".join(re.sub("<[^>]+>", " ", found).split())


def test_data_reach_to_the_last_window_or_period_of_any_table(tmp_path):
    (tmp_path / "data").mkdir()
    assert data_to(tmp_path) == ""
    (tmp_path / "data/counts.csv").write_text("period,count\n2025-11,3\n2025-12,1\nx,2\n")
    (tmp_path / "data/figures.csv").write_text(FIGURES)
    assert data_to(tmp_path) == "2025-12-31"


def test_a_whole_period_ends_on_its_last_day_in_tables_of_any_encoding(tmp_path):
    (tmp_path / "data").mkdir()
    rows = "counted_by,window_end\nوزارة,2024-02\nوزارة,2023\n"
    (tmp_path / "data/figures.csv").write_bytes(rows.encode("cp1256"))
    assert data_to(tmp_path) == "2024-02-29"


def test_an_edition_of_new_data_in_the_same_process_says_so_on_every_page(counting_page):
    root = counting_page(294)
    render(root, engine="builtin")
    (root / "data").mkdir()
    (root / "data/figures.csv").write_text(FIGURES, encoding="utf-8")
    (root / "CITATION.cff").write_text(DECLARED, encoding="utf-8")
    site = render(root, engine="builtin").site
    for page in ("index.html", "findings.html"):
        assert "data to 30 November 2025" in bar_of(site, page)[1]
        assert "Licence: CC-BY-4.0" in bar_of(site, page)[1]


@pytest.fixture
def declared(write_page):
    """Return a project that declares what can be declared."""
    root = write_page("Text.", front='title: "Up?"')
    config = (root / "_quarto.yml").read_text("utf-8")
    config = config.replace("[index.qmd]", "[index.qmd, full.qmd]")
    config = config.replace(
        "website: {title: Site}", "website: {title: Site, site-url: 'https://example.org/r/'}"
    )
    (root / "_quarto.yml").write_text(config, encoding="utf-8")
    (root / "full.qmd").write_text(
        "---\ntitle: All\nformat: typst\n---\n\nText.\n", encoding="utf-8"
    )
    (root / "data").mkdir()
    (root / "data/figures.csv").write_text(FIGURES, encoding="utf-8")
    (root / "CITATION.cff").write_text(DECLARED, encoding="utf-8")
    return root


def test_a_page_names_edition_data_version_paper_licence_contact_and_citation(
    declared, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764288000")
    markup, said = bar_of(render(declared, engine="builtin").site)
    assert said.startswith("Edition of 28 November 2025 data to 30 November 2025 trends ")
    assert '<a href="full.pdf" type="application/pdf">PDF</a>' in markup
    assert "Licence: CC-BY-4.0" in said
    assert 'href="mailto:desk@example.org"' in markup
    assert "The counters. Ada Byron. Up? Site. Edition of 28 November 2025." in said.replace(
        "Up?. Site.", "Up? Site."
    )


def test_a_project_that_declares_nothing_has_no_contact_no_licence_and_no_paper(write_page):
    markup, said = bar_of(render(write_page("Text."), engine="builtin").site)
    assert "mailto:" not in markup
    assert "Licence" not in said
    assert "PDF" not in said
    assert "data to" not in said
    assert said.startswith("Undated edition trends ")


def test_search_engines_and_citation_managers_read_the_same(declared, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764288000")
    text = (render(declared, engine="builtin").site / "index.html").read_text(encoding="utf-8")
    about = json.loads(re.search(r'ld\+json">(.*?)</script>', text)[1])
    assert about["@type"] == "Report"
    assert about["datePublished"] == "2025-11-28"
    assert about["url"] == "https://example.org/r/index.html"
    assert about["license"] == "CC-BY-4.0"
    assert '<link rel="canonical" href="https://example.org/r/index.html">' in text
    assert '<meta name="citation_pdf_url" content="https://example.org/r/full.pdf">' in text
    assert '<meta name="citation_author" content="Ada Byron">' in text
    assert '<meta property="og:title" content="Up?">' in text


def test_without_an_address_of_its_own_a_site_claims_none(write_page):
    text = (render(write_page("Text."), engine="builtin").site / "index.html").read_text("utf-8")
    assert "canonical" not in text
    assert "og:" not in text


def test_a_title_cannot_end_the_block_of_metadata(write_page):
    root = write_page("Text.", front='title: "</script><b>x"')
    text = (render(root, engine="builtin").site / "index.html").read_text("utf-8")
    assert json.loads(re.search(r'ld\+json">(.*?)</script>', text)[1])["name"] == "</script><b>x"


def test_a_kept_edition_gives_a_page_of_changes_that_the_bar_links(counting_page):
    root = counting_page(294)
    site = render(root, engine="builtin").site
    assert not (site / "changes.html").exists()
    assert "What changed: no earlier edition is kept to compare with" in bar_of(site)[1]
    (root / "editions").mkdir()
    (root / "editions/2025-01-01.json").write_bytes((site / "findings.json").read_bytes())
    counting_page(200)
    site = render(root, engine="builtin").site
    assert "1.65" in (site / "changes.html").read_text(encoding="utf-8")
    assert '<a href="changes.html">What changed since the last edition</a>' in bar_of(site)[0]


def test_an_edition_without_findings_says_which_were_withdrawn(counting_page, write_page):
    root = counting_page(294)
    site = render(root, engine="builtin").site
    (root / "editions").mkdir()
    (root / "editions/2025-01-01.json").write_bytes((site / "findings.json").read_bytes())
    write_page("Text.")
    site = render(root, engine="builtin").site
    assert '<a href="changes.html">' in bar_of(site)[0]
    assert "series.rate.ratio" in (site / "changes.html").read_text(encoding="utf-8")


def test_a_broken_declaration_is_named(write_page):
    root = write_page("Text.")
    (root / "CITATION.cff").write_text("license: [", encoding="utf-8")
    with pytest.raises(RenderError, match=r"CITATION\.cff"):
        render(root, engine="builtin")
