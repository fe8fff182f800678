"""How much do totals of the bundled counters scatter, for a comparison of two totals to borrow?

Every monthly series of the bundled tables with at least 24 counts is a donor. Around a trend that
bends once a year, with a level of its own for each definition, it has a negative binomial scatter
and a memory; together they say what the variance of a total over some months is, in units of its
mean (the inflation). What a further counter borrows of it, at a rate of its own, is worked out in
`trends.models.published.borrowed_scatter`.

Run from the top of the project: ``python benchmarks/borrowed_scatter.py``; a path may follow.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import trends
from trends.models.counts.count_model import fit_counts
from trends.models.counts.memory import variance_inflation
from trends.models.counts.observed import bent_trend_columns, observed_periods, years_of
from trends.models.counts.serial_dependence import grid_of, memory_of_fit
from trends.tables.calendar import format_period

HERE = Path(__file__).resolve().parents[1]
TARGET = HERE / "trends/packs/conflict/borrowed_scatter.toml"

#: Counts that a series has at least to be a donor.
LEAST_COUNTS = 24
#: Lengths of a total, in months, at which the inflation is stored.
MONTHS = (1, 2, 3, 6, 12, 24, 60)

HEADER = """\
# What a comparison of two totals borrows: how much totals of the bundled counters vary, in units of
# their mean. Made by benchmarks/borrowed_scatter.py from data/statements.csv and
# data/is_events_monthly.csv; do not edit. `inflation` is variance over mean of a total over so many
# `months`, at the `rate` of the donor, events a month.
"""


def donors() -> list[tuple[dict[str, str], pd.DataFrame]]:
    """Return what every bundled monthly series counts that is long enough, and the series."""
    found = []
    counts = trends.read_counts(HERE / "data/is_events_monthly.csv")
    for country in sorted(counts["country"].unique()):
        series = trends.series(counts, country=country)
        told = {"unit": "events", "counter": "UCDP GED 21.1", "measure": "events"}
        found.append(({**told, "country": country}, series))
    statements = trends.read_statements(HERE / "data/statements.csv")
    countable = statements[statements["quantity"] == "count"]
    kinds = countable[["counter", "measure"]].drop_duplicates().sort_values(["counter", "measure"])
    for counter, measure in kinds.itertuples(index=False):
        try:
            series = trends.statement_series(statements, measure=measure, counted_by=counter)
        except ValueError:  # several scopes compete, or no figure covers a month
            continue
        told = {"unit": series.attrs["counted"], "counter": counter, "measure": measure}
        found.append(({**told, "country": series.attrs["labels"]["country"]}, series))
    return [each for each in found if each[1]["count"].notna().sum() >= LEAST_COUNTS]


def scatter_of(series: pd.DataFrame) -> dict[str, object]:
    """Return what a series says of the scatter of totals."""
    seen = observed_periods(series)
    n_bends = max(int(years_of(seen.periods)) - 1, 0)
    columns = [bent_trend_columns(seen.periods, n_bends)[seen.position]]
    start = seen.periods[seen.position].start_time
    columns += [np.asarray(start >= each.date, float) for each in trends.known_breaks(series)]
    design = np.column_stack(columns)
    fit = fit_counts(seen.count, design, seen.exposure)
    memory = memory_of_fit(fit, design, seen.count, seen.position, grid_of(seen.periods))
    rate = float(seen.count.sum() / seen.exposure.sum())
    remembered = [
        float(memory.probabilities @ variance_inflation(np.array(float(months)), *memory.grid[:2]))
        for months in MONTHS
    ]
    inflation = (1 + fit.nb_dispersion * rate) * np.array(remembered)
    return {
        "first": format_period(seen.periods[0]),
        "last": format_period(seen.periods[-1]),
        "n_observed": int(seen.count.size),
        "n_events": int(seen.count.sum()),
        "rate": round(rate, 2),
        "nb_dispersion": round(float(fit.nb_dispersion), 4),
        "inflation": [round(float(each), 2) for each in inflation],
    }


def main() -> None:
    """Fit every donor and write the table."""
    rows = [{**told, **scatter_of(series)} for told, series in donors()]
    lines = [HEADER, f"months = {list(MONTHS)}\n"]
    for row in rows:
        lines.append("[[donor]]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in row.items()]
        lines.append("")
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_text("\n".join(lines), encoding="utf-8")
    print(target.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
