"""Broken lines: the criterion by its own definition, and the room that joins need."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logsumexp

from trends.models.counts.count_model import deviance_residuals
from trends.models.counts.memory import correlation_matrix
from trends.models.counts.observed import hinge_columns, observed_periods, years_from_middle
from trends.models.joins.broken_line import (
    JOIN_COST,
    PLACE_COST,
    fit_lines,
    line_frame,
    memory_of_line,
    schwarz_penalty,
    smallest_bend,
    with_dispersion_of_richest,
)
from trends.tables.series import as_series


def frame_of(counts, spacing=3):
    months = pd.period_range("2015-01", periods=len(counts), freq="M")
    seen = observed_periods(as_series(pd.Series(counts, index=months)))
    base = np.column_stack([np.ones(len(counts)), years_from_middle(months)])
    return line_frame(seen, base, spacing)


@pytest.mark.parametrize(("n_terms", "n_observed"), [(2, 12), (5, 36), (9, 156)])
def test_the_penalty_is_that_of_mcquarrie(n_terms, n_observed):
    # McQuarrie (1999): SICc = log(squares / n) + k log(n) / (n - k - 2); times n here.
    by_definition = n_observed * (n_terms * np.log(n_observed) / (n_observed - n_terms - 2))
    assert schwarz_penalty(n_terms, n_observed) == pytest.approx(by_definition)


def test_the_penalty_stays_finite_without_freedom_left():
    assert schwarz_penalty(9, 10) == pytest.approx(9 * np.log(10) * 10)


def test_criteria_are_penalties_less_twice_the_log_likelihood_over_memories():
    rng = np.random.default_rng(4)
    frame = with_dispersion_of_richest(frame_of(rng.negative_binomial(5, 1 / 3, 30)), 1)
    straight, bent = fit_lines(frame, 1)
    for line, n_terms in ((straight, 2), (bent, 4)):
        residuals = deviance_residuals(frame.seen.count, line.expected, frame.nb_dispersion)
        assert line.deviance == pytest.approx(residuals @ residuals)
        fits = []
        for rho, weight, log_prior in zip(*frame.grid, strict=True):
            correlation = correlation_matrix(frame.gaps, rho, weight)
            squares = residuals @ np.linalg.solve(correlation, residuals)
            fits.append(
                log_prior - 0.5 * (np.linalg.slogdet(correlation)[1] + 30 * np.log(squares / 30))
            )
        assert line.log_weight == pytest.approx(fits)
        penalty = schwarz_penalty(n_terms, 30)
        assert line.profile_criterion == pytest.approx(penalty - 2 * max(fits))
    alone = schwarz_penalty(2, 30) - 2 * logsumexp(straight.log_weight)
    assert straight.criterion == pytest.approx(alone)
    # Averaging over places can only lose against the best place.
    at_best = schwarz_penalty(3, 30) + JOIN_COST - 2 * logsumexp(bent.log_weight)
    assert at_best < bent.criterion < at_best + 2 * np.log(frame.candidates.size)


def test_a_join_is_five_times_less_probable_than_none():
    assert np.exp(JOIN_COST / 2) == pytest.approx(5)


def test_joins_keep_their_distance_from_both_ends():
    assert frame_of([5] * 20, spacing=4).candidates.tolist() == list(range(3, 17))


def test_the_smallest_bend_is_one_in_mid_series_that_pays_for_itself_four_times_in_five():
    frame = with_dispersion_of_richest(frame_of(np.random.default_rng(2).poisson(20, 31)), 1)
    line = fit_lines(frame, 0)[0]
    # 31 months: the middle one stands at time 0
    bent = np.column_stack([frame.base, hinge_columns(frame.times, np.zeros(1))])
    error = memory_of_line(frame, line.expected, bent).std_error(2)
    price = schwarz_penalty(3, 31) - schwarz_penalty(2, 31) + JOIN_COST + PLACE_COST
    rise = error * (np.sqrt(price) + stats.norm.ppf(0.8))
    assert smallest_bend(frame, line) == pytest.approx(100 * np.expm1(rise))
