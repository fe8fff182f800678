"""Need a page be run again? Not while its code and everything that the code read are the same.

While a page runs, Python reports each file that it opens and each folder that it lists. A page that
starts programs, talks to the network or writes into the project is run every time. The tables in
``data/`` count as read in any case, since engines below Python open files without a report. What a
page takes from the clock or from chance without a seed is not seen.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from trends.report.answers import drawing_key
from trends.report.cells import Output, Session
from trends.report.page import Cell, Line, Page
from trends.report.store import DATA, Store, key_of, state_of, states_in

_WRITES = frozenset("wax+")
_ACTS = ("subprocess.", "socket.connect", "os.exec", "os.posix_spawn", "os.system", "os.fork")
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.")
#: What a page may learn from the environment.
_ENVIRONMENT = ("QUARTO_PROFILE", "SOURCE_DATE_EPOCH")

#: The recorder that listens; audit hooks cannot be taken away again.
_listening: list[Recorder] = []
_hooked: list[bool] = []


class Recorder:
    """Run a page's cells and keep what they gave and what they read.

    Parameters
    ----------
    session : Session
        What runs them.
    root : Path
        Folder of the project.
    store : Store
        Where drawings are kept that other pages show too.
    """

    def __init__(self, session: Session, root: Path, store: Store) -> None:
        self.session = session
        self.root = root
        self.store = store
        self.given: list[Any] = []
        self.opened: set[str] = set()
        self.listed: set[str] = set()
        self.acts = False
        # How often anything of these was done: the second time a set stays as it is.
        self.n_heard = 0

    def run(self, cell: Cell) -> list[Output]:
        """Run one cell, or take what it drew for another page."""
        key = drawing_key(cell, self.session.names, self.session.settings)
        if key is None:
            return self._run(cell)
        with self.store.alone_with(key):
            drawn = self.store.get(key)
            if drawn is not None:
                self.given.append(json.loads(drawn))
                return [_unpacked(output) for output in self.given[-1]]
            n_before = self.n_heard
            outputs = self._run(cell)
            if self.n_heard == n_before and key == drawing_key(
                cell, self.session.names, self.session.settings
            ):
                self.store.put(key, json.dumps(self.given[-1]).encode())
        return outputs

    def _run(self, cell: Cell) -> list[Output]:
        """Run one cell and keep what it gave and read."""
        with _heard_by(self):
            outputs = self.session.run(cell)
        self.given.append([_packed(output) for output in outputs])
        return outputs

    def evaluate(self, expression: str, line: Line) -> str:
        """Evaluate an expression within a sentence."""
        with _heard_by(self):
            said = self.session.evaluate(expression, line)
        self.given.append(said)
        return said

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what Python reports."""
        if event.startswith(_ACTS):
            self._note_act()
        elif event in ("os.listdir", "os.scandir"):
            name = os.path.realpath(os.fsdecode(arguments[0] or "."))
            self.listed.add(name)
            self.n_heard += not _is_installed(name)
        elif event == "open" or event.startswith(_CHANGES):
            if not isinstance(arguments[0], str | bytes | os.PathLike):
                return
            name = os.path.realpath(os.fsdecode(arguments[0]))
            if f"{name}{os.sep}".startswith(f"{self.store.folder}{os.sep}"):
                return
            if event == "open" and not _writes(*arguments[1:3]):
                self.opened.add(name)
                self.n_heard += not _is_installed(name)
            # What Python compiles for itself changes nothing that a page says.
            elif name.startswith(f"{self.root}{os.sep}") and "__pycache__" not in name:
                self._note_act()

    def _note_act(self) -> None:
        """Note that the page did more than read."""
        self.acts = True
        self.n_heard += 1

    def reads(self) -> dict[str, str]:
        """Return the state of everything that was read, by its path."""
        modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        own = {_real(name) for name in modules if name}
        named = self.opened | {name for name in own if name.startswith(f"{self.root}{os.sep}")}
        kept = {name for name in named if not _is_installed(name)}
        folders = {name for name in self.listed if not _is_installed(name)}
        return {name: state_of(Path(name)) for name in sorted(kept | folders)}


def _writes(mode: str | None, flags: int | None) -> bool:
    """Tell whether a file is opened to be written."""
    return bool(_WRITES & set(mode or "")) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))


@contextmanager
def _heard_by(recorder: Recorder) -> Iterator[None]:
    """Let a recorder hear what Python reports."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_report)
    _listening.append(recorder)
    try:
        yield
    finally:
        _listening.clear()


def _report(event: str, arguments: tuple[Any, ...]) -> None:
    """Pass on what Python reports, to whoever listens."""
    if _listening and event.startswith(("open", "os.", "subprocess.", "socket.", "shutil.")):
        _listening[0].hear(event, arguments)


def _is_installed(name: str) -> bool:
    """Tell whether a file belongs to Python, to an installed package or to the system."""
    return name.startswith(_installed_folders()) or "__pycache__" in name


@cache
def _real(name: str) -> str:
    """Return where a module's file really is, which stays while the process lives."""
    return os.path.realpath(name)


@cache
def _installed_folders() -> tuple[str, ...]:
    package = Path(__file__).resolve().parents[1]
    home = Path.home() / ".cache"
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(package), str(home)]
    folders += [os.path.realpath(folder) for folder in folders]
    return (*{f"{folder}{os.sep}" for folder in folders}, "/proc/", "/dev/", "/sys/", "/etc/")


class Replay:
    """Give back what a page's cells gave, in the order in which they are asked.

    Parameters
    ----------
    given : list
        As a `Recorder` kept it.
    """

    def __init__(self, given: list[Any]) -> None:
        self._given = iter(given)

    def run(self, _: Cell) -> list[Output]:
        """Return what the next cell gave."""
        return [_unpacked(output) for output in next(self._given)]

    def evaluate(self, _: str, __: Line) -> str:
        """Return what the next expression gave."""
        return str(next(self._given))


def recall(store: Store, key: str) -> Replay | None:
    """Return the stored run of a page, None where there is none or what it read has changed."""
    stored = store.get(key)
    if stored is None:
        return None
    run = json.loads(stored)
    if any(state_of(Path(name)) != state for name, state in run["reads"].items()):
        return None
    return Replay(run["given"])


def keep(store: Store, key: str, recorder: Recorder) -> None:
    """Store the run of a page, unless it did more than read."""
    if recorder.acts:
        return
    run = {"reads": recorder.reads(), "given": recorder.given}
    store.put(key, json.dumps(run).encode())


def run_key(page: Page, root: Path, settings: dict[str, Any], inline: list[str]) -> str:
    """Return the key of a page's run: its code, how it is run, and the tables of the project.

    Parameters
    ----------
    page : Page
        The page.
    root : Path
        Folder of the project.
    settings : dict
        The page's settings.
    inline : list of str
        The expressions in its sentences.
    """
    code = [[cell.source, cell.label, cell.options] for cell in page.cells]
    return key_of(
        "run",
        str(root),
        code,
        inline,
        [settings.get(name) for name in ("execute", "fig-width", "fig-height")],
        states_in(root / DATA),
        [os.environ.get(name, "") for name in _ENVIRONMENT],
    )


def _packed(output: Output) -> list[Any]:
    """Return an output as JSON can hold it."""
    if isinstance(output.content, bytes):
        return [output.kind, base64.b64encode(output.content).decode(), True]
    return [output.kind, output.content, False]


def _unpacked(packed: list[Any]) -> Output:
    kind, content, is_bytes = packed
    return Output(kind, base64.b64decode(content) if is_bytes else content)
