"""How does a command end? With a code for what happened, and the words for a fault.

Told by name where that saves an import, so that asking for help loads neither tables nor renderer.
"""

from __future__ import annotations

import codecs
import errno
import sys
import traceback
from pathlib import Path
from types import TracebackType

from trends import escaping, parts

OK, PROBLEM, USAGE, INVALID, RENDERING, FAILED = 0, 1, 2, 3, 4, 5
#: A fault of trends itself, as sysexits.h has it.
BUG = 70
#: What the manual says of each.
MEANINGS = {
    OK: "fine",
    PROBLEM: "a problem was found",
    USAGE: "wrong usage",
    INVALID: "invalid data",
    RENDERING: "rendering failed",
    FAILED: "a fit or the operating system failed",
    BUG: "a fault of trends itself",
}
#: A process that a signal ended has this and the signal's number.
SIGNALLED = 128
_INTERRUPT, _BROKEN_PIPE = 2, 13

_SYSTEM_FAULTS = {
    errno.EACCES: "may not be read or written by you. Change its permissions, or name another.",
    errno.EPERM: "may not be changed by you. Change its permissions, or name another.",
    errno.ENOENT: "does not exist. Check the spelling and the folder.",
    errno.ENOSPC: "does not fit: the disk is full. Make room, then try again.",
    errno.EDQUOT: "does not fit: your share of the disk is used up. Make room, then try again.",
    errno.EROFS: "is on a disk that can only be read. Name another folder.",
    errno.EISDIR: "is a folder, not a file. Name a file in it.",
    errno.ENOTDIR: "has a file where a folder should be. Check the path.",
    errno.EEXIST: "exists. Name another.",
    errno.ENAMETOOLONG: "is too long a name. Shorten it.",
    errno.ELOOP: "is a link that goes round in a circle. Name the file itself.",
    errno.EMFILE: "cannot be opened: too many files are open. Close some programs, then try again.",
    errno.EIO: "cannot be read: the disk reports a fault. Copy the file to another disk.",
    errno.EBUSY: "is in use. Close what uses it, then try again.",
    errno.ENOMEM: "needs more memory than there is. Close some programs, then try again.",
}  # fmt: skip
_ENDS = {
    "‑": "-", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...",
    "×": "x", "·": "|", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "→": "->", "\u00a0": " ",
    "\u202f": " ", "\u2009": " ", "\u200b": "", "\u200e": "", "\u200f": "", "\u2060": "",
    "\u2066": "", "\u2067": "", "\u2068": "", "\u2069": "",
}  # fmt: skip


def told(fault: BaseException) -> tuple[int, str]:
    """Return the exit code of a fault and what to print about it on standard error.

    Parameters
    ----------
    fault : BaseException
        What ended the command.

    Returns
    -------
    code : int
        As DESIGN and the README list them.
    message : str
        For people; "" when everything has been said.
    """
    if isinstance(fault, SystemExit):
        return (fault.code if isinstance(fault.code, int) else PROBLEM), ""
    if isinstance(fault, KeyboardInterrupt) or type(fault).__name__ == "Abort":
        return SIGNALLED + _INTERRUPT, _say("stopped; nothing was changed")
    if type(fault).__name__ == "Stopped":
        return SIGNALLED + int(getattr(fault, "signum", 0)), _say(f"{fault}; nothing was changed")
    show = getattr(fault, "show", None)
    if callable(show) and hasattr(fault, "exit_code"):
        show()  # wrong usage, as the parser of the command line words it
        return int(fault.exit_code), ""
    if isinstance(fault, BrokenPipeError):
        return SIGNALLED + _BROKEN_PIPE, ""
    code, message = _of_package(fault)
    return code, _say(message)


def _of_package(fault: BaseException) -> tuple[int, str]:
    """Return code and words of what a command of ours raised."""
    if type(fault).__name__ == "InvalidTable":
        return INVALID, str(fault)
    if type(fault).__name__ == "RenderError":
        return RENDERING, str(fault)
    if isinstance(fault, ImportError) and (missing := parts.missing_part(fault)):
        return USAGE, missing
    if isinstance(fault, FileNotFoundError):
        return USAGE, _of_system(fault)
    if isinstance(fault, OSError):
        return FAILED, _of_system(fault)
    if isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryException":
        return FAILED, (
            "there is not enough memory for this table. Close some programs, or count a part of "
            f"it. {fault}".strip()
        )
    if type(fault).__name__ == "IOException":  # DuckDB's word for the system's fault
        return FAILED, str(fault)
    ours = _raised_by_trends(fault.__traceback__)
    if ours and isinstance(fault, ValueError | TypeError | KeyError):
        return USAGE, str(fault.args[0] if isinstance(fault, KeyError) and fault.args else fault)
    if ours and isinstance(fault, RuntimeError):
        return FAILED, str(fault)
    return BUG, _of_bug(fault)


def _of_system(fault: OSError) -> str:
    """Return a fault of the operating system in words, with the path."""
    if fault.filename is None:
        return str(fault)
    words = _SYSTEM_FAULTS.get(fault.errno or 0)
    if words is None:
        words = f"cannot be used: {fault.strerror}."
    return f"{str(fault.filename)!r} {words}"


def _of_bug(fault: BaseException) -> str:
    """Return what to report about a fault that nobody foresaw."""
    told_by_python = "".join(traceback.format_exception(fault)).rstrip()
    return (
        f"{told_by_python}\n\n"
        f"trends: this is a fault of trends, not of your command or your data: "
        f"{type(fault).__name__}: {fault}\n"
        "Please report it where you got trends from, with the lines above, the command, and what "
        "`trends --version` prints; the table too, if you may share it."
    )


def _raised_by_trends(trace: TracebackType | None) -> bool:
    """Tell whether trends itself raised an exception on purpose, not a library beneath it."""
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return Path(trace.tb_frame.f_code.co_filename).is_relative_to(Path(__file__).parent)


def _say(message: str) -> str:
    """Return a message that no terminal obeys, with the name of who says it."""
    lead = "" if message.startswith("Traceback") else "trends: "
    return lead + escaping.terminal(message)


def speak_any_encoding() -> None:
    """Let both outputs print every text: a sign that an encoding lacks is spelled out."""
    codecs.register_error("trends.spelled", _spelled)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=_writable(stream.encoding), errors="trends.spelled")


def _writable(encoding: str) -> str:
    """Return an encoding, or ASCII where it is one for host names or for nothing at all."""
    try:
        "\u2212 a.\n".encode(encoding, errors="trends.spelled")
    except (UnicodeError, LookupError):
        return "ascii"
    return encoding


def _spelled(fault: UnicodeError) -> tuple[str, int]:
    """Return signs an encoding has for the one that it lacks: the nearest, or its number."""
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    lacking = fault.object[fault.start : fault.end]
    spelled = "".join(_ENDS.get(sign, f"\\u{ord(sign):04x}") for sign in lacking)
    return spelled, fault.end
