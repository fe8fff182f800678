"""Is every published figure in the table, with its source, its name and what it contradicts?"""

import re
from html import unescape

import pandas as pd
import pytest

import trends
from trends.findings.terms import read_names, read_nouns
from trends.report.figure_rows import figures_table


@pytest.fixture(scope="module")
def statements(published):
    return trends.read_statements(published / "statements.csv")


@pytest.fixture(scope="module")
def terms(published):
    return {
        "nouns": read_nouns(published / "terms.toml"),
        "names": read_names(published / "terms.toml"),
    }


@pytest.fixture(scope="module", params=["en", "ar"])
def table(request, statements, terms):
    return figures_table(statements, lang=request.param, **terms).markdown


def row_of(table, key):
    """Return the cells of a figure's row."""
    row = re.search(rf'<tr id="{re.escape(key)}">(.*?)</tr>', table)[1]
    return [unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]


def test_every_figure_has_one_row_with_its_address(table, statements):
    ids = re.findall(r'<tr id="([^"]+)">', table)
    assert ids == statements["statement_id"].tolist()
    for key, url in statements.set_index("statement_id")["url"].dropna().items():
        assert f'href="{url}"' in row_of(table, key)[7], key


def test_a_row_can_be_linked_by_its_name(table, statements):
    for key in statements["statement_id"]:
        assert f'<a href="#{key}"><code>{key}</code></a>' in row_of(table, key)[7]


def test_figures_are_said_as_firmly_as_they_were_published(statements, terms):
    table = figures_table(statements, **terms).markdown
    assert row_of(table, "cep-2020-05")[4] == "18"
    assert row_of(table, "cep-2020-05-k-gov")[4] == "at least 27"
    assert row_of(table, "lister-2024-avg")[4] == "about 59 a month"
    assert row_of(table, "sdf-2025-eb-ops")[3] == "to 22 September 2025, from when is not known"
    assert row_of(table, "centcom-2026-transfer")[6] == "third hand"


def test_definitions_are_named_in_words_each_once_by_counter(statements, terms, published):
    told = pd.read_csv(published / "definitions.csv")
    for lang in ("en", "ar"):
        table = figures_table(statements, lang=lang, **terms).markdown
        ids = statements.set_index("statement_id")["definition"].dropna()
        printed = {key: row_of(table, key)[5] for key in ids.index}
        assert not set(printed.values()) & set(told["definition"])
        named = {key: terms["names"][key][lang] for key in told["definition"]}
        assert printed == {key: named[value] for key, value in ids.items()}
        # two definitions of one counter never look alike
        pairs = [
            (counter, named[key])
            for key, counter in zip(told["definition"], told["counter"], strict=True)
        ]
        assert len(set(pairs)) == len(pairs)


def test_what_is_contradicted_leads_to_the_contradictions(statements, terms):
    found = trends.find_contradictions(statements)
    table = figures_table(statements, contradictions=found, **terms).markdown
    named = {key for keys in found.conflicts["statement_ids"] for key in keys.split("; ")}
    linked = {key for key in statements["statement_id"] if "<a" in row_of(table, key)[8]}
    assert linked == named
    assert 'href="contradictions.html#sec-conflicts"' in table


def test_a_name_that_is_markup_prints_as_text(statements, terms):
    one = statements.head(1).assign(counter="<script>x</script>", area="a & b")
    table = figures_table(one, **terms).markdown
    assert "<script>" not in table
    assert "&lt;script&gt;" in table


def test_an_empty_table_is_a_table(statements, terms):
    assert "<tbody>" in figures_table(statements.head(0), **terms).markdown


def test_contradictions_link_to_the_rows_of_the_page_that_lists_them(statements):
    listed = trends.find_contradictions(statements).listing(links="figures.qmd")
    assert listed.attrs["markdown"] == ("Figures",)
    assert "[cep-2023-04](figures.qmd#cep-2023-04)" in " ".join(listed["Figures"])
