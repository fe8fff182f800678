"""Does one row meet one verdict, whichever way it comes?"""

import io
import sys
import zipfile

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trends import cli
from trends.tables.counting import count_events
from trends.tables.counts import read_counts
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.layouts import counts_in
from trends.tables.validation import validate

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")

SPAN = ("2019-12", "2020-06")
COLUMNS = [
    "event_id",
    "start",
    "end",
    "date_precision",
    "country",
    "latitude",
    "longitude",
    "fatalities_best",
]
ODD = {
    "event_id": [
        "e0",
        "e0 ",
        "\u00a0e0",
        "e\u200b0",
        "",
        "  ",
        "1.97E+11",
        "e\u0301",
        "\u00e9",
        "7.0",
    ],
    "start": [
        "",
        "   ",
        "2020-02-30",
        "2020-02-03 22",
        "2020-02-03T22:30",
        "2020-02-03T99:99",
        "2020-02-03T99:99:99",
        "2020-02-03 2359",
        "2020-02-03T00:00:00Z",
        "2020-02-03T22:30:00Z",
        "2020-02-03T00:00:00+03:00",
        "2020-02-03T23:30:00+03:00",
        "2020-02-03 00:00:00.000",
        "0000-02-03",
        "0025-02-03",
        "9999-12-31",
        "2020-2-3",
        " 2020-02-03",
        "2020-02-03 ",
        "03 February 2020",
        "20200203",
        "\u0662\u0660\u0662\u0660-\u0660\u0662-\u0660\u0663",
        "NaT",
        "infinity",
        "epoch",
    ],
    "end": ["", "2020-02-02", "2020-02-09", "9999-12-31", "2020-02-31", "NA", "2020-03-01T10:00"],
    "date_precision": ["", "day", "month", "Day", " day", "1", "1.0", "hour"],
    "country": [
        "",
        "   ",
        "\u00a0",
        "\u200b",
        "\u0633\u0648\u0631\u064a\u0627",
        "Syrie\u0301",
        " Iraq",
        "=1+1",
    ],
    "latitude": [
        "",
        "33",
        "91",
        "-90",
        "nan",
        "inf",
        "1e1",
        "33,5",
        "\u0663\u0663",
        "0x10",
        "1_0",
        " 33",
        ".",
    ],
    "longitude": ["", "44", "200", "NA", "-86185896", "44.5 "],
    "fatalities_best": ["", "0", "-1", "1e400", "two", "1.204", "NaN", "+3", "\uff13"],
}
GOOD = {
    "start": "2020-02-03",
    "end": "",
    "date_precision": "day",
    "country": "Iraq",
    "latitude": "33",
    "longitude": "44",
    "fatalities_best": "1",
}


@st.composite
def tables(draw):
    """Draw a table of a few good rows in which some cells are odd."""
    rows = [{"event_id": f"e{number}", **GOOD} for number in range(4)]
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(COLUMNS))
        rows[draw(st.integers(0, 3))][name] = draw(st.sampled_from(ODD[name]))
    return pd.DataFrame(rows, columns=COLUMNS, dtype="str")


def verdict(ask):
    """Return the counts that a door gives, or that it refuses the table."""
    try:
        counts = ask()
    except InvalidTable:
        return "refused"
    counted = counts[counts["count"] > 0]
    return list(
        zip(counted["country"], counted["period"].astype(str), counted["count"], strict=True)
    )


def at_every_door(table, folder, monkeypatch):
    """Return what each door says of a table of text."""
    table.to_csv(folder / "events.csv", index=False)
    table.to_parquet(folder / "events.parquet", index=False)
    options = {"by": "country", "span": SPAN}
    doors = {
        "frame": lambda: count_events(table, **options),
        "text file": lambda: count_events(folder / "events.csv", **options),
        "Parquet file": lambda: count_events(folder / "events.parquet", **options),
        "engine": lambda: count_events(ibis.memtable(table), **options),
        "reader": lambda: count_events(read_events(folder / "events.csv"), **options),
    }
    said = {name: verdict(ask) for name, ask in doors.items()}
    with monkeypatch.context() as patch:
        patch.setattr("trends.tables.scanning.IN_MEMORY_BYTES", 0)
        patch.setattr("trends.tables.tallying._REREAD_BYTES", 0)
        said["stream"] = verdict(doors["text file"])
    if not validate(folder / "events.csv").ok:
        said["validate"] = "refused"
    return said


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=tables())
def test_every_door_gives_one_verdict_on_odd_cells(tmp_path_factory, table):
    with pytest.MonkeyPatch.context() as monkeypatch:
        said = at_every_door(table, tmp_path_factory.mktemp("doors"), monkeypatch)
    first = said["reader"]
    assert all(each == first for each in said.values()), said


def check_one_cell(folder, monkeypatch, name, value):
    rows = [{"event_id": f"e{number}", **GOOD} for number in range(3)]
    rows[2][name] = value
    said = at_every_door(pd.DataFrame(rows, columns=COLUMNS, dtype="str"), folder, monkeypatch)
    assert all(each == said["reader"] for each in said.values()), said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_id", "e\u200b0"),
        ("start", "2020-02-03T99:99:99"),
        ("country", "\u00a0"),
        ("latitude", "inf"),
        ("end", "2020-02-02"),
        ("fatalities_best", "1e400"),
    ],
)
def test_every_door_gives_one_verdict_on_the_oddest_cells(tmp_path, monkeypatch, name, value):
    check_one_cell(tmp_path, monkeypatch, name, value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, odd in ODD.items() for value in odd]
)
def test_every_door_gives_one_verdict_on_each_odd_cell_alone(tmp_path, monkeypatch, name, value):
    check_one_cell(tmp_path, monkeypatch, name, value)


def test_labels_that_look_alike_are_one_group_and_none_speaks_to_a_terminal(tmp_path):
    countries = ["Syri\u00e9", "Syrie\u0301", "Syri\u00e9\u200b", "\x1b[31mSyri\u00e9"]
    table = pd.DataFrame(
        {"event_id": list("abcd"), "start": "2020-02-03", "country": countries}, dtype="str"
    )
    path = tmp_path / "events.csv"
    table.to_csv(path, index=False)
    for door in (path, table, ibis.memtable(table)):
        counts = count_events(door, by="country", span=("2020-02", "2020-02"))
        assert counts["country"].tolist() == ["Syri\u00e9", "[31mSyri\u00e9"]
        assert counts["count"].tolist() == [3, 1]
    assert "\x1b" not in validate(path).to_text()


def test_a_column_named_twice_is_refused_at_every_door(tmp_path):
    table = pd.DataFrame([["a", "2020-02-03", "Iraq", "Anbar"]])
    table.columns = ["event_id", "start", "country", "country"]
    path = tmp_path / "events.csv"
    table.to_csv(path, index=False)
    for door in (path, table):
        with pytest.raises(InvalidTable, match="column country: column names must be unique"):
            count_events(door)
    assert not validate(path).ok


def test_an_exposure_that_no_rate_can_be_made_of_is_refused(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("period,count,exposure\n2020-01,5,1e-300\n")
    with pytest.raises(InvalidTable, match="an exposure of 0, or of at least a millionth"):
        read_counts(path)
    path.write_text("period,count\n2020-01,5\n0000-05,6\n2020-02,6\n")
    with pytest.raises(InvalidTable, match="row 3, column period"):
        read_counts(path)


def test_a_table_of_the_other_kind_says_which_door_is_its_own(tmp_path):
    (tmp_path / "counts.csv").write_text("period,count\n2020-01,5\n")
    (tmp_path / "events.csv").write_text("event_id,start\na,2020-01-05\n")
    for door in (read_events, count_events):
        with pytest.raises(InvalidTable, match="must hold events, holds counts"):
            door(tmp_path / "counts.csv")
    with pytest.raises(InvalidTable, match="must hold counts, holds events"):
        read_counts(tmp_path / "events.csv")
    figures = "measure,count,window_start,window_end,counted_by\nattacks,3,2024,2024,A\n"
    watched = "source,country,watched_from,watched_to\nA,Iraq,2024-01-01,2024-01-31\n"
    counted = (
        "definition,counter,measure,counts_from,counts_to,counts\na,A,attacks,2024-01-01,,all\n"
    )
    for text, held, own in (
        (figures, "published figures", "`read_statements`"),
        (watched, "who watched when", "`coverage`"),
        (counted, "definitions", "`read_definitions`"),
    ):
        (tmp_path / "other.csv").write_text(text)
        for door in (read_events, count_events, read_counts, counts_in):
            with pytest.raises(InvalidTable, match=f"holds {held}, .*{own}"):
                door(tmp_path / "other.csv")


EVENTS = "event_id,start,country,latitude,longitude\n" + "".join(
    f"e{month},2020-{month:02d}-05,Ruritania,47.5,9.5\n" for month in range(1, 13)
)
COUNTS = "country,period,count,exposure\n" + "".join(
    f"Ruritania,2020-{month:02d},{month % 4},28\n" for month in range(1, 13)
)


def locked(text: str) -> bytes:
    """Return a zip archive whose table is marked as encrypted."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("t.csv", text)
    changed = bytearray(stored.getvalue())
    changed[6] |= 1
    changed[changed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


#: What a file holds, and what it is read as; "" where no door reads it.
FILES = {
    "plain events": (EVENTS, "events"),
    "plain counts": (COUNTS, "counts"),
    "two byte order marks": ("\ufeff\ufeff" + EVENTS, "events"),
    "UTF-32": (EVENTS.encode("utf-32"), "events"),
    "UTF-16": (COUNTS.encode("utf-16"), "counts"),
    "lines of an old Macintosh": (EVENTS.replace("\n", "\r"), "events"),
    "sep line": ("sep=;\n" + COUNTS.replace(",", ";"), "counts"),
    "a column of row numbers": (
        "\n".join(f"{n - 1 if n else ''},{line}" for n, line in enumerate(EVENTS.split("\n")[:-1])),
        "events",
    ),
    "a label that speaks to a terminal": (EVENTS.replace("e4,", "e4\x1b]0;x\x07,"), "events"),
    "a label that a spreadsheet runs": (
        EVENTS.replace("05-05,Ruritania", "05-05,=cmd|' /C calc'!A0"),
        "events",
    ),
    "decomposed letters": (
        COUNTS.replace("Ruritania", "Syrie\u0301", 3).replace("Ruritania", "Syri\u00e9"),
        "counts",
    ),
    "a space that hides": (COUNTS.replace("Ruritania", "Ruritania\u200b", 3), "counts"),
    "an archive with a password": (locked(EVENTS), ""),
    "zero bytes": (EVENTS.replace("e3", "e\x003").encode("utf-16"), ""),
    "empty cells": (",,,\n,,,\n", ""),
    "quotes": ('""\n""\n', ""),
    "a number of records": ('{"Result": 5}', ""),
    "records that are numbers": ('{"Result": [1, 2]}', ""),
    "no records": ('{"Result": null}', ""),
    "a name twice": (EVENTS.replace("latitude,", "country,"), ""),
    "an hour 99": (EVENTS.replace("04-05", "04-05T99:99"), ""),
    "a time zone": (EVENTS.replace("04-05", "04-05T23:30:00+03:00"), ""),
    "year 0": (EVENTS.replace("2020-04", "0000-04"), ""),
    "year 9999": (EVENTS.replace("2020-04", "9999-04"), ""),
    "a blank country": (EVENTS.replace("04-05,Ruritania", "04-05,"), ""),
    "an id twice but for a space": (EVENTS.replace("e5,", "e4 ,"), ""),
    "a latitude alone": (EVENTS.replace("04-05,Ruritania,47.5,9.5", "04-05,Ruritania,47.5,"), ""),
    "a period of year 0": (COUNTS.replace("2020-04", "0000-04"), ""),
    "wide digits": (COUNTS.replace(",28", ",\uff12\uff18", 1), ""),
    "next to no exposure": (COUNTS.replace(",28", ",1e-300", 1), ""),
    "a web page": ("<!doctype html><html>moved</html>", ""),
}


def ends(monkeypatch, capsys, *words):
    """Run a command and return its exit code; a traceback is a failure."""
    monkeypatch.setattr(sys, "argv", ["trends", *map(str, words)])
    code = cli.run()
    assert "Traceback" not in capsys.readouterr().err
    return code


def reads(door, path):
    """Tell whether a door reads a file, which it else refuses with a fault."""
    try:
        door(path)
    except InvalidTable:
        return False
    return True


@pytest.mark.parametrize("name", list(FILES))
def test_every_door_and_command_ends_alike_on_an_odd_file(tmp_path, monkeypatch, capsys, name):
    content, kind = FILES[name]
    path = tmp_path / ("t.zip" if name == "an archive with a password" else "t.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    told = validate(path)
    assert told.ok == bool(kind)
    assert [kind] == [one.kind for one in told.files if told.ok] or not kind
    assert reads(read_events, path) == reads(count_events, path) == (kind == "events")
    assert reads(read_counts, path) == (kind == "counts")
    assert reads(counts_in, path) == bool(kind)
    assert ends(monkeypatch, capsys, "validate", path) == (0 if kind else 3)
    assert ends(monkeypatch, capsys, "analyse", path) == (0 if kind else 3)
    out = tmp_path / "out.csv"
    assert ends(monkeypatch, capsys, "count", path, "--out", out) == (0 if kind == "events" else 3)
