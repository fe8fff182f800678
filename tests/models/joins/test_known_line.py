"""How surely a line is known: its average slope, and a line without joins."""

import numpy as np
import pandas as pd
import pytest

from trends.models.counts.observed import hinge_columns, observed_periods, years_from_middle
from trends.models.joins.broken_line import (
    fit_lines,
    line_frame,
    memory_of_line,
    with_dispersion_of_richest,
)
from trends.models.joins.known_line import average_slope, known_line
from trends.tables.series import as_series


def frame_of(counts):
    """Return the frame of a line with a jump at a known break and a wave."""
    months = pd.period_range("2015-01", periods=len(counts), freq="M")
    seen = observed_periods(as_series(pd.Series(counts, index=months)))
    rows = np.arange(len(counts))
    base = np.column_stack(
        [
            np.ones(len(counts)),
            years_from_middle(months),
            rows >= 30,
            np.sin(2 * np.pi * rows / 12),
        ]
    )
    return with_dispersion_of_richest(line_frame(seen, base, 4), 1)


COUNTS = np.random.default_rng(2).negative_binomial(6, 0.3, 48)


def test_a_line_without_joins_is_known_as_its_coefficients_are():
    frame = frame_of(COUNTS)
    line = fit_lines(frame, 0)[0]
    found = known_line(frame, line, n_jumps=1, alpha=0.05)
    memory = memory_of_line(frame, line.expected, frame.base)
    assert found.places == []
    assert found.slopes == (found.average,)
    assert found.memory == pytest.approx(memory.probabilities)
    for mixture, term in ((found.average, 1), (found.jumps[0], 2)):
        assert mixture.weight.tolist() == [1.0]
        assert mixture.centre == pytest.approx([line.params[term]])
        assert mixture.scale == pytest.approx([memory.std_error(term)])
        assert mixture.n_free == 48 - 4
    assert len(found.jumps) == 1


@pytest.mark.parametrize("joins", [[12], [5, 40], [3, 20, 44]])
def test_the_average_slope_is_the_rise_over_the_series_by_its_length(joins):
    frame = frame_of(COUNTS)
    params = np.random.default_rng(1).normal(size=4 + len(joins))
    contrast = average_slope(frame, np.array([joins]))[0]
    columns = np.column_stack(
        [frame.base[:, 1], hinge_columns(frame.times, frame.times[np.array(joins)])]
    )
    line = columns @ params[[1, *range(4, 4 + len(joins))]]
    years = 47 / 12
    assert contrast @ params == pytest.approx((line[-1] - line[0]) / years)


def test_slopes_of_joined_stretches_add_up_and_jumps_keep_their_place():
    rising = np.exp(np.maximum(np.arange(48) - 24, 0) / 12)
    counts = np.random.default_rng(3).poisson(15 * rising)
    frame = frame_of(counts)
    line = fit_lines(frame, 1)[1]
    found = known_line(frame, line, n_jumps=1, alpha=0.05)
    assert len(found.slopes) == 2
    # at the best place the second slope is the first one plus the bend
    assert found.slopes[0].quantile(0.5) == pytest.approx(line.params[1], abs=0.15)
    assert found.slopes[1].quantile(0.5) == pytest.approx(line.params[1] + line.params[4], abs=0.15)
    assert found.jumps[0].quantile(0.5) == pytest.approx(line.params[2], abs=0.15)
    ((low, high),) = found.places
    assert low <= frame.candidates[line.joins[0]] <= high
    wide = known_line(frame, line, n_jumps=1, alpha=0.01).places[0]
    assert wide[0] <= low
    assert high <= wide[1]
