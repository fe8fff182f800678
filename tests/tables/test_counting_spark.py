"""Does Spark count what DuckDB counts?"""

import ibis
import pandas as pd
import pytest

from trends.tables.counting import count_events
from trends.tables.events import read_events
from trends.tables.faults import InvalidTable

# Spark and Ibis lag behind pandas 3 in names they call; no warning here is about our own code.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def in_ibis(spark):
    """Return an Ibis connection to Spark in this process."""
    return ibis.pyspark.connect(spark)


@pytest.mark.parametrize(
    "options",
    [
        {"by": "country", "span": ("2013-01", "2022-12")},
        {"freq": "W", "by": ["country", "event_type"], "span": ("2013-01", "2014-12")},
        {"freq": "Q", "allocation": "share"},
    ],
)
def test_spark_and_duckdb_give_identical_tables(in_ibis, ucdp, tmp_path, options):
    events = read_events(ucdp / "ucdp_ged_23_1_sample_1000.csv")
    path = tmp_path / "events.parquet"
    events.to_parquet(path, index=False, coerce_timestamps="us")
    in_spark = count_events(in_ibis.read_parquet(path), **options)
    in_duckdb = count_events(path, **options)
    pd.testing.assert_frame_equal(in_spark, in_duckdb)
    assert in_spark.attrs["n_ambiguous"] == in_duckdb.attrs["n_ambiguous"]
    assert in_spark.attrs["n_counted"] == in_duckdb.attrs["n_counted"]


def test_faults_are_found_in_spark(in_ibis, ucdp, tmp_path):
    events = read_events(ucdp / "ucdp_ged_23_1_sample_1000.csv").head(20)
    events.loc[3, "latitude"] = 95.0
    events.loc[4, "event_id"] = events.loc[5, "event_id"]
    path = tmp_path / "events.parquet"
    events.to_parquet(path, index=False, coerce_timestamps="us")
    with pytest.raises(InvalidTable) as caught:
        count_events(in_ibis.read_parquet(path))
    assert {(fault.column, fault.rule) for fault in caught.value.faults} == {
        ("latitude", "must be between -90 and 90"),
        ("event_id", "must be unique, but its rows differ in start, end, date_precision"),
    }


def test_rows_that_are_not_plain_are_counted_as_the_reader_reads_them(in_ibis, ucdp, tmp_path):
    events = read_events(ucdp / "ucdp_ged_23_1_sample_1000.csv").head(50)
    odd = events.astype({"start": "str", "latitude": "str", "longitude": "str"})
    odd.loc[3, "start"] = "\u0662\u0660\u0662\u0660-\u0660\u0662-\u0660\u0663"
    odd.loc[5, "country"] = "\u00a0" + odd.loc[5, "country"]
    odd = pd.concat([odd, odd.iloc[[7]]], ignore_index=True).drop(columns="end")
    path = tmp_path / "events.parquet"
    odd.to_parquet(path, index=False)
    options = {"by": "country", "freq": "Y", "span": ("1989", "2022")}
    in_spark = count_events(in_ibis.read_parquet(path), **options)
    pd.testing.assert_frame_equal(in_spark, count_events(path, **options))
    assert in_spark.attrs["n_repeated"] == 1
