"""Does a figure bring along what it draws?"""

import csv
import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import trends
from trends.figures.count_series import plot_panels
from trends.figures.drawn import as_csv, lines_of, shapes_of
from trends.report.carried import carried, with_data


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_the_lines_of_a_figure_are_its_numbers_with_gaps_left_empty(axes):
    days = pd.date_range("2024-01-01", periods=3)
    axes.plot(days, [1.0, np.nan, 3.5], label="Iraq")
    axes.axhline(2.0)
    axes.set_title("Counts", loc="left")
    rows = list(csv.reader(io.StringIO(as_csv(lines_of(axes.figure)))))
    assert rows == [
        ["panel", "line", "x", "y"],
        ["Counts", "Iraq", "2024-01-01", "1"],
        ["Counts", "Iraq", "2024-01-02", ""],
        ["Counts", "Iraq", "2024-01-03", "3.5"],
    ]


def test_what_is_neither_a_day_nor_a_number_is_told_as_it_is_written(axes):
    axes.plot(["Iraq", "Syria"], [1, 2])
    rows = list(csv.reader(io.StringIO(as_csv(lines_of(axes.figure)))))
    assert rows[1:] == [["", "", "Iraq", "1"], ["", "", "Syria", "2"]]


def test_a_shape_is_where_the_longest_line_of_a_panel_starts_turns_and_ends(axes):
    axes.plot([0, 1, 2], [100, 0, 100])
    axes.plot(range(7), [4, 2, 9, 5, 1, 3, 6])
    (shape,) = shapes_of(lines_of(axes.figure))
    told = ("start", "start_at", "high", "high_at", "low", "low_at", "end", "end_at")
    assert [shape[name] for name in told] == ["4", "0", "9", "2", "1", "4", "6", "6"]


def test_a_few_points_have_no_course(axes):
    axes.plot(range(5), [1, 2, 3, 4, 5])
    assert shapes_of(lines_of(axes.figure)) == []


def test_what_a_picture_carries_survives_any_name(axes):
    axes.plot(range(6), range(6), label="a --> b -- c")
    lines = lines_of(axes.figure)
    svg = with_data("<svg><g/></svg>", lines)
    assert svg.count("-->") == 1
    assert "a --> b -- c" in carried(svg)["csv"]
    assert carried("<svg></svg>") == {}


def test_every_panel_of_the_counts_is_among_the_lines():
    months = pd.period_range("2024-01", periods=8, freq="M")
    series = trends.as_series(pd.Series([3, 1, 4, 1, 5, 9, 2, 6], index=months), exposure=30.4375)
    panels = plot_panels({"One": series, "Two": series})
    lines = [line for line in lines_of(panels[0].figure) if np.isfinite(line.y).sum() == 8]
    assert [line.panel for line in lines] == ["One", "Two"]
    assert lines[0].y.tolist() == [3, 1, 4, 1, 5, 9, 2, 6]
    plt.close(panels[0].figure)


def test_four_panels_leave_room_for_a_heading_on_their_page():
    months = pd.period_range("2024-01", periods=8, freq="M")
    series = trends.as_series(pd.Series(range(8), index=months), exposure=30.4375)
    panels = plot_panels(dict.fromkeys("abcd", series))
    width, height = panels[0].figure.get_size_inches()
    # A4 with the margins of the printed report: 16.4 by 24.7 cm, of which a heading takes 3.
    assert height / width * 16.4 < 24.7 - 3
    plt.close(panels[0].figure)
