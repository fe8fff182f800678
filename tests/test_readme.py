"""What the README shows runs as it is pasted, and prints what it says."""

import re
import shlex
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from typer.testing import CliRunner

from trends.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", README, re.DOTALL | re.MULTILINE
)
COMMANDS = re.findall(
    r"^trends (rate|analyse|compare|doctor|validate)\b(.*)$", README, re.MULTILINE
)


@pytest.mark.parametrize(("code", "printed"), BLOCKS)
def test_each_example_runs_as_pasted_and_prints_what_is_said(code, printed, capsys):
    exec(compile(code, "README.md", "exec"), {})
    plt.close("all")
    if printed:
        assert capsys.readouterr().out.split() == printed.split()


def test_the_first_thing_said_is_how_it_is_installed():
    assert README.index("pip install event-trends") < README.index("import trends\n")
    assert BLOCKS[0][1]


@pytest.mark.parametrize(("command", "rest"), COMMANDS)
def test_each_command_that_reads_what_is_here_runs(command, rest, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    words = [command, *shlex.split(rest, comments=True)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output


def test_every_command_of_the_readme_is_there():
    known = {name for name, _ in app_commands()}
    for command in re.findall(r"^trends ([a-z-]+)", README, re.MULTILINE):
        assert command in known, command


def app_commands():
    import typer

    return typer.main.get_command(app).commands.items()


def test_every_file_that_is_linked_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
