"""Which event counts does a table of Spark or of Ibis hold, and how is work done on its cluster?

Event counts are small where events are not: the table comes here once, is held to the rules of
every other door, and goes back group by group. So an answer cannot depend on the engine.
"""

from __future__ import annotations

import pickle
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeAlias

import pandas as pd

from trends.parts import require
from trends.tables.counted import counts_from_cells
from trends.tables.faults import InvalidTable
from trends.tables.series import MEASURED_COLUMNS

#: Groups that one call on a worker answers, so that what a call costs is shared.
GROUPS_PER_CALL = 8
#: Deaths of workers after which the rest is given up: a machine short of memory ends every one.
MOST_DEATHS = 20
#: Seconds without any worker of Dask after which work is given up, and between two looks.
PATIENCE, _LOOK = 60.0, 2.0
_DESERTED = "no workers"


class SparkTable(Protocol):
    """A table of Spark, told by what no other table has."""

    def toPandas(self) -> pd.DataFrame:  # as Spark spells it
        """Return all rows."""
        ...


class IbisTable(Protocol):
    """A table of Ibis, told by what no other table has."""

    def get_backend(self) -> object:
        """Return the engine in which it lives."""
        ...

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows."""
        ...


#: A table of counts, wherever it lives.
CountTable: TypeAlias = pd.DataFrame | SparkTable | IbisTable


class LostWork(RuntimeError):
    """A cluster gave a piece of work up, after trying again as often as it is told to."""


def counts_of(counts: Any) -> pd.DataFrame:
    """Return an event-count table of pandas, Spark or Ibis as one of pandas.

    Parameters
    ----------
    counts : DataFrame of pandas or Spark, or Ibis table
        A frame of pandas, or anything that is no table, is returned as it is. Tables of Spark and
        Ibis have the columns that `read_counts` reads, periods as text such as ``2024-05``.

    Returns
    -------
    DataFrame of n_groups * n_periods rows
        Valid by the schema `EventCounts`, groups and periods in order.

    Raises
    ------
    InvalidTable
        If the table breaks a rule; rows are counted from 1 in the order of groups and periods.
    """
    if not (is_spark(counts) or is_ibis(counts)):
        return counts
    with warnings.catch_warnings():
        # Both still use names that pandas 3 has changed; that is theirs to follow.
        warnings.simplefilter("ignore", DeprecationWarning)
        found: pd.DataFrame = counts.toPandas() if is_spark(counts) else counts.to_pandas()
    cells = pd.DataFrame({str(name): _texts(found[name]) for name in found})
    keys = [name for name in cells if name not in MEASURED_COLUMNS]
    keys += [name for name in ("period", "as_of") if name in cells]
    # An engine returns rows in any order.
    cells = cells.sort_values(keys, ignore_index=True)
    cells.index += 1
    table, faults = counts_from_cells(cells)
    if faults:
        raise InvalidTable(faults)
    return table


def is_spark(counts: Any) -> bool:
    """Tell whether this is a table of Spark, also of one that is reached over the network."""
    return type(counts).__module__.startswith("pyspark.sql") and hasattr(counts, "toPandas")


def is_ibis(counts: Any) -> bool:
    """Tell whether this is a table of Ibis; where nobody has imported Ibis nothing is."""
    ibis = sys.modules.get("ibis.expr.types")
    return ibis is not None and isinstance(counts, ibis.Table)


def in_spark(counts: Any) -> bool:
    """Tell whether a table lives in Spark."""
    return is_spark(counts) or (is_ibis(counts) and counts.get_backend().name == "pyspark")


def run_on_spark(
    work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], counts: Any, n_tasks: int | None
) -> list[Any]:
    """Call a function with each of several arguments on the workers of Spark.

    Parameters
    ----------
    work : callable
        The modules that it calls have to be installed on every worker.
    tasks : sequence of n_calls tuples
        Its positional arguments; everything can be pickled.
    counts : DataFrame of Spark or anything else
        Whose session does the work; that of the process if it has none.
    n_tasks : int or None
        Tasks of Spark; by default one for eight calls.

    Returns
    -------
    list of n_calls
        What the calls returned, in order.

    Raises
    ------
    MissingPart
        If PySpark is not installed.
    ValueError
        If no session of Spark is running.
    LostWork
        If Spark gave up: then nothing is returned.
    """
    require("spark")
    from py4j.protocol import Py4JJavaError
    from pyspark import cloudpickle
    from pyspark.errors import PySparkException, PythonException

    if not tasks:
        return []
    pack: Callable[[object], bytes] = cloudpickle.dumps
    session = _session(counts)
    n_calls = -(-len(tasks) // GROUPS_PER_CALL)
    rows = [(at % n_calls, at, pack((work, *task))) for at, task in enumerate(tasks)]
    n_tasks = n_calls if n_tasks is None or n_tasks < 1 else n_tasks
    sent = session.createDataFrame(rows, "call int, at int, task binary")
    # A number of partitions that is named is kept; others may be merged into one, as the table is
    # small and the work is not.
    answered = (
        sent.repartition(n_tasks, "call")
        .groupBy("call")
        .applyInPandas(_do, "at int, answer binary")
    )
    try:
        found = {row["at"]: pickle.loads(row["answer"]) for row in answered.collect()}
    except PythonException:
        # What the function itself raised is a fault of the function, not of a worker.
        raise
    except (Py4JJavaError, PySparkException) as death:
        raise LostWork(type(death).__name__) from death
    return [found[at] for at in range(len(tasks))]


def run_on_dask(
    work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], client: Any, n_at_once: int | None
) -> Iterator[tuple[int, Any]]:
    """Call a function with each of several arguments on the workers of Dask.

    joblib's backend for Dask waits for ever for a task that ended its workers, so Dask is asked
    itself. Several tasks share a worker and its end: those that were lost beside others are called
    once more by themselves.

    Parameters
    ----------
    work : callable
        The modules that it calls have to be installed on every worker.
    tasks : sequence of n_calls tuples
        Its positional arguments; everything can be pickled.
    client : distributed.Client
    n_at_once : int or None
        Calls that are on their way together; by default four for each thread of the cluster.

    Yields
    ------
    at : int
        Place of the call.
    answer : object
        What it returned, or a `LostWork`. What a call raises is raised.
    """
    lost = []
    for at, answer in _on_dask(work, enumerate(tasks), client, n_at_once):
        if isinstance(answer, LostWork):
            lost.append((at, answer))
        else:
            yield at, answer
    # Workers that ended are started again after a while; where none came, none is waited for twice.
    deserted = False
    for n_again, (at, answer) in enumerate(lost):
        deserted = deserted or str(answer) == _DESERTED
        if n_again < MOST_DEATHS and not deserted:
            ((_, answer),) = _on_dask(work, [(at, tasks[at])], client, 1)
        yield at, answer


def _on_dask(
    work: Callable[..., Any],
    tasks: Iterable[tuple[int, tuple[Any, ...]]],
    client: Any,
    n_at_once: int | None,
) -> Iterator[tuple[int, Any]]:
    """Yield place and answer of every call as they come; a death is an answer."""
    from distributed import KilledWorker
    from distributed import wait as awaited

    wait: Callable[..., Any] = awaited

    waiting: dict[Any, int] = {}
    left = iter(tasks)
    nobody_since = None
    try:
        while True:
            threads = sum(client.nthreads().values())
            most = n_at_once if n_at_once and n_at_once > 0 else 4 * max(threads, 1)
            for at, given in islice(left, most - len(waiting)):
                waiting[client.submit(work, *given, pure=False)] = at
            if not waiting:
                return
            try:
                done = wait(list(waiting), timeout=_LOOK, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                done = set()
            if done or threads:
                nobody_since = None
            elif nobody_since is None:
                nobody_since = time.monotonic()
            elif time.monotonic() - nobody_since > PATIENCE:
                everything = [*waiting.values(), *(at for at, _ in left)]
                yield from ((at, LostWork(_DESERTED)) for at in everything)
                return
            for future in done:
                at = waiting.pop(future)
                death = future.exception() if future.status == "error" else None
                if isinstance(death, KilledWorker):
                    yield at, LostWork(type(death).__name__)
                else:
                    yield at, future.result()
    finally:
        # Who interrupts leaves nothing behind on the cluster.
        client.cancel(list(waiting))


def _do(tasks: pd.DataFrame) -> pd.DataFrame:
    """Do the tasks of one call, on a worker."""
    return pd.DataFrame({"at": tasks["at"], "answer": list(_answers(tasks["task"]))})


def _answers(tasks: pd.Series) -> Iterator[bytes]:
    """Return what each task gives, pickled."""
    for task in tasks:
        work, *given = pickle.loads(task)
        yield pickle.dumps(work(*given), protocol=pickle.HIGHEST_PROTOCOL)


def _session(counts: Any) -> Any:
    """Return the session of Spark in which a table lives, or that of this process."""
    from pyspark.sql import SparkSession

    session = counts.sparkSession if is_spark(counts) else SparkSession.getActiveSession()
    if session is None:
        raise ValueError(
            "`backend` must be that of a running engine, got 'spark' without a session. Start one "
            "first: pyspark.sql.SparkSession.builder.getOrCreate()."
        )
    return session


def _texts(column: pd.Series) -> pd.Series:
    """Return a column as `write_counts` writes it; what is missing is empty."""
    values = column.astype(object)
    missing = column.isna().to_numpy()
    return pd.Series(
        ["" if gone else _text(value) for value, gone in zip(values, missing, strict=True)],
        dtype="str",
    )


def _text(value: object) -> str:
    """Return a value as text: whole numbers without a fraction, days without an hour."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return str(value.date())
    return str(value)
