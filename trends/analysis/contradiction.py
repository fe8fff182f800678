"""Which published figures cannot all be true as read?"""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import betainc

from trends.analysis.result import Language, Result
from trends.models.published.figure_bounds import figure_bounds
from trends.models.published.window_packing import heaviest_packing, lightest_tiling
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.rows import plain_rows

Verdict = Literal["contradiction", "tension"]

#: What each rule finds, and the explanations that are always possible, likeliest first.
EXPLANATIONS = {
    "two_figures": ("revision", "error"),
    "cumulative_falls": ("revision", "error"),
    "window_exceeded": ("revision", "definition", "error"),
    "part_exceeds_whole": ("definition", "revision", "error"),
    "parts_exceed_whole": ("definition", "revision", "error"),
    "parts_fall_short": ("revision", "definition", "error"),
    "scope_exceeded": ("scope", "definition", "error"),
    "two_scopes": ("scope", "error"),
    "several_windows": ("definition", "error"),
    "minimum_below_parts": ("revision", "definition", "error"),
    "implied_rate": ("definition", "scope", "revision"),
}

COLUMNS = (
    "kind",
    "verdict",
    "statement_ids",
    "first",
    "second",
    "arithmetic",
    "gap",
    "p_value",
    "explanations",
)

#: What stands between several statements or explanations in one cell.
SEPARATOR = "; "

#: Columns whose words decide what is like what, and all that are read.
_LABELS = (
    "statement_id",
    "qualifier",
    "country",
    "area",
    "control_area",
    "actor",
    "counted_by",
    "published_by",
    "part_of",
    "part_kind",
    "role",
)
_NEEDED = (
    *_LABELS,
    "measure",
    "count_low",
    "count",
    "count_high",
    "window_start",
    "window_end",
    "window_basis",
)

#: Measures that count what is there on a day rather than what happened over a window.
_STOCK = re.compile(r"(_stock|_at_large)$")

#: What may follow a country's name in an area that is still the whole country.
_WHOLE_COUNTRY = r"(\s*$|\s*[,(]|\s+(Province|as worded)\b)"

#: A total may exceed the sum of the minimums it consists of by this share before the difference
#: reads as what minimums leave out rather than as a recount.
_RECOUNT_SHARE = 0.05

#: Fewest events for which the same number twice is no coincidence worth ignoring.
_ECHO_EVENTS = 5

#: Days between the known ends of two windows whose other end is blank, beyond which a repeated
#: number is taken for chance.
_ECHO_DAYS = 31

#: Variance-to-mean ratio that is assumed where a table has too few neighbouring windows to show
#: its own; monthly counts of the kind this package is about have 3 to 8.
_USUAL_DISPERSION = 5.0
_ENOUGH_NEIGHBOURS = 10

#: Rows of a pairwise comparison that are held in memory at once.
_BLOCK = 1024


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Contradictions(Result):
    """Figures that cannot all be true as read, figures in tension, and what was not examined.

    Attributes
    ----------
    statements : DataFrame of n_statements rows
        The table that was asked about.
    conflicts : DataFrame of n_contradictions + n_tensions rows
        Columns kind, verdict, statement_ids, first, second, arithmetic, gap, p_value, explanations;
        several statements or explanations are separated by semicolons.
    unexamined : DataFrame of n_statements - n_examined rows
        Columns statement_id, reason.
    n_statements, n_examined : int
        Figures in the table, and those that could be held against another one.
    n_contradictions, n_tensions : int
        Conflicts that no reading of the qualifiers resolves, and those that one does.
    n_rates_tested : int
        Rates implied between two overlapping totals that were tested.
    dispersion : dict of str to float
        Variance-to-mean ratio per measure that these tests assumed.
    alpha : float
        Level below which a coincidence or an implied rate is listed.
    """

    statements: pd.DataFrame
    conflicts: pd.DataFrame
    unexamined: pd.DataFrame
    n_statements: int
    n_examined: int
    n_contradictions: int
    n_tensions: int
    n_rates_tested: int
    dispersion: dict[str, float]
    alpha: float

    def to_frame(self, *, alpha: float = 0.05) -> pd.DataFrame:
        """Return one row per conflict; `alpha` changes nothing, as no row has an interval.

        Returns
        -------
        DataFrame
            Contradictions first, then tensions. `first` and `second` are the two figures, the
            whole or the earlier one first; `gap` is the distance between what they allow.
        """
        return self.conflicts.copy()

    def listing(self, lang: Language = "en") -> pd.DataFrame:
        """Return the conflicts for readers: what, who counted, the arithmetic, why it may be.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of columns and words.

        Returns
        -------
        DataFrame of n_contradictions + n_tensions rows
        """
        listed: pd.DataFrame = self._words().listing(self, lang)
        return listed

    def unused(self, lang: Language = "en") -> pd.DataFrame:
        """Return the figures that were not examined, by reason, for readers.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of columns and words.

        Returns
        -------
        DataFrame of one row per reason
        """
        listed: pd.DataFrame = self._words().unused(self, lang)
        return listed

    def _words(self) -> ModuleType:
        """Return the module that words this result."""
        return importlib.import_module(f"trends.findings.{self._module_name()}")


class _Conflict(NamedTuple):
    """One row of the answer, by the positions of its statements."""

    kind: str
    verdict: Verdict
    rows: tuple[int, ...]
    first: float
    second: float
    arithmetic: str
    gap: float
    p_value: float = np.nan


@dataclass(frozen=True, eq=False)
class _Figures:
    """The table as arrays of n_statements, and which of them have been compared."""

    statement_id: np.ndarray
    low: np.ndarray
    high: np.ndarray
    #: As `high`, for the days before the last one: the n-th since a date is the n-th, not more.
    high_before_end: np.ndarray
    printed: np.ndarray
    said: np.ndarray
    minimum: np.ndarray
    exact: np.ndarray
    #: First and last day, counted from 1970; NaN where blank.
    start: np.ndarray
    end: np.ndarray
    #: Windows with both ends; the windows of stocks are dates, and do not count.
    dated: np.ndarray
    #: Same counter, measure, country, area, control and actor; -1 for rows that are in no series.
    series: np.ndarray
    measure: np.ndarray
    #: Counts that were published as a rate and multiplied by its window.
    from_rate: np.ndarray
    counter: np.ndarray
    #: The counter whose number it is, without the words on who passed it on.
    original: np.ndarray
    actor: np.ndarray
    #: Sets of countries as bits, as codes, and which code lies strictly inside which.
    countries: np.ndarray
    country: np.ndarray
    country_inside: np.ndarray
    whole_country: np.ndarray
    scope: np.ndarray
    #: Position of the whole this is a part of, -1 if none.
    whole: np.ndarray
    part_kind: np.ndarray
    primary: np.ndarray
    outlet: np.ndarray
    compared: np.ndarray

    def days(self, row: int) -> float:
        """Return the length of a window in days."""
        return float(self.end[row] - self.start[row] + 1)


def find_contradictions(statements: pd.DataFrame, *, alpha: float = 0.05) -> Contradictions:
    """Find published figures that cannot all be true as read.

    Figures are compared as intervals: "at least", "more than", "about" and ranges allow what they
    say, so that only what no reading resolves is a contradiction. What one reading does resolve,
    but a careful reader would ask about, is a tension.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `trends.read_statements` returns it.
    alpha : float
        Level below which a repeated number (of several windows) or an implied rate is listed;
        implied rates are adjusted for their number (Holm).

    Returns
    -------
    Contradictions

    Raises
    ------
    TypeError
        If `statements` is not a frame of statements.
    ValueError
        If `alpha` is not between 0 and 1.

    Notes
    -----
    Only like is held against like: the same counter, measure, country, area, control and actor,
    or figures that the table itself links as part and whole. Words after a colon in an area name
    places and do not narrow it; areas that end in "areas" are all that their `control_area` holds.
    Parts of kind `subset` may overlap and are only compared one by one.

    Contradictions: *two figures* for one window; a *cumulative* count that *falls*; a *window
    exceeded* by one inside it; *parts* that *exceed* their *whole*, or *fall short* of it although
    they fill it; a *scope exceeded* by a narrower one; one number given for *two scopes* by
    different outlets, or for *several windows*, where chance would seldom repeat it.

    Tensions: a *minimum below* the sum of its *parts*; minimums that fill a total but *fall short*
    of it by less than 5%; an *implied rate* between two totals that differs from the rate before,
    tested with the scatter that neighbouring windows of the table show.

    Different counters are never held against each other: that two sources differ contradicts
    neither.

    References
    ----------
    Holm S (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6(2):65-70.

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "statement_id": ["year", "first-half", "second-half"], "measure": "attacks",
    ...     "count_low": pd.NA, "count": [40, 25, 18], "count_high": pd.NA, "qualifier": "exact",
    ...     "window_start": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-07-01"]),
    ...     "window_end": pd.to_datetime(["2024-12-31", "2024-06-30", "2024-12-31"]),
    ...     "window_basis": "stated", "country": "Syria", "area": "Syria", "control_area": "all",
    ...     "actor": "Islamic State", "counted_by": "Monitor", "published_by": "Monitor",
    ...     "part_of": pd.NA, "part_kind": pd.NA, "role": "primary"})
    >>> find_contradictions(figures).to_frame()["arithmetic"].tolist()
    ['25 + 18 = 43 > 40']
    """
    _check_statements(statements)
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must be between 0 and 1, got {alpha}. Use 0.05.")
    statements = plain_rows(statements)
    figures = _as_figures(statements)
    dispersion = _neighbour_dispersion(figures)
    rates = list(_implied_rates(figures, dispersion))
    conflicts = [
        *_two_figures(figures),
        *_nested_windows(figures),
        *_linked_parts(figures),
        *_scopes_exceeded(figures),
        *_two_scopes(figures),
        *_several_windows(figures, alpha),
        *_surprising(figures, rates, alpha),
    ]
    frame = _as_frame(conflicts, figures, statements)
    unexamined = _unexamined(figures, statements)
    n_contradictions = int((frame["verdict"] == "contradiction").sum())
    return Contradictions(
        statements=statements,
        conflicts=frame,
        unexamined=unexamined,
        n_statements=len(statements),
        n_examined=len(statements) - len(unexamined),
        n_contradictions=n_contradictions,
        n_tensions=len(frame) - n_contradictions,
        n_rates_tested=len(rates),
        dispersion=dispersion,
        alpha=alpha,
    )


# Reading the table


def _check_statements(statements: object) -> None:
    """Refuse what is not a frame with the columns that are compared."""
    if not isinstance(statements, pd.DataFrame):
        raise TypeError(
            "`statements` must be a frame of statements, "
            f"got {type(statements).__name__}. Read it with `trends.read_statements`."
        )
    missing = [name for name in _NEEDED if name not in statements]
    if missing:
        raise ValueError(
            "`statements` must have the columns of a table of statements, "
            f"got none named {', '.join(missing)}. Read it with `trends.read_statements`."
        )


def _as_figures(statements: pd.DataFrame) -> _Figures:
    """Turn the table into arrays."""
    bounds = figure_bounds(statements)
    words = {
        name: statements[name].fillna("").astype(str).to_numpy(dtype=object) for name in _LABELS
    }
    area = np.array(
        [_area(*both) for both in zip(words["area"], words["control_area"], strict=True)],
        dtype=object,
    )
    start, end = (_days(statements[name]) for name in ("window_start", "window_end"))
    stock = np.array([bool(_STOCK.search(name)) for name in bounds.measure], dtype=bool)
    scope = _codes(words["country"], area, words["control_area"], words["actor"])
    series = _codes(words["counted_by"], bounds.measure, scope)
    place = {name: row for row, name in enumerate(words["statement_id"])}
    whole = np.array([place.get(name, -1) for name in words["part_of"]], dtype=int)
    # A part that bears the labels of its whole (a type, a target) is not a rival value of it.
    named_part = (whole >= 0) & (words["part_kind"] != "period") & (series == series[whole])
    series = np.where(named_part | stock, -1, series)
    nth = words["qualifier"] == "nth_since"
    countries = _country_bits(words["country"])
    sets, country = np.unique(countries.astype(str), return_inverse=True)
    bits = [int(each) for each in sets]
    country_inside = np.array([[a != b and a & b == a for b in bits] for a in bits], dtype=bool)
    return _Figures(
        statement_id=words["statement_id"],
        low=bounds.low,
        high=bounds.high,
        high_before_end=np.where(nth, bounds.printed, bounds.high),
        printed=bounds.printed,
        said=bounds.said,
        minimum=np.isin(words["qualifier"], ["at_least", "more_than"]),
        exact=words["qualifier"] == "exact",
        start=start,
        end=end,
        dated=~np.isnan(start) & ~np.isnan(end) & ~stock,
        series=series,
        measure=bounds.measure,
        from_rate=bounds.measure != statements["measure"].to_numpy(dtype=object),
        counter=words["counted_by"],
        original=np.array([_original(name) for name in words["counted_by"]], dtype=object),
        actor=words["actor"],
        countries=countries,
        country=country,
        country_inside=country_inside,
        whole_country=_is_whole_country(words, area),
        scope=scope,
        whole=whole,
        part_kind=words["part_kind"],
        primary=words["role"] == "primary",
        outlet=words["published_by"],
        compared=np.zeros(len(statements), dtype=bool),
    )


def _days(dates: pd.Series) -> np.ndarray:
    """Return dates as days since 1970, NaN where blank."""
    return ((dates - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)).to_numpy(dtype=float)


def _area(area: str, control_area: str) -> str:
    """Return the area that is covered: without itemised places, and zones by who holds them."""
    shielded = re.sub(r"\([^)]*\)", lambda found: found.group().replace(":", ";"), area)
    label = shielded.partition(":")[0].strip()
    return f"all {control_area} areas" if label.endswith("areas") and control_area else label


def _original(counted_by: str) -> str:
    """Return the counter whose number it is, without the words on who passed it on."""
    return re.split(r" counting | as paraphrased by | \(", counted_by)[0]


def _country_bits(country: np.ndarray) -> np.ndarray:
    """Return each set of countries as bits."""
    names = sorted({name.strip() for each in country for name in each.split("+")})
    bit = {name: 1 << place for place, name in enumerate(names)}
    return np.array(
        [sum(bit[n.strip()] for n in each.split("+")) for each in country], dtype=object
    )


def _is_whole_country(words: dict[str, np.ndarray], area: np.ndarray) -> np.ndarray:
    """Tell whether an area is all of its country or countries, whoever holds it, and undivided."""
    country = words["country"]
    ways = {
        name: re.compile(f"({'|'.join(_country_names(name))}){_WHOLE_COUNTRY}")
        for name in set(country)
    }
    whole = [
        not label or bool(ways[name].match(label))
        for name, label in zip(country, area, strict=True)
    ]
    undivided = ~np.isin(words["part_kind"], ["type", "target", "subset", "actor"])
    everyone = np.isin(words["control_area"], ["", "all", "unknown"])
    return np.array(whole, dtype=bool) & undivided & everyone


def _country_names(country: str) -> list[str]:
    """Return the ways to write a set of countries in an area."""
    names = [re.escape(name.strip()) for name in country.split("+")]
    return [" and ".join(names), " and ".join(reversed(names)), r"\+".join(names)]


def _codes(*keys: np.ndarray) -> np.ndarray:
    """Return one number per distinct combination of keys."""
    frame = pd.DataFrame({str(place): key for place, key in enumerate(keys)})
    return frame.groupby(list(frame), sort=False, dropna=False).ngroup().to_numpy()


# The rules


def _two_figures(figures: _Figures) -> Iterator[_Conflict]:
    """Yield figures of one series and window that exclude each other."""
    rows = np.flatnonzero(figures.dated & (figures.series >= 0))
    keys = _codes(figures.series[rows], figures.start[rows], figures.end[rows])
    for group in _groups(rows, keys):
        figures.compared[group] = True
        lowest = group[np.argmin(figures.high[group])]
        highest = group[np.argmax(figures.low[group])]
        # Every row that conflicts with any conflicts with one of these two.
        pairs = {(lowest, row) for row in group if figures.low[row] > figures.high[lowest]}
        pairs |= {(row, highest) for row in group if figures.high[row] < figures.low[highest]}
        for below, above in sorted(pairs):
            one, two = (below, above) if figures.primary[below] else (above, below)
            yield _Conflict(
                "two_figures",
                "contradiction",
                (int(one), int(two)),
                figures.printed[one],
                figures.printed[two],
                f"{figures.said[one]} ≠ {figures.said[two]}",
                figures.low[above] - figures.high[below],
            )


def _nested_windows(figures: _Figures) -> Iterator[_Conflict]:
    """Yield windows with less than one inside them, or than several that share no day."""
    for whole, inside in _windows_within(figures):
        figures.compared[[whole, *inside]] = True
        inside = _one_per_window(figures, inside)
        high = figures.high_before_end[whole]
        if not np.isfinite(figures.high[whole]):
            inside = (
                inside[figures.end[inside] < figures.end[whole]] if np.isfinite(high) else inside
            )
        too_many = inside[figures.low[inside] > high]
        if len(too_many):
            part = int(too_many[np.argmax(figures.low[too_many])])
            kind = (
                "cumulative_falls"
                if figures.start[part] == figures.start[whole]
                else ("window_exceeded")
            )
            yield _exceeded(figures, kind, whole, [part], high)
            continue
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


def _tiled_short(figures: _Figures, whole: int, inside: np.ndarray) -> Iterator[_Conflict]:
    """Yield windows that fill a longer one day by day and allow less than it has."""
    readings: tuple[tuple[np.ndarray, Verdict], ...] = (
        (figures.high, "contradiction"),
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


def _linked_parts(figures: _Figures) -> Iterator[_Conflict]:
    """Yield wholes that do not fit the parts the table links to them."""
    linked: dict[int, list[int]] = defaultdict(list)
    for part in np.flatnonzero(figures.whole >= 0).tolist():
        same_measure = figures.measure[part] == figures.measure[figures.whole[part]]
        if same_measure or figures.part_kind[part] == "subset":
            linked[int(figures.whole[part])].append(part)
    for whole, parts in linked.items():
        figures.compared[[whole, *parts]] = True
        high = figures.high[whole]
        # Periods with dates are compared as windows, with their own measure and days.
        undated = [
            part
            for part in parts
            if figures.part_kind[part] != "period"
            or not (figures.dated[part] and figures.dated[whole])
        ]
        too_many = [part for part in undated if figures.low[part] > high]
        for part in too_many:
            yield _exceeded(figures, "part_exceeds_whole", whole, [part], high)
        if too_many:
            continue
        chosen = _disjoint_parts(figures, whole, undated)
        total = figures.low[chosen].sum()
        if total > high:
            yield _exceeded(figures, "parts_exceed_whole", whole, chosen, high)
        elif figures.minimum[whole] and total > figures.printed[whole]:
            yield _exceeded(figures, "minimum_below_parts", whole, chosen, figures.printed[whole])
        elif len(chosen) > 1 and (verdict := _fills(figures, whole, chosen)):
            total = figures.high[chosen].sum()
            if total < figures.low[whole]:
                yield _fallen_short(figures, whole, chosen, total, verdict)


def _disjoint_parts(figures: _Figures, whole: int, parts: Iterable[int]) -> list[int]:
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


def _fills(figures: _Figures, whole: int, parts: list[int]) -> Verdict | None:
    """Tell whether parts make up all of their whole, and how sure that is."""
    kinds = set(figures.part_kind[parts])
    covered = int(np.bitwise_or.reduce(figures.countries[parts]))
    if kinds == {"country"} and covered == figures.countries[whole]:
        return "contradiction"
    same_country = all(figures.countries[parts] == figures.countries[whole])
    if kinds <= {"type", "target", "actor"} and same_country and all(figures.exact[parts]):
        return "tension"
    return None


def _scopes_exceeded(figures: _Figures) -> Iterator[_Conflict]:
    """Yield narrower scopes with more than a wider one of the same counter and days."""
    rows = np.flatnonzero(figures.dated)
    keys = _codes(figures.counter[rows], figures.measure[rows], figures.actor[rows])
    for group in _groups(rows, keys):
        wider = group[figures.whole_country[group]]
        for some in _blocks(wider):
            nested = _is_narrower(figures, group[:, None], some[None, :])
            nested &= figures.start[group][:, None] >= figures.start[some]
            nested &= figures.end[group][:, None] <= figures.end[some]
            nested &= figures.whole[group][:, None] != some
            inner, outer = np.nonzero(nested)
            figures.compared[group[inner]] = True
            figures.compared[some[outer]] = True
            broken = figures.low[group[inner]] > figures.high[some[outer]]
            for narrow, wide in zip(group[inner[broken]], some[outer[broken]], strict=True):
                yield _exceeded(
                    figures, "scope_exceeded", int(wide), [int(narrow)], figures.high[wide]
                )


def _two_scopes(figures: _Figures) -> Iterator[_Conflict]:
    """Yield one number of one counter and window, given for a scope and for one inside it."""
    rows = np.flatnonzero(figures.dated & (figures.printed >= _ECHO_EVENTS))
    keys = _codes(
        figures.original[rows],
        figures.measure[rows],
        figures.start[rows],
        figures.end[rows],
        figures.printed[rows],
        figures.minimum[rows],
    )
    for group in _groups(rows, keys):
        if len(set(figures.scope[group])) == 1:
            continue
        wide = group[figures.whole_country[group]]
        nested = _is_narrower(figures, group[:, None], wide[None, :])
        nested &= figures.outlet[group][:, None] != figures.outlet[wide]
        nested &= figures.whole[group][:, None] != wide
        inner, outer = np.nonzero(nested)
        for narrow in dict.fromkeys(inner.tolist()):
            against = wide[outer[inner == narrow]]
            against = against[np.argsort(~figures.primary[against], kind="stable")]
            one, two = int(against[0]), int(group[narrow])
            figures.compared[[two, *against]] = True
            count = figures.printed[one]
            yield _Conflict(
                "two_scopes",
                "contradiction",
                (one, two, *(int(row) for row in against[1:])),
                count,
                figures.printed[two],
                f"{figures.said[one]} = {figures.said[two]}",
                0.0,
                # As if each event were as likely inside the narrower scope as outside it.
                0.5**count,
            )


def _several_windows(figures: _Figures, alpha: float) -> Iterator[_Conflict]:
    """Yield one number of one counter and scope that outlets give for different windows."""
    stock = np.array([bool(_STOCK.search(name)) for name in figures.measure], dtype=bool)
    one_end = ~(np.isnan(figures.start) & np.isnan(figures.end)) & ~stock
    rows = np.flatnonzero(one_end & figures.exact & (figures.printed >= _ECHO_EVENTS))
    keys = _codes(
        figures.original[rows], figures.measure[rows], figures.scope[rows], figures.printed[rows]
    )
    for group in _groups(rows, keys):
        # The reference is a primary figure with both ends, the shortest window of them.
        rank = np.lexsort(
            (figures.end[group] - figures.start[group], ~figures.dated[group],
             ~figures.primary[group])
        )  # fmt: skip
        reference = int(group[rank[0]])
        seen = {(figures.start[reference], figures.end[reference])}
        for row in (int(group[place]) for place in rank[1:]):
            window = (figures.start[row], figures.end[row])
            same_outlet = figures.outlet[row] == figures.outlet[reference]
            if window in seen or same_outlet or not _may_be_one(figures, reference, row):
                continue
            seen.add(window)
            figures.compared[[reference, row]] = True
            p_value, days = _coincidence(figures, reference, row)
            if p_value < alpha or np.isnan(p_value):
                yield _Conflict(
                    "several_windows",
                    "contradiction",
                    (reference, row),
                    figures.printed[reference],
                    figures.printed[row],
                    f"{figures.said[reference]} = {figures.said[row]} ({days})",
                    0.0,
                    p_value,
                )


def _may_be_one(figures: _Figures, one: int, two: int) -> bool:
    """Tell whether two windows overlap or, where an end is blank, share the end they have."""
    if figures.dated[one] and figures.dated[two]:
        return bool(
            figures.start[one] <= figures.end[two] and figures.start[two] <= figures.end[one]
        )
    gaps = [abs(ends[one] - ends[two]) for ends in (figures.start, figures.end)]
    return bool(np.nanmin(gaps) <= _ECHO_DAYS) if not np.isnan(gaps).all() else False


def _coincidence(figures: _Figures, one: int, two: int) -> tuple[float, str]:
    """Return the chance that no event fell where only one window reaches, and the lengths."""
    if not (figures.dated[one] and figures.dated[two]):
        known = [f"{figures.days(row):,.0f} d" for row in (one, two) if figures.dated[row]]
        return np.nan, "; ".join([*known, "? d"])
    union = (
        max(figures.end[one], figures.end[two]) - min(figures.start[one], figures.start[two]) + 1
    )
    both = min(figures.end[one], figures.end[two]) - max(figures.start[one], figures.start[two]) + 1
    lengths = "; ".join(f"{figures.days(row):,.0f} d" for row in (one, two))
    return float((both / union) ** figures.printed[one]), lengths


class _ImpliedRate(NamedTuple):
    """A rate between two totals, held against the rate of the first."""

    before: int
    total: int
    implied: float
    days: float
    p_value: float


def _implied_rates(figures: _Figures, dispersion: dict[str, float]) -> Iterator[_ImpliedRate]:
    """Yield what two totals that overlap by a third imply about days only the later one has."""
    usable = figures.dated & (figures.series >= 0) & figures.primary & ~figures.from_rate
    rows = np.flatnonzero(usable)
    for group in _groups(rows, figures.series[rows]):
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
                _rate_p_value(
                    figures.printed[before],
                    figures.days(before),
                    (lowest, highest),
                    days,
                    dispersion[figures.measure[total]],
                ),
            )


def _rate_p_value(
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


def _surprising(figures: _Figures, rates: list[_ImpliedRate], alpha: float) -> Iterator[_Conflict]:
    """Yield the implied rates that stay surprising when their number is taken into account."""
    order = sorted(rates, key=lambda rate: rate.p_value)
    adjusted = 0.0
    for place, rate in enumerate(order):
        adjusted = max(adjusted, min(1.0, rate.p_value * (len(order) - place)))
        if adjusted >= alpha:
            return
        before, total = rate.before, rate.total
        days = figures.days(before)
        said = figures.said[before]
        count = float(figures.printed[before])
        times = f"{rate.implied / rate.days / (count / days):.1f}" if count else "∞"
        yield _Conflict(
            "implied_rate",
            "tension",
            (before, total),
            figures.printed[before],
            figures.printed[total],
            f"{figures.said[total]} - {said} = {_figure(rate.implied)} ({rate.days:,.0f} d); "
            f"{said} ({days:,.0f} d); × {times}",
            np.nan,
            adjusted,
        )


def _neighbour_dispersion(figures: _Figures) -> dict[str, float]:
    """Return the variance-to-mean ratio of neighbouring windows per measure, at least 1.

    Under equal rates the squared difference of two neighbours, in units of its Poisson variance,
    is 1 on average; its mean over all pairs is the ratio. Real changes from one window to the next
    are in it, so that a rate has to differ by more than rates usually change.
    """
    squares: dict[str, list[float]] = defaultdict(list)
    rows = np.flatnonzero(figures.dated & (figures.series >= 0) & figures.primary)
    for group in _groups(rows, figures.series[rows]):
        group = group[np.lexsort((figures.end[group], figures.start[group]))]
        days = figures.end[group] - figures.start[group] + 1
        for one, two, first, second in zip(group, group[1:], days, days[1:], strict=False):
            apart = figures.start[two] - figures.end[one]
            alike = max(first, second) <= 1.5 * min(first, second)
            both = figures.printed[one] + figures.printed[two]
            if alike and 0 < apart <= 2 * DAYS_PER_MONTH and both > 0:
                difference = figures.printed[one] * second - figures.printed[two] * first
                squares[figures.measure[one]].append(difference**2 / (both * first * second))
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


# Shared by the rules


def _groups(rows: np.ndarray, keys: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of every key that has at least two."""
    order = np.argsort(keys, kind="stable")
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    for group in np.split(rows[order], borders):
        if len(group) > 1:
            yield group


def _blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield rows in blocks that keep a pairwise comparison small."""
    for first in range(0, len(rows), _BLOCK):
        yield rows[first : first + _BLOCK]


def _windows_within(figures: _Figures) -> Iterator[tuple[int, np.ndarray]]:
    """Yield every window with the shorter ones inside it: of its series, or linked as periods."""
    start, end = figures.start, figures.end
    inside: dict[int, list[np.ndarray]] = defaultdict(list)
    rows = np.flatnonzero(figures.dated & (figures.series >= 0))
    for group in _groups(rows, figures.series[rows]):
        for some in _blocks(group):
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


def _one_per_window(figures: _Figures, rows: np.ndarray) -> np.ndarray:
    """Keep one figure per window: the primary one, and of several the smallest."""
    order = np.lexsort(
        (figures.low[rows], ~figures.primary[rows], figures.end[rows], figures.start[rows])
    )
    ordered = rows[order]
    again = (np.diff(figures.start[ordered]) == 0) & (np.diff(figures.end[ordered]) == 0)
    return ordered[np.concatenate([[True], ~again])]


def _without_repeats(figures: _Figures, parts: Iterable[int]) -> list[int]:
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


def _label(figures: _Figures, part: int) -> tuple[Any, ...]:
    """Return what two figures for the same part of a whole share."""
    return (
        figures.part_kind[part],
        figures.measure[part],
        figures.scope[part],
        str(figures.start[part]),
        str(figures.end[part]),
    )


def _is_narrower(figures: _Figures, narrow: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Tell whether a scope lies inside another: a country in several, an area in its country."""
    inside = figures.country_inside[figures.country[narrow], figures.country[wide]]
    same = figures.country[narrow] == figures.country[wide]
    return figures.whole_country[wide] & (inside | (same & ~figures.whole_country[narrow]))


def _exceeded(
    figures: _Figures, kind: str, whole: int, parts: list[int], limit: float
) -> _Conflict:
    """Return the conflict of a whole that is less than its parts."""
    total = float(figures.low[parts].sum())
    said = figures.said[whole]
    shown = _figure(limit) if _figure(limit) == said else f"{_figure(limit)} ({said})"
    return _Conflict(
        kind,
        "tension" if kind == "minimum_below_parts" else "contradiction",
        (whole, *parts),
        figures.printed[whole],
        total,
        f"{_sum(figures.low[parts])} > {shown}",
        total - limit,
    )


def _fallen_short(
    figures: _Figures, whole: int, parts: list[int], total: float, verdict: Verdict
) -> _Conflict:
    """Return the conflict of a whole that is more than the parts that fill it."""
    high = figures.high if verdict == "contradiction" else figures.printed
    return _Conflict(
        "parts_fall_short",
        verdict,
        (whole, *parts),
        figures.printed[whole],
        total,
        f"{_sum(high[parts])} < {_figure(figures.low[whole])}",
        float(figures.low[whole] - total),
    )


def _sum(terms: np.ndarray) -> str:
    """Return an addition in writing."""
    if len(terms) == 1:
        return _figure(terms[0])
    return f"{' + '.join(_figure(term) for term in terms)} = {_figure(terms.sum())}"


def _figure(value: float) -> str:
    """Return a count as it is printed; halves come from rounding units."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


# The answer


def _as_frame(conflicts: list[_Conflict], figures: _Figures, windows: pd.DataFrame) -> pd.DataFrame:
    """Return the conflicts as a frame, contradictions first, in the order of the rules."""
    kinds = list(EXPLANATIONS)
    chosen = {(conflict.kind, frozenset(conflict.rows)): conflict for conflict in conflicts}
    ordered = sorted(
        chosen.values(), key=lambda each: (each.verdict, kinds.index(each.kind), each.rows)
    )
    rows = [
        (
            each.kind,
            each.verdict,
            SEPARATOR.join(str(figures.statement_id[row]) for row in each.rows),
            each.first,
            each.second,
            each.arithmetic,
            each.gap,
            each.p_value,
            SEPARATOR.join(_explanations(each, figures, windows)),
        )
        for each in ordered
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _explanations(
    conflict: _Conflict, figures: _Figures, statements: pd.DataFrame
) -> tuple[str, ...]:
    """Return what may be behind a conflict: the kind's own, and what its figures add."""
    rows = list(conflict.rows)
    found = list(EXPLANATIONS[conflict.kind])
    if not figures.exact[rows].all():
        same_number = conflict.kind == "two_figures" and conflict.first == conflict.second
        found.insert(0 if same_number else len(found), "rounding")
    if len(set(figures.scope[rows])) > 1 and conflict.kind not in ("parts_exceed_whole",):
        found.append("scope")
    if (statements["window_basis"].iloc[rows] != "stated").any():
        found.append("window")
    return tuple(dict.fromkeys(found))


def _unexamined(figures: _Figures, statements: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that could not be held against another one, each with the reason."""
    rows = np.flatnonzero(~figures.compared)
    orphan = statements["part_of"].notna().to_numpy() & (figures.whole < 0)
    reasons = np.select(
        [
            orphan[rows],
            np.array([bool(_STOCK.search(name)) for name in figures.measure[rows]], dtype=bool),
            np.isnan(figures.start[rows]) | np.isnan(figures.end[rows]),
        ],
        ["whole_missing", "stock", "window_unknown"],
        default="nothing_comparable",
    )
    return pd.DataFrame({"statement_id": figures.statement_id[rows], "reason": reasons})
