"""Figures drawn as windows: one bar per figure at its rate, and nothing silently left out."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import trends
from trends.figures import windows


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def table(**columns):
    rows = {
        "statement_id": ["a", "b", "c"],
        "measure": "events",
        "count": [30, 10, 4],
        "qualifier": ["exact", "at_least", "exact"],
        "window_start": pd.to_datetime(["2024-01-01", "2024-02-01", None]),
        "window_end": pd.to_datetime(["2024-01-30", "2024-02-29", "2024-03-31"]),
        "window_basis": ["stated", "inferred", "unknown"],
        "source_kind": ["monitor", "perpetrator_claim", "un"],
    }
    return pd.DataFrame(rows | columns)


def test_a_bar_reaches_from_the_first_to_the_end_of_the_last_day_at_the_rate():
    ax = windows.plot(table())
    spans = {
        tuple(pd.to_datetime(line.get_xdata()[at : at + 2])): line.get_ydata()[at]
        for line in ax.lines
        for at in range(0, len(line.get_xdata()) - 1, 3)
    }
    whole = (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-31"))
    assert spans[whole] == pytest.approx(30 / 30 * 30.4375)


def test_a_figure_without_a_window_is_counted_in_the_legend_of_both_languages():
    for lang, said in (("en", "not drawn: 1"), ("ar", "لم يُرسم: 1")):
        legend = windows.plot(table(), lang=lang).get_legend()
        assert said in [text.get_text() for text in legend.get_texts()]


def test_inferred_windows_are_dashed_and_minimums_point_upwards():
    ax = windows.plot(table())
    assert any(line.get_linestyle() == "--" for line in ax.lines)
    assert any(line.get_marker() == "^" for line in ax.lines)


def test_a_count_of_zero_is_drawn_at_the_bottom_with_its_upper_limit():
    ax = windows.plot(table(count=[30, 10, 0], window_start=pd.Timestamp("2024-01-01"),
                            window_basis="stated"))  # fmt: skip
    bottom = ax.get_ylim()[0]
    lowest = min(np.nanmin(line.get_ydata()) for line in ax.lines)
    assert bottom < lowest < 1.1 * bottom


def test_a_table_without_a_rate_is_refused():
    with pytest.raises(ValueError, match="known window and at least one event, got 3 rows"):
        windows.plot(table(window_basis="unknown"))


def test_measures_have_a_panel_each_under_a_common_time_axis(published):
    from trends.tables.statements import read_statements

    statements = read_statements(published / "statements.csv")
    drawn = windows.plot_measures(statements, {"arrests": "arrests", "attacks": "attacks"})
    assert [ax.get_title("left") for ax in drawn] == ["arrests", "attacks"]
    assert drawn[0].get_xlim() == drawn[1].get_xlim()
    assert all(ax.has_data() for ax in drawn)


def test_hundreds_of_windows_are_a_handful_of_lines(published):
    """Each line is drawn on its own, in a page that has a weight to keep."""
    statements = trends.read_statements(published / "statements.csv")
    ax = windows.plot(statements[statements["measure"] == "attacks"])
    assert len(statements) > 300
    assert len(ax.lines) < 30
