"""A site replaces the one before only when it is whole."""

import json
import re

import pytest

from trends.report import RenderError, render
from trends.report.markup import terms_of


def _bytes(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def test_two_renders_give_the_same_bytes(project, rendered, tmp_path):
    again = render(project, engine="builtin", output=tmp_path / "again")
    assert _bytes(again.site) == _bytes(rendered.site)


def test_a_render_says_its_engine_and_its_pages(rendered):
    assert rendered.engine == "builtin"
    assert "pages/full.pdf" in rendered.pages
    assert re.match(r"\d+ HTML pages and 2 PDF in .* by builtin, in \d", rendered.summary())


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        (
            "Fine.\n\n```{python}\n#| label: a\nx = 1\n1 / 0\n```",
            10,
            "ZeroDivisionError: division by zero",
        ),
        ("```{python}\nx = (1\n```", 6, "SyntaxError"),
        ("Fine.\n\n`{python} nobody`", 7, "`{python} nobody` raised NameError"),
        (
            "```{python}\nimport numpy as np\n```\n\n`{python} np.int64(3)`",
            9,
            r"would print 'np.int64\(3\)'",
        ),
        ("```{python}\n#| label: fig-a\n#| fig-cap: A.\nx = 1\n```", 6, "draws no figure"),
        (
            "```{python}\nimport sys; print('doubt', file=sys.stderr)\n```",
            6,
            "wrote a warning: 'doubt'",
        ),
        (
            "```{python}\n#| label: fig-a\n#| fig-cap: A.\n"
            "import matplotlib.pyplot as p; p.plot([1]);\n```",
            6,
            "Add `#| fig-alt:`",
        ),
    ],
)
def test_a_failing_cell_is_named_with_file_line_and_python_error(write_page, body, line, words):
    with pytest.raises(RenderError, match=words) as stopped:
        render(write_page(body), engine="builtin")
    assert (stopped.value.file, stopped.value.line) == ("index.qmd", line)


@pytest.mark.parametrize(
    ("language", "block"),
    [
        ("text", '<pre class="text" tabindex="0">'),
        ("pycon", '<pre class="pycon" tabindex="0">'),
        ("python", '<pre class="sourceCode python">'),
    ],
)
def test_keys_reach_what_a_program_printed_and_lines_of_code_wrap(write_page, language, block):
    made = render(write_page(f"```{language}\n{'long ' * 60}\n```"), engine="builtin")
    page = (made.site / "index.html").read_text(encoding="utf-8")
    assert re.sub(r"\s+", " ", re.search(r"<pre[^>]*>", page)[0]) == block
    style = re.search(r"pre\.sourceCode *{[^}]*}", (made.site / "assets/report.css").read_text())
    assert "pre-wrap" in style[0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("See @fig-none.", "@fig-none points at nothing"),
        ("And see the@fig-none thing", "touches the word before it"),
        ("[gone](gone.qmd)", "'gone.html' points at a file that does not exist"),
        ("[gone](#nowhere)", "anchor that does not exist"),
        ("![A picture](none.png)", "the picture 'none.png' does not exist"),
        ("![](none.png)", "no alternative text"),
        ("::: {.callout-odd}\nx\n:::", r"index\.qmd:5: the class `\.callout-odd` is not supported"),
        ("Said by [@nobody2020].", "nobody2020"),
    ],
)
def test_what_quarto_lets_pass_in_silence_stops_the_render(write_page, body, words):
    with pytest.raises(RenderError, match=words) as stopped:
        render(write_page(body), engine="builtin")
    assert "index" in str(stopped.value)


def test_a_failing_page_leaves_the_previous_site_untouched(write_page):
    root = write_page("Good.")
    site = render(root, engine="builtin").site
    before = _bytes(site)
    write_page("```{python}\nraise ValueError('no')\n```")
    with pytest.raises(RenderError, match="ValueError: no"):
        render(root, engine="builtin")
    assert _bytes(site) == before
    names = {path.name for path in root.iterdir()}
    assert names == {".trends-cache", "_quarto.yml", "_site", "filters", "index.qmd"}


def test_words_that_a_page_gives_itself_are_not_those_of_the_next_page(write_page):
    before = json.dumps(terms_of("en"))
    front = "title: Page\nlanguage: {section-title-references: Books, page-of: x}"
    root = write_page("As [@a] says.", front=f"{front}\nbibliography: books.bib")
    (root / "books.bib").write_text("@book{a, author={A}, title={B}, year={2020}}", "utf-8")
    site = render(root, engine="builtin").site
    assert "Books" in (site / "index.html").read_text("utf-8")
    assert json.dumps(terms_of("en")) == before


def test_a_result_that_a_semicolon_hides_is_not_even_formatted(write_page):
    cell = """
```{python}
class Loud:
    def _repr_markdown_(self):
        raise SystemError("formatted")
    def _repr_svg_(self):
        print("formatted")
Loud();
```
"""
    site = render(write_page(cell), engine="builtin", formats=["html"]).site
    assert "formatted" not in (site / "index.html").read_text("utf-8")


def test_each_page_has_a_namespace_of_its_own(write_page):
    root = write_page("```{python}\nkept = 1\n```")
    (root / "other.qmd").write_text("---\ntitle: O\n---\n\n`{python} kept`\n", encoding="utf-8")
    config = (root / "_quarto.yml").read_text().replace("[index.qmd]", "[index.qmd, other.qmd]")
    (root / "_quarto.yml").write_text(config)
    with pytest.raises(RenderError, match="NameError") as stopped:
        render(root, engine="builtin")
    assert stopped.value.file == "other.qmd"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("render: [index.qmd]", "render: [none.qmd]", "matches no page"),
        ("website: {title: Site}", "website: {titel: Site}", "`titel` in website is not supported"),
        ("execute:", "exekute:", "`exekute` in the project file is not supported"),
        (
            "format: {html: {toc: false}}",
            "format: pptx",
            "`format` must be html, typst, docx, got pptx",
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(write_page, old, new, words):
    root = write_page("Text.")
    config = (root / "_quarto.yml").read_text().replace(old, new)
    (root / "_quarto.yml").write_text(config)
    with pytest.raises(RenderError, match=words):
        render(root, engine="builtin")


def test_an_unknown_engine_or_format_is_refused(write_page):
    root = write_page("Text.")
    with pytest.raises(ValueError, match="`engine` must be auto, quarto or builtin, got 'latex'"):
        render(root, engine="latex")
    with pytest.raises(ValueError, match="`formats` must name html, pdf or docx"):
        render(root, formats=("epub",))


def test_the_manifest_tells_versions_hashes_and_the_edition(rendered):
    manifest = json.loads((rendered.site / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["engine"] == "builtin"
    assert manifest["edition"] == "2026-01-31"
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["inputs"]["data/table.csv"])
    assert "pages/_body.qmd" in manifest["pages"]


def test_a_markdown_file_is_a_page_whose_code_is_shown_and_whose_links_lead_on(write_page):
    project = write_page("See [more](more/first.md#shown).")
    config = (project / "_quarto.yml").read_text(encoding="utf-8")
    listed = "render: [index.qmd, more/*.md]\n  resources: [more/plain.txt]"
    (project / "_quarto.yml").write_text(
        config.replace("render: [index.qmd]", listed), encoding="utf-8"
    )
    folder = project / "more"
    folder.mkdir()
    (folder / "plain.txt").write_text("plain", encoding="utf-8")
    (folder / "first.md").write_text(
        "---\ntitle: First\n---\n\n## Shown\n\n```python\nraise SystemExit\n```\n\n"
        "[On](second.md), [back](../index.qmd), [a file](plain.txt).\n",
        encoding="utf-8",
    )
    (folder / "second.md").write_text("---\ntitle: Second\n---\n\nText.\n", encoding="utf-8")
    made = render(project, engine="builtin")
    assert made.pages == ["index.html", "more/first.html", "more/second.html"]
    first = (made.site / "more/first.html").read_text(encoding="utf-8")
    for link in ("second.html", "../index.html", "plain.txt"):
        assert f'href="{link}"' in first
    assert "SystemExit" in first
    index = (made.site / "index.html").read_text(encoding="utf-8")
    assert 'href="more/first.html#shown"' in index


def test_a_link_to_a_markdown_file_that_is_no_page_of_the_site_is_dead(write_page):
    project = write_page("See [notes](notes.md).")
    (project / "notes.md").write_text("Notes.\n", encoding="utf-8")
    with pytest.raises(RenderError, match=r"'notes\.md' points at a file that does not exist"):
        render(project, engine="builtin")
