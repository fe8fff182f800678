"""Each construct becomes the structure that Quarto documents for it."""

import re

import pytest

from trends.report import render
from trends.report.links import check_site
from trends.report.store import Store


def test_a_figure_has_its_number_caption_and_alternative_text(index):
    figure = re.search(r'<figure id="fig-line".*?</figure>', index, re.DOTALL)[0]
    assert 'aria-label="Line from 1 at the left to 4 at the right."' in figure
    caption = re.search(r"<figcaption.*?</figcaption>", figure)[0]
    assert "Figure\u00a01:" in caption
    assert "<em>emphasis</em>" in caption
    assert figure.index("<svg") < figure.index("<figcaption")


def test_under_a_figure_stand_the_findings_said_before_it_and_how_to_cite(index):
    foot = re.search(r'<figure[^>]*id="fig-line".*?<p class="figure-foot">(.*?)</p>', index, re.S)[
        1
    ]
    assert re.findall(r'href="([^"]*)"', foot) == [
        "findings.html#claims.rate.ratio",
        "#edition",
    ]
    assert "<code>claims.rate.ratio</code>" in foot
    assert "Cite" in foot
    assert 'id="edition"' in index


def test_a_figure_names_no_finding_of_the_figure_or_section_before_it(index):
    for foot in re.findall(r'<p class="figure-foot">(.*?)</p>', index, re.S)[1:]:
        assert "<code>" not in foot


def test_a_table_has_its_caption_above_and_numbers_flush_right(index):
    table = re.search(r'<figure id="tbl-counts".*?</figure>', index, re.DOTALL)[0]
    assert "Table\u00a01:" in table
    assert table.index("<figcaption") < table.index("<table")
    assert '<td class="align-right">24.46</td>' in table
    assert 'tabindex="0" role="region" aria-labelledby="tbl-counts-caption"' in table


def test_a_table_written_by_hand_is_numbered_after_the_one_before(index):
    assert "Table\u00a02:" in re.search(r'id="tbl-hand".*?</figure>', index, re.DOTALL)[0]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("fig-line", "Figure\u00a01"),
        ("tbl-counts", "Table\u00a01"),
        ("sec-first", "Section\u00a01"),
        ("eq-rate", "Equation\u00a0(1)"),
        ("fig-two", "Figure\u00a02"),
        ("fig-two-1", "Figure\u00a02 (a)"),
    ],
)
def test_a_reference_is_a_link_with_the_number(index, target, words):
    assert f'<a href="#{target}" class="quarto-xref">{words}</a>' in index


def test_headings_below_the_title_are_numbered_from_one(index):
    assert (
        '<h2 data-number="1"><span class="header-section-number">1</span> First heading</h2>'
        in index
    )


def test_inline_strings_print_as_they_are_and_numbers_as_numbers(index):
    assert "a_b *c* [d] &lt;e&gt;" in index
    assert "when 121 were claimed" in index


def test_a_footnote_may_hold_inline_code(index):
    assert re.search(r'id="fn1".*?A footnote with a number, 122\.', index, re.DOTALL)


def test_a_citation_links_to_its_entry(index):
    assert 'href="#ref-sundberg2013"' in index
    assert 'id="ref-sundberg2013"' in index
    assert "10.1177/0022343313484347" in index


def test_a_callout_takes_its_first_heading_as_title(index):
    callout = re.search(
        r'<aside role="note" class="callout callout-note">.*?</aside>', index, re.DOTALL
    )[0]
    assert '<p class="callout-title">Read this first</p>' in callout


def test_a_callout_that_collapses_is_closed_and_has_the_default_title(index):
    assert re.search(
        r'<details class="callout callout-warning">\s*'
        r'<summary class="callout-title">Warning</summary>',
        index,
    )


def test_code_is_hidden_unless_echoed_and_folds(index):
    assert "pd.DataFrame" not in index
    assert re.search(r'<details class="code-fold">\s*<summary>\s*Code\s*</summary>', index)


def test_a_line_of_code_is_no_link_that_no_key_reaches(index):
    assert '<code class="sourceCode python"><span>' in index
    assert 'tabindex="-1"></a>' not in index
    assert 'id="cb1-1"' not in index


def test_mathematics_is_mathml(index):
    assert "<math" in index
    assert re.search(r'<span id="eq-rate" class="equation">', index)


def test_a_finding_is_a_button_with_a_popover_that_links_to_its_entry(index):
    button = re.search(
        r'<button type="button" popovertarget="(note-\d+)" class="finding" '
        r'data-key="claims.rate.ratio">2.42</button>'
        r'<span popover class="finding-note" role="note" id="\1">(.*?)</span>',
        index,
    )
    assert "95% interval 1.96 to 2.99" in button[2]
    assert 'href="findings.html#claims.rate.ratio"' in button[2]


def test_a_sentence_keeps_its_words_as_text_beside_the_button(index):
    assert '<span class="sentence" data-key="claims.rate.ratio">The rate rose.</span>' in index


def test_two_figures_on_a_page_share_no_id(index):
    ids = re.findall(r'\bid="([^"]+)"', index)
    assert len(ids) == len(set(ids))


def test_figures_take_their_colours_from_the_page(index):
    assert "var(--fig-ink" in index


def test_pages_hold_no_inline_style_or_script_that_the_policy_would_refuse(rendered):
    for page in rendered.site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert " style=" not in text, page
        assert "<style" not in text, page
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)", text), (
            page
        )
        assert not re.search(r"\son\w+=", text), page


def test_nothing_is_loaded_from_the_network(rendered, tmp_path):
    for path in rendered.site.rglob("*"):
        if path.suffix in {".html", ".css", ".js"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r'(?:src|url\()\s*=?\s*["\']?(?:https?:)?//', text), path
            assert not re.search(r'<link[^>]+href="(?:https?:)?//', text), path
    assert check_site(rendered.site, Store(tmp_path)) == []


def test_an_arabic_page_says_its_language_direction_and_terms(rendered):
    page = (rendered.site / "pages/ar/index.html").read_text(encoding="utf-8")
    assert '<html lang="ar" dir="rtl">' in page
    assert "الجدول\u00a01" in page
    assert "القسم\u00a01" in page
    assert "انتقل إلى النص" in page
    assert "Skip to" not in page
    assert 'href="../index.html" lang="en" hreflang="en"' in page


def test_a_date_in_arabic_text_is_kept_in_one_piece(rendered):
    page = (rendered.site / "pages/ar/index.html").read_text(encoding="utf-8")
    assert "\u20662019-07-26\u2069" in page
    assert "\u2066294" not in page


def test_a_range_is_never_parted_at_the_end_of_a_line(write_page):
    made = render(write_page("From 1.5–3 to 2019–2020, `1–2` apart.\n\n# A – B"), engine="builtin")
    page = (made.site / "index.html").read_text(encoding="utf-8")
    assert "From 1.5\u2060–\u20603 to 2019\u2060–\u20602020, <code>1–2</code> apart." in page
    assert "A – B" in page


def test_every_page_offers_the_other_language_and_marks_itself(index):
    assert '<a href="ar/index.html" lang="ar" hreflang="ar">العربية</a>' in index
    assert '<a href="index.html" aria-current="page">' in index


def test_links_to_sources_point_at_pages(index):
    assert 'href="more.html#sec-there"' in index
    assert 'href="../data/table.csv"' in index


def test_a_link_to_the_printed_report_is_a_link_to_the_pdf(index):
    assert '<a href="full.pdf">the printed report</a>' in index


def test_the_start_page_leads_to_the_first_page(rendered):
    assert "url=pages/index.html" in (rendered.site / "index.html").read_text(encoding="utf-8")
    assert (rendered.site / "data/table.csv").is_file()


def test_what_figures_refer_to_has_short_names_that_no_part_of_the_page_has(write_page):
    body = """\
## M 1 {#m1}

```{python}
#| label: fig-a
#| fig-cap: "A."
#| fig-alt: "Points."
import matplotlib.pyplot as plt
plt.plot([1, 2, 3], "^")
plt.plot([3, 2, 1], "^");
```

```{python}
#| label: fig-b
#| fig-cap: "B."
#| fig-alt: "Points."
plt.plot([3, 1, 2], "s");
```
"""
    site = render(write_page(body), engine="builtin", formats=["html"]).site
    page = (site / "index.html").read_text(encoding="utf-8")
    figures = "".join(re.findall(r"<svg .*?</svg>", page, re.DOTALL))
    referred = set(re.findall(r'(?:url\(#|<use href="#)([^")]+)', figures))
    named = re.findall(r' id="([^"]+)"', page)
    assert len(referred) >= 4
    assert all(re.fullmatch(r"m\d+", name) for name in referred)
    assert referred <= set(re.findall(r' id="([^"]+)"', figures))
    assert len(named) == len(set(named))
    assert "m1" in named
    assert "m1" not in referred
