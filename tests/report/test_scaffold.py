import pytest

from trends.report import render
from trends.report.scaffold import scaffold


def test_a_new_report_renders_as_it_is(tmp_path):
    folder = tmp_path / "mine"
    written = scaffold(folder)
    assert folder / "_quarto.yml" in written
    rendered = render(folder, engine="builtin")
    page = (rendered.site / "reports" / "index.html").read_text(encoding="utf-8")
    assert "Example events" in page


def test_a_folder_with_files_in_it_is_left_alone(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="`folder` must not exist or be empty"):
        scaffold(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
