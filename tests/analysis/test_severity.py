import numpy as np
import pandas as pd
import pytest

import trends


def events_of(deaths, first_day="2022-01-01", **columns):
    days = pd.date_range(first_day, periods=len(deaths))
    return pd.DataFrame(
        {
            "event_id": days.astype("str"),
            "start": days,
            "country": "Iraq",
            "fatalities_best": deaths,
            **columns,
        }
    )


def heavy(n, exponent, rng):
    """Whole numbers of which a share k ** -(exponent - 1) is at least k."""
    return np.floor(1 + rng.pareto(exponent - 1, n))


def test_the_comparison_turns_over_with_its_sides():
    rng = np.random.default_rng(1)
    first, second = events_of(rng.poisson(6, 90)), events_of(rng.poisson(3, 70))
    one = trends.compare_severity(first, second, rng=1)
    other = trends.compare_severity(second, first, rng=1)
    assert (one.verdict, other.verdict) == ("deadlier", "less_deadly")
    assert one.ratio == pytest.approx(first["fatalities_best"].mean() /
                                      second["fatalities_best"].mean())  # fmt: skip
    assert one.ratio == pytest.approx(1 / other.ratio)
    # The draws differ, so that ends agree up to the Monte-Carlo error of a quantile.
    assert one.ratio_low == pytest.approx(1 / other.ratio_high, rel=0.05)
    assert "was deadlier than one from" in one.summary()
    assert one.deaths_first == first["fatalities_best"].sum()


def test_it_is_the_same_for_the_same_seed_and_any_order_of_events():
    rng = np.random.default_rng(2)
    days = pd.date_range("2022-01-01", periods=60) - pd.to_timedelta(np.arange(60) % 3, "D")
    first = events_of(heavy(60, 2.5, rng), start=days)
    second = events_of(heavy(50, 2.5, rng))
    one = trends.compare_severity(first, second, rng=5)
    again = trends.compare_severity(first.sample(frac=1, random_state=1), second, rng=5)
    pd.testing.assert_frame_equal(one.to_frame(), again.to_frame())


def test_events_with_wide_bounds_widen_the_interval_and_move_the_extremes():
    rng = np.random.default_rng(3)
    best = 10 + rng.poisson(1, 60)
    plain = trends.compare_severity(events_of(best), events_of(best), rng=1)
    wide = trends.compare_severity(
        events_of(best, fatalities_low=best - 9, fatalities_high=best * 4), events_of(best), rng=1
    )
    assert plain.ratio == wide.ratio == 1
    assert plain.ratio_if_low == plain.ratio_if_high == 1
    assert wide.ratio_if_low < 0.2
    assert wide.ratio_if_high == pytest.approx(4)
    assert wide.ratio_high > plain.ratio_high


def test_one_event_with_a_tenth_of_all_deaths_is_said():
    calm = np.full(100, 2)
    struck = calm.copy()
    struck[50] = 21
    assert trends.compare_severity(events_of(calm), events_of(calm), rng=1).caveats == ()
    just = trends.compare_severity(events_of(struck), events_of(calm), rng=1)
    assert just.largest_first == pytest.approx(21 / 219)
    assert "one_event_dominates" not in just.caveats
    struck[50] = 23
    found = trends.compare_severity(events_of(struck), events_of(calm), rng=1)
    assert found.largest_first == pytest.approx(23 / 221)
    assert "one_event_dominates" in found.caveats
    assert "A single event holds more than a tenth" in found.summary()


def test_events_that_do_not_tell_their_deaths_are_left_out_and_counted():
    deaths = np.tile([1.0, 2.0, 3.0], 20)
    told = trends.compare_severity(events_of(deaths), events_of(deaths), rng=1)
    some = deaths.astype(object)
    gaps = np.concatenate([some, [None] * 7])
    found = trends.compare_severity(
        events_of(pd.array(gaps, dtype="Float64")), events_of(deaths), rng=1
    )
    assert (found.n_first, found.n_untold_first) == (60, 7)
    assert found.mean_first == told.mean_first
    assert "deaths_not_told" in found.caveats
    fewer = trends.compare_severity(
        events_of(pd.array(gaps[:66], dtype="Float64")), events_of(deaths), rng=1
    )
    assert "deaths_not_told" not in fewer.caveats


def test_tails_of_unlike_weight_are_said():
    rng = np.random.default_rng(4)
    light, heavier = events_of(heavy(600, 3.5, rng)), events_of(heavy(600, 2.1, rng))
    assert "tails_differ" in trends.compare_severity(heavier, light, rng=1).caveats
    other = events_of(heavy(600, 2.1, rng))
    assert "tails_differ" not in trends.compare_severity(heavier, other, rng=1).caveats


def test_what_was_never_reached_has_a_chance_all_the_same():
    calm = np.tile([0, 1, 1, 2], 15)
    found = trends.compare_severity(events_of(calm), events_of(calm), at_least=100, rng=1)
    # Jeffreys' upper end of 0 in 60, R: qbeta(.975, .5, 60.5)
    assert (found.chance_first, found.chance_first_low) == (0, 0)
    assert found.chance_first_high == pytest.approx(0.04083392, abs=1e-7)
    assert found.findings()[1].grade == "D"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda e: {"first": e.head(19)}, ValueError, "`first` must hold at least 20 events"),
        (lambda e: {"second": e.assign(fatalities_best=0)}, ValueError, "at least one death"),
        (lambda e: {"at_least": 0}, ValueError, "`at_least` must be a whole number of 1 or more"),
        (lambda e: {"at_least": 2.5}, ValueError, "`at_least` must be a whole number"),
        (lambda e: {"alpha": 0}, ValueError, "`alpha` must be between 0 and 1"),
        (lambda e: {"first": "events.csv"}, TypeError, "`first` must be a frame of events"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(change, error, message):
    events = events_of(np.tile([1, 2, 3], 10))
    with pytest.raises(error, match=message):
        trends.compare_severity(**{"first": events, "second": events, "rng": 1, **change(events)})


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [2.2, 3.0])
def test_ratios_of_heavy_tails_are_covered(exponent):
    """At least .92 as asked for; 150 draws have a Monte-Carlo error of .022 there."""
    rng = np.random.default_rng(int(10 * exponent))
    held, chances = [], []
    for _ in range(150):
        sides = [events_of(heavy(n, exponent, rng)) for n in (60, 200)]
        found = trends.compare_severity(*sides, at_least=30, rng=rng)
        held.append(found.ratio_low <= 1 <= found.ratio_high)
        chances.append(found.chance_second_low <= 30 ** (1 - exponent) <= found.chance_second_high)
    assert np.mean(held) >= 0.88
    assert np.mean(chances) >= 0.9
