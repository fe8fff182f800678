import numpy as np
import pandas as pd
import pytest
from scipy import stats

import trends
from trends.analysis.ranking import _chances, _log_ratios
from trends.findings import wording

MONTHS = pd.period_range("2020-01", periods=48, freq="M", name="period")
ASK = {"by": "district", "first": (2023, 2023), "second": (2021, 2021), "n_jobs": 1, "rng": 3}


def table_of(groups):
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "district": name,
                    "period": MONTHS,
                    "count": pd.array(np.asarray(counts), dtype="Int64"),
                    "exposure": MONTHS.days_in_month.astype(float),
                    "complete": True,
                }
            )
            for name, counts in groups.items()
        ],
        ignore_index=True,
    )


def stepped(before, after, seed):
    return np.random.default_rng(seed).poisson([before] * 24 + [after] * 24)


GROUPS = {
    "Large": stepped(40, 55, 1),
    "Small": stepped(2, 7, 2),
    "Same": stepped(20, 20, 3),
    "Fewer": stepped(12, 8, 4),
}


def test_contributions_add_up_to_the_change_of_the_sum_of_rates():
    ranking = trends.rank_groups(table_of(GROUPS), **ASK)
    frame = ranking.to_frame()
    assert frame["estimate"].sum() == pytest.approx(ranking.rate_first - ranking.rate_second)
    assert frame["share_of_change"].sum() == pytest.approx(1)
    assert ranking.change == pytest.approx(frame["estimate"].sum())


def test_a_group_has_the_numbers_of_its_own_comparison():
    counts = table_of(GROUPS)
    frame = trends.rank_groups(counts, **ASK).to_frame().set_index("district")
    for name in GROUPS:
        alone = trends.compare_periods(
            trends.series(counts, district=name), ASK["first"], ASK["second"]
        )
        row = frame.loc[name]
        assert (row["rate_first"], row["rate_second"]) == (alone.rate_first, alone.rate_second)
        assert (row["ratio"], row["ratio_low"]) == (alone.ratio, alone.ratio_low)
        assert row["estimate"] == alone.difference
        assert row["conf_high"] == alone.difference_high


def test_who_contributes_most_comes_first_and_who_changed_most_need_not():
    ranking = trends.rank_groups(table_of(GROUPS), top=1, **ASK)
    frame = ranking.to_frame()
    assert ranking.leader == frame["district"].iloc[0] == "Large"
    assert frame.loc[frame["ratio"].idxmax(), "district"] == "Small"
    assert frame["estimate"].is_monotonic_decreasing


def test_when_the_whole_fell_the_largest_fall_comes_first():
    groups = {name: counts[::-1] for name, counts in GROUPS.items()}
    ranking = trends.rank_groups(table_of(groups), top=1, **ASK)
    assert ranking.change < 0
    assert ranking.leader == "Large"
    assert "contributed most to the fall" in ranking.summary()
    finding = ranking.findings()[1]
    row = ranking.to_frame().iloc[0]
    assert finding.estimate == -row["estimate"]
    assert (finding.conf_low, finding.conf_high) == (
        -row["conf_high"], -row["conf_low"],
    )  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
def test_a_leader_whose_own_change_is_not_clear_is_not_said_to_have_driven_it(turned):
    rng = np.random.default_rng(7)
    groups = {f"D{which}": rng.poisson(6, GROUPS["Large"].size) for which in range(4)}
    if turned:
        groups = {name: counts[::-1] for name, counts in groups.items()}
    ranking = trends.rank_groups(table_of(groups), top=1, **ASK)
    assert ranking.findings()[1].conf_low <= 0
    rose = "rise" if ranking.change > 0 else "fall"
    said = ranking.summary()
    assert f"The largest part of the {rose} that was counted is {ranking.leader}'s" in said
    assert "contributed most" not in said
    for lang in ("en", "ar", "fr"):
        headline = wording.headline(ranking.findings()[1], lang)
        assert ranking.leader in ranking.summary(lang)
        assert ranking.leader in headline
        assert "contributed most" not in headline


def test_the_chance_of_the_top_is_the_share_of_draws():
    one = pd.DataFrame(
        {
            "rate_first": [10.0, 10.0, 5.0],
            "rate_first_high": 10 * np.exp(stats.t.isf(0.025, 20) * np.array([0.2, 0.2, 0.2])),
            "rate_second": [5.0, 5.0, 5.0],
            "rate_second_high": 5 * np.exp(stats.t.isf(0.025, 20) * np.array([0.2, 0.2, 0.2])),
            "n_free": [20, 20, 20],
            "inflation": 1.0,
            "exposure_first": 12.0,
            "exposure_second": 12.0,
            "estimate": [5.0, 5.0, 0.0],
        }
    )
    one.loc[2, "rate_first_high"] /= 2
    chances = _chances(one, 1, 0.05, np.random.default_rng(1))
    # Two alike share the first place, but for the third's own luck.
    assert chances.sum() == pytest.approx(1)
    assert chances[0] == pytest.approx(chances[1], abs=0.03)
    assert 0 < chances[2] < 0.1
    fall = _chances(one.assign(estimate=-1.0), 1, 0.05, np.random.default_rng(1))
    assert fall[2] > 0.9
    everyone = _chances(one, 3, 0.05, np.random.default_rng(1))
    assert everyone.tolist() == [1, 1, 1]


def test_a_stretch_without_events_enters_with_half_an_event():
    one = pd.DataFrame(
        {
            "n_first": [9, 0], "n_second": [3, 8], "exposure_first": [12.0, 10.0],
            "exposure_second": [12.0, 12.0], "ratio": [3.0, 0.0], "std_error": [0.6, np.nan],
            "n_free": [30, 30], "inflation": [1.5, 2.0],
        }
    )  # fmt: skip
    effects, errors = _log_ratios(one)
    wider = stats.t.ppf(0.975, 30) / stats.norm.ppf(0.975)
    assert effects == pytest.approx([np.log(3), np.log(0.5 / 10) - np.log(8.5 / 12)])
    assert errors == pytest.approx([0.6 * wider, np.sqrt(2 * (1 / 0.5 + 1 / 8.5)) * wider])


def test_ratios_of_many_alike_shrink_towards_one_another():
    groups = {f"D{which:02d}": stepped(3, 3, 50 + which) for which in range(20)}
    frame = trends.rank_groups(table_of(groups), **ASK).to_frame()
    assert np.log(frame["shrunk_ratio"]).std() < 0.6 * np.log(frame["ratio"]).std()
    inside = (frame["shrunk_ratio_low"] < 1) & (frame["shrunk_ratio_high"] > 1)
    assert inside.mean() >= 0.9


def test_a_group_that_cannot_be_compared_is_a_row_with_the_reason():
    frame = (
        trends.rank_groups(table_of({**GROUPS, "Void": np.zeros(48, int)}), **ASK)
        .to_frame()
        .set_index("district")
    )
    assert frame.loc["Void", "status"] == "refused"
    assert frame.index[-1] == "Void"
    assert frame["share_of_change"].sum() == pytest.approx(1)


def test_what_cannot_be_ranked_is_refused():
    counts = table_of(GROUPS)
    with pytest.raises(ValueError, match="`top` must be") as refused:
        trends.rank_groups(counts, **ASK, top=4)
    assert str(refused.value) == (
        "`top` must be between 1 and 3, got 4. Name fewer groups than there are."
    )
    trends.rank_groups(counts, **ASK, top=3)
    one = table_of({"Large": GROUPS["Large"]})
    with pytest.raises(ValueError, match="at least two groups that can be compared, got 1"):
        trends.rank_groups(one, **ASK)
    with pytest.raises(ValueError, match="must not overlap"):
        trends.rank_groups(counts, **{**ASK, "second": (2023, 2023)})


def test_reasons_why_groups_cannot_be_compared_are_listed_once_each():
    void, twice = np.zeros(48, int), np.bincount([5, 30], minlength=48)
    groups = {"Large": GROUPS["Large"], "Void": void, "Nothing": void, "Twice": twice}
    with pytest.raises(ValueError, match="got 1") as refused:
        trends.rank_groups(table_of(groups), **ASK)
    reason = (
        "`series` must have events in at least 3 periods, got {0} with {0} events in all. "
        "Use longer periods or a longer series."
    )
    assert str(refused.value).endswith(f"got 1. {reason.format(0)}; {reason.format(2)}")
