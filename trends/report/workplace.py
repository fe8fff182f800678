"""Where is a site built, and what is left when the work is stopped? Nothing, in the end.

A site is built in a hidden folder beside its place and moved there when it is whole. The folder is
locked as long as its render lives; a render that was killed leaves it unlocked, and the next one
clears it away, putting back a site that was on its way out.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

_LOCK = "render.lock"
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(BaseException):
    """The process was told to end: everything under way is left as if it had not begun.

    Parameters
    ----------
    signum : int
        The signal that told it.
    """

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(f"stopped by {signal.Signals(signum).name}")


@contextmanager
def beside(target: Path, check: Callable[[], None]) -> Iterator[tuple[Path, Path]]:
    """Give a folder beside the site to build in; put it in the site's place if all goes well.

    Parameters
    ----------
    target : path
        Folder of the site.
    check : callable
        Raises when the folder may not be replaced; asked again before it is, since somebody may
        have put something there.

    Yields
    ------
    site, scratch : Path
        Where to build, and where to keep what the site does not need.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name.lstrip('.')}-"
    sweep(target, prefix)
    work = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        with _locked(work / _LOCK), _stoppable():
            site, scratch = work / "site", work / "scratch"
            site.mkdir()
            scratch.mkdir()
            yield site, scratch
            check()
            _exchange(site, target, work / "previous")
    finally:
        shutil.rmtree(work, ignore_errors=True)
        # The workers of a render that was just killed may have been alive at the first look.
        sweep(target, prefix)


def _exchange(site: Path, target: Path, previous: Path) -> None:
    """Put a site in its place; the one that is there stays if that fails."""
    if target.exists():
        target.rename(previous)
    try:
        site.rename(target)
    except BaseException:
        # Ctrl-C and signals too: there is always one whole site.
        if previous.exists() and not target.exists():
            previous.rename(target)
        raise


def sweep(target: Path, prefix: str) -> None:
    """Clear away what renders that were killed have left beside a site."""
    for work in sorted(target.parent.glob(f"{prefix}*")):
        # Held until all is gone, so that no two renders clear away the same at once.
        with _taken_over(work / _LOCK) as is_left:
            if not is_left:
                continue
            if (work / "previous").is_dir() and not target.exists():
                try:
                    (work / "previous").rename(target)
                except OSError:
                    # Another render may have put its site there; what is left stays till then.
                    continue
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go when the process ends, however it ends."""
    if sys.platform == "win32":
        with path.open("w"):
            yield
        return
    import fcntl

    # It has its name only once it is held: until then others would take it for that of a render
    # that was killed.
    unnamed = path.with_name(f"{path.name}.new")
    with unnamed.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(path)
        yield


@contextmanager
def _taken_over(path: Path) -> Iterator[bool]:
    """Hold the lock of a render that has ended; say no where it lives or that cannot be told."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    with ExitStack() as held:
        try:
            # Not to be made anew: another may just have cleared it away.
            file = held.enter_context(path.open("r+"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn the signals that ask a process to end into an exception, so that it clears up first.

    A signal that somebody else handles or ignores (nohup) is left to them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, _: FrameType | None) -> None:
        raise Stopped(signum)

    taken = [one for one in _SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
    for one in taken:
        signal.signal(one, stop)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)


def enter_worker(parent: int) -> None:
    """Make this process end with its parent and read nothing from the terminal.

    Parameters
    ----------
    parent : int
        Id of the process that made this one.
    """
    # A group of its own, so that what a page starts ends with the worker.
    os.setpgid(0, 0)
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _end_with_parent()
    if os.getppid() != parent:
        os._exit(1)


def _end_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends, even by SIGKILL."""
    if sys.platform != "linux":
        return
    import ctypes

    set_parent_death_signal = 1
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)


def kill_group(leader: int | None) -> None:
    """Kill a process and everything that it started in its group."""
    if leader is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
