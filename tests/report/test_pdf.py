"""The printed report is tagged, accessible and the same twice."""

import re

import pikepdf
import pypdf
import pytest

from trends.report import render
from trends.report.pdf import pack


@pytest.fixture(scope="module")
def paper(rendered):
    return pypdf.PdfReader(rendered.site / "pages/full.pdf")


def test_the_pdf_declares_pdf_ua_1_and_is_tagged(paper):
    metadata = paper.xmp_metadata.stream.get_data().decode()
    assert re.search(r"<pdfuaid:part>1</pdfuaid:part>", metadata)
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in paper.trailer["/Root"]
    assert paper.trailer["/Root"]["/Lang"] == "en"
    assert paper.metadata.title == "The full report"


def test_the_arabic_report_is_tagged_in_arabic_with_arabic_terms(rendered):
    paper = pypdf.PdfReader(rendered.site / "pages/ar/full.pdf")
    assert paper.trailer["/Root"]["/Lang"] == "ar"
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert len(paper.outline) == 2  # the chapter and the list of findings


def test_figures_and_equations_carry_alternative_text(paper):
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, dict):
            if "/Alt" in node:
                found.append(str(node["/Alt"]))
            kids = node.get("/K", [])
            for kid in kids if isinstance(kids, list) else [kids]:
                if not isinstance(kid, int):
                    walk(kid)

    walk(paper.trailer["/Root"]["/StructTreeRoot"])
    assert "Line from 1 at the left to 4 at the right." in found
    assert "The rate is the count over the time." in found


def test_numbers_and_references_are_those_of_the_page(paper):
    text = " ".join("\n".join(page.extract_text() for page in paper.pages).split())
    for words in ("Figure 1: A line that rises", "Table 1: Counts by year", "Figure 2: Two panels",
                  "See Figure 1, Table 1", "Table 2: A table by hand"):  # fmt: skip
        assert words in text


def test_findings_are_listed_with_numbers_before_the_references(paper):
    pages = [" ".join(page.extract_text().split()) for page in paper.pages]
    (last,) = [text for text in pages if "claims.rate.ratio" in text]
    end = " ".join(pages[pages.index(last) :])
    assert end.index("claims.rate.ratio") < end.index("Sundberg, Ralph, and Erik Melander")
    assert "Findings" in last
    assert "1. Rate ratio 2.42, 95% interval 1.96 to 2.99" in last
    assert "claims.rate.ratio" in last


def test_links_between_pages_stay_inside_the_document(paper):
    addresses = [
        annotation.get_object().get("/A", {}).get("/URI")
        for page in paper.pages
        for annotation in page.get("/Annots", [])
    ]
    assert not [address for address in addresses if address and ".qmd" in address]


def test_only_bundled_fonts_are_used(paper):
    names = {
        str(font.get_object()["/BaseFont"])
        for page in paper.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert all(re.search(r"IBMPlex|NewCM", name) for name in names), names


@pytest.mark.parametrize(("lang", "word"), [("en", "in"), ("ar", "في")])
def test_no_line_of_paper_ends_within_a_range_or_a_date(write_page, lang, word):
    said = " ".join(
        f"{word * (1 + n % 5)} 2019-2020 {word} 2019–2021 2024-05-19" for n in range(60)
    )
    config = (
        "project: {type: website, output-dir: _site, render: [index.qmd]}\n"
        "website: {title: Site}\n"
        "filters: [filters/bidi.lua, filters/findings.lua, filters/paper.lua]\n"
        "format: {typst: {}}\n"
    )
    direction = "rtl" if lang == "ar" else "ltr"
    front = f"title: Page\nlang: {lang}\ndir: {direction}\nformat: typst"
    made = render(write_page(said, front=front, config=config), engine="builtin")
    paper = pypdf.PdfReader(made.site / "index.pdf")
    text = "\n".join(page.extract_text() for page in paper.pages)
    lines = [re.sub("[\u2060\u2066\u2069]", "", line) for line in text.splitlines()]
    assert sum(line.count("2019-2020") + line.count("2019–2021") for line in lines) == 120
    assert sum(line.count("2024-05-19") for line in lines) == 60


def test_no_page_of_paper_holds_three_lines(write_page):
    """A chapter begins a page of its own, but where the one before ends after a few lines."""
    config = (
        "project: {type: website, output-dir: _site, render: [index.qmd]}\n"
        "website: {title: Site}\nnumber-sections: true\n"
        "filters: [filters/bidi.lua, filters/findings.lua, filters/paper.lua]\n"
        "format: {typst: {}}\n"
    )
    line = "Some words that fill a line and a half of the page before the next begins, and no more."
    body = "\n\n".join(
        part
        for n, length in enumerate((40, 24, 40, 3, 10), start=1)
        for part in (f"# Chapter {n}", *[line] * length)
    )
    made = render(
        write_page(body, front="title: Page\nformat: typst", config=config), engine="builtin"
    )
    pages = [page.extract_text() for page in pypdf.PdfReader(made.site / "index.pdf").pages]
    # after the cover and the contents
    assert min(page.count("Some words") for page in pages[2:]) > 3
    assert sum("Chapter" in page for page in pages[2:]) == 5


def test_a_contents_page_says_its_entries_and_no_dot_as_a_text(rendered):
    for name in ("pages/full.pdf", "pages/ar/full.pdf"):
        contents = pypdf.PdfReader(rendered.site / name).pages[1]
        assert contents.get_contents().get_data().count(b" Tm(") < 20


def test_a_space_of_an_arabic_paper_carries_no_text_beside_it(write_page):
    """A mark of direction is drawn with its glyph, and on the cover comes before the first one."""
    config = (
        "project: {type: website, output-dir: _site, render: [index.qmd]}\n"
        "website: {title: Site}\nfilters: [filters/bidi.lua]\nformat: {typst: {}}\n"
    )
    range_ = "\u20662013\u20132026\u2069"
    front = f"title: الأحداث\nsubtitle: في سوريا {range_}\nlang: ar\ndir: rtl\nformat: typst"
    said = "ما *يُحصى من* الأحداث في **كل مدة**. " * 9
    made = render(write_page(said, front=front, config=config), engine="builtin")
    pages = pypdf.PdfReader(made.site / "index.pdf").pages
    assert sum(page.get_contents().get_data().count(b"/ActualText( )") for page in pages) == 0


def operands(content):
    """Return operators of a page's drawing, each with its texts and numbers in order."""

    def flat(values):
        for value in values:
            if isinstance(value, pikepdf.Array):
                yield from flat(list(value))
            else:
                yield value

    return [
        (str(one.operator), list(flat(one.operands)))
        for one in pikepdf.parse_content_stream(content)
    ]


def test_packing_moves_nothing_by_a_thousandth_of_a_point_and_leaves_texts_alone(tmp_path):
    drawn = (
        b"q .12345678 0 0 -1.00004 64.987654 -.00001 cm 0.10588235 scn\n"
        b"BT /f0 9.8 Tf [(1.23456\\)2.34567(3.45678))236.1234<00A50023>]TJ (\\\\4.56789) Tj ET Q"
    )
    path = tmp_path / "paper.pdf"
    made = pikepdf.new()
    made.add_blank_page()
    made.pages[0].Contents = made.make_stream(drawn)
    before = operands(made.pages[0].Contents)
    made.save(path)
    pack(path)
    with pikepdf.open(path) as packed:
        content = packed.pages[0].Contents
        assert b".1235 0 0 -1 64.988 0 cm .1059 scn" in content.read_bytes()
        after = operands(content)
    assert [name for name, _ in after] == [name for name, _ in before]
    for (_, found), (_, expected) in zip(after, before, strict=True):
        for one, other in zip(found, expected, strict=True):
            if isinstance(one, pikepdf.String | pikepdf.Name):
                assert one == other
            else:
                assert float(one) == pytest.approx(float(other), abs=5e-4)
