"""Rank correlation: R's Kendall, and counting pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.models.counts.rank_correlation import kendall_score, mann_kendall, sen_slope

# British coal-mining disasters 1851-1962, by year.
COAL = [
    4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5,
    3, 4, 2, 5, 2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1,
    0, 3, 2, 2, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1,
    2, 1, 1, 1, 1, 2, 3, 3, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1,
]  # fmt: skip


def test_mann_kendall_agrees_with_r_on_the_coal_disasters():
    # > Kendall::MannKendall(coal): S -2428, varS 149579.333333333, Z -6.27529258687118
    # two-sided p 3.48977410442389e-10, tau-b -0.437537396611217
    score, variance, _ = kendall_score(np.array(COAL, float))
    assert score == -2428
    assert variance == pytest.approx(149579.333333333)
    tau, p_value = mann_kendall(np.array(COAL, float))
    assert tau == pytest.approx(-0.437537396611217)
    assert p_value == pytest.approx(3.48977410442389e-10, rel=1e-6)
    assert sen_slope(np.array(COAL, float)) == pytest.approx(-0.0277777777777778)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=3, max_size=12))
def test_kendalls_score_counts_ordered_pairs(values):
    score, _, n_untied = kendall_score(np.array(values, float))
    pairs = [(a, b) for i, a in enumerate(values) for b in values[i + 1 :]]
    assert score == sum(b > a for a, b in pairs) - sum(b < a for a, b in pairs)
    assert n_untied == sum(a != b for a, b in pairs)
