import numpy as np
import pandas as pd
import pytest

import trends

MONTHS = pd.period_range("2021-01", periods=36, freq="M")


def table_of(kinds, months=MONTHS):
    """Return an event-count table of a mapping of kind to counts."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "kind": name,
                    "period": months,
                    "count": pd.array(count, dtype="Int64"),
                    "exposure": months.days_in_month.astype(float),
                    "complete": True,
                }
            )
            for name, count in kinds.items()
        ],
        ignore_index=True,
    )


def drawn(means, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.poisson(mean) for name, mean in means.items()}


FALLING = 0.96 ** np.arange(36)
KINDS = drawn({"IED": [8] * 36, "ambush": 20 * FALLING, "raid": [5] * 36, "other": [2] * 36})


def test_merging_or_splitting_the_others_changes_nothing_for_the_kind_asked_about():
    apart = trends.estimate_share(table_of(KINDS), of="IED", by="kind")
    merged = {"IED": KINDS["IED"], "rest": KINDS["ambush"] + KINDS["raid"] + KINDS["other"]}
    together = trends.estimate_share(table_of(merged), of="IED", by="kind")
    pd.testing.assert_frame_equal(apart.to_frame(), together.to_frame())
    pd.testing.assert_frame_equal(apart.fitted, together.fitted)
    assert (apart.driver, apart.p_driver) == (together.driver, together.p_driver)
    row = "kind == 'IED'"
    rows = [each.categories.query(row).reset_index(drop=True) for each in (apart, together)]
    pd.testing.assert_frame_equal(*rows)


def test_shares_add_up_to_one_over_all_and_in_every_period():
    shares = trends.estimate_share(table_of(KINDS), of="raid", by="kind")
    assert shares.categories["share"].sum() == pytest.approx(1.0, abs=1e-12)
    by_period = shares.composition.groupby("period")["share"].sum()
    assert by_period.to_numpy() == pytest.approx(np.ones(36), abs=1e-12)
    totals = {name: int(count.sum()) for name, count in KINDS.items()}
    assert dict(shares.categories[["kind", "count"]].to_numpy()) == totals
    assert shares.share == pytest.approx(totals["raid"] / sum(totals.values()))


def test_the_others_share_is_the_mirror_of_the_kind_asked_about():
    """The odds of one of two kinds are those of the other turned over."""
    two = {"IED": KINDS["IED"], "rest": KINDS["ambush"]}
    one, other = (trends.estimate_share(table_of(two), of=of, by="kind") for of in two)
    assert one.odds_ratio == pytest.approx(1 / other.odds_ratio)
    assert one.odds_ratio_low == pytest.approx(1 / other.odds_ratio_high)
    assert one.share_end_low == pytest.approx(1 - other.share_end_high)
    assert one.scatter == pytest.approx(other.scatter)
    assert (one.verdict, other.verdict) == ("rose", "fell")
    assert (one.driver, other.driver) == ("rest", "asked")


@pytest.mark.parametrize(
    ("means", "verdict", "driver", "said"),
    [
        ((np.full(36, 8.0), 20 * FALLING), "rose", "rest", "mostly because the rest fell"),
        ((8 / FALLING, np.full(36, 20.0)), "rose", "asked", "larger part of this is its own"),
        ((np.full(36, 20.0), 8 / FALLING), "fell", "rest", "mostly because the rest rose"),
        ((20 * FALLING, np.full(36, 20.0)), "fell", "asked", "larger part of this is its own"),
        ((10 / FALLING**0.5, 14 * FALLING**0.5), "rose", "unclear", "cannot be told"),
        ((np.full(36, 8.0), np.full(36, 12.0)), "no_clear_change", "", "did not clearly change"),
    ],
)
def test_share_and_total_are_told_together(means, verdict, driver, said):
    kinds = drawn(dict(zip(("IED", "rest"), means, strict=True)), seed=3)
    shares = trends.estimate_share(table_of(kinds), of="IED", by="kind", season="none")
    assert (shares.verdict, shares.driver) == (verdict, driver)
    text = shares.summary()
    assert said in text
    assert "The total of all events changed" in text
    table = shares.to_frame().set_index("term")
    total = trends.estimate_trend(
        trends.as_series(pd.Series(sum(kinds.values()), index=MONTHS)), season="none"
    )
    assert table.loc["change_total", "estimate"] == pytest.approx(total.annual_percent_change)


def test_a_share_that_jumps_up_and_down_has_no_line():
    share = np.where((np.arange(36) > 11) & (np.arange(36) < 24), 0.8, 0.2)
    rng = np.random.default_rng(1)
    asked = rng.binomial(30, share)
    shares = trends.estimate_share(table_of({"a": asked, "b": 30 - asked}), of="a", by="kind")
    assert shares.verdict == "no_line"
    assert shares.findings()[0].grade == "D"
    assert {"bent_share", "wandering_share"} & set(shares.caveats)
    assert "cannot be told by one yearly factor" in shares.summary()


def test_a_period_in_which_one_kind_is_unknown_says_nothing():
    table = table_of(KINDS)
    lost = table.copy()
    gap = (lost["kind"] == "raid") & (lost["period"] == MONTHS[10])
    lost.loc[gap, "count"] = pd.NA
    lost.loc[gap, "exposure"] = 0.0
    gone = table[table["period"] != MONTHS[10]]
    one, other = (trends.estimate_share(each, of="IED", by="kind") for each in (lost, gone))
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert one.n_used == 35


def test_a_rare_kind_has_the_scatter_of_the_kind_asked_about():
    rare = np.zeros(36, dtype=int)
    rare[7] = 2
    shares = trends.estimate_share(table_of({**KINDS, "drone": rare}), of="IED", by="kind")
    row = shares.categories.set_index("kind").loc["drone"]
    assert row["share_low"] < row["share"] < row["share_high"] < 0.02


def test_events_without_a_label_are_a_kind_of_their_own():
    unnamed = table_of(KINDS)
    unnamed["kind"] = unnamed["kind"].where(unnamed["kind"] != "raid")
    one, other = (
        trends.estimate_share(each, of="IED", by="kind") for each in (unnamed, table_of(KINDS))
    )
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert one.categories["kind"].isna().sum() == 1


def test_a_known_change_of_counting_is_no_change_of_the_share():
    months = pd.period_range("2019-01", periods=60, freq="M")
    rng = np.random.default_rng(2)
    asked = rng.poisson(np.where(np.arange(60) < 30, 5, 15))
    table = table_of({"a": asked, "b": rng.poisson(20, 60)}, months)
    table.attrs["breaks"] = [
        {"date": "2021-07-01", "before": "x", "after": "y", "where": {"kind": "a"}}
    ]
    shares = trends.estimate_share(table, of="a", by="kind", season="none")
    assert "declared_jump" in shares.caveats
    assert shares.verdict == "no_clear_change"
    plain = trends.estimate_share(
        table_of({"a": asked, "b": table["count"].iloc[60:].to_numpy(dtype=int)}, months),
        of="a", by="kind", season="none",
    )  # fmt: skip
    assert plain.verdict in ("rose", "no_line")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: (t, {"of": "bomb", "by": "kind"}), "`kind` must be one of"),
        (lambda t: (t, {"of": "IED", "by": "type"}), "`by` must name a group column"),
        (lambda t: (t.query("kind == 'IED'"), {"of": "IED", "by": "kind"}), "at least two kinds"),
        (lambda t: (pd.concat([t, t]), {"of": "IED", "by": "kind"}), "hold each period once"),
        (
            lambda t: (t.assign(exposure=np.where(t["kind"] == "raid", 3.0, t["exposure"])),
                       {"of": "IED", "by": "kind"}),
            "observed for the same time, got exposures from 3 to 31 in 2021-01",
        ),
        (
            lambda t: (t.assign(count=t["count"].where((t["kind"] != "IED") | (t.index > 32), 0)),
                       {"of": "IED", "by": "kind", "season": "month"}),
            "`of` must have a share that can be told, got",
        ),
        (lambda t: (t, {"of": "IED", "by": "kind", "alpha": 1.0}), "`alpha` must be between"),
        (lambda t: (t, {"of": "IED", "by": "kind", "season": "lunar"}), "`season` must be one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_words(change, message):
    table, options = change(table_of(KINDS))
    with pytest.raises(ValueError, match=message):
        trends.estimate_share(table, **options)


def test_something_else_than_a_table_is_refused():
    with pytest.raises(TypeError, match="`counts` must be an event-count table"):
        trends.estimate_share([1, 2], of="IED", by="kind")


def copula(shares, scatter, rho, n, rng):
    """Return counts of one kind: shares of a beta distribution that remember the month before."""
    from scipy import stats

    scores = np.empty(shares.size)
    scores[0] = rng.normal()
    for month in range(1, shares.size):
        scores[month] = rho * scores[month - 1] + np.sqrt(1 - rho**2) * rng.normal()
    size = 1 / scatter - 1
    own = stats.beta.ppf(stats.norm.cdf(scores), shares * size, (1 - shares) * size)
    return rng.binomial(n, own)


@pytest.mark.slow
@pytest.mark.parametrize("total", [5, 50])
def test_intervals_hold_with_scatter_and_memory(total):
    """Band of +-2.9 Monte-Carlo errors about .95 at 200 draws, upwards open to .995."""
    rng = np.random.default_rng(total)
    years = (np.arange(36) - 17.5) / 12
    shares = 1 / (1 + np.exp(0.8 - np.log(1.3) * years))
    held = []
    for _ in range(200):
        n = rng.poisson(total, 36)
        asked = copula(shares, 0.1, 0.5, n, rng)
        table = table_of({"a": asked, "b": n - asked})
        found = trends.estimate_share(table, of="a", by="kind", season="none")
        held.append(
            [
                found.odds_ratio_low <= 1.3 <= found.odds_ratio_high,
                found.share_end_low <= shares[-1] <= found.share_end_high,
                found.share_low <= (n * shares).sum() / n.sum() <= found.share_high,
            ]
        )
    assert (np.mean(held, axis=0) >= 0.905).all()
    assert (np.mean(held, axis=0) <= 0.995).all()
