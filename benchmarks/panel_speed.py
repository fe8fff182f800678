"""What do changepoints of very many series cost?

1,000 monthly series of 156 periods, and 10,000 weekly ones of 520. One series in ten doubles at
mid-series; a third each are Poisson, negative binomial with three times the variance, and AR(0.3);
means 2, 8 and 20.

*Whole*: all series are asked by two workers. The seconds are those of the processors of all
processes together, since the machine is shared; half of them is what two idle cores take. Beside
them stand the time on the clock, with whatever else ran, and the most memory that all processes
held at once: resident, pages that they share counted in each of them.

*Sampled*: some series are answered twice in one process. The second time is the cost of a series;
what the first took longer, a worker pays once (imports, shared draws). From both follows the time
of all series on two idle cores, half of the series each. Memory is the peak of this process.

    OMP_NUM_THREADS=1 python benchmarks/panel_speed.py
        [month] [month_own] [month_whole] [week] [week_own] [week_whole]

Writes ``benchmarks/results/panel_speed.csv``. A whole run that is interrupted stores how far it
came, and no time of all.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
from simulation import draw

from trends.analysis.panel import Panel, analyse_panel

CSV = Path(__file__).parent / "results" / "panel_speed.csv"
KINDS = ("poisson", "nb3", "ar0.3")
MEANS = (2.0, 8.0, 20.0)
#: Title, calibration, periods, their length, series in all, and how many are answered.
ASKED = {
    "month_whole": ("156 months", "shared", 156, "M", 1_000, 1_000),
    "month": ("156 months", "shared", 156, "M", 1_000, 40),
    "month_own": ("156 months", "own", 156, "M", 1_000, 20),
    "week_whole": ("520 weeks", "shared", 520, "W-SUN", 10_000, 10_000),
    "week": ("520 weeks", "shared", 520, "W-SUN", 10_000, 40),
    "week_own": ("520 weeks", "own", 520, "W-SUN", 10_000, 10),
}
COLUMNS = [
    "what", "way", "n_series", "n_answered", "processor_seconds", "seconds_each", "seconds_once",
    "minutes_on_two_cores", "minutes_on_the_clock", "share_shared", "n_clear", "n_survive",
    "kb_of_a_result", "peak_mb",
]  # fmt: skip
#: Seconds between two looks at the memory of all processes.
LOOK = 0.5


def table_of(n_series: int, n: int, freq: str) -> pd.DataFrame:
    """Return an event-count table of many series."""
    periods = pd.period_range("2008-01-07", periods=n, freq=freq)
    rng = np.random.default_rng(16)
    parts = []
    for group in range(n_series):
        level = np.full(n, MEANS[group // 3 % 3])
        if group % 10 == 0:
            level[n // 2 :] *= 2
        parts.append(
            pd.DataFrame(
                {
                    "place": f"place {group:05d}",
                    "period": periods,
                    "count": draw(KINDS[group % 3], level, rng),
                    "exposure": periods.days_in_month if freq == "M" else 7,
                    "complete": True,
                }
            )
        )
    return pd.concat(parts, ignore_index=True).astype({"count": "Int64", "exposure": float})


def answered(counts: pd.DataFrame, calibration: str) -> tuple[float, Panel]:
    """Return the processor seconds that a panel takes in this process, and the panel."""
    began = time.process_time()
    panel = analyse_panel(
        counts, "changepoint", by="place", n_jobs=1, rng=1, calibration=calibration
    )
    return time.process_time() - began, panel


def sampled(calibration: str, n: int, freq: str, n_all: int, n_more: int) -> dict:
    """Return what some series say about the cost of all."""
    counts = table_of(n_more, n, freq)
    first, _ = answered(counts, calibration)
    # What is paid once has been paid: the second time finds the draws made.
    seconds, panel = answered(counts, calibration)
    each = seconds / n_more
    once = max(0.0, first - seconds)
    return {
        "way": "sampled",
        "n_series": n_all,
        "n_answered": n_more,
        "processor_seconds": seconds,
        "seconds_each": each,
        "seconds_once": once,
        "minutes_on_two_cores": (once + each * n_all / 2) / 60,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **of_results(panel),
    }


def of_results(panel: Panel) -> dict:
    """Return what a panel found, and what one of its results takes."""
    results = list(panel.results.values())
    used = [one.calibration for one in results]
    sizes = [len(pickle.dumps(one)) for one in results[:100]]
    return {
        "share_shared": used.count("shared") / len(used),
        "n_clear": panel.n_clear,
        "n_survive": panel.n_survive,
        "kb_of_a_result": np.mean(sizes) / 1024,
    }


class Watch(threading.Thread):
    """Looks at the processes that this one has started, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self.seconds: dict[int, float] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self._ended.wait(LOOK):
            self.look()

    def look(self) -> None:
        """Note the memory of all processes together, and the processor seconds of each."""
        held = 0.0
        for process in family(os.getpid()):
            try:
                words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks = int(words[11]) + int(words[12])
            self.seconds[process] = ticks / os.sysconf("SC_CLK_TCK")
            held += int(words[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        self.peak_mb = max(self.peak_mb, held)

    def stop(self) -> None:
        """Look for the last time."""
        self._ended.set()
        self.join()
        self.look()


def family(process: int) -> list[int]:
    """Return a process and all that it and its children have started, as Linux lists them."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def whole(calibration: str, n: int, freq: str, n_all: int, n_more: int) -> dict:
    """Ask all series, by two workers, and return what it took."""
    counts = table_of(n_more, n, freq)
    came = {"n": 0}

    def progress(done: int, of: int) -> None:
        came["n"] = done
        if done % (of // 50) == 0:
            minutes = (time.monotonic() - began) / 60
            spent = sum(watch.seconds.values()) - before
            print(f"{done} of {of}: {minutes:.1f} min, {spent:.0f} s", file=sys.stderr, flush=True)

    watch = Watch()
    watch.look()
    before = sum(watch.seconds.values())
    watch.start()
    began = time.monotonic()
    panel = None
    try:
        panel = analyse_panel(
            counts,
            "changepoint",
            by="place",
            n_jobs=2,
            rng=1,
            calibration=calibration,
            progress=progress,
        )
    except KeyboardInterrupt:
        print(f"stopped at {came['n']}", file=sys.stderr, flush=True)
    minutes = (time.monotonic() - began) / 60
    watch.stop()
    seconds = sum(watch.seconds.values()) - before
    return {
        "way": "whole" if panel is not None else "stopped",
        "n_series": n_all,
        "n_answered": came["n"],
        "processor_seconds": seconds,
        "seconds_each": seconds / max(came["n"], 1),
        "minutes_on_the_clock": minutes,
        "peak_mb": watch.peak_mb,
        **(
            {"minutes_on_two_cores": seconds / 120, **of_results(panel)}
            if panel is not None
            else {}
        ),
    }


def main() -> None:
    """Measure what is asked and store each row as soon as it is known."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = sys.argv[1:] or list(ASKED)
    for name, (title, calibration, n, freq, n_all, n_more) in ASKED.items():
        if name not in asked:
            continue
        measure = whole if name.endswith("_whole") else sampled
        row = {"what": f"{title}, {calibration}", **measure(calibration, n, freq, n_all, n_more)}
        print(row, flush=True)
        known = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=COLUMNS)
        ways = ["sampled"] if row["way"] == "sampled" else ["whole", "stopped"]
        same = (known["what"] == row["what"]) & known["way"].isin(ways)
        table = pd.DataFrame([*known[~same].to_dict("records"), row], columns=COLUMNS)
        table.sort_values(["what", "way"]).to_csv(CSV, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
