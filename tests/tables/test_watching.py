"""Is the silence of a database that did not watch told from zero events?"""

import ibis
import numpy as np
import pandas as pd
import pytest

import trends
from trends.tables.counting import count_events
from trends.tables.counts import read_counts, write_counts
from trends.tables.events import read_events
from trends.tables.series import series
from trends.tables.watching import begins_late

# Ibis 12 uses names that DuckDB 2 and pandas 3 have changed, also where a test calls it directly.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis", "ignore:.*deprecated")

GTD = "eventid,iyear,imonth,iday,country_txt"
ACLED = "event_id_cnty,event_date,event_type,country"


def gtd(tmp_path, years):
    rows = [
        f"{year}{month:02d}{day:02d}0001,{year},{month},{day},Peru"
        for year in years
        for month in range(1, 13)
        for day in (10, 11, 12)
    ]
    path = tmp_path / "gtd.csv"
    path.write_text("\n".join([GTD, *rows]))
    return path


def acled(tmp_path, *rows):
    path = tmp_path / "acled.csv"
    lines = [f"XXA{number},{day},Battles,{country}" for number, (day, country) in enumerate(rows)]
    path.write_text("\n".join([ACLED, *lines]))
    return path


def test_the_year_that_gtd_lost_is_not_covered_and_every_finding_says_so(tmp_path):
    path = gtd(tmp_path, (1991, 1992, 1994, 1995))
    counts = count_events(path, freq="Y").set_index("period")
    assert counts["count"].tolist() == [36, 36, pd.NA, 36, 36]
    assert counts.loc["1993", "exposure"] == 0
    trend = trends.estimate_trend(series(count_events(path)))
    assert trend.n_observed == trend.n_periods - 12
    assert all("database_did_not_watch" in found.caveats for found in trend.findings())
    assert "did not watch the whole span" in trend.summary()
    assert "ولم ترصد قاعدة البيانات المدة كلها" in trend.summary("ar")
    assert count_events(path, freq="Y", coverage="all")["count"].tolist() == [36, 36, 0, 36, 36]


def test_records_of_a_stretch_said_to_be_lost_show_that_it_was_watched(tmp_path):
    counts = count_events(gtd(tmp_path, (1992, 1993, 1994)), freq="Y")
    assert counts["count"].tolist() == [36, 36, 36]
    assert "caveats" not in counts


def test_a_country_is_watched_from_the_first_year_that_acled_codes_it(tmp_path):
    path = acled(tmp_path, ("2016-02-01", "Iraq"), ("2017-03-01", "Syria"), ("2018-12-31", "Iraq"))
    span = ("2015", "2018")
    counts = count_events(path, freq="Y", by="country", span=span)
    assert counts["country"].tolist() == ["Iraq"] * 4 + ["Syria"] * 4
    assert counts["exposure"].tolist() == [0, 366, 365, 365, 0, 0, 365, 365]
    assert counts["caveats"].str.contains("database_did_not_watch").all()
    for same in (read_events(path), ibis.memtable(pd.read_csv(path))):
        again = count_events(same, freq="Y", by="country", span=span)
        pd.testing.assert_frame_equal(again, counts)


def test_countries_counted_together_are_watched_from_the_first_of_them_on(tmp_path):
    path = acled(tmp_path, ("2016-02-01", "Iraq"), ("2017-03-01", "Syria"))
    counts = count_events(path, freq="Y", span=("2015", "2017"))
    assert counts["exposure"].tolist() == [0, 366, 365]
    assert counts["count"].tolist() == [pd.NA, 1, 1]


def test_an_event_before_the_first_year_declared_moves_it(tmp_path):
    path = acled(tmp_path, ("2015-12-31", "Syria"), ("2017-03-01", "Syria"))
    counts = count_events(path, freq="Y", by="country", span=("2015", "2017"))
    assert counts["exposure"].tolist() == [1, 366, 365]


def test_a_first_event_long_after_the_span_begins_is_a_caveat_where_coverage_is_unknown():
    days = pd.date_range("2012-01-01", "2014-12-31", freq="10D")
    events = pd.DataFrame({"event_id": range(len(days)), "start": days, "country": "Examplia"})
    late = count_events(events, span=("2005", "2014"))
    assert late["caveats"].unique().tolist() == ["watching_may_begin_late"]
    assert late["count"].eq(0).sum() == 7 * 12
    assert "caveats" not in count_events(events, span=("2011-06", "2014-12"))


def test_a_silence_that_chance_explains_is_not_called_late():
    rng = np.random.default_rng(1)
    flags = [begins_late(rng.poisson(0.05, 120), np.full(120, 30.0)) for _ in range(2000)]
    assert np.mean(flags) < 0.005


def test_the_extent_of_a_file_is_kept_when_its_rows_are_filtered(tmp_path):
    path = acled(
        tmp_path,
        ("2018-01-01", "Iraq"),
        ("2018-03-05", "Syria"),
        ("2018-03-20", "Syria"),
        ("2018-12-31", "Iraq"),
    )
    events = read_events(path)
    syria = count_events(events[events["country"] == "Syria"])
    assert syria["exposure"].sum() == 365
    assert syria.attrs["span"] == "2018-01-01 to 2018-12-31"


def test_a_span_set_by_a_few_events_says_so_and_keeps_saying_so_in_a_file(tmp_path):
    days = pd.to_datetime(["2024-01-10", "2024-03-02", "2024-05-20", "2024-06-01"])
    events = pd.DataFrame({"event_id": list("abcd"), "start": days, "country": "Examplia"})
    counts = count_events(events)
    assert counts["caveats"].unique().tolist() == ["span_of_few_events"]
    write_counts(counts, tmp_path / "counts.csv")
    assert series(read_counts(tmp_path / "counts.csv")).attrs["caveats"] == ["span_of_few_events"]
    assert "caveats" not in count_events(events, span=("2024-01", "2024-06"))


def test_events_over_more_than_five_thousand_periods_need_a_span():
    days = pd.to_datetime(["1205-01-10", "2024-03-02"]).astype("datetime64[s]")
    events = pd.DataFrame({"event_id": list("ab"), "start": days, "country": "Examplia"})
    with pytest.raises(ValueError, match="`span` must be given for more than 5,000 periods"):
        count_events(events)
    assert len(count_events(events, span=("1205", "2024"))) == 9_840


@pytest.mark.parametrize("day", ["0025-09-03", "2205-09-03", "9999-12-31"])
def test_a_year_that_cannot_be_is_read_as_the_column_of_the_year_says(tmp_path, day):
    path = tmp_path / "acled.csv"
    path.write_text(
        "event_id_cnty,event_date,year,event_type,country\n"
        f"a,2025-09-01,2025,Battles,Iraq\nb,{day},2025,Battles,Iraq\n"
    )
    expected = pd.Timestamp(2025, *map(int, day.split("-")[1:]))
    assert read_events(path)["start"].tolist()[1] == expected
    assert count_events(path).attrs["n_redated"] == 1
    (doubt,) = trends.validate(path).doubts
    assert (doubt.row, doubt.value) == (3, day)
    plain = tmp_path / "own.csv"
    plain.write_text(f"event_id,start,country\na,2025-09-01,Iraq\nb,{day},Iraq\n")
    for door in (read_events, count_events):
        with pytest.raises(ValueError, match="row 3, column start: must not be"):
            door(plain)
    assert not trends.validate(plain).ok


def test_years_that_were_named_are_believed(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("event_id,start,country\na,0998-09-01,Iraq\nb,0999-09-01,Iraq\n")
    assert len(read_events(path, years=(900, 1100))) == 2
    assert count_events(path, freq="Y", years=(900, 1100))["count"].tolist() == [1, 1]
