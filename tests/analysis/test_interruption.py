"""Does the change at a named date come out, and does the analysis refuse what it cannot answer?"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import trends
from trends.models.counts.smallest_change import smallest_visible
from trends.tables.definitions import Break, break_record

REFERENCE = Path(__file__).parents[1] / "reference"
MONTHS = pd.period_range("2015-01", periods=72, freq="M")


def as_series(counts, periods=MONTHS, **options):
    return trends.as_series(pd.Series(np.asarray(counts), index=periods), **options)


def stepped(ratio=2.0, place=48, n_periods=72, seed=1, mean=20.0):
    path = np.where(np.arange(n_periods) >= place, mean * ratio, mean)
    return np.random.default_rng(seed).poisson(path)


def alike(counts):
    """Return the counts with the same exposure in every month, so that numbers can be redone."""
    return as_series(counts, exposure=30.4375)


STEP = alike(stepped())
FLAT = alike(stepped(1.0))


def row(result, term="level", method="memory", **options):
    frame = result.to_frame(**options)
    return frame[(frame["term"] == term) & (frame["method"] == method)].iloc[0]


# ------- another implementation


def sicily():
    table = pd.read_csv(REFERENCE / "inputs" / "sicily.csv")
    months = pd.PeriodIndex.from_fields(year=table["year"], month=table["month"], freq="M")
    return as_series(
        table["aces"], months, exposure=table["stdpop"].to_numpy(), unit="100,000 people"
    )


@pytest.mark.parametrize(("season", "published"), [("none", 0.894), ("harmonic", 0.885)])
def test_the_smoking_ban_of_sicily_has_the_ratio_that_r_finds_and_that_was_published(
    season, published
):
    reference = json.loads((REFERENCE / "sicily.json").read_text())
    expected = reference if season == "none" else reference["seasonal"]
    found = trends.estimate_interruption(
        sicily(), "2005-01", slope=False, season=season, family="quasipoisson"
    )
    estimate = row(found)["estimate"]
    assert estimate == pytest.approx(np.exp(expected["estimate"][1]), rel=1e-6)
    assert round(estimate, 3) == published
    # R's quasi-Poisson error is ours before memory: statistic and t with the same freedom.
    statistic = expected["estimate"][1] / expected["std_error"][1]
    assert found.changes["p_value_independent"].item() == pytest.approx(
        2 * stats.t.sf(abs(statistic), found.n_free), rel=1e-4
    )
    assert found.n_free == 59 - len(expected["estimate"])


def campy(*hidden):
    """Return the counts of tscount's example, a month for each four weeks, some left out."""
    counts = pd.read_csv(REFERENCE / "inputs" / "campy.csv")["count"].astype(float)
    months = pd.period_range("1990-01", periods=len(counts), freq="M")
    counts[list(hidden)] = np.nan
    return as_series(counts, months, exposure=np.where(counts.isna(), 0.0, 30.4375))


def test_the_shift_of_campylobacter_is_the_one_in_which_tscounts_intervention_settles():
    reference = json.loads((REFERENCE / "campy.json").read_text())
    # > summary(campyfit_nbin), as published: 3.3184, 0.3690, 0.2198, 3.0810, 41.9541, 0.0297
    level, past_count, past_mean, shift, _ = reference["identity"]["estimate"]
    assert [round(one, 4) for one in (level, past_count, past_mean, shift)] == [
        3.3184, 0.3690, 0.2198, 3.0810
    ]  # fmt: skip
    assert round(reference["identity"]["sigmasq"], 4) == 0.0297
    # The mean settles at (level + shift) / level; on the log scale at shift / (1 - a - b).
    settled = 1 + shift / level
    _, past_count, past_mean, shift, _ = reference["log"]["estimate"]
    settled_in_logs = np.exp(shift / (1 - past_count - past_mean))
    found = trends.estimate_interruption(campy(99), "1996-12", slope=False, season="none")
    shown = row(found)
    assert shown["conf_low"] > 1
    assert shown["conf_low"] < settled < shown["conf_high"]
    assert shown["conf_low"] < settled_in_logs < shown["conf_high"]
    assert shown["estimate"] == pytest.approx(settled, rel=0.03)


def test_the_outbreak_of_campylobacter_is_as_large_as_tscounts_intervention():
    reference = json.loads((REFERENCE / "campy.json").read_text())["identity"]
    outbreak, error = reference["estimate"][4], reference["std_error"][4]
    assert round(outbreak, 4) == 41.9541
    found = trends.estimate_interruption(campy(), "1998-04", temporary=1, season="none")
    shown = row(found, "events_above")
    assert shown["estimate"] == pytest.approx(outbreak, abs=1)
    # Ours stays below the 55 that were counted, which tscount's symmetric interval passes.
    assert shown["conf_low"] == pytest.approx(outbreak - 1.96 * error, abs=4)
    assert shown["conf_high"] < 55 < outbreak + 1.96 * error


# ------- numbers


def test_level_slope_and_time_are_what_the_definition_says():
    years = np.arange(72) / 12
    path = np.exp(3 + 0.1 * years + np.where(years >= 4, 0.5 - 0.4 * (years - 4), 0.0))
    exact = alike(np.round(1000 * path))
    found = trends.estimate_interruption(exact, "2019-01", season="none")
    assert row(found)["estimate"] == pytest.approx(np.exp(0.5), rel=1e-3)
    assert row(found, "slope")["estimate"] == pytest.approx(np.exp(-0.4), rel=1e-3)
    assert found.params[1] == pytest.approx(0.1, abs=1e-3)
    # Without the change the course before goes on.
    after = found.fitted.iloc[48:]
    expected = 1000 * np.exp(3 + 0.1 * years[48:])
    assert after["counterfactual_rate"].to_numpy() == pytest.approx(expected, rel=2e-3)
    assert found.fitted["counterfactual_rate"].iloc[:48].isna().all()
    counted = float(exact["count"].iloc[48:].sum())
    assert row(found, "events_expected")["estimate"] == pytest.approx(expected.sum(), rel=2e-3)
    assert row(found, "events_above")["estimate"] == pytest.approx(
        counted - row(found, "events_expected")["estimate"]
    )


def test_a_day_within_a_period_leaves_its_earlier_days_as_they_were():
    path = np.full(72, 20_000.0)
    path[48:] *= 2.0
    path[48] = 20_000 * np.exp(np.log(2) * 16 / 31)
    found = trends.estimate_interruption(alike(np.round(path)), "2019-01-16", slope=False)
    assert row(found)["estimate"] == pytest.approx(2, rel=1e-3)
    assert str(found.dates[0]) == "2019-01-16"


def test_a_temporary_change_lasts_as_long_as_it_was_said_to():
    path = np.full(72, 5_000.0)
    path[48:52] *= 3
    found = trends.estimate_interruption(alike(path), "2019-01", temporary=4)
    assert row(found)["estimate"] == pytest.approx(3, rel=1e-3)
    assert not found.slope
    assert found.changes["end"].astype(str).tolist() == ["2019-04"]
    assert row(found, "events_above")["estimate"] == pytest.approx(40_000, rel=1e-2)
    assert row(found, "events_above")["conf_low"] > 0


def test_of_several_dates_each_is_held_against_the_course_just_before_it():
    path = np.repeat([1_000.0, 2_000.0, 6_000.0], 24)
    both = trends.estimate_interruption(alike(path), ["2019-01", "2017-01"], slope=False)
    levels = both.to_frame().query("term == 'level' and method == 'memory'")
    assert levels["period"].astype(str).tolist() == ["2017-01", "2019-01"]
    assert levels["estimate"].tolist() == pytest.approx([2, 3], rel=1e-3)
    assert both.fitted["counterfactual_rate"].iloc[[30, 60]].tolist() == pytest.approx(
        [1_000, 2_000], rel=1e-3
    )
    assert both.changes["end"].astype(str).tolist() == ["2018-12", "2020-12"]


def test_intervals_of_several_dates_hold_together_and_agree_with_their_adjusted_p_values():
    counts = stepped(1.25, seed=5)
    found = trends.estimate_interruption(
        alike(counts), ["2016-09", "2018-01", "2019-01"], slope=False
    )
    frame = found.to_frame().query("term == 'level' and method == 'memory'")
    assert frame["p_adjusted"].tolist() == pytest.approx([min(1, 3 * p) for p in frame["p_value"]])
    change = found.changes.iloc[1]
    half = stats.t.ppf(1 - 0.05 / 6, found.n_free) * change["std_error"]
    assert frame["conf_high"].iloc[1] == pytest.approx(np.exp(change["log_ratio"] + half))
    for level in (0.001, 0.05, 0.4, 0.8):
        at = found.to_frame(alpha=level).query("term == 'level' and method == 'memory'")
        clear = (at["conf_low"] > 1) | (at["conf_high"] < 1)
        assert clear.tolist() == (at["p_adjusted"] < level).tolist()


def test_beside_it_stand_the_errors_that_most_would_use():
    small = alike(stepped(1.15))
    found = trends.estimate_interruption(small, "2019-01", slope=False, season="none")
    poisson = row(found, method="poisson")
    assert poisson["conf_high"] / poisson["estimate"] == pytest.approx(
        np.exp(1.959964 * np.log(poisson["estimate"]) / poisson["statistic"])
    )
    for method in ("poisson", "newey-west"):
        check = row(found, method=method)
        low, high = check["conf_low"], check["conf_high"]
        edge = row(found, method=method, alpha=check["p_value"])
        assert low < check["estimate"] < high
        # At the level of its p-value an interval ends at no change.
        assert edge["conf_low"] == pytest.approx(1, abs=1e-6)


def test_what_could_have_been_seen_is_the_noncentral_t_of_its_error():
    found = trends.estimate_interruption(FLAT, "2019-01", slope=False)
    change = found.changes.iloc[0]
    assert np.log(change["smallest_ratio"]) == pytest.approx(
        smallest_visible(change["std_error"], found.n_free, power=0.8, alpha=0.05)
    )


def test_a_margin_is_met_only_where_both_ends_of_the_narrower_interval_lie_in_it():
    many = alike(stepped(1.0, mean=2_000.0))
    found = trends.estimate_interruption(many, "2019-01", slope=False)
    assert found.changes["verdict"].item() == "within_margin"
    narrow = row(found, alpha=0.1)
    edge = max(narrow["conf_high"], 1 / narrow["conf_low"])
    inside = trends.estimate_interruption(many, "2019-01", slope=False, margin=edge * 1.0001)
    beyond = trends.estimate_interruption(many, "2019-01", slope=False, margin=edge / 1.0001)
    assert inside.changes["equivalent"].item()
    assert not beyond.changes["equivalent"].item()


def test_a_clear_change_may_be_shown_to_be_small():
    found = trends.estimate_interruption(alike(stepped(1.1, mean=5_000.0)), "2019-01", slope=False)
    assert found.changes["verdict"].item() == "rose"
    assert found.changes["equivalent"].item()


def test_a_slope_that_leads_out_of_the_margin_is_no_stay_within_it():
    years = np.arange(72) / 12
    path = 5_000 * np.exp(np.where(years >= 4, 0.3 * (years - 4), 0.0))
    found = trends.estimate_interruption(alike(np.round(path)), "2019-01")
    assert row(found)["conf_high"] < 1.25
    assert not found.changes["equivalent"].item()


def test_two_fifths_of_the_months_may_be_missing():
    counts = stepped(2.0, seed=3).astype(float)
    counts[np.random.default_rng(1).choice(72, 28, replace=False)] = np.nan
    found = trends.estimate_interruption(as_series(pd.array(counts, dtype="Int64")), "2019-01",
                                         slope=False)  # fmt: skip
    assert row(found)["conf_low"] < 2 < row(found)["conf_high"]
    seen = ~np.isnan(counts[48:])
    assert found.changes["n_events"].item() == np.nansum(counts[48:])
    assert found.changes["n_after"].item() == seen.sum()


# ------- controls


def test_a_control_takes_out_what_moves_both():
    rng = np.random.default_rng(7)
    shock = np.exp(np.cumsum(rng.normal(0, 0.25, 72)))
    own = alike(rng.poisson(40 * shock * np.where(np.arange(72) >= 48, 2.0, 1.0)))
    other = alike(rng.poisson(60 * shock))
    found = trends.estimate_interruption(
        own, "2019-01", slope=False, season="none", controls={"South": other}
    )
    against = row(found, "against_South", "quasi_binomial")
    assert against["conf_low"] < 2 < against["conf_high"]
    widths = [np.log(one["conf_high"] / one["conf_low"]) for one in (against, row(found))]
    assert widths[0] < 0.5 * widths[1]


def test_a_control_may_be_longer_or_have_its_own_exposure():
    rng = np.random.default_rng(4)
    longer = pd.period_range("2014-01", periods=96, freq="M")
    control = as_series(rng.poisson(60, 96), longer, exposure=15.0)
    found = trends.estimate_interruption(
        STEP, "2019-01", slope=False, season="none", controls=control
    )
    same = trends.estimate_interruption(
        STEP, "2019-01", slope=False, season="none",
        controls=as_series(control["count"].iloc[12:84], MONTHS, exposure=30.4375),
    )  # fmt: skip
    one, other = (row(each, "against_control", "quasi_binomial") for each in (found, same))
    assert one["estimate"] == pytest.approx(other["estimate"])


@pytest.mark.parametrize(
    ("control", "message"),
    [
        (
            lambda: as_series([30] * 24, pd.period_range("2015Q1", periods=24, freq="Q")),
            "`controls` must have periods of the length of the series, got Q",
        ),
        (lambda: STEP.iloc[:40], "`controls` must have counts around every date"),
        (
            lambda: STEP.assign(exposure=np.where(np.arange(72) < 48, 30.4375, 10.0)),
            "must not lie where the coverage changes, got 2019-01, around which the share of days "
            "that Other was watched goes from",
        ),
    ],
)
def test_a_control_of_other_periods_or_another_coverage_is_refused(control, message):
    with pytest.raises(ValueError, match=message):
        trends.estimate_interruption(STEP, "2019-01", controls={"Other": control()})


# ------- placebos


def test_earlier_dates_are_asked_the_same_question():
    found = trends.estimate_interruption(STEP, "2019-01", slope=False, season="none")
    assert found.n_placebos == len(found.placebos) == 48 - 2 * 8 + 1
    assert found.placebos["period"].astype(str).iloc[[0, -1]].tolist() == ["2015-09", "2018-05"]
    earlier = STEP.iloc[:48]
    one = trends.estimate_interruption(earlier, "2017-01", slope=False, season="none", n_placebos=0)
    change = one.changes.iloc[0]
    known = found.placebos.set_index("period")["statistic"]
    # The years of a shorter series have another middle, which moves no change of level.
    assert known[pd.Period("2017-01", "M")] == pytest.approx(
        change["log_ratio"] / change["std_error"]
    )


def test_a_date_among_others_as_clear_is_graded_lower():
    rng = np.random.default_rng(2)
    path = np.repeat([20.0, 60.0, 20.0, 60.0, 20.0, 60.0], 12)
    found = trends.estimate_interruption(alike(rng.poisson(path)), "2020-01", slope=False)
    assert found.changes["placebo_p_value"].item() > 0.05
    clear = found.changes["verdict"].item() in ("rose", "fell")
    assert ("earlier_dates_as_clear" in found.caveats) == clear


def test_earlier_dates_are_called_as_clear_only_where_one_is():
    # One earlier date: its spread is hardly known, so that the rank says little either way.
    months = pd.period_range("2015-01", periods=72, freq="M")
    counts = np.random.default_rng(1).poisson(np.repeat([20.0, 60.0], [16, 56]))
    found = trends.estimate_interruption(
        alike(pd.Series(counts, index=months)), months[16], slope=False, season="none"
    )
    change = found.changes.iloc[0]
    assert (change["verdict"], change["placebo_share"], found.n_placebos) == ("rose", 0, 1)
    assert change["placebo_p_value"] > 0.05
    assert "earlier_dates_as_clear" not in found.caveats
    assert "few_earlier_dates" in found.caveats


def test_without_earlier_dates_the_words_say_so():
    found = trends.estimate_interruption(STEP, "2015-09", slope=False)
    assert found.n_placebos == 0
    assert np.isnan(found.changes["placebo_p_value"].item())
    assert "few_earlier_dates" in found.caveats
    assert "placebo" not in found.to_frame()["term"].tolist()


# ------- what it refuses


@pytest.mark.parametrize(
    ("date", "options", "message"),
    [
        ("2014-05", {}, "`date` must lie between 2015-03 and 2020-10, .* got 2014-05"),
        ("2015-02", {"slope": False}, "`date` must lie between 2015-03 and 2020-10"),
        ("2020-11", {"slope": False}, "`date` must lie between .* got 2020-11"),
        ("2020-12", {"temporary": 1}, "`date` must lie between .* got 2020-12"),
        ("2023-01", {}, "`date` must lie between .* got 2023-01"),
        ("2020-06", {}, "`slope` must be False with fewer than 8 .* 65 before 2020-06 and 7 from"),
        ("2015-08", {}, "`slope` must be False with fewer than 8 .* got 7 before 2015-08"),
        (["2018-01", "2018-05"], {}, "`slope` must be False with fewer than 8"),
        (["2018-01", "2018-02"], {"slope": False}, "at least 2 observed periods between dates"),
        (["2018-01-05", "2018-01-20"], {}, "`date` must name each period once"),
        ([], {}, "`date` must name at least one day"),
        ("01/05/2018", {}, "`date` must be a day or a whole period"),
        ("2018-01", {"margin": 1.0}, "`margin` must be a ratio above 1, got 1.0"),
        ("2018-01", {"temporary": 0}, "`temporary` must be a number of periods of 1 or more"),
        ("2018-01", {"temporary": 2.5}, "`temporary` must be a number of periods"),
        ("2018-01", {"family": "gamma"}, "`family` must be one of"),
        ("2018-01", {"alpha": 0}, "`alpha` must be between 0 and 1"),
        ("2018-01", {"n_placebos": -1}, "`n_placebos` must be a whole number of 0 or more"),
        ("2018-01", {"season": "weekly"}, "`season` must be one of"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_rule(date, options, message):
    with pytest.raises(ValueError, match=message):
        trends.estimate_interruption(STEP, date, **options)


def test_a_date_of_another_kind_is_a_type_error():
    with pytest.raises(TypeError, match="`date` must be a day or a whole period"):
        trends.estimate_interruption(STEP, 3.5)


def test_more_periods_than_can_be_asked_about_are_refused():
    days = pd.period_range("2005-01-01", periods=5_001, freq="D")
    series = trends.as_series(pd.Series(np.arange(5_001) % 5, index=days))
    with pytest.raises(ValueError, match=r"`series` must have at most 5,000 periods here, got 5,0"):
        trends.estimate_interruption(series, "2010-01-01")


def test_eight_periods_on_each_side_are_enough_for_a_slope():
    for date in ("2015-09", "2020-05"):
        assert trends.estimate_interruption(STEP, date, season="none").slope


def test_counts_on_one_side_only_are_no_change_of_level():
    counts = stepped()
    counts[48:] = 0
    with pytest.raises(ValueError, match="must have events before it and from it on, got none"):
        trends.estimate_interruption(as_series(counts), "2019-01", slope=False)
    with pytest.raises(ValueError, match="must have events in at least 3 periods, got 0"):
        trends.estimate_interruption(as_series(np.zeros(72, int)), "2019-01")


def broken(day):
    series = as_series(stepped())
    each = Break(date=pd.Timestamp(day), before="claims", after="reports")
    series.attrs["breaks"] = [break_record(each)]
    return series


def test_a_change_of_definition_at_the_date_is_refused_and_elsewhere_allowed_for():
    for day in ("2019-01-01", "2019-01-20"):
        with pytest.raises(ValueError, match="must not lie where the definition"):
            trends.estimate_interruption(broken(day), "2019-01", slope=False)
    found = trends.estimate_interruption(broken("2017-01-01"), "2019-01", slope=False)
    assert "declared_jump" in found.caveats
    assert "jump_1" in found.terms


def test_a_change_of_definition_within_a_gap_beside_the_date_is_at_the_date():
    series = broken("2018-11-01")
    series.iloc[45:48, 0] = pd.NA
    with pytest.raises(ValueError, match="must not lie where the definition"):
        trends.estimate_interruption(series, "2019-01", slope=False)


def test_a_declared_change_of_counting_takes_its_jump_with_it():
    path = np.full(72, 1_000.0)
    path[24:] *= 3
    path[48:] *= 2
    series = alike(path)
    series.attrs["breaks"] = broken("2017-01-01").attrs["breaks"]
    found = trends.estimate_interruption(series, "2019-01", slope=False)
    assert row(found)["estimate"] == pytest.approx(2, rel=1e-3)


def test_a_change_of_coverage_at_the_date_is_refused():
    for hole in (slice(46, 48), slice(48, 50)):
        series = as_series(stepped())
        series.iloc[hole, 0] = pd.NA
        series.iloc[hole, 1] = 0.0
        with pytest.raises(ValueError, match="must not lie where the coverage changes"):
            trends.estimate_interruption(series, "2019-01", slope=False)
    halved = as_series(stepped())
    halved.iloc[48:, 1] /= 2
    with pytest.raises(
        ValueError, match="the share of days that `series` was watched goes from 100"
    ):
        trends.estimate_interruption(halved, "2019-01", slope=False)
    # Of an exposure that is no time nothing is known of the days.
    people = as_series(
        stepped(), exposure=np.where(np.arange(72) >= 48, 2e5, 1e5), unit="100,000 people"
    )
    assert trends.estimate_interruption(people, "2019-01", slope=False).n_periods == 72


def test_a_date_that_a_search_of_the_same_counts_proposed_has_to_be_called_so():
    series = as_series(stepped(3.0))
    trends.estimate_interruption(series, "2019-01", slope=False)
    period = trends.detect_changepoints(series, n_null=199, rng=1).changepoints[0].period
    assert str(period) == "2019-01"
    with pytest.raises(ValueError, match="must be named in advance, got 2019-01, which a search"):
        trends.estimate_interruption(series, period, slope=False)
    with pytest.raises(ValueError, match="must be named in advance"):
        trends.estimate_interruption(series.copy(), "2019-01-01", slope=False)
    found = trends.estimate_interruption(series, period, slope=False, found_by_looking=True)
    assert "date_found_by_looking" in found.caveats
    level = found.findings()[0]
    assert level.searched
    assert level.grade not in ("A", "B")
    assert "was found by looking at these counts" in found.summary()
    # Another date, and the same counts that nobody searched, are free.
    trends.estimate_interruption(series, "2018-01", slope=False)
    trends.estimate_interruption(as_series(stepped(3.0)), period, slope=False)


@pytest.mark.parametrize(
    "search",
    [
        lambda series: trends.describe_series(series, rng=1),
        lambda series: trends.fit_joinpoints(series, max_joinpoints=1),
    ],
)
def test_every_search_of_the_package_says_which_dates_it_proposed(search):
    path = 10 * np.exp(np.maximum(np.arange(72) - 36, 0) * 0.08)
    path[36:] *= 3
    series = as_series(np.random.default_rng(1).poisson(path))
    found = search(series)
    table = found.joinpoints if hasattr(found, "joinpoints") else found.to_frame()
    proposed = [str(period) for period in table["period"].dropna()]
    assert proposed
    assert set(proposed) <= set(series.attrs["proposed"])


def test_dates_named_in_advance_are_not_proposed():
    series = as_series(stepped(3.0))
    trends.detect_changepoints(series, candidates=["2019-01"], n_null=199, rng=1)
    assert "proposed" not in series.attrs


# ------- words


def test_no_sentence_says_what_brought_a_change_about():
    for series in (STEP, FLAT):
        for lang in ("en", "ar"):
            said = trends.estimate_interruption(series, "2019-01").summary(lang).lower()
            assert not any(word in said for word in ("cause", "effect", "impact", "بسبب", "أثّر"))


def test_no_clear_change_comes_with_what_could_have_been_seen():
    said = trends.estimate_interruption(FLAT, "2019-01", slope=False, season="none").summary()
    assert "did not clearly change" in said or "is shown to stay between" in said
    assert "would have been seen four times in five" in said


def test_a_control_is_called_by_its_name():
    other = as_series(stepped(1.0, seed=9))
    found = trends.estimate_interruption(STEP, "2019-01", controls={"South": other})
    assert "Against South" in found.summary()
    assert "وبالمقارنة مع South" in found.summary("ar")
    unnamed = trends.estimate_interruption(STEP, "2019-01", controls=other)
    assert "Against the control series" in unnamed.summary()


# ------- simulation: series of other kinds than the model's own


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_intervals_hold_no_change_in_series_that_remember(rho):
    rng = np.random.default_rng(3)
    months = pd.period_range("2015-01", periods=60, freq="M")
    held = np.zeros(3)
    for _ in range(150):
        state = np.zeros(60)
        for month in range(1, 60):
            state[month] = rho * state[month - 1] + rng.normal(0, 0.35 * np.sqrt(1 - rho**2))
        series = as_series(rng.poisson(10 * np.exp(state)), months)
        found = trends.estimate_interruption(series, "2018-05", season="none", n_placebos=0)
        for place, (term, truth) in enumerate((("level", 1), ("slope", 1), ("events_above", 0))):
            one = row(found, term)
            held[place] += one["conf_low"] <= truth <= one["conf_high"]
    # .95 with a Monte-Carlo error of .018
    assert (held / 150 >= 0.90).all()
