"""Reporting or reality: simulated truths, sums and differences of figures, refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from trends.analysis.reporting import compare_reporting
from trends.tables.series import as_series

MONTHS = pd.period_range("2022-01", periods=48, freq="M", name="period")
DATE = "2024-01-01"


def counts(values, months=MONTHS):
    return as_series(pd.Series(np.asarray(values, dtype=int), index=months))


def simulate(rng, events, share, scatter=1.0):
    """Events seen by a monitor, and claims made for a share of them, 24 months either side."""
    level = np.repeat(events, 24)
    noise = rng.gamma(1 / max(scatter - 1, 1e-9), max(scatter - 1, 1e-9), 48) if scatter > 1 else 1
    claims = rng.poisson(level * noise * np.repeat(share, 24))
    return counts(claims), counts(rng.poisson(level * noise))


def row(name, start, end, count, qualifier="exact"):
    return {
        "statement_id": name,
        "measure": "events",
        "count": count,
        "qualifier": qualifier,
        "window_start": pd.Timestamp(start),
        "window_end": pd.Timestamp(end),
        "window_basis": "stated",
    }


def test_the_share_is_the_odds_ratio_of_a_quasi_binomial_glm():
    # Claims and events that scatter apart, so that the share scatters beyond a binomial.
    rng = np.random.default_rng(1)
    share = np.repeat([0.4, 0.7], 24) * rng.gamma(8, 1 / 8, 48)
    claims, others = counts(rng.poisson(40 * share)), counts(rng.poisson(40, 48))
    found = compare_reporting(claims, others, date=DATE)
    pairs = np.column_stack([claims["count"], others["count"]]).astype(float)
    design = sm.add_constant(np.repeat([0.0, 1.0], 24))
    glm = sm.GLM(pairs, design, family=sm.families.Binomial()).fit()
    assert np.log(found.share_ratio) == pytest.approx(glm.params[1], abs=1e-8)
    # Pearson's statistic of counts; that of statsmodels is per proportion and at most 1.
    expected = glm.mu * pairs.sum(axis=1)
    variance = expected * (1 - glm.mu)
    pearson = ((pairs[:, 0] - expected) ** 2 / variance).sum() / (48 - 2)
    assert pearson > 1.5
    assert found.dispersion_share == pytest.approx(pearson)
    half = (np.log(found.share_high) - np.log(found.share_low)) / 2
    assert half == pytest.approx(stats.t.ppf(0.975, 46) * np.sqrt(pearson) * glm.bse[1], rel=1e-6)


def test_claims_among_the_events_have_the_variance_of_a_binomial_share():
    claims, others = counts([6] * 24 + [12] * 24), counts([20] * 48)
    found = compare_reporting(claims, others, date=DATE, among=True)
    # By hand: shares 144/480 and 288/480; the log of a share varies by 1/part - 1/total.
    error = np.sqrt(1 / 144 - 1 / 480 + 1 / 288 - 1 / 480)
    assert found.share_ratio == pytest.approx(2)
    assert np.log(found.share_high / 2) == pytest.approx(1.959964 * error, rel=1e-6)
    apart = compare_reporting(claims, others, date=DATE)
    assert apart.share_low < found.share_low


def test_claims_among_events_cannot_outnumber_them():
    with pytest.raises(ValueError, match=r"`among` must be False .* got 9 of 4 from 2022-01-01"):
        compare_reporting(counts([9] * 48), counts([4] * 48), date=DATE, among=True)


def test_more_claims_for_the_same_events_is_reporting():
    claims, others = simulate(np.random.default_rng(2), (30, 30), (0.3, 0.8))
    found = compare_reporting(claims, others, date=DATE)
    assert (found.verdict, found.reason) == ("reporting", "others_unmoved")
    assert found.share_low < 0.8 / 0.3 < found.share_high


def test_more_events_with_the_same_share_is_real():
    claims, others = simulate(np.random.default_rng(3), (15, 40), (0.6, 0.6))
    found = compare_reporting(claims, others, date=DATE)
    assert (found.verdict, found.reason) == ("real", "share_unmoved")
    assert found.visible_share > 1


def test_both_at_once_cannot_be_told_apart():
    claims, others = simulate(np.random.default_rng(4), (15, 40), (0.3, 0.9))
    found = compare_reporting(claims, others, date=DATE)
    assert (found.verdict, found.reason) == ("cannot_tell", "both_moved")


def test_claims_that_did_not_change_need_no_explanation():
    claims, others = simulate(np.random.default_rng(5), (20, 20), (0.5, 0.5))
    found = compare_reporting(claims, others, date=DATE)
    assert (found.verdict, found.reason) == ("cannot_tell", "claims_unclear")


@pytest.mark.slow
@pytest.mark.parametrize("scatter", [1.0, 1.5])
def test_an_unmoved_share_is_called_moved_in_one_of_twenty(scatter):
    rng = np.random.default_rng(6)
    found = [
        compare_reporting(*simulate(rng, (20, 40), (0.5, 0.5), scatter), date=DATE).p_value
        for _ in range(200)
    ]
    # 0.05 plus or minus three standard errors of 200 draws
    assert np.mean(np.array(found) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_figures_that_add_up_or_differ_are_matched():
    claims = pd.DataFrame(
        [
            row("h1", "2023-01-01", "2023-06-30", 40),
            row("ytd", "2023-01-01", "2023-12-31", 90),
            row("q1", "2024-01-01", "2024-03-31", 50),
            row("q2", "2024-04-01", "2024-06-30", 60),
        ]
    )
    others = pd.DataFrame(
        [
            row("m-h1", "2023-01-01", "2023-06-30", 80),
            row("m-h2", "2023-07-01", "2023-12-31", 85),
            row("m-2024", "2024-01-01", "2024-06-30", 100),
        ]
    )
    found = compare_reporting(claims, others, date="2024-01-01")
    assert found.spans[["claims", "others", "after"]].to_numpy().tolist() == [
        [40, 80, False],
        [50, 85, False],
        [110, 100, True],
    ]
    assert found.unused.empty


def test_two_spans_that_share_a_day_are_not_both_kept():
    first, second = ("2024-01-01", "2024-01-31"), ("2024-01-31", "2024-02-29")
    later = [row("a", *first, 9), row("b", *second, 8)]
    before = row("z", "2023-06-01", "2023-06-30", 7)
    claims = pd.DataFrame([before, *later])
    found = compare_reporting(claims, claims.assign(count=20), date="2024-01-01")
    assert found.spans["start"].dt.strftime("%Y-%m-%d").tolist() == ["2023-06-01", "2024-01-31"]
    apart = [before, later[0], row("b", "2024-02-01", "2024-02-29", 8)]
    both = compare_reporting(pd.DataFrame(apart), pd.DataFrame(apart), date="2024-01-01")
    assert len(both.spans) == 3


def test_every_figure_in_no_span_has_its_reason():
    claims = pd.DataFrame(
        [
            row("2023", "2023-01-01", "2023-12-31", 90),
            row("2024", "2024-01-01", "2024-12-31", 120),
            row("alone", "2022-03-01", "2022-03-31", 9),
            row("least", "2022-05-01", "2022-05-31", 9, "at_least"),
        ]
    )
    others = claims.iloc[:2].assign(statement_id=["m-2023", "m-2024"])
    found = compare_reporting(claims, others, date="2024-01-01")
    assert found.unused.to_dict("records") == [
        {
            "source": "claims",
            "figure": "least",
            "reason": "not an exact count over fixed days",
        },
        {
            "source": "claims",
            "figure": "alone",
            "reason": "the other source does not count its days",
        },
    ]
    assert "dispersion_unknown" in found.caveats


def test_a_window_across_the_date_is_no_evidence_about_it():
    claims = pd.DataFrame(
        [row("a", "2023-01-01", "2023-12-31", 9), row("b", "2024-01-01", "2024-12-31", 9)]
    )
    with pytest.raises(ValueError, match=r"days on both sides.*got 2024-06-01 with days on one"):
        compare_reporting(claims, claims, date="2024-06-01")


def test_sources_without_common_days_are_refused():
    first = pd.DataFrame([row("a", "2023-01-01", "2023-12-31", 9)])
    second = pd.DataFrame([row("b", "2024-01-01", "2024-12-31", 9)])
    with pytest.raises(ValueError, match="with no days at all"):
        compare_reporting(first, second, date="2024-01-01")


def test_claims_that_stop_altogether_keep_a_finite_interval():
    found = compare_reporting(
        counts([10] * 24 + [0] * 24), counts([20] * 48), date=pd.Timestamp(DATE)
    )
    assert found.verdict == "reporting"
    assert 0 < found.share_low < found.share_ratio < found.share_high < 0.2


def test_what_are_no_figures_are_refused():
    with pytest.raises(TypeError, match="`others` must be statements or a count series, got list"):
        compare_reporting(counts([1] * 48), [1, 2], date=DATE)
    with pytest.raises(TypeError, match="`claims` must be statements or a count series"):
        compare_reporting(pd.DataFrame({"a": [1]}), counts([1] * 48), date=DATE)


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("events", [(30, 30), (15, 40)])
@pytest.mark.parametrize("share", [(0.4, 0.4), (0.4, 0.9)])
def test_every_verdict_is_said_with_its_reason_and_drawn(lang, events, share):
    claims, others = simulate(np.random.default_rng(7), events, share)
    found = compare_reporting(claims, others, date=DATE)
    said = found.summary(lang)
    assert "{" not in said
    assert "_" not in said
    assert found.plot(lang=lang).has_data()
