import re
from pathlib import Path

import pytest
import yaml

from trends.report.markup import HERE, convert, terms_of
from trends.report.store import Store

REPORTS = Path(__file__).parents[2] / "reports"
BODIES = sorted(
    path.name
    for path in REPORTS.glob("_*.qmd")
    if not path.name.startswith(("_ask_", "_setup", "_close", "_edition", "_english", "_arabic"))
)
ARABIC = re.compile("[\u0621-\u064a]")


@pytest.mark.parametrize("name", BODIES)
def test_each_arabic_body_has_the_cells_sections_and_numbers_of_the_english_one(name):
    english = (REPORTS / name).read_text(encoding="utf-8")
    arabic = (REPORTS / "ar" / name).read_text(encoding="utf-8")
    for what in (
        r"#\| label: (\S+)",
        r"\{#(sec-[\w-]+)\}",
        r"`\{python\} ([^`]+)`",
        r"(\[@[^\]]+\])",
    ):
        assert re.findall(what, arabic) == re.findall(what, english), what


@pytest.mark.parametrize("name", BODIES)
def test_every_caption_and_description_of_an_arabic_page_is_arabic(name):
    arabic = (REPORTS / "ar" / name).read_text(encoding="utf-8")
    said = re.findall(r'#\| (?:fig-cap|tbl-cap|fig-alt): "(.*)"', arabic)
    assert len(said) == len(re.findall(r"#\| (?:fig-cap|tbl-cap|fig-alt):", arabic))
    assert all(ARABIC.search(words) for words in said)


def test_every_page_has_an_arabic_counterpart():
    assert {path.name for path in REPORTS.glob("[!_]*.qmd")} == {
        path.name for path in (REPORTS / "ar").glob("[!_]*.qmd")
    }


def test_both_engines_and_a_new_report_have_the_same_arabic_words():
    here, new = (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (REPORTS / "ar/_metadata.yml", HERE / "starter/arabic.yml")
    )
    for settings in (here, new):
        del settings["website"]
    assert here == new
    told = {**here["language"], **here["finding-words"]}
    built_in = terms_of("ar")["language"]
    shared = set(told) & set(built_in)
    assert set(here["finding-words"]) <= shared
    assert {key: told[key] for key in shared} == {key: built_in[key] for key in shared}


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("نسبة −6.2% سنويًا", "نسبة <−6.2%> سنويًا"),
        ("من 2013–2026، ثم", "من <2013–2026>، ثم"),
        ("انظر cep-2023-10-alt.", "انظر <cep-2023-10-alt>."),
        (
            "قاعدة UCDP GED 21.1 (CC BY 4.0) و1,200 حدث",
            "قاعدة UCDP GED 21.1 (CC BY 4.0) و1,200 حدث",
        ),
        ("Facts; the sources are named.", "<Facts; the sources are named.>"),
    ],
)
def test_signs_stay_with_their_numbers_in_right_to_left_text(tmp_path, written, printed):
    template = tmp_path / "body.html"
    template.write_text("$body$", encoding="utf-8")
    page = convert(
        written,
        "html",
        template=template,
        metadata={"dir": "rtl", "lang": "ar"},
        variables={},
        filters=[HERE / "filters" / "bidi.lua"],
        page="page.qmd",
        scratch=tmp_path,
        store=Store(tmp_path / "store"),
    )
    shown = page.strip().removeprefix("<p>").removesuffix("</p>")
    assert shown.translate({0x2066: "<", 0x2069: ">"}) == printed
