"""Is every table that people hold read by `trends analyse FILE`, or refused with a working remedy?

Each layout has the columns that it was seen to have in public (`held.toml`); the rows are invented.
What is read is held against what was written, period by period.
"""

import csv
import io
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import trends
from trends import cli
from trends.tables.layouts import counts_in

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HELD = tomllib.loads((HERE / "held.toml").read_text(encoding="utf-8"))["table"]
#: The one that says when in a time zone: the mapping is found, and the zone is asked for.
IN_A_ZONE = "status.json"


def rows_of(table: dict) -> list[tuple[pd.Timestamp, int]]:
    """Return the day and the count of each row that is to be written."""
    if table["dates"] == "events":
        months = pd.date_range("2021-01-01", periods=18, freq="MS")
        days = [
            month + pd.Timedelta(days=shift)
            for number, month in enumerate(months)
            for shift in (2, 12, 22)[: 1 + 5 * number % 3]
        ]
        return [(day, 1) for day in days]
    starts = {
        "months": pd.date_range("2021-01-01", periods=18, freq="MS"),
        "weeks from Saturday": pd.date_range("2021-01-02", periods=18, freq="7D"),
        "weeks from Monday": pd.date_range("2021-01-04", periods=18, freq="7D"),
        "days": pd.date_range("2021-01-01", periods=40, freq="D"),
    }[table["dates"]]
    return [(day, 7 * number % 5) for number, day in enumerate(starts)]


def counts_meant(table: dict) -> list[int]:
    """Return the counts that have to be read."""
    rows = rows_of(table)
    if table["dates"] != "events":
        return [count for _, count in rows]
    return (
        pd.Series([day for day, _ in rows]).dt.to_period("M").value_counts().sort_index().tolist()
    )


def cells_of(table: dict) -> list[dict[str, str]]:
    """Return the rows as text under the names of the table."""
    names = next(csv.reader([table["header"]]))
    made = []
    for number, (day, count) in enumerate(rows_of(table), start=1001):
        filled = {
            name: text.format(n=number, day=day, count=count)
            for name, text in table["cells"].items()
        }
        row = {name: filled.get(name, "") for name in names}
        made += [row, {**row, **table["twice"]}] if "twice" in table else [row]
    if table.get("newest_first"):
        made.reverse()
    if "tags" in table:
        made.insert(0, {name: table["tags"].get(name, "") for name in names})
    return made


def write(table: dict, folder: Path) -> Path:
    """Write a table as it is held."""
    path = folder / table["file"]
    rows = cells_of(table)
    if path.suffix == ".json":
        page = {**table.get("inside", {}), table["under"]: rows} if "under" in table else rows
        path.write_text(json.dumps(page), encoding="utf-8")
    elif path.suffix == ".xlsx":
        with pd.ExcelWriter(path) as book:
            if "before" in table:
                licence = pd.DataFrame({"Licensing": ["Invented terms of use"]})
                licence.to_excel(book, sheet_name=table["before"], index=False)
            pd.DataFrame(rows).to_excel(book, sheet_name="Data", index=False)
    else:
        text = io.StringIO()
        between = "\t" if path.suffix in (".tsv", ".tab") else ","
        writer = csv.DictWriter(text, list(rows[0]), delimiter=between, lineterminator="\n")
        if not table.get("headless"):
            writer.writeheader()
        writer.writerows(rows)
        path.write_bytes(text.getvalue().encode(table.get("encoding", "utf-8")))
    return path


def analyse(monkeypatch, capsys, *words: str) -> tuple[int, str]:
    """Run `trends analyse` and return its exit code and what it printed."""
    monkeypatch.setattr(sys, "argv", ["trends", "analyse", *words])
    code = cli.run()
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def options_in(message: str) -> list[str]:
    """Return the options that a message offers, as a shell would take them."""
    offered = re.findall(
        r"--(?:header \d+|column (?:\"[^\"]+\"|'[^']+'))", " ".join(message.split())
    )
    return shlex.split(" ".join(offered))


def columns_in(options: list[str]) -> dict[str, str]:
    """Return the mapping that some options make."""
    return dict(word.split("=", 1) for word in options if "=" in word)


@pytest.mark.parametrize("table", HELD, ids=[one["file"] for one in HELD])
def test_a_table_is_read_as_it_was_written_or_refused_with_a_mapping_that_works(
    table, tmp_path, monkeypatch, capsys
):
    path = str(write(table, tmp_path))
    chosen = ["--where", table["where"]] if "where" in table else []
    code, said = analyse(monkeypatch, capsys, path, *chosen)
    options = options_in(said)
    assert bool(options) == table.get("mapped", False)
    if options:
        assert code == 3
        code, said = analyse(monkeypatch, capsys, path, *options, *chosen)
    if table["file"] == IN_A_ZONE:
        assert code == 3
        assert "must be a day without a time zone" in said
        return
    assert code == 0, said
    assert "between" in said
    header = 0 if "--header" in options else None
    counts = counts_in(path, columns=columns_in(options) or None, header=header)
    labels = [one.split("=") for one in chosen[1:]]
    series = trends.series(counts, **dict(labels), **table.get("group", {}))
    assert series["count"].tolist() == counts_meant(table)


def test_of_twenty_five_layouts_and_more_all_but_one_are_read():
    assert len({table["what"] for table in HELD}) == len(HELD) >= 25
    assert sum(outcome(table).startswith("read") for table in HELD) == len(HELD) - 1


def listing() -> str:
    """Return the table of layouts as it stands in the documentation."""
    rows = [f"| {table['what']} | {table['seen']} | {outcome(table)} |" for table in HELD]
    return "\n".join(["| Table | Columns seen in | Outcome |", "|:--|:--|:--|", *rows]) + "\n"


def outcome(table: dict) -> str:
    """Return what `trends analyse` does with a table."""
    if table["file"] == IN_A_ZONE:
        return "refused: its times have a time zone, and the local day decides the period"
    read = "read with the mapping of the message" if table.get("mapped") else "read as it is"
    return f"{read}, a series picked with `--where`" if "where" in table else read


def test_the_documentation_lists_every_layout_with_its_outcome():
    written = (ROOT / "docs/layouts.md").read_text(encoding="utf-8")
    assert written.endswith(listing()), "run `python tests/tables/test_held.py`"


if __name__ == "__main__":
    path = ROOT / "docs/layouts.md"
    head, _, _ = path.read_text(encoding="utf-8").partition("| Table")
    path.write_text(head + listing(), encoding="utf-8")
