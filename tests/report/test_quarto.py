"""Quarto's log is read for what its exit code does not tell."""

import pytest

from trends import Ledger
from trends.report import RenderError, render
from trends.report.page import read_page
from trends.report.quarto import find, read_log
from trends.report.rendering import complete


@pytest.fixture
def pages(tmp_path):
    path = tmp_path / "page.qmd"
    path.write_text("---\ntitle: T\n---\n\n```{python}\n#| label: a\nx = 1\n1 / 0\n```\n", "utf-8")
    return [read_page(path, tmp_path)]


FAILED = """\
[1/2] page.qmd
Executing 'page.quarto_ipynb'
  Cell 1/1: 'a'...
An error occurred while executing the following cell:
------------------
#| label: a
x = 1
1 / 0
------------------

---------------------------------------------------------------------------
ZeroDivisionError                         Traceback (most recent call last)
Cell In[2], line 3
      1 #| label: a
      2 x = 1
----> 3 1 / 0

ZeroDivisionError: division by zero
"""


BARE = FAILED.replace("#| label: a\n", "").replace("----> 3", "----> 2")


@pytest.mark.parametrize("log", [FAILED, BARE], ids=["with its options", "without"])
def test_a_failing_cell_is_found_in_the_pages(pages, log):
    fault = read_log(log, pages, failed=True)
    assert "ZeroDivisionError: division by zero" in str(fault)
    assert (fault.file, fault.line) == ("page.qmd", 8)


def test_an_expression_that_fails_names_its_page(pages):
    log = "Executing 'page.quarto_ipynb'\n\nNameError: name 'x' is not defined\nWARN: Error\n"
    fault = read_log(log, pages, failed=True)
    assert (fault.file, "an expression raised NameError: name 'x'" in str(fault)) == (
        "page.qmd", True,
    )  # fmt: skip


def test_a_filter_that_fails_is_told_by_its_own_line():
    log = """\
[ 2/16] reports/a.qmd
Error running filter /opt/quarto/share/filters/main.lua:
../filters/findings.lua:76: attempt to index a nil value (global 'nothing')
stack traceback:
\t[C]: in ?
\t[C]: in method 'walk'
WARN: Error encountered when rendering files
"""
    fault = read_log(log, [], failed=True)
    assert fault.file == "reports/a.qmd"
    assert "findings.lua:76: attempt to index a nil value" in str(fault)


@pytest.mark.parametrize(
    "line",
    [
        "WARN: Unable to resolve crossref @fig-none",
        "[WARNING] Citeproc: citation nobody2020 not found",
        "ERROR (filters/findings.lua:3) attempt to index a nil value",
    ],
)
def test_a_warning_is_a_fault_although_quarto_ends_well(line):
    fault = read_log(
        f"[1/2] pages/a.qmd\n\x1b[33m{line}\x1b[39m\nOutput created\n", [], failed=False
    )
    assert fault.file == "pages/a.qmd"
    assert line[:20] in str(fault)


@pytest.mark.parametrize(
    "line",
    [
        "[IPKernelApp] WARNING | Kernel is running over TCP without encryption.",
        "WARN: PDF standard validation requested but verapdf is not installed.",
    ],
)
def test_noise_is_no_fault(line):
    assert read_log(f"{line}\n", [], failed=False) is None


@pytest.mark.skipif(find() is not None, reason="Quarto is installed here")
def test_asking_for_quarto_without_quarto_says_what_to_do(write_page):
    with pytest.raises(RenderError, match=r"Quarto is not installed. Use --engine builtin"):
        render(write_page("Text."), engine="quarto")


PAGE = """\
```{python}
#| label: ask
#| include: false
import trends
ledger = trends.Ledger()
claims = ledger.add(trends.compare_rates((294, 366), (121, 365)), trends.Subject.generic())
```

`{python} claims["ratio"].say()`

```{python}
#| label: ledger
#| output: asis
ledger.page_block()
```
"""


def test_what_is_made_of_the_pages_is_added_to_a_site_that_has_pages_only(write_page):
    root = write_page(PAGE)
    site = render(root, engine="builtin").site
    added = {name: (site / name).read_bytes() for name in ("findings.json", "findings.html")}
    for name in (*added, "manifest.json"):
        (site / name).unlink()
    complete(root, site)
    assert {name: (site / name).read_bytes() for name in added} == added
    assert '"engine": "quarto"' in (site / "manifest.json").read_text(encoding="utf-8")


def test_no_cell_gives_html_for_which_quarto_would_load_scripts_from_elsewhere():
    assert not hasattr(Ledger().page_block(), "_repr_html_")
