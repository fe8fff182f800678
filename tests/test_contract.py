"""One contract for every result: frozen, defined columns, honest intervals, words, picture."""

import dataclasses
import importlib
import json
import math
import pkgutil
import re

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import trends
import trends.analysis
from trends.analysis.result import Result
from trends.findings.finding import EVENT, Finding, Subject
from trends.findings.wording import number, say, words
from trends.tables.figure import figure_flags, flag_caveats

SUBJECT = Subject(key="made-up", en="Made-up counts", ar="أعداد مصطنعة", noun=EVENT)


def made_up_series(n_periods=72, seed=3):
    """Monthly counts with a step, scatter and a hole that nobody watched."""
    rng = np.random.default_rng(seed)
    mean = np.where(np.arange(n_periods) < n_periods // 2, 8.0, 18.0)
    counts = rng.negative_binomial(mean / 2, 1 / 3)
    periods = pd.period_range("2015-01", periods=n_periods, freq="M", name="period")
    exposure = (periods.end_time.normalize() - periods.start_time).days.to_numpy() + 1.0
    frame = pd.DataFrame(
        {"count": pd.array(counts, dtype="Int64"), "exposure": exposure}, index=periods
    )
    frame.iloc[10:13, 0] = pd.NA
    frame.iloc[10:13, 1] = 0.0
    return frame


def made_up_vintages(n_periods=40, first=12, seed=3):
    """Monthly counts as they stood on ten days of later months: some come late, few are wrong."""
    rng = np.random.default_rng(seed)
    periods = pd.period_range("2020-01", periods=n_periods, freq="M")
    late = rng.multinomial(rng.poisson(60, n_periods), [0.7, 0.2, 0.07, 0.03]).cumsum(axis=1)
    rows = []
    for newest in range(first, n_periods):
        ages = np.minimum(newest - np.arange(newest + 1), 3)
        rows.append(
            pd.DataFrame(
                {
                    "period": periods[: newest + 1],
                    "count": pd.array(late[np.arange(newest + 1), ages], dtype="Int64"),
                    "exposure": periods[: newest + 1].days_in_month.astype(float),
                    "complete": True,
                    "as_of": periods[newest].end_time.normalize() + pd.Timedelta(days=10),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def made_up_statements():
    """Two counters over four years, one of them contradicting itself."""
    rows = []
    for year in range(2020, 2024):
        rows += [
            statement(f"a-{year}", count=100 + 10 * (year - 2020), year=year, counted_by="A"),
            statement(f"b-{year}", count=60 + 5 * (year - 2020), year=year, counted_by="B"),
        ]
    part = statement("a-2023-part", count=500, year=2023, counted_by="A")
    part.update(part_of="a-2023", part_kind="area", area="North")
    return pd.DataFrame([*rows, part]).astype(
        {"count_low": "Int64", "count": "Int64", "count_high": "Int64"}
    )


def statement(statement_id, *, count, year, counted_by):
    return {
        "statement_id": statement_id,
        "measure": "events",
        "count_low": pd.NA,
        "count": count,
        "count_high": pd.NA,
        "qualifier": "exact",
        "window_start": pd.Timestamp(year, 1, 1),
        "window_end": pd.Timestamp(year, 12, 31),
        "window_basis": "stated",
        "country": "Syria",
        "area": "Syria",
        "control_area": "all",
        "actor": None,
        "counted_by": counted_by,
        "source_kind": "monitor",
        "published_by": counted_by,
        "published_on": pd.NaT,
        "url": None,
        "document": None,
        "part_of": None,
        "part_kind": None,
        "role": "primary",
        "reading": "direct",
        "note": None,
    }


def made_up_counts():
    """Return the counts of three groups, one of them without an event."""
    parts = []
    for name, series in (
        ("North", made_up_series(seed=5)),
        ("South", made_up_series(seed=6)),
        ("Void", made_up_series(seed=7) * 0),
    ):
        part = series.reset_index().assign(district=name, complete=True)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def made_up_events(seed, size):
    """Return 60 events with a heavy tail of deaths and bounds around them."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2022-01-01", periods=60, freq="6D")
    best = np.floor(size * (1 + rng.pareto(1.5, 60)))
    return pd.DataFrame(
        {
            "event_id": days.astype("str"),
            "start": days,
            "country": "Iraq",
            "fatalities_low": np.floor(best / 2),
            "fatalities_best": best,
            "fatalities_high": best + 3,
        }
    )


def made_up_claims():
    """A forecast made in the middle of a year, and the year's count."""
    year = statement("a-2023", count=140, year=2023, counted_by="A")
    said = {
        **statement("a-2023-pace", count=120, year=2023, counted_by="A"),
        "qualifier": "more_than",
        "published_on": pd.Timestamp("2023-07-03"),
        "forecast_of": "a-2023",
    }
    return pd.DataFrame([said, year]).astype(
        {"count_low": "Int64", "count": "Int64", "count_high": "Int64"}
    )


RESULTS = {
    "rate": lambda: trends.compare_rates(
        (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31")
    ),
    "figure_rate": lambda: trends.figure_rate((294, "2024-01-01", "2024-12-31")),
    "reporting": lambda: trends.compare_reporting(
        made_up_statements().query("counted_by == 'A'").iloc[:4],
        made_up_statements().query("counted_by == 'B'"),
        date="2022-01-01",
    ),
    "periods": lambda: trends.compare_periods(
        made_up_series(), ("2019-01", "2019-12"), ("2017-01", "2017-12")
    ),
    "delay": lambda: trends.reporting_delay(made_up_vintages()),
    "alarm": lambda: trends.detect_alarms(made_up_series(), rng=1),
    "forecast_claim": lambda: trends.score_claims(made_up_claims()),
    "trend": lambda: trends.estimate_trend(made_up_series()),
    "trend_comparison": lambda: trends.compare_trends(made_up_series(), made_up_series(seed=4)),
    "changepoint": lambda: trends.detect_changepoints(made_up_series(), rng=1, n_null=199),
    "description": lambda: trends.describe_series(made_up_series(), rng=1),
    "power": lambda: trends.detectable_change(made_up_series()),
    "forecast": lambda: trends.forecast_counts(made_up_series(70), 14, n_draws=500, rng=1),
    "forecast_evaluation": lambda: trends.evaluate_forecasts(
        made_up_series(), horizon=3, n_origins=12
    ),
    "interruption": lambda: trends.estimate_interruption(
        made_up_series(), ["2018-01", "2019-06-15"], controls={"Elsewhere": made_up_series(seed=4)}
    ),
    "ranking": lambda: trends.rank_groups(
        made_up_counts(),
        by="district",
        first=(2019, 2019),
        second=(2016, 2016),
        top=1,
        n_jobs=1,
        rng=1,
    ),
    "severity": lambda: trends.compare_severity(made_up_events(1, 3), made_up_events(2, 2), rng=1),
    "shares": lambda: trends.estimate_share(
        made_up_counts().query("district != 'Void'"), of="North", by="district"
    ),
    "panel": lambda: trends.analyse_panel(made_up_counts(), "trend", by="district", n_jobs=1),
    "joinpoint": lambda: trends.fit_joinpoints(made_up_series(), max_joinpoints=2),
    "season": lambda: trends.estimate_season(made_up_series()),
    "contradiction": lambda: trends.find_contradictions(made_up_statements()),
    "latent_rate": lambda: trends.estimate_rate(made_up_statements().iloc[:8]),
}


@pytest.fixture(scope="module", params=sorted(RESULTS))
def result(request):
    return RESULTS[request.param]()


def subclasses(kind):
    """Return every class that derives from a class."""
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_result_of_the_package_keeps_the_contract():
    for module in pkgutil.walk_packages(trends.analysis.__path__, "trends.analysis."):
        importlib.import_module(module.name)
    own = [kind for kind in subclasses(Result) if kind.__module__.startswith("trends.")]
    assert {kind.__module__.rpartition(".")[2] for kind in own} == set(RESULTS)
    assert {type(make()) for make in RESULTS.values()} == set(own)
    assert {kind.__name__ for kind in own} <= set(dir(trends))


def test_a_result_is_frozen(result):
    assert isinstance(result, Result)
    name = dataclasses.fields(result)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, name, None)


def test_a_table_of_models_gets_a_row_for_each_row_of_its_own_by_a_name_that_stands_once(result):
    frame, table = result.to_frame(), result.__maketables_coef_table__
    assert table.index.is_unique
    assert table.index.name == "Coefficient"
    assert len(table) == len(frame)
    estimate = "estimate" if "estimate" in frame else "ratio"
    for name, column in {"b": estimate, "se": "std_error", "p": "p_value"}.items():
        if name == "p" and isinstance(result, trends.RateComparison):
            continue
        known = pd.to_numeric(frame[column], errors="coerce") if column in frame else np.nan
        expected = np.broadcast_to(np.asarray(known, float), len(frame))
        np.testing.assert_array_equal(table[name], expected)
    if "term" in frame:
        terms = zip(table.index, frame["term"], strict=True)
        assert all(str(term) in name for name, term in terms)
    stats = result.__maketables_default_stat_keys__
    told, glance = [result.__maketables_stat__(key) for key in stats], result.glance()
    assert stats
    np.testing.assert_array_equal(told, glance[stats].iloc[0].to_list())
    assert result.__maketables_stat__("adj_r2") is None


def test_a_table_of_models_gives_two_totals_no_stars_that_their_words_would_not():
    rates = trends.compare_rates("294 in 2024", "121 in 2023")
    table = rates.__maketables_coef_table__
    assert rates.p_value < 1e-9
    wide = [rates.wide_p_value, rates.wide_low, rates.wide_high]
    assert table.loc["ratio", ["p", "low", "high"]].to_list() == wide
    assert rates.wide_p_value > 0.05
    # An interval for Poisson counts would exclude 0 beside a ratio that is not clear.
    assert table.loc["difference", ["p", "low", "high"]].isna().all()


def test_the_p_value_of_a_row_agrees_with_its_interval(result):
    frame = result.to_frame()
    alpha = 1 - result.conf_level if hasattr(result, "conf_level") else 0.05
    none = {"difference": 0.0, "slope": 0.0} | dict.fromkeys(
        ("annual_percent_change", "change_first", "change_second", "change_total", "average"), 0.0
    )
    of_ratio = ("ratio", "level", "share", "claims", "others", "odds_ratio", "observed_ratio")
    none |= dict.fromkeys(of_ratio, 1.0)
    if isinstance(result, trends.Interruption):
        none["slope"] = 1.0  # of yearly factors, where a trend's is of logarithms
    for row in frame.to_dict("records"):
        null, p_value = none.get(str(row.get("term"))), row.get("p_value", np.nan)
        if null is None or pd.isna(p_value) or pd.isna(row.get("conf_low", np.nan)):
            continue
        assert (p_value < alpha) == (not row["conf_low"] <= null <= row["conf_high"]), row
        wide = row.get("wide_p_value", np.nan)
        if not pd.isna(wide):
            assert (wide < alpha) == (not row["wide_low"] <= null <= row["wide_high"]), row


def test_every_column_of_its_table_is_in_the_glossary(result):
    # The columns that name a group are the user's own.
    named = set(getattr(result, "by", ()))
    assert set(result.to_frame().columns) - named <= set(trends.glossary)


def test_the_overview_is_one_row(result):
    assert len(result.glance()) == 1


def test_intervals_lie_around_their_estimates(result):
    frame = result.to_frame()
    for low, middle, high in (
        ("conf_low", "estimate", "conf_high"),
        ("ratio_low", "ratio", "ratio_high"),
    ):
        if {low, middle, high} <= set(frame.columns):
            known = frame[[low, middle, high]].dropna()
            assert (known[low] <= known[middle]).all()
            assert (known[middle] <= known[high]).all()


LEVELS = ((0.01, 0.99), (0.5, 0.5))
INTERVALS = (("conf_low", "conf_high"), ("ratio_low", "ratio_high"))


#: The interval of a share of simulated series tells of the simulation, not of the counts.
SIMULATED = {"power_simulated"}


def rows_at(result, alpha):
    """Return a result's table at a level, its rows named by what they are about."""
    frame = result.to_frame(alpha=alpha)
    if "term" in frame:
        frame = frame[~frame["term"].isin(SIMULATED)]
    names = [name for name in ("term", "method", "period") if name in frame]
    return frame.set_index(names) if names and frame.set_index(names).index.is_unique else frame


def test_a_table_has_the_level_it_is_asked_for_and_a_higher_level_is_wider(result):
    wide, narrow = (rows_at(result, alpha) for alpha, _ in LEVELS)
    for frame, (_, level) in zip((wide, narrow), LEVELS, strict=True):
        if "conf_level" in frame:
            assert frame["conf_level"].tolist() == pytest.approx([level] * len(frame))
    # What is said only where the interval allows it, such as a doubling time, may come or go.
    assert wide.index.isin(narrow.index).all()
    narrow = narrow.loc[wide.index]
    for low, high in INTERVALS:
        if {low, high} <= set(wide.columns):
            known = (wide[low].notna() & narrow[low].notna()).to_numpy()
            assert (wide[low][known] <= narrow[low][known]).all()
            assert (wide[high][known] >= narrow[high][known]).all()
            # A set of whole periods may stay as it is; numbers may not.
            if known.any() and pd.api.types.is_numeric_dtype(wide[low]):
                assert (wide[high] - wide[low] > narrow[high] - narrow[low])[known].any()


def test_its_table_at_its_own_level_is_the_default(result):
    pd.testing.assert_frame_equal(result.to_frame(), result.to_frame(alpha=1 - result.conf_level))


def test_it_turns_into_json(result):
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))


def test_its_repr_is_short_and_names_its_class(result):
    assert repr(result).startswith(type(result).__name__)
    assert len(repr(result)) < 1500


def nothing_raw(said):
    """Tell whether a text holds no value that was left unworded, and no open slot."""
    raw = {"nan", "None", "inf", "<NA>", "NaT"}
    return bool(said) and "{" not in said and not raw & set(re.split(r"[\s.,;:()]+", said))


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_its_summary_reads_in_both_languages(result, lang):
    said = result.summary(lang, subject=SUBJECT)
    assert SUBJECT.name(lang) in said
    assert nothing_raw(said)
    arabic = sum("\u0600" <= letter <= "\u06ff" for letter in said)
    assert (arabic > len(said) / 4) == (lang == "ar")


def test_it_refuses_a_language_it_does_not_speak(result):
    with pytest.raises(ValueError, match="`lang` must be one of en, ar, fr, got 'de'"):
        result.summary("de")


def quiet_series(first=60, silent=24):
    """Monthly counts that stop for good."""
    counts = np.append(np.random.default_rng(2).poisson(9, first), np.zeros(silent, int))
    periods = pd.period_range("2015-01", periods=first + silent, freq="M", name="period")
    return trends.as_series(pd.Series(counts, index=periods))


#: Results whose findings are others than those of `RESULTS`.
OTHERS = {
    "a rate of nothing": lambda: trends.compare_rates(
        (0, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31")
    ),
    "stretches alike": lambda: trends.compare_periods(
        quiet_series(60, 0), ("2018-01", "2018-12"), ("2016-01", "2016-12")
    ),
    "a stretch of nothing": lambda: trends.compare_periods(
        trends.as_series(pd.Series([3] * 20 + [0] * 40, index=quiet_series().index[:60])),
        ("2016-08", "2016-12"),
        ("2017-01", "2017-06"),
    ),
    "late reports by declaration": lambda: trends.reporting_delay(
        made_up_vintages(), incomplete_periods=5
    ),
    "a trend of few months": lambda: trends.estimate_trend(made_up_series(14)),
    "a trend that stopped": lambda: trends.estimate_trend(quiet_series()),
    "a trend that started": lambda: trends.estimate_trend(
        trends.as_series(pd.Series(quiet_series()["count"].to_numpy()[::-1],
                                   index=quiet_series().index))
    ),
    "shifts at dates named": lambda: trends.detect_changepoints(
        made_up_series(), rng=1, n_null=199, candidates=["2018-01", "2016-05"]
    ),
    "no shift": lambda: trends.detect_changepoints(quiet_series(60, 0), rng=1, n_null=199),
    "a shift to nothing": lambda: trends.detect_changepoints(quiet_series(), rng=1, n_null=199),
    "the islamic year": lambda: trends.estimate_season(made_up_series(), calendar="hijri"),
    "a step to be seen": lambda: trends.detectable_change(
        made_up_series(), change="step", n_draws=0
    ),
    "an effect that ends": lambda: trends.estimate_interruption(
        made_up_series(), "2018-01", temporary=3, slope=False
    ),
    "a straight line": lambda: trends.fit_joinpoints(quiet_series(60, 0), max_joinpoints=1),
    "figures that agree": lambda: trends.find_contradictions(made_up_statements().iloc[:8]),
    "one source": lambda: trends.estimate_rate(
        made_up_statements().query("counted_by == 'A'").iloc[:4]
    ),
    "one level": lambda: trends.describe_series(quiet_series(60, 0), rng=1),
    "one after another": lambda: trends.describe_series(quiet_series(), rng=1),
}  # fmt: skip


def test_its_findings_are_complete(result):
    check_findings(result)


@pytest.mark.parametrize("name", OTHERS)
def test_findings_said_only_of_some_results_are_complete(name):
    check_findings(OTHERS[name]())


def check_findings(result):
    """Check what every finding has, whatever it says."""
    found = result.findings(SUBJECT)
    assert found
    assert len({finding.finding_id for finding in found}) == len(found)
    for finding in found:
        assert isinstance(finding, Finding)
        assert finding.finding_id.startswith("made-up.")
        assert finding.question in RESULTS
        assert isinstance(finding.subject, Subject)
        for name in ("estimate", "conf_low", "conf_high", "conf_level", "p_value"):
            assert isinstance(getattr(finding, name), float), name
        assert finding.inputs.records
        # What was estimated is graded; what was only counted has no grade.
        assert finding.grade in {"A", "B", "C", "D"} or finding.quantity.startswith("n_")
        for lang in ("en", "ar"):
            explained = words(lang)["explain"]
            assert finding.method in explained["method"]
            assert finding.quantity in explained["quantity"]
            named = {key.partition(":")[0] for key in finding.caveats}
            assert named <= set(words(lang)["caveat"])
            assert not finding.sentence or nothing_raw(str(say(finding, lang)))
        if math.isnan(finding.estimate):
            # nothing is estimated where nothing is excluded
            assert (finding.conf_low, finding.conf_high) == (0.0, math.inf)
        elif not math.isnan(finding.conf_low):
            assert finding.conf_low <= finding.estimate <= finding.conf_high


def test_findings_with_an_interval_or_a_test_have_the_level_of_their_result(result):
    own = result._module_name()
    found = dataclasses.replace(result, conf_level=0.9).findings(SUBJECT)
    # a panel hands on what each of its series found, at the level that question was asked at
    told = [one for one in found if one.question == own]
    told = [one for one in told if math.isfinite(one.conf_low) or one.p_value == one.p_value]
    assert {one.conf_level for one in told} <= {0.9}


def test_a_finding_prints_the_number_of_its_result(result):
    """At least one finding of every result is a number of its table, or counts its rows."""
    frame = result.to_frame()
    names = [name for name in ("estimate", "ratio") if name in frame]
    numbers = {float(one) for name in names for one in frame[name]} | {float(len(frame))}
    numbers |= {float(one) for one in result.glance().iloc[0] if isinstance(one, float | int)}
    said = [finding for finding in result.findings(SUBJECT) if finding.estimate in numbers]
    assert said
    assert all(number(finding) for finding in said)


#: Shares of simulated or of other dates, and what only describes the fit: the interval and the test
#: of their rows are about something else.
OF_SOMETHING_ELSE = {"placebo_share", "dispersion"}


def test_a_finding_prints_the_interval_and_the_p_value_of_its_row(result):
    """Where one row alone has its estimate; two rates are said with what their scatter widens."""
    frame = result.to_frame()
    trios = [("ratio", "ratio_low", "ratio_high"), ("estimate", "conf_low", "conf_high")]
    trios = [one for one in trios if set(one) <= set(frame.columns)]
    if not trios or isinstance(result, trends.RateComparison):
        return
    compared = 0
    for finding in result.findings(SUBJECT):
        for name, low, high in trios:
            rows = frame[frame[name] == finding.estimate]
            if len(rows) == 1 and finding.quantity not in OF_SOMETHING_ELSE:
                compared += 1
                own = rows.iloc[0]
                said = (finding.conf_low, finding.conf_high)
                assert said == pytest.approx((own[low], own[high]), nan_ok=True)
                if "p_value" in frame:
                    assert finding.p_value == pytest.approx(own["p_value"], nan_ok=True)
    assert compared or result._module_name() in {"season", "description", "forecast_evaluation"}


# ------- pictures


def day(period):
    """Return where the first day of a period stands on an axis of dates."""
    return float(mdates.date2num(pd.Timestamp(period.start_time)))


def artists(ax):
    """Return every coordinate drawn on axes, along and up."""
    along, up = [], []
    for line in ax.lines:
        along += list(np.ravel(line.get_xdata(orig=False)))
        up += list(np.ravel(line.get_ydata(orig=False)))
    for collection in ax.collections:
        for path in collection.get_paths():
            along += list(path.vertices[:, 0])
            up += list(path.vertices[:, 1])
        along += list(np.asarray(collection.get_offsets())[:, 0])
        up += list(np.asarray(collection.get_offsets())[:, 1])
    for patch in ax.patches:
        corners = patch.get_patch_transform().transform(patch.get_path().vertices)
        along += list(corners[:, 0])
        up += list(corners[:, 1])
    return np.array(along, dtype=float), np.array(up, dtype=float)


def rates(series):
    """Return events per 30.4375 days of the periods with a count."""
    seen = series[series["count"].notna()]
    return (30.4375 * seen["count"].astype(float) / seen["exposure"]).tolist()


#: Numbers of each result that must be seen along its figure, and up it.
DRAWN = {
    "rate": lambda r: (
        [
            r.rate_first, r.rate_first_low, r.rate_first_high,
            r.rate_second, r.rate_second_low, r.rate_second_high,
        ],
        [],
    ),
    "figure_rate": lambda r: ([r.estimate, r.conf_low, r.conf_high], []),
    "alarm": lambda r: (
        [day(period) for period in r.watched["period"]],
        [
            *r.series[0]["count"].astype(float), *r.watched["expected"],
            *r.watched["threshold_low"], *r.watched["threshold_high"],
        ],
    ),
    "forecast_claim": lambda r: (
        [*r.scores["said_low"], *r.scores["came_low"], *r.scores["came_high"]],
        [],
    ),
    "delay": lambda r: (
        list(r.to_frame()["age"]),
        [
            100 * (1 - share)
            for name in ("estimate", "conf_low", "conf_high")
            for share in r.to_frame()[name]
        ],
    ),
    "reporting": lambda r: (
        [
            r.claims_ratio, r.claims_low, r.claims_high, r.others_ratio, r.others_low,
            r.others_high, r.share_ratio, r.share_low, r.share_high, 1.0,
        ],
        [],
    ),
    "periods": lambda r: (
        [day(period) for stretch in (r.first, r.second) for period in stretch[:1]],
        [
            *rates(r.series), r.rate_first, r.rate_first_low, r.rate_first_high,
            r.rate_second, r.rate_second_low, r.rate_second_high,
        ],
    ),
    "trend": lambda r: (
        [day(period) for period in r.fitted["period"]],
        [
            *rates(r.series), *r.fitted["fitted_rate"], *r.fitted["conf_low"],
            *r.fitted["conf_high"],
        ],
    ),
    "trend_comparison": lambda r: (
        [day(period) for period in r.fitted["period"]],
        [*r.fitted["fitted_first"], *r.fitted["fitted_second"]]
        + [rate for rate in (*rates(r.first), *rates(r.second)) if rate > 0],
    ),
    "changepoint": lambda r: (
        [
            day(period)
            for one in r.changepoints
            for period in (one.period, *one.confidence_set(alpha=1 - r.conf_level))
        ],
        [
            *rates(r.series),
            *(rate for one in r.changepoints for rate in (one.rate_before, one.rate_after)),
        ],
    ),
    "description": lambda r: (
        [day(period) for period in r.fitted["period"]],
        [*rates(r.series), *r.curves["level_rate"]],
    ),
    "power": lambda r: (
        [*r.curve["ratio"], r.ratio_up],
        [*r.curve["power"], r.power_simulated_low, r.power_simulated_high, r.power],
    ),
    "forecast": lambda r: (
        [day(period) for period in r.periods],
        [
            *r.series["count"].dropna().iloc[-24:].astype(float),
            *(number for name in ("estimate", "conf_low", "conf_high") for number in r.fan()[name]),
        ],
    ),
    "forecast_evaluation": lambda r: (
        [day(one) for one in r.scores.query("model == 'forecast' and horizon == 1")["period"]],
        [
            number
            for name in ("count", "low_50", "high_50", "low_80", "high_80", "low_95", "high_95")
            for number in r.scores.query("model == 'forecast' and horizon == 1")[name]
        ],
    ),
    "interruption": lambda r: (
        [day(period) for period in (*r.fitted["period"], *r.dates)],
        [
            *rates(r.series),
            *(
                rate
                for name in ("fitted_rate", "counterfactual_rate", "conf_low", "conf_high")
                for rate in r.fitted[name]
            ),
        ],
    ),
    "ranking": lambda r: (
        [one for name in ("rate_first", "rate_second") for one in r.groups[name]],
        [],
    ),
    "severity": lambda r: (
        [one for which in (r.first, r.second) for one in which["best"] if one >= 1],
        [
            float((which["best"] >= one).mean())
            for which in (r.first, r.second)
            for one in which["best"]
            if one >= 1
        ],
    ),
    "shares": lambda r: (
        [day(period) for period in r.fitted["period"]],
        [
            one
            for name in ("share", "fitted_share", "conf_low", "conf_high")
            for one in r.fitted[name]
        ],
    ),
    "panel": lambda r: (
        [one for name in ("estimate", "conf_low", "conf_high") for one in r.answers[name]],
        [],
    ),
    "joinpoint": lambda r: (
        [
            day(period)
            for join in r.joinpoints.itertuples()
            for period in (join.period, join.conf_low)
        ],
        [rate for rate in rates(r.series) if rate > 0] + list(r.fitted["fitted_rate"]),
    ),
    "season": lambda r: (
        [],
        [
            one
            for name in ("estimate", "conf_low", "conf_high")
            for one in r.to_frame()[name]
        ],
    ),
    "contradiction": lambda r: (
        [
            float(mdates.date2num(when))
            for name in r.conflicts["statement_ids"].iloc[0].split("; ")
            for when in r.statements.set_index("statement_id").loc[
                name, ["window_start", "window_end"]
            ] + pd.Series({"window_start": pd.Timedelta(0), "window_end": pd.Timedelta(days=1)})
        ],
        [],
    ),
    "latent_rate": lambda r: (
        [float(mdates.date2num(day)) for day in r.statements["window_start"]],
        [
            one
            for name in ("estimate", "conf_low", "conf_high")
            for one in r.to_frame().query("term == 'rate'")[name]
        ],
    ),
}  # fmt: skip


def missing(expected, drawn):
    """Return the numbers that nothing is drawn at."""
    known = [one for one in expected if np.isfinite(one)]
    return [one for one in known if not np.isclose(drawn, one, rtol=1e-9, atol=1e-12).any()]


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_it_draws_its_numbers_on_given_axes(result, lang):
    figure, ax = plt.subplots()
    assert result.plot(ax=ax, lang=lang) is ax
    figure.canvas.draw()
    along, up = DRAWN[result._module_name()](result)
    assert len([*along, *up]) >= 3
    seen_along, seen_up = artists(ax)
    assert missing(along, seen_along) == []
    assert missing(up, seen_up) == []
    plt.close(figure)


def test_what_is_drawn_is_looked_at_number_by_number(result):
    """A figure of numbers a little off must not pass for one of the result's."""
    _, ax = plt.subplots()
    result.plot(ax=ax)
    for expected, drawn in zip(DRAWN[result._module_name()](result), artists(ax), strict=True):
        off = [1.0003 * one for one in expected if np.isfinite(one) and one not in (0.0, 1.0)]
        assert len(missing(off, drawn)) >= 0.5 * len(off)
    plt.close(ax.figure)


def test_no_names_lie_on_what_is_drawn(result):
    """A legend within the axes hides counts sooner or later."""
    figure, ax = plt.subplots(layout="constrained")
    result.plot(ax=ax)
    figure.canvas.draw()
    if (legend := ax.get_legend()) is not None:
        assert legend.get_window_extent().y0 >= ax.get_window_extent().y1 - 1
    plt.close(figure)


def test_notebooks_get_the_summary_above_the_table(result):
    shown = result._repr_html_()
    assert shown.startswith("<p>")
    assert "<table" in shown


# ------- what a row knows of itself reaches the finding

#: What a figure may say of itself, by column.
FLAGGED = [
    (column, word)
    for column, said in {
        "qualifier": ("about", "at_least", "more_than"),
        "reading": ("secondary", "weak"),
        "role": ("requoted", "rival"),
        "window_basis": ("inferred",),
        "scope_basis": ("inferred",),
    }.items()
    for word in said
]

#: What each question makes of monthly figures of the counters A and B.
OF_STATEMENTS = {
    "trend": lambda rows: trends.estimate_trend(series_of(rows)),
    "changepoint": lambda rows: trends.detect_changepoints(series_of(rows), rng=1, n_null=99),
    "description": lambda rows: trends.describe_series(series_of(rows), rng=1),
    "power": lambda rows: trends.detectable_change(series_of(rows), n_draws=0),
    "joinpoint": lambda rows: trends.fit_joinpoints(series_of(rows), max_joinpoints=1),
    "season": lambda rows: trends.estimate_season(series_of(rows)),
    "latent_rate": lambda rows: trends.estimate_rate(rows, smoothing=100.0),
    "reporting": lambda rows: trends.compare_reporting(
        rows[rows["counted_by"] == "A"], rows[rows["counted_by"] == "B"], date="2022-01-01"
    ),
}


def series_of(rows):
    """The first counter's figures as a count series."""
    return trends.statement_series(rows, measure="attacks", counted_by="A")


def monthly_figures(flags):
    """Three years of monthly figures of two counters, some of the first with a flag each."""
    months = pd.period_range("2021-01", periods=36, freq="M")
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {
            "statement_id": [f"{name}-{month}" for name in "AB" for month in months],
            "measure": "attacks",
            "count": np.concatenate([rng.poisson(12, 36), rng.poisson(8, 36)]),
            "qualifier": "exact",
            "counted_by": np.repeat(["A", "B"], 36),
            "source_kind": "monitor",
            "country": "Syria",
            "window_start": list(months.start_time) * 2,
            "window_end": list(months.end_time.normalize()) * 2,
            "window_basis": "stated",
            "scope_basis": "stated",
            "reading": "direct",
            "role": "primary",
        }
    )
    for place, (column, word) in enumerate(flags, start=2):
        rows.loc[place, column] = word
    return rows


def caveats_of(flags):
    """The caveats that flags stand for."""
    return {flag_caveats(figure_flags({column: word}))[0] for column, word in flags}


@pytest.mark.parametrize("question", sorted(OF_STATEMENTS))
def test_no_flag_of_a_figure_is_lost_on_its_way_through_a_series(question):
    made = OF_STATEMENTS[question](monthly_figures(FLAGGED))
    # The multiplier of the second counter rests on that counter's figures.
    graded = [
        one for one in made.findings() if one.graded_by and "multiplier" not in one.finding_id
    ]
    assert graded
    for finding in graded:
        assert caveats_of(FLAGGED) <= set(finding.caveats), finding.finding_id


@pytest.mark.parametrize("word", ["weak", "rival"])
@pytest.mark.parametrize("question", sorted(OF_STATEMENTS))
def test_a_weak_or_rival_figure_lets_no_finding_be_better_than_c(question, word):
    flags = [one for one in FLAGGED if one[1] == word]
    made = OF_STATEMENTS[question](monthly_figures(flags))
    grades = [one.grade for one in made.findings() if "multiplier" not in one.finding_id]
    assert set(grades) <= {"C", "D", None}


@pytest.mark.parametrize(("column", "word"), FLAGGED)
def test_no_flag_of_a_figure_is_lost_between_its_row_and_a_rate(column, word):
    rows = monthly_figures([(column, word)])
    flagged, later = rows.iloc[2], rows.iloc[9]
    for made in (trends.figure_rate(flagged), trends.compare_rates(flagged, later)):
        graded = [one for one in made.findings() if one.graded_by]
        assert graded
        for finding in graded:
            assert caveats_of([(column, word)]) <= set(finding.caveats), finding.finding_id
            assert word not in ("weak", "rival") or finding.grade in ("C", "D")


def test_a_conflict_shows_how_firmly_its_figures_were_read():
    rows = monthly_figures([("reading", "weak")])
    total = int(rows["count"].iloc[:12].sum())
    year = rows.iloc[[0]].assign(
        statement_id="year", count=total - 20, window_end=pd.Timestamp("2021-12-31")
    )
    found = trends.find_contradictions(pd.concat([rows, year], ignore_index=True))
    worst = [one for one in found.findings() if one.graded_by and one.estimate]
    assert any("weak_reading" in one.caveats for one in worst)
