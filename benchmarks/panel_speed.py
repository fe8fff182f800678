"""How long do changepoints of very many series take, and how much memory?

1,000 monthly series of 156 periods in full; of 10,000 weekly series of 520 periods a sample, from
which the time of all is reckoned: what samples of 60 and of 360 series differ by is the cost of
300 series, the rest is what is paid once (start of the workers, shared draws). One series in ten
doubles at mid-series; of the others a third each are Poisson, negative binomial with three times
the variance, and AR(0.3); means 2, 8 and 20. Beside the time stands what one result takes.

    OMP_NUM_THREADS=1 python benchmarks/panel_speed.py [month] [week]

Writes ``benchmarks/results/panel_speed.csv``.
"""

from __future__ import annotations

import os
import pickle
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
ALL_WEEKLY = 10_000


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
    """Return the seconds that a panel takes on all cores, and the panel."""
    began = time.perf_counter()
    panel = analyse_panel(counts, "changepoint", by="place", rng=1, calibration=calibration)
    return time.perf_counter() - began, panel


def row_of(what: str, n_series: int, seconds: float, panel: Panel) -> dict[str, object]:
    """Return what is stored of a panel."""
    used = [one.calibration for one in panel.results.values()]
    size = float(np.mean([len(pickle.dumps(one)) for one in list(panel.results.values())[:50]]))
    return {
        "what": what,
        "n_series": n_series,
        "seconds": seconds,
        "load": os.getloadavg()[0],
        "n_answered": panel.n_answered,
        "n_clear": panel.n_clear,
        "share_shared": used.count("shared") / len(used),
        "kb_of_a_result": size / 1024,
    }


def main() -> None:
    """Measure what is asked and store it."""
    asked = sys.argv[1:] or ["month", "week"]
    done = pd.read_csv(CSV).to_dict("records") if CSV.exists() else []
    rows = {row["what"]: row for row in done}
    if "month" in asked:
        counts = table_of(1_000, 156, "M")
        for calibration in ("shared", "own"):
            seconds, panel = answered(counts, calibration)
            name = f"156 months, {calibration}"
            rows[name] = row_of(name, 1_000, seconds, panel)
            print(rows[name], flush=True)
    if "week" in asked:
        few, _ = answered(table_of(60, 520, "W-SUN"), "shared")
        many, panel = answered(table_of(360, 520, "W-SUN"), "shared")
        name = "520 weeks, shared, sample"
        rows[name] = row_of(name, 360, many, panel)
        each = (many - few) / 300
        name = "520 weeks, shared, reckoned"
        rows[name] = {
            **row_of(name, ALL_WEEKLY, few + each * (ALL_WEEKLY - 60), panel),
            "n_answered": np.nan,
            "n_clear": np.nan,
        }
        print(few, rows[name], flush=True)
    pd.DataFrame(rows.values()).to_csv(CSV, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
