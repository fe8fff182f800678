"""Joinpoints: NCI's published figures, R's segmented, brute force, simulation truths, bad input."""

import json
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trends.analysis.count_model import deviance_residuals, fit_counts, fit_given_dispersion
from trends.analysis.hinge_search import (
    HingeGram,
    best_bends,
    hinge_columns,
    hinge_gram,
    most_explained,
)
from trends.analysis.joinpoint import fit_joinpoints
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
def test_the_published_joinpoints_of_nci_are_found(shared: Path, sex, years, changes):
    reference = json.loads((shared / "reference" / "03_segmented.json").read_text())
    rows = pd.DataFrame(reference["nih_joinpoint"]["input"]).query("sex == @sex")
    weights = (rows["rate"] / rows["se"]).to_numpy()[:, None]
    time = rows["year"].to_numpy(dtype=float) - 1975
    candidates = np.arange(2, 33)
    base = np.column_stack([np.ones(35), time]) * weights
    hinges = hinge_columns(time, candidates.astype(float)) * weights
    response = np.log(rows["rate"].to_numpy())[:, None] * weights
    inner = hinge_gram(base, hinges, response)
    for n_joins, known in enumerate(reference["nih_joinpoint"]["ours"][sex], start=1):
        chosen = best_bends(inner, candidates, n_joins, spacing=3)
        design = np.column_stack([base, hinges[:, list(chosen)]])
        params, squares, *_ = np.linalg.lstsq(design, response[:, 0], rcond=None)
        assert squares[0] == pytest.approx(known["wsse"], rel=1e-9)
        assert list(1975 + candidates[list(chosen)]) == np.atleast_1d(known["joinpoints"]).tolist()
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
        monkeypatch.setattr("trends.analysis.hinge_search.MOST_SETS", 10_000)
        agreed += best_bends(inner, candidates, 4, 3) == exact
        monkeypatch.undo()
    assert agreed >= 9


# ------- slopes and places against R's segmented


def test_slopes_and_their_errors_agree_with_segmented(shared: Path):
    reference = json.loads((shared / "reference" / "03_segmented.json").read_text())["coal"]
    rows = pd.DataFrame(reference["input"])
    counts = rows["n"].to_numpy(dtype=float)
    year = rows["year"].to_numpy(dtype=float)
    for known in reference["fits"][1:]:
        # > segmented(glm(n ~ year, poisson, coal), npsi = K); slope(fit); fit$psi
        places = np.atleast_1d(known["psi"])
        bends = hinge_columns(year, places)
        design = np.column_stack([np.ones(112), year - 1900, bends])
        params, expected = fit_given_dispersion(counts, design, np.ones(112), nb_dispersion=0.0)
        slopes = params[1] + np.concatenate([[0], np.cumsum(params[2:])])
        assert slopes == pytest.approx(known["slopes"], rel=1e-3)
        extended = np.column_stack([design, year[:, None] > places[None, :]])
        information = (extended.T * expected) @ extended
        covariance = np.linalg.inv(information)
        errors = []
        for segment in range(places.size + 1):
            weights = np.zeros(extended.shape[1])
            weights[1] = 1
            weights[2 : 2 + segment] = 1
            errors.append(np.sqrt(weights @ covariance @ weights))
        # R's errors come from its last working fit, ours from the final means: within 4%.
        assert errors == pytest.approx(known["slopes_se"], rel=0.04)
        at_places = np.sqrt(np.diag(covariance)[2 + places.size :]) / np.abs(params[2:])
        assert at_places == pytest.approx(np.atleast_1d(known["psi_se"]), rel=0.04)


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
    assert short.max_joinpoints == 0


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
    assert "one steady pace describes the rate" in flat.summary()
    assert "وتيرة واحدة مطّردة" in flat.summary("ar")
