"""A pack gives a new report its nouns, names and dates; the report renders and lints clean."""

import json
import re
import shutil

import pytest
from typer.testing import CliRunner

import trends
from trends.cli import app
from trends.findings.ledger import Ledger
from trends.findings.lint import lint
from trends.report import read_outline, render
from trends.report.scaffold import scaffold
from trends.tables.faults import InvalidTable
from trends.tables.packs import pack_names, read_pack

#: A noun that sentences of each pack's series must say, in both languages.
SAYS = {
    "aid": ("incidents", "حوادث"),
    "conflict": ("events", "أحداث"),
    "measles": ("cases of measles", "إصابات بالحصبة"),
    "roads": ("road deaths", "حالة وفاة على الطرق"),
    "services": ("incidents", "أعطال"),
}


def sentences(folder):
    """Return everything that a rendered report says, by language."""
    ledger = json.loads(next((folder / "_site").rglob("findings.json")).read_text("utf-8"))
    return {
        lang: [found["said"][lang]["sentence"] for found in ledger["findings"]]
        for lang in ("en", "ar")
    }


def test_every_pack_is_tried():
    assert set(SAYS) == set(pack_names())


@pytest.mark.parametrize("name", pack_names())
def test_the_series_of_a_pack_makes_a_report_that_lints_clean(tmp_path, name):
    folder = tmp_path / "mine"
    made = CliRunner().invoke(app, ["new", str(folder), "--pack", name, "--lang", "en,ar"])
    assert made.exit_code == 0, made.output
    render(folder, engine="builtin")
    said = sentences(folder)
    for lang, noun in zip(("en", "ar"), SAYS[name], strict=True):
        assert any(noun in sentence for sentence in said[lang]), noun
    if name != "conflict":
        assert not any(re.search(r"\bevents?\b", sentence) for sentence in said["en"])
    linted = CliRunner().invoke(app, ["lint", str(folder / "_site")])
    assert linted.exit_code == 0, linted.output


def test_a_report_in_a_third_language_renders_and_lints_clean(tmp_path):
    folder = tmp_path / "mine"
    made = CliRunner().invoke(app, ["new", str(folder), "--pack", "aid", "--lang", "fr,ar"])
    assert made.exit_code == 0, made.output
    render(folder, engine="builtin")
    page = (folder / "_site/reports/index.html").read_text("utf-8")
    assert '<html lang="fr" dir="ltr">' in page
    assert "Quelle évolution les comptages ont-ils suivie" in page
    assert "Voir le résultat" in page
    assert "Figure\u00a01\u00a0:" in page
    listed = (folder / "_site/reports/findings.html").read_text("utf-8")
    assert "intervalle à 95" in listed
    assert "likely, grade" not in page + listed
    arabic = (folder / "_site/reports/ar/index.html").read_text("utf-8")
    assert '<html lang="ar" dir="rtl">' in arabic
    linted = CliRunner().invoke(app, ["lint", str(folder / "_site")])
    assert linted.exit_code == 0, linted.output


def test_pages_in_three_languages_make_one_edition(tmp_path):
    folder = tmp_path / "mine"
    scaffold(folder, languages=["en", "ar", "fr"])
    outline = read_outline(folder / "report.toml")
    [key] = outline.named
    assert outline.subject(key).name("fr") == "Événements d’exemple"
    said = Ledger(lang="fr")
    counts = outline.series(key)
    said.add(trends.estimate_trend(counts), outline.subject(key))
    english = Ledger()
    english.add(trends.estimate_trend(counts), outline.subject(key))
    whole = Ledger()
    whole.merge(english, page="en.html")
    whole.merge(said, page="fr.html")
    [first, *_] = whole.findings.values()
    assert set(first["said"]) == {"en", "ar", "fr"}
    assert first["subject"]["fr"] == "Événements d’exemple"


def test_a_date_of_the_pack_is_asked_for_where_it_matters_and_only_there(tmp_path):
    scaffold(tmp_path / "mine", pack="roads")
    asked = (tmp_path / "mine/reports/_ask.qmd").read_text("utf-8")
    question = "trends.estimate_interruption(outline.series('great-britain'), "
    assert f"{question}outline.dates['seat_belts'])" in asked
    table = read_pack("roads").series
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(table.read_text("utf-8").replace("Great Britain", "Ruritania"), "utf-8")
    scaffold(tmp_path / "other", elsewhere, "counts", pack="roads")
    assert "interruption" not in (tmp_path / "other/reports/_ask.qmd").read_text("utf-8")


def test_a_table_of_ones_own_takes_the_words_of_the_pack(tmp_path):
    rows = "".join(f"{2021 + n // 12}-{n % 12 + 1:02d},Turkey,{5 + n % 4}\n" for n in range(36))
    table = tmp_path / "sheet.csv"
    table.write_text(f"Month,country,Outages\n{rows}", encoding="utf-8")
    scaffold(tmp_path / "mine", table, "counts", languages=["en", "ar"], pack="services")
    outline = read_outline(tmp_path / "mine/report.toml")
    subject = outline.subject("turkey")
    assert (subject.en, subject.ar) == ("Turkey", "تركيا")
    assert subject.noun.en_many == "incidents"


def events_of(folder):
    """Write three years of a table of rows with a date and nothing else that is known."""
    days = "".join(f"{2021 + n // 72}-{n % 12 + 1:02d}-{n % 27 + 1:02d},x\n" for n in range(216))
    table = folder / "listed.csv"
    table.write_text(f"onset,outcome\n{days}", encoding="utf-8")
    return table


@pytest.mark.parametrize(
    ("pack", "counted", "says"),
    [
        ("roads", None, ("Crashes", "حوادث سير")),
        ("measles", None, ("Cases of measles", "إصابات بالحصبة")),
        ("measles", "cholera_cases", ("Cases of cholera", "إصابات بالكوليرا")),
        ("aid", None, ("Incidents", "حوادث")),
    ],
)
def test_a_series_without_a_name_is_called_by_what_is_counted(tmp_path, pack, counted, says):
    reading = {"columns": {"date": "onset"}}
    scaffold(
        tmp_path / "mine", events_of(tmp_path), "events", reading=reading, pack=pack,
        counted=counted, languages=["en", "ar"],
    )  # fmt: skip
    outline = read_outline(tmp_path / "mine/report.toml")
    [key] = outline.named
    subject = outline.subject(key)
    assert (subject.en, subject.ar) == says
    assert subject.noun.en_many == says[0][:1].lower() + says[0][1:]
    page = (tmp_path / "mine/reports/index.qmd").read_text("utf-8")
    assert f'title: "{says[0]}, January 2021 to ' in page


def test_a_noun_that_nobody_knows_is_named_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match=r"`--counted` must be one of .* Write cholera_cases\."):
        scaffold(tmp_path / "mine", pack="measles", counted="colera_cases")
    with pytest.raises(ValueError, match=r"got 'crashes'\. A pack"):
        scaffold(tmp_path / "mine", counted="crashes")
    assert not any(tmp_path.iterdir())


def test_a_new_report_says_what_it_counts_and_what_else_it_could(tmp_path):
    made = CliRunner().invoke(app, ["new", str(tmp_path / "mine"), "--pack", "measles"])
    assert "Counted as measles_cases; another noun is chosen by --counted (cholera_cases)." in (
        made.output.replace("\n", " ")
    )


def own_pack(folder):
    """Write a pack of one's own, and return its folder."""
    pack = folder / "floods"
    pack.mkdir()
    text = (read_pack("services").folder / "pack.toml").read_text("utf-8")
    pack.joinpath("pack.toml").write_text(
        text.replace("incidents_made_up.csv", "x.csv").replace("service_incidents", "floods")
        .replace('"incident"', '"flood"').replace('"incidents"', '"floods"'),
        encoding="utf-8",
    )  # fmt: skip
    shutil.copy(read_pack("services").series, pack / "x.csv")
    shutil.copy(read_pack("services").series.with_suffix(".toml"), pack / "x.toml")
    return pack


def test_a_pack_of_ones_own_goes_into_the_project(tmp_path):
    pack = own_pack(tmp_path)
    scaffold(tmp_path / "mine", pack=pack)
    outline = read_outline(tmp_path / "mine/report.toml")
    assert outline.pack is not None
    assert outline.pack.folder == tmp_path / "mine/packs/floods"
    [key] = outline.named
    assert outline.subject(key).noun.en_many == "floods"


def gauged(folder):
    """Write a pack of floods, counted by gauges, in columns that no other pack has."""
    pack = own_pack(folder)
    words = pack / "pack.toml"
    text = words.read_text("utf-8").replace("columns = [", 'columns = ["Inundations", ')
    added = """
[source_kind.gauge]
drawn = "monitor"
en = "river gauges"
ar = "مقاييس الأنهار"

[lint.official]
en = ['river wardens?']
ar = []
"""
    words.write_text(text + added, encoding="utf-8")
    return pack


def test_headings_of_counts_of_a_pack_of_ones_own_are_read_in_its_project(tmp_path):
    # Which of the two numbers is counted, only the pack knows.
    rows = "".join(f"{2021 + n // 12}-{n % 12 + 1:02d},{5 + n % 4},{n}\n" for n in range(36))
    table = tmp_path / "sheet.csv"
    table.write_text(f"Month,Inundations,Gauges\n{rows}", encoding="utf-8")
    assert set(trends.read_counts(table)["series"]) == {"Inundations", "Gauges"}
    scaffold(tmp_path / "mine", table, "counts", pack=gauged(tmp_path))
    outline = read_outline(tmp_path / "mine/report.toml")
    [key] = outline.named
    assert outline.series(key)["count"].tolist() == [5 + n % 4 for n in range(36)]
    assert outline.subject(key).noun.en_many == "floods"
    # By its place in the project too, without the outline.
    assert "series" not in trends.read_counts(tmp_path / "mine/data/sheet.csv")


def test_kinds_of_source_of_a_pack_of_ones_own_are_read_and_drawn_in_its_project(tmp_path):
    table = tmp_path / "figures.csv"
    table.write_text(
        "measure,count,window_start,window_end,counted_by,source_kind\n"
        "floods,31,2023,2023,River Board,gauge\n"
        "floods,44,2024,2024,River Board,gauge\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidTable, match=r"source_kind: must be one of .*got 'gauge'"):
        trends.read_statements(table)
    pack = gauged(tmp_path)
    told = trends.read_statements(table, pack=pack)
    assert told["source_kind"].tolist() == ["gauge", "gauge"]
    scaffold(tmp_path / "mine", table, "statements", pack=pack)
    inside = tmp_path / "mine/data/figures.csv"
    assert trends.validate(inside).ok
    statements = read_outline(tmp_path / "mine/report.toml").statements
    legend = trends.report.plot_windows(statements).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["river gauges"]
    # A kind that not even the pack knows is refused with those that it knows.
    inside.write_text(inside.read_text("utf-8").replace("gauge", "gage"), encoding="utf-8")
    [fault, _] = trends.validate(inside).faults
    assert "gauge" in fault.rule


def test_lint_knows_the_words_of_a_pack_of_ones_own_in_its_project(tmp_path):
    page = "<html><body><main><p>River wardens say so.</p></main></body></html>"
    (tmp_path / "mine").mkdir()
    for folder in (tmp_path, tmp_path / "mine"):
        (folder / "page.html").write_text(page, encoding="utf-8")
    shutil.copytree(gauged(tmp_path), tmp_path / "mine/packs/floods")
    (tmp_path / "mine/report.toml").write_text('pack = "packs/floods"', encoding="utf-8")
    assert lint(tmp_path / "page.html") == []
    [fault] = lint(tmp_path / "mine/page.html")
    assert fault.words == "River wardens"


def test_what_is_wrong_with_the_pack_of_a_project_is_named(tmp_path):
    folder = tmp_path / "mine"
    scaffold(folder, pack=own_pack(tmp_path))
    outline = folder / "report.toml"
    text = outline.read_text("utf-8")

    def told(new):
        outline.write_text(text.replace('"packs/floods"', new), encoding="utf-8")
        with pytest.raises(InvalidTable) as refused:
            read_outline(outline)
        return str(refused.value)

    assert "got 'raods'. Write roads." in told('"raods"')
    assert "pack: must be text in quotes" in told("5")
    assert "pack: must be inside the project" in told('"../floods"')
    assert "pack: must be one of" in told('"packs/nothing"')
    # A noun of another pack is not one of this.
    assert "must be one of" in told('"roads"')
    words = folder / "packs/floods/pack.toml"
    words.write_text(words.read_text("utf-8").replace("en_one", "en_on"), encoding="utf-8")
    assert "Write en_one" in told('"packs/floods"')


def test_nothing_is_written_where_the_pack_is_wrong(tmp_path):
    for pack, says in (("raods", "Write roads."), (tmp_path / "none", "none")):
        with pytest.raises((ValueError, FileNotFoundError), match=says):
            scaffold(tmp_path / "mine", pack=pack)
    assert not any(tmp_path.iterdir())
