"""Every end of a command has its code, and every fault its words."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trends.endings import BUG, FAILED, INVALID, RENDERING, USAGE, speak_any_encoding, told
from trends.report import RenderError
from trends.tables.faults import Fault, InvalidTable

COUNTS = Path(__file__).resolve().parents[1] / "data" / "is_events_monthly.csv"


def run(*words, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "trends.cli", *map(str, words)],
        capture_output=True,
        cwd=cwd,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_packages_own_faults_have_their_codes():
    fault = Fault(file="a.csv", row=2, column="x", value="1", rule="must be", fix="Correct it.")
    assert told(InvalidTable([fault]))[0] == INVALID
    assert told(RenderError("no", file="a.qmd", line=3)) == (RENDERING, "trends: a.qmd:3: no")


def raised_by_us(kind):
    from trends.report.rendering import render

    with pytest.raises(ValueError, match="engine") as caught:
        render(".", engine="none")
    fault = kind("`x` must be y.")
    return fault.with_traceback(caught.value.__traceback__)


@pytest.mark.parametrize(
    ("kind", "code"), [(ValueError, USAGE), (TypeError, USAGE), (RuntimeError, FAILED)]
)
def test_what_trends_raises_itself_is_usage_or_a_failed_fit(kind, code):
    assert told(raised_by_us(kind)) == (code, "trends: `x` must be y.")


@pytest.mark.parametrize("words", ["int('x')", "[].pop()", "{}['x']", "None.x", "1 / 0"])
def test_what_a_library_raises_is_a_bug_and_says_how_to_report_it(words):
    with pytest.raises(Exception, match=r".") as caught:
        eval(words)
    code, message = told(caught.value)
    assert code == BUG
    assert "this is a fault of trends, not of your command or your data" in message
    assert "Please report it" in message
    assert "Traceback" in message


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EIO, 9999])
def test_a_fault_of_the_system_is_told_with_the_path(number):
    code, message = told(OSError(number, "said by the system", "/some/where.csv"))
    assert code == FAILED
    assert message.startswith("trends: '/some/where.csv' ")
    assert message.endswith(".")


def test_no_message_commands_the_terminal():
    assert "\x1b" not in told(RenderError("\x1b[2J", file="a\x1b.qmd"))[1]


def test_want_of_memory_is_told():
    assert told(MemoryError()) == (
        FAILED,
        "trends: there is not enough memory for this table. Close some programs, or count a part "
        "of it.",
    )


def test_a_pipe_that_closes_is_nobodys_fault():
    assert told(BrokenPipeError()) == (141, "")


@pytest.mark.parametrize(
    ("encoding", "lang"),
    [
        ("cp1252", "en"),
        ("ascii:strict", "ar"),
        ("utf-16", "ar"),
        ("idna", "ar"),
        ("undefined", "en"),
    ],
)
def test_an_answer_is_printed_in_any_encoding(encoding, lang):
    words = ("analyse", COUNTS, "--where", "country=Iraq", "--lang", lang)
    done = run(*words, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("cp1252", "-2.5 – >= x"), ("ascii", "-2.5 - >= x"), ("cp437", "-2.5 - ≥ x")],
)
def test_a_sign_that_an_encoding_lacks_becomes_its_nearest(encoding, printed):
    speak_any_encoding()
    made = "−2.5 – ≥\u00a0\u2066x\u2069".encode(encoding, errors="trends.spelled").decode(encoding)
    assert made.replace("\u00a0", " ") == printed


def test_json_for_a_machine_stays_json_in_any_encoding(tmp_path):
    table = tmp_path / "c.csv"
    table.write_text("period,count\n2024-01,−\n", encoding="utf-8")
    made = [
        json.loads(run("validate", table, "--json", PYTHONIOENCODING=one).stdout.decode(one))
        for one in ("ascii", "cp1252", "utf-8")
    ]
    assert made[0] == made[1] == made[2]
    assert "−" in json.dumps(made[0], ensure_ascii=False)


def test_an_input_is_not_counted_into_itself(tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("event_id,start,country\na,2024-01-05,Syria\n", encoding="utf-8")
    before = events.read_bytes()
    for out in (events, tmp_path / "./events.csv"):
        done = run("count", events, "--out", out)
        assert done.returncode == USAGE
        assert b"which is the input" in done.stderr
    assert events.read_bytes() == before


def test_a_missing_folder_is_told_before_the_work(tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("event_id,start,country\na,2024-01-05,Syria\n", encoding="utf-8")
    done = run("count", events, "--out", tmp_path / "no/x.csv")
    assert done.returncode == USAGE
    assert b"there is no folder" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_table_that_may_not_be_read_is_told(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a\n", encoding="utf-8")
    table.chmod(0)
    assert run("validate", table).returncode == FAILED


def test_a_process_that_asks_for_the_answer_itself_goes_on_as_it_was(tmp_path):
    (tmp_path / "events.csv").write_text("event_id,start,country\nE1,2020-01-05,Iraq\n", "utf-8")
    code = (
        "import gc, sys; from trends import cli; sys.argv = ['trends', 'validate', 'events.csv'];"
        "before = gc.get_threshold(); code = cli.run(); assert 'joblib' not in sys.modules;"
        "assert gc.get_threshold() == before; assert None not in sys.modules.values();"
        "print('goes on with', code)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.endswith("goes on with 0\n"), ran.stderr
