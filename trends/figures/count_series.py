"""Draw count series as they are: rates where somebody watched, shading where nobody did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from trends import escaping
from trends.figures import style
from trends.findings.wording import rate_axis, words
from trends.tables.definitions import known_breaks
from trends.tables.exposure import rate_exposure
from trends.tables.series import check_series
from trends.tables.statements import figures_of_series

#: Flags of figures that are drawn as arrows.
_MINIMUMS = {"at_least", "more_than", "nth_since"}


def plot(
    series: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    ax: Axes | None = None,
    lang: str = "en",
) -> Axes:
    """Draw a count series, or several, as rates over time.

    Parameters
    ----------
    series : count series, or mapping of str to count series
        One series; or names for the legend and their series, all of one counter's kind, because
        figures of different kinds never share a panel without being named apart.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    lang : {"en", "ar", "fr"}
        Language of the axis label.

    Returns
    -------
    matplotlib Axes
        Events per 30.4375 days (or per the unit of the series) against time; lines break where a
        period was not covered or its count is missing, and a lone period is a dot. Of published
        figures, what is no minimum and firmly read has no mark; a minimum has an arrow upwards, a
        rounded, requoted, rival or weakly read one an open circle.

    Raises
    ------
    TypeError
        If `series` is neither a count series nor a mapping to some.

    Examples
    --------
    >>> import trends
    >>> axes = trends.plot(trends.datasets.coal_disasters())
    >>> axes.get_ylabel()
    'events a month'
    """
    if isinstance(series, Mapping):
        series_by_name = series
    else:
        check_series(series, minimum=1)
        series_by_name = {"": series}
    ax = ax if ax is not None else style.new_axes()
    for colour, (name, series) in zip(style.SERIES, series_by_name.items(), strict=False):
        times = series.index.to_timestamp(how="start") + pd.to_timedelta(15, "D")
        rate = rates(series)
        ax.plot(times, rate, color=colour, label=escaping.figure(name), linewidth=1.4)
        seen = np.isfinite(rate)
        lone = seen & ~np.r_[False, seen[:-1]] & ~np.r_[seen[1:], False]
        ax.plot(times[lone], rate[lone], "o", color=colour, markersize=3)
        mark_figures(ax, series, times, colour=colour)
    if len(series_by_name) == 1:
        _shade_uncovered(ax, next(iter(series_by_name.values())))
    else:
        style.name_above(ax)
    ax.set_ylim(bottom=0)
    every = list(series_by_name.values())
    counted = {counted_in(series) for series in every}
    if counted == {"events"}:
        ax.set_ylabel(rate_axis(every[0], lang))
    else:
        ax.set_ylabel(style.rate_axis(counted.pop() if len(counted) == 1 else "any", lang))
    return ax


def plot_panels(series_by_name: Mapping[str, pd.DataFrame], *, lang: str = "en") -> list[Axes]:
    """Return one axes per series, one above the other on a common time axis.

    Parameters
    ----------
    series_by_name : mapping of str to count series
        Title of each panel, and its series.
    lang : {"en", "ar", "fr"}
        Language of the axis labels.

    Returns
    -------
    list of matplotlib Axes
        Periods without a count are shaded.
    """
    with plt.rc_context(style.style()):
        width, height = style.WIDE
        # More than two leave room for their chapter's heading on a printed page.
        share = 0.7 if len(series_by_name) <= 2 else 0.5
        _, panels = plt.subplots(
            len(series_by_name),
            sharex=True,
            figsize=(width, share * height * len(series_by_name)),
            layout="constrained",
            squeeze=False,
        )
        for ax, (name, series) in zip(panels[:, 0], series_by_name.items(), strict=True):
            plot({name: series}, ax=ax, lang=lang)
            ax.set_title(escaping.figure(name))
    return list(panels[:, 0])


def counted_in(series: pd.DataFrame) -> str:
    """Return what a series counts, as its axis names it: events, people, targets or groups."""
    return str(series.attrs.get("counted", "events"))


def rates(series: pd.DataFrame) -> NDArray[np.float64]:
    """Return the rate of each period, per 30.4375 days or unit; NaN where there is no count."""
    count = series["count"].to_numpy(dtype=float, na_value=np.nan)
    exposure = rate_exposure(series)
    return np.divide(count, exposure, out=np.full(count.size, np.nan), where=exposure > 0)


def draw_observed(ax: Axes, fitted: pd.DataFrame, series: pd.DataFrame, *, lang: str) -> None:
    """Draw observed rates as dots beside what was fitted to them.

    Partly observed periods are open circles at their adjusted rate; published figures have the
    marks of `mark_figures`.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes with rates over time.
    fitted : DataFrame of n_periods rows
        Columns period, rate, partial.
    series : DataFrame of n_periods rows
        The count series.
    lang : {"en", "ar", "fr"}
        Language of the legend.
    """
    label = words(lang)["figure"]
    when, rate = fitted["period"].dt.start_time, fitted["rate"]
    partial = fitted["partial"].to_numpy(dtype=bool)
    ax.plot(
        when[~partial],
        rate[~partial],
        "o",
        color=style.MUTED,
        markersize=3,
        label=label["observed_rate"],
    )
    if partial.any():
        ax.plot(when[partial], rate[partial], label=label["partial_period"], **style.OPEN)
    mark_figures(ax, series, pd.DatetimeIndex(when), colour=style.INK)


def break_starts(series: pd.DataFrame) -> list[pd.Timestamp]:
    """Return the first day of each period that begins a known change of counting."""
    places = np.searchsorted(
        series.index.end_time, [one.date.to_datetime64() for one in known_breaks(series)]
    )
    return [
        series.index[place].start_time for place in np.unique(places) if 0 < place < len(series)
    ]


def mark_breaks(ax: Axes, series: pd.DataFrame, *, lang: str) -> None:
    """Draw a dotted line, named once, where what a series counts is known to change."""
    name = words(lang)["figure"]["declared_jump"]
    for number, start in enumerate(break_starts(series)):
        ax.axvline(
            start,
            color=style.MUTED,
            linewidth=1,
            linestyle=(0, (1, 3)),
            label=name if number == 0 else None,
        )


def broken_at(
    when: pd.Series, values: NDArray[np.float64], starts: Sequence[pd.Timestamp]
) -> tuple[pd.DatetimeIndex, NDArray[np.float64]]:
    """Return a course with a gap before each start, so that no line leads from level to level.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]))
    >>> broken_at(days, np.array([5.0, 5.0, 9.0]), [days[2]])[1].tolist()
    [5.0, 5.0, nan, 9.0]
    """
    places = np.searchsorted(when.to_numpy(), np.array(starts, dtype="datetime64[ns]"))
    inner = np.unique(places[(places > 0) & (places < len(when))])
    days = np.insert(when.to_numpy(), inner, when.to_numpy()[inner])
    return pd.DatetimeIndex(days), np.insert(values.astype(float), inner, np.nan)


def mark_figures(ax: Axes, series: pd.DataFrame, times: pd.DatetimeIndex, *, colour: str) -> None:
    """Mark the periods whose published figures are less than plain exact counts.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes with rates over time.
    series : DataFrame of n_periods rows
        Count series; one that no published figures made has no marks.
    times : DatetimeIndex of n_periods
        Where each period is drawn.
    colour : str
        Colour of the marks.
    """
    behind = figures_of_series(series)
    behind = behind[behind.index.isin(series.index)]
    rate = pd.Series(rates(series), index=series.index)
    minimum = np.isinf(behind["count_high"].to_numpy())
    weaker = np.array([bool(set(flags) - _MINIMUMS) for flags in behind["flags"]], dtype=bool)
    for shape, chosen in (("^", minimum), ("o", weaker & ~minimum)):
        # An arrow of a weak minimum is open too.
        for filled in (True, False):
            own = behind.index[chosen & (~weaker if filled else weaker)]
            if len(own) == 0:
                continue
            at = series.index.get_indexer(own)
            ax.plot(
                times[at],
                rate[own],
                shape,
                color=colour,
                markerfacecolor=colour if filled else style.PAPER,
                markersize=4,
                linestyle="",
            )


def _shade_uncovered(ax: Axes, series: pd.DataFrame) -> None:
    """Shade the periods that have no count."""
    unseen = series["count"].isna().to_numpy()
    for start, end, blank in zip(
        series.index.start_time, series.index.end_time, unseen, strict=True
    ):
        if blank:
            ax.axvspan(start, end, color=style.GRID, linewidth=0, zorder=0)
