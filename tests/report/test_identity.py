"""Does an edition depend on anything but its sources? Built elsewhere it has the same bytes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Two places and customs as unlike as one machine can offer; the second reads and writes ASCII.
HERE = {
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHON_CPU_COUNT": "1",
}
THERE = {
    "TZ": "America/St_Johns",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "POSIX",
    "LANGUAGE": "ar",
    "PYTHONHASHSEED": "4294967295",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
    "OMP_NUM_THREADS": "4",
    "OPENBLAS_NUM_THREADS": "4",
    "PYTHON_CPU_COUNT": "3",
    "COLUMNS": "40",
    "FORCE_COLOR": "1",
}


def built(project: Path, customs: dict[str, str], package: Path = ROOT) -> dict[str, bytes]:
    """Render a project in a process of its own and return the bytes of every file of the site."""
    ended = render(project, customs, package)
    assert ended.returncode == 0, (ended.stdout + ended.stderr).decode(errors="replace")
    return files_of(project / "_site")


def render(project: Path, customs: dict[str, str], package: Path = ROOT):
    kept = {"HOME", "PATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV"}
    inherited = {name: value for name, value in os.environ.items() if name in kept}
    return subprocess.run(
        [sys.executable, "-m", "trends.cli", "render", ".", "--engine", "builtin"],
        cwd=project,
        env={**inherited, **customs, "PYTHONPATH": str(package)},
        capture_output=True,
        check=False,
    )


def files_of(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


def unlike(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Return the files that are in one site only or not the same, with where they part."""
    found = [f"{name}: in one site only" for name in sorted(set(first) ^ set(second))]
    for name in sorted(set(first) & set(second)):
        one, other = first[name], second[name]
        if one != other:
            pairs = zip(one, other, strict=False)
            at = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
            near = slice(max(0, at - 40), at + 40)
            found.append(f"{name}, byte {at}: {one[near]!r} {other[near]!r}")
    return found


def test_a_project_built_elsewhere_has_the_same_bytes(project, rendered, tmp_path):
    elsewhere = tmp_path / "a folder & 'more'"
    shutil.copytree(project, elsewhere, ignore=shutil.ignore_patterns(".*", "_site"))
    first = files_of(rendered.site)
    assert {Path(name).suffix for name in first} >= {".html", ".pdf", ".csv", ".json"}
    assert any(b"<svg" in stored for name, stored in first.items() if "/ar/" in name)
    assert unlike(first, built(elsewhere, THERE)) == []


@pytest.mark.slow
def test_the_whole_edition_built_elsewhere_has_the_same_bytes(tmp_path):
    sites = []
    for name, customs in (("ملف", HERE), ("over there", THERE)):
        project = tmp_path / name / "project"
        left_out = shutil.ignore_patterns(".*", "_site", "__pycache__", "tests")
        shutil.copytree(ROOT, project, ignore=left_out)
        sites.append(built(project, customs, package=project))
    assert len(sites[0]) > 100
    assert unlike(*sites) == []


@pytest.mark.parametrize(("folder", "page"), [("ملف", "a.qmd"), ("folder", "صفحة.qmd")])
@pytest.mark.parametrize("listed", [True, False])
def test_names_that_cannot_be_read_here_are_refused_with_the_remedy(tmp_path, folder, page, listed):
    project = tmp_path / folder
    project.mkdir()
    (project / page).write_text("---\ntitle: T\n---\n\nText.\n", encoding="utf-8")
    render_list = f"  render: [{page}]\n" if listed else ""
    (project / "_quarto.yml").write_text(
        f"project:\n  type: website\n{render_list}", encoding="utf-8"
    )
    ended = render(project, THERE)
    said = ended.stderr.decode("utf-8", errors="replace")
    assert ended.returncode == 4, said
    assert "must be text in UTF-8, and this system writes names in ascii. Set PYTHONUTF8=1" in said
    assert render(project, {**THERE, "PYTHONUTF8": "1"}).returncode == 0


def test_sites_that_differ_are_told_apart():
    first = {"a.html": b"same", "b.pdf": b"one", "c.csv": b"", "d.json": b"long"}
    second = {"a.html": b"same", "b.pdf": b"two", "d.json": b"longer"}
    assert unlike(first, second) == [
        "c.csv: in one site only",
        "b.pdf, byte 0: b'one' b'two'",
        "d.json, byte 4: b'long' b'longer'",
    ]
