"""One contract for every result: frozen, defined columns, honest intervals, words, picture."""

import dataclasses
import json
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import trends
from trends.analysis.result import Result
from trends.findings.finding import EVENT, Finding, Subject
from trends.findings.wording import words

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
    "trend": lambda: trends.estimate_trend(made_up_series()),
    "changepoint": lambda: trends.detect_changepoints(made_up_series(), rng=1, n_null=199),
    "power": lambda: trends.detectable_change(made_up_series()),
    "joinpoint": lambda: trends.fit_joinpoints(made_up_series(), max_joinpoints=2),
    "season": lambda: trends.estimate_season(made_up_series()),
    "contradiction": lambda: trends.find_contradictions(made_up_statements()),
    "latent_rate": lambda: trends.estimate_rate(made_up_statements().iloc[:8]),
}


@pytest.fixture(scope="module", params=sorted(RESULTS))
def result(request):
    return RESULTS[request.param]()


def test_a_result_is_frozen(result):
    assert isinstance(result, Result)
    name = dataclasses.fields(result)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, name, None)


def test_every_column_of_its_table_is_in_the_glossary(result):
    assert set(result.to_frame().columns) <= set(trends.glossary)


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


def test_it_turns_into_json(result):
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))


def test_its_repr_is_short_and_names_its_class(result):
    assert repr(result).startswith(type(result).__name__)
    assert len(repr(result)) < 1500


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_its_summary_reads_in_both_languages(result, lang):
    said = result.summary(lang, subject=SUBJECT)
    assert SUBJECT.name(lang) in said
    assert not {"{", "}", "nan", "None", "inf", "<NA>", "NaT"} & set(said.replace(".", " ").split())
    assert "{" not in said
    arabic = sum("\u0600" <= letter <= "\u06ff" for letter in said)
    assert (arabic > len(said) / 4) == (lang == "ar")


def test_it_refuses_a_language_it_does_not_speak(result):
    with pytest.raises(ValueError, match="`lang` must be one of en, ar, got 'fr'"):
        result.summary("fr")


def test_its_findings_are_complete(result):
    found = result.findings(SUBJECT)
    assert found
    assert len({finding.finding_id for finding in found}) == len(found)
    for finding in found:
        assert isinstance(finding, Finding)
        assert finding.finding_id.startswith("made-up.")
        assert finding.method
        assert finding.grade in {"A", "B", "C", "D"} or not finding.graded_by
        for lang in ("en", "ar"):
            assert set(finding.caveats) <= set(words(lang)["caveat"])
        if not math.isnan(finding.conf_low):
            assert finding.conf_low <= finding.estimate <= finding.conf_high


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_it_draws_itself_on_given_axes(result, lang):
    figure, ax = plt.subplots()
    assert result.plot(ax=ax, lang=lang) is ax
    assert ax.has_data()
    figure.canvas.draw()
    plt.close(figure)


def test_notebooks_get_the_summary_above_the_table(result):
    shown = result._repr_html_()
    assert shown.startswith("<p>")
    assert "<table" in shown
