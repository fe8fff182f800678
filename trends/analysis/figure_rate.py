"""Which rate does one published figure imply, given how firmly it was said?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd

from trends.analysis.result import Result, check_alpha
from trends.models.published.figure_likelihood import (
    RateMethod,
    counts_allowed,
    mean_estimate,
    mean_interval,
)
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.figure import rounding_unit
from trends.tables.statements import FIGURE_COLUMNS, as_statements
from trends.tables.window import Figure, Window, as_window, why_no_rate

#: Columns of `figure_rates`.
RATE_COLUMNS = [
    "statement_id",
    "estimate",
    "conf_low",
    "conf_high",
    "conf_level",
    "count_low",
    "count_high",
    "rounding_unit",
    "reason",
]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FigureRate(Result):
    """The rate one published figure implies.

    Attributes
    ----------
    window : Window
        The figure.
    estimate : float
        Events per 30.4375 days; NaN where a figure has no point estimate (a first event since).
    conf_low, conf_high : float
        Interval; the upper end is infinite for figures without an upper bound.
    conf_level : float
        Level of the interval.
    method : str
        How the interval was made.
    count_low, count_high : float
        Counts the figure allows; `count_high` is infinite where there is no upper bound.
    rounding_unit : int or None
        What an "about" figure was taken to be rounded to.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    window: Window
    estimate: float
    conf_low: float
    conf_high: float
    conf_level: float
    method: str
    count_low: float
    count_high: float
    rounding_unit: int | None = None
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row: the rate, events per 30.4375 days, with its interval.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the interval; by default that of the result.

        Returns
        -------
        DataFrame of 1 row
            Columns term, estimate, conf_low, conf_high, conf_level, method.
        """
        if alpha is not None and not np.isclose(1 - alpha, self.conf_level):
            again = figure_rate(self.window, method=cast("RateMethod", self.method), alpha=alpha)
            return again.to_frame()
        row = {
            "term": "rate",
            "estimate": self.estimate,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "conf_level": self.conf_level,
            "method": self.method,
        }
        return pd.DataFrame([row])


def figure_rate(
    figure: Figure, *, method: RateMethod = "exact-c", alpha: float = 0.05
) -> FigureRate:
    """Return the rate that one published figure implies, with its interval.

    Parameters
    ----------
    figure : Window, str, statement row, mapping or tuple
        One published figure, such as ``"294 in 2024"``, ``(294, "2024")`` or a row of
        `read_statements`.
    method : {"exact-c", "midp-c"}
        "exact-c" never covers less than it says (and more where counts are few or the figure is
        rounded coarsely); "midp-c" covers what it says on average over rates.
    alpha : float
        One minus the level of the interval.

    Returns
    -------
    FigureRate

    Raises
    ------
    TypeError
        If the figure cannot be read as a count over a window.
    ValueError
        If the count, window, method or level is not valid.

    Notes
    -----
    *exact*: the exact Poisson interval. *at_least*, *more_than*: the figure bounds the rate from
    below only, so the whole error goes to the lower end and the upper end is infinite; the
    estimate is the rate of the smallest count allowed. *about*: any count that rounds to the
    figure, where the unit is the largest of 1, 5, 10, 50, 100, ... that divides the figure and is
    at most half of it, unless the window names one; at least 1 to either side. *range*: any count
    in it. *nth_since*: the nth event stopped the clock, so the waiting time is Erlang;
    (n - 1) / time is unbiased where n / time is not, and for n = 1 the mean of 1 / time is
    infinite, so there is no estimate and only a lower limit is given. The window of a day counts as
    whole, also the last one.

    The interval holds for Poisson counts: one total cannot show its own scatter.

    Examples
    --------
    >>> import trends
    >>> rate = trends.figure_rate("10th from 2025-05-01 to 2025-05-19")
    >>> print(f"{rate.estimate:.1f} [{rate.conf_low:.1f}, {rate.conf_high:.1f}]")
    14.4 [7.7, 27.4]
    """
    if method not in ("exact-c", "midp-c"):
        raise ValueError(f"`method` must be exact-c or midp-c, got {method!r}. Pick one.")
    check_alpha(alpha)
    window = as_window(figure)
    months = window.days / DAYS_PER_MONTH
    allowed = counts_allowed(window)
    low, high = mean_interval(window, method=method, alpha=alpha)
    return FigureRate(
        window=window,
        estimate=mean_estimate(window) / months,
        conf_low=low / months,
        conf_high=high / months,
        conf_level=1 - alpha,
        method=method,
        count_low=allowed.fewest,
        count_high=allowed.most,
        rounding_unit=_unit(window),
        caveats=window.caveats,
    )


def figure_rates(
    statements: pd.DataFrame, *, method: RateMethod = "exact-c", alpha: float = 0.05
) -> pd.DataFrame:
    """Return the rate each statement implies, in the order of the statements.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `read_statements` returns it.
    method : {"exact-c", "midp-c"}
        As in `figure_rate`.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    DataFrame of n_statements rows
        Same index; columns statement_id, estimate, conf_low and conf_high (events per 30.4375
        days), conf_level, count_low, count_high, rounding_unit and reason. A figure that implies
        no rate keeps its row, with NaN and the reason.

    Raises
    ------
    ValueError
        If the method or level is not valid.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> statements = pd.DataFrame({
    ...     "statement_id": ["a", "b"], "measure": "claims", "count": [294, 121],
    ...     "qualifier": "exact", "counted_by": "A",
    ...     "window_start": pd.to_datetime(["2024-01-01", "2023-01-01"]),
    ...     "window_end": pd.to_datetime(["2024-12-31", "2023-12-31"]),
    ... })
    >>> trends.figure_rates(statements)["estimate"].round(1).tolist()
    [24.4, 10.1]
    """
    rows = []
    for row in as_statements(statements, FIGURE_COLUMNS).to_dict("records"):
        reason = why_no_rate(row)
        if reason:
            blank: list[Any] = [row["statement_id"], *[np.nan] * 3, 1 - alpha, *[np.nan] * 3]
            rows.append([*blank, reason])
            continue
        rate = figure_rate(row, method=method, alpha=alpha)
        unit = np.nan if rate.rounding_unit is None else rate.rounding_unit
        estimate, bounds = rate.estimate, (rate.conf_low, rate.conf_high)
        counts = (rate.count_low, rate.count_high)
        rows.append([row["statement_id"], estimate, *bounds, 1 - alpha, *counts, unit, ""])
    return pd.DataFrame(rows, columns=RATE_COLUMNS, index=statements.index)


def _unit(window: Window) -> int | None:
    """Return what an "about" figure is rounded to."""
    if window.qualifier != "about":
        return None
    return window.rounding_unit if window.rounding_unit is not None else rounding_unit(window.count)
