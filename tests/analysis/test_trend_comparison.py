import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import trends
from trends.models.counts.observed import observed_periods, years_from_middle
from trends.models.counts.slope_contrast import contrast_slopes, fit_line, shared_noise

MONTHS = pd.period_range("2015-01", periods=60, freq="M", name="period")


def series_of(counts, months=None):
    counts = np.asarray(counts)
    return trends.as_series(
        pd.Series(counts, index=MONTHS[: counts.size] if months is None else months)
    )


def paired(rho, rng, mean=8.0, n_periods=60):
    """Return Poisson counts of two series whose normal scores correlate."""
    scores = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=n_periods)
    return stats.poisson.ppf(stats.norm.cdf(scores), mean).astype(int).T


def test_slopes_and_errors_are_those_of_each_trend_by_itself():
    rng = np.random.default_rng(3)
    first = series_of(rng.poisson(8 * 1.02 ** np.arange(60)))
    second = series_of(rng.poisson(12, 60))
    compared = trends.compare_trends(first, second, season="none")
    for which, series in (("first", first), ("second", second)):
        alone = trends.estimate_trend(series, season="none")
        assert getattr(compared, f"slope_{which}") == pytest.approx(alone.slope)
        assert getattr(compared, f"std_error_{which}") == pytest.approx(alone.std_error)
    assert compared.difference == pytest.approx(compared.slope_first - compared.slope_second)
    assert compared.ratio == pytest.approx(
        (1 + compared.change_first / 100) / (1 + compared.change_second / 100)
    )


def lines_of(first, second):
    lines = []
    for counts in (first, second):
        seen = observed_periods(series_of(counts))
        design = np.column_stack([np.ones(counts.size), years_from_middle(seen.periods)])
        lines.append(fit_line(seen, design))
    return lines


def test_the_variance_is_both_less_twice_the_covariance_under_pairs_of_memories():
    counts = paired(0.6, np.random.default_rng(4))
    compared = trends.compare_trends(*map(series_of, counts), season="none")
    memories = [line.wandering.memory for line in lines_of(*counts)]
    prior = np.exp(memories[0].grid.log_prior)
    pairs = []
    for first, one in enumerate(memories[0].covariances[:, 1, 1]):
        for second, two in enumerate(memories[1].covariances[:, 1, 1]):
            chance = 0.1 * memories[0].probabilities[first] * memories[1].probabilities[second]
            if first == second:
                chance += 9 * chance / prior[first]
            variance = one + two - 2 * compared.correlation * np.sqrt(one * two)
            pairs.append((variance, chance))
    variances, chances = np.array(sorted(pairs)).T
    reached = np.cumsum(chances) / chances.sum()
    at = np.linspace(0.4, 0.9, 20_001)
    expected = variances[np.minimum(np.searchsorted(reached, at), variances.size - 1)].mean()
    assert compared.std_error**2 == pytest.approx(expected, rel=1e-3)
    # Satterthwaite: one series alone would give its own degrees of freedom.
    one, two = compared.std_error_first, compared.std_error_second
    assert compared.n_free == pytest.approx((one**2 + two**2) ** 2 / ((one**4 + two**4) / 58))
    half = stats.t.ppf(0.975, compared.n_free) * compared.std_error
    assert np.log([compared.ratio_low, compared.ratio_high]) == pytest.approx(
        [compared.difference - half, compared.difference + half]
    )


def test_a_memory_that_both_show_is_surer_than_that_of_one():
    rng = np.random.default_rng(31)
    noise = np.zeros((60, 2))
    for month in range(1, 60):
        noise[month] = 0.8 * noise[month - 1] + rng.normal(0, 0.3, 2)
    alike = contrast_slopes(*lines_of(*rng.poisson(20 * np.exp(noise)).T))
    lines = lines_of(*rng.poisson(20 * np.exp(noise * [1, 0])).T)
    unlike = contrast_slopes(*lines)
    assert alike.std_error > unlike.std_error
    # The one that remembers is not taken for one that forgets, because the other does.
    assert unlike.std_error > 0.7 * lines[0].std_error(1)


def test_the_correlation_is_that_of_residuals_in_shared_periods():
    rng = np.random.default_rng(5)
    first, second = paired(0.7, rng)
    lines = []
    for counts, gone in ((first, [3, 9]), (second, [20])):
        frame = series_of(counts)
        frame.iloc[gone, 0] = pd.NA
        frame.iloc[gone, 1] = 0.0
        seen = observed_periods(frame)
        design = np.column_stack([np.ones(60), years_from_middle(seen.periods)])
        lines.append(fit_line(seen, design))
    both = [month for month in range(60) if month not in (3, 9, 20)]
    scores = []
    for line in lines:
        every = np.full(60, np.nan)
        every[line.seen.position] = (line.seen.count - line.fit.expected) / np.sqrt(
            line.fit.variance
        )
        scores.append(every[both])
    expected = np.sum(scores[0] * scores[1]) / np.sqrt(
        np.sum(scores[0] ** 2) * np.sum(scores[1] ** 2)
    )
    assert shared_noise(*lines) == pytest.approx(expected)


def test_people_in_front_and_rear_seats_are_compared_as_r_has_it():
    reference = Path(__file__).parents[1] / "reference"
    known = json.loads((reference / "belts.json").read_text())
    table = pd.read_csv(reference / "inputs" / "belts.csv")
    months = pd.PeriodIndex(table["month"], freq="M")
    front, rear = (series_of(table[name], months) for name in ("front", "rear"))
    compared = trends.compare_trends(front, rear, season="month")
    for which, name in (("first", "front"), ("second", "rear")):
        assert getattr(compared, f"slope_{which}") == pytest.approx(known[name]["slope"], abs=1e-7)
        # Months repeat one another, which the negative binomial does not know.
        assert getattr(compared, f"std_error_{which}") > 2 * known[name]["std_error"]
    # What moves both drops out of the logarithm of the ratio, slow memories included.
    ratio = known["ratio"]
    assert compared.difference == pytest.approx(ratio["difference"], abs=1e-4)
    assert ratio["std_error"] < compared.std_error
    assert compared.std_error < np.hypot(compared.std_error_first, compared.std_error_second)
    low, high = np.log([compared.ratio_low, compared.ratio_high])
    half = 1.96 * ratio["std_error"]
    assert low < ratio["difference"] - half < ratio["difference"] + half < high
    # Both wander, whatever their ratio does, so no one pace is said of either.
    assert compared.verdict == "no_line"
    assert compared.caveats == ("wandering_level",)


def test_a_series_is_not_told_apart_from_itself():
    series = series_of(np.random.default_rng(6).poisson(40, 60))
    same = trends.compare_trends(series, series)
    assert same.ratio == 1
    assert same.verdict == "same_pace"
    # Even then the difference has an error: the correlation believed is at most .95.
    assert same.std_error == pytest.approx(same.std_error_first * np.sqrt(2 - 2 * 0.95))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), rho=st.floats(-0.8, 0.8))
def test_turned_round_the_ratio_is_its_inverse(seed, rho):
    first, second = (series_of(counts) for counts in paired(rho, np.random.default_rng(seed)))
    one, two = trends.compare_trends(first, second), trends.compare_trends(second, first)
    assert one.ratio == pytest.approx(1 / two.ratio)
    assert one.ratio_low == pytest.approx(1 / two.ratio_high)
    assert one.p_value == pytest.approx(two.p_value)
    assert one.p_equivalent == pytest.approx(two.p_equivalent)
    turned = {"rose_relative": "fell_relative", "fell_relative": "rose_relative"}
    assert two.verdict == turned.get(one.verdict, one.verdict)


def test_noise_that_both_share_makes_the_difference_surer():
    rng = np.random.default_rng(7)
    apart = [trends.compare_trends(*map(series_of, paired(0.0, rng))) for _ in range(10)]
    shared = [trends.compare_trends(*map(series_of, paired(0.8, rng))) for _ in range(10)]
    assert np.mean([one.std_error for one in shared]) < 0.7 * np.mean(
        [one.std_error for one in apart]
    )


def test_only_the_periods_that_both_span_are_compared():
    rng = np.random.default_rng(8)
    late = pd.period_range("2017-01", periods=48, freq="M", name="period")
    first = series_of(rng.poisson(9, 60))
    second = series_of(rng.poisson(9, 48), late)
    compared = trends.compare_trends(first, second)
    assert (compared.first.index[0], compared.first.index[-1]) == (late[0], MONTHS[-1])
    assert compared.n_periods == 36
    cut = trends.compare_trends(first.loc[late[0] :], second.loc[: MONTHS[-1]])
    assert compared.ratio == cut.ratio


def test_equal_paces_are_said_only_within_the_margin():
    rng = np.random.default_rng(9)
    first, second = (series_of(rng.poisson(100, 60)) for _ in range(2))
    assert trends.compare_trends(first, second).verdict == "same_pace"
    narrow = trends.compare_trends(first, second, margin=1.001)
    assert narrow.verdict == "no_clear_difference"
    limit = (np.log(1.001) - abs(narrow.difference)) / narrow.std_error
    assert narrow.p_equivalent == pytest.approx(stats.t.sf(limit, narrow.n_free))


def test_a_step_in_one_of_them_bends_the_ratio():
    rng = np.random.default_rng(10)
    up_and_down = np.where((np.arange(60) > 15) & (np.arange(60) < 45), 60, 8)
    compared = trends.compare_trends(
        series_of(rng.poisson(up_and_down)), series_of(rng.poisson(20, 60))
    )
    assert compared.verdict == "no_line"
    assert "bent_ratio" in compared.caveats
    assert compared.findings()[0].grade == "D"


def test_the_season_of_either_stands_beside_both():
    rng = np.random.default_rng(11)
    wave = 20 * np.exp(0.8 * np.sin(2 * np.pi * np.arange(60) / 12))
    first, second = series_of(rng.poisson(20, 60)), series_of(rng.poisson(wave))
    assert trends.compare_trends(first, second).season == "harmonic"
    assert trends.compare_trends(second, first).season == "harmonic"
    assert trends.compare_trends(first, second, season="none").season == "none"


def test_series_that_cannot_be_compared_are_refused():
    rng = np.random.default_rng(12)
    series = series_of(rng.poisson(9, 60))
    far = series_of(
        rng.poisson(9, 60), pd.period_range("2019-02", periods=60, freq="M", name="period")
    )
    with pytest.raises(ValueError, match="at least 12 periods in common, got 11 from 2015-01 to"):
        trends.compare_trends(series, far)
    quarters = series_of(
        rng.poisson(9, 20), pd.period_range("2015Q1", periods=20, freq="Q", name="period")
    )
    with pytest.raises(ValueError, match="periods of one length, got M and Q-DEC"):
        trends.compare_trends(series, quarters)
    with pytest.raises(ValueError, match="`margin` must be above 1, got 1"):
        trends.compare_trends(series, series, margin=1)
    with pytest.raises(ValueError, match="`season` must be one of"):
        trends.compare_trends(series, series, season="weekly")


def test_what_is_said_names_both_series():
    rng = np.random.default_rng(13)
    counts = pd.concat(
        [
            trends.as_series(pd.Series(rng.poisson(mean), index=MONTHS)).assign(country=country)
            for country, mean in (("Iraq", 8 * 1.03 ** np.arange(60)), ("Syria", [12] * 60))
        ]
    )
    table = counts.reset_index()[["country", "period", "count", "exposure"]].assign(complete=True)
    compared = trends.compare_trends(
        trends.series(table, country="Iraq"), trends.series(table, country="Syria")
    )
    assert compared.verdict == "rose_relative"
    assert "Iraq rose relative to Syria" in compared.summary()
    assert "Iraq" in compared.summary("ar")


@pytest.mark.slow
def test_equal_paces_with_shared_noise_are_told_apart_in_about_one_of_twenty():
    rng = np.random.default_rng(14)
    told = [
        trends.compare_trends(*map(series_of, paired(0.5, rng)), season="none").p_value < 0.05
        for _ in range(400)
    ]
    assert 0.02 <= np.mean(told) <= 0.08


def test_the_contrast_of_any_term_is_the_difference_of_that_term():
    rng = np.random.default_rng(15)
    lines = []
    for _ in range(2):
        seen = observed_periods(series_of(rng.poisson(9, 60)))
        years = years_from_middle(seen.periods)
        lines.append(fit_line(seen, np.column_stack([np.ones(60), years, years**2])))
    contrast = contrast_slopes(*lines, term=2)
    assert contrast.difference == lines[0].fit.params[2] - lines[1].fit.params[2]
    assert contrast.p_value == pytest.approx(
        2 * stats.t.sf(abs(contrast.difference) / contrast.std_error, contrast.n_free)
    )


def test_a_known_break_is_a_jump_and_not_a_pace():
    rng = np.random.default_rng(16)
    first = series_of(rng.poisson([10] * 30 + [40] * 30))
    second = series_of(rng.poisson(20, 60))
    unaware = trends.compare_trends(first, second, season="none")
    assert unaware.ratio > 1.3
    first.attrs["breaks"] = [{"date": "2017-07-01", "before": "old", "after": "new"}]
    known = trends.compare_trends(first, second, season="none")
    assert known.ratio_low < 1 < known.ratio_high
    assert "declared_jump" in known.caveats
    assert known.fitted["fitted_first"].iloc[[0, -1]].to_numpy() == pytest.approx([10, 40], rel=0.3)
