"""Is the table of a panel the same from every engine?"""

import functools
import os
import sys
import time

import ibis
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

import trends
from trends.analysis.panel import _engine, _run, _run_on_spark
from trends.tables.distributed import GROUPS_PER_CALL, counts_of, run_on_spark
from trends.tables.faults import InvalidTable

# Spark and Ibis lag behind pandas 3 in names they call; no warning here is about our own code.
pytestmark = pytest.mark.filterwarnings("ignore")

MONTHS = pd.period_range("2020-01", periods=36, freq="M", name="period")


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    """Return twelve districts of two counters, of which one has no events and one few."""
    rng = np.random.default_rng(5)
    parts = [
        pd.DataFrame(
            {
                "counter": "A" if which % 2 else "B",
                "district": f"D{which:02d}",
                "period": MONTHS,
                "count": pd.array(rng.poisson(mean, 36), dtype="Int64"),
                "exposure": MONTHS.days_in_month.astype(float),
                "complete": True,
            }
        )
        for which, mean in enumerate([0, 0.05, *[6.0] * 9, 5 * 1.05 ** np.arange(36)])
    ]
    counts = pd.concat(parts, ignore_index=True)
    # Not covered, not known and watched in part stay what they are on the way.
    counts.loc[counts.index[100], ["count", "exposure", "complete"]] = [pd.NA, 0.0, False]
    counts.loc[counts.index[110], "count"] = pd.NA
    counts.loc[counts.index[120], ["exposure", "complete"]] = [10.5, False]
    path = tmp_path_factory.mktemp("counts") / "counts.csv"
    trends.write_counts(counts, path)
    return trends.read_counts(path)


@functools.cache
def options(question):
    """Return what a question is asked with."""
    return {"by": ("counter", "district"), "rng": 3} | {"changepoint": {"n_null": 99}}.get(
        question, {}
    )


def as_text(counts):
    """Return event counts as another engine holds them: periods are text."""
    return counts.assign(period=counts["period"].astype(str))


def in_spark(session, counts):
    """Return event counts as a table of Spark, its rows in another order."""
    frame = as_text(counts).sample(frac=1, random_state=1)
    rows = [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame.astype(object).itertuples(index=False)
    ]
    return session.createDataFrame(
        rows,
        "counter string, district string, period string, count long, exposure double, "
        "complete boolean",
    )


@pytest.mark.parametrize("question", ["trend", "changepoint"])
def test_spark_answers_as_one_process_does(spark, counts, question):
    serial = trends.analyse_panel(counts, question, n_jobs=1, **options(question))
    table = in_spark(spark, counts)
    answered = trends.analyse_panel(table, question, **options(question))
    pd.testing.assert_frame_equal(answered.to_frame(), serial.to_frame())
    # A series without events has no trend, and the reason travels.
    assert (answered.n_answered < answered.n_groups) is (question == "trend")
    again = trends.analyse_panel(counts, question, backend="spark", n_jobs=1, **options(question))
    pd.testing.assert_frame_equal(again.to_frame(), serial.to_frame())


def test_a_table_of_ibis_is_asked_in_its_own_engine(spark, counts):
    serial = trends.analyse_panel(counts, "trend", n_jobs=1, **options("trend"))
    in_spark(spark, counts).createOrReplaceTempView("counts_of_districts")
    table = ibis.pyspark.connect(spark).table("counts_of_districts")
    answered = trends.analyse_panel(table, "trend", **options("trend"))
    pd.testing.assert_frame_equal(answered.to_frame(), serial.to_frame())
    assert answered.results[("A", "D11")].series.equals(serial.results[("A", "D11")].series)


def test_what_spark_did_not_answer_is_lost_with_a_reason(spark, counts):
    def dies(series):
        os._exit(1)

    told = []
    found = _run_on_spark([(dies, None, {}, False)] * 3, None, 1, lambda *done: told.append(done))
    assert [one.status for one in found] == ["lost"] * 3
    assert "A worker ended before it had answered" in found[0].reason
    assert told == [(3, 3)]


def test_spark_loses_the_group_that_ends_its_worker_and_no_other(spark):
    def dies(series):
        os._exit(1)

    def refuses(series):
        raise ValueError("nothing to say")

    found = _run_on_spark(
        [(dies if which == 2 else refuses, None, {}, False) for which in range(4)], None, 1, None
    )
    assert [one.status for one in found] == ["refused", "refused", "lost", "refused"]


def test_spark_returns_what_each_call_gave_in_order(spark):
    def double(number):
        return 2 * number

    numbers = [(each,) for each in range(5 * GROUPS_PER_CALL + 1)]
    assert run_on_spark(double, numbers, None, None) == [2 * each for (each,) in numbers]
    assert run_on_spark(double, numbers, None, 3) == [2 * each for (each,) in numbers]
    assert run_on_spark(double, [], None, None) == []


def cluster_of_dask(**settings):
    """Give a client of a local Dask cluster of two workers."""
    dask = pytest.importorskip("dask", reason="Dask is not installed: distributed")
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: distributed")
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def dask():
    """Return a client of a local Dask cluster."""
    yield from cluster_of_dask()


@pytest.fixture
def impatient_dask():
    """Return a client of a local Dask cluster that tries nothing twice."""
    yield from cluster_of_dask(**{"distributed.scheduler.allowed-failures": 0})


def test_a_local_cluster_of_dask_answers_as_one_process_does(dask, counts):
    serial = trends.analyse_panel(counts, "changepoint", n_jobs=1, **options("changepoint"))
    answered = trends.analyse_panel(counts, "changepoint", backend="dask", **options("changepoint"))
    pd.testing.assert_frame_equal(answered.to_frame(), serial.to_frame())


def test_dask_loses_the_group_that_ends_its_workers_and_no_other(impatient_dask):
    def dies(series):
        os._exit(1)

    def refuses(series):
        raise ValueError("nothing to say")

    told = []
    tasks = [(dies if which == 2 else refuses, None, {}, False) for which in range(6)]
    with parallel_config(backend="dask"):
        found = _run(tasks, None, 3, lambda *done: told.append(done))
    assert [one.status for one in found] == ["refused", "refused", "lost", *["refused"] * 3]
    assert found[2].reason == "A worker ended before it had answered (KilledWorker)."
    assert told == [(done, 6) for done in range(1, 7)]


def test_what_waits_for_a_cluster_of_dask_without_workers_is_lost(dask, monkeypatch):
    monkeypatch.setattr("trends.tables.distributed.PATIENCE", 0.5)
    monkeypatch.setattr("trends.tables.distributed._LOOK", 0.2)
    dask.cluster.scale(0)
    while dask.nthreads():
        time.sleep(0.05)
    found = _run([(len, None, {}, False)] * 3, "dask", None, None)
    assert [one.status for one in found] == ["lost"] * 3
    assert found[0].reason == "A worker ended before it had answered (no workers)."


def test_without_a_client_dask_is_refused_in_words():
    with pytest.raises(ValueError, match="got 'dask' without a client of Dask"):
        _run([(len, None, {}, False)], "dask", None, None)


@pytest.fixture
def ray():
    """Start Ray with two workers in this machine."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.mark.parametrize("question", ["trend", "changepoint"])
def test_ray_answers_as_one_process_does(ray, counts, question):
    serial = trends.analyse_panel(counts, question, n_jobs=1, **options(question))
    told = []
    answered = trends.analyse_panel(
        counts,
        question,
        backend="ray",
        progress=lambda *done: told.append(done),
        **options(question),
    )
    pd.testing.assert_frame_equal(answered.to_frame(), serial.to_frame())
    assert told == [(done, 12) for done in range(1, 13)]


def test_ray_loses_the_group_that_ends_its_worker_and_no_other(ray):
    def dies(series):
        os._exit(1)

    def refuses(series):
        raise ValueError("nothing to say")

    tasks = [(dies if which == 1 else refuses, None, {}, False) for which in range(4)]
    found = _run(tasks, "ray", 2, None)
    assert [one.status for one in found] == ["refused", "lost", "refused", "refused"]
    assert found[1].reason == "A worker ended before it had answered (ActorDiedError)."


def test_without_ray_its_backend_is_refused_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.util.joblib", None)
    with pytest.raises(ValueError, match=r"got 'ray' without Ray\. Install ray first"):
        _run([(len, None, {}, False)], "ray", None, None)


def test_a_backend_that_gives_no_answers_one_by_one_gives_them_all(counts):
    # As that of Ray, which need not be installed.
    serial = trends.analyse_panel(counts, "trend", n_jobs=1, **options("trend"))
    answered = trends.analyse_panel(
        counts, "trend", backend="multiprocessing", n_jobs=2, **options("trend")
    )
    pd.testing.assert_frame_equal(answered.to_frame(), serial.to_frame())


def test_workers_are_as_many_as_joblib_was_told():
    with parallel_config(backend="threading", n_jobs=3), _engine(None, None) as engine:
        assert engine.n_jobs == 3
    with parallel_config(backend="threading", n_jobs=3), _engine(None, 2) as engine:
        assert engine.n_jobs == 2
    for backend in (None, "loky", "threading"):
        with _engine(backend, None) as engine:
            assert engine.n_jobs == -1


def test_an_error_of_the_question_is_no_death():
    def mistakes(series):
        raise TypeError("no such column")

    with pytest.raises(TypeError, match="no such column"):
        _run([(mistakes, None, {}, False)] * 2, "threading", 2, None)


@pytest.mark.filterwarnings("error")
def test_a_table_of_ibis_is_read_without_a_warning(counts, tmp_path):
    path = tmp_path / "counts.parquet"
    as_text(counts).to_parquet(path)
    table = ibis.duckdb.connect().read_parquet(path)
    assert counts_of(table)["count"].sum() == counts["count"].sum()


def test_a_table_of_ibis_is_the_table_it_was_written_from(counts):
    table = ibis.memtable(as_text(counts))
    panel = trends.analyse_panel(table, "trend", n_jobs=1, **options("trend"))
    pd.testing.assert_frame_equal(
        panel.counts.sort_values(["counter", "district", "period"], ignore_index=True),
        counts.sort_values(["counter", "district", "period"], ignore_index=True),
    )
    serial = trends.analyse_panel(counts, "trend", n_jobs=1, **options("trend"))
    pd.testing.assert_frame_equal(panel.to_frame(), serial.to_frame())


def test_a_table_of_ibis_is_held_to_the_rules_of_event_counts(counts):
    spoilt = as_text(counts).assign(exposure=-1.0)
    with pytest.raises(InvalidTable, match="row 1, column exposure: must be 0 or more"):
        trends.analyse_panel(ibis.memtable(spoilt), "trend", **options("trend"))
    with pytest.raises(InvalidTable, match="one row per group and period"):
        trends.analyse_panel(
            ibis.memtable(as_text(pd.concat([counts, counts]))), "trend", **options("trend")
        )
    with pytest.raises(InvalidTable, match="period"):
        trends.analyse_panel(
            ibis.memtable(as_text(counts).drop(columns="period")), "trend", **options("trend")
        )
