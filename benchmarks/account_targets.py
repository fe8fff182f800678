"""Are the targets of the one account of a series met?

What was asked of `describe_series`, `detect_changepoints` and `estimate_trend` together, beside
what the package did before they knew of one another, what it does now, and the Monte Carlo error:

    OMP_NUM_THREADS=1 python benchmarks/account_targets.py --more 50 --minutes 5

adds 50 series to every cell, the cell with the fewest first, and stops after five minutes. The
counts of series and hits are kept in ``benchmarks/results/account_targets.csv``, so that the series
of several runs add up; after a change of method delete it. From it are made the table
``account_targets.md`` and, for the methods page, ``account_verdicts.csv`` (how often a verdict is
right) and ``account_coverage.csv`` (what is told of series without a drift). Speed is in
``benchmarks/trend_speed.py``; how well a walk could be told from a line by one who knows its step
is in ``benchmarks/wandering_oracle.py``.
"""

from __future__ import annotations

import argparse
import os
import textwrap
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import changepoints_verdicts as shifts
import descriptions as courses
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from trends.analysis.changepoint import detect_changepoints
from trends.analysis.description import describe_series
from trends.analysis.trend import estimate_trend
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.series import as_series

RESULTS = Path(__file__).parent / "results"
CSV = RESULTS / "account_targets.csv"
COVERAGE = RESULTS / "account_coverage.csv"
VERDICTS = RESULTS / "account_verdicts.csv"
ORACLE = RESULTS / "wandering_oracle.csv"
SEED = 14
N_NULL = 399
#: Series that are handed to the workers together.
AT_ONCE = 20

Hits = dict[str, bool | None]


class Target(NamedTuple):
    """One line of the table: a share of the series of one cell.

    Attributes
    ----------
    words : str
        What the share is of.
    cell, share : str
        Where it is measured. None of the series counts for which the share is not defined.
    before : str
        What it was before.
    goal : float
        What was to be reached.
    at_least : bool
        Or at most.
    """

    words: str
    cell: str
    share: str
    before: str
    goal: float
    at_least: bool


def months(counts: np.ndarray) -> pd.DataFrame:
    """Return monthly counts as a series with equal exposures."""
    index = pd.period_range("2010-01", periods=counts.size, freq="M")
    return as_series(pd.Series(counts, index=index), exposure=DAYS_PER_MONTH)


def of_shifts(name: str, rng: np.random.Generator) -> Hits:
    """Say what the search finds in one series."""
    found = detect_changepoints(months(shifts.CELLS[name](rng)), n_null=N_NULL, rng=rng)
    return {
        "found": bool(found.changepoints),
        "firm": bool(set(found.to_frame()["grade"]) & {"A", "B"}),
        **{f"p {share:g}": bool(found.p_value <= share) for share in (0.05, 0.1, 0.25, 0.5)},
    }


def of_courses(name: str, rng: np.random.Generator) -> Hits:
    """Say what the account makes of one series."""
    n, draw, right = courses.CELLS[name]
    verdict = describe_series(months(draw(n, rng)), rng=rng).verdict
    return {"right": verdict in right, "pace": verdict == "slope", "wanders": verdict == "wanders"}


def of_trends(name: str, rng: np.random.Generator) -> Hits:
    """Say what is told of a series without drift: is a pace refused, does its interval hold none?

    A pace is refused where the level wanders or jumps, or the course bends. A page tells it only
    under an account of the series that is a slope.
    """
    trend = estimate_trend(months(shifts.CELLS[name](rng)))
    low, high = trend.slope_interval()
    refused = trend.verdict == "wanders" or "bent_trend" in trend.caveats
    covered = bool(low <= 0 <= high)
    told = not (refused or covered)
    return {
        "covered": None if refused else covered,
        "covered or refused": covered or refused,
        "refused": refused,
        "on a page": told and describe_series(trend.series, rng=rng).verdict == "slope",
    }


#: Cells by kind of question; a kind is part of the key of a stored row.
KINDS: dict[str, Callable[[str, np.random.Generator], Hits]] = {
    "shifts": of_shifts,
    "courses": of_courses,
    "trends": of_trends,
}
WAVE = "doubling, 60 months, wave {}, 2x"
STEADY_WAVE = "steady, 60 months, wave {}, 2x"
TARGETS = (
    Target(
        "doubling found under a season of 2.7",
        f"shifts: {WAVE.format('2.7')}",
        "found",
        ".12",
        0.90,
        True,
    ),
    Target(
        "doubling found under a season of 4.1",
        f"shifts: {WAVE.format('4.1')}",
        "found",
        ".00",
        0.85,
        True,
    ),
    Target(
        "false alarm under a season of 2.7",
        f"shifts: {STEADY_WAVE.format('2.7')}",
        "found",
        "",
        0.07,
        False,
    ),
    Target(
        "false alarm under a season of 4.1",
        f"shifts: {STEADY_WAVE.format('4.1')}",
        "found",
        "",
        0.07,
        False,
    ),
    Target("step of 2 given a pace, 72 months", "courses: step 2", "pace", "1.00", 0.05, False),
    Target("step of 5 given a pace, 60 months", "courses: step 5", "pace", "1.00", 0.05, False),
    Target("slope to 2 keeps its pace, 72 months", "courses: slope 2", "pace", "1.00", 0.90, True),
    Target("slope to 3 keeps its pace, 72 months", "courses: slope 3", "pace", "1.00", 0.90, True),
    Target(
        "false shift of grade A or B, memory .9",
        "shifts: memory .9, 60 months",
        "firm",
        ".06 to .33",
        0.07,
        False,
    ),
    Target(
        "false shift of grade A or B, walk .1",
        "shifts: walk .1, 60 months",
        "firm",
        ".06 to .33",
        0.07,
        False,
    ),
    Target(
        "false shift of grade A or B, walk .2",
        "shifts: walk .2, 60 months",
        "firm",
        ".06 to .33",
        0.07,
        False,
    ),
    Target(
        "false shift of grade A or B, Hawkes",
        "shifts: Hawkes 60 days, 60 months",
        "firm",
        ".06 to .33",
        0.07,
        False,
    ),
    Target(
        "false shift of any grade, memory .5",
        "shifts: memory .5, 60 months",
        "found",
        ".04",
        0.05,
        False,
    ),
    Target(
        "false shift of any grade, memory .8",
        "shifts: memory .8, 60 months",
        "found",
        ".12",
        0.12,
        False,
    ),
    Target(
        "no drift covered, or no pace told, memory .9, 60 months",
        "trends: memory .9, 60 months",
        "covered or refused",
        ".80",
        0.90,
        True,
    ),
    Target(
        "false pace on a page, memory .9, 60 months",
        "trends: memory .9, 60 months",
        "on a page",
        "",
        0.10,
        False,
    ),
    Target(
        "no drift covered, or no pace told, walk .1, 60 months",
        "trends: walk .1, 60 months",
        "covered or refused",
        ".54",
        0.90,
        True,
    ),
    Target(
        "false pace on a page, walk .1, 60 months",
        "trends: walk .1, 60 months",
        "on a page",
        "",
        0.10,
        False,
    ),
    Target(
        "no drift covered, or no pace told, walk .1, 156 months",
        "trends: walk .1, 156 months",
        "covered or refused",
        "",
        0.90,
        True,
    ),
    Target(
        "false pace on a page, walk .1, 156 months",
        "trends: walk .1, 156 months",
        "on a page",
        "",
        0.10,
        False,
    ),
    Target(
        "doubling found, 36 months, 3x",
        "shifts: doubling, 36 months, 3x",
        "found",
        ".72",
        0.90,
        True,
    ),
    Target(
        "up by half found, 60 months, 3x",
        "shifts: up by half, 60 months, 3x",
        "found",
        ".53",
        0.65,
        True,
    ),
    Target("false alarm, 36 months, 3x", "shifts: steady, 36 months, 3x", "found", "", 0.05, False),
    Target("false alarm, 60 months, 3x", "shifts: steady, 60 months, 3x", "found", "", 0.05, False),
    Target(
        "false alarm, 120 months, 3x", "shifts: steady, 120 months, 3x", "found", "", 0.05, False
    ),
    Target(
        "episode of 20 in 120 months found, 2x",
        "shifts: episode of 20, 120 months, 2x",
        "found",
        ".47",
        0.75,
        True,
    ),
    Target(
        "shift found where scatter rises eightfold",
        "shifts: scatter rises eightfold, 60 months",
        "found",
        ".16",
        0.07,
        False,
    ),
    Target("right verdict: slope", "courses: slope 2", "right", "", 0.85, True),
    Target("right verdict: step", "courses: step 2", "right", "", 0.85, True),
    Target("right verdict: season", "courses: season 2.7", "right", "", 0.85, True),
    Target("right verdict: steady", "courses: steady", "right", "", 0.85, True),
)


def one_series(key: str, number: int) -> Hits:
    """Return what is counted of one series of one cell."""
    kind, name = key.split(": ", 1)
    rng = np.random.default_rng([SEED, zlib.crc32(key.encode()), number])
    return KINDS[kind](name, rng)


#: Series without a drift, as the methods page names them, and their cells.
BEYOND = {
    "AR .9": "memory .9, 60 months",
    "walk .1": "walk .1, 60 months",
    "walk .2": "walk .2, 60 months",
    "walk .1, 156": "walk .1, 156 months",
    "Hawkes": "Hawkes 60 days, 60 months",
    "season 2.7": "steady, 60 months, wave 2.7, 2x",
    "scatter times 8": "scatter rises eightfold, 60 months",
    "step 2": "doubling, 60 months, 2x",
}
CELLS = tuple(
    dict.fromkeys(
        [
            *(target.cell for target in TARGETS),
            *(f"{kind}: {name}" for name in BEYOND.values() for kind in ("shifts", "trends")),
        ]
    )
)


def draw_more(key: str, done: pd.DataFrame, n_more: int, workers: Parallel) -> pd.DataFrame:
    """Return the rows of one cell with further series counted in."""
    mine = done[done["cell"] == key].set_index("share")
    first = 0 if mine.empty else int(mine["n_drawn"].iloc[0])
    hits = {share: [int(row["hits"]), int(row["n"])] for share, row in mine.iterrows()}
    for found in workers(delayed(one_series)(key, first + each) for each in range(n_more)):
        for share, hit in found.items():
            counted = hits.setdefault(share, [0, 0])
            if hit is not None:
                counted[0] += hit
                counted[1] += 1
    return pd.DataFrame(
        [
            {"cell": key, "share": share, "hits": hit, "n": n, "n_drawn": first + n_more}
            for share, (hit, n) in hits.items()
        ]
    )


def table(done: pd.DataFrame) -> pd.DataFrame:
    """Return the targets beside what is reached."""
    counted = done.set_index(["cell", "share"])
    rows = []
    for target in TARGETS:
        if (target.cell, target.share) not in counted.index:
            continue
        row = counted.loc[(target.cell, target.share)]
        n = max(int(row["n"]), 1)
        share = row["hits"] / n
        error = float(np.sqrt(max(share * (1 - share), 0.25 / n) / n))
        met = share >= target.goal if target.at_least else share <= target.goal
        beyond = abs(share - target.goal) <= 2 * error
        rows.append(
            {
                "what": target.words,
                "before": target.before,
                "to reach": f"{'≥' if target.at_least else '≤'} {target.goal:.2f}",
                "now": f"{share:.3f}",
                "error": f"{error:.3f}",
                "series": n,
                "met": ("yes" if met else "no") + (", within two errors" if beyond else ""),
            }
        )
    return pd.DataFrame(rows)


def write_page(done: pd.DataFrame) -> None:
    """Write the table, and how uniform the p-values are where there is nothing to find."""
    shown = table(done)
    lines = [
        "# What was asked of the one account of a series, and what is reached",
        "",
        "Made by `OMP_NUM_THREADS=1 python benchmarks/account_targets.py`, seed "
        f"{SEED}, {N_NULL} null draws, season and options as by default.",
        "error: Monte Carlo standard error. before: what the package did in 60 months when the",
        "questions did not know of one another.",
        "",
        "| " + " | ".join(shown.columns) + " |",
        "|" + "---|" * shown.shape[1],
        *("| " + " | ".join(str(value) for value in row) + " |" for row in shown.to_numpy()),
    ]
    steady = done[
        done["cell"].str.contains("shifts: steady, .* 3x") & done["share"].str.startswith("p ")
    ]
    if not steady.empty:
        lines += [
            "",
            "## Share of p-values of changepoints up to a level, NB 3x without memory",
            "",
        ]
        lines += ["| cell | series | .05 | .10 | .25 | .50 |", "|---|---|---|---|---|---|"]
        for cell, rows in steady.groupby("cell", sort=False):
            shares = (rows.set_index("share")["hits"] / rows["n"].iloc[0]).reindex(
                ["p 0.05", "p 0.1", "p 0.25", "p 0.5"]
            )
            name = str(cell).removeprefix("shifts: ")
            numbers = " | ".join(f"{share:.3f}" for share in shares)
            lines.append(f"| {name} | {rows['n'].iloc[0]} | {numbers} |")
    lines += oracle_lines()
    (RESULTS / "account_targets.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), flush=True)


def section(title: str, text: str, columns: str, rows: Iterable[str]) -> list[str]:
    """Return a heading, a paragraph and a table, whose columns and rows are cells apart by |."""
    rule = "---|" * (columns.count("|") + 1)
    table = [f"| {columns} |", f"|{rule}", *(f"| {row} |" for row in rows)]
    return ["", f"## {title}", "", *textwrap.wrap(text, 88), "", *table]


def oracle_lines() -> list[str]:
    """Return what judges reach who know what no analysis can, as tables."""
    lines = []
    if courses.ORACLE.exists():
        judged = pd.read_csv(courses.ORACLE)
        lines += section(
            "What could be had: a judge who knows scatter and that nothing remembers",
            "Verdicts of a judge who knows that 72 months are steady, a line or one step, "
            "each as likely beforehand, that their variance is twice the mean, and that "
            "they do not remember. limit: by how much the log evidence for a line has to "
            f"exceed that for a step before a pace is told. {judged['n_series'].min()} "
            "series each, made by `python benchmarks/descriptions.py oracle`.",
            "what it is | limit | steady | slope | step",
            (
                f"{row.cell} | {row.limit:g} | {row.steady:.3f} | {row.slope:.3f} | {row.step:.3f}"
                for row in judged.itertuples(index=False)
            ),
        )
    if shifts.ORACLE.exists():
        judged = pd.read_csv(shifts.ORACLE)
        lines += section(
            "What could be had: a judge who knows scatter, and the price of memory",
            "Steps found by a judge who knows that the variance is three times the mean, "
            "where .05 of steady series of that scatter give a false alarm: series that "
            "do not remember, or series whose log rate is an AR(.5). One who does not "
            "know that nothing remembers has to bear the second. "
            f"{judged['n_series'].min()} series each, made by `python "
            "benchmarks/changepoints_verdicts.py oracle`.",
            "step | nothing remembers | .5 is remembered",
            (f"{cell} | {nothing:.3f} | {half:.3f}" for cell, _, nothing, half in judged.values),
        )
    if ORACLE.exists():
        judged = pd.read_csv(ORACLE)
        lines += section(
            "What could be had: judges of a walk and a line",
            "Either a walk of .1 with Poisson counts or a line that doubles, its variance "
            "one, two or three times the mean; nothing else remembers. One judge knows "
            "the step of the walk and that its counts are Poisson, the other does not. A "
            "pace is refused where the log evidence for a walk exceeds the limit. Made by "
            "`python benchmarks/wandering_oracle.py`.",
            "months | n | knows the walk | limit | walks refused | told a pace "
            "| lines refused 1x | 2x | 3x",
            (
                f"{row.n_months} | {row.n_series} | {'yes' if row.knows_step else 'no'} "
                f"| {row.limit:g} | " + " | ".join(f"{share:.3f}" for share in row[4:])
                for row in judged.itertuples(index=False)
            ),
        )
    return lines


def write_coverage(done: pd.DataFrame) -> None:
    """Write what is told of series without a drift: a row each."""
    counted = done.set_index(["cell", "share"])
    columns = {
        "no_pace": ("trends", "refused"),
        "held_or_none": ("trends", "covered or refused"),
        "clear_pace": ("trends", "on a page"),
        "shift_found": ("shifts", "found"),
        "firm_date": ("shifts", "firm"),
    }
    rows = []
    for label, name in BEYOND.items():
        if not all((f"{kind}: {name}", share) in counted.index for kind, share in columns.values()):
            continue
        cells = {
            column: counted.loc[(f"{kind}: {name}", share)]
            for column, (kind, share) in columns.items()
        }
        rows.append(
            {
                "cell": label,
                "n_periods": 156 if "156" in name else 60,
                "n_series": min(int(cell["n"]) for cell in cells.values()),
                **{column: cell["hits"] / cell["n"] for column, cell in cells.items()},
            }
        )
        if label == "step 2":
            # a step has no one drift to hold
            rows[-1]["held_or_none"] = np.nan
    pd.DataFrame(rows).to_csv(COVERAGE, index=False, float_format="%.4g")


def write_verdicts(done: pd.DataFrame) -> None:
    """Write how often the verdict on a known course is right, and how often it is one pace."""
    counted = done.set_index(["cell", "share"])
    rows = []
    for cell in CELLS:
        name = cell.removeprefix("courses: ")
        if name != cell and (cell, "right") in counted.index:
            right, pace = counted.loc[(cell, "right")], counted.loc[(cell, "pace")]
            rows.append(
                {
                    "cell": name,
                    "n_periods": courses.CELLS[name][0],
                    "n_series": int(right["n"]),
                    "right": right["hits"] / right["n"],
                    "pace": pace["hits"] / pace["n"],
                }
            )
    pd.DataFrame(rows).to_csv(VERDICTS, index=False, float_format="%.4g")


def main() -> None:
    """Draw further series, cells with the fewest first, store and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", help="beginnings of names; all by default")
    parser.add_argument("--more", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    empty = pd.DataFrame(columns=["cell", "share", "hits", "n", "n_drawn"])
    done = pd.read_csv(CSV) if CSV.exists() else empty
    drawn = done.groupby("cell")["n_drawn"].first()
    keys = {
        cell: int(drawn.get(cell, 0))
        for cell in CELLS
        if not options.cells or any(cell.startswith(start) for start in options.cells)
    }
    most = {key: n_drawn + options.more for key, n_drawn in keys.items()}
    with Parallel(n_jobs=os.cpu_count()) as workers:
        while keys and time.monotonic() < until:
            key = min(keys, key=lambda one: keys[one])
            n_more = min(AT_ONCE, most[key] - keys[key])
            rows = draw_more(key, done, n_more, workers)
            done = pd.concat([done[done["cell"] != key], rows], ignore_index=True)
            done.to_csv(CSV, index=False)
            keys[key] += n_more
            if keys[key] == most[key]:
                del keys[key]
    write_page(done)
    write_coverage(done)
    write_verdicts(done)


if __name__ == "__main__":
    main()
