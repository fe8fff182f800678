"""Is what a figure cannot show in full marked, and is nothing drawn that nobody said?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import trends
from trends.figures import style
from trends.figures.count_series import broken_at
from trends.report.pages import plot_claims, read_names
from trends.tables.definitions import Break


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def months(counts, start="2018-01"):
    index = pd.period_range(start, periods=len(counts), freq="M")
    return trends.as_series(pd.Series(counts, index=index))


def named(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize(("high", "arrows"), [([9, 12, 14.9], 0), ([9, 15.1, 240], 2)])
def test_a_band_that_goes_on_above_the_axis_is_marked_and_named(high, arrows):
    ax = style.new_axes()
    when = pd.date_range("2024-01-01", periods=3, freq="MS")
    style.cut_band(ax, when, np.array(high), top=10.0, highest=15.0, lang="en")
    style.name_above(ax)
    marks = [line for line in ax.get_lines() if line.get_marker() == "^"]
    assert sum(len(line.get_xdata()) for line in marks) == arrows
    if arrows:
        assert ax.get_ylim() == (0, 15)
        assert named(ax) == ["band goes on above, to 240"]


def test_no_line_leads_from_the_course_before_a_date_to_the_one_after():
    rng = np.random.default_rng(1)
    series = months(np.r_[rng.poisson(20, 30), rng.poisson(60, 30), rng.poisson(9, 30)])
    result = trends.estimate_interruption(series, ["2020-07-17", "2023-01"], slope=False)
    ax = result.plot()
    courses = [line for line in ax.get_lines() if len(line.get_xdata()) > len(series)]
    assert len(courses) == 2, "the fitted course, and those carried on"
    for line in courses:
        when, rate = pd.DatetimeIndex(line.get_xdata(orig=True)), line.get_ydata()
        for start in result.changes["start"]:
            at_the_date = rate[when == start.start_time]
            assert np.isnan(at_the_date[0])
            assert np.isfinite(at_the_date[1])
    assert "17 July 2020" in " ".join(text.get_text() for text in ax.texts)


def test_a_course_is_broken_only_within_what_it_covers():
    days = pd.Series(pd.date_range("2024-01-01", periods=3, freq="MS"))
    for start in (days[0] - pd.Timedelta(days=9), days[0], days[2] + pd.Timedelta(days=9)):
        assert broken_at(days, np.ones(3), [start])[1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_known_change_of_counting_is_marked_wherever_the_series_is_drawn(lang):
    rng = np.random.default_rng(2)
    series = months(np.r_[rng.poisson(20, 24), rng.poisson(45, 24)])
    told = Break(date=pd.Timestamp("2020-01-01"), before="all", after="lethal")
    series.attrs["breaks"] = [told._asdict() | {"date": "2020-01-01"}]
    for ask in (trends.estimate_trend, trends.describe_series, trends.detect_changepoints):
        ax = ask(series).plot(lang=lang)
        name = trends.findings.wording.words(lang)["figure"]["declared_jump"]
        lines = [line for line in ax.get_lines() if line.get_label() == name]
        assert [pd.Timestamp(line.get_xdata()[0]) for line in lines] == [pd.Timestamp("2020-01-01")]
        if (legend := ax.get_legend()) is not None:
            assert name in [text.get_text() for text in legend.get_texts()]


def test_alarms_stand_on_an_axis_of_what_was_counted_and_show_their_highest_threshold_whole():
    rng = np.random.default_rng(3)
    ax = trends.detect_alarms(months(rng.poisson(12, 72)), rng=1).plot()
    assert ax.get_ylabel() == "events"
    highest = max(np.nanmax(line.get_ydata().astype(float)) for line in ax.get_lines())
    assert ax.get_ylim()[1] > 1.02 * highest


def test_a_forecast_of_others_is_named_by_who_made_it_and_when():
    statements = trends.read_statements("data/statements.csv")
    scored = trends.score_claims(trends.read_statements("data/forecasts.csv"), statements)
    ax = scored.plot()
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "US Central Command\n17 July 2024"
    ]
    assert [line for line in ax.get_lines() if line.get_marker() == ">"], "no upper end, no arrow"
    ax = plot_claims(scored, lang="ar", names=read_names("data/terms.toml"))
    (name,) = (text.get_text().splitlines()[0] for text in ax.get_yticklabels())
    assert name == "القيادة المركزية الأمريكية (سينتكوم)"
