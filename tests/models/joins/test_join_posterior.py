"""Places, slopes and memories that a series leaves open: R's segmented and sums over all sets."""

import json
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trends.models.counts.count_model import fit_given_dispersion
from trends.models.counts.memory import MemoryGrid
from trends.models.counts.observed import hinge_columns
from trends.models.joins.hinge_search import best_bends, hinge_gram
from trends.models.joins.join_posterior import (
    _MOST_SETS,
    LineProblem,
    Mixture,
    _highest,
    log_mean_fit,
    open_sets,
    weigh_joins,
)

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


def test_places_that_are_all_alike_are_no_more_than_are_weighed():
    places = [np.arange(200) + 300 * join for join in range(5)]
    flat = [np.where(place % 7 == 0, 0.0, -1e-3) for place in places]
    kept = _highest(places, flat)
    assert 1000 < np.prod([place.size for place in kept]) <= _MOST_SETS
    assert all((place % 7 == 0).all() and (np.diff(place) > 0).all() for place in kept)


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
