"""How long do forecasts of a series' own past, and placebo dates, take?

    OMP_NUM_THREADS=1 python benchmarks/watching_speed.py [--rounds 3]

`evaluate_forecasts` is asked for 36 origins and six periods ahead, `estimate_interruption` for at
most 200 placebo dates behind a date with a year after it, of monthly counts that remember (AR .5, a
mean of 10). Seconds are those of the processor in one process, the least of some rounds; beside
them stands what they are of the seconds that are allowed (15 and 3), and how many times the same
question without them was asked for: one forecast, and an interruption without placebos. The table
goes to benchmarks/results/watching_speed.csv.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from simulation import draw, store

from trends.analysis.forecast import forecast_counts
from trends.analysis.forecast_evaluation import evaluate_forecasts
from trends.analysis.interruption import estimate_interruption
from trends.tables.series import as_series

N_ORIGINS, HORIZON, N_PLACEBOS, AFTER = 36, 6, 200, 12
LENGTHS = (36, 60, 156, 300)
#: Seconds that evaluation and placebos may take.
ALLOWED = {"evaluate_forecasts, 36 origins": 15.0, "estimate_interruption, 200 placebos": 3.0}


def counted(n_months: int) -> pd.DataFrame:
    """Return monthly counts that remember."""
    rng = np.random.default_rng([4200, n_months])
    months = pd.period_range("1980-01", periods=n_months, freq="M")
    return as_series(
        pd.Series(draw("ar0.5", np.full(n_months, 10.0), rng).astype(int), index=months)
    )


def seconds(ask: Callable[[], int], rounds: int) -> tuple[float, int]:
    """Return the least seconds of the processor that a question took, and its answer."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        answer = ask()
        taken.append(time.process_time() - began)
    return min(taken), answer


def measured(n_months: int, rounds: int) -> list[dict[str, object]]:
    """Return what both questions take of a series of some length."""
    series = counted(n_months)
    date = series.index[-AFTER]
    asked = (
        lambda: evaluate_forecasts(series, horizon=HORIZON, n_origins=N_ORIGINS).n_origins,
        lambda: estimate_interruption(series, date, n_placebos=N_PLACEBOS).n_placebos,
    )
    plain = (
        lambda: forecast_counts(series, HORIZON).n_origins,
        lambda: estimate_interruption(series, date, n_placebos=0).n_placebos,
    )
    rows = []
    for (name, allowed), whole, alone in zip(ALLOWED.items(), asked, plain, strict=True):
        taken, n_made = seconds(whole, rounds)
        rows.append(
            {
                "question": name,
                "n_months": n_months,
                "n_made": n_made,
                "n_rounds": rounds,
                "seconds": taken,
                "of_allowed": taken / allowed,
                "times_without": taken / seconds(alone, rounds)[0],
            }
        )
    return rows


def main() -> None:
    """Measure every length, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    warm = counted(60)
    forecast_counts(warm, HORIZON)
    estimate_interruption(warm, warm.index[-AFTER], n_placebos=0)
    rows = [row for n_months in LENGTHS for row in measured(n_months, rounds)]
    table = pd.DataFrame(rows).sort_values(["question", "n_months"])
    store(table, "watching_speed")


if __name__ == "__main__":
    main()
