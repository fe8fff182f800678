"""Which published figures can be held against one another?

The columns of the table decide what is like what: whose count it is, what it counts, by which
definition, in which scope. Nothing is told from how a name is spelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from trends.models.published.figure_bounds import figure_bounds
from trends.tables.figure import scope_keys

#: What no events could have made true; what one reading resolves; what chance would seldom make;
#: one number for two scopes or windows, which may all be true but is likely a slip.
Verdict = Literal["impossible", "tension", "improbable", "repeated"]

#: Rows of a pairwise comparison that are held in memory at once.
_BLOCK = 1024

#: Kinds of parts that divide a whole by something other than place or time.
_DIVIDED = ("type", "target", "subset", "actor")


class Conflict(NamedTuple):
    """Figures that do not go together, by their positions in the table."""

    kind: str
    verdict: Verdict
    rows: tuple[int, ...]
    first: float
    second: float
    arithmetic: str
    gap: float
    p_value: float = np.nan


class Found(NamedTuple):
    """What one rule found.

    Attributes
    ----------
    conflicts : list of Conflict
        What conflicts.
    compared : ndarray of bool, shape (n_statements,)
        Which figures were held against another one.
    n_tests : int
        Tests behind the p-values, 0 for a rule of arithmetic.
    """

    conflicts: list[Conflict]
    compared: np.ndarray
    n_tests: int = 0


@dataclass(frozen=True, eq=False)
class Figures:
    """A table of statements as arrays of n_statements; figures without a full window are not dated.

    Attributes
    ----------
    low, high, high_before_end, printed, said : ndarray
        What each figure allows, as in `FigureBounds`.
    minimum, exact : ndarray of bool
        Whether it was said to be a minimum, or as an exact count.
    start, end : ndarray
        First and last day, counted from 1970; NaN where blank.
    dated : ndarray of bool
        Whether both ends are known; never for a stock, whose window is one day.
    series : ndarray of int
        One number per counter, measure, definition and scope; -1 for rows in no series.
    from_rate : ndarray of bool
        Whether the count was published as a rate and multiplied by its window.
    countries : ndarray
        Sets of countries as bits.
    country, country_inside : ndarray
        The sets as codes, and which code lies strictly inside which.
    whole_country : ndarray of bool
        Whether the scope is all of its countries, undivided.
    whole : ndarray of int
        Position of the whole this is a part of, -1 if none.
    """

    statement_id: np.ndarray
    low: np.ndarray
    high: np.ndarray
    high_before_end: np.ndarray
    printed: np.ndarray
    said: np.ndarray
    minimum: np.ndarray
    exact: np.ndarray
    start: np.ndarray
    end: np.ndarray
    dated: np.ndarray
    stock: np.ndarray
    series: np.ndarray
    measure: np.ndarray
    definition: np.ndarray
    from_rate: np.ndarray
    counter: np.ndarray
    actor: np.ndarray
    countries: np.ndarray
    country: np.ndarray
    country_inside: np.ndarray
    whole_country: np.ndarray
    scope: np.ndarray
    whole: np.ndarray
    part_kind: np.ndarray
    primary: np.ndarray
    outlet: np.ndarray

    def __len__(self) -> int:
        """Return the number of figures."""
        return len(self.statement_id)

    def days(self, row: int) -> float:
        """Return the length of a window in days."""
        return float(self.end[row] - self.start[row] + 1)

    def none(self) -> np.ndarray:
        """Return that no figure was compared, as an array to fill."""
        return np.zeros(len(self), dtype=bool)


def as_figures(statements: pd.DataFrame) -> Figures:
    """Turn a table of statements, complete in its columns, into arrays."""
    bounds = figure_bounds(statements)

    def words(name: str) -> np.ndarray:
        return statements[name].fillna("").astype(str).to_numpy(dtype=object)

    start, end = (_days(statements[name]) for name in ("window_start", "window_end"))
    stock = words("quantity") == "stock"
    forecast = words("forecast_of") != ""
    scope = pd.factorize(scope_keys(statements))[0]
    definition = words("definition")
    series = codes(words("counter"), words("measure"), definition, scope)
    place = {name: row for row, name in enumerate(words("statement_id"))}
    whole = np.array([place.get(name, -1) for name in words("part_of")], dtype=int)
    part_kind = words("part_kind")
    # A part that bears the labels of its whole (a type, a target) is not a rival value of it.
    named_part = (whole >= 0) & (part_kind != "period") & (series == series[whole])
    countries = _country_bits(words("country"))
    sets, country = np.unique(countries.astype(str), return_inverse=True)
    bits = [int(each) for each in sets]
    undivided = ~np.isin(part_kind, _DIVIDED) & (words("subset") == "")
    return Figures(
        statement_id=words("statement_id"),
        low=bounds.low,
        high=bounds.high,
        high_before_end=bounds.high_before_end,
        printed=bounds.printed,
        said=bounds.said,
        minimum=np.isin(words("qualifier"), ["at_least", "more_than"]),
        exact=words("qualifier") == "exact",
        start=start,
        end=end,
        dated=~np.isnan(start) & ~np.isnan(end) & ~stock & ~forecast,
        stock=stock & ~forecast,
        series=np.where(named_part | stock | forecast, -1, series),
        measure=words("measure"),
        definition=definition,
        from_rate=words("quantity") == "rate",
        counter=words("counter"),
        actor=words("actor"),
        countries=countries,
        country=country,
        country_inside=np.array([[a != b and a & b == a for b in bits] for a in bits], dtype=bool),
        whole_country=(words("scope") == "whole") & undivided,
        scope=scope,
        whole=whole,
        part_kind=part_kind,
        primary=words("role") == "primary",
        outlet=words("published_by"),
    )


def _days(dates: pd.Series) -> np.ndarray:
    """Return dates as days since 1970, NaN where blank."""
    return ((dates - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)).to_numpy(dtype=float)


def _country_bits(country: np.ndarray) -> np.ndarray:
    """Return each set of countries as bits."""
    names = sorted({name.strip() for each in country for name in each.split("+")})
    bit = {name: 1 << place for place, name in enumerate(names)}
    return np.array(
        [sum(bit[n.strip()] for n in each.split("+")) for each in country], dtype=object
    )


def codes(*keys: np.ndarray) -> np.ndarray:
    """Return one number per distinct combination of keys."""
    frame = pd.DataFrame({str(place): key for place, key in enumerate(keys)})
    return frame.groupby(list(frame), sort=False, dropna=False).ngroup().to_numpy()


def groups(rows: np.ndarray, keys: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of every key that has at least two."""
    order = np.argsort(keys, kind="stable")
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    for group in np.split(rows[order], borders):
        if len(group) > 1:
            yield group


def blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield rows in blocks that keep a pairwise comparison small."""
    for first in range(0, len(rows), _BLOCK):
        yield rows[first : first + _BLOCK]


def is_narrower(figures: Figures, narrow: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Tell whether a scope lies inside another: a country in several, an area in its country."""
    inside = figures.country_inside[figures.country[narrow], figures.country[wide]]
    same = figures.country[narrow] == figures.country[wide]
    return figures.whole_country[wide] & (inside | (same & ~figures.whole_country[narrow]))


def write_count(value: float) -> str:
    """Return a count as it is printed; halves come from rounding units."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
