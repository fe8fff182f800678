"""Which published figures cannot all be true as read, and which would be a strange coincidence?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trends.analysis.result import Result, check_alpha
from trends.models.published.arithmetic import (
    linked_parts,
    nested_windows,
    scopes_exceeded,
    two_figures,
)
from trends.models.published.coincidence import (
    implied_rates,
    neighbour_dispersion,
    several_windows,
    two_scopes,
)
from trends.models.published.comparable import Conflict, Figures, as_figures
from trends.tables.rows import plain_rows
from trends.tables.spoken import Language
from trends.tables.statements import as_statements

#: What each rule finds, and the explanations that are always possible, likeliest first.
EXPLANATIONS = {
    "two_figures": ("revision", "error"),
    "cumulative_falls": ("revision", "error"),
    "window_exceeded": ("revision", "definition", "error"),
    "part_exceeds_whole": ("definition", "revision", "error"),
    "parts_exceed_whole": ("definition", "revision", "error"),
    "parts_fall_short": ("revision", "definition", "error"),
    "scope_exceeded": ("scope", "definition", "error"),
    "minimum_below_parts": ("revision", "definition", "error"),
    "implied_rate": ("definition", "scope", "revision"),
    "two_scopes": ("scope", "error"),
    "several_windows": ("definition", "error"),
}

#: Verdicts, firmest first.
VERDICTS = ("impossible", "tension", "improbable", "repeated")

COLUMNS = (
    "kind",
    "verdict",
    "statement_ids",
    "readings",
    "first",
    "second",
    "arithmetic",
    "gap",
    "p_value",
    "explanations",
)

#: What stands between several statements or explanations in one cell.
SEPARATOR = "; "


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Contradictions(Result):
    """Figures that cannot all be true, figures that are odd together, and what was not examined.

    Attributes
    ----------
    statements : DataFrame of n_statements rows
        The table that was asked about.
    conflicts : DataFrame of n_contradictions + n_tensions + n_improbable + n_repeated rows
        Columns kind, verdict, statement_ids, readings, first, second, arithmetic, gap, p_value,
        explanations; several statements, readings or explanations are separated by semicolons.
    unexamined : DataFrame of n_statements - n_examined rows
        Columns statement_id, reason.
    n_statements, n_examined : int
        Figures in the table, and those that could be held against another one.
    n_contradictions : int
        Conflicts of arithmetic that no reading of the qualifiers resolves.
    n_tensions : int
        Conflicts of arithmetic that one reading resolves.
    n_improbable : int
        Rates implied between two totals that are out of line with the rate before.
    n_repeated : int
        Numbers given for two scopes or for two windows: probably one of them is a slip.
    n_rates_tested, n_repeats_tested : int
        Implied rates, and numbers repeated for another window, that were tested.
    dispersion : dict of str to float
        Variance-to-mean ratio per measure that the tests of rates assumed.
    conf_level : float
        One minus the level below which an implied rate or a repeated number is listed, after
        adjusting for their number.
    """

    statements: pd.DataFrame
    conflicts: pd.DataFrame
    unexamined: pd.DataFrame
    n_statements: int
    n_examined: int
    n_contradictions: int
    n_tensions: int
    n_improbable: int
    n_repeated: int
    n_rates_tested: int
    n_repeats_tested: int
    dispersion: dict[str, float]
    conf_level: float

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row per conflict; `alpha` changes nothing, as no row has an interval.

        Returns
        -------
        DataFrame
            What is impossible first, then tensions, then what is improbable, then repeated numbers.
            `first` and `second` are the two figures, the whole or the earlier one first; `gap` is
            the distance between what they allow.
        """
        return self.conflicts.copy()

    def listing(self, lang: Language = "en", *, links: str = "") -> pd.DataFrame:
        """Return the conflicts for readers: what, who counted, the arithmetic, why it may be.

        Parameters
        ----------
        lang : {"en", "ar", "fr"}
            Language of columns and words.
        links : str
            The page that lists the figures, such as ``figures.qmd``: their names become links to
            its rows. Without one they are plain.

        Returns
        -------
        DataFrame of one row per conflict
        """
        listed: pd.DataFrame = self._words().listing(self, lang, links=links)
        return listed

    def unused(self, lang: Language = "en") -> pd.DataFrame:
        """Return the figures that were not examined, by reason, for readers.

        Parameters
        ----------
        lang : {"en", "ar", "fr"}
            Language of columns and words.

        Returns
        -------
        DataFrame of one row per reason
        """
        listed: pd.DataFrame = self._words().unused(self, lang)
        return listed


def find_contradictions(statements: pd.DataFrame, *, alpha: float = 0.05) -> Contradictions:
    """Find published figures that cannot all be true, or that chance would seldom bring about.

    Figures are compared as intervals: "at least", "more than", "about" and ranges allow what they
    say. What no reading resolves is impossible; what one reading resolves, but a careful reader
    would ask about, is a tension; both are arithmetic. Apart from these stand implied rates that
    are improbable, and numbers that are repeated for another scope or window, which can be true.

    Parameters
    ----------
    statements : DataFrame of n_statements rows
        As `trends.read_statements` returns it.
    alpha : float
        Level below which an implied rate or a repeated number is listed, after adjusting for the
        number of each that was tested (Holm).

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
    Only like is held against like: the same counter, measure, definition and scope, or figures that
    the table itself links as part and whole. Parts of kind `subset` may overlap and are only
    compared one by one. Figures whose window is not established, stocks and forecasts take no part.

    Impossible: *two figures* for one window; a *cumulative* count that *falls*; a *window exceeded*
    by one inside it; *parts* that *exceed* their *whole*, or *fall short* of it although they fill
    it; a *scope exceeded* by a narrower one.

    Tensions: a *minimum below* the sum of its *parts*; minimums that fill a total but *fall short*
    of it by less than 5%.

    Improbable: an *implied rate* between two totals that differs from the rate before, tested with
    the scatter that neighbouring windows of the table show.

    Repeated: one number that different outlets give for *two scopes* or for *several windows*.

    Different counters are never held against each other: that two sources differ contradicts
    neither.

    References
    ----------
    Holm S (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6(2):65-70.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> figures = pd.DataFrame({
    ...     "measure": "incidents", "count": [40, 25, 18], "counted_by": "Monitor",
    ...     "window_start": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-07-01"]),
    ...     "window_end": pd.to_datetime(["2024-12-31", "2024-06-30", "2024-12-31"])})
    >>> trends.find_contradictions(figures).to_frame()["arithmetic"].tolist()
    ['25 + 18 = 43 > 40']
    """
    check_alpha(alpha)
    statements = plain_rows(as_statements(statements))
    figures = as_figures(statements)
    dispersion = neighbour_dispersion(figures)
    rates = implied_rates(figures, dispersion, alpha)
    repeats = several_windows(figures, alpha)
    found = [
        two_figures(figures),
        nested_windows(figures),
        linked_parts(figures),
        scopes_exceeded(figures),
        two_scopes(figures),
        repeats,
        rates,
    ]
    compared = np.logical_or.reduce([each.compared for each in found])
    frame = _as_frame((one for each in found for one in each.conflicts), figures, statements)
    unexamined = _unexamined(figures, compared, statements)
    tally = frame["verdict"].value_counts()
    return Contradictions(
        statements=statements,
        conflicts=frame,
        unexamined=unexamined,
        n_statements=len(statements),
        n_examined=int(compared.sum()),
        n_contradictions=int(tally.get("impossible", 0)),
        n_tensions=int(tally.get("tension", 0)),
        n_improbable=int(tally.get("improbable", 0)),
        n_repeated=int(tally.get("repeated", 0)),
        n_rates_tested=rates.n_tests,
        n_repeats_tested=repeats.n_tests,
        dispersion=dispersion,
        conf_level=1 - alpha,
    )


def _as_frame(
    conflicts: Iterable[Conflict], figures: Figures, statements: pd.DataFrame
) -> pd.DataFrame:
    """Return the conflicts as a frame, by verdict, then in the order of the rules."""
    kinds = list(EXPLANATIONS)
    readings = statements["reading"].to_numpy(dtype=object)
    inferred = {
        "scope": (statements["scope_basis"] == "inferred").to_numpy(),
        "window": (statements["window_basis"] != "stated").to_numpy(),
    }
    chosen = {(conflict.kind, frozenset(conflict.rows)): conflict for conflict in conflicts}
    ordered = sorted(
        chosen.values(),
        key=lambda each: (VERDICTS.index(each.verdict), kinds.index(each.kind), each.rows),
    )
    rows = [
        (
            each.kind,
            each.verdict,
            SEPARATOR.join(str(figures.statement_id[row]) for row in each.rows),
            SEPARATOR.join(readings[list(each.rows)]),
            each.first,
            each.second,
            each.arithmetic,
            each.gap,
            each.p_value,
            SEPARATOR.join(_explanations(each, figures, inferred)),
        )
        for each in ordered
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _explanations(
    conflict: Conflict, figures: Figures, inferred: dict[str, np.ndarray]
) -> tuple[str, ...]:
    """Return what may be behind a conflict: the kind's own, and what its figures add.

    `inferred` tells, for scope and window, which figures do not state theirs.
    """
    rows = list(conflict.rows)
    found = list(EXPLANATIONS[conflict.kind])
    if not figures.exact[rows].all():
        same_number = conflict.kind == "two_figures" and conflict.first == conflict.second
        found.insert(0 if same_number else len(found), "rounding")
    apart = len(set(figures.scope[rows])) > 1 and conflict.kind != "parts_exceed_whole"
    if apart or inferred["scope"][rows].any():
        found.append("scope")
    if inferred["window"][rows].any():
        found.append("window")
    return tuple(dict.fromkeys(found))


def _unexamined(figures: Figures, compared: np.ndarray, statements: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that could not be held against another one, each with the reason."""
    rows = np.flatnonzero(~compared)
    orphan = statements["part_of"].notna().to_numpy() & (figures.whole < 0)
    reasons = np.select(
        [
            statements["forecast_of"].notna().to_numpy()[rows],
            orphan[rows],
            figures.stock[rows],
            np.isnan(figures.start[rows]) | np.isnan(figures.end[rows]),
        ],
        ["forecast", "whole_missing", "stock", "window_unknown"],
        default="nothing_comparable",
    )
    return pd.DataFrame({"statement_id": figures.statement_id[rows], "reason": reasons})
