"""Draw which windows are in conflict, and where in time they lie."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from trends import escaping
from trends.analysis.contradiction import SEPARATOR, Contradictions
from trends.figures import style
from trends.findings.wording import words

#: Inches of height per conflict, and for the axis.
_ROW, _MARGIN = 0.27, 0.8

#: Longest formula that is written beside its windows.
_LONGEST = 54


def plot(result: Contradictions, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Return axes with one line per conflict and a bar per window it is about.

    The bar of the whole, or of the figure that comes first, is drawn above the others.
    """
    conflicts = result.conflicts
    height = _ROW * max(len(conflicts), 3) + _MARGIN
    ax = ax if ax is not None else style.new_axes(size=(style.WIDE[0], height))
    table = words(lang)["figure"]
    windows = result.statements.set_index("statement_id")[["window_start", "window_end"]]
    for place, conflict in enumerate(conflicts.to_dict("records")):
        for order, name in enumerate(conflict["statement_ids"].split(SEPARATOR)):
            start, end = windows.loc[name]
            level = place + (-0.16 if order == 0 else 0.16)
            _window(ax, start, end, level, style.FIRST if order == 0 else style.SECOND)
    labels = [_label(formula) for formula in conflicts["arithmetic"]]
    ax.set_yticks(range(len(conflicts)), labels=labels, fontsize=7.5)
    ax.set_ylim(max(len(conflicts), 1) - 0.4, -0.6)
    for label, colour in (("conflict_first", style.FIRST), ("conflict_second", style.SECOND)):
        ax.plot([], [], color=colour, linewidth=3, label=table[label])
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    if len(conflicts):
        ax.xaxis_date()
        style.name_above(ax, ncols=2)
    else:
        ax.set_xticks([])
        ax.set_title(table["conflict_none"])
    return ax


def _window(ax: Axes, start: pd.Timestamp, end: pd.Timestamp, level: float, colour: str) -> None:
    """Draw one window."""
    ax.plot([start, end + pd.Timedelta(days=1)], [level, level], color=colour, linewidth=3,
            solid_capstyle="butt")  # fmt: skip


def _label(formula: str) -> str:
    """Return a formula, its middle left out where it would not fit."""
    if len(formula) <= _LONGEST:
        return escaping.figure(formula)
    half = _LONGEST // 2 - 1
    return escaping.figure(f"{formula[:half]} … {formula[-half:]}")
