"""Projects to render."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trends.report import Rendered, render

HERE = Path(__file__).parent
CONFIG = """\
project:
  type: website
  output-dir: _site
  render: [index.qmd]
website: {title: Site}
execute: {echo: false}
filters: [filters/findings.lua]
format: {html: {toc: false}}
"""
FILTERS = HERE / "../../trends/report/filters"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the site that uses every construct of the portable subset."""
    folder = tmp_path_factory.mktemp("project") / "project"
    shutil.copytree(HERE / "site", folder)
    return folder


@pytest.fixture(scope="session")
def rendered(project: Path) -> Rendered:
    """Return the site, rendered once for all tests."""
    return render(project, engine="builtin")


@pytest.fixture(scope="session")
def index(rendered: Rendered) -> str:
    """Return the HTML of the page with every construct."""
    return (rendered.site / "pages/index.html").read_text(encoding="utf-8")


@pytest.fixture
def write_page(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a project of one page."""

    def write(body: str, *, front: str = "title: Page", config: str = CONFIG) -> Path:
        (tmp_path / "_quarto.yml").write_text(config, encoding="utf-8")
        (tmp_path / "index.qmd").write_text(f"---\n{front}\n---\n\n{body}\n", encoding="utf-8")
        shutil.copytree(FILTERS, tmp_path / "filters", dirs_exist_ok=True)
        return tmp_path

    return write


COUNTING = """\
```{{python}}
#| label: ask
#| include: false
import trends
ledger = trends.Ledger()
claims = ledger.add(trends.compare_rates(({count}, 366), (121, 365)), trends.Subject.generic())
```

`{{python}} claims["ratio"].say()`

```{{python}}
#| label: ledger
#| output: asis
ledger.page_block()
```
"""


@pytest.fixture
def counting_page(write_page: Callable[..., Path]) -> Callable[[int], Path]:
    """Return a function that writes a project of one page, which compares a count with 121."""
    return lambda count: write_page(COUNTING.format(count=count))
