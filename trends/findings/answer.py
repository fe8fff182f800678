"""What is the short answer to the report's question, place by place?

Nothing is decided here: each line is the short form of a finding of the ledger, and what cannot
be said is computed from where the counts end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from trends.findings import wording
from trends.findings.claims import Claim
from trends.findings.finding import MONTH, Finding, Inputs, Subject
from trends.findings.ledger import Ledger
from trends.findings.terms import Names
from trends.findings.wording import Phrase, words
from trends.tables.calendar import parse_periods

#: Months without a count before the newest figure after which a place is said to be uncounted.
#: Tables of a year come out in the year after, so that shorter ends are delay and not silence.
_SILENT_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is said of one place.

    Attributes
    ----------
    place : Subject
        The place, as it can begin a line.
    claims : tuple of Claim
        What was found there, the one that gives the direction first; empty where nothing was.
    """

    place: Subject
    claims: tuple[Claim, ...]

    @property
    def direction(self) -> str:
        """Which way the rate went there: up, down, level, or unclear."""
        return self.claims[0].direction if self.claims else "unclear"

    @property
    def last(self) -> pd.Period | None:
        """The last month that any of its findings looked at."""
        ends = [claim.inputs.last for claim in self.claims if claim.inputs.last]
        periods = [parse_periods(pd.Series([end]))[0] for end in ends]
        return max((period.asfreq("M", how="end") for period in periods), default=None)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The short answer of a page.

    Attributes
    ----------
    lines : tuple of Line
        One for each place, in the order in which the places are declared.
    disagree : tuple of Claim
        What is known of counters against one another.
    gaps : tuple of Claim
        Where nothing is counted any more.
    day : Timestamp
        Newest day that any of the figures looks at.
    lang : {"en", "ar", "fr"}
        Language in which it prints.
    """

    lines: tuple[Line, ...]
    disagree: tuple[Claim, ...]
    gaps: tuple[Claim, ...]
    day: pd.Timestamp
    lang: str

    @property
    def as_of(self) -> str:
        """The newest day of the figures in words."""
        return wording.format_time(self.day, self.lang)

    def said(self, line: Line) -> list[Phrase]:
        """Return what is said of a place; of a place without a finding, that one is missing."""
        if not line.claims:
            return [Phrase(str(words(self.lang)["answer"]["missing"]))]
        return [claim.brief() for claim in line.claims]


def short_answer(
    ledger: Ledger,
    places: Names,
    found: Mapping[str, Sequence[Claim]],
    *,
    day: str,
    disagree: Sequence[Claim] = (),
    counters: Sequence[Claim] = (),
) -> Answer:
    """Return the short answer that findings give, and keep what it adds in the ledger.

    Parameters
    ----------
    ledger : Ledger
        The page's ledger; it takes one finding for each place whose counts ended long ago.
    places : dict of Subject
        Every place that the report answers for, as `read_places` returns it.
    found : mapping of str to sequence of Claim
        By place, what was found there; the first gives the direction.
    day : str
        Newest day that the figures look at, YYYY-MM-DD.
    disagree : sequence of Claim
        What is known of published figures against one another.
    counters : sequence of Claim
        How many times as many one counter counts as another; the widest apart is said.

    Returns
    -------
    Answer

    Raises
    ------
    ValueError
        If something was found for a place that is not declared.

    Notes
    -----
    A place without a finding keeps its line, which says that there is none.
    """
    unknown = [place for place in found if place not in places]
    if unknown:
        raise ValueError(
            f"`found` must name declared places ({', '.join(places)}), got {unknown[0]!r}. "
            "Declare the place or correct its name."
        )
    lines = tuple(
        Line(place=place, claims=tuple(found.get(key, ()))) for key, place in places.items()
    )
    newest = pd.Timestamp(day)
    ends = {line.place.key: line.last for line in lines}
    silent = [
        ledger.keep(_gap(line, last, newest))
        for line in lines
        if (last := ends[line.place.key]) is not None
        and (newest.to_period("M") - last).n > _SILENT_MONTHS
    ]
    apart = sorted(counters, key=lambda claim: -abs(math.log(claim.estimate)))
    return Answer(
        lines=lines,
        disagree=(*disagree, *apart[:1]),
        gaps=tuple(silent),
        day=newest,
        lang=ledger.lang,
    )


def _gap(line: Line, last: pd.Period, newest: pd.Timestamp) -> Finding:
    """Return since when nothing is counted in a place."""
    n_months = (newest.to_period("M") - last).n
    return Finding(
        finding_id=f"{line.place.key}.answer.uncounted",
        question="answer",
        quantity="n_uncounted",
        subject=line.place,
        estimate=float(n_months),
        unit="months",
        method="counted",
        inputs=Inputs(
            records=tuple(dict.fromkeys(key for one in line.claims for key in one.inputs.records)),
            last=str(last),
        ),
        sentence="answer_gap",
        values={"last": last, "counted": (n_months, MONTH)},
    )
