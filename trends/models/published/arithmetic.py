"""Which published figures cannot all be true, by arithmetic alone?

Each rule takes the figures and returns what conflicts and which figures it compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from trends.models.published.comparable import (
    Conflict,
    Figures,
    Found,
    Verdict,
    blocks,
    codes,
    groups,
    is_narrower,
    write_count,
)
from trends.models.published.window_packing import heaviest_packing, lightest_tiling

#: A total may exceed the sum of the minimums it consists of by this share before the difference
#: reads as what minimums leave out rather than as a recount.
_RECOUNT_SHARE = 0.05


def two_figures(figures: Figures) -> Found:
    """Find figures of one series and window that exclude each other."""
    compared = figures.none()
    conflicts: list[Conflict] = []
    rows = np.flatnonzero(figures.dated & (figures.series >= 0))
    keys = codes(figures.series[rows], figures.start[rows], figures.end[rows])
    for group in groups(rows, keys):
        compared[group] = True
        lowest = group[np.argmin(figures.high[group])]
        highest = group[np.argmax(figures.low[group])]
        # Every row that conflicts with any conflicts with one of these two.
        pairs = {(lowest, row) for row in group if figures.low[row] > figures.high[lowest]}
        pairs |= {(row, highest) for row in group if figures.high[row] < figures.low[highest]}
        for below, above in sorted(pairs):
            one, two = (below, above) if figures.primary[below] else (above, below)
            conflicts.append(
                Conflict(
                    "two_figures",
                    "impossible",
                    (int(one), int(two)),
                    figures.printed[one],
                    figures.printed[two],
                    f"{figures.said[one]} ≠ {figures.said[two]}",
                    figures.low[above] - figures.high[below],
                )
            )
    return Found(conflicts, compared)


def nested_windows(figures: Figures) -> Found:
    """Find windows with less than one inside them, or than several that share no day."""
    compared = figures.none()
    conflicts: list[Conflict] = []
    for whole, every in _windows_within(figures):
        compared[[whole, *every]] = True
        conflicts += _within(figures, whole, _one_per_window(figures, every))
    return Found(conflicts, compared)


def _within(figures: Figures, whole: int, inside: np.ndarray) -> Iterator[Conflict]:
    """Yield what one window and those inside it say against each other."""
    high = figures.high_before_end[whole]
    if np.isinf(figures.high[whole]) and np.isfinite(high):
        inside = inside[figures.end[inside] < figures.end[whole]]
    too_many = inside[figures.low[inside] > high]
    if len(too_many):
        part = int(too_many[np.argmax(figures.low[too_many])])
        same_start = figures.start[part] == figures.start[whole]
        kind = "cumulative_falls" if same_start else "window_exceeded"
        yield _exceeded(figures, kind, whole, [part], high)
        return
    chosen = inside[
        heaviest_packing(figures.start[inside], figures.end[inside], figures.low[inside])
    ]
    total = figures.low[chosen].sum()
    if total > high:
        yield _exceeded(figures, "parts_exceed_whole", whole, chosen.tolist(), high)
    elif figures.minimum[whole] and total > figures.printed[whole]:
        yield _exceeded(
            figures, "minimum_below_parts", whole, chosen.tolist(), figures.printed[whole]
        )
    else:
        yield from _tiled_short(figures, whole, inside)


def _tiled_short(figures: Figures, whole: int, inside: np.ndarray) -> Iterator[Conflict]:
    """Yield windows that fill a longer one day by day and allow less than it has."""
    readings: tuple[tuple[np.ndarray, Verdict], ...] = (
        (figures.high, "impossible"),
        (figures.printed, "tension"),
    )
    for weight, verdict in readings:
        tiles = inside[
            lightest_tiling(
                figures.start[inside],
                figures.end[inside],
                weight[inside],
                first=int(figures.start[whole]),
                last=int(figures.end[whole]),
            )
        ]
        if not len(tiles):
            return
        total, needed = weight[tiles].sum(), figures.low[whole]
        if verdict == "tension" and not (
            figures.exact[whole] and total >= (1 - _RECOUNT_SHARE) * needed
        ):
            return
        if total < needed:
            yield _fallen_short(figures, whole, tiles.tolist(), total, verdict)
            return


def linked_parts(figures: Figures) -> Found:
    """Find wholes that do not fit the parts the table links to them."""
    compared = figures.none()
    conflicts: list[Conflict] = []
    linked: dict[int, list[int]] = defaultdict(list)
    for part in np.flatnonzero(figures.whole >= 0).tolist():
        whole = int(figures.whole[part])
        same = figures.measure[part] == figures.measure[whole]
        known = figures.dated[part] and figures.dated[whole]
        if known and (same or figures.part_kind[part] == "subset"):
            linked[whole].append(part)
    for whole, parts in linked.items():
        compared[[whole, *parts]] = True
        # Periods are compared as windows, with their own days.
        conflicts += _divided(
            figures, whole, [part for part in parts if figures.part_kind[part] != "period"]
        )
    return Found(conflicts, compared)


def _divided(figures: Figures, whole: int, parts: list[int]) -> Iterator[Conflict]:
    """Yield what a whole and its parts, periods apart, say against each other."""
    high = figures.high[whole]
    too_many = [part for part in parts if figures.low[part] > high]
    for part in too_many:
        yield _exceeded(figures, "part_exceeds_whole", whole, [part], high)
    if too_many:
        return
    chosen = _disjoint_parts(figures, whole, parts)
    total = figures.low[chosen].sum()
    if total > high:
        yield _exceeded(figures, "parts_exceed_whole", whole, chosen, high)
    elif figures.minimum[whole] and total > figures.printed[whole]:
        yield _exceeded(figures, "minimum_below_parts", whole, chosen, figures.printed[whole])
    elif len(chosen) > 1 and (verdict := _fills(figures, whole, chosen)):
        total = figures.high[chosen].sum()
        if total < figures.low[whole]:
            yield _fallen_short(figures, whole, chosen, total, verdict)


def _disjoint_parts(figures: Figures, whole: int, parts: Iterable[int]) -> list[int]:
    """Return parts that cannot overlap and make the largest sum.

    Parts of one kind exclude each other, and so do parts in different countries; parts of several
    kinds in one country (by area, by actor) divide the same thing twice.
    """
    by_kind: dict[Any, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for part in _without_repeats(figures, parts):
        kind = figures.part_kind[part]
        if kind not in ("subset", "period") and figures.measure[part] == figures.measure[whole]:
            by_kind[figures.countries[part]][kind].append(part)
    best = {
        country: max(kinds.values(), key=lambda group: figures.low[group].sum())
        for country, kinds in by_kind.items()
    }
    everywhere = best.pop(figures.countries[whole], [])
    apart: list[int] = []
    covered = 0
    for country in sorted(best, key=lambda bits: -figures.low[best[bits]].sum()):
        if not covered & country:
            apart += best[country]
            covered |= country
    return max(everywhere, apart, key=lambda group: figures.low[group].sum())


def _fills(figures: Figures, whole: int, parts: list[int]) -> Verdict | None:
    """Tell whether parts make up all of their whole, and how sure that is."""
    kinds = set(figures.part_kind[parts])
    covered = int(np.bitwise_or.reduce(figures.countries[parts]))
    if kinds == {"country"} and covered == figures.countries[whole]:
        return "impossible"
    same_country = all(figures.countries[parts] == figures.countries[whole])
    if kinds <= {"type", "target", "actor"} and same_country and all(figures.exact[parts]):
        return "tension"
    return None


def scopes_exceeded(figures: Figures) -> Found:
    """Find narrower scopes with more than a wider one of the same counter and days."""
    compared = figures.none()
    conflicts: list[Conflict] = []
    rows = np.flatnonzero(figures.dated)
    keys = codes(
        figures.counter[rows],
        figures.measure[rows],
        figures.definition[rows],
        figures.actor[rows],
    )
    for group in groups(rows, keys):
        wider = group[figures.whole_country[group]]
        for some in blocks(wider):
            nested = is_narrower(figures, group[:, None], some[None, :])
            nested &= figures.start[group][:, None] >= figures.start[some]
            nested &= figures.end[group][:, None] <= figures.end[some]
            nested &= figures.whole[group][:, None] != some
            inner, outer = np.nonzero(nested)
            compared[group[inner]] = True
            compared[some[outer]] = True
            broken = figures.low[group[inner]] > figures.high[some[outer]]
            conflicts += [
                _exceeded(figures, "scope_exceeded", int(wide), [int(narrow)], figures.high[wide])
                for narrow, wide in zip(group[inner[broken]], some[outer[broken]], strict=True)
            ]
    return Found(conflicts, compared)


def _windows_within(figures: Figures) -> Iterator[tuple[int, np.ndarray]]:
    """Yield every window with the shorter ones inside it: of its series, or linked as periods."""
    start, end = figures.start, figures.end
    inside: dict[int, list[np.ndarray]] = defaultdict(list)
    rows = np.flatnonzero(figures.dated & (figures.series >= 0))
    for group in groups(rows, figures.series[rows]):
        for some in blocks(group):
            within = (start[group] >= start[some][:, None]) & (end[group] <= end[some][:, None])
            within &= (start[group] > start[some][:, None]) | (end[group] < end[some][:, None])
            for place in np.flatnonzero(within.any(axis=1)):
                inside[int(some[place])].append(group[within[place]])
    linked = np.flatnonzero((figures.whole >= 0) & (figures.part_kind == "period"))
    for part in linked.tolist():
        whole = int(figures.whole[part])
        fits = (
            figures.dated[[part, whole]].all() and figures.measure[part] == figures.measure[whole]
        )
        if fits and start[whole] <= start[part] and end[part] <= end[whole]:
            inside[whole].append(np.array([part]))
    seen = set()
    for whole in sorted(inside, key=lambda row: (not figures.primary[row], row)):
        window = (int(figures.series[whole]), start[whole], end[whole])
        if figures.series[whole] < 0 or window not in seen:
            seen.add(window)
            yield whole, np.unique(np.concatenate(inside[whole]))


def _one_per_window(figures: Figures, rows: np.ndarray) -> np.ndarray:
    """Keep one figure per window: the primary one, and of several the smallest."""
    order = np.lexsort(
        (figures.low[rows], ~figures.primary[rows], figures.end[rows], figures.start[rows])
    )
    ordered = rows[order]
    again = (np.diff(figures.start[ordered]) == 0) & (np.diff(figures.end[ordered]) == 0)
    return ordered[np.concatenate([[True], ~again])]


def _without_repeats(figures: Figures, parts: Iterable[int]) -> list[int]:
    """Leave out requoted and rival parts of which the primary one is there."""
    chosen = list(parts)
    primary = {_label(figures, part) for part in chosen if figures.primary[part]}
    kept: dict[Any, int] = {}
    for part in chosen:
        if figures.primary[part]:
            kept[part] = part
        elif _label(figures, part) not in primary:
            kept.setdefault(_label(figures, part), part)
    return list(kept.values())


def _label(figures: Figures, part: int) -> tuple[Any, ...]:
    """Return what two figures for the same part of a whole share."""
    return (
        figures.part_kind[part],
        figures.measure[part],
        figures.scope[part],
        str(figures.start[part]),
        str(figures.end[part]),
    )


def _exceeded(figures: Figures, kind: str, whole: int, parts: list[int], limit: float) -> Conflict:
    """Return the conflict of a whole that is less than its parts."""
    total = float(figures.low[parts].sum())
    said = figures.said[whole]
    shown = write_count(limit) if write_count(limit) == said else f"{write_count(limit)} ({said})"
    return Conflict(
        kind,
        "tension" if kind == "minimum_below_parts" else "impossible",
        (whole, *parts),
        figures.printed[whole],
        total,
        f"{_sum(figures.low[parts])} > {shown}",
        total - limit,
    )


def _fallen_short(
    figures: Figures, whole: int, parts: list[int], total: float, verdict: Verdict
) -> Conflict:
    """Return the conflict of a whole that is more than the parts that fill it."""
    high = figures.high if verdict == "impossible" else figures.printed
    return Conflict(
        "parts_fall_short",
        verdict,
        (whole, *parts),
        figures.printed[whole],
        total,
        f"{_sum(high[parts])} < {write_count(figures.low[whole])}",
        float(figures.low[whole] - total),
    )


def _sum(terms: np.ndarray) -> str:
    """Return an addition in writing."""
    if len(terms) == 1:
        return write_count(terms[0])
    return f"{' + '.join(write_count(term) for term in terms)} = {write_count(terms.sum())}"
