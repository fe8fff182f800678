"""Is each of a newcomer's ten questions answered in at most two clicks or one search?

`make questions` runs these with `SHOTS` naming a folder, into which each case then saves what it
saw; `python -m tests.browser.test_ten_questions` writes docs/questions_of_a_newcomer.md.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .chromium import find
from .search import open_search, search

#: From the first page: what is searched, if anything; what is clicked, one after another; and what
#: must then be in sight. Numbers and days move with the tables, so that only words are asked for.
QUESTIONS = {
    "en": {
        "is it up in the north-east since 2024?": ("", [], ["North-east Syria.", "2024"]),
        "says who?": (
            "who counts attacks in the north-east",
            [".search-found a[href*='sec-latent']"],
            ["Syrian Observatory for Human Rights", "Rojava Information Center"],
        ),
        "since when?": ("", [], ["North-east Syria.", "as in September 2024"]),
        "where can I get the numbers?": (
            "", [".navbar a[href$='data.html']"],
            ["Published figures, CSV", "findings of this edition, JSON"],
        ),
        "how do I cite it?": (
            "", [".edition-bar summary"], ["The trends authors. Are attacks up? Edition of"],
        ),
        "what changed?": ("", [], ["What changed"]),
        "what does B mean?": ("what does B mean", [".search-found a"], ["B", "likely"]),
        "is Iraq included?": ("", [], ["Iraq.", "in 2024"]),
        "how sure?": (
            "", [".short-answer li:nth-child(2) .finding-mark"], ["95% interval", "grade C"],
        ),
        "in Arabic?": ("", [".navbar a[hreflang=ar]"], ["هل ازدادت الهجمات؟", "الجواب القصير"]),
    },
    "ar": {
        "is it up in the north-east since 2024?": ("", [], ["شمال شرق", "2024"]),
        "says who?": (
            "من يحصي الهجمات في شمال شرق سوريا",
            [".search-found a[href*='sec-latent']"],
            ["المرصد السوري لحقوق الإنسان", "مركز معلومات روج آفا"],
        ),
        "since when?": ("", [], ["أيلول/سبتمبر 2024"]),
        "where can I get the numbers?": (
            "", [".navbar a[href$='data.html']"], ["الأرقام المنشورة", "CSV", "JSON"],
        ),
        "how do I cite it?": ("", [".edition-bar summary"], ["هل ازدادت الهجمات؟ طبعة"]),
        "what changed?": ("", [], ["ما الذي تغيّر"]),
        "what does B mean?": ("ماذا تعني الدرجة B", [".search-found a"], ["B", "مرجَّح"]),
        "is Iraq included?": ("", [], ["العراق.", "2024"]),
        "how sure?": (
            "", [".short-answer li:nth-child(2) .finding-mark"], ["95%", "الدرجة C"],
        ),
        "in Arabic?": ("", [".navbar a[hreflang=en]"], ["Are attacks up?", "Short answer"]),
    },
}  # fmt: skip
#: What a reader clicks, by the selector.
CLICKED = {
    ".search-found a": "the first thing found",
    ".search-found a[href*='sec-latent']": "“One rate behind all counters”, among the first found",
    ".navbar a[href$='data.html']": "*Data*, at the head of the page",
    ".edition-bar summary": "*Cite*, under the title",
    ".short-answer li:nth-child(2) .finding-mark": "the letter behind the second sentence",
    ".navbar a[hreflang=ar]": "*العربية*, at the head of the page",
    ".navbar a[hreflang=en]": "*English*, at the head of the page",
}
PAGE = Path(__file__).parents[2] / "docs/questions_of_a_newcomer.md"
INTRO = """\
# Ten questions of a newcomer

What somebody does who opens the first page of the report and asks one of ten questions, and what is
then in sight: nothing, at most two clicks, or one search (the key `/`). A browser does it in both
languages, in the light and the dark, 360 and 1280 pixels wide, and the words are looked for in what
its window shows. `make questions` does it again and saves a picture of each case, and of the first
page on paper, in `.screenshots/`. Numbers and days are not listed here: they move with the tables.
"""


def as_page():
    """Return the questions, the ways to their answers and the words looked for, as Markdown."""
    parts = [INTRO]
    for lang, title in (("en", "On the English pages"), ("ar", "On the Arabic pages")):
        rows = ["| Question | Way | Then in sight |", "|:--|:--|:--|"]
        for asked, (searched, clicks, words) in QUESTIONS[lang].items():
            way = [f"search “{searched}”"] if searched else []
            way += [CLICKED[click] for click in clicks]
            said = ", ".join(way) or "no click"
            first = asked[0].upper() + asked[1:]
            rows.append(f"| {first} | {said} | {'; '.join(words)} |")
        parts.append(f"## {title}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def test_the_page_on_the_questions_lists_them_as_they_are_asked():
    assert PAGE.read_text(encoding="utf-8") == as_page()


CASES = [(lang, asked) for lang, questions in QUESTIONS.items() for asked in questions]


def in_sight(browser):
    """Return the text of the page that lies in the window, notes included, on one line."""
    said = browser.ask(
        "(() => { const said = []; const walk = document.createTreeWalker(document.body, 4);"
        "while (walk.nextNode()) { const range = document.createRange();"
        "  range.selectNodeContents(walk.currentNode);"
        "  const seen = [...range.getClientRects()].some(box => box.width && box.height"
        "    && box.bottom > 0 && box.top < innerHeight);"
        "  if (seen) said.push(walk.currentNode.textContent); }"
        "return said.join(''); })()"
    )
    return " ".join(said.replace("\u2060", "").split())


@pytest.mark.slow
@pytest.mark.skipif(
    find() is None, reason="needs Debian's package chromium: apt-get install chromium"
)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("lang", "asked"), CASES)
def test_a_newcomer_has_the_answer_in_two_clicks_or_one_search(
    browser, whole_site, lang, asked, width, dark
):
    searched, clicks, answer = QUESTIONS[lang][asked]
    assert len(clicks) <= (1 if searched else 2)
    page = whole_site / "reports" / ("ar" if lang == "ar" else "") / "index.html"
    # On a phone the first screen is one that a thumb scrolls once or twice.
    browser.open(page, width=width, height=2400 if width < 600 else 1600, dark=dark)
    if searched:
        open_search(browser)
        search(browser, searched)
    for click in clicks:
        browser.click(click)
    if "SHOTS" in os.environ:
        name = re.sub(r"\W+", "-", asked).strip("-").lower()
        look = f"{lang}-{'phone' if width < 600 else 'desktop'}-{'dark' if dark else 'light'}"
        browser.picture(Path(os.environ["SHOTS"]) / f"{name}-{look}.png")
    said = in_sight(browser)
    for words in answer:
        assert words in said
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_paper_begins_with_the_short_answer(whole_site, lang):
    import pypdf

    folder = whole_site / "reports" / ("ar" if lang == "ar" else "")
    for name in ("answer", "full"):
        paper = folder / f"{name}.pdf"
        first = pypdf.PdfReader(paper).pages[0].extract_text()
        assert "2024" in first
        # Letters of Arabic come out of a PDF in another order.
        assert lang == "ar" or "Short answer, as of" in " ".join(first.split())
        if "SHOTS" in os.environ and shutil.which("pdftoppm"):
            drawn = Path(os.environ["SHOTS"]) / f"{name}-{lang}-paper"
            made = ["pdftoppm", "-r", "90", "-png", "-singlefile", "-l", "1"]
            subprocess.run([*made, str(paper), str(drawn)], check=True)


if __name__ == "__main__":
    PAGE.write_text(as_page(), encoding="utf-8")
