"""A command never writes over what it reads, through a link, or onto a device."""

import os

import pytest

from trends.destinations import check_destination


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("a\n", encoding="utf-8")
    return path


def test_a_new_file_and_a_plain_one_may_be_written(events, tmp_path):
    assert check_destination(tmp_path / "new.csv", inputs=[events]) == tmp_path / "new.csv"
    (tmp_path / "old.csv").write_text("b\n", encoding="utf-8")
    assert check_destination(tmp_path / "old.csv", inputs=[events]).name == "old.csv"


@pytest.mark.parametrize("spelling", ["events.csv", "./x/../events.csv"])
def test_an_input_is_never_the_output_however_it_is_spelled(events, tmp_path, spelling):
    (tmp_path / "x").mkdir()
    with pytest.raises(ValueError, match="which is the input"):
        check_destination(tmp_path / spelling, inputs=[str(events)])


def test_a_file_that_a_glob_stands_for_is_an_input(events, tmp_path):
    with pytest.raises(ValueError, match="which is the input"):
        check_destination(events, inputs=[str(tmp_path / "*.csv")])


def test_a_second_name_of_the_input_is_the_input(events, tmp_path):
    os.link(events, tmp_path / "twin.csv")
    with pytest.raises(ValueError, match="which is the input"):
        check_destination(tmp_path / "twin.csv", inputs=[events])


def test_a_link_is_not_written_through_and_its_target_is_named(events, tmp_path):
    (tmp_path / "link.csv").symlink_to(events)
    with pytest.raises(ValueError, match=r"a link to '.*events\.csv'. Name that file itself"):
        check_destination(tmp_path / "link.csv")


def test_a_device_a_folder_and_a_missing_folder_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        ("/dev/null", "a device"),
        (tmp_path / "pipe", "a device"),
        (tmp_path, "a folder"),
        (tmp_path / "none/x.csv", "there is no folder"),
    ):
        with pytest.raises(ValueError, match=words):
            check_destination(path)
