"""Do all public functions give the same answer however the rows of a frame are kept?

An index that repeats after a concat, rows in another order, and text as objects, strings or
categories say nothing about the counts.
"""

import inspect

import numpy as np
import pandas as pd
import pytest

import trends
from trends.tables.faults import InvalidTable

MONTHS = pd.period_range("2020-01", periods=24, freq="M")


def statements():
    """Two counters over four years."""
    rows = [
        {
            "statement_id": f"{counter.lower()}-{year}",
            "measure": "events",
            "count_low": pd.NA,
            "count": count + 10 * (year - 2020),
            "count_high": pd.NA,
            "qualifier": "exact",
            "window_start": pd.Timestamp(year, 1, 1),
            "window_end": pd.Timestamp(year, 12, 31),
            "window_basis": "stated",
            "country": "Syria",
            "area": "Syria",
            "control_area": "all",
            "actor": None,
            "counted_by": counter,
            "source_kind": "monitor",
            "published_by": counter,
            "published_on": pd.NaT,
            "url": None,
            "document": None,
            "part_of": None,
            "part_kind": None,
            "role": "primary",
            "reading": "direct",
            "note": None,
        }
        for counter, count in (("A", 100), ("B", 60))
        for year in range(2020, 2024)
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(("count_low", "count", "count_high"), "Int64"))


def contradicting():
    """The same, with a part that is larger than its whole."""
    part = (
        statements()
        .iloc[[3]]
        .assign(statement_id="a-part", count=500, part_of="a-2023", part_kind="area", area="North")
    )
    return pd.concat([statements(), part], ignore_index=True)


def claimed():
    """The same, with a forecast of the last year of A that was made within it."""
    claim = (
        statements()
        .iloc[[3]]
        .assign(
            statement_id="a-pace", count=120, qualifier="more_than", forecast_of="a-2023",
            published_on=pd.Timestamp(2023, 7, 1),
        )
    )  # fmt: skip
    return pd.concat([statements(), claim], ignore_index=True)


def counts():
    level = np.where(np.arange(24) < 12, 5, 20)
    rows = [
        pd.DataFrame(
            {
                "country": country,
                "area": area,
                "period": MONTHS,
                "count": pd.array(level + number, dtype="Int64"),
                "exposure": MONTHS.days_in_month.to_numpy(float),
                "complete": True,
            }
        )
        for number, (country, area) in enumerate([("Syria", "Homs"), ("Iraq", "Anbar")])
    ]
    return pd.concat(rows, ignore_index=True)


def events():
    days = pd.date_range("2024-01-01", periods=30, freq="5D")
    return pd.DataFrame(
        {
            "event_id": [f"e{number}" for number in range(30)],
            "start": days,
            "country": np.where(np.arange(30) % 3, "Syria", "Iraq"),
            "event_type": np.where(np.arange(30) % 2, "bomb", "raid"),
        }
    )


def coverage():
    return pd.DataFrame(
        {
            "source": ["a", "b"],
            "country": ["Syria", "Iraq"],
            "watched_from": pd.to_datetime(["2024-01-01", "2024-02-01"]),
            "watched_to": pd.to_datetime(["2024-05-31", "2024-05-31"]),
        }
    )


def vintages():
    """The counts of one country as they stood at the end of each of six months."""
    whole = counts().query("country == 'Syria'")
    return pd.concat(
        [
            whole.iloc[:last].assign(
                as_of=MONTHS[last - 1].end_time.normalize(),
                count=lambda rows: rows["count"] - np.maximum(3 - np.arange(len(rows))[::-1], 0),
            )
            for last in range(19, 25)
        ],
        ignore_index=True,
    )


def written(table, tmp_path):
    trends.write_counts(table, tmp_path / "counts.csv")
    return trends.read_counts(tmp_path / "counts.csv")


def events_with_deaths():
    """Events of two countries, each on a day of its own."""
    deaths = np.random.default_rng(1).integers(0, 9, 60)
    days = pd.date_range("2024-01-01", periods=60)
    return pd.DataFrame(
        {
            "event_id": days.astype("str"),
            "start": days,
            "country": ["Iraq", "Syria"] * 30,
            "fatalities_best": deaths,
        }
    )


#: Frame, and what is asked of it.
QUESTIONS = {
    "find_contradictions": (contradicting, lambda rows, _: trends.find_contradictions(rows)),
    "estimate_rate": (statements, lambda rows, _: trends.estimate_rate(rows)),
    "figure_rate": (
        statements,
        lambda rows, _: trends.figure_rate(rows[rows["statement_id"] == "a-2023"].iloc[0]),
    ),
    "figure_rates": (statements, lambda rows, _: trends.figure_rates(rows)),
    "statement_series": (
        statements,
        lambda rows, _: trends.statement_series(rows, measure="events", counted_by="A", freq="Y"),
    ),
    "compare_reporting": (
        statements,
        lambda rows, _: trends.compare_reporting(
            rows[rows["counted_by"] == "A"], rows[rows["counted_by"] == "B"], date="2022"
        ),
    ),
    "compare_rates": (
        statements,
        lambda rows, _: trends.compare_rates(
            *(rows[rows["statement_id"] == name].iloc[0] for name in ("a-2023", "a-2020"))
        ),
    ),
    "score_claims": (claimed, lambda rows, _: trends.score_claims(rows)),
    "series": (counts, lambda rows, _: trends.series(rows, country="Syria")),
    "write_counts": (counts, written),
    "count_events": (
        events,
        lambda rows, _: trends.count_events(rows, by=["country", "event_type"]),
    ),
    "coverage": (
        coverage,
        lambda rows, _: trends.count_events(
            events(), by="country", coverage=rows, span=("2024-01", "2024-05")
        ),
    ),
    "analyse_panel": (
        counts,
        lambda rows, _: trends.analyse_panel(rows, "trend", by="country", n_jobs=1),
    ),
    "rank_groups": (
        counts,
        lambda rows, _: trends.rank_groups(
            rows,
            by="country",
            first=("2020-01", "2020-12"),
            second=("2021-01", "2021-12"),
            top=1,
            n_jobs=1,
            rng=1,
        ),
    ),
    "compare_severity": (
        events_with_deaths,
        lambda rows, _: trends.compare_severity(
            rows[rows["country"] == "Iraq"], rows[rows["country"] == "Syria"], rng=1
        ),
    ),
    "estimate_share": (
        counts,
        lambda rows, _: trends.estimate_share(rows, of="Syria", by="country"),
    ),
    "detect_alarms": (counts, lambda rows, _: trends.detect_alarms(rows, by="country", rng=1)),
    "reporting_delay": (vintages, lambda rows, _: trends.reporting_delay(rows)),
    "as_series": (
        counts,
        lambda rows, _: trends.as_series(rows[rows["country"] == "Syria"]),
    ),
}


def test_every_public_function_that_takes_rows_is_asked():
    """Count series are indexed by their periods, and files have rows of their own."""
    functions = dict(inspect.getmembers(trends, inspect.isfunction))
    first = {name: next(iter(inspect.signature(of).parameters)) for name, of in functions.items()}
    taking = {name for name, given in first.items() if given not in ("path", "paths", "series")}
    # These two take results and count series, which are checked when they are made.
    assert taking - set(QUESTIONS) == {"shared_changepoints", "compare_trends"}


def texts(rows, dtype):
    """Return the frame with its text columns of another type."""
    names = [name for name in rows if pd.api.types.is_string_dtype(rows[name].dropna())]
    return rows.astype(dict.fromkeys(names, dtype))


KEPT = {
    "an index that repeats": lambda rows: rows.set_axis([0] * len(rows)),
    "an index of labels": lambda rows: rows.set_axis([f"row {n}" for n in range(len(rows))]),
    "rows in another order": lambda rows: rows.sample(frac=1, random_state=3),
    "text as objects": lambda rows: texts(rows, object),
    "text as strings": lambda rows: texts(rows, "string"),
    "text as PyArrow strings": lambda rows: texts(rows, "string[pyarrow]"),
    "text as categories": lambda rows: texts(rows, "category"),
    "counts of 64 bits": lambda rows: rows.astype({"count": "int64"}) if "count" in rows else rows,
    "columns in another order": lambda rows: rows[list(rows.columns[::-1])],
}


def answer(value):
    """Return what a function says as a frame that can be compared, whatever its row order."""
    frame = value.to_frame() if hasattr(value, "to_frame") else value
    frame = frame.reset_index(drop=not isinstance(frame.index, pd.PeriodIndex))
    plain = frame.astype(dict.fromkeys(frame, object))
    plain = plain[sorted(plain.columns)]
    keys = plain.map(str).agg("|".join, axis="columns")
    return plain.iloc[np.argsort(keys.to_numpy(), kind="stable")].reset_index(drop=True)


@pytest.mark.parametrize("how", list(KEPT))
@pytest.mark.parametrize("question", list(QUESTIONS))
def test_how_rows_are_kept_does_not_change_the_answer(question, how, tmp_path):
    make, ask = QUESTIONS[question]
    expected = answer(ask(make(), tmp_path))
    found = answer(ask(KEPT[how](make()), tmp_path))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-7)


@pytest.mark.parametrize(
    "how", ["an index that repeats", "an index of labels", "text as categories"]
)
def test_faults_of_a_frame_have_a_row_however_it_is_numbered(how):
    broken = events().assign(latitude=np.nan, longitude=np.nan)
    broken.loc[4, "latitude"] = 33.5
    with pytest.raises(InvalidTable, match="row 4, column latitude, longitude: must have both"):
        trends.count_events(KEPT[how](broken))


def test_faults_of_a_frame_are_found_by_the_numbers_of_its_rows():
    broken = events().assign(latitude=np.nan, longitude=np.nan)
    broken.loc[4, "latitude"] = 33.5
    with pytest.raises(InvalidTable, match="row 4, column latitude, longitude: must have both"):
        trends.count_events(broken.iloc[3:])
