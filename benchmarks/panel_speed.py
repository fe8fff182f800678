"""What do changepoints of very many series cost?

Processor seconds of one process, since the machine is shared: a sample of series is answered twice.
The second time is the cost of a series; what the first took longer, a worker pays once (imports,
shared draws). From both follows the time of all series on two idle cores, half of the series
each. 1,000 monthly series of 156 periods, and 10,000 weekly ones of 520. One series in ten doubles
at mid-series; a third each are Poisson, negative binomial with three times the variance, and
AR(0.3); means 2, 8 and 20. Beside the time stand what one result takes, and the process's peak.

    OMP_NUM_THREADS=1 python benchmarks/panel_speed.py [month] [month_own] [week] [week_own]

Writes ``benchmarks/results/panel_speed.csv``.
"""

from __future__ import annotations

import pickle
import resource
import sys
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
    "month": ("156 months", "shared", 156, "M", 1_000, 40),
    "month_own": ("156 months", "own", 156, "M", 1_000, 20),
    "week": ("520 weeks", "shared", 520, "W-SUN", 10_000, 20),
    "week_own": ("520 weeks", "own", 520, "W-SUN", 10_000, 10),
}


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


def measured(name: str, calibration: str, n: int, freq: str, n_all: int, n_more: int) -> dict:
    """Return one row of the table."""
    counts = table_of(n_more, n, freq)
    first, _ = answered(counts, calibration)
    # What is paid once has been paid: the second time finds the draws made.
    seconds, panel = answered(counts, calibration)
    each = seconds / n_more
    once = max(0.0, first - seconds)
    used = [one.calibration for one in panel.results.values()]
    sizes = [len(pickle.dumps(one)) for one in panel.results.values()]
    return {
        "what": f"{name}, {calibration}",
        "n_sampled": n_more,
        "seconds_each": each,
        "seconds_once": once,
        "n_series": n_all,
        "minutes_on_two_cores": (once + each * n_all / 2) / 60,
        "share_shared": used.count("shared") / len(used),
        "n_clear": panel.n_clear,
        "kb_of_a_result": np.mean(sizes) / 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Measure what is asked and store it."""
    asked = sys.argv[1:] or list(ASKED)
    rows = []
    for name, (title, calibration, n, freq, n_all, n_more) in ASKED.items():
        if name in asked:
            rows.append(measured(title, calibration, n, freq, n_all, n_more))
            print(rows[-1], flush=True)
    known = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["what"])
    known = known[~known["what"].isin([row["what"] for row in rows])]
    pd.DataFrame([*known.to_dict("records"), *rows]).to_csv(CSV, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
