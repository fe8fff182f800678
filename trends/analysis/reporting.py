"""Did more happen, or was more of it claimed?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from trends.analysis.result import Result, check_alpha
from trends.models.counts.count_model import ratio_of
from trends.models.counts.observed import FEW_EVENTS
from trends.models.counts.serial_dependence import grid_of_days
from trends.models.counts.smallest_change import POWER
from trends.models.published.figure_likelihood import counts_allowed
from trends.models.published.running_totals import Figure, Total, running_totals
from trends.models.published.side_change import LEAST_FREE, Below, side_change
from trends.options import as_number
from trends.tables.calendar import days_in_periods
from trends.tables.choices import READINGS, ROLES
from trends.tables.definitions import known_breaks
from trends.tables.figure import figure_flags, flag_caveats
from trends.tables.statements import FIGURE_COLUMNS, figures_of_series, with_defaults
from trends.tables.typed import Day, first_day
from trends.tables.window import as_window, part_of_whole, why_no_rate

Minimums = Literal["bound", "count"]
Verdict = Literal["real", "reporting", "cannot_tell"]

#: Largest factor by which a share may have moved that still counts as not moved.
MARGIN = 1.5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReportingComparison(Result):
    """Whether claims changed because events did, or because more or fewer of them were claimed.

    Attributes
    ----------
    claims, others : DataFrame
        The figures that were asked about.
    spans : DataFrame of n_spans rows
        Days both sources count exactly: start, end, claims, others, after.
    unused : DataFrame
        Source (claims or others), figure and the reason, for every figure in no span.
    date : Timestamp
        First day of the later time.
    claims_ratio, claims_low, claims_high : float
        Rate of claims from the date on over the rate before it.
    others_ratio, others_low, others_high : float
        The same of the other source.
    share_ratio, share_low, share_high : float
        Claims per event of the other source, from the date on over before: 1 when reporting did
        not move.
    p_value : float
        Two-sided, for a share that did not move.
    margin : float
        Largest factor by which the share may have moved for a change to be called real.
    visible_share : float
        Smallest factor by which the share would have had to move to be seen with 80% power.
    dispersion_claims, dispersion_others, dispersion_share : float
        Variance over that of Poisson or binomial counts, between spans on one side of the date; at
        least 1.
    verdict : {"real", "reporting", "cannot_tell"}
        What changed.
    reason : str
        Key of why.
    n_before, n_after : int
        Spans on each side.
    among : bool
        Whether each claim is one of the other source's events.
    conf_level : float
        Level of the intervals.
    caveats : tuple of str
        Keys of what a reader must know.
    """

    claims: pd.DataFrame
    others: pd.DataFrame
    spans: pd.DataFrame
    unused: pd.DataFrame
    date: pd.Timestamp
    claims_ratio: float
    claims_low: float
    claims_high: float
    others_ratio: float
    others_low: float
    others_high: float
    share_ratio: float
    share_low: float
    share_high: float
    p_value: float
    margin: float
    visible_share: float
    dispersion_claims: float
    dispersion_others: float
    dispersion_share: float
    verdict: str
    reason: str
    n_before: int
    n_after: int
    among: bool
    conf_level: float
    caveats: tuple[str, ...] = field(default=())

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return a row each for the change in claims, in the other source, and in the share.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; by default that of the comparison.

        Returns
        -------
        DataFrame of 3 rows
            Columns term, estimate, conf_low, conf_high, p_value, conf_level, method.
        """
        level = self.conf_level if alpha is None else 1 - alpha
        changes = _changes(self.spans, 1 - level, among=self.among)
        rows = [
            (term, change.ratio, change.low, change.high, change.p_value)
            for term, change in zip(("claims", "others", "share"), changes, strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high", "p_value"])
        frame["conf_level"] = level
        frame["method"] = ["quasi-poisson", "quasi-poisson", "quasi-binomial"]
        return frame


def compare_reporting(
    claims: pd.DataFrame,
    others: pd.DataFrame,
    *,
    date: Day,
    among: bool = False,
    minimums: Minimums = "bound",
    margin: float = MARGIN,
    alpha: float = 0.05,
) -> ReportingComparison:
    """Tell whether a change in claims was a change in events or in what gets claimed.

    Where the claims and another source count the same days, each claim is one of all events either
    source counted; if reporting did not change, the share of claims among them did not either.
    Both rates and the share are compared before and after a date, with the scatter and memory of
    the spans of days.

    Parameters
    ----------
    claims, others : DataFrame
        Statements of one source each (rows of `read_statements`), or count series. Days are
        matched: where figures of one source add up to a window of the other, or differ by it, the
        sum or difference is used.
    date : str, date, Timestamp or Period
        First day of the later time (of a whole period its first day). It must be named in advance,
        not found in these figures.
    among : bool
        Whether each claim is one of the other source's events, as when one counter says how many
        of its events were claimed. By default the two count independently.
    minimums : {"bound", "count"}
        Leave "at least n" figures out (default), or read them as the counter's own count of n.
    margin : float
        A change is called real only if the interval of the share lies between one over this factor
        and this factor, above 1. Default 1.5: that a share has not moved cannot be shown more
        closely by the figures of a few years.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    ReportingComparison

    Raises
    ------
    TypeError
        If claims or others are neither statements nor a count series.
    ValueError
        If no days on one side of the date are counted by both, there are more claims among the
        events than events, or an option is not valid.

    Notes
    -----
    Verdicts. *real*: the other source, one of its own, changed the same way, and the interval of
    the share lies inside the margin. *reporting*: the share moved the way the claims did, and the
    other source did not. *cannot_tell*: anything else, with the reason: there are fewer than 6
    spans, the claims did not clearly change, the other source did not and neither did the share,
    both did, the share moved against the claims or may have moved by more than the margin, or both
    counts are one counter's.

    Variances are those of independent counts, or larger, at the upper quartile of the memories that
    the spans may have.

    The other source is taken to have counted a constant share of events throughout; if its own
    coverage changed, the verdict is about the two sources' coverage together.

    Examples
    --------
    >>> import trends
    >>> claims = trends.as_series([10] * 12 + [25] * 12, start="2023-01")
    >>> monitor = trends.as_series([20] * 24, start="2023-01")
    >>> found = trends.compare_reporting(claims, monitor, date="2024-01-01")
    >>> found.verdict, round(found.share_ratio, 2)
    ('reporting', 2.5)
    """
    if minimums not in ("bound", "count"):
        raise ValueError(f"`minimums` must be bound or count, got {minimums!r}. Pick one.")
    if not 1 < as_number(margin) < np.inf:
        raise ValueError(
            f"`margin` must be above 1, got {margin!r}. Use 1.5 for a share that moved by no more "
            "than half."
        )
    check_alpha(alpha)
    day = first_day(date, "date")
    claimed, claims_left = _figures(claims, "claims", minimums)
    counted, others_left = _figures(others, "others", minimums)
    claim_totals, claims_spare = running_totals(claimed)
    other_totals, others_spare = running_totals(counted)
    spans, straddling = _common_spans(claim_totals, other_totals, day)
    if set(spans["after"]) != {False, True}:
        sides = "no days at all" if spans.empty else "days on one side of it only"
        raise ValueError(
            "`date` must have days on both sides that both sources count exactly, got "
            f"{day:%Y-%m-%d} with {sides}. Choose figures over the same windows, or another date."
        )
    if among and (spans["claims"] > spans["others"]).any():
        span = spans[spans["claims"] > spans["others"]].iloc[0]
        raise ValueError(
            "`among` must be False where there are more claims than events, got "
            f"{span['claims']} of {span['others']} from {span['start']:%Y-%m-%d} to "
            f"{span['end']:%Y-%m-%d}. The two sources do not count the same events."
        )
    change_claims, change_others, share = _changes(spans, alpha, among=among)
    same_counter = bool(_counters(claims) & _counters(others))
    verdict, reason = _verdict(
        (change_claims, change_others, share), margin, same_counter=same_counter
    )
    unused = _unused(
        {"claims": claims_left | claims_spare, "others": others_left | others_spare},
        {"claims": claimed, "others": counted},
        spans,
        straddling,
    )
    return ReportingComparison(
        claims=claims,
        others=others,
        spans=spans,
        unused=unused,
        date=day,
        claims_ratio=change_claims.ratio,
        claims_low=change_claims.low,
        claims_high=change_claims.high,
        others_ratio=change_others.ratio,
        others_low=change_others.low,
        others_high=change_others.high,
        share_ratio=share.ratio,
        share_low=share.low,
        share_high=share.high,
        p_value=share.p_value,
        margin=margin,
        visible_share=share.visible,
        dispersion_claims=change_claims.dispersion,
        dispersion_others=change_others.dispersion,
        dispersion_share=share.dispersion,
        verdict=verdict,
        reason=reason,
        n_before=int((~spans["after"]).sum()),
        n_after=int(spans["after"].sum()),
        among=among,
        conf_level=1 - alpha,
        caveats=(
            *_caveats(spans, minimums, same_counter=same_counter),
            *_weaknesses({"claims": claims, "others": others}, unused),
        ),
    )


class _Change(NamedTuple):
    """A ratio of after to before, with its interval, test and dispersion."""

    ratio: float
    low: float
    high: float
    p_value: float
    visible: float
    dispersion: float
    n_free: int


def _figures(
    table: pd.DataFrame, name: str, minimums: Minimums
) -> tuple[list[Figure], dict[Any, str]]:
    """Return a source's exact figures, and why the others are none."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"`{name}` must be statements or a count series, got {type(table).__name__}. "
            "Select rows of `read_statements`, or use `series` or `as_series`."
        )
    if _is_series(table):
        return _figures_of_series(table, minimums)
    if not set(FIGURE_COLUMNS) <= set(table.columns):
        raise TypeError(
            f"`{name}` must be statements or a count series, got a frame with columns "
            f"{', '.join(map(str, table.columns[:5]))}. Select rows of `read_statements`."
        )
    table = with_defaults(table)
    figures, reasons = [], {}
    for row in sorted(table.to_dict("records"), key=_worth):
        label = row["statement_id"]
        reason = why_no_rate(row) or part_of_whole(row, table)
        if reason:
            reasons[label] = reason
            continue
        window = as_window(row)
        fewest, most = counts_allowed(window)
        said = window.qualifier in ("at_least", "more_than") and minimums == "count"
        if (fewest != most and not said) or window.qualifier == "nth_since":
            reasons[label] = "not an exact count over fixed days"
            continue
        stop = row["window_end"] + pd.Timedelta(days=1)
        figures.append(Figure(label, row["window_start"], stop, window.count))
    return figures, reasons


def _is_series(table: pd.DataFrame) -> bool:
    """Tell whether a frame is a count series rather than statements."""
    return isinstance(table.index, pd.PeriodIndex) and {"count", "exposure"} <= set(table.columns)


def _worth(row: dict[Any, Any]) -> tuple[int, int]:
    """Return the rank of a statement among figures for one window: role, then reading."""
    role, reading = row.get("role", ROLES[0]), row.get("reading", READINGS[0])
    return ROLES.index(role), READINGS.index(reading)


def _figures_of_series(
    series: pd.DataFrame, minimums: Minimums
) -> tuple[list[Figure], dict[Any, str]]:
    """Return the fully observed periods of a count series as figures.

    Periods whose figures are minimums or rounded are no exact counts, in a series as in a table.
    """
    if series.attrs.get("unit"):
        raise ValueError(
            "`claims` and `others` must have exposure in days, got "
            f"{series.attrs['unit']}. Make the series without `unit`."
        )
    whole = series["exposure"].to_numpy() == days_in_periods(series.index)
    known = whole & series["count"].notna().to_numpy()
    behind = figures_of_series(series)
    open_above = np.isinf(behind["count_high"]) & (minimums == "count")
    inexact = behind.index[(behind["count_low"] != behind["count_high"]) & ~open_above]
    exact = known & ~series.index.isin(inexact)
    figures = [
        Figure(str(period), period.start_time, (period + 1).start_time, int(count))
        for period, count in series.loc[exact, "count"].items()
    ]
    reasons = {str(period): "not observed on all its days" for period in series.index[~known]}
    reasons |= {
        str(period): "not an exact count over fixed days" for period in series.index[known & ~exact]
    }
    return figures, reasons


def _weaknesses(tables: dict[str, pd.DataFrame], unused: pd.DataFrame) -> tuple[str, ...]:
    """Return the caveats of the figures in a span: their flags, and a changed definition."""
    flags: list[str] = []
    changed = False
    for name, table in tables.items():
        left_out = set(unused.loc[unused["source"] == name, "figure"].astype("str"))
        if _is_series(table):
            behind = figures_of_series(table)
            used = behind[~behind.index.astype("str").isin(left_out)]
            flags += [flag for found in used["flags"] for flag in found]
            changed |= bool(known_breaks(table))
        else:
            rows = with_defaults(table)
            rows = rows[~rows["statement_id"].isin(left_out)]
            flags += [flag for row in rows.to_dict("records") for flag in figure_flags(row)]
            changed |= len(set(rows["definition"].dropna())) > 1
    return (*(("definition_break",) if changed else ()), *flag_caveats(flags))


def _common_spans(
    claims: list[Total], others: list[Total], date: pd.Timestamp
) -> tuple[pd.DataFrame, list[tuple[pd.Timestamp, pd.Timestamp]]]:
    """Return the shortest spans both sources count that share no day, and those across the date."""
    found, straddling = [], []
    for claimed, counted in itertools.product(claims, others):
        days = sorted(claimed.keys() & counted.keys())
        for start, stop in itertools.pairwise(days):
            if start < date < stop:
                straddling.append((start, stop))
                continue
            rises = claimed[stop] - claimed[start], counted[stop] - counted[start]
            found.append((start, stop - pd.Timedelta(days=1), *rises, start >= date))
    found.sort(key=lambda span: (span[1] - span[0], span[0]))
    kept: list[Any] = []
    for span in found:
        if all(span[1] < other[0] or span[0] > other[1] for other in kept):
            kept.append(span)
    spans = pd.DataFrame(sorted(kept), columns=["start", "end", "claims", "others", "after"])
    return spans, straddling


def _changes(spans: pd.DataFrame, alpha: float, *, among: bool) -> tuple[_Change, _Change, _Change]:
    """Return the changes of the claims' rate, of the others' rate, and of the share."""
    claims, others = (spans[name].to_numpy(dtype=float) for name in ("claims", "others"))
    days = ((spans["end"] - spans["start"]).dt.days + 1).to_numpy(dtype=float)
    return (
        _change(spans, claims, days, kind="time", alpha=alpha),
        _change(spans, others, days, kind="time", alpha=alpha),
        _change(spans, claims, others, kind="whole" if among else "counts", alpha=alpha),
    )


def _change(
    spans: pd.DataFrame, above: np.ndarray, below: np.ndarray, *, kind: Below, alpha: float
) -> _Change:
    """Return the ratio of above per below after the date over before it."""
    length = spans["end"] - spans["start"] + pd.Timedelta(days=1)
    usual = length.median()
    middle = (spans["start"] - spans["start"].iloc[0] + length / 2) / usual
    change = side_change(
        above,
        below,
        spans["after"].to_numpy(dtype=bool),
        middle.to_numpy(dtype=float),
        kind=kind,
        grid=grid_of_days(usual / pd.Timedelta(days=1)),
    )
    reference = stats.t(change.n_free) if change.n_free > 0 and change.scatters else stats.norm
    log_ratio, error = change.log_ratio, change.std_error
    reach = reference.ppf(1 - alpha / 2)
    ratio, low, high = ratio_of(log_ratio + np.array([0, -reach, reach]) * error)
    return _Change(
        ratio=float(ratio),
        low=float(low),
        high=float(high),
        p_value=float(2 * reference.sf(abs(log_ratio) / error)),
        visible=float(ratio_of((reach + reference.ppf(POWER)) * error)),
        dispersion=change.dispersion,
        n_free=change.n_free,
    )


def _direction(change: _Change) -> int:
    """Return 1 for a clear rise, -1 for a clear fall, 0 for neither."""
    return int(change.low > 1) - int(change.high < 1)


def _verdict(
    changes: tuple[_Change, _Change, _Change], margin: float, *, same_counter: bool
) -> tuple[Verdict, str]:
    """Return what changed, and why that is the verdict."""
    claims_way, others_way, share_way = (_direction(change) for change in changes)
    share = changes[2]
    if min(change.n_free for change in changes) < LEAST_FREE:
        return "cannot_tell", "too_few_spans"
    if claims_way == 0:
        return "cannot_tell", "claims_unclear"
    if others_way == claims_way:
        if 1 / margin < share.low and share.high < margin:
            return ("cannot_tell", "same_counter") if same_counter else ("real", "share_unmoved")
        if share_way == 0:
            return "cannot_tell", "share_unclear"
        return "cannot_tell", "both_moved" if share_way == claims_way else "share_against"
    if share_way == claims_way:
        return "reporting", "others_against" if others_way else "others_unmoved"
    return "cannot_tell", "nothing_clear"


def _counters(table: pd.DataFrame) -> set[str]:
    """Return whose counts a table holds, as far as it tells."""
    if _is_series(table):
        labels = table.attrs.get("labels", {})
        told = [table.attrs.get("counter") or labels.get("counted_by") or labels.get("source")]
    else:
        rows = with_defaults(table)
        told = [row["counter"] or row["counted_by"] for row in rows.to_dict("records")]
    return {str(name) for name in told if name and pd.notna(name)}


def _unused(
    reasons: dict[str, dict[Any, str]],
    figures: dict[str, list[Figure]],
    spans: pd.DataFrame,
    straddling: list[tuple[pd.Timestamp, pd.Timestamp]],
) -> pd.DataFrame:
    """Return every figure that is in no span, with the reason."""
    rows = []
    starts, ends = (spans[name].to_numpy() for name in ("start", "end"))
    for source, own in figures.items():
        rows += [(source, label, reason) for label, reason in reasons[source].items()]
        for figure in own:
            if figure.label in reasons[source]:
                continue
            if ((starts < figure.stop) & (ends >= figure.start)).any():
                continue
            across = any(start < figure.stop and figure.start < stop for start, stop in straddling)
            reason = (
                "the days both sources count together reach over the date"
                if across
                else "the other source does not count its days"
            )
            rows.append((source, figure.label, reason))
    return pd.DataFrame(rows, columns=["source", "figure", "reason"])


def _caveats(spans: pd.DataFrame, minimums: Minimums, *, same_counter: bool) -> tuple[str, ...]:
    """Return the keys of what a reader must know."""
    found = ["others_constant"]
    if len(spans) <= 3:
        found.append("dispersion_unknown")
    if same_counter:
        found.append("same_counter")
    if minimums == "count":
        found.append("minimums_as_counts")
    if spans[["claims", "others"]].to_numpy().sum() < FEW_EVENTS:
        found.append("few_events")
    return tuple(found)
