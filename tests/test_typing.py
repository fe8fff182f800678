"""Does a type checker see the public names as a user's project would?"""

import re
import subprocess
import sys

CONSUMER = """
import trends

claims: trends.RateComparison = trends.compare_rates(
    (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31")
)
ratio: float = claims.ratio
sentence: str = claims.summary("en")
counts = trends.read_counts("counts.csv")
shifts: trends.Changepoints = trends.detect_changepoints(trends.series(counts, country="Syria"))
grades = [finding.grade for finding in shifts.findings()]
"""
PLANTED = """
import trends

trends.compare_rates((294, 366), (121, 365)).sumary()
trends.detect_changepoints(trends.series(trends.read_counts("x")), rng="seed")
trends.estimate_season(trends.series(trends.read_counts("x")), calendar="lunar")
trends.estimate_tend
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
    assert lines == [("planted", "4"), ("planted", "5"), ("planted", "6"), ("planted", "7")], told
