import hashlib
from datetime import date

import pandas as pd
import pytest

import trends
from trends.tables.provenance import (
    MADE_UP,
    REQUIRED,
    UNSTATED,
    provenance_table,
    read_provenance,
    write_sidecar,
)


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


# ------- sidecars that are written and renewed


def bare(folder, text="Month,Incidents\n2024-01,4\n"):
    table = folder / "incidents.csv"
    table.write_text(text, encoding="utf-8")
    return table


def test_a_new_sidecar_has_the_hash_and_the_day_and_says_what_nobody_stated(tmp_path):
    table = bare(tmp_path)
    write_sidecar(table, {"licence": 'own "terms"'}, today=date(2025, 3, 1))
    found = read_provenance(table)
    assert (found.title, found.accessed, found.licence) == (
        "incidents",
        "2025-03-01",
        'own "terms"',
    )
    assert found.producer == found.citation == UNSTATED


def test_renewing_changes_hash_day_and_what_is_given_and_no_other_line(tmp_path):
    table = bare(tmp_path)
    write_sidecar(table, today=date(2025, 3, 1))
    sidecar = table.with_suffix(".toml")
    by_hand = (
        sidecar.read_text(encoding="utf-8")
        + '# a remark\ncaveats = ["rough"]\n\n[columns]\ntitle = "a column"\n'
    )
    sidecar.write_text(by_hand, encoding="utf-8")
    bare(tmp_path, "Month,Incidents\n2024-01,5\n")
    write_sidecar(table, {"producer": "Us"}, today=date(2025, 4, 2))
    before, after = by_hand.splitlines(), sidecar.read_text(encoding="utf-8").splitlines()
    changed = {old.split(" ")[0] for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {"producer", "sha256", "accessed"}
    assert read_provenance(table).caveats == ("rough",)


def test_a_sidecar_of_made_up_numbers_that_lost_its_hash_is_written_anew(tmp_path):
    table = bare(tmp_path)
    table.with_suffix(".toml").write_text(f'producer = "{MADE_UP}"\n', encoding="utf-8")
    write_sidecar(table)
    assert read_provenance(table).producer == UNSTATED


def test_renewing_for_the_same_file_keeps_the_day_it_was_obtained(tmp_path):
    table = bare(tmp_path)
    write_sidecar(table, today=date(2025, 3, 1))
    before = table.with_suffix(".toml").read_bytes()
    write_sidecar(table, today=date(2025, 4, 2))
    assert table.with_suffix(".toml").read_bytes() == before


def test_an_entry_over_several_lines_is_refused_and_nothing_is_written(tmp_path):
    table = bare(tmp_path)
    sidecar = table.with_suffix(".toml")
    sidecar.write_text('citation = """one\ntwo"""\n', encoding="utf-8")
    with pytest.raises(ValueError, match="on one line"):
        write_sidecar(table, {"citation": "three"})
    assert sidecar.read_text(encoding="utf-8") == 'citation = """one\ntwo"""\n'


def test_entries_of_no_sidecar_and_sidecars_of_no_table_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be among producer, title.*got .license."):
        write_sidecar(bare(tmp_path), {"license": "MIT"})
    with pytest.raises(ValueError, match="itself a sidecar"):
        write_sidecar(tmp_path / "incidents.toml")
    with pytest.raises(FileNotFoundError):
        write_sidecar(tmp_path / "nothing.csv")


# ------- breaks that a sidecar declares

COUNTED = "country,period,count\n" + "".join(
    f"{country},{month},{5 + number}\n"
    for country in ("Iraq", "Syria")
    for number, month in enumerate(pd.period_range("2015-07", periods=12, freq="M"))
)


def beside(folder, entry):
    """A table of counts with a sidecar that holds one entry of breaks."""
    path = folder / "counts.csv"
    path.write_text(COUNTED)
    path.with_suffix(".toml").write_text(entry, encoding="utf-8")
    return path


BREAK = '[[breaks]]\ndate = "2016-01-01"\nbefore = "old"\nafter = "new"\n'


def test_a_break_of_a_sidecar_reaches_the_series_it_is_about(tmp_path):
    path = beside(tmp_path, BREAK + 'where = { country = "Syria" }\nurl = "https://example.org"\n')
    counts = trends.read_counts(path)
    syria, iraq = (trends.series(counts, country=name) for name in ("Syria", "Iraq"))
    (known,) = trends.known_breaks(syria)
    assert (known.date, known.before, known.after) == (pd.Timestamp("2016-01-01"), "old", "new")
    assert syria.attrs["caveats"] == ["gathering_break:2016-01-01"]
    assert trends.known_breaks(iraq) == []
    assert iraq.attrs["caveats"] == []
    graded = [one for one in trends.estimate_trend(syria).findings() if one.graded_by]
    assert all(one.grade in ("C", "D") for one in graded)
    said = trends.estimate_trend(syria).summary()
    assert "changed on 1 January 2016" in said
    assert "1 كانون الثاني/يناير 2016" in trends.estimate_trend(syria).summary("ar")


def test_a_break_without_where_is_about_all_groups_and_only_within_their_time(tmp_path):
    counts = trends.read_counts(beside(tmp_path, BREAK))
    assert len(trends.known_breaks(trends.series(counts, country="Iraq"))) == 1
    early = trends.read_counts(beside(tmp_path, BREAK.replace("2016-01-01", "2015-07-01")))
    assert trends.known_breaks(trends.series(early, country="Iraq")) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (BREAK.replace('after = "new"\n', ""), "got none for after"),
        (BREAK + 'reason = "x"\n', "got 'reason'"),
        (BREAK.replace("2016-01-01", "January 2016"), "got 'January 2016'"),
    ],
)
def test_a_break_that_says_too_little_or_what_none_says_is_refused(tmp_path, entry, message):
    with pytest.raises(ValueError, match=message):
        trends.read_counts(beside(tmp_path, entry))


def test_a_table_without_sidecar_has_no_breaks(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(COUNTED)
    assert trends.read_counts(path).attrs["breaks"] == []
