"""Do pages work in a real browser: on a phone, in the dark, by keyboard, without network?"""

import re
import shutil
from pathlib import Path

import pytest

import trends
from trends.findings.terms import read_names, read_nouns
from trends.report import figures_table, render

from .axe import AXE, MISSING, broken_rules
from .chromium import find
from .search import open_search, search

pytestmark = pytest.mark.skipif(
    find() is None, reason="needs Debian's package chromium: apt-get install chromium"
)

ROOT = Path(__file__).parents[2]
WIDTHS = (360, 390, 1280)

ANSWER = """\
```{python}
#| label: ask
#| include: false
import trends
from trends.report import (
    answer_block, explore_counts, plot_counts, read_places, short_answer, what_if, what_if_block,
)
import pandas as pd
lang = "LANG"
ledger = trends.Ledger(lang=lang)
subject = trends.Subject(
    key="claims", en="Claims", ar="بيانات التبنّي", en_counter="A monitor", ar_counter="جهة رصد"
)
rates = trends.compare_rates(
    (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31"), dispersion=1
)
claims = ledger.add(rates, subject)
answer = short_answer(
    ledger, read_places("places.toml"), {"north": [claims["ratio"]]}, day="2026-02-14"
)
months = pd.Series(range(24), index=pd.period_range("2023-01", periods=24, freq="M"))
series = trends.as_series(months)
```

## Short answer, as of `{python} answer.as_of` {#sec-answer}

```{python}
#| label: answer
#| output: asis
answer_block(answer, {"north": rates})
```

`{python} claims.summary()` `{python} claims["ratio"]` of `{python} claims["ratio"].interval()`.

```{python}
#| label: fig-counts
#| fig-cap: "Counts by month."
#| fig-alt: "A line that climbs."
plot_counts({"North": series}, lang=lang);
```

```{python}
#| label: explore
#| output: asis
explore_counts(
    {"A counter whose name is as long as such names are, North": series, "South": series[12:]},
    lang=lang,
)
```

```{python}
#| label: suppose
#| output: asis
what_if_block(what_if(ledger, claims["ratio"]), lang=lang)
```

```{python}
#| label: ledger
#| output: asis
ledger.page_block()
```
"""
MANUAL = """\
---
title: Manual
lang: en
---

## read_events

```python
trends.read_events(path: str | Path, *, source: str | None = None) -> pd.DataFrame
```

| Question | Function |
|:--|:--|
| Which way? | [`estimate_trend`](index.qmd) |

```pycon
>>> a_line_that_is_longer_than_the_screen_of_a_phone_is_wide(because=\'programs print such lines\')
```

- **`source`** (str): who made the file.
"""
PLACES = """\
[place.north]
en = "North"
ar = "الشمال"

[place.south]
en = "South"
ar = "الجنوب"
"""
CONFIG = """\
project:
  type: website
  output-dir: _site
  render: [index.qmd, all.qmd, manual.md, ar/index.qmd]
website:
  title: Site
  sidebar:
    - contents: [index.qmd, all.qmd, manual.md]
    - contents: [ar/index.qmd]
filters:
  - {path: filters/bidi.lua, at: post-quarto}
  - {path: filters/findings.lua, at: post-quarto}
format: {html: {toc: true}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, published):
    """Return a site with a short answer in both languages and a table of figures."""
    root = tmp_path_factory.mktemp("site")
    statements = trends.read_statements(published / "statements.csv")
    table = figures_table(
        statements,
        nouns=read_nouns(published / "terms.toml"),
        names=read_names(published / "terms.toml"),
        conflicts_page="index.html",
    )
    for folder, lang in (("", "en"), ("ar", "ar")):
        (root / folder).mkdir(exist_ok=True)
        body = ANSWER.replace("LANG", lang)
        (root / folder / "index.qmd").write_text(
            f"---\ntitle: First\nlang: {lang}\ntoc: false\n---\n\n{body}", encoding="utf-8"
        )
    (root / "all.qmd").write_text(
        f"---\ntitle: All\n---\n\n{table.markdown}\n",
        encoding="utf-8",
    )
    (root / "manual.md").write_text(MANUAL, encoding="utf-8")
    (root / "places.toml").write_text(PLACES, encoding="utf-8")
    (root / "_quarto.yml").write_text(CONFIG, encoding="utf-8")
    shutil.copytree(ROOT / "trends/report/filters", root / "filters")
    # An edition before, with one finding less and another number, so that a page says what changed.
    earlier = trends.read_ledger(render(root, engine="builtin", formats=["html"]).site)
    gone, *_, changed = earlier.findings
    del earlier.findings[gone]
    earlier.findings[changed]["estimate"] *= 1.5
    earlier.write(root, edition={"title": "Site", "date": "2026-01-01"})
    return render(root, engine="builtin", previous_ledger=root / "findings.json").site


#: One of every kind.
PAGES = [
    "index.html", "ar/index.html", "all.html", "manual.html", "findings.html", "ar/findings.html",
    "changes.html", "ar/changes.html",
]  # fmt: skip


@pytest.mark.skipif(not AXE.is_file(), reason=MISSING)
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_every_kind_breaks_no_rule_of_wcag_2_2_aa(browser, site, page, width, dark):
    browser.open(site / page, width=width, dark=dark)
    assert broken_rules(browser) == []


def test_what_a_script_will_serve_has_its_place_before_the_script_runs(browser, site):
    """A button that a script put in would move what is read already."""
    page = (site / "index.html").read_text(encoding="utf-8")
    head = page.partition("<main")[0]
    assert head.count('class="search-open"') == head.count('class="scheme-toggle"') == 1
    browser.open(site / "index.html", width=360)
    assert browser.ask("document.querySelectorAll('.search-open').length") == 1


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_complaint_request_shift_or_sideways_scroll(
    browser, site, page, width
):
    browser.open(site / page, width=width)
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("window.shifts") < 0.05


NOTES = """(async () => {
  const outside = [], marks = [...document.querySelectorAll("[popovertarget]")];
  for (const mark of marks) {
    mark.scrollIntoView({block: "center", behavior: "instant"});
    mark.click();
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const note = document.getElementById(mark.getAttribute("popovertarget"));
    const box = note.getBoundingClientRect();
    if (!note.matches(":popover-open")) outside.push("closed");
    if (box.left < -0.5 || box.right > innerWidth + 0.5 || box.top < -0.5
        || box.bottom > innerHeight + 0.5) outside.push([box.left, box.right, box.top, box.bottom]);
    note.hidePopover();
  }
  return [marks.length, outside];
})()"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_every_note_that_is_tapped_lies_inside_the_window(browser, site, page, width):
    browser.open(site / page, width=width)
    n_marks, outside = browser.ask(NOTES)
    assert n_marks >= (6 if page in PAGES[:2] else 0)
    assert outside == []


PARTED = """(() => {
  const main = document.querySelector('main');
  const seen = node => { const all = document.createRange(); all.selectNodeContents(node);
                         return all.getClientRects().length > 0; };
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT, node =>
    node.data.replace(/\\u2060/g, '') && seen(node)
      ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT);
  const parted = [];
  const look = (button, node, at, step, signs) => {
    while (node.data[at] === '\\u2060') at += step;
    const block = button.closest('p, li, dd, td, div');
    if (!block.contains(node) || !signs.test(node.data[at])) return;
    const sign = document.createRange(); sign.setStart(node, at); sign.setEnd(node, at + 1);
    const box = sign.getBoundingClientRect(), boxes = [...button.getClientRects()];
    const word = step < 0 ? boxes[0] : boxes[boxes.length - 1];
    if (box.bottom < word.top + 2 || box.top > word.bottom - 2)
      parted.push([main.style.maxWidth, button.className, button.textContent, node.data]);
  };
  const noted = '.term, .finding, .statement, .finding-mark';
  const buttons = [...main.querySelectorAll(noted)].filter(one => one.getClientRects().length);
  for (let width = 290; width < 420; width += 3) {
    main.style.maxWidth = width + 'px';
    for (const button of buttons) {
      walker.currentNode = button;
      const before = walker.previousNode();
      const mark = button.classList.contains('finding-mark');
      if (before) look(button, before, before.length - 1, -1, mark ? /\\S/ : /[(«“‘\\[]/);
      walker.currentNode = button.nextElementSibling;
      const after = walker.nextNode();
      if (after) look(button, after, 0, 1, /[).,;:!?»”’،؛؟\\]]/);
    }
  }
  return [buttons.length, parted];
})()"""


@pytest.mark.parametrize("page", PAGES)
def test_no_line_parts_a_word_with_a_note_from_what_touches_it(browser, site, page):
    browser.open(site / page, width=420)
    n_buttons, parted = browser.ask(PARTED)
    assert n_buttons >= (6 if page in PAGES[:2] else 0)
    assert parted == []


def test_a_note_opens_and_closes_by_keyboard(browser, site):
    browser.open(site / "index.html", width=390)
    browser.ask("document.querySelector('.finding-mark').focus()")
    browser.press("Enter", 13, "\r")
    assert browser.ask("document.querySelectorAll(':popover-open').length") == 1
    browser.press("Escape", 27)
    assert browser.ask("document.querySelectorAll(':popover-open').length") == 0


def test_the_first_screen_answers_for_every_place_with_direction_size_date_and_source(
    browser, site
):
    browser.open(site / "index.html", width=1280)
    said = browser.ask("[...document.querySelectorAll('.short-answer li')].map(li => li.innerText)")
    assert len(said) == 2
    north = " ".join(said[0].replace("\u2060", "").split())
    assert north.startswith(
        "↑ North. The rate apparently rose: 2.42 times as high in 2024 as in 2023"
    )
    assert "(1.95–3.02; A monitor; C)" in north
    assert " ".join(said[1].split()) == "? South. No published figure that can be compared."
    assert browser.ask("document.querySelector('.short-answer').getBoundingClientRect().top") < 400


def test_figures_hold_text_in_the_font_of_the_page(browser, site):
    browser.open(site / "index.html", width=1280)
    texts = browser.ask(
        "[...document.querySelectorAll('.figure-scroll text')].map(t => t.textContent)"
    )
    assert "events a month" in texts
    assert browser.ask(
        "getComputedStyle(document.querySelector('.figure-scroll text')).fontFamily"
    ).startswith('"Report Sans"')


def test_a_name_that_is_wider_in_another_font_is_not_cut_at_the_edge_of_its_figure(browser, site):
    browser.open(site / "index.html", width=1280)
    left, edge, shows = browser.ask(
        "(() => { const figure = document.querySelector('.figure-scroll');"
        "const name = figure.querySelector('text');"
        "name.setAttribute('transform', 'translate(-8 60)');"
        "name.setAttribute('x', 0); name.setAttribute('y', 0);"
        "name.style.textAnchor = 'start';"
        "return [name.getBoundingClientRect().left, figure.getBoundingClientRect().left,"
        "getComputedStyle(figure.querySelector('svg')).overflow]; })()"
    )
    drawn = browser.ask("document.querySelector('.figure-scroll svg').getBoundingClientRect().left")
    assert edge < left < drawn
    assert shows == "visible"


def test_under_a_figure_stand_its_numbers_and_its_picture(browser, site):
    browser.open(site / "index.html", width=1280, dark=True)
    table = (site / "figures/index/fig-counts.csv").read_text(encoding="utf-8").splitlines()
    assert table[0] == "panel,line,x,y"
    assert len(table) == 25
    browser.ask(
        "window.offered = []; HTMLAnchorElement.prototype.click = function () "
        "{ window.offered.push([this.download, this.href]); };"
        "document.querySelectorAll('[data-save]').forEach(button => button.click());"
    )
    browser.ask(
        "(async () => { while (window.offered.length < 2)"
        " await new Promise(done => setTimeout(done, 10)); })()"
    )
    offered = dict(browser.ask("window.offered"))
    assert set(offered) == {"fig-counts.svg", "fig-counts.png"}
    assert offered["fig-counts.png"].startswith("data:image/png;base64,")
    assert "var(" not in offered["fig-counts.svg"]
    assert browser.complaints == []


def test_the_course_of_a_figure_is_told_to_who_cannot_see_it(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    assert "A line that climbs. Starts at 0 (2023-01-16), is highest at" in text
    arabic = (site / "ar/index.html").read_text(encoding="utf-8")
    assert "يبدأ الخط عند 0 (2023-01-16)" in arabic


@pytest.mark.parametrize("dark", [False, True])
def test_figures_follow_the_scheme_of_the_page(browser, site, dark):
    browser.open(site / "index.html", width=1280, dark=dark)
    ink, paper = browser.ask(
        "[getComputedStyle(document.querySelector('.figure-scroll text')).fill,"
        "getComputedStyle(document.body).backgroundColor]"
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert (light[0] > light[1]) == dark


def test_the_table_of_figures_is_searched_filtered_and_sorted(browser, site):
    browser.open(site / "all.html", width=1280)
    told = "document.querySelector('.figures-bar p').textContent"
    assert browser.ask(told) == "662 of 662 figures"
    browser.settle()
    before = browser.busy_seconds()
    browser.ask(
        "(() => { const search = document.querySelector('.figures-bar input');"
        "search.value = 'joel wing 2024'; search.dispatchEvent(new Event('input')); })()"
    )
    assert browser.busy_seconds() - before < 0.1
    assert browser.ask(told) == "2 of 662 figures"
    browser.ask("document.querySelectorAll('.figures th button')[4].click()")
    shown = "[...document.querySelectorAll('.figures tbody tr:not([hidden])')].map(row => row.id)"
    assert browser.ask(shown) == ["wing-2024-12", "wing-2024"]
    browser.ask("document.querySelectorAll('.figures th button')[4].click()")
    assert browser.ask(shown) == ["wing-2024", "wing-2024-12"]
    browser.ask("document.querySelector('.figures-bar > button').click()")
    assert browser.ask(told) == "662 of 662 figures"
    browser.ask(
        "(() => { const when = document.querySelectorAll('.figures-bar select')[3];"
        "when.value = '2026'; when.dispatchEvent(new Event('change')); })()"
    )
    assert all("2026" in key for key in browser.ask(shown))


def test_a_link_to_a_figure_shows_its_row(browser, site):
    browser.open(site / "all.html", width=1280, anchor="#sdf-2025-year")
    top = browser.ask("document.querySelector('tr:target').getBoundingClientRect().top")
    assert 0 < top < 800


def searched(browser, asked):
    """Return what the search says it found for what is typed, once it says something."""
    search(browser, asked)
    return browser.ask(
        "[...document.querySelectorAll('.search-found a')].map("
        "a => [a.getAttribute('href'), a.querySelector('.search-title').textContent])"
    )


def test_search_is_opened_read_and_left_by_keyboard(browser, site):
    browser.open(site / "index.html", width=1280)
    open_search(browser)
    assert browser.ask("document.activeElement === document.querySelector('.search input')")
    found = searched(browser, "cep-2020-05")
    assert found[0] == ["all.html#cep-2020-05", "18 · attacks · in May 2020"]
    browser.press("ArrowDown", 40)
    first = "[...document.querySelectorAll('.search-found a')].indexOf(document.activeElement)"
    assert browser.ask(first) == 0
    browser.press("ArrowDown", 40)
    assert browser.ask(first) == 1
    browser.press("ArrowUp", 38)
    browser.press("ArrowUp", 38)
    assert browser.ask("document.activeElement.tagName") == "INPUT"
    browser.press("Escape", 27)
    assert not browser.ask("document.querySelector('dialog.search').open")
    open_search(browser)
    browser.click(".search-bar button")
    assert not browser.ask("document.querySelector('dialog.search').open")
    assert browser.complaints == []


def test_enter_leads_to_what_was_found_first(browser, site):
    browser.open(site / "index.html", width=1280)
    open_search(browser)
    searched(browser, "cep-2020-05")
    with browser.led_elsewhere():
        browser.press("Enter", 13, "\r")
    assert browser.ask("location.hash") == "#cep-2020-05"
    assert browser.ask("document.title").startswith("All")


@pytest.mark.parametrize("key", ["Enter", "ArrowDown"])
def test_a_key_after_the_last_letter_is_of_what_is_found_for_all_that_was_typed(browser, site, key):
    """The list waits a moment for another letter; whoever types fast does not wait for the list."""
    browser.open(site / "index.html", width=1280)
    open_search(browser)
    searched(browser, "cited")
    browser.ask(
        "window.led = []; HTMLAnchorElement.prototype.click = function () "
        "{ window.led.push(this.getAttribute('href')); };"
        "(() => { const field = document.querySelector('.search input');"
        "field.value = 'cep-2020-05'; field.dispatchEvent(new Event('input'));"
        f"field.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}})); "
        "})()"
    )
    # Longer than the list waits: what it shows then takes nobody away.
    browser.ask("new Promise(done => setTimeout(done, 100))")
    reached = "window.led" if key == "Enter" else "[document.activeElement.getAttribute('href')]"
    assert browser.ask(reached) == ["all.html#cep-2020-05"]


@pytest.mark.parametrize(
    ("page", "typed", "title"),
    [
        ("index.html", "attacking", "18 · attacks"),
        ("index.html", "cited", "First › This edition"),
        ("index.html", "the rate", "First › "),
        ("ar/index.html", "كيف يُستشهد بها؟", "First › هذه الطبعة"),
        ("ar/index.html", "والتبني", "جميع النتائج › "),
    ],
)
def test_other_forms_of_a_word_and_letters_as_they_are_typed_are_found(
    browser, site, page, typed, title
):
    browser.open(site / page, width=390)
    open_search(browser)
    assert any(said.startswith(title) for _, said in searched(browser, typed))


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", ["index.html", "ar/index.html", "findings.html"])
def test_a_search_over_everything_takes_less_than_a_tenth_of_a_second(browser, site, page, width):
    browser.open(site / page, width=width)
    assert (
        browser.ask("document.querySelector('.search-open').getBoundingClientRect().height") >= 24
    )
    open_search(browser)
    for asked in ("a", "al", "2024", "attacks in the north east", "ال", "zzz"):
        taken = []
        for turn in range(3):
            before = browser.busy_seconds()
            search(browser, asked + " " * turn)
            taken.append(browser.busy_seconds() - before)
        # The quickest, as the first time compiles; the page waits 0.03 s for another letter.
        assert min(taken) < 0.07, (asked, taken)
    box = browser.ask(
        "(() => { const box = document.querySelector('dialog.search').getBoundingClientRect();"
        "return [box.left, box.right, document.documentElement.scrollWidth]; })()"
    )
    assert box[0] >= 0
    assert max(box[1:]) <= width
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []


VIEW = "document.querySelector('.explore-view')"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", ["index.html", "ar/index.html"])
def test_counts_are_read_month_by_month_by_keyboard_and_pointer(browser, site, page, width):
    browser.open(site / page, width=width)
    browser.ask("document.querySelector('.explore summary').click()")
    told = f"{VIEW}.querySelector('output').textContent"
    end = {"index.html": "December 2024: 23", "ar/index.html": "كانون الأول/ديسمبر 2024: 23"}
    assert browser.ask(told) == end[page]
    browser.ask(f"{VIEW}.querySelector('input').focus()")
    browser.press("ArrowLeft", 37)
    assert browser.ask(told).endswith("2024: 22")
    assert browser.ask(f"{VIEW}.querySelector('input').getAttribute('aria-valuetext')") == (
        browser.ask(told)
    )
    browser.ask(
        f"(() => {{ const chart = {VIEW}.querySelector('svg'), box = chart.getBoundingClientRect();"
        "const dots = chart.querySelector('.dots').getAttribute('d');"
        "const at = Number(dots.split('M')[4].split(' ')[0]);"
        "chart.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left + box.width * at /"
        " chart.viewBox.baseVal.width})); })()"
    )
    assert browser.ask(told).endswith("2023: 3")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.complaints == []


def test_a_range_and_a_source_are_chosen_and_a_month_without_count_says_so(browser, site):
    browser.open(site / "index.html", width=1280)
    browser.ask("document.querySelector('.explore summary').click()")
    choose = (
        f"((at, value) => {{ const select = {VIEW}.querySelectorAll('select')[at];"
        "select.value = value; select.dispatchEvent(new Event('change')); })"
    )
    shown = "document.querySelectorAll('.explore tbody tr:not([hidden])').length"
    lines = f"{VIEW}.querySelector('.dots').getAttribute('d').split('M').length - 1"
    assert (browser.ask(shown), browser.ask(lines)) == (24, 24)
    browser.ask(f"{choose}(0, 2)")
    assert (browser.ask(shown), browser.ask(lines)) == (12, 12)
    browser.ask(f"{choose}(1, '2023')")
    assert (browser.ask(shown), browser.ask(lines)) == (24, 12)
    browser.ask(f"{choose}(2, '2023')")
    assert (browser.ask(shown), browser.ask(lines)) == (12, 0)
    browser.ask(
        f"(() => {{ const at = {VIEW}.querySelector('input'); at.value = 11;"
        "at.dispatchEvent(new Event('input')); })()"
    )
    assert browser.ask(f"{VIEW}.querySelector('output').textContent") == (
        "December 2023: not counted"
    )


def test_the_chart_has_its_points_where_the_counts_are(browser, site):
    """The highest tick is read back from the axis, and heights are shares of it."""
    browser.open(site / "index.html", width=1280)
    ticks, points = browser.ask(
        f"[[...{VIEW}.querySelectorAll('text[text-anchor=end]')].map(t => [t.textContent,"
        f" t.getAttribute('y')]), {VIEW}.querySelector('.dots').getAttribute('d')]"
    )
    (low, low_y), (high, high_y) = ticks[0], ticks[-1]
    per_event = (float(low_y) - float(high_y)) / (float(high) - float(low))
    heights = [float(y) for _, y in re.findall(r"M([\d.]+) ([\d.]+)", points)]
    assert len(ticks) >= 3
    assert [(heights[0] - y) / per_event for y in heights] == pytest.approx(range(24), abs=1e-6)


@pytest.mark.parametrize(
    ("page", "fell"), [("index.html", "fallen by a third"), ("ar/index.html", "نقصت بمقدار الثلث")]
)
def test_one_supposition_is_shown_at_a_time_and_all_without_script(browser, site, page, fell):
    browser.open(site / page, width=390)
    shown = (
        "[...document.querySelectorAll('.what-if li')].filter(li => li.offsetHeight)"
        ".map(li => li.innerText)"
    )
    options = "[...document.querySelectorAll('.what-if option')].map(one => one.textContent)"
    assert browser.ask(options)[0] == fell
    first = browser.ask(shown)
    assert len(first) == 1
    assert "3.63" in first[0]
    browser.ask(
        "(() => { const select = document.querySelector('.what-if select'); select.value = 2;"
        "select.dispatchEvent(new Event('change')); })()"
    )
    assert "1.62" in browser.ask(shown)[0]
    assert (site / page).read_text(encoding="utf-8").count("<strong>") >= 4


def test_the_scripts_are_small(site):
    scripts = [path for path in site.rglob("*.js") if not path.name.startswith("search-")]
    assert sum(script.stat().st_size for script in scripts) <= 15_000
