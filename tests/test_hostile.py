"""Hostile inputs and faults: what each command says and does, as the documentation lists it.

`python tests/test_hostile.py` writes the table into the documentation.
"""

import gzip
import io
import re
import shlex
import tomllib
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from trends.cli import app
from trends.endings import BUG, OK, told

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs/hostile.md"
CASES = tomllib.loads((HERE / "hostile.toml").read_text(encoding="utf-8"))


def content(written) -> bytes:
    """Return the bytes that a case describes."""
    if isinstance(written, str):
        return written.encode()
    if "hex" in written:
        return bytes.fromhex(written["hex"])
    repeated = (written["repeat"] * written["times"]).encode()
    if "zip" in written:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(written["zip"], repeated)
        return packed.getvalue()
    text = written.get("start", "").encode() + repeated + written.get("end", "").encode()
    if "gzip" in written:
        return gzip.compress(written["gzip"].encode() + repeated, compresslevel=1)
    return text


def lay_out(case, folder: Path) -> None:
    """Write the files of a case."""
    for name, written in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(written, dict) and "link" in written:
            path.symlink_to(written["link"])
        else:
            path.write_bytes(content(written))


def outcome(command: str) -> tuple[int, str]:
    """Run a command as the command line does; return its exit code and all that it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            code, message = app(shlex.split(command), standalone_mode=False) or OK, ""
        except BaseException as fault:  # as the command line does
            code, message = told(fault)
    return code, said.getvalue() + message


def of_kind(kind: str):
    """Return the cases of a kind as parameters of a test."""
    return [
        pytest.param(case, id=case["name"], marks=[pytest.mark.slow] if case.get("slow") else [])
        for case in CASES[kind]
    ]


@pytest.mark.parametrize("case", [*of_kind("input"), *of_kind("fault")])
def test_a_hostile_input_or_a_fault_has_its_words_and_its_code(case, tmp_path, monkeypatch):
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in case.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    kept = {name: (tmp_path / name).read_bytes() for name in case.get("kept", [])}
    code, said = outcome(case["command"])
    assert code != BUG, said
    assert "Traceback" not in said
    assert "\x1b" not in said
    assert (code, case["says"] in " ".join(said.split())) == (case["code"], True), said
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


def test_there_are_sixty_inputs_and_twenty_faults():
    assert len(CASES["input"]) >= 60
    assert len(CASES["fault"]) >= 20
    names = [case["name"] for kind in ("input", "fault") for case in CASES[kind]]
    assert len(set(names)) == len(names)


def listing() -> str:
    """Return the table of cases as it stands in the documentation."""
    parts = []
    for kind, title in (("input", "Inputs"), ("fault", "Faults")):
        rows = []
        for case in CASES[kind]:
            command = re.sub(r"(\S{40})\S+", r"\1…", case["command"])
            said = case["says"].replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*")
            before = " ".join(f"{key}={one}" for key, one in case.get("environment", {}).items())
            shown = f"{before} trends {command}".strip()
            rows.append(f"| {case['name']} | `{shown}` | {case['code']} | {said} |")
        head = "| What | Command | Code | What is said |\n|:--|:--|--:|:--|\n"
        parts.append(f"## {title}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def test_the_documentation_lists_every_case():
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written.endswith(listing()), "run `python tests/test_hostile.py`"


if __name__ == "__main__":
    head, _, _ = DOCUMENT.read_text(encoding="utf-8").partition("## Inputs")
    DOCUMENT.write_text(head + listing(), encoding="utf-8")
