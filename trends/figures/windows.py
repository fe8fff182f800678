"""Draw published figures as what they are: windows, each at the rate it implies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from trends import escaping
from trends.analysis.figure_rate import figure_rates
from trends.figures import style
from trends.findings.wording import words
from trends.tables.figure import figure_flags
from trends.tables.packs import source_kinds
from trends.tables.statements import FIGURE_COLUMNS, as_statements

#: Flags of figures that others tell better, or that were not read at their source.
_WEAK = {"requoted", "rival", "secondary", "weak"}

#: Inches of one panel among several; seven of them fit a page.
PANEL_HEIGHT = 1.2

#: Colour of the kinds of source that are drawn alike: those who act, monitors, states, the rest.
_COLOURS = {
    "own": style.SECOND,
    "monitor": style.FIRST,
    "state": style.THIRD,
    "other": style.FOURTH,
    "unknown": style.MUTED,
}

#: How the kinds of every subject are drawn; subject packs say it of theirs.
_DRAWN = {
    "monitor": "monitor",
    "government": "state",
    "un": "other",
    "media": "other",
    "unknown": "unknown",
}


def plot(statements: pd.DataFrame, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw statements as windows on a time axis, each at its rate, by kind of source.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `read_statements` returns it. Choose the measure and the scope first: a rate of arrests
        beside a rate of events says nothing.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    lang : {"en", "ar", "fr"}
        Language of labels and legend.

    Returns
    -------
    matplotlib Axes
        Each figure is a horizontal bar from its first to its last day, at its events per 30.4375
        days, with its 95% interval at the middle; figures without an upper bound point upwards.
        Inferred windows are dashed. Figures that imply no rate are not drawn and are counted in
        the axes' legend. A figure that is requoted, a rival, or read at second or third hand has an
        open mark.

    Raises
    ------
    ValueError
        If no statement implies a rate.
    """
    statements = as_statements(statements, FIGURE_COLUMNS)
    rates = figure_rates(statements)
    drawn = rates["reason"].eq("") & rates["estimate"].notna()
    if not rates["estimate"].gt(0).any():
        raise ValueError(
            f"`statements` must hold a figure with a known window and at least one event, got "
            f"{len(statements)} rows of which none is. Choose other rows."
        )
    ax = ax if ax is not None else style.new_axes(size=(7.2, 4.4))
    shown = statements[drawn].join(rates.loc[drawn, ["estimate", "conf_low", "conf_high"]])
    bottom, top = _limits(shown)
    added = _kinds_of(statements)
    _draw(ax, shown, added, bottom)
    ax.set_yscale("log")
    ax.set_ylim(bottom, top)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter(lambda value, _: "")
    ax.set_ylabel(style.rate_axis(_counted(shown["unit"]), lang))
    _legend(ax, shown, added, n_left_out=int((~drawn).sum()), lang=lang)
    return ax


def plot_measures(
    statements: pd.DataFrame, measures: Mapping[str, str], *, lang: str = "en"
) -> list[Axes]:
    """Draw the statements of several measures as windows, one panel for each measure.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `read_statements` returns it.
    measures : mapping of str to str
        Measure, and the title of its panel; different measures never share a panel.
    lang : {"en", "ar", "fr"}
        Language of labels and legends.

    Returns
    -------
    list of matplotlib Axes
        One per measure, in order, on a common time axis.
    """
    statements = as_statements(statements, FIGURE_COLUMNS)
    width = style.WIDE[0]
    with plt.rc_context(style.style()):
        figure, panels = plt.subplots(
            len(measures),
            sharex=True,
            figsize=(width, PANEL_HEIGHT * len(measures)),
            layout="constrained",
            squeeze=False,
        )
        for ax, (measure, title) in zip(panels[:, 0], measures.items(), strict=True):
            plot(statements[statements["measure"] == measure], ax=ax, lang=lang)
            ax.set_title(escaping.figure(title))
            ax.set_ylabel("")
            if (legend := ax.get_legend()) is not None:
                legend.remove()
        drawn = statements[statements["measure"].isin(measures)]
        figure.supylabel(style.rate_axis(_counted(drawn["unit"]), lang), fontsize=9)
    return list(panels[:, 0])


def _counted(units: pd.Series) -> str:
    """Return the one unit of some figures, "any" where they differ."""
    kinds = set(units)
    return str(kinds.pop()) if len(kinds) == 1 else "any"


def _draw(
    ax: Axes, shown: pd.DataFrame, added: Mapping[str, Mapping[str, str]], bottom: float
) -> None:
    """Draw figures: windows, intervals, and arrows where there is no upper bound.

    What looks alike is one line with gaps: hundreds of lines would weigh as much as a page.
    """
    rows = shown.assign(
        colour=[_COLOURS[_drawn(kind, added)] for kind in shown["source_kind"]],
        dashes=np.where(shown["window_basis"] == "inferred", "--", "-"),
        is_weak=[_is_weak(row) for row in shown.to_dict("records")],
        is_minimum=np.isinf(shown["conf_high"]),
        start=shown["window_start"],
        end=shown["window_end"] + pd.Timedelta(days=1),
        # A count of 0 has no place on a log axis: it is drawn along the bottom, to its upper limit.
        rate=shown["estimate"].clip(lower=bottom * 1.02),
        low=shown["conf_low"].clip(lower=bottom * 1.02),
    )
    rows["middle"] = rows["start"] + (rows["end"] - rows["start"]) / 2
    rows["high"] = rows["conf_high"].where(~rows["is_minimum"], rows["rate"])
    for (colour, dashes), alike in rows.groupby(["colour", "dashes"], sort=False):
        days, rates = with_gaps(alike, ("start", "end"), ("rate", "rate"))
        ax.plot(days, rates, dashes, color=colour, linewidth=1.6, alpha=0.85)
    for colour, alike in rows.groupby("colour", sort=False):
        days, rates = with_gaps(alike, ("middle", "middle"), ("low", "high"))
        ax.plot(days, rates, color=colour, linewidth=0.7, alpha=0.45)
    marked = rows[rows["is_minimum"] | rows["is_weak"]]
    for (colour, is_minimum, is_weak), alike in marked.groupby(
        ["colour", "is_minimum", "is_weak"], sort=False
    ):
        ax.plot(
            alike["middle"],
            alike["rate"],
            "^" if is_minimum else "o",
            color=colour,
            markerfacecolor=style.PAPER if is_weak else colour,
            markersize=3.2,
            alpha=0.85,
            linestyle="",
        )


def with_gaps(
    rows: pd.DataFrame, days: tuple[str, str], rates: tuple[str, str]
) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return stretches from end to end as one line with a gap after each."""
    when = [(row[days[0]], row[days[1]], row[days[1]]) for row in rows.to_dict("records")]
    drawn = np.column_stack([rows[rates[0]], rows[rates[1]], np.full(len(rows), np.nan)])
    return pd.DatetimeIndex([day for each in when for day in each]), drawn.ravel().astype(float)


def _kinds_of(statements: pd.DataFrame) -> Mapping[str, Mapping[str, str]]:
    """Return the kinds of source that packs add: those of the package, then the table's own."""
    return {**source_kinds(), **statements.attrs.get("source_kinds", {})}


def _drawn(kind: str, added: Mapping[str, Mapping[str, str]]) -> str:
    """Return how a kind of source is drawn."""
    return _DRAWN.get(kind) or added[kind]["drawn"]


def _named(kinds: Sequence[str], added: Mapping[str, Mapping[str, str]], lang: str) -> str:
    """Return what the legend calls kinds of source that are drawn alike; "" for none.

    Where a subject pack has words for one of them, these name them all.
    """
    own = [added[kind] for kind in kinds if kind in added]
    said = [kind.get(lang, kind["en"]) for kind in own]
    if not said and kinds:
        said = [words(lang)["figure"][f"windows_{_drawn(kinds[0], added)}"]]
    return ", ".join(dict.fromkeys(said))


def _is_weak(row: dict[str, Any]) -> bool:
    """Tell whether a figure is requoted, a rival, or not read at its source."""
    return bool(set(figure_flags(row)) & _WEAK)


def _limits(shown: pd.DataFrame) -> tuple[float, float]:
    """Return limits of the axis that hold every rate, and not every end of an interval.

    A count of 0 has its upper limit on the axis instead of its rate.
    """
    rates = shown["estimate"].where(shown["estimate"] > 0, shown["conf_high"])
    return float(rates.min()) / 2, float(shown["estimate"].max()) * 2


def _legend(
    ax: Axes,
    shown: pd.DataFrame,
    added: Mapping[str, Mapping[str, str]],
    *,
    n_left_out: int,
    lang: str,
) -> None:
    """Name the colours and marks that occur, and count what could not be drawn."""
    table = words(lang)["figure"]
    kinds = sorted(set(shown["source_kind"]))
    handles = [
        Line2D([], [], color=colour, linewidth=1.6, label=label)
        for drawn, colour in _COLOURS.items()
        if (label := _named([kind for kind in kinds if _drawn(kind, added) == drawn], added, lang))
    ]
    if np.isinf(shown["conf_high"]).any():
        arrow = Line2D([], [], color=style.MUTED, marker="^", linestyle="", markersize=4)
        arrow.set_label(table["windows_at_least"])
        handles.append(arrow)
    if (shown["window_basis"] == "inferred").any():
        handles.append(
            Line2D([], [], color=style.MUTED, linestyle="--", label=table["windows_inferred"])
        )
    if any(_is_weak(row) for row in shown.to_dict("records")):
        weak = Line2D([], [], color=style.MUTED, marker="o", linestyle="", markersize=4)
        weak.set_markerfacecolor(style.PAPER)
        weak.set_label(table["windows_weak"])
        handles.append(weak)
    if n_left_out:
        label = table["windows_left_out"].format(n=n_left_out)
        handles.append(Line2D([], [], linestyle="", label=label))
    columns = 3 if len(handles) > 4 else max(2, len(handles))
    ax.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, frameon=False
    )
