import numpy as np
import pytest
from scipy import stats

from trends.models.counts.memory import memory_grid
from trends.models.counts.predictive import (
    MEMBERS,
    History,
    _edges,
    _nb_below,
    local_level,
    memory_nb,
    outlooks,
    own_past,
    seasonal_nb,
    static_nb,
)

GRID = memory_grid(30.4375)
N_COUNTS = 400


def history(counts, *, exposure=None, position=None, ahead=6, exposure_ahead=None, season=False):
    counts = np.asarray(counts, dtype=float)
    position = np.arange(counts.size) if position is None else np.asarray(position)
    places = position[-1] + np.arange(1, ahead + 1)
    turns = 2 * np.pi * np.arange(places[-1] + 1) / 12
    waves = np.column_stack([np.sin(turns), np.cos(turns)])[:, : 2 if season else 0]
    return History(
        counts=counts,
        exposure=np.ones(counts.size) if exposure is None else np.asarray(exposure, dtype=float),
        position=position,
        ahead=places,
        exposure_ahead=np.ones(ahead) if exposure_ahead is None else np.asarray(exposure_ahead),
        season=waves[position],
        season_ahead=waves[places],
        grid=GRID,
    )


def moments(mass):
    count = np.arange(mass.shape[1])
    mean = mass @ count
    return mean, mass @ count**2 - mean**2


SCATTERED = np.random.default_rng(3).negative_binomial(6, 0.3, 60)


@pytest.mark.parametrize("name", MEMBERS)
def test_draws_follow_the_probabilities(name):
    made = outlooks(history(SCATTERED, season=True), N_COUNTS)[name]
    draws = made.draw(40_000, np.random.default_rng(1))
    assert draws.shape == (40_000, 6)
    mean, variance = moments(made.mass)
    assert made.mass.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-3)
    assert draws.mean(axis=0) == pytest.approx(mean, rel=0.02)
    assert draws.var(axis=0) == pytest.approx(variance, rel=0.08)
    for level in (0.1, 0.5, 0.9):
        point = int(np.searchsorted(np.cumsum(made.mass[5]), level))
        below = np.cumsum(made.mass[5])[point]
        assert (draws[:, 5] <= point).mean() == pytest.approx(below, abs=0.015)


def test_the_own_past_is_the_past_with_a_narrow_kernel():
    made = own_past(history(SCATTERED), N_COUNTS)
    mean, variance = moments(made.mass)
    assert mean[0] == pytest.approx(SCATTERED.mean(), abs=0.1)
    width = 0.9 * SCATTERED.std() * 60 ** (-1 / 3)
    assert variance[0] == pytest.approx(SCATTERED.var() + width**2 + 1 / 12, rel=0.03)


def test_a_period_of_another_length_has_a_rate_in_proportion_and_chance_beside():
    made = own_past(history([10] * 40, exposure_ahead=[0.5, 1.0, 2.0], ahead=3), N_COUNTS)
    mean, variance = moments(made.mass)
    assert mean == pytest.approx([5, 10, 20], rel=0.02)
    # Half of ten is binomial; twice ten is ten and a Poisson count more.
    assert variance == pytest.approx([2.5, 0.0, 10.0], abs=0.35)


def test_one_rate_of_poisson_counts_is_the_gamma_mixture_of_its_posterior():
    counts = np.random.default_rng(8).poisson(6, 80)
    made = static_nb(history(counts), N_COUNTS)
    total = counts.sum()
    # With a flat prior on the log rate a Poisson rate is Gamma(total, n) afterwards.
    exact = stats.nbinom.pmf(np.arange(N_COUNTS), total, 80 / 81)
    assert np.abs(made.mass[0] - exact).sum() < 0.05


def test_few_counts_leave_the_rate_open():
    narrow, wide = (
        moments(static_nb(history([4, 6, 5, 5] * times), N_COUNTS).mass)[1][0] for times in (20, 2)
    )
    assert wide > 1.2 * narrow


def test_counts_that_remember_are_drawn_back_to_their_level():
    rng = np.random.default_rng(5)
    state = np.zeros(150)
    for month in range(1, 150):
        state[month] = 0.8 * state[month - 1] + rng.normal(0, 0.3)
    counts = rng.poisson(20 * np.exp(state))
    counts[-4:] = counts.max()
    mean = moments(memory_nb(history(counts, ahead=24), 1000).mass)[0]
    assert (np.diff(mean) < 0).all()
    assert mean[0] > 1.3 * counts.mean()
    assert mean[-1] == pytest.approx(counts.mean(), rel=0.1)


def test_counts_without_memory_are_forecast_as_by_one_rate():
    counts = np.random.default_rng(2).poisson(15, 120)
    one, other = (make(history(counts), N_COUNTS).mass for make in (static_nb, memory_nb))
    assert np.abs(one - other).sum(axis=1).max() < 0.12


def test_a_season_is_carried_on():
    turns = 2 * np.pi * np.arange(72) / 12
    counts = np.random.default_rng(2).poisson(30 * np.exp(0.8 * np.sin(turns)))
    made = seasonal_nb(history(counts, ahead=12, season=True), N_COUNTS)
    mean = moments(made.mass)[0]
    truth = 30 * np.exp(0.8 * np.sin(2 * np.pi * np.arange(72, 84) / 12))
    assert mean == pytest.approx(truth, rel=0.15)


def test_a_level_that_drifts_follows_the_latest_counts():
    counts = np.r_[np.full(40, 10), np.full(10, 40)]
    made = local_level(history(counts), N_COUNTS)
    mean, variance = moments(made.mass)
    assert mean == pytest.approx(np.full(6, 40), rel=0.1)
    assert (np.diff(variance) > 0).all()


def test_a_gap_lets_a_drifting_level_be_less_sure():
    counts = np.random.default_rng(3).poisson(12, 30)
    near = history(counts)
    far = near._replace(ahead=near.ahead + 12)
    assert (
        moments(local_level(far, N_COUNTS).mass)[1][0]
        > (moments(local_level(near, N_COUNTS).mass)[1][0])
    )


def test_an_account_that_allows_no_finite_fit_is_left_out():
    made = outlooks(history([0] * 30), 40)
    assert "memory_nb" not in made
    assert "seasonal_nb" not in made
    assert made["static_nb"].mass[0, 0] > 0.9


@pytest.mark.parametrize("dispersion", [1.2, 3.0, 8.0])
def test_tails_are_those_of_negative_binomial_counts_with_that_variance(dispersion):
    counts = np.arange(-1.0, 40.0)
    mean = 6.5
    expected = stats.nbinom.cdf(counts, mean / (dispersion - 1), 1 / dispersion)
    assert _nb_below(counts, np.array(mean), np.array(dispersion)) == pytest.approx(expected)


@pytest.mark.parametrize("most", [4, 4000])
def test_edges_are_the_tails_below_and_at_each_count_whether_summed_or_not(most):
    counts = np.array([0.0, 3.0, most, 0.0, most])
    exposures = np.array([0.5, 0.5, 0.5, 2.0, 2.0])
    rates, dispersions = np.array([[2.0], [most / 2]]), np.array([[1.5], [4.0]])
    at_most, less = _edges(exposures, counts, lambda exposure: (rates * exposure, dispersions))
    law = stats.nbinom(rates * exposures / (dispersions - 1), 1 / dispersions)
    assert at_most == pytest.approx(law.cdf(counts), abs=1e-12)
    assert less == pytest.approx(law.cdf(counts - 1), abs=1e-12)
