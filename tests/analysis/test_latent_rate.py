"""One latent rate: the Poisson GLM, brute force, a known rate recovered, refusals and reasons."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from trends.analysis.latent_rate import estimate_rate
from trends.findings.wording import verb_key
from trends.models.published.composite_link import (
    Counts,
    fit_composite_link,
    make_grid,
    straight_line,
    with_step,
)
from trends.models.published.running_totals import Figure, running_totals
from trends.models.published.weighed_walks import (
    Course,
    Mixture,
    _promise,
    share_told,
    smoothing_of,
)
from trends.tables.statements import read_statements


def statement(name, start, end, count, source="A", qualifier="exact", **more):
    row = {
        "statement_id": name,
        "measure": "events",
        "count_low": pd.NA,
        "count": count,
        "count_high": pd.NA,
        "qualifier": qualifier,
        "window_start": pd.Timestamp(start),
        "window_end": pd.Timestamp(end),
        "window_basis": "stated",
        "country": "Syria",
        "area": "North",
        "control_area": "all",
        "counted_by": source,
        "source_kind": "monitor",
        "part_of": None,
        "part_kind": None,
        "role": "primary",
        "reading": "direct",
    }
    return row | more


def table(rows):
    frame = pd.DataFrame(rows)
    return frame.astype({"count_low": "Int64", "count": "Int64", "count_high": "Int64"})


def monthly(counts, start="2020-01", source="A", qualifier="exact"):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return [
        statement(
            f"{source}-{month}",
            month.start_time,
            month.end_time.normalize(),
            int(count),
            source,
            qualifier,
        )
        for month, count in zip(months, counts, strict=True)
    ]


COUNTS = np.random.default_rng(3).negative_binomial(4, 0.25, size=36)


# ------- the Poisson GLM


def test_disjoint_exact_windows_of_one_source_are_the_poisson_glm():
    months = pd.period_range("2020-01", periods=36, freq="M")
    days = months.days_in_month.to_numpy()
    ends = np.cumsum(days)
    design = sm.add_constant(ends - days / 2)
    model = sm.GLM(COUNTS, design, family=sm.families.Poisson(), offset=np.log(days / 30.4375))
    glm = model.fit(scale="X2", tol=1e-12)
    found = estimate_rate(table(monthly(COUNTS)), smoothing=np.inf)
    errors = np.sqrt(np.sum((design @ glm.cov_params()) * design, axis=1))
    assert found.log_rate == pytest.approx(design @ glm.params, abs=1e-8)
    assert found.log_rate_error == pytest.approx(errors, abs=1e-6)
    assert found.dispersion == pytest.approx(glm.scale, abs=1e-6)
    assert found.used["expected"].to_numpy() == pytest.approx(glm.fittedvalues, rel=1e-6)


def test_the_multiplier_of_a_second_source_is_the_glm_coefficient():
    others = np.random.default_rng(4).poisson(5, size=36)
    found = estimate_rate(
        table([*monthly(COUNTS), *monthly(others, source="B")]),
        smoothing=np.inf,
        reference="A",
    )
    days = pd.period_range("2020-01", periods=36, freq="M").days_in_month.to_numpy()
    line = np.cumsum(days) - days / 2
    design = np.column_stack([np.ones(72), np.tile(line, 2), np.repeat([0.0, 1.0], 36)])
    glm = sm.GLM(
        np.concatenate([COUNTS, others]),
        design,
        family=sm.families.Poisson(),
        offset=np.log(np.tile(days, 2)),
    ).fit(scale="X2", tol=1e-12)
    assert found.log_multiplier[1] == pytest.approx(glm.params[2], abs=1e-8)
    assert found.log_multiplier_error[1] == pytest.approx(glm.bse[2], abs=1e-6)


def test_without_smoothing_every_disjoint_window_is_hit():
    found = estimate_rate(table(monthly(COUNTS)), smoothing=0.0)
    assert found.used["expected"].to_numpy() == pytest.approx(COUNTS, abs=1e-6)


def test_a_penalised_fit_is_where_brute_force_finds_the_penalised_likelihood():
    edges = np.linspace(0, 300, 11)
    grid = make_grid(edges, 8)
    start, end = edges[:-1], edges[1:]
    counts = np.array([3, 8, 12, 9, 4, 2, 6, 15, 20, 11], dtype=float)
    fit = fit_composite_link(
        Counts(counts, counts, start, end, np.zeros(10, dtype=int)), grid, smoothing=2.0
    )

    def cost(params):
        mean = 30 * np.exp(grid.basis @ params)
        return -np.sum(counts * np.log(mean) - mean) + np.sum(grid.penalty * params**2)

    brute = optimize.minimize(cost, fit.params * 0.9, method="BFGS", options={"gtol": 1e-8})
    assert grid.basis @ fit.params == pytest.approx(grid.basis @ brute.x, abs=1e-4)


def test_bounded_figures_are_where_brute_force_finds_their_likelihood():
    edges = np.array([0.0, 10, 20, 30, 40, 50, 60])
    grid = straight_line(make_grid(edges, 8))
    fewest = np.array([5.0, 4, 10, 8, 6, 12])
    most = np.array([5.0, np.inf, 14, 8, np.inf, 16])
    fit = fit_composite_link(
        Counts(fewest, most, edges[:-1], edges[1:], np.zeros(6, dtype=int)), grid, smoothing=0.0
    )

    def cost(params):
        mean = 10 * np.exp(grid.basis @ params)
        whole = stats.poisson.cdf(most, mean) - stats.poisson.cdf(fewest - 1, mean)
        return -np.sum(np.log(whole))

    brute = optimize.minimize(cost, fit.params, method="Nelder-Mead", options={"xatol": 1e-9})
    assert fit.params == pytest.approx(brute.x, abs=1e-5)


def constant(edges):
    """A grid whose only curve is a constant rate."""
    grid = make_grid(np.asarray(edges, dtype=float), 8)
    return grid._replace(curves=grid.curves[:, :1], penalty=grid.penalty[:1])


def test_a_bounded_figure_adds_the_curvature_of_its_own_likelihood():
    grid = constant([0, 10, 20, 30])
    fewest, most = np.array([6.0, 7, 4]), np.array([6.0, np.inf, 14])
    fit = fit_composite_link(
        Counts(fewest, most, grid.edges[:-1], grid.edges[1:], np.zeros(3, dtype=int)),
        grid,
        smoothing=0.0,
    )
    log_rate = float((grid.basis @ fit.params)[0])

    def cost(level):
        mean = 10 * np.exp(level)
        return -np.sum(np.log(stats.poisson.cdf(most, mean) - stats.poisson.cdf(fewest - 1, mean)))

    step = 1e-3
    curvature = (cost(log_rate + step) - 2 * cost(log_rate) + cost(log_rate - step)) / step**2
    variance = float(fit.covariance[0, 0]) * grid.basis[0, 0] ** 2
    assert variance == pytest.approx(1 / curvature, rel=1e-4)


# ------- overlapping windows


def test_windows_that_cross_share_their_events_and_say_less_than_two_apart():
    grid = constant([0, 10, 20, 30])
    counts = np.array([14.0, 18.0])
    crossing = Counts(counts, counts, np.array([0.0, 10]), np.array([20.0, 30]), np.zeros(2, int))
    fit = fit_composite_link(crossing, grid, smoothing=0.0)
    rate = np.exp((grid.basis @ fit.params)[0])
    assert rate == pytest.approx(32 / 40)
    # By hand: 20 * rate expected in each, 10 * rate shared, so the log rate's information is
    # (20 rate)^2 times the sum of the inverse of rate * [[20, 10], [10, 20]], which is 2 / 30.
    variance = float(fit.covariance[0, 0]) * grid.basis[0, 0] ** 2
    assert variance == pytest.approx(1 / (400 * rate * 2 / 30))


@pytest.mark.parametrize("smoothing", [10.0, 1e4, "reml"])
def test_running_totals_say_the_same_as_their_monthly_differences(smoothing):
    months = pd.period_range("2021-01", periods=12, freq="M")
    running = [
        statement(f"t-{month}", "2021-01-01", month.end_time.normalize(), int(total))
        for month, total in zip(months, np.cumsum(COUNTS[:12]), strict=True)
    ]
    apart = estimate_rate(table(monthly(COUNTS[:12], "2021-01")), smoothing=smoothing)
    together = estimate_rate(table(running), smoothing=smoothing)
    assert together.log_rate == pytest.approx(apart.log_rate, abs=1e-9)
    assert together.log_rate_error == pytest.approx(apart.log_rate_error, abs=1e-9)
    assert together.dispersion == pytest.approx(apart.dispersion, abs=1e-9)


def test_a_total_of_months_already_used_adds_nothing_and_is_listed():
    year = statement("year", "2020-01-01", "2020-12-31", int(COUNTS[:12].sum()))
    alone = estimate_rate(table(monthly(COUNTS)), smoothing=100.0)
    both = estimate_rate(table([*monthly(COUNTS), year]), smoothing=100.0)
    assert both.log_rate == pytest.approx(alone.log_rate)
    assert both.unused.to_dict("records") == [
        {
            "statement_id": "year",
            "reason": "other figures of the source already make it up",
        }
    ]


def test_a_total_that_contradicts_its_months_is_listed_with_what_they_make():
    wrong = statement("year", "2020-01-01", "2020-12-31", int(COUNTS[:12].sum()) + 7)
    found = estimate_rate(table([*monthly(COUNTS), wrong]), smoothing=100.0)
    assert found.unused["reason"].tolist() == [
        f"contradicts other figures of the source, which make it {COUNTS[:12].sum()}"
    ]


def test_a_running_total_that_falls_is_listed():
    days = pd.to_datetime(["2024-01-01", "2024-07-01", "2024-10-01"])
    _, reasons = running_totals(
        [Figure("june", days[0], days[1], 80), Figure("september", days[0], days[2], 60)]
    )
    assert reasons == {"september": "contradicts other figures: a running total would fall"}


# ------- a known rate is recovered


def simulate(rng, n_months=48):
    """Monthly exact figures of A, quarterly of B at half, yearly about-figures of C at double."""
    month = np.arange(n_months)
    rate = 25 * np.exp(0.7 * np.sin(month / 9))
    months = pd.period_range("2018-01", periods=n_months, freq="M")
    rows = monthly(rng.poisson(rate), "2018-01")
    for first in range(0, n_months, 3):
        start, end = months[first].start_time, months[first + 2].end_time.normalize()
        mean = 0.5 * rate[first : first + 3].sum()
        rows.append(statement(f"b-{first}", start, end, int(rng.poisson(mean)), "B"))
    for first in range(0, n_months, 12):
        start, end = months[first].start_time, months[first + 11].end_time.normalize()
        count = round(int(rng.poisson(2 * rate[first : first + 12].sum())), -1)
        rows.append(statement(f"c-{first}", start, end, count, "C", "about"))
    return table(rows), rate / months.days_in_month.to_numpy() * 30.4375


def test_a_known_rate_and_known_multipliers_are_recovered():
    statements, truth = simulate(np.random.default_rng(5))
    found = estimate_rate(statements)
    estimate, low, high = found.interval(found.rate)
    assert np.mean(np.abs(np.log(estimate / truth))) < 0.08
    assert np.mean((low <= truth) & (truth <= high)) > 0.85
    shares = dict(zip(found.sources, np.exp(found.log_multiplier), strict=True))
    assert shares["B"] / shares["A"] == pytest.approx(0.5, rel=0.12)
    assert shares["C"] / shares["A"] == pytest.approx(2.0, rel=0.12)
    assert found.dispersion < 1.5


@pytest.mark.parametrize("select", ["aic", "bic"])
def test_every_choice_of_smoothing_recovers_the_rate(select):
    statements, truth = simulate(np.random.default_rng(6))
    found = estimate_rate(statements, smoothing=select)
    assert found.select == select
    assert np.mean(np.abs(found.log_rate - np.log(truth))) < 0.1


@pytest.mark.slow
def test_bands_and_multipliers_cover_what_they_say():
    rng = np.random.default_rng(8)
    inside, shares = [], []
    for _ in range(60):
        statements, truth = simulate(rng)
        found = estimate_rate(statements)
        _, low, high = found.interval(found.rate)
        inside.append(np.mean((low <= truth) & (truth <= high)))
        log_half = np.log(0.5) - np.log(1.0)
        index_a, index_b = found.sources.index("A"), found.sources.index("B")
        if index_a == 0:
            gap = found.log_multiplier[index_b] - log_half
            shares.append(abs(gap) <= 1.96 * found.log_multiplier_error[index_b])
    # Across-the-curve coverage of penalised fits: near the level, a little below where it bends.
    assert 0.90 <= np.mean(inside) <= 0.99
    assert np.mean(shares) >= 0.88


def test_the_visible_change_is_that_of_a_normal_test_with_four_chances_in_five():
    rows = table(monthly(COUNTS))
    usual, lax = (estimate_rate(rows, alpha=alpha).visible_change for alpha in (0.05, 0.2))
    reach = [stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(0.8) for alpha in (0.05, 0.2)]
    assert np.log(usual) / np.log(lax) == pytest.approx(reach[0] / reach[1])
    assert lax > 1


def test_a_flat_rate_is_not_bent_by_scatter():
    counts = np.random.default_rng(9).negative_binomial(6, 6 / 26, size=60)
    found = estimate_rate(table(monthly(counts, "2015-01")))
    assert found.n_effective < 5
    assert found.dispersion > 2
    _, low, high = found.interval(found.change)
    assert (low < 1).all()
    assert (high > 1).all()


def test_days_and_months_as_periods_agree():
    statements, _ = simulate(np.random.default_rng(10), n_months=24)
    coarse = estimate_rate(statements, smoothing=300.0)
    fine = estimate_rate(statements, smoothing=300.0, freq="D")
    days = pd.Series(np.exp(fine.log_rate), index=fine.periods.asfreq("M")).groupby(level=0).mean()
    assert days.to_numpy() == pytest.approx(np.exp(coarse.log_rate), rel=0.03)


# ------- steps, turns and what is not claimed


def drawn(log_rate, seed, *, mean=20, dispersion=2.0, start="2018-01"):
    """Monthly figures of A and quarterly ones of B at a half, negative binomial."""
    rng = np.random.default_rng(seed)
    months = pd.period_range(start, periods=len(log_rate), freq="M")
    rows = []
    for source, length, share in (("A", 1, 1.0), ("B", 3, 0.5)):
        counted = share * mean * np.exp(log_rate)
        events = rng.poisson(rng.gamma(counted / (dispersion - 1), dispersion - 1))
        for first in range(0, len(log_rate), length):
            last = months[first + length - 1].end_time.normalize()
            count = int(events[first : first + length].sum())
            rows.append(
                statement(f"{source}-{first}", months[first].start_time, last, count, source)
            )
    return table(rows)


def legs_of(found):
    """The legs with the intervals of their ratios."""
    _, low, high = found.interval(found.change)
    return [
        (str(found.periods[first]), str(found.periods[last]), one, two)
        for (first, last), one, two in zip(found.legs, low, high, strict=True)
    ]


def test_a_mixture_has_the_quantiles_of_its_parts():
    mixture = Mixture(
        weight=np.array([0.3, 0.7]),
        centre=np.array([[0.0], [2.0]]),
        error=np.array([[1.0], [0.5]]),
        n_free=np.array([5.0, np.inf]),
    )
    for level in (0.025, 0.5, 0.975):
        at = mixture.quantile(level)[0]
        by_hand = 0.3 * stats.t.cdf(at, 5) + 0.7 * stats.norm.cdf((at - 2) / 0.5)
        assert by_hand == pytest.approx(level, abs=1e-9)
    assert mixture.mean[0] == pytest.approx(1.4)
    assert mixture.std_error[0] ** 2 == pytest.approx(0.3 * (1 + 1.96) + 0.7 * (0.25 + 0.36))


def test_what_a_jump_promises_is_what_fitting_it_gives():
    rng = np.random.default_rng(7)
    edges = np.linspace(0, 24 * 30.4375, 25)
    events = rng.poisson(400 * np.exp(0.1 * (np.arange(24) >= 12))).astype(float)
    counts = Counts(events, events, edges[:-1], edges[1:], np.zeros(24, int))
    grid = make_grid(edges, 24)
    smoothing = smoothing_of(0.1, 1.0)
    fit = fit_composite_link(counts, grid, smoothing=smoothing)
    gain = _promise(grid, Course(fit, grid, 0.1, (), 0.0))
    assert np.argmax(gain) == 11
    stepped = with_step(grid, 12, fit.dispersion / (0.8**2 * smoothing))
    with_it = fit_composite_link(counts, stepped, smoothing=smoothing)
    assert gain[11] == pytest.approx((fit.criterion - with_it.criterion) / 2, abs=0.25)


def test_a_doubling_is_a_jump_and_its_band_holds_both_levels():
    log_rate = np.log(2) * (np.arange(48) >= 24)
    found = estimate_rate(drawn(log_rate, 1), reference="A")
    assert found.jump_weight > 0.9
    _, low, high = found.interval(found.rate)
    truth = 20 * np.exp(log_rate) / found.periods.days_in_month.to_numpy() * 30.4375
    near = slice(21, 27)
    assert ((low <= truth) & (truth <= high))[near].all()
    # Half a year away from it the band is as narrow as that of two levels.
    assert (high / low)[[10, 40]].max() < 1.6
    assert len(found.legs) == 1
    assert legs_of(found)[0][2] > 1.4


def test_a_course_is_told_by_its_turns_and_not_by_its_ends():
    month = np.arange(60)
    valley = np.log(3) * np.abs(month - 36) / 24
    found = estimate_rate(drawn(np.minimum(valley, np.log(3)), 2), reference="A")
    falling, rising = legs_of(found)
    assert falling[3] < 1 < rising[2]
    assert abs(pd.Period(falling[1]).ordinal - pd.Period("2021-01").ordinal) <= 6
    assert rising[1] == "2022-12"
    verbs = [verb_key(finding) for finding in found.findings()[1:3]]
    assert verbs[0] in ("fell", "at_least_halved", "fell_to_a_third_or_less")
    assert verbs[1] in ("rose", "at_least_doubled")
    ids = [finding.finding_id for finding in found.findings()]
    assert ids[1:3] == ["series.latent_rate.leg-1", "series.latent_rate.change"]
    assert all(finding.searched for finding in found.findings()[1:3])


def test_a_level_rate_has_no_turns():
    found = estimate_rate(drawn(np.zeros(48), 3), reference="A")
    assert found.legs == ((0, 47),)
    assert not found.findings()[1].searched


def test_no_change_is_claimed_where_too_few_figures_are_left_to_judge_scatter():
    rows = [
        statement("a1", "2020-01-01", "2020-06-30", 10, "A"),
        statement("a2", "2020-07-01", "2020-12-31", 90, "A"),
        statement("b1", "2020-01-01", "2020-12-31", 60, "B"),
        statement("b2", "2020-07-01", "2020-12-31", 50, "B"),
    ]
    found = estimate_rate(table(rows))
    assert found.n_free < 3
    change = found.findings()[1]
    assert np.isnan(change.estimate)
    assert change.grade == "D"
    for lang, words in (("en", "cannot be said"), ("ar", "لا يمكن القول")):
        assert words in found.summary(lang)
    assert "rose" not in found.summary()
    assert "doubled" not in found.summary()


def test_figures_tell_of_a_change_between_windows_and_not_of_one_within_a_window():
    edges = np.arange(25) * 30.4375
    grid = make_grid(edges, 24)

    def told(start, end):
        events = np.full(len(start), 100.0)
        counts = Counts(events, events, np.array(start), np.array(end), np.zeros(len(start), int))
        return share_told(counts, grid, [(0, 23), (0, 11)])

    whole = told([0.0], [edges[-1]])
    assert whole == pytest.approx([0, 0], abs=0.02)
    halves = told([0.0, edges[12]], [edges[12], edges[-1]])
    assert halves[0] > 0.5 > halves[1]
    assert (told(edges[:-1], edges[1:]) > [0.9, 0.8]).all()


def test_no_change_is_claimed_that_smoothness_makes():
    found = estimate_rate(drawn(np.log(3) * (np.arange(36) >= 18), 5), reference="A")
    assert found.told[0] > 0.8
    assert "tripled" in found.summary() or "doubled" in found.summary()
    untold = dataclasses.replace(found, told=np.array([0.49]))
    change = untold.findings()[1]
    assert np.isnan(change.estimate)
    assert change.grade == "D"
    assert "less than half of such a change" in untold.summary()
    assert "أقل من نصف مثل هذا التغير" in untold.summary("ar")


def test_a_multiplier_that_drifts_is_a_caveat_and_a_constant_one_is_none():
    flat = drawn(np.zeros(48), 4)
    assert "drifting_multipliers" not in estimate_rate(flat, reference="A").caveats
    moving = drawn(np.zeros(48), 4)
    b = moving["counted_by"] == "B"
    growth = np.exp(1.5 * np.arange(16) / 16)
    moving.loc[b, "count"] = (moving.loc[b, "count"].to_numpy(float) * growth).round().astype(int)
    found = estimate_rate(moving, reference="A")
    assert found.drift_p_value < 0.01
    assert "drifting_multipliers" in found.caveats
    assert {finding.grade for finding in found.findings()[:2]} <= {"C", "D"}


def test_drift_of_one_source_alone_cannot_be_tested():
    found = estimate_rate(table(monthly(COUNTS)))
    assert np.isnan(found.drift_p_value)


@pytest.mark.slow
def test_constant_multipliers_are_called_drifting_no_more_often_than_said():
    p_values = [
        estimate_rate(drawn(np.zeros(36), 100 + seed), reference="A").drift_p_value
        for seed in range(80)
    ]
    # Of 80 draws at level .05, more than 10 have a probability of .002.
    assert np.sum(np.array(p_values) < 0.05) <= 10


def test_unlike_measures_are_pooled_only_when_asked():
    rows = [*monthly(COUNTS), *[{**row, "measure": "killed"} for row in monthly(COUNTS * 2)]]
    for number, row in enumerate(rows):
        row["statement_id"] = f"s{number}"
    with pytest.raises(ValueError, match=r"must count one thing, got the measures events, killed"):
        estimate_rate(table(rows))
    pooled = estimate_rate(table(rows), pool=True, smoothing=100.0)
    assert pooled.sources == ("A, events", "A, killed")
    assert "different_measures_modelled" in pooled.caveats


def test_another_definition_is_another_source_where_others_link_the_two():
    level = np.where(np.arange(24) < 12, 40, 20)
    first = monthly(level[:12], "2020-01", source="A")
    second = monthly(level[12:], "2021-01", source="A")
    old, new = ([{**row, "definition": name} for row in rows]
                for name, rows in (("all", first), ("own", second)))  # fmt: skip
    steady = monthly(np.full(24, 30), "2020-01", source="B")
    linked = estimate_rate(table([*old, *new, *steady]), reference="B")
    assert linked.sources == ("B", "A, all", "A, own")
    assert "definition_break" not in linked.caveats
    assert np.exp(linked.log_multiplier) == pytest.approx([1, 4 / 3, 2 / 3], rel=0.05)
    _, low, high = linked.interval(linked.change)
    assert low[0] < 1 < high[0]
    alone = estimate_rate(table([*old, *new]))
    assert alone.sources == ("A",)
    assert "definition_break" in alone.caveats


# ------- kinds


def test_minimums_alone_leave_the_level_open_unless_read_as_counts():
    rows = table(monthly(COUNTS, qualifier="at_least"))
    with pytest.raises(ValueError, match="at least 3 usable figures, got 0"):
        estimate_rate(rows)
    counted = estimate_rate(rows, minimums="count", smoothing=100.0)
    exact = estimate_rate(table(monthly(COUNTS)), smoothing=100.0)
    assert counted.log_rate == pytest.approx(exact.log_rate)
    assert "minimums_as_counts" in counted.caveats


def test_minimums_beside_exact_counts_only_push_upwards():
    exact = monthly(COUNTS)
    bound = {**exact[10], "count": 60, "qualifier": "at_least"}
    with_bound = estimate_rate(table([*exact[:10], bound, *exact[11:]]), smoothing=100.0)
    without = estimate_rate(table([*exact[:10], *exact[11:]]), smoothing=100.0)
    assert with_bound.log_rate[10] > without.log_rate[10]
    weak = {**exact[10], "count": 0, "qualifier": "at_least"}
    empty = estimate_rate(table([*exact[:10], weak, *exact[11:]]), smoothing=100.0)
    assert empty.log_rate == pytest.approx(without.log_rate, abs=1e-6)


# ------- rows that are not used


def test_every_row_is_used_or_listed_with_its_reason(published):
    statements = read_statements(published / "statements.csv")
    chosen = statements[
        (statements["measure"] == "attacks")
        & (statements["country"] == "Syria")
        & (statements["control_area"] == "sdf")
        & statements["counted_by"].isin(
            ["Rojava Information Center", "Syrian Observatory for Human Rights"]
        )
    ]
    found = estimate_rate(chosen)
    listed = [*found.used["statement_id"], *found.unused["statement_id"]]
    assert sorted(listed) == sorted(chosen["statement_id"])
    assert found.unused["reason"].str.len().gt(0).all()
    for lang in ("en", "ar"):
        assert "nan" not in found.summary(lang)


def test_parts_second_figures_rivals_and_unknown_windows_have_their_reasons():
    rows = [
        *monthly(COUNTS),
        statement("part", "2020-01-01", "2020-01-31", 2, part_of="A-2020-01", part_kind="area"),
        statement("again", "2020-02-01", "2020-02-29", 99, role="requoted"),
        statement("rival", "2020-03-05", "2020-04-20", 99, role="rival"),
        statement("undated", None, "2020-04-20", 9, window_basis="unknown"),
        statement("stock", "2020-04-01", "2020-04-20", 9, measure="detained", quantity="stock"),
    ]
    found = estimate_rate(table(rows), smoothing=100.0)
    assert dict(found.unused.to_numpy().tolist()) == {
        "part": "a part (area) of A-2020-01",
        "again": "A-2020-02 is used for the same source and window",
        "rival": "a rival value beside A-2020-03",
        "undated": "its window is not established",
        "stock": "a stock on one day, not a count over a window",
    }


def test_periods_without_a_window_are_marked():
    rows = monthly(COUNTS[:12]) + monthly(COUNTS[12:24], "2021-07")
    found = estimate_rate(table(rows), smoothing=100.0)
    assert (found.exposure == 0).sum() == 6
    assert found.to_frame()["exposure"].iloc[:2].tolist() == [31, 29]
    assert found.source_exposure.tolist() == [366 + 365]
    assert "uncovered_periods" in found.caveats
    gap = found.log_rate_error[12:18].max()
    assert gap > found.log_rate_error[5]


# ------- refusals


def test_one_statement_is_refused_and_sent_to_its_own_question():
    with pytest.raises(ValueError, match=r"at least 3 usable figures, got 1.*figure_rate"):
        estimate_rate(table(monthly(COUNTS[:1])))


def test_two_identical_statements_are_one():
    row = statement("a", "2020-01-01", "2020-12-31", 30)
    with pytest.raises(ValueError, match="at least 3 usable figures, got 1"):
        estimate_rate(table([row, {**row, "statement_id": "b"}]))


def test_a_source_that_shares_no_day_with_the_others_is_refused_by_name():
    rows = monthly(COUNTS[:12]) + monthly(COUNTS[12:20], "2023-01", source="B")
    with pytest.raises(ValueError, match=r"windows share days, got B sharing none with A"):
        estimate_rate(table(rows))


def test_windows_that_leave_the_slope_open_are_refused():
    rows = [
        statement("a", "2020-01-01", "2020-12-31", 30, "A"),
        statement("b", "2020-01-01", "2020-12-31", 20, "B"),
        statement("c", "2020-01-01", "2020-12-31", 25, "C"),
        statement("d", "2020-01-01", "2020-12-31", 22, "D"),
        statement("e", "2020-01-01", "2020-12-31", 21, "E"),
        statement("f", "2020-01-01", "2020-12-31", 35, "A", "at_least"),
    ]
    with pytest.raises(ValueError, match="at least 7 usable figures"):
        estimate_rate(table(rows))
    # Windows around one middle day cannot tell a rising rate from a falling one.
    middle = pd.Timestamp("2020-07-01")
    around = [
        statement(f"w{reach}", middle - pd.Timedelta(days=reach), middle + pd.Timedelta(days=reach),
                  3 * reach)
        for reach in (10, 40, 90, 180)
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"leave the slope open"):
        estimate_rate(table(around), freq="D")


def test_sources_without_events_are_set_aside():
    rows = monthly(COUNTS) + monthly(np.zeros(6), source="B")
    found = estimate_rate(table(rows), smoothing=100.0)
    assert found.sources == ("A",)
    assert found.unused["reason"].str.contains("counted no events").sum() == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smoothing": "gcv"}, "`smoothing` must be reml, aic, bic or a number"),
        ({"smoothing": -1.0}, "`smoothing` must be reml, aic, bic or a number"),
        ({"minimums": "ignore"}, "`minimums` must be bound or count"),
        ({"reference": "Z"}, "`reference` must name one source, got 'Z'. Choose among: A"),
        ({"freq": "H"}, "`freq` must be one of D, W, M, Q, Y"),
        ({"alpha": 2}, "`alpha` must be between 0 and 1"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        estimate_rate(table(monthly(COUNTS)), **options)


def test_what_is_no_table_of_statements_is_refused():
    with pytest.raises(TypeError, match="`statements` must be a table of count statements"):
        estimate_rate(pd.DataFrame({"count": [1]}))
