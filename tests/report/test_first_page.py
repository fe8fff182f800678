"""Does the report's first page answer for each place: which way, how much, since when, says who?"""

import re
import shutil
from pathlib import Path

import pytest

from trends.findings.lint import lint
from trends.report import read_places, render

ROOT = Path(__file__).parents[2]
CONFIG = """\
project:
  type: website
  output-dir: _site
  render: [reports/index.qmd, reports/ar/index.qmd, reports/answer.qmd, LINKED]
website: {title: "Are attacks up?"}
number-sections: true
execute: {echo: false}
fig-format: svg
fig-width: 7.2
fig-height: 4
filters:
  - {path: trends/report/filters/bidi.lua, at: post-quarto}
  - {path: trends/report/filters/findings.lua, at: post-quarto}
  - {path: trends/report/filters/paper.lua, at: post-quarto}
format:
  html: {theme: [cosmo, reports/theme.scss], html-math-method: mathml}
  typst: {papersize: a4, pdf-standard: ua-1}
"""
#: Pages that the first page leads to; here they hold nothing.
LINKED = ("sources", "trend", "changepoints", "contradictions", "methods")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the report's first page in both languages and its one-page paper."""
    root = tmp_path_factory.mktemp("report")
    for folder in ("data", "reports"):
        shutil.copytree(ROOT / folder, root / folder)
    shutil.copytree(ROOT / "trends/report/filters", root / "trends/report/filters")
    linked = [f"reports/{folder}{name}.qmd" for folder in ("", "ar/") for name in LINKED]
    for name in linked:
        lang = "ar" if "/ar/" in name else "en"
        (root / name).write_text(f"---\ntitle: {Path(name).stem}\nlang: {lang}\n---\n\nText.\n")
    (root / "_quarto.yml").write_text(CONFIG.replace("LINKED", ", ".join(linked)), "utf-8")
    return render(root, engine="builtin").site


def answers(site, page):
    """Return the lines of the short answer, and all of it, as text."""
    text = (site / page).read_text(encoding="utf-8")
    block = re.search(r'<div class="short-answer">(.*?)</div>', text, re.DOTALL)[1]
    block = re.sub(
        r"<span popover.*?</span>|<svg.*?</svg>|<button.*?</button>", "", block, flags=re.DOTALL
    )
    lines = re.findall(r"<li>(.*?)</li>", block, re.DOTALL)
    bare = [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in (*lines, block)]
    return bare[:-1], bare[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "lang"), [("reports/index.html", "en"), ("reports/ar/index.html", "ar")]
)
def test_the_first_page_answers_for_every_place(site, page, lang):
    lines, _ = answers(site, page)
    places = read_places(ROOT / "reports/places.toml")
    assert len(lines) == len(places)
    for line, place in zip(lines, places.values(), strict=True):
        assert line[0] in "↑↓≈?؟"
        assert line[1:].strip().startswith(place.name(lang))
        assert re.search(r"\b20\d\d\b", line), line  # since when
        assert re.search(r"[;؛] [\u2066]?[ABCD]\u2069?\)", line) or "(" in line, (
            line
        )  # says who, how sure
        if line[0] in "↑↓≈":
            assert re.search(r"\d\.\d\d", line), line  # how much


@pytest.mark.slow
def test_the_short_answer_is_short(site):
    _, whole = answers(site, "reports/index.html")
    said = whole.split("Arrows:")[0]
    words = [word for word in said.split() if re.search(r"\w", word)]
    assert len(words) <= 150, len(words)


@pytest.mark.slow
def test_the_first_page_is_light_and_says_no_more_than_its_findings(site):
    page = site / "reports/index.html"
    assert page.stat().st_size <= 150_000
    assert (site / "reports/ar/index.html").stat().st_size <= 150_000
    assert lint(page) == []


@pytest.mark.slow
def test_the_paper_of_one_page_has_the_answer_and_what_it_rests_on_on_one_sheet(site):
    import pypdf

    (sheet,) = pypdf.PdfReader(site / "reports/answer.pdf").pages
    said = " ".join(sheet.extract_text().split())
    for words in ("Short answer, as of", "North-east Syria.", "Figure 1: The counts behind"):
        assert words in said
    # the four counters that the figure draws
    assert "Counter Extremism Project, central Syria" in said
    assert "UCDP, Iraq" in said
