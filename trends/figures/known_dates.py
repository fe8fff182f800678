"""Mark known dates beside what was drawn over time; standing beside is not causing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from trends.figures import style
from trends.tables.typed import first_day


def mark_dates(ax: Axes, events: Mapping[Any, str]) -> None:
    """Draw a dotted line with its name at each date within what is drawn.

    Parameters
    ----------
    ax : matplotlib Axes
        Something drawn over time.
    events : mapping of date to str
        Known events; those before or after everything drawn are left out.

    Raises
    ------
    ValueError
        If nothing is drawn over time on the axes.
    """
    if ax.xaxis.get_converter() is None:
        raise ValueError(
            f"`events` must go beside something drawn over time, got {len(events)} dates for a "
            "figure without a time axis. Leave them out."
        )
    first, last = ax.dataLim.intervalx
    for date, name in events.items():
        when = first_day(date, "events")
        place = ax.convert_xunits(when)  # type: ignore[no-untyped-call] # matplotlib's is untyped
        if not first <= place <= last:
            continue
        ax.axvline(when, color=style.THIRD, linewidth=0.8, linestyle=":")
        ax.annotate(
            name,
            (when, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 4),
            textcoords="offset points",
            rotation=90,
            va="bottom",
            fontsize=7,
            color=style.THIRD,
            bbox=style.BEHIND,
        )
