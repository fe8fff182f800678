"""A render that is stopped leaves no process and no folder behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trends.report import RenderError, render
from trends.report.workplace import beside, sweep

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pages are forked on Linux only")

SLEEP = """\
```{{python}}
import os, subprocess, time
from pathlib import Path
def tell(what, pid):
    # Whole or not at all, whenever this process is killed.
    Path(f"new-{name}").write_text(str(pid))
    Path(f"new-{name}").rename(f"{{what}}-{name}")
tell("pid", os.getpid())
tell("child", subprocess.Popen(["sleep", "600"]).pid)
time.sleep(600)
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
    # As many pages run as there are workers, so that what is stopped is at rest.
    n_workers = min(os.cpu_count() or 1, len(names) // 2)
    assert _wait(lambda: len(list(root.glob("child-*"))) == n_workers, 120)
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


def _is_locked(path: Path) -> bool:
    import fcntl

    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _left(root: Path) -> list[str]:
    return [path.name for path in root.glob("._*")] + [path.name for path in root.glob("_site*")]


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_workers_and_what_they_started_and_clears_up(sleeping, signum, code):
    root, process = sleeping
    process.send_signal(signum)
    # Less than a second on an idle machine. What is waited for would take ten minutes.
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    pids = _pids(root, "pid-*") + _pids(root, "child-*")
    assert len(pids) >= 2
    assert _wait(lambda: not any(map(_is_alive, pids)), 30)
    assert _left(root) == []


def test_the_workers_of_a_process_that_was_killed_end_and_the_next_render_clears_up(sleeping):
    root, process = sleeping
    process.kill()
    process.wait()
    # Every worker, those that had no page yet among them; what pages started lives on.
    assert _wait(lambda: _members(process.pid) <= set(_pids(root, "child-*")), 60)
    assert len(_left(root)) == 1
    for pid in _pids(root, "child-*"):
        os.kill(pid, signal.SIGKILL)
    for page in root.glob("*.qmd"):
        page.write_text("---\ntitle: T\n---\n\nText.\n", encoding="utf-8")
    render(root, engine="builtin")
    assert _left(root) == ["_site"]


def test_a_render_that_fails_clears_up_only_when_its_workers_are_gone(write_page, monkeypatch):
    """They would go on writing into what is removed, and its lock would be theirs."""
    root = write_page(
        "```{python}\nimport time\nfrom pathlib import Path\n"
        "while not Path('begun').exists(): time.sleep(0.01)\nraise ValueError('no')\n```"
    )
    names = ["index", "b", "c", "d"]
    for name in names[1:]:
        # What takes the system a while to take apart.
        (root / f"{name}.qmd").write_text(
            "---\ntitle: T\n---\n\n```{python}\nimport time\nfrom pathlib import Path\n"
            "held = b'x' * 300_000_000\nPath('begun').touch()\ntime.sleep(600)\n```\n",
            encoding="utf-8",
        )
    config = (root / "_quarto.yml").read_text(encoding="utf-8")
    listed = ", ".join(f"{name}.qmd" for name in names)
    (root / "_quarto.yml").write_text(config.replace("[index.qmd]", f"[{listed}]"))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    holders, clear = [], shutil.rmtree

    def holders_then_clear(path, **options):
        if Path(path).parent == root:
            holders.append(_is_locked(Path(path) / "render.lock"))
        clear(path, **options)

    monkeypatch.setattr(shutil, "rmtree", holders_then_clear)
    with pytest.raises(RenderError, match="ValueError: no"):
        render(root, engine="builtin")
    assert holders == [False]
    assert _left(root) == []


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


def test_a_render_that_has_just_begun_is_not_taken_for_one_that_was_killed(tmp_path, monkeypatch):
    """Another looks in the moment before its lock is held."""
    import fcntl

    lock, site = fcntl.flock, tmp_path / "_site"

    def looked_at_before(file, command):
        monkeypatch.setattr(fcntl, "flock", lock)
        sweep(site, "._site-")
        lock(file, command)

    monkeypatch.setattr(fcntl, "flock", looked_at_before)
    with beside(site, lambda: None) as (made, _):
        (made / "index.html").write_text("new", encoding="utf-8")
    assert (site / "index.html").read_text(encoding="utf-8") == "new"


def test_two_renders_clear_away_what_a_third_left_and_neither_minds_the_other(
    tmp_path, monkeypatch
):
    """Each finds it in the same moment, whether about to look at its lock or to put back a site."""
    site, work = tmp_path / "_site", tmp_path / "._site-abc"

    def leave():
        (work / "previous").mkdir(parents=True)
        (work / "previous/index.html").write_text("old", encoding="utf-8")
        (work / "render.lock").touch()

    def meanwhile(method):
        """Have the other begin and end just before the first calls a method of a path."""
        call = getattr(Path, method)

        def after_the_other(path, *given):
            if path.parent == work:
                monkeypatch.setattr(Path, method, call)
                sweep(site, "._site-")
            return call(path, *given)

        monkeypatch.setattr(Path, method, after_the_other)

    for method in ("open", "rename"):
        leave()
        meanwhile(method)
        sweep(site, "._site-")
        assert (site / "index.html").read_text(encoding="utf-8") == "old"
        assert not work.exists()
        shutil.rmtree(site)


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
    with pytest.raises(RenderError, match="ended from outside, by a cell or for want of memory"):
        render(write_page("```{python}\nimport os\nos._exit(0)\n```"), engine="builtin")


def test_a_cell_that_asks_the_reader_a_question_gets_no_answer(write_page):
    with pytest.raises(RenderError, match=r"EOFError|StdinNotImplementedError"):
        render(write_page("```{python}\ninput('name?')\n```"), engine="builtin")
