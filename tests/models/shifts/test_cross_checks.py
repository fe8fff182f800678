"""Other methods on arrays: what they find, and that one that fails says so."""

import numpy as np
import pytest
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from trends.models.shifts.cross_checks import ask_others, markov_switching, sup_likelihood_ratio

MONTHS = np.ones(60)


def stepped(factor=4.0, n=60):
    return np.random.default_rng(1).poisson(np.where(np.arange(n) < n // 2, 10, 10 * factor))


def answers(count):
    given = ask_others(count.astype(float), np.ones(count.size), min_rows=2, alpha=0.05)
    return {answer.method: answer for answer in given}


def test_the_same_six_methods_answer_whether_or_not_there_is_anything_to_ask():
    told, silent = answers(stepped()), answers(np.full(60, 7))
    assert list(told) == list(silent)
    assert set(told) == {
        "ols_cusum", "recursive_cusum", "sup_lr", "markov_switching", "poisson_bic",
        "dispersion_bic",
    }  # fmt: skip
    assert all(answer.found is None and answer.reason for answer in silent.values())


def test_every_method_finds_a_clear_step_where_it_is():
    for method, answer in answers(stepped()).items():
        assert answer.found, method
        assert answer.reason == ""
        # recursive residuals notice a step some periods after it; switching may tell quiet months
        # from busy ones instead of early from late
        near = {"recursive_cusum": 12, "markov_switching": 60}.get(method, 1)
        assert min(abs(row - 30) for row in answer.rows) <= near, (method, answer.rows)


def test_a_fit_that_breaks_down_is_no_answer(monkeypatch):
    def broken(self, **options):
        raise np.linalg.LinAlgError("singular matrix")

    monkeypatch.setattr(MarkovRegression, "fit", broken)
    answer = markov_switching(np.sqrt(stepped().astype(float)))
    assert answer.found is None
    assert answer.reason == "singular matrix"


def test_the_sup_lr_is_the_largest_poisson_deviance_gained_by_one_split():
    count = stepped(1.3).astype(float)

    def deviance(part):
        return 2 * part.size * (part.mean() * np.log(part.mean()) - part.mean())

    gains = {
        start: deviance(count[:start]) + deviance(count[start:]) - deviance(count)
        for start in range(2, 59)
    }
    answer = sup_likelihood_ratio(count, MONTHS, 1.0, 2, 0.05)
    assert answer.rows == (max(gains, key=gains.get),)


def test_the_p_value_of_the_sup_lr_is_uniform_for_independent_counts():
    rng = np.random.default_rng(3)
    p_values = [
        sup_likelihood_ratio(rng.poisson(10, 60).astype(float), MONTHS, 1.0, 2, 0.05).p_value
        for _ in range(200)
    ]
    # 200 uniform values: mean 0.5 with standard error 0.02, a tenth below 0.1 with 0.021
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.07)
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.07)
