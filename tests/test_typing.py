"""Does a type checker see the public names as a user's project would?"""

import inspect
import json
import re
import subprocess
import sys

import pytest

import trends

CONSUMER = """
import datetime

import trends

claims: trends.RateComparison = trends.compare_rates(
    (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31")
)
ratio: float = claims.ratio
sentence: str = claims.summary("en")
counts = trends.read_counts("counts.csv")
shifts: trends.Changepoints = trends.detect_changepoints(trends.series(counts, country="Syria"))
iraq = trends.series(trends.datasets.event_counts(), country="Iraq")
own = trends.as_series([4, 6, None, 9], start="2024-01")
by_month = trends.as_series({"2024-01": 4, "2024-02": 6})
figures: trends.RateComparison = trends.compare_rates(
    {"count": 294, "window_start": "2024", "window_end": "2024"}, "121 in 2023"
)
days = trends.compare_rates((294, 366), (121, "2023"))
since = trends.estimate_interruption(iraq, datetime.date(2017, 7, 1)).cite()
two = trends.compare_periods(iraq, ("2018-01", "2018-12"), (2017, 2017)).to_markdown()
panel: trends.Panel = trends.analyse_panel(counts, "trend", by="country", season="none")
drawn = trends.plot(iraq).get_ylabel()
licence: str = trends.datasets.sources()["coal_disasters"].licence
known = shifts.plot(events={"2017-07-01": "Named"}).get_title()
kept: dict[str, object] = claims.to_dict()
grades = [finding.grade for finding in shifts.findings()]
"""
PLANTED = """
import trends

trends.compare_rates((294, 366), (121, 365)).sumary()
trends.detect_changepoints(trends.series(trends.read_counts("x")), rng="seed")
trends.estimate_season(trends.series(trends.read_counts("x")), calendar="lunar")
trends.estimate_tend
trends.compare_rates(5, 6)
trends.compare_rates((294, 366, 1, 2), (121, 365))
trends.compare_rates("294 in 2024", 121.0)
trends.figure_rate(10)
trends.estimate_interruption(trends.datasets.coal_disasters(), 1891.5)
trends.compare_periods(trends.datasets.coal_disasters(), "1851", "1900")
trends.compare_rates("294 in 2024", "121 in 2023").summary("de")
trends.compare_rates("294 in 2024", "121 in 2023").to_frame(0.1)
trends.plot(trends.datasets.coal_disasters(), axis=None)
trends.datasets.nile()
trends.forecast_counts(trends.datasets.coal_disasters(), "6")
trends.compare_rates("294 in 2024", "121 in 2023").plot(events={1.5: "never"})
years: list[str] = trends.compare_rates("294 in 2024", "121 in 2023").cite()
"""


PLANTED_LINES = {("planted", line) for line in range(4, PLANTED.count("\n") + 1)}


def told(folder, *checker):
    """Return what a checker says of a project, and each file and line with an error."""
    (folder / "consumer.py").write_text(CONSUMER, encoding="utf-8")
    (folder / "planted.py").write_text(PLANTED, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", *checker, "consumer.py", "planted.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"\b(\w+)\.py:(\d+)(?::\d+)?(?: -|:) error\b", said.stdout)
    return said.stdout + said.stderr, {(name, int(line)) for name, line in found}


def test_a_project_under_strict_mypy_passes_and_planted_errors_are_caught(tmp_path):
    said, found = told(tmp_path, "mypy", "--strict")
    assert found == PLANTED_LINES, said


def test_a_project_under_strict_pyright_passes_and_planted_errors_are_caught(tmp_path):
    """Pyright itself fetches what it runs in; the wheels of basedpyright bring all of it."""
    pytest.importorskip("basedpyright", reason="`pip install basedpyright` brings pyright")
    settings = {"typeCheckingMode": "strict"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    said, found = told(tmp_path, "basedpyright", "--level", "error", "--pythonpath", sys.executable)
    assert found == PLANTED_LINES, said


def annotations():
    """Yield every annotation that a user of the public names meets, with its place."""
    for name in trends.__all__:
        thing = getattr(trends, name)
        if inspect.isroutine(thing):
            yield from ((name, *pair) for pair in thing.__annotations__.items())
        if not inspect.isclass(thing) or thing.__module__ == "trends.tables.schemas":
            continue  # columns of a schema are no signature
        for one in thing.__mro__:
            if not one.__module__.startswith("trends."):
                continue
            yield from ((one.__name__, *pair) for pair in inspect.get_annotations(one).items())
            for called, member in vars(one).items():
                function = getattr(member, "fget", None) or getattr(member, "__func__", member)
                if inspect.isfunction(function) and not called.startswith("_"):
                    yield from (
                        (f"{one.__name__}.{called}", *pair)
                        for pair in function.__annotations__.items()
                    )


def test_no_public_signature_says_any():
    """What is taken and given is said; `Any` would let a type checker accept everything."""
    found = list(annotations())
    assert ("Result.plot", "lang", "Language") in found
    assert ("compare_rates", "first", "Figure") in found
    assert [one for one in found if re.search(r"\bAny\b", str(one[-1]))] == []
