"""Does one Pandoc that stays make of each text what a Pandoc of its own makes of it?"""

import json
import os
import signal
import subprocess

import pytest

from trends.report.conversion import _running, converted, ended_after, pandoc_command
from trends.report.markup import READER

TEXT = """
# One {#one}

As A et al. (2000) say in ch. 3 of vol. 2, "1 May" -- 5 sources, see @a.

```python
def rose(): return 1 < 2
```

| a | b |
|--:|---|
| 1 | $x^2$ |

## Two
"""
TEMPLATE = (
    "$if(dir)$$dir$$endif$|$title$|$language.word$|$toc$$for(listed)$$listed$,$endfor$\n$body$"
)
META = {"title": "On *rates*", "language": {"word": "a_b_"}, "toc": True, "listed": [], "dir": None}


@pytest.fixture
def job(tmp_path):
    template = tmp_path / "page.template"
    template.write_text(TEMPLATE, "utf-8")
    books = tmp_path / "my *books*.bib"
    books.write_text("@book{a, author={A}, title={B}, year={2020}}", "utf-8")
    return {
        "text": TEXT, "from": READER, "to": "html5", "format": "html5", "steps": ["citeproc"],
        "settings": json.dumps(META), "given": {"bibliography": str(books)},
        "template": str(template), "variables": {"listed": ["x<", "y"], "dir": "ltr"},
        "sections": True, "contents": True, "depth": 2, "columns": 10000,
        "highlighting": "default",
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _ended():
    with ended_after():
        yield


def by_a_pandoc_of_its_own(job, folder):
    """Return what the command makes of a job."""
    (folder / "meta.json").write_text(job["settings"], "utf-8")
    (folder / "defaults.json").write_text(
        json.dumps(
            {"from": job["from"], "to": job["to"], "variables": job["variables"],
             "html-math-method": {"method": "mathml"}, "section-divs": job["sections"],
             "table-of-contents": job["contents"], "toc-depth": job["depth"], "wrap": "none",
             "columns": job["columns"], "syntax-highlighting": job["highlighting"]}
        ), "utf-8",
    )  # fmt: skip
    command = [pandoc_command(), "--defaults", folder / "defaults.json"]
    command += ["--metadata-file", folder / "meta.json", "--template", job["template"]]
    command += ["--metadata", f"bibliography={job['given']['bibliography']}", "--citeproc"]
    made = subprocess.run(command, input=job["text"].encode(), capture_output=True, check=True)
    return made.stdout.decode()


@pytest.mark.parametrize(
    ("to", "highlighting"), [("html5", "default"), ("typst-citations", "none")]
)
def test_a_text_becomes_what_the_command_makes_of_it(job, tmp_path, to, highlighting):
    job |= {
        "to": to,
        "format": to.split("-")[0],
        "sections": to == "html5",
        "highlighting": highlighting,
    }
    alone = by_a_pandoc_of_its_own(job, tmp_path)
    assert converted(job).text == alone
    assert converted({**job, "text": "Other.", "variables": {}}).text != alone
    assert converted(job) == (alone, "")


def test_what_a_filter_tells_or_stops_is_of_its_own_text_alone(job, tmp_path):
    filters = {
        "tells": 'io.stderr:write("told ", FORMAT, "\\n"); n = (n or 0) + 1\n'
        "return {Str = function() return pandoc.Str(tostring(n)) end}",
        "stops": 'io.stderr:write("TRENDS: no\\n"); os.exit(83)',
        "fails": "return {Str = function(el) return el.nothing.at.all end}",
    }
    for name, code in filters.items():
        (tmp_path / name).write_text(code, "utf-8")
    plain = {**job, "text": "word", "contents": False}
    told = {**plain, "steps": [str(tmp_path / "tells")]}
    first = converted(told)
    assert "<p>1</p>" in first.text
    assert first.told == "told html5\n"
    assert converted({**plain, "steps": [str(tmp_path / "stops")]}) == (None, "TRENDS: no\n")
    failed = converted({**plain, "steps": [str(tmp_path / "fails")]})
    assert failed.text is None
    assert "attempt to index a nil value" in failed.told
    # A filter begins anew with each text.
    assert converted(told) == first
    assert "[WARNING] Duplicate" in converted({**plain, "text": "[x]: /a\n[x]: /b\n"}).told


def test_a_pandoc_that_was_killed_is_told_and_replaced(job):
    made = converted(job)
    running = _running[os.getpid()]
    os.kill(running._process.pid, signal.SIGKILL)
    running._process.wait()
    gone = converted(job)
    assert gone.text is None
    assert "ended with -9" in gone.told
    assert converted(job) == made


def test_no_pandoc_is_left_when_the_work_is_done(job):
    with ended_after():
        converted(job)
        process = _running[os.getpid()]._process
    assert process.returncode is not None
    assert not _running
