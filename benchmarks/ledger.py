"""How long do a ledger of 10,000 findings and the guard of a whole site take?

Run as ``python benchmarks/ledger.py``; the site is `_site` when it has been built. Sentences are
not timed: a page says its findings when they are added.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import trends
from trends.findings.editions import compare_editions
from trends.findings.finding import Subject
from trends.findings.ledger import read_ledger
from trends.findings.lint import lint

N_FINDINGS = 10_000

Answer = TypeVar("Answer")


def ledger(first_count: int) -> trends.Ledger:
    """Return a ledger of many findings, copies of two comparisons under other names."""
    comparison = trends.compare_rates((first_count, 366), (121, 365))
    small = trends.Ledger()
    small.add(comparison, Subject(key="claims", en="Claims", ar="ما أُعلن"))
    large = trends.Ledger()
    large.inputs = dict(small.inputs)
    for copy in range(N_FINDINGS // len(small.findings)):
        for key, record in small.findings.items():
            name = key.replace("claims", f"claims-{copy}")
            large.findings[name] = {**record, "finding_id": name, "test": name}
    return large


def timed(label: str, work: Callable[[], Answer]) -> Answer:
    """Print how long a call takes and return its answer."""
    start, start_cpu = time.perf_counter(), time.process_time()
    answer = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"{label}: {wall:.2f} s, {cpu:.2f} s of processor time")
    return answer


def main() -> None:
    old, new = ledger(294), ledger(250)
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "old", Path(folder) / "new"
        before.mkdir()
        after.mkdir()
        old.write(before)
        start, start_cpu = time.perf_counter(), time.process_time()
        timed("a new ledger written", lambda: new.write(after))
        pair = timed("both read and checked", lambda: (read_ledger(before), read_ledger(after)))
        changes = timed("compared", lambda: compare_editions(*pair))
        wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
        print(f"all of it: {wall:.2f} s, {cpu:.2f} s of processor time")
        print(f"changes: {len(changes.changes):,}")
        size = (after / "findings.json").stat().st_size / 1e6
        print(f"findings.json of {len(new.findings):,} findings: {size:.1f} MB")
    site = Path("_site")
    if site.is_dir():
        pages = sorted(site.rglob("*.html"))
        megabytes = sum(page.stat().st_size for page in pages) / 1e6
        faults = timed(f"guard of {len(pages)} pages, {megabytes:.1f} MB", lambda: lint(site))
        print(f"faults: {len(faults)}")


if __name__ == "__main__":
    main()
