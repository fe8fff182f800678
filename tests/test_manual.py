"""What the manual shows runs as it is pasted, and prints what it says."""

import dataclasses
import importlib.util
import inspect
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

import trends
from trends.analysis.result import Result
from trends.cli import app
from trends.tables.glossary import glossary

DOCS = Path(__file__).parents[1] / "docs"
#: Documents of those who work on the package; they are no pages of the manual.
OF_ITS_OWN = frozenset(
    {"constructs.md", "engines.md", "hostile.md", "packs.md", "questions_of_a_newcomer.md"}
)
#: Packages that the manual compares with and that the tests do not need.
BESIDE = ("ruptures", "skchange")
#: Words in the manual that look like names of functions and are none.
ALSO = frozenset({"drift_p_value", "p_bh"})
PAGES = sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
EXAMPLES = [
    pytest.param(*found, id=f"{page.relative_to(DOCS).with_suffix('')}-{number}")
    for page in PAGES
    if page.parent.name != "reference"  # signatures; `test_examples` runs the examples
    for number, found in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1)
]
R_EXAMPLES = [
    pytest.param(*found, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, found in enumerate(
        re.findall(BLOCK.pattern.replace("python", "r", 1), page.read_text("utf-8"), BLOCK.flags), 1
    )
]
SPEC = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
reference = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(reference)


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # of Ibis
@pytest.mark.parametrize(("code", "printed"), EXAMPLES)
def test_each_example_runs_as_pasted_and_prints_what_is_said(
    code, printed, capsys, tmp_path, monkeypatch
):
    for name in BESIDE:
        if re.search(rf"^(?:import|from) {name}\b", code, re.MULTILINE):
            pytest.importorskip(name, reason=f"{name} is installed by `make bench` alone")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "manual", "exec"), {})
    plt.close("all")
    if printed:
        assert capsys.readouterr().out.split() == printed.split()


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in OF_ITS_OWN and "glossary" not in page.name],
    ids=lambda page: page.relative_to(DOCS).as_posix(),
)
def test_every_function_that_is_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    if page.name == "commands.md":
        return  # its names are those of options
    if page.parent.name == "reference":
        text = "\n".join(re.findall(r"\[`([a-z_]+)`\]\(", text))
    for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)(?:\([^`]*)?`", text):
        known = hasattr(trends, name) or hasattr(trends.datasets, name) or name in glossary
        assert known or name in ALSO, name


def test_the_reference_is_what_the_docstrings_say():
    for name, text in reference.pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, "run `make manual`"
    made = {page.relative_to(DOCS).as_posix() for page in (DOCS / "reference").glob("*.md")}
    assert made <= set(reference.pages())


@pytest.mark.parametrize(("code", "printed"), R_EXAMPLES)
def test_each_example_in_r_prints_what_is_said_where_r_and_its_package_are(code, printed, tmp_path):
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    for package in re.findall(r"library\((\w+)\)", code):
        asked = f'quit(status = !requireNamespace("{package}", quietly = TRUE))'
        if subprocess.run([program, "-e", asked], capture_output=True, check=False).returncode:
            pytest.skip(f"the R package {package} is not installed")
    trends.datasets.event_counts().to_csv(tmp_path / "counts.csv", index=False)
    (tmp_path / "example.R").write_text(code, encoding="utf-8")
    ended = subprocess.run(
        [program, "example.R"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    if printed:
        assert ended.stdout.split() == printed.split()


def test_every_command_of_the_manual_runs_and_prints_what_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in reference.examples():
        if "file" in example:
            Path(example["file"]).write_text(example["text"].strip() + "\n", encoding="utf-8")
        program, *words = shlex.split(example["run"])
        assert (program, words[0]) == ("trends", example["command"])
        ended = CliRunner().invoke(app, words)
        assert ended.exit_code == example.get("code", 0), ended.output
        if "printed" in example:
            assert ended.stdout.split() == example["printed"].split()


def test_every_option_stands_in_the_manual():
    text = (DOCS / "reference/commands.md").read_text(encoding="utf-8")
    for name, command in get_command(app).commands.items():
        _, _, about = text.partition(f"\n## {name}\n")
        about, _, _ = about.partition("\n## ")
        assert all(f"`{option.opts[0]}" in about or f"`{option.opts[0].upper()}`" in about
                   for option in command.params)  # fmt: skip


def test_each_public_name_has_a_place_in_the_reference_with_its_signature_and_example():
    for name in trends.__all__:
        page, _, anchor = reference.place_of(name).partition("#")
        text = (DOCS / "reference" / page).read_text(encoding="utf-8")
        assert anchor == name.lower()
        _, _, about = text.partition(f"\n## {name}\n")
        about, _, _ = about.partition("\n## ")
        thing = getattr(trends, name)
        if inspect.isroutine(thing):
            assert f"trends.{name}(" in about
            assert ">>> import trends" in about
            for parameter in inspect.signature(thing).parameters:
                assert re.search(rf"\*\*`[^`]*\b{parameter}\b", about), (name, parameter)
        elif inspect.isclass(thing) and issubclass(thing, Result):
            for field in dataclasses.fields(thing):
                assert re.search(rf"\b{field.name}\b", about), (name, field.name)


def test_the_site_has_every_page_of_the_manual_and_its_navigation_leads_to_each():
    settings = yaml.safe_load((DOCS.parent / "_quarto.yml").read_text(encoding="utf-8"))
    rendered = {
        page.relative_to(DOCS.parent).as_posix()
        for pattern in settings["project"]["render"]
        for page in DOCS.parent.glob(pattern)
        if pattern.startswith("docs/")
    }
    written = {
        page.relative_to(DOCS.parent).as_posix() for page in PAGES if page.name not in OF_ITS_OWN
    }
    assert rendered == written
    bars = [bar for bar in settings["website"]["sidebar"] if bar["id"].startswith("manual")]
    assert set(re.findall(r"docs/[\w/-]+\.md", str(bars))) == rendered


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_page_of_the_site_is_made_as_html_alone(page):
    if page.name not in OF_ITS_OWN:
        assert page.read_text(encoding="utf-8").split("---\n")[1].endswith("format: html\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_page_that_is_linked_is_there(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
