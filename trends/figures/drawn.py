"""What does a figure show, as numbers? Its lines, for download and for who cannot see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

#: Points that a line has at least for its course to be told.
_LEAST = 6


@dataclass(frozen=True)
class Line:
    """One line of a figure.

    Attributes
    ----------
    panel, name : str
        Title of its panel and its name in the legend; "" where there is none.
    x : list of str
        Days, numbers or names, as text.
    y : ndarray
        What is drawn; NaN where the line is broken.
    """

    panel: str
    name: str
    x: list[str]
    y: np.ndarray


def lines_of(figure: Figure) -> list[Line]:
    """Return the lines of a figure in the order in which they are drawn."""
    found = []
    for axes in figure.axes:
        panel = axes.get_title(loc="left") or axes.get_title()
        for line in axes.get_lines():
            y = np.asarray(line.get_ydata(orig=False), dtype=float)
            if line.get_transform() != axes.transData or not np.isfinite(y).any():
                continue
            label = str(line.get_label())
            name = "" if label.startswith("_") else label
            x = [_text(one) for one in cast("Iterable[Any]", line.get_xdata())]
            found.append(Line(panel, name, x, y))
    return found


def _text(value: Any) -> str:
    """Return a place on the axis as text: a day, a number in few digits, or a name as it is."""
    if isinstance(value, np.datetime64 | pd.Timestamp) or hasattr(value, "year"):
        return str(pd.Timestamp(value).date())
    return f"{float(value):.6g}" if isinstance(value, Real) else str(value)


def as_csv(lines: list[Line]) -> str:
    """Return lines as CSV: panel, line, x, y; a gap has no y."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(("panel", "line", "x", "y"))
    for line in lines:
        for x, y in zip(line.x, line.y, strict=True):
            writer.writerow((line.panel, line.name, x, f"{y:.6g}" if np.isfinite(y) else ""))
    return written.getvalue()


def shapes_of(lines: list[Line]) -> list[dict[str, str]]:
    """Return start, highest, lowest and end of the line with most points of each panel."""
    longest: dict[str, Line] = {}
    for line in lines:
        known = longest.get(line.panel)
        if known is None or np.isfinite(line.y).sum() > np.isfinite(known.y).sum():
            longest[line.panel] = line
    return [_shape(line) for line in longest.values() if np.isfinite(line.y).sum() >= _LEAST]


def _shape(line: Line) -> dict[str, str]:
    """Return where a line starts, turns and ends."""
    seen = np.flatnonzero(np.isfinite(line.y))
    places = {
        "start": seen[0],
        "high": seen[np.argmax(line.y[seen])],
        "low": seen[np.argmin(line.y[seen])],
        "end": seen[-1],
    }
    told = {"panel": line.panel}
    for name, place in places.items():
        told[name] = f"{line.y[place]:.3g}"
        told[f"{name}_at"] = line.x[place]
    return told
