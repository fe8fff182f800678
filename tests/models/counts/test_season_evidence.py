"""The joint test of a season, against dense matrices and the definition of a permutation test."""

import numpy as np
import pandas as pd
import pytest

from trends.models.counts.count_model import fit_counts
from trends.models.counts.observed import bent_trend_columns, observed_periods
from trends.models.counts.season_evidence import bent_trend, season_evidence
from trends.models.counts.season_terms import season_columns
from trends.models.counts.serial_dependence import band_mean, grid_of, least_scale
from trends.tables.series import as_series


def monthly(counts, start="2015-01"):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return observed_periods(as_series(pd.Series(counts, index=months)))


def f_statistic(seen, beside, season):
    """The definition: the Wald statistic under every memory, its inverse averaged by weight."""
    fit = fit_counts(seen.count, beside, seen.exposure)
    residuals = fit.residuals(seen.count)
    design = np.column_stack([fit.working_design(beside), fit.working_design(season)])
    grid = grid_of(seen.periods)
    n_terms, n_effects = design.shape[1], season.shape[1]
    n_free = residuals.size - n_terms
    bread = np.linalg.inv(design.T @ design)
    effects = (bread @ design.T @ residuals)[-n_effects:]
    contrasts = np.linalg.svd(design.T)[2][n_terms:]
    apart = np.abs(np.subtract.outer(seen.position, seen.position))
    walds, log_weights = [], []
    for rho, weight, log_prior in zip(*grid, strict=True):
        correlation = np.where(apart == 0, 1.0, weight * rho**apart)
        within = contrasts @ correlation @ contrasts.T
        left = contrasts @ residuals
        squares = left @ np.linalg.solve(within, left)
        scale = max(squares / n_free, least_scale(n_free))
        covariance = bread @ design.T @ correlation @ design @ bread * scale
        walds.append(effects @ np.linalg.solve(covariance[-n_effects:, -n_effects:], effects))
        log_determinant = np.linalg.slogdet(within)[1]
        log_weights.append(log_prior - 0.5 * (log_determinant + n_free * np.log(squares)))
    weights = np.exp(np.array(log_weights) - max(log_weights))
    return 1 / band_mean(1 / np.array(walds), weights / weights.sum()) / n_effects


@pytest.mark.parametrize("seed", range(3))
def test_the_statistic_is_the_f_of_effects_with_memory_weighed(seed):
    rng = np.random.default_rng(seed)
    remembered = np.convolve(rng.normal(0, 0.4, 52), [1, 0.8, 0.6, 0.4, 0.2], mode="valid")
    counts = pd.array(rng.poisson(20 * np.exp(remembered)), dtype="Int64")
    counts[[7, 8, 30]] = pd.NA
    seen = monthly(counts)
    beside = bent_trend(seen)[seen.position]
    season = season_columns(seen.periods, "harmonic")[0][seen.position]
    found = season_evidence(seen, beside, season, enough=1)
    assert found.statistic == pytest.approx(f_statistic(seen, beside, season), rel=1e-6)


def test_no_permutation_reaches_a_season_that_nothing_but_a_season_makes():
    # 999 permutations and the series itself: the p-value is one in a thousand, and no less
    months = np.arange(60)
    seen = monthly(np.round(50 * np.exp(np.sin(2 * np.pi * months / 12))).astype(int))
    season = season_columns(seen.periods, "harmonic")[0]
    assert season_evidence(seen, bent_trend(seen), season).p_value == 1 / 1000


def test_the_test_ends_early_once_enough_permutations_are_as_large():
    seen = monthly(np.random.default_rng(1).poisson(20, 48))
    season = season_columns(seen.periods, "harmonic")[0]
    whole = season_evidence(seen, bent_trend(seen), season)
    early = season_evidence(seen, bent_trend(seen), season, enough=1)
    assert early.statistic == whole.statistic
    assert whole.p_value * 1000 == pytest.approx(round(whole.p_value * 1000))
    # the first batch of 111 holds some as large, so there is no second one
    assert early.p_value * 112 == pytest.approx(round(early.p_value * 112))
    assert early.p_value > 1 / 112


def test_a_bent_trend_has_one_bend_a_year_and_fewer_where_years_stand_empty():
    busy = monthly(np.full(60, 9))
    assert bent_trend(busy) == pytest.approx(bent_trend_columns(busy.periods, 4))
    late = monthly(np.append(np.zeros(48, dtype=int), [9, 8, 10, 7, 9, 11, 8, 9, 10, 9, 8, 9]))
    assert bent_trend(late).shape[1] < bent_trend(busy).shape[1]
