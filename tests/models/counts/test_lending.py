import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trends.models.counts.count_model import fit_counts
from trends.models.counts.lending import Lent, borrow_slopes, lend, weigh_noise
from trends.models.counts.memory import correlation_matrix
from trends.models.counts.observed import Observed, years_from_middle

MONTHS = pd.period_range("2020-01", periods=36, freq="M")
YEARS = years_from_middle(MONTHS)


def lent_of(counts, exposure=None, others=()) -> Lent:
    position = np.flatnonzero(~np.isnan(counts))
    seen = Observed(
        count=counts[position],
        exposure=(np.ones(counts.size) if exposure is None else exposure)[position],
        position=position,
        periods=MONTHS,
        last_is_partial=False,
    )
    return lend(seen, np.column_stack([np.ones(36), YEARS, *others]))


def noisy(rng, means, *, dispersion=1.0, swing=0.0, rho=0.0):
    """Return counts with variance dispersion x mean, or around log rates that remember."""
    if swing:
        path = rng.normal(0, swing, 36)
        for month in range(1, 36):
            path[month] = rho * path[month - 1] + np.sqrt(1 - rho**2) * path[month]
        means = means * np.exp(path - swing**2 / 2)
    if dispersion == 1:
        return rng.poisson(means).astype(float)
    return rng.negative_binomial(means / (dispersion - 1), 1 / dispersion).astype(float)


def test_a_memory_is_weighed_as_matrices_have_it():
    counts = noisy(np.random.default_rng(1), np.full(36, 4.0))
    counts[[3, 4, 20]] = np.nan
    one = lent_of(counts)
    fit = fit_counts(one.counts, one.design, one.exposure)
    design, residuals = fit.working_design(one.design), fit.residuals(one.counts)
    assert fit.family == "poisson"
    correlation = correlation_matrix(np.diff(one.position).astype(float), one.rho[2], 0.35)
    inverse = np.linalg.inv(correlation)
    information = design.T @ inverse @ design
    left = residuals - design @ np.linalg.solve(information, design.T @ inverse @ residuals)
    assert one.variance[2, 3] == pytest.approx(left @ inverse @ left / (one.counts.size - 2))
    log_det = np.linalg.slogdet(correlation)[1] + np.linalg.slogdet(information)[1]
    assert one.log_determinant[2, 3] == pytest.approx(log_det)


def test_many_poisson_series_are_taken_for_poisson_and_bursts_for_bursts():
    rng = np.random.default_rng(2)
    for dispersion in (1.0, 3.0):
        lent = [
            lent_of(noisy(rng, np.full(36, mean), dispersion=dispersion))
            for mean in rng.uniform(1, 5, 60)
        ]
        noise, shares = weigh_noise(lent)
        assert shares.sum(axis=1) == pytest.approx(np.ones(60))
        said = [each @ noise.dispersion(one.level) for one, each in zip(lent, shares, strict=True)]
        assert np.mean(said) == pytest.approx(dispersion, rel=0.1)
        # One series of 36 months by itself scatters between .5 and 1.6 times as much.
        assert np.std(said) < 0.12 * dispersion
        remembered = shares @ (noise.remembered > 0)
        assert remembered.mean() < 0.4


def test_rates_that_swing_alike_scatter_more_where_there_are_more_events():
    rng = np.random.default_rng(3)
    means = np.geomspace(2, 100, 60)
    lent = [lent_of(noisy(rng, np.full(36, mean), swing=0.4)) for mean in means]
    noise, shares = weigh_noise(lent)
    assert (shares @ noise.power).min() > 0.99
    said = np.array(
        [each @ noise.dispersion(one.level) for one, each in zip(lent, shares, strict=True)]
    )
    assert said == pytest.approx(1 + means * np.expm1(0.16), rel=0.35)


def test_memory_that_no_series_shows_by_itself_is_seen_in_many():
    rng = np.random.default_rng(4)
    lent = [
        lent_of(noisy(rng, np.full(36, mean), swing=0.5, rho=0.6)) for mean in rng.uniform(2, 6, 60)
    ]
    noise, shares = weigh_noise(lent)
    assert (shares @ (noise.remembered > 0)).mean() > 0.9
    rho = lent[0].rho[noise.which_rho]
    kept = noise.remembered > 0
    average = (shares[:, kept] @ rho[kept]).sum() / shares[:, kept].sum()
    assert average == pytest.approx(0.6, abs=0.12)


def test_a_series_unlike_its_neighbours_keeps_its_own_scatter():
    rng = np.random.default_rng(5)
    lent = [lent_of(noisy(rng, np.full(36, 10.0))) for _ in range(30)]
    lent.append(lent_of(noisy(rng, np.full(36, 10.0), dispersion=8)))
    noise, shares = weigh_noise(lent)
    said = shares @ noise.dispersion(10.0)
    assert said[:-1].max() < 1.5
    assert said[-1] > 4


def test_of_many_events_a_slope_stays_as_it_is_by_itself():
    rng = np.random.default_rng(6)
    slopes = rng.normal(0, 0.5, 12)
    lent = [lent_of(noisy(rng, 2000 * np.exp(slope * YEARS))) for slope in slopes]
    posterior = borrow_slopes(lent)
    own = np.array([one.slope for one in lent])
    assert posterior.estimate == pytest.approx(own, abs=2e-3)
    low, high = posterior.interval(0.05)
    errors = [
        np.sqrt(fit_counts(one.counts, one.design, one.exposure).covariance[1, 1]) for one in lent
    ]
    assert (high - low) / (2 * stats.norm.ppf(0.975)) == pytest.approx(np.array(errors), rel=0.15)


def test_a_slope_is_that_of_the_likelihood_and_the_spread_of_all():
    """Poisson counts, by brute force: prior times likelihood on a grid of slopes and levels."""
    rng = np.random.default_rng(7)
    truth = rng.normal(0, 0.4, 150)
    means = rng.uniform(1, 3, 150)
    counts = [
        noisy(rng, mean * np.exp(slope * YEARS)) for mean, slope in zip(means, truth, strict=True)
    ]
    posterior = borrow_slopes([lent_of(each) for each in counts])
    grid = np.linspace(-2, 2, 401)
    shape = np.exp(np.outer(grid, YEARS))
    best = []
    for each in counts:
        # The level of a Poisson series with an even prior leaves the multinomial.
        log_likelihood = each @ (np.outer(YEARS, grid)) - each.sum() * np.log(shape.sum(axis=1))
        weight = np.exp(log_likelihood - log_likelihood.max()) * stats.norm.pdf(grid, 0, 0.4)
        best.append(weight @ grid / weight.sum())
    assert np.abs(posterior.estimate - best).mean() < 0.04
    low, high = posterior.interval(0.05)
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.04)


def test_slopes_are_read_where_they_lie_and_not_where_bursts_throw_them(monkeypatch):
    """A normal likelihood at the likeliest slope of each series is further from the true one."""
    rng = np.random.default_rng(10)
    truth = np.where(rng.random(200) < 0.7, 0.0, rng.normal(0, 0.6, 200))
    counts = [noisy(rng, 2 * np.exp(slope * YEARS), dispersion=4) for slope in truth]
    lent = [lent_of(each) for each in counts]
    near = borrow_slopes(lent).estimate
    monkeypatch.setattr("trends.models.counts.lending.MOST_READINGS", 1)
    afar = borrow_slopes(lent).estimate
    assert np.mean((near - truth) ** 2) < 0.97 * np.mean((afar - truth) ** 2)


def test_intervals_are_as_wide_as_shared_memory_makes_them():
    rng = np.random.default_rng(11)
    truth = rng.normal(0, 2, 60)
    lent = [lent_of(noisy(rng, 30 * np.exp(slope * YEARS), swing=0.5, rho=0.7)) for slope in truth]
    low, high = borrow_slopes(lent).interval(0.05)
    assert ((low <= truth) & (truth <= high)).mean() > 0.88


def test_exposure_and_a_step_beside_the_slope_are_kept_apart_from_it():
    rng = np.random.default_rng(8)
    step = (np.arange(36) >= 20).astype(float)
    exposure = rng.uniform(0.5, 2, 36)
    lent = [
        lent_of(noisy(rng, 30 * exposure * np.exp(0.7 * step + 0.2 * YEARS)), exposure, (step,))
        for _ in range(20)
    ]
    posterior = borrow_slopes(lent)
    assert posterior.estimate == pytest.approx(np.full(20, 0.2), abs=0.1)


def test_any_counts_that_have_a_trend_are_read():
    """Of few events, of millions, as even as can be, or gone after a while: beside one another."""
    rng = np.random.default_rng(9)
    few = np.zeros(36)
    few[[1, 8, 30]] = [1, 900, 2]
    counts = [
        few,
        np.full(36, 7.0),
        rng.poisson(3e6 * np.exp(2 * YEARS)).astype(float),
        rng.poisson(300 * np.exp(-6 * YEARS)).astype(float),
        *(rng.poisson(2.0, 36).astype(float) for _ in range(4)),
    ]
    posterior = borrow_slopes([lent_of(each) for each in counts])
    low, high = posterior.interval(0.05)
    assert (low < posterior.estimate).all()
    assert (posterior.estimate < high).all()
    assert ((posterior.false_sign_rate >= 0) & (posterior.false_sign_rate <= 1)).all()
    assert posterior.estimate[2:4] == pytest.approx([2, -6], abs=0.3)
