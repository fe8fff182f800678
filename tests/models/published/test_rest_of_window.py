"""What a total leaves to expect: its distribution by hand, and as Poisson counts would have it."""

import numpy as np
import pytest

from trends.models.published import rest_of_window
from trends.models.published.borrowed_scatter import borrowed_inflation
from trends.models.published.rest_of_window import rest_mass


def moments(mass):
    """Return mean and variance of a distribution of counts."""
    places = np.arange(mass.size)
    mean = mass @ places
    return mean, mass @ (places - mean) ** 2


@pytest.mark.parametrize(("count", "months", "ahead"), [(153, 6.0, 6.0), (60, 12.0, 3.0)])
def test_what_is_to_come_scatters_by_the_rate_and_by_what_is_borrowed(count, months, ahead):
    rate = count / months
    behind, borrowed = (borrowed_inflation("events", each, rate) for each in (months, ahead))
    mass = rest_mass(count, months, ahead)
    assert mass.sum() == pytest.approx(1)
    mean, variance = moments(mass)
    assert mean == pytest.approx(rate * ahead, rel=0.01)
    # Scatter of the counts to come, and that of the rate, each over its own length.
    assert variance == pytest.approx(
        borrowed * rate * ahead + behind * rate / months * ahead**2, rel=0.04
    )


def test_without_scatter_it_is_the_negative_binomial_of_a_gamma_rate(monkeypatch):
    monkeypatch.setattr(rest_of_window, "borrowed_inflation", lambda *_: 1.0)
    mean, variance = moments(rest_mass(40, 10.0, 5.0))
    assert mean == pytest.approx(20, rel=0.01)
    assert variance == pytest.approx(20 + 20 * 5 / 10, rel=0.03)


def test_of_no_event_few_are_expected_and_people_leave_more_open():
    mean, _ = moments(rest_mass(0, 6.0, 6.0))
    assert 0 < mean < 3
    (_, events), (_, people) = (
        moments(rest_mass(100, 6.0, 6.0, unit)) for unit in ("events", "people")
    )
    assert people > 1.3 * events
