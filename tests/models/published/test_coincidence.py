"""What chance seldom brings about, by its definition on every pair."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.models.published.coincidence import neighbour_dispersion

FIRST = pd.Timestamp("2024-01-01")


def window(number, count, start, n_days, **labels):
    """Return a row whose window starts so many days after the first of 2024."""
    first = FIRST + pd.Timedelta(days=start)
    return (f"w{number}", count, first, first + pd.Timedelta(days=n_days - 1), labels)


def months(counts):
    """Return figures of stretches of 30 days, one after the other."""
    return [window(number, count, 30 * number, 30) for number, count in enumerate(counts)]


def squared_differences(rows):
    """The definition: each window against the next one of about its length that shares no day."""
    spans = [(count, start.toordinal(), end.toordinal()) for _, count, start, end, _ in rows]
    for count, start, end in spans:
        n_days = end - start + 1
        later = [
            (start_two, end_two - start_two + 1, count_two)
            for count_two, start_two, end_two in spans
            if start_two > end
            and start_two - end <= 2 * 30.4375
            and max(n_days, end_two - start_two + 1) <= 1.5 * min(n_days, end_two - start_two + 1)
        ]
        if not later:
            continue
        _, n_two, count_two = min(later, key=lambda one: one[0])
        if count + count_two:
            # the difference of the rates over its Poisson variance at one common rate
            rate = (count + count_two) / (n_days + n_two)
            gap = count / n_days - count_two / n_two
            yield gap**2 / (rate / n_days + rate / n_two)


@settings(max_examples=12, deadline=None)
@given(
    spans=st.lists(
        st.tuples(
            st.integers(0, 400), st.sampled_from([20, 29, 30, 31, 45, 90]), st.integers(0, 40)
        ),
        min_size=14,
        max_size=24,
        unique_by=lambda span: span[0],
    )
)
def test_dispersion_is_the_mean_squared_difference_of_neighbours_that_share_no_day(figures, spans):
    rows = [window(at, count, start, n_days) for at, (start, n_days, count) in enumerate(spans)]
    squares = list(squared_differences(rows))
    expected = max(1.0, np.mean(squares)) if len(squares) >= 10 else 5.0
    assert neighbour_dispersion(figures(*rows))["attacks"] == pytest.approx(expected)


def test_windows_that_share_one_day_are_no_neighbours(figures):
    # Every second window starts on the last day of the one before it: five pairs in all remain.
    apart = months([10, 40] * 6)
    assert neighbour_dispersion(figures(*apart))["attacks"] == pytest.approx(900 / 50)
    touching = [window(at, [10, 40][at % 2], 29 * at, 30) for at in range(12)]
    # each window's next but one starts 28 days after its end and has the same count
    assert neighbour_dispersion(figures(*touching))["attacks"] == 1.0


def test_a_measure_with_few_neighbours_has_the_dispersion_of_all_measures(figures):
    attacks = months([10, 40] * 6)
    deaths = [
        (f"d{name}", count, start, end, {"measure": "deaths"})
        for name, count, start, end, _ in months([10, 10, 10])
    ]
    found = neighbour_dispersion(figures(*attacks, *deaths))
    # eleven squares of 18 and two of 0
    assert found["deaths"] == pytest.approx(11 * 18 / 13)
    assert found["attacks"] == pytest.approx(18)
