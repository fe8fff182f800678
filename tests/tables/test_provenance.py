import hashlib

import pytest

from trends.tables.provenance import REQUIRED, provenance_table, read_provenance


def write_table(folder, *, leave_out=(), sha256=None):
    table = folder / "counts.csv"
    table.write_text("period,count\n2024-01,3\n", encoding="utf-8")
    entries = dict.fromkeys(REQUIRED, "x")
    entries["sha256"] = sha256 or hashlib.sha256(table.read_bytes()).hexdigest()
    lines = [f'{name} = "{value}"' for name, value in entries.items() if name not in leave_out]
    table.with_suffix(".toml").write_text("\n".join(lines), encoding="utf-8")
    return table


def test_a_sidecar_is_read_when_its_hash_is_that_of_the_table(tmp_path):
    assert read_provenance(write_table(tmp_path)).file == "counts.csv"


def test_an_edited_table_no_longer_fits_its_sidecar(tmp_path):
    table = write_table(tmp_path)
    table.write_text("period,count\n2024-01,4\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must have the sha256 of its sidecar"):
        read_provenance(table)


def test_a_sidecar_without_a_licence_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="got none for licence"):
        read_provenance(write_table(tmp_path, leave_out=("licence",)))


def test_the_listing_has_one_row_per_table_and_arabic_headings_when_asked(tmp_path):
    listed = provenance_table([write_table(tmp_path)], lang="ar")
    assert listed.shape == (1, 4)
    assert listed.columns[0] == "الملف"
