"""Which windows lie side by side, and which of them fill a longer one?"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np


def heaviest_packing(start: np.ndarray, end: np.ndarray, weight: np.ndarray) -> list[int]:
    """Choose windows that share no day and have the largest total weight.

    Parameters
    ----------
    start, end : ndarray of int, shape (n_windows,)
        First and last day of each window, both included.
    weight : ndarray, shape (n_windows,)
        What is to be as large as possible in total; none is negative.

    Returns
    -------
    list of int
        Positions of the chosen windows, by first day. Windows of weight 0 are left out.

    Notes
    -----
    Weighted interval scheduling: by last day, a window is either left out or added to the best
    choice among those that end before it starts. Needs n log n steps.

    References
    ----------
    Kleinberg J, Tardos E (2005). Algorithm Design, section 6.1. Pearson. ISBN 978-0321295354

    Examples
    --------
    >>> heaviest_packing(np.array([0, 0, 5]), np.array([9, 4, 9]), np.array([7, 4, 4]))
    [1, 2]
    """
    order = np.argsort(end, kind="stable").tolist()
    ends = end[order].tolist()
    best = [0.0] * (len(order) + 1)
    taken = [False] * len(order)
    before = [0] * len(order)
    for place, window in enumerate(order):
        before[place] = bisect_right(ends, start[window] - 1, 0, place)
        with_it = best[before[place]] + float(weight[window])
        taken[place] = with_it > best[place]
        best[place + 1] = max(with_it, best[place])
    chosen: list[int] = []
    place = len(order)
    while place > 0:
        if taken[place - 1]:
            chosen.append(order[place - 1])
            place = before[place - 1]
        else:
            place -= 1
    return chosen[::-1]


def lightest_tiling(
    start: np.ndarray, end: np.ndarray, weight: np.ndarray, *, first: int, last: int
) -> list[int]:
    """Choose windows that fill a longer one day by day with the smallest total weight.

    Parameters
    ----------
    start, end : ndarray of int, shape (n_windows,)
        First and last day of each window, both included.
    weight : ndarray, shape (n_windows,)
        What is to be as small as possible in total; may be infinite.
    first, last : int
        Days to fill.

    Returns
    -------
    list of int
        Positions of the chosen windows, by first day; empty when none fill the days.

    Examples
    --------
    >>> lightest_tiling(np.array([0, 5, 5]), np.array([4, 9, 8]), np.array([3, 4, 1]),
    ...                 first=0, last=9)
    [0, 1]
    """
    reached: dict[int, tuple[float, list[int]]] = {first: (0.0, [])}
    for window in np.argsort(start, kind="stable").tolist():
        here = reached.get(int(start[window]))
        if here is None or end[window] > last:
            continue
        total, next_day = here[0] + float(weight[window]), int(end[window]) + 1
        if next_day not in reached or total < reached[next_day][0]:
            reached[next_day] = (total, [*here[1], window])
    return reached.get(last + 1, (0.0, []))[1]
