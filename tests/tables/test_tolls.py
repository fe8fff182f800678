import numpy as np
import pandas as pd
import pytest

import trends
from trends.tables.tolls import tolls

DAYS = pd.to_datetime(["2024-01-05", "2024-01-09"])


def test_the_column_of_deaths_is_the_one_the_layout_declares(reference):
    rows = pd.read_csv(reference / "ucdp_ged_21_1_is_syria_iraq.csv.gz", nrows=50)
    raw = tolls(rows, "first")
    read = tolls(trends.read_events(reference / "ucdp_ged_21_1_is_syria_iraq.csv.gz"), "first")
    pd.testing.assert_frame_equal(raw, read.head(50), check_dtype=False)
    for name in ("low", "best", "high"):
        assert raw[name].tolist() == rows[name].tolist()


@pytest.mark.parametrize(
    ("source", "row"),
    [
        ("ACLED", {"event_id_cnty": "SYR1", "event_date": "2024-01-05", "event_type": "Battles",
                   "country": "Syria", "fatalities": 7}),
        ("GTD", {"eventid": 202401050001, "iyear": 2024, "imonth": 1, "iday": 5,
                 "country_txt": "Syria", "nkill": 7}),
        ("UCDP GED", {"id": 1, "date_start": "2024-01-05", "date_end": "2024-01-05",
                      "country": "Syria", "type_of_violence": 3, "best": 7, "low": 7, "high": 9}),
    ],
)  # fmt: skip
def test_every_database_says_its_deaths_in_a_column_of_its_own(source, row, tmp_path):
    path = tmp_path / "events.csv"
    pd.DataFrame([row]).to_csv(path, index=False)
    events = trends.read_events(path)
    assert events["source"].tolist() == [source]
    assert tolls(events, "first")["best"].tolist() == [7]
    counted = trends.count_events(path, by="country", freq="Y", value="fatalities")
    assert counted["count"].tolist() == [7]
    assert counted["count_unit"].tolist() == ["fatalities"]


def test_missing_bounds_are_the_best_figure_and_a_missing_best_is_in_the_middle():
    events = pd.DataFrame(
        {
            "event_id": list("abcd"),
            "start": [DAYS[0]] * 4,
            "fatalities_low": [np.nan, 2, np.nan, np.nan],
            "fatalities_best": [4, np.nan, np.nan, np.nan],
            "fatalities_high": [np.nan, 6, 8, np.nan],
        }
    )
    assert tolls(events, "first")[["low", "best", "high"]].fillna(-1).to_numpy().tolist() == [
        [4, 4, 4],
        [2, 4, 6],
        [8, 8, 8],
        [-1, -1, -1],
    ]


def test_best_figures_lie_within_their_bounds():
    events = pd.DataFrame(
        {"event_id": ["a"], "start": DAYS[:1], "fatalities_low": [5], "fatalities_best": [3],
         "fatalities_high": [2]}
    )  # fmt: skip
    row = tolls(events, "first").iloc[0]
    assert row["low"] <= row["best"] <= row["high"]


@pytest.mark.parametrize(
    ("events", "error", "message"),
    [
        ([1, 2], TypeError, "`first` must be a frame of events"),
        (pd.DataFrame({"a": [1]}), TypeError, "`first` must be a frame of events"),
        (
            pd.DataFrame({"event_id": ["a"], "start": DAYS[:1]}),
            ValueError,
            "`first` must have a column of deaths",
        ),
        (
            pd.DataFrame({"event_id": ["a"], "start": DAYS[:1], "fatalities_best": [-1]}),
            ValueError,
            "deaths as numbers of 0 or more, got -1 in fatalities_best",
        ),
        (
            pd.DataFrame({"event_id": ["a"], "start": DAYS[:1], "fatalities_best": ["many"]}),
            ValueError,
            "got many in fatalities_best",
        ),
    ],
)
def test_what_tells_no_deaths_is_refused(events, error, message):
    with pytest.raises(error, match=message):
        tolls(events, "first")
