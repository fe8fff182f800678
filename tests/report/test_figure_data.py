"""Do the numbers of a figure lie in the site once, and does each language reach them?"""

import re
import shutil

import pytest

from trends.report import render

from .conftest import FILTERS

CONFIG = """\
project:
  type: website
  output-dir: _site
  render: [index.qmd, ar/index.qmd, ar/more.qmd]
website: {title: Site}
filters: [filters/findings.lua]
format: {html: {toc: false}}
"""
PAGE = """\
---
title: Page
lang: LANG
---

```{python}
#| label: fig-line
#| fig-cap: "Counts."
#| fig-alt: "A line."
import matplotlib.pyplot as plt
plt.plot([1, 2, 3], [4, 5, 6], label="NAME");
```

```{python}
#| label: fig-names
#| fig-cap: "Places."
#| fig-alt: "Three points."
plt.plot(["NAME 1", "NAME 2", "NAME 3"], [4, 5, 6], "o");
```

```{python}
#| label: fig-later
#| fig-cap: "Later."
#| fig-alt: "A line."
plt.plot(LATER, [4, 5, 6], label="NAME");
```

```{python}
#| label: fig-other
#| fig-cap: "Others."
#| fig-alt: "A line."
plt.plot([1, 2, 3], OTHER, label="NAME");
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    for name, lang, said, other in (
        ("index.qmd", "en", "counts", "[1, 2, 3]"),
        ("ar/index.qmd", "ar", "أعداد", "[1, 2, 4]"),
        ("ar/more.qmd", "ar", "أعداد", "[1, 2, 4]"),
    ):
        page = PAGE.replace("LANG", lang).replace("NAME", said)
        page = page.replace("OTHER", other).replace("LATER", other)
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(page, encoding="utf-8")
    (root / "_quarto.yml").write_text(CONFIG, encoding="utf-8")
    shutil.copytree(FILTERS, root / "filters")
    return render(root, engine="builtin", formats=["html"]).site


def data_links(site, name):
    """Return the links of a page to its figures' numbers, each with the language it names."""
    page = (site / name).read_text(encoding="utf-8")
    return re.findall(r'<a href="([^"]+\.csv)"(?: hreflang="(\w+)")? download>', page)


def test_the_same_numbers_lie_in_the_site_once_and_other_numbers_beside_them(site):
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("fig-*.csv"))
    assert files == [
        "ar/figures/index/fig-later.csv",
        "ar/figures/index/fig-other.csv",
        *(f"ar/figures/more/fig-{name}.csv" for name in ("later", "line", "names", "other")),
        *(f"figures/index/fig-{name}.csv" for name in ("later", "line", "names", "other")),
    ]


def test_a_translated_page_links_to_the_numbers_and_says_in_which_language_their_names_are(site):
    names = ("line", "names", "later", "other")
    assert data_links(site, "index.html") == [(f"figures/index/fig-{n}.csv", "") for n in names]
    assert data_links(site, "ar/index.html") == [
        ("../figures/index/fig-line.csv", "en"), ("../figures/index/fig-names.csv", "en"),
        ("figures/index/fig-later.csv", ""), ("figures/index/fig-other.csv", ""),
    ]  # fmt: skip


def test_a_page_that_translates_none_keeps_its_own_numbers(site):
    assert [lang for _, lang in data_links(site, "ar/more.html")] == [""] * 4
