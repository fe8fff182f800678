"""A render that is stopped leaves no process and no folder behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trends.report import render
from trends.report.workplace import beside, sweep

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pages are forked on Linux only")

SLEEP = """\
```{{python}}
import subprocess, time
from pathlib import Path
import os
Path("pid-{name}").write_text(str(os.getpid()))
child = subprocess.Popen(["sleep", "60"])
Path("child-{name}").write_text(str(child.pid))
time.sleep(60)
```
"""


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _wait(condition, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


@pytest.fixture
def sleeping(write_page):
    """A project of four pages that sleep, and the process that renders it."""
    root = write_page(SLEEP.format(name="index"))
    names = ["index", "b", "c", "d"]
    for name in names[1:]:
        (root / f"{name}.qmd").write_text(
            f"---\ntitle: {name}\n---\n\n{SLEEP.format(name=name)}", encoding="utf-8"
        )
    config = (root / "_quarto.yml").read_text(encoding="utf-8")
    listed = ", ".join(f"{name}.qmd" for name in names)
    (root / "_quarto.yml").write_text(config.replace("[index.qmd]", f"[{listed}]"))
    process = subprocess.Popen(
        [sys.executable, "-m", "trends.cli", "render", str(root), "--engine", "builtin"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A job in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert _wait(lambda: any(root.glob("child-*")), 30)
    time.sleep(0.3)
    yield root, process
    if process.poll() is None:
        process.kill()
    process.communicate()


def _pids(root: Path, pattern: str) -> list[int]:
    return [int(path.read_text(encoding="utf-8")) for path in root.glob(pattern)]


def _members(session: int) -> set[int]:
    """Ids of the processes of a session in which a thread still runs."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/task/*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.add(int(stat.parts[2]))
    return found


def _left(root: Path) -> list[str]:
    return [path.name for path in root.glob("._*")] + [path.name for path in root.glob("_site*")]


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_workers_and_what_they_started_and_clears_up(sleeping, signum, code):
    root, process = sleeping
    begun = time.monotonic()
    process.send_signal(signum)
    _, said = process.communicate(timeout=30)
    # Two seconds on an idle machine; a busy one has more processes than processors.
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert time.monotonic() - begun < 2 * busy
    assert process.returncode == code
    assert "Traceback" not in said
    assert _wait(lambda: not any(map(_is_alive, _pids(root, "*-*"))), 2)
    assert _left(root) == []


def test_the_workers_of_a_process_that_was_killed_end_and_the_next_render_clears_up(sleeping):
    root, process = sleeping
    process.kill()
    process.wait()
    # Every worker, those that had no page yet among them; what pages started lives on.
    assert _wait(lambda: _members(process.pid) <= set(_pids(root, "child-*")), 10)
    assert len(_left(root)) == 1
    for pid in _pids(root, "child-*"):
        os.kill(pid, signal.SIGKILL)
    for page in root.glob("*.qmd"):
        page.write_text("---\ntitle: T\n---\n\nText.\n", encoding="utf-8")
    render(root, engine="builtin")
    assert _left(root) == ["_site"]


def test_what_a_killed_render_still_held_at_first_is_cleared_away_at_the_end(tmp_path):
    import fcntl

    work = tmp_path / "._site-abc"
    work.mkdir()
    with (work / "render.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with beside(tmp_path / "_site", lambda: None):
            assert work.is_dir()
            fcntl.flock(lock, fcntl.LOCK_UN)
    assert _left(tmp_path) == ["_site"]


def test_what_a_living_render_uses_is_not_swept(tmp_path):
    import fcntl

    work = tmp_path / "._site-abc"
    work.mkdir()
    with (work / "render.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(tmp_path / "_site", "._site-")
        assert work.is_dir()
    sweep(tmp_path / "_site", "._site-")
    assert not work.exists()


def test_a_site_that_was_on_its_way_out_is_put_back(tmp_path):
    work = tmp_path / "._site-abc"
    (work / "previous").mkdir(parents=True)
    (work / "previous/index.html").write_text("old", encoding="utf-8")
    (work / "render.lock").touch()
    sweep(tmp_path / "_site", "._site-")
    assert (tmp_path / "_site/index.html").read_text(encoding="utf-8") == "old"
    assert not work.exists()


def test_a_folder_that_only_looks_like_scratch_is_left_alone(tmp_path):
    (tmp_path / "._site-notes").mkdir()
    sweep(tmp_path / "_site", "._site-")
    assert (tmp_path / "._site-notes").is_dir()


def test_a_cell_that_ends_its_process_is_told_as_such(write_page):
    from trends.report import RenderError

    with pytest.raises(RenderError, match="ended from outside, by a cell or for want of memory"):
        render(write_page("```{python}\nimport os\nos._exit(0)\n```"), engine="builtin")


def test_a_cell_that_asks_the_reader_a_question_gets_no_answer(write_page):
    from trends.report import RenderError

    with pytest.raises(RenderError, match=r"EOFError|StdinNotImplementedError"):
        render(write_page("```{python}\ninput('name?')\n```"), engine="builtin")
