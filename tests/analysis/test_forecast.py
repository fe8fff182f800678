"""Are forecasts distributions that hold, and totals what the year has and will have?"""

import numpy as np
import pandas as pd
import pytest

import trends
from trends.models.counts.scoring import quantiles
from trends.models.shifts.lookback import LOOKED_BACK

MONTHS = pd.period_range("2018-01", periods=66, freq="M")


def as_series(counts, periods=MONTHS, **options):
    return trends.as_series(pd.Series(np.asarray(counts), index=periods[: len(counts)]), **options)


def scattered(n_periods=66, mean=12.0, seed=1):
    return np.random.default_rng(seed).negative_binomial(mean / 2, 1 / 3, n_periods)


SERIES = as_series(scattered())


@pytest.fixture(scope="module")
def ahead():
    return trends.forecast_counts(SERIES, 6, rng=1)


def test_intervals_and_medians_are_quantiles_of_the_probabilities(ahead):
    frame = ahead.to_frame(alpha=0.2)
    counts = frame[frame["term"] == "count"]
    assert counts["period"].astype(str).tolist() == [f"2023-{month:02}" for month in range(7, 13)]
    for row, mass in zip(counts.itertuples(), ahead.probabilities, strict=True):
        assert [row.conf_low, row.estimate, row.conf_high] == quantiles(
            mass, np.array([0.1, 0.5, 0.9])
        ).tolist()
    assert ahead.probabilities.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-3)


def test_totals_are_sums_of_whole_paths(ahead):
    frame = ahead.to_frame().set_index("term")
    sums = ahead.draws.sum(axis=1)
    assert frame.loc["total", "estimate"] == np.quantile(sums, 0.5, method="inverted_cdf")
    counted = int(SERIES["count"].iloc[-6:].sum())
    assert frame.loc["year_total", "estimate"] == counted + frame.loc["total", "estimate"]
    assert str(frame.loc["year_total", "period"]) == "2023"


def test_the_chance_of_at_least_so_many_counts_what_the_year_already_has(ahead):
    counted = int(SERIES["count"].iloc[-6:].sum())
    assert ahead.probability(at_least=0) == 1
    assert ahead.probability(at_least=counted) == 1
    for more in (40, 72, 100):
        expected = (ahead.draws.sum(axis=1) >= more).mean()
        assert ahead.probability(at_least=counted + more) == pytest.approx(expected)
    assert ahead.probability(at_least=counted + 72) > ahead.probability(at_least=counted + 90)
    # A year that is over is what was counted.
    over = int(SERIES["count"].iloc[48:60].sum())
    assert ahead.probability(at_least=over, year=2022) == 1
    assert ahead.probability(at_least=over + 1, year=2022) == 0


def test_a_total_knows_that_periods_share_one_rate_where_each_has_a_simple_distribution():
    found = trends.forecast_counts(as_series(scattered(30)), 12, rng=1)
    assert found.chosen != "mixture"
    counts = np.arange(found.probabilities.shape[1])
    means = found.probabilities @ counts
    apart = (found.probabilities @ counts**2 - means**2).sum()
    assert found.draws.mean(axis=0) == pytest.approx(means, rel=0.05)
    # Nobody knows the rate of 30 months exactly: what is wrong of one month is wrong of all.
    assert found.draws.sum(axis=1).var() > 1.2 * apart


def test_a_year_that_is_not_reached_or_not_all_counted_has_no_total(ahead):
    short = trends.forecast_counts(SERIES, 5, rng=1)
    assert not short.reaches_year_end
    assert "year_total" not in short.to_frame()["term"].tolist()
    with pytest.raises(ValueError, match="`year` must be counted or forecast to its end, got 2023"):
        short.probability(at_least=100)
    with pytest.raises(ValueError, match="got 2017, of which 12 are neither"):
        ahead.probability(at_least=100, year=2017)


def test_the_rest_of_a_partial_period_is_forecast_by_its_days():
    exposure = MONTHS.days_in_month.to_numpy(dtype=float).copy()
    exposure[-1] = 10.0
    found = trends.forecast_counts(as_series(scattered(), exposure=exposure), 6, rng=1)
    frame = found.to_frame().set_index("term")
    assert str(frame.loc["rest", "period"]) == "2023-06"
    assert found.exposure[0] == pytest.approx(20.0)
    assert found.exposure[1:] == pytest.approx([31, 31, 30, 31, 30, 31])
    mean = found.probabilities @ np.arange(found.probabilities.shape[1])
    assert mean[0] / mean[1] == pytest.approx(20 / 31, rel=0.05)
    # The year has its first months, the part of June, the rest of it and what follows.
    assert frame.loc["year_total", "estimate"] > int(found.series["count"].iloc[-6:].sum())
    assert found.draws.shape[1] == 7


def test_the_same_seed_gives_the_same_paths_and_distributions_need_none():
    one, same, other = (trends.forecast_counts(SERIES, 3, rng=seed) for seed in (1, 1, 2))
    assert (one.draws == same.draws).all()
    assert not (one.draws == other.draws).all()
    assert (one.probabilities == other.probabilities).all()


def test_after_a_shift_only_what_follows_it_speaks():
    counts = np.random.default_rng(1).poisson(np.repeat([10, 40], [36, 30]))
    found = trends.forecast_counts(as_series(counts), 3, rng=1)
    assert abs(found.restart.ordinal - MONTHS[36].ordinal) <= 1
    assert f"history_restarts:{found.restart}" in found.caveats
    median = found.to_frame()["estimate"].iloc[:3]
    assert median.between(33, 47).all()
    assert trends.forecast_counts(as_series(counts[:36]), 3, rng=1).restart is None


def test_where_nothing_beats_it_the_forecast_is_the_simple_one_and_says_so():
    counts = np.random.default_rng(5).poisson(9, 66)
    found = trends.forecast_counts(as_series(counts), 3, rng=1)
    assert found.gain <= 0
    assert found.chosen == found.better_simple
    assert set(found.to_frame()["method"]) == {found.chosen}
    assert "so the forecast of a period is that distribution" in found.summary()


def test_counts_that_remember_are_forecast_by_a_mixture_that_says_so():
    rng = np.random.default_rng(1)
    state = np.zeros(66)
    for month in range(1, 66):
        state[month] = 0.9 * state[month - 1] + rng.normal(0, 0.3)
    found = trends.forecast_counts(as_series(rng.poisson(40 * np.exp(state))), 2, rng=1)
    assert found.chosen == "mixture"
    assert found.gain > 0
    assert found.weights["weight"].sum() == pytest.approx(1)
    assert "mixes five accounts" in found.summary()


def test_a_season_that_earned_its_weight_is_carried_on():
    turns = 2 * np.pi * np.arange(66) / 12
    counts = np.random.default_rng(3).poisson(30 * np.exp(0.8 * np.sin(turns)))
    found = trends.forecast_counts(as_series(counts), 12, rng=1)
    weight = found.weights.set_index("term")["weight"]
    assert weight["seasonal_nb"] > 0.9
    mean = found.probabilities @ np.arange(found.probabilities.shape[1])
    assert np.corrcoef(mean, np.sin(2 * np.pi * np.arange(66, 78) / 12))[0, 1] > 0.95
    without = trends.forecast_counts(as_series(counts), 12, season="none", rng=1)
    assert without.weights.set_index("term")["weight"]["seasonal_nb"] == 0


def test_a_hub_reads_the_quantiles_by_target_date(ahead):
    frame = ahead.to_hubverse(target="monthly events", location="SY", levels=(0.1, 0.5))
    assert len(frame) == 12
    # the columns of hubverse's model output, https://hubverse.io, as named by the hub's tasks
    assert frame.columns.tolist() == [
        "reference_date", "target", "horizon", "target_end_date", "location", "output_type",
        "output_type_id", "value",
    ]  # fmt: skip
    told = frame[["target", "location", "output_type"]].drop_duplicates().iloc[0].tolist()
    assert told == ["monthly events", "SY", "quantile"]
    assert frame["output_type_id"].tolist() == [0.1, 0.5] * 6
    assert frame["reference_date"].unique().tolist() == ["2023-06-30"]
    assert frame["horizon"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert frame["target_end_date"].iloc[0] == "2023-07-31"
    assert frame.iloc[1]["value"] == quantiles(ahead.probabilities[0], np.array([0.5]))[0]
    # the quantiles that the forecast hubs of the CDC ask for
    asked = [0.01, 0.025, *np.arange(5, 100, 5) / 100, 0.975, 0.99]
    assert ahead.to_hubverse()["output_type_id"].tolist() == pytest.approx(asked * 6)
    with pytest.raises(ValueError, match="`levels` must be between 0 and 1"):
        ahead.to_hubverse(levels=(0.5, 1.0))


def test_an_exposure_that_is_no_time_goes_on_as_it_was():
    people = as_series(scattered(), exposure=np.full(66, 5e5), unit="100,000 people")
    found = trends.forecast_counts(people, 3, rng=1)
    assert found.exposure == pytest.approx(np.full(3, 5e5))
    assert found.to_frame()["estimate"].iloc[0] == pytest.approx(
        trends.forecast_counts(as_series(scattered(), exposure=30.4375), 3, rng=1)
        .to_frame()["estimate"].iloc[0], abs=1
    )  # fmt: skip


def test_periods_after_the_last_count_are_the_first_that_are_forecast():
    counts = pd.array(scattered(), dtype="Int64")
    counts[-2:] = pd.NA
    found = trends.forecast_counts(as_series(counts), 4, rng=1)
    assert str(found.periods[0]) == "2023-05"


@pytest.mark.parametrize("freq", ["D", "W", "Q", "Y"])
def test_periods_of_every_length_can_be_forecast(freq):
    periods = pd.period_range("2001-01-01", periods=40, freq=freq)
    found = trends.forecast_counts(as_series(scattered(40), periods), 3, rng=1)
    assert len(found.periods) == 3
    assert found.to_frame()["estimate"].iloc[0] > 0


@pytest.mark.parametrize(
    ("horizon", "options", "message"),
    [
        (0, {}, "`horizon` must be a whole number of periods of 1 or more, got 0"),
        (2.5, {}, "`horizon` must be a whole number of periods"),
        (67, {}, "`horizon` must be no longer than the 66 observed periods, got 67"),
        (3, {"season": "weekly"}, "`season` must be one of"),
        (3, {"alpha": 1.5}, "`alpha` must be between 0 and 1"),
        (3, {"n_draws": 0}, "`n_draws` must be a whole number of 1 or more"),
    ],
)
def test_what_cannot_be_forecast_is_refused_with_the_rule(horizon, options, message):
    with pytest.raises(ValueError, match=message):
        trends.forecast_counts(SERIES, horizon, **options)


def test_a_series_without_events_or_too_short_is_refused():
    with pytest.raises(ValueError, match="must have events in at least 3 periods, got 0"):
        trends.forecast_counts(as_series(np.zeros(66, int)), 3)
    with pytest.raises(ValueError, match="must have at least 8 periods with a count, got 7"):
        trends.forecast_counts(SERIES.iloc[:7], 3)


def test_a_short_past_is_said_to_be_too_short_to_judge():
    found = trends.forecast_counts(SERIES.iloc[:10], 2, rng=1)
    assert found.n_origins < 6
    assert "few_origins" in found.caveats
    assert "too short to hold forecasts against it" in found.summary()


def test_a_group_that_stopped_is_forecast_to_be_next_to_nothing():
    counts = np.r_[scattered(40, mean=20), np.zeros(26, int)]
    found = trends.forecast_counts(as_series(counts), 3, rng=1)
    assert (found.to_frame()["estimate"] == 0).all()


def test_of_a_long_series_the_last_periods_are_used_and_the_first_of_them_is_named(monkeypatch):
    monkeypatch.setattr("trends.models.shifts.lookback.LOOKED_BACK", 40)
    counts = np.random.default_rng(3).poisson(5, 60).astype(float)
    months = pd.period_range("2015-01", periods=60, freq="M")
    whole = trends.as_series(pd.Series(counts, index=months))
    late = trends.as_series(pd.Series(counts[20:], index=months[20:]))
    made = trends.forecast_counts(whole, 3, rng=1)
    assert made.probabilities == pytest.approx(trends.forecast_counts(late, 3, rng=1).probabilities)
    assert (made.n_periods, made.n_observed) == (60, 40)
    assert "old_periods_left_out:2016-09" in made.caveats
    judged = [trends.evaluate_forecasts(each, horizon=2, n_origins=4) for each in (whole, late)]
    assert judged[0].crps_ratio == judged[1].crps_ratio
    assert "old_periods_left_out:2016-09" in judged[0].caveats
    assert "old_periods_left_out" not in " ".join(judged[1].caveats)


def test_periods_that_forecasts_look_back_are_eight_years_of_days():
    assert LOOKED_BACK == 3000
