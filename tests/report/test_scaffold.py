"""A new report is filled from a table and renders; the starter's words stay with its own table."""

import hashlib
import json
import re
import tomllib
from datetime import date

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

import trends
from trends.cli import app
from trends.report import RenderError, read_outline, render
from trends.report.outline import EXAMPLE_NAME, EXAMPLE_SHA256, EXAMPLE_TITLE, EXAMPLE_WORDS
from trends.report.scaffold import _words, scaffold
from trends.tables.faults import InvalidTable
from trends.tables.languages import LANGUAGES
from trends.tables.mapping import columns_meant
from trends.tables.provenance import UNSTATED, read_provenance, write_sidecar

MONTHS = pd.period_range("2021-01", periods=36, freq="M")


def text_of(folder, name):
    return (folder / name).read_text(encoding="utf-8")


@pytest.fixture
def sheet(tmp_path):
    """Counts as somebody keeps them: a month and a number."""
    rows = "".join(f"{month},{4 + n % 3 + n // 6}\n" for n, month in enumerate(MONTHS))
    path = tmp_path / "incidents in town.csv"
    path.write_text(f"Month,Incidents\n{rows}", encoding="utf-8")
    return path


@pytest.fixture
def events(tmp_path):
    """Events of ACLED's layout in one country, with names that act in pages and shells."""
    rows = [
        f"RUR{n}{m},{month}-{day:02d},1,Battles,Ruritania,{place},1700000000"
        for n, month in enumerate(MONTHS)
        for m, (day, place) in enumerate([(3, "Zenda"), (9, "$x$ & Co | `a`"), (20, "Zenda")])
    ]
    path = tmp_path / "acled.csv"
    header = "event_id_cnty,event_date,time_precision,event_type,country,admin1,timestamp"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture
def figures(tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text(
        "measure,count,window_start,window_end,counted_by\n"
        "claims,121,2023,2023,Ministry\nclaims,294,2024,2024,Ministry\n"
        "attacks,30,2024-01,2024-03,Monitor\nattacks,40,2024-01,2024-02,Monitor\n",
        encoding="utf-8",
    )
    return path


def test_without_a_table_the_report_says_that_its_numbers_are_made_up(tmp_path):
    folder = tmp_path / "mine"
    written = scaffold(folder)
    assert folder / "_quarto.yml" in written
    rendered = render(folder, engine="builtin")
    page = text_of(rendered.site, "reports/index.html")
    assert EXAMPLE_NAME["en"] in page
    assert "made up" in page
    table = folder / "data/counts.csv"
    assert hashlib.sha256(table.read_bytes()).hexdigest() == EXAMPLE_SHA256


def test_a_report_of_ones_own_is_in_both_languages_on_screen_and_on_paper(tmp_path, events):
    folder = tmp_path / "mine"
    begun = date.today()
    scaffold(folder, events, "events", languages=["en", "ar"])
    outline = read_outline(folder / "report.toml")
    assert [entry["en"] for entry in outline.named.values()] == [
        "Ruritania",
        "Zenda",
        "$x$ & Co | `a`",
    ]
    assert outline.series("zenda")["count"].tolist() == [2] * 36
    assert outline.series("ruritania")["count"].tolist() == [3] * 36
    rendered = render(folder, engine="builtin")
    site = {path.relative_to(rendered.site).as_posix() for path in rendered.site.rglob("*")}
    assert {"reports/index.html", "reports/index.pdf"} <= site
    assert {"reports/ar/index.html", "reports/ar/index.pdf"} <= site
    page = text_of(rendered.site, "reports/index.html")
    assert "Ruritania, January 2021 to December 2023" in page
    assert "$x$ &amp; Co | `a`" in page
    # Midnight may have passed since it was made.
    assert rendered_edition(rendered.site) in {str(begun), str(date.today())}
    assert not any(word in page for word in EXAMPLE_WORDS)
    with pytest.raises(SystemExit) as ended:
        app(["lint", str(rendered.site)])
    assert ended.value.code == 0


def rendered_edition(site):
    return json.loads(text_of(site, "manifest.json"))["edition"]


@pytest.mark.parametrize(
    ("n_years", "a_month", "freq"), [(4, 2, "M"), (30, 2, "Q"), (8, 0.5, "Q"), (12, 0.2, "Y")]
)
def test_periods_are_as_fine_as_the_events_allow(tmp_path, n_years, a_month, freq):
    days = pd.date_range(
        "1990-01-05", periods=round(12 * n_years * a_month), freq=f"{30.4 / a_month}D"
    )
    rows = "".join(f"{n},{day.date()},X\n" for n, day in enumerate(days))
    path = tmp_path / "events.csv"
    path.write_text(f"event_id,start,country\n{rows}", encoding="utf-8")
    scaffold(tmp_path / "mine", path, "events")
    assert tomllib.loads(text_of(tmp_path / "mine", "report.toml"))["table"]["freq"] == freq
    # The title says no month that no finding says.
    title = yaml.safe_load(text_of(tmp_path / "mine", "_quarto.yml"))["website"]["title"]
    assert ("January" in title) is (freq == "M")


def test_a_sheet_of_months_needs_nothing_but_its_name(tmp_path, sheet):
    folder, begun = tmp_path / "mine", date.today()
    scaffold(folder, sheet, "counts")
    assert read_outline(folder / "report.toml").series("incidents-in-town")["count"].sum() == sum(
        4 + n % 3 + n // 6 for n in range(36)
    )
    found = read_provenance(folder / "data/incidents_in_town.csv")
    assert found.title == "incidents in town"
    assert found.accessed in {str(begun), str(date.today())}
    assert found.producer == found.licence == UNSTATED


def test_the_sidecar_of_a_table_goes_along_with_what_it_says(tmp_path, sheet):
    write_sidecar(sheet, {"licence": "CC BY 4.0"}, today=date(2025, 3, 1))
    scaffold(tmp_path / "mine", sheet, "counts")
    found = read_provenance(tmp_path / "mine/data/incidents_in_town.csv")
    assert (found.licence, found.accessed) == ("CC BY 4.0", "2025-03-01")


def test_published_figures_become_windows_conflicts_and_comparisons(tmp_path, figures):
    folder = tmp_path / "mine"
    scaffold(folder, figures, "statements")
    outline = read_outline(folder / "report.toml")
    first, second = outline.figures("claims-ministry")
    assert (first["count"], second["count"]) == (294, 121)
    page = text_of(render(folder, engine="builtin").site, "reports/index.html")
    assert re.search(r"the <button[^>]*>ratio</button>", page)
    assert "2.42" in page
    # Two months cannot hold more than the three months around them.
    assert "30" in page
    assert "cannot all be true" in page
    assert "The published figures: " in page


def test_questions_that_a_series_refuses_are_left_out_with_their_reason(tmp_path):
    path = tmp_path / "short.csv"
    rows = "".join(f"{month},{3 + n % 2}\n" for n, month in enumerate(MONTHS[:10]))
    path.write_text(f"Month,Incidents\n{rows}", encoding="utf-8")
    scaffold(tmp_path / "mine", path, "counts")
    assert "estimate_season" not in text_of(tmp_path / "mine", "reports/_ask.qmd")
    assert "# Not asked: season. " in text_of(tmp_path / "mine", "report.toml")


def test_every_file_of_the_project_can_be_read_by_what_reads_it(tmp_path, events):
    folder = tmp_path / "mine"
    scaffold(folder, events, "events", languages=["ar", "en"], title='A "title": $x$ #1')
    assert tomllib.loads(text_of(folder, "report.toml"))["table"]["kind"] == "events"
    settings = yaml.safe_load(text_of(folder, "_quarto.yml"))
    assert settings["website"]["title"] == 'A "title": $x$ #1'
    assert settings["project"]["render"] == ["reports/index.qmd", "reports/en/index.qmd"]
    workflow = yaml.safe_load(text_of(folder, ".github/workflows/report.yml"))
    assert workflow["jobs"]["publish"]["needs"] == "render"
    used = re.findall(r"uses: (.+)", text_of(folder, ".github/workflows/report.yml"))
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)
    assert "_site/" in text_of(folder, ".gitignore").splitlines()
    assert yaml.safe_load(text_of(folder, "reports/_metadata.yml"))["dir"] == "rtl"


def test_the_words_of_the_pages_are_the_same_in_every_language():
    assert set(_words()) == set(LANGUAGES)
    assert set(_words()["en"]) == set(_words()["ar"])
    for key in _words()["en"]:
        slots = [sorted(re.findall(r"{\w+}", _words()[lang][key])) for lang in LANGUAGES]
        assert slots[0] == slots[1], key


# ------- what is refused, with the remedy


def test_a_new_vintage_is_told_how_to_come_in(tmp_path, sheet):
    folder = tmp_path / "mine"
    scaffold(folder, sheet, "counts")
    table = folder / "data/incidents_in_town.csv"
    table.write_text(table.read_text(encoding="utf-8") + "2024-01,9\n", encoding="utf-8")
    with pytest.raises(ValueError, match="`trends sidecar FILE`"):
        read_outline(folder / "report.toml")
    write_sidecar(table)
    assert len(read_outline(folder / "report.toml").series("incidents-in-town")) == 37


def test_the_starters_words_are_refused_beside_another_table(tmp_path, sheet):
    folder = tmp_path / "mine"
    scaffold(folder)
    table = folder / "data/counts.csv"
    table.write_bytes(sheet.read_bytes())
    write_sidecar(table)
    # What was said of made-up numbers is said of no others.
    assert read_provenance(table).licence == UNSTATED
    assert "made up" not in text_of(folder, "data/counts.toml")
    with pytest.raises(InvalidTable) as refused:
        read_outline(folder / "report.toml")
    told = str(refused.value)
    assert EXAMPLE_NAME["en"] in told
    assert EXAMPLE_TITLE["en"] in told
    with pytest.raises(RenderError, match="words of the starter"):
        render(folder, engine="builtin")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "counts"', 'kind = "counts"\nferq = "M"', "Write freq."),
        ('kind = "counts"', 'kind = "counts"\nfreq = "Y"', "must be left out unless the rows are"),
        ("[[series]]", "[[serie]]", "Write series."),
        ('counted = "events"', 'count = "events"', "Write counted."),
        ('kind = "counts"', 'kind = "count"', "Write counts."),
        ('counted = "events"', 'counted = "goats"', "must be one of events, people"),
        ('en = "incidents in town"', "en = 3", "must be text in quotes"),
        ('en = "incidents in town"', "", "must be there"),
        ("data/incidents_in_town.csv", "../elsewhere.csv", "must be inside the project"),
    ],
)
def test_a_fault_in_the_outline_is_named_with_what_to_write(tmp_path, sheet, old, new, told):
    folder = tmp_path / "mine"
    scaffold(folder, sheet, "counts")
    outline = folder / "report.toml"
    assert old in text_of(folder, "report.toml")
    outline.write_text(text_of(folder, "report.toml").replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidTable, match=re.escape(told)):
        read_outline(outline)


@pytest.mark.parametrize(
    ("make", "options", "kind", "told"),
    [
        ("sheet", {}, "events", "Write --counts."),
        ("events", {}, "counts", "Write --events."),
        ("figures", {}, "counts", "Write --statements."),
        ("sheet", {"languages": ["en", "de"]}, "counts", "Write one, or several as en,ar."),
        ("events", {"where": {"country": "Atlantis"}}, "events", "Known are Ruritania"),
        ("events", {"by": ["province"]}, "events", "province"),
        ("figures", {"where": {"counted_by": "Monitor"}}, "statements", "`--where` must be left"),
        ("figures", {"reading": {"freq": "M"}}, "statements", "`--freq` must be left out"),
    ],
)
def test_what_cannot_be_filled_leaves_no_folder_behind(
    tmp_path, request, make, options, kind, told
):
    table = request.getfixturevalue(make)
    before = sorted(tmp_path.iterdir())
    with pytest.raises((ValueError, InvalidTable), match=re.escape(told)):
        scaffold(tmp_path / "mine", table, kind, **options)
    assert sorted(tmp_path.iterdir()) == before


def test_a_table_with_two_events_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("event_id,start,country\na,2024-01-03,X\nb,2024-02-03,X\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must hold a series that some question can be asked of"):
        scaffold(tmp_path / "mine", path, "events")
    assert not (tmp_path / "mine").exists()


def test_a_folder_with_files_in_it_is_left_alone(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="`folder` must not exist or be empty"):
        scaffold(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    scaffold(folder)
    assert (folder / "report.toml").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


ROWS = "".join(f"{2023 + n // 12}-{n % 12 + 1:02d},{5 + n % 4}\n" for n in range(24))


@pytest.mark.parametrize(
    ("written", "options", "told"),
    [
        (b"", [], "the file is empty"),
        ("Mois,Département\n2024-01,Isère\n".encode("cp1252"), [], "--encoding cp1252"),
        (f"Report of incidents\n\nMonth,Incidents\n{ROWS}".encode(), [], "(--header 3)"),
        (b"date,Incidents\n01/02/2024,3\n03/04/2024,4\n", [],
         'columns={"date": "date", "count": "Incidents"}'),
        (b"date,Incidents\n01/02/2024,3\n03/04/2024,4\n",
         ["--column", "date=date", "--column", "count=Incidents"],
         "cannot be told from this column: write the year first"),
        (b"Name,Age\nx,3\ny,4\n", [], "must hold a column of dates"),
        (f"Month,Incidents\n{ROWS}".encode(), ["--by", "Place"],
         "`--by` must name a column that tells groups of the table apart, got 'Place'."),
        (f"Month,Incidents\n{ROWS}".encode(), ["--freq", "D"], "`freq` must be left out"),
        (b"Month,Incidents\n2024-01,3\n2024-02,4\n", [], "at least 8 periods with a count, got 2"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_refused_with_the_remedy_and_nothing_is_written(
    tmp_path, written, options, told
):
    table = tmp_path / "sheet.csv"
    table.write_bytes(written)
    made = CliRunner().invoke(
        app, ["new", str(tmp_path / "mine"), "--counts", str(table), *options]
    )
    said = made.output + str(made.exception)
    assert made.exit_code != 0
    assert told in said
    assert ".." not in said.replace("...", "")
    assert list(tmp_path.iterdir()) == [table]


def test_the_row_that_the_remedy_names_holds_the_names(tmp_path):
    table = tmp_path / "sheet.csv"
    table.write_text(f"Report of incidents\n\nMonth,Incidents\n{ROWS}", encoding="utf-8")
    with pytest.raises(InvalidTable, match="seems to be a title over the table"):
        trends.read_counts(table)
    assert len(trends.read_counts(table, header=3)) == 24


def test_the_day_of_a_ticket_is_the_day_on_which_it_was_opened():
    cells = pd.DataFrame(
        {"Key": ["A-1", "A-2"], "Created": ["2024-05-03T10:00:00+02:00"] * 2,
         "Resolved": ["2024-05-04T10:00:00+02:00"] * 2}
    )  # fmt: skip
    assert columns_meant(cells) == {"date": "Created"}
