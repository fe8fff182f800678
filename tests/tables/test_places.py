from pathlib import Path

import pytest

from trends.tables.faults import InvalidTable
from trends.tables.places import read_tile_grid

DATA = Path(__file__).resolve().parents[2] / "data"


def written(folder, *rows):
    path = folder / "places.csv"
    path.write_text("country,governorate,row,column,n_stated\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def test_every_governorate_has_a_cell_of_its_own_but_the_one_without():
    for country, n_places in (("Syria", 15), ("Iraq", 19)):
        places = read_tile_grid(DATA / "places.csv", country=country)
        assert len(places) == n_places
        placed = places.dropna(subset="row")
        assert len(placed) == n_places - 1
        assert not placed.duplicated(["row", "column"]).any()
        assert places.loc[places["row"].isna(), "governorate"].str.startswith("No gov").all()


def test_neighbours_in_the_grid_lie_as_they_do_on_a_map():
    syria = read_tile_grid(DATA / "places.csv", country="Syria").set_index("governorate")
    iraq = read_tile_grid(DATA / "places.csv", country="Iraq").set_index("governorate")
    assert syria.loc["Daraa | درعا", "row"] > syria.loc["Damascus | دمشق", "row"]
    assert syria.loc["Hasakah | الحسكة", "column"] > syria.loc["Raqqa | الرقة", "column"]
    assert iraq.loc["Basra | البصرة", "row"] > iraq.loc["Baghdad | بغداد", "row"]
    assert iraq.loc["Anbar | الأنبار", "column"] < iraq.loc["Baghdad | بغداد", "column"]


def test_every_fault_of_a_table_of_places_is_told_with_its_row(tmp_path):
    path = written(tmp_path, "A,x,0,1,3", "A,y,0,1,4", "A,z,north,2,5", "B,v,0,1,1")
    with pytest.raises(InvalidTable) as refused:
        read_tile_grid(path, country="A")
    told = str(refused.value)
    assert "no two places of a country may stand in one cell" in told
    assert "north" in told
    assert read_tile_grid(path, country="B")["n_stated"].tolist() == [1]
    with pytest.raises(ValueError, match="`country` must be one of A, B, got 'C'"):
        read_tile_grid(path, country="C")


def test_a_table_without_positions_is_no_table_of_places(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("country,governorate\nA,x\n", "utf-8")
    with pytest.raises(InvalidTable, match="column row: this column is missing"):
        read_tile_grid(path, country="A")
