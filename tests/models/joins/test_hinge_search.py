"""The search for bends: NCI's published figures and brute force."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.models.counts.observed import hinge_columns
from trends.models.joins.hinge_search import (
    HingeGram,
    best_bends,
    hinge_gram,
    most_explained,
)


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
