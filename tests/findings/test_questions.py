"""Does each question say what its numbers allow: no more, and nothing left out?"""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.contradiction import _distance
from trends.findings.wording import say

MONTHS = pd.period_range("2013-01", periods=96, freq="M", name="period")
RNG = np.random.default_rng(1)
STEADY = trends.as_series(pd.Series(RNG.poisson(30, 96), index=MONTHS))
GROWING = trends.as_series(pd.Series(RNG.poisson(10 * 1.02 ** np.arange(96)), index=MONTHS))
FASTING = trends.estimate_season(STEADY, calendar="hijri")
TREND = trends.estimate_trend(GROWING)
STRAIGHT = trends.fit_joinpoints(GROWING, max_joinpoints=1)
POWER = trends.detectable_change(GROWING, n_draws=0)


def names(result):
    """Return the findings of a result by the last part of their id."""
    return {finding.finding_id.rpartition(".")[2]: finding for finding in result.findings()}


# ------- season


def with_effects(**effects):
    """Return the Ramadan result with given log ratios and standard errors."""
    rows = [
        {"term": term, "log_ratio": ratio, "std_error": error}
        for term, (ratio, error) in effects.items()
    ]
    return dataclasses.replace(FASTING, effects=pd.DataFrame(rows))


def test_an_occasion_is_said_only_if_its_interval_leaves_out_one():
    found = names(
        with_effects(
            ramadan=(0.1, 0.2),
            eid_al_fitr=(0.5, 0.01),
            eid_al_adha=(0.01, 0.5),
            last_ten_nights=(-0.5, 0.01),
        )
    )
    assert set(found) == {"ramadan", "eid-al-fitr", "last-ten-nights"}
    assert found["eid-al-fitr"].conf_low > 1 > found["last-ten-nights"].conf_high


def test_an_occasion_is_said_at_the_level_its_season_was_asked_at():
    asked = with_effects(ramadan=(0.1, 0.2), eid_al_fitr=(0.5, 0.01))
    found = names(dataclasses.replace(asked, conf_level=0.8))
    assert {one.conf_level for one in found.values()} == {0.8}
    narrow, wide = found["eid-al-fitr"], names(asked)["eid-al-fitr"]
    assert wide.conf_low < narrow.conf_low < narrow.conf_high < wide.conf_high


def test_an_interval_that_ends_at_one_holds_it():
    # So narrow about a ratio of one that both ends are one, to the last digit.
    found = with_effects(ramadan=(0.1, 0.2), eid_al_fitr=(0.0, 1e-20))
    assert found.to_frame()[["conf_low", "conf_high"]].iloc[1].tolist() == [1.0, 1.0]
    assert set(names(found)) == {"ramadan"}


def test_the_first_row_of_a_hijri_season_is_said_whatever_it_is():
    found = names(with_effects(ramadan=(0.0, 0.5), eid_al_fitr=(0.5, 0.01)))
    assert found["ramadan"].p_value == pytest.approx(1.0)
    assert found["ramadan"].values["earlier"] == pytest.approx(
        FASTING.sensitivity.query("term == 'ramadan' and shift == -1")["estimate"].item()
    )
    assert found["ramadan"].values["later"] == pytest.approx(
        FASTING.sensitivity.query("term == 'ramadan' and shift == 1")["estimate"].item()
    )


# ------- trend


def test_a_pace_that_bends_is_not_extrapolated():
    assert set(names(TREND)) == {"annual-percent-change", "doubling-time"}
    bent = dataclasses.replace(TREND, caveats=(*TREND.caveats, "bent_trend"))
    assert set(names(bent)) == {"annual-percent-change"}
    assert names(bent)["annual-percent-change"].grade == "D"


def test_a_fall_is_said_by_its_size_with_the_ends_in_order():
    falling = trends.estimate_trend(
        trends.as_series(pd.Series(GROWING["count"].to_numpy()[::-1], index=MONTHS))
    )
    finding = names(falling)["annual-percent-change"]
    assert finding.conf_low < finding.conf_high < 0
    assert finding.values["size"] == -finding.estimate
    assert finding.values["size_low"] == -finding.conf_high
    assert finding.values["size_high"] == -finding.conf_low
    assert "halving-time" in names(falling)


# ------- joinpoint


def test_a_line_without_joins_has_no_average_beside_its_one_segment():
    assert STRAIGHT.n_joinpoints == 0
    assert set(names(STRAIGHT)) == {"number", "from-2013-01"}
    assert not names(STRAIGHT)["from-2013-01"].searched


def test_a_broken_line_has_its_average_and_was_found_by_searching():
    mean = np.r_[10 * 1.06 ** np.arange(48), 10 * 1.06**48 * 0.94 ** np.arange(48)]
    bent = trends.fit_joinpoints(
        trends.as_series(pd.Series(RNG.poisson(mean), index=MONTHS)), max_joinpoints=1
    )
    found = names(bent)
    assert len(found) == 4
    assert {"number", "average", "from-2013-01"} < set(found)
    assert all(finding.searched for finding in found.values())


def test_the_time_to_double_follows_from_the_pace():
    segment = names(STRAIGHT)["from-2013-01"]
    values = segment.values
    assert segment.conf_low > 0
    # Two years or more are said in years.
    per_year = 1 if values["pace_unit"]["en"] == "years" else 12
    for name, percent in (
        ("pace", segment.estimate),
        ("pace_low", segment.conf_high),
        ("pace_high", segment.conf_low),
    ):
        # So long at this pace makes two of one.
        assert (1 + percent / 100) ** (values[name] / per_year) == pytest.approx(2)
    assert values["size_low"] < values["size"] < values["size_high"]


# ------- power


@pytest.mark.parametrize("ahead", [0, 1, 12])
def test_confirmation_is_counted_from_the_last_period(ahead):
    later = dataclasses.replace(POWER, confirmed_by=MONTHS[-1] + ahead)
    finding = names(later)["trend-confirmation"]
    assert finding.estimate == ahead
    assert ("already" in str(say(finding)) or "large enough" in str(say(finding))) == (ahead == 0)


def test_what_would_never_be_confirmed_has_no_end():
    finding = names(dataclasses.replace(POWER, confirmed_by=None))["trend-confirmation"]
    assert finding.estimate == math.inf
    assert "ten more years would not confirm it" in str(say(finding))


def test_a_fall_that_could_be_seen_is_said_as_what_is_lost():
    finding = names(POWER)["trend"]
    assert finding.values["fall"] == pytest.approx(100 * (1 - POWER.ratio_down))
    assert finding.estimate == POWER.ratio_up


# ------- rate


@pytest.mark.parametrize(
    ("first", "second", "beside"),
    [
        ((294, 366), (60, 365), "tipping"),
        ((100, 365), (110, 365), "visible"),
        ((0, 30), (0, 30), None),
    ],
)
def test_a_clear_difference_comes_with_its_tipping_and_an_unclear_one_with_what_was_visible(
    first, second, beside
):
    found = names(trends.compare_rates(first, second))
    assert set(found) == {"ratio"} | ({beside} if beside else set())


@pytest.mark.parametrize(
    ("first", "second", "in_time"),
    [
        ((9, "2024-01-01", "2024-12-31"), (9, "2023-01-01", "2023-12-31"), True),
        ((9, "2023-01-01", "2023-12-31"), (9, "2024-01-01", "2024-12-31"), False),
        ((9, "2024-01-02", "2024-12-31"), (9, "2023-01-01", "2024-01-01"), True),
        ((9, 365), (9, 365), False),
    ],
)
def test_only_a_later_window_can_have_risen(first, second, in_time):
    finding = names(trends.compare_rates(first, second))["ratio"]
    assert finding.quantity == ("ratio" if in_time else "ratio_between")


@pytest.mark.parametrize("other", [{"counted_by": "Military"}, {"country": "Iraq"}, {}])
def test_another_counter_or_scope_is_no_change_over_time(other):
    own = {
        "statement_id": "a", "measure": "attacks", "count": 90, "qualifier": "exact",
        "window_start": "2024-01-01", "window_end": "2024-12-31", "window_basis": "stated",
        "country": "Syria", "area": "Syria", "control_area": "all", "counted_by": "Monitor",
        "source_kind": "monitor", "published_by": "Monitor", "role": "primary",
        "reading": "direct",
    }  # fmt: skip
    before = {
        **own, "statement_id": "b", "count": 40, "window_start": "2023-01-01",
        "window_end": "2023-12-31", **other,
    }  # fmt: skip
    finding = names(trends.compare_rates(own, before))["ratio"]
    assert finding.quantity == ("ratio_between" if other else "ratio")


# ------- changepoint

STEP = trends.detect_changepoints(
    trends.as_series(pd.Series(RNG.poisson([10] * 48 + [40] * 48), index=MONTHS)),
    n_null=199,
    rng=1,
)


def test_a_changepoint_is_said_as_precisely_as_it_is_located():
    (point,) = STEP.changepoints

    def sentence(n_periods, **changed):
        index = pd.period_range(point.period, periods=n_periods, freq="M")
        share = pd.Series(1 / n_periods, index=index)
        one = dataclasses.replace(point, set_probability=share, **changed)
        return names(dataclasses.replace(STEP, changepoints=(one,)))["ratio-1"].sentence

    assert sentence(1) == "changepoint_dated"
    assert sentence(2) == "changepoint_between"
    assert sentence(2, located=False) == "changepoint_not_located"
    assert sentence(1, searched=False) == "changepoint_named"


def test_what_an_uncalibrated_search_claims_is_said_only_where_it_differs():
    same = dataclasses.replace(STEP, naive_periods=MONTHS[[48]])
    assert "naive" not in names(same)
    one, two = (
        dataclasses.replace(STEP, changepoints=(), naive_periods=MONTHS[places])
        for places in ([48], [48, 50])
    )
    assert names(one)["naive"].sentence == "changepoint_naive_one"
    assert names(two)["naive"].sentence == "changepoint_naive"
    assert names(two)["naive"].estimate == 2


def test_a_further_shift_is_said_only_where_there_is_one():
    assert "further" not in names(STEP)
    further = dataclasses.replace(STEP, further_period=MONTHS[70], further_p_value=0.2)
    assert names(further)["further"].p_value == 0.2
    lax = dataclasses.replace(further, conf_level=0.8)
    assert names(lax)["further"].conf_level == 0.8
    assert "around November 2018" in str(say(names(further)["further"]))


def test_a_ratio_whose_interval_ends_at_one_is_not_clear():
    clear = trends.compare_rates((294, 366), (60, 365))
    assert set(names(clear)) == {"ratio", "tipping"}
    for low, high in ((1.0, 3.0), (0.5, 1.0)):
        # Poisson counts would still show a difference, and have their tipping points.
        ends = dataclasses.replace(clear, wide_low=low, wide_high=high)
        assert set(names(ends)) == {"ratio", "visible", "tipping"}
        assert "Were these Poisson counts" in str(say(names(ends)["tipping"]))
        assert names(ends)["tipping"].grade == "D"


def test_a_gregorian_season_is_said_by_the_test_of_all_its_months():
    yearly = trends.estimate_season(STEADY)
    assert yearly.p_value != yearly.to_frame()["p_value"].iloc[0]
    assert names(yearly)["wave"].p_value == yearly.p_value


# ------- contradiction


@pytest.mark.parametrize(
    ("gap", "first", "p_value", "shown"),
    [
        (3.0, 220.0, math.nan, "3 (1.4%)"),
        (3.0, 0.0, math.nan, "3"),
        (0.0, 220.0, math.nan, ""),
        (math.nan, 220.0, math.nan, ""),
        (3.0, 220.0, 0.02, "p: 0.020"),
    ],
)
def test_how_far_off_a_conflict_is(gap, first, p_value, shown):
    assert _distance({"gap": gap, "first": first, "p_value": p_value}, "en") == shown


@pytest.mark.parametrize(
    ("dispersion", "named"),
    [("borrowed", "borrowed_scatter"), (3.0, "declared_scatter"), (1.0, "exact-c")],
)
def test_a_comparison_of_totals_names_the_method_of_the_interval_it_prints(dispersion, named):
    result = trends.compare_rates("294 in 2024", "121 in 2023", dispersion=dispersion)
    ratio = result.findings()[0]
    assert ratio.method == named
    exact = trends.compare_rates("294 in 2024", "121 in 2023", dispersion=1.0)
    assert ((ratio.conf_low, ratio.conf_high) == (exact.ratio_low, exact.ratio_high)) == (
        named == "exact-c"
    )
