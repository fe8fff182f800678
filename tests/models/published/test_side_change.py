"""The change of a rate or a share at a date: by hand, by statsmodels, with memory, with nothing."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.models.counts.serial_dependence import grid_of_days
from trends.models.published.side_change import LEAST_FREE, side_change

GRID = grid_of_days(30.4375)


def change(above, below, kind, n_before=None):
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    n_before = above.size // 2 if n_before is None else n_before
    after = np.arange(above.size) >= n_before
    return side_change(
        above, below, after, np.arange(above.size, dtype=float), kind=kind, grid=GRID
    )


def spread_of(rng, mean, dispersion, size):
    """Counts whose variance is `dispersion` times their mean."""
    return rng.poisson(rng.gamma(mean / (dispersion - 1), dispersion - 1, size))


@pytest.mark.parametrize("kind", ["time", "counts"])
def test_the_variance_of_independent_counts_is_that_of_the_glm(kind):
    """Without scatter: the Poisson GLM with log link, the binomial one with logit link."""
    rng = np.random.default_rng(2)
    below = np.full(40, 30.0) if kind == "time" else rng.poisson(50, 40).astype(float)
    above = rng.binomial(50, 0.3, 40)
    found = change(above, below, kind)
    design = sm.add_constant(np.repeat([0.0, 1.0], 20))
    if kind == "time":
        glm = sm.GLM(above, design, family=sm.families.Poisson(), exposure=below).fit()
    else:
        glm = sm.GLM(np.column_stack([above, below]), design, family=sm.families.Binomial()).fit()
    assert found.log_ratio == pytest.approx(glm.params[1], abs=1e-6)
    # Scatter and memory only ever widen.
    assert found.std_error >= glm.bse[1] * (1 - 1e-6)
    assert found.n_free == 38


def test_a_part_of_a_whole_varies_by_one_over_the_part_less_one_over_the_whole():
    found = change([6] * 12 + [12] * 12, [20] * 24, "whole")
    assert found.log_ratio == pytest.approx(np.log(2))
    assert found.std_error == pytest.approx(np.sqrt(1 / 72 - 1 / 240 + 1 / 144 - 1 / 240))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["time", "counts"]))
def test_swapping_the_sides_turns_the_change_around(seed, kind):
    rng = np.random.default_rng(seed)
    above, below = rng.poisson(20, 24) + 1, rng.poisson(30, 24) + 1
    there = change(above, below, kind)
    back = change(above[::-1], below[::-1], kind)
    assert back.log_ratio == pytest.approx(-there.log_ratio)
    assert back.std_error == pytest.approx(there.std_error)


def test_the_error_is_the_spread_that_repeated_draws_show():
    rng = np.random.default_rng(7)
    drawn = [change(spread_of(rng, 20.0, 4.0, 48), np.full(48, 30.0), "time") for _ in range(300)]
    spread = np.std([each.log_ratio for each in drawn])
    stated = np.mean([each.std_error for each in drawn])
    # The upper quartile of the memories errs on the wide side; 300 draws know a spread to 4%.
    assert 0.95 * spread < stated < 1.4 * spread
    assert np.mean([each.dispersion for each in drawn]) == pytest.approx(4, rel=0.1)


def test_a_side_without_events_is_inflated_like_the_other():
    rng = np.random.default_rng(3)
    quiet = np.concatenate([np.full(24, 10) + rng.integers(-3, 4, 24), np.zeros(24)])
    loud = np.concatenate([spread_of(rng, 10.0, 6.0, 24), np.zeros(24)])
    days = np.full(48, 30.0)
    even, scattered = change(quiet, days, "time"), change(loud, days, "time")
    assert np.isfinite([even.log_ratio, scattered.log_ratio]).all()
    assert scattered.std_error > 1.5 * even.std_error


@pytest.mark.parametrize(("n_spans", "judged"), [(LEAST_FREE + 1, False), (LEAST_FREE + 2, True)])
def test_few_spans_have_their_dispersion_and_no_memory(n_spans, judged):
    above = np.array([10, 40, 12, 55, 9, 48, 11][:n_spans])
    found = change(above, np.full(n_spans, 30.0), "time", n_before=2)
    plain = 1 / above[2:].sum() + 1 / above[:2].sum()
    assert found.n_free == n_spans - 2
    by_dispersion = found.std_error == pytest.approx(np.sqrt(found.dispersion * plain))
    assert bool(by_dispersion) != judged


def test_spans_that_are_all_as_expected_show_no_memory():
    found = change([10] * 12 + [20] * 12, np.full(24, 30.0), "time")
    assert found.std_error == pytest.approx(np.sqrt(1 / 120 + 1 / 240))
    assert not found.scatters
