"""The comparison of shift and memory: against generalised least squares done the long way."""

import itertools

import numpy as np
import pytest
from scipy import special, stats

from trends.models.counts.memory import MemoryModels
from trends.models.shifts.level_shift import (
    best_divisions,
    best_episodes,
    clip_to_neighbours,
    possible_episodes,
    root_scale,
    scan_draws,
    scan_several,
    weigh_shift,
)
from trends.models.shifts.projections import Projections

N_ROWS = 14
GAPS = np.array([1.0] * 6 + [3.0] + [1.0] * 6)
STARTS = np.arange(2, N_ROWS - 1)


@pytest.fixture
def column():
    return np.random.default_rng(4).uniform(0.5, 2, N_ROWS)


@pytest.fixture
def responses():
    return np.random.default_rng(5).normal(size=(N_ROWS, 3)).cumsum(axis=0)


@pytest.fixture
def models():
    return MemoryModels(GAPS, 30.4375)


@pytest.fixture
def dense(models, dense_models):
    return dense_models(models)


def residual_square(response, design, precision):
    """Weighted residual sum of squares by solving the normal equations."""
    information = design.T @ precision @ design
    fitted = design @ np.linalg.solve(information, design.T @ precision @ response)
    return float((response - fitted) @ precision @ (response - fitted)), information


def long_way(response, base, steps, dense):
    """Log marginal likelihoods of the base and of each extra design, memory summed over."""
    exponent = (response.size - base.shape[1]) / 2
    stable, extra = [], []
    for log_prior, precision, log_determinant in dense:
        square, information = residual_square(response, base, precision)
        weight = log_prior - log_determinant / 2 - np.linalg.slogdet(information)[1] / 2
        stable.append(weight - exponent * np.log(square))
        extra.append(
            [
                weight
                - exponent
                * np.log(residual_square(response, np.column_stack([base, step]), precision)[0])
                for step in steps
            ]
        )
    return special.logsumexp(stable), special.logsumexp(extra, axis=0)


def beside(dense):
    """The models with the prior that holds beside a shift: .65 on no memory, the rest even."""
    priors = np.log([0.65, *[0.35 / 25] * 25])
    return [(log_prior, *rest) for log_prior, (_, *rest) in zip(priors, dense, strict=True)]


def steps_of(column, rows):
    return np.column_stack([np.where(np.arange(N_ROWS) >= row, column, 0) for row in rows])


def test_the_statistic_is_the_ratio_of_marginal_likelihoods(column, responses, models, dense):
    base = steps_of(column, [0, 7])
    steps = [steps_of(column, [row]) for row in STARTS if row != 7]
    starts = STARTS[STARTS != 7]
    projections = Projections(column, base, models)
    line = column * np.linspace(0, 1, N_ROWS)
    scan = scan_draws(responses, projections, starts)
    for number in range(3):
        response = responses[:, number]
        stable, with_step = long_way(response, base, steps, dense)
        _, with_line = long_way(response, base, [line[:, None]], dense)
        _, step_beside = long_way(response, base, steps, beside(dense))
        expected = 2 * (special.logsumexp(step_beside) - np.log(starts.size) - stable)
        assert scan.statistic[number] == pytest.approx(expected, abs=2e-3)
        over_line = special.logsumexp(with_step) - np.log(starts.size) - with_line[0]
        shares = np.exp(with_step - special.logsumexp(with_step))
        evidence = weigh_shift(response, projections, starts, line)
        assert evidence.statistic == pytest.approx(expected)
        assert evidence.step_over_ramp == pytest.approx(2 * over_line)
        assert evidence.position_probability == pytest.approx(shares)


def test_the_scan_without_memory_uses_the_first_model_only(column, responses, models, dense):
    base = steps_of(column, [0])
    scan = scan_draws(responses, Projections(column, base, models), STARTS, memory=False)
    steps = [steps_of(column, [row]) for row in STARTS]
    stable, with_step = long_way(responses[:, 0], base, steps, dense[:1])
    expected = 2 * (special.logsumexp(with_step) - np.log(STARTS.size) - stable)
    assert scan.statistic[0] == pytest.approx(expected, abs=2e-3)


def test_divisions_are_the_least_squares_ones(column, responses):
    nodes = np.array([0, *range(2, N_ROWS - 1), N_ROWS])
    found = best_divisions(responses, column, nodes, 3, 2)
    for steps, number in itertools.product((1, 2, 3), range(3)):
        response = responses[:, number]

        def squares(rows, response=response):
            design = steps_of(column, [0, *rows])
            return residual_square(response, design, np.eye(N_ROWS))[0]

        least = min(
            squares(rows)
            for rows in itertools.combinations(range(2, N_ROWS - 1), steps)
            if min(np.diff([0, *rows, N_ROWS])) >= 2
        )
        assert squares(found[steps][number]) == pytest.approx(least, rel=1e-4)


def test_several_steps_are_weighed_as_by_the_long_way(column, responses, models, dense):
    base = steps_of(column, [0])
    projections = Projections(column, base, models)
    nodes = np.array([0, *range(2, N_ROWS - 1), N_ROWS])
    divisions = best_divisions(responses, column, nodes, 4, 2)
    scan = scan_several(responses, projections, 2)
    for number in range(3):
        designs = [steps_of(column, divisions[size][number]) for size in (2, 3, 4)]
        stable, several = long_way(responses[:, number], base, designs, dense)
        # the prior is spread evenly over all divisions of a size
        choices = [special.comb(nodes.size - 1, size) for size in (2, 3, 4)]
        expected = 2 * (special.logsumexp(several - np.log(choices)) - stable)
        assert scan.statistic[number] == pytest.approx(expected, abs=0.02)
        size = 2 + int(np.argmax(several - np.log(choices)))
        assert list(scan.rows[number, :size]) == list(divisions[size][number])


def test_the_best_episode_is_the_least_squares_one_of_the_clipped_series(column, responses, models):
    base = steps_of(column, [0])
    projections = Projections(column, base, models)
    episodes = possible_episodes(column, (), 2)
    centred = projections.centre(responses)
    found = episodes.nodes[best_episodes(centred, column, episodes)]
    clipped = clip_to_neighbours(centred)
    for number in range(3):

        def squares(first, last, response=clipped[:, number]):
            inside = np.where((np.arange(N_ROWS) >= first) & (np.arange(N_ROWS) < last), column, 0)
            fitted = inside - base[:, 0] * (inside @ column) / (column @ column)
            return -((fitted @ response) ** 2) / (fitted @ fitted)

        # a level of two rows is left on both sides, and an episode lasts at least three
        allowed = [(a, b) for a in range(2, N_ROWS) for b in range(a + 3, N_ROWS - 1)]
        assert len(allowed) == np.count_nonzero(episodes.inverse_information)
        least = min(squares(*pair) for pair in allowed)
        assert squares(*found[number]) == pytest.approx(least, rel=1e-4)


def test_an_episode_keeps_inside_its_segment(column):
    episodes = possible_episodes(column, (7,), 2)
    starts, ends = np.nonzero(episodes.inverse_information)
    pairs = set(zip(episodes.nodes[starts], episodes.nodes[ends], strict=True))
    # rows 0 to 6 leave room for one episode of three rows with two on each side, 7 to 13 as well
    assert pairs == {(2, 5), (9, 12)}


def test_a_shift_is_a_step_or_less_often_an_episode(column, responses, models, dense):
    base = steps_of(column, [0])
    projections = Projections(column, base, models)
    episodes = possible_episodes(column, (), 2)
    line = column * np.linspace(0, 1, N_ROWS)
    scan = scan_draws(responses, projections, STARTS, episodes)
    for number in range(3):
        response = responses[:, number]
        evidence = weigh_shift(response, projections, STARTS, line, episodes)
        first, last = evidence.episode
        inside = steps_of(column, [first]) - steps_of(column, [last])
        steps = [steps_of(column, [row]) for row in STARTS]
        stable, extra = long_way(response, base, [*steps, inside], dense)
        # eight episodes are taken to be as probable as the best one
        chance = 8 / np.count_nonzero(episodes.inverse_information)
        prior = np.log([*[0.88 / STARTS.size] * STARTS.size, 0.12 * chance])
        _, extra_beside = long_way(response, base, [*steps, inside], beside(dense))
        expected = 2 * (special.logsumexp(extra_beside + prior) - stable)
        assert evidence.statistic == pytest.approx(expected)
        assert scan.statistic[number] == pytest.approx(expected, abs=5e-3)
        # what is reported goes by the counts alone
        step = special.logsumexp(extra[:-1]) - np.log(STARTS.size)
        assert evidence.is_episode == (extra[-1] + np.log(chance) > step)
        assert (scan.rows[number, 1] >= 0) == evidence.is_episode


def test_the_root_has_the_moments_of_poisson_counts():
    # tolerances: the moments are interpolated between 400 log means
    for mean in (0.05, 0.3, 4.0, 40.0, 500.0):
        count = np.arange(stats.poisson.ppf(1 - 1e-12, mean) + 1)
        mass = stats.poisson.pmf(count, mean)
        root = np.sqrt(count + 0.375)
        centre = mass @ root
        spread = np.sqrt(mass @ (root - centre) ** 2)
        slope = (
            stats.poisson.pmf(count, mean * 1.001) - stats.poisson.pmf(count, mean / 1.001)
        ) @ root
        scale = root_scale(np.array([mean]), 1.0)
        assert scale.centre[0] == pytest.approx(centre, rel=5e-3)
        assert scale.spread[0] == pytest.approx(spread, rel=2e-2)
        assert scale.slope[0] == pytest.approx(slope / (2 * np.log(1.001)), rel=4e-2)


def test_a_spike_is_clipped_and_a_step_is_not():
    series = np.random.default_rng(1).normal(size=40)
    spiked, stepped = series.copy(), series.copy()
    spiked[20] += 50
    stepped[20:] += 50
    assert clip_to_neighbours(spiked)[20] < 10
    assert clip_to_neighbours(stepped)[20:] == pytest.approx(stepped[20:], abs=3)
    assert clip_to_neighbours(stepped)[20] > 40
