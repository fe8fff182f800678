"""Does every page of the report and its manual work for every reader, and weigh what it may?"""

import re
from urllib.parse import unquote

import pytest

from .axe import AXE, MISSING, broken_rules
from .chromium import find
from .test_pages import NOTES, WIDTHS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find() is None, reason="needs Debian's package chromium: apt-get install chromium"
    ),
]


def pages_of(site):
    """Return the pages of a site that hold text, and not only the way to another page."""
    pages = sorted(site.rglob("*.html"))
    return [page for page in pages if "<main" in page.read_text(encoding="utf-8")]


def test_the_site_is_read_whole(whole_site):
    names = {page.relative_to(whole_site).as_posix() for page in pages_of(whole_site)}
    for name in ("index", "figures", "findings", "methods", "monitor", "places", "reading"):
        assert {f"reports/{name}.html", f"reports/ar/{name}.html"} <= names
    assert sum(name.startswith("docs/") for name in names) >= 20


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_complains_asks_the_network_moves_or_scrolls_sideways(browser, whole_site, width):
    faults = {}
    for page in pages_of(whole_site):
        browser.open(page, width=width)
        asked = [url for url in browser.requests if not url.startswith(("file:", "data:"))]
        room, moved = browser.ask("[document.documentElement.scrollWidth, window.shifts]")
        found = [*browser.complaints, *asked]
        found += [f"{room} wide"] if room > width else []
        found += [f"moves {moved:.3f}"] if moved >= 0.05 else []
        if found:
            faults[page.relative_to(whole_site).as_posix()] = found
    assert faults == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_every_note_of_every_page_lies_inside_the_window(browser, whole_site, width):
    faults, n_notes = {}, 0
    for page in pages_of(whole_site):
        browser.open(page, width=width)
        browser.ask(
            "document.querySelectorAll('main details').forEach(one => { one.open = true; })"
        )
        n_marks, outside = browser.ask(NOTES)
        n_notes += n_marks
        if outside:
            faults[page.relative_to(whole_site).as_posix()] = outside
    assert faults == {}
    assert n_notes > 500


@pytest.mark.skipif(not AXE.is_file(), reason=MISSING)
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_breaks_a_rule_of_wcag_2_2_aa(browser, whole_site, width, dark):
    faults = {}
    for page in pages_of(whole_site):
        browser.open(page, width=width, dark=dark)
        found = broken_rules(browser)
        if found:
            faults[page.relative_to(whole_site).as_posix()] = found
    assert faults == {}


#: What can be done on a page, and whether a key can do it: reached, seen when reached, named.
CONTROLS = """(() => {
  const faults = [];
  const doing = "a[href], button, input, select, summary, [tabindex], [popovertarget]";
  for (const one of document.querySelectorAll(doing)) {
    // What stands in a note is reached once a key has opened it.
    if (!one.checkVisibility() || one.tagName === "MAIN" || one.closest("[popover]")) continue;
    one.focus({preventScroll: true, focusVisible: true});
    const style = getComputedStyle(one);
    if (document.activeElement !== one) faults.push("not reached: " + one.outerHTML.slice(0, 90));
    else if (one.tabIndex < 0) faults.push("skipped: " + one.outerHTML.slice(0, 90));
    else if (style.outlineStyle === "none" && style.boxShadow === "none")
      faults.push("not seen: " + one.outerHTML.slice(0, 90));
  }
  for (const one of document.querySelectorAll("[onclick], [role=button]:not([tabindex])"))
    faults.push("by pointer alone: " + one.outerHTML.slice(0, 90));
  return [...new Set(faults)].slice(0, 5);
})()"""


def test_everything_that_can_be_done_on_a_page_can_be_done_by_keys(browser, whole_site):
    faults = {}
    for page in pages_of(whole_site):
        browser.open(page, width=1280)
        # A window in the background shows no focus.
        browser.call("Emulation.setFocusEmulationEnabled", enabled=True)
        found = browser.ask(CONTROLS)
        if found:
            faults[page.relative_to(whole_site).as_posix()] = found
    assert faults == {}


@pytest.mark.parametrize("name", ["reports/index.html", "reports/ar/index.html", "docs/index.html"])
def test_the_tab_key_goes_through_a_page_in_its_order_and_is_never_held(browser, whole_site, name):
    browser.open(whole_site / name, width=1280)
    at = (
        "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')]"
        ".indexOf(document.activeElement)"
    )
    reached = []
    for _ in range(400):
        browser.press("Tab", 9)
        place = browser.ask(at)
        if place < 0:
            break
        reached.append(place)
    assert len(reached) > 20
    assert reached == sorted(set(reached))


def test_no_text_of_a_printed_page_is_a_note_or_a_button_that_does_nothing(browser, whole_site):
    """What is printed has no note, open or not, and a word with one looks like any other."""
    for page in pages_of(whole_site):
        browser.open(page, width=800)
        browser.call("Emulation.setEmulatedMedia", media="print")
        shown, marked = browser.ask(
            "[[...document.querySelectorAll('.finding-note, .finding-mark, .search-open')]"
            ".filter(one => one.checkVisibility()).length,"
            "[...document.querySelectorAll('.term, .finding')].filter(one => "
            "getComputedStyle(one).textDecorationLine !== 'none').length]"
        )
        assert (shown, marked) == (0, 0), page


def test_links_of_twins_and_of_the_list_of_them_lead_somewhere(whole_site):
    faults = []
    for twin in [*whole_site.rglob("*.md"), whole_site / "llms.txt"]:
        for href in re.findall(r"\]\(([^)\s]+)\)", twin.read_text(encoding="utf-8")):
            path = unquote(href.partition("#")[0])
            if re.match(r"[a-z]+:", href) or (twin.parent / path).exists():
                continue
            faults.append((twin.name, href))
    assert faults == []


def test_pages_scripts_and_indexes_weigh_what_they_may(whole_site):
    def size(path):
        return path.stat().st_size

    for lang in ("", "ar/"):
        assert size(whole_site / f"reports/{lang}index.html") <= 150_000
    assert {page.name: size(page) for page in pages_of(whole_site) if size(page) > 400_000} == {}
    assets = whole_site / "assets"
    indexes = list(assets.glob("search-*.js"))
    assert len(indexes) == 2
    assert all(size(index) <= 200_000 for index in indexes)
    scripts = [path for path in whole_site.rglob("*.js") if path not in indexes]
    assert sum(map(size, scripts)) <= 15_000


#: Columns that are said to follow from others of their table: heading, and how from the numbers of
#: the row and of all rows of the table. Ratios beside rates do not: their captions say why.
FOLLOWS = {
    "Behind the best": lambda row, rows: (
        row["Log likelihood"] - max(one["Log likelihood"] for one in rows)
    ),
    "Contribution": lambda row, _: row["Later, a month"] - row["Earlier, a month"],
    "Neither": lambda row, _: (
        sum(row[name] for name in ("Exact", "Near", "Coarser", "Precision not held"))
        - row["Stated"]
        - row["By place"]
    ),
}


def tables_of(twin):
    """Return the tables of a twin, each as rows of texts by heading."""
    tables = []
    for block in re.findall(r"(?:^\|.*\|$\n?)+", twin.read_text(encoding="utf-8"), re.MULTILINE):
        heads, _, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
        ]
        tables.append([dict(zip(heads, row, strict=True)) for row in rows])
    return tables


def number(text):
    """Return a printed number, None of anything else."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", "")
    return float(plain) if re.fullmatch(r"-?\d+(?:\.\d+)?", plain) else None


def last_digit(text):
    """Return the unit of the last digit that a number prints."""
    return 10.0 ** -len(text.partition(".")[2])


def test_printed_columns_follow_from_the_printed_columns_beside_them(whole_site):
    met = dict.fromkeys(FOLLOWS, 0)
    for twin in whole_site.glob("reports/*.md"):
        for table in tables_of(twin):
            rows = [{head: number(text) for head, text in row.items()} for row in table]
            for head, follows in FOLLOWS.items():
                for printed, row in zip(table, rows, strict=True):
                    if row.get(head) is None:
                        continue
                    digits = [
                        last_digit(text) for text in printed.values() if number(text) is not None
                    ]
                    # as far as the digits go that are left out
                    assert abs(row[head] - follows(row, rows)) <= 1.6 * max(digits), (twin, printed)
                    met[head] += 1
    assert min(met.values()) >= 10, met
