"""Can another program read the tables by what is said of them, and the edition by its crate?"""

import csv
import json
import re
from datetime import date

import pytest

from trends.report import render
from trends.report.package import table_metadata

#: What a value of each kind is, read anew.
READ = {
    "boolean": lambda text: {"true": True, "false": False}[text],
    "gYear": lambda text: int(re.fullmatch(r"\d{4}", text)[0]),
    "gYearMonth": lambda text: date.fromisoformat(f"{text}-01"),
    "date": date.fromisoformat,
    "integer": int,
    "decimal": float,
    "anyURI": lambda text: re.fullmatch(r"https?://\S+", text)[0],
    "string": str,
}
TABLES = ["statements", "definitions", "is_events_monthly", "is_events_yearly", "places"]


@pytest.mark.parametrize("name", TABLES)
def test_every_value_is_of_the_kind_that_its_column_declares(published, name):
    path = published / f"{name}.csv"
    made = table_metadata(path)
    columns = made["tableSchema"]["columns"]
    with path.open(encoding="utf-8", newline="") as opened:
        head, *rows = csv.reader(opened)
    assert [column["name"] for column in columns] == head
    for at, column in enumerate(columns):
        values = [row[at] for row in rows]
        for value in filter(None, values):
            READ[column["datatype"]](value)
        assert column.get("required", False) == all(values), column["name"]
        assert column["dc:description"][0]["@value"], column["name"]


def test_published_figures_are_counts_days_and_addresses_with_their_names_as_key(published):
    made = table_metadata(published / "statements.csv")
    kinds = {one["name"]: one["datatype"] for one in made["tableSchema"]["columns"]}
    assert made["tableSchema"]["primaryKey"] == "statement_id"
    assert (kinds["count"], kinds["window_start"], kinds["url"]) == ("integer", "date", "anyURI")
    assert (kinds["qualifier"], kinds["note"]) == ("string", "string")
    assert made["dc:title"].startswith("Published counts")
    assert len(made["rdfs:comment"]) == 5
    about = {one["name"]: one.get("dc:description") for one in made["tableSchema"]["columns"]}
    assert about["count"][0] == {"@value": "The published figure.", "@language": "en"}


def test_a_table_without_a_sidecar_or_with_nothing_in_it_is_told_all_the_same(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("period,count,strange\n2024,3,2024\n2025,,x\n", encoding="utf-8")
    made = table_metadata(path)
    assert [one["datatype"] for one in made["tableSchema"]["columns"]] == [
        "gYear", "integer", "string",
    ]  # fmt: skip
    assert {one["@language"] for one in made["tableSchema"]["columns"][0]["dc:description"]} == {
        "en", "ar",
    }  # fmt: skip
    assert "dc:description" not in made["tableSchema"]["columns"][2]
    path.write_text("", encoding="utf-8")
    assert table_metadata(path)["tableSchema"]["columns"] == []


def test_the_crate_names_every_page_table_and_finding_with_its_size(counting_page):
    page = counting_page(294)
    config = page / "_quarto.yml"
    config.write_text(
        config.read_text(encoding="utf-8").replace(
            "type: website", "type: website\n  resources: [/data/*.csv]"
        ),
        encoding="utf-8",
    )
    (page / "data").mkdir(exist_ok=True)
    (page / "data" / "own.csv").write_text("count\n3\n", encoding="utf-8")
    (page / "CITATION.cff").write_text(
        "license: MIT\nauthors:\n  - {given-names: Ada, family-names: Byron}\n", encoding="utf-8"
    )
    site = render(page, engine="builtin", formats=["html"]).site
    graph = json.loads((site / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    by_id = {one["@id"]: one for one in graph}
    assert len(by_id) == len(graph)
    root = by_id["./"]
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert by_id[root["license"]["@id"]]["name"] == "MIT"
    assert by_id[root["author"][0]["@id"]]["name"] == "Ada Byron"
    parts = [one["@id"] for one in root["hasPart"]]
    there = {
        path.relative_to(site).as_posix()
        for path in site.rglob("*")
        if path.suffix in {".html", ".csv"} and "figures" not in path.parts
    }
    assert there - {"index.html"} <= {*parts} | {"index.html"}
    for part in parts:
        assert by_id[part]["contentSize"] == str((site / part).stat().st_size)
    assert by_id["#edition"]["object"] == [{"@id": "data/own.csv"}]
    assert (
        json.loads((site / "data/csv-metadata.json").read_text(encoding="utf-8"))["tables"][0][
            "url"
        ]
        == "own.csv"
    )
