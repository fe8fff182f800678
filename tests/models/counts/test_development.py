"""What counts become from age to age: by definition, and by simulation of a Mack process."""

import numpy as np
import pytest
from scipy import stats

from trends.models.counts.development import NEIGHBOURS, develop

#: Rows are periods, columns ages; the last rows are the youngest.
TRIANGLE = np.array(
    [
        [10.0, 14.0, 15.0, 15.0],
        [20.0, 25.0, 27.0, 26.0],
        [8.0, 12.0, 12.0, np.nan],
        [30.0, 33.0, np.nan, np.nan],
        [12.0, np.nan, np.nan, np.nan],
    ]
)


def test_a_link_ratio_is_the_sum_at_the_next_age_over_the_sum_at_this_one():
    found = develop(TRIANGLE)
    assert found.link_ratios == pytest.approx([84 / 68, 54 / 51, 41 / 42])
    assert found.counts_seen.tolist() == [68, 51, 42]
    assert found.n_links.tolist() == [4, 3, 2]


def test_factors_are_products_of_the_link_ratios_to_come():
    factors, std_errors, _ = develop(TRIANGLE).factors()
    ratios = [84 / 68, 54 / 51, 41 / 42]
    assert factors == pytest.approx([np.prod(ratios), ratios[1] * ratios[2], ratios[2]])
    assert (np.diff(std_errors) < 0).all()


def test_the_scatter_is_the_mean_square_of_what_link_ratios_miss_over_the_ages_nearby():
    found = develop(TRIANGLE)
    squares, vintages = [], []
    for age, ratio in enumerate(found.link_ratios):
        for row, counts in enumerate(TRIANGLE):
            if np.isfinite(counts[age + 1]):
                squares.append((counts[age + 1] - ratio * counts[age]) ** 2 / counts[age])
                vintages.append(row + age)
    # Three steps are all neighbours of one another; each has cost one degree of freedom.
    assert NEIGHBOURS == 2
    assert found.scatters == pytest.approx([sum(squares) / (9 - 3)] * 3)
    by_vintage = [
        sum(s for s, v in zip(squares, vintages, strict=True) if v == d) for d in set(vintages)
    ]
    worth = sum(by_vintage) ** 2 / sum(square**2 for square in by_vintage)
    assert found.n_free == pytest.approx([min(6, worth)] * 3)


def test_ages_further_apart_do_not_share_their_scatter():
    still = np.full((8, 8), 50.0)
    still[:, 1:] = np.where(np.arange(8)[:, None] % 2, 60.0, 40.0)
    triangle = np.where(np.add.outer(np.arange(8), np.arange(8)) < 8, still, np.nan)
    scatters = develop(triangle).scatters
    assert (scatters[:3] > 0).all()
    assert (scatters[3:] == 0).all()


def test_the_interval_of_one_period_is_that_of_its_own_scatter_and_of_the_ratios():
    found = develop(TRIANGLE)
    expected, low, high = found.predict(26.0, 2, alpha=0.1)
    assert expected == pytest.approx(26 * 41 / 42)
    variance = found.scatters[2] / (41 / 42) ** 2 * (1 / 26 + 1 / 42)
    half = stats.t.ppf(0.95, found.n_free[2]) * np.sqrt(variance)
    assert np.log([high / expected, expected / low]) == pytest.approx([half, half])


def test_a_prediction_until_an_age_multiplies_the_ratios_up_to_it():
    found = develop(TRIANGLE)
    assert found.predict(12.0, 0, alpha=0.05, until=2)[0] == pytest.approx(12 * 84 / 68 * 54 / 51)
    assert found.predict(12.0, 3, alpha=0.05) == (12.0, 12.0, 12.0)


def test_a_count_of_none_may_still_become_some():
    expected, low, high = develop(TRIANGLE).predict(0.0, 0, alpha=0.05)
    assert (expected, low) == (0.0, 0.0)
    assert high > 1


def test_counts_that_never_change_have_no_error():
    found = develop(np.where(np.isfinite(TRIANGLE), 7.0, np.nan))
    assert (found.scatters == 0).all()
    assert found.predict(7.0, 0, alpha=0.05) == (7.0, 7.0, 7.0)


def test_one_vintage_that_revised_everything_is_worth_one_degree_of_freedom():
    rng = np.random.default_rng(4)
    values = np.tile(rng.poisson(100, 20)[:, None], (1, 21)).astype(float)
    diagonal = np.add.outer(np.arange(20), np.arange(21))
    values += np.where(diagonal > 15, rng.normal(0, 15, 20).round()[:, None], 0)
    found = develop(np.where(diagonal <= 20, values, np.nan))
    assert found.n_free[:10] == pytest.approx(np.ones(10), abs=0.5)
    assert found.n_links[:10].min() > 9


@pytest.mark.slow
def test_a_prediction_holds_as_often_as_it_says_where_counts_develop_as_assumed():
    rng = np.random.default_rng(11)
    ratios, scatters = np.array([1.4, 1.15, 1.05, 1.0]), np.array([4.0, 2.0, 1.0, 0.5])
    held = []
    for _ in range(400):
        counts = np.empty((30, 5))
        counts[:, 0] = rng.poisson(60, 30)
        for age in range(4):
            mean = ratios[age] * counts[:, age]
            counts[:, age + 1] = rng.normal(mean, np.sqrt(scatters[age] * counts[:, age]))
        seen = np.add.outer(np.arange(30), np.arange(5)) < 30
        found = develop(np.where(seen, counts, np.nan))
        _, low, high = found.predict(counts[-1, 0], 0, alpha=0.05)
        held.append(low <= counts[-1, -1] <= high)
    # Monte-Carlo error .011
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)
