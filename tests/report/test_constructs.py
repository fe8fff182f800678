"""Every construct is either rendered, in both formats, or refused with its place."""

import re
import shutil
import tomllib
import zipfile
from pathlib import Path

import pypdf
import pytest

import trends
from trends.report import RenderError, render

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONSTRUCTS = tomllib.loads((HERE / "constructs.toml").read_text(encoding="utf-8"))["construct"]
FILTERS = Path(trends.__file__).parent / "report/filters"
CONFIG = """\
project: {{type: website, output-dir: _site, render: [{page}]}}
lang: en
number-sections: true
{own}
{site}
{formats}
filters: [filters/findings.lua, filters/paper.lua]
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><path d="M0 0h9v9z"/></svg>'
FILES = {".svg": SVG, ".css": ".mine { color: teal; }\n"}


def project(folder: Path, construct: dict) -> Path:
    """Write the project of one page that a construct needs."""
    name = f"{construct['folder']}/index.qmd" if "folder" in construct else "index.qmd"
    own = construct.get("config", "")
    config = CONFIG.format(
        page=name,
        own=own,
        site="" if "website:" in own else "website: {title: Site}",
        formats="" if "format:" in own else "format: {html: {toc: false}, typst: {}}",
    )
    (folder / "_quarto.yml").write_text(config, encoding="utf-8")
    for profile, text in construct.get("profiles", {}).items():
        (folder / f"_quarto-{profile}.yml").write_text(text, encoding="utf-8")
    shutil.copytree(FILTERS, folder / "filters")
    (folder / "data").mkdir()
    (folder / "data/table.toml").write_text("accessed = 2026-01-31\n", encoding="utf-8")
    page = folder / name
    page.parent.mkdir(exist_ok=True)
    front = construct.get("front", "lang: en").strip()
    body = construct["page"].strip("\n")
    page.write_text(f"---\ntitle: Page\n{front}\n---\n\n{body}\n", encoding="utf-8")
    for file in construct.get("files", []):
        path = folder / file
        bibliography = (HERE / "site/pages/references.bib").read_text(encoding="utf-8")
        path.write_text(FILES.get(path.suffix, bibliography), encoding="utf-8")
    return folder


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=[one["name"] for one in CONSTRUCTS])
def test_a_construct_is_rendered_or_refused_with_its_place(construct, tmp_path, monkeypatch):
    monkeypatch.setenv("QUARTO_PROFILE", construct.get("profile", ""))
    root = project(tmp_path, construct)
    if "refused" in construct:
        with pytest.raises(RenderError, match=construct["refused"]) as stopped:
            render(root, engine="builtin")
        if "line" in construct:
            place = (construct.get("file", "index.qmd"), construct["line"])
            assert (stopped.value.file, stopped.value.line) == place
        return
    site = render(root, engine="builtin").site
    html = next(site.rglob("index.html")) if "folder" not in construct else None
    html = html or site / construct["folder"] / "index.html"
    page = html.read_text(encoding="utf-8")
    for pattern in construct["html"]:
        assert re.search(pattern, page), pattern
    for pattern in construct.get("html_not", []):
        assert not re.search(pattern, page), pattern
    if "word" in construct:
        with zipfile.ZipFile(next(site.rglob("*.docx"))) as word:
            texts = re.findall(r"<w:t[ >][^<]*", word.read("word/document.xml").decode())
        words = "".join(text.partition(">")[2] for text in texts)
        for pattern in construct["word"]:
            assert re.search(pattern, words), pattern
    if "paper" in construct:
        paper = pypdf.PdfReader(next(site.rglob("*.pdf")))
        words = " ".join(" ".join(one.extract_text() for one in paper.pages).split())
        for pattern in construct["paper"]:
            assert re.search(pattern, words), pattern
        for pattern in construct.get("paper_not", []):
            assert not re.search(pattern, words), pattern


def listing() -> str:
    """Return the table of constructs as it stands in the documentation."""
    rows = []
    for one in CONSTRUCTS:
        if "refused" in one:
            said = re.sub(r"\\(.)", r"\1", one["refused"]).replace("|", r"\|")
            outcome = f"refused{' with its line' if 'line' in one else ''}: {said}"
        else:
            outcome = "rendered on screen and on paper" if "paper" in one else "rendered on screen"
            outcome += " and in Word" if "word" in one else ""
        rows.append(f"| {one['name']} | {outcome} |")
    return "\n".join(["| Construct | Outcome |", "|:--|:--|", *rows]) + "\n"


def test_the_documentation_lists_every_construct_with_its_outcome():
    written = (ROOT / "docs/constructs.md").read_text(encoding="utf-8")
    assert written.endswith(listing()), "run `python tests/report/test_constructs.py`"


if __name__ == "__main__":
    path = ROOT / "docs/constructs.md"
    head, _, _ = path.read_text(encoding="utf-8").partition("| Construct")
    path.write_text(head + listing(), encoding="utf-8")
