"""A subject is words and facts in a folder: every fault of one is named, with what was meant."""

import re
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from trends.tables.choices import SOURCE_KINDS
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable
from trends.tables.languages import KEPT
from trends.tables.packs import (
    country_boxes,
    country_names,
    pack_names,
    read_pack,
    source_kinds,
)
from trends.tables.provenance import read_provenance
from trends.tables.validation import validate

ROOT = Path(find_spec("trends").submodule_search_locations[0])

SOUND = """
[pack]
en = "Floods"
ar = "فيضانات"
counted = "floods"
columns = ["Floods"]

[measure.floods]
en_one = "flood"
en_many = "floods"
ar_one = "فيضان"
ar_two = "فيضانان"
ar_few = "فيضانات"
ar_many = "فيضانًا"

[source_kind.gauge]
drawn = "monitor"
en = "gauges"
ar = "مقاييس"

[actor."River Board"]
en = "River Board"
ar = "هيئة النهر"

[date.dam]
date = 2020-05-01
en = "dam opened"
ar = "افتتاح السد"
source = "River Board"
"""


def written(folder, text):
    """Write a pack of one's own, and return its folder."""
    (folder / "floods").mkdir(exist_ok=True)
    (folder / "floods" / "pack.toml").write_text(text, encoding="utf-8")
    return folder / "floods"


def told(folder, text):
    """Return what is said to be wrong in a pack."""
    with pytest.raises(InvalidTable) as refused:
        read_pack(written(folder, text))
    return str(refused.value)


def test_a_pack_of_ones_own_is_read_whole(tmp_path):
    pack = read_pack(written(tmp_path, SOUND))
    assert (pack.name, pack.counted, pack.columns) == ("floods", "floods", ("floods",))
    assert pack.measures["floods"]["en_many"] == "floods"
    assert pack.source_kinds["gauge"]["drawn"] == "monitor"
    assert pack.names["River Board"]["ar"] == "هيئة النهر"
    assert str(pack.dates["dam"]["date"]) == "2020-05-01"
    assert read_pack("floods/", beside=tmp_path) == pack


@pytest.mark.parametrize("name", pack_names())
def test_every_pack_of_the_package_is_sound_and_its_series_has_a_sidecar(name):
    pack = read_pack(name)
    assert set(KEPT) <= set(pack.title)
    if pack.series is not None:
        assert read_provenance(pack.series).licence


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('counted = "floods"', 'conted = "floods"'), r"pack.conted: must be .* counted"),
        (('counted = "floods"', 'counted = "flods"'), r"pack.counted: must be a noun.* floods"),
        (("[actor.", "[actors."), r"actors: must be a known key.* Write actor"),
        (('ar_two = "فيضانان"\n', ""), r"measure.floods.ar_two: must be given"),
        (("en_many", "en_mny"), r"measure.floods.en_mny: must be a known key.* Write en_many"),
        (("en_many", "xx_many"), r"measure.floods.xx_many: must be a known key"),
        (('"monitor"', '"monitors"'), r"source_kind.gauge.drawn: must be one of own, monitor"),
        (('en = "gauges"', 'de = "Pegel"'), r"source_kind.gauge.de: must be a known key"),
        (('en = "gauges"', "en = 5"), r"source_kind.gauge.en: must be text in quotes, got '5'"),
        (('columns = ["Floods"]', 'columns = "Floods"'), r"pack.columns: must be a list"),
        (('columns = ["Floods"]', "columns = [1]"), r"pack.columns: must be a list of headings"),
        (("date = 2020-05-01", 'date = "2020-05-01"'), r"date.dam.date: must be a day"),
        (('source = "River Board"', ""), r"date.dam.source: must be given"),
        (('ar = "هيئة النهر"', 'ar = ""'), r"actor.River Board.ar: must be text"),
        (('[date.dam]', '[date]\ndam = 3\n[date.weir]'), r"date.dam: must be a table"),
        (('columns =', 'series = "../../x.csv"\ncolumns ='), r"pack.series: must be inside"),
        (('columns =', 'series = "x.csv"\ncolumns ='), r"pack.series: must be a file of the pack"),
        (("[pack]", "[pack"), r"must be TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_pack_is_named_with_what_was_meant(tmp_path, change, says):
    assert change[0] in SOUND
    assert re.search(says, told(tmp_path, SOUND.replace(*change)))


def test_all_faults_of_a_pack_are_told_at_once(tmp_path):
    wrong = SOUND.replace("counted", "conted").replace("ar_one", "ar_on").replace("drawn", "drwn")
    assert told(tmp_path, wrong).startswith("5 faults found")


def test_a_pack_that_there_is_not_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match=r"`pack` must be one of .*conflict.*, got 'conflit'"):
        read_pack("conflit")
    with pytest.raises(FileNotFoundError):
        read_pack(tmp_path / "nothing")


def test_kinds_of_source_are_those_of_every_subject_and_of_the_packs():
    assert set(SOURCE_KINDS) == {
        "monitor", "government", "un", "media", "unknown", *source_kinds()
    }  # fmt: skip
    assert len(set(SOURCE_KINDS)) == len(SOURCE_KINDS)


def test_every_country_has_a_box_and_a_name_in_each_language():
    boxes, names = country_boxes(), country_names()
    assert set(boxes) == set(names)
    assert len(boxes) > 240
    for name, (south, west, north, east) in boxes.items():
        assert -90 <= south < north <= 90, name
        assert -180 <= west < east <= 180, name
        assert all(names[name][lang] for lang in KEPT)
    assert names["Turkey"]["ar"] == names["Türkiye"]["ar"] == "تركيا"


# Capitals, by their published coordinates.
@pytest.mark.parametrize(
    ("country", "latitude", "longitude"),
    [
        ("Nigeria", 9.07, 7.49), ("Ukraine", 50.45, 30.52), ("Chile", -33.45, -70.67),
        ("Fiji", -18.14, 178.44), ("Norway", 59.91, 10.75), ("South Sudan", 4.85, 31.58),
        ("Democratic Republic of Congo", -4.32, 15.31), ("Myanmar (Burma)", 19.76, 96.08),
        ("Cyprus", 35.17, 33.36), ("United States of America", 38.9, -77.04),
    ],
)  # fmt: skip
def test_a_capital_lies_in_the_box_of_its_country(country, latitude, longitude):
    south, west, north, east = country_boxes()[country]
    assert south < latitude < north
    assert west < longitude < east


def test_an_event_outside_its_country_is_a_doubt_in_any_country(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "event_id,start,country,latitude,longitude\n"
        "a,2024-05-01,Nigeria,9.1,7.5\nb,2024-05-02,Nigeria,50.0,7.5\n",
        encoding="utf-8",
    )
    assert len(read_events(path)) == 2
    [doubt] = validate(path).doubts
    assert "Nigeria" in str(doubt)


def test_the_table_of_countries_is_that_of_its_sidecar():
    assert read_provenance(ROOT / "packs/places.csv").producer.startswith("Natural Earth")
    assert (
        not pd.read_csv(ROOT / "packs/places.csv", keep_default_na=False).duplicated("code").any()
    )
