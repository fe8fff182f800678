"""Does a figure in a page draw what matplotlib drew, in fewer bytes?"""

import io
import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trends.figures import style
from trends.report.cells import Output, _figure_svg
from trends.report.drawing import write_laid_out
from trends.report.pictures import inline_svg, short_path, write_picture
from trends.report.store import Store

NUMBER = r"-?\d*\.?\d+"
STEPS = {"m": 1, "l": 1, "c": 3, "q": 2}


def corners(drawn):
    """Return the subpaths of a path with absolute points, by the grammar of SVG."""
    made, pen, start = [], (0.0, 0.0), (0.0, 0.0)
    for command, rest in re.findall(r"([MmLlCcQqhvZz])([^MmLlCcQqhvZz]*)", drawn):
        if command in "Zz":
            pen = start
            made.append(("z",))
            continue
        numbers = [float(one) for one in re.findall(NUMBER, rest)]
        if command in "hv":
            for step in numbers:
                pen = (pen[0] + step, pen[1]) if command == "h" else (pen[0], pen[1] + step)
                made.append(("l", pen))
            continue
        n_points = STEPS[command.lower()]
        for at in range(0, len(numbers), 2 * n_points):
            points = [
                (x + pen[0] * command.islower(), y + pen[1] * command.islower())
                for x, y in zip(
                    numbers[at : at + 2 * n_points : 2],
                    numbers[at + 1 : at + 2 * n_points : 2],
                    strict=True,
                )
            ]
            said = "l" if command in "Mm" and at else command.lower()
            made.append((said, *points))
            pen = points[-1]
            if said == "m":
                start = pen
    return made


def without_standing_lines(steps):
    """Return steps without lines to where the pen is, those straight on along an axis as one."""
    kept, pen = [], None
    for step in steps:
        if step[0] == "l" and pen is not None and np.allclose(step[1], pen, atol=0.0101):
            continue
        before = kept[-2][-1] if len(kept) > 1 and len(kept[-2]) > 1 else None
        if step[0] == kept[-1][0] == "l" and before is not None if kept else False:
            first, then = np.subtract(pen, before), np.subtract(step[1], pen)
            flat = np.isclose([*first, *then], 0, atol=1e-6)
            if (flat[[0, 2]].all() or flat[[1, 3]].all()) and first @ then > 0:
                kept.pop()
        kept.append(step)
        pen = step[-1] if len(step) > 1 else None
    return kept


places = st.floats(-600, 600).map(lambda value: round(value, 2))
points = st.tuples(places, places)
lines = st.lists(st.tuples(st.sampled_from("LCQ"), st.lists(points, min_size=3, max_size=3)))


@given(points, lines, st.booleans())
def test_a_shortened_path_has_the_same_points_to_a_twentieth_of_a_point(first, rest, closed):
    counts = {"L": 1, "C": 3, "Q": 2}
    drawn = f"M {first[0]:g} {first[1]:g}"
    for command, where in rest:
        drawn += command + "".join(f" {x:g} {y:g}" for x, y in where[: counts[command]])
    drawn += "z" * closed
    short = short_path(drawn)
    before, after = corners(drawn), corners(short)
    scale = 10 if any(np.ptp([p[i] for s in before for p in s[1:]]) >= 20 for i in (0, 1)) else 100
    rounded = [
        (step[0], *((round(x * scale) / scale, round(y * scale) / scale) for x, y in step[1:]))
        for step in before
    ]
    expected, found = without_standing_lines(rounded), without_standing_lines(after)
    assert [step[0] for step in found] == [step[0] for step in expected]
    for one, other in zip(found, expected, strict=True):
        for place, wanted in zip(one[1:], other[1:], strict=True):
            assert place == pytest.approx(wanted, abs=0.501 / scale)


def test_a_path_of_other_commands_stays_as_it_is():
    assert short_path("M 1 2A 3 3 0 0 1 4 5") == "M 1 2A 3 3 0 0 1 4 5"
    assert short_path("m 1 2l 3 4") == "m 1 2l 3 4"


def test_lines_along_an_axis_are_said_by_their_length_and_go_on_as_one():
    assert short_path("M 0 50L 10 50L 30 50L 60 50L 60 20") == "M0 50h60v-30"
    # there and back is not straight on: both ends are seen
    assert short_path("M 0 50L 40 50L 10 50L 10 0") == "M0 50h40-30v-50"
    assert short_path("M 0 0L 30 0L 30 30L 0 30z") == "M0 0h30v30h-30z"


def test_a_single_point_keeps_its_cap():
    assert short_path("M 5 6L 5 6") == "M5 6h.01"
    assert short_path("M 5 6L 5 6M 7 6L 7 6") == "M5 6h.01M7 6h.01"


def drawing():
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [3, 1, 2], "o-")
    axes.scatter(range(30), range(30), c=np.repeat(["#1f6f9f", "#c45a28"], 15))
    axes.bar(range(8), range(8), alpha=0.5)
    made = io.StringIO()
    figure.savefig(made, format="svg")
    plt.close(figure)
    return made.getvalue()


def resolved(root):
    """Return every drawn element with all that it says itself or has from its groups."""
    marks = {one.get("id"): one for one in root.iter() if one.get("id")}
    drawn = []

    def visit(element, inherited):
        tag = element.tag.split("}")[-1]
        said = {**inherited, **{k.split("}")[-1]: v for k, v in element.attrib.items()}}
        if tag in ("defs", "clipPath"):
            return
        if tag in ("path", "use", "text"):
            own = {k: v for k, v in said.items() if k not in ("id", "href", "width", "height")}
            mark = marks.get(said.get("href", "#")[1:])
            if mark is not None:
                own |= {k: v for k, v in mark.attrib.items() if k != "id"}
            drawn.append((tag, own))
        for child in element:
            kept = {k: v for k, v in said.items() if k not in ("id", "d", "x", "y", "href")}
            visit(child, kept)

    visit(root, {})
    return drawn


def test_grouped_marks_are_drawn_as_they_were(monkeypatch):
    import trends.report.pictures as pictures

    svg = drawing()
    monkeypatch.setattr(pictures, "gathered", lambda body: body)
    short = inline_svg(svg, prefix="fig")
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "_together", lambda body: body)
        plain = inline_svg(svg, prefix="fig")
    found, expected = (resolved(ElementTree.fromstring(one)) for one in (short, plain))
    assert found == expected
    assert len(found) > 50
    assert len(short) < 0.9 * len(plain)


def painted(root):
    """Return lines and points as paint: where they are, how thick, in which colour, in which clip.

    A point is a circle filled with its stroke's colour, or the cap of a line without length.
    """
    made = []
    for tag, said in resolved(root):
        if tag == "text":
            continue
        x, y = float(said.get("x", 0)), float(said.get("y", 0))
        width = float(said.get("stroke-width", 1))
        parts, run = [], []
        for step in corners(said["d"]):
            if step[0] == "m" and run:
                parts.append(run)
                run = []
            run.append(step)
        for part in [*parts, run]:
            seen = [(x + px, y + py) for _, *places in part for px, py in places]
            (left, top), (right, bottom) = np.min(seen, axis=0), np.max(seen, axis=0)
            look = (said.get("stroke"), said.get("clip-path"))
            is_cap = (
                said.get("stroke-linecap") == "round" and max(right - left, bottom - top) < 0.02
            )
            if is_cap or (len(part) == 10 and said.get("fill") == said.get("stroke")):
                middle = ((left + right) / 2, (top + bottom) / 2)
                made.append(("point", middle, right - left + width, look))
            elif len(seen) == 2:
                made.append(("line", (left, top), (right, bottom), width, look))
            else:
                made.append(("other", seen, said.get("fill"), look))
    return made


def test_gathered_points_and_lines_are_the_same_paint(monkeypatch):
    import trends.report.pictures as pictures

    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [3, 1, 2], "o-", color="#1b5e8c", clip_on=False)
    axes.plot(range(30), range(30), "o", color="#66727f", markersize=3)
    axes.plot(range(9), range(9), "o", color="#66727f", markerfacecolor="white")
    axes.plot(range(9), range(9), "^", color="#66727f", alpha=0.5)
    axes.grid(color="#dde2e7")
    made = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(made, format="svg")
    plt.close(figure)
    short = inline_svg(made.getvalue(), prefix="fig")
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "gathered", lambda body: body)
        plain = inline_svg(made.getvalue(), prefix="fig")
    found, expected = (
        sorted(painted(ElementTree.fromstring(one)), key=lambda paint: (paint[0], str(paint[-1])))
        for one in (short, plain)
    )
    assert [(one[0], one[-1]) for one in found] == [(one[0], one[-1]) for one in expected]
    for one, other in zip(found, expected, strict=True):
        places = [np.hstack([np.ravel(part) for part in paint[1:-1] if not isinstance(part, str)])
                  for paint in (one, other)]  # fmt: skip
        assert places[0] == pytest.approx(places[1], abs=0.06)
    assert sum(one[0] == "point" for one in found) == 33
    words = [[one for one in resolved(ElementTree.fromstring(drawn)) if one[0] == "text"]
             for drawn in (short, plain)]  # fmt: skip
    assert words[0] == words[1]
    assert len(short) < 0.8 * len(plain)


def test_what_is_used_once_is_drawn_where_it_is_used(monkeypatch):
    import trends.report.pictures as pictures

    figure, axes = plt.subplots()
    axes.fill_between([1, 2, 3], [1, 2, 1], [3, 4, 2], color="#1b5e8c", alpha=0.2)
    axes.fill_between([1, 2, 3], [2, 2, 2], [2, 5, 3], color="#b4511f", alpha=0.4)
    axes.plot([2], [3], "s", color="#66727f")
    made = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none", "figure.facecolor": "none"}):
        figure.savefig(made, format="svg", transparent=True)
    plt.close(figure)
    short = inline_svg(made.getvalue(), prefix="fig")
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "_in_place", lambda body: body)
        plain = inline_svg(made.getvalue(), prefix="fig")
    found, expected = (
        sorted(painted(ElementTree.fromstring(one)), key=str) for one in (short, plain)
    )
    assert short.count("<use") == 0 < plain.count("<use")
    assert "clip-path" in short
    assert [one[0] for one in found] == [one[0] for one in expected]
    for one, other in zip(found, expected, strict=True):
        places = [np.hstack([np.ravel(part) for part in paint[1:-1] if not isinstance(part, str)])
                  for paint in (one, other) if paint[0] != "other"]  # fmt: skip
        assert one[-1] == other[-1]
        if places:
            assert places[0] == pytest.approx(places[1], abs=0.06)
        else:
            assert np.allclose(one[1], other[1], atol=0.06)


@pytest.mark.parametrize("shared", [False, True])
def test_a_figure_that_lays_itself_out_is_drawn_once_and_as_matplotlib_saves_it(shared):
    def figure():
        made, panels = plt.subplots(2, 2, sharex=shared, layout="constrained", figsize=(6, 4))
        for number, panel in enumerate(panels.flat):
            panel.plot([1, 2, 3], [4, 10**number, 5], label=f"line {number}")
            panel.set(title=f"Panel {number}", ylabel="count")
        panels[0, 1].legend()
        made.patch.set_facecolor("red")
        return made

    saved, drawn = io.StringIO(), io.StringIO()
    undated = {"metadata": {"Date": None, "Creator": None}}
    with plt.rc_context({"svg.hashsalt": "x", "savefig.facecolor": "none"}):
        figure().savefig(saved, format="svg", **undated)
        made = figure()
        write_laid_out(made, made.get_layout_engine(), drawn, **undated)
        assert made.get_facecolor() == (1, 0, 0, 1)
        assert made.get_layout_engine() is not None
    plt.close("all")
    assert drawn.getvalue() == saved.getvalue()


def test_a_page_holds_a_wide_and_a_narrow_drawing_whose_ids_differ(tmp_path):
    axes = style.new_axes()
    axes.plot(range(40), np.arange(40.0) ** 0.5, "o-", label="a line")
    style.name_above(axes)
    # as a page's session sets it
    with plt.rc_context({"savefig.facecolor": "none"}):
        drawn = Output("image/svg+xml", _figure_svg(axes.figure))
    written = write_picture(drawn, tmp_path, "fig-a", Store(tmp_path / "store"))
    fragment = written.with_suffix(".fragment").read_text(encoding="utf-8")
    plt.close("all")
    widths = dict(re.findall(r'<svg class="(\w+)"[^>]*? width="(\d+)"', fragment))
    assert widths == {"wide": "691", "narrow": "346"}
    ids = re.findall(r' id="([^"]+)"', fragment)
    assert len(ids) == len(set(ids))
