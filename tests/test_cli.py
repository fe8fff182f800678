"""The command line, as somebody types it: what is printed, and the exit code."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import trends

DATA = Path(__file__).resolve().parents[1] / "data"
COUNTS = DATA / "is_events_monthly.csv"


def run(*words, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "trends.cli", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        check=False,
    )


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def statements_with(**changes):
    """One row of the bundled table, with some cells replaced."""
    header, row = (DATA / "statements.csv").read_text(encoding="utf-8").splitlines()[:2]
    names = header.split(",")
    cells = next(csv.reader([row]))
    cells = [changes.get(name, cell) for name, cell in zip(names, cells, strict=True)]
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    return f"{header}\n{quoted}\n"


def test_help_lists_every_command_of_the_contract():
    printed = run("--help").stdout
    for command in (
        "validate",
        "count",
        "check",
        "analyse",
        "compare",
        "rate",
        "sidecar",
        "doctor",
        "render",
        "diff",
        "lint",
        "new",
        "cite",
    ):
        assert command in printed


def test_the_version_is_the_packages():
    assert run("--version").stdout.strip() == trends.__version__


def test_the_bundled_tables_are_valid():
    # Places of a map and notes on the arithmetic of statements are of no kind that is validated.
    tables = [
        path for path in DATA.glob("*.csv") if path.stem not in ("places", "misfits_in_notes")
    ]
    done = run("validate", *tables)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ({"count": "-1"}, "count", "-1"),
        ({"window_end": "2020-04-01"}, "window_end", "2020-04-01"),
        ({"qualifier": "roughly"}, "qualifier", "roughly"),
    ],
)
def test_a_faulty_row_is_named_with_column_and_value_and_exits_3(tmp_path, change, column, value):
    table = write(tmp_path / "statements.csv", statements_with(**change))
    done = run("validate", table)
    assert done.returncode == 3
    assert "row 2" in done.stdout
    assert column in done.stdout
    assert value in done.stdout


def test_a_wrong_column_name_is_named_and_exits_3(tmp_path):
    text = statements_with().replace("measure,", "mesure,", 1)
    done = run("validate", write(tmp_path / "statements.csv", text))
    assert done.returncode == 3
    assert "measure" in done.stdout


def test_new_statements_writes_a_table_that_is_valid_and_never_writes_over_one(tmp_path):
    path = tmp_path / "mine.csv"
    assert run("new-statements", path).returncode == 0
    assert run("validate", path).returncode == 0
    assert run("new-statements", path).returncode == 2


def test_an_empty_file_exits_3_with_a_sentence(tmp_path):
    done = run("validate", write(tmp_path / "empty.csv", ""))
    assert done.returncode == 3
    assert "empty" in done.stdout


def test_a_file_in_another_encoding_exits_3_with_a_sentence(tmp_path):
    text = statements_with(area="Ha\u00e9mus")
    done = run("validate", write(tmp_path / "statements.csv", text, "latin-1"))
    assert done.returncode == 3
    assert "UTF-8" in done.stdout


def test_validation_for_machines_is_json(tmp_path):
    table = write(tmp_path / "statements.csv", statements_with(count="-1"))
    faults = json.loads(run("validate", table, "--json").stdout)
    assert "-1" in json.dumps(faults)


def test_a_missing_file_is_wrong_usage_or_invalid_data_and_never_a_traceback():
    done = run("check", "no-such-table.csv")
    assert done.returncode in (2, 3)
    assert "no-such-table.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_contradictions_in_the_bundled_table_exit_1_and_are_printed():
    done = run("check", DATA / "statements.csv")
    assert done.returncode == 1
    assert "218" in done.stdout


def test_a_question_of_one_group_is_answered_in_a_sentence():
    done = run("analyse", COUNTS, "--question", "trend", "--where", "country=Iraq")
    assert done.returncode == 0, done.stderr
    assert "between January 2013 and December 2020" in done.stdout


def test_a_label_that_is_not_there_is_wrong_usage_and_the_error_lists_what_is():
    done = run("analyse", COUNTS, "--where", "country=Atlantis")
    assert done.returncode == 2
    assert "Syria" in done.stderr


def test_a_choice_without_an_equals_sign_is_wrong_usage():
    done = run("analyse", COUNTS, "--where", "Iraq")
    assert done.returncode == 2
    assert "column=value" in done.stderr


def test_two_stretches_are_compared_in_sentences_or_json():
    stretches = ("--first", "2018-01", "2018-12", "--second", "2017-01", "2017-12")
    done = run("compare", COUNTS, *stretches, "--where", "country=Iraq")
    assert done.returncode == 0
    assert " in 2018 against " in done.stdout
    assert "were these Poisson counts" in done.stdout
    told = json.loads(
        run("compare", COUNTS, *stretches, "--where", "country=Iraq", "--json").stdout
    )
    assert told["first"] == ["2018-01", "2018-12"]
    assert told["ratio_low"] <= told["poisson_low"]


def test_stretches_that_overlap_are_wrong_usage_with_the_remedy():
    stretches = ("--first", "2018-01", "2018-12", "--second", "2018-06", "2019-12")
    done = run("compare", COUNTS, *stretches, "--where", "country=Iraq")
    assert done.returncode == 2
    assert "must not overlap, got 2018-01 to 2018-12 and 2018-06 to 2019-12" in done.stderr


def test_an_unknown_command_is_wrong_usage():
    assert run("predict").returncode == 2


def test_a_failing_page_exits_4_and_leaves_the_site_alone(tmp_path):
    folder = tmp_path / "mine"
    assert run("new", folder).returncode == 0
    assert run("render", folder, "--engine", "builtin").returncode == 0
    before = (folder / "_site" / "reports" / "index.html").read_bytes()
    page = folder / "reports" / "index.qmd"
    page.write_text(
        page.read_text(encoding="utf-8").replace("trend.plot(lang=lang);", "trend.plt(lang=lang);"),
        encoding="utf-8",
    )
    done = run("render", folder, "--engine", "builtin")
    assert done.returncode == 4
    assert "reports/index.qmd:" in done.stderr
    assert "AttributeError" in done.stderr
    assert (folder / "_site" / "reports" / "index.html").read_bytes() == before


def test_events_are_counted_over_the_span_asked_for_and_all_are_accounted_for(tmp_path):
    events = write(
        tmp_path / "events.csv",
        "event_id,start,country\na,2024-01-05,Syria\nb,2024-03-02,Syria\nc,2025-01-01,Syria\n",
    )
    out = tmp_path / "counts.csv"
    done = run("count", events, "--by", "country", "--span", "2024-01", "2024-04", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "2 of 3 events counted, 1 outside the span" in done.stdout
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["count"] for row in rows] == ["1", "0", "1", "0"]


LAYOUTS = Path(__file__).parent / "tables" / "layouts"


def test_one_command_takes_events_and_counts_of_any_layout():
    months = ["--span", "2024-01", "2024-12", "--question", "power"]
    done = run("analyse", LAYOUTS / "acled_2016_capitals.csv", *months)
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    # Three events are too few for a question; that is told of the counts, not of the file.
    assert "events in at least 3 periods" in done.stderr


def test_a_table_that_is_not_known_is_refused_with_the_option_that_reads_it():
    table = LAYOUTS / "machine_coded.tab"
    done = run("analyse", table)
    assert done.returncode == 3
    assert '--column "date=Event Date"' in done.stderr
    assert run("validate", table, "--column", "date=Event Date").returncode == 0


def test_an_encoding_can_be_named_at_every_command_that_reads_events(tmp_path):
    text = "event_id,start,country\na,2024-01-03,العراق\nb,2024-02-03,سوريا\n"
    table = write(tmp_path / "events.csv", text, "cp1256")
    out = tmp_path / "counts.csv"
    refused = run("count", table, "--out", out)
    assert refused.returncode == 3
    assert "--encoding cp1256" in refused.stderr
    assert run("validate", table).returncode == 3
    options = ("--encoding", "cp1256")
    assert run("count", table, "--out", out, "--by", "country", *options).returncode == 0
    assert "سوريا" in out.read_text(encoding="utf-8")
    assert run("validate", table, *options).returncode == 0


def test_figures_typed_in_another_encoding_are_checked_with_the_option_that_is_named(tmp_path):
    text = (
        "measure,count,window_start,window_end,counted_by\n"
        "attacks,43,2024,2024,مرصد المدينة\nattacks,50,2024,2024-02,مرصد المدينة\n"
    )
    path = write(tmp_path / "s.csv", text, "cp1256")
    refused = run("check", path)
    assert (refused.returncode, "--encoding cp1256" in refused.stderr) == (3, True)
    checked = run("check", path, "--encoding", "cp1256")
    assert checked.returncode in (0, 1)
    assert not checked.stderr


def test_a_folder_that_is_not_there_is_told_before_anything_is_counted(tmp_path):
    done = run("count", LAYOUTS / "acled_events.csv", "--out", tmp_path / "no" / "counts.csv")
    assert done.returncode == 2
    assert "Make the folder first" in done.stderr


def test_rows_that_were_not_counted_again_are_told(tmp_path):
    done = run("count", LAYOUTS / "acled_monadic.csv", "--out", tmp_path / "counts.csv")
    assert "3 of 3 events counted" in done.stdout
    assert "3 rows told of an event once more" in done.stdout


# ------- one question, its picture and its table


def test_two_published_figures_are_compared_in_one_line():
    done = run("rate", "294 in 2024", "121 from 2023-01-01 to 2023-12-31", "--name", "Claims")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Claims: 294 events in 2024 against 121 events in 2023.")
    assert "The rate did not clearly change: the ratio is 2.42" in done.stdout


def test_a_figure_that_cannot_be_read_is_wrong_usage_with_examples():
    done = run("rate", "294", "121 in 2023")
    assert done.returncode == 2
    assert "`first` must be a figure with its window, got '294'. Write '294 in 2024'" in done.stderr


def test_a_question_of_every_group_is_a_table_that_names_what_they_share(tmp_path):
    out = tmp_path / "trends.csv"
    done = run("analyse", COUNTS, "--by", "country", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("UCDP GED 21.1: each of 2 groups was asked")
    heading, *rows = [line.split() for line in done.stdout.splitlines()[-3:]]
    assert heading[:3] == ["country", "status", "reason"]
    assert [row[0] for row in rows] == ["Iraq", "Syria"]
    written = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert float(written[0]["estimate"]) == pytest.approx(float(rows[0][3]), rel=1e-3)


def test_groups_are_picked_before_they_are_asked_and_unknown_ones_are_refused():
    done = run("analyse", COUNTS, "--by", "country", "--where", "country=Iraq", "--json")
    assert json.loads(done.stdout)["n_groups"] == 1
    done = run("analyse", COUNTS, "--by", "country", "--where", "country=Atlantis")
    assert done.returncode == 2
    assert "Iraq, Syria" in done.stderr
    done = run("analyse", COUNTS, "--by", "country", "--where", "region=Anbar")
    assert done.returncode == 2
    assert "must be group columns of the table (source, country), got 'region'" in done.stderr


def test_a_question_that_is_not_asked_of_many_says_which_are():
    done = run("analyse", COUNTS, "--by", "country", "--question", "alarms")
    assert done.returncode == 2
    assert "trend, description, changepoints" in done.stderr


def test_each_country_gets_a_forecast_of_its_own():
    done = run("analyse", COUNTS, "--by", "country", "--question", "forecast", "--json")
    answered = json.loads(done.stdout)
    assert (answered["n_groups"], answered["n_answered"]) == (2, 2)
    assert answered["options"] == {"horizon": 6}


@pytest.mark.parametrize("question", ["description", "forecast", "alarms"])
def test_every_further_question_is_answered_under_the_name_that_was_given(question):
    done = run(
        "analyse", COUNTS, "--question", question, "--where", "country=Iraq", "--name", "Iraq"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Iraq: ")


@pytest.mark.parametrize("ending", [".svg", ".png", ".pdf"])
def test_a_picture_is_written_the_same_each_time(ending, tmp_path):
    pictures = [tmp_path / f"{number}{ending}" for number in (1, 2)]
    for picture in pictures:
        done = run("rate", "294 in 2024", "121 in 2023", "--plot", picture)
        assert done.returncode == 0, done.stderr
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


@pytest.mark.parametrize(
    ("option", "name", "remedy"),
    [
        ("--plot", "picture.jpg", "`--plot` must end in .svg, .png, .pdf"),
        ("--out", "table.doc", "`--out` must end in one of .csv, .json, .xlsx, .md, .tex"),
        ("--out", "no/table.csv", "Make the folder first"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_asked(option, name, remedy, tmp_path):
    done = run("rate", "1", "2", option, name, cwd=tmp_path)
    assert done.returncode == 2
    assert remedy in done.stderr


def test_a_table_never_replaces_what_it_was_made_from(tmp_path):
    table = write(tmp_path / "counts.csv", COUNTS.read_text(encoding="utf-8"))
    done = run("analyse", table, "--where", "country=Iraq", "--out", table)
    assert done.returncode == 2
    assert table.read_bytes() == COUNTS.read_bytes()


# ------- sidecars, and what is installed


def test_a_sidecar_says_what_is_not_stated_and_keeps_what_was(tmp_path):
    table = write(tmp_path / "incidents.csv", "Month,Incidents\n2024-01,4\n")
    done = run("sidecar", table, "--licence", "CC BY 4.0", "--title", "Incidents")
    assert done.returncode == 0, done.stderr
    assert "not stated yet: producer, url, published, citation, how_made" in done.stdout
    table.write_text("Month,Incidents\n2024-01,5\n", encoding="utf-8")
    assert run("sidecar", table).returncode == 0
    text = table.with_suffix(".toml").read_text(encoding="utf-8")
    assert 'licence = "CC BY 4.0"' in text
    assert 'title = "Incidents"' in text


def test_the_doctor_names_every_part_with_the_command_that_installs_it():
    done = run("doctor", "--json")
    assert done.returncode == 0, done.stderr
    parts = {part["name"]: part for part in json.loads(done.stdout)}
    assert {"report", "quarto", "spark", "the program java"} <= set(parts)
    for name in ("report", "quarto", "spark"):
        missing = parts[name]["missing"]
        assert parts[name]["installed"] is not bool(missing)
        assert (f"pip install 'event-trends[{name}]'" in parts[name]["remedy"]) is bool(missing)


def test_the_shell_can_complete_commands():
    assert "--install-completion" in run("--help").stdout


@pytest.mark.parametrize("words", [["--help"], ["analyse", "--help"], ["doctor"]])
def test_asking_for_help_loads_neither_tables_nor_pictures_nor_the_renderer(words):
    code = (
        "import sys, trends.cli\n"
        f"try: trends.cli.app({words!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'matplotlib', 'scipy', 'duckdb', 'pandera', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        (
            ["count", "events.csv", "--out", "counts.csv"],
            ["ibis", "matplotlib", "narwhals", "pandera", "scipy", "sqlglot"],
        ),
        (
            ["analyse", "counts.csv"],
            [
                *("dask", "duckdb", "hypothesis", "ibis", "joblib", "matplotlib", "narwhals"),
                *("pandera", "pyspark", "scipy.optimize", "scipy.stats", "statsmodels"),
            ],
        ),
    ],
)
def test_a_command_imports_nothing_that_takes_long_and_is_of_no_use_to_it(
    tmp_path, command, unneeded
):
    days = pd.date_range("2020-01-01", "2024-12-28", freq="9D")
    rows = [f"E{day:%Y%m%d},{day:%Y-%m-%d},Iraq" for day in days]
    (tmp_path / "events.csv").write_text("event_id,start,country\n" + "\n".join(rows), "utf-8")
    months = pd.period_range("2020-01", "2022-12", freq="M")
    lines = [f"{month},{3 + month.month % 4}" for month in months]
    if command[0] == "analyse":
        (tmp_path / "counts.csv").write_text("period,count\n" + "\n".join(lines), "utf-8")
    code = (
        "import os, sys, atexit; from trends.cli import main; sys.argv[0] = 'trends'\n"
        # A command that is done ends at once, without what would print the names.
        "os._exit = sys.exit\n"
        "named = lambda: [name for name, held in sys.modules.items() if held]\n"
        "atexit.register(lambda: print('IMPORTED', *named(), file=sys.stderr)); main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=tmp_path, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    imported = ran.stderr.split("IMPORTED")[1].split()
    assert not set(unneeded) & set(imported)


# ------- a report of one's own


def sheet_of_months(folder):
    rows = "".join(f"{2021 + n // 12}-{n % 12 + 1:02d},{4 + n % 5}\n" for n in range(24))
    return write(folder / "sheet.csv", f"Month,Incidents\n{rows}")


def test_a_report_is_started_from_a_table_and_says_what_comes_next(tmp_path):
    sheet_of_months(tmp_path)
    done = run("new", "mine", "--counts", "sheet.csv", "--title", "Mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Next: trends render mine" in done.stdout
    assert 'title: "Mine"' in (tmp_path / "mine/_quarto.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--counts", "sheet.csv", "--events", "sheet.csv"], 2, "a report begins with one table"),
        (["--counts", "none.csv"], 2, "'none.csv' does not exist"),
        (["--events", "sheet.csv"], 2, "Write --counts."),
        (["--counts", "sheet.csv", "--freq", "D"], 2, "`freq` must be left out"),
        (["--counts", "sheet.csv", "--lang", "de"], 2, "Write one, or several as en,ar."),
        (["--counts", "sheet.csv", "--where", "x=y"], 2, "Correct the column."),
        (["--statements", "sheet.csv"], 3, "measure"),
    ],
)
def test_what_cannot_be_started_is_told_and_nothing_is_written(words, code, told, tmp_path):
    sheet_of_months(tmp_path)
    done = run("new", "mine", *words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.csv"]


def test_a_report_is_not_started_in_a_folder_that_is_not_there(tmp_path):
    done = run("new", tmp_path / "no" / "mine")
    assert done.returncode == 2
    assert "Make that one first" in done.stderr
