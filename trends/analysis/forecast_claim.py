"""Did what was said of the rest of the year come true?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from trends.analysis.result import Result, alpha_of, check_alpha
from trends.models.counts.scoring import quantiles
from trends.models.published.figure_likelihood import counts_allowed, mean_estimate
from trends.models.published.rest_of_window import rest_mass
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.figure import is_forecast, scope_key
from trends.tables.statements import as_statements
from trends.tables.typed import Day, first_day
from trends.tables.window import as_window, why_no_rate

Verdict = Literal["held", "missed", "cannot_tell", "open"]

#: What stands in ``forecast_of`` while no figure says what came.
OPEN = "open"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClaimScores(Result):
    """Published forecasts, and what came.

    Attributes
    ----------
    claims : DataFrame
        Statements that say what will come.
    outcomes : DataFrame
        Statements that say what came.
    figures : DataFrame
        All statements that outcomes, and what was known on a day, were looked for in.
    scores : DataFrame
        Row per claim: statement_id, measure, made_on, window_start, window_end, days_ahead (days of
        the window that were still to come), said_low, said_high (counts that the claim allows),
        outcome_id, came_low, came_high (counts that the outcome allows), verdict, reason; then
        what this package would have forecast from the same counter's figures known on the day:
        known_id (the figure it rests on, empty without one), own_estimate (median), own_low,
        own_high, and own_chance (that the claim would hold).
    as_of : Timestamp
        Day of scoring; windows that end later are open.
    n_claims, n_held, n_missed, n_open : int
        Claims in all, and how many held, did not hold, and are open; the others cannot be told.
    conf_level : float
        Level of the intervals of the package's own forecasts. What figures allow is compared as it
        stands.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    claims: pd.DataFrame
    outcomes: pd.DataFrame
    figures: pd.DataFrame
    scores: pd.DataFrame
    as_of: pd.Timestamp
    n_claims: int
    n_held: int
    n_missed: int
    n_open: int
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row per claim.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the package's own intervals; by default that of the result.

        Returns
        -------
        DataFrame
            As `scores`, with the days ahead as the estimate of the term days_ahead.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        alpha = alpha_of(alpha, self.conf_level)
        if not np.isclose(1 - alpha, self.conf_level):
            again = score_claims(self.claims, self.figures, as_of=self.as_of, alpha=alpha)
            return again.to_frame()
        frame = self.scores.rename(columns={"days_ahead": "estimate"})
        frame.insert(1, "term", "days_ahead")
        return frame


def score_claims(
    claims: pd.DataFrame,
    outcomes: pd.DataFrame | None = None,
    *,
    as_of: Day | None = None,
    alpha: float = 0.05,
) -> ClaimScores:
    """Score published forecasts by what was counted once their window had closed.

    A claim of the kind "on pace for", "on track to double" or "about N by the end of the year" is a
    row of a table of statements with the day it was made (``published_on``), the window it is about
    and, in ``forecast_of``, the figure that says what came. It holds if every count that the later
    figure allows is one that the claim allows, and misses if none is.

    Parameters
    ----------
    claims : DataFrame
        Statements; the rows with a ``forecast_of`` are scored.
    outcomes : DataFrame, optional
        Statements that ``forecast_of`` names. Default: the same table.
    as_of : str, date, Timestamp or Period, optional
        Day of scoring: windows that had not closed then, and figures published later, are not used.
        Default: today.
    alpha : float
        One minus the level of the intervals of the package's own forecasts.

    Returns
    -------
    ClaimScores

    Raises
    ------
    TypeError
        If a table holds no statements.
    ValueError
        If no row has a ``forecast_of``, one names a statement that is not there, or the two figures
        are of other measures, scopes or windows, or `alpha` is not between 0 and 1.

    Notes
    -----
    A claim that says "more than" is easy to meet and one that says "about" by how its figure is
    rounded. How hard a claim was shows in the chance that this package would have given it on the
    day: from the longest figure of the same counter, measure and scope that begins with the window,
    had ended and was published by then; the rest of the window goes on at its rate. Without one it
    is the latest such figure that had ended before the window. Of a figure that was revised the
    last revision known on the day counts. Scatter is borrowed, as in `compare_rates`. Figures
    without a day of publication are not known on any day.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> figures = pd.DataFrame({
    ...     "statement_id": ["pace", "year"], "measure": "incidents", "counted_by": "ministry",
    ...     "count": pd.array([240, 294], dtype="Int64"), "qualifier": ["more_than", "exact"],
    ...     "window_start": pd.Timestamp("2024-01-01"), "window_end": pd.Timestamp("2024-12-31"),
    ...     "published_on": pd.to_datetime(["2024-07-17", "2025-01-03"]),
    ...     "forecast_of": ["year", None]})
    >>> trends.score_claims(figures).scores[["said_low", "came_low", "verdict"]].values.tolist()
    [[241.0, 294.0, 'held']]
    """
    check_alpha(alpha)
    claims = as_statements(claims)
    outcomes = claims if outcomes is None else as_statements(outcomes)
    day = pd.Timestamp.today().normalize() if as_of is None else first_day(as_of, "as_of")
    said = claims[[is_forecast(row) for row in claims.to_dict("records")]]
    if said.empty:
        raise ValueError(
            "`claims` must hold statements with a forecast_of, got none. Name in it the figure "
            f"that says what came, or write {OPEN}."
        )
    counted = {str(row["statement_id"]): row for row in outcomes.to_dict("records")}
    scores = pd.DataFrame(
        [
            _score(row, counted, day) | _own_forecast(row, counted.values(), alpha)
            for row in said.to_dict("records")
        ]
    )
    tally = scores["verdict"].value_counts()
    return ClaimScores(
        claims=said,
        outcomes=outcomes[outcomes["statement_id"].isin(set(said["forecast_of"]) - {OPEN})],
        figures=outcomes,
        scores=scores,
        as_of=day,
        n_claims=len(scores),
        n_held=int(tally.get("held", 0)),
        n_missed=int(tally.get("missed", 0)),
        n_open=int(tally.get("open", 0)),
        conf_level=1 - alpha,
    )


class _Counts(NamedTuple):
    """The counts that a figure allows."""

    low: float
    high: float


def _score(row: dict[Any, Any], counted: dict[str, Any], day: pd.Timestamp) -> dict[str, Any]:
    """Return the score of one claim."""
    said = _allowed({**row, "forecast_of": None})
    end, made_on = row["window_end"], row["published_on"]
    named = str(row["forecast_of"])
    score = {
        "statement_id": row["statement_id"],
        "measure": row["measure"],
        "made_on": made_on,
        "window_start": row["window_start"],
        "window_end": end,
        "days_ahead": int((end - made_on).days),
        "said_low": said.low,
        "said_high": said.high,
        "outcome_id": "" if named == OPEN else named,
        "came_low": np.nan,
        "came_high": np.nan,
        "verdict": "open",
        "reason": "",
    }
    if end >= day:
        return score | {"reason": "window_not_closed"}
    if named == OPEN:
        return score | {"reason": "no_outcome"}
    outcome = counted.get(named)
    if outcome is None:
        raise ValueError(
            f"`forecast_of` must name a statement of the outcomes, got {named!r} for "
            f"{row['statement_id']}. Add the figure, or write {OPEN}."
        )
    _refuse_other_things(row, outcome)
    published = outcome.get("published_on")
    if published is not None and not pd.isna(published) and published > day:
        return score | {"reason": "no_outcome"}
    came = _allowed(outcome)
    inside = said.low <= came.low and came.high <= said.high
    apart = came.high < said.low or came.low > said.high
    verdict: Verdict = "held" if inside else "missed" if apart else "cannot_tell"
    return score | {"came_low": came.low, "came_high": came.high, "verdict": verdict}


def _own_forecast(
    claim: dict[Any, Any], figures: Iterable[dict[Any, Any]], alpha: float
) -> dict[str, Any]:
    """Return what this package would have forecast on the day of a claim, and its chance."""
    known = _known_on_the_day(claim, figures)
    if known is None:
        nothing = dict.fromkeys(("own_estimate", "own_low", "own_high", "own_chance"), np.nan)
        return {"known_id": "", **nothing}
    window = as_window(known)
    begins_it = known["window_start"] == claim["window_start"]
    counted = mean_estimate(window)
    ahead_from = known["window_end"] if begins_it else claim["window_start"] - _DAY
    mass = rest_mass(
        counted,
        window.days / DAYS_PER_MONTH,
        (claim["window_end"] - ahead_from) / _DAY / DAYS_PER_MONTH,
        window.unit,
    )
    already = round(counted) if begins_it else 0
    low, middle, high = already + quantiles(mass, np.array([alpha / 2, 0.5, 1 - alpha / 2]))
    said = _allowed({**claim, "forecast_of": None})
    total = already + np.arange(mass.size)
    return {
        "known_id": known["statement_id"],
        "own_estimate": float(middle),
        "own_low": float(low),
        "own_high": float(high),
        "own_chance": float(mass[(total >= said.low) & (total <= said.high)].sum()),
    }


_DAY = pd.Timedelta(days=1)


def _known_on_the_day(
    claim: dict[Any, Any], figures: Iterable[dict[Any, Any]]
) -> dict[Any, Any] | None:
    """Return the figure of the same counter, measure and scope that tells most on the day."""
    start, day = claim["window_start"], claim["published_on"]
    known = [
        row
        for row in figures
        if not is_forecast(row)
        and not any(pd.isna(row[name]) for name in ("published_on", "window_start", "window_end"))
        and row["published_on"] <= day
        and row["window_end"] <= day
        and (row["window_start"] == start or row["window_end"] < start)
        and row["measure"] == claim["measure"]
        and row["counter"] == claim["counter"]
        and scope_key(row) == scope_key(claim)
        and not why_no_rate(row)
    ]
    # What begins with the window tells of it; else the latest, and of several the longest, as it
    # was last published.
    return max(
        known,
        key=lambda row: (
            row["window_start"] == start,
            row["window_end"],
            -row["window_start"].toordinal(),
            row["published_on"],
        ),
        default=None,
    )


def _allowed(row: dict[Any, Any]) -> _Counts:
    """Return the counts that a statement allows."""
    fewest, most = counts_allowed(as_window(row))
    return _Counts(float(fewest), float(most))


def _refuse_other_things(claim: dict[Any, Any], outcome: dict[Any, Any]) -> None:
    """Raise unless a claim and its outcome are about one thing."""
    for name in ("measure", "window_start", "window_end"):
        if claim[name] != outcome[name]:
            raise ValueError(
                f"`forecast_of` must name a figure with the {name} of the claim, got "
                f"{outcome[name]} for {claim['statement_id']}, whose {name} is {claim[name]}. "
                "Name another figure."
            )
    if scope_key(claim) != scope_key(outcome):
        raise ValueError(
            "`forecast_of` must name a figure of the scope of the claim, got "
            f"{outcome['statement_id']} for {claim['statement_id']}. Name another figure."
        )
