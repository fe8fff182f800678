"""Joinpoints: NCI's published figures, R's segmented, brute force, simulation truths, bad input."""

import json
import warnings
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trends.analysis.joinpoint import fit_joinpoints
from trends.models.counts.count_model import deviance_residuals, fit_counts, fit_given_dispersion
from trends.models.counts.memory import MemoryGrid
from trends.models.joins.hinge_search import (
    HingeGram,
    best_bends,
    hinge_columns,
    hinge_gram,
    most_explained,
)
from trends.models.joins.join_posterior import (
    LineProblem,
    Mixture,
    log_mean_fit,
    open_sets,
    weigh_joins,
)
from trends.tables.series import as_series


def monthly(counts, start="2015-01", **options):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return as_series(pd.Series(counts, index=months), **options)


def peaked(n_months, top=60.0, height=1.5):
    half = n_months // 2
    time = np.arange(n_months)
    return top * np.exp(-height * np.abs(time - half) / half)


# ------- the search against NCI Joinpoint and brute force


@pytest.mark.parametrize(
    ("sex", "years", "changes"),
    [
        # NIH Joinpoint 4.9.0.0, SEER colorectal rates 1975-2009, grid search, 3 joinpoints: the
        # figure in the README of the R package nih.joinpoint prints these joins and APCs.
        ("Both", (1985, 1995, 1998), (0.81, -1.82, 1.60, -2.50)),
        ("Male", (1986, 1995, 1998), (1.11, -2.15, 1.44, -2.91)),
        ("Female", (1985, 1995, 1998), (0.31, -1.86, 1.94, -2.21)),
    ],
)
def test_the_published_joinpoints_of_nci_are_found(reference: Path, sex, years, changes):
    rows = pd.read_csv(reference / "inputs" / "colorectal.csv").query("sex == @sex")
    exhaustive = json.loads((reference / "colorectal.json").read_text())[sex]
    weights = (rows["rate"] / rows["se"]).to_numpy()[:, None]
    time = rows["year"].to_numpy(dtype=float) - 1975
    candidates = np.arange(2, 33)
    base = np.column_stack([np.ones(35), time]) * weights
    hinges = hinge_columns(time, candidates.astype(float)) * weights
    response = np.log(rows["rate"].to_numpy())[:, None] * weights
    inner = hinge_gram(base, hinges, response)
    for n_joins, known in enumerate(exhaustive, start=1):
        chosen = best_bends(inner, candidates, n_joins, spacing=3)
        design = np.column_stack([base, hinges[:, list(chosen)]])
        params, squares, *_ = np.linalg.lstsq(design, response[:, 0], rcond=None)
        assert squares[0] == pytest.approx(known["squares"], rel=1e-9)
        assert list(1975 + candidates[list(chosen)]) == np.atleast_1d(known["joins"]).tolist()
    assert tuple(1975 + candidates[list(chosen)]) == years
    slopes = params[1] + np.concatenate([[0], np.cumsum(params[2:])])
    assert (100 * np.expm1(slopes)).round(2) == pytest.approx(changes, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(12, 18),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_the_search_is_the_brute_force_over_all_allowed_sets(seed, size, n_bends, spacing):
    rng = np.random.default_rng(seed)
    time = np.arange(size, dtype=float)
    candidates = np.arange(2, size - 2)
    base = np.column_stack([np.ones(size), time])
    hinges = hinge_columns(time, candidates.astype(float))
    responses = rng.normal(size=(size, 3))
    root = rng.normal(size=(size, size))
    metric = root @ root.T + size * np.eye(size)
    inner = hinge_gram(base, hinges, responses, metric)

    def left(chosen, response):
        design = np.column_stack([base, hinges[:, list(chosen)]])
        colour = np.linalg.cholesky(metric).T
        return np.linalg.lstsq(colour @ design, colour @ response, rcond=None)[1][0]

    allowed = [
        chosen
        for chosen in combinations(range(candidates.size), n_bends)
        if (np.diff(candidates[list(chosen)]) >= spacing).all()
    ]
    smallest = [min(left(chosen, response) for chosen in allowed) for response in responses.T]
    found = best_bends(HingeGram(inner.gram, inner.cross[:, :1], inner.rest), candidates,
                       n_bends, spacing)  # fmt: skip
    assert left(found, responses[:, 0]) == pytest.approx(smallest[0], rel=1e-7)
    follow = np.searchsorted(candidates, candidates + spacing)
    explained = most_explained(inner, follow, n_bends)
    # Permutations are searched in single precision.
    assert inner.rest - explained == pytest.approx(smallest, rel=1e-4)


def test_pairwise_improvement_finds_the_exhaustive_optimum_of_five_bends(monkeypatch):
    rng = np.random.default_rng(11)
    time = np.arange(40.0)
    candidates = np.arange(3, 37)
    base = np.column_stack([np.ones(40), time])
    hinges = hinge_columns(time, candidates.astype(float))
    agreed = 0
    for _ in range(10):
        walk = np.cumsum(np.cumsum(rng.normal(size=(40, 1)), axis=0), axis=0)
        inner = hinge_gram(base, hinges, walk)
        exact = best_bends(inner, candidates, 4, 3)
        monkeypatch.setattr("trends.models.joins.hinge_search.MOST_SETS", 10_000)
        agreed += best_bends(inner, candidates, 4, 3) == exact
        monkeypatch.undo()
    assert agreed >= 9


# ------- slopes and places against R's segmented


NO_MEMORY = MemoryGrid(np.zeros(1), np.zeros(1), np.zeros(1))


def slopes_over_all_places(base, times, response, root, best, n_joins):
    """Return mixtures of the slopes and of the places, joins at observations, no memory."""
    candidates = np.arange(2, times.size - 2)
    problem = LineProblem(base, times, response, root, np.arange(times.size), candidates, 3)
    found = open_sets(problem, np.searchsorted(candidates, best), NO_MEMORY, np.zeros(1))
    posterior = weigh_joins(problem, found, NO_MEMORY, least_scale=0.0)
    scale = np.sqrt(found.squares.min() / posterior.n_free)
    n_sets, n_terms = len(posterior.sets), base.shape[1] + n_joins
    mixtures = []
    for segment in range(n_joins + 1):
        contrasts = np.zeros((n_sets, n_terms))
        contrasts[:, 1] = 1
        contrasts[:, base.shape[1] : base.shape[1] + segment] = 1
        mixtures.append(posterior.combination(contrasts))
    return mixtures, posterior, scale


def test_slopes_of_the_coal_disasters_agree_with_segmented(reference: Path):
    rows = pd.read_csv(reference / "inputs" / "coal.csv")
    fits = json.loads((reference / "coal.json").read_text())["joins"]
    counts = rows["n"].to_numpy(dtype=float)
    year = rows["year"].to_numpy(dtype=float)
    for known in fits:
        # > segmented(glm(n ~ year, poisson, coal), npsi = K); slope(fit); fit$psi
        places = np.atleast_1d(known["psi"])
        design = np.column_stack([np.ones(112), year - 1900, hinge_columns(year, places)])
        params, _ = fit_given_dispersion(counts, design, np.ones(112), nb_dispersion=0.0)
        slopes = params[1] + np.concatenate([[0], np.cumsum(params[2:])])
        assert slopes == pytest.approx(known["slopes"], rel=1e-3)


def test_the_down_syndrome_example_of_segmented_is_reproduced(reference: Path):
    # > segmented(glm(cases/births ~ age, weight=births, binomial), seg.Z=~age, psi=25)
    # Muggeo (2008), R News 8/1:20-25: psi 31.08 (0.72), slopes -0.013 (0.018) and 0.261 (0.015).
    known = json.loads((reference / "down.json").read_text())
    rows = pd.read_csv(reference / "inputs" / "down.csv")
    age = rows["age"].to_numpy(dtype=float)
    births, cases = rows["births"].to_numpy(dtype=float), rows["cases"].to_numpy(dtype=float)
    base = np.column_stack([np.ones(age.size), age - 30])

    def linearised(bend):
        design = np.column_stack([base, hinge_columns(age, np.array([bend]))])
        model = sm.GLM(np.column_stack([cases, births - cases]), design, sm.families.Binomial())
        fitted = model.fit(tol=1e-12)
        weight = births * fitted.mu * (1 - fitted.mu)
        response = design @ fitted.params + (cases - births * fitted.mu) / weight
        return fitted.params, response, np.sqrt(weight)

    # Search every place of the linearised likelihood, and again where the search leads.
    places, bend = np.arange(20, 42, 0.01), 25.0
    for _ in range(6):
        _, response, root = linearised(bend)
        hinges = hinge_columns(age, places)
        inner = hinge_gram(base * root[:, None], hinges * root[:, None], (response * root)[:, None])
        (place,) = best_bends(inner, np.arange(places.size), 1, spacing=1)
        bend = places[place]
    assert bend == pytest.approx(known["psi"], abs=0.01)
    params, response, root = linearised(known["psi"])
    assert params[1] == pytest.approx(known["slopes"][0], abs=6e-6)
    assert params[1] + params[2] == pytest.approx(known["slopes"][1], abs=6e-6)
    # With joins at observed ages only, a year or so apart, the slopes are a little less sure.
    best = np.array([np.argmin(np.abs(age - known["psi"]))])
    mixtures, posterior, scale = slopes_over_all_places(base, age, response, root, best, 1)
    for mixture, slope, error in zip(mixtures, known["slopes"], known["slopes_se"], strict=True):
        assert mixture.quantile(0.5) == pytest.approx(slope, abs=0.4 * error)
        assert mixture.std_error / scale == pytest.approx(error, rel=0.3)
    low, high = (age[place] for place in posterior.place_interval(0, 0.95))
    assert low < known["psi"] < high
    assert high - low == pytest.approx(4 * known["psi_se"] * scale, abs=1.5)


# ------- places and memories that a series leaves open


def broken_line(seed, n=24):
    rng = np.random.default_rng(seed)
    times = (np.arange(n) - (n - 1) / 2) / 12
    response = 3 + np.maximum(times, 0.2) + rng.normal(0, 0.2, n)
    root = np.sqrt(rng.uniform(5, 20, n))
    base = np.column_stack([np.ones(n), times])
    return LineProblem(base, times, response, root, np.arange(n), np.arange(2, n - 2), 3)


MEMORIES = MemoryGrid(np.array([0.0, 0.6]), np.array([0.0, 0.8]), np.log([0.7, 0.3]))


def by_hand(problem, joins, rho, share):
    """Return log weight, log likelihood, coefficients and covariance of one set, one memory."""
    hinges = hinge_columns(problem.times, problem.times[list(joins)])
    design = np.column_stack([problem.base, hinges]) * problem.root[:, None]
    response = problem.response * problem.root
    apart = np.abs(np.subtract.outer(problem.position, problem.position))
    memory = np.where(apart == 0, 1.0, share * rho**apart)
    precision = np.linalg.inv(memory)
    within = design.T @ precision @ design
    params = np.linalg.solve(within, design.T @ precision @ response)
    left = response - design @ params
    squares = left @ precision @ left
    n_free = response.size - design.shape[1]
    log_weight = -0.5 * (
        np.linalg.slogdet(memory)[1] + np.linalg.slogdet(within)[1] + n_free * np.log(squares)
    )
    return log_weight, squares, params, squares / n_free * np.linalg.inv(within)


@pytest.mark.parametrize("n_joins", [1, 2])
def test_the_posterior_is_the_sum_over_every_set_and_memory(n_joins, monkeypatch):
    monkeypatch.setattr("trends.models.joins.join_posterior._OPEN", 1e6)
    problem = broken_line(3)
    allowed = [
        joins
        for joins in combinations(problem.candidates.tolist(), n_joins)
        if all(later - earlier >= 3 for earlier, later in pairwise(joins))
    ]
    assert problem.n_sets(n_joins) == len(allowed)
    log_weight = np.array([-1.0, -1.5])
    best = np.searchsorted(problem.candidates, allowed[len(allowed) // 2])
    found = open_sets(problem, best, MEMORIES, log_weight)
    # One join at a time may be anywhere between its best neighbours.
    limits = [-np.inf, *problem.candidates[best], np.inf]
    within = [
        joins
        for joins in allowed
        if all(
            limits[join] < place < limits[join + 2] and abs(place - other) >= 3
            for join, place in enumerate(joins)
            for other in (limits[join], limits[join + 2])
        )
    ]
    assert sorted(map(tuple, problem.candidates[found.sets])) == within
    posterior = weigh_joins(problem, found, MEMORIES, least_scale=0.0)
    weights, evidence = [], []
    at_best = [by_hand(problem, problem.candidates[best], rho, share)[1]
               for rho, share, _ in zip(*MEMORIES, strict=True)]  # fmt: skip
    for place, joins in enumerate(map(tuple, posterior.sets)):
        for memory, (rho, share, log_prior) in enumerate(zip(*MEMORIES, strict=True)):
            log_fit, squares, params, covariance = by_hand(problem, joins, rho, share)
            weights.append((memory, place, np.exp(log_prior + log_fit)))
            evidence.append(np.exp(log_weight[memory]) * (squares / at_best[memory]) ** -12)
            assert posterior.params[memory, place] == pytest.approx(params, rel=1e-5)
            assert posterior.covariances[memory, place] == pytest.approx(covariance, rel=1e-5)
    total = sum(weight for *_, weight in weights)
    for memory, place, weight in weights:
        assert posterior.weight[memory, place] == pytest.approx(weight / total, abs=1e-7)
    mean = np.log(np.sum(evidence) / len(allowed))
    assert log_mean_fit(problem, found, log_weight) == pytest.approx(mean, abs=1e-9)


def test_few_open_sets_are_the_heaviest_ones(monkeypatch):
    problem = broken_line(5)
    best = np.array([8, 14])
    every = open_sets(problem, best, MEMORIES, np.zeros(2))
    monkeypatch.setattr("trends.models.joins.join_posterior._MOST_SETS", 40)
    few = open_sets(problem, best, MEMORIES, np.zeros(2))
    assert 1 <= len(few.sets) <= 40 < len(every.sets)
    assert few.squares.min() == pytest.approx(every.squares.min(), rel=0.1)


def test_a_mixture_of_one_part_is_a_t_distribution():
    one = Mixture(np.ones(1), np.array([0.4]), np.array([0.2]), 9)
    assert one.quantile(0.975) == pytest.approx(0.4 + 0.2 * stats.t.ppf(0.975, 9), rel=1e-9)
    assert one.std_error == pytest.approx(0.2)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
def test_a_quantile_of_a_mixture_has_its_weight_below_it(seed, probability):
    rng = np.random.default_rng(seed)
    weight = rng.dirichlet(np.ones(5))
    mixture = Mixture(weight, rng.normal(0, 3, 5), rng.uniform(0.05, 2, 5), 12)
    value = mixture.quantile(probability)
    below = sum(
        share * stats.t.cdf((value - centre) / scale, 12)
        for share, centre, scale in zip(weight, mixture.centre, mixture.scale, strict=True)
    )
    assert below == pytest.approx(probability, abs=1e-8)


# ------- the analysis


def test_exact_segments_are_recovered_exactly():
    time = np.arange(60)
    rate = 400 * np.exp(0.03 * np.minimum(time, 20) - 0.05 * np.maximum(time - 41, 0))
    found = fit_joinpoints(monthly(rate.round().astype(int), exposure=30.0), max_joinpoints=3)
    assert found.joinpoints["period"].astype(str).tolist() == ["2016-09", "2018-06"]
    expected = 100 * np.expm1(12 * np.array([0.03, 0.0, -0.05]))
    assert found.segments["annual_percent_change"].to_numpy() == pytest.approx(expected, abs=0.6)
    assert found.average_slope == pytest.approx(12 * np.log(rate[-1] / rate[0]) / 59, abs=0.003)


def test_the_fit_is_the_best_of_all_single_joins_by_likelihood():
    rng = np.random.default_rng(5)
    counts = rng.poisson(peaked(30))
    found = fit_joinpoints(monthly(counts, exposure=30.4375), max_joinpoints=1)
    time = np.arange(30.0)
    deviances = {}
    for join in range(2, 28):
        design = np.column_stack([np.ones(30), time, np.maximum(time - join, 0)])
        _, expected = fit_given_dispersion(
            counts.astype(float), design, np.ones(30), nb_dispersion=found.nb_dispersion
        )
        residuals = deviance_residuals(counts.astype(float), expected, found.nb_dispersion)
        deviances[join] = residuals @ residuals
    best = min(deviances, key=deviances.get)
    row = found.candidates.iloc[1]
    assert row["periods"] == (str(found.series.index[best]),)
    assert row["deviance"] == pytest.approx(deviances[best], rel=1e-6)


def test_min_periods_lie_between_the_joins_and_beyond_them():
    rng = np.random.default_rng(3)
    found = fit_joinpoints(monthly(rng.poisson(30, 48)), max_joinpoints=4, min_periods=6)
    for periods in found.candidates["periods"]:
        places = [found.series.index.get_loc(pd.Period(period)) for period in periods]
        edges = [-1, *places, 48]
        assert all(np.diff(edges) - 1 >= 6)


def test_a_declared_jump_is_not_a_change_of_pace():
    rng = np.random.default_rng(7)
    rate = np.where(np.arange(60) >= 30, 90.0, 30.0)
    series = monthly(rng.poisson(rate))
    plain = fit_joinpoints(series, max_joinpoints=2)
    declared = fit_joinpoints(series, max_joinpoints=2, jumps=["2017-07"])
    assert plain.n_joinpoints == 2
    assert declared.n_joinpoints == 0
    jump = declared.to_frame().set_index("term").loc["jump_2017-07"]
    assert jump["conf_low"] < 3 < jump["conf_high"]
    assert "declared_jump" in declared.caveats


def test_no_joinpoint_is_the_trend():
    rng = np.random.default_rng(1)
    counts = rng.poisson(np.exp(3 + 0.01 * np.arange(50)))
    found = fit_joinpoints(monthly(counts), max_joinpoints=0)
    series = found.series
    time = (np.arange(50) - 24.5) / 12
    design = np.column_stack([np.ones(50), time])
    months = series["exposure"].to_numpy() / 30.4375
    known = fit_counts(counts.astype(float), design, months, family="poisson")
    assert found.average_slope == pytest.approx(known.params[1], rel=1e-6)
    assert len(found.segments) == 1


def test_permutation_tests_find_a_bend_and_report_their_progress():
    rng = np.random.default_rng(2)
    seen = []
    found = fit_joinpoints(
        monthly(rng.poisson(peaked(48))),
        max_joinpoints=2,
        select="permutation",
        n_null=199,
        rng=1,
        progress=lambda done, most: seen.append((done, most)),
    )
    assert found.n_joinpoints == 1
    assert found.tests.iloc[0]["p_value"] == pytest.approx(1 / 200)
    assert seen[-1][1] == 398
    assert 199 < seen[-1][0] <= 398
    assert (np.diff([done for done, _ in seen]) > 0).all()


def test_levels_of_the_permutation_tests_are_those_of_the_nci_program():
    # alpha over the joins still in question above the null (NCI Joinpoint since version 3.0).
    rng = np.random.default_rng(8)
    found = fit_joinpoints(
        monthly(rng.poisson(peaked(48))), max_joinpoints=3, select="permutation", n_null=99, rng=3
    )
    tests = found.tests
    assert tests["n_null"].iloc[-1] >= 1
    assert tests["alpha"].to_numpy() == pytest.approx(0.05 / (3 - tests["n_null"].to_numpy()))


def test_a_test_that_cannot_become_significant_ends_early():
    series = monthly(np.random.default_rng(4).poisson(20, 40))
    seen = []
    found = fit_joinpoints(
        series,
        max_joinpoints=1,
        select="permutation",
        rng=1,
        progress=lambda done, most: seen.append((done, most)),
    )
    assert found.n_joinpoints == 0
    assert seen[-1][0] < seen[-1][1] == 999


def test_the_same_rng_gives_the_same_permutations():
    series = monthly(np.random.default_rng(4).poisson(20, 40))
    first, second = (
        fit_joinpoints(series, max_joinpoints=2, select="permutation", n_null=99, rng=5)
        for _ in range(2)
    )
    assert first.tests.equals(second.tests)


def test_a_steady_series_seldom_shows_a_joinpoint():
    # benchmarks/trend_joinpoints.py has the table; 60 Poisson series here. At a true rate of
    # .03 more than 8 come up once in 10,000.
    rng = np.random.default_rng(17)
    found = [
        fit_joinpoints(monthly(rng.poisson(20, 48)), max_joinpoints=2).n_joinpoints > 0
        for _ in range(60)
    ]
    assert sum(found) <= 8


def remembering(path, rng):
    """Return counts whose log rate follows an AR(0.5) with standard deviation .35."""
    log_rate = np.empty(path.size)
    log_rate[0] = rng.normal(0, 0.35)
    for month in range(1, path.size):
        log_rate[month] = 0.5 * log_rate[month - 1] + rng.normal(0, 0.35 * np.sqrt(0.75))
    return rng.poisson(path * np.exp(log_rate - 0.35**2 / 2))


def test_a_short_series_that_remembers_seldom_shows_a_joinpoint():
    # 80 series. At a true rate of .06 more than 12 come up once in 1,000; the best places and the
    # best memory alone would show 14 (.17).
    rng = np.random.default_rng(18)
    path = 20 * np.exp(0.5 * np.arange(36) / 36)
    found = [fit_joinpoints(monthly(remembering(path, rng)), max_joinpoints=3) for _ in range(80)]
    assert sum(each.n_joinpoints > 0 for each in found) <= 12
    profile = [each.candidates["profile_criterion"].argmin() > 0 for each in found]
    assert sum(profile) > sum(each.n_joinpoints > 0 for each in found)


def test_segments_of_series_that_remember_hold_the_true_pace():
    # 60 series of 48 months, one join and two segments each; at .93 coverage fewer than 98 of 120
    # come up once in 10,000, and in pairs still once in 200.
    rng = np.random.default_rng(24)
    path = peaked(48)
    truth = 100 * np.expm1(12 * np.array([1.5 / 24, -1.5 / 24]))
    held = n_segments = 0
    for _ in range(60):
        found = fit_joinpoints(monthly(remembering(path, rng)), max_joinpoints=1)
        if found.n_joinpoints != 1:
            continue
        table = found.to_frame().iloc[:2]
        held += int(((table["conf_low"] <= truth) & (truth <= table["conf_high"])).sum())
        n_segments += 2
    assert n_segments >= 90
    assert held / n_segments >= 98 / 120


def test_a_turn_as_small_as_could_be_seen_is_seen_about_four_times_in_five():
    # benchmarks/power_check.py has the table; 70 NB series of 60 months. At a true share of .8
    # fewer than 46 or more than 66 come up once in 100.
    rng = np.random.default_rng(20)
    found = 0
    for _ in range(70):
        flat = fit_joinpoints(monthly(rng.negative_binomial(10, 1 / 3, 60)), max_joinpoints=1)
        if flat.n_joinpoints:
            found += 0.8  # the rare false join has no smallest bend
            continue
        pace = np.log1p(flat.smallest_bend / 100) / 12
        turn = pace * np.maximum(np.arange(60) - 30, 0)
        mean = 20 * np.exp(turn - turn.mean())
        bent = monthly(rng.negative_binomial(mean / 2, 1 / 3))
        found += fit_joinpoints(bent, max_joinpoints=1).n_joinpoints > 0
    assert 46 <= found <= 66


def test_caveats_say_whether_another_number_of_joins_was_close():
    # A bend of 40% up and 40% down in 48 months is near what such counts can show.
    month = np.arange(48)
    path = 20 * np.exp(-0.4 * np.abs(month - 24) / 24)
    fits = [
        fit_joinpoints(monthly(np.random.default_rng(seed).poisson(path)), max_joinpoints=2)
        for seed in range(12)
    ]
    for found in fits:
        table = found.candidates
        fewer = table["criterion"].iloc[: found.n_joinpoints].min()
        close = found.n_joinpoints > 0 and fewer - table["criterion"].min() < 2 * np.log(3)
        assert ("fewer_joinpoints_as_good" in found.caveats) == close
        more = table["profile_criterion"].argmin() > found.n_joinpoints
        assert ("more_joinpoints_possible" in found.caveats) == more
    assert {found.n_joinpoints for found in fits} == {0, 1}
    assert any("more_joinpoints_possible" in found.caveats for found in fits)
    assert any("fewer_joinpoints_as_good" in found.caveats for found in fits)


def test_segment_intervals_hold_the_true_pace():
    # 60 series, two segments each; at .93 coverage fewer than 100 of 120 come up once in 2000.
    rng = np.random.default_rng(23)
    path = peaked(72, height=1.2)
    truth = 100 * np.expm1(12 * np.array([1.2 / 36, -1.2 / 36]))
    held = n_segments = 0
    for _ in range(60):
        found = fit_joinpoints(monthly(rng.negative_binomial(path / 2, 1 / 3)), max_joinpoints=1)
        if found.n_joinpoints != 1:
            continue
        table = found.to_frame().iloc[:2]
        held += int(((table["conf_low"] <= truth) & (truth <= table["conf_high"])).sum())
        n_segments += 2
    assert n_segments >= 80
    assert held / n_segments >= 100 / 120


def test_the_average_is_the_length_weighted_mean_of_the_slopes():
    rng = np.random.default_rng(6)
    found = fit_joinpoints(monthly(rng.poisson(peaked(40))), max_joinpoints=1)
    lengths = [end.ordinal - start.ordinal for start, end in
               zip(found.segments["start"], found.segments["end"], strict=True)]  # fmt: skip
    expected = np.average(found.segments["slope"], weights=lengths)
    assert found.average_slope == pytest.approx(expected)


def test_uncovered_periods_do_not_bend_the_line():
    rng = np.random.default_rng(8)
    counts = pd.Series(rng.poisson(25, 60), index=pd.period_range("2015-01", periods=60, freq="M"))
    found = fit_joinpoints(as_series(counts.drop(counts.index[20:45])), max_joinpoints=2)
    assert found.n_joinpoints == 0
    assert "unobserved_periods" in found.caveats


# ------- bad input


def test_no_warning_escapes_on_awkward_counts():
    sparse = [0] * 30
    sparse[3], sparse[14], sparse[25] = 1, 1, 1
    outlier = [4] * 30
    outlier[17] = 50_000
    halves = pd.Series(
        np.tile([3.0, np.nan], 20), index=pd.period_range("2018-01", periods=40, freq="M")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_joinpoints(monthly(sparse), max_joinpoints=2)
        fit_joinpoints(monthly(outlier), max_joinpoints=2)
        fit_joinpoints(as_series(halves, exposure=np.tile([30.0, 0.0], 20)), max_joinpoints=2)
        short = fit_joinpoints(monthly([3, 4, 2, 5, 3, 4, 6, 2]))
        fit_joinpoints(monthly([5] * 24), max_joinpoints=2)
        silent = fit_joinpoints(monthly([0] * 24 + [50] * 24), max_joinpoints=2)
        silent.summary()
        fit_joinpoints(monthly([50] * 16 + [0] * 16 + [50] * 16), max_joinpoints=2).summary()
    assert short.max_joinpoints == 0
    assert silent.n_joinpoints >= 1


def test_three_events_lie_on_no_broken_line():
    # Evenly spread by luck, they would fit two joins all but exactly.
    counts = [0] * 48
    counts[0] = counts[24] = counts[47] = 1
    for options in ({}, {"select": "permutation", "n_null": 19, "rng": 1}):
        found = fit_joinpoints(monthly(counts), **options)
        assert (found.max_joinpoints, found.n_joinpoints) == (0, 0)
        assert "few_events" in found.caveats


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_joinpoints": -1}, "`max_joinpoints` must be between 0 and 6, got -1"),
        ({"max_joinpoints": 1.5}, "`max_joinpoints` must be a whole number, got 1.5"),
        ({"select": "aic"}, "`select` must be 'bic' or 'permutation', got 'aic'"),
        ({"min_periods": 1}, "`min_periods` must be between 2 and half the observed periods"),
        ({"n_null": 5}, "`n_null` must be at least 19, got 5"),
        ({"jumps": ["2030-01"]}, "`jumps` must be after the first and not after the last"),
        ({"jumps": ["2016-01", "2016-01"]}, "`jumps` must lie between observed periods and differ"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fit_joinpoints(monthly([3, 4, 5, 6] * 10), **options)


def test_a_series_without_events_is_refused():
    with pytest.raises(ValueError, match="events in at least 3 periods, got 0"):
        fit_joinpoints(monthly([0] * 20))


# ------- words


def test_a_fast_pace_is_said_in_months():
    rate = np.concatenate([3 * 2 ** (np.arange(14) / 2), np.full(34, 3 * 2**6.5)])
    text = fit_joinpoints(monthly(rate.round().astype(int)), max_joinpoints=1).summary()
    assert "doubling about every 2." in text or "doubling about every 1.9" in text
    assert "found by searching" in text


def test_one_pace_is_said_as_such_in_both_languages():
    flat = fit_joinpoints(monthly(np.random.default_rng(9).poisson(12, 40)), max_joinpoints=2)
    assert "no change of pace can be told from chance" in flat.summary()
    assert "لا يمكن تمييز تبدل في وتيرة التغير" in flat.summary("ar")
    # Beside "none" stands what would have been seen; the permutation test has no such figure.
    assert f"a rise of {flat.smallest_bend:.0f}% a year would have been seen" in flat.summary()
    tested = fit_joinpoints(flat.series, max_joinpoints=1, select="permutation", n_null=19, rng=1)
    assert np.isnan(tested.smallest_bend)
    assert "would have been seen" not in tested.summary()
