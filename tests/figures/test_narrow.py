"""Can a figure be read on a telephone without moving it sideways?"""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import trends
from trends.figures import count_series, narrow, style, windows
from trends.figures.diagnostics import plot_diagnostics
from trends.figures.tiles import plot_tiles
from trends.tables.places import read_tile_grid

#: Pixels of a figure's box on a screen of 360 pixels, and height of the smallest letters there.
BOX, LEAST = 309, 9.0


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def monthly():
    rng = np.random.default_rng(4)
    counts = np.r_[rng.poisson(40, 40), rng.poisson(12, 40)]
    return trends.as_series(
        pd.Series(counts, index=pd.period_range("2016-01", periods=80, freq="M"))
    )


@pytest.fixture(scope="module")
def statements():
    return trends.read_statements("data/statements.csv")


def _ranking():
    table = trends.read_counts("data/is_events_monthly_syria_governorates.csv")
    return trends.rank_groups(
        table, by="governorate", first=(2019, 2020), second=(2017, 2018), n_jobs=1, rng=1
    )


@pytest.fixture(scope="module")
def ranking():
    return _ranking()


DRAWN = {
    "interruption": lambda known, lang: trends.estimate_interruption(
        known["monthly"], ["2019-05-17", "2021-02"], slope=False
    ).plot(lang=lang),
    "alarms": lambda known, lang: trends.detect_alarms(known["monthly"], rng=1).plot(lang=lang),
    "trend": lambda known, lang: trends.estimate_trend(known["monthly"]).plot(lang=lang),
    "checks": lambda known, lang: plot_diagnostics(
        trends.estimate_trend(known["monthly"]).diagnostics, lang=lang
    ),
    "season": lambda known, lang: trends.estimate_season(known["monthly"]).plot(lang=lang),
    "forecast": lambda known, lang: trends.forecast_counts(known["monthly"], 6, rng=1).plot(
        lang=lang
    ),
    "claims": lambda known, lang: trends.score_claims(
        trends.read_statements("data/forecasts.csv"), known["statements"]
    ).plot(lang=lang),
    "conflicts": lambda known, lang: trends.find_contradictions(known["statements"]).plot(
        lang=lang
    ),
    "places": lambda known, lang: known["ranking"].plot(lang=lang),
    "map": lambda known, lang: plot_tiles(
        known["ranking"], read_tile_grid("data/places.csv", country="Syria"), lang=lang
    ),
    "panels": lambda known, lang: known["ranking"].panel.small_multiples(lang=lang),
    "windows": lambda known, lang: windows.plot(
        known["statements"][known["statements"]["measure"] == "attacks"], lang=lang
    ),
    "counters": lambda known, lang: count_series.plot_panels(
        {"Somebody who counts": known["monthly"], "Somebody else": known["monthly"]}, lang=lang
    ),
}


def written(figure):
    """Return every text that is shown, with the box that its letters fill."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    hidden = {
        id(label)
        for ax in figure.axes
        if not ax.axison
        for axis in (ax.xaxis, ax.yaxis)
        for label in axis.findobj(Text)
    }
    shown = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip():
            continue
        box = text.get_window_extent(renderer)
        if id(text) not in hidden and box.width and box.height:
            shown.append((text.get_text(), text.get_fontsize(), box))
    return shown


def drawn_ticks_only(figure, found):
    """Leave out labels of ticks beyond the ends of an axis, which nothing draws."""
    kept = []
    for name, size, box in found:
        if any(
            name in [label.get_text() for label in axis.get_ticklabels()]
            and not _within(axis, name)
            for ax in figure.axes
            for axis in (ax.xaxis, ax.yaxis)
        ):
            continue
        kept.append((name, size, box))
    return kept


def _within(axis, name):
    low, high = sorted(axis.get_view_interval())
    places = [
        at
        for at, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
        if label.get_text() == name
    ]
    return any(low <= at <= high for at in places)


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("name", DRAWN)
def test_a_narrow_figure_is_legible_whole_and_no_text_lies_on_another(
    name, lang, monthly, statements, request
):
    known = {"monthly": monthly, "statements": statements}
    if name in {"places", "map", "panels"}:
        known["ranking"] = request.getfixturevalue("ranking")
    style.use_style()
    DRAWN[name](known, lang)
    figure = plt.gcf()
    assert narrow.needs_it(figure)
    narrow.lay_out_narrow(figure)
    shown = drawn_ticks_only(figure, written(figure))
    assert len(shown) >= 5
    width = figure.get_figwidth()
    edge = figure.bbox
    for said, size, box in shown:
        assert size * 4 / 3 * BOX / (96 * width) >= LEAST, said
        assert box.x0 >= edge.x0 - 2, said
        assert box.x1 <= edge.x1 + 2, said
    for (one, _, first), (other, _, second) in combinations(shown, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        up = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across <= 1.5 or up <= 2.5, (one, other)


@pytest.mark.parametrize("lang", ["en", "ar", "fr"])
def test_names_of_days_stay_within_the_axis_that_a_browser_may_draw_in_wider_letters(lang):
    months = pd.period_range("2013-01", "2020-12", freq="M")
    counts = np.random.default_rng(5).poisson(20, months.size)
    series = trends.as_series(pd.Series(counts, index=months))
    style.use_style()
    ax = trends.estimate_interruption(series, ["2017-10-17", "2019-03-23"]).plot(lang=lang)
    narrow.lay_out_narrow(ax.figure)
    FigureCanvasAgg(ax.figure).draw()
    axis, names = ax.get_window_extent(), [text for text in ax.texts if text.get_text().strip()]
    assert len(names) == 2
    for name in names:
        box = name.get_window_extent()
        assert axis.x0 <= box.x0 <= box.x1 <= axis.x1, name.get_text()


def test_a_figure_that_is_narrow_already_is_left_as_it_is():
    assert not narrow.needs_it(style.new_axes(size=(4.5, 3.0)).figure)
    assert not narrow.needs_it(plt.figure(figsize=(9, 3)))
