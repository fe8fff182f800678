"""Does a type checker see the public names as a user's project would?"""

import inspect
import re
import subprocess
import sys

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
trends.compare_rates("294 in 2024", "121 in 2023").summary("fr")
trends.compare_rates("294 in 2024", "121 in 2023").to_frame(0.1)
trends.plot(trends.datasets.coal_disasters(), axis=None)
trends.datasets.nile()
trends.forecast_counts(trends.datasets.coal_disasters(), "6")
years: list[str] = trends.compare_rates("294 in 2024", "121 in 2023").cite()
"""


def test_a_strict_project_passes_and_planted_errors_are_caught(tmp_path):
    (tmp_path / "consumer.py").write_text(CONSUMER, encoding="utf-8")
    (tmp_path / "planted.py").write_text(PLANTED, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "consumer.py", "planted.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    lines = re.findall(r"^(\w+)\.py:(\d+): error:", told, flags=re.MULTILINE)
    planted = [str(number) for number in range(4, PLANTED.count("\n") + 1)]
    assert sorted(set(lines), key=lambda one: int(one[1])) == [
        ("planted", number) for number in planted
    ], told


def test_no_public_function_takes_just_anything():
    """What a caller may give is said; `Any` would let the type checker accept everything."""
    loose = {
        (name, parameter.name)
        for name in trends.__all__
        if inspect.isroutine(getattr(trends, name))
        for parameter in inspect.signature(getattr(trends, name)).parameters.values()
        if re.search(r"\bAny\b", str(parameter.annotation))
    }
    assert not loose
