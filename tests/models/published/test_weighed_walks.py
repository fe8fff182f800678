"""How much weight a course has: its prior times the integral of its likelihood."""

import numpy as np
import pytest
from scipy import special, stats

from trends.models.published.composite_link import Counts, make_grid
from trends.models.published.weighed_walks import weigh_courses

DAYS = 30.4375
ONE_MORE_JUMP, JUMP = 0.5, 0.8


def prior_of(walk, n_jumps, n_places):
    """A quarter stays; the others walk by an exponential of which a tenth passes 1 a year.

    Each more jump has half the weight, and comes at any of the places alike.
    """
    others = np.array([0.12, 0.25, 0.5, 1.0, 2.0])
    # The walks stand at equal distances on the log scale, so a density counts times the walk.
    share = others * 0.1**others
    weight = 0.25 if walk == 0.02 else 0.75 * share[others == walk][0] / share.sum()
    ways = special.factorial(n_jumps) / n_places**n_jumps
    return np.log(weight) + n_jumps * np.log(ONE_MORE_JUMP) + np.log(ways)


def log_evidence(count, walk, jumps):
    """The likelihood of counts in months of equal length, the level free, over all steps."""
    variance = [walk**2 / 12 + JUMP**2 * (place in jumps) for place in range(1, len(count))]
    # Beyond these steps the counts leave nothing of the likelihood.
    reach = 8 / np.sqrt(count.min())
    near = np.diff(np.log(count))[:, None] + np.linspace(-reach, reach, 121)
    steps = np.stack(np.meshgrid(*near, indexing="ij"), axis=-1)
    before = stats.norm.logpdf(steps, scale=np.sqrt(variance)).sum(axis=-1)
    rate = np.concatenate([np.zeros((*before.shape, 1)), np.cumsum(steps, axis=-1)], axis=-1)
    # A level that may be anything leaves of Poisson counts how they share their total.
    share = rate - special.logsumexp(rate, axis=-1, keepdims=True)
    return special.logsumexp(before + np.sum(count * share, axis=-1))


@pytest.mark.parametrize("count", [(4000, 4040), (4000, 4050, 3960), (900, 930, 895)])
def test_a_course_weighs_its_prior_times_the_integral_of_its_likelihood(count):
    count = np.array(count, dtype=float)
    edges = np.arange(len(count) + 1) * DAYS
    windows = Counts(count, count, edges[:-1], edges[1:], np.zeros(len(count), dtype=int))
    courses = weigh_courses(windows, make_grid(edges, len(count)))
    brute = np.array(
        [
            prior_of(each.walk, len(each.jumps), len(count) - 1)
            + log_evidence(count, each.walk, each.jumps)
            for each in courses
        ]
    )
    weighed = np.array([each.log_weight for each in courses])

    assert len({each.walk for each in courses}) > 3
    assert weighed - weighed[0] == pytest.approx(brute - brute[0], abs=0.01)
