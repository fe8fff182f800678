"""Do words of the method stay on the page of methods?"""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What nobody reads without having been told, on the page of methods alone.
METHOD = re.compile(
    r"\b(?:REML|PIT|CRPS|MCMC|PELT|GLM|AR\(1\)|composite[- ]link|quasi-?Poisson|"
    r"probability integral transform|autocorrelation|تحويل الاحتمال التكاملي|الارتباط الذاتي)\b",
)
PAGES = sorted(
    path
    for path in [*ROOT.glob("reports/_*.qmd"), *ROOT.glob("reports/ar/_*.qmd")]
    if path.stem not in ("_methods", "_ask_methods", "_setup")
)


def said(page):
    """Return the text of a page with captions and alternative texts, without its code."""
    kept, in_code = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            in_code = not in_code
        elif not in_code or re.match(r"#\| (?:fig|tbl)-(?:cap|alt)", line):
            kept.append(line)
    return "\n".join(kept)


def test_the_pages_are_all_read():
    assert {"_index", "_outlook", "_trend", "_monitor"} <= {page.stem for page in PAGES}
    assert METHOD.search("estimated by REML")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_no_page_but_that_of_methods_says_a_word_of_the_method(page):
    assert METHOD.findall(said(page)) == []


@pytest.mark.parametrize("lang", ["en", "ar", "fr"])
def test_no_sentence_of_a_finding_says_a_word_of_the_method(lang):
    table = tomllib.loads((ROOT / f"trends/findings/words/{lang}.toml").read_text("utf-8"))

    def texts(value):
        if isinstance(value, dict):
            for one in value.values():
                yield from texts(one)
        else:
            yield str(value)

    sentences = [
        one
        for part in ("sentence", "answer", "explain", "figure", "heading")
        for one in texts(table[part])
    ]
    assert len(sentences) > 150
    assert [one for one in sentences if METHOD.search(one)] == []
