"""Where scatter changes and where a level splits, by trying every row."""

import numpy as np
import pytest

from trends.models.shifts.level_fit import (
    SCATTER_ROWS,
    UNEVEN_SCATTER,
    _scatter_regimes,
    best_split,
)


def two_variances(square, freedom, row):
    """Twice the log likelihood of two variances, none below 1, over that of one."""

    def log_likelihood(own, free):
        level = max(own.sum() / free.sum(), 1.0)
        return -free.sum() * np.log(level) - own.sum() / level

    parts = log_likelihood(square[:row], freedom[:row]) + log_likelihood(
        square[row:], freedom[row:]
    )
    return parts - log_likelihood(square, freedom)


def is_uneven(square, freedom):
    """Whether the best row gains more than chance, for squares that vary as these do."""
    rows = range(SCATTER_ROWS, square.size - SCATTER_ROWS + 1)
    gain = {row: two_variances(square, freedom, row) for row in rows}
    row = max(gain, key=gain.get)
    relative = np.append(square[:row] / square[:row].mean(), square[row:] / square[row:].mean())
    return gain[row] > UNEVEN_SCATTER * max(1.0, relative.var() / 2), row


@pytest.mark.parametrize("seed", range(6))
def test_scatter_is_called_uneven_from_the_same_factor_on_as_by_trying_every_row(seed):
    rng = np.random.default_rng(seed)
    square = rng.gamma(0.4, 2.5, 48)
    freedom = np.full(48, 1 - 2 / 48)
    row = int(rng.integers(14, 34))

    def widened(factor):
        return square * np.where(np.arange(48) < row, 1.0, factor)

    low, high = 1.0, 500.0
    assert is_uneven(widened(high), freedom)[0]
    for _ in range(40):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if is_uneven(widened(middle), freedom)[0] else (middle, high)
    assert _scatter_regimes(widened(low * (1 - 1e-6)), freedom) == ()
    at = widened(high * (1 + 1e-6))
    assert _scatter_regimes(at, freedom) == (is_uneven(at, freedom)[1],)


def test_too_few_rows_or_no_scatter_at_all_have_no_regimes():
    loud = np.repeat([1e-3, 50.0], SCATTER_ROWS)
    assert _scatter_regimes(loud, np.ones(loud.size)) == (SCATTER_ROWS,)
    assert _scatter_regimes(loud[1:], np.ones(loud.size - 1)) == ()
    assert _scatter_regimes(np.zeros(48), np.ones(48)) == ()


@pytest.mark.parametrize("bounds", [(), (20,)])
def test_a_level_splits_where_two_poisson_rates_fit_best(bounds, problem_of):
    rng = np.random.default_rng(4)
    exposure = rng.uniform(0.5, 1.5, 40)
    counts = rng.poisson(np.repeat([3.0, 6.0, 0.2, 2.0], 10) * exposure).astype(float)
    problem = problem_of(counts, exposure=exposure)
    edges = [0, *bounds, 40]

    def log_likelihood(start, stop):
        total, span = counts[start:stop].sum(), exposure[start:stop].sum()
        return total * np.log(total / span) if total else 0.0

    gain = {}
    for start in problem.starts:
        if start not in edges:
            low = max(edge for edge in edges if edge < start)
            high = min(edge for edge in edges if edge > start)
            gain[start] = (
                log_likelihood(low, start) + log_likelihood(start, high) - log_likelihood(low, high)
            )
    starts = np.array(list(gain))
    assert best_split(problem, bounds, starts) == max(gain, key=gain.get)
