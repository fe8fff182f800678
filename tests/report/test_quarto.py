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
    (site / "index.html").write_text(as_quarto(site / "index.html"), encoding="utf-8")
    for name in (*added, "manifest.json"):
        (site / name).unlink()
    complete(root, site)
    assert (site / "findings.json").read_bytes() == added["findings.json"]
    listed = (site / "findings.html").read_text(encoding="utf-8")
    assert 'class="nav-footer"' in listed
    assert "navbar-title" in listed
    assert 'id="series.rate.ratio"' in listed
    assert "<title>All findings</title>" in listed
    assert "assets/report.css" not in listed
    assert "On this page" not in listed
    assert '"engine": "quarto"' in (site / "manifest.json").read_text(encoding="utf-8")


#: What Quarto's website template puts around a page, as far as it is looked at.
AROUND = """\
<html><head><title>Page</title></head><body>
<header id="quarto-header"><span class="navbar-title">Site</span></header>
<div id="quarto-margin-sidebar" class="sidebar margin-sidebar"><nav>On this page</nav>
</div>
<!-- main -->
<main class="content" id="quarto-document-content">{main}</main>
<footer class="footer"><div class="nav-footer"><div class="nav-footer-center"><p>Foot</p></div>
</div></footer></body></html>
"""


def as_quarto(path):
    """Return a page of ours as Quarto would have it around, with the ledger that its cells gave."""
    main = path.read_text(encoding="utf-8").split('<main id="main" tabindex="-1">')[1]
    for ledger in path.parent.glob("findings.json"):
        given = ledger.read_text(encoding="utf-8").replace("<", "\\u003c")
        block = f'<script type="application/json" class="trends-ledger">{given}</script>'
        main = main.replace("</main>", f"{block}</main>")
    return AROUND.format(main=main.split("</main>")[0])


def test_an_arabic_page_has_the_title_and_the_foot_of_its_folder(write_page):
    root = write_page("Text.")
    (root / "ar").mkdir()
    (root / "ar/index.qmd").write_text("---\ntitle: ص\n---\n\nنص.\n", encoding="utf-8")
    (root / "ar/_metadata.yml").write_text(
        "lang: ar\nwebsite: {title: موقع, page-footer: ذيل}\n", encoding="utf-8"
    )
    config = (root / "_quarto.yml").read_text().replace("[index.qmd]", "[index.qmd, ar/index.qmd]")
    (root / "_quarto.yml").write_text(config)
    site = render(root, engine="builtin").site
    for name in ("index.html", "ar/index.html"):
        (site / name).write_text(as_quarto(site / name), encoding="utf-8")
    complete(root, site)
    arabic = (site / "ar/index.html").read_text(encoding="utf-8")
    assert '<span class="navbar-title">موقع</span>' in arabic
    assert "<p>ذيل</p>" in arabic
    assert "Foot" not in arabic
    english = (site / "index.html").read_text(encoding="utf-8")
    assert '<span class="navbar-title">Site</span>' in english
    assert "<p>Foot</p>" in english


NAVBAR = """\
<ul><li class="nav-item">
    <a class="nav-link" href="data.html"><span class="menu-text">Data</span></a>
  </li>
<li class="nav-item">
    <a class="nav-link" href="ar/data.html"><span class="menu-text">البيانات</span></a>
  </li>
<li class="nav-item">
    <a class="nav-link" href="ar/index.html"><span class="menu-text">العربية</span></a>
  </li></ul></header>"""


def test_a_link_at_the_head_of_a_page_leads_to_a_page_of_its_language(write_page):
    root = write_page("Text.")
    (root / "ar").mkdir()
    for name, lang in (("data", "en"), ("ar/index", "ar"), ("ar/data", "ar")):
        (root / f"{name}.qmd").write_text(f"---\ntitle: T\nlang: {lang}\n---\n\nText.\n", "utf-8")
    config = (root / "_quarto.yml").read_text("utf-8")
    config = config.replace("[index.qmd]", "[index.qmd, data.qmd, ar/index.qmd, ar/data.qmd]")
    config = config.replace(
        "website: {",
        "website: {navbar: {right: [{href: data.qmd, text: Data}, "
        "{href: ar/data.qmd, text: البيانات}, {href: ar/index.qmd, text: العربية}]}, ",
    )
    (root / "_quarto.yml").write_text(config, "utf-8")
    site = render(root, engine="builtin").site
    own = {name: (site / name).read_text("utf-8") for name in ("index.html", "ar/index.html")}
    for name in own:
        around = as_quarto(site / name).replace("</header>", NAVBAR, 1)
        (site / name).write_text(around, encoding="utf-8")
    complete(root, site)
    quartos = {name: (site / name).read_text("utf-8") for name in own}
    for made in (own, quartos):
        head = {name: text.split("<main")[0] for name, text in made.items()}
        assert ">Data<" in head["index.html"]
        assert "البيانات" not in head["index.html"]
        assert "العربية" in head["index.html"]
        assert ">Data<" not in head["ar/index.html"]
        assert "البيانات" in head["ar/index.html"]


FROM_TABLE = PAGE.replace(
    "trends.compare_rates((294, 366), (121, 365))",
    'trends.estimate_trend(trends.series(trends.read_counts("data/c.csv")))',
).replace('`{python} claims["ratio"].say()`', "Text.")


@pytest.fixture
def counted(write_page):
    root = write_page(FROM_TABLE)
    (root / "data").mkdir()
    rows = "".join(f"2020-{month:02},{month + 3}\n" for month in range(1, 13))
    rows += "".join(f"2021-{month:02},{month + 5}\n" for month in range(1, 13))
    (root / "data/c.csv").write_text(f"period,count\n{rows}", encoding="utf-8")
    return root


def test_a_page_that_was_run_on_other_data_is_refused(counted):
    site = render(counted, engine="builtin").site
    (site / "index.html").write_text(as_quarto(site / "index.html"), encoding="utf-8")
    (site / "findings.html").unlink()
    (counted / "data/c.csv").write_text("period,count\n2020-01,4\n", encoding="utf-8")
    with pytest.raises(
        RenderError, match=r"no table in data/ has it now\. Take `freeze`"
    ) as stopped:
        complete(counted, site)
    assert stopped.value.file == "index.html"


def test_a_page_that_was_run_by_another_state_of_the_package_is_refused(counted, monkeypatch):
    site = render(counted, engine="builtin").site
    monkeypatch.setattr("trends.report.provenance.code_hash", lambda: "0" * 64)
    with pytest.raises(RenderError, match="run by another state of trends than this one"):
        complete(counted, site)


def test_what_plain_quarto_prints_with_lies_in_the_project(write_page):
    from trends.report import prepare

    root = write_page("Text.")
    prepare(root)
    fonts = {path.name for path in (root / ".fonts").iterdir()}
    assert {"IBMPlexSans[wdth,wght].ttf", "IBMPlexSansArabic-Regular.ttf", ".gitignore"} <= fonts


def test_no_cell_gives_html_for_which_quarto_would_load_scripts_from_elsewhere():
    assert not hasattr(Ledger().page_block(), "_repr_html_")


LOADERS = """\
<script src="https://cdn.jsdelivr.net/npm/requirejs@2.3.6/require.min.js" integrity="sha384-a b" \
crossorigin="anonymous"></script>
<script src="https://cdn.jsdelivr.net/npm/jquery@3.5.1/dist/jquery.min.js" \
data-relocate-top="true"></script>
<script type="application/javascript">define('jquery', [], () => window.jQuery)</script>
<script src="site_libs/quarto.js"></script>
"""


@pytest.mark.parametrize(
    ("main", "asks"),
    [
        ("<table></table>", False),
        ("<script>require(['widget'])</script>", True),
    ],
)
def test_scripts_from_the_network_stay_only_where_a_cell_gave_a_script(main, asks, write_page):
    root = write_page(PAGE)
    site = render(root, engine="builtin").site
    made = as_quarto(site / "index.html")
    page = made.replace("</head>", f"{LOADERS}</head>").replace("</main>", f"{main}</main>")
    (site / "index.html").write_text(page, encoding="utf-8")
    complete(root, site)
    text = (site / "index.html").read_text(encoding="utf-8")
    assert ("cdn.jsdelivr.net" in text, "define('jquery'" in text) == (asks, asks)
    assert 'src="site_libs/quarto.js"' in text
