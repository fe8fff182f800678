import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from trends.models.counts.borrowing import (
    PRIOR_SERIES,
    Spread,
    pooled_shares,
    shrink,
    spread_of,
)


def one_spread(at_centre, scale, centre=0.0, centre_error=0.0):
    return Spread(*(np.array([each]) for each in (1.0, at_centre, scale, centre, centre_error)))


def test_a_posterior_is_likelihood_times_prior():
    spread = Spread(
        np.array([0.7, 0.3]), np.zeros(2), np.array([0.4, 0.9]), np.array([0.3, 0.1]), np.zeros(2)
    )
    grid = np.linspace(-5, 5, 200_001)
    effects, errors = np.array([1.2, -0.4]), np.array([0.5, 0.2])
    posterior = shrink(effects, errors, spread)
    low, high = posterior.interval(0.1)
    for row in range(2):
        density = np.zeros(grid.size)
        for part in range(2):
            # What all series together say of the candidates stays as it is for each of them.
            one = stats.norm.pdf(grid, spread.centre[part], spread.scale[part])
            one *= stats.norm.pdf(effects[row], grid, errors[row])
            density += spread.probability[part] * one / integrate.trapezoid(one, grid)
        reached = integrate.cumulative_trapezoid(density, grid, initial=0)
        mean = integrate.trapezoid(grid * density, grid)
        assert posterior.estimate[row] == pytest.approx(mean, abs=1e-6)
        assert low[row] == pytest.approx(np.interp(0.05, reached, grid), abs=1e-4)
        assert high[row] == pytest.approx(np.interp(0.95, reached, grid), abs=1e-4)
        below = float(np.interp(0.0, grid, reached))
        assert posterior.false_sign_rate[row] == pytest.approx(min(below, 1 - below), abs=1e-5)


def test_one_normal_spread_is_the_classical_shrinkage():
    posterior = shrink(np.array([4.0]), np.array([1.0]), one_spread(0.0, 2.0, centre=1.0))
    assert posterior.estimate[0] == pytest.approx(1 + 0.8 * 3)
    low, high = posterior.interval(0.05)
    half = stats.norm.ppf(0.975) * np.sqrt(0.8)
    assert [low[0], high[0]] == pytest.approx([3.4 - half, 3.4 + half])


REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="module")
def lips():
    """Return observed cases of lip cancer by district, and what R says of them."""
    observed = pd.read_csv(REFERENCE / "inputs" / "lips.csv")["observed"].to_numpy()
    return observed, json.loads((REFERENCE / "lips.json").read_text())


def test_under_one_spread_lip_cancer_shrinks_as_metafor_has_it(lips):
    _, known = lips
    normal = known["normal"]
    spread = one_spread(0.0, normal["scale"], normal["centre"], normal["centre_error"])
    posterior = shrink(np.array(known["effect"]), np.array(known["std_error"]), spread)
    assert posterior.estimate == pytest.approx(normal["effect"], abs=1e-9)
    assert posterior.deviations[:, 1] == pytest.approx(normal["std_error"], abs=1e-9)


def test_lip_cancer_shrinks_as_empirical_bayes_has_it_where_there_are_events(lips):
    observed, known = lips
    effects, errors = np.array(known["effect"]), np.array(known["std_error"])
    posterior = shrink(effects, errors, spread_of(effects, errors))
    spread = spread_of(effects, errors)
    # Averaged over spreads that may lie about 0; maximum likelihood says .71 about .19.
    assert spread.probability @ spread.scale == pytest.approx(known["normal"]["scale"], abs=0.05)
    assert 0 <= spread.probability @ spread.centre <= known["normal"]["centre"]
    enough = observed >= 5
    others = {
        "normal": (np.array(known["normal"]["effect"]), 0.06),
        "poisson": (np.array(known["poisson"]["effect"]), 0.09),
        "gamma": (np.log(known["gamma"]["ratio"]), 0.17),
        "marshall": (np.log(known["marshall"]), 0.2),
    }
    for effect, most in others.values():
        assert np.abs(posterior.estimate - effect)[enough].max() < most
        order = stats.spearmanr(posterior.estimate, effect).statistic
        assert order > 0.985
    # Of few cases a normal error says less than Poisson counts do: nearer to the others, wider.
    few = observed <= 1
    assert np.all(posterior.estimate[few] > others["poisson"][0][few])
    low, high = posterior.interval(0.05)
    assert np.all(high[few] > np.log(known["gamma"]["high"])[few])
    assert np.all((low <= others["gamma"][0]) & (others["gamma"][0] <= high))


def test_the_chance_of_lying_at_the_centre_is_by_bayes():
    posterior = shrink(np.array([1.5]), np.array([1.0]), one_spread(0.5, 2.0))
    here, there = (stats.norm.pdf(1.5, 0, scale) for scale in (1, np.sqrt(5)))
    assert posterior.shares[0, 0] == pytest.approx(here / (here + there))
    assert posterior.estimate[0] == pytest.approx(0.8 * 1.5 * there / (here + there))


def test_an_effect_of_exactly_nothing_is_half_of_a_false_sign():
    posterior = shrink(np.array([0.7]), np.array([1.0]), one_spread(1.0, 1.0))
    assert posterior.estimate[0] == 0
    assert posterior.false_sign_rate[0] == 1.0


def test_the_error_of_the_centre_widens_what_leans_on_it():
    effects, errors = np.array([0.0]), np.array([1.0])
    pull = 0.25 / 1.25
    narrow, wide = (
        shrink(effects, errors, one_spread(0.0, 0.5, centre_error=error)).deviations[0, 1] ** 2
        for error in (0.0, 0.4)
    )
    assert wide - narrow == pytest.approx(((1 - pull) * 0.4) ** 2)


def test_the_spread_is_that_of_the_true_effects():
    rng = np.random.default_rng(1)
    errors = rng.uniform(0.1, 0.4, 3000)
    spread = spread_of(rng.normal(0.5, 0.3, 3000) + rng.normal(0, errors), errors)
    assert spread.probability @ spread.centre == pytest.approx(0.5, abs=0.03)
    variance = spread.probability @ ((1 - spread.at_centre) * spread.scale**2)
    assert np.sqrt(variance) == pytest.approx(0.3, abs=0.02)
    assert spread.probability.sum() == pytest.approx(1)
    assert spread.probability[spread.at_centre > 0].sum() < 0.1


@pytest.mark.parametrize(("error", "least"), [(1e-4, 1e-5), (0.3, 0.01)])
def test_spreads_are_weighed_from_far_below_what_can_be_seen_to_the_furthest(error, least):
    """From a tenth of the smallest error or, if less, a hundredth of the furthest deviation.

    At most half a doubling lies between one and the next.
    """
    effects, errors = np.array([0.0, 0.0, 0.8]), np.array([error, 0.6, 0.6])
    spread = spread_of(effects, errors)
    scales = np.unique(spread.scale)
    furthest = np.hypot(0.8, 0.6)
    assert (scales[0], scales[-1]) == pytest.approx((min(error / 10, least), furthest))
    assert np.diff(np.log2(scales)).max() <= 0.5


def test_many_that_lie_still_are_seen_beside_few_that_move():
    rng = np.random.default_rng(5)
    truth = np.where(rng.random(400) < 0.8, 0.0, rng.normal(0, 2, 400))
    errors = np.full(400, 0.3)
    spread = spread_of(truth + rng.normal(0, errors), errors)
    assert spread.probability[spread.at_centre == 0.8].sum() > 0.9


def test_series_alike_shrink_to_their_centre_and_unlike_ones_stay():
    errors = np.full(40, 0.2)
    rng = np.random.default_rng(2)
    alike = rng.normal(0, errors)
    unlike = 5 * rng.normal(size=40)
    for effects, share in ((alike, (0.0, 0.6)), (unlike, (0.95, 1.0))):
        estimate = shrink(effects, errors, spread_of(effects, errors)).estimate
        assert share[0] <= np.std(estimate) / np.std(effects) <= share[1]


def test_models_are_pooled_by_bayes_with_learnt_shares():
    prior = np.array([0.6, 0.3, 0.1])
    likelihood = np.array([[1.0, 2.0, 0.5], [1.0, 0.2, 0.1], [3.0, 1.0, 1.0], [1.0, 4.0, 9.0]])
    # Far below what a computer can hold of a likelihood itself.
    pooled, log_evidence = pooled_shares(np.log(likelihood) - 1000, prior)
    # At the maximum a share is the average posterior and the prior's.
    spread = (pooled.sum(axis=0) + PRIOR_SERIES * prior) / (4 + PRIOR_SERIES)
    expected = likelihood * spread
    assert pooled == pytest.approx(expected / expected.sum(axis=1, keepdims=True), abs=1e-5)
    assert log_evidence == pytest.approx(np.log(likelihood @ spread).sum() - 4000, abs=1e-4)


def test_many_series_that_remember_convince_one_that_cannot_tell():
    likelihood = np.vstack([np.tile([0.01, 1.0], (50, 1)), [[1.0, 1.0]]])
    pooled, _ = pooled_shares(np.log(likelihood), np.array([0.6, 0.4]))
    assert pooled[-1, 1] > 0.9


def test_in_a_draw_from_its_own_spread_an_interval_holds_also_for_those_that_rank_first():
    rng = np.random.default_rng(3)
    held, first = [], []
    for _ in range(60):
        errors = rng.uniform(0.2, 0.5, 50)
        truth = rng.normal(0, 0.3, 50)
        effects = truth + rng.normal(0, errors)
        posterior = shrink(effects, errors, spread_of(effects, errors))
        low, high = posterior.interval(0.1)
        inside = (low <= truth) & (truth <= high)
        held.append(inside.mean())
        first.append(inside[np.argsort(-np.abs(posterior.estimate))[:5]].mean())
    # A share at the centre, which these series do not have, is never quite ruled out.
    assert 0.85 <= np.mean(held) <= 0.93
    assert 0.85 <= np.mean(first) <= 0.97


def test_intervals_of_series_that_hardly_differ_hold_as_often_as_they_say():
    rng = np.random.default_rng(11)
    held = []
    for _ in range(80):
        errors = rng.uniform(0.1, 0.25, 50)
        truth = rng.normal(0, 0.1, 50)
        effects = truth + rng.normal(0, errors)
        low, high = shrink(effects, errors, spread_of(effects, errors)).interval(0.05)
        held.append(((low <= truth) & (truth <= high)).mean())
    # With standard deviations even beforehand, and a fifth on shares that lie still: .91.
    assert 0.93 <= np.mean(held) <= 0.96


def test_an_interval_that_is_one_point_holds_it():
    posterior = shrink(np.array([0.1]), np.array([1.0]), one_spread(1.0, 1.0))
    low, high = posterior.interval(0.05)
    assert low[0] <= 0 <= high[0]
    assert high[0] - low[0] < 1e-6


def test_series_without_any_effect_get_no_common_direction():
    rng = np.random.default_rng(6)
    wrong = []
    for _ in range(60):
        errors = rng.uniform(0.2, 0.4, 50)
        effects = rng.normal(0, errors)
        wrong.append(
            (shrink(effects, errors, spread_of(effects, errors)).false_sign_rate < 0.05).any()
        )
    assert np.mean(wrong) <= 0.06


def test_a_direction_that_all_share_is_found():
    rng = np.random.default_rng(7)
    errors = np.full(50, 0.3)
    effects = 0.5 + rng.normal(0, errors)
    posterior = shrink(effects, errors, spread_of(effects, errors))
    assert (posterior.false_sign_rate < 0.05).all()
    assert posterior.estimate == pytest.approx(np.full(50, 0.5), abs=0.2)
