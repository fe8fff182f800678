"""A page for Word, read back: its text, styles, pictures and direction."""

import re
import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from trends.report import RenderError, render
from trends.report.store import FOLDER

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FILTERS = Path(__file__).parents[2] / "trends/report/filters"
CONFIG = """\
project: {type: website, output-dir: _site, render: [index.qmd]}
website: {title: Site}
execute: {echo: false}
number-sections: true
filters: [filters/bidi.lua, filters/findings.lua, filters/paper.lua]
"""
BODY = """\
```{{python}}
#| include: false
import trends
ledger = trends.Ledger(lang="{lang}")
rates = trends.compare_rates((294, 366), (121, 365))
claims = ledger.add(rates, trends.Subject.generic())
```

## One {{#sec-one}}

`{{python}} claims["ratio"].say()`

See @fig-a, @tbl-b, @sec-one and @eq-x.[^n]

[^n]: A note.

```{{python}}
#| label: fig-a
#| fig-cap: Two rates.
#| fig-alt: Two points.
rates.plot(lang="{lang}");
```

| name | count |
|:-----|------:|
| a    |     1 |

: A table. {{#tbl-b}}

$$x = 1$$ {{#eq-x}}

::: {{.callout-note}}
Take care.
:::

::: {{.content-visible when-format="docx"}}
Only here.
:::

::: {{.content-visible when-format="html"}}
Not here.
:::

```{{python}}
#| output: asis
ledger.page_block()
```
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A function that renders the page in a language and gives the folder of the project."""

    def made(lang, direction):
        root = tmp_path_factory.mktemp("word")
        (root / "_quarto.yml").write_text(CONFIG, encoding="utf-8")
        front = (
            f"title: Page\nlang: {lang}\ndir: {direction}\nformat: {{html: default, docx: default}}"
        )
        body = BODY.format(lang=lang)
        (root / "index.qmd").write_text(f"---\n{front}\n---\n\n{body}", encoding="utf-8")
        (root / "data").mkdir()
        (root / "data/table.toml").write_text("accessed = 2026-01-31\n", encoding="utf-8")
        shutil.copytree(FILTERS, root / "filters")
        render(root, engine="builtin")
        return root

    return made


@pytest.fixture(scope="module")
def english(folder):
    return folder("en", "ltr")


@pytest.fixture(scope="module")
def arabic(folder):
    return folder("ar", "rtl")


def part(root, name):
    with zipfile.ZipFile(root / "_site/index.docx") as word:
        return word.read(name).decode()


def paragraphs(root):
    """Return the style and the text of every paragraph."""
    body = ElementTree.fromstring(part(root, "word/document.xml"))
    found = []
    for one in body.iter(f"{W}p"):
        style = one.find(f"{W}pPr/{W}pStyle")
        text = "".join(node.text or "" for node in one.iter(f"{W}t"))
        found.append(("" if style is None else style.get(f"{W}val"), text.replace("\u00a0", " ")))
    return found


def test_headings_captions_and_references_are_numbered_as_on_the_other_papers(english):
    found = paragraphs(english)
    assert ("Title", "Page") in found
    assert ("Heading1", "1 One") in found
    assert ("ImageCaption", "Figure 1: Two rates.") in found
    assert ("TableCaption", "Table 1: A table.") in found
    texts = [text for _, text in found]
    assert any("See Figure 1, Table 1, Section 1 and Equation (1)." in text for text in texts)
    assert ("BlockText", "Take care.") in found
    assert "Only here." in texts
    assert "Not here." not in texts
    assert "A note." in part(english, "word/footnotes.xml")


def test_a_finding_leads_to_what_stands_behind_it(english):
    document = part(english, "word/document.xml")
    [target] = set(re.findall(r'w:anchor="(finding-[^"]+)"', document))
    assert f'w:name="{target}"' in document
    behind = [text for _, text in paragraphs(english) if "series.rate.ratio" in text]
    assert len(behind) == 1
    assert "2.42" in behind[0]


def test_a_figure_is_a_picture_with_its_alternative_text_and_its_width(english):
    document = part(english, "word/document.xml")
    assert re.findall(r'<wp:docPr descr="([^"]*)"', document) == ["Two points."]
    [width] = map(int, re.findall(r'<wp:extent cx="(\d+)"', document))
    assert 3 * 914400 < width <= 6.2 * 914400
    with zipfile.ZipFile(english / "_site/index.docx") as word:
        [picture] = [name for name in word.namelist() if name.startswith("word/media/")]
        assert word.read(picture).startswith(b"\x89PNG")


def test_the_styles_are_those_of_the_report_and_there_are_no_macros(english):
    styles = part(english, "word/styles.xml")
    assert 'w:ascii="IBM Plex Sans"' in styles
    assert "Theme=" not in "".join(re.findall(r"<w:rFonts[^>]*>", styles))
    assert "<w:bidi" not in styles
    with zipfile.ZipFile(english / "_site/index.docx") as word:
        assert not [name for name in word.namelist() if re.search(r"vba|activeX|embeddings", name)]
    assert "macroEnabled" not in part(english, "[Content_Types].xml")


def test_an_arabic_page_runs_from_right_to_left_with_its_tables(arabic):
    document, styles = part(arabic, "word/document.xml"), part(arabic, "word/styles.xml")
    assert styles.index("<w:bidi />") < styles.index("</w:docDefaults>")
    table = ElementTree.fromstring(styles).find(f"{W}style[@{W}styleId='Table']/{W}tblPr")
    assert table.find(f"{W}bidiVisual") is not None
    body = ElementTree.fromstring(document)
    written = [one for one in body.iter(f"{W}p") if one.find(f"{W}pPr/{W}pStyle") is None]
    assert written
    assert all(one.find(f"{W}pPr/{W}bidi") is not None for one in written)
    assert ("ImageCaption", "الشكل 1: Two rates.") in paragraphs(arabic)


def test_the_bytes_are_the_same_in_another_folder_and_from_the_store(english, folder):
    first = (english / "_site/index.docx").read_bytes()
    render(english, engine="builtin")
    assert (english / "_site/index.docx").read_bytes() == first
    again = folder("en", "ltr")
    assert (again / FOLDER).is_dir()
    assert (again / "_site/index.docx").read_bytes() == first
    assert "2026-01-31T00:00:00Z" in part(english, "docProps/core.xml")
    for root in (english, again):
        with zipfile.ZipFile(root / "_site/index.docx") as word:
            assert not any(str(root).encode() in word.read(name) for name in word.namelist())


def test_the_summary_counts_word_files_and_one_format_can_be_asked_for(english, tmp_path):
    built = render(english, engine="builtin", output=tmp_path / "only", formats=["docx"])
    assert built.pages == ["index.docx"]
    assert "0 HTML pages and 0 PDF, 1 Word" in built.summary()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("```{=html}\n<b>x</b>\n```", "raw html would be left out of the Word file"),
        ("```{=openxml}\n<w:p/>\n```", "raw `openxml` would be left out"),
        ("::: {.fancy}\nx\n:::", "the class `.fancy` is not supported"),
    ],
)
def test_what_word_would_lose_is_refused_with_its_line(body, fault, write_page):
    root = write_page(f"Words.\n\n{body}", front="title: Page\nformat: docx", config=CONFIG)
    shutil.copytree(FILTERS, root / "filters", dirs_exist_ok=True)
    with pytest.raises(RenderError, match=re.escape(fault)) as stopped:
        render(root, engine="builtin")
    assert stopped.value.line
