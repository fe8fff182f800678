"""The count model: R's glm, glm.nb and sandwich, and the numerical information."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.discrete.discrete_model import NegativeBinomial

from trends.models.counts.count_model import fit_counts, ratio_of
from trends.models.counts.season_terms import season_columns
from trends.models.counts.serial_dependence import newey_west

# UCDP GED events involving IS in Syria, 2018-2020, by month.
SYRIA_2018 = [
    82, 68, 52, 88, 106, 105, 74, 77, 93, 105, 86, 59,
    87, 60, 76, 50, 23, 24, 32, 32, 27, 19, 13, 15,
    22, 19, 18, 23, 29, 23, 18, 9, 17, 21, 25, 21,
]  # fmt: skip
# British coal-mining disasters 1851-1962, by year.
COAL = [
    4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5,
    3, 4, 2, 5, 2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1,
    0, 3, 2, 2, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1,
    2, 1, 1, 1, 1, 2, 3, 3, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1,
]  # fmt: skip


def steps(n_terms_of):
    return np.column_stack([np.ones(n_terms_of), np.arange(n_terms_of, dtype=float)])


def test_nb2_agrees_with_mass_glm_nb():
    # > fit <- MASS::glm.nb(n ~ t, data = syria_2018_2020); coef(fit); fit$theta; logLik(fit)
    # (Intercept) 4.70007982662133   t -0.0584441924411932   theta 10.1746595466659
    # 'log Lik.' -145.076525946262
    fit = fit_counts(np.array(SYRIA_2018, float), steps(36), np.ones(36), family="nb2")
    assert fit.params == pytest.approx([4.70007982662133, -0.0584441924411932], rel=1e-5)
    assert 1 / fit.nb_dispersion == pytest.approx(10.1746595466659, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-145.076525946262, rel=1e-8)


def test_r_standard_errors_hold_theta_fixed_and_ours_do_not():
    # > summary(fit)$coefficients[, "Std. Error"]
    # (Intercept) 0.110928790888288   t 0.0057967213...
    counts, design = np.array(SYRIA_2018, float), steps(36)
    fit = fit_counts(counts, design, np.ones(36), family="nb2")
    working = fit.working_design(design)
    fixed = np.sqrt(np.diag(np.linalg.inv(working.T @ working)))
    assert fixed[0] == pytest.approx(0.110928790888288, rel=1e-5)
    joint = np.sqrt(np.diag(fit.covariance))
    assert joint != pytest.approx(fixed, rel=1e-5)
    assert joint == pytest.approx(fixed, rel=0.05)


def test_the_joint_covariance_is_the_inverse_of_the_numerical_information():
    from scipy.stats import nbinom

    counts, design = np.array(SYRIA_2018), steps(36)
    fit = fit_counts(counts.astype(float), design, np.ones(36), family="nb2")

    def log_likelihood(theta):
        mean, size = np.exp(design @ theta[:2]), 1 / theta[2]
        return nbinom.logpmf(counts, size, size / (size + mean)).sum()

    at = np.append(fit.params, fit.nb_dispersion)
    width = np.array([1e-3, 1e-4, 1e-3])
    information = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            corners = [
                sign_i
                * sign_j
                * log_likelihood(
                    at + sign_i * width[i] * np.eye(3)[i] + sign_j * width[j] * np.eye(3)[j]
                )
                for sign_i in (1, -1)
                for sign_j in (1, -1)
            ]
            information[i, j] = -sum(corners) / (4 * width[i] * width[j])
    expected = np.linalg.inv(information)[:2, :2]
    assert fit.covariance == pytest.approx(expected, rel=1e-3)


def test_quasi_poisson_agrees_with_r():
    # > summary(glm(n ~ t, quasipoisson, syria_2018_2020))
    # dispersion 5.75711595092126; se 0.0931435946495824 0.00618888752281122
    fit = fit_counts(np.array(SYRIA_2018, float), steps(36), np.ones(36), family="quasipoisson")
    assert fit.dispersion == pytest.approx(5.757107, rel=1e-5)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.0931436, 0.00618889], rel=1e-5)


def test_poisson_agrees_with_r():
    # > glm(n ~ t, poisson, coal): coef 1.38283513466739 -0.0183714565666...
    # se 0.117672789541125; logLik -173.086199832228; sum(resid(fit, "pearson")^2) 122.138028164896
    fit = fit_counts(np.array(COAL, float), steps(112), np.ones(112), family="poisson")
    assert fit.params == pytest.approx([1.38283513466739, -0.01837145656], rel=1e-6)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(0.117672789541125, rel=1e-6)
    assert fit.log_likelihood == pytest.approx(-173.086199832228, rel=1e-9)
    assert fit.dispersion * 110 == pytest.approx(122.138028164896, rel=1e-6)


@pytest.mark.parametrize(
    "case", ["trend", "trend_harm1", "trend_harm2", "quad_harm1", "trend_month"]
)
def test_every_glm_nb_model_of_syria_is_reproduced(reference: Path, case: str):
    rows = pd.read_csv(reference / "inputs" / "syria.csv")
    months = pd.period_range("2013-01", periods=96, freq="M")
    time = rows["t"].to_numpy(dtype=float)
    season = {"trend_harm1": "harmonic", "trend_harm2": "harmonic", "quad_harm1": "harmonic",
              "trend_month": "month"}.get(case, "none")  # fmt: skip
    repeating, _ = season_columns(months, season)
    if case in ("trend_harm1", "quad_harm1"):
        repeating = repeating[:, :2]
    bend = [time**2] if case == "quad_harm1" else []
    design = np.column_stack([np.ones(96), time, *bend, repeating])
    fit = fit_counts(rows["n"].to_numpy(dtype=float), design, np.ones(96), family="nb2")
    known = json.loads((reference / "glm_nb.json").read_text())[case]
    assert fit.params == pytest.approx(known["estimate"], rel=1e-6, abs=1e-8)
    assert fit.log_likelihood == pytest.approx(known["log_likelihood"], rel=1e-10)
    assert 1 / fit.nb_dispersion == pytest.approx(known["theta"], rel=1e-5)
    working = fit.working_design(design)
    residuals = fit.residuals(rows["n"].to_numpy(dtype=float))
    held_fixed = np.sqrt(np.diag(np.linalg.inv(working.T @ working)))
    assert held_fixed == pytest.approx(known["std_error"], rel=1e-4)
    # > sqrt(diag(sandwich::sandwich(fit))); sqrt(diag(NeweyWest(fit, lag = 12, prewhite = FALSE)))
    for lags, errors in ((0, known["sandwich_error"]), (12, known["newey_west_error_12"])):
        covariance = newey_west(working, residuals, np.arange(96), n_lags=lags)
        assert np.sqrt(np.diag(covariance)) == pytest.approx(errors, rel=1e-4)


def test_an_offset_gives_the_rates_of_the_sicilian_smoking_ban_study(reference: Path):
    rows = pd.read_csv(reference / "inputs" / "sicily.csv")
    design = np.column_stack([np.ones(len(rows)), rows["smokban"], rows["time"]]).astype(float)
    fit = fit_counts(
        rows["aces"].to_numpy(dtype=float),
        design,
        rows["stdpop"].to_numpy(dtype=float),
        family="quasipoisson",
    )
    # > glm(aces ~ offset(log(stdpop)) + smokban + time, quasipoisson, sicily)
    known = json.loads((reference / "sicily.json").read_text())
    assert fit.params == pytest.approx(known["estimate"], rel=1e-6)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(known["std_error"], rel=1e-5)


DISTRICTS = ["03402", "03452", "03453", "03454", "03457", "03459", "03461"]


@pytest.mark.parametrize("district", DISTRICTS)
def test_measles_of_a_district_change_as_hhh4_says(reference: Path, district: str):
    # hhh4 leaves out the first week, which has none before it. Its optimiser stops at a relative
    # change of the parameters of 1e-5.
    known = json.loads((reference / "measles.json").read_text())["fits"][district]
    counts = pd.read_csv(reference / "inputs" / "measles.csv")[district].to_numpy(float)[1:]
    week = np.arange(1.0, 104.0)
    year = 2 * np.pi * week / 52
    design = np.column_stack([np.ones(103), week - 52, np.sin(year), np.cos(year)])
    fit = fit_counts(counts, design, np.ones(103), family="nb2")
    assert fit.params[1] == pytest.approx(known["slope"], abs=1e-3 * known["std_error"])
    assert np.sqrt(fit.covariance[1, 1]) == pytest.approx(known["std_error"], rel=1e-3)
    assert fit.nb_dispersion == pytest.approx(known["overdispersion"], rel=1e-3)
    assert fit.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-6)


def test_nb2_falls_back_to_poisson_where_its_likelihood_has_no_inner_maximum():
    # R's glm.nb runs off to theta = 5.5e15 on these counts with a step.
    step = np.column_stack([np.ones(112), np.arange(112) >= 36]).astype(float)
    fit = fit_counts(np.array(COAL, float), step, np.ones(112), family="nb2")
    assert fit.family == "poisson"
    assert fit.nb_status == "boundary"


# ------- convergence, boundaries, failures


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6])
def test_counts_of_any_size_converge_to_the_same_relative_precision(scale):
    # The gradient of the likelihood vanishes beside its own standard deviation.
    mean = 20 * scale * np.exp(0.02 * np.arange(60))
    rng = np.random.default_rng(2)
    counts = rng.negative_binomial(30, 30 / (30 + mean)).astype(float)
    fit = fit_counts(counts, steps(60), np.ones(60), family="nb2")
    assert fit.family == "nb2"
    left = (counts - fit.expected) / (1 + fit.nb_dispersion * fit.expected)
    score = steps(60).T @ left
    assert np.sqrt(score @ fit.covariance @ score) < 1e-4
    poisson = fit_counts(counts, steps(60), np.ones(60), family="poisson")
    score = steps(60).T @ (counts - poisson.expected)
    assert np.sqrt(score @ poisson.covariance @ score) < 1e-4
    assert poisson.expected.sum() == pytest.approx(counts.sum(), rel=1e-9)


def test_scatter_a_little_beyond_chance_is_seen_at_a_mean_of_a_million():
    mean = np.full(200, 1e6)
    counts = np.random.default_rng(4).negative_binomial(mean / 0.8, 1 / 1.8).astype(float)
    fit = fit_counts(counts, np.ones((200, 1)), np.ones(200))
    assert (fit.family, fit.nb_status) == ("nb2", "")
    assert 1 + fit.nb_dispersion * 1e6 == pytest.approx(counts.var() / counts.mean(), rel=0.01)


@pytest.mark.parametrize(
    ("counts", "status"), [([5, 6] * 12, "boundary"), ([5, 5] * 12, "boundary")]
)
def test_counts_less_scattered_than_chance_lie_at_the_boundary(counts, status):
    fit = fit_counts(np.array(counts, float), steps(24), np.ones(24), family="nb2")
    assert (fit.family, fit.nb_status, fit.nb_dispersion) == ("poisson", status, 0.0)


def test_a_maximum_that_misses_the_counts_is_a_failure_with_a_quasi_poisson_answer():
    counts = np.full(30, 4.0)
    counts[17] = 100_000
    fit = fit_counts(counts, steps(30), np.ones(30))
    assert (fit.family, fit.nb_status) == ("quasipoisson", "failed")
    poisson = fit_counts(counts, steps(30), np.ones(30), family="poisson")
    assert fit.params == pytest.approx(poisson.params)
    assert fit.dispersion > 1000
    assert fit.covariance == pytest.approx(poisson.covariance * fit.dispersion)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 3.0), st.floats(0.5, 200.0))
def test_the_nb2_maximum_is_that_of_statsmodels(seed, dispersion, mean):
    rng = np.random.default_rng(seed)
    design = np.column_stack([steps(40) / 40, rng.normal(size=40)])
    path = mean * np.exp(design[:, 1] + 0.3 * design[:, 2])
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * path)).astype(float)
    if (counts > 0).sum() < 8:
        return
    fit = fit_counts(counts, design, np.ones(40), family="nb2")
    if fit.family != "nb2":
        return
    at = np.append(fit.params, fit.nb_dispersion)
    model = NegativeBinomial(counts, design)
    again = model.fit(start_params=at, disp=0, maxiter=200)
    assert fit.log_likelihood >= again.llf - 1e-6
    assert fit.log_likelihood == pytest.approx(model.loglike(at))


def test_a_ratio_is_the_exponential_and_infinite_beyond_what_a_number_holds():
    assert ratio_of(np.log([0.5, 1.0, 3.0])) == pytest.approx([0.5, 1, 3])
    assert ratio_of(1000.0) == np.inf
    assert ratio_of(-1000.0) == 0
