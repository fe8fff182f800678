"""The parts of a composite link fit: grid, days, blocks and equations, by hand or brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.models.published.composite_link import (
    Counts,
    _days_within,
    _solve,
    make_grid,
    overlapping_blocks,
    straight_line,
    window_means,
    with_step,
)


@given(st.integers(1, 40), st.integers(1, 40))
def test_cells_are_joined_to_segments_as_equal_in_number_as_can_be(n_cells, n_segments):
    grid = make_grid(np.arange(n_cells + 1) * 30.0, n_segments)
    sizes = np.diff(np.append(grid.first_cells, n_cells))
    assert len(sizes) == min(n_segments, n_cells)
    assert sizes.max() - sizes.min() <= 1
    assert np.bincount(grid.home).tolist() == sizes.tolist()


def test_the_penalty_is_the_sum_of_squared_steps_over_the_months_between():
    edges = np.arange(13) * 30.4375 * 2
    grid = make_grid(edges, 6)
    params = np.random.default_rng(1).normal(size=6)
    curve = grid.curves @ params
    # six segments of four months
    assert grid.penalty @ params**2 == pytest.approx(np.sum(np.diff(curve) ** 2) / 4)
    assert grid.curves.T @ grid.curves == pytest.approx(np.eye(6), abs=1e-12)
    assert grid.penalty[0] == 0


def test_a_line_is_straight_in_the_middles_of_segments_and_free():
    line = straight_line(make_grid(np.array([0.0, 10, 30, 60, 100]), 4))
    middle = np.array([5.0, 20, 45, 80])
    pace = np.diff(line.curves[:, 1]) / np.diff(middle)
    assert pace == pytest.approx(np.full(3, pace[0]))
    assert np.ptp(line.curves[:, 0]) == 0
    assert line.penalty.tolist() == [0, 0]


def test_a_step_comes_with_its_segment():
    grid = with_step(make_grid(np.arange(6) * 30.0, 5), 3, 0.7)
    assert grid.curves[:, -1].tolist() == [0, 0, 0, 1, 1]
    assert grid.penalty[-1] == 0.7


@given(st.integers(0, 90), st.integers(1, 60))
def test_days_of_a_window_are_counted_in_their_segments(start, length):
    first = np.array([0.0, 25, 40, 100])
    days = _days_within(np.array([float(start)]), np.array([float(start + length)]), first)[0]
    each = np.searchsorted(first, np.arange(start, start + length), side="right") - 1
    assert days.tolist() == np.bincount(each, minlength=4).tolist()


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6), st.integers(0, 1)), max_size=8))
def test_blocks_are_the_windows_of_a_source_that_are_chained_by_shared_days(rows):
    start = np.array([row[0] for row in rows], dtype=float)
    end = start + np.array([row[1] for row in rows], dtype=float)
    source = np.array([row[2] for row in rows], dtype=int)
    chained = np.eye(len(rows), dtype=bool)
    for one in range(len(rows)):
        for two in range(len(rows)):
            shares = min(end[one], end[two]) > max(start[one], start[two])
            chained[one, two] |= source[one] == source[two] and shares
    for _ in rows:
        chained = chained @ chained
    expected = {tuple(np.flatnonzero(row)) for row in chained if row.sum() > 1}
    counts = Counts(start, start, start, end, source)
    assert {tuple(sorted(block)) for block in overlapping_blocks(counts)} == expected


def test_a_window_expects_its_days_times_the_rate_times_the_multiplier():
    grid = make_grid(np.array([0.0, 30, 60, 90]), 3)
    rate = np.log([2.0, 5.0, 1.0])
    params = np.append(np.linalg.solve(grid.curves, rate), np.log(3.0))
    windows = Counts(*np.zeros((2, 2)), np.array([20.0, 0]), np.array([70.0, 30]), np.array([0, 1]))
    assert window_means(params, windows, grid) == pytest.approx(
        [10 * 2 + 30 * 5 + 10 * 1, 3 * 30 * 2]
    )


def test_equations_are_solved_and_where_many_solutions_are_the_smallest_is_taken():
    rng = np.random.default_rng(3)
    root = rng.normal(size=(4, 4)) * [1, 100, 0.01, 10]
    matrix, right = root.T @ root, rng.normal(size=(4, 2))
    assert matrix @ _solve(matrix, right) == pytest.approx(right)
    assert _solve(matrix, right[:, 0]) == pytest.approx(_solve(matrix, right)[:, 0])
    # what is smallest is measured on the scale of each unknown's own information
    assert _solve(np.ones((2, 2)), np.array([2.0, 2.0])) == pytest.approx([1, 1])
    assert _solve(np.array([[1.0, 4], [4, 16]]), np.array([2.0, 8])) == pytest.approx([1, 0.25])
