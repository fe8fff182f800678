"""Pages are read with the place of every line."""

from pathlib import Path

import pytest

from trends.report.errors import RenderError
from trends.report.page import Cell, Text, read_page


def _read(folder: Path, text: str):
    path = folder / "page.qmd"
    path.write_text(text, encoding="utf-8")
    return read_page(path, folder)


def test_a_page_is_text_and_cells_in_order(tmp_path):
    page = _read(
        tmp_path,
        "---\ntitle: T\n---\n\nWords.\n\n```{python}\n#| label: a\nx = 1\ny = 2\n```\n\nMore.\n",
    )
    assert page.front_matter == {"title": "T"}
    assert [type(part) for part in page.parts] == [Text, Cell, Text]
    cell = page.cells[0]
    assert (cell.label, cell.source, cell.line) == ("a", "x = 1\ny = 2", 9)


@pytest.mark.parametrize("included", ["", "\ufeff"])
def test_a_byte_order_mark_is_no_part_of_a_page(tmp_path, included):
    (tmp_path / "_body.qmd").write_text(f"{included}Words.\n", encoding="utf-8")
    page = _read(tmp_path, "\ufeff---\ntitle: T\n---\n{{< include _body.qmd >}}\n")
    assert page.front_matter == {"title": "T"}
    (text,) = page.parts
    assert [line.text for line in text.lines if line.text] == ["Words."]


def test_included_lines_keep_their_own_file_and_number(tmp_path):
    (tmp_path / "_body.qmd").write_text("One.\n\n```{python}\nboom\n```\n", encoding="utf-8")
    page = _read(tmp_path, "---\ntitle: T\n---\n{{< include _body.qmd >}}\n\nLast.\n")
    assert (page.cells[0].file, page.cells[0].line) == ("_body.qmd", 4)
    last = [line for part in page.parts if isinstance(part, Text) for line in part.lines][-1]
    assert (last.file, last.number, last.text) == ("page.qmd", 6, "Last.")


def test_a_block_that_only_shows_code_is_left_alone(tmp_path):
    page = _read(tmp_path, "```python\n{{< video x >}}\n`{python} x`\n```\n")
    assert [part.verbatim for part in page.parts] == [True]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("One.\n\n{{< video a.mp4 >}}\n", 3, "the shortcode `video` is not supported"),
        ("::: {#thm-one}\n:::\n", 1, "`#thm-` is not supported"),
        ("One.\n\n```{r}\n1\n```\n", 3, r"must open with ```\{python\}"),
        ("```{python}\n1\n", 1, "never closed"),
        (
            "```{python}\n#| label: a\n#| cache: true\n1\n```\n",
            3,
            "option `cache` is not supported",
        ),
        ("{{< include nowhere.qmd >}}\n", 1, r"included file nowhere\.qmd does not exist"),
        ("---\ntitle: [\n---\n", 2, "YAML cannot be read"),
        ("---\ntitle: T\n", 1, "front matter is never closed"),
    ],
)
def test_what_is_not_supported_is_named_with_its_line(tmp_path, text, line, words):
    with pytest.raises(RenderError, match=words) as stopped:
        _read(tmp_path, text)
    assert (stopped.value.file, stopped.value.line) == ("page.qmd", line)


def test_an_included_file_with_front_matter_is_refused(tmp_path):
    (tmp_path / "_b.qmd").write_text("---\ntitle: B\n---\n", encoding="utf-8")
    with pytest.raises(RenderError, match="has front matter"):
        _read(tmp_path, "{{< include _b.qmd >}}\n")


def test_includes_that_go_round_in_a_circle_are_refused(tmp_path):
    (tmp_path / "_a.qmd").write_text("{{< include _a.qmd >}}\n", encoding="utf-8")
    with pytest.raises(RenderError, match="circle"):
        _read(tmp_path, "{{< include _a.qmd >}}\n")
