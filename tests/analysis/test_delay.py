"""Late reports: what vintages say of the last periods, held against later vintages."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trends
from trends.analysis.delay import INCOMPLETE, SETTLED_AFTER

VINTAGES = Path(__file__).parents[1] / "reference" / "ucdp_deaths_vintages.csv.gz"


def vintages(counts, first=0, days=9):
    """Return a table of vintages from an array of (period, age); one vintage ends each period."""
    counts = np.asarray(counts)
    periods = pd.period_range("2020-01", periods=len(counts), freq="M")
    rows = [
        (
            periods[row],
            int(counts[row, min(newest - row, counts.shape[1] - 1)]),
            periods[newest].end_time.normalize() + pd.Timedelta(days=days),
        )
        for newest in range(first, len(counts))
        for row in range(newest + 1)
    ]
    table = pd.DataFrame(rows, columns=["period", "count", "as_of"])
    table["count"] = table["count"].astype("Int64")
    return table.assign(exposure=table["period"].dt.days_in_month.astype(float), complete=True)


def late(n_periods=36, seed=1, mean=80, shares=(0.7, 0.2, 0.1)):
    """Return counts as they stand at each age, events reported one by one."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(rng.poisson(mean, n_periods), shares).cumsum(axis=1)


def test_the_share_still_to_come_is_that_of_the_counts():
    found = trends.reporting_delay(vintages(late(), first=12)).to_frame()
    assert found["estimate"][:3].tolist() == pytest.approx([0.3, 0.1, 0.0], abs=0.03)
    assert (found["conf_low"] <= found["estimate"]).all()
    assert (found["conf_low"][:2] > 0).all()
    assert found["estimate"].iloc[5:].eq(0).all()


def test_age_begins_when_the_period_ends():
    table = vintages([[10, 12], [10, 12], [10, 12]], days=0)
    frame = trends.reporting_delay(table).to_frame()
    # The vintage of a period's last day is of age 0, that of the next period's last day of age 1.
    assert frame["estimate"].iloc[0] == pytest.approx(1 - 10 / 12)
    earlier = table.assign(as_of=table["as_of"] - pd.Timedelta(days=1))
    # A day earlier the newest period still runs: nothing is known of age 0 becoming age 1.
    assert trends.reporting_delay(earlier).expected["age"].tolist()[-1:] == [0]
    assert trends.reporting_delay(earlier).expected["period"].astype(str).tolist() == ["2020-02"]


def test_the_last_of_several_vintages_within_a_period_counts():
    once = vintages(late(), first=12)
    before = once.assign(count=(once["count"] // 2), as_of=once["as_of"] - pd.Timedelta(days=3))
    both = trends.reporting_delay(pd.concat([before, once]))
    alone = trends.reporting_delay(once)
    pd.testing.assert_frame_equal(both.shares, alone.shares)
    assert both.n_vintages == alone.n_vintages == 24


def test_between_vintages_a_record_stands_as_it_was_read_last():
    counts = np.tile([50, 60, 60, 60], (24, 1))
    every = vintages(counts, first=12)
    skipped = every[every["as_of"] != every["as_of"].unique()[5]]
    found = trends.reporting_delay(skipped)
    # The period that was first read at age 1 tells nothing of age 0; another is one age late.
    assert found.shares["n_links"][0] == trends.reporting_delay(every).shares["n_links"][0] - 1
    assert found.n_vintages == 11


def test_what_the_last_period_becomes_is_its_count_over_the_share_that_has_come():
    found = trends.reporting_delay(vintages(late(), first=12))
    last = found.expected.iloc[-1]
    assert last["estimate"] == pytest.approx(last["count"] / (1 - found.to_frame()["estimate"][0]))
    assert last["conf_low"] < last["estimate"] < last["conf_high"]
    assert (last["period"], last["age"]) == (pd.Period("2022-12", "M"), 0)


def test_counts_that_are_taken_back_have_a_share_below_none():
    found = trends.reporting_delay(vintages(np.tile([100, 90], (30, 1)), first=6))
    assert found.to_frame()["estimate"][0] == pytest.approx(1 - 100 / 90)
    said = found.summary()
    assert "shows more events than it keeps: 11.1% of what remains in the end is taken back" in said
    assert found.incomplete_periods == 1


def test_periods_are_incomplete_as_far_as_that_is_clear():
    found = trends.reporting_delay(vintages(late(), first=12))
    assert found.incomplete_periods == 2
    assert trends.reporting_delay(vintages(late(), first=12), incomplete_periods=5).declared
    small = late(shares=(0.97, 0.02, 0.01))
    assert INCOMPLETE == 0.05
    assert trends.reporting_delay(vintages(small, first=12)).incomplete_periods == 0


def test_an_adjusted_series_has_the_rate_that_is_expected_in_the_end():
    found = trends.reporting_delay(vintages(late(), first=12))
    adjusted = found.adjust(found.series)
    share = 1 - found.to_frame()["estimate"]
    assert adjusted["exposure"].iloc[-1] == pytest.approx(31 * share[0])
    assert adjusted["exposure"].iloc[-2] == pytest.approx(30 * share[1])
    assert adjusted["exposure"].iloc[:-2].equals(found.series["exposure"].iloc[:-2])
    assert adjusted.attrs["caveats"] == ["late_reports:2022-11"]
    # The findings of other questions say it, and the trend treats the last period as partial.
    caveats = trends.estimate_trend(adjusted).findings()[0].caveats
    assert {"late_reports:2022-11", "partial_last_period"} <= set(caveats)
    assert "late_reports" not in " ".join(found.series.attrs["caveats"])


def test_declared_periods_are_left_out_and_the_findings_say_so():
    series = trends.reporting_delay(vintages(late(), first=12)).series
    found = trends.reporting_delay(series, incomplete_periods=2)
    adjusted = found.adjust(series)
    assert adjusted["count"].isna().tolist() == [False] * 34 + [True] * 2
    said = trends.estimate_trend(adjusted).summary()
    assert "Counts from November 2022 on are declared incomplete and left out" in said
    assert found.to_frame()["status"].tolist() == ["declared", "declared"]
    assert "2 months at the end are declared incomplete" in found.summary()


def test_no_fall_is_said_of_periods_that_are_declared_incomplete():
    months = pd.period_range("2020-01", periods=48, freq="M")
    counts = np.random.default_rng(2).poisson(20, 48)
    counts[-4:] = [9, 6, 2, 0]
    series = trends.as_series(pd.Series(counts, index=months))
    assert trends.estimate_trend(series).p_value_independent < 0.05
    adjusted = trends.reporting_delay(series, incomplete_periods=4).adjust(series)
    assert trends.estimate_trend(adjusted).verdict == "no_clear_trend"


def test_a_series_that_ends_elsewhere_is_lined_up_by_its_periods():
    found = trends.reporting_delay(vintages(late(), first=12))
    shorter = found.series.iloc[20:-1]
    adjusted = found.adjust(shorter)
    assert adjusted["exposure"].iloc[-1] == found.adjust(found.series)["exposure"].iloc[-2]
    assert found.adjust(found.series.iloc[:20]).equals(found.series.iloc[:20])
    with pytest.raises(ValueError, match="`series` must have periods of the length"):
        found.adjust(trends.as_series([1, 2, 3], start="2024-W01"))


def test_vintages_of_one_day_are_a_table_as_it_stood_then():
    table = vintages(late(), first=12)
    assert trends.series(table, as_of="2021-06").attrs["as_of"] == pd.Timestamp("2021-06-09")
    assert len(trends.series(table, as_of="2021-06")) == 17
    assert trends.series(table).equals(trends.series(table, as_of="2023-05-05"))
    with pytest.raises(ValueError, match="must not be before the first vintage, 2021-02-09"):
        trends.series(table, as_of="2021-02-08")
    with pytest.raises(
        ValueError, match="`as_of` must be left out where the table has no vintages"
    ):
        trends.series(table[table["as_of"] == "2021-06-09"].drop(columns="as_of"), as_of="2021")
    table.loc[3, "as_of"] = pd.NaT
    with pytest.raises(ValueError, match="filled in for all rows of a group or for none, got 1"):
        trends.series(table)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (
            lambda t: t[t["as_of"] == t["as_of"].max()],
            {},
            "two or more vintages in its column as_of, got 1",
        ),
        (lambda t: t.drop(columns="as_of").drop_duplicates("period"), {}, "two or more vintages"),
        (lambda t: t, {"settled_after": 0}, "`settled_after` must be 1 or more periods, got 0"),
        (lambda t: t, {"incomplete_periods": -1}, "`incomplete_periods` must be 0 or more"),
        (lambda t: t, {"alpha": 1.0}, "`alpha` must be between 0 and 1"),
        (
            lambda t: t.assign(as_of=t["as_of"] + pd.Timedelta(days=40_000)),
            {},
            "`as_of` must not be after today",
        ),
        (
            lambda t: pd.concat([t.assign(place="a"), t.assign(place="b")]),
            {},
            "must single out one group",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(change, options, words):
    with pytest.raises(ValueError, match=words):
        trends.reporting_delay(change(vintages(late(), first=12)), **options)


def test_more_periods_cannot_be_declared_than_there_are():
    series = trends.as_series([3, 4, 5], start="2024-01")
    with pytest.raises(ValueError, match="must leave at least one period, got 3 of 3"):
        trends.reporting_delay(series, incomplete_periods=3)


def test_a_file_with_a_vintage_of_tomorrow_is_refused(tmp_path):
    tomorrow = pd.Timestamp.today().normalize() + pd.Timedelta(days=1)
    path = tmp_path / "counts.csv"
    path.write_text(f"period,count,as_of\n2024-01,3,2024-02-09\n2024-01,4,{tomorrow:%Y-%m-%d}\n")
    with pytest.raises(ValueError, match="as_of must not be after today"):
        trends.read_counts(path)


def test_vintages_come_back_from_their_file_as_they_were_written(tmp_path):
    table = vintages(late(n_periods=5))
    trends.write_counts(table, tmp_path / "counts.csv")
    again = trends.read_counts(tmp_path / "counts.csv")
    assert again["as_of"].tolist() == table["as_of"].tolist()
    assert again["count"].tolist() == table["count"].tolist()
    one = trends.series(again)
    trends.write_counts(one, tmp_path / "one.csv")
    assert (
        trends.series(trends.read_counts(tmp_path / "one.csv")).attrs["as_of"] == one.attrs["as_of"]
    )


def test_settled_means_two_years():
    assert SETTLED_AFTER == {"D": 730, "W": 104, "M": 24, "Q": 8, "Y": 3}
    found = trends.reporting_delay(vintages(late(n_periods=60), first=12))
    assert found.shares["age"].max() == 23
    assert len(found.expected) == 24


# ------- the record of two countries, in 31 vintages


def deaths(country, until="2026-12-31"):
    """Return the vintages of one country up to a day."""
    table = trends.read_counts(VINTAGES)
    return table[(table["country"] == country) & (table["as_of"] <= until)]


@pytest.mark.parametrize(
    ("country", "held", "n_scored"), [("Syria", (0.93, 0.96), 598), ("Iraq", (0.96, 0.99), 598)]
)
def test_intervals_of_deaths_held_in_later_vintages(country, held, n_scored):
    found = trends.reporting_delay(deaths(country))
    assert found.n_scored == n_scored
    assert held[0] < found.held < held[1]


@pytest.mark.parametrize(("country", "least"), [("Syria", 0.8), ("Iraq", 0.9)])
def test_finals_of_2024_lie_in_the_intervals_of_a_year_before(country, least):
    """Estimate on vintages up to a day, predict the final value, score on later ones."""
    known = trends.reporting_delay(deaths(country, until="2024-12-31"))
    final = trends.series(deaths(country), country=country)["count"]
    expected = known.expected[known.expected["period"] >= "2024-01"]
    later = final[pd.PeriodIndex(expected["period"])].to_numpy()
    inside = (expected["conf_low"] - 0.5 <= later) & (later <= expected["conf_high"] + 0.5)
    assert len(expected) == 11
    assert inside.mean() >= least


def test_a_record_that_has_not_seen_its_yearly_release_knows_too_little():
    """The release of June 2024 revised what no vintage before it had ever revised."""
    known = trends.reporting_delay(deaths("Syria", until="2024-05-31"))
    final = trends.series(deaths("Syria"), country="Syria")["count"]
    expected = known.expected[known.expected["period"] >= "2023-01"]
    later = final[pd.PeriodIndex(expected["period"])].to_numpy()
    inside = (expected["conf_low"] - 0.5 <= later) & (later <= expected["conf_high"] + 0.5)
    assert inside.mean() < 0.7
    assert {"few_vintages"} <= set(known.caveats)
    assert "D" not in {one.grade for one in trends.reporting_delay(deaths("Syria")).findings()[1:]}


def test_a_result_keeps_what_it_was_asked():
    table = deaths("Syria")
    found = trends.reporting_delay(table, alpha=0.2)
    assert found.counts is table
    assert found.conf_level == pytest.approx(0.8)
    assert found.findings()[0].inputs.n_periods == len(found.series)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.held = 1.0


def test_a_period_is_developed_from_the_age_at_which_it_stands():
    found = trends.reporting_delay(vintages(np.tile([50, 75, 90, 90], (24, 1)), first=6)).expected
    # Counts always grow by half, then by a fifth: what is left to grow depends on the age alone.
    by_age = found.set_index("age")
    assert by_age.loc[[0, 1, 2], "count"].tolist() == [50, 75, 90]
    assert by_age["estimate"].tolist() == pytest.approx([90.0] * len(found), rel=1e-6)
