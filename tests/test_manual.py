"""What the manual shows runs as it is pasted, and prints what it says."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import trends

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
EXAMPLES = [
    pytest.param(*found, id=f"{page.stem}-{number}")
    for page in sorted(DOCS.glob("*.md"))
    for number, found in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1)
]


@pytest.mark.parametrize(("code", "printed"), EXAMPLES)
def test_each_example_runs_as_pasted_and_prints_what_is_said(
    code, printed, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "manual", "exec"), {})
    plt.close("all")
    if printed:
        assert capsys.readouterr().out.split() == printed.split()


@pytest.mark.parametrize("page", ["tour.md", "limits.md"])
def test_every_function_that_is_named_is_there(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text):
        known = hasattr(trends, name) or name in ("p_bh",)
        assert known, name


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_page_that_is_linked_is_there(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
