"""Draw a ranking as a sketch of the map: one tile for each place, coloured by how it changed.

Colour is the ratio of the two rates in the light of the other places, never a count: a place is not
dark because many events are counted there. Tiles are hatched where the interval of the ratio holds
1, and empty where the place could not be compared.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from trends import escaping
from trends.analysis.ranking import GroupRanking
from trends.figures import style
from trends.findings.wording import as_printed, format_number, words
from trends.tables.exposure import label_words

#: Ratios at which the shade changes, on either side of 1, and how dense each shade is.
STEPS, DENSITY = (1.0, 2.0, 5.0), (0.25, 0.55, 0.9)
#: The same ratios in order; a class of the legend holds the one at which it begins.
_ENDS = (*(1 / step for step in STEPS[:0:-1]), *STEPS)
_TILE, _HATCH = 0.94, "////"


def plot_tiles(
    ranking: GroupRanking,
    places: pd.DataFrame,
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw a sketch of the map of a ranking.

    Parameters
    ----------
    ranking : GroupRanking
        Ranked by one column, whose labels are among the places.
    places : DataFrame
        As `read_tile_grid` returns it.
    lang : {"en", "ar", "fr"}
        Language of names and legend.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If no group of the ranking has a place.
    """
    table = ranking.groups.merge(
        places, left_on=ranking.by[0], right_on="governorate", how="inner", validate="one_to_one"
    )
    table = table[table["row"].notna()]
    if table.empty:
        raise ValueError(
            f"`places` must hold the groups of the ranking, got none of them among "
            f"{len(places)} places. Rank by the column that the places are named in."
        )
    n_rows, n_columns = int(table["row"].max()) + 1, int(table["column"].max()) + 1
    ax = (
        ax if ax is not None else style.new_axes(size=(1.25 * n_columns + 0.6, 0.95 * n_rows + 0.9))
    )
    label = words(lang)["tiles"]
    with plt.rc_context({"hatch.linewidth": 0.6}):
        for place in table.to_dict("records"):
            _draw_tile(ax, place, lang)
    ax.set_xlim(0, n_columns)
    ax.set_ylim(n_rows, 0)
    ax.set_aspect(0.72)
    ax.axis("off")
    ax.legend(
        handles=_legend(label, lang),
        title=label["title"],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=2,
        fontsize=8,
    )
    return ax


def shade(ratio: float) -> tuple[str, float]:
    """Return the colour of a ratio and how dense it is.

    The ratio is taken as it is printed, so that no tile contradicts the legend.

    Examples
    --------
    >>> shade(0.19)[1] > shade(0.9)[1], shade(2.0)[0] == style.SECOND, shade(0.5)[0] == style.FIRST
    (True, True, True)
    >>> shade(0.198) == shade(0.2) == shade(0.3)
    True
    """
    step = int(np.searchsorted(_ENDS, as_printed(ratio), side="right"))
    colors = [style.FIRST] * len(DENSITY) + [style.SECOND] * len(DENSITY)
    return colors[step], (*DENSITY[::-1], *DENSITY)[step]


def _draw_tile(ax: Axes, place: dict[str, Any], lang: str) -> None:
    """Draw one place: its name, and its ratio where it has one."""
    ratio, low, high = (place[f"shrunk_ratio{end}"] for end in ("", "_low", "_high"))
    left, top = place["column"], place["row"]
    known = np.isfinite(ratio)
    corner = (left + 0.03, top + 0.03)
    if known:
        color, density = shade(ratio)
        ax.add_patch(Rectangle(corner, _TILE, _TILE, facecolor=color, alpha=density, linewidth=0))
        if low <= 1 <= high:
            line = style.PAPER if density == max(DENSITY) else style.MUTED
            ax.add_patch(
                Rectangle(
                    corner,
                    _TILE,
                    _TILE,
                    facecolor="none",
                    edgecolor=line,
                    linewidth=0,
                    hatch=_HATCH,
                )
            )
    ax.add_patch(
        Rectangle(corner, _TILE, _TILE, facecolor="none", edgecolor=style.MUTED, linewidth=0.8)
    )
    name = label_words(place["governorate"], lang)
    told = format_number(ratio, "rough", lang) if known else "\N{EN DASH}"
    ax.text(
        left + 0.5,
        top + 0.5,
        f"{escaping.figure(name)}\n{told}",
        ha="center",
        va="center",
        fontsize=8,
        color=style.INK,
        bbox={"facecolor": style.PAPER, "alpha": 0.75, "linewidth": 0, "pad": 1.5},
    )


def _legend(label: dict[str, str], lang: str) -> list[Patch]:
    """Return the patches of the legend, from the largest fall to the largest rise."""
    patches = []
    for low, high in pairwise((0.0, *_ENDS, np.inf)):
        key = "below" if low == 0 else "above" if high == np.inf else "between"
        said = {end: format_number(at, "rough", lang) for end, at in (("low", low), ("high", high))}
        color, density = shade(low)
        patches.append(Patch(facecolor=color, alpha=density, label=label[key].format(**said)))
    hatched = Patch(facecolor="none", edgecolor=style.MUTED, hatch=_HATCH, label=label["unsure"])
    empty = Patch(facecolor="none", edgecolor=style.MUTED, label=label["unknown"])
    return [*patches, hatched, empty]
