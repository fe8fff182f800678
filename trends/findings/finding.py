"""What is one number worth saying, and what must be known to check it?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trends.findings.rules import Grade, grade_of
from trends.tables.languages import words_file

_KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Noun:
    """A countable noun in both languages, with the forms Arabic numbers ask for.

    Attributes
    ----------
    en_one, en_many : str
        English singular and plural.
    ar_one, ar_two, ar_few, ar_many : str
        Arabic singular, dual, plural after 3 to 10, and accusative singular after 11 to 99.
    ar_gender : {"m", "f"}
        Gender, which the Arabic numerals 1 and 2 and the verb agree with.
    others : mapping of str to mapping
        Forms in further languages, by language: one, many and, where it has any, gender.
    """

    en_one: str
    en_many: str
    ar_one: str
    ar_two: str
    ar_few: str
    ar_many: str
    ar_gender: Literal["m", "f"] = "m"
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)


EVENT = Noun(
    en_one="event",
    en_many="events",
    ar_one="حدث",
    ar_two="حدثان",
    ar_few="أحداث",
    ar_many="حدثًا",
)

#: What a count is a number of, by the unit of its measure: people are no events.
COUNTED = {
    "events": EVENT,
    "people": Noun(
        en_one="person",
        en_many="people",
        ar_one="شخص",
        ar_two="شخصان",
        ar_few="أشخاص",
        ar_many="شخصًا",
    ),
    "targets": Noun(
        en_one="target",
        en_many="targets",
        ar_one="هدف",
        ar_two="هدفان",
        ar_few="أهداف",
        ar_many="هدفًا",
    ),
    "groups": Noun(
        en_one="group",
        en_many="groups",
        ar_one="مجموعة",
        ar_two="مجموعتان",
        ar_few="مجموعات",
        ar_many="مجموعة",
        ar_gender="f",
    ),
}

DAY = Noun(
    en_one="day",
    en_many="days",
    ar_one="يوم",
    ar_two="يومان",
    ar_few="أيام",
    ar_many="يومًا",
)

SERIES = Noun(
    en_one="series",
    en_many="series",
    ar_one="سلسلة",
    ar_two="سلسلتان",
    ar_few="سلاسل",
    ar_many="سلسلة",
    ar_gender="f",
)

WEEK = Noun(
    en_one="week",
    en_many="weeks",
    ar_one="أسبوع",
    ar_two="أسبوعان",
    ar_few="أسابيع",
    ar_many="أسبوعًا",
)

MONTH = Noun(
    en_one="month",
    en_many="months",
    ar_one="شهر",
    ar_two="شهران",
    ar_few="أشهر",
    ar_many="شهرًا",
)

QUARTER = Noun(
    en_one="quarter",
    en_many="quarters",
    ar_one="ربع",
    ar_two="ربعان",
    ar_few="أرباع",
    ar_many="ربعًا",
)

YEAR = Noun(
    en_one="year",
    en_many="years",
    ar_one="سنة",
    ar_two="سنتان",
    ar_few="سنوات",
    ar_many="سنة",
    ar_gender="f",
)

PERIOD = Noun(
    en_one="period",
    en_many="periods",
    ar_one="مدة",
    ar_two="مدتان",
    ar_few="مدد",
    ar_many="مدة",
    ar_gender="f",
)

#: What a period is called, by the letter of its frequency.
PERIODS = {"D": DAY, "W": WEEK, "M": MONTH, "Q": QUARTER, "Y": YEAR}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a count is about, in words of both languages.

    Attributes
    ----------
    key : str
        Stable identifier, lower-case words joined by hyphens; the first part of finding ids.
    en, ar : str
        Name that can start a sentence, such as "Syria (UCDP GED)".
    noun : Noun
        What is counted.
    en_counter, ar_counter : str
        Who counted, for sentences that name no more than that; "" where several did, whose counts
        are then named as the subject is.
    others : mapping of str to mapping
        The same in further languages, by language: name and, where it is known, counter.
    """

    key: str
    en: str
    ar: str
    noun: Noun = EVENT
    en_counter: str = ""
    ar_counter: str = ""
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(
                "`key` must be lower-case letters and digits joined by hyphens, "
                f"got {self.key!r}. Rename the subject."
            )

    @classmethod
    def generic(cls, counted: str = "events") -> Subject:
        """Return the subject of counts nobody has named: of events, people, targets or groups."""
        return cls(key="series", en="The series", ar="السلسلة", noun=COUNTED[counted])

    def name(self, lang: str) -> str:
        """Return the subject's name in a language; in English where it has none."""
        if lang == "ar":
            return self.ar
        known = self.others.get(lang, {}).get("name")
        return known or str(words_file(lang).get("subject", {}).get(self.en, self.en))

    def counter(self, lang: str) -> str:
        """Return who counted, in a language; without one counter, the name of the counts."""
        english = self.others.get(lang, {}).get("counter") or self.en_counter
        return (self.ar_counter if lang == "ar" else english) or self.name(lang)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """From what a finding was made.

    A question's findings name at most their ``records``; the rest is read off them where findings
    are gathered, in `trends.findings.inputs`.

    Attributes
    ----------
    records : tuple of str
        Keys of the ledger's inputs: statement ids, figures typed in, hashes of count series.
    files : tuple of str
        SHA-256 of every file the records were read from.
    first, last : str
        First and last period of the series as `trends.tables.calendar.format_period` writes them,
        or first and last day of the figures' windows; "" when that is not known.
    n_observed, n_periods : int or None
        Periods with a count, and all periods; None when the records are figures.
    """

    records: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    n_observed: int | None = None
    n_periods: int | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One number worth saying, with all that is needed to cite, check and compare it.

    Attributes
    ----------
    finding_id : str
        Stable: ``<subject>.<question>.<quantity>`` with a suffix when there are several.
    question : str
        Name of the analysis: rate, trend, changepoint and so on.
    quantity : str
        What is estimated, from the glossary.
    subject : Subject
        What the counts are about.
    estimate, conf_low, conf_high : float
        NaN when there is no such number; infinite when the interval has no end.
    conf_level : float
        Level of the interval.
    unit : str
        Key of the unit's words: ratio, per_month, percent_per_year, periods, events.
    method : str
        Key of the method's words.
    settings : mapping
        Every choice that shaped the number.
    inputs : Inputs
        From which records it was made; all of its result's unless it names some.
    caveats : tuple of str
        Keys of the sentences a reader must see beside the number.
    searched : bool
        Whether a search chose what is reported, such as the date of a changepoint.
    graded_by : str
        Table of grade rules; "" for constants and counts of rows, which carry no grade.
    p_value : float
        NaN when nothing was tested.
    family : str
        Tests that are adjusted for together; the question unless stated.
    sentence : str
        Key of the sentence template; "" when the finding is not said by itself.
    values : mapping
        Further values the template and the rules need.
    """

    finding_id: str
    question: str
    quantity: str
    subject: Subject
    estimate: float
    conf_low: float = math.nan
    conf_high: float = math.nan
    conf_level: float = 0.95
    unit: str
    method: str
    settings: Mapping[str, object] = field(default_factory=dict)
    inputs: Inputs = Inputs()
    caveats: tuple[str, ...] = ()
    searched: bool = False
    graded_by: str = ""
    p_value: float = math.nan
    family: str = ""
    sentence: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, object]:
        """What the rules of verbs, variants and grades may look at."""
        return {
            **self.values,
            "estimate": self.estimate,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "p_value": self.p_value,
        }

    @property
    def grade(self) -> Grade | None:
        """How firmly it may be said, by the printed rules; None where nothing was estimated."""
        return grade_of(self.graded_by, self.facts, self.caveats) if self.graded_by else None
