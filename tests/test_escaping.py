"""Every payload is printed as it is in every medium, and acts in none."""

import csv
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import trends
from trends import escaping
from trends.findings.citation import cite
from trends.findings.listing import listing
from trends.report import render
from trends.report.conversion import pandoc_command
from trends.report.markup import READER
from trends.report.table import Table

#: Texts that would do something in one medium or another, by what they attack.
FILE = Path(__file__).parent / "data" / "payloads.json"
PAYLOADS: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))

texts = pytest.mark.parametrize("text", PAYLOADS.values(), ids=list(PAYLOADS))


def shown(text: str) -> str:
    """Return what a reader should see of a text, on one line."""
    return " ".join(escaping.visible(text).split())


class _Text(HTMLParser):
    """The text of a page, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def pandoc(text: str, to: str) -> str:
    arguments = [pandoc_command(), "-f", READER, "-t", to, "--wrap=none", "--mathml"]
    ran = subprocess.run(arguments, input=text.encode(), capture_output=True, check=True)
    assert not ran.stderr
    return ran.stdout.decode()


@texts
def test_html_holds_the_text_and_no_element(text):
    page = _Text(f'<p title="{escaping.html(text)}">{escaping.html(text)}</p>')
    assert page.tags == ["p"]
    assert "".join(page.texts) == escaping.visible(text)


def test_markdown_prints_every_text_as_it_is_in_a_paragraph_and_in_a_table():
    rows = "".join(f"| {escaping.markdown(text)} | 1 |\n" for text in PAYLOADS.values())
    paragraphs = "\n\n".join(map(escaping.markdown, PAYLOADS.values()))
    page = _Text(pandoc(f"| A | B |\n|---|---|\n{rows}\n\n{paragraphs}", "html"))
    assert set(page.tags) == {"table", "thead", "tbody", "tr", "th", "td", "p"}
    said = [text for text in page.texts if text.strip()]
    expected = [shown(text) for text in PAYLOADS.values()]
    assert [text for text in said[2 : -len(expected)] if text != "1"] == expected
    assert said[-len(expected) :] == expected


@texts
def test_an_attribute_of_markdown_holds_the_text(text):
    made = json.loads(pandoc(f'[x]{{say="{escaping.attribute(text)}"}}', "json"))
    assert made["blocks"][0]["c"][0]["c"][0][2] == [["say", shown(text)]]


@texts
def test_a_code_block_is_closed_by_its_own_fence_only(text):
    code = f"before\n```\n{escaping.visible(text)}\n````"
    blocks = json.loads(pandoc(escaping.code_block(code, ".text"), "json"))["blocks"]
    assert [(block["t"], block["c"][1]) for block in blocks] == [("CodeBlock", code)]


@texts
def test_a_spreadsheet_gets_no_formula_and_the_text_can_be_had_back(text):
    cell = escaping.spreadsheet(text)
    assert not re.match(r"\s*[=+@-]", cell)
    assert cell.removeprefix("'") == text


@pytest.mark.parametrize("number", ["-1.5", "+3", "\u22122", "-1,234.5%", "-1e-5"])
def test_a_number_is_no_formula(number):
    assert escaping.spreadsheet(number) == number


@texts
def test_json_is_read_back_exactly_and_obeyed_by_nothing(text):
    made = escaping.json({text: [text]})
    assert json.loads(made) == {text: [text]}
    assert not re.search("[<\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", made)


@texts
def test_a_terminal_gets_no_command_and_no_turned_text(text):
    made = escaping.terminal(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", made)
    assert made.count("\u2066") + made.count("\u2067") + made.count("\u2068") == made.count(
        "\u2069"
    )


@texts
def test_braces_of_a_bibtex_field_are_balanced_and_nothing_is_a_command_of_its_own(text):
    made = escaping.bibtex(text)
    depth = 0
    for sign in made.replace(r"\{", "").replace(r"\}", ""):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    commands = set(re.findall(r"\\([A-Za-z]+)", made))
    assert commands <= {
        "textbackslash", "textbraceleft", "textbraceright", "textasciicircum", "textasciitilde",
    }  # fmt: skip


@texts
def test_a_label_of_a_figure_is_drawn_as_text_and_stands_in_the_legend(text):
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    with mpl.rc_context({"svg.fonttype": "none"}):
        _, ax = plt.subplots()
        ax.plot([1, 2], label=escaping.figure(text))
        ax.set_title(escaping.figure(text))
        drawn = io.StringIO()
        assert len(ax.get_legend_handles_labels()[1]) == 1
        if text.isascii():
            ax.legend()
            plt.savefig(drawn, format="svg")
            page = _Text(drawn.getvalue())
            assert "script" not in page.tags
            assert shown(text) in [" ".join(one.split()) for one in page.texts]
        plt.close("all")


PAGE = """\
```{python}
#| label: tbl-payloads
#| tbl-cap: Every payload.
import json
from pathlib import Path
import pandas as pd
from trends.report.table import Table
PAYLOADS = json.loads(Path("payloads.json").read_text(encoding="utf-8"))
frame = pd.DataFrame({"Text": list(PAYLOADS.values()), "Count": range(len(PAYLOADS))}, dtype=object)
Table(frame)
```

```{python}
#| label: plain
frame.assign(Text=frame["Text"].str.replace("\\ud800", ""))
```

Named `{python} PAYLOADS["citation"]` and `{python} PAYLOADS["html element"]`.
"""
CONFIG = """\
project: {type: website, output-dir: _site, render: [index.qmd]}
website: {title: 'C# & $5 <b> "x"'}
lang: en
execute: {echo: false}
filters: [filters/findings.lua]
format: {html: {}, typst: {}}
"""


def test_every_payload_reaches_the_page_and_the_paper_as_text(tmp_path):
    import pypdf

    shutil.copytree(Path(trends.__file__).parent / "report/filters", tmp_path / "filters")
    shutil.copyfile(FILE, tmp_path / "payloads.json")
    (tmp_path / "_quarto.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "index.qmd").write_text(f"---\ntitle: Page\n---\n\n{PAGE}", encoding="utf-8")
    site = render(tmp_path, engine="builtin").site
    html = (site / "index.html").read_text(encoding="utf-8")
    assert "<svg onload" not in html
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html, re.DOTALL)
    seen = {" ".join("".join(_Text(cell).texts).split()) for cell in cells}
    missing = [name for name, text in PAYLOADS.items() if shown(text) not in seen]
    assert missing == []
    paper = pypdf.PdfReader(site / "index.pdf")
    words = "".join("".join(page.extract_text() for page in paper.pages).split())
    for name in ("html element", "citation", "typst", "mathematics", "tex", "lua", "ansi colour"):
        assert "".join(shown(PAYLOADS[name]).split()) in words, name


@texts
def test_a_citation_of_a_finding_about_anything_is_one_entry(text, tmp_path):
    if "\ud800" in text:
        pytest.skip("no table holds half a character: every file is decoded at its door")
    subject = trends.Subject(key="claims", en=f"Claims of {text}", ar="ما أُعلن")
    ledger = trends.Ledger()
    ledger.add(trends.compare_rates((294, 366), (121, 365)), subject)
    ledger.edition = {"title": text, "author": text, "date": "2026-01-31", "url": "https://x.y/"}
    entry = cite(ledger, "claims.rate.ratio").bibtex
    assert entry.startswith("@misc{claims-rate-ratio-2026-01-31,\n")
    assert entry.count("\n") == len(re.findall(r"^  \w+ = \{", entry, re.MULTILINE)) + 1
    bare = re.sub(r"\\[{}]", "", entry)
    assert bare.count("{") == bare.count("}")


def test_the_table_of_an_editions_findings_holds_no_formula(tmp_path):
    ledger = trends.Ledger()
    for number, text in enumerate(PAYLOADS.values()):
        if "\ud800" in text or "\x00" in text:
            continue
        subject = trends.Subject(key=f"s{number}", en=text, ar="س")
        ledger.add(trends.compare_rates((294, 366), (121, 365)), subject)
    ledger.write(tmp_path)
    written = (tmp_path / "findings.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    texts = [cell for row in rows[1:] for cell in row]
    assert not [cell for cell in texts if re.match(r"[=+@]|-(?![\d.])", cell)]


def test_a_phrase_of_a_finding_keeps_its_mark_in_a_table():
    claims = trends.Ledger().add(
        trends.compare_rates((294, 366), (121, 365)), trends.Subject.generic()
    )
    frame = pd.DataFrame({"Ratio": [claims["ratio"].number()]}, dtype=object)
    assert "{.finding" in Table(frame)._repr_markdown_()


def test_a_listing_of_results_prints_what_a_term_is_called(tmp_path):
    frame = pd.DataFrame({"term": ["<svg onload=x>"], "estimate": [1.0]})
    printed = Table(listing(frame))._repr_markdown_()
    assert r"\<svg onload=x\>" in printed
