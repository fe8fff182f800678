"""A page is run again when something it is made from has changed, and only then."""

import os
import subprocess
import sys

import pytest

from trends.report import render
from trends.report.links import check_site
from trends.report.store import FOLDER, Store, key_of

#: Each run leaves a trace outside the project, which is no part of what the page says.
BODY = """\
```{{python}}
from pathlib import Path
trace = Path({trace!r})
with trace.open("a") as file:
    file.write("x")
said = Path("words.txt").read_text().strip()
```

It says `{{python}} said`. {prose}
"""


@pytest.fixture
def traced(write_page, tmp_path_factory):
    """A project of one page, a function that renders it and one that counts its runs."""
    trace = tmp_path_factory.mktemp("trace") / "trace"

    def write(prose="", code=""):
        body = BODY.format(trace=str(trace), prose=prose)
        return write_page(body.replace("said = ", f"{code}\nsaid = ") if code else body)

    root = write()
    (root / "words.txt").write_text("one", encoding="utf-8")

    def page():
        return (render(root, engine="builtin").site / "index.html").read_text(encoding="utf-8")

    def runs():
        return len(trace.read_text()) if trace.exists() else 0

    return root, write, page, runs


def test_a_page_whose_inputs_are_the_same_is_not_run_again_and_reads_the_same(traced):
    _, _, page, runs = traced
    first = page()
    assert "It says one." in first
    assert page() == first
    assert runs() == 1


def test_nothing_is_converted_or_set_again_that_is_unchanged(write_page, monkeypatch):
    """The second render needs neither Pandoc nor Typst, whichever files a page is made with."""
    root = write_page(
        "As [@a] says, in 2024.",
        front="title: Page\nbibliography: books.bib\nformat: {html: default, typst: default}",
    )
    (root / "books.bib").write_text("@book{a, author={A}, title={B}, year={2020}}", "utf-8")

    def files():
        site = render(root, engine="builtin").site
        return {path.name: path.read_bytes() for path in site.glob("index.*")}

    first = files()
    assert set(first) == {"index.html", "index.md", "index.pdf"}
    monkeypatch.setattr("trends.report.conversion.pandoc_command", lambda: str(root / "no pandoc"))
    monkeypatch.setattr("typst.compile", None)
    assert files() == first
    (root / "books.bib").write_text("@book{a, author={C}, title={B}, year={2020}}", "utf-8")
    with pytest.raises(OSError, match="no pandoc"):
        files()


def test_a_link_of_a_page_that_is_unchanged_is_found_dead_when_its_target_changes(tmp_path):
    store, first, other = Store(tmp_path / "store"), tmp_path / "a.html", tmp_path / "b.html"
    first.write_text("<a href='b.html#there'>b</a>", "utf-8")
    other.write_text("<p id='there'>b</p>", "utf-8")
    assert check_site(tmp_path, store) == check_site(tmp_path, store) == []
    other.write_text("<p>b</p>", "utf-8")
    faults = check_site(tmp_path, store)
    assert faults == ["a.html: 'b.html#there' points at an anchor that does not exist."]
    assert check_site(tmp_path, store) == faults


def test_prose_is_rendered_anew_without_running_the_code(traced):
    _, write, page, runs = traced
    page()
    write(prose="And more.")
    assert "It says one. And more." in page()
    assert runs() == 1


def test_a_file_that_the_page_read_makes_it_run_again(traced):
    root, _, page, runs = traced
    page()
    (root / "words.txt").write_text("two", encoding="utf-8")
    assert "It says two." in page()
    assert runs() == 2


def test_code_makes_it_run_again(traced):
    _, write, page, runs = traced
    page()
    write(code="other = 1")
    page()
    assert runs() == 2


def test_a_table_makes_it_run_again_even_if_only_an_engine_below_python_read_it(traced):
    root, _, page, runs = traced
    (root / "data").mkdir()
    page()
    (root / "data/new.csv").write_text("a\n1\n", encoding="utf-8")
    page()
    assert runs() == 2


def test_a_module_of_the_project_makes_it_run_again(traced):
    root, write, page, runs = traced
    module = root / "helper_of_replay.py"
    module.write_text("word = 'a'\n", encoding="utf-8")
    write(code="import helper_of_replay")
    page()
    page()
    assert runs() == 1
    module.write_text("word = 'bb'\n", encoding="utf-8")
    page()
    assert runs() == 2


def test_a_new_file_in_a_folder_that_was_listed_makes_it_run_again(traced):
    root, write, page, runs = traced
    (root / "notes").mkdir()
    write(code="print(sorted(Path('notes').iterdir()))")
    page()
    (root / "notes/a.txt").touch()
    page()
    assert runs() == 2


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "Path('made.txt').write_text('x')",
        "Path('made').mkdir(exist_ok=True)",
    ],
)
def test_a_page_that_does_more_than_read_is_run_every_time(code, traced):
    _, write, page, runs = traced
    write(code=code)
    page()
    page()
    assert runs() == 2


def test_the_package_and_its_environment_are_part_of_every_key(monkeypatch):
    before = key_of("run", 1)
    monkeypatch.setattr("trends.report.store.installation", lambda: "another")
    assert key_of("run", 1) != before


def test_an_entry_that_was_damaged_is_made_again(traced):
    root, _, page, runs = traced
    first = page()
    entries = [path for path in (root / FOLDER).glob("??/*") if path.is_file()]
    assert len(entries) >= 2
    for damage in (lambda stored: stored[:-1], lambda stored: stored[:40] + b"?" + stored[41:]):
        for entry in entries:
            entry.write_bytes(damage(entry.read_bytes()))
        assert page() == first
    assert runs() == 3
    (root / FOLDER / entries[0].parent.name / entries[0].name).write_bytes(b"")
    assert page() == first


def test_what_nobody_used_for_a_month_goes(tmp_path):
    store = Store(tmp_path / "store")
    for name in ("aa", "ab"):
        store.put(name, b"x")
    month = 31 * 24 * 3600
    path = tmp_path / "store/aa/aa"
    os.utime(path, (path.stat().st_atime - month, path.stat().st_mtime - month))
    store.sweep()
    assert (store.get("aa"), store.get("ab")) == (None, b"x")


def test_a_project_that_cannot_be_written_is_rendered_all_the_same(traced):
    root, _, page, runs = traced
    (root / FOLDER).write_text("a file in the way", encoding="utf-8")
    assert page() == page()
    assert runs() == 2


@pytest.mark.slow
def test_two_builds_in_other_surroundings_give_the_same_bytes(project, tmp_path_factory):
    """Other folder, zone, locale, hash seed, number of threads; nothing taken from a store."""
    import shutil

    made = []
    for number, surroundings in enumerate(
        (
            {"TZ": "UTC", "LANG": "C", "PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1"},
            {
                "TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "77",
                "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2",
            },
        )
    ):  # fmt: skip
        folder = tmp_path_factory.mktemp(f"a folder {number}") / "project"
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns("_site", FOLDER))
        subprocess.run(
            [sys.executable, "-m", "trends.cli", "render", str(folder), "--engine", "builtin"],
            check=True,
            env={**os.environ, **surroundings},
        )
        site = folder / "_site"
        made.append(
            {
                path.relative_to(site).as_posix(): path.read_bytes()
                for path in sorted(site.rglob("*"))
                if path.is_file() and path.name != "manifest.json"
            }
        )
    assert made[0] == made[1]
