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


# ------- real, only where a share is shown to have stayed


def remembering(rng, rho, scatter):
    """A log path whose months repeat one another."""
    path = np.empty(48)
    path[0] = rng.normal(0, scatter)
    for month in range(1, 48):
        path[month] = rho * path[month - 1] + rng.normal(0, scatter * np.sqrt(1 - rho**2))
    return path


def test_a_share_that_was_not_seen_to_move_is_no_share_that_stayed():
    """Few events: the share may have halved or doubled, so nothing is called real."""
    claims, others = simulate(np.random.default_rng(11), (3, 12), (0.5, 0.5))
    found = compare_reporting(claims, others, date=DATE)
    assert found.share_low < 1 < found.share_high
    assert (found.verdict, found.reason) == ("cannot_tell", "share_unclear")
    assert "may have moved by a factor of more than 1.50" in found.summary()
    wide = compare_reporting(claims, others, date=DATE, margin=5)
    assert (wide.verdict, wide.reason) == ("real", "share_unmoved")
    assert "lies within a factor of 5.00" in wide.summary()


def test_the_margin_turns_at_the_ends_of_the_share():
    claims, others = simulate(np.random.default_rng(3), (15, 40), (0.6, 0.6))
    found = compare_reporting(claims, others, date=DATE)
    widest = max(found.share_high, 1 / found.share_low)
    for margin, verdict in ((widest * 1.001, "real"), (widest / 1.001, "cannot_tell")):
        assert compare_reporting(claims, others, date=DATE, margin=margin).verdict == verdict
    with pytest.raises(ValueError, match="`margin` must be above 1, got 1"):
        compare_reporting(claims, others, date=DATE, margin=1)


def test_a_share_that_moved_against_the_claims_is_not_real():
    claims, others = simulate(np.random.default_rng(8), (20, 80), (0.8, 0.4))
    found = compare_reporting(claims, others, date=DATE)
    assert (found.verdict, found.reason) == ("cannot_tell", "share_against")


def test_memory_of_the_share_widens_its_interval():
    rng = np.random.default_rng(14)
    path = remembering(rng, 0.9, 0.5)
    shuffled = rng.permutation(path)
    events = rng.poisson(60, 48)
    kept, mixed = (
        compare_reporting(
            counts(rng.poisson(30 * np.exp(each - each.mean()))), counts(events), date=DATE
        )
        for each in (path, shuffled)
    )
    assert np.log(kept.share_high / kept.share_low) > 1.5 * np.log(
        mixed.share_high / mixed.share_low
    )
    assert np.log(kept.claims_high / kept.claims_low) > 1.5 * np.log(
        mixed.claims_high / mixed.claims_low
    )


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "most"), [(0.0, 0.07), (0.8, 0.10)])
def test_a_share_that_did_not_move_is_seldom_called_reporting(rho, most):
    """The bars of `benchmarks/reporting_verdicts.py`; Monte-Carlo error of 200 draws .02."""
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(200):
        share = 0.5 * np.exp(remembering(rng, rho, 0.35) if rho else 0.0)
        claims = counts(rng.poisson(30 * share * np.ones(48)))
        verdict = compare_reporting(claims, counts(rng.poisson(30, 48)), date=DATE).verdict
        false += verdict != "cannot_tell"
    assert false / 200 <= most + 2 * 0.02


def test_a_counter_is_no_independent_source_of_itself():
    claims, others = simulate(np.random.default_rng(3), (15, 40), (0.6, 0.6))
    assert compare_reporting(claims, others, date=DATE).verdict == "real"
    claims.attrs["labels"] = {"counted_by": "Desk counting claims"}
    claims.attrs["counter"] = "Desk"
    others.attrs["labels"] = {"counted_by": "Desk"}
    found = compare_reporting(claims, others, date=DATE)
    assert (found.verdict, found.reason) == ("cannot_tell", "same_counter")
    assert "same_counter" in found.caveats
    assert "no independent source of itself" in found.summary()
    assert found.findings()[0].grade == "D"
    others.attrs["labels"] = {"counted_by": "Another desk"}
    assert compare_reporting(claims, others, date=DATE).verdict == "real"


def test_statements_of_one_counter_are_known_by_their_column():
    days = [(f"{year}-{month:02}-01", f"{year}-{month:02}-28")
            for year in (2023, 2024) for month in range(1, 7)]  # fmt: skip
    rows = [row(start, start, end, 20 + at % 3) for at, (start, end) in enumerate(days)]
    claims = pd.DataFrame(rows).assign(counted_by="Desk counting claims", counter="Desk")
    others = pd.DataFrame(rows).assign(counted_by="Desk", counter="Desk")
    assert "same_counter" in compare_reporting(claims, others, date="2024-01-01").caveats
    apart = others.assign(counter="Monitor", counted_by="Monitor")
    assert "same_counter" not in compare_reporting(claims, apart, date="2024-01-01").caveats


@pytest.mark.parametrize(("n_spans", "verdict"), [(5, "cannot_tell"), (6, "reporting")])
def test_fewer_than_six_spans_judge_nothing(n_spans, verdict):
    months = pd.period_range("2024-01", periods=n_spans, freq="M", name="period")
    claims = counts([40 + 3 * (at % 2) + 60 * (at > 2) for at in range(n_spans)], months)
    found = compare_reporting(claims, counts([90 + at % 3 for at in range(n_spans)], months),
                              date="2024-04-01")  # fmt: skip
    assert found.verdict == verdict
    assert (found.reason == "too_few_spans") == (n_spans == 5)


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
