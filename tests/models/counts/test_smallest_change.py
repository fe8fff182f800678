"""The smallest change that can be seen, against the power functions of statsmodels and SciPy."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import ttest_power

from trends.models.counts.smallest_change import (
    ALLOWANCE,
    smallest_noncentrality,
    smallest_visible,
    visible_power,
)


@pytest.mark.parametrize("n_free", [5.0, 22.0, 80.0])
@pytest.mark.parametrize(("power", "alpha"), [(0.8, 0.05), (0.5, 0.2), (0.95, 0.01)])
def test_at_the_smallest_visible_effect_a_t_test_has_the_power_asked_for(n_free, power, alpha):
    effect = smallest_visible(0.3, n_free, power=power, alpha=alpha)
    # one observation makes the effect size of statsmodels the noncentrality itself
    reached = ttest_power(effect / 0.3 / 1.1, nobs=1, alpha=alpha, df=n_free)
    assert reached == pytest.approx(power, abs=1e-5)


def test_the_standard_error_is_taken_to_be_a_tenth_larger():
    assert ALLOWANCE == 1.1
    normal = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert smallest_visible(1.0, 1e7, power=0.8, alpha=0.05) == pytest.approx(
        1.1 * normal, rel=1e-4
    )


@pytest.mark.parametrize("n_free", [1e6, 1e6 + 1])
def test_a_million_degrees_of_freedom_are_normal_on_either_side(n_free):
    critical = stats.norm.ppf(0.975)
    shift = 1.7 / ALLOWANCE
    expected = stats.norm.sf(critical - shift) + stats.norm.cdf(-critical - shift)
    assert visible_power(1.7, n_free, critical) == pytest.approx(expected, abs=1e-5)


def test_without_an_effect_the_power_is_the_level():
    for n_free in (4.0, 30.0, 2e6):
        critical = stats.t.ppf(0.95, n_free)
        assert visible_power(0.0, n_free, critical) == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize(("n_effects", "n_free"), [(1, 10.0), (11, 50.0), (2, 30.0), (11, 12.0)])
def test_at_the_smallest_noncentrality_an_f_test_has_the_power_asked_for(n_effects, n_free):
    found = smallest_noncentrality(n_effects, n_free, power=0.8, alpha=0.05)
    # the definition: a noncentral chi-square over a central one, each per degree of freedom
    rng = np.random.default_rng(1)
    above = rng.noncentral_chisquare(n_effects, found, 200_000) / n_effects
    below = rng.chisquare(n_free, 200_000) / n_free
    reached = np.mean(above / below > stats.f.ppf(0.95, n_effects, n_free))
    # 200,000 draws: a standard error of 0.0009
    assert reached == pytest.approx(0.8, abs=0.004)
