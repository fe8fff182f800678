"""Blocks of periods: sums by definition, and dates found again within them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trends.models.counts.observed import Observed
from trends.models.shifts.blocks import block_means, date_within, in_blocks, independent_columns


def watched(count, position, n_periods):
    return Observed(
        count=np.asarray(count, dtype=float),
        exposure=np.full(len(count), 0.5),
        position=np.asarray(position),
        periods=pd.period_range("2020-01-01", periods=n_periods, freq="D"),
        last_is_partial=False,
    )


def test_a_block_sums_what_was_observed_in_it():
    # days 2 and 3 to 5 are missing: the second block is not observed at all
    blocks = in_blocks(watched([1, 2, 4, 8, 16], [0, 1, 6, 7, 9], 10), 3)
    assert list(blocks.count) == [3, 12, 16]
    assert list(blocks.exposure) == [1.0, 1.0, 0.5]
    assert list(blocks.position) == [0, 2, 3]
    assert [str(period) for period in blocks.periods] == [
        "2020-01-01", "2020-01-04", "2020-01-07", "2020-01-10",
    ]  # fmt: skip


def test_columns_are_averaged_over_whole_blocks_and_the_rest():
    columns = np.arange(7.0)[:, None]
    assert block_means(columns, 3)[:, 0].tolist() == [1, 4, 6]
    assert (block_means(columns, 1) == columns).all()


def test_a_date_within_is_the_poisson_likelihood_of_every_split():
    count = np.array([0, 1, 0, 1, 3, 2, 4, 1])
    seen = watched(count, np.arange(8), 8)
    found = date_within(seen, 1, 6, (1.0, 5.0), 1.0)
    expected = []
    for start in range(1, 7):
        rate = np.where(np.arange(8) < start, 1.0, 5.0) * 0.5
        expected.append(np.exp(stats.poisson.logpmf(count[1:7], rate[1:7]).sum()))
    assert found == pytest.approx(np.array(expected) / sum(expected))


def test_clumped_events_leave_a_date_wider():
    seen = watched([0, 1, 0, 1, 3, 2, 4, 1], np.arange(8), 8)
    sure, vague = (date_within(seen, 0, 7, (1.0, 5.0), one) for one in (1.0, 3.0))
    assert vague == pytest.approx(sure ** (1 / 3) / (sure ** (1 / 3)).sum())


def test_columns_made_up_of_others_are_left_out():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 12))
    columns = np.column_stack([first, np.ones(12), 2 * first + 3, np.zeros(12), second])
    assert (independent_columns(columns) == np.column_stack([first, second])).all()
