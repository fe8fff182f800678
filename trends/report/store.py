"""What was made before from exactly the same? It is kept in the project, under a hash of that.

An entry whose bytes are not those that were stored is thrown away and made again; one that no
render has used for a month goes. Where nothing can be written everything is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

#: Folder of the store in a project.
FOLDER = ".trends-cache"
_KEPT_SECONDS = 30 * 24 * 3600
_DIGEST_BYTES = 32
#: Folder of a project whose tables count as read by each of its pages.
DATA = "data"
#: A file of no content, whose bytes stand for keys while they are locked.
_LOCKS = "locks"


class Store:
    """Bytes by the hash of what they were made from.

    Parameters
    ----------
    folder : path
        Where they are kept; made when the first is stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: IO[str] | None = None

    def get(self, key: str) -> bytes | None:
        """Return what is stored under a key, None where nothing whole is."""
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except OSError:
            return None
        digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Store bytes under a key; another process that does the same stores the same."""
        path = self._path(key)
        try:
            self._begin()
            path.parent.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(name).replace(path)
        except OSError:
            return

    def kept(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return what is stored under a key; where nothing is, what is made now, and store it."""
        known = self.get(key)
        if known is None:
            known = make()
            self.put(key, known)
        return known

    @contextmanager
    def alone_with(self, key: str) -> Iterator[None]:
        """Let no other process of this system look for what is under a key meanwhile.

        Whoever comes second waits and finds what the first has stored. The system lets go when
        the process ends, however it ends. Where nothing can be locked both make the same.
        """
        with ExitStack() as held:
            if sys.platform != "win32":
                import fcntl

                with suppress(OSError):
                    file, byte = held.enter_context(self._locks()), int(key[:12], 16)
                    fcntl.lockf(file, fcntl.LOCK_EX, 1, byte)
                    held.callback(fcntl.lockf, file, fcntl.LOCK_UN, 1, byte)
            yield

    @contextmanager
    def _locks(self) -> Iterator[IO[str]]:
        """Give the file whose bytes are locked; what is asked within another has the same.

        The system lets go of all that a process holds of a file when it closes it once.
        """
        if self._opened is not None:
            yield self._opened
            return
        self._begin()
        with (self.folder / _LOCKS).open("w") as self._opened:
            try:
                yield self._opened
            finally:
                self._opened = None

    def sweep(self) -> None:
        """Remove what no render has used for a month."""
        before = time.time() - _KEPT_SECONDS
        for path in self.folder.glob("??/*"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _begin(self) -> None:
        """Make the folder, which belongs in no repository and no backup."""
        if self.folder.is_dir():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
        (self.folder / "CACHEDIR.TAG").write_text(
            "Signature: 8a477f597d28d172789f06886806bc55\n", encoding="ascii"
        )


def key_of(kind: str, *parts: Any) -> str:
    """Return the key of something made from values that JSON can hold, by this installation."""
    text = json.dumps([kind, installation(), *parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def state_of(path: Path) -> str:
    """Return the hash of a file, or of a folder's names; "" where there is nothing."""
    try:
        if path.is_dir():
            # What begins so is made by renders and by Python, and is there the second time.
            names = sorted(
                one.name for one in path.iterdir() if not one.name.startswith((".", "_"))
            )
            return hashlib.sha256("\0".join(names).encode()).hexdigest()
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def states_in(folder: Path) -> list[list[str]]:
    """Return the state of every file in a folder, by its name there."""
    paths = sorted(path for path in folder.glob("**/*") if path.is_file())
    return [[path.relative_to(folder).as_posix(), state_of(path)] for path in paths]


def hash_of(paths: Iterable[Path]) -> list[list[str]]:
    """Return name and hash of each file."""
    return [[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in paths]


@cache
def installation() -> str:
    """Return the hash of the package's own files and of the names of what is installed with it."""
    root = Path(str(files("trends")))
    hashed = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            hashed.update(path.relative_to(root).as_posix().encode() + b"\0")
            hashed.update(hashlib.sha256(path.read_bytes()).digest())
    beside = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    names = sorted({one.name for folder in beside for one in folder.glob("*.dist-info")})
    hashed.update(json.dumps([sys.version, names]).encode())
    return hashed.hexdigest()
