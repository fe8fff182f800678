"""What is published: the name, the version, what the wheel holds, and what an extra brings."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

import trends
from trends.parts import DISTRIBUTION, PARTS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the source archive, built from a copy of what git knows."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    [path] = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "trends"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    kept = {name for name in listed if (ROOT / name).exists()}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == kept
    for needed in (
        "trends/py.typed",
        "trends/__init__.pyi",
        "trends/findings/words/ar.toml",
        "trends/tables/layouts.toml",
        "trends/report/filters/findings.lua",
        "trends/report/typst/page.typ",
    ):
        assert needed in packed


def test_the_source_archive_holds_the_package_and_its_papers_alone(built):
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        top = {name.split("/")[1] for name in archive.getnames()}
    assert top == {
        ".gitignore",
        "CHANGELOG.md",
        "CITATION.cff",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "pyproject.toml",
        "trends",
    }


def test_name_version_and_licence_are_those_of_the_project(wheel):
    [path] = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    metadata = Parser().parsestr(wheel.read(path).decode("utf-8"))
    assert metadata["Name"] == DISTRIBUTION == "event-trends"
    assert metadata["Version"] == trends.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_the_version_stands_in_one_place_and_the_citation_follows():
    assert "version" in PROJECT["dynamic"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == trends.__version__


@pytest.mark.parametrize("part", PARTS)
def test_the_packages_of_a_part_are_those_of_its_extra(part):
    extra = PROJECT["optional-dependencies"][part]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in extra}
    assert set(PARTS[part].modules.values()) == names


def without(module, *words, cwd):
    """Run a command as if a module were not installed."""
    code = f"import sys; sys.modules[{module!r}] = None; from trends.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.mark.parametrize("words", [("new", "mine"), ("render", ".")])
@pytest.mark.parametrize("module", PARTS["report"].modules)
def test_a_missing_extra_is_one_sentence_with_the_command(module, words, tmp_path):
    done = without(module, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "trends: reports (`trends new`, `trends render`) need packages that are not installed: "
        f"{PARTS['report'].modules[module]}. "
        "Install them with: pip install 'event-trends[report]'\n"
    )
    assert not any(tmp_path.iterdir())


def test_every_analysis_answers_without_the_extras(tmp_path):
    modules = {module for part in PARTS.values() for module in part.modules}
    blocked = modules - {"fontTools"}  # matplotlib needs it too
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "import trends\n"
        "series = trends.as_series([4, 6, 5, 9, 7, 8, 6, 5, 9, 12, 7, 8], start='2024-01')\n"
        "trend = trends.estimate_trend(series)\n"
        "print(trend.summary()); trend.plot().figure.savefig('trend.svg')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert (tmp_path / "trend.svg").exists()


def test_no_message_names_another_package():
    """`pip install trends` would install a stranger's package."""
    patterns = (
        "*.md", "Makefile", "pyproject.toml", ".github/workflows/*.yml", "benchmarks/*.py",
        "docs/*.md", "reports/**/*.qmd", "tests/**/*.py", "trends/**/*.py",
        "trends/report/starter/*",
    )  # fmt: skip
    read = [path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()]
    for path in set(read) - {Path(__file__)}:
        assert not re.search(r"install '?trends\b", path.read_text(encoding="utf-8")), path
