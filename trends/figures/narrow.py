"""How is a figure laid out for a screen as wide as a hand?"""

from __future__ import annotations

import math
import textwrap
from typing import Literal

import matplotlib.dates as mdates
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

#: Width in inches of a figure on a narrow screen: shown on 309 of 346 pixels, letters of 8 points
#: are 9.5 pixels high there.
WIDTH = 3.6
#: From this width in inches a figure needs a layout of its own there.
TOO_WIDE = 5.0
#: Least size of letters in points.
_LEAST_SIZE = 8.0
#: Letters of a name on an axis, and of a line of its own, beyond which it takes several lines.
_LETTERS, _LETTERS_ALONE = 26, 44
#: Height in inches of such a line, and what a further line adds to a row that has some air.
_LINE, _FURTHER_LINE = 0.17, 0.1
#: Panels that stand in one column, and how high each is at least, in inches.
_ONE_COLUMN, _LEAST_HEIGHT = 4, 1.7


def needs_it(figure: Figure) -> bool:
    """Tell whether a figure is too wide for a narrow screen and can be laid out anew."""
    return bool(figure.get_layout_engine()) and float(figure.get_figwidth()) > TOO_WIDE


def lay_out_narrow(figure: Figure) -> None:
    """Lay a figure out anew: panels below one another, few dates, names in several lines.

    Parameters
    ----------
    figure : matplotlib Figure
        One with a layout engine; it is changed, so this comes after whatever needs it wide.
    """
    wide, height = figure.get_size_inches()
    panels = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    rows, columns = _grid_of(panels)
    if columns > 1:
        shown = [ax for ax in panels if ax.axison]
        for ax in panels:
            if ax not in shown:
                ax.remove()
        kept = 1 if len(shown) <= _ONE_COLUMN else 2
        n_rows = math.ceil(len(shown) / kept)
        grid = figure.add_gridspec(n_rows, kept)
        for place, ax in enumerate(shown):
            ax.set_subplotspec(grid[place // kept, place % kept])
        height = n_rows * max(_LEAST_HEIGHT, 0.85 * height / rows)
    elif all(not ax.axison for ax in panels):
        # A sketch of a map keeps its shape.
        height = max(height * WIDTH / wide, 2.0) + 0.9
    figure.set_size_inches(WIDTH, height)
    extra = sum(_narrow_axes(ax) for ax in figure.axes) + _name_once(figure)
    figure.set_size_inches(WIDTH, height + extra)


def _grid_of(panels: list[Axes]) -> tuple[int, int]:
    """Return rows and columns of the grid that panels stand in."""
    specs = [spec for ax in panels if (spec := ax.get_subplotspec()) is not None]
    if not specs:
        return 1, 1
    grid = specs[0].get_gridspec()
    return int(grid.nrows), int(grid.ncols)


def _narrow_axes(ax: Axes) -> float:
    """Give axes few dates, and names in several lines.

    Returns
    -------
    float
        Inches of height that this takes.
    """
    if isinstance(ax.xaxis.get_major_formatter(), mdates.AutoDateFormatter):
        # matplotlib ships no type of it.
        locator = mdates.AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
    elif isinstance(ax.xaxis.get_major_locator(), FixedLocator):
        names = [text.get_text() for text in ax.get_xticklabels()]
        if sum(len(name) for name in names) > _LETTERS_ALONE:
            ax.set_xticks(ax.get_xticks(), labels=[name.replace("\n", "/") for name in names])
            ax.tick_params(axis="x", labelrotation=90)
    extra = 0.0
    if isinstance(ax.yaxis.get_major_locator(), FixedLocator):
        names = [text.get_text() for text in ax.get_yticklabels()]
        written = [_in_lines(name) for name in names]
        ax.set_yticks(ax.get_yticks(), labels=written)
        lines = max((one.count("\n") for one in written), default=0) - max(
            (one.count("\n") for one in names), default=0
        )
        # Rows are equally far apart, so that the longest name sets the distance of all.
        extra += _FURTHER_LINE * lines * len(names)
    for text in ax.findobj(Text):
        text.set_fontsize(max(text.get_fontsize(), _LEAST_SIZE))
    for axis in (ax.xaxis, ax.yaxis):
        sizes = [text.get_fontsize() for text in axis.get_ticklabels()]
        axis.set_tick_params(labelsize=max([_LEAST_SIZE, *sizes[:1]]))
    ax.set_xlabel(_in_lines(ax.get_xlabel(), _LETTERS_ALONE))
    ax.set_title(_in_lines(ax.get_title(loc="left"), _LETTERS_ALONE), loc="left")
    return extra


def _in_lines(name: str, letters: int = _LETTERS) -> str:
    """Return a name in lines of so many letters at most, where it has spaces."""
    lines = [textwrap.wrap(line, letters, break_long_words=False) for line in name.split("\n")]
    return "\n".join(part for line in lines for part in line)


def _name_once(figure: Figure) -> float:
    """Put the names of all legends beside the figure, once each, in as many columns as fit.

    Returns
    -------
    float
        Inches of height that the further rows take.
    """
    known = [legend for ax in figure.axes if (legend := ax.get_legend()) is not None]
    handles = {
        text.get_text(): handle
        for legend in known
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True)
        if handle is not None
    }
    if not handles:
        return 0.0
    title = known[0].get_title().get_text()
    is_below = known[0].get_bbox_to_anchor().y0 < known[0].axes.get_window_extent().y0
    for legend in known:
        legend.remove()
    # matplotlib ships no type of it.
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    room = WIDTH * figure.dpi
    place: Literal["outside lower left", "outside upper left"] = (
        "outside lower left" if is_below else "outside upper left"
    )
    n_columns = 3
    while True:
        legend = figure.legend(
            list(handles.values()),
            [_in_lines(name, _LETTERS_ALONE) for name in handles],
            title=_in_lines(title, _LETTERS_ALONE),
            loc=place,
            ncols=n_columns,
            fontsize=_LEAST_SIZE,
            title_fontsize=_LEAST_SIZE,
            frameon=False,
        )
        if n_columns == 1 or legend.get_window_extent(renderer).width <= room:
            return _LINE * (math.ceil(len(handles) / n_columns) - 1)
        legend.remove()
        n_columns -= 1
