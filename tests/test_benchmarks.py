"""Do docstrings say what the stored tables of the benchmarks hold, and do these know the truth?"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trends
from trends.models.counts.count_model import fit_counts

EARS = ("ears_c1", "ears_c2", "ears_c3")
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = BENCHMARKS / "results"

pytestmark = pytest.mark.skipif(not RESULTS.exists(), reason="benchmarks are not in the package")


def table(name):
    """Return the stored table of a benchmark."""
    return pd.read_csv(RESULTS / f"{name}.csv")


def share(value):
    """Return a share in two digits, as docstrings write it."""
    return f"{value:.2f}".removeprefix("0").replace("1.00", "1").replace(".00", "0")


def span(values):
    """Return from which share to which several go."""
    return f"{share(values.min())} to {share(values.max())}"


def thousandths(values):
    """Return from which ratio to which several go, in three digits."""
    return " to ".join(f"{one:.3f}".removeprefix("0") for one in (values.min(), values.max()))


def notes(function):
    """Return a docstring in one line."""
    return " ".join(function.__doc__.split())


def test_shared_draws_dismiss_and_find_as_often_as_is_said():
    found = table("shared_calibration")
    served = found["n_series"] * found["has_cell"]

    def number(name, among=None):
        counted = (found[name] * (served if among is None else among)).sum()
        assert counted == pytest.approx(round(counted), abs=0.1)
        return round(counted)

    assert (found["wrongly_dismissed"] == 0).all()
    assert (found["beyond_bound"].fillna(0) == 0).all()
    assert (found["near_detectable"].fillna(1) == 1).all()
    assert number("size_own") == number("size_shared")
    short = found["kind"] != "ar0.8"
    size = (found["size_shared"] * served)[short].sum() / served[short].sum()
    assert (
        f"Of {found['n_series'].sum()} stable series of {len(found)} kinds "
        f"(``benchmarks/shared_calibration.py``) shared draws served "
        f"{number('has_cell', found['n_series'])} and dismissed {number('dismissed')}, none that "
        f"would have been found; the same {number('size_own')} were found either way, "
        f"{share(size)} of those with less memory than a correlation of .8."
    ) in notes(trends.detect_changepoints)


def test_panels_of_very_many_series_take_what_is_said():
    found = table("panel_speed")
    found = found[found["way"] == "whole"].set_index("what")
    months, weeks = found.loc["156 months, shared"], found.loc["520 weeks, shared"]
    for each, n_series in ((months, 1_000), (weeks, 10_000)):
        assert each["n_answered"] == each["n_series"] == n_series
        assert each["minutes_on_two_cores"] == pytest.approx(
            each["processor_seconds"] / 120, rel=1e-2
        )
    assert (
        f"Of 1,000 series of 156 months, one in ten with a doubling, each took "
        f"{share(months['seconds_each'])} processor seconds, of 10,000 of 520 weeks "
        f"{share(weeks['seconds_each'])}, what is made once included: "
        f"{months['minutes_on_two_cores'] * 60:.0f} seconds and "
        f"{weeks['minutes_on_two_cores']:.0f} minutes of two cores"
    ) in notes(trends.analyse_panel)


def test_intervals_of_shares_hold_as_often_as_is_said():
    found = table("shares")
    slow = found["kind"] == "copula0.8"
    held = ["odds_ratio", "share_start", "share_end", "share"]
    (usual, remembered) = (found.loc[which, held].to_numpy() for which in (~slow, slow))
    assert found["n_series"].min() >= 100
    assert (
        f"hold in {span(usual)} of tables, {share(usual.mean())} on average, for binomial and "
        "Dirichlet-multinomial counts, with a monthly correlation of .5 and in bursts; in "
        f"{span(remembered)}, {share(remembered.mean())} on average, with a correlation of .8. "
        f"A change is seen in {share(found.loc[~slow, 'false_change'].mean())} of tables without "
        f"one ({share(found.loc[slow, 'false_change'].mean())} with a correlation of .8)."
    ) in notes(trends.estimate_share)


def test_intervals_of_severity_hold_as_often_as_is_said():
    found = table("severity")
    unlike = found["tail_first"] != found["tail_second"]
    few, many = (
        found[unlike & (found["n_first"] == size) & (found["n_second"] == size)].iloc[0]
        for size in (60, 300)
    )
    assert (
        f"{found['n_series'].min()} pairs and more a cell) intervals hold in "
        f"{span(found.loc[~unlike, 'ratio'])} of pairs with tails of 2.2, 2.4 and 3 on both sides "
        f"({share(found.loc[~unlike, 'ratio'].mean())} on average), but in "
        f"{span(found.loc[unlike, 'ratio'])} with tails of 2.2 against 2.6. There even one who "
        "knows that deaths follow a power law would have to leave the interval without an upper "
        f"end in {share(few['open_oracle'])} of pairs of 60 events each, and in "
        f"{share(many['open_oracle'])} of those of 300."
    ) in notes(trends.compare_severity)


def test_series_of_one_pace_are_told_apart_as_seldom_as_is_said():
    found = table("trend_comparison")
    shared = found[found["correlation"] > 0]
    assert (
        f"{found['n_series'].min()} pairs and more a cell) series of one pace are told apart in "
        f"{span(found['told_apart'])} of cases, where half of their noise is shared in "
        f"{span(shared['told_apart'])}, least where it remembers for long; "
        f"intervals hold in {span(found['coverage'])}. "
        "That one trend alone is clear happens in up to "
        f"{100 * found['apart_by_each'].max():.0f}% of them."
    ) in notes(trends.compare_trends)


@pytest.fixture(scope="module")
def simulation():
    """Return the module that draws series of known truth."""
    spec = importlib.util.spec_from_file_location("simulation", BENCHMARKS / "simulation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["poisson", "nb3", "ar0.5", "ingarch"])
def test_a_benchmark_knows_what_its_counts_are_expected_to_be(simulation, kind):
    path = np.repeat([20.0, 40.0], 8)
    rng = np.random.default_rng(4)
    counts = np.array([simulation.draw(kind, path, rng) for _ in range(4000)])
    # of 4,000 series each mean is known to .25; INGARCH lags by up to 12 events
    missed = counts.mean(axis=0) - simulation.expected(kind, path)
    known = counts.std(axis=0) / np.sqrt(len(counts))
    assert np.abs(missed / known).max() < 4


def test_a_doubling_of_counts_that_feed_themselves_comes_by_and_by(simulation):
    ratios = []
    for n_months in (36, 156):
        after = np.maximum(np.arange(n_months) - (n_months - n_months // 3), -1)
        path = np.where(after >= 0, 40.0, 20.0)
        columns = [np.ones(n_months), np.arange(n_months), after >= 0, np.maximum(after, 0)]
        design = np.column_stack(columns).astype(float)
        counts = simulation.expected("ingarch", path)
        fit = fit_counts(counts, design, np.ones(n_months), family="poisson")
        ratios.append(np.exp(fit.params[2]))
        assert fit.params[3] > 0
    assert (
        f"with 12 after the date show {ratios[0]:.2f} times and a slope that makes up for it, "
        f"156 months {ratios[1]:.2f} times."
    ) in notes(trends.estimate_interruption)


def test_intervals_of_changes_hold_as_often_as_is_said():
    found = table("interruption_coverage")
    kinds = ("poisson", "nb3", "ar0.3", "ar0.5", "ar0.8", "ingarch")
    level, slope = (
        [span(found.loc[found["kind"] == kind, f"coverage_{name}"]) for kind in kinds]
        for name in ("level", "slope")
    )
    unlike = found[found["kind"] != "poisson"]
    assert (
        f"{found['n_series'].min()} series and more a cell, so that a share is known to "
        f"{share(found[['error_coverage_level', 'error_coverage_slope']].max().max())}) 95% "
        f"intervals of the level hold the truth in {level[0]} of Poisson series, {level[1]} of "
        f"negative binomial, {level[2]} of AR(0.3), {level[3]} of AR(0.5), {level[4]} of AR(0.8) "
        f"and {level[5]} of INGARCH ones; those of the slope in {', '.join(slope[:-1])} and "
        f"{slope[-1]}. Newey-West errors with fixed-b critical values hold "
        f"{span(found['coverage_newey_west'])} of all of these, independent Poisson counts "
        f"{span(unlike['coverage_poisson'])} of those that scatter or remember."
    ) in notes(trends.estimate_interruption)


def test_borrowed_trends_are_as_good_as_is_said():
    found = table("borrowed_trends")
    together, found = (found[(found["kind"] == "all") == which] for which in (True, False))
    plain, remembers = (found[found["kind"].str.startswith("ar") == which] for which in (0, 1))
    (all_panels,) = together.to_dict("records")
    assert (
        f"{found['n_panels'].min()} and more panels of 50 series of 36 months a cell) the error is "
        f"{span(found['rmse_ratio'])} of that of separate trends; of one who knows how slopes are "
        "spread, how counts scatter and what they remember it is "
        f"{span(found['rmse_ratio_oracle'])}. Intervals hold in "
        f"{span(plain['coverage_borrowed'])} of Poisson and negative binomial series and in "
        f"{span(remembers['coverage_borrowed'])} of those with a monthly correlation of .5; of the "
        f"tenth that ranks first in {span(found['coverage_borrowed_first'])}, against "
        f"{span(found['coverage_first'])} of the tenth by itself. Of signs with a false sign rate "
        f"below .05 {share(all_panels['false_signs'])} are wrong, where the rates say "
        f"{share(all_panels['stated'])}. Where changes are smallest, a deviation of .1 a year, "
        f"{chosen_of(found, '')}; by who knows all {chosen_of(found, '_oracle')}."
    ) in notes(trends.analyse_panel)


def chosen_of(found, who):
    """Return how many signs are chosen among small changes, and how many of them are wrong."""
    small = found[found["deviation"] == 0.1]
    chosen = small[f"chosen{who}"]
    # Nothing is chosen in some cells, of which no share can be wrong.
    wrong = (chosen * small[f"false_signs{who}"].fillna(0)).sum() / chosen.sum()
    return f"{share(chosen.mean())} are chosen a panel and {share(wrong)} of them are wrong"


def test_forecasts_hold_and_win_what_is_said():
    found = table("forecasts")
    lasting = found["kind"].isin(["season", "doubling", "walk", "bursts"])
    level, other = found[~lasting], found[lasting]
    covered = [span(level[f"coverage_{nominal}"]) for nominal in (50, 80, 95)]
    assert (
        f"{found['n_series'].min()} and more series a cell) intervals of 50, 80 and 95% hold in "
        f"{covered[0]}, {covered[1]} and {covered[2]} of months to come where the level lasts, "
        "with memory, scatter and three in ten months not covered too. Their CRPS is "
        f"{thousandths(level['crps_ratio'])} of that of the better simple distribution, and "
        f"{thousandths(other['crps_ratio'])} with a season, a doubling, a random walk or bursts."
    ) in notes(trends.evaluate_forecasts)


def test_what_there_is_to_win_by_a_forecast_is_as_little_as_is_said():
    found = table("forecast_oracle")
    found = found[found["mean"] == 10]
    estimated, known = (
        thousandths(column)
        for column in (found["crps_ratio_all_estimated"], found["crps_ratio_all_known"])
    )
    months = f"{found['n_months'].min()} to {found['n_months'].max()} months"
    assert (
        f"has to estimate its numbers reaches {estimated} of their CRPS after {months}, who knows "
        f"the numbers too {known} (``benchmarks/forecast_oracle.py``, "
        f"{found['n_series'].min()} series each)."
    ) in notes(trends.evaluate_forecasts)


def false_episodes_as_said():
    """Return what the table of alarms says of false episodes."""
    found = table("alarms")
    usual = found[(found["budget"] == 1) & ~found["gaps"]]
    gaps, rare = found[found["gaps"]], found[found["budget"] < 1]
    short = usual[(usual["n_months"] == 36) & (usual["mean"] == 20)]
    kinds = usual.groupby("kind")
    by_kind = kinds["over_budget"].mean()
    known = kinds["error_over_budget"].apply(lambda each: (each**2).sum() ** 0.5 / len(each))
    beyond = (usual["over_budget"] - 1).abs() - 2 * usual["error_over_budget"] > 0.2
    assert not beyond.any()
    gaps_known = (gaps["error_over_budget"] ** 2).sum() ** 0.5 / len(gaps)
    return (
        f"With one false episode a year allowed to one monthly series, {span(by_kind)} of that "
        "came in simulated series of 36, 60 and 156 months with 1, 5 and 20 events each, by kind "
        f"from Poisson to AR(.8) and INGARCH ({kinds['n_series'].sum().min()} and more of each, so "
        f"that it is known to {share(known.max())}). Of no length and mean of a kind is it clear "
        f"that less than .8 or more than 1.2 came ({usual['n_series'].min()} and more series each, "
        f"known to {share(usual['error_over_budget'].max())}); least came after 36 months with 20 "
        f"events, {span(short['over_budget'])}. Where three months in ten were not "
        f"covered, {share(gaps['over_budget'].mean())} came (known to {share(gaps_known)}): only "
        "9.3 months of the year watched could raise an alarm. Where much less is allowed to each "
        "series (.12 a year, as with eight series and one a year over all), series of 60 months "
        f"with 20 events, {rare['n_series'].min()} and more of each kind, had "
        f"{share(rare['over_budget'].min())} to {share(rare['over_budget'].max())} of what is "
        f"stated, {share(rare['over_budget'].mean())} on average (each known to "
        f"{share(rare['error_over_budget'].min())} to {share(rare['error_over_budget'].max())}): "
        "lines are set for memory as strong as so few months leave possible."
    )


def scenarios_as_said():
    """Return what the tables of the published scenarios say."""
    found, in_r = table("alarm_scenarios"), table("alarm_scenarios_surveillance")
    shown = [
        found.loc[found["trend"] == trend, f"{measure}_budget_1"].mean() * 100
        for measure in ("false_positive", "detected")
        for trend in (True, False)
    ]
    means = in_r.assign(
        false=in_r["false_positive"] / in_r["n"], seen=in_r["detected"] / in_r["n_outbreaks"]
    )
    means = means.groupby("method")[["false", "seen"]].mean()
    own = found["false_positive_budget_1"].mean(), found["detected_budget_1"].mean()
    assert not ((means["false"] < own[0]) & (means["seen"] > own[1])).any()
    beaten = int(((means["false"] > own[0]) & (means["seen"] < own[1])).sum())
    return (
        "In the 42 weekly scenarios of Noufaily and others (2013), at one episode a year, "
        f"{shown[0]:.1f}% of weeks without an outbreak raise an alarm where there is a trend and "
        f"{shown[1]:.1f}% where there is none (known to .3), and {shown[2]:.0f} and "
        f"{shown[3]:.0f}% of outbreaks are detected (known to 3; {found['n_series'].sum()} "
        f"series). Of {len(means)} methods and settings that R's surveillance has or that are "
        "plain regressions, run on the same series, none raises fewer false alarms and detects "
        f"more; {beaten} raise more and detect fewer. ``benchmarks/alarm_scenarios.py`` counts "
        "them."
    )


@pytest.mark.parametrize("said", [false_episodes_as_said, scenarios_as_said])
def test_false_alarms_come_as_often_as_is_said(said):
    assert said() in notes(trends.detect_alarms)


def test_farrington_and_ears_raise_the_alarms_of_r_in_every_scenario():
    here = table("alarm_scenarios")
    cells = [f"{row.parameters}/{row.trend}/{row.waves}" for row in here.itertuples()]
    there = table("alarm_scenarios_surveillance").set_index(["method", "cell"])
    for name, method in (
        ("farrington", "farrington_flexible"),
        *((f"ears_c{n}",) * 2 for n in "123"),
    ):
        of = there.loc[method].loc[cells]
        assert (of["asked"].to_numpy() == here["n_series"]).all()
        assert (of["n"] == of["asked"]).all()
        for measure, n in (("false_positive", "n"), ("detected", "n_outbreaks")):
            assert (of[measure] / of[n]).to_numpy() == pytest.approx(
                here[f"{measure}_{name}"].to_numpy(), rel=2e-3, abs=1e-9
            )
