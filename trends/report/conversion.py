"""How does one Pandoc convert many texts? It stays, and is given one after another.

To start Pandoc and to have it learn how languages are highlighted takes longer than to convert most
pages. Each process that converts has a Pandoc of its own, which ends with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

_SERVE = Path(__file__).parent / "pandoc" / "serve.lua"

#: The Pandoc of this process, by the id of the process: a fork does not talk to that of its parent.
_running: dict[int, _Running] = {}


class Conversion(NamedTuple):
    """What came of a text.

    Attributes
    ----------
    text : str or None
        What was made of it; None if that was stopped.
    told : str
        What filters and Pandoc told meanwhile.
    """

    text: str | None
    told: str


@cache
def pandoc_command() -> str:
    """Return the Pandoc that pypandoc-binary brings."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def converted(job: Mapping[str, Any]) -> Conversion:
    """Have a text converted.

    Parameters
    ----------
    job : mapping
        As `pandoc/serve.lua` reads it.
    """
    here = os.getpid()
    if here not in _running:
        _running.clear()
        _running[here] = _Running()
    try:
        conversion = _running[here].convert(job)
    except BaseException:
        # Its answer, if there is one, is not the next one's.
        _running.pop(here).end()
        raise
    if _running[here].has_ended:
        _running.pop(here).end()
    return conversion


@contextmanager
def ended_after() -> Iterator[None]:
    """End the Pandoc of this process afterwards, if there is one."""
    try:
        yield
    finally:
        running = _running.pop(os.getpid(), None)
        if running is not None:
            running.end()


class _Running:
    """A Pandoc that waits for texts."""

    def __init__(self) -> None:
        # Pandoc knows after which short forms a sentence goes on; from Lua it has to be told.
        listed = subprocess.run(
            [pandoc_command(), "--print-default-data-file=abbreviations"],
            capture_output=True,
            check=True,
        ).stdout
        self._abbreviations = dict.fromkeys(listed.decode().split(), True)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._n_read = 0
        self._process = subprocess.Popen(
            [pandoc_command(), "lua", str(_SERVE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._to, self._from = (
            cast(IO[bytes], pipe) for pipe in (self._process.stdin, self._process.stdout)
        )

    @property
    def has_ended(self) -> bool:
        """Tell whether it waits no more."""
        return self._process.poll() is not None

    def convert(self, job: Mapping[str, Any]) -> Conversion:
        """Convert a text."""
        asked = json.dumps({**job, "abbreviations": self._abbreviations}, ensure_ascii=False)
        answer = b""
        try:
            self._to.write(asked.encode() + b"\n")
            self._to.flush()
            answer = self._from.readline()
        except BrokenPipeError:
            pass
        if not answer:
            ended = self._process.wait()
            return Conversion(None, f"{self._told()}\nit ended with {ended}".strip())
        made = json.loads(answer)
        return Conversion(made.get("text"), self._told() + made.get("fault", ""))

    def _told(self) -> str:
        """Return what was written to its standard error since this was asked last."""
        self._errors.seek(self._n_read)
        said = self._errors.read()
        self._n_read += len(said)
        return said.decode(errors="replace")

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.wait()
        for file in (self._to, self._from, self._errors):
            # What it was given and has not read cannot be delivered.
            with suppress(BrokenPipeError):
                file.close()
