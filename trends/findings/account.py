"""What does the one account of a series allow other findings about it to say?

A slope has a yearly pace, a step or an episode has a date, a wandering level has neither. Whatever
else is asked of a series that has been described is worded and graded under its description, so
that no two sentences about one series exclude each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from trends.analysis.description import Description
from trends.findings.finding import Finding
from trends.findings.rules import Grade

#: Verdicts under which a yearly pace, paces of stretches, and dates may be said.
PACE = frozenset({"slope"})
PACES = frozenset({"slope", "bend"})
DATES = frozenset({"step", "steps", "episode"})
#: Periods from the dates of a change within which a named date may be that change.
NEAR = 3
#: Verdicts that a trend which is not clear agrees with.
_LEVEL = frozenset({"steady", "season_only", "cannot_tell"})
#: Verbs of a pace that rises or falls.
_CLEAR = frozenset({"rose", "fell", "rose_fast", "fell_fast"})
#: Changes that are paces, with the value that is no change; times in which a rate doubles; and what
#: is said of a change where it is no pace: quantity and sentence.
_NO_CHANGE = {"annual_percent_change": 0.0, "span_ratio": 1.0, "segment_percent_change": 0.0}
_TIMES = frozenset({"doubling_time", "halving_time"})
_LINES = {
    "annual_percent_change": ("line_percent_change", "account_no_pace"),
    "span_ratio": ("line_ratio", "account_no_span"),
}
#: Sentences about a first or a last event, which were seen and not searched for.
_SEEN = frozenset({"changepoint_began", "changepoint_stopped"})
_CAPS = {"B": "account_likely", "C": "account_tentative"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """What must be known of a description to word other findings under it.

    Attributes
    ----------
    verdict : str
    grade : {"A", "B", "C", "D"} or None
    seasonal : bool
    dates : tuple of (Period, Period)
        Between which each change lies.
    """

    verdict: str
    grade: Grade | None
    seasonal: bool
    dates: tuple[tuple[pd.Period, pd.Period], ...]


def account_of(result: Description, found: Iterable[Finding]) -> Account:
    """Return the account that a description with these findings gives."""
    (grade,) = (one.grade for one in found if one.finding_id.endswith(".description.course"))
    frame = result.to_frame()
    known = frame[frame["period"].notna()]
    return Account(
        verdict=result.verdict,
        grade=grade,
        seasonal=result.seasonal,
        dates=tuple(zip(known["date_low"], known["date_high"], strict=True)),
    )


def under(found: list[Finding], account: Account) -> list[Finding]:
    """Return the findings of one result as they may be said under the account of its series.

    Parameters
    ----------
    found : list of Finding
        All of one result.
    account : Account
        Of the series they were made from.

    Returns
    -------
    list of Finding
        Worded anew where the account allows less, without those it allows nothing of, and with a
        grade that is no better than the account's own where they build on it.
    """
    if not found:
        return []
    worded = {
        "trend": _trend,
        "power": _power,
        "joinpoint": _joinpoint,
        "changepoint": _changepoint,
        "interruption": _interruption,
    }
    question = found[0].question
    if question in worded:
        return list(worded[question](found, account))
    return [_season(one, account) if question == "season" else one for one in found]


def _trend(found: list[Finding], account: Account) -> Iterator[Finding]:
    """Yield a yearly change or one over the span as a pace only under a slope."""
    for finding in found:
        if finding.quantity not in _NO_CHANGE:
            # A silence is seen, not fitted.
            allowed = finding.quantity not in _TIMES or account.verdict in PACE
            if allowed:
                yield finding
        elif account.verdict in PACE:
            yield _capped(finding, account)
        elif _is_unclear(finding) and account.verdict in _LEVEL:
            yield finding
        else:
            yield _restated(finding, account, *_LINES[finding.quantity])


def _is_unclear(finding: Finding) -> bool:
    """Whether the interval of a change holds no change."""
    return finding.conf_low <= _NO_CHANGE[finding.quantity] <= finding.conf_high


def _power(found: list[Finding], account: Account) -> Iterator[Finding]:
    """Yield when the present trend would be confirmed only where there may be one."""
    for finding in found:
        if finding.quantity != "confirmation" or account.verdict in PACE | _LEVEL:
            yield finding


def _joinpoint(found: list[Finding], account: Account) -> Iterator[Finding]:
    """Yield the paces of stretches only under a slope or a slope that bends."""
    number, *others = found
    paces = [one for one in others if one.quantity == "segment_percent_change"]
    straight = number.estimate == 0
    unclear = all(_is_unclear(one) for one in paces)
    if account.verdict == "bend" or (straight and account.verdict in PACES):
        yield from (_capped(finding, account) for finding in found)
    elif straight and unclear and account.verdict in _LEVEL:
        yield from found
    else:
        yield _restated(number, account, "n_joinpoints", "account_no_paces")
        yield from (one for one in others if one not in paces)


def _changepoint(found: list[Finding], account: Account) -> Iterator[Finding]:
    """Yield the dates of shifts only under steps or an episode."""
    restated = False
    for finding in found:
        is_shift = finding.quantity == "ratio"
        if is_shift and finding.sentence in _SEEN:
            yield finding if account.verdict in DATES else _with(finding, "account_other_course")
        elif is_shift and not finding.searched:
            yield _of_a_named_date(finding, account, finding.values["date_low"])
        elif is_shift and account.verdict in DATES:
            known = _is_known(finding.values, account)
            yield _capped(finding if known else _with(finding, "beyond_account"), account)
        elif is_shift:
            if not restated:
                yield _restated(finding, account, "level_ratio", "account_no_date")
            restated = True
        elif finding.quantity == "detectable_ratio" and account.verdict in DATES:
            yield _with(finding, "account_sees_step")
        elif finding.quantity != "p_value" or account.verdict in DATES:
            yield finding


def _interruption(found: list[Finding], account: Account) -> Iterator[Finding]:
    """Yield a clear change at a named date only where the account has one near it, or no dates.

    Steps elsewhere bend the course that is carried on from before the date.
    """
    told = True
    for finding in found:
        if finding.quantity == "interruption_ratio":
            clear = not finding.conf_low <= 1 <= finding.conf_high
            elsewhere = account.verdict in DATES and not _is_near(finding.values["named"], account)
            told = not (clear and elsewhere)
            if told:
                yield _of_a_named_date(finding, account, finding.values["named"])
            else:
                yield _restated(finding, account, "ratio_alone", "account_no_interruption")
        elif told:
            yield finding


def _of_a_named_date(finding: Finding, account: Account, named: Any) -> Finding:
    """Return a finding about a date that nobody searched for."""
    if account.verdict not in DATES:
        return _with(finding, "account_other_course")
    near = _is_near(named, account)
    return _capped(finding if near else _with(finding, "beyond_account"), account)


def _is_near(named: Any, account: Account) -> bool:
    """Whether a named date is within three periods of the dates of a change of the account."""
    return any(
        low - NEAR <= pd.Period(named, freq=low.freq) <= high + NEAR for low, high in account.dates
    )


def _season(finding: Finding, account: Account) -> Finding:
    """Return a finding of a season, with a caveat where the account says otherwise."""
    seasonal = finding.values.get("season_verdict")
    if finding.quantity != "season_amplitude" or seasonal == "too_short":
        return finding
    if (seasonal == "seasonal") == account.seasonal:
        return finding
    return _with(finding, "account_with_season" if account.seasonal else "account_without_season")


def _is_known(values: Mapping[str, Any], account: Account) -> bool:
    """Whether the dates of a shift meet one of the account's."""
    return any(
        values["date_low"] <= high and low <= values["date_high"] for low, high in account.dates
    )


def _capped(finding: Finding, account: Account) -> Finding:
    """Return a finding that is graded no better than the account it is said under."""
    return _with(finding, _CAPS[account.grade]) if account.grade in _CAPS else finding


def _with(finding: Finding, caveat: str) -> Finding:
    """Return a finding with one more caveat."""
    return replace(finding, caveats=tuple(dict.fromkeys((*finding.caveats, caveat))))


def _restated(finding: Finding, account: Account, quantity: str, sentence: str) -> Finding:
    """Return a finding that says what its question would have said, and why it does not."""
    graded_by = "account"
    return replace(
        finding,
        quantity=quantity,
        sentence=sentence,
        graded_by=graded_by,
        values={**finding.values, "account": account.verdict},
    )


def irreconcilable(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the findings of a ledger that another one about the same series excludes.

    Parameters
    ----------
    records : iterable of dict
        The ledger's findings as plain values.

    Returns
    -------
    dict of str
        Id of the finding to the id of the one that excludes it: the description of the series, or
        without one the date that stands against a pace.
    """
    verdicts: dict[str, tuple[str, str]] = {}
    paces: dict[str, list[str]] = {}
    dates: dict[str, list[str]] = {}
    stretches: dict[str, list[str]] = {}
    for record in records:
        key = record["finding_id"]
        for series in record["inputs"]["records"]:
            if record["quantity"] == "course_weight":
                verdicts[series] = (str(record["settings"]["verdict"]), key)
            elif record["quantity"] in _TIMES or (
                record["quantity"] in _LINES and record["verb"] in _CLEAR
            ):
                paces.setdefault(series, []).append(key)
            elif record["quantity"] == "segment_percent_change" and record["verb"] in _CLEAR:
                stretches.setdefault(series, []).append(key)
            elif (record["question"], record["quantity"]) == ("changepoint", "ratio"):
                dates.setdefault(series, []).extend([key] if record["searched"] else [])
    excluded: dict[str, str] = {}
    for series, (verdict, key) in verdicts.items():
        for allowed, said in ((PACE, paces), (PACES, stretches), (DATES, dates)):
            if verdict not in allowed:
                excluded |= dict.fromkeys(said.get(series, []), key)
    for series in set(paces) - set(verdicts):
        if dates.get(series):
            excluded |= dict.fromkeys(paces[series], dates[series][0])
    return excluded
