"""No text, however odd, gets more out of a parser than a value or a fault in words."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trends
from trends.endings import BUG, told
from trends.findings.ledger import read_ledger
from trends.findings.lint import lint
from trends.findings.terms import read_names
from trends.report.allowed import CONFIGURATION, PAGE, check_settings
from trends.report.known_events import read_known_events
from trends.report.page import parse_yaml, read_page
from trends.tables.provenance import read_provenance
from trends.tables.typed import read_period, read_window
from trends.tables.validation import validate

ROOT = Path(__file__).parents[2]
#: A few in the tests; as many as the profile says with `make torture`.
asked = settings().max_examples
relaxed = settings(
    deadline=None,
    max_examples=20 if asked <= 100 else asked,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


#: What parsers stumble over.
ODD = [
    *(sign.encode() for sign in '",;[]{}=#|\'\n\r\x00\u2066'),
    b"----", b"NaN", b"1e999", b"9" * 30, b"0000-00-00", b"2024-02-30", b"```", b"{{< ", b"true",
]  # fmt: skip


@contextlib.contextmanager
def told_in_words():
    """Let faults pass that the command line tells in words, and no others."""
    try:
        yield
    except (KeyboardInterrupt, AssertionError):
        raise
    except Exception as fault:  # which kind it may be is what `told` decides
        code, message = told(fault)
        if code == BUG:
            raise
        assert "Traceback" not in message
        assert len(message) > len("trends: ")


def damaged(text: str) -> st.SearchStrategy[bytes]:
    """Return a text with a few bytes put in, taken out or doubled."""
    stored = text.encode()
    place = st.integers(0, len(stored))
    piece = st.binary(max_size=6) | st.sampled_from(ODD)
    change = st.tuples(place, place, piece)

    def apply(changes):
        made = stored
        for start, stop, put in changes:
            first, last = sorted((start, stop))
            made = made[:first] + put + made[min(last, first + 8) :]
        return made

    return st.lists(change, min_size=1, max_size=4).map(apply)


DAYS = st.text(alphabet="0123456789-/QW T:Z.+年٣", max_size=22) | st.text(max_size=12)


@relaxed
@given(text=DAYS)
def test_typed_days_and_periods(text):
    with told_in_words():
        period = read_period(text, "date")
        assert 1 <= period.start_time.year <= 9999


@relaxed
@given(first=DAYS, last=DAYS)
def test_typed_windows(first, last):
    with told_in_words():
        start, end = read_window(first, last, "span")
        assert start <= end


COUNTS = (
    "period,count,exposure,country\n2024-01,3,31,Syria\n2024-02,,29,Syria\n2024-03,0,31,Syria\n"
)
EVENTS = (
    "event_id,start,end,date_precision,country,admin1,latitude,longitude\n"
    "e0,2020-01-01,2020-01-03,day,Iraq,Anbar,33.1,43.2\ne1,2020-02-01,,month,Syria,,,\n"
)
STATEMENTS = "".join(
    (ROOT / "data/statements.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:4]
)


@pytest.mark.parametrize("table", [COUNTS, EVENTS, STATEMENTS], ids=["counts", "events", "figures"])
@relaxed
@given(data=st.data())
def test_tables(table, data, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(data.draw(damaged(table)))
    with told_in_words():
        report = validate([path])
        assert report.to_text()
        json.dumps(report.to_dict())
        if report.ok and table == COUNTS:
            trends.read_counts(path)


CONFIG = (ROOT / "_quarto.yml").read_text(encoding="utf-8")


@relaxed
@given(stored=damaged(CONFIG))
def test_settings_of_a_project(stored):
    text = stored.decode(errors="replace")
    with told_in_words():
        parsed = parse_yaml(text, "_quarto.yml") or {}
        if isinstance(parsed, dict):
            check_settings(parsed, CONFIGURATION, text=text, file="_quarto.yml", what="the project")
            check_settings(parsed, PAGE, text=text, file="_quarto.yml", what="the page")


PAGE_TEXT = (
    '---\ntitle: "T"\nformat: html\n---\n\n# H {#sec-h}\n\n```{python}\n#| label: a\nx = 1\n```\n\n'
    "See `{python} x` and @sec-h. {{< include _a.qmd >}}\n\n::: {.callout-note}\ny\n:::\n"
)


@relaxed
@given(stored=damaged(PAGE_TEXT))
def test_pages(stored, tmp_path):
    path = tmp_path / "p.qmd"
    path.write_bytes(stored)
    with told_in_words():
        page = read_page(path, tmp_path)
        assert isinstance(page.front_matter, dict)


TABLES_OF_WORDS = [
    ("reports/known_events.toml", lambda path: read_known_events(path, country="Iraq")),
    ("reports/subjects.toml", trends.read_subjects),
    ("data/terms.toml", read_names),
    ("data/gtd_yearly.toml", lambda path: read_provenance(path.with_suffix(".csv"))),
]


@pytest.mark.parametrize(("name", "read"), TABLES_OF_WORDS, ids=[one[0] for one in TABLES_OF_WORDS])
@relaxed
@given(data=st.data())
def test_toml(name, read, data, tmp_path):
    text = (ROOT / name).read_text(encoding="utf-8")
    path = tmp_path / Path(name).name
    path.with_suffix(".csv").write_text("a\n1\n", encoding="utf-8")
    path.write_bytes(data.draw(damaged(text[:1500])))
    with told_in_words():
        read(path)


@pytest.fixture(scope="module")
def ledger_text():
    ledger = trends.Ledger()
    ledger.add(trends.compare_rates((294, 366), (121, 365)), trends.Subject.generic())
    return ledger.to_json()


@relaxed
@given(data=st.data())
def test_ledgers(data, ledger_text, tmp_path):
    path = tmp_path / "findings.json"
    path.write_bytes(data.draw(damaged(ledger_text)))
    with told_in_words():
        read_ledger(path)


@relaxed
@given(stored=damaged("<main><p>It <b>rose</b> by 3% “x”.</p><svg></svg><table></table></main>"))
def test_rendered_pages(stored, tmp_path):
    path = tmp_path / "p.html"
    path.write_bytes(stored)
    with told_in_words():
        lint(path)
