"""Which published figures would chance seldom bring about?

One number given for two scopes or two windows, and a rate between two totals that is out of line
with the one before. None of it is impossible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import betainc

from trends.models.published.comparable import (
    Conflict,
    Figures,
    Found,
    codes,
    groups,
    is_narrower,
    write_count,
)
from trends.tables.calendar import DAYS_PER_MONTH

#: Fewest events for which the same number twice is no coincidence worth ignoring.
_ECHO_EVENTS = 5

#: Variance-to-mean ratio that is assumed where a table has too few neighbouring windows to show
#: its own; monthly counts of the kind this package is about have 3 to 8.
_USUAL_DISPERSION = 5.0
_ENOUGH_NEIGHBOURS = 10


def two_scopes(figures: Figures) -> Found:
    """Find one number of one counter and window that outlets give for a scope and for a wider one.

    Both can be true, when nothing happened where only the wider one reaches.
    """
    compared, conflicts = figures.none(), []
    rows = np.flatnonzero(figures.dated & (figures.printed >= _ECHO_EVENTS))
    keys = codes(
        figures.counter[rows],
        figures.measure[rows],
        figures.start[rows],
        figures.end[rows],
        figures.printed[rows],
        figures.minimum[rows],
    )
    for group in groups(rows, keys):
        if len(set(figures.scope[group])) == 1:
            continue
        wide = group[figures.whole_country[group]]
        nested = is_narrower(figures, group[:, None], wide[None, :])
        nested &= figures.outlet[group][:, None] != figures.outlet[wide]
        nested &= figures.whole[group][:, None] != wide
        inner, outer = np.nonzero(nested)
        for narrow in dict.fromkeys(inner.tolist()):
            against = wide[outer[inner == narrow]]
            against = against[np.argsort(~figures.primary[against], kind="stable")]
            one, two = int(against[0]), int(group[narrow])
            compared[[two, *against]] = True
            conflicts.append(
                Conflict(
                    "two_scopes",
                    "repeated",
                    (one, two, *(int(row) for row in against[1:])),
                    figures.printed[one],
                    figures.printed[two],
                    f"{figures.said[one]} = {figures.said[two]}",
                    0.0,
                )
            )
    return Found(conflicts, compared)


def several_windows(figures: Figures, alpha: float) -> Found:
    """Find one number of one counter and scope that outlets give for different windows.

    Tested by the chance that no event fell where only one window reaches, at an even rate;
    adjusted for the number of repeated numbers (Holm).
    """
    compared, tried = figures.none(), []
    rows = np.flatnonzero(figures.dated & figures.exact & (figures.printed >= _ECHO_EVENTS))
    keys = codes(
        figures.counter[rows],
        figures.measure[rows],
        figures.scope[rows],
        figures.printed[rows],
    )
    for group in groups(rows, keys):
        # The reference is a primary figure, the shortest window of them.
        length = figures.end[group] - figures.start[group]
        rank = np.lexsort((length, ~figures.primary[group]))
        reference = int(group[rank[0]])
        seen = {(figures.start[reference], figures.end[reference])}
        for row in (int(group[place]) for place in rank[1:]):
            window = (figures.start[row], figures.end[row])
            same_outlet = figures.outlet[row] == figures.outlet[reference]
            apart = figures.start[reference] > window[1] or window[0] > figures.end[reference]
            if window in seen or same_outlet or apart:
                continue
            seen.add(window)
            compared[[reference, row]] = True
            lengths = "; ".join(f"{figures.days(each):,.0f} d" for each in (reference, row))
            tried.append(
                Conflict(
                    "several_windows",
                    "repeated",
                    (reference, row),
                    figures.printed[reference],
                    figures.printed[row],
                    f"{figures.said[reference]} = {figures.said[row]} ({lengths})",
                    0.0,
                    _coincidence(figures, reference, row),
                )
            )
    return Found(_surviving(tried, alpha), compared, len(tried))


def _coincidence(figures: Figures, one: int, two: int) -> float:
    """Return the chance that no event fell where only one of two windows reaches."""
    starts, ends = figures.start[[one, two]], figures.end[[one, two]]
    union = ends.max() - starts.min() + 1
    both = ends.min() - starts.max() + 1
    return float((both / union) ** figures.printed[one])


def implied_rates(figures: Figures, dispersion: dict[str, float], alpha: float) -> Found:
    """Find two totals whose difference implies a rate out of line with that of the first.

    Tested with the scatter that neighbouring windows show; adjusted for their number (Holm).
    """
    compared, tried = figures.none(), []
    for rate in _implied(figures, dispersion):
        before, total = rate.before, rate.total
        compared[[before, total]] = True
        days, said = figures.days(before), figures.said[before]
        count = float(figures.printed[before])
        times = f"{rate.implied / rate.days / (count / days):.1f}" if count else "∞"
        tried.append(
            Conflict(
                "implied_rate",
                "improbable",
                (before, total),
                figures.printed[before],
                figures.printed[total],
                f"{figures.said[total]} - {said} = {write_count(rate.implied)} "
                f"({rate.days:,.0f} d); {said} ({days:,.0f} d); × {times}",
                np.nan,
                rate.p_value,
            )
        )
    return Found(_surviving(tried, alpha), compared, len(tried))


def _surviving(tried: list[Conflict], alpha: float) -> list[Conflict]:
    """Return the tests that stay below a level when their number is adjusted for (Holm)."""
    kept, adjusted = [], 0.0
    for place, each in enumerate(sorted(tried, key=lambda each: each.p_value)):
        adjusted = max(adjusted, min(1.0, each.p_value * (len(tried) - place)))
        if adjusted >= alpha:
            break
        kept.append(each._replace(p_value=adjusted))
    return kept


class _ImpliedRate(NamedTuple):
    """A rate between two totals, held against the rate of the first."""

    before: int
    total: int
    implied: float
    days: float
    p_value: float


def _implied(figures: Figures, dispersion: dict[str, float]) -> Iterator[_ImpliedRate]:
    """Yield what two totals that overlap by a third imply about days only the later one has."""
    usable = figures.dated & (figures.series >= 0) & figures.primary & ~figures.from_rate
    rows = np.flatnonzero(usable)
    for group in groups(rows, figures.series[rows]):
        for total in group:
            start, end = figures.start[group], figures.end[group]
            shared = np.minimum(end, figures.end[total]) - np.maximum(start, figures.start[total])
            earlier = (start <= figures.start[total]) & (end < figures.end[total])
            # A short window at the start says little about the pace of a long total.
            sizeable = shared + 1 >= figures.days(total) / 3
            candidates = np.flatnonzero(earlier & sizeable)
            if not len(candidates):
                continue
            before = int(group[candidates[np.argmax(shared[candidates])]])
            days = float(figures.end[total] - figures.end[before])
            lowest = max(figures.low[total] - figures.high[before], 0.0)
            nested = figures.start[before] == figures.start[total]
            highest = figures.high[total] - (figures.low[before] if nested else 0.0)
            if highest < lowest:
                continue  # a cumulative count that falls is a contradiction, not a rate
            yield _ImpliedRate(
                before,
                int(total),
                figures.printed[total] - figures.printed[before],
                days,
                rate_p_value(
                    figures.printed[before],
                    figures.days(before),
                    (lowest, highest),
                    days,
                    dispersion[figures.measure[total]],
                ),
            )


def rate_p_value(
    count: float, days: float, implied: tuple[float, float], later: float, dispersion: float
) -> float:
    """Return the two-sided p-value of equal rates, for the implied count that is least surprising.

    Given the total, the later count is binomial under equal rates; scatter `dispersion` times as
    large as the mean divides the counts' weight by it.
    """
    share = later / (days + later)
    expected = count * later / days
    nearest = float(np.clip(expected, *implied))
    if nearest == expected:
        return 1.0
    a, b = nearest / dispersion, count / dispersion
    if nearest > expected:
        tail = float(betainc(a, b + 1, share)) if a > 0 else 1.0
    else:
        tail = float(1 - betainc(a + 1, b, share)) if b > 0 else 1.0
    return min(1.0, 2 * tail)


def neighbour_dispersion(figures: Figures) -> dict[str, float]:
    """Return the variance-to-mean ratio of neighbouring windows per measure, at least 1.

    Under equal rates the squared difference of two neighbours, in units of its Poisson variance,
    is 1 on average; its mean over all pairs is the ratio. Real changes from one window to the next
    are in it, so that a rate has to differ by more than rates usually change.
    """
    squares: dict[str, list[float]] = defaultdict(list)
    rows = np.flatnonzero(figures.dated & (figures.series >= 0) & figures.primary)
    for group in groups(rows, figures.series[rows]):
        start, days = figures.start[group], figures.end[group] - figures.start[group] + 1
        for place, one in enumerate(group):
            apart = start - figures.end[one]
            alike = np.maximum(days, days[place]) <= 1.5 * np.minimum(days, days[place])
            after = np.flatnonzero(alike & (apart > 0) & (apart <= 2 * DAYS_PER_MONTH))
            if not len(after):
                continue
            # The next window of about the same length; longer totals may lie in between.
            near = after[np.argmin(start[after])]
            two, first, second = group[near], days[place], days[near]
            both = figures.printed[one] + figures.printed[two]
            if both > 0:
                difference = figures.printed[one] * second - figures.printed[two] * first
                squares[figures.measure[one]].append(float(difference**2 / (both * first * second)))
    pooled = [square for measure in squares.values() for square in measure]
    usual = _dispersion_of(pooled, _USUAL_DISPERSION)
    return {
        measure: _dispersion_of(squares.get(measure, []), usual)
        for measure in sorted(set(figures.measure))
    }


def _dispersion_of(squares: list[float], usual: float) -> float:
    """Return the ratio that squared differences tell, or the usual one if they are few."""
    if len(squares) < _ENOUGH_NEIGHBOURS:
        return usual
    return max(1.0, float(np.mean(squares)))
