"""What does an answer cost as series grow longer, more, or hold more events?

    OMP_NUM_THREADS=1 python benchmarks/costs.py [WAY ...] [--minutes 5] [--rounds 1]

Every way is measured at sizes that grow, each in a process of its own that has answered a small
question before; the smallest sizes that are not known yet come first, until the minutes are over.
A size that the last one says would not fit into what is left is not begun. So the page grows from
run to run, and what was not measured is blank. ``--rounds`` measures each size that is known so
much more often; the best time of all rounds is kept, the highest peak of memory too. Seconds are
those of the processor, user and system, in one process, for Spark with its machine of Java: what
others do on the computer changes them least. Larger panels than were measured are told by the
exponent. More than ten million events lie in files of five million.

Writes ``benchmarks/results/costs.csv`` and ``benchmarks/results/costs.md``. Exponents are slopes of
log seconds on log size over the three largest sizes: 1 is a cost in proportion to the size. How one
size of events or of a default call compares with other packages is measured in `counting_events.py`
and `changepoints_speed.py`; segmentation is measured here beside ruptures' kernel search in C and
skchange, as far as they are installed (``pip install ruptures skchange``), on Poisson counts that
shift every thousand periods. Only the package's own knows exposure: the others are given rates.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
CSV, PAGE = RESULTS / "costs.csv", RESULTS / "costs.md"
COLUMNS = ["way", "size", "seconds", "peak_mb", "n_rounds"]
PACKAGES = (
    "numpy", "scipy", "pandas", "duckdb", "ibis-framework", "joblib", "pyspark", "ruptures",
    "skchange",
)  # fmt: skip

LENGTHS = (50, 156, 520, 1_500, 5_000, 10_000, 100_000)
SERIES = (1, 10, 100, 1_000, 10_000)
CUT = (1_000, 10_000, 100_000)
EVENTS = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
#: Events of a file where they lie in several, and more than which they do.
PART, MOST_IN_ONE = 5_000_000, 10_000_000

EVENT_ROWS = """
    select 'E' || i as event_id,
        (date '2004-01-01' + (hash(i) % 7305)::int)::timestamp as start,
        'Country ' || (hash(i * 3) % 20) as country
    from range({first}, {end}) as numbers(i)
"""


def one_count_series(n_periods: int) -> pd.DataFrame:
    """Return Poisson counts of mean 8, of days where months would not last."""
    from trends.tables.series import as_series

    counts = np.random.default_rng(1).poisson(8, n_periods)
    freq, start = ("M", "1900-01") if n_periods <= 1_500 else ("D", "1700-01-01")
    index = pd.period_range(start, periods=n_periods, freq=freq)
    return as_series(pd.Series(counts, index=index))


def many_series(n_groups: int) -> pd.DataFrame:
    """Return an event-count table of districts with 48 months of mean 8."""
    months = pd.period_range("2020-01", periods=48, freq="M")
    return pd.DataFrame(
        {
            "district": np.repeat([f"D{which:05d}" for which in range(n_groups)], 48),
            "period": months[np.tile(np.arange(48), n_groups)],
            "count": pd.array(np.random.default_rng(1).poisson(8, 48 * n_groups), dtype="Int64"),
            "exposure": np.tile(months.days_in_month.astype(float), n_groups),
            "complete": True,
        }
    )


def segments(size: int, folder: Path) -> Callable[[], object]:
    from trends.models.shifts.segmentation import optimal_segments

    counts = np.random.default_rng(1).poisson(8, size).astype(float)
    return lambda: optimal_segments(counts, np.ones(size), 2 * np.log(size))


def shifting(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Poisson counts whose rate shifts every thousand periods, and their exposure."""
    rng = np.random.default_rng(2)
    rate = np.repeat(rng.choice([3.0, 6.0, 12.0], -(-size // 1_000)), 1_000)[:size]
    exposure = rng.choice([0.5, 1.0], size, p=[0.1, 0.9])
    return rng.poisson(rate * exposure).astype(float), exposure


def cut(size: int, folder: Path) -> Callable[[], object]:
    from trends.models.shifts.segmentation import optimal_segments

    counts, exposure = shifting(size)
    return lambda: optimal_segments(counts, exposure, 2 * np.log(size))


def cut_by_ruptures(size: int, folder: Path) -> Callable[[], object]:
    import ruptures

    counts, exposure = shifting(size)
    rates = (counts / exposure).reshape(-1, 1)
    penalty = 2 * np.log(size) * float(rates.var())
    return lambda: ruptures.KernelCPD(kernel="linear", min_size=2).fit_predict(rates, pen=penalty)


def cut_by_skchange(size: int, folder: Path) -> Callable[[], object]:
    from skchange.detectors import PELT
    from skchange.interval_scorers import PoissonCost

    counts, _ = shifting(size)
    signal = counts.astype(int).reshape(-1, 1)
    return lambda: PELT(PoissonCost(), min_segment_length=2).fit(signal).predict(signal)


def question(name: str, module: str) -> Callable[[int, Path], Callable[[], object]]:
    def prepared(size: int, folder: Path) -> Callable[[], object]:
        import importlib

        ask = getattr(importlib.import_module(f"trends.analysis.{module}"), name)
        series = one_count_series(size)
        options = {"rng": 1} if name in ("detect_changepoints", "detectable_change") else {}
        return lambda: ask(series, **options)

    return prepared


def panel(asked: str) -> Callable[[int, Path], Callable[[], object]]:
    def prepared(size: int, folder: Path) -> Callable[[], object]:
        from trends.analysis.panel import analyse_panel

        counts = many_series(size)
        return lambda: analyse_panel(counts, asked, by="district", n_jobs=1, rng=1)

    return prepared


def events_file(size: int, folder: Path) -> Path:
    """Return the path of events in Parquet, many parts of them by a pattern; made where missing."""
    import duckdb

    if size <= MOST_IN_ONE:
        path = folder / f"events{size}.parquet"
        if not path.exists():
            duckdb.sql(f"copy ({EVENT_ROWS.format(first=0, end=size)}) to '{path}'")
        return path
    parts = folder / f"events{size}"
    if not parts.exists():
        parts.mkdir()
        for which in range(size // PART):
            rows = EVENT_ROWS.format(first=which * PART, end=(which + 1) * PART)
            duckdb.sql(f"copy ({rows}) to '{parts}/part{which:03d}.parquet'")
    return parts / "*.parquet"


def count_validated(size: int, folder: Path) -> Callable[[], object]:
    from trends.tables.counting import count_events

    path = events_file(size, folder)
    return lambda: count_events(path, by="country")


def count_unchecked(size: int, folder: Path) -> Callable[[], object]:
    from trends.tables.counting import count_events

    path = events_file(size, folder)
    return lambda: count_events(path, by="country", check=False)


def count_in_duckdb(size: int, folder: Path) -> Callable[[], object]:
    import duckdb

    path = events_file(size, folder)
    return lambda: duckdb.sql(
        f"select country, date_trunc('month', start) as period, count(*) from '{path}' group by all"
    ).df()


def count_in_spark(size: int, folder: Path) -> Callable[[], object]:
    import warnings

    import ibis
    from pyspark.sql import SparkSession

    from trends.tables.counting import count_events

    warnings.simplefilter("ignore")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.memory", "1500m")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    connection = ibis.pyspark.connect(session)
    table = connection.read_parquet(events_file(size, folder))
    return lambda: count_events(table, by="country")


OWN_CUT = "optimal_segments, with exposure"
#: Ways, the sizes they are measured at, and what prepares them.
WAYS: dict[str, tuple[str, tuple[int, ...], Callable[[int, Path], Callable[[], object]]]] = {
    "optimal_segments": ("periods", LENGTHS, segments),
    OWN_CUT: ("cuts", CUT, cut),
    "ruptures KernelCPD(linear), C": ("cuts", CUT, cut_by_ruptures),
    "skchange PELT(PoissonCost)": ("cuts", CUT, cut_by_skchange),
    "estimate_trend": ("periods", LENGTHS, question("estimate_trend", "trend")),
    "detect_changepoints": ("periods", LENGTHS, question("detect_changepoints", "changepoint")),
    "fit_joinpoints": ("periods", LENGTHS, question("fit_joinpoints", "joinpoint")),
    "detectable_change": ("periods", LENGTHS, question("detectable_change", "power")),
    "analyse_panel, trend": ("series", SERIES, panel("trend")),
    "analyse_panel, changepoint": ("series", SERIES, panel("changepoint")),
    "count_events": ("events", EVENTS, count_validated),
    "count_events, check=False": ("events", EVENTS, count_unchecked),
    "count_events, in local Spark": ("events", EVENTS, count_in_spark),
    "raw DuckDB, which checks nothing": ("events", EVENTS, count_in_duckdb),
}


def spent() -> tuple[float, float]:
    """Return processor seconds and peak memory (MB) of this process and those it has started."""
    seconds = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            told = Path(f"/proc/{child}")
            user, system = (told / "stat").read_text().rpartition(")")[2].split()[11:13]
            seconds += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
            status = (told / "status").read_text().partition("VmHWM:")[2]
            peak += int(status.split()[0]) / 1024
    return seconds, peak


def measure_here(way: str, size: int, folder: Path) -> None:
    """Answer once of a small size, then time one answer; print seconds and memory as JSON."""
    _, sizes, prepare = WAYS[way]
    prepare(sizes[0], folder)()
    answer = prepare(size, folder)
    began, _ = spent()
    answer()
    ended, peak = spent()
    print(json.dumps({"seconds": ended - began, "peak_mb": peak}))


def measured(way: str, size: int, folder: Path, seconds_left: float) -> dict[str, float] | None:
    """Return seconds and peak memory of one size in a process of its own; None if time is over."""
    command = [sys.executable, __file__, "--one", way, "--size", str(size)]
    try:
        told = subprocess.run(
            [*command, "--folder", str(folder)],
            check=True, capture_output=True, text=True, timeout=max(seconds_left, 1),
        ).stdout  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    except subprocess.CalledProcessError as refusal:
        print(way, size, refusal.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


def next_size(way: str, done: pd.DataFrame, rounds: int, seconds_left: float) -> int | None:
    """Return the smallest size to measure; None if there is none that seems to fit."""
    mine = done[done["way"] == way].set_index("size").sort_index()
    for size in WAYS[way][1]:
        if size in mine.index and mine.loc[size, "n_rounds"] >= rounds:
            continue
        smaller = mine[mine.index < size]
        if size not in mine.index and not smaller.empty:
            last = smaller.iloc[-1]
            if last["seconds"] * size / smaller.index[-1] > seconds_left:
                return None
        return size
    return None


def exponent(sizes: np.ndarray, seconds: np.ndarray) -> float:
    """Return the slope of log seconds on log size over the three largest sizes."""
    if sizes.size < 3:
        return float("nan")
    return float(np.polyfit(np.log(sizes[-3:]), np.log(seconds[-3:]), 1)[0])


def installed(name: str) -> bool:
    """Tell whether a package is there."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def write_page(done: pd.DataFrame) -> None:
    """Write a table for each kind of size, a way a row."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if installed(name))
    lines = [
        "# What an answer costs",
        "",
        "`OMP_NUM_THREADS=1 python benchmarks/costs.py`, "
        f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores,",
        f"load average {os.getloadavg()[0]:.1f} when the page was written.",
        "Processor seconds (user, system), best of the rounds; in brackets the peak memory in MB.",
        "Blank: not measured, or refused. Exponent: of the size, over the three largest. After ~:",
        "not measured, told by the largest size measured and the exponent.",
    ]
    units = {
        "periods": "One series, by its periods (Poisson counts of mean 8)",
        "cuts": "Segmentation of Poisson counts that shift every thousand periods, by periods",
        "series": "A panel in one process, by its series (48 months of mean 8)",
        "events": "Events in Parquet, by month and country",
    }
    for unit, title in units.items():
        sizes = next(sizes for kind, sizes, _ in WAYS.values() if kind == unit)
        heads = ["way", *(f"{size:,}" for size in sizes), "exponent"]
        lines += ["", f"## {title}", "", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
        for way, (kind, _, _) in WAYS.items():
            if kind != unit:
                continue
            mine = done[done["way"] == way].set_index("size").sort_index()
            slope = exponent(mine.index.to_numpy(float), mine["seconds"].to_numpy(float))
            cells = []
            for size in sizes:
                if size in mine.index:
                    row = mine.loc[size]
                    cells.append(f"{row['seconds']:.3g} ({row['peak_mb']:,.0f})")
                elif unit == "series" and not np.isnan(slope):
                    told = mine["seconds"].iloc[-1] * (size / mine.index[-1]) ** slope
                    cells.append(f"~ {told:,.0f}")
                else:
                    cells.append("")
            cells.append("" if np.isnan(slope) else f"{slope:.2f}")
            lines.append(f"| {way} | " + " | ".join(cells) + " |")
    lines += ratio_lines(done)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), flush=True)


def ratio_lines(done: pd.DataFrame) -> list[str]:
    """Return what ways cost beside another one at each size that both were measured at."""
    seconds = done.pivot_table(index="size", columns="way", values="seconds")
    lines: list[str] = []
    for title, base, ways in (
        (
            "Events: times raw DuckDB",
            "raw DuckDB, which checks nothing",
            ["count_events", "count_events, check=False", "count_events, in local Spark"],
        ),
        (
            "Segmentation: times the package's own",
            OWN_CUT,
            [way for way, (kind, _, _) in WAYS.items() if kind == "cuts" and way != OWN_CUT],
        ),
    ):
        if base not in seconds:
            continue
        lines += ["", f"## {title}", "", f"| size | {' | '.join(ways)} |"]
        lines.append("|---" * (1 + len(ways)) + "|")
        for size, row in seconds[seconds[base].notna()].iterrows():
            cells = [f"{row[way] / row[base]:.3g}" if row.get(way, 0) > 0 else "" for way in ways]
            lines.append(f"| {size:,} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Measure what is missing while there is time, store and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", help="beginnings of names; all by default")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        measure_here(asked.one, asked.size, asked.folder)
        return
    until = time.monotonic() + 60 * asked.minutes
    done = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=COLUMNS)
    waiting = [
        way for way in WAYS if not asked.ways or any(way.startswith(one) for one in asked.ways)
    ]
    with tempfile.TemporaryDirectory() as folder:
        while waiting and time.monotonic() < until:
            way = waiting.pop(0)
            left = until - time.monotonic()
            size = next_size(way, done, asked.rounds, left)
            found = None if size is None else measured(way, size, Path(folder), left)
            if found is None:
                continue
            known = (done["way"] == way) & (done["size"] == size)
            before = done[known].iloc[0] if known.any() else None
            row = {
                "way": way,
                "size": size,
                "seconds": min(found["seconds"], np.inf if before is None else before["seconds"]),
                "peak_mb": max(found["peak_mb"], 0 if before is None else before["peak_mb"]),
                "n_rounds": 1 if before is None else int(before["n_rounds"]) + 1,
            }
            done = pd.DataFrame([*done[~known].to_dict("records"), row], columns=COLUMNS)
            done.sort_values(["way", "size"]).to_csv(CSV, index=False, float_format="%.4g")
            waiting.append(way)
    write_page(done)


if __name__ == "__main__":
    main()
