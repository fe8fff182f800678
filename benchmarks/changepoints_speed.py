"""How long does it take, and how do ruptures and skchange do on the same stable series?

Writes ``benchmarks/results/changepoints_speed.csv`` (times) and
``benchmarks/results/changepoints_rivals.csv`` (share of stable series with a changepoint), and a
page of both, ``benchmarks/results/changepoints_speed.md``.

    OMP_NUM_THREADS=1 python benchmarks/changepoints_speed.py

ruptures and skchange are not needed by the package; whichever is missing is left out with a
message (``pip install ruptures skchange scikit-learn``).
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from trends.analysis.changepoint import detect_changepoints
from trends.models.shifts.segmentation import optimal_segments, robust_dispersion
from trends.tables.series import as_series

RESULTS = Path(__file__).parent / "results"
N_STABLE = 100
N_ROWS = 60
REPEATS = 3

Detector = Callable[[np.ndarray], int]


def series_of(counts: np.ndarray, freq: str) -> pd.DataFrame:
    """Return counts as a count series."""
    index = pd.period_range("2008-01-07", periods=counts.size, freq=freq)
    return as_series(pd.Series(counts, index=index))


def scattered(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw counts with three times the variance of Poisson."""
    return rng.negative_binomial(mean / 2, 1 / 3)


def remembering(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw Poisson counts whose log rate is an AR(0.5) with standard deviation 0.35."""
    state = np.zeros(mean.size)
    state[0] = rng.normal()
    for t in range(1, mean.size):
        state[t] = 0.5 * state[t - 1] + np.sqrt(0.75) * rng.normal()
    return rng.poisson(mean * np.exp(0.35 * state - 0.06))


def ruptures_detector() -> Detector | None:
    """Return ruptures' Pelt with squared error and a BIC penalty, if it is installed."""
    try:
        import ruptures
    except ImportError:
        print("ruptures is not installed: left out")
        return None

    def detect(counts: np.ndarray) -> int:
        penalty = 2 * np.log(counts.size) * max(counts.var(), 1e-9)
        signal = counts.astype(float).reshape(-1, 1)
        fitted = ruptures.Pelt(model="l2", min_size=2, jump=1).fit(signal)
        return len(fitted.predict(pen=penalty)) - 1

    return detect


def skchange_detector() -> Detector | None:
    """Return skchange's PELT with a Poisson cost and its default penalty, if it is installed."""
    try:
        from skchange.detectors import PELT
        from skchange.interval_scorers import PoissonCost
    except ImportError:
        print("skchange is not installed: left out")
        return None

    def detect(counts: np.ndarray) -> int:
        signal = counts.reshape(-1, 1)
        return len(PELT(PoissonCost(), min_segment_length=2).fit(signal).predict(signal))

    return detect


def own_segmentation(counts: np.ndarray) -> int:
    """Segment exactly with the robust dispersion and a BIC penalty, uncalibrated."""
    count, exposure = counts.astype(float), np.ones(counts.size)
    dispersion = robust_dispersion(count, exposure)
    return len(optimal_segments(count, exposure, 2 * np.log(count.size), dispersion=dispersion))


def detectors() -> dict[str, Detector]:
    """Return what is compared, by name."""
    found: dict[str, Detector | None] = {
        "trends detect_changepoints": lambda counts: len(
            detect_changepoints(series_of(counts, "M"), n_null=199, rng=1).changepoints
        ),
        "trends optimal_segments (robust dispersion, BIC)": own_segmentation,
        "ruptures Pelt(l2), 2 var log n": ruptures_detector(),
        "skchange PELT(PoissonCost), default penalty": skchange_detector(),
    }
    return {name: detector for name, detector in found.items() if detector is not None}


def seconds_of(call: Callable[[], object]) -> tuple[float, float]:
    """Return the least processor and wall-clock seconds of a few repeats, after a first call."""
    call()
    taken = []
    for _ in range(REPEATS):
        processor, wall = time.process_time(), time.perf_counter()
        call()
        taken.append((time.process_time() - processor, time.perf_counter() - wall))
    return min(one for one, _ in taken), min(other for _, other in taken)


def measure_speed() -> pd.DataFrame:
    """Time the default call, the segmentation, and the rivals."""
    rng = np.random.default_rng(1)
    months, weeks = np.full(156, 10.0), np.full(520, 10.0)
    shift = np.where(np.arange(156) < 78, 10.0, 20.0)
    regimes = np.repeat([10.0, 20.0, 8.0, 24.0], 130)
    cases = {
        "default call, 156 months, stable": series_of(scattered(months, rng), "M"),
        "default call, 156 months, one shift": series_of(scattered(shift, rng), "M"),
        "default call, 520 weeks, stable": series_of(scattered(weeks, rng), "W-SUN"),
        "default call, 520 weeks, three shifts": series_of(scattered(regimes, rng), "W-SUN"),
    }
    rows = []
    for name, series in cases.items():
        rows.append((name, *seconds_of(partial(detect_changepoints, series, rng=1))))
    for name, mean in {
        "segmentation, 100,000 days, stable": np.full(100_000, 3.0),
        "segmentation, 100,000 days, 50 regimes": np.repeat(rng.choice([1.0, 2, 4, 8], 50), 2000),
    }.items():
        counts = scattered(mean, rng)
        rows.append((name, *seconds_of(partial(own_segmentation, counts))))
    short = scattered(months, rng)
    for name, detector in detectors().items():
        rows.append((f"156 months, {name}", *seconds_of(partial(detector, short))))
    for days in (2_000,):
        counts = scattered(np.full(days, 10.0), rng)
        for name, detector in detectors().items():
            if "detect_changepoints" not in name:
                rows.append((f"{days:,} days, {name}", *seconds_of(partial(detector, counts))))
    return pd.DataFrame(rows, columns=["what", "processor_seconds", "wall_seconds"])


def measure_rivals() -> pd.DataFrame:
    """Count false changepoints of every method on the same stable series."""
    rows = []
    mean = np.full(N_ROWS, 10.0)
    noises = {
        "Poisson": lambda rng: rng.poisson(mean),
        "three times the variance": lambda rng: scattered(mean, rng),
        "memory AR(0.5)": lambda rng: remembering(mean, rng),
    }
    for noise, draw in noises.items():
        for name, detector in detectors().items():
            hits = [
                detector(draw(np.random.default_rng([3, number]))) > 0 for number in range(N_STABLE)
            ]
            rows.append({"counts": noise, "method": name, "false_changepoint": np.mean(hits)})
    return pd.DataFrame(rows)


def table_of(frame: pd.DataFrame) -> list[str]:
    """Return a frame as lines of a markdown table."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * frame.shape[1]]
    for _, row in frame.iterrows():
        shown = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in row]
        lines.append("| " + " | ".join(shown) + " |")
    return lines


def main() -> None:
    """Measure, and write the tables."""
    speed, rivals = measure_speed(), measure_rivals()
    speed.to_csv(RESULTS / "changepoints_speed.csv", index=False, float_format="%.4g")
    rivals.to_csv(RESULTS / "changepoints_rivals.csv", index=False, float_format="%.4g")
    lines = [
        "# Speed, and stable series side by side",
        "",
        "Made by `OMP_NUM_THREADS=1 python benchmarks/changepoints_speed.py` with Python "
        f"{platform.python_version()}, NumPy {np.__version__}, one thread of {os.cpu_count()} "
        "cores shared with other work: processor seconds are the ones to compare. Nothing is "
        f"compiled. Least of {REPEATS} calls after a first one; default calls draw 999 series "
        "per test, those beside the rivals 199.",
        "",
        *table_of(speed),
        "",
        f"Share of {N_STABLE} stable series of {N_ROWS} months (mean 10) in which a changepoint "
        "is claimed, the same series for every method:",
        "",
        *table_of(rivals),
        "",
    ]
    (RESULTS / "changepoints_speed.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
