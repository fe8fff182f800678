"""An edition's ledger is merged from its pages, and its pages are made from the ledger."""

import json

import pytest

from trends.report import RenderError, render


def test_every_finding_has_an_entry_that_its_words_link_to(counting_page):
    built = render(counting_page(294), engine="builtin")
    ledger = json.loads((built.site / "findings.json").read_text(encoding="utf-8"))
    listed = (built.site / "findings.html").read_text(encoding="utf-8")
    index = (built.site / "index.html").read_text(encoding="utf-8")
    for finding in ledger["findings"]:
        assert f'id="{finding["finding_id"]}"' in listed
    assert 'href="findings.html#series.rate.ratio"' in index
    assert '<a href="index.html">Page</a>' in listed
    assert ledger["findings"][0]["pages"] == ["index.html"]
    assert (built.site / "findings.csv").is_file()


def test_given_the_edition_before_a_page_says_what_changed(counting_page, tmp_path_factory):
    before = tmp_path_factory.mktemp("before") / "site"
    render(counting_page(294), engine="builtin", output=before)
    built = render(counting_page(200), engine="builtin", previous_ledger=before / "findings.json")
    changes = (built.site / "changes.html").read_text(encoding="utf-8")
    assert "series.rate.ratio" in changes
    assert "2.42" in changes
    assert "1.65" in changes


def test_two_pages_that_say_different_things_under_one_id_stop_the_render(counting_page):
    root = counting_page(294)
    other = (root / "index.qmd").read_text(encoding="utf-8").replace("(294,", "(295,")
    (root / "other.qmd").write_text(other, encoding="utf-8")
    config = (root / "_quarto.yml").read_text().replace("[index.qmd]", "[index.qmd, other.qmd]")
    (root / "_quarto.yml").write_text(config)
    with pytest.raises(RenderError, match=r"different content on index\.html and other\.html"):
        render(root, engine="builtin")
