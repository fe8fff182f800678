"""How fast and in how little memory are events counted, validation included?

    python benchmarks/counting_events.py [--events 10_000_000] [--rows 1_000_000] [--rounds 3]
        [--earlier FOLDER]

Each way runs in a process of its own, in turns, so that all meet the same machine:

- events in Parquet, counted by month and country: `count_events(path)` against
  `pandas.read_parquet` + `groupby`; and, because a careful analyst would read two columns only,
  against that too;
- the same events with `check=False`, as for a file validated before; in raw DuckDB, which checks
  nothing, and by a lazy scan of polars, which checks nothing either; and in raw DuckDB with the one
  rule that no id stands twice, by sorting hashes, the fastest way known here for ids in any order;
- the same events validated in no order of their ids, where hashes of ids are told apart; and what
  validation asks, written by hand as plain SQL for this one file (each id after the one before it,
  days and places within bounds, words that are known), which no reader judges;
- events as CSV, read, validated and counted: `count_events(path)` against plain `pandas.read_csv` +
  `groupby`;
- the same of a file with the 31 columns of ACLED, invented, of which a plain read takes all.

`--earlier` names a folder with the package of an earlier commit (`git archive COMMIT trends | tar x
-C FOLDER`), which then counts the same files in the same turns: what a change costs is not told by
two runs on two days. And what a single rule costs: each condition of a plain row, asked of the
Parquet events alone. Last, what a small file of 2,000 events takes from the command line, imports
included, beside what its parts take to be imported.

Writes `benchmarks/results/counting.md`. The files are made by DuckDB in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from textwrap import fill

#: Stands for the package of an earlier commit in the name of a way.
EARLIER = "earlier"
RESULTS = Path(__file__).parent / "results" / "counting.md"

EVENTS = """
    select
        'E' || i as event_id,
        (date '2004-01-01' + (hash(i) % 7305)::int)::timestamp as start,
        (date '2004-01-01' + (hash(i) % 7305)::int + (hash(i + 1) % 20 = 0)::int)::timestamp
            as "end",
        'day' as date_precision,
        'Country ' || (hash(i * 3) % 20) as country,
        'Province ' || (hash(i * 5) % 300) as admin1,
        'District ' || (hash(i * 7) % 2000) as admin2,
        10 + (hash(i * 11) % 25000) / 1000.0::double as latitude,
        20 + (hash(i * 13) % 40000) / 1000.0::double as longitude,
        'place' as location_precision,
        'Actor ' || (hash(i * 17) % 50) as actor1,
        'Actor ' || (hash(i * 19) % 50) as actor2,
        'one-sided' as event_type,
        (hash(i * 23) % 5)::double as fatalities_low,
        (hash(i * 23) % 5)::double + 1 as fatalities_best,
        (hash(i * 23) % 5)::double + 3 as fatalities_high,
        'Synthetic' as source,
        '1' as source_version
    from range({n}) as numbers(i)
"""


ACLED = """
    select
        'RUR' || i as event_id_cnty,
        strftime(date '2015-01-01' + (hash(i) % 3650)::int, '%Y-%m-%d') as event_date,
        strftime(date '2015-01-01' + (hash(i) % 3650)::int, '%Y') as year,
        1 as time_precision, 'Political violence' as disorder_type, 'Battles' as event_type,
        'Armed clash' as sub_event_type, 'Actor ' || (hash(i * 17) % 50) as actor1,
        '' as assoc_actor_1, 'Rebel group' as inter1, 'Actor ' || (hash(i * 19) % 50) as actor2,
        '' as assoc_actor_2, 'State forces' as inter2, 'State forces-Rebel group' as interaction,
        '' as civilian_targeting, 998 as iso, 'Europe' as region,
        'Country ' || (hash(i * 3) % 20) as country, 'Province ' || (hash(i * 5) % 300) as admin1,
        'District ' || (hash(i * 7) % 2000) as admin2, '' as admin3,
        'Town ' || (hash(i * 29) % 9000) as location,
        10 + (hash(i * 11) % 25000) / 1000.0::double as latitude,
        20 + (hash(i * 13) % 40000) / 1000.0::double as longitude, 1 as geo_precision,
        'Gazette; Radio' as source, 'National' as source_scale,
        'On a day in invented times, ' || repeat('men of one side met men of the other. ', 4)
            as notes,
        hash(i * 23) % 5 as fatalities, '' as tags, 1700000000 + i as timestamp
    from range({n}) as numbers(i)
"""


def make_files(folder: Path, n_parquet: int, n_csv: int) -> None:
    import duckdb

    connection = duckdb.connect()
    connection.sql(f"copy ({EVENTS.format(n=n_parquet)}) to '{folder}/events.parquet'")
    connection.sql(f"copy ({EVENTS.format(n=n_csv)}) to '{folder}/events.csv' (header)")
    connection.sql(f"copy ({ACLED.format(n=n_csv)}) to '{folder}/acled.csv' (header)")
    connection.sql(
        f"copy (from '{folder}/events.parquet' order by hash(event_id)) "
        f"to '{folder}/shuffled.parquet'"
    )
    connection.sql(f"copy ({EVENTS.format(n=2_000)}) to '{folder}/small.csv' (header)")
    (folder / "few").mkdir()
    connection.sql(f"copy ({ACLED.format(n=100)}) to '{folder}/few/acled.csv' (header)")
    connection.sql(f"copy ({EVENTS.format(n=100)}) to '{folder}/few/events.parquet'")
    connection.sql(f"copy ({EVENTS.format(n=100)}) to '{folder}/few/shuffled.parquet'")
    connection.sql(f"copy ({EVENTS.format(n=100)}) to '{folder}/few/events.csv' (header)")


def pandas_counts(events):
    months = events["start"].dt.to_period("M").rename("period")
    return events.groupby(["country", months]).size()


def count_with_pandas_parquet(folder: Path):
    import pandas as pd

    return pandas_counts(pd.read_parquet(folder / "events.parquet"))


def count_with_pandas_two_columns(folder: Path):
    import pandas as pd

    return pandas_counts(pd.read_parquet(folder / "events.parquet", columns=["start", "country"]))


def count_with_pandas_csv(folder: Path):
    import pandas as pd

    return pandas_counts(pd.read_csv(folder / "events.csv", parse_dates=["start"]))


def count_with_trends_parquet(folder: Path):
    from trends.tables.counting import count_events

    return count_events(folder / "events.parquet", by="country")


def count_with_trends_unchecked_parquet(folder: Path):
    from trends.tables.counting import count_events

    return count_events(folder / "events.parquet", by="country", check=False)


def count_with_trends_shuffled_parquet(folder: Path):
    from trends.tables.counting import count_events

    return count_events(folder / "shuffled.parquet", by="country")


def count_with_duckdb_rules_parquet(folder: Path):
    """Count in raw DuckDB with what validation asks, written as plain SQL for this file."""
    import duckdb
    import pandas as pd

    events = f"'{folder}/events.parquet'"
    odd = duckdb.sql(
        f"""select count(*) from {events} where not coalesce(
            start between '1000-01-01' and current_date
            and ("end" is null or ("end" between start and current_date))
            and country >= '!' and isfinite(latitude + longitude)
            and latitude between -90 and 90 and longitude between -180 and 180
            and fatalities_low >= 0 and fatalities_best >= 0 and fatalities_high >= 0
            and date_precision in ('day', 'days', 'week', 'month', 'year')
            and location_precision in ('place', 'near', 'admin2', 'admin1', 'region', 'country'),
            false)"""
    ).fetchall()
    ids = duckdb.sql(
        f"""select count(*) from (
            select event_id as id, lag(event_id) over () as last from {events})
        where id < '!' or id[-1] < '!' or strlen(id) <> length(id)
            or strlen(id) < strlen(last) or (strlen(id) = strlen(last) and id <= last)"""
    ).fetchall()
    if odd != [(0,)] or ids != [(0,)]:
        raise SystemExit("a row is not plain")
    counted = duckdb.sql(
        f"select country, 12 * year(start) + month(start) - 1 as month, count(*) as n "
        f"from {events} group by all"
    ).df()
    months = pd.PeriodIndex.from_ordinals(counted["month"] - 12 * 1970, freq="M")
    return counted.assign(period=months).set_index(["country", "period"])["n"]


def count_with_duckdb_parquet(folder: Path):
    """Count in raw DuckDB, which checks nothing."""
    import duckdb
    import pandas as pd

    counted = duckdb.sql(
        f"select country, date_trunc('month', start) as period, count(*) as n "
        f"from '{folder}/events.parquet' group by all"
    ).df()
    months = pd.PeriodIndex(counted["period"], freq="M")
    return counted.assign(period=months).set_index(["country", "period"])["n"]


def count_with_duckdb_unique_parquet(folder: Path):
    """Count in raw DuckDB, which checks nothing but that no id stands twice."""
    import duckdb
    import numpy as np

    hashes = duckdb.sql(
        f"select hash(event_id) as hash from '{folder}/events.parquet' where event_id is not null"
    )
    in_order = np.sort(hashes.to_arrow_table()["hash"].to_numpy())
    if (in_order[1:] == in_order[:-1]).any():
        raise SystemExit("an id stands twice")
    return count_with_duckdb_parquet(folder)


def count_with_polars_parquet(folder: Path):
    """Count by a lazy scan of polars, which checks nothing."""
    import pandas as pd
    import polars as pl

    months = pl.col("start").dt.truncate("1mo").alias("period")
    counted = pl.scan_parquet(folder / "events.parquet").group_by("country", months).len().collect()
    counts = pd.DataFrame(counted.to_dict(as_series=False))
    counts["period"] = pd.PeriodIndex(counts["period"], freq="M")
    return counts.set_index(["country", "period"])["len"]


def count_with_trends_csv(folder: Path):
    from trends.tables.counting import count_events

    return count_events(folder / "events.csv", by="country")


def count_with_pandas_acled(folder: Path):
    import pandas as pd

    events = pd.read_csv(folder / "acled.csv", parse_dates=["event_date"])
    return pandas_counts(events.rename(columns={"event_date": "start"}))


def count_with_trends_acled(folder: Path):
    from trends.tables.counting import count_events

    return count_events(folder / "acled.csv", by="country")


def cost_of_rules(folder: Path) -> dict[str, float]:
    """Return the CPU milliseconds of each condition of a plain row in DuckDB, the best of 5."""
    import pandas as pd

    from trends.tables.pushdown import conditions
    from trends.tables.scanning import scan
    from trends.tables.sources import LAYOUTS

    engine = scan([folder / "events.parquet"], ["country"])
    bounds = (pd.Timestamp("1000-01-01"), pd.Timestamp.today())

    def milliseconds(condition: str) -> float:
        asked = f"select count(*) from {engine.source} where not coalesce({condition}, false)"
        taken = []
        for _ in range(5):
            began = time.process_time()
            engine.frame(asked)
            taken.append(time.process_time() - began)
        return 1000 * min(taken)

    rules = conditions(engine, LAYOUTS["trends"], bounds)
    return {name: milliseconds(rule) for name, rule in rules.items()}


#: What a small file is counted and analysed by, and what of it is imported whatever is done.
COMMANDS = {
    "`trends count` of 2,000 events as CSV": "count {folder}/small.csv --out {folder}/counts.csv",
    "`trends analyse` of those counts": "analyse {folder}/counts.csv",
    "`trends analyse` of the 2,000 events": "analyse {folder}/small.csv",
    "Python alone": "",
    "`import pandas`": "import pandas",
    "`import pandas, duckdb, typer`": "import pandas, duckdb, typer",
    "`import pandas, scipy.special, scipy.linalg, typer`": (
        "import pandas, scipy.special, scipy.linalg, typer"
    ),
    "`import pandas, ibis, duckdb, typer`": "import pandas, ibis, duckdb, typer; ibis.duckdb",
}


def cost_of_commands(folder: Path) -> dict[str, float]:
    """Return the CPU seconds of commands and imports in processes of their own, median of 9."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(9):
        for name, command in COMMANDS.items():
            ran = [sys.executable, "-c", command]
            if name.startswith("`trends"):
                ran = [sys.executable, "-m", "trends.cli", *command.format(folder=folder).split()]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(ran, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            taken[name].append(spent)
    return {name: statistics.median(each) for name, each in taken.items()}


def digest(counts) -> list[int]:
    """Return numbers that differ when two count tables differ."""
    import pandas as pd

    if isinstance(counts, pd.DataFrame):
        counts = counts.set_index(["country", "period"])["count"]
    counts = counts[counts > 0].sort_index()
    keys = pd.util.hash_pandas_object(counts.index.map(str).to_series(), index=False)
    weighted = int((keys.to_numpy() % 1_000_003 * counts.to_numpy(dtype="uint64")).sum())
    return [len(counts), int(counts.sum()), weighted]


def run_one(name: str, folder: Path) -> None:
    """Run one way of counting and print what it took."""
    # A hundred events first, so that no way is timed while it imports what it needs.
    globals()[name](folder / "few")
    started, began = time.perf_counter(), time.process_time()
    counts = globals()[name](folder)
    seconds, cpu = time.perf_counter() - started, time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "digest": digest(counts)}))


def measure(
    names: list[str], folder: Path, rounds: int, earlier: Path | None
) -> dict[str, dict[str, float]]:
    """Run each way in turns, each in its own process; keep median times and the highest peak."""
    if earlier:
        names = [*names, *(n.replace("trends", EARLIER) for n in names if "trends" in n)]
    runs: dict[str, list[dict]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            way = name.replace(EARLIER, "trends")
            command = [sys.executable, __file__, "--one", way, "--folder", str(folder)]
            other = {"PYTHONPATH": str(earlier)} if EARLIER in name else {}
            output = subprocess.run(
                command, check=True, capture_output=True, text=True, env={**os.environ, **other}
            ).stdout
            runs[name].append(json.loads(output.splitlines()[-1]))
            print(name, runs[name][-1], file=sys.stderr)
    digests = {json.dumps(run["digest"]) for each in runs.values() for run in each}
    if len(digests) != 1:
        raise SystemExit(f"the counts differ: {digests}")
    return {
        name: {
            "seconds": statistics.median(run["seconds"] for run in each),
            "cpu": statistics.median(run["cpu"] for run in each),
            "peak": max(run["peak"] for run in each),
        }
        for name, each in runs.items()
    }


def table(measured: dict[str, dict[str, float]], base: str) -> str:
    units = {"seconds": "seconds", "cpu": "CPU seconds", "peak": "peak memory, MB"}
    heads = [*units.values(), *(f"{name}, ratio" for name in ("seconds", "CPU", "memory"))]
    lines = ["| way | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name, run in measured.items():
        cells = [f"{run[unit]:,.{0 if unit == 'peak' else 2}f}" for unit in units]
        cells += [f"{run[unit] / measured[base][unit]:.2f}" for unit in units]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def beside(measured: dict[str, dict[str, float]]) -> str:
    """Say how a validated count stands to those it is compared with, in seconds and CPU seconds."""

    def ratio(way: str, other: str) -> str:
        first, second = (measured[f"count_with_{name}_parquet"] for name in (way, other))
        return f"{first['seconds'] / second['seconds']:.2f} ({first['cpu'] / second['cpu']:.2f})"

    checked, unchecked, ids = "trends", "trends_unchecked", "duckdb_unique"
    two = measured["count_with_pandas_two_columns"]
    own = measured["count_with_trends_parquet"]
    return (
        f"Seconds, in brackets CPU seconds. Validated against pandas of two columns: "
        f"{own['seconds'] / two['seconds']:.2f} ({own['cpu'] / two['cpu']:.2f}); against polars' "
        f"lazy scan: {ratio(checked, 'polars')}; a check of ids alone, by sorting hashes in raw "
        f"DuckDB, {ratio(ids, 'polars')}; what validation asks of this file, by hand in SQL, "
        f"{ratio('duckdb_rules', 'polars')}; ids in no order {ratio('trends_shuffled', 'polars')}. "
        f"Unchecked against raw DuckDB: {ratio(unchecked, 'duckdb')}."
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--earlier", type=Path)
    parser.add_argument("--make", nargs=3)
    parser.add_argument("--one")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.make:
        make_files(Path(asked.make[0]), *map(int, asked.make[1:]))
        return
    if asked.one:
        run_one(asked.one, asked.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: those that follow would be said to have had its peak of memory.
        made = [str(folder), str(asked.events), str(asked.rows)]
        subprocess.run([sys.executable, __file__, "--make", *made], check=True)
        parquet = [
            "count_with_pandas_parquet",
            "count_with_pandas_two_columns",
            "count_with_trends_parquet",
            "count_with_trends_shuffled_parquet",
            "count_with_trends_unchecked_parquet",
            "count_with_duckdb_parquet",
            "count_with_duckdb_unique_parquet",
            "count_with_duckdb_rules_parquet",
            "count_with_polars_parquet",
        ]
        csv = ["count_with_pandas_csv", "count_with_trends_csv"]
        in_parquet = measure(parquet, folder, asked.rounds, asked.earlier)
        in_csv = measure(csv, folder, asked.rounds, asked.earlier)
        acled = ["count_with_pandas_acled", "count_with_trends_acled"]
        in_acled = measure(acled, folder, asked.rounds, asked.earlier)
        rules = cost_of_rules(folder)
        commands = cost_of_commands(folder)
        sizes = {each.name: each.stat().st_size / 1e6 for each in folder.glob("*.*")}
    earlier = " --earlier FOLDER" if asked.earlier else ""
    RESULTS.write_text(
        f"""# Counting events

`python benchmarks/counting_events.py --events {asked.events} --rows {asked.rows} \
--rounds {asked.rounds}{earlier}`,
Python {platform.python_version()}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}.
Medians of the rounds, highest peak; ratios are against the first way of each table. All ways of a
table gave identical counts.

## {asked.events:,} events in Parquet ({sizes["events.parquet"]:,.0f} MB), by month and country

{table(in_parquet, parquet[0])}

{fill(beside(in_parquet), 100)}

## {asked.rows:,} events as CSV ({sizes["events.csv"]:,.0f} MB), read, validated and counted

{table(in_csv, csv[0])}

## {asked.rows:,} events in the columns of ACLED as CSV ({sizes["acled.csv"]:,.0f} MB)

{table(in_acled, acled[0])}

## What one rule costs over {asked.events:,} events

| condition of a plain row | CPU milliseconds |
|---|---|
{chr(10).join(f"| `{name}` | {cost:,.0f} |" for name, cost in rules.items())}

## From the command line, imports included

| what is run | CPU seconds |
|---|---|
{chr(10).join(f"| {name} | {cost:.2f} |" for name, cost in commands.items())}
""",
        encoding="utf-8",
    )
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
